#include "wire/mdns.h"

#include "base/clock.h"
#include "base/text.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <resolv.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PACKET = 9000, FACTS = 40, ASKED_TIMES = 3, UNICAST_CLASS = 0x8001, CLASS_MASK = 0x7FFF, WAIT_MOST_MS = 100 };

typedef struct record_t {
    int type;                    /* ns_t_ptr, ns_t_srv, ns_t_txt, ns_t_a, ns_t_aaaa */
    const char *name;            /* whose it is, as resolv writes names */
    const char *target;          /* PTR: the service; SRV: the host; A, AAAA: the address */
    const char *from;            /* SRV: who said so */
    int port;                    /* SRV */
    apr_table_t *facts;          /* TXT */
} record_t;

struct fpi_mdns_t {
    apr_pool_t *pool;
    const char *const *types;
    apr_array_header_t *records; /* record_t */
};

fpi_mdns_t *fpi_mdns_make(const char *const *types, fpi_task_t *task)
{
    fpi_mdns_t *mdns = apr_pcalloc(task->pool, sizeof(*mdns));

    mdns->pool = task->pool;
    mdns->types = types;
    mdns->records = apr_array_make(task->pool, 32, sizeof(record_t));
    return mdns;
}

/* ---- taking an answer ---- */

static const char *take_name(const fpi_mdns_t *mdns, const ns_msg *message, const unsigned char *at)
{
    char name[NS_MAXDNAME];

    return ns_name_uncompress(ns_msg_base(*message), ns_msg_end(*message), at, name, sizeof(name)) < 0
               ? NULL : apr_pstrdup(mdns->pool, name);
}

/* "key=value" strings, each behind its length. */
static apr_table_t *take_facts(const fpi_mdns_t *mdns, const unsigned char *data, size_t len)
{
    apr_table_t *facts = apr_table_make(mdns->pool, 8);

    for (size_t at = 0; at < len && apr_table_elts(facts)->nelts < FACTS;) {
        size_t size = data[at++];
        const char *text, *equals;

        if (size > len - at) {
            break;
        }
        text = apr_pstrmemdup(mdns->pool, (const char *)data + at, size);
        equals = strchr(text, '=');
        if (equals && equals > text && fpi_utf8_is_valid(text, strlen(text))) {
            apr_table_set(facts, apr_pstrmemdup(mdns->pool, text, (size_t)(equals - text)), equals + 1);
        }
        at += size;
    }
    return facts;
}

/* False: not of a kind, or not of a shape, that is wanted. */
static bool take_data(record_t *record, const fpi_mdns_t *mdns, const ns_msg *message, const ns_rr *rr)
{
    const unsigned char *data = ns_rr_rdata(*rr);
    char text[INET6_ADDRSTRLEN];
    size_t len = ns_rr_rdlen(*rr);

    switch (record->type) {
    case ns_t_ptr:
        record->target = take_name(mdns, message, data);
        return record->target != NULL;
    case ns_t_srv:
        record->port = len > 6 ? data[4] << 8 | data[5] : 0;
        record->target = record->port ? take_name(mdns, message, data + 6) : NULL;
        return record->target != NULL;
    case ns_t_txt:
        record->facts = take_facts(mdns, data, len);
        return true;
    case ns_t_a:
    case ns_t_aaaa:
        if (len != (record->type == ns_t_a ? 4 : 16)
            || !inet_ntop(record->type == ns_t_a ? AF_INET : AF_INET6, data, text, sizeof(text))) {
            return false;
        }
        record->target = apr_pstrdup(mdns->pool, text);
        return true;
    default:
        return false;
    }
}

static void take_section(fpi_mdns_t *mdns, ns_msg *message, ns_sect section, const char *from)
{
    for (int i = 0; i < ns_msg_count(*message, section) && mdns->records->nelts < FPI_MDNS_RECORDS; i++) {
        record_t record = { .from = from };
        ns_rr rr;

        if (ns_parserr(message, section, i, &rr) < 0) {
            return;
        }
        record.type = ns_rr_type(rr);
        record.name = apr_pstrdup(mdns->pool, ns_rr_name(rr));
        if ((ns_rr_class(rr) & CLASS_MASK) == ns_c_in && take_data(&record, mdns, message, &rr)) {
            APR_ARRAY_PUSH(mdns->records, record_t) = record;
        }
    }
}

