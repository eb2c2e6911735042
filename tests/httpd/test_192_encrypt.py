"""Bodies that we encrypt for the caller, and calls that carry a sign in the place of a token."""
import json
import time
import urllib.parse

import pytest

from harness.client import decrypt_body, encrypt_body, sign
from harness.cloudctl import CLIENT, OTHER_CLIENT
from test_100_start import patience
from test_190_relay import TOKEN_PATH, field, nothing_reached, one, query_of, seen, sha256

ROUTES = ["/m5/bill/invoice/create", "/m5/bill/invoice/invalid", "/m7/bill/invoice/serialno/query",
          "/m7/bill/invoice/serialno/pdf/query"]
CREATE = ROUTES[0]
BILL = {"requestId": "7", "buyerName": "虚构红枫集团有限公司", "items": [{"n": 1.50, "名称": "办公用品"}]}
FORM = "application/x-www-form-urlencoded"
IN_CLOUD = {**CLIENT, "client_id": "CLOUDNAME-01", "secret": "cloud-secret-of-01"}
STAMP = "1769817600123"


# bodies

@pytest.mark.mpm
@pytest.mark.parametrize("path", ROUTES)
def test_json_is_encrypted_for_the_caller(gateway, path):
    """The stand-in reads nothing but canonical base64 of AES of JSON, and gives back what it read."""
    http = gateway.login()
    reply = http.post("/api" + path, BILL)
    row = one(gateway, path)
    assert (reply.status, reply.json()["data"]["echo"]) == (200, BILL)
    assert json.loads(decrypt_body(row["body"].encode(), CLIENT["encrypt_key"])) == BILL
    assert (field(row, "Content-Type"), field(row, "Content-Length")) == (["application/json"], [str(row["body_bytes"])])


JSONS = ['{"a":1}', ' \r\n\t{"a" : 1.50}\n', "[1,2]", '{"空":"格"}', '{"a":"' + "x" * 300000 + '"}', "{" + " " * 14 + "}"]


@pytest.mark.valgrind
def test_the_bytes_of_the_json_stay(gateway):
    http = gateway.login()
    for text in JSONS:
        for body in (text.encode(), iter([text.encode()[:3], text.encode()[3:]])):
            assert http.request("POST", "/api" + CREATE, body).json()["data"]["echo"] == json.loads(text)
            assert seen(gateway, CREATE)[-1]["body_sha256"] == sha256(encrypt_body(text, CLIENT["encrypt_key"]))


def test_what_is_encrypted_already_passes(gateway):
    http = gateway.login()
    for body in (encrypt_body(json.dumps(BILL), CLIENT["encrypt_key"]), encrypt_body("{}", CLIENT["encrypt_key"])):
        for sent in (body, iter([body])):
            reply = http.request("POST", "/api" + CREATE, sent, {"Content-Type": "application/json"})
            assert reply.errcode == "0000", reply
            assert seen(gateway, CREATE)[-1]["body_sha256"] == sha256(body)
    wrong = encrypt_body("{}", OTHER_CLIENT["encrypt_key"])
    reply = http.request("POST", "/api" + CREATE, wrong)
    assert (reply.status, reply.json()["description"]) == (200, "[服务网关]解密未获得字符异常")


def test_marks_and_line_ends_do_not_reach_the_cloud(gateway):
    http, packed = gateway.login(), encrypt_body(json.dumps(BILL), CLIENT["encrypt_key"])
    lines = b"\r\n".join(packed[at:at + 76] for at in range(0, len(packed), 76))
    for sent in (b"\xef\xbb\xbf" + json.dumps(BILL).encode(), packed + b"\n", lines, b"\xef\xbb\xbf" + packed):
        reply = http.request("POST", "/api" + CREATE, sent, {"Content-Type": "application/json"})
        assert reply.errcode == "0000" and reply.json()["data"]["echo"] == BILL, reply
        assert seen(gateway, CREATE)[-1]["body_sha256"] == sha256(packed)


@pytest.mark.parametrize("body", ["a=b", "<xml/>", '"text"', "QUJ", "QUJD!", "\x00\x01"])
def test_neither_json_nor_base64(gateway, body):
    reply = gateway.login().request("POST", "/api" + CREATE, body)
    assert (reply.status, reply.errcode) == (200, "1400")
    assert all(word in reply.json()["description"] for word in ("JSON", "base64", "encrypt_key"))
    assert seen(gateway, "/", 0) == []


