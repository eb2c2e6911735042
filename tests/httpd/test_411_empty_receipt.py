"""Sync mode and a receipt with nothing in it: what was put there by hand is no receipt."""
from test_140_push import events, push
from test_410_outbox import announce, desk, erp, quiet, synced, wired  # noqa: F401

EMPTY = "the cloud has no invoices for this bill"


def by_hand(desk, one):
    """Announced, one page put there by a person, who did not submit it."""
    bill = announce(desk, one)
    bill.add("page")
    assert bill.state() == "UPLOADED"
    return bill


def test_an_empty_receipt_submits_nothing(synced, desk, eas):
    one = {"scanBillNo": "SY-1", "billId": "sy-1"}  # the cloud has nothing of it
    bill = by_hand(desk, one)
    assert synced.ctl.must("bill", "sync", "SY-1")["result"] == "queued"
    quiet(synced)
    assert bill.state() == "UPLOADED" and eas.told("SY-1") == []
    assert events(synced, "SY-1", "pull") == ["the receipt is asked again, by hand", EMPTY]


def test_an_empty_push_submits_nothing(synced, desk, eas):
    (one,) = synced.cloud.generate(invoices=1)
    bill = by_hand(desk, one)
    push(synced, [{**one, "invoice": [], "cover": [], "attachment": []}], "document")
    quiet(synced)
    assert bill.state() == "UPLOADED" and events(synced, one["scanBillNo"], "pull") == [EMPTY]


def test_what_comes_beside_a_page_by_hand_is_submitted(synced, desk, eas):
    (one,) = synced.cloud.generate(invoices=1)
    bill = by_hand(desk, one)
    push(synced, [one], "document")
    eas.wait_told(one["scanBillNo"])
    quiet(synced)
    assert bill.state() == "SUBMITTED" and EMPTY not in events(synced, one["scanBillNo"], "pull")
