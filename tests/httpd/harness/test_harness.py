"""The harness tested on an httpd without the module, and on a stand-in for fpimagectl."""
import os
import signal
import socket
import subprocess
import sys

import pytest

from harness import client, places, processes
from harness.cloudctl import CLIENT
from harness.log import Line, LogWatch

MPMS = ["event", "worker", "prefork"]
DENIED = '<Location "/denied">\n  Require all denied\n</Location>'
MODULE_LINE = ("[Mon Nov 24 01:18:00.123456 2025] [fpimage:%s] [pid 12:tid 34] "
               "[client 127.0.0.1:5] FPI0042: the store is not there")


@pytest.fixture
def plain(httpd):
    return httpd(with_module=False, directives=DENIED)


# httpd

@pytest.mark.parametrize("mpm", MPMS)
def test_start_serve_graceful_stop(httpd, mpm):
    one = httpd(with_module=False, mpm=mpm, processes=2, threads=4)
    with one.http() as http:
        assert http.get("/index.txt").text == "plain\n"
        first = one.children()
        assert first and one.rss() > one.rss(one.pid) > 0
    one.graceful()
    assert processes.wait_until(lambda: not set(first) & set(one.children()), 20)
    with one.http() as http:
        assert http.get("/index.txt").status == 200
    port = one.port
    one.stop()
    assert not one.running()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=2)


def test_children_run_as_the_server_user(plain):
    account = places.server_account()
    if account is None:
        assert os.stat(f"/proc/{plain.children()[0]}").st_uid == os.geteuid()
    else:
        assert os.stat(f"/proc/{plain.children()[0]}").st_uid == account.pw_uid
        assert plain.data.stat().st_uid == account.pw_uid
    assert plain.data.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mpm", MPMS)
def test_killed_child_is_announced_and_replaced(httpd, mpm):
    one = httpd(with_module=False, mpm=mpm, threads=4)
    pid = one.kill_child()
    assert pid not in one.children()
    with one.http() as http:
        assert http.get("/index.txt").status == 200


def test_crashed_child_leaves_no_core_behind(plain):
    plain.kill_child(number=signal.SIGSEGV)
    assert plain.cores() == []


def test_start_again_after_the_parent_was_killed(plain):
    plain.kill_parent()
    assert not plain.running()
    plain.start()
    with plain.http() as http:
        assert http.get("/index.txt").status == 200
    assert plain.kill_all()
    plain.start()


@pytest.mark.parametrize("mpm", MPMS)
def test_stop_is_not_held_up_by_an_idle_caller(httpd, mpm):
    one = httpd(with_module=False, mpm=mpm)
    with one.http() as http:
        http.get("/index.txt")
        one.stop(timeout=5)
    assert not one.running()


def test_configtest_names_the_fault(httpd):
    one = httpd(start=False, with_module=False)
    assert one.configtest()[0] == 0
    one.add("NoSuchDirective x")
    code, text = one.configtest()
    assert code and "NoSuchDirective" in text


def test_start_reports_a_configuration_that_does_not_load(httpd):
    one = httpd(start=False, with_module=False, directives="NoSuchDirective x")
    with pytest.raises(AssertionError, match="httpd ended with"):
        one.start()
    one.log.forget()


def test_access_log(plain):
    with plain.http() as http:
        http.get("/index.txt?a=1")
    (row,) = plain.access(wait_count=1)
    assert row["request"] == "GET /index.txt?a=1 HTTP/1.1" and row["status"] == "200"
    assert row["trace"] == "-"


def test_wrapper_and_environment(httpd, monkeypatch):
    monkeypatch.setenv("FPIMAGE_HTTPD_WRAPPER", "env WRAPPED=yes")
    monkeypatch.setenv("FPIMAGE_HTTPD_ENV", "EXTRA={root}/x\n\nOTHER=a=b")
    one = httpd(with_module=False)
    environment = open(f"/proc/{one.pid}/environ", "rb").read().split(b"\0")
    assert {b"WRAPPED=yes", b"OTHER=a=b", f"EXTRA={one.root}/x".encode()} <= set(environment)


def test_missing_module_is_said_plainly(httpd, monkeypatch):
    monkeypatch.setenv("FPIMAGE_MODULE", "/nonexistent/mod_fpimage.so")
    with pytest.raises(FileNotFoundError, match="build first"):
        httpd()


# the log

def test_unannounced_error_is_found(plain):
    with plain.http() as http:
        assert http.get("/denied").status == 403
    plain.log.wait_for("AH01630")
    assert any("AH01630" in text for text in plain.log.problems())
    with pytest.raises(AssertionError, match="AH01630"):
        plain.log.verify()
    plain.expect_log("AH01630")
    plain.log.verify()


