"""The console's bill types, labels, receipt settings, attachments, statistics, home; what only administrators may."""
import itertools

import pytest

from harness.cloudctl import CLIENT, OTHER_CLIENT
from harness.person import administrator, make_user
from test_100_start import ANNOUNCE, bill, each, rows
from test_130_bills import TENANT_CLIENT
from test_340_files import V1, refused

SECRETS = [CLIENT["secret"], CLIENT["encrypt_key"], TENANT_CLIENT["secret"]]


@pytest.fixture
def admin(gateway):
    """An administrator's calls."""
    gateway.add_enterprise(TENANT_CLIENT)
    return gateway.login(TENANT_CLIENT)


def ok(reply, status=200):
    assert reply.status == status, reply
    assert not [secret for secret in SECRETS if secret in reply.text], "a secret was told"
    return reply.json() if reply.body else None


def get(http, path, **query):
    return ok(http.get(f"{V1}/{path}", query=query))


def send(http, method, path, body=None, status=200, **query):
    return ok(http.request(method, f"{V1}/{path}", json_body=body, query=query), status)


# bill types, labels, settings

def test_bill_types(gateway, admin):
    gateway.login().post(ANNOUNCE, bill("BT-1", fbillTypeCode="ERP1", fbillTypeDes="费用报销"))
    assert [(item["code"], item["name"], item["mode"]) for item in get(admin, "bill-types")["items"]] == [("ERP1", "费用报销", None)]
    made = send(admin, "POST", "bill-types", {"code": "OWN1", "name": "自建", "mode": "MATCH"}, 201)
    assert (made["code"], made["mode"]) == ("OWN1", "MATCH")
    refused(admin.post(f"{V1}/bill-types", {"code": "OWN1"}), 409, "OWN1")
    path = f"bill-types/{made['id']}"
    assert send(admin, "PUT", path, {"name": "改名"})["mode"] == "MATCH", "what is not said stays"
    assert send(admin, "PUT", path, {"mode": None})["mode"] is None
    assert send(admin, "PUT", path, {"mode": "sync"})["mode"] == "SYNC"
    refused(admin.request("PUT", f"{V1}/{path}", json_body={"mode": "FAST"}), 400, "FAST")
    refused(admin.request("PUT", f"{V1}/bill-types/999", json_body={"name": "x"}), 404)
    assert [item["code"] for item in get(admin, "bill-types", q="own")["items"]] == ["OWN1"]
    assert get(admin, "bill-types", q="%")["items"] == []
    for body in ({}, {"code": "a b"}, {"code": ""}, {"code": "X", "name": "\x01"}, []):
        refused(admin.post(f"{V1}/bill-types", body), 400)


def test_labels(admin):
    made = send(admin, "POST", "labels", {"name": "合同"}, 201)
    assert (made["kind"], made["number"], made["is_enabled"]) == ("LABEL", 0, True)
    kind = send(admin, "POST", "labels", {"kind": "ATTACHMENT_TYPE", "number": 3, "name": "水单"}, 201)
    refused(admin.post(f"{V1}/labels", {"name": "合同"}), 409)
    refused(admin.post(f"{V1}/labels", {"kind": "ATTACHMENT_TYPE", "number": 3, "name": "别的"}), 409)
    refused(admin.post(f"{V1}/labels", {"kind": "ATTACHMENT_TYPE", "name": "别的"}), 400, "编号")
    refused(admin.post(f"{V1}/labels", {"name": "x", "number": 2}), 400, "编号")
    refused(admin.post(f"{V1}/labels", {"kind": "COLOUR", "name": "x"}), 400, "kind")
    changed = send(admin, "PUT", f"labels/{kind['id']}", {"is_enabled": False})
    assert (changed["name"], changed["number"], changed["is_enabled"]) == ("水单", 3, False)
    assert [item["name"] for item in get(admin, "labels", kind="label")["items"]] == ["合同"]
    assert admin.request("DELETE", f"{V1}/labels/{made['id']}").status == 204
    refused(admin.request("DELETE", f"{V1}/labels/{made['id']}"), 404)
    assert get(admin, "labels")["pagination"]["total"] == 1


