"""Rights of all routes that are not the console's, generated from the routes: no token / an ended one / forged ones / a
page's cookie in its place / another enterprise's / another tenant's / the right one. Exactly the right answer, not one byte
of another's content, nothing of it changed. And the other way round: a token, and a page that an ERP has opened, over all
routes of the console."""
import base64
import itertools
import json
import re

import pytest

from harness import processes
from harness.client import Ctl, credentials
from harness.cloudctl import CLIENT, OTHER_CLIENT
from harness.person import COOKIE, PASSWORD, administrator, make_user, person
from test_100_start import ANNOUNCE, TOKEN, bill, change, patience, rows
from test_520_rights import CONSOLE, MARK, OWNED, call, judge, leak, site as rights  # noqa: F401

ROUTES = [route for route in Ctl().must("routes") if route["access"] != "console"]
NUMBER, SEEN = "RT-1", "RTMARK"  # what the callers know, and what only the right one may see
PHONE, POINT = "13800000522", f"{SEEN}-point"
FOREIGN = {**OTHER_CLIENT, "tax_no": CLIENT["tax_no"]}  # of another tenant, and of the very same tax number
THIRD = {**CLIENT, "client_id": "TESTCLIENT03", "secret": "test-secret-of-03", "tax_no": "91310000999999999X", "name": "third"}
ENDED = {**THIRD, "client_id": "TESTCLIENT04", "tax_no": CLIENT["tax_no"]}
OPERATIONS = ("queryBillStatus", "rescan", "cancelRescan", "review", "invalid")
# one body for whatever route comes: each takes what it knows
BODY = {**bill(NUMBER), "scanBillNo": NUMBER, "taxNo": CLIENT["tax_no"], "orgCode": "A", "userPhone": PHONE, "rights": {"scan": True},
        "voucherNo": "V-1", "reason": "why", "operator": "who", "base64": base64.b64encode(b"<x>other</x>").decode(),
        "fileName": "other.xml", "clientId": CLIENT["client_id"], "invoice": []}
MAKES = {"bill_push", "bill_upload", "push"}  # a number that is not there becomes a bill of the caller's own
QUIET = {"journal", "nonce", "job", "session", "setting", "token_key", "tenant", "push_body", "statistic"}


@pytest.fixture
def site(make_gateway):
    one = make_gateway(clients=(CLIENT, THIRD, ENDED))
    one.boss, one.erp, one.third, one.ended = administrator(one), one.login(), one.login(THIRD), one.login(ENDED)
    furnish(one)
    one.ctl.must("enterprise", "disable", ENDED["client_id"])
    one.foreign = foreign_tenant(one)
    assert processes.wait_until(lambda: rows(one, "SELECT 1 FROM job") == [], patience(30), 0.05)
    return one


def furnish(one):
    """A bill with all that may be seen of it, a scan point, somebody with a mobile."""
    assert one.boss.post("/api/v1/organisations", {"code": "A", "name": SEEN, "tax_no": CLIENT["tax_no"]}).status == 201
    assert one.boss.post("/api/v1/scan-points", {"name": POINT, "org": "A", "address": SEEN}).status == 201
    assert one.boss.post("/api/v1/users", {"name": f"{SEEN}-user", "mobile": PHONE, "org": "A", "roles": ["扫描员"]}).status == 201
    said = bill(NUMBER, fbillTypeDes=SEEN, fapplyUserName=SEEN, fapplyErpUserName=SEEN, billNo=SEEN, taxNo=CLIENT["tax_no"])
    assert one.erp.post(ANNOUNCE, said).errcode == "0000"
    (number,) = rows(one, "SELECT id FROM bill")
    reply = one.boss.request("POST", f"/api/v1/bills/{number['id']}/files", SEEN.encode(), {"Content-Type": "text/plain", "X-File-Name": f"{SEEN}.txt"})
    assert reply.status == 201, reply
    change(one, "INSERT INTO invoice (tenant, bill, serial_no, type, number, seller_name, check_status) VALUES (1, ?, ?, 1, ?, ?, 1)",
           number["id"], SEEN, SEEN, SEEN)
    change(one, "UPDATE bill SET reason = ?, voucher = ?, is_locked = 0 WHERE id = ?", SEEN, SEEN, number["id"])


