#include "wire/http_own.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

/* ---- addresses (IANA's special-purpose registries) ---- */

typedef struct net_t {
    uint32_t net;
    int bits;
} net_t;

static bool is_private_v4(uint32_t address)
{
    static const net_t nets[] = {
        { 0x00000000, 8 },  /* this network */
        { 0x0A000000, 8 },  /* private */
        { 0x64400000, 10 }, /* carrier's NAT */
        { 0x7F000000, 8 },  /* loopback */
        { 0xA9FE0000, 16 }, /* link-local, the metadata service of clouds */
        { 0xAC100000, 12 }, /* private */
        { 0xC0000000, 24 }, /* protocol assignments */
        { 0xC0000200, 24 }, /* documentation */
        { 0xC0586300, 24 }, /* 6to4 relays */
        { 0xC0A80000, 16 }, /* private */
        { 0xC6120000, 15 }, /* benchmarks */
        { 0xC6336400, 24 }, /* documentation */
        { 0xCB007100, 24 }, /* documentation */
        { 0xE0000000, 3 },  /* multicast, reserved, broadcast */
    };

    for (size_t i = 0; i < sizeof(nets) / sizeof(*nets); i++) {
        if ((address ^ nets[i].net) >> (32 - nets[i].bits) == 0) {
            return true;
        }
    }
    return false;
}

static uint32_t read_v4(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Only 2000::/3 is routed, and not all of it. */
static bool is_private_v6(const unsigned char *a)
{
    static const unsigned char mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF };
    static const unsigned char compatible[12] = { 0 };
    static const unsigned char nat64[12] = { 0, 0x64, 0xFF, 0x9B };

    if (memcmp(a, mapped, 12) == 0 || memcmp(a, compatible, 12) == 0
        || memcmp(a, nat64, 12) == 0) {
        return is_private_v4(read_v4(a + 12));
    }
    if ((a[0] & 0xE0) != 0x20) {
        return true;
    }
    if (a[0] == 0x20 && a[1] == 0x02) { /* 6to4 */
        return is_private_v4(read_v4(a + 2));
    }
    if (a[0] == 0x20 && a[1] == 0x01) {
        /* 2001::/23: Teredo, benchmarks and the like; 2001:db8::/32: documentation */
        return a[2] < 0x02 || (a[2] == 0x0D && a[3] == 0xB8);
    }
    return a[0] == 0x3F && a[1] == 0xFF && a[2] < 0x10; /* 3fff::/20: documentation */
}

bool fpi_address_is_private(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;

        memcpy(&v4, address, sizeof(v4));
        return is_private_v4(ntohl(v4.sin_addr.s_addr));
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;

        memcpy(&v6, address, sizeof(v6));
        return is_private_v6(v6.sin6_addr.s6_addr);
    }
    return true;
}

static bool is_link_v4(uint32_t address)
{
    return address >> 24 == 0 || address >> 16 == 0xA9FE || address >> 29 == 7;
}

bool fpi_address_is_link(const struct sockaddr *address)
{
    static const unsigned char mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF };

    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;

        memcpy(&v4, address, sizeof(v4));
        return is_link_v4(ntohl(v4.sin_addr.s_addr));
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        const unsigned char *a = v6.sin6_addr.s6_addr;

        memcpy(&v6, address, sizeof(v6));
        return memcmp(a, mapped, 12) == 0 ? is_link_v4(read_v4(a + 12))
                                          : a[0] == 0xFF || (a[0] == 0xFE && (a[1] & 0xC0) == 0x80);
    }
    return true;
}

bool fpi_address_is_own(const struct sockaddr *address)
{
    static const unsigned char mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF };
    static const unsigned char compatible[12] = { 0 }; /* "::" and "::1", too */

    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        uint32_t first;

        memcpy(&v4, address, sizeof(v4));
        first = ntohl(v4.sin_addr.s_addr) >> 24;
        return first == 127 || first == 0;
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        const unsigned char *a = v6.sin6_addr.s6_addr;

        memcpy(&v6, address, sizeof(v6));
        return (memcmp(a, mapped, 12) == 0 || memcmp(a, compatible, 12) == 0) && (a[12] == 127 || a[12] == 0);
    }
    return true;
}

/* ---- URLs (RFC 3986) ---- */

static fpi_err_t *refuse(fpi_task_t *task, const char *zh, const char *en)
{
    return fpi_refuse(task, FPI_E_FIELD, "url", "URL有误: %s / %s", "the URL is wrong: %s / %s", zh,
                      en);
}

