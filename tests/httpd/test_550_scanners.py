"""Network scanners: who may set and use them, scans that land page by page, and everything that a scanner does wrong."""
import io
import os
import signal
import time

import pytest
from PIL import Image, ImageDraw

from harness import processes
from harness.cloudctl import CLIENT
from harness.person import administrator, error, make_user
from test_100_start import each, patience, rows

import escl

SCANNERS = "/api/v1/scanners"
CAPTURES = "/api/v1/captures"


def page(n):
    """A small picture; no two are alike."""
    image = Image.new("L", (240, 320), 255)
    ImageDraw.Draw(image).text((20, 20 + n % 200), f"page {n}", fill=0)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=70)
    return out.getvalue()


def pages(count, first=1):
    return [page(n) for n in range(first, first + count)]


@pytest.fixture
def scanner():
    one = escl.Scanner().start()
    yield one
    one.stop()
    one.verify()


@pytest.fixture
def site(make_gateway, scanner):
    return opened_site(make_gateway, scanner)


def opened_site(make_gateway, scanner, times="60 60 60", more=""):
    """An administrator, and the scanner by its address."""
    one = make_gateway(directives=f"FPImageScannerAllow 127.0.0.1:{scanner.port}\nFPImageScannerTimeout {times}\n{more}")
    one.boss = administrator(one)
    reply = one.boss.post(SCANNERS, {"name": "前台扫描仪", "address": scanner.address})
    assert reply.status == 201, reply
    one.scanner = reply.json()
    one.path = f"{SCANNERS}/{one.scanner['scanner_id']}"
    return one


def begin(site, who=None, status=202, capture=None, **said):
    """Starts a scan into a session; its path, or the refusal."""
    http = who or site.boss
    capture = capture or http.post(CAPTURES, {}).json()["id"]
    reply = http.post(f"{CAPTURES}/{capture}/scans", {"scanner_id": site.scanner["scanner_id"], **said})
    assert reply.status == status, reply
    return f"{CAPTURES}/{capture}/scans/{reply.json()['scan_id']}" if status == 202 else reply


def seen(site, path, done=lambda scan: scan["state"] not in ("WAITING", "RUNNING"), who=None):
    """The scan once `done` says so."""
    end, known = time.monotonic() + patience(60), 0
    while True:
        scan = (who or site.boss).get(path, query={"wait": 5, "pages": known}).json()
        known = scan["pages"]
        if done(scan):
            return scan
        assert time.monotonic() < end, scan


def scanned(site, **said):
    path = begin(site, **said)
    return seen(site, path), path


def names_of(site, path, who=None):
    """The pages of the scan's session, in order: their bytes."""
    capture = path.rsplit("/scans/", 1)[0]
    http = who or site.boss
    return [http.get(f"{capture}/pages/{one['id']}").body for one in http.get(capture).json()["pages"]]


def ended(scanner):
    """The scanner's job is taken away behind the last word on the row."""
    processes.wait_until(lambda: not scanner.open_jobs(), patience(10), 0.05)
    assert not scanner.open_jobs()


def refused(reply, status, field=None, word=""):
    assert reply.status == status and word in error(reply)["message"], reply
    assert field is None or error(reply).get("field") == field, reply


# a scanner as a thing that is set up

def test_life_of_a_scanner(site, scanner):
    boss, path = site.boss, site.path
    assert site.scanner["address"] == scanner.address and not site.scanner["is_checked"] and site.scanner["is_enabled"]
    verified = boss.post(path + "/verify", {}).json()
    assert verified["is_checked"] and verified["model"] == scanner.model and verified["status"]["state"] == "IDLE"
    assert boss.get(path).json()["check_note"] == "扫描仪可用"
    reply = boss.put(path, {"name": "二楼扫描仪", "is_enabled": False, "version": site.scanner["version"]})
    assert reply.json()["name"] == "二楼扫描仪" and not reply.json()["is_enabled"] and reply.json()["is_checked"]
    refused(boss.put(path, {"name": "x", "version": site.scanner["version"]}), 409)
    refused(begin(site, status=409), 409, word="停用")
    assert [one["name"] for one in boss.get(SCANNERS).json()["items"]] == ["二楼扫描仪"]
    refused(boss.post(SCANNERS, {"name": "二楼扫描仪", "address": scanner.address}), 409, "name")
    assert boss.delete(path).status == 204 and boss.get(path).status == 404
    said = [row["action"] for row in rows(site, "SELECT action FROM audit WHERE action LIKE 'scanner.%' ORDER BY id")]
    assert said == ["scanner.added", "scanner.verified", "scanner.changed", "scanner.removed"]


