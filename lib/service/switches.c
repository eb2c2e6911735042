#include "service/switches.h"

#include "service/changes.h"
#include "service/rematch.h"
#include "store/people.h"

#include <apr_strings.h>
#include <string.h>

static const fpi_switch_t switches[] = {
#define FPI_SWITCH(name, standard, en, zh) { name, standard, en, zh, NULL },
#include "service/switches.def"
#undef FPI_SWITCH
};

enum { SWITCHES = sizeof(switches) / sizeof(*switches) };

fpi_err_t *fpi_switches_list(fpi_switch_t **out, int *count, fpi_tx_t *tx, fpi_task_t *task)
{
    *out = apr_pmemdup(task->pool, switches, sizeof(switches));
    *count = SWITCHES;
    for (int i = 0; i < SWITCHES; i++) {
        FPI_TRY(fpi_setting_find(&(*out)[i].value, tx, task->tenant, switches[i].name, task));
    }
    return NULL;
}

static bool is_switch(const char *name)
{
    for (int i = 0; i < SWITCHES; i++) {
        if (strcmp(switches[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

fpi_err_t *fpi_switch_put(fpi_tx_t *tx, const char *name, const char *value, fpi_task_t *task)
{
    bool is_standard = strcmp(value, "standard") == 0;
    const char *before;

    if (!is_switch(name)) {
        return fpi_refuse(task, FPI_E_FIELD, "name", "没有开关 %.40s", "there is no switch %.40s", name);
    }
    if (!is_standard && strcmp(value, "on") != 0 && strcmp(value, "off") != 0) {
        return fpi_refuse(task, FPI_E_FIELD, "value", "开关 %s 的值应为 on, off 或 standard, 收到 %.20s",
                          "the switch %s is on, off or standard, not %.20s", name, value);
    }
    FPI_TRY(fpi_setting_find(&before, tx, task->tenant, name, task));
    if (before ? strcmp(before, value) != 0 : !is_standard) {
        FPI_TRY(fpi_rematch_switched(tx, name, task));
    }
    return fpi_change_setting(tx, name, is_standard ? NULL : value, "switch.changed", name, task);
}
