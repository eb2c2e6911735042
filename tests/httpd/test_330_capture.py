"""Scan sessions: a pile of pages becomes bills by its covers; what does not fit waits with its reason; nothing is lost."""
import concurrent.futures
import functools
import io
import json
import os
import pathlib
import signal
import sys
import uuid

import pytest

from harness import places, processes
from harness.cloudctl import CLIENT, OTHER_CLIENT
from harness.person import administrator
from test_100_start import ANNOUNCE, bill, each, opened, patience, rows, scaled

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "samples"))
import samples  # noqa: E402

CAPTURES = "/api/v1/captures"
RULES = "/api/v1/cover-rules"
DPI = 100
BARCODE = "识别到条形码，请将打印模板改为二维码"


# pages

def jpeg(image, dpi=DPI):
    return samples.save_image(image, "JPEG", dpi, quality=60)


@functools.lru_cache(maxsize=None)
def cover(number, code="QR", corner="tr"):
    dpi = DPI if code == "QR" else 2 * DPI
    return jpeg(samples.cover_image(number, code, dpi, corner, 30), dpi)


@functools.lru_cache(maxsize=None)
def blank(seed=1):
    return jpeg(samples.blank_image(DPI, seed))


@functools.lru_cache(maxsize=None)
def invoice(n):
    return jpeg(samples.paper_image(samples.invoice("digital-special", n), DPI, mm=35))


@functools.lru_cache(maxsize=None)
def attachment(n):
    """No two are alike."""
    image = samples.attachment_image(dpi=DPI)
    for bit in range(12):
        image.paste(0 if n >> bit & 1 else 200, (40 + 40 * bit, 1080, 60 + 40 * bit, 1100))
    return jpeg(image)


def tiff(*pages):
    from PIL import Image
    return samples.save_tiff([Image.open(io.BytesIO(page)) for page in pages], DPI)


# callers

def multipart(files, fields=None):
    """(headers, body); files: [(name, bytes)]"""
    mark = uuid.uuid4().hex
    out = [f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
           for name, value in (fields or {}).items()]
    for name, data in files:
        out.append(f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
                   f"Content-Type: application/octet-stream\r\n\r\n".encode() + data + b"\r\n")
    return {"Content-Type": f"multipart/form-data; boundary={mark}"}, b"".join(out) + f"--{mark}--\r\n".encode()


class Console:
    """One clerk's tab."""

    def __init__(self, http):
        self.http = http

    def call(self, method, path, json_body=None, expect=None, **options):
        reply = self.http.request(method, path, json_body=json_body, **options)
        if expect:
            assert reply.status == expect, (method, path, reply)
        return reply

    def make(self, **facts):
        return self.call("POST", CAPTURES, facts, 201).json()["id"]

    def add(self, capture, *pages, expect=201, headers=None, **fields):
        head, body = multipart([(f"page{i}.jpg", data) for i, data in enumerate(pages)], fields)
        return self.call("POST", f"{CAPTURES}/{capture}/pages", body=body, headers={**head, **(headers or {})},
                         expect=expect).json()

    def see(self, capture, language=None):
        return self.call("GET", f"{CAPTURES}/{capture}", None, 200,
                         headers={"Accept-Language": language} if language else {}).json()

    def settled(self, capture):
        """Once every page was looked at."""
        for _ in range(20):
            seen = self.call("GET", f"{CAPTURES}/{capture}", None, 200, query={"wait": 15}).json()
            if all(page["look"] != "WAITING" for page in seen["pages"]):
                return seen
        raise AssertionError(f"still being read: {seen}")

    def patch(self, capture, page, expect=200, **facts):
        return self.call("PATCH", f"{CAPTURES}/{capture}/pages/{page}", facts, expect).json()

    def finish(self, capture, expect=200, **said):
        return self.call("POST", f"{CAPTURES}/{capture}/finish", said, expect).json()


@pytest.fixture
def site(make_gateway):
    one = make_gateway(clients=(CLIENT, OTHER_CLIENT), directives="FPImageMaxFile 4M")
    one.console = Console(one.login())
    one.other = Console(one.login(OTHER_CLIENT))
    return one


def shape(seen):
    """The segments as text: "NUMBER:cia_ STATE"."""
    letters = {"COVER": "c", "INVOICE": "i", "ATTACHMENT": "a", "BLANK": "_"}
    kinds = {page["id"]: letters[page["kind"]] for page in seen["pages"]}
    return [f"{one['number'] or ''}:{''.join(kinds[n] for n in one['page_ids'])} {one['state']}" for one in seen["segments"]]


def files(site, number):
    """kind, sha256, page_first, page_last of a bill's files, in order."""
    found = rows(site, "SELECT f.kind, f.sha256, f.page_first, f.page_last FROM file f JOIN bill b ON b.id = f.bill"
                 f" WHERE b.number = '{number}' ORDER BY f.position, f.id")
    return [tuple(row.values()) for row in found]


