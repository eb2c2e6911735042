#include "store/bills.h"
#include "store/contents.h"

#include "base/clock.h"

#include <string.h>

enum { FILE_COLUMNS = 21 };

/* The column no_cloud: what its kind says of showing it to the cloud, never, or although it is an attachment. */
enum { CLOUD_BY_KIND = 0, CLOUD_NEVER = 1, CLOUD_GUESSED = 2 };

static fpi_arg_t cloud_arg(const fpi_file_t *file)
{
    return fpi_arg_int(file->no_cloud ? CLOUD_NEVER : file->is_guessed ? CLOUD_GUESSED : CLOUD_BY_KIND);
}

static void take_file(fpi_file_t *file, const fpi_rows_t *rows, int row)
{
    int c = 0;

    file->id = fpi_rows_int(rows, row, c++);
    file->tenant = fpi_rows_int(rows, row, c++);
    file->bill = fpi_rows_int(rows, row, c++);
    file->invoice = fpi_rows_int(rows, row, c++);
    file->kind = (fpi_kind_t)fpi_rows_int(rows, row, c++);
    file->name = fpi_rows_text(rows, row, c++);
    file->sha256 = fpi_rows_text(rows, row, c++);
    file->media = fpi_rows_text(rows, row, c++);
    file->size = fpi_rows_int(rows, row, c++);
    file->position = fpi_rows_int(rows, row, c++);
    file->source = fpi_rows_text(rows, row, c++);
    file->origin = fpi_rows_text(rows, row, c++);
    file->created = fpi_rows_int(rows, row, c++);
    file->rotation = (int)fpi_rows_int(rows, row, c++);
    file->page_first = (int)fpi_rows_int(rows, row, c++);
    file->page_last = (int)fpi_rows_int(rows, row, c++);
    file->group_id = fpi_rows_int(rows, row, c++);
    file->state = (fpi_file_state_t)fpi_rows_int(rows, row, c++);
    file->label = fpi_rows_text(rows, row, c++);
    file->attachment_type = (int)fpi_rows_int(rows, row, c++);
    file->no_cloud = fpi_rows_int(rows, row, c) == CLOUD_NEVER;
    file->is_guessed = fpi_rows_int(rows, row, c++) == CLOUD_GUESSED;
}

/* What the bill has of its bytes, as that kind. */
static fpi_err_t *list_stored(fpi_file_t **out, int *count, const fpi_file_t *file, fpi_kind_t kind, fpi_tx_t *tx,
                              fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_FILE_OF_CONTENT,
                       FPI_ARGS(fpi_arg_int(file->tenant), fpi_arg_int(file->bill), fpi_arg_int(kind),
                                fpi_arg_text(file->sha256)),
                       &rows, NULL, task));
    *count = fpi_rows_count(rows);
    *out = *count ? apr_pcalloc(task->pool, sizeof(**out) * (apr_size_t)*count) : NULL;
    for (int i = 0; i < *count; i++) {
        take_file(&(*out)[i], rows, i);
    }
    return NULL;
}

/* A page that is an attachment by a guess only gives way to itself, of which the cloud or a hand has said by now that it
 * is an invoice. */
static fpi_err_t *add_known_kind(fpi_file_t **there, int *count, const fpi_file_t *file, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_file_t *known, *all;
    int more;

    if (!file->is_guessed) {
        return NULL;
    }
    FPI_TRY(list_stored(&known, &more, file, FPI_KIND_INVOICE, tx, task));
    if (!more) {
        return NULL;
    }
    all = apr_palloc(task->pool, sizeof(*all) * (apr_size_t)(more + *count));
    memcpy(all, known, sizeof(*all) * (apr_size_t)more);
    if (*count) {
        memcpy(all + more, *there, sizeof(*all) * (apr_size_t)*count);
    }
    *there = all;
    *count += more;
    return NULL;
}

static fpi_err_t *renew_origin(fpi_file_t *file, const char *origin, fpi_tx_t *tx, fpi_task_t *task)
{
    if (!origin || (file->origin && strcmp(file->origin, origin) == 0)) {
        return NULL;
    }
    file->origin = origin;
    return fpi_tx_run(tx, FPI_SQL_FILE_ORIGIN, FPI_ARGS(fpi_arg_int(file->id), fpi_arg_text(origin)), NULL, NULL, task);
}

