"""What is seen in stored bytes: looks, found invoices, twins, page counts, corrections by hand."""
import base64
import hashlib
import json
import pathlib
import sys

import pytest

from harness import places, processes
from harness.cloudctl import CLIENT, OTHER_CLIENT
from test_100_start import change, each, listed, patience, rows, trail
from test_130_bills import SUBMITTED, UPLOADED, put_state, stored
from test_140_push import admit, desk, files_of, push, settled  # noqa: F401 (desk is a fixture)

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "samples"))
import samples  # noqa: E402

WAITING_LOOK, LOOKED, UNREADABLE = 0, 1, 2
TWIN_NONE, CLAIMED, OTHER_BILL, SAME_BILL, ALIKE = range(5)
LIST = "/api/v1/invoices"
QUIET = ("read", "twin", "unreadable", "recognise")  # what the background says of a bill's files


# helpers of this file and of those above it

def sha256(data):
    return hashlib.sha256(data).hexdigest()


def bring(gateway, number, *files, kind="invoice", client=CLIENT, **more):
    """A bill with these files (name, bytes), pushed and pulled; returns its row once all is quiet."""
    urls = [{"url": gateway.cloud.add_file(name, base64=base64.b64encode(data).decode()), "fileName": name}
            for name, data in files]
    one = {"billId": f"id-{number}", "billNo": f"no-{number}", "scanBillNo": number, "billTypeCode": "BX",
           "clientId": client["client_id"], "taxNo": client["tax_no"], "invoice": [], "cover": [], "attachment": [], **more}
    if kind == "invoice":
        one["invoice"] = [{"serialNo": f"{number}-{i}", "invoiceFiles": [url]} for i, url in enumerate(urls)]
    else:
        one[kind] = [{"localUrl": url["url"], "attachmentName": url["fileName"], "coverNo": url["fileName"]} for url in urls]
    gateway.cloud.load_bills(one)
    push(gateway, [one], "notice")
    settled(gateway, 60)
    return stored(gateway, number)


def found_of(gateway, number):
    return rows(gateway, "SELECT found.* FROM found JOIN bill ON bill.id = found.bill WHERE bill.number = ?"
                " ORDER BY found.id", number)


def content_of(gateway, data):
    (row,) = rows(gateway, "SELECT * FROM content WHERE sha256 = ?", sha256(data))
    return row


def notes(gateway, number, kind):
    return [event["note"] for event in trail(gateway, number) if event["kind"] == kind]


def quiet_events(gateway, number):
    return [(event["kind"], event["note"]) for event in trail(gateway, number) if event["kind"] in QUIET]


def put_job(gateway, kind, key, payload="{}", attempts=0):
    change(gateway, "INSERT INTO job (tenant, kind, key, payload, state, due, first, lease_until, attempts, trace, again)"
           " VALUES (1, ?, ?, ?, 'ready', 1, strftime('%s') * 1000000, 0, ?, ?, 0)", kind, str(key), payload, attempts, "0" * 32)


def read_again(gateway, number):
    put_job(gateway, "read", stored(gateway, number)["id"])
    settled(gateway)


def evidence(source="XML", page=1, invoice=1, kind=27, **fields):
    return {"source": source, "page": page, "invoice": invoice, "type": kind, "fields": fields}


def seen(*said, pages=1, blank=()):
    """A look's document that says this."""
    return {"v": 1, "page_count": pages, "pages_looked": pages, "evidence": list(said),
            "pages": [{"n": n + 1, "width": 100, "height": 100, "unit": "px", "is_blank": n + 1 in blank, "codes": []}
                      for n in range(pages)]}


def tell(gateway, data, document):
    """Puts words into the helper's mouth."""
    pages = document["page_count"] if isinstance(document, dict) and isinstance(document.get("page_count"), int) else 0
    assert change(gateway, "UPDATE content SET state = 1, note = NULL, pages = ?, doc = ? WHERE sha256 = ?", pages,
                  document if isinstance(document, str) else json.dumps(document), sha256(data)) == 1


def picture(word):
    """An image of its own for each word, with nothing in it that is an invoice."""
    image = samples.attachment_image("附件", dpi=50)
    for place, byte in enumerate(hashlib.sha256(word.encode()).digest()):
        image.putpixel((place, 0), (byte,) * len(image.getbands()) if len(image.getbands()) > 1 else byte)
    return samples.save_image(image)


