"""outside/upload and fileCollect: the ERP brings files of a bill, in every shape that the contract names."""
import base64
import json
import pathlib
import sys

import pytest

from harness import processes
from harness.cloudctl import CLIENT, OTHER_CLIENT
from test_100_start import ANNOUNCE, bill, each, patience, rows, trail
from test_130_bills import BASE, SUBMITTED, UPLOADED, VOID, asked, put_state, refused, stored
from test_140_push import settled
from test_340_files import pdf, settle, sha

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "samples"))
import samples  # noqa: E402

UPLOAD, COLLECT = BASE + "upload", "/api/kapi/app/bds/fileCollect"
COMMIT = BASE + "commit"
BOTH = pytest.mark.parametrize("path", [UPLOAD, COLLECT])


@pytest.fixture
def erp(gateway):
    return gateway.login()


def text64(data):
    return base64.b64encode(data).decode()


def form(*files, **fields):
    """A multipart body and its headers."""
    body = b""
    for name, data in files:
        body += (f'--B\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
                 "Content-Type: application/octet-stream\r\n\r\n").encode() + data + b"\r\n"
    for name, value in fields.items():
        body += f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
    return body + b"--B--\r\n", {"Content-Type": "multipart/form-data; boundary=B"}


def taken(reply):
    """The answer's data, of either family."""
    value = reply.json()
    assert reply.status == 200 and reply.errcode == "0000", reply
    assert value.get("success", True) is True
    return value["data"]


def files_of(gateway, number):
    return rows(gateway, "SELECT file.* FROM file JOIN bill ON bill.id = file.bill WHERE bill.number = ? ORDER BY position", number)


# the shapes

@pytest.mark.mpm
@pytest.mark.valgrind
@BOTH
def test_base64(gateway, erp, path):
    assert erp.post(ANNOUNCE, bill("C-1")).errcode == "0000"
    data = samples.get("pdf")[0]
    got = taken(erp.post(path, asked("C-1", base64=text64(data), fileSuffix="pdf", fileType="invoice", billType="BX",
                                     needRecognition=True)))
    (file,) = files_of(gateway, "C-1")
    assert got == {"fileNo": str(file["id"]), "srcPath": f"/api/v1/files/{file['id']}", "sha256": sha(data), "pages": 1,
                   "fileName": "file.pdf", "size": len(data), "scanBillNo": "C-1", "result": "stored"}
    assert (file["kind"], file["media"], file["source"]) == (1, "application/pdf", "erp")
    assert stored(gateway, "C-1")["state"] == UPLOADED
    assert sha(data) in next(event["note"] for event in trail(gateway, "C-1") if event["kind"] == "file")
    content = erp.get(got["srcPath"])
    assert (content.status, content.body) == (200, data)


@BOTH
def test_multipart(gateway, erp, path):
    data = pdf("m")
    body, headers = form(("封面 1.pdf", data), scanBillNo="C-2", resource="EAS", billType="BX", fileType="cover")
    got = taken(erp.request("POST", path, body, headers))
    (file,) = files_of(gateway, "C-2")
    assert (got["fileNo"], got["sha256"], got["fileName"]) == (str(file["id"]), sha(data), "封面 1.pdf")
    assert file["kind"] == 0 and "files" not in got


@BOTH
def test_address(gateway, erp, path):
    data = samples.pdf_of_images([samples.attachment_image(f"第{n}页", dpi=50) for n in range(3)])
    url = gateway.cloud.add_file("three.pdf", base64=text64(data))

    def brought():
        return taken(erp.post(path, asked("C-3", fileDownUrl=url, fileSuffix=".pdf", fileType="attach")))
    got = brought()
    (file,) = files_of(gateway, "C-3")
    assert (got["sha256"], file["kind"], file["name"]) == (sha(data), 2, "three.pdf")
    assert got["pages"] == 3 or processes.wait_until(lambda: brought()["pages"] == 3, patience(20), 0.2)


def test_several_in_one_form(gateway, erp):
    body, headers = form(*((f"{word}.pdf", pdf(word)) for word in "abc"), scanBillNo="C-4", resource="EAS")
    got = taken(erp.request("POST", UPLOAD, body, headers))
    assert [file["sha256"] for file in got["files"]] == [sha(pdf(word)) for word in "abc"]
    assert got["fileNo"] == got["files"][0]["fileNo"]
    assert [str(file["id"]) for file in files_of(gateway, "C-4")] == [file["fileNo"] for file in got["files"]]


def test_json_under_any_type(gateway, erp):
    def check(kind):
        body = json.dumps(asked("C-5", base64=text64(pdf(kind)))).encode()
        taken(erp.request("POST", UPLOAD, body, {"Content-Type": kind} if kind else {}))

    each([("text/plain",), ("application/x-www-form-urlencoded",), ("",), ("application/json;charset=UTF-8",)], check)


