/* The client side of fpimage-decode, the jailed helper that looks into hostile bytes: pages, codes, invoice data,
 * pictures. Nothing that came from outside is decoded in this process.
 *
 *   httpd's parent ──starts, watches, restarts──> keeper (fpimage-decode)
 *       │ fork                                       │ forks, limits, ends
 *       └─> children ──connection + open file──────> │ ──> worker (own user, no network, seccomp, rlimits)
 *
 * A child asks over a socket that it makes for this one document and hands to the keeper together with nothing else;
 * the keeper gives it to a free worker. The file travels as an open descriptor, so a worker can open no path.
 * The keeper's control socket is inherited over fork; it ends when nobody holds the other end.
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
 *   are of the page as it is meant to be seen, that is after the turn. is_blank: nothing but paper to see.
 *
 * Life:    a decoder is started by httpd's parent, or by the tool for itself; used in children and their threads.
 * Threads: many; each call has its own connection.
 * Limits:  a document has the time of `timeout`, a worker the memory of `memory`; pages looked at: FPI_DECODE_PAGES;
 *          at most FPI_DECODE_QUEUE documents wait, then FPI_E_BUSY. */
#ifndef FPI_DECODE_H
#define FPI_DECODE_H

#include "base/task.h"
#include "wire/json.h"
#include "wire/media.h"

#include <stdint.h>

enum { FPI_DECODE_PAGES = 500, FPI_DECODE_QUEUE = 256, FPI_DECODE_PIXELS = 100 * 1000 * 1000 };

typedef struct fpi_decoder_t fpi_decoder_t;

typedef struct fpi_decode_options_t {
    const char *program;         /* path of fpimage-decode; NULL: the installed one, or FPIMAGE_DECODE's */
    int workers;                 /* at most at once; they are started when needed and end when idle */
    apr_interval_time_t timeout; /* per document */
    int64_t memory;              /* bytes of address space per worker */
    const char *user;            /* run as, when we are root; NULL: fpimage-decode if there, else nobody */
} fpi_decode_options_t;

/* Starts the keeper. Its control socket is closed with `pool`, on which the keeper ends once the last holder is
 * gone. FPI_E_CONFIG when the program can't be run: the sentence says where it was looked for. */
fpi_err_t *fpi_decoder_start(fpi_decoder_t **decoder, apr_pool_t *pool, const fpi_decode_options_t *options,
                             fpi_task_t *task) FPI_MUST_USE;
/* The keeper's process, for whoever watches it; and a new one in its place, on the same control socket. */
pid_t fpi_decoder_pid(const fpi_decoder_t *decoder);
fpi_err_t *fpi_decoder_restart(fpi_decoder_t *decoder, fpi_task_t *task) FPI_MUST_USE;

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

/* A JPEG (PNG where the page has transparency or fewer than 256 colours) of one page, into `put`. */
fpi_err_t *fpi_decode_render(fpi_media_t *media, fpi_decoder_t *decoder, int fd, fpi_media_t source,
                             const fpi_picture_t *want,
                             fpi_err_t *(*put)(void *baton, const void *data, size_t len, fpi_task_t *task),
                             void *baton, fpi_task_t *task) FPI_MUST_USE;

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
