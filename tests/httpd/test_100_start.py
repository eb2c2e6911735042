"""Start, refusal to start, restart; health and figures; the trace id everywhere.

The numbered files are floors: a higher one may use the helpers of a lower one.
"""
import concurrent.futures
import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import sqlite3
import threading
import time
import urllib.parse

import pytest

from harness import places, processes
from harness.cloudctl import CLIENT
from harness.httpd import Httpd

# Sanitizers and valgrind: how many times slower everything is. The harness waits accordingly.
SLOWDOWN = float(os.environ.get("FPIMAGE_SLOWDOWN", "1"))
os.environ.setdefault("FPIMAGE_TIME_FACTOR", str(SLOWDOWN))
# tests/torture/run: how often what is done once is done.
ROUNDS = int(os.environ.get("FPIMAGE_TORTURE_ROUNDS", "1"))

ANNOUNCE = "/api/imgsys/bill/signPost/erpBillPush"
STATUS = "/api/imgsys/bill/outside/billStatus"
PUSH = "/api/imgsys/outside/push"
TOKEN = "/api/base/oauth/token"
STORE = "store.db"
TRACE = re.compile(r"[0-9a-f]{32}")
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


# helpers of all files

def patience(seconds):
    return places.patience(seconds)


def scaled(count, least):
    """Fewer repetitions where each takes longer."""
    return max(least, int(count / SLOWDOWN))


def each(cases, check):
    """check(*case) for every case on one server; fails with all that went wrong, not with the first."""
    wrong = []
    for case in cases:
        try:
            check(*case)
        except AssertionError as bad:
            wrong.append(f"{case!r:.300}: {bad}")
    if wrong:
        pytest.fail("\n".join(wrong))


def bill(number, **changes):
    """What the ERP announces; a change to None leaves the field out."""
    whole = {"fscanBillNo": number, "fbillId": f"id-{number}", "fbillTypeCode": "ER_ExpReimbursement",
             "resource": "EAS", **changes}
    return {name: value for name, value in whole.items() if value is not None}


@contextlib.contextmanager
def opened(gateway):
    """The store through sqlite3, beside the running gateway."""
    base = sqlite3.connect(store_path(gateway), timeout=patience(10), isolation_level=None)
    base.row_factory = sqlite3.Row
    try:
        yield base
    finally:
        base.close()


def store_path(gateway):
    return getattr(gateway, "httpd", gateway).data / STORE


def rows(gateway, sql, *values):
    with opened(gateway) as base:
        return [dict(row) for row in base.execute(sql, values)]


def change(gateway, sql, *values):
    with opened(gateway) as base:
        return base.execute(sql, values).rowcount


def metric(http, name):
    text = http.get("/fpimage/metrics").text
    found = re.search(rf"^{name}(?:\{{.*\}})? (\d+)$", text, re.M)
    assert found, f"{name} is not among the metrics:\n{text}"
    return int(found[1])


def listed(value):
    """The rows of a list of fpimagectl, bare or under their name."""
    return value if isinstance(value, list) else next(rows for rows in value.values() if isinstance(rows, list))


def trail(gateway, number, notices=False):
    """The rows of a bill's timeline as fpimagectl tells them, oldest first; what became of notices to the ERP, which come
    in their own time, only when they are asked for."""
    return [row for row in listed(gateway.ctl.must("bill", "trail", number)) if notices or row["kind"] != "notice"]


def fresh_call(gateway, method, path, body, headers=None):
    """One request on a connection of its own; (status, JSON)."""
    address = urllib.parse.urlsplit(gateway.url)
    conn = http.client.HTTPConnection(address.hostname, address.port, timeout=patience(30))
    try:
        conn.request(method, path, json.dumps(body).encode(),
                     {"Content-Type": "application/json", "Connection": "close", **(headers or {})})
        answer = conn.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        conn.close()


# the first start

