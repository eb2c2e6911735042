"""Which bill is meant, what a new announcement replaces, and what void bills answer: to the ERP and to pushes."""
import pytest

from harness.cloudctl import CLIENT
from test_100_start import ANNOUNCE, bill, rows
from test_130_bills import BASE, VOID, put_state, refused, stored
from test_140_push import admit, post, results, settled
from test_340_files import pdf


@pytest.fixture
def erp(gateway):
    return gateway.login()


@pytest.fixture
def desk(gateway):
    admit(gateway)
    return gateway


def states(gateway, number):
    return {row["resource"]: row["state"] for row in rows(gateway, "SELECT resource, state FROM bill WHERE number = ?", number)}


# one of several

CHANGES = {"invalid": {"reason": "x"}, "rescan": {"reason": "x"}, "cancelRescan": {}, "review": {}, "erpBingScanVoucher": {"voucherNo": "V"},
           "commit": {}, "commit ": {"modelType": "1"}, "upload": {"base64": "JVBERi0xLjQK", "fileSuffix": "pdf"}}


@pytest.mark.parametrize("path", CHANGES)
def test_nobody_chooses_for_the_caller(gateway, erp, path):
    erp.post(ANNOUNCE, [bill("TWO-1"), bill("TWO-1", resource="ERP2")])
    before = states(gateway, "TWO-1")
    reply = erp.post(BASE + path.strip(), {"scanBillNo": "two-1", **CHANGES[path]})
    refused(reply, "1400", 200, "resource", "EAS", "ERP2")
    assert states(gateway, "TWO-1") == before and rows(gateway, "SELECT 1 FROM file") == []
    assert erp.post(BASE + "billStatus", {"scanBillNo": "TWO-1"}).errcode == "0000"


def test_one_that_lives_needs_no_resource(gateway, erp):
    erp.post(ANNOUNCE, [bill("TWO-2"), bill("TWO-2", resource="ERP2")])
    assert erp.post(BASE + "invalid", {"scanBillNo": "TWO-2", "resource": "EAS"}).errcode == "0000"
    reply = erp.request("POST", BASE + "upload", pdf("x"), {"Content-Type": "application/pdf"}, query={"scanBillNo": "TWO-2", "fileSuffix": "pdf"})
    assert reply.errcode == "0000", reply
    assert states(gateway, "TWO-2") == {"EAS": VOID, "ERP2": 1}


# what hangs together

def test_type_applicant_and_organisation_take_their_words_along(gateway, erp):
    whole = {"fbillTypeDes": "甲类", "fapplyUserName": "张三", "fapplyUserPhone": "13800138000", "fapplyErpUserName": "zs",
             "fapplyOrganizationCode": "01", "fapplyOrganizationName": "一部", "billNo": "NO-1"}
    erp.post(ANNOUNCE, bill("G-1", **whole))
    erp.post(ANNOUNCE, bill("G-1", fbillTypeCode="B", fapplyUserName="李四", fapplyOrganizationCode="02"))
    row = stored(gateway, "G-1")
    assert (row["type_code"], row["type_name"]) == ("B", "B")
    assert (row["apply_name"], row["apply_phone"], row["apply_erp_user"]) == ("李四", None, None)
    assert (row["org_code"], row["org_name"], row["bill_no"]) == ("02", None, "NO-1")
    assert {r["code"]: r["name"] for r in rows(gateway, "SELECT code, name FROM bill_type")}["B"] == "B"
    erp.post(ANNOUNCE, bill("G-1", fbillTypeCode="B", fapplyUserPhone="13900139000"))
    row = stored(gateway, "G-1")
    assert (row["apply_name"], row["apply_phone"], row["org_code"]) == ("李四", "13900139000", "02")


# void ones

def test_same_announcement_of_a_void_bill(gateway, erp):
    erp.post(ANNOUNCE, bill("VD-1"))
    put_state(gateway, "VD-1", VOID)
    assert erp.post(ANNOUNCE, bill("VD-1")).json()["data"]["result"] == "unchanged"
    reply = erp.post(ANNOUNCE, [bill("VD-2"), bill("VD-1")])
    assert [row["result"] for row in reply.json()["data"]] == ["created", "unchanged"]
    refused(erp.post(ANNOUNCE, bill("VD-1", billNo="X")), "1409", 200, "VD-1")


def notice(number, **more):
    return {"scanBillNo": number, "clientId": CLIENT["client_id"], "taxNo": CLIENT["tax_no"], **more}


def test_void_bill_among_pushes(desk):
    assert results(post(desk, notice("VP-1"))) == ["taken"]
    settled(desk)
    put_state(desk, "VP-1", VOID)
    for _ in range(2):
        assert results(post(desk, notice("VP-1"))) == ["unchanged"]
    assert rows(desk, "SELECT 1 FROM job WHERE kind = 'pull' AND state <> 'parked'") == []
    refused(post(desk, notice("VP-1", billNo="X")), "1409", 200, "VP-1")
    reply = post(desk, [notice("VP-2"), notice("VP-1", billNo="X"), notice("VP-1")])
    assert results(reply) == ["taken", "void", "unchanged"]
    assert [row["scanBillNo"] for row in reply.json()["data"]] == ["VP-2", "VP-1", "VP-1"]
    settled(desk)
    kept = rows(desk, "SELECT status, reason FROM push WHERE number = 'VP-1' ORDER BY id DESC LIMIT 1")
    assert kept == [{"status": "refused", "reason": "the bill is void"}]
    assert stored(desk, "VP-1")["state"] == VOID


# whose and which a push is

def test_tax_number_in_small_letters(desk):
    small = CLIENT["tax_no"].lower()
    assert small != CLIENT["tax_no"]
    assert results(post(desk, notice("LOW-1", taxNo=small))) == ["taken"]
    assert results(post(desk, {"scanBillNo": "LOW-2"}, query={"taxNo": f" {small}"})) == ["taken"]
    settled(desk)
    assert stored(desk, "LOW-1")["tax_no"] == stored(desk, "LOW-2")["tax_no"] == CLIENT["tax_no"]


def test_push_without_number_says_which_bill(desk):
    assert results(post(desk, notice("BY-1", billId="z-1"))) == ["taken"]
    reply = post(desk, {**notice("x"), "scanBillNo": None, "billId": "z-1"})
    assert [row["scanBillNo"] for row in reply.json()["data"]] == ["BY-1"]
    settled(desk)
