#include "service/batch.h"

#include "base/clock.h"
#include "service/attach.h"
#include "service/handlers.h"
#include "service/batch_own.h"
#include "store/catalogue.h"
#include "store/cover_rules.h"
#include "store/people.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <string.h>

enum { TYPE_MAX = 50 };

/* ---- whose it is ---- */

fpi_err_t *fpi_capture_get(fpi_capture_t **out, fpi_tx_t *tx, const fpi_viewer_t *viewer, int64_t id,
                           fpi_task_t *task)
{
    FPI_TRY(fpi_capture_find(out, tx, viewer->tenant, id, task));
    if (*out && fpi_capture_is_seen(*out, viewer)) {
        return NULL;
    }
    *out = NULL;
    return fpi_refuse(task, FPI_E_ABSENT, "capture_id", "扫描批次 %" APR_INT64_T_FMT " 不存在",
                      "there is no capture %" APR_INT64_T_FMT, id);
}

fpi_err_t *fpi_capture_check_version(const fpi_capture_t *capture, int64_t said, fpi_task_t *task)
{
    static const struct {
        const char *zh, *en;
    } acts[FPI_CAPTURE_ACTS] = {
        [FPI_CAPTURE_MADE] = { "新建", "was made" },
        [FPI_CAPTURE_ADDED] = { "加入页面", "pages were added" },
        [FPI_CAPTURE_EDITED] = { "修改", "something was edited" },
        [FPI_CAPTURE_ORDERED] = { "调整页序", "pages were put in another order" },
        [FPI_CAPTURE_TAKEN_OUT] = { "删除页面", "pages were taken out" },
        [FPI_CAPTURE_UNFOLDED] = { "多页文件已展开", "a file of several pages was unfolded" },
        [FPI_CAPTURE_FILED] = { "归入单据", "pages were filed" },
    };
    char when[21];

    if (said == -1 || said == capture->version) {
        return NULL;
    }
    fpi_clock_format(when, capture->updated);
    /* each text takes its own of the two languages and prints nothing of the other */
    return fpi_refuse(task, FPI_E_STALE, "version",
                      "批次 %" APR_INT64_T_FMT " 已被修改: 当前版本 %" APR_INT64_T_FMT ", 您看到的是 %" APR_INT64_T_FMT
                      "; 最近一次由 %s 于 %s: %s%.0s (%" APR_INT64_T_FMT " 页), 请刷新后重试",
                      "capture %" APR_INT64_T_FMT " was changed meanwhile: it is at version %" APR_INT64_T_FMT
                      ", you have seen %" APR_INT64_T_FMT "; last by %s at %s: %.0s%s (%" APR_INT64_T_FMT
                      " pages); look again and repeat",
                      capture->id, capture->version, said, capture->act_by, when, acts[capture->act].zh,
                      acts[capture->act].en, capture->act_count);
}

/* ---- of what type a bill may be said to be ---- */

fpi_err_t *fpi_bill_type_read(const char **code, const fpi_json_t *said, fpi_task_t *task)
{
    FPI_TRY(fpi_json_find_text(code, said, "bill_type", TYPE_MAX, task));
    *code = *code && **code ? *code : NULL;
    return NULL;
}

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

/* ---- segments and their bills ---- */

typedef struct loading_t {
    fpi_batch_t *batch;
    const fpi_viewer_t *viewer;
    int64_t id;
    const fpi_rule_t *rules;
    int rule_count;
} loading_t;

static void put_problem(fpi_cut_t *cut, fpi_cut_state_t state, const char *zh, const char *en)
{
    cut->state = state;
    cut->problem = zh;
    cut->problem_en = en;
}

static void put_refusal(fpi_cut_t *cut, const fpi_err_t *err)
{
    put_problem(cut, FPI_CUT_PROBLEM, fpi_err_public(err, "zh"), fpi_err_public(err, "en"));
}

