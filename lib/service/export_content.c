/* The bytes of an export that is ready. */
#include "service/content.h"
#include "service/export_own.h"
#include "service/handlers.h"
#include "store/exports.h"

typedef struct asking_t {
    int64_t id;
    const char *owner;
    fpi_export_t *export;
} asking_t;

static fpi_err_t *tx_find(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    asking_t *asking = baton;

    return fpi_export_take(&asking->export, tx, asking->id, asking->owner, task);
}

fpi_err_t *fpi_handle_export_content(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    asking_t asking = { .owner = fpi_viewer_owner(call->viewer, call->task->pool) };
    const fpi_export_t *export;
    fpi_sending_t what = { .is_download = true };

    FPI_TRY(fpi_call_id(&asking.id, call, "export_id"));
    FPI_TRY(fpi_store_read(app->store, tx_find, &asking, call->task));
    export = asking.export;
    if (export->state != FPI_EXPORT_READY) {
        return fpi_refuse(call->task, FPI_E_STATE, NULL, "导出任务处于 %s 状态, 尚无内容", "the export is %s: it has no content",
                          fpi_export_state_name(export->state));
    }
    what.sha256 = export->sha256;
    what.type = fpi_export_media(export->kind);
    what.name = export->name ? export->name : "export";
    what.modified = export->ended;
    return fpi_content_send(app, call, &what, answer);
}
