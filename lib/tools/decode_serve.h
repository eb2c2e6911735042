/* The helper's work on one document, without processes and sockets: a question in, an answer out. What a worker does,
 * and what the fuzz target feeds.
 *
 * Life:    everything lives in the task's pool.
 * Threads: one document at a time per process.
 * Limits:  those of wire/decode.h; a look stops when three quarters of the asker's time are used, and says so. */
#ifndef FPI_DECODE_SERVE_H
#define FPI_DECODE_SERVE_H

#include "tools/decode_doc.h"

typedef struct decode_answer_t {
    fpi_json_t *doc;
    const void *data;      /* a picture or a PDF; NULL: none */
    size_t len;
    void (*beat)(void *baton); /* a page is done; NULL: nobody listens */
    void *baton;
} decode_answer_t;

/* Loads what the libraries need before the worker is fenced in: loaders, fonts, tables. */
fpi_err_t *decode_prepare(fpi_task_t *task) FPI_MUST_USE;
/* `bytes` NULL for questions without a document. */
fpi_err_t *decode_serve(decode_answer_t *answer, const fpi_json_t *question, const decode_bytes_t *bytes,
                        fpi_task_t *task) FPI_MUST_USE;

#endif
