"""Programs that nobody here wrote: curl for every route, and a stock OAuth client."""
import hashlib
import json
import shutil
import subprocess
import time

import pytest

from harness.client import encrypt_body
from harness.cloudctl import CLIENT
from test_100_start import ANNOUNCE, PUSH, STATUS, TOKEN, patience
from test_130_bills import B_ANNOUNCE, B_OPERATE, BASE, RESCAN, SUBMITTED, UPLOADED, VOID, put_state
from test_140_push import admit, settled

ENCRYPTED = "/api/m5/bill/invoice/create"


# curl

def curl(gateway, path, *options, data=None):
    """Runs curl as a person would; (status, parsed answer)."""
    if not shutil.which("curl"):
        pytest.skip("no curl")
    body = [] if data is None else ["--data-binary", data if isinstance(data, str) else json.dumps(data)]
    done = subprocess.run(["curl", "-sS", "--max-time", str(patience(30)), "-w", "\n%{http_code}", *options, *body,
                           gateway.url + path], capture_output=True, text=True, timeout=patience(60))
    assert done.returncode == 0, done.stderr
    text, _, status = done.stdout.rpartition("\n")
    return int(status), json.loads(text)


def md5_sign(stamp):
    return hashlib.md5(f"{CLIENT['client_id']}{CLIENT['secret']}{stamp}".encode()).hexdigest()


def token_body():
    stamp = str(int(time.time()))
    return {"client_id": CLIENT["client_id"], "timestamp": stamp, "sign": md5_sign(stamp)}


JSON = ("-H", "Content-Type: application/json")


@pytest.fixture
def desk(gateway):
    admit(gateway)
    return gateway


@pytest.mark.mpm
def test_main_job_with_curl(desk):
    """token, bill, push, pull, state, invoices, send back, withdraw, voucher, void; both families; a proxied call."""
    (one,) = desk.cloud.generate(invoices=2)
    number = one["scanBillNo"]
    status, answer = curl(desk, TOKEN, *JSON, data=token_body())
    assert (status, answer["errcode"]) == (200, "0000")
    token = answer["access_token"]
    desk.cloud.local_tokens(token)

    def call(path, **fields):
        got, reply = curl(desk, f"{path}?access_token={token}", *JSON,
                          data={"scanBillNo": number, "resource": "EAS", **fields})
        assert got == 200 and reply.get("errcode", reply.get("errorCode")) == "0000", reply
        return reply["data"]

    announced = {"fbillId": one["billId"], "fbillTypeCode": "ER_ExpReimbursement"}
    assert call(ANNOUNCE, **announced)["result"] == "created"
    assert call(B_ANNOUNCE, **announced)["result"] == "unchanged"
    status, answer = curl(desk, PUSH, *JSON, data={"scanBillNo": number, "bxd_key": one["billId"],
                                                   "client_id": CLIENT["client_id"]})
    assert (status, answer["data"][0]["result"]) == (200, "taken")
    settled(desk)
    assert call(STATUS)["imageStatus"] == UPLOADED
    assert [inv["serialNo"] for inv in call(BASE + "invoices")] == [inv["serialNo"] for inv in one["invoice"]]
    assert call(BASE + "rescan", reason="缺页")["imageStatus"] == RESCAN
    assert call(BASE + "cancelRescan")["imageStatus"] == UPLOADED
    put_state(desk, number, SUBMITTED)
    assert call(BASE + "erpBingScanVoucher", voucherNo="记-1", lock=False)["voucherNo"] == "记-1"
    assert call("/api/imgsys/erpBingScanVoucher", voucherNo="记-2", lock=False)["voucherNo"] == "记-2"
    assert call(B_OPERATE, operate="queryBillStatus")["imageStatus"] == SUBMITTED
    assert call(BASE + "invalid", reason="重复")["imageStatus"] == VOID
    status, answer = curl(desk, f"{ENCRYPTED}?access_token={token}", *JSON, data={"orderNo": "1", "买方": "虚构"})
    assert (status, answer["data"]["echo"]) == (200, {"orderNo": "1", "买方": "虚构"})


def test_curl_with_its_own_defaults(desk):
    """curl -d says it is a form; what it is decides."""
    status, answer = curl(desk, TOKEN, data=token_body())
    assert (status, answer["errcode"]) == (200, "0000")
    fields = [option for name, value in token_body().items() for option in ("--data-urlencode", f"{name}={value}")]
    status, answer = curl(desk, TOKEN, *fields)
    assert answer["errcode"] == "0000"
    status, answer = curl(desk, TOKEN, "-G", "-X", "POST", *fields)
    assert answer["errcode"] == "0000"
    status, answer = curl(desk, PUSH, data={"scanBillNo": "CURL-1", "clientId": CLIENT["client_id"], "invoice": []})
    assert answer["errcode"] == "0000"


