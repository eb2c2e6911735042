"""What we can't read ourselves goes to the cloud, once, when the enterprise has it; and what we read ourselves."""
import base64
import os

import pytest

from harness import processes
from harness.cloudctl import CLIENT
from test_100_start import change, patience, rows, trail
from test_140_push import admit, desk, settled  # noqa: F401 (desk is a fixture)
from test_350_looks import (FULL, NUMBER, bring, content_of, evidence, files_of, found_of, notes, picture, read_again, samples,
                            seen, sha256, tell)

CALL = "/m3/bill/invoice/img/analyze/multiple/check"
SAID = {"serialNo": "CLOUD-1", "invoiceType": "26", "invoiceNo": NUMBER, "invoiceDate": "2024-05-06", "invoiceAmount": "100.00",
        "totalTaxAmount": "13.00", "totalAmount": "113.00", "salerName": "虚构云杉商贸有限公司", "salerTaxNo": "91440300MA5FAKE001",
        "buyerName": "虚构红枫集团有限公司", "checkCode": "12345678901234567890", "items": [{"goodsName": "*餐饮服务*餐费", "num": "2"}]}


@pytest.fixture
def asking(make_gateway):
    """A gateway whose enterprise the cloud has given a token for."""
    gateway = make_gateway(checked=True)
    admit(gateway)
    return gateway


def calls(gateway):
    return gateway.cloud.log(CALL)


def switch(gateway, value):
    change(gateway, "INSERT OR REPLACE INTO setting (tenant, name, value) VALUES (1, 'recognise.cloud', ?)", value)


@pytest.mark.valgrind
def test_a_scan_is_recognised_once(asking):
    data = picture("scan")
    asking.cloud.recognise(sha256(data), [SAID])
    bring(asking, "REC-1", ("scan.png", data))
    (call,) = calls(asking)
    assert (call["query"]["type"], call["query"]["checkFlag"], call["client"]) == (["png"], ["true"], CLIENT["client_id"])
    assert base64.b64decode(call["body"] if call["body_bytes"] < 2048 else "") in (data, b"")
    assert call["body_sha256"] == sha256(base64.b64encode(data)), "the file's Base64 and nothing else"
    (row,) = found_of(asking, "REC-1")
    assert (row["number"], row["gross"], row["source"], row["check_status"], row["type"]) == (NUMBER, 11300, "CLOUD", 1, 26)
    assert (row["seller_name"], row["check_code"]) == (SAID["salerName"], SAID["checkCode"])
    assert any("1 invoices" in note for note in notes(asking, "REC-1", "recognise"))
    (item,) = asking.login().get("/api/v1/invoices").json()["items"]
    assert item["check_status"] == "PASSED" and item["lines"][0]["name"] == "*餐饮服务*餐费"
    assert item["fields"]["serial_no"]["value"] == "CLOUD-1"

    read_again(asking, "REC-1")
    bring(asking, "REC-2", ("again.png", data))
    assert len(calls(asking)) == 1, "never twice for the same bytes"
    assert [one["number"] for one in found_of(asking, "REC-2")] == [NUMBER]


def test_what_is_not_asked_about(asking):
    bring(asking, "NOT-1", ("contract.png", picture("contract")), kind="attachment")
    bring(asking, "NOT-2", ("cover.png", picture("cover")), kind="cover")
    bring(asking, "NOT-3", ("blank.png", samples.save_image(samples.blank_image(dpi=50))))
    bring(asking, "NOT-4", ("list.txt", "数据 第一行\n".encode()))
    assert calls(asking) == []


@pytest.mark.parametrize("checked,value,asks", [(True, None, True), (True, "off", False), (False, None, False), (False, "on", True)])
def test_whether_it_is_asked(make_gateway, checked, value, asks):
    gateway = make_gateway(checked=checked)
    admit(gateway)
    if value:
        switch(gateway, value)
    bring(gateway, "SWITCH-1", ("scan.png", picture("switch")))
    assert len(calls(gateway)) == int(asks)
    assert len(found_of(gateway, "SWITCH-1")) == int(asks)


def test_a_disabled_enterprise_asks_nothing(asking):
    bring(asking, "OFF-1", ("a.png", picture("off one")))
    assert len(calls(asking)) == 1
    asking.ctl.must("enterprise", "disable", CLIENT["client_id"])
    processes.wait_until(lambda: asking.login is None, 1.5, 0.5)  # the children look once a second
    change(asking, "UPDATE content SET doc = ?", '{"v":1,"page_count":1,"pages_looked":1,"pages":[{"n":1}],"evidence":[]}')
    read_again(asking, "OFF-1")
    assert len(calls(asking)) == 1


