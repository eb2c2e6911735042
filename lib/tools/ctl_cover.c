/* Covers: print them, see what is read on a page, switch filing without them. */
#include "tools/ctl.h"

#include "model/bill.h"
#include "service/batch.h"
#include "service/switches.h"
#include "store/cover_rules.h"
#include "wire/decode.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { COVERS_MAX = 500, LINES_MAX = 8, TITLE_MAX = 100 };

static fpi_err_t *start_decoder(fpi_decoder_t **decoder, ctl_t *ctl)
{
    fpi_decode_options_t options = { .workers = 1 };

    return fpi_decoder_start(decoder, ctl->task->pool, &options, ctl->task);
}

/* ---- print ---- */

static fpi_err_t *put_bytes(void *baton, const void *data, size_t len, fpi_task_t *task)
{
    return fpi_buf_put(baton, data, len) ? NULL : fpi_fail(task, FPI_E_TOO_LARGE, "the covers make more than 64 MB");
}

/* "first|second|..." */
static fpi_err_t *take_lines(fpi_cover_print_t *cover, ctl_t *ctl)
{
    const char *text = ctl_option(ctl, "line");
    char *rest = text ? apr_pstrdup(ctl->task->pool, text) : NULL;
    int count = 0;

    while (rest) {
        char *line = rest;

        rest = strchr(line, '|');
        if (rest) {
            *rest++ = '\0';
        }
        if (count == LINES_MAX - 1 || !fpi_utf8_is_valid(line, strlen(line)) || fpi_utf8_length(line) > TITLE_MAX) {
            return ctl_usage(ctl, "--line 最多 %d 行 (以 | 分隔), 每行最多 %d 个字符",
                             "--line has at most %d lines (separated by |) of at most %d characters", LINES_MAX - 1, TITLE_MAX);
        }
        cover->lines[count++] = line;
    }
    return NULL;
}

static fpi_err_t *take_covers(fpi_cover_print_t **covers, ctl_t *ctl)
{
    fpi_cover_print_t first = { .title = ctl_option(ctl, "title") };

    FPI_TRY(take_lines(&first, ctl));
    if (first.title && fpi_utf8_length(first.title) > TITLE_MAX) {
        return ctl_usage(ctl, "--title 最多 %d 个字符", "--title has at most %d characters", TITLE_MAX);
    }
    *covers = apr_pcalloc(ctl->task->pool, sizeof(**covers) * (size_t)ctl->arg_count);
    for (int i = 0; i < ctl->arg_count; i++) {
        (*covers)[i] = first;
        FPI_TRY(fpi_bill_take_number(&(*covers)[i].number, ctl->args[i], "NUMBER", ctl->task));
    }
    return NULL;
}

