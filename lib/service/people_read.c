#include "service/people_read.h"

#include <apr_strings.h>

fpi_err_t *fpi_read_object(const fpi_call_t *call)
{
    return fpi_json_is_object(call->json)
               ? NULL : fpi_refuse(call->task, FPI_E_FIELD, NULL, "请求体应为JSON对象", "the body must be a JSON object");
}

fpi_err_t *fpi_read_flag(int *out, const fpi_json_t *object, const char *name, fpi_task_t *task)
{
    bool flag;

    *out = -1;
    if (fpi_json_find(object, name)) {
        FPI_TRY(fpi_json_find_bool(&flag, object, name, false, task));
        *out = flag;
    }
    return NULL;
}

fpi_err_t *fpi_read_words(const char *const **out, int *count, const fpi_json_t *object, const char *name,
                          fpi_task_t *task)
{
    fpi_json_t *list;
    const char **words;

    *count = -1;
    FPI_TRY(fpi_json_find_array(&list, object, name, FPI_READ_WORDS, task));
    if (!list) {
        return NULL;
    }
    words = apr_pcalloc(task->pool, sizeof(*words) * (fpi_json_size(list) + 1));
    for (size_t i = 0; i < fpi_json_size(list); i++) {
        fpi_json_t *one = fpi_json_at(list, i);
        int64_t number;

        words[i] = fpi_json_int(&number, one) ? apr_psprintf(task->pool, "%" APR_INT64_T_FMT, number) : fpi_json_text(one);
        if (!words[i]) {
            return fpi_refuse(task, FPI_E_FIELD, name, "字段 %s 应为文本或编号的数组", "%s must be an array of texts or ids", name);
        }
    }
    *out = words;
    *count = (int)fpi_json_size(list);
    return NULL;
}
