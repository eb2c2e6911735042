/* The nouns of lib/store against a real SQLite store in a directory of its own. */
#include "base/clock.h"
#include "store/bills.h"
#include "store/people.h"
#include "store/pushes.h"
#include "store/store.h"
#include "wire/crypto.h"

#include "unit.h"

#include <apr_strings.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECOND ((apr_time_t)1000000)

static char folder[64];
static fpi_store_t *store;
static fpi_secret_t *master;

/* ---- the clock stands where a test puts it ---- */

static apr_time_t now;

static apr_time_t stopped(void)
{
    return now;
}

/* ---- a store in a folder of its own ---- */

static void open_store(void)
{
    fpi_store_options_t options = { .data_dir = folder, .master = master, .may_migrate = true };

    options.database = apr_pstrcat(task->pool, "sqlite:", folder, "/test.db", NULL);
    unit_done(fpi_store_open(&store, task->pool, &options, task));
}

static void open_all(void)
{
    unit_open();
    strcpy(folder, "/tmp/fpi_nouns_XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    now = 1700000000 * SECOND;
    fpi_clock_set(stopped);
    master = fpi_secret_make(task->pool, "0123456789abcdef0123456789abcdef", FPI_KEY_LEN);
    open_store();
}

static void close_all(void)
{
    char *command = apr_psprintf(task->pool, "rm -rf %s", folder);

    if (store) {
        fpi_store_close(&store);
    }
    ck_assert_int_eq(system(command), 0);
    fpi_clock_set(NULL);
    unit_close();
}

static void in_write(fpi_tx_fn *fn)
{
    unit_done(fpi_store_write(store, fn, NULL, task));
}

static int turn; /* of a test in a loop */

/* A test whose body runs in one write transaction `tx` with the task `t`. */
#define TX_TEST(name)                                                              \
    static fpi_err_t *name##_in(fpi_tx_t *tx, void *baton, fpi_task_t *t);         \
    START_TEST(name)                                                               \
    {                                                                              \
        turn = _i;                                                                 \
        in_write(name##_in);                                                       \
    }                                                                              \
    END_TEST                                                                       \
    static fpi_err_t *name##_in(fpi_tx_t *tx, void *baton, fpi_task_t *t)

/* A statement of the test's own on the file, behind the store's back. */
static void sql(const char *statement)
{
    char *path = apr_pstrcat(task->pool, folder, "/test.db", NULL);
    sqlite3 *db;

    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(db, statement, NULL, NULL, NULL) == SQLITE_OK, "%s: %s", statement,
                  sqlite3_errmsg(db));
    sqlite3_close(db);
}

static fpi_secret_t *secret_of(const char *text)
{
    return fpi_secret_make_text(task->pool, text);
}

/* ---- organisations, bill types, push table, users, settings ---- */

TX_TEST(orgs)
{
    fpi_org_t *org;
    bool is_new;

    unit_done(fpi_org_find(&org, tx, 1, "91440300MA5EXAMPLE", "01", t));
    ck_assert_ptr_null(org);
    unit_done(fpi_org_put(&org, &is_new, tx, 1, "01", "总部", "91440300MA5EXAMPLE", t));
    ck_assert(is_new);
    ck_assert_int_eq(org->tenant, 1);
    ck_assert_int_eq(org->parent, 0);
    unit_done(fpi_org_put(&org, &is_new, tx, 1, "02", NULL, NULL, t));
    ck_assert(is_new);
    ck_assert_ptr_null(org->tax_no);
    unit_done(fpi_org_put(&org, &is_new, tx, 1, "01", "another", "X", t));
    ck_assert(!is_new);
    ck_assert_str_eq(org->name, "总部");

    unit_done(fpi_org_find(&org, tx, 1, "91440300MA5EXAMPLE", "02", t));
    ck_assert_str_eq(org->code, "01");
    unit_done(fpi_org_find(&org, tx, 1, "unknown", "02", t));
    ck_assert_str_eq(org->code, "02");
    unit_done(fpi_org_find(&org, tx, 1, NULL, "02", t));
    ck_assert_str_eq(org->code, "02");
    unit_done(fpi_org_find(&org, tx, 1, "", "", t));
    ck_assert_ptr_null(org);
    unit_done(fpi_org_find(&org, tx, 1, NULL, NULL, t));
    ck_assert_ptr_null(org);
    unit_done(fpi_org_find(&org, tx, 2, "91440300MA5EXAMPLE", "01", t));
    ck_assert_ptr_null(org);

    unit_done(fpi_bill_type_put(&is_new, tx, 1, "BX", "报销单", t));
    ck_assert(is_new);
    unit_done(fpi_bill_type_put(&is_new, tx, 1, "BX", "报销单", t));
    ck_assert(!is_new);
    unit_done(fpi_bill_type_put(&is_new, tx, 1, "FK", "FK", t)); /* a push knows the code only */
    unit_done(fpi_bill_type_put(&is_new, tx, 1, "FK", "FK", t));
    ck_assert(!is_new);
    unit_done(fpi_bill_type_put(&is_new, tx, 1, "FK", "付款单", t));
    ck_assert(is_new);
    unit_done(fpi_bill_type_put(&is_new, tx, 1, "FK", "另一个名称", t));
    ck_assert(!is_new);
    unit_done(fpi_bill_type_put(&is_new, tx, 2, "BX", "报销单", t));
    ck_assert(is_new);
    return NULL;
}

TX_TEST(push_table)
{
    fpi_push_row_t row = {
        .tenant = 1, .name = "A", .tax_no = "T1", .client_id = "c1", .url = "u"
    };
    fpi_push_row_t *rows;
    int64_t first;
    int count;
    bool was;

    unit_done(fpi_push_row_put(&row, tx, t));
    first = row.id;
    ck_assert_int_gt(first, 0);
    ck_assert_int_eq(row.created, now);
    row = (fpi_push_row_t){ .tenant = 1, .name = "B", .tax_no = "T1", .client_id = "c1" };
    now += SECOND;
    unit_done(fpi_push_row_put(&row, tx, t));
    ck_assert_int_eq(row.id, first);
    ck_assert_int_eq(row.created, now - SECOND);
    row = (fpi_push_row_t){ .tenant = 1, .client_id = "c1" };
    unit_done(fpi_push_row_put(&row, tx, t));
    ck_assert_int_ne(row.id, first);
    row = (fpi_push_row_t){ .tenant = 2, .tax_no = "T1", .client_id = "c1" };
    unit_done(fpi_push_row_put(&row, tx, t));

    unit_done(fpi_push_rows_list(&rows, &count, tx, t));
    ck_assert_int_eq(count, 3);
    ck_assert_str_eq(rows[0].name, "B");
    ck_assert_ptr_null(rows[0].url);
    ck_assert_str_eq(rows[1].tax_no, "");
    ck_assert_int_eq(rows[2].tenant, 2);
    unit_done(fpi_push_row_drop(tx, 1, first, &was, t));
    ck_assert(was);
    unit_done(fpi_push_row_drop(tx, 1, first, &was, t));
    ck_assert(!was);
    return NULL;
}

TX_TEST(settings)
{
    const char *value;

    unit_done(fpi_setting_find(&value, tx, 1, "mode", t));
    ck_assert_ptr_null(value);
    unit_done(fpi_setting_put(tx, 1, "mode", "2", t));
    unit_done(fpi_setting_put(tx, 1, "mode", "3", t));
    unit_done(fpi_setting_find(&value, tx, 1, "mode", t));
    ck_assert_str_eq(value, "3");
    unit_done(fpi_setting_find(&value, tx, 2, "mode", t));
    ck_assert_ptr_null(value);
    unit_done(fpi_setting_put(tx, 1, "mode", NULL, t));
    unit_done(fpi_setting_find(&value, tx, 1, "mode", t));
    ck_assert_ptr_null(value);
    return NULL;
}

TX_TEST(nonces)
{
    unit_done(fpi_nonce_take(tx, "c1|sign", now + 10 * SECOND, now, t));
    unit_done(fpi_nonce_take(tx, "c2|sign", now + 10 * SECOND, now, t));
    unit_failed(fpi_nonce_take(tx, "c1|sign", now + 20 * SECOND, now + SECOND, t), FPI_E_DUPLICATE);
    unit_failed(fpi_nonce_take(tx, "c1|sign", now + 20 * SECOND, now + 10 * SECOND, t),
                FPI_E_DUPLICATE);
    unit_done(fpi_nonce_take(tx, "c1|sign", now + 30 * SECOND, now + 10 * SECOND + 1, t));
    return NULL;
}

/* ---- enterprises ---- */

static fpi_enterprise_t *enterprise(const char *client_id, const char *secret)
{
    fpi_enterprise_t *made = apr_pcalloc(task->pool, sizeof(*made));

    made->tenant = 1;
    made->client_id = client_id;
    made->name = "公司";
    made->tax_no = "91440300MA5EXAMPLE";
    made->secret = secret_of(secret);
    made->is_enabled = true;
    return made;
}

TX_TEST(enterprises_raise_their_epoch)
{
    fpi_enterprise_t *one = enterprise("c1", "s1"), *found;
    int64_t id;
    bool was;

    unit_done(fpi_enterprise_put(one, tx, t));
    id = one->id;
    ck_assert_int_gt(id, 0);
    ck_assert_int_eq(one->epoch, 1);
    ck_assert_int_eq(one->created, now);

    now += SECOND;
    one = enterprise("c1", "s1");
    one->name = "new name";
    one->encrypt_key = secret_of("0123456789abcdef");
    one->cloud_client_id = "other";
    one->cloud_secret = secret_of("cloudy");
    one->is_checked = true;
    unit_done(fpi_enterprise_put(one, tx, t));
    ck_assert_int_eq(one->id, id);
    ck_assert_int_eq(one->epoch, 1);
    ck_assert_int_eq(one->created, now - SECOND);
    ck_assert_int_eq(one->updated, now);

    unit_done(fpi_enterprise_find(&found, tx, "c1", t));
    ck_assert_str_eq(found->name, "new name");
    ck_assert_str_eq(found->secret->bytes, "s1");
    ck_assert_str_eq(found->encrypt_key->bytes, "0123456789abcdef");
    ck_assert_str_eq(found->cloud_client_id, "other");
    ck_assert_str_eq(found->cloud_secret->bytes, "cloudy");
    ck_assert(found->is_enabled && found->is_checked);

    one = enterprise("c1", "s2");
    unit_done(fpi_enterprise_put(one, tx, t));
    ck_assert_int_eq(one->epoch, 2);
    one = enterprise("c1", "s2");
    one->is_enabled = false;
    unit_done(fpi_enterprise_put(one, tx, t));
    ck_assert_int_eq(one->epoch, 3);
    one->id = one->epoch = 0;
    unit_done(fpi_enterprise_put(one, tx, t));
    ck_assert_int_eq(one->epoch, 3);
    unit_done(fpi_enterprise_find(&found, tx, "c1", t));
    ck_assert_int_eq(found->epoch, 3);
    ck_assert(!found->is_enabled);
    ck_assert_int_eq(found->encrypt_key->len, 0);
    ck_assert_ptr_null(found->cloud_secret);

    unit_done(fpi_enterprise_drop(tx, 1, "c1", &was, t));
    ck_assert(was);
    unit_done(fpi_enterprise_drop(tx, 1, "c1", &was, t));
    ck_assert(!was);
    unit_done(fpi_enterprise_find(&found, tx, "c1", t));
    ck_assert_ptr_null(found);

    now += SECOND;
    one = enterprise("c1", "s2");
    one->tenant = 2;
    unit_done(fpi_enterprise_put(one, tx, t));
    ck_assert_int_eq(one->id, id);
    ck_assert_int_gt(one->epoch, 3);
    ck_assert_int_eq(one->created, now);
    unit_failed(fpi_enterprise_put(enterprise("c1", "s2"), tx, t), FPI_E_DUPLICATE);
    unit_done(fpi_enterprise_find(&found, tx, "c1", t));
    ck_assert_int_eq(found->tenant, 2);
    unit_done(fpi_enterprise_find(&found, tx, "C1", t));
    ck_assert_ptr_null(found);
    return NULL;
}

static fpi_err_t *put_two(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    fpi_enterprise_t *two = enterprise("c2", "hush-second-secret");

    two->encrypt_key = secret_of("hush-encrypt-key");
    two->cloud_secret = secret_of("hush-cloud-secret");
    FPI_TRY(fpi_enterprise_put(enterprise("c1", "hush-first-secret"), tx, t));
    FPI_TRY(fpi_enterprise_put(two, tx, t));
    return fpi_token_key_rotate(tx, 0, t);
}

TX_TEST(enterprises_are_listed)
{
    fpi_enterprises_t all;
    bool was;

    unit_done(put_two(tx, NULL, t));
    unit_done(fpi_enterprises_list(&all, tx, t));
    ck_assert_int_eq(all.count, 2);
    ck_assert_str_eq(all.items[0]->client_id, "c1");
    ck_assert_str_eq(all.items[1]->secret->bytes, "hush-second-secret");
    unit_done(fpi_enterprise_drop(tx, 1, "c1", &was, t));
    unit_done(fpi_enterprises_list(&all, tx, t));
    ck_assert_int_eq(all.count, 1);
    return NULL;
}

/* Looks up the enterprise `baton`. */
static fpi_err_t *find_it(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    fpi_enterprise_t *found;

    return fpi_enterprise_find(&found, tx, baton, t);
}

static fpi_err_t *list_keys(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    fpi_token_key_t *keys;
    int count;

    return fpi_token_keys_list(&keys, &count, tx, t);
}

static const char *const moves[] = {
    "UPDATE enterprise SET secret = (SELECT secret FROM enterprise WHERE client_id = 'c2') "
    "WHERE client_id = 'c1'",
    "UPDATE enterprise SET encrypt_key = (SELECT secret FROM enterprise WHERE client_id = 'c1') "
    "WHERE client_id = 'c1'",
    "UPDATE enterprise SET cloud_secret = secret WHERE client_id = 'c1'",
    "UPDATE enterprise SET client_id = 'c3' WHERE client_id = 'c2'; "
    "UPDATE enterprise SET client_id = 'c2' WHERE client_id = 'c1'; "
    "UPDATE enterprise SET client_id = 'c1' WHERE client_id = 'c3'",
    "UPDATE enterprise SET secret = zeroblob(40) WHERE client_id = 'c1'",
    "UPDATE enterprise SET secret = x'01' WHERE client_id = 'c1'",
};

START_TEST(a_moved_secret_can_not_be_read)
{
    fpi_err_t *err;

    in_write(put_two);
    unit_done(fpi_store_read(store, find_it, "c1", task));
    sql(moves[_i]);
    err = fpi_store_read(store, find_it, "c1", task);
    unit_failed(err, FPI_E_CONFIG);
    ck_assert_ptr_nonnull(strstr(fpi_err_chain(task->pool, err), "c1"));
}
END_TEST

static fpi_err_t *put_first_again(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    fpi_enterprise_t *one = enterprise("c1", "hush-first-secret"), *found;

    unit_done(fpi_enterprise_put(one, tx, t));
    ck_assert_int_eq(one->epoch, 2);
    unit_done(fpi_enterprise_find(&found, tx, "c1", t));
    ck_assert_str_eq(found->secret->bytes, "hush-first-secret");
    return NULL;
}

START_TEST(a_lost_secret_can_be_put_anew)
{
    in_write(put_two);
    sql("UPDATE enterprise SET secret = zeroblob(40) WHERE client_id = 'c1'");
    in_write(put_first_again);
}
END_TEST

START_TEST(a_moved_token_key_can_not_be_read)
{
    in_write(put_two);
    unit_done(fpi_store_read(store, list_keys, NULL, task));
    sql("UPDATE token_key SET id = id + 1");
    unit_failed(fpi_store_read(store, list_keys, NULL, task), FPI_E_CONFIG);
}
END_TEST

START_TEST(another_master_reads_nothing)
{
    in_write(put_two);
    fpi_store_close(&store);
    master = fpi_secret_make(task->pool, "0123456789abcdef0123456789abcdeF", FPI_KEY_LEN);
    open_store();
    unit_failed(fpi_store_read(store, find_it, "c1", task), FPI_E_CONFIG);
    unit_failed(fpi_store_read(store, list_keys, NULL, task), FPI_E_CONFIG);
}
END_TEST

/* How often the text stands in the files of the store. */
static int grep(const char *text)
{
    char *command = apr_psprintf(task->pool, "cat %s/* | grep -a -c -e '%s'", folder, text);
    FILE *out = popen(command, "r");
    int count = -1;

    ck_assert_ptr_nonnull(out);
    ck_assert_int_eq(fscanf(out, "%d", &count), 1);
    pclose(out);
    return count;
}

START_TEST(no_secret_is_in_the_files)
{
    in_write(put_two);
    ck_assert_int_gt(grep("91440300MA5EXAMPLE"), 0); /* from the log */
    ck_assert_int_eq(grep("hush"), 0);
    fpi_store_close(&store);
    ck_assert_int_gt(grep("91440300MA5EXAMPLE"), 0); /* from the database */
    ck_assert_int_eq(grep("hush"), 0);
    ck_assert_int_eq(grep("0123456789abcdef"), 0);
    open_store();
}
END_TEST

TX_TEST(token_keys)
{
    fpi_token_key_t *keys;
    apr_time_t first = now;
    int count;

    unit_done(fpi_token_keys_list(&keys, &count, tx, t));
    ck_assert_int_eq(count, 0);
    for (int i = 0; i < 3; i++) {
        unit_done(fpi_token_key_rotate(tx, 0, t));
        now += SECOND;
    }
    unit_done(fpi_token_keys_list(&keys, &count, tx, t));
    ck_assert_int_eq(count, 3);
    ck_assert_int_eq(keys[0].retired, 0);
    ck_assert_int_eq(keys[0].created, first + 2 * SECOND);
    ck_assert_int_eq(keys[1].retired, first + 2 * SECOND);
    ck_assert_int_eq(keys[2].retired, first + SECOND);
    ck_assert_int_eq(keys[0].key->len, FPI_KEY_LEN);
    ck_assert(!fpi_secret_is_same(keys[0].key, keys[1].key));

    unit_done(fpi_token_key_rotate(tx, first + 2 * SECOND, t));
    unit_done(fpi_token_keys_list(&keys, &count, tx, t));
    ck_assert_int_eq(count, 3);
    ck_assert_int_eq(keys[2].created, first + SECOND);
    return NULL;
}

/* ---- bills ---- */

static fpi_bill_t *bill_with(const char *number, const char *resource)
{
    fpi_bill_t *bill = apr_pcalloc(task->pool, sizeof(*bill));

    bill->tenant = 1;
    bill->number = number;
    bill->resource = resource;
    return bill;
}

static fpi_bill_t *put_bill(fpi_tx_t *tx, const char *number, const char *resource)
{
    fpi_bill_t *bill = bill_with(number, resource);

    unit_done(fpi_bill_put(bill, tx, task));
    ck_assert_int_gt(bill->id, 0);
    return bill;
}

#define SAME(member) ck_assert_str_eq(a->member, b->member)

static void same_bill(const fpi_bill_t *a, const fpi_bill_t *b)
{
    ck_assert_int_eq(a->id, b->id);
    ck_assert_int_eq(a->tenant, b->tenant);
    ck_assert_int_eq(a->org, b->org);
    SAME(number);
    SAME(resource);
    SAME(erp_id);
    SAME(bill_no);
    SAME(type_code);
    SAME(type_name);
    SAME(tax_no);
    SAME(apply_name);
    SAME(apply_phone);
    SAME(apply_erp_user);
    SAME(org_code);
    SAME(org_name);
    ck_assert_int_eq(a->state, b->state);
    ck_assert_int_eq(a->state_before, b->state_before);
    ck_assert_int_eq(a->is_announced, b->is_announced);
    ck_assert_int_eq(a->is_locked, b->is_locked);
    SAME(voucher);
    SAME(reason);
    SAME(doc_sha);
    SAME(push_sha);
    ck_assert_int_eq(a->push_version, b->push_version);
    ck_assert_int_eq(a->page_count, b->page_count);
    ck_assert_int_eq(a->created, b->created);
    ck_assert_int_eq(a->updated, b->updated);
}

/* Every member differs from every other, and between rounds. */
static void fill_bill(fpi_bill_t *bill, int round)
{
    const char **texts[] = { &bill->number, &bill->resource, &bill->erp_id, &bill->bill_no,
                             &bill->type_code, &bill->type_name, &bill->tax_no, &bill->apply_name,
                             &bill->apply_phone, &bill->apply_erp_user, &bill->org_code,
                             &bill->org_name, &bill->voucher, &bill->reason, &bill->doc_sha,
                             &bill->push_sha };

    for (int i = 0; i < UNIT_COUNT(texts); i++) {
        *texts[i] = apr_psprintf(task->pool, "文%d-%d", round, i);
    }
    bill->org = 100 + round;
    bill->state = round ? FPI_STATE_RESCAN : FPI_STATE_SUBMITTED;
    bill->state_before = round ? FPI_STATE_REVIEWED : FPI_STATE_WAITING;
    bill->is_announced = !round;
    bill->is_locked = round;
    bill->push_version = 1700000000123 + round;
    bill->page_count = 7 + round;
}

TX_TEST(bills_come_back_as_put)
{
    fpi_bill_t *bill = bill_with(NULL, NULL), *found;

    for (int round = 0; round < 2; round++) {
        now += SECOND;
        fill_bill(bill, round);
        unit_done(fpi_bill_put(bill, tx, t));
        ck_assert_int_eq(bill->updated, now);
        ck_assert_int_eq(bill->created, now - round * SECOND);
        unit_done(fpi_bill_find_by_id(&found, tx, 1, bill->id, t));
        same_bill(found, bill);
        unit_done(fpi_bill_find(&found, tx, 1, bill->number, bill->resource, t));
        same_bill(found, bill);
        unit_done(fpi_bill_find_by_erp(&found, tx, 1, bill->erp_id, NULL, t));
        same_bill(found, bill);
        unit_done(fpi_bill_find_by_erp(&found, tx, 1, NULL, bill->bill_no, t));
        same_bill(found, bill);
    }
    bill = put_bill(tx, "N", NULL);
    unit_done(fpi_bill_find(&found, tx, 1, "N", "", t));
    ck_assert_str_eq(found->resource, "");
    ck_assert_ptr_null(found->erp_id);
    ck_assert_ptr_null(found->voucher);
    return NULL;
}

TX_TEST(bills_are_found_by_number_and_resource)
{
    fpi_bill_t *bare = put_bill(tx, "N", ""), *found, *eas, *k3;

    unit_done(fpi_bill_find(&found, tx, 1, "N", "EAS", t));
    ck_assert_int_eq(found->id, bare->id);
    eas = put_bill(tx, "N", "EAS");
    unit_done(fpi_bill_find(&found, tx, 1, "N", "EAS", t));
    ck_assert_int_eq(found->id, eas->id);
    unit_done(fpi_bill_find(&found, tx, 1, "N", "K3", t));
    ck_assert_int_eq(found->id, bare->id);
    eas->is_announced = true;
    unit_done(fpi_bill_put(eas, tx, t));
    put_bill(tx, "N", "LATE"); /* newer, but nobody announced it */
    unit_done(fpi_bill_find(&found, tx, 1, "N", "", t));
    ck_assert_int_eq(found->id, eas->id);
    k3 = bill_with("N", "K3");
    k3->is_announced = true;
    now += SECOND;
    unit_done(fpi_bill_put(k3, tx, t));
    unit_done(fpi_bill_find(&found, tx, 1, "N", NULL, t));
    ck_assert_int_eq(found->id, k3->id);

    bare->resource = "EAS";
    unit_failed(fpi_bill_put(bare, tx, t), FPI_E_DUPLICATE);
    unit_failed(fpi_bill_put(bill_with("N", "EAS"), tx, t), FPI_E_DUPLICATE);
    bare->resource = "NEW";
    unit_done(fpi_bill_put(bare, tx, t));
    unit_done(fpi_bill_find(&found, tx, 1, "N", "NEW", t));
    ck_assert_int_eq(found->id, bare->id);
    unit_done(fpi_bill_find(&found, tx, 1, "N", "ZZ", t));
    ck_assert_ptr_null(found);
    unit_done(fpi_bill_find(&found, tx, 1, "n", "", t));
    ck_assert_ptr_null(found);
    return NULL;
}

static fpi_bill_t *put_erp_bill(fpi_tx_t *tx, const char *number, const char *erp_id,
                                const char *bill_no, fpi_state_t state)
{
    fpi_bill_t *bill = bill_with(number, "EAS");

    bill->erp_id = erp_id;
    bill->bill_no = bill_no;
    bill->state = state;
    unit_done(fpi_bill_put(bill, tx, task));
    return bill;
}

static int64_t id_by_erp(fpi_tx_t *tx, const char *erp_id, const char *bill_no)
{
    fpi_bill_t *found;

    unit_done(fpi_bill_find_by_erp(&found, tx, 1, erp_id, bill_no, task));
    return found ? found->id : 0;
}

TX_TEST(bills_are_found_by_the_erps_keys)
{
    fpi_bill_t *one = put_erp_bill(tx, "N1", "e1", "b1", FPI_STATE_WAITING);
    fpi_bill_t *two = put_erp_bill(tx, "N2", "e2", "b1", FPI_STATE_WAITING);
    fpi_bill_t *gone = put_erp_bill(tx, "N3", "e3", "b3", FPI_STATE_VOID);
    fpi_bill_t *anew;

    put_erp_bill(tx, "N4", "", "", FPI_STATE_WAITING);
    put_erp_bill(tx, "N5", NULL, NULL, FPI_STATE_WAITING);
    ck_assert_int_eq(id_by_erp(tx, "e1", NULL), one->id);
    ck_assert_int_eq(id_by_erp(tx, "e2", "b1"), two->id);
    ck_assert_int_eq(id_by_erp(tx, NULL, "b1"), 0);
    ck_assert_int_eq(id_by_erp(tx, "e9", "b1"), 0);
    ck_assert_int_eq(id_by_erp(tx, "", ""), 0);
    ck_assert_int_eq(id_by_erp(tx, NULL, NULL), 0);
    ck_assert_int_eq(id_by_erp(tx, "e3", NULL), gone->id);
    ck_assert_int_eq(id_by_erp(tx, "e9", "b3"), gone->id);
    anew = put_erp_bill(tx, "N6", "e3", "b3", FPI_STATE_UPLOADED);
    ck_assert_int_eq(id_by_erp(tx, "e3", NULL), anew->id);
    ck_assert_int_eq(id_by_erp(tx, NULL, "b3"), anew->id);
    put_erp_bill(tx, "N7", "e3", "b3", FPI_STATE_VOID);
    ck_assert_int_eq(id_by_erp(tx, "e3", NULL), anew->id);
    put_erp_bill(tx, "N8", "e3", "b7", FPI_STATE_UPLOADED);
    ck_assert_int_eq(id_by_erp(tx, "e3", NULL), 0);
    ck_assert_int_eq(id_by_erp(tx, "e3", "b3"), anew->id);
    return NULL;
}

TX_TEST(bills_of_another_tenant_do_not_exist)
{
    fpi_bill_t *bill = put_erp_bill(tx, "N", "e", "b", FPI_STATE_WAITING), *found;
    fpi_event_t *events;
    fpi_invoice_t invoice = { .tenant = 1, .bill = bill->id, .serial_no = "s" }, *invoices;
    fpi_file_t file = { .tenant = 1, .bill = bill->id, .name = "f", .sha256 = "aa" }, *files;
    int64_t dropped;
    bool is;
    int count;

    unit_done(fpi_trail_add(tx, bill, "state", "note", NULL, t));
    unit_done(fpi_invoice_put(&invoice, &is, tx, t));
    unit_done(fpi_file_put(&file, &is, tx, t));

    unit_done(fpi_bill_find(&found, tx, 2, "N", "EAS", t));
    ck_assert_ptr_null(found);
    unit_done(fpi_bill_find(&found, tx, 2, "N", "", t));
    ck_assert_ptr_null(found);
    unit_done(fpi_bill_find_by_id(&found, tx, 2, bill->id, t));
    ck_assert_ptr_null(found);
    unit_done(fpi_bill_find_by_erp(&found, tx, 2, "e", "b", t));
    ck_assert_ptr_null(found);
    unit_done(fpi_invoices_list(&invoices, &count, tx, 2, bill->id, 10, t));
    ck_assert_int_eq(count, 0);
    unit_done(fpi_invoices_keep_only(&dropped, tx, 2, bill->id, NULL, 0, t));
    ck_assert_int_eq(dropped, 0);
    unit_done(fpi_files_list(&files, &count, tx, 2, bill->id, 10, t));
    ck_assert_int_eq(count, 0);
    file.tenant = 2;
    unit_failed(fpi_file_put(&file, &is, tx, t), FPI_E_ABSENT);

    bill->tenant = 2;
    unit_done(fpi_trail_list(&events, &count, tx, bill, 0, 10, t));
    ck_assert_int_eq(count, 0);
    unit_failed(fpi_bill_put(bill, tx, t), FPI_E_ABSENT);
    bill->id = 0;
    unit_done(fpi_bill_put(bill, tx, t)); /* the same number is free there */
    unit_done(fpi_invoices_list(&invoices, &count, tx, 1, invoice.bill, 10, t));
    ck_assert_int_eq(count, 1);
    return NULL;
}

TX_TEST(timeline)
{
    fpi_bill_t *bill = put_bill(tx, "A", "EAS"), *other = put_bill(tx, "B", "EAS");
    fpi_event_t *events;
    int count;

    t->actor = "client:c1";
    for (int i = 0; i < 5; i++) {
        now += SECOND;
        unit_done(fpi_trail_add(tx, bill, "state", apr_psprintf(t->pool, "note %d", i),
                                i ? NULL : "{\"a\":1}", t));
        unit_done(fpi_trail_add(tx, other, "push", NULL, NULL, t));
    }
    unit_done(fpi_trail_list(&events, &count, tx, bill, 0, 3, t));
    ck_assert_int_eq(count, 3);
    ck_assert_str_eq(events[0].note, "note 0");
    ck_assert_str_eq(events[0].detail, "{\"a\":1}");
    ck_assert_str_eq(events[0].actor, "client:c1");
    ck_assert_str_eq(events[0].trace, t->trace);
    ck_assert_str_eq(events[0].kind, "state");
    ck_assert_int_eq(events[1].at, now - 3 * SECOND);
    ck_assert_int_eq(events[1].bill, bill->id);
    ck_assert_int_eq(events[1].tenant, 1);
    ck_assert_ptr_null(events[1].detail);
    unit_done(fpi_trail_list(&events, &count, tx, bill, events[2].id, 3, t));
    ck_assert_int_eq(count, 2);
    ck_assert_str_eq(events[1].note, "note 4");
    return NULL;
}

/* ---- invoices, files ---- */

static fpi_invoice_t invoice_with(int64_t bill, const char *serial_no, const char *identity)
{
    return (fpi_invoice_t){ .tenant = 1, .bill = bill, .serial_no = serial_no,
                            .identity = identity, .type = 27, .code = "c", .number = "n",
                            .date = "2026-01-31", .has_net = true, .net = 0, .has_gross = true,
                            .gross = -1230, .seller_name = "卖方", .seller_tax_no = "s",
                            .buyer_name = "买方", .buyer_tax_no = "b", .check_status = 1,
                            .doc = "{}" };
}

static fpi_file_t file_with(int64_t bill, fpi_kind_t kind)
{
    return (fpi_file_t){ .tenant = 1, .bill = bill, .kind = kind, .name = "f", .sha256 = "aa" };
}

/* Puts it and says whether that changed anything; the id in *id. */
static bool put_invoice(fpi_tx_t *tx, fpi_invoice_t invoice, int64_t *id)
{
    bool is_changed;

    unit_done(fpi_invoice_put(&invoice, &is_changed, tx, task));
    ck_assert_int_gt(invoice.id, 0);
    *id = invoice.id;
    return is_changed;
}

TX_TEST(invoices_are_known_again)
{
    int64_t first, id;
    fpi_invoice_t *list, changed;
    int count;

    ck_assert(put_invoice(tx, invoice_with(5, "s1", "i1"), &first));
    ck_assert(!put_invoice(tx, invoice_with(5, "s1", "i1"), &id));
    ck_assert_int_eq(id, first);
    unit_done(fpi_invoices_list(&list, &count, tx, 1, 5, 10, t));
    ck_assert_int_eq(count, 1);
    ck_assert(list[0].has_net && !list[0].has_tax && list[0].has_gross);
    ck_assert_int_eq(list[0].net, 0);
    ck_assert_int_eq(list[0].gross, -1230);
    ck_assert_int_eq(list[0].type, 27);
    ck_assert_str_eq(list[0].buyer_name, "买方");
    ck_assert_str_eq(list[0].doc, "{}");

    changed = invoice_with(5, "s1", "i1");
    changed.has_tax = true;
    ck_assert(put_invoice(tx, changed, &id));
    ck_assert(!put_invoice(tx, changed, &id));
    changed.doc = NULL;
    ck_assert(put_invoice(tx, changed, &id));
    ck_assert(!put_invoice(tx, changed, &id));
    ck_assert_int_eq(id, first);

    /* another serial number, the same invoice */
    ck_assert(put_invoice(tx, invoice_with(5, "s9", "i1"), &id));
    ck_assert_int_eq(id, first);
    ck_assert(put_invoice(tx, invoice_with(5, NULL, "i1"), &id));
    ck_assert_int_eq(id, first);
    ck_assert(put_invoice(tx, invoice_with(6, "s1", "i1"), &id)); /* on another bill */
    ck_assert_int_ne(id, first);
    ck_assert(put_invoice(tx, invoice_with(5, "", NULL), &first)); /* of nothing to be known by */
    ck_assert(put_invoice(tx, invoice_with(5, "", NULL), &id));
    ck_assert_int_ne(id, first);
    unit_done(fpi_invoices_list(&list, &count, tx, 1, 5, 2, t));
    ck_assert_int_eq(count, 2);
    return NULL;
}

TX_TEST(invoices_are_kept_or_dropped)
{
    fpi_file_t file = file_with(5, FPI_KIND_INVOICE), *files;
    fpi_invoice_t *list;
    int64_t ids[4], keep[2], other, dropped;
    bool is_new;
    int count;

    for (int i = 0; i < 4; i++) {
        put_invoice(tx, invoice_with(5, apr_psprintf(t->pool, "s%d", i), NULL), &ids[i]);
    }
    put_invoice(tx, invoice_with(6, "s0", NULL), &other);
    file.invoice = ids[1];
    unit_done(fpi_file_put(&file, &is_new, tx, t));
    keep[0] = ids[3];
    keep[1] = ids[0];
    unit_done(fpi_invoices_keep_only(&dropped, tx, 1, 5, keep, 2, t));
    ck_assert_int_eq(dropped, 2);
    unit_done(fpi_invoices_list(&list, &count, tx, 1, 5, 10, t));
    ck_assert_int_eq(count, 2);
    ck_assert_int_eq(list[0].id, ids[0]);
    ck_assert_int_eq(list[1].id, ids[3]);
    unit_done(fpi_files_list(&files, &count, tx, 1, 5, 10, t));
    ck_assert_int_eq(count, 1);
    ck_assert_int_eq(files[0].invoice, 0);
    unit_done(fpi_invoices_keep_only(&dropped, tx, 1, 5, NULL, 0, t));
    ck_assert_int_eq(dropped, 2);
    unit_done(fpi_invoices_list(&list, &count, tx, 1, 6, 10, t));
    ck_assert_int_eq(count, 1);
    return NULL;
}

TX_TEST(files)
{
    fpi_file_t file = { .tenant = 1, .bill = 5, .kind = FPI_KIND_INVOICE, .name = "发票.pdf",
                        .sha256 = "aa", .media = "application/pdf", .size = 9,
                        .source = "push", .origin = "https://h/p" };
    fpi_file_t *list, again = file;
    bool is_new, used;
    int count;

    unit_done(fpi_file_is_used(&used, tx, "aa", t));
    ck_assert(!used);
    unit_done(fpi_file_put(&file, &is_new, tx, t));
    ck_assert(is_new);
    ck_assert_int_eq(file.created, now);
    again.name = "other name.pdf";
    again.invoice = 77;
    unit_done(fpi_file_put(&again, &is_new, tx, t));
    ck_assert(!is_new);
    ck_assert_int_eq(again.id, file.id);
    ck_assert_str_eq(again.name, "发票.pdf");

    again = file_with(5, FPI_KIND_COVER);
    unit_done(fpi_file_put(&again, &is_new, tx, t));
    ck_assert(is_new);
    again = file_with(6, FPI_KIND_COVER);
    unit_done(fpi_file_put(&again, &is_new, tx, t));
    ck_assert(is_new);
    unit_done(fpi_files_list(&list, &count, tx, 1, 5, 10, t));
    ck_assert_int_eq(count, 2);
    ck_assert_int_eq(list[1].kind, FPI_KIND_COVER);
    ck_assert_int_eq(list[1].position, 2); /* behind what was there */
    ck_assert_int_eq(list[0].kind, FPI_KIND_INVOICE);
    ck_assert_int_eq(list[0].position, 1);
    ck_assert_int_eq(list[0].invoice, 77);
    ck_assert_str_eq(list[0].media, "application/pdf");
    ck_assert_str_eq(list[0].origin, "https://h/p");
    ck_assert_int_eq(list[0].size, 9);
    unit_done(fpi_file_is_used(&used, tx, "aa", t));
    ck_assert(used);
    unit_done(fpi_file_is_used(&used, tx, "a", t));
    ck_assert(!used);
    return NULL;
}

/* ---- pushes ---- */

static fpi_push_t push_with(int64_t bill, const char *status, const char *body)
{
    return (fpi_push_t){ .tenant = 1, .bill = bill, .number = "N", .client_id = "c1", .tax_no = "T",
                         .source = "192.0.2.1", .status = status, .trace = "trace", .body = body,
                         .body_len = body ? (int64_t)strlen(body) : 0, .body_sha = body };
}

TX_TEST(pushes_come_back_as_put)
{
    fpi_push_t push = push_with(0, "taken", NULL), *found;

    push.body = "{\"a\":\"\0\"}";
    push.body_len = 9;
    unit_done(fpi_push_put(&push, tx, t));
    ck_assert_int_eq(push.at, now);
    unit_done(fpi_push_find(&found, tx, push.id, t));
    ck_assert_int_eq(found->body_len, 9);
    ck_assert_mem_eq(found->body, "{\"a\":\"\0\"}", 9);
    ck_assert_str_eq(found->source, "192.0.2.1");
    ck_assert_int_eq(found->repeats, 0);
    ck_assert_int_eq(found->last, 0);

    push = (fpi_push_t){
        .id = push.id, .bill = 7, .number = "M", .status = "parked", .reason = "why"
    };
    unit_done(fpi_push_put(&push, tx, t));
    unit_done(fpi_push_find(&found, tx, push.id, t));
    ck_assert_int_eq(found->bill, 7);
    ck_assert_int_eq(found->tenant, 1);
    ck_assert_str_eq(found->number, "M");
    ck_assert_str_eq(found->status, "parked");
    ck_assert_str_eq(found->reason, "why");
    ck_assert_str_eq(found->trace, "trace");
    ck_assert_int_eq(found->body_len, 9);
    ck_assert_ptr_nonnull(found->body);

    push = push_with(0, "refused", NULL);
    unit_done(fpi_push_put(&push, tx, t));
    unit_done(fpi_push_find(&found, tx, push.id, t));
    ck_assert_ptr_null(found->body);
    unit_done(fpi_push_find(&found, tx, push.id + 1, t));
    ck_assert_ptr_null(found);
    return NULL;
}

TX_TEST(pushes_are_counted_up)
{
    fpi_push_t push = push_with(7, "taken", "x"), *found;
    int64_t id, first;

    unit_done(fpi_push_repeat(&id, tx, 7, "x", t));
    ck_assert_int_eq(id, 0);
    unit_done(fpi_push_put(&push, tx, t));
    first = push.id;
    push = push_with(0, "refused", "x");
    unit_done(fpi_push_put(&push, tx, t));
    now += SECOND;
    unit_done(fpi_push_repeat(&id, tx, 7, "x", t));
    unit_done(fpi_push_repeat(&id, tx, 7, "x", t));
    ck_assert_int_eq(id, first);
    unit_done(fpi_push_find(&found, tx, first, t));
    ck_assert_int_eq(found->repeats, 2);
    ck_assert_int_eq(found->last, now);
    ck_assert_int_eq(found->at, now - SECOND);
    unit_done(fpi_push_repeat(&id, tx, 7, "y", t));
    ck_assert_int_eq(id, 0);
    unit_done(fpi_push_repeat(&id, tx, 8, "x", t));
    ck_assert_int_eq(id, 0);
    unit_done(fpi_push_repeat(&id, tx, 0, "x", t));
    ck_assert_int_eq(id, 0);
    push = push_with(7, "taken", "x"); /* an older one that became the newest again */
    unit_done(fpi_push_put(&push, tx, t));
    unit_done(fpi_push_repeat(&id, tx, 7, "x", t));
    ck_assert_int_eq(id, push.id);
    return NULL;
}

TX_TEST(pushes_are_listed)
{
    static const char *const status[] = { "taken", "refused", "done", "parked", "unchanged" };
    fpi_push_t *list;
    int count;

    for (int i = 0; i < 10; i++) {
        fpi_push_t push = push_with(i, status[i % 5], "body");

        unit_done(fpi_push_put(&push, tx, t));
        ck_assert_int_eq(push.id, i + 1);
    }
    unit_done(fpi_pushes_list(&list, &count, tx, false, 0, 3, t));
    ck_assert_int_eq(count, 3);
    ck_assert_int_eq(list[0].id, 10);
    ck_assert_ptr_null(list[0].body);
    ck_assert_int_eq(list[0].body_len, 4);
    unit_done(fpi_pushes_list(&list, &count, tx, false, 8, 100, t));
    ck_assert_int_eq(count, 7);
    ck_assert_int_eq(list[0].id, 7);
    unit_done(fpi_pushes_list(&list, &count, tx, true, 0, 3, t));
    ck_assert_int_eq(count, 3);
    ck_assert_int_eq(list[0].id, 9);
    ck_assert_int_eq(list[1].id, 7);
    ck_assert_int_eq(list[2].id, 4);
    unit_done(fpi_pushes_list(&list, &count, tx, true, 4, 3, t));
    ck_assert_int_eq(count, 1);
    ck_assert_str_eq(list[0].status, "refused");
    return NULL;
}

TX_TEST(refused_pushes_are_pruned)
{
    fpi_push_t *list, *found;
    int count;

    unit_done(fpi_pushes_prune_refused(tx, t));
    for (int i = 0; i < FPI_REFUSED_MAX + 20; i++) {
        fpi_push_t push = push_with(0, i == 3 ? "parked" : i == 5 ? "taken" : "refused", "body");

        unit_done(fpi_push_put(&push, tx, t));
    }
    unit_done(fpi_pushes_prune_refused(tx, t));
    unit_done(fpi_pushes_prune_refused(tx, t));
    unit_done(fpi_pushes_list(&list, &count, tx, false, 0, FPI_ROWS_MAX, t));
    ck_assert_int_eq(count, FPI_REFUSED_MAX + 2);
    ck_assert_int_eq(list[count - 1].id, 4); /* the parked one, and then the taken one */
    ck_assert_int_eq(list[count - 2].id, 6);
    ck_assert_int_eq(list[count - 3].id, 21);
    unit_done(fpi_push_find(&found, tx, 4, t));
    ck_assert_ptr_nonnull(found->body);
    return NULL;
}

START_TEST(pruned_bodies_are_gone)
{
    in_write(refused_pushes_are_pruned_in);
    sql("CREATE TABLE odd (n INTEGER CHECK (n = 0)); INSERT INTO odd SELECT COUNT(*) FROM push_body"
        " WHERE id NOT IN (SELECT id FROM push)");
}
END_TEST

/* ---- jobs ---- */

enum { LEASE = 600 };

static const fpi_job_queue_t pulls[] = { { "pull", 0 }, { NULL, 0 } };

static fpi_job_t *job_of(fpi_tx_t *tx, const char *key)
{
    fpi_job_t *job;

    unit_done(fpi_job_find(&job, tx, "pull", key, task));
    return job;
}

/* Leases one for `owner` that must have `key`; NULL: there must be none. */
static fpi_job_t *lease_one(fpi_tx_t *tx, const char *owner, const char *key)
{
    fpi_job_t *jobs;
    int count;

    unit_done(fpi_jobs_lease(&jobs, &count, tx, owner, now, LEASE * SECOND, pulls, 1, task));
    ck_assert_int_eq(count, key != NULL);
    if (key) {
        ck_assert_str_eq(jobs->key, key);
    }
    return key ? jobs : NULL;
}

static void put_job(fpi_tx_t *tx, const char *key, const char *payload, apr_time_t due)
{
    unit_done(fpi_job_put(tx, 1, "pull", key, payload, due, task));
}

TX_TEST(jobs_live)
{
    fpi_job_counts_t counts;
    fpi_job_t *job;
    apr_time_t due;
    bool held;

    unit_done(fpi_jobs_next_due(&due, tx, NULL, t));
    ck_assert_int_eq(due, 0);
    put_job(tx, "b", "{}", now + 5 * SECOND);
    put_job(tx, "a", "{}", now);
    ck_assert_ptr_null(job_of(tx, "z"));
    ck_assert_str_eq(job_of(tx, "a")->trace, t->trace);
    ck_assert_int_eq(job_of(tx, "a")->tenant, 1);
    ck_assert_int_eq(job_of(tx, "a")->first, now);
    unit_done(fpi_jobs_next_due(&due, tx, NULL, t));
    ck_assert_int_eq(due, now);

    job = lease_one(tx, "me", "a");
    ck_assert_str_eq(job->state, "leased");
    ck_assert_str_eq(job->payload, "{}");
    ck_assert_int_eq(job->attempts, 1);
    ck_assert_int_eq(job->lease_until, now + LEASE * SECOND);
    ck_assert_str_eq(job_of(tx, "a")->owner, "me");
    ck_assert_int_eq(job_of(tx, "a")->attempts, 1);
    lease_one(tx, "you", NULL);
    unit_done(fpi_jobs_next_due(&due, tx, NULL, t));
    ck_assert_int_eq(due, now + 5 * SECOND);

    unit_done(fpi_job_later(&held, tx, job->id, "you", now, "no", t));
    ck_assert(!held);
    unit_done(fpi_job_park(&held, tx, job->id, "you", "no", t));
    ck_assert(!held);
    unit_done(fpi_job_end(&held, tx, job->id, "you", t));
    ck_assert(!held);
    unit_done(fpi_job_later(&held, tx, job->id, "me", now + 9 * SECOND, "cloud is away", t));
    ck_assert(held);
    unit_done(fpi_job_end(&held, tx, job->id, "me", t));
    ck_assert(!held);
    job = job_of(tx, "a");
    ck_assert_str_eq(job->state, "ready");
    ck_assert_str_eq(job->last_error, "cloud is away");
    ck_assert_int_eq(job->due, now + 9 * SECOND);
    ck_assert_ptr_null(job->owner);

    now += 9 * SECOND;
    lease_one(tx, "me", "b"); /* due before */
    ck_assert_int_eq(lease_one(tx, "me", "a")->attempts, 2);
    unit_done(fpi_job_park(&held, tx, job->id, "me", "given up", t));
    ck_assert(held);
    unit_done(fpi_jobs_count(&counts, tx, t));
    ck_assert_int_eq(counts.ready, 0);
    ck_assert_int_eq(counts.leased, 1);
    ck_assert_int_eq(counts.parked, 1);
    unit_done(fpi_job_end(&held, tx, job_of(tx, "b")->id, "me", t));
    ck_assert(held);
    ck_assert_ptr_null(job_of(tx, "b"));
    unit_done(fpi_jobs_next_due(&due, tx, NULL, t));
    ck_assert_int_eq(due, 0);
    return NULL;
}

TX_TEST(jobs_are_put_again)
{
    apr_time_t start = now;
    fpi_job_t *job;
    bool held;

    put_job(tx, "a", "1", now + 10 * SECOND);
    now += SECOND;
    put_job(tx, "a", "2", now + 30 * SECOND); /* ready: never later than it was */
    ck_assert_int_eq(job_of(tx, "a")->due, start + 10 * SECOND);
    ck_assert_str_eq(job_of(tx, "a")->payload, "2");
    ck_assert_int_eq(job_of(tx, "a")->first, now);
    put_job(tx, "a", "3", now);
    ck_assert_int_eq(job_of(tx, "a")->due, now);

    job = lease_one(tx, "me", "a");
    unit_done(fpi_job_park(&held, tx, job->id, "me", "no", t));
    ck_assert_str_eq(job_of(tx, "a")->state, "parked");
    now += LEASE * SECOND;
    lease_one(tx, "me", NULL);
    put_job(tx, "a", "4", now + SECOND); /* parked: wakes */
    ck_assert_str_eq(job_of(tx, "a")->state, "ready");
    ck_assert_int_eq(job_of(tx, "a")->due, now + SECOND);
    ck_assert_int_eq(job_of(tx, "a")->attempts, 0);
    ck_assert_int_eq(job_of(tx, "a")->id, job->id);
    unit_done(fpi_job_put(tx, 1, "fetch", "a", "other kind", now, t));
    ck_assert_str_eq(job_of(tx, "a")->payload, "4");
    return NULL;
}

/* Kinds are queues of their own: leased in the order asked for, and only so many at once where that is said. */
TX_TEST(jobs_by_kind)
{
    static const fpi_job_queue_t both[] = { { "pull", 0 }, { "look", 2 }, { NULL, 0 } };
    static const fpi_job_queue_t looks[] = { { "look", 2 }, { NULL, 0 } };
    fpi_job_t *jobs;
    apr_time_t due;
    bool held;
    int count;

    for (int i = 0; i < 5; i++) {
        unit_done(fpi_job_put(tx, 1, "look", apr_psprintf(t->pool, "%d", i), "{}", now - 10 * SECOND + i, t));
    }
    put_job(tx, "late", "{}", now);
    unit_done(fpi_jobs_next_due(&due, tx, pulls, t));
    ck_assert_int_eq(due, now);
    unit_done(fpi_jobs_next_due(&due, tx, looks, t));
    ck_assert_int_eq(due, now - 10 * SECOND);
    unit_done(fpi_jobs_lease(&jobs, &count, tx, "a", now, LEASE * SECOND, both, 10, t));
    ck_assert_int_eq(count, 3);
    ck_assert_str_eq(jobs[0].key, "late");
    ck_assert_str_eq(jobs[1].key, "0");
    ck_assert_str_eq(jobs[2].key, "1");

    unit_done(fpi_jobs_next_due(&due, tx, looks, t)); /* as many as may: nothing until one ends */
    ck_assert_int_eq(due, now + LEASE * SECOND);
    unit_done(fpi_jobs_lease(&jobs, &count, tx, "b", now, LEASE * SECOND, looks, 10, t));
    ck_assert_int_eq(count, 0);
    unit_done(fpi_job_end(&held, tx, job_of(tx, "late")->id, "a", t));
    unit_done(fpi_jobs_lease(&jobs, &count, tx, "b", now, LEASE * SECOND, looks, 10, t));
    ck_assert_int_eq(count, 0);
    now += LEASE * SECOND;
    unit_done(fpi_jobs_lease(&jobs, &count, tx, "b", now, LEASE * SECOND, looks, 1, t));
    ck_assert_int_eq(count, 1);
    return NULL;
}

/* What is done with a lease during which the job was put again: it must run once more. */
enum { END, LATER, PARK, EXPIRE, FINISHES };

TX_TEST(jobs_put_again_while_leased)
{
    fpi_job_t *job;
    bool held = true;

    put_job(tx, "a", "1", now);
    job = lease_one(tx, "me", "a");
    now += SECOND;
    put_job(tx, "a", "2", now + SECOND);
    put_job(tx, "a", "3", now);
    ck_assert_str_eq(job_of(tx, "a")->state, "leased");
    ck_assert_str_eq(job_of(tx, "a")->owner, "me");
    lease_one(tx, "you", NULL);
    if (turn == END) {
        unit_done(fpi_job_end(&held, tx, job->id, "me", t));
    }
    else if (turn == LATER) {
        unit_done(fpi_job_later(&held, tx, job->id, "me", now + 3600 * SECOND, "e", t));
    }
    else if (turn == PARK) {
        unit_done(fpi_job_park(&held, tx, job->id, "me", "e", t));
    }
    else {
        now += LEASE * SECOND;
    }
    ck_assert(held);
    job = lease_one(tx, "you", "a");
    ck_assert_str_eq(job->payload, "3");
    ck_assert_int_eq(job->attempts, 1);
    unit_done(fpi_job_end(&held, tx, job->id, "me", t));
    ck_assert(!held);
    unit_done(fpi_job_end(&held, tx, job->id, "you", t));
    ck_assert(held);
    ck_assert_ptr_null(job_of(tx, "a")); /* once more, not for ever */
    return NULL;
}

TX_TEST(leases_run_out)
{
    fpi_job_t *job, *jobs;
    apr_time_t due;
    bool held;
    int count;

    put_job(tx, "a", "1", now);
    put_job(tx, "b", "1", now);
    job = lease_one(tx, "me", "a");
    unit_done(fpi_job_end(&held, tx, lease_one(tx, "me", "b")->id, "me", t));
    unit_done(fpi_jobs_next_due(&due, tx, NULL, t));
    ck_assert_int_eq(due, now + LEASE * SECOND);
    now += LEASE * SECOND - 1;
    lease_one(tx, "you", NULL);
    now++;
    unit_done(fpi_jobs_lease(&jobs, &count, tx, "you", now, SECOND, pulls, 10, t));
    ck_assert_int_eq(count, 1);
    ck_assert_int_eq(jobs->id, job->id);
    ck_assert_int_eq(jobs->attempts, 2);
    ck_assert_ptr_nonnull(strstr(job_of(tx, "a")->last_error, "me"));
    unit_done(fpi_job_end(&held, tx, job->id, "me", t));
    ck_assert(!held);
    ck_assert_ptr_nonnull(job_of(tx, "a"));
    unit_done(fpi_job_end(&held, tx, job->id, "you", t));
    ck_assert(held);
    put_job(tx, "c", "1", now);
    ck_assert_int_gt(job_of(tx, "c")->id, job->id + 1); /* a key is never used again */
    return NULL;
}

/* ---- two processes, 1,000 jobs ---- */

enum { MANY = 1000, PROCESSES = 2 };

static fpi_err_t *put_many(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    for (int i = 0; i < MANY; i++) {
        FPI_TRY(fpi_job_put(tx, 1, "pull", apr_psprintf(t->pool, "key %d", i), "{}", now, t));
    }
    return NULL;
}

typedef struct taken_t {
    const char *owner;
    fpi_job_t *jobs;
    int count;
} taken_t;

static fpi_err_t *lease_some(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    taken_t *taken = baton;

    return fpi_jobs_lease(&taken->jobs, &taken->count, tx, taken->owner, now, LEASE * SECOND, pulls, 7, t);
}

static fpi_err_t *end_some(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    taken_t *taken = baton;

    for (int i = 0; i < taken->count; i++) {
        bool held;

        FPI_TRY(fpi_job_end(&held, tx, taken->jobs[i].id, taken->owner, t));
        ck_assert(held);
    }
    return NULL;
}

/* Says that it is ready, waits for the end of `go`, then leases until nothing is left, telling each
 * job's number down the pipe. It pauses between turns, so that both get theirs. */
static void work(int out, int go, const char *owner)
{
    taken_t taken = { .owner = owner };
    int number = -1;

    open_store();
    ck_assert_int_eq(write(out, &number, sizeof(number)), sizeof(number));
    ck_assert_int_eq(read(go, &number, sizeof(number)), 0);
    do {
        unit_done(fpi_store_write(store, lease_some, &taken, task));
        for (int i = 0; i < taken.count; i++) {
            number = atoi(taken.jobs[i].key + 4);
            ck_assert_int_eq(write(out, &number, sizeof(number)), sizeof(number));
        }
        unit_done(fpi_store_write(store, end_some, &taken, task));
        apr_sleep(1000);
    } while (taken.count);
    fpi_store_close(&store);
}

START_TEST(two_processes_share_the_jobs)
{
    int seen[MANY] = { 0 }, by[PROCESSES] = { 0 }, pipes[PROCESSES][2], go[2], status, number;
    pid_t pids[PROCESSES];

    in_write(put_many);
    fpi_store_close(&store);
    ck_assert_int_eq(pipe(go), 0);
    for (int p = 0; p < PROCESSES; p++) {
        ck_assert_int_eq(pipe(pipes[p]), 0);
        pids[p] = fork();
        if (pids[p] == 0) {
            close(go[1]);
            work(pipes[p][1], go[0], p ? "one" : "two");
            _exit(0);
        }
        close(pipes[p][1]);
        ck_assert_int_eq(read(pipes[p][0], &number, sizeof(number)), sizeof(number));
    }
    close(go[1]);
    for (int p = 0; p < PROCESSES; p++) {
        while (read(pipes[p][0], &number, sizeof(number)) == sizeof(number)) {
            seen[number]++;
            by[p]++;
        }
        ck_assert_int_eq(waitpid(pids[p], &status, 0), pids[p]);
        ck_assert_int_eq(status, 0);
    }
    for (int i = 0; i < MANY; i++) {
        ck_assert_msg(seen[i] == 1, "job %d was leased %d times", i, seen[i]);
    }
    ck_assert_int_gt(by[0], 0);
    ck_assert_int_gt(by[1], 0);
    open_store();
}
END_TEST

/* ---- the journal ---- */

static fpi_journal_t entry_with(const char *path, const char *shape)
{
    return (fpi_journal_t){ .method = "POST", .path = path, .query = "a,b", .shape = shape,
                            .why = "unknown path", .source = "192.0.2.1", .trace = "t1" };
}

TX_TEST(journal_counts_up)
{
    fpi_journal_t entry = entry_with("/api/x", "{}"), *found;
    int64_t id;
    int count;

    entry.sample = "body";
    unit_done(fpi_journal_add(&entry, tx, t));
    id = entry.id;
    ck_assert_int_eq(entry.count, 1);
    now += SECOND;
    entry = entry_with("/api/x", "{}");
    entry.trace = "t2";
    unit_done(fpi_journal_add(&entry, tx, t));
    ck_assert_int_eq(entry.id, id);
    ck_assert_int_eq(entry.count, 2);
    entry = entry_with("/api/x", "[]");
    unit_done(fpi_journal_add(&entry, tx, t));
    ck_assert_int_ne(entry.id, id);
    entry = entry_with("/api/x\n", NULL);
    unit_done(fpi_journal_add(&entry, tx, t));
    ck_assert_int_eq(entry.count, 1);

    unit_done(fpi_journal_find(&found, tx, id, t));
    ck_assert_int_eq(found->count, 2);
    ck_assert_int_eq(found->first, now - SECOND);
    ck_assert_int_eq(found->last, now);
    ck_assert_str_eq(found->trace, "t2");
    ck_assert_str_eq(found->sample, "body");
    ck_assert_str_eq(found->query, "a,b");
    unit_done(fpi_journal_find(&found, tx, 999, t));
    ck_assert_ptr_null(found);
    unit_done(fpi_journal_list(&found, &count, tx, 2, t));
    ck_assert_int_eq(count, 2);
    return NULL;
}

TX_TEST(journal_is_bounded)
{
    fpi_journal_t entry, *list;
    int count;

    for (int i = 0; i < FPI_JOURNAL_MAX + 50; i++) {
        now += SECOND;
        entry = entry_with(apr_psprintf(t->pool, "/%d", i), "");
        unit_done(fpi_journal_add(&entry, tx, t));
        if (i % 100 == 99) { /* one that keeps coming stays */
            entry = entry_with("/0", "");
            unit_done(fpi_journal_add(&entry, tx, t));
        }
    }
    unit_done(fpi_journal_list(&list, &count, tx, FPI_ROWS_MAX, t));
    ck_assert_int_eq(count, FPI_JOURNAL_MAX);
    ck_assert_str_eq(list[0].path, apr_psprintf(t->pool, "/%d", FPI_JOURNAL_MAX + 49));
    ck_assert_str_eq(list[count - 1].path, "/51");
    entry = entry_with("/0", "");
    unit_done(fpi_journal_add(&entry, tx, t));
    ck_assert_int_eq(entry.count, 7);
    return NULL;
}

static TCase *store_case(Suite *suite, const char *name)
{
    TCase *made = tcase_create(name);

    tcase_add_checked_fixture(made, open_all, close_all);
    tcase_set_timeout(made, 120);
    suite_add_tcase(suite, made);
    return made;
}

int main(void)
{
    Suite *suite = suite_create("nouns");
    TCase *people = store_case(suite, "people");
    TCase *bills = store_case(suite, "bills");
    TCase *pushes = store_case(suite, "pushes");
    TCase *jobs = store_case(suite, "jobs");

    tcase_add_test(people, orgs);
    tcase_add_test(people, push_table);
    tcase_add_test(people, settings);
    tcase_add_test(people, nonces);
    tcase_add_test(people, enterprises_raise_their_epoch);
    tcase_add_test(people, enterprises_are_listed);
    tcase_add_loop_test(people, a_moved_secret_can_not_be_read, 0, UNIT_COUNT(moves));
    tcase_add_test(people, a_lost_secret_can_be_put_anew);
    tcase_add_test(people, a_moved_token_key_can_not_be_read);
    tcase_add_test(people, another_master_reads_nothing);
    tcase_add_test(people, no_secret_is_in_the_files);
    tcase_add_test(people, token_keys);
    tcase_add_test(bills, bills_come_back_as_put);
    tcase_add_test(bills, bills_are_found_by_number_and_resource);
    tcase_add_test(bills, bills_are_found_by_the_erps_keys);
    tcase_add_test(bills, bills_of_another_tenant_do_not_exist);
    tcase_add_test(bills, timeline);
    tcase_add_test(bills, invoices_are_known_again);
    tcase_add_test(bills, invoices_are_kept_or_dropped);
    tcase_add_test(bills, files);
    tcase_add_test(pushes, pushes_come_back_as_put);
    tcase_add_test(pushes, pushes_are_counted_up);
    tcase_add_test(pushes, pushes_are_listed);
    tcase_add_test(pushes, refused_pushes_are_pruned);
    tcase_add_test(pushes, pruned_bodies_are_gone);
    tcase_add_test(pushes, journal_counts_up);
    tcase_add_test(pushes, journal_is_bounded);
    tcase_add_test(jobs, jobs_live);
    tcase_add_test(jobs, jobs_are_put_again);
    tcase_add_test(jobs, jobs_by_kind);
    tcase_add_loop_test(jobs, jobs_put_again_while_leased, 0, FINISHES);
    tcase_add_test(jobs, leases_run_out);
    tcase_add_test(jobs, two_processes_share_the_jobs);
    return unit_run(suite);
}
