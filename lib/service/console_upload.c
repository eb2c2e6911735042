/* Files that a person brings: onto a bill, or in the place of one. The bytes are durable before the bill is touched. */
#include "service/filework.h"

#include "base/text.h"
#include "service/attach.h"
#include "service/found.h"
#include "service/looks.h"
#include "service/views.h"
#include "store/contents.h"

#include <apr_strings.h>
#include <string.h>

enum { LABEL_LEN = 200, KIND_LEN = 20, NUMBER_LEN = 20, REASON_LEN = 500 };

typedef struct adding_t {
    fpi_filework_t work;
    fpi_intake_t *intake;
    fpi_kind_t kind;
    const char *label;
    int64_t after, position;     /* -1: not said */
    fpi_attach_t attach;
} adding_t;

/* ---- reading ---- */

static fpi_err_t *tx_may(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    return fpi_filework_open(baton, FPI_ACT_ATTACH, tx, task);
}

static fpi_err_t *field_number(int64_t *out, const fpi_intake_t *intake, const fpi_call_t *call, const char *name,
                               int64_t otherwise)
{
    const char *text;

    *out = otherwise;
    FPI_TRY(fpi_intake_field(&text, intake, call, name, NUMBER_LEN));
    if (!text || !*text || fpi_int_parse(out, text, 0, INT64_MAX)) {
        return NULL;
    }
    return fpi_refuse(call->task, FPI_E_FIELD, name, "字段 %s 应为非负整数, 收到 %.40s",
                      "field %s is a number from 0 on, not %.40s", name, text);
}

/* Before the body: who may not, or looks at an old version, need not send it all. Its fields come with it. */
static fpi_err_t *read_files(adding_t *job, fpi_app_t *app, fpi_call_t *call, bool has_file)
{
    fpi_filework_t *work = &job->work;
    int64_t version;

    FPI_TRY(fpi_filework_read(work, app, call, NULL, has_file));
    FPI_TRY(fpi_store_read(app->store, tx_may, work, call->task));
    FPI_TRY(fpi_intake_read(&job->intake, app, call, FPI_ENTRY_UPLOAD));
    FPI_TRY(field_number(&version, job->intake, call, "version", -1));
    FPI_TRY(fpi_version_take(&work->version, version, call->task));
    return fpi_intake_field(&work->order.reason, job->intake, call, "reason", REASON_LEN);
}

static fpi_err_t *read_fields(adding_t *job)
{
    const fpi_call_t *call = job->work.call;
    const char *kind;

    FPI_TRY(fpi_intake_field(&kind, job->intake, call, "kind", KIND_LEN));
    FPI_TRY(fpi_intake_field(&job->label, job->intake, call, "label", LABEL_LEN));
    FPI_TRY(field_number(&job->after, job->intake, call, "after", -1));
    FPI_TRY(field_number(&job->position, job->intake, call, "position", -1));
    if (job->after >= 0 && job->position >= 0) {
        return fpi_refuse(call->task, FPI_E_FIELD, "position", "字段 after 与 position 只能有一个",
                          "only one of the fields after and position can be there");
    }
    job->kind = FPI_KIND_INVOICE;
    return kind && *kind ? fpi_view_take_kind(&job->kind, kind, call->task) : NULL;
}

/* ---- adding ---- */

static const fpi_file_t *wanted_files(const adding_t *job, fpi_task_t *task)
{
    fpi_file_t *wanted = apr_pcalloc(task->pool, sizeof(*wanted) * ((size_t)job->intake->count + 1));

    for (int i = 0; i < job->intake->count; i++) {
        wanted[i] = fpi_attach_wanted(&job->intake->files[i], job->kind);
        wanted[i].label = job->label && *job->label ? job->label : NULL;
    }
    return wanted;
}

/* Which file stands before that place; 0: none. */
static int64_t before_position(const fpi_pile_t *pile, int64_t position)
{
    int64_t at = position > pile->count ? pile->count : position;

    return at > 1 ? pile->files[at - 2].id : 0;
}

