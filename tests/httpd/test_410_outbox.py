"""Notices to the ERP, both sides: what the stand-in EAS was told, and what is seen here of it; pushes put back to work."""
import time

import pytest

from harness import places, processes
from harness.cloudctl import CLIENT, OTHER_CLIENT
from harness.gateway import Gateway
from test_100_start import change, metric, patience, rows, trail
from test_130_bills import BASE, REVIEWED, SUBMITTED, asked, order, refused as refused_a, stored
from test_140_push import admit, events, files_of, pushes, push, results
from test_340_files import V1, Bill, refused
from test_341_submit import COMMIT

FACADE = "/ormrpc/services/WSSSCImageBaseServiceFacade"
DELIVERIES, PUSHES = f"{V1}/deliveries", f"{V1}/pushes"
READY, SENT_BACK, AGAIN = 2, 3, 4
HOUR = 3600 * 1000000


@pytest.fixture
def wired(make_gateway, eas):
    """Two children whose bills go to the stand-in EAS."""
    gateway = make_gateway(start=False, processes=2)
    gateway.add_erp(eas)
    gateway.httpd.start()
    return gateway


@pytest.fixture
def erp(wired):
    return wired.login()


@pytest.fixture
def callers(wired, erp, cloud, httpd, request):
    """One for each node: request.param of them, each an httpd with two children, on one data directory."""
    made, nodes = [erp], []
    for _ in range(request.param - 1):
        node = Gateway(httpd(start=False), cloud)
        node.httpd.data = wired.httpd.data
        node.wire()
        node.httpd.start()
        nodes.append(node)
        made.append(node.login())
    yield made
    for node in nodes:  # before the data directory goes with the first
        node.close()
        node.httpd.stop()


BOTH_WAYS = pytest.mark.parametrize("callers", [1, 2], ids=["one-node", "two-nodes"], indirect=True)


def make(gateway, http, number, **changes):
    one = Bill(gateway, http, number, **changes)
    one.add(number)
    return one


def submit(http, number, **more):
    reply = http.post(COMMIT, asked(number, **more))
    assert reply.errcode == "0000", reply


def states(eas, number):
    """What EAS took of it, in order."""
    return [row["state"] for row in eas.told(number) if not row["refused"]]


def until(condition, seconds=20):
    assert processes.wait_until(condition, patience(seconds), 0.05), condition


def notices(gateway, number):
    return [row["note"] for row in trail(gateway, number, notices=True) if row["kind"] == "notice"]


def says(gateway, number, words):
    return [note for note in notices(gateway, number) if words in note]


def listed(http, **query):
    reply = http.get(DELIVERIES, query=query)
    assert reply.status == 200, reply
    return reply.json()["items"]


def quiet(gateway):
    """Nothing is to be told, pulled or read."""
    until(lambda: not rows(gateway, "SELECT 1 FROM job WHERE kind IN ('notice', 'pull', 'look', 'read')"))


def hurry(gateway):
    """What waits for its time is due now."""
    change(gateway, "UPDATE job SET due = 1 WHERE state = 'ready' AND kind = 'notice'")


# told

@pytest.mark.mpm
def test_ready_sent_back_and_ready_again(wired, erp, eas):
    one = make(wired, erp, "N-1")
    submit(erp, "N-1")
    (told,) = eas.wait_told("N-1")
    assert (told["state"], told["pages"]) == (READY, [1])
    assert order(erp, "rescan", "A", "N-1", reason="第2页不清楚").errcode == "0000"
    assert one.post("resubmit").status == 200
    assert one.post("review").json()["state"] == "REVIEWED"
    eas.wait_told("N-1", 4)
    assert states(eas, "N-1") == [READY, SENT_BACK, AGAIN, READY]
    assert eas.told("N-1")[1]["reason"] == "第2页不清楚"
    quiet(wired)
    rows_here = one.get()["deliveries"]
    assert [(row["kind"], row["is_again"], row["state"], row["attempts"]) for row in rows_here] == [
        ("REVIEW", False, "DELIVERED", 1), ("READY", True, "DELIVERED", 1), ("SENT_BACK", False, "DELIVERED", 1),
        ("READY", False, "DELIVERED", 1)]
    assert len(says(wired, "N-1", "told to EAS")) == 4
    assert wired.ctl.must("bill", "show", "N-1")["deliveries"] == wired.ctl.must("delivery", "list", "--bill", "N-1")
    assert metric(wired.http(), "fpimage_notices_told_total") == 4