def foreign_tenant(one):
    made = one.ctl.must("tenant", "add", "Other", "--domain", "other")
    east = person(one)
    assert east.enter("admin", made["password"], domain="other").status == 200
    assert east.put("/api/v1/session/password", {"old": made["password"], "new": PASSWORD}).status == 200
    reply = east.post("/api/v1/enterprises", {**{name: FOREIGN[name] for name in ("tax_no", "name", "client_id", "secret", "encrypt_key")},
                                             "unchecked": True})
    assert reply.status == 201, reply
    return one.login(FOREIGN)


def forgeries(site):
    """Tokens that nobody has issued, of one that was."""
    body, _, mac = site.erp.token.partition(".")
    other = site.third.token.partition(".")[2]
    turned = mac[:-2] + ("AA" if mac[-2:] != "AA" else "BB")
    return {"another's sign": f"{body}.{other}", "turned sign": f"{body}.{turned}", "no sign": f"{body}.", "no dot": body, "noise": "x" * 100,
            "longer": f"{site.erp.token}A", "empty body": f".{mac}"}


def strangers(site):
    """(who, caller, headers, {access: (status, code)}), all of whom are refused the same way on every route."""
    cookie = {"Cookie": f"{COOKIE}={site.boss.cookie}", "X-CSRF-Token": site.boss.csrf}
    nobody, bad = {"token": (401, "1300"), "push": (403, "1301")}, {"token": (401, "1300"), "push": (401, "1300")}
    yield "nobody", site.http(), {}, nobody
    yield "cookie", site.http(), cookie, nobody
    yield "ended", site.ended, {}, bad
    for name, token in forgeries(site).items():
        yield name, site.http(token=token), {}, bad
    yield "cookie as a token", site.http(token=site.boss.cookie), {}, bad
    yield "forged bearer", site.http(), {"Authorization": f"Bearer {site.erp.token[:-4]}AAAA"}, bad


def bodies(route):
    if route["handler"] == "bill_operate":
        return [{**BODY, "operate": name} for name in OPERATIONS]
    if route["method"] == "GET":
        return [None]
    return [{**BODY, "clientId": None, "taxNo": None}, BODY] if route["access"] == "push" else [BODY]


def ask(who, route, body, headers):
    if body is None:
        query = {name: BODY[name] for name in ("scanBillNo", "resource", "userPhone")}
        return who.request(route["method"], route["path"], query=query, headers=headers)
    return who.request(route["method"], route["path"], json.dumps(body), {"Content-Type": "application/json", **headers})


def shows(reply):
    return SEEN in reply.text or SEEN in str(reply.headers) or "Set-Cookie" in reply.headers


def of_tenant(site):
    """Every row of the first tenant, but for what notes refusals."""
    out = {}
    for table in rows(site, "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql LIKE '%tenant %'"):
        if table["name"] not in QUIET:
            refusals = " AND status <> 'refused'" if table["name"] == "push" else ""
            out[table["name"]] = rows(site, f'SELECT * FROM "{table["name"]}" WHERE tenant = 1{refusals} ORDER BY 1')
    assert {"bill", "file", "invoice", "trail", "user", "scan_point", "event_code", "push", "enterprise"} <= set(out)
    return out


class Complaints(list):
    def look(self, who, route, reply, wanted, body=None):
        got = (reply.status, reply.errcode if route["family"] != "C" else None)
        said = f"{who} {route['method']} {route['path']} {(body or {}).get('operate', '')}: {reply.status} {reply.body[:200]!r}"
        if wanted is not None and got not in wanted:
            self.append(f"expected {wanted}: {said}")
        if shows(reply):
            self.append(f"content: {said}")

    def done(self):
        assert not self, "\n".join(self)


def test_every_family_is_here():
    assert {route["access"] for route in ROUTES} == {"token", "push", "open", "session"} and len(ROUTES) >= 25
    assert {route["permission"] for route in ROUTES} == {"NONE"}


