/* Which handler would serve a call to an unknown path, and the FPImageRoute line for it: a guess by the names that it
 * sent and the words of its path, with reasons. For the tool and the console.
 *
 * Life:    results live in the task's pool.
 * Threads: any.
 * Limits:  FPI_SUGGESTIONS of them. */
#ifndef FPI_SUGGEST_H
#define FPI_SUGGEST_H

#include "store/pushes.h"
#include "wire/json.h"

enum { FPI_SUGGESTIONS = 3 };

typedef struct fpi_suggestion_t {
    const char *handler;
    const char *line;      /* "FPImageRoute METHOD PATH handler" */
    const char *sureness;  /* "high", "medium", "low" */
    int score;
    fpi_json_t *reasons;   /* texts in the task's language */
    const char *obstacle;  /* why the line can't be used, or NULL */
} fpi_suggestion_t;

/* The best first; returns how many fit at all. */
int fpi_suggest(fpi_suggestion_t out[FPI_SUGGESTIONS], const fpi_journal_t *entry, fpi_task_t *task);

#endif
