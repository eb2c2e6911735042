#include "unit.h"
#include "wire/multipart.h"

#include "base/text.h"

#include <apr_strings.h>

#define TYPE "multipart/form-data; boundary=XyZ"
#define PART(params) "--XyZ\r\nContent-Disposition: form-data; " params "\r\n\r\n"
#define NEXT "\r\n" /* the line end of the delimiter that follows */
#define LAST "\r\n--XyZ--\r\n"

static fpi_err_t *begin(void *baton, const fpi_part_t *part, fpi_task_t *t)
{
    (void)t;
    ck_assert(fpi_buf_put_text(baton, apr_pstrcat(task->pool, "[", part->name, part->filename ? "|" : "",
                                                  part->filename ? part->filename : "", "]", NULL)));
    return NULL;
}

static fpi_err_t *put(void *baton, const char *data, size_t len, fpi_task_t *t)
{
    (void)t;
    ck_assert(len > 0 && fpi_buf_put(baton, data, len));
    return NULL;
}

static fpi_err_t *end(void *baton, fpi_task_t *t)
{
    (void)t;
    ck_assert(fpi_buf_put_text(baton, "."));
    return NULL;
}

static const fpi_multipart_sink_t sink = { begin, put, end };

/* In two pieces, cut at `cut`. */
static fpi_err_t *feed(fpi_buf_t **out, const char *type, const char *body, size_t len, size_t cut)
{
    fpi_multipart_t *m;

    *out = fpi_buf_make(task->pool, 1 << 20);
    FPI_TRY(fpi_multipart_open(&m, type, &sink, *out, task));
    FPI_TRY(fpi_multipart_put(m, body, cut));
    FPI_TRY(fpi_multipart_put(m, body + cut, len - cut));
    return fpi_multipart_end(m);
}

static const struct {
    const char *body, *said; /* said NULL: refused */
} bodies[] = {
    { PART("name=\"a\"") "1" LAST, "[a]1." },
    { PART("name=a") "1" NEXT PART("name=b; filename=\"x.pdf\"") "2" LAST, "[a]1.[b|x.pdf]2." },
    { "preamble\r\n" PART("name=a") "1" LAST "epilogue", "[a]1." },
    { "\r\n" PART("name=a") "1" LAST, "[a]1." },
    { "--XyZ--", "" },
    { "--XyZ--\r\n", "" },
    { "--XyZ \t\r\nContent-Disposition: form-data; name=a\r\n\r\n1" LAST, "[a]1." },
    /* no content: with a line end of its own, and without */
    { PART("name=a") LAST, "[a]." },
    { PART("name=a") "--XyZ--", "[a]." },
    { PART("name=a") "\r\n" LAST, "[a]\r\n." },
    /* what looks like a delimiter, and the beginning of one */
    { PART("name=a") "\r\n--XyQ\r\n--Xy\r\r\n\r\n-" LAST, "[a]\r\n--XyQ\r\n--Xy\r\r\n\r\n-." },
    { PART("name=a") "--Xy" LAST, "[a]--Xy." },
    { PART("name=a") "-" LAST, "[a]-." },
    { PART("name=a") "\r" LAST, "[a]\r." },
    /* headers */
    { "--XyZ\r\nX: y\r\ncontent-disposition:form-data;\r\n\tname=a\r\nContent-Type: text/plain\r\n\r\n1" LAST, "[a]1." },
    { PART("name=\"\xE5\xBD\xB1\"; filename=\"\xE5\xBD\xB1.pdf\"") "1" LAST, "[\xE5\xBD\xB1|\xE5\xBD\xB1.pdf]1." },
    { PART("name=a; filename=\"C:\\dir\\x\\\"y.jpg\"") "1" LAST, "[a|C:\\dir\\x\"y.jpg]1." },
    { PART("name=a; filename=x.jpg; filename*=UTF-8''%E5%BD%B1.jpg") "1" LAST, "[a|\xE5\xBD\xB1.jpg]1." },
    { PART("name=a; filename=x.jpg; filename*=GBK''%D3%B0.jpg") "1" LAST, "[a|x.jpg]1." },
    { PART("name=a; filename=x.jpg; filename*=UTF-8''%FF%B0.jpg") "1" LAST, "[a|x.jpg]1." },
    { PART("name=a; filename=a b.jpg ;x=1") "1" LAST, "[a|a b.jpg]1." },
    { PART("name=a; filename=\"\"") LAST, "[a|]." },
    { PART("name=a;") "1" LAST, "[a]1." },
    { "--XyZ\r\nContent-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: binary\r\n\r\n1" LAST, "[a]1." },
    /* refused */
    { "", NULL },
    { "--XyZ", NULL },
    { "--XyZ-", NULL },
    { "--XyZ-x", NULL },
    { "--XyZx\r\n", NULL },
    { "--XyZ\n", NULL },
    { "--XyZ\r\r\n", NULL },
    { PART("name=a") "1", NULL },
    { PART("name=a") "1\r\n--XyZ", NULL },
    { PART("name=a") "1\n--XyZ--\n", NULL },
    { "--XyZ\r\n\r\n1" LAST, NULL },
    { "--XyZ\r\nContent-Type: text/plain\r\n\r\n1" LAST, NULL },
    { PART("filename=x") "1" LAST, NULL },
    { PART("name=a; name=b") "1" LAST, NULL },
    { PART("name=a; filename=x; filename=y") "1" LAST, NULL },
    { PART("name=\"a") "1" LAST, NULL },
    { PART("name=\"\xFF\xB0\"") "1" LAST, NULL },
    { PART("name") "1" LAST, NULL },
    { "--XyZ\r\nContent-Disposition: attachment; name=a\r\n\r\n1" LAST, NULL },
    { "--XyZ\r\nContent-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64\r\n\r\nMQ==" LAST, NULL },
};

