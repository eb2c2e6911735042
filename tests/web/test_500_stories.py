"""What clerks and administrators do, in a browser."""
import json
import pathlib
import time

import demo
import pytest
import samples
from furnish import PAYLOADS, V1, Furnished, hostile

from harness import processes
from harness.cloudctl import CLIENT
from harness.easctl import ACCOUNT
from harness.person import PASSWORD as PERSON
from harness.person import administrator, make_user
from test_100_start import ANNOUNCE, bill, change, patience, rows, trail
from test_130_bills import BASE
from test_140_push import PULL, admit
from test_404_erp_people import BRANCH, LI, ROOT, TEAM, WANG, ZHANG
from test_420_match import misread, told

ADMIN = "Admin#2024-pw"
STORY = "Story-9999"
READY, SENT_BACK, READY_AGAIN = 2, 3, 4
UNTOUCHED, CHANGED, CONFIRMED = 1, 2, 4
CAPTURES = "/api/v1/captures"


def put(http, path, file):
    reply = http.request("POST", path, pathlib.Path(file).read_bytes(), headers={"Content-Type": "application/octet-stream"})
    assert reply.status in (200, 201), reply
    return reply.json()


def read_all(http, capture):
    for _ in range(20):
        seen = http.get(f"{CAPTURES}/{capture}?wait=15").json()
        if not seen["is_waiting"]:
            return seen
    raise AssertionError("it was not read in time")


@pytest.fixture
def seeded(gateway, samples_dir):
    """Ten bills of a scanned batch, and one with a digital invoice in three formats."""
    http = gateway.login()
    capture = http.post(CAPTURES, {"name": "seeded"}).json()["id"]
    put(http, f"{CAPTURES}/{capture}/pages?name=batch.pdf", samples_dir / "batch.pdf")
    read_all(http, capture)
    assert http.post(f"{CAPTURES}/{capture}/finish", {}).json()["filed_count"] == demo.BILLS
    http.post("/api/imgsys/bill/signPost/erpBillPush", {
        "fscanBillNo": "DEMO-DIGITAL", "fbillId": "1", "fbillTypeCode": "ER", "fbillTypeDes": "费用报销单", "fapplyUserName": "<b>张三</b>", "resource": "EAS"})
    bill = http.get("/api/v1/bills?q=DEMO-DIGITAL").json()["items"][0]["id"]
    for name in ("invoice.xml", "invoice.ofd", "invoice.pdf"):
        put(http, f"/api/v1/bills/{bill}/files?name={name}", samples_dir / name)
    return {"http": http, "capture": capture, "bill": bill}


# the longest first: others are done beside it

def test_each_page(tell, gateway, samples_dir, eas):
    """Texts that attack are in every name, reason, type, label, file, push and invoice."""
    gateway.add_erp(eas)
    have = Furnished(gateway, samples_dir, hostile).all()
    tell("pages", password=ADMIN, bills=have.bills, capture=have.capture, payloads=PAYLOADS, address=have.address("BX-2026-0007"))


def test_a_batch_becomes_submitted_bills(tell, gateway, samples_dir):
    http = gateway.login()
    for code, name in (("ER_Expense", "费用报销单"), ("AP_Payment", "对公付款申请单")):
        assert http.post(ANNOUNCE, {**bill(f"OF-{code}"), "fbillTypeCode": code, "fbillTypeDes": name}).errcode == "0000"
    tell("batch")
    api = demo.Api(gateway.url + "/api", http.token)
    wanted = json.loads((samples_dir / "wanted.json").read_text())["bills"]
    for number, holds in wanted.items():
        made = api.bill(number)
        assert made["state"] == "SUBMITTED"
        assert {kind: sum(demo.page_count(one) for one in made["files"] if one["kind"] == kind) for kind in holds} == holds
    assert [api.bill(number)["bill_type"] for number in list(wanted)[:3]] == ["ER_Expense", "AP_Payment", "ER_Expense"]


def test_a_session_that_ends_in_mid_upload(tell):
    tell("expiry")


