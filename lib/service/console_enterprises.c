/* Enterprise authorisations for the console. What is done is done by service/admin, which the tool uses, too. */
#include "service/handlers.h"

#include "base/text.h"
#include "service/admin.h"
#include "service/table.h"

#include <apr_strings.h>
#include <string.h>

enum { WORD = 300, LINES_CHECKED = 200 };

/* Never a secret: only whether there is one. */
static fpi_json_t *view(const fpi_enterprise_t *e, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);

    fpi_json_put_int(doc, "id", e->id);
    fpi_json_put_text(doc, "client_id", e->client_id);
    fpi_json_put_text(doc, "tax_no", e->tax_no);
    fpi_json_put_text(doc, "name", e->name);
    fpi_json_put_bool(doc, "has_secret", e->secret && e->secret->len);
    fpi_json_put_bool(doc, "has_encrypt_key", e->encrypt_key && e->encrypt_key->len);
    fpi_json_put_text(doc, "cloud_client_id", e->cloud_client_id);
    fpi_json_put_bool(doc, "is_enabled", e->is_enabled);
    fpi_json_put_bool(doc, "is_checked", e->is_checked);
    fpi_json_put_text(doc, "check_note", e->check_note);
    fpi_json_put_time(doc, "checked_at", e->checked);
    fpi_json_put_time(doc, "created_at", e->created);
    fpi_json_put_time(doc, "updated_at", e->updated);
    return doc;
}

/* ---- list, one ---- */

static bool holds(const char *text, const char *word)
{
    return text && strstr(text, word);
}

static bool is_wanted(const fpi_enterprise_t *e, const char *word)
{
    return !word || !*word || holds(e->name, word) || holds(e->tax_no, word) || holds(e->client_id, word);
}

fpi_err_t *fpi_handle_enterprises_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_json_t *items = fpi_json_make_array(call->task);
    const char *word = fpi_params_find(call->params, "q");
    fpi_enterprises_t all;
    int64_t seen = 0;
    fpi_page_t page;

    FPI_TRY(fpi_page_read(&page, call));
    FPI_TRY(fpi_admin_enterprises(&all, app, call->task));
    for (int i = 0; i < all.count; i++) {
        if (!is_wanted(all.items[i], word)) {
            continue;
        }
        if (seen >= page.skip && seen < page.skip + page.size) {
            fpi_json_add(items, view(all.items[i], call->task));
        }
        seen++;
    }
    answer->data = fpi_page_answer(&page, items, seen, call->task);
    return NULL;
}

/* The client id of the one that the path names. */
static fpi_err_t *find_asked(const char **client_id, fpi_app_t *app, const fpi_call_t *call)
{
    const fpi_enterprise_t *e;
    int64_t id;

    FPI_TRY(fpi_call_id(&id, call, "enterprise_id"));
    e = fpi_people_find_by_id(app, id, call->task);
    if (!e || e->tenant != call->task->tenant) {
        return fpi_refuse(call->task, FPI_E_ABSENT, "enterprise_id", "企业授权 %" APR_INT64_T_FMT " 不存在",
                          "there is no enterprise authorisation %" APR_INT64_T_FMT, id);
    }
    *client_id = e->client_id;
    return NULL;
}

fpi_err_t *fpi_handle_enterprise_get(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    const char *client_id;
    fpi_enterprise_t *e;

    FPI_TRY(find_asked(&client_id, app, call));
    FPI_TRY(fpi_admin_enterprise_get(&e, app, client_id, call->task));
    answer->data = view(e, call->task);
    return NULL;
}

/* ---- add, change ---- */

static fpi_err_t *find_secret(const fpi_secret_t **out, const fpi_call_t *call, const char *name)
{
    const char *text;

    FPI_TRY(fpi_json_find_text(&text, call->json, name, WORD, call->task));
    *out = text ? fpi_secret_make_text(call->task->pool, text) : NULL;
    return NULL;
}

static fpi_err_t *read_form(fpi_enterprise_form_t *form, bool *unchecked, const fpi_call_t *call)
{
    fpi_task_t *task = call->task;

    memset(form, 0, sizeof(*form));
    if (!fpi_json_is_object(call->json)) {
        return fpi_refuse(task, FPI_E_FIELD, NULL, "请求体应为JSON对象", "the body must be a JSON object");
    }
    FPI_TRY(fpi_json_find_text(&form->tax_no, call->json, "tax_no", WORD, task));
    FPI_TRY(fpi_json_find_text(&form->name, call->json, "name", WORD, task));
    FPI_TRY(fpi_json_find_text(&form->client_id, call->json, "client_id", WORD, task));
    FPI_TRY(fpi_json_find_text(&form->cloud_client_id, call->json, "cloud_client_id", WORD, task));
    FPI_TRY(find_secret(&form->secret, call, "secret"));
    FPI_TRY(find_secret(&form->encrypt_key, call, "encrypt_key"));
    FPI_TRY(find_secret(&form->cloud_secret, call, "cloud_secret"));
    return fpi_json_find_bool(unchecked, call->json, "unchecked", false, task);
}

fpi_err_t *fpi_handle_enterprise_make(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_enterprise_form_t form;
    bool unchecked, is_new;
    fpi_enterprise_t *e;

    FPI_TRY(read_form(&form, &unchecked, call));
    FPI_TRY(fpi_admin_enterprise_put(&e, &is_new, app, &form, FPI_ADMIN_NEW | (unchecked ? 0 : FPI_ADMIN_CHECK), call->task));
    answer->data = view(e, call->task);
    answer->status = 201;
    return NULL;
}

