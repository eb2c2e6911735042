"""Work on a bill's files: adding, order, documents, facts, deleting, what is marked after a send-back; amending."""
import base64
import concurrent.futures
import hashlib
import json

import pytest

from harness import processes
from harness.cloudctl import OTHER_CLIENT
from test_100_start import ANNOUNCE, bill, change, each, patience, rows, trail
from test_130_bills import BASE, asked

V1 = "/api/v1"


# helpers of the files above 340

def pdf(word):
    """Bytes that are a PDF by their beginning; another word, another content."""
    return b"%PDF-1.4\n% " + word.encode() + b"\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def sha(data):
    return hashlib.sha256(data).hexdigest()


def put_found(gateway, bill_id, file_id, number="24112000000012345678"):
    """An invoice as if it had been read from the file."""
    said = {"key": number, "said": {"source": "XML", "page": 2, "type": 27, "fields": {
        "number": {"source": "XML", "value": number}, "gross": {"source": "XML", "value": "113.00"}}}}
    change(gateway, "INSERT INTO found (tenant, bill, file, page, identity, type, number, gross, check_status, source, fields, twin_kind,"
                    " twin_bill, twin_file, created, updated) VALUES (1, ?, ?, 2, ?, 27, ?, 11300, 0, 'XML', ?, 0, 0, 0, 1, 1)",
           bill_id, file_id, number, number, json.dumps(said))


class Bill:
    """A bill of the console, through HTTP."""

    def __init__(self, gateway, http, number, **changes):
        self.gateway, self.http, self.number = gateway, http, number
        reply = http.post(ANNOUNCE, bill(number, **changes))
        assert reply.errcode == "0000", reply
        self.id = rows(gateway, "SELECT id FROM bill WHERE number = ?", number)[0]["id"]
        self.path = f"{V1}/bills/{self.id}"

    def get(self):
        return self.http.get(self.path).json()

    def add(self, *words, **fields):
        """One call for each word; the file of the last."""
        for word in words:
            reply = self.http.request("POST", f"{self.path}/files", pdf(word), {"Content-Type": "application/pdf"},
                                      query={"name": f"{word}.pdf", **fields})
            assert reply.status in (200, 201), reply
        return reply.json()["stored"][0]

    def files(self):
        return self.get()["files"]

    def names(self):
        """The names in order, documents in brackets: "a [b c]"."""
        out, group = [], 0
        for file in self.files():
            name = file["name"].removesuffix(".pdf")
            if file["page_first"]:
                name += f":{file['page_first']}-{file['page_last']}"
            if file["group_id"] and file["group_id"] != group:
                name = "[" + name
            elif group and file["group_id"] != group:
                out[-1] += "]"
            group = file["group_id"]
            out.append(name)
        return " ".join(out) + ("]" if group else "")

    def file(self, word):
        return next(file for file in self.files() if file["name"] == f"{word}.pdf")

    def ids(self, words):
        return [self.file(word)["id"] for word in words.split()]

    def version(self):
        return self.get()["version"]

    def state(self):
        return self.get()["state"]

    def post(self, what, body=None, **options):
        return self.http.post(f"{self.path}/{what}", {} if body is None else body, **options)

    def order(self, words):
        return self.http.request("PUT", f"{self.path}/files", json_body={"order": self.ids(words)})

    def patch(self, word, **facts):
        return self.http.request("PATCH", f"{self.path}/files/{self.file(word)['id']}", json_body=facts)

    def drop(self, word, **query):
        return self.http.request("DELETE", f"{self.path}/files/{self.file(word)['id']}", query=query)

    def replace(self, word, new):
        return self.http.request("POST", f"{self.path}/files/{self.file(word)['id']}/replace", pdf(new),
                                 {"Content-Type": "application/pdf"}, query={"name": f"{new}.pdf"})

    def must(self, reply, status=200):
        assert reply.status == status, reply
        return reply.json()

    def put(self, **columns):
        """Columns behind the gateway's back."""
        names = ", ".join(f"{name} = ?" for name in columns)
        assert change(self.gateway, f"UPDATE bill SET {names} WHERE id = ?", *columns.values(), self.id) == 1

    def know_pages(self, word, pages):
        """As if it was looked at; what really looks must be done first."""
        settle(self.gateway)
        assert change(self.gateway, "UPDATE content SET pages = ?, state = 1 WHERE sha256 = ?", pages, sha(pdf(word))) == 1

    def notes(self):
        """What was done to it, not what was seen in it meanwhile."""
        return [event["note"] for event in trail(self.gateway, self.number) if event["kind"] in ("file", "state", "lock")]


