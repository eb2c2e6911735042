"""The stand-in tested by itself: tokens, checks, calls, streams, samples."""
import base64
import hashlib
import json
import re
import socket
import ssl
import struct
import time
import urllib.parse
import xml.etree.ElementTree as ElementTree
import zlib

import pytest

import cloud as cloud_module
from cloudlib import certs, pushing, samples, signing
from cloudside import A, B, Side, control, kinds, raw, side, stand, wait_for  # noqa: F401

# tokens

@pytest.mark.parametrize("enc_type", [None, 0, 1, 2, "2"])
@pytest.mark.parametrize("stamp", ["1700000000000", 1700000000, "202501020304051234"])
def test_token_for_each_signature_and_clock(side, enc_type, stamp):
    answer = side.login(enc_type=enc_type, stamp=stamp)
    assert set(answer) == {"errcode", "description", "access_token", "token_type", "expires_in"}
    assert (answer["errcode"], answer["token_type"], answer["expires_in"]) == ("0000", "bearer", 129600)


def test_signature_is_over_the_digits_as_sent(side):
    digits = "1.70E+12"
    sign = signing.sign(A["client_id"], A["secret"], digits)
    body = f'{{"client_id":"C-A","timestamp":{digits},"sign":"{sign}"}}'
    answer = side.json("POST", "/base/oauth/token", body, {"Content-Type": "application/json"})
    assert answer["errcode"] == "0000"


@pytest.mark.parametrize("changes,code", [
    ({"sign": "0" * 32}, "1101"), ({"sign": None}, "1101"), ({"sign": 5}, "1101"),
    ({"encType": 3}, "1101"), ({"timestamp": ""}, "1101"), ({"timestamp": None}, "1101"),
    ({"client_id": "nobody"}, "1103"), ({"client_id": ""}, "1200"), ({"client_id": None}, "1200")])
def test_refused_token_calls(side, changes, code):
    answer = side.login(**changes)
    assert answer["errcode"] == code and "access_token" not in answer


def test_upper_case_signature_is_refused(side):
    sign = signing.sign(A["client_id"], A["secret"], "1700000000000").upper()
    assert side.login(sign=sign)["description"] == "签名认证不通过"


def test_token_call_refuses_an_encrypted_body(stand, side):
    body = signing.encrypt_body(json.dumps({"client_id": "C-A"}), A["encrypt_key"])
    answer = side.json("POST", "/base/oauth/token", body, {"Content-Type": "application/json"})
    assert answer["errcode"] != "0000" and kinds(stand) == ["token-body"]


def test_token_call_wants_its_content_type_and_method(stand, side):
    assert side.call("POST", "/base/oauth/token", "{}").status == 415
    assert kinds(stand) == ["content-type"]
    assert side.call("GET", "/base/oauth/token").status == 405


def test_tokens_expire_are_revoked_and_counted(stand, side):
    side.login()
    assert side.authed("POST", "/m1/x").status == 200
    assert control(stand, "POST", "/revoke") == {"revoked": 1}
    assert side.authed("POST", "/m1/x").status == 401
    control(stand, "POST", "/token-lifetime", {"seconds": 0.05, "reported": 77})
    assert side.login()["expires_in"] == 77
    time.sleep(0.1)
    assert side.authed("POST", "/m1/x").status == 401
    assert control(stand, "GET", "/stats")["token_fetches"] == {"C-A": 2}


def test_one_token_at_a_time_when_asked(stand, side):
    control(stand, "POST", "/token-lifetime", {"seconds": 100, "single": True})
    first = side.login()["access_token"]
    side.login()
    assert side.authed("GET", "/m1/x").status == 200
    side.token = first
    assert side.authed("GET", "/m1/x").status == 401


def test_removing_a_client_or_changing_its_secret_kills_its_tokens(stand, side):
    side.login()
    control(stand, "POST", "/clients", {**A, "secret": "new"})
    assert side.authed("GET", "/m1/x").status == 401
    assert side.login()["errcode"] == "1101"
    control(stand, "DELETE", "/clients", {"client_id": "C-A"})
    assert side.login()["errcode"] == "1103"