def test_strangers(site):
    """Who holds no token of ours, in all ways not to; whatever the route is."""
    complaints, before = Complaints(), of_tenant(site)
    for (who, caller, headers, wanted), route in itertools.product(strangers(site), ROUTES):
        if route["access"] not in wanted:
            continue
        for body in bodies(route):
            complaints.look(who, route, ask(caller, route, body, headers), {wanted[route["access"]]}, body)
    # what is open to everybody opens nothing by itself, whoever asks; and a page's routes know no token
    for caller, headers in ((site.http(), {}), (site.erp, {}), (site.ended, {}), (site.http(), {"Cookie": f"{COOKIE}={'A' * 43}"})):
        for route in ROUTES:
            body = {**BODY, "client_id": CLIENT["client_id"], "timestamp": "1", "sign": "0" * 32, "login": "admin", "password": "Wrong#pass1",
                    "event_code": "A" * 43, "code": "A" * 43, "old": "a", "new": "b"}
            if route["access"] == "session":
                complaints.look("no session", route, ask(caller, route, body if route["method"] == "PUT" else None, headers), {(401, None)})
            elif route["access"] == "open":
                is_asking = route["method"] == "GET"  # without what it asks for
                complaints.look("open", route, ask(caller, route, None if is_asking else body, headers),
                                {(400, None), (200, "1200")} if is_asking else {(200, "1101"), (401, None)})
    complaints.done()
    assert of_tenant(site) == before


def test_other_enterprises(site):
    """Another of the same tenant may not; for one of another tenant there is nothing, and what it makes is its own."""
    complaints, before = Complaints(), of_tenant(site)
    for route in ROUTES:
        if route["access"] in ("token", "push"):
            for body in bodies(route):
                complaints.look("third", route, ask(site.third, route, body, {}), {(403, "1301")}, body)
                wanted = {(200, "0000"), (200, "1409")} | (set() if route["handler"] in MAKES else {(200, "1404")})
                complaints.look("foreign", route, ask(site.foreign, route, body, {}), wanted, body)
    # what the first of them has made is a bill of the same number: the caller's own
    assert len(rows(site, "SELECT 1 FROM bill WHERE tenant = 2 AND number = ?", NUMBER)) == 1
    for route in ROUTES:
        if route["access"] == "token":
            ask(site.foreign, route, bodies(route)[0], {})
    assert of_tenant(site) == before
    change(site, "DELETE FROM bill WHERE tenant = 2")
    for route in ROUTES:
        if route["access"] == "token" and route["handler"] not in MAKES:
            for body in bodies(route):
                complaints.look("foreign", route, ask(site.foreign, route, body, {}), {(200, "1404")}, body)
    complaints.done()
    assert of_tenant(site) == before


def test_the_right_one(site):
    """The same bodies, so that what others were refused was the bill and not the body."""
    complaints = []
    for route in ROUTES:
        if route["access"] in ("token", "push"):
            for body in bodies(route):
                change(site, "UPDATE bill SET state = 1, is_locked = 0, voucher = NULL WHERE number = ?", NUMBER)
                reply = ask(site.erp, route, body, {})
                if (reply.status, reply.errcode) not in {(200, "0000"), (200, "1409")}:
                    complaints.append(f"{route['path']} {body and body.get('operate', '')}: {reply}")
    assert not complaints, "\n".join(complaints)
    assert site.http().post(TOKEN, credentials(CLIENT)).errcode == "0000"
    points = site.erp.post("/api/imgsys/bill/outside/scanPoints", {}).json()["data"]["scanPoints"]
    assert [one["scanPointName"] for one in points] == [POINT]
    assert site.third.post("/api/imgsys/bill/outside/scanPoints", {}).json()["data"]["scanPoints"] == []


CODE, VIEW, ENTER = "/api/imgsys/bill/outside/getEventCode", "/api/imgsys/bill/h5/getH5ViewPageUrl", "/api/v1/event-sessions"


