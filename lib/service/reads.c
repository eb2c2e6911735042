#include "service/reads.h"

#include "base/text.h"
#include "service/match.h"
#include "service/reads_own.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

enum { FILES_MOST = 5000, TOLD_MOST = 10 };

/* ---- which row was which ---- */

static bool is_key(fpi_read_row_t *old, const char *key)
{
    const char *there = fpi_json_text(fpi_json_find(old->doc, "key"));

    return there && strcmp(there, key) == 0;
}

static const fpi_file_t *find_file(const fpi_file_t *files, int count, int64_t id)
{
    for (int i = 0; i < count; i++) {
        if (files[i].id == id) {
            return &files[i];
        }
    }
    return NULL;
}

/* The file as it is now, if these are still the bytes that were gathered from; else it waits for its turn. */
static const fpi_file_t *find_gathered(const fpi_read_t *read, int64_t id)
{
    const fpi_file_t *then = find_file(read->files, read->file_count, id), *now = find_file(read->now, read->now_count, id);

    return then && now && strcmp(then->sha256, now->sha256) == 0 ? now : NULL;
}

static bool is_waiting(const fpi_read_t *read, int64_t id)
{
    const fpi_file_t *file = find_file(read->files, read->file_count, id);

    return file && read->is_waiting[file - read->files];
}

static bool has_hand(const fpi_read_row_t *old)
{
    return fpi_json_find(old->doc, "hand") != NULL;
}

/* Its page went to another part of the document. */
static bool is_outside(const fpi_file_t *file, const fpi_read_row_t *old)
{
    return file && file->page_first && old->row.page
           && (old->row.page < file->page_first || old->row.page > file->page_last);
}

/* What a hand has worked on follows its page. */
static bool has_followed(const fpi_read_t *read, const fpi_read_row_t *old, const fpi_wanted_t *wanted)
{
    const fpi_file_t *from = find_file(read->now, read->now_count, old->row.file);
    const fpi_file_t *to = find_file(read->now, read->now_count, wanted->file);

    return has_hand(old) && from && to && strcmp(from->sha256, to->sha256) == 0 && is_outside(from, old)
           && !is_outside(to, old);
}

/* How a row is known again, one after the other. */
enum { TURN_KEY, TURN_PAGE, TURN_LEFT, TURNS };

static bool is_row_of(const fpi_read_t *read, fpi_read_row_t *old, const fpi_wanted_t *wanted, int turn)
{
    bool is_there = old->row.file == wanted->file;

    if (turn == TURN_LEFT) {
        return is_there && !is_outside(find_file(read->now, read->now_count, old->row.file), old);
    }
    return is_key(old, wanted->key) && (turn == TURN_KEY ? is_there : has_followed(read, old, wanted));
}

/* The row of the same key in the same file, else the one that followed its page, else the first one left of that file. */
static fpi_read_row_t *find_row(fpi_read_t *read, const fpi_wanted_t *wanted, int turn)
{
    for (int i = 0; i < read->old_count; i++) {
        fpi_read_row_t *old = &read->old[i];

        if (!old->is_taken && is_row_of(read, old, wanted, turn)) {
            old->is_taken = true;
            return old;
        }
    }
    return NULL;
}

static void match_rows(fpi_read_t *read)
{
    for (int turn = 0; turn < TURNS; turn++) {
        for (int i = 0; i < read->wanted_count; i++) {
            fpi_wanted_t *wanted = &read->wanted[i];

            if (!wanted->is_gone && !wanted->old) {
                wanted->old = find_row(read, wanted, turn);
            }
        }
    }
}

/* ---- rows ---- */

/* Other bytes were put in the file's place since a hand worked on it. */
static bool is_replaced(const fpi_read_row_t *old)
{
    return fpi_json_find(old->doc, FPI_FOUND_REPLACED) != NULL;
}

/* A correction is of that one invoice: in other bytes it holds for the number that it was made for, or that it said. */
static bool keeps_hand(const fpi_wanted_t *wanted)
{
    fpi_read_row_t *old = wanted->old;
    const char *identity;

    if (!old || !is_replaced(old)) {
        return old != NULL;
    }
    identity = old->row.invoice.identity;
    return *wanted->key != '#' && (is_key(old, wanted->key) || (identity && strcmp(identity, wanted->key) == 0));
}

