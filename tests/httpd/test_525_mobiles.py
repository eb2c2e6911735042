"""A mobile is the same person however it is written: +86, 86, blanks and hyphens, wherever one is taken."""
import pytest

from harness.person import PASSWORD, administrator, make_user, person
from test_130_bills import announced, asked, stored
from test_510_people import USERS, refused

WRITTEN = ["8613800000006", "+86 138-0000-0006", "86-13800000006"]
CODE = "/api/imgsys/bill/outside/getEventCode"


@pytest.fixture
def boss(gateway):
    return administrator(gateway)


@pytest.mark.parametrize("written", WRITTEN)
def test_it_is_kept_and_found_without_its_country(gateway, boss, written):
    erp = gateway.login()
    announced(erp, "MOB-1", fapplyUserPhone=written)
    clerk = make_user(gateway, boss, "clerk", mobile=written, roles=["扫描员"])
    assert boss.get(f"{USERS}/{clerk.id}").json()["mobile"] == "13800000006"
    refused(boss.post(USERS, {"name": "other", "mobile": "13800000006"}), 409, "duplicate", "13800000006", "mobile")
    assert stored(gateway, "MOB-1")["apply_phone"] == "13800000006"
    for again in WRITTEN:
        reply = erp.post(CODE, asked("MOB-1", userPhone=again, rights={}))
        assert reply.errcode == "0000", reply
        person(gateway, again, PASSWORD)
    assert [item["number"] for item in clerk.get("/api/v1/bills").json()["items"]] == ["MOB-1"], "his own bill"


def test_what_is_no_mobile_stays_as_it_is(gateway, boss):
    announced(gateway.login(), "MOB-2", fapplyUserPhone="021-12345678 转 3")
    assert stored(gateway, "MOB-2")["apply_phone"] == "021-12345678 转 3"
