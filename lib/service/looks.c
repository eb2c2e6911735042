#include "service/looks.h"

#include "base/clock.h"
#include "service/office.h"
#include "service/reads.h"
#include "store/contents.h"
#include "wire/decode.h"

#include <apr_strings.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#define GATHER_PAUSE apr_time_from_sec(3)

enum {
    HEAD_MOST = 256 * 1024, /* enough to tell the kinds that are zip files apart */
    LOOK_AGAIN_MS = 50
};

/* ---- put ---- */

fpi_err_t *fpi_look_put(fpi_content_t **known, fpi_tx_t *tx, int64_t tenant, const char *sha256, fpi_task_t *task)
{
    fpi_content_t *content;
    bool is_looked;

    FPI_TRY(fpi_content_find(&content, tx, sha256, task));
    is_looked = content && content->state == FPI_CONTENT_LOOKED;
    if (known) {
        *known = is_looked ? content : NULL;
    }
    if (is_looked) {
        return NULL;
    }
    return fpi_job_put(tx, tenant, FPI_JOB_LOOK, sha256, "{}", fpi_clock_now(), task);
}

static fpi_err_t *put_read(fpi_tx_t *tx, int64_t tenant, int64_t bill, apr_time_t due, fpi_task_t *task)
{
    return fpi_job_put(tx, tenant, FPI_JOB_READ, apr_psprintf(task->pool, "%" APR_INT64_T_FMT, bill), "{}", due, task);
}

fpi_err_t *fpi_read_put(fpi_tx_t *tx, int64_t tenant, int64_t bill, fpi_task_t *task)
{
    return put_read(tx, tenant, bill, fpi_clock_now(), task);
}

fpi_err_t *fpi_read_put_later(fpi_tx_t *tx, int64_t tenant, int64_t bill, fpi_task_t *task)
{
    return put_read(tx, tenant, bill, fpi_clock_now() + GATHER_PAUSE, task);
}

void fpi_looks_wake(fpi_app_t *app, bool is_readable)
{
    fpi_jobs_wake_for(app, FPI_JOB_LOOK);
    if (is_readable) {
        fpi_jobs_wake_for(app, FPI_JOB_READ);
    }
}

fpi_err_t *fpi_look_told(fpi_tx_t *tx, const char *sha256, fpi_task_t *task)
{
    fpi_holder_t *holders;
    int count;

    FPI_TRY(fpi_content_holders(&holders, &count, tx, sha256, task));
    for (int i = 0; i < count; i++) {
        apr_time_t due = fpi_clock_now() + (holders[i].is_waiting ? GATHER_PAUSE : 0);

        FPI_TRY(put_read(tx, holders[i].tenant, holders[i].bill, due, task));
    }
    return NULL;
}

/* ---- look ---- */

typedef struct look_t {
    const char *sha256;
    fpi_content_t *content;      /* NULL: nobody has such bytes any more */
    fpi_json_t *doc;
    const char *note;            /* why they can't be read */
} look_t;

static fpi_err_t *tx_find(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    look_t *look = baton;

    return fpi_content_find(&look->content, tx, look->sha256, task);
}

static fpi_err_t *first_note(const char **out, const fpi_json_t *doc, fpi_task_t *task)
{
    fpi_json_t *notes;

    *out = NULL;
    FPI_TRY(fpi_json_find_array(&notes, doc, "notes", 1000, task));
    *out = notes && fpi_json_size(notes) ? fpi_json_text(fpi_json_at(notes, 0)) : NULL;
    return NULL;
}

static fpi_err_t *fill(fpi_content_t *content, const look_t *look, fpi_task_t *task)
{
    content->looked = 0;
    if (look->note) {
        content->state = FPI_CONTENT_UNREADABLE;
        content->note = look->note;
        return NULL;
    }
    content->state = FPI_CONTENT_LOOKED;
    content->doc = fpi_json_format(look->doc, false, task);
    FPI_TRY(first_note(&content->note, look->doc, task));
    return fpi_json_find_int(&content->pages, look->doc, "page_count", 0, 0, INT32_MAX, task);
}

static fpi_err_t *tx_told(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    look_t *look = baton;

    FPI_TRY(tx_find(tx, look, task));
    if (!look->content || look->content->state == FPI_CONTENT_LOOKED) {
        return NULL;
    }
    FPI_TRY(fill(look->content, look, task));
    FPI_TRY(fpi_content_tell(look->content, tx, task));
    return fpi_look_told(tx, look->sha256, task);
}

/* Both languages in one text: who will read it is not known yet. */
static const char *note_of(const fpi_err_t *err, apr_pool_t *pool)
{
    return apr_pstrcat(pool, fpi_err_public(err, "zh"), " (", fpi_err_public(err, "en"), ")", NULL);
}

static fpi_err_t *store_note(fpi_app_t *app, const char *sha256, const char *note, fpi_task_t *task)
{
    look_t look = { .sha256 = sha256, .note = note };

    FPI_COUNT(app, contents_unreadable, 1);
    return fpi_store_write(app->store, tx_told, &look, task);
}

