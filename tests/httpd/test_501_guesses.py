"""Guessing: whatever an account is called by, wherever a guess comes from or seems to, however many come at once, they are
counted; and what is counted stays bounded. The plain locks are test_500's."""
import hashlib
import threading

import pytest

from harness.person import PASSWORD, Person, administrator, error, make_user, person
from test_100_start import ANNOUNCE, bill, change, rows

SESSION, EVENT, PHONES = "/api/v1/session", "/api/v1/event-sessions", "/api/v1/phone-sessions"
CODE = "/api/imgsys/bill/outside/getEventCode"
NOW = "CAST(strftime('%s', 'now') AS INTEGER) * 1000000"
MOBILE = "13800000501"


@pytest.fixture
def site(gateway):
    gateway.boss = administrator(gateway)
    gateway.clerk = make_user(gateway, gateway.boss, "Clerk", mobile=MOBILE, roles=["扫描员"])
    return gateway


def put_guard(site, key, count):
    change(site, f"INSERT INTO login_guard (key, count, since, locked) VALUES (?, ?, {NOW}, 0)", key, count)


def guards(site):
    return {row["key"]: row["count"] for row in rows(site, "SELECT key, count FROM login_guard")}


def forget(site, which="%"):
    change(site, "DELETE FROM login_guard WHERE key LIKE ?", which)


def attempt(site, login, password="Wrong#pass1", headers=None, **more):
    return person(site).post(SESSION, {"login": login, "password": password, **more}, headers=headers or {})


# what the account is called by

SAME = ["Clerk", MOBILE, "  Clerk\t", f"\u3000{MOBILE}\u200b"]  # blanks that come along when it is pasted
OTHER = ["clerk", "CLERK", "Ｃｌｅｒｋ", "Cler\u043a", "Clerk\u0301", "C lerk", "Clerk%", "Cl_rk", "Clerk'--", "１３８０００００５０１", "*", "%"]
SOURCES = ["X-Forwarded-For", "X-Real-IP", "Forwarded", "Client-IP", "X-Client-IP", "True-Client-IP", "Via"]


def test_no_name_of_it_gets_further(site):
    """Each name of the account counts for it; what is no name of it never opens it, and is locked by itself."""
    codes = [attempt(site, SAME[n % len(SAME)], headers={SOURCES[n % len(SOURCES)]: f"192.0.2.{n}"}, domain="").status for n in range(8)]
    assert codes == [401] * 5 + [429] * 3
    assert all(attempt(site, name, PASSWORD).status == 429 for name in SAME)
    assert guards(site) == {f"user:{site.clerk.id}": 5, "address:127.0.0.1": 5}
    forget(site)
    for name in OTHER:
        assert attempt(site, name, PASSWORD).status == 401, name
    assert person(site, SAME[2], PASSWORD) and person(site, SAME[3], PASSWORD)
    assert guards(site)["address:127.0.0.1"] == len(OTHER)


def test_an_answer_does_not_say_who_is_there(site):
    """Unknown, disabled, of another domain, or with a wrong password: the same words, as long, and locked after as many."""
    gone = make_user(site, site.boss, "gone")
    assert site.boss.post(f"/api/v1/users/{gone.id}/disable", {}).status == 200
    who = {"known": ("Clerk", {}), "unknown": ("nobody", {}), "disabled": ("gone", {}), "domain": ("Clerk", {"domain": "nowhere.example"})}
    replies = {name: [] for name in who}
    for _ in range(6):  # in turn, so that whatever slows this machine slows them all
        for name, (login, more) in who.items():
            replies[name].append(attempt(site, login, **more))
    answers = {name: [(reply.status, {**error(reply), "request_id": "", "retry_after": "", "message": error(reply)["message"][:12]})
                      for reply in some] for name, some in replies.items()}
    seconds = {name: min(reply.seconds for reply in some[:5]) for name, some in replies.items()}
    assert answers["unknown"] == answers["known"] == answers["disabled"] == answers["domain"]
    assert [status for status, _ in answers["known"]] == [401] * 5 + [429]
    assert min(seconds.values()) > max(seconds.values()) / 4, seconds


