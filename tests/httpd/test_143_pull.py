"""The pull that follows a push: clouds that fail, what is parked and replayed, restarts, many bills."""
import json
import time

import pytest

from harness import places, processes
from harness.cloudctl import CLIENT, OTHER_CLIENT
from test_100_start import patience, rows
from test_130_bills import UPLOADED, WAITING, stored
from test_140_push import (PULL, admit, assert_complete, desk, events, files_of,  # noqa: F401 (desk is a fixture)
                           hashes_at_the_cloud, post, push, pushes, settled)
from test_142_push_who import NOTICE


def attempts(gateway, number):
    (row,) = rows(gateway, "SELECT job.* FROM job JOIN bill ON job.key = bill.id WHERE bill.number = ?", number)
    return row


@pytest.mark.mpm
@pytest.mark.parametrize("action", [{"action": "fail", "status": 503}, {"action": "cut"}, {"action": "garbage"},
                                    {"action": "fail", "status": 500}], ids=lambda rule: "-".join(map(str, rule.values())))
def test_cloud_down_and_back(desk, action):
    (one,) = desk.cloud.generate(invoices=1)
    desk.httpd.expect_log("FPI002[0-4]", optional=True)
    desk.cloud.behave(match=PULL, times=2, **action)
    begin = time.monotonic()
    push(desk, [one])
    assert processes.wait_until(lambda: attempts(desk, one["scanBillNo"])["last_error"], patience(5), 0.05)
    shown = desk.ctl.must("bill", "show", one["scanBillNo"])
    assert attempts(desk, one["scanBillNo"])["last_error"].split(":")[0] in json.dumps(shown, ensure_ascii=False)
    settled(desk, 30)
    assert 1.5 < time.monotonic() - begin < patience(5.5), "backs off: 1 s, then 2 s, each with jitter"
    assert len(desk.cloud.log(PULL)) == 3
    assert_complete(desk, one)
    assert desk.httpd.log.lines("FPI0031")


def test_file_server_down_and_back(desk):
    """A file that may come later holds up no other."""
    (one,) = desk.cloud.generate(invoices=2, attachments=1)
    late = one["invoice"][0]["invoiceFiles"][0]["url"].split("/files/")[1]
    desk.cloud.behave("fail", f"/files/{late}", status=503, times=1)
    push(desk, [one])
    assert processes.wait_until(lambda: attempts(desk, one["scanBillNo"])["last_error"], patience(5), 0.05)
    total = sum(map(len, hashes_at_the_cloud(desk, one).values()))
    assert len(files_of(desk, one["scanBillNo"])) == total - 1
    settled(desk)
    assert_complete(desk, one)


def test_parked_and_replayed(desk):
    (one,) = desk.cloud.generate(invoices=1)
    number = one["scanBillNo"]
    desk.httpd.expect_log("FPI0032", count=1)
    rule = desk.cloud.behave("errcode", PULL, code="5001", description="虚构的拒绝", times=-1)
    push(desk, [one])
    desk.httpd.log.wait_for("FPI0032")
    assert processes.wait_until(lambda: pushes(desk, "--failed"), patience(5), 0.05)
    (row,) = pushes(desk, "--failed")
    assert row["status"] == "parked" and "虚构的拒绝" in row["reason"]
    assert "given up" in events(desk, number, "pull")[-1] and "虚构的拒绝" in events(desk, number, "pull")[-1]
    assert stored(desk, number)["state"] == WAITING
    desk.cloud.behave_normally(rule)
    desk.ctl.must("push", "replay", row["id"])
    settled(desk)
    assert_complete(desk, one)
    assert [row["status"] for row in pushes(desk)] == ["done"] and pushes(desk, "--failed") == []
    assert "by hand" in " ".join(events(desk, number, "push"))


def test_replay_of_what_is_not_there(desk):
    assert desk.ctl("push", "replay", 4711)[0] == 1
    post(desk, {**NOTICE, "clientId": "NOBODY"})
    (row,) = pushes(desk, "--failed")
    code, answer = desk.ctl("push", "replay", row["id"])
    assert code == 1 and "push table" in answer["error"]["message"]


def test_without_authorisation_it_is_parked_until_there_is_one(make_gateway):
    one = make_gateway(clients=(OTHER_CLIENT,))
    admit(one)
    one.httpd.expect_log("FPI0032", count=1)
    (made,) = one.cloud.generate(invoices=1, client_id=CLIENT["client_id"], tax_no=CLIENT["tax_no"])
    push(one, [made])
    one.httpd.log.wait_for("FPI0032")
    assert processes.wait_until(lambda: pushes(one, "--failed"), patience(5), 0.05)
    assert CLIENT["tax_no"] in pushes(one, "--failed")[0]["reason"]
    one.add_enterprise(CLIENT)
    one.ctl.must("push", "replay", pushes(one, "--failed")[0]["id"])
    settled(one)
    assert_complete(one, made)


def test_event_command_is_told(make_gateway, tmp):
    program, told = tmp / "tell", tmp / "told"
    program.write_text(f'#!/bin/sh\nprintf "%s|" "$@" >> {told}\n')
    program.chmod(0o755)
    told.touch()
    places.give(told, 0o644)
    one = make_gateway(directives=f"FPImageEventCommand {program}")
    admit(one)
    one.httpd.expect_log("FPI0032", count=1)
    one.cloud.behave("errcode", PULL, code="5001")
    (made,) = one.cloud.generate(invoices=1)
    push(one, [made])
    assert processes.wait_until(lambda: "push-failed|" in told.read_text(), patience(10))
    assert "5001" in told.read_text()


@pytest.mark.mpm
def test_push_goes_on_after_a_restart(desk):
    many = desk.cloud.generate(6, invoices=1, attachments=0)
    desk.cloud.behave("slow", PULL, ms=300, times=-1)
    push(desk, many, parallel=6)
    desk.httpd.expect_log("AH00045", optional=True)  # the old child may still be at work
    desk.httpd.graceful()
    desk.httpd.stop()
    desk.httpd.start()
    settled(desk, 30)
    for one in many:
        assert_complete(desk, one)


def test_stop_does_not_wait_for_a_hanging_cloud(desk):
    """And what was under way is taken up again at once, not when its lease runs out."""
    (one,) = desk.cloud.generate(invoices=1)
    rule = desk.cloud.behave("hang", PULL, times=-1)
    push(desk, [one])
    assert processes.wait_until(lambda: desk.cloud.log(PULL), patience(5))
    begin = time.monotonic()
    desk.httpd.stop()
    assert time.monotonic() - begin < patience(10)
    desk.cloud.behave_normally(rule)
    desk.httpd.start()
    settled(desk, 15)
    assert_complete(desk, one)


@pytest.mark.slow
def test_many_bills(desk):
    many = desk.cloud.generate(200, invoices=1, forms=["pdf"], cover=False, attachments=0)
    for answer in push(desk, many, twice=True, order="shuffled", parallel=16):
        assert answer["errcode"] == "0000"
    settled(desk, 60)
    states = rows(desk, "SELECT state, page_count, count(*) AS n FROM bill GROUP BY 1, 2")
    assert states == [{"state": UPLOADED, "page_count": 1, "n": 200}]
