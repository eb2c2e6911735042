#include "wire/xml.h"

#include "base/text.h"

#include <apr_strings.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/SAX2.h>
#include <libxml/tree.h>
#include <string.h>

enum { STRICT = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA | XML_PARSE_NOBLANKS
                | XML_PARSE_COMPACT };

/* What one parse must not pass. */
typedef struct watch_t {
    long nodes;
    int lines;           /* before the document */
    const char *zh, *en; /* why it was stopped, or NULL */
} watch_t;

/* ---- the limits, held while it is parsed ---- */

static void stop(xmlParserCtxt *ctxt, const char *zh, const char *en)
{
    watch_t *watch = ctxt->_private;

    if (!watch->en) {
        watch->zh = zh;
        watch->en = en;
    }
    xmlStopParser(ctxt);
}

static void on_doctype(void *baton, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
    stop(baton, "XML 含 DOCTYPE 声明, 不予解析", "the XML has a document type declaration, which is not read");
}

static void on_start(void *baton, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int space_count,
                     const xmlChar **spaces, int attribute_count, int defaulted, const xmlChar **attributes)
{
    xmlParserCtxt *ctxt = baton;
    watch_t *watch = ctxt->_private;

    watch->nodes += 1 + space_count + attribute_count;
    if (watch->nodes > FPI_XML_NODES) {
        stop(ctxt, "XML 元素过多", "the XML has too many elements");
    }
    else if (ctxt->nodeNr >= FPI_XML_DEPTH) {
        stop(ctxt, "XML 嵌套过深", "the XML is nested too deep");
    }
    else {
        xmlSAX2StartElementNs(baton, name, prefix, uri, space_count, spaces, attribute_count, defaulted, attributes);
    }
}

static void hold_limits(xmlParserCtxt *ctxt, watch_t *watch)
{
    ctxt->_private = watch;
    ctxt->sax->internalSubset = on_doctype;
    ctxt->sax->externalSubset = on_doctype;
    ctxt->sax->startElementNs = on_start;
    ctxt->sax->comment = NULL;
    ctxt->sax->processingInstruction = NULL;
    ctxt->sax->reference = NULL;
}

/* ---- the document in its pool ---- */

static apr_status_t drop_doc(void *doc)
{
    xmlFreeDoc(doc);
    return APR_SUCCESS;
}

static fpi_err_t *refuse(const xmlParserCtxt *ctxt, const watch_t *watch, fpi_task_t *task)
{
    const xmlError *error = &ctxt->lastError;
    const char *message = error->message ? fpi_text_trim(task->pool, error->message) : "no element";

    if (watch->en) {
        return fpi_refuse(task, FPI_E_UNREADABLE, NULL, "%s%.0s", "%.0s%s", watch->zh, watch->en);
    }
    return fpi_refuse(task, FPI_E_UNREADABLE, NULL, "XML 第 %d 行有误: %.200s", "the XML is broken in line %d: %.200s",
                      error->line + watch->lines, message);
}

static fpi_err_t *take(fpi_xml_t **root, bool *repaired, xmlParserCtxt *ctxt, xmlDoc *doc, const watch_t *watch,
                       fpi_task_t *task)
{
    *root = doc && !watch->en ? xmlDocGetRootElement(doc) : NULL;
    if (!*root) {
        xmlFreeDoc(doc);
        return refuse(ctxt, watch, task);
    }
    *repaired = !ctxt->wellFormed;
    apr_pool_cleanup_register(task->pool, doc, drop_doc, apr_pool_cleanup_null);
    return NULL;
}

/* Some of libxml2's messages have no parser to go to; nothing of ours is written to standard error. */
static void ignore_error(void *baton, const xmlError *error)
{
}

static xmlDoc *read_quietly(xmlParserCtxt *ctxt, const void *data, size_t len, int options)
{
    xmlStructuredErrorFunc handler = xmlStructuredError; /* the thread's */
    void *baton = xmlStructuredErrorContext;
    xmlDoc *doc;

    xmlSetStructuredErrorFunc(NULL, (xmlStructuredErrorFunc)ignore_error);
    doc = xmlCtxtReadMemory(ctxt, data, (int)len, NULL, NULL, options);
    xmlSetStructuredErrorFunc(baton, handler);
    return doc;
}

size_t fpi_xml_lead(const char *text, size_t len)
{
    size_t lead = 0;

    for (;;) {
        if (lead < len && text[lead] && strchr(" \t\r\n", text[lead])) {
            lead++;
        }
        else if (len - lead >= 3 && memcmp(text + lead, "\xEF\xBB\xBF", 3) == 0) {
            lead += 3;
        }
        else {
            return lead;
        }
    }
}

static int lines_of(const char *text, size_t len)
{
    int lines = 0;

    for (size_t i = 0; i < len; i++) {
        lines += text[i] == '\n';
    }
    return lines;
}

