"""The receipt assistant's pushes: the main job, from push to images, and what comes twice, late or in another order."""
import hashlib
import itertools

import pytest

from harness import processes
from harness.cloudctl import CLIENT
from test_100_start import ANNOUNCE, PUSH, bill, change, each, listed, metric, patience, rows, trail
from test_130_bills import RESCAN, SUBMITTED, UPLOADED, VOID, WAITING, put_state, refused, state_of, stored

PULL = "/m4/fpzs/bxdInvoices"
SEEN = ("read", "twin", "unreadable", "recognise")  # what is said later of the files' contents


def admit(gateway, client=CLIENT):
    """A row of the push table."""
    gateway.ctl.must("push-table", "add", "--name", client["name"], "--tax-no", client["tax_no"],
                     "--client-id", client["client_id"], "--url", gateway.url + PUSH)


@pytest.fixture
def desk(gateway):
    """A gateway that takes pushes of CLIENT."""
    admit(gateway)
    return gateway


def push(gateway, bills, shape="notice", **options):
    """Answers of the pushes, in sending order; each must have come."""
    options.setdefault("twice", False)
    answers = gateway.cloud.push_here(gateway.url + PUSH, bills, shape, timeout=patience(30), **options)
    assert [answer["error"] for answer in answers if answer["error"]] == []
    return answers


def post(gateway, body, token=None, **options):
    with gateway.httpd.http(token=token) as caller:
        if isinstance(body, (bytes, str)):
            return caller.request("POST", PUSH, body, **options)
        return caller.post(PUSH, body, **options)


def results(reply):
    value = reply.json() if hasattr(reply, "json") else reply["body"]
    assert value["errcode"] == "0000", value
    return [row["result"] for row in value["data"]]


def settled(gateway, seconds=20):
    """Waits until no background step is left but parked ones."""
    def idle():
        return rows(gateway, "SELECT 1 FROM job WHERE state <> 'parked'") == []

    assert processes.wait_until(idle, patience(seconds), 0.05), rows(gateway, "SELECT * FROM job")


def pushes(gateway, *options):
    return listed(gateway.ctl.must("push", "list", *options))


def events(gateway, number, kind):
    return [event["note"] for event in trail(gateway, number) if event["kind"] == kind]


def files_of(gateway, number):
    return rows(gateway, "SELECT file.* FROM file JOIN bill ON bill.id = file.bill WHERE bill.number = ?"
                " ORDER BY file.id", number)


def blob_of(gateway, sha256):
    """The stored bytes, wherever the blob store keeps them."""
    found = [path for path in (gateway.httpd.data / "blobs").rglob("*") if path.is_file() and sha256 in
             "".join(path.relative_to(gateway.httpd.data / "blobs").parts)]
    assert len(found) == 1, (sha256, found)
    return found[0].read_bytes()


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def bare(count, **changes):
    """Documents without invoices: nothing is left to be pulled."""
    return [{"scanBillNo": f"BARE-{n}", "clientId": CLIENT["client_id"], "invoice": [], **changes}
            for n in range(count)]


# the main job

def served(gateway, url):
    """The bytes that the cloud serves at an address."""
    from harness.client import Http
    with Http("localhost", gateway.cloud.port, ca=gateway.cloud.ca) as caller:
        return caller.get("/" + url.split("/", 3)[3]).body


def hashes_at_the_cloud(gateway, one):
    """sha256 of every file of a bill, by what it is."""
    urls = {"cover": [row["localUrl"] for row in one["cover"]],
            "invoice": [entry["url"] for inv in one["invoice"] for entry in inv["invoiceFiles"]],
            "attachment": [row["localUrl"] for row in one["attachment"]]}
    return {kind: sorted(sha256(served(gateway, url)) for url in some) for kind, some in urls.items()}


def assert_complete(gateway, one):
    """Invoices, files and state of a bill are as the cloud has them."""
    number = one["scanBillNo"]
    row, files = stored(gateway, number), files_of(gateway, number)
    at_cloud = hashes_at_the_cloud(gateway, one)
    assert sorted(sum(at_cloud.values(), [])) == sorted(file["sha256"] for file in files)
    kinds = [{file["kind"] for file in files if file["sha256"] in some} for some in at_cloud.values() if some]
    assert all(len(found) == 1 for found in kinds) and len(set().union(*kinds)) == len(kinds), "told apart"
    for file in files:
        data = blob_of(gateway, file["sha256"])
        assert (sha256(data), len(data)) == (file["sha256"], file["size"])
    assert (row["state"], row["page_count"]) == (UPLOADED, len(files))
    invoices = rows(gateway, "SELECT * FROM invoice WHERE bill = ? ORDER BY id", row["id"])
    assert [inv["serial_no"] for inv in invoices] == [inv["serialNo"] for inv in one["invoice"]]
    assert [inv["gross"] for inv in invoices] == [round(float(inv["totalAmount"]) * 100) for inv in one["invoice"]]


