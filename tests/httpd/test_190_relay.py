"""The proxy half, one call at a time: what of a request reaches the cloud, and what of its answer the caller."""
import concurrent.futures
import gzip
import hashlib
import json
import re
import urllib.parse

import pytest

from harness.client import Raw, sign
from harness.cloudctl import CLIENT
from test_100_start import PARENT, TRACE, metric, patience

TOKEN_PATH = "/base/oauth/token"


# helpers of the files on the proxy half

def seen(gateway, path="", count=1):
    """What the cloud got below `path`, its token calls left out, once there are `count` of them and all have come whole."""
    gateway.cloud.wait_log(path, max(count, len(gateway.cloud.log(path))), patience(10))
    return [row for row in gateway.cloud.log(path) if row["path"] != gateway.cloud.base + TOKEN_PATH]


def one(gateway, path):
    """The only request that the cloud got below `path`."""
    (row,) = seen(gateway, path)
    return row


def field(row, name):
    """All values of a header as the cloud got them."""
    return [value for key, value in row["headers"] if key == name.lower()]


def cloud_tokens(gateway):
    """Every token of the cloud's that was used so far."""
    found = set()
    for row in gateway.cloud.log():
        found.update(row["query"].get("access_token", ()))
        found.update(value for key, value in row["headers"] if key in ("access_token", "accesstoken"))
        found.update(value.split()[1] for value in field(row, "Authorization"))
    return found


def query_of(row):
    return row["target"].partition("?")[2]


def raw_call(gateway, target, method="GET", headers=(), body=b"", version="HTTP/1.1"):
    """One request exactly as written; the parsed answer."""
    lines = [f"{method} {target} {version}", f"Host: 127.0.0.1:{gateway.httpd.port}", "Connection: close", *headers]
    if body or method in ("POST", "PUT", "PATCH"):
        lines.append(f"Content-Length: {len(body)}")
    with Raw("127.0.0.1", gateway.httpd.port, timeout=patience(20)) as raw:
        raw.send(("\r\n".join(lines) + "\r\n\r\n").encode("utf-8") + body)
        return raw.response(method)


def bearer(http):
    return {"Authorization": f"Bearer {http.token}"}


def bearer_line(http):
    return f"Authorization: Bearer {http.token}"


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def nothing_reached(cloud):
    stats = cloud.stats()
    return (stats["requests"], stats["connections"]["accepted"]) == (0, 0)


# method, path, query, body

@pytest.mark.mpm
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
def test_method_and_body(gateway, method):
    http = gateway.login()
    body = b"\x00\xff\r\n0\r\n\r\n" if method in ("POST", "PUT", "PATCH", "DELETE") else None
    reply = http.request(method, "/api/m1/company/x", body=body, headers={"Content-Type": "text/x-any"})
    row = one(gateway, "/m1/company/x")
    assert (reply.status, row["method"], row["body_sha256"]) == (200, method, sha256(body or b""))
    assert field(row, "Content-Type") == ["text/x-any"]
    if method != "HEAD":
        assert reply.json()["data"]["bodySha256"] == sha256(body or b"")


@pytest.mark.parametrize("method", ["TRACE", "BREW", "PROPFIND", "get"])
def test_other_methods_are_not_relayed(gateway, method):
    http = gateway.login()
    reply = raw_call(gateway, "/api/m1/x", method, [bearer_line(http)])
    assert reply.status in (405, 501) and http.token not in reply.text
    assert reply.status == 501 or "GET" in (reply.headers["Allow"] or "")
    assert seen(gateway, "/", 0) == []


def test_connect_opens_no_tunnel(gateway):
    reply = raw_call(gateway, gateway.cloud.authority, "CONNECT", [bearer_line(gateway.login())])
    assert reply.status >= 400
    assert nothing_reached(gateway.cloud)


