/* What was done, added up by day, organisation, scan point or scanner, for the console. */
#include "service/handlers.h"

#include "base/clock.h"
#include "service/words.h"
#include "store/people.h"
#include "store/statistics.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { WORD = 100, DAYS_STANDARD = 30, ORGS_MOST = 200 };

static const char *const kinds[] = { "DAY", "ORG", "POINT", "SCANNER" };

typedef struct asking_t {
    const fpi_viewer_t *viewer;
    fpi_statistics_query_t query;
    const char *org_code;
    fpi_statistic_t *items;
    int count;
} asking_t;

static fpi_err_t *read_by(fpi_statistics_by_t *out, const fpi_call_t *call)
{
    const char *text = fpi_params_find(call->params, "by");

    *out = FPI_BY_DAY;
    for (int i = 0; text && *text && i < 4; i++) {
        if (strcasecmp(kinds[i], text) == 0) {
            *out = (fpi_statistics_by_t)i;
            return NULL;
        }
    }
    return text && *text ? fpi_refuse(call->task, FPI_E_FIELD, "by", "参数 by 应为 DAY, ORG, POINT 或 SCANNER, 收到 %.40s",
                                      "parameter by is DAY, ORG, POINT or SCANNER, not %.40s", text)
                         : NULL;
}

static fpi_err_t *read_asked(asking_t *asking, const fpi_call_t *call)
{
    int64_t today = (apr_time_sec(fpi_clock_now()) + FPI_STATISTICS_ZONE) / 86400;
    fpi_statistics_query_t *q = &asking->query;

    q->tenant = call->task->tenant;
    q->org = -1;
    FPI_TRY(read_by(&q->by, call));
    FPI_TRY(fpi_word_find(&asking->org_code, call, "org", WORD));
    FPI_TRY(fpi_word_day(&q->last, call, "to", today));
    FPI_TRY(fpi_word_day(&q->first, call, "from", q->last - DAYS_STANDARD + 1));
    if (q->first > q->last || q->last - q->first >= FPI_STATISTICS_DAYS) {
        return fpi_refuse(call->task, FPI_E_FIELD, "from", "参数 from 到 to 应为 1 到 %d 天", "from and to span 1 to %d days",
                          FPI_STATISTICS_DAYS);
    }
    return NULL;
}

/* ---- who sees a part of the tenant sees the organisations that he sees all of ---- */

static fpi_err_t *add_org(asking_t *asking, apr_hash_t *sums, fpi_tx_t *tx, int64_t org, fpi_task_t *task)
{
    fpi_statistic_t *items;
    int count;

    asking->query.org = org;
    FPI_TRY(fpi_statistics_list(&items, &count, tx, &asking->query, task));
    for (int i = 0; i < count; i++) {
        fpi_statistic_t *sum = apr_hash_get(sums, &items[i].key, sizeof(items[i].key));

        if (!sum) {
            apr_hash_set(sums, &items[i].key, sizeof(items[i].key), &items[i]);
            continue;
        }
        sum->bills += items[i].bills;
        sum->pages += items[i].pages;
        sum->submitted += items[i].submitted;
        sum->sent_back += items[i].sent_back;
    }
    return NULL;
}

static int by_key(const void *a, const void *b)
{
    int64_t one = ((const fpi_statistic_t *)a)->key, other = ((const fpi_statistic_t *)b)->key;

    return (one > other) - (one < other);
}

static void take_sums(asking_t *asking, apr_hash_t *sums, fpi_task_t *task)
{
    asking->count = 0;
    asking->items = apr_pcalloc(task->pool, sizeof(*asking->items) * (apr_hash_count(sums) + 1));
    for (apr_hash_index_t *i = apr_hash_first(task->pool, sums); i; i = apr_hash_next(i)) {
        asking->items[asking->count++] = *(const fpi_statistic_t *)apr_hash_this_val(i);
    }
    qsort(asking->items, (size_t)asking->count, sizeof(*asking->items), by_key);
}

