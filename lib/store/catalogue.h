/* What a tenant names things by: bill types, which the ERP's announcements make, and labels and attachment types of files.
 *
 * Life:    results live in the task's pool.
 * Threads: as the transaction.
 * Limits:  FPI_LABELS_MAX labels and attachment types of a tenant. */
#ifndef FPI_STORE_CATALOGUE_H
#define FPI_STORE_CATALOGUE_H

#include "store/tx.h"

enum { FPI_LABELS_MAX = 500, FPI_ATTACHMENT_TYPE_MOST = 8 };

/* ---- bill types; made by fpi_bill_type_put (people.h) ---- */
typedef struct fpi_bill_type_t {
    int64_t id;
    const char *code, *name;
} fpi_bill_type_t;
/* By code; those whose code or name begins with `search` (NULL: all). *total counts all that fit. */
fpi_err_t *fpi_bill_types_list(fpi_bill_type_t **out, int *count, int64_t *total, fpi_tx_t *tx, int64_t tenant,
                               const char *search, int64_t skip, int most, fpi_task_t *task) FPI_MUST_USE;
/* NULL when absent. */
fpi_err_t *fpi_bill_type_find(fpi_bill_type_t **out, fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task)
    FPI_MUST_USE;
fpi_err_t *fpi_bill_type_find_by_code(fpi_bill_type_t **out, fpi_tx_t *tx, int64_t tenant, const char *code,
                                      fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_bill_type_rename(fpi_tx_t *tx, int64_t tenant, int64_t id, const char *name, fpi_task_t *task)
    FPI_MUST_USE;

/* ---- labels, attachment types ---- */
typedef enum fpi_label_kind_t { FPI_LABEL, FPI_LABEL_ATTACHMENT } fpi_label_kind_t;
typedef struct fpi_label_t {
    int64_t id, tenant;
    fpi_label_kind_t kind;
    int64_t number;              /* of an attachment type, as files carry it; 0 of a label */
    const char *name;
    bool is_enabled;
    apr_time_t created;
} fpi_label_t;
/* All of a tenant: labels first, by number and name. */
fpi_err_t *fpi_labels_list(fpi_label_t **out, int *count, fpi_tx_t *tx, int64_t tenant, fpi_task_t *task) FPI_MUST_USE;
/* Inserts (id 0, sets it and created) or overwrites name, number and is_enabled. FPI_E_DUPLICATE when there is one of that
 * kind and name, or an attachment type of that number. */
fpi_err_t *fpi_label_put(fpi_label_t *label, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
/* Files keep the word. */
fpi_err_t *fpi_label_drop(fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task) FPI_MUST_USE;

#endif
