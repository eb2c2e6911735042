#include "store/piles.h"

#include "store/contents.h"

#include <string.h>

static int pages_of(const fpi_content_t *content)
{
    return content->pages ? (int)content->pages : content->state == FPI_CONTENT_WAITING ? 0 : -1;
}

fpi_err_t *fpi_pile_get(fpi_pile_t **out, fpi_pile_t *before, fpi_tx_t *tx, const fpi_bill_t *bill, fpi_task_t *task)
{
    fpi_content_t *contents;

    *before = (fpi_pile_t){ NULL, NULL, 0, 0 };
    FPI_TRY(fpi_files_list_looked(&before->files, &contents, &before->count, tx, bill->tenant, bill->id, FPI_PILE_MOST, task));
    before->pages = apr_pcalloc(task->pool, sizeof(int) * ((size_t)before->count + 1));
    for (int i = 0; i < before->count; i++) {
        before->pages[i] = pages_of(&contents[i]);
    }
    *out = fpi_pile_make(before->files, before->pages, before->count, task);
    return NULL;
}

static fpi_err_t *drop_gone(const fpi_pile_t *after, const fpi_pile_t *before, fpi_tx_t *tx, fpi_task_t *task)
{
    for (int i = 0; i < before->count; i++) {
        const fpi_file_t *file = &before->files[i];

        if (fpi_pile_find(after, file->id) < 0) {
            FPI_TRY(fpi_file_drop(tx, file->tenant, file->id, task));
        }
    }
    return NULL;
}

static void rename_group(fpi_pile_t *pile, int64_t from, int64_t to)
{
    for (int i = 0; i < pile->count; i++) {
        if (pile->files[i].group_id == from) {
            pile->files[i].group_id = to;
        }
    }
}

/* The part that keeps the row's id gives up its pages first, so that they are free. */
static fpi_err_t *add_new(fpi_pile_t *after, fpi_tx_t *tx, fpi_task_t *task)
{
    for (int i = 0; i < after->count; i++) {
        fpi_file_t *file = &after->files[i], stored = *file;
        bool is_new;

        if (file->id > 0) {
            continue;
        }
        stored.created = 0;
        FPI_TRY(fpi_file_put(&stored, &is_new, tx, task));
        if (!is_new || stored.page_first != file->page_first || stored.page_last != file->page_last) {
            return fpi_refuse(task, FPI_E_DUPLICATE, "file_id", "文件 %s 的第 %d 页起已在单据中",
                              "%s from page %d on is on the bill already", file->name, file->page_first);
        }
        rename_group(after, file->id, stored.id);
        file->id = stored.id;
        file->created = stored.created;
        FPI_TRY(fpi_file_put_place(file, tx, task));
    }
    return NULL;
}

static bool is_same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool has_same_facts(const fpi_file_t *a, const fpi_file_t *b)
{
    return a->invoice == b->invoice && a->kind == b->kind && is_same_text(a->name, b->name)
           && strcmp(a->sha256, b->sha256) == 0 && a->rotation == b->rotation && a->page_first == b->page_first
           && a->page_last == b->page_last && a->state == b->state && is_same_text(a->label, b->label)
           && a->attachment_type == b->attachment_type && a->is_guessed == b->is_guessed;
}

static fpi_err_t *put_facts(fpi_pile_t *after, const fpi_pile_t *before, fpi_tx_t *tx, fpi_task_t *task)
{
    for (int i = 0; i < after->count; i++) {
        const fpi_file_t *file = &after->files[i];
        int was = file->id > 0 ? fpi_pile_find(before, file->id) : -1;

        if (was >= 0 && !has_same_facts(file, &before->files[was])) {
            FPI_TRY(fpi_file_put_facts(file, tx, task));
        }
    }
    return NULL;
}

static fpi_err_t *put_places(const fpi_pile_t *after, const fpi_pile_t *before, fpi_tx_t *tx, fpi_task_t *task)
{
    for (int i = 0; i < after->count; i++) {
        const fpi_file_t *file = &after->files[i];
        int was = fpi_pile_find(before, file->id);

        if (was < 0 || before->files[was].position != file->position || before->files[was].group_id != file->group_id) {
            FPI_TRY(fpi_file_put_place(file, tx, task));
        }
    }
    return NULL;
}

fpi_err_t *fpi_pile_put(fpi_pile_t *after, const fpi_pile_t *before, fpi_tx_t *tx, fpi_task_t *task)
{
    FPI_TRY(drop_gone(after, before, tx, task));
    FPI_TRY(put_facts(after, before, tx, task));
    FPI_TRY(add_new(after, tx, task));
    return put_places(after, before, tx, task);
}