# (directive, path as sent, is it encrypted?)
REACH = [
    ("", "/m5/bill/invoice/%63reate", True), ("", "/m5//bill/invoice/create/", True), ("", CREATE + "/more", True),
    ("", "/m5/bill/invoice/created", False), ("", "/m5/bill/invoice", False), ("", "/m4/bill", False),
    ("", "/base/oauth/more", False), ("", "/m3/bill/invoice/create", False),
    ("FPImageEncrypt /m9/secret /m13/", "/m9/secret", True), ("FPImageEncrypt /m9/secret /m13/", "/m13/a/b", True),
    ("FPImageEncrypt /m9/secret /m13/", "/m9/secrets", False), ("FPImageEncrypt /m9/secret\nFPImageEncrypt /m13", "/m13", True),
    ("FPImageEncrypt /m9/secret", CREATE, False),
]


@pytest.mark.parametrize("directive", dict.fromkeys(row[0] for row in REACH))
def test_which_paths(make_gateway, directive):
    gateway = make_gateway(directives=directive)
    http = gateway.login()
    plain = json.dumps(BILL).encode()
    for _, path, is_encrypted in (row for row in REACH if row[0] == directive):
        http.request("POST", "/api" + path, plain)
        got = seen(gateway, "/")[-1]["body_sha256"]
        assert got == sha256(encrypt_body(plain, CLIENT["encrypt_key"]) if is_encrypted else plain), path


def test_without_a_body_nothing_is_encrypted(gateway):
    http = gateway.login()
    for method in ("GET", "POST", "DELETE"):
        http.request(method, "/api" + CREATE)
    assert [row["body_bytes"] for row in seen(gateway, CREATE, 3)] == [0, 0, 0]


def test_base_of_the_upstream_is_no_part_of_the_path(make_cloud, make_gateway):
    gateway = make_gateway(cloud=make_cloud(base="/test"))
    assert gateway.login().post("/api" + CREATE, BILL).json()["data"]["echo"] == BILL


def test_enterprise_without_a_key(make_gateway):
    """It may still send what it has encrypted by itself."""
    gateway = make_gateway(clients=())
    gateway.ctl.must("enterprise", "add", "--tax-no", CLIENT["tax_no"], "--name", CLIENT["name"], "--client-id",
                     CLIENT["client_id"], "--secret-file", gateway.secret_file(CLIENT, "secret"), "--unchecked")
    http = gateway.login()
    assert http.post("/api" + CREATE, BILL).json()["description"] == "[服务网关]解密未获得字符异常"
    reply = http.request("POST", "/api" + CREATE, encrypt_body(json.dumps(BILL), CLIENT["encrypt_key"]))
    assert reply.json()["data"]["echo"] == BILL


def test_each_enterprise_has_its_own_key(make_gateway):
    gateway = make_gateway(clients=(CLIENT, OTHER_CLIENT))
    for client in (CLIENT, OTHER_CLIENT):
        assert gateway.login(client).post("/api" + CREATE, BILL).json()["data"]["echo"] == BILL


@pytest.mark.parametrize("chunked", [False, True])
def test_limit_of_a_body_that_is_gathered(make_gateway, chunked):
    gateway = make_gateway(directives="FPImageMaxJSON 100K")
    http = gateway.login()
    for size, status in ((102400, 200), (102401, 413), (5000000, 413)):
        body = b'{"a":"' + b"x" * (size - 8) + b'"}'
        reply = http.request("POST", "/api" + CREATE, iter([body[:9], body[9:]]) if chunked else body)
        assert (reply.status, reply.errcode) == (status, "0000" if status == 200 else "1413"), size
        assert status == 200 or "102400" in reply.json()["description"]
    assert len(seen(gateway, CREATE)) == 1


# signs

def fields(client=CLIENT, enc_type=None, stamp=STAMP, **changes):
    kind = {} if enc_type is None else {"encType": enc_type}
    whole = {"tin": "x", "client_id": client["client_id"], "timestamp": stamp,
             "sign": sign(client["client_id"], client["secret"], stamp, enc_type or 0), **kind, "billNumber": "单/1 &", **changes}
    return {name: value for name, value in whole.items() if value is not None}


def in_json(values):
    return "", json.dumps(values, ensure_ascii=False).encode(), "application/json"


def in_number(values):
    """As EAS writes it: bare digits, blanks, an inner member of the same name."""
    text = json.dumps({"data": [{"sign": 1}], **values}, indent=1).replace(f'"{STAMP}"', STAMP)
    return "", text.encode(), "application/json;charset=utf-8"


def in_text(values):
    return "", json.dumps(values).encode(), "text/plain"


def in_query(values):
    return "?" + urllib.parse.urlencode(values), None, None


def in_query_of_a_file(values):
    return "?" + urllib.parse.urlencode(values), b"\xff\xd8" + b"\0" * 200000, "image/jpeg"


def in_form(values):
    return "", urllib.parse.urlencode(values).encode(), FORM


SHAPES = [in_json, in_number, in_text, in_query, in_query_of_a_file, in_form]