static fpi_err_t *read_head(fpi_media_t *media, int fd, fpi_task_t *task)
{
    char *head = apr_palloc(task->pool, HEAD_MOST);
    ssize_t n = pread(fd, head, HEAD_MOST, 0);

    if (n < 0) {
        return fpi_fail(task, FPI_E_STORE, "a blob can't be read");
    }
    *media = fpi_media_find(head, (size_t)n);
    if (*media == FPI_MEDIA_UNKNOWN && fpi_media_is_gb_text(head, (size_t)n)) {
        *media = FPI_MEDIA_TEXT; /* it was taken as such */
    }
    return NULL;
}

fpi_err_t *fpi_look_open(int *fd, int64_t *size, fpi_media_t *media, fpi_app_t *app, const char *sha256,
                         fpi_task_t *task)
{
    FPI_TRY(fpi_blob_open(fd, size, app->blobs, sha256, task));
    FPI_TRY(read_head(media, *fd, task));
    return fpi_office_is(*media) ? fpi_office_open(fd, size, media, app, sha256, task) : NULL;
}

/* What an office document says is no invoice, though it may list some. */
static fpi_err_t *ask_helper(fpi_json_t **doc, fpi_app_t *app, const char *sha256, bool is_office, fpi_task_t *task)
{
    const fpi_decode_want_t want = { .codes = true, .invoice = !is_office };
    fpi_decoder_t *decoder;
    fpi_media_t media;
    int64_t size;
    int fd;

    FPI_TRY(fpi_app_decoder(&decoder, app, task));
    FPI_TRY(fpi_look_open(&fd, &size, &media, app, sha256, task));
    return fpi_decode_look(doc, decoder, fd, media, &want, task);
}

/* The helper died or ran out of time: a document's fault, or an accident beside it. Nothing waits for it after some
 * tries, but it is tried on. */
static fpi_err_t *put_off(fpi_app_t *app, const look_t *look, fpi_err_t *why, const fpi_job_t *job, fpi_task_t *task)
{
    if (job->attempts >= FPI_LOOK_TRIES && look->content->state != FPI_CONTENT_UNREADABLE) {
        FPI_TRY(store_note(app, job->key, note_of(why, task->pool), task));
    }
    return job->attempts >= FPI_LOOK_TRIES_MOST ? NULL : why;
}

fpi_err_t *fpi_look_run(fpi_app_t *app, const fpi_job_t *job, fpi_task_t *task)
{
    look_t look = { .sha256 = job->key };
    fpi_err_t *err;

    FPI_TRY(fpi_store_read(app->store, tx_find, &look, task));
    if (!look.content || look.content->state == FPI_CONTENT_LOOKED) {
        return NULL;
    }
    err = ask_helper(&look.doc, app, job->key, fpi_office_is_type(look.content->media), task);
    if (err && err->code == FPI_E_UNREADABLE) {
        return store_note(app, job->key, note_of(err, task->pool), task);
    }
    if (err && err->code == FPI_E_DECODER) {
        return put_off(app, &look, err, job, task);
    }
    FPI_TRY(err);
    FPI_COUNT(app, contents_looked, 1);
    return fpi_store_write(app->store, tx_told, &look, task);
}

void fpi_look_parked(fpi_app_t *app, const fpi_job_t *job, const fpi_err_t *why, fpi_task_t *task)
{
    fpi_err_t *err = store_note(app, job->key, note_of(why, task->pool), task);

    if (err) {
        fpi_log_err(task, FPI_M_JOBS_FAILED, err, "content %s could not be noted as unreadable", job->key);
    }
}

fpi_err_t *fpi_look_is_over(bool *is_over, fpi_tx_t *tx, const fpi_content_t *content, fpi_task_t *task)
{
    fpi_job_t *job = NULL;

    if (content->state == FPI_CONTENT_UNREADABLE) {
        FPI_TRY(fpi_job_find(&job, tx, FPI_JOB_LOOK, content->sha256, task));
    }
    *is_over = content->state == FPI_CONTENT_UNREADABLE && (!job || strcmp(job->state, "parked") == 0);
    return NULL;
}

/* ---- waiting for looks ---- */

fpi_err_t *fpi_look_wait(fpi_app_t *app, fpi_call_t *call, fpi_tx_fn *ask, void *baton, const bool *is_waiting,
                         apr_interval_time_t most)
{
    static _Atomic int waiters;
    bool may_wait = atomic_fetch_add(&waiters, 1) < FPI_LOOK_WAITERS;
    apr_time_t end = fpi_clock_tick() + most;
    fpi_err_t *err;

    for (;;) {
        err = fpi_store_read(app->store, ask, baton, call->task);
        if (err || !*is_waiting || !may_wait || fpi_clock_tick() >= end || fpi_task_is_over(call->task)
            || call->is_gone(call->baton)) {
            break;
        }
        apr_sleep(LOOK_AGAIN_MS * 1000);
    }
    atomic_fetch_sub(&waiters, 1);
    return err;
}
