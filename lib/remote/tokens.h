/* Tokens of one child that a peer gives for an id and a secret: cloud tokens, and sessions of ERPs. Their memory, and
 * who fetches. Not for use outside lib/remote.
 *
 *      ┌──────── absent ───────┐ first asker: busy           fetch failed: told to all who wait
 *      │   (or past its time)  ├──────────────> fetching ──┬────────────────────────────> absent
 *      └───────────────────────┘   others wait             └──> held ── 80 % and used: busy, still given
 *                 ^                                              │
 *                 └──────────── drop, expiry, other secret ──────┘
 *
 * One mutex guards the map; it is never held during I/O, so a slow peer delays only those that need
 * it.
 *
 * Life:    a child's.
 * Threads: many.
 * Limits:  one entry for each holder that was ever asked for. */
#ifndef FPI_TOKENS_H
#define FPI_TOKENS_H

#include "remote/share.h"

typedef struct fpi_tokens_t fpi_tokens_t;

/* Whose token it is. One that was got for an id and secret is not given for others. */
typedef struct fpi_holder_t {
    const char *name;    /* of this peer's holders; the memory keeps one token for each */
    const char *id;
    const fpi_secret_t *secret;
    const void *subject; /* for the fetch */
} fpi_holder_t;

/* Asks the peer; `token` is made in the task's pool. */
typedef fpi_err_t *fpi_token_fetch_fn(void *baton, fpi_token_t *token, const fpi_holder_t *holder, fpi_task_t *task);
/* As it is now; false: it is gone. */
typedef bool fpi_holder_find_fn(void *baton, fpi_holder_t *holder, const char *name, fpi_task_t *task);

typedef struct fpi_tokens_options_t {
    const char *kind;                /* "cloud token"; keys of the shared cache begin with it */
    fpi_share_t *share;
    fpi_token_fetch_fn *fetch;
    void *baton;
    fpi_code_t down, late, refused;  /* of the fetch: told to all who wait for it; a refusal is remembered */
    apr_interval_time_t fetch_time;  /* no fetch takes longer */
    apr_interval_time_t refused_for; /* so long it is not asked again */
} fpi_tokens_options_t;

/* Texts of the options are borrowed for the life of the pool. */
fpi_err_t *fpi_tokens_make(fpi_tokens_t **tokens, apr_pool_t *pool, const fpi_tokens_options_t *options,
                           fpi_task_t *task) FPI_MUST_USE;

/* As the functions of remote/cloud.h that bear the same names. */
fpi_err_t *fpi_tokens_get(const char **token, fpi_tokens_t *tokens, const fpi_holder_t *holder,
                          fpi_task_t *task) FPI_MUST_USE;
bool fpi_tokens_drop(fpi_tokens_t *tokens, const fpi_holder_t *holder, const char *token, fpi_task_t *task);
void fpi_tokens_note_vain(fpi_tokens_t *tokens, const fpi_holder_t *holder, fpi_task_t *task);
apr_time_t fpi_tokens_renew(fpi_tokens_t *tokens, fpi_holder_find_fn *find, void *baton, fpi_task_t *task);

#endif
