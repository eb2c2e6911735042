/* What a network scanner can do, what it is asked to do, and what keeps it from doing it. Not how it is called: that is
 * remote/escl.
 *
 * Life:    plain data in the pool of whoever made it.
 * Threads: none of its own.
 * Limits:  FPI_SCAN_RESOLUTIONS resolutions of a source. */
#ifndef FPI_SCAN_H
#define FPI_SCAN_H

#include "base/task.h"

#include <stdint.h>

enum { FPI_SCAN_RESOLUTIONS = 16, FPI_SCAN_DPI_LEAST = 75, FPI_SCAN_DPI_MOST = 1200, FPI_SCAN_UNITS = 300 };

/* AUTO: the feeder where there is one. */
typedef enum fpi_scan_source_t { FPI_SCAN_AUTO, FPI_SCAN_FEEDER, FPI_SCAN_FLATBED, FPI_SCAN_SOURCES } fpi_scan_source_t;
typedef enum fpi_scan_color_t { FPI_SCAN_COLOR, FPI_SCAN_GRAY, FPI_SCAN_MONO, FPI_SCAN_COLORS } fpi_scan_color_t;
typedef enum fpi_scan_format_t { FPI_SCAN_JPEG, FPI_SCAN_PDF, FPI_SCAN_FORMATS } fpi_scan_format_t;
/* MAX: all that the source takes. */
typedef enum fpi_scan_paper_t {
    FPI_SCAN_A4, FPI_SCAN_A5, FPI_SCAN_LETTER, FPI_SCAN_LEGAL, FPI_SCAN_MAX, FPI_SCAN_PAPERS
} fpi_scan_paper_t;

typedef struct fpi_scan_settings_t {
    fpi_scan_source_t source;
    bool is_duplex;              /* of the feeder only */
    int dpi;
    fpi_scan_color_t color;
    fpi_scan_format_t format;
    fpi_scan_paper_t paper;
} fpi_scan_settings_t;

/* "FEEDER", "COLOR", "JPEG", "A4" ...; and back: -1 when there is none of that name. */
const char *fpi_scan_source_name(fpi_scan_source_t source);
const char *fpi_scan_color_name(fpi_scan_color_t color);
const char *fpi_scan_format_name(fpi_scan_format_t format);
const char *fpi_scan_paper_name(fpi_scan_paper_t paper);
int fpi_scan_source_find(const char *name);
int fpi_scan_color_find(const char *name);
int fpi_scan_format_find(const char *name);
int fpi_scan_paper_find(const char *name);

/* One way of feeding. Lengths in 1/FPI_SCAN_UNITS inch; 0 where the scanner does not say. */
typedef struct fpi_scan_input_t {
    bool is_there;
    bool has_color[FPI_SCAN_COLORS], has_format[FPI_SCAN_FORMATS];
    int dpi[FPI_SCAN_RESOLUTIONS], dpi_count; /* rising */
    int width, height;
} fpi_scan_input_t;

typedef struct fpi_scan_caps_t {
    const char *model, *serial;  /* "" where it does not say; at most 100 bytes, no control characters */
    const char *version;         /* of eSCL, digits and dots: what it is spoken to in */
    fpi_scan_input_t flatbed, feeder, duplex;
} fpi_scan_caps_t;

/* Puts a resolution into the rising list, once, when there is room and it is a sane one. */
void fpi_scan_input_add_dpi(fpi_scan_input_t *input, int64_t dpi);
/* The one that the settings, source settled, are for. */
const fpi_scan_input_t *fpi_scan_input_of(const fpi_scan_caps_t *caps, const fpi_scan_settings_t *settings);
/* The part that is scanned, in 1/FPI_SCAN_UNITS inch; 0 and 0: can't be told, the scanner's own standard. */
void fpi_scan_region(int *width, int *height, const fpi_scan_input_t *input, fpi_scan_paper_t paper);
/* AUTO becomes a source, and a JPEG a PDF where the scanner makes no other; FPI_E_FIELD says what it can't do and what it
 * could. */
fpi_err_t *fpi_scan_settle(fpi_scan_settings_t *settings, const fpi_scan_caps_t *caps, fpi_task_t *task) FPI_MUST_USE;

/* ---- problems ---- */
typedef enum fpi_scan_problem_t {
    FPI_SCAN_FINE,
#define FPI_SCAN_PROBLEM(symbol, zh, en, zh_remedy, en_remedy) FPI_SCAN_IS_##symbol,
#include "model/scan_problems.def"
#undef FPI_SCAN_PROBLEM
    FPI_SCAN_PROBLEMS
} fpi_scan_problem_t;

const char *fpi_scan_problem_symbol(fpi_scan_problem_t problem);
/* FINE when it is none. */
fpi_scan_problem_t fpi_scan_problem_find(const char *symbol);
const char *fpi_scan_problem_text(fpi_scan_problem_t problem, const char *lang);
const char *fpi_scan_problem_remedy(fpi_scan_problem_t problem, const char *lang);

/* ---- what it says of itself at the moment ---- */
typedef enum fpi_scan_state_t {
    FPI_SCAN_UNKNOWN, FPI_SCAN_IDLE, FPI_SCAN_PROCESSING, FPI_SCAN_TESTING, FPI_SCAN_STOPPED, FPI_SCAN_DOWN
} fpi_scan_state_t;
const char *fpi_scan_state_name(fpi_scan_state_t state);

typedef struct fpi_scan_status_t {
    fpi_scan_state_t state;
    fpi_scan_problem_t feeder;   /* FEEDER_EMPTY, JAM ...; FINE: loaded, or nothing is known */
    bool is_loaded;              /* it says that paper lies in the feeder */
} fpi_scan_status_t;

#endif
