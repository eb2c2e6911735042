/* A structured invoice as the cloud or a file tells it. Money is integer fen.
 *
 * Life:    plain data in the pool of whoever made it.
 * Threads: none of its own.
 * Limits:  texts as long as their fields in the vendor's model. */
#ifndef FPI_INVOICE_H
#define FPI_INVOICE_H

#include "base/task.h"

#include <stdint.h>

typedef struct fpi_invoice_t {
    int64_t id, tenant, bill;
    const char *serial_no;   /* the cloud's key; may be NULL */
    const char *identity;    /* fpi_invoice_identity(); NULL when nothing identifies it */
    int64_t type;            /* the vendor's type code, 0 unknown */
    const char *code, *number, *date; /* date YYYY-MM-DD */
    bool has_net, has_tax, has_gross;
    int64_t net, tax, gross; /* fen */
    const char *net_said, *tax_said, *gross_said; /* a sum that can't be read, as it came (kept in doc only); else NULL */
    const char *seller_name, *seller_tax_no, *buyer_name, *buyer_tax_no;
    int64_t check_status;    /* 1 pass, 2 fail, 3 not checked, 0 unknown */
    const char *doc;         /* the object as it came, JSON text */
    const char *doc_before;  /* of one that was put: the object that its row had until then; NULL: it is new */
} fpi_invoice_t;

/* The key under which the same invoice is known again (product rule): a 20-digit number alone, of whatever
 * type; the number of a paper that has no code, with what it is in front, since each kind counts on its own: "rail-" (9, 29),
 * "air-" (10, 28), "refund-" (24), "taxpaid-" (19), "customs-" (21); else "code-number"; NULL when there is none. Upper case,
 * without blanks round it. */
const char *fpi_invoice_identity(const fpi_invoice_t *invoice, apr_pool_t *pool);

/* The number as it is kept: an air ticket's without the hyphen that some print behind the airline; others as they stand. */
const char *fpi_invoice_number(int64_t type, const char *number, apr_pool_t *pool);

/* A fully digital invoice's: 20 digits. */
bool fpi_invoice_is_digital(const char *number);

/* Is its original a file, and not paper (facts-cloud.md 5.1)? Of an unknown type when it has a 20-digit number. */
bool fpi_invoice_is_electronic(const fpi_invoice_t *invoice);

#endif
