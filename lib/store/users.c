#include "store/users.h"

#include "base/clock.h"

#include <apr_strings.h>
#include <string.h>

void fpi_user_take(fpi_user_t *user, const fpi_rows_t *rows, int row)
{
    int c = 0;

    user->id = fpi_rows_int(rows, row, c++);
    user->tenant = fpi_rows_int(rows, row, c++);
    user->org = fpi_rows_int(rows, row, c++);
    user->name = fpi_rows_text(rows, row, c++);
    user->mobile = fpi_rows_text(rows, row, c++);
    user->mail = fpi_rows_text(rows, row, c++);
    user->password = fpi_rows_text(rows, row, c++);
    user->is_head = fpi_rows_int(rows, row, c++) != 0;
    user->is_active = fpi_rows_int(rows, row, c++) != 0;
    user->must_change = fpi_rows_int(rows, row, c++) != 0;
    user->last_login = fpi_rows_int(rows, row, c++);
    user->created = fpi_rows_int(rows, row, c++);
    user->updated = fpi_rows_int(rows, row, c++);
}

static fpi_user_t *first_user(const fpi_rows_t *rows, fpi_task_t *task)
{
    fpi_user_t *user = NULL;

    if (fpi_rows_count(rows)) {
        user = apr_pcalloc(task->pool, sizeof(*user));
        fpi_user_take(user, rows, 0);
    }
    return user;
}

fpi_ids_t fpi_ids_take(const fpi_rows_t *rows, fpi_task_t *task)
{
    int count = fpi_rows_count(rows);
    int64_t *items = apr_palloc(task->pool, sizeof(*items) * ((size_t)count + 1));

    for (int i = 0; i < count; i++) {
        items[i] = fpi_rows_int(rows, i, 0);
    }
    return (fpi_ids_t){ items, count };
}

fpi_err_t *fpi_users_count_admins(int64_t *admins, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_USER_COUNT_ADMINS, FPI_NO_ARGS, &rows, NULL, task));
    *admins = fpi_rows_int(rows, 0, 0);
    return NULL;
}

fpi_err_t *fpi_users_count_other_admins(int64_t *admins, fpi_tx_t *tx, const fpi_user_t *user, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_USER_COUNT_OTHER_ADMINS, FPI_ARGS(fpi_arg_int(user->tenant), fpi_arg_int(user->id)),
                       &rows, NULL, task));
    *admins = fpi_rows_int(rows, 0, 0);
    return NULL;
}

static fpi_err_t *find_user(fpi_user_t **out, fpi_tx_t *tx, fpi_sql_t sql, int64_t tenant, fpi_arg_t key, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, sql, FPI_ARGS(fpi_arg_int(tenant), key), &rows, NULL, task));
    *out = first_user(rows, task);
    return NULL;
}

fpi_err_t *fpi_user_find(fpi_user_t **out, fpi_tx_t *tx, int64_t tenant, const char *name, fpi_task_t *task)
{
    return find_user(out, tx, FPI_SQL_USER_FIND, tenant, fpi_arg_text(name), task);
}

fpi_err_t *fpi_user_find_by_id(fpi_user_t **out, fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task)
{
    return find_user(out, tx, FPI_SQL_USER_FIND_BY_ID, tenant, fpi_arg_int(id), task);
}

fpi_err_t *fpi_user_find_by_mobile(fpi_user_t **out, fpi_tx_t *tx, int64_t tenant, const char *mobile, fpi_task_t *task)
{
    return find_user(out, tx, FPI_SQL_USER_FIND_BY_MOBILE, tenant, fpi_arg_text(mobile), task);
}

/* "%part%", its own wildcards escaped. */
static const char *pattern_of(const char *part, apr_pool_t *pool)
{
    char *pattern = apr_palloc(pool, 2 * strlen(part) + 3), *to = pattern;

    *to++ = '%';
    for (; *part; part++) {
        if (strchr("%_\\", *part)) {
            *to++ = '\\';
        }
        *to++ = *part;
    }
    *to++ = '%';
    *to = '\0';
    return pattern;
}

