#include "service/admin_own.h"

#include "base/clock.h"
#include "base/text.h"
#include "service/changes.h"
#include "service/erps.h"
#include "service/scanners.h"
#include "service/setup.h"
#include "store/audit.h"

#include <apr_strings.h>
#include <string.h>

enum { SECRET_MAX = 200, NAME_MAX_LEN = 200, KEY_LEN = 16, NOTE_MAX = 500 };

#define VERSION "people.version"
/* tokens live 30 days at the most: older keys sign nothing that is still alive */
#define KEY_LIFE apr_time_from_sec(30 * 86400)

/* ---- the app ---- */

fpi_err_t *fpi_admin_app_make(fpi_app_t **out, apr_pool_t *pool, const fpi_settings_t *settings,
                              const fpi_log_sink_t *log, fpi_task_t *task)
{
    fpi_app_t *app = apr_pcalloc(pool, sizeof(*app));
    fpi_cloud_options_t options = {
        .base = settings->upstream,
        .http = {
            .ca_file = settings->upstream_ca,
            .slots = 4,
            .slot_wait = settings->upstream_times.connect,
            .times = settings->upstream_times,
            .user_agent = "mod_fpimage",
        },
    };

    app->pool = pool;
    app->settings = settings;
    app->log = log;
    app->shared = apr_pcalloc(pool, sizeof(*app->shared));
    options.breaker = &app->shared->breaker;
    options.counts = &app->shared->cloud;
    FPI_TRY(fpi_cloud_make(&app->cloud, pool, &options, task));
    FPI_TRY(fpi_erps_client_make(&app->erp, app, task));
    FPI_TRY(fpi_scanners_client_make(&app->scanners, app, task));
    *out = app;
    return NULL;
}

fpi_err_t *fpi_admin_app_open_sealed(fpi_app_t *app, fpi_task_t *task)
{
    const fpi_store_options_t options = { .database = app->settings->database,
                                          .data_dir = app->settings->data_dir,
                                          .master = app->master };

    return fpi_store_open(&app->store, app->pool, &options, task);
}

fpi_err_t *fpi_admin_app_open(fpi_app_t *app, fpi_task_t *task)
{
    FPI_TRY(fpi_setup_read_key(&app->master, app->settings, app->pool, task));
    return fpi_admin_app_open_sealed(app, task);
}

/* ---- writing: what all changes of the people have in common ---- */

typedef struct change_t {
    fpi_tx_fn *fn;
    void *baton;
} change_t;

static fpi_err_t *raise_version(fpi_tx_t *tx, fpi_task_t *task)
{
    const char *version;
    int64_t number = 0;

    FPI_TRY(fpi_setting_find(&version, tx, FPI_TENANT_FIRST, VERSION, task));
    if (!version || !fpi_int_parse(&number, version, 0, INT64_MAX - 1)) {
        number = 0;
    }
    return fpi_setting_put(tx, FPI_TENANT_FIRST, VERSION,
                           apr_psprintf(task->pool, "%" APR_INT64_T_FMT, (apr_int64_t)number + 1), task);
}

static fpi_err_t *tx_change(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    change_t *change = baton;

    FPI_TRY(change->fn(tx, change->baton, task));
    return raise_version(tx, task);
}

fpi_err_t *fpi_admin_write(fpi_app_t *app, fpi_tx_fn *fn, void *baton, fpi_task_t *task)
{
    change_t change = { fn, baton };

    FPI_TRY(fpi_store_write(app->store, tx_change, &change, task));
    fpi_store_raise_epoch(app->store);
    return NULL;
}

/* ---- forms ---- */

/* Names may hold blanks, but no control characters. */
fpi_err_t *fpi_admin_take_name(const char **out, const char *text, fpi_task_t *task)
{
    const char *name = fpi_text_trim(task->pool, text ? text : "");

    if (!*name) {
        return fpi_refuse(task, FPI_E_FIELD, "name", "name不能为空", "name must not be empty");
    }
    if (!fpi_utf8_is_valid(name, strlen(name))) {
        return fpi_refuse(task, FPI_E_FIELD, "name", "name不是有效的UTF-8文本", "name is not valid UTF-8");
    }
    for (const char *c = name; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7F) {
            return fpi_refuse(task, FPI_E_FIELD, "name", "name不得有控制字符",
                              "name must not hold control characters");
        }
    }
    if (fpi_utf8_length(name) > NAME_MAX_LEN) {
        return fpi_refuse(task, FPI_E_FIELD, "name", "name最多%d个字符", "name may have %d characters",
                          NAME_MAX_LEN);
    }
    *out = name;
    return NULL;
}

