"""What is stored is there with its hash, and nothing else for long: verify, the sweep, backup, restore."""
import contextlib
import hashlib
import io
import os
import random
import shutil
import sqlite3
import stat
import threading
import time
import zipfile
from http.client import HTTPException

import pytest

from harness import blobs, places, processes
from harness.client import Ctl, run_ctl
from test_100_start import STATUS, patience, rows
from test_130_bills import announced
from test_170_durability import kill_child, kill_parent, power_cut, quiet_port, small_disk  # noqa: F401
from test_360_exports import PDF, bill_id

DAY = 86400
TURN_SECONDS = 120


@pytest.fixture
def store(gateway):
    """A gateway with a bill and three files; their hashes."""
    http = gateway.login()
    announced(http, "VE-1", fbillTypeDes="报销单")
    return gateway, [blobs.put_file(gateway, "VE-1", f"{at}.pdf", PDF + bytes([at]) * 1000) for at in range(3)]


def findings(found, what):
    return sorted(one["sha256"] for one in found["findings"] if one["what"] == what)


def test_all_is_well(store):
    gateway, hashes = store
    found = gateway.ctl.must("verify")
    assert found["ok"] and found["findings"] == [] and (found["blobs"], found["rows"]) == (3, 6)
    assert gateway.ctl.must("verify", "--quick")["ok"]


def test_flipped_bit_missing_and_cut_files_are_found(store):
    gateway, hashes = store
    blobs.damage(gateway, hashes[0], 500)
    blobs.path_of(gateway, hashes[1]).unlink()
    cut = blobs.path_of(gateway, hashes[2])
    cut.chmod(0o600)
    os.truncate(cut, 10)
    code, found = gateway.ctl("verify")
    assert code == 1 and not found["ok"]
    assert set(findings(found, "damaged")) == {hashes[0], hashes[2]} and set(findings(found, "missing")) == {hashes[1]}
    assert any(one.get("bill_id") == bill_id(gateway, "VE-1") for one in found["findings"] if one["what"] == "missing")
    code, quick = gateway.ctl("verify", "--quick")
    assert code == 1 and set(findings(quick, "damaged")) == {hashes[2]}  # a flipped bit has the same size


def test_repaired_from_the_same_bytes(store):
    """A damaged blob that was put aside makes room for the same content."""
    gateway, hashes = store
    blobs.damage(gateway, hashes[0])
    code, found = gateway.ctl("verify", "--repair")
    assert code == 1 and found["repaired"] == 1 and not blobs.path_of(gateway, hashes[0]).exists()
    assert (gateway.httpd.data / "blobs" / "damaged" / hashes[0]).exists()
    blobs.put_blob(gateway, PDF + bytes([0]) * 1000)
    assert gateway.ctl.must("verify")["ok"]


def test_people_are_told_in_words(store):
    gateway, hashes = store
    blobs.damage(gateway, hashes[0])
    code, out, _ = run_ctl("-d", gateway.httpd.data, "--lang", "zh", "verify")
    assert code == 1 and hashes[0] in out and "损坏 1" in out


# orphans

def test_orphans_are_named_and_removed(store):
    gateway, hashes = store
    young, old, overdue = (blobs.put_blob(gateway, name, age) for name, age in
                           ((b"young", 3600), (b"old", 1.2 * DAY), (b"overdue", 3 * DAY)))
    code, found = gateway.ctl("verify")
    assert code == 1 and set(findings(found, "orphan")) == {old, overdue}
    assert (found["young"], found["overdue"]) == (1, 1)
    found = gateway.ctl.must("verify", "--repair")
    assert found["repaired"] == 2
    assert [blobs.path_of(gateway, name).exists() for name in (young, old, overdue)] == [True, False, False]
    assert all(blobs.path_of(gateway, name).exists() for name in hashes)


def content_with_prefix(prefix):
    """Bytes whose hash begins with that byte."""
    for at in range(100000):
        data = f"orphan {at} {time.time()}".encode()
        if hashlib.sha256(data).digest()[0] == prefix % 256:
            return data
    raise AssertionError("no such bytes")


