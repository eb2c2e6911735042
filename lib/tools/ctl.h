/* What the parts of fpimagectl share: the command at hand, its options, its store, its output.
 *
 *   main ─> arguments ─> command table ─> run(ctl) ─> one JSON document, or tables for people ─> exit code
 *
 * A command returns a failure or NULL; ctl->exit stays 0 unless a check failed. In JSON there is one document on
 * standard output whatever happens; logs go to standard error.
 *
 * Life:    one run of the program.
 * Threads: one.
 * Limits:  those of the store's lists. */
#ifndef FPI_CTL_H
#define FPI_CTL_H

#include "service/admin.h"
#include "service/settings.h"
#include "wire/json.h"

#include <apr_hash.h>
#include <sys/types.h>

typedef enum ctl_exit_t {
    CTL_DONE = 0,
    CTL_FAILED = 1,   /* a check failed, or what was asked for is not there */
    CTL_USAGE = 2,
    CTL_NO_STORE = 3,
    CTL_REFUSED = 4   /* by the other side */
} ctl_exit_t;

typedef struct ctl_t ctl_t;

/* A word of `options` ends with "!" when the command can't do without. */
typedef struct ctl_command_t {
    const char *noun, *verb;  /* verb NULL: the noun alone */
    const char *args;         /* positional ones, for the usage; "" none */
    int least, most;          /* how many of them */
    const char *options;      /* names, blanks between */
    const char *en, *zh;      /* one line of help */
    fpi_err_t *(*run)(ctl_t *ctl);
} ctl_command_t;

struct ctl_t {
    fpi_task_t *task;
    bool is_json, is_zh;
    const ctl_command_t *command;
    apr_hash_t *options;      /* name -> value, "" of a flag */
    const char **args;        /* positional ones behind the command's words */
    int arg_count;
    ctl_exit_t exit;
    bool is_answered;         /* the JSON document is out */
    fpi_json_t *more;         /* further members of the error's object, or NULL */

    const fpi_settings_t *settings; /* once ctl_read_settings was called */
    const char *user;               /* httpd's by the configuration, or NULL */
    const char *conf;               /* the configuration's file, or NULL */
    bool needs_no_key;              /* said before: nothing that is sealed is read */
    fpi_app_t *app;                 /* once ctl_open was called */
};

/* ---- ctl_args.c ---- */
extern const ctl_command_t ctl_commands[]; /* ended by a row with noun NULL; fpimagectl.c */

/* Takes the command line apart. FPI_E_BAD_REQUEST says what was wrong with it. ctl->command NULL: help is asked for,
 * of the nouns in args. */
fpi_err_t *ctl_parse(ctl_t *ctl, int argc, const char *const *argv) FPI_MUST_USE;
/* The value of an option, or NULL. */
const char *ctl_option(const ctl_t *ctl, const char *name);
bool ctl_has(const ctl_t *ctl, const char *name);
/* A whole number, `otherwise` when it is not given. */
fpi_err_t *ctl_option_int(int64_t *out, ctl_t *ctl, const char *name, int64_t otherwise, int64_t least,
                          int64_t most)
    FPI_MUST_USE;
fpi_err_t *ctl_arg_id(int64_t *out, ctl_t *ctl, int i) FPI_MUST_USE;
/* Help on all commands, or on those of a noun. */
void ctl_help(ctl_t *ctl, const char *noun, bool is_asked_for);
fpi_json_t *ctl_command_names(ctl_t *ctl);

/* ---- ctl_where.c ---- */
/* Reads -c, or makes the settings of -d, with --upstream and --upstream-ca over them. */
fpi_err_t *ctl_read_settings(ctl_t *ctl) FPI_MUST_USE;
/* When we are root: becomes the owner of the data directory, so that files keep their owner. */
fpi_err_t *ctl_become_owner(ctl_t *ctl) FPI_MUST_USE;
fpi_err_t *ctl_become(ctl_t *ctl, uid_t uid, gid_t gid) FPI_MUST_USE;
/* Makes the data directory where it is missing, for httpd's user, whom we become. */
fpi_err_t *ctl_make_data_dir(ctl_t *ctl) FPI_MUST_USE;
/* All of the above and the store; --tenant is the task's from then on. What must be read as root is read before. */
fpi_err_t *ctl_open(ctl_t *ctl) FPI_MUST_USE;
/* The secret that an option names (a file, "-", "env:NAME"); *out NULL when the option is not given. */
fpi_err_t *ctl_secret(fpi_secret_t **out, ctl_t *ctl, const char *option) FPI_MUST_USE;
/* A whole file, or standard input, wiped at the end. */
fpi_err_t *ctl_read_file(fpi_secret_t **out, ctl_t *ctl, const char *path, size_t most) FPI_MUST_USE;

/* ---- ctl_out.c ---- */
typedef enum ctl_look_t { CTL_TEXT, CTL_TIME, CTL_FLAG,
                          CTL_LONG } ctl_look_t; /* LONG: not aligned, last column */

