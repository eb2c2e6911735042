#include "service/asked.h"

#include "service/forms.h"
#include "service/handlers.h"

#include <apr_strings.h>
#include <string.h>

enum { NUMBER_LEN = 2048, RESOURCE_LEN = 50, RESOURCES_TOLD = 10 };

fpi_err_t *fpi_asked_read(fpi_asked_t *asked, fpi_call_t *call)
{
    const char *number;

    memset(asked, 0, sizeof(*asked));
    asked->enterprise = call->enterprise;
    if (!fpi_json_is_object(call->json)) {
        return fpi_refuse(call->task, FPI_E_FIELD, NULL, "请求体应为JSON对象", "the body must be a JSON object");
    }
    FPI_TRY(fpi_form_find(&number, call->json, "scanBillNo|fscanBillNo|imageNo|imageNumber", NUMBER_LEN,
                          call->task));
    FPI_TRY(fpi_bill_take_number(&asked->number, number ? number : "", "scanBillNo", call->task));
    FPI_TRY(fpi_form_find(&asked->resource, call->json, "resource", RESOURCE_LEN, call->task));
    asked->resource = asked->resource ? asked->resource : "";
    call->note(call->baton, "FPIMAGE_BILL", asked->number);
    return NULL;
}

fpi_err_t *fpi_asked_find(fpi_asked_t *asked, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_viewer_t viewer;

    FPI_TRY(fpi_bill_find(&asked->bill, tx, asked->enterprise->tenant, asked->number, asked->resource, task));
    if (!asked->bill) {
        return fpi_refuse(task, FPI_E_ABSENT, "scanBillNo", "影像编号 %s 的单据不存在",
                          "there is no bill with image number %s", asked->number);
    }
    viewer = fpi_viewer_of_enterprise(asked->enterprise);
    return fpi_viewer_check(&viewer, asked->bill, task);
}

static const char *list_names(const char *const *names, int count, fpi_task_t *task)
{
    const char *list = "";

    for (int i = 0; i < count && i < RESOURCES_TOLD; i++) {
        list = apr_pstrcat(task->pool, list, i ? ", " : "", *names[i] ? names[i] : "\"\"", NULL);
    }
    return count > RESOURCES_TOLD ? apr_pstrcat(task->pool, list, ", ...", NULL) : list;
}

fpi_err_t *fpi_asked_check_one(fpi_tx_t *tx, int64_t tenant, const char *number, const char *resource, fpi_task_t *task)
{
    const char **resources, *list;
    int count;

    if (resource && *resource) {
        return NULL;
    }
    FPI_TRY(fpi_bill_resources(&resources, &count, tx, tenant, number, RESOURCES_TOLD + 1, task));
    if (count < 2) {
        return NULL;
    }
    list = list_names(resources, count, task);
    return fpi_refuse(task, FPI_E_FIELD, "resource", "缺少字段 resource: 影像编号 %s 有多张单据 (resource: %s), 请指明其一",
                      "resource is missing: several bills have image number %s (resource: %s); say which is meant", number,
                      list);
}

fpi_err_t *fpi_asked_find_one(fpi_asked_t *asked, fpi_tx_t *tx, fpi_task_t *task)
{
    FPI_TRY(fpi_asked_check_one(tx, asked->enterprise->tenant, asked->number, asked->resource, task));
    return fpi_asked_find(asked, tx, task);
}

fpi_json_t *fpi_asked_status(const fpi_bill_t *bill, fpi_task_t *task)
{
    fpi_json_t *data = fpi_json_make_object(task);

    fpi_json_put_text(data, "scanBillNo", bill->number);
    fpi_json_put_int(data, "imageStatus", bill->state);
    fpi_json_put_text(data, "imageStatusName", fpi_state_name(bill->state, task->lang));
    fpi_json_put_text(data, "billType", bill->type_code);
    fpi_json_put_int(data, "pageCount", bill->page_count);
    fpi_json_put_text(data, "updateTime", fpi_form_time(bill->updated, task));
    if (bill->reason && *bill->reason) {
        fpi_json_put_text(data, "reason", bill->reason);
    }
    return data;
}
