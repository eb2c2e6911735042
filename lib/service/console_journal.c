/* Calls to unknown paths for the console, each with the FPImageRoute line that would serve it. */
#include "service/handlers.h"

#include "service/suggest.h"

#include <apr_strings.h>

static fpi_json_t *view_suggestion(const fpi_suggestion_t *s, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);

    fpi_json_put_text(doc, "handler", s->handler);
    fpi_json_put_text(doc, "line", s->obstacle ? NULL : s->line);
    fpi_json_put_text(doc, "obstacle", s->obstacle);
    fpi_json_put_text(doc, "sureness", fpi_text_upper(apr_pstrdup(task->pool, s->sureness)));
    fpi_json_put_int(doc, "score", s->score);
    fpi_json_put(doc, "reasons", s->reasons);
    return doc;
}

static fpi_json_t *view(const fpi_journal_t *entry, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task), *list = fpi_json_make_array(task);
    fpi_suggestion_t suggestions[FPI_SUGGESTIONS];
    int count = fpi_suggest(suggestions, entry, task);

    for (int i = 0; i < count; i++) {
        fpi_json_add(list, view_suggestion(&suggestions[i], task));
    }
    fpi_json_put_int(doc, "id", entry->id);
    fpi_json_put_int(doc, "count", entry->count);
    fpi_json_put_text(doc, "method", entry->method);
    fpi_json_put_text(doc, "path", entry->path);
    fpi_json_put_text(doc, "query", entry->query);
    fpi_json_put_text(doc, "shape", entry->shape);
    fpi_json_put_text(doc, "why", entry->why);
    fpi_json_put_text(doc, "source", entry->source);
    fpi_json_put_text(doc, "trace_id", entry->trace);
    fpi_json_put_bool(doc, "has_sample", entry->sample != NULL);
    fpi_json_put_time(doc, "first_at", entry->first);
    fpi_json_put_time(doc, "last_at", entry->last);
    fpi_json_put(doc, "suggestions", list);
    return doc;
}

typedef struct listing_t {
    fpi_page_t page;
    fpi_journal_t *items;
    int count;
    int64_t total;
} listing_t;

static fpi_err_t *tx_list(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    listing_t *l = baton;

    return fpi_journal_page(&l->items, &l->count, &l->total, tx, l->page.skip, l->page.size, task);
}

fpi_err_t *fpi_handle_journal_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_json_t *items = fpi_json_make_array(call->task);
    listing_t l = { .items = NULL };

    FPI_TRY(fpi_page_read(&l.page, call));
    FPI_TRY(fpi_store_read(app->store, tx_list, &l, call->task));
    for (int i = 0; i < l.count; i++) {
        fpi_json_add(items, view(&l.items[i], call->task));
    }
    answer->data = fpi_page_answer(&l.page, items, l.total, call->task);
    return NULL;
}