def test_held_and_supplemented_bills_are_not_told(wired, erp, eas):
    one = make(wired, erp, "H-1")
    submit(erp, "H-1", isSubmitErp=False)
    assert one.get()["deliveries"] == []
    submit(erp, "H-1")
    eas.wait_told("H-1")
    one.add("more")  # a supplement
    submit(erp, "H-1", saveType="add")
    quiet(wired)
    assert states(eas, "H-1") == [READY]


@pytest.mark.parametrize("family", "AB")
def test_the_erp_reviews(wired, erp, eas, family):
    make(wired, erp, "V-1")
    refused_a(order(erp, "review", family, "V-1"), "1409")
    submit(erp, "V-1")
    assert order(erp, "review", family, "V-1", operator="王五").json()["data"]["imageStatus"] == REVIEWED
    assert order(erp, "review", family, "V-1").errcode == "1409" and stored(wired, "V-1")["state"] == REVIEWED


# in spite of everything

@BOTH_WAYS
def test_an_hour_without_eas(wired, callers, eas):
    """The clock is moved by what the store knows of it."""
    erp = callers[-1]
    rule = eas.behave("cut", FACADE, at="head")
    bills = {f"O-{n}": make(wired, callers[n % len(callers)], f"O-{n}") for n in range(8)}
    for n, number in enumerate(bills):
        submit(callers[n % len(callers)], number)
    order(callers[0], "rescan", "A", "O-3", reason="x")
    assert bills["O-3"].post("resubmit").status == 200
    until(lambda: all(says(wired, number, "not told") for number in bills))
    for _ in range(4):  # tries go by
        hurry(wired)
        time.sleep(0.5)
    change(wired, "UPDATE delivery SET created = created - ?, tried = tried - ?", HOUR, HOUR)
    change(wired, "UPDATE job SET first = first - ?, attempts = 12 WHERE kind = 'notice'", HOUR)
    assert all(len(says(wired, number, "not told")) == 1 for number in bills), "each retry is not told"
    assert wired.ctl.must("bill", "show", "O-0")["why"]
    assert {row["state"] for row in listed(erp)} == {"WAITING"} and eas.told() == []
    eas.behave_normally(rule)
    def told():
        change(wired, "UPDATE job SET due = 1 WHERE kind = 'notice' AND state = 'ready' AND key = ?", str(bills["O-5"].id))
        return eas.told("O-5")

    assert processes.wait_until(told, patience(40), 0.5)  # one try at a time, 10 s apart
    for number in bills:  # the first that gets through makes the others due
        eas.wait_told(number, 3 if number == "O-3" else 1)
    quiet(wired)
    for number in bills:
        assert states(eas, number) == ([READY, SENT_BACK, AGAIN] if number == "O-3" else [READY])
        assert len(says(wired, number, "told to EAS")) == len(states(eas, number))


@BOTH_WAYS
def test_children_and_nodes_tell_nothing_twice(wired, callers, eas):
    eas.behave("slow", FACADE, ms=150)
    bills = [make(wired, callers[0], f"C-{n}") for n in range(10)]
    for n, one in enumerate(bills):
        submit(callers[n % len(callers)], one.number)
        assert order(callers[-1], "rescan", "A", one.number, reason="x").errcode == "0000"
        assert one.post("resubmit").status == 200
    for one in bills:
        eas.wait_told(one.number, 3, patience(30))
    quiet(wired)
    for one in bills:
        assert states(eas, one.number) == [READY, SENT_BACK, AGAIN]
    assert len(eas.told()) == 30 and len({row["session"] for row in eas.told()}) <= len(callers), "a session for each node"


