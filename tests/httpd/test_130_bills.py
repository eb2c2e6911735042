"""What the ERP calls: announcing bills, their state, sending back, voiding, vouchers; in both families."""
import concurrent.futures
import itertools
import re

import pytest

from harness.cloudctl import CLIENT, OTHER_CLIENT
from test_100_start import ANNOUNCE, STATUS, bill, change, each, rows, trail

BASE = "/api/imgsys/bill/outside/"
B_ANNOUNCE, B_OPERATE = "/api/kapi/app/bds/erpBillPush", "/api/kapi/app/bds/operate"
TENANT_CLIENT = {**OTHER_CLIENT, "client_id": "TN_TESTTENANT", "secret": "tenant-secret"}
WAITING, UPLOADED, SUBMITTED, REVIEWED, RESCAN, MISMATCH, FAILED, RECOGNISED, MATCHED, VOID = range(10)
STATES = range(10)


@pytest.fixture
def erp(gateway):
    """A caller with a token, as the ERP is."""
    return gateway.login()


def asked(number, **more):
    return {"scanBillNo": number, "resource": "EAS", **more}


def announced(http, number, **changes):
    reply = http.post(ANNOUNCE, bill(number, **changes))
    assert reply.errcode == "0000", reply
    return reply.json()["data"]["result"]


def stored(gateway, number):
    (row,) = rows(gateway, "SELECT * FROM bill WHERE number = ?", number)
    return row


def state_of(http, number):
    reply = http.post(STATUS, asked(number))
    assert reply.errcode == "0000", reply
    return reply.json()["data"]["imageStatus"]


def put_state(gateway, number, state, before=WAITING):
    assert change(gateway, "UPDATE bill SET state = ?, state_before = ? WHERE number = ?", state, before, number) == 1


def put_image(gateway, number):
    """What a bill that was submitted has."""
    assert change(gateway, "INSERT INTO file (tenant, bill, invoice, kind, name, sha256, size, position, created)"
                           " SELECT tenant, id, 0, 2, 'x', ?, 1, 1, 1 FROM bill WHERE number = ?", "0" * 64, number) == 1


def refused(reply, code, status=200, *words):
    assert (reply.status, reply.errcode) == (status, code), reply
    value = reply.json()
    text = value.get("description", value.get("message"))
    assert [word for word in words if word not in text] == [], text
    assert value.get("data") is None


# announcing

WHOLE = {"fbillTypeDes": "费用报销单", "fapplyUserName": "张三", "fapplyUserPhone": "13800000000",
         "fapplyErpUserName": "zhangsan", "fapplyOrganizationCode": "01.02", "fapplyOrganizationName": "虚构分公司",
         "billNo": "BX-1", "taxNo": CLIENT["tax_no"]}


@pytest.mark.mpm
@pytest.mark.valgrind
@pytest.mark.parametrize("path", [ANNOUNCE, B_ANNOUNCE])
def test_announce_one(gateway, erp, path):
    reply = erp.post(path, bill("kd-1", **WHOLE))
    value = reply.json()
    assert reply.status == 200 and reply.errcode == "0000"
    assert value["data"] == {"scanBillNo": "KD-1", "resource": "EAS", "result": "created"}
    if path == B_ANNOUNCE:
        assert (value["success"], value["message"], set(value)) == (
            True, "成功", {"success", "errorCode", "message", "data"})
    row = stored(gateway, "KD-1")
    kept = {"erp_id": "id-kd-1", "bill_no": "BX-1", "type_code": "ER_ExpReimbursement", "type_name": "费用报销单",
            "tax_no": CLIENT["tax_no"], "apply_name": "张三", "apply_phone": "13800000000",
            "apply_erp_user": "zhangsan", "org_code": "01.02", "org_name": "虚构分公司", "state": WAITING,
            "is_announced": 1, "is_locked": 0, "resource": "EAS"}
    assert {name: row[name] for name in kept} == kept
    (event,) = trail(gateway, "KD-1")
    assert (event["kind"], event["actor"], event["trace"]) == ("announced", f"client:{CLIENT['client_id']}", reply.trace)


@pytest.mark.parametrize("path", [ANNOUNCE, B_ANNOUNCE])
def test_announce_list(gateway, erp, path):
    reply = erp.post(path, [bill("L-1"), bill("L-2"), bill("L-1"), bill("L-1", resource="HR")])
    assert reply.errcode == "0000"
    assert [(row["scanBillNo"], row["resource"], row["result"]) for row in reply.json()["data"]] == [
        ("L-1", "EAS", "created"), ("L-2", "EAS", "created"), ("L-1", "EAS", "unchanged"), ("L-1", "HR", "created")]
    assert len(rows(gateway, "SELECT * FROM bill")) == 3