/* They came behind all others; now they go where they are wanted. */
static fpi_err_t *put_in_place(adding_t *job, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_filework_t *work = &job->work;
    int64_t *ids = apr_pcalloc(task->pool, sizeof(*ids) * ((size_t)job->attach.added + 1)), after;

    if ((job->after < 0 && job->position < 0) || !job->attach.added) {
        return NULL;
    }
    for (int i = 0; i < job->attach.added; i++) {
        ids[i] = APR_ARRAY_IDX(job->attach.fresh, i, fpi_file_t).id;
    }
    FPI_TRY(fpi_pile_get(&work->pile, &work->before, tx, work->bill, task));
    after = job->after >= 0 ? job->after : before_position(work->pile, job->position);
    FPI_TRY(fpi_pile_place(work->pile, ids, job->attach.added, after, task));
    return fpi_pile_put(work->pile, &work->before, tx, task);
}

static fpi_err_t *tx_add(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    adding_t *job = baton;

    FPI_TRY(fpi_filework_open(&job->work, FPI_ACT_ATTACH, tx, task));
    job->attach = (fpi_attach_t){ .bill = job->work.bill, .act = FPI_ACT_ATTACH, .count = job->intake->count,
                                  .wanted = wanted_files(job, task), .source = "upload", .why = job->work.order.reason };
    FPI_TRY(fpi_attach_files(&job->attach, tx, task));
    return put_in_place(job, tx, task);
}

/* For each that came what was added for it, or what is there. */
static fpi_json_t *view_stored(const fpi_attach_t *attach, fpi_task_t *task)
{
    fpi_json_t *list = fpi_json_make_array(task);

    for (int i = 0, next = 0; i < attach->count; next += attach->news[i++].files) {
        if (!attach->news[i].files) {
            fpi_json_add(list, fpi_view_file(&attach->stored[i], NULL, task));
        }
        for (int n = 0; n < attach->news[i].files; n++) {
            fpi_json_add(list, fpi_view_file(&APR_ARRAY_IDX(attach->fresh, next + n, fpi_file_t), NULL, task));
        }
    }
    return list;
}

fpi_err_t *fpi_handle_files_add(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    adding_t job = { .kind = FPI_KIND_INVOICE };

    FPI_TRY(read_files(&job, app, call, false));
    FPI_TRY(read_fields(&job));
    FPI_TRY(fpi_store_write(app->store, tx_add, &job, call->task));
    fpi_looks_wake(app, job.attach.is_readable);
    fpi_filework_tell(answer, job.work.bill, call->task);
    fpi_json_put(answer->data, "stored", view_stored(&job.attach, call->task));
    fpi_json_put_int(answer->data, "added", job.attach.added);
    answer->status = job.attach.added ? 201 : 200;
    return NULL;
}

/* ---- replacing ---- */

static fpi_err_t *act_replace(fpi_filework_t *work, fpi_tx_t *tx, fpi_task_t *task)
{
    const fpi_file_t *with = work->baton;
    fpi_file_t *file;

    FPI_TRY(fpi_filework_file(&file, work, task));
    if (strcmp(file->sha256, with->sha256) == 0 && !file->page_first) {
        return NULL; /* the same again */
    }
    FPI_TRY(fpi_filework_may(work, file, FPI_TOUCH_REPLACE, tx, task));
    work->detail = fpi_filework_detail(file, task);
    fpi_json_put_text(work->detail, "new_name", with->name);
    fpi_json_put_text(work->detail, "new_sha256", with->sha256);
    work->note = apr_psprintf(task->pool, "%s %s replaced by %s, sha256 %s -> %s; the old bytes are kept",
                              fpi_kind_name(file->kind), file->name, with->name, file->sha256, with->sha256);
    work->moves = FPI_ACT_ATTACH;
    FPI_TRY(fpi_found_replaced(tx, file, task));
    FPI_TRY(fpi_pile_replace(work->pile, work->file_id, with, task));
    FPI_TRY(fpi_content_put(tx, with->sha256, with->size, with->media, task));
    return fpi_look_put(NULL, tx, work->bill->tenant, with->sha256, task);
}

fpi_err_t *fpi_handle_file_replace(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    adding_t job = { .kind = FPI_KIND_INVOICE };
    fpi_file_t with;

    FPI_TRY(read_files(&job, app, call, true));
    if (job.intake->count != 1) {
        return fpi_refuse(call->task, FPI_E_FIELD, "file", "替换时应有且仅有一个文件, 收到 %d 个",
                          "one file replaces one; %d came", job.intake->count);
    }
    with = fpi_attach_wanted(&job.intake->files[0], job.kind);
    job.work.act = act_replace;
    job.work.baton = &with;
    FPI_TRY(fpi_filework_run(&job.work, answer));
    fpi_looks_wake(app, true);
    return NULL;
}
