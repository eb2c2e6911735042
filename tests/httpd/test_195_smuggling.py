"""Requests that two readers could take apart in two ways: each is refused, or the cloud saw what we answered."""
import http.client
import io
import re

import pytest

from harness import processes
from harness.client import Raw
from test_100_start import patience
from test_190_relay import TOKEN_PATH, bearer_line, field, seen, sha256

SILENCE = 0.6
INNER = "GET /api/m1/inner HTTP/1.1\r\nHost: x\r\n{token}\r\n\r\n"  # what must not become a request by a trick
OUTER = "POST /api/m1/outer HTTP/1.1\r\nHost: x\r\n{token}\r\n"
GET = "GET /api/m1/outer HTTP/1.1\r\nHost: x\r\n{token}\r\n"


def sized(body, extra=""):
    """A request whose one honest length is that of the body."""
    return f"{OUTER}{extra}Content-Length: {len(body)}\r\n\r\n{body}"


def chunks(text, extra="", coding="Transfer-Encoding: chunked\r\n"):
    return f"{OUTER}{extra}{coding}\r\n{text}"


# name: (request, what may come of it). "refused": an answer from 400 up or none, and no whole request at the cloud (of a
# body that is streamed and then turns out broken it may have seen the beginning). A list: as many answers as whole
# requests at the cloud, none or up to all of those with these bodies.
CASES = {
    # length and chunks
    "CL.TE": (f"{OUTER}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{INNER}", [""]),
    "CL.TE with chunks": (f"{OUTER}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", ["hello"]),
    "TE.CL": (f"{OUTER}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n8\r\nSMUGGLED\r\n0\r\n\r\n", ["SMUGGLED"]),
    "TE in HTTP/1.0": (chunks("0\r\n\r\n" + INNER).replace("HTTP/1.1", "HTTP/1.0", 1), [""]),
    # two lengths
    "same length twice": (f"{OUTER}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", ["hello"]),
    "other length twice": (f"{OUTER}Content-Length: 5\r\nContent-Length: 0\r\n\r\nhello{INNER}", "refused"),
    "0 before 5": (f"{OUTER}Content-Length: 0\r\nContent-Length: 5\r\n\r\nhello{INNER}", "refused"),
    "list of lengths": (f"{OUTER}Content-Length: 5, 5\r\n\r\nhello", ["hello"]),
    "list of other lengths": (f"{OUTER}Content-Length: 5, 0\r\n\r\nhello{INNER}", "refused"),
    # odd lengths
    **{f"length {text!r}": (f"{OUTER}Content-Length:{text}\r\n\r\nhello{INNER}", "refused") for text in (
        " +5", " -5", " 0x5", " 5 5", " 5a", " five", " 5.0", " 99999999999999999999999", " 18446744073709551621", " \"5\"",
        " 5;a=b", "\x0b5", " 5\x0b", " \xb2", "", " ,", " 5,")},
    "length with blanks round it": (f"{OUTER}Content-Length: \t 5 \t\r\n\r\nhello", ["hello"]),
    "length with zeros": (f"{OUTER}Content-Length: 0005\r\n\r\nhello", ["hello"]),
    # codings
    **{f"coding {text!r}": (chunks(f"0\r\n\r\n{INNER}", coding=f"{text}\r\n"), "refused") for text in (
        "Transfer-Encoding: xchunked", "Transfer-Encoding: gzip", "Transfer-Encoding: identity", "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: chunked, gzip", "Transfer-Encoding: chunkedx", "Transfer-Encoding: \"chunked\"", "Transfer-Encoding : chunked",
        "Transfer-Encoding:\x0bchunked", "Transfer-Encoding: \x0cchunked", "Transfer-Encoding: chun\tked", "Transfer-Encoding: chunked\x00",
        "Transfer-Encoding: cow\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: cow", "Transfer-Encoding\r\n : chunked",
        "Transfer-Encoding: chunked;q=1", " Transfer-Encoding: chunked", "\tTransfer-Encoding: chunked",
        "Transfer_Encoding: chunked\r\nTransfer-Encoding: x")},
    "coding twice": (chunks("5\r\nhello\r\n0\r\n\r\n", coding="Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), ["hello"]),
    "coding in capitals": (chunks("5\r\nhello\r\n0\r\n\r\n", coding="TRANSFER-ENCODING: CHUNKED\r\n"), ["hello"]),
    "coding on a folded line": (chunks("5\r\nhello\r\n0\r\n\r\n", coding="Transfer-Encoding:\r\n chunked\r\n"), ["hello"]),
    "coding of nothing": (chunks("", coding="Transfer-Encoding: \r\nContent-Length: 5\r\n") + "hello", ["hello"]),
    # chunks
    "chunks": (chunks("5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n"), ["hello!"]),
    "sizes in any case with zeros": (chunks("0000A\r\n0123456789\r\n00a\r\n0123456789\r\n000\r\n\r\n"), ["01234567890123456789"]),
    "extensions": (chunks("5;a=b;c=\"d\r\"\r\nhello\r\n0;x\r\n\r\n"), ["hello"]),
    "plain extension": (chunks("5;name=value\r\nhello\r\n0\r\n\r\n"), ["hello"]),
    "trailers": (chunks("5\r\nhello\r\n0\r\nX-Trailer: 1\r\nAuthorization: Bearer x\r\n\r\n"), ["hello"]),
    **{f"chunk {text!r}": (chunks(f"{text}0\r\n\r\n{INNER}"), "refused") for text in (
        "5\nhello\n", "0x5\r\nhello\r\n", "+5\r\nhello\r\n", "-5\r\nhello\r\n", "g\r\nhello\r\n", "\r\nhello\r\n", ";a\r\nhello\r\n",
        "5 5\r\nhello\r\n", "5\r\nhello", "5\r\nhelloXX", "6\r\nhello\r\n", "4\r\nhello\r\n", "FFFFFFFFFFFFFFFFF\r\nhello\r\n",
        "7FFFFFFFFFFFFFFF\r\nhello\r\n", "8000000000000005\r\nhello\r\n", "5\rhello\r\n", "5\x00\r\nhello\r\n", "\x305\n\r\nhello\r\n")},
    "size with blanks behind": (chunks("5  \r\nhello\r\n0\r\n\r\n"), ["hello"]),
    "bare line ends behind chunks": (chunks("5\r\nhello\n0\r\n\r\n"), ["hello"]),
    # lines and names
    "bare line ends": (sized("hello").replace("\r\n", "\n"), ["hello"]),
    "bare returns": (GET.replace("\r\n", "\r") + "\r\r", "refused"),
    "return in a value": (sized("hello", "X-A: a\rTransfer-Encoding: chunked\r\n"), "refused"),
    "zero in a value": (sized("hello", "X-A: a\x00b\r\n"), "refused"),
    "zero in a name": (sized("hello", "X-\x00A: b\r\n"), "refused"),
    "control byte in a value": (sized("hello", "X-A: a\x01b\r\n"), "refused"),
    "folded line": (sized("hello", "X-A: a\r\n b\r\n\tc\r\n"), ["hello"]),
    "fold at the beginning": ("GET /api/m1/outer HTTP/1.1\r\n Host: x\r\nHost: x\r\n{token}\r\n\r\n", "refused"),
    "no colon": (sized("hello", "nothing\r\n"), "refused"), "no name": (sized("hello", ": b\r\n"), "refused"),
    "blank before the colon": (sized("hello", "X-A : b\r\n"), "refused"), "blank in a name": (sized("hello", "X A: b\r\n"), "refused"),
    "Content Length": (f"{OUTER}Content Length: 5\r\n\r\n{INNER}", "refused"),
    "Content-Length with a blank": (f"{OUTER}Content-Length : 5\r\n\r\nhello", "refused"),
    "Content_Length": (f"{OUTER}Content_Length: 5\r\n\r\n", [""]),
    "300 headers": (GET + "X-A: b\r\n" * 300 + "\r\n", "refused"), "long header": (GET + f"X-A: {'b' * 20000}\r\n\r\n", "refused"),
    "long target": (f"GET /api/m1/{'a' * 20000} HTTP/1.1\r\nHost: x\r\n{{token}}\r\n\r\n", "refused"),
    # hosts
    "no host": ("GET /api/m1/outer HTTP/1.1\r\n{token}\r\n\r\n", "refused"),
    "two hosts": (f"{GET}Host: y\r\n\r\n", "refused"), "empty host": (GET.replace("Host: x", "Host:") + "\r\n", [""]),
    **{f"host {text!r}": (GET.replace("Host: x", f"Host: {text}") + "\r\n", "refused") for text in ("a b", "a/b", "a@b", "a:b:c", "a\tb", "[::1")},
    # the first line
    "absolute target": (GET.replace("/api", "http://x/api", 1) + "\r\n", [""]),
    "absolute target of another host": (GET.replace("/api", "http://other.example/api", 1) + "\r\n", [""]),
    "target without a slash": (GET.replace("/api", "api", 1) + "\r\n", "refused"),
    "star": (GET.replace("GET /api/m1/outer", "OPTIONS *", 1) + "\r\n", "not relayed"),
    "HTTP/0.9": ("GET /api/m1/outer?{query}\r\n", [""]), "HTTP/1.0": (GET.replace("HTTP/1.1", "HTTP/1.0") + "\r\n", [""]),
    **{f"version {text!r}": (GET.replace("HTTP/1.1", text) + "\r\n", "refused") for text in (
        "HTTP/1.10", "HTTP/11.1", "HTTP/1", "HTTP/1.1x", "http/1.1", "HTTPS/1.1", "ICY/1.1", "HTTP/ 1.1", "HTTP/1.1 ")},
    "HTTP/1.2": (GET.replace("HTTP/1.1", "HTTP/1.2") + "\r\n", [""]),
    "HTTP/2.0": (GET.replace("HTTP/1.1", "HTTP/2.0") + "\r\n", [""]),
    "preface of HTTP/2": ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "refused"),
    "two blanks": (GET.replace("GET ", "GET  ") + "\r\n", "refused"), "tab": (GET.replace("GET ", "GET\t") + "\r\n", "refused"),
    "blank in the target": (GET.replace("/outer", "/out er") + "\r\n", "refused"),
    "return in the target": (GET.replace("/outer", "/out\rer") + "\r\n", "refused"),
    "blank before the method": (" " + GET + "\r\n", "refused"), "empty lines before": ("\r\n\r\n" + GET + "\r\n", [""]),
    "line end in the target, encoded": (GET.replace("/outer", "/outer%0d%0aX:%20y") + "\r\n", "refused"),
    "line end in the query, encoded": (GET.replace("/outer", "/outer?a=%0d%0aX:%20y") + "\r\n", [""]),
    # hop by hop
    "length named a hop": (sized("hello", "Connection: keep-alive, Content-Length\r\n"), ["hello"]),
    "coding named a hop": (chunks("5\r\nhello\r\n0\r\n\r\n", "Connection: Transfer-Encoding\r\n"), ["hello"]),
    "host and token named hops": (f"{GET}Connection: Host, close\r\n\r\n", [""]),
    "upgrade": (f"{GET}Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQ\r\n\r\n{INNER}", ["", ""]),
    # bodies where none is usual
    "GET with a body that is a request": (f"{GET}Content-Length: {{inner}}\r\n\r\n{INNER}", ["{inner}"]),
    "expectation that nobody knows": (sized("hello", "Expect: magic\r\n"), "refused"),
    "two honest requests": (sized("hello") + GET + "\r\n", ["hello", ""]),
    "two honest requests in chunks": (chunks("5\r\nhello\r\n0\r\n\r\n") + GET + "\r\n", ["hello", ""]),
    "no end of the body": (f"{OUTER}Content-Length: 50\r\n\r\nhello", "refused"),
}


def fill(text, http):
    """Only the fields that are ours: the requests are full of braces' worth of bytes."""
    inner = INNER.replace("{token}", bearer_line(http))
    return (text.replace("Content-Length: {inner}", f"Content-Length: {len(inner)}").replace("{inner}", inner)
            .replace("{token}", bearer_line(http)).replace("{query}", f"access_token={http.token}"))


class _Bytes(io.BytesIO):
    def makefile(self, *_):
        return self

    def close(self):
        """http.client closes after each answer, and the next one is behind it."""


def answers(data):
    """Statuses of the answers in what a connection brought; HTTP/0.9 has none and counts as 200."""
    found, stream = [], _Bytes(data)
    if data and not data.startswith(b"HTTP/"):
        return [200]
    while stream.tell() < len(data):
        answer = http.client.HTTPResponse(stream)
        answer.begin()
        answer.read()
        found.append(answer.status)
    return found


def exchange(gateway, text):
    with Raw("127.0.0.1", gateway.httpd.port, timeout=patience(SILENCE)) as raw:
        raw.send(text)
        try:
            raw.half_close()
        except OSError:
            pass
        return answers(raw.rest())


def judge(statuses, rows, wanted):
    """None, or what is wrong."""
    begun, rows = len(rows), [row for row in rows if row["body_complete"]]
    good = [status for status in statuses if status < 400]
    if any(status == 500 for status in statuses):
        return "a failure of ours"
    if wanted == "not relayed":
        return "relayed" if rows else None
    if wanted == "refused":
        return "taken" if good or rows or begun > 1 else None
    if len(rows) != len(good) or begun > len(wanted):
        return f"{len(good)} answered, {len(rows)} at the cloud"
    if [row["body_sha256"] for row in rows] != [sha256(body.encode("latin-1")) for body in wanted[:len(rows)]]:
        return f"other bodies at the cloud: {[row.get('body') for row in rows]}"
    return None


def marked(text, number):
    """The request with a path of its own."""
    return text.replace("/m1/outer", f"/m1/outer{number}")


def came_since(gateway, since, number):
    """The calls that the cloud got since then, each of them ended; a broken one of an earlier case may come late."""
    def is_late(row):
        mark = re.match(r"/m1/outer(\d+)", row["path"])
        return mark and int(mark[1]) < number

    def rows():
        return [row for row in gateway.cloud.log(since=since) if row["path"] != TOKEN_PATH and not is_late(row)]

    assert processes.wait_until(lambda: all(row["done"] for row in rows()), patience(5))
    return rows()


GROUPS = ["length", "coding", "chunk", "line", "target", "rest"]


def group_of(name):
    words = {"length": r"length|CL|5$", "coding": r"coding|TE", "chunk": r"chunk|size|extension|trailer",
             "line": r"line|zero|return|name|colon|header|Content|fold|control", "target": r"target|version|HTTP|host|blank|tab|star"}
    return next((group for group, pattern in words.items() if re.search(pattern, name, re.I)), "rest")


@pytest.mark.parametrize("group", GROUPS)
def test_refused_or_agreed(gateway, group):
    http = gateway.login()
    gateway.httpd.expect_log("FPI0020", optional=True)
    wrong = {}
    for number, name in enumerate(name for name in CASES if group_of(name) == group):
        text, wanted = CASES[name]
        since = max((row["id"] for row in gateway.cloud.log()), default=0)
        statuses = exchange(gateway, fill(marked(text, number), http))
        rows = came_since(gateway, since, number)
        wanted = [fill(body, http) for body in wanted] if isinstance(wanted, list) else wanted
        bad = judge(statuses, rows, wanted)
        if bad:
            wrong[name] = (bad, statuses, [(row["method"], row["target"][:80], row["body_bytes"]) for row in rows])
    assert wrong == {}
    assert http.get("/api/m1/x").status == 200


def test_every_group_has_cases():
    assert {group_of(name) for name in CASES} == set(GROUPS)


# what our own side writes

SPLITS = ["a%0d%0aX-Evil:%20b", "a%0aX-Evil:%20b", "a%0d%0a%0d%0a<html>", "%E5%98%8D%E5%98%8AX-Evil:%20b", "a%00b"]


def test_nothing_of_a_query_becomes_a_header(gateway):
    http = gateway.login()
    for text in SPLITS:
        with Raw("127.0.0.1", gateway.httpd.port, timeout=patience(5)) as raw:
            raw.send(f"GET /api/m1/q?to={text}&{text}=x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                     f"{bearer_line(http)}\r\n\r\n")
            assert b"\nX-Evil" not in raw.rest()
    rows = seen(gateway, "/m1/q")
    assert [row["target"] for row in rows] == [f"/m1/q?to={text}&{text}=x" for text in SPLITS]
    assert not any(field(row, "X-Evil") for row in rows)


def test_nothing_of_a_header_becomes_another(gateway):
    http = gateway.login()
    for name in ("traceparent", "X-Forwarded-For", "User-Agent", "Referer", "X-Any"):
        for value in ("a\r\n X-Evil: b", "a\n\tX-Evil: b", "a%0d%0aX-Evil: b", "\u560d\u560aX-Evil: b"):
            with Raw("127.0.0.1", gateway.httpd.port, timeout=patience(5)) as raw:
                raw.send(f"GET /api/m1/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{bearer_line(http)}\r\n{name}: {value}\r\n\r\n".encode())
                assert b"\nX-Evil" not in raw.rest()
    assert not any(field(row, "X-Evil") for row in seen(gateway, "/m1/x", 1))


def test_rest_of_a_refused_body_is_no_request(gateway):
    """A refusal before the body was read: what follows on the connection is still that body."""
    http = gateway.login()
    inner = fill(INNER, http)
    for size in (len(inner), len(inner) + 100000):
        body = inner + "x" * (size - len(inner))
        with Raw("127.0.0.1", gateway.httpd.port, timeout=patience(2)) as raw:
            raw.send(f"POST /api/m1/outer HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n{body}")
            raw.half_close()
            assert answers(raw.rest()) == [401]
    assert seen(gateway, "/", 0) == []
