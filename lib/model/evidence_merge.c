/* What is believed of one invoice, field by field. */
#include "model/evidence_own.h"

#include "base/text.h"
#include "model/said.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

/* The evidences of one invoice, the most believed first. */
typedef struct group_t {
    const fpi_evidence_t **evidence;
    int count;
} group_t;

static const char *const order[] = { "number", "code", "date", "net", "tax", "gross", "check_code", "seller_name",
                                     "seller_tax_no", "buyer_name", "buyer_tax_no" };

static int by_belief(const void *a, const void *b)
{
    const fpi_evidence_t *x = *(const fpi_evidence_t *const *)a, *y = *(const fpi_evidence_t *const *)b;

    /* the same source keeps the order in which it spoke: pieces lie one behind the other */
    return x->source != y->source ? (int)x->source - (int)y->source : (x > y) - (x < y);
}

static const char *said(const fpi_evidence_t *evidence, const char *name)
{
    for (int i = 0; i < evidence->count; i++) {
        if (strcmp(evidence->sayings[i].name, name) == 0) {
            return evidence->sayings[i].value;
        }
    }
    return NULL;
}

/* ---- one field ---- */

static bool is_same(const char *name, const char *a, const char *b, apr_pool_t *pool)
{
    fpi_said_kind_t kind = fpi_said_kind(name);

    return strcmp(fpi_said_key(kind, a, pool), fpi_said_key(kind, b, pool)) == 0;
}

/* Has this source said the same otherwise already? */
static bool is_told(const fpi_found_field_t *field, const fpi_saying_t *others, fpi_source_t source, const char *value,
                    apr_pool_t *pool)
{
    for (int i = 0; i < field->other_count; i++) {
        if (others[i].source == source && is_same(field->name, others[i].value, value, pool)) {
            return true;
        }
    }
    return false;
}

static bool believe_field(fpi_found_field_t *field, const group_t *group, const char *name, apr_pool_t *pool)
{
    fpi_saying_t *others = apr_pcalloc(pool, sizeof(*others) * (size_t)group->count);

    *field = (fpi_found_field_t){ .name = name, .others = others };
    for (int i = 0; i < group->count; i++) {
        const char *value = said(group->evidence[i], name);
        fpi_source_t source = group->evidence[i]->source;

        if (value && !field->value) {
            field->value = value;
            field->source = source;
        }
        else if (value && !is_same(name, field->value, value, pool) && !is_told(field, others, source, value, pool)) {
            others[field->other_count++] = (fpi_saying_t){ source, name, value };
        }
    }
    return field->value != NULL;
}

/* A hand has the last word; a QR only counts where it can't mean something else. */
static bool is_conflict(const fpi_found_field_t *field)
{
    bool binds_qr = strcmp(field->name, "number") == 0 || strcmp(field->name, "code") == 0
                    || strcmp(field->name, "date") == 0;

    for (int i = 0; i < field->other_count && field->source != FPI_SOURCE_HAND; i++) {
        if (field->others[i].source != FPI_SOURCE_QR || binds_qr) {
            return true;
        }
    }
    return false;
}

/* ---- all fields ---- */

