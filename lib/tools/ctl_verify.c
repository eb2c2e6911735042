/* verify: has every row its bytes, are they what they were, and is there nothing that nobody knows of? */
#include "tools/ctl_storage.h"

#include "store/identity.h"

#include <apr_strings.h>
#include <string.h>

enum { PAGE = 1000, TOLD = 1000 };

#define OVERDUE (FPI_ORPHAN_AGE + 2 * FPI_ORPHAN_ROUND)

typedef enum what_t { MISSING, DAMAGED, ORPHAN, WHAT_COUNT } what_t;

static const char *const whats[WHAT_COUNT] = { "missing", "damaged", "orphan" };

typedef struct verifying_t {
    ctl_t *ctl;
    fpi_store_t *store;
    fpi_blobs_t *blobs;
    bool is_repair, is_quick;
    fpi_json_t *findings;  /* the first TOLD of each kind */
    apr_hash_t *faults;    /* SHA-256 of what is missing or damaged -> its first finding, or findings when it is not told */
    int told[WHAT_COUNT];
    int64_t counts[WHAT_COUNT], blob_count, bytes, rows, young, overdue, repaired;
    fpi_task_t step;       /* in a pool that is cleared from time to time */
} verifying_t;

static fpi_json_t *first_finding(const verifying_t *v, const char *sha256)
{
    return apr_hash_get(v->faults, sha256, APR_HASH_KEY_STRING);
}

/* However many rows name a content, and whatever is wrong with it, it is one fault. */
static void count(verifying_t *v, what_t what, const char *sha256, fpi_json_t *doc)
{
    if (what == ORPHAN) {
        v->counts[what]++;
    }
    else if (!first_finding(v, sha256)) {
        v->counts[what]++;
        apr_hash_set(v->faults, apr_pstrdup(v->ctl->task->pool, sha256), APR_HASH_KEY_STRING, doc ? doc : v->findings);
    }
}

/* NULL: enough of that kind are named. */
static fpi_json_t *find(verifying_t *v, what_t what, const char *sha256)
{
    fpi_json_t *doc = v->told[what] < TOLD ? fpi_json_make_object(v->ctl->task) : NULL;

    count(v, what, sha256, doc);
    if (!doc) {
        return NULL;
    }
    v->told[what]++;
    fpi_json_put_text(doc, "what", whats[what]);
    fpi_json_put_text(doc, "sha256", sha256);
    fpi_json_add(v->findings, doc);
    return doc;
}

static void put_why(verifying_t *v, fpi_json_t *doc, const char *why)
{
    if (doc) {
        fpi_json_put_text(doc, "why", apr_pstrdup(v->ctl->task->pool, why));
    }
}

/* ---- blobs ---- */

static fpi_err_t *check_bytes(verifying_t *v, const char *sha256)
{
    fpi_err_t *err = v->is_quick ? NULL : fpi_blob_verify(v->blobs, sha256, &v->step);

    if (!err || err->code == FPI_E_ABSENT) {
        return NULL; /* dropped since it was listed */
    }
    put_why(v, find(v, DAMAGED, sha256), fpi_err_chain(v->step.pool, err));
    if (v->is_repair) {
        FPI_TRY(fpi_blob_put_aside(v->blobs, sha256, &v->step));
        v->repaired++;
    }
    return NULL;
}

typedef struct asking_t {
    const char *sha256;
    apr_time_t before;
    fpi_standing_t standing;
} asking_t;

static fpi_err_t *tx_named(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    asking_t *asking = baton;

    return fpi_storage_standing(&asking->standing, tx, asking->sha256, asking->before, task);
}

/* Or was, so long ago. */
static fpi_err_t *is_named(bool *out, verifying_t *v, const char *sha256, apr_interval_time_t ago)
{
    asking_t asking = { .sha256 = sha256, .before = apr_time_now() - ago };

    FPI_TRY(fpi_store_read(v->store, tx_named, &asking, &v->step));
    *out = asking.standing == FPI_STANDING_NAMED;
    return NULL;
}

