"""The journal of unknown calls: enough to write the route that would serve them, and nothing of what they say."""
import json
import time

import pytest

from harness.client import encrypt_body
from harness.cloudctl import CLIENT
from test_100_start import PUSH, STATUS, bill, change, each, listed, patience, rows
from test_140_push import admit, results

SECRETS = ["张三丰", "6222000011112222", "secret-value", "13800001111"]


def entries(gateway):
    return listed(gateway.ctl.must("journal", "list"))


def unknown(http, path, body=None, method="POST", **options):
    """An unknown call; the number of its journal entry."""
    if isinstance(body, (bytes, str)):
        reply = http.request(method, path, body, **options)
    else:
        reply = http.request(method, path, json_body=body, **options)
    assert reply.status == 404, reply
    return reply


UNKNOWN = [("/api/imgsys", "errcode"), ("/api/imgsys/bill/someNewSuffix", "errcode"), ("/api/imgsys/outside/pushes", "errcode"),
           ("/api/kapi/app/bds/newCall", "errorCode"), ("/api/v1/things", "error")]


def test_unknown_path_is_answered_and_kept(gateway):
    def check(path, member):
        reply = unknown(http, path, {"a": 1}, query={"b": "2", "a": "1"})
        assert member in reply.json() and "journal suggest" in reply.text
        (entry,) = [entry for entry in entries(gateway) if entry["path"] == path]
        wanted = {"method": "POST", "query": "a,b", "count": 1, "source": "127.0.0.1", "why": "unknown path",
                  "trace": reply.trace}
        assert {name: entry[name] for name in wanted} == wanted
        (line,) = gateway.httpd.log.lines(f"FPI0011.*{reply.trace}")
        assert path in line.raw and f"entry {entry['id']}" in line.raw

    with gateway.http() as http:
        each(UNKNOWN, check)
    assert gateway.cloud.log() == [], "it is ours to answer, not the cloud's"


NEIGHBOURS = ["/api/v10/x", "/api/kapi/app/other", "/api/img/sys", "/api/v1x"]


def test_neighbouring_names_are_the_clouds(gateway):
    http = gateway.login()
    for path in NEIGHBOURS:
        http.post(path, {})
        assert [row["path"] for row in gateway.cloud.wait_log(path[4:])] == [path[4:]]
    assert entries(gateway) == []


def test_wrong_method_is_not_unknown(gateway):
    with gateway.http() as http:
        reply = http.get(STATUS)
    assert (reply.status, reply.headers["Allow"]) == (405, "POST")
    assert entries(gateway) == []


SHAPES = [
    ({"scanBillNo": SECRETS[0], "list": [{"card": SECRETS[1], "n": 5}], "on": True, "none": None},
     '{scanBillNo:text,list:[{card:text,n:number|bool}],on:number|bool,none:null}'),
    ([{"phone": SECRETS[3]}], "[{phone:text}]"), ([], "[]"), ({}, "{}"), ("plain text of " + SECRETS[2], "not JSON"),
    ("a=" + SECRETS[2] + "&b=" + SECRETS[3], "form:a,b"), ("<x>" + SECRETS[2] + "</x>", "XML"), (b"\xff\xfe\0\1", "not JSON"),
    (encrypt_body(SECRETS[2], CLIENT["encrypt_key"]), "base64, perhaps encrypted"), ("", ""),
    ({"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": 1}}}}}}}}}}, "..."),
]


def test_shape_is_kept_and_values_are_not(gateway):
    def check(number, body, shape):
        path = f"/api/imgsys/shape/{number}"
        unknown(http, path, body, query={"token": SECRETS[2]})
        (entry,) = [entry for entry in entries(gateway) if entry["path"] == path]
        said = entry["shape"] or ""
        assert said == shape or (shape and shape in said)

    with gateway.http() as http:
        each([(number, *row) for number, row in enumerate(SHAPES)], check)
    shown = json.dumps([gateway.ctl.must("journal", "show", entry["id"]) for entry in entries(gateway)],
                       ensure_ascii=False)
    held = json.dumps(rows(gateway, "SELECT * FROM journal"), ensure_ascii=False)
    logged = "".join(line.raw for line in gateway.httpd.log.lines())
    assert [secret for secret in SECRETS if secret in shown + held + logged] == []


def test_values_as_names_are_bounded(gateway):
    """Whoever puts much into names fills no more than an entry's room."""
    with gateway.http() as http:
        unknown(http, "/api/imgsys/wide", {f"name-{n}-{'x' * 50}": n for n in range(2000)})
        unknown(http, "/api/imgsys/" + "/".join(["deep" * 10] * 40), {})
        unknown(http, "/api/imgsys/many", {}, query={f"q{n}" + "y" * 30: "" for n in range(200)})
    assert len(entries(gateway)) == 3
    for row in rows(gateway, "SELECT * FROM journal"):
        assert sum(len(str(value)) for value in row.values()) < 16 * 1024


