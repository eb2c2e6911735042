"""fpimagectl bill, push and journal: what came of a bill, and what of calls that nobody knew."""
import json
import re

import pytest

from harness.client import Ctl, run_ctl
from test_200_ctl import DONE, FAILED, USAGE, desk, insert_bill, insert_journal, insert_push, now  # noqa: F401 (desk is a fixture)


# bills

def test_bill_show(desk):
    made = insert_bill(desk, "A-1", bill_no="BX-1", type_name="差旅", state=1, page_count=1)
    desk.insert("file", tenant=1, bill=made, invoice=0, kind=1, name="发票.pdf", sha256="ab" * 32, media="application/pdf", size=5,
                position=1, created=now())
    desk.insert("invoice", tenant=1, bill=made, type=1, number="123", gross=12345, check_status=1)
    desk.insert("trail", tenant=1, bill=made, at=now(), kind="announced", actor="client:X", trace="1" * 32, note="first")
    desk.insert("trail", tenant=1, bill=made, at=now(), kind="state", note="second", detail='{"a":1}')
    value = desk.ctl.must("bill", "show", " a-1 ")
    assert (value["number"], value["state"], value["state_name"], value["type_name"]) == ("A-1", 1, "uploaded", "差旅")
    assert value["files"][0]["name"] == "发票.pdf" and value["invoices"][0]["gross"] == "123.45" and value["invoices"][0]["net"] is None
    assert value["job"] is None and "submitted" in value["why"]
    assert desk.ctl.must("bill", "show", "BX-1")["number"] == "A-1", "by the ERP's number, too"
    events = desk.ctl.must("bill", "trail", "A-1")
    assert [(event["kind"], event["note"]) for event in events] == [("announced", "first"), ("state", "second")]
    assert events[1]["detail"] == {"a": 1}
    _, out, _ = run_ctl("-d", desk.data, "bill", "show", "A-1", "--lang", "zh")
    assert "已上传" in out and "发票.pdf" in out and "123.45" in out
    assert run_ctl("-d", desk.data, "bill", "trail", "A-1")[1].count("\n") == 3


def pending(desk, bill, **values):
    desk.insert("job", **{"tenant": 1, "kind": "pull", "key": str(bill), "state": "ready", "due": now(), "first": now(),
                          "lease_until": 0, "attempts": 0, "again": 0, **values})


STUCK = [
    ({}, None, "nobody has scanned"), ({"is_announced": 0}, None, "no work is pending"), ({"state": 9, "reason": "wrong"}, None, "void: wrong"),
    ({"state": 4, "reason": "blurred"}, None, "sent back: blurred"), ({"state": 6, "reason": "damaged"}, None, "failed: damaged"),
    ({"state": 2}, None, "review"), ({"state": 3}, None, "done"), ({}, {}, "waits for a worker"),
    ({}, {"due": 1}, "does httpd run?"), ({}, {"attempts": 2, "last_error": "timed out", "due": now() + 10**9}, "try 2 to pull it failed: timed out"),
    ({}, {"state": "leased", "lease_until": now() + 10**9, "attempts": 1}, "being worked on"),
    ({}, {"state": "parked", "attempts": 9, "last_error": "refused by the cloud"}, "given up after 9 tries: refused by the cloud"),
]


@pytest.mark.parametrize("values,job,words", STUCK, ids=[row[2] for row in STUCK])
def test_why_is_it_stuck(desk, values, job, words):
    made = insert_bill(desk, "A-1", **values)
    if job is not None:
        pending(desk, made, **job)
    value = desk.ctl.must("bill", "show", "A-1")
    assert words in value["why"] and (value["job"] is None) == (job is None)
    _, out, _ = run_ctl("-d", desk.data, "--lang", "zh", "bill", "show", "A-1")
    assert re.search(r"说明 +\S", out)


def test_refused_push_is_no_silence(desk):
    insert_push(desk, "refused", number="A-1", reason="no row in the push table")
    code, value = desk.ctl("bill", "show", "A-1")
    assert code == FAILED and "no row in the push table" in value["error"]["message"]
    insert_bill(desk, "A-1")
    value = desk.ctl.must("bill", "show", "A-1")
    assert "no row in the push table" in value["why"] and value["last_refused_push"]["status"] == "refused"
    code, value = desk.ctl("bill", "show", "A-2")
    assert code == FAILED and "ERP" in value["error"]["message"]


def test_ambiguity_is_named(desk):
    for resource in ("EAS", "K3", ""):
        insert_bill(desk, "A-1", resource=resource)
    code, value = desk.ctl("bill", "show", "A-1")
    assert code == USAGE and [one["resource"] for one in value["error"]["candidates"]] == ["EAS", "K3", ""]
    for resource in ("EAS", "K3", ""):
        assert desk.ctl.must("bill", "show", "A-1", "--resource", resource)["resource"] == resource
        assert desk.ctl.must("bill", "trail", "A-1", "--resource", resource) == []
    code, value = desk.ctl("bill", "show", "A-1", "--resource", "SAP")
    assert code == FAILED and "EAS" in value["error"]["message"]


@pytest.mark.parametrize("number", ["", "  ", "A B", "x" * 101, "A\x1b[31m"])
def test_bad_number(desk, number):
    assert desk.ctl("bill", "show", number)[0] == USAGE


# pushes

