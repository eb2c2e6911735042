#include "model/cover.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <string.h>

/* What one page means for the cut. */
typedef struct sight_t {
    const char *number;          /* of the bill that begins here, or NULL */
    bool begins, waits;
    const char *problem, *problem_en;
} sight_t;

/* What the codes of one page say. */
typedef struct codes_t {
    const char *number, *other;  /* by its QR codes; a second one that differs */
    const char *bar;             /* a bar code that would be a number */
    bool has_bar;
} codes_t;

typedef struct cutter_t {
    const fpi_rule_t *rules;
    int rule_count;
    fpi_task_t *task;
} cutter_t;

static const char bar_zh[] = "识别到条形码，请将打印模板改为二维码";
static const char bar_en[] = "barcode found; switch the print template to QR";

static codes_t read_codes(const fpi_leaf_t *leaf, const cutter_t *cutter)
{
    codes_t codes = { NULL, NULL, NULL, false };

    for (int i = 0; i < leaf->code_count; i++) {
        const fpi_code_seen_t *code = &leaf->codes[i];
        const char *by;
        const char *number = fpi_cover_number(code->text, cutter->rules, cutter->rule_count, &by, NULL, cutter->task);

        codes.has_bar |= !code->is_qr;
        if (!number) {
            continue;
        }
        if (!code->is_qr) {
            codes.bar = codes.bar ? codes.bar : number;
        }
        else if (!codes.number) {
            codes.number = number;
        }
        else if (strcmp(codes.number, number) != 0) {
            codes.other = number;
        }
    }
    return codes;
}

/* A page whose number was typed in is a cover that could not be read, unless it is seen to be an invoice. */
static fpi_role_t role_of(const fpi_leaf_t *leaf, const codes_t *codes)
{
    if (leaf->said != FPI_ROLE_AUTO) {
        return leaf->said;
    }
    if (codes->number || (leaf->number && !leaf->has_invoice) || (codes->bar && !leaf->has_invoice)) {
        return FPI_ROLE_COVER;
    }
    if (leaf->has_invoice) {
        return FPI_ROLE_INVOICE;
    }
    return leaf->is_blank ? FPI_ROLE_BLANK : FPI_ROLE_ATTACHMENT;
}

static void put_bar_note(fpi_leaf_t *leaf, const codes_t *codes, apr_pool_t *pool)
{
    leaf->note = bar_zh;
    leaf->note_en = bar_en;
    if (codes->bar) {
        leaf->note = apr_psprintf(pool, "%s; 条形码内容为 %s, 也可手工录入编号", bar_zh, codes->bar);
        leaf->note_en = apr_psprintf(pool, "%s; the bar code says %s, which can also be typed in", bar_en, codes->bar);
    }
}

/* Why no bill can begin with this page as it is. */
static void find_problem(sight_t *sight, const fpi_leaf_t *leaf, const codes_t *codes, apr_pool_t *pool)
{
    if (leaf->number || !sight->begins || sight->waits) {
        return;
    }
    if (codes->other) {
        sight->problem = apr_psprintf(pool, "同一页上有两个影像编号 %s 和 %s, 请录入正确的编号", codes->number, codes->other);
        sight->problem_en = apr_psprintf(pool, "one page has two image numbers, %s and %s: type in the right one",
                                         codes->number, codes->other);
    }
    else if (!sight->number && leaf->note) {
        sight->problem = leaf->note;
        sight->problem_en = leaf->note_en;
    }
    else if (!sight->number) {
        sight->problem = "封面上没有可识别的编号二维码, 请录入影像编号";
        sight->problem_en = "no QR code with an image number can be read on the cover: type the number in";
    }
}

static sight_t look_at(fpi_leaf_t *leaf, const cutter_t *cutter)
{
    codes_t codes = read_codes(leaf, cutter);
    sight_t sight = { leaf->number, false, false, NULL, NULL };
    bool may_begin = leaf->said == FPI_ROLE_AUTO || leaf->said == FPI_ROLE_COVER;

    leaf->role = role_of(leaf, &codes);
    leaf->note = leaf->note_en = NULL;
    if (may_begin && codes.has_bar && !codes.number && !leaf->number && !leaf->has_invoice) {
        put_bar_note(leaf, &codes, cutter->task->pool);
    }
    sight.begins = leaf->number || leaf->role == FPI_ROLE_COVER;
    sight.waits = !leaf->is_known && may_begin && !leaf->number;
    if (!sight.number && may_begin) {
        sight.number = codes.number;
    }
    find_problem(&sight, leaf, &codes, cutter->task->pool);
    return sight;
}

