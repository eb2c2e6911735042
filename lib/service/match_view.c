/* The result of matching for family C. */
#include "service/handlers.h"
#include "service/match.h"

#include "service/views.h"

#include <apr_hash.h>
#include <apr_strings.h>

static void put_found(fpi_json_t *to, const fpi_matching_t *m, int at, fpi_task_t *task)
{
    const fpi_match_found_t *found = &m->asked.found[at];
    fpi_json_t *doc = fpi_view_invoice(&found->invoice, task);

    fpi_json_put_int(doc, "file_id", found->file);
    fpi_json_put_int(doc, "page", m->rows[at].page);
    fpi_json_put_text(doc, "source", m->rows[at].source);
    fpi_json_put_text(doc, "editor", m->rows[at].editor);
    fpi_json_put_int(doc, "version", m->rows[at].updated);
    fpi_json_put(to, "found", doc);
}

static fpi_json_t *copies_of(const fpi_matching_t *m, const fpi_match_item_t *item, fpi_task_t *task)
{
    fpi_json_t *list = fpi_json_make_array(task);

    for (int i = 0; i < item->copy_count; i++) {
        const fpi_match_found_t *found = &m->asked.found[item->copies[i]];
        fpi_json_t *doc = fpi_json_make_object(task);

        fpi_json_put_int(doc, "found_id", found->invoice.id);
        fpi_json_put_int(doc, "file_id", found->file);
        fpi_json_put_text(doc, "source", fpi_source_name(found->source));
        fpi_json_add(list, doc);
    }
    return list;
}

static fpi_json_t *diffs_of(const fpi_matching_t *m, const fpi_match_item_t *item, fpi_task_t *task)
{
    fpi_json_t *list = fpi_json_make_array(task);

    for (int i = 0; i < item->diff_count; i++) {
        const fpi_match_diff_t *diff = &item->diffs[i];
        fpi_json_t *doc = fpi_json_make_object(task);

        fpi_json_put_text(doc, "field", diff->field);
        fpi_json_put_text(doc, "expected", diff->expected);
        fpi_json_put_text(doc, "found", diff->found);
        fpi_json_put_text(doc, "why", fpi_why_name(diff->why));
        fpi_json_put_int(doc, "found_id", m->asked.found[diff->at].invoice.id);
        fpi_json_add(list, doc);
    }
    return list;
}

static fpi_json_t *same_of(unsigned like, fpi_task_t *task)
{
    static const struct like_t {
        unsigned like;
        const char *name;
    } likes[] = { { FPI_LIKE_NUMBER, "number" }, { FPI_LIKE_NEAR_NUMBER, "near_number" }, { FPI_LIKE_GROSS, "gross" },
                  { FPI_LIKE_NET, "net" },       { FPI_LIKE_DATE, "date" },               { FPI_LIKE_SELLER, "seller" },
                  { FPI_LIKE_TYPE, "type" } };
    fpi_json_t *list = fpi_json_make_array(task);

    for (size_t i = 0; i < sizeof(likes) / sizeof(*likes); i++) {
        if (like & likes[i].like) {
            fpi_json_add_text(list, likes[i].name);
        }
    }
    return list;
}

static fpi_json_t *hints_of(const fpi_matching_t *m, const fpi_match_item_t *item, fpi_task_t *task)
{
    fpi_json_t *list = fpi_json_make_array(task);
    bool is_missing = item->expected >= 0;

    for (int i = 0; i < item->hint_count; i++) {
        const fpi_match_hint_t *hint = &item->hints[i];
        fpi_json_t *doc = fpi_json_make_object(task);

        fpi_json_put_int(doc, is_missing ? "found_id" : "invoice_id",
                         is_missing ? m->asked.found[hint->at].invoice.id : m->asked.expected[hint->at].id);
        fpi_json_put_int(doc, "score", hint->score);
        fpi_json_put(doc, "same", same_of(hint->like, task));
        fpi_json_add(list, doc);
    }
    return list;
}

static fpi_json_t *item_of(const fpi_matching_t *m, const fpi_match_item_t *item, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);

    fpi_json_put_text(doc, "verdict", fpi_verdict_name(item->verdict));
    fpi_json_put_text(doc, "tie", fpi_tie_name(item->tie));
    fpi_json_put_bool(doc, "is_required", item->is_required);
    fpi_json_put_bool(doc, "is_repeated", item->is_repeated);
    fpi_json_put_text(doc, "words", fpi_match_item_words(item, task->lang && *task->lang == 'z', task));
    fpi_json_put(doc, "invoice", item->expected >= 0 ? fpi_view_invoice(&m->asked.expected[item->expected], task) : NULL);
    fpi_json_put(doc, "found", NULL);
    if (item->found >= 0) {
        put_found(doc, m, item->found, task);
    }
    fpi_json_put(doc, "copies", copies_of(m, item, task));
    fpi_json_put(doc, "differences", diffs_of(m, item, task));
    fpi_json_put(doc, "suggestions", hints_of(m, item, task));
    if (item->attachment >= 0) {
        fpi_json_put_int(doc, "attachment_file_id", m->asked.found[item->attachment].file);
    }
    return doc;
}