def test_the_keeper_sweeps(make_gateway):
    """A turn of the clean-up takes the folder whose turn it is; the first one when httpd starts."""
    gateway = make_gateway(start=False)
    turn = int(time.time() / TURN_SECONDS)
    made = [(blobs.put_blob(gateway, content_with_prefix(at), 2 * DAY), blobs.put_blob(gateway, content_with_prefix(at), DAY / 2))
            for at in (turn, turn + 1)]
    gateway.httpd.start()
    assert processes.wait_until(lambda: any(not blobs.path_of(gateway, old).exists() for old, _ in made), patience(20), 0.1)
    assert all(blobs.path_of(gateway, young).exists() for _, young in made)


# how much

def test_storage(store):
    gateway, hashes = store
    found = gateway.ctl.must("storage")
    size = 3 * (len(PDF) + 1000)
    assert (found["originals"], found["original_bytes"]) == (3, size) and found["free_bytes"] > 0 and found["database_bytes"] > 0
    (month,) = found["months"]
    (kind,) = found["bill_types"]
    assert (month["bills"], month["files"], month["bytes"]) == (1, 3, size) and len(month["month"]) == 7
    assert (kind["code"], kind["name"], kind["bytes"]) == ("ER_ExpReimbursement", "报销单", size)


# backup and restore

@pytest.fixture
def target(tmp):
    """Where backups go: httpd's user may write there."""
    path = tmp / "backups"
    path.mkdir()
    return places.give(path, 0o700)


def restored(gateway, backup, folder, *more, code=0):
    ctl = Ctl("-d", folder)
    said = ctl("restore", backup, *more)
    assert said[0] == code, (said, ctl.stderr)
    return ctl, said[1]


def test_backup_and_restore_while_it_serves(store, target, tmp):
    gateway, hashes = store
    first = gateway.ctl.must("backup", target / "one", "--with-key")
    assert (first["copied"], first["already_there"], first["lost"], first["has_key"]) == (3, 0, 0, True)
    blobs.put_file(gateway, "VE-1", "later.pdf", PDF + b"later")
    second = gateway.ctl.must("backup", target / "one")
    assert (second["copied"], second["already_there"]) == (1, 3)
    assert stat.S_IMODE((target / "one" / "keys").stat().st_mode) == 0o600
    new = places.give(make(tmp / "new"), 0o700)
    ctl, said = restored(gateway, target / "one", new)
    assert said["originals"] == 4
    assert ctl.must("verify")["ok"] and ctl.must("bill", "show", "VE-1")
    before, after = ({row["sha256"]: row["name"] for row in listed(path)} for path in (gateway.httpd.data, new))
    assert before == after and len(after) == 4
    assert sorted(path.name for path in new.iterdir() if path.name != "epoch") == ["blobs", "keys", "store.db"]


def make(path):
    path.mkdir()
    return path


def listed(data):
    with contextlib.closing(sqlite3.connect(data / "store.db")) as base:
        base.row_factory = sqlite3.Row
        return base.execute("SELECT name, sha256 FROM file").fetchall()


def test_restored_store_serves(make_gateway, target):
    """The tokens that the old one gave are good at the new one."""
    gateway = make_gateway()
    http = gateway.login()
    announced(http, "VE-2")
    gateway.ctl.must("backup", target / "one", "--with-key")
    gateway.httpd.stop()
    shutil.rmtree(gateway.httpd.data)
    places.give(make(gateway.httpd.data), 0o700)
    restored(gateway, target / "one", gateway.httpd.data)
    gateway.httpd.start()
    reply = http.post(STATUS, {"scanBillNo": "VE-2", "resource": "EAS"})
    assert reply.errcode == "0000", reply


def test_hard_links(store, target):
    gateway, hashes = store
    said = gateway.ctl.must("backup", target / "linked", "--link")
    assert said["copied"] == 3
    for name in hashes:
        there = target / "linked" / "blobs" / name[:2] / name[2:4] / name
        assert there.stat().st_ino == blobs.path_of(gateway, name).stat().st_ino


def test_damaged_original_is_told_and_not_saved(store, target):
    gateway, hashes = store
    blobs.damage(gateway, hashes[1], 7)
    code, said = gateway.ctl("backup", target / "one")
    assert code == 1 and said["lost"] == 1 and said["losses"][0]["sha256"] == hashes[1] and said["copied"] == 2
    assert len([path for path in (target / "one" / "blobs").rglob("*") if path.is_file()]) == 2


