/* The bytes of an export that is ready: whole, or one range of them, by sendfile where httpd can. */
#include "service/export_own.h"

#include "base/text.h"
#include "service/handlers.h"
#include "store/exports.h"

#include <apr_strings.h>
#include <string.h>

typedef struct sending_t {
    fpi_call_t *call;
    int64_t id;
    fpi_export_t *export;
    int fd, status;
    int64_t size, from, len;
    const char *etag;
    apr_table_t *headers;
} sending_t;

static fpi_err_t *tx_find(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    sending_t *s = baton;

    return fpi_export_take(&s->export, tx, s->id, task);
}

static fpi_err_t *find_ready(sending_t *s, fpi_app_t *app)
{
    fpi_task_t *task = s->call->task;

    FPI_TRY(fpi_call_id(&s->id, s->call, "export_id"));
    FPI_TRY(fpi_store_read(app->store, tx_find, s, task));
    if (s->export->state != FPI_EXPORT_READY) {
        return fpi_refuse(task, FPI_E_STATE, NULL, "导出任务处于 %s 状态, 尚无内容", "the export is %s: it has no content",
                          fpi_export_state_name(s->export->state));
    }
    return fpi_blob_open(&s->fd, &s->size, app->blobs, s->export->sha256, task);
}

/* ---- conditions and ranges (RFC 9110 13, 14) ---- */

static bool has_tag(const char *list, const char *etag)
{
    return list && (strcmp(list, "*") == 0 || strstr(list, etag));
}

/* "a-b", "a-", "-b" behind "bytes="; false: not one that is understood, so it is passed over. */
static bool read_range(sending_t *s, const char *text)
{
    apr_pool_t *pool = s->call->task->pool;
    const char *dash = strncmp(text, "bytes=", 6) == 0 && !strchr(text, ',') ? strchr(text, '-') : NULL;
    const char *first = dash ? apr_pstrmemdup(pool, text + 6, (size_t)(dash - text) - 6) : NULL;
    int64_t a = 0, b = s->size - 1;

    if (!dash || (!*first && !dash[1]) || (*first && !fpi_int_parse(&a, first, 0, INT64_MAX))
        || (dash[1] && !fpi_int_parse(&b, dash + 1, 0, INT64_MAX)) || (*first && dash[1] && b < a)) {
        return false;
    }
    if (!*first) {
        a = b < s->size ? s->size - b : 0;
        b = b ? s->size - 1 : -1;
    }
    s->from = a;
    s->len = (b < s->size ? b : s->size - 1) - a + 1;
    return true;
}

static void choose_range(sending_t *s)
{
    const apr_table_t *said = s->call->headers;
    const char *range = apr_table_get(said, "Range"), *only = apr_table_get(said, "If-Range");

    if (!range || (only && strcmp(only, s->etag) != 0) || !read_range(s, range)) {
        s->from = 0;
        s->len = s->size;
        return;
    }
    s->status = s->from < s->size && s->len > 0 ? 206 : 416;
    apr_table_setn(s->headers, "Content-Range",
                   s->status == 206 ? apr_psprintf(s->call->task->pool, "bytes %" APR_INT64_T_FMT "-%" APR_INT64_T_FMT "/%"
                                                   APR_INT64_T_FMT, s->from, s->from + s->len - 1, s->size)
                                    : apr_psprintf(s->call->task->pool, "bytes */%" APR_INT64_T_FMT, s->size));
}

static void choose(sending_t *s)
{
    s->status = 200;
    if (has_tag(apr_table_get(s->call->headers, "If-None-Match"), s->etag)) {
        s->status = 304;
        s->len = 0;
        return;
    }
    choose_range(s);
    s->len = s->status == 416 ? 0 : s->len;
}

static void put_headers(sending_t *s)
{
    fpi_task_t *task = s->call->task;
    const char *name = s->export->name ? s->export->name : "export", *dot = strrchr(name, '.');

    apr_table_setn(s->headers, "Content-Type", fpi_export_media(s->export->kind));
    apr_table_setn(s->headers, "Accept-Ranges", "bytes");
    apr_table_setn(s->headers, "ETag", s->etag);
    apr_table_setn(s->headers, "Cache-Control", "private, no-transform");
    apr_table_setn(s->headers, "X-Content-Type-Options", "nosniff");
    apr_table_setn(s->headers, "Content-Disposition",
                   apr_psprintf(task->pool, "attachment; filename=\"export-%" APR_INT64_T_FMT "%s\"; filename*=UTF-8''%s", s->id,
                                dot ? dot : "", fpi_url_encode(task->pool, name)));
}

fpi_err_t *fpi_handle_export_content(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    sending_t s = { .call = call };

    FPI_TRY(find_ready(&s, app));
    s.headers = apr_table_make(call->task->pool, 8);
    s.etag = apr_pstrcat(call->task->pool, "\"", s.export->sha256, "\"", NULL);
    choose(&s);
    put_headers(&s);
    answer->is_sent = true;
    FPI_TRY(call->begin(call->baton, s.status, s.headers, s.len));
    return s.len ? call->send_file(call->baton, s.fd, s.from, s.len) : NULL;
}