static void judge_bill(fpi_cut_t *cut, const loading_t *loading, fpi_task_t *task)
{
    fpi_bill_t *bill = cut->bill;
    fpi_err_t *bad = fpi_viewer_check(loading->viewer, bill, task);
    fpi_state_t to;

    if (bad) {
        cut->bill = NULL;
        put_problem(cut, FPI_CUT_PROBLEM,
                    apr_psprintf(task->pool, "影像编号 %s 不在您的权限内, 请核对编号", cut->segment.number),
                    apr_psprintf(task->pool, "image number %s is not yours: check the number",
                                 cut->segment.number));
        return;
    }
    bad = fpi_attach_refuse_locked(bill, FPI_ACT_ATTACH, task);
    bad = bad ? bad : fpi_bill_move(&to, bill, FPI_ACT_ATTACH, task);
    if (bad) {
        put_refusal(cut, bad);
    }
    else if (bill->state == FPI_STATE_SUBMITTED || bill->state == FPI_STATE_REVIEWED) {
        put_problem(cut, FPI_CUT_SUPPLEMENT,
                    apr_psprintf(task->pool, "单据 %s %s, 归入即为补扫, 请确认", bill->number,
                                 fpi_state_name(bill->state, "zh")),
                    apr_psprintf(task->pool, "bill %s is %s: to file these pages supplements it; confirm by supplement",
                                 bill->number, fpi_state_name(bill->state, "en")));
    }
}

static void judge_without_number(fpi_cut_t *cut, const fpi_batch_t *batch)
{
    cut->state = FPI_CUT_NO_NUMBER;
    if (batch->may_go_without) {
        cut->problem = "这些页面前没有封面: 请录入影像编号, 或选择按无编号归档 (without_number)";
        cut->problem_en = "no cover stands before these pages: type the image number in, or file them without number "
                          "(without_number)";
    }
    else {
        cut->problem = "这些页面前没有封面: 请在首页录入影像编号 (无编号归档未开启, 可由管理员开启 " FPI_SETTING_WITHOUT_COVER ")";
        cut->problem_en = "no cover stands before these pages: type the image number in at the first (filing without "
                          "number is off; an administrator may switch on " FPI_SETTING_WITHOUT_COVER ")";
    }
}

static bool is_filed(const fpi_batch_t *batch, const fpi_segment_t *segment, int64_t *bill)
{
    bool is_whole = true;

    *bill = 0;
    for (int i = segment->first; i < segment->first + segment->count; i++) {
        int64_t at = batch->sheets[i].page->bill;

        *bill = *bill ? *bill : at;
        is_whole &= at != 0;
    }
    return is_whole;
}

static bool is_blank(const fpi_batch_t *batch, const fpi_segment_t *segment)
{
    for (int i = segment->first; i < segment->first + segment->count; i++) {
        if (batch->leaves[i].role != FPI_ROLE_BLANK || batch->sheets[i].page->bill) {
            return false;
        }
    }
    return true;
}

static fpi_err_t *find_bill(fpi_cut_t *cut, const loading_t *loading, int64_t filed, fpi_tx_t *tx, fpi_task_t *task)
{
    const fpi_capture_t *capture = loading->batch->capture;

    if (filed) {
        return fpi_bill_find_by_id(&cut->bill, tx, capture->tenant, filed, task);
    }
    return cut->segment.number ? fpi_bill_find(&cut->bill, tx, capture->tenant, cut->segment.number, capture->resource,
                                               task)
                               : NULL;
}

static const fpi_sheet_t *find_obstacle(const fpi_batch_t *batch, const fpi_segment_t *segment)
{
    for (int i = segment->first; i < segment->first + segment->count; i++) {
        if (!batch->sheets[i].page->bill && (batch->sheets[i].is_too_long || batch->sheets[i].is_doubtful)) {
            return &batch->sheets[i];
        }
    }
    return NULL;
}

static fpi_err_t *judge(fpi_cut_t *cut, const loading_t *loading, fpi_tx_t *tx, fpi_task_t *task)
{
    int64_t filed;
    bool is_whole = is_filed(loading->batch, &cut->segment, &filed);
    const fpi_sheet_t *obstacle = find_obstacle(loading->batch, &cut->segment);

    FPI_TRY(find_bill(cut, loading, is_whole ? filed : 0, tx, task));
    cut->state = FPI_CUT_READY;
    if (is_whole) {
        cut->state = FPI_CUT_FILED;
    }
    else if (cut->segment.is_waiting) {
        put_problem(cut, FPI_CUT_WAITING, "仍在识别, 请稍候", "still being read");
    }
    else if (obstacle) {
        put_problem(cut, FPI_CUT_PROBLEM, obstacle->note, obstacle->note_en);
    }
    else if (cut->segment.problem) {
        put_problem(cut, FPI_CUT_PROBLEM, cut->segment.problem, cut->segment.problem_en);
    }
    else if (is_blank(loading->batch, &cut->segment)) {
        put_problem(cut, FPI_CUT_PROBLEM, "只有空白页, 没有可归档的内容: 请删除, 或将其设为附件",
                    "nothing but blank pages: take them out, or say that they are attachments");
    }
    else if (!cut->segment.number) {
        judge_without_number(cut, loading->batch);
    }
    else if (cut->bill) {
        judge_bill(cut, loading, task);
    }
    return NULL;
}