/* Its invoice and its address may have become others since, and its kind may have been said. */
static fpi_err_t *take_stored(fpi_file_t *file, const fpi_file_t *stored, fpi_tx_t *tx, fpi_task_t *task)
{
    int64_t invoice = file->invoice;
    const char *origin = file->origin;
    bool is_said = !file->is_guessed;

    *file = *stored;
    FPI_TRY(renew_origin(file, origin, tx, task));
    if (is_said && file->is_guessed) {
        file->is_guessed = false;
        FPI_TRY(fpi_file_put_facts(file, tx, task));
    }
    if (!invoice || invoice == file->invoice) {
        return NULL;
    }
    file->invoice = invoice;
    return fpi_tx_run(tx, FPI_SQL_FILE_LINK, FPI_ARGS(fpi_arg_int(file->id), fpi_arg_int(invoice)),
                      NULL, NULL, task);
}

/* Of those that are there the one that begins as the file does, else one that has a page of it. */
static const fpi_file_t *choose_stored(const fpi_file_t *file, const fpi_file_t *there, int count)
{
    const fpi_file_t *chosen = NULL;

    for (int i = 0; i < count; i++) {
        if (there[i].page_first == file->page_first) {
            return &there[i];
        }
        chosen = !chosen && fpi_file_overlaps(&there[i], file) ? &there[i] : chosen;
    }
    return chosen;
}

static fpi_err_t *get_place(fpi_file_t *file, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_file_t *there;
    int count;

    FPI_TRY(list_stored(&there, &count, file, file->kind, tx, task));
    for (int i = 0; i < count; i++) {
        if (there[i].id == file->id) {
            *file = there[i];
        }
    }
    return NULL;
}

static fpi_err_t *insert_file(fpi_file_t *file, fpi_tx_t *tx, fpi_task_t *task)
{
    if (!file->created) {
        file->created = fpi_clock_now();
    }
    FPI_TRY(fpi_tx_insert(
        &file->id, tx, FPI_SQL_FILE_INSERT,
        FPI_ARGS(fpi_arg_int(file->tenant), fpi_arg_int(file->bill), fpi_arg_int(file->invoice),
                 fpi_arg_int(file->kind), fpi_arg_text(file->name), fpi_arg_text(file->sha256),
                 fpi_arg_text(file->media), fpi_arg_int(file->size), fpi_arg_int(file->position),
                 fpi_arg_text(file->source), fpi_arg_text(file->origin), fpi_arg_int(file->created),
                 fpi_arg_int(file->rotation), fpi_arg_int(file->page_first),
                 fpi_arg_int(file->page_last), fpi_arg_int(file->group_id),
                 fpi_arg_int(file->state), fpi_arg_text(file->label),
                 fpi_arg_int(file->attachment_type), cloud_arg(file)),
        task));
    if (!file->id) { /* one that its tenant does not see */
        return fpi_fail(task, FPI_E_ABSENT, "bill %" APR_INT64_T_FMT " is not of tenant %" APR_INT64_T_FMT, file->bill,
                        file->tenant);
    }
    return file->position > 0 ? NULL : get_place(file, tx, task);
}

/* How many pages its content has, where that matters: something is there, but not the whole. */
static fpi_err_t *find_pages(int *pages, const fpi_file_t *file, const fpi_file_t *there, int count, fpi_tx_t *tx,
                             fpi_task_t *task)
{
    fpi_content_t *content;

    *pages = 0;
    if (!count || !there[0].page_first) {
        return NULL;
    }
    FPI_TRY(fpi_contents_list(&content, tx, file, 1, task));
    *pages = (int)content->pages;
    return NULL;
}

fpi_err_t *fpi_file_put_rests(fpi_file_t **added, int *count, fpi_file_t *file, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_file_t *there;
    int stored, pages;

    FPI_TRY(fpi_content_put(tx, file->sha256, file->size, file->media, FPI_CONTENT_OF_FILE, task));
    FPI_TRY(list_stored(&there, &stored, file, file->kind, tx, task));
    FPI_TRY(add_known_kind(&there, &stored, file, tx, task));
    FPI_TRY(find_pages(&pages, file, there, stored, tx, task));
    *added = apr_palloc(task->pool, sizeof(**added) * (apr_size_t)(stored + 1));
    *count = fpi_file_rests(*added, file, there, stored, pages);
    for (int i = 0; i < *count; i++) {
        fpi_file_t *rest = &(*added)[i];

        rest->position += rest->position > 0 ? i : 0;
        FPI_TRY(insert_file(rest, tx, task));
    }
    if (*count) {
        *file = (*added)[0];
        return NULL;
    }
    return take_stored(file, choose_stored(file, there, stored), tx, task);
}

