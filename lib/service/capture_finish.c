/* Filing: each segment that is ready becomes files of its bill, in a transaction of its own. What can't be filed stays
 * in the capture with its reason; the same call again does what is left and nothing twice.
 *
 *   load batch ──> next ready segment ──tx: version as seen? bill, files, pages, capture──> filed
 *        ^                 └─ refused: parked with its reason
 *        └── the capture was changed meanwhile: look again */
#include "service/handlers.h"

#include "base/clock.h"
#include "base/text.h"
#include "service/attach.h"
#include "service/jobs.h"
#include "service/batch.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <string.h>

enum { SEGMENTS_MAX = 1000, NUMBER_TEXT = 200, REASON_MAX = 500, LOOKS_AGAIN = 20, PLACES_SHOWN = 30 };

typedef struct finish_t {
    fpi_app_t *app;
    const fpi_viewer_t *viewer;
    fpi_task_t *task;
    int64_t id, version;
    apr_hash_t *only;            /* numbers; NULL: all */
    bool may_supplement, without_number;
    const char *why;
    fpi_batch_t batch;
    apr_hash_t *refused;         /* first page's id -> fpi_err_t, of this call */
    int filed;
} finish_t;

/* ---- one segment ---- */

typedef struct filing_t {
    const finish_t *finish;
    const fpi_cut_t *cut;
    int64_t version;             /* of the capture as it was seen */
    bool is_stale;               /* result: another was quicker */
} filing_t;

/* "NC-20260131-17": the day in China, and the id of its first page. */
static const char *make_number(const finish_t *finish, const fpi_cut_t *cut)
{
    apr_time_exp_t day;

    apr_time_exp_tz(&day, fpi_clock_now(), 8 * 3600);
    return apr_psprintf(finish->task->pool, "NC-%04d%02d%02d-%" APR_INT64_T_FMT, day.tm_year + 1900, day.tm_mon + 1,
                        day.tm_mday, finish->batch.sheets[cut->segment.first].page->id);
}

static bool is_guessed(const fpi_leaf_t *leaf)
{
    return leaf->said == FPI_ROLE_AUTO && leaf->role == FPI_ROLE_ATTACHMENT;
}

static bool may_join(const fpi_file_t *file, const fpi_sheet_t *sheet, const fpi_leaf_t *leaf)
{
    const fpi_capture_page_t *page = sheet->page;

    return page->page && file->page_first && file->kind == (fpi_kind_t)leaf->role
           && file->is_guessed == is_guessed(leaf) && strcmp(file->sha256, page->sha256) == 0
           && page->page == file->page_last + 1 && page->rotation == file->rotation
           && strcmp(page->label ? page->label : "", file->label ? file->label : "") == 0
           && page->attachment_type == file->attachment_type;
}

/* Pages of one content that follow one another are one file; all of them are the content itself. `leaves`: how many of
 * the capture's pages each has. */
static int gather_files(fpi_file_t *files, int *leaves, const finish_t *finish, const fpi_segment_t *segment)
{
    int count = 0;

    for (int i = segment->first; i < segment->first + segment->count; i++) {
        const fpi_sheet_t *sheet = &finish->batch.sheets[i];
        const fpi_leaf_t *leaf = &finish->batch.leaves[i];
        const fpi_capture_page_t *page = sheet->page;

        if (page->bill || leaf->role == FPI_ROLE_BLANK) {
            continue;
        }
        if (count && may_join(&files[count - 1], sheet, leaf)) {
            files[count - 1].page_last = page->page;
        }
        else {
            files[count++] = (fpi_file_t){ .kind = (fpi_kind_t)leaf->role, .is_guessed = is_guessed(leaf),
                                           .name = page->name, .sha256 = page->sha256,
                                           .media = sheet->content->media, .size = sheet->content->size,
                                           .rotation = page->rotation, .label = page->label,
                                           .attachment_type = page->attachment_type,
                                           .page_first = page->page, .page_last = page->page };
        }
        leaves[count - 1]++;
        if (files[count - 1].page_first == 1 && files[count - 1].page_last == sheet->content->pages) {
            files[count - 1].page_first = files[count - 1].page_last = 0;
        }
    }
    return count;
}