def test_a_network_that_is_gone_for_a_while(tell):
    tell("cut")


def test_by_keyboard_alone(tell, gateway):
    tell("keyboard")
    http = gateway.login()
    bill = http.get("/api/v1/bills?q=KB-0001").json()["items"][0]
    assert (bill["state"], bill["page_count"]) == ("SUBMITTED", 2)


def test_a_change_of_somebody_else(tell, gateway, seeded):
    http, bill = seeded["http"], seeded["bill"]
    first = http.get(f"/api/v1/bills/{bill}").json()["files"][0]["id"]
    def to(kind):
        return ["curl", "-fsS", "-X", "PATCH", "-H", "Content-Type: application/json", "-d", json.dumps({"kind": kind}),
                f"{gateway.url}/api/v1/bills/{bill}/files/{first}?access_token={http.token}"]

    tell("stale", bill=bill, change=to("ATTACHMENT"), again=to("INVOICE"))


def test_a_bill_that_eas_sends_back(tell, gateway, eas):
    """Both sides: what EAS calls and is told, what the clerk does and sees."""
    gateway.add_erp(eas)
    erp, number, reason = gateway.login(), "TS-0001", "第2页不清楚"
    assert erp.post(ANNOUNCE, {**bill(number), "resource": "EAS"}).errcode == "0000"
    tell("rescan", phase="scan", number=number)
    (ready,) = eas.wait_told(number)
    assert ready["state"] == READY and ready["pages"] == [2], ready
    assert processes.wait_until(lambda: any("told to EAS" in one["note"] for one in trail(gateway, number, notices=True)), patience(20), 0.1)
    reply = erp.post(BASE + "rescan", {"scanBillNo": number, "resource": "EAS", "reason": reason, "operator": "李四"})
    assert reply.errcode == "0000" and reply.json()["data"]["imageStatus"] == 4, reply
    files = rows(gateway, "SELECT state FROM file")
    assert [one["state"] for one in files] == [UNTOUCHED, UNTOUCHED]
    tell("rescan", phase="again", login="admin", password=STORY, number=number, reason=reason, who="李四")
    told = eas.wait_told(number, 3)
    assert [one["state"] for one in told] == [READY, SENT_BACK, READY_AGAIN] and told[1]["reason"] == reason
    assert [one["state"] for one in rows(gateway, "SELECT state FROM file ORDER BY position")] == [CONFIRMED, CHANGED]
    assert erp.post(BASE + "billStatus", {"scanBillNo": number, "resource": "EAS"}).json()["data"]["imageStatus"] == 2


def test_a_jump_with_several_bills(tell, gateway):
    erp, numbers = gateway.login(), ["J-1", "J-2", "J-3"]
    for number in (*numbers, "J-4"):
        assert erp.post(ANNOUNCE, {**bill(number), "resource": "EAS"}).errcode == "0000"
    boss = administrator(gateway)
    assert boss.post(f"{V1}/users", {"name": "跳转人", "mobile": "13800000009", "roles": ["系统管理员"]}).status == 201
    asked = {"scanBillNo": ",".join(numbers), "resource": "EAS", "userPhone": "13800000009", "rights": {"scan": True}}

    def code(path):
        reply = erp.post(path, asked).json()
        assert reply.get("errcode", reply.get("errorCode")) == "0000", reply
        return reply["data"]["eventCode"]

    old = code("/api/kapi/app/bds/getEventCode")
    change(gateway, "UPDATE event_code SET expires = ?", int(time.time() - 60) * 1_000_000)
    tell("jump", codes={"good": code(BASE + "getEventCode"), "old": old}, numbers=numbers,
         foreign=rows(gateway, "SELECT id FROM bill WHERE number = 'J-4'")[0]["id"])
    assert [one["number"] for one in rows(gateway, "SELECT b.number FROM file f JOIN bill b ON b.id = f.bill")] == ["J-2"]


def test_the_login_page_of_a_tenant(tell, gateway):
    made = gateway.ctl.must("tenant", "add", "华东虚构有限公司", "--domain", "east.example")
    tell("domain", tenant="华东虚构有限公司", login="admin", first=made["password"])


