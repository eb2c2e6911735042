#include "store/systems.h"

#include "base/clock.h"
#include "store/store.h"
#include "wire/crypto.h"
#include "wire/json.h"

#include <apr_strings.h>
#include <string.h>

/* ---- columns that are more than a value ---- */

static const char *context_of(const fpi_system_t *system, fpi_task_t *task)
{
    return apr_psprintf(task->pool, "business_system.password:%" APR_INT64_T_FMT ":%s", (apr_int64_t)system->tenant,
                        system->name);
}

static fpi_err_t *unseal(fpi_system_t *system, fpi_tx_t *tx, const fpi_rows_t *rows, int row, int cell,
                         fpi_task_t *task)
{
    size_t len;
    const unsigned char *bytes = fpi_rows_blob(rows, row, cell, &len);
    fpi_err_t *err = fpi_unseal(&system->password, fpi_tx_master(tx), context_of(system, task), bytes, len, task);

    return err ? fpi_wrap(task, err, "the password of the business system %s", system->name) : NULL;
}

/* {"facade":"WSX",...}: those that are not standard; NULL when all are. */
static const char *format_names(const fpi_system_t *system, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);

    for (int i = 0; i < FPI_EAS_NAMES; i++) {
        if (system->names[i]) {
            fpi_json_put_text(doc, fpi_eas_name_info((fpi_eas_name_t)i)->key, system->names[i]);
        }
    }
    return fpi_json_size(doc) ? fpi_json_format(doc, false, task) : NULL;
}

static fpi_err_t *parse_names(fpi_system_t *system, const char *text, fpi_task_t *task)
{
    fpi_json_t *doc;

    if (!text) {
        return NULL;
    }
    FPI_TRY(fpi_json_parse(&doc, text, strlen(text), task));
    for (int i = 0; i < FPI_EAS_NAMES; i++) {
        FPI_TRY(fpi_json_find_text(&system->names[i], doc, fpi_eas_name_info((fpi_eas_name_t)i)->key, 300, task));
    }
    return NULL;
}

/* ---- rows ---- */

static fpi_err_t *system_of(fpi_system_t **out, fpi_tx_t *tx, const fpi_rows_t *rows, int row, fpi_task_t *task)
{
    fpi_system_t *system = apr_pcalloc(task->pool, sizeof(*system));
    int c = 0, sealed;

    system->id = fpi_rows_int(rows, row, c++);
    system->tenant = fpi_rows_int(rows, row, c++);
    system->epoch = fpi_rows_int(rows, row, c++);
    system->name = fpi_rows_text(rows, row, c++);
    system->kind = fpi_rows_text(rows, row, c++);
    system->resource = fpi_rows_text(rows, row, c++);
    system->prefix = fpi_rows_text(rows, row, c++);
    system->solution = fpi_rows_text(rows, row, c++);
    system->dc = fpi_rows_text(rows, row, c++);
    system->user = fpi_rows_text(rows, row, c++);
    system->language = fpi_rows_text(rows, row, c++);
    system->auth_pattern = fpi_rows_text(rows, row, c++);
    sealed = c++;
    system->db_type = (int)fpi_rows_int(rows, row, c++);
    system->encode_pwd = (int)fpi_rows_int(rows, row, c++);
    FPI_TRY(parse_names(system, fpi_rows_text(rows, row, c++), task));
    system->is_enabled = fpi_rows_int(rows, row, c++) != 0;
    system->is_checked = fpi_rows_int(rows, row, c++) != 0;
    system->check_note = fpi_rows_text(rows, row, c++);
    system->checked = fpi_rows_int(rows, row, c++);
    system->created = fpi_rows_int(rows, row, c++);
    system->updated = fpi_rows_int(rows, row, c++);
    *out = system;
    return unseal(system, tx, rows, row, sealed, task);
}

fpi_err_t *fpi_systems_list(fpi_systems_t *out, fpi_tx_t *tx, int64_t tenant, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_SYSTEM_LIST, FPI_ARGS(fpi_arg_int(tenant)), &rows, NULL, task));
    out->count = fpi_rows_count(rows);
    out->items = apr_pcalloc(task->pool, (apr_size_t)(out->count + 1) * sizeof(*out->items));
    for (int i = 0; i < out->count; i++) {
        FPI_TRY(system_of(&out->items[i], tx, rows, i, task));
    }
    return NULL;
}

static fpi_err_t *find(fpi_system_t **out, fpi_tx_t *tx, fpi_sql_t sql, int64_t tenant, fpi_arg_t key,
                       fpi_task_t *task)
{
    const fpi_arg_t args[] = { fpi_arg_int(tenant), key };
    fpi_rows_t *rows;

    *out = NULL;
    FPI_TRY(fpi_tx_run(tx, sql, args, 2, &rows, NULL, task));
    return fpi_rows_count(rows) ? system_of(out, tx, rows, 0, task) : NULL;
}

