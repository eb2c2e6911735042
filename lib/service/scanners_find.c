#include "service/scanners.h"

#include "wire/mdns.h"

#include <apr_strings.h>
#include <string.h>
#include <strings.h>

#define SPAN apr_time_from_msec(2500)

typedef struct finding_t {
    fpi_scanner_t *all;
    int count;
} finding_t;

static fpi_err_t *tx_list(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    finding_t *f = baton;

    return fpi_scanners_list(&f->all, &f->count, tx, task->tenant, task);
}

static bool is_known(const finding_t *f, const char *address)
{
    for (int i = 0; i < f->count; i++) {
        if (strcmp(f->all[i].address, address) == 0) {
            return true;
        }
    }
    return false;
}

/* NULL: what it says of itself makes no address. */
static const char *address_of(const fpi_mdns_service_t *service, fpi_task_t *task)
{
    const char *path = apr_table_get(service->facts, "rs"), *address, *out;

    path = path && *path ? path : "eSCL";
    address = apr_psprintf(task->pool, "%s://%s:%d%s%s", strcmp(service->type, "_uscans._tcp") == 0 ? "https" : "http",
                           service->address, service->port, *path == '/' ? "" : "/", path);
    return fpi_escl_address_take(&out, address, task) ? NULL : out;
}

/* One that offers both is named once, by http: its certificate is its own as a rule. */
static bool is_other(const fpi_mdns_service_t *all, int count, const fpi_mdns_service_t *service)
{
    if (strcmp(service->type, "_uscans._tcp") != 0) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        if (strcmp(all[i].type, "_uscan._tcp") == 0 && strcmp(all[i].name, service->name) == 0) {
            return true;
        }
    }
    return false;
}

static void add(fpi_json_t *list, const finding_t *f, const fpi_mdns_service_t *service, fpi_task_t *task)
{
    const char *address = address_of(service, task);
    fpi_json_t *doc = fpi_json_make_object(task);

    if (!address) {
        return;
    }
    fpi_json_put_text(doc, "name", service->name);
    fpi_json_put_text(doc, "address", address);
    fpi_json_put_text(doc, "model", apr_table_get(service->facts, "ty"));
    fpi_json_put_bool(doc, "is_known", is_known(f, address));
    fpi_json_add(list, doc);
}

/* "off", or "host:port" of the one word. */
static fpi_err_t *where(const char **host, int *port, const fpi_app_t *app, fpi_task_t *task)
{
    char *text = apr_pstrdup(task->pool, APR_ARRAY_IDX(app->settings->scanner_discovery, 0, const char *));
    char *colon = strrchr(text, ':');
    int64_t number = FPI_MDNS_PORT;

    if (strcmp(text, "off") == 0) {
        return fpi_refuse(task, FPI_E_STATE, NULL, "管理员关闭了扫描仪自动发现 (FPImageScannerDiscovery Off), 请直接填写地址",
                          "looking for scanners is switched off (FPImageScannerDiscovery Off): enter the address");
    }
    if (colon && fpi_int_parse(&number, colon + 1, 1, 65535)) {
        *colon = '\0';
    }
    *host = text;
    *port = (int)number;
    return NULL;
}

fpi_err_t *fpi_scanners_discover(fpi_json_t **out, fpi_app_t *app, fpi_task_t *task)
{
    static const char *const types[] = { "_uscan._tcp", "_uscans._tcp", NULL };
    fpi_mdns_service_t *services;
    finding_t f = { .count = 0 };
    const char *host;
    int count, port;

    FPI_TRY(where(&host, &port, app, task));
    FPI_TRY(fpi_store_read(app->store, tx_list, &f, task));
    FPI_TRY(fpi_mdns_find(&services, &count, types, host, port, SPAN, task));
    *out = fpi_json_make_array(task);
    for (int i = 0; i < count; i++) {
        if (!is_other(services, count, &services[i])) {
            add(*out, &f, &services[i], task);
        }
    }
    return NULL;
}
