#include "model/cover.h"

#include "base/text.h"
#include "model/bill.h"

#include <apr_strings.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { CONSTANT_MAX = 50, DIGITS_MAX = 50, NUMBER_BYTES = 400 };

static const char separators[] = "-/.\\";
static const char excluded[] = ",^|;}";

/* ---- is it a rule ---- */

static fpi_err_t *check_constant(const char *text, int at, fpi_task_t *task)
{
    const char *number;
    fpi_err_t *bad = NULL;
    size_t len = text ? strlen(text) : 0;

    if (len && fpi_utf8_is_valid(text, len) && fpi_utf8_length(text) <= CONSTANT_MAX
        && fpi_text_find_blank(text) < 0) {
        bad = fpi_bill_take_number(&number, text, "text", task);
        if (!bad) {
            return NULL;
        }
    }
    return fpi_refuse(task, FPI_E_FIELD, "parts", "编码规则第 %d 段 (固定字符) 的 text 应为 1 到 %d 个不含空格的字符",
                      "part %d of the rule (constant): text must be 1 to %d characters without blanks", at,
                      CONSTANT_MAX);
}

static fpi_err_t *check_part(const fpi_rule_part_t *part, int at, fpi_task_t *task)
{
    if (part->kind == FPI_PART_CONSTANT) {
        return check_constant(part->text, at, task);
    }
    if (part->least < 1 || part->most < part->least || part->most > DIGITS_MAX) {
        return fpi_refuse(task, FPI_E_FIELD, "parts", "编码规则第 %d 段 (数字) 的位数应满足 1 <= least <= most <= %d",
                          "part %d of the rule (digits): 1 <= least <= most <= %d must hold", at, DIGITS_MAX);
    }
    return NULL;
}

fpi_err_t *fpi_rule_check(const fpi_rule_t *rule, fpi_task_t *task)
{
    if (rule->part_count < 1 || rule->part_count > FPI_RULE_PARTS) {
        return fpi_refuse(task, FPI_E_FIELD, "parts", "编码规则 parts 应有 1 到 %d 段, 收到 %d 段",
                          "parts: a rule must have 1 to %d parts; it has %d", FPI_RULE_PARTS, rule->part_count);
    }
    if (rule->separator && !strchr(separators, rule->separator)) {
        return fpi_refuse(task, FPI_E_FIELD, "separator", "分隔符 separator 应为空, -, /, . 或 \\",
                          "separator must be empty, -, /, . or \\");
    }
    for (int i = 0; i < rule->part_count; i++) {
        FPI_TRY(check_part(&rule->parts[i], i + 1, task));
    }
    return NULL;
}

/* ---- does a text fit ----
 * All places that the parts so far can end at are walked at once: parts of varying length can't make it slow. */

typedef struct places_t {
    bool has[NUMBER_BYTES + 1];
    int last;                    /* the furthest; -1: none */
} places_t;

static void mark(places_t *places, int at)
{
    places->has[at] = true;
    places->last = at > places->last ? at : places->last;
}

static int digits_at(const char *text, int most)
{
    int n = 0;

    while (n < most && isdigit((unsigned char)text[n])) {
        n++;
    }
    return n;
}

static void mark_part(places_t *to, const fpi_rule_part_t *part, const char *text, int at)
{
    if (part->kind == FPI_PART_CONSTANT) {
        size_t len = strlen(part->text);

        if (strncasecmp(text + at, part->text, len) == 0) {
            mark(to, at + (int)len);
        }
        return;
    }
    for (int n = digits_at(text + at, part->most); n >= part->least; n--) {
        mark(to, at + n);
    }
}

static void step(places_t *to, const places_t *from, const fpi_rule_t *rule, int part, const char *text)
{
    bool has_separator = part > 0 && rule->separator;

    memset(to, 0, sizeof(*to));
    to->last = -1;
    for (int at = 0; at <= from->last; at++) {
        if (from->has[at] && (!has_separator || text[at] == rule->separator)) {
            mark_part(to, &rule->parts[part], text, at + has_separator);
        }
    }
}