static bool is_named(const fpi_found_field_t *fields, int count, const char *name)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(fields[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void add_field(fpi_found_t *found, fpi_found_field_t *fields, const group_t *group, const char *name,
                      apr_pool_t *pool)
{
    if (!is_named(fields, found->field_count, name) && believe_field(&fields[found->field_count], group, name, pool)) {
        found->has_conflict = found->has_conflict || is_conflict(&fields[found->field_count]);
        found->field_count++;
    }
}

static void believe_fields(fpi_found_t *found, const group_t *group, apr_pool_t *pool)
{
    size_t most = sizeof(order) / sizeof(*order) + 1;
    fpi_found_field_t *fields;

    for (int i = 0; i < group->count; i++) {
        most += (size_t)group->evidence[i]->count;
    }
    fields = apr_pcalloc(pool, sizeof(*fields) * most);
    found->fields = fields;
    for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++) {
        add_field(found, fields, group, order[i], pool);
    }
    for (int i = 0; i < group->count; i++) {
        for (int k = 0; k < group->evidence[i]->count; k++) {
            add_field(found, fields, group, group->evidence[i]->sayings[k].name, pool);
        }
    }
}

static const char *value_of(const fpi_found_t *found, const char *name)
{
    for (int i = 0; i < found->field_count; i++) {
        if (strcmp(found->fields[i].name, name) == 0) {
            return found->fields[i].value;
        }
    }
    return NULL;
}

/* A QR's amount of unknown meaning is shown only when it is neither of the two. */
static void keep_amount(fpi_found_t *found, const group_t *group, apr_pool_t *pool)
{
    for (int i = 0; i < group->count; i++) {
        const char *amount = fpi_said_value(FPI_SAID_MONEY, group->evidence[i]->amount, pool);
        const char *net = value_of(found, "net"), *gross = value_of(found, "gross");

        if (amount && !value_of(found, "amount") && !(net && strcmp(net, amount) == 0)
            && !(gross && strcmp(gross, amount) == 0)) {
            ((fpi_found_field_t *)found->fields)[found->field_count++] = (fpi_found_field_t){
                .name = "amount", .value = amount, .source = group->evidence[i]->source };
        }
    }
}

/* ---- the invoice ---- */

static bool take_fen(int64_t *fen, const char *value)
{
    return value && fpi_fen_parse(fen, value);
}

static void fill_invoice(fpi_found_t *found, apr_pool_t *pool)
{
    fpi_invoice_t *invoice = &found->invoice;

    invoice->number = value_of(found, "number");
    invoice->code = value_of(found, "code");
    invoice->date = value_of(found, "date");
    invoice->has_net = take_fen(&invoice->net, value_of(found, "net"));
    invoice->has_tax = take_fen(&invoice->tax, value_of(found, "tax"));
    invoice->has_gross = take_fen(&invoice->gross, value_of(found, "gross"));
    invoice->seller_name = value_of(found, "seller_name");
    invoice->seller_tax_no = value_of(found, "seller_tax_no");
    invoice->buyer_name = value_of(found, "buyer_name");
    invoice->buyer_tax_no = value_of(found, "buyer_tax_no");
    found->check_code = value_of(found, "check_code");
    if (!invoice->type) {
        invoice->type = fpi_invoice_type_of_code(invoice->code);
    }
    invoice->identity = fpi_invoice_identity(invoice, pool);
}

static bool believe(fpi_found_t *found, const group_t *group, apr_pool_t *pool)
{
    *found = (fpi_found_t){ .source = group->evidence[0]->source };
    believe_fields(found, group, pool);
    keep_amount(found, group, pool);
    for (int i = 0; i < group->count; i++) {
        const fpi_evidence_t *evidence = group->evidence[i];

        found->invoice.type = found->invoice.type ? found->invoice.type : evidence->type;
        found->lines = found->lines ? found->lines : evidence->lines;
        found->page = found->page ? found->page : evidence->page;
    }
    fill_invoice(found, pool);
    return found->invoice.number || found->invoice.has_gross || found->invoice.has_net;
}

/* The pieces under `root`, in the order of belief. */
static void gather(group_t *group, const pile_t *pile, int root)
{
    group->count = 0;
    for (int i = root; i < pile->count; i++) {
        if (pile->pieces[i].above == root) {
            group->evidence[group->count++] = &pile->pieces[i].evidence;
        }
    }
    qsort(group->evidence, (size_t)group->count, sizeof(*group->evidence), by_belief);
}

fpi_err_t *evidence_believe(fpi_found_t **out, int *count, const pile_t *pile, fpi_task_t *task)
{
    group_t group = { apr_palloc(task->pool, sizeof(*group.evidence) * (size_t)(pile->count + 1)), 0 };
    fpi_found_t *found = apr_pcalloc(task->pool, sizeof(*found) * (FPI_FOUND_MAX + 1));

    *count = 0;
    for (int i = 0; i < pile->count; i++) {
        if (pile->pieces[i].above != i) {
            continue;
        }
        gather(&group, pile, i);
        if (believe(&found[*count], &group, task->pool) && ++*count > FPI_FOUND_MAX) {
            return fpi_refuse(task, FPI_E_UNREADABLE, NULL, "一个文件中的发票超过 %d 张",
                              "there are more than %d invoices in one file", FPI_FOUND_MAX);
        }
    }
    *out = found;
    return NULL;
}
