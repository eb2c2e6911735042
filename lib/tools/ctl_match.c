/* fpimagectl bill match: what of a bill matches, and what does not. */
#include "tools/ctl.h"

#include "service/match.h"

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
