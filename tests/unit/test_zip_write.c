#include "unit.h"

#include "wire/zip_write.h"

#include <apr_strings.h>
#include <string.h>

/* Takes the last bytes only, however many come. */
typedef struct tail_t {
    unsigned char bytes[256];
    uint64_t size;
} tail_t;

static fpi_err_t *keep_tail(void *baton, const void *data, size_t len, fpi_task_t *own)
{
    tail_t *tail = baton;
    size_t room = sizeof(tail->bytes);

    (void)own;
    tail->size += len;
    if (len >= room) {
        memcpy(tail->bytes, (const unsigned char *)data + len - room, room);
        return NULL;
    }
    memmove(tail->bytes, tail->bytes + len, room - len);
    memcpy(tail->bytes + room - len, data, len);
    return NULL;
}

static uint64_t number(const unsigned char *at, int bytes)
{
    uint64_t value = 0;

    for (int i = bytes - 1; i >= 0; i--) {
        value = value << 8 | at[i];
    }
    return value;
}

static fpi_zip_writer_t *open_zip(tail_t *tail)
{
    fpi_zip_writer_t *zip;

    memset(tail, 0, sizeof(*tail));
    unit_done(fpi_zip_open_writer(&zip, "/tmp", keep_tail, tail, task));
    return zip;
}

static void put(fpi_zip_writer_t *zip, const char *name, const char *text)
{
    fpi_zip_entry_t entry = { name, (int64_t)strlen(text), fpi_crc32(0, text, strlen(text)), 0 };

    unit_done(fpi_zip_begin(zip, &entry, task));
    unit_done(fpi_zip_put(zip, text, strlen(text), task));
}

START_TEST(sums)
{
    ck_assert_uint_eq(fpi_crc32(0, "123456789", 9), 0xcbf43926u);
    ck_assert_uint_eq(fpi_crc32(fpi_crc32(0, "1234", 4), "56789", 5), 0xcbf43926u);
}
END_TEST

START_TEST(small)
{
    tail_t tail;
    fpi_zip_writer_t *zip = open_zip(&tail);
    const unsigned char *end = tail.bytes + sizeof(tail.bytes) - 22;

    put(zip, "a/1", "one");
    put(zip, "a/2", "");
    unit_done(fpi_zip_end(zip, task));
    ck_assert_uint_eq(number(end, 4), 0x06054b50);
    ck_assert_uint_eq(number(end + 10, 2), 2);
    /* two local heads with names and bytes, two in the directory */
    ck_assert_uint_eq(number(end + 16, 4), 2 * (30 + 3) + 3);
    ck_assert_uint_eq(number(end + 12, 4), 2 * (46 + 3));
    ck_assert_uint_eq(tail.size, 2 * (30 + 3) + 3 + 2 * (46 + 3) + 22);
}
END_TEST

START_TEST(what_was_said_must_come)
{
    static const struct { int64_t size; const char *text; } rows[] = { { 4, "one" }, { 2, "one" }, { 3, "two" } };

    for (size_t i = 0; i < 3; i++) {
        tail_t tail;
        fpi_zip_writer_t *zip = open_zip(&tail);
        fpi_zip_entry_t entry = { "x", rows[i].size, fpi_crc32(0, "one", 3), 0 };
        fpi_err_t *err;

        unit_done(fpi_zip_begin(zip, &entry, task));
        err = fpi_zip_put(zip, rows[i].text, 3, task);
        err = err ? err : fpi_zip_end(zip, task);
        ck_assert_ptr_nonnull(err);
        ck_assert_int_eq(err->code, FPI_E_INTERNAL);
    }
}
END_TEST

START_TEST(many_entries_are_zip64)
{
    enum { MANY = 70000 };
    tail_t tail;
    fpi_zip_writer_t *zip = open_zip(&tail);
    const unsigned char *end = tail.bytes + sizeof(tail.bytes) - 22, *end64 = end - 20 - 56;
    char name[16];

    for (int i = 0; i < MANY; i++) {
        apr_snprintf(name, sizeof(name), "%06d", i);
        put(zip, name, "");
    }
    unit_done(fpi_zip_end(zip, task));
    ck_assert_uint_eq(number(end, 4), 0x06054b50);
    ck_assert_uint_eq(number(end + 10, 2), 0xffff);
    ck_assert_uint_eq(number(end - 20, 4), 0x07064b50);
    ck_assert_uint_eq(number(end - 20 + 8, 8), tail.size - 22 - 20 - 56);
    ck_assert_uint_eq(number(end64, 4), 0x06064b50);
    ck_assert_uint_eq(number(end64 + 32, 8), MANY);
    ck_assert_uint_eq(number(end64 + 48, 8), (uint64_t)MANY * (30 + 6));
}
END_TEST

/* An entry of 4 GiB and one behind it: size and place stand in the extra fields. */
START_TEST(large_entries_are_zip64)
{
    static const unsigned char zeros[1 << 20];
    const int64_t size = (int64_t)4 << 30;
    tail_t tail;
    fpi_zip_writer_t *zip = open_zip(&tail);
    const unsigned char *end = tail.bytes + sizeof(tail.bytes) - 22, *last = end - 20 - 56 - (46 + 1 + 12);
    fpi_zip_entry_t entry = { "L", size, 0, 0 };

    for (int i = 0; i < 4096; i++) {
        entry.crc = fpi_crc32(entry.crc, zeros, sizeof(zeros));
    }
    unit_done(fpi_zip_begin(zip, &entry, task));
    for (int i = 0; i < 4096; i++) {
        unit_done(fpi_zip_put(zip, zeros, sizeof(zeros), task));
    }
    put(zip, "s", "small");
    unit_done(fpi_zip_end(zip, task));
    ck_assert_uint_eq(number(last, 4), 0x02014b50);
    ck_assert_uint_eq(number(last + 42, 4), 0xffffffff);
    ck_assert_uint_eq(number(last + 46 + 1, 2), 1);
    ck_assert_uint_eq(number(last + 46 + 1 + 4, 8), (uint64_t)size + 30 + 1 + 20);
    ck_assert_uint_eq(number(end - 20 - 56 + 32, 8), 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("zip_write");
    TCase *tc = unit_case(suite, "zip_write");

    tcase_add_test(tc, sums);
    tcase_add_test(tc, small);
    tcase_add_test(tc, what_was_said_must_come);
    tcase_add_test(tc, many_entries_are_zip64);
    tcase_add_test(tc, large_entries_are_zip64);
    return unit_run(suite);
}
