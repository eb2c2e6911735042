#include "service/intake_own.h"

#include "base/text.h"
#include "model/file.h"
#include "wire/gb18030.h"
#include "wire/multipart.h"

#include <apr_strings.h>
#include <string.h>
#include <strings.h>

enum { OVERHEAD = 4 * 1024 * 1024 };

/* ---- one file ---- */

static const char *shown_name(const fpi_reading_t *r)
{
    return fpi_file_take_name(r->name, "file", r->task->pool);
}

/* Without an extension the one of its kind is put behind. */
static const char *final_name(const fpi_reading_t *r, fpi_media_t media)
{
    const char *name = shown_name(r);

    return strchr(name, '.') ? name
                             : fpi_file_take_name(apr_pstrcat(r->task->pool, name, ".", fpi_media_info(media)->extension, NULL),
                                                  "file", r->task->pool);
}

fpi_err_t *fpi_reading_add(fpi_reading_t *r, const char *sha256, int64_t size, fpi_media_t media)
{
    fpi_taken_t *taken = &r->out->files[r->out->count];

    if (size == 0) {
        return fpi_refuse(r->task, FPI_E_FIELD, "file", "文件 %s 为空", "the file %s is empty", shown_name(r));
    }
    FPI_TRY(fpi_formats_check(r->formats, media, shown_name(r), r->task));
    apr_cpystrn(taken->sha256, sha256, sizeof(taken->sha256));
    taken->size = size;
    taken->media = media;
    taken->name = final_name(r, media);
    r->out->count++;
    return NULL;
}

/* Windows clients write the names of a form in their own encoding. */
static const char *name_of_gb(const char *name, apr_pool_t *pool)
{
    const char *decoded = fpi_gb_decode(pool, name, strlen(name));

    return decoded ? decoded : name;
}

fpi_err_t *fpi_reading_begin(fpi_reading_t *r, const char *name)
{
    if (r->out->count == FPI_INTAKE_FILES) {
        return fpi_refuse(r->task, FPI_E_TOO_LARGE, "file", "一次最多上传 %d 个文件", "at most %d files are taken at once",
                          FPI_INTAKE_FILES);
    }
    r->name = name && !fpi_utf8_is_valid(name, strlen(name)) ? name_of_gb(name, r->task->pool) : name;
    r->is_judged = false;
    return fpi_spool_open(&r->spool, r->app->blobs, r->app->settings->max_file, r->task);
}

/* The bytes say what a file is; only of Chinese text that is not UTF-8 they can't, and its name does. */
static fpi_media_t named_media(const fpi_reading_t *r, fpi_media_t media, const void *head, size_t len)
{
    const char *dot = r->name ? strrchr(r->name, '.') : NULL;
    bool is_text = dot && (strcasecmp(dot, ".txt") == 0 || strcasecmp(dot, ".csv") == 0);

    return media == FPI_MEDIA_UNKNOWN && is_text && fpi_media_is_gb_text(head, len) ? FPI_MEDIA_TEXT : media;
}

/* A kind that is not taken is refused before all of it has come; a zip shows at its end what it is. */
static fpi_err_t *judge_head(fpi_reading_t *r)
{
    fpi_media_t media;
    size_t len;
    const void *head = fpi_spool_head(r->spool, &len);

    if (r->is_judged || len < FPI_MEDIA_LOOK) {
        return NULL;
    }
    r->is_judged = true;
    media = named_media(r, fpi_media_find(head, len), head, len);
    return media == FPI_MEDIA_ZIP ? NULL : fpi_formats_check(r->formats, media, shown_name(r), r->task);
}

fpi_err_t *fpi_reading_put(fpi_reading_t *r, const char *data, size_t len)
{
    FPI_TRY(fpi_spool_put(r->spool, data, len, r->task));
    return judge_head(r);
}

fpi_err_t *fpi_reading_end(fpi_reading_t *r)
{
    char sha256[FPI_SHA256_HEX + 1];
    fpi_media_t media;
    int64_t size;
    size_t len;
    const void *head = fpi_spool_head(r->spool, &len);

    FPI_TRY(fpi_spool_media(&media, r->spool, r->task));
    media = named_media(r, media, head, len);
    if (len) { /* an empty one is refused by its size */
        FPI_TRY(fpi_formats_check(r->formats, media, shown_name(r), r->task));
    }
    FPI_TRY(fpi_spool_keep(sha256, &size, r->spool, r->task));
    r->spool = NULL;
    return fpi_reading_add(r, sha256, size, media);
}

/* ---- multipart ---- */

