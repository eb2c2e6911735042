"""Tokens of the cloud: fetched once for all, renewed in time, dropped when refused, and what is said when there is none."""
import concurrent.futures
import json
import threading
import time

import pytest

from harness import processes
from harness.cloudctl import CLIENT, OTHER_CLIENT
from harness.places import at_least
from test_100_start import SLOWDOWN, patience
from test_190_relay import TOKEN_PATH, cloud_tokens, field, seen, sha256

WRONG = {**CLIENT, "secret": "not-what-the-gateway-has"}


def at_once(gateway, token, calls, path="/api/m1/x", **options):
    """The answers to `calls` calls that begin together, each on a connection of its own."""
    gate = threading.Barrier(calls)

    def call(_):
        with gateway.httpd.http(token=token, timeout=patience(60)) as http:
            http.connection().connect()
            gate.wait(patience(60))
            return http.get(path, **options)

    with concurrent.futures.ThreadPoolExecutor(calls) as pool:
        return list(pool.map(call, range(calls)))


def statuses(replies):
    return {reply.status for reply in replies}


def refused_tokens(gateway, client=CLIENT):
    return gateway.cloud.stats()["tokens_refused"].get(client["client_id"], 0)


# one fetch for all

@pytest.mark.mpm
@pytest.mark.parametrize("cache", ["", "FPImageTokenCache dbm:{root}/data/tokens"], ids=["shmcb", "dbm"])
def test_one_fetch_for_all_callers_of_all_children(make_gateway, cache):
    """Every worker of every child waits at the same time for the token, which takes a while."""
    gateway = make_gateway(start=False, processes=4, threads=16, modules=["socache_dbm"] if cache else [])
    gateway.httpd.add(cache.format(root=gateway.httpd.root))
    gateway.httpd.add(f"FPImageUpstreamTimeout {int(at_least(5))} 60 60")  # 64 handshakes at once
    gateway.httpd.start()
    token = gateway.login().token
    gateway.cloud.behave("slow", TOKEN_PATH, ms=700)
    assert statuses(at_once(gateway, token, 64)) == {200}
    assert gateway.cloud.fetches() == 1
    assert len(cloud_tokens(gateway)) == 1 and len(seen(gateway, "/m1/x", 64)) == 64


def test_each_enterprise_has_its_own(make_gateway):
    gateway = make_gateway(clients=(CLIENT, OTHER_CLIENT))
    tokens = {client["client_id"]: gateway.login(client).token for client in (CLIENT, OTHER_CLIENT)}

    def call(number):
        name = list(tokens)[number % 2]
        with gateway.httpd.http(token=tokens[name], timeout=patience(30)) as http:
            return http.get(f"/api/m1/{name}/{number}").status

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        assert set(pool.map(call, range(64))) == {200}
    assert all(row["path"].split("/")[2] == row["client"] for row in seen(gateway, "/m1/", 64))
    assert (gateway.cloud.fetches(), gateway.cloud.fetches(OTHER_CLIENT["client_id"])) == (1, 1)


@pytest.mark.mpm
def test_new_child_takes_the_token_that_is_there(make_gateway):
    gateway = make_gateway(processes=2, threads=4)
    token = gateway.login().token
    at_once(gateway, token, 8)
    for pid in gateway.httpd.children()[:2]:
        gateway.httpd.kill_child(pid)
    assert statuses(at_once(gateway, token, 8)) == {200}
    assert gateway.cloud.fetches() == 1


def test_token_call_is_the_vendors(gateway):
    """The stand-in checks sign, type and plain JSON; here is what it does not look at."""
    gateway.login().get("/api/m1/x")
    (row,) = [entry for entry in gateway.cloud.log() if entry["path"] == TOKEN_PATH]
    value = json.loads(row["body"])
    assert (row["method"], row["query"], row["status"]) == ("POST", {}, 200)
    assert value["client_id"] == CLIENT["client_id"] and abs(value["timestamp"] / 1000 - time.time()) < patience(30)
    assert len(field(row, "X-Trace-Id")) == len(field(row, "traceparent")) == 1
    assert field(row, "Authorization") == []