@pytest.mark.parametrize("name,prefix", [("Authorization", "Bearer "), ("access_token", ""),
                                         ("accessToken", "")])
def test_token_in_a_header(side, name, prefix):
    side.login()
    assert side.call("GET", "/m2/x", headers={name: prefix + side.token}).status == 200


def test_every_token_presented_must_be_good(side):
    side.login()
    assert side.authed("GET", "/m2/x", headers={"Authorization": "Bearer wrong"}).status == 401
    assert side.authed("GET", "/m2/x", headers={"Authorization": "Basic abc"}).status == 401


def test_refusal_status_is_switchable(stand, side):
    answer = side.call("GET", "/m2/x")
    assert (answer.status, json.loads(answer.data)["errcode"]) == (401, "1300")
    control(stand, "POST", "/refusal-status", {"status": 200})
    answer = side.call("GET", "/m2/x?access_token=bad")
    assert (answer.status, json.loads(answer.data)["errcode"]) == (200, "1300")


# what is recorded against a client

def test_wrong_host_is_421(stand, side):
    assert side.call("GET", "/files/sample.pdf", headers={"Host": "api.example"}).status == 421
    assert kinds(stand) == ["host"]
    assert raw(stand, b"GET /files/sample.pdf HTTP/1.1\r\n\r\n", 0.5).startswith(b"HTTP/1.1 421")


def test_configured_host_is_the_only_one():
    with cloud_module.Stand(host="api.cloud.test:8443", clients=[A]) as one:
        side = Side(one)
        assert side.call("GET", "/files/sample.pdf").status == 421
        assert side.call("GET", "/files/sample.pdf", headers={"Host": "API.cloud.test:8443"}).status == 200
        side.conn.close()


@pytest.mark.parametrize("name,value", [
    ("Connection", "X-Hop"), ("Keep-Alive", "timeout=5"), ("Proxy-Authorization", "x"),
    ("Proxy-Connection", "keep-alive"), ("TE", "trailers"), ("Trailer", "X"), ("Upgrade", "h2c")])
def test_hop_by_hop_headers_are_recorded(stand, side, name, value):
    assert side.call("GET", "/files/sample.xml", headers={name: value}).status == 200
    assert kinds(stand) == ["hop-by-hop"]


@pytest.mark.parametrize("value", ["keep-alive", "close", "Keep-Alive"])
def test_plain_connection_header_is_fine(stand, side, value):
    assert side.call("GET", "/files/sample.xml", headers={"Connection": value}).status == 200
    assert kinds(stand) == []


@pytest.mark.parametrize("where", ["query", "encoded", "header"])
def test_local_tokens_are_found(stand, side, where):
    control(stand, "POST", "/local-tokens", {"tokens": ["ours+/="]})
    query = {"query": "?t=ours+/=", "encoded": "?t=" + urllib.parse.quote("ours+/=", safe="")}.get(where, "")
    side.call("GET", "/files/sample.xml" + query, headers={"X-Y": "ours+/="} if where == "header" else {})
    assert kinds(stand) == ["local-token"]


def test_routes_of_the_imaging_host_and_odd_paths_are_recorded(stand, side):
    side.login()
    assert side.authed("GET", "/imgsys/bill/detail").status == 404
    assert side.authed("GET", "/m2//x").status == 200
    assert side.authed("GET", "/nowhere").status == 404
    assert kinds(stand) == ["local-route", "path"]


