"""The folder of blobs where FPImageBlobStore names another than that in the data directory."""
import os
import pathlib
import stat

import pytest

from harness import places, processes
from test_100_start import patience, refused_to_start
from test_340_files import Bill

@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give it away")
def test_made_and_given_away_by_the_start(make_gateway, tmp):
    folder = tmp / "far" / "blobs"  # tmp is root's
    gateway = make_gateway(start=False)
    gateway.httpd.add(f"FPImageBlobStore file:{folder}")
    gateway.httpd.start()
    found = folder.stat()
    assert (found.st_uid, stat.S_IMODE(found.st_mode)) == (places.server_account().pw_uid, 0o700)
    one = Bill(gateway, gateway.login(), "BF-1")
    one.add("page")
    assert [path for path in folder.rglob("*") if path.is_file()]
    gateway.httpd.stop()  # before the folder goes

@pytest.mark.skipif(os.geteuid() != 0, reason="root's folder")
def test_one_that_is_not_httpds_users_is_refused(httpd, tmp):
    folder = tmp / "blobs"
    folder.mkdir(mode=0o700)
    one = httpd(start=False, directives=f"FPImageBlobStore file:{folder}")
    text = refused_to_start(one)
    assert "FPI0003" in text and str(folder) in text

def test_two_hosts_with_one_store_and_two_folders(httpd, tmp):
    places.give(tmp, 0o755)
    one = httpd(start=False, directives=f"<VirtualHost *>\n  ServerName other\n  FPImageBlobStore file:{tmp}/blobs\n</VirtualHost>")
    one.start()
    assert pathlib.Path(f"{tmp}/blobs/spool").is_dir() and (one.data / "blobs" / "spool").is_dir()

def test_an_outage_is_one_line_of_each_child(make_gateway):
    """The workers of a child all fail of the same."""
    gateway = make_gateway(processes=1, start=False)
    gateway.httpd.start()
    gateway.httpd.expect_log("FPI00(03|04|06|14)", optional=True)
    gateway.httpd.expect_log("FPI0033", optional=True)

    (gateway.httpd.data / "keys").rename(gateway.httpd.data / "keys.away")
    gateway.httpd.kill_child()  # the next one can't open the store
    assert processes.wait_until(lambda: gateway.httpd.log.lines("FPI0033"), patience(10), 0.1)
    assert not processes.wait_until(lambda: len(gateway.httpd.log.lines("FPI0033")) > 1, 3, 0.2)
    (gateway.httpd.data / "keys.away").rename(gateway.httpd.data / "keys")
    (gateway.httpd.data / "keys").chmod(0o600)
    assert processes.wait_until(lambda: gateway.http().login(gateway.client).errcode == "0000", patience(10), 0.5)
