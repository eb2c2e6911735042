#include "service/batch.h"

#include "store/catalogue.h"

#include <string.h>

/* ---- what may be said ---- */

fpi_err_t *fpi_bill_type_check(const char *code, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_bill_type_t *type;

    if (!code) {
        return NULL;
    }
    FPI_TRY(fpi_bill_type_find_by_code(&type, tx, task->tenant, code, task));
    return type ? NULL
                : fpi_refuse(task, FPI_E_FIELD, "bill_type", "单据类型 %.50s 不存在, 请从列表中选择, 或由管理员先添加",
                             "there is no bill type %.50s: choose one of the list, or let an administrator add it", code);
}

fpi_err_t *fpi_capture_check_type(const char *code, const fpi_viewer_t *viewer, fpi_tx_t *tx, fpi_task_t *task)
{
    return fpi_viewer_is_person(viewer) ? fpi_bill_type_check(code, tx, task) : NULL;
}

/* ---- what holds ---- */

static const char *said_of_page(const fpi_batch_t *batch, const fpi_segment_t *segment)
{
    for (int i = segment->first; i < segment->first + segment->count; i++) {
        if (batch->sheets[i].page->type_code) {
            return batch->sheets[i].page->type_code;
        }
    }
    return NULL;
}

static const char *said_of_rule(const char *number, const fpi_rule_t *rules, int count, fpi_task_t *task)
{
    const char *by;

    if (!number || !fpi_cover_number(number, rules, count, &by, NULL, task)) {
        return NULL;
    }
    for (int i = 0; by && i < count; i++) {
        if (strcmp(rules[i].name, by) == 0) {
            return rules[i].type_code;
        }
    }
    return NULL;
}

static void hear(fpi_cut_t *cut, fpi_type_from_t from, const char *code)
{
    if (cut->type_from == FPI_TYPE_UNSAID && code && *code) {
        cut->type_from = from;
        cut->type_code = code;
    }
}

static fpi_err_t *find_name(fpi_cut_t *cut, const fpi_cut_t *before, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_bill_type_t *type;

    if (before && before->type_code && strcmp(before->type_code, cut->type_code) == 0) {
        cut->type_name = before->type_name;
        return NULL;
    }
    FPI_TRY(fpi_bill_type_find_by_code(&type, tx, task->tenant, cut->type_code, task));
    cut->type_name = type ? type->name : NULL;
    return NULL;
}

fpi_err_t *fpi_batch_find_types(fpi_batch_t *batch, const fpi_rule_t *rules, int count, fpi_tx_t *tx, fpi_task_t *task)
{
    for (int i = 0; i < batch->cut_count; i++) {
        fpi_cut_t *cut = &batch->cuts[i];

        hear(cut, FPI_TYPE_OF_BILL, cut->bill ? cut->bill->type_code : NULL);
        hear(cut, FPI_TYPE_OF_PAGE, said_of_page(batch, &cut->segment));
        hear(cut, FPI_TYPE_OF_CAPTURE, batch->capture->type_code);
        hear(cut, FPI_TYPE_OF_RULE, said_of_rule(cut->segment.number, rules, count, task));
        if (cut->type_code) {
            FPI_TRY(find_name(cut, i ? &batch->cuts[i - 1] : NULL, tx, task));
        }
    }
    return NULL;
}
