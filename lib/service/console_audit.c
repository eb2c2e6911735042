/* The audit log for the console: what administrators changed. */
#include "service/handlers.h"

#include "service/words.h"
#include "store/audit.h"

#include <string.h>

enum { WORD = 200, BOUND = 10000 };

typedef struct listing_t {
    fpi_audit_query_t query;
    fpi_audit_t *rows;
    int count;
    int64_t total;
} listing_t;

static fpi_err_t *tx_list(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    listing_t *l = baton;

    return fpi_audit_list(&l->rows, &l->count, &l->total, tx, &l->query, BOUND, task);
}

static fpi_json_t *view(const fpi_audit_t *row, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task), *detail = NULL;

    fpi_json_put_int(doc, "id", row->id);
    fpi_json_put_time(doc, "at", row->at);
    fpi_json_put_text(doc, "actor", row->actor);
    fpi_json_put_text(doc, "action", row->action);
    fpi_json_put_text(doc, "object", row->object);
    if (row->detail) {
        fpi_ignore(fpi_json_parse(&detail, row->detail, strlen(row->detail), task)); /* shown without it then */
    }
    fpi_json_put(doc, "detail", detail);
    fpi_json_put_text(doc, "trace_id", row->trace);
    return doc;
}

fpi_err_t *fpi_handle_audit_log(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    listing_t l = { .query = { .tenant = call->task->tenant } };
    fpi_json_t *items = fpi_json_make_array(call->task);
    fpi_page_t page;

    FPI_TRY(fpi_page_read(&page, call));
    FPI_TRY(fpi_word_find(&l.query.actor, call, "actor", WORD));
    FPI_TRY(fpi_word_find(&l.query.action, call, "action", WORD));
    FPI_TRY(fpi_word_find(&l.query.object, call, "object", WORD));
    FPI_TRY(fpi_word_time(&l.query.from, call, "from"));
    FPI_TRY(fpi_word_time(&l.query.to, call, "to"));
    if (page.skip + page.size > BOUND) {
        return fpi_refuse(call->task, FPI_E_FIELD, "page", "参数 page: 最多查看前 %d 条, 请缩小条件", "parameter page reaches beyond the first %d rows; narrow the filters",
                          BOUND);
    }
    l.query.skip = page.skip;
    l.query.most = page.size;
    FPI_TRY(fpi_store_read(app->store, tx_list, &l, call->task));
    for (int i = 0; i < l.count; i++) {
        fpi_json_add(items, view(&l.rows[i], call->task));
    }
    answer->data = fpi_page_answer(&page, items, l.total, call->task);
    fpi_json_put_bool(fpi_json_find(answer->data, "pagination"), "total_is_bound", l.total == BOUND);
    return NULL;
}