bool fpi_mdns_take(fpi_mdns_t *mdns, const void *packet, size_t len, const char *from)
{
    ns_msg message;

    if (len > PACKET || ns_initparse(packet, (int)len, &message) < 0 || !ns_msg_getflag(message, ns_f_qr)) {
        return false;
    }
    take_section(mdns, &message, ns_s_an, from);
    take_section(mdns, &message, ns_s_ar, from);
    return true;
}

/* ---- joining ---- */

static const record_t *find(const fpi_mdns_t *mdns, int type, const char *name)
{
    for (int i = 0; i < mdns->records->nelts; i++) {
        const record_t *record = &APR_ARRAY_IDX(mdns->records, i, record_t);

        if (record->type == type && strcasecmp(record->name, name) == 0) {
            return record;
        }
    }
    return NULL;
}

static const char *type_of(const fpi_mdns_t *mdns, const record_t *ptr)
{
    for (const char *const *type = mdns->types; *type; type++) {
        size_t len = strlen(*type);

        if (strncasecmp(ptr->name, *type, len) == 0 && strcasecmp(ptr->name + len, ".local") == 0) {
            return *type;
        }
    }
    return NULL;
}

/* The first label, with resolv's \DDD and \c taken back. */
static const char *label_of(const char *name, apr_pool_t *pool)
{
    char *out = apr_pstrdup(pool, name), *to = out;

    for (const char *at = name; *at && *at != '.'; at++) {
        if (*at == '\\' && apr_isdigit(at[1]) && apr_isdigit(at[2]) && apr_isdigit(at[3])) {
            *to++ = (char)((at[1] - '0') * 100 + (at[2] - '0') * 10 + (at[3] - '0'));
            at += 3;
        }
        else {
            at += *at == '\\' && at[1];
            *to++ = *at;
        }
    }
    *to = '\0';
    for (char *c = out; *c; c++) {
        *c = (unsigned char)*c < ' ' || *c == 0x7F ? ' ' : *c;
    }
    return fpi_utf8_is_valid(out, strlen(out)) ? fpi_text_trim(pool, out) : "";
}

static bool is_there(const fpi_mdns_service_t *all, int count, const fpi_mdns_service_t *one)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(all[i].type, one->type) == 0 && strcmp(all[i].name, one->name) == 0) {
            return true;
        }
    }
    return false;
}

static bool join(fpi_mdns_service_t *out, const fpi_mdns_t *mdns, const record_t *ptr, fpi_task_t *task)
{
    const record_t *srv, *host, *txt;

    out->type = ptr->type == ns_t_ptr ? type_of(mdns, ptr) : NULL;
    srv = out->type ? find(mdns, ns_t_srv, ptr->target) : NULL;
    if (!srv) {
        return false;
    }
    host = find(mdns, ns_t_a, srv->target);
    txt = find(mdns, ns_t_txt, ptr->target);
    out->name = label_of(ptr->target, task->pool);
    out->address = host ? host->target : srv->from;
    out->port = srv->port;
    out->facts = txt ? txt->facts : apr_table_make(task->pool, 1);
    return *out->name != '\0';
}

void fpi_mdns_join(fpi_mdns_service_t **out, int *count, const fpi_mdns_t *mdns, fpi_task_t *task)
{
    *out = apr_pcalloc(task->pool, sizeof(**out) * FPI_MDNS_SERVICES);
    *count = 0;
    for (int i = 0; i < mdns->records->nelts && *count < FPI_MDNS_SERVICES; i++) {
        fpi_mdns_service_t one;

        if (join(&one, mdns, &APR_ARRAY_IDX(mdns->records, i, record_t), task) && !is_there(*out, *count, &one)) {
            (*out)[(*count)++] = one;
        }
    }
}

/* ---- asking ---- */

static bool put_name(fpi_buf_t *buf, const char *name)
{
    while (*name) {
        size_t len = strcspn(name, ".");
        char size = (char)len;

        if (!fpi_buf_put(buf, &size, 1) || !fpi_buf_put(buf, name, len)) {
            return false;
        }
        name += len + (name[len] == '.');
    }
    return fpi_buf_put(buf, "", 1);
}

