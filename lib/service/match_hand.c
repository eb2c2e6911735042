/* What a clerk does to the matching of a bill. */
#include "service/match.h"

#include "base/text.h"
#include "service/attach.h"
#include "service/found.h"
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

static fpi_err_t *get_expected(const fpi_invoice_t **expected, const fpi_matching_t *m, int64_t id, fpi_task_t *task)
{
    *expected = find_expected(m, id);
    return *expected ? NULL
                     : fpi_refuse(task, FPI_E_ABSENT, "invoice_id", "单据没有应有发票 %" APR_INT64_T_FMT,
                                  "the bill expects no invoice %" APR_INT64_T_FMT, id);
}

static fpi_err_t *check_pair(const fpi_invoice_t **expected, const fpi_match_found_t **found, const fpi_matching_t *m,
                             const fpi_match_pair_t *pair, fpi_task_t *task)
{
    FPI_TRY(get_expected(expected, m, pair->invoice, task));
    *found = find_found(m, pair->found);
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

/* ---- a file that nobody can read ---- */

static fpi_err_t *check_file(const fpi_file_t **file, const fpi_matching_t *m, int64_t id, fpi_task_t *task)
{
    *file = NULL;
    for (int i = 0; i < m->file_count; i++) {
        *file = m->files[i].id == id ? &m->files[i] : *file;
    }
    if (!*file) {
        return fpi_refuse(task, FPI_E_ABSENT, "file_id", "单据没有文件 %" APR_INT64_T_FMT, "the bill has no file %" APR_INT64_T_FMT,
                          id);
    }
    if ((*file)->kind != FPI_KIND_INVOICE) {
        return fpi_refuse(task, FPI_E_STATE, "file_id", "文件 %s 不是发票, 请先将类别改为发票", "%s is no invoice: make it one first",
                          (*file)->name);
    }
    for (int i = 0; i < m->asked.found_count; i++) {
        if (m->asked.found[i].file == id) {
            return fpi_refuse(task, FPI_E_STATE, "file_id", "文件 %s 已识别出发票, 请与该发票配对 (found_id) 或更正它",
                              "an invoice was read from %s: pair with that one (found_id), or correct it", (*file)->name);
        }
    }
    return NULL;
}

/* Every field that is expected, in the clerk's name. */
static fpi_json_t *hand_of(const fpi_invoice_t *expected, fpi_task_t *task)
{
    const struct word_t {
        const char *name, *value;
    } words[] = {
        { "number", expected->number },
        { "code", expected->code },
        { "date", expected->date },
        { "net", expected->has_net ? fpi_fen_format(task->pool, expected->net) : NULL },
        { "tax", expected->has_tax ? fpi_fen_format(task->pool, expected->tax) : NULL },
        { "gross", expected->has_gross ? fpi_fen_format(task->pool, expected->gross) : NULL },
        { "seller_name", expected->seller_name },
        { "seller_tax_no", expected->seller_tax_no },
        { "buyer_name", expected->buyer_name },
        { "buyer_tax_no", expected->buyer_tax_no },
        { "type", expected->type ? apr_psprintf(task->pool, "%" APR_INT64_T_FMT, expected->type) : NULL },
    };
    fpi_json_t *hand = fpi_json_make_object(task);

    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        if (words[i].value && *words[i].value) {
            fpi_json_put_text(hand, words[i].name, words[i].value);
        }
    }
    return hand;
}

static fpi_err_t *put_found(fpi_found_row_t *row, fpi_tx_t *tx, const fpi_bill_t *bill, const fpi_invoice_t *expected,
                            fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);

    if (!expected->number && !expected->has_net && !expected->has_gross) {
        return fpi_refuse(task, FPI_E_STATE, "invoice_id", "应有发票没有号码和金额, 无法确认",
                          "the expected invoice has neither number nor amount: there is nothing to vouch for");
    }
    row->invoice.tenant = bill->tenant;
    row->invoice.bill = bill->id;
    row->editor = task->actor;
    fpi_json_put_text(doc, "key", "#0.1");
    fpi_json_put(doc, "said", fpi_json_make_object(task));
    fpi_json_put(doc, "hand", hand_of(expected, task));
    FPI_TRY(fpi_found_compose(row, doc, task));
    return fpi_found_put(row, tx, task);
}

fpi_err_t *fpi_match_vouch(fpi_tx_t *tx, fpi_bill_t *bill, int64_t invoice, int64_t file_id, fpi_task_t *task)
{
    fpi_matching_t *m = apr_palloc(task->pool, sizeof(*m));
    fpi_found_row_t row = { .file = file_id };
    fpi_match_pair_t pair = { .invoice = invoice };
    const fpi_invoice_t *expected;
    const fpi_file_t *file;
    bool is_changed;

    FPI_TRY(fpi_match_look(m, tx, bill, task));
    FPI_TRY(check_bill(m, bill, task));
    FPI_TRY(get_expected(&expected, m, invoice, task));
    FPI_TRY(check_file(&file, m, file_id, task));
    FPI_TRY(put_found(&row, tx, bill, expected, task));
    FPI_TRY(fpi_trail_add(tx, bill, "invoice",
                          apr_psprintf(task->pool, "%s shows invoice %s, a hand says; nothing could be read from it", file->name,
                                       name_of(expected)),
                          NULL, task));
    FPI_TRY(fpi_found_wake(tx, bill, row.invoice.identity, task));
    FPI_TRY(fpi_read_put(tx, bill->tenant, bill->id, task)); /* its twins follow */
    pair.found = row.invoice.id;
    return fpi_match_pair(&is_changed, tx, bill, &pair, task);
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
