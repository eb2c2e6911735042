"""Submitting: commit and scanBillSubmit of the ERP, the console's moves, the tool; modes; what a push submits by itself."""
import base64
import concurrent.futures
import itertools

import pytest

from harness.cloudctl import CLIENT, OTHER_CLIENT
from test_100_start import change, each, listed, rows, trail
from test_130_bills import BASE, asked, put_state, refused as refused_a, state_of, stored
from test_340_files import Bill, pdf, refused, settle, sha

COMMIT, SUBMIT = "/api/imgsys/bill/outside/commit", "/api/kapi/app/bds/scanBillSubmit"
BOTH = pytest.mark.parametrize("path", [COMMIT, SUBMIT])


@pytest.fixture
def erp(gateway):
    return gateway.login()


@pytest.fixture
def one(gateway, erp):
    made = Bill(gateway, erp, "S-1")
    made.add("a", "b", "c")
    settle(gateway)
    return made


def committed(http, path, number, **fields):
    reply = http.post(path, asked(number, **fields))
    assert reply.errcode == "0000", reply
    return reply.json()["data"]


# the ERP

@pytest.mark.mpm
@pytest.mark.valgrind
@BOTH
def test_commit(one, erp, path):
    data = committed(erp, path, "S-1", operator="张三")
    assert {name: data[name] for name in ("scanBillNo", "imageStatus", "imageStatusName", "result", "fileCount")} == {
        "scanBillNo": "S-1", "imageStatus": 2, "imageStatusName": "已提交", "result": "updated", "fileCount": 3}
    event = trail(one.gateway, "S-1")[-1]
    assert event["kind"] == "state" and "uploaded -> submitted, by 张三" in event["note"]
    assert event["actor"] == f"client:{CLIENT['client_id']}" and event["detail"]["act"] == "SUBMIT"


@BOTH
def test_commit_again_is_unchanged(one, erp, path):
    committed(erp, path, "S-1")
    before, events = stored(one.gateway, "S-1"), trail(one.gateway, "S-1")
    for fields in ({}, {"saveType": "upload"}, {"saveType": "add"}, {"isSubmitErp": False}, {"modelType": 1},
                   {"fileList": [{"fileNo": i} for i in one.ids("a b c")]}, {"fileList": []}):
        assert committed(erp, path, "S-1", **fields)["result"] == "unchanged"
    assert stored(one.gateway, "S-1") == before and trail(one.gateway, "S-1") == events


@BOTH
def test_order_is_of_the_list(one, erp, path):
    ids = one.ids("c a")
    data = committed(erp, path, "S-1", fileList=[{"fileNo": str(ids[0])}, {"srcPath": f"/api/v1/files/{ids[1]}"}])
    assert data["imageStatus"] == 2 and one.names() == "c a b"


def test_list_by_hash(one, erp):
    keys = [sha(pdf("b")), f"/files/{sha(pdf('c'))}.pdf?x=1", str(one.ids("a")[0])]
    committed(erp, COMMIT, "S-1", fileList=[{"srcPath": keys[0]}, {"srcPath": keys[1]}, keys[2]])
    assert one.names() == "b c a"


@BOTH
def test_list_names_files_of_that_bill(one, gateway, erp, path):
    other = Bill(gateway, erp, "S-2").add("z")["id"]

    def check(key, code, word):
        refused_a(erp.post(path, asked("S-1", fileList=[{"fileNo": one.ids("a")[0]}, key])), code, 200, word)

    each([({"fileNo": other}, "1404", str(other)), ({"fileNo": "999"}, "1404", "999"), ({"srcPath": "/x/y.pdf"}, "1404", "/x/y.pdf"),
          ({"srcPath": "0" * 64}, "1404", "0" * 64), ({}, "1400", "fileNo"), (5, "1400", "fileList"), ([], "1400", "fileList"),
          ({"fileNo": {}}, "1400", "fileNo"), ({"fileNo": one.ids("a")[0]}, "1400", "重复")], check)
    refused_a(erp.post(path, asked("S-1", fileList="x")), "1400", 200, "fileList")
    assert one.state() == "UPLOADED" and one.names() == "a b c"


