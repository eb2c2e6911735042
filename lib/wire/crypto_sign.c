#include "wire/crypto.h"

#include "base/text.h"
#include "wire/crypto_own.h"

#include <apr_strings.h>
#include <openssl/evp.h>
#include <string.h>

enum { MD5_LEN = 16, SHA256_BLOCK = 64 };

/* ---- HMAC ---- */

static bool start_keyed(EVP_MD_CTX *ctx, const unsigned char *key, unsigned char pad)
{
    unsigned char block[SHA256_BLOCK];
    bool done;

    for (size_t i = 0; i < sizeof(block); i++) {
        block[i] = key[i] ^ pad;
    }
    done = EVP_DigestInit_ex(ctx, fpi_crypto_sha256(), NULL) == 1
           && EVP_DigestUpdate(ctx, block, sizeof(block)) == 1;
    fpi_secret_wipe(block, sizeof(block));
    return done;
}

fpi_err_t *fpi_hmac_open(fpi_hmac_t *hmac, const void *key, size_t key_len, fpi_task_t *task)
{
    unsigned char block[SHA256_BLOCK] = { 0 };
    bool done = true;

    hmac->inner = EVP_MD_CTX_new();
    hmac->outer = EVP_MD_CTX_new();
    if (key_len > sizeof(block)) {
        done = EVP_Digest(key, key_len, block, NULL, fpi_crypto_sha256(), NULL) == 1;
    }
    else {
        memcpy(block, key, key_len);
    }
    done = done && hmac->inner && hmac->outer && start_keyed(hmac->inner, block, 0x36)
           && start_keyed(hmac->outer, block, 0x5c);
    fpi_secret_wipe(block, sizeof(block));
    if (!done) {
        fpi_hmac_close(hmac);
        return fpi_crypto_fail(task, "preparing an HMAC key");
    }
    return NULL;
}

void fpi_hmac_close(fpi_hmac_t *hmac)
{
    EVP_MD_CTX_free(hmac->inner);
    EVP_MD_CTX_free(hmac->outer);
    hmac->inner = NULL;
    hmac->outer = NULL;
}

fpi_err_t *fpi_hmac_sum(unsigned char *sum, const fpi_hmac_t *hmac, const fpi_piece_t *pieces,
                        size_t count, fpi_task_t *task)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool done = ctx && EVP_MD_CTX_copy_ex(ctx, hmac->inner) == 1;

    for (size_t i = 0; done && i < count; i++) {
        done = EVP_DigestUpdate(ctx, pieces[i].data, pieces[i].len) == 1;
    }
    done = done && EVP_DigestFinal_ex(ctx, sum, NULL) == 1
           && EVP_MD_CTX_copy_ex(ctx, hmac->outer) == 1
           && EVP_DigestUpdate(ctx, sum, FPI_SHA256_LEN) == 1
           && EVP_DigestFinal_ex(ctx, sum, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    return done ? NULL : fpi_crypto_fail(task, "summing an HMAC");
}

fpi_err_t *fpi_hmac_hex(const char **hex, const fpi_secret_t *key, const void *data, size_t len, fpi_task_t *task)
{
    unsigned char sum[FPI_SHA256_LEN];
    fpi_piece_t piece = { data, len };
    char *text = apr_palloc(task->pool, FPI_SHA256_HEX + 1);
    fpi_hmac_t hmac;
    fpi_err_t *err;

    FPI_TRY(fpi_hmac_open(&hmac, key->bytes, key->len, task));
    err = fpi_hmac_sum(sum, &hmac, &piece, 1, task);
    fpi_hmac_close(&hmac);
    fpi_hex_encode(text, sum, sizeof(sum));
    *hex = text;
    return err;
}

/* ---- tokens' MAC ---- */

struct fpi_mac_t {
    fpi_hmac_t hmac;
};

static apr_status_t close_mac(void *data)
{
    fpi_mac_t *mac = data;

    fpi_hmac_close(&mac->hmac);
    return APR_SUCCESS;
}

fpi_err_t *fpi_mac_make(fpi_mac_t **mac, apr_pool_t *pool, const unsigned char key[FPI_KEY_LEN],
                        fpi_task_t *task)
{
    fpi_mac_t *made = apr_pcalloc(pool, sizeof(*made));

    FPI_TRY(fpi_hmac_open(&made->hmac, key, FPI_KEY_LEN, task));
    apr_pool_cleanup_register(pool, made, close_mac, apr_pool_cleanup_null);
    *mac = made;
    return NULL;
}

