"""Rights, generated from the routes: each console route × nobody / a wrong session / another tenant / another organisation /
too small a role / the right one. Exactly the right answer, and not one byte of content for the others."""
import re

import pytest

from harness.client import Ctl
from harness.cloudctl import CLIENT
from harness.person import COOKIE, administrator, error, make_user, person
from test_100_start import ANNOUNCE, bill, change, rows

MARK = "RIGHTS-MARK"
BYTES = b"content that only some may see"
ROUTES = [route for route in Ctl().must("routes") if route["path"].startswith("/api/v1/")]
CONSOLE = [route for route in ROUTES if route["access"] == "console"]
# what belongs to a bill, or is somebody's own: for others it is not there
OWNED = re.compile(r"\{(bill_id|file_id|capture_id|page_id|upload_id|export_id|found_id|delivery_id|scan_id)\}")




@pytest.fixture
def site(gateway):
    boss = administrator(gateway)
    caller = gateway.login()
    assert boss.post("/api/v1/organisations", {"code": "A", "name": MARK, "tax_no": CLIENT["tax_no"]}).status == 201
    assert boss.post("/api/v1/organisations", {"code": "B", "name": "elsewhere"}).status == 201
    assert caller.post(ANNOUNCE, {**bill(MARK), "taxNo": CLIENT["tax_no"], "fapplyUserName": MARK}).errcode == "0000"
    number = rows(gateway, "SELECT id FROM bill")[0]["id"]
    file = boss.request("POST", f"/api/v1/bills/{number}/files", BYTES, {"Content-Type": "text/plain", "X-File-Name": f"{MARK}.txt"})
    assert file.status == 201, file
    capture = boss.post("/api/v1/captures", {"name": MARK, "number": MARK}).json()["id"]
    page = boss.request("POST", f"/api/v1/captures/{capture}/pages", BYTES, {"Content-Type": "text/plain", "X-File-Name": f"{MARK}.txt"})
    change(gateway, "INSERT INTO found (tenant, bill, file, page, type, number, seller_name, check_status, source, fields, twin_kind,"
                    " twin_bill, twin_file, created, updated) VALUES (1, ?, 1, 1, 26, ?, ?, 0, 'x', '{}', 0, 0, 0, 1, 1)", number, MARK, MARK)
    change(gateway, "INSERT INTO scan (tenant, capture, scanner, actor, scanner_name, source, is_duplex, dpi, color, format, paper, after,"
                    " state, is_cancelled, is_interrupted, pages, created, begun, ended)"
                    " VALUES (1, ?, 1, ?, ?, 1, 0, 300, 0, 0, 0, 0, 2, 0, 0, 1, 1, 1, 1)", capture, MARK, MARK)
    gateway.parts = {"bill_id": number, "file_id": rows(gateway, "SELECT id FROM file")[0]["id"], "capture_id": capture,
                     "page_id": page.json()["pages"][0]["id"], "found_id": 1, "user_id": 1, "role_id": 100, "org_id": 1,
                     "scan_point_id": boss.post("/api/v1/scan-points", {"name": MARK, "org": "A"}).json()["scan_point_id"],
                     "upload_id": boss.post("/api/v1/uploads", {"name": MARK, "size": 10}).json()["upload_id"],
                     "export_id": boss.post("/api/v1/exports", {"kind": "ZIP", "bill_ids": [number]}).json()["export_id"],
                     "rule_id": boss.post("/api/v1/cover-rules", {"name": MARK, "separator": "-", "is_enabled": True, "parts": [
                         {"kind": "CONSTANT", "text": "ZZ"}, {"kind": "DIGITS", "least": 4, "most": 4}]}).json().get("id", 1)}
    every = [one["permission"] for one in boss.get("/api/v1/permissions").json()["items"]]
    for name, permissions in (("nothing", []), ("all but all", [one for one in every if one != "BILL_SEE_ALL"])):
        assert boss.post("/api/v1/roles", {"name": name, "permissions": permissions}).status == 201
    gateway.boss, gateway.every = boss, every
    gateway.small = make_user(gateway, boss, "small", org="A", roles=["nothing"])
    gateway.elsewhere = make_user(gateway, boss, "elsewhere", org="B", roles=["all but all"])
    gateway.foreign = foreign(gateway)
    gateway.ended = person(gateway, "small", "Aa1#test-pass")
    assert gateway.ended.delete("/api/v1/session").status == 204
    return gateway


def foreign(site):
    """The administrator of another tenant, with the first one's password."""
    change(site, "INSERT INTO tenant (id, name, created, domain) VALUES (2, 'Other', 0, 'other')")
    change(site, 'INSERT INTO "user" (id, tenant, org, name, password, is_active, must_change, created)'
                 " SELECT 900, 2, 0, name, password, 1, 0, 0 FROM \"user\" WHERE id = 1")
    change(site, "INSERT INTO user_role (person, role) VALUES (900, 1)")
    one = person(site)
    assert one.enter("admin", "Admin#2024-pw", domain="other").status == 200
    return one


def path_of(site, route):
    return re.sub(r"\{(\w+)\}", lambda part: str(site.parts.get(part.group(1), 1)), route["path"])


