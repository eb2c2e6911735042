-- One push: the rows that mod_fpimage writes, in one statement, so that PostgreSQL has one way to go for each.
-- Whether the bill is known is left to the unique index: a look-up of its own would get a plan made while the
-- table is empty, and read all of it later on.
WITH next AS (
    SELECT 'YX' || nextval('push_number') AS number, (extract(epoch FROM now()) * 1000000)::bigint AS at,
           '0123456789abcdef0123456789abcdef' AS trace
), new_bill AS (
    INSERT INTO bill (tenant, org, number, resource, erp_id, bill_no, type_code, tax_no, state, state_before,
                      is_announced, is_locked, push_sha, push_version, page_count, created, updated)
    SELECT 1, 0, number, '', 'ID' || number, 'BX' || number, 'BX01', '91310000000000001X', 0, 0, 0, 0,
           trace || trace, 0, 0, at, at FROM next
        ON CONFLICT (tenant, number, resource) DO NOTHING
    RETURNING id
), new_push AS (
    INSERT INTO push (tenant, bill, number, client_id, tax_no, source, status, trace, at, last, repeats, body_sha,
                      body_len)
    SELECT 1, new_bill.id, number, 'BENCHCLIENT01', '91310000000000001X', '127.0.0.1', 'taken', trace, at, at, 0,
           trace || trace, 1024 FROM new_bill, next
    RETURNING id
), new_body AS (
    INSERT INTO push_body (id, tenant, body) SELECT id, 1, convert_to(:body, 'UTF8') FROM new_push
), new_trail AS (
    INSERT INTO trail (tenant, bill, at, kind, trace, note)
    SELECT 1, new_bill.id, at, 'push', trace, 'the receipt assistant announced invoices' FROM new_bill, next
)
INSERT INTO job (tenant, kind, key, payload, state, due, first, lease_until, attempts, trace, again)
SELECT 1, 'pull', new_bill.id::text, '{"bill":' || new_bill.id || ',"push":' || new_push.id || '}', 'ready', at, at, 0, 0,
       trace, 0 FROM new_bill, new_push, next
    ON CONFLICT (kind, key) DO UPDATE SET due = excluded.due;
