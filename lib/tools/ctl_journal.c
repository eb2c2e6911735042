/* The journal of unknown calls. */
#include "tools/ctl.h"

#include "base/clock.h"
#include "service/suggest.h"

#include <stdio.h>
#include <string.h>

enum { MINUTES_MOST = 1440 };

static fpi_json_t *entry_json(ctl_t *ctl, const fpi_journal_t *entry)
{
    fpi_json_t *doc = fpi_json_make_object(ctl->task);

    fpi_json_put_int(doc, "id", entry->id);
    fpi_json_put_int(doc, "count", entry->count);
    fpi_json_put_text(doc, "method", entry->method);
    fpi_json_put_text(doc, "path", entry->path);
    fpi_json_put_text(doc, "query", entry->query);
    fpi_json_put_text(doc, "shape", entry->shape);
    fpi_json_put_text(doc, "why", entry->why);
    fpi_json_put_text(doc, "source", entry->source);
    fpi_json_put_time(doc, "first", entry->first);
    fpi_json_put_time(doc, "last", entry->last);
    fpi_json_put_text(doc, "trace", entry->trace);
    fpi_json_put_bool(doc, "has_sample", entry->sample != NULL);
    return doc;
}

/* ---- list ---- */

typedef struct listing_t {
    int64_t most;
    fpi_journal_t *items;
    int count;
} listing_t;

static fpi_err_t *tx_list(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    listing_t *l = baton;

    return fpi_journal_list(&l->items, &l->count, tx, (int)l->most, task);
}

fpi_err_t *ctl_journal_list(ctl_t *ctl)
{
    static const ctl_column_t columns[] = {
        { "id", "ID", "ID", CTL_TEXT },          { "count", "COUNT", "次数", CTL_TEXT },
        { "last", "LAST", "最近", CTL_TIME },    { "source", "FROM", "来源", CTL_TEXT },
        { "why", "WHY", "原因", CTL_TEXT },      { "method", "METHOD", "方法", CTL_TEXT },
        { "path", "PATH", "路径", CTL_LONG },    { NULL, NULL, NULL, CTL_TEXT },
    };
    fpi_json_t *list = fpi_json_make_array(ctl->task);
    listing_t l = { .items = NULL };

    FPI_TRY(ctl_option_int(&l.most, ctl, "limit", FPI_JOURNAL_MAX, 1, FPI_JOURNAL_MAX));
    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_store_read(ctl->app->store, tx_list, &l, ctl->task));
    for (int i = 0; i < l.count; i++) {
        fpi_json_add(list, entry_json(ctl, &l.items[i]));
    }
    ctl_list(ctl, list, columns);
    return NULL;
}

/* ---- one ---- */

typedef struct finding_t {
    int64_t id;
    fpi_journal_t *entry;
} finding_t;

static fpi_err_t *tx_find(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    finding_t *f = baton;

    return fpi_journal_find(&f->entry, tx, f->id, task);
}

static fpi_err_t *get_entry(fpi_journal_t **entry, ctl_t *ctl)
{
    finding_t f = { 0, NULL };

    FPI_TRY(ctl_arg_id(&f.id, ctl, 0));
    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_store_read(ctl->app->store, tx_find, &f, ctl->task));
    *entry = f.entry;
    if (f.entry) {
        return NULL;
    }
    return fpi_refuse(ctl->task, FPI_E_ABSENT, "id", "未知调用日志中没有第 %ld 条", "the journal has no entry %ld",
                      (long)f.id);
}

fpi_err_t *ctl_journal_show(ctl_t *ctl)
{
    static const ctl_column_t card[] = {
        { "id", "id", "ID", CTL_TEXT },              { "count", "count", "次数", CTL_TEXT },
        { "method", "method", "方法", CTL_TEXT },    { "path", "path", "路径", CTL_TEXT },
        { "query", "query names", "查询参数名", CTL_TEXT }, { "shape", "body shape", "报文结构", CTL_TEXT },
        { "why", "why", "原因", CTL_TEXT },          { "source", "last from", "最近来源", CTL_TEXT },
        { "first", "first", "首次", CTL_TIME },      { "last", "last", "最近", CTL_TIME },
        { "trace", "trace", "trace", CTL_TEXT },     { NULL, NULL, NULL, CTL_TEXT },
    };
    fpi_journal_t *entry;
    fpi_json_t *doc;

    FPI_TRY(get_entry(&entry, ctl));
    doc = entry_json(ctl, entry);
    fpi_json_put_text(doc, "sample", entry->sample);
    if (ctl_json(ctl, doc)) {
        return NULL;
    }
    ctl_card(ctl, doc, card);
    if (entry->sample) {
        printf("\n%s\n", ctl_clean(ctl, entry->sample));
    }
    return NULL;
}

