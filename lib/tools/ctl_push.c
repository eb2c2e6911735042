/* The push log. */
#include "tools/ctl.h"

#include "service/access.h"
#include "service/pull.h"
#include "service/push.h"
#include "store/people.h"
#include "store/pushes.h"

#include <stdio.h>
#include <string.h>

enum { LIST_USUAL = 50, LIST_MOST = 10000, REPLAY_MOST = 500 };

static fpi_json_t *push_json(ctl_t *ctl, const fpi_push_t *push)
{
    fpi_json_t *doc = fpi_json_make_object(ctl->task);

    fpi_json_put_int(doc, "id", push->id);
    fpi_json_put_time(doc, "at", push->at);
    fpi_json_put_text(doc, "status", push->status);
    fpi_json_put_text(doc, "reason", push->reason);
    fpi_json_put_text(doc, "number", push->number);
    fpi_json_put_text(doc, "client_id", push->client_id);
    fpi_json_put_text(doc, "tax_no", push->tax_no);
    fpi_json_put_text(doc, "source", push->source);
    fpi_json_put_int(doc, "repeats", push->repeats);
    fpi_json_put_time(doc, "last", push->last);
    fpi_json_put_int(doc, "body_bytes", push->body_len);
    fpi_json_put_text(doc, "trace", push->trace);
    return doc;
}

/* ---- list ---- */

typedef struct listing_t {
    bool only_failed;
    int64_t before, most;
    fpi_push_t *items;
    int count;
} listing_t;

static fpi_err_t *tx_list(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    listing_t *l = baton;

    return fpi_pushes_list(&l->items, &l->count, tx, l->only_failed, l->before, (int)l->most, task);
}

fpi_err_t *ctl_push_list(ctl_t *ctl)
{
    static const ctl_column_t columns[] = {
        { "id", "ID", "ID", CTL_TEXT },             { "at", "AT", "时间", CTL_TIME },
        { "status", "STATUS", "状态", CTL_TEXT },   { "number", "IMAGE NUMBER", "影像编号", CTL_TEXT },
        { "client_id", "CLIENT_ID", "CLIENT_ID", CTL_TEXT }, { "source", "FROM", "来源", CTL_TEXT },
        { "repeats", "REPEATS", "重复", CTL_TEXT }, { "reason", "REASON", "原因", CTL_LONG },
        { NULL, NULL, NULL, CTL_TEXT },
    };
    fpi_json_t *list = fpi_json_make_array(ctl->task);
    listing_t l = { .only_failed = ctl_has(ctl, "failed") };

    FPI_TRY(ctl_option_int(&l.most, ctl, "limit", LIST_USUAL, 1, LIST_MOST));
    FPI_TRY(ctl_option_int(&l.before, ctl, "before", 0, 1, INT64_MAX));
    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_store_read(ctl->app->store, tx_list, &l, ctl->task));
    for (int i = 0; i < l.count; i++) {
        fpi_json_add(list, push_json(ctl, &l.items[i]));
    }
    ctl_list(ctl, list, columns);
    return NULL;
}

/* ---- show ---- */

typedef struct finding_t {
    int64_t id;
    fpi_push_t *push;
} finding_t;

static fpi_err_t *tx_find(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    finding_t *f = baton;

    return fpi_push_find(&f->push, tx, f->id, task);
}

static void put_body(ctl_t *ctl, fpi_json_t *doc, const fpi_push_t *push)
{
    fpi_json_t *body;

    if (push->body && push->body_len && fpi_json_parse(&body, push->body, (size_t)push->body_len,
                                                       ctl->task) == NULL) {
        fpi_json_put(doc, "body", body);
    }
    else {
        fpi_json_put_text(doc, "body", push->body);
    }
}

fpi_err_t *ctl_push_show(ctl_t *ctl)
{
    static const ctl_column_t card[] = {
        { "id", "id", "ID", CTL_TEXT },                 { "at", "at", "时间", CTL_TIME },
        { "status", "status", "状态", CTL_TEXT },       { "reason", "reason", "原因", CTL_TEXT },
        { "number", "image number", "影像编号", CTL_TEXT }, { "client_id", "client_id", "client_id", CTL_TEXT },
        { "tax_no", "tax number", "税号", CTL_TEXT },   { "source", "from", "来源", CTL_TEXT },
        { "repeats", "repeats", "重复次数", CTL_TEXT }, { "last", "last repeat", "最近重复", CTL_TIME },
        { "trace", "trace", "trace", CTL_TEXT },        { "body_bytes", "bytes", "字节", CTL_TEXT },
        { NULL, NULL, NULL, CTL_TEXT },
    };
    finding_t f = { 0, NULL };
    fpi_json_t *doc;

    FPI_TRY(ctl_arg_id(&f.id, ctl, 0));
    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_store_read(ctl->app->store, tx_find, &f, ctl->task));
    if (!f.push) {
        return fpi_refuse(ctl->task, FPI_E_ABSENT, "id", "推送 %ld 不存在", "there is no push %ld", (long)f.id);
    }
    doc = push_json(ctl, f.push);
    put_body(ctl, doc, f.push);
    if (!ctl_json(ctl, doc)) {
        ctl_card(ctl, doc, card);
        printf("\n%s\n", f.push->body ? ctl_clean(ctl, f.push->body) : "-");
    }
    return NULL;
}

