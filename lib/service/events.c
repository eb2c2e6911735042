#include "service/events.h"

#include "base/clock.h"

#include <apr_strings.h>
#include <apr_thread_proc.h>
#include <stdatomic.h>
#include <string.h>

/* Names of the contract; the index keeps the time of the last start. */
static const char *const names[] = { "push-failed", "erp-unreachable", "token-refused", "disk-low" };

enum { EVENTS = sizeof(names) / sizeof(*names), PAUSE_S = 60 };

static bool is_due(fpi_app_t *app, const char *event)
{
    int64_t now = fpi_clock_tick();

    for (int i = 0; i < EVENTS; i++) {
        if (strcmp(names[i], event) == 0) {
            int64_t last = atomic_load(&app->shared->events[i]);

            return (last == 0 || now - last > apr_time_from_sec(PAUSE_S))
                   && atomic_compare_exchange_strong(&app->shared->events[i], &last, now);
        }
    }
    return false;
}

void fpi_event_tell(fpi_app_t *app, const char *event, const char *sentence, fpi_task_t *task)
{
    const char *program = app->settings->event_command;
    const char *args[] = { program, event, sentence, NULL };
    const char *env[] = { apr_pstrcat(task->pool, "FPIMAGE_TRACE=", task->trace, NULL),
                          "PATH=/usr/local/bin:/usr/bin:/bin", NULL };
    apr_procattr_t *attr;
    apr_proc_t proc;
    apr_status_t rv;

    if (!program || !is_due(app, event)) {
        return;
    }
    rv = apr_procattr_create(&attr, task->pool);
    rv = rv ? rv : apr_procattr_cmdtype_set(attr, APR_PROGRAM);
    rv = rv ? rv : apr_procattr_detach_set(attr, 1);
    rv = rv ? rv : apr_procattr_error_check_set(attr, 1);
    rv = rv ? rv : apr_proc_create(&proc, program, args, env, attr, task->pool);
    if (rv) {
        char reason[120];

        fpi_log(task, FPI_M_EVENT_COMMAND, "%s could not be started for %s: %s", program, event,
                apr_strerror(rv, reason, sizeof(reason)));
        return;
    }
    /* a detached program is its own grandchild; only the short-lived one between is waited for */
    apr_proc_wait(&proc, NULL, NULL, APR_WAIT);
}
