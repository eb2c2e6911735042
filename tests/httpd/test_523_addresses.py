"""Addresses: wherever a caller's bytes could come to stand in a Location, in the address of a page, in a QR code or in a
header, they lead nowhere else and split nothing."""
import re
import urllib.parse

import pytest

from harness.client import Raw
from harness.person import COOKIE, administrator, person
from test_100_start import ANNOUNCE, bill, each, patience, rows
from test_370_page import page  # noqa: F401

VIEW, CODE = "/api/imgsys/bill/h5/getH5ViewPageUrl", "/api/imgsys/bill/outside/getEventCode"
EVIL = "evil.example"
PHONE = "13800000523"
# where a browser may go to, or a header may end
PAYLOADS = [f"//{EVIL}", f"///{EVIL}", f"/\\{EVIL}", f"\\\\{EVIL}", f"https:{EVIL}", f"https:/{EVIL}", f"https://{EVIL}/x", f"%2f%2f{EVIL}",
            f"/%2f{EVIL}", f"/%5c{EVIL}", f"https://127.0.0.1@{EVIL}", f"https://127.0.0.1:80@{EVIL}/", f"https://{EVIL}#127.0.0.1",
            f"//evil\u3002example", f"//\uff45vil.example", "javascript:alert(1)", "JaVa\tScRiPt:alert(1)", "java\nscript:alert(1)",
            "data:text/html,<script>alert(1)</script>", "vbscript:x", f"x\r\nLocation: https://{EVIL}", f"x\r\n\r\n<script>{EVIL}", f"x\nSet-Cookie: a={EVIL}",
            f"\x00//{EVIL}", f"..//{EVIL}", f".{EVIL}", f'"><script src=//{EVIL}>', f"x\u2028//{EVIL}", f"//{EVIL}%0d%0aX-Evil: 1"]
NAMES = ("domain", "next", "redirect", "redirect_uri", "returnUrl", "return_url", "url", "callback", "host", "code", "lang")
HOSTS = [EVIL, f"{EVIL}:81", f"127.0.0.1@{EVIL}", f"127.0.0.1:{{port}}@{EVIL}", f"127.0.0.1 {EVIL}", f"127.0.0.1,{EVIL}", f"127.0.0.1/{EVIL}",
         f"127.0.0.1#{EVIL}", f"127.0.0.1?{EVIL}", f"127.0.0.1\\{EVIL}", f'127.0.0.1"{EVIL}', f"127.0.0.1<{EVIL}>", f"127.0.0.1:80.{EVIL}", "evil\u3002example",
         f"127.0.0.1%0d%0aX-Evil:1", f"127.0.0.1:{{port}}/{EVIL}", f"//{EVIL}", "", "[::1", "a" * 300, f"127.0.0.1\t{EVIL}", "127.0.0.1:99999999"]
FORWARDED = {"X-Forwarded-Host": EVIL, "X-Forwarded-Server": EVIL, "X-Original-Host": EVIL, "X-Host": EVIL, "Forwarded": f"host={EVIL};proto=https",
             "X-Forwarded-Proto": "https", "X-Forwarded-Port": "4443", "X-Original-URL": f"//{EVIL}", "X-Rewrite-URL": f"//{EVIL}", "Referer": f"https://{EVIL}/",
             "Origin": f"https://{EVIL}"}


def furnish(one):
    """A caller with a bill, somebody to look at it, and his page."""
    one.boss, one.erp = administrator(one), one.login()
    assert one.boss.post("/api/v1/users", {"name": "viewer", "mobile": PHONE, "roles": ["默认角色"]}).status == 201
    assert one.erp.post(ANNOUNCE, bill("AD-1")).errcode == "0000"
    one.capture = one.boss.post("/api/v1/captures", {"name": "tray"}).json()["id"]
    one.here = f"http://127.0.0.1:{one.httpd.port}"
    return one


@pytest.fixture
def site(make_gateway, page):
    return furnish(make_gateway(environment={"FPIMAGE_WEB": str(page)}))


