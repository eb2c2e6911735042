"""The pages of a bill: none is lost and said to be there, none is there twice; a correction is of one invoice; what is done after a
send-back counts; what a submitted bill must have."""
import json

import pytest

from harness import processes
from harness.person import administrator, make_user
from test_100_start import change, patience, trail
from test_130_bills import BASE, asked
from test_330_capture import Console, attachment, jpeg, multipart, samples, site  # noqa: F401
from test_340_files import Bill, refused, settle


def pdf5(tag):
    return samples.pdfs.of_images([samples.pages.attachment(f"{tag}-{i}", 60) for i in range(5)], 60)


def put(b, data, name, **query):
    reply = b.http.request("POST", f"{b.path}/files", data, {"Content-Type": "application/octet-stream", "X-File-Name": name}, query=query)
    assert reply.status in (200, 201), reply
    return reply.json()


@pytest.fixture
def one(site):
    return Bill(site, site.console.http, "P-1")


def shown(b):
    return [(file["page_first"], file["page_last"]) for file in b.files()]


def split(b, data):
    """The bill has pages 1-2 and 4 of it: two gaps."""
    file = put(b, data, "d.pdf", kind="ATTACHMENT")["stored"][0]["id"]
    settle(b.gateway)
    b.must(b.post(f"files/{file}/split", {"at": [3, 4, 5]}))
    for part in [part for part in b.files() if part["page_first"] in (3, 5)]:
        b.must(b.http.request("DELETE", f"{b.path}/files/{part['id']}"))
    assert shown(b) == [(1, 2), (4, 4)]


def told(b, kind="capture"):
    return [event["note"] for event in trail(b.gateway, b.number) if event["kind"] == kind]


def test_a_session_brings_the_pages_that_are_missing(site, one):
    data = pdf5("x")
    split(one, data)
    capture = site.console.make(number="P-1", resource="EAS")
    site.console.add(capture, data)
    site.console.settled(capture)
    assert site.console.finish(capture)["state"] == "FINISHED"
    assert one.get()["page_count"] == 5 and shown(one) == [(1, 2), (4, 4), (3, 3), (5, 5)]
    assert told(one)[0].startswith("2 pages of capture") and "3 pages of capture" in told(one)[1] and "already" in told(one)[1]


def test_an_upload_brings_the_pages_that_are_missing(one):
    data = pdf5("x")
    split(one, data)
    reply = put(one, data, "d.pdf", kind="ATTACHMENT", after=0)
    assert reply["added"] == 2 and [file["page_first"] for file in reply["stored"]] == [3, 5]
    assert one.get()["page_count"] == 5 and shown(one) == [(3, 3), (5, 5), (1, 2), (4, 4)]
    assert put(one, data, "d.pdf", kind="ATTACHMENT")["added"] == 0


def test_the_erp_brings_the_pages_that_are_missing(one):
    data = pdf5("x")
    split(one, data)
    headers, body = multipart([("d.pdf", data)], {"scanBillNo": "P-1", "resource": "EAS", "fileType": "attach"})
    for result in ("stored", "unchanged"):
        reply = one.http.request("POST", BASE + "upload", body, headers)
        assert reply.errcode == "0000" and reply.json()["data"]["result"] == result, reply
    assert one.get()["page_count"] == 5


def test_parts_of_what_is_there_are_there(site, one):
    data = pdf5("x")
    put(one, data, "d.pdf", kind="ATTACHMENT")
    settle(site)
    other = Bill(site, one.http, "P-2")
    split(other, data)
    part = other.files()[0]["id"]
    refused(other.post(f"files/{part}/move", {"to_bill_id": one.id}), 409, "P-1")
    assert one.get()["page_count"] == 5


def test_a_part_is_replaced_by_the_whole(one):
    data = pdf5("x")
    split(one, data)
    first, second = [file["id"] for file in one.files()]
    reply = one.http.request("POST", f"{one.path}/files/{first}/replace", data, {"Content-Type": "application/pdf"}, query={"name": "d.pdf"})
    refused(reply, 409, str(second))
    one.must(one.http.request("DELETE", f"{one.path}/files/{second}"))
    one.must(one.http.request("POST", f"{one.path}/files/{first}/replace", data, {"Content-Type": "application/pdf"}, query={"name": "d.pdf"}))
    settle(one.gateway)
    assert one.get()["page_count"] == 5 and shown(one) == [(0, 0)]


# what an id names

def test_the_id_of_a_deleted_file_names_no_other(site, one):
    put(one, attachment(9), "first.jpg")
    gone = put(one, attachment(1), "a.jpg")["stored"][0]["id"]
    one.must(one.http.request("DELETE", f"{one.path}/files/{gone}"))
    last = put(one, attachment(2), "b.jpg")["stored"][0]["id"]
    assert last > gone
    other = Bill(site, one.http, "P-2")
    one.must(one.http.request("DELETE", f"{one.path}/files/{last}"))
    assert put(other, attachment(3), "c.jpg")["stored"][0]["id"] > last
    assert one.http.get(f"/api/v1/files/{gone}").status == 404


