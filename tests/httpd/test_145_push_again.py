"""Pushes that were refused, put back to work by hand once the push table is as it should be."""
import pytest

from harness.client import run_ctl
from harness.cloudctl import CLIENT, OTHER_CLIENT
from test_100_start import rows
from test_140_push import admit, assert_complete, events, post, push, pushes, results, settled
from test_142_push_who import NOTICE
from test_340_files import V1

PUSHES = f"{V1}/pushes"


def refused(gateway, body):
    """The row of a push that the push table does not admit."""
    assert post(gateway, body).errcode != "0000"
    row = pushes(gateway)[0]
    assert row["status"] == "refused"
    return row


def document(gateway, **more):
    (one,) = gateway.cloud.generate(invoices=1)
    return one, {**one, "clientId": CLIENT["client_id"], "taxNo": CLIENT["tax_no"], **more}


def test_refused_then_taken_by_the_tool(gateway):
    one, body = document(gateway)
    row = refused(gateway, body)
    code, answer = gateway.ctl("push", "replay", row["id"])
    assert code == 1 and "push table" in answer["error"]["message"] and rows(gateway, "SELECT 1 FROM bill") == []
    admit(gateway)
    assert gateway.ctl.must("push", "replay", row["id"])["result"] == "taken"
    settled(gateway)
    assert_complete(gateway, one)
    (after,) = pushes(gateway)
    assert (after["id"], after["status"], after["number"]) == (row["id"], "done", one["scanBillNo"])
    assert "put back to work by hand" in events(gateway, one["scanBillNo"], "push")


def test_refused_then_taken_by_the_console(gateway):
    one, body = document(gateway)
    row = refused(gateway, body)
    with gateway.login() as http:
        assert http.post(f"{PUSHES}/{row['id']}/replay").status == 409
        admit(gateway)
        reply = http.post(f"{PUSHES}/{row['id']}/replay")
        assert (reply.status, reply.json()["status"], reply.json()["number"]) == (202, "TAKEN", one["scanBillNo"])
        settled(gateway)
        assert http.get(f"{PUSHES}/{row['id']}").json()["status"] == "DONE"
    assert_complete(gateway, one)


def test_refused_again_tells_the_reason_of_today(make_gateway):
    gateway = make_gateway(start=False)
    gateway.httpd.add("FPImagePushAllow 192.0.2.0/24")
    gateway.httpd.start()
    row = refused(gateway, {**NOTICE, "clientId": CLIENT["client_id"]})
    assert "FPImagePushAllow" in row["reason"]
    assert gateway.ctl("push", "replay", row["id"])[0] == 1  # -d knows no FPImagePushAllow
    (after,) = pushes(gateway)
    assert after["id"] == row["id"] and after["status"] == "refused" and "push table has no row" in after["reason"]
    admit(gateway)
    assert gateway.ctl_conf("push", "replay", row["id"])[0] == 1
    assert "FPImagePushAllow" in pushes(gateway)[0]["reason"]


@pytest.mark.parametrize("version, outcome", [(None, "unchanged"), ("2001-01-01 00:00:00", "older")])
def test_what_came_by_another_way_meanwhile(gateway, version, outcome):
    one, body = document(gateway, **({"updateTime": version} if version else {}))
    row = refused(gateway, body)
    admit(gateway)
    again = {**one, "clientId": CLIENT["client_id"], "taxNo": CLIENT["tax_no"]}
    assert results(post(gateway, again)) == ["taken"]
    settled(gateway)
    code, said, _ = run_ctl("-d", gateway.httpd.data, "push", "replay", row["id"])
    assert code == 0 and "had arrived before" in said
    settled(gateway)
    assert next(one for one in pushes(gateway) if one["id"] == row["id"])["status"] == outcome
    assert_complete(gateway, one)


def test_an_old_sign_is_not_believed(gateway):
    """It was good for the call that it came with; the push table decides."""
    with gateway.login() as http:
        assert http.post(PUSHES + "/9999/replay").status == 404
    row = refused(gateway, {**NOTICE, "clientId": CLIENT["client_id"], "sign": "0" * 32, "timestamp": "1"})
    code, answer = gateway.ctl("push", "replay", row["id"])
    assert code == 1 and "push table" in answer["error"]["message"]


def test_of_one_whose_body_was_not_kept(gateway):
    assert post(gateway, b"AAAA").errcode != "0000"
    row = pushes(gateway)[0]
    code, answer = gateway.ctl("push", "replay", row["id"])
    assert code == 1 and "push again" in answer["error"]["message"]


def test_owner_of_the_bill_is_still_held_against_it(gateway):
    one, _ = document(gateway)
    admit(gateway)
    push(gateway, [one], "document")
    settled(gateway)
    other = {**one, "clientId": OTHER_CLIENT["client_id"], "taxNo": OTHER_CLIENT["tax_no"]}
    row = refused(gateway, other)
    admit(gateway, OTHER_CLIENT)
    code, answer = gateway.ctl("push", "replay", row["id"])
    assert code == 1 and "not of the tax number" in answer["error"]["message"]
