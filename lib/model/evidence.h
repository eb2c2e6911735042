/* What the parts of a file say of an invoice, and what we make of it: every field with where it came from, and
 * who says otherwise.
 *
 *   XML > XBRL > OFD_TAG > OFD_TEXT > PDF_TEXT > CLOUD > QR      (who is believed; a QR never overrides)
 *
 * An evidence as the helper writes it:
 *   { "source": "XML", "page": 1, "invoice": 1, "type": 27,
 *     "fields": { "number": "24112000000012345678", "date": "2024-05-06", "gross": "113.00", ... },
 *     "amount": "100.00" (only of a QR whose type does not say whether it is net or gross) }
 * Evidences with the same "invoice" in one file are about the same invoice; those that name the same identity are, too.
 * Fields: number, code, date (YYYY-MM-DD), net, tax, gross (decimal, two digits), check_code, seller_name,
 * seller_tax_no, buyer_name, buyer_tax_no; others are kept as they are.
 *
 * Life:    results live in the task's pool.
 * Threads: none of its own.
 * Limits:  FPI_FOUND_MAX invoices per file, 64 fields each. */
#ifndef FPI_EVIDENCE_H
#define FPI_EVIDENCE_H

#include "model/invoice.h"

enum { FPI_FOUND_MAX = 500 };

typedef enum fpi_source_t {
    FPI_SOURCE_HAND, FPI_SOURCE_XML, FPI_SOURCE_XBRL, FPI_SOURCE_OFD_TAG, FPI_SOURCE_OFD_TEXT, FPI_SOURCE_PDF_TEXT,
    FPI_SOURCE_CLOUD, FPI_SOURCE_QR, FPI_SOURCE_COUNT
} fpi_source_t;

/* One saying: this source says that this field is this. */
typedef struct fpi_saying_t {
    fpi_source_t source;
    const char *name, *value;
} fpi_saying_t;

typedef struct fpi_evidence_t {
    fpi_source_t source;
    int page, invoice;           /* 0: not told */
    int64_t type;                /* the vendor's code, 0 not told */
    const char *amount;          /* of a QR: net or gross, by its type */
    const fpi_saying_t *sayings;
    int count;
} fpi_evidence_t;

typedef struct fpi_found_field_t {
    const char *name, *value;
    fpi_source_t source;
    const fpi_saying_t *others;  /* that say something else */
    int other_count;
} fpi_found_field_t;

typedef struct fpi_found_t {
    fpi_invoice_t invoice;       /* the believed values; id, bill and tenant are the caller's */
    const char *check_code;
    int page;
    fpi_source_t source;         /* the best that spoke */
    const fpi_found_field_t *fields;
    int field_count;
    bool has_conflict;           /* two sources other than QR disagree, or a QR disagrees on number, code or date */
} fpi_found_t;

/* Groups and merges. Values are normalised before they are compared (widths, blanks, upper case of ids). */
fpi_err_t *fpi_evidence_merge(fpi_found_t **out, int *count, const fpi_evidence_t *evidence, int evidence_count,
                              fpi_task_t *task) FPI_MUST_USE;

const char *fpi_source_name(fpi_source_t source);
/* FPI_SOURCE_COUNT when unknown. */
fpi_source_t fpi_source_find(const char *name);

/* The text of a VAT invoice's QR "01,type,code,number,amount,yyyymmdd,check,crc" (product.md): NULL when it is
 * not one. Amount is net on the old types, tax-inclusive on 31 and 32; the last fields may be missing. */
const fpi_evidence_t *fpi_evidence_of_qr(const char *text, int page, fpi_task_t *task);
/* The vendor's type code of a paper invoice's code (facts-cloud.md 5.1); 0 unknown. */
int64_t fpi_invoice_type_of_code(const char *code);

#endif
