/* Each directive with good and bad words, defaults, merging, and the reading of a whole httpd
 * configuration. */
#include "unit.h"
#include "service/settings.h"

#include <apr_file_io.h>
#include <apr_strings.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- words ---- */

typedef struct said_t {
    fpi_setting_t row;
    const char *line;
    const char *shows; /* what fpi_setting_format gives; NULL: refused */
    const char *tells; /* of a refusal: what the sentence must name; NULL: the line */
} said_t;

static bool knows(const char *name)
{
    return strcmp(name, "bill_push") == 0 || strcmp(name, "push") == 0;
}

static const said_t said[] = {
    { FPI_SET_FPImageEngine, "On", "On", NULL },
    { FPI_SET_FPImageEngine, "off", "Off", NULL },
    { FPI_SET_FPImageEngine, "\"oN\"", "On", NULL },
    { FPI_SET_FPImageEngine, "yes", NULL, NULL },
    { FPI_SET_FPImageEngine, "", NULL, "On|Off" },
    { FPI_SET_FPImageEngine, "On Off", NULL, NULL },
    { FPI_SET_FPImageEngine, "\"On", NULL, "closing quote" },

    { FPI_SET_FPImageDataDir, "/srv/fpimage", "/srv/fpimage", NULL },
    { FPI_SET_FPImageDataDir, "\"/srv/with blank//\"", "/srv/with blank", NULL },
    { FPI_SET_FPImageDataDir, "/", "/", NULL },
    { FPI_SET_FPImageDataDir, "srv/fpimage", NULL, "absolute" },
    { FPI_SET_FPImageDataDir, "\"\"", NULL, "path" },

    { FPI_SET_FPImageDatabase, "sqlite:/srv/f.db", "sqlite:/srv/f.db", NULL },
    { FPI_SET_FPImageDatabase, "SQLite:/srv/f.db", "sqlite:/srv/f.db", NULL },
    { FPI_SET_FPImageDatabase, "sqlite:f.db", NULL, NULL },
    { FPI_SET_FPImageDatabase, "/srv/f.db", NULL, "sqlite:/absolute/path" },
    { FPI_SET_FPImageDatabase, "postgresql://u:hush@db/f", NULL, "sqlite:/absolute/path" },
    { FPI_SET_FPImageDatabase, "mysql:x", NULL, NULL },

    { FPI_SET_FPImageBlobStore, "file:/srv/blobs/", "file:/srv/blobs", NULL },
    { FPI_SET_FPImageBlobStore, "s3:https://host/bucket", NULL, "file:/absolute/directory" },
    { FPI_SET_FPImageBlobStore, "/srv/blobs", NULL, NULL },

    { FPI_SET_FPImageSecretFile, "/etc/fpimage/key", "/etc/fpimage/key", NULL },
    { FPI_SET_FPImageSecretFile, "key", NULL, NULL },

    { FPI_SET_FPImageUpstream, "production", "https://api.piaozone.com", NULL },
    { FPI_SET_FPImageUpstream, "Demo", "https://api-dev.piaozone.com/test", NULL },
    { FPI_SET_FPImageUpstream, "https://Cloud.Example.COM/", "https://cloud.example.com", NULL },
    { FPI_SET_FPImageUpstream, "https://h:443/a/b//", "https://h/a/b", NULL },
    { FPI_SET_FPImageUpstream, "http://127.0.0.1:8099", "http://127.0.0.1:8099", NULL },
    { FPI_SET_FPImageUpstream, "http://[::1]:8099/x", "http://[::1]:8099/x", NULL },
    { FPI_SET_FPImageUpstream, "http://h:443", "http://h:443", NULL },
    { FPI_SET_FPImageUpstream, "https://h/?a=b", NULL, NULL },
    { FPI_SET_FPImageUpstream, "https://h/#a", NULL, NULL },
    { FPI_SET_FPImageUpstream, "https://u:hush@h/", NULL, "without user" },
    { FPI_SET_FPImageUpstream, "ftp://h/", NULL, NULL },
    { FPI_SET_FPImageUpstream, "https://h:99999/", NULL, NULL },
    { FPI_SET_FPImageUpstream, "api.piaozone.com", NULL, NULL },
    { FPI_SET_FPImageUpstream, "\"https://h/a b\"", NULL, "https://h/a b" },
    { FPI_SET_FPImageUpstream, "https://h\\x/", NULL, NULL },

    { FPI_SET_FPImageUpstreamCA, "/etc/ssl/ca.pem", "/etc/ssl/ca.pem", NULL },
    { FPI_SET_FPImageUpstreamCA, "ca.pem", NULL, NULL },

    { FPI_SET_FPImageUpstreamTimeout, "5 60 120", "5 60 120", NULL },
    { FPI_SET_FPImageUpstreamTimeout, "5 60", NULL, NULL },
    { FPI_SET_FPImageUpstreamTimeout, "0 60 60", NULL, "0" },
    { FPI_SET_FPImageUpstreamTimeout, "5 60 3601", NULL, "3601" },
    { FPI_SET_FPImageUpstreamTimeout, "5 6s 60", NULL, "6s" },

    { FPI_SET_FPImageUpstreamConnections, "1", "1", NULL },
    { FPI_SET_FPImageUpstreamConnections, "4096", "4096", NULL },
    { FPI_SET_FPImageUpstreamConnections, "0", NULL, "4096" },
    { FPI_SET_FPImageUpstreamConnections, "4097", NULL, NULL },
    { FPI_SET_FPImageUpstreamConnections, "-1", NULL, NULL },
    { FPI_SET_FPImageUpstreamConnections, "99999999999999999999", NULL, NULL },
    { FPI_SET_FPImageUpstreamConnections, "64x", NULL, NULL },

    { FPI_SET_FPImageDecoders, "1", "1", NULL },
    { FPI_SET_FPImageDecoders, "64", "64", NULL },
    { FPI_SET_FPImageDecoders, "0", NULL, "64" },
    { FPI_SET_FPImageDecoders, "65", NULL, "65" },
    { FPI_SET_FPImageDecodeTimeout, "1", "1", NULL },
    { FPI_SET_FPImageDecodeTimeout, "3600", "3600", NULL },
    { FPI_SET_FPImageDecodeTimeout, "0", NULL, "3600" },
    { FPI_SET_FPImageDecodeTimeout, "30s", NULL, "30s" },

    { FPI_SET_FPImageEncrypt, "/m5/a /m7/b/", "/m5/a /m7/b", NULL },
    { FPI_SET_FPImageEncrypt, "/api/m5/a", "/m5/a", NULL },
    { FPI_SET_FPImageEncrypt, "m5/a", NULL, NULL },
    { FPI_SET_FPImageEncrypt, "/", NULL, NULL },
    { FPI_SET_FPImageEncrypt, "/a?b=c", NULL, NULL },
    { FPI_SET_FPImageEncrypt, "/a/../b", NULL, NULL },
    { FPI_SET_FPImageEncrypt, "/a/..", NULL, NULL },
    { FPI_SET_FPImageEncrypt, "/a//b", NULL, NULL },
    { FPI_SET_FPImageEncrypt, "/a/.b/..c", "/a/.b/..c", NULL },
    { FPI_SET_FPImageEncrypt, "/a%2fb", NULL, NULL },
    { FPI_SET_FPImageEncrypt, "", NULL, "path-prefix" },

    { FPI_SET_FPImageTokenCache, "shmcb", "shmcb", NULL },
    { FPI_SET_FPImageTokenCache, "redis:10.0.0.1:6379", "redis:10.0.0.1:6379", NULL },
    { FPI_SET_FPImageTokenCache, "a b", NULL, NULL },

    { FPI_SET_FPImageTokenLifetime, "60", "60", NULL },
    { FPI_SET_FPImageTokenLifetime, "59", NULL, NULL },
    { FPI_SET_FPImageTokenLifetime, "2592001", NULL, NULL },

    { FPI_SET_FPImageTokenSkew, "off", "0", NULL },
    { FPI_SET_FPImageTokenSkew, "Off", "0", NULL },
    { FPI_SET_FPImageTokenSkew, "300", "300", NULL },
    { FPI_SET_FPImageTokenSkew, "86401", NULL, NULL },
    { FPI_SET_FPImageTokenSkew, "on", NULL, NULL },

    { FPI_SET_FPImageRoute, "/api/erp/push bill_push", "/api/erp/push bill_push", NULL },
    { FPI_SET_FPImageRoute, "put /api/erp/push/ push", "PUT /api/erp/push push", NULL },
    { FPI_SET_FPImageRoute, "/erp/push bill_push", NULL, "under /api/" },
    { FPI_SET_FPImageRoute, "/api/x nobody", NULL, "fpimagectl routes" },
    { FPI_SET_FPImageRoute, "TRACE /api/x push", NULL, "TRACE" },
    { FPI_SET_FPImageRoute, "/api/x", NULL, NULL },
    { FPI_SET_FPImageRoute, "GET /api/x push more", NULL, NULL },
    { FPI_SET_FPImageRoute, "\"/api/a b\" push", NULL, "/api/a b" },

    { FPI_SET_FPImagePushAllow, "10.0.0.0/8 192.168.1.2 ::1", "10.0.0.0/8 192.168.1.2 ::1", NULL },
    { FPI_SET_FPImagePushAllow, "2001:db8::/32", "2001:db8::/32", NULL },
    { FPI_SET_FPImagePushAllow, "10.0.0.0/33", NULL, NULL },
    { FPI_SET_FPImagePushAllow, "erp.example.com", NULL, NULL },
    { FPI_SET_FPImagePushAllow, "10.0.0.1/", NULL, NULL },
    { FPI_SET_FPImagePushAllow, "/8", NULL, NULL },

    { FPI_SET_FPImageFetchAllow, "IMG.example.com files:8443", "img.example.com files:8443", NULL },
    { FPI_SET_FPImageFetchAllow, "http://127.0.0.1:81 [::1]:82 [::1]",
      "http://127.0.0.1:81 [::1]:82 [::1]", NULL },
    { FPI_SET_FPImageFetchAllow, "https://img.example.com", NULL, NULL },
    { FPI_SET_FPImageFetchAllow, "img.example.com/x", NULL, NULL },
    { FPI_SET_FPImageFetchAllow, "img.example.com:0", NULL, NULL },
    { FPI_SET_FPImageFetchAllow, "img.example.com:", NULL, NULL },
    { FPI_SET_FPImageFetchAllow, "[::1", NULL, NULL },
    { FPI_SET_FPImageFetchAllow, "[", NULL, NULL },
    { FPI_SET_FPImageFetchAllow, "*", NULL, NULL },

    { FPI_SET_FPImageErpAllow, "erp:6888", "erp:6888", NULL },
    { FPI_SET_FPImageErpAllow, "u@erp", NULL, NULL },

    { FPI_SET_FPImageScannerAllow, "192.168.1.20:8080 Scan.local", "192.168.1.20:8080 scan.local", NULL },
    { FPI_SET_FPImageScannerAllow, "http//x", NULL, NULL },
    { FPI_SET_FPImageScannerDiscovery, "Off", "off", NULL },
    { FPI_SET_FPImageScannerDiscovery, "10.0.0.1:53", "10.0.0.1:53", NULL },
    { FPI_SET_FPImageScannerDiscovery, "a b", NULL, NULL },
    { FPI_SET_FPImageScannerDiscovery, "On", NULL, "224.0.0.251:5353" },
    { FPI_SET_FPImageScannerDiscovery, "http://1.2.3.4", NULL, "Off, or an IPv4 address" },
    { FPI_SET_FPImageScannerTimeout, "3 30 20", "3 30 20", NULL },
    { FPI_SET_FPImageScannerTimeout, "3", NULL, NULL },

    { FPI_SET_FPImageMaxFile, "200M", "209715200", NULL },
    { FPI_SET_FPImageMaxFile, "4G", "4294967296", NULL },
    { FPI_SET_FPImageMaxFile, "5G", NULL, "from 1K to 4G" },
    { FPI_SET_FPImageMaxFile, "1023", NULL, NULL },
    { FPI_SET_FPImageMaxFile, "1T", NULL, NULL },
    { FPI_SET_FPImageMaxFile, "M", NULL, NULL },
    { FPI_SET_FPImageMaxJSON, "1k", "1024", NULL },
    { FPI_SET_FPImageMaxJSON, "-1", NULL, NULL },

    { FPI_SET_FPImageTrustedProxy, "127.0.0.1", "127.0.0.1", NULL },
    { FPI_SET_FPImageTrustedProxy, "proxy", NULL, NULL },

    { FPI_SET_FPImageStatus, "On", "On", NULL },
    { FPI_SET_FPImageStatus, "local", NULL, NULL },

    { FPI_SET_FPImageEventCommand, "/usr/local/bin/tell", "/usr/local/bin/tell", NULL },
    { FPI_SET_FPImageEventCommand, "tell", NULL, NULL },
    { FPI_SET_FPImageEventCommand, "/bin/tell --now", NULL, NULL },
};

