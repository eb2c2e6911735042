#include "model/bill.h"
#include "model/file.h"
#include "model/invoice.h"
#include "model/people.h"

#include "unit.h"

#include "base/text.h"

#include <apr_strings.h>

static const char *repeat(const char *text, int times)
{
    char *out = apr_pcalloc(task->pool, strlen(text) * (size_t)times + 1);

    for (int i = 0; i < times; i++) {
        strcat(out, text);
    }
    return out;
}

/* A public refusal in both languages that names its field. */
static void refused(const fpi_err_t *err, fpi_code_t code, const char *field)
{
    unit_failed(err, code);
    ck_assert_ptr_nonnull(err->zh);
    ck_assert_ptr_nonnull(err->en);
    ck_assert_str_ne(err->zh, err->en);
    if (field) {
        ck_assert_str_eq(err->field, field);
        ck_assert_ptr_nonnull(strstr(err->zh, field));
        ck_assert_ptr_nonnull(strstr(err->en, field));
    }
}

/* ---- moves ---- */

/* The whole table: for each act the state reached from states 0 to 9, '-' where it is refused. */
static const struct matrix_t {
    fpi_act_t act;
    const char *to;
} matrix[] = {
    { FPI_ACT_ANNOUNCE, "012345678-" }, { FPI_ACT_PUSH, "012345678-" },
    { FPI_ACT_ATTACH, "112311178-" },   { FPI_ACT_SUBMIT, "-22----22-" },
    { FPI_ACT_REVIEW, "--3-------" },   { FPI_ACT_RESCAN, "-44444444-" },
    { FPI_ACT_CANCEL_RESCAN, "----2-----" }, { FPI_ACT_VOID, "9999999999" },
    { FPI_ACT_VOUCHER, "--23------" },  { FPI_ACT_RESUBMIT, "-22-2-222-" },
    { FPI_ACT_EDIT, "012311178-" },     { FPI_ACT_EMPTY, "00--40000-" },
    { FPI_ACT_LOCK, "--23------" },     { FPI_ACT_RECOGNISE, "-7---7-77-" },
    { FPI_ACT_MATCH, "-8---8-88-" },    { FPI_ACT_MISMATCH, "-5---5-55-" },
    { FPI_ACT_UNMATCH, "-----1-11-" },
};

START_TEST(moves_are_the_matrix)
{
    const struct matrix_t *row = &matrix[_i / 10];
    fpi_bill_t bill = { .number = "EAS-1", .state = (fpi_state_t)(_i % 10) };
    fpi_state_t to = (fpi_state_t)77;
    fpi_err_t *err = fpi_bill_move(&to, &bill, row->act, task);
    char expected = row->to[bill.state];

    ck_assert_int_eq(strlen(row->to), 10);
    if (expected != '-') {
        unit_done(err);
        ck_assert_int_eq(to, expected - '0');
        return;
    }
    refused(err, FPI_E_STATE, NULL);
    ck_assert_int_eq(to, 77);
    ck_assert_ptr_nonnull(strstr(err->zh, "EAS-1"));
    ck_assert_ptr_nonnull(strstr(err->en, "EAS-1"));
    ck_assert_ptr_nonnull(strstr(err->zh, fpi_state_name(bill.state, "zh")));
    ck_assert_ptr_nonnull(strstr(err->en, fpi_state_name(bill.state, "en")));
    ck_assert_ptr_nonnull(strstr(err->zh, fpi_act_name(row->act, "zh")));
    ck_assert_ptr_nonnull(strstr(err->en, fpi_act_name(row->act, "en")));
    ck_assert_ptr_null(strstr(err->zh, fpi_state_name(bill.state, "en")));
    ck_assert_ptr_null(strstr(err->en, fpi_act_name(row->act, "zh")));
}
END_TEST

START_TEST(every_act_is_in_the_matrix)
{
    for (int i = 0; i < UNIT_COUNT(matrix); i++) {
        ck_assert_int_eq(matrix[i].act, i);
    }
    ck_assert_int_eq(UNIT_COUNT(matrix), FPI_ACT_COUNT);
}
END_TEST

