/* Known answers: RFC 1321 (MD5), FIPS 180 (SHA-256), RFC 4231 (HMAC), NIST SP 800-38A F.1.1
 * (AES-128 ECB), RFC 7914 (scrypt); made with another implementation where no standard has one. */
#include "unit.h"
#include "wire/crypto.h"
#include "wire/crypto_own.h"

#include "base/text.h"

#include <apr_strings.h>

static const fpi_secret_t *secret(const char *text)
{
    return fpi_secret_make_text(task->pool, text);
}

static const unsigned char *unhex(const char *hex)
{
    unsigned char *bytes = apr_palloc(task->pool, strlen(hex) / 2 + 1);

    ck_assert(fpi_hex_decode(bytes, strlen(hex) / 2, hex));
    return bytes;
}

static const char *hex_of(const unsigned char *bytes, size_t len)
{
    char *hex = apr_palloc(task->pool, len * 2 + 1);

    fpi_hex_encode(hex, bytes, len);
    return hex;
}

/* ---- digests ---- */

static const struct {
    const char *text, *hex;
} digests[] = {
    { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
};

START_TEST(test_sha256)
{
    const char *text = digests[_i].text;
    char hex[FPI_SHA256_HEX + 1];
    fpi_hash_t *hash;

    ck_assert_str_eq(fpi_sha256_hex(text, strlen(text), task), digests[_i].hex);
    unit_done(fpi_hash_open(&hash, task));
    for (; *text; text++) {
        unit_done(fpi_hash_put(hash, text, 1, task));
    }
    unit_done(fpi_hash_end(hex, hash, task));
    ck_assert_str_eq(hex, digests[_i].hex);
}
END_TEST

/* An abandoned digest goes with its pool (leaks are seen by the sanitizer). */
START_TEST(test_hash_abandoned)
{
    fpi_hash_t *hash;

    unit_done(fpi_hash_open(&hash, task));
}
END_TEST

/* ---- HMAC ---- */

static const struct {
    const char *key, *data, *sum; /* hex; RFC 4231, cases 1, 2, 3, 4, 6, 7 */
} macs[] = {
    { "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
    { "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
    { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
      "dddddddddddddddddddddddddddddddddddddddddddddddddd"
      "dddddddddddddddddddddddddddddddddddddddddddddddddd",
      "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
    { "0102030405060708090a0b0c0d0e0f10111213141516171819",
      "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
      "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
      "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b" },
};

START_TEST(test_hmac)
{
    size_t key_len = strlen(macs[_i].key) / 2;
    fpi_piece_t pieces[2] = { { unhex(macs[_i].data), 3 },
                              { unhex(macs[_i].data) + 3, strlen(macs[_i].data) / 2 - 3 } };
    unsigned char sum[FPI_SHA256_LEN], key[FPI_KEY_LEN] = { 0 };
    fpi_hmac_t hmac;
    fpi_mac_t *mac;

    unit_done(fpi_hmac_open(&hmac, unhex(macs[_i].key), key_len, task));
    for (int again = 0; again < 2; again++) {
        unit_done(fpi_hmac_sum(sum, &hmac, pieces, 2, task));
        ck_assert_str_eq(hex_of(sum, sizeof(sum)), macs[_i].sum);
    }
    fpi_hmac_close(&hmac);
    /* HMAC fills a short key up with zeros, so the vectors serve for keys of 32 bytes as well */
    memcpy(key, unhex(macs[_i].key), key_len);
    unit_done(fpi_mac_make(&mac, task->pool, key, task));
    unit_done(fpi_mac_sum(sum, mac, unhex(macs[_i].data), strlen(macs[_i].data) / 2, task));
    ck_assert_str_eq(hex_of(sum, sizeof(sum)), macs[_i].sum);
}
END_TEST

START_TEST(test_hmac_long_key)
{
    static const char text[] = "Test Using Larger Than Block-Size Key - Hash Key First";
    const fpi_piece_t piece = { text, sizeof(text) - 1 };
    unsigned char key[131], sum[FPI_SHA256_LEN];
    fpi_hmac_t hmac;
    const char *hex;

    memset(key, 0xaa, sizeof(key));
    unit_done(fpi_hmac_open(&hmac, key, sizeof(key), task));
    unit_done(fpi_hmac_sum(sum, &hmac, &piece, 1, task));
    fpi_hmac_close(&hmac);
    ck_assert_str_eq(hex_of(sum, sizeof(sum)),
                     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    unit_done(fpi_hmac_hex(&hex, fpi_secret_make(task->pool, key, sizeof(key)), text, piece.len, task));
    ck_assert_str_eq(hex, hex_of(sum, sizeof(sum)));
}
END_TEST

START_TEST(test_same_bytes)
{
    ck_assert(fpi_is_same_bytes("abc", "abc", 3) && fpi_is_same_bytes("a", "b", 0));
    ck_assert(!fpi_is_same_bytes("abc", "abd", 3) && !fpi_is_same_bytes("abc", "bbc", 3));
}
END_TEST

/* ---- signs ---- */

static const struct {
    fpi_enc_type_t type;
    const char *client_id, *secret, *timestamp, *sign;
} signs[] = {
    { FPI_SIGN_MD5, "a", "b", "c", "900150983cd24fb0d6963f7d28e17f72" },
    { FPI_SIGN_MD5, "", "", "", "d41d8cd98f00b204e9800998ecf8427e" },
    { FPI_SIGN_MD5, "message ", "di", "gest", "f96b697d7cb7938d525a2f31aaf161d0" },
    { FPI_SIGN_MD5, "cid", "secret-1", "1700000000000", "a58695d633146b0419a9012ab85c918c" },
    { FPI_SIGN_SHA256, "a", "b", "c",
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    { FPI_SIGN_SHA256, "cid", "secret-1", "1700000000000",
      "668981d2d7d2d3b71eebbbfa05af831b2264e68839c33f0e41931669fd15799f" },
    { FPI_SIGN_HMAC, "cid", "secret-1", "1700000000000",
      "89c5ec27ce050d5561dfe21508c2225de776604db75a7268db29d74166ee9c37" },
};

START_TEST(test_sign)
{
    const fpi_secret_t *key = secret(signs[_i].secret);
    const char *id = signs[_i].client_id, *time = signs[_i].timestamp, *sign;
    char *other;

    unit_done(fpi_sign_make(&sign, signs[_i].type, id, key, time, task));
    ck_assert_str_eq(sign, signs[_i].sign);
    unit_done(fpi_sign_verify(sign, signs[_i].type, id, key, time, task));
    other = fpi_text_upper(apr_pstrdup(task->pool, sign));
    unit_done(fpi_sign_verify(other, signs[_i].type, id, key, time, task));
    for (size_t i = 0; sign[i]; i++) {
        other = apr_pstrdup(task->pool, sign);
        other[i] = other[i] == '0' ? '1' : '0';
        unit_failed(fpi_sign_verify(other, signs[_i].type, id, key, time, task), FPI_E_SIGN);
    }
    unit_failed(fpi_sign_verify(sign, signs[_i].type, id, secret("x"), time, task), FPI_E_SIGN);
    unit_failed(fpi_sign_verify(sign, signs[_i].type, id, key, "1", task), FPI_E_SIGN);
    unit_failed(fpi_sign_verify("", signs[_i].type, id, key, time, task), FPI_E_SIGN);
    unit_failed(fpi_sign_verify(apr_pstrcat(task->pool, sign, "0", NULL), signs[_i].type, id, key,
                                time, task), FPI_E_SIGN);
    ck_assert_ptr_null(strstr(fpi_sign_verify("", signs[_i].type, id, secret("hush"), time,
                                              task)->detail, "hush"));
}
END_TEST

START_TEST(test_sign_type)
{
    const char *sign;

    unit_failed(fpi_sign_make(&sign, (fpi_enc_type_t)3, "a", secret("b"), "c", task), FPI_E_FIELD);
    unit_failed(fpi_sign_verify("00", (fpi_enc_type_t)-1, "a", secret("b"), "c", task),
                FPI_E_FIELD);
}
END_TEST

/* ---- bodies ---- */

START_TEST(test_body_vector)
{
    static const char plain[] = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
                                "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";
    static const char cipher[] = "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf"
                                 "43b1cd7f598ece23881b00e3ed0306887b0c785e27e8ad3f8223207104725dd4";
    const fpi_secret_t *key = fpi_secret_make(task->pool,
                                              unhex("2b7e151628aed2a6abf7158809cf4f3c"), 16);
    unsigned char *bytes;
    size_t len, text_len;
    char *text;

    unit_done(fpi_body_encrypt(&text, &text_len, key, unhex(plain), 64, task));
    bytes = fpi_base64_decode(&len, task->pool, text, text_len);
    ck_assert_int_eq(len, 80);
    ck_assert_str_eq(hex_of(bytes, 64), cipher);
}
END_TEST

START_TEST(test_body)
{
    static const struct {
        const char *plain, *text;
    } cases[] = {
        { "x", "KPizIsm52VbYbJDikqh/pQ==" },
        { "{\"a\":\"\xE5\x8F\x91\xE7\xA5\xA8\"}", "ELfeVMRH94ZBSfWz+npDAA==" },
    };
    const fpi_secret_t *key = secret("0123456789abcdef");
    size_t len;
    char *out;

    unit_done(fpi_body_encrypt(&out, &len, key, cases[_i].plain, strlen(cases[_i].plain), task));
    ck_assert_str_eq(out, cases[_i].text);
    ck_assert_int_eq(len, strlen(out));
    unit_done(fpi_body_decrypt(&out, &len, key, cases[_i].text, strlen(cases[_i].text), task));
    ck_assert_str_eq(out, cases[_i].plain);
    ck_assert_int_eq(len, strlen(out));
}
END_TEST

START_TEST(test_body_lengths)
{
    const fpi_secret_t *key = secret("0123456789abcdef");
    char plain[100], *text, *back;
    size_t text_len, len;

    memset(plain, 'p', sizeof(plain));
    for (size_t n = 0; n <= sizeof(plain); n++) {
        unit_done(fpi_body_encrypt(&text, &text_len, key, plain, n, task));
        ck_assert_int_eq(text_len, ((n / 16 + 1) * 16 + 2) / 3 * 4);
        unit_done(fpi_body_decrypt(&back, &len, key, text, text_len, task));
        ck_assert_int_eq(len, n);
        ck_assert(fpi_is_same_bytes(back, plain, n) && back[n] == '\0');
    }
}
END_TEST

START_TEST(test_body_refused)
{
    static const struct {
        const char *key, *text;
    } cases[] = {
        { "0123456789abcdef", "" },
        { "0123456789abcdef", "{\"plain\":1}" },
        { "0123456789abcdef", "AAAA" },
        { "0123456789abcdef", "KPizIsm52VbYbJDikqh/pQ=" },
        { "0123456789abcdef", "KPizIsm52VbYbJDikqh/pQ==KPiz" },
        { "another-key-here", "KPizIsm52VbYbJDikqh/pQ==" },
        { "0123456789abcde", "KPizIsm52VbYbJDikqh/pQ==" },
        { "0123456789abcdef0", "KPizIsm52VbYbJDikqh/pQ==" },
        { "", "KPizIsm52VbYbJDikqh/pQ==" },
    };
    char *out;
    size_t len;

    unit_failed(fpi_body_decrypt(&out, &len, secret(cases[_i].key), cases[_i].text,
                                 strlen(cases[_i].text), task), FPI_E_FIELD);
}
END_TEST

START_TEST(test_body_bad_key)
{
    char *out;
    size_t len;

    unit_failed(fpi_body_encrypt(&out, &len, secret("short"), "x", 1, task), FPI_E_CONFIG);
}
END_TEST

/* ---- sealed secrets ---- */

static const fpi_secret_t *seal_key(void)
{
    unsigned char bytes[FPI_KEY_LEN];

    for (int i = 0; i < FPI_KEY_LEN; i++) {
        bytes[i] = (unsigned char)i;
    }
    return fpi_secret_make(task->pool, bytes, sizeof(bytes));
}

/* What was sealed once must open for ever. */
START_TEST(test_unseal_kept)
{
    static const char kept[] = "01000102030405060708090a0b336da63bb680a169e835168a8447118414"
                               "3e09650bb2be41e736";
    fpi_secret_t *out;

    unit_done(fpi_unseal(&out, seal_key(), "enterprise.secret.7", unhex(kept), sizeof(kept) / 2,
                         task));
    ck_assert_str_eq(out->bytes, "top secret");
    ck_assert_int_eq(out->len, 10);
}
END_TEST

START_TEST(test_seal)
{
    static const char *const texts[] = { "", "x", "0123456789abcdef", "\xE5\xAF\x86\xE9\x92\xA5" };
    const fpi_secret_t *in = secret(texts[_i]), *key = seal_key();
    unsigned char *sealed, *again;
    fpi_secret_t *out;
    size_t len;

    unit_done(fpi_seal(&sealed, &len, key, "a.b.1", in, task));
    ck_assert_int_eq(len, 1 + 12 + in->len + 16);
    unit_done(fpi_unseal(&out, key, "a.b.1", sealed, len, task));
    ck_assert(fpi_secret_is_same(in, out));
    unit_failed(fpi_unseal(&out, key, "a.b.2", sealed, len, task), FPI_E_CONFIG);
    unit_failed(fpi_unseal(&out, key, "", sealed, len, task), FPI_E_CONFIG);
    unit_done(fpi_seal(&again, &len, key, "a.b.1", in, task));
    ck_assert(!fpi_is_same_bytes(sealed, again, len));
    for (size_t i = 0; i < len; i++) {
        sealed[i] ^= 0x40;
        unit_failed(fpi_unseal(&out, key, "a.b.1", sealed, len, task), FPI_E_CONFIG);
        sealed[i] ^= 0x40;
        unit_failed(fpi_unseal(&out, key, "a.b.1", sealed, i, task), FPI_E_CONFIG);
    }
}
END_TEST

START_TEST(test_seal_limits)
{
    char *big = apr_pcalloc(task->pool, FPI_SEAL_MAX + 1);
    unsigned char *sealed;
    fpi_secret_t *out;
    size_t len;

    unit_failed(fpi_seal(&sealed, &len, secret("short"), "c", secret("x"), task), FPI_E_CONFIG);
    unit_failed(fpi_seal(&sealed, &len, seal_key(), "c",
                         fpi_secret_make(task->pool, big, FPI_SEAL_MAX + 1), task),
                FPI_E_TOO_LARGE);
    unit_done(fpi_seal(&sealed, &len, seal_key(), "c",
                       fpi_secret_make(task->pool, big, FPI_SEAL_MAX), task));
    unit_done(fpi_unseal(&out, seal_key(), "c", sealed, len, task));
    unit_failed(fpi_unseal(&out, secret("short"), "c", sealed, len, task), FPI_E_CONFIG);
}
END_TEST

/* ---- passwords ---- */

START_TEST(test_password_vector)
{
    static const char kept[] = "scrypt$16384$8$1$U29kaXVtQ2hsb3JpZGU"
                               "$cCO9yzr9c0hGHAbNgf046_2o-7qQT44-qbVD9lRdofI";

    unit_done(fpi_password_verify(kept, secret("pleaseletmein"), task));
    unit_failed(fpi_password_verify(kept, secret("pleaseletmeim"), task), FPI_E_SIGN);
}
END_TEST

START_TEST(test_password)
{
    const char *hash, *again;

    unit_done(fpi_password_hash(&hash, secret("correct horse"), task));
    unit_done(fpi_password_hash(&again, secret("correct horse"), task));
    ck_assert_ptr_eq(strstr(hash, "scrypt$32768$8$1$"), hash);
    ck_assert_str_ne(hash, again);
    unit_done(fpi_password_verify(hash, secret("correct horse"), task));
    unit_failed(fpi_password_verify(hash, secret("Correct horse"), task), FPI_E_SIGN);
    unit_failed(fpi_password_verify(hash, secret(""), task), FPI_E_SIGN);
}
END_TEST

START_TEST(test_password_form)
{
    static const char *const forms[] = {
        "", "scrypt", "scrypt$", "scrypt$32768$8$1$", "scrypt$32768$8$1$AAAA$AAAA",
        "bcrypt$16384$8$1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046_2o-7qQT44-qbVD9lRdofI",
        "scrypt$16383$8$1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046_2o-7qQT44-qbVD9lRdofI",
        "scrypt$1$8$1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046_2o-7qQT44-qbVD9lRdofI",
        "scrypt$1073741824$8$1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046_2o-7qQT44-qbVD9lRdofI",
        "scrypt$16384$1000$1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046_2o-7qQT44-qbVD9lRdofI",
        "scrypt$16384$8$0$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046_2o-7qQT44-qbVD9lRdofI",
        "scrypt$16384$8$1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046_2o-7qQT44-qbVD9lRdofI$x",
        "scrypt$16384$8$1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046_2o-7qQT44-qbVD9lRdo!I",
    };

    unit_failed(fpi_password_verify(forms[_i], secret("x"), task), FPI_E_INTERNAL);
}
END_TEST

/* ---- random ---- */

START_TEST(test_random)
{
    static unsigned char a[200000], b[200000];

    unit_done(fpi_random(a, sizeof(a), task));
    unit_done(fpi_random(b, sizeof(b), task));
    ck_assert(memcmp(a, b, sizeof(a)) != 0);
    ck_assert(memcmp(a + sizeof(a) - 16, b + sizeof(b) - 16, 16) != 0);
    unit_done(fpi_random(a, 0, task));
    ck_assert_ptr_nonnull(strstr(fpi_crypto_version(), "SSL"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("crypto");
    TCase *tc = unit_case(suite, "crypto");

    tcase_add_loop_test(tc, test_sha256, 0, UNIT_COUNT(digests));
    tcase_add_test(tc, test_hash_abandoned);
    tcase_add_loop_test(tc, test_hmac, 0, UNIT_COUNT(macs));
    tcase_add_test(tc, test_hmac_long_key);
    tcase_add_test(tc, test_same_bytes);
    tcase_add_loop_test(tc, test_sign, 0, UNIT_COUNT(signs));
    tcase_add_test(tc, test_sign_type);
    tcase_add_test(tc, test_body_vector);
    tcase_add_loop_test(tc, test_body, 0, 2);
    tcase_add_test(tc, test_body_lengths);
    tcase_add_loop_test(tc, test_body_refused, 0, 9);
    tcase_add_test(tc, test_body_bad_key);
    tcase_add_test(tc, test_unseal_kept);
    tcase_add_loop_test(tc, test_seal, 0, 4);
    tcase_add_test(tc, test_seal_limits);
    tcase_add_test(tc, test_password_vector);
    tcase_add_test(tc, test_password);
    tcase_add_loop_test(tc, test_password_form, 0, 13);
    tcase_add_test(tc, test_random);
    return unit_run(suite);
}
