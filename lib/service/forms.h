/* Wire names ↔ model, in one place: what peers call a thing, and what we call it.
 *
 * Life:    results live in the task's pool or are borrowed from the document.
 * Threads: any.
 * Limits:  the lengths of the vendor's own model. */
#ifndef FPI_FORMS_H
#define FPI_FORMS_H

#include "model/bill.h"
#include "model/file.h"
#include "model/invoice.h"
#include "wire/json.h"

#include <apr_tables.h>

/* The first alias of a "a|b|c" list that is there, as text (numbers are printed); NULL when none is.
 * FPI_E_FIELD naming the alias met when its type or length is wrong; true and false are no text. */
fpi_err_t *fpi_form_find(const char **out, const fpi_json_t *object, const char *aliases, size_t most,
                         fpi_task_t *task) FPI_MUST_USE;
/* Of what is only kept, true and false, too; NULL, and nothing refused, when no alias can be read within `most` characters. */
const char *fpi_form_find_kept(const fpi_json_t *object, const char *aliases, size_t most, fpi_task_t *task);
/* A name of somebody or something, cut where it is too long. */
const char *fpi_form_find_name(const fpi_json_t *object, const char *aliases, fpi_task_t *task);
/* The same as fpi_form_find, refused when missing or blank; trimmed. */
fpi_err_t *fpi_form_get(const char **out, const fpi_json_t *object, const char *aliases, size_t most,
                        fpi_task_t *task) FPI_MUST_USE;

/* Who a push is about, by the alias lists of the contract. Absent parts are NULL. */
typedef struct fpi_identity_t {
    const char *number;             /* normalised */
    const char *erp_id, *bill_no, *type_code, *resource;
    const char *client_id, *tax_no;
    const char *timestamp, *sign, *enc_type;
    int64_t version;                /* time of change in ms, or a counter below 10^11; 0 unknown */
} fpi_identity_t;
/* Trimmed and in capitals, as tax numbers are stored; not held against their rules, as nothing is made of it. */
const char *fpi_form_tax_no(const char *text, fpi_task_t *task);
fpi_err_t *fpi_form_read_identity(fpi_identity_t *out, const fpi_json_t *object, fpi_task_t *task) FPI_MUST_USE;

/* An ERP's announcement (erpBillPush) into the fields of a bill; the bill is zeroed first. */
fpi_err_t *fpi_form_read_announcement(fpi_bill_t *bill, const fpi_json_t *object, fpi_task_t *task)
    FPI_MUST_USE;
/* What makes two announcements the same: SHA-256 of their normalised fields. */
const char *fpi_form_announcement_sha(const fpi_bill_t *bill, fpi_task_t *task);

/* One object of the cloud's invoice model; FPI_E_FIELD when it is no object. A member that can't be read counts as not said.
 * Sums are read as those of the files are (model/said.h). */
fpi_err_t *fpi_form_read_invoice(fpi_invoice_t *out, const fpi_json_t *object, fpi_task_t *task) FPI_MUST_USE;
/* The sums that a stored row lacks, from its document: read, or as what was said. */
fpi_err_t *fpi_form_reread_sums(fpi_invoice_t *invoice, fpi_task_t *task) FPI_MUST_USE;
/* `gross "one hundred"`: the sums that were said and can't be read; NULL: none. */
const char *fpi_form_unread_sums(const fpi_invoice_t *invoice, fpi_task_t *task);
fpi_json_t *fpi_form_write_invoice(const fpi_invoice_t *invoice, fpi_task_t *task);

/* Do two documents of an invoice say the same but for addresses? These change with each call where they are signed, and what
 * stands there is told from its bytes. */
bool fpi_form_is_same_invoice(const char *a, const char *b, fpi_task_t *task);

/* A file that a pull or push names. */
typedef struct fpi_link_t {
    const char *url, *name;
    const char *hash;               /* the SHA-256 that the peer says, or NULL */
    const char *got;                /* the SHA-256 of what the bill has of it, once that is known; else NULL */
    fpi_kind_t kind;
    const char *serial_no;          /* of the invoice it belongs to, or NULL */
} fpi_link_t;
bool fpi_form_is_address(const char *text);
/* The links of an invoice (invoiceFiles, else downloadUrl|pdfurl|url..., and its voucher), a cover or an attachment, pushed
 * onto `links` (fpi_link_t); a text that is an address is a link, too. False: there is none. */
bool fpi_form_add_invoice_links(apr_array_header_t *links, const fpi_json_t *object, fpi_task_t *task);
bool fpi_form_add_link(apr_array_header_t *links, const fpi_json_t *said, fpi_kind_t kind, fpi_task_t *task);

/* The lists of a document: invoices, covers, attachments; NULL when not there. A single object counts as one, and so does
 * the address of a cover or attachment. */
typedef struct fpi_document_t {
    fpi_json_t *invoices, *covers, *attachments;
    bool has_covers, has_attachments; /* it speaks of them, be it to say that there are none */
    const char *odd;                  /* of these the name that stands there with something else; NULL: none */
    int64_t total, pages;             /* how many invoices, and pages of them, there are in all, where it says so; else 0 */
} fpi_document_t;
/* An answer of the cloud. Its `data` is the list of invoices, one invoice, or an object with the lists (facts-cloud.md 3.1,
 * 3.5), also as JSON text. */
void fpi_form_read_document(fpi_document_t *out, const fpi_json_t *object, fpi_task_t *task);
/* A push: no invoices where nothing of what it lists is one, or only a part is there. It is a notice then, however it looks
 * (facts-cloud.md 3.4, 4.2). */
void fpi_form_read_pushed(fpi_document_t *out, const fpi_json_t *object, fpi_task_t *task);
bool fpi_form_is_part(const fpi_document_t *doc);
/* Has it a number, code, date, sum, party or file of an invoice? A serial number alone only names one. */
bool fpi_form_says_invoice(const fpi_json_t *said, fpi_task_t *task);

/* Vendor's style of time, "2026-01-31 08:00:00" in China's time. */
const char *fpi_form_time(apr_time_t when, fpi_task_t *task);

#endif
