/* A body's bytes come from the socket straight to where they are wanted. httpd reads 8,000 of them at a time into memory
 * of its own, from where they would have to be copied.
 *
 *   connection  insert_network_bucket: a bucket of ours stands for the socket
 *   read        the bucket fills the place that is on offer, and is as APR's own where none is
 *
 * A place is on offer during one read of the input filters, and only where none of them can change, keep or look behind
 * the bytes: plain HTTP/1.1 with a Content-Length.
 *
 * Life:    the connection's; a place on offer is the caller's, until it is withdrawn.
 * Threads: one at a time, as httpd has it for a connection.
 * Limits:  holds no bytes. */
#ifndef MFP_LAND_H
#define MFP_LAND_H

#include <http_core.h>
#include <httpd.h>
#include <stddef.h>

typedef struct mfp_land_t mfp_land_t;

apr_status_t mfp_land_insert(conn_rec *c, apr_bucket_brigade *bb, apr_socket_t *socket);

/* Where the request's body may land; NULL: nowhere. */
mfp_land_t *mfp_land_of(const request_rec *r);

/* What the next read gives, and no more than `room` of it, lies at `data` in its order: bytes that had been read before
 * are to be copied there, those behind them are in place. `land` may be NULL. */
void mfp_land_offer(mfp_land_t *land, char *data, size_t room);
void mfp_land_withdraw(mfp_land_t *land);

#endif