static fpi_err_t *take_secret(fpi_secret_t **out, const fpi_secret_t *given, const char *field,
                              fpi_task_t *task)
{
    const char *word = NULL;
    fpi_err_t *err;

    if (given && strlen(given->bytes) != given->len) {
        return fpi_refuse(task, FPI_E_FIELD, field, "%s含有NUL字节", "%s holds a NUL byte", field);
    }
    err = fpi_people_take_word(&word, given ? given->bytes : "", field, SECRET_MAX, task);
    if (err) {
        return err;
    }
    *out = fpi_secret_make_text(task->pool, word);
    fpi_secret_wipe((char *)word, strlen(word)); /* the trimmed copy is ours */
    return NULL;
}

static fpi_err_t *take_key(fpi_secret_t **out, const fpi_secret_t *given, fpi_task_t *task)
{
    const char *text = given->len == strlen(given->bytes) ? fpi_text_trim(task->pool, given->bytes) : "\1";

    if (!*text) {
        *out = fpi_secret_make(task->pool, "", 0);
        return NULL;
    }
    FPI_TRY(take_secret(out, given, "encrypt_key", task));
    if ((*out)->len != KEY_LEN) {
        return fpi_refuse(task, FPI_E_FIELD, "encrypt_key", "encrypt_key应为%d字节 (或为空), 收到%d字节",
                          "encrypt_key must have %d bytes (or be empty); %d came", KEY_LEN, (int)(*out)->len);
    }
    return NULL;
}

static fpi_err_t *take_cloud(fpi_enterprise_t *e, const fpi_enterprise_form_t *form, fpi_task_t *task)
{
    if (!form->cloud_client_id && !form->cloud_secret) {
        return NULL;
    }
    if (!form->cloud_client_id || !form->cloud_secret) {
        return fpi_refuse(task, FPI_E_FIELD, "cloud_client_id", "cloud_client_id 与 cloud_secret 须同时给出",
                          "cloud_client_id and cloud_secret must come together");
    }
    FPI_TRY(fpi_people_take_word(&e->cloud_client_id, form->cloud_client_id, "cloud_client_id",
                                 FPI_ADMIN_ID_MAX, task));
    return take_secret(&e->cloud_secret, form->cloud_secret, "cloud_secret", task);
}

fpi_err_t *fpi_admin_form_take(fpi_enterprise_t *e, const fpi_enterprise_form_t *form, fpi_task_t *task)
{
    memset(e, 0, sizeof(*e));
    e->tenant = task->tenant;
    e->is_enabled = true;
    FPI_TRY(fpi_people_take_tax_no(&e->tax_no, form->tax_no, "tax_no", task));
    FPI_TRY(fpi_admin_take_name(&e->name, form->name, task));
    FPI_TRY(fpi_people_take_word(&e->client_id, form->client_id, "client_id", FPI_ADMIN_ID_MAX, task));
    FPI_TRY(take_secret(&e->secret, form->secret, "secret", task));
    if (form->encrypt_key) {
        FPI_TRY(take_key(&e->encrypt_key, form->encrypt_key, task));
    }
    return take_cloud(e, form, task);
}

/* ---- what the cloud says ---- */

/* In a task of its own: the time limit is this call's only. */
static fpi_err_t *ask_cloud(fpi_app_t *app, const fpi_enterprise_t *e, fpi_task_t *task)
{
    apr_time_t deadline = task->deadline;
    fpi_err_t *err;

    fpi_task_limit(task, apr_time_from_sec(20));
    err = fpi_cloud_check(app->cloud, e, task);
    task->deadline = deadline;
    return err;
}

fpi_err_t *fpi_admin_enterprise_prove(fpi_app_t *app, fpi_enterprise_t *e, fpi_task_t *task)
{
    fpi_err_t *err = ask_cloud(app, e, task);

    if (err) {
        return err;
    }
    e->is_checked = true;
    e->checked = fpi_clock_now();
    e->check_note = "the cloud gave a token";
    return NULL;
}

