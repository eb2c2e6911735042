"""Organisations, roles, users, scan points: what may be done and what is refused with which reason; and why."""
import pytest

from harness.cloudctl import CLIENT
from harness.person import PASSWORD, administrator, error, make_user, person
from test_100_start import ANNOUNCE, bill, rows

ORGS, ROLES, USERS, POINTS = ("/api/v1/" + name for name in ("organisations", "roles", "users", "scan-points"))
EVENT = "/api/imgsys/bill/outside/getEventCode"
VIEW = "/api/imgsys/bill/h5/getH5ViewPageUrl"


@pytest.fixture
def site(gateway):
    gateway.boss = administrator(gateway)
    gateway.caller = gateway.login()
    return gateway


def made(reply):
    assert reply.status in (200, 201), reply
    return reply.json()


def refused(reply, status, kind, word=None, field=None):
    assert (reply.status, error(reply)["type"]) == (status, kind), reply
    assert not word or word in error(reply)["message"], reply
    assert not field or error(reply)["field"] == field, reply


def org(site, code, **more):
    return made(site.boss.post(ORGS, {"code": code, "name": f"组织{code}", **more}))


def announced(site, number, **more):
    assert site.caller.post(ANNOUNCE, {**bill(number), **more}).errcode == "0000"
    return rows(site, "SELECT id FROM bill WHERE number = ?", number)[0]["id"]


# organisations

def test_tree(site):
    a = org(site, "A", tax_no=CLIENT["tax_no"])
    org(site, "B", parent="A")
    c = org(site, "C", parent="B")
    refused(site.boss.post(ORGS, {"code": "D", "name": "D", "parent": "C"}), 409, "conflict", "4")
    refused(site.boss.put(f"{ORGS}/{a['org_id']}", {"parent": "C"}), 409, "conflict", "(C)", "parent")
    refused(site.boss.put(f"{ORGS}/{a['org_id']}", {"parent": "A"}), 409, "conflict", "(A)", "parent")
    refused(site.boss.post(ORGS, {"code": "A", "name": "again"}), 409, "duplicate", "A")
    refused(site.boss.post(ORGS, {"code": "E", "name": "E", "parent": "NONE"}), 400, "invalid_field", "NONE", "parent")
    refused(site.boss.post(ORGS, {"code": "E", "name": "E", "tax_no": "12"}), 400, "invalid_field")
    refused(site.boss.post(ORGS, {"code": "", "name": "E"}), 400, "invalid_field")
    levels = {one["code"]: one["level"] for one in site.boss.get(ORGS).json()["items"]}
    assert levels == {"A": 2, "B": 3, "C": 4}
    refused(site.boss.put(f"{ORGS}/{a['org_id']}", {"is_active": False}), 409, "conflict", "1")
    assert not made(site.boss.put(f"{ORGS}/{c['org_id']}", {"is_active": False}))["is_active"]
    assert made(site.boss.put(f"{ORGS}/{c['org_id']}", {"name": "改名", "parent": ""}))["parent_id"] == 0
    refused(site.boss.put(f"{ORGS}/999", {"name": "x"}), 404, "not_found")


def test_an_organisation_is_moved(site):
    """With what stands below it and its grants; who sees it by a grant above it follows; each move is in the audit log."""
    ids = {code: org(site, code, **more)["org_id"] for code, more in (
        ("A", {}), ("B", {"parent": "A"}), ("C", {"parent": "B"}), ("X", {}), ("Y", {"parent": "X"}), ("Z", {"is_active": False}))}
    number = announced(site, "M-1", fapplyOrganizationCode="C", fapplyOrganizationName="C", taxNo="")

    def sees(who):
        return [one["id"] for one in who.get("/api/v1/bills").json()["items"]] == [number]

    above = make_user(site, site.boss, "above", mobile="13800000001", org="X", roles=["默认角色"])
    own = make_user(site, site.boss, "own", mobile="13800000002", org="X", roles=["默认角色"])
    for who, code in ((above, "X"), (own, "C")):
        grants = {"grants": [{"org": code, "scope": "ALL", "with_below": True}]}
        assert site.boss.put(f"{USERS}/{who.id}/grants", grants).status == 200
    assert not sees(above) and sees(own)
    refused(site.boss.put(f"{ORGS}/{ids['B']}", {"parent": "Y"}), 409, "conflict", "组织 C 将超过", "parent")
    refused(site.boss.put(f"{ORGS}/{ids['B']}", {"parent": "Z"}), 400, "invalid_field", "Z", "parent")
    assert made(site.boss.put(f"{ORGS}/{ids['B']}", {"parent": "X"}))["parent_id"] == ids["X"]
    assert {one["code"]: one["level"] for one in site.boss.get(ORGS).json()["items"]} == {"A": 2, "B": 3, "C": 4, "X": 2, "Y": 3, "Z": 2}
    assert sees(above) and sees(own)
    assert made(site.boss.put(f"{ORGS}/{ids['B']}", {"parent": ""}))["parent_id"] == 0
    assert not sees(above) and sees(own)
    log = site.boss.get("/api/v1/audit-log", query={"action": "organisation.changed"}).json()["items"]
    assert [one["object"] for one in log] == ["B", "B"]
    assert [one["detail"] for one in log] == [{"parent": ["组织X (X)", None]}, {"parent": ["组织A (A)", "组织X (X)"]}]


