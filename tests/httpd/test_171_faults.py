"""The n-th allocation, write, flush, rename, open, statement or answer of a peer fails: each is a clean refusal, or a child
that ends and is replaced. Nothing that was answered 0000 is lost or doubled, and what was refused is taken when repeated."""
import http.client
import os
import random
import struct
import subprocess

import pytest

import harness.httpd
from harness import places, processes
from harness.cloudctl import CLIENT
from test_100_start import ANNOUNCE, PUSH, ROUNDS, bill, patience, rows
from test_140_push import admit
from test_170_durability import assert_once

KINDS = {"malloc": 1, "pwrite": 2, "write": 3, "fsync": 4, "rename": 5, "open": 6, "recv": 7, "step": 8}
MOST = {"malloc": 2500, "pwrite": 40, "write": 4, "fsync": 6, "rename": 3, "open": 6, "recv": 8, "step": 60}
EACH = 8 * ROUNDS
REFUSALS = {(503, "1501"), (500, "1500"), (502, "1502"), (504, "1504")}
PLAN = "=iiqq"
SAID = r"AH\d+|FPI00|Ouch!|[Oo]ut of memory|memory"


class Faults:
    """arm(kind, n): the n-th call of that kind from now on fails, once; end() says whether it did."""

    def __init__(self, path, gateway):
        self.path, self.gateway = path, gateway

    def arm(self, kind, number):
        self.path.write_bytes(struct.pack(PLAN, 0, self.gateway.httpd.pid, number, 0))
        with self.path.open("r+b") as file:
            file.write(struct.pack("=i", KINDS[kind]))

    def end(self):
        _, _, _, hits = struct.unpack(PLAN, self.path.read_bytes())
        with self.path.open("r+b") as file:
            file.write(struct.pack("=i", 0))
        return hits


@pytest.fixture
def faulty(make_gateway, tmp, monkeypatch):
    """(gateway, Faults): every httpd process has the shim; children that end by a signal leave no core."""
    shim, plan = tmp / "faults.so", tmp / "plan"
    given = places.extra_environment(tmp)
    is_instrumented = bool(given.get("LD_PRELOAD") or places.wrapper())
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", *([] if is_instrumented else ["-DFAULTS_MALLOC"]), "-o", shim,
                    places.TESTS / "torture" / "faults.c"], check=True)
    plan.write_bytes(struct.pack(PLAN, 0, 0, 0, 0))
    places.give(plan, 0o600)
    monkeypatch.setattr(harness.httpd, "allow_core", lambda: None)
    one = make_gateway(processes=2, threads=8, start=False)
    loaded = " ".join(filter(None, [given.get("LD_PRELOAD"), str(shim)]))
    monkeypatch.setenv("FPIMAGE_HTTPD_ENV", "\n".join([
        os.environ.get("FPIMAGE_HTTPD_ENV", ""), f"LD_PRELOAD={loaded}", f"FPIMAGE_FAULTS={plan}",
        f"FPIMAGE_FAULTS_UNDER={one.httpd.data}"]))
    admit(one)
    one.httpd.start()
    one.httpd.expect_log(SAID, optional=True)
    faults = Faults(plan, one)
    faults.has_malloc = not is_instrumented
    return one, faults


def try_call(gateway, method, path, body, token):
    """(status, errcode), or None when the connection ended without an answer."""
    try:
        with gateway.http(timeout=patience(20)) as client:
            client.token = token
            reply = client.get(path) if method == "GET" else client.post(path, body)
            return reply.status, reply.errcode
    except (OSError, http.client.HTTPException):
        return None


def calls_of(name):
    yield "POST", ANNOUNCE, bill(f"BILL-{name}")
    yield "POST", PUSH, {"scanBillNo": f"PUSH-{name}", "clientId": CLIENT["client_id"], "invoice": [], "billNo": name}
    yield "GET", "/api/m1/x", None


def assert_clean(outcome, what):
    assert outcome is None or outcome == (200, "0000") or outcome in REFUSALS, (what, outcome)


def go_round(gateway, faults, kind, number, token):
    """One fault under three calls; then all three, as long as it takes. Did the fault come?"""
    name = f"{kind}-{number}".upper()
    faults.arm(kind, number)
    for method, path, body in calls_of(name):
        assert_clean(try_call(gateway, method, path, body, token), (name, path))
    came = faults.end()
    for call in calls_of(name):
        assert processes.wait_until(lambda: try_call(gateway, *call, token) == (200, "0000"), patience(20), 0.1), (name, call)
    return came


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_one_call_fails(faulty, kind):
    one, faults = faulty
    if kind == "malloc" and not faults.has_malloc:
        pytest.skip("the sanitizer has its own malloc")
    token = one.login().token
    assert try_call(one, "GET", "/api/m1/x", None, token) == (200, "0000")
    numbers = numbers_of(kind)
    came = sum(go_round(one, faults, kind, number, token) for number in numbers)
    assert came or kind in ("write", "rename", "open"), "no fault came: nothing was tried"
    names = {f"{what}-{kind}-{number}".upper() for number in numbers for what in ("BILL", "PUSH")}
    assert_once(one, names)
    with one.http() as client:
        assert client.get("/fpimage/ready").status == 200


def numbers_of(kind):
    """The first ones, and others at random: those of the same calls lie close together."""
    dice, most = random.Random(kind), MOST[kind]
    some = {int(round(most ** dice.random())) for _ in range(EACH)}
    return sorted({1, 2} | some)
