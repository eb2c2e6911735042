/* fpimagectl bill match, match rerun: what of a bill matches, and what does not; comparing again. */
#include "tools/ctl.h"

#include "service/match.h"
#include "service/rematch.h"

#include <apr_strings.h>

typedef struct showing_t {
    int64_t bill_id;
    fpi_bill_t *bill;
    fpi_matching_t matching;
} showing_t;

static fpi_err_t *tx_show(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    showing_t *s = baton;

    FPI_TRY(fpi_bill_find_by_id(&s->bill, tx, FPI_TENANT_FIRST, s->bill_id, task));
    return s->bill ? fpi_match_look(&s->matching, tx, s->bill, task) : fpi_fail(task, FPI_E_ABSENT, "the bill is gone");
}

/* One line of an item: the expected one, else the found one. */
static fpi_json_t *line_of(const fpi_json_t *item, fpi_task_t *task)
{
    const fpi_json_t *expected = fpi_json_find(item, "invoice");
    const fpi_json_t *invoice = fpi_json_is_null(expected) ? fpi_json_find(item, "found") : expected;
    fpi_json_t *line = fpi_json_make_object(task);

    fpi_json_put_text(line, "verdict", fpi_json_text(fpi_json_find(item, "verdict")));
    fpi_json_put_text(line, "number", fpi_json_text(fpi_json_find(invoice, "number")));
    fpi_json_put_text(line, "date", fpi_json_text(fpi_json_find(invoice, "date")));
    fpi_json_put_text(line, "gross", fpi_json_text(fpi_json_find(invoice, "gross")));
    fpi_json_put_text(line, "tie", fpi_json_text(fpi_json_find(item, "tie")));
    fpi_json_put_text(line, "words", fpi_json_text(fpi_json_find(item, "words")));
    return line;
}

static void tell(ctl_t *ctl, const fpi_json_t *doc)
{
    static const ctl_column_t card[] = {
        { "bill_number", "image number", "影像编号", CTL_TEXT }, { "state", "state", "状态", CTL_TEXT },
        { "result", "result", "匹配结果", CTL_TEXT },            { "reason", "why", "说明", CTL_TEXT },
        { "told_at", "since", "时间", CTL_TEXT },                { NULL, NULL, NULL, CTL_TEXT },
    };
    static const ctl_column_t columns[] = {
        { "verdict", "VERDICT", "结果", CTL_TEXT }, { "number", "NUMBER", "号码", CTL_TEXT },
        { "date", "DATE", "日期", CTL_TEXT },       { "gross", "GROSS", "价税合计", CTL_TEXT },
        { "tie", "BY", "依据", CTL_TEXT },          { "words", "WHY", "说明", CTL_LONG },
        { NULL, NULL, NULL, CTL_TEXT },
    };
    const fpi_json_t *items = fpi_json_find(doc, "items");
    fpi_json_t *lines = fpi_json_make_array(ctl->task);

    for (size_t i = 0; i < fpi_json_size(items); i++) {
        fpi_json_add(lines, line_of(fpi_json_at(items, i), ctl->task));
    }
    ctl_card(ctl, doc, card);
    ctl_table(ctl, lines, columns);
}

fpi_err_t *ctl_bill_match(ctl_t *ctl)
{
    showing_t showing;
    fpi_bill_t *bill;
    fpi_json_t *doc;

    FPI_TRY(ctl_find_bill(&bill, ctl, ctl->args[0]));
    showing.bill_id = bill->id;
    FPI_TRY(fpi_store_read(ctl->app->store, tx_show, &showing, ctl->task));
    doc = fpi_match_answer(&showing.matching, showing.bill, ctl->task);
    if (!ctl_json(ctl, doc)) {
        tell(ctl, doc);
    }
    return NULL;
}

/* ---- again ---- */

typedef struct again_t {
    int64_t id;
    fpi_bill_t *bill;
    fpi_match_row_t result;
} again_t;

static fpi_err_t *tx_again(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    again_t *a = baton;

    FPI_TRY(fpi_bill_find_by_id(&a->bill, tx, FPI_TENANT_FIRST, a->id, task));
    if (!a->bill) {
        return fpi_fail(task, FPI_E_ABSENT, "the bill is gone");
    }
    FPI_TRY(fpi_match_rerun(tx, a->bill, task));
    return fpi_match_find(&a->result, tx, FPI_TENANT_FIRST, a->id, task);
}

static fpi_err_t *rerun_one(fpi_json_t *list, ctl_t *ctl, const char *number)
{
    fpi_json_t *line = fpi_json_make_object(ctl->task);
    fpi_bill_t *bill;
    fpi_err_t *err;
    again_t a;

    FPI_TRY(ctl_find_bill(&bill, ctl, number));
    a.id = bill->id;
    err = fpi_store_write(ctl->app->store, tx_again, &a, ctl->task);
    if (err && err->code != FPI_E_STATE && err->code != FPI_E_DUPLICATE) {
        return err;
    }
    fpi_json_put_text(line, "number", bill->number);
    fpi_json_put_text(line, "result", err ? "REFUSED" : fpi_match_result_name(a.result.result));
    fpi_json_put_text(line, "state", fpi_state_symbol(err ? bill->state : a.bill->state));
    fpi_json_put_text(line, "reason", err ? ctl_why(ctl, err) : a.result.reason);
    fpi_json_add(list, line);
    ctl->exit = err ? CTL_FAILED : ctl->exit;
    return NULL;
}

static fpi_err_t *rerun_all(ctl_t *ctl)
{
    fpi_json_t *doc = fpi_json_make_object(ctl->task);
    fpi_rematched_t done;

    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_rematch_all(&done, ctl->app, ctl->task));
    fpi_json_put_int(doc, "bills", done.bills);
    fpi_json_put_int(doc, "changed", done.changed);
    fpi_json_put_int(doc, "refused", done.left);
    ctl->exit = done.left ? CTL_FAILED : CTL_DONE;
    if (!ctl_json(ctl, doc)) {
        ctl_say(ctl, "已重新匹配 %ld 张单据, 结果变化 %ld 张, 被拒绝 %ld 张", "%ld bills compared again, %ld with another result, %ld refused",
                (long)done.bills, (long)done.changed, (long)done.left);
    }
    return NULL;
}

fpi_err_t *ctl_match_rerun(ctl_t *ctl)
{
    static const ctl_column_t columns[] = {
        { "number", "IMAGE NUMBER", "影像编号", CTL_TEXT }, { "result", "RESULT", "匹配结果", CTL_TEXT },
        { "state", "STATE", "状态", CTL_TEXT },             { "reason", "WHY", "说明", CTL_LONG },
        { NULL, NULL, NULL, CTL_TEXT },
    };
    fpi_json_t *list = fpi_json_make_array(ctl->task);

    if (ctl_has(ctl, "all") == (ctl->arg_count > 0)) {
        return ctl_usage(ctl, "请给出影像编号, 或 --all", "say image numbers, or --all");
    }
    if (ctl_has(ctl, "all")) {
        return rerun_all(ctl);
    }
    for (int i = 0; i < ctl->arg_count; i++) {
        FPI_TRY(rerun_one(list, ctl, ctl->args[i]));
    }
    ctl_list(ctl, list, columns);
    return NULL;
}
