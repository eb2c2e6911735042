"""When a file of the receipt is the one that is there: other addresses, queries and hashes of the same bytes."""
import base64
import hashlib

import pytest

from harness.cloudctl import CLIENT
from test_100_start import ANNOUNCE, bill, change, rows, trail
from test_130_bills import RESCAN, SUBMITTED, UPLOADED, order, stored
from test_140_push import events, files_of, push, settled
from test_146_links import site  # noqa: F401 (site is a fixture)
from test_350_looks import samples

NUMBER = "2431200000012345{:04d}"
KEY = "s3cret-of-the-query"


def data(n):
    return samples.einvoice_xml(samples.invoice("digital-special", n))


def put(site, name, n):
    return site.cloud.add_file(name, base64=base64.b64encode(data(n)).decode())


def row(n, url, **more):
    """An invoice whose file stands at that address."""
    return {"serialNo": f"s{n}", "invoiceNo": NUMBER.format(n), "totalAmount": "113.00",
            "invoiceFiles": [{"url": url, "fileName": f"{n}.xml", **more}]}


@pytest.fixture(params=["sync", "basic"])
def either(site, request):
    site.ctl.must("mode", "set", request.param)
    site.state = {"sync": SUBMITTED, "basic": UPLOADED}[request.param]
    return site


def bring(site, number, hour, *invoices):
    """What the push of that hour adds to the timeline, and the names of the files that are there then."""
    before = trail(site, number) if hour > 1 else []
    if hour == 1:
        assert site.erp.post(ANNOUNCE, bill(number)).errcode == "0000"
    one = {"billId": f"id-{number}", "billNo": f"no-{number}", "scanBillNo": number, "clientId": CLIENT["client_id"],
           "taxNo": CLIENT["tax_no"], "updateTime": f"2031-01-01 {hour:02d}:00:00", "invoice": list(invoices), "cover": [],
           "attachment": []}
    push(site, [one], "document")
    settled(site, 60)
    return ([event["note"] for event in trail(site, number)[len(before):] if event["kind"] in ("pull", "file", "state")],
            sorted(file["name"] for file in files_of(site, number)))


def asked(site, path="/files/"):
    return len(site.cloud.log(path))


def test_the_same_bytes_under_another_address_stay(either):
    first, second = put(either, "once-1", 1), put(either, "once-2", 1)
    assert bring(either, "MOVE-1", 1, row(1, first))[1] == ["1.xml"]
    (kept,) = files_of(either, "MOVE-1")
    notes, names = bring(either, "MOVE-1", 2, row(1, second))
    assert names == ["1.xml"] and stored(either, "MOVE-1")["state"] == either.state
    assert not [note for note in notes if "taken off" in note or "mirrors" in note or "stored" in note]
    (now,) = files_of(either, "MOVE-1")
    assert now["id"] == kept["id"] and now["origin"].endswith("once-2"), "known by the address that it has now"
    before = asked(either)
    bring(either, "MOVE-1", 3, {**row(1, second), "remark": "x"})
    assert asked(either) == before and files_of(either, "MOVE-1") == [now]


def test_other_bytes_under_the_same_address_take_the_place(site):
    url = put(site, "a", 1)
    bring(site, "TURN-1", 1, row(1, url, fileHash=hashlib.sha256(data(1)).hexdigest()))
    put(site, "a", 2)
    notes, _ = bring(site, "TURN-1", 2, row(1, url, fileHash=hashlib.sha256(data(2)).hexdigest()))
    (file,) = files_of(site, "TURN-1")
    assert file["sha256"] == hashlib.sha256(data(2)).hexdigest() and any("taken off" in note for note in notes)


def test_addresses_that_differ_in_the_query_are_two(either):
    base = put(either, "dl", 9).rpartition("/")[0] + "/dl?fileId="
    for n in (1, 2):
        put(either, f"dl?fileId={n}", n)
    assert bring(either, "QUERY-1", 1, row(1, base + "1"))[1] == ["1.xml"]
    assert bring(either, "QUERY-1", 2, row(1, base + "1"), row(2, base + "2"))[1] == ["1.xml", "2.xml"]
    assert [entry["query"]["fileId"] for entry in either.cloud.log("/files/dl")] == [["1"], ["2"]], "each once"
    notes, names = bring(either, "QUERY-1", 3, row(2, base + "2"))
    assert names == (["2.xml"] if either.state == SUBMITTED else ["1.xml", "2.xml"]), "in sync mode what went is taken off"
    assert len(either.cloud.log("/files/dl")) == 2


