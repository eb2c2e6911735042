/* What two invoices have in common, field by field. */
#include "model/match_own.h"

#include "base/text.h"
#include "model/said.h"

#include <apr_strings.h>
#include <stddef.h>
#include <string.h>

enum { CODE_LEN = 12, NUMBER_LEN = 8 }; /* a fully digital number, cut in two as if it were of the old kind */

/* ---- keys ---- */

static const char *id_of(const char *text, apr_pool_t *pool)
{
    return text ? fpi_said_value(FPI_SAID_ID, text, pool) : NULL;
}

/* Zeros in front get lost where numbers pass through spreadsheets. */
static const char *without_zeros(const char *id)
{
    if (!id) {
        return NULL;
    }
    id += strspn(id, "0");
    return *id ? id : NULL;
}

static bool is_digits(const char *text, size_t len)
{
    return text && strlen(text) == len && strspn(text, "0123456789") == len;
}

static bool is_digital_type(int64_t type)
{
    return (type >= 26 && type <= 29) || type == 72 || type == 83 || type == 84;
}

void match_know(match_entry_t *entry, const fpi_invoice_t *invoice, apr_pool_t *pool)
{
    const char *number = fpi_invoice_number(invoice->type, id_of(invoice->number, pool), pool), *code = id_of(invoice->code, pool);
    fpi_invoice_t tidy = { .type = invoice->type };

    if (is_digital_type(invoice->type) && is_digits(code, CODE_LEN) && is_digits(number, NUMBER_LEN)) {
        number = apr_pstrcat(pool, code, number, NULL);
        code = NULL;
    }
    tidy.number = entry->number = without_zeros(number);
    tidy.code = entry->code = without_zeros(code);
    entry->invoice = invoice;
    entry->identity = fpi_invoice_identity(&tidy, pool);
}

const char *match_seller(const fpi_invoice_t *invoice, apr_pool_t *pool)
{
    const char *tax_no = id_of(invoice->seller_tax_no, pool);
    const char *name = tax_no || !invoice->seller_name ? NULL : fpi_said_value(FPI_SAID_NAME, invoice->seller_name, pool);

    return name ? fpi_said_key(FPI_SAID_NAME, name, pool) : tax_no;
}

const char *match_likeness(const fpi_invoice_t *invoice, apr_pool_t *pool)
{
    const char *seller = match_seller(invoice, pool);
    const char *date = invoice->date ? fpi_said_value(FPI_SAID_DATE, invoice->date, pool) : NULL;

    return seller && date && invoice->has_gross
               ? apr_psprintf(pool, "%s|%" APR_INT64_T_FMT "|%s", seller, invoice->gross, date) : NULL;
}

/* ---- fields ---- */

typedef enum kind_t { KIND_TEXT, KIND_FEN, KIND_TYPE } kind_t;

enum { NORMAL = 1, STRICT = 2 };

