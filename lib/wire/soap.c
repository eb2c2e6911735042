#include "wire/soap.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <string.h>

#define SPACE_ENVELOPE "http://schemas.xmlsoap.org/soap/envelope/"
#define SPACE_AXIS "http://xml.apache.org/axis/"
#define SPACE_ENCODING "http://schemas.xmlsoap.org/soap/encoding/"
#define SPACE_TYPES "http://www.w3.org/2001/XMLSchema"
#define SPACE_INSTANCE "http://www.w3.org/2001/XMLSchema-instance"

enum { FAULT_TEXT = 500, FAULT_DETAIL = 4000, SHOWN = 80 };

struct fpi_soap_t {
    fpi_xml_t *response;    /* first child of the body; NULL: an empty body */
    apr_hash_t *ids;        /* "id0" -> element; libxml2 knows no ids without a DTD */
    fpi_soap_fault_t *fault;
};

/* ---- a call ---- */

/* What XML 1.0 can't hold, escaped or not. */
static bool is_writable(const char *text, size_t len)
{
    if (!fpi_utf8_is_valid(text, len)) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if ((c < ' ' && c != '\t' && c != '\n' && c != '\r')
            || (c == 0xEF && (unsigned char)text[i + 1] == 0xBF && (unsigned char)text[i + 2] >= 0xBE)) {
            return false; /* U+FFFE and U+FFFF, too */
        }
    }
    return true;
}

