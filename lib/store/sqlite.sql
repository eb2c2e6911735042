-- The schema and every statement of the SQLite backend. pgsql.sql defines the same names.
--
-- "migration N" begins a step of the schema, "name: X" a statement that C calls FPI_SQL_X; its text
-- runs to the next section, its parameters ?1 ?2 ... stand in the order of FPI_ARGS.
--
-- All SELECTs of one noun give its columns in one order, that of the function beside it in C which
-- makes the struct from a row (bill_of, take_event, ...): who changes one changes all.
--
-- Times are microseconds since 1970 UTC, 0 is "never". Money is fen. Flags are 0 or 1. Unknown
-- texts are NULL. Keys of other tables are plain integers, 0 for none: the rows are written by one
-- owner each, and a foreign key would cost a look-up per write.

-- migration 1

CREATE TABLE tenant (
    id      INTEGER PRIMARY KEY,
    name    TEXT NOT NULL UNIQUE,
    created INTEGER NOT NULL
);

INSERT INTO tenant (id, name, created) VALUES (1, 'Kingdee', 0);

CREATE TABLE nonce (
    key     TEXT PRIMARY KEY,
    expires INTEGER NOT NULL
);

CREATE INDEX nonce_by_expires ON nonce (expires);

CREATE TABLE setting (
    tenant INTEGER NOT NULL,
    name   TEXT NOT NULL,
    value  TEXT NOT NULL,
    PRIMARY KEY (tenant, name)
);

CREATE TABLE org (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant INTEGER NOT NULL,
    parent INTEGER NOT NULL,
    code   TEXT NOT NULL,
    name   TEXT,
    tax_no TEXT
);

CREATE UNIQUE INDEX org_by_code ON org (tenant, code);

CREATE INDEX org_by_tax_no ON org (tenant, tax_no);

CREATE TABLE bill_type (
    id     INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    code   TEXT NOT NULL,
    name   TEXT
);

CREATE UNIQUE INDEX bill_type_by_code ON bill_type (tenant, code);

-- A dropped enterprise leaves its row without secrets behind: tokens name it by id and epoch, and
-- a new one of the same client_id goes on counting, so the tokens of the old one stay dead.
CREATE TABLE enterprise (
    id              INTEGER PRIMARY KEY,
    tenant          INTEGER NOT NULL,
    epoch           INTEGER NOT NULL,
    tax_no          TEXT,
    name            TEXT,
    client_id       TEXT NOT NULL,
    secret          BLOB,
    encrypt_key     BLOB,
    cloud_client_id TEXT,
    cloud_secret    BLOB,
    is_enabled      INTEGER NOT NULL,
    is_checked      INTEGER NOT NULL,
    check_note      TEXT,
    checked         INTEGER NOT NULL,
    created         INTEGER NOT NULL,
    updated         INTEGER NOT NULL,
    is_dropped      INTEGER NOT NULL DEFAULT 0
);

CREATE UNIQUE INDEX enterprise_by_client_id ON enterprise (client_id);

-- tenant 0: the keys are the installation's
CREATE TABLE token_key (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant  INTEGER NOT NULL DEFAULT 0,
    key     BLOB NOT NULL,
    created INTEGER NOT NULL,
    retired INTEGER NOT NULL
);

CREATE TABLE push_table (
    id        INTEGER PRIMARY KEY,
    tenant    INTEGER NOT NULL,
    name      TEXT,
    tax_no    TEXT NOT NULL,
    client_id TEXT NOT NULL,
    url       TEXT,
    created   INTEGER NOT NULL
);

CREATE UNIQUE INDEX push_table_by_pair ON push_table (tenant, tax_no, client_id);

CREATE TABLE "user" (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant      INTEGER NOT NULL,
    name        TEXT NOT NULL,
    mobile      TEXT,
    password    TEXT NOT NULL,
    is_admin    INTEGER NOT NULL,
    is_active   INTEGER NOT NULL,
    must_change INTEGER NOT NULL,
    created     INTEGER NOT NULL
);

CREATE UNIQUE INDEX user_by_name ON "user" (tenant, name);

CREATE UNIQUE INDEX user_by_mobile ON "user" (tenant, mobile);

CREATE TABLE bill (
    id             INTEGER PRIMARY KEY,
    tenant         INTEGER NOT NULL,
    org            INTEGER NOT NULL,
    number         TEXT NOT NULL,
    resource       TEXT NOT NULL,
    erp_id         TEXT,
    bill_no        TEXT,
    type_code      TEXT,
    type_name      TEXT,
    tax_no         TEXT,
    apply_name     TEXT,
    apply_phone    TEXT,
    apply_erp_user TEXT,
    org_code       TEXT,
    org_name       TEXT,
    state          INTEGER NOT NULL,
    state_before   INTEGER NOT NULL,
    is_announced   INTEGER NOT NULL,
    is_locked      INTEGER NOT NULL,
    voucher        TEXT,
    reason         TEXT,
    doc_sha        TEXT,
    push_sha       TEXT,
    push_version   INTEGER NOT NULL,
    page_count     INTEGER NOT NULL,
    created        INTEGER NOT NULL,
    updated        INTEGER NOT NULL
);

-- also finds by (tenant, number)
CREATE UNIQUE INDEX bill_by_number ON bill (tenant, number, resource);

CREATE INDEX bill_by_erp_id ON bill (tenant, erp_id) WHERE erp_id <> '';

CREATE INDEX bill_by_bill_no ON bill (tenant, bill_no) WHERE bill_no <> '';

-- Lists: the newest of all, of one organisation, and the longest untouched in a state. The first
-- two hold columns that hardly ever change, so that only the third is written when a bill moves.
CREATE INDEX bill_by_created ON bill (tenant, created);

CREATE INDEX bill_by_org ON bill (tenant, org, created);

CREATE INDEX bill_by_state ON bill (tenant, state, updated);

CREATE TABLE trail (
    id     INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    bill   INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    kind   TEXT NOT NULL,
    actor  TEXT,
    trace  TEXT,
    note   TEXT,
    detail TEXT
);

-- entries of one bill lie in the order of their id: SQLite ends every index with it
CREATE INDEX trail_by_bill ON trail (bill);

CREATE TABLE invoice (
    id            INTEGER PRIMARY KEY,
    tenant        INTEGER NOT NULL,
    bill          INTEGER NOT NULL,
    serial_no     TEXT,
    identity      TEXT,
    type          INTEGER NOT NULL,
    code          TEXT,
    number        TEXT,
    date          TEXT,
    net           INTEGER,
    tax           INTEGER,
    gross         INTEGER,
    seller_name   TEXT,
    seller_tax_no TEXT,
    buyer_name    TEXT,
    buyer_tax_no  TEXT,
    check_status  INTEGER NOT NULL,
    doc           TEXT
);

-- NULLs differ from one another in a unique index
CREATE UNIQUE INDEX invoice_by_serial_no ON invoice (bill, serial_no);

-- the same invoice is on few bills: this finds it on one of them, too
CREATE INDEX invoice_by_identity ON invoice (tenant, identity) WHERE identity IS NOT NULL;

CREATE TABLE file (
    id       INTEGER PRIMARY KEY,
    tenant   INTEGER NOT NULL,
    bill     INTEGER NOT NULL,
    invoice  INTEGER NOT NULL,
    kind     INTEGER NOT NULL,
    name     TEXT NOT NULL,
    sha256   TEXT NOT NULL,
    media    TEXT,
    size     INTEGER NOT NULL,
    position INTEGER NOT NULL,
    source   TEXT,
    origin   TEXT,
    created  INTEGER NOT NULL
);

CREATE UNIQUE INDEX file_by_content ON file (bill, kind, sha256);

CREATE INDEX file_by_sha256 ON file (sha256);

CREATE TABLE push (
    id        INTEGER PRIMARY KEY,
    tenant    INTEGER NOT NULL,
    bill      INTEGER NOT NULL,
    number    TEXT,
    client_id TEXT,
    tax_no    TEXT,
    source    TEXT,
    status    TEXT NOT NULL,
    reason    TEXT,
    trace     TEXT,
    at        INTEGER NOT NULL,
    last      INTEGER NOT NULL,
    repeats   INTEGER NOT NULL,
    body_sha  TEXT,
    body_len  INTEGER NOT NULL
);

CREATE INDEX push_by_bill ON push (bill) WHERE bill <> 0;

-- the few that went wrong; a push that goes well never touches it
CREATE INDEX push_by_failure ON push (id, status) WHERE status IN ('refused', 'parked');

-- apart from its push, whose status changes: an update writes a row anew as a whole
CREATE TABLE push_body (
    id     INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    body   BLOB NOT NULL
);

-- AUTOINCREMENT: the key of a job that ended must not name another one while somebody still holds
-- it
CREATE TABLE job (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant      INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    key         TEXT NOT NULL,
    payload     TEXT,
    state       TEXT NOT NULL,
    due         INTEGER NOT NULL,
    first       INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    attempts    INTEGER NOT NULL,
    owner       TEXT,
    last_error  TEXT,
    trace       TEXT,
    again       INTEGER NOT NULL
);

CREATE UNIQUE INDEX job_by_key ON job (kind, key);

CREATE INDEX job_by_due ON job (state, due);

-- mark: SHA-256 of method, path, query and shape
CREATE TABLE journal (
    id     INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    mark   TEXT NOT NULL UNIQUE,
    count  INTEGER NOT NULL,
    method TEXT,
    path   TEXT,
    query  TEXT,
    shape  TEXT,
    why    TEXT,
    source TEXT,
    trace  TEXT,
    sample TEXT,
    first  INTEGER NOT NULL,
    last   INTEGER NOT NULL
);

-- migration 2

-- What is known of bytes, once for all who have them: files, pages of captures, uploads. A blob without a row
-- here belongs to nobody. state: 0 not looked at yet, 1 looked at, 2 can't be read. doc: lib/wire/decode.h.
CREATE TABLE content (
    sha256  TEXT PRIMARY KEY,
    size    INTEGER NOT NULL,
    media   TEXT NOT NULL,
    pages   INTEGER NOT NULL,
    state   INTEGER NOT NULL,
    note    TEXT,
    doc     TEXT,
    created INTEGER NOT NULL,
    looked  INTEGER NOT NULL
) WITHOUT ROWID;

INSERT INTO content (sha256, size, media, pages, state, created, looked)
SELECT sha256, MAX(size), COALESCE(MAX(media), 'application/octet-stream'), 0, 0, MIN(created), 0
  FROM file GROUP BY sha256;

-- A part is pages page_first..page_last of its content; 0 and 0: all of it. Files merged into one document
-- carry the id of its first file as group_id. state: of the file after a send-back.
ALTER TABLE file ADD COLUMN rotation INTEGER NOT NULL DEFAULT 0;
ALTER TABLE file ADD COLUMN page_first INTEGER NOT NULL DEFAULT 0;
ALTER TABLE file ADD COLUMN page_last INTEGER NOT NULL DEFAULT 0;
ALTER TABLE file ADD COLUMN group_id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE file ADD COLUMN state INTEGER NOT NULL DEFAULT 0;
ALTER TABLE file ADD COLUMN label TEXT;
ALTER TABLE file ADD COLUMN attachment_type INTEGER NOT NULL DEFAULT 0;

DROP INDEX file_by_content;

CREATE UNIQUE INDEX file_by_content ON file (bill, kind, sha256, page_first);

CREATE INDEX file_by_position ON file (bill, position);

-- counts the changes of a bill's files: who changes them says which he has seen
ALTER TABLE bill ADD COLUMN version INTEGER NOT NULL DEFAULT 0;

-- Lists again: what an enterprise may see, and people by their name.
CREATE INDEX bill_by_tax_no ON bill (tenant, COALESCE(tax_no, ''), created);

CREATE INDEX bill_by_applicant ON bill (tenant, apply_name) WHERE apply_name <> '';

-- An invoice that was read from a file of a bill (found), beside those that were announced (invoice).
-- fields: provenance of each field, lib/model/evidence.h. twin: the same invoice elsewhere.
CREATE TABLE found (
    id            INTEGER PRIMARY KEY,
    tenant        INTEGER NOT NULL,
    bill          INTEGER NOT NULL,
    file          INTEGER NOT NULL,
    page          INTEGER NOT NULL,
    identity      TEXT,
    type          INTEGER NOT NULL,
    code          TEXT,
    number        TEXT,
    date          TEXT,
    net           INTEGER,
    tax           INTEGER,
    gross         INTEGER,
    check_code    TEXT,
    seller_name   TEXT,
    seller_tax_no TEXT,
    buyer_name    TEXT,
    buyer_tax_no  TEXT,
    check_status  INTEGER NOT NULL,
    source        TEXT NOT NULL,
    fields        TEXT,
    twin_kind     INTEGER NOT NULL,
    twin_bill     INTEGER NOT NULL,
    twin_file     INTEGER NOT NULL,
    editor        TEXT,
    created       INTEGER NOT NULL,
    updated       INTEGER NOT NULL
);

CREATE INDEX found_by_bill ON found (bill);

CREATE INDEX found_by_identity ON found (tenant, identity) WHERE identity IS NOT NULL;

CREATE INDEX found_by_number ON found (tenant, number) WHERE number IS NOT NULL;

-- seller, gross and date alike: a warning only
CREATE INDEX found_by_likeness ON found (tenant, seller_tax_no, gross, date) WHERE seller_tax_no IS NOT NULL;

-- A scan session. number: all pages go to this bill, whatever covers are among them; "" by covers. act, act_count,
-- act_by: the last change, for who has seen an older version. state: 0 open, 1 finished.
CREATE TABLE capture (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant     INTEGER NOT NULL,
    enterprise INTEGER NOT NULL,
    org        INTEGER NOT NULL,
    actor      TEXT NOT NULL,
    name       TEXT,
    number     TEXT NOT NULL,
    resource   TEXT NOT NULL,
    type_code  TEXT,
    state      INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    act        INTEGER NOT NULL,
    act_count  INTEGER NOT NULL,
    act_by     TEXT NOT NULL,
    created    INTEGER NOT NULL,
    updated    INTEGER NOT NULL
);

CREATE INDEX capture_by_tenant ON capture (tenant, state);

-- page: of the content, 0 all of it. kind: -1 as the codes say. number: typed in for this page, which begins a
-- bill then. bill: where it went (a blank page: went with), 0 not yet; kind and number stand as they were then.
-- upload_key: the client's own key, so that a repeat is no second page.
CREATE TABLE capture_page (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant     INTEGER NOT NULL,
    capture    INTEGER NOT NULL,
    position   INTEGER NOT NULL,
    upload_key TEXT,
    sha256     TEXT NOT NULL,
    page       INTEGER NOT NULL,
    name       TEXT NOT NULL,
    kind       INTEGER NOT NULL,
    rotation   INTEGER NOT NULL,
    number     TEXT,
    label      TEXT,
    bill       INTEGER NOT NULL,
    created    INTEGER NOT NULL
);

CREATE INDEX capture_page_by_capture ON capture_page (capture, position);

CREATE INDEX capture_page_by_sha256 ON capture_page (sha256) WHERE bill = 0;

CREATE UNIQUE INDEX capture_page_by_key ON capture_page (capture, upload_key, page) WHERE upload_key IS NOT NULL;

-- parts: lib/store/cover_rules.c
CREATE TABLE cover_rule (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant     INTEGER NOT NULL,
    name       TEXT NOT NULL,
    parts      TEXT NOT NULL,
    is_enabled INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    created    INTEGER NOT NULL
);

CREATE UNIQUE INDEX cover_rule_by_name ON cover_rule (tenant, name);

