/* What the client's files share with each other. Not for other files.
 *
 *      decode.c         questions and answers
 *      decode_start.c   the keeper's process
 *
 * Life:    the decoder's pool.
 * Threads: the control socket is used by all, the rest is the starter's.
 * Limits:  those of decode.h. */
#ifndef FPI_DECODE_OWN_H
#define FPI_DECODE_OWN_H

#include "wire/decode.h"

enum { FPI_DECODE_ABOUT = 2048 };

struct fpi_decoder_t {
    apr_pool_t *pool;
    fpi_decode_options_t options;
    int clients_end, keepers_end; /* of the control socket */
    pid_t keeper;
    char about[FPI_DECODE_ABOUT];
    fpi_decode_counts_t *counts;  /* never NULL */
};

#endif
