/* fpimagectl switch: what the tenant has switched on and off. */
#include "tools/ctl.h"

#include "store/people.h"

#include <string.h>

typedef struct switch_t {
    const char *name, *standard, *en, *zh;
} switch_t;

static const switch_t switches[] = {
#define FPI_SWITCH(name, standard, en, zh) { name, standard, en, zh },
#include "service/switches.def"
#undef FPI_SWITCH
};

enum { SWITCHES = sizeof(switches) / sizeof(*switches) };

static fpi_err_t *tx_values(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    const char **values = baton;

    for (int i = 0; i < SWITCHES; i++) {
        FPI_TRY(fpi_setting_find(&values[i], tx, FPI_TENANT_FIRST, switches[i].name, task));
    }
    return NULL;
}

fpi_err_t *ctl_switch_list(ctl_t *ctl)
{
    static const ctl_column_t columns[] = { { "name", "SWITCH", "开关", CTL_TEXT },
                                            { "value", "VALUE", "值", CTL_TEXT },
                                            { "standard", "STANDARD", "未设置时", CTL_TEXT },
                                            { "help", "WHAT IT DOES", "说明", CTL_LONG },
                                            { NULL, NULL, NULL, CTL_TEXT } };
    fpi_json_t *list = fpi_json_make_array(ctl->task);
    const char *values[SWITCHES];

    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_store_read(ctl->app->store, tx_values, values, ctl->task));
    for (int i = 0; i < SWITCHES; i++) {
        fpi_json_t *row = fpi_json_make_object(ctl->task);

        fpi_json_put_text(row, "name", switches[i].name);
        fpi_json_put_text(row, "value", values[i]);
        fpi_json_put_text(row, "standard", switches[i].standard);
        fpi_json_put_text(row, "help", ctl_text(ctl, "%s%.0s", "%.0s%s", switches[i].zh, switches[i].en));
        fpi_json_add(list, row);
    }
    ctl_list(ctl, list, columns);
    return NULL;
}

typedef struct setting_t {
    const char *name, *value; /* NULL: as if nothing was ever said */
} setting_t;

static fpi_err_t *tx_set(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    const setting_t *s = baton;

    return fpi_setting_put(tx, FPI_TENANT_FIRST, s->name, s->value, task);
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

fpi_err_t *ctl_switch_set(ctl_t *ctl)
{
    setting_t s = { ctl->args[0], ctl->args[1] };
    fpi_json_t *doc = fpi_json_make_object(ctl->task);
    bool is_standard = strcmp(ctl->args[1], "standard") == 0;

    if (!is_switch(s.name)) {
        return ctl_usage(ctl, "没有开关 %.40s, 可用 fpimagectl switch list 查看", "there is no switch %.40s; see fpimagectl switch list",
                         s.name);
    }
    if (!is_standard && strcmp(s.value, "on") != 0 && strcmp(s.value, "off") != 0) {
        return ctl_usage(ctl, "应为 on, off 或 standard, 收到 %.20s", "say on, off or standard, not %.20s", s.value);
    }
    s.value = is_standard ? NULL : s.value;
    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_store_write(ctl->app->store, tx_set, &s, ctl->task));
    fpi_store_raise_epoch(ctl->app->store);
    fpi_json_put_text(doc, "name", s.name);
    fpi_json_put_text(doc, "value", s.value);
    if (!ctl_json(ctl, doc)) {
        ctl_say(ctl, "%s: %s", "%s: %s", s.name, ctl->args[1]);
    }
    return NULL;
}
