/* Making an installation: data directory, key file, schema, first administrator.
 *
 *   fpi_setup_prepare  in httpd's parent or the tool, before any fork; opens no database
 *   fpi_setup_store    as httpd's user, in a process of its own or in the tool
 *
 * Life:    results in the task's pool.
 * Threads: one, before others start.
 * Limits:  a key file of at most 64 KiB.
 * Key file: one line "master <64 hex digits>"; lines with # are comments. */
#ifndef FPI_SETUP_H
#define FPI_SETUP_H

#include "base/secret.h"
#include "service/settings.h"

/* The first administrator of each tenant. */
#define FPI_SETUP_ADMIN "admin"

/* Makes the data directory and the folder of blobs (0700) and the key file (0600) where they are missing and gives them
 * to uid/gid when we are root; refuses a key file that others can read. *is_first: data directory or key were made now. */
fpi_err_t *fpi_setup_prepare(bool *is_first, const fpi_settings_t *settings, unsigned uid, unsigned gid,
                           fpi_task_t *task) FPI_MUST_USE;
/* Makes or migrates the store, the first token key and, where there is none, the first administrator,
 * whose one-time password is given (NULL: there was one). Refuses a folder of blobs that can't be used. */
fpi_err_t *fpi_setup_store(const char **password, const fpi_settings_t *settings, fpi_task_t *task) FPI_MUST_USE;

/* The master key, in `pool`. FPI_E_CONFIG naming the file and the remedy. */
fpi_err_t *fpi_setup_read_key(fpi_secret_t **key, const fpi_settings_t *settings, apr_pool_t *pool,
                              fpi_task_t *task) FPI_MUST_USE;

/* A one-time password that passes the rules of passwords. */
fpi_err_t *fpi_setup_make_password(fpi_secret_t **password, fpi_task_t *task) FPI_MUST_USE;

#endif
