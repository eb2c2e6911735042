/* Entity tags as clients send them back: single or in a list, weak ones too, and with what a compressing module or proxy
 * has made of them ("7-gzip", "7-br", W/"7"): what is behind them is still what we tagged.
 *
 * Life:    of the texts.
 * Threads: any.
 * Limits:  none. */
#ifndef FPI_TAGS_H
#define FPI_TAGS_H

#include <apr_pools.h>
#include <stdbool.h>

/* Is the tag `etag` (quoted) in the list, or is that "*"? is_strong: weak ones do not count (RFC 9110 8.8.3.2). */
bool fpi_tags_has(const char *list, const char *etag, bool is_strong);

/* What is between the quotes of a single tag; a text without quotes as it is. */
const char *fpi_tag_text(const char *tag, apr_pool_t *pool);

#endif
