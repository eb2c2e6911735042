"""What the gateway does when the cloud is slow, broken, gone or hostile, and that nothing else is ever called."""
import concurrent.futures
import contextlib
import json
import os
import socket
import threading
import time

import pytest

from cloudlib import certs
from harness import processes
from harness.client import Raw
from harness.cloudctl import CLIENT
from test_100_start import SLOWDOWN, STATUS, metric, patience
from test_190_relay import bearer_line, field, raw_call, seen
from test_191_cloud_token import at_once, statuses
from test_193_stream import BROKEN_OFF, PIECE, puppet, times, upload  # noqa: F401  puppet is a fixture

FAILURES = 5  # in a row open the breaker
PAUSE = 5     # seconds it stays open at first


# kept connections

def test_connections_are_used_again(make_gateway):
    gateway = make_gateway(processes=1)
    http = gateway.login()
    for number in range(40):
        assert http.get(f"/api/m1/{number}").status == http.post("/api/m1/x", {"n": number}).status == 200
        assert http.request("POST", "/api/sink", iter([PIECE, PIECE])).status == 200
    assert gateway.cloud.stats()["connections"]["accepted"] == 1
    for _ in range(5):
        assert statuses(at_once(gateway, http.token, 8)) == {200}
    assert gateway.cloud.stats()["connections"]["accepted"] <= 9


IDLE_MS = int(300 * SLOWDOWN)  # the stand-in gives a handshake no longer than that either


@pytest.mark.mpm
@pytest.mark.parametrize("closing", [{"max_requests": 1}, {"max_requests": 3}, {"idle_ms": IDLE_MS}])
def test_cloud_closes_connections_between_calls(gateway, closing):
    http = gateway.login()
    gateway.cloud.connections(**closing)
    for _ in range(2):
        for body in (None, b"{}", PIECE * 2):
            time.sleep((IDLE_MS + 50) / 1000)
            reply = http.request("GET" if body is None else "POST", "/api/m1/x", body)
            assert (reply.status, reply.errcode) == (200, "0000")
    assert len(seen(gateway, "/m1/x", 6)) == 6


@pytest.mark.mpm
@pytest.mark.parametrize("reset", [False, True])
def test_kept_connection_that_dies_under_a_call(make_gateway, reset):
    """What is kept whole is sent once more over a new connection; of a stream the beginning is gone."""
    gateway = make_gateway(processes=1, threads=4)
    http = gateway.login()
    for path, body, tries in (("/m1/a", None, 2), ("/m1/b", b"{}", 2), ("/m1/c", PIECE * 2, 1)):
        assert http.get("/api/m1/x").status == 200
        gateway.cloud.behave("cut", path, times=1, reset=reset)
        if tries == 1:
            gateway.httpd.expect_log("FPI0020", count=1)
        reply = http.request("GET" if body is None else "POST", "/api" + path, body)
        assert (reply.status, reply.errcode) == ((200, "0000") if tries == 2 else (502, "1502")), path
        assert len(seen(gateway, path)) == tries
    assert http.get("/api/m1/x").status == 200


def test_new_connection_that_dies_is_not_repeated(make_gateway):
    """It may have been acted on, and that the connection was stale is no explanation."""
    gateway = make_gateway(processes=1)
    http = gateway.login()
    gateway.cloud.connections(max_requests=1)
    gateway.httpd.expect_log("FPI0020", count=2)
    for path, body in (("/m1/a", None), ("/m1/b", b"{}")):
        assert http.get("/api/m1/x").status == 200
        time.sleep(0.1)
        gateway.cloud.behave("cut", path, times=1)
        reply = http.request("GET" if body is None else "POST", "/api" + path, body)
        assert (reply.status, reply.errcode, len(seen(gateway, path))) == (502, "1502", 1)


# the breaker

def trip(gateway, http):
    """Opens it with answers that a gateway in front of the cloud would give; they are handed on."""
    rule = gateway.cloud.behave("fail", "/m1/", status=503)
    for _ in range(FAILURES):
        assert http.get("/api/m1/x").status == 503
    gateway.httpd.log.wait_for("FPI0021")
    gateway.cloud.behave_normally(rule)


