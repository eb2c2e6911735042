"""Settings that were taken though they could not be as said; who is this machine."""
import socket

import pytest

from harness.client import Http
from test_100_start import each, refused_to_start


def test_built_in_paths_are_not_taken_over(httpd):
    one = httpd(start=False)

    def check(line, words):
        one.directives = [line]
        code, text = one.configtest()
        assert code != 0 and [word for word in words if word not in text] == [], text

    each([("FPImageRoute GET /api/v1/bills oauth_token", ["GET /api/v1/bills", "built in"]),
          ("FPImageRoute POST /api/v1/session push", ["POST /api/v1/session", "built in"]),
          ("FPImageScannerDiscovery On", ["On", "224.0.0.251:5353"]),
          ("FPImageScannerDiscovery http://1.2.3.4", ["http://1.2.3.4", "IPv4"])], check)
    one.directives = ["FPImageRoute POST /api/imgsys/outside/push push\nFPImageScannerDiscovery Off"]
    assert one.configtest()[0] == 0


def test_token_cache_that_cannot_be_made_is_told(httpd):
    one = httpd(start=False, directives="FPImageTokenCache shmcb:/nonexistent/x(1024)")
    one.expect_log("FPI0043", count=1)
    one.start()
    assert "/nonexistent/x" in one.log.lines("FPI0043")[0].text and "token cache none" in one.log.lines("FPI0001")[0].text


def own_address():
    """Of this machine, on no wire: nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        try:
            one.connect(("192.0.2.1", 9))
            return one.getsockname()[0]
        except OSError:
            return "127.0.0.1"


def test_this_machine_by_its_own_address(httpd):
    """As "Require local" of httpd has it."""
    address = own_address()
    if address.startswith("127."):
        pytest.skip("this machine has no other address")
    one = httpd(start=False)
    one.add(f"Listen {address}:{one.port}")
    one.start()
    with Http(address, one.port) as http:
        assert http.get("/server-status").status == http.get("/fpimage/metrics").status == 200
        assert "mod_fpimage" in http.get("/server-status").text
        assert http.get("/fpimage/metrics", headers={"X-Forwarded-For": "10.0.0.1"}).status == 403


def test_the_refusal_of_a_start_names_no_wrong_culprit(httpd):
    text = refused_to_start(httpd(start=False, directives="FPImageEventCommand /nonexistent/x"))
    assert "can't be used: 1500" not in text and "mod_fpimage can't start" in text
