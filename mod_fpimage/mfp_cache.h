/* The cache of remote/cloud over one of httpd's socache providers (FPImageTokenCache): shared by
 * the children, or with redis or memcache by several nodes. Not a store: without it, or when it
 * fails, each child fetches tokens for itself.
 *
 *   mfp_cache_register   before the configuration is read: names the mutex
 *   mfp_cache_check      with the configuration: is the provider there?
 *   mfp_cache_make       in the parent, before fork: providers map their memory here
 *   mfp_cache_open       in each child: the mutex
 *
 * Life:    in the pool of the configuration.
 * Threads: serves all threads of all children; a provider that bears one caller only is locked.
 * Limits:  keys of any length (they are hashed); values as the provider takes them. */
#ifndef MFP_CACHE_H
#define MFP_CACHE_H

#include "service/app.h"

#include <httpd.h>

apr_status_t mfp_cache_register(apr_pool_t *pconf);

/* NULL, or a sentence: FPImageTokenCache names a provider that is not loaded. */
const char *mfp_cache_check(const fpi_settings_t *settings, apr_pool_t *pool);

/* The cache of these settings, or NULL when its provider is not loaded or does not work (told at
 * level debug). Hosts that name the same provider share one, each with keys of its own. */
const fpi_cache_t *mfp_cache_make(const fpi_settings_t *settings, server_rec *main,
                                  apr_pool_t *pconf, fpi_task_t *task);

void mfp_cache_open(apr_pool_t *pchild);

#endif
