"""Hostile texts through every field that is stored, generated from the routes and what OpenAPI says of their bodies: they are
refused clearly, or kept and given back as they are; and whatever shows them (exports, names of files, the tool's tables,
the log, figures) takes them for text."""
import csv
import email
import io
import json
import re
import zipfile

import openpyxl
import pytest

from harness.client import run_ctl
from test_100_start import ANNOUNCE, bill, change, each, rows
from test_130_bills import BASE, asked
from test_160_matrix import FIELDS
from test_360_exports import ask, content, ended
from test_520_rights import CONSOLE, path_of, site as rights  # noqa: F401

PAYLOADS = {
    "markup": "<script>alert(1)</script>", "image": "<img src=x onerror=alert(1)>", "attribute": "\" autofocus onfocus=alert(1) x=\"", "single": "' onload='x",
    "template": "{{7*7}}${7*7}<%=7*7%>#{7*7}", "sql": "x'); DROP TABLE bill; --", "like": "%_\\%", "format": "%s%n%x%1$s%%", "shell": "$(id)`id`;|id&",
    "formula": "=cmd|' /C calc'!A0", "plus": "+1+1", "minus": "-2+3", "at": "@SUM(1+1)", "tabbed": "\t=1+1", "link": "=HYPERLINK(\"http://evil.example\")",
    "bidi": "a\u202egpj.exe", "isolate": "\u2066x\u2069", "width": "a\u200b\u200d\ufeffb", "marks": "\u200fx\u061c", "separator": "a\u2028b\u2029c", "c1": "a\u009b31mb\u0085c",
    "escape": "a\x1b[31mred\x1b]0;title\x07", "lines": "a\r\nX-Evil: 1\n\nb", "back": "a\b\x7fb", "path": "../../../../etc/passwd", "drive": "C:\\con\\nul.txt",
    "device": "CON", "dots": "..", "json": "\"}],\"x\":[{\"", "url": "javascript:alert(1)", "combining": "e\u0301" * 20, "wide": "\U0001f600\U0010fffd"}
TEXTS = list(PAYLOADS.values())
STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
# whole bodies, where a text alone is not enough
BASES = {
    "POST /api/v1/organisations": {"code": "#", "name": "n"}, "POST /api/v1/roles": {"name": "#", "permissions": []}, "POST /api/v1/users": {"name": "#"},
    "POST /api/v1/scan-points": {"name": "#"}, "POST /api/v1/labels": {"name": "#"}, "POST /api/v1/bill-types": {"code": "#"},
    "POST /api/v1/cover-rules": {"name": "#", "separator": "-", "parts": [{"kind": "DIGITS", "digits": 4}]},
    "PUT /api/v1/cover-rules/{rule_id}": {"name": "r", "separator": "-", "parts": [{"kind": "DIGITS", "digits": 4}]},
    "POST /api/v1/push-table": {"name": "n", "tax_no": "91310000123456789X", "client_id": "#", "url": "http://10.0.0.9:8080/api/imgsys/outside/push"},
    "POST /api/v1/enterprises": {"name": "n", "tax_no": "91310000123456789X", "client_id": "#", "secret": "s-1", "unchecked": True},
    "POST /api/v1/business-systems": {"name": "#", "prefix": "http://10.0.0.9:6888/ormrpc/services/", "dc": "DC", "user": "u", "password": "p"},
    "PUT /api/v1/business-systems/{system_id}": {"name": "n", "prefix": "http://10.0.0.9:6888/ormrpc/services/", "dc": "DC", "user": "u"},
    "POST /api/v1/scanners": {"name": "#", "address": "http://10.0.0.9/eSCL"}, "PUT /api/v1/scanners/{scanner_id}": {"name": "s", "address": "http://10.0.0.9/eSCL"},
    "POST /api/v1/uploads": {"name": "n", "size": 1}, "POST /api/v1/bills/{bill_id}/rescan": {"reason": "why"},
    "PATCH /api/v1/enterprises/{enterprise_id}": {"unchecked": True}}


# what is put into a form of its own, and what stays whatever is said
OWN_FORM = {("scanner_make", "address"), ("scanner_put", "address"), ("bill_type_put", "code"), ("system_make", "prefix"), ("system_put", "prefix"),
            ("system_patch", "prefix"), ("console_void", "reason")}
COSTLY = {"user_make": 1, "user_reset": 1}  # a password's hash each time; others get so many of the texts, another choice each field
EACH = 8


# the console

