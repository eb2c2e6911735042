"""What is told at start of how the hosts of an httpd are set beside our directives."""
import pytest

from cloudlib import certs
from harness import places


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


def test_another_store_over_tls_is_not_meant(make_gateway, tmp):
    gateway = with_tls(make_gateway)
    gateway.httpd.add(tls(gateway, f"FPImageDataDir {places.give(tmp, 0o700)}"))
    gateway.httpd.expect_log("FPI0002|FPI0041|FPI0033", optional=True)
    gateway.httpd.start()
    assert not gateway.httpd.log.lines("FPI0044")
