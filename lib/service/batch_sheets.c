#include "service/batch_own.h"

#include "model/evidence.h"
#include "wire/media.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

/* A content with its look. */
typedef struct look_t {
    const fpi_content_t *content;
    fpi_json_t *pages, *evidence; /* arrays, or NULL */
    bool has_cover;               /* some page has a code that is an image number */
} look_t;

typedef struct reading_t {
    fpi_batch_t *batch;
    const fpi_rule_t *rules;
    int rule_count;
    apr_hash_t *looks;            /* sha256 -> look_t */
    fpi_task_t *task;
} reading_t;

/* The document was checked when it was put; what it lacks is not known. */
static int64_t number_of(const fpi_json_t *object, const char *name, fpi_task_t *task)
{
    int64_t value = 0;

    fpi_ignore(fpi_json_find_int(&value, object, name, 0, 0, INT32_MAX, task));
    return value;
}

static bool flag_of(const fpi_json_t *object, const char *name, fpi_task_t *task)
{
    bool value = false;

    fpi_ignore(fpi_json_find_bool(&value, object, name, false, task));
    return value;
}

static fpi_json_t *list_of(const fpi_json_t *object, const char *name)
{
    fpi_json_t *list = fpi_json_find(object, name);

    return fpi_json_is_array(list) ? list : NULL;
}

static const char *text_of(const fpi_json_t *object, const char *name)
{
    const char *text = fpi_json_text(fpi_json_find(object, name));

    return text ? text : "";
}

static size_t size_of(const fpi_json_t *list)
{
    return list ? fpi_json_size(list) : 0;
}

/* ---- contents ---- */

static bool is_number(const fpi_json_t *code, const reading_t *r)
{
    const char *by;

    return strcmp(text_of(code, "kind"), "QR") == 0
           && fpi_cover_number(text_of(code, "text"), r->rules, r->rule_count, &by, NULL, r->task);
}

static bool has_cover(const fpi_json_t *pages, const reading_t *r)
{
    for (size_t i = 0; i < size_of(pages); i++) {
        const fpi_json_t *codes = list_of(fpi_json_at(pages, i), "codes");

        for (size_t n = 0; n < size_of(codes); n++) {
            if (is_number(fpi_json_at(codes, n), r)) {
                return true;
            }
        }
    }
    return false;
}

static fpi_err_t *read_look(look_t *look, const fpi_content_t *content, const reading_t *r)
{
    fpi_json_t *doc;

    look->content = content;
    if (content->state != FPI_CONTENT_LOOKED || !content->doc) {
        return NULL;
    }
    FPI_TRY(fpi_json_parse(&doc, content->doc, strlen(content->doc), r->task));
    look->pages = list_of(doc, "pages");
    look->evidence = list_of(doc, "evidence");
    look->has_cover = has_cover(look->pages, r);
    return NULL;
}

static fpi_err_t *read_looks(reading_t *r, fpi_tx_t *tx)
{
    fpi_content_t *contents;
    int count;

    FPI_TRY(fpi_capture_contents(&contents, &count, tx, r->batch->capture->id, r->task));
    r->looks = apr_hash_make(r->task->pool);
    for (int i = 0; i < count; i++) {
        look_t *look = apr_pcalloc(r->task->pool, sizeof(*look));
        fpi_err_t *bad = read_look(look, &contents[i], r);

        if (bad) {
            return fpi_recode(r->task, bad, FPI_E_INTERNAL, "reading what is known of content %s", contents[i].sha256);
        }
        apr_hash_set(r->looks, contents[i].sha256, APR_HASH_KEY_STRING, look);
    }
    return NULL;
}

/* A file that says itself what it is stays whole: only paper, and what has a cover inside, is unfolded. */
static bool is_one_document(const look_t *look)
{
    for (size_t i = 0; i < size_of(look->evidence); i++) {
        if (strcmp(text_of(fpi_json_at(look->evidence, i), "source"), "QR") != 0) {
            return !look->has_cover;
        }
    }
    return false;
}

static bool is_folded(const look_t *look, const fpi_capture_page_t *page)
{
    const char *media = look->content->media;

    return page->page == 0 && page->bill == 0 && page->kind == FPI_ROLE_AUTO && !page->number
           && look->content->state == FPI_CONTENT_LOOKED && look->content->pages > 1 && !is_one_document(look)
           && (strcmp(media, fpi_media_info(FPI_MEDIA_PDF)->type) == 0
               || strcmp(media, fpi_media_info(FPI_MEDIA_TIFF)->type) == 0
               || strcmp(media, fpi_media_info(FPI_MEDIA_OFD)->type) == 0);
}

