"""Match mode: announced invoices against those in the files; states, reasons, hands, switches, what falls back."""
import base64
import copy
import random

import pytest

from harness import places
from harness.client import run_ctl
from harness.cloudctl import CLIENT, OTHER_CLIENT
from harness.person import administrator
from test_100_start import ANNOUNCE, bill, change, each, rows, trail
from test_130_bills import asked, refused as refused_a, stored
from test_140_push import admit, push, settled
from test_340_files import Bill, refused
from test_341_submit import COMMIT
from test_350_looks import picture, put_job, samples, sha256

CALL = "/m3/bill/invoice/img/analyze/multiple/check"


@pytest.fixture(autouse=True)
def _program():
    if not places.decode_path():
        pytest.fail("built without the decoding helper")


@pytest.fixture
def site(gateway):
    admit(gateway)
    gateway.ctl.must("mode", "set", "match")
    gateway.erp = gateway.login()
    return gateway


# helpers

def sample(n, kind="digital-special"):
    return samples.invoice(kind, n)


def misread(inv, **fields):
    """The same invoice as a bad scan would tell it."""
    other = copy.deepcopy(inv)
    other["fields"].update(fields)
    return other


def told(inv, serial=None, **changes):
    """The invoice as the receipt announces it."""
    f = inv["fields"]
    one = {"serialNo": serial or f"S-{f['number']}", "invoiceType": str(inv["type"]), "invoiceNo": f["number"], "invoiceDate": f["date"],
           "invoiceAmount": f["net"], "totalTaxAmount": f["tax"], "totalAmount": f["gross"], "salerName": f["seller_name"],
           "salerTaxNo": f["seller_tax_no"], "buyerName": f["buyer_name"], "buyerTaxNo": f["buyer_tax_no"]}
    if "code" in f:
        one["invoiceCode"] = f["code"]
    return {**one, **changes}


def announce(site, number, *invoices):
    """The receipt announces them, with no files."""
    one = {"billId": f"id-{number}", "billNo": f"no-{number}", "scanBillNo": number, "billTypeCode": "BX",
           "clientId": CLIENT["client_id"], "taxNo": CLIENT["tax_no"], "invoice": list(invoices), "cover": [], "attachment": []}
    site.cloud.load_bills(one)
    push(site, [one], "notice")
    settled(site)
    return stored(site, number)


def with_file(site, inv, data=None, name=None, **changes):
    """As `told`, with the file that the receipt has."""
    data = data or samples.einvoice_xml(inv)
    name = name or f"{inv['fields']['number']}.xml"
    url = site.cloud.add_file(name, base64=base64.b64encode(data).decode())
    return told(inv, invoiceFiles=[{"url": url, "fileName": name}], **changes)


def path_of(site, number):
    return f"/api/v1/bills/{stored(site, number)['id']}"


def scan(site, number, *files, kind="INVOICE"):
    """Files (name, bytes) come to the bill, one call each."""
    for name, data in files:
        reply = site.erp.request("POST", f"{path_of(site, number)}/files", data, {"Content-Type": "application/octet-stream"},
                                  query={"name": name, "kind": kind})
        assert reply.status in (200, 201), reply
    settled(site, 60)


def xml(inv, name=None):
    return name or f"{inv['fields']['number']}.xml", samples.einvoice_xml(inv)


def shown(site, number):
    reply = site.erp.get(f"{path_of(site, number)}/match")
    assert reply.status == 200, reply
    return reply.json()


def act(site, number, action, **fields):
    return site.erp.post(f"{path_of(site, number)}/match", {"action": action, **fields})


def verdicts(value):
    return [item["verdict"] for item in value["items"]]


def state(site, number):
    return site.erp.get(path_of(site, number)).json()["state"]


def notes(site, number):
    return [event["note"] for event in trail(site, number) if event["kind"] == "match"]


def switch(site, name, value="on"):
    site.ctl.must("switch", "set", name, value)


# what matches

