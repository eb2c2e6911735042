"""Signing in: the cookie, what it must bring along, the first password, locks, and how a session ends."""
import http.cookies
import re
import threading
import time

import pytest

from harness.client import Raw
from harness.person import COOKIE, PASSWORD, Person, administrator, error, make_user, person, settle
from test_100_start import change, rows

SESSION = "/api/v1/session"


@pytest.fixture
def site(gateway):
    gateway.boss = administrator(gateway)
    return gateway


# the first password

def test_one_time_password_must_be_changed(gateway):
    one = person(gateway, "admin", gateway.admin["password"])
    assert one.user["must_change"]
    for path in ("/api/v1/bills", "/api/v1/users", "/api/v1/limits"):
        reply = one.get(path)
        assert (reply.status, error(reply)["type"]) == (403, "password_change_required"), reply
    assert one.get(SESSION).status == 200
    for wanted in ("short", "alllowercase1#", "NoDigits##", "has blank 1#A", gateway.admin["password"]):
        reply = one.put(SESSION + "/password", {"old": gateway.admin["password"], "new": wanted})
        assert reply.status == 400, (wanted, reply)
    reply = one.put(SESSION + "/password", {"old": "Wrong#pass1", "new": PASSWORD})
    assert (reply.status, error(reply)["type"]) == (401, "login_failed")
    assert one.put(SESSION + "/password", {"old": gateway.admin["password"], "new": PASSWORD}).status == 200
    assert one.get("/api/v1/bills").status == 200
    assert not one.get(SESSION).json()["user"]["must_change"]


# who am I

def test_login_and_who_am_i(site):
    one = person(site)
    reply = one.enter("admin", "Admin#2024-pw")
    value = reply.json()
    cookie = http.cookies.SimpleCookie(reply.headers["Set-Cookie"])[COOKIE]
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", cookie.value)
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and cookie["path"] == "/" and not cookie["secure"]
    assert reply.headers["Cache-Control"] == "no-store"
    assert value["user"]["name"] == "admin" and value["user"]["roles"][0]["role_id"] == 1
    assert {"BILL_VIEW", "PEOPLE_EDIT", "BILL_SEE_ALL"} <= set(value["user"]["permissions"])
    assert value["expires_at"].endswith("Z")
    again = one.get(SESSION).json()
    assert again["csrf_token"] == value["csrf_token"] and again["kind"] == "PERSON"
    # nothing of the cookie or the password lies in the store
    text = str(rows(site, "SELECT * FROM session")) + str(rows(site, 'SELECT * FROM "user"'))
    assert cookie.value not in text and "Admin#2024" not in text


def test_login_by_mobile(site):
    made = site.boss.post("/api/v1/users", {"name": "李四", "mobile": "+86 138-0013-8000", "roles": ["扫描员"]}).json()
    assert made["mobile"] == "13800138000"
    one = settle(site, "13800138000", made["one_time_password"])
    assert one.get(SESSION).json()["user"]["name"] == "李四"


def test_domain(site):
    assert person(site).enter("admin", "Admin#2024-pw", domain="nobody.example").status == 401
    change(site, "UPDATE tenant SET domain = 'acme' WHERE id = 1")
    assert person(site).enter("admin", "Admin#2024-pw", domain="acme").status == 200
    change(site, "INSERT INTO tenant (id, name, created, domain) VALUES (2, 'Other', 0, 'other')")
    assert person(site).enter("admin", "Admin#2024-pw", domain="other").status == 401


BODIES = [b"", b"[]", b"{", b'{"login":"admin"}', b'{"login":1,"password":"x"}', b'{"login":"admin","password":null}',
          b'{"login":"","password":"x"}', b'{"login":"' + b"x" * 200 + b'","password":"x"}', b"login=admin&password=x"]


@pytest.mark.parametrize("body", BODIES)
def test_bad_bodies(site, body):
    reply = person(site).request("POST", SESSION, body, {"Content-Type": "application/json"})
    assert reply.status == 400 and "Set-Cookie" not in reply.headers, reply


def test_another_sites_form_signs_nobody_in(site):
    body = b'{"login":"admin","password":"Admin#2024-pw"}'
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        reply = person(site).request("POST", SESSION, body, {"Content-Type": kind})
        assert reply.status == 400 and "Set-Cookie" not in reply.headers, (kind, reply)


# what a call must bring along

def test_csrf(site):
    one = site.boss
    form = {"code": "C1", "name": "组织"}
    for token in (None, "", "x", "0" * 32, one.csrf[:-1], one.csrf.upper() + " ", person(site, "admin", "Admin#2024-pw").csrf):
        headers = {} if token is None else {"X-CSRF-Token": token}
        reply = one.post("/api/v1/organisations", form, headers=headers, csrf=False)
        assert (reply.status, error(reply)["type"]) == (403, "csrf" if token is None else "another_session"), (token, reply)
    assert rows(site, "SELECT COUNT(*) AS n FROM org") == [{"n": 0}]
    assert one.get("/api/v1/organisations", csrf=False).status == 200
    assert one.post("/api/v1/organisations", form).status == 201


