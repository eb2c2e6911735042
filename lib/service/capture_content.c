/* The bytes of a page of a scan session, or its picture. */
#include "service/handlers.h"

#include "service/batch.h"
#include "service/variants.h"

#include <apr_strings.h>
#include <string.h>

typedef struct asking_t {
    const fpi_enterprise_t *enterprise;
    int64_t id, page_id;
    fpi_capture_page_t *page;
    fpi_content_t *content;
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

/* What the bytes are is told as it was found, and no browser is to guess anew. */
static apr_table_t *head_of(const asking_t *asking, const char *etag, fpi_task_t *task)
{
    apr_table_t *headers = apr_table_make(task->pool, 5);
    const char *name = fpi_url_encode(task->pool, asking->page->name);

    apr_table_setn(headers, "Content-Type", asking->content->media);
    apr_table_setn(headers, "ETag", etag);
    apr_table_setn(headers, "Cache-Control", "private, no-transform");
    apr_table_setn(headers, "X-Content-Type-Options", "nosniff");
    apr_table_setn(headers, "Content-Disposition", apr_pstrcat(task->pool, "attachment; filename*=UTF-8''", name, NULL));
    return headers;
}

static fpi_err_t *send_bytes(const asking_t *asking, fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    const char *etag = apr_pstrcat(call->task->pool, "\"", asking->page->sha256, "\"", NULL);
    const char *known = apr_table_get(call->headers, "If-None-Match");
    apr_table_t *headers = head_of(asking, etag, call->task);
    int64_t size;
    int fd;

    FPI_TRY(fpi_blob_open(&fd, &size, app->blobs, asking->page->sha256, call->task));
    answer->is_sent = true;
    if (known && (strcmp(known, "*") == 0 || strstr(known, etag))) {
        return call->begin(call->baton, 304, headers, 0);
    }
    FPI_TRY(call->begin(call->baton, 200, headers, size));
    return call->send_file(call->baton, fd, 0, size);
}

fpi_err_t *fpi_handle_capture_page_get(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    asking_t asking = { .enterprise = call->enterprise };
    fpi_file_t part;
    bool is_picture;

    FPI_TRY(fpi_call_id(&asking.id, call, "capture_id"));
    FPI_TRY(fpi_call_id(&asking.page_id, call, "page_id"));
    FPI_TRY(fpi_store_read(app->store, tx_find, &asking, call->task));
    part = part_of(asking.page);
    FPI_TRY(fpi_variant_answer(&is_picture, app, call, &part, answer));
    return is_picture ? NULL : send_bytes(&asking, app, call, answer);
}
