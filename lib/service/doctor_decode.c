#include "service/doctor_own.h"

#include <apr_strings.h>
#include <string.h>

/* In httpd it is the one that serves; in the tool it is started for the look and ended at once: what it says of its fence
 * is what httpd's has, too, when root started it. */
static const char *fence_of(fpi_doctor_t *d, fpi_err_t **err)
{
    fpi_decoder_t *serving;

    *err = d->app->jobs ? fpi_app_decoder(&serving, d->app, d->task) : fpi_app_start_decoder(d->app, d->task);
    return *err ? "" : fpi_decoder_about(d->app->decoder);
}

static void tell_fence(fpi_doctor_t *d, const char *about)
{
    static const struct {
        const char *line, *zh, *en;
    } rows[] = {
        { "seccomp 0", "没有系统调用过滤 (seccomp)", "no system call filter (seccomp)" },
        { "landlock 0", "内核没有 Landlock", "the kernel has no Landlock" },
        { "network_namespace 0", "没有独立的网络命名空间", "no network name space of its own" },
        { "own_user 0", "没有专用的用户 (仅 root 启动时有)", "no user of its own (only root can give it one)" },
    };
    const char *zh = "", *en = "";

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        if (strstr(about, rows[i].line)) {
            zh = apr_pstrcat(d->task->pool, zh, *zh ? ", " : "", rows[i].zh, NULL);
            en = apr_pstrcat(d->task->pool, en, *en ? ", " : "", rows[i].en, NULL);
        }
    }
    /* the tool may run as another than root: only what httpd would lack as well is a warning */
    fpi_doctor_note(d, "decoder", strstr(about, "seccomp 1") ? FPI_HEALTH_OK : FPI_HEALTH_WARN,
                    *zh ? fpi_doctor_say(d, "可以启动; 隔离措施缺少: %s%.0s", "it can be started; its fence lacks: %.0s%s", zh, en)
                        : fpi_doctor_say(d, "可以启动, 隔离措施完整", "it can be started, and is fenced in whole"),
                    strstr(about, "seccomp 1") ? NULL
                                               : fpi_doctor_say(d, "安装 libseccomp 后重新构建", "build it with libseccomp"));
}

static void tell_office(fpi_doctor_t *d, const char *about)
{
    fpi_doctor_note(d, "office", FPI_HEALTH_OK,
                    strstr(about, "office 1")
                        ? fpi_doctor_say(d, "已找到 LibreOffice: Word, Excel, PowerPoint 文件可以预览",
                                         "LibreOffice is there: Word, Excel and PowerPoint files have previews")
                        : fpi_doctor_say(d, "未安装 LibreOffice: Word, Excel, PowerPoint 文件可存取, 没有预览",
                                         "LibreOffice is not installed: Word, Excel and PowerPoint files are kept, but have no preview"),
                    NULL);
}

void fpi_doctor_look_at_decoder(fpi_doctor_t *d)
{
    fpi_err_t *err;
    const char *about = fence_of(d, &err);

    if (err) {
        fpi_doctor_note(d, "decoder", FPI_HEALTH_WARN, fpi_doctor_why(d, err),
                        fpi_doctor_say(d, "安装 fpimage-decode; 在此之前文件不能预览和识别",
                                       "install fpimage-decode; until then files are not looked into"));
        return;
    }
    tell_fence(d, about);
    tell_office(d, about);
}