def test_an_organisation_in_use_is_not_disabled(site):
    one = org(site, "A")
    clerk = made(site.boss.post(USERS, {"name": "clerk", "org": "A"}))
    refused(site.boss.put(f"{ORGS}/{one['org_id']}", {"is_active": False}), 409, "conflict")
    assert site.boss.post(f"{USERS}/{clerk['user_id']}/disable").status == 200
    assert site.boss.put(f"{ORGS}/{one['org_id']}", {"is_active": False}).status == 200
    refused(site.boss.post(USERS, {"name": "other", "org": "A"}), 400, "invalid_field", "A", "org")


# roles

def test_roles(site):
    items = site.boss.get(ROLES).json()["items"]
    assert [one["name"] for one in items] == ["系统管理员", "影像管理员", "扫描员", "默认角色"]
    assert all(one["is_built_in"] for one in items) and items[0]["user_count"] == 1
    names = {one["permission"]: one["name"] for one in site.boss.get("/api/v1/permissions").json()["items"]}
    assert set(items[0]["permissions"]) == set(names) and names["BILL_VIEW"] == "查看单据"
    english = site.boss.get(ROLES, headers={"Accept-Language": "en"}).json()["items"]
    assert english[2]["name"] == "scanner"
    refused(site.boss.put(f"{ROLES}/3", {"permissions": []}), 409, "conflict", "扫描员")
    for name in ("", "扫描员", "Scanner", "123", "x" * 60, "a\u0001b"):
        refused(site.boss.post(ROLES, {"name": name}), 400, "invalid_field")
    refused(site.boss.post(ROLES, {"name": "审计", "permissions": ["NOPE"]}), 400, "invalid_field", "NOPE")
    role = made(site.boss.post(ROLES, {"name": "审计", "permissions": ["BILL_VIEW", "AUDIT"]}))
    assert role["role_id"] >= 100 and role["permissions"] == ["BILL_VIEW", "AUDIT"]
    refused(site.boss.post(ROLES, {"name": "审计"}), 409, "duplicate")
    clerk = make_user(site, site.boss, "clerk", roles=["审计"])
    refused(site.boss.put(f"{ROLES}/{role['role_id']}", {"is_active": False}), 409, "conflict", "1")
    assert clerk.get("/api/v1/storage").status == 403
    assert made(site.boss.put(f"{ROLES}/{role['role_id']}", {"permissions": ["BILL_VIEW", "STORAGE"]}))
    assert clerk.get("/api/v1/storage").status == 200
    assert site.boss.put(f"{USERS}/{clerk.id}", {"roles": []}).status == 200
    assert not made(site.boss.put(f"{ROLES}/{role['role_id']}", {"is_active": False}))["is_active"]
    refused(site.boss.put(f"{USERS}/{clerk.id}", {"roles": ["审计"]}), 400, "invalid_field", "审计", "roles")


def test_rights_are_the_union_of_the_roles(site):
    for name, permission in (("甲", "STORAGE"), ("乙", "PEOPLE_VIEW")):
        made(site.boss.post(ROLES, {"name": name, "permissions": [permission]}))
    clerk = make_user(site, site.boss, "clerk", roles=["甲", "乙"])
    assert clerk.get("/api/v1/storage").status == clerk.get(USERS).status == 200
    assert clerk.get("/api/v1/bills").status == 403


