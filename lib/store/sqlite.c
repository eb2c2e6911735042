/* SQLite behind backend.h: failures, schema, transactions, statements. Opening: sqlite_open.c. */
#include "store/sqlite_own.h"

#include "store/disk.h"
#include "store/sqlite_sql.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

static const char *const controls[CONTROL_COUNT] = {
    [BEGIN_READ] = "BEGIN",   [BEGIN_WRITE] = "BEGIN IMMEDIATE", [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",  [SAVE] = "SAVEPOINT one",          [KEEP] = "RELEASE one",
    [UNDO] = "ROLLBACK TO one"
};

static const char *const sql_names[] = {
#define FPI_SQL(name) #name,
#include "store/sql_names.def"
#undef FPI_SQL
};

/* ---- failures ---- */

static const struct fault_t {
    int primary;
    const char *remedy;
} faults[] = {
    { SQLITE_FULL, "no room: free some on its file system, or raise the quota" },
    { SQLITE_IOERR, "reading or writing failed: check room, quota and file size limit, and the "
                    "kernel's log for a failing disk" },
    { SQLITE_BUSY, "another process held it for 10 s: end what runs that long (a backup, say)" },
    { SQLITE_LOCKED, "another statement of ours holds it; repeat" },
    { SQLITE_PROTOCOL, "its locks are contended or do not work on this file system" },
    { SQLITE_CANTOPEN, "check that the file and its folder belong to httpd's user" },
    { SQLITE_READONLY, "check that the file and its folder can be written by httpd's user" },
    { SQLITE_PERM, "check that the file and its folder belong to httpd's user" },
    { SQLITE_CORRUPT, "it is damaged: stop httpd, keep a copy, restore the last backup" },
    { SQLITE_NOTADB, "it is no database: restore it, or name another file" },
    { SQLITE_NOMEM, "out of memory" },
};

static const char *find_remedy(int rc)
{
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        if (faults[i].primary == (rc & 0xff)) {
            return faults[i].remedy;
        }
    }
    return NULL;
}

static bool is_unique_rule(int rc)
{
    return rc == SQLITE_CONSTRAINT_UNIQUE || rc == SQLITE_CONSTRAINT_PRIMARYKEY
           || rc == SQLITE_CONSTRAINT_ROWID;
}

fpi_err_t *fpi_sqlite_fail(fpi_db_t *db, int rc, const char *doing, fpi_task_t *task)
{
    const char *remedy = find_remedy(rc);
    int system = sqlite3_system_errno(db->handle);

    if (is_unique_rule(rc)) {
        return fpi_fail(task, FPI_E_DUPLICATE, "%s: %s", doing, sqlite3_errmsg(db->handle));
    }
    if (!remedy) {
        return fpi_fail(task, FPI_E_INTERNAL, "%s: %s (SQLite %d)", doing,
                        sqlite3_errmsg(db->handle), rc);
    }
    if ((rc & 0xff) != SQLITE_IOERR && (rc & 0xff) != SQLITE_CANTOPEN) {
        system = 0;
    }
    return fpi_fail(task, FPI_E_STORE, "%s in %s: %s (SQLite %d)%s%s; %s", doing, db->path,
                    sqlite3_errmsg(db->handle), rc, system ? ", " : "",
                    system ? strerror(system) : "", remedy);
}

/* ---- statements that are run rarely ---- */

int fpi_sqlite_number(fpi_db_t *db, const char *sql, int64_t *number)
{
    sqlite3_stmt *statement;
    int rc = sqlite3_prepare_v2(db->handle, sql, -1, &statement, NULL);

    if (rc != SQLITE_OK) {
        return rc;
    }
    if (sqlite3_step(statement) == SQLITE_ROW) {
        *number = sqlite3_column_int64(statement, 0);
    }
    return sqlite3_finalize(statement);
}

int fpi_sqlite_execute(fpi_db_t *db, const char *sql)
{
    return sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
}

/* ---- transactions ---- */

