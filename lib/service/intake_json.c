/* A file inside JSON: as base64, as an address, or as an upload that came in pieces before. */
#include "service/intake_own.h"

#include "base/text.h"
#include "service/api.h"
#include "service/fetch.h"
#include "service/uploads.h"

#include <apr_strings.h>
#include <string.h>

enum { NAME_LEN = 500, URL_LEN = 4000, ID_LEN = 64, CHUNK = 64 * 1024, PREFIX_MAX = 200 };

static fpi_err_t *gather(fpi_reading_t *r, const char *piece, size_t len)
{
    fpi_call_t *call = r->call;
    int64_t most = r->app->settings->max_json;
    char *next = apr_palloc(r->task->pool, FPI_INTAKE_PIECE);

    call->body = fpi_buf_make(r->task->pool, (size_t)most);
    while (len) {
        if (call->body_len > most || !fpi_buf_put(call->body, piece, len)) {
            return fpi_refuse(r->task, FPI_E_TOO_LARGE, NULL, "JSON 请求体超过上限 %" APR_INT64_T_FMT " 字节, 大文件请用 multipart 或分片上传",
                              "a JSON body is larger than the limit of %" APR_INT64_T_FMT " bytes: send large files as "
                              "multipart or in pieces", most);
        }
        piece = next;
        FPI_TRY(fpi_reading_fill(r, next, FPI_INTAKE_PIECE, &len));
    }
    return NULL;
}

/* ---- names ---- */

static fpi_err_t *find_name(const char **out, const fpi_json_t *json, const char *url, fpi_task_t *task)
{
    const char *suffix;

    FPI_TRY(fpi_json_find_text(out, json, "name", NAME_LEN, task));
    if (!*out || !**out) {
        FPI_TRY(fpi_json_find_text(out, json, "fileName", NAME_LEN, task));
    }
    if ((!*out || !**out) && url) {
        const char *path = apr_pstrmemdup(task->pool, url, strcspn(url, "?#")), *slash = strrchr(path, '/');

        *out = slash ? fpi_url_decode(task->pool, slash + 1, strlen(slash + 1), false) : NULL;
    }
    FPI_TRY(fpi_json_find_text(&suffix, json, "fileSuffix", 20, task));
    if (suffix && *suffix && (!*out || !strchr(*out, '.'))) {
        *out = apr_pstrcat(task->pool, *out && **out ? *out : "file", ".", suffix + (*suffix == '.'), NULL);
    }
    return NULL;
}

/* ---- base64 ---- */

static fpi_err_t *refuse_base64(const fpi_reading_t *r, const char *field)
{
    return fpi_refuse(r->task, FPI_E_FIELD, field, "%s 不是有效的 base64", "%s is not valid base64", field);
}

/* Behind "data:application/pdf;base64,". */
static const char *skip_prefix(const char *text)
{
    const char *comma;

    text += strspn(text, " \t\r\n");
    if (strncmp(text, "data:", 5) != 0) {
        return text;
    }
    comma = memchr(text, ',', strnlen(text, PREFIX_MAX));
    return comma && comma - text >= 12 && memcmp(comma - 7, ";base64", 7) == 0 ? comma + 1 : NULL;
}

/* The next characters that count, up to `room`. */
static size_t next_chunk(char *chunk, size_t room, const char **text)
{
    size_t len = 0;

    for (; **text && len < room; (*text)++) {
        if (!strchr(" \t\r\n", **text)) {
            chunk[len++] = **text;
        }
    }
    *text += strspn(*text, " \t\r\n");
    return len;
}

/* In pieces, so that no second copy of the file is held. */
static fpi_err_t *put_base64(fpi_reading_t *r, const char *text, const char *field)
{
    char *chunk = apr_palloc(r->task->pool, CHUNK);
    apr_pool_t *turn;
    size_t len;

    text = skip_prefix(text);
    if (!text) {
        return refuse_base64(r, field);
    }
    apr_pool_create(&turn, r->task->pool);
    while ((len = next_chunk(chunk, CHUNK, &text)) != 0) {
        size_t bytes_len;
        const unsigned char *bytes;

        apr_pool_clear(turn);
        bytes = fpi_base64_decode(&bytes_len, turn, chunk, len);
        if (!bytes || (*text && memchr(chunk, '=', len))) {
            return refuse_base64(r, field);
        }
        FPI_TRY(fpi_reading_put(r, (const char *)bytes, bytes_len));
    }
    apr_pool_destroy(turn);
    return NULL;
}

