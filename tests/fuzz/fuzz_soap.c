/* Replies of an ERP: parsed, walked and followed as the client does; XML inside texts, too. */
#include "fuzz.h"

#include "wire/soap.h"

static void walk(const fpi_soap_t *reply, fpi_xml_t *value, fpi_task_t *task)
{
    fpi_xml_t **items, *inner;
    const char *text;
    int64_t number;
    int count;

    fpi_ignore(fpi_soap_find_int(&number, reply, value, "dbType", 0, task));
    if (!fpi_soap_items(&items, &count, reply, value, task)) {
        for (int i = 0; i < count; i++) {
            fpi_ignore(fpi_soap_find_text(&text, reply, items[i], NULL, task));
        }
    }
    if (!fpi_soap_find_text(&text, reply, value, NULL, task) && text) {
        fpi_ignore(fpi_soap_inner(&inner, text, task));
    }
}

static void read_reply(const uint8_t *data, size_t size, fpi_task_t *task)
{
    const fpi_soap_fault_t *fault;
    fpi_soap_t *reply;
    fpi_xml_t *value;

    if (fpi_soap_parse(&reply, data, size, task)) {
        return;
    }
    fault = fpi_soap_fault(reply);
    FUZZ_HOLDS(!fault || (strlen(fault->text) <= 500 && !strchr(fault->text, '\n')));
    if (!fpi_soap_result(&value, reply, task) && value) {
        FUZZ_HOLDS(!fault);
        walk(reply, value, task);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fpi_task_t *task = fuzz_task();

    read_reply(data, size, task);
    apr_pool_clear(task->pool); /* or documents of the last input look like leaks */
    return 0;
}