static fpi_err_t *control(fpi_db_t *db, control_t which, fpi_task_t *task)
{
    sqlite3_stmt **statement = &db->controls[which];
    int rc = SQLITE_OK;

    if (!*statement) {
        rc = sqlite3_prepare_v3(db->handle, controls[which], -1, SQLITE_PREPARE_PERSISTENT,
                                statement, NULL);
    }
    if (rc == SQLITE_OK) {
        int stepped = sqlite3_step(*statement);

        rc = sqlite3_reset(*statement);
        rc = rc == SQLITE_OK && stepped != SQLITE_DONE ? stepped : rc;
    }
    /* rollbacks have no task: that one fails means only that there was nothing left to roll back */
    return rc == SQLITE_OK || !task ? NULL : fpi_sqlite_fail(db, rc, controls[which], task);
}

enum { ROLLBACKS = 3 };

static bool is_open(fpi_db_t *db)
{
    return db->is_begun && !sqlite3_get_autocommit(db->handle);
}

/* A rollback that fails (no memory, say) would leave the lock with us, and nobody could write any more. */
static void rollback(fpi_db_t *db)
{
    for (int i = 0; i < ROLLBACKS && is_open(db); i++) {
        fpi_ignore(control(db, ROLLBACK, NULL));
    }
    db->is_begun = false;
}

static fpi_err_t *begin(fpi_db_t *db, bool is_write, fpi_task_t *task)
{
    fpi_err_t *err;

    if (!sqlite3_get_autocommit(db->handle)) { /* left over from one that could not be rolled back */
        db->is_begun = true;
        rollback(db);
    }
    if (is_write) {
        fpi_sqlite_yield(db);
    }
    err = control(db, is_write ? BEGIN_WRITE : BEGIN_READ, task);
    if (is_write) {
        fpi_sqlite_end_wait(db, !err);
    }
    db->is_begun = !err;
    db->is_write = is_write;
    return err;
}

static fpi_err_t *refuse_lost(fpi_db_t *db, const char *doing, fpi_task_t *task)
{
    return fpi_fail(task, FPI_E_STORE, "%s in %s: the transaction was ended by an earlier failure",
                    doing, db->path);
}

static fpi_err_t *commit(fpi_db_t *db, fpi_task_t *task)
{
    fpi_err_t *err = is_open(db) ? control(db, COMMIT, task) : refuse_lost(db, "COMMIT", task);

    if (err) {
        rollback(db);
    }
    db->is_begun = false;
    return err;
}

static fpi_err_t *save(fpi_db_t *db, fpi_task_t *task)
{
    return is_open(db) ? control(db, SAVE, task) : refuse_lost(db, "SAVEPOINT", task);
}

static fpi_err_t *keep(fpi_db_t *db, fpi_task_t *task)
{
    return is_open(db) ? control(db, KEEP, task) : refuse_lost(db, "RELEASE", task);
}

static int control_quietly(fpi_db_t *db, control_t which)
{
    fpi_ignore(control(db, which, NULL));
    return sqlite3_errcode(db->handle);
}

static bool undo(fpi_db_t *db)
{
    return is_open(db) && control_quietly(db, UNDO) == SQLITE_OK
           && control_quietly(db, KEEP) == SQLITE_OK && is_open(db);
}

/* ---- schema ---- */

static fpi_err_t *refuse_version(fpi_db_t *db, int64_t version, fpi_task_t *task)
{
    if (version > SQL_SCHEMA) {
        return fpi_fail(task, FPI_E_CONFIG, "the database %s has schema %d, this program knows up "
                        "to %d: install the program that made it (or a newer one), or restore a "
                        "backup from before the upgrade", db->path, (int)version, (int)SQL_SCHEMA);
    }
    return fpi_fail(task, FPI_E_CONFIG, "the database %s has schema %d, this program needs %d: run "
                    "fpimagectl init, which brings it up to date", db->path, (int)version,
                    (int)SQL_SCHEMA);
}