static fpi_err_t *parse(fpi_xml_t **root, bool *repaired, const void *data, size_t len, int options, fpi_task_t *task)
{
    xmlParserCtxt *ctxt;
    watch_t watch = { 0 };
    size_t lead;
    fpi_err_t *err;

    *root = NULL;
    if (len > FPI_XML_BYTES) {
        return fpi_refuse(task, FPI_E_UNREADABLE, NULL, "XML 超过 %d MB", "the XML is larger than %d MB",
                          FPI_XML_BYTES >> 20);
    }
    lead = fpi_xml_lead(data, len);
    watch.lines = lines_of(data, lead);
    ctxt = xmlNewParserCtxt();
    if (!ctxt) {
        return fpi_fail(task, FPI_E_INTERNAL, "no memory for an XML parser");
    }
    hold_limits(ctxt, &watch);
    err = take(root, repaired, ctxt, read_quietly(ctxt, (const char *)data + lead, len - lead, options), &watch, task);
    xmlFreeParserCtxt(ctxt);
    return err;
}

fpi_err_t *fpi_xml_parse(fpi_xml_t **root, const void *data, size_t len, fpi_task_t *task)
{
    bool repaired;

    return parse(root, &repaired, data, len, STRICT, task);
}

fpi_err_t *fpi_xml_repair(fpi_xml_t **root, bool *repaired, const void *data, size_t len, fpi_task_t *task)
{
    return parse(root, repaired, data, len, STRICT | XML_PARSE_RECOVER, task);
}

/* ---- moving about ---- */

/* libxml2 leaves a prefix that nobody has declared in the name. */
static const char *local_name(const xmlChar *name, const xmlNs *space)
{
    const char *whole = (const char *)name, *colon = space ? NULL : strrchr(whole, ':');

    return colon && colon[1] ? colon + 1 : whole;
}

static bool fits(const xmlNode *node, const char *name, size_t len)
{
    const char *mine;

    if (node->type != XML_ELEMENT_NODE || !name) {
        return node->type == XML_ELEMENT_NODE;
    }
    mine = local_name(node->name, node->ns);
    return strncmp(mine, name, len) == 0 && mine[len] == '\0';
}

static fpi_xml_t *from(xmlNode *node, const char *name, size_t len)
{
    while (node && !fits(node, name, len)) {
        node = node->next;
    }
    return node;
}

fpi_xml_t *fpi_xml_first(const fpi_xml_t *element, const char *name)
{
    return element ? from(element->children, name, name ? strlen(name) : 0) : NULL;
}

fpi_xml_t *fpi_xml_next(const fpi_xml_t *element, const char *name)
{
    return element ? from(element->next, name, name ? strlen(name) : 0) : NULL;
}

fpi_xml_t *fpi_xml_parent(const fpi_xml_t *element)
{
    return element && element->parent && element->parent->type == XML_ELEMENT_NODE ? element->parent : NULL;
}

fpi_xml_t *fpi_xml_find(const fpi_xml_t *element, const char *path)
{
    fpi_xml_t *at = (fpi_xml_t *)element;

    while (at && *path) {
        size_t len = strcspn(path, "/");

        at = from(at->children, path, len);
        path += len + (path[len] == '/');
    }
    return at;
}

fpi_xml_t *fpi_xml_walk(const fpi_xml_t *top, const fpi_xml_t *at)
{
    fpi_xml_t *found = fpi_xml_first(at, NULL);

    while (!found && at && at != top) {
        found = fpi_xml_next(at, NULL);
        at = at->parent;
    }
    return found;
}

fpi_xml_t *fpi_xml_seek(const fpi_xml_t *element, const char *name)
{
    fpi_xml_t *at = (fpi_xml_t *)element;

    do {
        at = fpi_xml_walk(element, at);
    } while (at && !fpi_xml_is(at, name));
    return at;
}

/* ---- asking ---- */

const char *fpi_xml_name(const fpi_xml_t *element)
{
    return local_name(element->name, element->ns);
}

bool fpi_xml_is(const fpi_xml_t *element, const char *name)
{
    return element && strcmp(fpi_xml_name(element), name) == 0;
}

const char *fpi_xml_space(const fpi_xml_t *element)
{
    return element->ns && element->ns->href ? (const char *)element->ns->href : "";
}

long fpi_xml_line(const fpi_xml_t *element)
{
    return xmlGetLineNo(element);
}

/* A copy in the pool of what libxml2 made, which is given back. */
static const char *copy(xmlChar *made, fpi_task_t *task)
{
    const char *text = made ? fpi_text_trim(task->pool, (const char *)made) : "";

    xmlFree(made);
    return text;
}

const char *fpi_xml_text(const fpi_xml_t *element, fpi_task_t *task)
{
    return element ? copy(xmlNodeGetContent(element), task) : "";
}

const char *fpi_xml_find_text(const fpi_xml_t *element, const char *path, fpi_task_t *task)
{
    const char *text = fpi_xml_text(fpi_xml_find(element, path), task);

    return *text ? text : NULL;
}

const char *fpi_xml_attribute(const fpi_xml_t *element, const char *space, const char *name, fpi_task_t *task)
{
    for (xmlAttr *a = element ? element->properties : NULL; a; a = a->next) {
        const char *mine = a->ns && a->ns->href ? (const char *)a->ns->href : "";
        const char *its_name = space ? (const char *)a->name : local_name(a->name, a->ns);

        if (strcmp(its_name, name) == 0 && (!space || strcmp(mine, space) == 0)) {
            return copy(xmlNodeListGetString(element->doc, a->children, 1), task);
        }
    }
    return NULL;
}