-- A large file that comes in pieces; its bytes lie in the blob store's spool until it is whole. sha256: as promised,
-- the content's own once it is whole.
CREATE TABLE upload (
    id      TEXT PRIMARY KEY,
    tenant  INTEGER NOT NULL,
    actor   TEXT NOT NULL,
    name    TEXT NOT NULL,
    size    INTEGER NOT NULL,
    taken   INTEGER NOT NULL,
    sha256  TEXT,
    is_whole INTEGER NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX upload_by_updated ON upload (updated);

-- state: 0 waiting, 1 running, 2 ready, 3 failed; one that is called off is gone
CREATE TABLE export (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant  INTEGER NOT NULL,
    actor   TEXT NOT NULL,
    kind    TEXT NOT NULL,
    query   TEXT NOT NULL,
    state   INTEGER NOT NULL,
    done    INTEGER NOT NULL,
    total   INTEGER NOT NULL,
    name    TEXT,
    sha256  TEXT,
    size    INTEGER NOT NULL,
    note    TEXT,
    created INTEGER NOT NULL,
    ended   INTEGER NOT NULL
);

CREATE INDEX export_by_tenant ON export (tenant, id);

-- Each kind of work has its own queue: thousands of pages to look at must not stand before a push.
DROP INDEX job_by_due;

CREATE INDEX job_by_kind ON job (state, kind, due);

-- migration 3

-- ERPs that are told of bills. names: what differs from the standard, JSON (lib/model/eas_names.def). resource '':
-- bills that no other is for.
CREATE TABLE business_system (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant       INTEGER NOT NULL,
    epoch        INTEGER NOT NULL,
    name         TEXT NOT NULL,
    kind         TEXT NOT NULL,
    resource     TEXT NOT NULL,
    prefix       TEXT NOT NULL,
    solution     TEXT,
    dc           TEXT,
    account      TEXT,
    language     TEXT NOT NULL,
    auth_pattern TEXT,
    password     BLOB NOT NULL,
    db_type      INTEGER NOT NULL,
    encode_pwd   INTEGER NOT NULL,
    names        TEXT,
    is_enabled   INTEGER NOT NULL,
    is_checked   INTEGER NOT NULL,
    check_note   TEXT,
    checked      INTEGER NOT NULL,
    created      INTEGER NOT NULL,
    updated      INTEGER NOT NULL
);

CREATE UNIQUE INDEX business_system_by_name ON business_system (tenant, name);

CREATE UNIQUE INDEX business_system_by_resource ON business_system (tenant, resource) WHERE is_enabled = 1;

-- migration 4

-- What administrators changed. Rows are only ever added: lib/store/audit.h says what mark is.
CREATE TABLE audit (
    id     INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    actor  TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    detail TEXT,
    trace  TEXT NOT NULL,
    mark   TEXT NOT NULL
);

CREATE INDEX audit_by_tenant ON audit (tenant);

CREATE INDEX audit_by_actor ON audit (tenant, actor);

CREATE INDEX audit_by_action ON audit (tenant, action);

CREATE INDEX audit_by_object ON audit (tenant, object);

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log is only added to');
END;

CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log is only added to');
END;

-- migration 5

-- who brought it wants it not to be shown to the cloud
ALTER TABLE file ADD COLUMN no_cloud INTEGER NOT NULL DEFAULT 0;

-- migration 6

-- Notices to the ERP. kind: 1 ready, 2 sent back, 3 review. state: 0 waiting, 1 delivered, 2 parked, 3 skipped,
-- 4 unaddressed. miss: 0 none, 1 unreached, 2 refused, 3 our own.
CREATE TABLE delivery (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant     INTEGER NOT NULL,
    bill       INTEGER NOT NULL,
    kind       INTEGER NOT NULL,
    is_again   INTEGER NOT NULL,
    state      INTEGER NOT NULL,
    miss       INTEGER NOT NULL,
    reason     TEXT,
    note       TEXT,
    system     INTEGER NOT NULL,
    attempts   INTEGER NOT NULL,
    repairs    INTEGER NOT NULL,
    created    INTEGER NOT NULL,
    tried      INTEGER NOT NULL,
    ended      INTEGER NOT NULL,
    claimed    INTEGER NOT NULL,
    checked    INTEGER NOT NULL,
    is_settled INTEGER NOT NULL,
    actor      TEXT,
    trace      TEXT
);

CREATE INDEX delivery_by_bill ON delivery (bill, id);

CREATE INDEX delivery_by_state ON delivery (tenant, state, id);

CREATE INDEX delivery_unreached ON delivery (system, tried) WHERE state = 0 AND miss = 1;

CREATE INDEX delivery_unsettled ON delivery (system, checked) WHERE state = 1 AND is_settled = 0;

-- migration 7

-- Whose a bill is: the person who filed its first pages, and his scan point. What he may see is lists of these, of
-- organisations and of applicants (bill_list.h).
ALTER TABLE bill ADD COLUMN owner INTEGER NOT NULL DEFAULT 0;
ALTER TABLE bill ADD COLUMN point INTEGER NOT NULL DEFAULT 0;

CREATE INDEX bill_by_owner ON bill (tenant, owner, created) WHERE owner <> 0;

CREATE INDEX bill_by_point ON bill (tenant, point, created) WHERE point <> 0;

CREATE INDEX bill_by_phone ON bill (tenant, apply_phone, created) WHERE apply_phone <> '';

-- The same of scan sessions.
ALTER TABLE capture ADD COLUMN owner INTEGER NOT NULL DEFAULT 0;
ALTER TABLE capture ADD COLUMN point INTEGER NOT NULL DEFAULT 0;

-- migration 8

-- What matching last made of a bill (lib/store/matches.h). empty_at: when the receipt said that it has no invoices of it.
CREATE TABLE match_result (
    bill     INTEGER PRIMARY KEY,
    tenant   INTEGER NOT NULL,
    result   INTEGER NOT NULL,
    expected INTEGER NOT NULL,
    matched  INTEGER NOT NULL,
    differs  INTEGER NOT NULL,
    missing  INTEGER NOT NULL,
    extra    INTEGER NOT NULL,
    reason   TEXT,
    at       INTEGER NOT NULL,
    empty_at INTEGER NOT NULL,
    is_asked INTEGER NOT NULL
);

-- A clerk's word on an announced invoice and one that was found: the same, or (is_apart) not.
CREATE TABLE match_pair (
    bill     INTEGER NOT NULL,
    invoice  INTEGER NOT NULL,
    found    INTEGER NOT NULL,
    tenant   INTEGER NOT NULL,
    is_apart INTEGER NOT NULL,
    actor    TEXT,
    created  INTEGER NOT NULL,
    PRIMARY KEY (bill, invoice, found)
);

-- migration 9

-- Labels (kind 0) and attachment types (kind 1) that files may carry; number: the attachment_type of files.
CREATE TABLE label (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant     INTEGER NOT NULL,
    kind       INTEGER NOT NULL,
    number     INTEGER NOT NULL,
    name       TEXT NOT NULL,
    is_enabled INTEGER NOT NULL,
    created    INTEGER NOT NULL
);

CREATE UNIQUE INDEX label_by_name ON label (tenant, kind, name);

CREATE UNIQUE INDEX label_by_number ON label (tenant, number) WHERE kind = 1;

-- Attachments of all bills, newest first.
CREATE INDEX file_by_attachment ON file (tenant) WHERE kind = 2;

-- What was done on a day, in Beijing time, as days since 1970-01-01: lib/store/statistics.h.
CREATE TABLE statistic (
    tenant    INTEGER NOT NULL,
    day       INTEGER NOT NULL,
    org       INTEGER NOT NULL,
    point     INTEGER NOT NULL,
    owner     INTEGER NOT NULL,
    bills     INTEGER NOT NULL,
    pages     INTEGER NOT NULL,
    submitted INTEGER NOT NULL,
    sent_back INTEGER NOT NULL,
    PRIMARY KEY (tenant, day, org, point, owner)
) WITHOUT ROWID;

-- What is there already, with its pages on the day it was made and its moves as the timeline has them.
INSERT INTO statistic
SELECT tenant, day, org, point, owner, SUM(bills), SUM(pages), SUM(submitted), SUM(sent_back)
  FROM (SELECT tenant, (created / 1000000 + 28800) / 86400 AS day, org, point, owner, 1 AS bills, page_count AS pages,
               0 AS submitted, 0 AS sent_back FROM bill
        UNION ALL
        SELECT b.tenant, (t.at / 1000000 + 28800) / 86400, b.org, b.point, b.owner, 0, 0,
               t.detail LIKE '%"to":"SUBMITTED"%', t.detail LIKE '%"to":"RESCAN"%'
          FROM trail t JOIN bill b ON b.id = t.bill
         WHERE t.kind = 'state' AND t.detail LIKE '%"to":"%')
 GROUP BY tenant, day, org, point, owner;

CREATE TRIGGER bill_is_counted AFTER INSERT ON bill
BEGIN
    INSERT INTO statistic
    VALUES (NEW.tenant, (NEW.updated / 1000000 + 28800) / 86400, NEW.org, NEW.point, NEW.owner, 1, NEW.page_count,
            NEW.state = 2, NEW.state = 4)
    ON CONFLICT (tenant, day, org, point, owner) DO UPDATE
       SET bills = bills + 1, pages = pages + excluded.pages, submitted = submitted + excluded.submitted,
           sent_back = sent_back + excluded.sent_back;
END;

CREATE TRIGGER bill_is_counted_again AFTER UPDATE OF state, page_count ON bill
 WHEN OLD.page_count <> NEW.page_count OR (OLD.state <> NEW.state AND NEW.state IN (2, 4))
BEGIN
    INSERT INTO statistic
    VALUES (NEW.tenant, (NEW.updated / 1000000 + 28800) / 86400, NEW.org, NEW.point, NEW.owner, 0,
            NEW.page_count - OLD.page_count, OLD.state <> NEW.state AND NEW.state = 2, OLD.state <> NEW.state AND NEW.state = 4)
    ON CONFLICT (tenant, day, org, point, owner) DO UPDATE
       SET pages = pages + excluded.pages, submitted = submitted + excluded.submitted,
           sent_back = sent_back + excluded.sent_back;
END;

-- migration 10

-- Several tenants of one installation are told apart at the login by their domain.
ALTER TABLE tenant ADD COLUMN domain TEXT;

CREATE UNIQUE INDEX tenant_by_domain ON tenant (domain) WHERE domain IS NOT NULL;

ALTER TABLE org ADD COLUMN is_active INTEGER NOT NULL DEFAULT 1;

CREATE INDEX org_by_parent ON org (tenant, parent);

-- Own roles; the built-in ones have the ids below 100 and no row (model/duty.h).
CREATE TABLE role (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant      INTEGER NOT NULL,
    name        TEXT NOT NULL,
    permissions TEXT NOT NULL,
    is_active   INTEGER NOT NULL,
    created     INTEGER NOT NULL,
    updated     INTEGER NOT NULL
);

INSERT INTO sqlite_sequence (name, seq) VALUES ('role', 99);

CREATE UNIQUE INDEX role_by_name ON role (tenant, name);

CREATE TABLE user_role (
    person INTEGER NOT NULL,
    role INTEGER NOT NULL,
    PRIMARY KEY (person, role)
) WITHOUT ROWID;

CREATE INDEX user_role_by_role ON user_role (role);

INSERT INTO user_role (person, role) SELECT id, 1 FROM "user" WHERE is_admin = 1;

-- is_admin became the role 1.
CREATE TABLE user_made_anew (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant      INTEGER NOT NULL,
    org         INTEGER NOT NULL DEFAULT 0,
    name        TEXT NOT NULL,
    mobile      TEXT,
    mail        TEXT,
    password    TEXT NOT NULL,
    is_head     INTEGER NOT NULL DEFAULT 0,
    is_active   INTEGER NOT NULL,
    must_change INTEGER NOT NULL,
    last_login  INTEGER NOT NULL DEFAULT 0,
    created     INTEGER NOT NULL,
    updated     INTEGER NOT NULL DEFAULT 0
);

INSERT INTO user_made_anew (id, tenant, name, mobile, password, is_active, must_change, created, updated)
SELECT id, tenant, name, mobile, password, is_active, must_change, created, created FROM "user";

DROP TABLE "user";

ALTER TABLE user_made_anew RENAME TO "user";

CREATE UNIQUE INDEX user_by_name ON "user" (tenant, name);

CREATE UNIQUE INDEX user_by_mobile ON "user" (tenant, mobile);

CREATE INDEX user_by_org ON "user" (tenant, org);

-- sees_all: everybody's bills there, not only his own. with_below: of the organisations below it, too. org 0: the top.
CREATE TABLE user_grant (
    person       INTEGER NOT NULL,
    org        INTEGER NOT NULL,
    sees_all   INTEGER NOT NULL,
    with_below INTEGER NOT NULL,
    PRIMARY KEY (person, org)
) WITHOUT ROWID;

CREATE INDEX user_grant_by_org ON user_grant (org);

CREATE TABLE scan_point (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant    INTEGER NOT NULL,
    name      TEXT NOT NULL,
    org       INTEGER NOT NULL,
    address   TEXT,
    is_active INTEGER NOT NULL,
    created   INTEGER NOT NULL,
    updated   INTEGER NOT NULL
);

CREATE UNIQUE INDEX scan_point_by_name ON scan_point (tenant, name);

CREATE INDEX scan_point_by_org ON scan_point (tenant, org);

-- related organisations, beside the owning one
CREATE TABLE scan_point_org (
    point INTEGER NOT NULL,
    org   INTEGER NOT NULL,
    PRIMARY KEY (point, org)
) WITHOUT ROWID;

CREATE INDEX scan_point_org_by_org ON scan_point_org (org);

-- A scanner belongs to at most one point.
CREATE TABLE scan_point_user (
    person  INTEGER PRIMARY KEY,
    point INTEGER NOT NULL
);

CREATE INDEX scan_point_user_by_point ON scan_point_user (point);

-- hash: SHA-256 of the cookie's value, which is nowhere kept. kind: 1 person, 2 event. rights, bills: of an event.
CREATE TABLE session (
    id      INTEGER PRIMARY KEY,
    hash    TEXT NOT NULL UNIQUE,
    tenant  INTEGER NOT NULL,
    person    INTEGER NOT NULL,
    kind    INTEGER NOT NULL,
    rights  TEXT,
    bills   TEXT,
    created INTEGER NOT NULL,
    used    INTEGER NOT NULL,
    expires INTEGER NOT NULL
);

CREATE INDEX session_by_user ON session (person);

CREATE INDEX session_by_used ON session (used);

-- used 0: not yet. A used one is kept for a while, so that its second use can be told from a wrong code.
CREATE TABLE event_code (
    hash    TEXT PRIMARY KEY,
    tenant  INTEGER NOT NULL,
    person    INTEGER NOT NULL,
    rights  TEXT NOT NULL,
    bills   TEXT NOT NULL,
    made_by TEXT NOT NULL,
    expires INTEGER NOT NULL,
    used    INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX event_code_by_expires ON event_code (expires);

-- Failed logins, by account and by address; locked: until then.
CREATE TABLE login_guard (
    key    TEXT PRIMARY KEY,
    count  INTEGER NOT NULL,
    since  INTEGER NOT NULL,
    locked INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX login_guard_by_since ON login_guard (since);

-- migration 11

-- Network scanners. org, point: who may use it, 0 all.
CREATE TABLE scanner (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant     INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    name       TEXT NOT NULL,
    address    TEXT NOT NULL,
    org        INTEGER NOT NULL,
    point      INTEGER NOT NULL,
    is_enabled INTEGER NOT NULL,
    is_checked INTEGER NOT NULL,
    model      TEXT,
    check_note TEXT,
    checked    INTEGER NOT NULL,
    created    INTEGER NOT NULL,
    updated    INTEGER NOT NULL
);

CREATE UNIQUE INDEX scanner_by_name ON scanner (tenant, name);

-- Runs of scanners into captures. state: 0 waiting, 1 running, 2 done, 3 failed, 4 cancelled. after: the page that the next
-- one comes behind. job: its path on the scanner. problem: lib/model/scan_problems.def
CREATE TABLE scan (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant         INTEGER NOT NULL,
    capture        INTEGER NOT NULL,
    scanner        INTEGER NOT NULL,
    actor          TEXT NOT NULL,
    scanner_name   TEXT NOT NULL,
    source         INTEGER NOT NULL,
    is_duplex      INTEGER NOT NULL,
    dpi            INTEGER NOT NULL,
    color          INTEGER NOT NULL,
    format         INTEGER NOT NULL,
    paper          INTEGER NOT NULL,
    after          INTEGER NOT NULL,
    state          INTEGER NOT NULL,
    is_cancelled   INTEGER NOT NULL,
    is_interrupted INTEGER NOT NULL,
    job            TEXT,
    pages          INTEGER NOT NULL,
    problem        TEXT,
    created        INTEGER NOT NULL,
    begun          INTEGER NOT NULL,
    ended          INTEGER NOT NULL
);

CREATE INDEX scan_by_capture ON scan (tenant, capture, id);

-- one at a time
CREATE UNIQUE INDEX scan_by_scanner ON scan (tenant, scanner) WHERE state < 2;

-- migration 12

-- What a business system last said of an organisation (kind 0) or a user (kind 1), and who that is here (local; 0: the top,
-- -1: nobody). said: JSON, what it said and what was made of it. run: the last people_sync that named it.
CREATE TABLE origin (
    tenant INTEGER NOT NULL,
    system INTEGER NOT NULL,
    kind   INTEGER NOT NULL,
    theirs TEXT NOT NULL,
    name   TEXT,
    local  INTEGER NOT NULL,
    said   TEXT,
    run    INTEGER NOT NULL,
    PRIMARY KEY (tenant, system, kind, theirs)
) WITHOUT ROWID;

CREATE INDEX origin_by_local ON origin (tenant, kind, local);

-- A run in which a business system was asked for organisations and users. state: 0 running, 1 done, 2 failed.
CREATE TABLE people_sync (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant    INTEGER NOT NULL,
    system    INTEGER NOT NULL,
    state     INTEGER NOT NULL,
    is_full   INTEGER NOT NULL,
    tries     INTEGER NOT NULL,
    since     INTEGER NOT NULL,
    started   INTEGER NOT NULL,
    ended     INTEGER NOT NULL DEFAULT 0,
    actor     TEXT,
    trace     TEXT,
    error     TEXT,
    added     INTEGER NOT NULL DEFAULT 0,
    changed   INTEGER NOT NULL DEFAULT 0,
    unchanged INTEGER NOT NULL DEFAULT 0,
    refused   INTEGER NOT NULL DEFAULT 0,
    missing   INTEGER NOT NULL DEFAULT 0,
    disabled  INTEGER NOT NULL DEFAULT 0
);

CREATE INDEX people_sync_by_system ON people_sync (tenant, system, id);

-- One of those that it named, and what became of it.
CREATE TABLE people_sync_row (
    id     INTEGER PRIMARY KEY,
    sync   INTEGER NOT NULL,
    kind   INTEGER NOT NULL,
    result INTEGER NOT NULL,
    theirs TEXT,
    code   TEXT,
    name   TEXT,
    local  INTEGER NOT NULL,
    zh     TEXT,
    en     TEXT
);

CREATE INDEX people_sync_row_by_sync ON people_sync_row (sync, id);

-- migration 13
-- A phone that lends its camera to one scan session; 0: none.
ALTER TABLE session ADD COLUMN capture INTEGER NOT NULL DEFAULT 0;

ALTER TABLE event_code ADD COLUMN capture INTEGER NOT NULL DEFAULT 0;

CREATE INDEX session_by_capture ON session (capture) WHERE capture <> 0;

CREATE INDEX event_code_by_capture ON event_code (capture) WHERE capture <> 0;

-- migration 14

-- Lists of found invoices by seller, by day, and of those that are elsewhere, too.
CREATE INDEX found_by_seller ON found (tenant, seller_name) WHERE seller_name IS NOT NULL;

CREATE INDEX found_by_date ON found (tenant, date) WHERE date IS NOT NULL;

CREATE INDEX found_by_twin ON found (tenant) WHERE twin_kind <> 0;

-- migration 15
-- Whose reason it is, as he was named.
ALTER TABLE bill ADD COLUMN reason_by TEXT;

-- migration 16

-- Uploads and exports are somebody's by his id: names change hands.
UPDATE upload SET actor = COALESCE(
    (SELECT 'person:' || u.id FROM "user" u WHERE u.tenant = upload.tenant AND 'user:' || u.name = upload.actor),
    (SELECT 'enterprise:' || e.id FROM enterprise e WHERE e.tenant = upload.tenant AND 'client:' || e.client_id = upload.actor), actor);

UPDATE export SET actor = COALESCE(
    (SELECT 'person:' || u.id FROM "user" u WHERE u.tenant = export.tenant AND 'user:' || u.name = export.actor),
    (SELECT 'enterprise:' || e.id FROM enterprise e WHERE e.tenant = export.tenant AND 'client:' || e.client_id = export.actor), actor);

-- migration 17
-- type_code: of the bills, as a clerk said of a page, or the administrator of a rule.
ALTER TABLE capture_page ADD COLUMN type_code TEXT;

ALTER TABLE capture_page ADD COLUMN attachment_type INTEGER NOT NULL DEFAULT 0;

ALTER TABLE cover_rule ADD COLUMN type_code TEXT;

-- migration 18

-- Lists of pushes: of one enterprise, and those under way or overtaken. The first begins with what no other statement
-- names: with the tenant in front, SQLite would take it for lists that it puts in no order.
CREATE INDEX push_by_tax_no ON push (COALESCE(tax_no, ''), tenant);

CREATE INDEX push_underway ON push (status) WHERE status IN ('taken', 'older');

-- Notices of one kind: most are of another.
CREATE INDEX delivery_by_kind ON delivery (kind, tenant);

-- Scan sessions of those who see their own; changes of a span of time.
CREATE INDEX capture_by_enterprise ON capture (enterprise) WHERE enterprise <> 0;

CREATE INDEX capture_by_owner ON capture (owner) WHERE owner <> 0;

CREATE INDEX capture_by_point ON capture (point) WHERE point <> 0;

CREATE INDEX audit_by_time ON audit (tenant, at);

-- migration 19

-- Sums of `statistic`, so that a report of a year reads thousands of rows and not all of it: by day and organisation, and by
-- spans of 16 days (the fewest rows of whole spans and of single days at both ends of a year). Kept by triggers in turn.
CREATE TABLE statistic_day (
    tenant    INTEGER NOT NULL,
    day       INTEGER NOT NULL,
    org       INTEGER NOT NULL,
    bills     INTEGER NOT NULL,
    pages     INTEGER NOT NULL,
    submitted INTEGER NOT NULL,
    sent_back INTEGER NOT NULL,
    PRIMARY KEY (tenant, day, org)
) WITHOUT ROWID;

CREATE TABLE statistic_span (
    tenant    INTEGER NOT NULL,
    span      INTEGER NOT NULL,
    org       INTEGER NOT NULL,
    point     INTEGER NOT NULL,
    owner     INTEGER NOT NULL,
    bills     INTEGER NOT NULL,
    pages     INTEGER NOT NULL,
    submitted INTEGER NOT NULL,
    sent_back INTEGER NOT NULL,
    PRIMARY KEY (tenant, span, org, point, owner)
) WITHOUT ROWID;

INSERT INTO statistic_day
SELECT tenant, day, org, SUM(bills), SUM(pages), SUM(submitted), SUM(sent_back) FROM statistic GROUP BY tenant, day, org;

INSERT INTO statistic_span
SELECT tenant, day / 16, org, point, owner, SUM(bills), SUM(pages), SUM(submitted), SUM(sent_back)
  FROM statistic GROUP BY tenant, day / 16, org, point, owner;

CREATE TRIGGER statistic_is_summed AFTER INSERT ON statistic
BEGIN
    INSERT INTO statistic_day
    VALUES (NEW.tenant, NEW.day, NEW.org, NEW.bills, NEW.pages, NEW.submitted, NEW.sent_back)
    ON CONFLICT (tenant, day, org) DO UPDATE
       SET bills = bills + excluded.bills, pages = pages + excluded.pages, submitted = submitted + excluded.submitted,
           sent_back = sent_back + excluded.sent_back;
    INSERT INTO statistic_span
    VALUES (NEW.tenant, NEW.day / 16, NEW.org, NEW.point, NEW.owner, NEW.bills, NEW.pages, NEW.submitted, NEW.sent_back)
    ON CONFLICT (tenant, span, org, point, owner) DO UPDATE
       SET bills = bills + excluded.bills, pages = pages + excluded.pages, submitted = submitted + excluded.submitted,
           sent_back = sent_back + excluded.sent_back;
END;

CREATE TRIGGER statistic_is_summed_again AFTER UPDATE OF bills, pages, submitted, sent_back ON statistic
BEGIN
    UPDATE statistic_day
       SET bills = bills + NEW.bills - OLD.bills, pages = pages + NEW.pages - OLD.pages,
           submitted = submitted + NEW.submitted - OLD.submitted, sent_back = sent_back + NEW.sent_back - OLD.sent_back
     WHERE tenant = NEW.tenant AND day = NEW.day AND org = NEW.org;
    UPDATE statistic_span
       SET bills = bills + NEW.bills - OLD.bills, pages = pages + NEW.pages - OLD.pages,
           submitted = submitted + NEW.submitted - OLD.submitted, sent_back = sent_back + NEW.sent_back - OLD.sent_back
     WHERE tenant = NEW.tenant AND span = NEW.day / 16 AND org = NEW.org AND point = NEW.point AND owner = NEW.owner;
END;

-- migration 20

-- Pages of a file whose bytes were looked at and are as they should be; -1: ask content. A list of a bill's files would else
-- look up each digest in a table of all contents of all bills. At most a thousand files of the same bytes: those that have it,
-- and more.
ALTER TABLE file ADD COLUMN looked_pages INTEGER NOT NULL DEFAULT -1;

CREATE TRIGGER content_is_told AFTER UPDATE OF pages, state, note ON content
BEGIN
    UPDATE file SET looked_pages = CASE WHEN NEW.state = 1 AND NEW.note IS NULL THEN NEW.pages ELSE -1 END
     WHERE id IN (SELECT id FROM file WHERE sha256 = NEW.sha256 ORDER BY looked_pages DESC LIMIT 1000);
END;

-- migration 21

-- what one has done of one kind, among all that he has done
CREATE INDEX audit_by_actor_action ON audit (tenant, actor, action);

-- migration 22

-- few: files of bills that were sent back
CREATE INDEX file_by_state ON file (bill) WHERE state <> 0;

-- migration 23

-- Bytes that were never a file of a bill: since when they are in a scan session, or out of it. 0: they were one, or came before
-- this was kept, and stay for good.
ALTER TABLE content ADD COLUMN loose INTEGER NOT NULL DEFAULT 0;

-- of those that were filed, too
DROP INDEX capture_page_by_sha256;

CREATE INDEX capture_page_by_sha256 ON capture_page (sha256);

-- migration 24

-- The highest id of a file that went: an ERP keeps the ids that it was given, and one must never name another bill's file.
CREATE TABLE file_last (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id  INTEGER NOT NULL
);

INSERT INTO file_last (one, id) VALUES (1, 0);

CREATE TRIGGER file_is_gone AFTER DELETE ON file
BEGIN
    UPDATE file_last SET id = OLD.id WHERE one = 1 AND id < OLD.id;
END;

-- files taken off a bill since it was last sent back
CREATE TABLE dropped (
    bill  INTEGER PRIMARY KEY,
    files INTEGER NOT NULL
);

-- ==== organisations, bill types ====

-- name: ORG_FIND_BY_TAX_NO
SELECT id, tenant, parent, code, name, tax_no, is_active
  FROM org WHERE tenant = ?1 AND tax_no = ?2 ORDER BY id LIMIT 1

-- name: ORG_FIND_BY_CODE
SELECT id, tenant, parent, code, name, tax_no, is_active
  FROM org WHERE tenant = ?1 AND code = ?2

-- name: ORG_FIND_BY_ID
SELECT id, tenant, parent, code, name, tax_no, is_active FROM org WHERE id = ?2 AND tenant = ?1

-- name: ORG_INSERT
INSERT INTO org (tenant, parent, code, name, tax_no) VALUES (?1, 0, ?2, ?3, ?4)

-- name: ORG_LIST
SELECT id, tenant, parent, code, name, tax_no, is_active FROM org WHERE tenant = ?1 ORDER BY code LIMIT ?2

-- name: ORG_MAKE
INSERT INTO org (tenant, parent, code, name, tax_no, is_active) VALUES (?1, ?2, ?3, ?4, ?5, ?6)

-- name: ORG_UPDATE
UPDATE org SET parent = ?3, code = ?4, name = ?5, tax_no = ?6, is_active = ?7 WHERE id = ?2 AND tenant = ?1

-- Who keeps it from being disabled: active users and scan points of it.
-- name: ORG_IN_USE
SELECT (SELECT COUNT(*) FROM "user" WHERE tenant = ?1 AND org = ?2 AND is_active = 1),
       (SELECT COUNT(*) FROM scan_point WHERE tenant = ?1 AND org = ?2 AND is_active = 1),
       (SELECT COUNT(*) FROM org WHERE tenant = ?1 AND parent = ?2 AND is_active = 1)

-- name: TENANT_FIND_BY_DOMAIN
SELECT id, name, domain, created FROM tenant WHERE domain = ?1

-- name: TENANT_FIND_BY_ID
SELECT id, name, domain, created FROM tenant WHERE id = ?1

-- name: TENANT_LIST
SELECT id, name, domain, created, (SELECT COUNT(*) FROM "user" u WHERE u.tenant = tenant.id AND u.is_active = 1)
  FROM tenant ORDER BY id LIMIT ?1

-- name: TENANT_INSERT
INSERT INTO tenant (name, domain, created) VALUES (?1, ?2, ?3)

-- name: TENANT_UPDATE
UPDATE tenant SET name = ?2, domain = ?3 WHERE id = ?1

-- name: BILL_TYPE_PUT
INSERT INTO bill_type (tenant, code, name) VALUES (?1, ?2, ?3)
    ON CONFLICT (tenant, code) DO UPDATE SET name = excluded.name WHERE bill_type.name = bill_type.code AND excluded.name <> excluded.code

-- name: BILL_TYPE_COUNT
SELECT COUNT(*) FROM bill_type WHERE tenant = ?1 AND (?2 IS NULL OR code LIKE ?2 ESCAPE '\' OR name LIKE ?2 ESCAPE '\')

-- name: BILL_TYPE_LIST
SELECT id, code, name FROM bill_type
 WHERE tenant = ?1 AND (?2 IS NULL OR code LIKE ?2 ESCAPE '\' OR name LIKE ?2 ESCAPE '\')
 ORDER BY code LIMIT ?3 OFFSET ?4

-- name: BILL_TYPE_FIND
SELECT id, code, name FROM bill_type WHERE id = ?2 AND tenant = ?1

-- name: BILL_TYPE_FIND_BY_CODE
SELECT id, code, name FROM bill_type WHERE tenant = ?1 AND code = ?2

-- name: BILL_TYPE_RENAME
UPDATE bill_type SET name = ?3 WHERE id = ?2 AND tenant = ?1

-- ==== labels, attachment types ====

-- name: LABEL_LIST
SELECT id, tenant, kind, number, name, is_enabled, created
  FROM label WHERE tenant = ?1 ORDER BY kind, number, name LIMIT ?2

-- name: LABEL_INSERT
INSERT INTO label (tenant, kind, number, name, is_enabled, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6)

-- name: LABEL_UPDATE
UPDATE label SET number = ?3, name = ?4, is_enabled = ?5 WHERE id = ?2 AND tenant = ?1

-- name: LABEL_DROP
DELETE FROM label WHERE id = ?2 AND tenant = ?1

-- ==== enterprise authorisations ====

-- name: ENTERPRISE_LIST
SELECT id, tenant, epoch, tax_no, name, client_id, secret, encrypt_key, cloud_client_id,
       cloud_secret, is_enabled, is_checked, check_note, checked, created, updated, is_dropped
  FROM enterprise WHERE is_dropped = 0 ORDER BY id

-- name: ENTERPRISE_FIND
SELECT id, tenant, epoch, tax_no, name, client_id, secret, encrypt_key, cloud_client_id,
       cloud_secret, is_enabled, is_checked, check_note, checked, created, updated, is_dropped
  FROM enterprise WHERE client_id = ?1

-- name: ENTERPRISE_INSERT
INSERT INTO enterprise (tenant, epoch, tax_no, name, client_id, secret, encrypt_key,
                        cloud_client_id, cloud_secret, is_enabled, is_checked, check_note,
                        checked, created, updated)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)

-- name: ENTERPRISE_UPDATE
UPDATE enterprise
   SET tenant = ?1, epoch = ?2, tax_no = ?3, name = ?4, secret = ?6, encrypt_key = ?7,
       cloud_client_id = ?8, cloud_secret = ?9, is_enabled = ?10, is_checked = ?11,
       check_note = ?12, checked = ?13, created = ?14, updated = ?15, is_dropped = 0
 WHERE client_id = ?5

-- name: ENTERPRISE_DROP
UPDATE enterprise
   SET is_dropped = 1, epoch = epoch + 1, secret = NULL, encrypt_key = NULL, cloud_secret = NULL,
       is_enabled = 0, is_checked = 0, check_note = NULL, checked = 0, updated = ?3
 WHERE client_id = ?2 AND tenant = ?1 AND is_dropped = 0

-- ==== business systems ====

-- part: SYSTEM
SELECT id, tenant, epoch, name, kind, resource, prefix, solution, dc, account, language, auth_pattern, password, db_type,
       encode_pwd, names, is_enabled, is_checked, check_note, checked, created, updated

-- name: SYSTEM_LIST
-- with: SYSTEM
  FROM business_system WHERE tenant = ?1 ORDER BY name

-- name: SYSTEM_FIND
-- with: SYSTEM
  FROM business_system WHERE tenant = ?1 AND name = ?2

-- name: SYSTEM_FIND_BY_ID
-- with: SYSTEM
  FROM business_system WHERE tenant = ?1 AND id = ?2

-- name: SYSTEM_FIND_FOR
-- with: SYSTEM
  FROM business_system WHERE tenant = ?1 AND resource IN (?2, '') AND is_enabled = 1 ORDER BY resource DESC LIMIT 1

-- name: SYSTEM_OTHERS
SELECT name, resource, is_enabled FROM business_system WHERE tenant = ?1 AND id <> ?2

-- name: SYSTEM_INSERT
INSERT INTO business_system (tenant, epoch, name, kind, resource, prefix, solution, dc, account, language,
                             auth_pattern, password, db_type, encode_pwd, names, is_enabled, is_checked, check_note,
                             checked, created, updated)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)

-- name: SYSTEM_UPDATE
UPDATE business_system
   SET epoch = ?2, name = ?3, kind = ?4, resource = ?5, prefix = ?6, solution = ?7, dc = ?8, account = ?9,
       language = ?10, auth_pattern = ?11, password = ?12, db_type = ?13, encode_pwd = ?14, names = ?15,
       is_enabled = ?16, is_checked = ?17, check_note = ?18, checked = ?19, created = ?20, updated = ?21
 WHERE tenant = ?1 AND id = ?22

-- name: SYSTEM_NOTE
UPDATE business_system SET epoch = epoch + ?4, is_checked = ?4, check_note = ?5, checked = ?6
 WHERE tenant = ?1 AND id = ?2 AND epoch = ?3

-- name: SYSTEM_DROP
DELETE FROM business_system WHERE tenant = ?1 AND id = ?2

-- ==== organisations and users of business systems ====

-- name: ORIGIN_FIND
SELECT tenant, system, kind, theirs, name, local, said, run
  FROM origin WHERE tenant = ?1 AND system = ?2 AND kind = ?3 AND theirs = ?4

-- name: ORIGIN_FIND_OTHER
SELECT tenant, system, kind, theirs, name, local, said, run
  FROM origin WHERE tenant = ?1 AND kind = ?3 AND local = ?4 AND system = ?2 AND theirs <> ?5 LIMIT 1

-- name: ORIGIN_PUT
INSERT INTO origin (tenant, system, kind, theirs, name, local, said, run) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT (tenant, system, kind, theirs) DO UPDATE
   SET name = excluded.name, local = excluded.local, said = excluded.said, run = excluded.run

-- name: ORIGIN_LIST_MISSING
SELECT tenant, system, kind, theirs, name, local, said, run
  FROM origin WHERE tenant = ?1 AND system = ?2 AND kind = 1 AND run < ?3 AND local > 0 AND theirs > ?4
 ORDER BY theirs LIMIT ?5

-- name: ORIGIN_COUNT
SELECT COUNT(*) FROM origin WHERE tenant = ?1 AND system = ?2 AND kind = 1 AND local > 0

-- name: ORIGIN_FORGET
DELETE FROM origin WHERE tenant = ?1 AND system = ?2

-- name: PEOPLE_SYNC_INSERT
INSERT INTO people_sync (tenant, system, state, is_full, tries, since, started, actor, trace)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)

-- name: PEOPLE_SYNC_UPDATE
UPDATE people_sync
   SET state = ?3, tries = ?4, ended = ?5, error = ?6, added = ?7, changed = ?8, unchanged = ?9, refused = ?10,
       missing = ?11, disabled = ?12
 WHERE tenant = ?1 AND id = ?2

-- name: PEOPLE_SYNC_END_LOST
UPDATE people_sync SET state = 2, ended = ?4, error = 'it was broken off' WHERE tenant = ?1 AND system = ?2 AND state = 0 AND started < ?3

-- part: PEOPLE_SYNC
SELECT id, tenant, system, state, is_full, tries, since, started, ended, actor, trace, error, added, changed, unchanged,
       refused, missing, disabled

-- name: PEOPLE_SYNC_FIND
-- with: PEOPLE_SYNC
  FROM people_sync WHERE tenant = ?1 AND system = ?2 AND id = ?3

-- name: PEOPLE_SYNC_LIST
-- with: PEOPLE_SYNC
  FROM people_sync WHERE tenant = ?1 AND system = ?2 ORDER BY id DESC LIMIT ?3

-- name: PEOPLE_SYNC_LAST
-- with: PEOPLE_SYNC
  FROM people_sync WHERE tenant = ?1 AND system = ?2 AND state = 1 AND (is_full = 1 OR ?3 = 0) AND (refused = 0 OR ?3 = 1)
 ORDER BY id DESC LIMIT 1

-- name: PEOPLE_SYNC_PRUNE
DELETE FROM people_sync
 WHERE tenant = ?1 AND system = ?2
   AND id < (SELECT MIN(id) FROM (SELECT id FROM people_sync WHERE tenant = ?1 AND system = ?2 ORDER BY id DESC LIMIT ?3))

-- name: PEOPLE_SYNC_FORGET
DELETE FROM people_sync WHERE tenant = ?1 AND system = ?2

-- name: PEOPLE_ROW_ADD
INSERT INTO people_sync_row (sync, kind, result, theirs, code, name, local, zh, en)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)

-- name: PEOPLE_ROW_COUNT
SELECT COUNT(*) FROM people_sync_row WHERE sync = ?1 AND (?2 < 0 OR result = ?2)

-- name: PEOPLE_ROW_LIST
SELECT kind, result, theirs, code, name, local, zh, en
  FROM people_sync_row WHERE sync = ?1 AND (?2 < 0 OR result = ?2) ORDER BY id LIMIT ?3 OFFSET ?4

-- name: PEOPLE_ROW_PRUNE
DELETE FROM people_sync_row WHERE sync NOT IN (SELECT id FROM people_sync)

-- name: PEOPLE_SYNC_IDLE
SELECT s.id, s.tenant, (SELECT MAX(p.started) FROM people_sync p WHERE p.tenant = s.tenant AND p.system = s.id)
  FROM business_system s JOIN setting w ON w.tenant = s.tenant AND w.name = 'people.sync' AND w.value = 'on'
 WHERE s.is_enabled = 1 AND s.kind = 'eas'
   AND NOT EXISTS (SELECT 1 FROM job j WHERE j.kind = 'people' AND j.key = CAST(s.id AS TEXT) AND j.state <> 'parked')
 ORDER BY s.id LIMIT 1000

-- ==== keys that sign our tokens ====

-- name: TOKEN_KEY_LIST
SELECT id, key, created, retired FROM token_key ORDER BY id DESC

-- name: TOKEN_KEY_INSERT
INSERT INTO token_key (key, created, retired) VALUES (?1, ?2, 0)

-- name: TOKEN_KEY_SEAL
UPDATE token_key SET key = ?2 WHERE id = ?1

-- name: TOKEN_KEY_RETIRE
UPDATE token_key SET retired = ?1 WHERE retired = 0

-- name: TOKEN_KEY_FORGET
DELETE FROM token_key WHERE retired <> 0 AND retired < ?1

-- ==== push table ====

-- name: PUSH_ROW_LIST
SELECT id, tenant, name, tax_no, client_id, url, created FROM push_table ORDER BY id

-- name: PUSH_ROW_FIND
SELECT id, tenant, name, tax_no, client_id, url, created
  FROM push_table WHERE tenant = ?1 AND tax_no = ?2 AND client_id = ?3

-- name: PUSH_ROW_PUT
INSERT INTO push_table (tenant, name, tax_no, client_id, url, created)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (tenant, tax_no, client_id) DO UPDATE SET name = excluded.name, url = excluded.url

-- name: PUSH_ROW_DROP
DELETE FROM push_table WHERE id = ?2 AND tenant = ?1

-- ==== users ====

-- An installation without one makes its first.
-- name: USER_COUNT_ADMINS
SELECT COUNT(*) FROM user_role r JOIN "user" u ON u.id = r.person WHERE r.role = 1 AND u.is_active = 1

-- name: USER_COUNT_OTHER_ADMINS
SELECT COUNT(*) FROM user_role r JOIN "user" u ON u.id = r.person
 WHERE r.role = 1 AND u.is_active = 1 AND u.tenant = ?1 AND u.id <> ?2

-- part: USER
SELECT id, tenant, org, name, mobile, mail, password, is_head, is_active, must_change, last_login, created, updated

-- name: USER_FIND
-- with: USER
  FROM "user" WHERE tenant = ?1 AND name = ?2

-- name: USER_FIND_BY_ID
-- with: USER
  FROM "user" WHERE id = ?2 AND tenant = ?1

-- name: USER_FIND_BY_MOBILE
-- with: USER
  FROM "user" WHERE tenant = ?1 AND mobile = ?2

-- By name; ?2 NULL: any organisation, ?3 -1: active or not, ?4 NULL: a part of name, mobile or mail.
-- name: USER_LIST
-- with: USER
  FROM "user"
 WHERE tenant = ?1 AND (?2 IS NULL OR org = ?2) AND (?3 = -1 OR is_active = ?3)
   AND (?4 IS NULL OR name LIKE ?4 ESCAPE '\' OR mobile LIKE ?4 ESCAPE '\' OR mail LIKE ?4 ESCAPE '\')
 ORDER BY name LIMIT ?5 OFFSET ?6

-- name: USER_COUNT
SELECT COUNT(*)
  FROM "user"
 WHERE tenant = ?1 AND (?2 IS NULL OR org = ?2) AND (?3 = -1 OR is_active = ?3)
   AND (?4 IS NULL OR name LIKE ?4 ESCAPE '\' OR mobile LIKE ?4 ESCAPE '\' OR mail LIKE ?4 ESCAPE '\')

-- name: USER_INSERT
INSERT INTO "user" (tenant, org, name, mobile, mail, password, is_head, is_active, must_change, created, updated)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)

-- name: USER_UPDATE
UPDATE "user"
   SET org = ?3, name = ?4, mobile = ?5, mail = ?6, password = ?7, is_head = ?8, is_active = ?9, must_change = ?10,
       updated = ?11
 WHERE id = ?2 AND tenant = ?1

-- name: USER_TELL_LOGIN
UPDATE "user" SET last_login = ?3 WHERE id = ?2 AND tenant = ?1

-- name: USER_ROLE_LIST
SELECT role FROM user_role WHERE person = ?1 ORDER BY role

-- name: USER_ROLE_ADD
INSERT INTO user_role (person, role) VALUES (?1, ?2) ON CONFLICT (person, role) DO NOTHING

-- name: USER_ROLE_DROP
DELETE FROM user_role WHERE person = ?1

-- name: USER_GRANT_LIST
SELECT org, sees_all, with_below FROM user_grant WHERE person = ?1 ORDER BY org

-- name: USER_GRANT_ADD
INSERT INTO user_grant (person, org, sees_all, with_below) VALUES (?1, ?2, ?3, ?4)

-- name: USER_GRANT_DROP
DELETE FROM user_grant WHERE person = ?1

-- ==== roles ====

-- With the active users that have it.
-- name: ROLE_LIST
SELECT id, tenant, name, permissions, is_active, created, updated,
       (SELECT COUNT(*) FROM user_role r JOIN "user" u ON u.id = r.person WHERE r.role = role.id AND u.is_active = 1)
  FROM role WHERE tenant = ?1 ORDER BY name LIMIT ?2

-- name: ROLE_FIND
SELECT id, tenant, name, permissions, is_active, created, updated, 0 FROM role WHERE id = ?2 AND tenant = ?1

-- name: ROLE_FIND_BY_NAME
SELECT id, tenant, name, permissions, is_active, created, updated, 0 FROM role WHERE tenant = ?1 AND name = ?2

-- name: ROLE_COUNT_USERS
SELECT COUNT(*) FROM user_role r JOIN "user" u ON u.id = r.person
 WHERE r.role = ?2 AND u.is_active = 1 AND u.tenant = ?1

-- name: ROLE_INSERT
INSERT INTO role (tenant, name, permissions, is_active, created, updated) VALUES (?1, ?2, ?3, ?4, ?5, ?5)

-- name: ROLE_UPDATE
UPDATE role SET name = ?3, permissions = ?4, is_active = ?5, updated = ?6 WHERE id = ?2 AND tenant = ?1

-- ==== scan points ====

-- name: POINT_LIST
SELECT id, tenant, name, org, address, is_active, created, updated
  FROM scan_point WHERE tenant = ?1 ORDER BY name LIMIT ?2

-- name: POINT_FIND
SELECT id, tenant, name, org, address, is_active, created, updated FROM scan_point WHERE id = ?2 AND tenant = ?1

-- name: POINT_FIND_BY_NAME
SELECT id, tenant, name, org, address, is_active, created, updated FROM scan_point WHERE tenant = ?1 AND name = ?2

-- name: POINT_OF_USER
SELECT p.id, p.tenant, p.name, p.org, p.address, p.is_active, p.created, p.updated
  FROM scan_point_user s JOIN scan_point p ON p.id = s.point WHERE s.person = ?2 AND p.tenant = ?1

-- name: POINT_INSERT
INSERT INTO scan_point (tenant, name, org, address, is_active, created, updated) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)

-- name: POINT_UPDATE
UPDATE scan_point SET name = ?3, org = ?4, address = ?5, is_active = ?6, updated = ?7 WHERE id = ?2 AND tenant = ?1

-- name: POINT_ORG_LIST
SELECT org FROM scan_point_org WHERE point = ?1 ORDER BY org

-- name: POINT_ORG_ADD
INSERT INTO scan_point_org (point, org) VALUES (?1, ?2) ON CONFLICT (point, org) DO NOTHING

-- name: POINT_ORG_DROP
DELETE FROM scan_point_org WHERE point = ?1

-- name: POINT_USER_LIST
SELECT u.id, u.tenant, u.org, u.name, u.mobile, u.mail, u.password, u.is_head, u.is_active, u.must_change, u.last_login,
       u.created, u.updated
  FROM scan_point_user s JOIN "user" u ON u.id = s.person WHERE s.point = ?1 ORDER BY u.name

-- name: POINT_USER_ADD
INSERT INTO scan_point_user (person, point) VALUES (?1, ?2)

-- name: POINT_USER_DROP
DELETE FROM scan_point_user WHERE person = ?1 AND point = ?2

-- ==== sessions, event codes, failed logins ====

-- name: SESSION_PUT
INSERT INTO session (hash, tenant, person, kind, rights, bills, created, used, expires, capture)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8, ?9)

