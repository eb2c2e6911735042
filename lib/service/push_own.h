/* What push.c and push_again.c share. Private to these.
 *
 * Life:    one call, or one push of the log that is taken up again.
 * Threads: the call's.
 * Limits:  those of the intake (push.c). */
#ifndef FPI_PUSH_OWN_H
#define FPI_PUSH_OWN_H

#include "service/forms.h"
#include "service/handlers.h"

typedef struct fpi_push_notice_t {
    const fpi_json_t *object;
    fpi_identity_t id;
    const fpi_enterprise_t *enterprise; /* whose bill it is; NULL when only the push table knows it */
    int64_t tenant;
    const char *tax_no;
    const char *body, *sha; /* the body as it came where that was this notice alone, else made anew */
    bool is_known;      /* its sender: he is admitted, or names an enterprise of ours from where he may push */
    bool is_document;   /* brings the invoices along */
    const char *result; /* "taken", "unchanged", "older", "void": the bill takes nothing any more */
    const char *number; /* of the bill that it went to */
} fpi_push_notice_t;

typedef struct fpi_push_intake_t {
    fpi_app_t *app;
    fpi_call_t *call;
    const char *text;        /* of the body */
    const fpi_json_t *whole; /* what stands in it; NULL: it came encrypted */
    fpi_push_notice_t *notices;
    int count;
    bool is_list;          /* each notice has an answer of its own */
    int at;                /* the notice in hand */
    fpi_identity_t beside; /* what is said beside the notices: in query, headers, wrappers */
    bool is_trusted;       /* came with a token of ours, or signed as a whole */
    int64_t row;           /* of the push log, of one that was refused and is taken up again; 0: it came just now */
} fpi_push_intake_t;

/* The body, and the notices in it with who sent them. */
fpi_err_t *fpi_push_read(fpi_push_intake_t *in) FPI_MUST_USE;
/* fpi_tx_fn, with the intake: all notices, or none; in->at says which one failed. */
fpi_err_t *fpi_push_take(fpi_tx_t *tx, void *baton, fpi_task_t *task) FPI_MUST_USE;
/* Is the sender to hear that it is refused, and not a fault that passes? And why, in the words of the push log. */
bool fpi_push_is_ours_to_tell(const fpi_err_t *err);
const char *fpi_push_reason(const fpi_err_t *why);

#endif
