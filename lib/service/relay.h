/* The proxy half: hands a call on to the cloud with the cloud's token of the caller's enterprise in the place of
 * ours, streams both ways, and hands the answer back.
 *
 *   caller ──read()──> [encrypt?] ──> cloud          our token in, cloud's token out; never the other way round
 *   caller <─write()── as it comes <── cloud         401 / errcode 1300: drop the token, repeat once if replayable
 *
 * A caller's Accept-Encoding becomes "identity" where a token goes with the call: a compressed answer would hide its
 * errcode.
 *
 * Life:    requests only.
 * Threads: the request's.
 * Limits:  memory per exchange is constant, but for bodies that must be seen whole: those to be encrypted, signed
 *          anew or replayed (up to FPI_RELAY_REPLAY bytes are kept for a repeat, FPImageMaxJSON where whole). */
#ifndef FPI_RELAY_H
#define FPI_RELAY_H

#include "service/app.h"
#include "service/call.h"

enum { FPI_RELAY_REPLAY = 64 * 1024 };

/* For Allow. TRACE would show the cloud's token to the caller, CONNECT asks for another host. */
#define FPI_RELAY_METHODS "GET, POST, HEAD, PUT, DELETE, PATCH, OPTIONS"

/* Relays; call->path is normalised. NULL: an answer was streamed (*began). A failure with *began false is still to be answered;
 * with *began true the answer broke in the middle. Access is checked here: a token of ours, or on signed paths
 * (/m4/fpzs/) the sign. */
fpi_err_t *fpi_relay(fpi_app_t *app, fpi_call_t *call, bool *began) FPI_MUST_USE;

#endif
