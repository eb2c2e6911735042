/* Business systems for those who look after them, and the client that calls them.
 *
 * Life:    results live in the task's pool.
 * Threads: any.
 * Limits:  FPI_SYSTEMS_MOST systems a tenant. */
#ifndef FPI_ERPS_H
#define FPI_ERPS_H

#include "service/app.h"
#include "store/systems.h"

/* For fpi_app_open, and the tool. An ERP stands in a private network as a rule, so any address is good that the
 * administrator of the business systems names, unless FPImageErpAllow is given: then only those in it. Link-local
 * addresses (the metadata service of clouds is one) and multicast must be listed in any case. */
fpi_err_t *fpi_erps_client_make(fpi_erp_t **erp, fpi_app_t *app, fpi_task_t *task) FPI_MUST_USE;

#endif
