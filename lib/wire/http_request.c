#include "wire/http_own.h"

#include <apr_strings.h>
#include <curl/curl.h>
#include <string.h>
#include <strings.h>

const char *fpi_http_request_name(const fpi_http_exchange_t *ex, apr_pool_t *pool)
{
    /* queries may hold tokens */
    return apr_pstrcat(pool, ex->method, " ", apr_pstrmemdup(pool, ex->url, strcspn(ex->url, "?#")), NULL);
}

size_t fpi_http_origin_len(const char *url)
{
    const char *host = strstr(url, "://");

    return host ? (size_t)(host - url) + 3 + strcspn(host + 3, "/?#") : 0;
}

/* Safe to make twice by its meaning (RFC 9110, 9.2.2), or by the caller's word. */
bool fpi_http_request_may_replay(const fpi_http_exchange_t *ex)
{
    static const char *const methods[] = { "GET", "HEAD", "PUT", "DELETE", "OPTIONS" };

    if (ex->source) {
        return false;
    }
    for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
        if (strcmp(ex->method, methods[i]) == 0) {
            return true;
        }
    }
    return ex->is_repeatable;
}

fpi_err_t *fpi_http_request_check(const fpi_http_exchange_t *ex, fpi_task_t *task)
{
    const char *method = ex->method;
    size_t letters = strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_");

    if (letters == 0 || method[letters] || letters > 32) {
        return fpi_fail(task, FPI_E_FIELD, "an HTTP method that can't be sent");
    }
    for (const char *c = ex->url; *c; c++) {
        if ((unsigned char)*c <= 0x20 || *c == 0x7f) {
            return fpi_fail(task, FPI_E_FIELD, "%s: a blank or control byte in the URL",
                            fpi_http_request_name(ex, task->pool));
        }
    }
    return NULL;
}

typedef struct list_t {
    struct curl_slist *first, **end;
} list_t;

/* libcurl only reads the list, so it can stand in the pool. */
static void add_line(list_t *list, char *line, apr_pool_t *pool)
{
    struct curl_slist *node = apr_palloc(pool, sizeof(*node));

    node->data = line;
    node->next = NULL;
    *list->end = node;
    list->end = &node->next;
}

static bool is_made_here(const char *name)
{
    return strcasecmp(name, "Host") == 0 || strcasecmp(name, "Content-Length") == 0
           || strcasecmp(name, "Transfer-Encoding") == 0 || strcasecmp(name, "Expect") == 0;
}

static fpi_err_t *check_header(const apr_table_entry_t *row, fpi_task_t *task)
{
    if (row->key[strcspn(row->key, ":;\r\n")] || row->val[strcspn(row->val, "\r\n")]) {
        return fpi_fail(task, FPI_E_FIELD, "a header to be sent holds a line end");
    }
    return NULL;
}

static fpi_err_t *add_headers(list_t *list, const apr_table_t *headers, fpi_task_t *task)
{
    const apr_array_header_t *rows = apr_table_elts(headers);

    for (int i = 0; i < rows->nelts; i++) {
        const apr_table_entry_t *row = &APR_ARRAY_IDX(rows, i, apr_table_entry_t);

        if (!row->key || is_made_here(row->key)) {
            continue;
        }
        FPI_TRY(check_header(row, task));
        /* "Name;" is libcurl's way to write a header without a value */
        add_line(list, row->val[strspn(row->val, " \t")]
                           ? apr_pstrcat(task->pool, row->key, ": ", row->val, NULL)
                           : apr_pstrcat(task->pool, row->key, ";", NULL),
                 task->pool);
    }
    return NULL;
}

