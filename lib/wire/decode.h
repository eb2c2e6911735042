/* The client side of fpimage-decode, the jailed helper that looks into hostile bytes: pages, codes, invoice data,
 * pictures. Nothing that came from outside is decoded in this process.
 *
 *   httpd's parent ──starts, watches, restarts──> keeper (fpimage-decode)
 *       │ fork                                       │ forks, limits, ends
 *       └─> children ──connection + open file──────> │ ──> worker (own user, no network, seccomp, rlimits)
 *                                                    └───> LibreOffice, for office documents (own folder, no network)
 *
 * A child asks over a socket that it makes for this one document and hands to the keeper together with nothing else;
 * the keeper gives it to a free worker. The file travels as an open descriptor, so a worker can open no path. It must
 * be a regular file that nobody cuts short meanwhile; its offset is neither used nor moved.
 * Both ends of the control socket stay with the parent, so that documents wait while a keeper is replaced; a keeper
 * ends when nobody holds the clients' end, or when it was told to retire and has nothing in hand.
 *
 * The answer of a look (kept in content.doc):
 *   { "v": 1, "page_count": 3, "pages_looked": 3,
 *     "pages": [ { "n": 1, "width": 1654, "height": 2339, "unit": "px"|"pt", "dpi": 200, "turn": 0|90|180|270,
 *                  "is_blank": false,
 *                  "codes": [ { "kind": "QR"|"BAR", "symbology": "QR-Code", "text": "...",
 *                               "box": [[x,y],[x,y],[x,y],[x,y]] } ] } ],
 *     "evidence": [ ... model/evidence.h ... ],
 *     "notes": [ "..." ] }
 *   turn: clockwise degrees by the file's own orientation (EXIF, /Rotate); width, height and boxes (fractions of 0..1)
 *   are of the page as it is meant to be seen, that is after the turn. is_blank: nothing but paper to see. is_blank and
 *   codes are there for the first pages_looked pages, and when codes were asked for. turn of a PDF is not told.
 *
 * Life:    a decoder is started by httpd's parent, or by the tool for itself; used in children and their threads.
 * Threads: many; each call has its own connection.
 * Limits:  a page has the time of `timeout`, a document FPI_DECODE_ROUNDS times that, a worker the memory of `memory`;
 *          pages looked at: FPI_DECODE_PAGES; at most FPI_DECODE_QUEUE documents wait, then FPI_E_BUSY. */
#ifndef FPI_DECODE_H
#define FPI_DECODE_H

#include "base/task.h"
#include "wire/json.h"
#include "wire/media.h"

#include <stdint.h>
#include <sys/types.h>

enum {
    FPI_DECODE_PAGES = 500,
    FPI_DECODE_QUEUE = 256,
    FPI_DECODE_PIXELS = 100 * 1000 * 1000,
    FPI_DECODE_ROUNDS = 20,
    FPI_DECODE_WORKERS = 64 /* most of them */
};

typedef struct fpi_decoder_t fpi_decoder_t;

typedef struct fpi_decode_options_t {
    const char *program;         /* path of fpimage-decode; NULL: the installed one, or FPIMAGE_DECODE's */
    int workers;                 /* at most at once; they are started when needed and end when idle */
    apr_interval_time_t timeout; /* per page; 0: 30 s */
    int64_t memory;              /* bytes of address space per worker; 0: 1 GiB */
    const char *user;            /* run as, when we are root; NULL: fpimage-decode if there, else nobody */
    const char *office;          /* path of LibreOffice's soffice; NULL: FPIMAGE_SOFFICE's, or where systems have it */
} fpi_decode_options_t;

typedef struct fpi_decode_counts_t { /* may lie in shared memory */
    _Atomic uint64_t documents, failures, kills, restarts, us_total;
} fpi_decode_counts_t;

/* Starts the keeper. Its control socket is closed with `pool`, on which the keeper ends once the last holder is
 * gone. FPI_E_CONFIG when the program can't be run: the sentence says where it was looked for. */
fpi_err_t *fpi_decoder_start(fpi_decoder_t **decoder, apr_pool_t *pool, const fpi_decode_options_t *options,
                             fpi_task_t *task) FPI_MUST_USE;
