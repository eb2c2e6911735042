/* OFD: attachments, then the tags that point at texts of the pages, then the texts themselves.
 *
 *   OFD.xml ─DocRoot─> Document.xml ─┬─Pages────────> Content.xml   texts with ids
 *                                    ├─CustomTags───> list ─> tags  names -> ids
 *                                    └─Attachments──> list ─> original_invoice.xml, <number>.xml, rai_issuer_*.xml
 *
 * Makers differ in what a path is relative to, and in the folders' names; none of them is believed beyond that. */
#include "tools/read_own.h"

#include "base/text.h"
#include "wire/zip.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

enum { TEMPLATES_MOST = 8, TEXT_MOST = 4096 };

typedef struct ofd_t {
    read_t *read;
    fpi_zip_t *zip;
    const fpi_zip_entry_t *document;
    fpi_xml_t *root;               /* of Document.xml */
    apr_hash_t *texts;             /* id of a text object -> its text */
    apr_array_header_t *pages;     /* apr_array_header_t * of read_atom_t, one per page */
    int number;                    /* of the document's invoice */
    bool is_attached;              /* an attachment told it */
} ofd_t;

/* ---- entries ---- */

static fpi_err_t *parse_entry(fpi_xml_t **root, const ofd_t *ofd, const fpi_zip_entry_t *entry, fpi_task_t *task)
{
    const char *data;
    size_t len;

    FPI_TRY(fpi_zip_read(&data, &len, ofd->zip, entry, task));
    return fpi_xml_parse(root, data, len, task);
}

/* A link as makers mean it: from the file it stands in, from the document, from the top. */
static const fpi_zip_entry_t *follow(const ofd_t *ofd, const fpi_zip_entry_t *beside, const char *link)
{
    fpi_task_t *task = ofd->read->task;
    const fpi_zip_entry_t *found = link && *link ? fpi_zip_follow(ofd->zip, beside->name, link, task) : NULL;

    if (!found && link && *link && ofd->document) {
        found = fpi_zip_follow(ofd->zip, ofd->document->name, link, task);
    }
    return found || !link || !*link ? found : fpi_zip_find(ofd->zip, link, task);
}

static const char *base_of(const char *name)
{
    const char *slash = strrchr(name, '/');

    return slash ? slash + 1 : name;
}

/* ---- pages ---- */

/* "x y w h" */
static bool parse_box(read_atom_t *atom, const char *text)
{
    double side[4];
    char *end = (char *)text;

    for (int i = 0; text && i < 4; i++) {
        side[i] = strtod(text, &end);
        if (end == text) {
            return false;
        }
        text = end;
    }
    if (!text || !(side[3] > 0)) {
        return false;
    }
    atom->x0 = side[0];
    atom->y0 = side[1];
    atom->x1 = side[0] + (side[2] > 0 ? side[2] : 0);
    atom->y1 = side[1] + side[3];
    return true;
}

/* All codes of the object, one behind the other, as far as they make sense in one place. */
static const char *text_of(const fpi_xml_t *object, apr_pool_t *pool, fpi_task_t *turn)
{
    fpi_buf_t *text = fpi_buf_make(turn->pool, TEXT_MOST);

    for (const fpi_xml_t *code = fpi_xml_first(object, "TextCode"); code; code = fpi_xml_next(code, "TextCode")) {
        if (!fpi_buf_put_text(text, fpi_xml_text(code, turn))) {
            break;
        }
    }
    return text->len ? apr_pstrmemdup(pool, text->data, text->len) : "";
}

/* A box is as wide as the maker liked; the letters of a font of this size are at most so wide. */
static void narrow_box(read_atom_t *atom, const fpi_xml_t *object, fpi_task_t *task)
{
    const char *size = fpi_xml_attribute(object, NULL, "Size", task);
    double letter = size ? strtod(size, NULL) : 0, width = 0;

    for (const char *c = atom->text; *c; c++) {
        width += (*c & 0xC0) == 0x80 ? 0 : (unsigned char)*c < 0x80 ? letter * 0.6 : letter;
    }
    if (width > 0 && atom->x0 + width < atom->x1) {
        atom->x1 = atom->x0 + width;
    }
}

