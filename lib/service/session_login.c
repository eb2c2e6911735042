/* Login, logout, change of password. */
#include "service/sessions.h"

#include "base/clock.h"
#include "base/text.h"
#include "service/admin_own.h"
#include "service/people.h"
#include "service/phone.h"
#include "service/tenants.h"
#include "store/audit.h"
#include "store/users.h"
#include "wire/crypto.h"

#include <apr_strings.h>
#include <stdatomic.h>
#include <string.h>

enum { VERIFIERS = 4 };

/* ---- scrypt, a few at a time: each takes 32 MiB ---- */

typedef fpi_err_t *(work_fn)(void *baton, fpi_app_t *app, fpi_task_t *task);

/* Who finds no room is sent away before his try is counted: it was none. */
static fpi_err_t *in_turn(work_fn *work, void *baton, fpi_app_t *app, fpi_task_t *task)
{
    static _Atomic int busy;
    fpi_err_t *err;

    if (atomic_fetch_add(&busy, 1) >= VERIFIERS) {
        atomic_fetch_sub(&busy, 1);
        err = fpi_refuse(task, FPI_E_BUSY, NULL, "登录请求过多, 请稍后再试", "too many logins at once; try again in a moment");
        err->retry_after = 1;
        return err;
    }
    err = work(baton, app, task);
    atomic_fetch_sub(&busy, 1);
    return err;
}

static fpi_err_t *verify(const char *hash, const fpi_secret_t *password, fpi_task_t *task)
{
    fpi_err_t *err = fpi_password_verify(hash, password, task);

    return err && err->code == FPI_E_SIGN ? fpi_fail(task, FPI_E_LOGIN, "wrong password") : err;
}

/* ---- login ---- */

typedef struct trying_t {
    fpi_login_t *login;
    const char *key;             /* of the account's guard */
    const char *hash;            /* of the password */
    bool is_known;
} trying_t;

static fpi_err_t *find_account(trying_t *t, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_login_t *login = t->login;
    fpi_tenant_t *tenant;
    fpi_user_t *user = NULL;

    login->tenant = FPI_TENANT_FIRST;
    if (login->domain && *login->domain) {
        FPI_TRY(fpi_tenant_of_domain(&tenant, tx, login->domain, task));
        login->tenant = tenant ? tenant->id : 0;
    }
    if (login->tenant) {
        FPI_TRY(fpi_people_user_of_mobile(&user, tx, login->tenant, login->login, task));
    }
    if (login->tenant && !user) {
        FPI_TRY(fpi_user_find(&user, tx, login->tenant, login->login, task));
    }
    t->is_known = user && user->is_active;
    t->key = user ? fpi_guard_key_user(user->id, task) : fpi_guard_key_login(login->tenant, login->login, task);
    t->hash = t->is_known ? user->password : FPI_PASSWORD_NONE;
    login->user = user ? user->id : 0;
    return NULL;
}

static fpi_err_t *tx_try(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    trying_t *t = baton;

    FPI_TRY(find_account(t, tx, task));
    FPI_TRY(fpi_guard_charge(tx, fpi_guard_key_address(t->login->address, task), FPI_GUARD_ADDRESS, task));
    return fpi_guard_charge(tx, t->key, FPI_GUARD_ACCOUNT, task);
}

static fpi_err_t *prune(fpi_tx_t *tx, apr_time_t now, fpi_task_t *task)
{
    return fpi_sessions_prune(tx, now - FPI_SESSION_IDLE, now - FPI_SESSION_LIFE, now - FPI_GUARD_LOCK, task);
}

static fpi_err_t *put_session(fpi_login_t *login, fpi_tx_t *tx, fpi_task_t *task)
{
    apr_time_t now = fpi_clock_now();
    fpi_session_row_t row = { .tenant = login->tenant, .user = login->user, .created = now,
                              .expires = now + FPI_SESSION_LIFE };

    login->expires = now + FPI_SESSION_IDLE;
    return fpi_session_put(fpi_session_hash(login->secret, task), &row, tx, task);
}

/* Looking at a password takes a while, outside of any transaction: what it was held against may be the user's no more. */
static fpi_err_t *check_still(const fpi_user_t *user, const char *verified, fpi_task_t *task)
{
    if (!user || !user->is_active || strcmp(user->password, verified) != 0) {
        return fpi_fail(task, FPI_E_LOGIN, "while the password was looked at, the account got another, was disabled, or is gone");
    }
    return NULL;
}

/* The password was right: what was counted against the account is forgotten, and this try of the address. */
static fpi_err_t *tx_enter(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    trying_t *t = baton;
    fpi_user_t *user;
    bool was_there;

    FPI_TRY(fpi_user_find_by_id(&user, tx, t->login->tenant, t->login->user, task));
    FPI_TRY(check_still(user, t->hash, task));
    FPI_TRY(fpi_guard_drop(&was_there, tx, t->key, task));
    FPI_TRY(fpi_guard_refund(tx, fpi_guard_key_address(t->login->address, task), task));
    FPI_TRY(prune(tx, fpi_clock_now(), task));
    FPI_TRY(fpi_user_tell_login(tx, t->login->tenant, t->login->user, task));
    return put_session(t->login, tx, task);
}

static fpi_err_t *try_login(void *baton, fpi_app_t *app, fpi_task_t *task)
{
    trying_t *t = baton;

    FPI_TRY(fpi_store_write(app->store, tx_try, t, task));
    FPI_TRY(verify(t->hash, t->login->password, task));
    return t->is_known ? NULL : fpi_fail(task, FPI_E_LOGIN, "no such account, or a disabled one");
}