bool fpi_soap_put_escaped(fpi_buf_t *buf, const char *text, size_t len)
{
    static const char *const escapes[256] = { ['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;",
                                              ['\r'] = "&#13;" };

    for (size_t i = 0; i < len; i++) {
        const char *escape = escapes[(unsigned char)text[i]];

        if (!(escape ? fpi_buf_put_text(buf, escape) : fpi_buf_put(buf, &text[i], 1))) {
            return false;
        }
    }
    return true;
}

static bool put_all(fpi_buf_t *buf, const char *const *texts)
{
    while (*texts) {
        if (!fpi_buf_put_text(buf, *texts++)) {
            return false;
        }
    }
    return true;
}

#define PUT(buf, ...) put_all(buf, (const char *const[]){ __VA_ARGS__, NULL })

static fpi_err_t *refuse_size(fpi_task_t *task)
{
    return fpi_fail(task, FPI_E_TOO_LARGE, "a SOAP call of more than %d bytes", FPI_SOAP_CALL);
}

static fpi_err_t *put_value(fpi_buf_t *buf, const fpi_soap_part_t *part, const char *value, size_t len,
                            fpi_task_t *task)
{
    static const char *const types[] = { [FPI_SOAP_TEXT] = "xsd:string", [FPI_SOAP_INT] = "xsd:int",
                                         [FPI_SOAP_BOOL] = "xsd:boolean", [FPI_SOAP_SECRET] = "xsd:string" };

    if (!is_writable(value, len)) {
        return fpi_fail(task, FPI_E_FIELD, "%s holds characters that XML has no room for", part->name);
    }
    if (!PUT(buf, "<", part->name, " xsi:type=\"", types[part->kind], "\">") || !fpi_soap_put_escaped(buf, value, len)
        || !PUT(buf, "</", part->name, ">")) {
        return refuse_size(task);
    }
    return NULL;
}

static fpi_err_t *put_part(fpi_buf_t *buf, const fpi_soap_part_t *part, fpi_task_t *task)
{
    const char *text = part->text;

    if (part->kind == FPI_SOAP_SECRET) {
        return put_value(buf, part, part->secret->bytes, part->secret->len, task);
    }
    if (part->kind != FPI_SOAP_TEXT) {
        text = part->kind == FPI_SOAP_BOOL ? (part->number ? "true" : "false")
                                           : apr_psprintf(task->pool, "%" APR_INT64_T_FMT, part->number);
    }
    if (!text) {
        return PUT(buf, "<", part->name, " xsi:nil=\"true\"/>") ? NULL : refuse_size(task);
    }
    return put_value(buf, part, text, strlen(text), task);
}

static fpi_err_t *put_session(fpi_buf_t *buf, const fpi_soap_call_t *call, fpi_task_t *task)
{
    const fpi_secret_t *session = call->session;

    if (!session) {
        return NULL;
    }
    if (!is_writable(session->bytes, session->len)) {
        return fpi_fail(task, FPI_E_FIELD, "the session id holds characters that XML has no room for");
    }
    if (!PUT(buf, "<soapenv:Header><h:SessionId xmlns:h=\"") || !fpi_soap_put_escaped(buf, call->session_space,
                                                                             strlen(call->session_space))
        || !PUT(buf, "\">") || !fpi_soap_put_escaped(buf, session->bytes, session->len)
        || !PUT(buf, "</h:SessionId></soapenv:Header>")) {
        return refuse_size(task);
    }
    return NULL;
}

static fpi_err_t *put_envelope(fpi_buf_t *buf, const fpi_soap_call_t *call, fpi_task_t *task)
{
    if (!PUT(buf, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soapenv:Envelope xmlns:soapenv=\"" SPACE_ENVELOPE
                  "\" xmlns:xsd=\"" SPACE_TYPES "\" xmlns:xsi=\"" SPACE_INSTANCE "\">")) {
        return refuse_size(task);
    }
    FPI_TRY(put_session(buf, call, task));
    if (!PUT(buf, "<soapenv:Body><ns1:", call->operation, " xmlns:ns1=\"")
        || !fpi_soap_put_escaped(buf, call->space, strlen(call->space))
        || !PUT(buf, "\" soapenv:encodingStyle=\"" SPACE_ENCODING "\">")) {
        return refuse_size(task);
    }
    for (int i = 0; i < call->count; i++) {
        FPI_TRY(put_part(buf, &call->parts[i], task));
    }
    return PUT(buf, "</ns1:", call->operation, "></soapenv:Body></soapenv:Envelope>") ? NULL : refuse_size(task);
}

/* Bytes that the envelope can need: so the buffer never moves, and no copy of a password is left behind. */
static size_t room_of(const fpi_soap_call_t *call)
{
    size_t room = 2048 + strlen(call->operation) * 2 + strlen(call->space) * 6;

    for (int i = 0; i < call->count; i++) {
        const fpi_soap_part_t *part = &call->parts[i];

        room += 128 + strlen(part->name) * 2 + (part->text ? strlen(part->text) * 6 : 0)
                + (part->secret ? part->secret->len * 6 : 0);
    }
    return room < FPI_SOAP_CALL ? room : FPI_SOAP_CALL;
}

fpi_err_t *fpi_soap_format(fpi_secret_t **out, const fpi_soap_call_t *call, fpi_task_t *task)
{
    fpi_buf_t *buf = fpi_buf_make(task->pool, FPI_SOAP_CALL);
    fpi_err_t *err;

    fpi_buf_reserve(buf, room_of(call));
    err = put_envelope(buf, call, task);
    *out = err ? NULL : fpi_secret_make(task->pool, buf->data, buf->len);
    fpi_secret_wipe(buf->data, buf->len);
    return err;
}

/* ---- a reply ---- */

static fpi_err_t *collect_ids(fpi_soap_t *reply, fpi_xml_t *root, fpi_task_t *task)
{
    reply->ids = apr_hash_make(task->pool);
    for (fpi_xml_t *at = fpi_xml_walk(root, root); at; at = fpi_xml_walk(root, at)) {
        const char *id = fpi_xml_attribute(at, "", "id", task);

        if (!id || apr_hash_get(reply->ids, id, APR_HASH_KEY_STRING)) {
            continue;
        }
        if (apr_hash_count(reply->ids) >= FPI_SOAP_REFS) {
            return fpi_fail(task, FPI_E_UNREADABLE, "the SOAP reply has more than %d ids", FPI_SOAP_REFS);
        }
        apr_hash_set(reply->ids, id, APR_HASH_KEY_STRING, at);
    }
    return NULL;
}

/* Control characters and line ends as blanks, cut at a character. */
static const char *one_line(const char *text, size_t most, fpi_task_t *task)
{
    char *line = apr_pstrndup(task->pool, text, most);
    size_t len = strlen(line);

    while (len && !fpi_utf8_is_valid(line, len)) {
        line[--len] = '\0';
    }
    for (char *c = line; *c; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7F) {
            *c = ' ';
        }
    }
    return line;
}

/* The last name of the form a.b.c that ends in Exception or Error, where Axis writes the class: before the colon. */
static const char *exception_of(const char *text, fpi_task_t *task)
{
    size_t len = strcspn(text, ": \n");
    const char *name = apr_pstrmemdup(task->pool, text, len);
    bool is_class = strchr(name, '.') && !strchr(name, '/')
                    && ((len > 9 && strcmp(name + len - 9, "Exception") == 0)
                        || (len > 5 && strcmp(name + len - 5, "Error") == 0));

    return is_class ? name : NULL;
}

