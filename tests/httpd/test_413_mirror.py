"""Sync mode after the submit: the newer push of the two takes away and brings, and the ERP is told ready again, in order."""
import pytest

from test_100_start import trail
from test_130_bills import SUBMITTED, order, stored
from test_140_push import events, files_of, push
from test_340_files import Bill
from test_410_outbox import (AGAIN, READY, SENT_BACK, announce, desk, erp, listed, quiet, states,  # noqa: F401
                             synced, until, wired)


def at(one, hour, **changes):
    return {**one, "updateTime": f"2031-06-01 {hour:02d}:00:00", **changes}


def names(gateway, number):
    return [file["name"] for file in files_of(gateway, number)]


@pytest.fixture
def one(synced, desk, eas):  # noqa: F811
    """A bill that its first push has submitted."""
    (made,) = synced.cloud.generate(invoices=3, attachments=0)
    announce(desk, made)
    push(synced, [at(made, 8)], "document")
    eas.wait_told(made["scanBillNo"])
    quiet(synced)
    return made


def test_what_went_is_taken_off_and_told(synced, desk, eas, one):  # noqa: F811
    number, before = one["scanBillNo"], names(synced, one["scanBillNo"])
    version = stored(synced, number)["version"]
    push(synced, [at(one, 9, invoice=one["invoice"][1:])], "document", twice=True)
    eas.wait_told(number, 2)
    quiet(synced)
    left = names(synced, number)
    assert left and set(left) < set(before) and stored(synced, number)["state"] == SUBMITTED
    gone = len(before) - len(left)
    assert f'the submitted bill mirrors the receipt: {gone} files went, 0 came; the ERP is told "ready" again' in events(
        synced, number, "pull")
    assert len([note for note in events(synced, number, "file") if "the receipt has it no more" in note]) == gone
    assert states(eas, number) == [READY, READY]
    assert sum(eas.told(number)[-1]["pages"]) == stored(synced, number)["page_count"] < sum(eas.told(number)[0]["pages"])
    assert stored(synced, number)["version"] > version

    push(synced, [at(one, 10)], "document")  # and all of it again
    eas.wait_told(number, 3)
    quiet(synced)
    assert sorted(names(synced, number)) == sorted(before)
    assert any(f"0 files went, {gone} came" in note for note in events(synced, number, "pull"))
    events_then = trail(synced, number, notices=True)
    push(synced, [at(one, 11)], "document")  # nothing new in it
    quiet(synced)
    assert states(eas, number) == [READY, READY, READY]
    assert not [row for row in trail(synced, number, notices=True)[len(events_then):] if row["kind"] in ("file", "notice")]


def test_another_file_takes_the_place_of_the_first(synced, desk, eas, one):  # noqa: F811
    number, before = one["scanBillNo"], files_of(synced, one["scanBillNo"])
    files = one["invoice"][0]["invoiceFiles"]
    other = synced.cloud.add_file("other.txt", text="另一份")
    changed = {**one["invoice"][0], "invoiceFiles": [{"url": other, "fileName": "other.txt"}]}
    push(synced, [at(one, 9, invoice=[changed, *one["invoice"][1:]])], "document")
    eas.wait_told(number, 2)
    quiet(synced)
    assert len(files_of(synced, number)) == len(before) - len(files) + 1 and "other.txt" in names(synced, number)


def test_what_people_brought_stays(synced, desk, eas, one):  # noqa: F811
    number = one["scanBillNo"]
    mine = Bill(synced, desk.caller, number, fbillId=one["billId"])
    mine.add("mine")
    push(synced, [at(one, 9, invoice=one["invoice"][1:])], "document")
    eas.wait_told(number, 2)
    quiet(synced)
    assert [file["source"] for file in files_of(synced, number)].count("upload") == 1


@pytest.mark.parametrize("what", ["review", "lock", "void"])
def test_a_bill_that_must_not_change_does_not(synced, desk, eas, one, what):  # noqa: F811
    number, before = one["scanBillNo"], names(synced, one["scanBillNo"])
    mine = Bill(synced, desk.caller, number, fbillId=one["billId"])
    reply = mine.post(what)
    assert reply.status == 200, reply
    quiet(synced)
    told = states(eas, number)
    push(synced, [at(one, 9, invoice=one["invoice"][1:])], "document")
    quiet(synced)
    assert names(synced, number) == before and states(eas, number) == told


def test_nothing_goes_for_a_file_that_cannot_be_had(synced, desk, eas, one):  # noqa: F811
    number, before = one["scanBillNo"], names(synced, one["scanBillNo"])
    changed = {**one["invoice"][0], "invoiceFiles": [{"url": "https://example.invalid/a.pdf", "fileName": "a.pdf"}]}
    synced.httpd.expect_log("FPI0034")
    push(synced, [at(one, 9, invoice=[changed])], "document")
    quiet(synced)
    assert names(synced, number) == before and states(eas, number) == [READY]
    assert any("nothing is taken off the submitted bill" in note for note in events(synced, number, "pull"))


def test_one_notice_that_waits_will_do(synced, desk, eas):  # noqa: F811
    (made,) = synced.cloud.generate(invoices=3, attachments=0)
    number = made["scanBillNo"]
    announce(desk, made)
    eas.refuse(number)
    push(synced, [at(made, 8)], "document")
    until(lambda: [row for row in listed(desk.caller) if row["failure"] == "REFUSED"])
    push(synced, [at(made, 9, invoice=made["invoice"][1:])], "document")
    until(lambda: any("mirrors the receipt" in note for note in events(synced, number, "pull")))
    assert len(listed(desk.caller)) == 1


def test_a_send_back_between_them(synced, desk, eas, one):  # noqa: F811
    number = one["scanBillNo"]
    push(synced, [at(one, 9, invoice=one["invoice"][1:])], "document")
    eas.wait_told(number, 2)
    quiet(synced)
    assert order(desk.caller, "rescan", "A", number, reason="缺发票").errcode == "0000"
    eas.wait_told(number, 3)
    push(synced, [at(one, 10)], "document")
    eas.wait_told(number, 4)
    assert states(eas, number) == [READY, READY, SENT_BACK, AGAIN]
