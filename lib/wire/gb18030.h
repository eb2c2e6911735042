/* GB18030 (GBK), which Chinese Windows writes where nobody asks for UTF-8.
 *
 * Life:    results live in the pool.
 * Threads: any.
 * Limits:  the caller bounds the bytes. */
#ifndef FPI_GB18030_H
#define FPI_GB18030_H

#include <apr_pools.h>
#include <stdbool.h>
#include <stddef.h>

/* Well-formed, which many other bytes are as well; is_cut: it may end in mid-character. */
bool fpi_gb_is_valid(const void *bytes, size_t len, bool is_cut);
/* As UTF-8; NULL when it is none, or iconv does not know it. */
char *fpi_gb_decode(apr_pool_t *pool, const void *bytes, size_t len);

#endif
