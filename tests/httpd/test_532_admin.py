"""What only administrators may: enterprises, the push table, the audit log, the doctor, the journal of unknown calls."""
import io
import itertools
import zipfile

import openpyxl
import pytest

from harness.cloudctl import CLIENT, OTHER_CLIENT
from harness.person import administrator
from test_100_start import each, rows
from test_340_files import V1, refused
from test_530_audit import actions

FORM = {name: OTHER_CLIENT[name] for name in ("tax_no", "name", "client_id", "secret", "encrypt_key")}
SECRETS = [CLIENT["secret"], CLIENT["encrypt_key"], FORM["secret"], FORM["encrypt_key"], "another-secret-1"]
PUSH_URL = "http://127.0.0.1:9/api/imgsys/outside/push"


@pytest.fixture
def admin(gateway):
    return administrator(gateway)


def ok(reply, status=200):
    assert reply.status == status, reply
    assert not [secret for secret in SECRETS if secret in reply.text], "a secret was told"
    return reply.json() if reply.body else None


def get(http, path, **query):
    return ok(http.get(f"{V1}/{path}", query=query))


def send(http, method, path, body=None, status=200, **query):
    return ok(http.request(method, f"{V1}/{path}", json_body=body, query=query), status)


def audited(gateway, since):
    value = gateway.ctl.must("audit", "list")
    return actions([row for row in (value if isinstance(value, list) else value["items"]) if row["id"] > since])


def last_row(gateway):
    return rows(gateway, "SELECT COALESCE(MAX(id), 0) AS id FROM audit")[0]["id"]


# enterprises

@pytest.mark.mpm
@pytest.mark.valgrind
def test_enterprise_from_add_to_removal(gateway, admin, cloud):
    since = last_row(gateway)
    made = send(admin, "POST", "enterprises", FORM, 201)
    path = f"enterprises/{made['id']}"
    kept = {"client_id": FORM["client_id"], "tax_no": FORM["tax_no"], "name": FORM["name"], "has_secret": True,
            "has_encrypt_key": True, "is_enabled": True, "is_checked": True, "check_note": "the cloud gave a token"}
    assert {name: made[name] for name in kept} == kept
    assert cloud.fetches(FORM["client_id"]) == 1
    assert gateway.login(OTHER_CLIENT).token, "it serves at once"
    listed = get(admin, "enterprises")
    assert [item["client_id"] for item in listed["items"]] == [CLIENT["client_id"], FORM["client_id"]]
    renamed = send(admin, "PATCH", path, {"name": " 改名 "})
    assert renamed["name"] == "改名" and renamed["is_checked"] and cloud.fetches(FORM["client_id"]) == 1, "a name needs no check"
    assert [item["id"] for item in get(admin, "enterprises", q="改名")["items"]] == [made["id"]]
    off = send(admin, "PATCH", path, {"is_enabled": False})
    assert not off["is_enabled"]
    assert gateway.http().login(OTHER_CLIENT).errcode == "1202"
    send(admin, "PATCH", path, {"is_enabled": True})
    checked = send(admin, "POST", f"{path}/check", {})
    assert checked["result"] == "ACCEPTED" and checked["reason"] is None
    asked = refused(admin.request("DELETE", f"{V1}/{path}"), 409, "confirm=true")
    assert asked["needs_confirm"] and asked["enterprise"]["client_id"] == FORM["client_id"]
    assert send(admin, "DELETE", path, confirm="true")["client_id"] == FORM["client_id"]
    refused(admin.get(f"{V1}/{path}"), 404)
    assert gateway.http().login(OTHER_CLIENT).errcode == "1201"
    one = FORM["client_id"]
    assert audited(gateway, since) == [("enterprise.added", one), ("enterprise.changed", one), ("enterprise.changed", one),
                                       ("enterprise.changed", one), ("enterprise.checked", one), ("enterprise.removed", one)]


def test_enterprise_that_the_cloud_refuses(gateway, admin, cloud):
    gateway.httpd.expect_log("FPI0022|FPI0023|FPI0024|FPI00", optional=True)
    wrong = {**FORM, "secret": "another-secret-1"}
    before = rows(gateway, "SELECT * FROM enterprise")
    assert admin.post(f"{V1}/enterprises", wrong).status == 502
    assert rows(gateway, "SELECT * FROM enterprise") == before, "nothing is stored"
    made = send(admin, "POST", "enterprises", {**wrong, "unchecked": True}, 201)
    assert not made["is_checked"] and made["check_note"] == "saved without a check"
    checked = send(admin, "POST", f"enterprises/{made['id']}/check")
    assert checked["result"] == "REFUSED" and checked["reason"]
    right = send(admin, "PATCH", f"enterprises/{made['id']}", {"secret": FORM["secret"]})
    assert right["is_checked"]
    assert send(admin, "PATCH", f"enterprises/{made['id']}", {"secret": "another-secret-1", "unchecked": True})["is_checked"] is False


