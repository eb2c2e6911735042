/* The order of a last piece: flushed ─> hashed ─> row: taken, sha256 ─> the file gets its name ─> row: whole. A child
 * that dies between two of these leaves what the next asker of the upload completes (settle). */
#include "service/uploads.h"

#include "base/clock.h"
#include "model/file.h"
#include "service/handlers.h"
#include "service/intake.h"

#include <apr_strings.h>
#include <string.h>

#define UNFINISHED_LIFE apr_time_from_sec(3 * 86400)
#define WHOLE_LIFE apr_time_from_sec(86400)

enum { ID_BYTES = 16, NAME_LEN = 500, PIECE = 64 * 1024, SWEEP_MOST = 1000 };

/* ---- rows ---- */

typedef struct asked_t {
    fpi_task_t *task;
    const char *id, *owner;
    fpi_upload_t *upload;
    int64_t count;
} asked_t;

static fpi_err_t *tx_find(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    asked_t *asked = baton;

    return fpi_upload_find(&asked->upload, tx, asked->id, task->tenant, asked->owner, task);
}

static fpi_err_t *find(fpi_upload_t **out, fpi_app_t *app, const char *id, const fpi_call_t *call)
{
    asked_t asked = { .id = id, .owner = fpi_viewer_owner(call->viewer, call->task->pool) };

    FPI_TRY(fpi_store_read(app->store, tx_find, &asked, call->task));
    *out = asked.upload;
    return NULL;
}

static fpi_err_t *tx_tell(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    return fpi_upload_tell(baton, tx, task);
}

static fpi_err_t *tell(fpi_app_t *app, fpi_upload_t *upload, fpi_task_t *task)
{
    return fpi_store_write(app->store, tx_tell, upload, task);
}

/* ---- the end of an upload ---- */

static fpi_err_t *refuse_sum(fpi_app_t *app, fpi_upload_t *upload, fpi_spool_t *spool, const char *sha256,
                             fpi_task_t *task)
{
    upload->taken = 0;
    FPI_TRY(fpi_spool_rewind(spool, 0, task));
    FPI_TRY(tell(app, upload, task));
    return fpi_refuse(task, FPI_E_FIELD, "sha256", "收到内容的 SHA-256 为 %s, 与声明的 %s 不一致, 请从头重传",
                      "the bytes that came hash to %s, not to the promised %s: send them again from the start", sha256,
                      upload->sha256);
}

static fpi_err_t *finish(fpi_app_t *app, fpi_upload_t *upload, fpi_spool_t *spool, fpi_task_t *task)
{
    char *sha256 = apr_palloc(task->pool, FPI_SHA256_HEX + 1);
    int64_t size;

    FPI_TRY(fpi_spool_sum(sha256, spool, task));
    if (upload->sha256 && strcmp(upload->sha256, sha256) != 0) {
        return refuse_sum(app, upload, spool, sha256, task);
    }
    upload->sha256 = sha256;
    upload->taken = upload->size;
    FPI_TRY(tell(app, upload, task));
    FPI_TRY(fpi_spool_keep(sha256, &size, spool, task));
    upload->is_whole = true;
    return tell(app, upload, task);
}

/* Completes what a child that died has left, as far as it is there. */
static fpi_err_t *settle(fpi_app_t *app, fpi_upload_t *upload, fpi_task_t *task)
{
    fpi_spool_t *spool;
    fpi_err_t *err;

    if (upload->is_whole || upload->taken < upload->size) {
        return NULL;
    }
    err = fpi_spool_resume(&spool, app->blobs, upload->id, upload->size, false, task);
    if (!err) {
        return finish(app, upload, spool, task);
    }
    if (err->code != FPI_E_ABSENT) {
        return err;
    }
    upload->is_whole = upload->sha256 && fpi_blob_has(app->blobs, upload->sha256);
    upload->taken = upload->is_whole ? upload->size : 0;
    return tell(app, upload, task);
}

static fpi_err_t *get(fpi_upload_t **out, fpi_app_t *app, fpi_call_t *call)
{
    const char *id = fpi_call_part(call, "upload_id");

    FPI_TRY(find(out, app, id, call));
    if (!*out) {
        return fpi_refuse(call->task, FPI_E_ABSENT, "upload_id", "上传 %.40s 不存在或已过期", "there is no upload %.40s, or it was too old",
                          id);
    }
    return settle(app, *out, call->task);
}

static fpi_err_t *refuse_absent(const char *id, fpi_task_t *task)
{
    return fpi_refuse(task, FPI_E_FIELD, "upload_id", "上传 %.40s 不存在或已过期", "there is no upload %.40s, or it was too old", id);
}