def test_same_call_is_counted(gateway):
    with gateway.http() as http:
        for n in range(5):
            unknown(http, "/api/imgsys/same", {"a": n, "b": str(n)}, query={"q": n})
        unknown(http, "/api/imgsys/same", {"a": "text now", "b": ""}, query={"q": 1})
        unknown(http, "/api/imgsys/same", method="GET", query={"q": 1})
    assert sorted((entry["method"], entry["count"]) for entry in entries(gateway)) == [
        ("GET", 1), ("POST", 1), ("POST", 5)]


def test_journal_is_bounded(gateway):
    with gateway.http() as http:
        for n in range(520):
            unknown(http, f"/api/imgsys/flood/{n}", {})
    held = rows(gateway, "SELECT path FROM journal")
    assert len(held) == 500 and {"path": "/api/imgsys/flood/519"} in held and {"path": "/api/imgsys/flood/0"} not in held


@pytest.mark.parametrize("size,chunked", [(300 * 1024, False), (300 * 1024, True)])
def test_large_body_of_an_unknown_call(gateway, size, chunked):
    body = json.dumps({"a": "x" * size}).encode()
    with gateway.http() as http:
        reply = http.request("POST", "/api/imgsys/large", iter([body]) if chunked else body,
                             {"Content-Type": "application/json"})
    assert (reply.status, reply.errcode) == (404, "1404")
    (entry,) = entries(gateway)
    assert entry["path"] == "/api/imgsys/large"


# capture

def capture_until(gateway, seconds):
    change(gateway, "INSERT OR REPLACE INTO setting (tenant, name, value) VALUES (1, 'journal.capture_until', ?)",
           str(int((time.time() + seconds) * 1000000)))


def test_capture_is_off_unless_asked_for_and_ends_by_itself(gateway):
    with gateway.http() as http:
        for seconds, sampled in ((None, False), (600, True), (-1, False)):
            if seconds is not None:
                capture_until(gateway, seconds)
            unknown(http, f"/api/imgsys/capture/{seconds}", {"card": SECRETS[1]})
            (row,) = rows(gateway, "SELECT * FROM journal WHERE path = ?", f"/api/imgsys/capture/{seconds}")
            assert (SECRETS[1] in (row["sample"] or "")) == sampled
    (entry,) = [entry for entry in entries(gateway) if entry["path"].endswith("/600")]
    assert SECRETS[1] in json.dumps(gateway.ctl.must("journal", "show", entry["id"]))


# the line that would serve it

def suggested(gateway, path):
    (entry,) = [entry for entry in entries(gateway) if entry["path"] == path]
    line = gateway.ctl.must("journal", "suggest", entry["id"])["line"]
    assert line.startswith("FPImageRoute ") and path in line
    return line


WOULD_SERVE = [
    ("/api/imgsys/bill/queryStatus", {"scanBillNo": "SG-1", "resource": "EAS"}, "bill_status"),
    ("/api/imgsys/erp/billPush", bill("SG-2"), "bill_push"),
    ("/api/imgsys/partner/receive", {"scanBillNo": "SG-1", "clientId": CLIENT["client_id"], "invoice": []}, "push"),
]


@pytest.mark.parametrize("path,body,handler", WOULD_SERVE, ids=[row[2] for row in WOULD_SERVE])
def test_suggested_line_works(gateway, path, body, handler):
    admit(gateway)
    http = gateway.login()
    http.post("/api/imgsys/bill/signPost/erpBillPush", bill("SG-1"))
    unknown(http, path, body)
    line = suggested(gateway, path)
    assert line.split()[-1] == handler, line
    gateway.httpd.add(line)
    assert gateway.httpd.configtest()[0] == 0
    gateway.httpd.stop()
    gateway.httpd.start()
    reply = http.post(path, body)
    assert (reply.status, reply.errcode) == (200, "0000"), reply


def test_mapped_push_address(make_gateway):
    """Head offices type all sorts of addresses; any can be mapped."""
    one = make_gateway(directives="FPImageRoute /api/receive/aws push\nFPImageRoute PUT /api/imgsys/put bill_status")
    admit(one)
    with one.http() as http:
        body = {"scanBillNo": "MAP-1", "clientId": CLIENT["client_id"], "invoice": []}
        assert results(http.post("/api//receive/aws/", body)) == ["taken"]
        assert results(http.post(PUSH, body)) == ["unchanged"]
        assert http.get("/api/receive/aws").status == 405
        assert http.request("PUT", "/api/imgsys/put", json_body={}).status == 401
        assert http.post("/api/imgsys/put", {}).status == 405
    assert one.cloud.log("/receive") == []


def test_push_to_a_mistyped_address_is_found_again(gateway):
    """The support case: pushes vanish because the address is wrong; here they are in the journal."""
    admit(gateway)
    gateway.cloud.push_here(gateway.url + "/api/imgsys/outside/psuh", gateway.cloud.generate(3), timeout=patience(10))
    assert [(entry["path"], entry["count"]) for entry in entries(gateway)] == [("/api/imgsys/outside/psuh", 6)]
    assert suggested(gateway, "/api/imgsys/outside/psuh").endswith(" push")
