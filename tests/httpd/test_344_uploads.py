"""Large files that come in pieces: over broken lines, slow ones, restarts and accidents."""
import hashlib
import http.client
import os
import random
import threading
import time

import pytest

from harness import blobs, processes
from harness.client import Raw
from harness.cloudctl import CLIENT, OTHER_CLIENT
from test_100_start import change, each, patience, rows, scaled
from test_170_durability import kill_child
from test_340_files import Bill, refused, settle, sha

UPLOADS = "/api/v1/uploads"
KIB = 1024


def document(size, seed=1):
    """Bytes that are a PDF by their beginning."""
    return b"%PDF-1.4\n" + random.Random(seed).randbytes(size - 9)


class Upload:
    """One upload of the console, through HTTP."""

    def __init__(self, caller, data, name="大文件.pdf", **more):
        self.http, self.data = caller, data
        reply = caller.post(UPLOADS, {"name": name, "size": len(data), **more})
        assert reply.status == 201, reply
        self.made = reply.json()
        self.id = self.made["upload_id"]
        self.path = f"{UPLOADS}/{self.id}"
        assert reply.headers["Location"] == self.path

    def get(self):
        reply = self.http.get(self.path)
        assert reply.status == 200, reply
        return reply.json()

    def offset(self):
        return self.get()["offset"]

    def send(self, at, end=None, data=None, **options):
        piece = (self.data if data is None else data)[at:end]
        return self.http.request("PATCH", self.path, piece, {"Content-Type": "application/offset+octet-stream",
                                                             "Upload-Offset": str(at)}, **options)

    def send_all(self, step):
        for at in range(self.offset(), len(self.data), step):
            reply = self.send(at, at + step)
            assert reply.status in (200, 204), reply
        return reply

    def begin(self, raw, at, length):
        """The head of a piece over a bare connection."""
        raw.send(f"PATCH {self.path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.http.token}\r\nConnection: close\r\n"
                 f"Upload-Offset: {at}\r\nContent-Length: {length}\r\n\r\n")


def spool_of(gateway):
    return gateway.httpd.data / "blobs" / "spool"


@pytest.fixture
def erp(gateway):
    return gateway.login()


# the story

@pytest.mark.mpm
@pytest.mark.valgrind
def test_in_pieces(gateway, erp):
    data = document(300 * KIB)
    upload = Upload(erp, data)
    assert (upload.made["offset"], upload.made["size"], upload.made["is_whole"]) == (0, len(data), False)
    assert upload.made["chunk"] == erp.get("/api/v1/limits").json()["upload_chunk"] > 0
    for at in range(0, 200 * KIB, 100 * KIB):
        reply = upload.send(at, at + 100 * KIB)
        assert (reply.status, reply.body, reply.headers["Upload-Offset"]) == (204, b"", str(at + 100 * KIB))
    assert upload.offset() == 200 * KIB
    head = erp.request("HEAD", upload.path)
    assert (head.status, head.headers["Upload-Offset"], head.headers["Upload-Length"]) == (200, str(200 * KIB), str(len(data)))
    reply = upload.send(200 * KIB)
    assert reply.status == 200 and reply.json()["is_whole"] and reply.json()["sha256"] == sha(data)
    made = Bill(gateway, erp, "U-1")
    value = made.must(erp.post(f"{made.path}/files", {"upload_id": upload.id, "kind": "ATTACHMENT"}), 201)
    (file,) = value["stored"]
    assert (file["name"], file["sha256"], file["size"], file["kind"]) == ("大文件.pdf", sha(data), len(data), "ATTACHMENT")
    assert blobs.path_of(gateway, sha(data)).read_bytes() == data
    assert list(spool_of(gateway).iterdir()) == []


