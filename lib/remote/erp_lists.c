#include "remote/erp_lists.h"

#include "base/text.h"

#include <apr_hash.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { DEPTH_MOST = 64 };

/* ---- members ---- */

/* Public sources end before the further keys of users: these are what such lists call them. */
static const char *const ids[] = { "userID", NULL }, *const org_ids[] = { "orgID", NULL };
static const char *const user_codes[] = { "userNumber", NULL }, *const org_codes[] = { "orgNumber", NULL };
static const char *const user_names[] = { "userName", "personName", NULL }, *const org_names[] = { "orgName", NULL };
static const char *const parents[] = { "parentID", NULL };
static const char *const mobiles[] = { "mobile", "cell", "cellPhone", "mobilePhone", "phone", "telephone", "tel", NULL };
static const char *const mails[] = { "email", "mail", NULL };
static const char *const orgs_of_users[] = { "orgID", "orgNumber", "mainOrgID", "mainOrgNumber", "adminOrgID",
                                             "adminOrgNumber", NULL };

static const char *key_of(const fpi_json_t *row, const char *name)
{
    void *iter = NULL;
    const char *key;
    fpi_json_t *value;

    while (fpi_json_next(&iter, row, &key, &value)) {
        if (strcasecmp(key, name) == 0 && !fpi_json_is_null(value)) {
            return key;
        }
    }
    return NULL;
}

/* The first of the names that says something; NULL when none does. */
static fpi_err_t *find(const char **out, const fpi_json_t *row, const char *const *names, fpi_task_t *task)
{
    *out = NULL;
    for (; *names && !*out; names++) {
        const char *key = key_of(row, *names), *value;

        if (key) {
            FPI_TRY(fpi_json_find_scalar(&value, row, key, FPI_ERP_LIST_TEXT, task));
            value = value ? fpi_text_trim(task->pool, value) : "";
            *out = *value ? value : NULL;
        }
    }
    return NULL;
}

static fpi_err_t *get(const char **out, const fpi_json_t *row, const char *const *names, fpi_task_t *task)
{
    FPI_TRY(find(out, row, names, task));
    return *out ? NULL : fpi_refuse(task, FPI_E_FIELD, names[0], "缺少 %s", "%s is missing", names[0]);
}

/* What the business system calls it goes before all others. */
static fpi_err_t *find_named(const char **out, const fpi_json_t *row, const fpi_system_t *system, fpi_eas_name_t name,
                             const char *const *usual, fpi_task_t *task)
{
    const char *const own[] = { fpi_eas_name(system, name), NULL };

    return find(out, row, own[0] ? own : usual, task);
}

static fpi_err_t *check_row(const fpi_json_t *row, fpi_task_t *task)
{
    return fpi_json_is_object(row) ? NULL : fpi_refuse(task, FPI_E_FIELD, NULL, "不是对象", "it is no object");
}

static fpi_err_t *take_org(fpi_erp_org_t *org, const fpi_json_t *row, fpi_task_t *task)
{
    FPI_TRY(check_row(row, task));
    FPI_TRY(get(&org->id, row, org_ids, task));
    FPI_TRY(find(&org->name, row, org_names, task));
    FPI_TRY(find(&org->parent, row, parents, task));
    FPI_TRY(get(&org->code, row, org_codes, task));
    return get(&org->name, row, org_names, task);
}

static fpi_err_t *take_user(fpi_erp_user_t *user, const fpi_json_t *row, const fpi_system_t *system, fpi_task_t *task)
{
    FPI_TRY(check_row(row, task));
    FPI_TRY(get(&user->id, row, ids, task));
    FPI_TRY(find(&user->code, row, user_codes, task));
    FPI_TRY(get(&user->name, row, user_names, task));
    FPI_TRY(find_named(&user->mobile, row, system, FPI_EAS_USER_MOBILE, mobiles, task));
    FPI_TRY(find_named(&user->mail, row, system, FPI_EAS_USER_MAIL, mails, task));
    return find_named(&user->org, row, system, FPI_EAS_USER_ORG, orgs_of_users, task);
}

