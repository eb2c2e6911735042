"""Bad input, generated: every route and field against every kind of wrong value, and every kind of wrong body.

Whatever comes: no 5xx, a code and a sentence that names the field, and nothing changed in the store.
"""
import base64
import itertools
import json
import random
import sqlite3
import urllib.parse

import pytest

from harness import processes
from harness.client import Raw, credentials
from harness.cloudctl import CLIENT
from test_100_start import ANNOUNCE, PUSH, STATUS, TOKEN, bill, each, opened, patience, rows, scaled
from test_130_bills import B_ANNOUNCE, B_OPERATE, BASE, SUBMITTED
from test_140_push import admit

NUMBER = "MX-1"
ASKED = {"scanBillNo": NUMBER, "resource": "EAS"}
PLACE = "@@here@@"  # where raw bytes are put into a body

# route -> (a good body, {field: required?}); the limit of its body is in LIMITS
FIELDS = {
    TOKEN: (credentials(CLIENT, 1), {"client_id": True, "timestamp": True, "sign": True, "encType": False}),
    ANNOUNCE: (bill(NUMBER), {
        "fscanBillNo": True, "fbillId": True, "fbillTypeCode": True, "resource": True, "fbillTypeDes": False,
        "fapplyUserName": False, "fapplyUserPhone": False, "fapplyErpUserName": False, "fapplyOrganizationCode": False,
        "fapplyOrganizationName": False, "billNo": False, "taxNo": False}),
    STATUS: (ASKED, {"scanBillNo": True, "resource": False}),
    BASE + "rescan": ({**ASKED, "reason": "x"}, {"scanBillNo": True, "resource": False, "reason": True, "operator": False}),
    BASE + "cancelRescan": (ASKED, {"scanBillNo": True, "resource": False, "reason": False, "operator": False}),
    BASE + "review": (ASKED, {"scanBillNo": True, "resource": False, "reason": False, "operator": False}),
    BASE + "invalid": (ASKED, {"scanBillNo": True, "resource": False, "reason": False, "operator": False}),
    BASE + "erpBingScanVoucher": ({**ASKED, "voucherNo": "V"}, {"scanBillNo": True, "resource": False, "voucherNo": True,
                                                              "lock": False}),
    BASE + "commit": (ASKED, {"scanBillNo": True, "resource": False, "billType": False, "modelType": False, "saveType": False,
                              "isSubmitErp": False, "operator": False, "reason": False, "confirm": False}),
    BASE + "upload": ({**ASKED, "base64": base64.b64encode(b"%PDF-1.4\n%%EOF\n").decode()}, {
        "scanBillNo": True, "resource": False, "base64": True, "fileSuffix": False, "fileName": False, "fileType": False,
        "billType": False, "needRecognition": False, "reason": False}),
    BASE + "invoices": (ASKED, {"scanBillNo": True, "resource": False}),
    PUSH: ({"scanBillNo": NUMBER, "clientId": CLIENT["client_id"], "invoice": []}, {
        "scanBillNo": False, "billId": False, "billNo": False, "billTypeCode": False, "clientId": False, "taxNo": False,
        "resource": False, "timestamp": False, "sign": False, "encType": False, "updateTime": False}),
    B_OPERATE: ({**ASKED, "operate": "queryBillStatus"}, {"scanBillNo": True, "resource": False, "operate": True}),
}
FIELDS["/api/imgsys/erpBingScanVoucher"] = FIELDS[BASE + "erpBingScanVoucher"]
FIELDS[B_ANNOUNCE] = FIELDS[ANNOUNCE]
FIELDS["/api/kapi/app/bds/scanBillSubmit"] = FIELDS[BASE + "commit"]
FILES = (BASE + "upload", "/api/kapi/app/bds/fileCollect")
FIELDS[FILES[1]] = FIELDS[FILES[0]]
ROUTES = sorted(FIELDS)
LARGE = (ANNOUNCE, B_ANNOUNCE, PUSH, BASE + "commit", "/api/kapi/app/bds/scanBillSubmit", *FILES)
LIMITS = {path: 128 * 1024 if path in LARGE else 64 * 1024 for path in ROUTES}

ABSENT = object()
BLANK = {"absent": ABSENT, "null": None, "empty": "", "blanks": " \t "}
STRUCTURES = {"list": [], "list of text": ["x"], "object": {}, "object in list": [{"a": 1}], "deep object": {"a": {"b": {}}}}
LONG = {"long": "x" * 5000, "long chinese": "长" * 5000}
ODD = {"number": 5, "negative": -1, "zero": 0, "real": 1.5, "large real": 1e300, "true": True, "false": False,
       "largest": 2 ** 63 - 1, "smallest": -2 ** 63, "control": "a\u0001b", "line end": "a\r\nX: y", "emoji": "😀",
       "markup": "<script>alert(1)</script>", "quote": "' OR 1=1; --", "percent": "%s%n%d", "path": "../../etc/passwd",
       "direction": "a\u202eb", "date": "0000-00-00", "noncharacter": "\uffff"}