static fpi_err_t *list_rows(fpi_read_t *read, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_found_row_t *rows;

    FPI_TRY(fpi_found_list(&rows, &read->old_count, tx, read->bill->tenant, read->bill->id, FPI_READ_ROWS, task));
    read->old = apr_pcalloc(task->pool, sizeof(*read->old) * (size_t)(read->old_count + 1));
    for (int i = 0; i < read->old_count; i++) {
        read->old[i].row = rows[i];
        FPI_TRY(fpi_found_doc(&read->old[i].doc, &rows[i], task));
    }
    return NULL;
}

static fpi_err_t *compose(fpi_found_row_t *row, fpi_read_t *read, const fpi_wanted_t *wanted, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task), *said, *hand;

    *row = wanted->old ? wanted->old->row : (fpi_found_row_t){ 0 };
    row->invoice.tenant = read->bill->tenant;
    row->invoice.bill = read->bill->id;
    row->file = wanted->file;
    FPI_TRY(fpi_json_parse(&said, wanted->said, strlen(wanted->said), task));
    hand = keeps_hand(wanted) ? fpi_json_find(wanted->old->doc, "hand") : NULL;
    if (wanted->old && has_hand(wanted->old) && !hand) {
        row->editor = NULL;
        read->lost++;
    }
    fpi_json_put_text(doc, "key", wanted->key);
    fpi_json_put(doc, "said", said);
    if (hand) {
        fpi_json_put(doc, "hand", hand);
    }
    return fpi_found_compose(row, doc, task);
}

static bool is_same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static fpi_err_t *put_one(fpi_read_t *read, const fpi_wanted_t *wanted, fpi_tx_t *tx, fpi_task_t *task)
{
    const char *before = wanted->old ? wanted->old->row.invoice.identity : NULL;
    fpi_found_row_t row;

    FPI_TRY(compose(&row, read, wanted, task));
    if (wanted->old && fpi_found_is_same(&row, &wanted->old->row)) {
        return NULL;
    }
    FPI_TRY(fpi_found_put(&row, tx, task));
    read->changed += wanted->old != NULL;
    read->added += wanted->old == NULL;
    if (is_same_text(before, row.invoice.identity)) {
        return NULL;
    }
    FPI_TRY(fpi_found_wake(tx, read->bill, before, task));
    return fpi_found_wake(tx, read->bill, row.invoice.identity, task);
}

/* A row that a hand has worked on stays as long as its file, with these bytes and its page, does; one of a file that came
 * since waits for its turn. */
static bool may_drop(const fpi_read_t *read, const fpi_read_row_t *old)
{
    const fpi_file_t *now = find_file(read->now, read->now_count, old->row.file);

    if (old->is_taken) {
        return false;
    }
    if (!now || !find_gathered(read, old->row.file)) {
        return !now;
    }
    return !has_hand(old) || is_outside(now, old) || (is_replaced(old) && !is_waiting(read, old->row.file));
}

static fpi_err_t *put_rows(fpi_read_t *read, fpi_tx_t *tx, fpi_task_t *task)
{
    FPI_TRY(list_rows(read, tx, task));
    match_rows(read);
    for (int i = 0; i < read->wanted_count; i++) {
        if (!read->wanted[i].is_gone) {
            FPI_TRY(put_one(read, &read->wanted[i], tx, task));
        }
    }
    for (int i = 0; i < read->old_count; i++) {
        const fpi_found_row_t *row = &read->old[i].row;

        if (may_drop(read, &read->old[i])) {
            FPI_TRY(fpi_found_drop(row, tx, task));
            FPI_TRY(fpi_found_wake(tx, read->bill, row->invoice.identity, task));
            read->dropped++;
            read->lost += has_hand(&read->old[i]) && find_file(read->now, read->now_count, row->file);
        }
    }
    return NULL;
}

/* ---- twins, once all rows are there ---- */

typedef struct placed_t {
    fpi_found_row_t row;
    int64_t position;
} placed_t;

static int by_place(const void *a, const void *b)
{
    const placed_t *x = a, *y = b;

    if (x->position != y->position) {
        return x->position < y->position ? -1 : 1;
    }
    return (x->row.invoice.id > y->row.invoice.id) - (x->row.invoice.id < y->row.invoice.id);
}

