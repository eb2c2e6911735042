/* URLs and addresses: what is taken for one, and which addresses are private, of a link, our own. */
#include "unit.h"
#include "wire/http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

START_TEST(test_url)
{
    static const struct {
        const char *text, *scheme, *host;
        int port;
        const char *path, *query;
    } cases[] = {
        { "http://a", "http", "a", 80, "/", NULL },
        { "HTTPS://Api.Example.COM:8443/test/?a=b?c#frag", "https", "api.example.com", 8443,
          "/test/", "a=b?c" },
        { "https://a?q", "https", "a", 443, "/", "q" },
        { "https://a#f", "https", "a", 443, "/", NULL },
        { "http://[::1]:8080/x", "http", "::1", 8080, "/x", NULL },
        { "http://[2001:DB8::1]", "http", "2001:db8::1", 80, "/", NULL },
        { "http://a/?", "http", "a", 80, "/", "" },
        { "http://a/@b:c", "http", "a", 80, "/@b:c", NULL },
        { "http://a/\xE5\x8F\x91.pdf", "http", "a", 80, "/\xE5\x8F\x91.pdf", NULL },
        { "", NULL, NULL, 0, NULL, NULL },
        { "/path", NULL, NULL, 0, NULL, NULL },
        { "//a/b", NULL, NULL, 0, NULL, NULL },
        { "ftp://a", NULL, NULL, 0, NULL, NULL },
        { "http:/a", NULL, NULL, 0, NULL, NULL },
        { "http://", NULL, NULL, 0, NULL, NULL },
        { "http:///x", NULL, NULL, 0, NULL, NULL },
        { "http://u@a/", NULL, NULL, 0, NULL, NULL },
        { "http://u:p@a/", NULL, NULL, 0, NULL, NULL },
        { "http://a:/", NULL, NULL, 0, NULL, NULL },
        { "http://a:0/", NULL, NULL, 0, NULL, NULL },
        { "http://a:65536/", NULL, NULL, 0, NULL, NULL },
        { "http://a:-1/", NULL, NULL, 0, NULL, NULL },
        { "http://a:80:81/", NULL, NULL, 0, NULL, NULL },
        { "http://a\\b/", NULL, NULL, 0, NULL, NULL },
        { "http://a/ b", NULL, NULL, 0, NULL, NULL },
        { "http://a/\tb", NULL, NULL, 0, NULL, NULL },
        { "http://a%00b/", NULL, NULL, 0, NULL, NULL },
        { "http://a/\xFF", NULL, NULL, 0, NULL, NULL },
        { "http://\xE5\x8F\x91.cn/", NULL, NULL, 0, NULL, NULL },
        { "http://[::1/", NULL, NULL, 0, NULL, NULL },
        { "http://[::1]x/", NULL, NULL, 0, NULL, NULL },
        { "http://[fe80::1%25eth0]/", NULL, NULL, 0, NULL, NULL },
    };
    fpi_url_t u;
    fpi_err_t *err = fpi_url_parse(&u, cases[_i].text, task);

    if (!cases[_i].scheme) {
        unit_failed(err, FPI_E_FIELD);
        return;
    }
    unit_done(err);
    ck_assert_str_eq(u.scheme, cases[_i].scheme);
    ck_assert_str_eq(u.host, cases[_i].host);
    ck_assert_int_eq(u.port, cases[_i].port);
    ck_assert_str_eq(u.path, cases[_i].path);
    ck_assert_pstr_eq(u.query, cases[_i].query);
}
END_TEST