-- name: SESSION_FIND
SELECT id, tenant, person, kind, rights, bills, created, used, expires, capture FROM session WHERE hash = ?1

-- name: SESSION_TOUCH
UPDATE session SET used = ?2 WHERE hash = ?1 AND used < ?2

-- name: SESSION_DROP
DELETE FROM session WHERE hash = ?1

-- name: SESSION_DROP_OF_USER
DELETE FROM session WHERE person = ?1 AND hash <> ?2

-- name: SESSION_DROP_OF_CAPTURE
DELETE FROM session WHERE capture = ?1 AND capture <> 0

-- name: SESSION_PRUNE
DELETE FROM session WHERE used < ?1

-- name: EVENT_CODE_PUT
INSERT INTO event_code (hash, tenant, person, rights, bills, made_by, expires, used, capture)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8)

-- name: EVENT_CODE_FIND
SELECT tenant, person, rights, bills, made_by, expires, used, capture FROM event_code WHERE hash = ?1

-- name: EVENT_CODE_USE
UPDATE event_code SET used = ?2 WHERE hash = ?1 AND used = 0

-- Those that nobody has used: they are told as expired from then on.
-- name: EVENT_CODE_END_OF_CAPTURE
UPDATE event_code SET expires = ?2 WHERE capture = ?1 AND capture <> 0 AND used = 0 AND expires > ?2