/* ---- replay ---- */

typedef struct replay_t {
    fpi_push_query_t query;
    fpi_push_t *parked;
    int count, pulls;            /* pulls: without a push */
    int64_t total;
} replay_t;

static fpi_err_t *tx_replay_parked(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    replay_t *r = baton;

    FPI_TRY(fpi_pull_replay_lone(&r->pulls, tx, NULL, REPLAY_MOST, task));
    FPI_TRY(fpi_pushes_page(&r->parked, &r->count, &r->total, tx, &r->query, task));
    for (int i = 0; i < r->count; i++) {
        FPI_TRY(fpi_pull_replay(tx, r->parked[i].id, task));
    }
    return NULL;
}

/* Each that is taken is no more among those. */
static fpi_err_t *replay_parked(int *count, ctl_t *ctl)
{
    replay_t r = { .query = { .tenant = FPI_TENANT_FIRST, .status = "parked", .most = REPLAY_MOST, .bound = LIST_MOST } };

    do {
        FPI_TRY(fpi_store_write(ctl->app->store, tx_replay_parked, &r, ctl->task));
        *count += r.count + r.pulls;
    } while (r.count == REPLAY_MOST || r.pulls == REPLAY_MOST);
    return NULL;
}

static fpi_err_t *replay_all(ctl_t *ctl)
{
    fpi_json_t *doc = fpi_json_make_object(ctl->task);
    int count = 0;

    FPI_TRY(ctl_open(ctl));
    FPI_TRY(replay_parked(&count, ctl));
    fpi_json_put_int(doc, "count", count);
    fpi_json_put_text(doc, "result", "queued");
    if (!ctl_json(ctl, doc)) {
        ctl_say(ctl, "%d 次推送或取数已重新排队, 由运行中的 httpd 处理", "%d pushes or pulls are queued again; the running httpd works them off",
                count);
    }
    return NULL;
}

/* What became of it, as fpi_push_replay says. */
static const struct {
    const char *result, *zh, *en;
} outcomes[] = {
    { "queued", "已重新排队, 由运行中的 httpd 处理", "it is queued again; the running httpd works it off" },
    { "taken", "已按现在的推送表接收, 由运行中的 httpd 处理", "taken by the push table of today; the running httpd works it off" },
    { "unchanged", "已按现在的推送表接收; 相同内容此前已收到",
      "taken by the push table of today; the same content had arrived before" },
    { "older", "已按现在的推送表接收; 已有更新的内容, 未作修改",
      "taken by the push table of today; newer content had arrived before, nothing was changed" },
};

static void tell_outcome(ctl_t *ctl, int64_t id, const char *result)
{
    for (size_t i = 0; i < sizeof(outcomes) / sizeof(*outcomes); i++) {
        if (strcmp(outcomes[i].result, result) == 0) {
            const char *said = ctl->is_zh ? outcomes[i].zh : outcomes[i].en;

            ctl_say(ctl, "推送 %ld: %s", "push %ld: %s", (long)id, said);
        }
    }
}

static fpi_err_t *replay_one(ctl_t *ctl)
{
    fpi_json_t *doc = fpi_json_make_object(ctl->task);
    const char *result;
    int64_t id;

    FPI_TRY(ctl_arg_id(&id, ctl, 0));
    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_people_open(&ctl->app->people, ctl->app, ctl->task->pool, ctl->task));
    FPI_TRY(fpi_push_replay(&result, ctl->app, id, ctl->task));
    fpi_json_put_int(doc, "id", id);
    fpi_json_put_int(doc, "count", 1);
    fpi_json_put_text(doc, "result", result);
    if (!ctl_json(ctl, doc)) {
        tell_outcome(ctl, id, result);
    }
    return NULL;
}

fpi_err_t *ctl_push_replay(ctl_t *ctl)
{
    bool is_all = ctl_has(ctl, "failed");

    if (is_all == (ctl->arg_count > 0)) {
        return ctl_usage(ctl, "请指定推送 ID 或 --failed", "say the ID of a push, or --failed");
    }
    return is_all ? replay_all(ctl) : replay_one(ctl);
}
