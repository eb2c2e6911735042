/* fpimagectl audit: what administrators changed, and whether the log of it was tampered with. */
#include "tools/ctl.h"

#include "base/text.h"
#include "store/audit.h"

#include <apr_strings.h>
#include <string.h>

enum { LIST = 100 };

/* ---- list ---- */

typedef struct listing_t {
    fpi_audit_query_t query;
    fpi_audit_t *rows;
    int count;
    int64_t total;
} listing_t;

static fpi_err_t *tx_list(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    listing_t *l = baton;

    return fpi_audit_list(&l->rows, &l->count, &l->total, tx, &l->query, 1, task);
}

static fpi_json_t *row_json(ctl_t *ctl, const fpi_audit_t *row)
{
    fpi_json_t *doc = fpi_json_make_object(ctl->task), *detail;

    fpi_json_put_int(doc, "id", row->id);
    fpi_json_put_time(doc, "at", row->at);
    fpi_json_put_text(doc, "actor", row->actor);
    fpi_json_put_text(doc, "action", row->action);
    fpi_json_put_text(doc, "object", row->object);
    if (ctl->is_json && row->detail && !fpi_json_parse(&detail, row->detail, strlen(row->detail), ctl->task)) {
        fpi_json_put(doc, "detail", detail);
    }
    else {
        fpi_json_put_text(doc, "detail", row->detail);
    }
    fpi_json_put_text(doc, "trace", row->trace);
    fpi_json_put_text(doc, "mark", row->mark);
    return doc;
}

fpi_err_t *ctl_audit_list(ctl_t *ctl)
{
    static const ctl_column_t columns[] = {
        { "id", "ID", "ID", CTL_TEXT },          { "at", "AT", "时间", CTL_TIME },
        { "actor", "WHO", "操作者", CTL_TEXT },  { "action", "WHAT", "操作", CTL_TEXT },
        { "object", "OF", "对象", CTL_TEXT },    { "detail", "CHANGES", "变更", CTL_LONG },
        { NULL, NULL, NULL, CTL_TEXT },
    };
    fpi_json_t *list = fpi_json_make_array(ctl->task);
    listing_t l = { .query = { .tenant = ctl->task->tenant, .actor = ctl_option(ctl, "actor"),
                               .action = ctl_option(ctl, "action"), .object = ctl_option(ctl, "object") } };
    int64_t most;

    FPI_TRY(ctl_option_int(&most, ctl, "limit", LIST, 1, FPI_ROWS_MAX));
    l.query.most = (int)most;
    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_store_read(ctl->app->store, tx_list, &l, ctl->task));
    for (int i = 0; i < l.count; i++) {
        fpi_json_add(list, row_json(ctl, &l.rows[i]));
    }
    ctl_list(ctl, list, columns);
    return NULL;
}

/* ---- verify ---- */

typedef struct verifying_t {
    int64_t id;
    const char *mark;
    fpi_audit_check_t check;
} verifying_t;

static fpi_err_t *tx_verify(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    verifying_t *v = baton;

    return fpi_audit_verify(&v->check, tx, v->id, v->mark, task);
}

/* --noted ID:MARK, as an earlier verify printed it. */
static fpi_err_t *read_noted(verifying_t *v, ctl_t *ctl)
{
    const char *noted = ctl_option(ctl, "noted"), *colon = noted ? strchr(noted, ':') : NULL;

    if (!noted) {
        return NULL;
    }
    if (!colon || strlen(colon) == 1
        || !fpi_int_parse(&v->id, apr_pstrmemdup(ctl->task->pool, noted, (size_t)(colon - noted)), 1, INT64_MAX)) {
        return ctl_usage(ctl, "--noted 应为此前 audit verify 给出的 编号:校验值", "--noted is the ID:MARK that an earlier audit verify printed");
    }
    v->mark = colon + 1;
    return NULL;
}

fpi_err_t *ctl_audit_verify(ctl_t *ctl)
{
    fpi_json_t *doc = fpi_json_make_object(ctl->task);
    verifying_t v = { .id = 0 };
    const char *why;

    FPI_TRY(read_noted(&v, ctl));
    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_store_read(ctl->app->store, tx_verify, &v, ctl->task));
    why = ctl->is_zh ? v.check.why_zh : v.check.why;
    fpi_json_put_text(doc, "result", v.check.bad ? "broken" : "whole");
    fpi_json_put_int(doc, "rows", v.check.rows);
    fpi_json_put_text(doc, "noted", v.check.rows ? apr_psprintf(ctl->task->pool, "%ld:%s", (long)v.check.rows, v.check.mark) : NULL);
    if (v.check.bad) {
        fpi_json_put_int(doc, "bad", v.check.bad);
        fpi_json_put_text(doc, "why", why);
        ctl->exit = CTL_FAILED;
    }
    if (ctl_json(ctl, doc)) {
        return NULL;
    }
    if (v.check.bad) {
        ctl_say(ctl, "第 %ld 条: %s; 其前 %ld 条完好", "row %ld: %s; the %ld before it are whole", (long)v.check.bad, why,
                (long)v.check.rows);
        return NULL;
    }
    ctl_say(ctl, "%ld 条, 未见改动", "%ld rows, none was tampered with", (long)v.check.rows);
    if (v.check.rows) {
        ctl_say(ctl, "可另处记下, 日后以 --noted 核对: %ld:%s", "note it elsewhere, for --noted at another time: %ld:%s",
                (long)v.check.rows, v.check.mark);
    }
    return NULL;
}
