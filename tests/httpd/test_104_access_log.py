"""What the access log can say of a call: the format that conf/fpimage.conf shows."""
import re

from harness import places, processes
from test_100_start import ANNOUNCE, STATUS, bill

EXAMPLE = re.search(r'^#(LogFormat ".*" fpimage)$', (places.SOURCE / "conf" / "fpimage.conf").read_text("utf-8"), re.M).group(1)


def test_failures_are_told_and_tokens_are_not(make_gateway):
    gateway = make_gateway(start=False)
    path = gateway.httpd.root / "logs" / "example.log"
    gateway.httpd.add(f'{EXAMPLE}\nCustomLog "{path}" fpimage env=FPIMAGE_TRACE')
    gateway.httpd.start()
    http = gateway.login()
    http.post(ANNOUNCE, bill("A-1"))
    http.post(STATUS, {"scanBillNo": "NONE", "resource": "EAS"})
    http.get("/api/v1/bills", query={"page": "x"})
    http.request("TRACE", STATUS)
    http.get("/api/m1/relayed")
    http.get("/fpimage/health")
    with gateway.http() as nobody:
        nobody.post(STATUS, {"scanBillNo": "A-1"})
    assert processes.wait_until(lambda: path.exists() and len(path.read_text().splitlines()) == 8, 5)
    lines = path.read_text().splitlines()
    assert http.token not in path.read_text() and "access_token" not in path.read_text()
    seen = [(line.split('"')[1].split()[1].rsplit("/", 1)[1], *line.split()[-4:-1]) for line in lines]
    assert seen == [("token", "0000", "-", "-"), ("erpBillPush", "0000", "1", "A-1"), ("billStatus", "1404", "1", "NONE"),
                    ("bills", "1400", "1", "-"), ("billStatus", "1400", "-", "-"), ("relayed", "-", "1", "-"), ("health", "-", "-", "-"),
                    ("billStatus", "1300", "-", "-")], seen


def test_trace_is_refused_with_what_the_path_allows(gateway):
    http = gateway.login()
    for path in ("/api/base/oauth/token", "/api/v1/bills", "/api/m1/relayed", "/fpimage/health", "/imgsys-web/"):
        trace, other = http.request("TRACE", path), http.request("FOO", path)
        assert (path, trace.status, trace.headers["Allow"]) == (path, 405, other.headers["Allow"])
        assert http.token not in trace.text