@pytest.mark.mpm
@pytest.mark.valgrind
@pytest.mark.parametrize("shape", ["notice", "document"])
def test_push_pull_images(desk, shape):
    (one,) = desk.cloud.generate(invoices=3, attachments=2)
    (answer,) = push(desk, [one], shape)
    assert answer["status"] == 200 and results(answer) == ["taken"]
    assert answer["body"]["data"] == [{"scanBillNo": one["scanBillNo"], "result": "taken"}]
    settled(desk)
    assert_complete(desk, one)
    asked = desk.cloud.log(PULL)
    assert len(asked) == (1 if shape == "notice" else 0)
    for row in asked:
        assert row["query"]["bxd_key"] == [one["billId"]] and row["query"]["billNumber"] == [one["billNo"]]
        assert row["query"]["client_id"] == [CLIENT["client_id"]] and row["client"] == CLIENT["client_id"]
    fetched = [row["path"] for row in desk.cloud.log("/files/") if dict(row["headers"]).get("user-agent")]
    files = files_of(desk, one["scanBillNo"])
    assert len(set(fetched)) >= len(files)
    kinds = [event["kind"] for event in trail(desk, one["scanBillNo"]) if event["kind"] not in SEEN]
    assert kinds[0] == "push" and kinds.count("file") == len(files) and set(kinds[-2:]) == {"pull", "state"}
    assert {event["trace"] for event in trail(desk, one["scanBillNo"])} == {answer["trace"]}
    (row,) = pushes(desk)
    assert (row["status"], row["number"]) == ("done", one["scanBillNo"])


def test_invoices_as_the_erp_asks_them(desk):
    (one,) = desk.cloud.generate(invoices=2)
    push(desk, [one])
    settled(desk)
    data = desk.login().post("/api/imgsys/bill/outside/invoices", {"scanBillNo": one["scanBillNo"]}).json()["data"]
    for mine, theirs in zip(data, one["invoice"], strict=True):
        for name in ("serialNo", "invoiceCode", "invoiceNo", "invoiceDate", "invoiceAmount", "totalTaxAmount",
                     "totalAmount", "salerName", "salerTaxNo", "buyerName", "buyerTaxNo"):
            assert (mine[name] or "") == theirs[name], name
        assert mine["invoiceType"] == int(theirs["invoiceType"])


def test_announced_bill_keeps_its_data(desk):
    (one,) = desk.cloud.generate()
    erp = desk.login()
    erp.post(ANNOUNCE, bill(one["scanBillNo"], fbillId=one["billId"], fapplyUserName="张三"))
    push(desk, [one])
    settled(desk)
    row = stored(desk, one["scanBillNo"])
    assert (row["apply_name"], row["resource"], row["is_announced"]) == ("张三", "EAS", 1)
    assert_complete(desk, one)


def test_pushed_before_it_is_announced(desk):
    (one,) = desk.cloud.generate()
    push(desk, [one])
    settled(desk)
    erp = desk.login()
    reply = erp.post(ANNOUNCE, bill(one["scanBillNo"], fbillId=one["billId"]))
    assert reply.json()["data"]["result"] == "updated"
    assert stored(desk, one["scanBillNo"])["resource"] == "EAS"
    assert state_of(erp, one["scanBillNo"]) == UPLOADED
    assert_complete(desk, one)


def test_its_type_has_the_tenants_name(desk):
    """One that the tenant knows; one that nobody knows yet is made, as it is by whoever else brings it."""
    erp = desk.login()
    erp.post(ANNOUNCE, bill("TYPE-1", fbillTypeCode="ER_Travel", fbillTypeDes="差旅费报销单"))
    erp.post(ANNOUNCE, bill("TYPE-5", fbillTypeCode="ER_Travel"))
    for number, code in (("TYPE-2", "ER_Travel"), ("TYPE-3", "ER_New"), ("TYPE-4", None)):
        push(desk, [{"scanBillNo": number, "billId": number, "clientId": CLIENT["client_id"], **({"billTypeCode": code} if code else {})}])
    kept = {number: (stored(desk, number)["type_code"], stored(desk, number)["type_name"]) for number in ("TYPE-2", "TYPE-3", "TYPE-4", "TYPE-5")}
    assert kept == {"TYPE-2": ("ER_Travel", "差旅费报销单"), "TYPE-3": ("ER_New", "ER_New"), "TYPE-4": (None, None), "TYPE-5": ("ER_Travel", "差旅费报销单")}
    assert rows(desk, "SELECT name FROM bill_type WHERE code = 'ER_New'") == [{"name": "ER_New"}]