/* ---- sheets and leaves ---- */

static bool is_meant(const fpi_capture_page_t *page, int64_t n)
{
    return page->page == 0 || n == page->page;
}

static void add_codes(fpi_sheet_t *sheet, fpi_leaf_t *leaf, const fpi_json_t *seen, int64_t n, fpi_task_t *task)
{
    const fpi_json_t *codes = list_of(seen, "codes");
    size_t count = size_of(codes);
    fpi_code_seen_t *all = apr_pcalloc(task->pool, sizeof(*all) * ((size_t)leaf->code_count + count + 1));

    if (leaf->code_count) {
        memcpy(all, leaf->codes, sizeof(*all) * (size_t)leaf->code_count);
    }
    for (size_t i = 0; i < count; i++) {
        fpi_json_t *code = fpi_json_at(codes, i);

        all[leaf->code_count++] = (fpi_code_seen_t){ strcmp(text_of(code, "kind"), "QR") == 0, text_of(code, "text") };
        fpi_json_put_int(code, "n", n);
        fpi_json_add(sheet->codes, code);
    }
    leaf->codes = all;
}

static void read_pages(fpi_sheet_t *sheet, fpi_leaf_t *leaf, const look_t *look, fpi_task_t *task)
{
    bool is_blank = false, is_first = true;

    for (size_t i = 0; i < size_of(look->pages); i++) {
        const fpi_json_t *seen = fpi_json_at(look->pages, i);
        int64_t n = number_of(seen, "n", task);

        if (is_meant(sheet->page, n)) {
            is_blank = flag_of(seen, "is_blank", task) && (is_first || is_blank);
            is_first = false;
            add_codes(sheet, leaf, seen, n, task);
        }
    }
    leaf->is_blank = is_blank;
}

static bool has_invoice(const fpi_capture_page_t *page, const look_t *look, const fpi_leaf_t *leaf, fpi_task_t *task)
{
    for (int i = 0; i < leaf->code_count; i++) {
        if (leaf->codes[i].is_qr && fpi_evidence_of_qr(leaf->codes[i].text, page->page, task)) {
            return true;
        }
    }
    for (size_t i = 0; i < size_of(look->evidence); i++) {
        int64_t n = number_of(fpi_json_at(look->evidence, i), "page", task);

        if (n == 0 || is_meant(page, n)) {
            return true;
        }
    }
    return false;
}

/* May it be a page of paper? Office files never show codes. */
static bool is_scan(const char *media)
{
    static const fpi_media_t scans[] = { FPI_MEDIA_PDF, FPI_MEDIA_OFD, FPI_MEDIA_JPEG, FPI_MEDIA_PNG, FPI_MEDIA_TIFF,
                                         FPI_MEDIA_BMP, FPI_MEDIA_WEBP, FPI_MEDIA_HEIC };

    for (size_t i = 0; i < sizeof(scans) / sizeof(*scans); i++) {
        if (strcmp(media, fpi_media_info(scans[i])->type) == 0) {
            return true;
        }
    }
    return false;
}

static void put_note(fpi_sheet_t *sheet, const look_t *look, fpi_task_t *task)
{
    const fpi_content_t *content = look->content;

    if (sheet->is_too_long) {
        sheet->note = apr_psprintf(task->pool, "文件有 %" APR_INT64_T_FMT " 页, 超过每批 %d 页的上限: 请拆分后分批上传",
                                   content->pages, FPI_CAPTURE_PAGES);
        sheet->note_en = apr_psprintf(task->pool, "the file has %" APR_INT64_T_FMT " pages, a capture at most %d: split "
                                      "it over several captures", content->pages, FPI_CAPTURE_PAGES);
    }
    else if (content->state == FPI_CONTENT_UNREADABLE) {
        sheet->note = "无法识别该页: 文件已损坏或无法预览; 请人工确认类别 (封面请同时录入编号), 之后仍可归档";
        sheet->note_en = apr_psprintf(task->pool, "this page can't be read%s%s; say what it is (of a cover the number, "
                                      "too), then it can be filed all the same", content->note ? ": " : "",
                                      content->note ? content->note : "");
        sheet->is_doubtful = sheet->page->kind == FPI_ROLE_AUTO && !sheet->page->number && is_scan(content->media);
    }
}

