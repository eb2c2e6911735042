/* The operations of WSSSCImageBaseServiceFacade that we use (facts-erp.md 2). */
#include "remote/erp_own.h"

#include "base/clock.h"

#include <apr_strings.h>
#include <string.h>

enum { XML_MOST = 64 * 1024, STATE_MOST = 99 };

/* ---- notices ---- */

typedef struct operation_t {
    const char *name, *parameter;
    bool is_void;                /* returns nothing: no fault is all that it says */
} operation_t;

/* The case of the parameters is theirs. */
static const operation_t operations[] = {
    { "updateImageStateNew", "inputXML", false },
    { "updateImageState", "inputXml", true },
    { "imageReady", "inputXml", false },
    { "reverse", "inputXml", true },
};

static operation_t operation_of(const fpi_system_t *system, const fpi_notice_t *notice)
{
    const char *back = fpi_eas_name(system, FPI_EAS_OPERATION_BACK);
    const char *parameter = fpi_eas_name(system, FPI_EAS_PARAMETER);
    operation_t operation = { fpi_eas_name(system, FPI_EAS_OPERATION), "inputXML", false };

    if (notice->kind == FPI_NOTICE_SENT_BACK && back) {
        operation.name = back;
    }
    for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++) {
        if (strcmp(operations[i].name, operation.name) == 0) {
            operation = operations[i];
        }
    }
    operation.parameter = parameter ? parameter : operation.parameter;
    return operation;
}

static fpi_eas_name_t code_of(const fpi_notice_t *notice)
{
    if (notice->kind == FPI_NOTICE_READY) {
        return notice->is_again ? FPI_EAS_CODE_AGAIN : FPI_EAS_CODE_READY;
    }
    return notice->kind == FPI_NOTICE_SENT_BACK ? FPI_EAS_CODE_BACK : FPI_EAS_CODE_REVIEW;
}

typedef struct writing_t {
    fpi_buf_t *buf;
    const fpi_system_t *system;
    bool is_done;
} writing_t;

static void put(writing_t *w, const char *before, fpi_eas_name_t name, const char *after)
{
    w->is_done = w->is_done && fpi_buf_put_text(w->buf, before) && fpi_buf_put_text(w->buf, fpi_eas_name(w->system, name))
                 && fpi_buf_put_text(w->buf, after);
}

static void put_element(writing_t *w, fpi_eas_name_t name, const char *text)
{
    put(w, "<", name, ">");
    w->is_done = w->is_done && fpi_soap_put_escaped(w->buf, text, strlen(text));
    put(w, "</", name, ">");
}

static fpi_err_t *format_notice(const char **out, const fpi_system_t *system, const fpi_notice_t *notice,
                                fpi_task_t *task)
{
    writing_t w = { fpi_buf_make(task->pool, XML_MOST), system, true };

    put(&w, "<", FPI_EAS_DATA, "><");
    put(&w, "", FPI_EAS_BARS, "><");
    put(&w, "", FPI_EAS_BAR, ">");
    put_element(&w, FPI_EAS_BAR_CODE, notice->number);
    put_element(&w, FPI_EAS_BAR_PAGES, apr_psprintf(task->pool, "%" APR_INT64_T_FMT, (apr_int64_t)notice->pages));
    put(&w, "</", FPI_EAS_BAR, "></");
    put(&w, "", FPI_EAS_BARS, ">");
    put_element(&w, FPI_EAS_STATE, fpi_eas_name(system, code_of(notice)));
    put_element(&w, FPI_EAS_PERSON, notice->person && *notice->person ? notice->person : system->user);
    put_element(&w, FPI_EAS_REASON, notice->reason && *notice->reason ? notice->reason : fpi_notice_name(notice->kind, "zh"));
    put(&w, "</", FPI_EAS_DATA, ">");
    if (!w.is_done) {
        return fpi_fail(task, FPI_E_TOO_LARGE, "a notice of more than %d bytes", XML_MOST);
    }
    *out = w.buf->data;
    return NULL;
}