/* ---- of what type their bills are ---- */

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

static fpi_err_t *find_types(fpi_batch_t *batch, const fpi_rule_t *rules, int count, fpi_tx_t *tx, fpi_task_t *task)
{
    for (int i = 0; i < batch->cut_count; i++) {
        fpi_cut_t *cut = &batch->cuts[i];

        hear(cut, FPI_TYPE_OF_BILL, cut->bill ? cut->bill->type_code : NULL);
        hear(cut, FPI_TYPE_OF_PAGE, said_of_page(batch, &cut->segment));
        hear(cut, FPI_TYPE_OF_CAPTURE, batch->capture->type_code);
        if (cut->type_from == FPI_TYPE_UNSAID) {
            hear(cut, FPI_TYPE_OF_RULE, said_of_rule(cut->segment.number, rules, count, task));
        }
        if (cut->type_code) {
            FPI_TRY(find_name(cut, i ? &batch->cuts[i - 1] : NULL, tx, task));
        }
    }
    return NULL;
}

/* ---- the whole of it ---- */

static fpi_err_t *cut_batch(loading_t *loading, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_batch_t *batch = loading->batch;
    const char *number = *batch->capture->number ? batch->capture->number : NULL;
    fpi_segment_t *segments;

    FPI_TRY(fpi_cover_cut(&segments, &batch->cut_count, batch->leaves, batch->count, number, loading->rules,
                          loading->rule_count, task));
    batch->cuts = apr_pcalloc(task->pool, sizeof(fpi_cut_t) * (size_t)(batch->cut_count + 1));
    for (int i = 0; i < batch->cut_count; i++) {
        batch->cuts[i].segment = segments[i];
        FPI_TRY(judge(&batch->cuts[i], loading, tx, task));
        batch->is_waiting |= batch->cuts[i].state == FPI_CUT_WAITING;
    }
    return find_types(batch, loading->rules, loading->rule_count, tx, task);
}

/* ---- loading ---- */

static fpi_err_t *find_switch(fpi_batch_t *batch, fpi_tx_t *tx, fpi_task_t *task)
{
    const char *value;

    FPI_TRY(fpi_setting_find(&value, tx, batch->capture->tenant, FPI_SETTING_WITHOUT_COVER, task));
    batch->may_go_without = value && strcmp(value, "on") == 0;
    return NULL;
}

static fpi_err_t *tx_load(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    loading_t *loading = baton;
    fpi_batch_t *batch = loading->batch;
    fpi_rule_t *rules;

    memset(batch, 0, sizeof(*batch));
    FPI_TRY(fpi_capture_get(&batch->capture, tx, loading->viewer, loading->id, task));
    FPI_TRY(fpi_cover_rules_list(&rules, &loading->rule_count, tx, batch->capture->tenant, task));
    loading->rules = rules;
    FPI_TRY(find_switch(batch, tx, task));
    FPI_TRY(fpi_batch_read_sheets(batch, rules, loading->rule_count, tx, task));
    return cut_batch(loading, tx, task);
}

fpi_err_t *fpi_batch_load(fpi_batch_t *batch, fpi_app_t *app, const fpi_viewer_t *viewer, int64_t id,
                         fpi_task_t *task)
{
    loading_t loading = { batch, viewer, id, NULL, 0 };

    FPI_TRY(fpi_store_read(app->store, tx_load, &loading, task));
    if (!batch->has_folded) {
        return NULL;
    }
    FPI_TRY(fpi_batch_unfold(batch, app, task));
    return fpi_store_read(app->store, tx_load, &loading, task);
}
