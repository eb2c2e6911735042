"""Long bodies both ways: constant memory, nothing held back, and what each side sees when the other stops."""
import contextlib
import hashlib
import http.client
import json
import os
import pathlib
import select
import socket
import threading
import time

import pytest

from cloudlib.samples import pattern
from harness import processes
from harness.client import Raw, reset_on_close
from test_100_start import SLOWDOWN, patience, scaled
from test_190_relay import bearer, bearer_line, one, seen, sha256

MIB = 1024 * 1024
PIECE = bytes(range(256)) * 256


# helpers of the files on the proxy half

class Puppet:
    """A cloud over plain TCP that says, byte for byte, what a test wants; token calls it answers by itself.

    answer(conn, request) gets each request (bytes with its body) and returns bytes to send, or None to close.
    """

    TOKEN = json.dumps({"errcode": "0000", "access_token": "puppet-token", "expires_in": 3600}).encode()

    def __init__(self, answer):
        self.answer, self.requests, self.ca, self.base = answer, [], None, ""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.authority = f"localhost:{self.port}"
        self.url = f"http://{self.authority}"
        self.accepted, self._open, self._lock = 0, [], threading.Lock()
        self.release = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def local_tokens(self, *tokens):
        """Nothing is looked for here."""

    def close(self):
        self.release.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for conn in self._open:
            with contextlib.suppress(OSError):
                conn.shutdown(socket.SHUT_RDWR)

    def _accept(self):
        while True:
            try:
                conn, _ = self.listener.accept()
            except OSError:
                return
            self._open.append(conn)
            self.accepted += 1
            threading.Thread(target=self._serve, args=(conn,), daemon=True).start()

    def _serve(self, conn):
        with conn, contextlib.suppress(OSError):
            data = b""
            while True:
                request, data = self._next(conn, data)
                said = self._say(conn, request) if request else None
                if said is None:
                    return
                conn.sendall(said)

    def _say(self, conn, request):
        if b" /base/oauth/token " in request:
            return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(self.TOKEN) + self.TOKEN
        with self._lock:
            self.requests.append(request)
        return self.answer(conn, request)

    @staticmethod
    def _next(conn, data):
        """(one request, what came behind it); of a body in chunks as much as has come."""
        while b"\r\n\r\n" not in data:
            piece = conn.recv(65536)
            if not piece:
                return None, b""
            data += piece
        end = data.index(b"\r\n\r\n") + 4
        if b"\r\ntransfer-encoding:" in data[:end].lower():
            return data, b""
        for line in data[:end].split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                end += int(line.split(b":")[1])
        while len(data) < end:
            piece = conn.recv(65536)
            if not piece:
                return None, b""
            data += piece
        return data[:end], data[end:]


@pytest.fixture
def puppet():
    made = []

    def make(answer):
        made.append(Puppet(answer))
        return made[-1]

    yield make
    for one_of_them in made:
        one_of_them.close()


def gone_at_the_cloud(gateway, path):
    """The row of the transfer below `path` once the cloud has noticed that it is over."""
    assert processes.wait_until(lambda: all(row["done"] for row in gateway.cloud.log(path)), patience(5)), "goes on"
    return one(gateway, path)


def upload(http, path, pieces, length=None):
    """Sends the pieces as they come and gives the unread answer; chunked when no length is told."""
    headers = {} if length is None else {"Content-Length": str(length)}
    return http.stream("POST", path, pieces, headers)


# constant memory

def peak_kib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])


def reset_peak(pid):
    pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")


def download_whole(http, size, query):
    """(bytes, SHA-256) of what came."""
    answer = http.stream("GET", f"/api/bytes/{size}", query=query)
    total, digest = 0, hashlib.sha256()
    while piece := answer.read(256 * 1024):
        total += len(piece)
        digest.update(piece)
    return total, digest.hexdigest()