def settle(gateway):
    """The background has nothing to do, and nothing in hand."""
    assert processes.wait_until(
        lambda: not rows(gateway, "SELECT 1 FROM job WHERE state = 'leased' OR (state = 'ready' AND attempts = 0)"), patience(20), 0.02)


@pytest.fixture
def erp(gateway):
    return gateway.login()


@pytest.fixture
def one(gateway, erp):
    made = Bill(gateway, erp, "F-1")
    made.add("a", "b", "c")
    settle(gateway)
    return made


def refused(reply, status, *words):
    assert reply.status == status, reply
    error = reply.json()["error"]
    assert error["message"] and error["request_id"] == reply.trace, reply
    assert [word for word in words if str(word) not in error["message"]] == [], error["message"]
    return error


# adding

@pytest.mark.mpm
@pytest.mark.valgrind
def test_add_one(gateway, erp):
    made = Bill(gateway, erp, "A-1")
    reply = erp.request("POST", f"{made.path}/files", pdf("a"), {"Content-Type": "application/pdf"},
                        query={"name": "发票.pdf", "kind": "attachment", "label": "行程单", "reason": "补充"})
    value = made.must(reply, 201)
    (file,) = value["stored"]
    kept = {"name": "发票.pdf", "kind": "ATTACHMENT", "label": "行程单", "sha256": sha(pdf("a")), "size": len(pdf("a")),
            "media": "application/pdf", "position": 1, "state": "NORMAL", "source": "upload", "group_id": 0, "rotation": 0}
    assert {name: file[name] for name in kept} == kept
    assert value["added"] == 1 and value["stored"][0]["id"] == file["id"]
    assert (value["bill"]["state"], value["bill"]["version"]) == ("UPLOADED", 1)
    assert reply.headers["ETag"] == '"1"' and value["request_id"] == reply.trace
    event = next(event for event in trail(gateway, "A-1") if event["kind"] == "file")
    assert sha(pdf("a")) in event["note"] and "补充" in event["note"] and event["trace"] == reply.trace


def test_add_many_in_one_form(gateway, erp):
    made = Bill(gateway, erp, "A-2")
    body = b""
    for word in ("x", "y", "z"):
        body += (f'--B\r\nContent-Disposition: form-data; name="file"; filename="{word}.pdf"\r\n'
                 "Content-Type: application/pdf\r\n\r\n").encode() + pdf(word) + b"\r\n"
    body += b'--B\r\nContent-Disposition: form-data; name="kind"\r\n\r\nCOVER\r\n--B--\r\n'
    reply = erp.request("POST", f"{made.path}/files", body, {"Content-Type": "multipart/form-data; boundary=B"})
    value = made.must(reply, 201)
    assert [(file["name"], file["kind"], file["position"]) for file in value["stored"]] == [
        ("x.pdf", "COVER", 1), ("y.pdf", "COVER", 2), ("z.pdf", "COVER", 3)]


def test_add_as_json(gateway, erp):
    made = Bill(gateway, erp, "A-3")
    value = made.must(made.http.post(f"{made.path}/files", {"base64": base64.b64encode(pdf("a")).decode(),
                                                            "name": "a.pdf", "kind": "INVOICE"}), 201)
    assert [file["sha256"] for file in value["stored"]] == [sha(pdf("a"))]


def test_same_bytes_are_the_same_file(one):
    version = one.version()
    first = one.file("a")
    reply = one.http.request("POST", f"{one.path}/files", pdf("a"), {"Content-Type": "application/pdf"})
    value = one.must(reply, 200)
    assert value["added"] == 0 and value["stored"][0]["id"] == first["id"]
    assert one.names() == "a b c" and one.version() == version
    assert one.must(one.http.request("POST", f"{one.path}/files", pdf("a"), {"Content-Type": "application/pdf"},
                                     query={"kind": "ATTACHMENT", "name": "a2.pdf"}), 201)["added"] == 1


