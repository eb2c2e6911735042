#include "service/moves.h"

#include "service/attach.h"
#include "service/found.h"
#include "service/looks.h"
#include "service/match.h"
#include "service/notices.h"

#include <apr_strings.h>
#include <string.h>

/* ---- what a change leaves behind ---- */

fpi_err_t *fpi_bill_note(fpi_bill_t *bill, fpi_tx_t *tx, const char *kind, const char *note, fpi_json_t *detail,
                         fpi_task_t *task)
{
    fpi_json_t *doc = detail ? detail : fpi_json_make_object(task);

    bill->version++;
    fpi_json_put_int(doc, "version", bill->version);
    FPI_TRY(fpi_bill_put(bill, tx, task));
    return fpi_trail_add(tx, bill, kind, note, fpi_json_format(doc, false, task), task);
}

fpi_err_t *fpi_bill_changed(fpi_bill_t *bill, fpi_tx_t *tx, const char *kind, const char *note, fpi_json_t *detail,
                            fpi_task_t *task)
{
    fpi_tally_t tally;

    FPI_TRY(fpi_files_tally(&tally, tx, bill->tenant, bill->id, task));
    bill->page_count = tally.pages;
    FPI_TRY(fpi_bill_note(bill, tx, kind, note, detail, task));
    return fpi_read_put(tx, bill->tenant, bill->id, task);
}

const char *fpi_order_note(const fpi_order_t *order, const char *note, fpi_task_t *task)
{
    if (order->told) {
        note = apr_pstrcat(task->pool, note, "; ", order->told, NULL);
    }
    if (order->by) {
        note = apr_pstrcat(task->pool, note, ", by ", order->by, NULL);
    }
    return order->reason ? apr_pstrcat(task->pool, note, ", because: ", order->reason, NULL) : note;
}

/* ---- may it? ---- */

static bool is_submitting(fpi_act_t act)
{
    return act == FPI_ACT_SUBMIT || act == FPI_ACT_RESUBMIT;
}

/* A bill that is submitted, or is again what it was before it was sent back, has images. */
static bool needs_files(fpi_act_t act)
{
    return is_submitting(act) || act == FPI_ACT_CANCEL_RESCAN || act == FPI_ACT_REVIEW;
}

fpi_err_t *fpi_move_may(const fpi_bill_t *bill, fpi_act_t act, int64_t files, fpi_task_t *task)
{
    fpi_state_t to;

    FPI_TRY(fpi_attach_refuse_locked(bill, act, task));
    FPI_TRY(fpi_bill_move(&to, bill, act, task));
    if (needs_files(act) && files == 0) {
        return fpi_refuse(task, FPI_E_STATE, NULL, "单据 %s 无影像, 不能%s%.0s, 请先上传影像",
                          "bill %s has no images: not allowed: %.0s%s; upload some first", bill->number,
                          fpi_act_name(act, "zh"), fpi_act_name(act, "en"));
    }
    return NULL;
}

/* ---- moving ---- */

static bool is_same(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

/* What is void stays so for the reason that it was given then. */
static bool is_again(const fpi_bill_t *bill, const fpi_order_t *order, fpi_state_t to)
{
    return to == bill->state && (order->act == FPI_ACT_SUBMIT || order->act == FPI_ACT_VOID
                                 || is_same(bill->reason, order->reason));
}

/* What comes after a send-back is judged file by file. */
static fpi_err_t *mark_files(const fpi_bill_t *bill, fpi_act_t act, fpi_tx_t *tx, fpi_task_t *task)
{
    if (act == FPI_ACT_RESCAN && bill->state != FPI_STATE_RESCAN) {
        FPI_TRY(fpi_dropped_begin(tx, bill, task));
        return fpi_files_put_state(tx, bill, -1, FPI_FILE_UNCHANGED, task);
    }
    return act == FPI_ACT_CANCEL_RESCAN ? fpi_files_put_state(tx, bill, FPI_FILE_UNCHANGED, FPI_FILE_NORMAL, task) : NULL;
}

static fpi_json_t *detail_of(const fpi_order_t *order, fpi_state_t from, fpi_state_t to, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);

    fpi_json_put_text(doc, "act", fpi_act_symbol(order->act));
    fpi_json_put_text(doc, "from", fpi_state_symbol(from));
    fpi_json_put_text(doc, "to", fpi_state_symbol(to));
    if (order->reason) {
        fpi_json_put_text(doc, "reason", order->reason);
    }
    return doc;
}

static fpi_err_t *may_with_files(const fpi_bill_t *bill, fpi_act_t act, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_tally_t tally = { 0 };

    if (needs_files(act)) {
        FPI_TRY(fpi_files_tally(&tally, tx, bill->tenant, bill->id, task));
    }
    return fpi_move_may(bill, act, tally.count, task);
}

fpi_err_t *fpi_move(bool *is_changed, fpi_bill_t *bill, const fpi_order_t *order, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_state_t from = bill->state, to;
    const char *note;

    *is_changed = false;
    FPI_TRY(may_with_files(bill, order->act, tx, task));
    FPI_TRY(fpi_bill_move(&to, bill, order->act, task));
    if (is_again(bill, order, to)) {
        return NULL;
    }
    *is_changed = true;
    FPI_TRY(mark_files(bill, order->act, tx, task));
    if (order->act == FPI_ACT_RESCAN && from != FPI_STATE_RESCAN) {
        bill->state_before = from;
    }
    bill->state = to;
    bill->reason = is_submitting(order->act) ? NULL : order->reason;
    bill->reason_by = !bill->reason ? NULL : order->by ? order->by : task->actor;
    note = apr_psprintf(task->pool, "%s: %s -> %s", fpi_act_name(order->act, "en"), fpi_state_name(from, "en"),
                        fpi_state_name(to, "en"));
    FPI_TRY(fpi_bill_note(bill, tx, "state", fpi_order_note(order, note, task), detail_of(order, from, to, task), task));
    FPI_TRY(fpi_notice_moved(tx, bill, order, from, task));
    FPI_TRY(fpi_found_moved(tx, bill, task));
    /* it is back where it was, but what it is compared with may be other things by now */
    return order->act == FPI_ACT_CANCEL_RESCAN ? fpi_match_follow(tx, bill, task) : NULL;
}

fpi_err_t *fpi_move_lock(bool *is_changed, fpi_bill_t *bill, bool is_locking, const fpi_order_t *order, fpi_tx_t *tx,
                         fpi_task_t *task)
{
    fpi_state_t to;

    *is_changed = bill->is_locked != is_locking;
    if (is_locking) {
        FPI_TRY(fpi_bill_move(&to, bill, FPI_ACT_LOCK, task));
    }
    if (!*is_changed) {
        return NULL;
    }
    bill->is_locked = is_locking;
    return fpi_bill_note(bill, tx, "lock", fpi_order_note(order, is_locking ? "locked" : "unlocked", task), NULL, task);
}