@pytest.mark.parametrize("data,status", [
    (b"GET  /x HTTP/1.1\r\n\r\n", 400), (b"GET http://h/x HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    (b"GET /x HTTP/2.0\r\n\r\n", 505), (b"GET /x HTTP/1.1\r\nHost : h\r\n\r\n", 400),
    (b"GET /x HTTP/1.1\r\nA: b\r\n folded\r\n\r\n", 400), (b"GET /x HTTP/1.1\r\nA: b\x01\r\n\r\n", 400),
    (b"GET /x HTTP/1.1\r\nA: b\nB: c\r\n\r\n", 400),
    (b"POST /x HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 400),
    (b"POST /x HTTP/1.1\r\nContent-Length: +1\r\n\r\n", 400),
    (b"POST /x HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    (b"POST /x HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
    (b"GET /x HTTP/1.1\r\nA: " + b"x" * 70000, 431)])
def test_malformed_messages(stand, data, status):
    answer = raw(stand, data)
    assert answer.startswith(b"HTTP/1.1 %d " % status) and len(kinds(stand)) == 1


@pytest.mark.parametrize("chunks", [b"zz\r\n", b"3\r\nabcd\r\n", b"-1\r\n", b"\r\n"])
def test_malformed_chunks(stand, side, chunks):
    side.login()
    answer = raw(stand, b"PUT /sink?access_token=%s HTTP/1.1\r\nHost: localhost:%d\r\n"
                 b"Transfer-Encoding: chunked\r\n\r\n" % (side.token.encode(), stand.port) + chunks)
    assert answer.startswith(b"HTTP/1.1 400 ") and kinds(stand) == ["chunk"]


# base path, TLS

def test_base_path():
    with cloud_module.Stand(base="/test/", clients=[A]) as one:
        side = Side(one)
        assert side.login()["errcode"] == "0000"
        assert one.url == f"http://localhost:{one.port}/test"
        side.conn.request("GET", "/base/oauth/token")
        answer = side.conn.getresponse()
        answer.read()
        assert answer.status == 404 and kinds(one) == ["outside-base"]
        side.conn.close()


def test_tls_checks_the_server_name(tmp_path):
    ca, cert, key = certs.make(tmp_path)
    with cloud_module.Stand(tls=(cert, key), clients=[A]) as one:
        side = Side(one, ca)
        assert side.login()["errcode"] == "0000"
        assert side.authed("GET", "/m1/x").status == 200 and kinds(one) == []
        assert one.state.log[-1]["tls"] and one.state.log[-1]["sni"] == "localhost"
        side.conn.request("GET", "/files/sample.xml", headers={"Host": f"127.0.0.1:{one.port}"})
        side.conn.getresponse().read()
        assert kinds(one) == ["sni"]
        side.conn.close()
        with pytest.raises(ssl.SSLError):
            Side(one, certs.make(tmp_path / "other")[0]).login()
        wait_for(lambda: one.cloud.stats()["connections"]["failed_handshakes"] == 1)


# signed calls and encrypted bodies

def signed(client, enc_type=0, **more):
    return urllib.parse.urlencode({**pushing.credentials(client, enc_type), **more})


def test_pull_after_a_push(stand, side):
    (bill, other) = control(stand, "POST", "/generate", {"count": 2, "client_id": "C-A"})["bills"]
    for enc_type in (0, 1, 2):
        answer = side.json("GET", "/m4/fpzs/bxdInvoices?"
                           + signed(A, enc_type, bxd_key=bill["billId"], billNumber=bill["billNo"]))
        assert answer["errcode"] == "0000" and answer["data"] == bill["invoice"]
    assert answer["cover"][0]["coverNo"] == bill["scanBillNo"]
    assert {"attachmentName", "localUrl", "serialNo", "attachmentType"} == set(answer["attachment"][0])
    empty = [signed(A, bxd_key="unknown"), signed(B, bxd_key=bill["billId"]),
             signed(A, bxd_key=bill["billId"], billNumber=other["billNo"])]
    for query in empty:
        answer = side.json("GET", "/m4/fpzs/bxdInvoices?" + query)
        assert (answer["errcode"], answer["data"]) == ("0000", [])


def test_pull_needs_a_good_signature(side):
    wrong = signed({**A, "secret": "x"}, bxd_key="k")
    assert side.json("GET", "/m4/fpzs/bxdInvoices?" + wrong)["errcode"] == "1101"
    assert side.call("GET", "/m4/fpzs/bxdInvoices?bxd_key=k").status == 401
    side.login()
    assert json.loads(side.authed("GET", "/m4/fpzs/bxdInvoices?bxd_key=k").data)["errcode"] == "1101"
    assert side.json("GET", "/m4/fpzs/bxdInvoices?" + signed(A))["errcode"] == "2002"


def test_signed_post_takes_the_proof_from_the_body(side):
    proof = pushing.credentials(A, 2)
    assert side.json("POST", "/m4/fpzs/getUserKey", proof)["errcode"] == "0000"
    assert side.json("POST", "/m4/fpzs/getUserKey", {**proof, "sign": "0"})["errcode"] == "1101"
    assert side.call("POST", "/m4/fpzs/getUserKey?access_token=bad", proof).status == 401
    number = {**pushing.credentials(A, timestamp="17"), "timestamp": 17}
    assert side.json("POST", "/m4/fpzs/getUserKey", number)["errcode"] == "0000"


@pytest.mark.parametrize("path", ["/m5/bill/invoice/create", "/m5/bill/invoice/invalid",
                                  "/m7/bill/invoice/serialno/query",
                                  "/m7/bill/invoice/serialno/pdf/query"])
def test_encrypted_paths(side, path):
    side.login()
    body = signing.encrypt_body(json.dumps({"serialNo": "发票"}), A["encrypt_key"])
    answer = json.loads(side.authed("POST", path, body).data)
    assert answer == {"errcode": "0000", "description": "操作成功", "data": {"echo": {"serialNo": "发票"}}}


@pytest.mark.parametrize("spoil", [
    lambda b: b'{"a":1}', lambda b: b"", lambda b: b'"' + b + b'"', lambda b: b + b"\n",
    lambda b: b[:40] + b"\r\n" + b[40:], lambda b: b.rstrip(b"="), lambda b: b[:-4],
    lambda b: base64.urlsafe_b64encode(b"\xfb\xff" * 8), lambda b: base64.b64encode(b"short"),
    lambda b: signing.encrypt_body('{"a":1}', B["encrypt_key"]),
    lambda b: signing.encrypt_body("not json", A["encrypt_key"])])
def test_encrypted_paths_refuse(side, spoil):
    side.login()
    good = signing.encrypt_body(json.dumps({"serialNo": "0123456789" * 5}), A["encrypt_key"])
    answer = json.loads(side.authed("POST", "/m5/bill/invoice/create", spoil(good)).data)
    assert answer["description"] == "[服务网关]解密未获得字符异常"


# streams and tools

@pytest.mark.parametrize("size", [0, 1, 65536, 3 * 1024 * 1024 + 17])
@pytest.mark.parametrize("chunked", [False, True])
def test_echo_both_framings(stand, side, size, chunked):
    side.login()
    data = samples.pattern(5, size)
    body = (data[at:at + 7777] for at in range(0, size, 7777)) if chunked else data
    path = f"/echo/a/b?access_token={side.token}"
    side.conn.request("POST", path, body, {"Content-Type": "x/y"}, encode_chunked=chunked)
    answer = side.conn.getresponse()
    assert answer.read() == data and answer.headers["Content-Type"] == "x/y"
    assert (answer.headers["Transfer-Encoding"] == "chunked") == chunked
    entry = stand.state.log[-1]
    wait_for(lambda: entry["done"])
    assert entry["body_sha256"] == hashlib.sha256(data).hexdigest() and entry["body_bytes"] == size
    assert entry["body_head"] == data[:2048] and entry["body_complete"]


def test_echo_answers_while_the_body_still_comes(stand, side):
    side.login()
    head = (f"POST /echo/x?access_token={side.token} HTTP/1.1\r\nHost: localhost:{stand.port}\r\n"
            "Content-Length: 10\r\n\r\n").encode()
    with socket.create_connection(("127.0.0.1", stand.port), timeout=5) as sock:
        sock.sendall(head + b"01234")
        seen = b""
        for _ in range(10):
            seen += sock.recv(4096)
            if seen.endswith(b"01234"):
                break
        assert seen.endswith(b"\r\n\r\n01234")
        sock.sendall(b"56789")
        assert sock.recv(4096) == b"56789"


@pytest.mark.parametrize("query", ["", "?chunked=1"])
def test_bytes(side, query):
    side.login()
    answer = side.authed("GET", "/bytes/200001" + query)
    assert answer.data == samples.pattern(0, 200001)
    assert (answer.headers["Content-Length"] == "200001") == (query == "")


def test_head_has_no_body(side):
    side.login()
    for path in ("/bytes/1000", "/files/sample.pdf"):
        answer = side.authed("HEAD", path)
        assert answer.data == b"" and int(answer.headers["Content-Length"]) > 0
    assert side.authed("GET", "/bytes/10").data == samples.pattern(0, 10)


def test_sink_headers_redirect_slow_body(side):
    side.login()
    data = json.loads(side.authed("PUT", "/sink", b"x" * 100000).data)["data"]
    assert data == {"bytes": 100000, "sha256": hashlib.sha256(b"x" * 100000).hexdigest()}
    assert side.authed("GET", "/sink").status == 405
    seen = json.loads(side.authed("GET", "/headers", headers={"X-One": "1"}).data)["data"]
    assert seen["headers"]["x-one"] == "1" and ["x-one", "1"] in seen["raw"]
    answer = side.authed("GET", "/redirect?to=http%3A%2F%2Felsewhere.test%2F")
    assert (answer.status, answer.headers["Location"]) == (302, "http://elsewhere.test/")
    begin = time.monotonic()
    assert len(side.authed("GET", "/slow-body?n=5&every_ms=40").data) == 5
    assert time.monotonic() - begin >= 0.15
    assert side.authed("GET", "/slow-body?n=x").status == 400


def test_expect_100_continue(stand, side):
    side.login()
    lines = (f"PUT /sink?access_token={{}} HTTP/1.1\r\nHost: localhost:{stand.port}\r\n"
             "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n")
    with socket.create_connection(("127.0.0.1", stand.port), timeout=5) as sock:
        sock.sendall(lines.format(side.token).encode())
        assert sock.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(b"abc")
        assert b'"bytes":3' in sock.recv(4096)
    answer = raw(stand, lines.format("bad").encode())
    assert answer.startswith(b"HTTP/1.1 401 ") and b"\r\nConnection: close\r\n" in answer


def test_http_1_0_keeps_alive_only_when_asked(stand):
    one = b"GET /files/sample.xml HTTP/1.0\r\nHost: localhost:%d\r\n%s\r\n"
    answer = raw(stand, one % (stand.port, b"Connection: keep-alive\r\n") + one % (stand.port, b""))
    assert answer.count(b"</EInvoice>") == 2
    assert answer.count(b"\r\nConnection: keep-alive\r\n") == 1
    assert answer.count(b"\r\nConnection: close\r\n") == 1


def test_pipelined_requests_are_answered_in_order(stand):
    one = b"GET /files/sample.%s HTTP/1.1\r\nHost: localhost:" + str(stand.port).encode() + b"\r\n%s\r\n"
    answer = raw(stand, one % (b"xml", b"") + one % (b"png", b"Connection: close\r\n"))
    assert 0 < answer.find(b"<EInvoice>") < answer.find(b"\x89PNG")


# samples

def test_files(stand, side):
    assert ElementTree.fromstring(side.call("GET", "/files/sample.xml").data).tag == "EInvoice"
    check_png(side.call("GET", "/files/sample.png").data)
    check_pdf(side.call("GET", "/files/sample.pdf").data)
    large = side.call("GET", "/files/size-5000000.pdf").data
    check_pdf(large)
    assert abs(len(large) - 5000000) < 2000
    assert side.call("GET", "/files/none.pdf").status == 404
    url = control(stand, "POST", "/files", {"name": "a b.txt", "text": "hello"})["url"]
    assert side.call("GET", urllib.parse.urlsplit(url).path).data == b"hello"


def check_png(data):
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", data[16:24])
    at = data.index(b"IDAT")
    size = struct.unpack(">I", data[at - 4:at])[0]
    assert len(zlib.decompress(data[at + 4:at + 4 + size])) == (width + 1) * height


def check_pdf(data):
    start = int(re.search(rb"startxref\n(\d+)\n%%EOF\n\Z", data)[1])
    assert data[start:].startswith(b"xref\n")
    places = [int(n) for n in re.findall(rb"(\d{10}) 00000 n \n", data[start:])]
    for number, place in enumerate(places, 1):
        assert data[place:].startswith(b"%d 0 obj\n" % number)
    for found in re.finditer(rb"/Length (\d+)[^>]*>>\nstream\n", data):
        assert data[found.end() + int(found[1]):].startswith(b"\nendstream")


@pytest.mark.parametrize("kind", [1, 4, 9, 26, 27, 28, 29])
def test_invoices_add_up_and_repeat(kind):
    one = samples.invoice("x", kind)
    assert one == samples.invoice("x", kind) and one["serialNo"] != samples.invoice("y", kind)["serialNo"]
    net = sum(samples.fen(row["detailAmount"]) for row in one["items"])
    tax = sum(samples.fen(row["taxAmount"]) for row in one["items"])
    assert samples.fen(one["invoiceAmount"]) == net
    assert samples.fen(one["totalAmount"]) == net + tax
    for row in one["items"]:
        assert samples.fen(row["unitPrice"]) * int(row["num"]) == samples.fen(row["detailAmount"])
    tree = ElementTree.fromstring(samples.xml(one))
    assert tree.findtext(".//TaxSupervisionInfo/InvoiceNumber") == one["invoiceNo"]
    assert tree.findtext(".//TotalTax-includedAmount") == one["totalAmount"]
    assert len(one["invoiceNo"]) == 20 or kind not in (26, 27, 28, 29)


def test_generated_files_are_what_the_invoice_says(stand, side):
    bill = stand.state.generate(1, client_id="C-A")[0]
    assert bill["taxNo"] == A["tax_no"] == bill["invoice"][0]["buyerTaxNo"]
    for inv in bill["invoice"]:
        for entry in inv["invoiceFiles"]:
            data = side.call("GET", urllib.parse.urlsplit(entry["url"]).path).data
            assert hashlib.sha256(data).hexdigest() == entry["fileHash"]
            assert len(data) == entry["fileSize"]


@pytest.mark.parametrize("fen,text", [(0, "零圆整"), (10500, "壹佰零伍圆整"), (1, "零圆零壹分"),
                                      (12345678, "壹拾贰万叁仟肆佰伍拾陆圆柒角捌分"), (100010001, "壹佰万零壹佰圆零壹分")])
def test_amounts_in_words(fen, text):
    assert samples.in_words(fen) == text


def test_recognition(stand, side):
    side.login()
    bill = stand.state.generate(1, client_id="C-A")[0]
    inv = bill["invoice"][0]
    path = "/m3/bill/invoice/img/analyze/multiple/check?checkFlag=true&type="
    body = base64.b64encode(samples.render(inv, "pdf"))
    rows = json.loads(side.authed("POST", path + "pdf", body).data)["data"]
    assert len(rows) == 1 and rows[0]["serialNo"] == inv["serialNo"]
    assert json.loads(side.authed("POST", path + "png", body).data)["errcode"] == "2003"
    assert json.loads(side.authed("POST", path + "pdf", b"%PDF-").data)["errcode"] == "2003"
    body = base64.b64encode(samples.png("stranger"))
    rows = json.loads(side.authed("POST", path + "png", body).data)["data"]
    assert rows[0]["totalAmount"]
    digest = hashlib.sha256(samples.png("stranger")).hexdigest()
    control(stand, "POST", "/recognitions", {"sha256": digest, "invoices": [{"invoiceNo": "9"}]})
    rows = json.loads(side.authed("POST", path + "png", body).data)["data"]
    assert rows[0]["invoiceNo"] == "9"
    control(stand, "POST", "/recognitions", {"sha256": digest, "invoices": []})
    assert json.loads(side.authed("POST", path + "png", body).data)["data"] == []
    control(stand, "POST", "/recognitions", {"sha256": digest, "errcode": "2099", "description": "not an invoice"})
    assert json.loads(side.authed("POST", path + "png", body).data)["errcode"] == "2099"
    for bad in (body + b"\n", body[:-1], b"data:image/png;base64," + body):
        assert json.loads(side.authed("POST", path + "png", bad).data)["errcode"] == "2003"
    assert json.loads(side.authed("POST", path.replace("=true", "=yes") + "png", body).data)["errcode"] == "2002"