-- name: EVENT_CODE_PRUNE
DELETE FROM event_code WHERE expires < ?1

-- name: LOGIN_GUARD_FIND
SELECT count, since, locked FROM login_guard WHERE key = ?1

-- name: LOGIN_GUARD_PUT
INSERT INTO login_guard (key, count, since, locked) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (key) DO UPDATE SET count = excluded.count, since = excluded.since, locked = excluded.locked

-- name: LOGIN_GUARD_DROP
DELETE FROM login_guard WHERE key = ?1

-- name: LOGIN_GUARD_PRUNE
DELETE FROM login_guard WHERE since < ?1 AND locked < ?2

-- ==== settings ====

-- name: SETTING_FIND
SELECT value FROM setting WHERE tenant = ?1 AND name = ?2

-- name: SETTING_LIST
SELECT name, value FROM setting WHERE tenant = ?1 AND name >= ?2 AND name < ?3 ORDER BY name LIMIT ?4

-- name: SETTING_PUT
INSERT INTO setting (tenant, name, value) VALUES (?1, ?2, ?3)
ON CONFLICT (tenant, name) DO UPDATE SET value = excluded.value

-- name: SETTING_DROP
DELETE FROM setting WHERE tenant = ?1 AND name = ?2

-- ==== the audit log ====

-- name: AUDIT_LAST
SELECT id, mark FROM audit ORDER BY id DESC LIMIT 1

-- name: AUDIT_ADD
INSERT INTO audit (id, tenant, at, actor, action, object, detail, trace, mark)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)

-- name: AUDIT_WALK
SELECT id, tenant, at, actor, action, object, detail, trace, mark
  FROM audit WHERE id > ?1 ORDER BY id LIMIT ?2

-- What is asked for most has a statement that finds it by an index.
-- name: AUDIT_LIST
SELECT id, tenant, at, actor, action, object, detail, trace, mark
  FROM audit WHERE tenant = ?1 AND (?2 IS NULL OR actor = ?2) AND (?3 IS NULL OR action = ?3)
   AND (?4 IS NULL OR object = ?4) AND +at >= ?5 AND +at < ?6
 ORDER BY id DESC LIMIT ?7 OFFSET ?8

-- name: AUDIT_COUNT
SELECT COUNT(*) FROM (SELECT 1 FROM audit
 WHERE tenant = ?1 AND (?2 IS NULL OR actor = ?2) AND (?3 IS NULL OR action = ?3)
   AND (?4 IS NULL OR object = ?4) AND +at >= ?5 AND +at < ?6 LIMIT ?7) AS seen

-- name: AUDIT_LIST_ACTOR
SELECT id, tenant, at, actor, action, object, detail, trace, mark
  FROM audit WHERE tenant = ?1 AND actor = ?2 AND ?3 IS NULL
   AND (?4 IS NULL OR +object = ?4) AND +at >= ?5 AND +at < ?6
 ORDER BY id DESC LIMIT ?7 OFFSET ?8

-- name: AUDIT_COUNT_ACTOR
SELECT COUNT(*) FROM (SELECT 1 FROM audit
 WHERE tenant = ?1 AND actor = ?2 AND ?3 IS NULL
   AND (?4 IS NULL OR +object = ?4) AND +at >= ?5 AND +at < ?6 LIMIT ?7) AS seen

-- name: AUDIT_LIST_ACTION
SELECT id, tenant, at, actor, action, object, detail, trace, mark
  FROM audit WHERE tenant = ?1 AND (?2 IS NULL OR actor = ?2) AND action = ?3
   AND (?4 IS NULL OR object = ?4) AND +at >= ?5 AND +at < ?6
 ORDER BY id DESC LIMIT ?7 OFFSET ?8

-- name: AUDIT_COUNT_ACTION
SELECT COUNT(*) FROM (SELECT 1 FROM audit
 WHERE tenant = ?1 AND (?2 IS NULL OR actor = ?2) AND action = ?3
   AND (?4 IS NULL OR object = ?4) AND +at >= ?5 AND +at < ?6 LIMIT ?7) AS seen

-- name: AUDIT_LIST_ACTOR_ACTION
SELECT id, tenant, at, actor, action, object, detail, trace, mark
  FROM audit WHERE tenant = ?1 AND actor = ?2 AND action = ?3
   AND (?4 IS NULL OR +object = ?4) AND +at >= ?5 AND +at < ?6
 ORDER BY id DESC LIMIT ?7 OFFSET ?8

-- name: AUDIT_COUNT_ACTOR_ACTION
SELECT COUNT(*) FROM (SELECT 1 FROM audit
 WHERE tenant = ?1 AND actor = ?2 AND action = ?3
   AND (?4 IS NULL OR +object = ?4) AND +at >= ?5 AND +at < ?6 LIMIT ?7) AS seen

-- name: AUDIT_LIST_OBJECT
SELECT id, tenant, at, actor, action, object, detail, trace, mark
  FROM audit WHERE tenant = ?1 AND (?2 IS NULL OR +actor = ?2) AND (?3 IS NULL OR +action = ?3)
   AND object = ?4 AND +at >= ?5 AND +at < ?6
 ORDER BY id DESC LIMIT ?7 OFFSET ?8

-- name: AUDIT_COUNT_OBJECT
SELECT COUNT(*) FROM (SELECT 1 FROM audit
 WHERE tenant = ?1 AND (?2 IS NULL OR +actor = ?2) AND (?3 IS NULL OR +action = ?3)
   AND object = ?4 AND +at >= ?5 AND +at < ?6 LIMIT ?7) AS seen

-- name: AUDIT_LIST_SPAN
SELECT id, tenant, at, actor, action, object, detail, trace, mark
  FROM audit WHERE tenant = ?1 AND ?2 IS NULL AND ?3 IS NULL AND ?4 IS NULL AND at >= ?5 AND at < ?6
 ORDER BY at DESC, id DESC LIMIT ?7 OFFSET ?8

-- name: AUDIT_COUNT_SPAN
SELECT COUNT(*) FROM (SELECT 1 FROM audit
 WHERE tenant = ?1 AND ?2 IS NULL AND ?3 IS NULL AND ?4 IS NULL AND at >= ?5 AND at < ?6 LIMIT ?7) AS seen

-- ==== bills ====

-- part: BILL
SELECT id, tenant, org, number, resource, erp_id, bill_no, type_code, type_name, tax_no,
       apply_name, apply_phone, apply_erp_user, org_code, org_name, state, state_before,
       is_announced, is_locked, voucher, reason, doc_sha, push_sha, push_version, page_count,
       created, updated, version, owner, point, reason_by

-- Of a number's few bills, the one of this resource before the one of none. bill_by_number holds them
-- in the order of resource, '' first, and is read from its end: the first that fits is it. Without
-- the "+" the two texts would become a temporary b-tree, from which each is looked up.
-- name: BILL_FIND
-- with: BILL
  FROM bill WHERE tenant = ?1 AND number = ?2 AND (+resource = ?3 OR +resource = '')
 ORDER BY resource DESC LIMIT 1

-- Two rows are enough to see that there is a choice, which BILL_FIND_CHOSEN makes. Almost always
-- there is none, and nothing is sorted.
-- name: BILL_FIND_ANY
-- with: BILL
  FROM bill WHERE tenant = ?1 AND number = ?2
 LIMIT 2

-- name: BILL_FIND_CHOSEN
-- with: BILL
  FROM bill WHERE tenant = ?1 AND number = ?2
 ORDER BY is_announced DESC, created DESC, id DESC LIMIT 1

-- Whose living bills of that number there are.
-- name: BILL_RESOURCES
SELECT resource FROM bill WHERE tenant = ?1 AND number = ?2 AND state <> 9 ORDER BY resource LIMIT ?3

-- name: BILL_FIND_BY_ID
-- with: BILL
  FROM bill WHERE id = ?2 AND tenant = ?1

-- Void ones last; two rows are enough to see that it is ambiguous.
-- name: BILL_FIND_BY_ERP_ID
-- with: BILL
  FROM bill WHERE tenant = ?1 AND erp_id = ?2 AND erp_id <> '' ORDER BY state = 9, id LIMIT 2

-- name: BILL_FIND_BY_BILL_NO
-- with: BILL
  FROM bill WHERE tenant = ?1 AND bill_no = ?2 AND bill_no <> '' ORDER BY state = 9, id LIMIT 2

-- name: BILL_INSERT
INSERT INTO bill (tenant, org, number, resource, erp_id, bill_no, type_code, type_name, tax_no,
                  apply_name, apply_phone, apply_erp_user, org_code, org_name, state,
                  state_before, is_announced, is_locked, voucher, reason, doc_sha, push_sha,
                  push_version, page_count, created, updated, version, owner, point, reason_by)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,
        ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30)

-- An UPDATE writes the index of each column that it names, changed or not: what is indexed and
-- hardly ever changes has a statement of its own that mostly finds nothing to do.
-- name: BILL_UPDATE
UPDATE bill
   SET type_code = ?3, type_name = ?4, apply_erp_user = ?5, org_code = ?6,
       org_name = ?7, state = ?8, state_before = ?9, is_announced = ?10, is_locked = ?11,
       voucher = ?12, reason = ?13, doc_sha = ?14, push_sha = ?15, push_version = ?16,
       page_count = ?17, updated = ?18, version = ?19, reason_by = ?20
 WHERE id = ?1 AND tenant = ?2

-- name: BILL_UPDATE_KEYS
UPDATE bill
   SET org = ?3, number = ?4, resource = ?5, erp_id = ?6, bill_no = ?7, tax_no = ?8, apply_name = ?9,
       apply_phone = ?10, owner = ?11, point = ?12
 WHERE id = ?1 AND tenant = ?2
   AND (org <> ?3 OR number <> ?4 OR resource <> ?5 OR COALESCE(erp_id, '') <> COALESCE(?6, '')
        OR COALESCE(bill_no, '') <> COALESCE(?7, '') OR COALESCE(tax_no, '') <> COALESCE(?8, '')
        OR COALESCE(apply_name, '') <> COALESCE(?9, '') OR COALESCE(apply_phone, '') <> COALESCE(?10, '')
        OR owner <> ?11 OR point <> ?12)

-- name: BILL_RAISE_VERSION
UPDATE bill SET version = version + 1 WHERE id = ?1 AND tenant = ?2

-- What lists need of a bill, along the index of each order; id breaks ties. store/bill_list.h
-- The last value 1: only id and time of creation are wanted, which the index has; the row itself is not looked up then.
-- part: BILL_LISTED_IF
SELECT id, created, CASE WHEN $1 = 0 THEN updated END, CASE WHEN $1 = 0 THEN state END, CASE WHEN $1 = 0 THEN org END,
       CASE WHEN $1 = 0 THEN number END, CASE WHEN $1 = 0 THEN resource END, CASE WHEN $1 = 0 THEN type_code END,
       CASE WHEN $1 = 0 THEN tax_no END, CASE WHEN $1 = 0 THEN owner END, CASE WHEN $1 = 0 THEN point END,
       CASE WHEN $1 = 0 THEN apply_phone END

-- name: BILLS_BY_CREATED_DOWN
-- with: BILL_LISTED_IF ?5
  FROM bill WHERE tenant = ?1 AND (created, id) < (?2, ?3)
 ORDER BY created DESC, id DESC LIMIT ?4

-- name: BILLS_BY_CREATED_UP
-- with: BILL_LISTED_IF ?5
  FROM bill WHERE tenant = ?1 AND (created, id) > (?2, ?3)
 ORDER BY created, id LIMIT ?4

