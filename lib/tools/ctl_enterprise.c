#include "tools/ctl.h"

#include "service/table.h"

#include <stdio.h>
#include <string.h>

static const ctl_column_t card[] = {
    { "client_id", "client_id", "client_id", CTL_TEXT },
    { "tax_no", "tax number", "税号", CTL_TEXT },
    { "name", "name", "名称", CTL_TEXT },
    { "is_enabled", "enabled", "启用", CTL_FLAG },
    { "is_checked", "checked", "已校验", CTL_FLAG },
    { "check_note", "last check", "最近校验", CTL_TEXT },
    { "checked", "checked at", "校验时间", CTL_TIME },
    { "has_encrypt_key", "encrypt_key", "encrypt_key", CTL_FLAG },
    { "cloud_client_id", "client_id at the cloud", "发票云侧 client_id", CTL_TEXT },
    { "created", "created", "创建时间", CTL_TIME },
    { "updated", "updated", "更新时间", CTL_TIME },
    { NULL, NULL, NULL, CTL_TEXT },
};

static const ctl_column_t columns[] = {
    { "client_id", "CLIENT_ID", "CLIENT_ID", CTL_TEXT },
    { "tax_no", "TAX NUMBER", "税号", CTL_TEXT },
    { "is_enabled", "ENABLED", "启用", CTL_FLAG },
    { "is_checked", "CHECKED", "已校验", CTL_FLAG },
    { "has_encrypt_key", "ENCRYPT_KEY", "加密键", CTL_FLAG },
    { "updated", "UPDATED", "更新时间", CTL_TIME },
    { "name", "NAME", "名称", CTL_TEXT },
    { NULL, NULL, NULL, CTL_TEXT },
};

/* Never a secret: only whether there is one. */
static fpi_json_t *enterprise_json(ctl_t *ctl, const fpi_enterprise_t *e)
{
    fpi_json_t *doc = fpi_json_make_object(ctl->task);

    fpi_json_put_text(doc, "client_id", e->client_id);
    fpi_json_put_text(doc, "tax_no", e->tax_no);
    fpi_json_put_text(doc, "name", e->name);
    fpi_json_put_bool(doc, "is_enabled", e->is_enabled);
    fpi_json_put_bool(doc, "is_checked", e->is_checked);
    fpi_json_put_text(doc, "check_note", e->check_note);
    fpi_json_put_time(doc, "checked", e->checked);
    fpi_json_put_bool(doc, "has_encrypt_key", e->encrypt_key && e->encrypt_key->len);
    fpi_json_put_text(doc, "cloud_client_id", e->cloud_client_id);
    fpi_json_put_time(doc, "created", e->created);
    fpi_json_put_time(doc, "updated", e->updated);
    return doc;
}

/* ---- add ---- */

static fpi_err_t *read_form(fpi_enterprise_form_t *form, ctl_t *ctl)
{
    fpi_secret_t *secret, *key, *cloud;

    FPI_TRY(ctl_secret(&secret, ctl, "secret-file"));
    FPI_TRY(ctl_secret(&key, ctl, "encrypt-key-file"));
    FPI_TRY(ctl_secret(&cloud, ctl, "cloud-secret-file"));
    *form = (fpi_enterprise_form_t){
        .tax_no = ctl_option(ctl, "tax-no"),
        .name = ctl_option(ctl, "name"),
        .client_id = ctl_option(ctl, "client-id"),
        .secret = secret,
        .encrypt_key = key,
        .cloud_client_id = ctl_option(ctl, "cloud-client-id"),
        .cloud_secret = cloud,
    };
    return NULL;
}

/* The outcome stands first. */
static void tell(ctl_t *ctl, const fpi_enterprise_t *e, const char *result)
{
    fpi_json_t *doc = enterprise_json(ctl, e);

    fpi_json_put_text(doc, "result", result);
    if (!ctl_json(ctl, doc)) {
        ctl_card(ctl, doc, card);
    }
}

static void hint_at_cloud(ctl_t *ctl)
{
    if (!ctl->conf && !ctl_has(ctl, "upstream")) {
        ctl_warn(ctl, "以 %s 校验; 实际上游不同时用 -c 或 --upstream 指定",
                 "asking %s; say -c or --upstream when yours is another",
                 ctl->settings->upstream);
    }
}

fpi_err_t *ctl_enterprise_add(ctl_t *ctl)
{
    bool must_check = !ctl_has(ctl, "unchecked"), is_new;
    fpi_enterprise_form_t form;
    fpi_enterprise_t *e;
    fpi_err_t *err;

    FPI_TRY(ctl_read_settings(ctl));
    FPI_TRY(read_form(&form, ctl));
    FPI_TRY(ctl_open(ctl));
    if (must_check) {
        hint_at_cloud(ctl);
    }
    err = fpi_admin_enterprise_put(&e, &is_new, ctl->app, &form, must_check ? FPI_ADMIN_CHECK : 0, ctl->task);
    if (err) {
        if (ctl_exit_of(err) == CTL_REFUSED) {
            ctl_warn(ctl, "未保存; 确认无误但暂时无法校验时可加 --unchecked",
                     "nothing is stored; if you are sure of it and the cloud can't be asked now, say --unchecked");
        }
        return err;
    }
    ctl_say(ctl, "%s%.0s %s", "%.0s%s %s", is_new ? "已新增" : "已修改", is_new ? "added" : "changed",
            e->client_id);
    tell(ctl, e, is_new ? "added" : "changed");
    return NULL;
}

