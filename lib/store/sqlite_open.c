/* Opening a SQLite file: is it ours, may we, and how it is to behave.
 *
 *   <db>       pages          a commit is appended to <db>-wal and flushed once (synchronous=FULL)
 *   <db>-wal   the log        readers see the log up to where they began and are blocked by nobody
 *   <db>-shm   its index
 *
 * Bringing the log home (the checkpoint) is not left to the commit that happens to fill it: from
 * TIDY_PAGES new pages on, is_untidy() asks for it and another connection copies while writers go
 * on. That alone would let the log grow for ever under a steady load, since it can begin anew only
 * when all of it is home; so from WAL_PAGES on the writer itself brings home the rest.
 *
 * The database is not mapped into memory: there an I/O error is a signal, which kills httpd. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* F_OFD_SETLK */
#endif
#include "store/sqlite_own.h"

#include "base/clock.h"
#include "store/disk.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TIDY_PAGES = 1000, WAL_PAGES = 8000, BUSY_SOON = 100 };

#define BUSY_MOST apr_time_from_sec(10)
#define BUSY_PAUSE 100 /* µs; about one flush */
#define BUSY_LONG 4000 /* after BUSY_SOON short ones */
#define TURN_PAUSE 250 /* in which everyone who waits tries at least once */

/* While it is being opened, what the administrator must put right is a matter of configuration. */
static fpi_err_t *fail_open(fpi_db_t *db, int rc, const char *doing, fpi_task_t *task)
{
    fpi_err_t *err = fpi_sqlite_fail(db, rc, doing, task);

    switch (rc & 0xff) {
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_NOTADB:
        return fpi_recode(task, err, FPI_E_CONFIG, "the database can't be opened");
    default:
        return err;
    }
}

/* ---- the file ---- */

/* mknod and chmod, not open: closing any descriptor of a database drops the locks that other
 * connections of this process hold on it. */
static fpi_err_t *prepare_file(fpi_db_t *db, fpi_task_t *task)
{
    struct stat st;

    if (db->use == FPI_DB_MAKE && mknod(db->path, S_IFREG | 0600, 0) != 0 && errno != EEXIST) {
        return fpi_fail(task, FPI_E_CONFIG, "the database %s can't be made: %s; its folder must "
                        "belong to httpd's user", db->path, strerror(errno));
    }
    if (stat(db->path, &st) != 0) {
        return fpi_fail(task, FPI_E_CONFIG, "the database %s: %s; make it with fpimagectl init",
                        db->path, strerror(errno));
    }
    if (!S_ISREG(st.st_mode)) {
        return fpi_fail(task, FPI_E_CONFIG, "the database %s is not a file", db->path);
    }
    if ((st.st_mode & 077) && chmod(db->path, 0600) != 0) {
        return fpi_fail(task, FPI_E_CONFIG, "the database %s can be touched by others (mode %04o) "
                        "and belongs to uid %u, not to us (uid %u): chown and chmod 600 it",
                        db->path, (unsigned)(st.st_mode & 07777), (unsigned)st.st_uid,
                        (unsigned)geteuid());
    }
    return NULL;
}

/* ---- turns among processes ----
 *
 * SQLite's write lock is not fair: who has just committed takes it again before a waiting process
 * looks next, hundreds of times in a row. So who waits says so with a shared lock on the folder
 * (the kernel takes it back from the dead), and who had the last turn lets the others try first. */

static bool lock_folder(fpi_db_t *db, int command, short kind, struct flock *lock)
{
    *lock = (struct flock){ .l_type = kind, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1 };
    return db->turns >= 0 && fcntl(db->turns, command, lock) == 0;
}

/* BEGIN IMMEDIATE comes here while another process writes. Short pauses, since it does so for about
 * one flush; scattered, so that no two keep meeting. */
static int wait_turn(void *baton, int tries)
{
    fpi_db_t *db = baton;
    struct flock lock;

    if (tries == 0) {
        db->busy_since = fpi_clock_tick();
        db->is_waiting = lock_folder(db, F_OFD_SETLK, F_RDLCK, &lock);
        db->had_turn = false;
    }
    if (fpi_clock_tick() - db->busy_since >= BUSY_MOST) {
        return 0;
    }
    apr_sleep(fpi_clock_backoff(tries - BUSY_SOON, BUSY_PAUSE, BUSY_LONG));
    return 1;
}