-- name: BILLS_BY_TAX_NO_DOWN
-- with: BILL_LISTED_IF ?6
  FROM bill WHERE tenant = ?1 AND COALESCE(tax_no, '') = ?2 AND (created, id) < (?3, ?4)
 ORDER BY created DESC, id DESC LIMIT ?5

-- name: BILLS_BY_TAX_NO_UP
-- with: BILL_LISTED_IF ?6
  FROM bill WHERE tenant = ?1 AND COALESCE(tax_no, '') = ?2 AND (created, id) > (?3, ?4)
 ORDER BY created, id LIMIT ?5

-- name: BILLS_BY_ORG_DOWN
-- with: BILL_LISTED_IF ?6
  FROM bill WHERE tenant = ?1 AND org = ?2 AND (created, id) < (?3, ?4)
 ORDER BY created DESC, id DESC LIMIT ?5

-- name: BILLS_BY_ORG_UP
-- with: BILL_LISTED_IF ?6
  FROM bill WHERE tenant = ?1 AND org = ?2 AND (created, id) > (?3, ?4)
 ORDER BY created, id LIMIT ?5

-- name: BILLS_BY_OWNER_DOWN
-- with: BILL_LISTED_IF ?6
  FROM bill WHERE tenant = ?1 AND owner = ?2 AND owner <> 0 AND (created, id) < (?3, ?4)
 ORDER BY created DESC, id DESC LIMIT ?5

-- name: BILLS_BY_OWNER_UP
-- with: BILL_LISTED_IF ?6
  FROM bill WHERE tenant = ?1 AND owner = ?2 AND owner <> 0 AND (created, id) > (?3, ?4)
 ORDER BY created, id LIMIT ?5

-- name: BILLS_BY_POINT_DOWN
-- with: BILL_LISTED_IF ?6
  FROM bill WHERE tenant = ?1 AND point = ?2 AND point <> 0 AND (created, id) < (?3, ?4)
 ORDER BY created DESC, id DESC LIMIT ?5

-- name: BILLS_BY_POINT_UP
-- with: BILL_LISTED_IF ?6
  FROM bill WHERE tenant = ?1 AND point = ?2 AND point <> 0 AND (created, id) > (?3, ?4)
 ORDER BY created, id LIMIT ?5

-- name: BILLS_BY_PHONE_DOWN
-- with: BILL_LISTED_IF ?6
  FROM bill WHERE tenant = ?1 AND apply_phone = ?2 AND apply_phone <> '' AND (created, id) < (?3, ?4)
 ORDER BY created DESC, id DESC LIMIT ?5

-- name: BILLS_BY_PHONE_UP
-- with: BILL_LISTED_IF ?6
  FROM bill WHERE tenant = ?1 AND apply_phone = ?2 AND apply_phone <> '' AND (created, id) > (?3, ?4)
 ORDER BY created, id LIMIT ?5

-- part: BILL_LISTED
SELECT id, created, updated, state, org, number, resource, type_code, tax_no, owner, point, apply_phone

-- name: BILLS_BY_ID
-- with: BILL_LISTED
  FROM bill WHERE tenant = ?1 AND id = ?2

-- name: BILLS_BY_STATE_DOWN
-- with: BILL_LISTED
  FROM bill WHERE tenant = ?1 AND state = ?2 AND (updated, id) < (?3, ?4)
 ORDER BY updated DESC, id DESC LIMIT ?5

-- name: BILLS_BY_STATE_UP
-- with: BILL_LISTED
  FROM bill WHERE tenant = ?1 AND state = ?2 AND (updated, id) > (?3, ?4)
 ORDER BY updated, id LIMIT ?5

-- How many there are, by the index alone.
-- name: BILLS_COUNT_ORG
SELECT COUNT(*) FROM (SELECT 1 FROM bill WHERE tenant = ?1 AND org = ?2 LIMIT ?3) AS seen

-- name: BILLS_COUNT_OWNER
SELECT COUNT(*) FROM (SELECT 1 FROM bill WHERE tenant = ?1 AND owner = ?2 AND owner <> 0 LIMIT ?3) AS seen

-- name: BILLS_COUNT_POINT
SELECT COUNT(*) FROM (SELECT 1 FROM bill WHERE tenant = ?1 AND point = ?2 AND point <> 0 LIMIT ?3) AS seen

-- name: BILLS_COUNT_PHONE
SELECT COUNT(*) FROM (SELECT 1 FROM bill WHERE tenant = ?1 AND apply_phone = ?2 AND apply_phone <> '' LIMIT ?3) AS seen

-- name: BILLS_COUNT_STATE
SELECT COUNT(*) FROM (SELECT 1 FROM bill WHERE tenant = ?1 AND state = ?2 LIMIT ?3) AS seen

-- name: BILLS_BY_NUMBER_DOWN
-- with: BILL_LISTED
  FROM bill WHERE tenant = ?1 AND (number, id) < (?2, ?3)
 ORDER BY number DESC, id DESC LIMIT ?4

-- name: BILLS_BY_NUMBER_UP
-- with: BILL_LISTED
  FROM bill WHERE tenant = ?1 AND (number, id) > (?2, ?3)
 ORDER BY number, id LIMIT ?4

-- name: BILLS_PASS_NUMBER_DOWN
SELECT number, id FROM bill WHERE tenant = ?1 ORDER BY number DESC, id DESC LIMIT 1 OFFSET ?2

-- name: BILLS_PASS_NUMBER_UP
SELECT number, id FROM bill WHERE tenant = ?1 ORDER BY number, id LIMIT 1 OFFSET ?2

-- name: BILLS_PASS_CREATED_DOWN
SELECT created, id FROM bill INDEXED BY bill_by_created WHERE tenant = ?1 ORDER BY created DESC, id DESC LIMIT 1 OFFSET ?2

-- name: BILLS_PASS_CREATED_UP
SELECT created, id FROM bill INDEXED BY bill_by_created WHERE tenant = ?1 ORDER BY created, id LIMIT 1 OFFSET ?2

-- Both ranges are read in their order, side by side.
-- name: BILLS_PASS_TAX_NO_DOWN
SELECT created, id FROM bill INDEXED BY bill_by_tax_no WHERE tenant = ?1 AND COALESCE(tax_no, '') = ''
 UNION ALL
SELECT created, id FROM bill INDEXED BY bill_by_tax_no WHERE tenant = ?1 AND COALESCE(tax_no, '') = ?3 AND ?3 <> ''
 ORDER BY created DESC, id DESC LIMIT 1 OFFSET ?2

-- name: BILLS_PASS_TAX_NO_UP
SELECT created, id FROM bill INDEXED BY bill_by_tax_no WHERE tenant = ?1 AND COALESCE(tax_no, '') = ''
 UNION ALL
SELECT created, id FROM bill INDEXED BY bill_by_tax_no WHERE tenant = ?1 AND COALESCE(tax_no, '') = ?3 AND ?3 <> ''
 ORDER BY created, id LIMIT 1 OFFSET ?2

-- name: BILLS_LIKE_NUMBER
-- with: BILL_LISTED
  FROM bill WHERE tenant = ?1 AND number >= ?2 AND number < ?3
 ORDER BY number LIMIT ?4

-- name: BILLS_LIKE_BILL_NO
-- with: BILL_LISTED
  FROM bill WHERE tenant = ?1 AND bill_no >= ?2 AND bill_no < ?3
   AND bill_no <> ''
 ORDER BY bill_no LIMIT ?4

-- name: BILLS_LIKE_APPLICANT
-- with: BILL_LISTED
  FROM bill WHERE tenant = ?1 AND apply_name >= ?2 AND apply_name < ?3
   AND apply_name <> ''
 ORDER BY apply_name LIMIT ?4

-- IN is there for the index of the few that went wrong, CROSS to begin with them.
-- name: BILLS_PARKED
SELECT DISTINCT b.id, b.created, b.updated, b.state, b.org, b.number, b.resource, b.type_code, b.tax_no,
       b.owner, b.point, b.apply_phone
  FROM push p CROSS JOIN bill b
 WHERE b.id = p.bill AND p.status IN ('refused', 'parked') AND p.status = 'parked' AND b.tenant = ?1
 ORDER BY b.id LIMIT ?2

-- ==== timeline ====

-- name: TRAIL_ADD
INSERT INTO trail (tenant, bill, at, kind, actor, trace, note, detail)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)

-- name: TRAIL_LIST
SELECT id, tenant, bill, at, kind, actor, trace, note, detail
  FROM trail WHERE bill = ?2 AND tenant = ?1 AND id > ?3 ORDER BY id LIMIT ?4

-- name: TRAIL_LIST_LAST
SELECT id, tenant, bill, at, kind, actor, trace, note, detail
  FROM trail WHERE bill = ?2 AND tenant = ?1 ORDER BY id DESC LIMIT ?3

-- name: TRAIL_COUNT
SELECT COUNT(*) FROM (SELECT 1 FROM trail WHERE bill = ?2 AND tenant = ?1 LIMIT ?3) AS seen

-- name: TRAIL_PAGE
SELECT id, tenant, bill, at, kind, actor, trace, note, detail
  FROM trail WHERE bill = ?2 AND tenant = ?1 ORDER BY id LIMIT ?3 OFFSET ?4

-- Was exactly that said of the bill already?
-- name: TRAIL_HAS
SELECT 1 FROM trail WHERE bill = ?2 AND tenant = ?1 AND kind = ?3 AND detail = ?4 LIMIT 1

-- ==== invoices of a bill ====

-- part: INVOICE
SELECT id, tenant, bill, serial_no, identity, type, code, number, date, net, tax, gross,
       seller_name, seller_tax_no, buyer_name, buyer_tax_no, check_status, doc

-- name: INVOICE_FIND_BY_SERIAL_NO
-- with: INVOICE
  FROM invoice WHERE bill = ?2 AND tenant = ?1 AND serial_no = ?3

-- name: INVOICE_FIND_BY_IDENTITY
-- with: INVOICE
  FROM invoice WHERE bill = ?2 AND tenant = ?1 AND identity = ?3 ORDER BY id LIMIT 1

-- name: INVOICE_LIST
-- with: INVOICE
  FROM invoice WHERE bill = ?2 AND tenant = ?1 ORDER BY id LIMIT ?3

-- Those that a file is, by its link or by what was read from it.
-- name: INVOICE_LIST_OF_FILE
-- with: INVOICE
  FROM invoice
 WHERE bill = ?2 AND tenant = ?1
   AND (id = ?3 OR identity IN (SELECT identity FROM found WHERE bill = ?2 AND file = ?4))
 ORDER BY id

-- name: INVOICE_INSERT
INSERT INTO invoice (tenant, bill, serial_no, identity, type, code, number, date, net, tax,
                     gross, seller_name, seller_tax_no, buyer_name, buyer_tax_no, check_status,
                     doc)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)

-- name: INVOICE_UPDATE
UPDATE invoice
   SET serial_no = ?3, identity = ?4, type = ?5, code = ?6, number = ?7, date = ?8, net = ?9,
       tax = ?10, gross = ?11, seller_name = ?12, seller_tax_no = ?13, buyer_name = ?14,
       buyer_tax_no = ?15, check_status = ?16, doc = ?17
 WHERE id = ?18 AND tenant = ?1 AND bill = ?2

-- name: INVOICE_IDS
SELECT id FROM invoice WHERE bill = ?2 AND tenant = ?1 ORDER BY id

-- name: INVOICE_DROP
DELETE FROM invoice WHERE id = ?3 AND bill = ?2 AND tenant = ?1

-- ==== files of a bill ====

-- One row of VALUES: with a SELECT of the table that it writes to, SQLite would fill a table of its own each time.
-- name: FILE_INSERT
INSERT INTO file (id, tenant, bill, invoice, kind, name, sha256, media, size, position, source,
                  origin, created, rotation, page_first, page_last, group_id, state, label,
                  attachment_type, no_cloud)
VALUES (1 + MAX((SELECT id FROM file_last WHERE one = 1), COALESCE((SELECT MAX(id) FROM file), 0)),
        ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,
        CASE WHEN ?9 > 0 THEN ?9
             ELSE (SELECT COALESCE(MAX(position), 0) + 1 FROM file WHERE bill = ?2) END,
        ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)
ON CONFLICT (bill, kind, sha256, page_first) DO NOTHING

-- part: FILE
SELECT id, tenant, bill, invoice, kind, name, sha256, media, size, position, source, origin, created,
       rotation, page_first, page_last, group_id, state, label, attachment_type, no_cloud

-- The whole of a content, or its parts; mostly one row or none.
-- name: FILE_OF_CONTENT
-- with: FILE
  FROM file WHERE bill = ?2 AND tenant = ?1 AND kind = ?3 AND sha256 = ?4
 ORDER BY page_first

-- name: FILE_FIND_BY_ID
-- with: FILE
       , whose.org, whose.owner, whose.point, whose.tax_no, whose.apply_phone
  FROM file JOIN (SELECT id AS whose_id, org, owner, point, tax_no, apply_phone FROM bill) AS whose ON whose_id = bill
 WHERE id = ?2 AND tenant = ?1

-- name: FILE_LIST
-- with: FILE
  FROM file WHERE bill = ?2 AND tenant = ?1 ORDER BY position, id LIMIT ?3

-- With what is known of their bytes.
-- name: FILE_LIST_LOOKED
SELECT f.id, f.tenant, f.bill, f.invoice, f.kind, f.name, f.sha256, f.media, f.size, f.position, f.source, f.origin, f.created,
       f.rotation, f.page_first, f.page_last, f.group_id, f.state, f.label, f.attachment_type, f.no_cloud,
       CASE WHEN f.looked_pages < 0 THEN c.pages ELSE f.looked_pages END, CASE WHEN f.looked_pages < 0 THEN c.state ELSE 1 END, c.note
  FROM file f LEFT JOIN content c ON c.sha256 = CASE WHEN f.looked_pages < 0 THEN f.sha256 END
 WHERE f.bill = ?2 AND f.tenant = ?1 ORDER BY f.position, f.id LIMIT ?3

-- name: FILE_TALLY
SELECT COUNT(*),
       COALESCE(SUM(CASE WHEN f.page_first > 0 THEN f.page_last - f.page_first + 1
                         WHEN f.looked_pages > 0 THEN f.looked_pages
                         WHEN c.pages > 0 THEN c.pages ELSE 1 END), 0)
  FROM file f LEFT JOIN content c ON c.sha256 = CASE WHEN f.looked_pages < 0 THEN f.sha256 END
 WHERE f.bill = ?2 AND f.tenant = ?1

-- name: FILE_END
SELECT (SELECT COUNT(*) FROM file WHERE bill = ?1), COALESCE((SELECT MAX(position) FROM file WHERE bill = ?1), 0),
       EXISTS (SELECT 1 FROM file WHERE bill = ?1 AND state <> 0)

-- name: FILE_LINK
UPDATE file SET invoice = ?2 WHERE id = ?1

-- name: FILE_ORIGIN
UPDATE file SET origin = ?2 WHERE id = ?1

-- name: FILE_UNLINK
UPDATE file SET invoice = 0 WHERE bill = ?2 AND tenant = ?1 AND invoice = ?3

-- name: FILE_UPDATE
UPDATE file
   SET bill = ?3, invoice = ?4, kind = ?5, name = ?6, sha256 = ?7, media = ?8, size = ?9,
       position = ?10, rotation = ?11, page_first = ?12, page_last = ?13, group_id = ?14,
       state = ?15, label = ?16, attachment_type = ?17, no_cloud = ?18,
       looked_pages = CASE WHEN sha256 = ?7 THEN looked_pages ELSE -1 END
 WHERE id = ?2 AND tenant = ?1

-- name: FILE_UPDATE_PLACE
UPDATE file SET position = ?3, group_id = ?4 WHERE id = ?2 AND tenant = ?1

-- name: FILE_DROP
DELETE FROM file WHERE id = ?2 AND tenant = ?1

-- name: FILE_STATES
UPDATE file SET state = ?4
 WHERE bill = ?2 AND tenant = ?1 AND state <> ?4 AND (state = ?3 OR ?3 = -1)

-- name: DROPPED_BEGIN
INSERT INTO dropped (bill, files) VALUES (?1, 0) ON CONFLICT (bill) DO UPDATE SET files = 0

-- name: DROPPED_ADD
UPDATE dropped SET files = files + ?2 WHERE bill = ?1

-- name: DROPPED_FIND
SELECT files FROM dropped WHERE bill = ?1

-- name: FILE_IS_USED
SELECT 1 FROM file WHERE sha256 = ?1 LIMIT 1

-- ==== contents: what is known of bytes ====

-- name: CONTENT_PUT
INSERT INTO content (sha256, size, media, pages, state, created, looked, loose)
VALUES (?1, ?2, ?3, 0, 0, ?4, 0, ?5)
ON CONFLICT (sha256) DO UPDATE SET loose = 0 WHERE content.loose <> 0 AND excluded.loose = 0

-- name: CONTENT_BRIEF
SELECT pages, state, note FROM content WHERE sha256 = ?1

-- name: CONTENT_FIND
SELECT sha256, size, media, pages, state, note, doc, created, looked
  FROM content WHERE sha256 = ?1

-- name: CONTENT_TELL
UPDATE content SET pages = ?2, state = ?3, note = ?4, doc = ?5, looked = ?6 WHERE sha256 = ?1

-- is_waiting: other bytes of the same bill have not been looked at yet.
-- name: CONTENT_BILLS
SELECT DISTINCT f.tenant, f.bill,
       EXISTS (SELECT 1 FROM file g JOIN content c ON c.sha256 = g.sha256
                WHERE g.bill = f.bill AND c.state = 0) AS is_waiting
  FROM file f WHERE f.sha256 = ?1 ORDER BY f.bill DESC LIMIT ?2

-- ==== uploads in pieces ====

-- name: UPLOAD_PUT
INSERT INTO upload (id, tenant, actor, name, size, taken, sha256, is_whole, created, updated)
VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, 0, ?7, ?7)

-- name: UPLOAD_FIND
SELECT id, tenant, actor, name, size, taken, sha256, is_whole, created, updated
  FROM upload WHERE id = ?1 AND tenant = ?2 AND actor = ?3

-- name: UPLOAD_TELL
UPDATE upload SET taken = ?2, sha256 = ?3, is_whole = ?4, updated = ?5 WHERE id = ?1

-- name: UPLOAD_DROP
DELETE FROM upload WHERE id = ?1

-- name: UPLOAD_COUNT
SELECT COUNT(*) FROM upload WHERE tenant = ?1 AND actor = ?2 AND is_whole = 0

-- name: UPLOAD_LIST_OLD
SELECT id, tenant, actor, name, size, taken, sha256, is_whole, created, updated
  FROM upload WHERE updated < ?2 AND (is_whole = 1 OR updated < ?1) ORDER BY updated LIMIT ?3

-- ==== captures ====

-- name: CAPTURE_INSERT
INSERT INTO capture (tenant, enterprise, org, actor, name, number, resource, type_code, state, version, act,
                     act_count, act_by, created, updated, owner, point)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)

