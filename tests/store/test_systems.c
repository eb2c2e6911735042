/* Business systems, against a real SQLite store. */
#include "base/clock.h"
#include "store/store.h"
#include "store/systems.h"
#include "wire/crypto.h"

#include "unit.h"

#include <apr_strings.h>
#include <stdio.h>
#include <unistd.h>

static char folder[64];
static fpi_store_t *store;

static void open_store(const char *master)
{
    fpi_store_options_t options = { .data_dir = folder, .may_migrate = true };

    options.master = fpi_secret_make(task->pool, master, FPI_KEY_LEN);
    options.database = apr_pstrcat(task->pool, "sqlite:", folder, "/test.db", NULL);
    unit_done(fpi_store_open(&store, task->pool, &options, task));
}

static void open_all(void)
{
    unit_open();
    strcpy(folder, "/tmp/fpi_systems_XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    open_store("0123456789abcdef0123456789abcdef");
}

static void close_all(void)
{
    char *command = apr_psprintf(task->pool, "rm -rf %s", folder);

    fpi_store_close(&store);
    ck_assert_int_eq(system(command), 0);
    unit_close();
}

/* ---- one verb in one transaction ---- */

typedef struct doing_t {
    enum { PUT, NOTE, FIND, FIND_FOR, DROP } verb;
    fpi_system_t *system;
    int64_t tenant, id;
    const char *text;
    bool was_there;
} doing_t;

static fpi_err_t *tx_do(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    doing_t *d = baton;

    switch (d->verb) {
    case PUT:
        return fpi_system_put(d->system, tx, t);
    case NOTE:
        return fpi_system_note(d->system, tx, t);
    case FIND:
        return fpi_system_find(&d->system, tx, d->tenant, d->text, t);
    case FIND_FOR:
        return fpi_system_find_for(&d->system, tx, d->tenant, d->text, t);
    default:
        return fpi_system_drop(&d->was_there, tx, d->tenant, d->id, t);
    }
}

static fpi_err_t *put(fpi_system_t *system)
{
    doing_t d = { .verb = PUT, .system = system };

    return fpi_store_write(store, tx_do, &d, task);
}

static fpi_system_t *find(const char *name)
{
    doing_t d = { .verb = FIND, .tenant = 1, .text = name };

    unit_done(fpi_store_read(store, tx_do, &d, task));
    return d.system;
}

static const char *find_for(const char *resource)
{
    doing_t d = { .verb = FIND_FOR, .tenant = 1, .text = resource };

    unit_done(fpi_store_read(store, tx_do, &d, task));
    return d.system ? d.system->name : "";
}

static fpi_system_t make(const char *name, const char *resource)
{
    fpi_system_t system;

    fpi_system_init(&system, 1);
    system.name = name;
    system.resource = resource;
    system.prefix = "http://eas:6888/ormrpc/services/";
    system.dc = "DC01";
    system.user = "imguser";
    system.password = fpi_secret_make_text(task->pool, "geheim");
    return system;
}

START_TEST(rows_come_back)
{
    fpi_system_t system = make("集团", "");
    fpi_system_t *back;

    system.auth_pattern = "BaseDB";
    system.encode_pwd = 0;
    system.names[FPI_EAS_FACADE] = "WSOther";
    unit_done(put(&system));
    back = find("集团");
    ck_assert_ptr_nonnull(back);
    ck_assert_int_eq(back->id, system.id);
    ck_assert_int_eq(back->epoch, 1);
    ck_assert_str_eq(back->password->bytes, "geheim");
    ck_assert_str_eq(back->auth_pattern, "BaseDB");
    ck_assert_int_eq(back->encode_pwd, 0);
    ck_assert_str_eq(fpi_eas_name(back, FPI_EAS_FACADE), "WSOther");
    ck_assert_str_eq(fpi_eas_name(back, FPI_EAS_OPERATION), "updateImageStateNew");
    back->password = fpi_secret_make_text(task->pool, "neu");
    back->name = "总部"; /* sealed under its name */
    unit_done(put(back));
    ck_assert_ptr_null(find("集团"));
    back = find("总部");
    ck_assert_str_eq(back->password->bytes, "neu");
    ck_assert_int_eq(back->epoch, 2);
    ck_assert_int_eq(back->id, system.id);
}
END_TEST

START_TEST(bills_go_to_one)
{
    fpi_system_t rest = make("rest", ""), own = make("own", "EAS2"), clash = make("clash", "EAS2"), twin = make("own", "X");
    fpi_err_t *err;

    ck_assert_str_eq(find_for("EAS2"), "");
    unit_done(put(&rest));
    unit_done(put(&own));
    ck_assert_str_eq(find_for("EAS2"), "own");
    ck_assert_str_eq(find_for("EAS"), "rest");
    ck_assert_str_eq(find_for(NULL), "rest");
    err = put(&clash);
    unit_failed(err, FPI_E_DUPLICATE);
    ck_assert_ptr_nonnull(strstr(fpi_err_public(err, "en"), "own"));
    unit_failed(put(&twin), FPI_E_DUPLICATE);
    clash = make("clash", "EAS2");
    clash.is_enabled = false;
    unit_done(put(&clash));
    own.is_enabled = false;
    unit_done(put(&own));
    ck_assert_str_eq(find_for("EAS2"), "rest");
}
END_TEST

START_TEST(checks_are_noted_of_what_was_checked)
{
    fpi_system_t system = make("a", "");
    doing_t d = { .verb = NOTE, .system = &system };

    unit_done(put(&system));
    system.is_checked = true;
    system.check_note = "ok";
    system.checked = 5;
    unit_done(fpi_store_write(store, tx_do, &d, task));
    ck_assert(find("a")->is_checked);
    ck_assert_int_eq(find("a")->epoch, 2); /* remembered refusals are forgotten */
    system.is_checked = false;             /* of epoch 1: it is another by now */
    unit_done(fpi_store_write(store, tx_do, &d, task));
    ck_assert(find("a")->is_checked);
}
END_TEST

START_TEST(tenants_and_keys_are_kept_apart)
{
    fpi_system_t system = make("a", ""), other = make("a", "");
    doing_t d = { .verb = DROP, .tenant = 2 }, look = { .verb = FIND, .tenant = 1, .text = "a" };

    other.tenant = 2;
    unit_done(put(&system));
    unit_done(put(&other));
    d.id = system.id;
    unit_done(fpi_store_write(store, tx_do, &d, task));
    ck_assert(!d.was_there);
    fpi_store_close(&store);
    open_store("another-key-another-key-another-");
    unit_failed(fpi_store_read(store, tx_do, &look, task), FPI_E_CONFIG);
    d.tenant = 1;
    unit_done(fpi_store_write(store, tx_do, &d, task));
    ck_assert(d.was_there);
    ck_assert_ptr_null(find("a"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("systems");
    TCase *all = tcase_create("systems");

    tcase_add_checked_fixture(all, open_all, close_all);
    suite_add_tcase(suite, all);
    tcase_add_test(all, rows_come_back);
    tcase_add_test(all, bills_go_to_one);
    tcase_add_test(all, checks_are_noted_of_what_was_checked);
    tcase_add_test(all, tenants_and_keys_are_kept_apart);
    return unit_run(suite);
}