def test_files_with_names_that_attack(tell, gateway):
    """As they are sent, and as they are kept and shown: what no file system takes, or what turns the writing round, is a "_"."""
    long = "发票" * 41 + "票.png"
    assert gateway.login().post(ANNOUNCE, bill("NAMES-2")).errcode == "0000"
    assert gateway.login().post(f"{V1}/labels", {"kind": "LABEL", "name": "合同<b>"}).status == 201
    assert gateway.login().post(f"{V1}/labels", {"kind": "ATTACHMENT_TYPE", "number": 2, "name": "验收单<i>"}).status == 201
    tell("names", label="合同<b>", type="验收单<i>", other=rows(gateway, "SELECT id FROM bill")[0]["id"], names=[
        ["<img src=x onerror=alert(1)>.png", "_img src=x onerror=alert(1)_.png"], ["\"'><svg onload=alert(2)>.png", "_'__svg onload=alert(2)_.png"],
        ["&lt;b&gt;{{7-7}}'${1}.png", "&lt;b&gt;{{7-7}}'${1}.png"], ["\u202egpj.exe.png", "_gpj.exe.png"], [long, long], ["😀🧾.png", "😀🧾.png"],
        ["../../etc/passwd.png", "passwd.png"], ["two\nlines\t.png", "two_lines_.png"], ["..\\..\\windows.png", "windows.png"],
        ["%2e%2e%2fx;filename=evil.exe.png", "%2e%2e%2fx;filename=evil.exe.png"]])


def test_from_the_first_login_to_a_scan_point(tell):
    tell("admin")


def test_people_of_a_list_and_their_erp(tell, gateway, eas):
    eas.settings(talkative=True)
    eas.lists(orgs=[ROOT, BRANCH, TEAM], users=[ZHANG, LI, WANG])
    gone = json.dumps({"users": [{**ZHANG, "userName": "张叁"}, WANG]})
    tell("people", eas={"prefix": eas.prefix, **{name: ACCOUNT[name] for name in ("dc", "user", "password")}}, template="users.csv",
         later=["curl", "-fsS", "-X", "POST", "-H", "Content-Type: application/json", "-d", gone, f"http://127.0.0.1:{eas.control_port}/lists"])
    assert {one["name"]: one["is_active"] for one in rows(gateway, 'SELECT name, is_active FROM "user"')} == {
        "admin": 1, "王芳": 1, "李雷": 1, "张叁": 1, "李四": 0}


def test_a_phone_takes_the_pictures(tell, gateway):
    tell("phone")
    assert [page["name"] for page in rows(gateway, "SELECT name FROM capture_page ORDER BY position")] == ["image.jpg", "other.jpg", "invoice.pdf"]


def test_a_jump_of_the_erp_on_a_phone(tell, gateway, seeded):
    http = seeded["http"]
    boss = administrator(gateway)
    assert boss.post("/api/v1/users", {"name": "查看人", "mobile": "13800000009", "roles": ["系统管理员"]}).status == 201
    reply = http.post("/api/imgsys/bill/h5/getH5ViewPageUrl", {"scanBillNo": "DEMO-DIGITAL", "resource": "EAS", "userPhone": "13800000009"})
    assert reply.errcode == "0000", reply
    tell("view", address=reply.json()["data"]["url"], foreign=seeded["bill"] - 1)