@pytest.mark.mpm
@pytest.mark.valgrind
def test_one_line_is_enough(httpd):
    one = httpd()
    with one.http() as http:
        reply = http.post(TOKEN, {"client_id": "NOBODY", "timestamp": "1", "sign": "x"})
        assert (reply.status, reply.errcode) == (200, "1201")
        assert http.get("/fpimage/ready").status == 200
    assert one.log.lines("FPI0001") and one.log.lines("FPI0002")
    made = {path.name: path.stat() for path in one.data.iterdir()}
    assert {STORE, "keys", "first-login"} <= set(made)
    assert {made[name].st_mode & 0o777 for name in (STORE, "keys", "first-login")} == {0o600}
    account = places.server_account()
    if account:
        assert {st.st_uid for st in made.values()} == {account.pw_uid}


def compiled_default():
    found = re.findall(rb"/[\w./+-]+/lib/fpimage\0", places.module_path().read_bytes())
    assert len(set(found)) == 1, found
    return pathlib.Path(found[0][:-1].decode())


def test_compiled_default_directory(httpd, monkeypatch):
    """Really without any directive: the data directory is made where the installation keeps its state."""
    folder = compiled_default()
    made = next(path for path in [*reversed(folder.parents), folder] if not path.exists()) \
        if not folder.exists() else None
    if made is None or not os.access(made.parent, os.W_OK):
        pytest.skip(f"{folder} is there, or may not be made by this user")
    monkeypatch.setattr(Httpd, "_content", without_directives(Httpd._content))
    try:
        one = httpd()
        assert folder.stat().st_mode & 0o777 == 0o700
        assert (folder / STORE).exists()
        with one.http() as http:
            assert http.get("/fpimage/ready").status == 200
    finally:
        one.stop()
        shutil.rmtree(made)


def without_directives(content):
    return lambda self: [line for line in content(self) if not line.startswith("FPImage")]


def test_second_start_keeps_the_store(httpd):
    one = httpd()
    before = {name: (one.data / name).read_bytes() for name in ("keys", "first-login")}
    one.stop()
    one.start()
    assert {name: (one.data / name).read_bytes() for name in before} == before
    assert len(one.log.lines("FPI0002")) == 1


@pytest.mark.mpm
def test_nothing_is_opened_before_fork(gateway):
    with gateway.http() as http:
        assert http.get("/fpimage/ready").status == 200
    assert open_below(gateway.httpd.pid, gateway.httpd.data) == []
    assert processes.wait_until(lambda: all_opened(gateway.httpd), patience(10))
    assert open_below(gateway.httpd.pid, gateway.httpd.data) == []


def all_opened(httpd):
    children = httpd.children()
    return children and all(any(path.endswith(STORE) for path in open_below(pid, httpd.data)) for pid in children)


def open_below(pid, folder):
    links = []
    for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            links.append(os.readlink(entry))
    return [link for link in links if link.startswith(str(folder))]


# engine

def test_engine_off_serves_and_makes_nothing(httpd):
    one = httpd(directives="FPImageEngine Off")
    with one.http() as http:
        for path in (TOKEN, "/fpimage/health", "/imgsys-web/"):
            reply = http.post(path, {})
            assert reply.status == 404 and reply.trace is None
    assert list(one.data.iterdir()) == []


def test_engine_is_switched_per_virtual_host(httpd):
    one = httpd(start=False)
    one.add(f"<VirtualHost *:{one.port}>\n ServerName on.test\n</VirtualHost>\n"
            f"<VirtualHost *:{one.port}>\n ServerName off.test\n FPImageEngine Off\n</VirtualHost>")
    one.start()
    with one.http() as http:
        assert http.post(TOKEN, {}, headers={"Host": "on.test"}).errcode == "1200"
        assert http.post(TOKEN, {}, headers={"Host": "off.test"}).status == 404


