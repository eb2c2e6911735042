#include "fuzz.h"
#include "wire/json.h"

/* Getters must bear any value; what they give must keep their promises. */
static void ask(const fpi_json_t *object, const char *name, fpi_task_t *task)
{
    const char *text = NULL;
    fpi_json_t *array;
    int64_t number = 0;
    bool flag;

    fpi_ignore(fpi_json_find_text(&text, object, name, 10, task));
    FUZZ_HOLDS(!text || strlen(text) <= 40);
    fpi_ignore(fpi_json_get_text(&text, object, name, 10, task));
    fpi_ignore(fpi_json_find_scalar(&text, object, name, 10, task));
    if (!fpi_json_find_int(&number, object, name, 0, -5, 5, task)) {
        FUZZ_HOLDS(number >= -5 && number <= 5);
    }
    fpi_ignore(fpi_json_find_bool(&flag, object, name, true, task));
    fpi_ignore(fpi_json_find_fen(&number, &flag, object, name, task));
    fpi_ignore(fpi_json_find_array(&array, object, name, 3, task));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fpi_task_t *task = fuzz_task();
    fpi_json_t *doc, *again, *value;
    const char *name, *once;
    void *iter = NULL;

    if (fpi_json_parse(&doc, (const char *)data, size, task)) {
        return 0;
    }
    FUZZ_HOLDS(fpi_json_is_object(doc) || fpi_json_is_array(doc));
    FUZZ_HOLDS(!fpi_json_parse_as_said(&again, (const char *)data, size, task));
    while (fpi_json_next(&iter, doc, &name, &value)) {
        ask(doc, name, task);
    }
    once = fpi_json_format(doc, true, task);
    /* only a double next to the largest of all can be rounded out of range */
    if (fpi_json_parse(&again, once, strlen(once), task)) {
        FUZZ_HOLDS(strstr(once, "e308") != NULL);
        return 0;
    }
    FUZZ_HOLDS(strcmp(once, fpi_json_format(again, true, task)) == 0);
    return 0;
}
