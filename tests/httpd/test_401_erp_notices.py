"""What EAS sees of httpd: one session for all children, logged in again when it dies; slow, broken and refusing answers."""
import concurrent.futures
import contextlib
import socket

import pytest

from harness import processes
from harness.easctl import ACCOUNT
from test_100_start import patience, rows, trail
from test_130_bills import asked
from test_340_files import Bill
from test_341_submit import COMMIT

BILLS = 12


@pytest.fixture
def wired(make_gateway, eas):
    """A gateway of two children whose bills go to the stand-in EAS."""
    gateway = make_gateway(start=False, processes=2)
    gateway.add_erp(eas)
    gateway.httpd.start()
    return gateway


@pytest.fixture
def caller(wired):
    return wired.login()


def make(gateway, http, number):
    one = Bill(gateway, http, number)
    one.add(number)
    return one


def submit(http, number):
    reply = http.post(COMMIT, asked(number, operator="zhangsan"))
    assert reply.errcode == "0000", reply


def not_told(gateway, number, says):
    """Waits until the timeline says why it was not told."""
    def seen():
        return any("not told" in row["note"] and says in row["note"] for row in trail(gateway, number, notices=True))
    assert processes.wait_until(seen, patience(25), 0.1), trail(gateway, number, notices=True)


def again(gateway, number):
    """By hand, and it gets there."""
    gateway.ctl.must("delivery", "retry", "--bill", number)

    def done():
        return any("told to EAS" in row["note"]
                   for row in trail(gateway, number, notices=True))
    assert processes.wait_until(done, patience(25), 0.1), trail(gateway, number, notices=True)


@pytest.mark.mpm
def test_one_login_for_all_children(wired, caller, eas):
    eas.settings(cluster=True)
    eas.behave("slow", "/ormrpc/services/EASLogin", ms=300)
    numbers = [f"L-{n}" for n in range(BILLS)]
    for number in numbers:
        make(wired, caller, number)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        def one(number):
            with wired.httpd.http() as http:
                http.login(wired.client, 0)
                submit(http, number)
        list(pool.map(one, numbers))
    for number in numbers:
        told, = eas.wait_told(number)
        assert (told["state"], told["pages"], told["operation"]) == (2, [1], "updateImageStateNew")
    assert eas.logins() == 1 and len({row["session"] for row in eas.told()}) == 1
    assert not eas.told(operation="logout")


def test_a_dead_session_costs_one_login(wired, caller, eas):
    for n, number in enumerate(("D-1", "D-2", "D-3")):
        make(wired, caller, number)
        assert eas.kill() == (1 if n else 0)
        submit(caller, number)
        eas.wait_told(number)
        assert eas.logins() == n + 1
    assert all("not told" not in row["note"] for row in trail(wired, "D-3", notices=True))


def test_slow_cut_and_broken_answers_are_told_and_tried_again(wired, caller, eas):
    for number, rule, says in (("B-1", {"action": "cut", "after": 20}, "ERP"), ("B-2", {"action": "garbage"}, "no SOAP envelope"),
                               ("B-3", {"action": "fail", "status": 502, "body": "<html>"}, "HTTP 502"),
                               ("B-4", {"action": "cut", "reset": True}, "ERP")):
        make(wired, caller, number)
        rule_id = eas.behave(match="/ormrpc/services/WSSSC", **rule)
        submit(caller, number)
        not_told(wired, number, says)
        eas.behave_normally(rule_id)
        again(wired, number)
        assert {row["state"] for row in eas.told(number)} == {2}, "at least once, and always the same"


@contextlib.contextmanager
def deaf():
    """A port whose queue of connections is full: the kernel answers no further one. Gives its number, and what empties it."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, contextlib.ExitStack() as waiting:
        for _ in range(4):
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        yield full.getsockname()[1]


def test_a_host_that_does_not_answer_in_time(wired, caller, eas):
    """ERP_LATE: tried on, told in words, and the verification knows it from a port that is closed."""
    make(wired, caller, "T-1")
    with deaf() as port:
        wired.ctl.must("erp", "set", "--prefix", f"http://127.0.0.1:{port}/ormrpc/services/", "EAS")
        code, verdict = wired.ctl("erp", "verify", "EAS")
        assert code == 1 and [row["about"] for row in verdict["findings"]] == ["host"], verdict
        assert "nothing answers" in verdict["findings"][0]["message"]
        submit(caller, "T-1")
        not_told(wired, "T-1", "ERP_LATE")
        (row,) = caller.get("/api/v1/deliveries").json()["items"]
        assert (row["state"], row["failure"]) == ("WAITING", "UNREACHED") and row["note"]
        code, value = wired.ctl("erp", "state", "EAS", "T-1")
        assert code == 4 and value["error"]["code"] == "unreachable", value
        wired.ctl.must("erp", "set", "--prefix", eas.prefix, "EAS")
        again(wired, "T-1")
    assert [row["state"] for row in eas.told("T-1")] == [2]


def test_a_refusal_is_told_in_its_words(wired, caller, eas):
    make(wired, caller, "R-1")
    eas.refuse("R-1", "工作流已被张三锁定")
    submit(caller, "R-1")
    not_told(wired, "R-1", "工作流已被张三锁定")
    eas.accept()
    again(wired, "R-1")
    eas.wait_told("R-1")
    assert eas.images()["R-1"]["state"] == 2


def test_a_wrong_password_is_tried_sparingly_and_never_shown(wired, caller, eas):
    eas.account(password="Another#1")
    for n in range(4):
        make(wired, caller, f"P-{n}")
    for n in range(4):
        submit(caller, f"P-{n}")
    not_told(wired, "P-3", "gave no session")
    assert eas.sessions()["refused"] <= 2, "each child once: EAS locks accounts"
    wired.ctl.must("erp", "set", "EAS", "--password-file", wired.secret_file({"client_id": "erp2", "password": "Another#1"}, "password"))
    for n in range(4):
        again(wired, f"P-{n}")
        eas.wait_told(f"P-{n}")
    text = wired.httpd.log.tail(10000) + str(rows(wired, "SELECT note FROM trail")) + str(rows(wired, "SELECT note FROM delivery"))
    assert ACCOUNT["password"] not in text and "Another#1" not in text
