"""The list of bills as clerks search it and export from it."""
import datetime

from harness.cloudctl import CLIENT
from harness.person import administrator
from test_100_start import ANNOUNCE, bill, change, rows

ADMIN = "Admin#2024-pw"
EAST = datetime.timezone(datetime.timedelta(hours=8))  # the browser's zone
DAY = datetime.date(2026, 3, 10)


def at(hour, minute=0, second=0, day=DAY):
    return int(datetime.datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=EAST).timestamp() * 1_000_000)


def test_bills_are_found_by_day_and_exported_as_they_are_seen(tell, gateway):
    erp = gateway.login()
    administrator(gateway)
    times = {"D-1": at(0), "D-2": at(23, 59, 59) + 500_000, "D-0": at(0) - 1, "D-3": at(0, day=DAY + datetime.timedelta(days=1))}
    for number, made in times.items():
        assert erp.post(ANNOUNCE, bill(number)).errcode == "0000"
        change(gateway, "UPDATE bill SET created = ? WHERE number = ?", made, number)
    tell("lists", password=ADMIN, day=DAY.isoformat(), inside=["D-1", "D-2"])
    assert [one["total"] for one in rows(gateway, "SELECT total FROM export ORDER BY id")] == [2, 1]


def test_bills_are_found_as_they_are_typed(tell, gateway):
    erp, boss = gateway.login(), administrator(gateway)
    for code, name, more in (("01", "虚构红枫集团有限公司", {"tax_no": CLIENT["tax_no"]}), ("01.01", "华东区域", {"parent": "01"})):
        assert boss.post("/api/v1/organisations", {"code": code, "name": name, **more}).status == 201
    assert boss.post("/api/v1/bill-types", {"code": "AP", "name": "对公付款申请单"}).status == 201
    org = {"fapplyOrganizationCode": "01.01", "fapplyOrganizationName": "华东区域"}
    for number, more in (("BX-2026-1", {"taxNo": CLIENT["tax_no"], **org}), ("BX-2026-2", {**org, "fbillTypeCode": "AP"})):
        assert erp.post(ANNOUNCE, {**bill(number), "billNo": f"NO-{number}", **more}).errcode == "0000"
    change(gateway, "UPDATE bill SET org = (SELECT id FROM org WHERE code = '01.01') WHERE number = 'BX-2026-2'")
    one, two = boss.get("/api/v1/bills", query={"sort": "number"}).json()["items"]
    assert (one["org_code"], one["filed_org_code"], one["filed_org_name"]) == ("01.01", "01", "虚构红枫集团有限公司")
    assert (two["org_code"], two["filed_org_code"]) == ("01.01", "01.01")
    assert boss.get(f"/api/v1/bills/{one['id']}").json()["filed_org_name"] == "虚构红枫集团有限公司"
    tell("search", password=ADMIN, both=["BX-2026-1", "BX-2026-2"])
