"""Mistyped prefixes are served and named once per source; tricks with segments are refused."""
import http.client
import json

import pytest

from harness.client import Raw
from test_100_start import TOKEN, each, metric

BODY = b'{"client_id":"","timestamp":"1","sign":"x"}'

# each must reach the token call, whose answer to a blank client_id is 1200
MALFORMED = [
    "//api/base/oauth/token", "///api///base///oauth///token", "/api//base/oauth/token",
    "/api/base//oauth/token", "/api/base/oauth//token", "/api/base/oauth/token//",
    "/api/api/base/oauth/token", "/api/api/api/base/oauth/token", "/api//api/base/oauth/token",
    "/api/:/base/oauth/token", "/api:/base/oauth/token", "/api/:base/oauth/token", "/:api/base/oauth/token",
    "/:/api/base/oauth/token", "/api/base:/oauth/token", "/api/base/oauth:/:token", "/api/base/oauth/token:",
    "/api:/api/:/base//oauth/token",
]
WELL_FORMED = [TOKEN, TOKEN + "/", "/api/base/oauth/%74oken"]


def ask(gateway, target, method="POST", body=BODY, headers=""):
    """One request exactly as written; the parsed answer."""
    with Raw("127.0.0.1", gateway.httpd.port) as raw:
        raw.send(f"{method} {target} HTTP/1.1\r\nHost: {host(gateway)}\r\nConnection: close\r\n"
                 f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode("latin-1")
                 + body)
        return raw.response(method)


def host(gateway):
    return f"127.0.0.1:{gateway.httpd.port}"


def prefix_lines(gateway):
    return [line.raw for line in gateway.httpd.log.lines("FPI0010")]


@pytest.mark.mpm
def test_malformed_prefix_is_served_and_told(make_gateway):
    """Each from a source of its own, as each source is told once."""
    one = make_gateway(directives="FPImageTrustedProxy 127.0.0.1")

    def check(number, target):
        reply = ask(one, target, headers=f"X-Forwarded-For: 192.0.2.{number}\r\n")
        assert (reply.status, reply.errcode) == (200, "1200")
        (line,) = [line for line in prefix_lines(one) if f" 192.0.2.{number} " in line]
        assert f"http://{host(one)}/api/" in line and TOKEN in line and reply.trace in line

    each(enumerate(MALFORMED, 1), check)
    assert len(prefix_lines(one)) == len(MALFORMED)


def test_well_formed_prefix_is_not_told(gateway):
    def check(target):
        reply = ask(gateway, target)
        assert (reply.status, reply.errcode) == (200, "1200")

    each([(target,) for target in WELL_FORMED], check)
    assert prefix_lines(gateway) == []


def test_absolute_target_is_served(gateway):
    assert ask(gateway, f"http://{host(gateway)}/api//base/oauth/token").errcode == "1200"


def test_query_is_left_as_it_is(gateway):
    reply = ask(gateway, "/api//base/oauth/token?a=//b/:c&client_id=//NOBODY:/", body=b"")
    assert reply.errcode == "1201"


def test_every_family_is_normalised(gateway):
    for target, code in (("/api//imgsys/bill//outside/billStatus", "1300"), ("/api/:/kapi/app/bds/operate/", "1300"),
                         ("/api/api/imgsys/outside/push", "1401"), ("/api/imgsys//no/such", "1404")):
        assert ask(gateway, target, body=b'{"data":{"x":1}}').errcode == code, target


def test_proxied_path_is_normalised(gateway):
    http = gateway.login()
    targets = ["/api//headers", "/api/api/headers", "/api/:/headers", "/api/headers/"]
    assert [http.get(target).status for target in targets] == [200] * 4
    assert [row["path"] for row in gateway.cloud.wait_log("/headers", 4)] == ["/headers"] * 4


# the line, once per source

def from_address(gateway, source, target):
    conn = http.client.HTTPConnection("127.0.0.1", gateway.httpd.port, timeout=30, source_address=(source, 0))
    try:
        conn.request("POST", target, BODY, {"Content-Type": "application/json"})
        return json.loads(conn.getresponse().read())
    finally:
        conn.close()