def sha(data):
    import hashlib
    return hashlib.sha256(data).hexdigest()


def announce(site, number, **more):
    assert site.console.http.post(ANNOUNCE, bill(number, **more)).errcode == "0000"


def state(site, number):
    return rows(site, f"SELECT state FROM bill WHERE number = '{number}'")[0]["state"]


# the story of the issue

def story():
    """50 pages with 10 covers: (pages, {number: its pages that are filed}, what is odd)"""
    pages, bills, n = [], {}, 0
    for i in range(10):
        number = f"EAS-BX-{i:04d}"
        front, back = cover(number), cover(number, corner="bl")
        mine = [(0, front)]
        pages.append(front)
        if i in (1, 4):                      # printed on both sides
            pages.append(back)
            mine.append((0, back))
        elif i in (2, 7):                    # a blank back
            pages.append(blank(i))
        elif i == 5:                         # a bar code instead
            pages[-1] = cover(number, "BAR")
            mine = [(0, pages[-1])]
        for k in range(4 if i in (0, 9, 3) else 3):
            n += 1
            data, kind = (invoice(n), 1) if k % 2 == 0 else (attachment(n), 2)
            pages.append(data)
            mine.append((kind, data))
        bills[number] = mine
    while len(pages) < 50:                   # the rest is the last bill's
        n += 1
        pages.append(attachment(n))
        bills["EAS-BX-0009"].append((2, pages[-1]))
    return pages, bills


def test_fifty_pages_become_ten_bills(site):
    pages, bills = story()
    assert len(pages) == 50
    console, order = site.console, []
    announce(site, "EAS-BX-0003")
    announce(site, "EAS-BX-0008")
    assert console.http.post("/api/imgsys/bill/outside/invalid",
                             {"scanBillNo": "EAS-BX-0008", "resource": "EAS"}).errcode == "0000"
    capture = console.make(name="morning")
    for at in range(0, 50, 7):
        order += [page["id"] for page in console.add(capture, *pages[at:at + 7])["pages"]]
    seen = console.settled(capture)
    assert [page["id"] for page in seen["pages"]] == order
    assert [page["sha256"] for page in seen["pages"]] == [sha(page) for page in pages]
    assert len(seen["segments"]) == 10 and seen["page_count"] == seen["left_count"] == 50
    bar, clash = seen["segments"][5], seen["segments"][8]
    assert bar["state"] == "PROBLEM" and bar["number"] is None and BARCODE in bar["problem"]
    assert "EAS-BX-0005" in bar["problem"]
    assert clash["state"] == "PROBLEM" and "EAS-BX-0008" in clash["problem"] and clash["bill"]["state"] == "VOID"
    assert seen["segments"][3]["bill"]["number"] == "EAS-BX-0003"

    done = console.finish(capture)           # the two that can't be filed wait, the others go
    assert [one["result"] for one in done["segments"]] == ["FILED"] * 5 + ["PARKED"] + ["FILED"] * 2 + ["PARKED", "FILED"]
    assert done["filed_count"] == 8 and done["state"] == "OPEN"

    console.patch(capture, bar["page_ids"][0], number="eas-bx-0005")
    console.patch(capture, clash["page_ids"][0], number="EAS-BX-0008-2")
    done = console.finish(capture)
    assert [one["result"] for one in done["segments"]] == ["FILED"] * 10
    assert done["state"] == "FINISHED" and done["left_count"] == 0
    bills["EAS-BX-0008-2"] = bills.pop("EAS-BX-0008")
    for number, mine in bills.items():
        assert [(kind, hashed) for kind, hashed, _, _ in files(site, number)] == [(kind, sha(data)) for kind, data in mine], number
        assert state(site, number) == 1
    assert len(rows(site, "SELECT id FROM bill")) == 11  # with the void one
    assert rows(site, "SELECT COUNT(*) AS n FROM trail WHERE kind = 'capture'")[0]["n"] == 10
    assert rows(site, "SELECT COUNT(*) AS n FROM file")[0]["n"] == 48  # all but two blank backs

    again = console.finish(capture)          # the same call again changes nothing
    assert again["filed_count"] == 0 and again["version"] == done["version"]
    assert [one["bill"] for one in again["segments"]] == [one["bill"] for one in done["segments"]]
    assert rows(site, "SELECT COUNT(*) AS n FROM file")[0]["n"] == 48


# what a session shows