PATHS = {"/m1/a%20b/%E4%B8%AD": None, "/m1/a+b;v=1,2/@!$'()*~": None, "/m1/b:c": None, "/m1/%41": None, "/m1/50%25": None,
         "/m1/x%3Fy%23z": None, "/m1/中文": "/m1/%E4%B8%AD%E6%96%87", "/m1/x/": "/m1/x", "/m1/" + "s/" * 50 + "x": None,
         "/m1/" + "y" * 3000: None}


def test_path_as_it_is(gateway):
    http = gateway.login()
    for path in PATHS:
        assert raw_call(gateway, "/api" + path, headers=[bearer_line(http)]).status == 200, path
    assert [row["target"] for row in seen(gateway, "/m1")] == [arrives or path for path, arrives in PATHS.items()]


QUERIES = ["a=1", "a=1&b=2", "b=2&a=1", "a", "a=", "=a", "&a=1&&b=2&", "a=%20+%2B%26%3D", "a=%e4%b8%ad", "a=b=c?d/e:f@g",
           "a=%7B%22x%22%3A1%7D", "a=1&a=2", "a=%D6%D0%CE%C4", "a=%zz", "a=100%", "a='\"<>|", "reqid=1769817600123001"]


def test_query_byte_for_byte(gateway):
    """Also one that we could not read: names given twice, another character set, a lone percent sign."""
    http = gateway.login()
    for query in QUERIES:
        raw_call(gateway, f"/api/m1/q?{query}", headers=[bearer_line(http)])
    arrived = [query_of(row) for row in seen(gateway, "/m1/q")]
    assert [query for query in QUERIES if query not in arrived] == []
    assert arrived == QUERIES


SHAPES = ["access_token={t}", "a=1&access_token={t}", "access_token={t}&b=%20+&&c", "x=%26access_token&access_token={t}&y",
          "%61ccess_token={t}&z=1", "access_token={e}&z=1"]


def test_query_keeps_all_but_the_token(gateway):
    http = gateway.login()
    encoded = "".join(f"%{ord(letter):02x}" for letter in http.token)
    for shape in SHAPES:
        raw_call(gateway, "/api/m1/q?" + shape.format(t=http.token, e=encoded))
    (token,) = cloud_tokens(gateway)
    arrived = [query_of(row) for row in seen(gateway, "/m1/q")]
    assert [shape for shape in SHAPES if shape.format(t=token, e=token) not in arrived] == []


SIZES = [0, 1, 100, 65535, 65536, 65537, 300000]


@pytest.mark.valgrind
@pytest.mark.mpm
def test_lengths_and_chunks_both_ways(gateway):
    http = gateway.login()
    for size in SIZES:
        body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
        for chunked in (False, True):
            sent = iter([body[:7], body[7:]]) if chunked else body
            answer = http.stream("POST", "/api/echo/x", sent, {"Content-Type": "text/x-any"})
            assert (answer.status, answer.read()) == (200, body)
            row = seen(gateway, "/echo/x")[-1]
            framing = field(row, "Content-Length"), field(row, "Transfer-Encoding")
            assert (row["body_sha256"], row["body_complete"]) == (sha256(body), True)
            assert framing == (([], ["chunked"]) if chunked else ([str(size)], []))
            if size or not chunked:  # of an answer that is empty httpd knows the length in time
                assert answer.getheader("Content-Length") == (None if chunked else str(size))


def test_many_callers_get_their_own_answers(gateway):
    token = gateway.login().token

    def ask(number):
        for turn in range(5):
            body = f"{number}-{turn}-".encode() * (1 + number * 700)
            with gateway.httpd.http(token=token, timeout=patience(30)) as http:
                assert http.request("POST", f"/api/echo/{number}", body).body == body

    with concurrent.futures.ThreadPoolExecutor(24) as pool:
        list(pool.map(ask, range(24)))


# our token, their token

PLACES = {
    "query": (lambda t: {"access_token": t}, lambda t: {}),
    "Bearer": (lambda t: {}, lambda t: {"Authorization": f"Bearer {t}"}),
    "bearer": (lambda t: {}, lambda t: {"authorization": f"bearer  {t}"}),
    "access_token": (lambda t: {}, lambda t: {"access_token": t}),
    "accessToken": (lambda t: {}, lambda t: {"accessToken": t}),
    "all at once": (lambda t: {"access_token": t},
                    lambda t: {"Authorization": f"Bearer {t}", "access_token": t, "accessToken": t}),
}


