#include "wire/crypto.h"

#include "base/text.h"
#include "wire/crypto_own.h"

#include <apr_strings.h>
#include <openssl/evp.h>
#include <string.h>

/* About 60 ms and 32 MiB each (RFC 7914); what is read back may be stronger, within reason. */
enum {
    COST_N = 1 << 15,
    COST_R = 8,
    COST_P = 1,
    MOST_N = 1 << 18,
    MOST_R = 16,
    MOST_P = 4,
    SALT_LEN = 16,
    SALT_LEAST = 8,
    HASH_LEN = 32
};

typedef struct parts_t {
    int64_t n, r, p;
    const unsigned char *salt, *hash;
    size_t salt_len, hash_len;
} parts_t;

static fpi_err_t *derive(unsigned char hash[HASH_LEN], const parts_t *parts,
                         const fpi_secret_t *password, fpi_task_t *task)
{
    uint64_t memory = 128 * (uint64_t)parts->r * (uint64_t)(parts->n + parts->p + 2) + (1 << 20);

    if (EVP_PBE_scrypt(password->bytes, password->len, parts->salt, parts->salt_len,
                       (uint64_t)parts->n, (uint64_t)parts->r, (uint64_t)parts->p, memory, hash,
                       HASH_LEN) != 1) {
        return fpi_crypto_fail(task, "hashing a password");
    }
    return NULL;
}

fpi_err_t *fpi_password_hash(const char **hash, const fpi_secret_t *password, fpi_task_t *task)
{
    unsigned char salt[SALT_LEN], sum[HASH_LEN];
    const parts_t parts = { COST_N, COST_R, COST_P, salt, NULL, SALT_LEN, 0 };

    FPI_TRY(fpi_random(salt, sizeof(salt), task));
    FPI_TRY(derive(sum, &parts, password, task));
    *hash = apr_psprintf(task->pool, "scrypt$%d$%d$%d$%s$%s", COST_N, COST_R, COST_P,
                         fpi_base64url_encode(task->pool, salt, sizeof(salt)),
                         fpi_base64url_encode(task->pool, sum, sizeof(sum)));
    return NULL;
}

/* Cuts the next field off *at; NULL when there is none. */
static char *next_field(char **at)
{
    char *field = *at;
    char *dollar = field ? strchr(field, '$') : NULL;

    if (dollar) {
        *dollar++ = '\0';
    }
    *at = dollar;
    return field;
}

static bool next_int(int64_t *out, char **at, int64_t most)
{
    const char *field = next_field(at);

    return field && fpi_int_parse(out, field, 1, most);
}

static const unsigned char *next_bytes(size_t *len, char **at, apr_pool_t *pool)
{
    const char *field = next_field(at);

    return field ? fpi_base64url_decode(len, pool, field, strlen(field)) : NULL;
}

static bool parse_parts(parts_t *parts, const char *hash, apr_pool_t *pool)
{
    char *at = apr_pstrdup(pool, hash);

    if (strcmp(next_field(&at), "scrypt") != 0 || !next_int(&parts->n, &at, MOST_N)
        || !next_int(&parts->r, &at, MOST_R) || !next_int(&parts->p, &at, MOST_P)) {
        return false;
    }
    parts->salt = next_bytes(&parts->salt_len, &at, pool);
    parts->hash = next_bytes(&parts->hash_len, &at, pool);
    return parts->salt && parts->hash && !at && parts->salt_len >= SALT_LEAST
           && parts->hash_len == HASH_LEN && parts->n > 1 && (parts->n & (parts->n - 1)) == 0;
}

fpi_err_t *fpi_password_verify(const char *hash, const fpi_secret_t *password, fpi_task_t *task)
{
    unsigned char sum[HASH_LEN];
    parts_t parts;

    if (!parse_parts(&parts, hash, task->pool)) {
        return fpi_fail(task, FPI_E_INTERNAL, "a stored password hash has no known form: set the "
                        "password anew");
    }
    FPI_TRY(derive(sum, &parts, password, task));
    if (!fpi_is_same_bytes(sum, parts.hash, HASH_LEN)) {
        return fpi_fail(task, FPI_E_SIGN, "wrong password");
    }
    return NULL;
}