@BOTH
def test_bad_fields(one, erp, path):
    def check(fields, word):
        refused_a(erp.post(path, asked("S-1", **fields)), "1400", 200, word)

    each([({"saveType": "x"}, "saveType"), ({"saveType": 5}, "saveType"), ({"isSubmitErp": "x"}, "isSubmitErp"),
          ({"isSubmitErp": []}, "isSubmitErp"), ({"billType": {}}, "billType"), ({"modelType": []}, "modelType"),
          ({"operator": {}}, "operator")], check)
    assert one.state() == "UPLOADED"


@BOTH
def test_model_type_says_whether_a_bill_may_be_added(gateway, erp, path):
    """0: the ERP must have announced it; 1: not; as the vendor's own page says."""
    Bill(gateway, erp, "M-1").add("a")
    assert committed(erp, path, "M-1", modelType="0")["imageStatus"] == 2
    file = {"base64": base64.b64encode(pdf("b")).decode(), "fileSuffix": "pdf", "fileType": "attach"}
    assert erp.post(BASE + "upload", asked("M-2", **file)).errcode == "0000"
    refused_a(erp.post(path, asked("M-2", modelType=0)), "1404", 200, "M-2", "erpBillPush", "modelType 1")
    assert state_of(erp, "M-2") == 1
    assert committed(erp, path, "M-2", modelType=1)["imageStatus"] == 2
    refused_a(erp.post(path, asked("M-3", modelType=0)), "1404", 200, "M-3")
    refused_a(erp.post(path, asked("M-3", modelType=1)), "1409", 200, "请先上传影像")
    refused_a(erp.post(path, asked("M-3")), "1404", 200, "M-3")
    assert not rows(gateway, "SELECT 1 FROM bill WHERE number = 'M-3'"), "what was refused leaves nothing"
    refused_a(erp.post(path, asked("M-1", modelType=2)), "1400", 200, "modelType")


@BOTH
def test_nothing_to_submit(gateway, erp, path):
    made = Bill(gateway, erp, "S-3")
    refused_a(erp.post(path, asked("S-3")), "1409", 200, "S-3", "待上传", "请先上传影像")
    made.put(state=1)
    for fields in ({}, {"isSubmitErp": False}, {"saveType": "add"}):
        refused_a(erp.post(path, asked("S-3", **fields)), "1409", 200, "请先上传影像")


@BOTH
def test_held_until_said(one, erp, path):
    data = committed(erp, path, "S-1", isSubmitErp=False, fileList=[{"fileNo": i} for i in one.ids("b a")])
    assert (data["imageStatus"], data["result"]) == (1, "updated") and one.names() == "b a c"
    assert committed(erp, path, "S-1", isSubmitErp="false")["result"] == "unchanged"
    assert committed(erp, path, "S-1")["imageStatus"] == 2


def test_supplement(one, erp):
    committed(erp, COMMIT, "S-1")
    one.add("d")
    ids = one.ids("d a b c")
    refused_a(erp.post(COMMIT, asked("S-1", fileList=[{"fileNo": i} for i in ids])), "1409", 200, "add")
    data = committed(erp, COMMIT, "S-1", saveType="add", fileList=[{"fileNo": i} for i in ids])
    assert (data["imageStatus"], data["result"], data["fileCount"]) == (2, "updated", 4) and one.names() == "d a b c"


def test_type_is_learnt(gateway, erp):
    made = Bill(gateway, erp, "S-4")
    made.add("a")
    made.put(type_code="")
    committed(erp, COMMIT, "S-4", billType="BX_NEW")
    assert stored(gateway, "S-4")["type_code"] == "BX_NEW"
    assert rows(gateway, "SELECT name FROM bill_type WHERE code = 'BX_NEW'") == [{"name": "BX_NEW"}]
    committed(erp, COMMIT, "S-4", billType="OTHER")
    assert stored(gateway, "S-4")["type_code"] == "BX_NEW"


# state -> (submit, resubmit): where it leads, None: refused; 5: in basic mode nothing is matched any more
MOVES = {0: (None, None), 1: (2, 2), 2: (2, 2), 3: (None, None), 4: (None, 2), 5: (2, 2), 6: (None, 2), 7: (2, 2),
         8: (2, 2), 9: (None, None)}