/* What of the wanted the bill did not have, in pages of the capture: a document that is kept whole is one of them. */
static int64_t count_new(const fpi_attach_t *attach, const int *leaves)
{
    int64_t pages = 0;

    for (int i = 0; i < attach->count; i++) {
        pages += attach->news[i].pages < leaves[i] ? attach->news[i].pages : leaves[i];
    }
    return pages;
}

static fpi_err_t *attach(int64_t *filed, fpi_bill_t *bill, filing_t *filing, fpi_tx_t *tx, fpi_task_t *task)
{
    const fpi_segment_t *segment = &filing->cut->segment;
    fpi_file_t *wanted = apr_pcalloc(task->pool, sizeof(*wanted) * (size_t)segment->count);
    int *leaves = apr_pcalloc(task->pool, sizeof(*leaves) * (size_t)segment->count);
    fpi_attach_t attach = { .bill = bill, .act = FPI_ACT_ATTACH, .wanted = wanted, .source = "capture",
                            .why = filing->finish->why };

    attach.count = gather_files(wanted, leaves, filing->finish, segment);
    if (attach.count) {
        FPI_TRY(fpi_attach_files(&attach, tx, task));
    }
    *filed = count_new(&attach, leaves);
    return NULL;
}

/* Places in the capture of the segment's blank pages, which are not filed; `only_new`: without those settled before. */
static int find_blanks(int *places, const fpi_batch_t *batch, const fpi_segment_t *segment, bool only_new)
{
    int count = 0;

    for (int i = segment->first; i < segment->first + segment->count; i++) {
        if (batch->leaves[i].role == FPI_ROLE_BLANK && !(only_new && batch->sheets[i].page->bill)) {
            places[count++] = i + 1;
        }
    }
    return count;
}

/* "4, 7, 12", the first of them */
static const char *write_places(const int *places, int count, apr_pool_t *pool)
{
    fpi_buf_t *text = fpi_buf_make(pool, PLACES_SHOWN * 10);

    for (int i = 0; i < count && i < PLACES_SHOWN; i++) {
        if (!fpi_buf_put_text(text, apr_psprintf(pool, "%s%d", i ? ", " : "", places[i]))) {
            break;
        }
    }
    return apr_pstrcat(pool, text->len ? text->data : "", count > PLACES_SHOWN ? ", ..." : "", NULL);
}

/* What the cut made of the pages is written down: later codes, rules and orders can't move what has gone. */
static fpi_err_t *settle_pages(const fpi_bill_t *bill, const filing_t *filing, fpi_tx_t *tx, int64_t *settled,
                               fpi_task_t *task)
{
    const fpi_segment_t *segment = &filing->cut->segment;
    const fpi_batch_t *batch = &filing->finish->batch;

    *settled = 0;
    for (int i = segment->first; i < segment->first + segment->count; i++) {
        fpi_capture_page_t page = *batch->sheets[i].page;

        if (page.bill) {
            continue;
        }
        page.bill = bill->id;
        page.kind = batch->leaves[i].role;
        page.number = i == segment->first || page.kind == FPI_ROLE_COVER ? bill->number : NULL;
        FPI_TRY(fpi_capture_page_put(&page, tx, task));
        ++*settled;
    }
    return NULL;
}

static fpi_err_t *check_supplement(const fpi_bill_t *bill, const finish_t *finish, fpi_task_t *task)
{
    FPI_TRY(fpi_attach_check_amend(bill, finish->viewer, task));
    if (finish->may_supplement || (bill->state != FPI_STATE_SUBMITTED && bill->state != FPI_STATE_REVIEWED)) {
        return NULL;
    }
    return fpi_refuse(task, FPI_E_STATE, "supplement", "单据 %s %s%.0s, 归入即为补扫, 请确认",
                      "bill %s is %.0s%s: to file these pages supplements it; confirm by supplement", bill->number,
                      fpi_state_name(bill->state, "zh"), fpi_state_name(bill->state, "en"));
}