def test_wherever_a_file_is_taken(gateway, erp):
    upload = Upload(erp, document(10 * KIB), sha256=sha(document(10 * KIB)).upper())
    upload.send_all(4 * KIB)
    taken = erp.post("/api/imgsys/bill/outside/upload", {"scanBillNo": "U-2", "upload_id": upload.id})
    assert taken.errcode == "0000" and taken.json()["data"]["sha256"] == sha(upload.data)
    capture = erp.post("/api/v1/captures", {}).json()["id"]
    assert erp.post(f"/api/v1/captures/{capture}/pages", {"upload_id": upload.id}).status in (200, 201)
    assert erp.post(f"/api/v1/captures/{capture}/pages", {"upload_id": upload.id, "name": "x.pdf"}).status in (200, 201)


# pieces that do not fit

def test_wrong_and_repeated_places(gateway, erp):
    upload = Upload(erp, document(100 * KIB))
    reply = upload.send(10 * KIB, 20 * KIB)
    refused(reply, 409, 10 * KIB, 0)
    assert reply.headers["Upload-Offset"] == "0"
    assert upload.send(0, 50 * KIB).status == 204
    assert upload.send(0, 50 * KIB).headers["Upload-Offset"] == str(50 * KIB)
    assert upload.send(20 * KIB, 60 * KIB).headers["Upload-Offset"] == str(60 * KIB), "what overlaps is fine when it is the same"
    other = bytes(byte ^ 1 for byte in upload.data)
    refused(upload.send(10 * KIB, 20 * KIB, other), 409)
    refused(upload.send(50 * KIB, 70 * KIB, other), 409)
    assert upload.offset() == 60 * KIB
    refused(upload.send(60 * KIB, data=upload.data + b"x"), 400, len(upload.data))
    assert upload.offset() == 60 * KIB
    assert upload.send(60 * KIB).json()["sha256"] == sha(upload.data)
    assert upload.send(60 * KIB).json()["is_whole"], "its answer may have been lost"
    assert upload.send(0, 10).json()["sha256"] == sha(upload.data)


@pytest.mark.parametrize("offset", [None, "", "x", "-1", "1.5", "9" * 30, "0x10"])
def test_offset_that_is_none(gateway, erp, offset):
    upload = Upload(erp, document(KIB))
    headers = {} if offset is None else {"Upload-Offset": offset}
    refused(erp.request("PATCH", upload.path, b"x", headers), 400, "Upload-Offset")


def test_more_than_was_told_without_a_length(gateway, erp):
    upload = Upload(erp, document(100 * KIB))
    sent = (b"x" * KIB for _ in range(200))
    reply = erp.request("PATCH", upload.path, sent, {"Upload-Offset": "0"})
    assert reply.status in (400, 413), reply
    assert upload.offset() == 0
    upload.send_all(40 * KIB)


def test_promised_hash(gateway, erp):
    data = document(50 * KIB)
    upload = Upload(erp, data, sha256=sha(data))
    wrong = data[:-1] + bytes([data[-1] ^ 1])
    assert upload.send(0, 30 * KIB, wrong).status == 204
    refused(upload.send(30 * KIB, None, wrong), 400, "SHA-256", sha(wrong), sha(data))
    assert upload.offset() == 0
    assert upload.send_all(20 * KIB).json()["sha256"] == sha(data)


def test_what_can_not_be_begun(make_gateway):
    one = make_gateway(directives="FPImageMaxFile 1M")
    erp = one.login()

    def check(body, status, word):
        refused(erp.post(UPLOADS, body), status, word)

    good = {"name": "a.pdf", "size": 100}
    each([({**good, "size": 0}, 400, "size"), ({**good, "size": -1}, 400, "size"), ({**good, "size": "x"}, 400, "size"),
          ({**good, "size": None}, 400, "size"), ({**good, "size": [1]}, 400, "size"), ({"size": 5}, 400, "name"),
          ({**good, "name": ["a"]}, 400, "name"), ({**good, "name": "x" * 600}, 400, "name"),
          ({**good, "sha256": "abc"}, 400, "sha256"), ({**good, "sha256": "x" * 64}, 400, "sha256"),
          ({**good, "size": (1 << 20) + 1}, 413, str(1 << 20)), ({**good, "size": 2 ** 62}, 413, str(1 << 20)),
          ([], 400, "JSON"), ([good], 400, "JSON")], check)
    assert not rows(one, "SELECT 1 FROM upload")
    assert Upload(erp, document(KIB), name="../../etc/passwd").made["name"] == "passwd"