/* Invoice files that say nothing of an invoice: what is missing may be in one of them. */
static fpi_json_t *unread_of(const fpi_matching_t *m, fpi_task_t *task)
{
    apr_hash_t *read = apr_hash_make(task->pool);
    fpi_json_t *list = fpi_json_make_array(task);

    for (int i = 0; i < m->asked.found_count; i++) {
        apr_hash_set(read, &m->asked.found[i].file, sizeof(int64_t), "");
    }
    for (int i = 0; i < m->file_count; i++) {
        const fpi_file_t *file = &m->files[i];

        if (file->kind == FPI_KIND_INVOICE && !apr_hash_get(read, &file->id, sizeof(int64_t))) {
            fpi_json_t *doc = fpi_json_make_object(task);

            fpi_json_put_int(doc, "file_id", file->id);
            fpi_json_put_text(doc, "name", file->name);
            fpi_json_add(list, doc);
        }
    }
    return list;
}

static fpi_json_t *pairs_of(const fpi_matching_t *m, fpi_task_t *task)
{
    fpi_json_t *list = fpi_json_make_array(task);

    for (int i = 0; i < m->asked.pair_count; i++) {
        const fpi_pair_row_t *row = &m->pairs[i];
        fpi_json_t *doc = fpi_json_make_object(task);

        fpi_json_put_int(doc, "invoice_id", row->pair.invoice);
        fpi_json_put_int(doc, "found_id", row->pair.found);
        fpi_json_put_bool(doc, "is_apart", row->pair.is_apart);
        fpi_json_put_text(doc, "actor", row->actor);
        fpi_json_put_time(doc, "created_at", row->created);
        fpi_json_add(list, doc);
    }
    return list;
}

static fpi_json_t *counts_of(const fpi_matching_t *m, fpi_task_t *task)
{
    const fpi_match_t *match = m->match;
    fpi_json_t *doc = fpi_json_make_object(task);

    fpi_json_put_int(doc, "expected", m->asked.expected_count);
    fpi_json_put_int(doc, "matched", match->matched);
    fpi_json_put_int(doc, "differs", match->differs);
    fpi_json_put_int(doc, "missing", match->missing);
    fpi_json_put_int(doc, "extra", match->extra);
    fpi_json_put_int(doc, "required", match->required);
    fpi_json_put_int(doc, "failed", match->failed);
    return doc;
}

static fpi_json_t *rules_of(const fpi_matching_t *m, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);

    fpi_json_put_bool(doc, "is_strict", m->asked.rules.is_strict);
    fpi_json_put_bool(doc, "is_paper_only", m->asked.rules.is_paper_only);
    fpi_json_put_bool(doc, "is_counted", m->asked.rules.is_counted);
    fpi_json_put_bool(doc, "submits", m->submits);
    fpi_json_put_bool(doc, "may_confirm", m->submits_failed);
    fpi_json_put_bool(doc, "drops_extra", m->drops_extra);
    return doc;
}

fpi_json_t *fpi_match_answer(const fpi_matching_t *m, const fpi_bill_t *bill, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task), *items = fpi_json_make_array(task);

    for (int i = 0; i < m->match->count; i++) {
        fpi_json_add(items, item_of(m, &m->match->items[i], task));
    }
    fpi_json_put_int(doc, "bill_id", bill->id);
    fpi_json_put_text(doc, "bill_number", bill->number);
    fpi_json_put_text(doc, "state", fpi_state_symbol(bill->state));
    fpi_json_put_int(doc, "version", bill->version);
    fpi_json_put_text(doc, "result", fpi_match_result_name(m->result));
    fpi_json_put_text(doc, "reason", task->lang && *task->lang == 'z' ? m->zh : m->en);
    fpi_json_put_time(doc, "told_at", m->before.at);
    fpi_json_put(doc, "counts", counts_of(m, task));
    fpi_json_put(doc, "rules", rules_of(m, task));
    fpi_page_whole(doc, items, task);
    fpi_json_put(doc, "unread", unread_of(m, task));
    fpi_json_put(doc, "pairs", pairs_of(m, task));
    return doc;
}
