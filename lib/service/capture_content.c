/* The bytes of a page of a scan session, or its picture. */
#include "service/handlers.h"

#include "service/batch.h"
#include "service/content.h"
#include "service/variants.h"

typedef struct asking_t {
    const fpi_viewer_t *viewer;
    int64_t id, page_id;
    fpi_capture_page_t *page;
    fpi_content_t *content;
} asking_t;

static fpi_err_t *tx_find(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    asking_t *asking = baton;
    fpi_capture_t *capture;

    FPI_TRY(fpi_capture_get(&capture, tx, asking->viewer, asking->id, task));
    FPI_TRY(fpi_capture_page_find(&asking->page, tx, capture, asking->page_id, task));
    if (!asking->page) {
        return fpi_refuse(task, FPI_E_ABSENT, "page_id", "批次中没有页 %" APR_INT64_T_FMT,
                          "there is no page %" APR_INT64_T_FMT " in the capture", asking->page_id);
    }
    FPI_TRY(fpi_content_find(&asking->content, tx, asking->page->sha256, task));
    return asking->content ? NULL : fpi_fail(task, FPI_E_INTERNAL, "page %" APR_INT64_T_FMT " has no content row",
                                             asking->page_id);
}

/* A page of a pile is a part of its content. */
static fpi_file_t part_of(const fpi_capture_page_t *page)
{
    return (fpi_file_t){ .name = page->name, .sha256 = page->sha256, .rotation = page->rotation,
                         .page_first = (int)page->page, .page_last = (int)page->page };
}

fpi_err_t *fpi_handle_capture_page_get(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    asking_t asking = { .viewer = call->viewer };
    fpi_sending_t what = { 0 };
    fpi_file_t part;
    bool is_picture;

    FPI_TRY(fpi_call_id(&asking.id, call, "capture_id"));
    FPI_TRY(fpi_call_id(&asking.page_id, call, "page_id"));
    FPI_TRY(fpi_store_read(app->store, tx_find, &asking, call->task));
    part = part_of(asking.page);
    FPI_TRY(fpi_variant_answer(&is_picture, app, call, &part, answer));
    if (is_picture) {
        return NULL;
    }
    what.sha256 = asking.page->sha256;
    what.type = asking.content->media;
    what.name = asking.page->name;
    what.modified = asking.page->created;
    return fpi_content_send(app, call, &what, answer);
}
