"""Bytes of files as they go out: whole, in ranges, on conditions; never as something that runs."""
import email.utils
import http.client
import os
import urllib.parse

import pytest

from harness import blobs
from harness.client import Raw
from harness.cloudctl import CLIENT, OTHER_CLIENT
from test_100_start import change, each, patience
from test_340_files import Bill, pdf, refused, settle, sha

DATA = b"%PDF-1.4\n" + bytes(range(256)) * 40


@pytest.fixture
def erp(gateway):
    return gateway.login()


def put(gateway, http, number, data, name, **query):
    """The path of a file of a new bill."""
    made = Bill(gateway, http, number)
    reply = http.request("POST", f"{made.path}/files", data, {"Content-Type": "application/octet-stream"}, query={"name": name, **query})
    return f"/api/v1/files/{made.must(reply, 201)['stored'][0]['id']}"


@pytest.fixture
def one(gateway, erp):
    """The path of a file with DATA."""
    return put(gateway, erp, "D-1", DATA, "发票 1.pdf")


@pytest.mark.mpm
@pytest.mark.valgrind
def test_whole(erp, one):
    reply = erp.get(one)
    assert (reply.status, reply.body) == (200, DATA)
    headers = reply.headers
    assert (headers["Content-Type"], headers["Content-Length"]) == ("application/pdf", str(len(DATA)))
    assert headers["ETag"] == f'"{sha(DATA)}"' and headers["Accept-Ranges"] == "bytes"
    assert headers["Content-Disposition"] == f"inline; filename=\"{'_' * 6} 1.pdf\"; filename*=UTF-8''{urllib.parse.quote('发票 1.pdf')}"
    assert headers["X-Content-Type-Options"] == "nosniff" and "default-src 'none'" in headers["Content-Security-Policy"]
    assert "private" in headers["Cache-Control"] and "no-cache" in headers["Cache-Control"]
    assert reply.trace


def test_head(erp, one):
    reply = erp.request("HEAD", one)
    assert (reply.status, reply.body, reply.headers["Content-Length"]) == (200, b"", str(len(DATA)))
    assert reply.headers["ETag"] == f'"{sha(DATA)}"'


RANGES = [
    ("bytes=0-9", DATA[:10]), ("bytes=5-5", DATA[5:6]), ("bytes=100-", DATA[100:]), ("bytes=-7", DATA[-7:]),
    ("bytes=0-999999", DATA), ("bytes=-999999", DATA), ("BYTES=0-0", DATA[:1]), (f"bytes={len(DATA) - 1}-", DATA[-1:]),
]
NONE = [f"bytes={len(DATA)}-", f"bytes={len(DATA)}-{len(DATA) + 5}", "bytes=-0", "bytes=99999999999-",
        "bytes=99999999999999999999-", "bytes=99999999999999999999-99999999999999999999"]
PASSED_OVER = ["bytes=9-5", "bytes=", "bytes=-", "bytes=a-b", "bytes=1", "lines=0-5", "bytes=0-1,3-4", "bytes=--5", "bytes=0x1-5",
               "bytes=0-5 x", "bytes= 0-5", "bytes=1-2-3", "", "x" * 500]


def test_ranges(erp, one):
    def check(text, wanted):
        reply = erp.request("GET", one, headers={"Range": text})
        assert (reply.status, reply.body) == (206, wanted)
        first = int(reply.headers["Content-Range"].split()[1].split("-")[0])
        assert reply.headers["Content-Range"] == f"bytes {first}-{first + len(wanted) - 1}/{len(DATA)}"
        assert DATA[first:first + len(wanted)] == wanted

    each(RANGES, check)


def test_ranges_that_are_not_there(erp, one):
    def check(text):
        reply = erp.request("GET", one, headers={"Range": text})
        assert (reply.status, reply.headers["Content-Range"]) == (416, f"bytes */{len(DATA)}")

    each([(text,) for text in NONE], check)


def test_ranges_that_are_passed_over(erp, one):
    def check(text):
        reply = erp.request("GET", one, headers={"Range": text})
        assert (reply.status, reply.body) == (200, DATA)

    each([(text,) for text in PASSED_OVER], check)


