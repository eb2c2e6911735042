#include "service/evidence_forms.h"

#include <apr_strings.h>
#include <apr_tables.h>
#include <string.h>

enum { PAGE_MOST = 100000, TYPE_MOST = 9999, CODES_MOST = 1000 };

/* ---- reading ---- */

static fpi_err_t *read_source(fpi_source_t *out, const fpi_json_t *object, fpi_task_t *task)
{
    const char *name;

    FPI_TRY(fpi_json_get_text(&name, object, "source", 20, task));
    *out = fpi_source_find(name);
    return *out != FPI_SOURCE_COUNT ? NULL
           : fpi_refuse(task, FPI_E_FIELD, "source", "字段 source 的值 %s 不认识", "field source: %s is not known", name);
}

static fpi_err_t *read_fields(fpi_evidence_t *evidence, const fpi_json_t *fields, fpi_task_t *task)
{
    size_t size = fields ? fpi_json_size(fields) : 0;
    fpi_saying_t *sayings;
    const char *name;
    fpi_json_t *value;
    void *iter = NULL;

    if (fields && (!fpi_json_is_object(fields) || size > FPI_EVIDENCE_FIELDS)) {
        return fpi_refuse(task, FPI_E_FIELD, "fields", "字段 fields 应为不超过 %d 项的对象",
                          "field fields: an object of at most %d members is expected", FPI_EVIDENCE_FIELDS);
    }
    evidence->sayings = sayings = apr_pcalloc(task->pool, sizeof(*sayings) * (size + 1));
    while (fields && fpi_json_next(&iter, fields, &name, &value)) {
        if (fpi_json_is_text(value)) {
            sayings[evidence->count++] = (fpi_saying_t){ evidence->source, name, fpi_json_text(value) };
        }
        else if (!fpi_json_is_null(value)) {
            return fpi_refuse(task, FPI_E_FIELD, name, "字段 %s 应为文本", "field %s: a text is expected", name);
        }
    }
    return NULL;
}

static fpi_err_t *read_one(fpi_evidence_t *out, const fpi_json_t *object, fpi_task_t *task)
{
    fpi_json_t *lines;
    int64_t page, invoice;

    *out = (fpi_evidence_t){ 0 };
    FPI_TRY(read_source(&out->source, object, task));
    FPI_TRY(fpi_json_find_int(&page, object, "page", 0, 0, PAGE_MOST, task));
    FPI_TRY(fpi_json_find_int(&invoice, object, "invoice", 0, 0, PAGE_MOST, task));
    FPI_TRY(fpi_json_find_int(&out->type, object, "type", 0, 0, TYPE_MOST, task));
    FPI_TRY(fpi_json_find_text(&out->amount, object, "amount", 100, task));
    FPI_TRY(fpi_json_find_array(&lines, object, "lines", FPI_EVIDENCE_MAX, task));
    out->page = (int)page;
    out->invoice = (int)invoice;
    out->lines = lines && fpi_json_size(lines) ? fpi_json_format(lines, false, task) : NULL;
    return read_fields(out, fpi_json_find(object, "fields"), task);
}

static fpi_err_t *read_all(apr_array_header_t *list, const fpi_json_t *doc, fpi_task_t *task)
{
    fpi_json_t *found = NULL;

    if (fpi_json_is_object(doc)) {
        FPI_TRY(fpi_json_find_array(&found, doc, "evidence", FPI_EVIDENCE_MAX, task));
        doc = found;
    }
    for (size_t i = 0; doc && i < fpi_json_size(doc); i++) {
        const fpi_json_t *object = fpi_json_at(doc, i);

        if (!fpi_json_is_object(object)) {
            return fpi_refuse(task, FPI_E_FIELD, "evidence", "evidence 第 %d 项应为对象",
                              "evidence: item %d should be an object", (int)i + 1);
        }
        FPI_TRY(read_one(apr_array_push(list), object, task));
    }
    return NULL;
}

