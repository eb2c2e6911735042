/* The tenant's image-code rules, and what a text is by them. */
#include "service/handlers.h"

#include "service/batch.h"
#include "store/audit.h"
#include "store/cover_rules.h"

#include <apr_strings.h>
#include <string.h>

enum { NAME_MAX_CHARS = 100, TEXT_MAX = 1000, PART_TEXT = 100 };

/* ---- as family C reads and writes them ---- */

static fpi_err_t *read_part(fpi_rule_part_t *part, const fpi_json_t *object, int at, fpi_task_t *task)
{
    const char *kind;
    int64_t digits, least, most;

    if (!fpi_json_is_object(object)) {
        return fpi_refuse(task, FPI_E_FIELD, "parts", "字段 parts 第 %d 段应为对象", "parts: item %d must be an object", at);
    }
    FPI_TRY(fpi_json_get_text(&kind, object, "kind", 20, task));
    if (strcmp(kind, "CONSTANT") == 0) {
        part->kind = FPI_PART_CONSTANT;
        return fpi_json_get_text(&part->text, object, "text", PART_TEXT, task);
    }
    if (strcmp(kind, "DIGITS") != 0) {
        return fpi_refuse(task, FPI_E_FIELD, "kind", "字段 parts 第 %d 段的 kind 应为 CONSTANT 或 DIGITS",
                          "parts: kind of item %d must be CONSTANT or DIGITS", at);
    }
    part->kind = FPI_PART_DIGITS;
    FPI_TRY(fpi_json_find_int(&digits, object, "digits", 0, 0, 1000, task));
    FPI_TRY(fpi_json_find_int(&least, object, "least", digits, 0, 1000, task));
    FPI_TRY(fpi_json_find_int(&most, object, "most", digits ? digits : least, 0, 1000, task));
    part->least = (int)least;
    part->most = (int)most;
    return NULL;
}

static fpi_err_t *read_separator(char *separator, const fpi_json_t *object, fpi_task_t *task)
{
    const char *text;

    FPI_TRY(fpi_json_find_text(&text, object, "separator", 10, task));
    if (text && strlen(text) > 1) {
        return fpi_refuse(task, FPI_E_FIELD, "separator", "分隔符 separator 应为空, -, /, . 或 \\",
                          "separator must be empty, -, /, . or \\");
    }
    *separator = text ? *text : '\0';
    return NULL;
}

static fpi_err_t *read_rule(fpi_rule_t *rule, const fpi_json_t *object, bool needs_name, fpi_task_t *task)
{
    fpi_json_t *parts;

    memset(rule, 0, sizeof(*rule));
    if (!fpi_json_is_object(object)) {
        return fpi_refuse(task, FPI_E_FIELD, NULL, "编码规则应为JSON对象", "a rule must be a JSON object");
    }
    FPI_TRY(needs_name ? fpi_json_get_text(&rule->name, object, "name", NAME_MAX_CHARS, task)
                       : fpi_json_find_text(&rule->name, object, "name", NAME_MAX_CHARS, task));
    rule->name = rule->name ? fpi_text_trim(task->pool, rule->name) : "?";
    FPI_TRY(read_separator(&rule->separator, object, task));
    FPI_TRY(fpi_json_find_bool(&rule->is_enabled, object, "is_enabled", true, task));
    FPI_TRY(fpi_bill_type_read(&rule->type_code, object, task));
    FPI_TRY(fpi_json_find_array(&parts, object, "parts", FPI_RULE_PARTS, task));
    rule->part_count = parts ? (int)fpi_json_size(parts) : 0;
    for (int i = 0; i < rule->part_count; i++) {
        FPI_TRY(read_part(&rule->parts[i], fpi_json_at(parts, (size_t)i), i + 1, task));
    }
    return fpi_rule_check(rule, task);
}

static fpi_json_t *form_part(const fpi_rule_part_t *part, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);

    if (part->kind == FPI_PART_CONSTANT) {
        fpi_json_put_text(doc, "kind", "CONSTANT");
        fpi_json_put_text(doc, "text", part->text);
        return doc;
    }
    fpi_json_put_text(doc, "kind", "DIGITS");
    fpi_json_put_int(doc, "least", part->least);
    fpi_json_put_int(doc, "most", part->most);
    return doc;
}

