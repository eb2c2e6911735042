#include "service/submit.h"

#include "base/text.h"
#include "service/attach.h"
#include "service/found.h"
#include "service/match.h"
#include "store/people.h"

#include <apr_strings.h>
#include <string.h>

enum { SHA_LEN = 64 };

fpi_err_t *fpi_submit_may(fpi_tx_t *tx, const fpi_viewer_t *viewer, int64_t tenant, const char *number, fpi_task_t *task)
{
    const char *everyone;

    if (!fpi_viewer_is_person(viewer) || viewer->point) {
        return NULL;
    }
    FPI_TRY(fpi_setting_find(&everyone, tx, tenant, "scan.everyone", task));
    if (everyone && strcmp(everyone, "on") == 0) {
        return NULL;
    }
    return fpi_refuse(task, FPI_E_NO_POINT, NULL, "无权限: 未绑定扫描点, 不能提交单据 %s, 请管理员绑定扫描点",
                      "no permission to submit bill %s: no scan point bound; have an administrator bind one",
                      number ? number : "");
}

/* ---- the files that it names ---- */

static int find_sha(const fpi_pile_t *pile, const char *sha256, size_t len)
{
    for (int i = 0; i < pile->count; i++) {
        if (len == SHA_LEN && strncmp(pile->files[i].sha256, sha256, len) == 0) {
            return i;
        }
    }
    return -1;
}

/* "123", ".../files/123", ".../<sha256>.pdf" */
static int find_named(const fpi_pile_t *pile, const char *key, fpi_task_t *task)
{
    const char *slash = strrchr(key, '/'), *word = slash ? slash + 1 : key;
    const char *stem = apr_pstrmemdup(task->pool, word, strcspn(word, ".?"));
    int64_t id;

    return fpi_int_parse(&id, stem, 1, INT64_MAX) ? fpi_pile_find(pile, id) : find_sha(pile, stem, strlen(stem));
}

static fpi_err_t *read_list(int64_t **out, const fpi_submit_t *submit, const fpi_bill_t *bill, fpi_task_t *task)
{
    int64_t *ids = apr_pcalloc(task->pool, sizeof(*ids) * ((size_t)submit->file_count + 1));

    for (int i = 0; i < submit->file_count; i++) {
        int at = find_named(submit->pile, submit->files[i], task);

        if (at < 0) {
            return fpi_refuse(task, FPI_E_ABSENT, "fileList", "fileList 中的文件 %.200s 不在单据 %s 中",
                              "the file %.200s of fileList is not on bill %s", submit->files[i], bill->number);
        }
        ids[i] = submit->pile->files[at].id;
    }
    *out = ids;
    return NULL;
}

static bool is_same_order(const fpi_pile_t *a, const fpi_pile_t *b)
{
    for (int i = 0; i < a->count; i++) {
        if (a->files[i].id != b->files[i].id) {
            return false;
        }
    }
    return true;
}

/* *is_new: the list tells another order. Written when the bill is not submitted yet, or this adds to it. */
static fpi_err_t *put_order(bool *is_new, fpi_submit_t *submit, fpi_bill_t *bill, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_pile_t before;
    int64_t *ids;

    *is_new = false;
    FPI_TRY(fpi_pile_get(&submit->pile, &before, tx, bill, task));
    if (!submit->file_count) {
        return NULL;
    }
    FPI_TRY(read_list(&ids, submit, bill, task));
    FPI_TRY(fpi_pile_order_first(submit->pile, ids, submit->file_count, task));
    *is_new = !is_same_order(submit->pile, &before);
    if (*is_new && bill->state == FPI_STATE_SUBMITTED && !submit->is_supplement) {
        return fpi_refuse(task, FPI_E_STATE, "fileList", "单据 %s 已提交, 文件顺序不同: 补扫请用 saveType add, 或先退扫",
                          "bill %s was submitted with its files in another order: use saveType add to supplement it, or "
                          "send it back first", bill->number);
    }
    if (*is_new && bill->state == FPI_STATE_RESCAN) { /* put right by its order */
        FPI_TRY(fpi_bill_move(&bill->state, bill, FPI_ACT_EDIT, task));
    }
    return *is_new ? fpi_pile_put(submit->pile, &before, tx, task) : NULL;
}

