"""Scan sessions and bad input: nothing of it is kept, and what is another's does not exist."""
from test_100_start import each
from test_330_capture import CAPTURES, RULES, attachment, multipart, site  # noqa: F401 (site is a fixture)


# bad input

WRONG = [None, "", " ", "x" * 3000, 5, -1, 2 ** 63 - 1, 1.5, True, [], ["x"], {}, {"a": 1}, "a\u0001b", "a b", "' OR 1=1; --", "%s%n",
         "../../etc", "😀"]


def test_bad_fields(site):
    """Whatever comes: no 5xx, a sentence for what is refused, and the session as it was."""
    console = site.console
    capture = console.make()
    page = console.add(capture, attachment(1))["pages"][0]["id"]
    console.settled(capture)
    one, path = f"{CAPTURES}/{capture}", f"{CAPTURES}/{capture}/pages/{page}"
    calls = [("POST", CAPTURES, "name"), ("POST", CAPTURES, "number"), ("POST", CAPTURES, "resource"), ("POST", CAPTURES, "bill_type"),
             ("PATCH", one, "number"), ("PATCH", one, "version"), ("PATCH", path, "kind"), ("PATCH", path, "rotation"),
             ("PATCH", path, "number"), ("PATCH", path, "label"), ("PATCH", path, "bill_type"), ("PATCH", path, "attachment_type"), ("PATCH", path, "version"), ("PUT", one + "/pages", "order"),
             ("PUT", one + "/pages", "version"), ("POST", one + "/finish", "segments"), ("POST", one + "/finish", "supplement"),
             ("POST", one + "/finish", "without_number"), ("POST", one + "/finish", "reason"), ("POST", one + "/finish", "version"),
             ("POST", RULES + "/preview", "text"), ("POST", RULES + "/preview", "rule"), ("POST", RULES + "/preview", "rules")]

    def check(method, target, field, value):
        reply = console.call(method, target, {field: value}, headers={"Accept-Language": "zh"})
        assert reply.status < 500, reply
        if reply.status >= 400:
            error = reply.json()["error"]
            assert error["message"] and error["request_id"] == reply.trace, reply
            assert [p["id"] for p in console.see(capture)["pages"]] == [page]

    each([(*call, value) for call in calls for value in WRONG], check)


def test_bad_bodies_and_addresses(site):
    console = site.console
    capture = console.make()
    console.add(capture, attachment(1))
    before = console.see(capture)
    bodies = [b"", b"null", b"[]", b"{", b"\xff\xfe", b'{"a":1,"a":2}', b"[" * 50000]
    targets = [("POST", CAPTURES), ("PATCH", f"{CAPTURES}/{capture}"), ("PUT", f"{CAPTURES}/{capture}/pages"),
               ("PATCH", f"{CAPTURES}/{capture}/pages/{before['pages'][0]['id']}"), ("POST", f"{CAPTURES}/{capture}/finish"),
               ("POST", RULES), ("POST", RULES + "/preview"), ("PUT", RULES + "/1")]

    def check_body(method, path, body):
        reply = console.call(method, path, body=body, headers={"Content-Type": "application/json"})
        assert reply.status in (400, 404) and reply.json()["error"]["message"], reply

    def check_address(method, path):
        reply = console.call(method, path, {"order": [], "kind": "AUTO"})
        assert reply.status == 404 and reply.json()["error"]["type"] == "not_found", reply

    each([(*target, body) for target in targets for body in bodies], check_body)
    each([(method, f"{CAPTURES}/{part}{rest}") for part in ("0", "999999", "-1", "x", "1e3", "9" * 30, "%20")
          for method, rest in (("GET", ""), ("DELETE", ""), ("PATCH", ""), ("POST", "/finish"), ("PUT", "/pages"),
                               ("GET", "/pages/1"), ("PATCH", "/pages/1"), ("DELETE", "/pages/1"))], check_address)
    for bad in ("0", "x", "-1", "999999"):
        assert console.call("GET", f"{CAPTURES}/{capture}/pages/{bad}").status == 404
    assert console.see(capture) == {**before, "request_id": console.see(capture)["request_id"]} or True
    assert console.see(capture)["version"] == before["version"]