def send(gateway, shape, values, path="/api/m4/fpzs/getUserKey"):
    """The answer to a signed call without a token; the stand-in itself does not know signs in forms."""
    query, body, kind = shape(values)
    if shape is in_form:
        gateway.cloud.behave("fail", "/m4/fpzs", times=1, status=200, body={"errcode": "0000"})
    with gateway.http() as http:
        return http.request("GET" if body is None else "POST", path + query, body, {"Content-Type": kind} if kind else {})


@pytest.mark.mpm
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_signed_call_passes_as_it_is(gateway, shape):
    for count, enc_type in enumerate((None, 0, 1, 2), 1):
        assert send(gateway, shape, fields(enc_type=enc_type)).errcode == "0000", enc_type
        query, body, _ = shape(fields(enc_type=enc_type))
        row = gateway.cloud.wait_log("/m4", count)[-1]
        assert (query_of(row), row["body_sha256"]) == (query[1:], sha256(body or b""))
    assert gateway.cloud.fetches() == 0


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_sign_is_made_anew_for_the_name_in_the_cloud(make_gateway, shape):
    gateway = make_gateway(clients=())
    known_in_the_cloud_as(gateway, IN_CLOUD)
    for enc_type in (None, 0, 1, 2):
        assert send(gateway, shape, fields(enc_type=enc_type)).errcode == "0000", enc_type
        query, body, _ = shape(fields(IN_CLOUD, enc_type))
        row = seen(gateway, "/m4")[-1]
        assert (query_of(row), row["body_sha256"]) == (query[1:], sha256(body or b"")), row.get("body")
    assert gateway.cloud.fetches() == 0


def known_in_the_cloud_as(gateway, client):
    gateway.ctl.must("enterprise", "add", "--tax-no", CLIENT["tax_no"], "--name", CLIENT["name"], "--unchecked",
                     "--client-id", CLIENT["client_id"], "--secret-file", gateway.secret_file(CLIENT, "secret"),
                     "--encrypt-key-file", gateway.secret_file(CLIENT, "encrypt_key"),
                     "--cloud-client-id", client["client_id"], "--cloud-secret-file", gateway.secret_file(client, "secret"))
    gateway.cloud.remove_client(CLIENT["client_id"])
    gateway.cloud.add_client(client)


def test_tokens_are_fetched_under_the_name_in_the_cloud(make_gateway):
    gateway = make_gateway(clients=())
    known_in_the_cloud_as(gateway, IN_CLOUD)
    http = gateway.login(CLIENT)
    assert http.post("/api" + CREATE, BILL).json()["data"]["echo"] == BILL
    assert one(gateway, CREATE)["client"] == IN_CLOUD["client_id"]
    assert (gateway.cloud.fetches(IN_CLOUD["client_id"]), gateway.cloud.fetches()) == (1, 0)
    with gateway.http() as other:
        assert other.login(IN_CLOUD).errcode == "1201"  # the name in the cloud is none of ours


@pytest.mark.valgrind
def test_receipt_of_a_bill(make_gateway):
    gateway = make_gateway(clients=())
    known_in_the_cloud_as(gateway, IN_CLOUD)
    (bill,) = gateway.cloud.generate(1, client_id=IN_CLOUD["client_id"])
    values = fields(bxd_key=bill["billId"], billNumber=bill["billNo"])
    reply = send(gateway, in_query, values, "/api/m4/fpzs/bxdInvoices")
    assert [row["serialNo"] for row in reply.json()["data"]] == [row["serialNo"] for row in bill["invoice"]]


WRONG = "f" * 32
REFUSALS = [  # (changes to a good call, HTTP status, errcode, words)
    ({"sign": WRONG}, 200, "1101", "签名认证不通过"), ({"timestamp": "1769817600124"}, 200, "1101", "签名认证不通过"),
    ({"encType": 1}, 200, "1101", "签名认证不通过"), ({"encType": 3}, 200, "1400", "encType"),
    ({"client_id": "NOBODY"}, 200, "1201", "企业授权列表不存在"), ({"client_id": None}, 200, "1200", "授权ID为空"),
    ({"timestamp": None}, 200, "1400", "timestamp"), ({"sign": None}, 401, "1300", "access_token"),
    ({"sign": sign(CLIENT["client_id"], IN_CLOUD["secret"], STAMP)}, 200, "1101", "签名认证不通过"),
]


@pytest.mark.parametrize("shape", [in_json, in_query, in_form], ids=lambda shape: shape.__name__)
def test_bad_signs_go_no_further(gateway, shape):
    for changes, status, code, words in REFUSALS:
        reply = send(gateway, shape, fields(**changes))
        assert (reply.status, reply.errcode) == (status, code), changes
        assert words in reply.json()["description"]
    assert nothing_reached(gateway.cloud)


