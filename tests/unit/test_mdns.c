/* Answers of multicast DNS as they lie in a packet, and what is made of them. Asking is tests/httpd/test_550_scanners.py. */
#include "unit.h"
#include "wire/mdns.h"

#include "base/text.h"

#include <apr_strings.h>

static const char *const types[] = { "_uscan._tcp", "_uscans._tcp", NULL };

/* ---- packets ---- */

static void put(fpi_buf_t *buf, const char *bytes, size_t len)
{
    ck_assert(fpi_buf_put(buf, bytes, len));
}

static void put_number(fpi_buf_t *buf, int number)
{
    const char bytes[2] = { (char)(number >> 8), (char)number };

    put(buf, bytes, 2);
}

/* "|" between labels, so that a label may hold dots. */
static void put_name(fpi_buf_t *buf, const char *name)
{
    while (*name) {
        size_t len = strcspn(name, "|");
        char size = (char)len;

        put(buf, &size, 1);
        put(buf, name, len);
        name += len + (name[len] == '|');
    }
    put(buf, "", 1);
}

static void put_record(fpi_buf_t *buf, const char *name, int type, const char *data, size_t len)
{
    put_name(buf, name);
    put_number(buf, type);
    put_number(buf, 0x8001); /* "flush the cache" is set as a rule */
    put(buf, "\0\0\0\x78", 4);
    put_number(buf, (int)len);
    put(buf, data, len);
}

static fpi_buf_t *begin(int answers)
{
    fpi_buf_t *buf = fpi_buf_make(task->pool, 4000);

    put(buf, "\0\0\x84\0\0\0", 6);
    put_number(buf, answers);
    put(buf, "\0\0\0\0", 4);
    return buf;
}

static fpi_buf_t *name_of(const char *name)
{
    fpi_buf_t *buf = fpi_buf_make(task->pool, 300);

    put_name(buf, name);
    return buf;
}

static fpi_buf_t *service(const char *name, const char *type, int port, const char *facts, size_t facts_len)
{
    const char *own = apr_pstrcat(task->pool, name, "|", type, "|_tcp|local", NULL);
    fpi_buf_t *buf = begin(4), *target = name_of(own), *host = name_of("host|local"), *srv = fpi_buf_make(task->pool, 300);

    put_number(srv, 0);
    put_number(srv, 0);
    put_number(srv, port);
    put(srv, host->data, host->len);
    put_record(buf, apr_pstrcat(task->pool, type, "|_tcp|local", NULL), 12, target->data, target->len);
    put_record(buf, own, 33, srv->data, srv->len);
    put_record(buf, own, 16, facts, facts_len);
    put_record(buf, "HOST|local", 1, "\x0a\0\0\x07", 4);
    return buf;
}

#define FACTS "\x07rs=eSCL\x05ty=HP\x03odd\x04=odd"

START_TEST(a_service_is_joined_of_its_records)
{
    fpi_mdns_t *mdns = fpi_mdns_make(types, task);
    fpi_buf_t *packet = service("HP Scan.Jet \xe4\xb8\x80", "_uscan", 8080, FACTS, sizeof(FACTS) - 1);
    fpi_mdns_service_t *all;
    int count;

    ck_assert(fpi_mdns_take(mdns, packet->data, packet->len, "10.0.0.9"));
    ck_assert(fpi_mdns_take(mdns, packet->data, packet->len, "10.0.0.9"));
    fpi_mdns_join(&all, &count, mdns, task);
    ck_assert_int_eq(count, 1);
    ck_assert_str_eq(all[0].name, "HP Scan.Jet \xe4\xb8\x80");
    ck_assert_str_eq(all[0].type, "_uscan._tcp");
    ck_assert_str_eq(all[0].address, "10.0.0.7");
    ck_assert_int_eq(all[0].port, 8080);
    ck_assert_str_eq(apr_table_get(all[0].facts, "rs"), "eSCL");
    ck_assert_str_eq(apr_table_get(all[0].facts, "TY"), "HP");
    ck_assert_int_eq(apr_table_elts(all[0].facts)->nelts, 2);
}
END_TEST

START_TEST(what_is_not_asked_for_is_passed_over)
{
    fpi_mdns_t *mdns = fpi_mdns_make(types, task);
    fpi_buf_t *printer = service("P", "_ipp", 631, "", 0), *closed = service("Q", "_uscan", 0, "", 0);
    fpi_mdns_service_t *all;
    int count;

    ck_assert(fpi_mdns_take(mdns, printer->data, printer->len, "10.0.0.9"));
    ck_assert(fpi_mdns_take(mdns, closed->data, closed->len, "10.0.0.9"));
    fpi_mdns_join(&all, &count, mdns, task);
    ck_assert_int_eq(count, 0);
}
END_TEST

/* Every beginning of a good packet, and every one with a byte turned over: nothing is read that is not there. */
START_TEST(what_is_broken_is_passed_over)
{
    fpi_buf_t *packet = service("HP", "_uscan", 80, FACTS, sizeof(FACTS) - 1);
    fpi_mdns_service_t *all;
    int count;

    for (size_t i = 0; i < packet->len; i++) {
        fpi_mdns_t *mdns = fpi_mdns_make(types, task);
        char *bytes = apr_pmemdup(task->pool, packet->data, packet->len);

        fpi_mdns_take(mdns, bytes, i, "10.0.0.9");
        bytes[i] = (char)~bytes[i];
        fpi_mdns_take(mdns, bytes, packet->len, "10.0.0.9");
        fpi_mdns_join(&all, &count, mdns, task);
        ck_assert_int_le(count, 2);
    }
    ck_assert(!fpi_mdns_take(fpi_mdns_make(types, task), "\0\0\0\0\0\0\0\0\0\0\0\0", 12, "10.0.0.9")); /* a question */
}
END_TEST

START_TEST(no_more_than_the_limits)
{
    fpi_mdns_t *mdns = fpi_mdns_make(types, task);
    fpi_mdns_service_t *all;
    int count;

    for (int i = 0; i < 2 * FPI_MDNS_RECORDS; i++) {
        fpi_buf_t *packet = service(apr_psprintf(task->pool, "S%d", i), "_uscan", 80, "", 0);

        ck_assert(fpi_mdns_take(mdns, packet->data, packet->len, "10.0.0.9"));
    }
    fpi_mdns_join(&all, &count, mdns, task);
    ck_assert_int_eq(count, FPI_MDNS_SERVICES);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mdns");
    TCase *all = unit_case(suite, "all");

    tcase_add_test(all, a_service_is_joined_of_its_records);
    tcase_add_test(all, what_is_not_asked_for_is_passed_over);
    tcase_add_test(all, what_is_broken_is_passed_over);
    tcase_add_test(all, no_more_than_the_limits);
    return unit_run(suite);
}