static const char *seek_text(const fpi_xml_t *root, const fpi_system_t *system, fpi_eas_name_t name, fpi_task_t *task)
{
    const fpi_xml_t *found = fpi_xml_seek(root, fpi_eas_name(system, name));

    return found ? fpi_xml_text(found, task) : NULL;
}

fpi_err_t *fpi_eas_judge(const char *text, const fpi_system_t *system, fpi_task_t *task)
{
    const char *code, *words;
    fpi_xml_t *root;
    fpi_err_t *err;

    if (!text || !text[strspn(text, " \t\r\n")]) {
        return fpi_fail(task, FPI_E_ERP_UNCLEAR, "%s answered with nothing", system->name);
    }
    err = fpi_soap_inner(&root, text, task);
    if (err) {
        return fpi_recode(task, err, FPI_E_ERP_UNCLEAR, "the answer of %s is no XML: %s", system->name,
                          fpi_erp_words(text, system, task));
    }
    code = seek_text(root, system, FPI_EAS_RET_CODE, task);
    if (!code || !*code) {
        return fpi_fail(task, FPI_E_ERP_UNCLEAR, "the answer of %s has no %s", system->name,
                        fpi_eas_name(system, FPI_EAS_RET_CODE));
    }
    if (code[strspn(code, "0")] == '\0') {
        return NULL;
    }
    words = seek_text(root, system, FPI_EAS_RET_TEXT, task);
    if (!words || !*words) {
        return fpi_refuse(task, FPI_E_ERP_REFUSED, NULL, "%s 拒绝, 未说明原因 (%s)", "%s refuses and does not say why (%s)",
                          system->name, fpi_erp_words(code, system, task));
    }
    return fpi_refuse(task, FPI_E_ERP_REFUSED, NULL, "%s 拒绝: %s (%s)", "%s refuses: %s (%s)", system->name,
                      fpi_erp_words(words, system, task), fpi_erp_words(code, system, task));
}

static fpi_err_t *notify(fpi_erp_t *erp, const fpi_system_t *system, const fpi_notice_t *notice, fpi_task_t *task)
{
    operation_t operation = operation_of(system, notice);
    const char *xml, *result;

    FPI_TRY(format_notice(&xml, system, notice, task));
    FPI_TRY(fpi_eas_call(&result, erp, system, operation.name, operation.parameter, xml, task));
    return operation.is_void ? NULL : fpi_eas_judge(result, system, task);
}

/* What is asked for, and comes in a form that can't be understood, has not come. */
static fpi_err_t *ask(const char **result, fpi_erp_t *erp, const fpi_system_t *system, const char *operation,
                      const char *parameter, const char *text, fpi_task_t *task)
{
    fpi_err_t *err = fpi_eas_call(result, erp, system, operation, parameter, text, task);

    return err && err->code == FPI_E_ERP_UNCLEAR ? fpi_recode(task, err, FPI_E_ERP, "asking %s", system->name) : err;
}

/* ---- an image's state ---- */

/* Public sources are silent on its form: the bare number, or a document with the element of notices. */
fpi_err_t *fpi_eas_state_parse(int *state, const char *text, const fpi_system_t *system, fpi_task_t *task)
{
    const char *value = text ? fpi_text_trim(task->pool, text) : "";
    int64_t number = -1;
    fpi_xml_t *root;

    *state = -1;
    if (strchr(value, '<') || strncmp(value, "&lt;", 4) == 0) {
        fpi_err_t *err = fpi_soap_inner(&root, value, task);

        if (err) {
            return fpi_recode(task, err, FPI_E_ERP, "the state that %s gave is no XML", system->name);
        }
        value = seek_text(root, system, FPI_EAS_STATE, task);
        value = value ? value : "";
    }
    if (*value && !fpi_int_parse(&number, value, -1, STATE_MOST)) {
        return fpi_fail(task, FPI_E_ERP, "the state that %s gave is no number: %s", system->name,
                        fpi_erp_words(value, system, task));
    }
    *state = (int)number;
    return NULL;
}

