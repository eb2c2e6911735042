/* Which kinds of files each entry takes: the administrator's word, else what media.c says of each. */
#include "service/handlers.h"
#include "service/intake.h"

#include "service/changes.h"
#include "store/people.h"

#include <apr_strings.h>
#include <string.h>
#include <strings.h>

static const char *const entries[FPI_ENTRY_COUNT] = { "UPLOAD", "CAPTURE", "ERP" };
static const char *const settings[FPI_ENTRY_COUNT] = { "formats.upload", "formats.capture", "formats.erp" };

/* What can be enabled: not what a browser would run, nor what nobody knows. */
static bool is_available(fpi_media_t media)
{
    return media != FPI_MEDIA_UNKNOWN && media != FPI_MEDIA_HTML && media < FPI_MEDIA_COUNT;
}

static uint32_t mask_of(bool only_standard)
{
    uint32_t mask = 0;

    for (int i = 0; i < FPI_MEDIA_COUNT; i++) {
        if (is_available((fpi_media_t)i) && (!only_standard || fpi_media_info((fpi_media_t)i)->is_default)) {
            mask |= UINT32_C(1) << i;
        }
    }
    return mask;
}

const char *fpi_formats_names(uint32_t mask, const char *between, apr_pool_t *pool)
{
    const char *names = "";

    for (int i = 0; i < FPI_MEDIA_COUNT; i++) {
        if (mask >> i & 1) {
            names = apr_pstrcat(pool, names, *names ? between : "", fpi_media_info((fpi_media_t)i)->name, NULL);
        }
    }
    return names;
}

static fpi_err_t *parse_name(uint32_t *mask, const char *name, fpi_task_t *task)
{
    uint32_t all = mask_of(false);

    for (int i = 0; i < FPI_MEDIA_COUNT; i++) {
        if ((all >> i & 1) && strcasecmp(fpi_media_info((fpi_media_t)i)->name, name) == 0) {
            *mask |= UINT32_C(1) << i;
            return NULL;
        }
    }
    return fpi_refuse(task, FPI_E_FIELD, "formats", "格式 %.40s 不可启用, 可选: %s", "the format %.40s can't be enabled; choose of %s",
                      name, fpi_formats_names(all, ", ", task->pool));
}

fpi_err_t *fpi_formats_parse(uint32_t *mask, const char *names, fpi_task_t *task)
{
    char *state, *copy = apr_pstrdup(task->pool, names);

    *mask = 0;
    for (char *name = apr_strtok(copy, ", \t", &state); name; name = apr_strtok(NULL, ", \t", &state)) {
        FPI_TRY(parse_name(mask, name, task));
    }
    return NULL;
}

/* ---- reading ---- */

typedef struct asking_t {
    int64_t tenant;
    fpi_entry_t entry;
    const char *said;            /* NULL: the standard */
} asking_t;

static fpi_err_t *tx_find(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    asking_t *asking = baton;

    return fpi_setting_find(&asking->said, tx, asking->tenant, settings[asking->entry], task);
}

fpi_err_t *fpi_formats_find(uint32_t *mask, fpi_app_t *app, int64_t tenant, fpi_entry_t entry, fpi_task_t *task)
{
    asking_t asking = { .tenant = tenant, .entry = entry };

    FPI_TRY(fpi_store_read(app->store, tx_find, &asking, task));
    *mask = mask_of(true);
    return asking.said ? fpi_formats_parse(mask, asking.said, task) : NULL;
}

static fpi_err_t *find_all(uint32_t masks[FPI_ENTRY_COUNT], fpi_app_t *app, int64_t tenant, fpi_task_t *task)
{
    for (int i = 0; i < FPI_ENTRY_COUNT; i++) {
        FPI_TRY(fpi_formats_find(&masks[i], app, tenant, (fpi_entry_t)i, task));
    }
    return NULL;
}

fpi_err_t *fpi_formats_may(bool *may, fpi_app_t *app, int64_t tenant, fpi_entry_t entry, fpi_media_t media,
                           fpi_task_t *task)
{
    uint32_t mask;

    FPI_TRY(fpi_formats_find(&mask, app, tenant, entry, task));
    *may = mask >> media & 1;
    return NULL;
}

