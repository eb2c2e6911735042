"""The receipt assistant's pushes: shapes, who may push, order and repeats, and the pull that follows."""
import concurrent.futures
import hashlib
import http.client
import itertools
import json
import time

import pytest

from harness import places, processes
from harness.client import credentials, encrypt_body
from harness.cloudctl import CLIENT, OTHER_CLIENT
from test_100_start import ANNOUNCE, PUSH, bill, change, each, listed, metric, opened, patience, rows, trail
from test_130_bills import RESCAN, SUBMITTED, UPLOADED, VOID, WAITING, put_state, refused, state_of, stored

from cloudlib import pushing

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


# shapes

def test_aliases(desk):
    def check(what, alias, one):
        assert results(push(desk, [one], names={what: alias})[0]) == ["taken"]
        settled(desk)
        row = stored(desk, one["scanBillNo"])
        assert (row["erp_id"], row["bill_no"], row["type_code"], row["tax_no"]) == (
            one["billId"], one["billNo"], one["billTypeCode"], CLIENT["tax_no"])
        assert_complete(desk, one)

    pairs = [(what, alias) for what, names in pushing.ALIASES.items() for alias in names]
    many = desk.cloud.generate(len(pairs), invoices=1, forms=["pdf"], cover=False, attachments=0)
    each([(*pair, one) for pair, one in zip(pairs, many)], check)


WRAPS = {
    "data": lambda value: {"data": value}, "data list": lambda value: {"data": [value]},
    "bills": lambda value: {"bills": [value]}, "bill": lambda value: {"bill": value},
    "list": lambda value: {"list": [value]}, "body": lambda value: {"body": value},
    "twice": lambda value: {"data": {"bills": [value]}}, "with noise": lambda value: {"code": 0, "data": value},
}


def taken_whole(gateway, one, *args, **options):
    """One push is taken, and the bill gets all that the cloud has."""
    assert results(post(gateway, *args, **options)) == ["taken"]
    settled(gateway)
    assert_complete(gateway, one)


def test_wrapped(desk):
    many = desk.cloud.generate(len(WRAPS), invoices=1, attachments=0)
    each(zip(WRAPS, many), lambda name, one: taken_whole(desk, one, WRAPS[name](pushing.document(one))))


def test_wrapper_may_say_whose_it_is(desk):
    outers = ({"client_id": CLIENT["client_id"]}, {"taxNo": CLIENT["tax_no"]})
    for outer, one in zip(outers, desk.cloud.generate(2, invoices=1, attachments=0)):
        taken_whole(desk, one, {**outer, "data": [{"scanBillNo": one["scanBillNo"], "billId": one["billId"]}]})


def kept_body(gateway, number):
    (row,) = rows(gateway, "SELECT body FROM push_body JOIN push USING (id) WHERE number = ?", number)
    return row["body"]


def test_what_came_is_kept(desk):
    """A push of one plain object byte for byte; what was a part of the body, or encrypted, as an object of its own."""
    def check(wrap, is_whole, **options):
        number = numbers.pop()
        one = '{ "scanBillNo":"%s",\t"clientId" : "%s", "invoice":[ ], "z":1.50, "a":"\\u53d1 票"}' % (
            number, CLIENT["client_id"])
        sent = wrap(one)
        assert results(post(desk, sent, **options)) == ["taken"]
        kept = kept_body(desk, number)
        if is_whole:
            assert kept == sent.lstrip().encode()
        else:
            assert kept.decode() == json.dumps(json.loads(one), ensure_ascii=False, separators=(",", ":"))
        assert results(post(desk, wrap(one.replace("\t", " ").replace(" ]", "]")), **options)) == ["unchanged"]

    numbers = [f"KEPT-{n}" for n in range(6)]
    each([(lambda text: text, True), (lambda text: " \r\n" + text + "\n", True),
          (lambda text: f"[{text}]", False), (lambda text: '{"data": %s}' % text, False)], check)
    check(lambda text: encrypt_body(text, CLIENT["encrypt_key"]).decode(), False,
          query={"client_id": CLIENT["client_id"]})