fpi_err_t *fpi_upload_get_whole(fpi_upload_t **out, fpi_app_t *app, const char *id, const fpi_call_t *call)
{
    fpi_task_t *task = call->task;
    fpi_err_t *err;

    FPI_TRY(find(out, app, id, call));
    if (!*out) {
        return refuse_absent(id, task);
    }
    FPI_TRY(settle(app, *out, task));
    if (!(*out)->is_whole) {
        return fpi_refuse(task, FPI_E_FIELD, "upload_id",
                          "上传 %.40s 尚未完成: 已收到 %" APR_INT64_T_FMT " / %" APR_INT64_T_FMT " 字节",
                          "the upload %.40s is not whole: %" APR_INT64_T_FMT " of %" APR_INT64_T_FMT " bytes have come",
                          id, (*out)->taken, (*out)->size);
    }
    err = fpi_blob_refresh(app->blobs, (*out)->sha256, (*out)->size, task); /* the row may be swept before ours is written */
    return err && err->code == FPI_E_ABSENT ? refuse_absent(id, task) : err;
}

/* ---- answers ---- */

static const char *offset_text(int64_t offset, fpi_task_t *task)
{
    return apr_psprintf(task->pool, "%" APR_INT64_T_FMT, offset);
}

static void put_headers(fpi_answer_t *answer, const fpi_upload_t *upload, fpi_task_t *task)
{
    apr_table_t *headers = apr_table_make(task->pool, 4);

    apr_table_setn(headers, "Upload-Offset", offset_text(upload->taken, task));
    apr_table_setn(headers, "Upload-Length", offset_text(upload->size, task));
    apr_table_setn(headers, "Location", apr_pstrcat(task->pool, "/api/v1/uploads/", upload->id, NULL));
    answer->headers = headers;
}

static void answer_upload(fpi_answer_t *answer, fpi_call_t *call, const fpi_upload_t *upload)
{
    fpi_json_t *data = fpi_json_make_object(call->task);

    fpi_json_put_text(data, "upload_id", upload->id);
    fpi_json_put_text(data, "name", upload->name);
    fpi_json_put_int(data, "size", upload->size);
    fpi_json_put_int(data, "offset", upload->taken);
    fpi_json_put_int(data, "chunk", fpi_upload_chunk(call));
    fpi_json_put_text(data, "sha256", upload->sha256);
    fpi_json_put_bool(data, "is_whole", upload->is_whole);
    fpi_json_put_time(data, "created_at", upload->created);
    fpi_json_put_time(data, "expires_at", upload->updated + (upload->is_whole ? WHOLE_LIFE : UNFINISHED_LIFE));
    put_headers(answer, upload, call->task);
    answer->data = data;
}

/* ---- POST ---- */

static fpi_err_t *read_sha256(const char **out, const fpi_json_t *json, fpi_task_t *task)
{
    unsigned char bytes[FPI_SHA256_LEN];
    char *hex;

    FPI_TRY(fpi_json_find_text(out, json, "sha256", FPI_SHA256_HEX, task));
    if (!*out || !**out) {
        *out = NULL;
        return NULL;
    }
    if (strlen(*out) != FPI_SHA256_HEX || !fpi_hex_decode(bytes, sizeof(bytes), *out)) {
        return fpi_refuse(task, FPI_E_FIELD, "sha256", "sha256 应为 %d 位十六进制", "sha256 must be %d hex digits", FPI_SHA256_HEX);
    }
    hex = apr_palloc(task->pool, FPI_SHA256_HEX + 1);
    fpi_hex_encode(hex, bytes, sizeof(bytes));
    *out = hex;
    return NULL;
}

static fpi_err_t *check_size(fpi_app_t *app, int64_t size, fpi_task_t *task)
{
    int64_t most = app->settings->max_file, room = fpi_blobs_room(app->blobs);

    if (size > most) {
        return fpi_refuse(task, FPI_E_TOO_LARGE, "size", "文件 %" APR_INT64_T_FMT " 字节, 超过上限 %" APR_INT64_T_FMT " 字节",
                          "a file of %" APR_INT64_T_FMT " bytes; the limit is %" APR_INT64_T_FMT, size, most);
    }
    if (room >= 0 && size > room) {
        return fpi_fail(task, FPI_E_STORE, "an upload of %" APR_INT64_T_FMT " bytes, but %" APR_INT64_T_FMT
                        " are left for images: free space", size, room);
    }
    return NULL;
}

