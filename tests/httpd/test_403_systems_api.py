"""Business systems in the console: who may, what is kept, what never comes out, what a verification says."""
import pytest

from harness.easctl import ACCOUNT
from harness.person import administrator, error, make_user
from test_100_start import rows

SYSTEMS = "/api/v1/business-systems"


@pytest.fixture
def site(gateway):
    gateway.boss = administrator(gateway)
    return gateway


def form(eas, **changes):
    return {"name": "集团EAS", "prefix": eas.prefix, "dc": ACCOUNT["dc"], "user": ACCOUNT["user"],
            "password": ACCOUNT["password"], **changes}


def made(reply, status=201):
    assert reply.status == status, reply
    assert ACCOUNT["password"] not in str(reply.json())
    return reply.json()


def patch(site, path, body):
    return site.boss.request("PATCH", path, json_body=body)


def refused(reply, status, field=None, word=""):
    assert reply.status == status and word in error(reply)["message"], reply
    assert field is None or error(reply).get("field") == field, reply


def test_life_of_one(site, eas):
    one = made(site.boss.post(SYSTEMS, form(eas)))
    path = f"{SYSTEMS}/{one['id']}"
    assert (one["kind"], one["solution"], one["db_type"], one["is_checked"]) == ("eas", "eas", 1, False)
    assert one["names"]["operation"] == "updateImageStateNew" and "password" not in one
    listed = made(site.boss.get(SYSTEMS), 200)
    assert [row["name"] for row in listed["items"]] == ["集团EAS"] and listed["pagination"]["total"] == 1
    patched = made(patch(site, path, {"db_type": 2, "names": {"code_ready": "12"}}), 200)
    assert (patched["db_type"], patched["names"]["code_ready"], patched["dc"]) == (2, "12", ACCOUNT["dc"])
    whole = form(eas, name="总部EAS")
    del whole["password"]
    put = made(site.boss.put(path, whole), 200)
    assert (put["name"], put["db_type"], put["names"]["code_ready"]) == ("总部EAS", 1, "2")
    verdict = made(site.boss.post(path + "/verify", {}), 200)
    assert verdict["is_right"] and verdict["findings"] == [] and verdict["system"]["is_checked"], "the password stayed"
    assert site.boss.delete(path).status == 204
    refused(site.boss.get(path), 404)
    actions = [row["action"] for row in rows(site, "SELECT action FROM audit WHERE action LIKE 'system.%' ORDER BY id")]
    assert actions == ["system.added", "system.changed", "system.changed", "system.verified", "system.removed"]


def test_what_a_verification_says(site, eas):
    one = made(site.boss.post(SYSTEMS, form(eas, dc="DC9")))
    path = f"{SYSTEMS}/{one['id']}"
    eas.settings(talkative=True)
    verdict = made(site.boss.post(path + "/verify", {}), 200)
    assert not verdict["is_right"] and [row["about"] for row in verdict["findings"]] == ["dc"]
    assert "DC9" in verdict["findings"][0]["message"] and not verdict["system"]["is_checked"]
    made(patch(site, path, {"dc": ACCOUNT["dc"]}), 200)
    assert made(site.boss.post(path + "/verify", {}), 200)["is_right"]


def test_a_prefix_is_put_right(site, eas):
    one = made(site.boss.post(SYSTEMS, form(eas, prefix="http:/eas:6888//ormrpc/services/EASLogin?wsdl")))
    assert one["prefix"] == "http://eas:6888/ormrpc/services/" and one["prefix"] in one["corrected"]


def test_two_at_once(site, eas):
    one = made(site.boss.post(SYSTEMS, form(eas)))
    path = f"{SYSTEMS}/{one['id']}"
    made(patch(site, path, {"db_type": 2, "version": one["version"]}), 200)
    refused(patch(site, path, {"db_type": 3, "version": one["version"]}), 409)
    assert made(site.boss.get(path), 200)["db_type"] == 2
    refused(site.boss.post(SYSTEMS, form(eas)), 409, "name")
    refused(site.boss.post(SYSTEMS, form(eas, name="二号")), 409, "resource", "集团EAS")
    assert made(site.boss.post(SYSTEMS, form(eas, name="二号", resource="EAS2")))["resource"] == "EAS2"


@pytest.mark.parametrize("changes, field", [
    ({"name": ""}, "name"), ({"dc": "a b"}, "dc"), ({"password": None}, "password"), ({"prefix": ""}, "prefix"),
    ({"prefix": "http://IP:port/"}, "prefix"), ({"kind": "sap"}, "kind"), ({"db_type": 99}, "db_type"),
    ({"language": "fr"}, "language"), ({"names": {"nothing": "x"}}, "names"), ({"names": []}, "names"),
    ({"names": {"xml_number": "a b"}}, "xml_number"), ({"kind": "webhook", "password": "short"}, "password"),
    ({"kind": "webhook", "password": "a-key-that-is-long", "prefix": "ftp://x/"}, "prefix")])
def test_bad_forms(site, eas, changes, field):
    refused(site.boss.post(SYSTEMS, form(eas, **changes)), 400, field)
    assert not made(site.boss.get(SYSTEMS), 200)["items"]


def test_who_may(site, eas):
    """Administrators of the system only: neither an enterprise's token nor another role."""
    one = made(site.boss.post(SYSTEMS, form(eas)))
    scanner = make_user(site, site.boss, "扫描一号", roles=["扫描员"])
    for caller in (site.login(), scanner):
        for method, path in (("GET", SYSTEMS), ("POST", SYSTEMS), ("GET", f"{SYSTEMS}/{one['id']}"),
                             ("PATCH", f"{SYSTEMS}/{one['id']}"), ("DELETE", f"{SYSTEMS}/{one['id']}"),
                             ("POST", f"{SYSTEMS}/{one['id']}/verify")):
            reply = caller.request(method, path, b"{}", {"Content-Type": "application/json"})
            assert reply.status == 403, reply
    assert not eas.log()
