#include "service/batch.h"

#include <apr_strings.h>
#include <string.h>

static const char *const roles[] = { "COVER", "INVOICE", "ATTACHMENT", "BLANK" };
static const char *const capture_states[] = { "OPEN", "FINISHED" };
static const char *const cut_states[] = {
    [FPI_CUT_WAITING] = "WAITING", [FPI_CUT_READY] = "READY", [FPI_CUT_NO_NUMBER] = "NO_NUMBER",
    [FPI_CUT_PROBLEM] = "PROBLEM", [FPI_CUT_SUPPLEMENT] = "SUPPLEMENT", [FPI_CUT_FILED] = "FILED",
};
static const char *const type_froms[] = {
    [FPI_TYPE_UNSAID] = NULL, [FPI_TYPE_OF_BILL] = "BILL", [FPI_TYPE_OF_PAGE] = "PAGE",
    [FPI_TYPE_OF_CAPTURE] = "CAPTURE", [FPI_TYPE_OF_RULE] = "RULE",
};
static const char *const look_states[] = {
    [FPI_CONTENT_WAITING] = "WAITING", [FPI_CONTENT_LOOKED] = "LOOKED", [FPI_CONTENT_UNREADABLE] = "UNREADABLE",
};
static const char *const acts[FPI_CAPTURE_ACTS] = {
    [FPI_CAPTURE_MADE] = "MADE", [FPI_CAPTURE_ADDED] = "PAGES_ADDED", [FPI_CAPTURE_EDITED] = "EDITED",
    [FPI_CAPTURE_ORDERED] = "ORDERED", [FPI_CAPTURE_TAKEN_OUT] = "PAGES_TAKEN_OUT",
    [FPI_CAPTURE_UNFOLDED] = "UNFOLDED", [FPI_CAPTURE_FILED] = "FILED",
};

const char *fpi_role_name(fpi_role_t role)
{
    return role == FPI_ROLE_AUTO ? "AUTO" : roles[role];
}

int fpi_role_find(const char *name)
{
    for (int i = FPI_ROLE_AUTO; i <= FPI_ROLE_BLANK; i++) {
        if (strcmp(name, fpi_role_name((fpi_role_t)i)) == 0) {
            return i;
        }
    }
    return FPI_ROLE_AUTO - 1;
}

static const char *in_language(const char *zh, const char *en, const fpi_task_t *task)
{
    return strcmp(task->lang, "en") == 0 ? en : zh;
}

/* An absent number is null, as what stands in the row as "" is. */
static void put_known(fpi_json_t *doc, const char *name, const char *value)
{
    fpi_json_put_text(doc, name, value && *value ? value : NULL);
}

fpi_json_t *fpi_capture_form(const fpi_capture_t *capture, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task), *change = fpi_json_make_object(task);

    fpi_json_put_int(doc, "id", capture->id);
    put_known(doc, "name", capture->name);
    put_known(doc, "number", capture->number);
    put_known(doc, "resource", capture->resource);
    put_known(doc, "bill_type", capture->type_code);
    fpi_json_put_text(doc, "state", capture_states[capture->state]);
    fpi_json_put_int(doc, "version", capture->version);
    fpi_json_put_int(doc, "page_count", capture->page_count);
    fpi_json_put_int(doc, "left_count", capture->left);
    fpi_json_put_text(doc, "created_by", capture->actor);
    fpi_json_put_time(doc, "created_at", capture->created);
    fpi_json_put_time(doc, "updated_at", capture->updated);
    fpi_json_put_text(change, "act", acts[capture->act]);
    fpi_json_put_int(change, "count", capture->act_count);
    fpi_json_put_text(change, "by", capture->act_by);
    fpi_json_put(doc, "last_change", change);
    return doc;
}

static const char *page_path(const fpi_capture_page_t *page, const char *query, fpi_task_t *task)
{
    return apr_psprintf(task->pool, "/api/v1/captures/%" APR_INT64_T_FMT "/pages/%" APR_INT64_T_FMT "%s", page->capture,
                        page->id, query);
}