static fpi_err_t *note_orphan(verifying_t *v, const char *sha256, apr_interval_time_t age, int64_t size)
{
    bool dropped = false, was_named;
    fpi_json_t *doc;

    if (age < FPI_ORPHAN_AGE) {
        v->young++;
        return NULL;
    }
    if (v->is_repair) {
        FPI_TRY(fpi_storage_drop_orphan(&dropped, v->store, v->blobs, sha256, FPI_ORPHAN_AGE, &v->step));
        v->repaired += dropped;
    }
    FPI_TRY(is_named(&was_named, v, sha256, OVERDUE));
    v->overdue += !dropped && !was_named && age > OVERDUE;
    doc = find(v, ORPHAN, sha256);
    if (doc) {
        fpi_json_put_int(doc, "size", size);
        fpi_json_put_bool(doc, "is_removed", dropped);
        put_why(v, doc, apr_psprintf(v->step.pool, "no row names it, for %d hours", (int)(apr_time_sec(age) / 3600)));
    }
    return NULL;
}

static fpi_err_t *see_blob(void *baton, const char *sha256)
{
    verifying_t *v = baton;
    apr_interval_time_t age;
    bool named;
    int64_t size;

    if (!fpi_blob_stat(v->blobs, sha256, &age, &size)) {
        return NULL;
    }
    if (v->blob_count++ % PAGE == 0) {
        apr_pool_clear(v->step.pool);
    }
    v->bytes += size;
    FPI_TRY(check_bytes(v, sha256));
    FPI_TRY(is_named(&named, v, sha256, FPI_ORPHAN_AGE));
    return named ? NULL : note_orphan(v, sha256, age, size);
}

/* ---- rows ---- */

typedef fpi_err_t *list_fn(fpi_naming_t **out, int *count, fpi_tx_t *tx, int64_t after, int most, fpi_task_t *task);

typedef struct page_t {
    const char *kind;
    list_fn *list;
    int64_t after;
    fpi_naming_t *rows;
    int count;
} page_t;

static fpi_err_t *tx_page(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    page_t *page = baton;

    return page->list(&page->rows, &page->count, tx, page->after, PAGE, task);
}

static void put_row(fpi_json_t *doc, const char *kind, const fpi_naming_t *row)
{
    fpi_json_put_text(doc, "kind", kind);
    fpi_json_put_int(doc, "id", row->id);
    fpi_json_put_int(doc, "bill_id", row->bill);
}

/* A damaged blob that was told without the bill that it is of, or a content whose files were told: nothing new. */
static bool is_told(verifying_t *v, const char *kind, const fpi_naming_t *row)
{
    fpi_json_t *first = first_finding(v, row->sha256);

    if (first && row->bill && first != v->findings && !fpi_json_find(first, "kind")) {
        put_row(first, kind, row);
        return true;
    }
    return first && !row->bill;
}

/* One that is gone may have been dropped together with its row since that was read. */
static fpi_err_t *check_row(verifying_t *v, const char *kind, const fpi_naming_t *row)
{
    apr_interval_time_t age;
    int64_t size = 0;
    bool is_there = fpi_blob_stat(v->blobs, row->sha256, &age, &size), named = true;
    fpi_json_t *doc;

    v->rows++;
    if ((is_there && size == row->size) || is_told(v, kind, row)) {
        return NULL;
    }
    FPI_TRY(is_named(&named, v, row->sha256, FPI_ORPHAN_AGE));
    doc = named ? find(v, is_there ? DAMAGED : MISSING, row->sha256) : NULL;
    if (doc) {
        put_row(doc, kind, row);
        put_why(v, doc, is_there ? apr_psprintf(v->step.pool, "its row says %" APR_INT64_T_FMT " bytes, there are %"
                                                APR_INT64_T_FMT, row->size, size)
                        : row->bill ? apr_psprintf(v->step.pool, "a %s of bill %" APR_INT64_T_FMT " has no bytes", kind, row->bill)
                                    : apr_psprintf(v->step.pool, "%s %" APR_INT64_T_FMT " has no bytes", kind, row->id));
    }
    return NULL;
}

static fpi_err_t *check_rows(verifying_t *v, const char *kind, list_fn *list)
{
    page_t page = { .kind = kind, .list = list };

    do {
        apr_pool_clear(v->step.pool);
        FPI_TRY(fpi_store_read(v->store, tx_page, &page, &v->step));
        for (int i = 0; i < page.count; i++) {
            FPI_TRY(check_row(v, kind, &page.rows[i]));
            page.after = page.rows[i].id;
        }
    } while (page.count == PAGE);
    return NULL;
}

