/* What was seen in a bill's files, as invoices: one file at a time, so that memory does not grow with the bill. */
#include "service/reads_own.h"

#include "service/evidence_forms.h"
#include "service/recognise.h"
#include "store/contents.h"

#include <apr_strings.h>
#include <string.h>

typedef struct seen_t {
    const char *sha256;
    fpi_content_t *content;
} seen_t;

static fpi_err_t *tx_content(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    seen_t *seen = baton;

    return fpi_content_find(&seen->content, tx, seen->sha256, task);
}

/* ---- invoices of one file ---- */

static bool is_part(const fpi_file_t *file, int page)
{
    int first = page ? page : 1; /* not told on which: with the first */

    return file->page_first == 0 || (first >= file->page_first && first <= file->page_last);
}

static int keep_part(fpi_evidence_t *evidence, int count, const fpi_file_t *file)
{
    int kept = 0;

    for (int i = 0; i < count; i++) {
        if (is_part(file, evidence[i].page)) {
            evidence[kept++] = evidence[i];
        }
    }
    return kept;
}

static fpi_err_t *add_wanted(fpi_read_t *read, const fpi_file_t *file, const fpi_found_t *found, int place,
                             fpi_task_t *step, fpi_task_t *task)
{
    const char *said = fpi_json_format(fpi_found_write(found, step), false, step);
    fpi_wanted_t *wanted;

    if (read->wanted_count == FPI_READ_ROWS) {
        return fpi_fail(task, FPI_E_TOO_LARGE, "more than %d invoices on one bill", FPI_READ_ROWS);
    }
    if (read->wanted_count == read->wanted_room) {
        fpi_wanted_t *before = read->wanted;

        read->wanted_room = read->wanted_room ? 2 * read->wanted_room : 16;
        read->wanted = apr_pcalloc(task->pool, sizeof(*before) * (size_t)read->wanted_room);
        if (read->wanted_count) {
            memcpy(read->wanted, before, sizeof(*before) * (size_t)read->wanted_count);
        }
    }
    wanted = &read->wanted[read->wanted_count++];
    wanted->file = file->id;
    wanted->said = apr_pstrdup(task->pool, said);
    wanted->key = found->invoice.identity ? apr_pstrdup(task->pool, found->invoice.identity)
                                          : apr_psprintf(task->pool, "#%d.%d", found->page, place);
    return NULL;
}

static fpi_err_t *read_evidence(fpi_evidence_t **evidence, int *count, const fpi_json_t *doc, fpi_task_t *task)
{
    fpi_evidence_t *seen, *told;
    int seen_count, told_count;

    FPI_TRY(fpi_evidence_read_look(&seen, &seen_count, doc, task));
    FPI_TRY(fpi_evidence_read(&told, &told_count, fpi_json_find(doc, "cloud"), task));
    *evidence = apr_pcalloc(task->pool, sizeof(**evidence) * (size_t)(seen_count + told_count + 1));
    if (seen_count) {
        memcpy(*evidence, seen, sizeof(**evidence) * (size_t)seen_count);
    }
    if (told_count) {
        memcpy(*evidence + seen_count, told, sizeof(**evidence) * (size_t)told_count);
    }
    *count = seen_count + told_count;
    return NULL;
}

static void add_unread(fpi_read_t *read, const fpi_file_t *file)
{
    for (int i = 0; i < read->unread_count; i++) {
        if (strcmp(read->unread[i], file->sha256) == 0) {
            return;
        }
    }
    read->unread[read->unread_count++] = file->sha256;
}

static bool is_shown(const fpi_file_t *file)
{
    return (file->kind == FPI_KIND_INVOICE || file->is_guessed) && !file->no_cloud;
}