def test_event_codes(site):
    """For one's own bills only, be another's hidden in a list of them; good once, for ten minutes, in their tenant."""
    mine = {"scanBillNo": NUMBER, "resource": "EAS", "userPhone": PHONE}
    assert site.third.post(ANNOUNCE, bill("RT-3")).errcode == "0000" and site.foreign.post(ANNOUNCE, bill("RT-9")).errcode == "0000"
    for who, numbers, code in ((site.erp, f"{NUMBER},RT-3", "1301"), (site.erp, f" rt-3 ,{NUMBER}", "1301"), (site.third, f"RT-3,{NUMBER}", "1301"),
                               (site.erp, f"{NUMBER},RT-9", "1404"), (site.foreign, f"RT-9,{NUMBER}", "1404"), (site.foreign, "RT-9", "1404")):
        for path in (CODE, VIEW, "/api/kapi/app/bds/getEventCode"):
            reply = who.post(path, {**mine, "scanBillNo": numbers})
            assert reply.errcode == code and not shows(reply), (numbers, reply)
    assert rows(site, "SELECT COUNT(*) AS n FROM event_code") == [{"n": 0}]
    codes = [site.erp.post(CODE, mine).json()["data"]["eventCode"] for _ in range(3)]
    guest = person(site)
    assert guest.take(guest.post(ENTER, {"event_code": codes[0]}, cookie=False, csrf=False)).status == 201
    assert (guest.get("/api/v1/session").json()["bill_ids"], guest.get("/api/v1/bills").json()["pagination"]["total"]) == ([1], 1)
    change(site, "UPDATE event_code SET expires = 1 WHERE used = 0")
    for code in (*codes, codes[0].swapcase(), codes[0] + "=", f" {codes[0]}"):
        reply = person(site).post(ENTER, {"event_code": code})
        assert reply.status == 401 and not shows(reply), reply
    # whoever is signed in already gains nothing by another's code, and keeps what he has
    small = person(site)
    small.cookie = guest.cookie
    assert small.post(ENTER, {"event_code": codes[1]}, csrf=False).status == 401 and guest.get("/api/v1/bills").status == 200
    # what the user loses, his page loses; and the page's cookie is no token
    assert site.http(token=guest.cookie).post(CODE, mine).status == 401
    user = rows(site, 'SELECT id FROM "user" WHERE mobile = ?', PHONE)[0]["id"]
    assert site.boss.post(f"/api/v1/users/{user}/disable", {}).status == 200
    assert guest.get("/api/v1/bills").status == 401


# the other way round

TOKENS = {"BILL_VIEW", "CAPTURE", "BILL_EDIT", "BILL_SUBMIT", "BILL_RESCAN", "BILL_REVIEW", "BILL_VOID", "BILL_LOCK", "INVOICE_CORRECT", "MATCH",
          "EXPORT", "DELIVERY", "SETTINGS", "STATISTICS", "STORAGE", "NONE"}
SHARED = re.compile(r"cover-rules|labels|bill-types")  # a tenant's settings are one for all its enterprises


def over_the_console(complaints, who, caller, held, rights):
    for route in CONSOLE:
        reply = call(rights, caller, route)
        if route["permission"] not in held:
            judge(complaints, who, route, reply, {403})
        elif OWNED.search(route["path"]):
            judge(complaints, who, route, reply, {404} if route["method"] in ("GET", "DELETE") else {400, 403, 404, 415})
        elif reply.status >= 500 or (leak(reply) and not SHARED.search(route["path"])):
            complaints.append(f"{who} {route['method']} {route['path']}: {reply.status} {reply.body[:200]!r}")


def test_tokens_in_the_console(rights):
    """What a token may is one list; another's bills are not there."""
    rights.add_enterprise(OTHER_CLIENT)
    complaints, third = [], rights.login(OTHER_CLIENT)
    before = rows(rights, "SELECT * FROM file")
    over_the_console(complaints, "third", third, TOKENS, rights)
    for route in ROUTES:
        if route["access"] == "session":
            judge(complaints, "token", route, call(rights, third, route), {401})
    assert not complaints, "\n".join(complaints)
    assert rows(rights, "SELECT * FROM file") == before and rows(rights, "SELECT number FROM bill") == [{"number": MARK}]
    own = rights.login()
    assert own.get(f"/api/v1/bills/{rights.parts['bill_id']}").status == 200