START_TEST(a_cancelled_rescan_goes_back)
{
    static const char to[] = "2123256782"; /* by state_before; 2 where it can't have been */
    fpi_bill_t bill = { .number = "N", .state = FPI_STATE_RESCAN,
                        .state_before = (fpi_state_t)_i };
    fpi_state_t got;

    unit_done(fpi_bill_move(&got, &bill, FPI_ACT_CANCEL_RESCAN, task));
    ck_assert_int_eq(got, to[_i] - '0');
}
END_TEST

START_TEST(names)
{
    ck_assert_str_eq(fpi_state_name(FPI_STATE_WAITING, "zh"), "待上传");
    ck_assert_str_eq(fpi_state_name(FPI_STATE_VOID, "en"), "void");
    ck_assert_str_eq(fpi_state_name(FPI_STATE_VOID, NULL), "已作废");
    ck_assert_str_eq(fpi_state_name((fpi_state_t)10, "en"), "?");
    ck_assert_str_eq(fpi_state_name((fpi_state_t)-1, "en"), "?");
    ck_assert_str_eq(fpi_act_name(FPI_ACT_RESCAN, "zh"), "退扫");
    ck_assert_str_eq(fpi_act_name(FPI_ACT_COUNT, "zh"), "?");
    ck_assert_str_eq(fpi_kind_name(FPI_KIND_COVER), "cover");
    ck_assert_str_eq(fpi_kind_name(FPI_KIND_ATTACHMENT), "attachment");
    ck_assert_str_eq(fpi_kind_name((fpi_kind_t)3), "?");
}
END_TEST

/* ---- image numbers ---- */

static const struct number_t {
    const char *text, *out; /* out NULL: refused */
    fpi_code_t code;
} numbers[] = {
    { "EAS-0001", "EAS-0001", FPI_DONE },
    { "  eas-bx-0001\t\r\n", "EAS-BX-0001", FPI_DONE },
    { "\xE3\x80\x80" "a\xEF\xBB\xBF", "A", FPI_DONE },
    { "报销-ab", "报销-AB", FPI_DONE },
    { NULL, NULL, FPI_E_NO_NUMBER },
    { "", NULL, FPI_E_NO_NUMBER },
    { " \xE3\x80\x80\t", NULL, FPI_E_NO_NUMBER },
    { "A B", NULL, FPI_E_FIELD },
    { "A\xE3\x80\x80" "B", NULL, FPI_E_FIELD },
    { "A\nB", NULL, FPI_E_FIELD },
    { "A\x01" "B", NULL, FPI_E_FIELD },
    { "A\x7F", NULL, FPI_E_FIELD },
    { "A\xC2\x85" "B", NULL, FPI_E_FIELD },
    { "HZ\xE2\x80\xAE" "BX", NULL, FPI_E_FIELD },
    { "HZ\xE2\x81\xA9", NULL, FPI_E_FIELD },
    { "\xE2\x80\x8F" "1", NULL, FPI_E_FIELD },
    { "A\xE2\x80\x94" "B", "A\xE2\x80\x94" "B", FPI_DONE },
    { "A\xFF" "B", NULL, FPI_E_FIELD },
    { "A\xED\xA0\x80", NULL, FPI_E_FIELD },
};

START_TEST(numbers_are_taken)
{
    const struct number_t *row = &numbers[_i];
    const char *out = "untouched";
    fpi_err_t *err = fpi_bill_take_number(&out, row->text, "scanBillNo", task);

    if (row->out) {
        unit_done(err);
        ck_assert_str_eq(out, row->out);
        return;
    }
    refused(err, row->code, "scanBillNo");
    ck_assert_str_eq(out, "untouched");
    ck_assert(fpi_utf8_is_valid(err->zh, strlen(err->zh)));
}
END_TEST

START_TEST(numbers_have_100_characters)
{
    const char *out;
    fpi_err_t *err;

    unit_done(fpi_bill_take_number(&out, repeat("x", 100), "n", task));
    ck_assert_int_eq(strlen(out), 100);
    unit_done(fpi_bill_take_number(&out, repeat("影", 100), "n", task));
    err = fpi_bill_take_number(&out, repeat("影", 101), "n", task);
    refused(err, FPI_E_FIELD, "n");
    ck_assert_ptr_nonnull(strstr(err->en, "101"));
    ck_assert_ptr_nonnull(strstr(err->zh, "1-100"));
}
END_TEST