def judged(erp, path, cases, size):
    def check(headers, status):
        reply = erp.request("GET", path, headers=headers)
        assert reply.status == status and (status == 412 or len(reply.body) == {200: size, 206: 5}.get(status, 0)), headers
        assert reply.headers["ETag"].strip('"')

    each(cases, check)


def test_conditions(erp, one):
    tag = f'"{sha(DATA)}"'
    judged(erp, one, [
        ({"If-None-Match": tag}, 304), ({"If-None-Match": f'"x", W/{tag}'}, 304), ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": '"x"'}, 200), ({"If-None-Match": tag, "Range": "bytes=0-4"}, 304),
        ({"If-Match": tag}, 200), ({"If-Match": "*"}, 200), ({"If-Match": '"x"'}, 412), ({"If-Match": f"W/{tag}"}, 412),
        ({"Range": "bytes=0-4", "If-Range": tag}, 206), ({"Range": "bytes=0-4", "If-Range": '"x"'}, 200),
        ({"Range": "bytes=0-4", "If-Range": f"W/{tag}"}, 200), ({"Range": "bytes=0-4", "If-Match": tag}, 206)], len(DATA))


def test_conditions_of_time(erp):
    """A captured page never changes, so it has a time."""
    capture = erp.post("/api/v1/captures", {}).json()["id"]
    assert erp.request("POST", f"/api/v1/captures/{capture}/pages", DATA, {"Content-Type": "application/pdf"}).status == 201
    page = erp.get(f"/api/v1/captures/{capture}", query={"wait": 10}).json()["pages"][0]["id"]
    path = f"/api/v1/captures/{capture}/pages/{page}"
    modified = erp.get(path).headers["Last-Modified"]
    before, after = (email.utils.formatdate(email.utils.parsedate_to_datetime(modified).timestamp() + step, usegmt=True)
                     for step in (-86400, 86400))
    judged(erp, path, [
        ({"If-Modified-Since": modified}, 304), ({"If-Modified-Since": after}, 304), ({"If-Modified-Since": before}, 200),
        ({"If-Modified-Since": "yesterday"}, 200), ({"If-None-Match": '"x"', "If-Modified-Since": after}, 200),
        ({"If-Unmodified-Since": after}, 200), ({"If-Unmodified-Since": before}, 412),
        ({"If-Match": "*", "If-Unmodified-Since": before}, 200),
        ({"Range": "bytes=0-4", "If-Range": modified}, 206), ({"Range": "bytes=0-4", "If-Range": before}, 200)], len(DATA))


def test_resumed_download(erp, one):
    """A line that broke: the rest of the same bytes, or all when they are others now."""
    tag = erp.request("GET", one, headers={"Range": "bytes=0-99"}).headers["ETag"]
    rest = erp.request("GET", one, headers={"Range": "bytes=100-", "If-Range": tag})
    assert rest.status == 206 and rest.body == DATA[100:]
    bill_path = erp.get("/api/v1/bills").json()["items"][0]
    made = f"/api/v1/bills/{bill_path['id']}/files/{one.rpartition('/')[2]}/replace"
    assert erp.request("POST", made, pdf("other"), {"Content-Type": "application/pdf"}).status == 200
    rest = erp.request("GET", one, headers={"Range": "bytes=100-", "If-Range": tag})
    assert (rest.status, rest.body) == (200, pdf("other"))


KINDS = [
    (b"<?xml version='1.0'?><a><b>1</b></a>", "a.html", "attachment"), ("文本 <script>alert(1)</script>".encode(), "a.html", "attachment"),
    (b"%PDF-1.4\n%%EOF\n", "a.html", "inline"),
]


def test_nothing_runs(gateway, erp):
    """What a browser would run is a download, whatever its name says."""
    def check(data, name, how):
        path = put(gateway, erp, f"RUN-{len(data)}", data, name)
        reply = erp.get(path)
        assert reply.body == data and reply.headers["Content-Disposition"].startswith(how + ";")
        assert "html" not in reply.headers["Content-Type"] and reply.headers["X-Content-Type-Options"] == "nosniff"
        assert erp.get(path, query={"download": 1}).headers["Content-Disposition"].startswith("attachment;")

    each(KINDS, check)
    page = "<html><script>alert(1)</script></html>".encode()
    made = Bill(gateway, erp, "RUN-HTML")
    refused(erp.request("POST", f"{made.path}/files", page, {"Content-Type": "application/pdf"}), 415, "HTML")


