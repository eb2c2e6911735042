"""Tokens that we issue: every way to ask for one and to pass one, and what ends them."""
import base64
import concurrent.futures
import hashlib
import http.client
import itertools
import json
import os
import re
import struct
import subprocess
import time
import urllib.parse

import pytest

from harness import places
from harness.client import credentials, sign
from harness.cloudctl import CLIENT, OTHER_CLIENT
from test_100_start import STATUS, TOKEN, each, metric, patience, rows

ASKED = {"scanBillNo": "NONE", "resource": "EAS"}  # with a good token the answer is 1404
TENANT_CLIENT = {**OTHER_CLIENT, "client_id": "TN_TESTTENANT"}


def proof(client=CLIENT, enc_type=0, stamp="1769817600000", **changes):
    """The fields of a token call; a change to None leaves one out."""
    whole = {**credentials(client, enc_type, stamp), **changes}
    return {name: value for name, value in whole.items() if value is not None}


def works(http, **options):
    """Is the caller known? (Then the bill that it asks for is not.)"""
    reply = http.post(STATUS, ASKED, **options)
    assert (reply.status, reply.errcode) in ((200, "1404"), (401, "1300")), reply
    return reply.errcode == "1404"


# how one is asked for

STAMPS = ["1769817600", "1769817600123", "20260131080000", "202601310800001234", "20260131080000123", "0",
          "any text", "2026-01-31 08:00:00"]


def test_signs_of_every_kind_and_timestamp(gateway):
    def check(stamp, enc_type):
        reply = http.post(TOKEN, proof(enc_type=enc_type, stamp=stamp), token=False)
        assert reply.errcode == "0000", reply
        http.token = reply.json()["access_token"]
        assert works(http)

    with gateway.http() as http:
        each(itertools.product(STAMPS, (0, 1, 2)), check)


@pytest.mark.mpm
@pytest.mark.valgrind
def test_answer_is_flat(gateway):
    with gateway.http() as http:
        reply = http.post(TOKEN, proof())
    value = reply.json()
    assert set(value) == {"errcode", "description", "access_token", "token_type", "expires_in", "traceId"}
    assert (value["errcode"], value["description"]) == ("0000", "操作成功")
    assert (value["token_type"], value["expires_in"]) == ("bearer", 129600)
    assert reply.headers["Content-Type"].lower().replace(" ", "") == "application/json;charset=utf-8"
    assert reply.headers["Cache-Control"] == "no-store"


def test_timestamp_as_number(gateway):
    with gateway.http() as http:
        for stamp in (1769817600, 1769817600123, 20260131080000):
            reply = http.post(TOKEN, {**proof(stamp=str(stamp)), "timestamp": stamp})
            assert reply.errcode == "0000", reply


ENC_TYPES = [(None, 0, "0000"), ("", 0, "0000"), (0, 0, "0000"), ("0", 0, "0000"), ("1", 1, "0000"), (1, 1, "0000"),
             ("2", 2, "0000"), (3, 0, "1400"), ("md5", 0, "1400"), (-1, 0, "1400"), (True, 1, "1400"), (1.0, 1, "1400"),
             ([1], 1, "1400")]


def test_enc_type_in_all_spellings(gateway):
    def check(enc_type, kind, code):
        reply = http.post(TOKEN, {**proof(enc_type=kind), "encType": enc_type})
        assert reply.errcode == code, reply
        assert code == "0000" or "encType" in reply.json()["description"]

    with gateway.http() as http:
        each(ENC_TYPES, check)


def by_json(http, fields):
    return http.post(TOKEN, fields)


def by_form(http, fields):
    return http.request("POST", TOKEN, urllib.parse.urlencode(fields),
                        {"Content-Type": "application/x-www-form-urlencoded"})


def by_query(http, fields):
    return http.request("POST", TOKEN, query=fields)


def by_json_without_type(http, fields):
    return http.request("POST", TOKEN, json.dumps(fields))


def by_body_and_query(http, fields):
    return http.post(TOKEN, {"client_id": fields["client_id"]},
                     query={name: value for name, value in fields.items() if name != "client_id"})


def chunked(http, fields):
    return http.request("POST", TOKEN, iter([json.dumps(fields).encode()]), {"Content-Type": "text/plain"})


