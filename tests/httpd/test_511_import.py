"""Users, organisations and scan points by the file: what becomes of each line, what is stored, and files that are none."""
import io
import json
import zipfile

import openpyxl
import pytest

from harness.person import administrator, error, make_user, person
from test_100_start import each, patience, rows, scaled
from test_532_admin import multipart

USERS, ORGS, POINTS = ("/api/v1/" + name for name in ("users", "organisations", "scan-points"))
HEAD = "手机号,姓名,邮箱,组织编码,角色,部门负责人,启用"
PEOPLE = ["13800000001,王芳,wang@example.com,A,扫描员;默认角色,是,", "13800000002,李雷,,,,,", "+86 138-0000-0003,\"赵,云\",,A,,否,是"]


@pytest.fixture
def site(gateway):
    gateway.boss = administrator(gateway)
    gateway.boss.post(ORGS, {"code": "A", "name": "甲"})
    return gateway


def csv(*lines, head=HEAD, mark=b"", encoding="utf-8"):
    return mark + "\r\n".join([head, *lines, ""]).encode(encoding)


def xlsx(*lines, head=HEAD):
    book = openpyxl.Workbook()
    for line in [head, *lines]:
        book.active.append(line.split(",") if isinstance(line, str) else line)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def load(who, data, path=USERS, headers=None, lang="zh", **query):
    query = {name: "true" for name, value in query.items() if value}
    reply = who.request("POST", path + "/import", data, {"Accept-Language": lang, **(headers or {})}, query=query)
    assert reply.status == 200, reply
    return reply.json()


def results(report):
    return [(line["line"], line["result"], line["field"]) for line in report["lines"]]


def actions(site):
    return [row["action"] for row in rows(site, "SELECT action FROM audit")]


def users(site):
    return {one["name"]: one for one in site.boss.get(USERS, query={"page_size": "200"}).json()["items"]}


@pytest.mark.parametrize("data,headers", [
    (csv(*PEOPLE), {}), (csv(*PEOPLE, mark=b"\xef\xbb\xbf"), {}), (csv(*PEOPLE, encoding="gbk"), {}), multipart(csv(*PEOPLE)),
    (xlsx(*PEOPLE[:2], [13800000003, "赵,云", None, "A", None, "否", "是"]), {}),
    (csv(*[line.replace("扫描员;默认角色,是", "SCANNER，DEFAULT,YES") for line in PEOPLE],
         head="Mobile,name,mail,org,roles,is_head,is_active"), {})],
    ids=["utf-8", "marked", "gbk", "form", "xlsx", "english"])
def test_users(site, data, headers):
    english = b"SCANNER" in data
    if english:
        names = [one["name"] for one in site.boss.get("/api/v1/roles", headers={"Accept-Language": "en"}).json()["items"]]
        assert names[2:] == ["scanner", "default"]
    report = load(site.boss, data, headers=headers, dry_run=True)
    assert results(report) == [(2, "ADDED", None), (3, "ADDED", None), (4, "ADDED", None)]
    assert (report["is_dry_run"], report["is_stored"], report["added"]) == (True, False, 3)
    assert set(users(site)) == {"admin"} and "user.added" not in actions(site), "a dry run stores nothing"
    report = load(site.boss, data, headers=headers)
    assert (report["is_stored"], report["added"], report["refused"]) == (True, 3, 0)
    there = users(site)
    wang, zhao = there["王芳"], there["赵,云"]
    assert (wang["mobile"], wang["org_code"], wang["is_head"]) == ("13800000001", "A", True)
    assert [role["name"] for role in wang["roles"]] == ["扫描员", "默认角色"]
    assert (zhao["mobile"], [role["name"] for role in zhao["roles"]]) == ("13800000003", ["默认角色"])
    assert actions(site).count("user.added") == 3
    report = load(site.boss, data, headers=headers)
    assert [line["result"] for line in report["lines"]] == ["UNCHANGED"] * 3 and actions(site).count("user.added") == 3
    assert "user.changed" not in actions(site)
    report = load(site.boss, csv("13800000001,王芳芳,,,,,", "13800000002,李雷,,A,,是,"))
    assert [line["result"] for line in report["lines"]] == ["CHANGED", "CHANGED"]
    assert report["lines"][0]["changes"] == {"name": ["王芳", "王芳芳"]}
    assert users(site)["王芳芳"]["mail"] == "wang@example.com", "a blank cell leaves what is there"


REFUSED = {
    "13800000031,,,,,,": "name", ",无号,,,,,": "mobile", "12,短号,,,,,": "mobile", "13800000032,坏邮箱,x,,,,": "mail",
    "13800000033,无组织,,NONE,,,": "org", "13800000034,无角色,,,皇帝,,": "roles", "13800000035,怪,,,,maybe,": "is_head",
    "13800000036,\"=HYPERLINK(\"\"http://x\"\")\",,,,,": "name", "13800000001,重号,,,,,": "mobile", "13800000037,王芳,,,,,": "name",
    "13800000038," + "长" * 51 + ",,,,,": "name", "13800000039,\"换\n行\",,,,,": "name",
}