static fpi_json_t *form_rule(const fpi_rule_t *rule, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task), *parts = fpi_json_make_array(task);
    char separator[2] = { rule->separator, '\0' };

    for (int i = 0; i < rule->part_count; i++) {
        fpi_json_add(parts, form_part(&rule->parts[i], task));
    }
    fpi_json_put_int(doc, "id", rule->id);
    fpi_json_put_text(doc, "name", rule->name);
    fpi_json_put_text(doc, "separator", separator);
    fpi_json_put(doc, "parts", parts);
    fpi_json_put_bool(doc, "is_enabled", rule->is_enabled);
    fpi_json_put_text(doc, "bill_type", rule->type_code);
    fpi_json_put_int(doc, "version", rule->version);
    fpi_json_put_time(doc, "created_at", rule->created);
    return doc;
}

/* ---- list ---- */

typedef struct rules_t {
    int64_t tenant, id, version;
    fpi_rule_t *items, said;
    int count;
} rules_t;

static fpi_err_t *tx_list(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    rules_t *rules = baton;

    return fpi_cover_rules_list(&rules->items, &rules->count, tx, rules->tenant, task);
}

fpi_err_t *fpi_handle_cover_rules_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    rules_t rules = { .tenant = call->viewer->tenant };
    fpi_json_t *items = fpi_json_make_array(call->task);
    fpi_page_t page;
    int64_t end;

    FPI_TRY(fpi_page_read(&page, call));
    FPI_TRY(fpi_store_read(app->store, tx_list, &rules, call->task));
    end = page.skip + page.size < rules.count ? page.skip + page.size : rules.count;
    for (int64_t i = page.skip; i < end; i++) {
        fpi_json_add(items, form_rule(&rules.items[i], call->task));
    }
    answer->data = fpi_page_answer(&page, items, rules.count, call->task);
    return NULL;
}

/* ---- make, change, drop ---- */

static fpi_err_t *check_name(const fpi_rule_t *items, int count, const fpi_rule_t *rule, fpi_task_t *task)
{
    for (int i = 0; i < count; i++) {
        if (items[i].id != rule->id && strcmp(items[i].name, rule->name) == 0) {
            return fpi_refuse(task, FPI_E_DUPLICATE, "name", "字段 name: 已有名为 %s 的编码规则",
                              "name: there is a rule %s already", rule->name);
        }
    }
    return NULL;
}

static fpi_err_t *audit_rule(fpi_tx_t *tx, const char *action, const fpi_rule_t *rule, fpi_task_t *task)
{
    return fpi_audit_add(tx, action, rule->name, fpi_json_format(form_rule(rule, task), false, task), task);
}

static fpi_err_t *tx_make(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    rules_t *rules = baton;

    rules->said.id = 0;
    FPI_TRY(tx_list(tx, rules, task));
    FPI_TRY(check_name(rules->items, rules->count, &rules->said, task));
    if (rules->count >= FPI_RULES_MAX) {
        return fpi_refuse(task, FPI_E_STATE, NULL, "编码规则最多 %d 条, 请先删除不用的规则",
                          "there are %d rules already: drop one that is not used", FPI_RULES_MAX);
    }
    FPI_TRY(fpi_bill_type_check(rules->said.type_code, tx, task));
    FPI_TRY(fpi_cover_rule_put(&rules->said, tx, task));
    return audit_rule(tx, "cover-rule.added", &rules->said, task);
}

fpi_err_t *fpi_handle_cover_rule_make(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    rules_t rules = { .tenant = call->viewer->tenant };

    FPI_TRY(read_rule(&rules.said, call->json, true, call->task));
    rules.said.tenant = rules.tenant;
    FPI_TRY(fpi_store_write(app->store, tx_make, &rules, call->task));
    answer->data = form_rule(&rules.said, call->task);
    answer->status = 201;
    return NULL;
}

static fpi_err_t *find_rule(fpi_rule_t **there, fpi_tx_t *tx, const rules_t *rules, fpi_task_t *task)
{
    FPI_TRY(fpi_cover_rule_find(there, tx, rules->tenant, rules->id, task));
    if (!*there) {
        return fpi_refuse(task, FPI_E_ABSENT, "rule_id", "编码规则 %" APR_INT64_T_FMT " 不存在",
                          "there is no rule %" APR_INT64_T_FMT, rules->id);
    }
    return fpi_version_check(rules->version, (*there)->version, (*there)->name, task);
}