def test_page_tells_what_is_known_of_it(site):
    console = site.console
    capture = console.make(resource="EAS", bill_type="BX")
    console.add(capture, cover("A-1"), attachment(1), blank(), invoice(1), cover("A-2", "BAR"))
    seen = console.settled(capture)
    assert shape(seen) == ["A-1:ca_i READY", ":c PROBLEM"]
    first, last = seen["pages"][0], seen["pages"][4]
    assert first["codes"][0]["kind"] == "QR" and first["codes"][0]["text"] == "A-1"
    assert len(first["codes"][0]["box"]) == 4 and all(0 <= x <= 1 and 0 <= y <= 1 for x, y in first["codes"][0]["box"])
    assert (first["kind_said"], first["look"], first["media"], first["rotation"]) == ("AUTO", "LOOKED", "image/jpeg", 0)
    assert last["note"].startswith(BARCODE) and "A-2" in last["note"]
    english = console.see(capture, "en-US")
    assert "switch the print template to QR" in english["pages"][4]["note"]
    assert english["segments"][1]["problem"] == english["pages"][4]["note"]
    assert seen["is_waiting"] is False and seen["bill_type"] == "BX"


def test_list_of_sessions(site):
    console = site.console
    mine = [console.make(name=f"n{i}") for i in range(3)]
    site.other.make()
    listed = console.call("GET", CAPTURES, query={"page_size": 2}, expect=200).json()
    assert [one["id"] for one in listed["items"]] == mine[:0:-1] and listed["pagination"]["total"] == 3
    assert listed["pagination"]["has_more"] is True
    assert console.call("GET", CAPTURES, query={"state": "FINISHED"}, expect=200).json()["items"] == []
    assert console.call("GET", CAPTURES, query={"state": "GONE"}).status == 400


# the pages of a session

def test_order_insertion_and_repeats(site):
    console = site.console
    capture = console.make()
    first = console.add(capture, attachment(1), attachment(2), upload_key="k1,k2")["pages"]
    assert [page["result"] for page in first] == ["ADDED"] * 2
    a, b = (page["id"] for page in first)
    c = console.add(capture, attachment(3), after=a)["pages"][0]["id"]
    d = console.add(capture, attachment(4), position=1)["pages"][0]["id"]
    e = console.add(capture, attachment(5), after=0)["pages"][0]["id"]
    f = console.add(capture, attachment(6), position=99)["pages"][0]["id"]
    assert [page["id"] for page in console.see(capture)["pages"]] == [e, d, a, c, b, f]
    version = console.see(capture)["version"]
    again = console.add(capture, attachment(1), attachment(2), upload_key="k1,k2", expect=200)
    assert [(page["id"], page["result"]) for page in again["pages"]] == [(a, "REPEATED"), (b, "REPEATED")]
    assert again["version"] == version
    assert console.add(capture, attachment(9), upload_key="k1", expect=409)["error"]["field"] == "upload_key"
    key = {"Idempotency-Key": "whole-batch"}
    many = console.add(capture, attachment(7), attachment(7), headers=key)["pages"]
    assert console.add(capture, attachment(7), attachment(7), headers=key, expect=200)["pages"][1]["id"] == many[1]["id"]
    assert len(console.see(capture)["pages"]) == 8
    back = list(reversed([page["id"] for page in console.see(capture)["pages"]]))
    ordered = console.call("PUT", f"{CAPTURES}/{capture}/pages", {"order": back}, 200).json()
    assert [page["id"] for page in ordered["pages"]] == back


def test_raw_and_json_bodies(site):
    console = site.console
    capture = console.make()
    raw = console.call("POST", f"{CAPTURES}/{capture}/pages", body=attachment(1), expect=201,
                       headers={"Content-Type": "image/jpeg", "Idempotency-Key": "r"}).json()
    import base64
    said = {"base64": base64.b64encode(attachment(2)).decode(), "name": "b.jpg", "after": 0, "kind": "INVOICE",
            "upload_key": "j"}
    told = console.call("POST", f"{CAPTURES}/{capture}/pages", said, 201).json()
    seen = console.see(capture)["pages"]
    assert [page["id"] for page in seen] == [told["pages"][0]["id"], raw["pages"][0]["id"]]
    assert (seen[0]["name"], seen[0]["kind_said"], seen[0]["kind"], seen[0]["upload_key"]) == ("b.jpg", "INVOICE", "INVOICE", "j")


def test_what_a_clerk_says_of_a_page(site):
    console = site.console
    capture = console.make()
    ids = [page["id"] for page in console.add(capture, cover("A-1"), attachment(1), cover("A-2"), attachment(2), blank())["pages"]]
    assert shape(console.settled(capture)) == ["A-1:ca READY", "A-2:ca_ READY"]
    assert shape(console.patch(capture, ids[2], kind="ATTACHMENT")) == ["A-1:caaa_ READY"]
    assert shape(console.patch(capture, ids[3], number=" b-7 ", label="x", rotation=90)) == ["A-1:caa READY", "B-7:c_ READY"]
    assert shape(console.patch(capture, ids[4], kind="ATTACHMENT")) == ["A-1:caa READY", "B-7:ca READY"]
    seen = console.patch(capture, ids[3], kind="ATTACHMENT", label=None)
    page = seen["pages"][3]
    assert (page["number"], page["rotation"], page["label"], page["kind"]) == ("B-7", 90, None, "ATTACHMENT")
    assert shape(console.patch(capture, ids[3], number=None, kind=None)) == ["A-1:caaaa READY"]
    version = console.see(capture)["version"]
    assert console.patch(capture, ids[3], kind="AUTO")["version"] == version  # nothing changed
    console.call("DELETE", f"{CAPTURES}/{capture}/pages/{ids[0]}", expect=200)
    assert shape(console.see(capture)) == [":aaaa NO_NUMBER"]