def test_nobody_gives_what_he_has_not(site):
    made(site.boss.post(ROLES, {"name": "人事", "permissions": ["PEOPLE_VIEW", "PEOPLE_EDIT", "BILL_VIEW"]}))
    keeper = make_user(site, site.boss, "keeper", roles=["人事"])
    refused(keeper.put(f"{USERS}/{keeper.id}", {"roles": ["系统管理员"]}), 403, "forbidden")
    refused(keeper.post(USERS, {"name": "x", "roles": ["扫描员"]}), 403, "forbidden")
    refused(keeper.post(f"{USERS}/1/reset"), 403, "forbidden")
    refused(keeper.post(f"{USERS}/1/disable"), 403, "forbidden")
    refused(keeper.post(ROLES, {"name": "大", "permissions": ["STORAGE"]}), 403, "forbidden")
    assert keeper.post(USERS, {"name": "x", "roles": ["默认角色"]}).status == 403  # it may see enterprises, he may not
    assert made(keeper.post(ROLES, {"name": "小", "permissions": ["BILL_VIEW"]}))
    assert made(keeper.post(USERS, {"name": "x", "roles": ["小"]}))
    assert [row["actor"] for row in rows(site, "SELECT actor FROM audit WHERE action = 'user.added' AND object = 'x'")] == ["user:keeper"]


# users

FORMS = {"name": ["", " ", "x" * 60, "a\u0001b", 5, ["x"]], "mobile": ["12", "abc", "1" * 20, True], "mail": ["x", "a@b", "a b@c.d", "@b.c"],
         "org": ["NONE"], "roles": ["扫描员", ["没有"], [None], [{}]], "is_head": ["maybe", 7]}


def test_bad_forms(site):
    before = rows(site, 'SELECT * FROM "user"')
    for field, values in FORMS.items():
        for value in values:
            reply = site.boss.post(USERS, {"name": "new", field: value})
            assert reply.status == 400, (field, value, reply)
    for body in (b"", b"[]", b"null", b"{"):
        assert site.boss.request("POST", USERS, body, {"Content-Type": "application/json"}).status == 400
    assert rows(site, 'SELECT * FROM "user"') == before


def test_mobile_and_name_are_unique(site):
    made(site.boss.post(USERS, {"name": "a", "mobile": "13800000001"}))
    refused(site.boss.post(USERS, {"name": "b", "mobile": "+86 138 0000 0001"}), 409, "duplicate", "13800000001", "mobile")
    refused(site.boss.post(USERS, {"name": "a"}), 409, "duplicate", "a", "name")
    b = made(site.boss.post(USERS, {"name": "b"}))
    refused(site.boss.put(f"{USERS}/{b['user_id']}", {"mobile": "13800000001"}), 409, "duplicate", field="mobile")
    assert made(site.boss.put(f"{USERS}/{b['user_id']}", {"mobile": "13800000002", "mail": "b@example.com"}))["mail"] == "b@example.com"
    assert made(site.boss.put(f"{USERS}/{b['user_id']}", {"mobile": ""}))["mobile"] is None


def test_list(site):
    for n in range(25):
        made(site.boss.post(USERS, {"name": f"u{n:02}", "mobile": f"1370000{n:04}"}))
    page = site.boss.get(USERS, query={"page_size": 10, "page": 3}).json()
    assert page["pagination"]["total"] == 26 and len(page["items"]) == 6 and not page["pagination"]["has_more"]
    assert [one["name"] for one in site.boss.get(USERS, query={"q": "0000013"}).json()["items"]] == ["u13"]
    assert site.boss.get(USERS, query={"q": "%"}).json()["items"] == []
    assert "password" not in site.boss.get(USERS).text and "scrypt" not in site.boss.get(USERS).text
    assert site.boss.get(USERS, query={"is_active": "maybe"}).status == 400


def test_last_administrator(site):
    refused(site.boss.post(f"{USERS}/1/disable"), 409, "conflict", "admin")
    refused(site.boss.put(f"{USERS}/1", {"roles": ["扫描员"]}), 409, "conflict", "admin")
    second = make_user(site, site.boss, "second", roles=["administrator"])
    assert second.post(f"{USERS}/1/disable").status == 200
    refused(second.post(f"{USERS}/{second.id}/disable"), 409, "conflict", "second")
    assert site.boss.get(USERS).status == 401


