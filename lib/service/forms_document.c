/* What a push or an answer of the cloud brings: lists of invoices, covers and attachments, and where their files are. */
#include "service/forms.h"

#include "base/text.h"
#include "wire/crypto.h"

#include <apr_strings.h>
#include <string.h>

enum { WORD_MAX = 100, URL_MAX = 2048, LINKS_MAX = 5000 };

/* ---- links ---- */

typedef struct link_names_t {
    const char *url, *name;      /* aliases */
} link_names_t;

static const link_names_t file_names = { "url|localUrl|downloadUrl|fileUrl|kdcloudUrl|pdfurl|kdorgpdfurl|snapshotUrl",
                                         "fileName|attachmentName|name|coverNo|invoiceNo" };
static const link_names_t voucher_names = { "xbrlLocalUrl|xbrlUrl", "xbrlName|invoiceNo" };

static bool is_listed(const apr_array_header_t *links, int first, const char *url)
{
    for (int i = first; i < links->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(links, i, fpi_link_t).url, url) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_sha256(const char *text)
{
    unsigned char bytes[FPI_SHA256_HEX / 2];

    return text && strlen(text) == FPI_SHA256_HEX && fpi_hex_decode(bytes, sizeof(bytes), text);
}

/* What an object says of its file; of a voucher beside it others say it. */
static void read_link(fpi_link_t *link, const fpi_json_t *object, const link_names_t *names, fpi_task_t *task)
{
    const char *extension;

    link->url = fpi_form_find_kept(object, names->url, URL_MAX, task);
    link->name = fpi_form_find_name(object, names->name, task);
    link->serial_no = fpi_form_find_kept(object, "serialNo", WORD_MAX, task);
    if (names != &file_names) {
        return;
    }
    link->hash = fpi_form_find_kept(object, "fileHash", WORD_MAX, task);
    link->hash = is_sha256(link->hash) ? link->hash : NULL; /* facts-cloud.md 5.2 does not say of which kind it is */
    extension = fpi_form_find_kept(object, "fileExtends", 10, task);
    if (link->name && extension && !strrchr(link->name, '.')) {
        link->name = apr_pstrcat(task->pool, link->name, ".", extension, NULL);
    }
}

/* Unless one of those from `first` on is the same. */
static bool add_link(apr_array_header_t *links, int first, const fpi_json_t *said, const link_names_t *names, fpi_kind_t kind,
                     fpi_task_t *task)
{
    fpi_link_t link = { .kind = kind };
    const char *text = fpi_json_text(said);

    if (fpi_json_is_object(said)) {
        read_link(&link, said, names, task);
    }
    else if (text && strlen(text) <= URL_MAX && fpi_form_is_address(text)) {
        link.url = text;
    }
    if (link.url && links->nelts < LINKS_MAX && !is_listed(links, first, link.url)) {
        APR_ARRAY_PUSH(links, fpi_link_t) = link;
    }
    return link.url != NULL;
}

bool fpi_form_add_link(apr_array_header_t *links, const fpi_json_t *said, fpi_kind_t kind, fpi_task_t *task)
{
    return add_link(links, links->nelts, said, &file_names, kind, task);
}

bool fpi_form_add_invoice_links(apr_array_header_t *links, const fpi_json_t *object, fpi_task_t *task)
{
    const fpi_json_t *files = fpi_json_find(object, "invoiceFiles");
    const char *serial_no = fpi_form_find_kept(object, "serialNo", WORD_MAX, task);
    int first = links->nelts;

    for (size_t i = 0; fpi_json_is_array(files) && i < fpi_json_size(files); i++) {
        (void)fpi_form_add_link(links, fpi_json_at(files, i), FPI_KIND_INVOICE, task);
    }
    if (!fpi_json_is_array(files)) {
        (void)fpi_form_add_link(links, files, FPI_KIND_INVOICE, task);
    }
    if (links->nelts == first) {
        (void)fpi_form_add_link(links, object, FPI_KIND_INVOICE, task);
    }
    (void)add_link(links, first, object, &voucher_names, FPI_KIND_INVOICE, task);
    for (int i = first; i < links->nelts; i++) {
        APR_ARRAY_IDX(links, i, fpi_link_t).serial_no = serial_no;
    }
    return links->nelts > first;
}

/* ---- documents ---- */

#define INVOICE_LISTS "invoices|invoice|invoiceList|invoiceData"
#define COVER_LISTS "cover|covers|coverList"
#define ATTACHMENT_LISTS "attachment|attachments|attachmentList"

static fpi_json_t *list_of(fpi_json_t *value, fpi_task_t *task)
{
    fpi_json_t *list = fpi_json_make_array(task);

    fpi_json_add(list, value);
    return list;
}

/* A list, or one that is made of the object that stands there; an empty object says nothing. */
static fpi_json_t *as_list(fpi_json_t *value, fpi_task_t *task)
{
    if (fpi_json_is_array(value)) {
        return value;
    }
    return fpi_json_is_object(value) && fpi_json_size(value) ? list_of(value, task) : NULL;
}

static fpi_json_t *as_links(fpi_json_t *value, fpi_task_t *task)
{
    const char *text = fpi_json_text(value);

    return text && fpi_form_is_address(text) ? list_of(value, task) : as_list(value, task);
}

static fpi_json_t *find_list(const fpi_json_t *object, const char *aliases, fpi_json_t *as(fpi_json_t *, fpi_task_t *),
                             fpi_task_t *task)
{
    fpi_json_t *list = NULL;

    while (*aliases && !list) {
        size_t n = strcspn(aliases, "|");

        list = as(fpi_json_find(object, apr_pstrmemdup(task->pool, aliases, n)), task);
        aliases += n + (aliases[n] == '|');
    }
    return list;
}

static bool is_alias(const char *name, const char *aliases)
{
    size_t len = strlen(name);

    while (*aliases) {
        size_t n = strcspn(aliases, "|");

        if (n == len && strncmp(name, aliases, n) == 0) {
            return true;
        }
        aliases += n + (aliases[n] == '|');
    }
    return false;
}

/* Does a member say something and is none of our kinds of list? */
static bool is_odd(const fpi_json_t *value)
{
    const char *text = fpi_json_text(value);

    if (fpi_json_is_null(value) || fpi_json_is_array(value) || fpi_json_is_object(value)) {
        return false;
    }
    return !text || (*text && !fpi_form_is_address(text));
}

static void find_links(fpi_json_t **list, bool *has, const char **odd, const fpi_json_t *object, const char *aliases,
                       fpi_task_t *task)
{
    void *iter = NULL;
    const char *name;
    fpi_json_t *value;

    *list = *list ? *list : find_list(object, aliases, as_links, task);
    while (fpi_json_next(&iter, object, &name, &value)) {
        if (is_alias(name, aliases)) {
            *has = true;
            *odd = is_odd(value) ? name : *odd;
        }
    }
}

static int64_t most_of(const fpi_json_t *object, const char *aliases, fpi_task_t *task)
{
    const char *text = fpi_form_find_kept(object, aliases, 20, task);
    int64_t number = 0;

    return text && fpi_int_parse(&number, text, 1, INT64_MAX) ? number : 0;
}

/* What is not known yet. */
static void read_level(fpi_document_t *out, const fpi_json_t *object, fpi_task_t *task)
{
    out->invoices = out->invoices ? out->invoices : find_list(object, INVOICE_LISTS, as_list, task);
    find_links(&out->covers, &out->has_covers, &out->odd, object, COVER_LISTS, task);
    find_links(&out->attachments, &out->has_attachments, &out->odd, object, ATTACHMENT_LISTS, task);
    out->total = out->total ? out->total : most_of(object, "totalElement|totalElements", task);
    out->pages = out->pages ? out->pages : most_of(object, "totalPage", task);
}

/* NULL: it is no JSON. */
static fpi_json_t *parsed(const char *text, fpi_task_t *task)
{
    fpi_json_t *doc;

    return text && !fpi_json_parse(&doc, text, strlen(text), task) ? doc : NULL;
}

/* By more than a sum, which a summary may have as well. */
static bool is_named(const fpi_json_t *object, fpi_task_t *task)
{
    fpi_invoice_t invoice;

    return !fpi_form_read_invoice(&invoice, object, task)
           && (invoice.number || invoice.code
               || fpi_form_add_invoice_links(apr_array_make(task->pool, 1, sizeof(fpi_link_t)), object, task));
}

static fpi_json_t *read_data(fpi_document_t *out, const fpi_json_t *object, fpi_task_t *task)
{
    fpi_json_t *data = fpi_json_find(object, "data"), *inner;

    data = fpi_json_text(data) ? parsed(fpi_json_text(data), task) : data;
    if (fpi_json_is_array(data) || !fpi_json_is_object(data)) {
        return fpi_json_is_array(data) ? data : NULL;
    }
    read_level(out, data, task);
    inner = fpi_json_find(data, "data");
    return fpi_json_is_array(inner) ? inner : is_named(data, task) ? list_of(data, task) : NULL;
}

void fpi_form_read_document(fpi_document_t *out, const fpi_json_t *object, fpi_task_t *task)
{
    fpi_json_t *data;

    memset(out, 0, sizeof(*out));
    read_level(out, object, task);
    data = read_data(out, object, task);
    out->invoices = out->invoices ? out->invoices : data;
}

bool fpi_form_is_part(const fpi_document_t *doc)
{
    return doc->invoices && (doc->total ? doc->total > (int64_t)fpi_json_size(doc->invoices) : doc->pages > 1);
}

bool fpi_form_says_invoice(const fpi_json_t *said, fpi_task_t *task)
{
    fpi_invoice_t invoice;

    if (fpi_form_read_invoice(&invoice, said, task)) {
        return false;
    }
    return invoice.date || invoice.seller_name || invoice.buyer_name || invoice.has_net || invoice.has_tax || invoice.has_gross
           || fpi_form_unread_sums(&invoice, task) || is_named(said, task);
}

static bool has_any(const fpi_json_t *list, bool is(const fpi_json_t *, fpi_task_t *), fpi_task_t *task)
{
    for (size_t i = 0; i < fpi_json_size(list); i++) {
        if (is(fpi_json_at(list, i), task)) {
            return true;
        }
    }
    return false;
}

/* An empty list says that there are none; an empty `data` may be of anything. */
void fpi_form_read_pushed(fpi_document_t *out, const fpi_json_t *object, fpi_task_t *task)
{
    fpi_document_t said = { 0 };

    fpi_form_read_document(out, object, task);
    read_level(&said, object, task);
    if (!out->invoices || (said.invoices && !fpi_json_size(said.invoices))) {
        return;
    }
    if (fpi_form_is_part(out) || !has_any(out->invoices, said.invoices ? fpi_form_says_invoice : is_named, task)) {
        out->invoices = NULL;
    }
}
