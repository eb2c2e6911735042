"""The list of bills as clerks search it and export from it."""
import datetime

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
