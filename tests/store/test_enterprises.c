/* Enterprises and token keys against a real SQLite store: when an epoch is raised; their secrets are sealed, and can't be
 * read where they were not put. */
#include "store/people.h"

#include "noun_unit.h"

#include <stdio.h>

static fpi_secret_t *secret_of(const char *text)
{
    return fpi_secret_make_text(task->pool, text);
}

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

int main(void)
{
    Suite *suite = suite_create("enterprises");
    TCase *tests = noun_case(suite, "enterprises");

    tcase_add_test(tests, enterprises_raise_their_epoch);
    tcase_add_test(tests, enterprises_are_listed);
    tcase_add_loop_test(tests, a_moved_secret_can_not_be_read, 0, UNIT_COUNT(moves));
    tcase_add_test(tests, a_lost_secret_can_be_put_anew);
    tcase_add_test(tests, a_moved_token_key_can_not_be_read);
    tcase_add_test(tests, another_master_reads_nothing);
    tcase_add_test(tests, no_secret_is_in_the_files);
    tcase_add_test(tests, token_keys);
    return unit_run(suite);
}