def test_list(desk):
    many = desk.cloud.generate(5, invoices=1, attachments=0)
    (answer,) = push(desk, many, grouped=True, twice=True)
    assert results(answer) == ["taken"] * 5 + ["unchanged"] * 5
    settled(desk)
    for one in many:
        assert_complete(desk, one)


def bare(count, **changes):
    """Documents without invoices: nothing is left to be pulled."""
    return [{"scanBillNo": f"BARE-{n}", "clientId": CLIENT["client_id"], "invoice": [], **changes}
            for n in range(count)]


def test_list_of_a_thousand(desk):
    assert results(post(desk, bare(1000))) == ["taken"] * 1000
    refused(post(desk, bare(1001)), "1400", 200, "1000", "1001")
    refused(post(desk, []), "1400")
    settled(desk, 60)
    assert rows(desk, "SELECT count(*) AS n FROM bill") == [{"n": 1000}]


def test_list_is_taken_whole_or_not_at_all(desk):
    for bad, code, status in (({"clientId": CLIENT["client_id"]}, "1401", 200), ("text", "1400", 200),
                              ({"scanBillNo": "A B"}, "1400", 200),
                              ({"scanBillNo": "F-1", "clientId": "NOBODY"}, "1301", 403)):
        refused(post(desk, [*bare(2), bad]), code, status)
    assert rows(desk, "SELECT * FROM bill") == [] == rows(desk, "SELECT * FROM job")


NAMED = [{"query": {"client_id": CLIENT["client_id"]}}, {"query": {"clientId": CLIENT["client_id"]}},
         {"headers": {"client_id": CLIENT["client_id"]}}, {"headers": {"clientId": CLIENT["client_id"]}},
         {"query": {"taxNo": CLIENT["tax_no"]}}, {"query": {"tax_no": CLIENT["tax_no"]}},
         {"headers": {"taxNo": CLIENT["tax_no"]}}]


def test_encrypted(desk):
    def check(options, shape):
        one = many.pop()
        text = json.dumps(pushing.document(one, shape), ensure_ascii=False)
        taken_whole(desk, one, encrypt_body(text, CLIENT["encrypt_key"]), **options)

    many = desk.cloud.generate(2 * len(NAMED), invoices=1, attachments=0)
    each(itertools.product(NAMED, ("notice", "document")), check)


def test_encrypted_by_the_stand_in(desk):
    many = desk.cloud.generate(3, invoices=1)
    answers = push(desk, many, "document", client=CLIENT, encrypted=CLIENT["encrypt_key"], twice=True)
    assert [results(answer) for answer in answers] == [["taken"]] * 3 + [["unchanged"]] * 3
    settled(desk)


NOT_ENCRYPTED_RIGHT = {
    "other key": encrypt_body('{"scanBillNo":"E-1"}', OTHER_CLIENT["encrypt_key"]),
    "not base64": b"{this is not base64}", "text": b"scanBillNo=E-1", "cut": encrypt_body("{}" * 40, CLIENT["encrypt_key"])[:-5],
    "empty cipher": b"AAAA", "not JSON inside": encrypt_body("hello there", CLIENT["encrypt_key"]),
    "zero": b"\0" * 64, "one block too few": encrypt_body('{"scanBillNo":"E-1"}', CLIENT["encrypt_key"])[:20],
}


def test_unreadable_body(desk):
    def check(_, body):
        reply = post(desk, body, query={"client_id": CLIENT["client_id"]})
        refused(reply, "1400")
        row = pushes(desk, "--failed")[0]
        assert (row["trace"], row["status"]) == (reply.trace, "refused") and row["reason"]

    each(NOT_ENCRYPTED_RIGHT.items(), check)
    assert rows(desk, "SELECT * FROM bill") == []