def test_receipt_settings(gateway, admin):
    value = get(admin, "receipt-settings")
    assert value["modes"] == [{"scope": "DEFAULT", "code": None, "mode": "BASIC"}]
    assert {item["name"]: item["value"] for item in value["switches"]}["duplicate.refuse"] is None
    fixed = {item["name"]: item for item in value["fixed"]}
    assert fixed["cloud"]["value"] == gateway.cloud.url and fixed["cloud"]["directive"] == "FPImageUpstream"
    assert fixed["push_address"]["value"] == f"{gateway.url}/api/imgsys/outside/push"
    value = send(admin, "PATCH", "receipt-settings", {
        "modes": [{"scope": "TENANT", "mode": "MATCH"}, {"scope": "ORGANISATION", "code": "O1", "mode": "SYNC"}],
        "switches": [{"name": "duplicate.refuse", "value": "on"}], "pull_path": "/m4/fpzs/other"})
    assert value["modes"] == [{"scope": "TENANT", "code": None, "mode": "MATCH"}, {"scope": "ORGANISATION", "code": "O1", "mode": "SYNC"}]
    assert value["pull_path"] == "/m4/fpzs/other" and not value["is_pull_path_standard"]
    before = rows(gateway, "SELECT * FROM setting WHERE name <> 'people.version'")

    def check(body, word):
        refused(admin.request("PATCH", f"{V1}/receipt-settings", json_body=body), 400, word)

    each([({"modes": [{"scope": "TENANT", "mode": "BASIC"}, {"scope": "PLANET", "mode": "BASIC"}]}, "scope"),
          ({"modes": [{"scope": "ORGANISATION", "mode": "BASIC"}]}, "code"), ({"modes": ["x"]}, "modes"),
          ({"switches": [{"name": "duplicate.refuse", "value": "off"}, {"name": "colour", "value": "on"}]}, "colour"),
          ({"switches": [{"name": "duplicate.refuse", "value": "maybe"}]}, "maybe"), ({"pull_path": "x"}, "pull_path"),
          ({"pull_path": "//evil.example/x"}, "pull_path"), ({"pull_path": "/a/../b"}, "pull_path"),
          ({"pull_path": "/a?b=c"}, "pull_path"), ({"pull_path": "/@evil"}, "pull_path")], check)
    assert rows(gateway, "SELECT * FROM setting WHERE name <> 'people.version'") == before, "all of it or nothing"
    value = send(admin, "PATCH", "receipt-settings", {"modes": [{"scope": "ORGANISATION", "code": "O1", "mode": None}],
                                                      "switches": [{"name": "duplicate.refuse", "value": None}], "pull_path": None})
    assert len(value["modes"]) == 1 and value["is_pull_path_standard"]


# attachments, statistics, home

def attach(http, bill_id, name, **fields):
    reply = http.request("POST", f"{V1}/bills/{bill_id}/files", f"text of {name}".encode(), {"Content-Type": "text/plain"},
                         query={"name": name, "kind": "ATTACHMENT", **fields})
    assert reply.status in (200, 201), reply


@pytest.fixture
def filled(gateway, admin):
    """Two bills, the second with two attachments."""
    erp = gateway.login()
    assert erp.post(ANNOUNCE, [bill("AT-1"), bill("AT-2", fbillTypeDes="费用报销单")]).errcode == "0000"
    for name in ("甲.txt", "乙.txt"):
        attach(admin, 2, name, label="合同" if name == "甲.txt" else "别的")
    return admin


