#include "mfp_hosts.h"

#include "mfp_config.h"
#include "mfp_setup.h"

#include <apr_optional_hooks.h>
#include <apr_strings.h>
#include <http_core.h>
#include <mod_ssl.h>
#include <string.h>

/* ---- TLS ---- */

typedef struct secure_t {
    struct secure_t *next;
    const server_rec *host;
} secure_t;

static secure_t *secured; /* of this configuration, in its pool */

void mfp_hosts_forget(void)
{
    secured = NULL;
}

/* mod_ssl asks for certificates of each host that has TLS, and tells by no other means which these are. */
static int note_secured(server_rec *host, apr_pool_t *pool, apr_array_header_t *certs, apr_array_header_t *keys)
{
    secure_t *one = apr_pcalloc(pool, sizeof(*one));

    one->host = host;
    one->next = secured;
    secured = one;
    return DECLINED;
}

void mfp_hosts_register(void)
{
    APR_OPTIONAL_HOOK(ssl, add_cert_files, note_secured, NULL, NULL, APR_HOOK_MIDDLE);
}

static bool is_secured(server_rec *host)
{
    const char *protocol = ap_get_server_protocol(host); /* of its Listen line */

    for (const secure_t *one = secured; one; one = one->next) {
        if (one->host == host) {
            return true;
        }
    }
    return protocol && strcmp(protocol, "https") == 0;
}

static const mfp_app_t *app_of(const server_rec *host)
{
    return mfp_config_of(host)->app;
}

/* The first host that serves the store of this one over TLS; NULL: none. */
static server_rec *find_twin(server_rec *main, const server_rec *host)
{
    for (server_rec *other = main; other; other = other->next) {
        if (app_of(other) && is_secured(other) && mfp_setup_is_same_store(app_of(other), app_of(host))) {
            return other;
        }
    }
    return NULL;
}

static const char *name_of(const server_rec *host, apr_pool_t *pool)
{
    return host->is_virtual ? apr_psprintf(pool, "the virtual host of %s line %u", host->defn_name, host->defn_line_number)
                            : "the main server";
}

/* The main server is behind all virtual hosts: where one of them is plain, too, it is the one that is reached. */
static bool has_plain_host(server_rec *main)
{
    for (server_rec *host = main->next; host; host = host->next) {
        if (!is_secured(host)) {
            return true;
        }
    }
    return false;
}

static void tell_plain(server_rec *main, server_rec *host, fpi_task_t *task)
{
    server_rec *twin = app_of(host) && !is_secured(host) && (host->is_virtual || !has_plain_host(main)) ? find_twin(main, host) : NULL;

    if (twin) {
        fpi_log(task, FPI_M_PLAIN_HOST,
                "%s serves /api/, /imgsys-web/ and /fpimage/ without TLS, as %s does with it; a Redirect or RewriteRule of the "
                "host does not reach these paths: FPImageEngine Off there, if none but https is meant",
                name_of(host, task->pool), name_of(twin, task->pool));
    }
}

/* ---- LimitRequestBody ---- */

/* Of the host, or of the <Location> of it that lets in most; 0: no limit. */
static int64_t body_most(server_rec *host)
{
    const core_server_config *core = ap_get_core_module_config(host->module_config);
    const request_rec any = { .per_dir_config = host->lookup_defaults };
    apr_off_t most = ap_get_limit_req_body(&any);

    for (int i = 0; core->sec_url && i < core->sec_url->nelts; i++) {
        const core_dir_config *place = ap_get_core_module_config(APR_ARRAY_IDX(core->sec_url, i, ap_conf_vector_t *));

        if (place && most > 0 && (place->limit_req_body == 0 || place->limit_req_body > most)) {
            most = place->limit_req_body;
        }
    }
    return most;
}

static void tell_limits(server_rec *host, fpi_task_t *task)
{
    int64_t most = app_of(host) ? body_most(host) : 0, size;
    const char *name = app_of(host) ? fpi_settings_find_cut(&size, app_of(host)->settings, most) : NULL;

    if (name) {
        fpi_log(task, FPI_M_BODY_LIMIT,
                "%s: LimitRequestBody %" APR_INT64_T_FMT " is below %s (%" APR_INT64_T_FMT " bytes): what an ERP sends in one piece is "
                "refused from there on",
                name_of(host, task->pool), most, name, size);
    }
}

void mfp_hosts_tell(server_rec *main, fpi_task_t *task)
{
    for (server_rec *host = main; host; host = host->next) {
        tell_plain(main, host, task);
        tell_limits(host, task);
    }
}