static void give(fpi_evidence_t **out, int *count, apr_array_header_t *list)
{
    *out = (fpi_evidence_t *)list->elts;
    *count = list->nelts;
}

fpi_err_t *fpi_evidence_read(fpi_evidence_t **out, int *count, const fpi_json_t *doc, fpi_task_t *task)
{
    apr_array_header_t *list = apr_array_make(task->pool, 8, sizeof(fpi_evidence_t));

    FPI_TRY(read_all(list, doc, task));
    give(out, count, list);
    return NULL;
}

/* ---- the codes of a look ---- */

static fpi_err_t *read_codes(apr_array_header_t *list, const fpi_json_t *page, fpi_task_t *task)
{
    fpi_json_t *codes;
    int64_t n;

    FPI_TRY(fpi_json_find_int(&n, page, "n", 0, 0, PAGE_MOST, task));
    FPI_TRY(fpi_json_find_array(&codes, page, "codes", CODES_MOST, task));
    for (size_t i = 0; codes && i < fpi_json_size(codes) && list->nelts < FPI_EVIDENCE_MAX; i++) {
        const char *text = fpi_json_text(fpi_json_find(fpi_json_at(codes, i), "text"));
        const fpi_evidence_t *evidence = fpi_evidence_of_qr(text, (int)n, task);

        if (evidence) {
            APR_ARRAY_PUSH(list, fpi_evidence_t) = *evidence;
        }
    }
    return NULL;
}

fpi_err_t *fpi_evidence_read_look(fpi_evidence_t **out, int *count, const fpi_json_t *look, fpi_task_t *task)
{
    apr_array_header_t *list = apr_array_make(task->pool, 8, sizeof(fpi_evidence_t));
    fpi_json_t *pages;

    FPI_TRY(read_all(list, look, task));
    FPI_TRY(fpi_json_find_array(&pages, look, "pages", PAGE_MOST, task));
    for (size_t i = 0; pages && i < fpi_json_size(pages); i++) {
        FPI_TRY(read_codes(list, fpi_json_at(pages, i), task));
    }
    give(out, count, list);
    return NULL;
}

/* ---- writing ---- */

static fpi_json_t *write_field(const fpi_found_field_t *field, fpi_task_t *task)
{
    fpi_json_t *out = fpi_json_make_object(task), *others = fpi_json_make_array(task);

    fpi_json_put_text(out, "value", field->value);
    fpi_json_put_text(out, "source", fpi_source_name(field->source));
    for (int i = 0; i < field->other_count; i++) {
        fpi_json_t *other = fpi_json_make_object(task);

        fpi_json_put_text(other, "source", fpi_source_name(field->others[i].source));
        fpi_json_put_text(other, "value", field->others[i].value);
        fpi_json_add(others, other);
    }
    fpi_json_put(out, "others", others);
    return out;
}

static fpi_json_t *write_lines(const char *text, fpi_task_t *task)
{
    fpi_json_t *lines = NULL;

    if (text) {
        fpi_ignore(fpi_json_parse(&lines, text, strlen(text), task)); /* it was made by fpi_json_format */
    }
    return lines;
}

fpi_json_t *fpi_found_write(const fpi_found_t *found, fpi_task_t *task)
{
    fpi_json_t *out = fpi_json_make_object(task), *fields = fpi_json_make_object(task);

    fpi_json_put_text(out, "identity", found->invoice.identity);
    fpi_json_put_int(out, "type", found->invoice.type);
    fpi_json_put_text(out, "source", fpi_source_name(found->source));
    fpi_json_put_int(out, "page", found->page);
    fpi_json_put_bool(out, "has_conflict", found->has_conflict);
    for (int i = 0; i < found->field_count; i++) {
        fpi_json_put(fields, found->fields[i].name, write_field(&found->fields[i], task));
    }
    fpi_json_put(out, "fields", fields);
    fpi_json_put(out, "lines", write_lines(found->lines, task));
    return out;
}