def test_attachments(gateway, filled):
    def names(**query):
        return [item["name"] for item in get(filled, "attachments", **query)["items"]]

    value = get(filled, "attachments")
    item = value["items"][1]
    assert (item["name"], item["bill_number"], item["label"], item["bill_id"]) == ("甲.txt", "AT-2", "合同", 2)
    assert value["pagination"]["total"] == 2 and not value["pagination"]["has_more"]
    each([({"label": "合同"}, ["甲.txt"]), ({"q": "乙"}, ["乙.txt"]), ({"number": "at-2"}, ["乙.txt", "甲.txt"]),
          ({"number": "AT-1"}, []), ({"attachment_type": 1}, []), ({"created_from": "2040-01-01"}, []),
          ({"created_to": "2040-01-01"}, ["乙.txt", "甲.txt"])], lambda query, wanted: names(**query) == wanted or pytest.fail(str(query)))
    send(filled, "POST", "labels", {"kind": "ATTACHMENT_TYPE", "number": 1, "name": "验收单"}, 201)
    send(filled, "PATCH", f"bills/2/files/{item['id']}", {"attachment_type": 1})
    item = get(filled, "attachments", attachment_type=1)["items"][0]
    assert (item["name"], item["attachment_type"], item["attachment_type_name"], item["bill_type_name"]) == ("甲.txt", 1, "验收单", "费用报销单")
    first = get(filled, "attachments", page_size=1)
    assert first["pagination"]["has_more"] and names(page_size=1, after=first["pagination"]["next"]) == ["甲.txt"]
    refused(filled.get(f"{V1}/attachments", query={"attachment_type": "x"}), 400, "attachment_type")
    refused(filled.get(f"{V1}/attachments", query={"after": "-3"}), 400, "after")
    gateway.add_enterprise(OTHER_CLIENT)
    assert get(gateway.login(OTHER_CLIENT), "attachments")["items"] == [], "another's bills are not there"


def test_statistics(gateway, filled):
    day = get(filled, "statistics")
    assert (day["by"], len(day["items"])) == ("DAY", 1)
    assert day["sum"] == {"bills": 2, "pages": 2, "submitted": 0, "sent_back": 0}
    send(filled, "POST", "bills/2/submit", {})
    send(filled, "POST", "bills/2/rescan", {"reason": "模糊"})
    assert get(filled, "statistics")["sum"] == {"bills": 2, "pages": 2, "submitted": 1, "sent_back": 1}
    org = get(filled, "statistics", by="org")["items"]
    assert sum(item["bills"] for item in org) == 2 and all(item["name"] for item in org if item["id"])
    assert get(filled, "statistics", by="SCANNER")["items"][0]["pages"] == 2
    assert get(filled, "statistics", org="NONE")["items"] == []
    for query, word in (({"by": "moon"}, "by"), ({"from": "x"}, "from"), ({"from": "2020-01-01"}, "366"),
                        ({"from": "2026-02-02", "to": "2026-02-01"}, "from"), ({"to": "2026-01-01T00:00:00Z"}, "to")):
        refused(filled.get(f"{V1}/statistics", query=query), 400, word)


def test_statistics_of_who_sees_some_organisations(gateway):
    boss, erp = administrator(gateway), gateway.login()
    for code, count in (("SA", 1), ("SB", 2), ("SC", 4)):
        send(boss, "POST", "organisations", {"code": code, "name": f"组织{code}"}, 201)
        assert erp.post(ANNOUNCE, [bill(f"{code}-{i}", fapplyOrganizationCode=code) for i in range(count)]).errcode == "0000"
    send(boss, "POST", "roles", {"name": "统计", "permissions": ["STATISTICS"]}, 201)
    head = make_user(gateway, boss, "head", org="SB", roles=["统计"])

    def bills(**query):
        return {by: get(head, "statistics", by=by, **query)["sum"]["bills"] for by in ("DAY", "ORG", "POINT", "SCANNER")}

    assert set(bills().values()) == {0}, "his own organisation is not one that he sees all of"
    send(boss, "PUT", f"users/{head.id}/grants", {"grants": [{"org": org, "scope": "ALL"} for org in ("SA", "SC")]})
    assert set(bills().values()) == {5} and set(get(boss, "statistics")["sum"].values()) == {7, 0}
    assert [item["name"] for item in get(head, "statistics", by="ORG")["items"]] == ["组织SA", "组织SC"]
    each([("SA", 1), ("SB", 0), ("SC", 4), ("NONE", 0)], lambda org, wanted: set(bills(org=org).values()) == {wanted} or pytest.fail(org))