@pytest.mark.mpm
@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES.keys())
def test_token_is_replaced_in_its_place(gateway, place):
    http = gateway.login()
    in_query, in_headers = place
    reply = http.get("/api/m1/x", query=in_query(http.token), headers=in_headers(http.token), token=False)
    assert reply.status == 200
    (token,) = cloud_tokens(gateway)
    row = one(gateway, "/m1/x")
    assert token != http.token and query_of(row) == urllib.parse.urlencode(in_query(token))
    got = {key: value for key, value in row["headers"] if key in ("authorization", "access_token", "accesstoken")}
    assert got == {key.lower(): value for key, value in in_headers(token).items()}


STRAY = {
    "referer": ({}, {"Referer": "http://erp/page?access_token={t}"}), "cookie": ({}, {"Cookie": "a=1; token={t}"}),
    "own header": ({}, {"X-My-Token": "{t}"}), "another parameter": ({"back": "/x?access_token={t}"}, {}),
    "doubly encoded": ({"back": "%2Fx%3Ft%3D{t}"}, {}), "user agent": ({}, {"User-Agent": "erp/{t}"}),
}


@pytest.mark.parametrize("place", STRAY.values(), ids=STRAY.keys())
def test_our_token_goes_nowhere_else(gateway, place):
    """The stand-in reports our token wherever it stands; the call itself works."""
    http = gateway.login()
    query, headers = ({k: v.format(t=http.token) for k, v in part.items()} for part in place)
    assert http.get("/api/m1/x", query={**query, "keep": "1"}, headers={**headers, "X-Keep": "1"}).status == 200
    row = one(gateway, "/m1/x")
    assert field(row, "X-Keep") == ["1"] and row["query"]["keep"] == ["1"]
    assert http.token not in json.dumps(row)


def test_token_in_the_path_is_refused(gateway):
    http = gateway.login()
    reply = http.get(f"/api/m1/{http.token}/x")
    assert (reply.status, reply.errcode) == (400, "1400")
    assert seen(gateway, "/", 0) == []


@pytest.mark.parametrize("status", [200, 302])
def test_their_token_never_reaches_the_caller(gateway, status):
    http = gateway.login()
    assert http.get("/api/m1/x").status == 200
    (token,) = cloud_tokens(gateway)
    gateway.cloud.behave("fail", "/m1/leak", status=status, body={"errcode": "0000"}, headers={
        "Location": f"https://elsewhere.example/?access_token={token}&x=1", "X-Echo": f"<{token}>",
        "Set-Cookie": f"t={token}"})
    reply = http.get("/api/m1/leak")
    assert (reply.status, token in str(reply.headers)) == (status, False)
    assert reply.headers["Location"] == f"https://elsewhere.example/?access_token={http.token}&x=1"


@pytest.mark.mpm
@pytest.mark.parametrize("target,headers", [
    ("/api/m1/x", ()), ("/api/m1/x?access_token=", ()), ("/api/m1/x?access_token=abc", ()),
    ("/api/m1/x", ["Authorization: Bearer abc"]), ("/api/m1/x", ["Authorization: Basic YTpi"]),
    ("/api/m1/x", ["access_token: abc"]), ("/api/m4/fpzs/getLinkKey", ()), ("/api/files/sample.pdf", ()), ("/api/", ())])
def test_without_a_token_nothing_leaves(gateway, target, headers):
    reply = raw_call(gateway, target, headers=headers)
    assert (reply.status, reply.errcode) == (401, "1300")
    assert reply.json().keys() == {"errcode", "description", "traceId"} and reply.trace == reply.json()["traceId"]
    assert nothing_reached(gateway.cloud)


