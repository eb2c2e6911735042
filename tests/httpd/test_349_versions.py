"""The version that was seen, wherever it is said; and what is chosen for filing."""
import pytest

from test_330_capture import CAPTURES, Console, cover, multipart
from test_340_files import Bill, pdf, settle


@pytest.fixture
def one(gateway):
    bill = Bill(gateway, gateway.login(), "V-1")
    bill.add("a", "b")
    settle(gateway)
    return bill


@pytest.fixture
def clerk(gateway):
    return Console(gateway.login())


def refused(reply, status, word=""):
    assert reply.status == status and word in reply.json()["error"]["message"], reply


def test_delete_of_a_file(one):
    file, seen = one.file("a")["id"], one.version()

    def drop(query, **options):
        return one.http.request("DELETE", f"{one.path}/files/{file}", query=query, **options)

    refused(drop({"version": seen - 1}), 409, f"{seen}")
    refused(drop({"version": "x"}), 400, "version")
    refused(drop({"version": seen}, headers={"If-Match": f'"{seen - 1}"'}), 400, "version")
    refused(drop({"version": seen - 1}, headers={"If-Match": f'"{seen}"'}), 400, f"{seen - 1}")
    assert one.names() == "a b"
    assert drop({"version": seen}, headers={"If-Match": f'"{seen}"'}).status == 200
    assert one.names() == "b"


def test_body_and_query_must_agree(one):
    seen, ids = one.version(), one.ids("b a")

    def order(version, query, headers=None):
        return one.http.request("PUT", f"{one.path}/files", json_body={"order": ids, **version}, query=query, headers=headers or {})

    refused(order({"version": seen}, {"version": seen - 1}), 400, "version")
    refused(order({"version": seen}, {}, {"If-Match": f'"{seen - 1}"'}), 400, "version")
    refused(order({}, {"version": seen - 1}), 409)
    assert order({"version": seen}, {"version": seen}, {"If-Match": "*"}).status == 200
    assert one.names() == "b a"


def test_upload(one):
    seen = one.version()
    refused(one.http.request("POST", f"{one.path}/files", pdf("c"), {"Content-Type": "application/pdf"},
                             query={"name": "c.pdf", "version": seen - 1}), 409)
    headers, body = multipart([("c.pdf", pdf("c"))], {"version": seen - 1})
    refused(one.http.request("POST", f"{one.path}/files", body, headers, query={"version": seen}), 400, "version")
    refused(one.http.request("POST", f"{one.path}/files", body, headers), 409)
    assert one.names() == "a b"


def test_captures(clerk):
    capture = clerk.make()
    ids = [page["id"] for page in clerk.add(capture, cover("V-A"), cover("V-B"))["pages"]]
    seen = clerk.settled(capture)["version"]
    page, whole = f"{CAPTURES}/{capture}/pages/{ids[0]}", f"{CAPTURES}/{capture}"
    for path in (page, whole):
        refused(clerk.call("DELETE", path, query={"version": seen - 1}), 409)
        refused(clerk.call("DELETE", path, query={"version": "-1"}), 400, "version")
    raw = {"method": "POST", "path": f"{whole}/pages", "body": cover("V-C")}
    refused(clerk.call(**raw, headers={"Content-Type": "image/jpeg"}, query={"version": seen - 1}), 409)
    headers, body = multipart([("c.jpg", cover("V-C"))], {"version": seen - 1})
    refused(clerk.call("POST", f"{whole}/pages", headers=headers, body=body), 409)
    assert [p["id"] for p in clerk.see(capture)["pages"]] == ids
    assert clerk.call("DELETE", page, query={"version": seen}).status == 200
    assert clerk.call("DELETE", whole, query={"version": clerk.see(capture)["version"]}).status == 204


def test_nothing_chosen_files_nothing(clerk):
    capture = clerk.make(resource="EAS")
    clerk.add(capture, cover("V-NONE"))
    clerk.settled(capture)
    refused(clerk.call("POST", f"{CAPTURES}/{capture}/finish", {"segments": []}), 400, "segments")
    assert clerk.see(capture)["state"] == "OPEN"
    assert clerk.call("POST", f"{CAPTURES}/{capture}/finish", {"segments": ["V-NONE"]}, 200).json()["filed_count"] == 1