START_TEST(takes_words)
{
    const said_t *row = &said[_i];
    fpi_settings_t *settings = fpi_settings_make(task->pool);
    const char *wrong = fpi_settings_take(settings, row->row, row->line, knows, task->pool);

    ck_assert_int_eq(fpi_setting_is_given(settings, row->row), row->shows != NULL);
    if (row->shows) {
        ck_assert_msg(!wrong, "%s", wrong);
        ck_assert_str_eq(fpi_setting_format(settings, row->row, task->pool), row->shows);
        return;
    }
    ck_assert(wrong != NULL);
    ck_assert_msg(strstr(wrong, fpi_setting_info(row->row)->name) != NULL, "%s", wrong);
    ck_assert_msg(strstr(wrong, row->tells ? row->tells : row->line) != NULL, "%s", wrong);
    ck_assert_msg(strstr(wrong, "hush") == NULL, "a password was repeated: %s", wrong);
}
END_TEST

START_TEST(knows_each_name)
{
    for (int row = 0; row < FPI_SET_COUNT; row++) {
        const fpi_setting_info_t *info = fpi_setting_info((fpi_setting_t)row);
        char *upper = fpi_text_upper(apr_pstrdup(task->pool, info->name));
        bool tried = false;

        ck_assert_int_eq(fpi_setting_find_row(info->name), row);
        ck_assert_int_eq(fpi_setting_find_row(upper), row);
        for (int i = 0; i < UNIT_COUNT(said); i++) {
            tried = tried || ((int)said[i].row == row && said[i].shows);
        }
        ck_assert_msg(tried, "no case takes %s", info->name);
    }
    ck_assert_int_eq(fpi_setting_find_row("FPImage"), -1);
    ck_assert_int_eq(fpi_setting_find_row("FPImageNothing"), -1);
}
END_TEST

