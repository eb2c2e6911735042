#include "service/doctor_own.h"

#include "base/clock.h"
#include "service/admin.h"

#include <apr_date.h>
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { STEP_SECONDS = 10, ADDRESSES_MAX = 8, SKEW_WARN_S = 60 };

#define SAY(...) fpi_doctor_say(d, __VA_ARGS__)

/* ---- looking up a name, with a limit ----
 * getaddrinfo() knows none: it runs in a thread, and whoever of the two is last frees what they share. */

typedef struct lookup_t {
    apr_pool_t *pool; /* its own, of no other: it may outlive the examination */
    pthread_mutex_t lock;
    pthread_cond_t done;
    bool is_done, is_left;
    int code;
    struct addrinfo *found;
    char host[256], port[8];
} lookup_t;

static void lookup_free(lookup_t *lookup)
{
    if (lookup->found) {
        freeaddrinfo(lookup->found);
    }
    pthread_cond_destroy(&lookup->done);
    pthread_mutex_destroy(&lookup->lock);
    apr_pool_destroy(lookup->pool);
}

static void *lookup_run(void *data)
{
    struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
    lookup_t *lookup = data;
    struct addrinfo *found = NULL;
    int code = getaddrinfo(lookup->host, lookup->port, &hints, &found);
    bool is_left;

    pthread_mutex_lock(&lookup->lock);
    lookup->code = code;
    lookup->found = code == 0 ? found : NULL;
    lookup->is_done = true;
    is_left = lookup->is_left;
    pthread_cond_signal(&lookup->done);
    pthread_mutex_unlock(&lookup->lock);
    if (is_left) {
        lookup_free(lookup);
    }
    return NULL;
}

static lookup_t *lookup_start(const fpi_url_t *url)
{
    lookup_t *lookup;
    apr_pool_t *pool;
    pthread_condattr_t clock;
    pthread_attr_t detached;
    pthread_t thread;
    bool is_started;

    if (apr_pool_create_unmanaged_ex(&pool, NULL, NULL) != APR_SUCCESS) {
        return NULL;
    }
    lookup = apr_pcalloc(pool, sizeof(*lookup));
    lookup->pool = pool;
    snprintf(lookup->host, sizeof(lookup->host), "%s", url->host);
    snprintf(lookup->port, sizeof(lookup->port), "%d", url->port);
    pthread_mutex_init(&lookup->lock, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&lookup->done, &clock);
    pthread_condattr_destroy(&clock);
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    is_started = pthread_create(&thread, &detached, lookup_run, lookup) == 0;
    pthread_attr_destroy(&detached);
    if (!is_started) {
        lookup_free(lookup);
        return NULL;
    }
    return lookup;
}

/* False when the resolver did not answer in time: the lookup is the thread's then. */
static bool lookup_wait(lookup_t *lookup)
{
    struct timespec until;
    bool is_done;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += STEP_SECONDS;
    pthread_mutex_lock(&lookup->lock);
    while (!lookup->is_done && pthread_cond_timedwait(&lookup->done, &lookup->lock, &until) == 0) {
    }
    is_done = lookup->is_done;
    lookup->is_left = !is_done;
    pthread_mutex_unlock(&lookup->lock);
    return is_done;
}

/* ---- DNS ---- */

typedef struct address_t {
    struct sockaddr_storage sa;
    socklen_t len;
    char text[NI_MAXHOST];
} address_t;

static int copy_addresses(address_t *out, const struct addrinfo *found)
{
    int count = 0;

    for (; found && count < ADDRESSES_MAX; found = found->ai_next) {
        address_t *a = &out[count];

        if (found->ai_addrlen <= sizeof(a->sa)
            && getnameinfo(found->ai_addr, found->ai_addrlen, a->text, sizeof(a->text), NULL, 0,
                           NI_NUMERICHOST) == 0) {
            memcpy(&a->sa, found->ai_addr, found->ai_addrlen);
            a->len = found->ai_addrlen;
            count++;
        }
    }
    return count;
}

static const char *list_addresses(fpi_doctor_t *d, const address_t *addresses, int count)
{
    const char *list = "";

    for (int i = 0; i < count; i++) {
        list = apr_pstrcat(d->task->pool, list, i ? ", " : "", addresses[i].text, NULL);
    }
    return list;
}