def test_what_is_refused_keeps_all_from_being_stored(site):
    bad = list(REFUSED)
    data = csv(PEOPLE[0], *bad, "13800000008,末行,,,,,")
    report = load(site.boss, data)
    found = results(report)
    assert (report["refused"], report["added"], report["is_stored"]) == (len(bad), 2, False)
    assert (found[0][1], found[-1][1]) == ("NOT_STORED", "NOT_STORED")
    assert [(result, field) for _, result, field in found[1:-1]] == [("REFUSED", REFUSED[line]) for line in bad]
    assert all(line["reason"] for line in report["lines"][1:-1]) and found[-1][0] == len(bad) + 4, "a cell of two lines counts as two"
    assert set(users(site)) == {"admin"}
    english = load(site.boss, data, lang="en", dry_run=True)
    assert "line 2 already" in english["lines"][9]["reason"] and "maybe" in english["lines"][7]["reason"]
    report = load(site.boss, data, partial=True)
    assert (report["is_stored"], report["added"]) == (True, 2) and set(users(site)) == {"admin", "王芳", "末行"}


def test_rules_hold_for_lists_too(site):
    point = site.boss.post(POINTS, {"name": "P", "org": "A"}).json()
    bound = site.boss.post(USERS, {"name": "bound", "mobile": "13800000005", "org": "A", "roles": ["扫描员"]}).json()
    assert site.boss.request("PUT", f"{POINTS}/{point['scan_point_id']}/scanners/{bound['user_id']}").status == 200
    report = load(site.boss, csv(",admin,,,,,否", ",admin,,,扫描员,,", head=HEAD), partial=True)
    assert results(report) == [(2, "REFUSED", "roles"), (3, "REFUSED", "name")]
    report = load(site.boss, csv("13800000005,bound,,,,,停用", "13800000007,,,,,,"))
    assert "P" in report["lines"][0]["reason"] and report["lines"][0]["field"] == "is_active"
    assert users(site)["bound"]["is_active"] and users(site)["admin"]["is_active"]
    clerk = make_user(site, site.boss, "clerk", roles=["默认角色"])
    assert clerk.request("POST", USERS + "/import", csv(PEOPLE[0])).status == 403
    chief_role = site.boss.post("/api/v1/roles", {"name": "人事", "permissions": ["PEOPLE_VIEW", "PEOPLE_EDIT"]}).json()
    chief = make_user(site, site.boss, "chief", roles=[str(chief_role["role_id"])])
    report = load(chief, csv("13800000011,新人,,,系统管理员,,", "13800000012,他人,,,人事,,"))
    assert results(report) == [(2, "REFUSED", "permissions"), (3, "NOT_STORED", None)]


def test_passwords_are_told_once_and_asked_to_be_changed(site):
    report = load(site.boss, csv(*PEOPLE[:2]), passwords=True)
    for line, name in zip(report["lines"], ["王芳", "李雷"]):
        one = person(site, name, line["one_time_password"])
        assert one.user["must_change"]
    again = load(site.boss, csv(*PEOPLE), passwords=True)
    assert [bool(line["one_time_password"]) for line in again["lines"]] == [False, False, True]
    plain = load(site.boss, csv("13800000021,无密码,,,,,"))
    assert plain["lines"][0]["one_time_password"] is None
    assert person(site).enter("无密码", "").status in (400, 401)
    reset = site.boss.post(f"{USERS}/{users(site)['无密码']['user_id']}/reset", {}).json()
    person(site, "无密码", reset["one_time_password"])
    many = csv(*(f"138{n:08},批量{n},,,,," for n in range(100, 201)))
    reply = site.boss.request("POST", USERS + "/import", many, query={"passwords": "true"})
    assert reply.status == 413 and "100" in error(reply)["message"] and error(reply)["field"] == "passwords"


def test_ten_thousand_lines(site):
    site.boss.close()
    site.boss.timeout = patience(120)
    count = scaled(10000, 1000)
    lines = [f"139{n:08},用户{n},u{n}@example.com,A,扫描员,," for n in range(10001)]
    report = load(site.boss, csv(*lines[:count]))
    assert (report["added"], report["is_stored"]) == (count, True)
    assert rows(site, 'SELECT COUNT(*) AS n FROM "user"')[0]["n"] == count + 1
    assert load(site.boss, csv(*lines[:count]), dry_run=True)["unchanged"] == count
    reply = site.boss.request("POST", USERS + "/import", csv(*lines))
    assert reply.status == 413 and "10000" in error(reply)["message"]