/* Something that the cloud has only looked at is no invoice yet: a number or a sum makes it one. */
static bool is_recognised(const fpi_file_t *file, const fpi_found_t *found, int count)
{
    for (int i = 0; file->is_guessed && i < count; i++) {
        if (found[i].source == FPI_SOURCE_CLOUD && (found[i].invoice.number || found[i].invoice.has_gross)) {
            return true;
        }
    }
    return false;
}

static fpi_err_t *gather_doc(fpi_read_t *read, const fpi_file_t *file, const fpi_content_t *content, fpi_task_t *step,
                             fpi_task_t *task)
{
    fpi_evidence_t *evidence;
    fpi_found_t *found;
    fpi_json_t *doc;
    int count, places = 0;

    FPI_TRY(fpi_json_parse(&doc, content->doc, strlen(content->doc), step));
    FPI_TRY(read_evidence(&evidence, &count, doc, step));
    count = keep_part(evidence, count, file);
    FPI_TRY(fpi_evidence_merge(&found, &count, evidence, count, step));
    for (int i = 0; i < count; i++) {
        FPI_TRY(add_wanted(read, file, &found[i], ++places, step, task));
    }
    if (is_recognised(file, found, count)) {
        read->recognised[read->recognised_count++] = file->id;
    }
    if (is_shown(file) && fpi_recognise_is_wanted(doc, file, found, count, step)) {
        add_unread(read, file);
    }
    return NULL;
}

/* ---- all files ---- */

static void add_unreadable(fpi_read_t *read, const fpi_file_t *file, const char *note, fpi_task_t *task)
{
    read->unreadable[read->unreadable_count++] = (fpi_unreadable_t){ file->sha256, file->name,
                                                                     apr_pstrdup(task->pool, note ? note : "-") };
}

/* What the helper says of hostile bytes may be anything: nonsense costs this file its invoices, not the bill. */
static bool is_nonsense(const fpi_err_t *err)
{
    return err && (err->code == FPI_E_FIELD || err->code == FPI_E_UNREADABLE);
}

static fpi_err_t *gather_file(fpi_read_t *read, const fpi_file_t *file, fpi_task_t *step, fpi_task_t *task)
{
    seen_t seen = { .sha256 = file->sha256 };
    int before = read->wanted_count;
    fpi_err_t *err;

    FPI_TRY(fpi_store_read(read->app->store, tx_content, &seen, step));
    if (!seen.content || seen.content->state == FPI_CONTENT_WAITING) {
        read->is_waiting[file - read->files] = true;
        return NULL;
    }
    if (seen.content->state == FPI_CONTENT_UNREADABLE || !seen.content->doc) {
        add_unreadable(read, file, seen.content->note, task);
        return NULL;
    }
    err = gather_doc(read, file, seen.content, step, task);
    if (is_nonsense(err)) {
        read->wanted_count = before;
        add_unreadable(read, file, fpi_err_chain(step->pool, err), task);
        return NULL;
    }
    return err;
}

fpi_err_t *fpi_read_gather(fpi_read_t *read, fpi_task_t *task)
{
    size_t room = sizeof(void *) * (size_t)(read->file_count + 1);
    fpi_task_t step = *task;
    fpi_err_t *err = NULL;

    read->unread = apr_pcalloc(task->pool, room);
    read->is_waiting = apr_pcalloc(task->pool, sizeof(*read->is_waiting) * (size_t)(read->file_count + 1));
    read->recognised = apr_pcalloc(task->pool, sizeof(*read->recognised) * (size_t)(read->file_count + 1));
    read->unreadable = apr_pcalloc(task->pool, sizeof(*read->unreadable) * (size_t)(read->file_count + 1));
    apr_pool_create(&step.pool, task->pool);
    for (int i = 0; i < read->file_count && !err; i++) {
        apr_pool_clear(step.pool);
        err = task->called_off ? fpi_fail(task, FPI_E_GONE, "called off")
                               : gather_file(read, &read->files[i], &step, task);
    }
    err = fpi_err_copy(task->pool, err);
    apr_pool_destroy(step.pool);
    return err;
}
