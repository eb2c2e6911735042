"""What Chinese Windows sends: text and names of files in GBK."""
import pytest

from test_340_files import Bill, pdf, settle

TEXT = "发票 text\r\n第二行\r\n"


@pytest.fixture
def one(gateway):
    return Bill(gateway, gateway.login(), "GBK-1")


def send(one, name, data, kind="application/octet-stream"):
    return one.http.request("POST", f"{one.path}/files", data, {"Content-Type": kind}, query={"name": name})


def test_text(gateway, one):
    for name in ("a.txt", "b.CSV"):
        reply = send(one, name, (name + TEXT).encode("gbk"))
        assert reply.status == 201, reply
        assert "text/plain" in reply.json()["stored"][0].values()
    settle(gateway)
    for file in one.files():
        page = one.http.get(f"/api/v1/files/{file['id']}", query={"variant": "page", "n": 1})
        assert (page.status, page.headers["Content-Type"].split("/")[0]) == (200, "image"), page
    big = ("长" * 9000).encode("gb18030")
    assert send(one, "c.txt", big).status == 201 and send(one, "d.txt", b"a" + big).status == 201


@pytest.mark.parametrize("name, data", [("a.pdf", TEXT.encode("gbk")), ("a.txt", b"\xb7"), ("a.txt", TEXT.encode("gbk") + b"\x00"),
                                        ("a.txt", TEXT.encode("gbk") + b"\x01"), ("a.txt", "<html>发票".encode("gbk")), ("a.txt", b"\xff\xfea\x00")])
def test_what_is_no_text(one, name, data):
    assert send(one, name, data).status == 415


def test_names_in_forms(one):
    head = 'Content-Disposition: form-data; name="file"; filename="{}"\r\nContent-Type: application/pdf\r\n\r\n'
    for i, encoding in enumerate(("gbk", "utf-8")):
        body = f"--x\r\n{head.format('发票张三.pdf')}".encode(encoding) + pdf(str(i)) + b"\r\n--x--\r\n"
        reply = one.http.request("POST", f"{one.path}/files", body, {"Content-Type": "multipart/form-data; boundary=x"})
        assert reply.json()["stored"][0]["name"] == "发票张三.pdf", reply