def test_not_whole_is_not_taken(gateway, erp):
    upload = Upload(erp, document(10 * KIB))
    upload.send(0, KIB)
    made = Bill(gateway, erp, "U-3")
    refused(erp.post(f"{made.path}/files", {"upload_id": upload.id}), 400, upload.id, KIB, 10 * KIB)
    refused(erp.post(f"{made.path}/files", {"upload_id": "0" * 32}), 400, "0" * 32)
    assert made.files() == []


def test_format_is_judged_when_it_is_taken(gateway, erp):
    upload = Upload(erp, b"\x7fELF" + os.urandom(5000), name="program.pdf")
    upload.send_all(2000)
    made = Bill(gateway, erp, "U-4")
    refused(erp.post(f"{made.path}/files", {"upload_id": upload.id}), 415, "program.pdf")


def test_whose_it_is(make_gateway):
    one = make_gateway(clients=[CLIENT, OTHER_CLIENT])
    mine, theirs = one.login(CLIENT), one.login(OTHER_CLIENT)
    upload = Upload(mine, document(KIB))
    for method in ("GET", "HEAD", "DELETE"):
        assert theirs.request(method, upload.path).status == 404
    assert theirs.request("PATCH", upload.path, b"x", {"Upload-Offset": "0"}).status == 404
    assert one.http().get(upload.path).status == 401
    assert upload.send_all(KIB).status == 200


def test_given_up(gateway, erp):
    upload = Upload(erp, document(10 * KIB))
    upload.send(0, 5 * KIB)
    assert list(spool_of(gateway).iterdir()) != []
    assert erp.request("DELETE", upload.path).status == 204
    assert list(spool_of(gateway).iterdir()) == []
    assert erp.get(upload.path).status == 404 and erp.request("DELETE", upload.path).status == 404
    assert upload.send(0, 5 * KIB).status == 404


def test_too_many_unfinished(gateway, erp):
    first = Upload(erp, document(KIB))
    change(gateway, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 499)"
                    " INSERT INTO upload SELECT printf('%032x', i), tenant, actor, name, size, 0, NULL, 0, created, updated"
                    " FROM n, upload")
    reply = erp.post(UPLOADS, {"name": "a", "size": 1})
    refused(reply, 429, 500)
    first.send_all(KIB)
    assert erp.post(UPLOADS, {"name": "a", "size": 1}).status == 201


# the line and the server

def test_a_line_that_breaks(gateway, erp):
    """What came before is kept, whatever it was; the client asks how far it is and goes on."""
    data = document(400 * KIB)
    upload = Upload(erp, data)
    for sent in (100 * KIB + 13, 77 * KIB, 1):
        at = upload.offset()
        with Raw("127.0.0.1", gateway.httpd.port, timeout=patience(10)) as raw:
            upload.begin(raw, at, len(data) - at)
            raw.send(data[at:at + sent])
        assert processes.wait_until(lambda: upload.offset() == at + sent, patience(10), 0.02), (at, sent, upload.offset())
    assert upload.send(upload.offset()).json()["sha256"] == sha(data)


def test_a_slow_branch_office(make_gateway):
    """Slow but steady is served by Debian's own limits; what stalls is cut off, and costs nothing of what had come."""
    one = make_gateway(directives="RequestReadTimeout header=20-40,MinRate=500 body=2,MinRate=500")
    erp = one.login()
    data = document(24 * KIB)
    upload = Upload(erp, data)
    with Raw("127.0.0.1", one.httpd.port, timeout=patience(20)) as raw:
        upload.begin(raw, 0, 16 * KIB)
        for at in range(0, 16 * KIB, 2 * KIB):  # 4 KiB a second, twice as long as the limit for those who send nothing
            raw.send(data[at:at + 2 * KIB])
            time.sleep(0.5)
        assert raw.response("PATCH").status == 204
    with Raw("127.0.0.1", one.httpd.port, timeout=patience(20)) as raw:
        upload.begin(raw, 16 * KIB, 8 * KIB)
        raw.send(data[16 * KIB:20 * KIB])
        assert raw.response("PATCH").status == 408
    assert upload.offset() == 20 * KIB
    assert upload.send(20 * KIB).json()["sha256"] == sha(data)