static fpi_json_t *form_page(const fpi_batch_t *batch, int i, fpi_task_t *task)
{
    const fpi_sheet_t *sheet = &batch->sheets[i];
    const fpi_leaf_t *leaf = &batch->leaves[i];
    const fpi_capture_page_t *page = sheet->page;
    fpi_json_t *doc = fpi_json_make_object(task);
    const char *note = sheet->note ? in_language(sheet->note, sheet->note_en, task)
                       : leaf->note ? in_language(leaf->note, leaf->note_en, task) : NULL;

    fpi_json_put_int(doc, "id", page->id);
    fpi_json_put_int(doc, "place", i + 1);
    fpi_json_put_text(doc, "name", page->name);
    fpi_json_put_text(doc, "upload_key", page->upload_key);
    fpi_json_put_text(doc, "sha256", page->sha256);
    fpi_json_put_text(doc, "media", sheet->content->media);
    fpi_json_put_int(doc, "size", sheet->content->size);
    fpi_json_put_int(doc, "content_page", page->page);
    fpi_json_put_int(doc, "content_pages", sheet->content->pages);
    fpi_json_put_text(doc, "kind_said", fpi_role_name(page->kind));
    fpi_json_put_text(doc, "kind", fpi_role_name(leaf->role));
    fpi_json_put_int(doc, "rotation", page->rotation);
    fpi_json_put_text(doc, "number", page->number);
    fpi_json_put_text(doc, "label", page->label);
    fpi_json_put_text(doc, "bill_type", page->type_code);
    fpi_json_put_int(doc, "attachment_type", page->attachment_type);
    fpi_json_put_text(doc, "look", look_states[sheet->content->state]);
    fpi_json_put(doc, "codes", sheet->codes);
    fpi_json_put_text(doc, "note", note);
    fpi_json_put(doc, "bill_id", NULL);
    if (page->bill) {
        fpi_json_put_int(doc, "bill_id", page->bill);
    }
    fpi_json_put_text(doc, "content_url", page_path(page, "", task));
    fpi_json_put_text(doc, "thumb_url", page_path(page, "?variant=thumb", task));
    fpi_json_put_time(doc, "created_at", page->created);
    return doc;
}

static fpi_json_t *form_bill(const fpi_bill_t *bill, fpi_task_t *task)
{
    fpi_json_t *doc;

    if (!bill) {
        return NULL;
    }
    doc = fpi_json_make_object(task);
    fpi_json_put_int(doc, "bill_id", bill->id);
    fpi_json_put_text(doc, "number", bill->number);
    fpi_json_put_text(doc, "state", fpi_state_symbol(bill->state));
    fpi_json_put_text(doc, "state_name", fpi_state_name(bill->state, task->lang));
    return doc;
}

fpi_json_t *fpi_cut_form(const fpi_batch_t *batch, int i, fpi_task_t *task)
{
    const fpi_cut_t *cut = &batch->cuts[i];
    fpi_json_t *doc = fpi_json_make_object(task), *ids = fpi_json_make_array(task);

    fpi_json_put_int(doc, "index", i + 1);
    fpi_json_put_text(doc, "number", cut->segment.number);
    fpi_json_put_text(doc, "state", cut_states[cut->state]);
    fpi_json_put_bool(doc, "is_waiting", cut->state == FPI_CUT_WAITING);
    fpi_json_put_text(doc, "problem", cut->problem ? in_language(cut->problem, cut->problem_en, task) : NULL);
    fpi_json_put_int(doc, "first_place", cut->segment.first + 1);
    fpi_json_put_int(doc, "page_count", cut->segment.count);
    for (int n = cut->segment.first; n < cut->segment.first + cut->segment.count; n++) {
        fpi_json_add_int(ids, batch->sheets[n].page->id);
    }
    fpi_json_put(doc, "page_ids", ids);
    fpi_json_put(doc, "bill", form_bill(cut->bill, task));
    fpi_json_put_text(doc, "bill_type", cut->type_code);
    fpi_json_put_text(doc, "bill_type_name", cut->type_name);
    fpi_json_put_text(doc, "bill_type_from", type_froms[cut->type_from]);
    return doc;
}

fpi_json_t *fpi_batch_form(const fpi_batch_t *batch, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_capture_form(batch->capture, task);
    fpi_json_t *pages = fpi_json_make_array(task), *segments = fpi_json_make_array(task);

    for (int i = 0; i < batch->count; i++) {
        fpi_json_add(pages, form_page(batch, i, task));
    }
    for (int i = 0; i < batch->cut_count; i++) {
        fpi_json_add(segments, fpi_cut_form(batch, i, task));
    }
    fpi_json_put_bool(doc, "is_waiting", batch->is_waiting);
    fpi_json_put(doc, "pages", pages);
    fpi_json_put(doc, "segments", segments);
    return doc;
}
