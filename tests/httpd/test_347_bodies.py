"""How the bytes of a raw upload come: cut anywhere, with the next request right behind them, through other filters."""
import gzip
import http.client
import io
import json
import random
import socket
import ssl

import pytest

from cloudlib import certs
from harness import blobs, places
from harness.client import Raw
from test_100_start import patience
from test_340_files import Bill, sha

KIB = 1024
BLOCK = 512 * KIB  # base/blocks.h: so much is received and written at a time
SIZES = (1, 7999, 8001, 64 * KIB - 1, 64 * KIB, BLOCK + 1, 3 * BLOCK - 5)


def document(size, seed=0):
    """Bytes that are a PDF by their beginning, and no two alike."""
    return (b"%PDF-1.4\n" + random.Random(f"{size} {seed}").randbytes(size))[:size + 9]


def head(made, method, path, *lines):
    return "\r\n".join((f"{method} {path} HTTP/1.1", "Host: x", f"Authorization: Bearer {made.http.token}", *lines, "", "")).encode()


def upload(made, data, *lines):
    return head(made, "POST", f"{made.path}/files?name=a.pdf", f"Content-Length: {len(data)}", *lines) + data


class Answers(io.BufferedReader):
    """Of one connection, one behind the other."""

    def __init__(self, raw):
        super().__init__(socket.SocketIO(raw.sock, "r"))

    def close(self):
        """http.client does when an answer is read."""

    def makefile(self, *_):
        return self

    def next(self, method, status):
        answer = http.client.HTTPResponse(self, method=method)
        answer.begin()
        body = answer.read()
        assert answer.status == status, body
        return json.loads(body)


def stored(gateway, answer):
    """The bytes of the file that an upload was answered with."""
    (file,) = answer["stored"]
    return blobs.path_of(gateway, file["sha256"]).read_bytes()


@pytest.mark.mpm
@pytest.mark.parametrize("step", [3 * KIB + 1, 64 * KIB, 16 * BLOCK])
def test_cut_anywhere_and_one_behind_the_other(gateway, step):
    """All requests are one stream of bytes: none may keep, or miss, what belongs to the next."""
    made = Bill(gateway, gateway.login(), "B-1")
    bodies = [document(size) for size in SIZES]
    stream = b"".join(upload(made, body) + head(made, "GET", made.path) for body in bodies)
    with Raw("127.0.0.1", gateway.httpd.port, timeout=patience(20)) as raw:
        for place in range(0, len(stream), step):
            raw.send(stream[place:place + step])
        answers = Answers(raw)
        for count, body in enumerate(bodies, 1):
            assert stored(gateway, answers.next("POST", 201)) == body
            assert [file["sha256"] for file in answers.next("GET", 200)["files"]] == [sha(body) for body in bodies[:count]]


def test_through_a_filter_that_changes_it(make_gateway):
    """What comes out of it is another length than what was told."""
    gateway = make_gateway(directives="SetInputFilter DEFLATE", modules=["deflate", "filter"])
    made = Bill(gateway, gateway.login(), "B-2")
    for body in (document(300 * KIB), b"%PDF-1.4\n" + document(2 * BLOCK).hex().encode()):
        with Raw("127.0.0.1", gateway.httpd.port, timeout=patience(20)) as raw:
            answers = Answers(raw)
            raw.send(upload(made, gzip.compress(body, mtime=0), "Content-Encoding: gzip") + head(made, "GET", made.path))
            assert stored(gateway, answers.next("POST", 201)) == body
            assert answers.next("GET", 200)["files"][-1]["sha256"] == sha(body)


def spoilt(data):
    return data[:-5000] + bytes(len(data[-5000:]))


@pytest.mark.mpm
@pytest.mark.parametrize("change", [spoilt, lambda data: data[:-5000]], ids=["damaged", "cut"])
def test_what_a_filter_can_not_unpack_is_not_a_client_that_left(make_gateway, change):
    gateway = make_gateway(directives="SetInputFilter DEFLATE", modules=["deflate", "filter"])
    gateway.httpd.expect_log("AH01387|AH01390|AH01391|AH01393|AH01394|AH02481", optional=True)
    made = Bill(gateway, gateway.login(), "B-2")
    body = change(gzip.compress(document(300 * KIB), mtime=0))
    with Raw("127.0.0.1", gateway.httpd.port, timeout=patience(20)) as raw:
        answer = Answers(raw)
        raw.send(upload(made, body, "Content-Encoding: gzip"))
        assert answer.next("POST", 400)["error"]["type"] == "invalid_request"
    assert not gateway.httpd.log.lines("FPI0025")


def test_over_tls(make_gateway):
    port = places.free_port()
    gateway = make_gateway(start=False, modules=["ssl", "socache_shmcb"])
    ca, cert, key = certs.make(gateway.httpd.root / "run")
    gateway.httpd.expect_log("AH01882", optional=True)  # a newer patch of OpenSSL than it was built with
    gateway.httpd.add(f"Listen 127.0.0.1:{port}\nSSLSessionCache shmcb:{gateway.httpd.root}/run/tls\n<VirtualHost 127.0.0.1:{port}>\nSSLEngine on\nSSLCertificateFile {cert}\n"
                      f"SSLCertificateKeyFile {key}\n</VirtualHost>")
    gateway.httpd.start()
    made = Bill(gateway, gateway.login(), "B-3")
    caller = http.client.HTTPSConnection("localhost", port, timeout=patience(20),
                                         context=ssl.create_default_context(cafile=str(ca)))
    for size in SIZES:
        body = document(size)
        caller.request("POST", f"{made.path}/files?name=a.pdf", body, {"Authorization": f"Bearer {made.http.token}"})
        reply = caller.getresponse()
        answer = reply.read()
        assert reply.status == 201, answer
        assert blobs.path_of(gateway, sha(body)).read_bytes() == body
    caller.close()