fpi_err_t *fpi_session_login(fpi_login_t *login, fpi_app_t *app, fpi_task_t *task)
{
    trying_t t = { .login = login };

    FPI_TRY(in_turn(try_login, &t, app, task));
    FPI_TRY(fpi_session_secret(&login->secret, task));
    return fpi_store_write(app->store, tx_enter, &t, task);
}

/* ---- the end of one ---- */

static fpi_err_t *tx_end(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    return fpi_session_drop(tx, fpi_session_hash(baton, task), task);
}

fpi_err_t *fpi_session_end(fpi_app_t *app, const char *secret, fpi_task_t *task)
{
    return fpi_admin_write(app, tx_end, (void *)secret, task);
}

/* ---- by a code ---- */

static fpi_err_t *make_limited(fpi_by_code_t *by, const fpi_event_code_t *code, apr_time_t now, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_session_row_t row = { .tenant = code->tenant, .user = code->user, .is_event = true, .rights = code->rights,
                              .bills = code->bills, .capture = code->capture, .created = now,
                              .expires = now + (code->capture ? FPI_PHONE_LIFE : FPI_SESSION_IDLE) };

    FPI_TRY(prune(tx, now, task)); /* where everybody comes from the ERP, this is the only way in */
    FPI_TRY(fpi_session_secret(&by->secret, task));
    by->tenant = row.tenant;
    by->user = row.user;
    by->expires = row.expires;
    return fpi_session_put(fpi_session_hash(by->secret, task), &row, tx, task);
}

/* No refusal here: the try of an unknown code is to be kept. */
static fpi_err_t *tx_take(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    fpi_by_code_t *by = baton;
    const char *hash = fpi_session_hash(by->code, task);
    apr_time_t now = fpi_clock_now();
    fpi_event_code_t *code;
    bool is_first;

    by->how = FPI_TAKING_UNKNOWN;
    FPI_TRY(fpi_guard_code_find(&code, tx, hash, by->address, task));
    if (!code || (code->capture != 0) != by->is_phone) {
        return NULL;
    }
    if (!code->used && code->expires <= now) {
        by->how = FPI_TAKING_EXPIRED;
        return NULL;
    }
    FPI_TRY(fpi_event_code_use(&is_first, tx, hash, now, task));
    by->how = is_first ? FPI_TAKING_DONE : FPI_TAKING_USED;
    return is_first ? make_limited(by, code, now, tx, task) : NULL;
}

fpi_err_t *fpi_session_by_code(fpi_by_code_t *by, fpi_app_t *app, fpi_task_t *task)
{
    return fpi_store_write(app->store, tx_take, by, task);
}

/* ---- another password ---- */

typedef struct change_t {
    const fpi_viewer_t *viewer;
    const fpi_secret_t *old, *wanted;
    const char *key, *session;
    const char *verified, *hash; /* the one that `old` was held against; of `wanted` */
} change_t;

static fpi_err_t *tx_try_change(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    change_t *c = baton;
    fpi_user_t *user;

    FPI_TRY(fpi_user_find_by_id(&user, tx, c->viewer->tenant, c->viewer->user, task));
    if (!user) {
        return fpi_fail(task, FPI_E_SESSION, "the user is gone");
    }
    c->verified = user->password;
    return fpi_guard_charge(tx, c->key, FPI_GUARD_ACCOUNT, task);
}

static fpi_err_t *tx_change(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    const change_t *c = baton;
    fpi_session_row_t *session;
    fpi_user_t *user;
    bool was_there;

    FPI_TRY(fpi_session_find(&session, tx, c->session, task));
    if (!session) {
        return fpi_fail(task, FPI_E_SESSION, "the session ended while the password was looked at");
    }
    FPI_TRY(fpi_user_find_by_id(&user, tx, c->viewer->tenant, c->viewer->user, task));
    FPI_TRY(check_still(user, c->verified, task));
    user->password = c->hash;
    user->must_change = false;
    FPI_TRY(fpi_user_put(user, tx, task));
    FPI_TRY(fpi_guard_drop(&was_there, tx, c->key, task));
    FPI_TRY(fpi_sessions_drop_of(tx, user->id, c->session, task));
    return fpi_audit_add(tx, "user.password-changed", user->name, NULL, task);
}

static fpi_err_t *try_change(void *baton, fpi_app_t *app, fpi_task_t *task)
{
    change_t *c = baton;

    FPI_TRY(fpi_store_write(app->store, tx_try_change, c, task));
    FPI_TRY(verify(c->verified, c->old, task));
    return fpi_password_hash(&c->hash, c->wanted, task);
}

fpi_err_t *fpi_session_change_password(fpi_app_t *app, const fpi_viewer_t *viewer, const char *secret,
                                       const fpi_secret_t *old, const fpi_secret_t *wanted, fpi_task_t *task)
{
    change_t c = { .viewer = viewer, .old = old, .wanted = wanted, .key = fpi_guard_key_user(viewer->user, task),
                   .session = fpi_session_hash(secret, task) };

    FPI_TRY(fpi_people_check_password(wanted, task));
    if (fpi_secret_is_same(old, wanted)) {
        return fpi_refuse(task, FPI_E_FIELD, "new", "新密码不得与旧密码相同", "the new password must differ from the old one");
    }
    FPI_TRY(in_turn(try_change, &c, app, task));
    return fpi_admin_write(app, tx_change, &c, task);
}
