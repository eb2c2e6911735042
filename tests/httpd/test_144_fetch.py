"""Files that a pull fetches: which addresses may be asked, redirects, names, and bytes that are there already."""
import itertools

import pytest

from harness.cloudctl import CLIENT
from test_100_start import each, metric
from test_130_bills import UPLOADED, stored
from test_140_push import admit, desk, events, files_of, post, pushes, results, served, settled, sha256  # noqa: F401 (desk is a fixture)


def document_with(gateway, *urls, number="URL-1"):
    """A document of one good file and the given ones, as attachments."""
    good = {"attachmentName": "good.pdf", "localUrl": f"{gateway.cloud.url}/files/sample.pdf"}
    return {"scanBillNo": number, "clientId": CLIENT["client_id"], "invoice": [],
            "attachment": [good, *({"attachmentName": f"f{n}", "localUrl": url} for n, url in enumerate(urls))]}


URLS = itertools.count(2)


def pull_note(gateway, *urls):
    """What the timeline of a new bill says of addresses that are all refused."""
    number = f"URL-{next(URLS)}"
    assert results(post(gateway, document_with(gateway, *urls, number=number))) == ["taken"]
    settled(gateway)
    assert [file["name"] for file in files_of(gateway, number)] == ["good.pdf"]
    assert stored(gateway, number)["state"] == UPLOADED, "the others are not held up"
    (note,) = events(gateway, number, "pull")
    assert f"{len(urls)} refused" in note
    row = pushes(gateway, "--limit", 1)[0]
    assert (row["number"], row["status"]) == (number, "done") and row["reason"] in note
    return note


BAD_ADDRESSES = [("https://files.example/x.pdf", "FPImageFetchAllow"), ("http://{host}/files/sample.pdf", "must be https"),
                 ("https://127.0.0.1:{port}/files/sample.pdf", "FPImageFetchAllow"),
                 ("https://[::1]:{port}/files/sample.pdf", "FPImageFetchAllow"),
                 ("https://localhost:1/files/sample.pdf", "FPImageFetchAllow"),
                 ("https://localhost/files/sample.pdf", "FPImageFetchAllow"),
                 ("https://2130706433:{port}/x", "FPImageFetchAllow"), ("https://0x7f.1:{port}/x", "FPImageFetchAllow"),
                 ("https://localhost.:{port}/x", "FPImageFetchAllow"), ("https://{host}.evil.example/x", "URL|Allow"),
                 ("https://user@{host}/files/sample.pdf", "user information"), ("https://{host}@evil.example/x", "user"),
                 ("https://evil.example\\@{host}/x", "backslash"), ("https://{host}/a b", "blank"),
                 ("file:///etc/passwd", "http"), ("ftp://{host}/x", "http"), ("//{host}/x", "http"), ("x.pdf", "http"),
                 ("https://169.254.169.254/latest/meta-data", "FPImageFetchAllow"),
                 ("https://{host}/files/none.pdf", "404"), ("https://{host}/files/page", "HTML"),
                 ("https://{host}/files/empty", "type"), ("https://{host}/files/size-400000.pdf", "limit of 262144"),
                 ("gopher://{host}/", "http"), ("https:///files/sample.pdf", "host name"),
                 ("https://{host}/files/large-unknown.pdf", "limit of 262144")]


@pytest.fixture
def limited(make_gateway):
    """Files up to 256 KiB."""
    one = make_gateway(directives="FPImageMaxFile 256K")
    admit(one)
    one.cloud.add_file("page", text="<!DOCTYPE html><html><body>login</body></html>", content_type="application/pdf")
    one.cloud.add_file("empty", base64="", content_type="application/pdf")
    one.cloud.behave("fail", "/files/large-unknown.pdf", status=200, times=-1, type="application/pdf",
                     body="%PDF-1.7\n" + "x" * 400000)
    return one


def test_bad_addresses_are_told(limited):
    def check(address, word):
        note = pull_note(limited, address.format(host=limited.cloud.authority, port=limited.cloud.port))
        assert any(one in note for one in word.split("|")), note

    each(BAD_ADDRESSES, check)
    assert len(limited.httpd.log.lines("FPI0034")) == len(BAD_ADDRESSES)
    with limited.http() as caller:
        assert metric(caller, "fpimage_files_fetched_total") == len(BAD_ADDRESSES)


