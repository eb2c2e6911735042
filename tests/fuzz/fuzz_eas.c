/* What an EAS answers inside its envelopes, and sessions as the shared cache holds them. The first byte of the input
 * says which. */
#include "fuzz.h"
#include "remote/erp_lists.h"
#include "remote/erp_own.h"

#include <apr_strings.h>

static void told_words(const fpi_err_t *err)
{
    FUZZ_HOLDS(err->code == FPI_E_ERP || err->code == FPI_E_ERP_REFUSED || err->code == FPI_E_ERP_UNCLEAR);
    FUZZ_HOLDS(!err->zh || (!strstr(err->zh, "hush") && !strchr(err->zh, '\n')));
}

static void judge(const char *text, const fpi_system_t *system, fpi_task_t *task)
{
    fpi_err_t *err = fpi_eas_judge(text, system, task);

    if (err) {
        told_words(err);
    }
}

static void read_state(const char *text, const fpi_system_t *system, fpi_task_t *task)
{
    int state;
    fpi_err_t *err = fpi_eas_state_parse(&state, text, system, task);

    FUZZ_HOLDS(state >= -1 && state < 100);
    if (err) {
        told_words(err);
    }
}

/* What counts as good has all that is needed, and parents stand before what is below them, unless in a ring. */
static void take_people(const fpi_json_t *list, const fpi_system_t *system, fpi_task_t *task)
{
    fpi_erp_user_t *users;
    fpi_erp_org_t *orgs;
    int count;

    fpi_ignore(fpi_erp_users_take(&users, &count, list, system, task));
    for (int i = 0; i < count; i++) {
        FUZZ_HOLDS(users[i].why || (*users[i].id && *users[i].name));
    }
    fpi_ignore(fpi_erp_orgs_take(&orgs, &count, list, task));
    fpi_erp_orgs_sort(orgs, count, task->pool);
    for (int i = 0; i < count; i++) {
        FUZZ_HOLDS(orgs[i].why || (*orgs[i].id && *orgs[i].code && *orgs[i].name));
        FUZZ_HOLDS(i == 0 || orgs[i].parent || !orgs[i - 1].parent);
    }
}

static void read_list(const char *text, const fpi_system_t *system, fpi_task_t *task)
{
    fpi_json_t *list;
    fpi_err_t *err = fpi_eas_list_parse(&list, text, task);

    if (err) {
        told_words(err);
        return;
    }
    FUZZ_HOLDS(fpi_json_is_array(list));
    take_people(list, system, task);
}

/* What is read goes into a header and a document: no line end may be in it. */
static void read_session(const char *text, const fpi_system_t *system, fpi_task_t *task)
{
    fpi_eas_session_t session;

    if (fpi_eas_session_parse(&session, text, task)) {
        FUZZ_HOLDS(session.id->len > 0 && !strpbrk(session.id->bytes, "\n"));
        FUZZ_HOLDS(!strpbrk(session.cookies, "\r\n") && session.since >= 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const targets[])(const char *, const fpi_system_t *, fpi_task_t *)
        = { judge, read_state, read_list, read_session };
    fpi_task_t *task = fuzz_task();
    fpi_system_t system;

    if (size == 0) {
        return 0;
    }
    fpi_system_init(&system, 1);
    system.name = "EAS";
    system.password = fpi_secret_make_text(task->pool, "hush");
    targets[data[0] % 4](apr_pstrmemdup(task->pool, (const char *)data + 1, size - 1), &system, task);
    apr_pool_clear(task->pool); /* or documents of the last input look like leaks */
    return 0;
}