fpi_err_t *fpi_mac_sum(unsigned char sum[FPI_SHA256_LEN], const fpi_mac_t *mac, const void *data,
                       size_t len, fpi_task_t *task)
{
    const fpi_piece_t piece = { data, len };

    return fpi_hmac_sum(sum, &mac->hmac, &piece, 1, task);
}

/* ---- the vendor's sign ---- */

enum { SIGN_PIECES = 3 };

static fpi_err_t *digest_pieces(unsigned char *sum, const EVP_MD *md, const fpi_piece_t *pieces,
                                fpi_task_t *task)
{
    EVP_MD_CTX *ctx;
    bool done;

    if (!md) {
        return fpi_fail(task, FPI_E_INTERNAL,
                        "this machine's OpenSSL has no MD5 (FIPS mode?): use encType 1 or 2");
    }
    ctx = EVP_MD_CTX_new();
    if (ctx) {
        /* for OpenSSL 1.1.1 in FIPS mode: the vendor's sign knows nothing better */
        EVP_MD_CTX_set_flags(ctx, EVP_MD_CTX_FLAG_NON_FIPS_ALLOW);
    }
    done = ctx && EVP_DigestInit_ex(ctx, md, NULL) == 1;
    for (size_t i = 0; done && i < SIGN_PIECES; i++) {
        done = EVP_DigestUpdate(ctx, pieces[i].data, pieces[i].len) == 1;
    }
    done = done && EVP_DigestFinal_ex(ctx, sum, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    return done ? NULL : fpi_crypto_fail(task, "making a request sign");
}

static fpi_err_t *hmac_pieces(unsigned char *sum, const fpi_secret_t *key,
                              const fpi_piece_t *pieces, fpi_task_t *task)
{
    fpi_hmac_t hmac;
    fpi_err_t *err;

    FPI_TRY(fpi_hmac_open(&hmac, key->bytes, key->len, task));
    err = fpi_hmac_sum(sum, &hmac, pieces, SIGN_PIECES, task);
    fpi_hmac_close(&hmac);
    return err;
}

fpi_err_t *fpi_sign_make(const char **sign, fpi_enc_type_t type, const char *client_id,
                         const fpi_secret_t *secret, const char *timestamp, fpi_task_t *task)
{
    const fpi_piece_t pieces[SIGN_PIECES] = {
        { client_id, strlen(client_id) },
        { secret->bytes, secret->len },
        { timestamp, strlen(timestamp) },
    };
    unsigned char sum[FPI_SHA256_LEN];
    size_t len = type == FPI_SIGN_MD5 ? MD5_LEN : FPI_SHA256_LEN;
    char *hex;

    switch (type) {
    case FPI_SIGN_MD5:
        FPI_TRY(digest_pieces(sum, fpi_crypto_md5(), pieces, task));
        break;
    case FPI_SIGN_SHA256:
        FPI_TRY(digest_pieces(sum, fpi_crypto_sha256(), pieces, task));
        break;
    case FPI_SIGN_HMAC:
        FPI_TRY(hmac_pieces(sum, secret, pieces, task));
        break;
    default:
        return fpi_refuse(task, FPI_E_FIELD, "encType", "encType应为0, 1或2, 收到%d",
                          "encType should be 0, 1 or 2, not %d", (int)type);
    }
    hex = apr_palloc(task->pool, len * 2 + 1);
    fpi_hex_encode(hex, sum, len);
    *sign = hex;
    return NULL;
}

fpi_err_t *fpi_sign_verify(const char *sign, fpi_enc_type_t type, const char *client_id,
                           const fpi_secret_t *secret, const char *timestamp, fpi_task_t *task)
{
    size_t len = type == FPI_SIGN_MD5 ? MD5_LEN : FPI_SHA256_LEN;
    unsigned char came[FPI_SHA256_LEN], right[FPI_SHA256_LEN];
    const char *made;

    FPI_TRY(fpi_sign_make(&made, type, client_id, secret, timestamp, task));
    if (strlen(sign) != len * 2 || !fpi_hex_decode(came, len, sign)) {
        return fpi_fail(task, FPI_E_SIGN,
                        "the sign of client_id %s is not %lu hex digits: is encType %d meant?",
                        client_id, (unsigned long)len * 2, (int)type);
    }
    if (!fpi_hex_decode(right, len, made) || !fpi_is_same_bytes(came, right, len)) {
        return fpi_fail(task, FPI_E_SIGN,
                        "the sign of client_id %s is wrong: compare client_secret, timestamp and "
                        "encType %d on both sides", client_id, (int)type);
    }
    return NULL;
}
