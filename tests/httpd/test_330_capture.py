"""Scan sessions: a pile of pages becomes bills by its covers; what does not fit waits with its reason; nothing is lost."""
import functools
import io
import pathlib
import sys
import uuid

import pytest

from harness.cloudctl import CLIENT, OTHER_CLIENT
from test_100_start import ANNOUNCE, bill, rows

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
    assert rows(site, "SELECT COUNT(*) AS n FROM trail WHERE kind = 'capture'")[0]["n"] == 10 + 2  # two name their blank backs
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
