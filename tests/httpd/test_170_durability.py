"""Answered is durable: nothing that was answered 0000 is lost or doubled by kill -9, and a full disk refuses cleanly."""
import contextlib
import itertools
import json
import os
import pathlib
import random
import shutil
import socket
import subprocess
import sys
import time

import pytest

from harness import places, processes
from harness.cloudctl import CLIENT
from test_100_start import ANNOUNCE, PUSH, ROUNDS, STATUS, bill, patience, rows, scaled
from test_130_bills import announced
from test_140_push import admit, assert_complete, pushes, results, settled

WRITER = places.TESTS / "torture" / "writer.py"


# kill -9

def quiet_port():
    """A port that no outgoing connection is given: while httpd is down, a caller could else meet itself there."""
    low = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for port in random.sample(range(2000, low), 200):
        with socket.socket() as sock, contextlib.suppress(OSError):
            sock.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no free port")


def start_writer(gateway, token, total, callers, seconds):
    return subprocess.Popen([sys.executable, WRITER, str(gateway.httpd.port), token, CLIENT["client_id"], str(total),
                             str(callers), str(seconds)], stdout=subprocess.PIPE)


def harvest(writer, seconds):
    out, _ = writer.communicate(timeout=patience(seconds))
    found = json.loads(out)
    assert found["odd"] == [] and found["unanswered"] == [] and writer.returncode == 0, found
    return found


def kill_child(gateway, dice):
    children = gateway.httpd.children()
    if children:
        os.kill(dice.choice(children), 9)


def kill_parent(gateway, _):
    gateway.httpd.kill_parent()
    start_again(gateway)


def power_cut(gateway, _):
    start_again(gateway)


def start_again(gateway):
    """The last threads of a killed process may hold its sockets for a moment."""
    gateway.httpd.kill_all()
    assert processes.wait_until(lambda: is_free(gateway.httpd.port), patience(10))
    gateway.httpd.start()


def is_free(port):
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("127.0.0.1", port))
            sock.listen()
        except OSError:
            return False
        return True


def kill_while(writer, gateway, plan, dice):
    """Accidents from the plan, then at random while the writer goes on; how many there were."""
    count = 0
    for accident in itertools.chain(plan, itertools.repeat(kill_child, 40)):
        if writer.poll() is not None and count >= len(plan):
            break
        time.sleep(dice.uniform(0.05, 0.35))
        accident(gateway, dice)
        count += 1
    return count


def assert_once(gateway, answered):
    """Every answered number is there once, with one row of the timeline for the one change it was."""
    found = rows(gateway, "SELECT number, count(*) AS n FROM bill GROUP BY number")
    assert {row["number"]: row["n"] for row in found} == dict.fromkeys(answered, 1)
    changes = rows(gateway, "SELECT bill.number, count(*) AS n FROM trail JOIN bill ON bill.id = trail.bill"
                   " WHERE trail.kind IN ('announced', 'push') GROUP BY bill.number")
    assert {row["number"]: row["n"] for row in changes} == dict.fromkeys(answered, 1)
    kept = rows(gateway, "SELECT push.number, count(*) AS n, sum(push_body.id IS NOT NULL) AS bodies FROM push"
                " LEFT JOIN push_body ON push_body.id = push.id GROUP BY push.number")
    wanted = [number for number in answered if number.startswith("PUSH-")]
    assert {row["number"]: (row["n"], row["bodies"]) for row in kept} == dict.fromkeys(wanted, (1, 1))
    assert rows(gateway, "PRAGMA integrity_check") == [{"integrity_check": "ok"}]


@pytest.mark.mpm
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(ROUNDS))
def test_nothing_answered_is_lost_or_doubled(make_gateway, seed):
    dice = random.Random(seed)
    one = make_gateway(processes=3, threads=24, port=quiet_port())
    admit(one)
    one.httpd.expect_log("AH0005[0-2]|AH0048[45]|AH1039[23]|FPI0004", optional=True)
    token, total = one.login().token, scaled(2000, 400)
    writer = start_writer(one, token, total, 48, patience(90))
    plan = [kill_child] * 3 + [kill_parent] + [kill_child] * 2 + [power_cut] + [kill_child, kill_parent]
    killed = kill_while(writer, one, plan, dice)
    found = harvest(writer, 90)
    assert killed >= len(plan) and len(found["answered"]) == total
    assert_once(one, found["answered"])
    power_cut(one, dice)
    assert_once(one, found["answered"])
    with one.login() as http:
        assert http.post(STATUS, {"scanBillNo": "BILL-0", "resource": "EAS"}).errcode == "0000"
        assert http.get("/fpimage/ready").status == 200


