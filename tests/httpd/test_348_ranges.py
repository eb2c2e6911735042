"""What is said of a range or a condition that does not hold, and what HEAD tells."""
import pytest

from test_340_files import Bill, pdf


@pytest.fixture
def one(gateway):
    bill = Bill(gateway, gateway.login(), "RG-1")
    bill.path = f"/api/v1/files/{bill.add('a')['id']}"
    return bill


@pytest.mark.parametrize("headers, status, kind", [({"If-Match": '"x"'}, 412, "precondition_failed"), ({"Range": "bytes=999999-"}, 416, "range_not_satisfiable"),
                                                   ({"Range": "bytes=99999999999999999999-"}, 416, "range_not_satisfiable")])
def test_refusal_is_the_family_s(one, headers, status, kind):
    reply = one.http.get(one.path, headers=headers)
    error = reply.json()["error"]
    assert (reply.status, error["type"], error["request_id"]) == (status, kind, reply.trace)
    assert reply.headers["Content-Type"].startswith("application/json") and "Content-Disposition" not in reply.headers
    assert reply.headers.get("Content-Range") == (f"bytes */{len(pdf('a'))}" if status == 416 else None)


def test_head_tells_the_whole(one):
    reply = one.http.request("HEAD", one.path, headers={"Range": "bytes=0-3"})
    assert (reply.status, reply.headers["Content-Length"]) == (200, str(len(pdf("a")))) and "Content-Range" not in reply.headers
    assert one.http.request("HEAD", one.path, headers={"If-Match": '"x"'}).status == 412


def test_allow_names_head(one):
    reply = one.http.request("PUT", one.path)
    assert (reply.status, reply.headers["Allow"]) == (405, "GET, HEAD")
    assert one.http.request("DELETE", "/api/v1/session/password").headers["Allow"] == "PUT"