/* Cut at every place: the same comes out. */
START_TEST(bodies_are_read)
{
    size_t len = strlen(bodies[_i].body);

    for (size_t cut = 0; cut <= len; cut++) {
        fpi_buf_t *out;
        fpi_err_t *err = feed(&out, TYPE, bodies[_i].body, len, cut);

        if (bodies[_i].said) {
            unit_done(err);
            ck_assert_str_eq(out->data, bodies[_i].said);
        }
        else {
            unit_failed(err, FPI_E_FIELD);
        }
    }
}
END_TEST

static const struct {
    const char *type;
    bool is, opens;
} types[] = {
    { "multipart/form-data; boundary=XyZ", true, true },
    { "Multipart/Form-Data;boundary=\"XyZ\"", true, true },
    { "multipart/form-data; charset=utf-8; Boundary=XyZ", true, true },
    { "multipart/form-data", true, false },
    { "multipart/form-data; boundary=", true, false },
    { "multipart/form-data; boundary=\"XyZ", true, false },
    { "multipart/form-data; boundary=\"x \"", true, false },
    { "multipart/form-data; boundary=a; boundary=b", true, false },
    { "multipart/form-data; boundary=1234567890123456789012345678901234567890123456789012345678901234567890", true, true },
    { "multipart/form-data; boundary=12345678901234567890123456789012345678901234567890123456789012345678901", true, false },
    { "multipart/form-database; boundary=XyZ", false, true },
    { "multipart/mixed; boundary=XyZ", false, true },
    { "application/json", false, false },
    { NULL, false, false },
};

START_TEST(types_are_read)
{
    fpi_multipart_t *m;
    fpi_err_t *err;

    ck_assert(fpi_multipart_is(types[_i].type) == types[_i].is);
    if (!types[_i].is) {
        return;
    }
    err = fpi_multipart_open(&m, types[_i].type, &sink, NULL, task);
    if (types[_i].opens) {
        unit_done(err);
    }
    else {
        unit_failed(err, FPI_E_FIELD);
    }
}
END_TEST

static char *repeat(const char *text, int times)
{
    fpi_buf_t *buf = fpi_buf_make(task->pool, 1 << 20);

    while (times-- > 0) {
        ck_assert(fpi_buf_put_text(buf, text));
    }
    return buf->data;
}

static void check(const char *body, bool is_good)
{
    fpi_buf_t *out;
    fpi_err_t *err = feed(&out, TYPE, body, strlen(body), strlen(body) / 2);

    if (is_good) {
        unit_done(err);
    }
    else {
        unit_failed(err, FPI_E_FIELD);
    }
}

