#include "service/content.h"

#include "base/text.h"
#include "service/tags.h"

#include <apr_date.h>
#include <apr_strings.h>
#include <string.h>
#include <strings.h>

typedef struct plan_t {
    const fpi_sending_t *what;
    fpi_call_t *call;
    const char *etag;
    apr_table_t *headers;
    int64_t size, from, len;
    int status;
} plan_t;

/* ---- conditions ---- */

static apr_time_t read_time(const plan_t *p, const char *header)
{
    const char *text = apr_table_get(p->call->headers, header);

    return text && p->what->modified ? apr_date_parse_http(text) : APR_DATE_BAD;
}

/* Is it other than what the client says it wants? */
static bool is_refused(const plan_t *p)
{
    const char *tags = apr_table_get(p->call->headers, "If-Match");
    apr_time_t when = tags ? APR_DATE_BAD : read_time(p, "If-Unmodified-Since");

    return tags ? !fpi_tags_has(tags, p->etag, true)
                : when != APR_DATE_BAD && p->what->modified / APR_USEC_PER_SEC > apr_time_sec(when);
}

/* Has the client what we would send? The tag decides where it is given, else the time. */
static bool is_known(const plan_t *p)
{
    const char *tags = apr_table_get(p->call->headers, "If-None-Match");
    apr_time_t when = tags ? APR_DATE_BAD : read_time(p, "If-Modified-Since");

    return tags ? fpi_tags_has(tags, p->etag, false)
                : when != APR_DATE_BAD && p->what->modified / APR_USEC_PER_SEC <= apr_time_sec(when);
}

/* A range is of the bytes that the client has begun with, or it gets all. */
static bool is_range_meant(const plan_t *p)
{
    const char *only = apr_table_get(p->call->headers, "If-Range");

    if (!only) {
        return true;
    }
    return *only == '"' ? strcmp(only, p->etag) == 0
                        : p->what->modified
                              && apr_date_parse_http(only) / APR_USEC_PER_SEC == p->what->modified / APR_USEC_PER_SEC;
}

/* ---- the range ---- */

/* A place that no number of ours can hold lies behind the end of any file, and is none the less a place. */
static bool read_place(int64_t *out, const char *text)
{
    size_t digits = strspn(text, "0123456789");

    if (fpi_int_parse(out, text, 0, INT64_MAX)) {
        return true;
    }
    *out = INT64_MAX;
    return digits && text[digits] == '\0';
}

/* "a-b", "a-", "-b" behind "bytes="; false: not one that is understood, so it is passed over. */
static bool read_range(plan_t *p, const char *text)
{
    apr_pool_t *pool = p->call->task->pool;
    const char *dash = strncasecmp(text, "bytes=", 6) == 0 && !strchr(text, ',') ? strchr(text, '-') : NULL;
    const char *first = dash ? apr_pstrmemdup(pool, text + 6, (size_t)(dash - text) - 6) : NULL;
    int64_t a = 0, b = p->size - 1;

    if (!dash || (!*first && !dash[1]) || (*first && !read_place(&a, first))
        || (dash[1] && !read_place(&b, dash + 1)) || (*first && dash[1] && b < a)) {
        return false;
    }
    if (!*first) { /* the last b bytes */
        a = b == 0 ? p->size : b < p->size ? p->size - b : 0;
        b = p->size - 1;
    }
    p->from = a;
    p->len = (b < p->size ? b : p->size - 1) - a + 1;
    return true;
}

/* Ranges are for GET (RFC 9110 14.2): HEAD tells how long the whole is. */
static void choose_range(plan_t *p)
{
    const char *range = strcmp(p->call->method, "GET") == 0 ? apr_table_get(p->call->headers, "Range") : NULL;
    apr_pool_t *pool = p->call->task->pool;

    p->status = 200;
    p->from = 0;
    p->len = p->size;
    if (!range || !is_range_meant(p) || !read_range(p, range)) {
        return;
    }
    if (p->from < p->size && p->len > 0) {
        p->status = 206;
        apr_table_setn(p->headers, "Content-Range",
                       apr_psprintf(pool, "bytes %" APR_INT64_T_FMT "-%" APR_INT64_T_FMT "/%" APR_INT64_T_FMT, p->from,
                                    p->from + p->len - 1, p->size));
        return;
    }
    p->status = 416;
    p->len = 0;
    apr_table_setn(p->headers, "Content-Range", apr_psprintf(pool, "bytes */%" APR_INT64_T_FMT, p->size));
}

/* ---- the head ---- */