static fpi_err_t *take_base64(fpi_reading_t *r, const char *text)
{
    const char *name;

    FPI_TRY(find_name(&name, r->out->json, NULL, r->task));
    FPI_TRY(fpi_reading_begin(r, name));
    FPI_TRY(put_base64(r, text, "base64"));
    return fpi_reading_end(r);
}

/* ---- an address ---- */

/* The codes' own texts speak of a bill's file, and of the cloud. */
static fpi_err_t *name_address(fpi_err_t *err)
{
    if (err && !err->zh && err->code == FPI_E_ABSENT) {
        err->zh = "文件地址 (fileDownUrl) 上没有该文件";
        err->en = "there is no file at the address (fileDownUrl)";
    }
    if (err && !err->zh && (err->code == FPI_E_CLOUD || err->code == FPI_E_CLOUD_LATE)) {
        err->zh = "文件地址 (fileDownUrl) 取不到文件, 请稍后再试";
        err->en = "the file could not be fetched from its address (fileDownUrl); try again later";
    }
    return err;
}

static fpi_err_t *take_url(fpi_reading_t *r, const char *url)
{
    FPI_TRY(find_name(&r->name, r->out->json, url, r->task));
    FPI_TRY(name_address(fpi_fetch_spool(&r->spool, r->app, url, r->task)));
    return fpi_reading_end(r);
}

/* ---- an upload in pieces ---- */

static fpi_err_t *take_upload(fpi_reading_t *r, const char *id)
{
    fpi_upload_t *upload;
    fpi_media_t media;

    FPI_TRY(fpi_upload_get_whole(&upload, r->app, id, r->call));
    FPI_TRY(fpi_blob_media(&media, r->app->blobs, upload->sha256, r->task));
    FPI_TRY(find_name(&r->name, r->out->json, NULL, r->task));
    r->name = r->name ? r->name : upload->name;
    return fpi_reading_add(r, upload->sha256, upload->size, media);
}

/* ---- the door ---- */

static fpi_err_t *refuse_choice(const fpi_reading_t *r)
{
    return fpi_refuse(r->task, FPI_E_FIELD, "base64", "文件内容应为 base64, fileDownUrl (url), upload_id 之一",
                      "the file must come as just one of base64, fileDownUrl (url), upload_id");
}

fpi_err_t *fpi_reading_json(fpi_reading_t *r, const char *piece, size_t len)
{
    const char *base64, *url, *other, *upload;
    fpi_json_t *json;

    FPI_TRY(gather(r, piece, len));
    FPI_TRY(fpi_call_parse(r->call));
    json = r->out->json = r->call->json;
    if (!fpi_json_is_object(json)) {
        return fpi_refuse(r->task, FPI_E_FIELD, NULL, "请求体应为JSON对象", "the body must be a JSON object");
    }
    FPI_TRY(fpi_json_find_text(&base64, json, "base64", SIZE_MAX, r->task));
    FPI_TRY(fpi_json_find_text(&url, json, "fileDownUrl", URL_LEN, r->task));
    FPI_TRY(fpi_json_find_text(&other, json, "url", URL_LEN, r->task));
    FPI_TRY(fpi_json_find_text(&upload, json, "upload_id", ID_LEN, r->task));
    url = url && *url ? url : other;
    base64 = base64 && *base64 ? base64 : NULL;
    url = url && *url ? fpi_text_trim(r->task->pool, url) : NULL;
    upload = upload && *upload ? upload : NULL;
    if (!base64 + !url + !upload != 2) {
        return refuse_choice(r);
    }
    return base64 ? take_base64(r, base64) : url ? take_url(r, url) : take_upload(r, upload);
}
