/* The bytes of a page of a scan session, or its picture. */
#include "service/handlers.h"

#include "service/batch.h"
#include "service/variants.h"

#include <apr_strings.h>

typedef struct asking_t {
    const fpi_enterprise_t *enterprise;
    int64_t id, page_id;
    fpi_capture_page_t *page;
} asking_t;

static fpi_err_t *tx_find(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    asking_t *asking = baton;
    fpi_capture_t *capture;

    FPI_TRY(fpi_capture_get(&capture, tx, asking->enterprise, asking->id, task));
    FPI_TRY(fpi_capture_page_find(&asking->page, tx, capture, asking->page_id, task));
    if (!asking->page) {
        return fpi_refuse(task, FPI_E_ABSENT, "page_id", "批次中没有页 %" APR_INT64_T_FMT,
                          "there is no page %" APR_INT64_T_FMT " in the capture", asking->page_id);
    }
    return NULL;
}

/* A page of a pile is a part of its content. */
static fpi_file_t part_of(const fpi_capture_page_t *page)
{
    return (fpi_file_t){ .name = page->name, .sha256 = page->sha256, .rotation = page->rotation,
                         .page_first = (int)page->page, .page_last = (int)page->page };
}

fpi_err_t *fpi_handle_capture_page_get(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    asking_t asking = { .enterprise = call->enterprise };
    apr_table_t *headers = apr_table_make(call->task->pool, 4);
    fpi_file_t part;
    bool is_picture;
    int64_t size;
    int fd;

    FPI_TRY(fpi_call_id(&asking.id, call, "capture_id"));
    FPI_TRY(fpi_call_id(&asking.page_id, call, "page_id"));
    FPI_TRY(fpi_store_read(app->store, tx_find, &asking, call->task));
    part = part_of(asking.page);
    FPI_TRY(fpi_variant_answer(&is_picture, app, call, &part, answer));
    if (is_picture) {
        return NULL;
    }
    FPI_TRY(fpi_blob_open(&fd, &size, app->blobs, asking.page->sha256, call->task));
    apr_table_setn(headers, "Content-Type", "application/octet-stream");
    answer->is_sent = true;
    FPI_TRY(call->begin(call->baton, 200, headers, size));
    return call->send_file(call->baton, fd, 0, size);
}
