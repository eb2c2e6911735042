/* What the relay's files share with each other. Not for other files.
 *
 *      relay.c       access, the exchange and its one repeat, the answer
 *      relay_send.c  the request's address, query and headers
 *      relay_body.c  the request's body: kept, encrypted, or left to be streamed
 *      relay_sign.c  calls that carry a sign in the place of a token
 *
 * Life:    one request.
 * Threads: the request's.
 * Limits:  those of relay.h. */
#ifndef FPI_RELAY_OWN_H
#define FPI_RELAY_OWN_H

#include "service/relay.h"

typedef struct fpi_relay_t {
    fpi_app_t *app;
    fpi_call_t *call;
    fpi_task_t *task;
    /* ---- the request ---- */
    const char *path;        /* encoded, without /api */
    const char *local;       /* decoded, without /api: to compare with settings */
    const char *query;       /* as the caller's, or signed anew; NULL: none */
    const char *token;       /* the cloud's, in use now; NULL: the call carries a sign */
    const char *body;        /* when is_whole */
    size_t body_len;
    bool is_whole;           /* the body is all there, so the request can be repeated */
    /* ---- the answer ---- */
    bool *began;             /* the caller has got its head */
    int status;
    const apr_table_t *headers;
    int64_t length;          /* -1: not told */
    bool is_last;            /* no repeat comes after this try */
    bool is_repeat;
    bool is_stale;           /* the cloud did not take the token */
    bool is_swallowed;       /* ... and the answer is dropped, for the request is repeated */
    bool is_holding;         /* not known yet whether it is stale */
    fpi_buf_t *held;
    size_t swallowed;
    uint64_t in, out;
    apr_interval_time_t upstream_us;
} fpi_relay_t;

/* ---- relay_send.c ---- */

/* Looks at method and path, before anything else is done; sets path, local and query. */
fpi_err_t *fpi_relay_take_address(fpi_relay_t *relay) FPI_MUST_USE;
/* For the token in use now. */
fpi_err_t *fpi_relay_make_url(const char **url, const fpi_relay_t *relay) FPI_MUST_USE;
const apr_table_t *fpi_relay_make_headers(const fpi_relay_t *relay);

/* Is the header one that ends at each hop? `named` is what Connection names, or NULL. */
bool fpi_relay_is_hop(const char *name, const char *named);
const char *fpi_relay_named_hops(const apr_table_t *headers, apr_pool_t *pool);

/* Pairs ("a=b&c=d") with the values of some names replaced where they stand (values already
 * encoded) and pairs that hold `hidden` left out (NULL: none); all else byte for byte. */
typedef struct fpi_swap_t {
    const char *name, *value;
} fpi_swap_t;
const char *fpi_relay_pairs_swap(size_t *out_len, const char *text, size_t len,
                                 const fpi_swap_t *swaps, size_t count, const char *hidden,
                                 apr_pool_t *pool);
/* `text` with `from` replaced by `to` throughout; `text` itself when there is none. */
const char *fpi_relay_replace(const char *text, const char *from, const char *to, apr_pool_t *pool);

/* ---- relay_body.c ---- */

fpi_err_t *fpi_relay_take_body(fpi_relay_t *relay) FPI_MUST_USE;
/* Is `path` the prefix itself or below it, by whole segments? */
bool fpi_relay_is_below(const char *path, const char *prefix);

/* ---- relay_sign.c ---- */

bool fpi_relay_may_be_signed(const fpi_relay_t *relay);
/* Checks the sign and, where the cloud knows the enterprise by other credentials, puts a sign of
 * those into its place. FPI_E_TOKEN when no sign came. */
fpi_err_t *fpi_relay_take_sign(fpi_relay_t *relay) FPI_MUST_USE;
/* The same for a call that holds a token as well: a sign of the token's own enterprise is checked and
 * made anew where the cloud knows it by other credentials. No sign, or another's, is left as it is. */
fpi_err_t *fpi_relay_renew_sign(fpi_relay_t *relay) FPI_MUST_USE;
/* `json`, a valid object, with the value of its top member `name` replaced by a text; NULL when it has
 * no such member, or its name is written with escapes. */
const char *fpi_relay_json_splice(size_t *out_len, const char *json, size_t len, const char *name,
                                  const char *value, fpi_task_t *task);

#endif