/* ---- enterprises: put ---- */

/* What the form left out stays as it was. A row that can't be read any more (the master key was lost) is put right
 * by what is put over it. */
fpi_err_t *fpi_admin_enterprise_follow(fpi_enterprise_t *e, fpi_enterprise_t **there, bool *is_new, fpi_tx_t *tx,
                                       fpi_task_t *task)
{
    fpi_enterprise_t *old = NULL;
    fpi_err_t *err = fpi_enterprise_find(&old, tx, e->client_id, task);

    if (err && err->code != FPI_E_CONFIG) {
        return err;
    }
    *is_new = !err && !old;
    *there = err ? NULL : old;
    if (err || !old) {
        return NULL;
    }
    if (old->tenant != e->tenant) {
        *there = NULL;
        return fpi_refuse(task, FPI_E_DUPLICATE, "client_id", "client_id %s 已被其他租户使用",
                          "the client_id %s is in use by another tenant", e->client_id);
    }
    e->is_enabled = old->is_enabled;
    e->encrypt_key = e->encrypt_key ? e->encrypt_key : old->encrypt_key;
    if (!e->cloud_client_id) {
        e->cloud_client_id = old->cloud_client_id;
        e->cloud_secret = old->cloud_secret;
    }
    return NULL;
}

fpi_err_t *fpi_admin_enterprise_audit(fpi_tx_t *tx, const char *action, const fpi_enterprise_t *old,
                                      const fpi_enterprise_t *e, fpi_task_t *task)
{
    static const fpi_enterprise_t none = { .id = 0 };
    fpi_json_t *changes = fpi_json_make_object(task);

    old = old ? old : &none;
    fpi_change_text(changes, "tax_no", old->tax_no, e->tax_no, task);
    fpi_change_text(changes, "name", old->name, e->name, task);
    fpi_change_text(changes, "cloud_client_id", old->cloud_client_id, e->cloud_client_id, task);
    fpi_change_secret(changes, "secret", old->secret, e->secret);
    fpi_change_secret(changes, "encrypt_key", old->encrypt_key, e->encrypt_key);
    fpi_change_secret(changes, "cloud_secret", old->cloud_secret, e->cloud_secret);
    fpi_change_bool(changes, "is_enabled", old->is_enabled, e->is_enabled, task);
    fpi_change_bool(changes, "is_checked", old->is_checked, e->is_checked, task);
    return fpi_audit_add(tx, action, e->client_id, fpi_changes_text(changes, task), task);
}

typedef struct putting_t {
    const fpi_enterprise_t *said;
    fpi_enterprise_t *e, *old;
    bool must_be_new, is_new;
} putting_t;

static fpi_err_t *tx_look(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    putting_t *p = baton;

    *p->e = *p->said;
    FPI_TRY(fpi_admin_enterprise_follow(p->e, &p->old, &p->is_new, tx, task));
    if (p->must_be_new && !p->is_new) {
        return fpi_refuse(task, FPI_E_DUPLICATE, "client_id", "client_id %s 已登记, 请修改已有的一条",
                          "client_id %s is there already: change that one", p->e->client_id);
    }
    return NULL;
}

static fpi_err_t *tx_put(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    putting_t *p = baton;

    FPI_TRY(tx_look(tx, p, task));
    FPI_TRY(fpi_enterprise_put(p->e, tx, task));
    return fpi_admin_enterprise_audit(tx, p->is_new ? "enterprise.added" : "enterprise.changed", p->old, p->e, task);
}

fpi_err_t *fpi_admin_enterprise_put(fpi_enterprise_t **out, bool *is_new, fpi_app_t *app,
                                    const fpi_enterprise_form_t *form, unsigned how, fpi_task_t *task)
{
    fpi_enterprise_t said, e;
    putting_t p = { .said = &said, .e = &e, .must_be_new = (how & FPI_ADMIN_NEW) != 0 };

    FPI_TRY(fpi_admin_form_take(&said, form, task));
    said.check_note = FPI_ADMIN_UNCHECKED;
    if (how & FPI_ADMIN_CHECK) {
        FPI_TRY(fpi_store_read(app->store, tx_look, &p, task));
        FPI_TRY(fpi_admin_enterprise_prove(app, &e, task));
        said.is_checked = e.is_checked;
        said.checked = e.checked;
        said.check_note = e.check_note;
    }
    FPI_TRY(fpi_admin_write(app, tx_put, &p, task));
    *is_new = p.is_new;
    *out = apr_pmemdup(task->pool, &e, sizeof(e));
    return NULL;
}