RAW = {"bad UTF-8": b'"\xff\xfe"', "GBK": '"张三"'.encode("gbk"), "cut UTF-8": b'"\xe5\xbc"', "overlong": b'"\xc0\xaf"',
       "surrogate": b'"\\ud800"', "NUL": b'"\\u0000"', "bare word": b"word", "single quotes": b"'x'", "huge number": b"9" * 400,
       "huge exponent": b"1e999", "NaN": b"NaN", "bad escape": b'"\\x"', "raw control": b'"a\x01b"', "open text": b'"x'}

UNTOUCHED = ("bill", "trail", "invoice", "file", "bill_type", "org", "job", "enterprise", "push_table", "user", "setting",
             "token_key", "tenant", "push_body", "push", "delivery")


@pytest.fixture
def site(make_gateway):
    """A gateway with one submitted bill, small limits, and a caller with a token."""
    one = make_gateway(directives="FPImageMaxJSON 128K")
    admit(one)
    one.caller = one.login()
    assert one.caller.post(ANNOUNCE, bill(NUMBER)).errcode == "0000"
    with opened(one) as base:
        one.base = base
        yield one


def reset(site):
    site.base.execute("UPDATE bill SET state = ?, state_before = 0, is_locked = 0, voucher = NULL, reason = NULL"
                      " WHERE number = ?", (SUBMITTED, NUMBER))


def content(site):
    """All that a refused call must leave alone; refused pushes are kept on purpose."""
    condition = {"push": "WHERE status <> 'refused'",
                 "push_body": "WHERE id IN (SELECT id FROM push WHERE status <> 'refused')",
                 "setting": "WHERE name NOT IN ('people.version', 'clean.turn')"}
    return {table: [tuple(row) for row in
                    site.base.execute(f'SELECT * FROM "{table}" {condition.get(table, "")} ORDER BY 1')]
            for table in UNTOUCHED}


def send(site, path, body, method="POST", headers=None, query=None):
    return site.caller.request(method, path, body, {"Content-Type": "application/json", **(headers or {})}, query=query)


def judge(site, reply, before, codes=None, word=None):
    """What is wrong with an answer, or None."""
    if reply.status >= 500:
        return f"{reply.status} {reply.text}"
    value = reply.json()
    text = value.get("description") or value.get("message")
    if reply.errcode != "0000" and (not text or value.get("data") is not None):
        return f"no sentence, or data: {reply.text}"
    if codes and reply.errcode not in codes:
        return f"{reply.errcode} is not in {codes}: {text}"
    if word and word not in text:
        return f"{word} is not named: {text}"
    if reply.errcode != "0000" and content(site) != before:
        return "the store was changed by a refused call"
    if reply.errcode == "0000":  # what follows in the background belongs to this call
        processes.wait_until(lambda: not site.base.execute("SELECT 1 FROM job").fetchall(), patience(10), 0.01)
    return None


def cases(path):
    """(field, name of the value, body bytes, codes that are right, word that must be told)"""
    good, fields = FIELDS[path]
    for field, required in fields.items():
        for name, value in {**BLANK, **STRUCTURES, **LONG, **ODD}.items():
            body = {key: old for key, old in good.items() if key != field}
            if value is not ABSENT:
                body[field] = value
            yield field, name, json.dumps(body, ensure_ascii=False).encode(), *expected(path, field, required, name)
        whole = json.dumps({**good, field: PLACE}, ensure_ascii=False).encode()
        for name, raw in RAW.items():
            yield field, name, whole.replace(f'"{PLACE}"'.encode(), raw), ("1400",), None
        twice = json.dumps(good, ensure_ascii=False)[:-1] + f', "{field}": "1", "{field}": "2"}}'
        yield field, "twice", twice.encode(), ("1400",), None


def expected(path, field, required, name):
    if field == "base64" and name in ("blanks", "long"):  # bytes after all: none, or of no known type
        return ("1400", "1415"), None
    if name in BLANK and required:
        if path == TOKEN and field == "client_id":
            return ("1200",), None
        if path == TOKEN:
            return (("1101",) if name == "blanks" else ("1400",)), (None if name == "blanks" else field)
        if "scanBillNo" in field or "fscanBillNo" in field:
            return ("1401",), None
        return ("1400",), field
    if name in STRUCTURES or name in LONG:
        return ("1400",), field
    return None, None


@pytest.mark.parametrize("path", ROUTES)
def test_fields(site, path):
    wrong = []
    for field, name, body, codes, word in cases(path):
        reset(site)
        before = content(site)
        said = judge(site, send(site, path, body), before, codes, word)
        if said:
            wrong.append(f"{field} {name}: {said}")
    assert not wrong, "\n".join(wrong)