def test_fields_in_the_query(gateway, erp):
    """The bytes as they are."""
    reply = erp.request("POST", UPLOAD, pdf("raw"), {"Content-Type": "application/pdf", "X-File-Name": "raw.pdf"},
                        query={"scanBillNo": "c-6 ", "resource": "EAS", "fileType": "ATTACH"})
    assert taken(reply)["scanBillNo"] == "C-6"
    assert [(file["name"], file["kind"]) for file in files_of(gateway, "C-6")] == [("raw.pdf", 2)]


# what it means

def test_same_bytes_are_the_same_file(gateway, erp):
    first = taken(erp.post(UPLOAD, asked("C-7", base64=text64(pdf("x")))))
    before, events = stored(gateway, "C-7"), len(trail(gateway, "C-7"))
    again = taken(erp.post(COLLECT, asked("C-7", base64=text64(pdf("x")), fileSuffix="pdf")))
    assert again == {**first, "result": "unchanged"}
    settle(gateway)
    assert stored(gateway, "C-7") == {**before, "page_count": 1} and len(trail(gateway, "C-7")) >= events


def test_unknown_number_makes_a_bill(gateway, erp):
    """Nothing is lost because images were faster than the announcement."""
    taken(erp.post(UPLOAD, asked("C-8", base64=text64(pdf("x")), billType="BX-NEW")))
    assert (stored(gateway, "C-8")["state"], stored(gateway, "C-8")["type_code"]) == (UPLOADED, "BX-NEW")
    assert erp.post(ANNOUNCE, bill("C-8")).json()["data"]["result"] == "updated"
    assert len(files_of(gateway, "C-8")) == 1


@pytest.mark.parametrize("key", ["fileNo", "srcPath"])
def test_uploaded_then_submitted_in_that_order(gateway, erp, key):
    got = [taken(erp.post(UPLOAD, asked("C-9", base64=text64(pdf(word))))) for word in "abc"]
    reply = erp.post(COMMIT, asked("C-9", fileList=[{key: got[n][key]} for n in (2, 0, 1)]))
    assert reply.errcode == "0000" and reply.json()["data"]["imageStatus"] == SUBMITTED
    assert [file["sha256"] for file in files_of(gateway, "C-9")] == [sha(pdf(word)) for word in "cab"]


def test_what_was_sent_back_is_supplemented(gateway, erp):
    taken(erp.post(UPLOAD, asked("C-10", base64=text64(pdf("a")))))
    assert erp.post(COMMIT, asked("C-10")).errcode == "0000"
    assert erp.post(BASE + "rescan", asked("C-10", reason="缺页")).errcode == "0000"
    taken(erp.post(UPLOAD, asked("C-10", base64=text64(pdf("b")), remark="补一页")))
    assert stored(gateway, "C-10")["state"] == UPLOADED
    assert [file["state"] for file in files_of(gateway, "C-10")] == [1, 3]
    assert any("补一页" in event["note"] for event in trail(gateway, "C-10") if event["kind"] == "file")


def test_found_invoice_of_an_uploaded_file(gateway, erp):
    data, (truth,) = samples.get("ofd")
    taken(erp.post(COLLECT, asked("C-11", base64=text64(data), fileSuffix="ofd", needRecognition="false")))
    found = "SELECT found.number FROM found JOIN bill ON bill.id = found.bill WHERE bill.number = 'C-11'"
    assert processes.wait_until(lambda: rows(gateway, found), patience(20))
    (found,) = rows(gateway, found)
    assert found["number"] == truth["fields"]["number"]


@pytest.mark.parametrize("needed", [True, False])
def test_what_need_not_be_recognised_stays_here(make_gateway, needed):
    one = make_gateway(checked=True)
    image = samples.save_image(samples.attachment_image("扫描件", dpi=50))
    taken(one.login().post(UPLOAD, asked("C-20", base64=text64(image), needRecognition=needed)))
    settled(one)
    assert len(one.cloud.log("/m3/bill/invoice/img/analyze/multiple/check")) == int(needed)


# refusals

