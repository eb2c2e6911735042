/* Pages come into a scan session, in the order in which they were sent. */
#include "service/handlers.h"

#include "service/intake.h"
#include "service/looks.h"
#include "service/batch.h"

#include <apr_strings.h>
#include <ctype.h>
#include <string.h>

enum { KEY_MAX = 100, KEYS_TEXT = FPI_INTAKE_FILES * (KEY_MAX + 1), NAME_TEXT = 40 };

typedef struct adding_t {
    const fpi_viewer_t *viewer;
    const fpi_intake_t *intake;
    int64_t id, version;
    const char **keys;           /* for each file, or NULL */
    int64_t after;               /* page, 0: the front, -1: not said */
    int64_t place;               /* from 1, 0: not said */
    fpi_role_t kind;
    /* ---- results, anew in each run ---- */
    fpi_capture_t *capture;
    fpi_capture_page_t *pages;   /* for each file */
    bool *is_new;
    int added;
} adding_t;

/* ---- what was said beside the files ---- */

static bool is_key(const char *key)
{
    size_t len = strlen(key);

    for (size_t i = 0; i < len; i++) {
        if (!isgraph((unsigned char)key[i])) {
            return false;
        }
    }
    return len > 0 && len <= KEY_MAX;
}

static fpi_err_t *refuse_keys(const fpi_call_t *call)
{
    return fpi_refuse(call->task, FPI_E_FIELD, "upload_key",
                      "upload_key (或头 Idempotency-Key) 应为 1 到 %d 个可见ASCII字符; 多个文件时给一个, 或按顺序以逗号分隔各给一个",
                      "upload_key (or the header Idempotency-Key) must be 1 to %d visible ASCII characters: one for all "
                      "files, or one for each, separated by commas", KEY_MAX);
}

/* One key for several files is the key of each with its place behind it. */
static fpi_err_t *spread_key(adding_t *adding, const char *key, const fpi_call_t *call)
{
    for (int i = 0; i < adding->intake->count; i++) {
        adding->keys[i] = adding->intake->count == 1 ? key : apr_psprintf(call->task->pool, "%s#%d", key, i + 1);
    }
    return is_key(key) && !strchr(key, '#') ? NULL : refuse_keys(call);
}

static fpi_err_t *split_keys(adding_t *adding, const char *text, const fpi_call_t *call)
{
    char *rest = apr_pstrdup(call->task->pool, text);
    int count = 0;

    for (char *key = rest; key; key = rest) {
        rest = strchr(key, ',');
        if (rest) {
            *rest++ = '\0';
        }
        key = fpi_text_trim(call->task->pool, key);
        if (count == adding->intake->count || !is_key(key)) {
            return refuse_keys(call);
        }
        adding->keys[count++] = key;
    }
    return count == adding->intake->count ? NULL : refuse_keys(call);
}

static fpi_err_t *read_keys(adding_t *adding, const fpi_call_t *call)
{
    const char *text;

    adding->keys = apr_pcalloc(call->task->pool, sizeof(char *) * (size_t)(adding->intake->count + 1));
    FPI_TRY(fpi_intake_field(&text, adding->intake, call, "upload_key", KEYS_TEXT));
    text = text ? text : apr_table_get(call->headers, "Idempotency-Key");
    if (!text) {
        return NULL;
    }
    return strchr(text, ',') ? split_keys(adding, text, call) : spread_key(adding, text, call);
}

static fpi_err_t *read_int(int64_t *out, const adding_t *adding, const fpi_call_t *call, const char *name, int64_t least,
                           int64_t otherwise)
{
    const char *text;

    FPI_TRY(fpi_intake_field(&text, adding->intake, call, name, NAME_TEXT));
    *out = otherwise;
    if (text && !fpi_int_parse(out, text, least, INT64_MAX)) {
        return fpi_refuse(call->task, FPI_E_FIELD, name, "字段 %s 应为整数, 收到 %.40s", "field %s must be a whole number, not %.40s",
                          name, text);
    }
    return NULL;
}

static fpi_err_t *read_kind(adding_t *adding, const fpi_call_t *call)
{
    const char *text;
    int role = FPI_ROLE_AUTO;

    FPI_TRY(fpi_intake_field(&text, adding->intake, call, "kind", NAME_TEXT));
    role = text ? fpi_role_find(text) : role;
    if (role < FPI_ROLE_AUTO) {
        return fpi_refuse(call->task, FPI_E_FIELD, "kind", "字段 kind 应为 AUTO, COVER, INVOICE, ATTACHMENT 或 BLANK, 收到 %.40s",
                          "field kind is AUTO, COVER, INVOICE, ATTACHMENT or BLANK, not %.40s", text);
    }
    adding->kind = (fpi_role_t)role;
    return NULL;
}

