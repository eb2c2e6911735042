/* PDF: embedded XML and XBRL first, then the text layer, page by page. */
#include "tools/read_own.h"

#include "base/text.h"

#include <apr_strings.h>
#include <poppler.h>
#include <string.h>

enum { EMBEDDED_MOST = 8 * 1024 * 1024 };

typedef struct pdf_t {
    read_t *read;
    PopplerDocument *doc;
    int pages;
    int text_invoices;  /* by the text of pages */
    int text_page;      /* of the first of them */
    int text_number;
    int seen;           /* embedded files */
    const char *unread; /* an embedded PDF or OFD */
} pdf_t;

static apr_status_t drop_object(void *object)
{
    g_object_unref(object);
    return APR_SUCCESS;
}

static fpi_err_t *open_pdf(pdf_t *pdf, const char *data, size_t len)
{
    fpi_task_t *task = pdf->read->task;
    GBytes *bytes = g_bytes_new_static(data, len);
    GError *error = NULL;
    fpi_err_t *err;

    pdf->doc = poppler_document_new_from_bytes(bytes, NULL, &error);
    g_bytes_unref(bytes);
    if (!pdf->doc) {
        err = fpi_refuse(task, FPI_E_UNREADABLE, NULL, "PDF 已损坏、不完整或设有密码: %.200s",
                         "the PDF is damaged, cut short or locked: %.200s", error ? error->message : "");
        g_clear_error(&error);
        return err;
    }
    apr_pool_cleanup_register(task->pool, pdf->doc, drop_object, apr_pool_cleanup_null);
    pdf->pages = poppler_document_get_n_pages(pdf->doc);
    return NULL;
}

/* ---- text ---- */

/* Which way the text runs on the page as it is shown: pages are turned by makers, and by people who scan. */
typedef enum way_t { RIGHT, DOWN, LEFT, UP } way_t;

static way_t way_of(const apr_array_header_t *atoms)
{
    int votes[4] = { 0 };
    way_t best = RIGHT;

    for (int i = 1; i < atoms->nelts; i++) {
        const read_atom_t *a = &APR_ARRAY_IDX(atoms, i - 1, read_atom_t), *b = a + 1;
        double dx = b->x0 - a->x0, dy = b->y0 - a->y0, near = 3 * (a->x1 - a->x0 + a->y1 - a->y0);

        if (ABS(dx) + ABS(dy) < near && dx != dy) {
            votes[ABS(dx) > ABS(dy) ? dx > 0 ? RIGHT : LEFT : dy > 0 ? DOWN : UP]++;
        }
    }
    for (way_t way = DOWN; way <= UP; way++) {
        best = votes[way] > votes[best] ? way : best;
    }
    return best;
}

/* So that it runs to the right. */
static void turn_upright(apr_array_header_t *atoms)
{
    way_t way = way_of(atoms);

    for (int i = 0; i < atoms->nelts; i++) {
        read_atom_t *atom = &APR_ARRAY_IDX(atoms, i, read_atom_t);
        read_atom_t was = *atom;

        if (way == LEFT) {
            *atom = (read_atom_t){ was.text, -was.x1, -was.y1, -was.x0, -was.y0 };
        }
        else if (way == DOWN) {
            *atom = (read_atom_t){ was.text, was.y0, -was.x1, was.y1, -was.x0 };
        }
        else if (way == UP) {
            *atom = (read_atom_t){ was.text, -was.y1, was.x0, -was.y0, was.x1 };
        }
    }
}

/* Letters with their boxes. */
static void add_atoms(apr_array_header_t *atoms, const char *text, const PopplerRectangle *boxes, guint count,
                      apr_pool_t *pool)
{
    for (guint i = 0; i < count && *text; i++) {
        const char *next = g_utf8_next_char(text);
        read_atom_t *atom = apr_array_push(atoms);

        *atom = (read_atom_t){ apr_pstrmemdup(pool, text, (apr_size_t)(next - text)),
                               MIN(boxes[i].x1, boxes[i].x2), MIN(boxes[i].y1, boxes[i].y2),
                               MAX(boxes[i].x1, boxes[i].x2), MAX(boxes[i].y1, boxes[i].y2) };
        text = next;
    }
}

static void read_text(pdf_t *pdf, const char *text, PopplerPage *page, int n)
{
    fpi_task_t *turn = read_turn(pdf->read->task);
    apr_array_header_t *atoms = apr_array_make(turn->pool, 512, sizeof(read_atom_t));
    PopplerRectangle *boxes = NULL;
    guint count = 0;
    int number = pdf->read->invoices + 1, found;

    if (poppler_page_get_text_layout(page, &boxes, &count) && count <= READ_ATOMS) {
        add_atoms(atoms, text, boxes, count, turn->pool);
        turn_upright(atoms);
    }
    found = read_page(pdf->read, atoms, FPI_SOURCE_PDF_TEXT, n, number);
    if (found) {
        pdf->read->invoices = number;
        pdf->text_page = pdf->text_invoices ? pdf->text_page : n;
        pdf->text_number = pdf->text_invoices ? pdf->text_number : number;
        pdf->text_invoices += found;
    }
    g_free(boxes);
    apr_pool_destroy(turn->pool);
}

