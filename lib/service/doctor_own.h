/* What the doctor's files share with each other. Not for other files.
 *
 *      doctor.c       settings, disk, store and what lies in it
 *      doctor_decode.c  the decoding helper
 *      doctor_erp.c   logins of the business systems
 *      doctor_scanner.c  network scanners
 *      doctor_net.c   the way to the cloud, clock, tokens
 *
 * Life:    one examination.
 * Threads: its own.
 * Limits:  those of doctor.h. */
#ifndef FPI_DOCTOR_OWN_H
#define FPI_DOCTOR_OWN_H

#include "service/doctor.h"

typedef struct fpi_doctor_t {
    fpi_app_t *app;
    const fpi_settings_t *settings;
    const fpi_doctor_options_t *options;
    fpi_task_t *task;
    apr_array_header_t *checks;
} fpi_doctor_t;

/* A sentence in the task's language: two formats over the same arguments. */
const char *fpi_doctor_say(fpi_doctor_t *d, const char *zh, const char *en,
                           ...) FPI_PRINTF(2, 4) FPI_PRINTF(3, 4);
void fpi_doctor_note(fpi_doctor_t *d, const char *name, fpi_health_t health, const char *found,
                     const char *remedy);
/* As it was said, with what lies behind it. */
const char *fpi_doctor_why(fpi_doctor_t *d, const fpi_err_t *err);

void fpi_doctor_look_at_decoder(fpi_doctor_t *d);
void fpi_doctor_look_at_erps(fpi_doctor_t *d);
void fpi_doctor_look_at_scanners(fpi_doctor_t *d);
void fpi_doctor_look_at_cloud(fpi_doctor_t *d);

#endif
