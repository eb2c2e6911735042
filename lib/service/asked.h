/* One bill that families A and B ask for by its number and resource, and how its state is told to them.
 *
 * Life:    a request's.
 * Threads: the request's.
 * Limits:  those of image numbers. */
#ifndef FPI_ASKED_H
#define FPI_ASKED_H

#include "service/call.h"
#include "store/bills.h"

typedef struct fpi_asked_t {
    const fpi_enterprise_t *enterprise;
    const char *number, *resource;
    fpi_bill_t *bill;            /* once it was found */
} fpi_asked_t;

/* From the body, which must be an object. */
fpi_err_t *fpi_asked_read(fpi_asked_t *asked, fpi_call_t *call) FPI_MUST_USE;
/* FPI_E_ABSENT; FPI_E_FOREIGN. Without resource one of several is chosen: good enough for reading. */
fpi_err_t *fpi_asked_find(fpi_asked_t *asked, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
/* For who will change it: nobody chooses for the caller. Also fpi_asked_check_one()'s. */
fpi_err_t *fpi_asked_find_one(fpi_asked_t *asked, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
/* FPI_E_FIELD naming the resources when none is said and several living bills have the number. */
fpi_err_t *fpi_asked_check_one(fpi_tx_t *tx, int64_t tenant, const char *number, const char *resource, fpi_task_t *task)
    FPI_MUST_USE;

fpi_json_t *fpi_asked_status(const fpi_bill_t *bill, fpi_task_t *task);

#endif