def types(seen):
    return [(one["number"], one["bill_type"], one["bill_type_from"]) for one in seen["segments"]]


def test_of_what_type_the_bills_are(site):
    """The bill that is there says it first, then a clerk of its pages, then of the whole session, then the rule."""
    console, boss = site.console, administrator(site)
    clerk = Console(boss)
    for code, name in (("BX", "费用报销单"), ("CL", "差旅费报销单"), ("HT", "合同")):
        clerk.call("POST", "/api/v1/bill-types", {"code": code, "name": name}, 201)
    announce(site, "BX-0001", fbillTypeCode="ER", fbillTypeDes="ERP的类型")
    parts = [{"kind": "CONSTANT", "text": "BX"}, {"kind": "DIGITS", "least": 4, "most": 4}]
    rule = {"name": "报销", "separator": "-", "parts": parts}
    refused = clerk.call("POST", RULES, {**rule, "bill_type": "NONE"}, 400).json()["error"]
    assert "NONE" in refused["message"] and refused["field"] == "bill_type"
    made = clerk.call("POST", RULES, {**rule, "bill_type": "CL"}, 201).json()
    assert made["bill_type"] == "CL" and clerk.call("GET", RULES).json()["items"][0]["bill_type"] == "CL"
    assert "NONE" in clerk.call("POST", CAPTURES, {"bill_type": "NONE"}, 400).json()["error"]["message"]
    capture = clerk.make()
    ids = [page["id"] for page in clerk.add(capture, cover("BX-0001"), attachment(1), cover("BX-0002"), attachment(2), cover("BX-0003"),
                                            attachment(3))["pages"]]
    assert types(clerk.settled(capture)) == [("BX-0001", "ER", "BILL"), ("BX-0002", "CL", "RULE"), ("BX-0003", "CL", "RULE")]
    seen = clerk.patch(capture, ids[4], bill_type="HT")
    assert types(seen)[2] == ("BX-0003", "HT", "PAGE") and seen["segments"][2]["bill_type_name"] == "合同"
    assert seen["pages"][4]["bill_type"] == "HT"
    assert types(clerk.patch(capture, ids[0], bill_type="HT"))[0] == ("BX-0001", "ER", "BILL")  # the ERP's word stays
    assert clerk.patch(capture, ids[4], 400, bill_type="NONE")["error"]["field"] == "bill_type"
    clerk.call("PATCH", f"{CAPTURES}/{capture}", {"bill_type": "NONE"}, 400)
    assert clerk.call("PATCH", f"{CAPTURES}/{capture}", {"bill_type": "BX", "resource": "EAS"}, 200).json()["bill_type"] == "BX"
    assert types(clerk.see(capture))[1:] == [("BX-0002", "BX", "CAPTURE"), ("BX-0003", "HT", "PAGE")]
    assert clerk.patch(capture, ids[5], attachment_type=3, label="验收")["pages"][5]["attachment_type"] == 3
    clerk.patch(capture, ids[5], 400, attachment_type=9)
    assert clerk.finish(capture)["filed_count"] == 3
    found = rows(site, "SELECT number, type_code, type_name, resource FROM bill ORDER BY number")
    assert [tuple(one.values()) for one in found] == [
        ("BX-0001", "ER", "ERP的类型", "EAS"), ("BX-0002", "BX", "费用报销单", "EAS"), ("BX-0003", "HT", "合同", "EAS")]
    assert [one["attachment_type"] for one in rows(site, "SELECT attachment_type FROM file WHERE label = '验收'")] == [3]


def test_a_bill_without_type_gets_one(site):
    """It came as images only; the next who knows says so, and its timeline keeps it."""
    console = site.console
    for facts in ({}, {"bill_type": "BX"}, {"bill_type": "CL"}):
        capture = console.make(**facts)
        console.add(capture, cover("A-1"), attachment(len(facts.get("bill_type", "x")) + len(str(facts))))
        console.settled(capture)
        assert console.finish(capture)["filed_count"] == 1
    assert rows(site, "SELECT type_code FROM bill") == [{"type_code": "BX"}]
    assert [one["note"] for one in rows(site, "SELECT note FROM trail WHERE kind = 'type'")] == ["bill type BX"]


