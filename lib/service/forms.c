#include "service/forms.h"

#include "base/clock.h"
#include "base/text.h"
#include "model/people.h"
#include "model/said.h"
#include "wire/crypto.h"

#include <apr_strings.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* How long a number may be is told by its own rule: more than that is read of it. */
enum { NAME_MAX_LEN = 200, WORD_MAX = 100, NUMBER_TEXT = 2048 };

#define NUMBER_ALIASES "scanBillNo|fscanBillNo|imageNo|imageNumber|coverNo|影像编号"
#define ERP_ID_ALIASES "billId|fbillId|bxd_key"
#define BILL_NO_ALIASES "billNo|billNumber|billnumber"
#define TYPE_ALIASES "billTypeCode|fbillTypeCode|billType"
#define CLIENT_ALIASES "clientId|client_id"
#define TAX_ALIASES "taxNo|tin|buyerTaxNo|ghf_tin"
#define NUMBER_NAMES "invoiceNo|invoiceNum"
#define DATE_NAMES "invoiceDate|issueDate"
#define SELLER_NAMES "salerName|sellerName"
#define BUYER_NAMES "buyerName"
#define BUYER_TAX_NAMES "buyerTaxNo"
#define PURCHASER "unifiedSocialCreditCodeOfPurchaser"
#define VERSION_ALIASES "updateTime|modifyTime|lastUpdateTime|version|timestamp"

/* ---- aliases ---- */

typedef fpi_err_t *read_fn(const char **, const fpi_json_t *, const char *, size_t, fpi_task_t *);

/* The next name of a list of aliases; NULL: there is none left. */
static const char *take_alias(const char **aliases, apr_pool_t *pool)
{
    const char *name = *aliases;
    size_t n = strcspn(name, "|");

    *aliases += n + (name[n] == '|');
    return *name ? apr_pstrmemdup(pool, name, n) : NULL;
}

static fpi_err_t *find_by(read_fn *read, const char **out, const fpi_json_t *object, const char *aliases, size_t most,
                          fpi_task_t *task)
{
    const char *name;

    *out = NULL;
    while ((name = take_alias(&aliases, task->pool)) != NULL) {
        const char *value;

        if (!fpi_json_find(object, name)) {
            continue;
        }
        FPI_TRY(read(&value, object, name, most, task));
        value = value ? fpi_text_trim(task->pool, value) : NULL;
        if (value && *value) {
            *out = value;
            return NULL;
        }
    }
    return NULL;
}

fpi_err_t *fpi_form_find(const char **out, const fpi_json_t *object, const char *aliases, size_t most,
                         fpi_task_t *task)
{
    return find_by(fpi_json_find_word, out, object, aliases, most, task);
}

/* One member as text; NULL: it is not there, blank, or can't be read. */
static const char *kept_of(const fpi_json_t *object, const char *name, size_t most, bool is_cut, fpi_task_t *task)
{
    const char *text = fpi_json_text(fpi_json_find(object, name));

    if (!text && fpi_json_find_scalar(&text, object, name, most, task)) {
        return NULL;
    }
    text = text ? fpi_text_trim(task->pool, text) : NULL;
    if (text && fpi_utf8_length(text) > most) {
        text = is_cut ? fpi_utf8_cut(task->pool, text, most) : NULL;
    }
    return text && *text ? text : NULL;
}

static const char *find_kept(const fpi_json_t *object, const char *aliases, size_t most, bool is_cut, fpi_task_t *task)
{
    const char *text = NULL, *name;

    while (!text && (name = take_alias(&aliases, task->pool)) != NULL) {
        text = kept_of(object, name, most, is_cut, task);
    }
    return text;
}

const char *fpi_form_find_kept(const fpi_json_t *object, const char *aliases, size_t most, fpi_task_t *task)
{
    return find_kept(object, aliases, most, false, task);
}

const char *fpi_form_find_name(const fpi_json_t *object, const char *aliases, fpi_task_t *task)
{
    return find_kept(object, aliases, NAME_MAX_LEN, true, task);
}

