"""Papers with a number of their own: tied, and known again, by it (facts-cloud.md 5.3)."""
import pytest

from test_140_push import admit
from test_350_looks import CLAIMED, found_of, picture, sha256
from test_420_match import announce, scan, shown, state, verdicts

BASE = {"invoiceDate": "2024-05-06", "totalAmount": "113.00"}
KINDS = {
    "air": ({"invoiceType": "10", "electronicTicketNum": "7812345678901"},
            {"invoiceType": "10", "invoiceNo": "12345678901", "electronicTicketNum": "781-2345678901"}, "air-7812345678901"),
    "refund": ({"invoiceType": "24", "number": "E123456"},) * 2 + ("refund-E123456",),
    "tax paid": ({"invoiceType": "19", "taxPaidProofNo": "344035190100012345"},) * 2 + ("taxpaid-344035190100012345",),
    "customs": ({"invoiceType": "21", "customDeclarationNo": "5316-L01"},) * 2 + ("customs-5316-L01",),
}


@pytest.fixture
def site(make_gateway):
    gateway = make_gateway(checked=True)
    admit(gateway)
    gateway.ctl.must("mode", "set", "match")
    gateway.erp = gateway.login()
    return gateway


@pytest.mark.parametrize("kind", KINDS)
def test_it_matches_by_its_own_number(site, kind):
    said, expected, identity = KINDS[kind]
    data = picture(f"own {kind}")
    site.cloud.recognise(sha256(data), [{"serialNo": "C1", **BASE, **said}])
    announce(site, "OWN-1", {"serialNo": "S1", **BASE, **expected})
    scan(site, "OWN-1", ("ticket.png", data))
    assert verdicts(shown(site, "OWN-1")) == ["MATCHED"] and state(site, "OWN-1") == "SUBMITTED"
    assert [row["identity"] for row in found_of(site, "OWN-1")] == [identity]

    again = picture(f"own {kind} on another bill")
    site.cloud.recognise(sha256(again), [{"serialNo": "C2", **BASE, **said}])
    announce(site, "OWN-2", {"serialNo": "S2", **BASE, **expected})
    scan(site, "OWN-2", ("ticket.png", again))
    assert [row["twin_kind"] for row in found_of(site, "OWN-2")] == [CLAIMED]