START_TEST(counts_words)
{
    fpi_settings_t *settings = fpi_settings_make(task->pool);
    char line[65 * 4 + 1];

    for (int i = 0; i < 65; i++) {
        memcpy(line + i * 4, "/ab ", 5);
    }
    ck_assert(fpi_settings_take(settings, FPI_SET_FPImageEncrypt, line, NULL, task->pool) != NULL);
    line[64 * 4] = '\0';
    ck_assert(fpi_settings_take(settings, FPI_SET_FPImageEncrypt, line, NULL, task->pool) == NULL);
    ck_assert_int_eq(settings->encrypt->nelts, 64);
}
END_TEST

/* ---- several lines, several sections ---- */

static void say(fpi_settings_t *settings, fpi_setting_t row, const char *line)
{
    const char *wrong = fpi_settings_take(settings, row, line, NULL, task->pool);

    ck_assert_msg(!wrong, "%s", wrong);
}

static const char *shown(const fpi_settings_t *settings, fpi_setting_t row)
{
    return fpi_setting_format(settings, row, task->pool);
}

START_TEST(adds_up_lists)
{
    fpi_settings_t *settings = fpi_settings_make(task->pool);

    say(settings, FPI_SET_FPImageEncrypt, "/a /b");
    say(settings, FPI_SET_FPImageEncrypt, "/c");
    say(settings, FPI_SET_FPImageRoute, "/api/a push");
    say(settings, FPI_SET_FPImageRoute, "POST /api/b push");
    say(settings, FPI_SET_FPImageMaxFile, "1M");
    say(settings, FPI_SET_FPImageMaxFile, "2M");
    ck_assert_str_eq(shown(settings, FPI_SET_FPImageEncrypt), "/a /b /c");
    ck_assert_str_eq(shown(settings, FPI_SET_FPImageRoute), "/api/a push, POST /api/b push");
    ck_assert_int_eq(settings->max_file, 2 << 20);
}
END_TEST