def test_bill_that_the_cloud_has_nothing_for(desk):
    push(desk, [{"scanBillNo": "EMPTY-1", "billId": "none", "clientId": CLIENT["client_id"]}])
    settled(desk)
    assert stored(desk, "EMPTY-1")["state"] == WAITING
    assert events(desk, "EMPTY-1", "pull") == ["the cloud has no invoices for this bill"]


# repeats and order

def test_twice_in_any_order(desk):
    many = desk.cloud.generate(6, invoices=2, attachments=1)
    for order in ("forward", "reversed", "shuffled"):
        for answer in push(desk, many, twice=True, order=order, parallel=6):
            assert set(results(answer)) <= {"taken", "unchanged"}
    settled(desk)
    for one in many:
        assert_complete(desk, one)
        assert len(events(desk, one["scanBillNo"], "push")) == 1
        assert len(events(desk, one["scanBillNo"], "state")) == 1
    (total,) = rows(desk, "SELECT count(*) AS n, sum(repeats) AS repeats FROM push")
    assert total == {"n": 6, "repeats": 30}
    fetched = [row["path"] for row in desk.cloud.log("/files/") if "mod_fpimage" in dict(row["headers"]).get(
        "user-agent", "")]
    assert len(fetched) == len(set(fetched)), "no file is fetched twice"


@pytest.mark.mpm
@pytest.mark.parametrize("shape", ["notice", "document"])
def test_a_hundred_twins_at_once(desk, shape):
    (one,) = desk.cloud.generate()
    answers = push(desk, [one] * 100, shape, parallel=25)
    found = sorted(result for answer in answers for result in results(answer))
    assert found == ["taken"] + ["unchanged"] * 99
    settled(desk)
    assert_complete(desk, one)
    (row,) = rows(desk, "SELECT * FROM push")
    assert row["repeats"] == 99 and len(events(desk, one["scanBillNo"], "push")) == 1
    with desk.http() as caller:
        assert metric(caller, "fpimage_pushes_taken_total") == 1
        assert metric(caller, "fpimage_pushes_unchanged_total") == 99


def test_passing_fields_make_no_new_content(desk):
    base = bare(1)[0]
    assert results(post(desk, base)) == ["taken"]
    for change_ in ({"timestamp": "1"}, {"reqid": "x"}, {"sign": "y", "encType": 1}, {"traceId": "z"}, {"random": 5}):
        assert results(post(desk, {**base, **change_})) == ["unchanged"], change_
    assert results(post(desk, dict(reversed(base.items())))) == ["unchanged"]


def test_newer_content_overwrites(desk):
    (one,) = desk.cloud.generate(invoices=3, attachments=0)
    push(desk, [one], "document")
    settled(desk)
    newer = {**one, "invoice": one["invoice"][1:], "updateTime": "2025-06-02 10:00:00"}
    assert results(push(desk, [newer], "document")[0]) == ["taken"]
    settled(desk)
    left = rows(desk, "SELECT serial_no FROM invoice ORDER BY id")
    assert [row["serial_no"] for row in left] == [inv["serialNo"] for inv in newer["invoice"]]
    assert "1 taken away" in events(desk, one["scanBillNo"], "pull")[-1]


TIMES = [("2025-06-01 10:00:00", "2025-06-01 10:00:01"), ("20250601100000", "20250601100001"), (1, 2),
         ("1748743200000", "1748743200001"), (1748743200, 1748743201), ("2025-06-01T10:00:00.000", "2025-06-01T10:00:01.000"),
         ("2025-06-01T10:00:00.000+0800", "2025-06-01T10:00:01.000+0800"), ("2025-06-01 09:00:00", "2025-06-01T02:00:00Z"),
         # the same moments in different spellings: 1748743200 is 2025-06-01 10:00:00 in China
         ("1748743100000", "2025-06-01 10:00:00"), ("2025-06-01 09:59:00", "1748743200000"),
         ("20250601095900", 1748743200)]