# the members of lists

def test_members_of_lists(site):
    def check(path, member):
        for many in ([member], [FIELDS[path][0], member], [member] * 3):
            reset(site)
            before = content(site)
            assert judge(site, send(site, path, json.dumps(many).encode()), before, ("1400", "1401")) is None

    each(itertools.product((ANNOUNCE, B_ANNOUNCE, PUSH), (None, 5, True, "text", [], [[]], {})), check)


# bodies

DEEP = {"lists": b"[" * 60000, "objects": b'{"a":' * 12000, "closed lists": b"[" * 5000 + b"]" * 5000,
        "in a field": b'{"scanBillNo":' + b"[" * 3000 + b"]" * 3000 + b"}", "33 levels": b"[" * 200 + b"]" * 200}
BODIES = {
    "absent": b"", "blanks": b" \r\n\t ", "word": b"hello", "null": b"null", "true": b"true", "number": b"42", "text": b'"x"',
    "cut": b'{"scanBillNo": "MX', "cut list": b'[{"scanBillNo": "MX-1"}', "two": b"{} {}", "comma": b'{"a":1,}', "comment": b"/* */ {}",
    "marked": b"\xef\xbb\xbf{}", "UTF-16": '{"scanBillNo":"MX-1"}'.encode("utf-16"), "NULs": b"\0" * 100, "XML": b"<a>b</a>",
    "form": b"scanBillNo=MX-1&resource=EAS", "empty list": b"[]", "base64": b"e30=", "list of lists": b"[[[]]]", **DEEP}


def test_bodies(site):
    def check(path, name):
        reset(site)
        before = content(site)
        codes = ("1200", "1400") if path == TOKEN else ("1400", "1401")
        assert judge(site, send(site, path, BODIES[name]), before, codes) is None

    each(itertools.product(ROUTES, BODIES), check)


@pytest.mark.parametrize("how", ["length", "chunked", "expect"])
def test_over_the_limit(site, how):
    def check(path):
        before, limit = content(site), LIMITS[path]
        for size, refused in ((limit - 200, False), (limit + 1, True), (limit * 3, True)):
            body = json.dumps({"x": "y" * (size - 9)}).encode()
            sent = (body[at:at + 8192] for at in range(0, size, 8192)) if how == "chunked" else body
            reply = send(site, path, sent, headers={"Expect": "100-continue"} if how == "expect" else {})
            assert len(body) == size and (reply.status == 413) == refused, (size, reply)
            assert not refused or (reply.errcode == "1413" and str(limit) in reply.text)
            assert judge(site, reply, before) is None

    each([(path,) for path in ROUTES], check)


def open_call(raw, site, path, *lines):
    """Sends the head of a call with a token, and these lines."""
    raw.send("\r\n".join([f"POST {path}?access_token={site.caller.token} HTTP/1.1", "Host: x",
                          "Content-Type: application/json", *lines, "", ""]))
    return raw


def test_limit_is_told_before_the_body(site):
    """With a length in the head there is no need to wait for it."""
    def check(path):
        with Raw("127.0.0.1", site.httpd.port, timeout=patience(10)) as raw:
            reply = open_call(raw, site, path, f"Content-Length: {2 ** 40}").response("POST")
        assert (reply.status, reply.errcode) == (413, "1413")

    each([(path,) for path in ROUTES], check)


PIECES = {"Content-Length: 500": b'{"scanBillNo"', "Transfer-Encoding: chunked": b'd\r\n{"scanBillNo"\r\n'}


def test_body_that_breaks_off(site):
    def check(path, head):
        with Raw("127.0.0.1", site.httpd.port, timeout=patience(10)) as raw:
            open_call(raw, site, path, head, "Connection: close").send(PIECES[head]).half_close()
            answer = raw.rest()
        assert not answer.startswith(b"HTTP/1.1 5"), answer

    before = content(site)
    each(itertools.product(ROUTES, PIECES), check)
    assert content(site) == before


TYPES = ["text/plain", "application/xml", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded",
         "application/json; charset=gbk", "application/json;;;", "", "x" * 3000, "application/octet-stream"]


def test_content_types(site):
    def check(path, kind):
        reset(site)
        before = content(site)
        reply = send(site, path, json.dumps(FIELDS[path][0]).encode(), headers={"Content-Type": kind})
        is_form = path in FILES and kind.startswith("multipart/")  # which this is not
        assert judge(site, reply, before) is None and reply.errcode in (("1400",) if is_form else ("0000", "1409")), reply

    each(itertools.product(ROUTES, TYPES), check)


METHODS = ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW", "PROPFIND"]