def raw(one, method, target, host, body=b"", *lines, version="1.1"):
    """The answer, parsed; the bytes of the target and of Host go as they are."""
    head = [f"{method} {target} HTTP/{version}", *([f"Host: {host}"] if host is not None else []), f"Content-Length: {len(body)}",
            "Content-Type: application/json", "Connection: close", *lines, "", ""]
    with Raw("127.0.0.1", one.httpd.port, timeout=patience(30)) as line:
        line.send("\r\n".join(head).encode("utf-8") + body)
        return line.response(method)


def leads(reply):
    """Where a header of the answer leads or what it lets in, or None."""
    for name, value in reply.headers.items():
        if "evil" in value.lower() or "evil" in name.lower():
            return f"{name}: {value}"
    return None


def check_location(reply):
    """Ours alone, as a path, so that no host is in it."""
    at = reply.headers.get("Location")
    assert at is None or re.fullmatch(r"/(imgsys-web/|api/v1/uploads/[\w-]+)", at), at
    assert leads(reply) is None, leads(reply)


def test_pages(site):
    """No page repeats its address, none leads away, whatever its query, its path or its Host."""
    one, quoted = site.http(), urllib.parse.quote
    plain = re.sub(r"nonce[^>]*", "", one.get("/imgsys-web/login").text)
    answers = []
    for payload in PAYLOADS:
        for name in NAMES:
            answers.append((payload, one.get(f"/imgsys-web/login?{name}={quoted(payload, safe='')}"), 200))
        for path in (f"/imgsys-web/{quoted(payload, safe='')}", f"/imgsys-web/login/{quoted(payload, safe='')}", f"/imgsys-web/view?code={quoted(payload, safe=':/')}"):
            answers.append((payload, one.get(path), None))
    for target in (f"//{EVIL}/imgsys-web", f"//{EVIL}/imgsys-web/", f"/{EVIL}/..//imgsys-web", f"/imgsys-web//{EVIL}", f"/imgsys-web/..//{EVIL}",
                   f"/imgsys-web?//{EVIL}", f"/imgsys-web%2f%2f{EVIL}", f"/imgsys-web%0d%0aX-Evil:1", f"/imgsys-web/%0d%0aX-Evil:1"):
        answers.append((target, raw(site, "GET", target, "127.0.0.1"), None))
    for host in HOSTS:
        answers.append((host, raw(site, "GET", "/imgsys-web", host.format(port=site.httpd.port)), None))
    answers.append(("absolute", raw(site, "GET", f"http://{EVIL}/imgsys-web", EVIL), None))
    answers.append(("absolute of another", raw(site, "GET", f"http://{EVIL}/imgsys-web", "127.0.0.1"), None))
    answers.append(("HTTP/1.0", raw(site, "GET", "/imgsys-web", None, version="1.0"), 301))
    for name, value in FORWARDED.items():
        answers.append((name, one.get("/imgsys-web", headers={name: value}), 301))

    def check(payload, reply, status):
        check_location(reply)
        assert status is None or reply.status == status, reply
        assert EVIL not in reply.text and "alert(1)" not in reply.text, reply
        assert reply.status != 200 or "csp-nonce" not in reply.text or re.sub(r"nonce[^>]*", "", reply.text) == plain

    each(answers, check)


def view(site, host, *lines, target=VIEW):
    body = f'{{"scanBillNo":"AD-1","resource":"EAS","userPhone":"{PHONE}"}}'.encode()
    return raw(site, "POST", f"{target}?access_token={site.erp.token}", host, body, *lines)


def hand_off(site, host, *lines):
    return raw(site, "POST", f"/api/v1/captures/{site.capture}/phone", host, b"{}", f"Cookie: {COOKIE}={site.boss.cookie}", f"X-CSRF-Token: {site.boss.csrf}",
               *lines)


def settings(site, host, *lines):
    return raw(site, "GET", "/api/v1/receipt-settings", host, b"", f"Cookie: {COOKIE}={site.boss.cookie}", *lines)


def address_in(reply):
    """The address that an answer gives."""
    text = reply.text
    found = re.findall(r'"(?:url|value)":"(https?:[^"]*(?:imgsys-web|outside/push)[^"]*)"', text)
    return found[0] if found else None


