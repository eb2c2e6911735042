"""Organisations and users taken from EAS: who is who, what stays, what each row became, each day, and when it fails."""
import pytest

from harness import processes
from harness.person import administrator, make_user
from test_100_start import change, patience, rows
from test_403_systems_api import SYSTEMS, form, made, refused

ROOT = {"orgID": "o-1", "orgNumber": "01", "orgName": "虚构红枫集团", "isLeaf": "0", "level": "1", "parentID": ""}
BRANCH = {"orgID": "o-2", "orgNumber": "01.01", "orgName": "虚构红枫一分公司", "isLeaf": "0", "level": "2", "parentID": "o-1"}
TEAM = {"orgID": "o-3", "orgNumber": "01.01.01", "orgName": "虚构红枫一分公司财务部", "isLeaf": "1", "level": "3", "parentID": "o-2"}
ZHANG = {"userID": "u-1", "userNumber": "zhangsan", "userName": "张三", "personID": "p-1", "cell": "+86 139-0000-0001",
         "email": "zhangsan@example.com", "orgID": "o-3"}
LI = {"userID": "u-2", "userNumber": "lisi", "userName": "李四", "personID": "p-2", "cell": "13900000002", "orgID": "o-1"}
WANG = {"userID": "u-3", "userNumber": "wangwu", "userName": "王五", "personID": "p-3"}


@pytest.fixture
def site(gateway, eas):
    gateway.boss = administrator(gateway)
    gateway.system = made(gateway.boss.post(SYSTEMS, form(eas, name="EAS")))
    gateway.at = f"{SYSTEMS}/{gateway.system['id']}"
    eas.lists(orgs=[TEAM, ROOT, BRANCH], users=[ZHANG, LI, WANG])
    return gateway


def take(site, *words, code=0):
    """Runs the tool; {name or code: row}."""
    got, value = site.ctl("erp", "sync-people", *words, "EAS")
    assert got == code, (got, value)
    site.run = value
    return {row["erp_id"]: row for row in value["rows"]}


def results(taken):
    return {key: row["result"] for key, row in taken.items()}


def counts(run):
    return {name: run[name] for name in ("added", "changed", "unchanged", "refused", "missing", "disabled") if run[name]}


def users(site):
    return {row["name"]: row for row in site.ctl.must("user", "list")}


def orgs(site):
    return {row["code"]: row for row in rows(site, "SELECT o.code, o.name, p.code AS parent FROM org o "
                                                   "LEFT JOIN org p ON p.id = o.parent")}


def test_the_first_time_and_the_second(site, eas):
    taken = take(site, code=1)
    assert results(taken) == {"o-1": "UNCHANGED", "o-2": "ADDED", "o-3": "ADDED", "u-1": "ADDED", "u-2": "ADDED", "u-3": "REFUSED"}
    assert "no mobile" in taken["u-3"]["reason"] and "user_mobile" in taken["u-3"]["reason"] and taken["o-1"]["org_id"] == 0
    assert site.run["is_full"] and counts(site.run) == {"added": 4, "unchanged": 1, "refused": 1}
    assert {code: (row["name"], row["parent"]) for code, row in orgs(site).items()} == {
        "01.01": (BRANCH["orgName"], None), "01.01.01": (TEAM["orgName"], "01.01")}
    people = users(site)
    assert (people["张三"]["mobile"], people["张三"]["mail"], people["张三"]["org_code"]) == ("13900000001", ZHANG["email"], "01.01.01")
    assert people["张三"]["role_names"] == "default" and people["李四"]["org_code"] == "" and "王五" not in people
    assert not any(row["is_admin"] for name, row in people.items() if name in ("张三", "李四"))
    again = take(site, "--full", code=1)
    assert set(results(again).values()) == {"UNCHANGED", "REFUSED"} and users(site) == people
    since = [row["beginTime"] for row in eas.told(operation="list")]
    assert since == ["19000101000000"] * 4
    assert take(site, code=1) and site.run["is_full"], "whoever was refused is looked at again"
    eas.lists(users=[{**WANG, "cell": "13900000003", "modified": "20200101000000"}])
    assert results(take(site))["u-3"] == "ADDED"
    assert "u-3" not in take(site) and not site.run["is_full"] and eas.told(operation="list")[-1]["beginTime"] > "2020"
    actions = [row["action"] for row in rows(site, "SELECT action FROM audit ORDER BY id")]
    assert actions.count("user.added") >= 2 and actions.count("organisation.added") == 2 and actions.count("people.synced") == 5
    assert not eas.violations()


