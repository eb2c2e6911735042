#include "mfp_web.h"

#include "service/web.h"

#include <http_protocol.h>

static fpi_web_t *page;

void mfp_web_setup(apr_pool_t *pconf, fpi_task_t *task)
{
    const char *dir = fpi_web_dir();
    fpi_err_t *err;

    page = NULL;
    err = fpi_web_load(&page, dir, pconf, task);
    if (err && err->code == FPI_E_ABSENT) {
        fpi_debug(task, "no page is installed: %s", fpi_err_chain(task->pool, err));
    }
    else if (err) {
        fpi_log_err(task, FPI_M_PAGE, err, "the page in %s can't be served", dir);
    }
}

int mfp_web_serve(mfp_request_t *req)
{
    const apr_table_t *headers = req->r->headers_in;
    fpi_web_asked_t asked = { req->path, apr_table_get(headers, "Accept-Encoding"),
                              apr_table_get(headers, "If-None-Match") };
    fpi_reply_t reply = { 0 };
    fpi_err_t *err;

    if (req->r->method_number != M_GET) {
        return mfp_request_refuse(req, fpi_fail(req->task, FPI_E_METHOD, "%s", req->path), "GET, HEAD");
    }
    err = fpi_web_answer(&reply, page, &asked, req->task);
    return err ? mfp_request_refuse(req, err, NULL) : mfp_request_send(req, &reply);
}