def test_add_after(one):
    one.add("d", after=one.file("a")["id"])
    assert one.names() == "a d b c"
    one.add("e", after=0)
    assert one.names() == "e a d b c"
    one.add("f", position=2)
    assert one.names() == "e f a d b c"
    one.add("g", position=99)
    assert one.names() == "e f a d b c g"
    assert [file["position"] for file in one.files()] == list(range(1, 8))


def test_add_refusals(one):
    before = one.get()

    def check(query, status, word):
        reply = one.http.request("POST", f"{one.path}/files", pdf("new"), {"Content-Type": "application/pdf"}, query=query)
        refused(reply, status, word)

    each([({"kind": "x"}, 400, "kind"), ({"after": "x"}, 400, "after"), ({"after": -1}, 400, "after"),
          ({"after": 999}, 400, "after"), ({"after": 1, "position": 1}, 400, "position"),
          ({"position": 1.5}, 400, "position"), ({"version": 0}, 409, "F-1"), ({"version": "x"}, 400, "version"),
          ({"label": "长" * 201}, 400, "label")], check)
    refused(one.http.request("POST", f"{one.path}/files", b"", {"Content-Type": "application/pdf"}), 400)
    refused(one.http.request("POST", f"{one.path}/files", b"\x7fELF" + b"x" * 100), 415)
    assert {**one.get(), "request_id": 0} == {**before, "request_id": 0}


# order, documents, parts

def test_order(one):
    version = one.version()
    value = one.must(one.order("c a b"))
    assert [file["name"] for file in value["files"]] == ["c.pdf", "a.pdf", "b.pdf"]
    assert one.names() == "c a b" and one.version() == version + 1
    one.must(one.order("c a b"))  # the same again
    assert one.version() == version + 1
    assert any("order" in note for note in one.notes())


def test_order_refusals(one):
    ids = one.ids("a b c")

    def check(order, word):
        reply = one.http.request("PUT", f"{one.path}/files", json_body={"order": order})
        refused(reply, 400, "order", word)

    each([(ids[:2], ids[2]), (ids + ids[:1], ids[0]), (ids + [999], 999), (["x"], ""), ([0], ""), ([-1], ""), ({}, ""),
          ([None], ""), ([[1]], ""), ("abc", "")], check)
    refused(one.http.request("PUT", f"{one.path}/files", json_body={}), 400, "order")
    assert one.names() == "a b c"


def test_merge_and_split(one):
    one.add("d")
    one.must(one.http.post(f"{one.path}/files/merge", {"file_ids": one.ids("a c")}))
    assert one.names() == "[a c] b d"
    one.must(one.http.post(f"{one.path}/files/merge", {"file_ids": one.ids("d a")}))
    assert one.names() == "b [d a c]"
    refused(one.order("d b a c"), 400, "order")
    one.must(one.order("c a d b"))
    assert one.names() == "[c a d] b"
    refused(one.patch("a", kind="COVER"), 409, "a.pdf")
    one.know_pages("a", 1), one.know_pages("c", 1), one.know_pages("d", 3)
    one.must(one.http.post(f"{one.path}/files/{one.file('d')['id']}/split", {"at": [3, 5]}))
    assert one.names() == "[c a] [d:1-2 d:3-3] b" or one.names() == "[c a] d:1-2 d:3-3 b"
    one.must(one.http.post(f"{one.path}/files/{one.file('a')['id']}/split"))
    assert one.names().startswith("c a ")


def test_split_a_file(one):
    settle(one.gateway)
    change(one.gateway, "UPDATE content SET pages = 0, state = 0")
    split = f"{one.path}/files/{one.file('b')['id']}/split"
    refused(one.http.post(split, {"at": [2]}), 409, "b.pdf")  # nobody has looked yet
    one.know_pages("b", 5)
    for at in ([1], [6], [3, 2], ["x"], [0], 3):
        refused(one.http.post(split, {"at": at}), 400, "at")
    value = one.must(one.http.post(split, {"at": [3]}))
    assert one.names() == "a b:1-2 b:3-5 c"
    assert [file["page_count"] for file in value["files"]][1:3] == [2, 3]
    again = one.http.request("POST", f"{one.path}/files", pdf("b"), {"Content-Type": "application/pdf"})
    assert again.json()["added"] == 0  # its bytes are there, in parts
    assert one.get()["page_count"] == 7
    one.know_pages("a", 1)
    refused(one.http.post(f"{one.path}/files/{one.file('a')['id']}/split"), 400, "a.pdf")


