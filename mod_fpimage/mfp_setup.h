/* What the parent does between reading the configuration and forking: one app for each set of hosts
 * that are set alike, its data directory and key, its store (made by a process of httpd's user),
 * its shared memory and its cache. Nothing that children use stays open in the parent but that
 * memory.
 *
 *   parent ──fork──> set-up process: takes on httpd's user, opens, migrates, closes the store
 *      │ <──pipe── done, or a failure and its sentence
 *      └──fork──> children (mfp_child)
 *
 * Life:    apps live as long as the configuration; counters in shared memory as long as the parent,
 *          so that a graceful restart keeps them.
 * Threads: the parent has one.
 * Limits:  the set-up process has 15 minutes. */
#ifndef MFP_SETUP_H
#define MFP_SETUP_H

#include "service/app.h"

#include <httpd.h>

typedef struct mfp_app_t {
    struct mfp_app_t *next;
    const char *key;                /* all settings that the app uses */
    server_rec *server;             /* the first host with these settings: its log */
    const fpi_settings_t *settings;
    fpi_shared_t *shared;
    const fpi_cache_t *cache;       /* NULL: none */
    /* in a child */
    apr_pool_t *pool;
    fpi_app_t *app;                 /* NULL: could not be made at all */
} mfp_app_t;

/* OK, or a status that keeps httpd from starting; the reason is in the log. After the first start
 * a store that can't be used is only logged: children answer 503 until it is back, and a reload
 * does not take a running httpd down. */
int mfp_setup(apr_pool_t *pconf, apr_pool_t *ptemp, server_rec *main);

bool mfp_setup_is_same_store(const mfp_app_t *a, const mfp_app_t *b);

/* The apps of the present configuration. */
mfp_app_t *mfp_setup_apps(void);

#endif