/* In the order of their files: the place of the file in its bill, for two of one place the older. */
static fpi_found_row_t *sort_rows(const fpi_read_t *read, const fpi_found_row_t *rows, int count, apr_pool_t *pool)
{
    placed_t *placed = apr_pcalloc(pool, sizeof(*placed) * (size_t)(count + 1));
    fpi_found_row_t *sorted = apr_pcalloc(pool, sizeof(*sorted) * (size_t)(count + 1));

    for (int i = 0; i < count; i++) {
        const fpi_file_t *file = find_file(read->now, read->now_count, rows[i].file);

        placed[i].row = rows[i];
        placed[i].position = file ? file - read->now : 0;
    }
    qsort(placed, (size_t)count, sizeof(*placed), by_place);
    for (int i = 0; i < count; i++) {
        sorted[i] = placed[i].row;
    }
    return sorted;
}

static void add_twin_note(const fpi_read_t *read, fpi_tx_t *tx, const fpi_found_row_t *row, const char **note,
                             fpi_task_t *task)
{
    static const char *const words[] = {
        [FPI_TWIN_NONE] = "has no twin any more",
        [FPI_TWIN_CLAIMED] = "is on another bill that is submitted",
        [FPI_TWIN_OTHER_BILL] = "is on another bill, too",
        [FPI_TWIN_SAME_BILL] = "is in another file of this bill, too",
        [FPI_TWIN_ALIKE] = "has seller, sum and day of another one",
    };
    const char *name = row->invoice.identity ? row->invoice.identity : "without number";
    fpi_bill_t *other = NULL;
    fpi_err_t *err = row->twin_bill && row->twin_bill != read->bill->id
                         ? fpi_bill_find_by_id(&other, tx, row->invoice.tenant, row->twin_bill, task) : NULL;

    if (!err) {
        *note = apr_psprintf(task->pool, "%s%sinvoice %s %s%s%s", *note ? *note : "", *note ? "; " : "", name,
                             words[row->twin_kind], other ? ": bill " : "", other ? other->number : "");
    }
}

static fpi_err_t *find_twins(fpi_read_t *read, fpi_tx_t *tx, const char **note, fpi_task_t *task)
{
    fpi_found_row_t *rows;
    int count, told = 0;

    FPI_TRY(fpi_found_list(&rows, &count, tx, read->bill->tenant, read->bill->id, FPI_READ_ROWS, task));
    rows = sort_rows(read, rows, count, task->pool);
    for (int i = 0; i < count; i++) {
        fpi_found_row_t row = rows[i];

        FPI_TRY(fpi_found_find_twin(&row, tx, rows, count, task));
        if (fpi_found_is_same(&row, &rows[i])) {
            continue;
        }
        FPI_TRY(fpi_found_put(&row, tx, task));
        if (told++ < TOLD_MOST) {
            add_twin_note(read, tx, &row, note, task);
        }
    }
    if (told > TOLD_MOST) {
        *note = apr_psprintf(task->pool, "%s; and %d more", *note, told - TOLD_MOST);
    }
    return NULL;
}

/* ---- what the bill gains, and what is said of it ---- */

static fpi_err_t *count_pages(fpi_read_t *read, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_tally_t tally;

    FPI_TRY(fpi_files_tally(&tally, tx, read->bill->tenant, read->bill->id, task));
    if (tally.pages == read->bill->page_count) {
        return NULL;
    }
    read->bill->page_count = tally.pages;
    return fpi_bill_put(read->bill, tx, task);
}

static fpi_err_t *tell_unreadable(fpi_read_t *read, fpi_tx_t *tx, fpi_task_t *task)
{
    for (int i = 0; i < read->unreadable_count; i++) {
        const fpi_unreadable_t *u = &read->unreadable[i];
        const char *detail = apr_psprintf(task->pool, "{\"sha256\":\"%s\"}", u->sha256);
        bool has;

        FPI_TRY(fpi_trail_has(&has, tx, read->bill, "unreadable", detail, task));
        if (!has) {
            FPI_TRY(fpi_trail_add(tx, read->bill, "unreadable",
                                  apr_psprintf(task->pool, "%s is kept as it came, but can't be shown or read: %s",
                                               u->name, u->note),
                                  detail, task));
        }
    }
    return NULL;
}

