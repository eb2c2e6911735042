"""The console's bills: list, filters, order, pages, one with all that belongs to it, timeline; who sees what."""
import itertools
import urllib.parse

import pytest

from harness.cloudctl import CLIENT, OTHER_CLIENT
from test_100_start import ANNOUNCE, bill, change, each, opened, rows, trail
from test_130_bills import TENANT_CLIENT
from test_340_files import V1, Bill, pdf, put_found, refused, settle, sha

LIST = f"{V1}/bills"
STATES = ["WAITING", "UPLOADED", "SUBMITTED", "REVIEWED", "RESCAN", "MISMATCH", "FAILED", "RECOGNISED", "MATCHED", "VOID"]


@pytest.fixture
def erp(gateway):
    return gateway.login()


@pytest.fixture
def many(gateway, erp):
    """Sixty bills: N-00 to N-59, created a second apart from 2026-01-01 on, states in turn, updated the other way round."""
    reply = erp.post(ANNOUNCE, [bill(f"N-{n:02}", billNo=f"BX{n % 7}", fbillTypeCode=f"T{n % 3}", resource=("EAS", "HR")[n % 2],
                                     fapplyUserName=("张三", "李四", "王五")[n % 3],
                                     fapplyOrganizationCode=f"ORG-{n % 4}") for n in range(60)])
    assert reply.errcode == "0000", reply
    with opened(gateway) as base:
        base.execute("UPDATE bill SET state = (id - 1) % 10, created = (1767225600 + id) * 1000000,"
                     " updated = (1767225600 + 100 - id) * 1000000")
    return erp


def listed(http, **query):
    reply = http.get(LIST, query=query)
    assert reply.status == 200, reply
    return reply.json()


def numbers(value):
    return [item["number"] for item in value["items"]]


def names(*ns):
    return [f"N-{n:02}" for n in ns]


@pytest.mark.mpm
@pytest.mark.valgrind
def test_list(many):
    value = listed(many)
    assert numbers(value) == names(*range(59, 39, -1))  # the newest first, 20 of them
    pagination = value["pagination"]
    assert {name: pagination[name] for name in ("page", "page_size", "total", "has_more", "total_is_bound", "is_partial")} == {
        "page": 1, "page_size": 20, "total": 60, "has_more": True, "total_is_bound": False, "is_partial": False}
    item = value["items"][0]
    kept = {"number": "N-59", "resource": "HR", "bill_no": "BX3", "bill_type": "T2", "state": "VOID", "state_name": "已作废",
            "applicant_name": "王五", "org_code": "ORG-3", "tax_no": CLIENT["tax_no"], "is_locked": False, "version": 0,
            "created_at": "2026-01-01T00:01:00Z"}
    assert {name: item[name] for name in kept} == kept


def test_filters(many):
    def check(query, wanted):
        value = listed(many, page_size=200, **query)
        assert sorted(numbers(value)) == names(*wanted), value
        assert value["pagination"]["total"] == len(wanted) and not value["pagination"]["has_more"]

    every = range(60)
    each([({"state": "RESCAN"}, range(4, 60, 10)), ({"state": "rescan"}, range(4, 60, 10)), ({"state": "4"}, range(4, 60, 10)),
          ({"state": "RESCAN,VOID"}, sorted([*range(4, 60, 10), *range(9, 60, 10)])), ({"state": ""}, every),
          ({"bill_type": "T1"}, range(1, 60, 3)), ({"org": "ORG-2"}, range(2, 60, 4)), ({"org": "NONE"}, []),
          ({"resource": "HR"}, range(1, 60, 2)), ({"q": "n-0"}, range(10)), ({"q": "N-33"}, [33]), ({"q": "BX5"}, range(5, 60, 7)),
          ({"q": "张"}, range(0, 60, 3)), ({"q": "%"}, []), ({"q": "_-0"}, []), ({"q": "' OR 1=1 --"}, []),
          ({"created_from": "2026-01-01T00:00:51Z"}, range(50, 60)), ({"created_to": "2026-01-01T00:00:11Z"}, range(10)),
          ({"created_from": "2026-01-01T08:00:51+08:00"}, range(50, 60)), ({"created_from": "2026-01-02"}, []),
          ({"created_from": "2026-01-01", "created_to": "2026-01-02"}, every),
          ({"has_problem": "true"}, sorted([*range(4, 60, 10), *range(5, 60, 10), *range(6, 60, 10)])),
          ({"has_problem": "false"}, [n for n in every if n % 10 not in (4, 5, 6)]),
          ({"has_problem": "1", "state": "RESCAN"}, range(4, 60, 10)), ({"has_problem": "1", "state": "UPLOADED"}, []),
          ({"has_problem": "0", "state": "UPLOADED,RESCAN"}, range(1, 60, 10)),
          ({"q": "张", "state": "UPLOADED", "resource": "HR"}, [n for n in every if n % 3 == 0 and n % 10 == 1]),
          ({"org": "ORG-1", "bill_type": "T0", "created_from": "2026-01-01T00:00:30Z"},
           [n for n in every if n % 4 == 1 and n % 3 == 0 and n >= 29])], check)