def test_wrong_method(site):
    def check(path, method):
        reply = send(site, path, b"", method)
        assert (reply.status, reply.headers.get("Allow")) == (405, "POST"), reply
        assert method == "HEAD" or judge(site, reply, before, ("1400",)) is None

    before = content(site)
    each(itertools.product(ROUTES, METHODS), check)
    assert content(site) == before


# parameters

QUERIES = {"twice": "a=1&a=2", "token twice": "access_token={token}&access_token={token}", "bad escape": "a=%zz", "cut escape": "a=%4",
           "bad UTF-8": "a=%ff%fe", "NUL": "a=%00", "only separators": "&&&&", "only equals": "====", "no value": "a&b&c",
           "many": "&".join(f"p{n}=" for n in range(300)), "long": "a=" + "x" * 20000, "long name": "x" * 5000 + "=1",
           "name in UTF-8": "%E5%BD%B1=1", "semicolons": "a=1;b=2", "brackets": "a[]=1&a[]=2", "markup": "a=<script>"}


BAD_QUERIES = {"twice", "token twice", "bad escape", "cut escape", "bad UTF-8", "many", "long", "brackets", "NUL"}


def test_queries(site):
    def check(path, name):
        reset(site)
        before, body = content(site), json.dumps(FIELDS[path][0]).encode()
        query = QUERIES[name].format(token=site.caller.token)
        if "access_token" not in query:
            query += f"&access_token={site.caller.token}"
        with Raw("127.0.0.1", site.httpd.port, timeout=patience(10)) as raw:
            raw.send(f"POST {path}?{query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
                     f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
            reply = raw.response("POST")
        if reply.status != 414:  # httpd's own
            assert judge(site, reply, before, ("1400",) if name in BAD_QUERIES else None) is None

    site.httpd.expect_log("AH0|AH1", optional=True)
    each(itertools.product(ROUTES, QUERIES), check)


@pytest.mark.parametrize("encode", [urllib.parse.urlencode, lambda pairs: "&".join("=".join(pair) for pair in pairs)],
                         ids=["escaped", "bare"])
def test_forms_of_the_token_call(site, encode):
    good = list({name: str(value) for name, value in FIELDS[TOKEN][0].items()}.items())
    before = content(site)
    for at, (field, _) in enumerate(good):
        for name, value in {"empty": "", "long": "x" * 5000, "twice": good[at][1]}.items():
            pairs = [*good[:at], (field, value), *good[at + (name != "twice"):]]
            reply = send(site, TOKEN, encode(pairs).encode(), headers={"Content-Type": "application/x-www-form-urlencoded"})
            codes = {"client_id": ("1200", "1400")}.get(field, ("1400",)) if name != "empty" or field != "encType" else ("1101",)
            assert judge(site, reply, before, codes, field if reply.errcode == "1400" else None) is None, (field, name)


def test_headers_of_the_push(site):
    """Credentials in headers are input as well."""
    before = content(site)
    body = b'{"scanBillNo":"MX-9","invoice":[]}'
    for value in ("", " ", "x" * 3000, "\xff\xfe", "张".encode().decode("latin-1"), "a b", "%00", "'"):
        reply = site.caller.request("POST", PUSH, body, {"client_id": value}, token=False)
        assert judge(site, reply, before, ("1301",)) is None, value


@pytest.mark.slow
def test_random_documents(site):
    """Mutations of good bodies; the seed is fixed, so a failure can be repeated."""
    dice = random.Random(160)
    for number in range(scaled(1500, 100)):
        path = dice.choice(ROUTES)
        body = bytearray(json.dumps(FIELDS[path][0], ensure_ascii=False).encode())
        for _ in range(dice.randint(1, 6)):
            mutate(dice, body)
        reset(site)
        before = content(site)
        said = judge(site, send(site, path, bytes(body)), before)
        assert said is None, (number, path, bytes(body), said)


def mutate(dice, body):
    at = dice.randrange(len(body) + 1)
    kind = dice.randrange(4)
    if kind == 0 and body:
        body[min(at, len(body) - 1)] = dice.randrange(256)
    elif kind == 1:
        body[at:at] = dice.choice([b'"', b"{", b"[", b"}", b"]", b",", b":", b"\\", b"null", b"1e9", b"\xff", b"\0"])
    elif kind == 2:
        del body[at:at + dice.randint(1, 20)]
    else:
        body[at:at] = body[:dice.randint(1, 40)]


def test_store_is_whole_after_all_that(site):
    for path in ROUTES:
        for body in BODIES.values():
            send(site, path, body)
    assert rows(site, "PRAGMA integrity_check") == [{"integrity_check": "ok"}]
    with site.http() as caller:
        assert caller.get("/fpimage/ready").status == 200
    assert sqlite3.sqlite_version_info >= (3, 26)
