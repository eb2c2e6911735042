/* Lives of bills, made of dice, in basic, match and sync mode: pushes, scans, submits, send-backs, withdrawals, reviews,
 * voids, clerks who vouch for invoices, switches, an ERP that is there, dead, says no or loses its answers, hosts of files
 * that fail, time that passes. Whatever comes: no bill is lost, none is stuck without a reason to be seen, and the ERP is
 * never told "ready" before the images are on the disk.
 *
 * There is no decoding helper here: in match mode nothing can be read from a file, and only what clerks vouch for is found.
 *
 * FPI_LIFE_SEED=n runs one life again; FPI_LIVES=n runs that many. */
#include "outbox.h"

#include "service/attach.h"
#include "service/fetch.h"
#include "service/looks.h"
#include "service/match.h"
#include "service/modes.h"
#include "service/pull.h"
#include "service/reads.h"
#include "service/switches.h"

#include <sys/stat.h>

enum { BILLS = 5, STEPS = 60, LIVES = 12 };

#define HOUR apr_time_from_sec(3600)

static uint64_t dice;
static unsigned seed;
static bool is_host_dead;
static int64_t ids[BILLS];
static const char *numbers[BILLS];

static int roll(int sides)
{
    dice = dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int)((dice >> 33) % (uint64_t)sides);
}

/* ---- the host of files: bytes are what the address says ---- */

fpi_err_t *fpi_fetch(fpi_fetched_t *out, fpi_app_t *one, const char *url, fpi_task_t *t)
{
    memset(out, 0, sizeof(*out));
    if (is_host_dead && roll(3)) {
        return fpi_fail(t, FPI_E_CLOUD, "the host of %s does not answer", url);
    }
    (void)one;
    apr_cpystrn(out->sha256, put_bytes(apr_pstrcat(t->pool, "%PDF-", url, NULL)), sizeof(out->sha256));
    out->media = FPI_MEDIA_PDF;
    out->size = (int64_t)strlen(url) + 5;
    return NULL;
}

fpi_err_t *fpi_fetch_spool(fpi_spool_t **out, fpi_app_t *one, const char *url, fpi_task_t *t)
{
    (void)out;
    (void)one;
    return fpi_fail(t, FPI_E_INTERNAL, "not here: %s", url);
}

fpi_err_t *fpi_fetch_client_make(fpi_http_client_t **client, fpi_app_t *one, fpi_task_t *t)
{
    (void)client;
    (void)one;
    return fpi_fail(t, FPI_E_INTERNAL, "not here");
}

/* ---- what may happen ---- */

static fpi_err_t *tx_push(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    int64_t id = *(int64_t *)baton;
    fpi_push_t push = { .tenant = 1, .bill = id, .status = "taken" };
    const char *list = "";
    int count = roll(3);
    fpi_bill_t *bill;

    FPI_TRY(fpi_bill_find_by_id(&bill, tx, 1, id, t));
    if (bill->state == FPI_STATE_VOID) {
        return NULL;
    }
    for (int i = 0; i < count; i++) {
        int what = roll(6);

        list = apr_psprintf(t->pool, "%s%s{\"invoiceNo\":\"%08d\",\"invoiceCode\":\"0440\",\"serialNo\":\"S%d\","
                            "\"downloadUrl\":\"https://files.test/%s-%d.pdf\"}", list, i ? "," : "", what, what, bill->number,
                            what);
    }
    push.number = bill->number;
    push.body = apr_psprintf(t->pool, "{\"scanBillNo\":\"%s\",\"invoice\":[%s]}", bill->number, list);
    push.body_len = (int64_t)strlen(push.body);
    push.body_sha = apr_psprintf(t->pool, "%d", roll(1000000));
    FPI_TRY(fpi_push_put(&push, tx, t));
    return fpi_pull_put(tx, bill, push.id, t);
}

typedef struct scan_t {
    int64_t id;
    const char *sha;
} scan_t;

static fpi_err_t *tx_scan(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    const scan_t *s = baton;
    const fpi_file_t wanted = { .kind = FPI_KIND_INVOICE, .name = "scan.pdf", .media = "application/pdf", .sha256 = s->sha };
    fpi_attach_t attach = { .act = FPI_ACT_ATTACH, .wanted = &wanted, .count = 1, .source = "upload" };

    FPI_TRY(fpi_bill_find_by_id(&attach.bill, tx, 1, s->id, t));
    return fpi_attach_files(&attach, tx, t);
}