def test_encrypted_without_a_name(desk):
    body = encrypt_body(json.dumps(bare(1)), CLIENT["encrypt_key"])
    refused(post(desk, body), "1400", 200, "client_id")
    refused(post(desk, body, query={"client_id": "NOBODY"}), "1400", 200, "client_id")


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


# identity

NO_IDENTITY = [{}, {"scanBillNo": ""}, {"scanBillNo": "  ", "billId": ""}, {"data": {}}, {"data": {"x": 1}},
               {"taxNo": CLIENT["tax_no"]}, {"scanbillno": "A"}]


def test_without_identity_nothing_is_accepted(desk):
    def check(body):
        reply = post(desk, {**body, "clientId": CLIENT["client_id"]})
        refused(reply, "1401", 200, "影像编号")
        entry, row = listed(desk.ctl.must("journal", "list"))[0], pushes(desk, "--failed")[0]
        assert (entry["path"], entry["why"], entry["trace"]) == (PUSH, "push without identity", reply.trace)
        assert row["trace"] == reply.trace and row["reason"]

    each([(body,) for body in NO_IDENTITY], check)
    assert rows(desk, "SELECT * FROM bill") == []


def test_bill_key_finds_the_announced_bill(desk):
    desk.login().post(ANNOUNCE, bill("ERP-1", billNo="BX-9"))
    for key in ({"billId": "id-ERP-1"}, {"billNo": "BX-9"}, {"bxd_key": "id-ERP-1"}):
        assert results(post(desk, {**key, "clientId": CLIENT["client_id"], "invoice": []})) == ["taken"], key
    settled(desk)
    assert len(events(desk, "ERP-1", "push")) == 3
    assert rows(desk, "SELECT count(*) AS n FROM bill") == [{"n": 1}]


def test_unknown_bill_key(desk):
    refused(post(desk, {"billId": "nobody", "clientId": CLIENT["client_id"]}), "1401", 200, "nobody")
    assert rows(desk, "SELECT * FROM bill") == []


def test_key_of_two_bills_decides_nothing(desk):
    erp = desk.login()
    for number in ("TWO-1", "TWO-2"):
        erp.post(ANNOUNCE, bill(number, fbillId="both"))
    refused(post(desk, {"billId": "both", "clientId": CLIENT["client_id"]}), "1401")


# who may push: (what comes with it, status, errcode)

NOTICE = {"scanBillNo": "WHO-1", "invoice": []}
WHO = itertools.count(2)
MINE, OTHERS = ({"clientId": one["client_id"], "taxNo": one["tax_no"]} for one in (CLIENT, OTHER_CLIENT))


def who(gateway, body, **options):
    """Status and code of a push of a new bill, whose trace must be where an administrator looks."""
    number = f"WHO-{next(WHO)}"
    reply = post(gateway, {**NOTICE, "scanBillNo": number, **body}, **options)
    failed = [row for row in pushes(gateway, "--failed") if row["trace"] == reply.trace]
    assert (reply.errcode == "0000") == (rows(gateway, "SELECT 1 FROM bill WHERE number = ?", number) != [])
    assert (reply.errcode == "0000") == (failed == [])
    if failed:
        assert failed[0]["status"] == "refused" and failed[0]["reason"] and failed[0]["source"] == "127.0.0.1"
        assert gateway.httpd.log.lines(f"FPI0030.*{reply.trace}")
    return reply.status, reply.errcode


TABLE = [(MINE, 200, "0000"), ({"clientId": CLIENT["client_id"]}, 200, "0000"), ({"tin": CLIENT["tax_no"]}, 200, "0000"),
         ({}, 403, "1301"), (OTHERS, 403, "1301"), ({**MINE, "taxNo": OTHER_CLIENT["tax_no"]}, 403, "1301"),
         ({**MINE, "clientId": OTHER_CLIENT["client_id"]}, 403, "1301"), ({"clientId": "NOBODY"}, 403, "1301")]