NUMBER = "24112000000012345678"
FULL = {"number": NUMBER, "date": "2024-05-06", "net": "100.00", "tax": "13.00", "gross": "113.00",
        "seller_name": "虚构云杉商贸有限公司", "seller_tax_no": "91440300MA5FAKE001"}


# looks

@pytest.mark.valgrind
def test_pages_are_counted(desk):  # noqa: F811
    data = samples.pdf_of_images([samples.attachment_image(f"第{n}页", dpi=50) for n in range(3)])
    row = bring(desk, "PAGES-1", ("three.pdf", data), ("one.png", picture("one")))
    content = content_of(desk, data)
    assert (content["state"], content["pages"], content["note"]) == (LOOKED, 3, None)
    assert json.loads(content["doc"])["page_count"] == 3
    assert row["page_count"] == 4 and row["state"] == UPLOADED
    assert quiet_events(desk, "PAGES-1") == []


def test_what_can_not_be_shown_is_kept_and_said_once(desk):  # noqa: F811
    data = samples.truncated(picture("cut"), 0.4)
    row = bring(desk, "CUT-1", ("cut.png", data))
    assert content_of(desk, data)["state"] == UNREADABLE and content_of(desk, data)["note"]
    assert row["page_count"] == 1 and len(files_of(desk, "CUT-1")) == 1
    (said,) = notes(desk, "CUT-1", "unreadable")
    assert "cut.png" in said
    read_again(desk, "CUT-1")
    assert notes(desk, "CUT-1", "unreadable") == [said]
    bring(desk, "CUT-2", ("same.png", data))  # the same bytes elsewhere: said there, too
    assert len(notes(desk, "CUT-2", "unreadable")) == 1


def test_unreadable_bytes_are_looked_at_again_when_they_come_again(desk):  # noqa: F811
    data = picture("again")
    bring(desk, "AGAIN-1", ("a.png", data))
    change(desk, "UPDATE content SET state = 2, doc = NULL, pages = 0, note = 'given up'")
    bring(desk, "AGAIN-2", ("a.png", data))
    content = content_of(desk, data)
    assert (content["state"], content["pages"], content["note"]) == (LOOKED, 1, None)


def test_the_same_bytes_are_looked_at_once(desk):  # noqa: F811
    data = picture("once")
    bring(desk, "ONCE-1", ("a.png", data))
    looked = content_of(desk, data)["looked"]
    bring(desk, "ONCE-2", ("b.png", data))
    assert content_of(desk, data)["looked"] == looked
    assert stored(desk, "ONCE-2")["page_count"] == 1


# reading

@pytest.mark.valgrind
def test_found_invoices(desk):  # noqa: F811
    data = picture("found")
    bring(desk, "READ-1", ("a.png", data))
    assert found_of(desk, "READ-1") == []
    tell(desk, data, seen(evidence(**FULL), evidence("QR", kind=0, number=NUMBER, date="2024-05-07", gross="113.00")))
    read_again(desk, "READ-1")
    (row,) = found_of(desk, "READ-1")
    assert (row["number"], row["identity"], row["date"], row["net"], row["tax"], row["gross"]) == (
        NUMBER, NUMBER, "2024-05-06", 10000, 1300, 11300)
    assert (row["source"], row["page"], row["type"], row["seller_name"], row["editor"]) == (
        "XML", 1, 27, FULL["seller_name"], None)
    fields = json.loads(row["fields"])
    assert fields["key"] == NUMBER and "hand" not in fields
    assert fields["said"]["fields"]["date"] == {"value": "2024-05-06", "source": "XML",
                                                "others": [{"source": "QR", "value": "2024-05-07"}]}
    assert fields["said"]["has_conflict"]
    assert notes(desk, "READ-1", "read") == ["1 invoices read in 1 files: 1 new, 0 changed, 0 gone"]

    before, events = found_of(desk, "READ-1"), trail(desk, "READ-1")
    read_again(desk, "READ-1")
    assert found_of(desk, "READ-1") == before and trail(desk, "READ-1") == events, "a repeat changes and says nothing"

    tell(desk, data, seen(evidence(**{**FULL, "gross": "114.00"})))
    read_again(desk, "READ-1")
    (after,) = found_of(desk, "READ-1")
    assert (after["id"], after["gross"]) == (row["id"], 11400) and after["updated"] > row["updated"]
    tell(desk, data, seen())
    read_again(desk, "READ-1")
    assert found_of(desk, "READ-1") == []
    assert notes(desk, "READ-1", "read")[1:] == ["1 invoices read in 1 files: 0 new, 1 changed, 0 gone",
                                                 "0 invoices read in 1 files: 0 new, 0 changed, 1 gone"]


