#include "wire/crypto.h"

#include "base/text.h"
#include "wire/crypto_own.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

enum {
    BODY_KEY = 16,
    BODY_BLOCK = 16,
    SEAL_VERSION = 1,
    SEAL_NONCE = 12,
    SEAL_TAG = 16,
    SEAL_HEAD = 1 + SEAL_NONCE
};

/* ---- the vendor's bodies ---- */

static fpi_err_t *check_body(const fpi_secret_t *key, size_t len, fpi_code_t code,
                             fpi_task_t *task)
{
    if (key->len != BODY_KEY) {
        return fpi_fail(task, code, "the encrypt_key has %lu bytes: it must have exactly 16",
                        (unsigned long)key->len);
    }
    if (len > INT_MAX - BODY_BLOCK) {
        return fpi_fail(task, FPI_E_TOO_LARGE, "a body of %lu bytes can't be encrypted",
                        (unsigned long)len);
    }
    return NULL;
}

fpi_err_t *fpi_body_encrypt(char **text, size_t *text_len, const fpi_secret_t *key,
                            const void *body, size_t len, fpi_task_t *task)
{
    unsigned char *cipher;
    EVP_CIPHER_CTX *ctx;
    int n = 0, last = 0;
    bool done;

    FPI_TRY(check_body(key, len, FPI_E_CONFIG, task));
    cipher = apr_palloc(task->pool, len + BODY_BLOCK);
    ctx = EVP_CIPHER_CTX_new();
    done = ctx
           && EVP_EncryptInit_ex(ctx, fpi_crypto_aes_ecb(), NULL,
                                 (const unsigned char *)key->bytes, NULL) == 1
           && EVP_EncryptUpdate(ctx, cipher, &n, body, (int)len) == 1
           && EVP_EncryptFinal_ex(ctx, cipher + n, &last) == 1;
    EVP_CIPHER_CTX_free(ctx);
    if (!done) {
        return fpi_crypto_fail(task, "encrypting a body");
    }
    *text = fpi_base64_encode(task->pool, cipher, (size_t)(n + last));
    *text_len = strlen(*text);
    return NULL;
}

static fpi_err_t *refuse_body(fpi_task_t *task)
{
    ERR_clear_error();
    return fpi_refuse(task, FPI_E_FIELD, NULL,
                      "请求报文无法解密: 不是Base64密文或encrypt_key不一致",
                      "the body can't be decrypted: it is no Base64 cipher text, or the "
                      "encrypt_key differs");
}

fpi_err_t *fpi_body_decrypt(char **body, size_t *body_len, const fpi_secret_t *key,
                            const char *text, size_t len, fpi_task_t *task)
{
    unsigned char *cipher, *plain;
    size_t cipher_len = 0;
    EVP_CIPHER_CTX *ctx;
    int n = 0, last = 0;
    bool started, done;

    FPI_TRY(check_body(key, len, FPI_E_FIELD, task));
    cipher = fpi_base64_decode(&cipher_len, task->pool, text, len);
    if (!cipher || cipher_len == 0 || cipher_len % BODY_BLOCK) {
        return refuse_body(task);
    }
    plain = apr_palloc(task->pool, cipher_len + BODY_BLOCK + 1);
    ctx = EVP_CIPHER_CTX_new();
    started = ctx
              && EVP_DecryptInit_ex(ctx, fpi_crypto_aes_ecb(), NULL,
                                    (const unsigned char *)key->bytes, NULL) == 1
              && EVP_DecryptUpdate(ctx, plain, &n, cipher, (int)cipher_len) == 1;
    done = started && EVP_DecryptFinal_ex(ctx, plain + n, &last) == 1;
    EVP_CIPHER_CTX_free(ctx);
    if (!started) {
        return fpi_crypto_fail(task, "decrypting a body");
    }
    if (!done) {
        return refuse_body(task);
    }
    *body_len = (size_t)(n + last);
    plain[*body_len] = '\0';
    *body = (char *)plain;
    return NULL;
}

/* ---- secrets at rest ---- */

