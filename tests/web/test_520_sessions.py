"""One browser, several tabs, several people."""
from harness.person import PASSWORD as PERSON
from harness.person import administrator, make_user
from test_100_start import ANNOUNCE, bill

ADMIN = "Admin#2024-pw"


def test_a_page_notices_that_its_session_was_replaced(tell, gateway):
    erp, boss = gateway.login(), administrator(gateway)
    assert erp.post(ANNOUNCE, {**bill("S-1"), "resource": "EAS"}).errcode == "0000"
    make_user(gateway, boss, "看单人", mobile="13800000009", roles=["默认角色"])
    reply = erp.post("/api/imgsys/bill/h5/getH5ViewPageUrl", {"scanBillNo": "S-1", "resource": "EAS", "userPhone": "13800000009"})
    assert reply.errcode == "0000", reply
    tell("sessions", password=ADMIN, clerk={"login": "13800000009", "password": PERSON, "name": "看单人"}, address=reply.json()["data"]["url"])