def test_push_log(desk):
    made = insert_bill(desk, "A-1")
    one = insert_push(desk, "parked", bill=made, number="A-1", reason="gone", body='{"a":"值"}'.encode())
    other = insert_push(desk, "refused", reason="nobody")
    third = insert_push(desk, "done", bill=made)
    ids = [push["id"] for push in desk.ctl.must("push", "list")]
    assert ids == [third, other, one]
    assert [push["id"] for push in desk.ctl.must("push", "list", "--failed")] == [other, one]
    assert [push["id"] for push in desk.ctl.must("push", "list", "--limit", 1, "--before", third)] == [other]
    assert desk.ctl.must("push", "show", one)["body"] == {"a": "值"}
    assert desk.ctl("push", "show", 99)[0] == FAILED
    assert desk.ctl.must("push", "replay", one)["result"] == "queued"
    assert desk.sql("SELECT kind, key, state FROM job") == [{"kind": "pull", "key": str(made), "state": "ready"}]
    (event,) = desk.ctl.must("bill", "trail", "A-1")
    assert event["actor"].startswith("admin:") and "by hand" in event["note"]
    assert desk.ctl("push", "replay", other)[0] == FAILED and desk.ctl("push", "replay", 99)[0] == FAILED


def test_what_strangers_send_does_not_steer_the_terminal(desk):
    made = insert_push(desk, "refused", number="A-1", reason="\x1b]0;owned\x07 \x9b31m \u009b", body=b'"\x1b[2J"', source="\x1b[1m")
    for args in (["push", "list"], ["push", "show", made], ["bill", "show", "A-1"]):
        _, out, err = run_ctl("-d", desk.data, *args)
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", out + err)
    _, out, _ = run_ctl("-d", desk.data, "--json", "push", "show", made)
    assert "\x1b" not in out and "owned" in json.loads(out)["reason"]


# journal

def test_journal(desk):
    made = insert_journal(desk, path="/api/imgsys/query", query="a,b", shape="{scanBillNo:text,resource:text}", sample='{"x":"张"}')
    (entry,) = desk.ctl.must("journal", "list")
    assert (entry["id"], entry["path"], entry["has_sample"]) == (made, "/api/imgsys/query", True) and "sample" not in entry
    assert "张" in desk.ctl.must("journal", "show", made)["sample"]
    assert desk.ctl("journal", "show", made + 1)[0] == FAILED
    code, out, _ = run_ctl("-d", desk.data, "journal", "suggest", made)
    assert code == DONE and out.startswith("FPImageRoute POST /api/imgsys/query ")
    assert all(line.startswith("#") for line in out.splitlines()[1:]), "the rest may be pasted along"


@pytest.mark.parametrize("path,shape,query,handler,sure", [
    ("/api/imgsys/oauth/token", "{client_id:text,timestamp:text,sign:text}", "", "oauth_token", "high"),
    ("/api/x/erpBillPush", "[{fscanBillNo:text,fbillId:text,fbillTypeCode:text,resource:text}]", "", "bill_push", "high"),
    ("/api/imgsys/bill/h5/status", "{scanBillNo:text,resource:text}", "", "bill_status", "high"),
    ("/api/imgsys/rescan", "{scanBillNo:text,reason:text,operator:text}", "", "bill_rescan", "high"),
    ("/api/imgsys/bind-voucher", "form:scanBillNo,voucherNo", "", "bill_voucher", "high"),
    ("/api/imgsys/outside/psuh", "{scanBillNo:text,clientId:text,taxNo:text}", "", "push", "high"),
    ("/api/aws/in", "base64, perhaps encrypted", "client_id", "push", "medium"),
    ("/api/imgsys/a", "{scanBillNo:text}", "", None, "low")])
def test_suggestion(desk, path, shape, query, handler, sure):
    value = desk.ctl.must("journal", "suggest", insert_journal(desk, path=path, shape=shape, query=query))
    assert value["sureness"] == sure and (handler is None or value["handler"] == handler), value
    assert value["line"] == f"FPImageRoute POST {path} {value['handler']}" and value["reasons"]


def test_suggestion_that_cannot_be(desk):
    assert desk.ctl("journal", "suggest", insert_journal(desk, path="/api/imgsys/zzz"))[0] == FAILED
    code, value = desk.ctl("journal", "suggest", insert_journal(desk, path="/api/imgsys/a b/push"))
    assert code == FAILED and value["line"] is None and value["obstacle"]


def test_every_handler_can_be_suggested(desk):
    """Who adds a handler adds what calls of it look like."""
    routes = [route for route in Ctl().must("routes") if not route["path"].startswith("/api/v1/")]  # nobody mistakes those
    handlers = {route["handler"] for route in routes}
    found = set()
    for route in routes:
        path = "/api/other/" + route["path"].rsplit("/", 1)[1]
        code, value = desk.ctl("journal", "suggest", insert_journal(desk, path=path, method=route["method"]))
        found.add(value.get("handler"))
    assert handlers - found == set()


def test_capture(desk):
    value = desk.ctl.must("journal", "capture", "--minutes", 5)
    assert value["is_on"] and value["until"]
    (row,) = desk.sql("SELECT value FROM setting WHERE name = 'journal.capture_until'")
    assert abs(int(row["value"]) - now() - 300 * 10**6) < 60 * 10**6
    for args in (["off"], ["--minutes", "off"]):
        assert desk.ctl.must("journal", "capture", *args) == {"is_on": False, "until": None}
        assert desk.sql("SELECT value FROM setting WHERE name = 'journal.capture_until'") == []
