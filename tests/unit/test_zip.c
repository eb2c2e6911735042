/* Archives: names, contents, and limits that are known before anything is inflated. */
#include "wire/zip.h"

#include "unit.h"

#include <apr_strings.h>
#include <fcntl.h>
#include <unistd.h>
#include <zip.h>

/* An archive of these entries, "name", "content" in turn, as a file. */
static const char *make(const char *const *entries, const char *password)
{
    char *path = apr_pstrdup(task->pool, "/tmp/fpi-zip-XXXXXX");
    int fd = mkstemp(path), code;
    zip_t *zip;

    ck_assert_int_ge(fd, 0);
    close(fd);
    zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &code);
    ck_assert_ptr_nonnull(zip);
    for (int i = 0; entries[i]; i += 2) {
        zip_source_t *source = zip_source_buffer(zip, entries[i + 1], strlen(entries[i + 1]), 0);
        zip_int64_t index = zip_file_add(zip, entries[i], source, ZIP_FL_OVERWRITE);

        ck_assert_int_ge(index, 0);
        if (password) {
            ck_assert_int_eq(zip_file_set_encryption(zip, (zip_uint64_t)index, ZIP_EM_AES_256, password), 0);
        }
    }
    ck_assert_int_eq(zip_close(zip), 0);
    return path;
}

static fpi_err_t *open_path(fpi_zip_t **zip, const char *path)
{
    int fd = open(path, O_RDONLY);

    ck_assert_int_ge(fd, 0);
    unlink(path);
    return fpi_zip_open(zip, fd, task); /* the descriptor goes with the test's process */
}

static const char *const tree[] = { "OFD.xml", "top", "Doc_0/Document.xml", "doc", "Doc_0/Attachs/List.xml", "list",
                                    "Doc_0/Attachs/a.xml", "in list", "Doc_0/a.xml", "in doc", NULL };

static const struct link_t {
    const char *beside, *link, *content; /* content NULL: there is none */
} links[] = {
    { "OFD.xml", "Doc_0/Document.xml", "doc" },
    { "OFD.xml", "./Doc_0//Document.xml", "doc" },
    { "OFD.xml", "/Doc_0/Document.xml", "doc" },
    { "OFD.xml", "Doc_0\\Document.xml", "doc" },
    { "OFD.xml", "doc_0/document.XML", "doc" },
    { "Doc_0/Document.xml", "Attachs/List.xml", "list" },
    { "Doc_0/Document.xml", "a.xml", "in doc" },
    { "Doc_0/Attachs/List.xml", "a.xml", "in list" },
    { "Doc_0/Attachs/List.xml", "../a.xml", "in doc" },
    { "Doc_0/Attachs/List.xml", "/OFD.xml", "top" },
    { "Doc_0/Attachs/List.xml", "../../../../OFD.xml", "top" },
    { "Doc_0/Attachs/List.xml", "../../etc/passwd", NULL },
    { "OFD.xml", "Document.xml", NULL },
    { "OFD.xml", "", NULL },
};

START_TEST(links_are_followed)
{
    const struct link_t *row = &links[_i];
    const fpi_zip_entry_t *entry;
    const char *data;
    fpi_zip_t *zip;
    size_t len;

    unit_done(open_path(&zip, make(tree, NULL)));
    ck_assert_int_eq(fpi_zip_count(zip), 5);
    entry = fpi_zip_follow(zip, row->beside, row->link, task);
    if (!row->content) {
        ck_assert_ptr_null(entry);
        return;
    }
    ck_assert_ptr_nonnull(entry);
    unit_done(fpi_zip_read(&data, &len, zip, entry, task));
    ck_assert_str_eq(data, row->content);
    ck_assert_uint_eq(len, strlen(row->content));
}
END_TEST

START_TEST(entries_are_listed)
{
    fpi_zip_t *zip;

    unit_done(open_path(&zip, make(tree, NULL)));
    ck_assert_str_eq(fpi_zip_at(zip, 0)->name, "OFD.xml");
    ck_assert_int_eq(fpi_zip_at(zip, 3)->size, 7);
    ck_assert_ptr_null(fpi_zip_at(zip, 5));
    ck_assert_ptr_null(fpi_zip_at(zip, -1));
    ck_assert_ptr_eq(fpi_zip_find(zip, "/OFD.xml", task), fpi_zip_at(zip, 0));
}
END_TEST