static fpi_err_t *see_content(void *baton, const fpi_naming_t *row, fpi_task_t *task)
{
    (void)task;
    return check_row(baton, "content", row);
}

static fpi_err_t *check_all(verifying_t *v)
{
    FPI_TRY(fpi_blobs_list(v->blobs, see_blob, v, v->ctl->task));
    FPI_TRY(check_rows(v, "file", fpi_storage_list_files));
    FPI_TRY(check_rows(v, "export", fpi_storage_list_exports));
    return ctl_each_content(v->ctl, v->store, see_content, v);
}

/* ---- the command ---- */

static void tell(verifying_t *v)
{
    static const ctl_column_t columns[] = {
        { "what", "WHAT", "问题", CTL_TEXT }, { "sha256", "SHA-256", "SHA-256", CTL_TEXT },
        { "why", "WHY", "说明", CTL_LONG },   { NULL, NULL, NULL, CTL_TEXT },
    };
    ctl_t *ctl = v->ctl;

    if (fpi_json_size(v->findings)) {
        ctl_table(ctl, v->findings, columns);
    }
    ctl_say(ctl, "已检查 %d 个文件 (%s), %d 行记录: 缺失 %d, 损坏 %d, 无主 %d (另有 %d 个未满一天), 已处理 %d",
            "%d blobs (%s) and %d rows were checked: %d missing, %d damaged, %d orphans (and %d younger than a day), "
            "%d put right", (int)v->blob_count, ctl_size(ctl, v->bytes), (int)v->rows, (int)v->counts[MISSING],
            (int)v->counts[DAMAGED], (int)v->counts[ORPHAN], (int)v->young, (int)v->repaired);
    if (v->counts[MISSING] || v->counts[DAMAGED]) {
        ctl_say(ctl, "缺失或损坏的文件请从备份恢复: 将备份中 blobs/ 下同名文件复制回来 (先用 --repair 移开损坏的)",
                "bring missing and damaged ones back from a backup: copy the files of the same names from its blobs/ "
                "(--repair puts damaged ones aside first)");
    }
}

static fpi_json_t *document(const verifying_t *v, bool is_right)
{
    fpi_json_t *doc = fpi_json_make_object(v->ctl->task);

    fpi_json_put_bool(doc, "ok", is_right);
    fpi_json_put_int(doc, "blobs", v->blob_count);
    fpi_json_put_int(doc, "bytes", v->bytes);
    fpi_json_put_int(doc, "rows", v->rows);
    fpi_json_put_int(doc, "missing", v->counts[MISSING]);
    fpi_json_put_int(doc, "damaged", v->counts[DAMAGED]);
    fpi_json_put_int(doc, "orphans", v->counts[ORPHAN]);
    fpi_json_put_int(doc, "overdue", v->overdue);
    fpi_json_put_int(doc, "young", v->young);
    fpi_json_put_int(doc, "repaired", v->repaired);
    fpi_json_put(doc, "findings", v->findings);
    return doc;
}

fpi_err_t *ctl_verify(ctl_t *ctl)
{
    verifying_t v = { .ctl = ctl, .is_repair = ctl_has(ctl, "repair"), .is_quick = ctl_has(ctl, "quick") };
    bool is_right;

    ctl->needs_no_key = true;
    FPI_TRY(ctl_open_blobs(ctl));
    v.store = ctl->app->store;
    v.blobs = ctl->app->blobs;
    FPI_TRY(v.is_repair ? fpi_identity_check(v.store, v.blobs, ctl->task) : NULL);
    v.findings = fpi_json_make_array(ctl->task);
    v.faults = apr_hash_make(ctl->task->pool);
    v.step = *ctl->task;
    apr_pool_create(&v.step.pool, ctl->task->pool);
    FPI_TRY(check_all(&v));
    is_right = !v.counts[MISSING] && !v.counts[DAMAGED] && !v.overdue;
    ctl->exit = is_right ? CTL_DONE : CTL_FAILED;
    if (!ctl_json(ctl, document(&v, is_right))) {
        tell(&v);
    }
    return NULL;
}