/* Inside a write transaction: of several openers one does it and the others find it done. */
static fpi_err_t *migrate_locked(fpi_db_t *db, fpi_task_t *task)
{
    int64_t version = 0;
    char stamp[80];
    int rc = fpi_sqlite_number(db, "PRAGMA user_version", &version);

    if (rc != SQLITE_OK) {
        return fpi_sqlite_fail(db, rc, "reading the schema's number", task);
    }
    if (version > SQL_SCHEMA) {
        return refuse_version(db, version, task);
    }
    for (; version < SQL_SCHEMA; version++) {
        rc = fpi_sqlite_execute(db, sql_migrations[version]);
        if (rc != SQLITE_OK) {
            return fpi_sqlite_fail(db, rc, apr_psprintf(task->pool, "migration %d",
                                                        (int)version + 1), task);
        }
    }
    snprintf(stamp, sizeof(stamp), "PRAGMA application_id=%d; PRAGMA user_version=%d;",
             FPI_SQLITE_APPLICATION, (int)SQL_SCHEMA);
    rc = fpi_sqlite_execute(db, stamp);
    return rc == SQLITE_OK ? NULL : fpi_sqlite_fail(db, rc, "numbering the schema", task);
}

static fpi_err_t *migrate(fpi_db_t *db, bool may_change, int64_t *version, fpi_task_t *task)
{
    fpi_err_t *err;
    int64_t found = 0;
    int rc = fpi_sqlite_number(db, "PRAGMA user_version", &found);

    if (rc != SQLITE_OK) {
        return fpi_sqlite_fail(db, rc, "reading the schema's number", task);
    }
    *version = SQL_SCHEMA;
    if (found == SQL_SCHEMA) {
        return NULL;
    }
    if (found > SQL_SCHEMA || !may_change) {
        return refuse_version(db, found, task);
    }
    FPI_TRY(begin(db, true, task));
    err = migrate_locked(db, task);
    if (err) {
        rollback(db);
        return err;
    }
    return commit(db, task);
}

/* ---- statements ---- */

static fpi_err_t *prepare(sqlite3_stmt **out, fpi_db_t *db, fpi_sql_t sql, int count,
                          fpi_task_t *task)
{
    sqlite3_stmt **statement = &db->statements[sql];

    if (!is_open(db)) {
        /* never by itself: it would commit alone what was meant to be part of a whole */
        return refuse_lost(db, sql_names[sql], task);
    }
    if (!*statement) {
        int rc = sqlite3_prepare_v3(db->handle, sql_texts[sql], -1, SQLITE_PREPARE_PERSISTENT,
                                    statement, NULL);
        if (rc != SQLITE_OK) {
            return fpi_sqlite_fail(db, rc, sql_names[sql], task);
        }
    }
    if (sqlite3_bind_parameter_count(*statement) != count) {
        return fpi_fail(task, FPI_E_INTERNAL, "%s: %d arguments given, %d needed", sql_names[sql],
                        count, sqlite3_bind_parameter_count(*statement));
    }
    if (!db->is_write && !sqlite3_stmt_readonly(*statement)) {
        return fpi_fail(task, FPI_E_INTERNAL, "%s: writes in a read transaction", sql_names[sql]);
    }
    *out = *statement;
    return NULL;
}

static int bind_one(sqlite3_stmt *statement, int at, const fpi_arg_t *arg)
{
    switch (arg->kind) {
    case FPI_ARG_INT:
        return sqlite3_bind_int64(statement, at, arg->number);
    case FPI_ARG_TEXT:
        return sqlite3_bind_text64(statement, at, arg->data, arg->len, SQLITE_STATIC, SQLITE_UTF8);
    case FPI_ARG_BLOB:
        return sqlite3_bind_blob64(statement, at, arg->data, arg->len, SQLITE_STATIC);
    default:
        return sqlite3_bind_null(statement, at);
    }
}

