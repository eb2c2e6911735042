"""Leases of steps in hand: whatever else a child waits for, a step that goes on is not begun a second time."""
import time

import pytest

from harness import processes
from test_100_start import patience
from test_140_push import PULL, admit, assert_complete, push, settled
from test_143_pull import attempts
from test_190_relay import TOKEN_PATH

TOKEN_WAIT_S = 15


def with_token(make_gateway):
    """A gateway of one child, which has used a token of the cloud that lives for 12 s."""
    gateway = make_gateway(processes=1, threads=8)
    admit(gateway)
    gateway.cloud.token_lifetime(12)
    gateway.login().get("/api/m1/x")
    return gateway


def await_renewal(desk):
    """Until the cloud is asked for a new token, which it is at 80 % of the old one's life."""
    assert processes.wait_until(lambda: len(desk.cloud.log(TOKEN_PATH)) > 1, 15, 0.1), "the token is not renewed"


@pytest.mark.slow
def test_step_is_not_run_twice_while_tokens_wait(make_gateway):
    """A cloud that takes calls and does not answer: the token's renewal waits longer than a lease of the pull lasts."""
    desk = with_token(make_gateway)
    desk.httpd.expect_log("FPI002[0-4]", optional=True)
    (one,) = desk.cloud.generate(invoices=1)
    rules = [desk.cloud.behave("hang", path, times=-1) for path in (TOKEN_PATH, PULL)]
    push(desk, [one])
    assert processes.wait_until(lambda: attempts(desk, one["scanBillNo"])["state"] == "leased", patience(5), 0.05)
    await_renewal(desk)
    time.sleep(TOKEN_WAIT_S - 0.5)
    assert len(desk.cloud.log(PULL)) == 1, "the pull was begun again while it went on"
    row = attempts(desk, one["scanBillNo"])
    assert (row["state"], row["attempts"], row["last_error"]) == ("leased", 1, None)
    for rule in rules:
        desk.cloud.behave_normally(rule)
    settled(desk, 60)
    assert_complete(desk, one)


@pytest.mark.slow
def test_stop_does_not_wait_for_a_token(make_gateway):
    gateway = with_token(make_gateway)
    gateway.cloud.behave("hang", TOKEN_PATH, times=-1)
    await_renewal(gateway)
    begin = time.monotonic()
    gateway.httpd.stop()
    assert time.monotonic() - begin < patience(6)
