#include "base/log.h"

#include "base/task.h"

#include <apr_strings.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LINE_MAX_LEN = 4000 };

static const fpi_msg_info_t messages[] = {
#define FPI_MSG(symbol, number, level, en, remedy, zh, zh_remedy) \
    { number, FPI_LEVEL_##level, #symbol, en, remedy, zh, zh_remedy },
#include "base/messages.def"
#undef FPI_MSG
    { 0, FPI_LEVEL_DEBUG, NULL, NULL, NULL, NULL, NULL }
};

const fpi_msg_info_t *fpi_msg_table(void)
{
    return messages;
}

static fpi_level_t level_of(fpi_msg_t msg)
{
    for (const fpi_msg_info_t *row = messages; row->number; row++) {
        if (row->number == (int)msg) {
            return row->level;
        }
    }
    return FPI_LEVEL_ERROR;
}

static void escape_controls(char *line)
{
    for (char *c = line; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            *c = '.';
        }
    }
}

FPI_PRINTF(5, 0)
static void write_line(fpi_task_t *task, fpi_level_t level, int number, const char *chain,
                       const char *format, va_list args)
{
    char line[LINE_MAX_LEN + 1];
    size_t at = 0;

    if (number) {
        at = (size_t)snprintf(line, sizeof(line), "FPI%04d: ", number);
    }
    vsnprintf(line + at, sizeof(line) - at, format, args);
    at = strlen(line);
    snprintf(line + at, sizeof(line) - at, "%s%s [%s]", chain ? ": " : "", chain ? chain : "",
             task->trace);
    escape_controls(line);
    task->log->write(task->log->baton, level, line);
}

void fpi_log(fpi_task_t *task, fpi_msg_t msg, const char *format, ...)
{
    fpi_level_t level = level_of(msg);
    va_list args;

    if (level > task->log->level) {
        return;
    }
    va_start(args, format);
    write_line(task, level, (int)msg, NULL, format, args);
    va_end(args);
}

void fpi_log_err(fpi_task_t *task, fpi_msg_t msg, const fpi_err_t *err, const char *format, ...)
{
    fpi_level_t level = level_of(msg);
    va_list args;

    if (level > task->log->level) {
        return;
    }
    va_start(args, format);
    write_line(task, level, (int)msg, fpi_err_chain(task->pool, err), format, args);
    va_end(args);
}

void fpi_debug(fpi_task_t *task, const char *format, ...)
{
    va_list args;

    if (task->log->level < FPI_LEVEL_DEBUG) {
        return;
    }
    va_start(args, format);
    write_line(task, FPI_LEVEL_DEBUG, 0, NULL, format, args);
    va_end(args);
}