def test_pages_of_one_file(site):
    """What a feeder makes: one file of many pages, with covers inside."""
    console = site.console
    sheets = [cover("T-1"), attachment(1), attachment(2), cover("T-2"), blank(), attachment(3), invoice(3), attachment(4)]
    whole = tiff(*sheets)
    tail = tiff(attachment(5), attachment(6))
    capture = console.make()
    console.add(capture, attachment(9))
    console.add(capture, whole, tail)
    seen = console.settled(capture)
    assert [page["content_page"] for page in seen["pages"]] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2]
    assert shape(seen) == [":a NO_NUMBER", "T-1:caa READY", "T-2:c_aiaaa READY"]
    console.finish(capture, 200)
    assert files(site, "T-1") == [(0, sha(whole), 1, 1), (2, sha(whole), 2, 3)]
    assert files(site, "T-2") == [(0, sha(whole), 4, 4), (2, sha(whole), 6, 6), (1, sha(whole), 7, 7), (2, sha(whole), 8, 8),
                                  (2, sha(tail), 0, 0)]


def test_digital_invoice_stays_whole(site):
    data, _ = samples.get("pdf-many")
    console = site.console
    capture = console.make(number="W-1")
    console.add(capture, data)
    seen = console.settled(capture)
    assert [(page["content_page"], page["kind"]) for page in seen["pages"]] == [(0, "INVOICE")] and seen["pages"][0]["content_pages"] > 1
    console.finish(capture)
    assert files(site, "W-1") == [(1, sha(data), 0, 0)]


def test_damaged_page_is_nobodys_until_said(site):
    console = site.console
    capture = console.make()
    broken = cover("D-2")[:2000]
    ids = [page["id"] for page in console.add(capture, cover("D-1"), broken, attachment(1))["pages"]]
    seen = console.settled(capture)
    assert seen["pages"][1]["look"] == "UNREADABLE" and seen["segments"][0]["state"] == "PROBLEM"
    assert console.finish(capture)["segments"][0]["result"] == "PARKED"
    assert shape(console.patch(capture, ids[1], number="D-2")) == ["D-1:c READY", "D-2:ca READY"]
    assert console.finish(capture)["state"] == "FINISHED"
    assert [kind for kind, *_ in files(site, "D-2")] == [0, 2]


def test_content_of_a_page(site):
    console = site.console
    capture = console.make()
    page = console.add(capture, attachment(1))["pages"][0]["id"]
    path = f"{CAPTURES}/{capture}/pages/{page}"
    got = console.call("GET", path, expect=200)
    assert got.body == attachment(1) and got.headers["Content-Type"] == "image/jpeg"
    assert sha(attachment(1)) in got.headers["ETag"] and "page0.jpg" in got.headers["Content-Disposition"]
    assert console.call("GET", path, headers={"If-None-Match": got.headers["ETag"]}).status == 304
    console.settled(capture)
    small = console.call("GET", path, query={"variant": "thumb"}, expect=200)
    assert small.body[:2] == b"\xff\xd8" or small.body[:4] == b"\x89PNG"
    assert len(small.body) < len(got.body)


# filing

def test_session_for_one_bill(site):
    console = site.console
    capture = console.make(number="one-1", resource="EAS")
    console.add(capture, attachment(1), invoice(1), blank())
    assert shape(console.settled(capture)) == ["ONE-1:ai_ READY"]
    console.add(capture, cover("TWO-2"))
    seen = console.settled(capture)
    assert seen["segments"][0]["state"] == "PROBLEM" and "TWO-2" in seen["segments"][0]["problem"]
    console.call("DELETE", f"{CAPTURES}/{capture}/pages/{seen['pages'][3]['id']}", expect=200)
    assert console.finish(capture, reason="counter 3")["state"] == "FINISHED"
    assert [kind for kind, *_ in files(site, "ONE-1")] == [2, 1]
    assert "counter 3" in rows(site, "SELECT note FROM trail WHERE kind = 'file' LIMIT 1")[0]["note"]
    refused = console.add(capture, attachment(2), expect=409)
    assert "已完成" in refused["error"]["message"]
    page = seen["pages"][0]["id"]
    assert console.patch(capture, page, expect=409, kind="COVER")["error"]["code"] == "1409"
    assert console.call("DELETE", f"{CAPTURES}/{capture}/pages/{page}").status == 409


def test_same_number_apart_is_a_problem(site):
    console = site.console
    capture = console.make()
    console.add(capture, cover("A-1"), attachment(1), cover("A-2"), attachment(2), cover("A-1", corner="tl"), attachment(3))
    seen = console.settled(capture)
    assert shape(seen) == ["A-1:ca READY", "A-2:ca READY", "A-1:ca PROBLEM"]
    done = console.finish(capture)
    assert [one["result"] for one in done["segments"]] == ["FILED", "FILED", "PARKED"]
    done = console.finish(capture)  # what was filed is remembered: the third does not slip in now
    assert [one["result"] for one in done["segments"]] == ["FILED", "FILED", "PARKED"] and done["filed_count"] == 0
    ids = [page["id"] for page in seen["pages"]]
    console.call("PUT", f"{CAPTURES}/{capture}/pages", {"order": ids[:2] + ids[4:] + ids[2:4]}, 200)
    assert console.finish(capture)["state"] == "FINISHED"
    assert len(files(site, "A-1")) == 4 and len(files(site, "A-2")) == 2