/* ---- words, tax numbers, passwords ---- */

static const struct word_t {
    const char *text, *out;
    const char *place; /* what the refusal must tell */
} words[] = {
    { "abc", "abc", NULL },
    { "\tabc \xC2\xA0", "abc", NULL },
    { "Ab\xE5\xBD\xB1" "9", "Ab\xE5\xBD\xB1" "9", NULL },
    { "12345678", "12345678", NULL },
    { NULL, NULL, "empty" },
    { "  ", NULL, "empty" },
    { "ab cd", NULL, "character 3" },
    { "影像 x", NULL, "character 3" },
    { " ab\xE3\x80\x80" "cd", NULL, "character 3" },
    { "a\xE2\x80\x8B" "b", NULL, "character 2" },
    { "abc\x01", NULL, "character 4" },
    { "ab\xC3", NULL, "UTF-8" },
    { "123456789", NULL, "8 characters; 9 came" },
};

START_TEST(words_are_taken)
{
    const struct word_t *row = &words[_i];
    const char *out = "untouched";
    fpi_err_t *err = fpi_people_take_word(&out, row->text, "client_secret", 8, task);

    if (row->out) {
        unit_done(err);
        ck_assert_str_eq(out, row->out);
        return;
    }
    refused(err, FPI_E_FIELD, "client_secret");
    ck_assert_ptr_nonnull(strstr(err->en, row->place));
    ck_assert_str_eq(out, "untouched");
}
END_TEST

START_TEST(words_are_never_shown)
{
    const char *out;
    fpi_err_t *err = fpi_people_take_word(&out, "hush9 hush9", "client_secret", 40, task);

    refused(err, FPI_E_FIELD, "client_secret");
    ck_assert_ptr_null(strstr(fpi_err_chain(task->pool, err), "hush9"));
    ck_assert_ptr_null(strstr(err->zh, "hush9"));
}
END_TEST

static const struct tax_t {
    const char *text, *out;
} taxes[] = {
    { "91440300MA5EXAMPLE", "91440300MA5EXAMPLE" },
    { " 91440300ma5example ", "91440300MA5EXAMPLE" },
    { "123456789012345", "123456789012345" },
    { "12345678901234567890", "12345678901234567890" },
    { "12345678901234", NULL },
    { "123456789012345678901", NULL },
    { "91440300-MA5EXAMPL", NULL },
    { "91440300 MA5EXAMPL", NULL },
    { "税税税税税", NULL },
    { "", NULL },
    { NULL, NULL },
};

START_TEST(tax_numbers_are_taken)
{
    const char *out = NULL;
    fpi_err_t *err = fpi_people_take_tax_no(&out, taxes[_i].text, "taxNo", task);

    if (taxes[_i].out) {
        unit_done(err);
        ck_assert_str_eq(out, taxes[_i].out);
    }
    else {
        refused(err, FPI_E_FIELD, "taxNo");
    }
}
END_TEST

static const struct password_t {
    const char *text;
    const char *told_en, *told_zh; /* NULL: it is fine */
} passwords[] = {
    { "Abcdef1!", NULL, NULL },
    { "Aa1~Aa1~Aa1~Aa1~Aa1~", NULL, NULL },
    { "密码Abc1_xyz", NULL, NULL },
    { "Abcde1!", "7 came", "收到7个" },
    { "Aa1~Aa1~Aa1~Aa1~Aa1~x", "21 came", "收到21个" },
    { "", "0 came", "收到0个" },
    { "abcdef1!", "missing: upper case", "缺少: 大写字母" },
    { "ABCDEF1!", "missing: lower case", "缺少: 小写字母" },
    { "Abcdefg!", "missing: digit", "缺少: 数字" },
    { "Abcdefg1", "missing: special", "缺少: 特殊字符" },
    { "abcdefgh", "missing: upper case digit special", "缺少: 大写字母 数字 特殊字符" },
    { "Abcd ef1!", "blanks", "空格" },
    { "Abcd\tef1!", "control", "控制字符" },
    { "Abcdef1!\xC3", "encoding", "编码" },
};