def test_killed_in_the_middle(wired, erp, eas):
    rule = eas.behave("hang", FACADE)
    make(wired, erp, "K-1")
    submit(erp, "K-1")
    until(lambda: eas.log(FACADE))
    wired.httpd.kill_all()
    eas.behave_normally(rule)
    wired.httpd.start()
    until(lambda: not rows(wired, "SELECT 1 FROM job WHERE kind = 'notice' AND state = 'leased'"), 30)
    assert eas.told("K-1") == [], "nobody knows what EAS has got of it: the claim holds"
    change(wired, "UPDATE delivery SET claimed = 1")
    hurry(wired)
    eas.wait_told("K-1")
    quiet(wired)
    assert states(eas, "K-1") == [READY]


def test_given_up_and_taken_up(make_gateway, eas, tmp):
    program, told = tmp / "tell", tmp / "told"
    program.write_text(f'#!/bin/sh\nprintf "%s|" "$@" >> {told}\n')
    program.chmod(0o755)
    told.touch()
    places.give(told, 0o644)
    gateway = make_gateway(start=False, directives=f"FPImageEventCommand {program}")
    gateway.add_erp(eas)
    gateway.httpd.start()
    gateway.httpd.expect_log("FPI0055", count=1)
    http = gateway.login()
    rule = eas.behave("cut", FACADE, at="head")
    one = make(gateway, http, "P-1")
    submit(http, "P-1")
    until(lambda: says(gateway, "P-1", "not told"))
    until(lambda: "erp-unreachable|" in told.read_text())
    change(gateway, "UPDATE job SET first = first - ?, due = 1 WHERE kind = 'notice'", 80 * HOUR)
    until(lambda: says(gateway, "P-1", "given up after"))
    (row,) = listed(http, state="PARKED")
    assert (row["number"], row["kind"], row["failure"]) == ("P-1", "READY", "UNREACHED") and row["note"]
    assert listed(http, state="waiting") == [] and [r["id"] for r in listed(http, kind="ready", bill_id=one.id)] == [row["id"]]
    assert metric(gateway.http(), "fpimage_notices_parked_total") == 1
    assert "delivery retry --bill P-1" in gateway.ctl.must("bill", "show", "P-1")["why"]
    assert gateway.ctl.must("delivery", "show", row["id"])["state"] == "PARKED"
    eas.behave_normally(rule)
    assert http.post(f"{DELIVERIES}/{row['id']}/retry").json()["notices"] == 1
    eas.wait_told("P-1")
    until(lambda: listed(http)[0]["state"] == "DELIVERED")
    assert gateway.ctl.must("delivery", "retry", row["id"])["notices"] == 1  # all told: once more
    eas.wait_told("P-1", 2)
    refused(http.post(f"{DELIVERIES}/{row['id']}/retry"), 409)  # a newer one says the same
    refused(http.post(f"{DELIVERIES}/999/retry"), 404)


def test_refused_and_overtaken(wired, erp, eas):
    eas.refuse("R-1", "imageNo R-1 not exist")
    one = make(wired, erp, "R-1")
    submit(erp, "R-1")
    until(lambda: says(wired, "R-1", "imageNo R-1 not exist"))
    assert one.get()["deliveries"][0]["failure"] == "REFUSED"
    order(erp, "rescan", "A", "R-1", reason="x")
    hurry(wired)
    until(lambda: says(wired, "R-1", "skipped: refused, and a newer one waits"))
    eas.accept()
    hurry(wired)
    eas.wait_told("R-1")
    assert states(eas, "R-1") == [SENT_BACK]


# nobody to tell

def test_no_business_system(gateway, eas):
    http = gateway.login()
    one = make(gateway, http, "U-1")
    submit(http, "U-1")
    order(http, "rescan", "A", "U-1", reason="x")
    assert [row["state"] for row in one.get()["deliveries"]] == ["UNADDRESSED"] * 2
    assert len(says(gateway, "U-1", 'no business system for resource "EAS"')) == 1
    assert gateway.ctl.must("delivery", "retry", "--all") == {"bills": 0, "notices": 0, "without_system": 1}
    refused(http.post(f"{DELIVERIES}/retry", {"bill_id": one.id}), 409)
    gateway.add_erp(eas)
    assert http.post(f"{DELIVERIES}/retry", {}).json()["notices"] == 2
    eas.wait_told("U-1", 2)
    assert states(eas, "U-1") == [READY, SENT_BACK]


