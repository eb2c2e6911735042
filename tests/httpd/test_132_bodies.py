"""Bodies as callers really send them, and what is said of those that can't be read."""
import gzip
import json
import re

import pytest

from harness.client import sign
from harness.cloudctl import CLIENT
from test_100_start import ANNOUNCE, bill, each
from test_130_bills import refused, stored
from test_140_push import admit, post, results, settled
from test_340_files import Bill

TOKEN = "/api/base/oauth/token"
BIG = "24312000000123456789"


@pytest.fixture
def erp(gateway):
    return gateway.login()


def raw(http, path, body, **headers):
    return http.request("POST", path, body, {"Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}})


# numbers

def test_big_integers(gateway, erp):
    body = json.dumps(bill("BIG-1", unknown=0)).replace('"unknown": 0', f'"unknown": {BIG}')
    assert raw(erp, ANNOUNCE, body).errcode == "0000"
    assert raw(erp, ANNOUNCE, body.replace('"BIG-1"', BIG, 1)).json()["data"]["scanBillNo"] == BIG
    admit(gateway)
    said = {"scanBillNo": "BIG-1", "clientId": CLIENT["client_id"], "taxNo": CLIENT["tax_no"], "invoices": [{"invoiceNo": 0, "invoiceType": 26}]}
    assert results(post(gateway, json.dumps(said).replace('"invoiceNo": 0', f'"invoiceNo": {BIG}'))) == ["taken"]
    settled(gateway)
    refused(raw(erp, ANNOUNCE, '{"a":' + "9" * 1_000_000 + "}"), "1400", 200, "第1行", "数字过大")


@pytest.mark.parametrize("said", ["1700000000", "1.7e9", "1700000000.50", "1E3", "20240101120000123456", '"1.70e9"'])
def test_timestamp_as_it_was_sent(gateway, said):
    body = {"client_id": CLIENT["client_id"], "sign": sign(CLIENT["client_id"], CLIENT["secret"], said.strip('"'))}
    with gateway.httpd.http() as http:
        reply = raw(http, TOKEN, json.dumps(body)[:-1] + f', "timestamp": {said}}}')
    assert reply.errcode == "0000", reply


# marks, forms, encodings

def test_byte_order_mark(gateway, erp):
    mark = b"\xef\xbb\xbf"
    assert raw(erp, ANNOUNCE, mark + json.dumps(bill("BOM-1")).encode()).errcode == "0000"
    admit(gateway)
    assert results(post(gateway, mark + b" " + json.dumps({"scanBillNo": "BOM-1", "clientId": CLIENT["client_id"], "taxNo": CLIENT["tax_no"]}).encode())) == ["taken"]
    settled(gateway)
    body = mark + json.dumps({"client_id": CLIENT["client_id"], "timestamp": 1, "sign": sign(CLIENT["client_id"], CLIENT["secret"], "1")}).encode()
    with gateway.httpd.http() as http:
        for kind in ("application/json", "application/x-www-form-urlencoded"):
            assert http.request("POST", TOKEN, body, {"Content-Type": kind}).errcode == "0000"


NOT_JSON = [(b"", "请求体为空"), (b" \n", "内容为空"), (b"scanBillNo=1", "应以 { 或 [ 开头"), (b'{"a":"\\u0000"}', "\\u0000"),
            ('{"a":"发票"}'.encode("gbk"), "UTF-8"), (b'{"a":1', "不完整"), (b'{"a":1}}', "多余"), (b'{"a":1,"a":2}', "重复"), (b'{"a":tru}', "语法")]


def test_what_is_not_json(erp):
    def check(body, word):
        reply = raw(erp, ANNOUNCE, body)
        refused(reply, "1400", 200, word)
        assert not re.search("[A-Za-z]{4}", reply.json()["description"].replace("JSON", "")), reply

    each(NOT_JSON, check)


def test_compressed(gateway, erp):
    body = gzip.compress(json.dumps(bill("GZ-1")).encode())
    refused(raw(erp, ANNOUNCE, body, Content_Encoding="gzip"), "1415", 200, "gzip")
    assert raw(erp, ANNOUNCE, json.dumps(bill("GZ-1")), Content_Encoding="identity").errcode == "0000"
    admit(gateway)
    refused(post(gateway, body, headers={"Content-Encoding": "gzip"}), "1415", 200, "gzip")
    assert erp.request("POST", "/api/v1/captures", body, {"Content-Encoding": "gzip"}).status == 415


def test_multipart_on_the_token_call(gateway):
    body = b'--x\r\nContent-Disposition: form-data; name="client_id"\r\n\r\n1\r\n--x--\r\n'
    with gateway.httpd.http() as http:
        reply = http.request("POST", TOKEN, body, {"Content-Type": "multipart/form-data; boundary=x"})
    refused(reply, "1400", 200, "multipart", "x-www-form-urlencoded")


# languages

LANGUAGES = [("en", "en"), ("zh", "zh"), ("de,en;q=0.5", "en"), ("zh;q=0.5,en;q=0.9", "en"), ("en;q=0", "zh"), ("de", "zh"), ("", "zh"),
             ("zh-CN,zh;q=0.9,en;q=0.8", "zh"), ("en-US,en;q=0.9,zh-CN;q=0.8", "en"), ("en, zh", "en"), ("zh, en", "zh"), ("*", "zh"),
             ("en;q=0.001", "en"), ("en;q=x,zh;q=0.9", "en"), ("enx", "zh"), ("en-GB ; Q=0.4 , zh;q=0.41", "zh"), (",;,;q=", "zh")]


def test_languages(erp):
    def check(accept, language):
        reply = erp.get("/api/v1/bills/999", headers={"Accept-Language": accept})
        assert ("单据" in reply.json()["error"]["message"]) == (language == "zh"), (accept, reply)

    each(LANGUAGES, check)


# true is no text

def test_true_is_no_text(gateway, erp):
    def check(changes, word):
        refused(erp.post(ANNOUNCE, bill("TRUE-1", **changes)), "1400", 200, word, "true")

    each([({name: True}, name) for name in ("fscanBillNo", "resource", "fbillTypeCode", "fbillId", "fapplyUserName", "taxNo")], check)
    upload = {"base64": "JVBERi0xLjQK", "fileSuffix": "pdf", "resource": "EAS"}
    refused(erp.post("/api/imgsys/bill/outside/upload", {**upload, "scanBillNo": True}), "1400", 200, "scanBillNo")
    assert erp.post("/api/imgsys/bill/outside/upload", {**upload, "scanBillNo": 7, "needRecognition": False}).errcode == "0000"
    admit(gateway)
    refused(post(gateway, {"scanBillNo": True, "clientId": CLIENT["client_id"], "taxNo": CLIENT["tax_no"]}), "1400", 200, "scanBillNo")
    assert stored(gateway, "7")["number"] == "7"


# what is wrong is named

def test_the_wrong_thing_is_named(gateway, erp):
    long = "9" * 300
    refused(erp.post(ANNOUNCE, bill(long)), "1400", 200, "fscanBillNo", "100")
    refused(erp.post("/api/imgsys/bill/outside/billStatus", {"scanBillNo": long}), "1400", 200, "scanBillNo", "100")
    with gateway.httpd.http() as http:
        assert http.post(TOKEN, {"client_id": "  ", "timestamp": "1", "sign": "x"}).errcode == "1200"
        reply = http.post("/api/v1/session", [])
    assert "JSON对象" in reply.json()["error"]["message"] and "field" not in reply.json()["error"], reply
    one = Bill(gateway, erp, "MOVE-1")
    file = one.add("a")["id"]
    assert one.post(f"files/{file}/move", {"to_bill_id": 999}).json()["error"].get("field") == "to_bill_id"