-- name: CAPTURE_FIND
SELECT id, tenant, enterprise, org, actor, name, number, resource, type_code, state, version, act, act_count, act_by,
       created, updated, owner, point,
       (SELECT COUNT(*) FROM capture_page WHERE capture_page.capture = capture.id),
       (SELECT COUNT(*) FROM capture_page WHERE capture_page.capture = capture.id AND bill = 0)
  FROM capture WHERE id = ?2 AND tenant = ?1

-- Of all: along the ids, or along the state.
-- name: CAPTURE_LIST
SELECT id, tenant, enterprise, org, actor, name, number, resource, type_code, state, version, act, act_count, act_by,
       created, updated, owner, point,
       (SELECT COUNT(*) FROM capture_page WHERE capture_page.capture = capture.id),
       (SELECT COUNT(*) FROM capture_page WHERE capture_page.capture = capture.id AND bill = 0)
  FROM capture WHERE +tenant = ?1 ORDER BY id DESC LIMIT ?2 OFFSET ?3

-- name: CAPTURE_COUNT
SELECT COUNT(*) FROM (SELECT 1 FROM capture WHERE tenant = ?1 LIMIT ?2) AS seen

-- name: CAPTURE_LIST_OF_STATE
SELECT id, tenant, enterprise, org, actor, name, number, resource, type_code, state, version, act, act_count, act_by,
       created, updated, owner, point,
       (SELECT COUNT(*) FROM capture_page WHERE capture_page.capture = capture.id),
       (SELECT COUNT(*) FROM capture_page WHERE capture_page.capture = capture.id AND bill = 0)
  FROM capture WHERE tenant = ?1 AND state = ?4 ORDER BY id DESC LIMIT ?2 OFFSET ?3

-- name: CAPTURE_COUNT_OF_STATE
SELECT COUNT(*) FROM (SELECT 1 FROM capture WHERE tenant = ?1 AND state = ?3 LIMIT ?2) AS seen

-- Of an enterprise, or of a person and his scan point: the newest of each, of which the newest. state -1: in any.
-- name: CAPTURE_LIST_OWN
SELECT capture.id, capture.tenant, capture.enterprise, capture.org, capture.actor, capture.name, capture.number, capture.resource, capture.type_code, capture.state, capture.version, capture.act, capture.act_count, capture.act_by,
       capture.created, capture.updated, capture.owner, capture.point,
       (SELECT COUNT(*) FROM capture_page WHERE capture_page.capture = capture.id),
       (SELECT COUNT(*) FROM capture_page WHERE capture_page.capture = capture.id AND bill = 0)
  FROM (SELECT id FROM (SELECT id FROM capture WHERE enterprise = ?2 AND enterprise <> 0 AND +tenant = ?1 AND (?3 = -1 OR +state = ?3)
                         ORDER BY id DESC LIMIT ?6 + ?7) AS of_enterprise
        UNION
        SELECT id FROM (SELECT id FROM capture WHERE owner = ?4 AND owner <> 0 AND +tenant = ?1 AND (?3 = -1 OR +state = ?3)
                         ORDER BY id DESC LIMIT ?6 + ?7) AS of_owner
        UNION
        SELECT id FROM (SELECT id FROM capture WHERE point = ?5 AND point <> 0 AND +tenant = ?1 AND (?3 = -1 OR +state = ?3)
                         ORDER BY id DESC LIMIT ?6 + ?7) AS of_point) AS own
  JOIN capture ON capture.id = own.id
 ORDER BY capture.id DESC LIMIT ?6 OFFSET ?7

-- name: CAPTURE_COUNT_OWN
SELECT COUNT(*)
  FROM (SELECT id FROM (SELECT id FROM (SELECT id FROM capture WHERE enterprise = ?2 AND enterprise <> 0 AND +tenant = ?1 AND (?3 = -1 OR +state = ?3)
                         LIMIT ?6) AS of_enterprise
        UNION
        SELECT id FROM (SELECT id FROM capture WHERE owner = ?4 AND owner <> 0 AND +tenant = ?1 AND (?3 = -1 OR +state = ?3)
                         LIMIT ?6) AS of_owner
        UNION
        SELECT id FROM (SELECT id FROM capture WHERE point = ?5 AND point <> 0 AND +tenant = ?1 AND (?3 = -1 OR +state = ?3)
                         LIMIT ?6) AS of_point) AS own LIMIT ?6) AS seen

-- name: CAPTURE_TOUCH
UPDATE capture SET state = ?3, version = version + 1, act = ?4, act_count = ?5, act_by = ?6, updated = ?7
 WHERE id = ?2 AND tenant = ?1

-- name: CAPTURE_PUT_FACTS
UPDATE capture SET name = ?3, number = ?4, resource = ?5, type_code = ?6 WHERE id = ?2 AND tenant = ?1

-- name: CAPTURE_DROP
DELETE FROM capture WHERE id = ?2 AND tenant = ?1

-- name: CAPTURE_PAGE_INSERT
INSERT INTO capture_page (tenant, capture, position, upload_key, sha256, page, name, kind, rotation, number, label, bill,
                          created, type_code, attachment_type)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)

-- part: CAPTURE_PAGE
SELECT id, tenant, capture, position, upload_key, sha256, page, name, kind, rotation, number, label, bill, created,
       type_code, attachment_type

-- name: CAPTURE_PAGE_LIST
-- with: CAPTURE_PAGE
  FROM capture_page WHERE capture = ?2 AND tenant = ?1 ORDER BY position, id

-- name: CAPTURE_PAGE_FIND
-- with: CAPTURE_PAGE
  FROM capture_page WHERE capture = ?2 AND tenant = ?1 AND id = ?3

-- name: CAPTURE_PAGE_FIND_BY_KEY
-- with: CAPTURE_PAGE
  FROM capture_page WHERE capture = ?2 AND tenant = ?1 AND upload_key = ?3 ORDER BY page LIMIT 1

-- name: CAPTURE_PAGE_LAST
SELECT COUNT(*), COALESCE(MAX(position), 0) FROM capture_page WHERE capture = ?1

-- name: CAPTURE_PAGE_SHIFT
UPDATE capture_page SET position = position + ?3 WHERE capture = ?1 AND position > ?2

-- name: CAPTURE_PAGE_MOVE
UPDATE capture_page SET position = ?3 WHERE capture = ?1 AND id = ?2 AND position <> ?3

-- name: CAPTURE_PAGE_UPDATE
UPDATE capture_page SET page = ?4, kind = ?5, rotation = ?6, number = ?7, label = ?8, bill = ?9,
       type_code = ?10, attachment_type = ?11
 WHERE capture = ?2 AND tenant = ?1 AND id = ?3

-- Their time out of it begins.
-- name: CAPTURE_PAGE_RELEASE
UPDATE content SET loose = ?2 WHERE sha256 = ?1 AND loose <> 0

-- name: CAPTURE_PAGE_RELEASE_ALL
UPDATE content SET loose = ?2 WHERE loose <> 0 AND sha256 IN (SELECT sha256 FROM capture_page WHERE capture = ?1)

-- name: CAPTURE_PAGE_DROP
DELETE FROM capture_page WHERE capture = ?1 AND id = ?2

-- name: CAPTURE_PAGE_DROP_ALL
DELETE FROM capture_page WHERE capture = ?1

-- name: CAPTURE_CONTENTS
SELECT sha256, size, media, pages, state, note, doc, created, looked
  FROM content WHERE sha256 IN (SELECT sha256 FROM capture_page WHERE capture = ?1)

-- name: CAPTURE_COUNT_WAITING
SELECT COUNT(*) FROM capture_page p JOIN content c ON c.sha256 = p.sha256
 WHERE p.capture = ?1 AND p.bill = 0 AND c.state = 0

-- ==== network scanners, and what they scan ====

-- part: SCANNER
SELECT id, tenant, version, name, address, org, point, is_enabled, is_checked, model, check_note, checked, created, updated

-- name: SCANNER_LIST
-- with: SCANNER
  FROM scanner WHERE tenant = ?1 ORDER BY name LIMIT ?2

-- name: SCANNER_FIND
-- with: SCANNER
  FROM scanner WHERE id = ?2 AND tenant = ?1

-- name: SCANNER_FIND_BY_NAME
-- with: SCANNER
  FROM scanner WHERE tenant = ?1 AND name = ?2

-- name: SCANNER_INSERT
INSERT INTO scanner (tenant, version, name, address, org, point, is_enabled, is_checked, model, check_note, checked, created,
                     updated)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)

-- name: SCANNER_UPDATE
UPDATE scanner
   SET version = ?2, name = ?3, address = ?4, org = ?5, point = ?6, is_enabled = ?7, is_checked = ?8, model = ?9,
       check_note = ?10, checked = ?11, created = ?12, updated = ?13
 WHERE id = ?14 AND tenant = ?1

-- name: SCANNER_NOTE
UPDATE scanner SET is_checked = ?4, model = ?5, check_note = ?6, checked = ?7
 WHERE id = ?2 AND tenant = ?1 AND version = ?3

-- name: SCANNER_DROP
DELETE FROM scanner WHERE id = ?2 AND tenant = ?1

-- name: SCAN_INSERT
INSERT INTO scan (tenant, capture, scanner, actor, scanner_name, source, is_duplex, dpi, color, format, paper, after, state,
                  is_cancelled, is_interrupted, job, pages, problem, created, begun, ended)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 0, 0, 0, NULL, 0, NULL, ?13, 0, 0)

-- part: SCAN
SELECT id, tenant, capture, scanner, actor, scanner_name, source, is_duplex, dpi, color, format, paper, after, state,
       is_cancelled, is_interrupted, job, pages, problem, created, begun, ended

-- name: SCAN_FIND
-- with: SCAN
  FROM scan WHERE id = ?2 AND tenant = ?1

-- name: SCAN_FIND_LIVE
-- with: SCAN
  FROM scan WHERE tenant = ?1 AND scanner = ?2 AND state < 2

-- name: SCAN_LIST
-- with: SCAN
  FROM scan WHERE tenant = ?1 AND capture = ?2 ORDER BY id DESC LIMIT ?3 OFFSET ?4

-- name: SCAN_COUNT
SELECT COUNT(*) FROM scan WHERE tenant = ?1 AND capture = ?2

-- name: SCAN_UPDATE
UPDATE scan
   SET source = ?3, is_duplex = ?4, format = ?5, after = ?6, state = ?7, is_cancelled = ?8, is_interrupted = ?9, job = ?10,
       pages = ?11, problem = ?12, begun = ?13, ended = ?14
 WHERE id = ?2 AND tenant = ?1

-- name: SCAN_TRIM
DELETE FROM scan
 WHERE tenant = ?1 AND capture = ?2 AND state > 1
   AND id NOT IN (SELECT id FROM scan WHERE tenant = ?1 AND capture = ?2 ORDER BY id DESC LIMIT ?3)

-- name: SCAN_DROP
DELETE FROM scan WHERE tenant = ?1 AND capture = ?2

-- ==== cover rules ====

-- name: COVER_RULE_LIST
SELECT id, tenant, name, parts, is_enabled, version, created, type_code FROM cover_rule WHERE tenant = ?1 ORDER BY id

-- name: COVER_RULE_FIND
SELECT id, tenant, name, parts, is_enabled, version, created, type_code FROM cover_rule WHERE id = ?2 AND tenant = ?1

-- name: COVER_RULE_INSERT
INSERT INTO cover_rule (tenant, name, parts, is_enabled, version, created, type_code) VALUES (?1, ?2, ?3, ?4, 1, ?5, ?6)

-- name: COVER_RULE_UPDATE
UPDATE cover_rule SET name = ?3, parts = ?4, is_enabled = ?5, type_code = ?6, version = version + 1
 WHERE id = ?2 AND tenant = ?1

-- name: COVER_RULE_DROP
DELETE FROM cover_rule WHERE id = ?2 AND tenant = ?1

-- ==== matching ====

-- name: MATCH_FIND
SELECT result, expected, matched, differs, missing, extra, reason, at, empty_at, is_asked
  FROM match_result WHERE bill = ?2 AND tenant = ?1

-- States: 1 uploaded, 4 to rescan, 5 match failed, 7 recognised, 8 matched.
-- name: MATCH_LIST_OPEN
SELECT m.bill FROM match_result m JOIN bill b ON b.id = m.bill
 WHERE m.tenant = ?1 AND m.bill > ?2 AND m.result > 0 AND b.state IN (1, 4, 5, 7, 8)
 ORDER BY m.bill LIMIT ?3

-- name: MATCH_PUT
INSERT INTO match_result (tenant, bill, result, expected, matched, differs, missing, extra, reason, at, empty_at,
                          is_asked)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
ON CONFLICT (bill) DO UPDATE
   SET result = excluded.result, expected = excluded.expected, matched = excluded.matched, differs = excluded.differs,
       missing = excluded.missing, extra = excluded.extra, reason = excluded.reason, at = excluded.at,
       empty_at = excluded.empty_at, is_asked = excluded.is_asked

-- name: MATCH_IS_LOOKING
SELECT EXISTS (SELECT 1 FROM file f JOIN content c ON c.sha256 = f.sha256
                WHERE f.bill = ?2 AND f.tenant = ?1 AND c.state = 0)

-- name: MATCH_PAIR_LIST
SELECT invoice, found, is_apart, actor, created
  FROM match_pair WHERE bill = ?2 AND tenant = ?1 ORDER BY invoice, found LIMIT ?3

-- name: MATCH_PAIR_PUT
INSERT INTO match_pair (tenant, bill, invoice, found, is_apart, actor, created)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (bill, invoice, found) DO UPDATE
   SET is_apart = excluded.is_apart, actor = excluded.actor, created = excluded.created

-- name: MATCH_PAIR_DROP_OTHERS
DELETE FROM match_pair WHERE bill = ?2 AND tenant = ?1 AND found = ?3 AND is_apart = 0

-- Ids are given again: what was said of an invoice goes with it.
-- name: MATCH_PAIR_DROP_INVOICE
DELETE FROM match_pair WHERE bill = ?2 AND tenant = ?1 AND invoice = ?3

-- name: MATCH_PAIR_DROP_FOUND
DELETE FROM match_pair WHERE bill = ?2 AND tenant = ?1 AND found = ?3

-- ==== invoices found in files ====

-- name: FOUND_LIST
SELECT id, tenant, bill, file, page, identity, type, code, number, date, net, tax, gross, check_code,
       seller_name, seller_tax_no, buyer_name, buyer_tax_no, check_status, source, fields,
       twin_kind, twin_bill, twin_file, editor, created, updated
  FROM found WHERE bill = ?2 AND tenant = ?1 ORDER BY id LIMIT ?3

-- name: FOUND_FIND
SELECT id, tenant, bill, file, page, identity, type, code, number, date, net, tax, gross, check_code,
       seller_name, seller_tax_no, buyer_name, buyer_tax_no, check_status, source, fields,
       twin_kind, twin_bill, twin_file, editor, created, updated
  FROM found WHERE id = ?2 AND tenant = ?1

-- name: FOUND_INSERT
INSERT INTO found (tenant, bill, file, page, identity, type, code, number, date, net, tax, gross,
                   check_code, seller_name, seller_tax_no, buyer_name, buyer_tax_no, check_status,
                   source, fields, twin_kind, twin_bill, twin_file, editor, created, updated)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,
        ?21, ?22, ?23, ?24, ?25, ?26)

-- name: FOUND_UPDATE
UPDATE found
   SET file = ?3, page = ?4, identity = ?5, type = ?6, code = ?7, number = ?8, date = ?9, net = ?10,
       tax = ?11, gross = ?12, check_code = ?13, seller_name = ?14, seller_tax_no = ?15,
       buyer_name = ?16, buyer_tax_no = ?17, check_status = ?18, source = ?19, fields = ?20,
       twin_kind = ?21, twin_bill = ?22, twin_file = ?23, editor = ?24, created = ?25, updated = ?26
 WHERE id = ?27 AND tenant = ?1 AND bill = ?2

-- name: FOUND_DROP
DELETE FROM found WHERE id = ?3 AND bill = ?2 AND tenant = ?1

-- Where else the same invoice is, on bills that are not void: the submitted ones first, then the oldest.
-- "4 after 2 or 3": sent back, but still claimed by that bill.
-- name: FOUND_TWINS
SELECT o.bill, o.file, b.state IN (2, 3) OR (b.state = 4 AND b.state_before IN (2, 3)) AS is_claimed
  FROM found o JOIN bill b ON b.id = o.bill
 WHERE o.tenant = ?1 AND o.identity = ?3 AND o.bill <> ?2 AND b.state <> 9
 UNION ALL
SELECT i.bill, 0, b.state IN (2, 3) OR (b.state = 4 AND b.state_before IN (2, 3))
  FROM invoice i JOIN bill b ON b.id = i.bill
 WHERE i.tenant = ?1 AND i.identity = ?3 AND i.bill <> ?2 AND b.state <> 9
 ORDER BY 3 DESC, 1, 2 DESC LIMIT ?4

-- Another one of the same seller, sum and day, where one of the two has no number to tell them apart by.
-- name: FOUND_ALIKE
SELECT o.bill, o.file
  FROM found o JOIN bill b ON b.id = o.bill
 WHERE o.tenant = ?1 AND o.seller_tax_no = ?2 AND o.gross = ?3 AND o.date = ?4 AND o.id <> ?5
   AND (o.identity IS NULL OR ?6 IS NULL) AND o.seller_tax_no IS NOT NULL AND b.state <> 9
 ORDER BY o.id LIMIT 1

-- The bills on which an invoice of this bill is, too.
-- name: FOUND_NEIGHBOURS
SELECT DISTINCT o.bill FROM found m JOIN found o ON o.tenant = m.tenant AND o.identity = m.identity
 WHERE m.bill = ?2 AND m.tenant = ?1 AND o.bill <> ?2 LIMIT ?3

-- name: FOUND_BILLS_OF_IDENTITY
SELECT DISTINCT bill FROM found WHERE tenant = ?1 AND identity = ?3 AND bill <> ?2 LIMIT ?4

-- part: FOUND_MARK
SELECT f.id, f.bill, f.number, f.date, f.seller_name, f.seller_tax_no, f.twin_kind, b.org, b.owner, b.point, b.tax_no, b.apply_phone

-- Whoever asks sees bills of one tax number and of none (?2 NULL: all); a person his own, those of the organisations
-- ?10 and the bills ?11, written ",1,2," (?10 NULL: all). What is asked for most has a statement
-- that finds it by an index.
-- What lists of found invoices are made of: what the filters need, and what says who may see them.
-- name: FOUND_MARKS
-- with: FOUND_MARK
  FROM found f JOIN bill b ON b.id = f.bill
 WHERE f.tenant = ?1 AND f.id < ?2 ORDER BY f.id DESC LIMIT ?3

-- "+": along the ids, for an index of tenants is none of their order.
-- name: FOUND_PASS
SELECT id FROM found WHERE +tenant = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2

-- name: FOUND_MARKS_OF_BILL
-- with: FOUND_MARK
  FROM found f JOIN bill b ON b.id = f.bill
 WHERE f.tenant = ?1 AND f.bill = ?4 AND f.id < ?2 ORDER BY f.id DESC LIMIT ?3

