/* What grouping and believing of evidence share.
 *
 * Life:    one merge.
 * Threads: one.
 * Limits:  those of evidence.h. */
#ifndef FPI_EVIDENCE_OWN_H
#define FPI_EVIDENCE_OWN_H

#include "model/evidence.h"

typedef struct piece_t {
    fpi_evidence_t evidence;             /* values normalised */
    const char *number, *identity;       /* NULL: it names none */
    int above;                           /* the piece that it is grouped under; itself: the first of its group */
    bool has_qr, has_other;              /* who speaks in its group */
} piece_t;

typedef struct pile_t {
    piece_t *pieces;
    int count;
} pile_t;

/* Makes one invoice of each group: `above` of every piece is the group's first. */
fpi_err_t *evidence_believe(fpi_found_t **out, int *count, const pile_t *pile, fpi_task_t *task) FPI_MUST_USE;

#endif
