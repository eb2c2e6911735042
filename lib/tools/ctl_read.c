/* What an invoice file says, field by field, and who says it. No store is needed. */
#include "tools/ctl.h"

#include "service/evidence_forms.h"
#include "wire/decode.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOOK_SECONDS = 120 };

static const ctl_column_t field_columns[] = {
    { "name", "FIELD", "字段", CTL_TEXT },        { "source", "SOURCE", "来源", CTL_TEXT },
    { "value", "VALUE", "值", CTL_TEXT },         { "others", "OTHERS SAY", "其他来源", CTL_LONG },
    { NULL, NULL, NULL, CTL_TEXT },
};

static apr_status_t close_fd(void *baton)
{
    close((int)(intptr_t)baton);
    return APR_SUCCESS;
}

static fpi_err_t *open_file(int *fd, fpi_media_t *media, ctl_t *ctl, const char *path)
{
    fpi_task_t *task = ctl->task;
    struct stat st;
    void *data;

    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*fd < 0) {
        return ctl_usage(ctl, "无法读取 %s: %s", "%s can't be read: %s", path, strerror(errno));
    }
    apr_pool_cleanup_register(task->pool, (void *)(intptr_t)*fd, close_fd, apr_pool_cleanup_null);
    if (fstat(*fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0) {
        return ctl_usage(ctl, "%s 不是文件或为空", "%s is no file, or empty", path);
    }
    data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, *fd, 0);
    if (data == MAP_FAILED) {
        return ctl_usage(ctl, "无法读取 %s: %s", "%s can't be read: %s", path, strerror(errno));
    }
    *media = fpi_media_find(data, (size_t)st.st_size);
    munmap(data, (size_t)st.st_size);
    return NULL;
}

static fpi_err_t *look(fpi_json_t **doc, ctl_t *ctl, int fd, fpi_media_t media)
{
    static const fpi_decode_want_t want = { .codes = true, .invoice = true };
    fpi_decode_options_t options = { .workers = 1, .timeout = apr_time_from_sec(LOOK_SECONDS) };
    fpi_decoder_t *decoder;

    FPI_TRY(fpi_decoder_start(&decoder, ctl->task->pool, &options, ctl->task));
    return fpi_decode_look(doc, decoder, fd, media, &want, ctl->task);
}

/* ---- for people ---- */

/* "QR: 123; CLOUD: 124" */
static const char *others_text(ctl_t *ctl, const fpi_found_field_t *field)
{
    const char *text = NULL;

    for (int i = 0; i < field->other_count; i++) {
        text = apr_psprintf(ctl->task->pool, "%s%s%s: %s", text ? text : "", text ? "; " : "",
                            fpi_source_name(field->others[i].source), field->others[i].value);
    }
    return text;
}

static void tell_invoice(ctl_t *ctl, const fpi_found_t *found, int n)
{
    fpi_json_t *rows = fpi_json_make_array(ctl->task);

    for (int i = 0; i < found->field_count; i++) {
        const fpi_found_field_t *field = &found->fields[i];
        fpi_json_t *row = fpi_json_make_object(ctl->task);

        fpi_json_put_text(row, "name", field->name);
        fpi_json_put_text(row, "source", fpi_source_name(field->source));
        fpi_json_put_text(row, "value", field->value);
        fpi_json_put_text(row, "others", others_text(ctl, field));
        fpi_json_add(rows, row);
    }
    ctl_say(ctl, "%s[发票 %d] 类型 %d, 第 %d 页%s", "%s[invoice %d] type %d, page %d%s", n > 1 ? "\n" : "", n,
            (int)found->invoice.type, found->page,
            !found->has_conflict ? "" : ctl->is_zh ? ", 各来源不一致" : ", the sources disagree");
    ctl_table(ctl, rows, field_columns);
}

static void tell_notes(ctl_t *ctl, const fpi_json_t *notes)
{
    for (size_t i = 0; notes && i < fpi_json_size(notes); i++) {
        const char *note = fpi_json_text(fpi_json_at(notes, i));

        if (note) {
            ctl_warn(ctl, "%s", "%s", ctl_clean(ctl, note));
        }
    }
}

/* ---- the command ---- */

static fpi_json_t *answer_of(ctl_t *ctl, const fpi_json_t *seen, fpi_media_t media, const fpi_found_t *found, int count)
{
    fpi_json_t *doc = fpi_json_make_object(ctl->task), *list = fpi_json_make_array(ctl->task);
    fpi_json_t *notes = fpi_json_find(seen, "notes"), *pages = fpi_json_find(seen, "pages");

    for (int i = 0; i < count; i++) {
        fpi_json_add(list, fpi_found_write(&found[i], ctl->task));
    }
    fpi_json_put_text(doc, "media", fpi_media_info(media)->name);
    fpi_json_put(doc, "page_count", fpi_json_find(seen, "page_count"));
    fpi_json_put(doc, "invoices", list);
    fpi_json_put(doc, "pages", pages ? pages : fpi_json_make_array(ctl->task));
    fpi_json_put(doc, "notes", notes ? notes : fpi_json_make_array(ctl->task));
    return doc;
}

fpi_err_t *ctl_read(ctl_t *ctl)
{
    fpi_evidence_t *evidence;
    fpi_media_t media;
    fpi_json_t *seen;
    fpi_found_t *found;
    int fd, count;

    FPI_TRY(open_file(&fd, &media, ctl, ctl->args[0]));
    FPI_TRY(look(&seen, ctl, fd, media));
    FPI_TRY(fpi_evidence_read_look(&evidence, &count, seen, ctl->task));
    FPI_TRY(fpi_evidence_merge(&found, &count, evidence, count, ctl->task));
    if (!ctl_json(ctl, answer_of(ctl, seen, media, found, count))) {
        tell_notes(ctl, fpi_json_find(seen, "notes"));
        for (int i = 0; i < count; i++) {
            tell_invoice(ctl, &found[i], i + 1);
        }
        if (count == 0) {
            ctl_say(ctl, "%s 中没有可读的发票数据", "no invoice can be read from %s", ctl->args[0]);
        }
    }
    ctl->exit = count == 0 ? CTL_FAILED : CTL_DONE;
    for (int i = 0; i < count; i++) {
        ctl->exit = found[i].has_conflict ? CTL_FAILED : ctl->exit;
    }
    return NULL;
}
