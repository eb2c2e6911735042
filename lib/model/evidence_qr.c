/* The short texts that paper invoices tell their kind by: the QR's list, the invoice code. */
#include "model/evidence.h"

#include "model/said.h"

#include <apr_strings.h>
#include <string.h>

enum { QR_PARTS = 8, QR_LEAST = 6 };

enum { CODE_LEN = 10, LONG_CODE_LEN = 12, NUMBER_LEN = 8, DIGITAL_LEN = 20 };

/* The tax bureau's codes (facts-cloud.md 5.1), and those that QR codes use besides. is_net: the amount in a QR of this
 * type is known to be without tax. */
static const struct bureau_t {
    const char *code;
    int64_t type;
    bool is_net;
} bureaus[] = {
    { "01", 4, true },    { "04", 3, true },    { "10", 1, true },    { "08", 2, true },    { "03", 12, true },
    { "11", 5, false },   { "15", 13, false },  { "14", 15, false },  { "17", 21, false },  { "31", 27, false },
    { "32", 26, false },  { "81", 27, false },  { "82", 26, false },  { "51", 29, false },  { "61", 28, false },
    { "85", 4, false },   { "86", 3, false },   { "87", 12, false },  { "88", 13, false },  { "8208", 72, false },
    { "83", 83, false },  { "84", 84, false },
};

static const struct bureau_t *find_bureau(const char *code)
{
    for (size_t i = 0; i < sizeof(bureaus) / sizeof(*bureaus); i++) {
        if (strcmp(bureaus[i].code, code) == 0) {
            return &bureaus[i];
        }
    }
    return NULL;
}

int64_t fpi_invoice_type_of_bureau(const char *bureau)
{
    const struct bureau_t *row = bureau ? find_bureau(bureau) : NULL;

    return row ? row->type : 0;
}

static bool is_digits(const char *text, size_t len)
{
    return strlen(text) == len && strspn(text, "0123456789") == len;
}

static bool is_one_of(const char *text, size_t len, const char *list)
{
    for (; *list; list += len) {
        if (strncmp(text, list, len) == 0) {
            return true;
        }
    }
    return false;
}

int64_t fpi_invoice_type_of_code(const char *code)
{
    static const struct ending_t {
        const char *two;
        int64_t type;
    } endings[] = { { "04", 3 }, { "05", 3 }, { "06", 5 }, { "07", 5 }, { "11", 1 }, { "12", 15 }, { "13", 2 },
                    { "17", 13 } };

    if (code && is_digits(code, CODE_LEN)) {
        return is_one_of(code + CODE_LEN - 3, 3, "130140160170") ? 4 : 3;
    }
    if (!code || !is_digits(code, LONG_CODE_LEN)) {
        return 0;
    }
    for (size_t i = 0; *code == '0' && i < sizeof(endings) / sizeof(*endings); i++) {
        if (strcmp(code + LONG_CODE_LEN - 2, endings[i].two) == 0) {
            return endings[i].type;
        }
    }
    return (code[5] == '1' || code[5] == '2') && code[7] == '2' ? 12 : 0;
}

/* ---- the QR ---- */

static int split(const char *parts[QR_PARTS], const char *text, apr_pool_t *pool)
{
    char *rest = fpi_said_narrow(text, pool);
    int count = 0;

    for (char *comma = rest; rest && count < QR_PARTS; rest = comma ? comma + 1 : NULL) {
        comma = strchr(rest, ',');
        if (comma) {
            *comma = '\0';
        }
        parts[count++] = fpi_said_value(FPI_SAID_ID, rest, pool);
    }
    for (int i = 0; i < QR_PARTS; i++) {
        parts[i] = i < count && parts[i] ? parts[i] : "";
    }
    return count;
}

/* First field "01", a code or none, a number, a day. The amount may be missing, but not be something else. */
static bool is_invoice(const char *const parts[QR_PARTS], const char *amount, const char *date)
{
    const char *code = parts[2], *number = parts[3];

    return strcmp(parts[0], "01") == 0 && date && (amount || !*parts[4])
           && strlen(parts[1]) >= 1 && strspn(parts[1], "0123456789") == strlen(parts[1])
           && (!*code || is_digits(code, CODE_LEN) || is_digits(code, LONG_CODE_LEN))
           && (is_digits(number, NUMBER_LEN) || is_digits(number, DIGITAL_LEN));
}

static void say(fpi_evidence_t *evidence, fpi_saying_t *sayings, const char *name, const char *value)
{
    if (value && *value) {
        sayings[evidence->count++] = (fpi_saying_t){ FPI_SOURCE_QR, name, value };
    }
}

static fpi_evidence_t *make(const char *const parts[QR_PARTS], const char *amount, const char *date, apr_pool_t *pool)
{
    const struct bureau_t *row = find_bureau(strlen(parts[1]) == 1 ? apr_pstrcat(pool, "0", parts[1], NULL) : parts[1]);
    bool is_digital = strlen(parts[3]) == DIGITAL_LEN && !*parts[2];
    const char *field = is_digital ? "gross" : row && row->is_net ? "net" : NULL;
    fpi_evidence_t *evidence = apr_pcalloc(pool, sizeof(*evidence));
    fpi_saying_t *sayings = apr_pcalloc(pool, sizeof(*sayings) * QR_PARTS);

    evidence->source = FPI_SOURCE_QR;
    evidence->type = row ? row->type : fpi_invoice_type_of_code(parts[2]);
    evidence->sayings = sayings;
    evidence->amount = field ? NULL : amount;
    say(evidence, sayings, "number", parts[3]);
    say(evidence, sayings, "code", parts[2]);
    say(evidence, sayings, "date", date);
    say(evidence, sayings, field, field ? amount : NULL);
    say(evidence, sayings, "check_code", parts[6]);
    return evidence;
}

const fpi_evidence_t *fpi_evidence_of_qr(const char *text, int page, fpi_task_t *task)
{
    const char *parts[QR_PARTS], *amount, *date;
    fpi_evidence_t *evidence;

    if (!text || split(parts, text, task->pool) < QR_LEAST) {
        return NULL;
    }
    amount = fpi_said_value(FPI_SAID_MONEY, parts[4], task->pool);
    date = strlen(parts[5]) == 8 ? fpi_said_value(FPI_SAID_DATE, parts[5], task->pool) : NULL;
    if (!is_invoice(parts, amount, date)) {
        return NULL;
    }
    evidence = make(parts, amount, date, task->pool);
    evidence->page = page;
    return evidence;
}
