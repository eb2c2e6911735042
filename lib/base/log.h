/* Log lines with an id that never changes its meaning.
 * Every line from notice up stands in messages.def: its number, level, and for the manual what it
 * means and what to do, in English and Chinese. Who listens is the caller's affair: httpd's error
 * log in the module, standard error in the tool.
 *
 * Life:    a sink lives as long as the process or child that made it.
 * Threads: sinks must bear many threads at once.
 * Limits:  a line is cut at 4,000 bytes; control characters are escaped, so no input forges a line. */
#ifndef FPI_LOG_H
#define FPI_LOG_H

#include "base/err.h"

typedef enum fpi_level_t {
    FPI_LEVEL_CRIT, FPI_LEVEL_ERROR, FPI_LEVEL_WARN, FPI_LEVEL_NOTICE, FPI_LEVEL_INFO, FPI_LEVEL_DEBUG
} fpi_level_t;

typedef enum fpi_msg_t {
#define FPI_MSG(symbol, number, level, en, remedy, zh, zh_remedy) FPI_M_##symbol = number,
#include "base/messages.def"
#undef FPI_MSG
} fpi_msg_t;

/* One row of messages.def. */
typedef struct fpi_msg_info_t {
    int number;
    fpi_level_t level;
    const char *symbol, *en, *remedy, *zh, *zh_remedy;
} fpi_msg_info_t;

/* `line` is finished text, "FPI0001: ... [trace]". */
typedef struct fpi_log_sink_t {
    void (*write)(void *baton, fpi_level_t level, const char *line);
    void *baton;
    fpi_level_t level; /* lines above this are not even formatted */
} fpi_log_sink_t;

struct fpi_task_t;

/* The table, ended by a row with number 0. */
const fpi_msg_info_t *fpi_msg_table(void);

/* Writes message `msg` with its own level. Secrets must not be among the arguments. */
void fpi_log(struct fpi_task_t *task, fpi_msg_t msg, const char *format, ...) FPI_PRINTF(3, 4);

/* As fpi_log, with the chain of `err` at the end. Once per failure, at the boundary. */
void fpi_log_err(struct fpi_task_t *task, fpi_msg_t msg, const fpi_err_t *err, const char *format,
                 ...) FPI_PRINTF(4, 5);

/* A line without an id, seen with LogLevel fpimage:debug only. */
void fpi_debug(struct fpi_task_t *task, const char *format, ...) FPI_PRINTF(2, 3);

#endif
