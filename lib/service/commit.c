/* commit and scanBillSubmit: the ERP submits a bill. */
#include "service/handlers.h"

#include "service/asked.h"
#include "service/attach.h"
#include "service/forms.h"
#include "service/jobs.h"
#include "service/submit.h"
#include "store/people.h"

#include <string.h>

enum { KEY_MAX = 500, WORD_LEN = 100, NAME_LEN = 200, REASON_LEN = 500 };

typedef struct commit_t {
    fpi_asked_t asked;
    fpi_submit_t submit;
    const char *type_code;
    enum { MODEL_UNSAID, MODEL_FIND, MODEL_ADD } model;
} commit_t;

static fpi_err_t *read_key(const char **out, const fpi_json_t *item, fpi_task_t *task)
{
    const char *text = fpi_json_text(item);

    if (text && *text && strlen(text) <= KEY_MAX) {
        *out = text;
        return NULL;
    }
    if (!fpi_json_is_object(item)) {
        return fpi_refuse(task, FPI_E_FIELD, "fileList", "字段 fileList 的成员应为对象, 含 fileNo 或 srcPath",
                          "the members of field fileList are objects with fileNo or srcPath");
    }
    return fpi_form_get(out, item, "fileNo|srcPath", KEY_MAX, task);
}

static fpi_err_t *read_list(fpi_submit_t *submit, const fpi_json_t *body, fpi_task_t *task)
{
    const char **keys;
    fpi_json_t *list;
    size_t count;

    FPI_TRY(fpi_json_find_array(&list, body, "fileList", FPI_PILE_MOST, task));
    count = list ? fpi_json_size(list) : 0;
    keys = apr_pcalloc(task->pool, sizeof(*keys) * (count + 1));
    for (size_t i = 0; i < count; i++) {
        FPI_TRY(read_key(&keys[i], fpi_json_at(list, i), task));
    }
    submit->files = keys;
    submit->file_count = (int)count;
    return NULL;
}

static fpi_err_t *read_save_type(bool *is_supplement, const fpi_json_t *body, fpi_task_t *task)
{
    const char *text;

    FPI_TRY(fpi_form_find(&text, body, "saveType", WORD_LEN, task));
    *is_supplement = text && strcmp(text, "add") == 0;
    if (text && !*is_supplement && strcmp(text, "upload") != 0) {
        return fpi_refuse(task, FPI_E_FIELD, "saveType", "字段 saveType 应为 upload 或 add, 收到 %.40s",
                          "field saveType is upload or add, not %.40s", text);
    }
    return NULL;
}

/* What the vendor's page of scanBillSubmit says of modelType: is a bill that is not found added, 1, or not, 0. */
static fpi_err_t *read_model(commit_t *job, const fpi_json_t *body, fpi_task_t *task)
{
    const char *text;

    FPI_TRY(fpi_form_find(&text, body, "modelType", WORD_LEN, task));
    job->model = !text ? MODEL_UNSAID : strcmp(text, "1") == 0 ? MODEL_ADD : MODEL_FIND;
    return !text || strcmp(text, "0") == 0 || strcmp(text, "1") == 0
               ? NULL : fpi_refuse(task, FPI_E_FIELD, "modelType", "字段 modelType 应为 0 (未找到影像单据时不新增) 或 1 (新增), 收到 %.40s",
                                   "field modelType is 0 (a bill that is not found is not added) or 1 (it is), not %.40s", text);
}

static fpi_err_t *read_commit(commit_t *job, fpi_call_t *call)
{
    fpi_submit_t *submit = &job->submit;
    bool is_for_erp;

    FPI_TRY(fpi_asked_read(&job->asked, call));
    submit->order.act = FPI_ACT_SUBMIT;
    submit->viewer = call->viewer;
    FPI_TRY(fpi_form_find(&submit->order.by, call->json, "operator|operatorName|userName|userPhone", NAME_LEN, call->task));
    FPI_TRY(fpi_form_find(&submit->order.reason, call->json, "reason|remark", REASON_LEN, call->task));
    FPI_TRY(fpi_form_find(&job->type_code, call->json, "billType|billTypeCode|fbillTypeCode", WORD_LEN, call->task));
    FPI_TRY(read_model(job, call->json, call->task));
    FPI_TRY(read_save_type(&submit->is_supplement, call->json, call->task));
    FPI_TRY(fpi_json_find_bool(&is_for_erp, call->json, "isSubmitErp", true, call->task));
    submit->is_held = !is_for_erp;
    FPI_TRY(fpi_json_find_bool(&submit->is_confirmed, call->json, "confirm", false, call->task));
    return read_list(submit, call->json, call->task);
}

/* Files that came before the ERP spoke are on a bill that nobody has announced: it is there, and yet not "found". */
static fpi_err_t *find_bill(commit_t *job, fpi_tx_t *tx, fpi_task_t *task)
{
    if (job->model == MODEL_ADD) {
        FPI_TRY(fpi_asked_check_one(tx, job->submit.viewer->tenant, job->asked.number, job->asked.resource, task));
        return fpi_attach_bill(&job->asked.bill, tx, job->submit.viewer, job->asked.number, job->asked.resource,
                               job->type_code, task);
    }
    FPI_TRY(fpi_asked_find_one(&job->asked, tx, task));
    if (job->model == MODEL_FIND && !job->asked.bill->is_announced) {
        return fpi_refuse(task, FPI_E_ABSENT, "scanBillNo",
                          "未找到影像单据 %s: 业务系统尚未推送该单据 (erpBillPush), modelType 为 0 时不新增; 请先推送, 或传 modelType 1",
                          "the business system has not announced bill %s (erpBillPush), and modelType 0 adds none: announce "
                          "it, or send modelType 1", job->asked.number);
    }
    return NULL;
}

static fpi_err_t *tx_commit(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    commit_t *job = baton;

    FPI_TRY(find_bill(job, tx, task));
    FPI_TRY(fpi_attach_type(job->asked.bill, job->type_code, tx, task));
    return fpi_submit(&job->submit, job->asked.bill, tx, task);
}

fpi_err_t *fpi_handle_bill_commit(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    commit_t job = { .submit = { .is_held = false } };
    fpi_json_t *changes;

    FPI_TRY(read_commit(&job, call));
    FPI_TRY(fpi_store_write(app->store, tx_commit, &job, call->task));
    fpi_jobs_wake(app);
    answer->data = fpi_asked_status(job.asked.bill, call->task);
    fpi_json_put_text(answer->data, "result", job.submit.is_changed ? "updated" : "unchanged");
    fpi_json_put_int(answer->data, "fileCount", job.submit.pile->count);
    changes = fpi_submit_changes(&job.submit, call->task);
    if (changes) {
        fpi_json_put(answer->data, "changes", changes);
    }
    return NULL;
}