void fpi_sqlite_yield(fpi_db_t *db)
{
    struct flock lock;

    if (db->had_turn && lock_folder(db, F_OFD_GETLK, F_WRLCK, &lock) && lock.l_type != F_UNLCK) {
        apr_sleep(TURN_PAUSE);
    }
}

void fpi_sqlite_end_wait(fpi_db_t *db, bool is_our_turn)
{
    struct flock lock;

    if (db->is_waiting) {
        db->is_waiting = !lock_folder(db, F_OFD_SETLK, F_UNLCK, &lock);
    }
    db->had_turn = is_our_turn;
}

/* ---- opening ---- */

static int see_commit(void *baton, sqlite3 *handle, const char *name, int pages)
{
    fpi_db_t *db = baton;

    if (pages < db->wal_pages) {
        db->tidy_from = 0; /* the log began anew */
    }
    db->wal_pages = pages;
    if (pages - db->tidy_from < TIDY_PAGES) {
        return SQLITE_OK;
    }
    db->tidy_from = pages;
    if (pages < WAL_PAGES) {
        db->is_untidy = true;
        return SQLITE_OK;
    }
    sqlite3_wal_checkpoint_v2(handle, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    return SQLITE_OK; /* the commit stands, whatever became of the checkpoint */
}

/* Is it ours, or empty and to be made ours? Before anything is written to it. */
static fpi_err_t *identify(fpi_db_t *db, fpi_task_t *task)
{
    int64_t id = 0, tables = 0;
    int rc = fpi_sqlite_execute(db, "BEGIN");

    if (rc == SQLITE_OK) {
        rc = fpi_sqlite_number(db, "PRAGMA application_id", &id);
    }
    if (rc == SQLITE_OK) {
        rc = fpi_sqlite_number(db, "SELECT count(*) FROM sqlite_master", &tables);
    }
    if (rc != SQLITE_OK) {
        return fail_open(db, rc, "reading the header", task);
    }
    fpi_sqlite_execute(db, "COMMIT");
    if (id == FPI_SQLITE_APPLICATION) {
        return NULL;
    }
    if (id != 0 || tables != 0) {
        return fpi_fail(task, FPI_E_CONFIG, "%s is a database of another program (application id "
                        "0x%08x): name another file", db->path, (unsigned)id);
    }
    if (db->use != FPI_DB_MAKE) {
        return fpi_fail(task, FPI_E_CONFIG, "the database %s is empty: make it with fpimagectl "
                        "init", db->path);
    }
    return NULL;
}

static int see_mode(void *baton, int count, char **values, char **names)
{
    bool *is_on = baton;

    *is_on = count == 1 && values[0] && strcmp(values[0], "wal") == 0;
    return 0;
}

/* SQLite answers BUSY at once, without asking wait_turn(), when two try this at the same time. */
static fpi_err_t *turn_log_on(fpi_db_t *db, fpi_task_t *task)
{
    apr_time_t since = fpi_clock_tick();
    bool is_on = false;
    int tries = 0, rc;

    do {
        rc = sqlite3_exec(db->handle, "PRAGMA journal_mode=WAL", see_mode, &is_on, NULL);
        if (rc == SQLITE_OK && is_on) {
            return NULL;
        }
        if (rc == SQLITE_OK) {
            return fpi_fail(task, FPI_E_CONFIG, "%s does not take the write-ahead log: its file "
                            "system has no shared memory; move it to a local disk", db->path);
        }
        apr_sleep(fpi_clock_backoff(++tries, BUSY_PAUSE, BUSY_LONG));
    } while ((rc & 0xff) == SQLITE_BUSY && fpi_clock_tick() - since < BUSY_MOST);
    return fail_open(db, rc, "turning on its log", task);
}

static fpi_err_t *set_up(fpi_db_t *db, fpi_task_t *task)
{
    static const char common[] = "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;"
                                 "PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY;"
                                 "PRAGMA mmap_size=0;";
    /* query_only still lets a reader do the checkpoint */
    static const char reader[] = "PRAGMA cache_size=-1024; PRAGMA query_only=ON;";
    static const char writer[] = "PRAGMA cache_size=-8192; PRAGMA journal_size_limit=67108864;";
    int rc = fpi_sqlite_execute(db, common);

    if (rc == SQLITE_OK) {
        rc = fpi_sqlite_execute(db, db->use == FPI_DB_READ ? reader : writer);
    }
    if (rc != SQLITE_OK) {
        return fail_open(db, rc, "setting up", task);
    }
    if (db->use == FPI_DB_READ) {
        return NULL;
    }
    FPI_TRY(turn_log_on(db, task));
    db->turns = open(db->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* can do without */
    sqlite3_wal_hook(db->handle, see_commit, db);
    return NULL;
}

static fpi_err_t *connect_file(fpi_db_t *db, fpi_task_t *task)
{
    int rc = sqlite3_open_v2(db->path, &db->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                             NULL);

    if (!db->handle) {
        return fpi_fail(task, FPI_E_STORE, "the database %s: out of memory", db->path);
    }
    if (rc != SQLITE_OK) {
        return fail_open(db, rc, "opening", task);
    }
    sqlite3_extended_result_codes(db->handle, 1);
    sqlite3_busy_handler(db->handle, wait_turn, db);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    /* else what is bound to `kind` is held against each index WHERE kind = 2, and the statement prepared anew each time */
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_QPSG, 1, NULL);
    if (sqlite3_db_readonly(db->handle, "main") == 1 && access(db->path, W_OK) != 0 && errno == EROFS) {
        return fpi_fail(task, FPI_E_CONFIG, "the database %s is on a file system that is mounted read-only: look for disk "
                        "errors in the kernel's log, then mount it again", db->path);
    }
    if (sqlite3_db_readonly(db->handle, "main") == 1) {
        return fpi_fail(task, FPI_E_CONFIG, "the database %s can't be written by us (uid %u): give "
                        "it to httpd's user", db->path, (unsigned)geteuid());
    }
    FPI_TRY(identify(db, task));
    return set_up(db, task);
}

static apr_status_t close_late(void *data)
{
    fpi_db_t *db = data;

    for (int i = 0; i < CONTROL_COUNT; i++) {
        sqlite3_finalize(db->controls[i]);
    }
    for (int i = 0; i < FPI_SQL_COUNT; i++) {
        sqlite3_finalize(db->statements[i]);
    }
    sqlite3_close(db->handle);
    if (db->turns >= 0) {
        close(db->turns);
    }
    return APR_SUCCESS;
}

void fpi_sqlite_close(fpi_db_t **db)
{
    apr_pool_cleanup_run((*db)->pool, *db, close_late);
    *db = NULL;
}

fpi_err_t *fpi_sqlite_open(fpi_db_t **out, apr_pool_t *pool, const char *address, fpi_db_use_t use,
                           fpi_task_t *task)
{
    const char *path = strchr(address, ':');
    fpi_err_t *err;
    fpi_db_t *db;

    if (!path || path[1] != '/') {
        return fpi_fail(task, FPI_E_CONFIG, "\"%s\" must be \"sqlite:\" and an absolute path",
                        address);
    }
    if (!sqlite3_threadsafe()) {
        return fpi_fail(task, FPI_E_CONFIG, "this SQLite %s was built without threads",
                        sqlite3_libversion());
    }
    db = apr_pcalloc(pool, sizeof(*db));
    db->pool = pool;
    db->use = use;
    db->turns = -1;
    db->path = apr_pstrdup(pool, path + 1);
    db->folder = apr_pstrmemdup(pool, db->path, (size_t)(strrchr(db->path, '/') - db->path) + 1);
    FPI_TRY(fpi_disk_refuse_network(db->folder, task));
    FPI_TRY(prepare_file(db, task));
    apr_pool_cleanup_register(pool, db, close_late, apr_pool_cleanup_null);
    err = connect_file(db, task);
    if (err) {
        fpi_sqlite_close(&db);
        return err;
    }
    *out = db;
    return NULL;
}
