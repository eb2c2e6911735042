"""Exports: originals as a zip that every program reads, lists as a workbook, as tasks that survive and end."""
import csv
import hashlib
import io
import os
import zipfile

import pytest

from harness import blobs, processes
from harness.cloudctl import CLIENT, OTHER_CLIENT
from test_100_start import change, each, patience, rows
from test_130_bills import announced
from test_160_matrix import ABSENT, BLANK, LONG, ODD, RAW, STRUCTURES

EXPORTS = "/api/v1/exports"
PDF = b"%PDF-1.4\n% an original\n"
FORMULAS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "=HYPERLINK(\"http://x\")"]


def bill_id(gateway, number):
    return rows(gateway, "SELECT id FROM bill WHERE number = ?", number)[0]["id"]


def ask(http, kind, *bills, **more):
    return http.post(EXPORTS, {"kind": kind, "bill_ids": list(bills), **more})


def ended(http, reply, state="READY"):
    """The export's last answer."""
    assert reply.status == 202, reply
    path = f"{EXPORTS}/{reply.json()['export_id']}"
    assert processes.wait_until(lambda: http.get(path).json()["state"] in ("READY", "FAILED"), patience(30), 0.05)
    found = http.get(path).json()
    assert found["state"] == state, found
    return found


def content(http, export):
    reply = http.get(f"{EXPORTS}/{export['export_id']}/content")
    assert reply.status == 200, reply
    assert len(reply.body) == export["size"] and hashlib.sha256(reply.body).hexdigest() == export["sha256"]
    return reply.body


