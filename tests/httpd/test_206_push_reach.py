"""Does the address that a row of the push table says lead here? By the doctor and by push-table check."""
import http.server
import threading

import pytest

from harness import places
from harness.cloudctl import CLIENT
from test_140_push import PUSH, admit


def add(gateway, url, client=CLIENT, **said):
    words = {"name": client["name"], "tax-no": client["tax_no"], "client-id": client["client_id"], "url": url, **said}
    gateway.ctl.must("push-table", "add", *[word for name, value in words.items() for word in (f"--{name}", value)])


def problems(gateway):
    code, found = gateway.ctl("push-table", "check")
    assert code == (1 if found else 0)
    return [(one["problem"], one["message"]) for one in found]


def reach(gateway):
    _, found = gateway.ctl_conf("doctor")
    return [(one["status"], one["found"], one.get("remedy")) for one in found["checks"] if one["name"] == "push_reach"]


def test_a_row_that_leads_here(gateway):
    admit(gateway)
    assert problems(gateway) == []
    ((status, _, _),) = reach(gateway)
    assert status == "ok"


def test_nobody_listens(gateway):
    port = places.free_port()
    add(gateway, f"http://127.0.0.1:{port}{PUSH}")
    ((kind, message),) = problems(gateway)
    assert kind == "unreached" and "127.0.0.1" in message and str(port) in message
    ((status, found, remedy),) = reach(gateway)
    assert status == "warn" and str(port) in found and remedy


@pytest.fixture
def stranger():
    """Another web server, which has something at any path."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_somebody_else_answers(gateway, stranger):
    add(gateway, stranger + PUSH)
    ((kind, message),) = problems(gateway)
    assert kind == "unreached" and "somebody else" in message and "HTTP 200" in message


def test_another_host_name(gateway):
    add(gateway, f"http://no-such-host.invalid{PUSH}")
    ((kind, message),) = problems(gateway)
    assert kind == "unreached" and "no-such-host.invalid" in message


def test_of_many_some_are_asked(gateway):
    ports = [places.free_port() for _ in range(12)]
    for at, port in enumerate(ports):
        add(gateway, f"http://127.0.0.1:{port}{PUSH}", **{"client-id": f"C{at}"})
    assert len([one for one in problems(gateway) if one[0] == "unreached"]) == 10 and "2" in gateway.ctl.stderr
    found = reach(gateway)
    assert [one[0] for one in found] == ["warn"] * 10 + ["ok"] and "2" in found[-1][1]


def test_a_name_that_is_not_the_enterprises(gateway):
    add(gateway, gateway.url + PUSH, name="别的公司")
    ((kind, message),) = problems(gateway)
    assert kind == "name" and CLIENT["name"] in message
