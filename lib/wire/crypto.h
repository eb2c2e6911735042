/* Digests, request signs, encrypted bodies, sealed secrets, tokens' MAC, password hashes, random.
 * The only owner of OpenSSL. Not TLS: that is http's, through libcurl.
 *
 * Life:    results live in the task's pool; a MAC key as long as its pool.
 * Threads: all functions may be used at once; a fpi_mac_t may be shared by threads.
 * Limits:  as said with each. Facts of the signs and bodies: facts of the vendor's standard edition,
 *          public documentation and SDKs. */
#ifndef FPI_CRYPTO_H
#define FPI_CRYPTO_H

#include "base/secret.h"
#include "base/task.h"

#include <stddef.h>

enum { FPI_SHA256_LEN = 32, FPI_SHA256_HEX = 64, FPI_KEY_LEN = 32, FPI_SEAL_MAX = 64 * 1024 };

/* ---- digests; hex is lower case ---- */
const char *fpi_sha256_hex(const void *data, size_t len, fpi_task_t *task);

typedef struct fpi_hash_t fpi_hash_t;
/* A running SHA-256; freed with the task's pool. */
fpi_err_t *fpi_hash_open(fpi_hash_t **hash, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_hash_put(fpi_hash_t *hash, const void *data, size_t len, fpi_task_t *task) FPI_MUST_USE;
/* Ends it; `hex` holds FPI_SHA256_HEX + 1. */
fpi_err_t *fpi_hash_end(char *hex, fpi_hash_t *hash, fpi_task_t *task) FPI_MUST_USE;

/* ---- the vendor's request sign: client_id + client_secret + timestamp ---- */
typedef enum fpi_enc_type_t { FPI_SIGN_MD5 = 0, FPI_SIGN_SHA256 = 1, FPI_SIGN_HMAC = 2 } fpi_enc_type_t;

/* Lower-case hex. `timestamp` is the text exactly as it travels. HMAC is SHA-256 keyed by the secret. */
fpi_err_t *fpi_sign_make(const char **sign, fpi_enc_type_t type, const char *client_id,
                         const fpi_secret_t *secret, const char *timestamp, fpi_task_t *task)
    FPI_MUST_USE;
/* FPI_E_SIGN unless `sign`, in either case, is right; compared in constant time. */
fpi_err_t *fpi_sign_verify(const char *sign, fpi_enc_type_t type, const char *client_id,
                           const fpi_secret_t *secret, const char *timestamp, fpi_task_t *task)
    FPI_MUST_USE;

/* ---- the vendor's body encryption: base64(AES-128-ECB-PKCS7(body)), key = 16 ASCII bytes ---- */
fpi_err_t *fpi_body_encrypt(char **text, size_t *text_len, const fpi_secret_t *key, const void *body,
                            size_t len, fpi_task_t *task) FPI_MUST_USE;
/* `body` is NUL-terminated behind body_len. FPI_E_FIELD when it is not base64, the padding is wrong (a
 * wrong key), or the key has no 16 bytes. */
fpi_err_t *fpi_body_decrypt(char **body, size_t *body_len, const fpi_secret_t *key, const char *text,
                            size_t len, fpi_task_t *task) FPI_MUST_USE;

/* ---- secrets at rest: 0x01 | nonce 12 | AES-256-GCM(secret) | tag 16 ----
 * `context` (table, column and row, say) is authenticated, so a sealed value can't be moved. At most
 * FPI_SEAL_MAX bytes; the key has FPI_KEY_LEN. */
fpi_err_t *fpi_seal(unsigned char **sealed, size_t *sealed_len, const fpi_secret_t *key,
                    const char *context, const fpi_secret_t *secret, fpi_task_t *task) FPI_MUST_USE;
/* FPI_E_CONFIG when it was sealed under another key or changed. */
fpi_err_t *fpi_unseal(fpi_secret_t **secret, const fpi_secret_t *key, const char *context,
                      const unsigned char *sealed, size_t sealed_len, fpi_task_t *task) FPI_MUST_USE;

/* ---- keyed MAC for our tokens: HMAC-SHA-256, prepared once per key ---- */
typedef struct fpi_mac_t fpi_mac_t;
fpi_err_t *fpi_mac_make(fpi_mac_t **mac, apr_pool_t *pool, const unsigned char key[FPI_KEY_LEN],
                        fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_mac_sum(unsigned char sum[FPI_SHA256_LEN], const fpi_mac_t *mac, const void *data,
                       size_t len, fpi_task_t *task) FPI_MUST_USE;
/* HMAC-SHA-256 of `data` under a key of any length, lower-case hex. */
fpi_err_t *fpi_hmac_hex(const char **hex, const fpi_secret_t *key, const void *data, size_t len, fpi_task_t *task)
    FPI_MUST_USE;
/* Same bytes, compared in constant time? */
bool fpi_is_same_bytes(const void *a, const void *b, size_t len);

/* ---- passwords: "scrypt$N$r$p$salt$hash", N = 2^15, r = 8, p = 1 ---- */
/* Of no password; looking at it costs what a real one costs. */
#define FPI_PASSWORD_NONE "scrypt$32768$8$1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
fpi_err_t *fpi_password_hash(const char **hash, const fpi_secret_t *password, fpi_task_t *task)
    FPI_MUST_USE;
/* FPI_E_SIGN when it is another password, FPI_E_INTERNAL when `hash` is not of the form. */
fpi_err_t *fpi_password_verify(const char *hash, const fpi_secret_t *password, fpi_task_t *task)
    FPI_MUST_USE;

/* ---- random ---- */
fpi_err_t *fpi_random(void *bytes, size_t len, fpi_task_t *task) FPI_MUST_USE;

/* What is linked, for `fpimagectl version`. */
const char *fpi_crypto_version(void);

#endif
