#include "service/modes.h"

#include "base/text.h"
#include "service/changes.h"
#include "store/matches.h"
#include "store/people.h"

#include <apr_strings.h>
#include <string.h>
#include <strings.h>

/* Names of settings: "mode", "mode.org.CODE", "mode.type.CODE"; the value is the wire's number. */
#define TENANT_MODE "mode"
#define ORG_MODE "mode.org."
#define TYPE_MODE "mode.type."

const char *fpi_scope_name(fpi_scope_t scope)
{
    static const char *const names[] = { "default", "tenant", "organisation", "bill type" };

    return names[scope];
}

static fpi_mode_t mode_of(const char *value)
{
    int64_t number;

    return value && fpi_int_parse(&number, value, FPI_MODE_BASIC, FPI_MODE_SYNC) ? (fpi_mode_t)number : FPI_MODE_NONE;
}

fpi_err_t *fpi_mode_parse(fpi_mode_t *out, const char *text, fpi_task_t *task)
{
    *out = mode_of(text);
    for (int i = FPI_MODE_BASIC; i <= FPI_MODE_SYNC; i++) {
        if (strcasecmp(text, fpi_mode_name((fpi_mode_t)i)) == 0) {
            *out = (fpi_mode_t)i;
        }
    }
    if (*out == FPI_MODE_NONE) {
        return fpi_refuse(task, FPI_E_FIELD, "mode", "模式应为 basic, match 或 sync, 收到 %.40s",
                          "a mode is basic, match or sync, not %.40s", text);
    }
    return NULL;
}

/* ---- of a bill ---- */

static fpi_err_t *look_up(fpi_mode_said_t *out, fpi_scope_t scope, const char *prefix, const char *code, fpi_tx_t *tx,
                          int64_t tenant, fpi_task_t *task)
{
    const char *value;

    if (out->mode != FPI_MODE_NONE || !code || (scope != FPI_SCOPE_TENANT && !*code)) {
        return NULL;
    }
    FPI_TRY(fpi_setting_find(&value, tx, tenant, apr_pstrcat(task->pool, prefix, code, NULL), task));
    if (mode_of(value) != FPI_MODE_NONE) {
        *out = (fpi_mode_said_t){ mode_of(value), scope, scope == FPI_SCOPE_TENANT ? NULL : code, FPI_MODE_NONE };
    }
    return NULL;
}

/* Its own organisation, then those above; a bill of an organisation that we don't know has its code at least. */
static fpi_err_t *look_up_orgs(fpi_mode_said_t *out, fpi_tx_t *tx, const fpi_bill_t *bill, fpi_task_t *task)
{
    int64_t id = bill->org;

    for (int level = 0; id && level < FPI_MODE_LEVELS; level++) {
        fpi_org_t *org;

        FPI_TRY(fpi_org_find_by_id(&org, tx, bill->tenant, id, task));
        FPI_TRY(look_up(out, FPI_SCOPE_ORG, ORG_MODE, org ? org->code : NULL, tx, bill->tenant, task));
        id = org ? org->parent : 0;
    }
    return look_up(out, FPI_SCOPE_ORG, ORG_MODE, bill->org_code, tx, bill->tenant, task);
}

/* The receipt was asked, and has nothing to match. */
static fpi_err_t *is_without_receipt(bool *is_without, fpi_tx_t *tx, const fpi_bill_t *bill, fpi_task_t *task)
{
    fpi_match_row_t match;
    fpi_invoice_t *invoices;
    int count;

    *is_without = false;
    FPI_TRY(fpi_match_find(&match, tx, bill->tenant, bill->id, task));
    if (match.empty_at) {
        FPI_TRY(fpi_invoices_list(&invoices, &count, tx, bill->tenant, bill->id, 1, task));
        *is_without = count == 0;
    }
    return NULL;
}