static int look_at_dns(fpi_doctor_t *d, const fpi_url_t *url, address_t *addresses)
{
    const char *remedy = SAY("检查 /etc/resolv.conf 与防火墙, 或在 /etc/hosts 中登记 %s",
                             "look at /etc/resolv.conf and the firewall, or put %s into /etc/hosts", url->host);
    lookup_t *lookup = lookup_start(url);
    int count = 0;

    if (!lookup || !lookup_wait(lookup)) {
        fpi_doctor_note(d, "dns", FPI_HEALTH_FAIL,
                        SAY("%s 在 %d 秒内未得到解析", "%s was not resolved within %d s", url->host,
                            STEP_SECONDS), remedy);
        return 0;
    }
    if (lookup->code != 0) {
        fpi_doctor_note(d, "dns", FPI_HEALTH_FAIL,
                        SAY("%s 无法解析: %s", "%s can't be resolved: %s", url->host,
                            gai_strerror(lookup->code)), remedy);
    }
    else {
        count = copy_addresses(addresses, lookup->found);
        fpi_doctor_note(d, "dns", FPI_HEALTH_OK,
                        SAY("%s 为 %s", "%s is %s", url->host, list_addresses(d, addresses, count)), NULL);
    }
    lookup_free(lookup);
    return count;
}

/* ---- TCP ---- */

