#include "service/settings.h"

#include <apr_strings.h>
#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { TIME_MOST_S = 3600, PREFIX_MAX = 256 };

/* One directive as it is being read. */
typedef struct taking_t {
    const fpi_setting_info_t *info;
    const apr_array_header_t *words;
    const char *line;
    bool goes_on; /* said before in this section: a list grows */
    bool (*handler_is_known)(const char *name);
    apr_pool_t *pool;
} taking_t;

static const char *word(const taking_t *t, int i)
{
    return APR_ARRAY_IDX(t->words, i, const char *);
}

static const char *refuse(const taking_t *t, const char *seen, const char *accepted)
{
    return apr_psprintf(t->pool, "%s does not accept \"%.200s\": it takes %s", t->info->name, seen,
                        accepted);
}

static const char *check_count(const taking_t *t, int64_t least, int64_t most)
{
    int n = t->words->nelts;

    if (n >= least && n <= most) {
        return NULL;
    }
    return apr_psprintf(t->pool, "%s takes %s, not %d value%s: \"%.200s\"", t->info->name,
                        t->info->usage, n, n == 1 ? "" : "s", t->line);
}

/* The only word of the line. */
static const char *take_one(const char **out, const taking_t *t)
{
    const char *said = check_count(t, 1, 1);

    if (said) {
        return said;
    }
    *out = word(t, 0);
    return **out ? NULL : refuse(t, "", t->info->usage);
}

/* ---- single values ---- */

static const char *take_FLAG(bool *out, const taking_t *t)
{
    const char *text;
    const char *said = take_one(&text, t);

    if (said) {
        return said;
    }
    if (strcasecmp(text, "on") != 0 && strcasecmp(text, "off") != 0) {
        return refuse(t, text, "On or Off");
    }
    *out = strcasecmp(text, "on") == 0;
    return NULL;
}

static const char *take_TEXT(const char **out, const taking_t *t)
{
    return take_one(out, t);
}

static const char *cut_slashes(const taking_t *t, const char *path)
{
    size_t len = strlen(path);

    while (len > 1 && path[len - 1] == '/') {
        len--;
    }
    return apr_pstrmemdup(t->pool, path, len);
}

/* Not below ServerRoot: the tool, cron jobs and httpd must mean the same file by the same words. */
static const char *take_FILE(const char **out, const taking_t *t)
{
    const char *said = take_one(out, t);

    if (said) {
        return said;
    }
    if (**out != '/') {
        return refuse(t, *out, "an absolute path, beginning with \"/\"");
    }
    *out = cut_slashes(t, *out);
    return NULL;
}

/* "scheme:/absolute/path" */
static const char *take_local(const char **out, const taking_t *t, const char *scheme,
                              const char *accepted)
{
    size_t len = strlen(scheme);
    const char *text = word(t, 0);

    if (strncasecmp(text, scheme, len) != 0 || text[len] != '/') {
        return refuse(t, text, accepted);
    }
    *out = apr_pstrcat(t->pool, scheme, cut_slashes(t, text + len), NULL);
    return NULL;
}

static bool has_scheme(const char *text, const char *scheme)
{
    return strncasecmp(text, scheme, strlen(scheme)) == 0;
}

static const char *take_DATABASE(const char **out, const taking_t *t)
{
    static const char accepted[] = "sqlite:/absolute/path";
    const char *said = take_one(out, t);

    if (said) {
        return said;
    }
    /* the rest of such an address may hold a password: it is not repeated */
    if (has_scheme(*out, "postgres:") || has_scheme(*out, "postgresql:")) {
        return apr_psprintf(t->pool,
                            "%s postgresql://... is not built into this version: it takes %s",
                            t->info->name, accepted);
    }
    return take_local(out, t, "sqlite:", accepted);
}

static const char *take_BLOBS(const char **out, const taking_t *t)
{
    static const char accepted[] = "file:/absolute/directory";
    const char *said = take_one(out, t);

    if (said) {
        return said;
    }
    if (has_scheme(*out, "s3:")) {
        return apr_psprintf(t->pool, "%s s3:... is not built into this version: it takes %s",
                            t->info->name, accepted);
    }
    return take_local(out, t, "file:", accepted);
}

