#include "model/arrange.h"

#include <apr_strings.h>
#include <string.h>

enum { PAGES_MOST = 5000 };

/* ---- the pile ---- */

/* Positions by the order, documents by what lies side by side. */
static void put_right(fpi_pile_t *pile)
{
    int first = 0;

    for (int i = 0; i < pile->count; i++) {
        pile->files[i].position = i + 1;
    }
    while (first < pile->count) {
        int64_t group = pile->files[first].group_id;
        int next = first + 1;

        while (group && next < pile->count && pile->files[next].group_id == group) {
            next++;
        }
        for (int i = first; i < next; i++) {
            pile->files[i].group_id = next - first > 1 ? pile->files[first].id : 0;
        }
        first = next;
    }
}

/* A pile with room for `room` files and none in it. */
static fpi_pile_t empty(int room, int64_t next, fpi_task_t *task)
{
    return (fpi_pile_t){ apr_pcalloc(task->pool, sizeof(fpi_file_t) * ((size_t)room + 1)),
                         apr_pcalloc(task->pool, sizeof(int) * ((size_t)room + 1)), 0, next };
}

static void add(fpi_pile_t *pile, const fpi_file_t *file, int pages)
{
    pile->files[pile->count] = *file;
    pile->pages[pile->count] = pages;
    pile->count++;
}

fpi_pile_t *fpi_pile_make(const fpi_file_t *files, const int *pages, int count, fpi_task_t *task)
{
    fpi_pile_t *pile = apr_palloc(task->pool, sizeof(*pile));

    *pile = empty(count, -1, task);
    for (int i = 0; i < count; i++) {
        add(pile, &files[i], pages[i]);
    }
    put_right(pile);
    return pile;
}

int fpi_pile_find(const fpi_pile_t *pile, int64_t id)
{
    for (int i = 0; i < pile->count; i++) {
        if (pile->files[i].id == id) {
            return i;
        }
    }
    return -1;
}

int fpi_pile_pages(const fpi_pile_t *pile, int at)
{
    return (int)fpi_file_pages(&pile->files[at], pile->pages[at] < 0 ? 1 : pile->pages[at]);
}

static fpi_err_t *refuse_unknown(int64_t id, const char *field, fpi_task_t *task)
{
    return fpi_refuse(task, FPI_E_FIELD, field, "字段 %s: 单据没有文件 %" APR_INT64_T_FMT,
                      "field %s: the bill has no file %" APR_INT64_T_FMT, field, id);
}

static fpi_err_t *find(int *at, const fpi_pile_t *pile, int64_t id, fpi_task_t *task)
{
    *at = fpi_pile_find(pile, id);
    return *at >= 0 ? NULL
                    : fpi_refuse(task, FPI_E_ABSENT, "file_id", "文件 %" APR_INT64_T_FMT " 不存在",
                                 "there is no file %" APR_INT64_T_FMT, id);
}

/* ---- order ---- */

/* Which of the files are named; each at most once. */
static fpi_err_t *mark_named(bool **out, const fpi_pile_t *pile, const int64_t *ids, int count, const char *field,
                             fpi_task_t *task)
{
    bool *named = apr_pcalloc(task->pool, sizeof(*named) * ((size_t)pile->count + 1));

    for (int i = 0; i < count; i++) {
        int at = fpi_pile_find(pile, ids[i]);

        if (at < 0) {
            return refuse_unknown(ids[i], field, task);
        }
        if (named[at]) {
            return fpi_refuse(task, FPI_E_FIELD, field, "字段 %s: 文件 %" APR_INT64_T_FMT " 重复",
                              "field %s: file %" APR_INT64_T_FMT " is there twice", field, ids[i]);
        }
        named[at] = true;
    }
    *out = named;
    return NULL;
}

/* A document whose files no longer lie side by side. */
static fpi_err_t *check_whole(const fpi_pile_t *pile, const char *field, fpi_task_t *task)
{
    for (int i = 1; i < pile->count; i++) {
        int64_t group = pile->files[i].group_id;

        for (int j = 0; group && group != pile->files[i - 1].group_id && j < i; j++) {
            if (pile->files[j].group_id == group) {
                return fpi_refuse(task, FPI_E_FIELD, field,
                                  "字段 %s: 文件 %" APR_INT64_T_FMT " 与 %" APR_INT64_T_FMT
                                  " 已合并为一份, 应保持相邻, 或先拆分",
                                  "field %s: files %" APR_INT64_T_FMT " and %" APR_INT64_T_FMT
                                  " are one document and must stay side by side, or be split first",
                                  field, pile->files[j].id, pile->files[i].id);
            }
        }
    }
    return NULL;
}

