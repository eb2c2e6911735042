/* What the directives name on the disk: can it be used as what it is named for? Looked at, nothing is made or opened for
 * long. Paths that are not there yet are fine where set-up makes them.
 *
 *   httpd -t      fpi_named_check     all that can be seen from outside
 *   start         fpi_named_anchors, fpi_named_program as httpd's user: they stop it
 *   restart       the same two: a warning, what is named is of no use until it is put right, all else serves
 *   doctor        the same two
 *
 * Life:    failures in the task's pool.
 * Threads: any.
 * Limits:  none. */
#ifndef FPI_NAMED_FILES_H
#define FPI_NAMED_FILES_H

#include "base/task.h"
#include "service/settings.h"

/* FPImageUpstreamCA: can it be read, and is there a certificate in it (PEM)? FPI_E_CONFIG. */
fpi_err_t *fpi_named_anchors(const fpi_settings_t *settings, fpi_task_t *task) FPI_MUST_USE;
/* FPImageEventCommand: a file that we may run? FPI_E_CONFIG. */
fpi_err_t *fpi_named_program(const fpi_settings_t *settings, fpi_task_t *task) FPI_MUST_USE;
/* Both, and: what is there already, is it a directory or a file as its directive wants, the key file for its owner only?
 * FPI_E_CONFIG naming directive, path and what is wanted. */
fpi_err_t *fpi_named_check(const fpi_settings_t *settings, fpi_task_t *task) FPI_MUST_USE;

#endif
