"""What clerks and administrators do, in a browser."""
import json
import pathlib

import demo
import pytest

from harness.easctl import ACCOUNT
from harness.person import administrator
from test_100_start import rows

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


def test_a_batch_becomes_submitted_bills(tell, gateway, samples_dir):
    tell("batch")
    http = gateway.login()
    api = demo.Api(gateway.url + "/api", http.token)
    wanted = json.loads((samples_dir / "wanted.json").read_text())["bills"]
    for number, holds in wanted.items():
        bill = api.bill(number)
        assert bill["state"] == "SUBMITTED"
        assert {kind: sum(demo.page_count(one) for one in bill["files"] if one["kind"] == kind) for kind in holds} == holds


def test_a_session_that_ends_in_mid_upload(tell):
    tell("expiry")


def test_a_network_that_is_gone_for_a_while(tell):
    tell("cut")


def test_by_keyboard_alone(tell, gateway):
    tell("keyboard")
    http = gateway.login()
    bill = http.get("/api/v1/bills?q=KB-0001").json()["items"][0]
    assert (bill["state"], bill["page_count"]) == ("SUBMITTED", 2)


def test_what_others_write_never_runs(tell, seeded):
    tell("hostile", bill=seeded["bill"])


def test_a_change_of_somebody_else(tell, gateway, seeded):
    http, bill = seeded["http"], seeded["bill"]
    first = http.get(f"/api/v1/bills/{bill}").json()["files"][0]["id"]
    tell("stale", bill=bill, change=["curl", "-fsS", "-X", "PATCH", "-H", "Content-Type: application/json", "-d", '{"kind":"ATTACHMENT"}',
                                    f"{gateway.url}/api/v1/bills/{bill}/files/{first}?access_token={http.token}"])


def test_a_bill_that_was_sent_back(tell, seeded):
    http = seeded["http"]
    bill = http.get("/api/v1/bills?q=DEMO-BX-0003").json()["items"][0]["id"]
    assert http.post(f"/api/v1/bills/{bill}/submit", {}).status == 200
    assert http.post("/api/imgsys/bill/outside/rescan", {"scanBillNo": "DEMO-BX-0003", "resource": "", "reason": "第2页不清楚", "operator": "李四"}).errcode == "0000"
    tell("rescan", number="DEMO-BX-0003")
    assert http.get(f"/api/v1/bills/{bill}").json()["state"] == "SUBMITTED"


def test_from_the_first_login_to_a_scan_point(tell):
    tell("admin")


def test_people_of_a_list_and_their_erp(tell, eas):
    eas.settings(talkative=True)
    tell("people", eas={"prefix": eas.prefix, **{name: ACCOUNT[name] for name in ("dc", "user", "password")}})


def test_a_phone_takes_the_pictures(tell, gateway):
    tell("phone")
    assert [page["name"] for page in rows(gateway, "SELECT name FROM capture_page ORDER BY position")] == ["image.jpg", "other.jpg"]


def test_a_jump_of_the_erp_on_a_phone(tell, gateway, seeded):
    http = seeded["http"]
    boss = administrator(gateway)
    assert boss.post("/api/v1/users", {"name": "查看人", "mobile": "13800000009", "roles": ["系统管理员"]}).status == 201
    reply = http.post("/api/imgsys/bill/h5/getH5ViewPageUrl", {"scanBillNo": "DEMO-DIGITAL", "resource": "EAS", "userPhone": "13800000009"})
    assert reply.errcode == "0000", reply
    tell("view", address=reply.json()["data"]["url"], foreign=seeded["bill"] - 1)


def test_how_it_looks(tell, seeded):
    tell("looks")