# renewal

@pytest.mark.slow
def test_renewed_in_the_background_before_it_ends(make_gateway):
    """Asked all the time over more than a life of the token, no caller waits for a fetch, slow as fetches are."""
    gateway = make_gateway(processes=2, threads=4)
    gateway.cloud.token_lifetime(12)
    http = gateway.login()
    http.get("/api/m1/x")
    gateway.cloud.behave("slow", TOKEN_PATH, ms=1000)
    begin, slowest = time.monotonic(), 0.0
    while time.monotonic() - begin < 11.5:
        reply = http.get("/api/m1/x")
        assert reply.status == 200, reply
        slowest = max(slowest, reply.seconds)
        time.sleep(0.05)
    assert slowest < 0.8
    assert gateway.cloud.fetches() == 2
    assert 401 not in {row["status"] for row in seen(gateway, "/m1/x", 100)}
    fetched = [row["time"] for row in gateway.cloud.log() if row["path"] == TOKEN_PATH]
    assert 8.5 < fetched[1] - fetched[0] < 10.8


@pytest.mark.slow
def test_unused_token_is_left_to_end(gateway):
    gateway.cloud.token_lifetime(3)
    http = gateway.login()
    assert http.get("/api/m1/x").status == 200
    time.sleep(4)
    assert gateway.cloud.fetches() <= 2
    assert http.get("/api/m1/x").status == 200
    assert gateway.cloud.fetches() <= 3 and 401 not in {row["status"] for row in seen(gateway, "/m1/x", 2)}


@pytest.mark.slow
def test_renewal_that_fails_costs_nothing(gateway):
    """The old token is used to its end, and the failure is told."""
    gateway.cloud.token_lifetime(10)
    http = gateway.login()
    http.get("/api/m1/x")
    gateway.httpd.expect_log("FPI0020.*could not be renewed")
    rule = gateway.cloud.behave("fail", TOKEN_PATH, status=500)
    end = time.monotonic() + 8.7
    while not gateway.cloud.rules()[0]["hits"] and time.monotonic() < end:
        assert http.get("/api/m1/x").status == 200
        time.sleep(0.1)
    gateway.httpd.log.wait_for("could not be renewed")
    assert http.get("/api/m1/x").status == 200
    gateway.cloud.behave_normally(rule)
    time.sleep(max(0.0, end + 0.5 - time.monotonic()))
    assert http.get("/api/m1/x").status == 200


# the cloud does not take it

BODIES = {"none": ("GET", None), "json": ("POST", b'{"a":1}'), "bytes": ("PUT", b"\0" * 65536),
          "form": ("POST", b"a=b"), "empty": ("POST", b"")}


@pytest.mark.valgrind
@pytest.mark.mpm
@pytest.mark.parametrize("status", [401, 200])
def test_refused_token_is_dropped_and_the_call_repeated(gateway, status):
    http = gateway.login()
    gateway.cloud.refusal_status(status)
    for turn, (method, body) in enumerate(BODIES.values()):
        gateway.cloud.revoke()
        reply = http.request(method, f"/api/m1/{turn}", body)
        assert (reply.status, reply.errcode, reply.json()["data"]["bodySha256"]) == (200, "0000", sha256(body or b""))
        rows = [(row["method"], row["status"]) for row in seen(gateway, f"/m1/{turn}", 1)]
        assert rows == ([(method, status)] if turn else []) + [(method, 200)]
    assert gateway.cloud.fetches() == len(BODIES)


def test_refusal_for_a_caller_that_takes_compressed_answers(gateway):
    http = gateway.login()
    gateway.cloud.refusal_status(200)
    gateway.cloud.behave("gzip", times=-1)
    assert http.get("/api/m1/x").status == 200
    gateway.cloud.revoke()
    reply = http.post("/api/m1/x", {"a": 1}, headers={"Accept-Encoding": "gzip, deflate"})
    assert (reply.status, reply.errcode) == (200, "0000")
    assert gateway.cloud.fetches() == 2