def test_a_page_of_another_session_reads_nothing(site):
    """The browser's cookie is one for all its tabs: what a page says of whose it is counts for each method."""
    one, other = site.boss, person(site, "admin", "Admin#2024-pw")
    for path in (SESSION, "/api/v1/organisations", "/api/v1/bills/1"):
        said = one.get(path, headers={"X-CSRF-Token": other.csrf, "Accept-Language": "zh"})
        assert (said.status, error(said)["type"], error(said)["code"]) == (403, "another_session", "1314"), said
        assert "另一个会话" in error(said)["message"], said
    for csrf in (one.csrf, None):
        assert one.get(SESSION, headers={"X-CSRF-Token": csrf} if csrf else {}).status == 200
    assert one.delete(SESSION, headers={"X-CSRF-Token": other.csrf}).status == 403
    assert one.get(SESSION).status == 200


COOKIES = {"none": None, "empty": f"{COOKIE}=", "short": f"{COOKIE}=abc", "long": f"{COOKIE}=" + "A" * 5000,
           "unknown": f"{COOKIE}=" + "A" * 43, "other name": "session=" + "A" * 43, "many": "; ".join(f"a{n}=b" for n in range(400)),
           "separators": ";;;,,,===", "quoted": f'{COOKIE}="' + "A" * 41 + '"', "two": f"{COOKIE}=" + "A" * 43 + f"; {COOKIE}=" + "B" * 43}


@pytest.mark.parametrize("name", COOKIES)
def test_bad_cookies(site, name):
    headers = {"Cookie": COOKIES[name]} if COOKIES[name] is not None else {}
    for path in (SESSION, "/api/v1/bills"):
        reply = person(site).get(path, headers=headers)
        assert reply.status == 401 and "items" not in reply.text, reply


def test_cookie_among_others(site):
    one = site.boss
    for text in (f"a=b; {COOKIE}={one.cookie}", f"{COOKIE}={one.cookie}; x=y", f"a={COOKIE};{COOKIE}={one.cookie};b",
                 f"{COOKIE}={one.cookie}; {COOKIE}={one.cookie}"):
        assert person(site).get(SESSION, headers={"Cookie": text}).status == 200, text
    twice = f"{COOKIE}={one.cookie}; {COOKIE}={'A' * 43}"
    assert person(site).get(SESSION, headers={"Cookie": twice}).status == 401


def test_a_token_goes_before_the_cookie(site):
    caller = site.login()
    reply = caller.get("/api/v1/users", headers={"Cookie": f"{COOKIE}={site.boss.cookie}"})
    assert (reply.status, error(reply)["type"]) == (403, "forbidden")


# wrong passwords

def test_a_wrong_password_and_an_unknown_account_look_alike(site):
    one = person(site)
    known, unknown = one.enter("admin", "Wrong#pass1"), one.enter("nobody", "Wrong#pass1")
    assert (known.status, unknown.status) == (401, 401)
    a, b = error(known), error(unknown)
    del a["request_id"], b["request_id"]
    assert a == b
    spent = {who: min(one.enter(who, "Wrong#pass1").seconds for _ in range(2)) for who in ("admin", "nobody")}
    assert spent["nobody"] > spent["admin"] / 3, spent


@pytest.mark.parametrize("who", ["admin", "nobody"])
def test_lock_after_failures(site, who):
    one = person(site)
    answers = [one.enter(who, "Wrong#pass1").status for _ in range(7)]
    assert answers == [401] * 5 + [429] * 2
    reply = one.enter(who, "Admin#2024-pw")
    assert (reply.status, error(reply)["code"], error(reply)["type"]) == (429, "1429", "locked")
    assert 0 < error(reply)["retry_after"] <= 1800 and int(reply.headers["Retry-After"]) == error(reply)["retry_after"]
    # who is in already stays in
    assert site.boss.get("/api/v1/bills").status == 200


def test_an_administrator_unlocks(site):
    made = site.boss.post("/api/v1/users", {"name": "clerk", "mobile": "13900000001"}).json()
    for _ in range(5):
        person(site).enter("clerk", "Wrong#pass1")
    assert person(site).enter("13900000001", made["one_time_password"]).status == 429
    assert site.boss.get(f"/api/v1/users/{made['user_id']}").json()["locked_until"]
    reply = site.boss.post(f"/api/v1/users/{made['user_id']}/unlock")
    assert reply.status == 200 and reply.json()["was_locked"] and reply.json()["locked_until"] is None
    assert person(site).enter("clerk", made["one_time_password"]).status == 200
    for _ in range(5):
        person(site).enter("clerk", "Wrong#pass1")
    assert site.ctl.must("user", "unlock", "clerk")["was_locked"]
    assert person(site).enter("clerk", made["one_time_password"]).status == 200