# bad directives: (line, what httpd -t must say of it)
BAD_LINES = [
    ("FPImageEngine maybe", ["maybe", "On", "Off"]),
    ("FPImageEngine", ["On|Off"]),
    ("FPImageDataDir state", ["state", "absolute path"]),
    ("FPImageDatabase mysql://x", ["mysql://x", "sqlite:/absolute/path"]),
    ("FPImageDatabase sqlite:relative", ["sqlite:relative", "sqlite:/absolute/path"]),
    ("FPImageDatabase postgresql://user:hidden@db/x", ["postgresql", "sqlite:/absolute/path"]),
    ("FPImageBlobStore s3:https://host/bucket", ["s3:", "file:/absolute/directory"]),
    ("FPImageBlobStore images", ["images", "file:/absolute/directory"]),
    ("FPImageSecretFile keys", ["keys", "absolute path"]),
    ("FPImageUpstream productive", ["productive", "production, demo"]),
    ("FPImageUpstream ftp://host", ["ftp://host", "production, demo"]),
    ("FPImageUpstream https://user:hidden@host/", ["@", "without user"]),
    ("FPImageUpstream https://host/?a=b", ["https://host/?a=b", "query"]),
    ("FPImageUpstreamCA", ["FPImageUpstreamCA", "file"]),
    ("FPImageUpstreamTimeout 5 60", ["5 60", "connect first-byte idle"]),
    ("FPImageUpstreamTimeout 5 0 60", ["0", "from 1 to 3600"]),
    ("FPImageUpstreamConnections 0", ["0", "from 1 to 4096"]),
    ("FPImageUpstreamConnections many", ["many", "from 1 to 4096"]),
    ("FPImageDecoders 0", ["0", "from 1 to 64"]),
    ("FPImageDecodeTimeout 3601", ["3601", "from 1 to 3600"]),
    ("FPImageEncrypt m5/bill", ["m5/bill", "beginning with"]),
    ("FPImageEncrypt /m5/../x", ["/m5/../x", "dot segments"]),
    ("FPImageTokenLifetime 59", ["59", "from 60 to 2592000"]),
    ("FPImageTokenLifetime 1h", ["1h", "from 60 to 2592000"]),
    ("FPImageTokenSkew -1", ["-1", "from 0 to 86400"]),
    ("FPImageRoute /api/x no_such_handler", ["no_such_handler", "fpimagectl routes"]),
    ("FPImageRoute BREW /api/x push", ["BREW", "GET, HEAD, POST"]),
    ("FPImageRoute /x push", ["/x", "under /api/"]),
    ("FPImageRoute /api/x", ["/api/x", "path handler"]),
    ("FPImagePushAllow 10.0.0.300", ["10.0.0.300", "10.0.0.0/8"]),
    ("FPImagePushAllow host.example", ["host.example", "10.0.0.0/8"]),
    ("FPImageFetchAllow https://host/x", ["https://host/x", "host names"]),
    ("FPImageErpAllow host:99999", ["host:99999", "host names"]),
    ("FPImageMaxFile 200X", ["200X", "K, M or G"]),
    ("FPImageMaxFile 8G", ["8G", "from 1K to 4G"]),
    ("FPImageMaxJSON 1", ["1", "from 1K to 1G"]),
    ("FPImageTrustedProxy 1.2.3.4/33", ["1.2.3.4/33", "10.0.0.0/8"]),
    ("FPImageStatus yes", ["yes", "On or Off"]),
    ("FPImageEventCommand notify", ["notify", "absolute path"]),
]


def test_bad_value_is_named_with_what_is_accepted(httpd):
    one = httpd(start=False)

    def check(line, words):
        one.directives = [line]
        code, text = one.configtest()
        place = one.conf.read_text().splitlines().index(line) + 1
        wanted = [line.split()[0], str(one.conf), f"line {place}", *words]
        assert code != 0 and [word for word in wanted if word not in text] == [], text
        assert "hidden" not in text

    each(BAD_LINES, check)


def test_unknown_socache_provider_is_refused(httpd):
    one = httpd(start=False, directives="FPImageTokenCache nosuch")
    code, text = one.configtest()
    if code == 0:  # providers are known only once all modules are there
        text = refused_to_start(one)
    assert "nosuch" in text and "FPImageTokenCache" in text


def test_good_configuration_passes(httpd):
    one = httpd(start=False, directives="\n".join([
        "FPImageUpstream demo", "FPImageUpstreamTimeout 1 2 3", "FPImageUpstreamConnections 4096",
        "FPImageEncrypt /m5/bill /m9/x", "FPImageTokenCache shmcb", "FPImageTokenLifetime 60",
        "FPImageTokenSkew off", "FPImageRoute GET /api/x/y bill_status", "FPImageRoute /api/x/z push",
        "FPImagePushAllow 10.0.0.0/8 2001:db8::/32", "FPImageFetchAllow a.example http://b.example:81",
        "FPImageErpAllow erp.example:6888", "FPImageMaxFile 1G", "FPImageMaxJSON 64K",
        "FPImageTrustedProxy 127.0.0.1", "FPImageStatus On", "FPImageEventCommand /bin/true"]))
    assert one.configtest()[0] == 0, one.configtest()[1]