/* What the children of `detail` say; Axis puts the name of its host and the class once more beside the words. */
static const char *detail_of(const fpi_xml_t *fault, const char *known, fpi_task_t *task)
{
    const fpi_xml_t *detail = fpi_xml_first(fault, "detail"), *at = detail ? fpi_xml_first(detail, NULL) : NULL;
    const char *all = "";

    if (!at) {
        return fpi_xml_find_text(fault, "detail", task);
    }
    for (; at; at = fpi_xml_next(at, NULL)) {
        const char *said = fpi_xml_text(at, task);
        bool is_host = fpi_xml_is(at, "hostname") && strcmp(fpi_xml_space(at), SPACE_AXIS) == 0;

        if (*said && !is_host && strcmp(said, known) != 0) {
            all = apr_pstrcat(task->pool, all, *all ? " " : "", said, NULL);
        }
    }
    return *all ? all : NULL;
}

static void read_fault(fpi_soap_t *reply, fpi_xml_t *element, fpi_task_t *task)
{
    fpi_soap_fault_t *fault = apr_pcalloc(task->pool, sizeof(*fault));
    const char *code = fpi_xml_find_text(element, "faultcode", task);
    const char *text = fpi_xml_find_text(element, "faultstring", task);
    const char *detail = detail_of(element, text ? text : "", task);

    code = code ? code : "";
    fault->code = one_line(strrchr(code, ':') ? strrchr(code, ':') + 1 : code, 100, task);
    fault->exception = text ? exception_of(text, task) : NULL;
    if (!fault->exception && detail) {
        fault->exception = exception_of(detail, task);
    }
    fault->detail = "";
    if (text && detail && fault->exception && strcmp(text, fault->exception) == 0) {
        fault->detail = one_line(detail, FAULT_DETAIL, task);
        text = apr_pstrcat(task->pool, text, ": ", detail, NULL);
    }
    fault->text = one_line(text ? text : detail ? detail : "", FAULT_TEXT, task);
    reply->fault = fault;
}

/* The independent elements that Axis puts beside the answer are not it (SOAP 1.1 section 8: root="0"). */
static bool is_answer(const fpi_xml_t *element, fpi_task_t *task)
{
    const char *root = fpi_xml_attribute(element, SPACE_ENCODING, "root", task);

    return !fpi_xml_is(element, "multiRef") && !(root && strcmp(root, "0") == 0);
}

static fpi_err_t *refuse_page(const void *data, size_t len, fpi_task_t *task)
{
    size_t lead = fpi_xml_lead(data, len);
    size_t shown = len - lead < SHOWN ? len - lead : SHOWN;
    const char *text = shown ? apr_pstrndup(task->pool, (const char *)data + lead, shown) : "";

    return fpi_fail(task, FPI_E_UNREADABLE, "the answer is no SOAP envelope%s%s",
                    *text == '<' ? ", it begins with " : "", *text == '<' ? one_line(text, SHOWN, task) : "");
}

fpi_err_t *fpi_soap_parse(fpi_soap_t **out, const void *data, size_t len, fpi_task_t *task)
{
    fpi_soap_t *reply = apr_pcalloc(task->pool, sizeof(*reply));
    fpi_xml_t *root, *body;
    fpi_err_t *err = fpi_xml_parse(&root, data, len, task);

    *out = NULL;
    if (err) {
        fpi_ignore(err); /* what libxml2 thinks of a page in HTML helps nobody */
        return refuse_page(data, len, task);
    }
    body = fpi_xml_is(root, "Envelope") ? fpi_xml_first(root, "Body") : NULL;
    if (!body) {
        return refuse_page(data, len, task);
    }
    FPI_TRY(collect_ids(reply, body, task));
    reply->response = fpi_xml_first(body, NULL);
    while (reply->response && !is_answer(reply->response, task)) {
        reply->response = fpi_xml_next(reply->response, NULL);
    }
    if (reply->response && fpi_xml_is(reply->response, "Fault")) {
        read_fault(reply, reply->response, task);
    }
    *out = reply;
    return NULL;
}

const fpi_soap_fault_t *fpi_soap_fault(const fpi_soap_t *reply)
{
    return reply->fault;
}

static bool is_true(const char *text)
{
    return text && (strcmp(text, "true") == 0 || strcmp(text, "1") == 0);
}

fpi_err_t *fpi_soap_follow(fpi_xml_t **out, const fpi_soap_t *reply, fpi_xml_t *element, fpi_task_t *task)
{
    *out = NULL;
    for (int hops = 0; hops <= FPI_SOAP_HOPS; hops++) {
        const char *href = fpi_xml_attribute(element, "", "href", task);

        if (is_true(fpi_xml_attribute(element, SPACE_INSTANCE, "nil", task))) {
            return NULL;
        }
        if (!href) {
            *out = element;
            return NULL;
        }
        element = *href == '#' ? apr_hash_get(reply->ids, href + 1, APR_HASH_KEY_STRING) : NULL;
        if (!element) {
            return fpi_fail(task, FPI_E_UNREADABLE, "the SOAP reply refers to %.60s, which is not in it", href);
        }
    }
    return fpi_fail(task, FPI_E_UNREADABLE, "references of the SOAP reply lead in a circle");
}