# where it comes from

def test_a_forwarded_address_counts_where_a_proxy_of_ours_says_it(make_gateway):
    """And of IPv6 the whole net that one customer has; an IPv4 address is the same in IPv6's clothes."""
    site = make_gateway(directives="FPImageTrustedProxy 127.0.0.1")
    put_guard(site, "address:2001:db8:0:1::/64", 58)
    put_guard(site, "address:192.0.2.7", 59)

    def status(source):
        return attempt(site, "nobody-" + str(len(guards(site))), headers={"X-Forwarded-For": source}).status

    assert [status("2001:db8:0:1::9"), status("[2001:DB8:0:1:ffff::9]:443"), status("2001:db8:0:1:1:2:3:4"), status("2001:db8:0:2::9")] == [
        401, 401, 429, 401]
    # what stands left of the proxy's own word is the client's, who may say what it likes
    assert status("198.51.100.1, ::ffff:192.0.2.7") == 401
    assert [status(f"198.51.100.{n}, 192.0.2.7") for n in range(3)] == [429] * 3
    # an administrator lifts what holds a whole company up
    for address in ("192.0.2.7", "2001:db8:0:1:aaaa::1"):
        assert site.ctl.must("user", "unlock", address)["was_locked"] and not site.ctl.must("user", "unlock", address)["was_locked"]
        assert status(address) == 401
    assert [row["object"] for row in rows(site, "SELECT object FROM audit WHERE action = 'address.unlocked'")] == ["192.0.2.7", "2001:db8:0:1:aaaa::1"]


# many at once