static void scan(int64_t id)
{
    scan_t s = { id, put_bytes(apr_psprintf(task->pool, "scan %d", roll(1000000))) };

    fpi_ignore(fpi_store_write(app->store, tx_scan, &s, task)); /* a void bill takes none */
}

/* A clerk sees one of the invoices in one of the files. */
static fpi_err_t *tx_vouch(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    fpi_matching_t *m = apr_palloc(t->pool, sizeof(*m));
    fpi_bill_t *bill;

    FPI_TRY(fpi_bill_find_by_id(&bill, tx, 1, *(int64_t *)baton, t));
    FPI_TRY(fpi_match_look(m, tx, bill, t));
    return m->asked.expected_count && m->file_count
               ? fpi_match_vouch(tx, bill, m->asked.expected[roll(m->asked.expected_count)].id, m->files[roll(m->file_count)].id, t)
               : NULL;
}

static fpi_err_t *tx_switch(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    static const char *const names[] = { "match.strict", "match.counted", "match.submit" };

    (void)baton;
    return fpi_switch_put(tx, names[roll(UNIT_COUNT(names))], roll(2) ? "on" : "standard", t);
}

static void try_again(int64_t id)
{
    doing_t d = { .id = id };

    unit_done(fpi_store_write(app->store, tx_retry, &d, task));
}

static void step(void)
{
    static const fpi_act_t acts[] = { FPI_ACT_SUBMIT, FPI_ACT_SUBMIT, FPI_ACT_RESUBMIT, FPI_ACT_RESCAN,
                                      FPI_ACT_CANCEL_RESCAN, FPI_ACT_REVIEW };
    int64_t id = ids[roll(BILLS)];

    switch (roll(14)) {
    case 0:
    case 1:
        unit_done(fpi_store_write(app->store, tx_push, &id, task));
        break;
    case 2:
    case 3:
        scan(id);
        break;
    case 4:
        erp.mode = roll(3) ? ERP_UP : roll(4);
        break;
    case 5:
        is_host_dead = !roll(3);
        break;
    case 6:
        try_again(id);
        break;
    case 7: /* rarely */
        fpi_ignore(roll(6) ? NULL : try_order(id, FPI_ACT_VOID, "void"));
        break;
    case 8: /* what is refused changes nothing */
        fpi_ignore(fpi_store_write(app->store, tx_vouch, &id, task));
        break;
    case 9:
        unit_done(fpi_store_write(app->store, tx_switch, NULL, task));
        break;
    default: /* what the state forbids is refused, and must change nothing */
        fpi_ignore(try_order(id, acts[roll(UNIT_COUNT(acts))], roll(2) ? "why" : NULL));
    }
}

/* ---- what must hold ---- */

static const char *where(int64_t id)
{
    return apr_psprintf(task->pool, "life %u, bill %d", seed, (int)id);
}

static bool is_on_disk(const char *sha)
{
    struct stat st;

    return stat(apr_psprintf(task->pool, "%s/blobs/%.2s/%.2s/%s", folder, sha, sha + 2, sha), &st) == 0;
}

typedef struct seen_t {
    const char *number;
    fpi_bill_t *bill;
    fpi_file_t *files;
    int count;
} seen_t;

static fpi_err_t *tx_see(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    seen_t *s = baton;

    FPI_TRY(fpi_bill_find(&s->bill, tx, 1, s->number, "EAS", t));
    return fpi_files_list(&s->files, &s->count, tx, 1, s->bill->id, 1000, t);
}

/* The ERP looks at the images the moment it is told. */
static void check_images(const fpi_notice_t *notice)
{
    seen_t s = { .number = notice->number };

    unit_done(fpi_store_read(app->store, tx_see, &s, task));
    if (notice->kind != FPI_NOTICE_READY) {
        return;
    }
    ck_assert_msg(s.count > 0, "%s: ready without images", where(s.bill->id));
    for (int i = 0; i < s.count; i++) {
        ck_assert_msg(is_on_disk(s.files[i].sha256), "%s: ready before %s was there", where(s.bill->id), s.files[i].sha256);
    }
}

typedef struct jobs_t {
    const char *key;
    fpi_job_t *notice, *pull;
} jobs_t;