static fpi_err_t *read_said(adding_t *adding, const fpi_call_t *call)
{
    int64_t version;

    FPI_TRY(read_keys(adding, call));
    FPI_TRY(read_int(&version, adding, call, "version", 0, -1));
    FPI_TRY(fpi_version_take(&adding->version, version, call->task));
    FPI_TRY(read_int(&adding->after, adding, call, "after", 0, -1));
    FPI_TRY(read_int(&adding->place, adding, call, "position", 1, 0));
    FPI_TRY(read_kind(adding, call));
    if (adding->after >= 0 && adding->place) {
        return fpi_refuse(call->task, FPI_E_FIELD, "position", "字段 after 与 position 只能给一个",
                          "say after or position, not both");
    }
    return NULL;
}

/* ---- the transaction ---- */

static fpi_err_t *find_repeat(adding_t *adding, int i, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_capture_page_t *there;

    adding->is_new[i] = true;
    if (!adding->keys[i]) {
        return NULL;
    }
    FPI_TRY(fpi_capture_page_find_by_key(&there, tx, adding->capture, adding->keys[i], task));
    if (!there) {
        return NULL;
    }
    if (strcmp(there->sha256, adding->intake->files[i].sha256) != 0) {
        return fpi_refuse(task, FPI_E_DUPLICATE, "upload_key", "upload_key %s 已用于另一个文件 (页 %" APR_INT64_T_FMT ")",
                          "upload_key %s was used for another file (page %" APR_INT64_T_FMT ")", adding->keys[i],
                          there->id);
    }
    adding->is_new[i] = false;
    adding->pages[i] = *there;
    return NULL;
}

static fpi_err_t *check_room(const adding_t *adding, int64_t there, int wanted, fpi_task_t *task)
{
    if (adding->capture->state != FPI_CAPTURE_OPEN) {
        return fpi_refuse(task, FPI_E_STATE, NULL, "批次 %" APR_INT64_T_FMT " 已完成归档, 请新建批次",
                          "capture %" APR_INT64_T_FMT " is finished: make a new one", adding->capture->id);
    }
    if (there + wanted > FPI_CAPTURE_PAGES) {
        return fpi_refuse(task, FPI_E_TOO_LARGE, NULL, "每批最多 %d 页, 请另建批次", "a capture has at most %d pages: make another one",
                          FPI_CAPTURE_PAGES);
    }
    return NULL;
}

/* The position behind which the new pages come. */
static fpi_err_t *find_place(int64_t *position, const adding_t *adding, int64_t last, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_capture_page_t *page, *pages;
    int count;

    *position = adding->after == 0 ? 0 : last;
    if (adding->after > 0) {
        FPI_TRY(fpi_capture_page_find(&page, tx, adding->capture, adding->after, task));
        if (!page) {
            return fpi_refuse(task, FPI_E_FIELD, "after", "字段 after: 批次中没有页 %" APR_INT64_T_FMT,
                              "after: there is no page %" APR_INT64_T_FMT " in the capture", adding->after);
        }
        *position = page->position;
    }
    if (adding->place) {
        FPI_TRY(fpi_capture_pages_list(&pages, &count, tx, adding->capture, task));
        *position = adding->place == 1 ? 0 : adding->place - 1 <= count ? pages[adding->place - 2].position : last;
    }
    return NULL;
}

static fpi_err_t *put_page(adding_t *adding, int i, int64_t position, fpi_tx_t *tx, fpi_task_t *task)
{
    const fpi_taken_t *taken = &adding->intake->files[i];
    fpi_capture_page_t *page = &adding->pages[i];

    *page = (fpi_capture_page_t){ .tenant = adding->capture->tenant, .capture = adding->capture->id, .position = position,
                                  .upload_key = adding->keys[i], .sha256 = taken->sha256, .name = taken->name,
                                  .kind = adding->kind };
    FPI_TRY(fpi_content_put(tx, taken->sha256, taken->size, fpi_media_info(taken->media)->type, FPI_CONTENT_OF_PAGE, task));
    FPI_TRY(fpi_capture_page_put(page, tx, task));
    return fpi_look_put(NULL, tx, page->tenant, taken->sha256, task);
}

