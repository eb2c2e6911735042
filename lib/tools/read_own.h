/* What the invoice readers share: where evidence goes, the names that formats have for the same facts, and text that
 * stands at places of a page.
 *
 * Life:    one reading of one file, in the task's pool.
 * Threads: one.
 * Limits:  READ_NOTES notes; READ_ATOMS pieces of text per page. */
#ifndef FPI_READ_OWN_H
#define FPI_READ_OWN_H

#include "model/evidence.h"
#include "tools/read.h"
#include "wire/xml.h"

#include <apr_hash.h>
#include <apr_tables.h>

enum { READ_NOTES = 50, READ_ATOMS = 20000 };

typedef struct read_t {
    fpi_json_t *evidence, *notes;
    int invoices;      /* numbers given so far */
    bool is_member;    /* of an archive: its pages are not the file's */
    fpi_task_t *task;
} read_t;

/* ---- read.c ---- */
/* "invoice" for the next one of this file. */
int read_number(read_t *read);
void read_note(read_t *read, const char *zh, const char *en, const char *name);
/* Reads bytes of a kind: the file itself, or a member of an archive. */
fpi_err_t *read_bytes(read_t *read, const char *data, size_t len, fpi_media_t media) FPI_MUST_USE;

/* A task like `task` with a pool of its own below it, for a part of the work; the pool is the caller's to destroy. */
fpi_task_t *read_turn(fpi_task_t *task);

/* ---- read_facts.c: facts by the names that formats give them ---- */
/* name -> text; the first that came stays. */
typedef apr_hash_t read_facts_t;

/* Takes up the texts of all elements without children below `top`, but for those of item lines. */
read_facts_t *read_facts_of(const fpi_xml_t *top, fpi_task_t *task);
void read_fact_put(read_facts_t *facts, const char *name, const char *text);
const char *read_fact(read_facts_t *facts, const char *name);
/* An evidence of these facts is added; NULL, and nothing is added, when they name no invoice. */
fpi_json_t *read_evidence_add(read_t *read, read_facts_t *facts, fpi_source_t source, int64_t type, int page, int invoice);
/* An empty one. */
fpi_json_t *read_evidence_make(read_t *read, fpi_source_t source, int64_t type, int page, int invoice);
/* Nothing is put for NULL and blank. */
void read_say(read_t *read, fpi_json_t *evidence, const char *field, const char *value);
/* The vendor's type by the words of a title or label ("电子发票（普通发票）"); 0 when they don't tell. */
int64_t read_type_of_words(const char *words);

/* ---- read_xml.c, read_xbrl.c ---- */
/* Is there an invoice in the document? Then its evidence is added, and *is_read set. Damaged XML is a failure. */
fpi_err_t *read_xml(bool *is_read, read_t *read, const char *data, size_t len, int page, int invoice) FPI_MUST_USE;
/* The xbrl element of a document, or NULL. */
const fpi_xml_t *read_xbrl_find(const fpi_xml_t *root);
bool read_xbrl(read_t *read, const fpi_xml_t *xbrl, int page, int invoice);

/* ---- read_text.c: what stands on a page ---- */
typedef struct read_atom_t { /* a letter or more, upright, y downwards */
    const char *text;
    double x0, y0, x1, y1;
} read_atom_t;

/* How many invoices the page is; their evidence is added. Of one it is that of `invoice`; of several, one below the other
 * with a title each, the identities tell. Other pages with several numbers are noted. The atoms are put in another order;
 * their pool is worked in. */
int read_page(read_t *read, apr_array_header_t *atoms, fpi_source_t source, int page, int invoice);

/* ---- read_ofd.c, read_pdf.c ---- */
struct fpi_zip_t;
fpi_err_t *read_ofd(read_t *read, struct fpi_zip_t *zip) FPI_MUST_USE;
fpi_err_t *read_pdf(read_t *read, const char *data, size_t len) FPI_MUST_USE;

#endif