def test_parts_have_their_own_pages(desk):  # noqa: F811
    data = samples.pdf_of_images([samples.attachment_image(f"第{n}页", dpi=50) for n in range(4)])
    row = bring(desk, "PART-1", ("four.pdf", data))
    tell(desk, data, seen(evidence(page=1, invoice=1, **FULL),
                          evidence(page=3, invoice=2, **{**FULL, "number": "24112000000012345679"}), pages=4))
    change(desk, "UPDATE file SET page_first = 1, page_last = 2")
    change(desk, "INSERT INTO file (tenant, bill, invoice, kind, name, sha256, media, size, position, created, page_first,"
           " page_last) SELECT tenant, bill, 0, kind, 'part', sha256, media, size, 9, created, 3, 3 FROM file")
    read_again(desk, "PART-1")
    first, second = files_of(desk, "PART-1")
    assert [(one["file"], one["page"]) for one in found_of(desk, "PART-1")] == [(first["id"], 1), (second["id"], 3)]
    assert stored(desk, "PART-1")["page_count"] == 3
    assert row["page_count"] == 4


NONSENSE = {
    "no JSON": "{", "a list": "[]", "a text for evidence": seen() | {"evidence": "x"}, "evidence of texts": seen("x"),
    "an unknown source": seen(evidence("HEARSAY", **FULL)), "a number for a field": seen(evidence(number=5)),
    "a page below zero": seen(evidence(page=-1, **FULL)), "pages of texts": seen() | {"pages": ["x"]},
    "too much": seen(*[evidence(invoice=n + 1, number=f"{n:020}", gross="1.00") for n in range(600)]),
    "codes of lists": seen() | {"pages": [{"n": 1, "codes": [[]]}]},
}


def test_nonsense_of_the_helper_costs_that_file_only(desk):  # noqa: F811
    bad, good = picture("bad"), picture("good")
    bring(desk, "ODD-1", ("bad.png", bad), ("good.png", good))
    tell(desk, good, seen(evidence(**FULL)))

    def check(name):
        tell(desk, bad, NONSENSE[name])
        read_again(desk, "ODD-1")
        assert [one["number"] for one in found_of(desk, "ODD-1")] == [NUMBER]

    each([(name,) for name in NONSENSE], check)
    assert rows(desk, "SELECT * FROM job") == []


def test_dropped_files_take_their_invoices_along(desk):  # noqa: F811
    data = picture("gone")
    bring(desk, "GONE-1", ("a.png", data))
    tell(desk, data, seen(evidence(**FULL)))
    read_again(desk, "GONE-1")
    assert len(found_of(desk, "GONE-1")) == 1
    change(desk, "DELETE FROM file")
    read_again(desk, "GONE-1")
    assert found_of(desk, "GONE-1") == [] and stored(desk, "GONE-1")["page_count"] == 0


# twins

def have(gateway, number, *files):
    """A bill whose files (word, fields) say these invoices."""
    bring(gateway, number, *[(f"{word}.png", picture(word)) for word, _ in files])
    for word, fields in files:
        tell(gateway, picture(word), seen(evidence(**fields)))
    read_again(gateway, number)


def twins(gateway, number):
    return [(row["twin_kind"], row["twin_bill"], row["twin_file"]) for row in found_of(gateway, number)]


def test_twins_on_one_bill(desk):  # noqa: F811
    have(desk, "TWIN-1", ("first", FULL), ("second", FULL))
    bill, files = stored(desk, "TWIN-1")["id"], files_of(desk, "TWIN-1")
    assert twins(desk, "TWIN-1") == [(TWIN_NONE, 0, 0), (SAME_BILL, bill, files[0]["id"])]
    assert len(files) == 2, "accepted all the same"
    assert any("another file of this bill" in note for note in notes(desk, "TWIN-1", "twin"))