fpi_err_t *fpi_system_find(fpi_system_t **out, fpi_tx_t *tx, int64_t tenant, const char *name, fpi_task_t *task)
{
    return find(out, tx, FPI_SQL_SYSTEM_FIND, tenant, fpi_arg_text(name), task);
}

fpi_err_t *fpi_system_find_by_id(fpi_system_t **out, fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task)
{
    return find(out, tx, FPI_SQL_SYSTEM_FIND_BY_ID, tenant, fpi_arg_int(id), task);
}

fpi_err_t *fpi_system_find_for(fpi_system_t **out, fpi_tx_t *tx, int64_t tenant, const char *resource,
                               fpi_task_t *task)
{
    return find(out, tx, FPI_SQL_SYSTEM_FIND_FOR, tenant, fpi_arg_text(resource ? resource : ""), task);
}

/* ---- put ---- */

/* Told before the store's own unique rules would, with a sentence that helps. */
static fpi_err_t *check_others(const fpi_system_t *system, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_rows_t *rows;
    int count;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_SYSTEM_OTHERS, FPI_ARGS(fpi_arg_int(system->tenant), fpi_arg_int(system->id)), &rows,
                       NULL, task));
    count = fpi_rows_count(rows);
    for (int i = 0; i < count; i++) {
        const char *name = fpi_rows_text(rows, i, 0);

        if (strcmp(name, system->name) == 0) {
            return fpi_refuse(task, FPI_E_DUPLICATE, "name", "已有名为 %s 的对接业务系统",
                              "there is a business system named %s already", name);
        }
        if (system->is_enabled && fpi_rows_int(rows, i, 2) && strcmp(fpi_rows_text(rows, i, 1), system->resource) == 0) {
            return fpi_refuse(task, FPI_E_DUPLICATE, "resource",
                              "来源 \"%s\" 的单据已由业务系统 %s 接收: 请改 resource, 或先停用它",
                              "bills of the resource \"%s\" go to %s already: give another resource (--resource), or disable that one",
                              system->resource, name);
        }
    }
    if (count >= FPI_SYSTEMS_MOST) {
        return fpi_refuse(task, FPI_E_STATE, NULL, "最多%d个对接业务系统", "there can be %d business systems",
                          FPI_SYSTEMS_MOST);
    }
    return NULL;
}

fpi_err_t *fpi_system_put(fpi_system_t *system, fpi_tx_t *tx, fpi_task_t *task)
{
    apr_time_t now = fpi_clock_now();
    unsigned char *sealed;
    size_t len;

    FPI_TRY(check_others(system, tx, task));
    FPI_TRY(fpi_seal(&sealed, &len, fpi_tx_master(tx), context_of(system, task), system->password, task));
    system->epoch++;
    system->created = system->id ? system->created : now;
    system->updated = now;

    const fpi_arg_t args[] = {
        fpi_arg_int(system->tenant), fpi_arg_int(system->epoch), fpi_arg_text(system->name), fpi_arg_text(system->kind),
        fpi_arg_text(system->resource), fpi_arg_text(system->prefix), fpi_arg_text(system->solution),
        fpi_arg_text(system->dc), fpi_arg_text(system->user), fpi_arg_text(system->language),
        fpi_arg_text(system->auth_pattern), fpi_arg_blob(sealed, len), fpi_arg_int(system->db_type),
        fpi_arg_int(system->encode_pwd), fpi_arg_text(format_names(system, task)), fpi_arg_int(system->is_enabled),
        fpi_arg_int(system->is_checked), fpi_arg_text(system->check_note), fpi_arg_int(system->checked),
        fpi_arg_int(system->created), fpi_arg_int(system->updated), fpi_arg_int(system->id)
    };
    int count = (int)(sizeof(args) / sizeof(*args));

    if (system->id) {
        return fpi_tx_run(tx, FPI_SQL_SYSTEM_UPDATE, args, count, NULL, NULL, task);
    }
    return fpi_tx_insert(&system->id, tx, FPI_SQL_SYSTEM_INSERT, args, count - 1, task);
}

fpi_err_t *fpi_system_note(const fpi_system_t *system, fpi_tx_t *tx, fpi_task_t *task)
{
    return fpi_tx_run(tx, FPI_SQL_SYSTEM_NOTE,
                      FPI_ARGS(fpi_arg_int(system->tenant), fpi_arg_int(system->id), fpi_arg_int(system->epoch),
                               fpi_arg_int(system->is_checked), fpi_arg_text(system->check_note),
                               fpi_arg_int(system->checked)),
                      NULL, NULL, task);
}

fpi_err_t *fpi_system_drop(bool *was_there, fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task)
{
    int64_t changed;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_SYSTEM_DROP, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(id)), NULL, &changed, task));
    *was_there = changed > 0;
    return NULL;
}
