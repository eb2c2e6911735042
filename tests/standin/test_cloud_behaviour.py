"""The stand-in tested by itself: trouble on order, log, statistics, pushes, the program."""
import base64
import http.client
import json
import re
import socket
import ssl
import subprocess
import sys
import time

import pytest

import cloud as cloud_module
from cloudlib import server, signing
from cloudside import A, control, side, stand, wait_for  # noqa: F401
from test_cloud import check_pdf, signed

# behaviour on order

def order(stand, **rule):
    return control(stand, "POST", "/behaviour", rule)["ids"][0]


def test_fail_counts_skips_and_matches(stand, side):
    side.login()
    order(stand, match="/m1/a", method="GET", times=2, skip=1, action="fail", status=503,
          headers={"Retry-After": "7"})
    answers = [side.authed("GET", "/m1/abc") for _ in range(4)]
    assert [a.status for a in answers] == [200, 503, 503, 200]
    assert answers[1].headers["Retry-After"] == "7"
    assert side.authed("POST", "/m1/abc").status == 200
    rules = control(stand, "GET", "/behaviour")["rules"]
    assert (rules[0]["hits"], rules[0]["times"]) == (2, 0)


def test_errcode_and_garbage(stand, side):
    side.login()
    order(stand, times=1, action="errcode", code="1300")
    assert json.loads(side.authed("GET", "/m1/x").data)["errcode"] == "1300"
    order(stand, times=1, action="garbage")
    with pytest.raises(ValueError):
        json.loads(side.authed("GET", "/m1/x").data)
    order(stand, times=1, action="garbage", where="head")
    with pytest.raises(http.client.BadStatusLine):
        side.authed("GET", "/m1/x")


def test_cut(stand, side):
    side.login()
    order(stand, match="/bytes", times=1, action="cut", after=1000)
    with pytest.raises(http.client.IncompleteRead) as caught:
        side.authed("GET", "/bytes/5000")
    assert len(caught.value.partial) == 1000
    side.conn.close()
    order(stand, match="/m1", times=1, action="cut")
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        side.authed("GET", "/m1/x")
    side.conn.close()
    order(stand, match="/m1", times=1, action="cut", reset=True)
    with pytest.raises(ConnectionResetError):
        side.authed("GET", "/m1/x")


def test_slow_and_headers_add_up(stand, side):
    side.login()
    order(stand, match="/m1", action="slow", ms=120)
    order(stand, match="/m1", action="headers", headers={"X-Hop": "1", "Keep-Alive": "timeout=3"})
    begin = time.monotonic()
    answer = side.authed("GET", "/m1/x")
    assert time.monotonic() - begin >= 0.12 and answer.headers["X-Hop"] == "1"
    control(stand, "DELETE", "/behaviour")
    assert "X-Hop" not in side.authed("GET", "/m1/x").headers


@pytest.mark.parametrize("action,head", [("hang", False), ("stall", True)])
def test_hang_and_stall_end_with_a_reset(stand, side, action, head):
    side.login()
    order(stand, match="/m1", action=action)
    with socket.create_connection(("127.0.0.1", stand.port), timeout=0.3) as sock:
        sock.sendall(f"GET /m1/x?access_token={side.token} HTTP/1.1\r\nHost: localhost:{stand.port}"
                     "\r\n\r\n".encode())
        if head:
            assert sock.recv(4096).endswith(b"\r\n\r\n")
        with pytest.raises(TimeoutError):
            sock.recv(4096)
        sock.settimeout(5)
        control(stand, "POST", "/reset")
        assert sock.recv(4096) == b""


def test_hang_notices_that_the_client_left(stand, side):
    order(stand, match="/m1", action="hang")
    sock = socket.create_connection(("127.0.0.1", stand.port), timeout=5)
    sock.sendall(f"GET /m1/x HTTP/1.1\r\nHost: localhost:{stand.port}\r\n\r\n".encode())
    wait_for(lambda: stand.cloud.stats()["in_flight"] == 1)
    sock.close()
    wait_for(lambda: stand.cloud.stats()["in_flight"] == 0)


def test_unknown_action_is_refused(stand):
    conn = http.client.HTTPConnection("127.0.0.1", stand.control_port, timeout=5)
    conn.request("POST", "/behaviour", json.dumps({"action": "explode"}))
    assert conn.getresponse().status == 400
    conn.close()


def test_connections_dropped_or_limited(stand, side):
    side.call("GET", "/files/sample.xml")
    wait_for(lambda: not next(iter(stand.cloud._open)).busy)
    assert control(stand, "POST", "/connections", {"drop": "idle"})["dropped"] == 1
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        side.call("GET", "/files/sample.xml")
    side.conn.close()
    control(stand, "POST", "/connections", {"max_requests": 2})
    assert [side.call("GET", "/files/sample.xml").status for _ in range(2)] == [200, 200]
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        side.call("GET", "/files/sample.xml")


