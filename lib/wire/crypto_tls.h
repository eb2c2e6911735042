/* What has to be asked of a TLS connection that libcurl has made with OpenSSL, and of the anchors that it is given.
 *
 * Life:    none; `tls` is libcurl's SSL, borrowed for the call.
 * Threads: as the connection: one at a time.
 * Limits:  none. */
#ifndef FPI_CRYPTO_TLS_H
#define FPI_CRYPTO_TLS_H

#include <stdbool.h>

/* Is libcurl's library, as it names itself ("OpenSSL/3.0.15"), the one we are linked with? Else its SSL must not be
 * touched. */
bool fpi_tls_is_same_library(const char *name);
/* Did ALPN agree on this protocol? */
bool fpi_tls_has_chosen(void *tls, const char *protocol);
/* From now on reads as much as the socket has in one go, and not the head of each record by itself. Only for who
 * reads until there is nothing more: the socket no longer tells of what was read ahead. */
bool fpi_tls_read_ahead(void *tls);
/* Has something come, or been read ahead, that nobody has taken yet? */
bool fpi_tls_has_more(const void *tls);

/* Is there a certificate in the file (PEM), as libcurl takes it for its trust anchors? */
bool fpi_tls_has_anchors(const char *path);

#endif