/* ---- enterprises: list, get ---- */

fpi_err_t *fpi_admin_enterprises_of(fpi_enterprises_t *out, fpi_tx_t *tx, fpi_task_t *task)
{
    int kept = 0;

    FPI_TRY(fpi_enterprises_list(out, tx, task));
    for (int i = 0; i < out->count; i++) {
        if (out->items[i]->tenant == task->tenant) {
            out->items[kept++] = out->items[i];
        }
    }
    out->count = kept;
    return NULL;
}

static fpi_err_t *tx_list(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    return fpi_admin_enterprises_of(baton, tx, task);
}

fpi_err_t *fpi_admin_enterprises(fpi_enterprises_t *out, fpi_app_t *app, fpi_task_t *task)
{
    return fpi_store_read(app->store, tx_list, out, task);
}

typedef struct getting_t {
    const char *client_id;
    fpi_enterprise_t *e;
    bool is_enabled, was_changed; /* for tx_enable */
} getting_t;

static fpi_err_t *get_row(getting_t *get, fpi_tx_t *tx, fpi_task_t *task)
{
    FPI_TRY(fpi_enterprise_find(&get->e, tx, get->client_id, task));
    if (get->e && get->e->tenant == task->tenant) {
        return NULL;
    }
    return fpi_refuse(task, FPI_E_CLIENT, "client_id", "企业授权列表中没有 client_id %.100s",
                      "there is no enterprise authorisation with client_id %.100s", get->client_id);
}

static fpi_err_t *tx_get(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    return get_row(baton, tx, task);
}

fpi_err_t *fpi_admin_enterprise_get(fpi_enterprise_t **out, fpi_app_t *app, const char *client_id,
                                    fpi_task_t *task)
{
    getting_t get = { .e = NULL };

    FPI_TRY(fpi_people_take_word(&get.client_id, client_id, "client_id", FPI_ADMIN_ID_MAX, task));
    FPI_TRY(fpi_store_read(app->store, tx_get, &get, task));
    *out = get.e;
    return NULL;
}

/* ---- enterprises: check, enable, remove ---- */

typedef struct checking_t {
    const fpi_enterprise_t *asked; /* with whose credentials the cloud was asked */
    const fpi_err_t *said;
    fpi_enterprise_t *e;
} checking_t;

bool fpi_admin_is_same_login(const fpi_enterprise_t *a, const fpi_enterprise_t *b)
{
    return strcmp(fpi_cloud_client_id(a), fpi_cloud_client_id(b)) == 0
           && fpi_secret_is_same(fpi_cloud_secret(a), fpi_cloud_secret(b));
}

static const char *note_of(const fpi_err_t *said, fpi_task_t *task)
{
    const char *note = said ? fpi_err_chain(task->pool, said) : "the cloud gave a token";
    size_t len = strlen(note);

    if (len > NOTE_MAX) {
        for (len = NOTE_MAX; len && ((unsigned char)note[len] & 0xC0) == 0x80; len--) {
        }
    }
    return apr_pstrmemdup(task->pool, note, len);
}

static fpi_err_t *tx_note(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    checking_t *c = baton;

    FPI_TRY(fpi_enterprise_find(&c->e, tx, c->asked->client_id, task));
    if (!c->e || !fpi_admin_is_same_login(c->e, c->asked)) {
        return NULL; /* changed while the cloud was asked: what it said is of another row */
    }
    if (!c->said || c->said->code == FPI_E_CLOUD_REFUSED) {
        c->e->is_checked = !c->said;
    }
    c->e->checked = fpi_clock_now();
    c->e->check_note = note_of(c->said, task);
    FPI_TRY(fpi_enterprise_put(c->e, tx, task));
    return fpi_audit_add(tx, "enterprise.checked", c->e->client_id, c->e->is_checked ? NULL : "{\"is_checked\":false}", task);
}