static fpi_err_t *tx_change(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    rules_t *rules = baton;
    fpi_rule_t *there;

    FPI_TRY(find_rule(&there, tx, rules, task));
    FPI_TRY(tx_list(tx, rules, task));
    rules->said.id = there->id;
    rules->said.version = there->version;
    rules->said.created = there->created;
    FPI_TRY(check_name(rules->items, rules->count, &rules->said, task));
    FPI_TRY(fpi_bill_type_check(rules->said.type_code, tx, task));
    FPI_TRY(fpi_cover_rule_put(&rules->said, tx, task));
    return audit_rule(tx, "cover-rule.changed", &rules->said, task);
}

fpi_err_t *fpi_handle_cover_rule_put(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    rules_t rules = { .tenant = call->viewer->tenant };

    FPI_TRY(fpi_call_id(&rules.id, call, "rule_id"));
    FPI_TRY(read_rule(&rules.said, call->json, true, call->task));
    FPI_TRY(fpi_version_read(&rules.version, call));
    rules.said.tenant = rules.tenant;
    FPI_TRY(fpi_store_write(app->store, tx_change, &rules, call->task));
    answer->data = form_rule(&rules.said, call->task);
    return NULL;
}

static fpi_err_t *tx_drop(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    rules_t *rules = baton;
    fpi_rule_t *there;

    FPI_TRY(find_rule(&there, tx, rules, task));
    FPI_TRY(fpi_cover_rule_drop(tx, there, task));
    return audit_rule(tx, "cover-rule.removed", there, task);
}

fpi_err_t *fpi_handle_cover_rule_drop(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    rules_t rules = { .tenant = call->viewer->tenant };

    FPI_TRY(fpi_call_id(&rules.id, call, "rule_id"));
    FPI_TRY(fpi_version_read(&rules.version, call));
    FPI_TRY(fpi_store_write(app->store, tx_drop, &rules, call->task));
    answer->status = 204;
    return NULL;
}

/* ---- preview ---- */

/* One rule that is not saved yet, a list of them, or else those that hold. */
static fpi_err_t *read_tried(rules_t *rules, fpi_app_t *app, fpi_call_t *call)
{
    const fpi_json_t *one = fpi_json_find(call->json, "rule");
    fpi_json_t *list;

    FPI_TRY(fpi_json_find_array(&list, call->json, "rules", FPI_RULES_MAX, call->task));
    if (!one && !list) {
        return fpi_store_read(app->store, tx_list, rules, call->task);
    }
    rules->count = one ? 1 : (int)fpi_json_size(list);
    rules->items = apr_pcalloc(call->task->pool, sizeof(fpi_rule_t) * (size_t)(rules->count + 1));
    for (int i = 0; i < rules->count; i++) {
        FPI_TRY(read_rule(&rules->items[i], one ? one : fpi_json_at(list, (size_t)i), false, call->task));
        rules->items[i].is_enabled = one ? true : rules->items[i].is_enabled;
    }
    return NULL;
}

fpi_err_t *fpi_handle_cover_rules_preview(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_task_t *task = call->task;
    rules_t rules = { .tenant = call->viewer->tenant };
    apr_array_header_t *misses = apr_array_make(task->pool, 4, sizeof(fpi_miss_t));
    fpi_json_t *why_not = fpi_json_make_array(task);
    const char *text, *number, *by;

    if (!fpi_json_is_object(call->json)) {
        return fpi_refuse(task, FPI_E_FIELD, NULL, "请求体应为JSON对象", "the body must be a JSON object");
    }
    FPI_TRY(fpi_json_get_text(&text, call->json, "text", TEXT_MAX, task));
    FPI_TRY(read_tried(&rules, app, call));
    number = fpi_cover_number(text, rules.items, rules.count, &by, misses, task);
    for (int i = 0; !number && i < misses->nelts; i++) {
        const fpi_miss_t *miss = &APR_ARRAY_IDX(misses, i, fpi_miss_t);

        fpi_json_add_text(why_not, strcmp(task->lang, "en") == 0 ? miss->en : miss->zh);
    }
    answer->data = fpi_json_make_object(task);
    fpi_json_put_text(answer->data, "number", number);
    fpi_json_put_text(answer->data, "rule", number && !by ? "default" : by);
    fpi_json_put(answer->data, "why_not", why_not);
    return NULL;
}
