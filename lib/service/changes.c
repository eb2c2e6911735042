#include "service/changes.h"

#include "store/audit.h"
#include "store/people.h"

#include <apr_strings.h>
#include <string.h>

void fpi_change_text(fpi_json_t *changes, const char *name, const char *before, const char *after, fpi_task_t *task)
{
    fpi_json_t *pair;

    if (before == after || (before && after && strcmp(before, after) == 0)) {
        return;
    }
    pair = fpi_json_make_array(task);
    fpi_json_add_text(pair, before);
    fpi_json_add_text(pair, after);
    fpi_json_put(changes, name, pair);
}

void fpi_change_bool(fpi_json_t *changes, const char *name, bool before, bool after, fpi_task_t *task)
{
    fpi_change_text(changes, name, before ? "true" : "false", after ? "true" : "false", task);
}

fpi_err_t *fpi_change_org_name(const char **out, int64_t id, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_org_t *org = NULL;

    FPI_TRY(id ? fpi_org_find_by_id(&org, tx, task->tenant, id, task) : NULL);
    *out = org ? apr_psprintf(task->pool, "%s (%s)", org->name, org->code) : NULL;
    return NULL;
}

fpi_err_t *fpi_change_org(fpi_json_t *changes, const char *name, int64_t before, int64_t after, fpi_tx_t *tx, fpi_task_t *task)
{
    const char *from, *to;

    if (before == after) {
        return NULL;
    }
    FPI_TRY(fpi_change_org_name(&from, before, tx, task));
    FPI_TRY(fpi_change_org_name(&to, after, tx, task));
    fpi_change_text(changes, name, from, to, task);
    return NULL;
}

void fpi_change_secret(fpi_json_t *changes, const char *name, const fpi_secret_t *before, const fpi_secret_t *after)
{
    bool had = before && before->len, has = after && after->len;

    if (had != has) {
        fpi_json_put_text(changes, name, has ? "set" : "cleared");
    }
    else if (has && !fpi_secret_is_same(before, after)) {
        fpi_json_put_text(changes, name, "changed");
    }
}

const char *fpi_changes_text(const fpi_json_t *changes, fpi_task_t *task)
{
    return fpi_json_size(changes) ? fpi_json_format(changes, false, task) : NULL;
}

static const char *as_it_is(const char *value)
{
    return value;
}

fpi_err_t *fpi_change_setting(fpi_tx_t *tx, const char *name, const char *value, const char *action, const char *object,
                              fpi_task_t *task)
{
    return fpi_change_setting_word(tx, name, value, as_it_is, action, object, task);
}

fpi_err_t *fpi_change_setting_word(fpi_tx_t *tx, const char *name, const char *value, const char *(*word)(const char *value),
                                   const char *action, const char *object, fpi_task_t *task)
{
    fpi_json_t *changes = fpi_json_make_object(task);
    const char *before;

    FPI_TRY(fpi_setting_find(&before, tx, task->tenant, name, task));
    fpi_change_text(changes, "value", before ? word(before) : NULL, value ? word(value) : NULL, task);
    if (!fpi_json_size(changes)) {
        return NULL;
    }
    FPI_TRY(fpi_setting_put(tx, task->tenant, name, value, task));
    return fpi_audit_add(tx, action, object, fpi_changes_text(changes, task), task);
}
