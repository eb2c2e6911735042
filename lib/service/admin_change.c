/* A change of one enterprise: what the form says over what is there, once more in the transaction that stores it. */
#include "service/admin_own.h"

#include "base/text.h"

#include <apr_strings.h>
#include <string.h>

typedef struct changing_t {
    const fpi_enterprise_form_t *form;
    const fpi_enterprise_t *said; /* the form, checked */
    const fpi_enterprise_t *proved; /* what the cloud was asked for; NULL: it was not */
    fpi_enterprise_t *old, *e;
} changing_t;

static bool is_blank(const char *text, fpi_task_t *task)
{
    return text && !*fpi_text_trim(task->pool, text);
}

/* What the form leaves out is as it is there, so that all of it is checked in one way. */
static fpi_err_t *take_form(fpi_enterprise_t *said, const fpi_enterprise_form_t *form, const fpi_enterprise_t *old,
                            fpi_task_t *task)
{
    fpi_enterprise_form_t whole = *form;

    whole.tax_no = whole.tax_no ? whole.tax_no : old->tax_no;
    whole.name = whole.name ? whole.name : old->name;
    whole.secret = whole.secret ? whole.secret : old->secret;
    if (is_blank(whole.cloud_client_id, task)) {
        whole.cloud_client_id = NULL;
        whole.cloud_secret = NULL;
    }
    else if (whole.cloud_secret || whole.cloud_client_id) {
        whole.cloud_client_id = whole.cloud_client_id ? whole.cloud_client_id : old->cloud_client_id;
        whole.cloud_secret = whole.cloud_secret ? whole.cloud_secret : old->cloud_secret;
    }
    return fpi_admin_form_take(said, &whole, task);
}

static void lay_over(changing_t *c, fpi_task_t *task)
{
    const fpi_enterprise_form_t *form = c->form;

    c->e->tax_no = form->tax_no ? c->said->tax_no : c->e->tax_no;
    c->e->name = form->name ? c->said->name : c->e->name;
    c->e->secret = form->secret ? c->said->secret : c->e->secret;
    c->e->is_enabled = form->is_enabled ? *form->is_enabled : c->e->is_enabled;
    c->e->encrypt_key = form->encrypt_key ? c->said->encrypt_key : c->e->encrypt_key;
    if (form->cloud_client_id || form->cloud_secret) {
        bool is_gone = is_blank(form->cloud_client_id, task);

        c->e->cloud_client_id = is_gone ? NULL : c->said->cloud_client_id;
        c->e->cloud_secret = is_gone ? NULL : c->said->cloud_secret;
    }
}

static void mark(changing_t *c)
{
    if (c->proved && fpi_admin_is_same_login(c->e, c->proved)) {
        c->e->is_checked = true;
        c->e->checked = c->proved->checked;
        c->e->check_note = c->proved->check_note;
    }
    else if (!fpi_admin_is_same_login(c->e, c->old)) {
        c->e->is_checked = false;
        c->e->checked = 0;
        c->e->check_note = FPI_ADMIN_UNCHECKED;
    }
}

static fpi_err_t *get_one(fpi_enterprise_t **out, const char *client_id, fpi_tx_t *tx, fpi_task_t *task)
{
    FPI_TRY(fpi_enterprise_find(out, tx, client_id, task));
    if (*out && (*out)->tenant == task->tenant) {
        return NULL;
    }
    return fpi_refuse(task, FPI_E_CLIENT, "client_id", "企业授权列表中没有 client_id %.100s",
                      "there is no enterprise authorisation with client_id %.100s", client_id);
}

static fpi_err_t *tx_change(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    changing_t *c = baton;

    FPI_TRY(get_one(&c->old, c->form->client_id, tx, task));
    c->e = apr_pmemdup(task->pool, c->old, sizeof(*c->e));
    lay_over(c, task);
    mark(c);
    FPI_TRY(fpi_enterprise_put(c->e, tx, task));
    return fpi_admin_enterprise_audit(tx, "enterprise.changed", c->old, c->e, task);
}

fpi_err_t *fpi_admin_enterprise_change(fpi_enterprise_t **out, fpi_app_t *app, const fpi_enterprise_form_t *form,
                                       unsigned how, fpi_task_t *task)
{
    fpi_enterprise_t said, asked, *old;
    changing_t c = { .form = form, .said = &said };

    FPI_TRY(fpi_admin_enterprise_get(&old, app, form->client_id, task));
    FPI_TRY(take_form(&said, form, old, task));
    asked = *old;
    c.e = &asked;
    lay_over(&c, task);
    if ((how & FPI_ADMIN_CHECK) && !fpi_admin_is_same_login(&asked, old)) {
        FPI_TRY(fpi_admin_enterprise_prove(app, &asked, task));
        c.proved = &asked;
    }
    FPI_TRY(fpi_admin_write(app, tx_change, &c, task));
    *out = c.e;
    return NULL;
}