def test_a_range_of_notices(gateway, eas):
    http = gateway.login()
    for number in ("G-1", "G-2", "G-3"):
        make(gateway, http, number)
        submit(http, number)
    ids = [row["id"] for row in reversed(listed(http))]
    gateway.add_erp(eas)
    assert gateway.ctl.must("delivery", "retry", f"{ids[0]}-{ids[1]}") == {"bills": 2, "notices": 2, "without_system": 0}
    eas.wait_told("G-1")
    eas.wait_told("G-2")
    assert eas.told("G-3") == []
    assert http.post(f"{DELIVERIES}/retry", {"first_id": ids[1], "last_id": ids[2]}).json()["notices"] == 1
    eas.wait_told("G-3")
    for word in (f"{ids[1]}-{ids[0]}", "1-", "-1", "1-x"):
        assert gateway.ctl("delivery", "retry", word)[0] == 2, word
    refused(http.post(f"{DELIVERIES}/retry", {"first_id": "x"}), 400, "first_id")


# what EAS made of it

def test_reconciliation(wired, erp, eas):
    for number in ("E-1", "E-2"):
        make(wired, erp, number)
        submit(erp, number)
        eas.wait_told(number)
    quiet(wired)
    eas.image("E-1", 0)
    eas.image("E-2", 3)
    assert wired.ctl.must("delivery", "reconcile") == {"systems": 1}
    eas.wait_told("E-1", 2)
    until(lambda: says(wired, "E-1", "told once more: EAS says state 0"))
    until(lambda: says(wired, "E-2", "EAS says state 3, here it is submitted"))
    assert states(eas, "E-2") == [READY]
    assert wired.ctl("delivery", "reconcile", "NONE")[0] == 1


# who may see what; bad words

def test_others_see_nothing(wired, erp, eas):
    make(wired, erp, "W-1")
    submit(erp, "W-1")
    eas.wait_told("W-1")
    (row,) = listed(erp)
    wired.add_enterprise(OTHER_CLIENT)
    other = wired.login(OTHER_CLIENT)
    assert listed(other) == []
    refused(other.post(f"{DELIVERIES}/{row['id']}/retry"), 404)
    assert other.post(f"{DELIVERIES}/retry", {"bill_id": row["bill_id"]}).status == 404


def test_bad_words(wired, erp):
    for name, value in (("state", "x"), ("kind", "x"), ("bill_id", "x"), ("bill_id", "-1"), ("page_size", "0")):
        refused(erp.get(DELIVERIES, query={name: value}), 400, name)
    for name, value in (("state", "x"), ("kind", "9"), ("bill_id", "x"), ("after", "x")):
        refused(erp.post(f"{DELIVERIES}/retry", {name: value}), 400, name)
    for name, value in (("status", "x"), ("bill_id", "x"), ("page", "0")):
        refused(erp.get(PUSHES, query={name: value}), 400, name)
    for words in ([], ["1", "--all"], ["--all", "--bill", "X-1"], ["--all", "--state", "x"], ["x"]):
        assert wired.ctl("delivery", "retry", *words)[0] == 2, words
    assert wired.ctl("delivery", "show", 999)[0] == 1 and wired.ctl("delivery", "list", "--state", "x")[0] == 2


# synchronised, with no hands

@pytest.fixture
def synced(wired):
    admit(wired)
    wired.ctl.must("mode", "set", "sync")
    return wired


def announce(http, one, **changes):
    return Bill(http.gateway, http.caller, one["scanBillNo"], fbillId=one["billId"], **changes)


class Desk:
    def __init__(self, gateway, caller):
        self.gateway, self.caller = gateway, caller


@pytest.fixture
def desk(synced, erp):
    return Desk(synced, erp)