static fpi_err_t *make(fpi_upload_t *upload, fpi_app_t *app, fpi_call_t *call)
{
    unsigned char bytes[ID_BYTES];
    char *id = apr_palloc(call->task->pool, 2 * ID_BYTES + 1);
    const char *name;

    if (!fpi_json_is_object(call->json)) {
        return fpi_refuse(call->task, FPI_E_FIELD, NULL, "请求体应为JSON对象", "the body must be a JSON object");
    }
    FPI_TRY(fpi_json_get_text(&name, call->json, "name", NAME_LEN, call->task));
    FPI_TRY(fpi_json_find_int(&upload->size, call->json, "size", 0, 1, INT64_MAX, call->task));
    if (!upload->size) {
        return fpi_refuse(call->task, FPI_E_FIELD, "size", "缺少 size (文件字节数)", "size (bytes of the file) is missing");
    }
    FPI_TRY(read_sha256(&upload->sha256, call->json, call->task));
    FPI_TRY(check_size(app, upload->size, call->task));
    FPI_TRY(fpi_random(bytes, sizeof(bytes), call->task));
    fpi_hex_encode(id, bytes, sizeof(bytes));
    upload->id = id;
    upload->name = fpi_file_take_name(name, "file", call->task->pool);
    upload->tenant = call->task->tenant;
    upload->owner = fpi_viewer_owner(call->viewer, call->task->pool);
    upload->created = upload->updated = fpi_clock_now();
    return NULL;
}

static fpi_err_t *tx_put(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    const fpi_upload_t *upload = baton;
    int64_t count;

    FPI_TRY(fpi_uploads_count(&count, tx, upload->tenant, upload->owner, task));
    if (count >= FPI_UPLOADS_MOST) {
        return fpi_refuse(task, FPI_E_BUSY, NULL, "未完成的上传已达 %d 个, 请先完成或删除", "%d uploads are unfinished: finish or delete some first",
                          FPI_UPLOADS_MOST);
    }
    return fpi_upload_put(upload, tx, task);
}

fpi_err_t *fpi_handle_upload_make(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_upload_t upload = { 0 };

    FPI_TRY(make(&upload, app, call));
    FPI_TRY(fpi_store_write(app->store, tx_put, &upload, call->task));
    answer_upload(answer, call, &upload);
    answer->status = 201;
    return NULL;
}

/* ---- GET, HEAD, DELETE ---- */

fpi_err_t *fpi_handle_upload_get(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_upload_t *upload;

    FPI_TRY(get(&upload, app, call));
    answer_upload(answer, call, upload);
    return NULL;
}

static fpi_err_t *tx_drop(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    return fpi_upload_drop(tx, baton, task);
}

fpi_err_t *fpi_handle_upload_drop(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_upload_t *upload;
    char *id;

    FPI_TRY(get(&upload, app, call));
    id = apr_pstrdup(call->task->pool, upload->id);
    FPI_TRY(fpi_store_write(app->store, tx_drop, id, call->task));
    fpi_spool_drop(app->blobs, id);
    answer->status = 204;
    return NULL;
}

/* ---- PATCH: a piece ---- */

typedef struct piece_t {
    fpi_app_t *app;
    fpi_call_t *call;
    fpi_task_t *task;
    fpi_upload_t *upload;
    fpi_spool_t *spool;
    int64_t at;     /* where the next byte of the body belongs */
} piece_t;

static fpi_err_t *read_offset(int64_t *offset, fpi_call_t *call)
{
    const char *text = apr_table_get(call->headers, "Upload-Offset");

    if (!text || !fpi_int_parse(offset, text, 0, INT64_MAX)) {
        return fpi_refuse(call->task, FPI_E_FIELD, "Upload-Offset", "请求头 Upload-Offset 应为分片起始字节的整数",
                          "the header Upload-Offset must be the number of the piece's first byte");
    }
    return NULL;
}

static fpi_err_t *check_place(const piece_t *p)
{
    const fpi_upload_t *upload = p->upload;

    if (p->at > upload->taken) {
        return fpi_refuse(p->task, FPI_E_STALE, "Upload-Offset",
                          "分片起始 %" APR_INT64_T_FMT " 与已收到的 %" APR_INT64_T_FMT " 字节不衔接, 请从后者继续",
                          "the piece begins at %" APR_INT64_T_FMT ", but %" APR_INT64_T_FMT " bytes have come: go on there",
                          p->at, upload->taken);
    }
    if (p->call->body_len > upload->size - p->at) {
        return fpi_refuse(p->task, FPI_E_FIELD, "Upload-Offset", "分片超出声明的文件大小 %" APR_INT64_T_FMT " 字节",
                          "the piece goes beyond the file's %" APR_INT64_T_FMT " bytes", upload->size);
    }
    return NULL;
}

static fpi_err_t *refuse_other(const piece_t *p)
{
    return fpi_refuse(p->task, FPI_E_STALE, "Upload-Offset", "重复的分片内容与已收到的不同, 请从 %" APR_INT64_T_FMT " 继续或重新上传",
                      "a repeated piece differs from what has come: go on at %" APR_INT64_T_FMT " or begin anew",
                      p->upload->taken);
}

