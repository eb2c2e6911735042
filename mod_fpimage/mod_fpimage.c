/* The module's record and its hooks, each with the reason for its place. What they do stands in the
 * mfp_ files. */
#include "mfp_cache.h"
#include "mfp_child.h"
#include "mfp_config.h"
#include "mfp_decode.h"
#include "mfp_hosts.h"
#include "mfp_land.h"
#include "mfp_log.h"
#include "mfp_request.h"
#include "mfp_setup.h"
#include "mfp_status.h"
#include "mfp_stream.h"
#include "mfp_web.h"
#include "service/api.h"

#include <ap_mmn.h>
#include <apr_optional_hooks.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include <mod_status.h>
#include <mpm_common.h>
#include <string.h>

/* ---- start ---- */

APLOG_USE_MODULE(fpimage);

static int pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    mfp_hosts_forget();
    return mfp_cache_register(pconf) == APR_SUCCESS ? OK : HTTP_INTERNAL_SERVER_ERROR;
}

static int check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main)
{
    const char *wrong = mfp_config_check(pconf, main);

    if (wrong) {
        /* before the error log is open: to the terminal, as other errors of the configuration */
        ap_log_error(APLOG_MARK, APLOG_CRIT | APLOG_STARTUP, 0, NULL, "%s", wrong);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    return OK;
}

static int post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main)
{
    /* httpd reads its configuration twice at start, and also to check or print it: only what is to
     * be served is set up */
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG
        || ap_state_query(AP_SQ_RUN_MODE) != AP_SQ_RM_NORMAL) {
        return OK;
    }
    return mfp_setup(pconf, ptemp, main);
}

/* ---- requests ---- */

static int map_to_storage(request_rec *r)
{
    return mfp_request_of(r) ? OK : DECLINED;
}

static int find_type(request_rec *r)
{
    return mfp_request_of(r) ? OK : DECLINED;
}

/* Began as a stream: is it whole, broken in the middle, or before the client saw any of it? */
static int end_stream(mfp_request_t *req, bool is_well)
{
    if (is_well && mfp_stream_is_whole(req)) {
        return OK;
    }
    if (req->sent == 0 && !req->r->connection->aborted) {
        apr_table_clear(req->r->headers_out);
        return mfp_request_refuse(
            req, fpi_fail(req->task, FPI_E_CLOUD, "the answer broke before its first byte"), NULL);
    }
    mfp_stream_abort(req);
    return OK;
}

static int serve_api(mfp_request_t *req, fpi_app_t *app)
{
    fpi_reply_t reply = { 0 };
    bool is_well;

    if (!app) {
        return mfp_request_refuse(
            req, fpi_fail(req->task, FPI_E_STORE, "this child could not make its app"), NULL);
    }
    is_well = fpi_api_serve(app, mfp_request_call(req), &reply);
    return req->has_begun ? end_stream(req, is_well) : mfp_request_send(req, &reply);
}

static int handle(request_rec *r)
{
    mfp_request_t *req = mfp_request_of(r);
    fpi_app_t *app;
    int result;

    if (!req || !r->handler || strcmp(r->handler, MFP_HANDLER) != 0) {
        return DECLINED;
    }
    if (req->place == MFP_WEB) {
        return mfp_web_serve(req);
    }
    app = mfp_child_enter(r->server);
    result = req->place == MFP_STATUS ? mfp_status_serve(req, app) : serve_api(req, app);
    mfp_child_leave();
    return result;
}

/* ---- the record ---- */

static void register_hooks(apr_pool_t *pool)
{
    /* of others that claim paths: what is ours must not be rewritten, aliased or proxied away */
    static const char *const claimers[] = { "mod_rewrite.c",     "mod_alias.c",   "mod_proxy.c",
                                            "mod_vhost_alias.c", "mod_userdir.c", NULL };
    static const char *const rewriter[] = { "mod_rewrite.c", NULL };

    mfp_request_register(pool);
    mfp_hosts_register();
    ap_hook_pre_config(pre_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_config(check_config, NULL, NULL, APR_HOOK_MIDDLE);
    /* last: mod_unixd, socache providers and ErrorLog are ready then, and no failure of another
     * module comes after our store was made */
    ap_hook_post_config(post_config, NULL, NULL, APR_HOOK_LAST);
    /* last: a child that another module ends at its birth opens nothing */
    ap_hook_child_init(mfp_child_open, NULL, NULL, APR_HOOK_LAST);
#if AP_MODULE_MAGIC_AT_LEAST(20120211, 110)
    ap_hook_child_stopping(mfp_child_stopping, NULL, NULL, APR_HOOK_MIDDLE);
#endif
    ap_hook_insert_network_bucket(mfp_land_insert, NULL, NULL, APR_HOOK_MIDDLE);
    /* after mod_proxy has told forward requests apart and mod_remoteip has found the client */
    ap_hook_post_read_request(mfp_request_begin, NULL, NULL, APR_HOOK_LAST);
#if AP_MODULE_MAGIC_AT_LEAST(20120211, 109)
    ap_hook_pre_translate_name(mfp_request_guard, NULL, claimers, APR_HOOK_REALLY_FIRST);
#endif
    ap_hook_translate_name(mfp_request_translate, NULL, claimers, APR_HOOK_REALLY_FIRST);
    /* mod_rewrite's stands at FIRST, the others' that claim paths later */
    ap_hook_translate_name(mfp_request_translate_again, rewriter, claimers + 1, APR_HOOK_FIRST);
    /* first: no file stands behind our paths, so no <Directory> is walked (and "Require all
     * denied" on / does not hit), and core does not answer TRACE */
    ap_hook_map_to_storage(map_to_storage, NULL, NULL, APR_HOOK_REALLY_FIRST);
    /* first: mod_mime would pick a handler by what looks like a file name's end */
    ap_hook_type_checker(find_type, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_handler(handle, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_monitor(mfp_decode_monitor, NULL, NULL, APR_HOOK_MIDDLE);
    APR_OPTIONAL_HOOK(ap, status_hook, mfp_status_section, NULL, NULL, APR_HOOK_MIDDLE);
}

module AP_MODULE_DECLARE_DATA fpimage_module = {
    STANDARD20_MODULE_STUFF,
    /* nothing is set per directory: Location sections only restrict */
    .create_server_config = mfp_config_make,
    .merge_server_config = mfp_config_merge,
    .cmds = mfp_config_commands,
    .register_hooks = register_hooks,
};