fpi_err_t *fpi_file_put(fpi_file_t *file, bool *is_new, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_file_t *added;
    int count;

    FPI_TRY(fpi_file_put_rests(&added, &count, file, tx, task));
    *is_new = count > 0;
    return NULL;
}

fpi_err_t *fpi_files_list(fpi_file_t **out, int *count, fpi_tx_t *tx, int64_t tenant, int64_t bill,
                          int most, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_FILE_LIST,
                       FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(bill), fpi_arg_int(most)), &rows,
                       NULL, task));
    *count = fpi_rows_count(rows);
    *out = apr_pcalloc(task->pool, (apr_size_t)*count * sizeof(**out));
    for (int i = 0; i < *count; i++) {
        take_file(&(*out)[i], rows, i);
    }
    return NULL;
}

fpi_err_t *fpi_file_find(fpi_file_t **out, fpi_whose_t *whose, fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_FILE_FIND_BY_ID, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(id)),
                       &rows, NULL, task));
    *out = NULL;
    if (fpi_rows_count(rows)) {
        *out = apr_pcalloc(task->pool, sizeof(**out));
        take_file(*out, rows, 0);
        *whose = fpi_rows_whose(rows, 0, FILE_COLUMNS, (*out)->bill);
    }
    return NULL;
}

static fpi_err_t *must_have_changed(const fpi_file_t *file, int64_t changed, fpi_task_t *task)
{
    return changed ? NULL
                   : fpi_fail(task, FPI_E_ABSENT,
                              "file %" APR_INT64_T_FMT " of tenant %" APR_INT64_T_FMT " is gone",
                              file->id, file->tenant);
}

fpi_err_t *fpi_file_put_facts(const fpi_file_t *file, fpi_tx_t *tx, fpi_task_t *task)
{
    int64_t changed;

    FPI_TRY(fpi_content_put(tx, file->sha256, file->size, file->media, FPI_CONTENT_OF_FILE, task));
    FPI_TRY(fpi_tx_run(
        tx, FPI_SQL_FILE_UPDATE,
        FPI_ARGS(fpi_arg_int(file->tenant), fpi_arg_int(file->id), fpi_arg_int(file->bill),
                 fpi_arg_int(file->invoice), fpi_arg_int(file->kind), fpi_arg_text(file->name),
                 fpi_arg_text(file->sha256), fpi_arg_text(file->media), fpi_arg_int(file->size),
                 fpi_arg_int(file->position), fpi_arg_int(file->rotation),
                 fpi_arg_int(file->page_first), fpi_arg_int(file->page_last),
                 fpi_arg_int(file->group_id), fpi_arg_int(file->state), fpi_arg_text(file->label),
                 fpi_arg_int(file->attachment_type), cloud_arg(file)),
        NULL, &changed, task));
    return must_have_changed(file, changed, task);
}

fpi_err_t *fpi_file_put_place(const fpi_file_t *file, fpi_tx_t *tx, fpi_task_t *task)
{
    int64_t changed;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_FILE_UPDATE_PLACE,
                       FPI_ARGS(fpi_arg_int(file->tenant), fpi_arg_int(file->id),
                                fpi_arg_int(file->position), fpi_arg_int(file->group_id)),
                       NULL, &changed, task));
    return must_have_changed(file, changed, task);
}

fpi_err_t *fpi_file_drop(fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task)
{
    return fpi_tx_run(tx, FPI_SQL_FILE_DROP, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(id)), NULL,
                      NULL, task);
}

fpi_err_t *fpi_files_put_state(fpi_tx_t *tx, const fpi_bill_t *bill, int from, fpi_file_state_t to,
                               fpi_task_t *task)
{
    return fpi_tx_run(tx, FPI_SQL_FILE_STATES,
                      FPI_ARGS(fpi_arg_int(bill->tenant), fpi_arg_int(bill->id), fpi_arg_int(from),
                               fpi_arg_int(to)),
                      NULL, NULL, task);
}

