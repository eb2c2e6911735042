#include "model/people.h"

#include "base/text.h"

#include <apr_strings.h>
#include <ctype.h>
#include <string.h>

enum { TAX_NO_LEAST = 15, TAX_NO_MOST = 20, PASSWORD_LEAST = 8, PASSWORD_MOST = 20,
       MOBILE_LEAST = 5, MOBILE_MOST = 15, CHINA_LEN = 11, MAIL_MOST = 100 };

const fpi_org_t *fpi_org_of(const fpi_org_t *orgs, int count, int64_t id)
{
    for (int i = 0; i < count; i++) {
        if (orgs[i].id == id) {
            return &orgs[i];
        }
    }
    return NULL;
}

const char *fpi_org_tax_no(const fpi_org_t *orgs, int count, int64_t id)
{
    const fpi_org_t *org = fpi_org_of(orgs, count, id);

    for (int level = 0; org && level <= FPI_ORG_LEVELS; level++) {
        if (org->tax_no && *org->tax_no) {
            return org->tax_no;
        }
        org = fpi_org_of(orgs, count, org->parent);
    }
    return NULL;
}

/* Number, from 1, of the character at `offset`. */
static long place_of(const char *text, long offset, apr_pool_t *pool)
{
    return (long)fpi_utf8_length(apr_pstrmemdup(pool, text, (apr_size_t)offset)) + 1;
}

static long find_control(const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c < 0x20 || *c == 0x7F) {
            return (const char *)c - text;
        }
    }
    return -1;
}

/* The value may be a secret: it is told of by place and length only. */
fpi_err_t *fpi_people_take_word(const char **out, const char *text, const char *field, size_t most,
                                fpi_task_t *task)
{
    char *word = fpi_text_trim(task->pool, text ? text : "");
    long at;

    if (!*word) {
        return fpi_refuse(task, FPI_E_FIELD, field, "%s不能为空", "%s must not be empty", field);
    }
    if (!fpi_utf8_is_valid(word, strlen(word))) {
        return fpi_refuse(task, FPI_E_FIELD, field, "%s不是有效的UTF-8文本",
                          "%s is not valid UTF-8", field);
    }
    at = fpi_text_find_blank(word);
    if (at >= 0) {
        return fpi_refuse(task, FPI_E_FIELD, field, "%s中间不得有空格: 第%ld个字符是空格",
                          "%s must not hold a blank: character %ld is one", field,
                          place_of(word, at, task->pool));
    }
    at = find_control(word);
    if (at >= 0) {
        return fpi_refuse(task, FPI_E_FIELD, field, "%s不得有控制字符: 第%ld个字符是控制字符",
                          "%s must not hold a control character: character %ld is one", field,
                          place_of(word, at, task->pool));
    }
    if (fpi_utf8_length(word) > most) {
        return fpi_refuse(task, FPI_E_FIELD, field, "%s最多%ld个字符, 收到%ld个",
                          "%s may have %ld characters; %ld came", field, (long)most,
                          (long)fpi_utf8_length(word));
    }
    *out = word;
    return NULL;
}

fpi_err_t *fpi_people_take_tax_no(const char **out, const char *text, const char *field,
                                  fpi_task_t *task)
{
    char *tax_no = fpi_text_trim(task->pool, text ? text : "");
    size_t len = strlen(tax_no);

    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)tax_no[i] >= 0x80 || !isalnum((unsigned char)tax_no[i])) {
            return fpi_refuse(task, FPI_E_FIELD, field,
                              "税号%s应为%d-%d位字母或数字, 第%ld个字符不是",
                              "the tax number %s must have %d-%d letters and digits; character %ld "
                              "is something else",
                              field, TAX_NO_LEAST, TAX_NO_MOST, (long)i + 1);
        }
    }
    if (len < TAX_NO_LEAST || len > TAX_NO_MOST) {
        return fpi_refuse(task, FPI_E_FIELD, field, "税号%s应为%d-%d位字母或数字, 收到%ld位",
                          "the tax number %s must have %d-%d letters and digits; %ld came", field,
                          TAX_NO_LEAST, TAX_NO_MOST, (long)len);
    }
    *out = fpi_text_upper(tax_no);
    return NULL;
}

/* ---- what people type of people ---- */

/* How long the code of China in front of a number is. */
static size_t country_of(const char *mobile)
{
    if (strncmp(mobile, "+86", 3) == 0) {
        return 3;
    }
    return strncmp(mobile, "861", 3) == 0 && strlen(mobile) == CHINA_LEN + 2 ? 2 : *mobile == '+';
}

