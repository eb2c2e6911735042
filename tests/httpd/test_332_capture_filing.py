"""Filing a scan session: which bill its pages go to, and which can't go yet."""
from test_100_start import ANNOUNCE, bill, opened, rows
from test_330_capture import (CAPTURES, RULES, announce, attachment, blank, cover, files,  # noqa: F401 (site is a fixture)
                              invoice, shape, site, state)


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