/* Two different good values of a row, from the table above. */
static const char *good_line(int row, int which)
{
    for (int i = 0; i < UNIT_COUNT(said); i++) {
        if ((int)said[i].row == row && said[i].shows && which-- == 0) {
            return said[i].line;
        }
    }
    return NULL;
}

START_TEST(merges_each_row)
{
    fpi_setting_t row = (fpi_setting_t)_i;
    const char *first = good_line(_i, 0), *second = good_line(_i, 1);
    fpi_settings_t *empty = fpi_settings_make(task->pool);
    fpi_settings_t *base = fpi_settings_make(task->pool);
    fpi_settings_t *over = fpi_settings_make(task->pool);
    fpi_settings_t *merged;

    say(base, row, first);
    say(over, row, second ? second : first);
    merged = fpi_settings_merge(task->pool, base, over);
    ck_assert_str_eq(shown(merged, row), shown(over, row));
    merged = fpi_settings_merge(task->pool, base, empty);
    ck_assert_str_eq(shown(merged, row), shown(base, row));
    ck_assert(fpi_setting_is_given(merged, row));
    merged = fpi_settings_merge(task->pool, empty, over);
    ck_assert_str_eq(shown(merged, row), shown(over, row));
    merged = fpi_settings_merge(task->pool, empty, empty);
    ck_assert(merged->given == 0);

    /* and what the host said stays apart from the main server's */
    for (int other = 0; other < FPI_SET_COUNT; other++) {
        if (other != _i) {
            ck_assert(!fpi_setting_is_given(fpi_settings_merge(task->pool, base, over),
                                            (fpi_setting_t)other));
        }
    }
}
END_TEST