fpi_err_t *fpi_handle_enterprise_patch(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_enterprise_form_t form;
    bool unchecked, is_enabled;
    const char *client_id;
    fpi_enterprise_t *e;

    FPI_TRY(find_asked(&client_id, app, call));
    FPI_TRY(read_form(&form, &unchecked, call));
    if (form.client_id && strcmp(fpi_text_trim(call->task->pool, form.client_id), client_id) != 0) {
        return fpi_refuse(call->task, FPI_E_FIELD, "client_id", "client_id 不可修改: 请新增一条, 再删除本条",
                          "client_id can't be changed: add another one, then remove this");
    }
    form.client_id = client_id;
    if (fpi_json_find(call->json, "is_enabled")) {
        FPI_TRY(fpi_json_find_bool(&is_enabled, call->json, "is_enabled", true, call->task));
        form.is_enabled = &is_enabled;
    }
    FPI_TRY(fpi_admin_enterprise_change(&e, app, &form, unchecked ? 0 : FPI_ADMIN_CHECK, call->task));
    answer->data = view(e, call->task);
    return NULL;
}

/* ---- remove, check ---- */

/* "asks twice": without confirm it says what would go. */
static fpi_err_t *ask_again(const fpi_enterprise_t *e, fpi_task_t *task)
{
    fpi_json_t *more = fpi_json_make_object(task);
    fpi_err_t *err = fpi_refuse(task, FPI_E_STATE, "confirm", "删除企业授权 %s (%s) 后其 token 立即失效; 确认请带参数 confirm=true",
                                "removing %s (%s) kills its tokens at once; say confirm=true to do it", e->client_id, e->name);

    fpi_json_put_bool(more, "needs_confirm", true);
    fpi_json_put(more, "enterprise", view(e, task));
    err->more = fpi_json_format(more, false, task);
    return err;
}

fpi_err_t *fpi_handle_enterprise_drop(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    const char *confirm = fpi_params_find(call->params, "confirm"), *client_id;
    fpi_enterprise_t *e;
    int rows;

    FPI_TRY(find_asked(&client_id, app, call));
    if (!confirm || strcmp(confirm, "true") != 0) {
        FPI_TRY(fpi_admin_enterprise_get(&e, app, client_id, call->task));
        return ask_again(e, call->task);
    }
    FPI_TRY(fpi_admin_enterprise_remove(&rows, app, client_id, call->task));
    answer->data = fpi_json_make_object(call->task);
    fpi_json_put_text(answer->data, "client_id", client_id);
    fpi_json_put_int(answer->data, "push_rows", rows);
    return NULL;
}

fpi_err_t *fpi_handle_enterprise_check(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_enterprise_t *e = NULL;
    const char *client_id;
    fpi_err_t *err;

    FPI_TRY(find_asked(&client_id, app, call));
    err = fpi_admin_enterprise_check(&e, app, client_id, call->task);
    if (!e) {
        return err;
    }
    answer->data = fpi_json_make_object(call->task);
    fpi_json_put_text(answer->data, "result",
                      !err ? "ACCEPTED" : err->code == FPI_E_CLOUD_REFUSED ? "REFUSED" : "UNREACHABLE");
    fpi_json_put_text(answer->data, "reason", err ? fpi_err_chain(call->task->pool, err) : NULL);
    fpi_json_put(answer->data, "enterprise", view(e, call->task));
    return NULL;
}

/* ---- import ---- */

static fpi_json_t *view_line(const fpi_import_line_t *line, fpi_task_t *task)
{
    static const char *const names[] = { "ADDED", "CHANGED", "REFUSED", "NOT_STORED" };
    fpi_json_t *doc = fpi_json_make_object(task);

    fpi_json_put_int(doc, "line", line->line);
    fpi_json_put_text(doc, "client_id", line->client_id);
    fpi_json_put_text(doc, "result", names[line->result]);
    fpi_json_put_text(doc, "field", line->why ? line->why->field : NULL);
    fpi_json_put_text(doc, "reason", line->why ? fpi_err_public(line->why, task->lang) : NULL);
    return doc;
}

static bool is_said(const fpi_call_t *call, const char *name)
{
    const char *value = fpi_params_find(call->params, name);

    return value && strcmp(value, "true") == 0;
}

static int count_lines(const fpi_secret_t *csv)
{
    int lines = 0;

    for (const char *c = csv->bytes; (c = strchr(c, '\n')); c++) {
        lines++;
    }
    return lines;
}

fpi_err_t *fpi_handle_enterprise_import(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_json_t *lines = fpi_json_make_array(call->task);
    bool unchecked = is_said(call, "unchecked");
    fpi_import_t import;
    fpi_secret_t *csv;

    FPI_TRY(fpi_table_take(&csv, call));
    if (!unchecked && count_lines(csv) > LINES_CHECKED) {
        return fpi_refuse(call->task, FPI_E_TOO_LARGE, "file", "逐行向发票云校验时每次最多 %d 行: 请分批导入, 或用 unchecked=true 先保存不校验",
                          "with a check at the cloud a file has at most %d lines: import it in parts, or save it unchecked with unchecked=true", LINES_CHECKED);
    }
    FPI_TRY(fpi_admin_import(&import, app, csv, is_said(call, "partial"), !unchecked, call->task));
    for (int i = 0; i < import.lines->nelts; i++) {
        fpi_json_add(lines, view_line(&APR_ARRAY_IDX(import.lines, i, fpi_import_line_t), call->task));
    }
    answer->data = fpi_json_make_object(call->task);
    fpi_json_put_int(answer->data, "stored", import.stored);
    fpi_json_put_int(answer->data, "refused", import.refused);
    fpi_json_put(answer->data, "lines", lines);
    return NULL;
}