@pytest.mark.mpm
@pytest.mark.valgrind
def test_what_matches_is_submitted(site):
    one, two = sample(1), sample(2, "electronic-ordinary")
    announce(site, "M-1", with_file(site, one), with_file(site, two, samples.pdf(two), "two.pdf"))
    settled(site, 60)
    assert state(site, "M-1") == "SUBMITTED"
    value = shown(site, "M-1")
    assert (value["result"], value["reason"], verdicts(value)) == ("MATCHED", "2 张发票匹配", ["MATCHED", "MATCHED"])
    assert value["counts"] == {"expected": 2, "matched": 2, "differs": 0, "missing": 0, "extra": 0, "required": 2, "failed": 0}
    assert [item["tie"] for item in value["items"]] == ["IDENTITY", "IDENTITY"]
    assert notes(site, "M-1")[-1] == "2 invoices match (uploaded -> matched)"
    states = [event["note"] for event in trail(site, "M-1") if event["kind"] == "state"]
    assert "submit: matched -> submitted; all that is required matches" in states[-1]
    assert [row["kind"] for row in rows(site, "SELECT kind FROM delivery")] == [1], "the ERP is told that it is ready"

    events = trail(site, "M-1")
    for _ in range(2):
        put_job(site, "read", stored(site, "M-1")["id"])
        settled(site)
    assert trail(site, "M-1") == events, "the same again says nothing"


def test_paper_comes_later(site):
    one, two = sample(3), sample(4)
    announce(site, "M-2", told(one), told(two))
    assert state(site, "M-2") == "WAITING"
    scan(site, "M-2", xml(one))
    assert state(site, "M-2") == "MISMATCH"
    value = shown(site, "M-2")
    assert (value["result"], verdicts(value)) == ("FAILED", ["MATCHED", "MISSING"])
    number = two["fields"]["number"]
    assert value["reason"] == f"1 张发票未匹配: {number}: 缺失" == site.erp.get(path_of(site, "M-2")).json()["reason"]
    assert notes(site, "M-2") == [f"1 invoices do not match: {number}: missing (uploaded -> match failed)"]
    scan(site, "M-2", xml(two))
    assert state(site, "M-2") == "SUBMITTED"
    assert stored(site, "M-2")["reason"] is None


def test_copies_are_one_invoice(site):
    one = sample(5)
    switch(site, "match.strict")
    switch(site, "match.counted")
    announce(site, "M-3", told(one))
    data = {"a.pdf": samples.pdf(one), "b.ofd": samples.ofd(one), "c.xml": samples.einvoice_xml(one)}
    switch(site, "match.submit", "off")
    scan(site, "M-3", *data.items())
    value = shown(site, "M-3")
    assert state(site, "M-3") == "MATCHED" and verdicts(value) == ["MATCHED"]
    assert {copied["source"] for copied in value["items"][0]["copies"]} == {"PDF_TEXT", "OFD_TAG", "XML"}
    assert value["items"][0]["found"]["source"] == "XML"


def test_attachments_are_no_invoices(site):
    one = sample(6)
    announce(site, "M-4", told(one))
    scan(site, "M-4", xml(one), kind="ATTACHMENT")
    value = shown(site, "M-4")
    (file,) = site.erp.get(path_of(site, "M-4")).json()["files"]
    assert verdicts(value) == ["MISSING"] and value["items"][0]["attachment_file_id"] == file["id"]
    assert "附件" in value["reason"] and state(site, "M-4") == "MISMATCH"
    reply = site.erp.request("PATCH", f"{path_of(site, 'M-4')}/files/{file['id']}", json_body={"kind": "INVOICE"})
    assert reply.status == 200, reply
    settled(site)
    assert state(site, "M-4") == "SUBMITTED"


# what does not

def test_a_difference_keeps_it_until_it_is_corrected(site):
    one, two = sample(7), sample(8)
    announce(site, "D-1", with_file(site, one), with_file(site, two, totalAmount="1.00"))
    settled(site, 60)
    true = two["fields"]["gross"]
    assert state(site, "D-1") == "MISMATCH"
    value = shown(site, "D-1")
    assert verdicts(value) == ["MATCHED", "DIFFERS"]
    (diff,) = value["items"][1]["differences"]
    found = value["items"][1]["found"]
    assert diff == {"field": "gross", "expected": "1.00", "found": true, "why": "DIFFERENT", "found_id": found["id"]}
    assert value["items"][1]["words"] == f"价税合计 应为 1.00, 影像为 {true}"
    for path, query in (("submit", {}), ("resubmit", {})):
        refused(site.erp.post(f"{path_of(site, 'D-1')}/{path}", {"confirm": True}), 409, "D-1", "价税合计 应为 1.00")
    refused_a(site.erp.post(COMMIT, asked("D-1", resource="")), "1409", 200, "D-1", true)

    events = trail(site, "D-1")
    reply = site.erp.request("PATCH", f"/api/v1/found-invoices/{found['id']}", json_body={"gross": "1.00", "version": found["version"]})
    assert reply.status == 200, reply
    settled(site)
    assert state(site, "D-1") == "SUBMITTED"
    assert [event["kind"] for event in trail(site, "D-1")[len(events):]] == ["invoice", "match", "state"]
    announce(site, "D-1", with_file(site, one), with_file(site, two, totalAmount="1.00", remark="again"))
    settled(site)
    assert shown(site, "D-1")["result"] == "MATCHED", "the correction stays"