def test_merge_refusals(one):
    one.must(one.patch("c", kind="COVER"))
    ids = one.ids("a b c")

    def check(body, word):
        refused(one.http.post(f"{one.path}/files/merge", body), 400, "file_ids", word)

    each([({}, ""), ({"file_ids": []}, ""), ({"file_ids": ids[:1]}, ""), ({"file_ids": [ids[0]] * 2}, ids[0]),
          ({"file_ids": [ids[0], 999]}, 999)], check)
    refused(one.http.post(f"{one.path}/files/merge", {"file_ids": ids}), 400, ids[0], ids[2])  # a cover and invoices


# facts

def test_patch(one):
    version = one.version()
    value = one.must(one.patch("b", kind="ATTACHMENT", rotation=90, label="行程", attachment_type=3, reason="扫错了"))
    file = next(file for file in value["files"] if file["name"] == "b.pdf")
    assert (file["kind"], file["rotation"], file["label"], file["attachment_type"]) == ("ATTACHMENT", 90, "行程", 3)
    assert one.version() == version + 1
    assert "invoice -> attachment" in one.notes()[-1] and "扫错了" in one.notes()[-1]
    one.must(one.patch("b", kind="ATTACHMENT", rotation=90))
    assert one.version() == version + 1  # nothing new
    one.must(one.patch("b", rotation=-90, label=""))
    assert (one.file("b")["rotation"], one.file("b")["label"]) == (270, None)


def test_patch_refusals(one):
    def check(facts, status, word):
        refused(one.patch("a", **facts), status, word)

    each([({"kind": "x"}, 400, "kind"), ({"kind": 1}, 400, "kind"), ({"rotation": 45}, 400, "rotation"),
          ({"rotation": 360}, 400, "rotation"), ({"rotation": "x"}, 400, "rotation"), ({"attachment_type": 9}, 400, "attachment_type"),
          ({"label": "长" * 201}, 400, "label"), ({"state": "NORMAL"}, 400, "state"), ({"state": "CONFIRMED"}, 409, "a.pdf")],
         check)
    one.add("a2", kind="ATTACHMENT")
    one.http.request("POST", f"{one.path}/files", pdf("a"), {"Content-Type": "application/pdf"},
                     query={"kind": "ATTACHMENT", "name": "twin.pdf"})
    refused(one.patch("twin", kind="INVOICE"), 409)  # the bill has these bytes as an invoice


def test_delete_keeps_the_bytes(one):
    file = one.file("b")
    one.must(one.drop("b", reason="多余"))
    assert one.names() == "a c"
    assert [file["position"] for file in one.files()] == [1, 2]
    note = one.notes()[-1]
    assert "b.pdf" in note and file["sha256"] in note and "多余" in note
    blobs = [path for path in one.gateway.httpd.data.rglob("*") if path.name == file["sha256"] or file["sha256"] in path.name]
    assert [path.read_bytes() for path in blobs if path.is_file()] == [pdf("b")]
    refused(one.http.request("DELETE", f"{one.path}/files/{file['id']}"), 404)


def test_delete_the_last(one):
    for word in "abc":
        one.must(one.drop(word))
    assert one.get()["state"] == "WAITING" and one.files() == [] and one.get()["page_count"] == 0
    refused(one.post("submit"), 409, "请先上传影像")


def test_replace(one):
    old = one.file("b")
    one.must(one.patch("b", label="重要", rotation=90))
    value = one.must(one.replace("b", "new"))
    file = next(file for file in value["files"] if file["name"] == "new.pdf")
    assert (file["id"], file["position"], file["label"], file["rotation"]) == (old["id"], 2, "重要", 0)
    assert file["sha256"] == sha(pdf("new"))
    assert old["sha256"] in one.notes()[-1] and file["sha256"] in one.notes()[-1]
    version = one.version()
    one.must(one.replace("new", "new"))
    assert one.version() == version
    refused(one.replace("new", "a"), 409, "a.pdf")
    refused(one.http.request("POST", f"{one.path}/files/{old['id']}/replace", b""), 400)