def test_status_tells_what_it_can_do(site, scanner):
    scanner.feeder = pages(1)
    status = site.boss.get(site.path + "/status").json()
    assert status["is_reachable"] and status["is_loaded"] and status["problem"] is None
    feeder, glass = status["capabilities"]["sources"]
    assert (feeder["source"], feeder["has_duplex"], feeder["dpi"]) == ("FEEDER", True, list(escl.DPI))
    assert glass["source"] == "FLATBED" and feeder["colors"] == ["COLOR", "GRAY", "MONO"] and glass["formats"] == ["JPEG", "PDF"]
    scanner.adf_state = "ScannerAdfHatchOpen"
    english = site.boss.get(site.path + "/status", headers={"Accept-Language": "en"}).json()
    assert english["problem"]["code"] == "COVER_OPEN" and "cover" in english["problem"]["message"] and english["problem"]["remedy"]


def test_addresses(make_gateway):
    """Without the directive: private addresses, and none of this machine, the link or the world."""
    site = make_gateway()
    boss = administrator(site)

    def check(address, wanted):
        reply = boss.post(SCANNERS, {"name": f"n{address}"[:50], "address": address})
        if wanted:
            assert reply.status == 201 and reply.json()["address"] == wanted, reply
        else:
            refused(reply, 400, "address")

    each([("192.168.1.20", "http://192.168.1.20/eSCL"), (" 10.0.0.9:8080 ", "http://10.0.0.9:8080/eSCL"),
          ("https://172.16.0.1:443/eSCL/", "https://172.16.0.1/eSCL"), ("http://Printer.local/a/b/", "http://printer.local/a/b"),
          ("http://[fd00::1]:90", "http://[fd00::1]:90/eSCL"), ("", None), ("http://127.0.0.1/eSCL", None), ("http://0.0.0.0", None),
          ("http://[::1]/", None), ("http://[::ffff:127.0.0.1]/", None), ("http://169.254.169.254/", None), ("http://8.8.8.8/", None),
          ("http://224.0.0.1/", None), ("ftp://10.0.0.1/", None), ("http://u:p@10.0.0.1/", None), ("http://10.0.0.1/eSCL?x=1", None),
          ("http://10.0.0.1:99999/", None), ("a b", None), ("x" * 290, None)], check)
    # a name that leads to this machine is stopped when it is connected to
    one = boss.post(SCANNERS, {"name": "mine", "address": f"http://localhost:{site.httpd.port}/eSCL"}).json()
    status = boss.post(f"{SCANNERS}/{one['scanner_id']}/verify", {}).json()["status"]
    assert not status["is_reachable"] and status["problem"]["code"] == "ADDRESS"


def test_only_listed_hosts(site):
    refused(site.boss.post(SCANNERS, {"name": "x", "address": "http://192.168.1.20"}), 400, "address", "FPImageScannerAllow")


def test_who_may(site, scanner):
    """Its point's people may use it, others do not know it; nobody without the right may set one up."""
    boss = site.boss
    clerk = make_user(site, boss, "clerk", roles=["扫描员"])
    other = make_user(site, boss, "other", roles=["扫描员"])
    viewer = make_user(site, boss, "viewer", roles=["默认角色"])
    point = boss.post("/api/v1/scan-points", {"name": "前台", "org": ""}).json()["scan_point_id"]
    assert boss.put(f"/api/v1/scan-points/{point}/scanners/{clerk.id}").status == 200
    assert boss.put(site.path, {"scan_point_id": point}).json()["scan_point"] == "前台"
    for method, path in [("POST", SCANNERS), ("PUT", site.path), ("DELETE", site.path), ("POST", site.path + "/verify")]:
        for who in (clerk, viewer):
            assert who.request(method, path, json_body={"name": "x", "address": "10.0.0.1"}).status == 403
    assert viewer.get(SCANNERS).status == 403 and viewer.get(site.path + "/status").status == 403
    assert [len(who.get(SCANNERS).json()["items"]) for who in (clerk, other, boss)] == [1, 0, 1]
    assert clerk.get(site.path + "/status").status == 200
    assert other.get(site.path).status == 404 and other.get(site.path + "/status").status == 404
    assert begin(site, other, 404).status == 404
    scanner.feeder = pages(1)
    path = begin(site, clerk)
    assert seen(site, path, who=clerk)["pages"] == 1
    for method, at in [("GET", path), ("DELETE", path), ("GET", path.rsplit("/", 1)[0])]:
        assert other.request(method, at).status == 404
    ended(scanner)
    assert boss.put(site.path, {"scan_point_id": 0}).json()["scan_point_id"] == 0
    assert len(other.get(SCANNERS).json()["items"]) == 1