static fpi_err_t *put_new(adding_t *adding, fpi_tx_t *tx, fpi_task_t *task)
{
    int64_t there, last, position;

    FPI_TRY(fpi_capture_check_version(adding->capture, adding->version, task));
    FPI_TRY(fpi_capture_pages_count(&there, &last, tx, adding->capture, task));
    FPI_TRY(check_room(adding, there, adding->added, task));
    FPI_TRY(find_place(&position, adding, last, tx, task));
    if (position < last) {
        FPI_TRY(fpi_capture_pages_shift(tx, adding->capture, position, adding->added, task));
    }
    for (int i = 0; i < adding->intake->count; i++) {
        if (adding->is_new[i]) {
            FPI_TRY(put_page(adding, i, ++position, tx, task));
        }
    }
    adding->capture->page_count += adding->added;
    adding->capture->left += adding->added;
    return fpi_capture_touch(adding->capture, FPI_CAPTURE_ADDED, adding->added, tx, task);
}

static fpi_err_t *tx_add(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    adding_t *adding = baton;
    size_t count = (size_t)adding->intake->count;

    adding->pages = apr_pcalloc(task->pool, sizeof(*adding->pages) * count);
    adding->is_new = apr_pcalloc(task->pool, sizeof(*adding->is_new) * count);
    adding->added = 0;
    FPI_TRY(fpi_capture_get(&adding->capture, tx, adding->viewer, adding->id, task));
    for (int i = 0; i < adding->intake->count; i++) {
        FPI_TRY(find_repeat(adding, i, tx, task));
        adding->added += adding->is_new[i];
    }
    return adding->added ? put_new(adding, tx, task) : NULL;
}

/* ---- the call ---- */

static fpi_err_t *check_keys_differ(const adding_t *adding, const fpi_call_t *call)
{
    for (int i = 0; i < adding->intake->count; i++) {
        for (int n = 0; n < i; n++) {
            if (adding->keys[i] && strcmp(adding->keys[i], adding->keys[n]) == 0) {
                return fpi_refuse(call->task, FPI_E_FIELD, "upload_key", "upload_key %s 给了两个文件", "upload_key %s is given to two files",
                                  adding->keys[i]);
            }
        }
    }
    return NULL;
}

static fpi_json_t *form_added(const adding_t *adding, int i, fpi_task_t *task)
{
    const fpi_capture_page_t *page = &adding->pages[i];
    const fpi_taken_t *taken = &adding->intake->files[i];
    fpi_json_t *doc = fpi_json_make_object(task);

    fpi_json_put_int(doc, "id", page->id);
    fpi_json_put_text(doc, "result", adding->is_new[i] ? "ADDED" : "REPEATED");
    fpi_json_put_text(doc, "upload_key", page->upload_key);
    fpi_json_put_text(doc, "name", page->name);
    fpi_json_put_text(doc, "media", fpi_media_info(taken->media)->type);
    fpi_json_put_int(doc, "size", taken->size);
    fpi_json_put_text(doc, "sha256", page->sha256);
    return doc;
}

static fpi_err_t *tx_see(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    adding_t *adding = baton;

    return fpi_capture_get(&adding->capture, tx, adding->viewer, adding->id, task);
}

fpi_err_t *fpi_handle_capture_pages_add(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    adding_t adding = { .viewer = call->viewer };
    fpi_json_t *pages = fpi_json_make_array(call->task);
    fpi_intake_t *intake;

    FPI_TRY(fpi_call_id(&adding.id, call, "capture_id"));
    FPI_TRY(fpi_version_read(&adding.version, call));
    FPI_TRY(fpi_store_read(app->store, tx_see, &adding, call->task)); /* before a byte is taken */
    FPI_TRY(fpi_intake_read(&intake, app, call, FPI_ENTRY_CAPTURE));
    adding.intake = intake;
    FPI_TRY(read_said(&adding, call));
    FPI_TRY(check_keys_differ(&adding, call));
    FPI_TRY(fpi_store_write(app->store, tx_add, &adding, call->task));
    fpi_looks_wake(app, false);
    for (int i = 0; i < intake->count; i++) {
        fpi_json_add(pages, form_added(&adding, i, call->task));
    }
    answer->data = fpi_capture_form(adding.capture, call->task);
    fpi_json_put(answer->data, "pages", pages);
    answer->status = adding.added ? 201 : 200;
    return NULL;
}