def call(site, who, route, **options):
    method = route["method"]
    body = {} if method in ("POST", "PUT", "PATCH") else {"body": None}
    if method in ("POST", "PUT", "PATCH"):
        body = {"body": b"{}", "headers": {"Content-Type": "application/json"}}
    body["headers"] = {**body.get("headers", {}), **options.pop("headers", {})}
    return who.request(method, path_of(site, route), **body, **options)


def leak(reply):
    return MARK in reply.body.decode("utf-8", "replace") or BYTES in reply.body


def judge(complaints, who, route, reply, statuses):
    said = f"{who} {route['method']} {route['path']} [{route['permission']}]: {reply.status} {reply.body[:160]!r}"
    if reply.status not in statuses:
        complaints.append(f"expected {statuses}: {said}")
    if leak(reply):
        complaints.append(f"content: {said}")


def test_every_console_route_names_its_permission():
    assert len(CONSOLE) > 60
    for route in CONSOLE:
        assert route["permission"] != "NONE" or not OWNED.search(route["path"]), route
        assert route["permission"] != "NONE" or route["method"] == "GET" or route["path"].endswith("/preview"), route


def test_nobody_and_ended_sessions(site):
    complaints, nobody = [], person(site)
    for route in CONSOLE + [one for one in ROUTES if one["access"] == "session"]:
        judge(complaints, "nobody", route, call(site, nobody, route), {401})
        judge(complaints, "ended", route, call(site, site.ended, route), {401})
        judge(complaints, "forged", route, call(site, nobody, route, headers={"Cookie": f"{COOKIE}={'A' * 43}"}), {401})
        judge(complaints, "bad token", route, call(site, nobody, route, query={"access_token": "x" * 100}), {401})
    assert not complaints, "\n".join(complaints)


def test_too_small_a_role(site):
    complaints = []
    for route in CONSOLE:
        reply = call(site, site.small, route)
        if route["permission"] != "NONE":
            judge(complaints, "small", route, reply, {403})
            assert error(reply)["type"] == "forbidden"
        elif reply.status >= 500 or reply.status in (401, 403):
            complaints.append(f"small {route['path']}: {reply}")
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize("who", ["elsewhere", "foreign"])
def test_another_organisation_and_another_tenant(site, who):
    """What is another's is not there; what is one's own list is without it."""
    complaints, one = [], getattr(site, who)
    for route in CONSOLE:
        reply = call(site, one, route)
        if OWNED.search(route["path"]):
            # a body that is refused for itself says nothing of what is there
            judge(complaints, who, route, reply, {404} if route["method"] in ("GET", "DELETE") else {404, 400, 415})
        elif reply.status >= 500 or reply.status == 401 or (who == "foreign" and leak(reply)):
            complaints.append(f"{who} {route['method']} {route['path']}: {reply.status} {reply.body[:200]!r}")
        elif leak(reply) and not re.search(r"organisations|scan-points|users|roles|cover-rules|push-table|enterprises|audit", route["path"]):
            complaints.append(f"content for {who} {route['method']} {route['path']}: {reply.body[:200]!r}")
    assert not complaints, "\n".join(complaints)
    # and nothing of it was changed
    assert rows(site, "SELECT number FROM bill WHERE tenant = 1") == [{"number": MARK}]
    assert len(rows(site, "SELECT id FROM file WHERE tenant = 1")) == 1
    assert site.boss.get(f"/api/v1/bills/{site.parts['bill_id']}").status == 200


def test_csrf_of_every_changing_route(site):
    for route in CONSOLE:
        if route["method"] != "GET":
            reply = call(site, site.boss, route, csrf=False)
            assert (reply.status, error(reply)["type"]) == (403, "csrf"), route


def test_the_right_one(site):
    complaints = []
    site.parts["user_id"] = site.small.id  # who resets himself is out
    site.ctl.must("switch", "set", "scan.everyone", "on")
    for route in sorted(CONSOLE, key=lambda one: one["method"] != "GET"):
        reply = call(site, site.boss, route)
        if reply.status in (401, 403) or reply.status >= 500 and reply.status not in (502, 503, 504):
            complaints.append(f"{route['method']} {route['path']}: {reply}")
        if route["method"] == "GET" and OWNED.search(route["path"]) and "delivery" not in route["path"] \
                and not route["path"].endswith("/content") and reply.status != 200:
            complaints.append(f"{route['method']} {route['path']}: {reply}")
    assert not complaints, "\n".join(complaints)


def test_each_permission_opens_its_routes_and_no_others(site):
    """One role for each permission: what it opens is what the routes say."""
    complaints = []
    for permission in site.every:
        reply = site.boss.put("/api/v1/roles/100", {"permissions": sorted({permission, "BILL_SEE_ALL"})})
        assert reply.status == 200, reply
        for route in CONSOLE:
            if route["method"] == "GET" and route["permission"] != "NONE":
                reply = call(site, site.small, route)
                if (reply.status == 403) != (route["permission"] != permission):
                    complaints.append(f"{permission} at {route['path']} [{route['permission']}]: {reply.status} {reply.body[:120]!r}")
    assert not complaints, "\n".join(complaints)