/* What libcurl would add by itself is taken out: "Name:" without a value. */
fpi_err_t *fpi_http_request_headers(struct curl_slist **lines, const fpi_http_exchange_t *ex,
                                    fpi_task_t *task)
{
    static char no_expect[] = "Expect:", no_accept[] = "Accept:", no_type[] = "Content-Type:";
    const apr_table_t *headers = ex->headers;
    apr_pool_t *pool = task->pool;
    list_t list = { NULL, &list.first };

    add_line(&list, no_expect, pool);
    if (!headers || !apr_table_get(headers, "Accept")) {
        add_line(&list, no_accept, pool);
    }
    if (!headers || !apr_table_get(headers, "Content-Type")) {
        add_line(&list, no_type, pool);
    }
    if (headers) {
        FPI_TRY(add_headers(&list, headers, task));
    }
    *lines = list.first;
    return NULL;
}

/* ---- as it travels ---- */

static char *put(char *to, const char *text, size_t len)
{
    memcpy(to, text, len);
    return to + len;
}

static char *put_line(char *to, const char *name, const char *value)
{
    to = put(to, name, strlen(name));
    *to++ = ':';
    if (value[strspn(value, " \t")]) {
        *to++ = ' ';
        to = put(to, value, strlen(value));
    }
    return put(to, "\r\n", 2);
}

/* "POST", say, promises a body: its length is told also when there is none (RFC 9110, 8.6). */
static char *put_length(char *to, const fpi_http_exchange_t *ex)
{
    bool is_promised = strcmp(ex->method, "POST") == 0 || strcmp(ex->method, "PUT") == 0
                       || strcmp(ex->method, "PATCH") == 0;
    int64_t len = ex->source ? ex->source_len : (int64_t)ex->body_len;
    char digits[24];

    if (len < 0) {
        return put_line(to, "Transfer-Encoding", "chunked");
    }
    if (len == 0 && !is_promised && !ex->source) {
        return to;
    }
    apr_snprintf(digits, sizeof(digits), "%" APR_INT64_T_FMT, (apr_int64_t)len);
    return put_line(to, "Content-Length", digits);
}

/* Bytes that the caller's headers take, after a look at each. */
static fpi_err_t *measure(size_t *len, const apr_table_t *headers, fpi_task_t *task)
{
    const apr_array_header_t *rows = apr_table_elts(headers);

    for (int i = 0; i < rows->nelts; i++) {
        const apr_table_entry_t *row = &APR_ARRAY_IDX(rows, i, apr_table_entry_t);

        if (row->key && !is_made_here(row->key)) {
            FPI_TRY(check_header(row, task));
            *len += strlen(row->key) + strlen(row->val) + 4;
        }
    }
    return NULL;
}

static char *put_headers(char *to, const apr_table_t *headers)
{
    const apr_array_header_t *rows = apr_table_elts(headers);

    for (int i = 0; i < rows->nelts; i++) {
        const apr_table_entry_t *row = &APR_ARRAY_IDX(rows, i, apr_table_entry_t);

        if (row->key && !is_made_here(row->key)) {
            to = put_line(to, row->key, row->val);
        }
    }
    return to;
}

fpi_err_t *fpi_http_request_format(char **head, size_t *len, const fpi_http_exchange_t *ex, const char *authority,
                                   const char *target, const char *user_agent, size_t spare, fpi_task_t *task)
{
    enum { WORDS = 128 }; /* blanks, version, and the names that are written here */
    size_t room = strlen(ex->method) + strlen(target) + strlen(authority) + WORDS;
    bool is_named = user_agent && !(ex->headers && apr_table_get(ex->headers, "User-Agent"));
    char *to;

    FPI_TRY(fpi_http_request_check(ex, task));
    if (ex->headers) {
        FPI_TRY(measure(&room, ex->headers, task));
    }
    room += is_named ? strlen(user_agent) : 0;
    *head = to = apr_palloc(task->pool, room + spare + 1);
    to = put(to, ex->method, strlen(ex->method));
    *to++ = ' ';
    to = put(to, target, strlen(target));
    to = put(to, " HTTP/1.1\r\n", 11);
    to = put_line(to, "Host", authority);
    to = is_named ? put_line(to, "User-Agent", user_agent) : to;
    to = ex->headers ? put_headers(to, ex->headers) : to;
    to = put(put_length(to, ex), "\r\n", 2);
    *to = '\0';
    *len = (size_t)(to - *head);
    return NULL;
}