def test_the_doctor_looks_at_scanners(site, scanner):
    def found():
        return [(one["result"], one["found"], one["remedy"]) for one in site.boss.get("/api/v1/doctor").json()["items"]
                if one["name"] == "scanner"]

    assert found() == [("OK", f"前台扫描仪: {scanner.model} 可用", None)]
    scanner.adf_state = "ScannerAdfJam"
    [(result, text, remedy)] = found()
    assert result == "WARN" and "卡纸" in text and remedy
    scanner.answers["/ScannerCapabilities"] = (404, {}, b"")
    assert "不是 eSCL" in found()[0][1]


@pytest.fixture
def responder():
    one = escl.Responder()
    yield one
    one.stop()


def test_scanners_that_answer_in_the_network(make_gateway, scanner, responder):
    """Suggestions of whoever answers, each once; what is no answer is passed over; nobody is called because of it."""
    site = opened_site(make_gateway, scanner, more=f"FPImageScannerDiscovery 127.0.0.1:{responder.port}")
    responder.scanners = [("一楼 Scan.Jet (2)", 8080, {"ty": "HP Scan", "rs": "eSCL"}, "10.0.0.7"), ("known", scanner.port, {}),
                          ("odd", 80, {"rs": "/a/b/", "ty": "x"}, "10.0.0.8"), ("bad", 80, {"rs": "a b"}, "10.0.0.9")]
    responder.garbage = [b"", b"x", b"\0" * 12, b"\0\0\x84\0" + b"\xff" * 40, responder.answer("cut", 1, {})[:-3]]
    found = site.boss.post(SCANNERS + "/discover", {}).json()["items"]
    assert [(one["name"], one["address"], one["model"], one["is_known"]) for one in found] == [
        ("一楼 Scan.Jet (2)", "http://10.0.0.7:8080/eSCL", "HP Scan", False), ("known", scanner.address, None, True),
        ("odd", "http://10.0.0.8/a/b", "x", False)]
    assert responder.questions > 1, "a packet may be lost"
    assert scanner.calls() == []
    assert [one["name"] for one in site.ctl_conf.must("scanner", "discover")] == [one["name"] for one in found]


def test_discovery_may_be_off(make_gateway, scanner):
    site = opened_site(make_gateway, scanner, more="FPImageScannerDiscovery Off")
    refused(site.boss.post(SCANNERS + "/discover", {}), 409, word="FPImageScannerDiscovery")
    clerk = make_user(site, site.boss, "clerk", roles=["扫描员"])
    assert clerk.post(SCANNERS + "/discover", {}).status == 403


# scanning

@pytest.mark.mpm
def test_pages_come_in_order(site, scanner):
    wanted = scanner.feeder = pages(5)
    wanted = list(wanted)
    scan, path = scanned(site, is_duplex=True, dpi=200, color="GRAY")
    assert (scan["state"], scan["pages"], scan["problem"], scan["source"]) == ("DONE", 5, None, "FEEDER")
    assert names_of(site, path) == wanted
    assert {name: scanner.settings[name] for name in ("InputSource", "Duplex", "XResolution", "ColorMode", "DocumentFormat", "Width", "Height")} == {
        "InputSource": "Feeder", "Duplex": "true", "XResolution": "200", "ColorMode": "Grayscale8", "DocumentFormat": "image/jpeg",
        "Width": "2480", "Height": "3508"}
    ended(scanner)
    capture = site.boss.get(path.rsplit("/scans", 1)[0]).json()
    assert [one["name"] for one in capture["pages"]] == [f"前台扫描仪-{n:03}.jpg" for n in range(1, 6)]
    assert scan["created_by"] == capture["created_by"] == capture["last_change"]["by"]


def test_the_glass_gives_one_page(site, scanner):
    scanner.glass = page(1)
    scan, path = scanned(site, source="FLATBED", paper="MAX", format="PDF")
    assert (scan["state"], scan["pages"], scan["source"]) == ("DONE", 1, "FLATBED") and names_of(site, path) == pages(1)
    assert "Duplex" not in scanner.settings and scanner.settings["Width"] == str(escl.WIDTH)
    ended(scanner)


