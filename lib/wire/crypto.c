#include "wire/crypto.h"

#include "base/text.h"
#include "wire/crypto_own.h"

#include <apr_strings.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdlib.h>

/* ---- algorithms ---- */

static struct {
    const EVP_MD *sha256, *md5;
    const EVP_CIPHER *aes_ecb, *aes_gcm;
} found;

#if OPENSSL_VERSION_NUMBER >= 0x30000000L
static void find_algorithms(void)
{
    found.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    found.md5 = EVP_MD_fetch(NULL, "MD5", NULL);
    found.aes_ecb = EVP_CIPHER_fetch(NULL, "AES-128-ECB", NULL);
    found.aes_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    ERR_clear_error();
}
#else
static void find_algorithms(void)
{
    found.sha256 = EVP_sha256();
    found.md5 = EVP_md5();
    found.aes_ecb = EVP_aes_128_ecb();
    found.aes_gcm = EVP_aes_256_gcm();
}
#endif

static void find_once(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)pthread_once(&once, find_algorithms);
}

const EVP_MD *fpi_crypto_sha256(void)
{
    find_once();
    return found.sha256;
}

const EVP_MD *fpi_crypto_md5(void)
{
    find_once();
    return found.md5;
}

const EVP_CIPHER *fpi_crypto_aes_ecb(void)
{
    find_once();
    return found.aes_ecb;
}

const EVP_CIPHER *fpi_crypto_aes_gcm(void)
{
    find_once();
    return found.aes_gcm;
}

fpi_err_t *fpi_crypto_fail(fpi_task_t *task, const char *tried)
{
    char said[256] = "no reason given";
    unsigned long code = ERR_peek_last_error();

    if (code) {
        ERR_error_string_n(code, said, sizeof(said));
    }
    ERR_clear_error();
    return fpi_fail(task, FPI_E_INTERNAL, "%s: OpenSSL says: %s", tried, said);
}

/* ---- digests ---- */

const char *fpi_sha256_hex(const void *data, size_t len, fpi_task_t *task)
{
    unsigned char sum[FPI_SHA256_LEN];
    char *hex = apr_palloc(task->pool, FPI_SHA256_HEX + 1);

    /* fails only when memory has run out, and then as APR's pools do */
    if (EVP_Digest(data, len, sum, NULL, fpi_crypto_sha256(), NULL) != 1) {
        abort();
    }
    fpi_hex_encode(hex, sum, sizeof(sum));
    return hex;
}

struct fpi_hash_t {
    EVP_MD_CTX *ctx;
};

static apr_status_t close_hash(void *data)
{
    fpi_hash_t *hash = data;

    EVP_MD_CTX_free(hash->ctx);
    hash->ctx = NULL;
    return APR_SUCCESS;
}

fpi_err_t *fpi_hash_open(fpi_hash_t **hash, fpi_task_t *task)
{
    fpi_hash_t *made = apr_palloc(task->pool, sizeof(*made));

    made->ctx = EVP_MD_CTX_new();
    if (!made->ctx || EVP_DigestInit_ex(made->ctx, fpi_crypto_sha256(), NULL) != 1) {
        EVP_MD_CTX_free(made->ctx);
        return fpi_crypto_fail(task, "starting a SHA-256");
    }
    apr_pool_cleanup_register(task->pool, made, close_hash, apr_pool_cleanup_null);
    *hash = made;
    return NULL;
}

fpi_err_t *fpi_hash_put(fpi_hash_t *hash, const void *data, size_t len, fpi_task_t *task)
{
    if (EVP_DigestUpdate(hash->ctx, data, len) != 1) {
        return fpi_crypto_fail(task, "adding to a SHA-256");
    }
    return NULL;
}

fpi_err_t *fpi_hash_end(char *hex, fpi_hash_t *hash, fpi_task_t *task)
{
    unsigned char sum[FPI_SHA256_LEN];

    if (EVP_DigestFinal_ex(hash->ctx, sum, NULL) != 1) {
        return fpi_crypto_fail(task, "ending a SHA-256");
    }
    fpi_hex_encode(hex, sum, sizeof(sum));
    return NULL;
}

/* ---- random and the rest ---- */

fpi_err_t *fpi_random(void *bytes, size_t len, fpi_task_t *task)
{
    unsigned char *at = bytes;

    while (len > 0) {
        int piece = len < 65536 ? (int)len : 65536;

        if (RAND_bytes(at, piece) != 1) {
            return fpi_crypto_fail(task, "drawing random bytes");
        }
        at += piece;
        len -= (size_t)piece;
    }
    return NULL;
}

bool fpi_is_same_bytes(const void *a, const void *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}

const char *fpi_crypto_version(void)
{
    return OpenSSL_version(OPENSSL_VERSION);
}