def test_backup_without_the_key_asks_for_it(store, target, tmp):
    gateway, _ = store
    gateway.ctl.must("backup", target / "one")
    assert not (target / "one" / "keys").exists()
    new = places.give(make(tmp / "new"), 0o700)
    restored(gateway, target / "one", new, code=2)
    assert list(new.iterdir()) == []
    wrong = tmp / "wrong"
    wrong.write_text("master " + "00" * 32 + "\n")
    places.give(wrong, 0o600)
    ctl, said = restored(gateway, target / "one", new, "--key-file", wrong, code=3)
    assert "key" in ctl.stderr and list(new.iterdir()) == []
    restored(gateway, target / "one", new, "--key-file", gateway.httpd.data / "keys")


HURT = [("database", lambda one: flip(one / "store.db")), ("blob", lambda one: flip(next(blob_files(one)))),
        ("missing", lambda one: next(blob_files(one)).unlink()), ("manifest", lambda one: (one / "manifest.json").unlink())]


def blob_files(one):
    return (path for path in (one / "blobs").rglob("*") if path.is_file())


def flip(path):
    mode = stat.S_IMODE(path.stat().st_mode)
    path.chmod(0o600)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    places.give(path, mode)


@pytest.mark.parametrize("how", [hurt for _, hurt in HURT], ids=[name for name, _ in HURT])
def test_damaged_backup_is_refused_before_anything_is_put(store, target, tmp, how):
    gateway, _ = store
    gateway.ctl.must("backup", target / "one", "--with-key")
    how(target / "one")
    new = places.give(make(tmp / "new"), 0o700)
    code, said = Ctl("-d", new)("restore", target / "one")
    assert code in (1, 2) and list(new.iterdir()) == [], said


def test_restore_refuses_what_is_there_and_a_running_httpd(store, target):
    gateway, _ = store
    gateway.ctl.must("backup", target / "one", "--with-key")
    assert gateway.ctl("restore", target / "one")[0] == 1
    assert "not empty" in gateway.ctl.stderr or "不为空" in gateway.ctl.stderr
    away = gateway.httpd.root / "away"
    away.mkdir()
    for path in list(gateway.httpd.data.iterdir()):
        if path.name == "blobs":
            path.rename(away / "blobs")
        else:
            shutil.copy2(path, away / path.name)
            path.unlink()  # as an administrator might who forgot to stop httpd
    code = gateway.ctl("restore", target / "one", as_root=os.geteuid() == 0)[0]
    said = gateway.ctl.stderr
    gateway.httpd.expect_log("FPI00(03|04|06|14|33)", optional=True)
    gateway.httpd.stop()
    assert code == 1 and ("process" in said or "进程" in said), said


def test_backup_refuses_its_own_place(store):
    gateway, _ = store
    assert gateway.ctl("backup", gateway.httpd.data)[0] == 2


def test_backup_under_load(gateway, target):
    """Bills and files that come while it is made: whatever the copy's rows name is in it."""
    http = gateway.login()
    for at in range(40):
        announced(http, f"LOAD-{at}")
        blobs.put_file(gateway, f"LOAD-{at}", "a.pdf", PDF + os.urandom(200000))
    stop = threading.Event()

    def go_on():
        with gateway.login() as other:
            at = 40
            while not stop.is_set():
                announced(other, f"LOAD-{at}")
                blobs.put_file(gateway, f"LOAD-{at}", "a.pdf", PDF + os.urandom(1000))
                at += 1

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        said = [gateway.ctl.must("backup", target / "one", "--with-key") for _ in range(3)]
    finally:
        stop.set()
        thread.join()
    assert [one["lost"] for one in said] == [0, 0, 0]
    code, found = Ctl("-d", target / "one")("verify")
    assert code == 0 and found["missing"] == 0 and found["rows"] >= 80


# export by the tool

def test_export_by_the_tool(store, tmp):
    gateway, hashes = store
    out = places.give(make(tmp / "out"), 0o700)
    said = gateway.ctl.must("export", "zip", "ve-1", "-o", out / "x.zip")
    assert (said["bills"], said["files"], said["left_out"]) == (1, 3, 0)
    with zipfile.ZipFile(out / "x.zip") as archive:
        assert archive.testzip() is None and len(archive.namelist()) == 4
    gateway.ctl.must("export", "xlsx", "VE-1", "-o", out / "x.xlsx")
    assert zipfile.is_zipfile(io.BytesIO((out / "x.xlsx").read_bytes()))
    assert gateway.ctl("export", "zip", "NONE", "-o", out / "y.zip")[0] == 1 and not (out / "y.zip").exists()
    assert gateway.ctl("export", "tar", "VE-1", "-o", out / "y.zip")[0] == 2