def test_without_a_feeder_the_glass_is_meant(site, scanner):
    scanner.has_feeder, scanner.glass = False, page(1)
    scan, _ = scanned(site, is_duplex=True)
    assert (scan["state"], scan["source"], scan["is_duplex"]) == ("DONE", "FLATBED", False)
    ended(scanner)


def test_behind_a_page(site, scanner):
    """A page that is scanned again comes where the old one lies."""
    scanner.feeder = pages(3)
    _, path = scanned(site)
    capture = int(path.split("/")[4])
    first = site.boss.get(f"{CAPTURES}/{capture}").json()["pages"][0]["id"]
    ended(scanner)
    scanner.feeder = pages(2, 10)
    again, _ = scanned(site, capture=capture, after=first)
    assert again["pages"] == 2
    assert names_of(site, path) == pages(1) + pages(2, 10) + pages(2, 2)
    ended(scanner)
    refused(begin(site, status=400, capture=capture, after=999), 400, "after")


@pytest.mark.parametrize("location", ["path", "relative", "foreign"])
def test_where_the_job_is(site, scanner, location):
    """A job is asked for at the host that was configured, wherever the scanner says that it lies."""
    scanner.location, scanner.feeder = location, pages(2)
    scan, _ = scanned(site)
    assert (scan["state"], scan["pages"]) == ("DONE", 2)
    ended(scanner)


def test_busy_is_waited_for(make_gateway, scanner):
    site = opened_site(make_gateway, scanner)
    scanner.feeder, scanner.busy_jobs, scanner.busy_pages, scanner.retry_after = pages(2), 2, 3, 1
    begun = time.monotonic()
    scan, _ = scanned(site)
    assert (scan["state"], scan["pages"]) == ("DONE", 2)
    assert time.monotonic() - begun > 4, "Retry-After was kept"
    assert len(scanner.calls("POST")) == 3
    ended(scanner)


def test_progress_is_seen_while_it_scans(make_gateway, scanner):
    site = opened_site(make_gateway, scanner, "60 600 600")
    scanner.feeder, scanner.hang_at = pages(3), 3
    path = begin(site)
    assert seen(site, path, lambda scan: scan["pages"] == 2)["state"] == "RUNNING"
    assert names_of(site, path) == pages(2)
    refused(begin(site, status=409), 409, word="正在扫描")
    refused(site.boss.delete(site.path), 409, word="正在扫描")
    scanner.released.set()
    assert seen(site, path)["pages"] == 3
    ended(scanner)


def test_cancel_keeps_what_came(make_gateway, scanner):
    site = opened_site(make_gateway, scanner, "60 600 600")
    scanner.feeder, scanner.hang_at = pages(9), 3
    path = begin(site)
    seen(site, path, lambda scan: scan["pages"] == 2)
    reply = site.boss.delete(path)
    assert reply.status == 200 and reply.json()["is_cancelling"]
    scan = seen(site, path)
    assert (scan["state"], scan["pages"], scan["problem"]) == ("CANCELLED", 2, None)
    assert names_of(site, path) == pages(2)
    ended(scanner)
    assert site.boss.delete(path).json()["state"] == "CANCELLED", "once more is fine"


def test_a_session_that_goes_ends_its_scan(make_gateway, scanner):
    site = opened_site(make_gateway, scanner, "60 600 600")
    scanner.feeder, scanner.hang_at = pages(3), 2
    path = begin(site)
    seen(site, path, lambda scan: scan["pages"] == 1)
    assert site.boss.delete(path.rsplit("/scans", 1)[0]).status == 204
    ended(scanner)
    processes.wait_until(lambda: not rows(site, "SELECT 1 FROM job WHERE kind = 'scan'"), patience(10), 0.05)
    assert rows(site, "SELECT * FROM scan") == [] and rows(site, "SELECT * FROM job WHERE kind = 'scan'") == []


def failed(site, scanner, code, came, **said):
    scan, path = scanned(site, **said)
    problem = scan["problem"] or {}
    assert (scan["state"], problem.get("code"), scan["pages"]) == ("FAILED", code, came), scan
    assert problem["message"] and problem["remedy"]
    assert len(names_of(site, path)) == came, "what came stays"
    ended(scanner)


@pytest.mark.parametrize("says", [404, 409, 500])
def test_jam(site, scanner, says):
    """Also where the scanner says "no more" for it."""
    scanner.feeder, scanner.jam_at, scanner.jam_says = pages(4), 3, says
    failed(site, scanner, "JAM", 2)