def test_a_refusal_is_kept(asking):
    data = picture("refused")
    asking.cloud.recognise(sha256(data), errcode="2099", description="未识别到发票")
    bring(asking, "REFUSED-1", ("a.png", data))
    assert found_of(asking, "REFUSED-1") == [] and len(calls(asking)) == 1
    (note,) = notes(asking, "REFUSED-1", "recognise")
    assert "未识别到发票" in note
    read_again(asking, "REFUSED-1")
    assert len(calls(asking)) == 1
    asking.cloud.recognise(sha256(data), [SAID])
    doc = content_of(asking, data)["doc"]
    change(asking, "UPDATE content SET doc = ?", doc.replace('"asked":17', '"asked":16'))  # long ago
    read_again(asking, "REFUSED-1")
    assert len(calls(asking)) == 2 and len(found_of(asking, "REFUSED-1")) == 1


def test_nothing_found_is_an_answer(asking):
    data = picture("nothing")
    asking.cloud.recognise(sha256(data), [])
    bring(asking, "EMPTY-1", ("a.png", data))
    read_again(asking, "EMPTY-1")
    assert len(calls(asking)) == 1 and found_of(asking, "EMPTY-1") == []


@pytest.mark.parametrize("rule", [{"action": "fail", "status": 503}, {"action": "garbage"}, {"action": "cut"},
                                  {"action": "errcode", "code": "1307"}], ids=lambda rule: rule["action"])
def test_it_is_tried_again(asking, rule):
    data = picture(f"try {rule}")
    asking.cloud.recognise(sha256(data), [SAID])
    asking.cloud.behave(match=CALL, times=2, **rule)
    bring(asking, "TRY-1", ("a.png", data))
    assert [one["number"] for one in found_of(asking, "TRY-1")] == [NUMBER]


ODD = {"null": ([None, SAID], "member 1"), "text": (["CLOUD-1", SAID], "member 1"),
       "long": ([{**SAID, "checkCode": "1" * 120}], None), "line": ([{**SAID, "items": [{"goodsName": "x", "num": True}]}], None),
       "name": ([{**SAID, "items": [{"goodsName": "货" * 600, "num": 2}]}], None), "inside": ({"invoices": [SAID]}, None)}


@pytest.mark.parametrize("data,told", ODD.values(), ids=ODD)
def test_a_member_that_cannot_be_read_is_no_reason_to_ask_again(asking, data, told):
    asking.cloud.behave("fail", CALL, status=200, body={"errcode": "0000", "description": "操作成功", "data": data}, times=-1)
    bring(asking, "ODD-1", ("a.png", picture("odd")))
    assert [(row["number"], row["gross"]) for row in found_of(asking, "ODD-1")] == [(NUMBER, 11300)]
    (note,) = notes(asking, "ODD-1", "recognise")
    assert "1 invoices" in note and ((told or "left out") in note) is bool(told)
    assert len(calls(asking)) == 1


def test_an_answer_of_the_flagship_family(asking):
    asking.cloud.behave("fail", CALL, status=200, body={"success": True, "errorCode": "0000", "message": "成功", "data": [SAID]},
                        times=-1)
    bring(asking, "FLAG-1", ("a.png", picture("flag")))
    assert [row["number"] for row in found_of(asking, "FLAG-1")] == [NUMBER] and len(calls(asking)) == 1


def test_an_empty_object_is_no_invoice(asking):
    asking.cloud.behave("fail", CALL, status=200, body={"errcode": "0000", "data": {}}, times=-1)
    bring(asking, "ODD-2", ("a.png", picture("odd")))
    assert "0 invoices" in notes(asking, "ODD-2", "recognise")[0] and len(calls(asking)) == 1


def test_a_dead_token_is_fetched_anew(asking):
    bring(asking, "TOKEN-1", ("a.png", picture("token one")))
    asking.cloud.revoke()
    bring(asking, "TOKEN-2", ("b.png", picture("token two")))
    assert len(found_of(asking, "TOKEN-2")) == 1 and [row["status"] for row in calls(asking)] == [200, 401, 200]