def upload_whole(http, size, length):
    """(bytes, SHA-256) of what the cloud got."""
    pieces = (PIECE for _ in range(size // len(PIECE)))
    value = json.loads(upload(http, "/api/sink", pieces, length).read())["data"]
    return value["bytes"], value["sha256"]


def sent_down(size):
    return size, hashlib.sha256(pattern(0, size)).hexdigest()


def sent_up(size):
    return size, hashlib.sha256(PIECE * (size // len(PIECE))).hexdigest()


TURNS = 3
TRANSFERS = {
    "down with length": (lambda http, size: download_whole(http, size, {}), sent_down),
    "down in chunks": (lambda http, size: download_whole(http, size, {"chunked": "1"}), sent_down),
    "up with length": (lambda http, size: upload_whole(http, size, size), sent_up),
    "up in chunks": (lambda http, size: upload_whole(http, size, None), sent_up),
}


def at_rest(httpd, pid):
    """Threads beside the transfer take their share in the first turns of a child."""
    seen = []

    def is_steady():
        seen.append(httpd.rss(pid))
        return len(seen) > 3 and len(set(seen[-4:])) == 1

    assert processes.wait_until(is_steady, patience(20), 0.5), seen


@pytest.mark.mpm
@pytest.mark.parametrize("transfer,wanted", TRANSFERS.values(), ids=TRANSFERS.keys())
def test_memory_does_not_grow_with_the_body(make_gateway, transfer, wanted):
    """What 200 MiB leave behind in the one child, and the most that it held meanwhile. A body that is held in memory is
    held each time; what the child's own first works take (each minute's, say, half a MiB) is not."""
    gateway = make_gateway(processes=1, threads=1 if os.environ.get("FPIMAGE_MPM") == "prefork" else 2)
    gateway.httpd.expect_log("AH00161", optional=True)  # prefork: its only child is at work
    size = scaled(200, 10) * MIB
    http = gateway.login(timeout=patience(60))
    (pid,) = gateway.httpd.children()
    for _ in range(8):
        transfer(http, 8 * MIB)  # buffers that each of the threads makes once
    http.close()
    for turn in range(TURNS):
        if SLOWDOWN == 1:  # sanitizers keep what was freed, and hand it back by the clock
            at_rest(gateway.httpd, pid)
        before = gateway.httpd.rss(pid)
        reset_peak(pid)
        assert transfer(http, size) == wanted(size)
        grown, peak = gateway.httpd.rss(pid) - before, peak_kib(pid) - before
        print(f"resident before: {before} KiB, grown by {grown} KiB, at most {peak} KiB more")
        http.close()
        if SLOWDOWN > 1 or (grown < 1024 and peak < 4096):
            break
    assert gateway.httpd.children() == [pid]
    if SLOWDOWN == 1:
        assert grown < 1024 and peak < 4096, (before, grown, peak)


@pytest.mark.slow
def test_many_transfers_at_once(make_gateway):
    gateway = make_gateway(processes=2, threads=8)
    token = gateway.login().token
    size, bad = 2 * MIB, []

    def run(number):
        with gateway.httpd.http(token=token, timeout=patience(60)) as http:
            for _ in range(3):
                down = download_whole(http, size, {"chunked": str(number % 2)})
                up = upload_whole(http, size, size if number % 2 else None)
                if (down, up) != (sent_down(size), sent_up(size)):
                    bad.append((number, down, up))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bad == []


# nothing is held back

@pytest.mark.mpm
@pytest.mark.parametrize("chunked", ["0", "1"])
def test_first_byte_goes_on_before_the_last_has_come(gateway, chunked):
    http = gateway.login()
    begin = time.monotonic()
    answer = http.stream("GET", "/api/slow-body", query={"n": "8", "every_ms": "400", "chunked": chunked})
    times = []
    while answer.read(1):
        times.append(time.monotonic() - begin)
    assert len(times) == 8 and times[0] < 2.0 and times[-1] >= 2.7, times


@pytest.mark.parametrize("length", [None, 3 * len(PIECE)])
def test_body_goes_on_while_it_still_comes(gateway, length):
    """The cloud has the first pieces in hand before the caller sends the last."""
    http = gateway.login()

    def pieces():
        yield PIECE
        yield PIECE
        assert processes.wait_until(lambda: gateway.cloud.log("/sink"), patience(5))
        assert not gateway.cloud.log("/sink")[0]["done"]
        yield PIECE

    assert json.loads(upload(http, "/api/sink", pieces(), length).read())["data"]["bytes"] == 3 * len(PIECE)


def test_bytes_of_the_body_are_not_gathered(make_gateway, puppet):
    """Every piece is with the cloud before the next one is sent."""
    arrived = []

    def take(conn, request):
        conn.settimeout(patience(10))
        arrived.append(request)
        while not b"".join(arrived).endswith(b"\r\n0\r\n\r\n"):
            arrived.append(conn.recv(65536))
        return b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    gateway = make_gateway(cloud=puppet(take))
    http = gateway.login()

    def pieces():
        for number in range(5):
            yield b"piece-%d" % number
            assert processes.wait_until(lambda: b"piece-%d" % number in b"".join(arrived), patience(3)), number

    assert upload(http, "/api/m1/x", pieces()).read() == b"ok"


def test_answer_that_comes_before_the_body_is_over(gateway):
    """The cloud refuses in the middle of an upload: the caller hears of it with one of its next pieces."""
    http = gateway.login()
    gateway.cloud.behave("fail", "/m1/up", status=413, early=True, body={"errcode": "5001"})
    with Raw("127.0.0.1", gateway.httpd.port, timeout=patience(5)) as raw:
        raw.send(f"POST /api/m1/up HTTP/1.1\r\nHost: x\r\n{bearer_line(http)}\r\nContent-Length: {900 * MIB}\r\n\r\n")
        for _ in range(500):
            raw.send(PIECE)
            if select.select([raw.sock], [], [], 0.02)[0]:
                break
        reply = raw.response("POST")
    assert (reply.status, reply.json(), reply.headers["Connection"]) == (413, {"errcode": "5001"}, "close")
    assert http.get("/api/m1/x").status == 200


@pytest.mark.mpm
@pytest.mark.parametrize("framing", [f"Content-Length: {900 * MIB}", "Transfer-Encoding: chunked"])
def test_early_answer_reaches_a_caller_that_pauses(gateway, framing):
    """The caller sends nothing more, and hears of the refusal all the same."""
    http = gateway.login()
    gateway.cloud.behave("fail", "/m1/up", status=413, early=True, body={"errcode": "5001"})
    piece = b"10000\r\n" + PIECE + b"\r\n" if "chunked" in framing else PIECE
    with Raw("127.0.0.1", gateway.httpd.port, timeout=patience(5)) as raw:
        raw.send(f"POST /api/m1/up HTTP/1.1\r\nHost: x\r\n{bearer_line(http)}\r\n{framing}\r\n\r\n")
        raw.send(piece)
        reply = raw.response("POST")
    assert (reply.status, reply.json(), reply.headers["Connection"]) == (413, {"errcode": "5001"}, "close")
    assert http.get("/api/m1/x").status == 200


def test_answer_that_comes_long_after_the_last_piece(make_gateway, puppet):
    """... with the rest of the body still to come, of which the caller sends nothing till it has the answer."""
    def refuse(conn, request):
        time.sleep(patience(0.7))
        conn.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig")
        gateway.cloud.release.wait(patience(20))

    gateway = make_gateway(cloud=puppet(refuse))
    http = gateway.login()
    with Raw("127.0.0.1", gateway.httpd.port, timeout=patience(5)) as raw:
        raw.send(f"POST /api/m1/up HTTP/1.1\r\nHost: x\r\n{bearer_line(http)}\r\nTransfer-Encoding: chunked\r\n\r\n")
        raw.send(b"10000\r\n" + PIECE + b"\r\n")
        reply = raw.response("POST")
    assert (reply.status, reply.text) == (413, "big")


@pytest.mark.mpm
def test_paused_upload_does_not_keep_httpd_from_ending(make_gateway):
    gateway = make_gateway(processes=1)
    http = gateway.login()
    gateway.httpd.expect_log("FPI0020", optional=True)
    with Raw("127.0.0.1", gateway.httpd.port, timeout=patience(5)) as raw:
        raw.send(f"POST /api/sink HTTP/1.1\r\nHost: x\r\n{bearer_line(http)}\r\nContent-Length: {900 * MIB}\r\n\r\n")
        raw.send(PIECE)
        assert processes.wait_until(lambda: gateway.cloud.log("/sink"), patience(5))
        begin = time.monotonic()
        gateway.httpd.stop()
        assert time.monotonic() - begin < patience(5)


@pytest.mark.parametrize("limit", ["RequestReadTimeout body=1", "Timeout 1\nRequestReadTimeout body=0"])
@pytest.mark.parametrize("framing", [f"Content-Length: {900 * MIB}", "Transfer-Encoding: chunked"])
def test_paused_upload_ends_at_httpds_limit(make_gateway, limit, framing):
    gateway = make_gateway(directives=limit)
    http = gateway.login()
    piece = b"10000\r\n" + PIECE + b"\r\n" if "chunked" in framing else PIECE
    with Raw("127.0.0.1", gateway.httpd.port, timeout=patience(8)) as raw:
        raw.send(f"POST /api/sink HTTP/1.1\r\nHost: x\r\n{bearer_line(http)}\r\n{framing}\r\n\r\n")
        raw.send(piece)
        begin = time.monotonic()
        reply = raw.response("POST")
        seconds = time.monotonic() - begin
    assert (reply.status, reply.json()["errcode"]) == (408, "1429")
    assert 0.8 < seconds < patience(4)
    assert processes.wait_until(lambda: gateway.cloud.log("/sink")[0]["done"], patience(5))


# one side leaves

@pytest.mark.mpm
@pytest.mark.parametrize("chunked", ["0", "1"])
@pytest.mark.parametrize("reset", [True, False])
def test_caller_leaves_a_download(gateway, reset, chunked):
    http = gateway.login()
    with Raw("127.0.0.1", gateway.httpd.port) as raw:
        raw.send(f"GET /api/bytes/{60 * 1024 * MIB}?chunked={chunked} HTTP/1.1\r\nHost: x\r\n{bearer_line(http)}\r\n\r\n")
        assert len(raw.until(b"\0\0\0never\0\0", 8 * MIB)) >= 8 * MIB
        if reset:
            reset_on_close(raw.sock)
    row = gone_at_the_cloud(gateway, "/bytes/")
    assert 7 * MIB < row["sent"] < 500 * MIB
    assert http.get("/api/m1/x").status == 200


@pytest.mark.mpm
@pytest.mark.parametrize("framing", ["Content-Length: 1000000000", "Transfer-Encoding: chunked"])
@pytest.mark.parametrize("reset", [True, False])
def test_caller_leaves_an_upload(gateway, reset, framing):
    http = gateway.login()
    piece = b"10000\r\n" + PIECE + b"\r\n" if "chunked" in framing else PIECE
    with Raw("127.0.0.1", gateway.httpd.port) as raw:
        raw.send(f"POST /api/sink HTTP/1.1\r\nHost: x\r\n{bearer_line(http)}\r\n{framing}\r\n\r\n")
        raw.send(piece * 40)
        assert processes.wait_until(lambda: gateway.cloud.log("/sink"), patience(5))
        if reset:
            reset_on_close(raw.sock)
    row = gone_at_the_cloud(gateway, "/sink")
    assert (row["body_complete"], row["status"], row["body_bytes"] <= 40 * len(PIECE)) == (False, None, True)
    assert http.get("/api/m1/x").status == 200


@pytest.mark.mpm
@pytest.mark.parametrize("action", ["hang", "stall"])
def test_caller_leaves_while_the_cloud_is_silent(gateway, action):
    http = gateway.login()
    gateway.cloud.behave(action, "/m1/silent")
    with Raw("127.0.0.1", gateway.httpd.port) as raw:
        raw.send(f"GET /api/m1/silent HTTP/1.1\r\nHost: x\r\n{bearer_line(http)}\r\n\r\n")
        assert processes.wait_until(lambda: gateway.cloud.log("/m1/silent"), patience(5))
    gone_at_the_cloud(gateway, "/m1/silent")


BROKEN_OFF = (http.client.IncompleteRead, ConnectionResetError)


@pytest.mark.mpm
@pytest.mark.parametrize("reset", [True, False])
@pytest.mark.parametrize("query", ["", "?chunked=1"])
def test_cloud_cuts_an_answer(gateway, query, reset):
    """What came is handed on, but never as if it were all: no last chunk, fewer bytes than told, or a reset."""
    http = gateway.login()
    gateway.httpd.expect_log("FPI0020")
    for after in (300000, 1):
        gateway.cloud.behave("cut", "/bytes/1000000", after=after, reset=reset, times=2)
        with pytest.raises(BROKEN_OFF) as broken:
            http.get("/api/bytes/1000000" + query)
        assert len(getattr(broken.value, "partial", b"")) <= after
        assert http.get("/api/bytes/1000").status == 200
        assert not ended_well(gateway, f"GET /api/bytes/1000000{query} HTTP/1.0\r\n{bearer_line(http)}\r\n\r\n")
        assert http.get("/api/bytes/1000").status == 200


def ended_well(gateway, request):
    """HTTP/1.0: without a length only a reset tells that something is missing."""
    with Raw("127.0.0.1", gateway.httpd.port) as raw:
        raw.send(request)
        got = b""
        try:
            while piece := raw.sock.recv(65536):
                got += piece
        except ConnectionResetError:
            return False
    return b"content-length: 1000000" not in got.lower()


@pytest.mark.valgrind
@pytest.mark.parametrize("query", ["", "?chunked=1"])
def test_cloud_cuts_before_the_first_byte(gateway, query):
    http = gateway.login()
    gateway.httpd.expect_log("FPI0020", count=1)
    gateway.cloud.behave("cut", "/bytes/1000000", after=0)
    reply = http.get("/api/bytes/1000000" + query)
    assert (reply.status, reply.errcode) == (502, "1502")
    assert reply.headers["Content-Type"].startswith("application/json") and reply.trace == reply.json()["traceId"]


def test_cloud_cuts_a_small_answer(gateway):
    """It is looked at before it is handed on, so the caller gets a true status."""
    http = gateway.login()
    gateway.httpd.expect_log("FPI0020", count=1)
    gateway.cloud.behave("cut", "/m1/x", after=5)
    reply = http.get("/api/m1/x")
    assert (reply.status, reply.errcode) == (502, "1502")


def test_cloud_cuts_an_upload(gateway):
    http = gateway.login()
    gateway.httpd.expect_log("FPI0020", optional=True)
    gateway.cloud.behave("cut", "/m1/up", early=True, reset=True)
    try:
        answer = upload(http, "/api/m1/up", (PIECE for _ in range(800)), 800 * len(PIECE))
        assert (answer.status, json.loads(answer.read())["errcode"]) == (502, "1502")
    except OSError:
        http.close()
    gateway.cloud.behave_normally()
    assert http.get("/api/m1/x").status == 200


# time

@pytest.fixture
def hasty(make_gateway):
    return make_gateway(directives=f"FPImageUpstreamTimeout {times(1, 1, 1)}", processes=1)


def times(*seconds):
    return " ".join(str(int(patience(value))) for value in seconds)


LATE = {"no answer": ("hang", {}), "late": ("slow", {"ms": int(2500 * SLOWDOWN)})}


@pytest.mark.parametrize("action,rule", LATE.values(), ids=LATE.keys())
@pytest.mark.parametrize("body", [None, b"{}", b"x" * 100000], ids=["none", "kept", "streamed"])
def test_cloud_that_does_not_answer_in_time(hasty, action, rule, body):
    http = hasty.login()
    http.get("/api/m1/x")
    hasty.httpd.expect_log("FPI0020.*no answer's head within", count=1)
    hasty.cloud.behave(action, "/m1/late", **rule)
    reply = http.request("GET" if body is None else "POST", "/api/m1/late", body)
    assert (reply.status, reply.errcode) == (504, "1504")
    assert int(reply.headers["Retry-After"]) >= 1 and patience(0.9) < reply.seconds < patience(5)
    hasty.cloud.behave_normally()
    assert http.get("/api/m1/x").status == 200


def test_cloud_that_falls_silent_behind_its_head(hasty):
    """Nothing has been handed on yet, so the caller can still be told why."""
    http = hasty.login()
    hasty.httpd.expect_log("FPI0020.*not a byte moved within", count=2)
    for path in ("/bytes/1000000", "/m1/small"):
        hasty.cloud.behave("stall", path)
        reply = http.get("/api" + path)
        assert (reply.status, reply.errcode, reply.seconds < patience(5)) == (504, "1504", True), path


def test_cloud_that_falls_silent_in_the_middle(hasty):
    http = hasty.login()
    hasty.httpd.expect_log("FPI0020.*not a byte moved within", count=1)
    begin = time.monotonic()
    with pytest.raises(BROKEN_OFF):
        http.get("/api/slow-body", query={"n": "3", "every_ms": str(int(1800 * SLOWDOWN))})
    assert time.monotonic() - begin < patience(5)


def test_slow_but_steady_cloud(hasty):
    reply = hasty.login().get("/api/slow-body", query={"n": "6", "every_ms": "500"})
    assert (reply.status, len(reply.body), reply.seconds > 2.4) == (200, 6, True)


def test_connection_that_is_never_made(make_gateway):
    """The backlog of the listener is full: nobody answers the first packet."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        others = [socket.socket() for _ in range(4)]
        for other in others:
            other.setblocking(False)
            other.connect_ex(full.getsockname())
        late_connection(make_gateway, full)
        for other in others:
            other.close()


def test_handshake_that_is_never_answered(make_gateway):
    with socket.create_server(("127.0.0.1", 0), backlog=20) as mute:
        late_connection(make_gateway, mute)


def late_connection(make_gateway, listener):
    gateway = make_gateway(start=False, directives=f"FPImageUpstreamTimeout {min(int(patience(1)), 10)} {times(30, 30)}")
    gateway.httpd.add(f"FPImageUpstream https://localhost:{listener.getsockname()[1]}")
    gateway.httpd.start()
    gateway.httpd.expect_log("FPI0020.*no connection within", count=1)
    reply = gateway.login().get("/api/m1/x")
    assert (reply.status, reply.errcode, reply.seconds < patience(5)) == (504, "1504", True)


def test_slow_reader_has_time(hasty):
    """Neither does the cloud lose patience with us, nor we with the cloud, while the caller sleeps."""
    http = hasty.login()
    answer = http.stream("GET", f"/api/bytes/{30 * MIB}")
    total = len(answer.read(100000))
    time.sleep(patience(2.5))
    while piece := answer.read(MIB):
        total += len(piece)
    assert total == 30 * MIB


@pytest.mark.parametrize("length", [None, 5 * len(PIECE)])
def test_slow_sender_has_time(hasty, length):
    def pieces():
        for number in range(5):
            yield PIECE
            if number == 2:
                time.sleep(patience(2.5))

    answer = upload(hasty.login(), "/api/sink", pieces(), length)
    assert json.loads(answer.read())["data"] == {"bytes": 5 * len(PIECE), "sha256": sha256(PIECE * 5)}


# limits

@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("path", ["/api/m1/up", "/api/m5/bill/invoice/create"])
def test_limit_of_the_server_holds_for_streams(make_gateway, path, chunked):
    gateway = make_gateway(directives="LimitRequestBody 100000")
    http = gateway.login()
    headers = bearer(http) | {"Content-Type": "application/json"}
    for size, status in ((100000, 200), (100001, 413), (3000000, 413)):
        body = b'{"a":"' + b"x" * (size - 8) + b'"}'
        try:
            reply = http.request("POST", path, iter([body]) if chunked else body, headers, token=False)
        except OSError:  # closed while we were still sending
            assert status == 413
            continue
        assert (reply.status, reply.errcode) == (status, "0000" if status == 200 else "1413"), size
        assert status == 200 or "100000" in reply.json()["description"]
    whole = [row["body_complete"] for row in seen(gateway, path[4:])]
    assert whole.count(True) == 1
