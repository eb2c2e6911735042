/* fpimagectl switch: what the tenant has switched on and off. */
#include "tools/ctl.h"

#include "service/switches.h"

#include <string.h>

typedef struct listing_t {
    fpi_switch_t *items;
    int count;
} listing_t;

static fpi_err_t *tx_list(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    listing_t *l = baton;

    return fpi_switches_list(&l->items, &l->count, tx, task);
}

fpi_err_t *ctl_switch_list(ctl_t *ctl)
{
    static const ctl_column_t columns[] = { { "name", "SWITCH", "开关", CTL_TEXT },
                                            { "value", "VALUE", "值", CTL_TEXT },
                                            { "standard", "STANDARD", "未设置时", CTL_TEXT },
                                            { "help", "WHAT IT DOES", "说明", CTL_LONG },
                                            { NULL, NULL, NULL, CTL_TEXT } };
    fpi_json_t *list = fpi_json_make_array(ctl->task);
    listing_t l = { NULL, 0 };

    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_store_read(ctl->app->store, tx_list, &l, ctl->task));
    for (int i = 0; i < l.count; i++) {
        fpi_json_t *row = fpi_json_make_object(ctl->task);

        fpi_json_put_text(row, "name", l.items[i].name);
        fpi_json_put_text(row, "value", l.items[i].value);
        fpi_json_put_text(row, "standard", l.items[i].standard);
        fpi_json_put_text(row, "help", ctl_text(ctl, "%s%.0s", "%.0s%s", l.items[i].zh, l.items[i].en));
        fpi_json_add(list, row);
    }
    ctl_list(ctl, list, columns);
    return NULL;
}

typedef struct setting_t {
    const char *name, *value;
} setting_t;

static fpi_err_t *tx_set(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    const setting_t *s = baton;

    return fpi_switch_put(tx, s->name, s->value, task);
}

fpi_err_t *ctl_switch_set(ctl_t *ctl)
{
    setting_t s = { ctl->args[0], ctl->args[1] };
    fpi_json_t *doc = fpi_json_make_object(ctl->task);
    fpi_err_t *err;

    FPI_TRY(ctl_open(ctl));
    err = fpi_store_write(ctl->app->store, tx_set, &s, ctl->task);
    if (err) {
        err->code = err->code == FPI_E_FIELD ? FPI_E_BAD_REQUEST : err->code; /* a word of the command is wrong */
        return err;
    }
    fpi_store_raise_epoch(ctl->app->store);
    fpi_json_put_text(doc, "name", s.name);
    fpi_json_put_text(doc, "value", strcmp(s.value, "standard") == 0 ? NULL : s.value);
    if (!ctl_json(ctl, doc)) {
        ctl_say(ctl, "%s: %s", "%s: %s", s.name, s.value);
    }
    return NULL;
}
