/* A small house for tests of the outbox: a real store and blobs, a clock that stands still until it is moved, and an ERP
 * in memory that takes the place of remote/erp.c at link time, so that the code under test is the one that ships.
 *
 * Life:    outbox_open to outbox_close, around each test.
 * Threads: one.
 * Limits:  OUTBOX_HEARD notices, OUTBOX_IMAGES numbers. */
#ifndef OUTBOX_H
#define OUTBOX_H

#include "base/clock.h"
#include "remote/erp.h"
#include "service/notices.h"
#include "service/reconcile.h"
#include "service/submit.h"
#include "store/pushes.h"
#include "store/store.h"
#include "store/systems.h"
#include "wire/crypto.h"

#include "unit.h"

#include <apr_strings.h>
#include <stdio.h>
#include <unistd.h>

enum { OUTBOX_HEARD = 4096, OUTBOX_IMAGES = 64, OUTBOX_NUMBER = 40 };

/* ---- the ERP ---- */

typedef struct image_t {
    char number[OUTBOX_NUMBER];
    int state;                   /* as facts-erp.md 2.4 */
} image_t;

typedef struct heard_t {
    char number[OUTBOX_NUMBER];
    fpi_notice_kind_t kind;
    bool is_again;
} heard_t;

static struct {
    enum { ERP_UP, ERP_DOWN, ERP_REFUSES, ERP_LOSES } mode; /* LOSES: it takes it, and its answer is lost */
    heard_t heard[OUTBOX_HEARD]; /* what it took */
    image_t images[OUTBOX_IMAGES];
    int heard_count, image_count, calls, asked;
    void (*check)(const fpi_notice_t *notice);
} erp;

static image_t *image_of(const char *number)
{
    for (int i = 0; i < erp.image_count; i++) {
        if (strcmp(erp.images[i].number, number) == 0) {
            return &erp.images[i];
        }
    }
    ck_assert_int_lt(erp.image_count, OUTBOX_IMAGES);
    apr_cpystrn(erp.images[erp.image_count].number, number, OUTBOX_NUMBER);
    return &erp.images[erp.image_count++];
}

fpi_err_t *fpi_erp_notify(fpi_erp_t *one, const fpi_system_t *system, const fpi_notice_t *notice, fpi_task_t *t)
{
    (void)one;
    ck_assert_str_eq(system->name, "EAS-1");
    erp.calls++;
    if (erp.mode == ERP_DOWN) {
        return fpi_fail(t, FPI_E_ERP, "connection refused");
    }
    if (erp.mode == ERP_REFUSES) {
        return fpi_fail(t, FPI_E_ERP_REFUSED, "imageNo: %s not exist", notice->number);
    }
    if (erp.check) {
        erp.check(notice);
    }
    ck_assert_int_lt(erp.heard_count, OUTBOX_HEARD);
    apr_cpystrn(erp.heard[erp.heard_count].number, notice->number, OUTBOX_NUMBER);
    erp.heard[erp.heard_count].kind = notice->kind;
    erp.heard[erp.heard_count++].is_again = notice->is_again;
    image_of(notice->number)->state = notice->kind == FPI_NOTICE_SENT_BACK ? 3 : notice->is_again ? 4 : 2;
    return erp.mode == ERP_LOSES ? fpi_fail(t, FPI_E_ERP_LATE, "no answer") : NULL;
}

fpi_err_t *fpi_erp_find_state(int *state, fpi_erp_t *one, const fpi_system_t *system, const char *number, fpi_task_t *t)
{
    (void)one;
    (void)system;
    erp.asked++;
    *state = image_of(number)->state;
    return erp.mode == ERP_DOWN ? fpi_fail(t, FPI_E_ERP, "connection refused") : NULL;
}

/* No other call is made here. */
fpi_err_t *fpi_erp_make(fpi_erp_t **out, apr_pool_t *pool, const fpi_erp_options_t *options, fpi_task_t *t)
{
    (void)out;
    (void)pool;
    (void)options;
    return fpi_fail(t, FPI_E_INTERNAL, "not here");
}

