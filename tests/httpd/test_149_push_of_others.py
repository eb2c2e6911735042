"""What of the push log an enterprise's token sees: what is its own by its tax number; what is nobody's is for people, and for
a token of the whole tenant."""
import pytest

from harness.cloudctl import CLIENT, OTHER_CLIENT
from harness.person import administrator
from test_100_start import PUSH, change, each, rows
from test_140_push import post
from test_340_files import V1

PUSHES = f"{V1}/pushes"
SECRET = {"scanBillNo": "SECRET-OF-B", "invoices": [{"invoiceNo": "24312000000000000001", "totalAmount": "123456.00"}]}
MINE, OTHERS = {"clientId": CLIENT["client_id"]}, {"clientId": OTHER_CLIENT["client_id"]}
NUMBERS = {CLIENT["tax_no"]: "mine", OTHER_CLIENT["tax_no"]: "other's", None: "nobody's"}

# what is refused, and whose it is then
PUSHED = [({**SECRET, **OTHERS}, "other's"), ({**SECRET, "data": None, "taxNo": OTHER_CLIENT["tax_no"]}, "other's"),
          ({"clientId": OTHER_CLIENT["client_id"], "data": SECRET}, "other's"),
          ({**SECRET, **OTHERS, "taxNo": CLIENT["tax_no"]}, "other's"), ({**SECRET, **MINE}, "mine"),
          ({**SECRET, **MINE, "taxNo": "91320000000000000X"}, "mine"), (SECRET, "nobody's"), ({**SECRET, "clientId": "NOBODY"}, "nobody's")]


@pytest.fixture
def site(make_gateway):
    return make_gateway(clients=(CLIENT, OTHER_CLIENT))


def seen(who, **query):
    """Ids of the list, which its total must be of; each by filters of its own too."""
    text = "&".join(f"{name}={value}" for name, value in query.items())
    answer = who.get(f"{PUSHES}?{text}").json()
    assert answer["pagination"]["total"] == len(answer["items"]), answer
    return {item["id"] for item in answer["items"]}


def test_a_refused_push_is_seen_by_whom_it_names(site):
    def check(body, whose):
        assert post(site, body).errcode == "1301"
        (row,) = rows(site, "SELECT id, tax_no FROM push ORDER BY id DESC LIMIT 1")
        assert NUMBERS[row["tax_no"]] == whose
        ids[whose].add(row["id"])

    ids = {"mine": set(), "other's": set(), "nobody's": set()}
    each(PUSHED, check)
    boss = administrator(site)
    with site.login() as own, site.login(OTHER_CLIENT) as other:
        for query in ({}, {"status": "REFUSED"}, {"number": "SECRET-OF-B"}):
            assert seen(own, **query) == ids["mine"] and seen(other, **query) == ids["other's"], query
            assert seen(boss, **query) == set.union(*ids.values())
        for push in ids["other's"] | ids["nobody's"]:
            for reply in (own.get(f"{PUSHES}/{push}"), own.post(f"{PUSHES}/{push}/replay", {})):
                assert reply.status == 404 and "SECRET" not in reply.text, reply
            assert "SECRET" in boss.get(f"{PUSHES}/{push}").text
        assert all("SECRET" in own.get(f"{PUSHES}/{push}").text for push in ids["mine"])


def test_parked_pushes_of_nobody_are_not_put_to_work_by_a_token(site):
    change(site, "INSERT INTO push (tenant, bill, status, at, last, repeats, body_len) VALUES (1, 0, 'parked', 1, 0, 0, 0)")
    with site.login() as own:
        assert own.post(f"{PUSHES}/replay", {}).json()["pushes"] == 0


def test_a_tenants_token_sees_what_is_nobodys(make_gateway):
    one = {**CLIENT, "client_id": "TN_TESTCLIENT"}
    site = make_gateway(clients=(one, OTHER_CLIENT))
    each([(body,) for body, _ in PUSHED[:1] + PUSHED[-2:]], lambda body: post(site, body))
    with site.login(one) as whole:
        assert seen(whole) == {1, 2, 3}


def test_what_a_token_sent_that_can_not_be_read_is_its_own(site):
    with site.login() as own:
        assert own.request("POST", PUSH, b"{", headers={"Content-Type": "application/json"}).errcode == "1400"
        assert seen(own) == {1}
    with site.login(OTHER_CLIENT) as other:
        assert seen(other) == set()


def test_one_that_names_its_client_only_is_taken_by_the_row_of_any_tax_number(site):
    """As if it came anew: the number that its client_id means is not held against it."""
    body = {**SECRET, **MINE}
    assert post(site, body).errcode == "1301"
    site.ctl.must("push-table", "add", "--name", "x", "--tax-no", "91320000000000000X", "--client-id", CLIENT["client_id"], "--url", site.url + PUSH)
    assert site.ctl.must("push", "replay", 1)["result"] == "taken"