def test_where_the_fields_may_stand(gateway):
    def check(ask):
        for enc_type in (0, 1, 2):
            assert ask(http, proof(enc_type=enc_type)).errcode == "0000"
        assert ask(http, {**proof(), "sign": "x" * 32}).errcode == "1101"

    with gateway.http() as http:
        each([(ask,) for ask in (by_json, by_form, by_query, by_json_without_type, by_body_and_query, chunked)], check)


def test_sign_in_any_case(gateway):
    with gateway.http() as http:
        for enc_type, shape in itertools.product((0, 1, 2), (str.upper, str.lower, str.title)):
            fields = proof(enc_type=enc_type)
            assert http.post(TOKEN, {**fields, "sign": shape(fields["sign"])}).errcode == "0000"


def test_tenant_client(make_gateway):
    one = make_gateway(clients=(TENANT_CLIENT,))
    assert works(one.login(TENANT_CLIENT))


def test_blanks_round_id_and_secret_are_trimmed_when_stored(make_gateway):
    one = make_gateway(clients=({**CLIENT, "client_id": f" {CLIENT['client_id']}\t", "secret": f"  {CLIENT['secret']}\t "},))
    assert works(one.login(CLIENT))


# refusals: (changes to a good call, errcode, words)

GOOD_SIGN = sign(CLIENT["client_id"], CLIENT["secret"], "1769817600000")
REFUSALS = [
    ({"client_id": None}, "1200", "授权ID为空"),
    ({"client_id": ""}, "1200", "授权ID为空"),
    ({"client_id": "NOBODY"}, "1201", "企业授权列表不存在"),
    ({"client_id": CLIENT["client_id"].lower()}, "1201", "企业授权列表不存在"),
    ({"client_id": CLIENT["client_id"] + " "}, "1201", "空白"),
    ({"client_id": " " + CLIENT["client_id"]}, "1201", "空白"),
    ({"client_id": CLIENT["client_id"] + "\u3000"}, "1201", "空白"),
    ({"client_id": CLIENT["client_id"][:4] + "\u00a0" + CLIENT["client_id"][4:]}, "1201", "空白"),
    ({"timestamp": None}, "1400", "timestamp"), ({"timestamp": ""}, "1400", "timestamp"),
    ({"sign": None}, "1400", "sign"), ({"sign": ""}, "1400", "sign"),
    ({"timestamp": "1769817600001"}, "1101", "签名认证不通过"),
    ({"timestamp": "1769817600000 "}, "1101", "签名认证不通过"),
    ({"sign": "0" * 32}, "1101", "签名认证不通过"), ({"sign": GOOD_SIGN[:-1]}, "1101", "签名认证不通过"),
    ({"sign": GOOD_SIGN + "0"}, "1101", "签名认证不通过"), ({"encType": 1}, "1101", "签名认证不通过"),
    ({"encType": 2}, "1101", "签名认证不通过"), ({"sign": "签名"}, "1101", "签名认证不通过"),
    ({"client_id": OTHER_CLIENT["client_id"]}, "1201", "企业授权列表不存在"),
]


def test_refusals_say_why(gateway):
    def check(changes, code, words):
        reply = http.post(TOKEN, proof(**changes))
        assert (reply.status, reply.errcode) == (200, code), reply
        assert words in reply.json()["description"] and "access_token" not in reply.json()

    with gateway.http() as http:
        each(REFUSALS, check)
        assert metric(http, "fpimage_tokens_refused_total") == len(REFUSALS)
    assert CLIENT["secret"] not in "".join(line.raw for line in gateway.httpd.log.lines())


def test_secret_of_another_does_not_sign(make_gateway):
    one = make_gateway(clients=(CLIENT, OTHER_CLIENT))
    with one.http() as http:
        mixed = {**CLIENT, "secret": OTHER_CLIENT["secret"]}
        assert http.post(TOKEN, proof(mixed)).errcode == "1101"


# how one is passed

WAYS = {
    "query": lambda token: ({"access_token": token}, {}),
    "bearer": lambda token: ({}, {"Authorization": f"Bearer {token}"}),
    "bearer lower": lambda token: ({}, {"authorization": f"bearer {token}"}),
    "access_token": lambda token: ({}, {"access_token": token}),
    "accessToken": lambda token: ({}, {"accessToken": token}),
    "twice the same": lambda token: ({"access_token": token}, {"accessToken": token}),
}