def test_push_table(make_gateway):
    def check(body, status, code):
        assert who(one, body) == (status, code)

    one = make_gateway(clients=(CLIENT, OTHER_CLIENT))
    admit(one)
    each(TABLE, check)


def test_empty_push_table_admits_nobody(gateway):
    assert who(gateway, MINE) == (403, "1301")
    assert "push-table add" in pushes(gateway, "--failed")[0]["reason"]


WITH_TOKEN = [({}, "0000"), (MINE, "0000"), ({"taxNo": CLIENT["tax_no"]}, "0000"), (OTHERS, "1301"),
              ({"taxNo": OTHER_CLIENT["tax_no"]}, "1301"), ({"clientId": OTHER_CLIENT["client_id"]}, "1301")]


def test_token_instead_of_the_table(make_gateway):
    def check(body, code):
        assert who(one, body, token=token) == (200 if code == "0000" else 403, code)

    one = make_gateway(clients=(CLIENT, OTHER_CLIENT))
    token = one.login().token
    each(WITH_TOKEN, check)


def test_bad_token_is_not_forgiven_for_the_table(desk):
    assert who(desk, MINE, token="wrong") == (401, "1300")


def test_sign_instead_of_the_table(gateway):
    for enc_type in (0, 1, 2):
        proof = credentials(CLIENT, enc_type)
        assert who(gateway, {**proof, "sign": "0" * len(proof["sign"])}) == (403, "1301")
        assert who(gateway, proof) == (200, "0000")


def test_sign_beside_the_bills(gateway):
    proof = credentials(CLIENT)
    assert results(post(gateway, [NOTICE], query=proof)) == ["taken"]
    assert results(post(gateway, {**proof, "data": [{**NOTICE, "scanBillNo": "WHO-0"}]})) == ["taken"]


def test_sign_does_not_reach_further_than_its_enterprise(make_gateway):
    one = make_gateway(clients=(CLIENT, OTHER_CLIENT))
    assert who(one, {**credentials(CLIENT), "taxNo": OTHER_CLIENT["tax_no"]}) == (403, "1301")


def test_list_under_one_sign_with_a_window(make_gateway):
    one = make_gateway(directives="FPImageTokenSkew 300")
    many = [{**NOTICE, "scanBillNo": f"WIN-{n}"} for n in range(3)]
    assert results(post(one, many, query=credentials(CLIENT))) == ["taken"] * 3
    refused(post(one, [{**NOTICE, "scanBillNo": "WIN-9"}], query=credentials(CLIENT, 0, int(time.time() * 1000) - 10 ** 7)),
            "1301", 403)


def from_address(gateway, source, body):
    conn = http.client.HTTPConnection("127.0.0.1", gateway.httpd.port, timeout=patience(30),
                                      source_address=(source, 0))
    try:
        conn.request("POST", PUSH, json.dumps(body), {"Content-Type": "application/json"})
        return json.loads(conn.getresponse().read())["errcode"]
    finally:
        conn.close()


def test_push_allow(make_gateway):
    one = make_gateway(directives="FPImagePushAllow 127.0.0.2 127.0.1.0/24")
    admit(one)
    body = {**NOTICE, **MINE}
    assert [from_address(one, source, body) for source in ("127.0.0.1", "127.0.0.3", "127.0.2.1")] == ["1301"] * 3
    assert [row["source"] for row in pushes(one, "--failed")] == ["127.0.2.1", "127.0.0.3", "127.0.0.1"]
    assert all("FPImagePushAllow" in row["reason"] for row in pushes(one, "--failed"))
    assert [from_address(one, source, body) for source in ("127.0.0.2", "127.0.1.77")] == ["0000"] * 2
    assert from_address(one, "127.0.0.2", {**NOTICE, **OTHERS}) == "1301", "both the address and the table must agree"


