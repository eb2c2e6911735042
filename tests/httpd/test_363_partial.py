"""What is left when something is missing: exports that fail, backups with losses, restores without all originals."""
import os
import signal
import stat
import subprocess
import zipfile

import pytest

from harness import blobs, places, processes
from harness.client import run_ctl
from test_361_verify import blob_files, findings, flip, make, restored, store, target  # noqa: F401

OLD = b"the last export"


@pytest.fixture
def out(tmp):
    """A folder that root alone may write, where the tests run as root."""
    path = make(tmp / "out")
    path.chmod(0o700)
    return path


def export(gateway, *args):
    code, _, said = run_ctl("-d", gateway.httpd.data, "export", *args, as_root=os.geteuid() == 0)
    return code, said


# export

def test_failed_export_leaves_the_file(store, out):
    gateway, _ = store
    path = out / "x.zip"
    path.write_bytes(OLD)
    assert export(gateway, "zip", "NONE", "-o", path)[0] == 1
    assert path.read_bytes() == OLD and list(out.iterdir()) == [path]
    assert export(gateway, "zip", "NONE", "-o", out / "y.zip")[0] == 1 and list(out.iterdir()) == [path]


def test_export_replaces_the_file_when_it_is_whole(store, out):
    gateway, _ = store
    path, link = out / "x.zip", out / "link.zip"
    path.write_bytes(OLD)
    path.chmod(0o640)
    link.symlink_to(path)
    assert export(gateway, "zip", "VE-1", "-o", link)[0] == 0
    assert link.is_symlink() and stat.S_IMODE(path.stat().st_mode) == 0o640 and path.stat().st_uid == os.geteuid()
    with zipfile.ZipFile(path) as archive:
        assert len(archive.namelist()) == 4
    assert sorted(out.iterdir()) == [link, path]


def test_export_into_a_pipe(store, out):
    """What is no plain file is written as it is, and stays."""
    gateway, _ = store
    pipe = out / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE) as reader:
        assert export(gateway, "xlsx", "VE-1", "-o", pipe)[0] == 0
        assert reader.stdout.read(2) == b"PK"
        reader.stdout.read()
    assert stat.S_ISFIFO(pipe.stat().st_mode) and list(out.iterdir()) == [pipe]


def test_killed_export_leaves_no_half_file(store, out):
    gateway, _ = store
    path = out / "x.zip"
    path.write_bytes(OLD)
    for at in range(3):
        blobs.put_file(gateway, "VE-1", f"big{at}.pdf", os.urandom(2 << 20))
    done = subprocess.Popen([str(places.ctl_path()), "-d", str(gateway.httpd.data), "export", "zip", "VE-1", "-o", str(path)])
    assert processes.wait_until(lambda: len(list(out.iterdir())) == 2 or done.poll() is not None, places.patience(10), 0.001)
    done.send_signal(signal.SIGKILL)
    done.wait()
    assert processes.wait_until(lambda: list(out.iterdir()) == [path], places.patience(10), 0.02)
    assert done.returncode == 0 or path.read_bytes() == OLD


# backup and restore

def test_backup_with_a_loss_is_restored_without_it(store, target, tmp):
    gateway, hashes = store
    blobs.damage(gateway, hashes[1], 7)
    code, said, _ = run_ctl("-d", gateway.httpd.data, "backup", target / "one", "--with-key")
    assert code == 1 and "NOT complete" in said and hashes[1] in said
    new = places.give(make(tmp / "new"), 0o700)
    ctl, said = restored(gateway, target / "one", new, code=1)
    assert (said["originals"], said["missing"]) == (2, 1)
    assert [one["sha256"] for one in said["missing_originals"]] == [hashes[1]]
    code, found = ctl("verify")
    assert code == 1 and set(findings(found, "missing")) == {hashes[1]} and not findings(found, "damaged")
    assert ctl.must("bill", "show", "VE-1")


def test_people_are_told_what_was_not_restored(store, target, tmp):
    gateway, hashes = store
    blobs.path_of(gateway, hashes[0]).unlink()
    assert gateway.ctl("backup", target / "one", "--with-key")[0] == 1
    code, said, _ = run_ctl("-d", places.give(make(tmp / "new"), 0o700), "restore", target / "one")
    assert code == 1 and hashes[0] in said and "NOT restored" in said


@pytest.mark.parametrize("how", [flip, os.unlink], ids=["rotted", "gone"])
def test_what_rotted_in_the_backup_needs_partial(store, target, tmp, how):
    gateway, _ = store
    gateway.ctl.must("backup", target / "one", "--with-key")
    hurt = sorted(blob_files(target / "one"))[0]
    how(hurt)
    new = places.give(make(tmp / "new"), 0o700)
    ctl, _ = restored(gateway, target / "one", new, code=1)
    assert "--partial" in ctl.stderr and list(new.iterdir()) == []
    ctl, said = restored(gateway, target / "one", new, "--partial", code=1)
    assert [one["sha256"] for one in said["missing_originals"]] == [hurt.name] and said["originals"] == 2
    assert set(findings(ctl("verify")[1], "missing")) == {hurt.name}


def test_whole_backup_is_restored_as_before(store, target, tmp):
    gateway, _ = store
    gateway.ctl.must("backup", target / "one", "--with-key")
    _, said = restored(gateway, target / "one", places.give(make(tmp / "new"), 0o700), "--partial")
    assert (said["originals"], said["missing"]) == (3, 0)