/* What was taken already is compared, the rest is put behind it. A whole upload has no spool: nothing of it can be
 * changed, and nobody compares. */
static fpi_err_t *take(piece_t *p, const char *data, size_t len)
{
    int64_t over = p->upload->taken - p->at;
    size_t old = over <= 0 ? 0 : over < (int64_t)len ? (size_t)over : len;
    bool is_same = true;

    if (old && p->spool) {
        FPI_TRY(fpi_spool_compare(&is_same, p->spool, p->at, data, old, p->task));
    }
    if (!is_same) {
        return refuse_other(p);
    }
    if (len > old && !p->spool) {
        return check_place(p);
    }
    p->at += (int64_t)len;
    return len > old ? fpi_spool_put(p->spool, data + old, len - old, p->task) : NULL;
}

/* *is_cut: the client's doing, what has come is good. */
static fpi_err_t *take_all(piece_t *p, bool *is_cut)
{
    char *data = apr_palloc(p->task->pool, PIECE);
    size_t len;

    do {
        fpi_err_t *err = p->call->read(p->call->baton, data, PIECE, &len);

        if (err) {
            *is_cut = true;
            return err;
        }
        FPI_TRY(take(p, data, len));
    } while (len);
    return NULL;
}

static fpi_err_t *store_piece(piece_t *p)
{
    if (p->at <= p->upload->taken) {
        return NULL;
    }
    FPI_TRY(fpi_spool_flush(p->spool, p->task));
    if (p->at == p->upload->size) {
        return finish(p->app, p->upload, p->spool, p->task);
    }
    p->upload->taken = p->at;
    return tell(p->app, p->upload, p->task);
}

static fpi_err_t *take_piece(piece_t *p)
{
    bool is_cut = false;
    fpi_err_t *err;

    FPI_TRY(check_place(p));
    if (p->spool) {
        FPI_TRY(fpi_spool_rewind(p->spool, p->upload->taken, p->task));
    }
    err = take_all(p, &is_cut);
    if (err && !is_cut) { /* nothing of it stays */
        if (p->spool) {
            fpi_ignore(fpi_spool_rewind(p->spool, p->upload->taken, p->task));
        }
        return err;
    }
    if (err && p->spool) { /* the next piece goes on where this one broke */
        fpi_ignore(store_piece(p));
        return err;
    }
    return err ? err : store_piece(p);
}

/* The lock first, then the row: nobody else changes it from here on. */
static fpi_err_t *lock(piece_t *p)
{
    fpi_err_t *err;

    if (p->upload->is_whole) {
        return NULL;
    }
    err = fpi_spool_resume(&p->spool, p->app->blobs, p->upload->id, p->upload->size, p->upload->taken == 0, p->task);
    if (err && err->code == FPI_E_ABSENT) { /* finished by another meanwhile? */
        p->spool = NULL;
        return get(&p->upload, p->app, p->call);
    }
    return err ? err : get(&p->upload, p->app, p->call);
}

fpi_err_t *fpi_handle_upload_piece(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    piece_t p = { .app = app, .call = call, .task = call->task };
    fpi_err_t *err;

    FPI_TRY(read_offset(&p.at, call));
    FPI_TRY(get(&p.upload, app, call));
    FPI_TRY(lock(&p));
    err = take_piece(&p);
    if (err) {
        put_headers(answer, p.upload, call->task);
        return err;
    }
    answer_upload(answer, call, p.upload);
    answer->status = p.upload->is_whole ? 200 : 204;
    return NULL;
}

/* ---- sweeping ---- */

typedef struct sweeping_t {
    fpi_upload_t *uploads;
    int count;
} sweeping_t;

static fpi_err_t *tx_sweep(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    sweeping_t *s = baton;
    apr_time_t now = fpi_clock_now();

    FPI_TRY(fpi_uploads_list_old(&s->uploads, &s->count, tx, now - UNFINISHED_LIFE, now - WHOLE_LIFE, SWEEP_MOST, task));
    for (int i = 0; i < s->count; i++) {
        FPI_TRY(fpi_upload_drop(tx, s->uploads[i].id, task));
    }
    return NULL;
}

fpi_err_t *fpi_uploads_sweep(fpi_app_t *app, fpi_task_t *task)
{
    sweeping_t s = { NULL, 0 };

    FPI_TRY(fpi_store_write(app->store, tx_sweep, &s, task));
    for (int i = 0; i < s.count; i++) {
        fpi_spool_drop(app->blobs, s.uploads[i].id);
    }
    return NULL;
}