def test_twins_on_two_bills(desk):  # noqa: F811
    have(desk, "TWIN-2", ("one", FULL))
    have(desk, "TWIN-3", ("two", FULL))
    first, second = stored(desk, "TWIN-2"), stored(desk, "TWIN-3")
    assert twins(desk, "TWIN-3") == [(OTHER_BILL, first["id"], files_of(desk, "TWIN-2")[0]["id"])]
    assert twins(desk, "TWIN-2") == [(OTHER_BILL, second["id"], files_of(desk, "TWIN-3")[0]["id"])], "told by the second"
    put_state(desk, "TWIN-2", SUBMITTED)
    read_again(desk, "TWIN-3")
    assert twins(desk, "TWIN-3")[0][:2] == (CLAIMED, first["id"])
    assert "TWIN-2" in notes(desk, "TWIN-3", "twin")[-1] and "submitted" in notes(desk, "TWIN-3", "twin")[-1]
    desk.login().post("/api/imgsys/bill/outside/invalid", {"scanBillNo": "TWIN-2"})
    settled(desk)
    assert twins(desk, "TWIN-3") == [(TWIN_NONE, 0, 0)], "a void bill claims nothing"
    assert notes(desk, "TWIN-3", "twin")[-1].endswith("no twin any more")


def test_twins_of_invoices_that_were_announced(desk):  # noqa: F811
    bring(desk, "SAID-1", kind="attachment", invoice=[{"serialNo": "S", "invoiceNo": NUMBER, "invoiceType": "27"}])
    put_state(desk, "SAID-1", SUBMITTED)
    have(desk, "SAID-2", ("said", FULL))
    assert twins(desk, "SAID-2") == [(CLAIMED, stored(desk, "SAID-1")["id"], 0)]


def test_alike_is_a_warning(desk):  # noqa: F811
    plain = {key: value for key, value in FULL.items() if key != "number"}
    have(desk, "LIKE-1", ("like one", FULL))
    have(desk, "LIKE-2", ("like two", plain))
    assert twins(desk, "LIKE-2") == [(ALIKE, stored(desk, "LIKE-1")["id"], files_of(desk, "LIKE-1")[0]["id"])]
    have(desk, "LIKE-3", ("like three", {**plain, "date": "2024-05-07"}))
    assert twins(desk, "LIKE-3") == [(TWIN_NONE, 0, 0)]


def submit(gateway, number):
    return gateway.login().post("/api/imgsys/bill/outside/commit", {"scanBillNo": number})


def test_an_invoice_of_another_submitted_bill(desk):  # noqa: F811
    have(desk, "DUP-1", ("dup one", FULL))
    have(desk, "DUP-2", ("dup two", FULL))
    assert submit(desk, "DUP-1").errcode == "0000"
    settled(desk)
    assert twins(desk, "DUP-2")[0][0] == CLAIMED, "told as soon as the other is submitted"
    desk.ctl.must("switch", "set", "duplicate.refuse", "on")
    reply = submit(desk, "DUP-2")
    assert reply.errcode == "1410" and NUMBER in reply.json()["description"] and "DUP-1" in reply.json()["description"]
    assert stored(desk, "DUP-2")["state"] == UPLOADED
    desk.ctl.must("switch", "set", "duplicate.refuse", "standard")
    assert submit(desk, "DUP-2").errcode == "0000"
    (note,) = notes(desk, "DUP-2", "duplicate")
    assert NUMBER in note and "DUP-1" in note
    settled(desk)


def test_switches(desk):  # noqa: F811
    def values():
        return {row["name"]: row["value"] for row in listed(desk.ctl.must("switch", "list")) if not row["name"].startswith("match.")}

    assert values() == {"duplicate.refuse": None, "recognise.cloud": None, "scan.everyone": None, "capture.without_cover": None}
    desk.ctl.must("switch", "set", "recognise.cloud", "off")
    assert values()["recognise.cloud"] == "off"
    desk.ctl.must("switch", "set", "recognise.cloud", "standard")
    assert values()["recognise.cloud"] is None
    for words in (("colour", "on"), ("recognise.cloud", "maybe")):
        assert desk.ctl("switch", "set", *words)[0] == 2


# the list

