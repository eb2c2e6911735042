/* Pictures of files for people: `?variant=thumb|page&n=1&size=200`, made once by the decoding helper and kept beside the
 * originals (store/derived.h), which are never touched: a turn by hand is part of the picture's key.
 *
 *   request ─> kept? ─yes─────────────────────────────> sent, with an ETag
 *                └─no─> decode helper ─> kept ─┘          two at once make it twice; one of the two stays
 *
 * A browser may keep a picture for ever when its address says which one it is: `v=<sha256>-<rotation>` of the file as it is;
 * otherwise it asks each time, and is told by the ETag that it has it.
 *
 * n counts the pages of the file, of a part those of the part. size is the edge of the square that the picture fits in,
 * rounded up to the next FPI_VARIANT_STEP.
 *
 * Life:    a request.
 * Threads: the request's, which waits for the helper.
 * Limits:  FPI_VARIANT_LEAST to FPI_VARIANT_MOST pixels, FPI_VARIANT_BYTES of a picture. */
#ifndef FPI_VARIANTS_H
#define FPI_VARIANTS_H

#include "model/file.h"
#include "service/api.h"

enum {
    FPI_VARIANT_STEP = 100,
    FPI_VARIANT_LEAST = 50,
    FPI_VARIANT_MOST = 4000,
    FPI_VARIANT_THUMB = 200,     /* standard sizes */
    FPI_VARIANT_PAGE = 1600,
    FPI_VARIANT_BYTES = 32 * 1024 * 1024
};

/* When the call asks for a variant: answers it (*is_done), of the file's content, part and rotation, which the caller may
 * see. For downloads of files and of captured pages alike. FPI_E_FIELD; FPI_E_ABSENT naming the number of pages;
 * FPI_E_UNREADABLE why it can't be shown; FPI_E_DECODER, _BUSY later. */
fpi_err_t *fpi_variant_answer(bool *is_done, fpi_app_t *app, fpi_call_t *call, const fpi_file_t *file,
                              fpi_answer_t *answer) FPI_MUST_USE;

#endif