ASKERS = {"view": view, "hand-off": hand_off, "settings": settings}
ADDRESS = re.compile(r"http://(?P<host>[A-Za-z0-9.\-\[\]:]+?)(?::\d{1,5})?/(imgsys-web/view\?code=[\w-]{43}|imgsys-web/phone#[\w-]{43}|api/imgsys/outside/push)")


def test_addresses_in_answers(site):
    """They are made of the caller's own Host alone: what is forwarded by somebody whom we don't know, or no host at all, is not
    believed."""
    def check(name, host, lines):
        reply = ASKERS[name](site, host.format(port=site.httpd.port), *lines)
        assert leads(reply) is None and reply.status in (200, 201, 400), reply
        if reply.status == 400 and "application/json" not in reply.headers["Content-Type"]:
            return  # httpd's own, of a Host that is none
        at = address_in(reply)
        found = ADDRESS.fullmatch(at or "")
        assert found and (EVIL not in at or found["host"] == host.partition(":")[0]), at

    cases = [(name, host, ()) for name in ASKERS for host in HOSTS]
    cases += [(name, "127.0.0.1:{port}", (f"{header}: {value}",)) for name in ASKERS for header, value in FORWARDED.items()]
    each(cases, check)
    for header, value in FORWARDED.items():
        assert address_in(view(site, f"127.0.0.1:{site.httpd.port}", f"{header}: {value}")).startswith(f"{site.here}/imgsys-web/view?code=")


def test_the_servers_own_name(make_gateway):
    """With UseCanonicalName it is in all of them, whatever Host says."""
    site = furnish(make_gateway(directives="UseCanonicalName On"))
    here = f"http://localhost:{site.httpd.port}/"
    for ask in ASKERS.values():
        for host in (EVIL, "127.0.0.1", f"{EVIL}:81"):
            assert address_in(ask(site, host)).startswith(here)
    assert address_in(view(site, EVIL, target=f"http://{EVIL}{VIEW}")).startswith(here)


def test_fields(site):
    """No field of whoever asks for an address is part of it, or of a header."""
    whole = {"scanBillNo": "AD-1", "resource": "EAS", "userPhone": PHONE}
    names = (*whole, *NAMES, "rights", "pageUrl", "baseUrl", "path")

    def check(path, payload, name):
        reply = site.erp.post(path, {**whole, name: payload})
        assert leads(reply) is None and reply.status == 200, reply
        if reply.errcode == "0000" and path == VIEW:
            assert ADDRESS.fullmatch(reply.json()["data"]["url"]) and reply.json()["data"]["url"].startswith(site.here + "/imgsys-web/view?code=")
        assert reply.errcode == "0000" or name in (*whole, "rights"), reply

    each([(path, payload, name) for path in (VIEW, CODE) for payload in PAYLOADS[::2] for name in names], check)


def test_headers_of_answers(site):
    """Uploads' Location, cookies, trace ids and the rest of the heads take nothing over."""
    def check(payload):
        reply = site.boss.post("/api/v1/uploads", {"name": payload, "size": 10})
        check_location(reply)
        if reply.status == 201:
            assert site.boss.delete(reply.headers["Location"]).status == 204
        for name in ("login", "domain"):
            reply = person(site).post("/api/v1/session", {"login": "nobody", "password": "x", name: payload})
            assert leads(reply) is None and "Set-Cookie" not in reply.headers and reply.status in (400, 401, 429), reply
            assert payload not in reply.text
        for name, path in (("event_code", "/api/v1/event-sessions"), ("code", "/api/v1/phone-sessions")):
            reply = person(site).post(path, {name: payload})
            assert leads(reply) is None and reply.status in (400, 401) and payload not in reply.text, reply
        line = re.sub(r"[\x00\r\n]", " ", payload).encode("utf-8").decode("latin-1")
        reply = site.erp.get("/api/v1/limits", headers={"traceparent": line, "X-Trace-Id": line, "Accept-Language": line, "X-Request-Id": line})
        assert reply.status in (200, 400) and leads(reply) is None and re.fullmatch("[0-9a-f]{32}", reply.trace), reply

    each([(payload,) for payload in PAYLOADS[::5]], check)
    assert rows(site, "SELECT COUNT(*) AS n FROM upload") == [{"n": 0}]