/* ---- list ---- */

fpi_err_t *ctl_enterprise_list(ctl_t *ctl)
{
    fpi_json_t *list = fpi_json_make_array(ctl->task);
    fpi_enterprises_t all;

    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_admin_enterprises(&all, ctl->app, ctl->task));
    for (int i = 0; i < all.count; i++) {
        fpi_json_add(list, enterprise_json(ctl, all.items[i]));
    }
    ctl_list(ctl, list, columns);
    return NULL;
}

/* ---- check ---- */

static fpi_err_t *check_one(ctl_t *ctl, const char *client_id)
{
    fpi_enterprise_t *e;
    fpi_err_t *err = fpi_admin_enterprise_check(&e, ctl->app, client_id, ctl->task);

    if (!err) {
        ctl_say(ctl, "%s: 发票云已发放 token", "%s: the cloud gives a token", e->client_id);
        tell(ctl, e, "accepted");
        return NULL;
    }
    if (e) {
        ctl->more = enterprise_json(ctl, e);
    }
    return err;
}

static const ctl_column_t check_columns[] = {
    { "client_id", "CLIENT_ID", "CLIENT_ID", CTL_TEXT },
    { "result", "RESULT", "结果", CTL_TEXT },
    { "reason", "REASON", "原因", CTL_LONG },
    { NULL, NULL, NULL, CTL_TEXT },
};

static fpi_err_t *check_next(ctl_t *ctl, fpi_json_t *list, const char *client_id)
{
    fpi_json_t *doc = fpi_json_make_object(ctl->task);
    fpi_enterprise_t *e;
    fpi_err_t *err = fpi_admin_enterprise_check(&e, ctl->app, client_id, ctl->task);

    if (err && ctl_exit_of(err) != CTL_REFUSED) {
        return err;
    }
    fpi_json_put_text(doc, "client_id", client_id);
    fpi_json_put_text(doc, "result",
                      !err ? "accepted" : err->code == FPI_E_CLOUD_REFUSED ? "refused" : "unreachable");
    fpi_json_put_text(doc, "reason", err ? ctl_why(ctl, err) : NULL);
    fpi_json_add(list, doc);
    ctl->exit = err ? CTL_REFUSED : ctl->exit;
    return NULL;
}

static fpi_err_t *check_all(ctl_t *ctl)
{
    fpi_json_t *list = fpi_json_make_array(ctl->task);
    fpi_enterprises_t all;

    FPI_TRY(fpi_admin_enterprises(&all, ctl->app, ctl->task));
    for (int i = 0; i < all.count; i++) {
        if (all.items[i]->is_enabled) {
            FPI_TRY(check_next(ctl, list, all.items[i]->client_id));
        }
    }
    ctl_list(ctl, list, check_columns);
    return NULL;
}

fpi_err_t *ctl_enterprise_check(ctl_t *ctl)
{
    FPI_TRY(ctl_open(ctl));
    hint_at_cloud(ctl);
    return ctl->arg_count ? check_one(ctl, ctl->args[0]) : check_all(ctl);
}

/* ---- disable, enable ---- */

static fpi_err_t *set_enabled(ctl_t *ctl, bool is_enabled)
{
    fpi_enterprise_t *e;
    bool was_changed;

    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_admin_enterprise_enable(&e, &was_changed, ctl->app, ctl->args[0], is_enabled, ctl->task));
    if (!was_changed) {
        ctl_say(ctl, "%s 原本就是如此", "%s was so already", e->client_id);
    }
    tell(ctl, e, !was_changed ? "unchanged" : is_enabled ? "enabled" : "disabled");
    return NULL;
}

fpi_err_t *ctl_enterprise_disable(ctl_t *ctl)
{
    return set_enabled(ctl, false);
}

fpi_err_t *ctl_enterprise_enable(ctl_t *ctl)
{
    return set_enabled(ctl, true);
}

/* ---- remove ---- */

static bool read_answer(ctl_t *ctl, const char *question, char *answer, int room)
{
    fprintf(stderr, "%s", ctl_clean(ctl, question));
    fflush(stderr);
    if (!fgets(answer, room, stdin)) {
        return false;
    }
    answer[strcspn(answer, "\r\n")] = '\0';
    return true;
}