# scan points

@pytest.fixture
def desk(site):
    """An organisation with a scan point, a bound scanner and a clerk."""
    org(site, "A", tax_no=CLIENT["tax_no"])
    org(site, "B")
    site.point = made(site.boss.post(POINTS, {"name": "前台", "org": "A", "address": "一楼", "related": ["B"]}))
    site.scanner = make_user(site, site.boss, "scanner", mobile="13900000001", org="A", roles=["扫描员"])
    site.clerk = make_user(site, site.boss, "clerk", mobile="13900000002", org="A", roles=["默认角色"])
    site.at = f"{POINTS}/{site.point['scan_point_id']}"
    assert site.boss.put(f"{site.at}/scanners/{site.scanner.id}").status == 200
    return site


def test_points(desk):
    assert desk.point["related"][0]["code"] == "B" and desk.point["address"] == "一楼"
    assert [one["name"] for one in desk.boss.get(desk.at).json()["scanners"]] == ["scanner"]
    refused(desk.boss.post(POINTS, {"name": "前台", "org": "A"}), 409, "duplicate")
    refused(desk.boss.put(desk.at, {"is_active": False}), 409, "conflict", "scanner")
    refused(desk.boss.put(desk.at, {"org": "B"}), 409, "conflict", "scanner")
    refused(desk.boss.post(f"{USERS}/{desk.scanner.id}/disable"), 409, "conflict", "前台")
    refused(desk.boss.put(f"{USERS}/{desk.scanner.id}", {"org": "B"}), 409, "conflict", "前台", "org")
    second = made(desk.boss.post(POINTS, {"name": "后台", "org": "A"}))
    refused(desk.boss.put(f"{POINTS}/{second['scan_point_id']}/scanners/{desk.scanner.id}"), 409, "conflict", "前台")
    refused(desk.boss.put(f"{desk.at}/scanners/{desk.clerk.id}"), 409, "conflict", "扫描权限")
    refused(desk.boss.put(f"{desk.at}/scanners/9999"), 404, "not_found")
    assert desk.boss.delete(f"{desk.at}/scanners/{desk.scanner.id}").status == 200
    refused(desk.boss.delete(f"{desk.at}/scanners/{desk.scanner.id}"), 404, "not_found")
    assert not made(desk.boss.put(desk.at, {"is_active": False}))["is_active"]


def test_candidates_and_why_not(desk):
    other = made(desk.boss.post(USERS, {"name": "elsewhere", "org": "B", "roles": ["扫描员"]}))
    ready = made(desk.boss.post(USERS, {"name": "ready", "org": "A", "roles": ["扫描员"]}))
    items = {one["name"]: one for one in desk.boss.get(desk.at + "/candidates").json()["items"]}
    assert items["ready"]["is_allowed"] and items["ready"]["why"] is None
    assert not items["clerk"]["is_allowed"] and "扫描权限" in items["clerk"]["why"]
    assert "前台" in items["scanner"]["why"] and "elsewhere" not in items
    (found,) = desk.boss.get(desk.at + "/candidates", query={"q": "elsewhere"}).json()["items"]
    assert "组织" in found["why"]
    # the page's reason is the server's own
    for one in (*items.values(), found):
        reply = desk.boss.put(f"{desk.at}/scanners/{one['user_id']}")
        assert (reply.status == 200) == one["is_allowed"], (one, reply)
        assert one["is_allowed"] or error(reply)["message"] == one["why"]
    assert other["user_id"] == found["user_id"] and ready


def test_what_the_erp_is_offered(desk):
    ask = "/api/imgsys/bill/outside/scanPoints"
    for body, names in (({"orgCode": "A"}, ["前台"]), ({"orgCode": "B"}, ["前台"]), ({"taxNo": CLIENT["tax_no"]}, ["前台"]), ({}, ["前台"])):
        assert [one["scanPointName"] for one in desk.caller.post(ask, body).json()["data"]["scanPoints"]] == names
    assert desk.caller.post(ask, {"orgCode": "NONE"}).errcode == "1404"


# scanning and seeing

def upload(who, bill_id, data=b"%PDF-1.4 one"):
    return who.request("POST", f"/api/v1/bills/{bill_id}/files", data, {"Content-Type": "application/octet-stream", "X-File-Name": "a.txt"})