def test_large_body_with_expect(desk):
    """curl waits for 100 Continue before it sends a large body."""
    many = [{"scanBillNo": f"EXP-{n}", "clientId": CLIENT["client_id"], "invoice": [], "noise": "x" * 5000}
            for n in range(400)]
    path = desk.httpd.root / "body.json"
    path.write_text(json.dumps(many))
    status, answer = curl(desk, PUSH, *JSON, "-H", "Expect: 100-continue", data=f"@{path}")
    assert status == 200 and {row["result"] for row in answer["data"]} == {"taken"}


def test_curl_reads_the_refusal_of_a_body_that_is_too_large(make_gateway):
    one = make_gateway(directives="FPImageMaxJSON 64K")
    admit(one)
    path = one.httpd.root / "body.json"
    path.write_bytes(b'{"x":"' + b"y" * 20_000_000 + b'"}')
    for options in ((), ("-H", "Transfer-Encoding: chunked"), ("-H", "Expect:")):
        status, answer = curl(one, PUSH, *JSON, *options, data=f"@{path}")
        assert (status, answer["errcode"]) == (413, "1413") and "65536" in answer["description"]


@pytest.mark.parametrize("version", ["--http1.0", "--http1.1"])
def test_versions_of_http(desk, version):
    status, answer = curl(desk, TOKEN, version, *JSON, data=token_body())
    assert (status, answer["errcode"]) == (200, "0000")


# a stock OAuth client

@pytest.fixture
def session(desk, monkeypatch):
    """requests-oauthlib as it is, with the fields of this protocol beside its own."""
    library = pytest.importorskip("requests_oauthlib")
    oauthlib = pytest.importorskip("oauthlib.oauth2")
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    with library.OAuth2Session(client=oauthlib.BackendApplicationClient(CLIENT["client_id"])) as made:
        fields = token_body()
        token = made.fetch_token(desk.url + TOKEN, timestamp=fields["timestamp"], sign=fields["sign"],
                                 include_client_id=True)
        assert token["token_type"] == "bearer" and token["expires_in"] == 129600
        desk.cloud.local_tokens(token["access_token"])
        yield made


def test_stock_client_calls_a_proxied_encrypted_route(desk, session):
    reply = session.post(desk.url + ENCRYPTED, json={"orderNo": "7", "amount": "12.30"})
    assert reply.status_code == 200 and reply.json()["data"]["echo"] == {"orderNo": "7", "amount": "12.30"}
    (seen,) = desk.cloud.wait_log("/m5/bill/invoice/create")
    headers = dict(seen["headers"])
    assert headers["authorization"].startswith("Bearer ") and session.token["access_token"] not in str(seen)
    assert seen["client"] == CLIENT["client_id"] and desk.cloud.fetches() == 1


def test_stock_client_sends_what_is_encrypted_already(desk, session):
    body = encrypt_body('{"a":[1,2]}', CLIENT["encrypt_key"])
    reply = session.post(desk.url + ENCRYPTED, data=body, headers={"Content-Type": "application/json"})
    assert reply.json()["data"]["echo"] == {"a": [1, 2]}


def test_stock_client_on_local_and_plain_routes(desk, session):
    bill = {"fscanBillNo": "OAUTH-1", "fbillId": "1", "fbillTypeCode": "T", "resource": "EAS"}
    assert session.post(desk.url + ANNOUNCE, json=bill).json()["data"]["result"] == "created"
    assert session.post(desk.url + STATUS, json={"scanBillNo": "OAUTH-1"}).json()["errcode"] == "0000"
    assert session.get(desk.url + "/api/m1/company", params={"taxNo": CLIENT["tax_no"]}).json()["errcode"] == "0000"
    assert session.get(desk.url + "/api/m1/company").headers["X-Trace-Id"]


def test_stock_client_is_told_of_a_dead_token(desk, session):
    desk.ctl.must("enterprise", "disable", CLIENT["client_id"])
    reply = session.post(desk.url + STATUS, json={"scanBillNo": "OAUTH-1"})
    assert reply.status_code == 401 and reply.headers["WWW-Authenticate"].startswith("Bearer")
    assert reply.json()["errcode"] == "1300"


def test_refused_token_call_of_a_stock_client(desk, monkeypatch):
    library = pytest.importorskip("requests_oauthlib")
    oauthlib = pytest.importorskip("oauthlib.oauth2")
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    with library.OAuth2Session(client=oauthlib.BackendApplicationClient(CLIENT["client_id"])) as made:
        with pytest.raises(oauthlib.OAuth2Error):
            made.fetch_token(desk.url + TOKEN, timestamp="1", sign="0" * 32, include_client_id=True)