static fpi_err_t *tx_jobs(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    jobs_t *j = baton;

    FPI_TRY(fpi_job_find(&j->notice, tx, FPI_JOB_NOTICE, j->key, t));
    return fpi_job_find(&j->pull, tx, FPI_JOB_PULL, j->key, t);
}

static bool waits(const fpi_job_t *job)
{
    return job && strcmp(job->state, "ready") == 0;
}

/* What waits has a job that will do it; what does not go on by itself says so. */
static void check_progress(int64_t id)
{
    doing_t d = look_at(id);
    jobs_t j = { .key = apr_psprintf(task->pool, "%d", (int)id) };
    bool is_waiting = false, is_parked = false;

    unit_done(fpi_store_read(app->store, tx_jobs, &j, task));
    ck_assert_msg(d.bill != NULL, "%s is lost", where(id));
    for (int i = 0; i < d.row_count; i++) {
        is_waiting = is_waiting || d.rows[i].state == FPI_DELIVERY_WAITING;
        is_parked = is_parked || d.rows[i].state == FPI_DELIVERY_PARKED;
        ck_assert_msg(d.rows[i].state == FPI_DELIVERY_WAITING || d.rows[i].state == FPI_DELIVERY_DELIVERED || d.rows[i].note,
                      "%s: notice %d does not say why", where(id), (int)d.rows[i].id);
    }
    ck_assert_msg(!is_parked || says(id, "given up") > 0, "%s: given up in silence", where(id));
    ck_assert_msg(!is_waiting || is_parked || waits(j.notice), "%s: a notice waits, and nobody will tell it", where(id));
    ck_assert_msg(d.bill->state != FPI_STATE_VOID || !(is_waiting || is_parked), "%s: void, and to be told", where(id));
}

typedef struct matching_t {
    int64_t id;
    fpi_bill_t *bill;
    fpi_matching_t m;
    fpi_job_t *read;
    int looks;
} matching_t;

static fpi_err_t *tx_matching(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    matching_t *a = baton;

    a->looks = 0;
    FPI_TRY(fpi_bill_find_by_id(&a->bill, tx, 1, a->id, t));
    FPI_TRY(fpi_match_look(&a->m, tx, a->bill, t));
    for (int i = 0; i < a->m.file_count; i++) {
        fpi_job_t *look;

        FPI_TRY(fpi_job_find(&look, tx, FPI_JOB_LOOK, a->m.files[i].sha256, t));
        a->looks += waits(look);
    }
    return fpi_job_find(&a->read, tx, FPI_JOB_READ, apr_psprintf(t->pool, "%d", (int)a->id), t);
}

/* In match mode a bill that is not submitted goes on by itself, or says why not. */
static void check_matching(int64_t id)
{
    matching_t a = { .id = id };
    bool is_open, goes_on;

    unit_done(fpi_store_read(app->store, tx_matching, &a, task));
    is_open = a.bill->state == FPI_STATE_UPLOADED || a.bill->state == FPI_STATE_RECOGNISED || a.bill->state == FPI_STATE_MISMATCH
              || a.bill->state == FPI_STATE_MATCHED;
    goes_on = waits(a.read) || a.looks;
    ck_assert_msg(a.bill->state != FPI_STATE_MISMATCH || (a.bill->reason && *a.bill->reason), "%s: it does not match, and does not "
                  "say why", where(id));
    if (a.m.mode.mode != FPI_MODE_MATCH || !is_open) {
        return;
    }
    ck_assert_msg(goes_on || (a.m.en && *a.m.en && a.m.zh && *a.m.zh), "%s: %s without a reason", where(id),
                  fpi_state_symbol(a.bill->state));
    ck_assert_msg(goes_on || a.m.result != FPI_RESULT_READING, "%s: it is said to be read, and nobody reads", where(id));
    ck_assert_msg(goes_on || a.m.before.result == a.m.result, "%s: %s was told last, and it is %s", where(id),
                  fpi_match_result_name(a.m.before.result), fpi_match_result_name(a.m.result));
    ck_assert_msg(goes_on || a.bill->state != FPI_STATE_MATCHED || !a.m.submits, "%s: it matches, and is not submitted", where(id));
}