fpi_err_t *fpi_form_get(const char **out, const fpi_json_t *object, const char *aliases, size_t most,
                        fpi_task_t *task)
{
    const char *name;

    FPI_TRY(fpi_form_find(out, object, aliases, most, task));
    if (*out) {
        return NULL;
    }
    name = apr_pstrmemdup(task->pool, aliases, strcspn(aliases, "|"));
    return fpi_refuse(task, FPI_E_FIELD, name, "字段 %s 缺失或为空", "field %s is missing or empty", name);
}

/* ---- pushes ---- */

/* A time in ms, or a plain counter; 0 when it is neither. */
static int64_t read_version(const char *text)
{
    apr_time_t when;
    int64_t counter = 0;

    if (text && fpi_clock_read(&when, text)) {
        return apr_time_as_msec(when);
    }
    return text && fpi_int_parse(&counter, text, 1, INT64_MAX) ? counter : 0;
}

const char *fpi_form_tax_no(const char *text, fpi_task_t *task)
{
    return text ? fpi_text_upper(fpi_text_trim(task->pool, text)) : NULL;
}

fpi_err_t *fpi_form_read_identity(fpi_identity_t *out, const fpi_json_t *object, fpi_task_t *task)
{
    const char *number, *version;

    memset(out, 0, sizeof(*out));
    FPI_TRY(fpi_form_find(&number, object, NUMBER_ALIASES, NUMBER_TEXT, task));
    if (number) {
        FPI_TRY(fpi_bill_take_number(&out->number, number, "scanBillNo", task));
    }
    FPI_TRY(fpi_form_find(&out->erp_id, object, ERP_ID_ALIASES, WORD_MAX, task));
    FPI_TRY(fpi_form_find(&out->bill_no, object, BILL_NO_ALIASES, WORD_MAX, task));
    FPI_TRY(fpi_form_find(&out->type_code, object, TYPE_ALIASES, WORD_MAX, task));
    FPI_TRY(fpi_form_find(&out->resource, object, "resource", WORD_MAX, task));
    FPI_TRY(fpi_form_find(&out->client_id, object, CLIENT_ALIASES, WORD_MAX, task));
    FPI_TRY(fpi_form_find(&out->tax_no, object, TAX_ALIASES, WORD_MAX, task));
    out->tax_no = fpi_form_tax_no(out->tax_no, task);
    FPI_TRY(fpi_form_find(&out->timestamp, object, "timestamp", WORD_MAX, task));
    FPI_TRY(fpi_form_find(&out->sign, object, "sign", NAME_MAX_LEN, task));
    FPI_TRY(fpi_form_find(&out->enc_type, object, "encType", WORD_MAX, task));
    /* which of two is newer hangs on it: one that can't be read is refused, but true and false say nothing */
    FPI_TRY(find_by(fpi_json_find_scalar, &version, object, VERSION_ALIASES, WORD_MAX, task));
    out->version = read_version(version);
    return NULL;
}

/* ---- announcements ---- */

typedef struct field_t {
    const char *aliases;
    size_t offset;
    size_t most;
    bool is_required;
} field_t;

#define FIELD(aliases, member, most, required) { aliases, offsetof(fpi_bill_t, member), most, required }

static const field_t announcement[] = {
    FIELD("fbillId|billId", erp_id, WORD_MAX, true),
    FIELD("fbillTypeCode|billTypeCode", type_code, WORD_MAX, true),
    FIELD("resource", resource, 50, true),
    FIELD("fbillTypeDes|billTypeDes", type_name, NAME_MAX_LEN, false),
    FIELD("fapplyUserName|applyUserName", apply_name, NAME_MAX_LEN, false),
    FIELD("fapplyUserPhone|applyUserPhone", apply_phone, 50, false),
    FIELD("fapplyErpUserName|applyErpUserName", apply_erp_user, NAME_MAX_LEN, false),
    FIELD("fapplyOrganizationCode|applyOrganizationCode", org_code, WORD_MAX, false),
    FIELD("fapplyOrganizationName|applyOrganizationName", org_name, NAME_MAX_LEN, false),
    FIELD("billNo|billNumber", bill_no, WORD_MAX, false),
};

enum { ANNOUNCEMENT_FIELDS = sizeof(announcement) / sizeof(*announcement) };

static const char **member(fpi_bill_t *bill, const field_t *field)
{
    return (const char **)(void *)((char *)bill + field->offset);
}

