/* fpimagectl scanner: network scanners of the first tenant, and a try of one without any page of a browser. */
#include "service/scanners.h"
#include "tools/ctl.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { PAGES_MOST = 200, DPI_USUAL = 300 };

static const ctl_column_t card[] = {
    { "name", "name", "名称", CTL_TEXT },
    { "address", "address", "地址", CTL_TEXT },
    { "model", "model", "型号", CTL_TEXT },
    { "org", "organisation", "组织", CTL_TEXT },
    { "scan_point", "scan point", "扫描点", CTL_TEXT },
    { "is_enabled", "enabled", "启用", CTL_FLAG },
    { "is_checked", "verified", "已验证", CTL_FLAG },
    { "check_note", "last verification", "最近验证", CTL_TEXT },
    { "checked_at", "verified at", "验证时间", CTL_TIME },
    { NULL, NULL, NULL, CTL_TEXT },
};

static const ctl_column_t columns[] = {
    { "name", "NAME", "名称", CTL_TEXT },          { "scan_point", "SCAN POINT", "扫描点", CTL_TEXT },
    { "is_enabled", "ENABLED", "启用", CTL_FLAG }, { "is_checked", "VERIFIED", "已验证", CTL_FLAG },
    { "address", "ADDRESS", "地址", CTL_LONG },    { NULL, NULL, NULL, CTL_TEXT },
};

typedef struct asking_t {
    fpi_scanner_which_t which;
    fpi_scanner_t *scanner;
    fpi_json_t *doc;
} asking_t;

static asking_t named(const ctl_t *ctl)
{
    return (asking_t){ .which = { .name = ctl->args[0], .version = -1 } };
}

/* ---- list ---- */

static fpi_err_t *tx_list(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    asking_t *a = baton;
    fpi_scanner_t *all;
    int count;

    a->doc = fpi_json_make_array(task);
    FPI_TRY(fpi_scanners_list(&all, &count, tx, task->tenant, task));
    for (int i = 0; i < count; i++) {
        fpi_json_t *one;

        FPI_TRY(fpi_scanner_form(&one, tx, &all[i], task));
        fpi_json_add(a->doc, one);
    }
    return NULL;
}

fpi_err_t *ctl_scanner_list(ctl_t *ctl)
{
    asking_t a = { .doc = NULL };

    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_store_read(ctl->app->store, tx_list, &a, ctl->task));
    ctl_list(ctl, a.doc, columns);
    return NULL;
}

fpi_err_t *ctl_scanner_discover(ctl_t *ctl)
{
    static const ctl_column_t found_columns[] = {
        { "name", "NAME", "名称", CTL_TEXT },          { "model", "MODEL", "型号", CTL_TEXT },
        { "is_known", "ADDED", "已添加", CTL_FLAG },   { "address", "ADDRESS", "地址", CTL_LONG },
        { NULL, NULL, NULL, CTL_TEXT },
    };
    fpi_json_t *found;

    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_scanners_discover(&found, ctl->app, ctl->task));
    ctl_list(ctl, found, found_columns);
    return NULL;
}

/* ---- add, set, remove ---- */

static fpi_err_t *tx_form(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    asking_t *a = baton;

    return fpi_scanner_form(&a->doc, tx, a->scanner, task);
}

static fpi_err_t *tell(asking_t *a, ctl_t *ctl)
{
    FPI_TRY(fpi_store_read(ctl->app->store, tx_form, a, ctl->task));
    if (!ctl_json(ctl, a->doc)) {
        ctl_card(ctl, a->doc, card);
    }
    return NULL;
}

static fpi_scanner_form_t read_form(const ctl_t *ctl)
{
    const char *point = ctl_option(ctl, "point");

    return (fpi_scanner_form_t){ .address = ctl_option(ctl, "address"), .org = ctl_option(ctl, "org"), .point = -1,
                                 .point_name = point, .is_enabled = -1 };
}

fpi_err_t *ctl_scanner_add(ctl_t *ctl)
{
    const fpi_scanner_which_t which = { .version = -1 };
    fpi_scanner_form_t form = read_form(ctl);
    asking_t a = { .doc = NULL };

    form.name = ctl->args[0];
    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_scanners_put(&a.scanner, ctl->app, &which, &form, ctl->task));
    FPI_TRY(tell(&a, ctl));
    ctl_warn(ctl, "尚未验证: fpimagectl scanner verify %s", "not verified yet: fpimagectl scanner verify %s", a.scanner->name);
    return NULL;
}