fpi_err_t *fpi_soap_result(fpi_xml_t **out, const fpi_soap_t *reply, fpi_task_t *task)
{
    fpi_xml_t *value;

    *out = NULL;
    if (!reply->response || reply->fault) {
        return fpi_fail(task, FPI_E_UNREADABLE, "the SOAP reply %s",
                        reply->fault ? "is a fault" : "has nothing in its body");
    }
    value = fpi_xml_first(reply->response, NULL);
    return value ? fpi_soap_follow(out, reply, value, task) : NULL;
}

/* ---- values ---- */

fpi_err_t *fpi_soap_find_text(const char **out, const fpi_soap_t *reply, fpi_xml_t *value, const char *name,
                              fpi_task_t *task)
{
    *out = NULL;
    if (value && name) {
        value = fpi_xml_first(value, name);
    }
    if (value) {
        FPI_TRY(fpi_soap_follow(&value, reply, value, task));
    }
    *out = value ? fpi_xml_text(value, task) : NULL;
    return NULL;
}

static fpi_err_t *refuse_value(const char *name, const char *wanted, fpi_task_t *task)
{
    return fpi_fail(task, FPI_E_UNREADABLE, "%s of the SOAP reply is no %s", name ? name : "the value", wanted);
}

fpi_err_t *fpi_soap_find_int(int64_t *out, const fpi_soap_t *reply, fpi_xml_t *value, const char *name,
                             int64_t otherwise, fpi_task_t *task)
{
    const char *text;

    *out = otherwise;
    FPI_TRY(fpi_soap_find_text(&text, reply, value, name, task));
    if (text && *text && !fpi_int_parse(out, text, INT64_MIN, INT64_MAX)) {
        return refuse_value(name, "number", task);
    }
    return NULL;
}

fpi_err_t *fpi_soap_find_bool(bool *out, const fpi_soap_t *reply, fpi_xml_t *value, const char *name, bool otherwise,
                              fpi_task_t *task)
{
    const char *text;

    *out = otherwise;
    FPI_TRY(fpi_soap_find_text(&text, reply, value, name, task));
    if (!text || !*text) {
        return NULL;
    }
    *out = is_true(text);
    if (!*out && strcmp(text, "false") != 0 && strcmp(text, "0") != 0) {
        return refuse_value(name, "boolean", task);
    }
    return NULL;
}

fpi_err_t *fpi_soap_items(fpi_xml_t ***out, int *count, const fpi_soap_t *reply, fpi_xml_t *array, fpi_task_t *task)
{
    int n = 0;

    *count = 0;
    for (fpi_xml_t *item = array ? fpi_xml_first(array, NULL) : NULL; item; item = fpi_xml_next(item, NULL)) {
        n++;
    }
    *out = apr_pcalloc(task->pool, sizeof(**out) * ((size_t)n + 1));
    for (fpi_xml_t *item = array ? fpi_xml_first(array, NULL) : NULL; item; item = fpi_xml_next(item, NULL)) {
        FPI_TRY(fpi_soap_follow(&(*out)[*count], reply, item, task));
        ++*count;
    }
    return NULL;
}

/* ---- XML inside a text ---- */

/* Behind blanks, byte order mark and the declaration with the encoding that no longer holds. */
static const char *skip_prolog(const char *text)
{
    const char *end;

    text += fpi_xml_lead(text, strlen(text));
    end = strncmp(text, "<?xml", 5) == 0 ? strstr(text, "?>") : NULL;
    return end ? end + 2 : text;
}

/* "&lt;DATA&gt;" becomes what it says, by the parser's own hand. */
static fpi_err_t *unescape(const char **out, const char *text, fpi_task_t *task)
{
    fpi_xml_t *holder;
    const char *wrapped = apr_pstrcat(task->pool, "<t>", text, "</t>", NULL);

    FPI_TRY(fpi_xml_parse(&holder, wrapped, strlen(wrapped), task));
    *out = skip_prolog(fpi_xml_text(holder, task));
    return NULL;
}

fpi_err_t *fpi_soap_inner(fpi_xml_t **root, const char *text, fpi_task_t *task)
{
    *root = NULL;
    text = skip_prolog(text);
    if (strncmp(text, "&lt;", 4) == 0) {
        FPI_TRY(unescape(&text, text, task));
    }
    return fpi_xml_parse(root, text, strlen(text), task);
}