/* 0, or errno. */
static int connect_to(const address_t *address, int milliseconds)
{
    int fd = socket(address->sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct pollfd wait = { fd, POLLOUT, 0 };
    int error = 0;
    socklen_t len = sizeof(error);

    if (fd < 0) {
        return errno;
    }
    if (connect(fd, (const struct sockaddr *)&address->sa, address->len) != 0) {
        error = errno;
    }
    if (error == EINPROGRESS) {
        error = ETIMEDOUT;
        if (poll(&wait, 1, milliseconds) == 1 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0) {
            error = errno;
        }
    }
    close(fd);
    return error;
}

static bool look_at_tcp(fpi_doctor_t *d, const fpi_url_t *url, const address_t *addresses, int count)
{
    apr_time_t end = fpi_clock_tick() + apr_time_from_sec(STEP_SECONDS);
    int error = ETIMEDOUT;
    int i;

    for (i = 0; i < count && error; i++) {
        apr_time_t left = (end - fpi_clock_tick()) / (count - i) / 1000;

        error = connect_to(&addresses[i], left > 0 ? (int)left : 1);
    }
    if (!error) {
        fpi_doctor_note(d, "tcp", FPI_HEALTH_OK,
                        SAY("%s 端口 %d 可连接", "%s port %d takes connections", addresses[i - 1].text,
                            url->port), NULL);
        return true;
    }
    fpi_doctor_note(d, "tcp", FPI_HEALTH_FAIL,
                    SAY("%s 端口 %d 无法连接: %s", "%s port %d can't be reached: %s", url->host, url->port,
                        strerror(error)),
                    SAY("请在防火墙放通到 %s 端口 %d 的出站访问", "allow outbound connections to %s port %d in the firewall",
                        url->host, url->port));
    return false;
}

/* ---- TLS and HTTP, and the clock by it ---- */

static void look_at_clock(fpi_doctor_t *d, const fpi_http_exchange_t *ex, apr_time_t now)
{
    const char *date = ex->reply_headers ? apr_table_get(ex->reply_headers, "Date") : NULL;
    apr_time_t theirs = date ? apr_date_parse_http(date) : 0;
    long skew = (long)apr_time_sec(now - theirs);

    if (!theirs) {
        fpi_doctor_note(d, "clock", FPI_HEALTH_WARN,
                        SAY("上游的应答没有日期, 无法核对时钟", "the upstream's answer has no date to compare with"),
                        SAY("确认本机启用了时间同步 (chrony 或 ntpd)",
                            "make sure that this machine keeps time (chrony or ntpd)"));
    }
    else if (labs(skew) > SKEW_WARN_S) {
        fpi_doctor_note(d, "clock", FPI_HEALTH_WARN,
                        SAY("本机时钟比发票云%s %ld 秒%.0s", "our clock is %.0s%ld s %s the cloud's",
                            skew > 0 ? "快" : "慢",
                            labs(skew), skew > 0 ? "ahead of" : "behind"),
                        SAY("启用时间同步 (chrony 或 ntpd)", "turn on time synchronisation (chrony or ntpd)"));
    }
    else {
        fpi_doctor_note(d, "clock", FPI_HEALTH_OK,
                        SAY("与发票云相差 %ld 秒", "%ld s off the cloud's", labs(skew)), NULL);
    }
}

/* The token path, asked by a method it does not take: every gateway answers something. */
static bool look_at_http(fpi_doctor_t *d, const fpi_url_t *url)
{
    fpi_http_exchange_t ex = { .method = "GET", .reply_max = 1024 * 1024 };
    apr_time_t deadline = d->task->deadline;
    const char *name = strcmp(url->scheme, "https") == 0 ? "tls" : "http";
    fpi_err_t *err;

    ex.url = apr_pstrcat(d->task->pool, fpi_cloud_base(d->app->cloud), "/base/oauth/token", NULL);
    fpi_task_limit(d->task, apr_time_from_sec(STEP_SECONDS));
    err = fpi_http_perform(fpi_cloud_client(d->app->cloud), &ex, d->task);
    d->task->deadline = deadline;
    if (err && ex.status == 0) {
        fpi_doctor_note(d, name, FPI_HEALTH_FAIL, fpi_doctor_why(d, err),
                        SAY("证书问题: 设置 FPImageUpstreamCA 或更新系统根证书; 否则检查中间的代理",
                            "if it is the certificate: set FPImageUpstreamCA, or update the system's trust anchors; else "
                            "look for a proxy in between"));
        return false;
    }
    fpi_doctor_note(d, name, FPI_HEALTH_OK,
                    SAY("%s 应答 HTTP %d", "%s answers HTTP %d", fpi_cloud_base(d->app->cloud),
                        ex.status), NULL);
    look_at_clock(d, &ex, fpi_clock_now());
    return true;
}

/* ---- tokens ---- */

static void look_at_token(fpi_doctor_t *d, const fpi_enterprise_t *e)
{
    apr_time_t deadline = d->task->deadline;
    fpi_err_t *err;

    fpi_task_limit(d->task, apr_time_from_sec(15));
    err = fpi_cloud_check(d->app->cloud, e, d->task);
    d->task->deadline = deadline;
    if (!err) {
        fpi_doctor_note(d, "token", FPI_HEALTH_OK, SAY("%s: 发票云已发放", "%s: the cloud gives one", e->client_id),
                        NULL);
        return;
    }
    fpi_doctor_note(d, "token", FPI_HEALTH_FAIL,
                    SAY("%s: %s", "%s: %s", e->client_id, fpi_doctor_why(d, err)),
                    SAY("核对 client_id 与 secret (不含空格, 正式与测试环境一致), 再 enterprise add 与 check",
                        "compare client_id and secret (no blanks, production or demo as the upstream is), then "
                        "enterprise add and check"));
}

static void look_at_tokens(fpi_doctor_t *d)
{
    fpi_enterprises_t all;
    int asked = 0, left = 0;
    fpi_err_t *err = fpi_admin_enterprises(&all, d->app, d->task);

    for (int i = 0; !err && i < all.count; i++) {
        if (!all.items[i]->is_enabled) {
            continue;
        }
        if (asked == d->options->tokens || fpi_task_is_over(d->task)) {
            left++;
            continue;
        }
        asked++;
        look_at_token(d, all.items[i]);
    }
    if (left) {
        fpi_doctor_note(d, "token", FPI_HEALTH_OK,
                        SAY("另有 %d 个未逐一检查", "%d more were not asked for", left),
                        SAY("fpimagectl enterprise check 检查全部", "fpimagectl enterprise check asks for all"));
    }
}

void fpi_doctor_look_at_cloud(fpi_doctor_t *d)
{
    address_t addresses[ADDRESSES_MAX];
    fpi_url_t url;
    fpi_err_t *err = fpi_url_parse(&url, fpi_cloud_base(d->app->cloud), d->task);
    int count;

    if (err) {
        fpi_doctor_note(d, "dns", FPI_HEALTH_FAIL, fpi_doctor_why(d, err),
                        SAY("更正 FPImageUpstream", "correct FPImageUpstream"));
        return;
    }
    count = look_at_dns(d, &url, addresses);
    if (count && look_at_tcp(d, &url, addresses, count) && look_at_http(d, &url) && d->app->store) {
        look_at_tokens(d);
    }
}
