#include "model/invoice.h"

#include "base/text.h"

#include <apr_strings.h>
#include <string.h>

enum { DIGITAL_LEN = 20 }; /* a fully digital invoice's number identifies it alone */

static const char *tidy(const char *text, apr_pool_t *pool)
{
    return fpi_text_upper(fpi_text_trim(pool, text ? text : ""));
}

/* Papers that count their numbers on their own, without a code: what they are keeps them apart from each other. */
static const struct own_t {
    int64_t type;
    const char *prefix;
} own[] = {
    { 9, "rail" }, { 29, "rail" }, { 10, "air" }, { 28, "air" }, { 24, "refund" }, { 19, "taxpaid" }, { 21, "customs" },
};

static const char *prefix_of(int64_t type)
{
    for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++) {
        if (own[i].type == type) {
            return own[i].prefix;
        }
    }
    return NULL;
}

const char *fpi_invoice_number(int64_t type, const char *number, apr_pool_t *pool)
{
    const char *prefix = prefix_of(type);
    char *out, *to;

    if (!number || !prefix || strcmp(prefix, "air") != 0) {
        return number;
    }
    out = to = apr_pstrdup(pool, number);
    for (; *number; number++) {
        if (*number != '-' && *number != ' ') {
            *to++ = *number;
        }
    }
    *to = '\0';
    return out;
}

bool fpi_invoice_is_digital(const char *number)
{
    return number && strlen(number) == DIGITAL_LEN && strspn(number, "0123456789") == DIGITAL_LEN;
}

const char *fpi_invoice_identity(const fpi_invoice_t *invoice, apr_pool_t *pool)
{
    const char *number = tidy(fpi_invoice_number(invoice->type, invoice->number, pool), pool);
    const char *code = tidy(invoice->code, pool);
    const char *prefix = prefix_of(invoice->type);

    if (!*number) {
        return NULL;
    }
    if (fpi_invoice_is_digital(number)) {
        return number;
    }
    if (prefix) {
        return apr_pstrcat(pool, prefix, "-", number, NULL);
    }
    return *code ? apr_pstrcat(pool, code, "-", number, NULL) : NULL;
}

bool fpi_invoice_is_electronic(const fpi_invoice_t *invoice)
{
    static const int types[] = { 1, 2, 15, 23, 25, 26, 27, 28, 29, 72, 83, 84 };

    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
        if (invoice->type == types[i]) {
            return true;
        }
    }
    return invoice->type == 0 && fpi_invoice_is_digital(invoice->number);
}
