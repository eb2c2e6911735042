"""Several tenants of one installation, made by the tool; and grants by the tool."""
import json

import pytest

from harness.client import run_ctl
from harness.cloudctl import CLIENT
from harness.person import PASSWORD, administrator, person, settle
from test_100_start import rows

USERS = "/api/v1/users"


@pytest.fixture
def site(gateway):
    gateway.boss = administrator(gateway)
    return gateway


def enter(site, domain, login, password):
    return person(site).enter(login, password, **({"domain": domain} if domain else {}))


def names(who, path=USERS, member="name"):
    return {one[member] for one in who.get(path, query={"page_size": "200"}).json()["items"]}


def test_a_second_tenant(site):
    ctl = site.ctl
    made = ctl.must("tenant", "add", "华东公司", "--domain", "East.Example")
    assert (made["domain"], made["admin"]) == ("east.example", "admin")
    assert enter(site, "", "admin", made["password"]).status == 401, "the first tenant's admin has another password"
    assert enter(site, "west.example", "admin", made["password"]).status == 401
    east = person(site)
    assert east.enter("admin", made["password"], domain="EAST.example").status == 200
    assert east.user["must_change"]
    assert east.put("/api/v1/session/password", {"old": made["password"], "new": PASSWORD}).status == 200
    site.boss.post("/api/v1/organisations", {"code": "A", "name": "甲"})
    assert names(east) == {"admin"} and names(east, "/api/v1/organisations", "code") == set()
    ctl.must("org", "add", "A", "东甲", "--tenant", "east.example")
    one_time = ctl.must("user", "add", "--name", "王芳", "--mobile", "13800000001", "--org", "A", "--tenant", "华东公司")["password"]
    assert names(east) == {"admin", "王芳"} and names(site.boss) == {"admin"}
    assert names(east, "/api/v1/organisations") == {"东甲"} and names(site.boss, "/api/v1/organisations") == {"甲"}
    assert enter(site, "east.example", "13800000001", one_time).status == 200
    assert enter(site, "", "13800000001", one_time).status == 401
    wang = rows(site, "SELECT id FROM \"user\" WHERE name = '王芳'")[0]["id"]
    assert site.boss.get(f"{USERS}/{wang}").status == 404
    reset = ctl.must("user", "reset", "admin", "--tenant", str(made["tenant_id"]))
    assert east.get(USERS).status == 401 and enter(site, "east.example", "admin", reset["password"]).status == 200
    settle(site, "admin", ctl.must("user", "reset", "admin")["password"])
    listed = {one["domain"]: (one["name"], one["users"]) for one in ctl.must("tenant", "list")}
    assert listed["east.example"] == ("华东公司", 2)


def test_a_self_check_tells_of_ones_own_tenant(make_gateway, eas):
    """Neither enterprises nor business systems nor scanners of others; what is the installation's is told to all."""
    site = make_gateway(directives="FPImageScannerAllow 127.0.0.1:9")
    site.boss = administrator(site)
    site.add_erp(eas)
    assert site.boss.post("/api/v1/scanners", {"name": "前台扫描仪", "address": "http://127.0.0.1:9/eSCL"}).status == 201
    made = site.ctl.must("tenant", "add", "华东公司", "--domain", "east")
    east = person(site)
    assert east.enter("admin", made["password"], domain="east").status == 200
    assert east.put("/api/v1/session/password", {"old": made["password"], "new": PASSWORD}).status == 200
    said = {who: who.get("/api/v1/doctor").json()["items"] for who in (site.boss, east)}
    for who, tells in ((site.boss, True), (east, False)):
        text = json.dumps(said[who], ensure_ascii=False)
        assert [word in text for word in (CLIENT["client_id"], "前台扫描仪", "EAS: ")] == [tells] * 3, text
        assert {"store", "data_dir", "clock"} <= {one["name"] for one in said[who]}


def test_what_a_tenant_may_not_be(site, tmp):
    ctl = site.ctl
    ctl.must("tenant", "add", "华东", "--domain", "east")

    def refused(code, field, *words):
        got, value = ctl(*words)
        assert (got, value["error"].get("field")) == (code, field), value

    refused(2, "domain", "tenant", "add", "华北", "--domain", "no rth")
    refused(2, "domain", "tenant", "add", "华北", "--domain", "x" * 64)
    refused(2, "name", "tenant", "add", " ", "--domain", "north")
    refused(1, "name", "tenant", "add", "华东", "--domain", "north")
    refused(1, "domain", "tenant", "add", "华北", "--domain", "EAST")
    refused(1, "tenant", "user", "list", "--tenant", "nowhere")
    refused(1, "tenant", "tenant", "set", "nowhere", "--domain", "x")
    assert ctl("tenant", "set", "华东")[0] == 2
    assert ctl.must("tenant", "set", "华东", "--domain", "dong", "--rename", "华东集团") == {
        "tenant_id": 2, "name": "华东集团", "domain": "dong", "users": 1}
    assert enter(site, "east", "admin", "x").status == 401
    first = ctl.must("tenant", "set", "1", "--domain", "main")
    assert first["domain"] == "main" and enter(site, "main", "admin", "Admin#2024-pw").status == 200
    actions = [row["action"] for row in rows(site, "SELECT action FROM audit WHERE action LIKE 'tenant.%' ORDER BY id")]
    assert actions == ["tenant.added", "tenant.changed", "tenant.changed"]


