#include "service/match_own.h"

#include "base/clock.h"
#include "service/forms.h"
#include "service/looks.h"
#include "service/pull.h"
#include "service/reads.h"
#include "store/contents.h"
#include "store/people.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <string.h>

enum { EXPECTED_MOST = 2000, FILES_MOST = 5000 };

/* ---- looking ---- */

static fpi_err_t *read_switch(bool *out, fpi_tx_t *tx, int64_t tenant, const char *name, bool otherwise, fpi_task_t *task)
{
    const char *value;

    FPI_TRY(fpi_setting_find(&value, tx, tenant, name, task));
    *out = value ? strcmp(value, "on") == 0 : otherwise;
    return NULL;
}

static fpi_err_t *read_switches(fpi_matching_t *m, fpi_tx_t *tx, int64_t tenant, fpi_task_t *task)
{
    fpi_match_rules_t *rules = &m->asked.rules;
    bool electronic;

    FPI_TRY(read_switch(&rules->is_strict, tx, tenant, "match.strict", false, task));
    FPI_TRY(read_switch(&rules->is_counted, tx, tenant, "match.counted", false, task));
    FPI_TRY(read_switch(&electronic, tx, tenant, "match.electronic", true, task));
    rules->is_paper_only = !electronic;
    FPI_TRY(read_switch(&m->submits, tx, tenant, "match.submit", true, task));
    FPI_TRY(read_switch(&m->submits_failed, tx, tenant, "match.submit_failed", false, task));
    return read_switch(&m->drops_extra, tx, tenant, "match.drop_extra", false, task);
}

/* What was read from covers and attachments is no invoice of the bill. */
static void take_found(fpi_matching_t *m, int count, fpi_task_t *task)
{
    fpi_match_found_t *found = apr_pcalloc(task->pool, sizeof(*found) * (size_t)(count + 1));
    apr_hash_t *files = apr_hash_make(task->pool);

    for (int i = 0; i < m->file_count; i++) {
        apr_hash_set(files, &m->files[i].id, sizeof(int64_t), &m->files[i]);
    }
    for (int i = 0; i < count; i++) {
        const fpi_file_t *file = apr_hash_get(files, &m->rows[i].file, sizeof(int64_t));

        found[i] = (fpi_match_found_t){ m->rows[i].invoice, m->rows[i].file, fpi_source_find(m->rows[i].source),
                                        !file || file->kind != FPI_KIND_INVOICE };
    }
    m->asked.found = found;
    m->asked.found_count = count;
}

static void take_pairs(fpi_matching_t *m, int count, fpi_task_t *task)
{
    fpi_match_pair_t *pairs = apr_pcalloc(task->pool, sizeof(*pairs) * (size_t)(count + 1));

    for (int i = 0; i < count; i++) {
        pairs[i] = m->pairs[i].pair;
    }
    m->asked.pairs = pairs;
    m->asked.pair_count = count;
}

static fpi_err_t *gather(fpi_matching_t *m, fpi_tx_t *tx, const fpi_bill_t *bill, fpi_task_t *task)
{
    int64_t tenant = bill->tenant;
    fpi_invoice_t *expected;
    int count;

    FPI_TRY(fpi_invoices_list(&expected, &m->asked.expected_count, tx, tenant, bill->id, EXPECTED_MOST, task));
    for (int i = 0; i < m->asked.expected_count; i++) {
        FPI_TRY(fpi_form_reread_sums(&expected[i], task));
    }
    m->asked.expected = expected;
    FPI_TRY(fpi_files_list(&m->files, &m->file_count, tx, tenant, bill->id, FILES_MOST, task));
    FPI_TRY(fpi_found_list(&m->rows, &count, tx, tenant, bill->id, FPI_READ_ROWS, task));
    take_found(m, count, task);
    FPI_TRY(fpi_pairs_list(&m->pairs, &count, tx, tenant, bill->id, FPI_MATCH_PAIRS, task));
    take_pairs(m, count, task);
    return NULL;
}

static fpi_err_t *judge(fpi_matching_t *m, fpi_tx_t *tx, const fpi_bill_t *bill, fpi_task_t *task)
{
    bool is_looking;

    if (m->mode.mode != FPI_MODE_MATCH) {
        m->result = m->mode.fallen == FPI_MODE_MATCH ? FPI_RESULT_FALLEN : FPI_RESULT_NONE;
        return NULL;
    }
    FPI_TRY(fpi_match_is_looking(&is_looking, tx, bill->tenant, bill->id, task));
    m->result = is_looking || m->before.is_asked ? FPI_RESULT_READING
                : m->asked.expected_count == 0 ? FPI_RESULT_WAITING
                : m->match->is_matched         ? FPI_RESULT_MATCHED : FPI_RESULT_FAILED;
    return NULL;
}