def test_token_of_a_disabled_enterprise(gateway):
    http = gateway.login()
    gateway.ctl.must("enterprise", "disable", CLIENT["client_id"])
    assert (http.get("/api/m1/x").status, nothing_reached(gateway.cloud)) == (401, True)


# the address

@pytest.mark.parametrize("base", ["/test", "/a/b-c"])
def test_path_of_the_upstream_is_kept(make_cloud, make_gateway, base):
    gateway = make_gateway(cloud=make_cloud(base=base))
    assert gateway.login().get("/api/m1/x", query={"a": "1"}).status == 200
    assert one(gateway, base + "/m1/x")["path"] == f"{base}/m1/x"
    assert {row["path"] for row in gateway.cloud.log()} == {f"{base}/m1/x", f"{base}{TOKEN_PATH}"}


def test_plain_http_to_this_machine(make_cloud, make_gateway):
    gateway = make_gateway(cloud=make_cloud(tls=False, base="/test"))
    assert gateway.login().get("/api/m1/x").status == 200


# headers of the request

@pytest.mark.mpm
def test_trace_id_goes_all_the_way(gateway):
    http = gateway.login()
    for given, wanted in ((PARENT, PARENT.split("-")[1]), (None, None), ("00-" + "0" * 32 + "-00f067aa0ba902b7-01", None)):
        reply = http.get("/api/m1/x", headers={"X-Trace-Id": "f" * 32, **({"traceparent": given} if given else {})})
        row = seen(gateway, "/m1/x")[-1]
        assert TRACE.fullmatch(reply.trace) and reply.headers.get_all("X-Trace-Id") == [reply.trace]
        assert wanted in (None, reply.trace) and reply.trace not in ("f" * 32, "0" * 32)
        assert field(row, "X-Trace-Id") == [reply.trace]
        (parent,) = field(row, "traceparent")
        assert re.fullmatch(rf"00-{reply.trace}-[0-9a-f]{{16}}-0[01]", parent) and parent != given
    traces = [entry["trace"] for entry in gateway.httpd.access(4)]
    assert traces[-1] == reply.trace and len(set(traces)) == len(traces)


def test_trace_id_of_the_cloud_is_not_taken(gateway):
    gateway.cloud.behave("headers", "/m1/x", headers={"X-Trace-Id": "e" * 32, "traceparent": PARENT})
    reply = gateway.login().get("/api/m1/x")
    assert len(reply.headers.get_all("X-Trace-Id")) == 1 and reply.trace != "e" * 32


def test_access_log_tells_the_time_of_the_cloud(gateway):
    gateway.cloud.behave("slow", "/m1/x", ms=200)
    gateway.login().get("/api/m1/x")
    row = gateway.httpd.access(2)[-1]
    assert 190_000 <= int(row["upstream_us"]) <= int(row["us"])


SPOOFED = {"X-Forwarded-For": "192.0.2.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example",
           "Forwarded": "for=192.0.2.9", "X-Real-IP": "192.0.2.9"}


@pytest.mark.parametrize("directive,address,proto", [("", "127.0.0.1", "http"),
                                                     ("FPImageTrustedProxy 127.0.0.1", "192.0.2.9", "https")])
def test_who_called_over_what(make_gateway, directive, address, proto):
    gateway = make_gateway(directives=directive)
    assert gateway.login().get("/api/m1/x", headers=SPOOFED).status == 200
    row = one(gateway, "/m1/x")
    assert (field(row, "X-Forwarded-For"), field(row, "X-Forwarded-Proto")) == ([address], [proto])
    assert [key for key, _ in row["headers"] if key in ("x-forwarded-host", "forwarded", "x-real-ip")] == []


HOPS = {"Keep-Alive": "timeout=5", "Proxy-Authorization": "Basic YTpi", "Proxy-Connection": "keep-alive",
        "TE": "trailers", "Trailer": "X-Sum", "Upgrade": "h2c", "HTTP2-Settings": "AAMAAABkAARAAAAAAAIAAAAA",
        "Connection": "keep-alive, X-Hop-One,X-Hop-Two", "X-Hop-One": "1", "X-Hop-Two": "2"}