def test_grants_by_the_tool(site):
    ctl = site.ctl
    for code in ("A", "B"):
        ctl.must("org", "add", code, f"组织{code}")
    ctl.must("user", "add", "--name", "李雷", "--mobile", "13800000002")
    assert ctl.must("grant", "list", "李雷") == []
    ctl.must("grant", "add", "13800000002", "A", "--below")
    granted = ctl.must("grant", "add", "李雷", "B", "--scope", "own")
    assert [(one["org_code"], one["scope"], one["with_below"]) for one in granted] == [("A", "ALL", True), ("B", "OWN", False)]
    ctl.must("grant", "add", "李雷", "A", "--scope", "own")
    ctl.must("grant", "add", "李雷", "-")
    user = rows(site, "SELECT id FROM \"user\" WHERE name = '李雷'")[0]["id"]
    seen = site.boss.get(f"{USERS}/{user}").json()["grants"]
    assert sorted((one["org_code"], one["scope"], one["with_below"]) for one in seen) == [("", "ALL", False), ("A", "OWN", False), ("B", "OWN", False)]
    ctl.must("grant", "remove", "李雷", "-")
    assert ctl("grant", "remove", "李雷", "-")[0] == 1
    assert [one["org_code"] for one in ctl.must("grant", "list", "李雷")] == ["A", "B"]
    for words in (("李雷", "NONE"), ("谁", "A")):
        assert ctl("grant", "add", *words)[0] in (1, 2), words
    assert ctl("grant", "add", "李雷", "A", "--scope", "some")[0] == 2
    assert "含下级" in run_ctl(*ctl.where, "--lang", "zh", "grant", "list", "李雷")[1]
    log = rows(site, "SELECT action, detail FROM audit WHERE action LIKE 'user.grant%' ORDER BY id")
    assert [row["action"] for row in log] == ["user.granted"] * 4 + ["user.grant-removed"]
    assert [json.loads(row["detail"])["grants"] for row in log[2:4]] == [["组织A (A): OWN"], [": ALL"]]


def test_an_organisation_is_moved_by_the_tool(site):
    """By the rules of the page: neither below itself nor too deep; what it says is what the list says."""
    ctl = site.ctl
    for code, above in (("A", None), ("B", "A"), ("C", "B"), ("X", None)):
        ctl.must("org", "add", code, f"组织{code}", *(["--parent", above] if above else []))

    def levels():
        return {one["code"]: one["level"] for one in ctl.must("org", "list")}

    assert levels() == {"A": 2, "B": 3, "C": 4, "X": 2}
    assert {one["code"]: one["parent"] for one in ctl.must("org", "list")} == {"A": None, "B": "A", "C": "B", "X": None}
    assert ctl.must("org", "move", "B", "X")["code"] == "B" and levels() == {"A": 2, "X": 2, "B": 3, "C": 4}
    assert ctl.must("org", "move", "B", "-")["parent_id"] == 0 and levels() == {"A": 2, "X": 2, "B": 2, "C": 3}
    for words, exit_code, field in ((("B", "C"), 1, "parent"), (("B", "NONE"), 2, "parent"), (("NONE", "A"), 1, "CODE")):
        code, value = ctl("org", "move", *words)
        assert (code, value["error"].get("field")) == (exit_code, field), value
    assert "移到租户之下" in run_ctl(*ctl.where, "--lang", "zh", "org", "move", "C", "-")[1]
    assert levels()["C"] == 2
    moved = rows(site, "SELECT object, detail FROM audit WHERE action = 'organisation.changed' ORDER BY id")
    assert [(row["object"], json.loads(row["detail"])["parent"]) for row in moved] == [
        ("B", ["组织A (A)", "组织X (X)"]), ("B", ["组织X (X)", None]), ("C", ["组织B (B)", None])]


def test_import_by_the_tool(site, tmp):
    path = tmp / "people.csv"
    path.write_bytes("手机号,姓名,角色\r\n13800000001,王芳,扫描员\r\n13800000002,李雷,皇帝\r\n".encode("gbk"))
    code, value = site.ctl("user", "import", str(path), "--dry-run")
    assert code == 1 and (value["is_dry_run"], value["added"], value["refused"]) == (True, 1, 1)
    assert value["lines"][1]["field"] == "roles" and value["lines"][1]["reason"]
    code, value = site.ctl("user", "import", str(path), "--partial", "--passwords")
    assert code == 1 and value["is_stored"] and names(site.boss) == {"admin", "王芳"}
    assert enter(site, "", "王芳", value["lines"][0]["one_time_password"]).status == 200
    path.write_text("code,name\nA,甲\n", encoding="utf-8")
    assert site.ctl.must("org", "import", str(path))["added"] == 1
    path.write_text("name,org,scanners\nP,,王芳\n", encoding="utf-8")
    assert site.ctl.must("scan-point", "import", str(path))["added"] == 1
    assert site.boss.get("/api/v1/scan-points").json()["items"][0]["scanners"][0]["name"] == "王芳"
    assert site.ctl("user", "import", str(tmp / "none.csv"))[0] == 2
