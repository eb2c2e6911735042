/* Addresses as people and generators make them. */
#include "unit.h"

#include "service/api.h"

#include <string.h>

static const struct {
    const char *uri, *want;
    bool malformed;
} good[] = {
    { "/api/imgsys/bill/outside/billStatus", "/api/imgsys/bill/outside/billStatus", false },
    { "/api/imgsys/", "/api/imgsys", false },
    { "//api/imgsys", "/api/imgsys", true },
    { "/api//imgsys", "/api/imgsys", true },
    { "/api///imgsys//bill", "/api/imgsys/bill", true },
    { "/api/api/imgsys", "/api/imgsys", true },
    { "/api//api//imgsys", "/api/imgsys", true },
    { "/api:/imgsys", "/api/imgsys", true },
    { "/api/:imgsys", "/api/imgsys", true },
    { "/:api:/:/imgsys", "/api/imgsys", true },
    { "/api/m5/a:b/c", "/api/m5/a:b/c", false },
    { "/api/x%20y", "/api/x%20y", false },
    { "/api/x y", "/api/x%20y", false },
    { "/api/\xE5\xBD\xB1", "/api/%E5%BD%B1", false },
    { "/api", "/api", false },
};

START_TEST(normalises)
{
    const char *out;
    bool malformed;

    ck_assert_ptr_null(fpi_path_normalise(&out, &malformed, good[_i].uri, task));
    ck_assert_str_eq(out, good[_i].want);
    ck_assert_int_eq(malformed, good[_i].malformed);
}
END_TEST

static const char *const bad[] = {
    "/api/..", "/api/../x", "/api/%2e%2e/x", "/api/./x", "/api/%2E", "/api/a%2fb", "/api/a%5Cb", "/api/a\\b",
    "/api/%00", "/api/%", "/api/%zz", "/api/%0a", "/api/%ff", "/api/%c0%af",
};

START_TEST(refuses)
{
    const char *out;
    bool malformed;
    fpi_err_t *err = fpi_path_normalise(&out, &malformed, bad[_i], task);

    ck_assert_ptr_nonnull(err);
    ck_assert_int_eq(err->code, FPI_E_BAD_REQUEST);
}
END_TEST

START_TEST(limits)
{
    const char *out;
    bool malformed;
    char uri[6000];

    memset(uri, 'a', sizeof(uri) - 1);
    uri[0] = '/';
    uri[sizeof(uri) - 1] = '\0';
    ck_assert_ptr_nonnull(fpi_path_normalise(&out, &malformed, uri, task));
    for (int i = 0; i < 200; i++) {
        memcpy(uri + 2 * i, "/a", 2);
    }
    uri[400] = '\0';
    ck_assert_ptr_nonnull(fpi_path_normalise(&out, &malformed, uri, task));
}
END_TEST

START_TEST(knows_ours)
{
    ck_assert(fpi_api_is_ours("/api/x", task->pool));
    ck_assert(fpi_api_is_ours("//:api:/x", task->pool));
    ck_assert(fpi_api_is_ours("/api", task->pool));
    ck_assert(!fpi_api_is_ours("/apix", task->pool));
    ck_assert(!fpi_api_is_ours("/", task->pool));
    ck_assert(!fpi_api_is_ours("/x/api", task->pool));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("path");
    TCase *tc = unit_case(suite, "path");

    tcase_add_loop_test(tc, normalises, 0, UNIT_COUNT(good));
    tcase_add_loop_test(tc, refuses, 0, UNIT_COUNT(bad));
    tcase_add_test(tc, limits);
    tcase_add_test(tc, knows_ours);
    return unit_run(suite);
}