/* ---- lists ---- */

static fpi_err_t *check_size(const fpi_json_t *list, fpi_task_t *task)
{
    size_t size = fpi_json_size(list);

    return size <= FPI_ERP_LIST_MOST ? NULL : fpi_fail(task, FPI_E_ERP, "the ERP lists %d at once; at most %d are taken",
                                                       (int)size, FPI_ERP_LIST_MOST);
}

/* True, and where it stands, when a row before has this id. */
static bool is_again(int *place, apr_hash_t *seen, const char *id, int next, apr_pool_t *pool)
{
    int *known = id ? apr_hash_get(seen, id, APR_HASH_KEY_STRING) : NULL;

    if (known) {
        *place = *known;
        return true;
    }
    if (id) {
        known = apr_palloc(pool, sizeof(*known));
        *known = next;
        apr_hash_set(seen, id, APR_HASH_KEY_STRING, known);
    }
    *place = next;
    return false;
}

fpi_err_t *fpi_erp_orgs_take(fpi_erp_org_t **out, int *count, const fpi_json_t *list, fpi_task_t *task)
{
    apr_hash_t *seen = apr_hash_make(task->pool);
    fpi_erp_org_t *orgs;
    int place;

    *count = 0;
    FPI_TRY(check_size(list, task));
    *out = orgs = apr_pcalloc(task->pool, sizeof(*orgs) * (fpi_json_size(list) + 1));
    for (size_t i = 0; i < fpi_json_size(list); i++) {
        fpi_erp_org_t org = { NULL, NULL, NULL, NULL, NULL };

        org.why = take_org(&org, fpi_json_at(list, i), task);
        *count += !is_again(&place, seen, org.id, *count, task->pool);
        orgs[place] = org;
    }
    return NULL;
}

fpi_err_t *fpi_erp_users_take(fpi_erp_user_t **out, int *count, const fpi_json_t *list, const fpi_system_t *system,
                              fpi_task_t *task)
{
    apr_hash_t *seen = apr_hash_make(task->pool);
    fpi_erp_user_t *users;
    int place;

    *count = 0;
    FPI_TRY(check_size(list, task));
    *out = users = apr_pcalloc(task->pool, sizeof(*users) * (fpi_json_size(list) + 1));
    for (size_t i = 0; i < fpi_json_size(list); i++) {
        fpi_erp_user_t user = { NULL, NULL, NULL, NULL, NULL, NULL, NULL };

        user.why = take_user(&user, fpi_json_at(list, i), system, task);
        *count += !is_again(&place, seen, user.id, *count, task->pool);
        users[place] = user;
    }
    return NULL;
}

/* ---- the order of organisations ---- */

typedef struct placed_t {
    fpi_erp_org_t org;
    int depth, turn;
} placed_t;

static int depth_of(const fpi_erp_org_t *org, apr_hash_t *by_id)
{
    int depth = 0;

    for (; org && org->parent && depth < DEPTH_MOST; depth++) {
        org = apr_hash_get(by_id, org->parent, APR_HASH_KEY_STRING);
    }
    return depth;
}

static int compare(const void *a, const void *b)
{
    const placed_t *x = a, *y = b;

    return x->depth != y->depth ? x->depth - y->depth : x->turn - y->turn;
}

void fpi_erp_orgs_sort(fpi_erp_org_t *orgs, int count, apr_pool_t *pool)
{
    placed_t *placed = apr_palloc(pool, sizeof(*placed) * ((size_t)count + 1));
    apr_hash_t *by_id = apr_hash_make(pool);

    for (int i = 0; i < count; i++) {
        if (orgs[i].id) {
            apr_hash_set(by_id, orgs[i].id, APR_HASH_KEY_STRING, &orgs[i]);
        }
    }
    for (int i = 0; i < count; i++) {
        placed[i] = (placed_t){ orgs[i], depth_of(&orgs[i], by_id), i };
    }
    qsort(placed, (size_t)count, sizeof(*placed), compare);
    for (int i = 0; i < count; i++) {
        orgs[i] = placed[i].org;
    }
}