def test_move_to_another_bill(one, gateway, erp):
    other = Bill(gateway, erp, "F-2")
    versions = one.version(), other.version()
    one.must(one.http.post(f"{one.path}/files/{one.file('b')['id']}/move", {"to_bill_id": other.id, "reason": "放错"}))
    assert one.names() == "a c" and other.names() == "b" and other.state() == "UPLOADED"
    assert (one.version(), other.version()) == (versions[0] + 1, versions[1] + 1)
    assert "F-2" in one.notes()[-1] and any("b.pdf" in note for note in other.notes())
    other.add("a")
    refused(one.http.post(f"{one.path}/files/{one.file('a')['id']}/move", {"to_bill_id": other.id}), 409, "F-2")
    refused(one.http.post(f"{one.path}/files/{one.file('a')['id']}/move", {"to_bill_id": 999}), 404)
    refused(one.http.post(f"{one.path}/files/{one.file('a')['id']}/move", {"to_bill_id": one.id}), 400, "")
    refused(one.http.post(f"{one.path}/files/{one.file('a')['id']}/move", {}), 400, "to_bill_id")
    assert one.names() == "a c" and other.names() == "b a"


# after a send-back

def states(one):
    return {file["name"].removesuffix(".pdf"): file["state"] for file in one.files()}


def test_states_after_a_send_back(one):
    one.add("d")
    one.must(one.post("submit"))
    one.must(one.post("rescan", {"reason": "模糊"}))
    assert set(states(one).values()) == {"UNCHANGED"} and one.state() == "RESCAN"
    one.must(one.patch("a", rotation=90))
    one.must(one.patch("b", state="CONFIRMED"))
    one.must(one.replace("c", "c2"))
    one.add("e")
    assert states(one) == {"a": "CHANGED", "b": "CONFIRMED", "c2": "CHANGED", "d": "UNCHANGED", "e": "ADDED"}
    assert one.state() == "UPLOADED"
    value = one.must(one.post("resubmit"))
    assert value["changes"] == {"changed": 2, "added": 1, "confirmed": 1, "unchanged": 1, "dropped": 0} and value["state"] == "SUBMITTED"
    assert "2 changed, 1 added" in one.notes()[-1]
    one.must(one.post("rescan", {"reason": "再看"}))
    assert set(states(one).values()) == {"UNCHANGED"}
    one.must(one.post("cancel-rescan"))
    assert set(states(one).values()) == {"NORMAL"} and one.state() == "SUBMITTED"


def test_the_erp_sends_back_too(one):
    one.must(one.post("submit"))
    assert one.http.post(BASE + "rescan", asked("F-1", reason="x", operator="李四")).errcode == "0000"
    assert set(states(one).values()) == {"UNCHANGED"}
    refused(one.post("submit"), 409, "重新提交")


# supplement and amendment

def submitted(one, mode=None):
    one.must(one.post("submit"))
    if mode:
        one.gateway.ctl.must("mode", "set", mode)
    return one


def test_supplement_keeps_the_state(one):
    submitted(one, "match")
    one.add("d")
    assert one.state() == "SUBMITTED" and one.names() == "a b c d"
    one.put(state=3)
    one.add("e")
    assert one.state() == "REVIEWED" and one.names() == "a b c d e"


@pytest.mark.parametrize("mode", ["basic", "sync"])
def test_amend(one, mode):
    one.must(one.patch("c", kind="COVER"))
    submitted(one, mode)
    one.must(one.order("c b a"))
    one.must(one.replace("c", "cover2"))
    one.must(one.patch("a", rotation=180))
    refused(one.drop("cover2", confirm="true"), 409, "cover2.pdf", "替换")
    refused(one.patch("cover2", kind="ATTACHMENT"), 409, "cover2.pdf")
    refused(one.drop("a"), 409, "a.pdf", "confirm")
    one.must(one.drop("a", confirm="true"))
    assert one.names() == "cover2 b" and one.state() == "SUBMITTED"


def test_no_amendment_in_match_mode(one):
    submitted(one, "match")
    refused(one.order("c b a"), 409, "匹配")
    refused(one.drop("a", confirm="true"), 409, "匹配")
    refused(one.patch("a", rotation=90), 409, "匹配")
    assert one.names() == "a b c"


