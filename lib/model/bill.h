/* The image bill: what the ERP announced, its state and the legal moves.
 *
 * Life:    plain data in the pool of whoever made it. What is not known is NULL, but `resource` is "".
 * Threads: none of its own.
 * Limits:  an image number has 1-100 characters, upper case, without blanks inside. */
#ifndef FPI_BILL_H
#define FPI_BILL_H

#include "base/task.h"

#include <stdint.h>

typedef enum fpi_state_t {
#define FPI_STATE(symbol, number, zh, en) FPI_STATE_##symbol = number,
#include "model/states.def"
#undef FPI_STATE
} fpi_state_t;

/* Bit n: state n. In trouble: somebody has to see to it. */
#define FPI_STATES_ALL ((1U << (FPI_STATE_VOID + 1)) - 1)
#define FPI_STATES_TROUBLE (1U << FPI_STATE_RESCAN | 1U << FPI_STATE_MISMATCH | 1U << FPI_STATE_FAILED)

typedef enum fpi_act_t {
#define FPI_ACT(symbol, zh, en) FPI_ACT_##symbol,
#include "model/states.def"
#undef FPI_ACT
    FPI_ACT_COUNT
} fpi_act_t;

/* Wire values of fbusinessModel. */
typedef enum fpi_mode_t { FPI_MODE_NONE = 0, FPI_MODE_BASIC = 1, FPI_MODE_MATCH = 2, FPI_MODE_SYNC = 3 } fpi_mode_t;

typedef struct fpi_bill_t {
    int64_t id, tenant, org;       /* org 0: the top */
    const char *number;            /* image number = scanBillNo */
    const char *resource;          /* which ERP, "EAS"; "" until it is known */
    const char *erp_id;            /* the ERP's key of the bill (bxd_key) */
    const char *bill_no;           /* the ERP's own number */
    const char *type_code;
    const char *type_name;
    const char *tax_no;
    const char *apply_name, *apply_phone, *apply_erp_user;
    const char *org_code, *org_name;
    fpi_state_t state, state_before; /* before a send-back; WAITING: none is remembered */
    bool is_announced;             /* the ERP has pushed it (it is in the pool), not only the cloud */
    bool is_locked;
    const char *voucher;
    const char *reason;            /* of the last send-back or failure */
    const char *reason_by;         /* who gave it: the name that came with it, else the actor; NULL: nobody did */
    const char *doc_sha;           /* of the ERP's last announcement, canonical */
    const char *push_sha;          /* of the assistant's last push in effect, canonical */
    int64_t push_version;          /* its time of change in ms, 0 unknown */
    int64_t owner, point;          /* who filed its first pages, and at which scan point; 0: no person, none */
    int64_t page_count;
    int64_t version;               /* counts the changes of its files */
    apr_time_t created, updated;
} fpi_bill_t;

/* Checks and normalises an image number: trimmed, upper case. FPI_E_NO_NUMBER when it is blank,
 * FPI_E_FIELD (naming `field`) when it is too long or holds a blank or control character. */
fpi_err_t *fpi_bill_take_number(const char **out, const char *text, const char *field,
                                fpi_task_t *task) FPI_MUST_USE;

/* Where `act` leads from the bill's state: by states.def, and a cancelled send-back to `state_before`.
 * FPI_E_STATE naming both, and what to do instead where that is known, when it is not legal. The bill is not changed: who sends back remembers the state,
 * unless it is RESCAN already. */
fpi_err_t *fpi_bill_move(fpi_state_t *to, const fpi_bill_t *bill, fpi_act_t act, fpi_task_t *task)
    FPI_MUST_USE;

const char *fpi_state_name(fpi_state_t state, const char *lang);
const char *fpi_act_name(fpi_act_t act, const char *lang);
/* "RESUBMIT", "TO_RESCAN": as family C and the timeline write them. */
const char *fpi_act_symbol(fpi_act_t act);
const char *fpi_state_symbol(fpi_state_t state);
const char *fpi_mode_name(fpi_mode_t mode); /* "basic", "match", "sync", "" */

#endif