def test_list_of_a_thousand(gateway, erp):
    reply = erp.post(ANNOUNCE, [bill(f"T-{n}") for n in range(1000)])
    assert reply.errcode == "0000" and len(reply.json()["data"]) == 1000
    refused(erp.post(ANNOUNCE, [bill(f"T-{n}") for n in range(1001)]), "1400", 200, "1000", "1001")
    assert rows(gateway, "SELECT count(*) AS n FROM bill") == [{"n": 1000}]


def test_list_is_taken_whole_or_not_at_all(gateway, erp):
    for bad, code, status in ((bill("X-2", fbillId=None), "1400", 200), (bill(""), "1401", 200),
                              (bill("X-3", taxNo=OTHER_CLIENT["tax_no"]), "1301", 403), ("text", "1400", 200),
                              ([], "1400", 200)):
        refused(erp.post(ANNOUNCE, [bill("X-1"), bad, bill("X-4")]), code, status, "第 2 条")
    refused(erp.post(ANNOUNCE, []), "1400")
    assert rows(gateway, "SELECT * FROM bill") == [] == rows(gateway, "SELECT * FROM bill_type")


def test_same_again_is_unchanged(gateway, erp):
    assert announced(erp, "S-1", **WHOLE) == "created"
    before = stored(gateway, "S-1")
    backwards = dict(reversed(bill("s-1", fbillId="id-S-1", noise={"a": [1]}, **WHOLE).items()))
    assert erp.post(ANNOUNCE, backwards).json()["data"]["result"] == "unchanged"
    assert stored(gateway, "S-1") == before
    assert len(trail(gateway, "S-1")) == 1


COLUMNS = {"fbillId": "erp_id", "fbillTypeCode": "type_code", "fbillTypeDes": "type_name", "billNo": "bill_no",
           "fapplyUserName": "apply_name", "fapplyUserPhone": "apply_phone", "fapplyErpUserName": "apply_erp_user",
           "fapplyOrganizationCode": "org_code", "fapplyOrganizationName": "org_name"}


def test_new_content_overwrites(gateway, erp):
    def check(field, column):
        number = f"O-{field.upper()}"
        announced(erp, number, **WHOLE)
        assert announced(erp, number, **{**WHOLE, field: "新值"}) == "updated"
        row = stored(gateway, number)
        assert row[column] == "新值" and row["state"] == WAITING
        assert [event["kind"] for event in trail(gateway, number)] == ["announced"] * 2

    each(COLUMNS.items(), check)


def test_field_that_is_left_out_stays(gateway, erp):
    announced(erp, "P-1", **WHOLE)
    assert announced(erp, "P-1") == "updated"
    assert stored(gateway, "P-1")["apply_name"] == "张三"


@pytest.mark.mpm
def test_many_at_once_make_one(gateway, erp):
    def push(_):
        with gateway.httpd.http(token=erp.token) as http:
            return announced(http, "M-1")

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        results = list(pool.map(push, range(64)))
    assert sorted(results) == ["created"] + ["unchanged"] * 63
    assert stored(gateway, "M-1") and len(trail(gateway, "M-1")) == 1


def test_type_and_organisation_are_made(gateway, erp):
    announced(erp, "N-1", fbillTypeCode="NEW_TYPE", fbillTypeDes="新类型", fapplyOrganizationCode="ORG-9",
              fapplyOrganizationName="新组织")
    announced(erp, "N-2", fbillTypeCode="BARE_TYPE", fapplyOrganizationCode="ORG-10")
    assert rows(gateway, "SELECT code, name FROM bill_type ORDER BY id") == [
        {"code": "NEW_TYPE", "name": "新类型"}, {"code": "BARE_TYPE", "name": "BARE_TYPE"}]
    orgs = rows(gateway, "SELECT id, code, name FROM org WHERE code LIKE 'ORG-%' ORDER BY id")
    assert [(row["code"], row["name"]) for row in orgs] == [("ORG-9", "新组织"), ("ORG-10", "ORG-10")]
    assert [stored(gateway, number)["org"] for number in ("N-1", "N-2")] == [row["id"] for row in orgs]


FAMILIES = (ANNOUNCE, B_ANNOUNCE)


