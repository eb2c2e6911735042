/* One table of rules, tried in order. A rule looks at the address as the rules before it left it, puts right what it
 * can, and says whether there was something:
 *
 *   TEXT  the line as it was pasted ─> split: scheme, place, path, tail ─> PLACE ─> split: host, port
 *         ─> HOST ─> PATH ─> put together */
#include "service/urlcheck.h"

#include "base/text.h"

#include <apr_strings.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

typedef struct look_t {
    apr_pool_t *pool;
    fpi_address_t kind;
    char *text;                 /* until it is split */
    const char *scheme;
    char *host, *port, *path;   /* host: with the port until PLACE is over; port NULL: none; path: from its slash on */
    const char *tail;           /* "?..." or "#..." or "" */
    bool is_lost;               /* what was meant can't be told */
} look_t;

typedef enum stage_t { TEXT, PLACE, HOST, PATH } stage_t;

typedef struct rule_t {
    stage_t stage;
    unsigned kinds;
    bool (*look)(look_t *l);
    fpi_url_finding_t finding;
} rule_t;

enum {
    IMAGING = 1 << FPI_ADDRESS_IMAGING,
    ERP = 1 << FPI_ADDRESS_ERP,
    PUSH = 1 << FPI_ADDRESS_PUSH,
    OURS = IMAGING | PUSH,
    ALL = IMAGING | ERP | PUSH
};

#define PUSH_PATH "/api/imgsys/outside/push"
#define ERP_PATH "/ormrpc/services"

/* ---- small help ---- */