static void read_pages(pdf_t *pdf)
{
    for (int n = 1; n <= pdf->pages && n <= FPI_READ_PAGES && !fpi_task_is_over(pdf->read->task); n++) {
        PopplerPage *page = poppler_document_get_page(pdf->doc, n - 1);

        char *text = page ? poppler_page_get_text(page) : NULL;

        if (text && *text) {
            read_text(pdf, text, page, n);
        }
        g_free(text);
        g_clear_object(&page);
    }
}

/* ---- embedded files ---- */

typedef struct embedded_t {
    const char *name;
    fpi_buf_t *bytes;
} embedded_t;

static gboolean take_bytes(const gchar *bytes, gsize count, gpointer buf, GError **error)
{
    if (!fpi_buf_put(buf, bytes, count)) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOSPC, "too large");
        return FALSE;
    }
    return TRUE;
}

/* What is neither XML nor a document of its own by its bytes is passed over; files too large, with a note. */
static void take_embedded(apr_array_header_t *files, pdf_t *pdf, PopplerAttachment *attachment)
{
    read_t *read = pdf->read;
    embedded_t file = { attachment->name ? apr_pstrdup(read->task->pool, attachment->name) : "",
                        fpi_buf_make(read->task->pool, EMBEDDED_MOST) };
    fpi_media_t media;

    if (!poppler_attachment_save_to_callback(attachment, take_bytes, file.bytes, NULL)) {
        read_note(read, "PDF 内嵌文件无法读取或过大, 已跳过", "an embedded file of the PDF is too large or damaged, skipped",
                  file.name);
        return;
    }
    media = fpi_media_find(file.bytes->data, file.bytes->len);
    if (media == FPI_MEDIA_XML) {
        APR_ARRAY_PUSH(files, embedded_t) = file;
    }
    else if (media == FPI_MEDIA_PDF || media == FPI_MEDIA_OFD) {
        pdf->unread = file.name;
    }
}

/* Those of the document. */
static void list_attachments(apr_array_header_t *files, pdf_t *pdf)
{
    GList *list = poppler_document_get_attachments(pdf->doc);

    for (GList *at = list; at; at = at->next) {
        if (pdf->seen++ < FPI_READ_MEMBERS) {
            take_embedded(files, pdf, at->data);
        }
        g_object_unref(at->data);
    }
    g_list_free(list);
}

/* Those that are pinned to a page. */
static void list_pinned(apr_array_header_t *files, pdf_t *pdf, PopplerPage *page)
{
    GList *list = poppler_page_get_annot_mapping(page);

    for (GList *at = list; at; at = at->next) {
        PopplerAnnot *annot = ((PopplerAnnotMapping *)at->data)->annot;
        PopplerAttachment *attachment = NULL;

        if (poppler_annot_get_annot_type(annot) == POPPLER_ANNOT_FILE_ATTACHMENT && pdf->seen++ < FPI_READ_MEMBERS) {
            attachment = poppler_annot_file_attachment_get_attachment(POPPLER_ANNOT_FILE_ATTACHMENT(annot));
        }
        if (attachment) {
            take_embedded(files, pdf, attachment);
            g_object_unref(attachment);
        }
    }
    poppler_page_free_annot_mapping(list);
}

static apr_array_header_t *list_embedded(pdf_t *pdf)
{
    apr_array_header_t *files = apr_array_make(pdf->read->task->pool, 2, sizeof(embedded_t));

    list_attachments(files, pdf);
    for (int n = 1; n <= pdf->pages && n <= FPI_READ_PAGES && !fpi_task_is_over(pdf->read->task); n++) {
        PopplerPage *page = poppler_document_get_page(pdf->doc, n - 1);

        if (page) {
            list_pinned(files, pdf, page);
        }
        g_clear_object(&page);
    }
    return files;
}

/* One embedded invoice in a PDF with one (or no) invoice to see is the same invoice; else identities tell. */
static void read_embedded(pdf_t *pdf)
{
    apr_array_header_t *files = list_embedded(pdf);
    read_t *read = pdf->read;
    bool is_one = files->nelts == 1 && pdf->text_invoices <= 1;
    int page = !is_one ? 0 : pdf->text_page ? pdf->text_page : pdf->pages == 1;

    for (int i = 0; i < files->nelts; i++) {
        const embedded_t *file = &APR_ARRAY_IDX(files, i, embedded_t);
        int number = !is_one ? 0 : pdf->text_number ? pdf->text_number : read_number(read);
        bool is_read;

        if (read_xml(&is_read, read, file->bytes->data, file->bytes->len, page, number)) {
            read_note(read, "PDF 内嵌的 XML 已损坏, 已跳过", "XML embedded in the PDF is damaged, skipped", file->name);
        }
    }
}

fpi_err_t *read_pdf(read_t *read, const char *data, size_t len)
{
    pdf_t pdf = { .read = read };

    FPI_TRY(open_pdf(&pdf, data, len));
    read_pages(&pdf);
    read_embedded(&pdf);
    if (pdf.unread && !read->invoices) {
        read_note(read, "PDF 内嵌的 PDF 或 OFD 未读取, 请单独上传", "a PDF or OFD embedded in the PDF is not read: upload it by itself",
                  pdf.unread);
    }
    return NULL;
}
