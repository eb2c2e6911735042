/* Entity tags as clients and compressors send them back. */
#include "unit.h"

#include "service/tags.h"

static const struct {
    const char *list;
    bool is_weakly, is_strongly;
} lists[] = {
    { "\"7\"", true, true },
    { "W/\"7\"", true, false },
    { "*", true, true },
    { "\"6\", \"7\"", true, true },
    { " \"6\" ,W/\"7\"", true, false },
    { "W/\"7\", \"7\"", true, true },
    { "\"7-gzip\"", true, true },
    { "\"7-br\"", true, true },
    { "\"7;gzip\"", true, true },
    { "W/\"7-gzip\"", true, false },
    { "\"77\"", false, false },
    { "\"7-\"", false, false },
    { "\"-gzip\"", false, false },
    { "\"7-gzip-gzip\"", false, false },
    { "7", false, false },
    { "\"7", false, false },
    { "\"x\"7\"", false, false },
    { "", false, false },
    { ",,,", false, false },
};

START_TEST(has)
{
    ck_assert_int_eq(fpi_tags_has(lists[_i].list, "\"7\"", false), lists[_i].is_weakly);
    ck_assert_int_eq(fpi_tags_has(lists[_i].list, "\"7\"", true), lists[_i].is_strongly);
}
END_TEST

static const struct {
    const char *tag, *text;
} single[] = {
    { "\"7\"", "7" },      { "W/\"7\"", "7" }, { "\"7-gzip\"", "7" },           { "W/\"7-br\"", "7" }, { "7", "7" },
    { "\"\"", "" },        { "\"7", "\"7" },   { "\"6\", \"7\"", "\"6\", \"7\"" }, { "", "" },
};

START_TEST(text)
{
    ck_assert_str_eq(fpi_tag_text(single[_i].tag, task->pool), single[_i].text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tags");
    TCase *tc = unit_case(suite, "tags");

    tcase_add_loop_test(tc, has, 0, UNIT_COUNT(lists));
    tcase_add_loop_test(tc, text, 0, UNIT_COUNT(single));
    return unit_run(suite);
}