static bool is_harmless(const char *type)
{
    static const char *const types[] = { "image/jpeg", "image/png", "image/tiff", "image/bmp", "image/webp", "image/heic",
                                         "application/pdf" };

    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
        if (strcmp(types[i], type) == 0) {
            return true;
        }
    }
    return false;
}

/* For readers that know only ASCII (RFC 6266 appendix D): the name with what they can't read, or would read as an end,
 * replaced. */
static const char *plain_name(const char *name, apr_pool_t *pool)
{
    char *plain = apr_pstrdup(pool, name);

    for (char *c = plain; *c; c++) {
        if ((unsigned char)*c < ' ' || (unsigned char)*c > '~' || strchr("\"\\%;", *c)) {
            *c = '_';
        }
    }
    return plain;
}

static void put_headers(plan_t *p)
{
    apr_pool_t *pool = p->call->task->pool;
    bool is_shown = is_harmless(p->what->type) && !p->what->is_download;
    const char *name = fpi_text_steady(pool, p->what->name, '_');
    char *when;

    apr_table_setn(p->headers, "Content-Type", p->what->type);
    apr_table_setn(p->headers, "Accept-Ranges", "bytes");
    apr_table_setn(p->headers, "ETag", p->etag);
    apr_table_setn(p->headers, "Cache-Control", "private, no-cache, no-transform");
    apr_table_setn(p->headers, "X-Content-Type-Options", "nosniff");
    /* a sandbox would keep browsers from showing a PDF at all */
    apr_table_setn(p->headers, "Content-Security-Policy",
                   strcmp(p->what->type, "application/pdf") == 0 ? "default-src 'none'; style-src 'unsafe-inline'"
                                                                 : "default-src 'none'; sandbox");
    apr_table_setn(p->headers, "Content-Disposition",
                   apr_pstrcat(pool, is_shown ? "inline" : "attachment", "; filename=\"", plain_name(name, pool),
                               "\"; filename*=UTF-8''", fpi_url_encode(pool, name), NULL));
    if (p->what->modified) {
        when = apr_palloc(pool, APR_RFC822_DATE_LEN);
        apr_rfc822_date(when, p->what->modified);
        apr_table_setn(p->headers, "Last-Modified", when);
    }
}

/* Told as any failure: what describes the bytes would be said of the refusal. */
static fpi_err_t *refuse(plan_t *p, fpi_answer_t *answer, fpi_err_t *err)
{
    apr_table_t *headers = apr_table_make(p->call->task->pool, 3);
    const char *range = apr_table_get(p->headers, "Content-Range");

    apr_table_setn(headers, "ETag", p->etag);
    apr_table_setn(headers, "Accept-Ranges", "bytes");
    if (range) {
        apr_table_setn(headers, "Content-Range", range);
    }
    answer->headers = headers;
    return err;
}

static fpi_err_t *refuse_condition(plan_t *p, fpi_answer_t *answer)
{
    return refuse(p, answer, fpi_refuse(p->call->task, FPI_E_PRECONDITION, "If-Match", "内容已不是 If-Match / If-Unmodified-Since 所说的, 请重新读取",
                                        "the content is not what If-Match or If-Unmodified-Since says: read it anew"));
}

static fpi_err_t *refuse_range(plan_t *p, fpi_answer_t *answer)
{
    return refuse(p, answer, fpi_refuse(p->call->task, FPI_E_RANGE, "Range", "Range 超出内容范围, 内容共 %" APR_INT64_T_FMT " 字节",
                                        "Range lies outside the content, which has %" APR_INT64_T_FMT " bytes", p->size));
}

fpi_err_t *fpi_content_send(fpi_app_t *app, fpi_call_t *call, const fpi_sending_t *what, fpi_answer_t *answer)
{
    plan_t p = { .what = what, .call = call };
    int fd;

    FPI_TRY(fpi_blob_open(&fd, &p.size, app->blobs, what->sha256, call->task));
    p.etag = apr_pstrcat(call->task->pool, "\"", what->sha256, "\"", NULL);
    p.headers = what->headers ? apr_table_copy(call->task->pool, what->headers) : apr_table_make(call->task->pool, 10);
    put_headers(&p);
    if (is_refused(&p)) {
        return refuse_condition(&p, answer);
    }
    answer->is_sent = is_known(&p);
    if (answer->is_sent) {
        return call->begin(call->baton, 304, p.headers, -1);
    }
    choose_range(&p);
    if (p.status == 416) {
        return refuse_range(&p, answer);
    }
    answer->is_sent = true;
    FPI_TRY(call->begin(call->baton, p.status, p.headers, p.len));
    return p.len ? call->send_file(call->baton, fd, p.from, p.len) : NULL;
}