def test_a_slow_cloud_keeps_no_push_waiting(asking):
    asking.cloud.behave("slow", match=CALL, ms=3000, times=-1)
    for n in range(3):
        one = f"SLOW-{n}"
        url = asking.cloud.add_file(f"{one}.png", base64=base64.b64encode(picture(one)).decode())
        bill = {"billId": one, "scanBillNo": one, "clientId": CLIENT["client_id"], "taxNo": CLIENT["tax_no"],
                "invoice": [{"serialNo": one, "invoiceFiles": [{"url": url}]}]}
        asking.cloud.load_bills(bill)
        asking.cloud.push_here(asking.url + "/api/imgsys/outside/push", [bill], "notice", timeout=patience(30), twice=False)
    assert processes.wait_until(lambda: rows(asking, "SELECT 1 FROM job WHERE kind = 'recognise'"), patience(10), 0.05)
    asking.cloud.push_here(asking.url + "/api/imgsys/outside/push", [{"scanBillNo": "QUICK-1", "clientId": CLIENT["client_id"],
                           "taxNo": CLIENT["tax_no"]}], "notice", timeout=patience(30), twice=False)
    assert processes.wait_until(lambda: notes(asking, "QUICK-1", "pull"), patience(5), 0.05)
    assert rows(asking, "SELECT 1 FROM job WHERE kind = 'recognise'"), "the cloud is still at it"
    settled(asking, 60)


def test_other_formats_go_page_by_page(asking):
    data = samples.save_tiff([samples.attachment_image(dpi=50), samples.blank_image(dpi=50)], 50)
    bring(asking, "TIFF-1", ("two.tif", data))
    seen_calls = calls(asking)
    assert len(seen_calls) == 2 and {call["query"]["type"][0] for call in seen_calls} <= {"jpg", "png"}
    assert len(found_of(asking, "TIFF-1")) == 2


def test_what_is_too_large_goes_as_a_picture(asking):
    from PIL import Image
    side = 2200
    image = Image.frombytes("RGB", (side, side), os.urandom(side * side * 3))
    image.paste((0, 0, 0), (200, 200, 1200, 900))  # noise alone is grey, and passes for blank
    data = samples.save_image(image)
    assert len(data) > 8 * 1000 * 1000
    bring(asking, "LARGE-1", ("large.png", data))
    (call,) = calls(asking)
    assert call["status"] == 200 and call["body_bytes"] < 11 * 1000 * 1000
    assert len(found_of(asking, "LARGE-1")) == 1


def test_the_cloud_is_believed_more_than_a_code(asking):
    data = picture("code")
    asking.cloud.recognise(sha256(data), [SAID])
    switch(asking, "off")
    bring(asking, "CODE-1", ("a.png", data))
    tell(asking, data, seen(evidence("QR", kind=0, number=NUMBER, date="2024-05-06", net="100.00")))  # the sum is not known
    switch(asking, "on")
    read_again(asking, "CODE-1")
    (row,) = found_of(asking, "CODE-1")
    assert len(calls(asking)) == 1 and (row["source"], row["gross"]) == ("CLOUD", 11300)


# what we read ourselves needs no cloud

@pytest.mark.parametrize("name", ["xml", "ofd", "pdf", "pdf-xml", "ofd-original"])
def test_digital_invoices_are_read_here(asking, name):
    data, (truth,) = samples.get(name)
    bring(asking, "OWN-1", (f"invoice.{samples.SAMPLES[name][0]}", data))
    (row,) = found_of(asking, "OWN-1")
    assert row["number"] == truth["fields"]["number"] and row["gross"] == round(float(truth["fields"]["gross"]) * 100)
    assert row["date"] == truth["fields"]["date"] and row["source"] not in ("CLOUD", "QR")
    assert calls(asking) == []


def test_a_paper_invoice_is_read_by_its_code(asking):
    truth = samples.invoice("digital-special", 71)
    data = samples.save_image(samples.paper_image(truth, 200, mm=30), dpi=200)
    bring(asking, "PAPER-1", ("paper.png", data))
    (row,) = found_of(asking, "PAPER-1")
    assert (row["number"], row["source"]) == (truth["fields"]["number"], "QR")
    assert row["gross"] == round(float(truth["fields"]["gross"]) * 100) and calls(asking) == []


def test_the_same_invoice_in_three_forms(asking):
    forms = [("xml", samples.get("xml")[0]), ("ofd", samples.get("ofd")[0]), ("pdf", samples.get("pdf")[0])]
    bring(asking, "FORMS-1", *[(f"invoice.{end}", data) for end, data in forms])
    found = found_of(asking, "FORMS-1")
    assert len(found) == 3 and len({(row["number"], row["date"], row["gross"], row["seller_tax_no"]) for row in found}) == 1
    assert sorted(row["twin_kind"] for row in found) == [0, 3, 3]
    assert len(files_of(asking, "FORMS-1")) == 3 and trail(asking, "FORMS-1")
    assert FULL