def test_who_files_first_owns_it_and_his_point_shares_it(desk):
    mate = make_user(desk, desk.boss, "mate", org="A", roles=["扫描员"])
    stranger = make_user(desk, desk.boss, "stranger", org="B", roles=["扫描员"])
    assert desk.boss.put(f"{desk.at}/scanners/{mate.id}").status == 200
    capture = made(desk.scanner.post("/api/v1/captures", {"number": "OWN-1", "resource": "EAS"}))
    path = f"/api/v1/captures/{capture['id']}"
    assert mate.get(path).status == 200 and stranger.get(path).status == 404
    assert made(desk.scanner.request("POST", path + "/pages", b"one page", {"Content-Type": "text/plain", "X-File-Name": "a.txt"}))
    desk.scanner.get(path, query={"wait": 10})
    assert made(desk.scanner.post(path + "/finish", {}))["filed_count"] == 1
    (row,) = rows(desk, "SELECT id, owner, point, org FROM bill WHERE number = 'OWN-1'")
    assert (row["owner"], row["point"]) == (desk.scanner.id, desk.point["scan_point_id"]) and row["org"] == desk.point["org_id"]
    for who, sees in ((desk.scanner, True), (mate, True), (stranger, False), (desk.clerk, False), (desk.boss, True)):
        assert who.get(f"/api/v1/bills/{row['id']}").status == (200 if sees else 404)
        assert len(who.get("/api/v1/bills").json()["items"]) == sees
    assert mate.post(f"/api/v1/bills/{row['id']}/submit").status == 200


def test_grants(desk):
    number = announced(desk, "G-1", taxNo=CLIENT["tax_no"], fapplyUserPhone="13900000099")
    reader, path = desk.clerk, f"/api/v1/bills/{number}"
    assert reader.get(path).status == 404
    grants = f"{USERS}/{reader.id}/grants"
    for bad in ({}, {"grants": "x"}, {"grants": ["x"]}, {"grants": [{"org": "A"}]}, {"grants": [{"org": "A", "scope": "SOME"}]},
                {"grants": [{"scope": "ALL"}]}, {"grants": [{"org": "NONE", "scope": "ALL"}]},
                {"grants": [{"org": "A", "scope": "ALL"}, {"org": "A", "scope": "OWN"}]}):
        assert desk.boss.put(grants, bad).status == 400, bad
    made(desk.boss.put(grants, {"grants": [{"org": "A", "scope": "OWN"}]}))
    assert reader.get(path).status == 404
    value = made(desk.boss.put(grants, {"grants": [{"org": "A", "scope": "ALL"}]}))
    assert value["grants"][0]["org_code"] == "A" and value["grants"][0]["scope"] == "ALL"
    assert reader.get(path).status == 200
    assert reader.get("/api/v1/bills", query={"org": "A"}).json()["pagination"]["total"] == 1
    made(desk.boss.put(grants, {"grants": [{"org": "", "scope": "ALL", "with_below": True}]}))
    assert reader.get(path).status == 200
    made(desk.boss.put(grants, {"grants": []}))
    assert reader.get(path).status == 404


def test_the_applicant_sees_his_own(desk):
    one = announced(desk, "P-1", fapplyUserPhone="13900000002")
    two = announced(desk, "P-2", fapplyUserPhone="13900000003")
    assert desk.clerk.get(f"/api/v1/bills/{one}").status == 200
    assert desk.clerk.get(f"/api/v1/bills/{two}").status == 404


def test_submitting_needs_a_point(desk):
    lone = make_user(desk, desk.boss, "lone", org="A", roles=["影像管理员"])
    number = announced(desk, "S-1", taxNo=CLIENT["tax_no"])
    assert upload(lone, number, b"some text").status == 201
    reply = lone.post(f"/api/v1/bills/{number}/submit")
    assert (reply.status, error(reply)["code"]) == (403, "1601")
    desk.ctl.must("switch", "set", "scan.everyone", "on")
    assert lone.post(f"/api/v1/bills/{number}/submit").status == 200