def test_nobody_can_sign_in_by_a_password_that_nobody_gave(site, eas):
    take(site, code=1)
    assert rows(site, "SELECT COUNT(DISTINCT password) AS n FROM user WHERE name IN ('张三', '李四')") == [{"n": 1}]
    for word in ("", "x", "Aa1!aaaa"):
        assert site.http().post("/api/v1/session", {"login": "13900000001", "password": word}).status in (400, 401)
    reset = site.ctl.must("user", "reset", "张三")
    assert site.http().post("/api/v1/session", {"login": "13900000001", "password": reset["password"]}).status == 200


def test_what_was_changed_by_hand_stays(site, eas):
    take(site, code=1)
    people = users(site)
    for name, body in (("张三", {"name": "张三丰", "mail": "hand@example.com"}), ("李四", {"org": "01.01"})):
        assert site.boss.request("PUT", f"/api/v1/users/{people[name]['user_id']}", json_body=body).status == 200, name
    eas.lists(users=[{**ZHANG, "userName": "张叁", "email": "new@example.com", "cell": "13900000009"}, {**LI, "userName": "李肆"}])
    taken = take(site)
    assert results(taken)["u-1"] == "CHANGED" and "name, mail" in taken["u-1"]["reason"]
    assert results(taken)["u-2"] == "CHANGED" and "kept: org" in taken["u-2"]["reason"]
    people = users(site)
    assert (people["张三丰"]["mobile"], people["张三丰"]["mail"]) == ("13900000009", "hand@example.com"), "the mobile was the ERP's"
    assert people["李肆"]["org_code"] == "01.01"
    assert results(take(site))["u-1"] == "UNCHANGED"


def test_who_was_here_is_found_by_his_mobile(site, eas):
    make_user(site, site.boss, "老张", mobile="13900000001")
    taken = take(site, code=1)
    assert results(taken)["u-1"] == "CHANGED" and "name" in taken["u-1"]["reason"], "his mail was empty, his name was not"
    people = users(site)
    assert people["老张"]["mail"] == ZHANG["email"] and "张三" not in people
    assert people["老张"]["org_code"] == "01.01.01"


def test_namesakes_and_shared_mobiles(site, eas):
    eas.lists(users=[ZHANG, {**LI, "userName": "张三"}, {**LI, "userID": "u-9", "userNumber": "lisi2"}])
    taken = take(site, code=1)
    assert results(taken) | {"o": 0} == {"o-1": "UNCHANGED", "o-2": "ADDED", "o-3": "ADDED", "u-1": "ADDED", "u-2": "ADDED",
                                         "u-9": "REFUSED", "o": 0}
    assert "张三 (lisi)" in users(site) and "13900000002" in taken["u-9"]["reason"]
    assert results(take(site, "--full", code=1))["u-2"] == "UNCHANGED"


def test_who_is_gone_is_shown_and_only_disabled_when_asked(site, eas):
    eas.lists(users=[ZHANG, LI])
    take(site)
    eas.lists(users=[LI])
    assert "u-1" not in take(site), "a list of changes says nothing of those that are not in it"
    taken = take(site, "--full")
    assert results(taken)["u-1"] == "MISSING" and users(site)["张三"]["is_active"]
    taken = take(site, "--disable-missing")
    assert results(taken)["u-1"] == "DISABLED" and not users(site)["张三"]["is_active"]
    eas.lists(users=[LI, ZHANG])
    taken = take(site, "--full")
    assert results(taken)["u-1"] == "UNCHANGED" and "disabled here" in taken["u-1"]["reason"] and not users(site)["张三"]["is_active"]