def test_repeat_of_encrypted_and_signed_calls(gateway):
    http = gateway.login()
    path = "/m5/bill/invoice/create"
    assert http.post("/api" + path, {"n": 1}).json()["data"]["echo"] == {"n": 1}
    gateway.cloud.revoke()
    assert http.post("/api" + path, {"n": 2}).json()["data"]["echo"] == {"n": 2}
    assert len(seen(gateway, path, 3)) == 3


LATE = {"chunked": (b"x" * 70000, True), "small chunked": (b"{}", True), "large": (b"x" * 70000, False)}


@pytest.mark.parametrize("status", [401, 200])
@pytest.mark.parametrize("body,chunked", LATE.values(), ids=LATE.keys())
def test_streamed_body_is_not_sent_again(gateway, body, chunked, status):
    """The cloud's refusal is handed on; whoever calls then gets through."""
    http = gateway.login()
    http.get("/api/m1/x")
    gateway.cloud.refusal_status(status)
    gateway.cloud.revoke()
    send = (lambda: iter([body])) if chunked else (lambda: body)
    reply = http.request("POST", "/api/m1/up", send())
    assert (reply.status, reply.errcode, reply.json()["description"]) == (status, "1300", "access_token无效或已过期")
    assert len(seen(gateway, "/m1/up")) == 1
    assert http.request("POST", "/api/m1/up", send()).json()["data"]["bodyBytes"] == len(body)
    assert gateway.cloud.fetches() == 2


@pytest.mark.parametrize("answer", [
    {"action": "errcode", "status": 401}, {"action": "errcode", "status": 200},
    {"action": "fail", "status": 401, "body": "<html>no</html>"}, {"action": "fail", "status": 401, "body": ""},
    {"action": "fail", "status": 200, "body": {"errcode": 1300, "description": "x" * 3000}},
    {"action": "fail", "status": 200, "body": {"success": False, "errorCode": "1300", "message": "x", "data": None}}])
def test_call_that_is_always_refused_is_repeated_once(gateway, answer):
    http = gateway.login()
    assert http.get("/api/m1/good").status == 200
    gateway.cloud.behave(match="/m1/bad", **answer)
    reply = http.get("/api/m1/bad")
    assert reply.status == answer["status"]
    assert len(seen(gateway, "/m1/bad", 2)) == 2
    assert len({query for row in seen(gateway, "/m1/bad", 2) for query in row["query"]["access_token"]}) == 2
    assert http.get("/api/m1/good").status == 200


def test_bad_calls_do_not_become_a_storm_of_fetches(make_gateway):
    gateway = make_gateway(processes=1)
    http = gateway.login()
    gateway.cloud.behave("errcode", "/m1/bad", status=401)
    for _ in range(30):
        assert (http.get("/api/m1/bad").status, http.get("/api/m1/good").status) == (401, 200)
    assert gateway.cloud.fetches() <= 6 + int(SLOWDOWN)


def test_words_that_only_look_like_a_refusal(gateway):
    http = gateway.login()
    for number, body in enumerate(({"errcode": "0000", "data": {"errcode": "1300"}}, {"errcode": "0000", "amount": "1300.00"},
                                   [{"errcode": "1300"}], "errcode 1300", {"errcode": "13001"})):
        gateway.cloud.behave("fail", f"/m1/{number}", status=200, body=body if isinstance(body, str) else body)
        reply = http.get(f"/api/m1/{number}")
        assert reply.status == 200 and len(seen(gateway, f"/m1/{number}")) == 1
        assert (reply.text if isinstance(body, str) else reply.json()) == body
    assert gateway.cloud.fetches() == 1


