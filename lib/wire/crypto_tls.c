#include "wire/crypto_tls.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <string.h>

bool fpi_tls_is_same_library(const char *name)
{
    const char *own = OpenSSL_version(OPENSSL_VERSION); /* "OpenSSL 3.0.15 3 Sep 2024" */
    size_t len;

    if (!name || strncmp(name, "OpenSSL/", 8) != 0 || strncmp(own, "OpenSSL ", 8) != 0) {
        return false;
    }
    len = strcspn(name + 8, " ");
    return strcspn(own + 8, " -") == len && strncmp(name + 8, own + 8, len) == 0;
}

bool fpi_tls_has_chosen(void *tls, const char *protocol)
{
    const unsigned char *chosen = NULL;
    unsigned len = 0;

    SSL_get0_alpn_selected(tls, &chosen, &len);
    return len == strlen(protocol) && memcmp(chosen, protocol, len) == 0;
}

bool fpi_tls_read_ahead(void *tls)
{
    SSL_set_read_ahead(tls, 1);
    return SSL_get_read_ahead(tls) == 1;
}

bool fpi_tls_has_more(const void *tls)
{
    return SSL_has_pending(tls) == 1;
}

static bool has_certificate(const STACK_OF(X509_INFO) *list)
{
    for (int i = 0; i < sk_X509_INFO_num(list); i++) {
        if (sk_X509_INFO_value(list, i)->x509) {
            return true;
        }
    }
    return false;
}

bool fpi_tls_has_anchors(const char *path)
{
    BIO *file = BIO_new_file(path, "r");
    STACK_OF(X509_INFO) *list = file ? PEM_X509_INFO_read_bio(file, NULL, NULL, NULL) : NULL;
    bool found = list && has_certificate(list);

    sk_X509_INFO_pop_free(list, X509_INFO_free);
    BIO_free(file);
    ERR_clear_error();
    return found;
}
