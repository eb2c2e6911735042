"""A backup that is cut off: whatever stands in its folder then can be restored, and the next backup ends it."""
import contextlib
import os
import sqlite3

import pytest

from harness import blobs, places
from test_360_exports import PDF
from test_361_verify import make, restored, store, target  # noqa: F401

BLOCKED = {"manifest.json.new": 3, "store.db": 3, "manifest.json": 4}  # what can't be written -> files that restore finds


@contextlib.contextmanager
def blocked(folder, name):
    """A folder in the place of that file, which is there again afterwards, unless a new one was to come."""
    path, aside = folder / name, folder / "aside"
    if path.exists():
        path.rename(aside)
    path.mkdir()
    (path / "x").touch()
    yield
    (path / "x").unlink()
    path.rmdir()
    if aside.exists():
        aside.rename(path)


def cut_off(gateway, folder, name):
    """A first backup, and a second one, of one file more, that ends where `name` is to be written."""
    gateway.ctl.must("backup", folder, "--with-key")
    blobs.put_file(gateway, "VE-1", "later.pdf", PDF + b"later")
    with blocked(folder, name):
        assert gateway.ctl("backup", folder, "--with-key")[0] == 3, gateway.ctl.stderr


def files_in(data):
    with contextlib.closing(sqlite3.connect(data / "store.db")) as base:
        return base.execute("SELECT count(*) FROM file").fetchone()[0]


@pytest.mark.parametrize("name", BLOCKED)
def test_what_a_cut_leaves_can_be_restored(store, target, tmp, name):
    gateway, _ = store
    cut_off(gateway, target / "one", name)
    new = places.give(make(tmp / "new"), 0o700)
    ctl, said = restored(gateway, target / "one", new)
    assert (said["originals"], files_in(new)) == (BLOCKED[name],) * 2 and ctl.must("verify")["ok"]


@pytest.mark.parametrize("name", BLOCKED)
def test_a_second_cut_takes_nothing(store, target, tmp, name):
    """Also where the next one is cut off before it has its own manifest."""
    gateway, _ = store
    cut_off(gateway, target / "one", name)
    with blocked(target / "one", "store.db.new"):
        assert gateway.ctl("backup", target / "one")[0] == 3
    new = places.give(make(tmp / "new"), 0o700)
    assert restored(gateway, target / "one", new)[1]["originals"] == BLOCKED[name]


@pytest.mark.parametrize("name", BLOCKED)
def test_the_next_backup_is_whole(store, target, tmp, name):
    gateway, _ = store
    cut_off(gateway, target / "one", name)
    blobs.put_file(gateway, "VE-1", "last.pdf", PDF + b"last")
    gateway.ctl.must("backup", target / "one")
    assert sorted(path.name for path in (target / "one").iterdir() if path.name != "epoch") == ["blobs", "keys", "manifest.json", "store.db"]
    new = places.give(make(tmp / "new"), 0o700)
    assert restored(gateway, target / "one", new)[1]["originals"] == 5


def test_first_backup_that_was_cut_off_late(store, target, tmp):
    gateway, _ = store
    folder = places.give(make(target / "one"), 0o700)
    with blocked(folder, "manifest.json"):
        assert gateway.ctl("backup", folder, "--with-key")[0] == 3
    new = places.give(make(tmp / "new"), 0o700)
    assert restored(gateway, folder, new)[1]["originals"] == 3


def test_manifest_that_is_cut_short_is_passed_over(store, target, tmp):
    """As a full disk leaves it."""
    gateway, _ = store
    gateway.ctl.must("backup", target / "one", "--with-key")
    (target / "one" / "manifest.json.new").write_text('{"format": 1, "databa')
    places.give(target / "one" / "manifest.json.new", 0o600)
    new = places.give(make(tmp / "new"), 0o700)
    assert restored(gateway, target / "one", new)[1]["originals"] == 3
    gateway.ctl.must("backup", target / "one")
    assert not os.path.exists(target / "one" / "manifest.json.new")
