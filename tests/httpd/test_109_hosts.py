"""What is told at start of how the hosts of an httpd are set beside our directives."""
import pytest

from cloudlib import certs
from harness import places
from harness.person import administrator


def with_tls(make_gateway):
    gateway = make_gateway(start=False, modules=["ssl", "socache_shmcb", "alias"])
    gateway.httpd.expect_log("AH01882|AH01909|AH01906|AH01873", optional=True)  # its own of a newer OpenSSL, of names, of no cache
    return gateway


def tls(gateway, text="", port=None):
    """A virtual host with TLS."""
    port = port or places.free_port()
    _, cert, key = certs.make(gateway.httpd.root / "run")
    return (f"Listen 127.0.0.1:{port}\n<VirtualHost 127.0.0.1:{port}>\nServerName localhost\nSSLEngine on\nSSLCertificateFile {cert}\n"
            f"SSLCertificateKeyFile {key}\n{text}\n</VirtualHost>")


def plain(text=""):
    port = places.free_port()
    return f"Listen 127.0.0.1:{port}\n<VirtualHost 127.0.0.1:{port}>\nRedirect permanent / https://localhost/\n{text}\n</VirtualHost>"


@pytest.mark.parametrize("hosts, told", [
    ((plain, tls), ["the virtual host of"]),
    ((tls,), ["the main server"]),
    ((plain,), []),
    ((lambda: plain("FPImageEngine Off"), tls), []),
], ids=["plain host", "main server", "no TLS at all", "engine off there"])
def test_plain_beside_tls_is_told(make_gateway, hosts, told):
    gateway = with_tls(make_gateway)
    for make in hosts:
        gateway.httpd.add(make(gateway) if make is tls else make())
    gateway.httpd.start()
    lines = [line.text for line in gateway.httpd.log.lines("FPI0044")]
    assert len(lines) == len(told) and all(word in line for word, line in zip(told, lines)), lines
    assert all("FPImageEngine Off" in line for line in lines)


def test_another_store_over_tls_is_not_meant(tmp, make_gateway):  # the folder goes last
    gateway = with_tls(make_gateway)
    gateway.httpd.add(tls(gateway, f"FPImageDataDir {places.give(tmp, 0o700)}"))
    gateway.httpd.expect_log("FPI0002", optional=True)
    gateway.httpd.start()
    assert not gateway.httpd.log.lines("FPI0044")


@pytest.mark.parametrize("directives, told", [
    ("FPImageMaxFile 10M\nLimitRequestBody 100000", "FPImageMaxJSON"),
    ("FPImageMaxFile 4G\nLimitRequestBody 100000", "FPImageMaxFile"),
    ("FPImageMaxFile 10M\nFPImageMaxJSON 10M\nLimitRequestBody 10485760", None),
    ("FPImageMaxFile 10M\nLimitRequestBody 1000\n<Location /api/>\nLimitRequestBody 0\n</Location>", None),
    ("", None),
])
def test_limit_of_bodies_below_ours_is_told(make_gateway, directives, told):
    gateway = make_gateway(directives=directives)
    lines = [line.text for line in gateway.httpd.log.lines("FPI0045")]
    assert len(lines) == (told is not None) and (not told or f"100000 is below {told}" in lines[0]), lines


def test_sizes_are_in_the_refusal(make_gateway):
    gateway = make_gateway(directives="LimitRequestBody 100000")
    http = gateway.login()
    for path, size, limit in (("/api/imgsys/bill/outside/billStatus", 70000, 65536), ("/api/imgsys/outside/push", 120000, 100000)):
        body = b'"' + b"x" * (size - 2) + b'"'
        reply = http.post(path, body=body, headers={"Content-Type": "application/json"})
        assert reply.status == 413 and str(size) in reply.text and str(limit) in reply.text, reply
    checks = administrator(gateway).get("/api/v1/doctor").json()["items"]
    (found,) = [check for check in checks if check["name"] == "body_limit"]
    assert "100000" in str(found) and "FPImageMaxFile" in str(found)
