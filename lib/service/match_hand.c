/* What a clerk does to the matching of a bill. */
#include "service/match.h"

#include "service/attach.h"
#include "service/looks.h"
#include "service/pull.h"

#include <apr_strings.h>

static fpi_err_t *check_bill(const fpi_matching_t *m, const fpi_bill_t *bill, fpi_task_t *task)
{
    fpi_state_t to;

    FPI_TRY(fpi_attach_refuse_locked(bill, FPI_ACT_EDIT, task));
    FPI_TRY(fpi_bill_move(&to, bill, FPI_ACT_EDIT, task));
    if (m->mode.mode == FPI_MODE_MATCH) {
        return NULL;
    }
    return fpi_refuse(task, FPI_E_STATE, NULL, "单据 %s 不按影像匹配模式处理, 无需匹配", "bill %s is not worked on in match mode",
                      bill->number);
}

static const fpi_invoice_t *find_expected(const fpi_matching_t *m, int64_t id)
{
    for (int i = 0; i < m->asked.expected_count; i++) {
        if (m->asked.expected[i].id == id) {
            return &m->asked.expected[i];
        }
    }
    return NULL;
}

static const fpi_match_found_t *find_found(const fpi_matching_t *m, int64_t id)
{
    for (int i = 0; i < m->asked.found_count; i++) {
        if (m->asked.found[i].invoice.id == id) {
            return &m->asked.found[i];
        }
    }
    return NULL;
}

static fpi_err_t *check_pair(const fpi_invoice_t **expected, const fpi_match_found_t **found, const fpi_matching_t *m,
                             const fpi_match_pair_t *pair, fpi_task_t *task)
{
    *expected = find_expected(m, pair->invoice);
    *found = find_found(m, pair->found);
    if (!*expected) {
        return fpi_refuse(task, FPI_E_ABSENT, "invoice_id", "单据没有应有发票 %" APR_INT64_T_FMT,
                          "the bill expects no invoice %" APR_INT64_T_FMT, pair->invoice);
    }
    if (!*found) {
        return fpi_refuse(task, FPI_E_ABSENT, "found_id", "单据的影像中没有发票 %" APR_INT64_T_FMT,
                          "there is no found invoice %" APR_INT64_T_FMT " on the bill", pair->found);
    }
    if ((*found)->is_attachment && !pair->is_apart) {
        return fpi_refuse(task, FPI_E_STATE, "found_id", "发票 %" APR_INT64_T_FMT " 在附件中, 请先将文件类别改为发票",
                          "found invoice %" APR_INT64_T_FMT " is in an attachment: make its file an invoice first",
                          pair->found);
    }
    return NULL;
}

static bool is_said(const fpi_matching_t *m, const fpi_match_pair_t *pair)
{
    for (int i = 0; i < m->asked.pair_count; i++) {
        const fpi_match_pair_t *there = &m->asked.pairs[i];

        if (there->invoice == pair->invoice && there->found == pair->found) {
            return there->is_apart == pair->is_apart;
        }
    }
    return false;
}

static const char *name_of(const fpi_invoice_t *invoice)
{
    return invoice->number && *invoice->number ? invoice->number : "without number";
}

fpi_err_t *fpi_match_pair(bool *is_changed, fpi_tx_t *tx, fpi_bill_t *bill, const fpi_match_pair_t *pair, fpi_task_t *task)
{
    fpi_matching_t *m = apr_palloc(task->pool, sizeof(*m));
    const fpi_invoice_t *expected;
    const fpi_match_found_t *found;
    fpi_json_t *detail;

    FPI_TRY(fpi_match_look(m, tx, bill, task));
    FPI_TRY(check_bill(m, bill, task));
    FPI_TRY(check_pair(&expected, &found, m, pair, task));
    *is_changed = !is_said(m, pair);
    if (!*is_changed) {
        return NULL;
    }
    FPI_TRY(fpi_pair_put(tx, bill->tenant, bill->id, pair, task));
    detail = fpi_json_make_object(task);
    fpi_json_put_int(detail, "invoice_id", pair->invoice);
    fpi_json_put_int(detail, "found_id", pair->found);
    FPI_TRY(fpi_bill_note(bill, tx, "match",
                          apr_psprintf(task->pool, "%s by hand: expected %s and found %s (id %" APR_INT64_T_FMT ")",
                                       pair->is_apart ? "set apart" : "paired", name_of(expected), name_of(&found->invoice),
                                       pair->found),
                          detail, task));
    return fpi_match_follow(tx, bill, task);
}

fpi_err_t *fpi_match_rerun(fpi_tx_t *tx, fpi_bill_t *bill, fpi_task_t *task)
{
    fpi_matching_t *m = apr_palloc(task->pool, sizeof(*m));

    FPI_TRY(fpi_match_look(m, tx, bill, task));
    if (m->mode.fallen != FPI_MODE_MATCH) {
        FPI_TRY(check_bill(m, bill, task));
    }
    if (m->asked.expected_count == 0) {
        FPI_TRY(fpi_pull_put(tx, bill, 0, task));
    }
    FPI_TRY(fpi_read_put(tx, bill->tenant, bill->id, task));
    return fpi_match_follow(tx, bill, task);
}
