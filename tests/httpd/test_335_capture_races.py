"""Scan sessions and time: two tabs, waiting for what is being read, and kill -9 in the middle."""
import concurrent.futures
import os
import signal

from test_100_start import opened, patience, rows, scaled
from test_330_capture import CAPTURES, Console, attachment, cover, files, sha, shape, site  # noqa: F401 (site is a fixture)


# two tabs

def test_stale_tab_is_told_what_changed(site):
    first, second = site.console, Console(site.login())
    capture = first.make()
    ids = [page["id"] for page in first.add(capture, cover("A-1"), attachment(1))["pages"]]
    version = first.settled(capture)["version"]
    second.add(capture, attachment(2))
    for method, path, said in (("PATCH", f"/pages/{ids[0]}", {"kind": "INVOICE"}), ("PUT", "/pages", {"order": ids}),
                               ("POST", "/finish", {}), ("PATCH", "", {"name": "x"})):
        error = first.call(method, f"{CAPTURES}/{capture}{path}", {**said, "version": version}, 409).json()["error"]
        assert error["type"] == "stale" and f"{version + 1}" in error["message"] and "加入页面" in error["message"]
    assert first.call("DELETE", f"{CAPTURES}/{capture}/pages/{ids[0]}", headers={"If-Match": f'"{version}"'}).status == 409
    assert first.call("DELETE", f"{CAPTURES}/{capture}", headers={"If-Match": f'"{version}"'}).status == 409
    left_out = first.call("PUT", f"{CAPTURES}/{capture}/pages", {"order": ids}, 409).json()["error"]
    assert left_out["type"] == "stale"
    assert rows(site, "SELECT id FROM bill") == [] and len(first.see(capture)["pages"]) == 3


def test_many_tabs_at_once(site):
    """Uploads with repeats, edits, orders and filings of six tabs: every page ends in exactly one bill."""
    tabs = [Console(site.login()) for _ in range(6)]
    capture = tabs[0].make()
    count = scaled(8, 3)

    def upload(n):
        for i in range(count):
            key = f"t{n}-{i}"
            pages = (cover(f"M-{n}{i}"), attachment(100 + n * 20 + i))
            for expect in (201, 200):  # each is sent again
                tabs[n].add(capture, *pages, upload_key=f"{key}a,{key}b", expect=expect)
            tabs[n].finish(capture, expect=None)
            seen = tabs[n].see(capture)
            ids = [page["id"] for page in seen["pages"]]
            tabs[n].call("PUT", f"{CAPTURES}/{capture}/pages", {"order": ids, "version": seen["version"]})

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        list(pool.map(upload, range(6)))
    tabs[0].settled(capture)
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda tab: tab.finish(capture), tabs))
    final = tabs[0].see(capture)
    assert final["state"] == "FINISHED", (shape(final), [shape({"pages": final["pages"], "segments": one["segments"]}) for one in done])
    for n in range(6):
        for i in range(count):
            assert files(site, f"M-{n}{i}") == [(0, sha(cover(f"M-{n}{i}")), 0, 0), (2, sha(attachment(100 + n * 20 + i)), 0, 0)]
    assert rows(site, "SELECT COUNT(*) AS n FROM file")[0]["n"] == 12 * count
    assert rows(site, "SELECT COUNT(*) AS n FROM trail WHERE kind = 'capture'")[0]["n"] == 6 * count


# waiting

def test_waiting_ends_when_all_is_known(site):
    console = site.console
    capture = console.make()
    console.add(capture, *[attachment(n) for n in range(5)])
    seen = console.call("GET", f"{CAPTURES}/{capture}", query={"wait": 30}, expect=200)
    assert not seen.json()["is_waiting"] and seen.seconds < patience(25)
    assert console.call("GET", f"{CAPTURES}/{capture}", query={"wait": 31}).status == 400
    assert console.call("GET", f"{CAPTURES}/{capture}", query={"wait": "x"}).status == 400


def test_what_is_still_being_read_is_not_filed(make_gateway):
    """No decoding helper: the looks stay due."""
    site = make_gateway()
    console = Console(site.login())
    capture = console.make()
    ids = [page["id"] for page in console.add(capture, cover("A-1"), attachment(1))["pages"]]
    console.settled(capture)
    with opened(site) as base:
        base.execute("UPDATE content SET state = 0, doc = NULL WHERE sha256 = ?", (sha(cover("A-1")),))
    seen = console.see(capture)
    assert seen["is_waiting"] and seen["segments"][0]["state"] == "WAITING" and seen["pages"][0]["look"] == "WAITING"
    error = console.finish(capture, 409)["error"]
    assert error["code"] == "1409" and "仍在识别" in error["message"]
    console.patch(capture, ids[0], number="A-1")  # typed in: no need to wait
    assert console.finish(capture)["state"] == "FINISHED"


# kill -9

def test_killed_in_the_middle(make_gateway):
    """Children die while pages come and are filed: what was answered is there once, what was not is repeated."""
    site = make_gateway(processes=2)
    site.httpd.expect_log(r"AH00052|FPI0031|exit signal", optional=True)
    console = Console(site.login())
    capture = console.make()

    def insist(act):
        for _ in range(60):
            try:
                return act()
            except (OSError, AssertionError, ValueError, Exception) as bad:
                if isinstance(bad, AssertionError) and "503" not in str(bad):
                    raise
                console.http.close()
        raise AssertionError("never answered")

    for n in range(scaled(6, 3)):
        for pid in site.httpd.children():
            os.kill(pid, signal.SIGKILL)
        insist(lambda: console.add(capture, cover(f"K-{n}"), attachment(n), upload_key=f"{n}a,{n}b", expect=None))
        for pid in site.httpd.children()[:1]:
            os.kill(pid, signal.SIGKILL)
        insist(lambda: console.finish(capture, expect=None))
    insist(lambda: console.settled(capture))
    done = insist(lambda: console.finish(capture))
    assert done["state"] == "FINISHED"
    for n in range(scaled(6, 3)):
        assert files(site, f"K-{n}") == [(0, sha(cover(f"K-{n}")), 0, 0), (2, sha(attachment(n)), 0, 0)]