START_TEST(passwords_are_checked)
{
    const struct password_t *row = &passwords[_i];
    fpi_err_t *err =
        fpi_people_check_password(fpi_secret_make_text(task->pool, row->text), task);

    if (!row->told_en) {
        unit_done(err);
        return;
    }
    refused(err, FPI_E_FIELD, NULL);
    ck_assert_str_eq(err->field, "password");
    ck_assert_msg(strstr(err->en, row->told_en) != NULL, "%s", err->en);
    ck_assert_msg(strstr(err->zh, row->told_zh) != NULL, "%s", err->zh);
    ck_assert(!*row->text || !strstr(err->en, row->text));
}
END_TEST

/* ---- mobiles ---- */

static const struct {
    const char *text, *mobile;   /* NULL: none, or malformed */
    const char *key;
} mobiles[] = {
    { "13800000006", "13800000006", "13800000006" },
    { "8613800000006", "13800000006", "13800000006" },
    { "86-13800000006", "13800000006", "13800000006" },
    { "86 138 0000 0006", "13800000006", "13800000006" },
    { "+86 138-0000-0006", "13800000006", "13800000006" },
    { "+8613800000006", "13800000006", "13800000006" },
    { "8623800000006", "8623800000006", "8623800000006" },   /* no mobile of China begins so */
    { "86138000000", "86138000000", "86138000000" },
    { "861380000000661", "861380000000661", "861380000000661" },
    { "86", NULL, "86" },
    { "+85261234567", "85261234567", "85261234567" },
    { "", NULL, "" },
    { "zhangsan", NULL, "zhangsan" },
    { " zhang san ", NULL, " zhang san " },
};

START_TEST(mobiles_are_taken)
{
    const char *mobile = NULL;
    fpi_err_t *err = fpi_people_take_mobile(&mobile, mobiles[_i].text, "mobile", task);

    ck_assert(!err || !mobiles[_i].mobile);
    ck_assert_pstr_eq(mobile, mobiles[_i].mobile);
    ck_assert_str_eq(fpi_people_mobile_key(mobiles[_i].text, task), mobiles[_i].key);
}
END_TEST

/* ---- invoices ---- */

static const struct identity_t {
    int64_t type;
    const char *code, *number, *identity;
} identities[] = {
    { 4, "4403201130", "12345678", "4403201130-12345678" },
    { 4, " 4403201130", "12345678 ", "4403201130-12345678" },
    { 27, NULL, "24442000000012345678", "24442000000012345678" },
    { 27, "", " 24442000000012345678", "24442000000012345678" },
    { 4, "4403201130", "24442000000012345678", "24442000000012345678" },
    { 29, NULL, "25429000000012345678", "25429000000012345678" },
    { 9, NULL, "z110a012345", "rail-Z110A012345" },
    { 9, "x", "Z110A012345", "rail-Z110A012345" },
    { 29, NULL, "A1", "rail-A1" },
    { 10, NULL, "7812345678901", "air-7812345678901" },
    { 28, "", "7812345678901", "air-7812345678901" },
    { 10, NULL, "781-2345678901", "air-7812345678901" },
    { 10, NULL, "781 - 2345678901", "air-7812345678901" },
    { 9, NULL, "A-1", "rail-A-1" },
    { 24, NULL, "e123456", "refund-E123456" },
    { 24, "x", "E123456", "refund-E123456" },
    { 19, NULL, "344035190100012345", "taxpaid-344035190100012345" },
    { 21, NULL, "531620191167000123-L01", "customs-531620191167000123-L01" },
    { 21, NULL, "53162019116700012345", "53162019116700012345" },
    { 25, "31060124", "0012345678", "31060124-0012345678" },
    { 16, NULL, "1234567", NULL },
    { 1, NULL, "12345678", NULL },
    { 1, " ", "12345678", NULL },
    { 1, "044001900111", NULL, NULL },
    { 1, "044001900111", "  ", NULL },
    { 9, NULL, NULL, NULL },
    { 0, "a", "2444200000001234567x", "A-2444200000001234567X" },
};

