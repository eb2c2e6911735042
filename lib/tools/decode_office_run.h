/* Runs LibreOffice on one document of strangers, fenced in: it can read programs and fonts, read and write one folder of
 * its own, and nothing else; it has no network, and limits of memory, time and file size. It needs to start programs
 * and make files, so it can't have the jail of decode_jail.h.
 *
 * Life:    one conversion.
 * Threads: a process that has one.
 * Limits:  DECODE_OFFICE_FILE bytes for any file that it writes; the memory said, at least DECODE_OFFICE_MEMORY. */
#ifndef FPI_DECODE_OFFICE_RUN_H
#define FPI_DECODE_OFFICE_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { DECODE_OFFICE_FILE = 256 * 1024 * 1024 };
#define DECODE_OFFICE_MEMORY ((int64_t)4 << 30)

typedef struct decode_office_t {
    const char *program;         /* soffice */
    const char *folder;          /* its own: the document lies there, its PDF is to */
    const char *name;            /* of the document in there */
    int seconds;
    int64_t memory;              /* bytes of address space */
} decode_office_t;

/* How LibreOffice ended: 0 well; else `why` (of at least 120 bytes) says it. It and all that it started may go on for a
 * moment where it took too long: they are of the caller's process group. */
int decode_office_run(const decode_office_t *office, char *why, size_t room);

#endif