@pytest.mark.mpm
def test_ways_to_pass_it(gateway):
    def check(_, way):
        query, headers = way(token)
        assert works(http, query=query, headers=headers)
        bad = {name: value.replace(token, token[:-2] + "AA") for name, value in headers.items()}
        query = {name: token[:-2] + "AA" for name in query}
        assert not works(http, query=query, headers=bad)

    with gateway.http() as http:
        token = http.post(TOKEN, proof()).json()["access_token"]
        each(WAYS.items(), check)


def test_two_different_tokens_are_refused(gateway):
    with gateway.http() as http:
        first, second = (http.post(TOKEN, proof(stamp=stamp)).json()["access_token"] for stamp in "12")
        if first == second:
            time.sleep(1.1)  # issued in the same second they may be alike
            second = http.post(TOKEN, proof(stamp="3")).json()["access_token"]
        reply = http.post(STATUS, ASKED, query={"access_token": first}, headers={"accessToken": second})
    assert reply.errcode == "1400" and "access_token" in reply.json()["description"]


def twist(token):
    """The token with each part changed a little."""
    payload, mac = token.split(".")
    raw = bytearray(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    raw[-1] ^= 1
    later = base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("=")
    return [f"{later}.{mac}", f"{payload}.{'A' * len(mac)}", payload, f"{payload}.", f".{mac}", f"{token}A",
            token[:-1], token.swapcase(), f"{payload}.{mac}.{mac}", token.replace(".", ":"), "null", "undefined",
            "0", "A" * 5000, f"{payload}.{hashlib.sha256(payload.encode()).hexdigest()[:len(mac)]}", " ", "%00"]


@pytest.mark.valgrind
def test_forged_tokens_are_refused(gateway):
    token = gateway.login().token
    with gateway.http() as http:
        for bad in [None, "", *twist(token)]:
            reply = http.post(STATUS, ASKED, query={} if bad is None else {"access_token": bad})
            assert (reply.status, reply.errcode) == (401, "1300"), bad
            assert "data" not in reply.json() and "WWW-Authenticate" in reply.headers


# what ends one, at once in every child

def in_every_child(gateway, token, calls=64, callers=16):
    """Answers of many calls at once, each on a connection of its own."""
    def call(_):
        with gateway.httpd.http(token=token) as http:
            return works(http)

    with concurrent.futures.ThreadPoolExecutor(callers) as pool:
        return set(pool.map(call, range(calls)))


def disable(gateway):
    gateway.ctl.must("enterprise", "disable", CLIENT["client_id"])
    return "1202"


def remove(gateway):
    gateway.ctl.must("enterprise", "remove", "--yes", CLIENT["client_id"])
    return "1201"


def change_secret(gateway):
    gateway.add_enterprise({**CLIENT, "secret": "quite-another-secret"})
    return "1101"


@pytest.mark.mpm
@pytest.mark.parametrize("end", [disable, remove, change_secret], ids=lambda end: end.__name__)
def test_tokens_end_at_once_in_every_child(make_gateway, end):
    one = make_gateway(processes=4, threads=4)
    token = one.login().token
    assert in_every_child(one, token) == {True}
    code = end(one)
    assert in_every_child(one, token) == {False}
    with one.http() as http:
        assert http.post(TOKEN, proof()).errcode == code


def test_tokens_of_a_removed_enterprise_stay_dead_when_it_comes_back(gateway):
    token = gateway.login().token
    remove(gateway)
    gateway.add_enterprise(CLIENT)
    assert in_every_child(gateway, token, 8) == {False}
    assert works(gateway.login())


def test_others_tokens_live_on(make_gateway):
    one = make_gateway(clients=(CLIENT, OTHER_CLIENT))
    token = one.login(OTHER_CLIENT).token
    disable(one)
    assert in_every_child(one, token, 8) == {True}


def test_same_data_again_ends_nothing(gateway):
    token = gateway.login().token
    gateway.add_enterprise(CLIENT)
    assert in_every_child(gateway, token, 8) == {True}


def test_enterprise_is_known_at_once_in_every_child(make_gateway):
    one = make_gateway(processes=4, threads=4)
    in_every_child(one, "none")
    one.add_enterprise(OTHER_CLIENT)
    for _ in range(16):
        with one.httpd.http() as http:
            assert http.login(OTHER_CLIENT).errcode == "0000"


def test_token_survives_restart_and_is_good_for_another_host(gateway):
    token = gateway.login().token
    gateway.httpd.stop()
    gateway.httpd.start()
    assert in_every_child(gateway, token, 4) == {True}


def test_token_of_another_installation(make_gateway):
    first, second = make_gateway(), make_gateway(checked=True)  # its keys are its own
    token = first.login().token
    assert in_every_child(second, token, 4) == {False}


# life time

@pytest.fixture
def ahead(tmp, monkeypatch):
    """ahead(seconds) moves the clock of every httpd that is started afterwards."""
    shim, offset = tmp / "ahead.so", tmp / "offset"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", shim, places.TESTS / "torture" / "ahead.c"], check=True)
    offset.write_bytes(struct.pack("=q", 0))
    given = places.extra_environment(tmp)
    loaded = " ".join(filter(None, [given.get("LD_PRELOAD"), str(shim)]))
    lines = [os.environ.get("FPIMAGE_HTTPD_ENV", ""), f"LD_PRELOAD={loaded}", f"FPIMAGE_AHEAD={offset}"]
    monkeypatch.setenv("FPIMAGE_HTTPD_ENV", "\n".join(lines))

    def move(seconds):
        with offset.open("r+b") as file:
            file.write(struct.pack("=q", int(seconds)))

    return move


@pytest.mark.parametrize("lifetime", [None, 60])
def test_token_expires(make_gateway, ahead, lifetime):
    one = make_gateway(directives=f"FPImageTokenLifetime {lifetime}" if lifetime else "")
    seconds = lifetime or 129600
    with one.http() as http:
        reply = http.post(TOKEN, proof())
    assert reply.json()["expires_in"] == seconds
    token = reply.json()["access_token"]
    for offset, good in ((0, True), (seconds - 30, True), (seconds + 1, False)):
        ahead(offset)
        assert in_every_child(one, token, 4) == {good}, offset


def test_later_years(make_gateway, ahead):
    one = make_gateway()
    for year in (2038, 2106):
        ahead(time.mktime((year, 6, 1, 0, 0, 0, 0, 0, 0)) - time.time())
        assert works(one.login()), year


# the window

WINDOW = 60


def stamp_of(off, kind):
    when = time.time() + off
    return {"seconds": str(int(when)), "milliseconds": str(int(when * 1000)),
            "calendar": time.strftime("%Y%m%d%H%M%S", time.gmtime(when + 8 * 3600)),
            "ISO 8601": time.strftime("%Y-%m-%dT%H:%M:%S.000+0800", time.gmtime(when + 8 * 3600)),
            "ISO 8601, UTC": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(when)),
            "calendar with fraction": time.strftime("%Y%m%d%H%M%S1234", time.gmtime(when + 8 * 3600))}[kind]