START_TEST(invoices_have_an_identity)
{
    const struct identity_t *row = &identities[_i];
    fpi_invoice_t invoice = { .type = row->type, .code = row->code, .number = row->number };
    const char *identity = fpi_invoice_identity(&invoice, task->pool);

    if (row->identity) {
        ck_assert_ptr_nonnull(identity);
        ck_assert_str_eq(identity, row->identity);
    }
    else {
        ck_assert_ptr_null(identity);
    }
}
END_TEST

/* ---- file names ---- */

static const struct file_name_t {
    const char *text, *name;
} file_names[] = {
    { "发票 1.pdf", "发票 1.pdf" },
    { " a.pdf\r\n", "a.pdf" },
    { "/etc/passwd", "passwd" },
    { "C:\\scan\\page.tif", "page.tif" },
    { "../../x.pdf", "x.pdf" },
    { "dir/", "dir" },
    { "a:b*c?d\"e<f>g|h", "a_b_c_d_e_f_g_h" },
    { "a\x01\x7F\xC2\x85z", "a___z" },
    { "evil\xE2\x80\xAE" "fdp.exe", "evil_fdp.exe" },
    { "x\xE2\x81\xA6y\xE2\x80\x8E", "x_y_" },
    { "bad\xFF\xC3.pdf", "bad__.pdf" },
    { "cut\xE5\xBD", "cut__" },
    { ".hidden", ".hidden" },
    { "..", "otherwise" },
    { ".", "otherwise" },
    { "/", "otherwise" },
    { "", "otherwise" },
    { NULL, "otherwise" },
    { "a/..", "otherwise" },
    { "\x01\x02", "otherwise" },
};

START_TEST(file_names_are_taken)
{
    const char *name = fpi_file_take_name(file_names[_i].text, "otherwise", task->pool);

    ck_assert_str_eq(name, file_names[_i].name);
    ck_assert(fpi_utf8_is_valid(name, strlen(name)));
}
END_TEST

START_TEST(file_names_have_255_bytes)
{
    const char *name = fpi_file_take_name(repeat("影", 90), "otherwise", task->pool);

    ck_assert_int_eq(strlen(name), 255);
    ck_assert(fpi_utf8_is_valid(name, strlen(name)));
    name = apr_pstrcat(task->pool, "x", repeat("影", 90), NULL);
    name = fpi_file_take_name(name, "otherwise", task->pool);
    ck_assert_int_eq(strlen(name), 253);
    ck_assert(fpi_utf8_is_valid(name, strlen(name)));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model");
    TCase *bill = unit_case(suite, "bill");
    TCase *people = unit_case(suite, "people");
    TCase *paper = unit_case(suite, "invoice, file");

    tcase_add_loop_test(bill, moves_are_the_matrix, 0, UNIT_COUNT(matrix) * 10);
    tcase_add_test(bill, every_act_is_in_the_matrix);
    tcase_add_loop_test(bill, a_cancelled_rescan_goes_back, 0, 10);
    tcase_add_test(bill, names);
    tcase_add_loop_test(bill, numbers_are_taken, 0, UNIT_COUNT(numbers));
    tcase_add_test(bill, numbers_have_100_characters);
    tcase_add_loop_test(people, words_are_taken, 0, UNIT_COUNT(words));
    tcase_add_test(people, words_are_never_shown);
    tcase_add_loop_test(people, tax_numbers_are_taken, 0, UNIT_COUNT(taxes));
    tcase_add_loop_test(people, passwords_are_checked, 0, UNIT_COUNT(passwords));
    tcase_add_loop_test(paper, mobiles_are_taken, 0, UNIT_COUNT(mobiles));
    tcase_add_loop_test(paper, invoices_have_an_identity, 0, UNIT_COUNT(identities));
    tcase_add_loop_test(paper, file_names_are_taken, 0, UNIT_COUNT(file_names));
    tcase_add_test(paper, file_names_have_255_bytes);
    return unit_run(suite);
}