# refusals to start

def refused_to_start(one):
    """Starts in vain; what the error log and standard error say."""
    with pytest.raises(AssertionError, match="httpd ended with"):
        one.start()
    text = "\n".join(line.raw for line in one.log.lines())
    one.log.forget()
    return text


def prepared(httpd):
    """An httpd that has run once, and is stopped."""
    one = httpd()
    one.stop()
    return one


def test_key_file_that_others_can_read_is_refused(httpd):
    one = prepared(httpd)
    (one.data / "keys").chmod(0o644)
    text = refused_to_start(one)
    assert "FPI0003" in text and str(one.data / "keys") in text and "chmod 600" in text
    (one.data / "keys").chmod(0o600)
    one.start()


def test_newer_schema_is_refused(httpd):
    one = prepared(httpd)
    ((version,),) = [tuple(row.values()) for row in rows(one, "PRAGMA user_version")]
    change(one, f"PRAGMA user_version={version + 6}")
    text = refused_to_start(one)
    assert "FPI0003" in text and f"schema {version + 6}" in text and f"up to {version}" in text
    change(one, f"PRAGMA user_version={version}")
    one.start()


def spoil_keys(one):
    (one.data / "keys").write_text("# nothing\n")
    return ["keys", "master"]


def spoil_store(one):
    (one.data / STORE).write_bytes(b"this is not a database, but it is long enough to be read as one\n" * 20)
    return [STORE]


def foreign_store(one):
    (one.data / STORE).unlink()
    change(one, "CREATE TABLE t (a)")
    places.give(one.data / STORE, 0o600)
    return [STORE, "another program"]


def data_is_a_file(one):
    shutil.rmtree(one.data)
    one.data.write_text("")
    return [str(one.data), "not a directory"]


@pytest.mark.parametrize("spoil", [spoil_keys, spoil_store, foreign_store, data_is_a_file],
                         ids=lambda spoil: spoil.__name__)
def test_unusable_data_is_named(httpd, spoil):
    one = prepared(httpd)
    words = spoil(one)
    text = refused_to_start(one)
    assert [word for word in ["FPI0003", *words] if word not in text] == [], text


# health and figures

@pytest.mark.valgrind
def test_health_ready_metrics_status(gateway):
    with gateway.http() as http:
        for path in ("/fpimage/health", "/fpimage/ready"):
            reply = http.get(path)
            assert reply.status == 200 and TRACE.fullmatch(reply.trace or "")
        before = metric(http, "fpimage_requests_total")
        gateway.login()
        assert metric(http, "fpimage_tokens_issued_total") == 1
        assert metric(http, "fpimage_requests_total") > before
        page = http.get("/server-status").text
        assert "fpimage" in page
        assert "fpimage" in http.get("/server-status?auto").text.lower()


def test_metrics_are_well_formed(gateway):
    gateway.login()
    with gateway.http() as http:
        reply = http.get("/fpimage/metrics")
    assert reply.headers["Content-Type"].startswith("text/plain")
    kinds = dict(re.findall(r"^# TYPE (\w+) (counter|gauge|histogram)$", reply.text, re.M))
    helped = re.findall(r"^# HELP (\w+) \S", reply.text, re.M)
    samples = [line for line in reply.text.splitlines() if line and not line.startswith("#")]
    names = {re.match(r"[a-z_]+", line)[0] for line in samples}
    assert samples and all(re.fullmatch(r"fpimage_[a-z_]+(\{[^}]*\})? -?[0-9.e+]+", line) for line in samples)
    assert names == set(kinds) == set(helped) and len(helped) == len(set(helped))


@pytest.mark.parametrize("directive,source,status", [
    ("", None, 200),
    ("", "127.0.0.1", 403),
    ("FPImageTrustedProxy 127.0.0.1", "192.0.2.7", 403),
    ("FPImageStatus On", "192.0.2.7", 200),
    ("FPImageStatus Off", None, 404)])
