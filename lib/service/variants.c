#include "service/variants.h"

#include "base/clock.h"
#include "base/text.h"
#include "service/looks.h"
#include "store/contents.h"
#include "store/derived.h"
#include "wire/decode.h"

#include <apr_strings.h>
#include <string.h>
#include <unistd.h>

#define AGAIN_WITHIN apr_time_from_sec(3)

enum { PAGES_MOST = 1000000 };

typedef struct variant_t {
    fpi_app_t *app;
    fpi_task_t *task;
    const fpi_file_t *file;
    int page;                    /* of the content */
    int size;
    const char *what;            /* its name among the derived */
    fpi_content_t *content;
    bool is_hopeless;            /* it can't be shown */
    int fd;
    int64_t len;
} variant_t;

/* ---- what is wanted ---- */

static fpi_err_t *read_number(int64_t *out, const fpi_call_t *call, const char *name, int64_t otherwise, int64_t least,
                              int64_t most)
{
    const char *text = fpi_params_find(call->params, name);

    *out = otherwise;
    if (text && !fpi_int_parse(out, text, least, most)) {
        return fpi_refuse(call->task, FPI_E_FIELD, name,
                          "参数 %s 应为 %" APR_INT64_T_FMT " 到 %" APR_INT64_T_FMT " 的整数",
                          "parameter %s must be %" APR_INT64_T_FMT " to %" APR_INT64_T_FMT, name, least, most);
    }
    return NULL;
}

static fpi_err_t *read_standard(int *size, const fpi_call_t *call, const char *name)
{
    if (strcmp(name, "thumb") != 0 && strcmp(name, "page") != 0) {
        return fpi_refuse(call->task, FPI_E_FIELD, "variant", "参数 variant 应为 thumb 或 page",
                          "parameter variant must be thumb or page");
    }
    *size = *name == 't' ? FPI_VARIANT_THUMB : FPI_VARIANT_PAGE;
    return NULL;
}

static fpi_err_t *refuse_page(int64_t n, int64_t pages, fpi_task_t *task)
{
    return fpi_refuse(task, FPI_E_ABSENT, "n", "没有第 %" APR_INT64_T_FMT " 页, 共 %" APR_INT64_T_FMT " 页",
                      "there is no page %" APR_INT64_T_FMT ", there are %" APR_INT64_T_FMT, n, pages);
}

static fpi_err_t *choose_page(variant_t *v, int64_t n)
{
    const fpi_file_t *file = v->file;
    int64_t pages = fpi_file_pages(file, v->content->pages);

    if (pages > 0 && n > pages) {
        return refuse_page(n, pages, v->task);
    }
    v->page = (int)(file->page_first ? file->page_first + n - 1 : n);
    return NULL;
}

static fpi_err_t *tx_content(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    variant_t *v = baton;

    FPI_TRY(fpi_content_find(&v->content, tx, v->file->sha256, task));
    return v->content ? fpi_look_is_over(&v->is_hopeless, tx, v->content, task) : NULL;
}

static fpi_err_t *refuse_unreadable(const variant_t *v)
{
    const char *note = v->content->note ? v->content->note : "-";

    return fpi_refuse(v->task, FPI_E_UNREADABLE, NULL, "%s 无法预览: %s; 原文件可照常下载",
                      "%s can't be shown: %s; the original can be downloaded all the same", v->file->name, note);
}

static fpi_err_t *read_wanted(variant_t *v, const fpi_call_t *call, const char *name)
{
    int64_t n, size;
    int standard;

    FPI_TRY(read_standard(&standard, call, name));
    FPI_TRY(read_number(&n, call, "n", 1, 1, PAGES_MOST));
    FPI_TRY(read_number(&size, call, "size", standard, FPI_VARIANT_LEAST, FPI_VARIANT_MOST));
    FPI_TRY(fpi_store_read(v->app->store, tx_content, v, v->task));
    if (!v->content) {
        return fpi_fail(v->task, FPI_E_ABSENT, "nothing is known of content %s", v->file->sha256);
    }
    if (v->is_hopeless) {
        return refuse_unreadable(v);
    }
    FPI_TRY(choose_page(v, n));
    v->size = (int)((size + FPI_VARIANT_STEP - 1) / FPI_VARIANT_STEP * FPI_VARIANT_STEP);
    v->what = apr_psprintf(v->task->pool, "p%d-s%d-r%d", v->page, v->size, v->file->rotation);
    return NULL;
}

/* ---- making ---- */