def unzipped(data):
    """name -> bytes; all sums hold, names differ also where case does not count, and none leads out."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
        assert len({name.lower() for name in names}) == len(names)
        assert not [name for name in names if name.startswith("/") or "\\" in name or ".." in name.split("/")]
        assert all(info.flag_bits & 0x800 and info.file_size == info.compress_size for info in archive.infolist())
        return {name: archive.read(name) for name in names}


def index_of(files):
    text = files["index.csv"].decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture
def desk(gateway):
    """(gateway, http, {number: id}) with three bills and their files."""
    http = gateway.login()
    for number in ("EX-1", "EX-2", "EX-3"):
        announced(http, number, billNo=f"NO-{number}", fapplyUserName="张三")
    blobs.put_file(gateway, "EX-1", "封面.pdf", PDF + b"cover", 0)
    blobs.put_file(gateway, "EX-1", "invoice.xml", b"<EInvoice/>", 1, "text/xml")
    blobs.put_file(gateway, "EX-1", "附件 1.pdf", PDF + b"attachment")
    blobs.put_file(gateway, "EX-2", "noname", PDF + b"two")
    return gateway, http, {number: bill_id(gateway, number) for number in ("EX-1", "EX-2", "EX-3")}


def test_zip_of_bills(desk):
    _, http, ids = desk
    reply = ask(http, "ZIP", ids["EX-1"], ids["EX-2"], ids["EX-3"], ids["EX-1"])
    first = reply.json()
    assert (first["state"], first["total"], first["kind"], first["done"]) == ("WAITING", 3, "ZIP", 0)
    export = ended(http, reply)
    assert (export["done"], export["total"], export["note"]) == (3, 3, None)
    assert export["name"].startswith("影像导出-") and export["name"].endswith(".zip") and export["expires_at"] > export["ended_at"]
    files = unzipped(content(http, export))
    index = files.pop("index.csv")
    assert files == {"EX-1/01-封面-封面.pdf": PDF + b"cover", "EX-1/02-发票-invoice.xml": b"<EInvoice/>",
                     "EX-1/03-附件-附件 1.pdf": PDF + b"attachment", "EX-2/01-附件-noname.pdf": PDF + b"two"}
    listed = index_of({"index.csv": index})
    assert [(row["影像编号"], row["压缩包内路径"]) for row in listed] == [
        ("EX-1", "EX-1/01-封面-封面.pdf"), ("EX-1", "EX-1/02-发票-invoice.xml"), ("EX-1", "EX-1/03-附件-附件 1.pdf"),
        ("EX-2", "EX-2/01-附件-noname.pdf"), ("EX-3", "")]
    assert listed[1]["SHA-256"] == hashlib.sha256(b"<EInvoice/>").hexdigest() and listed[4]["备注"] == "没有影像"


NAMES = [("../../etc/passwd", "etc_passwd"), ("a:b*c?.pdf", "a_b_c_"), ("trail. .pdf", "trail"), ("x\u202efdp.exe", "x_fdp"),
         ("长" * 100 + ".pdf", "长"), (".pdf", ""), ("a.verylongextensionindeed.", "a")]


def test_names_are_safe_and_differ(gateway):
    http = gateway.login()
    announced(http, "NUL")
    announced(http, "A/B:C")
    announced(http, "A_B_C")
    for place, (name, _) in enumerate(NAMES):
        blobs.put_file(gateway, "NUL", name, PDF + bytes([place]))
        blobs.put_file(gateway, "NUL", "same.pdf", PDF + b"s" + bytes([place]))
    for number in ("A/B:C", "A_B_C"):
        blobs.put_file(gateway, number, "x.pdf", PDF + number.encode())
    files = unzipped(content(http, ended(http, ask(http, "ZIP", *(bill_id(gateway, n) for n in ("NUL", "A/B:C", "A_B_C"))))))
    assert len(files) == 2 * len(NAMES) + 2 + 1
    assert all(len(part.encode()) <= 255 and part.rstrip(". ") == part for name in files for part in name.split("/"))
    assert {name.split("/")[0] for name in files} == {"_NUL", "A_B_C", f"A_B_C ({bill_id(gateway, 'A_B_C')})", "index.csv"}
    assert not [name for name in files if "\u202e" in name]


def test_parts_of_a_file_are_there_once(desk):
    gateway, http, _ = desk
    announced(http, "PARTS")
    for pages in ((1, 2), (3, 3)):
        blobs.put_file(gateway, "PARTS", "batch.pdf", PDF + b"batch", 1, pages=pages)
    files = unzipped(content(http, ended(http, ask(http, "ZIP", bill_id(gateway, "PARTS")))))
    assert sorted(files) == ["PARTS/01-发票-batch.pdf", "index.csv"]
    assert [(row["页"], row["压缩包内路径"]) for row in index_of(files)] == [
        ("1~2", "PARTS/01-发票-batch.pdf"), ("3~3", "PARTS/01-发票-batch.pdf")]


def test_damaged_and_missing_files_are_told(desk):
    gateway, http, ids = desk
    hurt, gone = (blobs.put_file(gateway, "EX-3", f"{name}.pdf", PDF + name.encode()) for name in ("hurt", "gone"))
    whole = blobs.put_file(gateway, "EX-3", "whole.pdf", PDF + b"whole")
    blobs.damage(gateway, hurt, 3)
    blobs.path_of(gateway, gone).unlink()
    export = ended(http, ask(http, "ZIP", ids["EX-3"]))
    files = unzipped(content(http, export))
    assert [hashlib.sha256(data).hexdigest() for name, data in files.items() if name != "index.csv"] == [whole]
    assert [row["备注"] for row in index_of(files)] == ["文件已损坏", "文件缺失", ""]
    assert export["note"].startswith("2 ")


def test_workbook(desk):
    openpyxl = pytest.importorskip("openpyxl")
    gateway, http, ids = desk
    change(gateway, "UPDATE bill SET apply_name = ?, state = 2, page_count = 7 WHERE id = ?", FORMULAS[0], ids["EX-1"])
    for place, text in enumerate(FORMULAS):
        change(gateway, "INSERT INTO invoice (tenant, bill, serial_no, type, code, number, date, net, tax, gross, seller_name,"
               " check_status) VALUES (1, ?, ?, 1, '0440', '00012345', '2026-01-31', 10000, 1300, 11300, ?, 1)",
               ids["EX-1"], f"serial-{place}", text)
    change(gateway, "INSERT INTO found (tenant, bill, file, page, type, number, gross, seller_name, check_status, source,"
           " twin_kind, twin_bill, twin_file, created, updated) VALUES (1, ?, 1, 1, 27, '24000000000000000001', 9999, '@x', 0,"
           " 'OFD_TAG', 1, 0, 0, 1, 1)", ids["EX-1"])
    export = ended(http, ask(http, "XLSX", ids["EX-1"], ids["EX-2"]))
    book = openpyxl.load_workbook(io.BytesIO(content(http, export)))
    assert book.sheetnames == ["单据", "发票"]
    heads, *bills = book["单据"].iter_rows()
    first = dict(zip([cell.value for cell in heads], bills[0]))
    assert len(bills) == 2 and first["影像编号"].value == "EX-1" and first["状态"].value == "已提交"
    assert (first["影像页数"].value, first["文件数"].value, first["推送发票数"].value) == (7, 3, 5)
    assert first["推送发票价税合计"].value == 565 and first["提单人"].value == FORMULAS[0]
    heads, *invoices = book["发票"].iter_rows()
    titles = [cell.value for cell in heads]
    found = dict(zip(titles, (cell.value for cell in invoices.pop())))
    assert (found["来源"], found["数据来源"], found["价税合计"], found["重复"]) == ("识别", "OFD_TAG", 99.99, "已在其他已提交单据中")
    assert found["销方名称"] == "@x" and (first["识别发票数"].value, first["识别发票价税合计"].value) == (1, 99.99)
    assert [row[titles.index("销方名称")].value for row in invoices] == FORMULAS
    assert all(row[titles.index("发票号码")].value == "00012345" and row[titles.index("价税合计")].value == 113
               for row in invoices)
    assert not [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]


def test_formulas_in_the_index_are_text(desk):
    gateway, http, ids = desk
    change(gateway, "UPDATE bill SET bill_no = ? WHERE id = ?", '=1+"1",2', ids["EX-1"])
    listed = index_of(unzipped(content(http, ended(http, ask(http, "ZIP", ids["EX-1"])))))
    assert {row["单据编号"] for row in listed} == {"'=1+\"1\",2"}


REFUSED = [
    ({}, "kind"), ({"kind": "TAR", "bill_ids": [1]}, "kind"), ({"kind": "zip", "bill_ids": [1]}, "kind"),
    ({"kind": "ZIP"}, "bill_ids"), ({"kind": "ZIP", "bill_ids": []}, "bill_ids"), ({"kind": "ZIP", "bill_ids": ["x"]}, "bill_ids"),
    ({"kind": "ZIP", "bill_ids": [0]}, "bill_ids"), ({"kind": "ZIP", "bill_ids": [1.5]}, "bill_ids"),
    ({"kind": "ZIP", "bill_ids": 7}, "bill_ids"), ({"kind": "ZIP", "bill_ids": list(range(1, 2002))}, "2000"),
    ([1], "JSON"), ({"kind": "ZIP", "bill_ids": [1], "filter": {}}, "filter"), ({"kind": "ZIP", "filter": []}, "filter"),
    ({"kind": "ZIP", "filter": {"state": "NONE"}}, "state"), ({"kind": "XLSX", "filter": {"sort": "size"}}, "sort"),
]


def test_filter(desk):
    """What fits when it is asked for, however many pages of a list that is."""
    gateway, http, ids = desk
    change(gateway, "INSERT INTO bill (tenant, org, number, resource, tax_no, state, state_before, is_announced, is_locked,"
           " push_version, page_count, created, updated, version) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
           " WHERE i < 1200) SELECT 1, 0, 'MANY-' || i, 'EAS', ?, 2, 0, 1, 0, 0, 0, i, i, 0 FROM n", CLIENT["tax_no"])
    some = ended(http, http.post(EXPORTS, {"kind": "ZIP", "filter": {"state": "WAITING", "page_size": 1}}))
    assert {row["影像编号"] for row in index_of(unzipped(content(http, some)))} == set(ids)
    many = ended(http, http.post(EXPORTS, {"kind": "XLSX", "filter": {"q": "MANY", "state": "SUBMITTED"}}))
    assert (many["total"], many["done"]) == (1200, 1200)
    reply = http.post(EXPORTS, {"kind": "XLSX", "filter": {"q": "NOBODY"}})
    assert reply.status == 404 and "filter" in reply.text


def test_refusals(desk):
    gateway, http, _ = desk

    def check(body, said):
        reply = http.post(EXPORTS, body)
        assert reply.status == 400 and said in reply.text, reply

    each(REFUSED, check)
    assert rows(gateway, "SELECT * FROM export") == [] and rows(gateway, "SELECT * FROM job WHERE kind = 'export'") == []


def present(value):
    """Without the members and elements that are to be absent."""
    if isinstance(value, dict):
        return {name: present(one) for name, one in value.items() if one is not ABSENT}
    return [present(one) for one in value if one is not ABSENT] if isinstance(value, list) else value


def test_bad_input_of_every_kind(desk):
    """Whatever comes: a code and a sentence, no 5xx, and nothing kept but what was answered 202."""
    gateway, http, ids = desk
    good = {"kind": "XLSX", "bill_ids": [ids["EX-1"]]}
    values = {**BLANK, **STRUCTURES, **LONG, **ODD}
    cases = [({**good, field: value}, f"{field} {name}") for field in ("kind", "bill_ids") for name, value in values.items()]
    cases += [({"kind": "XLSX", "filter": value}, f"filter {name}") for name, value in values.items()]
    cases += [({"kind": "XLSX", "filter": {field: value}}, f"filter.{field} {name}") for name, value in values.items()
              for field in ("state", "sort", "q", "created_from", "org", "has_problem", "bill_type")]
    cases += [({**good, "bill_ids": [value]}, f"bill_ids[] {name}") for name, value in values.items()]

    def check(body, name):
        reply = http.post(EXPORTS, present(body))
        assert reply.status in (202, 400, 404), reply
        if reply.status == 202:
            http.request("DELETE", f"{EXPORTS}/{reply.json()['export_id']}")
        else:
            assert reply.json()["error"]["message"]

    each(cases, check)

    def check_raw(name, data):
        reply = http.request("POST", EXPORTS, b'{"kind": ' + data + b', "bill_ids": [1]}', {"Content-Type": "application/json"})
        assert reply.status == 400 and reply.json()["error"]["message"], reply

    each(list(RAW.items()), check_raw)
    for path in ("x", "0", "-1", "1.5", "99999999999999999999", "%00", "1%2f2", "../1"):
        assert http.get(f"{EXPORTS}/{path}").status in (400, 404), path
    assert rows(gateway, "SELECT * FROM export") == []


def test_only_what_the_caller_may_see(make_gateway):
    gateway = make_gateway(clients=(CLIENT, OTHER_CLIENT))
    mine, other = gateway.login(), gateway.login(OTHER_CLIENT)
    announced(mine, "MINE", taxNo=CLIENT["tax_no"])
    announced(other, "THEIRS", taxNo=OTHER_CLIENT["tax_no"])
    blobs.put_file(gateway, "MINE", "a.pdf", PDF)
    ids = bill_id(gateway, "MINE"), bill_id(gateway, "THEIRS")
    assert ask(mine, "ZIP", *ids).status == 404 and ask(mine, "ZIP", 999).status == 404
    export = ended(mine, ask(mine, "ZIP", ids[0]))
    path = f"{EXPORTS}/{export['export_id']}"
    for method, where in (("GET", path), ("DELETE", path), ("GET", path + "/content")):
        assert other.request(method, where).status == 404
    assert [len(http.get(EXPORTS).json()["items"]) for http in (mine, other)] == [1, 0]
    with gateway.http() as nobody:
        assert nobody.get(path).status == 401 and nobody.post(EXPORTS, {}).status == 401
    change(gateway, "UPDATE bill SET tax_no = ? WHERE number = 'MINE'", OTHER_CLIENT["tax_no"])
    change(gateway, "UPDATE export SET state = 0, ended = 0")
    change(gateway, "INSERT INTO job (tenant, kind, key, payload, state, due, first, lease_until, attempts, again)"
           " VALUES (1, 'export', ?, '{}', 'ready', 1, 1, 0, 0, 0)", str(export["export_id"]))
    assert processes.wait_until(lambda: mine.get(path).json()["state"] == "READY", patience(20), 0.1)
    assert sorted(unzipped(content(mine, mine.get(path).json()))) == ["index.csv"]


def test_list_in_pages(desk):
    _, http, ids = desk
    made = [ended(http, ask(http, "XLSX", ids["EX-1"]))["export_id"] for _ in range(3)]
    page = http.get(EXPORTS, query={"page_size": 2}).json()
    assert [item["export_id"] for item in page["items"]] == made[:0:-1]
    assert page["pagination"] == {"page": 1, "page_size": 2, "total": 3, "has_more": True}
    rest = http.get(EXPORTS, query={"page_size": 2, "page": 2}).json()
    assert [item["export_id"] for item in rest["items"]] == made[:1] and not rest["pagination"]["has_more"]


def test_content_before_it_is_ready(desk):
    gateway, http, ids = desk
    export = ended(http, ask(http, "ZIP", ids["EX-1"]))
    change(gateway, "UPDATE export SET state = 1, ended = 0, sha256 = NULL")
    reply = http.get(f"{EXPORTS}/{export['export_id']}/content")
    assert reply.status == 409 and "RUNNING" in reply.text


def test_ranges_of_the_content(desk):
    _, http, ids = desk
    export = ended(http, ask(http, "ZIP", ids["EX-1"]))
    whole = content(http, export)
    path = f"{EXPORTS}/{export['export_id']}/content"
    part = http.get(path, headers={"Range": "bytes=10-19"})
    assert part.status == 206 and part.body == whole[10:20] and part.headers["Content-Range"] == f"bytes 10-19/{len(whole)}"
    assert http.get(path, headers={"If-None-Match": part.headers["ETag"]}).status == 304
    disposition = part.headers["Content-Disposition"]
    assert disposition.startswith("attachment") and "filename*=UTF-8''%E5%BD%B1" in disposition
    assert part.headers["Content-Type"] == "application/zip"


def test_delete(desk):
    gateway, http, ids = desk
    export = ended(http, ask(http, "ZIP", ids["EX-1"]))
    path, blob = f"{EXPORTS}/{export['export_id']}", blobs.path_of(gateway, export["sha256"])
    assert blob.exists()
    os.utime(blob, (1, 1))  # made a minute ago, or longer
    assert http.request("DELETE", path).status == 204
    assert http.get(path).status == 404 and http.request("DELETE", path).status == 404
    assert not blob.exists() and rows(gateway, "SELECT * FROM export") == []


def many_files(gateway, number, count, size):
    for at in range(count):
        blobs.put_file(gateway, number, f"{at}.pdf", PDF + os.urandom(16) + bytes(size))


def test_delete_calls_a_running_one_off(desk):
    gateway, http, _ = desk
    announced(http, "LARGE")
    many_files(gateway, "LARGE", 40, 8 << 20)
    reply = ask(http, "ZIP", bill_id(gateway, "LARGE"))
    path = f"{EXPORTS}/{reply.json()['export_id']}"
    assert processes.wait_until(lambda: http.get(path).json()["state"] == "RUNNING", patience(10), 0.01)
    assert http.request("DELETE", path).status == 204
    spool = gateway.httpd.data / "blobs" / "spool"
    assert processes.wait_until(lambda: not list(spool.iterdir()) and not rows(gateway, "SELECT * FROM job"), patience(20), 0.1)
    assert http.get(path).status == 404


def test_at_most_five_at_once(desk):
    gateway, http, ids = desk
    change(gateway, "INSERT INTO export (tenant, actor, kind, query, state, done, total, size, created, ended)"
           " SELECT 1, ?, 'ZIP', '{}', 0, 0, 1, 0, 0, 0 FROM (SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION"
           " SELECT 5)", f"enterprise:{rows(gateway, 'SELECT id FROM enterprise')[0]['id']}")
    reply = ask(http, "ZIP", ids["EX-1"])
    assert reply.status == 429 and reply.headers["Retry-After"] and "5" in reply.text


def test_killed_in_the_middle(make_gateway):
    """It is made anew, and what comes out is right."""
    gateway = make_gateway(processes=2)
    http = gateway.login()
    gateway.httpd.expect_log("AH0005[0-2]|AH0048[45]|AH10392|FPI0004", optional=True)
    announced(http, "LARGE")
    many_files(gateway, "LARGE", 40, 8 << 20)
    reply = ask(http, "ZIP", bill_id(gateway, "LARGE"))
    path = f"{EXPORTS}/{reply.json()['export_id']}"
    assert processes.wait_until(lambda: http.get(path).json()["state"] == "RUNNING", patience(10), 0.01)
    for child in gateway.httpd.children():
        os.kill(child, 9)
    assert processes.wait_until(lambda: http.get("/fpimage/ready").status == 200, patience(20), 0.1)
    assert processes.wait_until(lambda: http.get(path).json()["state"] == "READY", patience(60), 0.2)
    files = unzipped(content(http, http.get(path).json()))
    assert len(files) == 41


def test_week_old_ones_go(make_gateway):
    gateway = make_gateway(start=False)
    sha256 = blobs.put_blob(gateway, b"an old export", 8 * 86400)
    young = blobs.put_blob(gateway, b"a young one", 6 * 86400)
    for days, name in ((8, sha256), (6, young)):
        change(gateway, "INSERT INTO export (tenant, actor, kind, query, state, done, total, name, sha256, size, created, ended)"
               " VALUES (1, ?, 'ZIP', '{}', 2, 1, 1, 'x.zip', ?, 13, 0, (strftime('%s', 'now') - ?) * 1000000)",
               f"client:{CLIENT['client_id']}", name, days * 86400)
    gateway.httpd.start()
    assert processes.wait_until(lambda: not blobs.path_of(gateway, sha256).exists(), patience(15), 0.1)
    assert [row["sha256"] for row in rows(gateway, "SELECT sha256 FROM export")] == [young]
    assert blobs.path_of(gateway, young).exists()
