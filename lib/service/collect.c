/* outside/upload and fileCollect: the ERP brings files of a bill. */
#include "service/handlers.h"

#include "service/asked.h"
#include "service/attach.h"
#include "service/looks.h"
#include "store/contents.h"

#include <apr_strings.h>
#include <string.h>
#include <strings.h>

#define LOOK_WAIT apr_time_from_sec(2)

enum { NUMBER_LEN = 2048, WORD_LEN = 100, REASON_LEN = 500 };

typedef struct collect_t {
    const fpi_viewer_t *viewer;
    const fpi_intake_t *intake;
    const char *number, *resource, *type_code;
    fpi_kind_t kind;
    bool no_cloud;
    fpi_attach_t attach;
    fpi_content_t *contents;     /* of attach.stored, once they were asked for */
    bool is_waiting;             /* not all of them were looked at yet */
} collect_t;

/* ---- what is said beside the files ---- */

/* The first of the names, ended by NULL, that says something. */
static fpi_err_t *find_field(const char **out, const fpi_intake_t *intake, const fpi_call_t *call,
                             const char *const *names, size_t most)
{
    *out = NULL;
    for (; *names && !(*out && **out); names++) {
        FPI_TRY(fpi_intake_field(out, intake, call, *names, most));
    }
    return NULL;
}

static fpi_err_t *read_kind(fpi_kind_t *kind, const fpi_intake_t *intake, const fpi_call_t *call)
{
    static const struct {
        const char *word;
        fpi_kind_t kind;
    } kinds[] = { { "invoice", FPI_KIND_INVOICE }, { "cover", FPI_KIND_COVER }, { "attach", FPI_KIND_ATTACHMENT } };
    const char *said;

    FPI_TRY(fpi_intake_field(&said, intake, call, "fileType", WORD_LEN));
    said = said && *said ? said : kinds[0].word;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        if (strcasecmp(kinds[i].word, said) == 0) {
            *kind = kinds[i].kind;
            return NULL;
        }
    }
    return fpi_refuse(call->task, FPI_E_FIELD, "fileType", "字段 fileType 应为 cover, invoice 或 attach, 收到 %.40s",
                      "field fileType is cover, invoice or attach, not %.40s", said);
}

static fpi_err_t *read_bill(collect_t *job, const fpi_call_t *call)
{
    static const char *const numbers[] = { "scanBillNo", "fscanBillNo", "imageNo", "imageNumber", NULL };
    static const char *const types[] = { "billType", "billTypeCode", "fbillTypeCode", NULL };
    const char *number;

    FPI_TRY(find_field(&number, job->intake, call, numbers, NUMBER_LEN));
    FPI_TRY(fpi_bill_take_number(&job->number, number ? number : "", "scanBillNo", call->task));
    call->note(call->baton, "FPIMAGE_BILL", job->number);
    FPI_TRY(fpi_intake_field(&job->resource, job->intake, call, "resource", WORD_LEN));
    return find_field(&job->type_code, job->intake, call, types, WORD_LEN);
}

/* What a file says itself is always read; what it needs is the cloud's recognition. */
static fpi_err_t *read_needed(bool *no_cloud, const fpi_intake_t *intake, const fpi_call_t *call)
{
    const char *said = NULL;

    if (fpi_json_is_object(intake->json)) {
        FPI_TRY(fpi_json_find_scalar(&said, intake->json, "needRecognition", WORD_LEN, call->task));
    }
    if (!said) {
        FPI_TRY(fpi_intake_field(&said, intake, call, "needRecognition", WORD_LEN));
    }
    *no_cloud = said && (strcasecmp(said, "false") == 0 || strcmp(said, "0") == 0);
    if (!said || !*said || *no_cloud || strcasecmp(said, "true") == 0 || strcmp(said, "1") == 0) {
        return NULL;
    }
    return fpi_refuse(call->task, FPI_E_FIELD, "needRecognition", "字段 needRecognition 应为 true 或 false, 收到 %.40s",
                      "field needRecognition is true or false, not %.40s", said);
}