static fpi_buf_t *make_question(const char *const *types, fpi_task_t *task)
{
    fpi_buf_t *buf = fpi_buf_make(task->pool, 512);
    unsigned char head[12] = { 0 }, tail[4] = { 0, ns_t_ptr, UNICAST_CLASS >> 8, UNICAST_CLASS & 0xFF };
    bool fits;

    while (types[head[5]]) {
        head[5]++;
    }
    fits = fpi_buf_put(buf, head, sizeof(head));
    for (; fits && *types; types++) {
        fits = put_name(buf, apr_pstrcat(task->pool, *types, ".local", NULL)) && fpi_buf_put(buf, tail, sizeof(tail));
    }
    return fits ? buf : NULL;
}

static bool send_to(int fd, const fpi_buf_t *question, const struct sockaddr_in *to)
{
    return sendto(fd, question->data, question->len, 0, (const struct sockaddr *)to, sizeof(*to)) == (ssize_t)question->len;
}

/* Out of every interface that can. */
static bool send_everywhere(int fd, const fpi_buf_t *question, const struct sockaddr_in *to)
{
    struct ifaddrs *all;
    bool is_sent = false;

    if (!IN_MULTICAST(ntohl(to->sin_addr.s_addr))) {
        return send_to(fd, question, to);
    }
    if (getifaddrs(&all) != 0) {
        return false;
    }
    for (const struct ifaddrs *at = all; at; at = at->ifa_next) {
        struct sockaddr_in own;

        if (at->ifa_addr && at->ifa_addr->sa_family == AF_INET && at->ifa_flags & IFF_UP && at->ifa_flags & IFF_MULTICAST) {
            memcpy(&own, at->ifa_addr, sizeof(own));
            is_sent = (setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &own.sin_addr, sizeof(own.sin_addr)) == 0
                       && send_to(fd, question, to))
                      || is_sent;
        }
    }
    freeifaddrs(all);
    return is_sent;
}

static void receive(fpi_mdns_t *mdns, int fd, int *packets)
{
    unsigned char packet[PACKET];
    struct sockaddr_in from;
    socklen_t size = sizeof(from);
    char text[INET6_ADDRSTRLEN];
    ssize_t len = recvfrom(fd, packet, sizeof(packet), MSG_DONTWAIT, (struct sockaddr *)&from, &size);

    if (len > 0 && from.sin_family == AF_INET && inet_ntop(AF_INET, &from.sin_addr, text, sizeof(text))) {
        (*packets)++;
        fpi_mdns_take(mdns, packet, (size_t)len, apr_pstrdup(mdns->pool, text));
    }
}

/* The question goes out a few times, as packets get lost. */
static fpi_err_t *converse(fpi_mdns_t *mdns, int fd, const struct sockaddr_in *to, apr_interval_time_t span, fpi_task_t *task)
{
    const fpi_buf_t *question = make_question(mdns->types, task);
    apr_time_t begun = fpi_clock_tick();
    int asked = 0, packets = 0;

    while (question && fpi_clock_tick() - begun < span && packets < FPI_MDNS_PACKETS && !fpi_task_is_over(task)) {
        struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

        if (fpi_clock_tick() - begun >= asked * span / (ASKED_TIMES + 1) && asked < ASKED_TIMES) {
            asked++;
            if (!send_everywhere(fd, question, to)) {
                return fpi_fail(task, FPI_E_CONFIG, "a question by multicast DNS can't be sent: %s", strerror(errno));
            }
        }
        if (poll(&poll_fd, 1, WAIT_MOST_MS) > 0) {
            receive(mdns, fd, &packets);
        }
    }
    return NULL;
}

fpi_err_t *fpi_mdns_find(fpi_mdns_service_t **out, int *count, const char *const *types, const char *address, int port,
                         apr_interval_time_t span, fpi_task_t *task)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    fpi_mdns_t *mdns = fpi_mdns_make(types, task);
    unsigned char ttl = 255; /* RFC 6762, 11 */
    fpi_err_t *err;
    int fd;

    if (inet_pton(AF_INET, address, &to.sin_addr) != 1) {
        return fpi_fail(task, FPI_E_CONFIG, "%.100s is no address to be asked by multicast DNS", address);
    }
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return fpi_fail(task, FPI_E_CONFIG, "a socket for multicast DNS can't be made: %s", strerror(errno));
    }
    setsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &ttl, sizeof(ttl));
    err = converse(mdns, fd, &to, span, task);
    close(fd);
    fpi_mdns_join(out, count, mdns, task);
    return err;
}