def test_older_never_overwrites_newer(desk):
    def check(name, times):
        number = f"OLD-{next(numbers)}"
        first, second = ({"scanBillNo": number, "clientId": CLIENT["client_id"], "invoice": [], "billNo": text, name: stamp}
                         for text, stamp in zip(("OLD", "NEW"), times))
        assert results(post(desk, second)) == ["taken"]
        before = stored(desk, number)
        assert results(post(desk, first)) == ["older"]
        assert {**stored(desk, number), "updated": 0} == {**before, "updated": 0}
        assert results(post(desk, second)) == ["unchanged"]
        assert results(post(desk, {**second, "billNo": "NEWEST"})) == ["taken"], "same time, other content"
        (row,) = [row for row in pushes(desk) if row["status"] == "older" and row["number"] == number]
        assert row["reason"] and "older push" in " ".join(events(desk, number, "push"))

    numbers = itertools.count()
    each(itertools.product(("updateTime", "modifyTime", "version"), TIMES), check)


def test_newer_after_older_is_taken(desk):
    for old, new in TIMES:
        first, second = ({**bare(1)[0], "scanBillNo": f"N-{TIMES.index((old, new))}", "billNo": str(stamp),
                          "updateTime": stamp} for stamp in (old, new))
        assert [results(post(desk, one)) for one in (first, second)] == [["taken"], ["taken"]], (old, new)


def test_counter_and_time_are_not_compared(desk):
    base = bare(1)[0]
    assert results(post(desk, {**base, "updateTime": "2025-06-01 10:00:00"})) == ["taken"]
    assert results(post(desk, {**base, "version": 7, "billNo": "B"})) == ["taken"]


def test_notice_again_looks_again(desk):
    """Behind the same notice the receipt may have changed."""
    (one,) = desk.cloud.generate(invoices=1, attachments=0)
    push(desk, [one])
    settled(desk)
    (other,) = desk.cloud.generate(start=2, invoices=1, attachments=0)
    both = {**one, "invoice": one["invoice"] + other["invoice"]}
    desk.cloud.load_bills(both)
    assert results(push(desk, [one])[0]) == ["unchanged"]
    settled(desk)
    assert_complete(desk, both)


@pytest.mark.parametrize("state", [SUBMITTED, RESCAN])
def test_same_push_again_leaves_the_state(desk, state):
    """What was submitted stays submitted, and what was sent back is not helped by what was there before."""
    (one,) = desk.cloud.generate(invoices=1)
    push(desk, [one])
    settled(desk)
    put_state(desk, one["scanBillNo"], state, UPLOADED)
    push(desk, [one])
    settled(desk)
    assert stored(desk, one["scanBillNo"])["state"] == state


def test_new_files_answer_a_send_back(desk):
    first, second = desk.cloud.generate(2, invoices=1)
    push(desk, [first])
    settled(desk)
    put_state(desk, first["scanBillNo"], RESCAN, UPLOADED)
    push(desk, [{**first, "invoice": second["invoice"], "updateTime": "2025-07-01 00:00:00"}], "document")
    settled(desk)
    assert stored(desk, first["scanBillNo"])["state"] == UPLOADED


def test_void_bill_takes_no_push(desk):
    push(desk, bare(1), "document")
    settled(desk)
    put_state(desk, "BARE-0", VOID)
    refused(post(desk, {**bare(1)[0], "billNo": "X"}), "1409", 200, "BARE-0")


@pytest.mark.parametrize("what", ["voided", "locked"])
def test_a_bill_that_is_closed_while_it_is_pulled(desk, what):
    """It gets nothing any more. A void one is nobody's business; of a locked one the push says why."""
    (one,) = desk.cloud.generate(invoices=1)
    rule = desk.cloud.behave("slow", "/files/", ms=60000, times=-1)
    push(desk, [one])
    assert processes.wait_until(lambda: desk.cloud.log("/files/"), patience(20), 0.05)  # it is asked, and waits
    change(desk, "UPDATE bill SET " + {"voided": "state = 9", "locked": "is_locked = 1, voucher = 'V-1'"}[what])
    desk.cloud.behave_normally(rule)
    settled(desk)
    assert not rows(desk, "SELECT * FROM job") and files_of(desk, one["scanBillNo"]) == []
    told = events(desk, one["scanBillNo"], "pull")
    assert not any("given up" in note for note in told) and any("locked by voucher V-1" in note for note in told) == (what == "locked")