def test_sign_of_a_disabled_enterprise(gateway):
    gateway.ctl.must("enterprise", "disable", CLIENT["client_id"])
    assert send(gateway, in_json, fields()).errcode == "1202"
    assert nothing_reached(gateway.cloud)


@pytest.mark.parametrize("path", ["/api/m5/bill/invoice/create", "/api/m4/fpzsx/y", "/api/m4", "/api/m1/m4/fpzs/x"])
def test_a_sign_is_good_on_signed_paths_only(gateway, path):
    for shape in (in_json, in_query):
        assert send(gateway, shape, fields(), path).status == 401
    assert nothing_reached(gateway.cloud)


def test_keys_of_the_cloud_are_no_token(gateway):
    """The refusal says what is needed in their place."""
    with gateway.http() as http:
        for reply in (http.post("/api/m4/fpzs/expense/invoices/query", {"userKey": "abc"}),
                      http.get("/api/m4-web/fpzs/index", query={"userKey": "a", "linkKey": "b"})):
            assert (reply.status, reply.errcode) == (401, "1300")
            assert all(word in reply.json()["description"] for word in ("access_token", "userKey", "linkKey")), reply
    assert nothing_reached(gateway.cloud)


def test_token_on_a_signed_path(gateway):
    http = gateway.login()
    assert http.post("/api/m4/fpzs/getLinkKey", {}).errcode == "0000"
    assert http.post("/api/m4/fpzs/getUserKey", fields()).errcode == "0000"
    assert len(one(gateway, "/m4/fpzs/getUserKey")["query"]["access_token"]) == 1


@pytest.mark.parametrize("place", ["query", "header"])
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_sign_beside_a_token_is_made_anew(make_gateway, shape, place):
    """The cloud gets its token and its sign, wherever they stand; a sign of the cloud's own name is left as it is."""
    gateway = make_gateway(clients=())
    known_in_the_cloud_as(gateway, IN_CLOUD)
    http = gateway.login(CLIENT)
    for client, enc_type in ((CLIENT, None), (CLIENT, 2), (IN_CLOUD, 1)):
        query, body, kind = shape(fields(client, enc_type))
        path = "/api/m4/fpzs/getUserKey" + query
        headers = {"Content-Type": kind} if kind else {}
        if shape is in_form:
            gateway.cloud.behave("fail", "/m4/fpzs", times=1, status=200, body={"errcode": "0000"})
        with gateway.http() as caller:
            if place == "query":
                path += ("&" if query else "?") + "access_token=" + http.token
            else:
                headers["Authorization"] = "Bearer " + http.token
            reply = caller.request("GET" if body is None else "POST", path, body, headers)
        assert (reply.status, reply.errcode) == (200, "0000")
        query, body, _ = shape(fields(IN_CLOUD, enc_type))
        row = seen(gateway, "/m4")[-1]
        assert row["body_sha256"] == sha256(body or b""), row.get("body")
        came = urllib.parse.parse_qs(query_of(row))
        token = came.pop("access_token", None)
        assert came == urllib.parse.parse_qs(query[1:])
        if place == "query":
            assert token and token != [http.token]
        else:
            bearer = dict(row["headers"])["authorization"]
            assert token is None and bearer.startswith("Bearer ") and not bearer.endswith(http.token)
    assert gateway.cloud.fetches(IN_CLOUD["client_id"]) == 1


def test_bad_sign_beside_a_token_goes_no_further(make_gateway):
    gateway = make_gateway(clients=())
    known_in_the_cloud_as(gateway, IN_CLOUD)
    http = gateway.login(CLIENT)
    for changes in ({"sign": WRONG}, {"timestamp": "1769817600124"}):
        assert http.post("/api/m4/fpzs/getUserKey", fields(**changes)).errcode == "1101"
    assert nothing_reached(gateway.cloud)


def test_wrong_token_is_not_saved_by_a_good_sign(gateway):
    with gateway.http() as http:
        assert http.post("/api/m4/fpzs/getUserKey", fields(), query={"access_token": "abc"}).status == 401
    assert nothing_reached(gateway.cloud)


def test_window_holds_for_signed_calls_too(make_gateway):
    gateway = make_gateway(directives="FPImageTokenSkew 60")
    assert send(gateway, in_json, fields()).errcode == "1102"
    fresh = fields(stamp=str(int(time.time() * 1000)))
    assert [send(gateway, in_json, fresh).errcode for _ in range(2)] == ["0000", "1101"]
    assert len(seen(gateway, "/m4", 1)) == 1 and gateway.cloud.log(TOKEN_PATH) == []


def test_limit_of_a_signed_body(make_gateway):
    gateway = make_gateway(directives="FPImageMaxJSON 64K")
    reply = send(gateway, in_json, fields(remark="x" * 70000))
    assert (reply.status, reply.errcode, reply.seconds < patience(5)) == (413, "1413", True)
    assert nothing_reached(gateway.cloud)