static fpi_err_t *put_piece(void *baton, const void *data, size_t len, fpi_task_t *task)
{
    return fpi_buf_put(baton, data, len) ? NULL
                                         : fpi_fail(task, FPI_E_TOO_LARGE, "a picture of more than %d bytes", FPI_VARIANT_BYTES);
}

static fpi_err_t *render(fpi_buf_t **picture, variant_t *v, fpi_decoder_t *decoder)
{
    fpi_picture_t want = { v->page, v->size, v->size, v->file->rotation };
    fpi_media_t media, source;
    int64_t size;
    int fd;

    *picture = fpi_buf_make(v->task->pool, FPI_VARIANT_BYTES);
    FPI_TRY(fpi_look_open(&fd, &size, &source, v->app, v->file->sha256, v->task));
    return fpi_decode_render(&media, decoder, fd, source, &want, put_piece, *picture, v->task);
}

/* A helper that was ended for somebody else's document, or died, costs a second try; one that took its time does not. */
static fpi_err_t *make_picture(variant_t *v)
{
    apr_time_t begun = fpi_clock_tick();
    fpi_decoder_t *decoder;
    fpi_buf_t *picture;
    fpi_err_t *err;

    FPI_TRY(fpi_app_decoder(&decoder, v->app, v->task));
    err = render(&picture, v, decoder);
    if (err && err->code == FPI_E_DECODER && fpi_clock_tick() - begun < AGAIN_WITHIN) {
        err = render(&picture, v, decoder);
    }
    if (err) {
        return err;
    }
    FPI_COUNT(v->app, pictures_made, 1);
    return fpi_derived_keep(v->app->blobs, v->file->sha256, v->what, picture->data, picture->len, v->task);
}

static fpi_err_t *open_picture(variant_t *v)
{
    fpi_err_t *err = fpi_derived_open(&v->fd, &v->len, v->app->blobs, v->file->sha256, v->what, v->task);

    if (!err) {
        FPI_COUNT(v->app, pictures_kept, 1);
    }
    if (!err || err->code != FPI_E_ABSENT) {
        return err;
    }
    FPI_TRY(make_picture(v));
    return fpi_derived_open(&v->fd, &v->len, v->app->blobs, v->file->sha256, v->what, v->task);
}

/* ---- sending ---- */

static const char *type_of(int fd)
{
    char head[FPI_MEDIA_LOOK];
    ssize_t n = pread(fd, head, sizeof(head), 0);

    return fpi_media_info(n > 0 ? fpi_media_find(head, (size_t)n) : FPI_MEDIA_UNKNOWN)->type;
}

/* Bytes and turn of a file may change; the address of a picture only stays true when it names both. */
static bool is_named(const variant_t *v, const fpi_call_t *call)
{
    const char *key = fpi_params_find(call->params, "v");

    return key && strcmp(key, apr_psprintf(v->task->pool, "%s-%d", v->file->sha256, v->file->rotation)) == 0;
}

static bool is_known(const fpi_call_t *call, const char *etag)
{
    const char *match = apr_table_get(call->headers, "If-None-Match");

    return match && (strcmp(match, "*") == 0 || strstr(match, etag));
}

static fpi_err_t *send_picture(variant_t *v, fpi_call_t *call, fpi_answer_t *answer)
{
    const char *etag = apr_psprintf(v->task->pool, "\"%s-%s\"", v->file->sha256, v->what);
    apr_table_t *headers = apr_table_make(v->task->pool, 6);
    bool is_same = is_known(call, etag);

    apr_table_setn(headers, "ETag", etag);
    apr_table_setn(headers, "Cache-Control", is_named(v, call) ? "private, max-age=31536000, immutable" : "private, no-cache");
    apr_table_setn(headers, "X-Content-Type-Options", "nosniff");
    if (!is_same) {
        apr_table_setn(headers, "Content-Type", type_of(v->fd));
    }
    answer->is_sent = true;
    FPI_TRY(call->begin(call->baton, is_same ? 304 : 200, headers, is_same ? 0 : v->len));
    return is_same || strcmp(call->method, "HEAD") == 0 ? NULL : call->send_file(call->baton, v->fd, 0, v->len);
}

fpi_err_t *fpi_variant_answer(bool *is_done, fpi_app_t *app, fpi_call_t *call, const fpi_file_t *file,
                              fpi_answer_t *answer)
{
    const char *name = fpi_params_find(call->params, "variant");
    variant_t v = { .app = app, .task = call->task, .file = file };

    *is_done = name != NULL;
    if (!name) {
        return NULL;
    }
    FPI_TRY(read_wanted(&v, call, name));
    FPI_TRY(open_picture(&v));
    return send_picture(&v, call, answer);
}