def test_strict_compares_more(site):
    one = sample(9)
    switch(site, "match.strict")
    announce(site, "D-2", with_file(site, one, salerName="另一家公司", invoiceDate="2020-01-01"))
    settled(site, 60)
    value = shown(site, "D-2")
    assert [diff["field"] for diff in value["items"][0]["differences"]] == ["date", "seller_name"]
    assert state(site, "D-2") == "MISMATCH" and value["rules"]["is_strict"]
    switch(site, "match.strict", "standard")
    assert act(site, "D-2", "rerun").json()["result"] == "MATCHED"
    settled(site)
    assert state(site, "D-2") == "SUBMITTED"


def test_a_switch_has_all_open_bills_compared_again(site):
    """Where the result is another one it goes on; elsewhere nothing is to be seen."""
    one, two, three = sample(40), sample(41), sample(42)
    switch(site, "match.strict")
    for number, inv in (("W-1", one), ("W-2", two)):
        announce(site, number, with_file(site, inv, salerName="另一家公司"))
    announce(site, "W-3", told(three))
    scan(site, "W-3", xml(sample(43)))
    announce(site, "W-4", with_file(site, three))
    settled(site, 60)
    assert [state(site, f"W-{n}") for n in range(1, 5)] == ["MISMATCH"] * 3 + ["SUBMITTED"]
    before = {number: trail(site, number) for number in ("W-3", "W-4")}
    assert site.ctl.must("match", "rerun", "--all") == {"bills": 3, "changed": 0, "refused": 0}
    change(site, "UPDATE bill SET is_locked = 1, voucher = 'V-1' WHERE number = 'W-2'")
    boss = administrator(site)
    reply = boss.request("PATCH", "/api/v1/receipt-settings", json_body={"switches": [{"name": "match.strict", "value": "standard"}]})
    assert reply.status == 200, reply
    settled(site)
    assert [state(site, f"W-{n}") for n in range(1, 4)] == ["SUBMITTED", "MISMATCH", "MISMATCH"]
    assert notes(site, "W-1")[-1].endswith("(match failed -> matched)") and trail(site, "W-1")[-1]["actor"].startswith("user:")
    assert {number: trail(site, number) for number in before} == before
    code, value = site.ctl("match", "rerun", "--all")
    assert code == 1 and value == {"bills": 2, "changed": 0, "refused": 1}, "it is locked"
    change(site, "UPDATE bill SET is_locked = 0 WHERE number = 'W-2'")
    (row,) = site.ctl.must("match", "rerun", "W-2")
    assert (row["result"], row["state"]) == ("MATCHED", "SUBMITTED")
    code, (row,) = site.ctl("match", "rerun", "W-3")
    assert (code, row["result"], row["state"]) == (0, "FAILED", "MISMATCH")
    switch(site, "match.strict", "standard")
    assert not rows(site, "SELECT 1 FROM job WHERE kind = 'rematch'"), "it was so already"
    for words in ([], ["W-3", "--all"]):
        assert site.ctl("match", "rerun", *words)[0] == 2, words


def test_paper_only(site):
    one, two = sample(10), sample(11, "paper-special")
    switch(site, "match.electronic", "off")
    announce(site, "D-3", told(one), told(two))
    scan(site, "D-3", ("two.xml", samples.original_xml(two)))
    value = shown(site, "D-3")
    assert verdicts(value) == ["MISSING", "MATCHED"] and [item["is_required"] for item in value["items"]] == [False, True]
    assert state(site, "D-3") == "SUBMITTED"


def test_more_than_expected(site):
    one, two = sample(12), sample(13)
    switch(site, "match.counted")
    announce(site, "D-4", told(one))
    scan(site, "D-4", xml(one), xml(two))
    value = shown(site, "D-4")
    assert verdicts(value) == ["MATCHED", "EXTRA"] and value["counts"]["failed"] == 1
    assert state(site, "D-4") == "MISMATCH" and "多出" in value["reason"]
    switch(site, "match.drop_extra")
    switch(site, "match.counted", "off")  # has it compared again
    settled(site)
    assert state(site, "D-4") == "SUBMITTED"
    assert [file["name"] for file in site.erp.get(path_of(site, "D-4")).json()["files"]] == [xml(one)[0]]
    (note,) = [event["note"] for event in trail(site, "D-4") if "nobody expects" in event["note"]]
    assert xml(two)[0] in note and sha256(xml(two)[1]) in note
    assert rows(site, "SELECT 1 FROM content WHERE sha256 = ?", sha256(xml(two)[1])), "the bytes are kept"