static void read_sheet(reading_t *r, int i, const fpi_capture_page_t *page, int64_t *room)
{
    fpi_sheet_t *sheet = &r->batch->sheets[i];
    fpi_leaf_t *leaf = &r->batch->leaves[i];
    const look_t *look = apr_hash_get(r->looks, page->sha256, APR_HASH_KEY_STRING);
    bool folded = is_folded(look, page);

    sheet->page = page;
    sheet->content = look->content;
    sheet->codes = fpi_json_make_array(r->task);
    leaf->id = page->id;
    leaf->said = page->kind;
    leaf->number = page->number;
    leaf->is_known = look->content->state != FPI_CONTENT_WAITING;
    read_pages(sheet, leaf, look, r->task);
    leaf->has_invoice = has_invoice(page, look, leaf, r->task);
    sheet->is_too_long = folded && look->content->pages - 1 > *room;
    sheet->is_folded = folded && !sheet->is_too_long;
    *room -= sheet->is_folded ? look->content->pages - 1 : 0;
    r->batch->has_folded |= sheet->is_folded;
    put_note(sheet, look, r->task);
}

fpi_err_t *fpi_batch_read_sheets(fpi_batch_t *batch, const fpi_rule_t *rules, int rule_count, fpi_tx_t *tx,
                                fpi_task_t *task)
{
    reading_t r = { batch, rules, rule_count, NULL, task };
    fpi_capture_page_t *pages;
    int64_t room;

    FPI_TRY(fpi_capture_pages_list(&pages, &batch->count, tx, batch->capture, task));
    FPI_TRY(read_looks(&r, tx));
    batch->sheets = apr_pcalloc(task->pool, sizeof(fpi_sheet_t) * (size_t)(batch->count + 1));
    batch->leaves = apr_pcalloc(task->pool, sizeof(fpi_leaf_t) * (size_t)(batch->count + 1));
    room = FPI_CAPTURE_PAGES - batch->count;
    for (int i = 0; i < batch->count; i++) {
        if (!apr_hash_get(r.looks, pages[i].sha256, APR_HASH_KEY_STRING)) {
            return fpi_fail(task, FPI_E_INTERNAL, "page %" APR_INT64_T_FMT " of capture %" APR_INT64_T_FMT
                            " has no content row", pages[i].id, batch->capture->id);
        }
        read_sheet(&r, i, &pages[i], &room);
    }
    return NULL;
}

/* ---- unfolding ---- */

/* The rows behind make room first. */
static fpi_err_t *unfold_one(const fpi_sheet_t *sheet, fpi_tx_t *tx, const fpi_capture_t *capture, fpi_task_t *task)
{
    fpi_capture_page_t leaf = *sheet->page;
    int64_t pages = sheet->content->pages;

    FPI_TRY(fpi_capture_pages_shift(tx, capture, leaf.position, pages - 1, task));
    leaf.page = 1;
    FPI_TRY(fpi_capture_page_put(&leaf, tx, task));
    for (leaf.page = 2; leaf.page <= pages; leaf.page++) {
        leaf.id = 0;
        leaf.position = sheet->page->position + leaf.page - 1;
        FPI_TRY(fpi_capture_page_put(&leaf, tx, task));
    }
    return NULL;
}

static fpi_err_t *tx_unfold(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    fpi_batch_t *batch = baton;
    fpi_capture_t *capture;
    int64_t added = 0;

    FPI_TRY(fpi_capture_find(&capture, tx, batch->capture->tenant, batch->capture->id, task));
    if (!capture || capture->version != batch->capture->version) {
        return NULL;
    }
    for (int i = batch->count - 1; i >= 0; i--) { /* from the end: positions before stay what they were */
        if (batch->sheets[i].is_folded) {
            FPI_TRY(unfold_one(&batch->sheets[i], tx, capture, task));
            added += batch->sheets[i].content->pages - 1;
        }
    }
    return fpi_capture_touch(capture, FPI_CAPTURE_UNFOLDED, added, tx, task);
}

fpi_err_t *fpi_batch_unfold(fpi_batch_t *batch, fpi_app_t *app, fpi_task_t *task)
{
    return fpi_store_write(app->store, tx_unfold, batch, task);
}