static fpi_err_t *begin_part(void *baton, const fpi_part_t *part, fpi_task_t *task)
{
    fpi_reading_t *r = baton;

    if (part->filename) {
        return fpi_reading_begin(r, part->filename);
    }
    if (r->fields->nelts == FPI_INTAKE_FIELDS) {
        return fpi_refuse(task, FPI_E_FIELD, NULL, "文本字段超过 %d 个", "there are more than %d text fields", FPI_INTAKE_FIELDS);
    }
    if (fpi_params_find(r->fields, part->name)) {
        return fpi_refuse(task, FPI_E_FIELD, part->name, "字段 %.100s 重复出现", "field %.100s is given twice", part->name);
    }
    r->name = part->name;
    r->field = fpi_buf_make(task->pool, FPI_MULTIPART_FIELD);
    return NULL;
}

static fpi_err_t *put_part(void *baton, const char *data, size_t len, fpi_task_t *task)
{
    fpi_reading_t *r = baton;

    if (r->spool) {
        return fpi_reading_put(r, data, len);
    }
    return fpi_buf_put(r->field, data, len) ? NULL : fpi_fail(task, FPI_E_INTERNAL, "a field is longer than multipart allows");
}

static fpi_err_t *end_field(fpi_reading_t *r)
{
    fpi_param_t *field;

    if (strcmp(r->name, "file") == 0) {
        return fpi_refuse(r->task, FPI_E_FIELD, r->name, "文件部分 file 缺少 filename", "the part file has no filename");
    }
    if (strlen(r->field->data) != r->field->len || !fpi_utf8_is_valid(r->field->data, r->field->len)) {
        return fpi_refuse(r->task, FPI_E_FIELD, r->name, "字段 %.100s 不是UTF-8文本", "field %.100s is not UTF-8 text", r->name);
    }
    field = apr_array_push(r->fields);
    field->name = r->name;
    field->value = r->field->data;
    return NULL;
}

static fpi_err_t *end_part(void *baton, fpi_task_t *task)
{
    fpi_reading_t *r = baton;
    size_t len;

    (void)task;
    if (!r->spool) {
        return end_field(r);
    }
    fpi_spool_head(r->spool, &len);
    if (!len && !*r->name) { /* a form's file that nobody chose */
        r->spool = NULL;
        return NULL;
    }
    return fpi_reading_end(r);
}

static fpi_err_t *read_multipart(fpi_reading_t *r, const char *type)
{
    static const fpi_multipart_sink_t sink = { begin_part, put_part, end_part };
    char *piece = apr_palloc(r->task->pool, FPI_INTAKE_PIECE);
    fpi_multipart_t *m;
    size_t len;

    FPI_TRY(fpi_multipart_open(&m, type, &sink, r, r->task));
    do {
        FPI_TRY(fpi_reading_fill(r, piece, FPI_INTAKE_PIECE, &len));
        FPI_TRY(fpi_multipart_put(m, piece, len));
    } while (len);
    return fpi_multipart_end(m);
}

/* ---- the body as it is ---- */

static fpi_err_t *find_name(const char **out, const fpi_reading_t *r)
{
    const char *disposition = apr_table_get(r->call->headers, "Content-Disposition");
    const char *header = apr_table_get(r->call->headers, "X-File-Name");
    fpi_disposition_t said = { NULL, NULL, NULL };

    if (disposition) {
        FPI_TRY(fpi_disposition_parse(&said, disposition, r->task));
    }
    *out = said.filename;
    if (!*out && header) {
        *out = fpi_url_decode(r->task->pool, header, strlen(header), false);
        if (!*out) {
            return fpi_refuse(r->task, FPI_E_FIELD, "X-File-Name", "X-File-Name 应为百分号编码的UTF-8",
                              "X-File-Name must be percent-encoded UTF-8");
        }
    }
    *out = *out ? *out : fpi_params_find(r->call->params, "name");
    return NULL;
}

/* What is there, up to the room: it is hashed while it is near. *len 0: the end. */
static fpi_err_t *read_on(fpi_reading_t *r, size_t *len)
{
    size_t room;
    char *data;

    FPI_TRY(fpi_spool_room(&data, &room, r->spool, r->task));
    FPI_TRY(r->call->read(r->call->baton, data, room, len));
    FPI_TRY(fpi_spool_took(r->spool, *len, r->task));
    return judge_head(r);
}

static fpi_err_t *read_raw(fpi_reading_t *r, const char *piece, size_t len)
{
    const char *name;

    FPI_TRY(find_name(&name, r));
    FPI_TRY(fpi_reading_begin(r, name));
    FPI_TRY(fpi_reading_put(r, piece, len));
    while (len) {
        FPI_TRY(read_on(r, &len));
    }
    return fpi_reading_end(r);
}