def test_work_of_a_killed_child_is_taken_up(make_gateway):
    """A pull that was under way is not stuck until its lease runs out."""
    one = make_gateway(processes=2)
    admit(one)
    (made,) = one.cloud.generate(invoices=1)
    rule = one.cloud.behave("hang", "/m4/fpzs/bxdInvoices", times=-1)
    with one.http() as http:
        http.post(PUSH, {"scanBillNo": made["scanBillNo"], "billId": made["billId"], "billNo": made["billNo"],
                         "clientId": CLIENT["client_id"]})
    assert processes.wait_until(lambda: one.cloud.log("/m4/fpzs/bxdInvoices"), patience(10))
    one.cloud.behave_normally(rule)
    start_again(one)
    settled(one, 20)
    assert_complete(one, made)


def test_killed_in_the_middle_of_files(make_gateway):
    """Files that were half-way are fetched again; no half of one is ever taken for the whole."""
    one = make_gateway(processes=2)
    admit(one)
    many = one.cloud.generate(8, invoices=2, attachments=2)
    one.cloud.behave("slow", "/files/", ms=40, times=-1)
    one.cloud.push_here(one.url + PUSH, many, "document", twice=False, timeout=patience(30))
    for _ in range(3):
        time.sleep(0.3)
        start_again(one)
    settled(one, 60)
    for made in many:
        assert_complete(one, made)
    leftover = [path for path in (one.httpd.data / "blobs").rglob("*") if path.is_file() and len(path.name) < 60]
    assert leftover == [] or all(path.stat().st_mtime > time.time() - 3600 for path in leftover)


# a full disk

DISK_MIB = 96


@pytest.fixture
def small_disk(make_gateway):
    """A gateway whose data directory is a file system of its own, of 96 MiB; it is not started yet."""
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    one = make_gateway(start=False)
    admit(one)
    data, aside = one.httpd.data, one.httpd.root / "aside"
    data.rename(aside)
    data.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}M,mode=0700", "fpimage", data],
                          capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"can't mount: {done.stderr.strip()}")
    try:
        places.give(data, 0o700)
        for path in aside.iterdir():
            subprocess.run(["cp", "-a", path, data], check=True)
        yield one
        one.httpd.stop()
    finally:
        one.httpd.reap()
        subprocess.run(["umount", data], check=True)


def fill(gateway):
    """Takes all the room that is left; returns the file that holds it."""
    path = gateway.httpd.data / "filler"
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 65536)
    with contextlib.suppress(OSError), path.open("ab", buffering=0) as file:
        while True:
            file.write(b"x" * 512)
    return path


def announce_until_refused(http, most=5000):
    """Answers until the first refusal, as (number, reply)."""
    answers = []
    for at in range(most):
        number = f"FULL-{at}"
        answers.append((number, http.post(ANNOUNCE, bill(number, fbillTypeDes="满" * 100))))
        if answers[-1][1].errcode != "0000":
            return answers
    raise AssertionError("the disk never filled up")


def taken_again(call, seconds=15):
    """Waits until a call is answered with 0000 again."""
    return processes.wait_until(lambda: call().errcode == "0000", patience(seconds), 0.1)