static bool seal_bytes(unsigned char *sealed, const fpi_secret_t *key, const char *context,
                       const fpi_secret_t *secret)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    unsigned char *cipher = sealed + SEAL_HEAD;
    int n = 0;
    bool done = ctx
        && EVP_EncryptInit_ex(ctx, fpi_crypto_aes_gcm(), NULL, (const unsigned char *)key->bytes,
                              sealed + 1) == 1
        && EVP_EncryptUpdate(ctx, NULL, &n, sealed, 1) == 1
        && EVP_EncryptUpdate(ctx, NULL, &n, (const unsigned char *)context,
                             (int)strlen(context)) == 1
        && EVP_EncryptUpdate(ctx, cipher, &n, (const unsigned char *)secret->bytes,
                             (int)secret->len) == 1
        && EVP_EncryptFinal_ex(ctx, cipher + n, &n) == 1
        && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, SEAL_TAG, cipher + secret->len) == 1;

    EVP_CIPHER_CTX_free(ctx);
    return done;
}

static fpi_err_t *check_key(const fpi_secret_t *key, fpi_task_t *task)
{
    if (key->len != FPI_KEY_LEN) {
        return fpi_fail(task, FPI_E_CONFIG, "the key for secrets at rest has %lu bytes, not %d",
                        (unsigned long)key->len, FPI_KEY_LEN);
    }
    return NULL;
}

fpi_err_t *fpi_seal(unsigned char **sealed, size_t *sealed_len, const fpi_secret_t *key,
                    const char *context, const fpi_secret_t *secret, fpi_task_t *task)
{
    size_t len = SEAL_HEAD + secret->len + SEAL_TAG;
    unsigned char *out;

    FPI_TRY(check_key(key, task));
    if (secret->len > FPI_SEAL_MAX) {
        return fpi_fail(task, FPI_E_TOO_LARGE, "a secret of %lu bytes can't be sealed",
                        (unsigned long)secret->len);
    }
    out = apr_palloc(task->pool, len);
    out[0] = SEAL_VERSION;
    FPI_TRY(fpi_random(out + 1, SEAL_NONCE, task));
    if (!seal_bytes(out, key, context, secret)) {
        return fpi_crypto_fail(task, "sealing a secret");
    }
    *sealed = out;
    *sealed_len = len;
    return NULL;
}

static bool unseal_bytes(unsigned char *plain, const fpi_secret_t *key, const char *context,
                         const unsigned char *sealed, size_t plain_len)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    const unsigned char *cipher = sealed + SEAL_HEAD;
    unsigned char tag[SEAL_TAG];
    int n = 0;
    bool done;

    memcpy(tag, cipher + plain_len, sizeof(tag));
    done = ctx
        && EVP_DecryptInit_ex(ctx, fpi_crypto_aes_gcm(), NULL, (const unsigned char *)key->bytes,
                              sealed + 1) == 1
        && EVP_DecryptUpdate(ctx, NULL, &n, sealed, 1) == 1
        && EVP_DecryptUpdate(ctx, NULL, &n, (const unsigned char *)context,
                             (int)strlen(context)) == 1
        && EVP_DecryptUpdate(ctx, plain, &n, cipher, (int)plain_len) == 1
        && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, SEAL_TAG, tag) == 1
        && EVP_DecryptFinal_ex(ctx, plain + n, &n) == 1;
    EVP_CIPHER_CTX_free(ctx);
    ERR_clear_error();
    return done;
}

fpi_err_t *fpi_unseal(fpi_secret_t **secret, const fpi_secret_t *key, const char *context,
                      const unsigned char *sealed, size_t sealed_len, fpi_task_t *task)
{
    unsigned char *plain;
    size_t len;
    bool done;

    FPI_TRY(check_key(key, task));
    if (sealed_len < SEAL_HEAD + SEAL_TAG || sealed_len > SEAL_HEAD + FPI_SEAL_MAX + SEAL_TAG
        || sealed[0] != SEAL_VERSION) {
        return fpi_fail(task, FPI_E_CONFIG, "the sealed secret at %s has no known form", context);
    }
    len = sealed_len - SEAL_HEAD - SEAL_TAG;
    plain = apr_palloc(task->pool, len + 1);
    done = unseal_bytes(plain, key, context, sealed, len);
    if (done) {
        *secret = fpi_secret_make(task->pool, plain, len);
    }
    fpi_secret_wipe(plain, len);
    if (!done) {
        return fpi_fail(task, FPI_E_CONFIG,
                        "the sealed secret at %s can't be opened: it was sealed under another key "
                        "file or changed; restore the key file or enter the secret again", context);
    }
    return NULL;
}
