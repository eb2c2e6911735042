/* What the crypto files share with each other. Not for other files.
 *
 * Life:    algorithms are looked up once and stay for the life of the process.
 * Threads: all functions may be used at once.
 * Limits:  none of its own. */
#ifndef FPI_CRYPTO_OWN_H
#define FPI_CRYPTO_OWN_H

#include "base/task.h"

#include <stddef.h>

struct evp_md_st;
struct evp_cipher_st;

/* OpenSSL 3 looks an algorithm up under a lock at each use unless it is held on to. NULL when this
 * machine does not have it (MD5 in FIPS mode, say). */
const struct evp_md_st *fpi_crypto_sha256(void);
const struct evp_md_st *fpi_crypto_md5(void);
const struct evp_cipher_st *fpi_crypto_aes_ecb(void); /* AES-128 */
const struct evp_cipher_st *fpi_crypto_aes_gcm(void); /* AES-256 */

/* FPI_E_INTERNAL with OpenSSL's own words. Empties OpenSSL's list of errors, which TLS in the same
 * thread would take for its own. */
fpi_err_t *fpi_crypto_fail(fpi_task_t *task, const char *tried) FPI_MUST_USE;

typedef struct fpi_hmac_t {
    struct evp_md_ctx_st *inner, *outer; /* keyed; only copied from then on */
} fpi_hmac_t;

/* HMAC-SHA-256 (RFC 2104) from two keyed digests: the one way that OpenSSL 1.1.1 and 3.0 both have
 * without setting the key up again for each sum. */
fpi_err_t *fpi_hmac_open(fpi_hmac_t *hmac, const void *key, size_t key_len, fpi_task_t *task)
    FPI_MUST_USE;
void fpi_hmac_close(fpi_hmac_t *hmac);
/* Of `count` pieces as if they were one. */
typedef struct fpi_piece_t {
    const void *data;
    size_t len;
} fpi_piece_t;
fpi_err_t *fpi_hmac_sum(unsigned char *sum, const fpi_hmac_t *hmac, const fpi_piece_t *pieces,
                        size_t count, fpi_task_t *task) FPI_MUST_USE;

#endif