-- name: FOUND_MARKS_OF_NUMBER
-- with: FOUND_MARK
  FROM found f JOIN bill b ON b.id = f.bill
 WHERE f.tenant = ?1 AND f.number = ?4 AND f.id < ?2 ORDER BY f.id DESC LIMIT ?3

-- name: FOUND_MARKS_OF_TWINS
-- with: FOUND_MARK
  FROM found f JOIN bill b ON b.id = f.bill
 WHERE f.tenant = ?1 AND f.twin_kind <> 0 AND f.id < ?2 ORDER BY f.id DESC LIMIT ?3

-- name: FOUND_MARKS_OF_SELLER
-- with: FOUND_MARK
  FROM found f JOIN bill b ON b.id = f.bill
 WHERE f.tenant = ?1 AND f.seller_name = ?4 AND f.id < ?2 ORDER BY f.id DESC LIMIT ?3

-- name: FOUND_MARKS_OF_SELLER_TAX_NO
-- with: FOUND_MARK
  FROM found f JOIN bill b ON b.id = f.bill
 WHERE f.tenant = ?1 AND f.seller_tax_no = ?4 AND f.id < ?2 ORDER BY f.id DESC LIMIT ?3

-- name: FOUND_MARKS_OF_DAYS
-- with: FOUND_MARK
  FROM found f JOIN bill b ON b.id = f.bill
 WHERE f.tenant = ?1 AND f.date >= ?4 AND f.date <= ?5 AND (f.date < ?5 OR f.id < ?2) ORDER BY f.date DESC, f.id DESC LIMIT ?3

-- name: FOUND_HAS_SELLER
SELECT 1 FROM found WHERE tenant = ?1 AND seller_name = ?2 LIMIT 1

-- name: FOUND_HAS_SELLER_TAX_NO
SELECT 1 FROM found WHERE tenant = ?1 AND seller_tax_no = ?2 LIMIT 1

-- Attachments of all bills, the newest first, with what says who may see them.
-- name: ATTACHMENT_LIST
SELECT f.id, f.bill, b.number, b.type_code, b.type_name, f.name, f.media, f.size, f.sha256, f.label, f.attachment_type, f.source, f.created,
       b.org, b.owner, b.point, b.tax_no, b.apply_phone
  FROM file f JOIN bill b ON b.id = f.bill
 WHERE f.tenant = ?1 AND f.kind = 2 AND f.id < ?2 ORDER BY f.id DESC LIMIT ?3

-- name: ATTACHMENT_PASS
SELECT id FROM file WHERE tenant = ?1 AND kind = 2 ORDER BY id DESC LIMIT 1 OFFSET ?2

-- ==== exports ====

-- name: EXPORT_INSERT
INSERT INTO export (tenant, actor, kind, query, state, done, total, name, sha256, size, note, created, ended)
VALUES (?1, ?2, ?3, ?4, 0, 0, ?5, ?6, NULL, 0, NULL, ?7, 0)

-- part: EXPORT
SELECT id, tenant, actor, kind, query, state, done, total, name, sha256, size, note, created, ended

-- name: EXPORT_FIND
-- with: EXPORT
  FROM export WHERE id = ?2 AND tenant = ?1

-- name: EXPORT_LIST
-- with: EXPORT
  FROM export WHERE tenant = ?1 AND actor = ?2 ORDER BY id DESC LIMIT ?4 OFFSET ?3

-- name: EXPORT_COUNT
SELECT COUNT(*), COALESCE(SUM(state < 2), 0) FROM export WHERE tenant = ?1 AND actor = ?2

-- name: EXPORT_STEP
UPDATE export SET state = 1, done = ?3, total = ?4 WHERE id = ?2 AND tenant = ?1 AND state < 2

-- name: EXPORT_END
UPDATE export
   SET state = ?3, done = ?4, total = ?5, sha256 = ?6, size = ?7, note = ?8, ended = ?9
 WHERE id = ?2 AND tenant = ?1 AND state < 2

-- name: EXPORT_DROP
DELETE FROM export WHERE id = ?2 AND tenant = ?1

-- name: EXPORT_LIST_ENDED
-- with: EXPORT
  FROM export WHERE ended <> 0 AND ended < ?1 ORDER BY id LIMIT ?2

-- name: EXPORT_SIZE
SELECT COALESCE(SUM(size), 0)
  FROM (SELECT DISTINCT sha256, size FROM file WHERE bill = ?2 AND tenant = ?1) AS contents

-- ==== what rows and blobs know of each other ====

-- As fpi_standing_t. What has been loose since before ?2 is named by others only.
-- name: STORAGE_STANDING
SELECT CASE WHEN EXISTS (SELECT 1 FROM content WHERE sha256 = ?1 AND (loose = 0 OR loose >= ?2))
                 OR EXISTS (SELECT 1 FROM file WHERE sha256 = ?1) OR EXISTS (SELECT 1 FROM capture_page WHERE sha256 = ?1)
                 OR EXISTS (SELECT 1 FROM upload WHERE sha256 = ?1) OR EXISTS (SELECT 1 FROM export WHERE sha256 = ?1) THEN 2
            ELSE EXISTS (SELECT 1 FROM content WHERE sha256 = ?1) END

-- name: STORAGE_FORGET
DELETE FROM content WHERE sha256 = ?1 AND loose <> 0

-- name: STORAGE_LIST_FILES
SELECT id, bill, sha256, size, 1 FROM file WHERE id > ?1 ORDER BY id LIMIT ?2

-- name: STORAGE_LIST_EXPORTS
SELECT id, 0, sha256, size, 1 FROM export WHERE id > ?1 AND state = 2 ORDER BY id LIMIT ?2

-- name: STORAGE_LIST_CONTENTS
SELECT 0, 0, sha256, size, loose = 0 OR EXISTS (SELECT 1 FROM capture_page p WHERE p.sha256 = content.sha256)
  FROM content WHERE sha256 > ?1 ORDER BY sha256 LIMIT ?2

-- name: STORAGE_BY_MONTH
SELECT strftime('%Y-%m', f.created / 1000000 + 28800, 'unixepoch') AS month, NULL, COUNT(DISTINCT f.bill),
       COUNT(*), SUM(f.size)
  FROM file f JOIN bill b ON b.id = f.bill
 WHERE b.tenant = ?1 AND (?2 IS NULL OR COALESCE(b.tax_no, '') = ?2)
 GROUP BY month ORDER BY month DESC LIMIT ?3

-- name: STORAGE_BY_TYPE
SELECT COALESCE(b.type_code, ''), MAX(b.type_name), COUNT(DISTINCT f.bill), COUNT(*), SUM(f.size) AS bytes
  FROM file f JOIN bill b ON b.id = f.bill
 WHERE b.tenant = ?1 AND (?2 IS NULL OR COALESCE(b.tax_no, '') = ?2)
 GROUP BY COALESCE(b.type_code, '') ORDER BY bytes DESC LIMIT ?3

-- name: STORAGE_DROP_EXPORTS
DELETE FROM export

-- name: STORAGE_DROP_UPLOADS
DELETE FROM upload

-- name: STORAGE_DROP_LOOSE
DELETE FROM content WHERE loose <> 0 AND NOT EXISTS (SELECT 1 FROM capture_page p WHERE p.sha256 = content.sha256)

-- name: STORAGE_SUM
SELECT COUNT(*), COALESCE(SUM(size), 0) FROM content

-- ==== statistics: along primary keys; store/statistics.h ====

-- ?4: the organisations, "1,2,3,", NULL for all. In one piece, as each round of its own would read the span of time again.
-- name: STATISTICS_BY_DAY
WITH RECURSIVE wanted (id, rest) AS (
    SELECT -1, ?4 UNION ALL SELECT CAST(rest AS INTEGER), substr(rest, instr(rest, ',') + 1) FROM wanted WHERE rest <> '')
SELECT day, NULL, SUM(bills), SUM(pages), SUM(submitted), SUM(sent_back)
  FROM statistic_day
 WHERE tenant = ?1 AND day BETWEEN ?2 AND ?3 AND (?4 IS NULL OR org IN (SELECT id FROM wanted))
 GROUP BY day ORDER BY day LIMIT ?5

-- The spans that lie in it whole, and the days before and behind them.
-- name: STATISTICS_BY_ORG
WITH RECURSIVE wanted (id, rest) AS (
    SELECT -1, ?4 UNION ALL SELECT CAST(rest AS INTEGER), substr(rest, instr(rest, ',') + 1) FROM wanted WHERE rest <> '')
SELECT key, (SELECT name FROM org AS o WHERE o.id = key AND o.tenant = ?1), SUM(bills), SUM(pages), SUM(submitted), SUM(sent_back)
  FROM (SELECT org AS key, org, bills, pages, submitted, sent_back FROM statistic_span
         WHERE tenant = ?1 AND span BETWEEN (?2 + 15) / 16 AND (?3 + 1) / 16 - 1
        UNION ALL
        SELECT org AS key, org, bills, pages, submitted, sent_back FROM statistic
         WHERE tenant = ?1 AND day BETWEEN ?2 AND MIN(?3, (?2 + 15) / 16 * 16 - 1)
        UNION ALL
        SELECT org AS key, org, bills, pages, submitted, sent_back FROM statistic
         WHERE tenant = ?1 AND day BETWEEN MAX((?2 + 15) / 16 * 16, (?3 + 1) / 16 * 16) AND ?3) AS parts
 WHERE ?4 IS NULL OR org IN (SELECT id FROM wanted)
 GROUP BY key ORDER BY key LIMIT ?5

-- name: STATISTICS_BY_POINT
WITH RECURSIVE wanted (id, rest) AS (
    SELECT -1, ?4 UNION ALL SELECT CAST(rest AS INTEGER), substr(rest, instr(rest, ',') + 1) FROM wanted WHERE rest <> '')
SELECT key, (SELECT name FROM scan_point AS p WHERE p.id = key AND p.tenant = ?1), SUM(bills), SUM(pages), SUM(submitted), SUM(sent_back)
  FROM (SELECT point AS key, org, bills, pages, submitted, sent_back FROM statistic_span
         WHERE tenant = ?1 AND span BETWEEN (?2 + 15) / 16 AND (?3 + 1) / 16 - 1
        UNION ALL
        SELECT point AS key, org, bills, pages, submitted, sent_back FROM statistic
         WHERE tenant = ?1 AND day BETWEEN ?2 AND MIN(?3, (?2 + 15) / 16 * 16 - 1)
        UNION ALL
        SELECT point AS key, org, bills, pages, submitted, sent_back FROM statistic
         WHERE tenant = ?1 AND day BETWEEN MAX((?2 + 15) / 16 * 16, (?3 + 1) / 16 * 16) AND ?3) AS parts
 WHERE ?4 IS NULL OR org IN (SELECT id FROM wanted)
 GROUP BY key ORDER BY key LIMIT ?5

-- name: STATISTICS_BY_OWNER
WITH RECURSIVE wanted (id, rest) AS (
    SELECT -1, ?4 UNION ALL SELECT CAST(rest AS INTEGER), substr(rest, instr(rest, ',') + 1) FROM wanted WHERE rest <> '')
SELECT key, (SELECT name FROM "user" AS u WHERE u.id = key AND u.tenant = ?1), SUM(bills), SUM(pages), SUM(submitted), SUM(sent_back)
  FROM (SELECT owner AS key, org, bills, pages, submitted, sent_back FROM statistic_span
         WHERE tenant = ?1 AND span BETWEEN (?2 + 15) / 16 AND (?3 + 1) / 16 - 1
        UNION ALL
        SELECT owner AS key, org, bills, pages, submitted, sent_back FROM statistic
         WHERE tenant = ?1 AND day BETWEEN ?2 AND MIN(?3, (?2 + 15) / 16 * 16 - 1)
        UNION ALL
        SELECT owner AS key, org, bills, pages, submitted, sent_back FROM statistic
         WHERE tenant = ?1 AND day BETWEEN MAX((?2 + 15) / 16 * 16, (?3 + 1) / 16 * 16) AND ?3) AS parts
 WHERE ?4 IS NULL OR org IN (SELECT id FROM wanted)
 GROUP BY key ORDER BY key LIMIT ?5

-- ==== the push log ====

-- name: PUSH_INSERT
INSERT INTO push (tenant, bill, number, client_id, tax_no, source, status, reason, trace, at, last,
                  repeats, body_sha, body_len)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)

-- name: PUSH_BODY_INSERT
INSERT INTO push_body (id, tenant, body) VALUES (?1, ?2, ?3)

-- name: PUSH_UPDATE
UPDATE push SET number = ?2, status = ?3, reason = ?4 WHERE id = ?1

-- apart for its index, as with bills
-- name: PUSH_UPDATE_BILL
UPDATE push SET bill = ?2 WHERE id = ?1 AND bill <> ?2

-- part: PUSH
SELECT id, tenant, bill, number, client_id, tax_no, source, status, reason, trace, at, last,
       repeats, body_sha, body_len

-- name: PUSH_FIND
-- with: PUSH
  FROM push WHERE id = ?1

-- name: PUSH_BODY_FIND
SELECT body FROM push_body WHERE id = ?1

-- name: PUSH_LIST
-- with: PUSH
  FROM push WHERE id < ?1 ORDER BY id DESC LIMIT ?2

-- name: PUSH_LIST_FAILED
-- with: PUSH
  FROM push WHERE status IN ('refused', 'parked') AND id < ?1 ORDER BY id DESC LIMIT ?2

-- What nobody's tax number stands at is for those who see all (?5 NULL).
-- name: PUSH_PAGE
-- with: PUSH
  FROM push
 WHERE ?2 = 0 AND tenant = ?1 AND (?3 IS NULL OR status = ?3) AND (?4 IS NULL OR number = ?4)
   AND (?5 IS NULL OR (COALESCE(tax_no, '') = ?5 AND ?5 <> ''))
 ORDER BY id DESC LIMIT ?6 OFFSET ?7

-- name: PUSH_COUNT
SELECT COUNT(*)
  FROM (SELECT 1 FROM push WHERE ?2 = 0 AND tenant = ?1 AND (?3 IS NULL OR status = ?3) AND (?4 IS NULL OR number = ?4)
           AND (?5 IS NULL OR (COALESCE(tax_no, '') = ?5 AND ?5 <> '')) LIMIT ?6) AS seen

-- name: PUSH_PAGE_FAILED
-- with: PUSH
  FROM push
 WHERE status IN ('refused', 'parked') AND ?2 = 0 AND tenant = ?1 AND (?3 IS NULL OR status = ?3) AND (?4 IS NULL OR number = ?4)
   AND (?5 IS NULL OR (COALESCE(tax_no, '') = ?5 AND ?5 <> ''))
 ORDER BY id DESC LIMIT ?6 OFFSET ?7

-- name: PUSH_COUNT_FAILED
SELECT COUNT(*)
  FROM (SELECT 1 FROM push WHERE status IN ('refused', 'parked') AND ?2 = 0 AND tenant = ?1 AND (?3 IS NULL OR status = ?3) AND (?4 IS NULL OR number = ?4)
           AND (?5 IS NULL OR (COALESCE(tax_no, '') = ?5 AND ?5 <> '')) LIMIT ?6) AS seen

-- IN is there for the index, as with those that went wrong.
-- name: PUSH_PAGE_UNDERWAY
-- with: PUSH
  FROM push
 WHERE status IN ('taken', 'older') AND status = ?3 AND ?2 = 0 AND tenant = ?1 AND (?4 IS NULL OR number = ?4)
   AND (?5 IS NULL OR (COALESCE(tax_no, '') = ?5 AND ?5 <> ''))
 ORDER BY id DESC LIMIT ?6 OFFSET ?7

-- name: PUSH_COUNT_UNDERWAY
SELECT COUNT(*)
  FROM (SELECT 1 FROM push WHERE status IN ('taken', 'older') AND status = ?3 AND ?2 = 0 AND tenant = ?1 AND (?4 IS NULL OR number = ?4)
           AND (?5 IS NULL OR (COALESCE(tax_no, '') = ?5 AND ?5 <> '')) LIMIT ?6) AS seen

-- Of an enterprise. Where nearly all are of the status (done), or of any.
-- name: PUSH_PAGE_OF_TAX_NO
-- with: PUSH
  FROM push
 WHERE COALESCE(tax_no, '') = ?5 AND ?5 <> '' AND tenant = ?1 AND (?3 IS NULL OR status = ?3) AND ?2 = 0 AND ?4 IS NULL
 ORDER BY id DESC LIMIT ?6 OFFSET ?7

-- name: PUSH_COUNT_OF_TAX_NO
SELECT COUNT(*)
  FROM (SELECT 1 FROM push WHERE COALESCE(tax_no, '') = ?5 AND ?5 <> '' AND tenant = ?1 AND (?3 IS NULL OR status = ?3)
           AND ?2 = 0 AND ?4 IS NULL LIMIT ?6) AS seen

-- Of an image number: those of its bills, and those that went wrong before they had one. Both by index, and few.
-- name: PUSH_PAGE_OF_NUMBER
SELECT p.id, p.tenant, p.bill, p.number, p.client_id, p.tax_no, p.source, p.status, p.reason, p.trace, p.at, p.last,
       p.repeats, p.body_sha, p.body_len
  FROM (SELECT id FROM push WHERE bill <> 0 AND bill IN (SELECT id FROM bill WHERE tenant = ?1 AND number = ?4)
        UNION SELECT id FROM push WHERE status IN ('refused', 'parked') AND number = ?4) AS of_number
  JOIN push p ON p.id = of_number.id
 WHERE ?2 = 0 AND p.tenant = ?1 AND (?3 IS NULL OR p.status = ?3) AND p.number = ?4
   AND (?5 IS NULL OR (COALESCE(p.tax_no, '') = ?5 AND ?5 <> ''))
 ORDER BY p.id DESC LIMIT ?6 OFFSET ?7

-- name: PUSH_COUNT_OF_NUMBER
SELECT COUNT(*)
  FROM (SELECT id FROM push WHERE bill <> 0 AND bill IN (SELECT id FROM bill WHERE tenant = ?1 AND number = ?4)
        UNION SELECT id FROM push WHERE status IN ('refused', 'parked') AND number = ?4) AS of_number
  JOIN push p ON p.id = of_number.id
 WHERE ?2 = 0 AND p.tenant = ?1 AND (?3 IS NULL OR p.status = ?3) AND p.number = ?4
   AND (?5 IS NULL OR (COALESCE(p.tax_no, '') = ?5 AND ?5 <> '')) AND ?6 > 0

-- name: PUSH_PAGE_OF_BILL
-- with: PUSH
  FROM push
 WHERE bill = ?2 AND bill <> 0 AND tenant = ?1 AND (?3 IS NULL OR status = ?3) AND (?4 IS NULL OR number = ?4)
   AND (?5 IS NULL OR (COALESCE(tax_no, '') = ?5 AND ?5 <> ''))
 ORDER BY id DESC LIMIT ?6 OFFSET ?7

-- name: PUSH_COUNT_OF_BILL
SELECT COUNT(*)
  FROM (SELECT 1 FROM push WHERE bill = ?2 AND bill <> 0 AND tenant = ?1 AND (?3 IS NULL OR status = ?3) AND (?4 IS NULL OR number = ?4)
           AND (?5 IS NULL OR (COALESCE(tax_no, '') = ?5 AND ?5 <> '')) LIMIT ?6) AS seen