ENDS = {"Keep-Alive": "timeout=77", "Proxy-Authenticate": "Basic", "Trailer": "X-Sum", "Upgrade": "h2c",
        "Connection": "X-Hop-One", "X-Hop-One": "1"}


@pytest.mark.valgrind
def test_what_ends_at_each_hop(gateway):
    """Of the request the stand-in sees to it; of the answer we do."""
    http = gateway.login()
    gateway.cloud.behave("headers", "/m1/x", headers={**ENDS, "X-End": "2"})
    reply = http.get("/api/m1/x", headers={**HOPS, "X-End": "1"})
    row = one(gateway, "/m1/x")
    names = {key for key, _ in row["headers"]}
    assert names & {name.lower() for name in HOPS} <= {"connection"} and field(row, "X-End") == ["1"]
    assert reply.headers["X-End"] == "2" and reply.headers["Keep-Alive"] != "timeout=77"
    assert not {"X-Hop-One", "Proxy-Authenticate", "Trailer", "Upgrade"} & set(reply.headers)


def test_other_headers_as_they_are(gateway):
    given = {"Accept": "application/json;q=0.5", "Accept-Language": "zh-CN,zh;q=0.9",
             "Cookie": "a=1; b=\"2\"", "User-Agent": "EAS/8.6", "X-Empty": "", "X-Utf8": "中文".encode().decode("latin-1"),
             "Referer": "http://erp/x?y=1", "Origin": "http://erp", "If-None-Match": '"1"', "Cache-Control": "no-cache",
             "Content-Type": "application/json;charset=GBK", "Content-Language": "zh", "eid": "7"}
    http = gateway.login()
    assert http.post("/api/m1/x", body=b"{}", headers=given).status == 200
    row = one(gateway, "/m1/x")
    assert {name: field(row, name) for name in given} == {name: [value] for name, value in given.items()}
    assert field(row, "Host") == [gateway.cloud.authority]


def test_nothing_is_added_for_the_caller(gateway):
    http = gateway.login()
    raw_call(gateway, "/api/m1/x", headers=[bearer_line(http)])
    raw_call(gateway, "/api/m1/x", "POST", [bearer_line(http)], b"a=b")
    ours = {"host", "authorization", "x-forwarded-for", "x-forwarded-proto", "traceparent", "x-trace-id",
            "content-length", "user-agent", "connection"}
    assert {key for row in seen(gateway, "/m1/x", 2) for key, _ in row["headers"]} <= ours


def test_repeated_header_lines(gateway):
    http = gateway.login()
    raw_call(gateway, "/api/m1/x", headers=[bearer_line(http), "X-Many: 1", "X-Many: 2", "Accept: a/b", "Accept: c/d"])
    row = one(gateway, "/m1/x")
    assert (", ".join(field(row, "X-Many")), ", ".join(field(row, "Accept"))) == ("1, 2", "a/b, c/d")


# the answer

STATUSES = [200, 201, 202, 203, 299, 400, 402, 502, 403, 404, 405, 409, 503, 410, 413, 416, 418, 504, 422, 429, 451, 499,
            500, 501, 505, 599]


def test_statuses_and_bodies_as_they_are(gateway):
    """503 and its like are spread: in a row they would open the breaker."""
    http = gateway.login()
    for status in STATUSES:
        gateway.cloud.behave("fail", f"/m1/{status}", status=status, body=f"<p>{status} 正文</p>", type="text/html;x=y",
                             headers={"Retry-After": "7", "WWW-Authenticate": "Bearer realm=\"cloud\""})
        reply = http.get(f"/api/m1/{status}")
        assert (reply.status, reply.text) == (status, f"<p>{status} 正文</p>")
        assert (reply.headers["Content-Type"], reply.headers["Retry-After"]) == ("text/html;x=y", "7")
    assert len(seen(gateway, "/m1/", len(STATUSES))) == len(STATUSES)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_handed_on(gateway, status):
    http = gateway.login()
    for to in (f"{gateway.cloud.url}/m1/there", "https://elsewhere.example/a?b=c#d", "/m1/there", "//elsewhere.example/"):
        gateway.cloud.behave("fail", "/m1/here", times=1, status=status, body="", headers={"Location": to})
        reply = http.request("POST", "/api/m1/here", b"x")
        assert (reply.status, reply.headers["Location"]) == (status, to)
    assert seen(gateway, "/m1/there", 0) == []


