"""Shapes of pushes: names, wrappers, lists, encrypted bodies; and by what their bill is known."""
import base64
import itertools
import json

from harness.client import encrypt_body
from harness.cloudctl import CLIENT, OTHER_CLIENT
from test_100_start import ANNOUNCE, PUSH, bill, each, listed, rows
from test_130_bills import refused, stored
from test_140_push import assert_complete, bare, desk, events, post, push, pushes, results, settled  # noqa: F401 (desk is a fixture)

from cloudlib import pushing


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
         {"query": {"tin": CLIENT["tax_no"]}}, {"query": {"ghf_tin": CLIENT["tax_no"]}},
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


def test_data_as_base64(desk):
    """As the flagship family sends it: plain or encrypted; whose it is stands beside it."""
    encodings = (lambda text: encrypt_body(text, CLIENT["encrypt_key"]), lambda text: base64.b64encode(text.encode()))
    for encode, one in zip(encodings, desk.cloud.generate(2, invoices=1, attachments=0)):
        text = json.dumps(pushing.document(one, "notice"), ensure_ascii=False)
        taken_whole(desk, one, {"client_id": CLIENT["client_id"], "data": encode(text).decode()})
        assert json.loads(kept_body(desk, one["scanBillNo"])) == json.loads(text)


def test_texts_that_are_neither_are_named(desk):
    text, name = json.dumps({"scanBillNo": "T-1"}), {"client_id": CLIENT["client_id"]}
    refused(post(desk, {**name, "data": text}), "1400", 200, "data")
    refused(post(desk, {**name, "data": encrypt_body(text, OTHER_CLIENT["encrypt_key"]).decode()}), "1400")
    refused(post(desk, b'"' + encrypt_body(text, CLIENT["encrypt_key"]) + b'"', query=name), "1400", 200, "引号")
    assert rows(desk, "SELECT * FROM bill") == []


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
