#include "service/settings.h"

#include "service/api.h"

#include <apr_strings.h>
#include <arpa/inet.h>
#include <assert.h>
#include <string.h>
#include <strings.h>

_Static_assert(FPI_SET_COUNT <= 64, "one bit of `given` for each setting");

static const fpi_setting_info_t infos[FPI_SET_COUNT] = {
#define FPI_SETTING(name, member, kind, least, most, usage, help, standard) \
    { #name, usage, help, least, most, standard },
#include "service/settings.def"
#undef FPI_SETTING
};

const fpi_setting_info_t *fpi_setting_info(fpi_setting_t row)
{
    return &infos[row];
}

int fpi_setting_find_row(const char *name)
{
    for (int row = 0; row < FPI_SET_COUNT; row++) {
        if (strcasecmp(infos[row].name, name) == 0) {
            return row;
        }
    }
    return -1;
}

bool fpi_setting_is_given(const fpi_settings_t *settings, fpi_setting_t row)
{
    return settings->given >> row & 1;
}

fpi_settings_t *fpi_settings_make(apr_pool_t *pool)
{
    return apr_pcalloc(pool, sizeof(fpi_settings_t));
}

fpi_settings_t *fpi_settings_merge(apr_pool_t *pool, const fpi_settings_t *base,
                                   const fpi_settings_t *over)
{
    fpi_settings_t *out = apr_pmemdup(pool, base, sizeof(*base));

#define FPI_SETTING(name, member, kind, least, most, usage, help, standard) \
    if (fpi_setting_is_given(over, FPI_SET_##name)) {                       \
        out->member = over->member;                                         \
    }
#include "service/settings.def"
#undef FPI_SETTING
    out->given |= over->given;
    return out;
}

/* ---- defaults ---- */

static void take_standards(fpi_settings_t *settings, apr_pool_t *pool)
{
    uint64_t given = settings->given;

    for (int row = 0; row < FPI_SET_COUNT; row++) {
        if (infos[row].standard && !(given >> row & 1)) {
            const char *said = fpi_settings_take(settings, (fpi_setting_t)row, infos[row].standard,
                                                 NULL, pool);

            assert(!said);
            (void)said;
        }
    }
    settings->given = given;
}

/* Host and port of the address as an entry of a host list: "host" for https's own port. */
static const char *host_of(const char *url, apr_pool_t *pool)
{
    const char *host = strstr(url, "://") + 3;

    return apr_pstrmemdup(pool, host, strcspn(host, "/"));
}

/* Where invoices' files lie: the cloud's own host and the vendor's file hosts (seen in public
 * samples). */
static apr_array_header_t *standard_fetch_hosts(const char *upstream, apr_pool_t *pool)
{
    static const char *const vendor[] = { "img.piaozone.com", "img-expense.piaozone.com",
                                          "api.kingdee.com" };
    apr_array_header_t *hosts = apr_array_make(pool, 4, sizeof(const char *));

    APR_ARRAY_PUSH(hosts, const char *) = host_of(upstream, pool);
    for (size_t i = 0; i < sizeof(vendor) / sizeof(*vendor); i++) {
        APR_ARRAY_PUSH(hosts, const char *) = vendor[i];
    }
    return hosts;
}

fpi_settings_t *fpi_settings_complete(apr_pool_t *pool, const fpi_settings_t *settings,
                                      const char *state_dir)
{
    fpi_settings_t *out = apr_pmemdup(pool, settings, sizeof(*settings));

    take_standards(out, pool);
    if (!out->data_dir) {
        out->data_dir = state_dir;
    }
    if (!out->database) {
        out->database = apr_pstrcat(pool, "sqlite:", out->data_dir, "/store.db", NULL);
    }
    if (!out->blob_store) {
        out->blob_store = apr_pstrcat(pool, "file:", out->data_dir, "/blobs", NULL);
    }
    if (!out->secret_file) {
        out->secret_file = apr_pstrcat(pool, out->data_dir, "/keys", NULL);
    }
    if (!out->fetch_allow) {
        out->fetch_allow = standard_fetch_hosts(out->upstream, pool);
    }
    return out;
}

/* ---- contradictions ---- */

/* Is `path` the directory or below it? */
static bool is_inside(const char *path, const char *dir)
{
    size_t len = strlen(dir);

    return strncmp(path, dir, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

/* What is there already is not another's to serve: nobody could sign in any more, say. */
static const char *check_built_in(const apr_array_header_t *routes, apr_pool_t *pool)
{
    for (int i = 0; routes && i < routes->nelts; i++) {
        const fpi_route_setting_t *said = &APR_ARRAY_IDX(routes, i, fpi_route_setting_t);
        const fpi_route_t *own = fpi_route_by_handler(said->handler), *there;
        const char *method = said->method ? said->method : own ? own->method : "";

        there = fpi_route_find(strcmp(method, "HEAD") == 0 ? "GET" : method, said->path);
        if (there && strcmp(there->handler, said->handler) != 0) {
            return apr_psprintf(pool, "FPImageRoute can't serve %s %s with %s: it is built in, as %s; choose another path",
                                method, said->path, said->handler, there->handler);
        }
    }
    return NULL;
}

static const char *check_routes(const fpi_settings_t *settings, apr_pool_t *pool)
{
    const apr_array_header_t *routes = settings->routes;

    for (int i = 0; routes && i < routes->nelts; i++) {
        const fpi_route_setting_t *a = &APR_ARRAY_IDX(routes, i, fpi_route_setting_t);

        for (int j = i + 1; j < routes->nelts; j++) {
            const fpi_route_setting_t *b = &APR_ARRAY_IDX(routes, j, fpi_route_setting_t);

            if (strcmp(a->path, b->path) == 0
                && (!a->method || !b->method || strcmp(a->method, b->method) == 0)) {
                return apr_psprintf(pool,
                                    "FPImageRoute serves %s twice, with %s and with %s: keep one",
                                    a->path, a->handler, b->handler);
            }
        }
    }
    return check_built_in(routes, pool);
}

const char *fpi_settings_check(const fpi_settings_t *settings, apr_pool_t *pool)
{
    const char *database = strchr(settings->database, ':') + 1;
    const char *blobs = strchr(settings->blob_store, ':') + 1;

    if (strcmp(settings->data_dir, "/") == 0 || strcmp(blobs, "/") == 0) {
        return "FPImageDataDir and FPImageBlobStore need directories of their own, not \"/\"";
    }
    if (strcmp(database, settings->secret_file) == 0) {
        return apr_psprintf(pool, "FPImageDatabase and FPImageSecretFile are the same file %s",
                            database);
    }
    /* finished blobs are all that may stand there: verify and backup walk it */
    if (is_inside(database, blobs) || is_inside(settings->secret_file, blobs)
        || is_inside(settings->data_dir, blobs)) {
        return apr_psprintf(
            pool,
            "FPImageBlobStore file:%s holds the data directory, database or key file: give "
            "it a directory of its own",
            blobs);
    }
    return check_routes(settings, pool);
}

/* ---- as text ---- */

static const char *format_FLAG(const bool *value, apr_pool_t *pool)
{
    return *value ? "On" : "Off";
}

static const char *format_TEXT(const char *const *value, apr_pool_t *pool)
{
    return *value ? *value : "";
}

static const char *format_INT(const int64_t *value, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%" APR_INT64_T_FMT, (apr_int64_t)*value);
}

static const char *format_TIMES(const fpi_http_times_t *value, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%d %d %d", (int)apr_time_sec(value->connect),
                        (int)apr_time_sec(value->first_byte), (int)apr_time_sec(value->idle));
}

static const char *format_PATHS(apr_array_header_t *const *value, apr_pool_t *pool)
{
    return *value ? apr_array_pstrcat(pool, *value, ' ') : "";
}

static const char *format_ROUTE(apr_array_header_t *const *value, apr_pool_t *pool)
{
    const char *out = "";

    for (int i = 0; *value && i < (*value)->nelts; i++) {
        const fpi_route_setting_t *route = &APR_ARRAY_IDX(*value, i, fpi_route_setting_t);

        out = apr_pstrcat(pool, out, i ? ", " : "", route->method ? route->method : "",
                          route->method ? " " : "", route->path, " ", route->handler, NULL);
    }
    return out;
}

static const char *format_CIDRS(apr_array_header_t *const *value, apr_pool_t *pool)
{
    const char *out = "";

    for (int i = 0; *value && i < (*value)->nelts; i++) {
        out = apr_pstrcat(pool, out, i ? " " : "", APR_ARRAY_IDX(*value, i, fpi_subnet_t).text,
                          NULL);
    }
    return out;
}

#define format_FILE format_TEXT
#define format_DATABASE format_TEXT
#define format_BLOBS format_TEXT
#define format_UPSTREAM format_TEXT
#define format_SECONDS format_INT
#define format_SIZE format_INT
#define format_SKEW format_INT
#define format_HOSTS format_PATHS
#define format_ASKED format_PATHS

const char *fpi_setting_format(const fpi_settings_t *settings, fpi_setting_t row, apr_pool_t *pool)
{
    switch (row) {
#define FPI_SETTING(name, member, kind, least, most, usage, help, standard) \
    case FPI_SET_##name:                                                    \
        return format_##kind(&settings->member, pool);
#include "service/settings.def"
#undef FPI_SETTING
    case FPI_SET_COUNT:
        break;
    }
    return "";
}

/* ---- asking the lists ---- */

bool fpi_subnets_has(const apr_array_header_t *subnets, const char *address, apr_pool_t *pool)
{
    unsigned char room[sizeof(struct in6_addr)];
    apr_sockaddr_t *sa;
    char *plain;

    if (!subnets || subnets->nelts == 0) {
        return false;
    }
    plain = apr_pstrmemdup(pool, address, strcspn(address, "%")); /* fe80::1%eth0 */
    /* only what is an address already: a name must not be looked up here */
    if ((inet_pton(AF_INET, plain, room) != 1 && inet_pton(AF_INET6, plain, room) != 1)
        || apr_sockaddr_info_get(&sa, plain, APR_UNSPEC, 0, 0, pool) != APR_SUCCESS) {
        return false;
    }
    for (int i = 0; i < subnets->nelts; i++) {
        if (apr_ipsubnet_test(APR_ARRAY_IDX(subnets, i, fpi_subnet_t).net, sa)) {
            return true;
        }
    }
    return false;
}

/* Does "host", "host:port", "[v6]" or "[v6]:port" name this host and port? */
static bool is_entry(const char *entry, const char *host, int port)
{
    size_t len = strlen(host);
    int64_t entry_port;

    if (*entry == '[') {
        const char *end = strchr(entry, ']');

        if ((size_t)(end - entry - 1) != len || strncasecmp(entry + 1, host, len) != 0) {
            return false;
        }
        entry = end + 1;
    }
    else {
        if (strncasecmp(entry, host, len) != 0) {
            return false;
        }
        entry += len;
    }
    return *entry == '\0'
           || (*entry == ':' && fpi_int_parse(&entry_port, entry + 1, 1, 65535)
               && entry_port == port);
}

bool fpi_hosts_has(const apr_array_header_t *hosts, const char *host, int port)
{
    static const char plain[] = "http://";
    size_t prefix = sizeof(plain) - 1;
    bool ask_plain = strncmp(host, plain, prefix) == 0;

    host += ask_plain ? prefix : 0;
    for (int i = 0; hosts && i < hosts->nelts; i++) {
        const char *entry = APR_ARRAY_IDX(hosts, i, const char *);
        bool is_plain = strncmp(entry, plain, prefix) == 0;

        if ((is_plain || !ask_plain) && is_entry(entry + (is_plain ? prefix : 0), host, port)) {
            return true;
        }
    }
    return false;
}

const char *fpi_settings_find_cut(int64_t *size, const fpi_settings_t *settings, int64_t body_most)
{
    bool is_file = settings->max_file >= settings->max_json;

    *size = is_file ? settings->max_file : settings->max_json;
    return body_most > 0 && body_most < *size ? is_file ? "FPImageMaxFile" : "FPImageMaxJSON" : NULL;
}