def test_a_lock_ends_by_itself(site):
    for _ in range(5):
        person(site).enter("admin", "Wrong#pass1")
    assert person(site).enter("admin", "Admin#2024-pw").status == 429
    change(site, "UPDATE login_guard SET locked = locked - 1801000000, since = since - 1801000000")
    assert person(site).enter("admin", "Admin#2024-pw").status == 200


def test_an_address_is_locked_too(site):
    change(site, "INSERT INTO login_guard (key, count, since, locked) VALUES ('address:127.0.0.1', 59,"
               " CAST(strftime('%s', 'now') AS INTEGER) * 1000000, 0)")
    assert person(site).enter("one", "Wrong#pass1").status == 401
    reply = person(site).enter("two", "Wrong#pass1")
    assert (reply.status, error(reply)["type"]) == (429, "locked")


def test_good_logins_do_not_count(site):
    for _ in range(8):
        assert person(site).enter("admin", "Admin#2024-pw").status == 200
    assert rows(site, "SELECT COUNT(*) AS n FROM login_guard") == [{"n": 0}]


def test_many_guesses_at_once_get_no_further(site):
    codes = []

    def guess():
        with Person("127.0.0.1", site.httpd.port) as one:
            codes.append(one.enter("admin", "Wrong#pass1").status)

    threads = [threading.Thread(target=guess) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes.count(401) <= 5 and set(codes) <= {401, 429}, codes


# the end

def test_logout_ends_it_everywhere(site):
    one = person(site, "admin", "Admin#2024-pw")
    assert one.delete(SESSION, csrf=False).status == 403
    reply = one.delete(SESSION)
    assert reply.status == 204 and "Max-Age=0" in reply.headers["Set-Cookie"]
    for _ in range(12):  # whichever child answers
        with Person("127.0.0.1", site.httpd.port) as fresh:
            fresh.cookie = one.cookie
            assert fresh.get("/api/v1/bills").status == 401
    assert site.boss.get("/api/v1/bills").status == 200


def test_other_sessions_end_with_the_password(site):
    one, two = (person(site, "admin", "Admin#2024-pw") for _ in range(2))
    assert one.put(SESSION + "/password", {"old": "Admin#2024-pw", "new": "Other#2025-pw"}).status == 200
    assert one.get(SESSION).status == 200 and two.get(SESSION).status == 401
    assert person(site).enter("admin", "Admin#2024-pw").status == 401


def test_disabling_and_resetting_end_it(site):
    clerk = make_user(site, site.boss, "clerk", roles=["扫描员"])
    assert clerk.get("/api/v1/bills").status == 200
    reset = site.boss.post(f"/api/v1/users/{clerk.id}/reset").json()
    assert clerk.get("/api/v1/bills").status == 401
    clerk = settle(site, "clerk", reset["one_time_password"])
    assert site.boss.post(f"/api/v1/users/{clerk.user['user_id']}/disable").status == 200
    assert clerk.get("/api/v1/bills").status == 401
    assert person(site).enter("clerk", PASSWORD).status == 401


def test_rights_change_at_once(site):
    clerk = make_user(site, site.boss, "clerk", roles=["扫描员"])
    assert clerk.get("/api/v1/users").status == 403
    assert site.boss.put(f"/api/v1/users/{clerk.id}", {"roles": ["影像管理员"]}).status == 200
    for _ in range(6):
        assert clerk.get("/api/v1/users").status == 200
    assert site.boss.put(f"/api/v1/users/{clerk.id}", {"roles": []}).status == 200
    for _ in range(6):
        assert clerk.get("/api/v1/users").status == 403


def test_idle_for_too_long(site):
    one = person(site, "admin", "Admin#2024-pw")
    change(site, "UPDATE session SET used = used - 28801000000")
    time.sleep(5.2)  # what is remembered of a session is looked at again
    assert one.get("/api/v1/bills").status == 401


def test_use_keeps_it_alive(site):
    one = person(site, "admin", "Admin#2024-pw")
    change(site, "UPDATE session SET used = used - 25200000000")
    time.sleep(5.2)
    before = rows(site, "SELECT MAX(used) AS used FROM session")[0]["used"]
    assert one.get("/api/v1/bills").status == 200
    assert rows(site, "SELECT MAX(used) AS used FROM session")[0]["used"] > before


def test_head_and_garbled_requests(site):
    with Raw("127.0.0.1", site.httpd.port) as raw:
        raw.send(f"GET {SESSION} HTTP/1.1\r\nHost: x\r\nCookie: {COOKIE}={site.boss.cookie}\r\nCookie: {COOKIE}={'B' * 43}\r\n"
                 "Connection: close\r\n\r\n")
        assert raw.response("GET").status == 401