def test_a_client_that_leaves_or_stalls_in_a_whole_file(make_gateway):
    """Without pieces nothing of a broken upload stays: no row, no spool; and the server serves on."""
    one = make_gateway(directives="RequestReadTimeout header=20-40,MinRate=500 body=1")
    made = Bill(one, one.login(), "U-5")
    form = (b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n' + document(60 * KIB))
    for head, body in ((f"Content-Length: {200 * KIB}", document(60 * KIB)),
                       ("Content-Type: multipart/form-data; boundary=B\r\nTransfer-Encoding: chunked", b"10000\r\n" + form)):
        for is_leaving in (True, False):
            with Raw("127.0.0.1", one.httpd.port, timeout=patience(20)) as raw:
                raw.send(f"POST {made.path}/files HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {made.http.token}\r\n"
                         f"Connection: close\r\n{head}\r\n\r\n".encode() + body)
                if not is_leaving:
                    assert raw.response("POST").status == 408
            assert processes.wait_until(lambda: list(spool_of(one).iterdir()) == [], patience(10), 0.02)
    assert made.files() == [] and made.add("b")["name"] == "b.pdf"


def test_two_who_send_the_same(gateway, erp):
    """One piece at a time: the other is told to come again, or finds that all is there."""
    data = document(2 << 20)
    upload = Upload(erp, data)
    seen = []

    def work():
        mine = gateway.httpd.http(token=erp.token)
        for _ in range(200):
            told = mine.get(upload.path)
            if told.status == 503:
                continue
            offset = told.json()["offset"]
            if offset == len(data):
                return
            reply = mine.request("PATCH", upload.path, data[offset:offset + 100 * KIB], {"Upload-Offset": str(offset)})
            seen.append(reply.status)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert set(seen) <= {200, 204, 409, 503}, set(seen)
    assert upload.get()["sha256"] == sha(data)


@pytest.mark.mpm
@pytest.mark.parametrize("how", ["restart", "graceful", "kill"])
def test_over_accidents(gateway, erp, how):
    data = document(500 * KIB)
    upload = Upload(erp, data)
    assert upload.send(0, 300 * KIB).status == 204
    with Raw("127.0.0.1", gateway.httpd.port, timeout=patience(10)) as raw:
        upload.begin(raw, 300 * KIB, 200 * KIB)
        raw.send(data[300 * KIB:400 * KIB])
        if how == "graceful":
            gateway.httpd.graceful()
        elif how == "restart":  # httpd's own way with a thread that waits for a client
            gateway.httpd.expect_log("AH0004[56]", optional=True)
            gateway.httpd.stop()
            gateway.httpd.start()
        else:
            for child in gateway.httpd.children():
                gateway.httpd.kill_child(child)
    erp.close()
    assert processes.wait_until(lambda: erp.get(upload.path).status == 200, patience(15), 0.1)
    offset = upload.offset()
    assert 300 * KIB <= offset <= 400 * KIB, "what was answered is there"
    assert upload.send_all(64 * KIB).json()["sha256"] == sha(data)


@pytest.mark.slow
def test_killed_while_many_send(make_gateway):
    """Children die at random; what an answer said has come is there, to the byte."""
    one = make_gateway(processes=2, threads=16)
    one.httpd.expect_log("AH0005[0-2]|FPI00[0-9]{2}.*decod", optional=True)
    erp = one.login()
    uploads = [Upload(erp, document(600 * KIB + at, at)) for at in range(6)]
    whole, stop = [], threading.Event()

    def work(upload):
        mine = one.httpd.http(token=erp.token, timeout=10)
        told = 0
        while not stop.is_set():
            try:
                reply = mine.get(upload.path)
                offset = reply.json()["offset"]
                assert offset >= told, (offset, told)
                reply = mine.request("PATCH", upload.path, upload.data[offset:offset + 20 * KIB], {"Upload-Offset": str(offset)})
                if reply.status == 200:
                    whole.append(reply.json()["sha256"])
                    return
                told = int(reply.headers["Upload-Offset"]) if reply.status == 204 else told
            except (OSError, http.client.HTTPException):
                mine.close()
                stop.wait(0.02)

    workers = [threading.Thread(target=work, args=(upload,)) for upload in uploads]
    for worker in workers:
        worker.start()
    dice = random.Random(3)
    for _ in range(scaled(8, 3)):
        stop.wait(0.25)
        kill_child(one, dice)
    for worker in workers:
        worker.join(patience(40))
    stop.set()
    assert sorted(whole) == sorted(sha(upload.data) for upload in uploads)
    for upload in uploads:
        assert blobs.path_of(one, sha(upload.data)).read_bytes() == upload.data
    assert one.ctl.must("verify")["ok"]


# cleaning up

def test_old_ones_go(make_gateway):
    """Unfinished ones three days after their last piece, whole ones after a day; what a bill took stays."""
    one = make_gateway()
    erp = one.login()
    made = Bill(one, erp, "U-6")
    young, old, whole, used = (Upload(erp, document(10 * KIB, at)) for at in range(4))
    for upload in (young, old):
        upload.send(0, 5 * KIB)
    for upload in (whole, used):
        upload.send_all(5 * KIB)
    made.must(erp.post(f"{made.path}/files", {"upload_id": used.id}), 201)
    day = 86400 * 1000000
    for upload, age in ((young, 3 * day - 60 * 1000000), (old, 3 * day + 1000000), (whole, day + 1000000), (used, day + 1000000)):
        assert change(one, "UPDATE upload SET updated = updated - ? WHERE id = ?", age, upload.id) == 1
    settle(one)
    one.httpd.stop()
    change(one, "DELETE FROM setting WHERE name = 'clean.turn'")  # as if two minutes had passed
    one.httpd.start()
    assert processes.wait_until(lambda: [row["id"] for row in rows(one, "SELECT id FROM upload")] == [young.id], patience(20), 0.1)
    assert [path.name for path in spool_of(one).iterdir() if old.id in path.name] == []
    erp.close()
    assert young.send_all(5 * KIB).status == 200
    assert blobs.path_of(one, sha(used.data)).read_bytes() == used.data
    orphan = blobs.path_of(one, sha(whole.data))
    os.utime(orphan, (1, 1))
    report = one.ctl.must("verify", "--repair")
    assert report["ok"] and not orphan.exists() and blobs.path_of(one, sha(used.data)).exists()


def test_a_swept_blob_is_not_one_that_an_upload_names(gateway, erp):
    upload = Upload(erp, document(10 * KIB))
    upload.send_all(5 * KIB)
    path = blobs.path_of(gateway, sha(upload.data))
    os.utime(path, (1, 1))
    gateway.ctl.must("verify", "--repair")
    assert path.exists()
    made = Bill(gateway, erp, "U-7")
    made.must(erp.post(f"{made.path}/files", {"upload_id": upload.id}), 201)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == sha(upload.data)


def test_an_old_upload_that_is_used_is_young_again(gateway, erp):
    """The sweep may take its row before the file's is written: the bytes stay for that."""
    upload = Upload(erp, document(10 * KIB))
    upload.send_all(5 * KIB)
    path = blobs.path_of(gateway, sha(upload.data))
    os.utime(path, (1, 1))
    made = Bill(gateway, erp, "U-8")
    made.must(erp.post(f"{made.path}/files", {"upload_id": upload.id}), 201)
    assert path.stat().st_mtime > time.time() - patience(60)
    gone = Upload(erp, document(10 * KIB, seed=2))
    gone.send_all(5 * KIB)
    blobs.path_of(gateway, sha(gone.data)).unlink()
    refused(erp.post(f"{made.path}/files", {"upload_id": gone.id}), 400, gone.id)
