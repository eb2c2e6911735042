/* A copy of the database as it stands at one moment, while others go on writing it: they append to the log, and the
 * copy reads what was there when it began. */
#include "store/sqlite_own.h"

#include "base/clock.h"

#include <sys/stat.h>

enum { PAUSE = 1000 /* µs */ };

#define MOST apr_time_from_sec(30)

static int copy_pages(sqlite3_backup *copying)
{
    apr_time_t since = fpi_clock_tick();
    int rc;

    while ((rc = sqlite3_backup_step(copying, -1)) == SQLITE_BUSY || rc == SQLITE_LOCKED) {
        if (fpi_clock_tick() - since > MOST) {
            return rc;
        }
        apr_sleep(PAUSE);
    }
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static fpi_err_t *fail(sqlite3 *to, int rc, const char *path, fpi_task_t *task)
{
    return fpi_fail(task, FPI_E_STORE, "copying the database to %s: %s", path, to ? sqlite3_errmsg(to)
                                                                                   : sqlite3_errstr(rc));
}

static int copy_into(sqlite3 *to, fpi_db_t *db)
{
    sqlite3_backup *copying = sqlite3_backup_init(to, "main", db->handle, "main");
    int rc, ended;

    if (!copying) {
        return sqlite3_errcode(to);
    }
    rc = copy_pages(copying);
    ended = sqlite3_backup_finish(copying);
    return rc == SQLITE_OK ? ended : rc;
}

fpi_err_t *fpi_sqlite_copy(fpi_db_t *db, const char *path, fpi_task_t *task)
{
    sqlite3 *to = NULL;
    fpi_err_t *err = NULL;
    int rc = sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);

    if (rc == SQLITE_OK && chmod(path, 0600) == 0) {
        rc = copy_into(to, db);
    }
    if (rc != SQLITE_OK) {
        err = fail(to, rc, path, task);
    }
    sqlite3_close(to);
    return err;
}