static fpi_err_t *find_state(int *state, fpi_erp_t *erp, const fpi_system_t *system, const char *number,
                             fpi_task_t *task)
{
    const char *result;

    FPI_TRY(ask(&result, erp, system, "getImageState", "imageNumber", number, task));
    return fpi_eas_state_parse(state, result, system, task);
}

/* ---- organisations and users ---- */

/* EAS keeps China's time, wherever we are. */
static const char *time_of(apr_time_t when, fpi_task_t *task)
{
    apr_time_exp_t t;

    apr_time_exp_tz(&t, when, 8 * 3600);
    return apr_psprintf(task->pool, "%04d%02d%02d%02d%02d%02d", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour,
                        t.tm_min, t.tm_sec);
}

fpi_err_t *fpi_eas_list_parse(fpi_json_t **out, const char *text, fpi_task_t *task)
{
    const char *list = text ? fpi_text_trim(task->pool, text) : "";
    fpi_err_t *err;

    if (!*list) {
        *out = fpi_json_make_array(task);
        return NULL;
    }
    err = fpi_json_parse(out, list, strlen(list), task);
    if (err || !fpi_json_is_array(*out)) {
        err = err ? err : fpi_fail(task, FPI_E_FIELD, "it is no array");
        return fpi_recode(task, err, FPI_E_ERP, "the list that the ERP gave is not understood");
    }
    return NULL;
}

static fpi_err_t *ask_list(fpi_json_t **out, fpi_erp_t *erp, const fpi_system_t *system, const char *operation,
                           apr_time_t since, fpi_task_t *task)
{
    const char *data = fpi_eas_name(system, FPI_EAS_DATA), *result;
    const char *xml = apr_psprintf(task->pool, "<%s><beginTime>%s</beginTime><endTime>%s</endTime></%s>", data,
                                   since ? time_of(since, task) : "19000101000000", time_of(fpi_clock_now(), task), data);

    FPI_TRY(ask(&result, erp, system, operation, "inputXML", xml, task));
    return fpi_eas_list_parse(out, result, task);
}

/* Users have a userID; they may name their organisation by an orgID, too. */
static bool is_of_kind(const fpi_json_t *row, bool are_users)
{
    bool is_user = fpi_json_find(row, "userID") != NULL;

    return are_users ? is_user : !is_user && fpi_json_find(row, "orgID") != NULL;
}

/* The article that describes them has the two exchanged (facts-erp.md 2.2): what came is told by its keys, and a list
 * without rows has none. */
static fpi_err_t *list_by_key(fpi_json_t **out, fpi_erp_t *erp, const fpi_system_t *system, bool are_users,
                              apr_time_t since, fpi_task_t *task)
{
    bool is_empty = false;

    for (int i = 0; i < 2; i++) {
        fpi_eas_name_t operation = are_users == (i == 0) ? FPI_EAS_SYNC_USER : FPI_EAS_SYNC_ORG;

        FPI_TRY(ask_list(out, erp, system, fpi_eas_name(system, operation), since, task));
        if (fpi_json_size(*out) && is_of_kind(fpi_json_at(*out, 0), are_users)) {
            return NULL;
        }
        is_empty = is_empty || !fpi_json_size(*out);
    }
    if (is_empty) {
        *out = fpi_json_make_array(task);
        return NULL;
    }
    return fpi_fail(task, FPI_E_ERP, "%s gave lists without %s", system->name, are_users ? "userID" : "orgID");
}

static fpi_err_t *list_orgs(fpi_json_t **out, fpi_erp_t *erp, const fpi_system_t *system, apr_time_t since,
                            fpi_task_t *task)
{
    return list_by_key(out, erp, system, false, since, task);
}

static fpi_err_t *list_users(fpi_json_t **out, fpi_erp_t *erp, const fpi_system_t *system, apr_time_t since,
                             fpi_task_t *task)
{
    return list_by_key(out, erp, system, true, since, task);
}

const fpi_erp_kind_t fpi_erp_eas = { "eas", fpi_eas_verify, notify, find_state, list_orgs, list_users };
