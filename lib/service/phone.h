/* A phone that lends its camera to one scan session: the desktop's page shows a QR code, the phone opens what it says, and
 * what it takes lies in the tray.
 *
 *   POST .../captures/{id}/phone ──> code in an address, once, 5 minutes ──QR──> POST /api/v1/phone-sessions ──> cookie
 *
 * The phone's session is good for FPI_PHONE_LIFE, for pages into that one open scan session and for nothing else: it sees no
 * bill, no other session, nor what others put into this one. It ends with its user's sessions, when the scan session is
 * finished or taken away, or by DELETE. The code stands behind "#", which browsers send to nobody.
 *
 * Life:    the request's.
 * Threads: any.
 * Limits:  a new code ends those of the same scan session that were not used. */
#ifndef FPI_PHONE_H
#define FPI_PHONE_H

#include "service/api.h"
#include "service/app.h"
#include "service/call.h"

#define FPI_PHONE_CODE apr_time_from_sec(5 * 60)
#define FPI_PHONE_LIFE apr_time_from_sec(30 * 60)

/* FPI_E_ROLE when a phone calls another route than the few that are its own. */
fpi_err_t *fpi_phone_check(const fpi_call_t *call, const fpi_route_t *route) FPI_MUST_USE;
/* Its scan session and what it sends along: the answer of GET /api/v1/session. */
fpi_err_t *fpi_phone_tell(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;

#endif