def test_a_list_that_lost_most_disables_nobody(site, eas):
    many = [{**LI, "userID": f"m-{n}", "userNumber": f"m{n}", "userName": f"人{n}", "cell": f"1380000{n:04d}"} for n in range(250)]
    eas.lists(users=many)
    take(site)
    assert site.run["added"] == 252
    eas.lists(users=many[:3])
    code, value = site.ctl("erp", "sync-people", "--disable-missing", "EAS")
    assert code == 1 and "250" in value["error"]["message"], value
    assert all(row["is_active"] for row in users(site).values())


def test_levels_rings_and_broken_rows(site, eas):
    deep = [{"orgID": f"d-{n}", "orgNumber": f"D{n}", "orgName": f"第{n}级", "parentID": f"d-{n - 1}" if n > 1 else "o-1"} for n in range(1, 6)]
    ring = [{"orgID": "r-1", "orgNumber": "R1", "orgName": "甲", "parentID": "r-2"}, {"orgID": "r-2", "orgNumber": "R2", "orgName": "乙", "parentID": "r-1"}]
    eas.lists(orgs=[ROOT, *reversed(deep), *ring, {"orgID": "b-1"}, {"orgNumber": "x"}, "x", {**BRANCH, "orgNumber": "a b"}],
              users=[{**ZHANG, "orgID": "d-5"}, {**LI, "cell": 13900000002}, {**WANG, "cell": "12"}, {"userID": "u-8"}])
    taken = take(site, code=1)
    assert [results(taken)[f"d-{n}"] for n in range(1, 6)] == ["ADDED"] * 3 + ["REFUSED"] * 2 and "at most 4 levels" in taken["d-4"]["reason"]
    assert {results(taken)[key] for key in ("r-1", "r-2", "b-1", "o-2", "u-3", "u-8")} == {"REFUSED"}
    assert site.run["refused"] == 10 and results(taken)["u-1"] == results(taken)["u-2"] == "ADDED"
    assert users(site)["张三"]["org_code"] == "" and "d-5" in taken["u-1"]["reason"]


def test_exchanged_lists_and_other_names(site, eas):
    eas.settings(exchanged=True)
    eas.lists(users=[{**WANG, "myPhone": "13900000003", "where": "01.01"}])
    site.ctl.must("erp", "set", "--names", "user_mobile=myPhone,user_org=where", "EAS")
    take(site)
    assert (users(site)["王五"]["mobile"], users(site)["王五"]["org_code"]) == ("13900000003", "01.01")


def test_exchanged_lists_of_changes(site, eas):
    """No organisation changed: the operation that should list users, and lists those, gives nothing."""
    eas.settings(exchanged=True)
    eas.lists(users=[ZHANG, LI])
    take(site)
    old = {"modified": "20200101000000"}
    eas.lists(orgs=[{**ROOT, **old}], users=[{**ZHANG, **old}, {**LI, "cell": "13900000009"}])
    assert results(take(site)) == {"u-2": "CHANGED"} and not site.run["is_full"]
    assert users(site)["李四"]["mobile"] == "13900000009"


def test_bound_scanners_and_the_last_administrator_are_protected(site, eas):
    take(site, code=1)
    user = users(site)["张三"]
    assert site.boss.request("PUT", f"/api/v1/users/{user['user_id']}", json_body={"roles": ["扫描员"]}).status == 200
    site.ctl.must("scan-point", "add", "一号点", "--org", "01.01.01")
    site.ctl.must("scan-point", "bind", "一号点", "张三")
    eas.lists(users=[{**ZHANG, "orgID": "o-2"}])
    taken = take(site, code=1)
    assert results(taken)["u-1"] == "REFUSED" and "scan point" in taken["u-1"]["reason"]
    eas.lists(users=[LI])
    taken = take(site, "--disable-missing", code=1)
    assert results(taken)["u-1"] == "REFUSED" and users(site)["张三"]["is_active"]


def syncs(site):
    reply = site.boss.get(f"{site.at}/people-syncs")
    assert reply.status == 200, reply
    return reply.json()["items"]