def test_announced_count_must_be_met(plain):
    plain.expect_log("AH01630", count=2)
    with plain.http() as http:
        http.get("/denied")
        plain.log.wait_for("AH01630")
        assert "announced 2 x 'AH01630', seen 1" in plain.log.problems()
        http.get("/denied")
    plain.log.wait_for("AH01630", count=2)
    assert plain.log.problems() == []


def test_announced_line_that_never_came_is_a_failure(plain):
    plain.expect_log("FPI0042")
    assert plain.log.problems() == ["announced 'FPI0042', never seen"]
    plain.log.forget()
    plain.expect_log("FPI0042", optional=True)
    assert plain.log.problems() == []


def test_unannounced_exit_signal_is_found(plain):
    os.kill(plain.children()[0], signal.SIGSEGV)
    plain.log.wait_for("exit signal Segmentation fault")
    assert any("exit signal" in text for text in plain.log.problems())
    plain.log.forget()
    for core in plain.cores():
        os.unlink(core)


@pytest.mark.parametrize("raw,bad", [
    (MODULE_LINE % "error", True), (MODULE_LINE % "warn", True), (MODULE_LINE % "crit", True),
    (MODULE_LINE % "notice", False), (MODULE_LINE % "info", False), (MODULE_LINE % "debug", False),
    ("==12== Memcheck, a memory error detector", False), ("==12== Invalid read of size 4", True),
    ("==12== ERROR SUMMARY: 0 errors from 0 contexts", False),
    ("==12== ERROR SUMMARY: 3 errors from 1 contexts", True),
    ("==12==ERROR: AddressSanitizer: heap-use-after-free", True),
    ("x.c:3:4: runtime error: signed integer overflow", True),
    ("free(): invalid pointer", True), ("", False)])
def test_which_lines_are_bad(raw, bad):
    assert Line(raw).is_bad() == bad


def test_module_line_is_taken_apart():
    line = Line(MODULE_LINE % "error")
    assert (line.module, line.level, line.pid, line.id) == ("fpimage", "error", 12, "FPI0042")


def test_watch_follows_files_that_appear_and_grow(tmp):
    watch = LogWatch(tmp / "error.log", tmp / "sanitizer.*")
    assert watch.problems() == []
    (tmp / "error.log").write_text(MODULE_LINE % "info" + "\n" + (MODULE_LINE % "warn")[:20])
    assert len(watch.problems()) == 1
    (tmp / "error.log").write_text(MODULE_LINE % "info" + "\n" + MODULE_LINE % "warn" + "\n")
    (tmp / "sanitizer.77").write_text("==77==ERROR: LeakSanitizer: detected memory leaks\n")
    assert len(watch.problems()) == 2 and len(watch.lines("FPI0042")) == 2


# callers

def test_http_client_on_the_cloud(cloud):
    with client.Http("localhost", cloud.port, ca=cloud.ca) as http:
        assert http.login(CLIENT, 2, path="/base/oauth/token").errcode == "0000"
        body = client.encrypt_body('{"a":1}', CLIENT["encrypt_key"])
        reply = http.request("POST", "/m5/bill/invoice/create", body)
        assert reply.json()["data"]["echo"] == {"a": 1}
        assert http.request("PUT", "/sink", iter([b"ab", b"c"])).json()["data"]["bytes"] == 3
        assert http.get("/m1/x", token=False).status == 401
    assert cloud.fetches() == 1
    assert cloud.wait_log("/sink")[0]["tls"] is True