def test_submitted_with_failures(site):
    one, two = sample(14), sample(15)
    announce(site, "D-5", told(one), told(two))
    scan(site, "D-5", xml(one))
    refused(site.erp.post(f"{path_of(site, 'D-5')}/submit", {"confirm": True}), 409, "D-5", "缺失")
    switch(site, "match.submit_failed")
    reply = site.erp.post(f"{path_of(site, 'D-5')}/submit", {})
    refused(reply, 409, "confirm=true", "缺失")
    assert reply.json()["error"]["match"] == {"result": "FAILED", "may_confirm": True}
    assert state(site, "D-5") == "MISMATCH"
    assert site.erp.post(f"{path_of(site, 'D-5')}/submit", {"confirm": True}).status == 200
    assert state(site, "D-5") == "SUBMITTED"
    (note,) = [event["note"] for event in trail(site, "D-5") if event["kind"] == "state" and "confirmed though" in event["note"]]
    assert note.startswith("submit: ") and two["fields"]["number"] in note

    announce(site, "D-6", told(one), told(two))
    scan(site, "D-6", xml(two))
    refused_a(site.erp.post(COMMIT, asked("D-6", resource="")), "1409", 200, "confirm=true")
    assert site.erp.post(COMMIT, asked("D-6", resource="", confirm=True)).json()["data"]["imageStatus"] == 2


def test_sent_back_and_put_right(site):
    one, two = sample(16), sample(17)
    switch(site, "match.submit_failed")
    announce(site, "D-7", told(one), told(two))
    scan(site, "D-7", xml(one))
    assert site.erp.post(f"{path_of(site, 'D-7')}/submit", {"confirm": True}).status == 200
    assert site.erp.post(f"{path_of(site, 'D-7')}/rescan", {"reason": "缺一张"}).status == 200
    settled(site)
    assert state(site, "D-7") == "RESCAN", "a comparison is no answer to a send-back"
    refused(site.erp.post(f"{path_of(site, 'D-7')}/resubmit", {}), 409, "缺失")
    scan(site, "D-7", xml(two))
    assert state(site, "D-7") == "SUBMITTED"


# hands

def test_pair_by_hand(site):
    one = sample(18)
    number = one["fields"]["number"]
    wrong = misread(one, number=number[:-2] + "99")
    announce(site, "H-1", told(one))
    scan(site, "H-1", xml(wrong))
    value = shown(site, "H-1")
    assert verdicts(value) == ["MISSING", "EXTRA"] and state(site, "H-1") == "MISMATCH"
    invoice, found = value["items"][0]["invoice"]["id"], value["items"][1]["found"]["id"]
    (hint,) = value["items"][0]["suggestions"]
    assert hint["found_id"] == found and hint["same"] == ["near_number", "gross", "net", "date", "seller", "type"]
    assert value["items"][1]["suggestions"][0]["invoice_id"] == invoice

    refused(act(site, "H-1", "pair", invoice_id=invoice, found_id=found, version=value["version"] - 1), 409, "H-1")
    reply = act(site, "H-1", "pair", invoice_id=invoice, found_id=found, version=value["version"])
    assert reply.status == 200 and reply.json()["is_changed"], reply
    value = reply.json()
    assert (value["result"], value["items"][0]["tie"], verdicts(value)) == ("MATCHED", "HAND", ["MATCHED"])
    assert [(diff["field"], diff["why"]) for diff in value["items"][0]["differences"]] == [("number", "SETTLED")]
    (pair,) = value["pairs"]
    assert (pair["invoice_id"], pair["found_id"], pair["is_apart"]) == (invoice, found, False) and pair["actor"]
    assert state(site, "H-1") == "SUBMITTED"
    assert notes(site, "H-1")[-2] == f"paired by hand: expected {number} and found {number[:-2]}99 (id {found})"
    put_job(site, "read", stored(site, "H-1")["id"])
    settled(site)
    assert shown(site, "H-1")["result"] == "MATCHED", "a reading changes nothing about it"