def test_full_disk_refuses_cleanly_and_heals(small_disk):
    one = small_disk
    one.httpd.start()
    one.httpd.expect_log("FPI0006")
    one.httpd.expect_log("FPI00(03|04|08|14|30|33)", optional=True)
    http = one.login()
    announced(http, "BEFORE-1")
    filler = fill(one)
    answers = announce_until_refused(http)
    number, refusal = answers[-1]
    assert (refusal.status, refusal.errcode) == (503, "1501") and int(refusal.headers["Retry-After"]) > 0
    assert "未做任何修改" in refusal.json()["description"]
    push = http.post(PUSH, {"scanBillNo": "FULL-PUSH", "clientId": CLIENT["client_id"], "invoice": []}, token=False)
    assert (push.status, push.errcode) == (503, "1501") and push.headers["Retry-After"]
    asked = http.post(STATUS, {"scanBillNo": "BEFORE-1", "resource": "EAS"})
    assert asked.errcode in ("0000", "1501") and http.get("/fpimage/health").status == 200
    ready = http.get("/fpimage/ready")
    assert ready.status == 503 and "unavailable" in ready.text
    filler.unlink()
    assert taken_again(lambda: http.post(ANNOUNCE, bill("AFTER-1")))
    assert processes.wait_until(lambda: http.get("/fpimage/ready").status == 200, patience(15), 0.1)
    stored = {row["number"] for row in rows(one, "SELECT number FROM bill")}
    assert stored == {"BEFORE-1", "AFTER-1"} | {name for name, reply in answers if reply.errcode == "0000"}
    assert number not in stored and pushes(one) == []
    assert rows(one, "PRAGMA integrity_check") == [{"integrity_check": "ok"}]


def test_full_disk_holds_up_files_only_until_there_is_room(small_disk):
    one = small_disk
    one.httpd.start()
    one.httpd.expect_log("FPI00(03|04|06|14|30|33)", optional=True)
    (made,) = one.cloud.generate(invoices=2, attachments=1)
    filler = fill(one)
    with filler.open("r+b") as file:  # room for rows, but hardly for files
        file.truncate(filler.stat().st_size - 128 * 1024)
    large = f"{one.cloud.url}/files/size-4000000.pdf"
    made["attachment"].append({"attachmentName": "large.pdf", "localUrl": large})
    with one.http() as http:
        reply = http.post(PUSH, {"scanBillNo": made["scanBillNo"], "clientId": CLIENT["client_id"], "invoice": made["invoice"],
                                 "cover": made["cover"], "attachment": made["attachment"]})
    if reply.errcode != "0000":
        pytest.skip("not even a row found room; the other test is about that")
    assert results(reply) == ["taken"]
    one.httpd.log.wait_for("FPI00(31|33)", 20)
    filler.unlink()
    settled(one, 60)
    assert_complete(one, made)


def test_start_on_a_full_disk(small_disk):
    """httpd starts, or says why not; with room it works without anybody's help."""
    one = small_disk
    filler = fill(one)
    one.httpd.expect_log("FPI00(03|04|06|08|14|33)", optional=True)
    try:
        one.httpd.start()
    except AssertionError:
        text = "\n".join(line.raw for line in one.httpd.log.lines())
        assert "FPI0003" in text and str(one.httpd.data) in text, text
        one.httpd.log.forget()
        filler.unlink()
        one.httpd.start()
    else:
        with one.http() as http:
            assert http.get("/fpimage/ready").status == 503
        filler.unlink()
    with one.http() as http:
        assert processes.wait_until(lambda: http.get("/fpimage/ready").status == 200, patience(15), 0.1)
        assert http.login(CLIENT).errcode == "0000"
        assert taken_again(lambda: http.post(ANNOUNCE, bill("STARTED-1")))


def test_data_directory_that_goes_away(make_gateway):
    """An unmounted or removed directory is an outage of the store, not a crash."""
    one = make_gateway()
    http = one.login()
    announced(http, "GONE-1")
    one.httpd.expect_log("FPI00(03|04|06|08|14|33)", optional=True)
    away = one.httpd.root / "away"
    one.httpd.data.rename(away)
    try:
        replies = [http.post(ANNOUNCE, bill(f"GONE-{n}")) for n in range(2, 12)]
        assert {reply.status for reply in replies} <= {200, 503}
        assert http.get("/fpimage/health").status == 200
    finally:
        shutil.rmtree(one.httpd.data, ignore_errors=True)
        away.rename(one.httpd.data)
    assert taken_again(lambda: http.post(ANNOUNCE, bill("GONE-99")))
    kept = {row["number"] for row in rows(one, "SELECT number FROM bill")}
    assert {f"GONE-{n}" for n, reply in zip(range(2, 12), replies) if reply.errcode == "0000"} <= kept