# corrections

def found(b, number=None):
    """Once it is read, and, with `number`, until it says so."""
    def is_said():
        rows = b.get()["found_invoices"]
        return rows and (not number or number in [row["number"] for row in rows])
    settle(b.gateway)
    assert processes.wait_until(is_said, patience(20), 0.1), b.get()["found_invoices"]
    return b.get()["found_invoices"]


def correct(b, n, **fields):
    row = found(b)[n]
    reply = b.http.request("PATCH", f"/api/v1/found-invoices/{row['id']}", json_body={**fields, "version": row["version"]})
    assert reply.status == 200, reply


def xml(n):
    return samples.xmls.einvoice(samples.invoice("digital-special", n))


def facts_of(n):
    return samples.invoice("digital-special", n)["fields"]


def replace(b, file, data, name="x.xml"):
    return b.must(b.http.request("POST", f"{b.path}/files/{file}/replace", data, {"Content-Type": "application/octet-stream"}, query={"name": name}))


@pytest.mark.parametrize("said", [{"gross": "9.99", "seller_name": "更正方"}, {"number": "24119999999999999999"}])
def test_a_correction_is_not_of_the_invoice_that_replaces_it(one, said):
    file = put(one, xml(41), "x.xml")["stored"][0]["id"]
    correct(one, 0, **said)
    replace(one, file, xml(42))
    (row,) = found(one, facts_of(42)["number"])
    assert (row["number"], row["gross"], row["editor"]) == (facts_of(42)["number"], facts_of(42)["gross"], None)
    assert any("corrections of 1 invoices went" in note for note in told(one, "invoice"))


def test_a_correction_stays_with_the_same_invoice_in_other_bytes(one):
    file = put(one, xml(41), "x.xml")["stored"][0]["id"]
    correct(one, 0, gross="9.99")
    replace(one, file, xml(41) + b"\n<!-- again -->")
    settle(one.gateway)
    (row,) = found(one)
    assert (row["number"], row["gross"]) == (facts_of(41)["number"], "9.99")
    assert not any("went" in note for note in told(one, "invoice"))


def test_a_correction_follows_its_page(one):
    file = put(one, samples.pdfs.pdf([samples.invoice("digital-special", n) for n in (51, 52)]), "two.pdf")["stored"][0]["id"]
    correct(one, 1, seller_name="更正")
    one.must(one.post(f"files/{file}/split", {"at": [2]}))
    first, second = (part["id"] for part in one.files())
    def is_followed():
        return [(row["file_id"], row["page"], row["seller_name"] == "更正") for row in one.get()["found_invoices"]] == [
            (first, 1, False), (second, 2, True)]
    assert processes.wait_until(is_followed, patience(20), 0.1), one.get()["found_invoices"]
    one.must(one.http.request("DELETE", f"{one.path}/files/{second}"))
    assert processes.wait_until(lambda: len(one.get()["found_invoices"]) == 1, patience(20), 0.1)


def test_a_correction_goes_with_its_file(site, one):
    file = put(one, xml(61), "x.xml")["stored"][0]["id"]
    correct(one, 0, gross="9.99")
    other = Bill(site, one.http, "P-2")
    one.must(one.post(f"files/{file}/move", {"to_bill_id": other.id}))
    settle(site)
    (row,) = found(other)
    assert row["gross"] == "9.99" and row["file_id"] == other.files()[0]["id"]
    assert "corrections of 1 invoices came with x.xml" in told(other, "invoice")[-1]
    assert processes.wait_until(lambda: one.get()["found_invoices"] == [], patience(20), 0.1)


# after a send-back

def commit(b, **said):
    return b.http.post(BASE + "commit", {"scanBillNo": b.number, "resource": "EAS", **said})


@pytest.fixture
def back(one):
    """Submitted with a and b, and sent back."""
    ids = [put(one, attachment(n), f"{n}.jpg")["stored"][0]["id"] for n in (1, 2)]
    assert commit(one).errcode == "0000"
    assert one.http.post(BASE + "rescan", asked("P-1", reason="x", operator="y")).errcode == "0000"
    assert commit(one).errcode == "1409"
    return one, *ids


def test_no_submitted_bill_without_images(one):
    file = put(one, attachment(1), "a.jpg")["stored"][0]["id"]
    assert commit(one).errcode == "0000"
    assert one.http.post(BASE + "rescan", asked("P-1", reason="x", operator="y")).errcode == "0000"
    one.must(one.http.request("DELETE", f"{one.path}/files/{file}"))
    reply = one.http.post(BASE + "cancelRescan", asked("P-1", operator="y"))
    assert reply.errcode == "1409" and "无影像" in reply.json()["description"], reply
    refused(one.post("cancel-rescan"), 409, "无影像")
    one.put(state=2)
    refused(one.post("review"), 409, "无影像")