@pytest.fixture
def windowed(make_gateway):
    return make_gateway(directives=f"FPImageTokenSkew {WINDOW}", processes=4, threads=4)


def test_window_for_every_kind_of_timestamp(windowed):
    with windowed.http() as http:
        for kind in ("seconds", "milliseconds", "calendar", "calendar with fraction", "ISO 8601", "ISO 8601, UTC"):
            for off, code in ((0, "0000"), (-WINDOW + 15, "0000"), (WINDOW - 15, "0000"), (-WINDOW - 15, "1102"),
                              (WINDOW + 15, "1102")):
                reply = http.post(TOKEN, proof(stamp=stamp_of(off, kind)))
                assert reply.errcode == code, (kind, off, reply)


def test_window_refuses_what_is_no_time(windowed):
    with windowed.http() as http:
        for stamp in ("any text", "0", "12345", "99999999999999999999", "20261331080000"):
            reply = http.post(TOKEN, proof(stamp=stamp))
            assert reply.errcode == "1102" and "timestamp" in reply.json()["description"], stamp


@pytest.mark.mpm
def test_sign_is_taken_once(windowed):
    fields = proof(stamp=stamp_of(0, "milliseconds"))

    def ask(index):
        shape = str.upper if index % 2 else str.lower
        with windowed.httpd.http() as http:
            return http.post(TOKEN, {**fields, "sign": shape(fields["sign"])}).errcode

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        codes = list(pool.map(ask, range(32)))
    assert sorted(codes) == ["0000"] + ["1101"] * 31


