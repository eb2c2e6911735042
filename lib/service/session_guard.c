/* Tries that failed: counted by account and address, and locked for a while. */
#include "service/sessions.h"

#include "base/clock.h"
#include "wire/crypto.h"

#include <apr_strings.h>
#include <string.h>

static fpi_err_t *refuse_locked(const fpi_guard_t *guard, fpi_task_t *task)
{
    int left = (int)apr_time_sec(guard->locked - fpi_clock_now()) + 1;
    fpi_err_t *err = fpi_refuse(task, FPI_E_LOCKED, "login", "失败次数过多, 已锁定, 请 %d 秒后重试, 或请管理员解锁",
                                "locked after too many failures: try again in %d seconds, or have an administrator unlock it",
                                left);

    err->retry_after = left;
    err->more = apr_psprintf(task->pool, "{\"retry_after\":%d}", left);
    return err;
}

fpi_err_t *fpi_guard_charge(fpi_tx_t *tx, const char *key, int most, fpi_task_t *task)
{
    apr_time_t now = fpi_clock_now();
    fpi_guard_t guard;

    FPI_TRY(fpi_guard_find(&guard, tx, key, task));
    if (guard.locked > now) {
        return refuse_locked(&guard, task);
    }
    if (guard.locked || now - guard.since > FPI_GUARD_LOCK) {
        guard = (fpi_guard_t){ 0, now, 0 };
    }
    guard.count++;
    guard.locked = guard.count >= most ? now + FPI_GUARD_LOCK : 0;
    return fpi_guard_put(tx, key, &guard, task);
}

fpi_err_t *fpi_guard_refund(fpi_tx_t *tx, const char *key, fpi_task_t *task)
{
    fpi_guard_t guard;
    bool was_there;

    FPI_TRY(fpi_guard_find(&guard, tx, key, task));
    guard.count--;
    guard.locked = 0;
    return guard.count > 0 ? fpi_guard_put(tx, key, &guard, task) : fpi_guard_drop(&was_there, tx, key, task);
}

const char *fpi_guard_key_user(int64_t user, fpi_task_t *task)
{
    return apr_psprintf(task->pool, "user:%" APR_INT64_T_FMT, user);
}

const char *fpi_guard_key_login(int64_t tenant, const char *login, fpi_task_t *task)
{
    return apr_psprintf(task->pool, "login:%" APR_INT64_T_FMT ":%s", tenant, fpi_sha256_hex(login, strlen(login), task));
}

const char *fpi_guard_key_address(const char *address, fpi_task_t *task)
{
    return apr_pstrcat(task->pool, "address:", address, NULL);
}

fpi_err_t *fpi_guard_locked(apr_time_t *until, fpi_tx_t *tx, int64_t user, fpi_task_t *task)
{
    fpi_guard_t guard;

    FPI_TRY(fpi_guard_find(&guard, tx, fpi_guard_key_user(user, task), task));
    *until = guard.locked > fpi_clock_now() ? guard.locked : 0;
    return NULL;
}
