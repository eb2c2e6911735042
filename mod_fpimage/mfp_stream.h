/* A streamed answer: its head, its bytes as they come, and how it ends when the other side breaks.
 *
 *   begin ─> write ─> write ─> (all of a known length: EOS goes with the last piece, nothing is
 *     │        └ flushed: the client has it before we ask for more)       flushed on its own)
 *     └ abort: the client must not take what it has for the whole
 *
 * Life:    the request's.
 * Threads: the request's; is_gone may be asked by the same thread only.
 * Limits:  holds no bytes: a slow client slows the sender. */
#ifndef MFP_STREAM_H
#define MFP_STREAM_H

#include "mfp_request.h"

/* The streaming part of fpi_call_t; `baton` is the mfp_request_t. */
fpi_err_t *mfp_stream_begin(void *baton, int status, const apr_table_t *headers, int64_t length);
fpi_err_t *mfp_stream_write(void *baton, const char *data, size_t len);
fpi_err_t *mfp_stream_send_file(void *baton, int fd, int64_t offset, int64_t len);
bool mfp_stream_is_gone(void *baton);
int mfp_stream_fd(void *baton); /* the client's socket; -1: none, or closed under us */
void mfp_stream_note(void *baton, const char *name, const char *value);

/* Have all bytes of a known length been written? */
bool mfp_stream_is_whole(const mfp_request_t *req);
/* Ends a broken answer so that it looks broken. */
void mfp_stream_abort(mfp_request_t *req);

#endif
