"""The decoding helper as httpd keeps it: started, fenced in, replaced when it dies, gone with httpd."""
import os
import pathlib
import re
import signal
import subprocess

import pytest

from harness import places, processes
from test_100_start import SLOWDOWN

KEEPER = "fpimage-decode"
RESTARTED = r"FPI0062: .*the keeper, process \d+, ended; \d+ is in its place"
SMALL_KIB = 4 * 1024 if SLOWDOWN == 1 else 64 * 1024  # sanitizers bring their own


@pytest.fixture(autouse=True)
def _program():
    if not places.decode_path():
        pytest.fail("built without the decoding helper")


def keepers(one):
    return [pid for pid in processes.children(one.pid) if processes.name_of(pid) == KEEPER and is_alive(pid)]


def is_alive(pid):
    return status(pid).get("State", "Z")[0] != "Z"


def status(pid):
    try:
        lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return {}
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def wait_keeper(one, other_than=()):
    def found():
        return [pid for pid in keepers(one) if pid not in other_than]

    assert processes.wait_until(found, places.patience(15)), "no keeper came"
    return found()[0]


def alone(one):
    assert processes.wait_until(lambda: len(keepers(one)) == 1, places.patience(15)), keepers(one)
    return keepers(one)[0]


def test_engine_off_everywhere_ends_it(httpd):
    one = httpd()
    wait_keeper(one)
    one.add("FPImageEngine Off")
    one.graceful()
    assert processes.wait_until(lambda: not keepers(one), places.patience(15)), keepers(one)
    one.add("FPImageEngine On")
    one.graceful()
    wait_keeper(one)


def test_one_keeper_for_all_hosts(httpd):
    one = httpd(directives="FPImageDecoders 3\nFPImageDecodeTimeout 7\n<VirtualHost *:*>\n  ServerName other\n"
                           "  FPImageDecoders 5\n</VirtualHost>")
    words = pathlib.Path(f"/proc/{alone(one)}/cmdline").read_text().split("\0")
    assert words[words.index("--workers") + 1] == "5"
    assert words[words.index("--timeout-ms") + 1] == "7000"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give it another user")
def test_it_holds_nothing_of_httpd(httpd):
    one = httpd()
    keeper = alone(one)
    facts = status(keeper)
    open_files = {os.readlink(link) for link in pathlib.Path(f"/proc/{keeper}/fd").iterdir()}
    environment = pathlib.Path(f"/proc/{keeper}/environ").read_bytes().decode().split("\0")
    assert facts["Uid"].split()[0] not in ("0", str(places.server_account().pw_uid))
    assert facts["Groups"] == "" and facts["NoNewPrivs"] == "1"
    assert set(facts["CapEff"]) == {"0"}
    assert os.readlink(f"/proc/{keeper}/ns/net") != os.readlink("/proc/self/ns/net")
    assert sorted(name.split("=")[0] for name in environment if name) == ["LANG", "PATH"]
    assert not [name for name in open_files if "error.log" in name or "pipe:" in name]
    assert len([name for name in open_files if name.startswith("socket:")]) == 1
    assert processes.rss_kib(keeper) < SMALL_KIB


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give it another user")
def test_a_worker_can_do_nothing_but_its_work():
    program = f"{places.decode_path()}-worker"
    done = subprocess.run([program, "--check"], capture_output=True, text=True, timeout=places.patience(30),
                          user="nobody", group="nogroup", extra_groups=[])
    assert done.returncode == 0, done.stdout
    assert dict(line.split() for line in done.stdout.splitlines()) == dict.fromkeys(
        ["read_file", "write_file", "network", "local_socket", "process", "program", "signal_others"], "denied")


def test_a_dead_keeper_is_replaced(httpd):
    one = httpd()
    first = alone(one)
    one.expect_log(RESTARTED, 1)
    os.kill(first, signal.SIGKILL)
    second = wait_keeper(one, [first])
    assert second != first

    def is_counted():
        with one.http() as http:
            return re.search(r"^fpimage_decode_restarts_total 1$", http.get("/fpimage/metrics").text, re.M)

    assert processes.wait_until(is_counted, places.patience(5)), "the new keeper was not counted"


def test_a_keeper_that_hangs_does_not_hold_httpd_up(httpd):
    one = httpd()
    os.kill(alone(one), signal.SIGSTOP)
    one.stop()


def test_graceful_restart_brings_a_new_one(httpd):
    one = httpd()
    first = alone(one)
    one.directives.append("FPImageDecoders 4")
    one.graceful()
    second = wait_keeper(one, [first])
    assert alone(one) == second
    words = pathlib.Path(f"/proc/{second}/cmdline").read_text().split("\0")
    assert words[words.index("--workers") + 1] == "4"


def test_hard_restart_brings_a_new_one(httpd):
    one = httpd()
    first = alone(one)
    seen = len(one.log.lines("resuming normal operations"))
    os.kill(one.pid, signal.SIGHUP)
    one.log.wait_for("resuming normal operations", 30, seen + 1)
    assert wait_keeper(one, [first]) == alone(one)


def test_it_ends_with_httpd(httpd):
    one = httpd()
    keeper = alone(one)
    one.stop()
    assert processes.wait_until(lambda: not is_alive(keeper), places.patience(10))


def test_it_ends_when_httpd_is_killed(httpd):
    one = httpd()
    keeper = alone(one)
    one.kill_all()
    assert processes.wait_until(lambda: not is_alive(keeper), places.patience(10))


def test_without_the_program_httpd_serves(httpd):
    one = httpd(start=False, environment={"FPIMAGE_DECODE": "/nowhere/fpimage-decode"})
    one.expect_log(r"FPI0063: .*/nowhere/fpimage-decode", 1)
    one.start()
    with one.http() as http:
        assert http.get("/fpimage/health").status == 200
    assert not keepers(one)


def test_all_processes_are_small_at_rest(httpd):
    one = httpd(processes=1)
    keeper = alone(one)
    assert one.rss(keeper) < SMALL_KIB
