"""Bad input for every route of the console, generated from the table of routes: whatever comes, no 5xx, an error that
says something, and a store that is whole. What each route makes of its own fields is tested beside it.
"""
import itertools
import json
import re

import pytest

from harness import places
from harness.client import Ctl
from test_100_start import each, rows
from test_160_matrix import BODIES, LONG, ODD, QUERIES, STRUCTURES
from test_340_files import Bill, pdf

ROUTES = sorted({(route["method"], route["path"]) for route in Ctl().must("routes") if route["family"] == "C"})
PARTS = ["0", "-1", "x", "1.5", "9" * 30, "%31", "1%2f2", "a" * 300, "%e5%bc", "'", "%00", "NULL", "1;2"]
TYPES = ["application/json", "multipart/form-data; boundary=B", "multipart/form-data", "application/x-www-form-urlencoded",
         "application/octet-stream", "text/html", "x" * 2000]
HEADERS = [{"If-Match": '"x"'}, {"If-Match": "x" * 3000}, {"Range": "bytes=9-1"}, {"Upload-Offset": "-1"}, {"Idempotency-Key": "a b"},
           {"X-File-Name": "%zz"}, {"Content-Disposition": 'form-data; filename="'}, {"Accept-Language": "x" * 3000},
           {"X-CSRF-Token": "'"}, {"Cookie": "a=b; " * 200}, {"Content-Encoding": "gzip"}, {"If-None-Match": "\xff"}]
FORMS = [b"--B--\r\n", b"--B\r\n\r\nx\r\n--B--\r\n", b"--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n--B--\r\n",
         b"--B\r\nContent-Disposition: form-data\r\n\r\nx", b"--B" * 1000, b"--B\r\n" + b"A: b\r\n" * 2000]


@pytest.fixture
def site(make_gateway):
    """One of each thing that routes name."""
    one = make_gateway(directives="FPImageMaxJSON 128K\nFPImageMaxFile 128K")
    one.caller = one.login()
    made = Bill(one, one.caller, "MX-1")
    file = made.add("a")
    upload = one.caller.post("/api/v1/uploads", {"name": "a.pdf", "size": 100}).json()["upload_id"]
    capture = one.caller.post("/api/v1/captures", {}).json()["id"]
    pages = one.caller.request("POST", f"/api/v1/captures/{capture}/pages", pdf("p"), {"Content-Type": "application/pdf"}).json()["pages"]
    rule = one.caller.post("/api/v1/cover-rules", {"name": "r", "separator": "-", "parts": [{"kind": "DIGITS", "digits": 4}]}).json()["id"]
    one.parts = {"bill_id": made.id, "file_id": file["id"], "upload_id": upload, "capture_id": capture, "page_id": pages[0]["id"],
                 "rule_id": rule}
    return one


def path_of(site, path, parts=None):
    return re.sub(r"\{(\w+)\}", lambda found: str((parts or site.parts).get(found[1], 1)), path)


def judge(reply):
    """What is wrong with an answer, or None."""
    if reply.status >= 500:
        return f"{reply.status} {reply.text[:300]}"
    if reply.status in (400, 404, 414) and reply.headers["Content-Type"].startswith("text/html"):
        return None  # httpd's own, before it is ours: an encoded slash or NUL in the path, a line that is too long
    if not reply.trace:
        return "no trace id"
    if reply.status >= 400 and reply.body:
        error = reply.json().get("error") or {}
        if not (error.get("code") and error.get("message") and error.get("request_id") == reply.trace):
            return reply.text[:300]
    return None


def check_all(site, cases):
    """cases: (method, path, body, headers, query)"""
    def check(method, path, body, headers, query):
        said = judge(site.caller.request(method, path, body, headers, query=query))
        assert said is None, said

    site.httpd.expect_log("AH0|AH1|FPI0032.*is void", optional=True)  # a sync that a void overtook
    each(cases, check)
    assert rows(site, "PRAGMA integrity_check") == [{"integrity_check": "ok"}]
    assert site.caller.get("/fpimage/ready").status == 200


def test_parts_of_the_path(site):
    def cases():
        for method, path in ROUTES:
            for part in PARTS if "{" in path else ():
                yield method, path_of(site, path, dict.fromkeys(re.findall(r"\{(\w+)\}", path), part)), b"{}", {}, None

    check_all(site, cases())


def test_bodies(site):
    names = [name for name in BODIES if name not in ("in a field", "closed lists")]

    def cases():
        for method, path in ROUTES:
            if method in ("GET", "DELETE"):
                continue
            for name in names:
                yield method, path_of(site, path), BODIES[name], {"Content-Type": "application/json"}, None
            for kind, body in itertools.product(TYPES, (b"", b"{}", b"\xff" * 100, *FORMS)):
                yield method, path_of(site, path), body, {"Content-Type": kind, "Upload-Offset": "0"}, None

    check_all(site, cases())


def words_of_the_console():
    """The names of fields that README tells of its routes."""
    readme = (places.SOURCE / "README.md").read_text(encoding="utf-8")
    lines = [line for line in readme.splitlines() if "/api/v1/" in line]
    return sorted(set(re.findall(r"[a-z][a-z_]{2,}", " ".join(re.findall(r"`([^`]*)`", " ".join(lines))))))


def test_fields(site):
    """Each name that the console knows, with each odd value, all names at once: as many odd bodies as values."""
    names = words_of_the_console()
    assert "bill_ids" in names and "rotation" in names

    def cases():
        for method, path in ROUTES:
            if method in ("GET", "DELETE"):
                continue
            for value in [*STRUCTURES.values(), *LONG.values(), *ODD.values()]:
                body = json.dumps(dict.fromkeys(names, value), ensure_ascii=False).encode("utf-8", "surrogatepass")
                yield method, path_of(site, path), body, {"Content-Type": "application/json"}, None

    check_all(site, cases())


def test_queries(site):
    names = words_of_the_console()

    def cases():
        for method, path in ROUTES:
            for text in QUERIES.values():
                yield method, path_of(site, path) + "?" + text.format(token="x"), b"", {}, None
            for value in ("", "0", "-1", "x", "9" * 30, "2024-99-99", "ASC", "张", "a" * 50):
                yield method, path_of(site, path), b"", {}, {name: value for name in names if name != "access_token"}

    check_all(site, cases())


def test_headers(site):
    check_all(site, ((method, path_of(site, path), b"{}", headers, None) for (method, path), headers in itertools.product(ROUTES, HEADERS)))


def test_methods(site):
    known = {}
    for method, path in ROUTES:
        known.setdefault(path, set()).add(method)

    def check(path, method):
        reply = site.caller.request(method, path_of(site, path), b"")
        assert reply.status == 405 and judge(reply) is None, reply
        assert set(reply.headers["Allow"].replace(" ", "").split(",")) >= known[path], reply.headers["Allow"]

    each([(path, method) for path, methods in known.items() for method in ("PUT", "PATCH", "DELETE", "POST", "BREW")
          if method not in methods and not any(route_fits(other, path) and method in known[other] for other in known)], check)


def route_fits(pattern, path):
    return re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", pattern), path) is not None


def test_without_a_token(site):
    def check(method, path):
        reply = site.caller.request(method, path_of(site, path), b"{}", {"Content-Type": "application/json"}, token=False)
        assert reply.status in (400, 401, 403) and judge(reply) is None, reply

    each([route for route in ROUTES if not re.search("session|event", route[1])], check)