static void take_object(ofd_t *ofd, apr_array_header_t *atoms, const fpi_xml_t *object, fpi_task_t *turn)
{
    apr_pool_t *pool = ofd->read->task->pool;
    const char *id = fpi_xml_attribute(object, NULL, "ID", turn);
    read_atom_t atom = { .text = text_of(object, pool, turn) };

    if (!*atom.text) {
        return;
    }
    if (id) {
        apr_hash_set(ofd->texts, apr_pstrdup(pool, id), APR_HASH_KEY_STRING, atom.text);
    }
    if (parse_box(&atom, fpi_xml_attribute(object, NULL, "Boundary", turn))) {
        narrow_box(&atom, object, turn);
        APR_ARRAY_PUSH(atoms, read_atom_t) = atom;
    }
}

static void take_objects(ofd_t *ofd, apr_array_header_t *atoms, const fpi_xml_t *content, fpi_task_t *turn)
{
    for (const fpi_xml_t *at = fpi_xml_walk(content, content); at && atoms->nelts < READ_ATOMS;
         at = fpi_xml_walk(content, at)) {
        if (fpi_xml_is(at, "TextObject")) {
            take_object(ofd, atoms, at, turn);
        }
    }
}

/* The form that the page is printed on has its labels. */
static const fpi_zip_entry_t *template_of(const ofd_t *ofd, const char *id, fpi_task_t *turn)
{
    const fpi_xml_t *common = fpi_xml_first(ofd->root, "CommonData");

    for (const fpi_xml_t *at = fpi_xml_first(common, "TemplatePage"); at && id; at = fpi_xml_next(at, "TemplatePage")) {
        const char *mine = fpi_xml_attribute(at, NULL, "ID", turn);

        if (mine && strcmp(mine, id) == 0) {
            return follow(ofd, ofd->document, fpi_xml_attribute(at, NULL, "BaseLoc", turn));
        }
    }
    return NULL;
}

static void take_content(ofd_t *ofd, apr_array_header_t *atoms, const char *link, fpi_task_t *turn)
{
    const fpi_zip_entry_t *entry = follow(ofd, ofd->document, link);
    fpi_xml_t *content, *form;
    int forms = 0;

    if (!entry || parse_entry(&content, ofd, entry, turn)) {
        read_note(ofd->read, "OFD 页面缺失或已损坏, 已跳过", "a page of the OFD is missing or damaged, skipped",
                  link ? link : "?");
        return;
    }
    for (const fpi_xml_t *at = fpi_xml_first(content, "Template"); at && forms++ < TEMPLATES_MOST;
         at = fpi_xml_next(at, "Template")) {
        entry = template_of(ofd, fpi_xml_attribute(at, NULL, "TemplateID", turn), turn);
        if (entry && !parse_entry(&form, ofd, entry, turn)) {
            take_objects(ofd, atoms, form, turn);
        }
    }
    take_objects(ofd, atoms, content, turn);
}

static void read_pages(ofd_t *ofd)
{
    const fpi_xml_t *pages = fpi_xml_first(ofd->root, "Pages");

    for (const fpi_xml_t *page = fpi_xml_first(pages, "Page");
         page && ofd->pages->nelts < FPI_READ_PAGES && !fpi_task_is_over(ofd->read->task);
         page = fpi_xml_next(page, "Page")) {
        apr_array_header_t *atoms = apr_array_make(ofd->read->task->pool, 128, sizeof(read_atom_t));
        fpi_task_t *turn = read_turn(ofd->read->task);

        take_content(ofd, atoms, fpi_xml_attribute(page, NULL, "BaseLoc", turn), turn);
        apr_pool_destroy(turn->pool);
        APR_ARRAY_PUSH(ofd->pages, apr_array_header_t *) = atoms;
    }
}

/* The page that the whole document is about, when it has only one. */
static int only_page(const ofd_t *ofd)
{
    return ofd->pages->nelts == 1 ? 1 : 0;
}

/* ---- attachments ---- */

static void read_attachment(ofd_t *ofd, const fpi_zip_entry_t *entry)
{
    read_t *read = ofd->read;
    const char *data;
    bool is_read = false;
    size_t len;

    if (fpi_zip_read(&data, &len, ofd->zip, entry, read->task)) {
        read_note(read, "OFD 附件已损坏, 已跳过", "an attachment of the OFD is damaged, skipped", entry->name);
        return;
    }
    if (fpi_media_find(data, len) == FPI_MEDIA_XML && read_xml(&is_read, read, data, len, only_page(ofd), ofd->number)) {
        read_note(read, "OFD 附件中的 XML 已损坏, 已跳过", "XML attached to the OFD is damaged, skipped", entry->name);
    }
    ofd->is_attached = ofd->is_attached || is_read;
}

