"""A store with very many bills for tests/bench/lists: what one holds after years, and what makes single lists heavy."""
import sqlite3

START = 1_700_000_000
ENTERPRISES = 100

# Most bills are reviewed; few are in trouble. Each enterprise has a hundredth of them, and names repeat.
FILL_BILLS = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :bills)
INSERT INTO bill (id, tenant, org, number, resource, erp_id, bill_no, type_code, type_name, tax_no, apply_name, org_code,
                  org_name, state, state_before, is_announced, is_locked, push_version, page_count, created, updated, version, owner, point)
SELECT i, 1, 1 + (i * 7919) % :enterprises, 'EAS-BX-' || printf('%08d', (i * 7368787) % 100000000), 'EAS', 'id-' || i,
       'BX-' || printf('%08d', i), 'TYPE-' || (i % 37), '报销单', CASE (i * 7919) % :enterprises WHEN 0 THEN :mine
       ELSE 'TAX' || ((i * 7919) % :enterprises) END, '申请人' || (i % 5000), 'ORG', '虚构公司',
       CASE WHEN i % 1000 = 0 THEN 4 WHEN i % 997 = 0 THEN 5 WHEN i % 50 = 0 THEN 1 WHEN i % 20 = 0 THEN 2 WHEN i % 300 = 7 THEN 9
       ELSE 3 END, 0, 1, 0, 0, :files, (:start + i) * 1000000, (:start + i + (i * 31) % 100000) * 1000000, 1, CASE WHEN i % 1000 = 3 THEN 2 ELSE 0 END, CASE WHEN i % 200 = 3 THEN 1 ELSE 0 END
  FROM n"""
FILL_FILES = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :bills)
INSERT INTO file (tenant, bill, invoice, kind, name, sha256, media, size, position, source, created)
SELECT 1, i, 0, 1 + (i % 10 = 0), 'f.pdf', printf('%064x', i * :files + :k), 'application/pdf', 1000, :k + 1, 'upload', 1 FROM n"""

# What a bill brings along: an invoice that was read, a push, a notice, three lines of its timeline.
FILL_REST = ["""
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :bills)
INSERT INTO found (tenant, bill, file, page, identity, type, number, date, gross, seller_name, seller_tax_no, check_status, source, fields,
                   twin_kind, twin_bill, twin_file, created, updated)
SELECT 1, i, i, 1, printf('%020d', i), 26, printf('%020d', i), date(:start + i, 'unixepoch'), i % 1000000, '销售方' || (i % 3000), 'S' || (i % 3000), 0, 'XML',
       '{}', CASE WHEN i % 2000 = 9 THEN 2 ELSE 0 END, CASE WHEN i % 2000 = 9 THEN i - 1 ELSE 0 END, 0, 1, 1 FROM n""", """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :bills)
INSERT INTO push (tenant, bill, number, client_id, tax_no, source, status, reason, trace, at, last, repeats, body_sha, body_len)
SELECT 1, i, 'EAS-BX-' || printf('%08d', (i * 7368787) % 100000000), 'TESTCLIENT01', CASE (i * 7919) % :enterprises WHEN 0 THEN :mine ELSE 'TAX' || ((i * 7919) % :enterprises) END, '10.0.0.9',
       CASE i % 5000 WHEN 11 THEN 'refused' WHEN 12 THEN 'parked' ELSE 'done' END, NULL, printf('%032x', i), (:start + i) * 1000000, (:start + i) * 1000000, 0, NULL, 0 FROM n""", """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :bills)
INSERT INTO delivery (tenant, bill, kind, is_again, state, miss, system, attempts, repairs, created, tried, ended, claimed, checked, is_settled)
SELECT 1, i, 1, 0, CASE WHEN i % 3000 = 5 THEN 2 ELSE 1 END, 0, 1, 1, 0, (:start + i) * 1000000, (:start + i) * 1000000, 1, 0, 1, 1 FROM n""", """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :bills * 3)
INSERT INTO trail (tenant, bill, at, kind, actor, note, trace)
SELECT 1, 1 + (i - 1) / 3, (:start + i) * 1000000, 'state', 'user:clerk', 'submit: uploaded -> submitted', printf('%032x', i) FROM n"""]



# What the first copies lack: organisations with few bills (FEW of 30, of 170 less), two bills that are heavy, a log of
# administrators' changes, scan sessions, a year of statistics with three hundred scanners, people, calls to unknown paths,
# and an enterprise with a fifth of all pushes.
FEW_ORGS, FEW_BILLS, LESS_ORGS, LESS_BILLS = 30, 1500, 170, 20
HEAVY = (200, 203)
FILL_FEW = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :many)
INSERT INTO bill (tenant, org, number, resource, bill_no, type_code, type_name, tax_no, apply_name, org_code, org_name, state, state_before, is_announced,
                  is_locked, push_version, page_count, created, updated, version)