/* ---- the move ---- */

static void count_states(fpi_submit_t *submit)
{
    for (int i = 0; i < submit->pile->count; i++) {
        fpi_file_state_t state = submit->pile->files[i].state;

        submit->changed += state == FPI_FILE_CHANGED;
        submit->added += state == FPI_FILE_ADDED;
        submit->confirmed += state == FPI_FILE_CONFIRMED;
        submit->unchanged += state == FPI_FILE_UNCHANGED;
    }
}

fpi_json_t *fpi_submit_changes(const fpi_submit_t *submit, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);

    if (!(submit->changed || submit->added || submit->confirmed || submit->unchanged || submit->dropped)) {
        return NULL;
    }
    fpi_json_put_int(doc, "changed", submit->changed);
    fpi_json_put_int(doc, "added", submit->added);
    fpi_json_put_int(doc, "confirmed", submit->confirmed);
    fpi_json_put_int(doc, "unchanged", submit->unchanged);
    fpi_json_put_int(doc, "dropped", submit->dropped);
    return doc;
}

static bool is_submitted(const fpi_bill_t *bill)
{
    return bill->state == FPI_STATE_SUBMITTED || bill->state == FPI_STATE_REVIEWED;
}

/* What the timeline should say besides. */
static const char *told(const fpi_submit_t *submit, const char *match, fpi_task_t *task)
{
    if (!fpi_submit_changes(submit, task)) {
        return match;
    }
    return apr_psprintf(task->pool, "%s%sfiles: %d changed, %d added, %d confirmed, %d unchanged%s", match ? match : "",
                        match ? "; " : "", submit->changed, submit->added, submit->confirmed, submit->unchanged,
                        submit->dropped ? apr_psprintf(task->pool, ", %d dropped", submit->dropped) : "");
}

/* The order's own way: kept where it is, or moved. */
static fpi_err_t *move(fpi_submit_t *submit, fpi_order_t *order, fpi_bill_t *bill, bool is_kept, fpi_tx_t *tx,
                       fpi_task_t *task)
{
    if (is_kept) {
        FPI_TRY(submit->pile->count ? NULL : fpi_move_may(bill, FPI_ACT_SUBMIT, 0, task));
        return fpi_move_may(bill, FPI_ACT_EDIT, submit->pile->count, task);
    }
    FPI_TRY(fpi_move_may(bill, order->act, submit->pile->count, task)); /* what can't be in any case is said first */
    if (!is_submitted(bill)) {
        FPI_TRY(fpi_found_check_submit(tx, bill, submit->viewer, task));
    }
    order->told = told(submit, order->told, task);
    return fpi_move(&submit->is_changed, bill, order, tx, task);
}

fpi_err_t *fpi_submit(fpi_submit_t *submit, fpi_bill_t *bill, fpi_tx_t *tx, fpi_task_t *task)
{
    bool is_kept = submit->is_held || (submit->is_supplement && is_submitted(bill)), is_new;
    fpi_order_t order = submit->order; /* as it was asked, however often this runs */

    submit->is_changed = false;
    submit->changed = submit->added = submit->confirmed = submit->unchanged = 0;
    FPI_TRY(fpi_submit_may(tx, submit->viewer, bill->tenant, bill->number, task));
    FPI_TRY(fpi_attach_refuse_locked(bill, order.act, task));
    if (!is_kept && !is_submitted(bill)) {
        FPI_TRY(fpi_match_check_submit(&order.told, submit->is_confirmed, tx, bill, task));
    }
    FPI_TRY(put_order(&is_new, submit, bill, tx, task));
    FPI_TRY(fpi_dropped_find(&submit->dropped, tx, bill, task));
    count_states(submit);
    FPI_TRY(move(submit, &order, bill, is_kept, tx, task));
    if (!is_new) {
        return NULL;
    }
    submit->is_changed = true;
    return fpi_bill_changed(bill, tx, "file", fpi_order_note(&order, "files put in the order of fileList", task), NULL, task);
}