def test_enterprise_fields(gateway, admin):
    before = rows(gateway, "SELECT * FROM enterprise")

    def check(change, status, word):
        body = {**FORM, "unchecked": True, **change}
        refused(admin.post(f"{V1}/enterprises", {name: value for name, value in body.items() if value is not None}), status, word)

    each([({"secret": "a b"}, 400, "secret"), ({"secret": ""}, 400, "secret"), ({"secret": None}, 400, "secret"),
          ({"client_id": "a b"}, 400, "client_id"), ({"client_id": CLIENT["client_id"]}, 409, CLIENT["client_id"]),
          ({"tax_no": "123"}, 400, "tax_no"), ({"name": "  "}, 400, "name"), ({"name": "a\x01b"}, 400, "name"),
          ({"encrypt_key": "short"}, 400, "encrypt_key"), ({"cloud_client_id": "X"}, 400, "cloud_secret"),
          ({"unchecked": "maybe"}, 400, "unchecked"), ({"name": 5}, 400, "name"), ({"secret": ["x"]}, 400, "secret")], check)
    assert rows(gateway, "SELECT * FROM enterprise") == before
    one = before[0]["id"]
    refused(admin.request("PATCH", f"{V1}/enterprises/{one}", json_body={"client_id": "OTHER"}), 400, "client_id")
    for missing in ("0", "99999", "x", "-1"):
        refused(admin.get(f"{V1}/enterprises/{missing}"), 404)


def csv(*lines):
    return "\n".join(["税号,名称,client_id,client_secret,encrypt_key", *(",".join(line) for line in lines)]).encode()


def xlsx(*lines):
    book = openpyxl.Workbook()
    for line in [["税号", "名称", "client_id", "client_secret", "encrypt_key"], *lines]:
        book.active.append(line)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


LINES = [[FORM["tax_no"], FORM["name"], FORM["client_id"], FORM["secret"], FORM["encrypt_key"]],
         [CLIENT["tax_no"], "逗号, 引号\" 与\n换行", "IMPORTED2", "secret-of-two", ""],
         [CLIENT["tax_no"], "空格", "IMP ORTED3", "secret-of-three", ""]]


def multipart(data):
    mark = b"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n"
    return mark + data + b"\r\n--x--\r\n", {"Content-Type": "multipart/form-data; boundary=x"}


@pytest.mark.parametrize("how", ["csv", "xlsx", "form"])
def test_import(gateway, admin, how):
    lines = LINES if how != "csv" else [LINES[0], [*LINES[1][:1], "二", *LINES[1][2:]], LINES[2]]
    data, headers = (csv(*lines), {}) if how == "csv" else (xlsx(*lines), {})
    if how == "form":
        data, headers = multipart(data)

    def call(**query):
        return ok(admin.request("POST", f"{V1}/enterprises/import", data, headers, query={"unchecked": "true", **query}))

    report = call()
    assert (report["stored"], report["refused"]) == (0, 1)
    assert [(line["line"], line["result"]) for line in report["lines"]] == [(2, "NOT_STORED"), (3, "NOT_STORED"), (4, "REFUSED")]
    assert report["lines"][2]["field"] == "client_id" and "空格" in report["lines"][2]["reason"]
    report = call(partial="true")
    assert (report["stored"], report["refused"]) == (2, 1)
    assert [line["result"] for line in report["lines"]] == ["ADDED", "ADDED", "REFUSED"]
    name = rows(gateway, "SELECT name FROM enterprise WHERE client_id = 'IMPORTED2'")[0]["name"]
    assert name == ("二" if how == "csv" else "逗号, 引号\" 与 换行")


def test_import_of_what_is_none(admin):
    broken = io.BytesIO()
    with zipfile.ZipFile(broken, "w") as archive:
        archive.writestr("x.txt", "x")

    def check(data, status):
        refused(admin.request("POST", f"{V1}/enterprises/import", data, query={"unchecked": "true"}), status)

    each([(b"", 400), (b"\xff\xfe", 400), (b"a,b\n1,2", 400), (b"\x00" * 50, 400), (broken.getvalue(), 422),
          (b"PK\x03\x04rest", 422), (xlsx(), 400), (b"x" * (4 * 1024 * 1024 + 1), 413)], check)
    many = csv(*([["9" * 18, "x", f"C{n}", "s", ""] for n in range(300)]))
    refused(admin.request("POST", f"{V1}/enterprises/import", many), 413, "200")


# push table

def test_push_table(gateway, admin):
    row = {"name": CLIENT["name"], "tax_no": CLIENT["tax_no"], "client_id": CLIENT["client_id"], "url": PUSH_URL}
    made = send(admin, "POST", "push-table", row, 201)
    assert {name: made[name] for name in row} == row
    assert send(admin, "POST", "push-table", {**row, "name": "改"})["id"] == made["id"]
    assert [item["name"] for item in get(admin, "push-table")["items"]] == ["改"]
    refused(admin.post(f"{V1}/push-table", {**row, "url": "http://10.0.0.9:8080//api"}), 400, "url")
    for field in row:
        refused(admin.post(f"{V1}/push-table", {**row, field: ""}), 400, field)
    check = get(admin, "push-table/check")
    assert not check["is_right"] and [item["kind"] for item in check["items"]] == ["NAME"]
    assert admin.request("DELETE", f"{V1}/push-table/{made['id']}").status == 204
    refused(admin.request("DELETE", f"{V1}/push-table/{made['id']}"), 404)
    assert audited(gateway, last_row(gateway) - 3) == [("push-table.added", CLIENT["client_id"]),
                                                      ("push-table.changed", CLIENT["client_id"]),
                                                      ("push-table.removed", CLIENT["client_id"])]


