#include "model/invoice.h"

#include "base/text.h"

#include <apr_strings.h>
#include <string.h>

enum { DIGITAL_LEN = 20 }; /* a fully digital invoice's number identifies it alone */

static const char *tidy(const char *text, apr_pool_t *pool)
{
    return fpi_text_upper(fpi_text_trim(pool, text ? text : ""));
}

static bool is_digital(const char *number)
{
    return strlen(number) == DIGITAL_LEN && strspn(number, "0123456789") == DIGITAL_LEN;
}

/* Tickets count their numbers by carrier: the kind of carrier keeps them apart from each other. */
static const char *carrier_of(int64_t type)
{
    switch (type) {
    case 9:
    case 29:
        return "rail";
    case 10:
    case 28:
        return "air";
    default:
        return NULL;
    }
}

const char *fpi_invoice_identity(const fpi_invoice_t *invoice, apr_pool_t *pool)
{
    const char *number = tidy(invoice->number, pool);
    const char *code = tidy(invoice->code, pool);
    const char *carrier = carrier_of(invoice->type);

    if (!*number) {
        return NULL;
    }
    if (is_digital(number)) {
        return number;
    }
    if (carrier) {
        return apr_pstrcat(pool, carrier, "-", number, NULL);
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
    return invoice->type == 0 && invoice->number && is_digital(invoice->number);
}
