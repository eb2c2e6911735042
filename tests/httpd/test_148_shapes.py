"""What of a push or of the cloud's answer is an invoice, a file, or the whole: other shapes, empty members, pages, what is missing."""
import json

import pytest

from harness import processes
from harness.cloudctl import CLIENT, OTHER_CLIENT
from test_100_start import ANNOUNCE, bill, rows
from test_130_bills import SUBMITTED, stored
from test_140_push import PULL, admit, events, files_of, post, pushes, settled
from test_147_same_file import put, row, site  # noqa: F401

OK = {"errcode": "0000", "description": "操作成功"}
PARTS = ("serial_no", "number", "gross")


def notice(number, **more):
    return {"billId": f"id-{number}", "billNo": f"no-{number}", "scanBillNo": number, "clientId": CLIENT["client_id"],
            "taxNo": CLIENT["tax_no"], **more}


def announce(site, number):
    assert site.erp.post(ANNOUNCE, bill(number)).errcode == "0000"


def take(site, body):
    assert post(site, body).json()["errcode"] == "0000"
    settled(site, 60)


def answer(site, body, times=-1):
    return site.cloud.behave("fail", PULL, status=200, body={**OK, **body}, times=times)


def invoices(site, number):
    return [tuple(one[part] for part in PARTS)
            for one in rows(site, "SELECT i.* FROM invoice i JOIN bill b ON b.id = i.bill WHERE b.number = ? ORDER BY i.id", number)]


def names(site, number):
    return sorted(file["name"] for file in files_of(site, number))


@pytest.fixture
def two(site):
    """A submitted bill with two invoices that were pulled, and what the cloud answers."""
    announce(site, "TWO-1")
    body = {"data": [row(n, put(site, f"{n}.xml", n)) for n in (1, 2)], "cover": [{"localUrl": put(site, "c.xml", 3), "coverNo": "C"}],
            "attachment": []}
    site.rule = answer(site, body)
    take(site, notice("TWO-1"))
    assert len(invoices(site, "TWO-1")) == 2 and len(names(site, "TWO-1")) == 3 and stored(site, "TWO-1")["state"] == SUBMITTED
    site.body = body
    return site


# pages

@pytest.mark.parametrize("totals", [{"totalElement": 2, "totalPage": 2, "pageSize": 1, "currentPage": 1}, {"totalElements": "2"}, {"totalPage": 2}])
def test_a_part_of_the_list_is_no_receipt(two, totals):
    before = invoices(two, "TWO-1"), files_of(two, "TWO-1")
    two.cloud.behave_normally(two.rule)
    answer(two, {**two.body, "data": two.body["data"][:1], **totals}, times=1)
    answer(two, two.body)
    take(two, notice("TWO-1", remark="again"))  # asked once more after the failure
    assert len(two.cloud.log(PULL)) == 3, "the second try had the whole"
    assert (invoices(two, "TWO-1"), files_of(two, "TWO-1")) == before


def test_a_part_is_told_and_changes_nothing(two):
    before = invoices(two, "TWO-1"), files_of(two, "TWO-1")
    two.cloud.behave_normally(two.rule)
    answer(two, {**two.body, "data": two.body["data"][:1], "totalElement": 2, "totalPage": 2, "currentPage": 1})
    assert post(two, notice("TWO-1", remark="again")).json()["errcode"] == "0000"
    assert processes.wait_until(lambda: [job for job in rows(two, "SELECT * FROM job") if "1 invoices of 2" in (job["last_error"] or "")], 20, 0.1)
    assert (invoices(two, "TWO-1"), files_of(two, "TWO-1")) == before


def test_totals_of_a_whole_list_are_fine(two):
    two.cloud.behave_normally(two.rule)
    answer(two, {**two.body, "data": two.body["data"][:1], "totalElement": 1, "totalPage": 1, "currentPage": 1})
    take(two, notice("TWO-1", remark="again"))
    assert len(invoices(two, "TWO-1")) == 1 and names(two, "TWO-1") == ["1.xml", "C.xml"]


# notices in other bodies

NOTICES = {
    "entry": {"data": [{"entryid": "1", "fid": ["s1", "s2"]}]}, "status": {"data": {"billId": "id-TWO-1", "status": "1"}},
    "channel": {"type": "saveBill", "data": {"invoiceSerialNos": "s1,s2", "totalAmount": "226.00"}},
    "serials": {"expenseStatus": "60", "invoiceData": [{"serialNo": "s1"}, {"serialNo": "s2"}]}, "words": {"invoices": ["s1", "s2"]},
    "empty-object": {"invoice": {}}, "empty-data": {"data": []}, "data-object": {"data": {}}, "nulls": {"invoice": [None]},
}