static fpi_err_t *fall(fpi_mode_said_t *out, fpi_tx_t *tx, const fpi_bill_t *bill, fpi_task_t *task)
{
    bool falls = out->mode == FPI_MODE_SYNC && !bill->is_announced;

    if (out->mode == FPI_MODE_MATCH && bill->is_announced) {
        FPI_TRY(is_without_receipt(&falls, tx, bill, task));
    }
    if (falls) {
        *out = (fpi_mode_said_t){ FPI_MODE_BASIC, FPI_SCOPE_DEFAULT, NULL, out->mode };
    }
    return NULL;
}

fpi_err_t *fpi_mode_find(fpi_mode_said_t *out, fpi_tx_t *tx, const fpi_bill_t *bill, fpi_task_t *task)
{
    *out = (fpi_mode_said_t){ FPI_MODE_NONE, FPI_SCOPE_DEFAULT, NULL, FPI_MODE_NONE };
    FPI_TRY(look_up(out, FPI_SCOPE_TYPE, TYPE_MODE, bill->type_code, tx, bill->tenant, task));
    FPI_TRY(look_up_orgs(out, tx, bill, task));
    FPI_TRY(look_up(out, FPI_SCOPE_TENANT, TENANT_MODE, "", tx, bill->tenant, task));
    if (out->mode == FPI_MODE_NONE) {
        *out = (fpi_mode_said_t){ FPI_MODE_BASIC, FPI_SCOPE_DEFAULT, NULL, FPI_MODE_NONE };
    }
    return fall(out, tx, bill, task);
}

/* ---- all that were said ---- */

static void take_said(fpi_mode_said_t *said, const fpi_named_t *row)
{
    bool is_org = strncmp(row->name, ORG_MODE, strlen(ORG_MODE)) == 0;
    bool is_type = strncmp(row->name, TYPE_MODE, strlen(TYPE_MODE)) == 0;

    said->mode = mode_of(row->value);
    said->scope = is_org ? FPI_SCOPE_ORG : is_type ? FPI_SCOPE_TYPE : FPI_SCOPE_TENANT;
    said->code = is_org ? row->name + strlen(ORG_MODE) : is_type ? row->name + strlen(TYPE_MODE) : NULL;
}

fpi_err_t *fpi_modes_list(fpi_mode_said_t **out, int *count, fpi_tx_t *tx, int64_t tenant, fpi_task_t *task)
{
    const char *value;
    fpi_named_t *rows;
    int n;

    FPI_TRY(fpi_setting_find(&value, tx, tenant, TENANT_MODE, task));
    FPI_TRY(fpi_settings_list(&rows, &n, tx, tenant, TENANT_MODE ".", task));
    *out = apr_pcalloc(task->pool, sizeof(**out) * ((size_t)n + 1));
    (*out)[0] = (fpi_mode_said_t){ value ? mode_of(value) : FPI_MODE_BASIC,
                                   value ? FPI_SCOPE_TENANT : FPI_SCOPE_DEFAULT, NULL, FPI_MODE_NONE };
    for (int i = 0; i < n; i++) {
        take_said(&(*out)[i + 1], &rows[i]);
    }
    *count = n + 1;
    return NULL;
}

static const char *word_of(const char *value)
{
    return fpi_mode_name(mode_of(value));
}

fpi_err_t *fpi_mode_put(fpi_tx_t *tx, const fpi_mode_said_t *said, fpi_task_t *task)
{
    const char *prefix = said->scope == FPI_SCOPE_ORG ? ORG_MODE : said->scope == FPI_SCOPE_TYPE ? TYPE_MODE : TENANT_MODE;
    const char *code = "";

    if (said->scope != FPI_SCOPE_TENANT) {
        FPI_TRY(fpi_people_take_word(&code, said->code, said->scope == FPI_SCOPE_ORG ? "org" : "bill_type", FPI_MODE_CODE,
                                     task));
    }
    return fpi_change_setting_word(tx, apr_pstrcat(task->pool, prefix, code, NULL),
                                   said->mode ? apr_psprintf(task->pool, "%d", (int)said->mode) : NULL, word_of, "mode.changed",
                                   apr_pstrcat(task->pool, fpi_scope_name(said->scope), *code ? " " : "", code, NULL), task);
}
