/* The built page: its files are read once, at start, and served from memory. Nothing but what was found then has
 * an address, so no path of a request ever reaches the file system. Not the API that the page calls.
 *
 *   /imgsys-web/              index.html; with a nonce of its own for the styles that Ant Design makes
 *   /imgsys-web/<route>       the same, for the routes of routes.txt; 404 with the same for others
 *   /imgsys-web/assets/<name> named by its content: cached for a year
 *   /imgsys-web/<name>        what else stands beside the index: asked again each time, by its ETag
 *
 * Life:    in the pool that it is loaded into (httpd's pconf): a restart reads it anew.
 * Threads: loaded by one; then read only.
 * Limits:  FPI_WEB_FILES files and FPI_WEB_BYTES bytes in all, folders one deep. */
#ifndef FPI_WEB_H
#define FPI_WEB_H

#include "service/call.h"

#define FPI_WEB_ROOT "/imgsys-web"

enum { FPI_WEB_FILES = 512, FPI_WEB_BYTES = 32 * 1024 * 1024 };

typedef struct fpi_web_t fpi_web_t;

typedef struct fpi_web_asked_t {
    const char *path;          /* as it came, beginning with FPI_WEB_ROOT, without query */
    const char *encodings;     /* Accept-Encoding, or NULL */
    const char *etag;          /* If-None-Match, or NULL */
} fpi_web_asked_t;

/* Where the page is: FPIMAGE_WEB of the environment, for a build that is not installed, else where it is installed. */
const char *fpi_web_dir(void);
/* FPI_E_ABSENT when there is no page at `dir`; FPI_E_CONFIG when what is there is none of ours. */
fpi_err_t *fpi_web_load(fpi_web_t **out, const char *dir, apr_pool_t *pool, fpi_task_t *task) FPI_MUST_USE;
/* Is the path the page's to answer? */
bool fpi_web_is_ours(const char *path);
/* Fills in the reply; `web` NULL: no page is installed. Fails only for want of random bytes. */
fpi_err_t *fpi_web_answer(fpi_reply_t *reply, const fpi_web_t *web, const fpi_web_asked_t *asked, fpi_task_t *task)
    FPI_MUST_USE;

#endif