SELECT 1, :first + i % :orgs, 'HR-GX-' || :first || '-' || i, 'HR', 'GX-' || :first || '-' || i, 'TYPE-' || (i % 37), '费用单', 'TAX1', '申请人' || (i % 5000), 'ORG',
       '虚构公司', CASE WHEN i % 100 = 0 THEN 4 WHEN i % 20 = 1 THEN 1 ELSE 3 END, 0, 1, 0, 0, 1,
       (:start + i * (:bills / :many)) * 1000000, (:start + i * (:bills / :many) + 500) * 1000000, 1 FROM n"""
PUSHES_OF_MINE = "UPDATE push SET tax_no = CASE WHEN bill % 5 = 0 THEN :mine ELSE 'TAX' || ((bill * 7919) % :enterprises) END"
FILL_HEAVY = ["""
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1990)
INSERT INTO file (tenant, bill, invoice, kind, name, sha256, media, size, position, source, created)
SELECT 1, :heavy, 0, 1, 'heavy ' || i || '.pdf', printf('%064x', :heavy * 100000000 + i), 'application/pdf', 1000, 10 + i, 'upload', 1 FROM n""", """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1990)
INSERT INTO trail (tenant, bill, at, kind, actor, note, trace, detail)
SELECT 1, :heavy, (:start + i) * 1000000, 'files', 'user:clerk', 'put in order', printf('%032x', i), '{"added": 1}' FROM n"""]
# What is known of the bytes: of each file a row, and the heavy bills' are found all over the table, as digests are.
FILL_CONTENTS = ["UPDATE file SET sha256 = printf('%064x', (position * 7919 + bill) * 499 % (:bills * :files)) WHERE bill IN (200, 203) AND position > 10", """
INSERT OR IGNORE INTO content (sha256, size, media, pages, state, note, doc, created, looked)
SELECT sha256, size, media, 1, 1, NULL, NULL, created, created FROM file ORDER BY sha256""",
    "UPDATE file SET looked_pages = 1 WHERE bill IN (200, 203)"]
FILL_LOGS = ["""
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
INSERT INTO audit (tenant, at, actor, action, object, detail, trace, mark)
SELECT 1, (:start + i) * 1000000, 'user:boss' || (i % 20), CASE WHEN i % 10000 = 7 THEN 'role.drop' ELSE 'user.change' END, 'user ' || (i % 5000), '{"name": "x"}',
       printf('%032x', i), printf('%064x', i) FROM n""", """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)
INSERT INTO journal (tenant, mark, count, method, path, query, shape, why, source, trace, first, last)
SELECT 1, printf('%064x', i), i, 'POST', '/kapi/app/new/method' || i, NULL, '{"number":"text","items":[{"id":"number"}]}', 'no route', '10.0.0.9', printf('%032x', i),
       :start * 1000000, (:start + i) * 1000000 FROM n""", """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
INSERT INTO capture (tenant, enterprise, org, actor, name, number, resource, state, version, act, act_count, act_by, created, updated, owner, point)
SELECT 1, 0, 1 + i % :enterprises, 'user:clerk', 'session ' || i, '', '', CASE WHEN i % 1000 = 1 THEN 0 ELSE 1 END, 1, 0, 0, 'user:clerk', (:start + i) * 1000000,
       (:start + i) * 1000000, 10 + i % 300, 10 + i % 50 FROM n""", """
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 366 * 300 - 1)
INSERT INTO statistic (tenant, day, org, point, owner, bills, pages, submitted, sent_back)
SELECT 1, 19662 + i / 300, 1 + i % :enterprises, 1 + i % 50, 1000 + i % 300, 10, 50, 9, 1 FROM n
 WHERE true ON CONFLICT DO NOTHING""", """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
INSERT INTO "user" (tenant, org, name, mobile, mail, password, is_active, must_change, created)
SELECT 1, 1 + i % :enterprises, 'clerk' || i, printf('139%08d', i), 'clerk' || i || '@example.com', '', 1, 0, 1 FROM n"""]


def _values(said, mine):
    return {"bills": said.bills, "files": said.files, "start": START, "enterprises": ENTERPRISES, "mine": mine}


def _end(base):
    base.execute("COMMIT")
    base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    base.close()


def _begin(path):
    base = sqlite3.connect(path, isolation_level=None)
    base.execute("PRAGMA synchronous = OFF")
    base.execute("BEGIN")
    return base


def fill(path, said, mine):
    """mine: the tax number of the enterprise that asks."""
    base = _begin(path)
    values = _values(said, mine)
    for n in range(ENTERPRISES):
        base.execute("INSERT INTO org (tenant, parent, code, name, tax_no) VALUES (1, 0, ?, ?, ?)", (f"O{n + 1}", "x", f"TAX{n}"))
    base.execute(FILL_BILLS, values)
    for k in range(said.files):
        base.execute(FILL_FILES, {**values, "k": k})
    for sql in FILL_REST:
        base.execute(sql, values)
    _end(base)


def fill_more(path, said, mine):
    """Once, also of a copy that was made before there was this."""
    base = _begin(path)
    values = _values(said, mine)
    if not base.execute("SELECT 1 FROM org WHERE code = 'FEW1'").fetchone():
        _few(base, values)
        base.execute(PUSHES_OF_MINE, values)
        for heavy in HEAVY:
            for sql in FILL_HEAVY:
                base.execute(sql, {**values, "heavy": heavy})
        for sql in FILL_LOGS:
            base.execute(sql, values)
    if not base.execute("SELECT 1 FROM content LIMIT 1").fetchone():
        for sql in FILL_CONTENTS:
            base.execute(sql, values)
    _end(base)


def adopt(path, person, point):
    """The bills of the fill's scanner and scan point become those of these."""
    base = _begin(path)
    base.execute("UPDATE bill SET owner = ? WHERE tenant = 1 AND owner = 2 AND owner <> 0", (person,))
    base.execute("UPDATE bill SET point = ? WHERE tenant = 1 AND point = 1 AND point <> 0", (point,))
    _end(base)


def _few(base, values):
    for name, orgs, bills in (("FEW", FEW_ORGS, FEW_BILLS), ("LESS", LESS_ORGS, LESS_BILLS)):
        ids = [base.execute("INSERT INTO org (tenant, parent, code, name) VALUES (1, 0, ?, ?)", (f"{name}{n + 1}", name)).lastrowid for n in range(orgs)]
        base.execute(FILL_FEW, {**values, "first": ids[0], "orgs": orgs, "many": orgs * bills})