@pytest.mark.mpm
@pytest.mark.parametrize("shape", ["notice", "document"])
def test_sync_with_no_hands(synced, desk, eas, shape):
    (one,) = synced.cloud.generate(invoices=2)
    bill = announce(desk, one)
    push(synced, [one], shape, twice=True)
    (told,) = eas.wait_told(one["scanBillNo"])
    quiet(synced)
    assert (bill.state(), told["state"]) == ("SUBMITTED", READY)
    assert sum(told["pages"]) == bill.get()["page_count"] > 0
    before = len(trail(synced, one["scanBillNo"], notices=True))
    push(synced, [one], shape, twice=True)
    quiet(synced)
    after = trail(synced, one["scanBillNo"], notices=True)
    assert len(after) == before, ("repeats leave no trace", [(row["kind"], row["note"]) for row in after[before:]])
    assert bill.post("sync").status == 202
    quiet(synced)
    assert events(synced, one["scanBillNo"], "pull")[-1] == "the receipt is asked again, by hand"
    assert states(eas, one["scanBillNo"]) == [READY]


def test_pushed_before_the_erp_spoke(synced, desk, eas):
    (one,) = synced.cloud.generate(invoices=1)
    push(synced, [one], "document")
    until(lambda: stored(synced, one["scanBillNo"])["state"] == 1)
    assert eas.told() == []  # its type is not known: basic
    assert len([note for note in events(synced, one["scanBillNo"], "mode") if "has not announced" in note]) == 1
    announce(desk, one)
    eas.wait_told(one["scanBillNo"])


def test_newer_content_before_and_after_the_submit(synced, desk, eas):
    (one,) = synced.cloud.generate(invoices=3, attachments=0)
    number = one["scanBillNo"]
    bill = announce(desk, one)
    synced.ctl.must("mode", "set", "basic", "--bill-type", "ER_ExpReimbursement")
    push(synced, [one], "document")
    quiet(synced)
    assert bill.state() == "UPLOADED"
    before = len(files_of(synced, number))
    synced.ctl.must("mode", "set", "sync", "--bill-type", "ER_ExpReimbursement")
    fewer = {**one, "invoice": one["invoice"][1:], "updateTime": "2031-06-02 10:00:00"}
    assert results(push(synced, [fewer], "document")[0]) == ["taken"]
    eas.wait_told(number)
    quiet(synced)
    assert bill.state() == "SUBMITTED" and len(files_of(synced, number)) < before
    assert [note for note in events(synced, number, "file") if "the receipt has it no more" in note]
    after = {**one, "updateTime": "2031-06-03 10:00:00"}  # all of it again: an amendment of the receipt
    push(synced, [after], "document")
    quiet(synced)
    assert len(files_of(synced, number)) == before and bill.state() == "SUBMITTED"
    eas.wait_told(number, 2)
    assert states(eas, number) == [READY, READY], "the ERP is told that the images are others"


def test_new_content_answers_a_send_back(synced, desk, eas):
    (one,) = synced.cloud.generate(invoices=2)
    number = one["scanBillNo"]
    announce(desk, one)
    push(synced, [{**one, "invoice": one["invoice"][:1], "updateTime": "2031-06-01 10:00:00"}], "document")
    eas.wait_told(number)
    order(desk.caller, "rescan", "A", number, reason="缺发票")
    eas.wait_told(number, 2)
    push(synced, [{**one, "updateTime": "2031-06-02 10:00:00"}], "document")
    eas.wait_told(number, 3)
    assert states(eas, number) == [READY, SENT_BACK, AGAIN]