def test_a_difference_is_resolved(tell, gateway, samples_dir, eas):
    """Misread: the sum of one invoice, the number of another."""
    gateway.add_erp(eas)
    have = Furnished(gateway, samples_dir)
    have.make("receipt-settings", {"modes": [{"scope": "TENANT", "mode": "MATCH"}]}, "PATCH")
    one, two = (samples.invoice("digital-special", n) for n in (21, 22))
    whole = {"billId": "id-fk", "billNo": "no-fk", "scanBillNo": "FK-1", "billTypeCode": "AP", "clientId": CLIENT["client_id"], "taxNo": CLIENT["tax_no"],
             "invoice": [told(one), told(two)], "cover": [], "attachment": []}
    gateway.cloud.load_bills(whole)
    admit(gateway)
    have.announce("FK-1")
    have.push(whole)
    have.settled()
    number = two["fields"]["number"]
    for each in (misread(one, gross="1234.56"), misread(two, number=number[:-2] + "99")):
        have.put(f"{V1}/bills/{have.bills['FK-1']}/files", f"{each['fields']['number']}.xml", samples.einvoice_xml(each), kind="INVOICE")
    have.settled()
    tell("match", password=ADMIN, number="FK-1", wrong="1,234.56", right=one["fields"]["gross"])
    eas.wait_told("FK-1")


def test_what_went_wrong_is_repeated(tell, gateway, samples_dir, eas):
    gateway.add_erp(eas)
    eas.refuse("N-1", message="单据不存在")
    have = Furnished(gateway, samples_dir)
    admit(gateway)
    gateway.httpd.expect_log("FPI0032", count=1)
    gateway.httpd.expect_log("FPI0055", count=1)
    gateway.cloud.behave("errcode", PULL, code="5001", description="虚构的拒绝", times=-1)
    (one,) = gateway.cloud.generate(invoices=1)
    have.push({name: one[name] for name in ("billId", "billNo", "scanBillNo", "billTypeCode", "clientId", "taxNo") if name in one})
    bill = have.announce("N-1")
    have.put(f"{bill}/files", "paper.jpg", (samples_dir / "paper.jpg").read_bytes())
    gateway.ctl.must("switch", "set", "scan.everyone", "on")
    have.must(have.boss.post(f"{bill}/submit", {}))
    assert processes.wait_until(lambda: rows(gateway, "SELECT 1 FROM delivery WHERE attempts > 0"), patience(20), 0.1)
    change(gateway, "UPDATE job SET first = first - ?, due = 1 WHERE kind = 'notice'", 80 * 3600 * 1_000_000)
    gateway.httpd.log.wait_for("FPI0032")
    gateway.httpd.log.wait_for("FPI0055")
    eas.accept()
    control = f"http://127.0.0.1:{gateway.cloud.control_port}/behaviour"
    tell("traffic", password=ADMIN, push=one["scanBillNo"], notice="N-1", reason="虚构的拒绝", why="单据不存在",
         again=["curl", "-fsS", "-X", "DELETE", "-H", "Content-Type: application/json", "-d", "{}", control])
    eas.wait_told("N-1")


def test_whose_bills_somebody_sees(tell, gateway, samples_dir):
    have = Furnished(gateway, samples_dir)
    for code, name, parent in (("E", "华东区域", None), ("E1", "苏州", "E"), ("W", "西部区域", None)):
        have.make("organisations", {"code": code, "name": name, **({"parent": parent} if parent else {})})
    for number, org in (("E-1", "E"), ("E-2", "E1"), ("W-1", "W")):
        have.must(have.erp.post(ANNOUNCE, {**bill(number), "fapplyOrganizationCode": org, "fapplyOrganizationName": org}))
    clerk = make_user(gateway, have.boss, "看单人", mobile="13800000009", org="W", roles=["默认角色"])
    have.make("roles", {"name": "复核", "permissions": ["BILL_VIEW", "BILL_RESCAN"]})
    have.make("scan-points", {"name": "一楼", "org": "W", "related": ["E", "E1"]})
    assert clerk.get(f"{V1}/bills").json()["items"] == []
    known = {one["number"]: one for one in have.boss.get(f"{V1}/bills").json()["items"]}
    tell("grants", password=ADMIN, clerk={"login": "13800000009", "password": PERSON, "name": "看单人"}, mine=[known["E-1"], known["E-2"]], others=known["W-1"])


def test_first_load_is_small_and_later_ones_smaller(tell, gateway):
    administrator(gateway)
    figures = tell("load", password=ADMIN)
    assert figures["again"] < figures["home"] < figures["first"], figures
