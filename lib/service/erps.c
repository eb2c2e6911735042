#include "service/erps.h"

#include <apr_strings.h>

enum { SLOTS = 16 };

/* ---- which addresses ---- */

static bool is_listed(const fpi_settings_t *settings, const char *host, int port)
{
    return settings->erp_allow && fpi_hosts_has(settings->erp_allow, host, port);
}

static bool may_connect(void *baton, const char *host, int port, const struct sockaddr *address)
{
    const fpi_settings_t *settings = ((const fpi_app_t *)baton)->settings;

    if (is_listed(settings, host, port)) {
        return true;
    }
    return !fpi_setting_is_given(settings, FPI_SET_FPImageErpAllow) && !fpi_address_is_link(address);
}

fpi_err_t *fpi_erps_client_make(fpi_erp_t **erp, fpi_app_t *app, fpi_task_t *task)
{
    fpi_erp_options_t options = {
        .lock_file = app->cache ? apr_pstrcat(app->pool, app->settings->data_dir, "/locks-erp", NULL) : NULL,
        .cache = app->cache,
        .http = {
            .ca_file = app->settings->upstream_ca,
            .slots = SLOTS,
            .slot_wait = apr_time_from_sec(30),
            .times = { apr_time_from_sec(5), apr_time_from_sec(60), apr_time_from_sec(60) },
            .user_agent = "mod_fpimage",
            .may_connect = may_connect,
            .baton = app,
        },
    };

    return fpi_erp_make(erp, app->pool, &options, task);
}