fpi_err_t *fpi_match_look(fpi_matching_t *m, fpi_tx_t *tx, const fpi_bill_t *bill, fpi_task_t *task)
{
    memset(m, 0, sizeof(*m));
    FPI_TRY(fpi_mode_find(&m->mode, tx, bill, task));
    FPI_TRY(fpi_match_find(&m->before, tx, bill->tenant, bill->id, task));
    FPI_TRY(read_switches(m, tx, bill->tenant, task));
    FPI_TRY(gather(m, tx, bill, task));
    FPI_TRY(fpi_match_run(&m->match, &m->asked, task));
    FPI_TRY(judge(m, tx, bill, task));
    fpi_match_say(m, bill, task);
    return NULL;
}

/* ---- following ---- */

/* How the result moves the bill, where that is legal; FPI_ACT_COUNT: not. */
static fpi_act_t act_of(fpi_match_result_t result)
{
    static const fpi_act_t acts[] = {
        [FPI_RESULT_NONE] = FPI_ACT_UNMATCH,     [FPI_RESULT_READING] = FPI_ACT_COUNT,
        [FPI_RESULT_WAITING] = FPI_ACT_RECOGNISE, [FPI_RESULT_MATCHED] = FPI_ACT_MATCH,
        [FPI_RESULT_FAILED] = FPI_ACT_MISMATCH,  [FPI_RESULT_FALLEN] = FPI_ACT_UNMATCH,
    };

    return acts[result];
}

static fpi_state_t state_after(const fpi_matching_t *m, const fpi_bill_t *bill, fpi_task_t *task)
{
    fpi_act_t act = act_of(m->result);
    fpi_state_t to = bill->state;

    /* a refusal is no failure here: the state is not ours to move */
    return act == FPI_ACT_COUNT || fpi_bill_move(&to, bill, act, task) ? bill->state : to;
}

static bool is_same(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static fpi_match_row_t row_of(const fpi_matching_t *m)
{
    const fpi_match_t *match = m->match;
    fpi_match_row_t row = m->before;

    if (m->result == FPI_RESULT_READING) {
        return row; /* what was told last still is */
    }
    row.result = m->result;
    row.expected = m->asked.expected_count;
    row.matched = match->matched;
    row.differs = match->differs;
    row.missing = match->missing;
    row.extra = match->extra;
    row.reason = m->en;
    return row;
}

static fpi_json_t *detail_of(const fpi_match_row_t *row, const fpi_bill_t *bill, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);

    fpi_json_put_text(doc, "result", fpi_match_result_name(row->result));
    fpi_json_put_text(doc, "state", fpi_state_symbol(bill->state));
    fpi_json_put_int(doc, "expected", row->expected);
    fpi_json_put_int(doc, "matched", row->matched);
    fpi_json_put_int(doc, "differs", row->differs);
    fpi_json_put_int(doc, "missing", row->missing);
    fpi_json_put_int(doc, "extra", row->extra);
    return doc;
}

static fpi_err_t *tell(const fpi_matching_t *m, const fpi_match_row_t *row, const fpi_bill_t *bill, fpi_state_t from,
                       fpi_tx_t *tx, fpi_task_t *task)
{
    const char *note = m->en ? m->en : "it is not matched any more: it is worked on in another mode";

    if (bill->state != from) {
        note = apr_psprintf(task->pool, "%s (%s -> %s)", note, fpi_state_name(from, "en"), fpi_state_name(bill->state, "en"));
    }
    return fpi_trail_add(tx, bill, "match", note, fpi_json_format(detail_of(row, bill, task), false, task), task);
}

static bool is_counted_same(const fpi_match_row_t *a, const fpi_match_row_t *b)
{
    return a->expected == b->expected && a->matched == b->matched && a->differs == b->differs && a->missing == b->missing
           && a->extra == b->extra;
}

fpi_err_t *match_keep(const fpi_matching_t *m, fpi_tx_t *tx, fpi_bill_t *bill, fpi_task_t *task)
{
    fpi_state_t from = bill->state, to = state_after(m, bill, task);
    fpi_match_row_t row = row_of(m);
    bool is_news = row.result != m->before.result || !is_same(row.reason, m->before.reason);

    row.at = is_news ? fpi_clock_now() : row.at;
    if (is_news || !is_counted_same(&row, &m->before)) {
        FPI_TRY(fpi_match_put(&row, tx, task));
    }
    if (from != to || (m->result == FPI_RESULT_FAILED && to == FPI_STATE_MISMATCH && !is_same(bill->reason, m->zh))) {
        bill->state = to;
        bill->reason = m->result == FPI_RESULT_FAILED ? m->zh : NULL;
        bill->reason_by = NULL;
        FPI_TRY(fpi_bill_put(bill, tx, task));
    }
    return is_news || from != to ? tell(m, &row, bill, from, tx, task) : NULL;
}