def test_one_that_comes_late_is_not_taken_for_its_neighbour(site):
    base = put(site, "dl", 9).rpartition("/")[0] + "/dl?fileId="
    for n in (1, 3):
        put(site, f"dl?fileId={n}", n)
    site.cloud.behave("fail", "/files/dl", status=503, times=1, skip=1)
    assert bring(site, "QUERY-2", 1, row(1, base + "1"), row(3, base + "3"))[1] == ["1.xml", "3.xml"]
    assert stored(site, "QUERY-2")["state"] == SUBMITTED


def test_signed_addresses_are_no_news(either):
    """Fetched again each time, found to be the same, and nothing else."""
    base = put(either, "signed", 1) + f"?key={KEY}&expires="
    bring(either, "SIGN-1", 1, row(1, base + "1"))
    version, kept = stored(either, "SIGN-1")["version"], [dict(file, origin=None) for file in files_of(either, "SIGN-1")]
    for hour in (2, 3):
        notes, _ = bring(either, "SIGN-1", hour, row(1, f"{base}{hour}"))
        assert not any("mirrors" in note or "stored" in note or "taken off" in note or "1 files fetched" in note for note in notes)
        assert stored(either, "SIGN-1")["state"] == either.state
        assert [dict(file, origin=None) for file in files_of(either, "SIGN-1")] == kept
    assert asked(either, "/files/signed") == 3


def test_no_query_is_shown(site):
    url = put(site, "gone", 1) + f"?key={KEY}"
    site.httpd.expect_log("FPI0034", optional=True)
    site.httpd.expect_log("FPI003[12]", optional=True)
    site.cloud.behave("fail", "/files/gone", status=404, times=1, skip=1)
    site.cloud.behave("fail", "/files/gone", status=503, times=1)
    bring(site, "SHOW-1", 1, row(1, url), row(2, f"https://files.example/a?key={KEY}"), row(3, f"http://localhost/a?key={KEY}"))
    bring(site, "SHOW-1", 2, row(1, url), row(4, put(site, "page", 1) + f"?key={KEY}"))
    said = [str(event) for event in trail(site, "SHOW-1")]
    said += [str(entry) for entry in rows(site, "SELECT origin FROM file") + rows(site, "SELECT reason FROM push")]
    said += [str(line) for line in site.httpd.log.lines("FPI")]
    shown = site.ctl.must("bill", "show", "SHOW-1")
    assert not [text for text in said if KEY in text] and KEY not in str(shown)
    assert [one["origin"] for one in shown["files"]] and all("#" not in one["origin"] for one in shown["files"])


def test_rows_of_before_are_known(site):
    """They have the address without its query."""
    plain, query = put(site, "plain", 1), put(site, "query", 2) + "?fileId=2"
    bring(site, "OLD-1", 1, row(1, plain), row(2, query))
    kept = files_of(site, "OLD-1")
    change(site, "UPDATE file SET origin = CASE WHEN instr(origin, '#') THEN substr(origin, 1, instr(origin, '#') - 1) ELSE origin END")
    notes, names = bring(site, "OLD-1", 2, row(1, plain), row(2, query))
    assert names == ["1.xml", "2.xml"] and not any("taken off" in note for note in notes)
    assert asked(site, "/files/plain") == 1 and asked(site, "/files/query") == 2
    assert files_of(site, "OLD-1") == kept


def send_back(site, number):
    assert order(site.erp, "rescan", "A", number, reason="缺发票").errcode == "0000"
    assert stored(site, number)["state"] == RESCAN


@pytest.mark.parametrize("how", ["md5", "none", "moved", "signed"])
def test_nothing_new_is_no_answer_to_a_send_back(either, how):
    url = put(either, "h-1", 1)
    more = {"fileHash": hashlib.md5(data(1)).hexdigest()} if how == "md5" else {}
    again = {"moved": put(either, "h-2", 1), "signed": url + "?expires=2"}.get(how, url)
    bring(either, "BACK-1", 1, row(1, url, **more))
    if either.state == UPLOADED:
        assert order(either.erp, "commit", "A", "BACK-1").errcode == "0000"
    send_back(either, "BACK-1")
    bring(either, "BACK-1", 2, row(1, again, **more))
    assert stored(either, "BACK-1")["state"] == RESCAN
    assert asked(either) == (2 if how in ("moved", "signed") else 1)
    bring(either, "BACK-1", 3, row(1, again, **more), row(2, put(either, "h-3", 2)))
    assert stored(either, "BACK-1")["state"] == either.state, "what is new is one"


def test_what_came_before_a_failure_is_news(site):
    """The first try brings the new file, the second only what was there."""
    url, late = put(site, "h-1", 1), put(site, "h-2", 2)
    bring(site, "BACK-2", 1, row(1, url))
    send_back(site, "BACK-2")
    site.cloud.behave("fail", "/files/h-1", status=503, times=1)
    bring(site, "BACK-2", 2, row(2, late), row(1, url + "?expires=2"))
    assert stored(site, "BACK-2")["state"] == SUBMITTED