def test_a_pair_does_not_settle_the_sum(site):
    one = sample(19)
    wrong = misread(one, number="24440000000000009999", gross="1.00")
    announce(site, "H-2", told(one))
    scan(site, "H-2", xml(wrong))
    value = shown(site, "H-2")
    ids = {"invoice_id": value["items"][0]["invoice"]["id"], "found_id": value["items"][1]["found"]["id"]}
    value = act(site, "H-2", "pair", **ids).json()
    assert verdicts(value) == ["DIFFERS"] and state(site, "H-2") == "MISMATCH"
    assert not act(site, "H-2", "pair", **ids).json()["is_changed"]
    value = act(site, "H-2", "unpair", **ids).json()
    assert verdicts(value) == ["MISSING", "EXTRA"] and value["pairs"][0]["is_apart"]
    scan(site, "H-2", xml(one))
    assert state(site, "H-2") == "SUBMITTED"


def test_set_apart(site):
    one = sample(20)
    switch(site, "match.submit", "off")
    announce(site, "H-3", told(one))
    scan(site, "H-3", xml(one))
    assert state(site, "H-3") == "MATCHED"
    value = shown(site, "H-3")
    ids = {"invoice_id": value["items"][0]["invoice"]["id"], "found_id": value["items"][0]["found"]["id"]}
    assert verdicts(act(site, "H-3", "unpair", **ids).json()) == ["MISSING", "EXTRA"]
    assert state(site, "H-3") == "MISMATCH"
    (file,) = site.erp.get(path_of(site, "H-3")).json()["files"]
    assert site.erp.request("DELETE", f"{path_of(site, 'H-3')}/files/{file['id']}").status == 200
    settled(site)
    assert shown(site, "H-3")["pairs"] == [] and rows(site, "SELECT * FROM match_pair") == [], "it goes with the invoice"
    assert state(site, "H-3") == "WAITING"


def test_vouched_for(site):
    """A file that nobody can read: the clerk says what it shows."""
    one = sample(33)
    announce(site, "H-6", told(one), told(sample(34)))
    scan(site, "H-6", ("photo.png", picture("vouch")), xml(sample(34)))
    value = shown(site, "H-6")
    invoice, (unread,) = value["items"][0]["invoice"]["id"], value["unread"]
    pair = {"action": "pair", "invoice_id": invoice, "file_id": unread["file_id"]}
    read = next(item["found"]["file_id"] for item in value["items"] if item["found"])

    def check(fields, status, *words):
        refused(site.erp.post(f"{path_of(site, 'H-6')}/match", {**pair, **fields}), status, *words)

    each([({"file_id": 999}, 404, "999"), ({"file_id": "x"}, 400, "file_id"), ({"file_id": read}, 409, "found_id"),
          ({"invoice_id": 999}, 404, "999"), ({"action": "unpair"}, 400, "found_id")], check)
    value = act(site, "H-6", **pair).json()
    assert (value["result"], value["items"][0]["tie"]) == ("MATCHED", "HAND") and value["is_changed"]
    assert value["items"][0]["found"]["source"] == "HAND" and value["items"][0]["found"]["editor"]
    settled(site)
    assert state(site, "H-6") == "SUBMITTED"
    assert any("photo.png shows invoice" in event["note"] for event in trail(site, "H-6") if event["kind"] == "invoice")
    put_job(site, "read", stored(site, "H-6")["id"])
    settled(site)
    assert shown(site, "H-6")["result"] == "MATCHED", "it stays"


def test_refusals(site):
    one = sample(21)
    announce(site, "H-4", told(one))
    scan(site, "H-4", xml(one), kind="ATTACHMENT")
    announce(site, "H-5", told(sample(22)))
    value = shown(site, "H-4")
    invoice, other = value["items"][0]["invoice"]["id"], shown(site, "H-5")["items"][0]["invoice"]["id"]
    found = rows(site, "SELECT id FROM found")[0]["id"]

    def check(fields, status, *words):
        refused(site.erp.post(f"{path_of(site, 'H-4')}/match", fields), status, *words)

    pair = {"action": "pair", "invoice_id": invoice, "found_id": found}
    each([({}, 400, "action"), ({"action": "x"}, 400, "action", "pair"), ({"action": 5}, 400, "action"), ([], 400, "JSON"),
          ({"action": "pair"}, 400, "invoice_id"), ({**pair, "invoice_id": "x"}, 400, "invoice_id"),
          ({**pair, "invoice_id": 0}, 400, "invoice_id"), ({**pair, "found_id": None}, 400, "found_id"),
          ({**pair, "invoice_id": 999}, 404, "999"), ({**pair, "invoice_id": other}, 404, str(other)),
          ({**pair, "found_id": 999}, 404, "999"), (pair, 409, "附件"), ({**pair, "version": 0}, 409, "H-4")], check)
    assert rows(site, "SELECT * FROM match_pair") == []
    site.add_enterprise(OTHER_CLIENT)
    stranger = site.login(OTHER_CLIENT)
    assert stranger.get(f"{path_of(site, 'H-4')}/match").status == 404
    assert stranger.post(f"{path_of(site, 'H-4')}/match", pair).status == 404
    change(site, "UPDATE bill SET state = 9 WHERE number = 'H-4'")
    check(pair, 409, "作废")
    site.ctl.must("mode", "set", "basic")
    refused(act(site, "H-5", "rerun"), 409, "H-5", "匹配模式")