/* Nobody has told us what to expect: the receipt is asked, once. */
static fpi_err_t *ask_receipt(const fpi_matching_t *m, fpi_tx_t *tx, const fpi_bill_t *bill, fpi_task_t *task)
{
    const char *key = apr_psprintf(task->pool, "%" APR_INT64_T_FMT, bill->id);
    fpi_job_t *job;

    if (m->result != FPI_RESULT_WAITING || !bill->is_announced || m->before.empty_at) {
        return NULL;
    }
    FPI_TRY(fpi_job_find(&job, tx, FPI_JOB_PULL, key, task));
    return job ? NULL : fpi_pull_put(tx, bill, 0, task);
}

fpi_err_t *match_is_concerned(bool *out, fpi_tx_t *tx, const fpi_bill_t *bill, fpi_task_t *task)
{
    bool is_ours = bill->state == FPI_STATE_MISMATCH || bill->state == FPI_STATE_RECOGNISED || bill->state == FPI_STATE_MATCHED;
    fpi_mode_said_t mode;
    fpi_match_row_t row;

    FPI_TRY(fpi_mode_find(&mode, tx, bill, task));
    FPI_TRY(fpi_match_find(&row, tx, bill->tenant, bill->id, task));
    *out = bill->state != FPI_STATE_VOID && (is_ours || mode.mode == FPI_MODE_MATCH || mode.fallen == FPI_MODE_MATCH
                                             || row.result != FPI_RESULT_NONE);
    return NULL;
}

fpi_err_t *fpi_match_follow(fpi_tx_t *tx, fpi_bill_t *bill, fpi_task_t *task)
{
    fpi_matching_t *m = apr_palloc(task->pool, sizeof(*m));
    bool is_concerned;

    FPI_TRY(match_is_concerned(&is_concerned, tx, bill, task));
    if (!is_concerned) {
        return NULL;
    }
    FPI_TRY(fpi_match_look(m, tx, bill, task));
    FPI_TRY(match_keep(m, tx, bill, task));
    FPI_TRY(ask_receipt(m, tx, bill, task));
    return match_submit(m, tx, bill, task);
}

/* ---- what happened to it ---- */

static fpi_err_t *put_asked(bool is_asked, fpi_tx_t *tx, const fpi_bill_t *bill, fpi_task_t *task)
{
    fpi_match_row_t row;

    FPI_TRY(fpi_match_find(&row, tx, bill->tenant, bill->id, task));
    if (row.is_asked == is_asked) {
        return NULL;
    }
    row.is_asked = is_asked;
    return fpi_match_put(&row, tx, task);
}

fpi_err_t *fpi_match_read(fpi_tx_t *tx, fpi_bill_t *bill, bool is_asked, fpi_task_t *task)
{
    bool is_concerned;

    FPI_TRY(match_is_concerned(&is_concerned, tx, bill, task));
    FPI_TRY(put_asked(is_asked && is_concerned, tx, bill, task));
    return fpi_match_follow(tx, bill, task);
}

fpi_err_t *fpi_match_unanswered(fpi_tx_t *tx, const char *sha256, fpi_task_t *task)
{
    fpi_holder_t *holders;
    int count;

    FPI_TRY(fpi_content_holders(&holders, &count, tx, sha256, task));
    for (int i = 0; i < count; i++) {
        fpi_match_row_t row;
        fpi_bill_t *bill;

        FPI_TRY(fpi_match_find(&row, tx, holders[i].tenant, holders[i].bill, task));
        FPI_TRY(fpi_bill_find_by_id(&bill, tx, holders[i].tenant, holders[i].bill, task));
        if (bill && row.is_asked) {
            FPI_TRY(fpi_match_read(tx, bill, false, task));
        }
    }
    return NULL;
}

fpi_err_t *fpi_match_empty(fpi_tx_t *tx, const fpi_bill_t *bill, fpi_task_t *task)
{
    fpi_match_row_t row;

    FPI_TRY(fpi_match_find(&row, tx, bill->tenant, bill->id, task));
    row.empty_at = fpi_clock_now();
    return fpi_match_put(&row, tx, task);
}

fpi_err_t *fpi_match_announced(fpi_tx_t *tx, const fpi_bill_t *bill, fpi_task_t *task)
{
    fpi_tally_t tally;

    FPI_TRY(fpi_files_tally(&tally, tx, bill->tenant, bill->id, task));
    return tally.count ? fpi_read_put(tx, bill->tenant, bill->id, task) : NULL;
}
