/* Reading what the cloud answers: to our own calls, and whether it refuses a token. Its code is `errcode`, else the
 * `errorCode` of its digital and flagship families.
 *
 * Life:    results live in the task's pool.
 * Threads: all functions may be used at once.
 * Limits:  200 characters of the cloud's words are handed on. */
#ifndef FPI_REPLY_H
#define FPI_REPLY_H

#include "remote/share.h"

/* Does a whole answer say errcode 1300: that the token is wrong or has ended? */
bool fpi_reply_is_token_refused(const char *data, size_t len, fpi_task_t *task);

/* The answer's object when its errcode is 0000. FPI_E_CLOUD_REFUSED with the cloud's words for
 * another one; FPI_E_CLOUD when it is no such answer, or one that may be better later (5xx, 429,
 * "still working on it"). `what` names the call; `secret` never gets into the words. */
fpi_err_t *fpi_reply_read(fpi_json_t **answer, const char *what, int status, const char *data,
                          size_t len, const fpi_secret_t *secret, fpi_task_t *task) FPI_MUST_USE;

/* The token of an answer to a call that was made at `sent` (fpi_clock_now time). */
fpi_err_t *fpi_reply_read_token(fpi_token_t *token, const fpi_json_t *answer, apr_time_t sent,
                                fpi_task_t *task) FPI_MUST_USE;

#endif