fpi_err_t *fpi_users_list(fpi_user_t **out, int *count, int64_t *total, fpi_tx_t *tx, const fpi_user_query_t *query,
                          fpi_task_t *task)
{
    fpi_arg_t tenant = fpi_arg_int(query->tenant), org = query->org < 0 ? fpi_arg_text(NULL) : fpi_arg_int(query->org);
    fpi_arg_t active = fpi_arg_int(query->active);
    fpi_arg_t like = fpi_arg_text(query->search ? pattern_of(query->search, task->pool) : NULL);
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_USER_COUNT, FPI_ARGS(tenant, org, active, like), &rows, NULL, task));
    *total = fpi_rows_int(rows, 0, 0);
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_USER_LIST,
                       FPI_ARGS(tenant, org, active, like, fpi_arg_int(query->most), fpi_arg_int(query->skip)), &rows, NULL,
                       task));
    *count = fpi_rows_count(rows);
    *out = apr_pcalloc(task->pool, (apr_size_t)*count * sizeof(**out));
    for (int i = 0; i < *count; i++) {
        fpi_user_take(&(*out)[i], rows, i);
    }
    return NULL;
}

fpi_err_t *fpi_user_put(fpi_user_t *user, fpi_tx_t *tx, fpi_task_t *task)
{
    /* no mobile is NULL, which the unique index passes over */
    fpi_arg_t mobile = fpi_arg_text(user->mobile && *user->mobile ? user->mobile : NULL);
    fpi_arg_t tenant = fpi_arg_int(user->tenant), org = fpi_arg_int(user->org), name = fpi_arg_text(user->name);
    fpi_arg_t mail = fpi_arg_text(user->mail), password = fpi_arg_text(user->password), head = fpi_arg_int(user->is_head);
    fpi_arg_t active = fpi_arg_int(user->is_active), change = fpi_arg_int(user->must_change);

    user->updated = fpi_clock_now();
    if (user->id) {
        return fpi_tx_run(tx, FPI_SQL_USER_UPDATE,
                          FPI_ARGS(tenant, fpi_arg_int(user->id), org, name, mobile, mail, password, head, active, change,
                                   fpi_arg_int(user->updated)),
                          NULL, NULL, task);
    }
    user->created = user->updated;
    return fpi_tx_insert(&user->id, tx, FPI_SQL_USER_INSERT,
                         FPI_ARGS(tenant, org, name, mobile, mail, password, head, active, change,
                                  fpi_arg_int(user->created), fpi_arg_int(user->updated)),
                         task);
}

fpi_err_t *fpi_user_tell_login(fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task)
{
    return fpi_tx_run(tx, FPI_SQL_USER_TELL_LOGIN,
                      FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(id), fpi_arg_int(fpi_clock_now())), NULL, NULL, task);
}

/* ---- roles and grants ---- */

fpi_err_t *fpi_user_roles_list(fpi_ids_t *out, fpi_tx_t *tx, int64_t user, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_USER_ROLE_LIST, FPI_ARGS(fpi_arg_int(user)), &rows, NULL, task));
    *out = fpi_ids_take(rows, task);
    return NULL;
}

fpi_err_t *fpi_user_roles_put(fpi_tx_t *tx, int64_t user, const fpi_ids_t *roles, fpi_task_t *task)
{
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_USER_ROLE_DROP, FPI_ARGS(fpi_arg_int(user)), NULL, NULL, task));
    for (int i = 0; i < roles->count; i++) {
        FPI_TRY(fpi_tx_run(tx, FPI_SQL_USER_ROLE_ADD, FPI_ARGS(fpi_arg_int(user), fpi_arg_int(roles->items[i])), NULL, NULL,
                           task));
    }
    return NULL;
}

fpi_err_t *fpi_user_grants_list(fpi_grant_t **out, int *count, fpi_tx_t *tx, int64_t user, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_USER_GRANT_LIST, FPI_ARGS(fpi_arg_int(user)), &rows, NULL, task));
    *count = fpi_rows_count(rows);
    *out = apr_pcalloc(task->pool, (apr_size_t)*count * sizeof(**out));
    for (int i = 0; i < *count; i++) {
        (*out)[i] = (fpi_grant_t){ fpi_rows_int(rows, i, 0), fpi_rows_int(rows, i, 1) != 0, fpi_rows_int(rows, i, 2) != 0 };
    }
    return NULL;
}

fpi_err_t *fpi_user_grants_put(fpi_tx_t *tx, int64_t user, const fpi_grant_t *grants, int count, fpi_task_t *task)
{
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_USER_GRANT_DROP, FPI_ARGS(fpi_arg_int(user)), NULL, NULL, task));
    for (int i = 0; i < count; i++) {
        FPI_TRY(fpi_tx_run(tx, FPI_SQL_USER_GRANT_ADD,
                           FPI_ARGS(fpi_arg_int(user), fpi_arg_int(grants[i].org), fpi_arg_int(grants[i].sees_all),
                                    fpi_arg_int(grants[i].with_below)),
                           NULL, NULL, task));
    }
    return NULL;
}
