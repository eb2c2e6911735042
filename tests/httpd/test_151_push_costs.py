"""What a stranger's push may cost: no body is read behind a bad token, values are counted before they are parsed, and of what
is refused little is kept."""
import json
import socket

import pytest

from harness.cloudctl import CLIENT
from test_100_start import PUSH, patience, rows
from test_140_push import admit, post, pushes
from test_142_push_who import NOTICE

MINE, STRANGE = {"clientId": CLIENT["client_id"]}, {"clientId": "NOBODY"}
LITTLE = 64 * 1024
BOMB = b'{"scanBillNo":"BOMB","x":[' + b",".join([b"{}"] * 700_000) + b"]}"


def test_a_bad_token_is_refused_before_the_body_comes(gateway):
    with socket.create_connection(("127.0.0.1", gateway.httpd.port), timeout=patience(10)) as line:
        line.sendall(f"POST {PUSH}?access_token=bad HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                     "Content-Length: 40000000\r\n\r\n{".encode())
        answer = line.recv(65536).decode()
    assert answer.startswith("HTTP/1.1 401 ") and '"1300"' in answer
    (row,) = pushes(gateway, "--failed")
    assert "token" in row["reason"] and row["source"] == "127.0.0.1"
    assert gateway.httpd.log.lines("FPI0030.*push from 127.0.0.1 refused")


@pytest.mark.parametrize("path", [PUSH, "/api/m4/fpzs/anything"])
def test_values_are_counted_before_they_are_parsed(gateway, path):
    with gateway.http() as caller:
        reply = caller.request("POST", path, BOMB, headers={"Content-Type": "application/json"})
    assert "1000000" in reply.text or reply.status in (401, 403), reply
    assert reply.errcode in ("1400", "1300", "1101")
    if path == PUSH:
        assert reply.errcode == "1400" and "1000000" in reply.text
        assert "more than 1000000 values" in pushes(gateway, "--failed")[0]["reason"]


def sent(gateway, who, size, **more):
    """The row of a refused push whose body has so many bytes; what is kept of it."""
    body = {**NOTICE, **who, "x": ""}
    body["x"] = "x" * (size - len(json.dumps(body)))
    assert post(gateway, json.dumps(body), **more).errcode == "1301"
    (row,) = rows(gateway, "SELECT id, reason, body_len FROM push ORDER BY id DESC LIMIT 1")
    (kept,) = rows(gateway, "SELECT length(body) AS n FROM push_body WHERE id = ?", row["id"])
    assert kept["n"] == row["body_len"]
    return row


def test_a_strangers_body_is_kept_up_to_a_limit(gateway):
    assert sent(gateway, STRANGE, LITTLE)["body_len"] == LITTLE
    assert sent(gateway, {}, LITTLE + 1)["body_len"] == 0, "one that does not say whose it is"
    row = sent(gateway, STRANGE, LITTLE + 1)
    assert row["body_len"] == 0 and row["reason"].endswith("; nothing of its 65537 bytes was kept, as the sender is not known")
    code, answer = gateway.ctl("push", "replay", row["id"])
    assert code == 1 and "nothing of it was kept: have the sender push again" in answer["error"]["message"]


def test_from_a_foreign_address_everybody_is_a_stranger(make_gateway):
    one = make_gateway(directives="FPImagePushAllow 192.0.2.0/24")
    assert sent(one, MINE, LITTLE)["body_len"] == LITTLE
    assert sent(one, MINE, LITTLE + 1)["body_len"] == 0


def test_a_known_sender_is_put_back_to_work(gateway):
    row = sent(gateway, MINE, 10 * LITTLE)
    assert row["body_len"] == 10 * LITTLE
    admit(gateway)
    assert gateway.ctl.must("push", "replay", row["id"])["result"] == "taken"