def test_what_the_feeder_tells(site, scanner):
    def check(state, code):
        scanner.reset()
        scanner.feeder, scanner.jam_at, scanner.jam_state = pages(2), 2, state
        failed(site, scanner, code, 1)

    each([("ScannerAdfHatchOpen", "COVER_OPEN"), ("ScannerAdfMispick", "MISPICK"), ("ScannerAdfMultipickDetected", "DOUBLE_FEED"),
          ("ScannerAdfDuplexPageTooLong", "PAGE_LENGTH"), ("ScannerAdfInputTrayFailed", "TRAY"), ("ScannerAdfUnheardOf", "ABORTED")], check)


def test_what_a_scanner_does_wrong(make_gateway, scanner):
    """Each is told by its name, what came before stays, and the job is taken away."""
    site = opened_site(make_gateway, scanner, f"60 {int(patience(3))} 60")

    def check(code, came, members, said):
        scanner.reset()
        scanner.feeder, scanner.glass = pages(3), page(1)
        for name, value in members.items():
            setattr(scanner, name, value)
        failed(site, scanner, code, came, **said)
        scanner.released.set()

    each([
        ("FEEDER_EMPTY", 0, {"feeder": []}, {}),
        ("COVER_OPEN", 0, {"adf_state": "ScannerAdfHatchOpen"}, {}),
        ("SETTINGS", 0, {}, {"dpi": 150}),
        ("SETTINGS", 0, {"has_duplex": False}, {"is_duplex": True}),
        ("SETTINGS", 0, {"has_glass": False}, {"source": "FLATBED"}),
        ("ABORTED", 1, {"cancel_at": 2}, {}),
        ("BUSY", 0, {"busy_jobs": 99}, {}),
        ("BUSY", 0, {"busy_pages": 99}, {}),
        ("LATE", 1, {"hang_at": 2}, {}),
        ("GARBAGE", 1, {"cut_at": 2}, {}),
        ("MEDIA", 1, {"feeder": [page(1), b"no picture", page(2)]}, {}),
        ("GARBAGE", 1, {"feeder": [page(1), b"", page(2)]}, {}),
        ("PASSWORD", 0, {"answers": {"/ScannerCapabilities": (401, {}, b"")}}, {}),
        ("NOT_ESCL", 0, {"answers": {"/ScannerCapabilities": (200, {}, b"<html>a router</html>")}}, {}),
        ("NOT_ESCL", 0, {"answers": {"/ScannerCapabilities": (404, {}, b"")}}, {}),
        ("NOT_ESCL", 0, {"answers": {"/ScannerCapabilities": (200, {}, b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>')}}, {}),
        ("GARBAGE", 0, {"answers": {"/ScannerCapabilities": (200, {}, b"<a>" * 400000)}}, {}),
        ("REDIRECTED", 0, {"answers": {"/ScannerCapabilities": (302, {"Location": "http://169.254.169.254/"}, b"")}}, {}),
        ("REDIRECTED", 0, {"answers": {"/ScanJobs": (307, {"Location": "http://169.254.169.254/"}, b"")}}, {}),
    ], check)


def test_a_job_without_an_address(site, scanner):
    """Nobody can take it away: the scanner is told to be restarted."""
    scanner.feeder, scanner.location = pages(1), "none"
    scan, _ = scanned(site)
    assert (scan["state"], scan["problem"]["code"]) == ("FAILED", "GARBAGE")
    scanner.reset()


def test_pages_without_end(make_gateway, scanner):
    site = opened_site(make_gateway, scanner, more="FPImageMaxFile 1M")
    scanner.feeder, scanner.endless_at = pages(3), 2
    failed(site, scanner, "TOO_LARGE", 1)
    scanner.released.set()


def test_a_format_that_capture_does_not_take(site, scanner):
    reply = site.boss.put("/api/v1/file-formats", {"items": [{"entry": "CAPTURE", "formats": ["PDF"]}]})
    assert reply.status == 200, reply
    scanner.feeder = pages(2)
    failed(site, scanner, "MEDIA", 0)


def test_a_scanner_that_is_not_there(site, scanner):
    scanner.stop()
    scan, _ = scanned(site)
    assert (scan["state"], scan["problem"]["code"]) == ("FAILED", "UNREACHED")
    status = site.boss.post(site.path + "/verify", {}).json()
    assert not status["is_checked"] and status["status"]["problem"]["code"] == "UNREACHED" 
    assert status["check_note"].startswith("连接不上扫描仪")


def test_a_killed_child_goes_on(make_gateway, scanner):
    """The next child takes the scanner's job up where it was, scans nothing twice, and says that a page may be missing."""
    site = opened_site(make_gateway, scanner, "60 600 600")
    scanner.feeder, scanner.hang_at = pages(5), 3
    path = begin(site)
    seen(site, path, lambda scan: scan["pages"] == 2)
    owner = rows(site, "SELECT owner FROM job WHERE kind = 'scan'")[0]["owner"]
    site.httpd.expect_log("exit signal Killed|AH00052", optional=True)
    os.kill(int(owner.split("/")[1]), signal.SIGKILL)
    scanner.hang_at = None
    scanner.released.set()
    scan = seen(site, path)
    assert (scan["state"], scan["problem"]["code"]) == ("DONE", "INTERRUPTED"), scan
    assert scan["pages"] in (4, 5) and names_of(site, path)[:2] == pages(2)
    assert len(scanner.calls("POST")) == 1, "nothing is scanned twice"
    ended(scanner)


def test_fields(site):
    capture = site.boss.post(CAPTURES, {}).json()["id"]

    def check(field, value):
        refused(site.boss.post(f"{CAPTURES}/{capture}/scans", {"scanner_id": site.scanner["scanner_id"], field: value}), 400, field)

    each([("source", "TRAY"), ("color", "PINK"), ("format", "BMP"), ("paper", "A0"), ("dpi", 10), ("dpi", "x"), ("is_duplex", "yes"),
          ("scanner_id", 0), ("scanner_id", "x"), ("after", -1)], check)
    refused(site.boss.post(f"{CAPTURES}/{capture}/scans", {}), 400, "scanner_id")
    assert site.boss.post(f"{CAPTURES}/{capture}/scans", {"scanner_id": 999}).status == 404
    assert site.boss.post(f"{CAPTURES}/999/scans", {"scanner_id": site.scanner["scanner_id"]}).status == 404


def test_by_a_token(site, scanner):
    """A program with a token scans, too."""
    caller = site.login(CLIENT)
    scanner.feeder = pages(1)
    path = begin(site, caller)
    assert seen(site, path, who=caller)["pages"] == 1
    ended(scanner)


# the tool

def test_by_the_tool(site, scanner):
    ctl, boss = site.ctl_conf, site.boss
    point = boss.post("/api/v1/scan-points", {"name": "前台", "org": ""}).json()
    code, made = ctl("scanner", "add", "二号", "--address", f"127.0.0.1:{scanner.port}", "--point", "前台")
    assert code == 0 and made["address"] == scanner.address and made["scan_point_id"] == point["scan_point_id"]
    assert ctl("scanner", "add", "三号", "--address", "127.0.0.1:1")[0] == 2, "not listed"
    assert ctl("scanner", "add", "二号", "--address", scanner.address)[0] == 1
    assert ctl("scanner", "set", "二号", "--point", "", "--rename", "三号")[1]["scan_point_id"] == 0
    code, seen = ctl("scanner", "verify", "三号")
    assert code == 0 and seen["model"] == scanner.model and seen["status"]["problem"]["code"] == "FEEDER_EMPTY"
    assert [one["name"] for one in ctl.must("scanner", "list")] == ["三号", "前台扫描仪"]
    assert ctl("scanner", "disable", "三号")[1]["is_enabled"] is False and ctl("scanner", "enable", "三号")[1]["is_enabled"] is True
    prefix = site.httpd.data / "try"
    scanner.feeder = pages(2)
    code, done = ctl("scanner", "scan", "三号", "-o", prefix, "--duplex", "--color", "mono")
    assert code == 0 and done["files"] == [f"{prefix}-001.jpg", f"{prefix}-002.jpg"]
    assert [(site.httpd.data / f"try-00{n}.jpg").read_bytes() for n in (1, 2)] == pages(2)
    assert scanner.settings["ColorMode"] == "BlackAndWhite1"
    assert ctl("scanner", "scan", "三号", "-o", site.httpd.data / "other")[0] == 4, "the feeder is empty"
    scanner.feeder = pages(1)
    assert ctl("scanner", "scan", "三号", "-o", prefix)[0] == 2, "nothing is overwritten"
    assert ctl("scanner", "scan", "三号", "-o", prefix, "--source", "tray")[0] == 2
    ended(scanner)
    assert ctl.must("scanner", "remove", "三号")["result"] == "removed" and ctl("scanner", "verify", "三号")[0] == 1