def test_orders(many):
    def check(sort, wanted):
        assert numbers(listed(many, sort=sort, page_size=60)) == names(*wanted)

    up, down = range(60), range(59, -1, -1)
    each([("created_at", up), ("-created_at", down), ("updated_at", down), ("-updated_at", up), ("number", up), ("-number", down)],
         check)
    assert numbers(listed(many, state="RESCAN", page_size=9)) == names(4, 14, 24, 34, 44, 54)  # what moved last


def test_pages_join(many):
    def check(sort, query):
        whole = numbers(listed(many, sort=sort, page_size=200, **query))
        parts, page = [], 0
        while True:
            page += 1
            value = listed(many, sort=sort, page=page, page_size=7, **query)
            parts += numbers(value)
            if not value["pagination"]["has_more"]:
                break
        assert parts == whole
        parts, after = [], ""
        while after is not None:
            value = listed(many, sort=sort, page_size=7, after=after, **query)
            parts += numbers(value)
            after = value["pagination"]["next"]
        assert parts == whole

    each(itertools.product(("created_at", "-created_at", "updated_at", "-updated_at", "number", "-number"),
                           ({}, {"state": "UPLOADED,RESCAN"}, {"org": "ORG-1"}, {"q": "张"}, {"has_problem": "true"})), check)


def test_a_newcomer_shifts_no_cursor(many):
    first = listed(many, page_size=10)
    assert many.post(ANNOUNCE, bill("NEW-1")).errcode == "0000"
    second = listed(many, page_size=10, after=first["pagination"]["next"])
    assert numbers(first) + numbers(second) == names(*range(59, 39, -1))
    assert numbers(listed(many, page_size=1)) == ["NEW-1"]


def test_bad_queries(many):
    def check(name, value):
        refused(many.get(LIST, query={name: value}), 400, name)

    each([("state", "x"), ("state", "10"), ("state", "-1"), ("state", "RESCAN,x"), ("sort", "x"), ("sort", "--number"), ("sort", "-"),
          ("page", "0"), ("page", "x"), ("page", "-1"), ("page_size", "0"), ("page_size", "201"), ("page", "1000000"), ("page", "300"),
          ("q", "x" * 101), ("bill_type", "x" * 101), ("created_from", "x"), ("created_from", "2026-13-01"),
          ("created_from", "2026-01-01T25:00:00Z"), ("created_from", "2026-01-01T00:00:00"), ("created_to", "2026-1-1"),
          ("created_to", "2026-01-01Z"), ("has_problem", "x"), ("after", "x"), ("after", "e30"), ("after", "AAAA"), ("after", "W10")],
         check)
    refused(many.get(LIST, query={"has_problem": "true", "state": "VOID"}), 400, "has_problem")
    refused(many.get(LIST, query={"has_problem": "false", "state": "RESCAN"}), 400, "has_problem")
    assert many.get(LIST + "?page=1&page=2").status == 400
    assert numbers(listed(many, unknown="x", page_size=1)) == names(59)
    assert many.get(LIST, query={"q": "\u0001"}).status in (200, 400)
    assert many.get(LIST + "?q=" + urllib.parse.quote(b"\xff\xfe")).status == 400


# who sees what

def test_who_sees_what(gateway, many):
    gateway.add_enterprise(OTHER_CLIENT)
    gateway.add_enterprise(TENANT_CLIENT)
    other, all_of_it = gateway.login(OTHER_CLIENT), gateway.login(TENANT_CLIENT)
    change(gateway, "UPDATE bill SET tax_no = ? WHERE number IN ('N-01', 'N-02')", OTHER_CLIENT["tax_no"])
    change(gateway, "UPDATE bill SET tax_no = NULL WHERE number = 'N-03'")
    change(gateway, "UPDATE bill SET tax_no = '' WHERE number = 'N-04'")

    def check(query):
        asked = {"page_size": 200, **query}
        seen = [set(numbers(listed(http, **asked))) for http in (other, many, all_of_it)]
        assert seen[0] <= set(names(1, 2, 3, 4)) and not seen[1] & set(names(1, 2))
        assert seen[0] | seen[1] == seen[2] and seen[2]

    each([({},), ({"sort": "number"},), ({"sort": "updated_at"},), ({"q": "N-0"},), ({"org": "ORG-1"},), ({"state": "UPLOADED,RESCAN"},),
          ({"state": "RESCAN", "sort": "number"},), ({"resource": "HR"},)], check)
    assert set(numbers(listed(other))) == set(names(1, 2, 3, 4)) and listed(other)["pagination"]["total"] == 4
    ids = {row["number"]: row["id"] for row in rows(gateway, "SELECT id, number FROM bill")}
    for number, status in (("N-01", 200), ("N-03", 200), ("N-04", 200), ("N-05", 404)):
        assert other.get(f"{LIST}/{ids[number]}").status == status
        assert other.get(f"{LIST}/{ids[number]}/timeline").status == status
    assert many.get(f"{LIST}/{ids['N-01']}").status == 404 and all_of_it.get(f"{LIST}/{ids['N-01']}").status == 200
    assert gateway.http().get(LIST).status == 401


