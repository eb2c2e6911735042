#include "service/web.h"

#include "service/tags.h"
#include "wire/crypto.h"

#include <apr_file_io.h>
#include <apr_hash.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define INDEX "index.html"
#define ROUTES "routes.txt"
#define NONCE "__FPI_NONCE__"
#define FOREVER "public, max-age=31536000, immutable"

enum { NONCE_BYTES = 16, ROUTES_MOST = 200 };

typedef struct piece_t {
    const char *bytes;         /* NULL: there is none */
    apr_size_t len;
    const char *etag;
} piece_t;

typedef struct page_file_t {
    const char *type;
    piece_t plain, gzip;
} page_file_t;

struct fpi_web_t {
    apr_pool_t *pool;
    apr_hash_t *files;         /* "assets/x.js" -> page_file_t */
    const char *before, *after; /* index.html round its nonce */
    const char *index_etag;
    apr_array_header_t *routes; /* const char *: first segments */
    apr_size_t bytes;
};

const char *fpi_web_dir(void)
{
    const char *named = getenv("FPIMAGE_WEB");

    return named && *named ? named : FPI_WEB_DIR;
}

bool fpi_web_is_ours(const char *path)
{
    size_t len = strlen(FPI_WEB_ROOT);

    return strncmp(path, FPI_WEB_ROOT, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

/* ---- loading ---- */

static const char *type_of(const char *name)
{
    static const char *const types[][2] = {
        { ".html", "text/html; charset=utf-8" },      { ".js", "text/javascript; charset=utf-8" },
        { ".css", "text/css; charset=utf-8" },        { ".svg", "image/svg+xml" },
        { ".png", "image/png" },                      { ".ico", "image/x-icon" },
        { ".txt", "text/plain; charset=utf-8" },      { ".webmanifest", "application/manifest+json" },
    };
    const char *end = strrchr(name, '.');

    for (size_t i = 0; end && i < sizeof(types) / sizeof(*types); i++) {
        if (strcmp(end, types[i][0]) == 0) {
            return types[i][1];
        }
    }
    return NULL;
}

static bool is_gzip(const char *name)
{
    size_t len = strlen(name);

    return len > 3 && strcmp(name + len - 3, ".gz") == 0;
}

static fpi_err_t *read_whole(piece_t *piece, fpi_web_t *web, const char *path, apr_off_t size, fpi_task_t *task)
{
    apr_file_t *file;
    apr_size_t got = 0;
    char reason[120];
    char *bytes;
    apr_status_t rv;

    if (size < 0 || (apr_size_t)size > FPI_WEB_BYTES - web->bytes) {
        return fpi_fail(task, FPI_E_CONFIG, "%s: the page has more than %d bytes", path, FPI_WEB_BYTES);
    }
    bytes = apr_palloc(web->pool, (apr_size_t)size + 1);
    rv = apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, 0, task->pool);
    if (rv == APR_SUCCESS) {
        rv = apr_file_read_full(file, bytes, (apr_size_t)size, &got);
        apr_file_close(file);
    }
    if (rv && !(APR_STATUS_IS_EOF(rv) && got == (apr_size_t)size)) {
        return fpi_fail(task, FPI_E_CONFIG, "%s can't be read: %s", path, apr_strerror(rv, reason, sizeof(reason)));
    }
    bytes[got] = '\0';
    piece->bytes = bytes;
    piece->len = got;
    piece->etag = apr_psprintf(web->pool, "\"%.32s\"", fpi_sha256_hex(bytes, got, task));
    web->bytes += got;
    return NULL;
}

static fpi_err_t *load_file(fpi_web_t *web, const char *path, const char *name, apr_off_t size, fpi_task_t *task)
{
    const char *plain = is_gzip(name) ? apr_pstrmemdup(web->pool, name, strlen(name) - 3) : name;
    page_file_t *file = apr_hash_get(web->files, plain, APR_HASH_KEY_STRING);

    if (!type_of(plain)) {
        return NULL; /* an editor's copy, say */
    }
    if (!file) {
        if (apr_hash_count(web->files) >= FPI_WEB_FILES) {
            return fpi_fail(task, FPI_E_CONFIG, "%s: the page has more than %d files", path, FPI_WEB_FILES);
        }
        file = apr_pcalloc(web->pool, sizeof(*file));
        file->type = type_of(plain);
        apr_hash_set(web->files, apr_pstrdup(web->pool, plain), APR_HASH_KEY_STRING, file);
    }
    return read_whole(is_gzip(name) ? &file->gzip : &file->plain, web, path, size, task);
}

static fpi_err_t *load_dir(fpi_web_t *web, const char *dir, const char *prefix, fpi_task_t *task);

static fpi_err_t *load_entry(fpi_web_t *web, const char *dir, const char *prefix, const apr_finfo_t *entry,
                             fpi_task_t *task)
{
    const char *path = apr_pstrcat(task->pool, dir, "/", entry->name, NULL);
    const char *name = apr_pstrcat(web->pool, prefix, entry->name, NULL);

    if (entry->name[0] == '.') {
        return NULL;
    }
    if (entry->filetype == APR_DIR && !*prefix) {
        return load_dir(web, path, apr_pstrcat(task->pool, entry->name, "/", NULL), task);
    }
    return entry->filetype == APR_REG ? load_file(web, path, name, entry->size, task) : NULL;
}

static fpi_err_t *load_dir(fpi_web_t *web, const char *dir, const char *prefix, fpi_task_t *task)
{
    fpi_err_t *err = NULL;
    apr_finfo_t entry;
    apr_dir_t *open;
    char reason[120];
    apr_status_t rv = apr_dir_open(&open, dir, task->pool);

    if (rv) {
        return fpi_fail(task, APR_STATUS_IS_ENOENT(rv) ? FPI_E_ABSENT : FPI_E_CONFIG, "%s can't be opened: %s", dir,
                        apr_strerror(rv, reason, sizeof(reason)));
    }
    while (!err && (rv = apr_dir_read(&entry, APR_FINFO_NAME | APR_FINFO_TYPE | APR_FINFO_SIZE, open)) == APR_SUCCESS) {
        err = load_entry(web, dir, prefix, &entry, task);
    }
    apr_dir_close(open);
    return err;
}

static fpi_err_t *take_index(fpi_web_t *web, const char *dir, fpi_task_t *task)
{
    const page_file_t *index = apr_hash_get(web->files, INDEX, APR_HASH_KEY_STRING);
    const char *mark = index && index->plain.bytes ? strstr(index->plain.bytes, NONCE) : NULL;

    if (!index) {
        return fpi_fail(task, FPI_E_ABSENT, "%s has no " INDEX, dir);
    }
    if (!mark || strstr(mark + 1, NONCE)) {
        return fpi_fail(task, FPI_E_CONFIG, "%s/" INDEX " does not name " NONCE " once: it is not of this release", dir);
    }
    web->before = apr_pstrmemdup(web->pool, index->plain.bytes, (apr_size_t)(mark - index->plain.bytes));
    web->after = mark + strlen(NONCE);
    web->index_etag = index->plain.etag;
    apr_hash_set(web->files, INDEX, APR_HASH_KEY_STRING, NULL); /* it has one address */
    return NULL;
}

static fpi_err_t *take_routes(fpi_web_t *web, const char *dir, fpi_task_t *task)
{
    const page_file_t *file = apr_hash_get(web->files, ROUTES, APR_HASH_KEY_STRING);
    char *rest = file && file->plain.bytes ? apr_pstrdup(web->pool, file->plain.bytes) : NULL;
    char *state = NULL;

    if (!rest) {
        return fpi_fail(task, FPI_E_CONFIG, "%s has no " ROUTES ": it is not of this release", dir);
    }
    for (char *one = apr_strtok(rest, "\n", &state); one && web->routes->nelts < ROUTES_MOST;
         one = apr_strtok(NULL, "\n", &state)) {
        APR_ARRAY_PUSH(web->routes, const char *) = one;
    }
    apr_hash_set(web->files, ROUTES, APR_HASH_KEY_STRING, NULL);
    return NULL;
}

fpi_err_t *fpi_web_load(fpi_web_t **out, const char *dir, apr_pool_t *pool, fpi_task_t *task)
{
    fpi_web_t *web = apr_pcalloc(pool, sizeof(*web));

    web->pool = pool;
    web->files = apr_hash_make(pool);
    web->routes = apr_array_make(pool, 40, sizeof(const char *));
    FPI_TRY(load_dir(web, dir, "", task));
    FPI_TRY(take_index(web, dir, task));
    FPI_TRY(take_routes(web, dir, task));
    *out = web;
    return NULL;
}

/* ---- answering ---- */

/* Nothing from elsewhere, nothing inline, and no other site's frame round it. */
static const char *policy_of(const char *nonce, apr_pool_t *pool)
{
    return apr_pstrcat(pool,
                       "default-src 'none'; script-src 'self'; style-src 'self'", nonce ? " 'nonce-" : "",
                       nonce ? nonce : "", nonce ? "'" : "",
                       "; img-src 'self' blob: data:; font-src 'self'; connect-src 'self'; frame-src 'self' blob:;"
                       " manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'",
                       NULL);
}

static void begin_reply(fpi_reply_t *reply, int status, const char *type, const char *nonce, apr_pool_t *pool)
{
    reply->status = status;
    reply->type = type;
    reply->headers = apr_table_make(pool, 8);
    apr_table_setn(reply->headers, "Content-Security-Policy", policy_of(nonce, pool));
    apr_table_setn(reply->headers, "Referrer-Policy", "same-origin");
    apr_table_setn(reply->headers, "Permissions-Policy", "camera=(self), microphone=(), geolocation=()");
}

static void put_body(fpi_reply_t *reply, const char *body, size_t len)
{
    reply->body = body;
    reply->len = len;
}

/* Named, and not with q=0. */
static bool takes_gzip(const char *encodings)
{
    const char *at = encodings ? strstr(encodings, "gzip") : NULL;

    if (!at || (at > encodings && at[-1] != ' ' && at[-1] != ',')) {
        return false;
    }
    at += 4 + strspn(at + 4, " ");
    if (*at != ';') {
        return *at == '\0' || *at == ',';
    }
    at += 1 + strspn(at + 1, " ");
    return strncasecmp(at, "q=0", 3) != 0 || (at[3] == '.' && strspn(at + 4, "0") != strspn(at + 4, "0123456789"));
}

static void answer_file(fpi_reply_t *reply, const page_file_t *file, bool is_asset, const fpi_web_asked_t *asked,
                        apr_pool_t *pool)
{
    bool zipped = file->gzip.bytes && (!file->plain.bytes || takes_gzip(asked->encodings));
    const piece_t *piece = zipped ? &file->gzip : &file->plain;
    bool is_known = asked->etag && fpi_tags_has(asked->etag, piece->etag, false);

    begin_reply(reply, is_known ? 304 : 200, file->type, NULL, pool);
    apr_table_setn(reply->headers, "Cache-Control", is_asset ? FOREVER : "no-cache");
    apr_table_setn(reply->headers, "ETag", piece->etag);
    if (file->gzip.bytes) {
        apr_table_setn(reply->headers, "Vary", "Accept-Encoding");
    }
    if (zipped && !is_known) {
        apr_table_setn(reply->headers, "Content-Encoding", "gzip");
    }
    put_body(reply, is_known ? "" : piece->bytes, is_known ? 0 : piece->len);
}

static fpi_err_t *answer_index(fpi_reply_t *reply, const fpi_web_t *web, int status, const fpi_web_asked_t *asked,
                               fpi_task_t *task)
{
    unsigned char random[NONCE_BYTES];
    const char *nonce, *body;

    if (status == 200 && asked->etag && fpi_tags_has(asked->etag, web->index_etag, false)) {
        /* what the client holds goes with the policy that came with it: httpd sends none with a 304 */
        begin_reply(reply, 304, "text/html; charset=utf-8", NULL, task->pool);
        apr_table_unset(reply->headers, "Content-Security-Policy");
        apr_table_setn(reply->headers, "Cache-Control", "no-cache");
        apr_table_setn(reply->headers, "ETag", web->index_etag);
        put_body(reply, "", 0);
        return NULL;
    }
    FPI_TRY(fpi_random(random, sizeof(random), task));
    nonce = fpi_base64url_encode(task->pool, random, sizeof(random));
    body = apr_pstrcat(task->pool, web->before, nonce, web->after, NULL);
    begin_reply(reply, status, "text/html; charset=utf-8", nonce, task->pool);
    apr_table_setn(reply->headers, "Cache-Control", "no-cache");
    if (status == 200) {
        apr_table_setn(reply->headers, "ETag", web->index_etag);
    }
    put_body(reply, body, strlen(body));
    return NULL;
}

static void answer_text(fpi_reply_t *reply, int status, const char *text, apr_pool_t *pool)
{
    begin_reply(reply, status, "text/plain; charset=utf-8", NULL, pool);
    put_body(reply, text, strlen(text));
}

static bool is_route(const fpi_web_t *web, const char *name)
{
    size_t len = strcspn(name, "/");

    for (int i = 0; i < web->routes->nelts; i++) {
        const char *one = APR_ARRAY_IDX(web->routes, i, const char *);

        if (strncmp(one, name, len) == 0 && one[len] == '\0') {
            return true;
        }
    }
    return len == 0;
}

fpi_err_t *fpi_web_answer(fpi_reply_t *reply, const fpi_web_t *web, const fpi_web_asked_t *asked, fpi_task_t *task)
{
    const char *name = asked->path + strlen(FPI_WEB_ROOT);
    const page_file_t *file;

    if (!web) {
        answer_text(reply, 404, "网页未安装: 请以带网页的安装包重新安装 (configure 时不要使用 --without-page)\n"
                                "the page is not installed: build without --without-page, and install\n", task->pool);
        return NULL;
    }
    if (!*name) {
        answer_text(reply, 301, "", task->pool);
        apr_table_setn(reply->headers, "Location", FPI_WEB_ROOT "/");
        return NULL;
    }
    name++;
    file = apr_hash_get(web->files, name, APR_HASH_KEY_STRING);
    if (file) {
        answer_file(reply, file, strncmp(name, "assets/", 7) == 0, asked, task->pool);
        return NULL;
    }
    if (strncmp(name, "assets/", 7) == 0) {
        answer_text(reply, 404, "没有这个文件; 网页可能已升级, 请刷新\nno such file; the page may be newer: load it again\n",
                    task->pool);
        return NULL;
    }
    return answer_index(reply, web, is_route(web, name) ? 200 : 404, asked, task);
}
