"""Where the files of pushed invoices are: each name of the vendor's model; those that have none are told."""
import base64

import pytest

from harness.cloudctl import CLIENT
from test_100_start import ANNOUNCE, bill
from test_130_bills import SUBMITTED, WAITING, stored
from test_140_push import admit, events, files_of, push, settled
from test_350_looks import samples

NUMBER = "24312000000123450001"


@pytest.fixture
def site(gateway):
    admit(gateway)
    gateway.ctl.must("mode", "set", "sync")
    gateway.erp = gateway.login()
    return gateway


def bring(site, number, *invoices):
    assert site.erp.post(ANNOUNCE, bill(number)).errcode == "0000"
    one = {"billId": f"id-{number}", "billNo": f"no-{number}", "scanBillNo": number, "billTypeCode": "ER_ExpReimbursement",
           "clientId": CLIENT["client_id"], "taxNo": CLIENT["tax_no"], "invoice": list(invoices), "cover": [], "attachment": []}
    push(site, [one], "document")
    settled(site, 60)
    return [file["name"] for file in files_of(site, number)]


def url(site, name, n=1):
    return site.cloud.add_file(name, base64=base64.b64encode(samples.einvoice_xml(samples.invoice("digital-special", n))).decode())


@pytest.mark.parametrize("member", ["url", "localUrl", "downloadUrl", "fileUrl", "kdcloudUrl", "pdfurl", "kdorgpdfurl", "snapshotUrl",
                                    "xbrlUrl", "xbrlLocalUrl"])
def test_a_file_by_each_name(site, member):
    assert bring(site, "LINK-1", {"serialNo": "s1", "invoiceNo": NUMBER, member: url(site, "a.xml")})
    assert stored(site, "LINK-1")["state"] == SUBMITTED


def test_a_voucher_is_a_further_file(site):
    pdf, voucher = url(site, "a.xml", 1), url(site, "voucher.xml", 2)
    names = bring(site, "LINK-2", {"serialNo": "s1", "invoiceNo": NUMBER, "downloadUrl": pdf, "xbrlUrl": voucher,
                                   "xbrlName": "凭证.xml"})
    assert sorted(names) == sorted([f"{NUMBER}.xml", "凭证.xml"])
    names = bring(site, "LINK-3", {"serialNo": "s1", "invoiceNo": NUMBER, "xbrlLocalUrl": voucher,
                                   "invoiceFiles": [{"url": pdf, "fileName": "a.xml"}, {"url": voucher, "fileName": "b.xml"}]})
    assert sorted(names) == ["a.xml", "b.xml"], "the same file once"


def test_invoices_without_a_link_are_told(site):
    others = [{"serialNo": f"s{n}", "invoiceNo": f"2431200000012345{n:04d}"} for n in range(2)]
    said = "2 of 3 invoices came without a link to a file, so that no image of them can be fetched: " \
           f"{others[0]['invoiceNo']}, {others[1]['invoiceNo']}"
    bring(site, "LINK-4", {"serialNo": "s9", "invoiceNo": NUMBER, "pdfurl": url(site, "a.xml")}, *others)
    assert events(site, "LINK-4", "pull").count(said) == 1
    bring(site, "LINK-5", *others)
    assert stored(site, "LINK-5")["state"] == WAITING
    assert any("2 of 2 invoices came without a link" in note for note in events(site, "LINK-5", "pull"))


def test_in_other_modes_the_files_come_otherwise(site):
    site.ctl.must("mode", "set", "match")
    bring(site, "LINK-6", {"serialNo": "s1", "invoiceNo": NUMBER})
    assert not any("without a link" in note for note in events(site, "LINK-6", "pull"))