static const char *take_UPSTREAM(const char **out, const taking_t *t)
{
    static const char accepted[] =
        "production, demo, or http(s)://host[:port][/prefix] without user, query and fragment";
    fpi_task_t *task = fpi_task_make(t->pool, NULL);
    const char *said = take_one(out, t);
    bool is_v6;
    fpi_url_t url;

    if (said) {
        return said;
    }
    if (strcasecmp(*out, "production") == 0) {
        *out = "https://api.piaozone.com";
        return NULL;
    }
    if (strcasecmp(*out, "demo") == 0) {
        *out = "https://api-dev.piaozone.com/test";
        return NULL;
    }
    /* what stands before "@" may be a password: it is not repeated */
    if (strchr(*out, '@')) {
        return refuse(t, "...@...", accepted);
    }
    if (strchr(*out, '#') || fpi_url_parse(&url, *out, task) != NULL || url.query) {
        return refuse(t, *out, accepted);
    }
    is_v6 = strchr(url.host, ':') != NULL;
    *out = apr_pstrcat(t->pool, url.scheme, "://", is_v6 ? "[" : "", url.host, is_v6 ? "]" : "",
                       NULL);
    if (url.port != (strcmp(url.scheme, "https") == 0 ? 443 : 80)) {
        *out = apr_psprintf(t->pool, "%s:%d", *out, url.port);
    }
    url.path = cut_slashes(t, url.path);
    if (strcmp(url.path, "/") != 0) {
        *out = apr_pstrcat(t->pool, *out, url.path, NULL);
    }
    return NULL;
}

/* ---- numbers ---- */

static const char *take_number(int64_t *out, const taking_t *t, const char *unit)
{
    const char *text;
    const char *said = take_one(&text, t);

    if (!said && !fpi_int_parse(out, text, t->info->least, t->info->most)) {
        said = refuse(
            t, text,
            apr_psprintf(t->pool, "a whole number%s from %" APR_INT64_T_FMT " to %" APR_INT64_T_FMT,
                         unit, (apr_int64_t)t->info->least, (apr_int64_t)t->info->most));
    }
    return said;
}

static const char *take_INT(int64_t *out, const taking_t *t)
{
    return take_number(out, t, "");
}

static const char *take_SECONDS(int64_t *out, const taking_t *t)
{
    return take_number(out, t, " of seconds");
}

static const char *take_SKEW(int64_t *out, const taking_t *t)
{
    if (t->words->nelts == 1 && strcasecmp(word(t, 0), "off") == 0) {
        *out = 0;
        return NULL;
    }
    return take_number(out, t, " of seconds (0 or \"off\": not checked)");
}

static const char *format_size(apr_pool_t *pool, int64_t bytes)
{
    static const char *const units[] = { "", "K", "M", "G" };
    int unit = 0;

    while (unit < 3 && bytes && bytes % 1024 == 0) {
        bytes /= 1024;
        unit++;
    }
    return apr_psprintf(pool, "%" APR_INT64_T_FMT "%s", (apr_int64_t)bytes, units[unit]);
}

static const char *take_SIZE(int64_t *out, const taking_t *t)
{
    const char *text;
    const char *said = take_one(&text, t);
    int64_t bytes;

    if (said) {
        return said;
    }
    if (!fpi_size_parse(&bytes, text) || bytes < t->info->least || bytes > t->info->most) {
        return refuse(t, text,
                      apr_psprintf(t->pool, "bytes with an optional K, M or G, from %s to %s",
                                   format_size(t->pool, t->info->least),
                                   format_size(t->pool, t->info->most)));
    }
    *out = bytes;
    return NULL;
}