def test_another_tenant_does_not_exist(gateway, many):
    change(gateway, "UPDATE bill SET tenant = 2 WHERE number = 'N-07'")
    (row,) = rows(gateway, "SELECT id FROM bill WHERE number = 'N-07'")
    assert "N-07" not in numbers(listed(many, page_size=200))
    refused(many.get(f"{LIST}/{row['id']}"), 404)


# one

def test_get(gateway, erp):
    one = Bill(gateway, erp, "G-1", fapplyUserName="张三")
    one.add("a", "b")
    settle(gateway)
    change(gateway, "INSERT INTO invoice (tenant, bill, serial_no, identity, type, number, date, gross, check_status)"
                    " VALUES (1, ?, 'SN-1', 'ID-1', 27, '24112000000012345678', '2026-01-31', 11300, 1)", one.id)
    put_found(gateway, one.id, one.file("a")["id"])
    reply = erp.get(one.path)
    value = reply.json()
    assert reply.headers["ETag"] == '"2"' and value["version"] == 2 and value["request_id"] == reply.trace
    assert [(file["name"], file["sha256"], file["position"]) for file in value["files"]] == [
        ("a.pdf", sha(pdf("a")), 1), ("b.pdf", sha(pdf("b")), 2)]
    (invoice,) = value["invoices"]
    assert (invoice["number"], invoice["gross"], invoice["net"], invoice["date"]) == ("24112000000012345678", "113.00", None, "2026-01-31")
    (found,) = value["found_invoices"]
    assert (found["source"], found["page"], found["gross"], found["file_id"]) == ("XML", 2, "113.00", value["files"][0]["id"])


def test_acts_say_why_not(gateway, erp):
    one = Bill(gateway, erp, "G-2")

    def acts(lang="zh"):
        return erp.get(one.path, headers={"Accept-Language": lang}).json()["acts"]

    assert {name for name, act in acts().items() if act["is_allowed"]} == {"ATTACH", "EDIT", "VOID"}
    assert "请先上传影像" in acts()["SUBMIT"]["why"] and "upload some first" in acts("en")["SUBMIT"]["why"]
    one.add("a")
    assert {name for name, act in acts().items() if act["is_allowed"]} == {"ATTACH", "EDIT", "SUBMIT", "RESUBMIT", "RESCAN", "VOID"}
    for name, act in acts().items():  # what it says is what happens
        path = {"SUBMIT": "submit", "CANCEL_RESCAN": "cancel-rescan", "LOCK": "lock"}.get(name)
        if path:
            reply = one.post(path)
            assert (reply.status == 200) == act["is_allowed"] and (act["is_allowed"] or reply.json()["error"]["message"] == act["why"])
            one.put(state=1)
    one.must(one.post("void"))
    assert not any(act["is_allowed"] for name, act in acts().items() if name not in ("VOID",))


def test_timeline(gateway, erp):
    one = Bill(gateway, erp, "G-3")
    one.add("a", "b")
    for n in range(10):
        one.must(one.patch("a", rotation=90 * (n % 4 + 1) % 360, reason=f"第 {n} 次"))
    settle(gateway)
    told = [event["id"] for event in trail(gateway, "G-3")]  # what is read meanwhile comes behind
    whole = erp.get(f"{one.path}/timeline", query={"page_size": 200}).json()
    assert [event["id"] for event in whole["items"]][:len(told)] == told
    assert whole["pagination"] == {"page": 1, "page_size": 200, "total": len(whole["items"]), "has_more": False}
    event = next(event for event in whole["items"] if "第 3 次" in event["note"])
    assert event["kind"] == "file" and event["actor"] == f"client:{CLIENT['client_id']}" and event["detail"]["sha256"] == sha(pdf("a"))
    parts = []
    for page in range(1, 99):
        value = erp.get(f"{one.path}/timeline", query={"page_size": 4, "page": page}).json()
        parts += value["items"]
        if not value["pagination"]["has_more"]:
            break
    assert parts[:len(whole["items"])] == whole["items"]
    refused(erp.get(f"{one.path}/timeline", query={"page": 0}), 400, "page")
    for path in (f"{LIST}/999/timeline", f"{LIST}/x/timeline", f"{LIST}/999", f"{LIST}/x", f"{LIST}/0", f"{LIST}/-1",
                 f"{LIST}/99999999999999999999"):
        refused(erp.get(path), 404)