static fpi_err_t *tell_read(const fpi_read_t *read, fpi_tx_t *tx, const char *twins, fpi_task_t *task)
{
    const char *note = NULL;

    if (read->added || read->changed || read->dropped) {
        note = apr_psprintf(task->pool, "%d invoices read in %d files: %d new, %d changed, %d gone", read->wanted_count,
                            read->now_count, read->added, read->changed, read->dropped);
    }
    if (note) {
        FPI_TRY(fpi_trail_add(tx, read->bill, "read", note, NULL, task));
    }
    if (read->lost) {
        FPI_TRY(fpi_trail_add(tx, read->bill, "invoice",
                              apr_psprintf(task->pool, "the corrections of %d invoices went: other bytes, or other pages, are in the "
                                           "place of what they were made for", read->lost), NULL, task));
    }
    return twins ? fpi_trail_add(tx, read->bill, "twin", twins, NULL, task) : NULL;
}

static void mark_gone(fpi_read_t *read)
{
    for (int i = 0; i < read->wanted_count; i++) {
        fpi_wanted_t *wanted = &read->wanted[i];

        wanted->old = NULL;
        wanted->is_gone = !find_gathered(read, wanted->file);
    }
}

static fpi_err_t *tx_store(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    fpi_read_t *read = baton;
    const char *twins = NULL;

    read->added = read->changed = read->dropped = read->lost = 0;
    FPI_TRY(fpi_bill_find_by_id(&read->bill, tx, task->tenant, read->bill_id, task));
    if (!read->bill) {
        return NULL;
    }
    FPI_TRY(fpi_files_list(&read->now, &read->now_count, tx, task->tenant, read->bill_id, FILES_MOST, task));
    mark_gone(read);
    FPI_TRY(put_rows(read, tx, task));
    FPI_TRY(fpi_read_put_kinds(read, tx, task));
    FPI_TRY(find_twins(read, tx, &twins, task));
    FPI_TRY(count_pages(read, tx, task));
    FPI_TRY(tell_unreadable(read, tx, task));
    FPI_TRY(fpi_read_put_recognitions(read, tx, task));
    FPI_TRY(tell_read(read, tx, twins, task));
    return fpi_match_read(tx, read->bill, read->asker && read->unread_count, task);
}

static fpi_err_t *tx_look(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    fpi_read_t *read = baton;

    FPI_TRY(fpi_bill_find_by_id(&read->bill, tx, task->tenant, read->bill_id, task));
    if (!read->bill) {
        return NULL;
    }
    return fpi_files_list(&read->files, &read->file_count, tx, task->tenant, read->bill_id, FILES_MOST, task);
}

fpi_err_t *fpi_read_run(fpi_app_t *app, const fpi_job_t *job, fpi_task_t *task)
{
    fpi_read_t *read = apr_pcalloc(task->pool, sizeof(*read));

    read->app = app;
    if (!fpi_int_parse(&read->bill_id, job->key, 1, INT64_MAX)) {
        return fpi_fail(task, FPI_E_INTERNAL, "no bill is called %.40s", job->key);
    }
    FPI_TRY(fpi_store_read(app->store, tx_look, read, task));
    if (!read->bill) {
        return NULL;
    }
    FPI_TRY(fpi_read_gather(read, task));
    FPI_TRY(fpi_read_choose(read, task));
    return fpi_store_write(app->store, tx_store, read, task);
}

/* ---- given up ---- */

typedef struct parking_t {
    int64_t bill_id;
    const char *why;
} parking_t;

static fpi_err_t *tx_park(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    parking_t *parking = baton;
    fpi_bill_t *bill;

    FPI_TRY(fpi_bill_find_by_id(&bill, tx, task->tenant, parking->bill_id, task));
    return bill ? fpi_trail_add(tx, bill, "read", apr_pstrcat(task->pool, "reading its files was given up: ",
                                                              parking->why, NULL), NULL, task)
                : NULL;
}

void fpi_read_parked(fpi_app_t *app, const fpi_job_t *job, const fpi_err_t *why, fpi_task_t *task)
{
    parking_t parking = { .why = fpi_err_chain(task->pool, why) };
    fpi_err_t *err = NULL;

    if (fpi_int_parse(&parking.bill_id, job->key, 1, INT64_MAX)) {
        err = fpi_store_write(app->store, tx_park, &parking, task);
    }
    if (err) {
        fpi_log_err(task, FPI_M_JOBS_FAILED, err, "a parked reading could not be noted on its bill");
    }
}
