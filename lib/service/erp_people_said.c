/* Whose a member is: the ERP's while it is here as the ERP last gave it. */
#include "service/erp_people_own.h"

#include <apr_strings.h>
#include <string.h>

static bool is_same(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

fpi_err_t *erp_said_read(erp_said_t *said, const char *text, fpi_task_t *task)
{
    fpi_json_t *before = NULL;

    if (text) {
        FPI_TRY(fpi_json_parse(&before, text, strlen(text), task));
    }
    said->before = before ? before : fpi_json_make_object(task);
    said->now = fpi_json_make_object(task);
    said->kept = fpi_json_make_array(task);
    return NULL;
}

static void note(erp_said_t *said, const char *name, const char *says, const char *taken, fpi_task_t *task)
{
    fpi_json_t *pair = fpi_json_make_array(task);

    fpi_json_add_text(pair, says ? says : "");
    fpi_json_add_text(pair, taken ? taken : "");
    fpi_json_put(said->now, name, pair);
}

const char *erp_said_choose(erp_said_t *said, const char *name, const char *here, const char *says, fpi_task_t *task)
{
    const fpi_json_t *pair = fpi_json_find(said->before, name);
    const char *said_before = fpi_json_text(fpi_json_at(pair, 0)), *taken = fpi_json_text(fpi_json_at(pair, 1));
    bool is_theirs = pair ? is_same(here, taken) : !here || !*here;

    if (!says) {
        if (pair) {
            note(said, name, said_before, taken, task);
        }
        return here;
    }
    if (is_theirs && pair && is_same(says, said_before)) {
        note(said, name, says, taken, task);
        return here; /* as it was taken, which may be another way of saying it */
    }
    if (is_theirs) {
        note(said, name, says, says, task);
        return says;
    }
    note(said, name, says, pair ? taken : says, task);
    if (!is_same(here, says)) {
        fpi_json_add_text(said->kept, name);
    }
    return here;
}

void erp_said_take(erp_said_t *said, const char *name, const char *taken, fpi_task_t *task)
{
    note(said, name, fpi_json_text(fpi_json_at(fpi_json_find(said->now, name), 0)), taken, task);
}

static const struct word_t {
    const char *name, *zh, *en;
} words[] = { { "code", "编码", "code" }, { "name", "名称", "name" }, { "parent", "上级组织", "the organisation above it" },
              { "mobile", "手机号", "mobile" }, { "mail", "邮箱", "mail" }, { "org", "组织", "organisation" } };

static const char *add_word(const char *list, const char *word, fpi_task_t *task)
{
    return list ? apr_pstrcat(task->pool, list, ", ", word, NULL) : word;
}

void erp_said_tell(fpi_people_row_t *row, const erp_said_t *said, fpi_task_t *task)
{
    const char *zh = NULL, *en = NULL;

    for (size_t i = 0; i < fpi_json_size(said->kept); i++) {
        for (size_t k = 0; k < sizeof(words) / sizeof(*words); k++) {
            if (strcmp(words[k].name, fpi_json_text(fpi_json_at(said->kept, i))) == 0) {
                zh = add_word(zh, words[k].zh, task);
                en = add_word(en, words[k].en, task);
            }
        }
    }
    if (zh) {
        row->zh = apr_pstrcat(task->pool, "本地已手工修改, 保留: ", zh, NULL);
        row->en = apr_pstrcat(task->pool, "changed by hand here, and kept: ", en, NULL);
    }
}