def room_for(callers):
    """Sizes of an httpd whose children, more than one, serve that many at once; prefork makes few more in time."""
    processes_at_start = callers if os.environ.get("FPIMAGE_MPM") == "prefork" else 2
    return {"processes": processes_at_start, "threads": callers // processes_at_start}


@pytest.mark.mpm
def test_breaker_opens_probes_and_closes(make_gateway):
    gateway = make_gateway(**room_for(16))
    http = gateway.login()
    gateway.httpd.expect_log("FPI0020")
    gateway.httpd.expect_log("FPI0021", count=1)
    gateway.httpd.expect_log("FPI0022", count=1)
    trip(gateway, http)
    opened = time.monotonic()
    for reply in at_once(gateway, http.token, 12):  # in every child
        assert (reply.status, reply.errcode) == (502, "1502") and reply.seconds < patience(2)
        assert 1 <= int(reply.headers["Retry-After"]) <= PAUSE
    assert len(seen(gateway, "/m1/")) == FAILURES
    assert http.post(STATUS, {"scanBillNo": "NONE", "resource": "EAS"}).errcode == "1404"
    with gateway.http() as other:
        assert metric(other, "fpimage_cloud_breaker_open") == 1
    time.sleep(max(0.0, opened + PAUSE + 0.1 - time.monotonic()))
    gateway.cloud.behave("slow", "/m1/", ms=2000)
    replies = at_once(gateway, http.token, 12)
    assert sorted(reply.status for reply in replies) == [200] + [502] * 11
    assert all(reply.seconds < patience(1.5) for reply in replies if reply.status == 502)
    assert len(seen(gateway, "/m1/")) == FAILURES + 1
    assert statuses(at_once(gateway, http.token, 12)) == {200}
    with gateway.http() as other:
        assert metric(other, "fpimage_cloud_breaker_open") == 0
    gateway.httpd.log.wait_for("FPI0022")


def test_open_breaker_does_not_flood_the_log(make_gateway):
    """Of all children together one line, and at the end one that counts the others."""
    gateway = make_gateway(**room_for(16))
    http = gateway.login()
    gateway.httpd.expect_log("FPI0020", count=1)
    gateway.httpd.expect_log("FPI0021", count=1)
    gateway.httpd.expect_log("FPI0022.*answers again; 49 calls failed", count=1)
    trip(gateway, http)
    for _ in range(5):
        assert statuses(at_once(gateway, http.token, 10)) == {502}
    time.sleep(PAUSE + 0.1)
    assert http.get("/api/m1/x").status == 200
    gateway.httpd.log.wait_for("FPI0022")
    traced = gateway.httpd.log.lines("failed as others before it")
    assert len(traced) == 49 and {line.level for line in traced} == {"debug"}


def test_probe_that_fails_doubles_the_pause(make_gateway):
    gateway = make_gateway(processes=1)
    http = gateway.login()
    gateway.httpd.expect_log("FPI0020")
    gateway.httpd.expect_log("FPI0021", count=1)
    trip(gateway, http)
    gateway.cloud.behave("fail", "/m1/", status=504)
    time.sleep(PAUSE + 0.1)
    assert http.get("/api/m1/x").status == 504
    reply = http.get("/api/m1/x")
    assert (reply.status, PAUSE < int(reply.headers["Retry-After"]) <= 2 * PAUSE) == (502, True)
    assert len(seen(gateway, "/m1/", FAILURES + 1)) == FAILURES + 1


def test_calls_that_time_out_open_it(make_gateway):
    gateway = make_gateway(directives=f"FPImageUpstreamTimeout {times(1, 1, 1)}")
    http = gateway.login()
    http.get("/api/m1/x")
    gateway.httpd.expect_log("FPI0020")
    gateway.httpd.expect_log("FPI0021", count=1)
    gateway.cloud.behave("hang", "/m1/")
    assert statuses(at_once(gateway, http.token, FAILURES)) == {504}
    assert http.get("/api/m1/x").status == 502


def test_what_says_nothing_against_the_cloud(make_gateway):
    gateway = make_gateway(processes=1, threads=16)
    http = gateway.login()
    for number, status in enumerate((500, 404, 400, 429, 501, 403) * 3):
        gateway.cloud.behave("fail", f"/m1/{number}/", status=status)
        assert http.get(f"/api/m1/{number}/x").status == status
    gateway.cloud.behave("hang", "/m1/hang")
    with contextlib.ExitStack() as stack:
        for _ in range(FAILURES + 3):  # callers that lose patience
            raw = stack.enter_context(Raw("127.0.0.1", gateway.httpd.port))
            raw.send(f"GET /api/m1/hang HTTP/1.1\r\nHost: x\r\n{bearer_line(http)}\r\n\r\n")
        assert processes.wait_until(lambda: len(gateway.cloud.log("/m1/hang")) == FAILURES + 3, patience(5))
    assert processes.wait_until(lambda: all(row["done"] for row in gateway.cloud.log("/m1/hang")), patience(5))
    assert http.get("/api/m1/x").status == 200


# slots, and the rest of the house

def hang(gateway, token, callers):
    """Callers that wait for the cloud; close the result to let them go."""
    gateway.httpd.expect_log("FPI0020.*/m1/hang", optional=True)  # when the cloud is the first to go
    gateway.cloud.behave("hang", "/m1/hang")
    stack = contextlib.ExitStack()
    for _ in range(callers):
        raw = stack.enter_context(Raw("127.0.0.1", gateway.httpd.port))
        raw.send(f"GET /api/m1/hang HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n")
    assert processes.wait_until(lambda: len(gateway.cloud.log("/m1/hang")) == callers, patience(5))
    return stack


def test_no_slot_is_told_in_time(make_gateway):
    gateway = make_gateway(processes=1, threads=8,
                           directives=f"FPImageUpstreamConnections 1\nFPImageUpstreamTimeout {times(2, 30, 30)}")
    http = gateway.login()
    gateway.httpd.expect_log("FPI0027.*all 1 slots", count=1)
    http.get("/api/m1/x")
    with hang(gateway, http.token, 1):
        replies = at_once(gateway, http.token, 4)
        assert {(reply.status, reply.errcode) for reply in replies} == {(503, "1501")}
        assert all(reply.seconds < patience(10) and int(reply.headers["Retry-After"]) >= 1 for reply in replies)
        assert len(seen(gateway, "/m1/x")) == 1
        threading.Timer(patience(0.3), gateway.cloud.behave_normally).start()
        assert http.get("/api/m1/x").status == 200  # it waited, and got the slot
    assert http.get("/api/m1/x").status == 200


def test_hung_cloud_does_not_hold_up_the_house(make_gateway):
    """Three workers wait for the cloud and nobody else does, however many ask."""
    gateway = make_gateway(processes=1, threads=24,
                           directives=f"FPImageUpstreamConnections 3\nFPImageUpstreamTimeout {times(1, 30, 30)}")
    http = gateway.login(timeout=patience(10))
    gateway.httpd.expect_log("FPI0027", count=1)
    http.get("/api/m1/x")
    with hang(gateway, http.token, 3), concurrent.futures.ThreadPoolExecutor(8) as pool:
        crowd = [pool.submit(at_once, gateway, http.token, 4) for _ in range(3)]
        for _ in range(5):
            with gateway.httpd.http(timeout=patience(10)) as other:
                for reply in (other.get("/fpimage/health"), other.login(CLIENT),
                              other.post(STATUS, {"scanBillNo": "NONE", "resource": "EAS"})):
                    assert (reply.status, reply.seconds < patience(10)) == (200, True)
        assert {reply.status for one in crowd for reply in one.result()} == {503}
    gateway.cloud.behave_normally()
    assert processes.wait_until(lambda: http.get("/api/m1/x").status == 200, patience(5))


# broken answers: (bytes, what the caller gets: a status, or "broken" after a beginning)

def whole(body=b"ok", head=b"", status=b"200 OK"):
    return b"HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n%s" % (status, head, len(body), body)


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
ANSWERS = {
    "not HTTP": (b"\0\xff\1 hello\r\n\r\n", 502), "a body alone": (b"hello\r\n", 502), "no status": (b"HTTP/1.1\r\n\r\n", 502),
    "status of letters": (b"HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n", 502),
    "status of four digits": (whole(status=b"2000 OK"), 502), "status 42": (whole(status=b"042 OK"), 502),
    "two lengths": (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nokx", 502),
    "list of lengths": (b"HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\nokx", 502),
    "length and letters": (b"HTTP/1.1 200 OK\r\nContent-Length: 2x\r\n\r\nok", 502),
    "length of letters": (b"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok", 502),
    "length below 0": (b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok", 502),
    "length too long": (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\nok", 502),
    "chunk of letters": (CHUNKED + b"zz\r\nok\r\n0\r\n\r\n", 502),
    "later chunk of letters": (CHUNKED + b"2\r\nok\r\nzz\r\nok\r\n0\r\n\r\n", "broken"),
    "chunk too long": (CHUNKED + b"2\r\nokay\r\n0\r\n\r\n", "broken"),
    "endless size": (CHUNKED + b"2\r\nok\r\n" + b"0" * 70000 + b"\r\n\r\n", "broken"),
    "chunks without an end": (CHUNKED + b"2\r\nok\r\n", "broken"),
    "half a head": (b"HTTP/1.1 200 OK\r\nContent-Le", 502), "only 100": (b"HTTP/1.1 100 Continue\r\n\r\n", 502),
    "switching": (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nxx", 502),
    "zero in a header": (whole(head=b"X-A: a\0b\r\n"), 502), "name with a blank": (whole(head=b"X A: b\r\n"), 502),
    "line without a colon": (whole(head=b"nothing\r\n"), 502),
    "return in a header": (whole(head=b"X-A: a\rX-Evil: b\r\n"), 502),
    "300 lines": (whole(head=b"X-A: b\r\n" * 300), 502), "head of 200 KB": (whole(head=b"X-A: " + b"b" * 200000 + b"\r\n"), 502),
    "two heads": (b"HTTP/1.1 200 OK\r\nX-A: b\r\nHTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 2\r\n\r\nok", 502),
}


@pytest.fixture
def scripted(make_gateway, puppet):
    """scripted(answers by path) -> gateway, kept caller; after what it says of a path the cloud closes."""
    def make(answers, **options):
        def answer(conn, request):
            path = request.split()[1].decode().partition("?")[0]
            if path not in answers:
                return whole()
            conn.sendall(answers[path])
            return None
        gateway = make_gateway(cloud=puppet(answer), processes=1, **options)
        return gateway, gateway.login()
    return make


@pytest.mark.valgrind
def test_broken_answers(scripted):
    """Each ends as a 502 or visibly in the middle; none hangs, passes for whole, or spoils the next."""
    names = {f"/m1/{number}": name for number, name in enumerate(ANSWERS)}
    gateway, caller = scripted({path: ANSWERS[name][0] for path, name in names.items()})
    gateway.httpd.expect_log("FPI0020")
    wrong = {}
    for path, name in names.items():
        wanted = ANSWERS[name][1]
        try:
            reply = caller.get("/api" + path)
            got = reply.status
            assert "X-Evil" not in reply.headers and reply.seconds < patience(5), name
            assert got != 502 or reply.errcode == "1502", name
        except BROKEN_OFF:
            got = "broken"
        if got != wanted and not (isinstance(wanted, tuple) and got in wanted):
            wrong[name] = got
        reply = caller.get("/api/m1/good")
        assert (reply.status, reply.text) == (200, "ok"), name
    assert wrong == {}


EVIL = whole(b"evil", status=b"299 Evil")
REMAINS = {
    "longer than its length": whole() + b"evil", "a second answer": whole() + EVIL,
    "behind the chunks": CHUNKED + b"2\r\nok\r\n0\r\n\r\n" + EVIL,
    "body of a 204": b"HTTP/1.1 204 No Content\r\n\r\n" + EVIL,
    "body of a 304": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\nevil" + EVIL,
    "both framings": b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
                     + EVIL,
}


def test_bytes_behind_an_answer_never_answer_the_next_call(make_gateway, puppet):
    paths = {f"/m1/{number}": remains for number, remains in enumerate(REMAINS.values())}
    gateway = make_gateway(processes=1, cloud=puppet(
        lambda conn, request: paths.get(request.split()[1].decode().partition("?")[0], whole(b"good"))))
    caller = gateway.login()
    gateway.httpd.expect_log("FPI0020", optional=True)
    for pause in (0, 0.05):
        for path, remains in paths.items():
            with contextlib.suppress(*BROKEN_OFF):
                assert b"evil" not in caller.get("/api" + path).body
            time.sleep(pause)
            reply = caller.get("/api/m1/good")
            assert (reply.status, reply.body) == (200, b"good"), remains
    head = caller.request("HEAD", "/api/m1/0")
    assert head.status == 200 and caller.get("/api/m1/good").body == b"good"


def test_half_a_json_passes_as_it_came(gateway):
    gateway.cloud.behave("garbage", "/m1/x")
    reply = gateway.login().get("/api/m1/x")
    assert (reply.status, reply.body.startswith(b'{"errcode":"0000","data":[1,2\x80')) == (200, True)


# who is called

class Trap:
    """A listener that nobody has any business with."""

    def __init__(self):
        self.sock = socket.create_server(("127.0.0.1", 0))
        self.authority = f"127.0.0.1:{self.sock.getsockname()[1]}"
        self.count = 0
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        with contextlib.suppress(OSError):
            while True:
                conn, _ = self.sock.accept()
                self.count += 1
                conn.close()


@pytest.fixture
def trap():
    one = Trap()
    yield one
    with contextlib.suppress(OSError):
        one.sock.shutdown(socket.SHUT_RDWR)
    one.sock.close()


# {t} is the trap's address; each is refused, or reaches the cloud and nobody else
TARGETS = [
    "http://{t}/api/m1/x", "https://{t}/api/m1/x", "HTTP://user@{t}/api/m1/x", "/api/@{t}/x", "/api//{t}/x", "/api///{t}/x",
    "/api/http://{t}/x", "/api/http:/{t}/x", "/api/%2f%2f{t}/x", "/api/%5c%5c{t}/x", "/api/\\\\{t}\\x", "/api\\@{t}/x",
    "/api@{t}/x", "/api:80@{t}/x", "/api/:80@{t}/x", "/api/..%2f..%2f{t}/x", "/api/../{t}/x", "/api/%2e%2e/%2e%2e/{t}",
    "/api/.{t}/x", "/api/%00@{t}/x", "/api/%0d%0aHost:%20{t}/x", "/api/m1/x%23@{t}/", "/api/m1/x?@{t}/", "/api/m1/x?url=http://{t}/",
    "/api/m1/x?//{t}/", "/api/%40{t}/x", "/api/x@{t}", "/api/[::1]@{t}/x", "//{t}/api/m1/x", "/api/%u2215%u2215{t}/x",
    "/api/m1/x#@{t}/", "/api/;@{t}/x", "/api/,{t}/x", "/api/%ff@{t}/x", "/api/:@{t}:/x", "/api/{t}:80/x",
]
HEADERS = ["X-Forwarded-Host: {t}", "X-Host: {t}", "Forwarded: host={t}", "X-Original-URL: http://{t}/", "X-Rewrite-URL: //{t}/",
           "X-Forwarded-Server: {t}", "Destination: http://{t}/", "Referer: http://{t}/", "Origin: http://{t}",
           "X-Forwarded-Proto: gopher", "Proxy: http://{t}", "Via: {t}"]


def test_only_the_upstream_is_ever_called(gateway, trap):
    http = gateway.login()
    for target in TARGETS:
        with contextlib.suppress(ConnectionError):
            raw_call(gateway, target.format(t=trap.authority), headers=[bearer_line(http)])
    for header in HEADERS:
        assert raw_call(gateway, "/api/m1/h", headers=[bearer_line(http), header.format(t=trap.authority)]).status == 200
    for host in (trap.authority, f"x@{trap.authority}", "evil.example"):
        with Raw("127.0.0.1", gateway.httpd.port) as raw:
            raw.send(f"GET /api/m1/h HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{bearer_line(http)}\r\n\r\n")
            assert raw.response().status in (200, 400)
    assert trap.count == 0
    assert {value for row in seen(gateway, "/", 20) for value in field(row, "Host")} == {gateway.cloud.authority}


def test_redirects_are_not_followed(gateway, trap):
    http = gateway.login()
    for status in (301, 302, 303, 307, 308):
        gateway.cloud.behave("fail", f"/m1/{status}", status=status, body="", headers={
            "Location": f"http://{trap.authority}/x", "Refresh": f"0; url=http://{trap.authority}/",
            "Content-Location": f"http://{trap.authority}/", "Alt-Svc": f'http/1.1="{trap.authority}"'})
        assert http.get(f"/api/m1/{status}").status == status
    gateway.cloud.behave("fail", "/base/oauth/token", status=307, body="", headers={"Location": f"http://{trap.authority}/"})
    gateway.cloud.revoke()
    gateway.httpd.expect_log("FPI0020", count=1)
    assert (http.get("/api/m1/x").status, trap.count) == (502, 0)


def test_proxy_of_the_environment_is_not_used(make_gateway, trap, monkeypatch):
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://{trap.authority}")
    assert (make_gateway().login().get("/api/m1/x").status, trap.count) == (200, 0)


# whom we believe

def refused_handshake(make_gateway, cloud, authority, words):
    gateway = make_gateway(start=False)
    gateway.httpd.add(f'FPImageUpstream {cloud.url}\nFPImageUpstreamCA "{authority}"')
    gateway.httpd.start()
    gateway.httpd.expect_log(f"FPI0020.*{cloud.url}.*TLS failed.*{words}", count=1)
    reply = gateway.login().get("/api/m1/x")
    assert (reply.status, reply.errcode) == (502, "1502") and "certificate" not in reply.text
    stats = cloud.stats()
    assert (stats["requests"], stats["connections"]["accepted"] >= 1) == (0, True)


def test_other_authority_is_refused(make_gateway, cloud, make_cloud):
    refused_handshake(make_gateway, make_cloud(), cloud.ca, "certificate")


def test_certificate_of_another_name_is_refused(make_gateway, make_cloud, monkeypatch):
    monkeypatch.setattr(certs, "EXTENSIONS", certs.EXTENSIONS.replace("DNS:localhost,IP:127.0.0.1", "DNS:elsewhere.example"))
    one = make_cloud()
    refused_handshake(make_gateway, one, one.ca, "(name|elsewhere)")


def test_authority_that_is_not_there_stops_the_start(make_gateway):
    gateway = make_gateway(start=False)
    gateway.httpd.add('FPImageUpstreamCA "/nonexistent/ca.pem"')
    code, text = gateway.httpd.configtest()
    if code == 0:
        with pytest.raises(AssertionError, match="httpd ended with"):
            gateway.httpd.start()
        text = gateway.httpd.log.tail(50)
        gateway.httpd.log.forget()
    assert "/nonexistent/ca.pem" in text


# restart

@pytest.mark.mpm
def test_graceful_restart_loses_nothing(make_gateway):
    """Transfers under way go on to their end, and who comes meanwhile is served."""
    gateway = make_gateway(processes=2, threads=8)
    gateway.httpd.expect_log("AH03490", optional=True)  # children of both generations
    http = gateway.login()
    token = http.token
    http.close()  # a prefork child would stay for its sake
    before = set(gateway.httpd.children())

    def down(_):
        with gateway.httpd.http(token=token, timeout=patience(30)) as http:
            return len(http.get("/api/slow-body", query={"n": "30", "every_ms": "100"}).body)

    def up(_):
        def pieces():
            for _ in range(30):
                yield PIECE
                time.sleep(0.1)
        with gateway.httpd.http(token=token, timeout=patience(30)) as http:
            return json.loads(upload(http, "/api/sink", pieces()).read())["data"]["bytes"]

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        downs, ups = [pool.submit(down, n) for n in range(3)], [pool.submit(up, n) for n in range(3)]
        assert processes.wait_until(lambda: len(gateway.cloud.log("/sink") + gateway.cloud.log("/slow-body")) == 6, patience(5))
        gateway.httpd.graceful()
        for _ in range(20):
            with gateway.httpd.http(token=token, timeout=patience(30)) as http:
                assert http.get("/api/m1/x").status == 200
        assert {one.result() for one in downs} == {30} and {one.result() for one in ups} == {30 * len(PIECE)}
    assert processes.wait_until(lambda: not before & set(gateway.httpd.children()), patience(20))
