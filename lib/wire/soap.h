/* SOAP 1.1 as Axis 1.x speaks it (rpc/encoded): makes calls, and finds its way in replies. Names are compared by
 * their local part, since wrapper and type namespaces vary with the server (facts-erp.md 6).
 *
 *   <loginReturn href="#id0"/>  ...  <multiRef id="id0"> <dbType href="#id1"/> ... </multiRef> <multiRef id="id1">
 *        value of a part: itself, or what its href names, however often, never in a circle
 *
 * Not a transport, and no reader of WSDL.
 *
 * Life:    a reply lives until its task's pool is cleared; elements are borrowed from it.
 * Threads: one thread at a time.
 * Limits:  those of wire/xml.h; FPI_SOAP_REFS ids, FPI_SOAP_HOPS hrefs in a chain; FPI_SOAP_CALL bytes of a call. */
#ifndef FPI_SOAP_H
#define FPI_SOAP_H

#include "base/secret.h"
#include "base/text.h"
#include "wire/xml.h"

enum { FPI_SOAP_REFS = 20000, FPI_SOAP_HOPS = 16, FPI_SOAP_CALL = 1024 * 1024 };

/* ---- a call ---- */
typedef struct fpi_soap_part_t {
    const char *name;
    enum { FPI_SOAP_TEXT, FPI_SOAP_INT, FPI_SOAP_BOOL, FPI_SOAP_SECRET } kind;
    const char *text;            /* TEXT; NULL travels as xsi:nil */
    int64_t number;              /* INT, BOOL */
    const fpi_secret_t *secret;  /* SECRET */
} fpi_soap_part_t;

typedef struct fpi_soap_call_t {
    const char *operation, *space; /* the wrapper's name and namespace */
    const fpi_soap_part_t *parts;  /* in the order of the wire */
    int count;
    const char *session_space;     /* of the header SessionId; used with session */
    const fpi_secret_t *session;   /* NULL: no header */
} fpi_soap_call_t;

/* The envelope, UTF-8. A secret, as it may hold a password: wiped with the pool. FPI_E_TOO_LARGE; FPI_E_FIELD for a
 * text that XML can't hold (control characters, bad UTF-8), naming the part. */
fpi_err_t *fpi_soap_format(fpi_secret_t **out, const fpi_soap_call_t *call, fpi_task_t *task) FPI_MUST_USE;
/* Text as XML has it, for documents that travel inside a part; what XML can't hold is found when that is formatted.
 * False: the buffer is full. */
bool fpi_soap_put_escaped(fpi_buf_t *buf, const char *text, size_t len) FPI_MUST_USE;

/* ---- a reply ---- */
typedef struct fpi_soap_t fpi_soap_t;

/* FPI_E_UNREADABLE: not XML, or no envelope (an error page, a log-in page): the sentence shows what it begins with
 * only when that is markup. Look for a fault before all else: it may come with any HTTP status. */
fpi_err_t *fpi_soap_parse(fpi_soap_t **out, const void *data, size_t len, fpi_task_t *task) FPI_MUST_USE;

typedef struct fpi_soap_fault_t {
    const char *code;            /* local part, "Server.userException" */
    const char *text;            /* at most 500 characters, one line */
    const char *exception;       /* the Java class that `text` or `detail` names, or NULL */
    const char *detail;          /* what stands there without the host's name, at most 4,000 characters, where the fault says
                                  * no more than a class, and `text` has its beginning; else "" */
} fpi_soap_fault_t;
/* NULL: none. */
const fpi_soap_fault_t *fpi_soap_fault(const fpi_soap_t *reply);

/* The value that the operation returned: first child of the response element, followed. *out NULL: it returned
 * nothing (void) or nil. FPI_E_UNREADABLE: an href that leads nowhere or in a circle; or no response element. */
fpi_err_t *fpi_soap_result(fpi_xml_t **out, const fpi_soap_t *reply, fpi_task_t *task) FPI_MUST_USE;
/* Where an element leads: itself, or what its href names. *out NULL: it is nil. */
fpi_err_t *fpi_soap_follow(fpi_xml_t **out, const fpi_soap_t *reply, fpi_xml_t *element, fpi_task_t *task) FPI_MUST_USE;

/* A field of a bean, or the value itself when name is NULL. *out NULL: absent or nil; "" is an empty text. */
fpi_err_t *fpi_soap_find_text(const char **out, const fpi_soap_t *reply, fpi_xml_t *value, const char *name,
                              fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_soap_find_int(int64_t *out, const fpi_soap_t *reply, fpi_xml_t *value, const char *name,
                             int64_t otherwise, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_soap_find_bool(bool *out, const fpi_soap_t *reply, fpi_xml_t *value, const char *name, bool otherwise,
                              fpi_task_t *task) FPI_MUST_USE;
/* The items of an array, followed, nil ones NULL; the size that the type declares is not believed. */
fpi_err_t *fpi_soap_items(fpi_xml_t ***out, int *count, const fpi_soap_t *reply, fpi_xml_t *array,
                          fpi_task_t *task) FPI_MUST_USE;

/* XML that travelled inside a text: blanks and a byte order mark before it are passed over, the encoding that it
 * claims is not believed (it is UTF-8 by now), and one that was escaped twice is read all the same. */
fpi_err_t *fpi_soap_inner(fpi_xml_t **root, const char *text, fpi_task_t *task) FPI_MUST_USE;

#endif
