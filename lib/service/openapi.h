/* The description of family C in OpenAPI 3.1: which routes there are, with path, method, permission, body and help, is
 * routes.def's to say; what their parameters, bodies and answers look like is conf/openapi.json's, which this puts
 * together. So none can be missing and none be left over.
 *
 *   conf/openapi.json = an OpenAPI document without paths, and "x-operations": for each handler
 *     query   names of components/parameters          body    name of the schema of its JSON body, or "file"
 *     ok      name of the schema of its answer        list    the same of each item of a list
 *     status  of a success, when it is not 200        type    media type, when it is not JSON
 *
 * Life:    the document lives in the task's pool.
 * Threads: any.
 * Limits:  none of its own. */
#ifndef FPI_OPENAPI_H
#define FPI_OPENAPI_H

#include "wire/json.h"

fpi_err_t *fpi_openapi_make(fpi_json_t **out, fpi_task_t *task) FPI_MUST_USE;
/* The handlers that conf/openapi.json speaks of; an object. */
fpi_err_t *fpi_openapi_operations(fpi_json_t **out, fpi_task_t *task) FPI_MUST_USE;

#endif
