/* Who may push at all, and putting a push of the log back to work, whatever became of it: for the tool and the console.
 *
 * Life:    results live in the task's pool.
 * Threads: any.
 * Limits:  a push whose body was kept. */
#ifndef FPI_PUSH_H
#define FPI_PUSH_H

#include "service/app.h"
#include "service/call.h"

/* Before a byte of the body is read: a push that brings a token is refused (and logged) when that is not good. A token is
 * not needed; the address list holds for who has neither it nor a sign, which may stand in the body. FPI_E_TOKEN. */
fpi_err_t *fpi_push_check(fpi_app_t *app, fpi_call_t *call) FPI_MUST_USE;

/* One that was taken: its pull is queued. One that was refused goes through the intake again, with the push table as it
 * is now; its row in the log becomes what it is then, or tells why it is refused again. app->people must be there.
 * *result: "queued" (a pull), "taken", "unchanged", "older". FPI_E_ABSENT; FPI_E_STATE when nothing of it was kept; the
 * intake's refusals. */
fpi_err_t *fpi_push_replay(const char **result, fpi_app_t *app, int64_t id, fpi_task_t *task) FPI_MUST_USE;

#endif