@pytest.mark.mpm
def test_one_fetch_after_a_revocation(make_gateway):
    gateway = make_gateway(processes=2, threads=16)
    token = gateway.login().token
    assert statuses(at_once(gateway, token, 32)) == {200}
    gateway.cloud.revoke()
    gateway.cloud.behave("slow", TOKEN_PATH, ms=500)
    assert statuses(at_once(gateway, token, 32)) == {200}
    assert gateway.cloud.fetches() == 2


# no token to be had

def test_cloud_that_is_not_there(make_cloud, make_gateway):
    away = make_cloud()
    gateway = make_gateway(cloud=away, directives="FPImageUpstreamTimeout 2 5 5")
    http = gateway.login()
    away.verify = lambda: None
    away.close()
    gateway.httpd.expect_log("FPI0020.*no connection", count=3)
    for method, body in (("GET", None), ("POST", b"{}"), ("POST", iter([b"x"]))):
        reply = http.request(method, "/api/m1/x", body)
        assert (reply.status, reply.errcode) == (502, "1502")
        assert 1 <= int(reply.headers["Retry-After"]) <= 60 and reply.seconds < patience(3)
        assert str(away.port) not in reply.text and "curl" not in reply.text


BROKEN = {
    "page": ({"body": "<html>login</html>"}, 502), "empty": ({"body": ""}, 502), "list": ({"body": "[]"}, 502),
    "no errcode": ({"body": {"access_token": "x", "expires_in": 5}}, 502),
    "no token": ({"body": {"errcode": "0000", "expires_in": 5}}, 502),
    "empty token": ({"body": {"errcode": "0000", "access_token": "", "expires_in": 5}}, 502),
    "line end": ({"body": {"errcode": "0000", "access_token": "a\r\nX: y", "expires_in": 5}}, 502),
    "blank": ({"body": {"errcode": "0000", "access_token": "a b", "expires_in": 5}}, 502),
    "long": ({"body": {"errcode": "0000", "access_token": "a" * 5000, "expires_in": 5}}, 502),
    "no life": ({"body": {"errcode": "0000", "access_token": "abc"}}, 502),
    "life of 0": ({"body": {"errcode": "0000", "access_token": "abc", "expires_in": 0}}, 502),
    "life below 0": ({"body": {"errcode": "0000", "access_token": "abc", "expires_in": -5}}, 502),
    "error": ({"status": 500}, 502), "too many": ({"status": 429}, 502),
    "redirect": ({"status": 302, "body": "", "headers": {"Location": "/elsewhere"}}, 502),
    "good words of a bad status": ({"status": 404, "body": {"errcode": "0000", "access_token": "abc", "expires_in": 5}}, 502),
}


def test_token_answers_that_are_none(gateway):
    """Each is answered 1502, nothing is called with what came, and the next fetch finds a good one."""
    http = gateway.login()
    gateway.httpd.expect_log("FPI0020", count=len(BROKEN))
    for name, (answer, status) in BROKEN.items():
        rule = gateway.cloud.behave("fail", TOKEN_PATH, **{"status": 200, **answer})
        reply = http.get("/api/m1/x")
        assert (reply.status, reply.errcode) == (status, "1502"), name
        assert int(reply.headers["Retry-After"]) >= 1 and "html" not in reply.text, name
        gateway.cloud.behave_normally(rule)
    assert seen(gateway, "/m1", 0) == []
    assert http.get("/api/m1/x").status == 200


def test_token_answer_with_a_number_as_text(gateway):
    gateway.cloud.behave("fail", TOKEN_PATH, status=200,
                         body={"errcode": "0000", "access_token": "abcdefghij", "expires_in": "129600"})
    gateway.cloud.behave("fail", "/m1/x", status=200, body={"errcode": "0000"})
    assert gateway.login().get("/api/m1/x").status == 200
    assert cloud_tokens(gateway) == {"abcdefghij"}