/* What was heard is what was to be told, in its order; the same may come again before the next. */
static void check_order(int64_t id, const char *number)
{
    doing_t d = look_at(id);
    int at = d.row_count - 1, delivered = 0, heard = 0;

    for (int i = 0; i < erp.heard_count; i++) {
        if (strcmp(erp.heard[i].number, number) != 0) {
            continue;
        }
        heard++;
        while (at >= 0 && (d.rows[at].kind != erp.heard[i].kind || d.rows[at].is_again != erp.heard[i].is_again)) {
            at--;
        }
        ck_assert_msg(at >= 0, "%s: %s is out of order", where(id), heard_of(number));
    }
    for (int i = 0; i < d.row_count; i++) {
        delivered += d.rows[i].state == FPI_DELIVERY_DELIVERED;
    }
    heard += says(id, "has it already"); /* the reconciliation has asked */
    ck_assert_msg(heard >= delivered, "%s: %d were told, %d heard", where(id), delivered, heard);
}

/* Once all are well again, both sides say the same. */
static void check_end(int64_t id, const char *number)
{
    doing_t d = look_at(id);
    int theirs = image_of(number)->state;
    bool is_shown = d.bill->state == FPI_STATE_SUBMITTED || d.bill->state == FPI_STATE_REVIEWED;

    for (int i = 0; i < d.row_count; i++) {
        ck_assert_msg(d.rows[i].state == FPI_DELIVERY_DELIVERED || d.rows[i].state == FPI_DELIVERY_SKIPPED,
                      "%s: notice %d is %s", where(id), (int)d.rows[i].id, fpi_delivery_state_symbol(d.rows[i].state));
    }
    ck_assert_msg(!is_shown || theirs == 2 || theirs == 4, "%s: %s here, %d there", where(id),
                  fpi_state_symbol(d.bill->state), theirs);
    ck_assert_msg(d.bill->state != FPI_STATE_RESCAN || theirs == 3, "%s: sent back here, %d there", where(id), theirs);
}

/* ---- a life ---- */

static fpi_err_t *tx_mode(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    const fpi_mode_said_t said = { (fpi_mode_t)*(int *)baton, FPI_SCOPE_TENANT, NULL, FPI_MODE_NONE };

    return fpi_mode_put(tx, &said, t);
}

static fpi_err_t *tx_first_look(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    seen_t s = { .number = baton };

    FPI_TRY(tx_see(tx, &s, t));
    return fpi_look_put(NULL, tx, 1, s.files[0].sha256, t);
}

static void begin(void)
{
    int mode = FPI_MODE_BASIC + (int)(seed % 3);

    dice = seed * UINT64_C(0x9E3779B97F4A7C15); /* lives one after the other are not alike */
    is_host_dead = false;
    erp.check = check_images;
    add_system();
    unit_done(fpi_reconcile_arrange(app, task));
    unit_done(fpi_store_write(app->store, tx_mode, &mode, task));
    for (int i = 0; i < BILLS; i++) {
        numbers[i] = apr_psprintf(task->pool, "LIFE-%d", i);
        ids[i] = make_bill(numbers[i]);
        unit_done(fpi_store_write(app->store, tx_first_look, (void *)numbers[i], task));
    }
}

static void recover(void)
{
    erp.mode = ERP_UP;
    is_host_dead = false;
    for (int i = 0; i < BILLS; i++) {
        try_again(ids[i]);
    }
    pass(3 * HOUR);
}

static void live(void)
{
    outbox_open();
    begin();
    for (int i = 0; i < STEPS; i++) {
        step();
        pass(roll(20) ? apr_time_from_sec(roll(90)) : (roll(8) ? HOUR : 80 * HOUR));
        for (int k = 0; k < BILLS; k++) {
            check_progress(ids[k]);
            check_matching(ids[k]);
            check_order(ids[k], numbers[k]);
        }
    }
    recover();
    for (int k = 0; k < BILLS; k++) {
        check_progress(ids[k]);
        check_matching(ids[k]);
        check_order(ids[k], numbers[k]);
        check_end(ids[k], numbers[k]);
    }
    outbox_close();
}

START_TEST(lives)
{
    const char *one = getenv("FPI_LIFE_SEED"), *many = getenv("FPI_LIVES");
    unsigned first = one ? (unsigned)atoi(one) : (unsigned)apr_time_now(), count = one ? 1 : many ? (unsigned)atoi(many) : LIVES;

    printf("lives %u to %u\n", first, first + count - 1);
    for (seed = first; seed < first + count; seed++) {
        live();
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("life");
    TCase *one = tcase_create("life");

    tcase_set_timeout(one, 600);
    tcase_add_test(one, lives);
    suite_add_tcase(suite, one);
    return unit_run(suite);
}
