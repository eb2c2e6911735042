/* What was done, added up by day, organisation, scan point or scanner, for the console. */
#include "service/handlers.h"

#include "base/clock.h"
#include "service/words.h"
#include "store/people.h"
#include "store/statistics.h"

#include <apr_strings.h>
#include <strings.h>

enum { WORD = 100, DAYS_STANDARD = 30, ORGS_MOST = 200 };

static const char *const kinds[] = { "DAY", "ORG", "POINT", "SCANNER" };

typedef struct asking_t {
    const fpi_viewer_t *viewer;
    fpi_statistics_query_t query;
    const char *org_code;
    fpi_ids_t orgs;              /* that may be seen and were asked for */
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

static fpi_err_t *refuse_many(fpi_task_t *task)
{
    return fpi_refuse(task, FPI_E_FIELD, "org", "可见组织超过 %d 个, 请用参数 org 指定",
                      "more than %d organisations may be seen: name one by org", ORGS_MOST);
}

/* The organisation that was asked for, 0 to 1 of them. */
static fpi_err_t *find_asked(fpi_ids_t *orgs, const asking_t *asking, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_org_t *org;

    FPI_TRY(fpi_org_find(&org, tx, task->tenant, NULL, asking->org_code, task));
    *orgs = (fpi_ids_t){ org ? &org->id : NULL, org != NULL };
    return NULL;
}

/* Those that the viewer may see; of an enterprise, that of its tax number. */
static fpi_err_t *find_seen(fpi_ids_t *orgs, const asking_t *asking, fpi_tx_t *tx, fpi_task_t *task)
{
    const fpi_viewer_t *viewer = asking->viewer;
    fpi_org_t *own = NULL;

    *orgs = viewer->all_orgs;
    if (viewer->tax_no) {
        FPI_TRY(fpi_org_find(&own, tx, task->tenant, viewer->tax_no, NULL, task));
        *orgs = (fpi_ids_t){ own ? &own->id : NULL, own != NULL };
    }
    return NULL;
}

static fpi_err_t *limit(fpi_ids_t *orgs, const asking_t *asking, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_ids_t seen;

    FPI_TRY(find_seen(&seen, asking, tx, task));
    if (!asking->org_code) {
        *orgs = seen;
    }
    else if (orgs->count && !fpi_ids_has(&seen, orgs->items[0])) {
        orgs->count = 0;
    }
    return orgs->count > ORGS_MOST ? refuse_many(task) : NULL;
}

static fpi_err_t *tx_list(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    asking_t *asking = baton;
    bool is_limited = fpi_viewer_is_limited(asking->viewer);

    if (asking->org_code) {
        FPI_TRY(find_asked(&asking->orgs, asking, tx, task));
    }
    if (is_limited) {
        FPI_TRY(limit(&asking->orgs, asking, tx, task));
    }
    asking->query.orgs = is_limited || asking->org_code ? &asking->orgs : NULL;
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
    fpi_page_whole(answer->data, items, call->task);
    fpi_json_put(answer->data, "sum", sums);
    return NULL;
}