def test_required_fields(gateway, erp):
    def check(path, field, value):
        refused(erp.post(path, bill("R-1", **{field: value})), "1400", 200, field)

    each(itertools.product(FAMILIES, ("fbillId", "fbillTypeCode", "resource"), (None, "", "   ", [])), check)
    assert rows(gateway, "SELECT * FROM bill") == []


def test_without_image_number_nothing_is_accepted(gateway, erp):
    def check(path, number):
        refused(erp.post(path, bill(number)), "1401", 200, "影像编号")

    each(itertools.product(FAMILIES, (None, "", " \t ", "\u3000")), check)
    assert rows(gateway, "SELECT * FROM bill") == []


NUMBERS = [("  ab-1 ", "AB-1"), ("a" * 100, "A" * 100), ("单据-9é", "单据-9é"), (12345, "12345"), ("x_./y", "X_./Y"),
           ("a b", None), ("a\u3000b", None), ("a\tb", None), ("a\x07b", None), ("a" * 101, None), ("单" * 101, None),
           ({"a": 1}, None), (True, None)]


def test_image_number_rules(gateway, erp):
    def check(number, wanted):
        reply = erp.post(ANNOUNCE, {**bill("x"), "fscanBillNo": number})
        if wanted is None:
            refused(reply, "1400", 200, "fscanBillNo")
        else:
            assert reply.errcode == "0000" and reply.json()["data"]["scanBillNo"] == wanted
            assert state_of(erp, number if isinstance(number, str) else wanted) == WAITING

    each(NUMBERS, check)
    kept = {row["number"] for row in rows(gateway, "SELECT number FROM bill")}
    assert kept == {wanted for _, wanted in NUMBERS if wanted}


def test_aliases_of_the_image_number(erp):
    for alias in ("scanBillNo", "imageNo", "imageNumber"):
        assert erp.post(ANNOUNCE, {**bill(None), alias: f"AL-{alias}"}).errcode == "0000"
        assert erp.post(STATUS, {alias: f"al-{alias}", "resource": "EAS"}).errcode == "0000"


# whose bill

@pytest.fixture
def two(make_gateway):
    """A gateway with two enterprises and a tenant's authorisation."""
    return make_gateway(clients=(CLIENT, OTHER_CLIENT, TENANT_CLIENT))


def test_foreign_tax_number(two):
    http = two.login()
    refused(http.post(ANNOUNCE, bill("F-1", taxNo=OTHER_CLIENT["tax_no"])), "1301", 403,
            OTHER_CLIENT["tax_no"], CLIENT["tax_no"])
    assert rows(two, "SELECT * FROM bill") == []
    announced(http, "F-2")
    assert stored(two, "F-2")["tax_no"] == CLIENT["tax_no"]


def test_malformed_tax_number(two):
    http = two.login()
    for tax_no in ("123", "9" * 21, "91310000-00000001", "税号" * 8):
        refused(http.post(ANNOUNCE, bill("F-3", taxNo=tax_no)), "1400", 200, "taxNo")


FOREIGN_CALLS = [(ANNOUNCE, bill("W-1", fbillTypeDes="其他")), (STATUS, asked("W-1")), (BASE + "invoices", asked("W-1")),
                 (BASE + "rescan", asked("W-1", reason="x")), (BASE + "cancelRescan", asked("W-1")),
                 (BASE + "invalid", asked("W-1")), (BASE + "erpBingScanVoucher", asked("W-1", voucherNo="V-1")),
                 (B_ANNOUNCE, bill("W-1", fbillTypeDes="其他")), (B_OPERATE, asked("W-1", operate="queryBillStatus")),
                 (B_OPERATE, asked("W-1", operate="invalid"))]


def test_bill_of_another_enterprise(two):
    def check(path, body):
        refused(other.post(path, body), "1301", 403)
        assert stored(two, "W-1") == before and len(trail(two, "W-1")) == 1

    announced(two.login(), "W-1")
    before, other = stored(two, "W-1"), two.login(OTHER_CLIENT)
    each(FOREIGN_CALLS, check)


def test_tenant_authorisation_may_touch_all(two):
    announced(two.login(), "TN-1")
    tenant = two.login(TENANT_CLIENT)
    assert announced(tenant, "TN-2", taxNo=OTHER_CLIENT["tax_no"]) == "created"
    assert state_of(tenant, "TN-1") == WAITING and state_of(two.login(OTHER_CLIENT), "TN-2") == WAITING
    assert tenant.post(BASE + "invalid", asked("TN-1")).errcode == "0000"


# state

