"""Sums as peers write them, in match mode: read as the files' are; what can't be read is said, and is a difference."""
import pytest

from test_140_push import admit
from test_350_looks import found_of, notes, picture, sha256
from test_351_recognise import SAID, bring
from test_420_match import announce, misread, sample, scan, shown, site, state, told, trail, verdicts, xml  # noqa: F401

WRITTEN = ["999.000000", "1,999.00", "￥999.00", "999元", "9.99E+2", 9.99e2]


@pytest.mark.parametrize("written", WRITTEN)
def test_another_sum_is_another_sum(site, written):  # noqa: F811
    one = misread(sample(60), net="100.00", tax="6.00", gross="106.00")
    announce(site, "SUM-1", told(one, totalAmount=written, invoiceAmount=written))
    scan(site, "SUM-1", xml(one))
    value = shown(site, "SUM-1")
    assert verdicts(value) == ["DIFFERS"] and state(site, "SUM-1") == "MISMATCH"


@pytest.mark.parametrize("written", ["106.000000", "￥106.00", "106元", "１０６．００", "1.06E+2"])
def test_the_same_sum_matches(site, written):  # noqa: F811
    one = misread(sample(61), net="100.00", tax="6.00", gross="106.00")
    announce(site, "SUM-2", told(one, totalAmount=written))
    scan(site, "SUM-2", xml(one))
    assert state(site, "SUM-2") == "SUBMITTED"


def test_what_cannot_be_read_is_a_difference(site):  # noqa: F811
    one = sample(62)
    number = one["fields"]["number"]
    announce(site, "SUM-3", told(one, totalAmount="见附件"))
    assert f'sums of 1 invoices can\'t be read and count as different: {number}: gross "见附件"' in [
        event["note"] for event in trail(site, "SUM-3") if event["kind"] == "pull"]
    scan(site, "SUM-3", xml(one))
    value = shown(site, "SUM-3")
    (diff,) = value["items"][0]["differences"]
    assert (diff["field"], diff["expected"], diff["why"]) == ("gross", "见附件", "DIFFERENT")
    assert state(site, "SUM-3") == "MISMATCH" and f"价税合计 应为 见附件, 影像为 {one['fields']['gross']}" in value["reason"]


@pytest.mark.parametrize("written,gross", [("113.000000", 11300), ("1,113.00", 111300), ("113元", 11300)])
def test_what_the_cloud_recognises(make_gateway, written, gross):
    gateway = make_gateway(checked=True)
    admit(gateway)
    data = picture(f"sum {written}")
    gateway.cloud.recognise(sha256(data), [{**SAID, "totalAmount": written, "totalTaxAmount": "***"}])
    bring(gateway, "SUM-4", ("scan.png", data))
    (row,) = found_of(gateway, "SUM-4")
    assert (row["gross"], row["tax"]) == (gross, 0)


def test_what_the_cloud_says_and_cannot_be_read(make_gateway):
    gateway = make_gateway(checked=True)
    admit(gateway)
    data = picture("sum unread")
    gateway.cloud.recognise(sha256(data), [{**SAID, "totalAmount": "壹佰"}])
    bring(gateway, "SUM-5", ("scan.png", data))
    (row,) = found_of(gateway, "SUM-5")
    assert row["gross"] is None
    assert any('sums that can\'t be read: 24112000000012345678: gross "壹佰"' in note for note in notes(gateway, "SUM-5", "recognise"))