fpi_err_t *fpi_form_read_announcement(fpi_bill_t *bill, const fpi_json_t *object, fpi_task_t *task)
{
    const char *text;

    memset(bill, 0, sizeof(*bill));
    FPI_TRY(fpi_form_find(&text, object, "fscanBillNo|scanBillNo|imageNo|imageNumber", NUMBER_TEXT, task));
    FPI_TRY(fpi_bill_take_number(&bill->number, text ? text : "", "fscanBillNo", task));
    for (int i = 0; i < ANNOUNCEMENT_FIELDS; i++) {
        const field_t *field = &announcement[i];
        read_fn *read = field->is_required ? fpi_form_get : fpi_form_find;

        FPI_TRY(read(member(bill, field), object, field->aliases, field->most, task));
    }
    bill->apply_phone = bill->apply_phone ? fpi_people_mobile_key(bill->apply_phone, task) : NULL; /* whose bill it is */
    FPI_TRY(fpi_form_find(&text, object, "taxNo|ftaxNo", WORD_MAX, task));
    return text ? fpi_people_take_tax_no(&bill->tax_no, text, "taxNo", task) : NULL;
}

const char *fpi_form_announcement_sha(const fpi_bill_t *bill, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);
    const char *text;

    fpi_json_put_text(doc, "number", bill->number);
    fpi_json_put_text(doc, "taxNo", bill->tax_no);
    for (int i = 0; i < ANNOUNCEMENT_FIELDS; i++) {
        fpi_json_put_text(doc, announcement[i].aliases, *member((fpi_bill_t *)bill, &announcement[i]));
    }
    text = fpi_json_format(doc, true, task);
    return fpi_sha256_hex(text, strlen(text), task);
}

/* ---- invoices ---- */

typedef struct sum_t {
    const char *name, *aliases;
    fpi_said_kind_t kind;
    size_t fen, has, said;       /* members of fpi_invoice_t */
} sum_t;