def test_a_submitted_bill_keeps_one(one):
    submitted(one)
    one.must(one.drop("a", confirm="true"))
    one.must(one.drop("b", confirm="true"))
    refused(one.drop("c", confirm="true"), 409, "至少保留一个")
    assert one.names() == "c"


@pytest.mark.parametrize("status,kept", [(3, True), (4, True), (1, False), ("x", False)])
def test_signed_invoices_are_kept(one, status, kept):
    change(one.gateway, "INSERT INTO invoice (id, tenant, bill, identity, type, number, check_status, doc)"
                        " VALUES (50, 1, ?, '24112000000012345678', 27, '24112000000012345678', 1, ?)", one.id, json.dumps({"matchStatus": status}))
    submitted(one)
    settle(one.gateway)
    change(one.gateway, "UPDATE file SET invoice = 50 WHERE name = 'a.pdf'")
    put_found(one.gateway, one.id, one.file("b")["id"])
    for word in ("a", "b"):  # by its link, and by what was read from it
        for reply in (one.replace(word, f"{word}-new"), one.drop(word if not kept else word, confirm="true")) if kept else ():
            refused(reply, 409, "24112000000012345678", f"{word}.pdf")
    if kept:
        assert one.names() == "a b c"
        one.must(one.patch("a", rotation=90))  # to turn it loses nothing
    else:
        one.must(one.drop("a", confirm="true"))
    one.must(one.drop("c", confirm="true"))


def acts_on(one):
    file = one.file("a")["id"]
    return [one.order("c b a"), one.patch("a", rotation=90), one.drop("a", confirm="true"), one.replace("a", "n"),
            one.http.post(f"{one.path}/files/merge", {"file_ids": one.ids("a b")}),
            one.http.post(f"{one.path}/files/{file}/split", {"at": [2]}),
            one.http.post(f"{one.path}/files/{file}/move", {"to_bill_id": one.id}),
            one.http.request("POST", f"{one.path}/files", pdf("n"), {"Content-Type": "application/pdf"})]


def test_locked_refuses_all(one):
    submitted(one)
    assert one.http.post(BASE + "erpBingScanVoucher", asked("F-1", voucherNo="记-0042")).errcode == "0000"
    before = one.get()
    for reply in acts_on(one) + [one.post(what, {"reason": "x"}) for what in ("void", "rescan", "submit", "resubmit")]:
        refused(reply, 409, "记-0042")
    assert {**one.get(), "request_id": 0} == {**before, "request_id": 0}
    one.must(one.post("lock", {"is_locked": False, "reason": "冲销"}))
    one.must(one.order("c b a"))


def test_void_refuses_all(one):
    one.must(one.post("void", {"reason": "作废"}))
    for reply in acts_on(one):
        refused(reply, 409, "F-1")


# rights, versions, two tabs

@pytest.fixture
def stranger(gateway, one):
    gateway.add_enterprise(OTHER_CLIENT)
    return gateway.login(OTHER_CLIENT)


def test_what_may_not_be_seen_does_not_exist(one, stranger):
    file = one.file("a")["id"]
    mine = one.http
    for http, bill_id in ((stranger, one.id), (mine, 999), (mine, "x"), (mine, 0)):
        path = f"{V1}/bills/{bill_id}"
        for reply in (http.request("PUT", f"{path}/files", json_body={"order": [file]}),
                      http.request("PATCH", f"{path}/files/{file}", json_body={"rotation": 90}),
                      http.request("DELETE", f"{path}/files/{file}"),
                      http.post(f"{path}/files/merge", {"file_ids": [file, file]}),
                      http.post(f"{path}/files/{file}/split", {"at": [2]}),
                      http.post(f"{path}/files/{file}/move", {"to_bill_id": one.id}),
                      http.request("POST", f"{path}/files/{file}/replace", pdf("z"), {"Content-Type": "application/pdf"}),
                      http.request("POST", f"{path}/files", pdf("z"), {"Content-Type": "application/pdf"})):
            refused(reply, 404)
    assert one.names() == "a b c"


def test_a_file_of_another_bill(one, gateway, erp):
    other = Bill(gateway, erp, "F-9")
    file = other.add("z")["id"]
    for reply in (one.http.request("PATCH", f"{one.path}/files/{file}", json_body={"rotation": 90}),
                  one.http.request("DELETE", f"{one.path}/files/{file}"),
                  one.http.post(f"{one.path}/files/{file}/split", {"at": [2]})):
        refused(reply, 404, file)
    assert other.names() == "z" and other.files()[0]["rotation"] == 0