def test_only_what_was_asked_for(site):
    console = site.console
    capture = console.make()
    console.add(capture, cover("A-1"), attachment(1), cover("A-2"), attachment(2))
    console.settled(capture)
    assert console.finish(capture, 400, segments=["A-9"])["error"]["field"] == "segments"
    done = console.finish(capture, segments=["a-2"])
    assert [one["result"] for one in done["segments"]] == ["LEFT", "FILED"]
    assert not rows(site, "SELECT id FROM bill WHERE number = 'A-1'")
    assert console.finish(capture)["state"] == "FINISHED"


def test_supplement_of_a_submitted_bill_is_confirmed(site):
    console = site.console
    announce(site, "S-1")
    with opened(site) as base:
        base.execute("UPDATE bill SET state = 2 WHERE number = 'S-1'")
    capture = console.make(resource="EAS")
    console.add(capture, cover("S-1"), attachment(1))
    assert console.settled(capture)["segments"][0]["state"] == "SUPPLEMENT"
    parked = console.finish(capture)["segments"][0]
    assert parked["result"] == "PARKED" and "补扫" in parked["problem"] and files(site, "S-1") == []
    assert console.finish(capture, supplement=True)["state"] == "FINISHED"
    assert len(files(site, "S-1")) == 2 and state(site, "S-1") == 2


def test_locked_and_foreign_bills(site):
    console = site.console
    announce(site, "L-1")
    with opened(site) as base:
        base.execute("UPDATE bill SET state = 2, is_locked = 1, voucher = 'V-9' WHERE number = 'L-1'")
    assert site.other.http.post(ANNOUNCE, bill("F-1")).errcode == "0000"
    capture = console.make(resource="EAS")
    console.add(capture, cover("L-1"), cover("F-1"), cover("G-1"))
    seen = console.settled(capture)
    assert [one["state"] for one in seen["segments"]] == ["PROBLEM", "PROBLEM", "READY"]
    assert "V-9" in seen["segments"][0]["problem"] and seen["segments"][1]["bill"] is None
    done = console.finish(capture, supplement=True)
    assert [one["result"] for one in done["segments"]] == ["PARKED", "PARKED", "FILED"]
    assert files(site, "L-1") == files(site, "F-1") == []


def test_without_number(site):
    console = site.console
    capture = console.make()
    ids = [page["id"] for page in console.add(capture, attachment(1), invoice(1), cover("A-1"))["pages"]]
    seen = console.settled(capture)
    assert shape(seen)[0] == ":ai NO_NUMBER" and "capture.without_cover" in seen["segments"][0]["problem"]
    refused = console.finish(capture, 409, without_number=True)["error"]
    assert refused["field"] == "without_number" and "录入影像编号" in refused["message"]
    assert rows(site, "SELECT id FROM bill") == []
    site.ctl.must("cover", "without", "on")
    done = console.finish(capture)
    assert [one["result"] for one in done["segments"]] == ["PARKED", "FILED"]
    done = console.finish(capture, without_number=True)
    assert done["state"] == "FINISHED"
    number = done["segments"][0]["number"]
    assert number.startswith("NC-20") and number.endswith(f"-{ids[0]}") and len(files(site, number)) == 2
    site.ctl.must("cover", "without", "off")
    capture = console.make()
    console.add(capture, attachment(1))
    console.settled(capture)
    console.finish(capture, 409, without_number=True)


def test_rules_decide(site):
    console = site.console
    rule = {"name": "bills", "separator": "-", "parts": [{"kind": "CONSTANT", "text": "BX"}, {"kind": "DIGITS", "digits": 4}]}
    console.call("POST", RULES, rule, 201)
    capture = console.make()
    console.add(capture, cover("BX-0001"), cover("AA-1"), cover("BX-0002"))
    assert shape(console.settled(capture)) == ["BX-0001:ca READY", "BX-0002:c READY"]


# image-code rules

def test_rules(site):
    console = site.console
    rule = {"name": "bills", "separator": "/", "parts": [{"kind": "CONSTANT", "text": "BX"}, {"kind": "DIGITS", "least": 2, "most": 4}]}
    made = console.call("POST", RULES, rule, 201).json()
    assert (made["version"], made["separator"], made["is_enabled"]) == (1, "/", True)
    assert made["parts"] == [{"kind": "CONSTANT", "text": "BX"}, {"kind": "DIGITS", "least": 2, "most": 4}]
    assert console.call("POST", RULES, rule).status == 409
    changed = console.call("PUT", f"{RULES}/{made['id']}", {**rule, "is_enabled": False, "version": 1}, 200).json()
    assert (changed["version"], changed["is_enabled"], changed["created_at"]) == (2, False, made["created_at"])
    stale = console.call("PUT", f"{RULES}/{made['id']}", {**rule, "version": 1}, 409).json()["error"]
    assert stale["type"] == "stale" and "2" in stale["message"]
    listed = console.call("GET", RULES, expect=200).json()
    assert listed["items"][0]["id"] == made["id"] and listed["pagination"]["total"] == 1
    assert console.call("DELETE", f"{RULES}/{made['id']}", headers={"If-Match": '"1"'}).status == 409
    assert console.call("DELETE", f"{RULES}/{made['id']}", headers={"If-Match": '"2"'}).status == 204
    assert console.call("DELETE", f"{RULES}/{made['id']}").status == 404