/* What people call those that have another name than their code, as the page does. */
static const char *word_of(fpi_media_t media, bool is_zh)
{
    static const struct word_t {
        const char *zh, *en;
    } words[FPI_MEDIA_COUNT] = {
        [FPI_MEDIA_WORD] = { "Word", "Word" }, [FPI_MEDIA_EXCEL] = { "Excel", "Excel" },
        [FPI_MEDIA_POWERPOINT] = { "PowerPoint", "PowerPoint" }, [FPI_MEDIA_OLE] = { "旧版 Office", "old Office" },
        [FPI_MEDIA_TEXT] = { "文本", "text" }, [FPI_MEDIA_WEBP] = { "WebP", "WebP" },
    };
    const char *word = is_zh ? words[media].zh : words[media].en;

    return word ? word : fpi_media_info(media)->name;
}

static const char *words_of(uint32_t mask, bool is_zh, apr_pool_t *pool)
{
    const char *words = "";

    for (int i = 0; i < FPI_MEDIA_COUNT; i++) {
        if (mask >> i & 1) {
            words = apr_pstrcat(pool, words, *words ? ", " : "", word_of((fpi_media_t)i, is_zh), NULL);
        }
    }
    return words;
}

fpi_err_t *fpi_formats_check(uint32_t mask, fpi_media_t media, const char *name, fpi_task_t *task)
{
    const char *zh, *en;

    if (mask >> media & 1) {
        return NULL;
    }
    zh = words_of(mask, true, task->pool);
    en = words_of(mask, false, task->pool);
    /* each text takes its own of the two languages and prints nothing of the other */
    if (media == FPI_MEDIA_UNKNOWN) {
        return fpi_refuse(task, FPI_E_MEDIA, "file", "无法识别文件 %.255s 的类型, 可能已损坏或改过扩展名; 可接受: %s%.0s",
                          "the type of file %.255s is not known: it may be damaged, or another one than its name says; "
                          "taken are: %.0s%s", name, zh, en);
    }
    return fpi_refuse(task, FPI_E_MEDIA, "file", "文件 %.255s 的类型为 %s%.0s (按内容识别), 此处不接受; 可接受: %s%.0s",
                      "the file %.255s is of type %.0s%s (by its bytes), which is not taken here; taken are: %.0s%s", name,
                      word_of(media, true), word_of(media, false), zh, en);
}

/* ---- GET, PUT /api/v1/file-formats ---- */

static fpi_json_t *names_of(uint32_t mask, fpi_task_t *task)
{
    fpi_json_t *names = fpi_json_make_array(task);

    for (int i = 0; i < FPI_MEDIA_COUNT; i++) {
        if (mask >> i & 1) {
            fpi_json_add_text(names, fpi_media_info((fpi_media_t)i)->name);
        }
    }
    return names;
}

static fpi_err_t *answer_all(fpi_answer_t *answer, fpi_app_t *app, fpi_call_t *call)
{
    uint32_t masks[FPI_ENTRY_COUNT];
    fpi_json_t *items = fpi_json_make_array(call->task);

    FPI_TRY(find_all(masks, app, call->viewer->tenant, call->task));
    for (int i = 0; i < FPI_ENTRY_COUNT; i++) {
        fpi_json_t *item = fpi_json_make_object(call->task);

        fpi_json_put_text(item, "entry", entries[i]);
        fpi_json_put(item, "formats", names_of(masks[i], call->task));
        fpi_json_put(item, "available", names_of(mask_of(false), call->task));
        fpi_json_add(items, item);
    }
    answer->data = fpi_json_make_object(call->task);
    fpi_page_whole(answer->data, items, call->task);
    return NULL;
}

fpi_err_t *fpi_handle_formats_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    return answer_all(answer, app, call);
}