def test_every_state(one, erp):
    def check(state, way):
        put_state(one.gateway, "S-1", state)
        target = MOVES[state][way == "resubmit"]
        reply = erp.post(way, asked("S-1")) if way.startswith("/") else one.post(way)
        if target is not None:
            assert reply.status == 200, reply
        elif way.startswith("/"):
            refused_a(reply, "1409", 200, "S-1", f"({state})")
        else:
            refused(reply, 409, "S-1", f"({state})")
        assert stored(one.gateway, "S-1")["state"] == (state if target is None else target)

    each(itertools.product(MOVES, (COMMIT, SUBMIT, "submit", "resubmit")), check)


def test_who_may(one, gateway, erp):
    gateway.add_enterprise(OTHER_CLIENT)
    other = gateway.login(OTHER_CLIENT)
    for path in (COMMIT, SUBMIT):
        reply = other.post(path, asked("S-1"))
        refused_a(reply, "1301", 403, OTHER_CLIENT["tax_no"], "S-1")
        assert CLIENT["tax_no"] not in reply.text  # whose it is, is nobody else's business
        refused_a(gateway.http().post(path, asked("S-1")), "1300", 401)
        refused_a(erp.post(path, asked("NONE")), "1404", 200, "NONE")
    for what in ("submit", "resubmit", "void", "rescan", "cancel-rescan", "lock"):
        refused(other.post(f"{one.path}/{what}", {"reason": "x"}), 404)
    assert one.state() == "UPLOADED"


def test_many_commits_are_one(one, gateway):
    def commit(number):
        with gateway.httpd.http(token=one.http.token) as http:
            return committed(http, (COMMIT, SUBMIT)[number % 2], "S-1")["result"]

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        results = list(pool.map(commit, range(24)))
    assert sorted(results) == ["unchanged"] * 23 + ["updated"]
    assert len([event for event in trail(gateway, "S-1") if "submit:" in event["note"]]) == 1


# the console

def test_console_moves(one):
    version = one.version()
    for what, state in (("submit", "SUBMITTED"), ("rescan", "RESCAN"), ("resubmit", "SUBMITTED"), ("void", "VOID")):
        value = one.must(one.post(what, {"reason": f"原因 {what}", "version": version}))
        version += 1
        assert (value["state"], value["version"], value["is_changed"]) == (state, version, True)
        again = one.must(one.post(what, {"reason": f"原因 {what}"})) if what != "resubmit" else None
        assert not again or (again["version"], again["is_changed"]) == (version, False)
    assert "原因 void" in one.notes()[-1] and one.get()["reason"] == "原因 void"


def test_console_refusals(one):
    refused(one.post("rescan"), 400, "reason")
    refused(one.post("rescan", {"reason": ""}), 400, "reason")
    refused(one.post("rescan", {"reason": "长" * 501}), 400, "reason")
    refused(one.post("cancel-rescan"), 409, "S-1", "撤销退扫")
    refused(one.post("lock"), 409, "请先提交")
    refused(one.post("submit", {"version": 0}), 409, 3, 0)
    refused(one.http.post(f"{one.path}/submit", [1]), 400)
    refused(one.http.request("POST", f"{one.path}/submit", b"x", {"Content-Type": "application/json"}), 400)
    assert one.http.request("POST", f"{one.path}/submit").status == 200  # no body at all
    refused(one.http.request("GET", f"{one.path}/submit"), 405)


def test_lock_and_unlock(one):
    one.must(one.post("submit"))
    assert one.must(one.post("lock", {"reason": "月结"}))["is_locked"] is True
    assert one.must(one.post("lock"))["is_changed"] is False
    refused(one.post("void", {"reason": "x"}), 409, "已锁定", "解锁")
    assert one.get()["acts"]["UNLOCK"]["is_allowed"] is True and one.get()["acts"]["VOID"]["is_allowed"] is False
    refused(one.post("lock", {"is_locked": "maybe"}), 400, "is_locked")
    assert one.must(one.post("lock", {"is_locked": False}))["is_locked"] is False
    one.must(one.post("void"))
    assert [note for note in one.notes() if "locked" in note] == ["locked, because: 月结", "unlocked"]


