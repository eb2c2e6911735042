/* Users, roles, organisations and scan points as family C and the tool write them.
 *
 *   user          {user_id, name, mobile, mail, org_id, org_code, org_name, is_head, is_active, must_change, locked_until,
 *                  last_login_at, created_at, updated_at, roles: [{role_id, name}], permissions: ["BILL_VIEW", ...],
 *                  grants: [{org_id, org_code, org_name, scope: "ALL"|"OWN", with_below}], scan_point: {scan_point_id, name,
 *                  is_active} | null}
 *   role          {role_id, name, is_built_in, is_active, permissions, user_count, created_at, updated_at}
 *   permission    {permission, name}
 *   organisation  {org_id, code, name, tax_no, parent_id, level, is_active}; level 1 is the tenant, so rows begin at 2
 *   scan point    {scan_point_id, name, address, org_id, org_code, org_name, is_active, related: [{org_id, code, name}],
 *                  scanners: [{user_id, name, mobile, is_active}], created_at, updated_at}
 *
 * org_id 0, org_code "" is the top: the tenant itself.
 *
 * Life:    results live in the task's pool.
 * Threads: as the transaction.
 * Limits:  those of the rows. */
#ifndef FPI_PEOPLE_FORMS_H
#define FPI_PEOPLE_FORMS_H

#include "model/duty.h"
#include "store/tx.h"
#include "wire/json.h"

fpi_err_t *fpi_form_user(fpi_json_t **out, fpi_tx_t *tx, const fpi_user_t *user, fpi_task_t *task) FPI_MUST_USE;
fpi_json_t *fpi_form_role(const fpi_duty_t *role, fpi_task_t *task);
/* All there are. */
fpi_json_t *fpi_form_permissions(fpi_task_t *task);
/* A set of them, as symbols. */
fpi_json_t *fpi_form_permission_set(uint64_t permissions, fpi_task_t *task);
/* level 0: it is not told. */
fpi_json_t *fpi_form_org(const fpi_org_t *org, int level, fpi_task_t *task);
fpi_err_t *fpi_form_point(fpi_json_t **out, fpi_tx_t *tx, const fpi_point_t *point, fpi_task_t *task) FPI_MUST_USE;

#endif
