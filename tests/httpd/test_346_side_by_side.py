"""Several bills in one view."""
import pytest

from harness.cloudctl import CLIENT, OTHER_CLIENT
from test_100_start import each
from test_140_push import settled
from test_340_files import Bill, refused

FILES = "/api/v1/files"


@pytest.fixture
def erp(gateway):
    return gateway.login()


@pytest.fixture
def three(gateway, erp):
    made = [Bill(gateway, erp, f"V-{at}") for at in range(3)]
    made[0].add("a", "b")
    made[1].add("c")
    settled(gateway)  # what is found in the pages becomes part of a file
    return made


def seen(reply):
    assert reply.status == 200, reply
    value = reply.json()
    return [(item["bill"]["number"], [file["name"] for file in item["files"]]) for item in value["items"]], value["missing"]


@pytest.mark.valgrind
def test_in_the_order_asked_for(erp, three):
    whole = [("V-1", ["c.pdf"]), ("V-0", ["a.pdf", "b.pdf"]), ("V-2", [])]
    assert seen(erp.get(FILES, query={"numbers": "v-1, V-0,V-2,V-1", "resource": "EAS"})) == (whole, [])
    assert seen(erp.get(FILES, query={"bill_ids": f"{three[1].id},{three[0].id},{three[2].id}"})) == (whole, [])
    assert seen(erp.get(FILES, query={"numbers": "V-1,NONE", "resource": "EAS"})) == (whole[:1], ["NONE"])
    assert seen(erp.get(FILES, query={"bill_ids": f"99999,{three[1].id}"})) == (whole[:1], ["99999"])
    one = erp.get(FILES, query={"numbers": "V-0"}).json()["items"][0]
    said = three[0].get()
    assert one["files"] == said["files"] and one["bill"]["version"] == said["version"]


def test_bad_questions(erp, three):
    def check(query, word):
        refused(erp.get(FILES, query=query), 400, word)

    each([({}, "bill_ids"), ({"bill_ids": "1", "numbers": "V-1"}, "bill_ids"), ({"bill_ids": "x"}, "x"), ({"bill_ids": "1,,2"}, "bill_ids"),
          ({"bill_ids": "0"}, "0"), ({"bill_ids": "1.5"}, "1.5"), ({"numbers": ""}, "numbers"), ({"numbers": ","}, "numbers"),
          ({"numbers": "a b"}, "numbers"), ({"numbers": "x" * 300}, "numbers"), ({"numbers": "V-1", "resource": "x" * 51}, "resource"),
          ({"numbers": ",".join(f"N-{n}" for n in range(51))}, "50")], check)
    assert seen(erp.get(FILES, query={"numbers": ",".join(f"N-{n}" for n in range(50))}))[0] == []


def test_whose_they_are(make_gateway):
    one = make_gateway(clients=[CLIENT, OTHER_CLIENT])
    mine, theirs = one.login(CLIENT), one.login(OTHER_CLIENT)
    made = Bill(one, mine, "V-9", taxNo=CLIENT["tax_no"])
    made.add("a")
    assert seen(mine.get(FILES, query={"numbers": "V-9"})) == ([("V-9", ["a.pdf"])], [])
    for query in ({"numbers": "V-9"}, {"bill_ids": made.id}):
        assert seen(theirs.get(FILES, query=query)) == ([], [str(next(iter(query.values())))])
    assert one.http().get(FILES, query={"numbers": "V-9"}).status == 401