def test_list(desk):  # noqa: F811
    have(desk, "LIST-1", ("l one", FULL), ("l two", {**FULL, "number": "24112000000012345679", "date": "2024-06-01"}))
    have(desk, "LIST-2", ("l three", {**FULL, "number": "24112000000012345680", "seller_name": "虚构_100%"}))
    caller = desk.login()

    def numbers(**query):
        reply = caller.request("GET", LIST, query=query)
        assert reply.status == 200, reply
        value = reply.json()
        assert value["pagination"]["total"] == len(value["items"]) or "page_size" in query
        return [item["number"][-2:] for item in value["items"]]

    assert numbers() == ["80", "79", "78"]
    assert numbers(number=NUMBER) == ["78"]
    assert numbers(bill_id=stored(desk, "LIST-1")["id"]) == ["79", "78"]
    assert numbers(seller="云杉") == ["79", "78"] and numbers(seller="_100%") == ["80"] and numbers(seller="云%商") == []
    assert numbers(seller=FULL["seller_tax_no"]) == ["80", "79", "78"]
    assert numbers(date_from="2024-06-01") == ["79"] and numbers(date_to="2024-05-06") == ["80", "78"]
    assert numbers(date_from="20240506", date_to="2024/05/06") == ["80", "78"]
    assert numbers(twin="NONE") == ["80", "79", "78"] and numbers(twin="SAME_BILL") == []
    assert numbers(page=2, page_size=2) == ["78"]
    (item,) = caller.request("GET", LIST, query={"number": NUMBER}).json()["items"]
    assert (item["bill_number"], item["gross"], item["check_status"], item["source"]) == ("LIST-1", "113.00", "UNKNOWN", "XML")
    assert item["fields"]["gross"] == {"value": "113.00", "source": "XML", "others": []} and item["twin"] is None
    for name, value in {"date_from": "yesterday", "bill_id": "x", "twin": "BROTHER", "page": "0", "number": "9" * 300}.items():
        reply = caller.request("GET", LIST, query={name: value})
        assert reply.status == 400 and name in reply.json()["error"]["message"], reply


def test_others_see_nothing(make_gateway):
    gateway = make_gateway(clients=(CLIENT, OTHER_CLIENT))
    admit(gateway)
    admit(gateway, OTHER_CLIENT)
    have(gateway, "MINE-1", ("mine", FULL))
    bring(gateway, "THEIRS-1", ("theirs.png", picture("theirs")), client=OTHER_CLIENT)
    tell(gateway, picture("theirs"), seen(evidence(**FULL)))
    read_again(gateway, "THEIRS-1")
    mine, theirs = gateway.login(), gateway.login(OTHER_CLIENT)
    (item,) = mine.get(LIST).json()["items"]
    assert item["bill_number"] == "MINE-1"
    assert item["twin"] == {"kind": "OTHER_BILL"}, "told, but not whose"
    assert correct(theirs, item, {"gross": "1.00"}).status == 404


# corrections by hand

def correct(caller, row, body, **headers):
    return caller.request("PATCH", f"/api/v1/found-invoices/{row['id']}", json.dumps(body).encode(),
                          {"Content-Type": "application/json", **headers})


@pytest.mark.valgrind
def test_corrections_survive(desk):  # noqa: F811
    data = picture("hand")
    have(desk, "HAND-1", ("hand", {**FULL, "gross": "118.00"}))
    caller = desk.login()
    (row,) = found_of(desk, "HAND-1")
    reply = correct(caller, row, {"gross": "￥113", "number": "24112000000099999999", "type": 26, "version": row["updated"]})
    assert reply.status == 200, reply
    value = reply.json()
    assert (value["gross"], value["number"], value["type"], value["source"]) == ("113.00", "24112000000099999999", 26, "HAND")
    assert value["fields"]["gross"] == {"value": "113.00", "source": "HAND", "others": [{"source": "XML", "value": "118.00"}]}
    assert value["editor"] == f"client:{CLIENT['client_id']}" and value["version"] > row["updated"]
    (note,) = notes(desk, "HAND-1", "invoice")
    assert "gross = 113.00" in note
    settled(desk)
    (after,) = found_of(desk, "HAND-1")
    assert (after["identity"], after["gross"], after["type"], after["updated"]) == (
        "24112000000099999999", 11300, 26, value["version"])

    tell(desk, data, seen(evidence(**{**FULL, "gross": "119.00", "seller_name": "虚构白桦物流有限公司"})))  # read anew
    read_again(desk, "HAND-1")
    (after,) = found_of(desk, "HAND-1")
    assert (after["id"], after["gross"], after["number"], after["seller_name"]) == (
        row["id"], 11300, "24112000000099999999", "虚构白桦物流有限公司")

    tell(desk, data, seen())  # what was read is gone: the clerk's work is not
    read_again(desk, "HAND-1")
    assert [one["id"] for one in found_of(desk, "HAND-1")] == [row["id"]]
    tell(desk, data, seen(evidence(**FULL)))
    read_again(desk, "HAND-1")
    reply = correct(caller, row, {"gross": None, "number": None, "type": None})
    assert (reply.json()["gross"], reply.json()["number"], reply.json()["type"]) == ("113.00", NUMBER, 27)
    assert reply.json()["fields"]["gross"]["source"] == "XML"