def test_status(gateway, erp):
    announced(erp, "Q-1")
    data = erp.post(STATUS, asked("q-1 ")).json()["data"]
    assert {name: data[name] for name in ("scanBillNo", "imageStatus", "billType", "pageCount")} == {
        "scanBillNo": "Q-1", "imageStatus": 0, "billType": "ER_ExpReimbursement", "pageCount": 0}
    assert re.fullmatch(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d", data["updateTime"])
    refused(erp.post(STATUS, asked("Q-2")), "1404", 200, "Q-2")
    refused(erp.post(STATUS, asked("Q-1", resource="HR")), "1404")
    assert erp.post(STATUS, {"scanBillNo": "Q-1"}).errcode == "0000"
    assert len(trail(gateway, "Q-1")) == 1, "asking leaves no trace"


def test_status_names_every_state(gateway, erp):
    announced(erp, "Q-9")
    names = set()
    for state in STATES:
        put_state(gateway, "Q-9", state)
        data = erp.post(STATUS, asked("Q-9")).json()["data"]
        assert data["imageStatus"] == state
        names.add(data["imageStatusName"])
    assert len(names) == 10


# moves: (act, legal moves, body); what is not listed is refused
MOVES = {
    "rescan": ({s: RESCAN for s in STATES if s not in (WAITING, VOID)}, {"reason": "第2页不清楚"}),
    "cancelRescan": ({RESCAN: SUBMITTED}, {}),
    "invalid": ({s: VOID for s in STATES}, {}),
    "erpBingScanVoucher": ({SUBMITTED: SUBMITTED, REVIEWED: REVIEWED}, {"voucherNo": "V-1"}),
}
CALLS = [(act, family) for act in MOVES for family in "AB" if (act, family) != ("erpBingScanVoucher", "B")]


def order(http, act, family, number, **more):
    if family == "B":
        return http.post(B_OPERATE, asked(number, operate=act, **more))
    return http.post(BASE + act, asked(number, **more))


@pytest.mark.parametrize("act,family", CALLS)
def test_moves_from_every_state(gateway, erp, act, family):
    legal, body = MOVES[act]
    for state in STATES:
        number = f"MV-{state}"
        announced(erp, number)
        put_image(gateway, number)
        put_state(gateway, number, state)
        before, events = stored(gateway, number), len(trail(gateway, number))
        reply = order(erp, act, family, number, **body)
        if state not in legal:
            refused(reply, "1409", 200, number, f"({state})")
            assert (stored(gateway, number), len(trail(gateway, number))) == (before, events)
            continue
        assert reply.errcode == "0000", (state, reply)
        assert reply.json()["data"]["imageStatus"] == legal[state] == stored(gateway, number)["state"]
        if legal[state] != state:
            event = trail(gateway, number)[-1]
            assert (event["kind"], event["actor"]) == ("state", f"client:{CLIENT['client_id']}")
            assert event["trace"] == reply.trace


def test_announcing_in_every_state(gateway, erp):
    for state in STATES:
        number = f"AN-{state}"
        announced(erp, number)
        put_state(gateway, number, state)
        reply = erp.post(ANNOUNCE, bill(number, fbillTypeDes="改"))
        if state == VOID:
            refused(reply, "1409", 200, number)
        else:
            assert reply.json()["data"]["result"] == "updated" and stored(gateway, number)["state"] == state


def test_rescan_needs_a_reason(gateway, erp):
    announced(erp, "RS-1")
    put_state(gateway, "RS-1", SUBMITTED)
    for family, reason in itertools.product("AB", (None, "", "  ")):
        more = {} if reason is None else {"reason": reason}
        refused(order(erp, "rescan", family, "RS-1", **more), "1400", 200, "reason")
    assert state_of(erp, "RS-1") == SUBMITTED


@pytest.mark.parametrize("family", "AB")
def test_rescan_and_withdrawal(gateway, erp, family):
    announced(erp, "RC-1")
    put_image(gateway, "RC-1")
    for before, after in ((REVIEWED, REVIEWED), (SUBMITTED, SUBMITTED), (MATCHED, UPLOADED)):  # basic mode has nothing that matched
        put_state(gateway, "RC-1", before)
        data = order(erp, "rescan", family, "RC-1", reason="缺页", operator="李四").json()["data"]
        assert (data["imageStatus"], data["reason"]) == (RESCAN, "缺页")
        assert "李四" in trail(gateway, "RC-1")[-1]["note"] and "缺页" in trail(gateway, "RC-1")[-1]["note"]
        data = order(erp, "cancelRescan", family, "RC-1", operator="李四").json()["data"]
        assert data["imageStatus"] == after and "reason" not in data, "back where it came from"
    refused(order(erp, "cancelRescan", family, "RC-1"), "1409")


def test_rescan_again(gateway, erp):
    announced(erp, "RA-1")
    put_image(gateway, "RA-1")
    put_state(gateway, "RA-1", UPLOADED)
    counts = []
    for reason in ("一", "一", "二"):
        assert order(erp, "rescan", "A", "RA-1", reason=reason).errcode == "0000"
        counts.append(len(trail(gateway, "RA-1")))
    assert counts == [2, 2, 3]
    assert order(erp, "cancelRescan", "A", "RA-1").json()["data"]["imageStatus"] == UPLOADED


def test_void_is_for_ever(gateway, erp):
    announced(erp, "VO-1")
    for _ in range(2):
        assert order(erp, "invalid", "A", "VO-1", reason="重复").json()["data"]["imageStatus"] == VOID
    assert len(trail(gateway, "VO-1")) == 2
    refused(order(erp, "rescan", "A", "VO-1", reason="x"), "1409")
    refused(erp.post(ANNOUNCE, bill("VO-1", fbillTypeDes="再来")), "1409")


# vouchers and locks

VOUCHER_PATHS = [BASE + "erpBingScanVoucher", "/api/imgsys/erpBingScanVoucher"]


@pytest.mark.parametrize("path", VOUCHER_PATHS)
def test_voucher_locks(gateway, erp, path):
    announced(erp, "VC-1")
    put_state(gateway, "VC-1", SUBMITTED)
    for _ in range(2):
        data = erp.post(path, asked("VC-1", voucherNo="记-0001")).json()["data"]
        assert data["voucherNo"] == "记-0001"
    assert (stored(gateway, "VC-1")["voucher"], stored(gateway, "VC-1")["is_locked"]) == ("记-0001", 1)
    assert [event["kind"] for event in trail(gateway, "VC-1")] == ["announced", "voucher"]
    for reply in (order(erp, "rescan", "A", "VC-1", reason="x"), order(erp, "invalid", "B", "VC-1"),
                  erp.post(path, asked("VC-1", voucherNo="记-0002"))):
        refused(reply, "1409", 200, "VC-1", "记-0001")
    assert stored(gateway, "VC-1")["state"] == SUBMITTED


def test_voucher_without_lock_and_unlock(gateway, erp):
    announced(erp, "VL-1")
    put_state(gateway, "VL-1", REVIEWED)
    for lock, locked in ((False, 0), (True, 1), ("false", 0), (1, 1), (0, 0)):
        assert erp.post(VOUCHER_PATHS[0], asked("VL-1", voucherNo="V-1", lock=lock)).errcode == "0000"
        assert stored(gateway, "VL-1")["is_locked"] == locked
    assert order(erp, "rescan", "A", "VL-1", reason="x").errcode == "0000"


def test_bad_voucher(gateway, erp):
    announced(erp, "VB-1")
    put_state(gateway, "VB-1", SUBMITTED)
    for more, field in (({}, "voucherNo"), ({"voucherNo": ""}, "voucherNo"), ({"voucherNo": "V" * 101}, "voucherNo"),
                        ({"voucherNo": {}}, "voucherNo"), ({"voucherNo": "V", "lock": "perhaps"}, "lock")):
        refused(erp.post(VOUCHER_PATHS[0], asked("VB-1", **more)), "1400", 200, field)
    assert stored(gateway, "VB-1")["voucher"] is None


# family B's one door

def test_operate(gateway, erp):
    announced(erp, "OP-1")
    value = erp.post(B_OPERATE, asked("OP-1", operate="queryBillStatus")).json()
    assert (value["success"], value["errorCode"], value["data"]["imageStatus"]) == (True, "0000", WAITING)


def test_unknown_operate(erp):
    announced(erp, "OP-2")
    for operate in (None, "", "delete", "RESCAN", "query BillStatus", {}, 7):
        reply = erp.post(B_OPERATE, asked("OP-2", operate=operate))
        refused(reply, "1400", 200, "operate")
        assert reply.json()["success"] is False


# lists of invoices

def test_no_invoices_yet(erp):
    announced(erp, "IV-1")
    assert erp.post(BASE + "invoices", asked("IV-1")).json()["data"] == []
    refused(erp.post(BASE + "invoices", asked("IV-2")), "1404")


def test_access_log_names_the_bill(gateway, erp):
    announced(erp, "log-1")
    erp.post(STATUS, asked("LOG-1"))
    assert [row["bill"] for row in gateway.httpd.access(wait_count=3)][-2:] == ["LOG-1", "LOG-1"]