START_TEST(test_address)
{
    static const struct {
        const char *text;
        bool is_private;
    } cases[] = {
        { "0.0.0.0", true }, { "10.1.2.3", true }, { "100.64.0.1", true }, { "100.128.0.1", false },
        { "127.0.0.1", true }, { "127.255.255.255", true }, { "128.0.0.1", false },
        { "169.254.169.254", true }, { "172.15.255.255", false }, { "172.16.0.1", true },
        { "172.31.255.255", true }, { "172.32.0.1", false }, { "192.168.1.1", true },
        { "192.167.255.255", false }, { "198.18.0.1", true }, { "198.20.0.1", false },
        { "224.0.0.1", true }, { "255.255.255.255", true }, { "8.8.8.8", false },
        { "223.5.5.5", false }, { "203.0.113.9", true }, { "192.0.2.1", true },
        { "::", true }, { "::1", true }, { "::ffff:127.0.0.1", true }, { "::ffff:8.8.8.8", false },
        { "::127.0.0.1", true }, { "64:ff9b::7f00:1", true }, { "64:ff9b::808:808", false },
        { "64:ff9b:1::1", true }, { "fe80::1", true }, { "fc00::1", true }, { "fd12::1", true },
        { "fec0::1", true }, { "ff02::1", true }, { "2001:db8::1", true }, { "2001::1", true },
        { "2002:7f00:1::", true }, { "2002:808:808::", false }, { "2400:3200::1", false },
        { "2001:4860:4860::8888", false }, { "100::1", true }, { "3fff:1::1", true },
    };
    struct sockaddr_in v4 = { .sin_family = AF_INET };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
    struct sockaddr *address = (struct sockaddr *)&v4;

    if (inet_pton(AF_INET, cases[_i].text, &v4.sin_addr) != 1) {
        ck_assert_int_eq(inet_pton(AF_INET6, cases[_i].text, &v6.sin6_addr), 1);
        address = (struct sockaddr *)&v6;
    }
    ck_assert_msg(fpi_address_is_private(address) == cases[_i].is_private, "%s", cases[_i].text);
}
END_TEST

/* What no service of a private network has, either. */
START_TEST(test_link_address)
{
    static const struct {
        const char *text;
        bool is_link;
    } cases[] = {
        { "0.0.0.0", true }, { "0.1.2.3", true }, { "169.254.169.254", true }, { "169.253.1.1", false }, { "224.0.0.1", true },
        { "255.255.255.255", true }, { "10.1.2.3", false }, { "127.0.0.1", false }, { "192.168.1.1", false },
        { "fe80::1", true }, { "febf::1", true }, { "fec0::1", false }, { "ff02::1", true }, { "::1", false },
        { "fd12::1", false }, { "::ffff:169.254.169.254", true }, { "::ffff:10.0.0.1", false },
    };

    for (int i = 0; i < UNIT_COUNT(cases); i++) {
        struct sockaddr_in v4 = { .sin_family = AF_INET };
        struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
        bool is_v4 = inet_pton(AF_INET, cases[i].text, &v4.sin_addr) == 1;

        ck_assert(is_v4 || inet_pton(AF_INET6, cases[i].text, &v6.sin6_addr) == 1);
        ck_assert_msg(fpi_address_is_link(is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6) == cases[i].is_link, "%s",
                      cases[i].text);
    }
}
END_TEST

START_TEST(test_own_address)
{
    static const struct {
        const char *text;
        bool is_own;
    } cases[] = {
        { "127.0.0.1", true }, { "127.9.9.9", true }, { "0.0.0.0", true }, { "10.1.2.3", false }, { "169.254.169.254", false },
        { "192.168.1.1", false }, { "8.8.8.8", false }, { "::1", true }, { "::", true }, { "::127.0.0.1", true },
        { "::ffff:127.0.0.1", true }, { "::ffff:10.0.0.1", false }, { "fd12::1", false }, { "fe80::1", false },
    };

    for (int i = 0; i < UNIT_COUNT(cases); i++) {
        struct sockaddr_in v4 = { .sin_family = AF_INET };
        struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
        bool is_v4 = inet_pton(AF_INET, cases[i].text, &v4.sin_addr) == 1;

        ck_assert(is_v4 || inet_pton(AF_INET6, cases[i].text, &v6.sin6_addr) == 1);
        ck_assert_msg(fpi_address_is_own(is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6) == cases[i].is_own, "%s",
                      cases[i].text);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("http_url");
    TCase *tc = unit_case(suite, "urls");

    fpi_http_setup();
    tcase_add_loop_test(tc, test_url, 0, 32);
    tcase_add_loop_test(tc, test_address, 0, 43);
    tcase_add_test(tc, test_link_address);
    tcase_add_test(tc, test_own_address);
    return unit_run(suite);
}
