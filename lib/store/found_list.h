/* Lists of the invoices that were found in files, for who may see their bills: read along one index, held one by one against
 * model/viewer.h and the filters, and bounded. A page that would need too many rows ends there and says where to go on.
 *
 *   bill > number > twins > a seller's whole name or tax number > days > all
 *            the first of them that is asked for is the index; the others are held against what it brings
 *
 * The youngest first; where days are the index, the latest day first.
 *
 * Life:    results live in the task's pool.
 * Threads: as the transaction.
 * Limits:  as bill_list.h. */
#ifndef FPI_STORE_FOUND_LIST_H
#define FPI_STORE_FOUND_LIST_H

#include "model/viewer.h"
#include "store/found.h"

enum { FPI_FOUND_ANY = -1, FPI_FOUND_TWINNED = -2 };

typedef struct fpi_found_query_t {
    int64_t tenant;
    const fpi_viewer_t *viewer;  /* who asks, and sees what he may; NULL: all */
    const char *number;          /* whole; NULL: any, like the rest */
    const char *seller;          /* the tax number whole, or a part of the name */
    const char *date_from, *date_to;
    int64_t bill;                /* 0: any */
    int twin_kind;               /* fpi_twin_t, FPI_FOUND_ANY, or FPI_FOUND_TWINNED: all but none */
    int64_t after;               /* those behind this id; 0: from the first */
    int64_t skip;
    int most;
} fpi_found_query_t;

typedef struct fpi_found_page_t {
    fpi_found_row_t *rows;
    int count;
    int64_t total;               /* that fit, counted on for a while once the page is full */
    bool is_bound, has_more, is_partial;
    int64_t last;                /* go on behind this id; 0: there was nothing */
} fpi_found_page_t;

/* `after` of an invoice that is gone meanwhile: FPI_E_FIELD, where days are the index; else it goes on at its place. */
fpi_err_t *fpi_found_page(fpi_found_page_t *out, fpi_tx_t *tx, const fpi_found_query_t *query, fpi_task_t *task) FPI_MUST_USE;

#endif