static fpi_err_t *take_over(fpi_pile_t *pile, fpi_pile_t *made, const char *field, fpi_task_t *task)
{
    FPI_TRY(check_whole(made, field, task));
    put_right(made);
    *pile = *made;
    return NULL;
}

static void add_named(fpi_pile_t *to, const fpi_pile_t *from, const int64_t *ids, int count)
{
    for (int i = 0; i < count; i++) {
        int at = fpi_pile_find(from, ids[i]);

        add(to, &from->files[at], from->pages[at]);
    }
}

static void add_others(fpi_pile_t *to, const fpi_pile_t *from, const bool *named, int first, int end)
{
    for (int i = first; i < end; i++) {
        if (!named[i]) {
            add(to, &from->files[i], from->pages[i]);
        }
    }
}

/* What lies elsewhere now was changed. */
static void mark_moved(fpi_pile_t *made, const fpi_pile_t *before)
{
    for (int i = 0; i < made->count; i++) {
        if (made->files[i].id != before->files[i].id) {
            made->files[i].state = fpi_file_state_changed(made->files[i].state);
        }
    }
}

fpi_err_t *fpi_pile_order_first(fpi_pile_t *pile, const int64_t *ids, int count, fpi_task_t *task)
{
    fpi_pile_t made = empty(pile->count, pile->next, task);
    bool *named;

    FPI_TRY(mark_named(&named, pile, ids, count, "order", task));
    add_named(&made, pile, ids, count);
    add_others(&made, pile, named, 0, pile->count);
    mark_moved(&made, pile);
    return take_over(pile, &made, "order", task);
}

fpi_err_t *fpi_pile_order(fpi_pile_t *pile, const int64_t *ids, int count, fpi_task_t *task)
{
    bool *named;

    FPI_TRY(mark_named(&named, pile, ids, count, "order", task));
    for (int i = 0; i < pile->count; i++) {
        if (!named[i]) {
            return fpi_refuse(task, FPI_E_FIELD, "order", "字段 order 缺少文件 %" APR_INT64_T_FMT ", 应列出全部 %d 个文件",
                              "field order lacks file %" APR_INT64_T_FMT "; it must name all %d files", pile->files[i].id,
                              pile->count);
        }
    }
    return fpi_pile_order_first(pile, ids, count, task);
}

/* One behind the last file of the document at `at`. */
static int end_of_document(const fpi_pile_t *pile, int at)
{
    int64_t group = pile->files[at].group_id;

    while (group && at + 1 < pile->count && pile->files[at + 1].group_id == group) {
        at++;
    }
    return at + 1;
}

static int start_of_document(const fpi_pile_t *pile, int at)
{
    int64_t group = pile->files[at].group_id;

    while (group && at > 0 && pile->files[at - 1].group_id == group) {
        at--;
    }
    return at;
}

fpi_err_t *fpi_pile_place(fpi_pile_t *pile, const int64_t *ids, int count, int64_t after, fpi_task_t *task)
{
    fpi_pile_t made = empty(pile->count, pile->next, task);
    int end = 0;
    bool *named;

    FPI_TRY(mark_named(&named, pile, ids, count, "file_ids", task));
    if (after) {
        int at = fpi_pile_find(pile, after);

        if (at < 0) {
            return refuse_unknown(after, "after", task);
        }
        end = end_of_document(pile, at);
    }
    add_others(&made, pile, named, 0, end);
    add_named(&made, pile, ids, count);
    add_others(&made, pile, named, end, pile->count);
    return take_over(pile, &made, "after", task);
}

/* ---- one document of many ---- */

fpi_file_state_t fpi_file_state_changed(fpi_file_state_t state)
{
    return state == FPI_FILE_UNCHANGED || state == FPI_FILE_CONFIRMED ? FPI_FILE_CHANGED : state;
}