def test_bill_of_another_enterprise_is_not_pushed_over(make_gateway):
    one = make_gateway(clients=(CLIENT, OTHER_CLIENT))
    admit(one)
    admit(one, OTHER_CLIENT)
    assert results(post(one, {**NOTICE, **MINE})) == ["taken"]
    refused(post(one, {**NOTICE, **OTHERS, "billNo": "X"}), "1301", 403, "WHO-1")
    assert stored(one, "WHO-1")["tax_no"] == CLIENT["tax_no"]


def test_refused_pushes_are_bounded(desk):
    """What strangers send does not fill the store."""
    with desk.httpd.http() as caller:
        for _ in range(30):
            caller.post(PUSH, {"scanBillNo": "X" * 90, "clientId": "NOBODY"})
    with opened(desk) as base:
        (one,) = base.execute("SELECT id FROM push LIMIT 1").fetchall()
        base.executemany("INSERT INTO push (tenant, bill, status, at, last, repeats, body_len)"
                         " VALUES (1, 0, 'refused', 1, 0, 0, 0)", [() for _ in range(1200)])
    post(desk, {"scanBillNo": "X", "clientId": "NOBODY"})
    assert rows(desk, "SELECT count(*) AS n FROM push")[0]["n"] <= 1001


# the pull and its failures

def attempts(gateway, number):
    (row,) = rows(gateway, "SELECT job.* FROM job JOIN bill ON job.key = bill.id WHERE bill.number = ?", number)
    return row


@pytest.mark.mpm
@pytest.mark.parametrize("action", [{"action": "fail", "status": 503}, {"action": "cut"}, {"action": "garbage"},
                                    {"action": "fail", "status": 500}], ids=lambda rule: "-".join(map(str, rule.values())))
def test_cloud_down_and_back(desk, action):
    (one,) = desk.cloud.generate(invoices=1)
    desk.httpd.expect_log("FPI002[0-4]", optional=True)
    desk.cloud.behave(match=PULL, times=2, **action)
    begin = time.monotonic()
    push(desk, [one])
    assert processes.wait_until(lambda: attempts(desk, one["scanBillNo"])["last_error"], patience(5), 0.05)
    shown = desk.ctl.must("bill", "show", one["scanBillNo"])
    assert attempts(desk, one["scanBillNo"])["last_error"].split(":")[0] in json.dumps(shown, ensure_ascii=False)
    settled(desk, 30)
    assert 1.5 < time.monotonic() - begin < patience(5.5), "backs off: 1 s, then 2 s, each with jitter"
    assert len(desk.cloud.log(PULL)) == 3
    assert_complete(desk, one)
    assert desk.httpd.log.lines("FPI0031")


def test_file_server_down_and_back(desk):
    """A file that may come later holds up no other."""
    (one,) = desk.cloud.generate(invoices=2, attachments=1)
    late = one["invoice"][0]["invoiceFiles"][0]["url"].split("/files/")[1]
    desk.cloud.behave("fail", f"/files/{late}", status=503, times=1)
    push(desk, [one])
    assert processes.wait_until(lambda: attempts(desk, one["scanBillNo"])["last_error"], patience(5), 0.05)
    total = sum(map(len, hashes_at_the_cloud(desk, one).values()))
    assert len(files_of(desk, one["scanBillNo"])) == total - 1
    settled(desk)
    assert_complete(desk, one)


def test_parked_and_replayed(desk):
    (one,) = desk.cloud.generate(invoices=1)
    number = one["scanBillNo"]
    desk.httpd.expect_log("FPI0032", count=1)
    rule = desk.cloud.behave("errcode", PULL, code="5001", description="虚构的拒绝", times=-1)
    push(desk, [one])
    desk.httpd.log.wait_for("FPI0032")
    assert processes.wait_until(lambda: pushes(desk, "--failed"), patience(5), 0.05)
    (row,) = pushes(desk, "--failed")
    assert row["status"] == "parked" and "虚构的拒绝" in row["reason"]
    assert "given up" in events(desk, number, "pull")[-1] and "虚构的拒绝" in events(desk, number, "pull")[-1]
    assert stored(desk, number)["state"] == WAITING
    desk.cloud.behave_normally(rule)
    desk.ctl.must("push", "replay", row["id"])
    settled(desk)
    assert_complete(desk, one)
    assert [row["status"] for row in pushes(desk)] == ["done"] and pushes(desk, "--failed") == []
    assert "by hand" in " ".join(events(desk, number, "push"))