static fpi_err_t *list_limited(asking_t *asking, fpi_tx_t *tx, fpi_task_t *task)
{
    apr_hash_t *sums = apr_hash_make(task->pool);
    const fpi_viewer_t *viewer = asking->viewer;
    int64_t wanted = asking->query.org;
    fpi_org_t *own = NULL;

    if (viewer->all_orgs.count > ORGS_MOST && wanted < 0) {
        return fpi_refuse(task, FPI_E_FIELD, "org", "可见组织超过 %d 个, 请用参数 org 指定", "more than %d organisations may be seen: name one by org",
                          ORGS_MOST);
    }
    if (viewer->tax_no) {
        FPI_TRY(fpi_org_find(&own, tx, task->tenant, viewer->tax_no, NULL, task));
    }
    if (own && (wanted < 0 || wanted == own->id)) {
        FPI_TRY(add_org(asking, sums, tx, own->id, task));
    }
    for (int i = 0; i < viewer->all_orgs.count; i++) {
        if (wanted < 0 || wanted == viewer->all_orgs.items[i]) {
            FPI_TRY(add_org(asking, sums, tx, viewer->all_orgs.items[i], task));
        }
    }
    take_sums(asking, sums, task);
    return NULL;
}

static fpi_err_t *tx_list(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    asking_t *asking = baton;
    fpi_org_t *org;

    asking->query.org = -1;
    if (asking->org_code) {
        FPI_TRY(fpi_org_find(&org, tx, task->tenant, NULL, asking->org_code, task));
        if (!org) {
            asking->count = 0;
            return NULL;
        }
        asking->query.org = org->id;
    }
    if (fpi_viewer_is_limited(asking->viewer)) {
        return list_limited(asking, tx, task);
    }
    return fpi_statistics_list(&asking->items, &asking->count, tx, &asking->query, task);
}

static const char *day_text(int64_t day, fpi_task_t *task)
{
    apr_time_exp_t exp;

    apr_time_exp_gmt(&exp, apr_time_from_sec(day * 86400));
    return apr_psprintf(task->pool, "%04d-%02d-%02d", exp.tm_year + 1900, exp.tm_mon + 1, exp.tm_mday);
}

static void put_counts(fpi_json_t *doc, const fpi_statistic_t *one)
{
    fpi_json_put_int(doc, "bills", one->bills);
    fpi_json_put_int(doc, "pages", one->pages);
    fpi_json_put_int(doc, "submitted", one->submitted);
    fpi_json_put_int(doc, "sent_back", one->sent_back);
}

static fpi_json_t *view(const fpi_statistic_t *one, fpi_statistics_by_t by, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);

    if (by == FPI_BY_DAY) {
        fpi_json_put_text(doc, "day", day_text(one->key, task));
    }
    else {
        fpi_json_put_int(doc, "id", one->key);
        fpi_json_put_text(doc, "name", one->name);
    }
    put_counts(doc, one);
    return doc;
}

fpi_err_t *fpi_handle_statistics(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_json_t *items = fpi_json_make_array(call->task), *sums = fpi_json_make_object(call->task);
    fpi_statistic_t sum = { .key = 0 };
    asking_t asking = { .viewer = call->viewer };

    FPI_TRY(read_asked(&asking, call));
    FPI_TRY(fpi_store_read(app->store, tx_list, &asking, call->task));
    for (int i = 0; i < asking.count; i++) {
        fpi_json_add(items, view(&asking.items[i], asking.query.by, call->task));
        sum.bills += asking.items[i].bills;
        sum.pages += asking.items[i].pages;
        sum.submitted += asking.items[i].submitted;
        sum.sent_back += asking.items[i].sent_back;
    }
    put_counts(sums, &sum);
    answer->data = fpi_json_make_object(call->task);
    fpi_json_put_text(answer->data, "by", kinds[asking.query.by]);
    fpi_json_put_text(answer->data, "from", day_text(asking.query.first, call->task));
    fpi_json_put_text(answer->data, "to", day_text(asking.query.last, call->task));
    fpi_json_put(answer->data, "items", items);
    fpi_json_put(answer->data, "sum", sums);
    return NULL;
}