def test_who_may_see_the_metrics(httpd, directive, source, status):
    """Unset: this machine only, and what was forwarded is not of this machine."""
    one = httpd(directives=directive)
    headers = {"X-Forwarded-For": source} if source else {}
    with one.http() as http:
        assert http.get("/fpimage/metrics", headers=headers).status == status
        assert http.get("/fpimage/health", headers=headers).status == 200


def test_metrics_method_and_head(gateway):
    with gateway.http() as http:
        assert http.request("HEAD", "/fpimage/health").body == b""
        for path in ("/fpimage/health", "/fpimage/ready", "/fpimage/metrics"):
            reply = http.post(path, {})
            assert reply.status == 405 and "GET" in reply.headers["Allow"]


# the trace id

TRACED = [  # (method, path, body, status)
    ("POST", TOKEN, {"client_id": "NOBODY", "timestamp": "1", "sign": "x"}, 200),
    ("GET", TOKEN, None, 405),
    ("POST", ANNOUNCE, bill("TRACE-2"), 401),
    ("POST", "/api/imgsys/nowhere", {}, 404),
    ("POST", "/api/kapi/app/bds/operate", {}, 401),
    ("GET", "/api/v1/nowhere", None, 404),
    ("GET", "/api/m4/fpzs/x", None, 401),
    ("GET", "/api/a/%2e%2e/b", None, 400),
    ("POST", PUSH, {"scanBillNo": ""}, 200),
    ("GET", "/fpimage/health", None, 200),
]


@pytest.mark.mpm
def test_trace_is_in_answer_and_access_log(gateway):
    answered = []

    def check(method, path, body, status):
        trace = f"{len(answered) + 0xabc:032x}"
        answered.append((trace, str(status)))
        reply = http.request(method, path, json_body=body, headers={"traceparent": PARENT.replace(PARENT[3:35], trace)})
        assert (reply.status, reply.trace) == (status, trace), reply
        if path.startswith("/api/kapi"):
            assert set(reply.json()) == {"success", "errorCode", "message", "data"}
        elif path.startswith("/api/v1"):
            assert reply.json()["error"]["request_id"] == trace
        elif path.startswith("/api/"):
            assert reply.json()["traceId"] == trace

    with gateway.http() as http:
        each(TRACED, check)
    logged = gateway.httpd.access(wait_count=len(TRACED))
    assert [(row["trace"], row["status"]) for row in logged] == answered


@pytest.mark.mpm
def test_trace_is_in_log_timeline_and_cloud(gateway):
    parents = {name: f"00-{index:032x}-00f067aa0ba902b7-01" for index, name in
               enumerate(["announce", "refused", "relay"], 0xabc)}
    traces = {name: value.split("-")[1] for name, value in parents.items()}
    http = gateway.login()
    http.post(ANNOUNCE, bill("TRACE-1"), headers={"traceparent": parents["announce"]})
    http.post(STATUS, {"scanBillNo": "NONE", "resource": "EAS"}, headers={"traceparent": parents["refused"]})
    http.get("/api/m1/x", headers={"traceparent": parents["relay"]})
    assert [row["trace"] for row in trail(gateway, "TRACE-1")] == [traces["announce"]]
    assert "NONE" in gateway.httpd.log.wait_for(traces["refused"])[0].raw
    (seen,) = gateway.cloud.wait_log("/m1/x")
    headers = dict(seen["headers"])
    assert headers["x-trace-id"] == traces["relay"]
    assert headers["traceparent"].split("-")[1] == traces["relay"]
    assert headers["traceparent"] != parents["relay"], "a span id of our own"
    assert "TRACE-1" in [row["bill"] for row in gateway.httpd.access(wait_count=4)]


BAD_PARENTS = ["", "garbage", "00-" + "0" * 32 + "-00f067aa0ba902b7-01", PARENT.upper(), PARENT[:-1], PARENT + "-x",
               PARENT + ".", "ff" + PARENT[2:], PARENT.replace("4bf9", "4bg9"), "\"" + PARENT,
               PARENT.replace("00f067aa0ba902b7", "0" * 16), PARENT.replace("-01", "-0x")]