static fpi_arg_t column_at(sqlite3_stmt *statement, int column)
{
    fpi_arg_t value = { FPI_ARG_NULL, 0, NULL, 0 };

    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL:
        break;
    case SQLITE_TEXT:
        value.kind = FPI_ARG_TEXT;
        value.data = sqlite3_column_text(statement, column);
        value.len = (size_t)sqlite3_column_bytes(statement, column);
        break;
    case SQLITE_BLOB:
        value.kind = FPI_ARG_BLOB;
        value.data = sqlite3_column_blob(statement, column);
        value.len = (size_t)sqlite3_column_bytes(statement, column);
        break;
    default:
        value = fpi_arg_int(sqlite3_column_int64(statement, column));
    }
    return value;
}

static bool take_row(fpi_rows_t *rows, sqlite3_stmt *statement, int columns)
{
    if (!fpi_rows_begin(rows)) {
        return false;
    }
    for (int i = 0; i < columns; i++) {
        fpi_arg_t value = column_at(statement, i);

        fpi_rows_put(rows, i, &value);
    }
    return true;
}

static fpi_err_t *step_all(sqlite3_stmt *statement, fpi_db_t *db, fpi_sql_t sql, fpi_rows_t *rows,
                           fpi_task_t *task)
{
    int columns = sqlite3_column_count(statement);
    int rc;

    while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
        if (rows && !take_row(rows, statement, columns)) {
            return fpi_fail(task, FPI_E_INTERNAL, "%s: more than %d rows: it needs a LIMIT",
                            sql_names[sql], (int)FPI_ROWS_MAX);
        }
    }
    return rc == SQLITE_DONE ? NULL : fpi_sqlite_fail(db, rc, sql_names[sql], task);
}

static fpi_err_t *bind_all(sqlite3_stmt *statement, fpi_db_t *db, fpi_sql_t sql,
                           const fpi_arg_t *args, int count, fpi_task_t *task)
{
    for (int i = 0; i < count; i++) {
        int rc = bind_one(statement, i + 1, &args[i]);

        if (rc != SQLITE_OK) {
            return fpi_sqlite_fail(db, rc, sql_names[sql], task);
        }
    }
    return NULL;
}

static fpi_err_t *run(fpi_db_t *db, fpi_sql_t sql, const fpi_arg_t *args, int count,
                      fpi_rows_t **rows, int64_t *changed, int64_t *id, fpi_task_t *task)
{
    fpi_rows_t *found = NULL;
    sqlite3_stmt *statement = NULL;
    fpi_err_t *err;

    FPI_TRY(prepare(&statement, db, sql, count, task));
    if (rows) {
        found = fpi_rows_make(task->pool, sqlite3_column_count(statement));
    }
    sqlite3_set_last_insert_rowid(db->handle, 0);
    err = bind_all(statement, db, sql, args, count, task);
    if (!err) {
        err = step_all(statement, db, sql, found, task);
    }
    if (!err && rows) {
        *rows = found;
    }
    if (!err && changed) {
        *changed = sqlite3_stmt_readonly(statement) ? 0 : sqlite3_changes(db->handle);
    }
    if (!err && id) {
        *id = sqlite3_last_insert_rowid(db->handle);
    }
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return err;
}

/* ---- housekeeping ---- */

static bool is_untidy(fpi_db_t *db)
{
    bool untidy = db->is_untidy;

    db->is_untidy = false;
    return untidy;
}

static void tidy(fpi_db_t *db)
{
    sqlite3_wal_checkpoint_v2(db->handle, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

static int64_t room(fpi_db_t *db)
{
    return fpi_disk_room(db->folder);
}

static const char *version(void)
{
    return sqlite3_libversion();
}

const fpi_backend_t fpi_backend_sqlite = {
    .name = "sqlite",
    .open = fpi_sqlite_open, .close = fpi_sqlite_close, .migrate = migrate,
    .begin = begin, .commit = commit, .rollback = rollback, .is_open = is_open,
    .save = save, .keep = keep, .undo = undo,
    .run = run,
    .is_untidy = is_untidy, .tidy = tidy, .room = room, .version = version,
    .copy = fpi_sqlite_copy
};