def test_in_the_console(site, eas):
    reply = site.boss.post(f"{site.at}/sync-people", {})
    assert (reply.status, reply.json()["is_queued"]) == (202, True)
    assert processes.wait_until(lambda: [row["state"] for row in syncs(site)] == ["DONE"], patience(20), 0.1)
    (run,) = syncs(site)
    assert counts(run) == {"added": 4, "unchanged": 1, "refused": 1} and run["actor"].startswith("user:")
    path = f"{site.at}/people-syncs/{run['id']}"
    one = site.boss.get(path, query={"result": "refused"}).json()
    assert [row["erp_id"] for row in one["items"]] == ["u-3"] and one["sync"]["id"] == run["id"] and one["pagination"]["total"] == 1
    assert len(site.boss.get(path, query={"page_size": "2", "page": "3"}).json()["items"]) == 2
    assert site.ctl.must("erp", "people", "EAS")[0]["id"] == run["id"]
    assert site.ctl("erp", "people", "EAS", run["id"])[0] == 1  # one was refused
    refused(site.boss.get(path, query={"result": "x"}), 400, "result")
    refused(site.boss.get(f"{site.at}/people-syncs/999"), 404)
    refused(site.boss.post(f"{site.at}/sync-people", {"is_full": "x"}), 400, "is_full")
    hook = made(site.boss.post(SYSTEMS, form(eas, name="钩", kind="webhook", resource="H", prefix=eas.hook, password="a-key-that-is-long")))
    refused(site.boss.post(f"{SYSTEMS}/{hook['id']}/sync-people", {}), 409)
    scanner = make_user(site, site.boss, "扫描一号", roles=["扫描员"])
    assert scanner.post(f"{site.at}/sync-people", {}).status == scanner.get(f"{site.at}/people-syncs").status == 403
    assert site.boss.delete(site.at).status == 204
    assert not rows(site, "SELECT 1 FROM origin UNION SELECT 1 FROM people_sync UNION SELECT 1 FROM people_sync_row")
    assert "张三" in users(site), "what came from it stays"


def test_each_day_where_it_is_switched_on(site, eas):
    site.ctl.must("switch", "set", "people.sync", "on")
    site.httpd.stop()  # the keeper looks when it begins, and each minute
    site.httpd.start()
    assert processes.wait_until(lambda: [row["state"] for row in syncs(site)] == ["DONE"], patience(30), 0.1)
    job, = rows(site, "SELECT due FROM job WHERE kind = 'people'") or [None]
    assert syncs(site)[0]["actor"] == "system" and job is None


def doctor(site):
    _, value = site.ctl("doctor")
    return [check for check in value["checks"] if check["name"] == "people"]


def test_when_it_fails_it_says_so_until_it_works(site, eas):
    rule = eas.behave("fail", "/ormrpc/services/WSSSC", status=502, body="<html>")
    code, value = site.ctl("erp", "sync-people", "EAS")
    assert code == 4 and "502" in error_text(value), value
    assert site.ctl("erp", "sync-people", "EAS")[0] == 4
    assert [(row["state"], row["failures"]) for row in syncs(site)] == [("FAILED", 2), ("FAILED", 1)]
    change(site, "UPDATE people_sync SET state = 0, started = 1, error = NULL WHERE id = 1")  # its process was killed
    assert site.ctl("erp", "sync-people", "EAS")[0] == 4
    assert [row["state"] for row in syncs(site)] == ["FAILED"] * 3 and syncs(site)[2]["error"] == "it was broken off"
    (check,) = doctor(site)
    assert check["status"] == "fail" and "502" in check["found"] and "sync-people EAS" in check["remedy"]
    assert rows(site, "SELECT COUNT(*) AS n FROM audit WHERE action = 'people.sync-failed'") == [{"n": 1}], "a row of failures is told once"
    eas.behave_normally(rule)
    take(site, code=1)
    (check,) = doctor(site)
    assert check["status"] == "warn" and "erp people EAS" in check["remedy"]
    eas.lists(users=[])
    assert site.ctl("erp", "sync-people", "--full", "EAS")[0] == 4, "no users at all is no answer"
    change(site, "UPDATE business_system SET is_enabled = 0")
    code, value = site.ctl("erp", "sync-people", "EAS")
    assert code == 1 and "disabled" in error_text(value)


def error_text(value):
    return value["error"]["message"]