/* A member of an object, and its heading. A list of columns ends with name NULL. */
typedef struct ctl_column_t {
    const char *name, *en, *zh;
    ctl_look_t look;
} ctl_column_t;

/* In JSON: prints the document and returns true. Else false: people want tables. */
bool ctl_json(ctl_t *ctl, const fpi_json_t *doc);
void ctl_table(ctl_t *ctl, const fpi_json_t *list, const ctl_column_t *columns);
/* The list in JSON, or its table. */
void ctl_list(ctl_t *ctl, const fpi_json_t *list, const ctl_column_t *columns);
/* "Heading  value", a line each; absent values are left out. */
void ctl_card(ctl_t *ctl, const fpi_json_t *object, const ctl_column_t *columns);
/* A line for people; nothing in JSON. Control characters are made visible. */
void ctl_say(ctl_t *ctl, const char *zh, const char *en, ...) FPI_PRINTF(2, 4) FPI_PRINTF(3, 4);
/* A sentence in the language of the output. */
const char *ctl_text(ctl_t *ctl, const char *zh, const char *en, ...) FPI_PRINTF(2, 4) FPI_PRINTF(3, 4);
/* A remark on standard error. */
void ctl_warn(ctl_t *ctl, const char *zh, const char *en, ...) FPI_PRINTF(2, 4) FPI_PRINTF(3, 4);
/* Local time, "2026-01-31T08:00:00+08:00"; "-" for 0. */
const char *ctl_time(ctl_t *ctl, apr_time_t when);
/* Text without control characters. */
const char *ctl_clean(ctl_t *ctl, const char *text);
/* What a failure says in the language of the output, with what lies behind it. */
const char *ctl_why(ctl_t *ctl, const fpi_err_t *err);
ctl_exit_t ctl_exit_of(const fpi_err_t *err);
/* Prints the failure, on standard error too; returns the exit code. */
int ctl_fail(ctl_t *ctl, const fpi_err_t *err);

/* A refusal that ends with exit code 2. */
#define ctl_usage(ctl, ...) fpi_refuse((ctl)->task, FPI_E_BAD_REQUEST, NULL, __VA_ARGS__)

/* ---- ctl_bill.c ---- */
struct fpi_bill_t;
/* The bill of that number and --resource of the command; the store is open then. A usage failure when several systems
 * have it, FPI_E_ABSENT. */
fpi_err_t *ctl_find_bill(struct fpi_bill_t **out, ctl_t *ctl, const char *number) FPI_MUST_USE;

/* ---- ctl_delivery.c ---- */
struct fpi_delivery_t;
/* Why the ERP was not told yet, of the oldest that is open. */
const char *ctl_why_delivery(ctl_t *ctl, const struct fpi_delivery_t *delivery);
extern const ctl_column_t ctl_delivery_columns[];

/* ---- ctl_people.c ---- */
/* The values of an option that may be given again, or hold commas; *count -1: it is not given. */
const char *const *ctl_words(int *count, ctl_t *ctl, const char *option);

/* ---- ctl_tenant.c ---- */
/* That of --tenant, where a command has it. */
fpi_err_t *ctl_choose_tenant(ctl_t *ctl) FPI_MUST_USE;