static fpi_err_t *set(ctl_t *ctl, const fpi_scanner_form_t *form)
{
    asking_t a = named(ctl);

    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_scanners_put(&a.scanner, ctl->app, &a.which, form, ctl->task));
    return tell(&a, ctl);
}

fpi_err_t *ctl_scanner_set(ctl_t *ctl)
{
    fpi_scanner_form_t form = read_form(ctl);

    form.name = ctl_option(ctl, "rename");
    return set(ctl, &form);
}

fpi_err_t *ctl_scanner_enable(ctl_t *ctl)
{
    return set(ctl, &(fpi_scanner_form_t){ .point = -1, .is_enabled = 1 });
}

fpi_err_t *ctl_scanner_disable(ctl_t *ctl)
{
    return set(ctl, &(fpi_scanner_form_t){ .point = -1, .is_enabled = 0 });
}

fpi_err_t *ctl_scanner_remove(ctl_t *ctl)
{
    fpi_json_t *doc = fpi_json_make_object(ctl->task);
    asking_t a = named(ctl);

    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_scanners_remove(ctl->app, &a.which, ctl->task));
    fpi_json_put_text(doc, "name", a.which.name);
    fpi_json_put_text(doc, "result", "removed");
    if (!ctl_json(ctl, doc)) {
        ctl_say(ctl, "已删除 %s", "removed %s", a.which.name);
    }
    return NULL;
}

/* ---- verify ---- */

static void say_problem(ctl_t *ctl, fpi_scan_problem_t problem, const char *detail)
{
    const char *lang = ctl->is_zh ? "zh" : "en";

    ctl_say(ctl, "%s: %s", "%s: %s", fpi_scan_problem_text(problem, lang), fpi_scan_problem_remedy(problem, lang));
    if (detail) {
        ctl_warn(ctl, "%s", "%s", detail);
    }
}

static void say_input(ctl_t *ctl, const fpi_scan_input_t *input, const char *zh, const char *en)
{
    const char *dpi = "";

    for (int i = 0; i < input->dpi_count; i++) {
        dpi = apr_pstrcat(ctl->task->pool, dpi, i ? ", " : "", apr_itoa(ctl->task->pool, input->dpi[i]), NULL);
    }
    if (input->is_there) {
        ctl_say(ctl, "%s%.0s: %s dpi", "%.0s%s: %s dpi", zh, en, dpi);
    }
}

fpi_err_t *ctl_scanner_verify(ctl_t *ctl)
{
    fpi_scanner_look_t look;
    asking_t a = named(ctl);

    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_scanners_verify(&look, &a.scanner, ctl->app, &a.which, ctl->task));
    FPI_TRY(fpi_store_read(ctl->app->store, tx_form, &a, ctl->task));
    fpi_json_put(a.doc, "status", fpi_scanner_look_form(&look, ctl->task));
    ctl->exit = look.problem ? CTL_REFUSED : CTL_DONE;
    if (ctl_json(ctl, a.doc)) {
        return NULL;
    }
    if (look.problem) {
        say_problem(ctl, look.problem, look.detail);
        return NULL;
    }
    ctl_say(ctl, "%s: %s, 状态 %s", "%s: %s, state %s", a.scanner->name, look.caps.model, fpi_scan_state_name(look.status.state));
    say_input(ctl, &look.caps.feeder, "进纸器", "feeder");
    say_input(ctl, &look.caps.duplex, "双面", "both sides");
    say_input(ctl, &look.caps.flatbed, "平板", "glass");
    if (look.status.feeder) {
        say_problem(ctl, look.status.feeder, NULL);
    }
    return NULL;
}

/* ---- scan ---- */

typedef struct scanning_t {
    ctl_t *ctl;
    fpi_escl_t escl;
    fpi_scan_settings_t settings;
    const char *job, *prefix, *path;
    fpi_json_t *files;
    int fd;
} scanning_t;

static fpi_err_t *read_word(int *out, ctl_t *ctl, const char *name, int (*find)(const char *), const char *can)
{
    const char *text = ctl_option(ctl, name);
    int found;

    if (!text) {
        return NULL;
    }
    found = find(fpi_text_upper(apr_pstrdup(ctl->task->pool, text)));
    if (found < 0) {
        return ctl_usage(ctl, "--%s 应为 %s, 收到 %.40s", "--%s takes %s, not %.40s", name, can, text);
    }
    *out = found;
    return NULL;
}