def test_preview(site):
    console = site.console

    def preview(text, **said):
        got = console.call("POST", f"{RULES}/preview", {"text": text, **said}, 200).json()
        return got["number"], got["rule"], got["why_not"]

    assert preview("bx-1") == ("BX-1", "default", [])
    number, rule, why = preview("bx,1")
    assert number is rule is None and "-" in why[0]
    tried = {"separator": "-", "parts": [{"kind": "CONSTANT", "text": "BX"}, {"kind": "DIGITS", "digits": 3}]}
    assert preview("BX-123", rule={**tried, "name": "t"}) == ("BX-123", "t", [])
    assert len(preview("BX-12", rules=[{**tried, "name": "t"}, {**tried, "name": "u", "separator": ""}])[2]) == 2
    console.call("POST", RULES, {**tried, "name": "saved"}, 201)
    assert preview("BX-123")[1] == "saved" and "3 位数字" in preview("BX-12")[2][0]


BAD_RULES = [{}, {"name": "x"}, {"name": "x", "parts": []}, {"name": "x", "parts": "BX"}, {"name": "x", "parts": [5]},
             {"name": "x", "parts": [{}]}, {"name": "x", "parts": [{"kind": "LETTERS"}]},
             {"name": "x", "parts": [{"kind": "CONSTANT"}]}, {"name": "x", "parts": [{"kind": "CONSTANT", "text": "a b"}]},
             {"name": "x", "parts": [{"kind": "DIGITS"}]}, {"name": "x", "parts": [{"kind": "DIGITS", "digits": 99}]},
             {"name": "x", "parts": [{"kind": "DIGITS", "least": 5, "most": 2}]},
             {"name": "x", "parts": [{"kind": "DIGITS", "digits": 1}] * 17},
             {"name": "x", "separator": "+", "parts": [{"kind": "DIGITS", "digits": 1}]},
             {"name": "x", "separator": "--", "parts": [{"kind": "DIGITS", "digits": 1}]},
             {"name": "", "parts": [{"kind": "DIGITS", "digits": 1}]},
             {"name": "x" * 500, "parts": [{"kind": "DIGITS", "digits": 1}]},
             {"name": "x", "is_enabled": "maybe", "parts": [{"kind": "DIGITS", "digits": 1}]}]


def test_bad_rules(site):
    def check(n):
        reply = site.console.call("POST", RULES, BAD_RULES[n])
        assert reply.status == 400 and reply.json()["error"]["message"], reply

    each([(n,) for n in range(len(BAD_RULES))], check)
    assert rows(site, "SELECT id FROM cover_rule") == []


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


# two tabs

def test_stale_tab_is_told_what_changed(site):
    first, second = site.console, Console(site.login())
    capture = first.make()
    ids = [page["id"] for page in first.add(capture, cover("A-1"), attachment(1))["pages"]]
    version = first.settled(capture)["version"]
    second.add(capture, attachment(2))
    for method, path, said in (("PATCH", f"/pages/{ids[0]}", {"kind": "INVOICE"}), ("PUT", "/pages", {"order": ids}),
                               ("POST", "/finish", {}), ("PATCH", "", {"name": "x"})):
        error = first.call(method, f"{CAPTURES}/{capture}{path}", {**said, "version": version}, 409).json()["error"]
        assert error["type"] == "stale" and f"{version + 1}" in error["message"] and "加入页面" in error["message"]
    assert first.call("DELETE", f"{CAPTURES}/{capture}/pages/{ids[0]}", headers={"If-Match": f'"{version}"'}).status == 409
    assert first.call("DELETE", f"{CAPTURES}/{capture}", headers={"If-Match": f'"{version}"'}).status == 409
    left_out = first.call("PUT", f"{CAPTURES}/{capture}/pages", {"order": ids}, 409).json()["error"]
    assert left_out["type"] == "stale"
    assert rows(site, "SELECT id FROM bill") == [] and len(first.see(capture)["pages"]) == 3