/* ---- the commands ---- */
fpi_err_t *ctl_tenant_list(ctl_t *ctl);
fpi_err_t *ctl_tenant_add(ctl_t *ctl);
fpi_err_t *ctl_tenant_set(ctl_t *ctl);
fpi_err_t *ctl_init(ctl_t *ctl);
fpi_err_t *ctl_version(ctl_t *ctl);
fpi_err_t *ctl_user_list(ctl_t *ctl);
fpi_err_t *ctl_user_add(ctl_t *ctl);
fpi_err_t *ctl_user_reset(ctl_t *ctl);
fpi_err_t *ctl_user_unlock(ctl_t *ctl);
fpi_err_t *ctl_user_disable(ctl_t *ctl);
fpi_err_t *ctl_user_enable(ctl_t *ctl);
fpi_err_t *ctl_user_why(ctl_t *ctl);
fpi_err_t *ctl_user_import(ctl_t *ctl);
fpi_err_t *ctl_grant_list(ctl_t *ctl);
fpi_err_t *ctl_grant_add(ctl_t *ctl);
fpi_err_t *ctl_grant_remove(ctl_t *ctl);
fpi_err_t *ctl_org_import(ctl_t *ctl);
fpi_err_t *ctl_point_import(ctl_t *ctl);
fpi_err_t *ctl_org_list(ctl_t *ctl);
fpi_err_t *ctl_org_add(ctl_t *ctl);
fpi_err_t *ctl_org_move(ctl_t *ctl);
fpi_err_t *ctl_role_list(ctl_t *ctl);
fpi_err_t *ctl_role_set(ctl_t *ctl);
fpi_err_t *ctl_point_list(ctl_t *ctl);
fpi_err_t *ctl_point_add(ctl_t *ctl);
fpi_err_t *ctl_point_bind(ctl_t *ctl);
fpi_err_t *ctl_point_unbind(ctl_t *ctl);
fpi_err_t *ctl_scanner_list(ctl_t *ctl);
fpi_err_t *ctl_scanner_discover(ctl_t *ctl);
fpi_err_t *ctl_scanner_add(ctl_t *ctl);
fpi_err_t *ctl_scanner_set(ctl_t *ctl);
fpi_err_t *ctl_scanner_verify(ctl_t *ctl);
fpi_err_t *ctl_scanner_scan(ctl_t *ctl);
fpi_err_t *ctl_scanner_enable(ctl_t *ctl);
fpi_err_t *ctl_scanner_disable(ctl_t *ctl);
fpi_err_t *ctl_scanner_remove(ctl_t *ctl);
fpi_err_t *ctl_keys_rotate(ctl_t *ctl);
fpi_err_t *ctl_routes(ctl_t *ctl);
fpi_err_t *ctl_url_check(ctl_t *ctl);
fpi_err_t *ctl_doctor(ctl_t *ctl);
fpi_err_t *ctl_enterprise_add(ctl_t *ctl);
fpi_err_t *ctl_enterprise_list(ctl_t *ctl);
fpi_err_t *ctl_enterprise_check(ctl_t *ctl);
fpi_err_t *ctl_enterprise_disable(ctl_t *ctl);
fpi_err_t *ctl_enterprise_enable(ctl_t *ctl);
fpi_err_t *ctl_enterprise_remove(ctl_t *ctl);
fpi_err_t *ctl_enterprise_import(ctl_t *ctl);
fpi_err_t *ctl_erp_add(ctl_t *ctl);
fpi_err_t *ctl_erp_set(ctl_t *ctl);
fpi_err_t *ctl_erp_list(ctl_t *ctl);
fpi_err_t *ctl_erp_show(ctl_t *ctl);
fpi_err_t *ctl_erp_state(ctl_t *ctl);
fpi_err_t *ctl_erp_verify(ctl_t *ctl);
fpi_err_t *ctl_erp_enable(ctl_t *ctl);
fpi_err_t *ctl_erp_disable(ctl_t *ctl);
fpi_err_t *ctl_erp_remove(ctl_t *ctl);
fpi_err_t *ctl_erp_names(ctl_t *ctl);
fpi_err_t *ctl_erp_sync_people(ctl_t *ctl);
fpi_err_t *ctl_erp_people(ctl_t *ctl);
fpi_err_t *ctl_push_table_add(ctl_t *ctl);
fpi_err_t *ctl_push_table_list(ctl_t *ctl);
fpi_err_t *ctl_switch_list(ctl_t *ctl);
fpi_err_t *ctl_switch_set(ctl_t *ctl);
fpi_err_t *ctl_push_table_check(ctl_t *ctl);
fpi_err_t *ctl_push_table_remove(ctl_t *ctl);
fpi_err_t *ctl_bill_show(ctl_t *ctl);
fpi_err_t *ctl_bill_trail(ctl_t *ctl);
fpi_err_t *ctl_bill_match(ctl_t *ctl);
fpi_err_t *ctl_match_rerun(ctl_t *ctl);
fpi_err_t *ctl_bill_resubmit(ctl_t *ctl);
fpi_err_t *ctl_bill_void(ctl_t *ctl);
fpi_err_t *ctl_bill_review(ctl_t *ctl);
fpi_err_t *ctl_bill_sync(ctl_t *ctl);
fpi_err_t *ctl_mode_set(ctl_t *ctl);
fpi_err_t *ctl_mode_show(ctl_t *ctl);
fpi_err_t *ctl_cover_print(ctl_t *ctl);
fpi_err_t *ctl_cover_read(ctl_t *ctl);
fpi_err_t *ctl_cover_without(ctl_t *ctl);
fpi_err_t *ctl_read(ctl_t *ctl);
fpi_err_t *ctl_push_list(ctl_t *ctl);
fpi_err_t *ctl_push_show(ctl_t *ctl);
fpi_err_t *ctl_push_replay(ctl_t *ctl);
fpi_err_t *ctl_delivery_list(ctl_t *ctl);
fpi_err_t *ctl_delivery_show(ctl_t *ctl);
fpi_err_t *ctl_delivery_retry(ctl_t *ctl);
fpi_err_t *ctl_delivery_reconcile(ctl_t *ctl);
fpi_err_t *ctl_journal_list(ctl_t *ctl);
fpi_err_t *ctl_journal_show(ctl_t *ctl);
fpi_err_t *ctl_journal_suggest(ctl_t *ctl);
fpi_err_t *ctl_journal_capture(ctl_t *ctl);
fpi_err_t *ctl_audit_list(ctl_t *ctl);
fpi_err_t *ctl_audit_verify(ctl_t *ctl);
fpi_err_t *ctl_verify(ctl_t *ctl);
fpi_err_t *ctl_storage(ctl_t *ctl);
fpi_err_t *ctl_backup(ctl_t *ctl);
fpi_err_t *ctl_restore(ctl_t *ctl);
fpi_err_t *ctl_export(ctl_t *ctl);

#endif
