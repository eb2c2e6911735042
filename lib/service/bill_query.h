/* The query of a list of bills, as family C writes it: filters, order, place.
 *
 *   state=UPLOADED,RESCAN  bill_type=  org=CODE  resource=  q=  created_from=  created_to=  has_problem=true
 *   sort=created_at|updated_at|number, "-" before it: falling     page=  page_size=  or after= (a cursor of an answer)
 *
 * Life:    a request's.
 * Threads: the request's.
 * Limits:  FPI_LIST_DEEP rows by page, any depth by cursor; a search text of 100 characters. */
#ifndef FPI_BILL_QUERY_H
#define FPI_BILL_QUERY_H

#include "service/handlers.h"
#include "store/bill_list.h"

typedef struct fpi_bill_asked_t {
    fpi_bill_query_t query;
    fpi_page_t page;
    const char *org_code;        /* NULL: any; found in the store by the caller */
} fpi_bill_asked_t;

/* Of the call's parameters, for the bills that its caller may see. FPI_E_FIELD names the parameter. Without an
 * order: the newest first; of states: what moved last. */
fpi_err_t *fpi_bill_query_read(fpi_bill_asked_t *out, const fpi_call_t *call) FPI_MUST_USE;
/* Finds the organisation. *is_nobody: there is none of that code, so the list is empty. */
fpi_err_t *fpi_bill_query_org(bool *is_nobody, fpi_bill_asked_t *asked, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
/* The cursor of a page's end. */
const char *fpi_bill_query_cursor(const fpi_spot_t *spot, fpi_task_t *task);

#endif