# uploads under hard conditions: what was answered is there, with its hash

def upload(http, bill, data):
    """The hash of what was answered as stored, else None."""
    try:
        reply = http.request("POST", f"/api/v1/bills/{bill}/files", data, {"Content-Type": "application/pdf"},
                             query={"name": "a.pdf"})
    except (OSError, HTTPException):
        return None
    return hashlib.sha256(data).hexdigest() if reply.status == 201 else reply.status


def bytes_of(size):
    return PDF + os.urandom(size)


def assert_kept(gateway, answered):
    found = gateway.ctl.must("verify")
    assert found["ok"] and found["missing"] == found["damaged"] == 0
    stored = {row["sha256"] for row in rows(gateway, "SELECT sha256 FROM file")}
    assert answered <= stored, len(answered - stored)
    for sha256 in answered:
        assert hashlib.sha256(blobs.path_of(gateway, sha256).read_bytes()).hexdigest() == sha256


@pytest.mark.slow
def test_killed_during_uploads(make_gateway):
    gateway = make_gateway(processes=2, threads=16, port=quiet_port())
    gateway.httpd.expect_log("AH0005[0-2]|AH0048[45]|AH10392|FPI00(03|04|33)|FPI00[0-9]{2}.*decod", optional=True)
    http = gateway.login()
    for at in range(6):
        announced(http, f"KILL-{at}")
    stop, answered, lock = threading.Event(), set(), threading.Lock()

    def work(at):
        mine, bill = gateway.httpd.http(token=http.token, timeout=10), bill_id(gateway, f"KILL-{at}")
        while not stop.is_set():
            found = upload(mine, bill, bytes_of(400000))
            if isinstance(found, str):
                with lock:
                    answered.add(found)
            else:
                mine.close()
                stop.wait(0.02)

    workers = [threading.Thread(target=work, args=(at,)) for at in range(6)]
    for worker in workers:
        worker.start()
    try:
        dice = random.Random(1)
        for accident in [kill_child, kill_child, power_cut, kill_child, kill_parent, power_cut]:
            before = len(answered)
            assert processes.wait_until(lambda: len(answered) > before + 3, patience(30), 0.02)
            accident(gateway, dice)
    finally:
        stop.set()
        for worker in workers:
            worker.join()
    assert len(answered) > 20
    power_cut(gateway, dice)
    assert_kept(gateway, answered)
    left = [path for path in (gateway.httpd.data / "blobs" / "spool").iterdir()]
    for path in left:
        os.utime(path, (1, 1))
    gateway.httpd.stop()
    gateway.httpd.start()  # what a killed process left behind goes at the next sweep
    assert processes.wait_until(lambda: not [path for path in left if path.exists()], patience(15), 0.1)


def test_full_disk_during_uploads(small_disk):
    gateway = small_disk
    gateway.httpd.start()
    gateway.httpd.expect_log("FPI00(03|04|06|14|30|31|32|33)", optional=True)  # 32: the victim may not have been looked at
    http = gateway.login()
    announced(http, "FULL-1")
    bill, answered, refused = bill_id(gateway, "FULL-1"), set(), []
    for _ in range(200):
        found = upload(http, bill, bytes_of(2 << 20))
        if isinstance(found, str):
            answered.add(found)
        else:
            refused.append(found)
            if len(refused) == 5:
                break
    assert set(refused) <= {503, None} and len(refused) == 5 and len(answered) > 10
    victim = answered.pop()
    blobs.path_of(gateway, victim).unlink()  # makes room
    found = processes.wait_until(lambda: isinstance(upload(http, bill, bytes_of(100000)), str), patience(20), 0.2)
    assert found
    code, report = gateway.ctl("verify")
    assert code == 1 and {one["sha256"] for one in report["findings"]} == {victim}
    assert list((gateway.httpd.data / "blobs" / "spool").iterdir()) == []
    stored = {row["sha256"] for row in rows(gateway, "SELECT sha256 FROM file")}
    assert answered <= stored