def test_raw_client(plain):
    with client.Raw("127.0.0.1", plain.port) as raw:
        raw.send("GET /index.txt HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert raw.response().text == "plain\n"
        raw.send("GET /index.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert raw.rest().endswith(b"plain\n")


def test_cloud_reports_a_broken_rule(cloud):
    with client.Http("localhost", cloud.port, ca=cloud.ca) as http:
        http.get("/files/sample.pdf", headers={"TE": "trailers"})
    with pytest.raises(AssertionError, match="hop-by-hop"):
        cloud.verify()
    cloud.expect_violation("hop-by-hop")
    cloud.verify()
    cloud.expect_violation("sni")
    with pytest.raises(AssertionError, match="sni"):
        cloud.verify()
    cloud.reset()


def test_further_cloud_without_tls(make_cloud):
    one = make_cloud(tls=False, base="/test")
    assert one.url == f"http://localhost:{one.port}/test" and one.ca is None
    with client.Http("localhost", one.port) as http:
        assert http.login(CLIENT, path="/test/base/oauth/token").errcode == "0000"


FAKE_CTL = r"""#!/usr/bin/python3
import json, os, sys
args = sys.argv[1:]
files = {a: open(args[i + 1]).read() for i, a in enumerate(args) if a.endswith("-file")}
with open(os.path.join(os.environ["FAKE_OUT"], "calls"), "a") as out:
    out.write(json.dumps({"args": args, "uid": os.geteuid(), "files": files}) + "\n")
if "check" in args:
    print("refused", file=sys.stderr)
    sys.exit(4)
print(json.dumps({"args": args, "input": sys.stdin.read()}))
"""


@pytest.fixture
def fake_ctl(tmp, monkeypatch):
    program = tmp / "fpimagectl"
    program.write_text(FAKE_CTL)
    program.chmod(0o755)
    out = tmp / "out"
    out.mkdir()
    places.give(out, 0o755)
    monkeypatch.setenv("FPIMAGE_CTL", str(program))
    monkeypatch.setenv("FAKE_OUT", str(out))
    return out / "calls"


def test_ctl(fake_ctl, tmp):
    code, value = client.ctl(tmp, "bill", "show", 7, input="secret")
    assert (code, value) == (0, {"args": ["-d", str(tmp), "--json", "bill", "show", "7"],
                                 "input": "secret"})
    ctl = client.Ctl("-d", tmp)
    assert ctl("enterprise", "check", "C") == (4, None) and ctl.stderr == "refused\n"
    with pytest.raises(AssertionError, match="ended with 4: refused"):
        ctl.must("enterprise", "check", "C")


def test_gateway_is_wired(fake_ctl, make_gateway):
    one = make_gateway(start=False, with_module=False)
    conf = one.httpd.conf.read_text()
    assert f"FPImageUpstream https://localhost:{one.cloud.port}\n" in conf
    assert f'FPImageUpstreamCA "{one.cloud.ca}"\n' in conf
    assert f"FPImageFetchAllow localhost:{one.cloud.port}\n" in conf
    calls = fake_ctl.read_text()
    assert '"init"' in calls and CLIENT["secret"] in calls and CLIENT["encrypt_key"] in calls
    account = places.server_account()
    assert f'"uid": {account.pw_uid if account else os.geteuid()}' in calls


# what is left behind

def test_left_over_processes_are_found():
    listener = ("import socket, sys, time; s = socket.create_server(('127.0.0.1', 0));"
                "print('up', flush=True); time.sleep(60)")
    mark = f"left-over-test-{os.getpid()}"
    child = subprocess.Popen([sys.executable, "-c", listener], stdout=subprocess.PIPE,
                             env={**os.environ, processes.MARK: mark})
    try:
        child.stdout.readline()
        ((pid, _, ports),) = processes.left_over(mark)
        assert pid == child.pid and len(ports) == 1
        processes.end(pid)
        child.wait(10)
        assert processes.left_over(mark) == []
    finally:
        child.kill()
        child.wait(10)
        child.stdout.close()


FORGETFUL = """
import subprocess, sys
def test_forgets():
    subprocess.Popen([sys.executable, "-c", "import socket, time; "
                      "s = socket.create_server(('127.0.0.1', 0)); time.sleep(60)"])
"""
NOISY = """
def test_noisy(httpd):
    one = httpd(with_module=False, directives='<Location "/denied">\\nRequire all denied\\n</Location>')
    with one.http() as http:
        assert http.get("/denied").status == 403
"""
CRASHING = """
import os, signal
def test_crashes(httpd):
    one = httpd(with_module=False)
    one.expect_log("exit signal")
    os.kill(one.children()[0], signal.SIGSEGV)
    one.log.wait_for("exit signal")
    (one.root / "core" / "core.1").write_text("as a kernel would")
"""
RUDE = """
def test_rude(cloud):
    from harness.client import Http
    with Http("localhost", cloud.port, ca=cloud.ca) as http:
        http.get("/files/sample.pdf", headers={"Upgrade": "h2c"})
"""


@pytest.mark.parametrize("text,words", [
    (FORGETFUL, ["1 passed", "left behind: process", "listening on ["]),
    (NOISY, ["1 passed, 1 error", "AH01630"]),
    (CRASHING, ["1 passed, 1 error", "left behind: core file"]),
    (RUDE, ["1 passed, 1 error", "hop-by-hop"])])
def test_run_fails_for_what_no_test_asserted(tmp, text, words):
    here = tmp / "suite"
    here.mkdir()
    (here / "test_suite.py").write_text(text)
    environment = {k: v for k, v in os.environ.items() if k not in (processes.MARK, "FPIMAGE_KEEP")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "conftest", str(here)],
        env={**environment, "PYTHONPATH": str(places.TESTS / "httpd"), "TMPDIR": str(tmp)}, cwd=here,
        capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert [word for word in words if word not in done.stdout] == [], done.stdout
