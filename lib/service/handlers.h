/* The handlers that routes.def names, one file per group of endpoints, and what they share.
 * A handler reads the call, changes the store in one transaction, and gives back data; the envelope is api's.
 *
 * Life:    requests only.
 * Threads: many.
 * Limits:  lists of at most FPI_LIST_MAX objects per call. */
#ifndef FPI_HANDLERS_H
#define FPI_HANDLERS_H

#include "service/access.h"
#include "service/api.h"
#include "store/bills.h"

enum { FPI_LIST_MAX = 1000 };

/* oauth.c */
fpi_err_t *fpi_handle_oauth_token(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* bills.c */
fpi_err_t *fpi_handle_bill_push(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_bill_status(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_bill_rescan(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_bill_cancel(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_bill_review(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_bill_invalid(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_bill_voucher(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_bill_invoices(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_bill_operate(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* formats.c */
fpi_err_t *fpi_handle_limits(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_formats_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_formats_put(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* invoices.c */
fpi_err_t *fpi_handle_invoices_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_found_correct(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* cover_rules.c */
fpi_err_t *fpi_handle_cover_rules_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_cover_rule_make(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_cover_rule_put(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_cover_rule_drop(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_cover_rules_preview(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* capture.c */
fpi_err_t *fpi_handle_capture_make(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_captures_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_capture_get(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_capture_change(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_capture_drop(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* capture_pages.c */
fpi_err_t *fpi_handle_capture_page_change(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_capture_page_drop(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_capture_pages_order(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* console_scanners.c, console_scans.c */
fpi_err_t *fpi_handle_scanners_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_scanners_discover(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_scanner_make(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_scanner_get(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_scanner_put(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_scanner_drop(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_scanner_verify(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_scanner_status(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_scan_make(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_scans_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_scan_get(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_scan_cancel(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* capture_upload.c */
fpi_err_t *fpi_handle_capture_pages_add(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* capture_finish.c */
fpi_err_t *fpi_handle_capture_finish(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* capture_content.c */
fpi_err_t *fpi_handle_capture_page_get(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* push.c */
fpi_err_t *fpi_handle_push(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;

/* storage_view.c */
fpi_err_t *fpi_handle_storage(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* exports.c */
fpi_err_t *fpi_handle_export_put(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_exports(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_export(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_export_content(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_export_drop(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* collect.c */
fpi_err_t *fpi_handle_bill_upload(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* commit.c */
fpi_err_t *fpi_handle_bill_commit(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* people_api.c */
fpi_err_t *fpi_handle_user_get(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_users_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_user_make(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_user_put(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_user_disable(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_user_enable(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_user_unlock(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_user_reset(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_user_grants(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_user_why(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* people_import_api.c */
fpi_err_t *fpi_handle_users_template(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_users_import(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_orgs_template(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_orgs_import(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_points_template(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_points_import(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* orgs_api.c */
fpi_err_t *fpi_handle_orgs_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_org_make(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_org_put(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_roles_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_role_make(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_role_put(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_permissions_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* points_api.c */
fpi_err_t *fpi_handle_points_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_point_get(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_point_make(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_point_put(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_point_bind(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_point_unbind(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_point_candidates(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_bill_points(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* phone.c */
fpi_err_t *fpi_handle_phone_make(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_phone_drop(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_phone_session(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* event_codes.c */
fpi_err_t *fpi_handle_event_code(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_view_url(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* session_api.c */
fpi_err_t *fpi_handle_event_session(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_tenant_get(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_session_make(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_session_get(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_session_drop(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_session_password(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* console_bills.c */
fpi_err_t *fpi_handle_bills_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_bill_get(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_bill_timeline(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* side_by_side.c */
fpi_err_t *fpi_handle_bills_files(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* console_moves.c */
fpi_err_t *fpi_handle_console_submit(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_console_resubmit(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_console_void(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_console_rescan(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_console_cancel(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_console_lock(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_console_review(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_console_sync(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* console_pushes.c */
fpi_err_t *fpi_handle_pushes_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_push_get(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_push_replay(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_pushes_replay(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* console_match.c */
fpi_err_t *fpi_handle_bill_match(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_bill_match_act(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* console_deliveries.c */
fpi_err_t *fpi_handle_deliveries_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_deliveries_retry(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_delivery_retry(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* console_systems.c */
fpi_err_t *fpi_handle_resources_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_systems_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_system_make(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_system_get(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_system_put(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_system_patch(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_system_drop(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_system_verify(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* console_systems_people.c */
fpi_err_t *fpi_handle_system_people_take(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_system_people_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_system_people_get(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* console_files.c */
fpi_err_t *fpi_handle_files_order(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_files_merge(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_file_patch(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_file_drop(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_file_split(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_file_move(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* download.c */
fpi_err_t *fpi_handle_file_get(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* uploads.c */
fpi_err_t *fpi_handle_upload_make(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_upload_get(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_upload_piece(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_upload_drop(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* console_upload.c */
fpi_err_t *fpi_handle_files_add(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_file_replace(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* console_enterprises.c */
fpi_err_t *fpi_handle_enterprises_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_enterprise_make(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_enterprise_get(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_enterprise_patch(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_enterprise_drop(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_enterprise_check(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_enterprise_import(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* console_push_table.c */
fpi_err_t *fpi_handle_push_rows_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_push_row_put(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_push_row_drop(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_push_rows_check(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* console_attachments.c, console_audit.c */
fpi_err_t *fpi_handle_attachments_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_audit_log(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* console_catalogue.c */
fpi_err_t *fpi_handle_bill_types_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_bill_type_make(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_bill_type_put(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* console_doctor.c, console_home.c, console_journal.c */
fpi_err_t *fpi_handle_doctor(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_home(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_journal_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* console_labels.c */
fpi_err_t *fpi_handle_labels_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_label_make(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_label_put(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_label_drop(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* console_settings.c, console_statistics.c */
fpi_err_t *fpi_handle_receipt_settings(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_receipt_settings_patch(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_statistics(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* openapi.c */
fpi_err_t *fpi_handle_openapi(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;

/* ---- console.c: what the handlers of family C share ---- */
/* The bill of that id, when the caller may see it; else FPI_E_ABSENT: what may not be seen does not exist. */
fpi_err_t *fpi_console_bill(fpi_bill_t **out, fpi_tx_t *tx, const fpi_call_t *call, int64_t id, fpi_task_t *task)
    FPI_MUST_USE;
/* page (from 1, default 1) and page_size (1-200, default 20) of the query. */
typedef struct fpi_page_t {
    int page, size;
    int64_t skip;                /* rows before it */
} fpi_page_t;
fpi_err_t *fpi_page_read(fpi_page_t *page, const fpi_call_t *call) FPI_MUST_USE;
/* {"items": items, "pagination": {page, page_size, total, has_more}} */
fpi_json_t *fpi_page_answer(const fpi_page_t *page, fpi_json_t *items, int64_t total, fpi_task_t *task);
/* items and pagination of a list that is always told whole, put into `data`. */
void fpi_page_whole(fpi_json_t *data, fpi_json_t *items, fpi_task_t *task);
/* The version that the caller has seen: If-Match "7", or `version` of the JSON body or the query; -1 when it says
 * none. FPI_E_FIELD when two of them differ. */
fpi_err_t *fpi_version_read(int64_t *version, const fpi_call_t *call) FPI_MUST_USE;
/* One more place says it; -1: it does not. */
fpi_err_t *fpi_version_take(int64_t *version, int64_t said, fpi_task_t *task) FPI_MUST_USE;
/* FPI_E_STALE unless said is -1 or what is there; the refusal tells both. */
fpi_err_t *fpi_version_check(int64_t said, int64_t there, const char *what, fpi_task_t *task) FPI_MUST_USE;
/* The same for a bill; the refusal brings what has happened to it since (error.changes, newest first). */
fpi_err_t *fpi_version_check_bill(int64_t said, fpi_tx_t *tx, const fpi_bill_t *bill, fpi_task_t *task) FPI_MUST_USE;

/* ---- journal.c: what nobody here can serve ---- */
/* Puts the call into the journal of unknown calls, with the shape of its body (values masked, or in clear while
 * the administrator's time-limited capture is on), and makes the refusal that names the entry. Failing to write the
 * journal is logged, not answered. */
fpi_err_t *fpi_journal_unknown(fpi_app_t *app, fpi_call_t *call) FPI_MUST_USE;
/* The same for a push whose identity can't be found; the refusal is the caller's. */
void fpi_journal_push(fpi_app_t *app, fpi_call_t *call, const char *body, size_t len);

/* ---- bills.c: shared with pushes ---- */
/* May this enterprise speak of the tax number, which the caller has said and hears again? A tenant authorisation
 * (client id "TN_...") may speak of all, others of their own. FPI_E_FOREIGN. Of a stored bill: fpi_viewer_check. */
fpi_err_t *fpi_bill_check_owner(const fpi_enterprise_t *enterprise, const char *tax_no, fpi_task_t *task)
    FPI_MUST_USE;

#endif
