/* Self-checks of an installation: each says what was found and what to do about it. For the tool and the console.
 * It changes nothing but what opening the store changes; the cloud is asked for tokens, which are thrown away.
 *
 *   settings ─> data directory, key file, file system ─> store ─> enterprises, push table, jobs, pushes
 *            └> upstream: DNS ─> TCP ─> TLS/HTTP (its Date against our clock) ─> a token for each enterprise
 *            └> each business system: a real log-in       └> each network scanner: is it there?
 *            └> each address of the push table: does it lead to us?
 *
 * Life:    results live in the task's pool.
 * Threads: any. Looking up a name leaves a thread behind when the resolver does not answer in time.
 * Limits:  10 s for each step of the network, 15 s for a token, options.tokens enterprises; no token is asked for past
 *          the task's deadline; 20 s for a log-in, 10 business systems; 5 s for a scanner, 10 of them, as for an address
 *          of the push table. */
#ifndef FPI_DOCTOR_H
#define FPI_DOCTOR_H

#include "service/app.h"

#include <apr_tables.h>

enum { FPI_DOCTOR_TOKENS = 50 };

typedef enum fpi_health_t { FPI_HEALTH_OK, FPI_HEALTH_WARN, FPI_HEALTH_FAIL } fpi_health_t;

/* `name` is for machines and never changed; the texts are in the task's language; remedy NULL: none is needed. */
typedef struct fpi_check_t {
    const char *name;
    fpi_health_t health;
    const char *found, *remedy;
} fpi_check_t;

typedef struct fpi_doctor_options_t {
    const char *conf;   /* where the settings were read; NULL: only the data directory is known */
    const char *user;   /* httpd's, by the configuration; NULL: not known */
    int64_t body_most;  /* httpd's LimitRequestBody for who asks; 0: none, or not known */
    int tokens;         /* how many enterprises the cloud is asked for, up to FPI_DOCTOR_TOKENS */
} fpi_doctor_options_t;

/* Opens app->store when it is not open. Pushes fpi_check_t onto a new array, in the order they were made. */
void fpi_doctor_run(apr_array_header_t **out, fpi_app_t *app, const fpi_doctor_options_t *options,
                    fpi_task_t *task);

/* The worst of them; "ok", "warn", "fail". */
fpi_health_t fpi_doctor_worst(const apr_array_header_t *checks);
const char *fpi_health_name(fpi_health_t health);

#endif