fpi_err_t *fpi_dropped_begin(fpi_tx_t *tx, const fpi_bill_t *bill, fpi_task_t *task)
{
    return fpi_tx_run(tx, FPI_SQL_DROPPED_BEGIN, FPI_ARGS(fpi_arg_int(bill->id)), NULL, NULL, task);
}

fpi_err_t *fpi_dropped_add(fpi_tx_t *tx, const fpi_bill_t *bill, int files, fpi_task_t *task)
{
    return fpi_tx_run(tx, FPI_SQL_DROPPED_ADD, FPI_ARGS(fpi_arg_int(bill->id), fpi_arg_int(files)), NULL, NULL, task);
}

fpi_err_t *fpi_dropped_find(int *files, fpi_tx_t *tx, const fpi_bill_t *bill, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_DROPPED_FIND, FPI_ARGS(fpi_arg_int(bill->id)), &rows, NULL, task));
    *files = fpi_rows_count(rows) ? (int)fpi_rows_int(rows, 0, 0) : 0;
    return NULL;
}

static void take_content(fpi_content_t *content, const fpi_file_t *file, const fpi_rows_t *rows, int row, int column)
{
    content->sha256 = file->sha256;
    content->pages = fpi_rows_int(rows, row, column);
    content->state = (fpi_content_state_t)fpi_rows_int(rows, row, column + 1);
    content->note = fpi_rows_text(rows, row, column + 2);
}

fpi_err_t *fpi_contents_list(fpi_content_t **out, fpi_tx_t *tx, const fpi_file_t *files, int count,
                             fpi_task_t *task)
{
    *out = apr_pcalloc(task->pool, sizeof(**out) * ((size_t)count + 1));
    for (int i = 0; i < count; i++) {
        fpi_rows_t *rows;

        FPI_TRY(fpi_tx_run(tx, FPI_SQL_CONTENT_BRIEF, FPI_ARGS(fpi_arg_text(files[i].sha256)), &rows,
                           NULL, task));
        (*out)[i].sha256 = files[i].sha256;
        if (fpi_rows_count(rows)) {
            take_content(&(*out)[i], &files[i], rows, 0, 0);
        }
    }
    return NULL;
}

fpi_err_t *fpi_files_list_looked(fpi_file_t **out, fpi_content_t **contents, int *count, fpi_tx_t *tx, int64_t tenant,
                                 int64_t bill, int most, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_FILE_LIST_LOOKED,
                       FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(bill), fpi_arg_int(most)), &rows, NULL, task));
    *count = fpi_rows_count(rows);
    *out = apr_pcalloc(task->pool, sizeof(**out) * ((size_t)*count + 1));
    *contents = apr_pcalloc(task->pool, sizeof(**contents) * ((size_t)*count + 1));
    for (int i = 0; i < *count; i++) {
        take_file(&(*out)[i], rows, i);
        take_content(&(*contents)[i], &(*out)[i], rows, i, FILE_COLUMNS);
    }
    return NULL;
}

fpi_err_t *fpi_files_tally(fpi_tally_t *out, fpi_tx_t *tx, int64_t tenant, int64_t bill, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_FILE_TALLY, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(bill)), &rows, NULL, task));
    out->count = fpi_rows_int(rows, 0, 0);
    out->pages = fpi_rows_int(rows, 0, 1);
    return NULL;
}

fpi_err_t *fpi_files_end(fpi_files_end_t *out, fpi_tx_t *tx, const fpi_bill_t *bill, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_FILE_END, FPI_ARGS(fpi_arg_int(bill->id)), &rows, NULL, task));
    out->count = fpi_rows_int(rows, 0, 0);
    out->last_position = fpi_rows_int(rows, 0, 1);
    out->is_answer = fpi_rows_int(rows, 0, 2) != 0;
    return NULL;
}

fpi_err_t *fpi_file_is_used(bool *used, fpi_tx_t *tx, const char *sha256, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(
        fpi_tx_run(tx, FPI_SQL_FILE_IS_USED, FPI_ARGS(fpi_arg_text(sha256)), &rows, NULL, task));
    *used = fpi_rows_count(rows) > 0;
    return NULL;
}