static void read_list(ofd_t *ofd, const fpi_zip_entry_t *list)
{
    fpi_xml_t *root;
    int count = 0;

    if (parse_entry(&root, ofd, list, ofd->read->task)) {
        read_note(ofd->read, "OFD 附件清单已损坏", "the OFD's list of attachments is damaged", list->name);
        return;
    }
    for (const fpi_xml_t *at = fpi_xml_first(root, "Attachment"); at && count++ < FPI_READ_MEMBERS;
         at = fpi_xml_next(at, "Attachment")) {
        const fpi_zip_entry_t *entry = follow(ofd, list, fpi_xml_find_text(at, "FileLoc", ofd->read->task));

        if (entry) {
            read_attachment(ofd, entry);
        }
    }
}

static bool is_voucher_name(const char *name)
{
    static const char *const starts[] = { "original_invoice", "einv_", "inv_", "rai_", "atr_", "ntrev_", "bker_", "efi" };
    const char *base = base_of(name);
    size_t digits = strspn(base, "0123456789");

    for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++) {
        if (strncmp(base, starts[i], strlen(starts[i])) == 0) {
            return true;
        }
    }
    return digits == 20 && strcmp(base + digits, ".xml") == 0;
}

static void read_attachments(ofd_t *ofd)
{
    for (const fpi_xml_t *at = fpi_xml_first(ofd->root, "Attachments"); at; at = fpi_xml_next(at, "Attachments")) {
        const fpi_zip_entry_t *list = follow(ofd, ofd->document, fpi_xml_text(at, ofd->read->task));

        if (list) {
            read_list(ofd, list);
        }
    }
    /* lists that lead nowhere: the well-known names, wherever they lie */
    for (int i = 0; i < fpi_zip_count(ofd->zip) && !ofd->is_attached; i++) {
        if (is_voucher_name(fpi_zip_at(ofd->zip, i)->name)) {
            read_attachment(ofd, fpi_zip_at(ofd->zip, i));
        }
    }
}

/* ---- tags ---- */

/* The texts that the element's references name, or its own where it has some. */
static const char *tagged(const ofd_t *ofd, const fpi_xml_t *element)
{
    fpi_task_t *task = ofd->read->task;
    fpi_buf_t *text = fpi_buf_make(task->pool, TEXT_MOST);

    for (const fpi_xml_t *ref = fpi_xml_first(element, "ObjectRef"); ref; ref = fpi_xml_next(ref, "ObjectRef")) {
        const char *part = apr_hash_get(ofd->texts, fpi_xml_text(ref, task), APR_HASH_KEY_STRING);

        if (part && !fpi_buf_put_text(text, part)) {
            break;
        }
    }
    return text->len ? text->data : fpi_xml_text(fpi_xml_first(element, "ObjectData"), task);
}

static void read_tags(ofd_t *ofd, const fpi_zip_entry_t *entry)
{
    read_t *read = ofd->read;
    read_facts_t *facts = apr_hash_make(read->task->pool);
    bool repaired;
    const char *data;
    fpi_xml_t *root;
    size_t len;

    if (fpi_zip_read(&data, &len, ofd->zip, entry, read->task)
        || fpi_xml_repair(&root, &repaired, data, len, read->task)) {
        read_note(read, "OFD 标引文件已损坏, 已跳过", "the OFD's tags are damaged, skipped", entry->name);
        return;
    }
    if (repaired) {
        read_note(read, "OFD 标引文件格式有误, 已尽量读取", "the OFD's tags are malformed, read as far as possible",
                  entry->name);
    }
    for (const fpi_xml_t *at = fpi_xml_walk(root, root); at; at = fpi_xml_walk(root, at)) {
        if (fpi_xml_first(at, "ObjectRef") || fpi_xml_first(at, "ObjectData")) {
            read_fact_put(facts, fpi_xml_name(at), tagged(ofd, at));
        }
    }
    read_evidence_add(read, facts, FPI_SOURCE_OFD_TAG, 0, only_page(ofd), ofd->number);
}