START_TEST(limits_hold)
{
    static const char part[] = PART("name=a") "1\r\n";
    apr_pool_t *pool = task->pool;
    /* X: ...CRLF Content-Disposition: form-data; name=a CRLF CRLF */
    int spare = FPI_MULTIPART_HEAD - (int)strlen("X: \r\nContent-Disposition: form-data; name=a\r\n\r\n");

    check(apr_pstrcat(pool, repeat(part, FPI_MULTIPART_PARTS), "--XyZ--", NULL), true);
    check(apr_pstrcat(pool, repeat(part, FPI_MULTIPART_PARTS + 1), "--XyZ--", NULL), false);
    for (int more = 0; more <= 1; more++) {
        check(apr_pstrcat(pool, "--XyZ\r\nX: ", repeat("x", spare + more),
                          "\r\nContent-Disposition: form-data; name=a\r\n\r\n1" LAST, NULL), !more);
        check(apr_pstrcat(pool, PART("name=a"), repeat("x", FPI_MULTIPART_FIELD + more), LAST, NULL), !more);
        check(apr_pstrcat(pool, PART("name=a; filename=x"), repeat("x", FPI_MULTIPART_FIELD + more), LAST, NULL), true);
        check(apr_pstrcat(pool, "--XyZ--", repeat("x", FPI_MULTIPART_FIELD + more), NULL), !more);
        check(apr_pstrcat(pool, repeat("x", FPI_MULTIPART_FIELD + more), NEXT PART("name=a") "1" LAST, NULL), !more);
    }
}
END_TEST

static fpi_err_t *refuse_put(void *baton, const char *data, size_t len, fpi_task_t *t)
{
    (void)baton, (void)data, (void)len;
    return fpi_fail(t, FPI_E_STORE, "the disk is full");
}

START_TEST(a_failure_of_the_sink_comes_out)
{
    static const fpi_multipart_sink_t failing = { begin, refuse_put, end };
    static const char body[] = PART("name=a; filename=x") "1" LAST;
    fpi_multipart_t *m;

    unit_done(fpi_multipart_open(&m, TYPE, &failing, fpi_buf_make(task->pool, 100), task));
    unit_failed(fpi_multipart_put(m, body, strlen(body)), FPI_E_STORE);
}
END_TEST

static const struct {
    const char *value, *kind, *name, *filename; /* kind NULL: refused */
} dispositions[] = {
    { "attachment; filename=\"a b.pdf\"", "attachment", NULL, "a b.pdf" },
    { "Attachment; filename*=utf-8'en'%E2%82%AC%20rates", "attachment", NULL, "\xE2\x82\xAC rates" },
    { "inline", "inline", NULL, NULL },
    { "inline ; ", "inline", NULL, NULL },
    { "form-data; name=x; size=5", "form-data", "x", NULL },
    { "attachment; filename*=UTF-8''a%00b", "attachment", NULL, "UTF-8''a%00b" },
    { "attachment; filename=\"a", NULL, NULL, NULL },
    { "attachment; =x", NULL, NULL, NULL },
    { "attachment; a=1;b=2;c=3;d=4;e=5;f=6;g=7;h=8;i=9;j=10;k=11;l=12;m=13;n=14;o=15;p=16;q=17", NULL, NULL, NULL },
};

static void is_same(const char *a, const char *b)
{
    ck_assert_str_eq(a ? a : "(none)", b ? b : "(none)");
}

START_TEST(dispositions_are_read)
{
    fpi_disposition_t said;
    fpi_err_t *err = fpi_disposition_parse(&said, dispositions[_i].value, task);

    if (!dispositions[_i].kind) {
        unit_failed(err, FPI_E_FIELD);
        return;
    }
    unit_done(err);
    is_same(said.kind, dispositions[_i].kind);
    is_same(said.name, dispositions[_i].name);
    is_same(said.filename, dispositions[_i].filename);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("multipart");
    TCase *all = unit_case(suite, "multipart");

    tcase_add_loop_test(all, bodies_are_read, 0, UNIT_COUNT(bodies));
    tcase_add_loop_test(all, types_are_read, 0, UNIT_COUNT(types));
    tcase_add_test(all, limits_hold);
    tcase_add_test(all, a_failure_of_the_sink_comes_out);
    tcase_add_loop_test(all, dispositions_are_read, 0, UNIT_COUNT(dispositions));
    return unit_run(suite);
}