@pytest.mark.parametrize("status", [204, 304])
def test_answers_without_a_body(gateway, status):
    http = gateway.login()
    gateway.cloud.behave("fail", "/m1/none", status=status, body="", type="", headers={"ETag": '"7"'})
    for _ in range(3):
        reply = http.get("/api/m1/none", headers={"If-None-Match": '"7"'})
        assert (reply.status, reply.body, reply.headers["ETag"]) == (status, b"", '"7"')
        assert reply.headers["Transfer-Encoding"] is None
    assert http.get("/api/m1/x").status == 200  # the kept connections are still in step
    assert gateway.cloud.stats()["connections"]["accepted"] <= 2


def test_head_tells_the_length_and_sends_nothing(gateway):
    http = gateway.login()
    for path, length in (("/api/files/sample.pdf", len(http.get("/api/files/sample.pdf").body)),
                         ("/api/bytes/123456", 123456)):
        for _ in range(2):
            reply = http.request("HEAD", path)
            assert (reply.status, reply.body, reply.headers["Content-Length"]) == (200, b"", str(length))
    assert http.request("HEAD", "/api/bytes/50", query={"chunked": "1"}).status == 200
    assert http.get("/api/bytes/10").body == http.get("/api/bytes/10", query={"chunked": "1"}).body


def test_ranges_and_conditions_are_the_clouds_business(gateway):
    """httpd would cut a 200, and would make a 304 of an answer with a matching ETag."""
    http = gateway.login()
    whole = http.get("/api/bytes/1000").body
    gateway.cloud.behave("headers", "/bytes/1000", headers={"ETag": '"7"', "Last-Modified": "Mon, 01 Jan 2024 00:00:00 GMT",
                                                            "Accept-Ranges": "bytes"})
    for asked in ({"Range": "bytes=0-9"}, {"If-None-Match": '"7"'}, {"If-Modified-Since": "Tue, 02 Jan 2024 00:00:00 GMT"},
                  {"Range": "bytes=0-9", "If-Range": '"7"'}, {"If-Match": '"8"'}):
        reply = http.get("/api/bytes/1000", headers=asked)
        assert (reply.status, reply.body) == (200, whole), asked
        assert [field(seen(gateway, "/bytes/1000")[-1], name) for name in asked] == [[value] for value in asked.values()]
    gateway.cloud.behave("fail", "/m1/part", status=206, body="3456", headers={"Content-Range": "bytes 3-6/10"})
    reply = http.get("/api/m1/part", headers={"Range": "bytes=3-6"})
    assert (reply.status, reply.text, reply.headers["Content-Range"]) == (206, "3456", "bytes 3-6/10")


def test_lines_of_the_answer_that_come_twice(gateway):
    for value in ("a=1; Path=/; HttpOnly", "b=2; Expires=Mon, 01 Jan 2035 00:00:00 GMT"):
        gateway.cloud.behave("headers", "/m1/x", headers={"Set-Cookie": value, "Link": f"<{value[0]}>"})
    reply = gateway.login().get("/api/m1/x")
    assert reply.headers.get_all("Set-Cookie") == ["a=1; Path=/; HttpOnly", "b=2; Expires=Mon, 01 Jan 2035 00:00:00 GMT"]
    assert ", ".join(reply.headers.get_all("Link")) == "<a>, <b>"
    assert len(reply.headers.get_all("Date")) == len(reply.headers.get_all("Server")) == 1