static fpi_err_t *write_all(int fd, const fpi_buf_t *buf, const char *path, ctl_t *ctl)
{
    size_t done = 0;

    while (done < buf->len) {
        ssize_t n = write(fd, buf->data + done, buf->len - done);

        if (n < 0 && errno != EINTR) {
            return fpi_fail(ctl->task, FPI_E_CONFIG, "%s can't be written: %s", path, strerror(errno));
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return NULL;
}

static fpi_err_t *save(const fpi_buf_t *buf, const char *path, ctl_t *ctl)
{
    bool is_output = strcmp(path, "-") == 0;
    int fd = is_output ? STDOUT_FILENO : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    fpi_err_t *err;

    if (fd < 0) {
        return ctl_usage(ctl, "文件 %s 无法创建: %s", "%s can't be made: %s", path, strerror(errno));
    }
    err = write_all(fd, buf, path, ctl);
    if (!is_output && close(fd) && !err) {
        err = fpi_fail(ctl->task, FPI_E_CONFIG, "%s can't be written: %s", path, strerror(errno));
    }
    return err;
}

fpi_err_t *ctl_cover_print(ctl_t *ctl)
{
    const char *path = ctl_option(ctl, "o");
    fpi_buf_t *buf = fpi_buf_make(ctl->task->pool, 64 * 1024 * 1024);
    fpi_json_t *doc = fpi_json_make_object(ctl->task), *numbers = fpi_json_make_array(ctl->task);
    fpi_cover_print_t *covers;
    fpi_decoder_t *decoder;
    const char *by;

    FPI_TRY(take_covers(&covers, ctl));
    FPI_TRY(start_decoder(&decoder, ctl));
    FPI_TRY(fpi_decode_print_cover(decoder, covers, ctl->arg_count, put_bytes, buf, ctl->task));
    FPI_TRY(save(buf, path, ctl));
    if (strcmp(path, "-") == 0) {
        ctl->is_answered = true;
        return NULL;
    }
    for (int i = 0; i < ctl->arg_count; i++) {
        fpi_json_add_text(numbers, covers[i].number);
        if (!fpi_cover_number(covers[i].number, NULL, 0, &by, NULL, ctl->task)) {
            ctl_warn(ctl, "编号 %s 不符合默认规则, 需要一条影像编码规则才能识别", "%s is no number by the default rule: it takes an "
                     "image-code rule to be recognised", covers[i].number);
        }
    }
    fpi_json_put_text(doc, "file", path);
    fpi_json_put(doc, "numbers", numbers);
    if (!ctl_json(ctl, doc)) {
        ctl_say(ctl, "%d 张封面已写入 %s", "%d covers written to %s", ctl->arg_count, path);
    }
    return NULL;
}

/* ---- read ---- */

typedef struct rules_t {
    fpi_rule_t *items;
    int count;
} rules_t;

static fpi_err_t *tx_rules(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    rules_t *rules = baton;

    return fpi_cover_rules_list(&rules->items, &rules->count, tx, task->tenant, task);
}

/* The store's rules where one is named; else the default. */
static fpi_err_t *find_rules(rules_t *rules, ctl_t *ctl)
{
    rules->items = NULL;
    rules->count = 0;
    if (!ctl_has(ctl, "c") && !ctl_has(ctl, "d")) {
        return NULL;
    }
    FPI_TRY(ctl_open(ctl));
    return fpi_store_read(ctl->app->store, tx_rules, rules, ctl->task);
}

static fpi_err_t *open_file(int *fd, fpi_media_t *media, ctl_t *ctl)
{
    char head[64 * 1024];
    ssize_t len;

    *fd = open(ctl->args[0], O_RDONLY | O_CLOEXEC);
    len = *fd < 0 ? -1 : pread(*fd, head, sizeof(head), 0);
    if (len < 0) {
        return ctl_usage(ctl, "文件 %s 无法读取: %s", "%s can't be read: %s", ctl->args[0], strerror(errno));
    }
    *media = fpi_media_find(head, (size_t)len);
    return NULL;
}

static const char *text_of(const fpi_json_t *object, const char *name)
{
    const char *text = fpi_json_text(fpi_json_find(object, name));

    return text ? text : "";
}

/* What the page is by its codes goes in beside them. */
static void judge_page(fpi_json_t *page, const rules_t *rules, ctl_t *ctl)
{
    const fpi_json_t *codes = fpi_json_find(page, "codes");
    apr_array_header_t *misses = apr_array_make(ctl->task->pool, 4, sizeof(fpi_miss_t));
    fpi_json_t *why_not = fpi_json_make_array(ctl->task);
    const char *number = NULL, *by = NULL;

    for (size_t i = 0; !number && i < fpi_json_size(codes); i++) {
        const fpi_json_t *code = fpi_json_at(codes, i);

        if (strcmp(text_of(code, "kind"), "QR") == 0) {
            number = fpi_cover_number(text_of(code, "text"), rules->items, rules->count, &by, misses, ctl->task);
        }
        else {
            fpi_json_add_text(why_not, ctl->is_zh ? "识别到条形码，请将打印模板改为二维码"
                                                  : "barcode found; switch the print template to QR");
        }
    }
    for (int i = 0; !number && i < misses->nelts; i++) {
        const fpi_miss_t *miss = &APR_ARRAY_IDX(misses, i, fpi_miss_t);

        fpi_json_add_text(why_not, ctl->is_zh ? miss->zh : miss->en);
    }
    fpi_json_put_text(page, "number", number);
    fpi_json_put_text(page, "rule", number && !by ? "default" : by);
    fpi_json_put(page, "why_not", number ? fpi_json_make_array(ctl->task) : why_not);
}

static void say_page(ctl_t *ctl, const fpi_json_t *page, int n)
{
    const fpi_json_t *codes = fpi_json_find(page, "codes"), *why_not = fpi_json_find(page, "why_not");
    const char *number = fpi_json_text(fpi_json_find(page, "number"));

    if (number) {
        ctl_say(ctl, "第 %d 页: 封面 %s (规则: %s)", "page %d: cover %s (rule: %s)", n, number, text_of(page, "rule"));
        return;
    }
    ctl_say(ctl, "第 %d 页: 不是封面, %d 个码", "page %d: no cover, %d codes", n, (int)fpi_json_size(codes));
    for (size_t i = 0; i < fpi_json_size(codes); i++) {
        ctl_say(ctl, "  %s %s", "  %s %s", text_of(fpi_json_at(codes, i), "kind"),
                ctl_clean(ctl, text_of(fpi_json_at(codes, i), "text")));
    }
    for (size_t i = 0; i < fpi_json_size(why_not); i++) {
        ctl_say(ctl, "  %s", "  %s", fpi_json_text(fpi_json_at(why_not, i)));
    }
}

fpi_err_t *ctl_cover_read(ctl_t *ctl)
{
    fpi_decode_want_t want = { .codes = true };
    fpi_json_t *doc = fpi_json_make_object(ctl->task), *look, *pages;
    fpi_decoder_t *decoder;
    fpi_media_t media;
    rules_t rules;
    int fd;

    FPI_TRY(open_file(&fd, &media, ctl)); /* as who calls; the store's owner may not */
    FPI_TRY(start_decoder(&decoder, ctl));
    FPI_TRY(find_rules(&rules, ctl));
    FPI_TRY(fpi_decode_look(&look, decoder, fd, media, &want, ctl->task));
    pages = fpi_json_find(look, "pages");
    for (size_t i = 0; i < fpi_json_size(pages); i++) {
        judge_page(fpi_json_at(pages, i), &rules, ctl);
    }
    fpi_json_put_text(doc, "file", ctl->args[0]);
    fpi_json_put_text(doc, "media", fpi_media_info(media)->type);
    fpi_json_put(doc, "pages", pages);
    if (!ctl_json(ctl, doc)) {
        for (size_t i = 0; i < fpi_json_size(pages); i++) {
            say_page(ctl, fpi_json_at(pages, i), (int)i + 1);
        }
    }
    return NULL;
}

/* ---- the switch ---- */

static fpi_err_t *tx_switch(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    const char *const *value = baton;

    return fpi_switch_put(tx, FPI_SETTING_WITHOUT_COVER, *value, task);
}

fpi_err_t *ctl_cover_without(ctl_t *ctl)
{
    fpi_json_t *doc = fpi_json_make_object(ctl->task);
    const char *value = ctl->args[0];
    bool is_on = strcmp(value, "on") == 0;

    if (!is_on && strcmp(ctl->args[0], "off") != 0) {
        return ctl_usage(ctl, "应为 on 或 off, 收到 %.20s", "say on or off, not %.20s", ctl->args[0]);
    }
    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_store_write(ctl->app->store, tx_switch, &value, ctl->task));
    fpi_store_raise_epoch(ctl->app->store);
    fpi_json_put_bool(doc, "is_on", is_on);
    if (!ctl_json(ctl, doc)) {
        ctl_say(ctl, "无封面归档: %s", "filing without cover: %s", ctl->args[0]);
    }
    return NULL;
}