def test_replay_of_what_is_not_there(desk):
    assert desk.ctl("push", "replay", 4711)[0] == 1
    post(desk, {**NOTICE, "clientId": "NOBODY"})
    (row,) = pushes(desk, "--failed")
    code, answer = desk.ctl("push", "replay", row["id"])
    assert code == 1 and "push table" in answer["error"]["message"]


def test_without_authorisation_it_is_parked_until_there_is_one(make_gateway):
    one = make_gateway(clients=(OTHER_CLIENT,))
    admit(one)
    one.httpd.expect_log("FPI0032", count=1)
    (made,) = one.cloud.generate(invoices=1, client_id=CLIENT["client_id"], tax_no=CLIENT["tax_no"])
    push(one, [made])
    one.httpd.log.wait_for("FPI0032")
    assert processes.wait_until(lambda: pushes(one, "--failed"), patience(5), 0.05)
    assert CLIENT["tax_no"] in pushes(one, "--failed")[0]["reason"]
    one.add_enterprise(CLIENT)
    one.ctl.must("push", "replay", pushes(one, "--failed")[0]["id"])
    settled(one)
    assert_complete(one, made)


def test_event_command_is_told(make_gateway, tmp):
    program, told = tmp / "tell", tmp / "told"
    program.write_text(f'#!/bin/sh\nprintf "%s|" "$@" >> {told}\n')
    program.chmod(0o755)
    told.touch()
    places.give(told, 0o644)
    one = make_gateway(directives=f"FPImageEventCommand {program}")
    admit(one)
    one.httpd.expect_log("FPI0032", count=1)
    one.cloud.behave("errcode", PULL, code="5001")
    (made,) = one.cloud.generate(invoices=1)
    push(one, [made])
    assert processes.wait_until(lambda: "push-failed|" in told.read_text(), patience(10))
    assert "5001" in told.read_text()


@pytest.mark.mpm
def test_push_goes_on_after_a_restart(desk):
    many = desk.cloud.generate(6, invoices=1, attachments=0)
    desk.cloud.behave("slow", PULL, ms=300, times=-1)
    push(desk, many, parallel=6)
    desk.httpd.expect_log("AH00045", optional=True)  # the old child may still be at work
    desk.httpd.graceful()
    desk.httpd.stop()
    desk.httpd.start()
    settled(desk, 30)
    for one in many:
        assert_complete(desk, one)


def test_stop_does_not_wait_for_a_hanging_cloud(desk):
    """And what was under way is taken up again at once, not when its lease runs out."""
    (one,) = desk.cloud.generate(invoices=1)
    rule = desk.cloud.behave("hang", PULL, times=-1)
    push(desk, [one])
    assert processes.wait_until(lambda: desk.cloud.log(PULL), patience(5))
    begin = time.monotonic()
    desk.httpd.stop()
    assert time.monotonic() - begin < patience(10)
    desk.cloud.behave_normally(rule)
    desk.httpd.start()
    settled(desk, 15)
    assert_complete(desk, one)


@pytest.mark.slow
def test_many_bills(desk):
    many = desk.cloud.generate(200, invoices=1, forms=["pdf"], cover=False, attachments=0)
    for answer in push(desk, many, twice=True, order="shuffled", parallel=16):
        assert answer["errcode"] == "0000"
    settled(desk, 60)
    states = rows(desk, "SELECT state, page_count, count(*) AS n FROM bill GROUP BY 1, 2")
    assert states == [{"state": UPLOADED, "page_count": 1, "n": 200}]


# addresses of files