fpi_err_t *fpi_admin_enterprise_check(fpi_enterprise_t **out, fpi_app_t *app, const char *client_id,
                                      fpi_task_t *task)
{
    checking_t c = { NULL, NULL, NULL };
    fpi_enterprise_t *asked;
    fpi_err_t *err;

    *out = NULL;
    FPI_TRY(fpi_admin_enterprise_get(&asked, app, client_id, task));
    err = ask_cloud(app, asked, task);
    c.asked = asked;
    c.said = err;
    FPI_TRY(fpi_admin_write(app, tx_note, &c, task));
    *out = c.e ? c.e : asked;
    return err;
}

static fpi_err_t *tx_enable(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    getting_t *get = baton;

    FPI_TRY(get_row(get, tx, task));
    get->was_changed = get->e->is_enabled != get->is_enabled;
    get->e->is_enabled = get->is_enabled;
    if (!get->was_changed) {
        return NULL;
    }
    FPI_TRY(fpi_enterprise_put(get->e, tx, task));
    return fpi_audit_add(tx, get->is_enabled ? "enterprise.enabled" : "enterprise.disabled", get->e->client_id, NULL, task);
}

fpi_err_t *fpi_admin_enterprise_enable(fpi_enterprise_t **out, bool *was_changed, fpi_app_t *app,
                                       const char *client_id, bool is_enabled, fpi_task_t *task)
{
    getting_t get = { .is_enabled = is_enabled };

    FPI_TRY(fpi_people_take_word(&get.client_id, client_id, "client_id", FPI_ADMIN_ID_MAX, task));
    FPI_TRY(fpi_admin_write(app, tx_enable, &get, task));
    *out = get.e;
    *was_changed = get.was_changed;
    return NULL;
}

typedef struct removing_t {
    const char *client_id;
    int push_rows;
} removing_t;

/* Found by its id alone: one whose secrets can't be read any more can be removed, too. */
static fpi_err_t *tx_remove(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    removing_t *r = baton;
    fpi_push_row_t *rows;
    bool was_there;
    int count;

    FPI_TRY(fpi_enterprise_drop(tx, task->tenant, r->client_id, &was_there, task));
    if (!was_there) {
        return fpi_refuse(task, FPI_E_CLIENT, "client_id", "企业授权列表中没有 client_id %.100s",
                          "there is no enterprise authorisation with client_id %.100s", r->client_id);
    }
    FPI_TRY(fpi_push_rows_list(&rows, &count, tx, task));
    r->push_rows = 0;
    for (int i = 0; i < count; i++) {
        r->push_rows += rows[i].tenant == task->tenant && strcmp(rows[i].client_id, r->client_id) == 0;
    }
    return fpi_audit_add(tx, "enterprise.removed", r->client_id, NULL, task);
}

fpi_err_t *fpi_admin_enterprise_remove(int *push_rows, fpi_app_t *app, const char *client_id,
                                       fpi_task_t *task)
{
    removing_t r = { NULL, 0 };

    FPI_TRY(fpi_people_take_word(&r.client_id, client_id, "client_id", FPI_ADMIN_ID_MAX, task));
    FPI_TRY(fpi_admin_write(app, tx_remove, &r, task));
    *push_rows = r.push_rows;
    return NULL;
}

/* ---- keys, passwords, capture ---- */

static fpi_err_t *tx_rotate(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    FPI_TRY(fpi_token_key_rotate(tx, fpi_clock_now() - KEY_LIFE, task));
    return fpi_audit_add(tx, "token-keys.rotated", "", NULL, task);
}

fpi_err_t *fpi_admin_keys_rotate(fpi_app_t *app, fpi_task_t *task)
{
    return fpi_admin_write(app, tx_rotate, NULL, task);
}

static fpi_err_t *tx_capture(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    const char *until = *(const char **)baton;

    FPI_TRY(fpi_setting_put(tx, FPI_TENANT_FIRST, "journal.capture_until", until, task));
    return fpi_audit_add(tx, until ? "journal.capture-on" : "journal.capture-off", "", NULL, task);
}

fpi_err_t *fpi_admin_capture(fpi_app_t *app, apr_time_t until, fpi_task_t *task)
{
    const char *value = until ? apr_psprintf(task->pool, "%" APR_TIME_T_FMT, until) : NULL;

    FPI_TRY(fpi_store_write(app->store, tx_capture, &value, task));
    fpi_store_raise_epoch(app->store);
    return NULL;
}
