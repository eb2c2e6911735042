/* The directives and what each host is set to. Nothing is opened here: `httpd -t` runs all of it.
 *
 * Life:    in the pool of the configuration; gone at the next restart.
 * Threads: made by the parent; read-only when requests are served, but for mfp_config_t.app.
 * Limits:  none of its own. */
#ifndef MFP_CONFIG_H
#define MFP_CONFIG_H

#include "service/settings.h"

#include <httpd.h>
#include <http_config.h>

/* httpd finds the module by this symbol, the only one that leaves it. */
extern module AP_MODULE_DECLARE_DATA __attribute__((visibility("default"))) fpimage_module;

struct mfp_app_t;

typedef struct mfp_config_t {
    fpi_settings_t *said;           /* by this host, and before it by the main server */
    const fpi_settings_t *settings; /* complete; NULL until mfp_config_check */
    struct mfp_app_t *app;          /* serves this host; NULL: engine off, or not set up yet */
} mfp_config_t;

mfp_config_t *mfp_config_of(const server_rec *server);

void *mfp_config_make(apr_pool_t *pool, server_rec *server);
void *mfp_config_merge(apr_pool_t *pool, void *base, void *over);
extern const command_rec mfp_config_commands[];

/* Completes each host's settings. NULL, or a sentence that says which host contradicts itself. */
const char *mfp_config_check(apr_pool_t *pool, server_rec *main);

#endif