static const char *take_TIMES(fpi_http_times_t *out, const taking_t *t)
{
    apr_interval_time_t *const parts[] = { &out->connect, &out->first_byte, &out->idle };
    const char *said = check_count(t, t->info->least, t->info->most);

    for (int i = 0; !said && i < 3; i++) {
        int64_t seconds;

        if (!fpi_int_parse(&seconds, word(t, i), 1, TIME_MOST_S)) {
            return refuse(t, word(t, i),
                          "three whole numbers of seconds from 1 to 3600: to connect, to the first "
                          "byte, idle");
        }
        *parts[i] = apr_time_from_sec(seconds);
    }
    return said;
}

/* ---- lists ---- */

static apr_array_header_t *grow(apr_array_header_t *list, const taking_t *t, int size)
{
    return t->goes_on ? list : apr_array_make(t->pool, t->words->nelts, size);
}

/* Is there an empty, "." or ".." segment? */
static bool has_odd_segment(const char *path)
{
    for (const char *at = path; at; at = strchr(at + 1, '/')) {
        size_t len = strcspn(at + 1, "/");

        if (len == 0 || (len <= 2 && strncmp(at + 1, "..", len) == 0)) {
            return true;
        }
    }
    return false;
}

/* What is wrong with the path of a rule, or NULL. Paths are compared byte by byte. */
static const char *check_path(const char *path)
{
    if (path[0] != '/' || path[1] == '\0' || strlen(path) > PREFIX_MAX) {
        return "a path beginning with \"/\", of 2 to 256 characters";
    }
    for (const char *c = path; *c; c++) {
        if ((unsigned char)*c <= 0x20 || (unsigned char)*c >= 0x7f
            || strchr("\"#%<>?[\\]^`{|}", *c)) {
            return "a plain path, without query, escapes and blanks";
        }
    }
    return has_odd_segment(path) ? "a path without empty and dot segments" : NULL;
}

static const char *take_PATHS(apr_array_header_t **out, const taking_t *t)
{
    const char *said = check_count(t, t->info->least, t->info->most);
    apr_array_header_t *list = said ? NULL : grow(*out, t, sizeof(const char *));

    for (int i = 0; !said && i < t->words->nelts; i++) {
        const char *path = cut_slashes(t, word(t, i));
        const char *wrong = check_path(path);

        if (wrong) {
            return refuse(t, path, wrong);
        }
        /* the cloud's paths are meant; ours begin with /api */
        APR_ARRAY_PUSH(list, const char *) = strncmp(path, "/api/", 5) == 0 ? path + 4 : path;
    }
    *out = said ? *out : list;
    return said;
}

static const char *check_method(const taking_t *t, const char *method)
{
    static const char *const methods[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE" };

    for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
        if (strcmp(methods[i], method) == 0) {
            return NULL;
        }
    }
    return refuse(t, method,
                  "one of the methods GET, HEAD, POST, PUT, PATCH, DELETE before the path");
}

static const char *take_ROUTE(apr_array_header_t **out, const taking_t *t)
{
    const char *said = check_count(t, t->info->least, t->info->most);
    fpi_route_setting_t route = { NULL, NULL, NULL };
    const char *wrong;
    int at = 0;

    if (!said && t->words->nelts == 3) {
        route.method = fpi_text_upper(apr_pstrdup(t->pool, word(t, at++)));
        said = check_method(t, route.method);
    }
    if (said) {
        return said;
    }
    route.path = cut_slashes(t, word(t, at));
    route.handler = word(t, at + 1);
    wrong = check_path(route.path);
    if (wrong || strncmp(route.path, "/api/", 5) != 0) {
        return refuse(t, route.path, wrong ? wrong : "a path under /api/");
    }
    if (t->handler_is_known && !t->handler_is_known(route.handler)) {
        return refuse(t, route.handler,
                      "the name of a handler, as \"fpimagectl routes\" lists them");
    }
    *out = grow(*out, t, sizeof(route));
    APR_ARRAY_PUSH(*out, fpi_route_setting_t) = route;
    return NULL;
}