static fpi_err_t *read_formats(const char **out, const fpi_json_t *item, fpi_task_t *task)
{
    fpi_json_t *names;
    uint32_t mask = 0;

    FPI_TRY(fpi_json_find_array(&names, item, "formats", FPI_MEDIA_COUNT, task));
    for (size_t i = 0; names && i < fpi_json_size(names); i++) {
        const char *name = fpi_json_text(fpi_json_at(names, i));

        FPI_TRY(parse_name(&mask, name ? name : "", task));
    }
    if (!mask) {
        return fpi_refuse(task, FPI_E_FIELD, "formats", "formats 至少应有一种格式", "formats must name at least one format");
    }
    *out = fpi_formats_names(mask, ",", task->pool);
    return NULL;
}

typedef struct changing_t {
    const char *said[FPI_ENTRY_COUNT]; /* NULL: as it is */
} changing_t;

static fpi_err_t *read_item(changing_t *changing, const fpi_json_t *item, fpi_task_t *task)
{
    const char *entry;

    if (!fpi_json_is_object(item)) {
        return fpi_refuse(task, FPI_E_FIELD, "items", "items 的成员应为对象", "items must hold objects");
    }
    FPI_TRY(fpi_json_get_text(&entry, item, "entry", 20, task));
    for (int i = 0; i < FPI_ENTRY_COUNT; i++) {
        if (strcmp(entries[i], entry) == 0) {
            return read_formats(&changing->said[i], item, task);
        }
    }
    return fpi_refuse(task, FPI_E_FIELD, "entry", "entry 应为 UPLOAD, CAPTURE 或 ERP, 收到 %s",
                      "entry must be UPLOAD, CAPTURE or ERP; %s came", entry);
}

static fpi_err_t *tx_put(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    const changing_t *changing = baton;

    for (int i = 0; i < FPI_ENTRY_COUNT; i++) {
        if (changing->said[i]) {
            FPI_TRY(fpi_change_setting(tx, settings[i], changing->said[i], "file-formats.changed", entries[i], task));
        }
    }
    return NULL;
}

fpi_err_t *fpi_handle_formats_put(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    changing_t changing = { { NULL } };
    fpi_json_t *items = NULL;

    if (fpi_json_is_object(call->json)) {
        FPI_TRY(fpi_json_find_array(&items, call->json, "items", FPI_ENTRY_COUNT, call->task));
    }
    if (!items) {
        return fpi_refuse(call->task, FPI_E_FIELD, "items", "缺少 items 数组", "items must be an array");
    }
    for (size_t i = 0; i < fpi_json_size(items); i++) {
        FPI_TRY(read_item(&changing, fpi_json_at(items, i), call->task));
    }
    FPI_TRY(fpi_store_write(app->store, tx_put, &changing, call->task));
    fpi_store_raise_epoch(app->store);
    return answer_all(answer, app, call);
}

/* ---- GET /api/v1/limits ---- */

static int64_t smaller(int64_t a, int64_t b)
{
    return b > 0 && b < a ? b : a;
}

int64_t fpi_upload_chunk(const fpi_call_t *call)
{
    return smaller(FPI_UPLOAD_CHUNK, call->body_most);
}

fpi_err_t *fpi_handle_limits(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    uint32_t masks[FPI_ENTRY_COUNT];
    fpi_json_t *formats = fpi_json_make_object(call->task);

    FPI_TRY(find_all(masks, app, call->viewer->tenant, call->task));
    for (int i = 0; i < FPI_ENTRY_COUNT; i++) {
        fpi_json_put(formats, entries[i], names_of(masks[i], call->task));
    }
    answer->data = fpi_json_make_object(call->task);
    fpi_json_put_int(answer->data, "max_file", app->settings->max_file);
    fpi_json_put_int(answer->data, "max_files", FPI_INTAKE_FILES);
    fpi_json_put_int(answer->data, "max_json", smaller(app->settings->max_json, call->body_most));
    if (call->body_most > 0) {
        fpi_json_put_int(answer->data, "max_body", call->body_most);
    }
    fpi_json_put_int(answer->data, "upload_chunk", fpi_upload_chunk(call));
    fpi_json_put(answer->data, "formats", formats);
    return NULL;
}
