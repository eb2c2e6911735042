"""Who may push: the table, tokens, signs and addresses."""
import http.client
import itertools
import json
import time

from harness.client import credentials
from harness.cloudctl import CLIENT, OTHER_CLIENT
from test_100_start import PUSH, each, opened, patience, rows
from test_130_bills import refused, stored
from test_140_push import admit, desk, post, pushes, results  # noqa: F401 (desk is a fixture)

NOTICE = {"scanBillNo": "WHO-1", "invoice": []}
WHO = itertools.count(2)
MINE, OTHERS = ({"clientId": one["client_id"], "taxNo": one["tax_no"]} for one in (CLIENT, OTHER_CLIENT))


def who(gateway, body, **options):
    """Status and code of a push of a new bill, whose trace must be where an administrator looks."""
    number = f"WHO-{next(WHO)}"
    reply = post(gateway, {**NOTICE, "scanBillNo": number, **body}, **options)
    failed = [row for row in pushes(gateway, "--failed") if row["trace"] == reply.trace]
    assert (reply.errcode == "0000") == (rows(gateway, "SELECT 1 FROM bill WHERE number = ?", number) != [])
    assert (reply.errcode == "0000") == (failed == [])
    if failed:
        assert failed[0]["status"] == "refused" and failed[0]["reason"] and failed[0]["source"] == "127.0.0.1"
        assert gateway.httpd.log.lines(f"FPI0030.*{reply.trace}")
    return reply.status, reply.errcode


TABLE = [(MINE, 200, "0000"), ({"clientId": CLIENT["client_id"]}, 200, "0000"), ({"tin": CLIENT["tax_no"]}, 200, "0000"),
         ({}, 403, "1301"), (OTHERS, 403, "1301"), ({**MINE, "taxNo": OTHER_CLIENT["tax_no"]}, 403, "1301"),
         ({**MINE, "clientId": OTHER_CLIENT["client_id"]}, 403, "1301"), ({"clientId": "NOBODY"}, 403, "1301")]


def test_push_table(make_gateway):
    def check(body, status, code):
        assert who(one, body) == (status, code)

    one = make_gateway(clients=(CLIENT, OTHER_CLIENT))
    admit(one)
    each(TABLE, check)


def test_empty_push_table_admits_nobody(gateway):
    assert who(gateway, MINE) == (403, "1301")
    assert "push-table add" in pushes(gateway, "--failed")[0]["reason"]


WITH_TOKEN = [({}, "0000"), (MINE, "0000"), ({"taxNo": CLIENT["tax_no"]}, "0000"), (OTHERS, "1301"),
              ({"taxNo": OTHER_CLIENT["tax_no"]}, "1301"), ({"clientId": OTHER_CLIENT["client_id"]}, "1301")]


def test_token_instead_of_the_table(make_gateway):
    def check(body, code):
        assert who(one, body, token=token) == (200 if code == "0000" else 403, code)

    one = make_gateway(clients=(CLIENT, OTHER_CLIENT))
    token = one.login().token
    each(WITH_TOKEN, check)


def test_bad_token_is_not_forgiven_for_the_table(desk):
    assert who(desk, MINE, token="wrong") == (401, "1300")


def test_sign_instead_of_the_table(gateway):
    for enc_type in (0, 1, 2):
        proof = credentials(CLIENT, enc_type)
        assert who(gateway, {**proof, "sign": "0" * len(proof["sign"])}) == (403, "1301")
        assert who(gateway, proof) == (200, "0000")


def test_sign_beside_the_bills(gateway):
    proof = credentials(CLIENT)
    assert results(post(gateway, [NOTICE], query=proof)) == ["taken"]
    assert results(post(gateway, {**proof, "data": [{**NOTICE, "scanBillNo": "WHO-0"}]})) == ["taken"]


def test_sign_does_not_reach_further_than_its_enterprise(make_gateway):
    one = make_gateway(clients=(CLIENT, OTHER_CLIENT))
    assert who(one, {**credentials(CLIENT), "taxNo": OTHER_CLIENT["tax_no"]}) == (403, "1301")


def test_list_under_one_sign_with_a_window(make_gateway):
    one = make_gateway(directives="FPImageTokenSkew 300")
    many = [{**NOTICE, "scanBillNo": f"WIN-{n}"} for n in range(3)]
    assert results(post(one, many, query=credentials(CLIENT))) == ["taken"] * 3
    refused(post(one, [{**NOTICE, "scanBillNo": "WIN-9"}], query=credentials(CLIENT, 0, int(time.time() * 1000) - 10 ** 7)),
            "1301", 403)


def from_address(gateway, source, body):
    conn = http.client.HTTPConnection("127.0.0.1", gateway.httpd.port, timeout=patience(30),
                                      source_address=(source, 0))
    try:
        conn.request("POST", PUSH, json.dumps(body), {"Content-Type": "application/json"})
        return json.loads(conn.getresponse().read())["errcode"]
    finally:
        conn.close()


def test_push_allow(make_gateway):
    one = make_gateway(directives="FPImagePushAllow 127.0.0.2 127.0.1.0/24")
    admit(one)
    body = {**NOTICE, **MINE}
    assert [from_address(one, source, body) for source in ("127.0.0.1", "127.0.0.3", "127.0.2.1")] == ["1301"] * 3
    assert [row["source"] for row in pushes(one, "--failed")] == ["127.0.2.1", "127.0.0.3", "127.0.0.1"]
    assert all("FPImagePushAllow" in row["reason"] for row in pushes(one, "--failed"))
    assert [from_address(one, source, body) for source in ("127.0.0.2", "127.0.1.77")] == ["0000"] * 2
    assert from_address(one, "127.0.0.2", {**NOTICE, **OTHERS}) == "1301", "both the address and the table must agree"


def test_bill_of_another_enterprise_is_not_pushed_over(make_gateway):
    one = make_gateway(clients=(CLIENT, OTHER_CLIENT))
    admit(one)
    admit(one, OTHER_CLIENT)
    assert results(post(one, {**NOTICE, **MINE})) == ["taken"]
    refused(post(one, {**NOTICE, **OTHERS, "billNo": "X"}), "1301", 403, "WHO-1")
    assert stored(one, "WHO-1")["tax_no"] == CLIENT["tax_no"]


def test_refused_pushes_are_bounded(desk):
    """What strangers send does not fill the store."""
    with desk.httpd.http() as caller:
        for _ in range(30):
            caller.post(PUSH, {"scanBillNo": "X" * 90, "clientId": "NOBODY"})
    with opened(desk) as base:
        (one,) = base.execute("SELECT id FROM push LIMIT 1").fetchall()
        base.executemany("INSERT INTO push (tenant, bill, status, at, last, repeats, body_len)"
                         " VALUES (1, 0, 'refused', 1, 0, 0, 0)", [() for _ in range(1200)])
    post(desk, {"scanBillNo": "X", "clientId": "NOBODY"})
    assert rows(desk, "SELECT count(*) AS n FROM push")[0]["n"] <= 1001
