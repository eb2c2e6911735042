/* Services of the local network, by multicast DNS (RFC 6762) and DNS-SD (RFC 6763): asks, listens for a while, and says who
 * answered. No daemon is needed for it: as a one-shot querier (RFC 6762, 5.1) it asks from a port of its own, and the
 * answers come back to that port. Not a responder, not a cache. The only owner of resolv's message parser.
 *
 *   PTR _uscan._tcp.local ? ─> PTR name, SRV host and port, TXT facts, A address ─> joined by their names
 *
 * Whoever is in the network may answer anything: what comes is a suggestion, and nobody is called because of it.
 *
 * Life:    results live in the task's pool.
 * Threads: any.
 * Limits:  FPI_MDNS_SERVICES services, FPI_MDNS_RECORDS records, FPI_MDNS_PACKETS packets of 9,000 bytes; the time that
 *          is given. */
#ifndef FPI_MDNS_H
#define FPI_MDNS_H

#include "base/task.h"

#include <apr_tables.h>
#include <stddef.h>

enum { FPI_MDNS_SERVICES = 64, FPI_MDNS_RECORDS = 512, FPI_MDNS_PACKETS = 300, FPI_MDNS_TYPES = 4 };

typedef struct fpi_mdns_service_t {
    const char *type;            /* "_uscan._tcp" */
    const char *name;            /* as its owner calls it; UTF-8 without control characters */
    const char *address;         /* of the host, in digits */
    int port;
    const apr_table_t *facts;    /* of its TXT: "rs" -> "eSCL" */
} fpi_mdns_service_t;

/* Asks at address:port (FPI_MDNS_GROUP, on every interface; or one host) for the types, NULL behind the last, and
 * gathers for `span`. FPI_E_CONFIG when nothing can be sent. */
#define FPI_MDNS_GROUP "224.0.0.251"
enum { FPI_MDNS_PORT = 5353 };
fpi_err_t *fpi_mdns_find(fpi_mdns_service_t **out, int *count, const char *const *types, const char *address, int port,
                         apr_interval_time_t span, fpi_task_t *task) FPI_MUST_USE;

/* ---- its parts, for tests ---- */
typedef struct fpi_mdns_t fpi_mdns_t;
fpi_mdns_t *fpi_mdns_make(const char *const *types, fpi_task_t *task);
/* Takes what is good of an answer, from that address; false: it is none. */
bool fpi_mdns_take(fpi_mdns_t *mdns, const void *packet, size_t len, const char *from);
/* Joins what was taken. */
void fpi_mdns_join(fpi_mdns_service_t **out, int *count, const fpi_mdns_t *mdns, fpi_task_t *task);

#endif
