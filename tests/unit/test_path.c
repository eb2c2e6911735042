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

static const struct {
    const char *pattern, *path;
    bool fits;
} shapes[] = {
    { "/api/v1/bills", "/api/v1/bills", true },
    { "/api/v1/bills", "/api/v1/bill", false },
    { "/api/v1/bills", "/api/v1/billsx", false },
    { "/api/v1/bills/{bill_id}", "/api/v1/bills/7", true },
    { "/api/v1/bills/{bill_id}", "/api/v1/bills/", false },
    { "/api/v1/bills/{bill_id}", "/api/v1/bills", false },
    { "/api/v1/bills/{bill_id}", "/api/v1/bills/7/files", false },
    { "/api/v1/bills/{bill_id}/files/{file_id}", "/api/v1/bills/7/files/x", true },
    { "/api/v1/bills/{bill_id}/files", "/api/v1/bills/7/file", false },
};

START_TEST(fits_shapes)
{
    ck_assert_int_eq(fpi_route_fits(shapes[_i].pattern, shapes[_i].path), shapes[_i].fits);
}
END_TEST

START_TEST(names_parts)
{
    fpi_call_t call = { .task = task, .route = "/x/{bill_id}/y/{file_id}", .local = "/x/17/y/ab" };
    int64_t id;
    fpi_err_t *err;

    ck_assert_str_eq(fpi_call_part(&call, "file_id"), "ab");
    ck_assert_str_eq(fpi_call_part(&call, "bill_id"), "17");
    ck_assert(!fpi_call_id(&id, &call, "bill_id"));
    ck_assert_int_eq(id, 17);
    err = fpi_call_id(&id, &call, "file_id");
    ck_assert(err && err->code == FPI_E_ABSENT);
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
    tcase_add_loop_test(tc, fits_shapes, 0, UNIT_COUNT(shapes));
    tcase_add_test(tc, names_parts);
    return unit_run(suite);
}
