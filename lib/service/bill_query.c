#include "service/bill_query.h"

#include "base/text.h"
#include "service/words.h"
#include "store/people.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { SEARCH_LEN = 100, WORD_LEN = 100, CURSOR_LEN = 1000 };

/* ---- words ---- */

static int state_of(const char *text)
{
    int64_t number;

    for (int state = 0; state <= FPI_STATE_VOID; state++) {
        if (strcasecmp(fpi_state_symbol((fpi_state_t)state), text) == 0) {
            return state;
        }
    }
    return fpi_int_parse(&number, text, 0, FPI_STATE_VOID) ? (int)number : -1;
}

static fpi_err_t *read_states(unsigned *out, const fpi_call_t *call)
{
    const char *text = fpi_params_find(call->params, "state");
    apr_pool_t *pool = call->task->pool;
    char *last;

    *out = 0;
    if (!text) {
        return NULL;
    }
    for (char *one = apr_strtok(apr_pstrdup(pool, text), ",", &last); one; one = apr_strtok(NULL, ",", &last)) {
        int state = state_of(fpi_text_trim(pool, one));

        if (state < 0) {
            return fpi_refuse(call->task, FPI_E_FIELD, "state", "参数 state 的值 %.40s 无效, 应为 WAITING, UPLOADED 等状态",
                              "parameter state is %.40s, which is no state like WAITING or UPLOADED", one);
        }
        *out |= 1U << state;
    }
    return NULL;
}

/* ---- order and place ---- */

static fpi_err_t *read_sort(fpi_bill_query_t *q, const fpi_call_t *call)
{
    static const char *const names[] = { "created_at", "updated_at", "number" };
    const char *text = fpi_params_find(call->params, "sort"), *name = text;

    q->is_rising = text && *text && *text != '-';
    if (!text || !*text) {
        q->sort = q->states ? FPI_SORT_UPDATED : FPI_SORT_CREATED;
        return NULL;
    }
    name += !q->is_rising;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (strcmp(names[i], name) == 0) {
            q->sort = (fpi_sort_t)i;
            return NULL;
        }
    }
    return fpi_refuse(call->task, FPI_E_FIELD, "sort", "参数 sort 应为 created_at, updated_at 或 number, 前加 - 为倒序",
                      "parameter sort is created_at, updated_at or number, with - before it for falling");
}

const char *fpi_bill_query_cursor(const fpi_spot_t *spot, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);
    const char *text;

    fpi_json_put_int(doc, "k", spot->key);
    if (*spot->number) { /* needed by its own order alone */
        fpi_json_put_text(doc, "n", spot->number);
    }
    fpi_json_put_int(doc, "i", spot->id);
    text = fpi_json_format(doc, false, task);
    return fpi_base64url_encode(task->pool, text, strlen(text));
}

static fpi_err_t *read_spot(fpi_spot_t *spot, const char *text, bool has_number, fpi_task_t *task)
{
    fpi_json_t *doc;
    size_t len;
    unsigned char *bytes = fpi_base64url_decode(&len, task->pool, text, strlen(text));

    if (!bytes || fpi_json_parse(&doc, (const char *)bytes, len, task)
        || fpi_json_find_int(&spot->key, doc, "k", 0, INT64_MIN, INT64_MAX, task)
        || fpi_json_find_int(&spot->id, doc, "i", 0, 0, INT64_MAX, task) || !spot->id
        || fpi_json_find_text(&spot->number, doc, "n", CURSOR_LEN, task) || (has_number && !spot->number)) {
        return fpi_refuse(task, FPI_E_FIELD, "after", "参数 after 不是本接口给出的游标", "parameter after is no cursor of ours");
    }
    spot->number = spot->number ? spot->number : "";
    return NULL;
}

static fpi_err_t *read_place(fpi_bill_asked_t *out, const fpi_call_t *call)
{
    const char *after = fpi_params_find(call->params, "after");
    fpi_spot_t *spot = apr_pcalloc(call->task->pool, sizeof(*spot));

    FPI_TRY(fpi_page_read(&out->page, call));
    out->query.most = out->page.size;
    out->query.skip = out->page.skip;
    if (after && *after) {
        FPI_TRY(read_spot(spot, after, out->query.sort == FPI_SORT_NUMBER, call->task));
        out->query.after = spot;
        out->query.skip = 0;
    }
    if (out->query.skip + out->query.most > FPI_LIST_DEEP) {
        return fpi_refuse(call->task, FPI_E_FIELD, "page", "参数 page: 按页最多查看前 %d 条, 请缩小条件, 或用 pagination.next 作为 after 继续",
                          "parameter page reaches %d rows deep; narrow the filters, or go on with pagination.next as after",
                          FPI_LIST_DEEP);
    }
    return NULL;
}

/* ---- all of it ---- */

static fpi_err_t *read_problem(fpi_bill_query_t *q, const fpi_call_t *call)
{
    bool is_said, is_wanted;
    unsigned possible;

    FPI_TRY(fpi_word_flag(&is_wanted, &is_said, call, "has_problem"));
    if (!is_said) {
        return NULL;
    }
    q->trouble = is_wanted ? FPI_TROUBLE_ONLY : FPI_TROUBLE_NONE;
    possible = is_wanted ? FPI_STATES_ALL & ~(1U << FPI_STATE_VOID) : ~FPI_STATES_TROUBLE;
    if (q->states && !(q->states & possible)) {
        return fpi_refuse(call->task, FPI_E_FIELD, "has_problem", "参数 state 与 has_problem 相互矛盾",
                          "parameters state and has_problem contradict each other");
    }
    return NULL;
}

fpi_err_t *fpi_bill_query_read(fpi_bill_asked_t *out, const fpi_call_t *call)
{
    fpi_bill_query_t *q = &out->query;

    memset(out, 0, sizeof(*out));
    q->tenant = call->viewer->tenant;
    q->viewer = call->viewer;
    q->org = -1;
    FPI_TRY(read_states(&q->states, call));
    FPI_TRY(fpi_word_find(&q->type_code, call, "bill_type", WORD_LEN));
    FPI_TRY(fpi_word_find(&q->resource, call, "resource", WORD_LEN));
    FPI_TRY(fpi_word_find(&q->search, call, "q", SEARCH_LEN));
    FPI_TRY(fpi_word_find(&out->org_code, call, "org", WORD_LEN));
    FPI_TRY(fpi_word_time(&q->from, call, "created_from"));
    FPI_TRY(fpi_word_time(&q->to, call, "created_to"));
    FPI_TRY(read_sort(q, call));
    FPI_TRY(read_problem(q, call));
    return read_place(out, call);
}

fpi_err_t *fpi_bill_query_org(bool *is_nobody, fpi_bill_asked_t *asked, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_org_t *org;

    *is_nobody = false;
    if (!asked->org_code) {
        return NULL;
    }
    FPI_TRY(fpi_org_find(&org, tx, asked->query.tenant, NULL, asked->org_code, task));
    *is_nobody = !org;
    asked->query.org = org ? org->id : -1;
    return NULL;
}