static bool has(const char *text, const char *part)
{
    size_t len = strlen(part);

    for (; *text; text++) {
        if (strncasecmp(text, part, len) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_under(const char *path, const char *prefix)
{
    size_t len = strlen(prefix);

    return strncasecmp(path, prefix, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

/* Every `from` becomes `to`; was there one? */
static bool replace(char *text, const char *from, const char *to)
{
    bool found = false;
    size_t from_len = strlen(from), to_len = strlen(to);

    for (char *at = strstr(text, from); at; at = strstr(at, from)) {
        memmove(at + to_len, at + from_len, strlen(at + from_len) + 1);
        memcpy(at, to, to_len);
        at += to_len;
        found = true;
    }
    return found;
}

/* The text without every run of `c` being longer than one. */
static bool collapse(char *text, char c)
{
    const char doubled[] = { c, c, '\0' }, one[] = { c, '\0' };
    bool found = false;

    while (replace(text, doubled, one)) {
        found = true;
    }
    return found;
}

/* ---- TEXT ---- */

static bool is_empty(look_t *l)
{
    l->is_lost = *fpi_text_trim(l->pool, l->text) == '\0';
    return l->is_lost;
}

static bool cut_quotes(look_t *l)
{
    static const char *const quotes[] = { "\"", "'", "<", ">", "`", "“", "”", "‘", "’", "「", "」", "《", "》" };
    bool found = false;

    for (size_t i = 0; i < sizeof(quotes) / sizeof(*quotes); i++) {
        found = replace(l->text, quotes[i], "") || found;
    }
    return found;
}

static bool cut_blanks(look_t *l)
{
    bool found = false;
    long at;

    while ((at = fpi_text_find_blank(l->text)) >= 0) {
        char *s = l->text + at;
        size_t n = 1;

        while (((unsigned char)s[n] & 0xC0) == 0x80) {
            n++;
        }
        memmove(s, s + n, strlen(s + n) + 1);
        found = true;
    }
    return found;
}

static bool narrow_colon(look_t *l)
{
    return replace(l->text, "：", ":");
}

/* U+FF01 to U+FF5E are the full-width twins of ASCII. */
static bool narrow_others(look_t *l)
{
    bool found = replace(l->text, "。", ".");
    char *to = l->text;

    for (const unsigned char *s = (const unsigned char *)l->text; *s;) {
        unsigned point = s[0] == 0xEF && s[1] && s[2] ? (s[1] & 0x3Fu) << 6 | (s[2] & 0x3Fu) | 0xF000u : 0;

        if (point >= 0xFF01 && point <= 0xFF5E) {
            *to++ = (char)(point - 0xFEE0);
            s += 3;
            found = true;
        }
        else {
            *to++ = (char)*s++;
        }
    }
    *to = '\0';
    return found;
}

static bool turn_backslashes(look_t *l)
{
    return replace(l->text, "\\", "/");
}

/* Length of "http" or "https" when colons or slashes follow; 0 otherwise. */
static size_t scheme_length(const char *text)
{
    for (size_t len = 5; len >= 4; len--) {
        if (strncasecmp(text, "https", len) == 0 && text[len] && strchr(":/", text[len])) {
            return len;
        }
    }
    return 0;
}

static bool mend_scheme(look_t *l)
{
    size_t len = scheme_length(l->text);
    size_t marks = strspn(l->text + len, ":/");

    if (len == 0 || (marks == 3 && strncmp(l->text + len, "://", 3) == 0)) {
        return false;
    }
    l->text = apr_pstrcat(l->pool, apr_pstrmemdup(l->pool, l->text, len), "://", l->text + len + marks, NULL);
    return true;
}

static bool replace_scheme(look_t *l)
{
    char *mark = strstr(l->text, "://");

    if (!mark || scheme_length(l->text)) {
        return false;
    }
    l->text = apr_pstrcat(l->pool, "http", mark, NULL);
    return true;
}

static bool add_scheme(look_t *l)
{
    if (l->is_lost || scheme_length(l->text)) {
        return false;
    }
    l->text = apr_pstrcat(l->pool, "http://", l->text + strspn(l->text, ":/"), NULL);
    return true;
}

/* ---- PLACE: host and port still in one ---- */

static bool cut_user(look_t *l)
{
    char *at = strrchr(l->host, '@');

    if (at) {
        l->host = at + 1;
    }
    return at != NULL;
}

static bool cut_host_colons(look_t *l)
{
    size_t lead = strspn(l->host, ":");
    bool found = lead > 0;
    size_t len;

    if (*l->host == '[') {
        return false;
    }
    l->host += lead;
    found = collapse(l->host, ':') || found;
    len = strlen(l->host);
    if (len && l->host[len - 1] == ':') {
        l->host[len - 1] = '\0';
        found = true;
    }
    return found;
}

static void split_port(look_t *l)
{
    char *end = *l->host == '[' ? strchr(l->host, ']') : l->host;
    char *colon = end ? strchr(end, ':') : NULL;

    if (colon) {
        *colon = '\0';
        l->port = colon + 1;
    }
}

/* ---- HOST ---- */

static bool is_placeholder(look_t *l)
{
    static const char *const words[] = { "ip", "host", "server", "hostname", "your-ip", "x.x.x.x",
                                         "xxx.xxx.xxx.xxx",
                                         "xx.xx.xx.xx" };
    bool found = l->port && strcasecmp(l->port, "port") == 0;

    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        found = found || strcasecmp(l->host, words[i]) == 0;
    }
    l->is_lost = l->is_lost || found;
    return found;
}

static bool has_no_host(look_t *l)
{
    bool found = !l->is_lost && *l->host == '\0';

    l->is_lost = l->is_lost || found;
    return found;
}

static bool is_v4(const char *host)
{
    int parts = 0;
    int64_t number;

    for (const char *at = host;; at++) {
        char part[4];
        size_t len = strcspn(at, ".");

        if (len == 0 || len >= sizeof(part)) {
            return false;
        }
        memcpy(part, at, len);
        part[len] = '\0';
        if (!fpi_int_parse(&number, part, 0, 255)) {
            return false;
        }
        parts++;
        at += len;
        if (*at == '\0') {
            return parts == 4;
        }
    }
}

static bool is_name(const char *host)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";

    if (host[strspn(host, letters)] || strstr(host, "..") || *host == '.' || *host == '-') {
        return false;
    }
    /* only digits and dots: an address, and then a whole one */
    return host[strspn(host, "0123456789.")] ? true : is_v4(host);
}

static bool has_bad_host(look_t *l)
{
    bool found;

    if (l->is_lost) {
        return false;
    }
    if (*l->host == '[') {
        size_t len = strspn(l->host + 1, "0123456789abcdefABCDEF:.");

        found = len < 2 || strcmp(l->host + 1 + len, "]") != 0;
    }
    else {
        found = !is_name(l->host);
    }
    l->is_lost = found;
    return found;
}

static bool has_bad_port(look_t *l)
{
    int64_t port;
    bool found = !l->is_lost && l->port && !fpi_int_parse(&port, l->port, 1, 65535);

    l->is_lost = l->is_lost || found;
    return found;
}

static bool has_no_port(look_t *l)
{
    return !l->is_lost && !l->port && strcmp(l->scheme, "http") == 0;
}

static bool is_loopback(look_t *l)
{
    return strcasecmp(l->host, "localhost") == 0 || strncmp(l->host, "127.", 4) == 0
           || strcmp(l->host, "[::1]") == 0
           || strcmp(l->host, "0.0.0.0") == 0;
}

static bool is_cloud(look_t *l)
{
    static const char domain[] = "piaozone.com";
    size_t len = strlen(l->host), tail = sizeof(domain) - 1;
    bool found = len >= tail && strcasecmp(l->host + len - tail, domain) == 0
                 && (len == tail || l->host[len - tail - 1] == '.');

    l->is_lost = l->is_lost || found;
    return found;
}

/* ---- PATH ---- */

static bool cut_wsdl(look_t *l)
{
    bool found = has(l->tail, "wsdl");

    l->tail = found ? "" : l->tail;
    return found;
}

static bool cut_tail(look_t *l)
{
    bool found = *l->tail != '\0';

    l->tail = "";
    return found;
}

static bool collapse_slashes(look_t *l)
{
    return collapse(l->path, '/');
}

static bool cut_path_colons(look_t *l)
{
    size_t len;
    bool found = false;

    while (replace(l->path, "/:", "/") || replace(l->path, ":/", "/")) {
        found = true;
    }
    len = strlen(l->path);
    while (len > 1 && l->path[len - 1] == ':') {
        l->path[--len] = '\0';
        found = true;
    }
    /* what stood round a segment of colons */
    collapse(l->path, '/');
    return found;
}

static void set_path(look_t *l, const char *path)
{
    l->path = apr_pstrdup(l->pool, path);
}

static bool leave_login_page(look_t *l)
{
    bool found = has(l->path, "imgsys-web") || has(l->path, "/login") || has(l->path, "applyTrial");

    if (found) {
        set_path(l, l->kind == FPI_ADDRESS_PUSH ? PUSH_PATH : "/api/");
        l->tail = "";
    }
    return found;
}

static bool lower_api(look_t *l)
{
    bool found = is_under(l->path, "/api") && strncmp(l->path, "/api", 4) != 0;

    if (found) {
        memcpy(l->path, "/api", 4);
    }
    return found;
}

static bool cut_second_api(look_t *l)
{
    bool found = false;

    while (is_under(l->path, "/api") && is_under(l->path + 4, "/api")) {
        l->path += 4;
        found = true;
    }
    return found;
}

static bool add_api(look_t *l)
{
    if (is_under(l->path, "/api")) {
        return false;
    }
    set_path(l, "/api/");
    return true;
}

static bool cut_suffix(look_t *l)
{
    bool found = strncmp(l->path, "/api/", 5) == 0 && l->path[5];

    if (found) {
        l->path[5] = '\0';
    }
    return found;
}

static bool add_final_slash(look_t *l)
{
    size_t len = strlen(l->path);

    if (len && l->path[len - 1] == '/') {
        return false;
    }
    l->path = apr_pstrcat(l->pool, l->path, "/", NULL);
    return true;
}

static bool add_push_path(look_t *l)
{
    bool found = strcmp(l->path, "/") == 0 || strcmp(l->path, "/api") == 0 || strcmp(l->path, "/api/") == 0;

    if (found) {
        set_path(l, PUSH_PATH);
    }
    return found;
}

static bool cut_eas_login(look_t *l)
{
    bool found = has(l->path, "/EASLogin");

    if (found) {
        set_path(l, ERP_PATH "/");
    }
    return found;
}

static bool cut_service_name(look_t *l)
{
    size_t len = strlen(ERP_PATH "/");
    bool found = strncasecmp(l->path, ERP_PATH "/", len) == 0 && l->path[len];

    if (found) {
        set_path(l, ERP_PATH "/");
    }
    return found;
}

static bool mend_services(look_t *l)
{
    if (strcmp(l->path, ERP_PATH) == 0 || strcmp(l->path, ERP_PATH "/") == 0) {
        return false;
    }
    set_path(l, ERP_PATH "/");
    return true;
}

/* ---- the table ---- */

static const rule_t rules[] = {
    { TEXT, ALL, is_empty, { "empty", true, "地址为空", "the address is empty" } },
    { TEXT, ALL, cut_quotes, { "quotes", true, "地址带有引号或括号", "quotes or brackets stand round the address" } },
    { TEXT, ALL, cut_blanks, { "blank", true, "地址中有空格或换行 (常由复制带入)",
                               "there are blanks in the address, which often come along when it is pasted" } },
    { TEXT, ALL, narrow_colon, { "full_width_colon", true, "冒号是全角的 (：), 应为半角 (:)",
                                 "a colon is full-width (：); it must be \":\"" } },
    { TEXT, ALL, narrow_others, { "full_width", true, "含有全角字符, 应为半角",
                                  "there are full-width characters; they must be plain ones" } },
    { TEXT, ALL, turn_backslashes, { "backslash", true, "斜杠方向有误: 应为 /", "a backslash stands for a slash" } },
    { TEXT, ALL, mend_scheme, { "bad_scheme", true, "协议部分有误, 应为 http:// 或 https://",
                                "the beginning must be http:// or https://, with one colon and two slashes" } },
    { TEXT, ALL, replace_scheme,
      { "other_scheme", true, "协议应为 http 或 https", "the scheme must be http or https" } },
    { TEXT, ALL, add_scheme, { "no_scheme", true, "缺少协议: 应以 http:// 或 https:// 开头",
                               "the scheme is missing: it must begin with http:// or https://" } },

    { PLACE, ALL, cut_user,
      { "user", true, "地址中不得带用户名或密码", "no user or password may stand in the address" } },
    { PLACE, ALL, cut_host_colons, { "stray_colon", true, "主机或端口旁多了冒号",
                                     "a stray colon stands by the host or port" } },
    { HOST, ALL, is_placeholder, { "placeholder", true, "照抄了示例中的 ip 或 port, 请换成实际的主机和端口",
                                   "it is the example's \"ip\" or \"port\": put the real host and port there" } },
    { HOST, ALL, has_no_host, { "no_host", true, "缺少主机", "the host is missing" } },
    { HOST, ALL, has_bad_host,
      { "bad_host", true, "主机不是有效的名称或 IP 地址", "the host is no valid name or address" } },
    { HOST, ALL, has_bad_port,
      { "bad_port", true, "端口应为 1 到 65535 的数字", "the port must be a number from 1 to 65535" } },
    { HOST, OURS, is_cloud, { "cloud_host", true,
                              "这是发票云公有云的地址, 不是本系统: 请填本系统的地址, 如 http://本机ip:8080/api/",
                              "this is the vendor's public cloud, not this gateway: put the gateway's own address, such as "
                              "http://its-address:8080/api/" } },
    { HOST, OURS, has_no_port, { "no_port", false, "未写端口, 将使用 80; 私有部署默认端口为 8080",
                                 "no port is given, so 80 is used; a private deployment listens on 8080 unless changed" } },
    { HOST, ERP, has_no_port, { "no_port", false, "未写端口, 将使用 80; EAS 常用端口为 6888",
                                "no port is given, so 80 is used; EAS often listens on 6888" } },
    { HOST, ALL, is_loopback, { "loopback", false, "这是本机回环地址, 其他机器无法用它访问",
                                "this is the machine itself: no other machine gets here by it" } },

    { PATH, OURS, leave_login_page, { "login_page", true, "填的是登录页面的地址, 应填接口地址",
                                      "this is the address of the login page, not of the interface" } },
    { PATH, ERP, cut_wsdl, { "wsdl", true, "末尾多了 ?wsdl", "?wsdl stands at the end" } },
    { PATH, ALL, cut_tail, { "query", true, "地址中不得带 ? 或 # 之后的内容", "nothing may follow from ? or # on" } },
    { PATH, ALL, collapse_slashes, { "doubled_slash", true, "有连续的斜杠 //", "there is a doubled slash" } },
    { PATH, ALL, cut_path_colons, { "stray_colon", true, "路径中多了冒号", "a stray colon stands in the path" } },
    { PATH, OURS, lower_api, { "api_case", true, "/api 应为小写", "/api must be in lower case" } },
    { PATH, OURS, cut_second_api, { "api_twice", true, "/api 重复了", "/api is there twice" } },
    { PATH, IMAGING, add_api, { "no_api", true, "缺少 /api/", "/api/ is missing" } },
    { PATH, IMAGING, cut_suffix, { "suffix", true, "只填到 /api/ 为止, 后面的路径由 EAS 自动生成",
                                   "it ends with /api/: EAS makes what follows by itself" } },
    { PATH, PUSH, add_push_path,
      { "no_path", true, "缺少推送接口的路径", "the path of the push interface is missing" } },
    { PATH, ERP, cut_eas_login, { "eas_login", true, "末尾多了 EASLogin, 只填到 /ormrpc/services/ 为止",
                                  "EASLogin stands at the end: it ends with /ormrpc/services/" } },
    { PATH, ERP, cut_service_name, { "service_name", true, "末尾多了服务名, 只填到 /ormrpc/services/ 为止",
                                     "the name of a service stands at the end: it ends with /ormrpc/services/" } },
    { PATH, ERP, mend_services,
      { "no_services", true, "路径应为 /ormrpc/services/", "the path must be /ormrpc/services/" } },
    { PATH, IMAGING | ERP, add_final_slash,
      { "no_final_slash", true, "末尾缺少斜杠", "the slash at the end is missing" } },
};

/* ---- the walk ---- */

static void split(look_t *l)
{
    char *rest = strstr(l->text, "://");
    size_t len;

    l->scheme = rest && strncasecmp(l->text, "https", 5) == 0 ? "https" : "http";
    rest = rest ? rest + 3 : l->text;
    len = strcspn(rest, "/?#");
    l->host = apr_pstrmemdup(l->pool, rest, len);
    rest += len;
    len = strcspn(rest, "?#");
    l->path = len ? apr_pstrmemdup(l->pool, rest, len) : apr_pstrdup(l->pool, "/");
    l->tail = rest + len;
}

static fpi_address_t kind_of(const char *text)
{
    if (has(text, "ormrpc") || has(text, "EASLogin") || has(text, "?wsdl")) {
        return FPI_ADDRESS_ERP;
    }
    return has(text, "/outside/push") ? FPI_ADDRESS_PUSH : FPI_ADDRESS_IMAGING;
}

static void note(fpi_url_report_t *out, const fpi_url_finding_t *finding)
{
    for (int i = 0; i < out->count; i++) {
        if (strcmp(out->findings[i]->code, finding->code) == 0) {
            return;
        }
    }
    if (out->count < FPI_URL_FINDINGS) {
        out->findings[out->count++] = finding;
    }
    out->is_right = out->is_right && !finding->is_wrong;
}

static void walk(fpi_url_report_t *out, look_t *l, stage_t stage)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
        const rule_t *rule = &rules[i];

        if (rule->stage == stage && (rule->kinds & 1u << l->kind) && rule->look(l)) {
            note(out, &rule->finding);
        }
    }
}

void fpi_url_check(fpi_url_report_t *out, const char *text, fpi_address_t kind, apr_pool_t *pool)
{
    look_t l = { .pool = pool, .kind = kind, .text = apr_pstrndup(pool, text, FPI_ADDRESS_MAX) };

    memset(out, 0, sizeof(*out));
    out->is_right = true;
    l.kind = kind ? kind : FPI_ADDRESS_IMAGING; /* the rules of TEXT are for all */
    walk(out, &l, TEXT);
    l.kind = out->kind = kind ? kind : kind_of(l.text);
    if (l.is_lost) {
        return;
    }
    split(&l);
    walk(out, &l, PLACE);
    split_port(&l);
    walk(out, &l, HOST);
    walk(out, &l, PATH);
    if (!l.is_lost) {
        out->right = apr_pstrcat(pool, l.scheme, "://", l.host, l.port ? ":" : "", l.port ? l.port : "",
                                 l.path, NULL);
    }
}

const char *fpi_url_wrongs(const fpi_url_report_t *report, const char *lang, apr_pool_t *pool)
{
    bool is_en = lang && strcmp(lang, "en") == 0;
    const char *out = "";

    for (int i = 0; i < report->count; i++) {
        const fpi_url_finding_t *f = report->findings[i];

        if (f->is_wrong) {
            out = apr_pstrcat(pool, out, *out ? "; " : "", is_en ? f->en : f->zh, NULL);
        }
    }
    return out;
}

/* ---- names ---- */

static const char *const names[] = { "any", "imaging", "erp", "push" };

const char *fpi_address_name(fpi_address_t kind)
{
    return names[kind];
}

bool fpi_address_find(fpi_address_t *kind, const char *name)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (strcmp(names[i], name) == 0) {
            *kind = (fpi_address_t)i;
            return true;
        }
    }
    return false;
}
