"""The pages of a scan session: their order, what a clerk says of them, types, and what a file is made of."""
from harness.person import administrator
from test_100_start import rows
from test_330_capture import (CAPTURES, RULES, Console, announce, attachment, blank, cover,  # noqa: F401 (site is a fixture)
                              files, invoice, samples, sha, shape, site, tiff)


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