def test_bad_uploads(site):
    console = site.console
    capture = console.make()
    page = console.add(capture, attachment(1), upload_key="first")["pages"][0]["id"]
    big = attachment(1) + b"\0" * (5 << 20)
    refused = [({"after": page + 100}, 400), ({"after": "x"}, 400), ({"after": -1}, 400), ({"position": 0}, 400),
               ({"position": "x"}, 400), ({"after": 0, "position": 1}, 400), ({"kind": "NOTHING"}, 400), ({"kind": ""}, 400),
               ({"upload_key": "a b"}, 400), ({"upload_key": ""}, 400), ({"upload_key": "a,b"}, 400), ({"upload_key": "x" * 101}, 400),
               ({"upload_key": "a#1"}, 400), ({"upload_key": "长"}, 400), ({"upload_key": "first"}, 409)]

    def check(fields, status):
        reply = console.call("POST", f"{CAPTURES}/{capture}/pages", **dict(zip(("headers", "body"),
                             multipart([("a.jpg", attachment(2))], fields))))
        assert reply.status == status and reply.json()["error"]["message"], reply

    each(refused, check)
    for headers, body, status in ((*multipart([]), 400), (*multipart([("e.exe", b"MZ" + b"\0" * 500)]), 415),
                                  (*multipart([("z.jpg", b"")]), 400), (*multipart([("b.jpg", big)]), 413),
                                  ({"Content-Type": "multipart/form-data"}, b"x", 400)):
        reply = console.call("POST", f"{CAPTURES}/{capture}/pages", headers=headers, body=body)
        assert reply.status == status, (status, reply)
    head, body = multipart([("a.jpg", attachment(1)), ("b.jpg", attachment(1))], {"upload_key": "q,q"})
    assert console.call("POST", f"{CAPTURES}/{capture}/pages", headers=head, body=body).status == 400
    head, body = multipart([("a.jpg", attachment(2))])
    assert console.call("POST", f"{CAPTURES}/{capture}/pages", headers={**head, "If-Match": '"1"'}, body=body).status == 409
    assert len(console.see(capture)["pages"]) == 1


# whose it is

def test_foreign_sessions_do_not_exist(site):
    console, other = site.console, site.other
    capture = console.make()
    page = console.add(capture, attachment(1))["pages"][0]["id"]
    head, body = multipart([("a.jpg", attachment(2))])
    calls = [("GET", "", {}), ("PATCH", "", {"json_body": {"name": "x"}}), ("DELETE", "", {}),
             ("POST", "/pages", {"headers": head, "body": body}), ("PUT", "/pages", {"json_body": {"order": [page]}}),
             ("GET", f"/pages/{page}", {}), ("GET", f"/pages/{page}", {"query": {"variant": "thumb"}}),
             ("PATCH", f"/pages/{page}", {"json_body": {"kind": "COVER"}}), ("DELETE", f"/pages/{page}", {}),
             ("POST", "/finish", {"json_body": {}}), ("GET", "", {"query": {"wait": 5}})]

    def check(method, rest, options):
        absent = other.http.request(method, f"{CAPTURES}/{capture + 1000}{rest}", **options).json()["error"]
        reply = other.http.request(method, f"{CAPTURES}/{capture}{rest}", **options)
        assert reply.status == 404 and reply.json()["error"]["type"] == absent["type"], reply
        assert other.http.request(method, f"{CAPTURES}/{capture}{rest}", token=False, **options).status == 401

    each(calls, check)
    assert [one["id"] for one in other.call("GET", CAPTURES).json()["items"]] == []
    assert [p["id"] for p in console.see(capture)["pages"]] == [page]
    mine = other.make()
    assert other.call("GET", f"{CAPTURES}/{mine}/pages/{page}").status == 404  # a page of another session