START_TEST(replaces_lists_of_the_main_server)
{
    fpi_settings_t *base = fpi_settings_make(task->pool);
    fpi_settings_t *over = fpi_settings_make(task->pool);

    say(base, FPI_SET_FPImageTrustedProxy, "10.0.0.1");
    say(over, FPI_SET_FPImageTrustedProxy, "10.0.0.2");
    over = fpi_settings_merge(task->pool, base, over);
    ck_assert_str_eq(shown(over, FPI_SET_FPImageTrustedProxy), "10.0.0.2");
    ck_assert_str_eq(shown(base, FPI_SET_FPImageTrustedProxy), "10.0.0.1");
}
END_TEST

/* ---- defaults ---- */

typedef struct default_t {
    fpi_setting_t row;
    const char *shows;
} default_t;

static const default_t defaults[] = {
    { FPI_SET_FPImageEngine, "On" },
    { FPI_SET_FPImageDataDir, "/var/lib/fpimage" },
    { FPI_SET_FPImageDatabase, "sqlite:/var/lib/fpimage/store.db" },
    { FPI_SET_FPImageBlobStore, "file:/var/lib/fpimage/blobs" },
    { FPI_SET_FPImageSecretFile, "/var/lib/fpimage/keys" },
    { FPI_SET_FPImageUpstream, "https://api.piaozone.com" },
    { FPI_SET_FPImageUpstreamCA, "" },
    { FPI_SET_FPImageUpstreamTimeout, "5 60 60" },
    { FPI_SET_FPImageUpstreamConnections, "64" },
    { FPI_SET_FPImageEncrypt, "/m5/bill/invoice/create /m5/bill/invoice/invalid "
                              "/m7/bill/invoice/serialno/query "
                              "/m7/bill/invoice/serialno/pdf/query" },
    { FPI_SET_FPImageTokenCache, "shmcb" },
    { FPI_SET_FPImageTokenLifetime, "129600" },
    { FPI_SET_FPImageTokenSkew, "0" },
    { FPI_SET_FPImageRoute, "" },
    { FPI_SET_FPImagePushAllow, "" },
    { FPI_SET_FPImageFetchAllow,
      "api.piaozone.com img.piaozone.com img-expense.piaozone.com api.kingdee.com" },
    { FPI_SET_FPImageErpAllow, "" },
    { FPI_SET_FPImageScannerAllow, "" },
    { FPI_SET_FPImageScannerTimeout, "5 120 60" },
    { FPI_SET_FPImageScannerDiscovery, "224.0.0.251:5353" },
    { FPI_SET_FPImageMaxFile, "209715200" },
    { FPI_SET_FPImageMaxJSON, "50331648" },
    { FPI_SET_FPImageDecoders, "2" },
    { FPI_SET_FPImageDecodeTimeout, "30" },
    { FPI_SET_FPImageTrustedProxy, "" },
    { FPI_SET_FPImageStatus, "Off" },
    { FPI_SET_FPImageEventCommand, "" },
};

START_TEST(completes_with_defaults)
{
    fpi_settings_t *settings = fpi_settings_complete(task->pool, fpi_settings_make(task->pool),
                                                     "/var/lib/fpimage");

    ck_assert_int_eq(UNIT_COUNT(defaults), FPI_SET_COUNT);
    for (int i = 0; i < UNIT_COUNT(defaults); i++) {
        ck_assert_str_eq(shown(settings, defaults[i].row), defaults[i].shows);
    }
    ck_assert(settings->given == 0);
    ck_assert(settings->upstream_times.first_byte == apr_time_from_sec(60));
    ck_assert(fpi_settings_check(settings, task->pool) == NULL);
}
END_TEST

START_TEST(completes_round_what_was_said)
{
    fpi_settings_t *settings = fpi_settings_make(task->pool);

    say(settings, FPI_SET_FPImageDataDir, "/srv/f");
    say(settings, FPI_SET_FPImageUpstream, "http://127.0.0.1:8099/test");
    say(settings, FPI_SET_FPImageEncrypt, "/x");
    settings = fpi_settings_complete(task->pool, settings, "/var/lib/fpimage");
    ck_assert_str_eq(settings->database, "sqlite:/srv/f/store.db");
    ck_assert_str_eq(settings->secret_file, "/srv/f/keys");
    ck_assert(fpi_hosts_has(settings->fetch_allow, "127.0.0.1", 8099));
    ck_assert(!fpi_hosts_has(settings->fetch_allow, "127.0.0.1", 80));
    ck_assert_str_eq(shown(settings, FPI_SET_FPImageEncrypt), "/x");
    ck_assert(fpi_setting_is_given(settings, FPI_SET_FPImageDataDir));
    ck_assert(!fpi_setting_is_given(settings, FPI_SET_FPImageDatabase));
}
END_TEST