def bomb():
    """A sheet of 100 MiB in 100 KiB."""
    book = io.BytesIO(xlsx(PEOPLE[0]))
    out = io.BytesIO()
    with zipfile.ZipFile(book) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, data + b" " * (100 << 20) if name.endswith("sheet1.xml") else data)
    return out.getvalue()


def entities():
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(xlsx(PEOPLE[0]))) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name.endswith("sheet1.xml"):
                data = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + data.replace(b"</sheetData>", b"&a;</sheetData>")
            new.writestr(name, data)
    return out.getvalue()


def test_hostile_files(site):
    def check(data, status):
        reply = site.boss.request("POST", USERS + "/import", data)
        assert reply.status == status and error(reply)["message"], reply

    each([(bomb(), 422), (entities(), 422), (b"", 400), (b"\xff\xfe" + HEAD.encode("utf-16le"), 400), (b"\0" * 100, 400), (b"PK\3\4x", 422),
          (csv(head="手机号,姓名,颜色"), 400), (csv(head="手机号"), 400), (csv(head="手机号,姓名,姓名"), 400), (csv(), 400),
          (csv('"open'), 400), (csv("," * 40), 400), (b"x" * (4 << 20) + b"x", 413), (b"\x81\x20,\xff", 400)], check)
    assert set(users(site)) == {"admin"}


def test_a_formula_counts_by_its_stored_result(site):
    """openpyxl stores none, as a generator would: the cell is empty then, and the line is refused."""
    report = load(site.boss, xlsx(PEOPLE[0], ["13800000002", "=CONCATENATE(\"李\",\"雷\")"]))
    assert results(report)[1] == (3, "REFUSED", "name")


@pytest.mark.parametrize("path", [USERS, ORGS, POINTS])
def test_templates(site, path):
    reply = site.boss.get(path + "/import")
    book = openpyxl.load_workbook(io.BytesIO(reply.body))
    head = [cell.value for cell in book.worksheets[0][1]]
    assert reply.headers["Content-Disposition"].endswith('.xlsx"') and book.worksheets[0].max_row == 1
    assert [row[0].value for row in list(book.worksheets[1])[1:]] == head
    text = site.boss.get(path + "/import", query={"format": "csv"})
    assert text.body.decode("utf-8-sig") == ",".join(head) + "\r\n"
    english = site.boss.get(path + "/import", query={"format": "csv"}, headers={"Accept-Language": "en"})
    assert len(english.body.decode("utf-8-sig").split(",")) == len(head) and english.body.isascii() is False
    assert site.boss.get(path + "/import", query={"format": "pdf"}).status == 400
    for data in (reply.body, text.body, english.body):
        assert site.boss.request("POST", path + "/import", data).status == 400, "an empty template has no lines"


def test_organisations_and_scan_points(site):
    report = load(site.boss, csv("B,乙,,A,", "C,丙,91310000000000000X,B,", "D,丁,,C,", "E,戊,,NONE,", "B,再乙,,,",
                                 head="组织编码,组织名称,税号,上级组织编码,启用"), ORGS, partial=True)
    assert results(report) == [(2, "ADDED", None), (3, "ADDED", None), (4, "REFUSED", "parent"), (5, "REFUSED", "parent"),
                               (6, "REFUSED", "code")]
    levels = {one["code"]: one["level"] for one in site.boss.get(ORGS).json()["items"]}
    assert levels == {"A": 2, "B": 3, "C": 4}
    report = load(site.boss, csv("A,甲,,C,", "C,丙丙,,,", "B,乙,,,", head="code,name,tax_no,parent,is_active"), ORGS, partial=True)
    assert results(report) == [(2, "REFUSED", "parent"), (3, "CHANGED", None), (4, "UNCHANGED", None)]
    load(site.boss, csv("13800000001,王芳,,B,扫描员,,", "13800000002,李雷,,B,,,"))
    points = csv("一号,B,上海,A;C,13800000001,", "二号,B,,,李雷,", "三号,B,,,没有,", head="扫描点,所属组织编码,地址,关联组织编码,扫描员,启用")
    report = load(site.boss, points, POINTS, partial=True)
    assert results(report) == [(2, "ADDED", None), (3, "REFUSED", "user_id"), (4, "REFUSED", "name")]
    assert "扫描权限" in report["lines"][1]["reason"]
    (point,) = site.boss.get(POINTS).json()["items"]
    assert ([one["code"] for one in point["related"]], [one["name"] for one in point["scanners"]]) == (["A", "C"], ["王芳"])
    report = load(site.boss, points, POINTS, partial=True)
    assert report["lines"][0]["result"] == "UNCHANGED"
    report = load(site.boss, csv("一号,,,,,停用", head="扫描点,所属组织编码,地址,关联组织编码,扫描员,启用"), POINTS)
    assert results(report) == [(2, "REFUSED", "is_active")] and "王芳" in json.dumps(report, ensure_ascii=False)