# log, stats, reset, push

def test_log_and_reset(stand, side):
    side.login()
    side.authed("POST", "/m1/x?q=1", b"\xff\x00body")
    wait_for(lambda: stand.state.log[-1]["done"])
    row = control(stand, "GET", "/log?path=/m1")["requests"][0]
    assert row["query"]["q"] == ["1"] and row["client"] == "C-A" and row["status"] == 200
    assert row["connection"] == 1 and row["tls"] is False and row["client_port"] > 0
    assert base64.b64decode(row["body_base64"]) == b"\xff\x00body"
    assert control(stand, "GET", f"/log?since={row['id']}")["requests"] == []
    stats = control(stand, "GET", "/stats")
    assert stats["requests"] == 2 and stats["connections"]["accepted"] == 1
    control(stand, "POST", "/reset", {"clients": True})
    assert control(stand, "GET", "/log")["requests"] == []
    assert control(stand, "GET", "/clients")["clients"] == []
    assert side.call("GET", "/files/sample.pdf").status == 200


class Receiver:
    """Stands where the imaging system would: keeps what is pushed to it."""

    def __init__(self):
        self.seen = []
        self.server = server.Server(self.take, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self.server.port}/api/imgsys/outside/push"

    def take(self, request, reply):
        self.seen.append((request.target, request.body.read_all()))
        reply.send_json(200, {"errcode": "0000"})


@pytest.fixture
def receiver():
    one = Receiver()
    yield one
    one.server.stop()


def test_push_twice_and_reversed(stand, receiver):
    bills = stand.state.generate(3, client_id="C-A")
    names = [bill["billNo"] for bill in bills]
    answers = control(stand, "POST", "/push", {"url": receiver.url, "bills": names, "twice": True,
                                               "order": "reversed"})["answers"]
    assert [a["errcode"] for a in answers] == ["0000"] * 6
    sent = [json.loads(body) for _, body in receiver.seen]
    assert [row["billNo"] for row in sent] == names[::-1] * 2
    assert "invoice" not in sent[0] and sent[0]["clientId"] == "C-A"


def test_push_shapes_aliases_signature_and_key(stand, receiver):
    bill = stand.state.generate(1, client_id="C-A")[0]
    control(stand, "POST", "/push", {
        "url": receiver.url, "bills": [bill["billId"]], "twice": False, "shape": "document",
        "names": {"image": "影像编号", "client": "client_id"}, "client_id": "C-A", "sign": True,
        "enc_type": 2, "encrypted": True})
    target, body = receiver.seen[0]
    assert target.endswith("/push?client_id=C-A")
    value = json.loads(signing.decrypt_body(body, A["encrypt_key"]))
    assert value["影像编号"] == bill["scanBillNo"] and value["invoice"] == bill["invoice"]
    assert value["sign"] == signing.sign("C-A", A["secret"], value["timestamp"], 2)


def test_push_as_a_list_and_to_nobody(stand, receiver):
    bills = stand.state.generate(2)
    cloud_module.push(receiver.url, bills, grouped=True, token="T", client=A, sign=True)
    target, body = receiver.seen[0]
    assert len(json.loads(body)) == 4 and "access_token=T" in target and "sign=" in target
    receiver.server.stop()
    assert cloud_module.push(receiver.url, bills[:1], twice=False, timeout=2)[0]["error"]


def test_bill_with_file_mark(stand, side):
    control(stand, "POST", "/bills", {"billId": "k", "invoice": [{"downloadUrl": "@FILES@/sample.pdf"}]})
    answer = side.json("GET", "/m4/fpzs/bxdInvoices?" + signed(A, bxd_key="k"))
    assert answer["data"][0]["downloadUrl"] == f"http://localhost:{stand.port}/files/sample.pdf"


# the program

def test_program_prints_its_ports_and_ends_with_its_input(tmp_path):
    program = cloud_module.__file__
    child = subprocess.Popen([sys.executable, program, "--tls-dir", str(tmp_path), "--demo",
                              "--until-eof"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        found = re.fullmatch(r"cloud ready port=(\d+) control=(\d+)\n", child.stdout.readline())
        conn = http.client.HTTPSConnection(
            "localhost", int(found[1]), timeout=5,
            context=ssl.create_default_context(cafile=tmp_path / "ca.pem"))
        conn.request("GET", "/files/sample.pdf")
        check_pdf(conn.getresponse().read())
        conn.close()
        child.stdin.close()
        assert child.wait(10) == 0
    finally:
        child.kill()
        child.wait(10)
        child.stdout.close()