#define SUM(name, aliases, kind) { #name, aliases, kind, offsetof(fpi_invoice_t, name), offsetof(fpi_invoice_t, has_##name), \
                                   offsetof(fpi_invoice_t, name##_said) }

static const sum_t sums[] = {
    SUM(net, "invoiceAmount|invoiceMoney", FPI_SAID_MONEY),
    SUM(tax, "totalTaxAmount|taxAmount", FPI_SAID_TAX),
    SUM(gross, "totalAmount", FPI_SAID_MONEY),
};

enum { SUMS = sizeof(sums) / sizeof(*sums) };

static void *part(const fpi_invoice_t *invoice, size_t at)
{
    return (char *)(uintptr_t)invoice + at;
}

/* What a member says as text, whatever it is; NULL: nothing. */
static const char *text_of(const fpi_json_t *object, const char *name, fpi_task_t *task)
{
    const char *text;

    if (fpi_json_find_scalar(&text, object, name, NAME_MAX_LEN, task)) {
        text = fpi_json_format(fpi_json_find(object, name), true, task);
        text = apr_pstrmemdup(task->pool, text, strnlen(text, WORD_MAX));
    }
    text = text ? fpi_text_trim(task->pool, text) : NULL;
    return text && *text ? text : NULL;
}

/* Numbers go through their decimal digits first: 0.1 + 0.2 is 0.30. */
static bool read_fen(int64_t *fen, const fpi_json_t *object, const char *name, fpi_said_kind_t kind, const char *text,
                     fpi_task_t *task)
{
    bool has;

    if (!fpi_json_find_fen(fen, &has, object, name, task)) {
        return has;
    }
    text = fpi_said_value(kind, text, task->pool);
    return text && fpi_fen_parse(fen, text);
}

/* The first alias that can be read; else what the first one said that can't. */
static void read_sum(fpi_invoice_t *invoice, const sum_t *sum, const fpi_json_t *object, fpi_task_t *task)
{
    bool *has = part(invoice, sum->has);
    const char **said = part(invoice, sum->said);

    for (const char *at = sum->aliases; *at && !*has;) {
        size_t n = strcspn(at, "|");
        const char *name = apr_pstrmemdup(task->pool, at, n), *text = text_of(object, name, task);

        *has = text && read_fen(part(invoice, sum->fen), object, name, sum->kind, text, task);
        *said = *has ? NULL : *said ? *said : text;
        at += n + (at[n] == '|');
    }
}

fpi_err_t *fpi_form_reread_sums(fpi_invoice_t *invoice, fpi_task_t *task)
{
    fpi_json_t *object;

    if ((invoice->has_net && invoice->has_tax && invoice->has_gross) || !invoice->doc) {
        return NULL;
    }
    FPI_TRY(fpi_json_parse(&object, invoice->doc, strlen(invoice->doc), task));
    for (int i = 0; i < SUMS; i++) {
        read_sum(invoice, &sums[i], object, task);
    }
    return NULL;
}

const char *fpi_form_unread_sums(const fpi_invoice_t *invoice, fpi_task_t *task)
{
    const char *text = NULL;

    for (int i = 0; i < SUMS; i++) {
        const char *said = *(const char **)part(invoice, sums[i].said);

        if (said) {
            text = apr_psprintf(task->pool, "%s%s%s \"%s\"", text ? text : "", text ? ", " : "", sums[i].name, said);
        }
    }
    return text;
}

/* What the cloud calls number, day and parties of a type (facts-cloud.md 5.3); NULL: as the common fields have it. */
static const struct typed_t {
    int64_t type;
    const char *number, *date, *seller, *buyer, *buyer_tax_no;
} typed[] = {
    { 10, "electronicTicketNum|" NUMBER_NAMES, NULL, NULL, BUYER_NAMES "|customerName", BUYER_TAX_NAMES "|" PURCHASER },
    { 28, "electronicTicketNum|" NUMBER_NAMES, NULL, NULL, NULL, BUYER_TAX_NAMES "|" PURCHASER },
    { 16, NULL, DATE_NAMES "|time", NULL, NULL, NULL },
    { 19, "taxPaidProofNo|" NUMBER_NAMES, NULL, NULL, NULL, NULL },
    { 21, "customDeclarationNo|" NUMBER_NAMES, NULL, NULL, NULL, NULL },
    { 24, "number|" NUMBER_NAMES, NULL, NULL, NULL, NULL },
    { 25, NULL, NULL, SELLER_NAMES "|invoicingPartyName", BUYER_NAMES "|payerPartyName", NULL },
};

static struct typed_t names_of(int64_t type)
{
    struct typed_t names = { 0 };

    for (size_t i = 0; i < sizeof(typed) / sizeof(*typed); i++) {
        names = typed[i].type == type ? typed[i] : names;
    }
    names.number = names.number ? names.number : NUMBER_NAMES "|electronicTicketNum|printingSequenceNo";
    names.date = names.date ? names.date : DATE_NAMES;
    names.seller = names.seller ? names.seller : SELLER_NAMES;
    names.buyer = names.buyer ? names.buyer : BUYER_NAMES;
    names.buyer_tax_no = names.buyer_tax_no ? names.buyer_tax_no : BUYER_TAX_NAMES;
    return names;
}

/* A 20-digit number goes before the one of the ticket. */
static void read_number(fpi_invoice_t *out, const fpi_json_t *object, const char *names, fpi_task_t *task)
{
    out->number = fpi_form_find_kept(object, NUMBER_NAMES, 50, task);
    if (!fpi_invoice_is_digital(out->number)) {
        out->number = fpi_form_find_kept(object, names, 50, task);
    }
    out->number = fpi_invoice_number(out->type, out->number, task->pool);
}

static void read_words(fpi_invoice_t *out, const fpi_json_t *object, fpi_task_t *task)
{
    struct typed_t names = names_of(out->type);

    out->serial_no = fpi_form_find_kept(object, "serialNo", WORD_MAX, task);
    out->code = fpi_form_find_kept(object, "invoiceCode", 50, task);
    read_number(out, object, names.number, task);
    out->date = fpi_said_value(FPI_SAID_DATE, fpi_form_find_kept(object, names.date, 40, task), task->pool);
    out->seller_name = fpi_form_find_name(object, names.seller, task);
    out->seller_tax_no = fpi_form_find_kept(object, "salerTaxNo|sellerTaxNo", 50, task);
    out->buyer_name = fpi_form_find_name(object, names.buyer, task);
    out->buyer_tax_no = fpi_form_find_kept(object, names.buyer_tax_no, 50, task);
}

fpi_err_t *fpi_form_read_invoice(fpi_invoice_t *out, const fpi_json_t *object, fpi_task_t *task)
{
    const char *type, *status;

    memset(out, 0, sizeof(*out));
    if (!fpi_json_is_object(object)) {
        return fpi_refuse(task, FPI_E_FIELD, "invoices", "发票列表的成员应为对象",
                          "each of the invoices must be an object");
    }
    type = fpi_form_find_kept(object, "invoiceType", 10, task);
    status = fpi_form_find_kept(object, "checkStatus", 10, task);
    if (type && !fpi_int_parse(&out->type, type, 0, 9999)) {
        out->type = 0;
    }
    if (status && !fpi_int_parse(&out->check_status, status, 0, 9)) {
        out->check_status = 0;
    }
    read_words(out, object, task);
    for (int i = 0; i < SUMS; i++) {
        read_sum(out, &sums[i], object, task);
    }
    out->identity = fpi_invoice_identity(out, task->pool);
    out->doc = fpi_json_format(object, true, task);
    return NULL;
}

/* Bytes of the text that begins behind its quotation mark. */
static size_t text_len(const char *json)
{
    size_t n = 0;

    while (json[n] && json[n] != '"') {
        n += json[n] == '\\' && json[n + 1] ? 2 : 1;
    }
    return n;
}

bool fpi_form_is_address(const char *text)
{
    return strncasecmp(text, "http://", 7) == 0 || strncasecmp(text, "https://", 8) == 0;
}

/* Compact JSON in which each text that is an address is empty. */
static const char *without_addresses(const char *json, fpi_task_t *task)
{
    char *out = apr_palloc(task->pool, strlen(json) + 1), *to = out;

    while (*json) {
        bool is_text = *json == '"';
        size_t n = is_text ? text_len(json + 1) : 0;

        *to++ = *json++;
        if (is_text && !fpi_form_is_address(json)) {
            memcpy(to, json, n);
            to += n;
        }
        json += n;
        if (is_text && *json) {
            *to++ = *json++;
        }
    }
    *to = '\0';
    return out;
}

bool fpi_form_is_same_invoice(const char *a, const char *b, fpi_task_t *task)
{
    return strcmp(without_addresses(a, task), without_addresses(b, task)) == 0;
}

static void put_fen(fpi_json_t *to, const char *name, bool has, int64_t fen, fpi_task_t *task)
{
    if (has) {
        fpi_json_put_fen(to, name, fen, task);
    }
    else {
        fpi_json_put_text(to, name, NULL);
    }
}

fpi_json_t *fpi_form_write_invoice(const fpi_invoice_t *invoice, fpi_task_t *task)
{
    fpi_json_t *to = fpi_json_make_object(task);

    fpi_json_put_text(to, "serialNo", invoice->serial_no);
    fpi_json_put_int(to, "invoiceType", invoice->type);
    fpi_json_put_text(to, "invoiceCode", invoice->code);
    fpi_json_put_text(to, "invoiceNo", invoice->number);
    fpi_json_put_text(to, "invoiceDate", invoice->date);
    put_fen(to, "invoiceAmount", invoice->has_net, invoice->net, task);
    put_fen(to, "totalTaxAmount", invoice->has_tax, invoice->tax, task);
    put_fen(to, "totalAmount", invoice->has_gross, invoice->gross, task);
    fpi_json_put_text(to, "salerName", invoice->seller_name);
    fpi_json_put_text(to, "salerTaxNo", invoice->seller_tax_no);
    fpi_json_put_text(to, "buyerName", invoice->buyer_name);
    fpi_json_put_text(to, "buyerTaxNo", invoice->buyer_tax_no);
    fpi_json_put_int(to, "checkStatus", invoice->check_status);
    return to;
}

const char *fpi_form_time(apr_time_t when, fpi_task_t *task)
{
    apr_time_exp_t exp;

    if (apr_time_exp_tz(&exp, when, 8 * 3600) != APR_SUCCESS) {
        return "";
    }
    return apr_psprintf(task->pool, "%04d-%02d-%02d %02d:%02d:%02d", exp.tm_year + 1900, exp.tm_mon + 1,
                        exp.tm_mday, exp.tm_hour, exp.tm_min, exp.tm_sec);
}