def test_many_tabs_at_once(site):
    """Uploads with repeats, edits, orders and filings of six tabs: every page ends in exactly one bill."""
    tabs = [Console(site.login()) for _ in range(6)]
    capture = tabs[0].make()
    count = scaled(8, 3)

    def upload(n):
        for i in range(count):
            key = f"t{n}-{i}"
            pages = (cover(f"M-{n}{i}"), attachment(100 + n * 20 + i))
            for expect in (201, 200):  # each is sent again
                tabs[n].add(capture, *pages, upload_key=f"{key}a,{key}b", expect=expect)
            tabs[n].finish(capture, expect=None)
            seen = tabs[n].see(capture)
            ids = [page["id"] for page in seen["pages"]]
            tabs[n].call("PUT", f"{CAPTURES}/{capture}/pages", {"order": ids, "version": seen["version"]})

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        list(pool.map(upload, range(6)))
    tabs[0].settled(capture)
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda tab: tab.finish(capture), tabs))
    final = tabs[0].see(capture)
    assert final["state"] == "FINISHED", (shape(final), [shape({"pages": final["pages"], "segments": one["segments"]}) for one in done])
    for n in range(6):
        for i in range(count):
            assert files(site, f"M-{n}{i}") == [(0, sha(cover(f"M-{n}{i}")), 0, 0), (2, sha(attachment(100 + n * 20 + i)), 0, 0)]
    assert rows(site, "SELECT COUNT(*) AS n FROM file")[0]["n"] == 12 * count
    assert rows(site, "SELECT COUNT(*) AS n FROM trail WHERE kind = 'capture'")[0]["n"] == 6 * count


# waiting

def test_waiting_ends_when_all_is_known(site):
    console = site.console
    capture = console.make()
    console.add(capture, *[attachment(n) for n in range(5)])
    seen = console.call("GET", f"{CAPTURES}/{capture}", query={"wait": 30}, expect=200)
    assert not seen.json()["is_waiting"] and seen.seconds < patience(25)
    assert console.call("GET", f"{CAPTURES}/{capture}", query={"wait": 31}).status == 400
    assert console.call("GET", f"{CAPTURES}/{capture}", query={"wait": "x"}).status == 400


def test_what_is_still_being_read_is_not_filed(make_gateway):
    """No decoding helper: the looks stay due."""
    site = make_gateway()
    console = Console(site.login())
    capture = console.make()
    ids = [page["id"] for page in console.add(capture, cover("A-1"), attachment(1))["pages"]]
    console.settled(capture)
    with opened(site) as base:
        base.execute("UPDATE content SET state = 0, doc = NULL WHERE sha256 = ?", (sha(cover("A-1")),))
    seen = console.see(capture)
    assert seen["is_waiting"] and seen["segments"][0]["state"] == "WAITING" and seen["pages"][0]["look"] == "WAITING"
    error = console.finish(capture, 409)["error"]
    assert error["code"] == "1409" and "仍在识别" in error["message"]
    console.patch(capture, ids[0], number="A-1")  # typed in: no need to wait
    assert console.finish(capture)["state"] == "FINISHED"


# kill -9

def test_killed_in_the_middle(make_gateway):
    """Children die while pages come and are filed: what was answered is there once, what was not is repeated."""
    site = make_gateway(processes=2)
    site.httpd.expect_log(r"AH00052|FPI0031|exit signal", optional=True)
    console = Console(site.login())
    capture = console.make()

    def insist(act):
        for _ in range(60):
            try:
                return act()
            except (OSError, AssertionError, ValueError, Exception) as bad:
                if isinstance(bad, AssertionError) and "503" not in str(bad):
                    raise
                console.http.close()
        raise AssertionError("never answered")

    for n in range(scaled(6, 3)):
        for pid in site.httpd.children():
            os.kill(pid, signal.SIGKILL)
        insist(lambda: console.add(capture, cover(f"K-{n}"), attachment(n), upload_key=f"{n}a,{n}b", expect=None))
        for pid in site.httpd.children()[:1]:
            os.kill(pid, signal.SIGKILL)
        insist(lambda: console.finish(capture, expect=None))
    insist(lambda: console.settled(capture))
    done = insist(lambda: console.finish(capture))
    assert done["state"] == "FINISHED"
    for n in range(scaled(6, 3)):
        assert files(site, f"K-{n}") == [(0, sha(cover(f"K-{n}")), 0, 0), (2, sha(attachment(n)), 0, 0)]


# the tool

def test_cover_print_and_read(site, tmp):
    places.give(tmp, 0o755)
    out = tmp / "covers.pdf"
    site.ctl.must("cover", "print", "P-1", "p-2", "-o", str(out), "--title", "报销单", "--line", "部门: 财务")
    assert out.read_bytes().startswith(b"%PDF")
    read = site.ctl.must("cover", "read", str(out))
    assert [page["number"] for page in read["pages"]] == ["P-1", "P-2"] and read["pages"][0]["rule"] == "default"
    capture = site.console.make()
    site.console.add(capture, out.read_bytes())
    assert shape(site.console.settled(capture)) == ["P-1:c READY", "P-2:c READY"]
    code, answer = site.ctl("cover", "print", "a b", "-o", str(tmp / "x.pdf"))
    assert code == 1 or code == 2
    assert not (tmp / "x.pdf").exists() and answer["error"]["message"]