# audit log, doctor, journal

def test_audit_log(gateway, admin):
    send(admin, "POST", "labels", {"name": "合同"}, 201)
    value = get(admin, "audit-log")
    row = value["items"][0]
    assert (row["action"], row["object"], row["actor"]) == ("label.added", "合同", "user:admin")
    assert row["detail"]["name"] == "合同" and len(row["trace_id"]) == 32
    assert [item["action"] for item in get(admin, "audit-log", object="合同")["items"]] == ["label.added"]
    assert get(admin, "audit-log", actor="nobody")["items"] == []
    assert get(admin, "audit-log", to="2020-01-01")["items"] == []
    refused(admin.get(f"{V1}/audit-log", query={"from": "yesterday"}), 400, "from")
    refused(admin.get(f"{V1}/audit-log", query={"page": 1000, "page_size": 200}), 400, "page")
    assert gateway.ctl.must("audit", "verify")["result"] == "whole"


def test_doctor(gateway, admin):
    value = get(admin, "doctor")
    checks = {item["name"]: item for item in value["items"]}
    assert checks["store"]["result"] == checks["data_dir"]["result"] == checks["dns"]["result"] == "OK"
    assert checks["token"]["result"] in ("OK", "FAIL") and value["result"] in ("OK", "WARN", "FAIL")
    assert all(item["found"] for item in value["items"])
    assert not [item for item in value["items"] if item["result"] != "OK" and not item["remedy"]]
    english = admin.get(f"{V1}/doctor", headers={"Accept-Language": "en"}).json()
    assert "can be read" in {item["name"]: item for item in english["items"]}["store"]["found"]


def test_journal(gateway, admin):
    gateway.httpd.expect_log("FPI0011")
    gateway.login().post("/api/imgsys/bill/outside/billStatu", {"scanBillNo": "X", "resource": "EAS"})
    item = get(admin, "journal")["items"][0]
    assert (item["method"], item["path"], item["count"], item["has_sample"]) == ("POST", "/api/imgsys/bill/outside/billStatu", 1, False)
    best = item["suggestions"][0]
    assert best["handler"] == "bill_status" and best["sureness"] in ("HIGH", "MEDIUM")
    assert best["line"] == "FPImageRoute POST /api/imgsys/bill/outside/billStatu bill_status"


# whatever comes

WRONG = [None, 5, -1, 1.5, True, "x" * 5000, "长" * 5000, [], ["x"], {}, {"a": {"b": 1}}, "a\u0001b", "😀", "<script>", "' OR 1=1 --",
         "../../etc/passwd", "%s%n", 2 ** 63 - 1, ""]
BODIES = {("POST", "enterprises"): [*FORM, "cloud_client_id", "cloud_secret", "unchecked"],
          ("PATCH", "enterprises/1"): [*FORM, "cloud_client_id", "cloud_secret", "unchecked", "is_enabled"],
          ("POST", "push-table"): ["name", "tax_no", "client_id", "url"]}
QUERIES = {"enterprises": ["q", "page", "page_size"], "push-table": ["page"], "journal": ["page"],
           "audit-log": ["actor", "action", "object", "from", "to", "page"]}


def test_wrong_values(gateway, admin):
    gateway.httpd.expect_log("FPI00", optional=True)

    def check(where, field, value):
        body = {**({**FORM, "unchecked": True} if where[1].startswith("enterprises") and where[0] == "POST" else {}), field: value}
        reply = admin.request(where[0], f"{V1}/{where[1]}", json_body=body)
        refused_by_cloud = reply.status == 502 and reply.json()["error"]["code"] == "1502"  # a well-formed secret, but no right one
        assert reply.status < 500 or refused_by_cloud, (where, field, value, reply)
        assert reply.status < 400 or reply.json()["error"]["message"], reply

    each([(where, field, value) for where, fields in BODIES.items() for field, value in itertools.product(fields, WRONG)], check)


def test_wrong_queries(admin):
    def check(path, name, value):
        reply = admin.get(f"{V1}/{path}", query={name: value})
        assert reply.status in (200, 400), (path, name, value, reply)

    each([(path, name, value) for path, names in QUERIES.items()
          for name, value in itertools.product(names, ["", " ", "x" * 3000, "-1", "0", "99999999999999999999", "%", "'", "\u202e",
                                                       "2026-13-45", "1.5", "a\u0001b"])], check)


def test_bodies_that_are_none(admin):
    def check(where, body):
        reply = admin.request(where[0], f"{V1}/{where[1]}", body, {"Content-Type": "application/json"})
        assert reply.status == 400, (where, body, reply)

    each(itertools.product(BODIES, [b"", b"[]", b"null", b"5", b'"x"', b"{", b"\xff", b"[" * 5000, b'{"a":1,"a":2}']), check)