@pytest.mark.parametrize("what", ["delete", "order", "kind", "turn", "confirm", "move", "merge", "list"])
def test_what_puts_it_right(back, site, what):
    one, a, b = back
    path = f"{one.path}/files"
    said = {}
    if what == "move":
        other = Bill(site, one.http, "P-2")
        one.must(one.post(f"files/{a}/move", {"to_bill_id": other.id}))
    elif what == "list":
        said = {"fileList": [{"fileNo": str(b)}, {"fileNo": str(a)}]}
    elif what == "confirm":
        one.must(one.http.request("PATCH", f"{path}/{a}", json_body={"state": "CONFIRMED"}))
        assert one.state() == "RESCAN" and commit(one).errcode == "1409"
        one.must(one.http.request("PATCH", f"{path}/{b}", json_body={"state": "CONFIRMED"}))
    else:
        one.must({"delete": lambda: one.http.request("DELETE", f"{path}/{a}"),
                  "order": lambda: one.http.request("PUT", path, json_body={"order": [b, a]}),
                  "merge": lambda: one.post("files/merge", {"file_ids": [a, b]}),
                  "kind": lambda: one.http.request("PATCH", f"{path}/{a}", json_body={"kind": "COVER"}),
                  "turn": lambda: one.http.request("PATCH", f"{path}/{a}", json_body={"rotation": 90})}[what]())
    if what != "list":
        assert one.state() == "UPLOADED"
    reply = commit(one, **said)
    assert reply.errcode == "0000", reply
    changes = {"changed": 0, "added": 0, "confirmed": 0, "unchanged": 0, "dropped": 0}
    changes.update({"delete": {"unchanged": 1, "dropped": 1}, "move": {"unchanged": 1, "dropped": 1}, "order": {"changed": 2},
                    "list": {"changed": 2}, "merge": {"changed": 2}, "confirm": {"confirmed": 2}}.get(what, {"changed": 1, "unchanged": 1}))
    assert reply.json()["data"]["changes"] == changes


def test_a_label_puts_nothing_right(back):
    one, a, _b = back
    one.must(one.http.request("PATCH", f"{one.path}/files/{a}", json_body={"label": "x"}))
    assert one.state() == "RESCAN" and commit(one).errcode == "1409"


def test_a_kind_that_has_these_bytes_names_the_file(one):
    first = put(one, attachment(1), "a.jpg", kind="INVOICE")["stored"][0]["id"]
    second = put(one, attachment(1), "b.jpg", kind="ATTACHMENT")["stored"][0]["id"]
    refused(one.http.request("PATCH", f"{one.path}/files/{second}", json_body={"kind": "INVOICE"}), 409, str(first), "a.jpg")


# amending what was reviewed

def test_amending_a_reviewed_bill_needs_its_right(site, one):
    file = put(one, attachment(1), "a.jpg")["stored"][0]["id"]
    put(one, attachment(2), "b.jpg")
    assert commit(one).errcode == "0000"
    clerk = make_user(site, administrator(site), "clerk", roles=["扫描员"])
    change(site, "UPDATE bill SET owner = ? WHERE id = ?", clerk.id, one.id)
    mine = Bill(site, one.http, "P-1")
    mine.http = clerk
    mine.must(mine.http.request("PATCH", f"{mine.path}/files/{file}", json_body={"rotation": 90}))
    one.must(one.post("review"))
    path = f"{mine.path}/files"
    for reply in (mine.http.request("PATCH", f"{path}/{file}", json_body={"rotation": 180}),
                  mine.http.request("DELETE", f"{path}/{file}", query={"confirm": "true"}),
                  mine.http.request("POST", path, attachment(3), {"Content-Type": "image/jpeg"}, query={"name": "c.jpg"})):
        refused(reply, 403, "P-1", "审核影像")
    assert not mine.get()["acts"]["EDIT"]["is_allowed"] and "审核影像" in mine.get()["acts"]["EDIT"]["why"]
    desk = Console(clerk)
    capture = desk.make(number="P-1", resource="EAS")
    desk.add(capture, attachment(4))
    desk.settled(capture)
    assert "审核影像" in json.dumps(desk.finish(capture, supplement=True), ensure_ascii=False) and one.get()["page_count"] == 2
    one.must(one.http.request("PATCH", f"{one.path}/files/{file}", json_body={"rotation": 180}))
    assert one.state() == "REVIEWED" and put(one, attachment(5), "e.jpg")["added"] == 1