def at_once(site, count, call):
    replies, gate = [], threading.Barrier(count)

    def one(n):
        with Person("127.0.0.1", site.httpd.port, timeout=120) as caller:
            gate.wait()
            replies.append(call(caller, n))

    threads = [threading.Thread(target=one, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return replies


def test_a_hundred_at_once(site):
    """Of one account five are looked at, of one address sixty."""
    replies = at_once(site, 100, lambda caller, n: caller.enter(SAME[n % 2], "Wrong#pass1"))
    statuses = [reply.status for reply in replies]
    assert statuses.count(401) == guards(site)[f"user:{site.clerk.id}"] == 5 and statuses.count(429) == 95
    forget(site)
    put_guard(site, "address:127.0.0.1", 54)
    statuses = [reply.status for reply in at_once(site, 60, lambda caller, n: caller.enter(f"nobody-{n}", "Wrong#pass1"))]
    assert statuses.count(401) <= 6 and set(statuses) <= {401, 429}


def test_who_finds_no_room_has_not_tried(site):
    """A rush of right passwords locks nobody out."""
    who = ["Clerk", "admin", *(make_user(site, site.boss, f"rush-{n}").user["name"] for n in range(4))]
    replies = at_once(site, 24, lambda caller, n: caller.enter(who[n % 6], "Admin#2024-pw" if n % 6 == 1 else PASSWORD))
    busy = [reply for reply in replies if reply.status != 200]
    assert {(reply.status, error(reply)["type"], reply.headers["Retry-After"]) for reply in busy} <= {(429, "too_many_requests", "1")}
    assert len(busy) < 24 and guards(site) == {} and attempt(site, "Clerk", PASSWORD).status == 200


def test_locks_outlive_a_restart(site):
    assert [attempt(site, "Clerk").status for _ in range(5)] == [401] * 5
    site.httpd.stop()
    site.httpd.start()
    assert attempt(site, MOBILE, PASSWORD).status == 429


# other ways in

def test_the_old_password_is_a_guess_too(site):
    assert [attempt(site, "Clerk").status for _ in range(3)] == [401] * 3
    change_it = [site.clerk.put(SESSION + "/password", {"old": f"Wrong#pass{n}", "new": "Other#2025-pw"}).status for n in range(4)]
    assert change_it == [401] * 2 + [429] * 2
    assert attempt(site, MOBILE, PASSWORD).status == 429 and site.clerk.get(SESSION).status == 200


def lend(site):
    capture = site.clerk.post("/api/v1/captures", {"name": "tray"}).json()["id"]
    return site.clerk.post(f"/api/v1/captures/{capture}/phone", {}).json()["url"].partition("#")[2]


def jump(site):
    erp = site.login()
    assert erp.post(ANNOUNCE, bill("GUESS-1")).errcode == "0000"
    return erp.post(CODE, {"scanBillNo": "GUESS-1", "resource": "EAS", "userPhone": MOBILE}).json()["data"]["eventCode"]


@pytest.mark.parametrize("path,field,make", [(EVENT, "event_code", jump), (PHONES, "code", lend)], ids=["event", "phone"])
def test_codes_that_nobody_has_made(site, path, field, make):
    """They are counted by address; what is good, used or late is none of them, and passwords are counted by themselves."""
    def use(code, **more):
        return person(site).post(path, {field: code}, **more)

    good, late = make(site), make(site)
    change(site, "UPDATE event_code SET expires = 1 WHERE hash = ?", hashlib.sha256(late.encode()).hexdigest())
    statuses = [use(late).status, use(late).status]
    assert statuses == [401, 401] and guards(site) == {}
    put_guard(site, "code:127.0.0.1", 58)
    assert use("A" * 43).status == 401 and guards(site)["code:127.0.0.1"] == 59
    if path == EVENT:
        assert use(good).status == 201 and use(good).status == 401 and guards(site)["code:127.0.0.1"] == 59
    assert use("B" * 43, headers={"X-Forwarded-For": "192.0.2.1"}).status == 401
    reply = use(make(site))
    assert (reply.status, error(reply)["type"]) == (429, "locked") and int(reply.headers["Retry-After"]) > 0
    assert attempt(site, "Clerk", PASSWORD).status == 200


def test_domains_that_no_tenant_has(site):
    """Whoever has the address of a login page is told whose it is; who tries names is not, of no domain, once there were many.
    Passwords are counted by themselves."""
    change(site, "UPDATE tenant SET domain = 'acme.example' WHERE id = 1")

    def ask(domain, **more):
        return person(site).get("/api/v1/tenant", query={"domain": domain}, **more)

    assert [ask("acme.example").status for _ in range(3)] == [200] * 3 and guards(site) == {}
    put_guard(site, "domain:127.0.0.1", 58)
    assert ask("a.example").status == 404 and guards(site) == {"domain:127.0.0.1": 59}
    assert ask("b.example", headers={"X-Forwarded-For": "192.0.2.1"}).status == 404
    known, unknown = ask("acme.example"), ask("c.example")
    assert [(one.status, error(one)["type"]) for one in (known, unknown)] == [(429, "locked")] * 2
    assert int(known.headers["Retry-After"]) > 0 and guards(site)["domain:127.0.0.1"] == 60
    assert attempt(site, "Clerk", PASSWORD, domain="acme.example").status == 200
    assert site.ctl.must("user", "unlock", "127.0.0.1")["was_locked"] and ask("acme.example").status == 200


# what is counted is bounded

def test_what_is_over_is_forgotten(site):
    """Where nobody ever gets in, and where everybody comes from the ERP."""
    for n in range(200):
        change(site, "INSERT INTO login_guard (key, count, since, locked) VALUES (?, 5, 1, ?)", f"login:1:{n}", n % 2)
    assert attempt(site, "nobody").status == 401
    assert len(guards(site)) == 2 and guards(site)["address:127.0.0.1"] == 1
    code = jump(site)
    before = rows(site, "SELECT COUNT(*) AS n FROM session")[0]["n"]
    change(site, "UPDATE session SET used = 1")
    assert person(site).post(EVENT, {"event_code": code}).status == 201
    assert before >= 2 and rows(site, "SELECT COUNT(*) AS n FROM session") == [{"n": 1}]
    change(site, "UPDATE event_code SET expires = 1")
    assert person(site).post(EVENT, {"event_code": jump(site)}).status == 201
    assert rows(site, "SELECT COUNT(*) AS n FROM event_code") == [{"n": 1}]