NAMES = ['a"b.pdf', "a;b.pdf", "a\\b.pdf", "x\r\nSet-Cookie: a=b.pdf", "../../etc/passwd.pdf", "发票.pdf", "a%00.pdf", "😀.pdf",
         "a\u202efdp.exe.pdf", "x" * 300 + ".pdf", "CON.pdf", ".pdf", "a'b''c.pdf"]


def test_names(gateway, erp):
    """A hostile name makes no header of its own, and comes back readable."""
    def check(at, name):
        path = put(gateway, erp, f"NAME-{at}", pdf(name), name)
        reply = erp.get(path)
        said = reply.headers["Content-Disposition"]
        assert reply.status == 200 and "Set-Cookie" not in reply.headers and "\n" not in said
        parsed = email.message_from_string(f"Content-Disposition: {said}\n\n").get_filename()
        assert parsed and "/" not in parsed and "\\" not in parsed and not any(ord(c) < 32 for c in parsed), parsed

    each(list(enumerate(NAMES)), check)


def test_whose_it_is(make_gateway):
    gateway = make_gateway(clients=[CLIENT, OTHER_CLIENT])
    mine, theirs = gateway.login(CLIENT), gateway.login(OTHER_CLIENT)
    path = put(gateway, mine, "D-2", DATA, "a.pdf")
    for method in ("GET", "HEAD"):
        assert theirs.request(method, path).status == 404
        assert gateway.http().request(method, path).status == 401
    for bad in ("0", "-1", "x", "99999", "1.5", "9" * 30, "%31x"):
        assert mine.get(f"/api/v1/files/{bad}").status == 404, bad
    assert mine.get(path).status == 200


def test_bytes_that_are_gone(gateway, erp, one):
    settle(gateway)
    gateway.httpd.expect_log("FPI0014", optional=True)
    blobs.path_of(gateway, sha(DATA)).unlink()
    reply = erp.get(one)
    refused(reply, 404)
    assert erp.get("/api/v1/limits").status == 200


def test_a_part_tells_its_pages(gateway, erp):
    made = Bill(gateway, erp, "D-3")
    made.add("a")
    made.know_pages("a", 5)
    made.must(made.http.post(f"{made.path}/files/{made.file('a')['id']}/split", {"at": [3]}))
    told = [erp.get(f"/api/v1/files/{file['id']}").headers["X-Pages"] for file in made.files()]
    assert told == ["1-2", "3-5"]


def test_a_reader_that_leaves(gateway, erp):
    path = put(gateway, erp, "D-4", b"%PDF-1.4\n" + os.urandom(8 << 20), "large.pdf")
    for _ in range(5):
        with Raw("127.0.0.1", gateway.httpd.port, timeout=patience(10)) as raw:
            raw.send(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {erp.token}\r\n\r\n")
            assert raw.until(b"\r\n\r\n").startswith(b"HTTP/1.1 200")
    whole = erp.get(path)
    assert whole.status == 200 and len(whole.body) == (8 << 20) + 9


def test_kept_connections_serve_on(gateway, erp, one):
    """After each kind of answer the connection is good for the next."""
    kept = http.client.HTTPConnection("127.0.0.1", gateway.httpd.port, timeout=patience(10))
    for headers, status in (({}, 200), ({"Range": "bytes=0-4"}, 206), ({"Range": "bytes=99999999-"}, 416),
                            ({"If-None-Match": "*"}, 304), ({"If-Match": '"x"'}, 412), ({}, 200)):
        kept.request("GET", one, headers={"Authorization": f"Bearer {erp.token}", **headers})
        reply = kept.getresponse()
        got = reply.read()
        assert reply.status == status and (status in (412, 416) or len(got) == {200: len(DATA), 206: 5}.get(status, 0))
    kept.close()


def test_a_void_bill_is_still_shown(gateway, erp, one):
    assert change(gateway, "UPDATE bill SET state = 9") == 1
    assert erp.get(one).body == DATA