/* ---- the door ---- */

fpi_err_t *fpi_reading_fill(fpi_reading_t *r, char *data, size_t room, size_t *len)
{
    size_t some;

    *len = 0;
    do {
        FPI_TRY(r->call->read(r->call->baton, data + *len, room - *len, &some));
        *len += some;
    } while (some && *len < room);
    return NULL;
}

static bool is_json_type(const char *type)
{
    return type && strncasecmp(type, "application/json", 16) == 0 && strchr("; \t", type[16]);
}

/* An ERP's JSON may come under any type, or none. */
static bool is_json(const fpi_reading_t *r, const char *type, const char *piece, size_t len)
{
    size_t at = 0;

    while (at < len && strchr(" \t\r\n", piece[at]) && piece[at]) {
        at++;
    }
    return is_json_type(type) || (r->entry == FPI_ENTRY_ERP && at < len && piece[at] == '{');
}

/* A body of several files is too large only when all of them at their largest would be smaller. */
static int64_t most_of(const fpi_reading_t *r, const char *type)
{
    const fpi_settings_t *settings = r->app->settings;

    if (is_json_type(type)) {
        return settings->max_json;
    }
    return fpi_multipart_is(type) ? settings->max_file * FPI_INTAKE_FILES + OVERHEAD : settings->max_file;
}

static fpi_err_t *check_length(const fpi_reading_t *r, const char *type)
{
    int64_t most = most_of(r, type), len = r->call->body_len;

    return len <= most ? NULL
                       : fpi_refuse(r->task, FPI_E_TOO_LARGE, NULL,
                                    "请求体 %" APR_INT64_T_FMT " 字节, 超过上限 %" APR_INT64_T_FMT " 字节",
                                    "the body has %" APR_INT64_T_FMT " bytes; the limit is %" APR_INT64_T_FMT, len, most);
}

/* Known beforehand: it is not worth sending. */
static fpi_err_t *check_room(const fpi_reading_t *r)
{
    int64_t room = fpi_blobs_room(r->app->blobs);

    if (room < 0 || r->call->body_len <= room) {
        return NULL;
    }
    return fpi_fail(r->task, FPI_E_STORE, "a body of %" APR_INT64_T_FMT " bytes, but %" APR_INT64_T_FMT
                    " are left for images: free space", r->call->body_len, room);
}

static fpi_err_t *read_body(fpi_reading_t *r)
{
    const char *type = apr_table_get(r->call->headers, "Content-Type");
    char *piece;
    size_t len;

    FPI_TRY(check_length(r, type));
    FPI_TRY(check_room(r));
    if (fpi_multipart_is(type)) {
        return read_multipart(r, type);
    }
    piece = apr_palloc(r->task->pool, FPI_INTAKE_PIECE);
    FPI_TRY(fpi_reading_fill(r, piece, FPI_INTAKE_PIECE, &len));
    return is_json(r, type, piece, len) ? fpi_reading_json(r, piece, len) : read_raw(r, piece, len);
}

fpi_err_t *fpi_intake_read(fpi_intake_t **out, fpi_app_t *app, fpi_call_t *call, fpi_entry_t entry)
{
    fpi_reading_t r = { .app = app, .call = call, .task = call->task, .entry = entry };

    r.out = apr_pcalloc(call->task->pool, sizeof(*r.out));
    r.out->files = apr_pcalloc(call->task->pool, sizeof(fpi_taken_t) * FPI_INTAKE_FILES);
    r.fields = apr_array_make(call->task->pool, 8, sizeof(fpi_param_t));
    FPI_TRY(fpi_formats_find(&r.formats, app, call->viewer->tenant, entry, call->task));
    FPI_TRY(read_body(&r));
    r.out->fields = r.fields;
    *out = r.out;
    if (r.out->count == 0) {
        return fpi_refuse(call->task, FPI_E_FIELD, "file", "请求中没有文件", "there is no file in the request");
    }
    return NULL;
}

fpi_err_t *fpi_intake_field(const char **out, const fpi_intake_t *intake, const fpi_call_t *call, const char *name,
                            size_t most)
{
    *out = NULL;
    if (fpi_json_is_object(intake->json)) {
        FPI_TRY(fpi_json_find_word(out, intake->json, name, most, call->task));
    }
    *out = *out ? *out : fpi_params_find(intake->fields, name);
    *out = *out ? *out : fpi_params_find(call->params, name);
    if (*out && fpi_utf8_length(*out) > most) {
        return fpi_refuse(call->task, FPI_E_FIELD, name, "字段 %s 超过 %d 个字符", "field %s is longer than %d characters",
                          name, (int)most);
    }
    return NULL;
}
