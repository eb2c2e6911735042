/* The cloud tokens of one child: its memory, and who fetches. Not for use outside lib/remote.
 *
 *      ┌──────── absent ───────┐ first asker: busy           fetch failed: told to all who wait
 *      │   (or past its time)  ├──────────────> fetching ──┬────────────────────────────> absent
 *      └───────────────────────┘   others wait             └──> held ── 80 % and used: busy, still given
 *                 ^                                              │
 *                 └──────────── drop, expiry, other secret ──────┘
 *
 * One mutex guards the map; it is never held during I/O, so a slow cloud delays only those that need
 * it.
 *
 * Life:    a child's.
 * Threads: many.
 * Limits:  one entry for each client id that was ever asked for. */
#ifndef FPI_TOKENS_H
#define FPI_TOKENS_H

#include "remote/share.h"

typedef struct fpi_tokens_t fpi_tokens_t;

/* Asks the cloud; `token` is made in the task's pool. */
typedef fpi_err_t *fpi_token_fetch_fn(void *baton, fpi_token_t *token,
                                      const fpi_enterprise_t *enterprise, fpi_task_t *task);
typedef const fpi_enterprise_t *fpi_enterprise_find_fn(void *baton, const char *client_id,
                                                       fpi_task_t *task);

fpi_err_t *fpi_tokens_make(fpi_tokens_t **tokens, apr_pool_t *pool, const char *base,
                           fpi_share_t *share,
                           fpi_token_fetch_fn *fetch, void *baton, fpi_task_t *task) FPI_MUST_USE;

/* As the functions of remote/cloud.h that bear the same names. */
fpi_err_t *fpi_tokens_get(const char **token, fpi_tokens_t *tokens,
                          const fpi_enterprise_t *enterprise, fpi_task_t *task) FPI_MUST_USE;
bool fpi_tokens_drop(fpi_tokens_t *tokens, const fpi_enterprise_t *enterprise, const char *token,
                     fpi_task_t *task);
void fpi_tokens_note_vain(fpi_tokens_t *tokens, const fpi_enterprise_t *enterprise,
                          fpi_task_t *task);
apr_time_t fpi_tokens_renew(fpi_tokens_t *tokens, fpi_enterprise_find_fn *find, void *baton,
                            fpi_task_t *task);

#endif