static fpi_err_t *read_settings(fpi_scan_settings_t *settings, ctl_t *ctl)
{
    int source = FPI_SCAN_AUTO, color = FPI_SCAN_COLOR, format = FPI_SCAN_JPEG;
    int64_t dpi;

    FPI_TRY(read_word(&source, ctl, "source", fpi_scan_source_find, "auto, feeder, flatbed"));
    FPI_TRY(read_word(&color, ctl, "color", fpi_scan_color_find, "color, gray, mono"));
    FPI_TRY(read_word(&format, ctl, "format", fpi_scan_format_find, "jpeg, pdf"));
    FPI_TRY(ctl_option_int(&dpi, ctl, "dpi", DPI_USUAL, FPI_SCAN_DPI_LEAST, FPI_SCAN_DPI_MOST));
    *settings = (fpi_scan_settings_t){ .source = (fpi_scan_source_t)source, .color = (fpi_scan_color_t)color,
                                       .format = (fpi_scan_format_t)format, .dpi = (int)dpi, .is_duplex = ctl_has(ctl, "duplex") };
    return NULL;
}

static fpi_err_t *put_bytes(void *baton, const char *data, size_t len)
{
    scanning_t *s = baton;

    for (size_t done = 0; done < len;) {
        ssize_t n = write(s->fd, data + done, len - done);

        if (n < 0 && errno != EINTR) {
            return fpi_fail(s->ctl->task, FPI_E_CONFIG, "%s can't be written: %s", s->path, strerror(errno));
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return NULL;
}

static fpi_err_t *take_page(bool *is_end, scanning_t *s, int number)
{
    fpi_task_t *task = s->ctl->task;
    fpi_escl_page_t page = { .put = put_bytes, .baton = s, .is_feeder = s->settings.source == FPI_SCAN_FEEDER };
    fpi_err_t *err;

    s->path = apr_psprintf(task->pool, "%s-%03d.%s", s->prefix, number, s->settings.format == FPI_SCAN_PDF ? "pdf" : "jpg");
    s->fd = open(s->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (s->fd < 0) {
        return ctl_usage(s->ctl, "文件 %s 无法创建: %s", "%s can't be made: %s", s->path, strerror(errno));
    }
    err = fpi_escl_page_next(&page, &s->escl, s->job, task);
    if (close(s->fd) && !err) {
        err = fpi_fail(task, FPI_E_CONFIG, "%s can't be written: %s", s->path, strerror(errno));
    }
    *is_end = page.is_end;
    if (err || page.is_end) {
        unlink(s->path);
        return err;
    }
    fpi_json_add_text(s->files, s->path);
    ctl_say(s->ctl, "%s", "%s", s->path);
    return NULL;
}

static fpi_err_t *take_pages(scanning_t *s)
{
    bool is_end = false;
    int count = 0;

    while (!is_end && count < PAGES_MOST) {
        FPI_TRY(take_page(&is_end, s, count + 1));
        count += !is_end;
        is_end = is_end || s->settings.source == FPI_SCAN_FLATBED;
    }
    return fpi_escl_job_judge(&s->escl, s->job, &s->settings, count, s->ctl->task);
}

static fpi_err_t *scan(scanning_t *s)
{
    fpi_task_t *task = s->ctl->task;
    fpi_scan_caps_t caps;
    fpi_err_t *err, *left;

    FPI_TRY(fpi_escl_caps_get(&caps, &s->escl, task));
    FPI_TRY(fpi_scan_settle(&s->settings, &caps, task));
    FPI_TRY(fpi_escl_job_start(&s->job, &s->escl, &s->settings, &caps, task));
    err = take_pages(s);
    left = fpi_escl_job_end(&s->escl, s->job, task);
    return err ? err : left;
}

static fpi_err_t *tx_get(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    asking_t *a = baton;

    return fpi_scanners_get(&a->scanner, tx, NULL, &a->which, task);
}

fpi_err_t *ctl_scanner_scan(ctl_t *ctl)
{
    scanning_t s = { .ctl = ctl, .prefix = ctl_option(ctl, "o"), .files = fpi_json_make_array(ctl->task) };
    fpi_json_t *doc = fpi_json_make_object(ctl->task);
    asking_t a = named(ctl);

    FPI_TRY(read_settings(&s.settings, ctl));
    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_store_read(ctl->app->store, tx_get, &a, ctl->task));
    s.escl = fpi_scanner_talk(ctl->app, a.scanner);
    FPI_TRY(scan(&s));
    fpi_json_put_text(doc, "scanner", a.scanner->name);
    fpi_json_put(doc, "files", s.files);
    ctl_json(ctl, doc);
    return NULL;
}