def document_with(gateway, *urls, number="URL-1"):
    """A document of one good file and the given ones, as attachments."""
    good = {"attachmentName": "good.pdf", "localUrl": f"{gateway.cloud.url}/files/sample.pdf"}
    return {"scanBillNo": number, "clientId": CLIENT["client_id"], "invoice": [],
            "attachment": [good, *({"attachmentName": f"f{n}", "localUrl": url} for n, url in enumerate(urls))]}


URLS = itertools.count(2)


def pull_note(gateway, *urls):
    """What the timeline of a new bill says of addresses that are all refused."""
    number = f"URL-{next(URLS)}"
    assert results(post(gateway, document_with(gateway, *urls, number=number))) == ["taken"]
    settled(gateway)
    assert [file["name"] for file in files_of(gateway, number)] == ["good.pdf"]
    assert stored(gateway, number)["state"] == UPLOADED, "the others are not held up"
    (note,) = events(gateway, number, "pull")
    assert f"{len(urls)} refused" in note
    row = pushes(gateway, "--limit", 1)[0]
    assert (row["number"], row["status"]) == (number, "done") and row["reason"] in note
    return note


BAD_ADDRESSES = [("https://files.example/x.pdf", "FPImageFetchAllow"), ("http://{host}/files/sample.pdf", "must be https"),
                 ("https://127.0.0.1:{port}/files/sample.pdf", "FPImageFetchAllow"),
                 ("https://[::1]:{port}/files/sample.pdf", "FPImageFetchAllow"),
                 ("https://localhost:1/files/sample.pdf", "FPImageFetchAllow"),
                 ("https://localhost/files/sample.pdf", "FPImageFetchAllow"),
                 ("https://2130706433:{port}/x", "FPImageFetchAllow"), ("https://0x7f.1:{port}/x", "FPImageFetchAllow"),
                 ("https://localhost.:{port}/x", "FPImageFetchAllow"), ("https://{host}.evil.example/x", "URL|Allow"),
                 ("https://user@{host}/files/sample.pdf", "user information"), ("https://{host}@evil.example/x", "user"),
                 ("https://evil.example\\@{host}/x", "backslash"), ("https://{host}/a b", "blank"),
                 ("file:///etc/passwd", "http"), ("ftp://{host}/x", "http"), ("//{host}/x", "http"), ("x.pdf", "http"),
                 ("https://169.254.169.254/latest/meta-data", "FPImageFetchAllow"),
                 ("https://{host}/files/none.pdf", "404"), ("https://{host}/files/page", "HTML"),
                 ("https://{host}/files/empty", "type"), ("https://{host}/files/size-400000.pdf", "limit of 262144"),
                 ("gopher://{host}/", "http"), ("https:///files/sample.pdf", "host name"),
                 ("https://{host}/files/large-unknown.pdf", "limit of 262144")]


@pytest.fixture
def limited(make_gateway):
    """Files up to 256 KiB."""
    one = make_gateway(directives="FPImageMaxFile 256K")
    admit(one)
    one.cloud.add_file("page", text="<!DOCTYPE html><html><body>login</body></html>", content_type="application/pdf")
    one.cloud.add_file("empty", base64="", content_type="application/pdf")
    one.cloud.behave("fail", "/files/large-unknown.pdf", status=200, times=-1, type="application/pdf",
                     body="%PDF-1.7\n" + "x" * 400000)
    return one


def test_bad_addresses_are_told(limited):
    def check(address, word):
        note = pull_note(limited, address.format(host=limited.cloud.authority, port=limited.cloud.port))
        assert any(one in note for one in word.split("|")), note

    each(BAD_ADDRESSES, check)
    assert len(limited.httpd.log.lines("FPI0034")) == len(BAD_ADDRESSES)
    with limited.http() as caller:
        assert metric(caller, "fpimage_files_fetched_total") == len(BAD_ADDRESSES)