@pytest.mark.parametrize("what", list(NOTICES))
def test_what_says_no_invoice_is_a_notice(two, what):
    before = invoices(two, "TWO-1"), files_of(two, "TWO-1"), len(two.cloud.log(PULL))
    take(two, notice("TWO-1", **NOTICES[what]))
    assert (invoices(two, "TWO-1"), files_of(two, "TWO-1"), len(two.cloud.log(PULL))) == (*before[:2], before[2] + 1)
    assert events(two, "TWO-1", "push")[-1] == "the receipt assistant announced invoices"


def test_a_document_in_data_is_one(two):
    asked = len(two.cloud.log(PULL))
    take(two, notice("TWO-1", data={"invoice": two.body["data"][:1], "cover": [], "attachment": []}))
    assert len(invoices(two, "TWO-1")) == 1 and names(two, "TWO-1") == ["1.xml"] and len(two.cloud.log(PULL)) == asked


# the cloud's answer

@pytest.mark.parametrize("shape", ["lists", "invoiceList", "text", "one"])
def test_an_object_as_data_is_looked_into(site, shape):
    announce(site, "DATA-1")
    one, cover = row(1, put(site, "1.xml", 1)), {"localUrl": put(site, "c.xml", 2), "coverNo": "C"}
    answer(site, {"lists": {"data": {"invoice": [one], "cover": [cover], "attachment": []}},
                  "invoiceList": {"data": {"billNumber": "no", "invoiceList": [one]}, "cover": cover},
                  "text": {"data": json.dumps([one]), "cover": cover}, "one": {"data": one, "cover": cover}}[shape])
    take(site, notice("DATA-1"))
    assert invoices(site, "DATA-1") == [("s1", one["invoiceNo"], 11300)] and names(site, "DATA-1") == ["1.xml", "C.xml"]
    assert stored(site, "DATA-1")["state"] == SUBMITTED


@pytest.mark.parametrize("data", [{}, None, [{"serialNo": "s1"}, {"serialNo": "s2"}], [{}], "s1,s2"], ids=str)
def test_an_empty_answer_erases_no_invoice(two, data):
    before = invoices(two, "TWO-1"), files_of(two, "TWO-1")
    two.cloud.behave_normally(two.rule)
    answer(two, {"data": data})
    take(two, notice("TWO-1", remark="again"))
    assert (invoices(two, "TWO-1"), files_of(two, "TWO-1")) == before


def test_an_empty_list_is_an_empty_receipt(two):
    two.cloud.behave_normally(two.rule)
    answer(two, {"data": []})
    take(two, notice("TWO-1", remark="again"))
    assert invoices(two, "TWO-1") == []


# members that can't be read

@pytest.mark.parametrize("how", ["push", "pull"])
def test_bad_members_hold_up_no_other(two, how):
    good = {**two.body["data"][0], "salerName": {"name": "x"}, "buyerName": "买" * 300, "buyerTaxNo": "9" * 300, "checkStatus": [1]}
    lists = {"cover": two.body["cover"], "attachment": [{"attachmentName": "x"}, None, 7]}
    said = [None, good, "s9", {"serialNo": "s2"}]
    two.cloud.behave_normally(two.rule)
    if how == "pull":
        answer(two, {**lists, "data": said})
    for remark in ("once", "twice"):
        take(two, notice("TWO-1", remark=remark, **({"invoice": said, **lists} if how == "push" else {})))
    assert [one[0] for one in invoices(two, "TWO-1")] == ["s1", "s2"] and len(names(two, "TWO-1")) == 3, "nothing is taken away"
    (first, _) = rows(two, "SELECT * FROM invoice ORDER BY id")
    assert (first["seller_name"], first["buyer_name"], first["buyer_tax_no"]) == (None, "买" * 200, None)
    notes = events(two, "TWO-1", "pull")
    (note,) = [note for note in notes if "say no invoice" in note]
    assert note.startswith("3 of 4 ") and "1, 3, 4" in note
    assert len([note for note in notes if "3 of 3 attachments" in note]) == 1


# files