# what falls back, what waits

def test_without_receipt_data_an_announced_bill_is_basic(site):
    made = Bill(site, site.erp, "F-1", taxNo=CLIENT["tax_no"])
    scan(site, "F-1", xml(sample(23)))
    value = made.get()
    assert value["state"] == "UPLOADED"
    assert value["mode"] == {"mode": "BASIC", "from": "default", "code": None, "fallen_from": "MATCH"}
    assert notes(site, "F-1") == [
        "its files are read; the receipt's invoices have not come yet (uploaded -> recognised)",
        "the receipt has no invoices of it: it is worked on in basic mode (recognised -> uploaded)"]
    assert shown(site, "F-1")["result"] == "FALLEN"
    refused(act(site, "F-1", "pair", invoice_id=1, found_id=1), 409, "F-1")
    assert len(site.cloud.log("/m4/fpzs/bxdInvoices")) == 1, "it is asked once"
    assert made.post("submit").status == 200 and made.state() == "SUBMITTED"


def test_receipt_data_that_comes_late(site):
    one = sample(24)
    made = Bill(site, site.erp, "F-2", taxNo=CLIENT["tax_no"])
    scan(site, "F-2", xml(one))
    assert made.get()["mode"]["fallen_from"] == "MATCH"
    announce(site, "F-2", told(one))
    assert made.get()["mode"]["mode"] == "MATCH" and made.state() == "SUBMITTED"


def test_unannounced_it_waits(site):
    reply = site.erp.request("POST", "/api/v1/captures", json_body={"number": "F-3"})
    assert reply.status in (200, 201), reply
    capture = f"/api/v1/captures/{reply.json()['id']}"
    name, data = xml(sample(25))
    assert site.erp.request("POST", f"{capture}/pages", data, {"Content-Type": "application/xml"}, query={"name": name}).status in (200, 201)
    settled(site)
    assert site.erp.post(f"{capture}/finish", {}).status == 200
    settled(site)
    value = shown(site, "F-3")
    assert (state(site, "F-3"), value["result"]) == ("RECOGNISED", "WAITING") and "ERP" in value["reason"]
    refused(site.erp.post(f"{path_of(site, 'F-3')}/submit", {}), 409, "F-3", "收票数据")
    assert site.erp.post(ANNOUNCE, bill("F-3", taxNo=CLIENT["tax_no"])).errcode == "0000"
    settled(site)
    assert (state(site, "F-3"), shown(site, "F-3")["result"]) == ("UPLOADED", "FALLEN")


def test_another_mode_frees_it(site):
    announce(site, "F-4", told(sample(26)))
    scan(site, "F-4", xml(sample(27)))
    assert state(site, "F-4") == "MISMATCH"
    site.ctl.must("mode", "set", "basic")
    assert site.erp.post(f"{path_of(site, 'F-4')}/submit", {}).status == 200
    assert state(site, "F-4") == "SUBMITTED"
    assert notes(site, "F-4")[-1].endswith("another mode (match failed -> uploaded)")


def test_an_invoice_of_another_bill_keeps_it(site):
    one = sample(28)
    switch(site, "duplicate.refuse")
    announce(site, "F-5", with_file(site, one))
    settled(site, 60)
    assert state(site, "F-5") == "SUBMITTED"
    announce(site, "F-6", with_file(site, one))
    settled(site, 60)
    assert state(site, "F-6") == "MATCHED"
    (note,) = [note for note in notes(site, "F-6") if "not submitted by itself" in note]
    assert "F-5" in note
    put_job(site, "read", stored(site, "F-6")["id"])
    settled(site)
    assert len([note for note in notes(site, "F-6") if "not submitted" in note]) == 1


# the cloud's recognition