def test_answers_to_a_token_are_not_compressed(gateway):
    """errcode 1300 would not be seen in one that is; a call that carries a sign has no token to lose."""
    gateway.cloud.behave("gzip", times=-1)
    http, given = gateway.login(), {"Accept-Encoding": "gzip, br"}
    signed = {"client_id": CLIENT["client_id"], "timestamp": "1", "sign": sign(CLIENT["client_id"], CLIENT["secret"], "1", None)}
    reply = http.post("/api/m1/x", {"a": 1}, headers=given)
    assert (reply.status, reply.errcode, "Content-Encoding" in reply.headers) == (200, "0000", False)
    reply = gateway.http().post("/api/m4/fpzs/getUserKey", signed, headers=given)
    assert (reply.status, reply.headers["Content-Encoding"]) == (200, "gzip")
    assert [field(one(gateway, path), "Accept-Encoding") for path in ("/m1/x", "/m4/fpzs")] == [["identity"], ["gzip, br"]]


@pytest.mark.parametrize("filters", ["", "SetOutputFilter DEFLATE"])
def test_compressed_bodies_stay_as_they_are(make_gateway, filters):
    gateway = make_gateway(directives=filters, modules=["deflate", "filter"])
    http = gateway.login()
    packed = gzip.compress(json.dumps({"errcode": "1300", "text": "正文" * 1000}).encode(), mtime=0)
    gateway.cloud.behave("headers", "/echo/z", headers={"Content-Encoding": "gzip", "Vary": "Accept-Encoding"})
    reply = http.request("POST", "/api/echo/z", packed, {"Content-Encoding": "gzip", "Accept-Encoding": "gzip",
                                                         "Content-Type": "application/json"})
    assert (reply.status, reply.body) == (200, packed)
    assert reply.headers.get_all("Content-Encoding") == ["gzip"]
    row = one(gateway, "/echo/z")
    assert (field(row, "Content-Encoding"), row["body_sha256"]) == (["gzip"], sha256(packed))


def test_answer_to_an_old_caller(gateway):
    """HTTP/1.0 knows no chunks: the end of the connection is the end of the answer."""
    http = gateway.login()
    wanted = http.get("/api/bytes/70000").body
    for query in ("", "?chunked=1"):
        reply = raw_call(gateway, "/api/bytes/70000" + query, headers=[bearer_line(http)], version="HTTP/1.0")
        assert (reply.status, reply.body) == (200, wanted) and reply.headers["Transfer-Encoding"] is None


# expectation

@pytest.mark.parametrize("size", [10, 200000])
def test_expect_continue(gateway, size):
    http = gateway.login()
    head = (f"POST /api/sink HTTP/1.1\r\nHost: x\r\n{bearer_line(http)}\r\nExpect: 100-continue\r\n"
            f"Content-Length: {size}\r\n\r\n")
    with Raw("127.0.0.1", gateway.httpd.port, timeout=patience(10)) as raw:
        raw.send(head)
        assert raw.until(b"\r\n\r\n").startswith(b"HTTP/1.1 100 ")
        raw.send(b"x" * size)
        assert raw.response("POST").json()["data"]["bytes"] == size
        raw.send(f"GET /api/m1/x HTTP/1.1\r\nHost: x\r\n{bearer_line(http)}\r\n\r\n")
        assert raw.response().status == 200  # still in step
    assert field(one(gateway, "/sink"), "Expect") == []


def test_no_invitation_for_a_body_that_is_not_wanted(gateway):
    with Raw("127.0.0.1", gateway.httpd.port, timeout=patience(10)) as raw:
        raw.send("POST /api/sink HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5000000\r\n\r\n")
        assert raw.rest().startswith(b"HTTP/1.1 401 ")
    assert nothing_reached(gateway.cloud)


# figures

def test_relayed_bytes_are_counted(gateway):
    http = gateway.login()
    http.request("POST", "/api/echo/x", b"x" * 1000)
    http.get("/api/bytes/200000")
    with gateway.http() as other:
        assert metric(other, "fpimage_relayed_total") == 2
        assert metric(other, "fpimage_relayed_request_bytes_total") == 1000
        assert metric(other, "fpimage_relayed_response_bytes_total") == 201000