BAD_REDIRECTS = [
    ("https://127.0.0.1:{port}/files/sample.xml", "FPImageFetchAllow"), ("http://{host}/files/sample.xml", "https"),
    ("https://files.example/", "FPImageFetchAllow"), ("https://169.254.169.254/", "FPImageFetchAllow"),
    ("file:///etc/passwd", "http"), ("//evil.example/x", "http|Allow"), ("\\\\evil.example/x", "backslash|http|Allow")]


def test_redirects_are_checked_again(limited):
    def check(to, word):
        to = to.format(host=limited.cloud.authority, port=limited.cloud.port)
        rule = limited.cloud.behave("fail", "/files/moved.pdf", status=302, times=-1, body="", headers={"Location": to})
        note = pull_note(limited, f"{limited.cloud.url}/files/moved.pdf")
        limited.cloud.behave_normally(rule)
        assert any(one in note for one in word.split("|")), note

    each(BAD_REDIRECTS, check)


def test_redirect_loops_end(limited):
    limited.cloud.behave("fail", "/files/round.pdf", status=302, times=-1, body="",
                         headers={"Location": f"{limited.cloud.url}/files/round.pdf"})
    assert "redirect" in pull_note(limited, f"{limited.cloud.url}/files/round.pdf")
    assert len(limited.cloud.log("/files/round.pdf")) == 4


def test_redirects_within_the_list_are_followed(desk):
    for number, to in enumerate([f"{desk.cloud.url}/files/hop1.pdf", "/files/hop2.pdf", f"{desk.cloud.url}/files/sample.xml"]):
        desk.cloud.behave("fail", f"/files/hop{number}.pdf", status=302, times=-1, body="", headers={"Location": to})
    assert results(post(desk, document_with(desk, f"{desk.cloud.url}/files/hop0.pdf"))) == ["taken"]
    settled(desk)
    found = {file["sha256"]: file["media"] for file in files_of(desk, "URL-1")}
    assert found[sha256(served(desk, f"{desk.cloud.url}/files/sample.xml"))] == "application/xml"


def test_plain_http_only_when_listed_so(make_gateway, make_cloud):
    plain = make_cloud(tls=False, base="")
    one = make_gateway(directives=f"FPImageFetchAllow http://{plain.authority}")
    admit(one)
    assert results(post(one, document_with(one, f"{plain.url}/files/sample.xml"))) == ["taken"]
    settled(one)
    assert len(files_of(one, "URL-1")) == 2


def test_names_from_the_cloud_are_harmless(desk):
    names = ["../../etc/passwd", "..\\..\\x.pdf", "a\u202egnp.exe", "x" * 400, "con:aux|?.pdf", "名字.pdf", "\u0007bell"]
    body = {"scanBillNo": "NAME-1", "clientId": CLIENT["client_id"], "invoice": [],
            "attachment": [{"attachmentName": name[:200], "localUrl": f"{desk.cloud.url}/files/size-{1000 + n}.pdf"}
                           for n, name in enumerate(names)]}
    assert results(post(desk, body)) == ["taken"]
    settled(desk)
    found = [file["name"] for file in files_of(desk, "NAME-1")]
    assert len(found) == len(names) and "名字.pdf" in found
    for name in found:
        assert 0 < len(name.encode()) <= 255 and not set(name) & set('/\\:*?"<>|\u202e\u0007') and name not in (".", "..")


def test_same_bytes_are_stored_once(desk):
    """One file under three addresses on two bills."""
    for number in ("SAME-1", "SAME-2"):
        body = {"scanBillNo": number, "clientId": CLIENT["client_id"], "invoice": [],
                "attachment": [{"attachmentName": f"a{n}.pdf", "localUrl": f"{desk.cloud.url}/files/sample.pdf?n={n}"}
                               for n in range(3)]}
        post(desk, body)
    settled(desk)
    blobs = [path for path in (desk.httpd.data / "blobs").rglob("*") if path.is_file() and path.stat().st_size]
    assert len(blobs) == 1
    assert [len(files_of(desk, number)) for number in ("SAME-1", "SAME-2")] == [1, 1]
    assert stored(desk, "SAME-1")["page_count"] == 1
