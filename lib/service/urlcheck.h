/* What is wrong with an address that people type or paste into EAS, into this system or into the vendor's push
 * table, and which one was meant. Only the text is looked at: nothing is looked up and nobody is called.
 *
 *   imaging  http(s)://host:port/api/               EAS 影像系统配置 asks this one for
 *   ERP      http(s)://host:port/ormrpc/services/   this one asks EAS for
 *   push     http(s)://host:port/path               the vendor's cloud asks this one for; any path may be mapped
 *
 * Life:    a report lives in the pool that is given; its findings are static.
 * Threads: any.
 * Limits:  addresses of FPI_ADDRESS_MAX bytes; longer ones are cut. */
#ifndef FPI_URLCHECK_H
#define FPI_URLCHECK_H

#include <apr_pools.h>
#include <stdbool.h>

enum { FPI_ADDRESS_MAX = 2000, FPI_URL_FINDINGS = 32 };

/* FPI_ADDRESS_ANY: told by its words, imaging where none tells. */
typedef enum fpi_address_t {
    FPI_ADDRESS_ANY, FPI_ADDRESS_IMAGING, FPI_ADDRESS_ERP, FPI_ADDRESS_PUSH
} fpi_address_t;

typedef struct fpi_url_finding_t {
    const char *code;    /* "doubled_slash"; for machines, never changed in meaning */
    bool is_wrong;       /* false: a hint, the address may be right as it is */
    const char *zh, *en; /* one sentence */
} fpi_url_finding_t;

typedef struct fpi_url_report_t {
    fpi_address_t kind;
    bool is_right;       /* nothing but hints */
    const char *right;   /* what was meant; NULL: can't be told */
    int count;
    const fpi_url_finding_t *findings[FPI_URL_FINDINGS];
} fpi_url_report_t;

void fpi_url_check(fpi_url_report_t *out, const char *text, fpi_address_t kind, apr_pool_t *pool);

/* All wrong things in one line of the language, "; " between; "" when there are none. */
const char *fpi_url_wrongs(const fpi_url_report_t *report, const char *lang, apr_pool_t *pool);

/* "imaging", "erp", "push", "any"; and back: false when unknown. */
const char *fpi_address_name(fpi_address_t kind);
bool fpi_address_find(fpi_address_t *kind, const char *name);

#endif
