/* Covers: which text of a code is an image number, and how covers cut a pile of pages into bills.
 *
 *   pages   C1 a b | C2 C2' c _ | C3 ...      C2' the same cover on the back of its sheet, _ a blank back
 *   cut to  bill 1   bill 2       bill 3      pages before the first cover: a segment without number
 *
 * Life:    results live in the task's pool.
 * Threads: none of its own.
 * Limits:  FPI_RULE_PARTS parts per rule; a number is a legal image number (fpi_bill_take_number). */
#ifndef FPI_COVER_H
#define FPI_COVER_H

#include "base/task.h"

#include <apr_tables.h>
#include <stdint.h>

enum { FPI_RULE_PARTS = 16, FPI_RULES_MAX = 50 };

/* An image-code rule: parts one behind the other, between any two the separator. Without an enabled rule the default
 * holds: the text has a hyphen and none of , ^ | ; } and is no address of the web (those stand on many an invoice). */
typedef struct fpi_rule_part_t {
    enum { FPI_PART_CONSTANT, FPI_PART_DIGITS } kind;
    const char *text;            /* CONSTANT: compared without case */
    int least, most;             /* DIGITS: how many */
} fpi_rule_part_t;

typedef struct fpi_rule_t {
    int64_t id, tenant;
    const char *name;
    fpi_rule_part_t parts[FPI_RULE_PARTS];
    int part_count;
    char separator;              /* 0 none, or one of - / . \ */
    bool is_enabled;
    const char *type_code;       /* of bills whose number it is; NULL: not said */
    int64_t version;
    apr_time_t created;
} fpi_rule_t;

/* FPI_E_FIELD naming the part. */
fpi_err_t *fpi_rule_check(const fpi_rule_t *rule, fpi_task_t *task) FPI_MUST_USE;

/* Why a text is no number by one rule. */
typedef struct fpi_miss_t {
    const char *rule;            /* its name; NULL: of the default, or of image numbers as such */
    const char *zh, *en;
} fpi_miss_t;
/* The image number that the text is by the enabled rules (the first that fits; *by: its name, NULL the default), or
 * NULL. `misses` (fpi_miss_t), unless NULL, gets a row for each rule that was tried in vain. */
const char *fpi_cover_number(const char *text, const fpi_rule_t *rules, int count, const char **by,
                             apr_array_header_t *misses, fpi_task_t *task);

/* A code seen on a page. */
typedef struct fpi_code_seen_t {
    bool is_qr;
    const char *text;
} fpi_code_seen_t;

typedef enum fpi_role_t {
    FPI_ROLE_AUTO = -1, FPI_ROLE_COVER = 0, FPI_ROLE_INVOICE = 1, FPI_ROLE_ATTACHMENT = 2, FPI_ROLE_BLANK = 3
} fpi_role_t;

typedef struct fpi_leaf_t {      /* one page, in the order of the pile */
    int64_t id;
    const fpi_code_seen_t *codes;
    int code_count;
    bool is_known;               /* it was looked at; else its codes aren't known yet */
    bool is_blank, has_invoice;  /* by the look */
    fpi_role_t said;             /* AUTO, or what a clerk said */
    const char *number;          /* typed in: this page begins that bill; NULL */
    /* ---- the result ---- */
    fpi_role_t role;             /* never AUTO */
    const char *note;            /* zh: what a clerk should know ("barcode found; ..."), NULL */
    const char *note_en;
} fpi_leaf_t;

typedef struct fpi_segment_t {
    const char *number;          /* NULL: pages without a cover */
    int first, count;            /* leaves */
    bool is_waiting;             /* some leaf is not known yet: the cut may move */
    const char *problem, *problem_en; /* this segment can't be filed as it is; NULL */
} fpi_segment_t;

/* Cuts: every leaf is in exactly one segment, in order. `number` not NULL: one segment of that number, covers of other
 * numbers are a problem of it. A cover again (its back, or the next sheet) belongs to the segment that it follows; the
 * same number apart from the first is a problem of the later one. A page with a bar code that would be a number begins
 * a segment that waits for a clerk to type it in: filed with the bill before it, it would be lost. Blank pages before a
 * cover are of its segment. */
fpi_err_t *fpi_cover_cut(fpi_segment_t **segments, int *count, fpi_leaf_t *leaves, int leaf_count, const char *number,
                         const fpi_rule_t *rules, int rule_count, fpi_task_t *task) FPI_MUST_USE;

#endif
