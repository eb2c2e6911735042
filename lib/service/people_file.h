/* Users, organisations and scan points by the file: one table of columns says what a first line may name, what the template
 * holds and how a row is read; what becomes of a row is roster.h's to say.
 *
 *   CSV of service/table ─> cells ─> rows (malformed, or told twice: refused) ─> one transaction, row by row ─> report
 *                                                               a dry run, or a refused row, undoes all of it
 *
 * Life:    results live in the task's pool.
 * Threads: any; two imports at once end one after the other.
 * Limits:  FPI_PEOPLE_FILE_LINES lines; one-time passwords for as many new users as the caller allows, 60 ms each. */
#ifndef FPI_PEOPLE_FILE_H
#define FPI_PEOPLE_FILE_H

#include "base/text.h"
#include "service/app.h"
#include "service/roster.h"

#include <apr_tables.h>

enum { FPI_PEOPLE_FILE_LINES = 10000 };

typedef enum fpi_people_list_t { FPI_LIST_USERS, FPI_LIST_ORGS, FPI_LIST_POINTS, FPI_LISTS } fpi_people_list_t;

/* How it is imported; a set of these. */
enum {
    FPI_FILE_DRY = 1,            /* only say what would become of it */
    FPI_FILE_PARTIAL = 2,        /* store what is right although something is refused */
    FPI_FILE_PASSWORDS = 4       /* one-time passwords for new users; told once, in the report */
};

typedef struct fpi_people_line_t {
    int line;
    const char *subject;         /* who or what it is about, as the file has it; NULL: it does not say */
    fpi_roster_told_t told;
    const fpi_secret_t *password; /* NULL: none */
} fpi_people_line_t;

typedef struct fpi_people_report_t {
    apr_array_header_t *lines;   /* fpi_people_line_t */
    int counts[FPI_ROSTER_RESULTS];
    bool is_stored;
} fpi_people_report_t;

/* `csv` is overwritten. Fails for a file that is none as a whole (its first line, too many lines, too many passwords);
 * what is wrong with a line stands in the line. `by` must hold what the rows give; NULL: ourselves. */
fpi_err_t *fpi_people_import(fpi_people_report_t *out, fpi_app_t *app, const fpi_viewer_t *by, fpi_people_list_t list,
                             fpi_secret_t *csv, unsigned how, int passwords_most, fpi_task_t *task) FPI_MUST_USE;

/* The report of family C and the tool: {is_dry_run, is_stored, added, changed, unchanged, refused, lines: [{line, subject,
 * result, field, reason, changes, one_time_password}]}. A result that was undone is NOT_STORED. */
fpi_json_t *fpi_people_report_form(const fpi_people_report_t *report, unsigned how, fpi_task_t *task);

/* An empty list to fill in: as CSV the first line; as a workbook a second sheet says what each column takes. */
fpi_err_t *fpi_people_template(fpi_buf_t **bytes, fpi_app_t *app, fpi_people_list_t list, bool is_workbook, fpi_task_t *task)
    FPI_MUST_USE;

/* ---- between the files of this noun ---- */
enum { FPI_LIST_COLUMNS = 8, FPI_COLUMN_NAMES = 5, FPI_COLUMN_WORDS = 50 };

typedef struct fpi_list_column_t {
    const char *names[FPI_COLUMN_NAMES]; /* in a first line: Chinese, English, others; the second is the field's */
    bool is_needed;              /* a file must have it */
    const char *zh, *en;         /* what it takes */
} fpi_list_column_t;

/* One row: a cell for each column, "" where the file has none. */
typedef fpi_err_t *fpi_list_row_fn(fpi_roster_told_t *out, fpi_tx_t *tx, const fpi_viewer_t *by, const char *const *cells,
                                   const char *hash, fpi_task_t *task);

typedef struct fpi_list_t {
    const char *zh, *en;         /* its name, of the sheet */
    int count, keys;             /* the first `keys` columns say who it is: no two lines may share one */
    const fpi_list_column_t *columns;
    fpi_list_row_fn *put;
} fpi_list_t;

const fpi_list_t *fpi_list_of(fpi_people_list_t list);
/* A key in the one form that is compared: NULL for a blank one. */
const char *fpi_list_key(const fpi_list_t *list, int column, const char *cell, fpi_task_t *task);

#endif
