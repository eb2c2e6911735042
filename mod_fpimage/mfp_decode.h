/* The decoding helper of this httpd: one keeper for all hosts, started by the parent, watched by its MPM, replaced at
 * each restart, gone with httpd.
 *
 *   post_config ──> keeper (the one before finishes what it has in hand)
 *       │ MPM: it ended ──> another, on the same control socket: documents that wait are not lost
 *       └ fork ──> children: mfp_decode_use
 *
 * Life:    the control socket lives as long as the parent; the watch as long as the configuration.
 * Threads: setup and the watch run in the parent; use in children.
 * Limits:  the largest FPImageDecoders and FPImageDecodeTimeout of all hosts hold for all; a keeper that can't live is
 *          tried again every ten seconds. */
#ifndef MFP_DECODE_H
#define MFP_DECODE_H

#include "service/app.h"

#include <httpd.h>

/* A helper that can't be started is only logged: looks wait for one. */
void mfp_decode_setup(apr_pool_t *pconf, server_rec *main, fpi_task_t *task);

/* A hook: starts the keeper where there is none. */
int mfp_decode_monitor(apr_pool_t *pconf, server_rec *main);

/* For one app of a child; NULL when there was never a socket. */
fpi_decoder_t *mfp_decode_use(fpi_decode_counts_t *counts, apr_pool_t *pool);

#endif
