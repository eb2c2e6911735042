/* Attachments of all bills for the console. */
#include "service/handlers.h"

#include "service/words.h"
#include "store/attachments.h"
#include "store/bill_list.h"
#include "store/catalogue.h"

#include <apr_strings.h>

enum { WORD = 100 };

/* NULL: it was taken away. */
static const char *name_of(int64_t number, const fpi_label_t *words, int count)
{
    for (int i = 0; i < count; i++) {
        if (words[i].kind == FPI_LABEL_ATTACHMENT && words[i].number == number) {
            return words[i].name;
        }
    }
    return NULL;
}

static fpi_json_t *view(const fpi_attachment_t *it, const fpi_label_t *words, int count, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);

    fpi_json_put_int(doc, "id", it->id);
    fpi_json_put_int(doc, "bill_id", it->bill);
    fpi_json_put_text(doc, "bill_number", it->number);
    fpi_json_put_text(doc, "bill_type", it->type_code);
    fpi_json_put_text(doc, "bill_type_name", it->type_name);
    fpi_json_put_text(doc, "name", it->name);
    fpi_json_put_text(doc, "media", it->media);
    fpi_json_put_int(doc, "size", it->size);
    fpi_json_put_text(doc, "sha256", it->sha256);
    fpi_json_put_text(doc, "label", it->label);
    fpi_json_put_int(doc, "attachment_type", it->attachment_type);
    fpi_json_put_text(doc, "attachment_type_name", it->attachment_type ? name_of(it->attachment_type, words, count) : NULL);
    fpi_json_put_text(doc, "source", it->source);
    fpi_json_put_time(doc, "created_at", it->created);
    return doc;
}

static fpi_err_t *read_number(int64_t *out, const fpi_call_t *call, const char *name, int64_t otherwise)
{
    const char *text = fpi_params_find(call->params, name);

    *out = otherwise;
    if (text && *text && !fpi_int_parse(out, text, 0, INT64_MAX)) {
        return fpi_refuse(call->task, FPI_E_FIELD, name, "参数 %s 应为非负整数, 收到 %.40s", "parameter %s is a whole number, not %.40s",
                          name, text);
    }
    return NULL;
}

typedef struct listing_t {
    fpi_attachment_query_t query;
    fpi_page_t page;
    fpi_attachment_page_t found;
    fpi_label_t *words;
    int word_count;
} listing_t;

static fpi_err_t *read_asked(listing_t *l, const fpi_call_t *call)
{
    fpi_attachment_query_t *q = &l->query;

    FPI_TRY(fpi_page_read(&l->page, call));
    FPI_TRY(fpi_word_find(&q->name, call, "q", WORD));
    FPI_TRY(fpi_word_find(&q->number, call, "number", WORD));
    FPI_TRY(fpi_word_find(&q->label, call, "label", WORD));
    FPI_TRY(fpi_word_time(&q->from, call, "created_from"));
    FPI_TRY(fpi_word_time(&q->to, call, "created_to"));
    FPI_TRY(read_number(&q->attachment_type, call, "attachment_type", -1));
    FPI_TRY(read_number(&q->after, call, "after", 0));
    q->number = q->number ? fpi_text_upper(apr_pstrdup(call->task->pool, q->number)) : NULL;
    q->tenant = call->task->tenant;
    q->viewer = call->viewer;
    q->most = l->page.size;
    q->skip = q->after ? 0 : l->page.skip;
    if (q->skip + q->most > FPI_LIST_DEEP) {
        return fpi_refuse(call->task, FPI_E_FIELD, "page", "参数 page: 按页最多查看前 %d 条, 请用 pagination.next 作为 after 继续",
                          "parameter page reaches %d rows deep; go on with pagination.next as after", FPI_LIST_DEEP);
    }
    return NULL;
}

static fpi_err_t *tx_list(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    listing_t *l = baton;

    FPI_TRY(fpi_labels_list(&l->words, &l->word_count, tx, task->tenant, task));
    return fpi_attachments_page(&l->found, tx, &l->query, task);
}

fpi_err_t *fpi_handle_attachments_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_json_t *items = fpi_json_make_array(call->task), *pagination;
    listing_t l = { .query = { .tenant = 0 } };

    FPI_TRY(read_asked(&l, call));
    FPI_TRY(fpi_store_read(app->store, tx_list, &l, call->task));
    for (int i = 0; i < l.found.count; i++) {
        fpi_json_add(items, view(&l.found.items[i], l.words, l.word_count, call->task));
    }
    answer->data = fpi_page_answer(&l.page, items, l.found.total, call->task);
    pagination = fpi_json_find(answer->data, "pagination");
    fpi_json_put_bool(pagination, "total_is_bound", l.found.is_bound);
    fpi_json_put_bool(pagination, "has_more", l.found.has_more);
    fpi_json_put_bool(pagination, "is_partial", l.found.is_partial);
    fpi_json_put_text(pagination, "next", l.found.has_more && l.found.last
                                              ? apr_psprintf(call->task->pool, "%" APR_INT64_T_FMT, (apr_int64_t)l.found.last)
                                              : NULL);
    return NULL;
}