/* ---- suggest ---- */

static fpi_json_t *suggestion_json(ctl_t *ctl, const fpi_suggestion_t *s)
{
    fpi_json_t *doc = fpi_json_make_object(ctl->task);

    fpi_json_put_text(doc, "line", s->obstacle ? NULL : s->line);
    fpi_json_put_text(doc, "handler", s->handler);
    fpi_json_put_text(doc, "sureness", s->sureness);
    fpi_json_put_int(doc, "score", s->score);
    fpi_json_put(doc, "reasons", s->reasons);
    fpi_json_put_text(doc, "obstacle", s->obstacle);
    return doc;
}

/* The best, with the others behind it. */
static fpi_json_t *suggestions_json(ctl_t *ctl, const fpi_suggestion_t *list, int count)
{
    fpi_json_t *doc = suggestion_json(ctl, &list[0]), *others = fpi_json_make_array(ctl->task);

    for (int i = 1; i < count; i++) {
        fpi_json_add(others, suggestion_json(ctl, &list[i]));
    }
    fpi_json_put(doc, "others", others);
    return doc;
}

/* One line that can be copied; what else is said is a comment in httpd's configuration, too. */
static void tell_suggestion(ctl_t *ctl, const fpi_suggestion_t *s, bool is_first)
{
    printf("%s%s\n", is_first && !s->obstacle ? "" : "# ", ctl_clean(ctl, s->line));
    ctl_say(ctl, "#   把握: %s", "#   how sure: %s", s->sureness);
    for (size_t i = 0; is_first && i < fpi_json_size(s->reasons); i++) {
        ctl_say(ctl, "#   %s", "#   %s", fpi_json_text(fpi_json_at(s->reasons, i)));
    }
    if (s->obstacle) {
        ctl_say(ctl, "#   无法使用: %s", "#   it can't be used: %s", s->obstacle);
    }
}

fpi_err_t *ctl_journal_suggest(ctl_t *ctl)
{
    fpi_suggestion_t list[FPI_SUGGESTIONS];
    fpi_journal_t *entry;
    int count;

    FPI_TRY(get_entry(&entry, ctl));
    count = fpi_suggest(list, entry, ctl->task);
    if (!count) {
        return fpi_refuse(ctl->task, FPI_E_ABSENT, NULL,
                          "没有处理器符合 %.16s %.200s; fpimagectl routes 列出全部处理器",
                          "no handler fits %.16s %.200s; fpimagectl routes lists them all", entry->method, entry->path);
    }
    ctl->exit = list[0].obstacle ? CTL_FAILED : CTL_DONE;
    if (!ctl_json(ctl, suggestions_json(ctl, list, count))) {
        for (int i = 0; i < count; i++) {
            tell_suggestion(ctl, &list[i], i == 0);
        }
    }
    return NULL;
}

/* ---- capture ---- */

static fpi_err_t *read_span(apr_time_t *until, ctl_t *ctl)
{
    const char *said = ctl_option(ctl, "minutes");
    int64_t minutes;

    if ((ctl->arg_count == 1) == (said != NULL) || (ctl->arg_count && strcmp(ctl->args[0], "off") != 0)) {
        return ctl_usage(ctl, "用法: journal capture --minutes N, 或 journal capture off",
                         "say journal capture --minutes N, or journal capture off");
    }
    *until = 0;
    if (!said || strcmp(said, "off") == 0) {
        return NULL;
    }
    FPI_TRY(ctl_option_int(&minutes, ctl, "minutes", 0, 1, MINUTES_MOST));
    *until = fpi_clock_now() + apr_time_from_sec(minutes * 60);
    return NULL;
}

fpi_err_t *ctl_journal_capture(ctl_t *ctl)
{
    fpi_json_t *doc = fpi_json_make_object(ctl->task);
    apr_time_t until;

    FPI_TRY(read_span(&until, ctl));
    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_admin_capture(ctl->app, until, ctl->task));
    fpi_json_put_bool(doc, "is_on", until != 0);
    fpi_json_put_time(doc, "until", until);
    if (ctl_json(ctl, doc)) {
        return NULL;
    }
    if (until) {
        ctl_say(ctl, "未知调用的报文将以明文保存到 %s 为止", "bodies of unknown calls are kept in clear until %s",
                ctl_time(ctl, until));
    }
    else {
        ctl_say(ctl, "已停止保存明文报文", "bodies are no longer kept in clear");
    }
    return NULL;
}