def test_bad_traceparent_is_replaced(gateway):
    def check(parent):
        reply = http.post(TOKEN, {}, headers={"traceparent": parent})
        assert TRACE.fullmatch(reply.trace) and reply.trace not in parent.lower()
        assert reply.json()["traceId"] == reply.trace

    with gateway.http() as http:
        each([(parent,) for parent in BAD_PARENTS], check)


def test_traceparent_of_a_later_version_is_taken(gateway):
    with gateway.http() as http:
        for parent in ("01" + PARENT[2:], "cc" + PARENT[2:] + "-what-comes-then"):
            assert http.post(TOKEN, {}, headers={"traceparent": parent}).trace == PARENT[3:35]


def test_traces_differ(gateway):
    with gateway.http() as http:
        traces = [http.post(TOKEN, {}).trace for _ in range(50)]
    assert len(set(traces)) == 50


# restarts

class Announcer:
    """Callers that announce one new bill per connection until told to stop."""

    def __init__(self, gateway, token, callers=4, most=20000):
        self.gateway, self.token, self.most = gateway, token, most
        self.answers, self.broken = [], []
        self._stop = threading.Event()
        self._pool = concurrent.futures.ThreadPoolExecutor(callers)
        self._jobs = [self._pool.submit(self._work, name) for name in range(callers)]

    def _work(self, name):
        for count in range(self.most):
            if self._stop.is_set():
                return
            self._announce(f"LOAD-{name}-{count}")

    def _announce(self, number):
        try:
            status, answer = fresh_call(self.gateway, "POST", f"{ANNOUNCE}?access_token={self.token}", bill(number))
        except (OSError, http.client.HTTPException, ValueError) as bad:
            self.broken.append((number, repr(bad)))
        else:
            self.answers.append((number, status, answer.get("errcode")))

    def finish(self):
        self._stop.set()
        for job in self._jobs:
            job.result(patience(60))
        self._pool.shutdown()
        return self.answers


@pytest.mark.mpm
def test_graceful_restart_loses_no_answer(gateway):
    load = Announcer(gateway, gateway.login().token)
    for _ in range(5 * ROUNDS):
        wait_for_more(load, 10)
        gateway.httpd.graceful()
    wait_for_more(load, 10)
    answers = load.finish()
    assert load.broken == []
    assert {(status, code) for _, status, code in answers} == {(200, "0000")}
    stored = [row["number"] for row in rows(gateway, "SELECT number FROM bill")]
    assert sorted(stored) == sorted(number for number, _, _ in answers)


def wait_for_more(load, count):
    wanted = len(load.answers) + len(load.broken) + count
    assert processes.wait_until(lambda: len(load.answers) + len(load.broken) >= wanted, patience(20))


def test_graceful_restart_while_an_answer_is_under_way(gateway):
    gateway.cloud.behave("slow", "/m1/slow", ms=int(patience(1500)), times=1)
    http = gateway.login()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        reply = pool.submit(http.get, "/api/m1/slow")
        assert processes.wait_until(lambda: gateway.cloud.log("/m1/slow"), patience(5))
        gateway.httpd.graceful()
        assert reply.result(patience(20)).status == 200


@pytest.mark.mpm
@pytest.mark.slow  # sanitizers keep what they saw of an unloaded module
def test_restarts_do_not_grow(gateway):
    """The parent's memory is level over many restarts, and old children go."""
    sizes = []
    for _ in range(20 * ROUNDS):
        before = gateway.httpd.children()
        gateway.httpd.graceful()
        assert processes.wait_until(lambda: not set(before) & set(gateway.httpd.children()), patience(20))
        sizes.append(gateway.httpd.rss(gateway.httpd.pid))
    with gateway.http() as http:
        assert http.get("/fpimage/ready").status == 200
    assert max(sizes[10:]) - min(sizes[5:10]) < 256, sizes


def test_restart_takes_new_directives(gateway):
    with gateway.http() as http:
        assert http.post("/api/imgsys/mine", {}).status == 404
        gateway.httpd.add("FPImageRoute /api/imgsys/mine bill_status")
        gateway.httpd.graceful()
        deadline = time.monotonic() + patience(10)
        while http.post("/api/imgsys/mine", {}).status == 404 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert http.post("/api/imgsys/mine", {}).status == 401
