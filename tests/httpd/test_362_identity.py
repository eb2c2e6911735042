"""A database and the folder of its blobs belong together: no other database sweeps them, and no key is made anew beside one."""
import contextlib
import os
import random
import shutil
import sqlite3
import time

import pytest

from harness import blobs, places, processes
from harness.client import Ctl
from test_100_start import STORE, patience, refused_to_start, rows
from test_130_bills import announced
from test_170_durability import kill_child
from test_360_exports import PDF
from test_361_verify import DAY, TURN_SECONDS, content_with_prefix, target  # noqa: F401

OTHERS = "belongs to another database"
STRANGE = "holds originals that the database does not know"
EMPTY = "holds none of the originals that the database names"


@pytest.fixture
def filled(gateway):
    """A gateway that is stopped, with three originals, old enough to be swept if nobody knew them."""
    http = gateway.login()
    announced(http, "ID-1")
    hashes = [blobs.put_file(gateway, "ID-1", f"{at}.pdf", PDF + bytes([at]) * 1000) for at in range(3)]
    gateway.httpd.stop()
    for name in hashes:
        os.utime(blobs.path_of(gateway, name), (time.time() - 3 * DAY,) * 2)
    return gateway, hashes


def kept(gateway, hashes):
    return [blobs.path_of(gateway, name).exists() for name in hashes] == [True] * len(hashes)


def name_of(gateway):
    (path,) = (gateway.httpd.data / "blobs").glob("store-*")
    return path


def another_name(gateway):
    """The folder is another's now."""
    return name_of(gateway).rename(gateway.httpd.data / "blobs" / ("store-" + "0" * 32))


def forget_name(gateway):
    """As left by a version that gave no names."""
    name_of(gateway).rmdir()
    with contextlib.closing(sqlite3.connect(gateway.httpd.data / STORE)) as db, db:
        db.execute("DELETE FROM setting WHERE name = 'store.name'")


def refused(gateway, *words):
    text = refused_to_start(gateway.httpd)
    assert [word for word in ("FPI0003", str(gateway.httpd.data / "blobs"), *words) if word not in text] == [], text


# the folder of another database

def lost_database(gateway):
    (gateway.httpd.data / STORE).unlink()


def emptied_database(gateway):
    (gateway.httpd.data / STORE).write_bytes(b"")


@pytest.mark.parametrize("has_name", [True, False], ids=["named", "unnamed"])
@pytest.mark.parametrize("change", [lost_database, emptied_database])
def test_a_new_database_gets_no_used_folder(filled, change, has_name):
    gateway, hashes = filled
    if not has_name:
        forget_name(gateway)
    change(gateway)
    refused(gateway, OTHERS if has_name else STRANGE, "FPImageDatabase")
    assert kept(gateway, hashes)
    assert gateway.ctl("init")[0] and (OTHERS if has_name else STRANGE) in gateway.ctl.stderr
    assert kept(gateway, hashes)


def test_two_hosts_with_a_database_each_share_no_folder(filled):
    gateway, hashes = filled
    second = gateway.httpd.data / "second.db"
    gateway.httpd.add(f"<VirtualHost 127.0.0.1:1>\nFPImageDataDir {gateway.httpd.data}\nFPImageDatabase sqlite:{second}\n</VirtualHost>")
    refused(gateway, OTHERS)
    assert kept(gateway, hashes)


def test_repair_takes_nothing_from_another_folder(filled):
    gateway, hashes = filled
    another_name(gateway)
    assert gateway.ctl("verify", "--repair")[0] and OTHERS in gateway.ctl.stderr
    assert kept(gateway, hashes)
    assert gateway.ctl("verify")[0] == 0  # to look is fine


def test_a_disk_that_is_not_mounted_is_noticed(filled):
    gateway, hashes = filled
    folder = gateway.httpd.data / "blobs"
    folder.rename(gateway.httpd.data / "away")
    refused(gateway, EMPTY, "mounted")
    shutil.rmtree(folder)
    (gateway.httpd.data / "away").rename(folder)
    gateway.httpd.start()
    assert kept(gateway, hashes)


def test_two_names_are_told(filled):
    gateway, hashes = filled
    name_of(gateway).with_name("store-" + "1" * 32).mkdir()
    refused(gateway, "has 2 names")
    assert kept(gateway, hashes)


def test_an_older_installation_is_named(filled):
    gateway, hashes = filled
    forget_name(gateway)
    gateway.httpd.start()
    ((name,),) = [tuple(row.values()) for row in rows(gateway.httpd, "SELECT value FROM setting WHERE name = 'store.name'")]
    assert name_of(gateway).name == "store-" + name and len(name) == 32
    assert gateway.ctl.must("verify", "--repair")["ok"] and kept(gateway, hashes)


def test_a_folder_copied_without_its_name_is_named_again(filled):
    gateway, hashes = filled
    path = name_of(gateway)
    path.rmdir()
    gateway.httpd.start()
    assert name_of(gateway) == path and kept(gateway, hashes)


# the key

def test_no_key_is_made_beside_a_database(filled):
    gateway, _ = filled
    key = gateway.httpd.data / "keys"
    good = key.read_bytes()
    key.unlink()
    text = refused_to_start(gateway.httpd)
    assert "FPI0003" in text and f"key file {key} is not there" in text and "copy" in text
    assert gateway.ctl("init")[0] and "is not there" in gateway.ctl.stderr and not key.exists()
    key.write_bytes(good)
    places.give(key, 0o600)
    gateway.httpd.start()


def test_a_backup_keeps_its_key(filled, target):
    gateway, _ = filled
    gateway.ctl.must("backup", target / "one", "--with-key")
    before = {path.name: path.read_bytes() for path in (target / "one").iterdir() if path.is_file()}
    key = gateway.httpd.data / "keys"
    good = key.read_bytes()
    key.write_bytes(good.replace(b"master ", b"master " + b"00" * 32 + b"\n# "))
    assert gateway.ctl("backup", target / "one", "--with-key")[0] and "is not the one of this database" in gateway.ctl.stderr
    assert {path.name: path.read_bytes() for path in (target / "one").iterdir() if path.is_file()} == before


def test_a_backup_of_another_installation_is_not_mixed(filled, target):
    gateway, hashes = filled
    gateway.ctl.must("backup", target / "one")
    other = Ctl("-d", target / "data")
    other.must("init")
    assert other("backup", target / "one")[0] and "another installation" in other.stderr
    assert sorted(path.name for path in (target / "one" / "blobs").glob("??/??/*")) == sorted(hashes)


# the sweep

def test_the_sweep_stands_still_where_names_differ(gateway):
    """A child that is born sweeps at once, if nobody has in this turn."""
    turn = int(time.time() / TURN_SECONDS)
    orphans = [blobs.put_blob(gateway, content_with_prefix(at), 3 * DAY) for at in (turn, turn + 1)]
    good = name_of(gateway)

    def sweep():
        with contextlib.closing(sqlite3.connect(gateway.httpd.data / STORE, timeout=30)) as db, db:
            db.execute("DELETE FROM setting WHERE name = 'clean.turn'")
        kill_child(gateway, random.Random(1))

    wrong = another_name(gateway)
    gateway.httpd.expect_log("FPI0033")
    sweep()
    assert OTHERS in gateway.httpd.log.wait_for("orphaned blobs")[0].raw
    assert kept(gateway, orphans)
    wrong.rename(good)
    sweep()
    assert processes.wait_until(lambda: not kept(gateway, orphans), patience(20), 0.1)
