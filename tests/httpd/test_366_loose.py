"""What was scanned and thrown away goes with the sweep; what was ever a file of a bill stays."""
import contextlib
import os
import shutil
import sqlite3
import time

import pytest

from harness import blobs, places, processes
from test_100_start import patience, rows
from test_330_capture import CAPTURES, attachment, cover, invoice, sha, site  # noqa: F401
from test_361_verify import DAY, TURN_SECONDS, make, restored, target  # noqa: F401


def make_old(gateway, data, loose_hours):
    """As if it had been stored five days ago, and taken out of its scan session so many hours ago."""
    os.utime(blobs.path_of(gateway, sha(data)), (time.time() - 5 * DAY,) * 2)
    with contextlib.closing(sqlite3.connect(gateway.httpd.data / "store.db", timeout=30)) as db, db:
        db.execute("UPDATE content SET loose = ? WHERE sha256 = ? AND loose <> 0",
                   (int((time.time() - loose_hours * 3600) * 1e6), sha(data)))


def is_there(gateway, data):
    """The bytes; and the row of their content."""
    with contextlib.closing(sqlite3.connect(gateway.httpd.data / "store.db", timeout=30)) as db:
        count = db.execute("SELECT COUNT(*) FROM content WHERE sha256 = ?", (sha(data),)).fetchone()[0]
    return blobs.path_of(gateway, sha(data)).exists(), count == 1


def pictures(gateway, data):
    return [path.name for path in (gateway.httpd.data / "blobs").glob(f"derived/*/*/{sha(data)}*")]


def thrown_away(site, *pages):
    """A scan session that is no more."""
    capture = site.console.make()
    site.console.add(capture, *pages)
    for page in site.console.settled(capture)["pages"]:
        site.console.call("GET", f"{CAPTURES}/{capture}/pages/{page['id']}", expect=200, query={"variant": "thumb"})
    site.console.call("DELETE", f"{CAPTURES}/{capture}", expect=204)


def test_a_session_thrown_away_goes_a_day_later(site):
    thrown_away(site, attachment(1), attachment(2))
    assert pictures(site, attachment(1)) and pictures(site, attachment(2))
    make_old(site, attachment(1), 30)
    make_old(site, attachment(2), 20)
    code, found = site.ctl("verify")
    assert (code, found["orphans"], found["overdue"]) == (0, 1, 0), "the sweep has till tomorrow"
    assert site.ctl.must("verify", "--repair")["repaired"] == 1
    assert is_there(site, attachment(1)) == (False, False) and is_there(site, attachment(2)) == (True, True)
    assert not pictures(site, attachment(1)) and pictures(site, attachment(2))
    assert site.ctl.must("verify")["rows"] == 1
    make_old(site, attachment(2), 60)
    code, found = site.ctl("verify")
    assert (code, found["overdue"]) == (1, 1), "no sweep has come"


def test_the_same_page_again(site):
    """It is looked at anew."""
    thrown_away(site, invoice(1))
    make_old(site, invoice(1), 30)
    site.ctl.must("verify", "--repair")
    capture = site.console.make()
    site.console.add(capture, invoice(1))
    (page,) = site.console.settled(capture)["pages"]
    assert page["look"] == "LOOKED" and is_there(site, invoice(1)) == (True, True), page
    make_old(site, invoice(1), 100)
    site.ctl.must("verify", "--repair")
    assert is_there(site, invoice(1)) == (True, True), "a page of a session that goes on"


def test_a_page_taken_out(site):
    capture = site.console.make()
    pages = site.console.add(capture, attachment(1), attachment(2))["pages"]
    site.console.settled(capture)
    make_old(site, attachment(1), 100)
    site.console.call("DELETE", f"{CAPTURES}/{capture}/pages/{pages[0]['id']}", expect=200)
    site.ctl.must("verify", "--repair")
    assert is_there(site, attachment(1)) == (True, True), "its day begins when it is taken out"
    make_old(site, attachment(1), 30)
    make_old(site, attachment(2), 30)
    site.ctl.must("verify", "--repair")
    assert is_there(site, attachment(1)) == (False, False) and is_there(site, attachment(2)) == (True, True)


def test_what_was_a_file_stays(site):
    """Dropped from its bill, and its session thrown away."""
    pages = cover("LO-1"), attachment(1), attachment(2)
    capture = site.console.make()
    site.console.add(capture, *pages)
    site.console.settled(capture)
    site.console.finish(capture)
    (bill,) = rows(site, "SELECT id FROM bill WHERE number = 'LO-1'")
    path = f"/api/v1/bills/{bill['id']}"
    for file in site.console.call("GET", path, expect=200).json()["files"]:
        site.console.call("DELETE", f"{path}/files/{file['id']}", expect=200)
    site.console.call("DELETE", f"{CAPTURES}/{capture}", expect=204)
    assert rows(site, "SELECT 1 FROM file") == rows(site, "SELECT 1 FROM capture_page") == []
    for page in pages:
        make_old(site, page, 100)
    assert site.ctl.must("verify", "--repair")["repaired"] == 0
    assert [is_there(site, page) for page in pages] == [(True, True)] * 3


def page_of_folder(first):
    """A page whose hash begins with that byte."""
    return next(attachment(n) for n in range(20, 4000) if int(sha(attachment(n))[:2], 16) == first % 256)


@pytest.mark.slow
def test_the_keeper_sweeps_it(site):
    """A turn of the clean-up takes the folder whose turn it is; the first one when httpd starts."""
    pages = [page_of_folder(int(time.time() / TURN_SECONDS) + at) for at in range(2)]
    thrown_away(site, *pages)
    for page in pages:
        make_old(site, page, 30)
    site.httpd.stop()
    with contextlib.closing(sqlite3.connect(site.httpd.data / "store.db", timeout=30)) as db, db:
        db.execute("UPDATE setting SET value = '1' WHERE name = 'clean.turn'")
    site.httpd.start()
    assert processes.wait_until(lambda: (False, False) in [is_there(site, page) for page in pages], patience(20), 0.1)


def test_backup_and_restore_without_it(site, target, tmp):
    """Gone between the rows' copy and its own, it is no loss; it is not restored."""
    thrown_away(site, attachment(1), attachment(2))
    capture = site.console.make()
    site.console.add(capture, attachment(3))
    make_old(site, attachment(1), 30)
    blobs.path_of(site, sha(attachment(1))).unlink()
    said = site.ctl.must("backup", target / "one", "--with-key")
    assert (said["copied"], said["lost"]) == (2, 0)
    new = places.give(make(tmp / "new"), 0o700)
    ctl, said = restored(site, target / "one", new)
    assert (said["originals"], said["missing"]) == (1, 0)
    assert ctl.must("verify")["rows"] == 1
    shutil.rmtree(new)


def test_rows_from_before_stay(site):
    """An older version did not tell them apart."""
    thrown_away(site, attachment(1))
    with contextlib.closing(sqlite3.connect(site.httpd.data / "store.db", timeout=30)) as db, db:
        db.execute("UPDATE content SET loose = 0")
    make_old(site, attachment(1), 100)
    assert site.ctl.must("verify", "--repair")["repaired"] == 0
    assert is_there(site, attachment(1)) == (True, True)
