/* The column `parts` is the separator (or a blank), then a line for each part: "C text" or "D least most". */
#include "store/cover_rules.h"

#include "base/clock.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

static const char *format_parts(const fpi_rule_t *rule, apr_pool_t *pool)
{
    const char *out = apr_psprintf(pool, "%c", rule->separator ? rule->separator : ' ');

    for (int i = 0; i < rule->part_count; i++) {
        const fpi_rule_part_t *part = &rule->parts[i];

        out = part->kind == FPI_PART_CONSTANT ? apr_pstrcat(pool, out, "\nC ", part->text, NULL)
                                              : apr_psprintf(pool, "%s\nD %d %d", out, part->least, part->most);
    }
    return out;
}

static bool parse_part(fpi_rule_part_t *part, char *line)
{
    if (strncmp(line, "C ", 2) == 0) {
        part->kind = FPI_PART_CONSTANT;
        part->text = line + 2;
        return true;
    }
    part->kind = FPI_PART_DIGITS;
    return sscanf(line, "D %d %d", &part->least, &part->most) == 2;
}

static fpi_err_t *take_rule(fpi_rule_t *rule, const fpi_rows_t *rows, int row, fpi_task_t *task)
{
    char *state = NULL, *parts;
    int c = 0;

    rule->id = fpi_rows_int(rows, row, c++);
    rule->tenant = fpi_rows_int(rows, row, c++);
    rule->name = fpi_rows_text(rows, row, c++);
    parts = apr_pstrdup(task->pool, fpi_rows_text(rows, row, c++));
    rule->is_enabled = fpi_rows_int(rows, row, c++) != 0;
    rule->version = fpi_rows_int(rows, row, c++);
    rule->created = fpi_rows_int(rows, row, c++);
    rule->type_code = fpi_rows_text(rows, row, c++);
    rule->separator = *parts == ' ' ? '\0' : *parts;
    for (char *line = apr_strtok(parts + 1, "\n", &state); line; line = apr_strtok(NULL, "\n", &state)) {
        if (rule->part_count == FPI_RULE_PARTS || !parse_part(&rule->parts[rule->part_count++], line)) {
            return fpi_fail(task, FPI_E_INTERNAL, "cover rule %" APR_INT64_T_FMT " can't be read from its row: %s",
                            rule->id, line);
        }
    }
    return NULL;
}

fpi_err_t *fpi_cover_rules_list(fpi_rule_t **out, int *count, fpi_tx_t *tx, int64_t tenant, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_COVER_RULE_LIST, FPI_ARGS(fpi_arg_int(tenant)), &rows, NULL, task));
    *count = fpi_rows_count(rows);
    *out = apr_pcalloc(task->pool, (apr_size_t)*count * sizeof(**out));
    for (int i = 0; i < *count; i++) {
        FPI_TRY(take_rule(&(*out)[i], rows, i, task));
    }
    return NULL;
}

fpi_err_t *fpi_cover_rule_find(fpi_rule_t **out, fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_COVER_RULE_FIND, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(id)), &rows, NULL, task));
    *out = NULL;
    if (!fpi_rows_count(rows)) {
        return NULL;
    }
    *out = apr_pcalloc(task->pool, sizeof(**out));
    return take_rule(*out, rows, 0, task);
}

fpi_err_t *fpi_cover_rule_put(fpi_rule_t *rule, fpi_tx_t *tx, fpi_task_t *task)
{
    const char *parts = format_parts(rule, task->pool);

    if (rule->id) {
        rule->version++;
        return fpi_tx_run(tx, FPI_SQL_COVER_RULE_UPDATE,
                          FPI_ARGS(fpi_arg_int(rule->tenant), fpi_arg_int(rule->id), fpi_arg_text(rule->name),
                                   fpi_arg_text(parts), fpi_arg_int(rule->is_enabled), fpi_arg_text(rule->type_code)),
                          NULL, NULL, task);
    }
    rule->version = 1;
    rule->created = fpi_clock_now();
    return fpi_tx_insert(&rule->id, tx, FPI_SQL_COVER_RULE_INSERT,
                         FPI_ARGS(fpi_arg_int(rule->tenant), fpi_arg_text(rule->name), fpi_arg_text(parts),
                                  fpi_arg_int(rule->is_enabled), fpi_arg_int(rule->created),
                                  fpi_arg_text(rule->type_code)),
                         task);
}

fpi_err_t *fpi_cover_rule_drop(fpi_tx_t *tx, const fpi_rule_t *rule, fpi_task_t *task)
{
    return fpi_tx_run(tx, FPI_SQL_COVER_RULE_DROP, FPI_ARGS(fpi_arg_int(rule->tenant), fpi_arg_int(rule->id)), NULL, NULL,
                      task);
}