/* The named files with the documents that they belong to, in the order named. */
static fpi_err_t *gather(fpi_pile_t *out, bool *taken, const fpi_pile_t *pile, const int64_t *ids, int count,
                         fpi_task_t *task)
{
    fpi_kind_t kind = pile->files[fpi_pile_find(pile, ids[0])].kind;

    for (int i = 0; i < count; i++) {
        int at = fpi_pile_find(pile, ids[i]);
        int end = end_of_document(pile, at);

        if (pile->files[at].kind != kind) {
            return fpi_refuse(task, FPI_E_FIELD, "file_ids", "文件 %" APR_INT64_T_FMT " 与 %" APR_INT64_T_FMT
                              " 类别不同, 不能合并, 请先改为同一类别",
                              "files %" APR_INT64_T_FMT " and %" APR_INT64_T_FMT
                              " are of different kinds and can't be merged; give them the same kind first",
                              ids[0], ids[i]);
        }
        for (int j = start_of_document(pile, at); j < end; j++) {
            if (!taken[j]) {
                taken[j] = true;
                add(out, &pile->files[j], pile->pages[j]);
            }
        }
    }
    return NULL;
}

fpi_err_t *fpi_pile_merge(fpi_pile_t *pile, const int64_t *ids, int count, fpi_task_t *task)
{
    fpi_pile_t document = empty(pile->count, 0, task), made = empty(pile->count, pile->next, task);
    bool *named, *taken = apr_pcalloc(task->pool, sizeof(*taken) * ((size_t)pile->count + 1));
    int place;

    FPI_TRY(mark_named(&named, pile, ids, count, "file_ids", task));
    if (count < 2) {
        return fpi_refuse(task, FPI_E_FIELD, "file_ids", "字段 file_ids 应有至少 2 个文件",
                          "field file_ids needs two files at least");
    }
    FPI_TRY(gather(&document, taken, pile, ids, count, task));
    place = fpi_pile_find(pile, document.files[0].id);
    add_others(&made, pile, taken, 0, place);
    for (int i = 0; i < document.count; i++) {
        document.files[i].group_id = document.files[0].id;
        document.files[i].state = fpi_file_state_changed(document.files[i].state);
        add(&made, &document.files[i], document.pages[i]);
    }
    add_others(&made, pile, taken, place, pile->count);
    return take_over(pile, &made, "file_ids", task);
}

/* ---- many documents of one ---- */

typedef struct cut_t {
    const fpi_pile_t *from;
    int start, end;              /* the document's files */
    int total;                   /* its pages */
    bool *begins;                /* by page, from 1: a new document begins here */
} cut_t;

static fpi_err_t *count_pages(cut_t *cut, fpi_task_t *task)
{
    for (int i = cut->start; i < cut->end; i++) {
        int pages = fpi_pile_pages(cut->from, i);

        if (!pages) {
            return fpi_refuse(task, FPI_E_STATE, "at", "文件 %s 的页数尚未识别, 请稍后再拆分",
                              "the pages of %s are not known yet; split it a little later", cut->from->files[i].name);
        }
        cut->total += pages;
    }
    if (cut->total > PAGES_MOST) {
        return fpi_refuse(task, FPI_E_TOO_LARGE, "at", "共 %d 页, 拆分上限 %d 页", "%d pages; at most %d can be split",
                          cut->total, PAGES_MOST);
    }
    return NULL;
}

static fpi_err_t *mark_said(cut_t *cut, const int *at, int count, fpi_task_t *task)
{
    for (int i = 0; i < count; i++) {
        if (at[i] < 2 || at[i] > cut->total || (i && at[i] <= at[i - 1])) {
            return fpi_refuse(task, FPI_E_FIELD, "at", "字段 at 应为递增的页码, 2 到 %d, 收到 %d",
                              "field at holds rising page numbers from 2 to %d, not %d", cut->total, at[i]);
        }
        cut->begins[at[i]] = true;
    }
    return NULL;
}

/* Nothing said: by file, or by page where there is one file only. */
static void mark_all(cut_t *cut)
{
    int page = 1;

    for (int i = cut->start; i < cut->end; i++) {
        for (int n = 0; n < fpi_pile_pages(cut->from, i); n++, page++) {
            cut->begins[page] = n == 0 || cut->end - cut->start == 1;
        }
    }
}