def test_without_window_a_sign_may_come_again(gateway):
    with gateway.http() as http:
        assert {http.post(TOKEN, proof()).errcode for _ in range(3)} == {"0000"}
    assert rows(gateway, "SELECT * FROM nonce") == []


def test_used_signs_are_forgotten_after_the_window(make_gateway, ahead):
    one = make_gateway(directives=f"FPImageTokenSkew {WINDOW}")
    with one.http() as http:
        assert http.post(TOKEN, proof(stamp=stamp_of(0, "milliseconds"))).errcode == "0000"
    ahead(3 * WINDOW)
    with one.http() as http:
        assert http.post(TOKEN, proof(stamp=stamp_of(3 * WINDOW, "milliseconds"))).errcode == "0000"
    assert len(rows(one, "SELECT * FROM nonce")) == 1


# pages that poll

POLLING = "/api/base/fpzs/polling/oauth/token"


def test_token_for_a_page_that_polls(gateway):
    with gateway.http() as http:
        reply = http.get(POLLING, query={**proof(), "tin": CLIENT["tax_no"], "eid": "1"})
        assert (reply.status, reply.errcode, reply.json()["token_type"]) == (200, "0000", "bearer")
        polled = http.get("/api/polling/fpzs/portal/invoice/data/v2", query={"access_token": reply.json()["access_token"], "key": "1"})
        assert (polled.status, polled.errcode) == (200, "0000")
        reply = http.get(POLLING, query={**proof(), "jsonpCallback": "jQuery1.on_$"})
        text = re.fullmatch(r"/\*\*/jQuery1\.on_\$\((.*)\);", reply.text).group(1)
        assert json.loads(text)["access_token"] and json.loads(text)["errcode"] == "0000"
        assert reply.headers["Content-Type"].startswith("application/javascript") and reply.trace
        for name in ("alert(1)//", "a b", "", "x" * 65, "a<b"):
            reply = http.get(POLLING, query={**proof(), "jsonpCallback": name})
            assert reply.errcode == "1400" and "jsonpCallback" in reply.json()["description"], name
        assert http.get(POLLING, query={**proof(), "sign": "0" * 32}).errcode == "1101"
        assert http.get(POLLING).errcode == "1200"


# no token, no content

ROUTES = ["/api/imgsys/bill/signPost/erpBillPush", STATUS, "/api/imgsys/bill/outside/rescan",
          "/api/imgsys/bill/outside/cancelRescan", "/api/imgsys/bill/outside/invalid",
          "/api/imgsys/bill/outside/erpBingScanVoucher", "/api/imgsys/erpBingScanVoucher",
          "/api/imgsys/bill/outside/invoices", "/api/kapi/app/bds/erpBillPush", "/api/kapi/app/bds/operate",
          "/api/m5/bill/invoice/create"]


def test_no_content_without_a_token(gateway):
    def check(path, query):
        reply = http.post(path, {"scanBillNo": "A", "operate": "queryBillStatus"}, query=query)
        assert (reply.status, reply.errcode) == (401, "1300")
        assert reply.json().get("data") is None

    token = gateway.login().token
    queries = ({}, {"access_token": token[:-1]}, {"access_token": twist(token)[0]})
    with gateway.http() as http:
        each(itertools.product(ROUTES, queries), check)
    assert [row for row in gateway.cloud.log() if row["path"] != "/base/oauth/token"] == []


def test_refusal_comes_before_the_body(gateway):
    """A caller without a token can't make us read 40 MB."""
    conn = http.client.HTTPConnection("127.0.0.1", gateway.httpd.port, timeout=patience(10))
    try:
        conn.putrequest("POST", ROUTES[0])
        conn.putheader("Content-Length", str(40 * 1024 * 1024))
        conn.putheader("Expect", "100-continue")
        conn.endheaders()
        answer = conn.getresponse()
        assert answer.status == 401 and json.loads(answer.read())["errcode"] == "1300"
    finally:
        conn.close()