def test_without_a_token(gateway, one):
    http = gateway.http()
    assert http.request("DELETE", f"{one.path}/files/1").status == 401
    assert http.get(f"{one.path}").status == 401


@pytest.mark.parametrize("how", ["header", "body"])
def test_an_old_version_is_told_what_changed(one, how):
    seen = one.version()
    one.must(one.patch("a", rotation=90, reason="歪了"))
    one.add("d")
    body = {"order": one.ids("d c b a"), **({"version": seen} if how == "body" else {})}
    reply = one.http.request("PUT", f"{one.path}/files", json_body=body, headers={"If-Match": f'"{seen}"'} if how == "header" else {})
    error = refused(reply, 409, seen, seen + 2)
    assert error["type"] == "stale" and error["version"] == seen + 2
    told = [event["note"] for event in error["changes"]]
    assert any("turned from 0 to 90" in note and "歪了" in note for note in told) and any("d.pdf" in note for note in told)
    assert not any("a.pdf stored" in note for note in told)
    assert one.names() == "a b c d"
    one.must(one.http.request("PUT", f"{one.path}/files", json_body={"order": body["order"], "version": seen + 2}))
    refused(one.http.request("DELETE", f"{one.path}/files/{one.ids('a')[0]}", headers={"If-Match": "x"}), 400, "If-Match")


def test_two_tabs_cannot_corrupt_it(one, gateway):
    """Many orders and turns at once, each with the version it has seen: one wins each round, and nothing is lost."""
    one.add("d", "e", "f")
    ids = one.ids("a b c d e f")

    def tab(number):
        done = 0
        with gateway.httpd.http(token=one.http.token) as http:
            for turn in range(8):
                version = http.get(one.path).json()["version"]
                order = ids[(number + turn) % 6:] + ids[:(number + turn) % 6]
                reply = http.request("PUT", f"{one.path}/files", json_body={"order": order, "version": version})
                assert reply.status in (200, 409), reply
                done += reply.status == 200 and reply.json()["bill"]["version"] == version + 1
        return done

    before = one.version()
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        done = sum(pool.map(tab, range(6)))
    files = one.files()
    assert sorted(file["id"] for file in files) == sorted(ids)
    assert [file["position"] for file in files] == [1, 2, 3, 4, 5, 6]
    assert one.version() == before + done and done >= 1


def test_many_uploads_at_once(one, gateway):
    def upload(number):
        with gateway.httpd.http(token=one.http.token) as http:
            return http.request("POST", f"{one.path}/files", pdf(f"n{number % 12}"), {"Content-Type": "application/pdf"}).status

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(upload, range(24)))
    assert sorted(statuses) == [200] * 12 + [201] * 12
    assert [file["position"] for file in one.files()] == list(range(1, 16))


def test_english_is_spoken(one):
    reply = one.http.request("DELETE", f"{one.path}/files/999", headers={"Accept-Language": "en"})
    assert reply.json()["error"]["message"] == "bill F-1 has no file 999"


# bad bodies

BODIES = [b"", b"x", b"[]", b"null", b"5", b'"x"', b"{", b'{"version": "x"}', b'{"version": -5}', b'{"version": []}',
          b'{"reason": {}}', b'{"reason": "' + "长".encode() * 600 + b'"}', b'{"confirm": "maybe"}', b"\xff\xfe", b"[" * 5000]


def test_bad_bodies(one):
    file = one.file("a")["id"]
    before = one.get()

    def check(method, path, body):
        reply = one.http.request(method, f"{one.path}/{path}", body, {"Content-Type": "application/json"})
        assert reply.status in (400, 404, 409, 413, 415), reply
        refused(reply, reply.status)

    each([(method, path, body) for method, path in (
        ("PUT", "files"), ("POST", "files/merge"), ("PATCH", f"files/{file}"), ("POST", f"files/{file}/move"))
        for body in BODIES], check)
    each([("POST", f"files/{file}/split", body) for body in BODIES if body], check)
    assert {**one.get(), "request_id": 0} == {**before, "request_id": 0}
