/* The bytes of a bill's file, or a picture of one of its pages. */
#include "service/content.h"
#include "service/handlers.h"
#include "service/variants.h"

#include <apr_strings.h>
#include <string.h>

enum { FLAG_LEN = 8 };

typedef struct asking_t {
    const fpi_call_t *call;
    int64_t id;
    fpi_file_t *file;
} asking_t;

/* Who may see the bill may see its files. */
static fpi_err_t *tx_find(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    asking_t *asking = baton;
    const fpi_viewer_t *viewer = asking->call->viewer;
    fpi_whose_t whose;

    FPI_TRY(fpi_file_find(&asking->file, &whose, tx, viewer->tenant, asking->id, task));
    return asking->file && fpi_viewer_sees(viewer, &whose)
               ? NULL
               : fpi_refuse(task, FPI_E_ABSENT, "file_id", "文件 %" APR_INT64_T_FMT " 不存在",
                            "there is no file %" APR_INT64_T_FMT, asking->id);
}

/* The whole content is sent for a part of it, too: the original is never cut. */
static const apr_table_t *part_headers(const fpi_file_t *file, fpi_task_t *task)
{
    apr_table_t *headers = apr_table_make(task->pool, 1);

    if (file->page_first) {
        apr_table_setn(headers, "X-Pages", apr_psprintf(task->pool, "%d-%d", file->page_first, file->page_last));
    }
    return headers;
}

fpi_err_t *fpi_handle_file_get(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    asking_t asking = { .call = call };
    const char *download;
    fpi_sending_t what = { 0 };
    bool is_picture;

    FPI_TRY(fpi_call_id(&asking.id, call, "file_id"));
    FPI_TRY(fpi_store_read(app->store, tx_find, &asking, call->task));
    FPI_TRY(fpi_variant_answer(&is_picture, app, call, asking.file, answer));
    if (is_picture) {
        return NULL;
    }
    FPI_TRY(fpi_call_field(&download, call, "download", FLAG_LEN));
    what.sha256 = asking.file->sha256;
    what.type = asking.file->media ? asking.file->media : "application/octet-stream";
    what.name = asking.file->name; /* and no time: it stays when the bytes are replaced, the ETag does not */
    what.is_download = download && strcmp(download, "0") != 0;
    what.headers = part_headers(asking.file, call->task);
    return fpi_content_send(app, call, &what, answer);
}