START_TEST(locked_entries_are_refused)
{
    const char *data;
    fpi_zip_t *zip;
    size_t len;
    fpi_err_t *err;

    unit_done(open_path(&zip, make(tree, "secret")));
    err = fpi_zip_read(&data, &len, zip, fpi_zip_at(zip, 0), task);
    unit_failed(err, FPI_E_UNREADABLE);
    ck_assert_ptr_nonnull(strstr(err->en, "password"));
}
END_TEST

/* Zeros, packed as well as can be. */
static const char *zeros(size_t size, int count)
{
    const char *entries[16] = { NULL };
    char *content = apr_palloc(task->pool, size + 1);

    memset(content, '0', size);
    content[size] = '\0';
    for (int i = 0; i < count; i++) {
        entries[2 * i] = apr_psprintf(task->pool, "%d", i);
        entries[2 * i + 1] = content;
    }
    return make(entries, NULL);
}

START_TEST(bombs_are_refused_before_they_go_off)
{
    const char *data;
    fpi_zip_t *zip;
    fpi_err_t *err;
    size_t len;

    unit_done(open_path(&zip, zeros(FPI_ZIP_FREE, 2))); /* small enough to be harmless, whatever the ratio */
    unit_done(fpi_zip_read(&data, &len, zip, fpi_zip_at(zip, 0), task));
    ck_assert_uint_eq(len, FPI_ZIP_FREE);
    err = open_path(&zip, zeros(FPI_ZIP_FREE * 4, 1));
    unit_failed(err, FPI_E_UNREADABLE);
    ck_assert_ptr_nonnull(strstr(err->en, "packed more than"));
    err = open_path(&zip, zeros(FPI_ZIP_ENTRY + 1, 1));
    unit_failed(err, FPI_E_UNREADABLE);
    ck_assert_ptr_nonnull(strstr(err->en, "64 MB"));
}
END_TEST

START_TEST(what_is_read_in_all_is_limited)
{
    const char *data;
    fpi_zip_t *zip;
    fpi_err_t *err = NULL;
    size_t len;
    int times = 0;

    unit_done(open_path(&zip, zeros(FPI_ZIP_FREE, 1)));
    while (!err && times < 1000) {
        err = fpi_zip_read(&data, &len, zip, fpi_zip_at(zip, 0), task);
        times++;
    }
    unit_failed(err, FPI_E_UNREADABLE);
    ck_assert_int_eq(times, FPI_ZIP_ALL / FPI_ZIP_FREE + 1);
}
END_TEST

static const struct wrong_t {
    const char *bytes;
    size_t len;
} wrong[] = {
    { "", 0 },
    { "PK", 2 },
    { "no archive at all, but a text", 29 },
    { "PK\5\6\0\0\0\0\1\0\1\0\56\0\0\0\0\0\0\0\0\0", 22 },      /* a directory that is not there */
    { "PK\5\6\0\0\0\0\377\377\377\377\56\0\0\0\0\0\0\0\0\0", 22 }, /* 65,535 entries */
};

START_TEST(wrong_bytes_are_refused)
{
    fpi_zip_t *zip;

    unit_failed(fpi_zip_open_bytes(&zip, wrong[_i].bytes, wrong[_i].len, task), FPI_E_UNREADABLE);
}
END_TEST

START_TEST(an_empty_archive_is_fine)
{
    static const char end[] = "PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    fpi_zip_t *zip;

    unit_done(fpi_zip_open_bytes(&zip, end, sizeof(end), task));
    ck_assert_int_eq(fpi_zip_count(zip), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("zip");
    TCase *good = unit_case(suite, "reading");
    TCase *bad = unit_case(suite, "refusing");

    tcase_add_loop_test(good, links_are_followed, 0, UNIT_COUNT(links));
    tcase_add_test(good, entries_are_listed);
    tcase_add_test(good, an_empty_archive_is_fine);
    tcase_add_test(bad, locked_entries_are_refused);
    tcase_add_test(bad, bombs_are_refused_before_they_go_off);
    tcase_add_test(bad, what_is_read_in_all_is_limited);
    tcase_add_loop_test(bad, wrong_bytes_are_refused, 0, UNIT_COUNT(wrong));
    return unit_run(suite);
}
