/* How the files of a bill lie one behind the other: order, documents made of several files, parts of a file's pages.
 *
 *   1  2  3 3 3  4      one position each, 1 to n; files with the same group_id lie side by side and are one document,
 *                       whose id is that of its first file
 *   split at page 4:    a document's pages count through all its files; a file that is cut becomes parts
 *                       (page_first..page_last of the same content), so that no page is lost and none is there twice
 *
 * An act changes the pile or refuses and leaves it as it was. Files that it makes have ids below 0 until they are
 * stored (store/piles.h).
 *
 * Life:    in the task's pool.
 * Threads: none of its own.
 * Limits:  FPI_PILE_MOST files. */
#ifndef FPI_ARRANGE_H
#define FPI_ARRANGE_H

#include "model/file.h"

enum { FPI_PILE_MOST = 5000 };

typedef struct fpi_pile_t {
    fpi_file_t *files;           /* in order */
    int *pages;                  /* of each file's content: 0 not known yet, -1 it has none to count */
    int count;
    int64_t next;                /* id of the next new file */
} fpi_pile_t;

/* Of the files in their order; positions and documents are put right where they were not. */
fpi_pile_t *fpi_pile_make(const fpi_file_t *files, const int *pages, int count, fpi_task_t *task);
/* Its place from 0, or -1. */
int fpi_pile_find(const fpi_pile_t *pile, int64_t id);
/* Pages that the file stands for: 0 when that is not known yet. */
int fpi_pile_pages(const fpi_pile_t *pile, int at);

/* All files, each once, in the order of the ids. FPI_E_FIELD "order": one is unknown, missing or there twice, or a
 * document would be torn apart. */
fpi_err_t *fpi_pile_order(fpi_pile_t *pile, const int64_t *ids, int count, fpi_task_t *task) FPI_MUST_USE;
/* The named ones first, in that order; the others follow as they lay. */
fpi_err_t *fpi_pile_order_first(fpi_pile_t *pile, const int64_t *ids, int count, fpi_task_t *task) FPI_MUST_USE;
/* The named ones behind `after` and its document; 0: at the front. */
fpi_err_t *fpi_pile_place(fpi_pile_t *pile, const int64_t *ids, int count, int64_t after, fpi_task_t *task)
    FPI_MUST_USE;
/* Two or more files of one kind, and the documents that they belong to, become one document in that order, at the
 * place of the first. */
fpi_err_t *fpi_pile_merge(fpi_pile_t *pile, const int64_t *ids, int count, fpi_task_t *task) FPI_MUST_USE;
/* The document that the file belongs to: each page of `at` (from 2, rising) begins a new one. None: every file of the
 * document by itself, or every page of a file that stands alone. FPI_E_STATE when pages are not known yet. */
fpi_err_t *fpi_pile_split(fpi_pile_t *pile, int64_t id, const int *at, int count, fpi_task_t *task) FPI_MUST_USE;
/* Other bytes in the file's place: kind, label and document stay, rotation and parts are begun anew. FPI_E_DUPLICATE
 * when another file of the bill has these bytes as that kind already. */
fpi_err_t *fpi_pile_replace(fpi_pile_t *pile, int64_t id, const fpi_file_t *with, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_pile_drop(fpi_pile_t *pile, int64_t id, fpi_task_t *task) FPI_MUST_USE;

/* What a file is after it was changed: marked only when its bill was sent back. */
fpi_file_state_t fpi_file_state_changed(fpi_file_state_t state);

#endif
