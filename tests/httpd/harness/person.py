"""A person in his browser: a cookie and the token that his page sends along."""
import contextlib
import http.cookies
import json
import sqlite3

from .client import Http

COOKIE = "fpimage_session"


class Person(Http):
    """Http with a session's cookie; changing calls bring X-CSRF-Token unless csrf=False is said."""

    def __init__(self, host, port, **options):
        super().__init__(host, port, **options)
        self.cookie = self.csrf = self.user = None

    def request(self, method, path, body=None, headers=None, csrf=True, cookie=True, **options):
        headers = dict(headers or {})
        if self.cookie and cookie:
            headers.setdefault("Cookie", f"{COOKIE}={self.cookie}")
        if self.csrf and csrf and method not in ("GET", "HEAD"):
            headers.setdefault("X-CSRF-Token", self.csrf)
        return super().request(method, path, body, headers, **options)

    def enter(self, login, password, **more):
        """Signs in; the answer."""
        reply = self.post("/api/v1/session", {"login": login, "password": password, **more}, cookie=False, csrf=False)
        return self.take(reply)

    def take(self, reply):
        if reply.status in (200, 201):
            value = reply.json()
            self.cookie = http.cookies.SimpleCookie(reply.headers["Set-Cookie"])[COOKIE].value
            self.csrf, self.user = value["csrf_token"], value["user"]
        return reply

    def put(self, path, json_body=None, **options):
        return self.request("PUT", path, json_body=json_body, **options)

    def delete(self, path, **options):
        return self.request("DELETE", path, **options)


def person(site, login=None, password=None):
    one = Person("127.0.0.1", site.httpd.port)
    site._opened.append(one)
    if login:
        reply = one.enter(login, password)
        assert reply.status == 200, reply
    return one


PASSWORD = "Aa1#test-pass"
_hashes = {}  # of a password, as the module made it: each costs as much as a hundred calls


def settle(site, login, one_time, password=PASSWORD):
    """First login with the one-time password, then the change that is asked for. Once a session; whoever gets the same
    password later is given its hash."""
    if password in _hashes:
        store(site, 'UPDATE "user" SET password = ?1, must_change = 0 WHERE (name = ?2 OR mobile = ?2) AND must_change = 1', _hashes[password],
              login)
        return person(site, login, password)
    one = person(site, login, one_time)
    reply = one.put("/api/v1/session/password", {"old": one_time, "new": password})
    assert reply.status == 200, reply
    _hashes[password] = store(site, 'SELECT password FROM "user" WHERE name = ?1 OR mobile = ?1', login)[0][0]
    return one


def store(site, sql, *values):
    with contextlib.closing(sqlite3.connect(next(site.httpd.data.glob("*.db")), timeout=20, isolation_level=None)) as base:
        return base.execute(sql, values).fetchall()


def administrator(site):
    return settle(site, "admin", site.admin["password"], "Admin#2024-pw")


def make_user(site, admin, name, **form):
    """A user who has changed his password, signed in."""
    reply = admin.post("/api/v1/users", {"name": name, **form})
    assert reply.status == 201, reply
    value = reply.json()
    one = settle(site, name, value["one_time_password"])
    one.id = value["user_id"]
    return one


def error(reply):
    return json.loads(reply.text)["error"]