static fpi_err_t *read_said(collect_t *job, const fpi_call_t *call)
{
    static const char *const reasons[] = { "reason", "remark", NULL };

    FPI_TRY(read_bill(job, call));
    FPI_TRY(read_kind(&job->kind, job->intake, call));
    FPI_TRY(read_needed(&job->no_cloud, job->intake, call));
    return find_field(&job->attach.why, job->intake, call, reasons, REASON_LEN);
}

/* ---- storing ---- */

static fpi_err_t *tx_collect(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    collect_t *job = baton;
    fpi_file_t *wanted = apr_pcalloc(task->pool, sizeof(*wanted) * (size_t)job->intake->count);
    fpi_bill_t *bill;

    FPI_TRY(fpi_asked_check_one(tx, job->viewer->tenant, job->number, job->resource, task));
    FPI_TRY(fpi_attach_bill(&bill, tx, job->viewer, job->number, job->resource, job->type_code, task));
    for (int i = 0; i < job->intake->count; i++) {
        wanted[i] = fpi_attach_wanted(&job->intake->files[i], job->kind);
        wanted[i].no_cloud = job->no_cloud;
    }
    job->attach = (fpi_attach_t){ .bill = bill, .act = FPI_ACT_ATTACH, .wanted = wanted, .count = job->intake->count,
                                  .source = "erp", .why = job->attach.why };
    return fpi_attach_files(&job->attach, tx, task);
}

/* ---- how many pages they have ---- */

static fpi_err_t *tx_pages(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    collect_t *job = baton;

    job->is_waiting = false;
    FPI_TRY(fpi_contents_list(&job->contents, tx, job->attach.stored, job->attach.count, task));
    for (int i = 0; i < job->attach.count; i++) {
        job->is_waiting = job->is_waiting || job->contents[i].state == FPI_CONTENT_WAITING;
    }
    return NULL;
}

/* ---- the answer ---- */

/* What has no pages of its own counts as one, as in the bill's pageCount; what nobody has looked at yet as none. */
static int64_t count_pages(const fpi_content_t *content)
{
    return content->pages || content->state == FPI_CONTENT_WAITING ? content->pages : 1;
}

static fpi_json_t *show_file(const fpi_file_t *file, const fpi_content_t *content, fpi_task_t *task)
{
    const char *number = apr_psprintf(task->pool, "%" APR_INT64_T_FMT, file->id);
    fpi_json_t *doc = fpi_json_make_object(task);

    fpi_json_put_text(doc, "fileNo", number);
    fpi_json_put_text(doc, "srcPath", apr_pstrcat(task->pool, "/api/v1/files/", number, NULL));
    fpi_json_put_text(doc, "sha256", file->sha256);
    fpi_json_put_int(doc, "pages", count_pages(content));
    fpi_json_put_text(doc, "fileName", file->name);
    fpi_json_put_int(doc, "size", file->size);
    return doc;
}

/* The first file's members, and where there are several the list of all. */
static void answer_files(fpi_answer_t *answer, const collect_t *job, fpi_task_t *task)
{
    const fpi_attach_t *attach = &job->attach;
    fpi_json_t *list = fpi_json_make_array(task);

    answer->data = show_file(&attach->stored[0], &job->contents[0], task);
    fpi_json_put_text(answer->data, "scanBillNo", job->number);
    fpi_json_put_text(answer->data, "result", attach->added ? "stored" : "unchanged");
    for (int i = 0; attach->count > 1 && i < attach->count; i++) {
        fpi_json_add(list, show_file(&attach->stored[i], &job->contents[i], task));
    }
    if (attach->count > 1) {
        fpi_json_put(answer->data, "files", list);
    }
}

fpi_err_t *fpi_handle_bill_upload(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    collect_t job = { .viewer = call->viewer };
    fpi_intake_t *intake;

    FPI_TRY(fpi_intake_read(&intake, app, call, FPI_ENTRY_ERP));
    job.intake = intake;
    FPI_TRY(read_said(&job, call));
    FPI_TRY(fpi_store_write(app->store, tx_collect, &job, call->task));
    fpi_looks_wake(app, job.attach.is_readable);
    FPI_TRY(fpi_look_wait(app, call, tx_pages, &job, &job.is_waiting, LOOK_WAIT));
    answer_files(answer, &job, call->task);
    return NULL;
}