@pytest.mark.parametrize("how", ["push", "pull"])
def test_an_address_is_a_link_wherever_it_stands(site, how):
    announce(site, "TEXT-1")
    urls = {name: put(site, f"{name}.xml", n) for n, name in enumerate(("cover", "attachment", "one", "some"), 1)}
    one, some = row(1, ""), row(2, "")
    said = [{**one, "invoiceFiles": {"url": urls["one"], "fileName": "one.xml"}}, {**some, "invoiceFiles": [urls["some"]]}]
    lists = {"cover": urls["cover"], "attachment": [urls["attachment"]]}
    if how == "pull":
        answer(site, {"data": said, **lists})
    take(site, notice("TEXT-1", **({"invoice": said, **lists} if how == "push" else {})))
    assert names(site, "TEXT-1") == ["attachment.xml", "cover.xml", "one.xml", "some.xml"]
    assert [file["kind"] for file in sorted(files_of(site, "TEXT-1"), key=lambda file: file["name"])] == [2, 0, 1, 1]
    assert not any("without a link" in note for note in events(site, "TEXT-1", "pull"))


@pytest.mark.parametrize("cover", ["KD-1", 7, True])
def test_a_cover_that_is_no_address_is_told(site, cover):
    announce(site, "TEXT-2")
    for remark in ("once", "twice"):
        take(site, notice("TEXT-2", invoice=[row(1, put(site, "1.xml", 1))], cover=cover, attachment=[], remark=remark))
    assert len([note for note in events(site, "TEXT-2", "pull") if "cover" in note]) == 1
    assert stored(site, "TEXT-2")["state"] == SUBMITTED


# what a document says nothing of

@pytest.fixture
def more(site):
    """A bill of which the cloud has a cover and an attachment, and the invoice of its push."""
    announce(site, "MORE-1")
    site.one = row(1, put(site, "1.xml", 1))
    site.rule = answer(site, {"data": [site.one, row(2, put(site, "2.xml", 2))], "cover": {"localUrl": put(site, "c.xml", 3), "coverNo": "C"},
                              "attachment": [{"localUrl": put(site, "a.xml", 4), "attachmentName": "A"}]})
    return site


@pytest.mark.parametrize("said,wanted", [({}, ["1.xml", "A.xml", "C.xml"]), ({"cover": []}, ["1.xml", "A.xml"]),
                                         ({"attachment": []}, ["1.xml", "C.xml"])], ids=["both", "attachment", "cover"])
def test_what_is_missing_is_asked_of_the_cloud(more, said, wanted):
    take(more, notice("MORE-1", invoice=[more.one], **said))
    assert names(more, "MORE-1") == wanted and [one[0] for one in invoices(more, "MORE-1")] == ["s1"]
    assert len(more.cloud.log(PULL)) == 1 and stored(more, "MORE-1")["state"] == SUBMITTED


@pytest.mark.parametrize("said", [{"cover": [], "attachment": []}, {"cover": None, "attachment": None}], ids=["empty", "null"])
def test_what_is_said_to_be_none_is_not_asked_for(more, said):
    take(more, notice("MORE-1", invoice=[more.one], **said))
    assert names(more, "MORE-1") == ["1.xml"] and more.cloud.log(PULL) == []


@pytest.mark.parametrize("rule", [{"action": "fail", "status": 503}, {"action": "garbage"}, {"action": "errcode", "code": "5001"}],
                         ids=lambda rule: rule["action"])
def test_what_the_push_brought_stands_when_the_cloud_cannot_be_asked(more, rule):
    more.httpd.expect_log("FPI002[0-4]", optional=True)
    take(more, notice("MORE-1", invoice=[more.one], cover=more.cloud.url + "/files/c.xml"))
    assert names(more, "MORE-1") == ["1.xml", "A.xml", "c.xml"]
    more.cloud.behave_normally(more.rule)
    more.cloud.behave(match=PULL, times=-1, **rule)
    for remark in ("once", "twice"):
        take(more, notice("MORE-1", invoice=[row(2, more.cloud.url + "/files/2.xml")], remark=remark))
    assert names(more, "MORE-1") == ["2.xml", "A.xml", "c.xml"], "what it does not speak of stays"
    assert stored(more, "MORE-1")["state"] == SUBMITTED and pushes(more)[0]["status"] == "done"
    assert [note for note in events(more, "MORE-1", "pull") if "could not be asked" in note]


def test_without_an_authorisation_it_stands(make_gateway):
    one = make_gateway(clients=(OTHER_CLIENT,))
    admit(one)
    take(one, notice("MORE-2", invoice=[row(1, put(one, "1.xml", 1))]))
    assert names(one, "MORE-2") == ["1.xml"] and one.cloud.log(PULL) == []