static fpi_err_t *check_bytes(const char *text, fpi_task_t *task)
{
    for (const char *c = text; *c; c++) {
        if ((unsigned char)*c <= 0x20 || *c == 0x7f || *c == '\\') {
            return refuse(task, "含空格, 控制字符或反斜杠", "a blank, control byte or backslash");
        }
    }
    if (!fpi_utf8_is_valid(text, strlen(text))) {
        return refuse(task, "不是UTF-8", "not UTF-8");
    }
    return NULL;
}

/* *rest is set behind "://". */
static fpi_err_t *parse_scheme(fpi_url_t *url, const char **rest, const char *text,
                               fpi_task_t *task)
{
    if (strncasecmp(text, "https://", 8) == 0) {
        url->scheme = "https";
        url->port = 443;
        *rest = text + 8;
        return NULL;
    }
    if (strncasecmp(text, "http://", 7) == 0) {
        url->scheme = "http";
        url->port = 80;
        *rest = text + 7;
        return NULL;
    }
    return refuse(task, "须以http://或https://开头", "it must begin with http:// or https://");
}

static fpi_err_t *parse_port(fpi_url_t *url, const char *text, const char *end, fpi_task_t *task)
{
    int64_t port;

    if (text == end) {
        return NULL;
    }
    if (*text != ':' || !fpi_int_parse(&port, apr_pstrmemdup(task->pool, text + 1,
                                                             (size_t)(end - text - 1)), 1, 65535)) {
        return refuse(task, "端口须为1至65535", "the port must be 1 to 65535");
    }
    url->port = (int)port;
    return NULL;
}

static bool is_host_char(char c)
{
    return apr_isalnum(c) || strchr("-._~", c);
}

static fpi_err_t *parse_name(fpi_url_t *url, const char *text, const char *end, fpi_task_t *task)
{
    const char *stop = text;
    char *host;

    while (stop < end && is_host_char(*stop)) {
        stop++;
    }
    if (stop == text || stop - text > 253) {
        return refuse(task, "缺少主机名或过长", "no host name, or one that is too long");
    }
    if (stop < end && *stop != ':') {
        return refuse(task, "主机名含不允许的字符", "the host name has a character that is not allowed");
    }
    host = apr_pstrmemdup(task->pool, text, (size_t)(stop - text));
    for (char *c = host; *c; c++) {
        *c = (char)apr_tolower(*c);
    }
    url->host = host;
    return parse_port(url, stop, end, task);
}

/* `text` stands behind "[". */
static fpi_err_t *parse_v6(fpi_url_t *url, const char *text, const char *end, fpi_task_t *task)
{
    const char *stop = memchr(text, ']', (size_t)(end - text));
    struct in6_addr address;
    char shown[INET6_ADDRSTRLEN];

    if (!stop || inet_pton(AF_INET6, apr_pstrmemdup(task->pool, text, (size_t)(stop - text)),
                           &address) != 1
        || !inet_ntop(AF_INET6, &address, shown, sizeof(shown))) {
        return refuse(task, "IPv6地址有误", "the IPv6 address is wrong");
    }
    url->host = apr_pstrdup(task->pool, shown);
    return parse_port(url, stop + 1, end, task);
}

/* A fragment is for the reader's side only and is not sent. */
static void parse_path(fpi_url_t *url, const char *text, fpi_task_t *task)
{
    const char *end = text + strcspn(text, "#");
    const char *mark = memchr(text, '?', (size_t)(end - text));
    const char *path_end = mark ? mark : end;

    url->path = text == path_end ? "/" : apr_pstrmemdup(task->pool, text,
                                                        (size_t)(path_end - text));
    url->query = mark ? apr_pstrmemdup(task->pool, mark + 1, (size_t)(end - mark - 1)) : NULL;
}

fpi_err_t *fpi_url_parse(fpi_url_t *url, const char *text, fpi_task_t *task)
{
    fpi_url_t parsed = { 0 };
    const char *start = text, *end;

    FPI_TRY(check_bytes(text, task));
    FPI_TRY(parse_scheme(&parsed, &start, text, task));
    end = start + strcspn(start, "/?#");
    if (memchr(start, '@', (size_t)(end - start))) {
        return refuse(task, "不允许包含用户信息", "user information is not allowed");
    }
    if (*start == '[') {
        FPI_TRY(parse_v6(&parsed, start + 1, end, task));
    }
    else {
        FPI_TRY(parse_name(&parsed, start, end, task));
    }
    parse_path(&parsed, end, task);
    *url = parsed;
    return NULL;
}

void fpi_address_format(char *out, const struct sockaddr *address)
{
    *out = '\0';
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;

        memcpy(&v4, address, sizeof(v4));
        inet_ntop(AF_INET, &v4.sin_addr, out, INET6_ADDRSTRLEN);
    }
    else if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;

        memcpy(&v6, address, sizeof(v6));
        inet_ntop(AF_INET6, &v6.sin6_addr, out, INET6_ADDRSTRLEN);
    }
}