def test_corrections_are_versioned(desk):  # noqa: F811
    have(desk, "VERS-1", ("version", FULL))
    caller = desk.login()
    (row,) = found_of(desk, "VERS-1")
    assert correct(caller, row, {"gross": "1.00", "version": row["updated"]}).status == 200
    reply = correct(caller, row, {"gross": "2.00", "version": row["updated"]})
    assert reply.status == 409 and reply.json()["error"]["type"] == "stale"
    assert correct(caller, row, {"gross": "2.00"}, **{"If-Match": f'"{row["updated"]}"'}).status == 409
    assert found_of(desk, "VERS-1")[0]["gross"] == 100
    settled(desk)
    version = found_of(desk, "VERS-1")[0]["updated"]
    assert correct(caller, row, {"gross": "1.00", "version": version}).json()["version"] == version, "nothing new"
    assert len(notes(desk, "VERS-1", "invoice")) == 1


def test_bad_corrections(desk):  # noqa: F811
    have(desk, "BAD-1", ("bad correction", FULL))
    caller = desk.login()
    (row,) = found_of(desk, "BAD-1")
    before = rows(desk, "SELECT * FROM found")

    def check(body, status, word):
        reply = correct(caller, row, body)
        assert reply.status == status, reply
        assert word in reply.json()["error"]["message"], reply
        assert rows(desk, "SELECT * FROM found") == before

    each([({"gross": "a lot"}, 400, "gross"), ({"gross": "1.001"}, 400, "gross"), ({"date": "2024-02-30"}, 400, "date"),
          ({"number": ""}, 400, "number"), ({"number": []}, 400, "number"), ({"number": "9" * 500}, 400, "number"),
          ({"type": "x"}, 400, "type"), ({"type": 0}, 400, "type"), ({}, 400, "number"), ({"colour": "red"}, 400, "number"),
          ([], 400, "JSON"), ({"gross": "1.00", "version": "x"}, 400, "version")], check)
    assert correct(caller, {"id": 999}, {"gross": "1"}).status == 404
    assert correct(caller, {"id": "x"}, {"gross": "1"}).status == 404
    put_state(desk, "BAD-1", 9)
    assert correct(caller, row, {"gross": "1.00"}).status == 409


def test_a_corrected_number_finds_its_twin(desk):  # noqa: F811
    have(desk, "FIND-1", ("find one", FULL))
    have(desk, "FIND-2", ("find two", {**FULL, "number": "24112000000012345670"}))
    (row,) = found_of(desk, "FIND-2")
    reply = correct(desk.login(), row, {"number": NUMBER})
    assert reply.json()["twin"]["kind"] == "OTHER_BILL" and reply.json()["twin"]["bill_number"] == "FIND-1"
    settled(desk)
    assert twins(desk, "FIND-1")[0][0] == OTHER_BILL


# fairness

def test_pages_keep_no_push_waiting(desk):  # noqa: F811
    """A month's pages to look at, and a push among them: it is done long before they are."""
    count = 400 if places.patience(1) == 1 else 60
    bring(desk, "FAIR-0", ("fair.png", picture("fair")))
    (content,) = rows(desk, "SELECT * FROM content")
    with_name = [f"{n:064x}" for n in range(count)]
    for name in with_name:  # none of them has bytes: each look fails at once and is put off
        change(desk, "INSERT INTO content (sha256, size, media, pages, state, created, looked) VALUES (?, 1, 'image/png', 0, 0, 0, 0)", name)
        put_job(desk, "look", name)
    desk.httpd.expect_log("FPI0032", optional=True)
    one = {"billId": "id-fair", "scanBillNo": "FAIR-1", "clientId": CLIENT["client_id"], "taxNo": CLIENT["tax_no"]}
    push(desk, [one])
    assert processes.wait_until(lambda: notes(desk, "FAIR-1", "pull"), patience(10), 0.02)
    settled(desk, 60)
