#include "service/relay_own.h"

#include <apr_strings.h>
#include <string.h>
#include <strings.h>

/* ---- the address ---- */

/* TRACE would show the cloud's token to the caller, CONNECT asks for another host. */
static bool is_method_known(const char *method)
{
    static const char *const methods[] = { "GET", "POST", "HEAD", "PUT", "DELETE", "PATCH",
                                           "OPTIONS" };

    for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
        if (strcmp(method, methods[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_clean(const char *text, bool is_path)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c <= 0x20 || *c == 0x7f || *c == '#' || (is_path && (*c > 0x7f || *c == '?'))) {
            return false;
        }
    }
    return true;
}

fpi_err_t *fpi_relay_take_address(fpi_relay_t *relay)
{
    const fpi_call_t *call = relay->call;

    if (!is_method_known(call->method)) {
        return fpi_refuse(call->task, FPI_E_METHOD, NULL, "请求方法 %.16s 不支持",
                          "the method %.16s is not relayed", call->method);
    }
    /* what follows the base must begin with a slash, or it could change the host */
    if (strncmp(call->path, "/api", 4) != 0 || (call->path[4] && call->path[4] != '/')
        || !is_clean(call->path, true) || (call->query && !is_clean(call->query, false))) {
        return fpi_refuse(call->task, FPI_E_BAD_REQUEST, NULL, "请求地址含有不允许的字符",
                          "the address holds a character that is not allowed");
    }
    relay->path = call->path[4] ? call->path + 4 : "/";
    relay->local = call->local && strncmp(call->local, "/api/",
                                          5) == 0 ? call->local + 4 : relay->path;
    relay->query = call->query && *call->query ? call->query : NULL;
    return NULL;
}

/* ---- pairs ---- */

static bool has_escape(const char *text, size_t len)
{
    return memchr(text, '%', len) || memchr(text, '+', len);
}

static bool is_name(const char *pair, size_t len, const char *name, apr_pool_t *pool)
{
    if (has_escape(pair, len)) {
        const char *plain = fpi_url_decode(pool, pair, len, true);

        return plain && strcmp(plain, name) == 0;
    }
    return strlen(name) == len && memcmp(pair, name, len) == 0;
}

/* Lenient, as bytes of other character sets travel too. */
static size_t unescape(char *out, const char *text, size_t len)
{
    char *to = out;

    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)text[i];

        if (byte == '%' && len - i > 2 && fpi_hex_decode(&byte, 1, text + i + 1)) {
            i += 2;
        }
        *to++ = (char)byte;
    }
    return (size_t)(to - out);
}

static bool holds(const char *pair, size_t len, const char *hidden, apr_pool_t *pool)
{
    char *plain;

    if (memmem(pair, len, hidden, strlen(hidden))) {
        return true;
    }
    if (!memchr(pair, '%', len)) {
        return false;
    }
    plain = apr_palloc(pool, len);
    return memmem(plain, unescape(plain, pair, len), hidden, strlen(hidden)) != NULL;
}

/* Counts for `to` NULL; returns the bytes of the pair as it goes on. */
static size_t put_pair(char *to, const char *pair, size_t len, const fpi_swap_t *swaps,
                       size_t count, const char *hidden, apr_pool_t *pool)
{
    const char *equals = memchr(pair, '=', len);
    size_t name_len = equals ? (size_t)(equals - pair) : len;
    size_t value_len;

    for (size_t i = 0; i < count; i++) {
        if (!is_name(pair, name_len, swaps[i].name, pool)) {
            continue;
        }
        value_len = strlen(swaps[i].value);
        if (to) {
            memcpy(to, pair, name_len);
            to[name_len] = '=';
            memcpy(to + name_len + 1, swaps[i].value, value_len);
        }
        return name_len + 1 + value_len;
    }
    if (hidden && holds(pair, len, hidden, pool)) {
        return 0;
    }
    if (to) {
        memcpy(to, pair, len);
    }
    return len;
}

static size_t put_pairs(char *to, const char *text, size_t len, const fpi_swap_t *swaps,
                        size_t count, const char *hidden, apr_pool_t *pool)
{
    const char *end = text + len;
    size_t total = 0;

    for (;;) {
        const char *amp = memchr(text, '&', (size_t)(end - text));
        size_t n = amp ? (size_t)(amp - text) : (size_t)(end - text);
        size_t put = put_pair(to ? to + total : NULL, text, n, swaps, count, hidden, pool);
        bool is_kept = put > 0 || n == 0;

        total += put;
        if (!amp) {
            return total;
        }
        if (is_kept) {
            if (to) {
                to[total] = '&';
            }
            total++;
        }
        text = amp + 1;
    }
}

const char *fpi_relay_pairs_swap(size_t *out_len, const char *text, size_t len,
                                 const fpi_swap_t *swaps, size_t count, const char *hidden,
                                 apr_pool_t *pool)
{
    size_t room = put_pairs(NULL, text, len, swaps, count, hidden, pool);
    char *out = apr_palloc(pool, room + 1);

    (void)put_pairs(out, text, len, swaps, count, hidden, pool);
    out[room] = '\0';
    *out_len = room;
    return out;
}