/* `filed` of the pages were added; the others are blank, or were there already. */
static fpi_err_t *tell(const fpi_bill_t *bill, const filing_t *filing, int64_t settled, int64_t filed, fpi_tx_t *tx,
                       fpi_task_t *task)
{
    const fpi_segment_t *segment = &filing->cut->segment;
    int *places = apr_palloc(task->pool, sizeof(*places) * (size_t)segment->count);
    int blanks = find_blanks(places, &filing->finish->batch, segment, true);

    FPI_TRY(fpi_trail_add(tx, bill, "capture",
                          apr_psprintf(task->pool, "%" APR_INT64_T_FMT " pages of capture %" APR_INT64_T_FMT
                                       " filed, from its page %d on%s", filed, filing->finish->id,
                                       segment->first + 1, segment->number ? "" : ", without number"), NULL, task));
    if (settled - blanks > filed) {
        FPI_TRY(fpi_trail_add(tx, bill, "capture",
                              apr_psprintf(task->pool, "%" APR_INT64_T_FMT " pages of capture %" APR_INT64_T_FMT
                                           " were on the bill already", settled - blanks - filed, filing->finish->id),
                              NULL, task));
    }
    return blanks ? fpi_trail_add(tx, bill, "capture",
                                  apr_psprintf(task->pool, "%d blank pages of capture %" APR_INT64_T_FMT
                                               " left out: places %s", blanks, filing->finish->id,
                                               write_places(places, blanks, task->pool)), NULL, task)
                  : NULL;
}

static fpi_err_t *tx_file(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    filing_t *filing = baton;
    const finish_t *finish = filing->finish;
    const char *number = filing->cut->segment.number ? filing->cut->segment.number : make_number(finish, filing->cut);
    fpi_capture_t *capture;
    fpi_bill_t *bill;
    int64_t settled, filed;

    FPI_TRY(fpi_capture_get(&capture, tx, finish->viewer, finish->id, task));
    filing->is_stale = capture->version != filing->version;
    if (filing->is_stale) {
        return NULL;
    }
    FPI_TRY(fpi_attach_bill(&bill, tx, finish->viewer, number, capture->resource, filing->cut->type_code, task));
    FPI_TRY(check_supplement(bill, finish, task));
    FPI_TRY(attach(&filed, bill, filing, tx, task));
    FPI_TRY(settle_pages(bill, filing, tx, &settled, task));
    FPI_TRY(tell(bill, filing, settled, filed, tx, task));
    capture->left -= settled;
    fpi_capture_settle(capture);
    return fpi_capture_touch(capture, FPI_CAPTURE_FILED, settled, tx, task);
}

/* ---- all of them ---- */

static int64_t *key_of(finish_t *finish, const fpi_cut_t *cut)
{
    return apr_pmemdup(finish->task->pool, &finish->batch.sheets[cut->segment.first].page->id, sizeof(int64_t));
}

static bool is_asked_for(const finish_t *finish, const fpi_cut_t *cut)
{
    if (!cut->segment.number) {
        return finish->without_number;
    }
    return !finish->only || apr_hash_get(finish->only, cut->segment.number, APR_HASH_KEY_STRING);
}

static bool may_be_filed(const finish_t *finish, const fpi_cut_t *cut)
{
    switch (cut->state) {
    case FPI_CUT_READY:
        return true;
    case FPI_CUT_SUPPLEMENT:
        return finish->may_supplement;
    case FPI_CUT_NO_NUMBER:
        return finish->without_number && finish->batch.may_go_without;
    default:
        return false;
    }
}

/* A refusal of this one bill parks its segment; anything else ends the call. */
static fpi_err_t *file_one(finish_t *finish, const fpi_cut_t *cut, bool *is_stale)
{
    filing_t filing = { finish, cut, finish->batch.capture->version, false };
    fpi_err_t *err = fpi_store_write(finish->app->store, tx_file, &filing, finish->task);

    *is_stale = !err && filing.is_stale;
    if (err && fpi_code_info(err->code)->retry == FPI_RETRY_CALLER && err->code != FPI_E_ABSENT) {
        fpi_log_err(finish->task, FPI_M_CALLER_REFUSED, err, "filing %s of capture %" APR_INT64_T_FMT,
                    cut->segment.number ? cut->segment.number : "pages without number", finish->id);
        apr_hash_set(finish->refused, key_of(finish, cut), sizeof(int64_t), err);
        return NULL;
    }
    finish->filed += !err && !*is_stale;
    finish->batch.capture->version += !err && !*is_stale;
    return err;
}

static fpi_err_t *file_all(finish_t *finish, bool *is_stale)
{
    *is_stale = false;
    for (int i = 0; i < finish->batch.cut_count && !*is_stale; i++) {
        const fpi_cut_t *cut = &finish->batch.cuts[i];

        if (is_asked_for(finish, cut) && may_be_filed(finish, cut)
            && !apr_hash_get(finish->refused, &finish->batch.sheets[cut->segment.first].page->id, sizeof(int64_t))) {
            FPI_TRY(file_one(finish, cut, is_stale));
        }
    }
    return NULL;
}