@pytest.fixture
def asking(make_gateway):
    gateway = make_gateway(checked=True)
    admit(gateway)
    gateway.ctl.must("mode", "set", "match")
    gateway.erp = gateway.login()
    return gateway


def test_it_waits_for_the_clouds_answer(asking):
    one, data = sample(29), picture("match")
    asking.cloud.recognise(sha256(data), [told(one)])
    asking.cloud.behave("fail", CALL, status=503, times=1)
    announce(asking, "C-1", told(one))
    scan(asking, "C-1", ("scan.png", data))
    assert state(asking, "C-1") == "SUBMITTED"
    assert notes(asking, "C-1") == ["1 invoices match (uploaded -> matched)"], "no verdict before the answer"


def test_a_cloud_that_refuses_does_not_hold_it(asking):
    one, data = sample(30), picture("refused match")
    asking.cloud.recognise(sha256(data), errcode="2099", description="未识别到发票")
    announce(asking, "C-2", told(one))
    scan(asking, "C-2", ("scan.png", data))
    assert state(asking, "C-2") == "MISMATCH"
    value = shown(asking, "C-2")
    assert verdicts(value) == ["MISSING"] and [file["name"] for file in value["unread"]] == ["scan.png"]


# many, and the tool

def test_many_in_one_file(site):
    many = [sample(n) for n in range(100, 120)]
    announce(site, "Z-1", *[told(inv) for inv in many[:-1]], told(many[-1], totalAmount="0.01"))
    scan(site, "Z-1", ("all.pdf", samples.pdf(many)))
    value = shown(site, "Z-1")
    assert value["counts"]["matched"] == 19 and verdicts(value)[-1] == "DIFFERS" and value["counts"]["extra"] == 0
    assert state(site, "Z-1") == "MISMATCH"


RESULTS = ["NONE", "READING", "WAITING", "MATCHED", "FAILED", "FALLEN"]
STATE_OF = {"WAITING": "RECOGNISED", "MATCHED": "MATCHED", "FAILED": "MISMATCH", "FALLEN": "UPLOADED"}


class Day:
    """Anything may happen to a bill, in any order; what is told of it must be true each time."""

    def __init__(self, site, seed):
        self.site, self.random, self.number = site, random.Random(f"day {seed}"), f"DAY-{seed}"
        self.invoices = [sample(200 + 20 * seed + n) for n in range(3)]
        self.expected, self.seen = [], set()

    def push(self):
        self.expected = self.random.sample(self.invoices, self.random.choice([0, 0, 1, 2, 3]))
        wrong = self.random.random() < 0.2
        announce(self.site, self.number, *[told(inv, totalAmount="0.01") if wrong else told(inv) for inv in self.expected])

    def announce(self):
        reply = self.site.erp.post(ANNOUNCE, bill(self.number, taxNo=CLIENT["tax_no"],
                                                  fbillTypeDes=str(self.random.random())))
        assert reply.errcode == "0000", reply

    def upload(self):
        inv = self.random.choice(self.invoices)
        wrong = misread(inv, number=inv["fields"]["number"][:-1] + "X") if self.random.random() < 0.2 else inv
        self.site.erp.request("POST", f"{self.path()}/files", samples.einvoice_xml(wrong), {"Content-Type": "application/xml"},
                              query={"name": xml(inv)[0], "kind": self.random.choice(["INVOICE", "INVOICE", "ATTACHMENT"])})

    def complete(self):
        """Somebody puts right what he can see."""
        for item in shown(self.site, self.number)["items"]:
            if item["verdict"] == "MISSING":
                inv = next(inv for inv in self.invoices if inv["fields"]["number"] == item["invoice"]["number"])
                scan(self.site, self.number, (f"again-{self.random.random()}.xml", samples.einvoice_xml(inv) + b"<!-- -->"))
            if item["verdict"] == "DIFFERS":
                self.site.erp.request("PATCH", f"/api/v1/found-invoices/{item['found']['id']}",
                                      json_body={"gross": item["invoice"]["gross"]})

    def path(self):
        return path_of(self.site, self.number)

    def file(self):
        files = self.site.erp.get(self.path()).json()["files"]
        return self.random.choice(files) if files else None

    def drop(self):
        file = self.file()
        if file:
            self.site.erp.request("DELETE", f"{self.path()}/files/{file['id']}", query={"confirm": "true"})

    def reclass(self):
        file = self.file()
        if file:
            self.site.erp.request("PATCH", f"{self.path()}/files/{file['id']}", json_body={"kind": self.random.choice(["INVOICE", "ATTACHMENT"])})

    def pair(self):
        value = shown(self.site, self.number)
        invoices = [item["invoice"]["id"] for item in value["items"] if item["invoice"]]
        found = [item["found"]["id"] for item in value["items"] if item["found"]]
        if invoices and found:
            act(self.site, self.number, self.random.choice(["pair", "unpair"]), invoice_id=self.random.choice(invoices),
                found_id=self.random.choice(found))

    def correct(self):
        found = rows(self.site, "SELECT found.id FROM found JOIN bill ON bill.id = found.bill WHERE bill.number = ?", self.number)
        if found:
            self.site.erp.request("PATCH", f"/api/v1/found-invoices/{self.random.choice(found)['id']}",
                                  json_body={"gross": self.random.choice(["0.01", None])})

    def move(self):
        what = self.random.choice(["submit", "resubmit", "rescan", "cancel-rescan", "submit"])
        before = shown(self.site, self.number)
        reply = self.site.erp.post(f"{self.path()}/{what}", {"reason": "x", "confirm": True})
        if "submit" in what and reply.status == 200 and before["state"] not in ("SUBMITTED", "REVIEWED"):
            assert before["result"] in ("MATCHED", "FALLEN"), before

    def check(self, done):
        settled(self.site, 60)
        value, there = shown(self.site, self.number), stored(self.site, self.number)
        kept = rows(self.site, "SELECT * FROM match_result WHERE bill = ?", there["id"])
        says = f"after {done}: {value['state']} {value['result']} {value['reason']}"
        if kept and there["state"] not in (0,):
            assert RESULTS[kept[0]["result"]] == value["result"], says
        if value["state"] in ("UPLOADED", "RECOGNISED", "MISMATCH", "MATCHED"):
            assert value["state"] == STATE_OF[value["result"]], says
        if value["state"] == "MISMATCH":
            assert there["reason"] == value["reason"], says
        assert value["result"] != "READING", says
        self.seen.add(value["result"])
        counts = value["counts"]
        assert counts["matched"] + counts["differs"] + counts["missing"] == counts["expected"] == len(self.expected), says


