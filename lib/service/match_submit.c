/* Submitting in match mode: by itself, by somebody, or all the same. */
#include "service/match_own.h"

#include "service/found.h"
#include "service/looks.h"
#include "store/piles.h"

#include <apr_hash.h>
#include <apr_strings.h>

/* ---- files that nobody expects ---- */

/* file -> "" of those whose invoices are all extra: what has one that is expected stays. */
static apr_hash_t *extra_files(const fpi_matching_t *m, fpi_task_t *task)
{
    apr_hash_t *files = apr_hash_make(task->pool);

    for (int turn = 0; turn < 2; turn++) {
        for (int i = 0; i < m->match->count; i++) {
            const fpi_match_item_t *item = &m->match->items[i];
            bool is_extra = item->verdict == FPI_VERDICT_EXTRA;

            for (int k = 0; is_extra == (turn == 0) && k < item->copy_count; k++) {
                const int64_t *file = &m->asked.found[item->copies[k]].file;

                apr_hash_set(files, file, sizeof(*file), is_extra ? "" : NULL);
            }
        }
    }
    return files;
}

static fpi_err_t *drop_one(fpi_pile_t *pile, const fpi_file_t *file, fpi_tx_t *tx, const fpi_bill_t *bill, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);

    fpi_json_put_int(doc, "file_id", file->id);
    fpi_json_put_text(doc, "sha256", file->sha256);
    FPI_TRY(fpi_trail_add(tx, bill, "file",
                          apr_psprintf(task->pool, "%s taken off the bill: nobody expects its invoices; sha256 %s, the bytes "
                                                   "are kept", file->name, file->sha256),
                          fpi_json_format(doc, false, task), task));
    return fpi_pile_drop(pile, file->id, task);
}

static fpi_err_t *drop_extra(const fpi_matching_t *m, fpi_tx_t *tx, fpi_bill_t *bill, fpi_task_t *task)
{
    apr_hash_t *extra = extra_files(m, task);
    fpi_pile_t *pile, before;
    int dropped = 0;

    if (!m->drops_extra || !apr_hash_count(extra)) {
        return NULL;
    }
    FPI_TRY(fpi_pile_get(&pile, &before, tx, bill, task));
    for (int i = 0; i < before.count; i++) {
        const fpi_file_t *file = &before.files[i];

        if (apr_hash_get(extra, &file->id, sizeof(file->id)) && pile->count > 1) {
            FPI_TRY(drop_one(pile, file, tx, bill, task));
            dropped++;
        }
    }
    if (!dropped) {
        return NULL;
    }
    FPI_TRY(fpi_pile_put(pile, &before, tx, task));
    FPI_TRY(fpi_bill_raise_version(bill, tx, task));
    return fpi_read_put(tx, bill->tenant, bill->id, task);
}

/* ---- by itself ---- */

/* An invoice that another bill has keeps it here; said once. */
static fpi_err_t *tell_kept(fpi_tx_t *tx, const fpi_bill_t *bill, const fpi_err_t *why, fpi_task_t *task)
{
    const char *note = apr_pstrcat(task->pool, "not submitted by itself: ", fpi_err_public(why, "en"), NULL);
    fpi_json_t *doc = fpi_json_make_object(task);
    const char *detail;
    bool has;

    fpi_json_put_text(doc, "not_submitted", fpi_err_public(why, "en"));
    detail = fpi_json_format(doc, false, task);
    FPI_TRY(fpi_trail_has(&has, tx, bill, "match", detail, task));
    return has ? NULL : fpi_trail_add(tx, bill, "match", note, detail, task);
}

fpi_err_t *match_submit(const fpi_matching_t *m, fpi_tx_t *tx, fpi_bill_t *bill, fpi_task_t *task)
{
    const fpi_order_t order = { FPI_ACT_SUBMIT, NULL, NULL, "all that is required matches" };
    fpi_err_t *err;
    bool is_changed;

    if (!m->submits || m->result != FPI_RESULT_MATCHED || bill->state != FPI_STATE_MATCHED) {
        return NULL;
    }
    err = fpi_found_check_submit(tx, bill, NULL, task);
    if (err) {
        return err->code == FPI_E_DUPLICATE ? tell_kept(tx, bill, err, task) : err;
    }
    FPI_TRY(drop_extra(m, tx, bill, task));
    return fpi_move(&is_changed, bill, &order, tx, task);
}

/* ---- by somebody ---- */

static fpi_err_t *refuse(const fpi_matching_t *m, const fpi_bill_t *bill, fpi_task_t *task)
{
    fpi_json_t *more = fpi_json_make_object(task), *match = fpi_json_make_object(task);
    fpi_err_t *err;

    /* each text takes its own of the two languages and prints nothing of the other */
    err = m->submits_failed
              ? fpi_refuse(task, FPI_E_STATE, "confirm", "单据 %s 未匹配: %s%.0s; 如仍要提交, 请确认 (confirm=true)",
                           "bill %s does not match: %.0s%s; to submit it all the same say confirm=true", bill->number, m->zh, m->en)
              : fpi_refuse(task, FPI_E_STATE, NULL, "单据 %s 未匹配, 不能提交: %s%.0s", "bill %s can't be submitted: %.0s%s",
                           bill->number, m->zh, m->en);
    fpi_json_put_text(match, "result", fpi_match_result_name(m->result));
    fpi_json_put_bool(match, "may_confirm", m->submits_failed);
    fpi_json_put(more, "match", match);
    err->more = fpi_json_format(more, false, task);
    return err;
}

/* To where it is submitted from, if it is held here. */
static fpi_err_t *free_bill(fpi_tx_t *tx, fpi_bill_t *bill, fpi_task_t *task)
{
    fpi_state_t to;

    if (fpi_bill_move(&to, bill, FPI_ACT_UNMATCH, task)) {
        return NULL;
    }
    bill->state = to;
    return fpi_bill_put(bill, tx, task);
}

fpi_err_t *fpi_match_check_submit(const char **told, bool is_confirmed, fpi_tx_t *tx, fpi_bill_t *bill, fpi_task_t *task)
{
    fpi_matching_t *m = apr_palloc(task->pool, sizeof(*m));
    bool is_concerned;

    *told = NULL;
    FPI_TRY(match_is_concerned(&is_concerned, tx, bill, task));
    if (!is_concerned) {
        return NULL;
    }
    FPI_TRY(fpi_match_look(m, tx, bill, task));
    FPI_TRY(match_keep(m, tx, bill, task));
    if (m->result == FPI_RESULT_NONE || m->result == FPI_RESULT_FALLEN) {
        return NULL;
    }
    if (m->result == FPI_RESULT_MATCHED) {
        return drop_extra(m, tx, bill, task);
    }
    if (!m->submits_failed || !is_confirmed) {
        return refuse(m, bill, task);
    }
    *told = apr_pstrcat(task->pool, "confirmed though ", m->en, NULL);
    return free_bill(tx, bill, task);
}