static fpi_err_t *load(finish_t *finish)
{
    return fpi_batch_load(&finish->batch, finish->app, finish->viewer, finish->id, finish->task);
}

/* While another changes the capture, too, what is left is looked at anew, unless the caller wants only what he saw. */
static fpi_err_t *run(finish_t *finish)
{
    bool is_stale = true;

    for (int i = 0; is_stale && i < LOOKS_AGAIN; i++) {
        if (i) {
            FPI_TRY(load(finish));
        }
        FPI_TRY(file_all(finish, &is_stale));
        if (is_stale && finish->version != -1) {
            break;
        }
    }
    return NULL;
}

/* ---- what was asked ---- */

static fpi_err_t *read_only(finish_t *finish, const fpi_json_t *said)
{
    fpi_json_t *list;

    FPI_TRY(fpi_json_find_array(&list, said, "segments", SEGMENTS_MAX, finish->task));
    if (list && fpi_json_size(list) == 0) {
        return fpi_refuse(finish->task, FPI_E_FIELD, "segments", "字段 segments 为空: 请至少选一段, 归档全部时不要带该字段",
                          "segments is empty: choose at least one, or leave the field out for all");
    }
    for (size_t i = 0; list && i < fpi_json_size(list); i++) {
        const char *text = fpi_json_text(fpi_json_at(list, i)), *number;

        if (!text) {
            return fpi_refuse(finish->task, FPI_E_FIELD, "segments", "字段 segments 第 %d 项应为影像编号",
                              "segments: item %d must be an image number", (int)i + 1);
        }
        FPI_TRY(fpi_bill_take_number(&number, text, "segments", finish->task));
        finish->only = finish->only ? finish->only : apr_hash_make(finish->task->pool);
        apr_hash_set(finish->only, number, APR_HASH_KEY_STRING, number);
    }
    return NULL;
}

static fpi_err_t *read_asked(finish_t *finish, fpi_call_t *call)
{
    const fpi_json_t *said = call->json;

    if (!fpi_json_is_object(said)) {
        return fpi_refuse(call->task, FPI_E_FIELD, NULL, "请求体应为JSON对象", "the body must be a JSON object");
    }
    FPI_TRY(fpi_call_id(&finish->id, call, "capture_id"));
    FPI_TRY(read_only(finish, said));
    FPI_TRY(fpi_json_find_bool(&finish->may_supplement, said, "supplement", false, call->task));
    FPI_TRY(fpi_json_find_bool(&finish->without_number, said, "without_number", false, call->task));
    FPI_TRY(fpi_json_find_text(&finish->why, said, "reason", REASON_MAX, call->task));
    finish->why = finish->why && *finish->why ? finish->why : NULL;
    return fpi_version_read(&finish->version, call);
}

/* Numbers that no segment has: a slip of the caller, told before anything is filed. */
static fpi_err_t *check_only(const finish_t *finish)
{
    for (apr_hash_index_t *hi = finish->only ? apr_hash_first(finish->task->pool, finish->only) : NULL; hi;
         hi = apr_hash_next(hi)) {
        const char *number = apr_hash_this_val(hi);
        bool is_there = false;

        for (int i = 0; i < finish->batch.cut_count && !is_there; i++) {
            const char *there = finish->batch.cuts[i].segment.number;

            is_there = there && strcmp(there, number) == 0;
        }
        if (!is_there) {
            return fpi_refuse(finish->task, FPI_E_FIELD, "segments", "字段 segments: 批次中没有编号 %s 的段",
                              "segments: the capture has no segment of number %s", number);
        }
    }
    return NULL;
}

static fpi_err_t *check_without_number(const finish_t *finish)
{
    for (int i = 0; finish->without_number && !finish->batch.may_go_without && i < finish->batch.cut_count; i++) {
        if (finish->batch.cuts[i].state == FPI_CUT_NO_NUMBER) {
            return fpi_refuse(finish->task, FPI_E_STATE, "without_number",
                              "无编号归档未开启: 请在这些页面的首页录入影像编号, 或由管理员将 " FPI_SETTING_WITHOUT_COVER
                              " 设为 on",
                              "filing without number is off: type the image number in at the first of these pages, or let "
                              "an administrator set " FPI_SETTING_WITHOUT_COVER " to on");
        }
    }
    return NULL;
}

