/* What a worker gives up before it sees its first document. It keeps: its memory, threads, the sockets it has, reading
 * fonts and tables. It can't: open other files, write any, make sockets, start programs, look at other processes.
 *
 *   limits (address space, files, no core, no file grows; behind httpd for the CPU) ─> Landlock, where the kernel has it ─> seccomp
 *
 * Life:    the process; nothing can be undone.
 * Threads: before there are any.
 * Limits:  files that libraries need must be loaded before, or lie under the paths listed in the source. */
#ifndef FPI_DECODE_JAIL_H
#define FPI_DECODE_JAIL_H

#include "base/task.h"

#include <stdint.h>

/* `memory`: bytes of address space beyond what is used now. A fence that the kernel lacks is passed over (the keeper
 * has told so); one that can't be put up is a failure. */
fpi_err_t *decode_jail_enter(int64_t memory, fpi_task_t *task) FPI_MUST_USE;

/* Tries what must not work and prints "name denied" or "name allowed" for each; true when all were denied. */
bool decode_jail_try(void);

#endif