fpi_err_t *fpi_people_take_mobile(const char **out, const char *text, const char *field, fpi_task_t *task)
{
    char *mobile = fpi_text_trim(task->pool, text ? text : ""), *to = mobile;
    size_t len;

    *out = NULL;
    if (!*mobile) {
        return NULL;
    }
    for (const char *c = mobile; *c; c++) {
        if (*c != ' ' && *c != '-') {
            *to++ = *c;
        }
    }
    *to = '\0';
    mobile += country_of(mobile);
    len = strspn(mobile, "0123456789");
    if (mobile[len] || len < MOBILE_LEAST || len > MOBILE_MOST) {
        return fpi_refuse(task, FPI_E_FIELD, field, "%s应为%d-%d位数字的手机号", "%s must be a mobile number of %d-%d digits", field,
                          MOBILE_LEAST, MOBILE_MOST);
    }
    *out = mobile;
    return NULL;
}

const char *fpi_people_mobile_key(const char *text, fpi_task_t *task)
{
    const char *mobile = NULL;

    fpi_ignore(fpi_people_take_mobile(&mobile, text, "mobile", task));
    return mobile ? mobile : text;
}

fpi_err_t *fpi_people_take_mail(const char **out, const char *text, const char *field, fpi_task_t *task)
{
    const char *mail = fpi_text_trim(task->pool, text ? text : ""), *at;

    *out = NULL;
    if (!*mail) {
        return NULL;
    }
    FPI_TRY(fpi_people_take_word(&mail, mail, field, MAIL_MOST, task));
    at = strchr(mail, '@');
    if (!at || at == mail || strchr(at + 1, '@') || !strchr(at + 1, '.') || at[1] == '.' || at[strlen(at) - 1] == '.') {
        return fpi_refuse(task, FPI_E_FIELD, field, "%s不是邮箱地址", "%s is not a mail address", field);
    }
    *out = mail;
    return NULL;
}

fpi_err_t *fpi_people_take_name(const char **out, const char *text, const char *field, size_t most, fpi_task_t *task)
{
    const char *name = fpi_text_trim(task->pool, text ? text : "");

    if (!*name || !fpi_utf8_is_valid(name, strlen(name)) || find_control(name) >= 0) {
        return fpi_refuse(task, FPI_E_FIELD, field, "%s不能为空, 也不得有控制字符",
                          "%s must not be empty or hold control characters", field);
    }
    if (fpi_utf8_length(name) > most) {
        return fpi_refuse(task, FPI_E_FIELD, field, "%s最多%ld个字符, 收到%ld个", "%s may have %ld characters; %ld came", field,
                          (long)most, (long)fpi_utf8_length(name));
    }
    *out = name;
    return NULL;
}

/* ---- passwords ---- */

typedef struct kinds_t {
    bool upper, lower, digit, special, other; /* other: what no password may hold */
} kinds_t;

static kinds_t kinds_of(const fpi_secret_t *password)
{
    kinds_t kinds = { false, false, false, false, false };

    for (size_t i = 0; i < password->len; i++) {
        unsigned char c = (unsigned char)password->bytes[i];

        kinds.upper |= c >= 'A' && c <= 'Z';
        kinds.lower |= c >= 'a' && c <= 'z';
        kinds.digit |= c >= '0' && c <= '9';
        kinds.special |= c > ' ' && c < 0x7F && ispunct(c);
        kinds.other |= c <= ' ' || c == 0x7F;
    }
    return kinds;
}

fpi_err_t *fpi_people_check_password(const fpi_secret_t *password, fpi_task_t *task)
{
    kinds_t kinds = kinds_of(password);
    long length = (long)fpi_utf8_length(password->bytes);

    if (kinds.other || !fpi_utf8_is_valid(password->bytes, password->len)) {
        return fpi_refuse(task, FPI_E_FIELD, "password", "密码不得含空格、控制字符或无效编码",
                          "a password must not hold blanks, control characters or bad encoding");
    }
    if (length < PASSWORD_LEAST || length > PASSWORD_MOST) {
        return fpi_refuse(task, FPI_E_FIELD, "password", "密码应为%d-%d个字符, 收到%ld个",
                          "a password must have %d-%d characters; %ld came", PASSWORD_LEAST,
                          PASSWORD_MOST, length);
    }
    if (!kinds.upper || !kinds.lower || !kinds.digit || !kinds.special) {
        /* each text takes its own of the two languages and prints nothing of the other */
        return fpi_refuse(
            task, FPI_E_FIELD, "password",
            "密码应同时含大写字母、小写字母、数字和特殊字符, 缺少:%s%.0s%s%.0s%s%.0s%s%.0s",
            "a password must hold upper case, lower case, digit and special; "
            "missing:%.0s%s%.0s%s%.0s%s%.0s%s",
            kinds.upper ? "" : " 大写字母", kinds.upper ? "" : " upper case",
            kinds.lower ? "" : " 小写字母", kinds.lower ? "" : " lower case",
            kinds.digit ? "" : " 数字", kinds.digit ? "" : " digit",
            kinds.special ? "" : " 特殊字符", kinds.special ? "" : " special");
    }
    return NULL;
}
