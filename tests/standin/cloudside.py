"""What the tests of the stand-in share: two clients, a caller, and the fixtures around them."""
import http.client
import json
import socket
import ssl
import time

import pytest

import cloud as cloud_module
from cloudlib import signing

A = {"client_id": "C-A", "secret": "s3cret A", "encrypt_key": "a!b?c|d0123456789"[:16],
     "tax_no": signing.tax_no(7)}
B = {"client_id": "C-B", "secret": "other", "encrypt_key": "0123456789abcdef", "tax_no": signing.tax_no(8)}


class Side:
    """One client of one stand-in, over a kept connection."""

    def __init__(self, stand, ca=None):
        self.stand = stand
        self.conn = self.connect(ca)
        self.token = None

    def connect(self, ca=None):
        if ca:
            context = ssl.create_default_context(cafile=ca)
            return http.client.HTTPSConnection("localhost", self.stand.port, timeout=10,
                                               context=context)
        return http.client.HTTPConnection("127.0.0.1", self.stand.port, timeout=10)

    def call(self, method, path, body=None, headers=None):
        if isinstance(body, (dict, list)):
            body, headers = json.dumps(body), {"Content-Type": "application/json", **(headers or {})}
        self.conn.request(method, self.stand.base + path, body, headers or {})
        answer = self.conn.getresponse()
        answer.data = answer.read()
        return answer

    def json(self, *args, **kwargs):
        return json.loads(self.call(*args, **kwargs).data)

    def login(self, client=A, enc_type=None, stamp="1700000000000", **changes):
        body = {"client_id": client["client_id"], "timestamp": stamp,
                "sign": signing.sign(client["client_id"], client["secret"], stamp, enc_type)}
        if enc_type is not None:
            body["encType"] = enc_type
        body.update(changes)
        answer = self.json("POST", "/base/oauth/token", body)
        self.token = answer.get("access_token", self.token)
        return answer

    def authed(self, method, path, body=None, headers=None):
        mark = "&" if "?" in path else "?"
        return self.call(method, f"{path}{mark}access_token={self.token}", body, headers)


@pytest.fixture
def stand():
    with cloud_module.Stand(clients=[A, B]) as one:
        yield one
        assert not one.cloud.crashes and not one.control.crashes


@pytest.fixture
def side(stand):
    one = Side(stand)
    yield one
    one.conn.close()


def control(stand, method, path, value=None):
    conn = http.client.HTTPConnection("127.0.0.1", stand.control_port, timeout=20)
    try:
        conn.request(method, path, None if value is None else json.dumps(value))
        answer = conn.getresponse()
        body = json.loads(answer.read())
        assert answer.status == 200, body
        return body
    finally:
        conn.close()


def kinds(stand):
    return [row["kind"] for row in stand.state.violations]


def raw(stand, data, wait=5.0):
    """Everything that the stand-in answers until it closes or falls silent."""
    with socket.create_connection(("127.0.0.1", stand.port), timeout=wait) as sock:
        sock.sendall(data)
        out = b""
        for _ in range(1000):
            try:
                piece = sock.recv(65536)
            except (TimeoutError, ConnectionResetError):
                break
            if not piece:
                break
            out += piece
        return out


def wait_for(condition, seconds=5.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("not within the time")
