"""Invoices of other submitted bills, where the switch refuses them: what counts as one, and what is said first."""
import base64

import pytest

from test_130_bills import announced, asked, order, refused as refused_a
from test_140_push import settled
from test_341_submit import COMMIT
from test_350_looks import CLAIMED, found_of, notes, samples

UPLOAD = "/api/imgsys/bill/outside/upload"


@pytest.fixture
def http(gateway):
    gateway.ctl.must("switch", "set", "duplicate.refuse", "on")
    return gateway.login()


def bring(gateway, http, number, kind="invoice", n=1):
    announced(http, number)
    data = samples.einvoice_xml(samples.invoice("digital-special", n)) + number.encode().join([b"<!--", b"-->"])
    reply = http.post(UPLOAD, asked(number, base64=base64.b64encode(data).decode(), fileSuffix="xml", fileType=kind))
    assert reply.errcode == "0000", reply
    settled(gateway, 60)


def test_an_attachment_is_flagged_and_not_refused(gateway, http):
    bring(gateway, http, "DUP-1")
    assert http.post(COMMIT, asked("DUP-1")).errcode == "0000"
    bring(gateway, http, "DUP-2", kind="attach")
    assert [row["twin_kind"] for row in found_of(gateway, "DUP-2")] == [CLAIMED]
    reply = http.post(COMMIT, asked("DUP-2"))
    assert reply.errcode == "0000", reply
    (note,) = notes(gateway, "DUP-2", "duplicate")
    assert "bill DUP-1" in note and "here as attachments" in note

    bring(gateway, http, "DUP-3")  # as an invoice it is refused, attachment or not beside it
    bring(gateway, http, "DUP-3", kind="attach", n=1)
    refused_a(http.post(COMMIT, asked("DUP-3")), "1410", 200, "DUP-1")
    assert notes(gateway, "DUP-3", "duplicate") == []


def test_the_state_goes_before_the_duplicates(gateway, http):
    bring(gateway, http, "DUP-4", n=2)
    bring(gateway, http, "DUP-5", n=2)
    assert order(http, "invalid", "A", "DUP-5", reason="重复").errcode == "0000"
    assert http.post(COMMIT, asked("DUP-4")).errcode == "0000"
    refused_a(http.post(COMMIT, asked("DUP-5")), "1409", 200, "已作废")