/* ---- the segments ---- */

static bool is_same_number(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

static void put_problem(fpi_segment_t *segment, const char *zh, const char *en)
{
    if (zh && !segment->problem) {
        segment->problem = zh;
        segment->problem_en = en;
    }
}

/* May the cover that begins here take over the segment: nothing but blank pages so far? */
static bool is_blank_so_far(const fpi_segment_t *segment, const fpi_leaf_t *leaves)
{
    for (int i = 0; i < segment->count; i++) {
        if (leaves[segment->first + i].role != FPI_ROLE_BLANK || leaves[segment->first + i].number) {
            return false;
        }
    }
    return !segment->number && !segment->problem;
}

static int cut_by_covers(fpi_segment_t *segments, fpi_leaf_t *leaves, int leaf_count, const cutter_t *cutter)
{
    fpi_segment_t *now = NULL;
    int count = 0;

    for (int i = 0; i < leaf_count; i++) {
        sight_t sight = look_at(&leaves[i], cutter);
        bool is_new = !now || (sight.begins && !is_same_number(now->number, sight.number));

        if (is_new && now && is_blank_so_far(now, leaves)) {
            now->number = sight.number;
        }
        else if (is_new) {
            now = &segments[count++];
            *now = (fpi_segment_t){ .number = sight.number, .first = i };
        }
        now->count++;
        now->is_waiting |= sight.waits;
        put_problem(now, sight.problem, sight.problem_en);
    }
    return count;
}

static int take_as_one(fpi_segment_t *segment, fpi_leaf_t *leaves, int leaf_count, const char *number,
                       const cutter_t *cutter)
{
    apr_pool_t *pool = cutter->task->pool;

    *segment = (fpi_segment_t){ .number = number, .count = leaf_count };
    for (int i = 0; i < leaf_count; i++) {
        sight_t sight = look_at(&leaves[i], cutter);

        segment->is_waiting |= sight.waits;
        if (sight.number && !is_same_number(sight.number, number)) {
            put_problem(segment,
                        apr_psprintf(pool, "本批指定的影像编号是 %s, 第 %d 页的编号却是 %s, 请移除该页或修改编号", number, i + 1,
                                     sight.number),
                        apr_psprintf(pool, "these pages are for image number %s, but page %d says %s: take it out or "
                                     "correct its number", number, i + 1, sight.number));
        }
    }
    return leaf_count > 0;
}

/* The same number apart from where it stood first. */
static void find_repeats(fpi_segment_t *segments, int count, apr_pool_t *pool)
{
    apr_hash_t *seen = apr_hash_make(pool);

    for (int i = 0; i < count; i++) {
        fpi_segment_t *first, *now = &segments[i];

        if (!now->number) {
            continue;
        }
        first = apr_hash_get(seen, now->number, APR_HASH_KEY_STRING);
        if (!first) {
            apr_hash_set(seen, now->number, APR_HASH_KEY_STRING, now);
            continue;
        }
        put_problem(now,
                    apr_psprintf(pool, "影像编号 %s 在第 %d 页已出现过, 第 %d 页又出现: 请把页面移到一起或修改编号", now->number,
                                 first->first + 1, now->first + 1),
                    apr_psprintf(pool, "image number %s began at page %d and begins again at page %d: move the pages "
                                 "together or correct the number", now->number, first->first + 1, now->first + 1));
    }
}

fpi_err_t *fpi_cover_cut(fpi_segment_t **segments, int *count, fpi_leaf_t *leaves, int leaf_count, const char *number,
                         const fpi_rule_t *rules, int rule_count, fpi_task_t *task)
{
    cutter_t cutter = { rules, rule_count, task };

    *segments = apr_pcalloc(task->pool, sizeof(fpi_segment_t) * (size_t)(leaf_count + 1));
    if (number) {
        *count = take_as_one(*segments, leaves, leaf_count, number, &cutter);
        return NULL;
    }
    *count = cut_by_covers(*segments, leaves, leaf_count, &cutter);
    find_repeats(*segments, *count, task->pool);
    return NULL;
}