static const char *part_name(const fpi_rule_part_t *part, bool is_zh, apr_pool_t *pool)
{
    if (part->kind == FPI_PART_CONSTANT) {
        return apr_psprintf(pool, is_zh ? "固定字符 \"%s\"" : "the constant \"%s\"", part->text);
    }
    if (part->least == part->most) {
        return apr_psprintf(pool, is_zh ? "%d 位数字" : "%d digits", part->least);
    }
    return apr_psprintf(pool, is_zh ? "%d 到 %d 位数字" : "%d to %d digits", part->least, part->most);
}

static void add_miss(apr_array_header_t *misses, const char *rule, const char *zh, const char *en)
{
    if (misses) {
        fpi_miss_t *miss = apr_array_push(misses);

        *miss = (fpi_miss_t){ rule, zh, en };
    }
}

static void miss_part(apr_array_header_t *misses, const fpi_rule_t *rule, int part, const char *rest)
{
    apr_pool_t *pool = misses->pool;
    char sep[2] = { part > 0 ? rule->separator : '\0', '\0' };
    const char *wanted = part_name(&rule->parts[part], true, pool);

    add_miss(misses, rule->name,
             apr_psprintf(pool, "规则 %s: 第 %d 段应为%s%s%s%s, 此处是 \"%s\"", rule->name, part + 1, *sep ? " " : "", sep,
                          *sep ? " 加 " : "", wanted, rest),
             apr_psprintf(pool, "rule %s: part %d must be %s%s%s, there is \"%s\"", rule->name, part + 1, sep,
                          *sep ? " and " : "", part_name(&rule->parts[part], false, pool), rest));
}

static void miss_end(apr_array_header_t *misses, const fpi_rule_t *rule, const char *rest)
{
    apr_pool_t *pool = misses->pool;

    add_miss(misses, rule->name,
             apr_psprintf(pool, "规则 %s: 全部 %d 段之后还有 \"%s\"", rule->name, rule->part_count, rest),
             apr_psprintf(pool, "rule %s: behind all %d parts there is still \"%s\"", rule->name, rule->part_count,
                          rest));
}

static bool fits(const fpi_rule_t *rule, const char *text, apr_array_header_t *misses)
{
    places_t places[2] = { { { true }, 0 }, { { false }, -1 } };
    size_t len = strlen(text);

    for (int i = 0; i < rule->part_count; i++) {
        const places_t *from = &places[i % 2];

        step(&places[(i + 1) % 2], from, rule, i, text);
        if (places[(i + 1) % 2].last < 0) {
            if (misses) {
                miss_part(misses, rule, i, text + from->last);
            }
            return false;
        }
    }
    if (!places[rule->part_count % 2].has[len] && misses) {
        miss_end(misses, rule, text + places[rule->part_count % 2].last);
    }
    return places[rule->part_count % 2].has[len];
}

static bool fits_default(const char *text, apr_array_header_t *misses, apr_pool_t *pool)
{
    size_t bad = strcspn(text, excluded);

    if (!strchr(text, '-')) {
        add_miss(misses, NULL, "默认规则: 没有连字符 -", "default rule: it has no hyphen");
        return false;
    }
    if (text[bad]) {
        add_miss(misses, NULL, apr_psprintf(pool, "默认规则: 含有字符 %c (不得含有 , ^ | ; })", text[bad]),
                 apr_psprintf(pool, "default rule: it has a %c (none of , ^ | ; } is allowed)", text[bad]));
        return false;
    }
    if (strstr(text, "://")) {
        add_miss(misses, NULL, "默认规则: 是网址, 不是影像编号", "default rule: it is a web address, no image number");
        return false;
    }
    return true;
}

const char *fpi_cover_number(const char *text, const fpi_rule_t *rules, int count, const char **by,
                             apr_array_header_t *misses, fpi_task_t *task)
{
    const char *number;
    bool has_rules = false;
    fpi_err_t *bad = fpi_bill_take_number(&number, text, "text", task);

    *by = NULL;
    if (bad) {
        add_miss(misses, NULL, fpi_err_public(bad, "zh"), fpi_err_public(bad, "en"));
        return NULL;
    }
    for (int i = 0; i < count; i++) {
        has_rules |= rules[i].is_enabled;
        if (rules[i].is_enabled && fits(&rules[i], number, misses)) {
            *by = rules[i].name;
            return number;
        }
    }
    return !has_rules && fits_default(number, misses, task->pool) ? number : NULL;
}