/* ---- contradictions ---- */

typedef struct clash_t {
    fpi_setting_t row1;
    const char *line1;
    fpi_setting_t row2;
    const char *line2;
    const char *tells; /* NULL: no contradiction */
} clash_t;

static const clash_t clashes[] = {
    { FPI_SET_FPImageDataDir, "/", FPI_SET_FPImageEngine, "On", "FPImageDataDir" },
    { FPI_SET_FPImageDatabase, "sqlite:/srv/x", FPI_SET_FPImageSecretFile, "/srv/x", "/srv/x" },
    { FPI_SET_FPImageDatabase, "sqlite:/srv/blobs/x", FPI_SET_FPImageBlobStore, "file:/srv/blobs",
      "FPImageBlobStore" },
    { FPI_SET_FPImageDataDir, "/srv/f", FPI_SET_FPImageBlobStore, "file:/srv/f",
      "FPImageBlobStore" },
    { FPI_SET_FPImageDataDir, "/srv/f", FPI_SET_FPImageBlobStore, "file:/srv/fblobs", NULL },
    { FPI_SET_FPImageRoute, "/api/a push", FPI_SET_FPImageRoute, "POST /api/a push", "/api/a" },
    { FPI_SET_FPImageRoute, "PUT /api/a push", FPI_SET_FPImageRoute, "POST /api/a push", NULL },
    { FPI_SET_FPImageRoute, "GET /api/v1/bills oauth_token", FPI_SET_FPImageEngine, "On", "GET /api/v1/bills" },
    { FPI_SET_FPImageRoute, "/api/v1/session push", FPI_SET_FPImageEngine, "On", "POST /api/v1/session" },
    { FPI_SET_FPImageRoute, "GET /api/v1/bills/12 push", FPI_SET_FPImageEngine, "On", "built in" },
    { FPI_SET_FPImageRoute, "HEAD /api/v1/bills push", FPI_SET_FPImageEngine, "On", "built in" },
    { FPI_SET_FPImageRoute, "POST /api/imgsys/outside/push push", FPI_SET_FPImageEngine, "On", NULL },
    { FPI_SET_FPImageRoute, "PUT /api/v1/session push", FPI_SET_FPImageEngine, "On", NULL },
};

START_TEST(tells_contradictions)
{
    const clash_t *clash = &clashes[_i];
    fpi_settings_t *settings = fpi_settings_make(task->pool);
    const char *wrong;

    say(settings, clash->row1, clash->line1);
    say(settings, clash->row2, clash->line2);
    wrong = fpi_settings_check(fpi_settings_complete(task->pool, settings, "/var/lib/fpimage"),
                               task->pool);
    ck_assert_int_eq(wrong != NULL, clash->tells != NULL);
    ck_assert_msg(!wrong || strstr(wrong, clash->tells), "%s", wrong);
}
END_TEST

/* ---- addresses and hosts ---- */

typedef struct asked_t {
    const char *list, *asked;
    int port;
    bool is_in;
} asked_t;

static const asked_t addresses[] = {
    { "10.0.0.0/8", "10.255.0.1", 0, true },
    { "10.0.0.0/8", "11.0.0.1", 0, false },
    { "192.168.1.2", "192.168.1.2", 0, true },
    { "192.168.1.2", "192.168.1.3", 0, false },
    { "10.0.0.0/8", "::ffff:10.1.2.3", 0, true },
    { "2001:db8::/32", "2001:db8:1::9", 0, true },
    { "2001:db8::/32", "2001:db9::9", 0, false },
    { "fe80::/10", "fe80::1%eth0", 0, true },
    { "127.0.0.0/8", "localhost", 0, false },
    { "127.0.0.0/8", "", 0, false },
    { "0.0.0.0/0", "8.8.8.8", 0, true },
    { "0.0.0.0/0", "not an address", 0, false },
};

START_TEST(finds_addresses)
{
    const asked_t *row = &addresses[_i];
    fpi_settings_t *settings = fpi_settings_make(task->pool);

    say(settings, FPI_SET_FPImageTrustedProxy, row->list);
    ck_assert_int_eq(fpi_subnets_has(settings->trusted_proxy, row->asked, task->pool), row->is_in);
    ck_assert(!fpi_subnets_has(NULL, row->asked, task->pool));
}
END_TEST