def test_why(desk):
    def checks(user, **query):
        value = desk.boss.get(f"{USERS}/{user.id}/why", query=query).json()
        return value["is_allowed"], {one["check"]: one["is_ok"] for one in value["checks"]}

    assert checks(desk.scanner) == (True, {"ACTIVE": True, "CAPTURE": True, "BILL_SUBMIT": True, "SCAN_POINT": True})
    allowed, why = checks(desk.clerk)
    assert not allowed and not why["CAPTURE"] and not why["SCAN_POINT"]
    number = announced(desk, "W-1", taxNo=CLIENT["tax_no"], fapplyUserPhone="13900000009")
    for who in (desk.scanner, desk.clerk):
        allowed, why = checks(who, bill=number)
        assert (allowed, why["GRANT"]) == (False, False) and who.get(f"/api/v1/bills/{number}").status == 404
    made(desk.boss.put(f"{USERS}/{desk.clerk.id}/grants", {"grants": [{"org": "A", "scope": "ALL"}]}))
    assert checks(desk.clerk, bill=number) == (True, {"ACTIVE": True, "BILL_VIEW": True, "GRANT": True})
    assert desk.clerk.get(f"/api/v1/bills/{number}").status == 200
    code, value = desk.ctl("user", "why", "clerk")
    assert code == 1 and not value["is_allowed"]
    code, value = desk.ctl("user", "why", "13900000002", "--bill", "w-1")
    assert code == 0 and value["is_allowed"]
    assert desk.boss.get(f"{USERS}/{desk.clerk.id}/why", query={"bill": "x"}).status == 400
    assert desk.boss.get(f"{USERS}/{desk.clerk.id}/why", query={"bill": 999}).status == 404
    assert desk.clerk.get(f"{USERS}/{desk.clerk.id}/why").status == 403


# event codes

def code_of(site, numbers, phone="13900000002", **more):
    return site.caller.post(EVENT, {"scanBillNo": numbers, "resource": "EAS", "userPhone": phone, **more})


def enter(site, code):
    one = person(site)
    return one, one.take(one.post("/api/v1/event-sessions", {"event_code": code}, cookie=False))


def test_event_code_opens_these_bills_only(desk):
    one, two, other = (announced(desk, number, taxNo=CLIENT["tax_no"]) for number in ("E-1", "E-2", "E-3"))
    reply = code_of(desk, "e-1, E-2")
    assert reply.errcode == "0000" and reply.json()["data"]["expiresIn"] == 600
    code = reply.json()["data"]["eventCode"]
    assert code not in str(rows(desk, "SELECT * FROM event_code"))
    guest, reply = enter(desk, code)
    assert reply.status == 201 and reply.json()["bill_ids"] == [one, two] and reply.json()["user"]["name"] == "clerk"
    assert guest.get("/api/v1/session").json()["kind"] == "EVENT"
    assert {row["id"] for row in guest.get("/api/v1/bills").json()["items"]} == {one, two}
    assert guest.get(f"/api/v1/bills/{one}").status == 200 and guest.get(f"/api/v1/bills/{other}").status == 404
    for path in (USERS, "/api/v1/exports", "/api/v1/storage"):
        assert guest.get(path).status == 403
    assert guest.put("/api/v1/session/password", {"old": PASSWORD, "new": "Other#2025-pw"}).status == 403
    assert guest.post(f"/api/v1/bills/{one}/submit", csrf=False).status == 403
    # once
    again = person(desk).post("/api/v1/event-sessions", {"event_code": code})
    refused(again, 401, "event_code_refused", "使用过")
    assert "Set-Cookie" not in again.headers and guest.get(f"/api/v1/bills/{one}").status == 200


def test_event_code_expires(desk):
    announced(desk, "E-1", taxNo=CLIENT["tax_no"])
    code = code_of(desk, "E-1").json()["data"]["eventCode"]
    from test_100_start import change
    change(desk, "UPDATE event_code SET expires = expires - 601000000")
    refused(enter(desk, code)[1], 401, "event_code_refused", "过期")
    for bad in ("x", "A" * 43, code[:-1], code + "A"):
        refused(enter(desk, bad)[1], 401, "event_code_refused")


