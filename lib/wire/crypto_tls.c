#include "wire/crypto_tls.h"

#include <openssl/crypto.h>
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