static const asked_t hosts[] = {
    { "img.example.com", "img.example.com", 443, true },
    { "img.example.com", "IMG.example.com", 8443, true },
    { "img.example.com", "img.example.com.evil", 443, false },
    { "img.example.com", "img.example.co", 443, false },
    { "img.example.com:8443", "img.example.com", 8443, true },
    { "img.example.com:8443", "img.example.com", 443, false },
    { "img.example.com", "http://img.example.com", 80, false },
    { "http://img.example.com", "http://img.example.com", 80, true },
    { "http://img.example.com", "img.example.com", 443, true },
    { "[::1]:81", "::1", 81, true },
    { "[::1]:81", "::1", 82, false },
    { "[::1]", "::1", 9, true },
    { "[::1]", "::12", 9, false },
    { "a b c:9", "c", 9, true },
};

START_TEST(finds_hosts)
{
    const asked_t *row = &hosts[_i];
    fpi_settings_t *settings = fpi_settings_make(task->pool);

    say(settings, FPI_SET_FPImageFetchAllow, row->list);
    ck_assert_int_eq(fpi_hosts_has(settings->fetch_allow, row->asked, row->port), row->is_in);
    ck_assert(!fpi_hosts_has(NULL, row->asked, row->port));
}
END_TEST

/* ---- a whole configuration ---- */

static const char *dir;

static const char *put(const char *name, const char *text)
{
    const char *path = apr_pstrcat(task->pool, dir, "/", name, NULL);
    FILE *out = fopen(path, "w");

    ck_assert(out != NULL);
    ck_assert_int_ge(fputs(text, out), 0);
    ck_assert_int_eq(fclose(out), 0);
    return path;
}

static void make_dir(void)
{
    char *name = apr_pstrdup(task->pool, "/tmp/fpi-settings-XXXXXX");

    ck_assert(mkdtemp(name) != NULL);
    dir = name;
    ck_assert_int_eq(mkdir(apr_pstrcat(task->pool, dir, "/sites", NULL), 0700), 0);
    ck_assert_int_eq(mkdir(apr_pstrcat(task->pool, dir, "/sites/deep", NULL), 0700), 0);
}

static void drop_dir(void)
{
    ck_assert_int_eq(system(apr_pstrcat(task->pool, "rm -rf ", dir, NULL)), 0);
}

static fpi_settings_t *settings_of(const char *text, const char **user)
{
    fpi_settings_t *settings = NULL;

    *user = NULL;
    unit_done(fpi_settings_read(&settings, user, put("httpd.conf", text), task));
    return settings;
}

START_TEST(reads_sections_and_includes)
{
    fpi_settings_t *settings;
    const char *user;

    put("sites/a.conf", "FPImageEncrypt /a\n");
    put("sites/b.conf", "FPImageEncrypt /b\n");
    put("sites/b.txt", "FPImageEncrypt /never\n");
    put("sites/deep/c.conf", "FPImageTokenLifetime 3600");
    put("envvars", "unset HOME\nexport APACHE_RUN_USER=www-data\n"
                   "export APACHE_LOG_DIR=/var/log/apache2$SUFFIX\n");
    settings = settings_of("# a comment\n"
                           "User ${APACHE_RUN_USER}\n"
                           "Define state /srv\n"
                           "LoadModule ssl_module modules/mod_ssl.so\n"
                           "  fpimagedatadir \\\n   \"${state}/fp\"\r\n"
                           "<IfModule mod_fpimage.c>\n  FPImageMaxFile 1M\n</IfModule>\n"
                           "<IfModule !fpimage_module>\n  FPImageMaxFile 2M\n</IfModule>\n"
                           "<IfModule mod_ssl.c>\n  FPImageTokenSkew 5\n</IfModule>\n"
                           "<IfModule mod_nowhere.c>\n"
                           "  <IfModule mod_fpimage.c>\n    FPImageTokenSkew 6\n  </IfModule>\n"
                           "</IfModule>\n"
                           "<IfDefine state>\n  FPImageStatus On\n</IfDefine>\n"
                           "<IfDefine !state>\n  FPImageStatus Off\n</IfDefine>\n"
                           "<Directory />\n  Require all denied\n</Directory>\n"
                           "<VirtualHost *:80>\n"
                           "  FPImageMaxFile 3M\n"
                           "  <Location /api>\n    Require all granted\n  </Location>\n"
                           "</VirtualHost>\n"
                           "Include sites/*.conf\n"
                           "IncludeOptional none/*.conf\n"
                           "Include \"sites/deep\"\n",
                           &user);
    ck_assert_str_eq(user, "www-data");
    ck_assert_str_eq(settings->data_dir, "/srv/fp");
    ck_assert_int_eq(settings->max_file, 1 << 20);
    ck_assert_int_eq(settings->token_skew, 5);
    ck_assert(settings->status);
    ck_assert_str_eq(shown(settings, FPI_SET_FPImageEncrypt), "/a /b");
    ck_assert_int_eq(settings->token_lifetime, 3600);
}
END_TEST