def test_a_locked_bill_is_not_touched(synced, desk, eas):
    (one,) = synced.cloud.generate(invoices=2)
    number = one["scanBillNo"]
    announce(desk, one)
    push(synced, [{**one, "invoice": one["invoice"][:1], "updateTime": "2031-06-01 10:00:00"}], "document")
    eas.wait_told(number)
    quiet(synced)
    before = files_of(synced, number)
    assert desk.caller.post(BASE + "erpBingScanVoucher", asked(number, voucherNo="V-1")).errcode == "0000"
    push(synced, [{**one, "updateTime": "2031-06-02 10:00:00"}], "document")
    quiet(synced)
    assert files_of(synced, number) == before and stored(synced, number)["state"] == SUBMITTED
    assert "locked by voucher V-1" in events(synced, number, "pull")[-1]
    (row,) = desk.caller.get(PUSHES, query={"status": "PARKED"}).json()["items"]
    assert row["number"] == number and "unlock it" in row["reason"]
    change(synced, "UPDATE bill SET is_locked = 0")
    assert desk.caller.post(f"{PUSHES}/replay").json() | {"request_id": 0} == {"pushes": 1, "pulls": 0, "has_more": False, "request_id": 0}
    quiet(synced)
    assert len(files_of(synced, number)) > len(before)


def test_sync_by_hand_without_a_push(synced, desk, eas):
    """The ERP announced it, and the receipt's notice never came."""
    (one,) = synced.cloud.generate(invoices=1)
    bill = announce(desk, one)
    assert synced.ctl.must("bill", "sync", one["scanBillNo"])["result"] == "queued"
    eas.wait_told(one["scanBillNo"])
    assert bill.state() == "SUBMITTED"


def test_what_was_given_up_without_a_push(synced, desk, eas):
    """Asked by hand, and the cloud would not: one order puts it back to work, too."""
    (one,) = synced.cloud.generate(invoices=1)
    number = one["scanBillNo"]
    bill = announce(desk, one)
    synced.httpd.expect_log("FPI0032", count=1)
    rule = synced.cloud.behave("errcode", "/m4/fpzs/bxdInvoices", code="5001", description="虚构的拒绝", times=-1)
    assert bill.post("sync").status == 202
    synced.httpd.log.wait_for("FPI0032")
    until(lambda: any("sync it again" in note for note in events(synced, number, "pull")))
    why = synced.ctl.must("bill", "show", number)["why"]
    assert "虚构的拒绝" in why and f"bill sync {number}" in why
    synced.cloud.behave_normally(rule)
    value = desk.caller.post(f"{PUSHES}/replay").json()
    assert (value["pushes"], value["pulls"], value["has_more"]) == (0, 1, False)
    eas.wait_told(number)
    assert bill.state() == "SUBMITTED" and synced.ctl.must("push", "replay", "--failed")["count"] == 0


# the push log

def test_pushes_for_the_console(synced, desk):
    made = synced.cloud.generate(3, invoices=1)
    for one in made:
        announce(desk, one)
    push(synced, made, "document")
    quiet(synced)
    http = desk.caller
    value = http.get(PUSHES).json()
    assert [row["number"] for row in value["items"]] == [one["scanBillNo"] for one in reversed(made)]
    assert value["pagination"]["total"] == 3 and {row["status"] for row in value["items"]} == {"DONE"}
    row = value["items"][0]
    for query in ({"number": row["number"]}, {"bill_id": row["bill_id"]}, {"status": "done", "number": row["number"].lower()}):
        assert [found["id"] for found in http.get(PUSHES, query=query).json()["items"]] == [row["id"]], query
    assert http.get(PUSHES, query={"status": "REFUSED"}).json()["items"] == []
    assert http.get(f"{PUSHES}/{row['id']}").json()["body"]["scanBillNo"] == row["number"]
    reply = http.post(f"{PUSHES}/{row['id']}/replay")
    assert (reply.status, reply.json()["status"]) == (202, "TAKEN")
    until(lambda: http.get(f"{PUSHES}/{row['id']}").json()["status"] == "DONE")
    assert http.post(f"{PUSHES}/replay").json()["pushes"] == 0 and synced.ctl.must("push", "replay", "--failed")["count"] == 0
    synced.add_enterprise(OTHER_CLIENT)
    other = synced.login(OTHER_CLIENT)
    assert other.get(PUSHES).json()["items"] == [] and other.get(f"{PUSHES}/{row['id']}").status == 404
    assert other.post(f"{PUSHES}/{row['id']}/replay").status == 404 and len(pushes(synced)) == 3
    assert CLIENT["client_id"] == row["client_id"]
