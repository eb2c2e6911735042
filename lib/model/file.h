/* A file of a bill: original bytes by their hash, and the facts beside them. The bytes are never changed: how a
 * page is turned, where it stands, what it is and which pages of it belong to this document are data.
 *
 * Life:    plain data in the pool of whoever made it.
 * Threads: none of its own.
 * Limits:  name at most 255 bytes of UTF-8 without path separators or control characters. */
#ifndef FPI_FILE_H
#define FPI_FILE_H

#include "base/task.h"

#include <stdint.h>

typedef enum fpi_kind_t { FPI_KIND_COVER = 0, FPI_KIND_INVOICE = 1, FPI_KIND_ATTACHMENT = 2 } fpi_kind_t;

/* After a send-back (fretreatScanStatus of facts-cloud 6.3). */
typedef enum fpi_file_state_t {
    FPI_FILE_NORMAL = 0, FPI_FILE_UNCHANGED = 1, FPI_FILE_CHANGED = 2, FPI_FILE_ADDED = 3, FPI_FILE_CONFIRMED = 4
} fpi_file_state_t;

typedef struct fpi_file_t {
    int64_t id, tenant, bill, invoice; /* invoice 0: of none */
    fpi_kind_t kind;
    const char *name, *sha256, *media; /* media: MIME type by the bytes */
    int64_t size, position;
    const char *source;                /* where it came from: "push", "upload", "capture" */
    const char *origin;                /* the address it was pulled from, without query; of one with a query "#" and a hash behind */
    apr_time_t created;
    int rotation;                      /* 0, 90, 180, 270 clockwise, beyond what the bytes say of themselves */
    int page_first, page_last;         /* a part of the content, from 1; 0 and 0: all of it */
    int64_t group_id;                  /* merged: the id of the document's first file; 0: stands alone */
    fpi_file_state_t state;
    const char *label;                 /* the clerk's words, or NULL */
    int attachment_type;               /* the vendor's 1-8, 0 none */
    bool no_cloud;                     /* who brought it wants it not to be shown to the cloud */
    bool is_guessed;                   /* an attachment only because nobody said what it is and no invoice was seen on it */
} fpi_file_t;

/* How many pages it has: a part's own, else those of its content (0: not known). */
int64_t fpi_file_pages(const fpi_file_t *file, int64_t content_pages);

/* Do they have a page of the same content in common? Whose they are and what kind is not looked at. */
bool fpi_file_overlaps(const fpi_file_t *a, const fpi_file_t *b);
/* What none of the `count` files `there` has of `file`, whose content has `pages` pages (0: not known, then one of them is
 * taken for all of it only when it is the whole): parts that are like it, at most count + 1, in `rests`. All of it: the
 * file itself. How many. */
int fpi_file_rests(fpi_file_t *rests, const fpi_file_t *file, const fpi_file_t *there, int count, int pages);

/* A name that is safe to show and to save under: the last path part, control characters and separators
 * replaced, cut to 255 bytes at a character; `otherwise` when nothing is left. */
const char *fpi_file_take_name(const char *text, const char *otherwise, apr_pool_t *pool);

/* An address or an origin as it may be shown and logged: without a query, which may hold a key. NULL of NULL. */
const char *fpi_file_place(const char *address, apr_pool_t *pool);

const char *fpi_kind_name(fpi_kind_t kind);

#endif