static const struct field_t {
    const char *name;
    kind_t kind;
    size_t at, has, said;        /* members of fpi_invoice_t */
    unsigned in;                 /* which comparisons ask for it */
} fields[] = {
#define TEXT(name, in) { #name, KIND_TEXT, offsetof(fpi_invoice_t, name), 0, 0, in }
#define FEN(name, in) { #name, KIND_FEN, offsetof(fpi_invoice_t, name), offsetof(fpi_invoice_t, has_##name), \
                        offsetof(fpi_invoice_t, name##_said), in }
    TEXT(number, NORMAL | STRICT),
    TEXT(code, NORMAL | STRICT),
    { "type", KIND_TYPE, offsetof(fpi_invoice_t, type), 0, 0, STRICT },
    TEXT(date, STRICT),
    FEN(net, NORMAL | STRICT),
    FEN(tax, STRICT),
    FEN(gross, NORMAL | STRICT),
    TEXT(seller_name, STRICT),
    TEXT(seller_tax_no, STRICT),
    TEXT(buyer_name, STRICT),
    TEXT(buyer_tax_no, STRICT),
#undef TEXT
#undef FEN
};

enum { FIELDS = sizeof(fields) / sizeof(*fields) };

static const void *member(const fpi_invoice_t *invoice, size_t at)
{
    return (const char *)invoice + at;
}

static const char *text_of(const fpi_invoice_t *invoice, const struct field_t *field)
{
    return *(const char *const *)member(invoice, field->at);
}

static int64_t number_of(const fpi_invoice_t *invoice, const struct field_t *field)
{
    return *(const int64_t *)member(invoice, field->at);
}

/* What a sum was said to be that can't be read as one; NULL. */
static const char *unread_of(const fpi_invoice_t *invoice, const struct field_t *field)
{
    return field->kind == KIND_FEN ? *(const char *const *)member(invoice, field->said) : NULL;
}

static bool is_told(const fpi_invoice_t *invoice, const struct field_t *field)
{
    switch (field->kind) {
    case KIND_FEN:
        return *(const bool *)member(invoice, field->has) || unread_of(invoice, field);
    case KIND_TYPE:
        return invoice->type != 0;
    default:
        return text_of(invoice, field) && text_of(invoice, field)[strspn(text_of(invoice, field), " \t\r\n")];
    }
}

static bool is_id(const struct field_t *field)
{
    return strcmp(field->name, "number") == 0 || strcmp(field->name, "code") == 0;
}

static const char *key_of(const struct field_t *field, const char *text, apr_pool_t *pool)
{
    fpi_said_kind_t kind = fpi_said_kind(field->name);
    const char *value = fpi_said_value(kind, text, pool);

    value = value ? fpi_said_key(kind, value, pool) : text;
    return is_id(field) ? value + strspn(value, "0") : value;
}

static bool is_same(const struct field_t *field, const fpi_invoice_t *a, const fpi_invoice_t *b, apr_pool_t *pool)
{
    if (unread_of(a, field) || unread_of(b, field)) {
        return false;
    }
    if (field->kind != KIND_TEXT) {
        return number_of(a, field) == number_of(b, field);
    }
    return strcmp(text_of(a, field), text_of(b, field)) == 0
           || strcmp(key_of(field, text_of(a, field), pool), key_of(field, text_of(b, field), pool)) == 0;
}

static const char *shown(const struct field_t *field, const fpi_invoice_t *invoice, apr_pool_t *pool)
{
    if (!is_told(invoice, field)) {
        return NULL;
    }
    switch (field->kind) {
    case KIND_FEN:
        return unread_of(invoice, field) ? unread_of(invoice, field) : fpi_fen_format(pool, number_of(invoice, field));
    case KIND_TYPE:
        return apr_psprintf(pool, "%" APR_INT64_T_FMT, invoice->type);
    default:
        return text_of(invoice, field);
    }
}

/* ---- one pair ---- */

typedef struct pair_t {
    const match_run_t *run;
    fpi_match_item_t *item;
    const fpi_invoice_t *expected, *found;
    fpi_match_diff_t *diffs;     /* room for all fields of the pair */
    bool fails;
} pair_t;

/* Normal comparison asks for one sum: gross, or net where a side does not know gross. A gross that was said and can't be
 * read is asked for as well: no other sum stands in for it. */
static bool is_asked(const pair_t *pair, const struct field_t *field)
{
    const fpi_invoice_t *expected = pair->expected;
    bool is_gross_said = expected->gross_said != NULL;
    bool has_gross = (expected->has_gross && pair->found->has_gross) || is_gross_said;
    bool has_net = (expected->has_net && pair->found->has_net) || expected->net_said;

    if (pair->run->asked->rules.is_strict) {
        return field->in & STRICT;
    }
    if (strcmp(field->name, "net") == 0) {
        return has_net && !has_gross;
    }
    if (strcmp(field->name, "gross") == 0) {
        return has_gross || !has_net;
    }
    return field->in & NORMAL;
}

/* An identity is number and code; a number proves itself only. */
static bool is_proven(const pair_t *pair, const struct field_t *field)
{
    fpi_tie_t tie = pair->item->tie;

    return is_id(field) && (tie == FPI_TIE_IDENTITY || (tie == FPI_TIE_NUMBER && strcmp(field->name, "number") == 0));
}

static void add(pair_t *pair, const struct field_t *field, const fpi_invoice_t *found, fpi_why_t why, int at)
{
    apr_pool_t *pool = pair->run->pool;

    if (!pair->diffs) {
        pair->diffs = apr_pcalloc(pool, sizeof(*pair->diffs) * (size_t)(FIELDS * pair->item->copy_count));
    }
    pair->diffs[pair->item->diff_count++] = (fpi_match_diff_t){
        field->name, shown(field, pair->expected, pool), shown(field, found, pool), why, at
    };
}

/* A code that was not read proves nothing against a pair. */
static void compare_field(pair_t *pair, const struct field_t *field)
{
    bool is_there = is_told(pair->found, field);
    bool is_hand = is_id(field) && pair->item->tie == FPI_TIE_HAND;

    if (!is_told(pair->expected, field) || !is_asked(pair, field) || is_proven(pair, field)
        || (!is_there && is_id(field)) || (is_there && is_same(field, pair->expected, pair->found, pair->run->pool))) {
        return;
    }
    add(pair, field, pair->found, is_hand ? FPI_WHY_SETTLED : is_there ? FPI_WHY_DIFFERENT : FPI_WHY_UNREAD,
        pair->item->found);
    pair->fails = pair->fails || !is_hand;
}

static void compare_copy(pair_t *pair, int at)
{
    const fpi_invoice_t *copy = &pair->run->asked->found[at].invoice;

    for (int i = 0; i < FIELDS; i++) {
        const struct field_t *field = &fields[i];

        if (is_told(copy, field) && is_told(pair->found, field) && is_asked(pair, field) && !is_id(field)
            && !is_same(field, copy, pair->found, pair->run->pool)) {
            add(pair, field, copy, FPI_WHY_COPY, at);
            pair->fails = pair->fails || pair->run->asked->rules.is_strict;
        }
    }
}

bool match_compare(const match_run_t *run, fpi_match_item_t *item)
{
    pair_t pair = { .run = run, .item = item, .expected = run->expected[item->expected].invoice,
                    .found = run->found[item->found].invoice };

    for (int i = 0; i < FIELDS; i++) {
        compare_field(&pair, &fields[i]);
    }
    for (int i = 0; i < item->copy_count; i++) {
        if (item->copies[i] != item->found) {
            compare_copy(&pair, item->copies[i]);
        }
    }
    item->diffs = pair.diffs;
    return !pair.fails;
}
