/* What a change changed, for the audit log: {"name": ["before", "after"], "secret": "changed"}. Members that stay as they
 * were are not in it.
 *
 * Life:    documents of the task.
 * Threads: the task's.
 * Limits:  those of the audit log (store/audit.h). */
#ifndef FPI_CHANGES_H
#define FPI_CHANGES_H

#include "base/secret.h"
#include "store/tx.h"
#include "wire/json.h"

/* NULL stands for "there was none". */
void fpi_change_text(fpi_json_t *changes, const char *name, const char *before, const char *after, fpi_task_t *task);
void fpi_change_bool(fpi_json_t *changes, const char *name, bool before, bool after, fpi_task_t *task);
/* Organisations as people know them, "name (code)"; 0: the top, which stands as NULL. */
fpi_err_t *fpi_change_org(fpi_json_t *changes, const char *name, int64_t before, int64_t after, fpi_tx_t *tx, fpi_task_t *task)
    FPI_MUST_USE;
fpi_err_t *fpi_change_org_name(const char **out, int64_t id, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
/* Only that it is another one, never which. */
void fpi_change_secret(fpi_json_t *changes, const char *name, const fpi_secret_t *before, const fpi_secret_t *after);
/* As the audit log takes it; NULL when nothing changed. */
const char *fpi_changes_text(const fpi_json_t *changes, fpi_task_t *task);

/* Puts a setting of the task's tenant (NULL: takes it away) and, when it was another one, tells the audit log. The caller
 * raises the store's epoch. */
fpi_err_t *fpi_change_setting(fpi_tx_t *tx, const char *name, const char *value, const char *action, const char *object,
                              fpi_task_t *task) FPI_MUST_USE;
/* The same of one whose values are not for people: `word` is how the log names them. */
fpi_err_t *fpi_change_setting_word(fpi_tx_t *tx, const char *name, const char *value, const char *(*word)(const char *value),
                                   const char *action, const char *object, fpi_task_t *task) FPI_MUST_USE;

#endif