-- name: PUSH_FIND_SAME
-- with: PUSH
  FROM push WHERE bill = ?1 AND bill <> 0 AND body_sha = ?2 ORDER BY id DESC LIMIT 1

-- name: PUSH_REPEAT
UPDATE push SET repeats = repeats + 1, last = ?2 WHERE id = ?1

-- The newest refused one that is too many; IN is there for the index.
-- name: PUSH_FIND_SURPLUS
SELECT id FROM push WHERE status IN ('refused', 'parked') AND status = 'refused'
 ORDER BY id DESC LIMIT 1 OFFSET ?1

-- The newest refused one whose body and all newer ones are too much. One that is gone weighs nothing.
-- name: PUSH_FIND_TOO_MUCH
SELECT id
  FROM (SELECT id, body_len, SUM(body_len) OVER (ORDER BY id DESC) AS bytes FROM push
         WHERE status IN ('refused', 'parked') AND status = 'refused') AS weighed
 WHERE bytes > ?1 AND body_len > 0 ORDER BY id DESC LIMIT 1

-- name: PUSH_BODY_PRUNE
DELETE FROM push_body
 WHERE id IN (SELECT id FROM push
               WHERE status IN ('refused', 'parked') AND status = 'refused' AND id <= ?1)

-- name: PUSH_PRUNE
DELETE FROM push WHERE status IN ('refused', 'parked') AND status = 'refused' AND id <= ?1

-- name: PUSH_TELL_BODY_GONE
UPDATE push SET body_len = 0, reason = COALESCE(reason, '') || '; its body of ' || body_len || ' bytes is not kept any more'
 WHERE status IN ('refused', 'parked') AND status = 'refused' AND id <= ?1 AND body_len > 0

-- ==== jobs ====

-- A leased one stays leased and is marked; a ready one never gets later than it was.
-- name: JOB_PUT
INSERT INTO job (tenant, kind, key, payload, state, due, first, lease_until, attempts, trace, again)
VALUES (?1, ?2, ?3, ?4, 'ready', ?5, ?6, 0, 0, ?7, 0)
ON CONFLICT (kind, key) DO UPDATE
   SET payload = excluded.payload, trace = excluded.trace, first = excluded.first, attempts = 0,
       due = CASE WHEN job.state = 'ready' AND job.due < excluded.due THEN job.due
                  ELSE excluded.due END,
       again = CASE WHEN job.state = 'leased' THEN 1 ELSE 0 END,
       state = CASE WHEN job.state = 'leased' THEN 'leased' ELSE 'ready' END

-- name: JOB_REVIVE
UPDATE job SET state = 'ready', last_error = 'the lease of ' || owner || ' ran out', owner = NULL,
               lease_until = 0, again = 0
 WHERE state = 'leased' AND lease_until <= ?1

-- name: JOB_LIST_DUE
SELECT id, tenant, kind, key, payload, state, due, first, lease_until, attempts, owner,
       last_error, trace
  FROM job WHERE state = 'ready' AND kind = ?3 AND due <= ?1 ORDER BY due, id LIMIT ?2

-- name: JOB_LEASE
UPDATE job SET state = 'leased', owner = ?2, lease_until = ?3, attempts = attempts + 1
 WHERE id = ?1 AND state = 'ready'

-- name: JOB_END_AGAIN
UPDATE job SET state = 'ready', owner = NULL, lease_until = 0, again = 0
 WHERE id = ?1 AND state = 'leased' AND owner = ?2 AND again = 1

-- name: JOB_END
DELETE FROM job WHERE id = ?1 AND state = 'leased' AND owner = ?2

-- name: JOB_LATER
UPDATE job SET state = 'ready', owner = NULL, lease_until = 0, last_error = ?4,
               due = CASE WHEN again = 1 THEN due ELSE ?3 END, again = 0
 WHERE id = ?1 AND state = 'leased' AND owner = ?2

-- name: JOB_HOLD
UPDATE job SET lease_until = ?2 WHERE state = 'leased' AND owner = ?1

-- name: JOB_PARK
UPDATE job SET state = CASE WHEN again = 1 THEN 'ready' ELSE 'parked' END, owner = NULL,
               lease_until = 0, last_error = ?3, again = 0
 WHERE id = ?1 AND state = 'leased' AND owner = ?2

-- name: JOB_NEXT_DUE
SELECT MIN(due) FROM job WHERE state = 'ready' AND kind = ?1

-- name: JOB_NEXT_DUE_ANY
SELECT MIN(due) FROM job WHERE state = 'ready'

-- name: JOB_NEXT_FREE
SELECT MIN(lease_until) FROM job WHERE state = 'leased'

-- name: JOB_COUNT_LEASED
SELECT COUNT(*) FROM job WHERE state = 'leased' AND kind = ?1

-- name: JOB_COUNT
SELECT state, COUNT(*) FROM job GROUP BY state

-- name: JOB_LIST_PARKED_PULLS
SELECT b.id FROM job j JOIN bill b ON b.id = CAST(j.key AS INTEGER)
 WHERE j.kind = 'pull' AND j.state = 'parked' AND j.tenant = ?1 AND b.tenant = ?1 AND b.state <> 9
   AND (?2 IS NULL OR COALESCE(b.tax_no, '') IN ('', ?2))
   AND NOT EXISTS (SELECT 1 FROM push p WHERE p.bill = b.id AND p.status = 'parked')
 ORDER BY j.id LIMIT ?3

-- name: JOB_FIND
SELECT id, tenant, kind, key, payload, state, due, first, lease_until, attempts, owner,
       last_error, trace
  FROM job WHERE kind = ?1 AND key = ?2

-- ==== notices to the ERP ====

-- name: DELIVERY_INSERT
INSERT INTO delivery (tenant, bill, kind, is_again, state, miss, reason, note, system, attempts, repairs, created, tried,
                      ended, claimed, checked, is_settled, actor, trace)
VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, ?7, 0, 0, ?8, ?9, 0, 0, 0, 0, 0, ?10, ?11)

-- part: DELIVERY
SELECT d.id, d.tenant, d.bill, d.kind, d.is_again, d.state, d.miss, d.reason, d.note, d.system, d.attempts, d.repairs,
       d.created, d.tried, d.ended, d.claimed, d.checked, d.is_settled, d.actor, d.trace, b.number, b.resource, s.name

-- name: DELIVERY_FIND
-- with: DELIVERY
  FROM delivery d JOIN bill b ON b.id = d.bill LEFT JOIN business_system s ON s.id = d.system WHERE d.id = ?2 AND d.tenant = ?1

-- name: DELIVERY_FIND_NEXT
-- with: DELIVERY
  FROM delivery d JOIN bill b ON b.id = d.bill LEFT JOIN business_system s ON s.id = d.system
 WHERE d.bill = ?2 AND d.tenant = ?1 AND d.state IN (0, 2) ORDER BY d.id LIMIT 1

-- name: DELIVERY_FIND_LAST
-- with: DELIVERY
  FROM delivery d JOIN bill b ON b.id = d.bill LEFT JOIN business_system s ON s.id = d.system
 WHERE d.bill = ?2 AND d.tenant = ?1 AND d.state <> 3 ORDER BY d.id DESC LIMIT 1

-- name: DELIVERY_HAS
SELECT EXISTS (SELECT 1 FROM delivery WHERE bill = ?2 AND tenant = ?1 AND +kind = ?3 AND state <> 3)

-- name: DELIVERY_CLAIM
UPDATE delivery SET claimed = ?2, system = ?3, tried = ?4, attempts = attempts + 1
 WHERE id = ?1 AND state = 0 AND claimed <= ?4

-- skipped in the air: it was told all the same
-- name: DELIVERY_DONE
UPDATE delivery SET state = 1, miss = 0, note = NULL, claimed = 0, ended = ?3
 WHERE id = ?1 AND claimed = ?2 AND state <> 1

-- name: DELIVERY_MISS
UPDATE delivery
   SET state = CASE WHEN state = 0 THEN ?3 ELSE state END, miss = ?4, note = CASE WHEN state = 0 THEN ?5 ELSE note END,
       system = ?6, claimed = 0
 WHERE id = ?1 AND claimed = ?2

-- name: DELIVERY_LAST_MISS
SELECT MAX(tried) FROM delivery WHERE system = ?1 AND state = 0 AND miss = 1 AND bill <> ?2

-- One that is just being put off is leased: it runs again.
-- name: DELIVERY_HURRY
UPDATE job SET due = ?2, again = CASE WHEN state = 'leased' THEN 1 ELSE again END
 WHERE kind = 'notice' AND (state = 'leased' OR (state = 'ready' AND due > ?2))
   AND key IN (SELECT CAST(bill AS TEXT) FROM delivery WHERE system = ?1 AND state = 0 AND miss = 1)

-- What failed before it came back says nothing of it any more.
-- name: DELIVERY_CALM
UPDATE delivery SET miss = 0 WHERE system = ?1 AND state = 0 AND miss = 1

-- name: DELIVERY_SKIP
UPDATE delivery SET state = 3, note = ?2, ended = ?3 WHERE id = ?1 AND state IN (0, 2, 4)

-- name: DELIVERY_SKIP_ALL
UPDATE delivery SET state = 3, note = ?2, ended = ?3 WHERE bill = ?1 AND state IN (0, 2, 4)

-- name: DELIVERY_REOPEN
UPDATE delivery SET state = 0, miss = 0, note = NULL, attempts = 0, ended = 0
 WHERE bill = ?1 AND state IN (2, 4)

-- What was told of bills that have moved on needs no answer any more.
-- name: DELIVERY_SETTLE_MOVED
UPDATE delivery SET is_settled = 1
 WHERE state = 1 AND is_settled = 0 AND system = ?1
   AND (kind <> 1 OR bill IN (SELECT id FROM bill WHERE state <> 2)
        OR EXISTS (SELECT 1 FROM delivery later
                    WHERE later.bill = delivery.bill AND later.id > delivery.id AND later.state <> 3))

-- name: DELIVERY_UNSETTLED
-- with: DELIVERY
  FROM delivery d JOIN bill b ON b.id = d.bill LEFT JOIN business_system s ON s.id = d.system
 WHERE d.state = 1 AND d.is_settled = 0 AND d.system = ?2 AND d.tenant = ?1 AND d.checked < ?3 AND d.ended < ?3
 ORDER BY d.checked, d.id LIMIT ?4

-- name: DELIVERY_PARKED
-- with: DELIVERY
  FROM delivery d JOIN bill b ON b.id = d.bill LEFT JOIN business_system s ON s.id = d.system
 WHERE d.state = 2 AND d.tenant = ?1 AND d.system = ?2
   AND NOT EXISTS (SELECT 1 FROM delivery e WHERE e.bill = d.bill AND e.id < d.id AND e.state IN (0, 2))
 ORDER BY d.checked, d.id LIMIT ?3

-- name: DELIVERY_CHECKED
UPDATE delivery SET checked = ?2, is_settled = ?3, note = COALESCE(?4, note) WHERE id = ?1

-- "+": along the ids, for by the index of states all would have to be sorted.
-- name: DELIVERY_LIST
-- with: DELIVERY
  FROM delivery d JOIN bill b ON b.id = d.bill LEFT JOIN business_system s ON s.id = d.system
 WHERE +d.tenant = ?1 AND (?2 = 0 OR d.kind = ?2) AND (?3 IS NULL OR COALESCE(b.tax_no, '') IN ('', ?3))
 ORDER BY d.id DESC LIMIT ?4 OFFSET ?5

-- name: DELIVERY_COUNT
SELECT COUNT(*)
  FROM (SELECT 1 FROM delivery d JOIN bill b ON b.id = d.bill
         WHERE +d.tenant = ?1 AND (?2 = 0 OR d.kind = ?2) AND (?3 IS NULL OR COALESCE(b.tax_no, '') IN ('', ?3))
         LIMIT ?4) AS seen

-- name: DELIVERY_LIST_OF_STATE
-- with: DELIVERY
  FROM delivery d JOIN bill b ON b.id = d.bill LEFT JOIN business_system s ON s.id = d.system
 WHERE d.tenant = ?1 AND d.state = ?6 AND (?2 = 0 OR d.kind = ?2)
   AND (?3 IS NULL OR COALESCE(b.tax_no, '') IN ('', ?3))
 ORDER BY d.id DESC LIMIT ?4 OFFSET ?5

-- name: DELIVERY_COUNT_OF_STATE
SELECT COUNT(*)
  FROM (SELECT 1 FROM delivery d JOIN bill b ON b.id = d.bill
         WHERE d.tenant = ?1 AND d.state = ?5 AND (?2 = 0 OR d.kind = ?2)
           AND (?3 IS NULL OR COALESCE(b.tax_no, '') IN ('', ?3))
         LIMIT ?4) AS seen

-- name: DELIVERY_LIST_OF_KIND
-- with: DELIVERY
  FROM delivery d JOIN bill b ON b.id = d.bill LEFT JOIN business_system s ON s.id = d.system
 WHERE d.kind = ?2 AND d.tenant = ?1 AND (?6 < 0 OR d.state = ?6) AND (?3 IS NULL OR COALESCE(b.tax_no, '') IN ('', ?3))
 ORDER BY d.id DESC LIMIT ?4 OFFSET ?5

-- name: DELIVERY_COUNT_OF_KIND
SELECT COUNT(*)
  FROM (SELECT 1 FROM delivery d JOIN bill b ON b.id = d.bill
         WHERE d.kind = ?2 AND d.tenant = ?1 AND (?5 < 0 OR d.state = ?5) AND (?3 IS NULL OR COALESCE(b.tax_no, '') IN ('', ?3))
         LIMIT ?4) AS seen

-- name: DELIVERY_LIST_OF_BILL
-- with: DELIVERY
  FROM delivery d JOIN bill b ON b.id = d.bill LEFT JOIN business_system s ON s.id = d.system
 WHERE d.bill = ?7 AND +d.tenant = ?1 AND (?6 < 0 OR d.state = ?6) AND (?2 = 0 OR d.kind = ?2)
   AND (?3 IS NULL OR COALESCE(b.tax_no, '') IN ('', ?3))
 ORDER BY d.id DESC LIMIT ?4 OFFSET ?5

-- name: DELIVERY_COUNT_OF_BILL
SELECT COUNT(*)
  FROM (SELECT 1 FROM delivery d JOIN bill b ON b.id = d.bill
         WHERE d.bill = ?6 AND +d.tenant = ?1 AND (?5 < 0 OR d.state = ?5) AND (?2 = 0 OR d.kind = ?2)
           AND (?3 IS NULL OR COALESCE(b.tax_no, '') IN ('', ?3))
         LIMIT ?4) AS seen

-- The bills, by id, that have one which could be tried again.
-- name: DELIVERY_LIST_STUCK
SELECT DISTINCT d.bill FROM delivery d JOIN bill b ON b.id = d.bill
 WHERE d.tenant = ?1 AND (d.state IN (2, 4) OR (d.state = 0 AND d.miss <> 0)) AND (?2 < 0 OR d.state = ?2)
   AND (?3 = 0 OR d.kind = ?3) AND (?4 IS NULL OR COALESCE(b.tax_no, '') IN ('', ?4)) AND d.bill > ?5
   AND d.id >= ?7 AND (?8 = 0 OR d.id <= ?8)
 ORDER BY d.bill LIMIT ?6

-- name: DELIVERY_IDLE_SYSTEMS
SELECT s.id, s.tenant FROM business_system s
 WHERE s.is_enabled = 1
   AND NOT EXISTS (SELECT 1 FROM job j
                    WHERE j.kind = 'reconcile' AND j.key = CAST(s.id AS TEXT) AND j.state <> 'parked')
 ORDER BY s.id LIMIT 1000

-- name: DELIVERY_TALLY
SELECT state, COUNT(*), SUM(CASE WHEN miss <> 0 THEN 1 ELSE 0 END), MIN(created) FROM delivery
 WHERE tenant IN (SELECT id FROM tenant) AND state IN (0, 2, 4) GROUP BY state

-- ==== the journal of unknown calls ====

-- name: JOURNAL_COUNT_UP
UPDATE journal SET count = count + 1, last = ?2, why = ?3, source = ?4, trace = ?5, tenant = ?6,
                   sample = COALESCE(?7, sample)
 WHERE mark = ?1

-- name: JOURNAL_INSERT
INSERT INTO journal (tenant, mark, count, method, path, query, shape, why, source, trace, sample,
                     first, last)
VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11)

-- name: JOURNAL_FIND_BY_MARK
SELECT id, count, method, path, query, shape, why, source, trace, sample, first, last
  FROM journal WHERE mark = ?1

-- name: JOURNAL_FIND
SELECT id, count, method, path, query, shape, why, source, trace, sample, first, last
  FROM journal WHERE id = ?1

-- name: JOURNAL_LIST
SELECT id, count, method, path, query, shape, why, source, trace, sample, first, last
  FROM journal ORDER BY last DESC, id DESC LIMIT ?1

-- few rows, whatever comes: FPI_JOURNAL_MAX
-- name: JOURNAL_COUNT
SELECT COUNT(*) FROM journal WHERE tenant IN (0, ?1)

-- name: JOURNAL_PAGE
SELECT id, count, method, path, query, shape, why, source, trace, sample, first, last
  FROM journal WHERE tenant IN (0, ?1) ORDER BY last DESC, id DESC LIMIT ?2 OFFSET ?3

-- name: JOURNAL_TRIM
DELETE FROM journal WHERE id NOT IN (SELECT id FROM journal ORDER BY last DESC, id DESC LIMIT ?1)

-- ==== signs that were used ====

-- name: NONCE_PRUNE
DELETE FROM nonce WHERE expires < ?1

-- name: NONCE_PUT
INSERT INTO nonce (key, expires) VALUES (?1, ?2)

-- ==== reports: what only the tool and the doctor ask ====

-- name: REPORT_BILLS_OF_NUMBER
SELECT id, resource, state, created FROM bill WHERE tenant = ?1 AND number = ?2 ORDER BY id

-- name: REPORT_PUSH_OF_BILL
SELECT id FROM push WHERE bill = ?1 AND bill <> 0 ORDER BY id DESC LIMIT 1

-- IN is there for the index of the few that went wrong.
-- name: REPORT_PUSH_REFUSED
SELECT id FROM push
 WHERE status IN ('refused', 'parked') AND status = 'refused' AND tenant = ?1 AND number = ?2
 ORDER BY id DESC LIMIT 1

-- name: REPORT_COUNT_REFUSED
SELECT COUNT(*) FROM push
 WHERE status IN ('refused', 'parked') AND status = 'refused' AND (at >= ?1 OR last >= ?1)

-- name: REPORT_COUNT_REFUSED_OF
SELECT COUNT(*) FROM push
 WHERE status IN ('refused', 'parked') AND status = 'refused' AND tenant IN (0, ?1) AND at >= ?2

-- name: REPORT_COUNT_UNTOLD
SELECT COUNT(*) FROM (SELECT 1 FROM delivery WHERE tenant = ?1 AND state IN (2, 4) LIMIT ?2) AS seen

-- name: REPORT_COUNT_UNKNOWN
SELECT COUNT(*) FROM journal WHERE last >= ?1
