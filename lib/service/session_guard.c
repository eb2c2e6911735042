/* Tries that failed: counted by account and address, and locked for a while. */
#include "service/sessions.h"

#include "base/clock.h"
#include "store/audit.h"
#include "wire/crypto.h"

#include <apr_strings.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

enum { NET_BYTES = 8 };

static fpi_err_t *refuse_locked(const fpi_guard_t *guard, fpi_task_t *task)
{
    int left = (int)apr_time_sec(guard->locked - fpi_clock_now()) + 1;
    fpi_err_t *err = fpi_refuse(task, FPI_E_LOCKED, "login", "失败次数过多, 已锁定, 请约 %d 分钟后重试, 或请管理员解锁",
                                "locked after too many failures: try again in about %d min, or have an administrator unlock it",
                                (left + 59) / 60);

    err->retry_after = left;
    err->more = apr_psprintf(task->pool, "{\"retry_after\":%d}", left);
    return err;
}

/* A new key first makes room for itself: what is over is forgotten, also where nobody ever gets in. */
fpi_err_t *fpi_guard_charge(fpi_tx_t *tx, const char *key, int most, fpi_task_t *task)
{
    apr_time_t now = fpi_clock_now();
    fpi_guard_t guard;

    FPI_TRY(fpi_guard_find(&guard, tx, key, task));
    if (!guard.count) {
        FPI_TRY(fpi_guards_prune(tx, now - FPI_GUARD_LOCK, task));
    }
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

fpi_err_t *fpi_guard_check(fpi_tx_t *tx, const char *key, fpi_task_t *task)
{
    fpi_guard_t guard;

    FPI_TRY(fpi_guard_find(&guard, tx, key, task));
    return guard.locked > fpi_clock_now() ? refuse_locked(&guard, task) : NULL;
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

/* Who has one IPv6 address has its whole /64, and IPv4's stay the same in IPv6's clothes. */
static const char *net_of(const char *address, fpi_task_t *task)
{
    struct in6_addr at;
    char text[INET6_ADDRSTRLEN];

    if (inet_pton(AF_INET6, address, &at) != 1) {
        return address;
    }
    if (IN6_IS_ADDR_V4MAPPED(&at)) {
        inet_ntop(AF_INET, at.s6_addr + 12, text, sizeof(text));
        return apr_pstrdup(task->pool, text);
    }
    memset(at.s6_addr + NET_BYTES, 0, sizeof(at.s6_addr) - NET_BYTES);
    inet_ntop(AF_INET6, &at, text, sizeof(text));
    return apr_pstrcat(task->pool, text, "/64", NULL);
}

const char *fpi_guard_key_address(const char *address, fpi_task_t *task)
{
    return apr_pstrcat(task->pool, "address:", net_of(address, task), NULL);
}

const char *fpi_guard_key_code(const char *address, fpi_task_t *task)
{
    return apr_pstrcat(task->pool, "code:", net_of(address, task), NULL);
}

const char *fpi_guard_key_domain(const char *address, fpi_task_t *task)
{
    return apr_pstrcat(task->pool, "domain:", net_of(address, task), NULL);
}

fpi_err_t *fpi_guard_code_find(fpi_event_code_t **code, fpi_tx_t *tx, const char *hash, const char *address,
                               fpi_task_t *task)
{
    const char *key = fpi_guard_key_code(address, task);

    FPI_TRY(fpi_guard_charge(tx, key, FPI_GUARD_CODES, task));
    FPI_TRY(fpi_event_code_find(code, tx, hash, task));
    return *code ? fpi_guard_refund(tx, key, task) : NULL;
}

/* ---- lifted by an administrator ---- */

typedef struct lifting_t {
    const char *address;
    bool was_locked;
} lifting_t;

static fpi_err_t *lift(lifting_t *l, fpi_tx_t *tx, const char *key, fpi_task_t *task)
{
    fpi_guard_t guard;
    bool was_there;

    FPI_TRY(fpi_guard_find(&guard, tx, key, task));
    l->was_locked = l->was_locked || guard.locked > fpi_clock_now();
    return fpi_guard_drop(&was_there, tx, key, task);
}

static fpi_err_t *tx_lift(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    lifting_t *l = baton;

    l->was_locked = false;
    FPI_TRY(lift(l, tx, fpi_guard_key_address(l->address, task), task));
    FPI_TRY(lift(l, tx, fpi_guard_key_code(l->address, task), task));
    FPI_TRY(lift(l, tx, fpi_guard_key_domain(l->address, task), task));
    return l->was_locked ? fpi_audit_add(tx, "address.unlocked", l->address, NULL, task) : NULL;
}

fpi_err_t *fpi_guard_unlock_address(bool *was_locked, fpi_app_t *app, const char *address, fpi_task_t *task)
{
    lifting_t l = { .address = address };

    FPI_TRY(fpi_store_write(app->store, tx_lift, &l, task));
    *was_locked = l.was_locked;
    return NULL;
}

bool fpi_guard_is_address(const char *text)
{
    unsigned char room[sizeof(struct in6_addr)];

    return inet_pton(AF_INET, text, room) == 1 || inet_pton(AF_INET6, text, room) == 1;
}

fpi_err_t *fpi_guard_locked(apr_time_t *until, fpi_tx_t *tx, int64_t user, fpi_task_t *task)
{
    fpi_guard_t guard;

    FPI_TRY(fpi_guard_find(&guard, tx, fpi_guard_key_user(user, task), task));
    *until = guard.locked > fpi_clock_now() ? guard.locked : 0;
    return NULL;
}
