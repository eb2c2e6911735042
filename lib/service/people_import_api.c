/* /api/v1/{users|organisations|scan-points}/import: GET the empty list, POST the filled one. */
#include "service/handlers.h"

#include "service/people_file.h"
#include "service/table.h"

#include <apr_strings.h>
#include <string.h>

enum { PASSWORDS_MOST = 100 };

/* ---- the template ---- */

static fpi_err_t *read_format(bool *is_workbook, const fpi_call_t *call)
{
    const char *format = fpi_params_find(call->params, "format");

    *is_workbook = !format || strcmp(format, "xlsx") == 0;
    return *is_workbook || strcmp(format, "csv") == 0
               ? NULL
               : fpi_refuse(call->task, FPI_E_FIELD, "format", "参数 format 应为 xlsx 或 csv", "parameter format is xlsx or csv");
}

static fpi_err_t *send_template(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer, fpi_people_list_t list)
{
    apr_table_t *headers = apr_table_make(call->task->pool, 4);
    fpi_buf_t *bytes;
    bool is_workbook;

    FPI_TRY(read_format(&is_workbook, call));
    FPI_TRY(fpi_people_template(&bytes, app, list, is_workbook, call->task));
    apr_table_setn(headers, "Content-Type",
                   is_workbook ? "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" : "text/csv; charset=utf-8");
    apr_table_setn(headers, "Content-Disposition",
                   apr_psprintf(call->task->pool, "attachment; filename=\"%s.%s\"", list == FPI_LIST_POINTS ? "scan-points" : fpi_list_of(list)->en,
                                is_workbook ? "xlsx" : "csv"));
    apr_table_setn(headers, "Cache-Control", "private, no-cache");
    apr_table_setn(headers, "X-Content-Type-Options", "nosniff");
    answer->is_sent = true;
    FPI_TRY(call->begin(call->baton, 200, headers, (int64_t)bytes->len));
    return call->write(call->baton, bytes->data, bytes->len);
}

/* ---- the filled list ---- */

static bool is_said(const fpi_call_t *call, const char *name)
{
    const char *value = fpi_params_find(call->params, name);

    return value && strcmp(value, "true") == 0;
}

static unsigned read_how(const fpi_call_t *call)
{
    return (is_said(call, "dry_run") ? FPI_FILE_DRY : 0) | (is_said(call, "partial") ? FPI_FILE_PARTIAL : 0)
           | (is_said(call, "passwords") ? FPI_FILE_PASSWORDS : 0);
}

static fpi_err_t *import(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer, fpi_people_list_t list)
{
    unsigned how = read_how(call);
    fpi_people_report_t report;
    apr_table_t *headers = apr_table_make(call->task->pool, 1);
    fpi_secret_t *csv;

    FPI_TRY(fpi_table_take(&csv, call));
    FPI_TRY(fpi_people_import(&report, app, call->viewer, list, csv, how, PASSWORDS_MOST, call->task));
    answer->data = fpi_people_report_form(&report, how, call->task);
    apr_table_setn(headers, "Cache-Control", "no-store");
    answer->headers = headers;
    return NULL;
}

/* ---- routes ---- */

fpi_err_t *fpi_handle_users_template(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    return send_template(app, call, answer, FPI_LIST_USERS);
}

fpi_err_t *fpi_handle_users_import(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    return import(app, call, answer, FPI_LIST_USERS);
}

fpi_err_t *fpi_handle_orgs_template(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    return send_template(app, call, answer, FPI_LIST_ORGS);
}

fpi_err_t *fpi_handle_orgs_import(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    return import(app, call, answer, FPI_LIST_ORGS);
}

fpi_err_t *fpi_handle_points_template(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    return send_template(app, call, answer, FPI_LIST_POINTS);
}

fpi_err_t *fpi_handle_points_import(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    return import(app, call, answer, FPI_LIST_POINTS);
}