REFUSALS = [
    ({"scanBillNo": ""}, "1401", "影像编号"), ({"scanBillNo": None}, "1401", "影像编号"), ({"scanBillNo": "a b"}, "1400", "scanBillNo"),
    ({"fileType": "picture"}, "1400", "fileType"), ({"fileType": 5}, "1400", "fileType"), ({"fileType": ["cover"]}, "1400", "fileType"),
    ({"needRecognition": "maybe"}, "1400", "needRecognition"), ({"base64": "%%%"}, "1400", "base64"),
    ({"base64": ""}, "1400", "base64"), ({"base64": 5}, "1400", "base64"), ({"base64": None}, "1400", "base64"),
    ({"fileDownUrl": "https://files.example/x.pdf"}, "1400", "base64"), ({"base64": "AAAA"}, "1415", "类型"),
    ({"base64": None, "fileDownUrl": "https://files.example/x.pdf"}, "1301", "FPImageFetchAllow"),
    ({"base64": None, "fileDownUrl": "http://{authority}/x.pdf"}, "1301", "https"),
    ({"base64": None, "fileDownUrl": "https://169.254.169.254/x"}, "1301", "FPImageFetchAllow"),
    ({"base64": None, "fileDownUrl": "file:///etc/passwd"}, "1400", "http"),
]


@BOTH
def test_refusals(gateway, erp, path):
    def check(fields, code, word):
        good = asked("C-12", base64=text64(pdf("x")), fileSuffix="pdf", fileType="invoice")
        fields = {name: value.format(authority=gateway.cloud.authority) if isinstance(value, str) else value
                  for name, value in fields.items()}
        reply = erp.post(path, {**good, **fields})
        assert reply.errcode == code and word in (reply.json().get("description") or reply.json()["message"]), reply

    each(REFUSALS, check)
    assert not rows(gateway, "SELECT 1 FROM bill") and not rows(gateway, "SELECT 1 FROM file")


def test_address_that_is_not_there(gateway, erp):
    url = gateway.cloud.add_file("there.pdf", base64=text64(pdf("x"))).replace("there", "nowhere")
    reply = erp.post(UPLOAD, asked("C-13", fileDownUrl=url))
    assert (reply.errcode, reply.status) == ("1404", 200) and "地址" in reply.json()["description"]
    assert not rows(gateway, "SELECT 1 FROM bill")


def test_format_that_the_entry_does_not_take(gateway, erp):
    word = samples.get("ofd")[0]
    assert erp.request("PUT", "/api/v1/file-formats", json_body={"items": [{"entry": "ERP", "formats": ["PDF"]}]}).status == 200
    refused(erp.post(UPLOAD, asked("C-14", base64=text64(word))), "1415", 200, "OFD", "PDF")
    taken(erp.post(UPLOAD, asked("C-14", base64=text64(pdf("x")))))


def test_formats_are_told_as_people_call_them(erp):
    said = erp.post(UPLOAD, asked("C-18", base64="AAAA")).json()["description"]
    assert "可能已损坏或改过扩展名" in said and "旧版 Office" in said and "文本" in said, said
    assert not any(code in said for code in ("UNKNOWN", "OLE", "TEXT")), said


def test_void_and_locked_bills(gateway, erp):
    taken(erp.post(UPLOAD, asked("C-15", base64=text64(pdf("x")))))
    put_state(gateway, "C-15", VOID)
    refused(erp.post(UPLOAD, asked("C-15", base64=text64(pdf("y")))), "1409", 200, "C-15", "已作废")
    taken(erp.post(UPLOAD, asked("C-16", base64=text64(pdf("x")))))
    put_state(gateway, "C-16", SUBMITTED)
    assert erp.post(BASE + "erpBingScanVoucher", asked("C-16", voucherNo="记-1")).errcode == "0000"
    refused(erp.post(UPLOAD, asked("C-16", base64=text64(pdf("y")))), "1409", 200, "记-1")


def test_bill_of_another_enterprise(make_gateway):
    one = make_gateway(clients=[CLIENT, OTHER_CLIENT])
    mine, theirs = one.login(CLIENT), one.login(OTHER_CLIENT)
    got = taken(mine.post(UPLOAD, asked("C-17", base64=text64(pdf("x")))))
    refused(theirs.post(UPLOAD, asked("C-17", base64=text64(pdf("y")))), "1301", 403)
    assert theirs.get(got["srcPath"]).status == 404


def test_without_a_token(gateway):
    reply = gateway.http().post(UPLOAD, asked("C-18", base64=text64(pdf("x"))))
    assert (reply.status, reply.errcode) == (401, "1300")


def test_larger_than_the_limit(make_gateway):
    one = make_gateway(directives="FPImageMaxFile 64K\nFPImageMaxJSON 64K")
    http = one.login()
    large = pdf("x" * 70000)
    refused(http.post(UPLOAD, asked("C-19", base64=text64(large))), "1413", 413, "65536")
    body, headers = form(("x.pdf", large), scanBillNo="C-19")
    refused(http.request("POST", UPLOAD, body, headers), "1413", 413, "65536")
    assert not rows(one, "SELECT 1 FROM bill")