fpi_err_t *fpi_erp_verify(fpi_erp_verdict_t *out, fpi_erp_t *one, const fpi_system_t *system, fpi_task_t *t)
{
    (void)out;
    (void)one;
    return fpi_fail(t, FPI_E_INTERNAL, "%s: not here", system->name);
}

fpi_err_t *fpi_erp_list_orgs(fpi_json_t **out, fpi_erp_t *one, const fpi_system_t *system, apr_time_t since, fpi_task_t *t)
{
    (void)out;
    (void)one;
    (void)since;
    return fpi_fail(t, FPI_E_INTERNAL, "%s: not here", system->name);
}

fpi_err_t *fpi_erp_list_users(fpi_json_t **out, fpi_erp_t *one, const fpi_system_t *system, apr_time_t since, fpi_task_t *t)
{
    return fpi_erp_list_orgs(out, one, system, since, t);
}

/* ---- the house ---- */

static apr_time_t now;
static char folder[64];
static fpi_app_t *app;

static apr_time_t standing_clock(void)
{
    return now;
}

static void outbox_open(void)
{
    fpi_store_options_t options = { .data_dir = folder, .may_migrate = true };

    unit_open();
    memset(&erp, 0, sizeof(erp));
    now = apr_time_from_sec(1800000000);
    fpi_clock_set(standing_clock);
    /* in memory where there is some: nothing here is about flushing */
    strcpy(folder, access("/dev/shm", W_OK) ? "/tmp/fpi_outbox_XXXXXX" : "/dev/shm/fpi_outbox_XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    options.master = fpi_secret_make(task->pool, "0123456789abcdef0123456789abcdef", FPI_KEY_LEN);
    options.database = apr_pstrcat(task->pool, "sqlite:", folder, "/test.db", NULL);
    app = apr_pcalloc(task->pool, sizeof(*app));
    app->pool = task->pool;
    app->settings = apr_pcalloc(task->pool, sizeof(*app->settings));
    app->shared = apr_pcalloc(task->pool, sizeof(*app->shared));
    app->log = task->log;
    app->instance = "test";
    app->master = fpi_secret_make(task->pool, "0123456789abcdef0123456789abcdef", FPI_KEY_LEN);
    unit_done(fpi_store_open(&app->store, task->pool, &options, task));
    unit_done(fpi_blobs_open(&app->blobs, task->pool, apr_pstrcat(task->pool, "file:", folder, "/blobs", NULL), task));
    task->tenant = 1;
}

static void outbox_close(void)
{
    fpi_store_close(&app->store);
    ck_assert_int_eq(system(apr_psprintf(task->pool, "rm -rf %s", folder)), 0);
    fpi_clock_set(NULL);
    unit_close();
}

static fpi_err_t *tx_system(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    fpi_system_t *one = apr_pcalloc(t->pool, sizeof(*one));

    fpi_system_init(one, 1);
    one->name = "EAS-1";
    one->resource = baton;
    one->prefix = "http://127.0.0.1:1/ormrpc/services/";
    one->dc = "DC";
    one->user = "u";
    one->solution = "eas";
    one->language = "L2";
    one->password = fpi_secret_make(t->pool, "password", 8);
    return fpi_system_put(one, tx, t);
}

static void add_system(void)
{
    unit_done(fpi_store_write(app->store, tx_system, "", task));
}

/* Bytes in the blob store; returns their hash. */
static const char *put_bytes(const char *text)
{
    char *sha = apr_pcalloc(task->pool, FPI_SHA256_HEX + 1);
    fpi_spool_t *spool;
    int64_t size;

    unit_done(fpi_spool_open(&spool, app->blobs, 1 << 20, task));
    unit_done(fpi_spool_put(spool, text, strlen(text), task));
    unit_done(fpi_spool_keep(sha, &size, spool, task));
    return sha;
}

typedef struct making_t {
    const char *number, *sha;
    int64_t id;
} making_t;

static fpi_err_t *tx_make(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    making_t *m = baton;
    fpi_bill_t bill = { .tenant = 1, .number = m->number, .resource = "EAS", .is_announced = true, .page_count = 1,
                        .state = FPI_STATE_UPLOADED, .apply_erp_user = "zhangsan" };
    fpi_file_t file = { .tenant = 1, .kind = FPI_KIND_INVOICE, .name = "f.pdf", .media = "application/pdf", .sha256 = m->sha };
    bool is_new;

    FPI_TRY(fpi_bill_put(&bill, tx, t));
    m->id = file.bill = bill.id;
    return fpi_file_put(&file, &is_new, tx, t);
}

/* An uploaded bill with one image; its id. */
static int64_t make_bill(const char *number)
{
    making_t m = { number, put_bytes(number), 0 };

    unit_done(fpi_store_write(app->store, tx_make, &m, task));
    return m.id;
}

typedef struct doing_t {
    int64_t id, count;
    fpi_order_t order;
    bool is_changed;
    fpi_bill_t *bill;
    fpi_delivery_t *rows;
    int row_count;
    fpi_event_t *events;
    int event_count;
} doing_t;

static fpi_err_t *tx_order(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    doing_t *d = baton;

    FPI_TRY(fpi_bill_find_by_id(&d->bill, tx, 1, d->id, t));
    return fpi_move(&d->is_changed, d->bill, &d->order, tx, t);
}

/* What is refused changes nothing. */
static fpi_err_t *try_order(int64_t id, fpi_act_t act, const char *reason)
{
    doing_t d = { .id = id, .order = { act, reason, NULL, NULL } };

    return fpi_store_write(app->store, tx_order, &d, task);
}

static fpi_err_t *tx_retry(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    doing_t *d = baton;

    FPI_TRY(fpi_bill_find_by_id(&d->bill, tx, 1, d->id, t));
    return fpi_notice_retry(&d->count, tx, d->bill, t);
}

static fpi_err_t *tx_rows(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    doing_t *d = baton;
    const fpi_delivery_query_t query = { .tenant = 1, .bill = d->id, .state = -1, .most = 1000, .bound = 1000 };
    int64_t total;

    FPI_TRY(fpi_bill_find_by_id(&d->bill, tx, 1, d->id, t));
    FPI_TRY(fpi_trail_list(&d->events, &d->event_count, tx, d->bill, 0, 1000, t));
    return fpi_deliveries_list(&d->rows, &d->row_count, &total, tx, &query, t);
}

/* The bill, its notices (newest first), its timeline. */
static doing_t look_at(int64_t id)
{
    doing_t d = { .id = id };

    unit_done(fpi_store_read(app->store, tx_rows, &d, task));
    return d;
}

/* Runs what is due now. */
static void work(void)
{
    int done;

    unit_done(fpi_jobs_run_due(app, &done, task));
}

static fpi_err_t *tx_due(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    static const fpi_job_queue_t queues[] = { { FPI_JOB_NOTICE, 0 }, { FPI_JOB_RECONCILE, 0 }, { "pull", 0 }, { NULL, 0 } };

    return fpi_jobs_next_due(baton, tx, queues, t);
}

/* Lets the time pass in steps of what is due next, as httpd would. */
static void pass(apr_interval_time_t span)
{
    apr_time_t end = now + span, due;

    for (int turns = 0; now < end && turns < 100000; turns++) {
        work();
        unit_done(fpi_store_read(app->store, tx_due, &due, task));
        now = due > now && due < end ? due : due && due <= now ? now + APR_USEC_PER_SEC : end;
    }
    work();
}

/* "READY SENT_BACK READY*": what the ERP took of that number, in order. */
static const char *heard_of(const char *number)
{
    const char *all = "";

    for (int i = 0; i < erp.heard_count; i++) {
        if (strcmp(erp.heard[i].number, number) == 0) {
            all = apr_pstrcat(task->pool, all, *all ? " " : "", fpi_notice_symbol(erp.heard[i].kind),
                              erp.heard[i].is_again ? "*" : "", NULL);
        }
    }
    return all;
}

/* How many entries of the timeline hold that. */
static int says(int64_t id, const char *what)
{
    doing_t d = look_at(id);
    int count = 0;

    for (int i = 0; i < d.event_count; i++) {
        count += strcmp(d.events[i].kind, "notice") == 0 && strstr(d.events[i].note, what) != NULL;
    }
    return count;
}

#endif