def test_each_source_is_told_once_and_each_call_counted(gateway):
    for source in ("127.0.0.1", "127.0.0.2", "127.0.0.1", "127.0.0.3", "127.0.0.2"):
        for target in ("/api//base/oauth/token", "/api/api/base/oauth/token"):
            assert from_address(gateway, source, target)["errcode"] == "1200"
    lines = prefix_lines(gateway)
    assert sorted(line.split("client ")[-1].split()[0] for line in lines) == ["127.0.0.1", "127.0.0.2", "127.0.0.3"]
    with gateway.http() as caller:
        assert metric(caller, "fpimage_malformed_prefix_total") == 10


def test_source_and_prefix_behind_a_trusted_proxy(make_gateway):
    one = make_gateway(directives="FPImageTrustedProxy 127.0.0.1")
    for source in ("192.0.2.1", "192.0.2.2", "192.0.2.1"):
        ask(one, "/api//base/oauth/token", headers=f"X-Forwarded-For: {source}\r\nX-Forwarded-Proto: https\r\n")
    lines = prefix_lines(one)
    assert len(lines) == 2 and all("https://" in line for line in lines)
    assert "192.0.2.1" in lines[0] and "192.0.2.2" in lines[1]


def test_forwarded_source_is_not_believed_from_anybody(gateway):
    ask(gateway, "/api//base/oauth/token", headers="X-Forwarded-For: 192.0.2.1\r\n")
    (line,) = prefix_lines(gateway)
    assert "192.0.2.1" not in line


# what is refused: 400 and JSON

REFUSED = {
    "dot-dot": "/api/base/../oauth/token", "dot-dot first": "/api/../base/oauth/token",
    "dot": "/api/./base/oauth/token", "dot-dot last": "/api/imgsys/..", "dot last": "/api/imgsys/.",
    "escaped dots": "/api/%2e%2e/base", "half escaped": "/api/.%2E/base", "escaped dot": "/api/%2e/base",
    "dots behind a colon": "/api/:..:/base", "escaped slash": "/api/base%2Foauth/token",
    "escaped backslash": "/api/base%5Coauth", "backslash": "/api/base\\..\\oauth",
    "NUL": "/api/base%00/oauth", "line end": "/api/base%0d%0aX-Y:z/oauth", "DEL": "/api/base%7f",
    "bad escape": "/api/base/%zz", "cut escape": "/api/base/%4", "not UTF-8": "/api/base/%ff%fe",
    "overlong UTF-8": "/api/%c0%ae%c0%ae/base", "many segments": "/api" + "/a" * 70,
    "long path": "/api/" + "a" * 4200,
}


def test_tricks_are_refused(gateway):
    def check(_, target):
        reply = ask(gateway, target)
        assert reply.status == 400, reply
        assert reply.headers["Content-Type"].startswith("application/json")
        value = reply.json()
        assert value["errcode"] == "1400" and value["description"] and value["traceId"] == reply.trace

    each(REFUSED.items(), check)
    assert gateway.cloud.log() == []


NOT_OURS = ["/x/../api/base/oauth/token", "/apix", "/api%2Fbase", "/API/base/oauth/token", "/foo//api/base", "/..%2fapi",
            "*", "api/base", "/%61pi/base/oauth/token"]


def test_what_is_not_ours_is_left_to_httpd(gateway):
    gateway.httpd.expect_log("AH0|AH1", optional=True)
    for target in NOT_OURS:
        assert ask(gateway, target).status in (200, 400, 403, 404, 405), target
    assert gateway.cloud.log() == []


def test_nothing_leads_out_of_the_upstream(make_gateway, make_cloud):
    """The upstream's own prefix can't be left, whatever the path says."""
    based = make_cloud(base="/test")
    one = make_gateway(cloud=based)
    http = one.login()
    for path in ("/api/..", "/api/%2e%2e/x", "/api/x/..%2f..%2fy", "/api//..//x", "/api/x%5c..%5cy"):
        assert http.get(path).status == 400
    assert http.get("/api/http://other.example/x").status in (200, 404)
    assert http.get("/api/@other.example/x").status in (200, 404)
    assert all(row["path"].startswith("/test/") for row in based.log())