def members(doc, schema, out=None):
    """Of a body's schema: {name of a free text: schema}."""
    out = {} if out is None else out
    while "$ref" in schema:
        schema = doc["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    for part in schema.get("allOf", []):
        members(doc, part, out)
    for name, member in schema.get("properties", {}).items():
        kinds = member.get("type", [])
        if "string" in ([kinds] if isinstance(kinds, str) else kinds) and not {"enum", "format", "pattern"} & set(member):
            out[name] = member
    return out


def texts_of_the_console(doc):
    """(route, field) of every free text that a route of the console takes as JSON."""
    for route in CONSOLE:
        body = doc["paths"][route["path"]][route["method"].lower()].get("requestBody", {}).get("content", {}).get("application/json")
        for name in members(doc, body["schema"]) if body else ():
            yield route, name


def given_back(value, name):
    """All values of that name, however deep."""
    if isinstance(value, dict):
        for key, member in value.items():
            if key == name and isinstance(member, str):
                yield member
            yield from given_back(member, name)
    elif isinstance(value, list):
        for member in value:
            yield from given_back(member, name)


def is_plain_json(reply):
    return "X-Evil" not in reply.headers and (not reply.body or (re.fullmatch("application/json(; charset=utf-8)?", reply.headers["Content-Type"])
                                                                 and reply.headers["X-Content-Type-Options"] == "nosniff"))


def bare(text):
    """As it is kept: blanks round it go, some codes are upper-cased."""
    return re.sub("^[\\s\u200b\ufeff]+|[\\s\u200b\ufeff]+$", "", text).upper()


def furnish(site):
    for path, part in (("business-systems", "system_id"), ("scanners", "scanner_id"), ("labels", "label_id"), ("bill-types", "type_id")):
        body = {**BASES[f"POST /api/v1/{path}"]}
        reply = site.boss.post(f"/api/v1/{path}", {name: "base" if value == "#" else value for name, value in body.items()})
        assert reply.status == 201, reply
        site.parts[part] = next(reply.json()[name] for name in ("id", part) if name in reply.json())
    site.parts["user_id"] = site.small.id


def test_texts_of_the_console(rights):
    """One field after the other, each with each text."""
    furnish(rights)
    fields = list(texts_of_the_console(rights.boss.get("/api/v1/openapi.json").json()))
    assert len(fields) > 40 and {"name", "reason", "address", "code"} <= {name for _, name in fields}
    kept = set()

    def check(route, name, at, text):
        body = dict(BASES.get(f"{route['method']} {route['path']}", {}))
        body = {key: f"b{at}-{len(kept)}" if value == "#" else value for key, value in body.items()}
        reply = rights.boss.request(route["method"], path_of(rights, route), json_body={**body, name: text})
        assert reply.status < 500 or reply.status in (502, 503, 504), reply
        assert is_plain_json(reply), reply.headers
        if reply.status < 300 and reply.body:
            found = list(given_back(reply.json(), name))
            if "uploads" in route["path"]:  # the name of a file, which is cut and cleaned when it comes
                assert not [one for one in found if STEERING.search(one) or re.search(r'[<>:"/\\|?*]', one)], found
                return
            if (route["handler"], name) not in OWN_FORM:
                assert not found or any(bare(one) == bare(text) for one in found), found
            kept.update([name] if found else [])

    cases = []
    for first, (route, name) in enumerate(fields):
        chosen = [(first * 5 + n * 4) % len(TEXTS) for n in range(COSTLY.get(route["handler"], EACH))]
        cases += [(route, name, at, TEXTS[at]) for at in chosen]
    assert {at for _, _, at, _ in cases} == set(range(len(TEXTS)))
    each(cases, check)
    assert {"name", "code", "address"} <= kept
    # and in whatever lists them: the same text, as JSON
    seen = ""
    for route in CONSOLE:
        if route["method"] == "GET" and "{" not in route["path"] and "import" not in route["path"]:
            reply = rights.boss.get(route["path"], query={"page_size": "200"} if route["path"] not in ("/api/v1/openapi.json", "/api/v1/files") else {})
            assert is_plain_json(reply) and reply.status in (200, 400), (reply, str(reply.headers))
            seen += json.dumps(reply.json(), ensure_ascii=False)
    for text in ("markup", "template", "sql", "format", "formula", "bidi"):
        assert json.dumps(PAYLOADS[text], ensure_ascii=False)[1:-1] in seen, text
    assert rows(rights, "PRAGMA integrity_check") == [{"integrity_check": "ok"}] and len(rows(rights, "SELECT 1 FROM bill")) >= 1


# what an ERP says, and all that shows it

SAID = ("fbillId", "fbillTypeDes", "fapplyUserName", "fapplyErpUserName", "fapplyOrganizationName", "billNo", "fbillTypeCode", "fapplyOrganizationCode")
COLUMNS = ("erp_id", "type_name", "apply_name", "apply_erp_user", "org_name", "bill_no", "type_code", "org_code")


@pytest.fixture
def desk(gateway):
    gateway.erp = gateway.login()
    return gateway


def announce_all(desk):
    """{number: (text, {column: what was kept})}, a bill for each text; each field that refuses it is left out."""
    out = {}
    for at, text in enumerate(TEXTS):
        number, said = f"PL-{at}", dict(zip(SAID, [text] * len(SAID)))
        whole, left = bill(number), []
        for name, value in said.items():
            reply = desk.erp.post(ANNOUNCE, {**whole, name: value})
            assert reply.status == 200 and reply.errcode in ("0000", "1400") and is_plain_json(reply), reply
            assert reply.errcode == "0000" or name in reply.json()["description"], reply
            if reply.errcode == "0000":
                whole[name] = value
            else:
                left.append(name)
        if reply.errcode != "0000":
            assert desk.erp.post(ANNOUNCE, whole).errcode == "0000"
        (row,) = rows(desk, "SELECT * FROM bill WHERE number = ?", number)
        for name, column in zip(SAID, COLUMNS):
            assert name in left or bare(row[column]) == bare(text), (name, text, row[column])
        out[number] = text
    return out


def finish(desk, numbers):
    """Files, orders, invoices of the same texts."""
    for number, text in numbers.items():
        desk.erp.request("POST", BASE + "upload", json.dumps({**asked(number), "base64": "PHg+eTwveD4=", "fileName": text, "fileType": "attach"}),
                         {"Content-Type": "application/json"})
        desk.erp.post(BASE + "rescan", asked(number, reason=text, operator=text))
        desk.erp.post(BASE + "erpBingScanVoucher", asked(number, voucherNo=text, lock=False))
        change(desk, "INSERT INTO invoice (tenant, bill, serial_no, type, code, number, seller_name, buyer_name, check_status)"
               " SELECT 1, id, ?, 1, ?, ?, ?, ?, 1 FROM bill WHERE number = ?", number, *[text] * 4, number)
        assert desk.erp.post(f"/api/imgsys/outside/nowhere/{number}", {"a": text}, query={"q": text}).status == 404


def test_what_shows_the_texts_of_an_erp(desk):
    desk.httpd.expect_log("AH0|AH1", optional=True)
    numbers = announce_all(desk)
    finish(desk, numbers)
    ids = {row["number"]: row["id"] for row in rows(desk, "SELECT id, number FROM bill")}
    in_json(desk, numbers, ids)
    in_file_names(desk)
    in_workbook(desk, numbers, ids)
    in_archive(desk, ids)
    in_figures(desk)
    in_the_tool(desk, numbers)
    in_the_log(desk)


def in_json(desk, numbers, ids):
    for number, text in numbers.items():
        for path in ("", "/timeline", "/match"):
            reply = desk.erp.get(f"/api/v1/bills/{ids[number]}{path}")
            assert reply.status == 200 and is_plain_json(reply), reply
        one = desk.erp.get(f"/api/v1/bills/{ids[number]}").json()
        (row,) = rows(desk, "SELECT apply_name AS applicant_name, apply_erp_user AS applicant_erp_user, reason, voucher FROM bill WHERE number = ?", number)
        for name, kept in row.items():
            assert kept is None or kept in given_back(one, name), (name, text)
        listed = desk.erp.post(BASE + "invoices", asked(number))
        assert is_plain_json(listed) and text in given_back(listed.json(), "salerName"), listed
        found = desk.erp.get("/api/v1/bills", query={"q": text})
        assert found.status in (200, 400) and is_plain_json(found)


def in_file_names(desk):
    for row in rows(desk, "SELECT id, name FROM file"):
        for query in ({}, {"download": "1"}):
            reply = desk.erp.get(f"/api/v1/files/{row['id']}", query=query)
            said = reply.headers["Content-Disposition"]
            assert reply.status == 200 and "X-Evil" not in reply.headers and re.fullmatch(
                r"(inline|attachment); filename=\"[ !#$&-\[\]-~]*\"; filename\*=UTF-8''[\w.~%-]+", said), said
            name = email.message_from_string(f"Content-Disposition: {said}\n\n").get_filename()
            assert name and not STEERING.search(name) and not re.search(r"[/\\]", name), name


def in_workbook(desk, numbers, ids):
    book = openpyxl.load_workbook(io.BytesIO(content(desk.erp, ended(desk.erp, ask(desk.erp, "XLSX", *ids.values())))))
    cells = [cell for sheet in book for row in sheet.iter_rows(min_row=2) for cell in row if cell.value is not None]
    assert len(cells) > 10 * len(numbers) and {cell.data_type for cell in cells} <= {"s", "n", "d", "inlineStr"}
    texts = {cell.value for cell in cells if isinstance(cell.value, str)}
    for name in ("formula", "plus", "minus", "at", "link", "markup", "template", "sql"):
        assert PAYLOADS[name] in texts, name
    assert not any(cell.hyperlink for cell in cells)


DEVICES = re.compile(r"(CON|PRN|AUX|NUL|COM\d|LPT\d)( *\.|$)", re.I)


def in_archive(desk, ids):
    with zipfile.ZipFile(io.BytesIO(content(desk.erp, ended(desk.erp, ask(desk.erp, "ZIP", *ids.values()))))) as archive:
        names = [info.filename for info in archive.infolist()]
        listed = list(csv.DictReader(io.StringIO(archive.read("index.csv").decode("utf-8-sig"))))
    assert len(names) > 10 and len({name.lower() for name in names}) == len(names)
    for name in names:
        parts = name.split("/")
        assert not STEERING.search(name) and not re.search(r'[<>:"\\|?*]', name), name
        assert len(parts) <= 2 and not any(part in ("", ".", "..") or DEVICES.match(part) or part[-1] in ". " for part in parts), name
    cells = [value for row in listed for value in row.values() if value]
    assert not [value for value in cells if value[0] in "=+-@\t\r"], "a spreadsheet takes it for a formula"
    assert {row["压缩包内路径"] for row in listed if row["压缩包内路径"]} == set(names) - {"index.csv"}


def in_figures(desk):
    with desk.httpd.http() as http:
        metrics, page = http.get("/fpimage/metrics"), http.get("/server-status")
    assert all(re.fullmatch(r'#.*|fpimage_[a-z_]+(\{([a-z_]+="[^"\\\n]*",?)+\})? -?[0-9.e+]+', line) for line in metrics.text.splitlines() if line)
    assert "alert(1)" not in metrics.text and "<script>" not in page.text and "onerror=alert" not in page.text.replace("&lt;img src=x onerror=alert", "")
    assert page.headers["Content-Type"].startswith("text/html")


LISTS = [("push", "list"), ("delivery", "list"), ("journal", "list"), ("audit", "list"), ("org", "list"), ("storage",), ("mode", "show"), ("user", "list")]


def in_the_tool(desk, numbers):
    """One line is one row, and nothing of it steers the terminal."""
    hostile = [number for number, text in numbers.items() if STEERING.search(text)]
    calls = [*LISTS, *(("bill", what, number) for number in hostile[::2] for what in ("show", "trail"))]
    for words in calls:
        code, out, err = run_ctl(*desk.ctl.where, "--lang", "zh", *words)
        assert code in (0, 1), (words, err)
        for line in (out + err).split("\n"):
            assert not STEERING.search(line), (words, line)


def in_the_log(desk):
    data = (desk.httpd.root / "logs" / "error.log").read_bytes()
    lines = data.decode("utf-8").split("\n")
    assert lines.pop() == "" and len(lines) > 50
    for line in lines:
        assert line.startswith("[") and not re.search("[\x00-\x08\x0b-\x1f\x7f]", line), line
        assert "X-Evil" not in line[:60], line
    access = (desk.httpd.root / "logs" / "access.log").read_bytes().decode("utf-8", "replace").split("\n")
    assert not [line for line in access if re.search("[\x00-\x1f\x7f]", line)]


def test_covers_of_hostile_texts(desk, tmp):
    """The cover that we print says them as text, and reads back as the number."""
    def check(text):
        code, _, err = run_ctl(*desk.ctl.where, "cover", "print", "PL-1", "-o", str(tmp / "c.pdf"), "--title", text, "--line", text)
        assert code == 0 or (code == 2 and err and not STEERING.search(err.rstrip("\n"))), (code, err)
        if code == 0:
            data = (tmp / "c.pdf").read_bytes()
            assert data.startswith(b"%PDF-") and b"/JavaScript" not in data and b"/URI" not in data

    each([(PAYLOADS[name],) for name in ("markup", "template", "format", "bidi", "c1", "json")], check)


def test_every_text_of_an_erp_is_tried():
    """The matrix of bad input knows the fields; here each of the announcement's is sent."""
    assert set(FIELDS[ANNOUNCE][1]) - {"fscanBillNo", "resource", "fapplyUserPhone", "taxNo"} <= set(SAID)