/* Nothing was filed, as all that was asked for is still being read. */
static fpi_err_t *check_waiting(const finish_t *finish)
{
    int waiting = 0;

    for (int i = 0; i < finish->batch.cut_count; i++) {
        const fpi_cut_t *cut = &finish->batch.cuts[i];

        waiting += cut->state == FPI_CUT_WAITING && (!finish->only || is_asked_for(finish, cut));
        if (cut->state == FPI_CUT_FILED || finish->filed) {
            return NULL;
        }
    }
    return waiting && !apr_hash_count(finish->refused)
               ? fpi_refuse(finish->task, FPI_E_STATE, NULL, "有 %d 段的页面仍在识别, 请稍候再归档",
                            "the pages of %d segments are still being read: wait and file them then", waiting)
               : NULL;
}

/* ---- the answer ---- */

static const char *result_of(const finish_t *finish, const fpi_cut_t *cut, const fpi_err_t *refused)
{
    switch (cut->state) {
    case FPI_CUT_FILED:
        return "FILED";
    case FPI_CUT_WAITING:
        return "WAITING";
    case FPI_CUT_READY:
        return refused ? "PARKED" : !is_asked_for(finish, cut) ? "LEFT" : "CHANGED";
    default:
        return "PARKED";
    }
}

/* What was not filed of a segment that was. */
static void put_blanks(fpi_json_t *doc, const finish_t *finish, const fpi_segment_t *segment)
{
    apr_pool_t *pool = finish->task->pool;
    int *places = apr_palloc(pool, sizeof(*places) * (size_t)segment->count);
    int count = find_blanks(places, &finish->batch, segment, false);
    const char *shown = write_places(places, count, pool);
    fpi_json_t *list = fpi_json_make_array(finish->task);

    for (int i = 0; i < count; i++) {
        fpi_json_add_int(list, places[i]);
    }
    fpi_json_put(doc, "blank_places", list);
    fpi_json_put_text(doc, "note",
                      !count ? NULL
                      : strcmp(finish->task->lang, "en") == 0
                          ? apr_psprintf(pool, "%d blank pages left out: places %s", count, shown)
                          : apr_psprintf(pool, "已略去 %d 页空白页: 第 %s 页", count, shown));
}

static fpi_json_t *form_result(const finish_t *finish, int i)
{
    const fpi_cut_t *cut = &finish->batch.cuts[i];
    const fpi_err_t *refused = apr_hash_get(finish->refused, &finish->batch.sheets[cut->segment.first].page->id,
                                            sizeof(int64_t));
    fpi_json_t *doc = fpi_cut_form(&finish->batch, i, finish->task);

    fpi_json_put_text(doc, "result", result_of(finish, cut, refused));
    if (refused && cut->state != FPI_CUT_FILED) {
        fpi_json_put_text(doc, "problem", fpi_err_public(refused, finish->task->lang));
    }
    if (cut->state == FPI_CUT_FILED) {
        put_blanks(doc, finish, &cut->segment);
    }
    return doc;
}

fpi_err_t *fpi_handle_capture_finish(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    finish_t finish = { .app = app, .viewer = call->viewer, .task = call->task,
                        .refused = apr_hash_make(call->task->pool) };
    fpi_json_t *segments = fpi_json_make_array(call->task);

    FPI_TRY(read_asked(&finish, call));
    FPI_TRY(load(&finish));
    if (finish.batch.capture->state == FPI_CAPTURE_OPEN) { /* else there is nothing left that could be spoilt */
        FPI_TRY(fpi_capture_check_version(finish.batch.capture, finish.version, call->task));
    }
    FPI_TRY(check_only(&finish));
    FPI_TRY(check_without_number(&finish));
    FPI_TRY(run(&finish));
    FPI_TRY(load(&finish));
    FPI_TRY(check_waiting(&finish));
    if (finish.filed) {
        fpi_jobs_wake(app);
    }
    for (int i = 0; i < finish.batch.cut_count; i++) {
        fpi_json_add(segments, form_result(&finish, i));
    }
    answer->data = fpi_capture_form(finish.batch.capture, call->task);
    fpi_json_put_int(answer->data, "filed_count", finish.filed);
    fpi_json_put(answer->data, "segments", segments);
    return NULL;
}
