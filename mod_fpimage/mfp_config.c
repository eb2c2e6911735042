#include "mfp_config.h"

#include "mfp_cache.h"
#include "service/api.h"
#include "service/named_files.h"

#include <apr_strings.h>
#include <http_core.h>

mfp_config_t *mfp_config_of(const server_rec *server)
{
    return ap_get_module_config(server->module_config, &fpimage_module);
}

void *mfp_config_make(apr_pool_t *pool, server_rec *server)
{
    mfp_config_t *config = apr_pcalloc(pool, sizeof(*config));

    config->said = fpi_settings_make(pool);
    return config;
}

void *mfp_config_merge(apr_pool_t *pool, void *base, void *over)
{
    mfp_config_t *config = apr_pcalloc(pool, sizeof(*config));

    config->said = fpi_settings_merge(pool, ((const mfp_config_t *)base)->said,
                                      ((const mfp_config_t *)over)->said);
    return config;
}

static const char *take(cmd_parms *cmd, void *dir_config, const char *args)
{
    const mfp_config_t *config = mfp_config_of(cmd->server);
    fpi_setting_t row = (fpi_setting_t)(intptr_t)cmd->info;

    return fpi_settings_take(config->said, row, args, fpi_handler_is_known, cmd->pool);
}

/* Raw words, not httpd's counted ones: the tool reads the same lines with the same reader. */
const command_rec mfp_config_commands[] = {
#define FPI_SETTING(name, member, kind, least, most, usage, help, standard) \
    AP_INIT_RAW_ARGS(#name, take, (void *)(intptr_t)FPI_SET_##name, RSRC_CONF, usage " - " help),
#include "service/settings.def"
#undef FPI_SETTING
    { NULL }
};

/* For "httpd -t" only: a restart would not survive a refusal here, and a start looks by itself, as httpd's user. */
static const char *check_disk(const fpi_settings_t *settings, apr_pool_t *pool)
{
    fpi_err_t *err = ap_state_query(AP_SQ_RUN_MODE) == AP_SQ_RM_CONFIG_TEST && settings->engine
                         ? fpi_named_check(settings, fpi_task_make(pool, NULL))
                         : NULL;

    return err ? err->detail : NULL;
}

static const char *check_host(mfp_config_t *config, apr_pool_t *pool)
{
    const char *wrong;

    if (config->settings) {
        return NULL; /* a host without directives of ours has the main server's record */
    }
    config->settings = fpi_settings_complete(pool, config->said, FPI_STATE_DIR);
    wrong = fpi_settings_check(config->settings, pool);
    wrong = wrong ? wrong : mfp_cache_check(config->settings, pool);
    return wrong ? wrong : check_disk(config->settings, pool);
}

const char *mfp_config_check(apr_pool_t *pool, server_rec *main)
{
    for (server_rec *host = main; host; host = host->next) {
        const char *wrong = check_host(mfp_config_of(host), pool);

        if (wrong) {
            return host->is_virtual ? apr_psprintf(pool, "%s (virtual host of %s line %u)", wrong,
                                                   host->defn_name, host->defn_line_number)
                                    : wrong;
        }
    }
    return NULL;
}