START_TEST(follows_the_server_root)
{
    fpi_settings_t *settings;
    const char *user;

    put("sites/a.conf", "FPImageMaxJSON 1M\n");
    settings = settings_of(
        apr_psprintf(task->pool, "ServerRoot \"%s/sites\"\nInclude a.conf\n", dir), &user);
    ck_assert_int_eq(settings->max_json, 1 << 20);
    ck_assert(user == NULL);
}
END_TEST

START_TEST(takes_the_only_virtual_host)
{
    fpi_settings_t *settings;
    const char *user;

    settings = settings_of("FPImageEngine Off\n"
                           "<VirtualHost *:80>\n</VirtualHost>\n"
                           "<VirtualHost *:81>\nFPImageEngine On\nFPImageDataDir /srv/a\n"
                           "</VirtualHost>\n"
                           "<VirtualHost *:82>\nFPImageDataDir /srv/a\nFPImageMaxFile 1M\n"
                           "</VirtualHost>\n",
                           &user);
    ck_assert_str_eq(settings->data_dir, "/srv/a");
    ck_assert(settings->engine);
}
END_TEST

typedef struct refused_t {
    const char *text, *tells;
} refused_t;

static const refused_t refused[] = {
    { "Listen 80\nFPImageMaxFile huge\n", "httpd.conf line 2: FPImageMaxFile" },
    { "FPImageDecoder 2\n", "FPImageDecoder is not a directive" },
    { "\\\n\\\nFPImageEngine perhaps\n", "line 3" },
    { "Include nowhere.conf\n", "nowhere.conf" },
    { "Include httpd.conf\n", "too deep" },
    { "<VirtualHost a>\nFPImageDataDir /a\n</VirtualHost>\n"
      "<VirtualHost b>\nFPImageDataDir /b\n</VirtualHost>\n",
      "different stores" },
};

START_TEST(refuses_a_configuration)
{
    const refused_t *row = &refused[_i];
    fpi_settings_t *settings = NULL;
    const char *user;
    fpi_err_t *err = fpi_settings_read(&settings, &user, put("httpd.conf", row->text), task);

    unit_failed(err, FPI_E_CONFIG);
    ck_assert_msg(strstr(err->detail, row->tells) != NULL, "%s", err->detail);
}
END_TEST

START_TEST(refuses_a_missing_file)
{
    fpi_settings_t *settings;
    const char *user;

    unit_failed(fpi_settings_read(&settings, &user, "/nowhere/httpd.conf", task), FPI_E_CONFIG);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("settings");
    TCase *words = unit_case(suite, "words");
    TCase *sections = unit_case(suite, "sections");
    TCase *lists = unit_case(suite, "lists");
    TCase *files = unit_case(suite, "files");

    tcase_add_loop_test(words, takes_words, 0, UNIT_COUNT(said));
    tcase_add_test(words, knows_each_name);
    tcase_add_test(words, counts_words);
    tcase_add_test(sections, adds_up_lists);
    tcase_add_loop_test(sections, merges_each_row, 0, FPI_SET_COUNT);
    tcase_add_test(sections, replaces_lists_of_the_main_server);
    tcase_add_test(sections, completes_with_defaults);
    tcase_add_test(sections, completes_round_what_was_said);
    tcase_add_loop_test(sections, tells_contradictions, 0, UNIT_COUNT(clashes));
    tcase_add_loop_test(lists, finds_addresses, 0, UNIT_COUNT(addresses));
    tcase_add_loop_test(lists, finds_hosts, 0, UNIT_COUNT(hosts));
    tcase_add_checked_fixture(files, make_dir, drop_dir);
    tcase_add_test(files, reads_sections_and_includes);
    tcase_add_test(files, follows_the_server_root);
    tcase_add_test(files, takes_the_only_virtual_host);
    tcase_add_loop_test(files, refuses_a_configuration, 0, UNIT_COUNT(refused));
    tcase_add_test(files, refuses_a_missing_file);
    return unit_run(suite);
}