def test_nothing_is_inherited_with_a_name(rights):
    """Somebody leaves and is renamed, somebody of the same name comes: exports and uploads are the first one's still."""
    old = make_user(rights, rights.boss, "wang", roles=["all but all"], mobile="13800000523", org="A")
    assert rights.boss.put(f"/api/v1/users/{old.id}/grants", {"grants": [{"org": "A", "scope": "ALL"}]}).status == 200
    export = old.post("/api/v1/exports", {"kind": "ZIP", "bill_ids": [rights.parts["bill_id"]]}).json()["export_id"]
    upload = old.post("/api/v1/uploads", {"name": MARK, "size": 10}).json()["upload_id"]
    assert rights.boss.put(f"/api/v1/users/{old.id}", {"name": "wang (left)"}).status == 200
    new = make_user(rights, rights.boss, "wang", roles=["all but all"], org="A")
    assert new.get("/api/v1/exports").json()["items"] == [] and len(old.get("/api/v1/exports").json()["items"]) == 1
    for path in (f"/api/v1/exports/{export}", f"/api/v1/exports/{export}/content", f"/api/v1/uploads/{upload}"):
        assert new.get(path).status == 404
    assert old.get(f"/api/v1/exports/{export}").status == old.get(f"/api/v1/uploads/{upload}").status == 200
    for path in (f"/api/v1/exports/{export}", f"/api/v1/uploads/{upload}"):
        assert new.delete(path).status == 404 and old.delete(path).status == 204


def test_a_page_of_an_event_code_in_the_console(rights):
    """The rights that the caller names, never more than the user has, and no bill but those of the code; he himself is the
    administrator, who sees them all."""
    assert rights.boss.put("/api/v1/users/1", {"mobile": PHONE}).status == 200
    caller = rights.login()
    assert caller.post(ANNOUNCE, {**bill("NAMED-1"), "taxNo": CLIENT["tax_no"]}).errcode == "0000"
    named = rows(rights, "SELECT id FROM bill WHERE number = 'NAMED-1'")[0]["id"]
    change(rights, "UPDATE org SET name = 'whose both are' WHERE name = ?", MARK)  # stands at each bill, which is no leak
    file = rights.boss.request("POST", f"/api/v1/bills/{named}/files", b"named", {"Content-Type": "text/plain", "X-File-Name": "n.txt"}).json()
    greedy = {name: True for name in (*rights.every, "view", "scan", "edit", "submit", "rescan", "correct", "match")}
    complaints = []
    for wanted, held in (({}, {"BILL_VIEW"}), ({"edit": True, "match": False}, {"BILL_VIEW", "BILL_EDIT"}),
                         (greedy, {"BILL_VIEW", "CAPTURE", "BILL_EDIT", "BILL_SUBMIT", "BILL_RESCAN", "INVOICE_CORRECT", "MATCH"})):
        code = caller.post(CODE, {"scanBillNo": "NAMED-1", "resource": "EAS", "userPhone": PHONE, "rights": wanted}).json()["data"]["eventCode"]
        guest = person(rights)
        reply = guest.take(guest.post(ENTER, {"event_code": code}, cookie=False, csrf=False))
        assert set(reply.json()["user"]["permissions"]) == held
        assert guest.put("/api/v1/session/password", {"old": "Admin#2024-pw", "new": PASSWORD}).status == 403
        over_the_console(complaints, f"event {sorted(held)}", guest, held | {"NONE"}, rights)
        for path in ("", "/timeline", "/match"):
            assert guest.get(f"/api/v1/bills/{named}{path}").status == 200
        assert [one["id"] for one in guest.get("/api/v1/bills").json()["items"]] == [named]
    assert not complaints, "\n".join(complaints)
    assert rows(rights, "SELECT COUNT(*) AS n FROM file")[0]["n"] == 2 and file
    assert person(rights, "admin", "Admin#2024-pw").get("/api/v1/bills").json()["pagination"]["total"] == 2