/* As start, for a parent that keeps it until its process ends: nothing is registered on `pool`. A keeper that can't be
 * started leaves a decoder without one, for restart to try again; *decoder is NULL only when sockets are missing. */
fpi_err_t *fpi_decoder_make(fpi_decoder_t **decoder, apr_pool_t *pool, const fpi_decode_options_t *options,
                            fpi_task_t *task) FPI_MUST_USE;
/* The keeper's process, for whoever watches it; 0: there is none. */
pid_t fpi_decoder_pid(const fpi_decoder_t *decoder);
/* A new keeper on the same control socket. `options` NULL: those it had. The keeper there was, if it lives, ends once
 * the documents that it has in hand are done; its process is for the caller to reap. */
fpi_err_t *fpi_decoder_restart(fpi_decoder_t *decoder, const fpi_decode_options_t *options,
                               fpi_task_t *task) FPI_MUST_USE;
/* Tells the keeper to end when its work is done; nothing is started in its place. */
void fpi_decoder_retire(fpi_decoder_t *decoder);
/* The keeper's process has ended and was reaped. */
void fpi_decoder_forget(fpi_decoder_t *decoder);
/* How its workers are fenced in: "name value" lines, as the keeper found them (tools/decode_jail.h); "" unknown. */
const char *fpi_decoder_about(const fpi_decoder_t *decoder);
/* A handle of the same decoder that counts into `counts`, for one child. */
fpi_decoder_t *fpi_decoder_use(const fpi_decoder_t *decoder, fpi_decode_counts_t *counts, apr_pool_t *pool);

typedef struct fpi_decode_want_t {
    bool codes;                  /* QR and bar codes of each page */
    bool invoice;                /* evidence of invoices */
} fpi_decode_want_t;

/* Failures of both: FPI_E_UNREADABLE the bytes are damaged, or can't be shown ("no preview", naming why);
 * FPI_E_DECODER the helper died, ran out of time or memory on it (may work another time, but needn't);
 * FPI_E_BUSY too many wait; FPI_E_GONE called off. */
fpi_err_t *fpi_decode_look(fpi_json_t **doc, fpi_decoder_t *decoder, int fd, fpi_media_t media,
                           const fpi_decode_want_t *want, fpi_task_t *task) FPI_MUST_USE;

typedef struct fpi_picture_t {
    int page;                    /* from 1 */
    int width, height;           /* the box it must fit in, px; never enlarged beyond the page at 300 dpi */
    int rotation;                /* clockwise, after the page's own turn */
} fpi_picture_t;

/* A JPEG (PNG where the page has transparency or fewer than 256 colours) of one page, into `put`, which must not
 * wait for a network: the worker waits with it. */
fpi_err_t *fpi_decode_render(fpi_media_t *media, fpi_decoder_t *decoder, int fd, fpi_media_t source,
                             const fpi_picture_t *want,
                             fpi_err_t *(*put)(void *baton, const void *data, size_t len, fpi_task_t *task),
                             void *baton, fpi_task_t *task) FPI_MUST_USE;

/* An office document (Word, Excel, PowerPoint) as PDF, by LibreOffice where it is installed, into `put`; one at a time,
 * with twice a page's time. FPI_E_UNREADABLE: there is none, or it can't. */
fpi_err_t *fpi_decode_office(fpi_decoder_t *decoder, int fd, fpi_media_t media,
                             fpi_err_t *(*put)(void *baton, const void *data, size_t len, fpi_task_t *task), void *baton,
                             fpi_task_t *task) FPI_MUST_USE;

/* A cover page for an image number, as PDF (A4) with its QR code at the top right, number and lines of text below. */
typedef struct fpi_cover_print_t {
    const char *number;          /* what the QR says */
    const char *title;           /* may be NULL */
    const char *lines[8];        /* further lines, NULL ends */
} fpi_cover_print_t;
fpi_err_t *fpi_decode_print_cover(fpi_decoder_t *decoder, const fpi_cover_print_t *cover, int count,
                                  fpi_err_t *(*put)(void *baton, const void *data, size_t len, fpi_task_t *task),
                                  void *baton, fpi_task_t *task) FPI_MUST_USE;

#endif
