#include "service/web.h"
#include "unit.h"

#include <apr_file_io.h>
#include <apr_strings.h>
#include <stdio.h>
#include <unistd.h>

static const char *folder;

static void put(const char *name, const char *text)
{
    FILE *file = fopen(apr_pstrcat(task->pool, folder, "/", name, NULL), "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    fclose(file);
}

static void open_folder(void)
{
    char name[] = "/tmp/fpimage-web-XXXXXX";

    unit_open();
    ck_assert_ptr_nonnull(mkdtemp(name));
    folder = apr_pstrdup(task->pool, name);
    apr_dir_make(apr_pstrcat(task->pool, folder, "/assets", NULL), APR_FPROT_OS_DEFAULT, task->pool);
}

static void drop(const char *name)
{
    apr_file_remove(apr_pstrcat(task->pool, folder, "/", name, NULL), task->pool);
}

static void close_folder(void)
{
    static const char *const names[] = { "index.html", "routes.txt", "assets/a.js", "assets/big.js" };

    for (int i = 0; i < UNIT_COUNT(names); i++) {
        drop(names[i]);
    }
    rmdir(apr_pstrcat(task->pool, folder, "/assets", NULL));
    rmdir(folder);
    unit_close();
}

static int ask(const char *path, const char *etag)
{
    fpi_web_asked_t asked = { path, NULL, etag };
    fpi_reply_t reply = { 0 };
    fpi_web_t *web;

    unit_done(fpi_web_load(&web, folder, task->pool, task));
    unit_done(fpi_web_answer(&reply, web, &asked, task));
    return reply.status;
}

START_TEST(test_paths)
{
    static const struct { const char *path; int status; } cases[] = {
        { "/imgsys-web", 301 }, { "/imgsys-web/", 200 }, { "/imgsys-web/login", 200 }, { "/imgsys-web/login/", 200 },
        { "/imgsys-web/bills/7", 200 }, { "/imgsys-web/bill", 404 }, { "/imgsys-web/billsx", 404 },
        { "/imgsys-web/assets/a.js", 200 }, { "/imgsys-web/assets/b.js", 404 }, { "/imgsys-web/assets", 404 },
        { "/imgsys-web//login", 200 }, { "/imgsys-web/routes.txt", 404 },
    };

    put("index.html", "<meta content=\"__FPI_NONCE__\">");
    put("routes.txt", "login\nbills\n");
    put("assets/a.js", "1");
    ck_assert_int_eq(ask(cases[_i].path, NULL), cases[_i].status);
    ck_assert_int_eq(ask(cases[_i].path, "\"no such tag\""), cases[_i].status);
}
END_TEST

START_TEST(test_is_ours)
{
    ck_assert(fpi_web_is_ours("/imgsys-web"));
    ck_assert(fpi_web_is_ours("/imgsys-web/x"));
    ck_assert(!fpi_web_is_ours("/imgsys-webx"));
    ck_assert(!fpi_web_is_ours("/imgsys"));
    ck_assert(!fpi_web_is_ours("/"));
}
END_TEST

START_TEST(test_refused)
{
    fpi_web_t *web;

    unit_failed(fpi_web_load(&web, "/nowhere/at/all", task->pool, task), FPI_E_ABSENT);
    unit_failed(fpi_web_load(&web, folder, task->pool, task), FPI_E_ABSENT);
    put("index.html", "<meta content=\"__FPI_NONCE__\">");
    unit_failed(fpi_web_load(&web, folder, task->pool, task), FPI_E_CONFIG);
    put("routes.txt", "login\n");
    unit_done(fpi_web_load(&web, folder, task->pool, task));
    put("assets/big.js", "");
    ck_assert_int_eq(truncate(apr_pstrcat(task->pool, folder, "/assets/big.js", NULL), FPI_WEB_BYTES + 1), 0);
    unit_failed(fpi_web_load(&web, folder, task->pool, task), FPI_E_CONFIG);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("web");
    TCase *tc = tcase_create("web");

    tcase_add_checked_fixture(tc, open_folder, close_folder);
    suite_add_tcase(suite, tc);
    tcase_add_loop_test(tc, test_paths, 0, 12);
    tcase_add_test(tc, test_is_ours);
    tcase_add_test(tc, test_refused);
    return unit_run(suite);
}