/* The file's pages [first, last] of its own content, as a part of the document `group`. */
static void add_part(fpi_pile_t *made, const cut_t *cut, int i, int first, int last, bool is_first)
{
    fpi_file_t part = cut->from->files[i];
    int offset = part.page_first ? part.page_first - 1 : 0;

    if (first != 1 || last != fpi_pile_pages(cut->from, i)) {
        part.page_first = offset + first;
        part.page_last = offset + last;
    }
    if (!is_first) {
        part.id = made->next--;
    }
    part.state = fpi_file_state_changed(part.state);
    add(made, &part, cut->from->pages[i]);
}

static void add_cut(fpi_pile_t *made, const cut_t *cut)
{
    int page = 1;
    int64_t group = 0;

    for (int i = cut->start; i < cut->end; i++) {
        int pages = fpi_pile_pages(cut->from, i), first = 1;

        for (int n = 1; n <= pages; n++, page++) {
            int begin = page - (n - first);

            if (n == pages || cut->begins[page + 1]) {
                add_part(made, cut, i, first, n, first == 1);
                group = begin == 1 || cut->begins[begin] ? made->files[made->count - 1].id : group;
                made->files[made->count - 1].group_id = group;
                first = n + 1;
            }
        }
    }
}

fpi_err_t *fpi_pile_split(fpi_pile_t *pile, int64_t id, const int *at, int count, fpi_task_t *task)
{
    cut_t cut = { .from = pile };
    fpi_pile_t made;
    bool *none = apr_pcalloc(task->pool, sizeof(*none) * ((size_t)pile->count + 1));
    int i;

    FPI_TRY(find(&i, pile, id, task));
    cut.start = start_of_document(pile, i);
    cut.end = end_of_document(pile, i);
    FPI_TRY(count_pages(&cut, task));
    if (cut.total < 2 || pile->count + cut.total > FPI_PILE_MOST + cut.end - cut.start) {
        return cut.total < 2 ? fpi_refuse(task, FPI_E_FIELD, "file_id", "文件 %s 只有一页, 不能拆分",
                                          "%s has one page only and can't be split", pile->files[i].name)
                             : fpi_refuse(task, FPI_E_TOO_LARGE, "file_id", "拆分后文件数超过上限 %d 个",
                                          "there would be more than %d files", FPI_PILE_MOST);
    }
    cut.begins = apr_pcalloc(task->pool, sizeof(bool) * ((size_t)cut.total + 2));
    FPI_TRY(mark_said(&cut, at, count, task));
    if (!count) {
        mark_all(&cut);
    }
    made = empty(pile->count + cut.total, pile->next, task);
    add_others(&made, pile, none, 0, cut.start);
    add_cut(&made, &cut);
    add_others(&made, pile, none, cut.end, pile->count);
    return take_over(pile, &made, "at", task);
}

/* ---- one file ---- */

fpi_err_t *fpi_pile_replace(fpi_pile_t *pile, int64_t id, const fpi_file_t *with, fpi_task_t *task)
{
    fpi_file_t *file;
    int at;

    FPI_TRY(find(&at, pile, id, task));
    file = &pile->files[at];
    for (int i = 0; i < pile->count; i++) {
        if (i != at && pile->files[i].kind == file->kind && strcmp(pile->files[i].sha256, with->sha256) == 0) {
            return fpi_refuse(task, FPI_E_DUPLICATE, "file", "内容与文件 %" APR_INT64_T_FMT " (%s) 相同",
                              "these are the bytes of file %" APR_INT64_T_FMT " (%s)", pile->files[i].id,
                              pile->files[i].name);
        }
    }
    file->name = with->name;
    file->sha256 = with->sha256;
    file->media = with->media;
    file->size = with->size;
    file->invoice = 0;
    file->rotation = file->page_first = file->page_last = 0;
    file->state = fpi_file_state_changed(file->state);
    pile->pages[at] = 0;
    return NULL;
}

fpi_err_t *fpi_pile_drop(fpi_pile_t *pile, int64_t id, fpi_task_t *task)
{
    fpi_pile_t made = empty(pile->count, pile->next, task);
    bool *named;

    FPI_TRY(mark_named(&named, pile, &id, 1, "file_id", task));
    add_others(&made, pile, named, 0, pile->count);
    return take_over(pile, &made, "file_id", task);
}