static const char *take_CIDRS(apr_array_header_t **out, const taking_t *t)
{
    const char *said = check_count(t, t->info->least, t->info->most);
    apr_array_header_t *list = said ? NULL : grow(*out, t, sizeof(fpi_subnet_t));

    for (int i = 0; !said && i < t->words->nelts; i++) {
        char *address = apr_pstrdup(t->pool, word(t, i));
        char *slash = strchr(address, '/');
        const char *bits = NULL;
        fpi_subnet_t subnet = { word(t, i), NULL };

        if (slash) {
            *slash = '\0';
            /* APR takes no 0 bits, but this as a mask */
            bits = strcmp(slash + 1, "0") == 0 ? "0.0.0.0" : slash + 1;
        }
        if (!*address || apr_ipsubnet_create(&subnet.net, address, bits, t->pool) != APR_SUCCESS) {
            return refuse(t, word(t, i), "addresses such as 10.1.2.3, 10.0.0.0/8, 2001:db8::/32");
        }
        APR_ARRAY_PUSH(list, fpi_subnet_t) = subnet;
    }
    *out = said ? *out : list;
    return said;
}

/* Is it a host name, an IPv4 address or an IPv6 address in brackets, maybe with a port? */
static bool is_host(const char *text)
{
    size_t len = *text == '[' ? strspn(text + 1, "0123456789abcdef:.") + 2
                              : strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-._");
    int64_t port;

    if (len == 0 || len > 255 || (*text == '[' && (len < 4 || text[len - 1] != ']'))) {
        return false;
    }
    return text[len] == '\0'
           || (text[len] == ':' && fpi_int_parse(&port, text + len + 1, 1, 65535));
}

static const char *take_HOSTS(apr_array_header_t **out, const taking_t *t)
{
    const char *said = check_count(t, t->info->least, t->info->most);
    apr_array_header_t *list = said ? NULL : grow(*out, t, sizeof(const char *));

    for (int i = 0; !said && i < t->words->nelts; i++) {
        char *host = apr_pstrdup(t->pool, word(t, i));
        size_t prefix = has_scheme(host, "http://") ? 7 : 0;

        for (char *c = host; *c; c++) {
            *c = (char)tolower((unsigned char)*c);
        }
        if (!is_host(host + prefix)) {
            return refuse(t, word(t, i),
                          "host names or addresses with an optional :port ([...] round IPv6)");
        }
        APR_ARRAY_PUSH(list, const char *) = host;
    }
    *out = said ? *out : list;
    return said;
}

/* Off, or an address: nobody can be asked by a name who is looked for by multicast. */
static const char *take_ASKED(apr_array_header_t **out, const taking_t *t)
{
    apr_array_header_t *taken = NULL;
    const char *said = take_HOSTS(&taken, t);
    const char *host = said ? NULL : APR_ARRAY_IDX(taken, 0, const char *);
    unsigned char address[4];

    if (said) {
        return said;
    }
    if (strcmp(host, "off") != 0
        && inet_pton(AF_INET, apr_pstrmemdup(t->pool, host, strcspn(host, ":")), address) != 1) {
        return refuse(t, word(t, 0), "Off, or an IPv4 address with an optional :port, such as 224.0.0.251:5353");
    }
    *out = taken;
    return NULL;
}

/* ---- the door ---- */

static const char *dispatch(fpi_settings_t *settings, fpi_setting_t row, const taking_t *t)
{
    switch (row) {
#define FPI_SETTING(name, member, kind, least, most, usage, help, standard) \
    case FPI_SET_##name:                                                    \
        return take_##kind(&settings->member, t);
#include "service/settings.def"
#undef FPI_SETTING
    case FPI_SET_COUNT:
        break;
    }
    return "no such setting";
}

const char *fpi_settings_take(fpi_settings_t *settings, fpi_setting_t row, const char *line,
                              bool (*handler_is_known)(const char *name), apr_pool_t *pool)
{
    taking_t t = { fpi_setting_info(row),
                   fpi_text_words(pool, line),
                   line,
                   fpi_setting_is_given(settings, row),
                   handler_is_known,
                   pool };
    fpi_settings_t taken = *settings;
    const char *said;

    if (!t.words) {
        return refuse(&t, line, "a closing quote behind each opening one");
    }
    said = dispatch(&taken, row, &t);
    if (!said) {
        *settings = taken;
        settings->given |= UINT64_C(1) << row;
    }
    return said;
}