@pytest.mark.parametrize("seed", range(6))
def test_a_day_of_a_bill(site, seed):
    day, done = Day(site, seed), []
    if seed % 2:  # else a comparison that matches ends in a submit
        switch(site, "match.submit", "off")
    day.push()
    for _ in range(40):
        step = day.random.choice([day.push, day.announce, day.upload, day.drop, day.reclass, day.pair, day.correct, day.move,
                                  day.complete, day.complete])
        done.append(step.__name__)
        step()
        day.check(done)
    assert len(day.seen) > 1, day.seen
    announce(site, day.number, *[told(inv) for inv in day.invoices])
    day.expected = day.invoices
    if state(site, day.number) in ("SUBMITTED", "REVIEWED"):
        assert site.erp.post(f"{day.path()}/rescan", {"reason": "again"}).status == 200
    for file in site.erp.get(day.path()).json()["files"]:
        site.erp.request("DELETE", f"{day.path()}/files/{file['id']}")
    scan(site, day.number, *[xml(inv) for inv in day.invoices])
    switch(site, "match.submit", "on")
    act(site, day.number, "rerun")
    settled(site)
    assert state(site, day.number) == "SUBMITTED", "nothing that happened keeps it from getting there"


def test_the_tool(site):
    one, two = sample(31), sample(32)
    announce(site, "T-1", told(one), told(two))
    scan(site, "T-1", xml(one))
    value = site.ctl.must("bill", "match", "T-1")
    assert value["result"] == "FAILED" and verdicts(value) == ["MATCHED", "MISSING"]
    shown_bill = site.ctl.must("bill", "show", "T-1")
    assert shown_bill["match_result"] == "FAILED" and two["fields"]["number"] in shown_bill["match_reason"]
    _, out, _ = run_ctl("-d", site.httpd.data, "--lang", "zh", "bill", "match", "T-1")
    assert "缺失" in out and two["fields"]["number"] in out and "MISSING" in out
    code, value = site.ctl("bill", "resubmit", "T-1", "--confirm")
    assert code == 1 and two["fields"]["number"] in value["error"]["message"]
    switch(site, "match.submit_failed")
    code, value = site.ctl("bill", "resubmit", "T-1")
    assert code == 1 and "confirm" in value["error"]["message"]
    assert site.ctl.must("bill", "resubmit", "T-1", "--confirm")["state"] == 2