def test_home(filled):
    value = get(filled, "home")
    assert value["awaiting_upload"] == {"count": 1, "is_bound": False}
    assert value["to_rescan"]["count"] == value["match_failed"]["count"] == value["refused_pushes"]["count"] == 0
    assert value["failed_deliveries"] == {"count": 0, "is_bound": False}


# what an enterprise's token may not

ADMINISTRATION = [("GET", "enterprises"), ("POST", "enterprises"), ("GET", "enterprises/1"), ("PATCH", "enterprises/1"),
                  ("DELETE", "enterprises/1"), ("POST", "enterprises/1/check"), ("POST", "enterprises/import"), ("GET", "push-table"),
                  ("POST", "push-table"), ("DELETE", "push-table/1"), ("GET", "push-table/check"), ("GET", "audit-log"), ("GET", "doctor"),
                  ("GET", "journal")]


def test_administration_is_not_for_tokens(gateway, admin):
    before = rows(gateway, "SELECT * FROM enterprise")

    def check(method, path):
        refused(admin.request(method, f"{V1}/{path}", json_body={} if method in ("POST", "PATCH") else None), 403)
        assert gateway.http().request(method, f"{V1}/{path}").status == 401

    each(ADMINISTRATION, check)
    assert rows(gateway, "SELECT * FROM enterprise") == before


# whatever comes

WRONG = [None, 5, -1, 1.5, True, "x" * 5000, "长" * 5000, [], ["x"], {}, {"a": {"b": 1}}, "a\u0001b", "😀", "<script>", "' OR 1=1 --",
         "../../etc/passwd", "%s%n", 2 ** 63 - 1, ""]
BODIES = {("POST", "bill-types"): ["code", "name", "mode"], ("PUT", "bill-types/1"): ["name", "mode"],
          ("POST", "labels"): ["kind", "number", "name", "is_enabled"], ("PUT", "labels/1"): ["number", "name", "is_enabled"],
          ("PATCH", "receipt-settings"): ["modes", "switches", "pull_path"]}
QUERIES = {"bill-types": ["q", "page"], "labels": ["kind"],
           "attachments": ["q", "number", "label", "attachment_type", "after", "created_from", "created_to", "page"],
           "statistics": ["by", "from", "to", "org"]}


def test_wrong_values(gateway, admin):
    gateway.httpd.expect_log("FPI00", optional=True)

    def check(where, field, value):
        reply = admin.request(where[0], f"{V1}/{where[1]}", json_body={field: value})
        assert reply.status < 500, (where, field, value, reply)
        assert reply.status < 400 or reply.json()["error"]["message"], reply

    each([(where, field, value) for where, fields in BODIES.items() for field, value in itertools.product(fields, WRONG)], check)


def test_wrong_queries(admin):
    def check(path, name, value):
        reply = admin.get(f"{V1}/{path}", query={name: value})
        assert reply.status in (200, 400), (path, name, value, reply)

    each([(path, name, value) for path, names in QUERIES.items()
          for name, value in itertools.product(names, ["", " ", "x" * 3000, "-1", "0", "99999999999999999999", "%", "'", "\u202e",
                                                       "2026-13-45", "1.5", "a\u0001b"])], check)


def test_bodies_that_are_none(admin):
    def check(where, body):
        reply = admin.request(where[0], f"{V1}/{where[1]}", body, {"Content-Type": "application/json"})
        assert reply.status == 400, (where, body, reply)

    each(itertools.product(BODIES, [b"", b"[]", b"null", b"5", b'"x"', b"{", b"\xff", b"[" * 5000, b'{"a":1,"a":2}']), check)
