/* Several bills in one view: each with its files, as GET /api/v1/bills/{bill_id} tells them. */
#include "service/handlers.h"

#include "service/views.h"

#include <apr_strings.h>
#include <string.h>

enum { BILLS_MOST = 50, FILES_MOST = 10000, WORD_LEN = 200, RESOURCE_LEN = 50 };

typedef struct side_t {
    const char *word;            /* as it was asked for */
    int64_t id;
    const char *number;          /* NULL: asked for by id */
    fpi_bill_t *bill;            /* NULL: there is none, or none that the caller may see */
    fpi_file_t *files;
    fpi_content_t *contents;
    int count;
} side_t;

typedef struct sides_t {
    const fpi_call_t *call;
    const char *resource;
    side_t *sides;
    int count;
} sides_t;

/* ---- which ---- */

static fpi_err_t *refuse_word(const char *name, const char *word, fpi_task_t *task)
{
    return fpi_refuse(task, FPI_E_FIELD, name, "参数 %s 中的 %.100s 无效", "parameter %s: %.100s is not valid", name, word);
}

static bool is_there(const sides_t *s, const char *word)
{
    for (int i = 0; i < s->count; i++) {
        if (strcmp(s->sides[i].word, word) == 0) {
            return true;
        }
    }
    return false;
}

static fpi_err_t *add_side(sides_t *s, const char *name, const char *word, bool is_id, fpi_task_t *task)
{
    side_t *side = &s->sides[s->count];

    memset(side, 0, sizeof(*side));
    if (is_id && !fpi_int_parse(&side->id, word, 1, INT64_MAX)) {
        return refuse_word(name, word, task);
    }
    if (!is_id) {
        FPI_TRY(fpi_bill_take_number(&side->number, word, name, task));
    }
    side->word = is_id ? word : side->number;
    s->count += !is_there(s, side->word);
    return NULL;
}

static fpi_err_t *read_list(sides_t *s, const char *name, const char *text, bool is_id, fpi_task_t *task)
{
    char *rest = apr_pstrdup(task->pool, text);

    for (char *word = rest; word; word = rest) {
        rest = strchr(word, ',');
        if (rest) {
            *rest++ = '\0';
        }
        word = fpi_text_trim(task->pool, word);
        if (s->count == BILLS_MOST) {
            return fpi_refuse(task, FPI_E_FIELD, name, "参数 %s 最多 %d 个单据", "parameter %s takes %d bills at most", name,
                              BILLS_MOST);
        }
        if (!*word || strlen(word) > WORD_LEN) {
            return refuse_word(name, word, task);
        }
        FPI_TRY(add_side(s, name, word, is_id, task));
    }
    return NULL;
}

static fpi_err_t *read_asked(sides_t *s, const fpi_call_t *call)
{
    const char *ids = fpi_params_find(call->params, "bill_ids"), *numbers = fpi_params_find(call->params, "numbers");
    const char *resource = fpi_params_find(call->params, "resource");

    if (!ids == !numbers) {
        return fpi_refuse(call->task, FPI_E_FIELD, "bill_ids", "应给出参数 bill_ids 或 numbers 之一, 以逗号分隔",
                          "say one of the parameters bill_ids and numbers, divided by commas");
    }
    if (resource && fpi_utf8_length(resource) > RESOURCE_LEN) {
        return refuse_word("resource", resource, call->task);
    }
    s->resource = resource ? resource : "";
    s->sides = apr_pcalloc(call->task->pool, sizeof(*s->sides) * (BILLS_MOST + 1));
    return ids ? read_list(s, "bill_ids", ids, true, call->task) : read_list(s, "numbers", numbers, false, call->task);
}

/* ---- what is on them ---- */

static fpi_err_t *find_bill(side_t *side, const sides_t *s, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_bill_t *named = NULL;
    fpi_err_t *err = NULL;

    side->bill = NULL;
    if (side->number) {
        FPI_TRY(fpi_bill_find(&named, tx, s->call->viewer->tenant, side->number, s->resource, task));
    }
    if (named || !side->number) {
        err = fpi_console_bill(&side->bill, tx, s->call, named ? named->id : side->id, task);
    }
    if (err && err->code == FPI_E_ABSENT) {
        fpi_ignore(err); /* told as missing */
        err = NULL;
    }
    return err;
}

static fpi_err_t *tx_sides(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    sides_t *s = baton;
    int total = 0;

    for (int i = 0; i < s->count; i++) {
        side_t *side = &s->sides[i];

        FPI_TRY(find_bill(side, s, tx, task));
        if (!side->bill) {
            continue;
        }
        FPI_TRY(fpi_files_list_looked(&side->files, &side->contents, &side->count, tx, side->bill->tenant, side->bill->id,
                                      FPI_PILE_MOST, task));
        total += side->count;
        if (total > FILES_MOST) {
            return fpi_refuse(task, FPI_E_TOO_LARGE, NULL, "这些单据的文件超过 %d 个, 请减少单据",
                              "these bills have more than %d files; ask for fewer bills", FILES_MOST);
        }
    }
    return NULL;
}

fpi_err_t *fpi_handle_bills_files(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_json_t *items = fpi_json_make_array(call->task), *missing = fpi_json_make_array(call->task);
    sides_t s = { .call = call };

    FPI_TRY(read_asked(&s, call));
    FPI_TRY(fpi_store_read(app->store, tx_sides, &s, call->task));
    for (int i = 0; i < s.count; i++) {
        const side_t *side = &s.sides[i];
        fpi_json_t *item;

        if (!side->bill) {
            fpi_json_add_text(missing, side->word);
            continue;
        }
        item = fpi_json_make_object(call->task);
        fpi_json_put(item, "bill", fpi_view_bill(side->bill, call->task));
        fpi_json_put(item, "files", fpi_view_files(side->files, side->contents, side->count, call->task));
        fpi_json_add(items, item);
    }
    answer->data = fpi_json_make_object(call->task);
    fpi_page_whole(answer->data, items, call->task);
    fpi_json_put(answer->data, "missing", missing);
    return NULL;
}