# the tool

def test_tool_moves(one, gateway):
    one.must(one.post("submit"))
    one.must(one.post("rescan", {"reason": "x"}))
    value = gateway.ctl.must("bill", "resubmit", "S-1", "--reason", "已核对")
    assert (value["state"], value["is_changed"]) == (2, True) and "已核对" in one.notes()[-1]
    assert trail(gateway, "S-1")[-1]["actor"].startswith("admin:")
    assert gateway.ctl.must("bill", "resubmit", "S-1")["is_changed"] is False
    assert gateway.ctl("bill", "void", "S-1", input="no\n")[0] == 2
    assert one.state() == "SUBMITTED"
    assert gateway.ctl.must("bill", "void", "S-1", input="S-1\n")["state"] == 9
    assert gateway.ctl("bill", "resubmit", "S-1")[0] == 1 and "作废" in gateway.ctl("bill", "show", "S-1", "--lang", "zh")[1]["state_name"]
    assert gateway.ctl("bill", "void", "NONE", "--yes")[0] == 1


def test_tool_shows(one, gateway):
    value = gateway.ctl.must("bill", "show", "S-1")
    assert [(file["name"], file["position"], file["state"]) for file in value["files"]] == [
        ("a.pdf", 1, "NORMAL"), ("b.pdf", 2, "NORMAL"), ("c.pdf", 3, "NORMAL")]
    assert (value["version"], value["mode"], value["mode_from"], value["found_invoices"]) == (3, "basic", "default", [])


# modes

def mode_of(one):
    mode = one.get()["mode"]
    return mode["mode"], mode["from"], mode["code"]


def test_modes(gateway, erp):
    one = Bill(gateway, erp, "M-1", fapplyOrganizationCode="ORG-1", fbillTypeCode="TYPE-1")
    assert mode_of(one) == ("BASIC", "default", None)
    gateway.ctl.must("mode", "set", "sync")
    assert mode_of(one) == ("SYNC", "tenant", None)
    gateway.ctl.must("mode", "set", "match", "--org", "ORG-1")
    assert mode_of(one) == ("MATCH", "organisation", "ORG-1")
    shown = listed(gateway.ctl.must("mode", "set", "basic", "--bill-type", "TYPE-1"))
    assert mode_of(one) == ("BASIC", "bill type", "TYPE-1")
    assert shown == [{"scope": "tenant", "code": None, "mode": "sync"}, {"scope": "organisation", "code": "ORG-1", "mode": "match"},
                     {"scope": "bill type", "code": "TYPE-1", "mode": "basic"}]
    assert listed(gateway.ctl.must("mode", "show")) == shown
    gateway.ctl.must("mode", "set", "match", "--bill-type", "TYPE-1")
    assert mode_of(one) == ("MATCH", "bill type", "TYPE-1")


def test_mode_refusals(gateway):
    for words in (["x"], ["4"], [], ["basic", "--org", "A", "--bill-type", "B"], ["basic", "--org", "A B"], ["basic", "--org", ""]):
        assert gateway.ctl("mode", "set", *words)[0] == 2, words
    assert listed(gateway.ctl.must("mode", "show")) == [{"scope": "default", "code": None, "mode": "basic"}]


def test_mode_of_an_organisation_above(gateway, erp):
    one = Bill(gateway, erp, "M-2", fapplyOrganizationCode="LOW")
    Bill(gateway, erp, "M-3", fapplyOrganizationCode="HIGH")
    change(gateway, "UPDATE org SET parent = (SELECT id FROM org WHERE code = 'HIGH') WHERE code = 'LOW'")
    gateway.ctl.must("mode", "set", "match", "--org", "HIGH")
    assert mode_of(one) == ("MATCH", "organisation", "HIGH")


def test_sync_of_a_bill_that_was_never_announced_is_basic(gateway, erp):
    one = Bill(gateway, erp, "M-4")
    gateway.ctl.must("mode", "set", "sync")
    one.put(is_announced=0)
    assert mode_of(one) == ("BASIC", "default", None)