def test_event_rights_are_never_more_than_the_users(desk):
    number = announced(desk, "E-1", taxNo=CLIENT["tax_no"])
    every = {"view": True, "scan": "1", "edit": True, "submit": True, "EXPORT": True, "PEOPLE_EDIT": True, "showPlaceView": True}
    guest, reply = enter(desk, code_of(desk, "E-1", rights=every).json()["data"]["eventCode"])
    assert reply.json()["user"]["permissions"] == ["BILL_VIEW"]  # all that the default role has of these
    assert upload(guest, number).status == 403
    guest, reply = enter(desk, code_of(desk, "E-1", "+86 13900000001", rights={"scan": True, "submit": False}).json()["data"]["eventCode"])
    assert set(reply.json()["user"]["permissions"]) == {"BILL_VIEW", "CAPTURE"}
    assert upload(guest, number).status == 201 and guest.post(f"/api/v1/bills/{number}/submit").status == 403
    # for these bills only: no other number, no scan sessions
    assert guest.post("/api/v1/captures", {"number": "NEW-1"}).status == 403
    assert guest.get("/api/v1/captures").json()["items"] == []
    # and they follow his roles
    assert desk.boss.put(f"{USERS}/{desk.scanner.id}", {"roles": ["默认角色"]}).status == 200
    assert upload(guest, number, b"%PDF-1.4 two").status == 403 and guest.get(f"/api/v1/bills/{number}").status == 200


def test_event_codes_that_are_refused(desk):
    announced(desk, "E-1", taxNo=CLIENT["tax_no"])
    for reply, code in ((code_of(desk, "E-9"), "1404"), (code_of(desk, ""), "1401"), (code_of(desk, " , "), "1401"),
                        (code_of(desk, "E-1", "13911111111"), "1404"), (code_of(desk, "E-1", ""), "1400"), (code_of(desk, "E-1", "x"), "1400"),
                        (code_of(desk, "E-1", rights=[]), "1400"), (code_of(desk, "E-1", rights={"scan": "maybe"}), "1400"),
                        (code_of(desk, ",".join(f"E-{n}" for n in range(300))), "1404")):
        assert reply.errcode == code, reply
    assert desk.boss.post(f"{USERS}/{desk.clerk.id}/disable").status == 200
    assert code_of(desk, "E-1").errcode == "1404"
    assert rows(desk, "SELECT COUNT(*) AS n FROM event_code") == [{"n": 0}]


def test_view_page_address(desk):
    announced(desk, "E-1", taxNo=CLIENT["tax_no"])
    ask = {"scanBillNo": "E-1", "resource": "EAS", "userPhone": "13900000002"}
    for reply in (desk.caller.get(VIEW, query=ask), desk.caller.post(VIEW, ask)):
        value = reply.json()["data"]
        assert value["url"] == f"http://127.0.0.1:{desk.httpd.port}/imgsys-web/view?code={value['eventCode']}"
        assert enter(desk, value["eventCode"])[1].status == 201
    reply = desk.caller.post("/api/kapi/app/bds/getEventCode", ask)
    assert reply.json()["success"] and enter(desk, reply.json()["data"]["eventCode"])[1].status == 201


# the tool

def test_tool(site):
    must = site.ctl.must
    must("org", "add", "A", "组织A")
    must("org", "add", "B", "组织B", "--parent", "A", "--tax-no", CLIENT["tax_no"])
    assert [one["code"] for one in must("org", "list")] == ["A", "B"]
    must("role", "set", "复核", "BILL_VIEW", "MATCH")
    assert [one["name"] for one in must("role", "list")][-1] == "复核"
    assert site.ctl("role", "set", "复核", "NOPE")[0] == 2
    value = must("user", "add", "--name", "li", "--mobile", "13800000007", "--org", "A", "--role", "扫描员", "--role", "复核")
    assert len(value["password"]) >= 12
    must("scan-point", "add", "前台", "--org", "A", "--related", "B")
    assert must("scan-point", "bind", "前台", "13800000007")["scanners"][0]["name"] == "li"
    assert site.ctl("user", "why", "li")[0] == 1  # the one-time password was not changed
    user = next(one for one in must("user", "list") if one["name"] == "li")
    assert {role["name"] for role in user["roles"]} == {"scanner", "复核"} and user["scan_point"]["name"] == "前台"
    assert site.ctl("user", "disable", "li")[0] != 0
    must("scan-point", "unbind", "前台", "li")
    assert not must("user", "disable", "li")["is_active"] and must("user", "enable", "li")["is_active"]
    assert [one["name"] for one in must("scan-point", "list")] == ["前台"]
    assert site.ctl("user", "unlock", "nobody")[0] == 1