BAD_REDIRECTS = [
    ("https://127.0.0.1:{port}/files/sample.xml", "FPImageFetchAllow"), ("http://{host}/files/sample.xml", "https"),
    ("https://files.example/", "FPImageFetchAllow"), ("https://169.254.169.254/", "FPImageFetchAllow"),
    ("file:///etc/passwd", "http"), ("//evil.example/x", "http|Allow"), ("\\\\evil.example/x", "backslash|http|Allow")]


def test_redirects_are_checked_again(limited):
    def check(to, word):
        to = to.format(host=limited.cloud.authority, port=limited.cloud.port)
        rule = limited.cloud.behave("fail", "/files/moved.pdf", status=302, times=-1, body="", headers={"Location": to})
        note = pull_note(limited, f"{limited.cloud.url}/files/moved.pdf")
        limited.cloud.behave_normally(rule)
        assert any(one in note for one in word.split("|")), note

    each(BAD_REDIRECTS, check)


def test_redirect_loops_end(limited):
    limited.cloud.behave("fail", "/files/round.pdf", status=302, times=-1, body="",
                         headers={"Location": f"{limited.cloud.url}/files/round.pdf"})
    assert "redirect" in pull_note(limited, f"{limited.cloud.url}/files/round.pdf")
    assert len(limited.cloud.log("/files/round.pdf")) == 4


def test_redirects_within_the_list_are_followed(desk):
    for number, to in enumerate([f"{desk.cloud.url}/files/hop1.pdf", "/files/hop2.pdf", f"{desk.cloud.url}/files/sample.xml"]):
        desk.cloud.behave("fail", f"/files/hop{number}.pdf", status=302, times=-1, body="", headers={"Location": to})
    assert results(post(desk, document_with(desk, f"{desk.cloud.url}/files/hop0.pdf"))) == ["taken"]
    settled(desk)
    found = {file["sha256"]: file["media"] for file in files_of(desk, "URL-1")}
    assert found[sha256(served(desk, f"{desk.cloud.url}/files/sample.xml"))] == "application/xml"


def test_plain_http_only_when_listed_so(make_gateway, make_cloud):
    plain = make_cloud(tls=False, base="")
    one = make_gateway(directives=f"FPImageFetchAllow http://{plain.authority}")
    admit(one)
    assert results(post(one, document_with(one, f"{plain.url}/files/sample.xml"))) == ["taken"]
    settled(one)
    assert len(files_of(one, "URL-1")) == 2


def test_names_from_the_cloud_are_harmless(desk):
    names = ["../../etc/passwd", "..\\..\\x.pdf", "a\u202egnp.exe", "x" * 400, "con:aux|?.pdf", "名字.pdf", "\u0007bell"]
    body = {"scanBillNo": "NAME-1", "clientId": CLIENT["client_id"], "invoice": [],
            "attachment": [{"attachmentName": name[:200], "localUrl": f"{desk.cloud.url}/files/size-{1000 + n}.pdf"}
                           for n, name in enumerate(names)]}
    assert results(post(desk, body)) == ["taken"]
    settled(desk)
    found = [file["name"] for file in files_of(desk, "NAME-1")]
    assert len(found) == len(names) and "名字.pdf" in found
    for name in found:
        assert 0 < len(name.encode()) <= 255 and not set(name) & set('/\\:*?"<>|\u202e\u0007') and name not in (".", "..")


def test_same_bytes_are_stored_once(desk):
    """One file under three addresses on two bills."""
    for number in ("SAME-1", "SAME-2"):
        body = {"scanBillNo": number, "clientId": CLIENT["client_id"], "invoice": [],
                "attachment": [{"attachmentName": f"a{n}.pdf", "localUrl": f"{desk.cloud.url}/files/sample.pdf?n={n}"}
                               for n in range(3)]}
        post(desk, body)
    settled(desk)
    blobs = [path for path in (desk.httpd.data / "blobs").rglob("*") if path.is_file() and path.stat().st_size]
    assert len(blobs) == 1
    assert [len(files_of(desk, number)) for number in ("SAME-1", "SAME-2")] == [1, 1]
    assert stored(desk, "SAME-1")["page_count"] == 1