static void read_all_tags(ofd_t *ofd)
{
    for (const fpi_xml_t *at = fpi_xml_first(ofd->root, "CustomTags"); at; at = fpi_xml_next(at, "CustomTags")) {
        const fpi_zip_entry_t *list = follow(ofd, ofd->document, fpi_xml_text(at, ofd->read->task));
        fpi_xml_t *root;

        if (!list || parse_entry(&root, ofd, list, ofd->read->task)) {
            read_note(ofd->read, "OFD 标引清单缺失或已损坏", "the OFD's list of tags is missing or damaged", "");
            continue;
        }
        for (const fpi_xml_t *tag = fpi_xml_first(root, "CustomTag"); tag; tag = fpi_xml_next(tag, "CustomTag")) {
            const fpi_zip_entry_t *entry = follow(ofd, list, fpi_xml_find_text(tag, "FileLoc", ofd->read->task));

            if (entry) {
                read_tags(ofd, entry);
            }
        }
    }
}

/* "合计金额" in it is the net amount (facts of read_facts.c). */
static void read_custom_data(ofd_t *ofd, const fpi_xml_t *body)
{
    fpi_task_t *task = ofd->read->task;
    read_facts_t *facts = apr_hash_make(task->pool);
    const fpi_xml_t *list = fpi_xml_find(body, "DocInfo/CustomDatas");

    for (const fpi_xml_t *at = fpi_xml_first(list, "CustomData"); at; at = fpi_xml_next(at, "CustomData")) {
        const char *name = fpi_xml_attribute(at, NULL, "Name", task);

        if (name) {
            read_fact_put(facts, name, fpi_xml_text(at, task));
        }
    }
    read_evidence_add(ofd->read, facts, FPI_SOURCE_OFD_TAG, 0, only_page(ofd), ofd->number);
}

/* ---- the document ---- */

/* One invoice per document; a further page with another number is another invoice. */
static void read_texts(ofd_t *ofd)
{
    for (int i = 0; i < ofd->pages->nelts; i++) {
        int number = ofd->pages->nelts == 1 ? ofd->number : 0;

        read_page(ofd->read, APR_ARRAY_IDX(ofd->pages, i, apr_array_header_t *), FPI_SOURCE_OFD_TEXT, i + 1, number);
    }
}

static fpi_err_t *read_document(read_t *read, fpi_zip_t *zip, const fpi_zip_entry_t *top, const fpi_xml_t *body)
{
    ofd_t ofd = { .read = read, .zip = zip };
    const char *link = fpi_xml_find_text(body, "DocRoot", read->task);

    ofd.document = follow(&ofd, top, link);
    if (!ofd.document) {
        return fpi_refuse(read->task, FPI_E_UNREADABLE, NULL, "OFD 缺少文档 %.100s", "the OFD lacks its document %.100s",
                          link ? link : "");
    }
    FPI_TRY(parse_entry(&ofd.root, &ofd, ofd.document, read->task));
    ofd.texts = apr_hash_make(read->task->pool);
    ofd.pages = apr_array_make(read->task->pool, 2, sizeof(apr_array_header_t *));
    ofd.number = read_number(read);
    read_pages(&ofd);
    read_attachments(&ofd);
    read_all_tags(&ofd);
    read_custom_data(&ofd, body);
    read_texts(&ofd);
    return NULL;
}

fpi_err_t *read_ofd(read_t *read, fpi_zip_t *zip)
{
    const fpi_zip_entry_t *top = fpi_zip_find(zip, "OFD.xml", read->task);
    ofd_t ofd = { .read = read, .zip = zip };
    fpi_xml_t *root;

    if (!top) {
        return fpi_refuse(read->task, FPI_E_UNREADABLE, NULL, "OFD 缺少 OFD.xml", "the OFD lacks OFD.xml");
    }
    FPI_TRY(parse_entry(&root, &ofd, top, read->task));
    if (!fpi_xml_first(root, "DocBody")) {
        return fpi_refuse(read->task, FPI_E_UNREADABLE, NULL, "OFD 中没有文档", "the OFD lacks a document");
    }
    for (const fpi_xml_t *body = fpi_xml_first(root, "DocBody"); body; body = fpi_xml_next(body, "DocBody")) {
        FPI_TRY(read_document(read, zip, top, body));
    }
    return NULL;
}