fpi_err_t *fpi_relay_make_url(const char **url, const fpi_relay_t *relay)
{
    apr_pool_t *pool = relay->task->pool;
    const char *base = fpi_cloud_base(relay->app->cloud);
    const char *query = relay->query;
    size_t len;

    if (relay->token) {
        if (strstr(relay->path, relay->call->token)) {
            return fpi_refuse(relay->task, FPI_E_BAD_REQUEST, NULL, "请求路径中不得包含 access_token",
                              "the path must not hold the access token");
        }
        if (query) {
            fpi_swap_t swap = { "access_token", fpi_url_encode(pool, relay->token) };

            query = fpi_relay_pairs_swap(&len, query, strlen(query), &swap, 1, relay->call->token,
                                         pool);
        }
    }
    *url = apr_pstrcat(pool, base, relay->path, query && *query ? "?" : NULL, query, NULL);
    return NULL;
}

/* ---- headers ---- */

static bool has_word(const char *list, const char *word)
{
    size_t len = strlen(word);

    while (*list) {
        size_t n;

        list += strspn(list, ", \t");
        n = strcspn(list, ", \t");
        if (n == len && strncasecmp(list, word, n) == 0) {
            return true;
        }
        list += n;
    }
    return false;
}

const char *fpi_relay_named_hops(const apr_table_t *headers, apr_pool_t *pool)
{
    const char *list = apr_table_get(headers, "Connection");

    if (!list) {
        return NULL;
    }
    list = apr_table_getm(pool, headers, "Connection");
    return strcasecmp(list, "keep-alive") == 0 || strcasecmp(list, "close") == 0 ? NULL : list;
}

bool fpi_relay_is_hop(const char *name, const char *named)
{
    bool is_hop = false;

    switch (name[0] | 0x20) {
    case 'c':
        is_hop = strcasecmp(name, "Connection") == 0;
        break;
    case 'h':
        is_hop = strcasecmp(name, "HTTP2-Settings") == 0;
        break;
    case 'k':
        is_hop = strcasecmp(name, "Keep-Alive") == 0;
        break;
    case 'p':
        is_hop = strncasecmp(name, "Proxy-", 6) == 0;
        break;
    case 't':
        is_hop = strcasecmp(name, "TE") == 0 || strcasecmp(name, "Trailer") == 0
                 || strcasecmp(name, "Transfer-Encoding") == 0;
        break;
    case 'u':
        is_hop = strcasecmp(name, "Upgrade") == 0;
        break;
    default:
        break;
    }
    return is_hop || (named && has_word(named, name));
}

/* Headers that the client or we make anew, so that no caller's word stands in them. */
static bool is_made_anew(const char *name)
{
    switch (name[0] | 0x20) {
    case 'c':
        return strcasecmp(name, "Content-Length") == 0;
    case 'e':
        return strcasecmp(name, "Expect") == 0;
    case 'f':
        return strcasecmp(name, "Forwarded") == 0;
    case 'h':
        return strcasecmp(name, "Host") == 0;
    case 't':
        return strcasecmp(name, "traceparent") == 0;
    case 'x':
        return strncasecmp(name, "X-Forwarded-", 12) == 0 || strcasecmp(name, "X-Real-IP") == 0
               || strcasecmp(name, "X-Trace-Id") == 0;
    default:
        return false;
    }
}

static bool is_token_header(const char *name)
{
    return (name[0] | 0x20) == 'a'
           && (strcasecmp(name, "Authorization") == 0 || strcasecmp(name, "access_token") == 0
               || strcasecmp(name, "accessToken") == 0);
}

const char *fpi_relay_replace(const char *text, const char *from, const char *to, apr_pool_t *pool)
{
    const char *at = strstr(text, from);
    const char *out = "";

    if (!at) {
        return text;
    }
    for (; at; at = strstr(text, from)) {
        out = apr_pstrcat(pool, out, apr_pstrmemdup(pool, text, (size_t)(at - text)), to, NULL);
        text = at + strlen(from);
    }
    return apr_pstrcat(pool, out, text, NULL);
}

/* With a token the answer must be read for errcode 1300, which a compressed one hides. */
static bool is_to_be_plain(const char *name, const fpi_relay_t *relay)
{
    return relay->token && (name[0] | 0x20) == 'a' && strcasecmp(name, "Accept-Encoding") == 0;
}

static void add_header(apr_table_t *to, const char *name, const char *value,
                       const fpi_relay_t *relay)
{
    if (is_to_be_plain(name, relay)) {
        apr_table_setn(to, name, "identity");
        return;
    }
    if (relay->token && strstr(value, relay->call->token)) {
        /* in any other header (Referer, a cookie) it was not meant for the cloud */
        if (!is_token_header(name)) {
            return;
        }
        value = fpi_relay_replace(value, relay->call->token, relay->token, relay->task->pool);
    }
    apr_table_addn(to, name, value);
}

const apr_table_t *fpi_relay_make_headers(const fpi_relay_t *relay)
{
    const fpi_call_t *call = relay->call;
    const apr_array_header_t *rows = apr_table_elts(call->headers);
    const char *named = fpi_relay_named_hops(call->headers, relay->task->pool);
    apr_table_t *headers = apr_table_make(relay->task->pool, rows->nelts + 4);

    for (int i = 0; i < rows->nelts; i++) {
        const apr_table_entry_t *row = &APR_ARRAY_IDX(rows, i, apr_table_entry_t);

        if (row->key && !is_made_anew(row->key) && !fpi_relay_is_hop(row->key, named)) {
            add_header(headers, row->key, row->val, relay);
        }
    }
    apr_table_addn(headers, "X-Forwarded-For", call->client_ip);
    apr_table_addn(headers, "X-Forwarded-Proto", call->scheme);
    apr_table_addn(headers, "traceparent", fpi_task_traceparent(relay->task));
    apr_table_addn(headers, "X-Trace-Id", relay->task->trace);
    return headers;
}