def test_token_call_that_hangs(make_gateway):
    gateway = make_gateway(directives="FPImageUpstreamTimeout 1 1 1")
    http = gateway.login()
    gateway.cloud.behave("hang", TOKEN_PATH, times=1)
    gateway.httpd.expect_log("FPI0020", count=1)
    reply = http.get("/api/m1/x")
    assert (reply.status, reply.errcode) == (504, "1504")
    assert int(reply.headers["Retry-After"]) >= 1 and reply.seconds < patience(5)
    assert http.get("/api/m1/x").status == 200


# the cloud refuses us

def test_refusal_is_remembered_and_told_in_the_clouds_words(make_gateway):
    gateway = make_gateway(processes=1)
    gateway.cloud.add_client(WRONG)
    http = gateway.login()
    gateway.httpd.expect_log("FPI0023.*TESTCLIENT01")
    for _ in range(10):
        reply = http.get("/api/m1/x")
        assert (reply.status, reply.errcode) == (502, "1502")
        assert "签名认证不通过" in reply.json()["description"] and "发票云" in reply.json()["description"]
    assert refused_tokens(gateway) == 1
    assert 1 <= int(reply.headers["Retry-After"]) <= 6
    gateway.cloud.add_client(CLIENT)
    assert processes.wait_until(lambda: http.get("/api/m1/x").status == 200, patience(8), 0.3)
    assert CLIENT["secret"] not in "".join(line.raw for line in gateway.httpd.log.lines())


def test_refused_tokens_do_not_flood_the_log(make_gateway):
    """One line for each enterprise, however many calls, children and fetches there are, and one when it is over."""
    gateway = make_gateway(processes=2, threads=8, clients=(CLIENT, OTHER_CLIENT))
    for client in (CLIENT, OTHER_CLIENT):
        gateway.cloud.remove_client(client["client_id"])
    callers = [gateway.login(client) for client in (CLIENT, OTHER_CLIENT)]
    gateway.httpd.expect_log(f"FPI0023.*{CLIENT['client_id']}", count=1)
    gateway.httpd.expect_log(f"FPI0023.*{OTHER_CLIENT['client_id']}", count=1)
    for http in callers:
        for _ in range(5):
            assert statuses(at_once(gateway, http.token, 10)) == {502}
    gateway.cloud.add_client(CLIENT)
    assert processes.wait_until(lambda: callers[0].get("/api/m1/x").status == 200, patience(8), 0.3)
    (over,) = gateway.httpd.log.lines("FPI0026")
    assert CLIENT["client_id"] in over.text and over.level == "notice"
    assert int(over.text.split("again; ")[1].split()[0]) >= 49


def test_corrected_secret_is_used_at_once(make_gateway):
    """The refusal of the old one is not waited for."""
    gateway = make_gateway(clients=(WRONG,), processes=2)
    gateway.httpd.expect_log("FPI0023")
    assert gateway.login(WRONG).get("/api/m1/x").status == 502
    gateway.add_enterprise(CLIENT)
    assert statuses(at_once(gateway, gateway.login(CLIENT).token, 8)) == {200}


def test_client_that_the_cloud_does_not_know(gateway):
    gateway.cloud.remove_client(CLIENT["client_id"])
    gateway.httpd.expect_log("FPI0023.*TESTCLIENT01")
    reply = gateway.login().get("/api/m1/x")
    assert (reply.status, reply.errcode) == (502, "1502") and "非法的客户ID" in reply.json()["description"]


def test_words_with_the_secret_in_them_are_not_told(gateway):
    gateway.cloud.behave("fail", TOKEN_PATH, status=200,
                         body={"errcode": "1101", "description": f"sign of {CLIENT['secret']} is wrong"})
    gateway.httpd.expect_log("FPI0023")
    reply = gateway.login().get("/api/m1/x")
    assert (reply.errcode, CLIENT["secret"] in reply.text) == ("1502", False)
    assert CLIENT["secret"] not in "".join(line.raw for line in gateway.httpd.log.lines())
