"""Pages of scan sessions whose kind nobody said: the cloud is asked about them, too, and what it knows is an invoice."""
import pytest

from test_100_start import trail
from test_130_bills import stored
from test_140_push import admit, settled
from test_330_capture import Console, attachment, cover, tiff
from test_350_looks import found_of, notes, read_again, sha256
from test_351_recognise import calls
from test_420_match import announce, path_of, shown, state, switch

TAXI = {"serialNo": "TX-1", "invoiceType": "8", "invoiceCode": "144031901234", "invoiceNo": "12345678", "invoiceDate": "2024-01-05",
        "totalAmount": "35.00"}


@pytest.fixture
def asking(make_gateway):
    gateway = make_gateway(checked=True)
    admit(gateway)
    gateway.erp = gateway.login()
    gateway.console = Console(gateway.erp)
    return gateway


def capture(site, *pages, kinds=None):
    """Cover and pages are filed; kinds: what a clerk says of some pages, by their place."""
    session = site.console.make()
    site.console.add(session, *pages)
    seen = site.console.settled(session)
    for place, kind in (kinds or {}).items():
        site.console.patch(session, seen["pages"][place]["id"], kind=kind)
    done = site.console.finish(session)
    assert done["filed_count"] == 1, done
    settled(site, 60)


def kinds(site, number):
    return [file["kind"] for file in site.erp.get(path_of(site, number)).json()["files"]]


def test_a_ticket_without_code_is_recognised(asking):
    asking.ctl.must("mode", "set", "match")
    taxi, contract = attachment(901), attachment(902)
    asking.cloud.recognise(sha256(taxi), [TAXI])
    asking.cloud.recognise(sha256(contract), [])
    announce(asking, "KD-G001", TAXI)
    capture(asking, cover("KD-G001"), taxi, contract)
    assert len(calls(asking)) == 2
    assert kinds(asking, "KD-G001") == ["COVER", "INVOICE", "ATTACHMENT"]
    assert state(asking, "KD-G001") == "SUBMITTED" and shown(asking, "KD-G001")["result"] == "MATCHED"
    (said,) = [note for note in notes(asking, "KD-G001", "file") if "the cloud" in note]
    assert said.endswith(": the cloud knows it as an invoice; it was filed as an attachment, as nobody had said what it is")
    events = trail(asking, "KD-G001")
    read_again(asking, "KD-G001")
    assert trail(asking, "KD-G001") == events and len(calls(asking)) == 2


def test_what_a_clerk_said_is_final(asking):
    one, two, three = attachment(903), attachment(904), attachment(905)
    for data in (one, two, three):
        asking.cloud.recognise(sha256(data), [TAXI])
    capture(asking, cover("KD-G002"), one, kinds={1: "ATTACHMENT"})
    assert calls(asking) == [] and kinds(asking, "KD-G002") == ["COVER", "ATTACHMENT"]

    # said later, on the bill: before the cloud is asked, and after it has answered
    switch(asking, "recognise.cloud", "off")
    capture(asking, cover("KD-G003"), two, three)
    assert kinds(asking, "KD-G003") == ["COVER", "ATTACHMENT", "ATTACHMENT"]
    file = asking.erp.get(path_of(asking, "KD-G003")).json()["files"][1]
    reply = asking.erp.request("PATCH", f"{path_of(asking, 'KD-G003')}/files/{file['id']}", json_body={"kind": "ATTACHMENT"})
    assert reply.status == 200, reply
    assert any("said by hand" in note for note in notes(asking, "KD-G003", "file"))
    switch(asking, "recognise.cloud", "on")
    read_again(asking, "KD-G003")
    assert len(calls(asking)) == 1 and kinds(asking, "KD-G003") == ["COVER", "ATTACHMENT", "INVOICE"]
    file = asking.erp.get(path_of(asking, "KD-G003")).json()["files"][2]
    reply = asking.erp.request("PATCH", f"{path_of(asking, 'KD-G003')}/files/{file['id']}", json_body={"kind": "ATTACHMENT"})
    assert reply.status == 200, reply
    read_again(asking, "KD-G003")
    assert kinds(asking, "KD-G003") == ["COVER", "ATTACHMENT", "ATTACHMENT"]


def test_nothing_is_asked_where_it_is_off(asking):
    switch(asking, "recognise.cloud", "off")
    capture(asking, cover("KD-G004"), attachment(906))
    assert calls(asking) == [] and kinds(asking, "KD-G004") == ["COVER", "ATTACHMENT"]


@pytest.mark.parametrize("said,kind", [([TAXI], "INVOICE"), ([], "ATTACHMENT"), ([{}], "ATTACHMENT")])
def test_in_basic_mode_too(asking, said, kind):
    data = attachment(907)
    asking.cloud.recognise(sha256(data), said)
    capture(asking, cover("KD-G005"), data)
    assert kinds(asking, "KD-G005") == ["COVER", kind] and stored(asking, "KD-G005")["state"] == 1
    capture(asking, cover("KD-G005"), data)
    assert kinds(asking, "KD-G005") == ["COVER", kind], "the same page again is the same file"


def test_pages_of_a_locked_bill_stay_what_they_are(asking):
    data = attachment(908)
    switch(asking, "recognise.cloud", "off")
    capture(asking, cover("KD-G006"), data)
    for act in ("submit", "lock"):
        reply = asking.erp.post(f"{path_of(asking, 'KD-G006')}/{act}", {})
        assert reply.status == 200, reply
    asking.cloud.recognise(sha256(data), [TAXI])
    switch(asking, "recognise.cloud", "on")
    read_again(asking, "KD-G006")
    assert len(found_of(asking, "KD-G006")) == 1 and kinds(asking, "KD-G006") == ["COVER", "ATTACHMENT"]


def test_one_page_of_a_scan_of_many(asking):
    data = tiff(attachment(909), attachment(910))
    capture(asking, cover("KD-G007"), data)
    assert kinds(asking, "KD-G007") == ["COVER", "INVOICE"] and len(calls(asking)) == 2