/* Twice: whether, and which. */
static fpi_err_t *confirm(ctl_t *ctl, const fpi_enterprise_t *e)
{
    char answer[256];

    if (!read_answer(ctl, ctl_text(ctl, "删除 %s (%s)? 其 token 立即失效. [y/N] ",
                                   "Remove %s (%s)? Its tokens die at once. [y/N] ", e->client_id, e->name),
                     answer, sizeof(answer))
        || (answer[0] | 0x20) != 'y') {
        return ctl_usage(ctl, "未确认, 未删除; 非交互时请加 --yes", "not confirmed, not removed; say --yes where nobody can be asked");
    }
    if (!read_answer(ctl, ctl_text(ctl, "请输入 client_id 确认: ", "Type the client_id to make sure: "), answer,
                     sizeof(answer))
        || strcmp(answer, e->client_id) != 0) {
        return ctl_usage(ctl, "client_id 不一致, 未删除", "that is another client_id: not removed");
    }
    return NULL;
}

fpi_err_t *ctl_enterprise_remove(ctl_t *ctl)
{
    fpi_json_t *doc = fpi_json_make_object(ctl->task);
    fpi_enterprise_t *e;
    int rows;

    FPI_TRY(ctl_open(ctl));
    if (!ctl_has(ctl, "yes")) {
        FPI_TRY(fpi_admin_enterprise_get(&e, ctl->app, ctl->args[0], ctl->task));
        FPI_TRY(confirm(ctl, e));
    }
    FPI_TRY(fpi_admin_enterprise_remove(&rows, ctl->app, ctl->args[0], ctl->task));
    fpi_json_put_text(doc, "client_id", ctl->args[0]);
    fpi_json_put_text(doc, "result", "removed");
    fpi_json_put_int(doc, "push_rows", rows);
    if (ctl_json(ctl, doc)) {
        return NULL;
    }
    ctl_say(ctl, "已删除 %s", "removed %s", ctl->args[0]);
    if (rows) {
        ctl_say(ctl, "推送表中还有 %d 行使用它: fpimagectl push-table check",
                "%d rows of the push table still name it: "
                "fpimagectl push-table check", rows);
    }
    return NULL;
}

/* ---- import ---- */

static const ctl_column_t import_columns[] = {
    { "line", "LINE", "行", CTL_TEXT },
    { "client_id", "CLIENT_ID", "CLIENT_ID", CTL_TEXT },
    { "result", "RESULT", "结果", CTL_TEXT },
    { "reason", "REASON", "原因", CTL_LONG },
    { NULL, NULL, NULL, CTL_TEXT },
};

static fpi_json_t *line_json(ctl_t *ctl, const fpi_import_line_t *line)
{
    static const char *const names[] = { "added", "changed", "refused", "not_stored" };
    fpi_json_t *doc = fpi_json_make_object(ctl->task);

    fpi_json_put_int(doc, "line", line->line);
    fpi_json_put_text(doc, "client_id", line->client_id);
    fpi_json_put_text(doc, "result", names[line->result]);
    fpi_json_put_text(doc, "field", line->why ? line->why->field : NULL);
    fpi_json_put_text(doc, "reason", line->why ? ctl_why(ctl, line->why) : NULL);
    return doc;
}

/* A refusal of the cloud weighs more than a line that is not well-formed. */
static ctl_exit_t exit_of_import(const fpi_import_t *import)
{
    ctl_exit_t code = import->refused ? CTL_FAILED : CTL_DONE;

    for (int i = 0; i < import->lines->nelts; i++) {
        const fpi_err_t *why = APR_ARRAY_IDX(import->lines, i, fpi_import_line_t).why;

        code = why && ctl_exit_of(why) == CTL_REFUSED ? CTL_REFUSED : code;
    }
    return code;
}

static void tell_import(ctl_t *ctl, const fpi_import_t *import)
{
    fpi_json_t *doc = fpi_json_make_object(ctl->task), *lines = fpi_json_make_array(ctl->task);

    for (int i = 0; i < import->lines->nelts; i++) {
        fpi_json_add(lines, line_json(ctl, &APR_ARRAY_IDX(import->lines, i, fpi_import_line_t)));
    }
    fpi_json_put_int(doc, "stored", import->stored);
    fpi_json_put_int(doc, "refused", import->refused);
    fpi_json_put(doc, "lines", lines);
    if (!ctl_json(ctl, doc)) {
        ctl_table(ctl, lines, import_columns);
        ctl_say(ctl, "共 %d 行, 保存 %d, 拒绝 %d", "%d lines, %d stored, %d refused", import->lines->nelts,
                import->stored,
                import->refused);
    }
}

fpi_err_t *ctl_enterprise_import(ctl_t *ctl)
{
    bool must_check = !ctl_has(ctl, "unchecked");
    fpi_secret_t *file, *csv;
    fpi_import_t import;

    FPI_TRY(ctl_read_settings(ctl));
    FPI_TRY(ctl_read_file(&file, ctl, ctl->args[0], FPI_TABLE_BYTES));
    FPI_TRY(fpi_table_csv(&csv, file->bytes, file->len, ctl->task));
    FPI_TRY(ctl_open(ctl));
    if (must_check) {
        hint_at_cloud(ctl);
    }
    FPI_TRY(fpi_admin_import(&import, ctl->app, csv, ctl_has(ctl, "partial"), must_check, ctl->task));
    ctl->exit = exit_of_import(&import);
    tell_import(ctl, &import);
    return NULL;
}
