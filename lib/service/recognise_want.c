/* What the cloud should be asked about, and in whose name. */
#include "service/recognise.h"

#include "base/clock.h"
#include "service/access.h"
#include "service/reads_own.h"
#include "store/people.h"

#include <apr_strings.h>
#include <string.h>

static bool is_read(const fpi_found_t *found)
{
    return found->invoice.number && found->invoice.date && found->invoice.has_gross;
}

/* Pictures and what has pages; data and office files are not for the eye. */
static bool is_visible(const char *media)
{
    return media && (strncmp(media, "image/", 6) == 0 || strcmp(media, "application/pdf") == 0
                     || strcmp(media, "application/ofd") == 0);
}

static bool is_asked(const fpi_json_t *look, fpi_task_t *task)
{
    const fpi_json_t *cloud = fpi_json_find(look, "cloud");
    int64_t asked;

    if (!cloud || !fpi_json_find(cloud, "refused")) {
        return cloud != NULL;
    }
    return !fpi_json_find_int(&asked, cloud, "asked", 0, 0, INT64_MAX, task)
           && fpi_clock_now() - asked < FPI_RECOGNISE_AGAIN;
}

static bool has_read(const fpi_found_t *found, int count, int page)
{
    for (int i = 0; i < count; i++) {
        if (is_read(&found[i]) && (page == 0 || found[i].page == 0 || found[i].page == page)) {
            return true;
        }
    }
    return false;
}

static bool is_digital(const fpi_found_t *found, int count)
{
    for (int i = 0; i < count; i++) {
        if (found[i].source <= FPI_SOURCE_PDF_TEXT) {
            return true;
        }
    }
    return false;
}

static bool is_blank(const fpi_json_t *page, fpi_task_t *task)
{
    bool blank;

    return !fpi_json_find_bool(&blank, page, "is_blank", false, task) && blank;
}

static bool has_unread_page(const fpi_json_t *pages, const fpi_file_t *file, const fpi_found_t *found, int count,
                            fpi_task_t *task)
{
    for (size_t i = 0; i < fpi_json_size(pages); i++) {
        int n = (int)i + 1;
        bool is_ours = file->page_first == 0 || (n >= file->page_first && n <= file->page_last);

        if (is_ours && !is_blank(fpi_json_at(pages, i), task) && !has_read(found, count, n)) {
            return true;
        }
    }
    return false;
}

bool fpi_recognise_is_wanted(const fpi_json_t *look, const fpi_file_t *file, const fpi_found_t *found, int count,
                             fpi_task_t *task)
{
    const fpi_json_t *pages = fpi_json_find(look, "pages");

    if (!is_visible(file->media) || is_asked(look, task)) {
        return false;
    }
    if (!pages || !fpi_json_size(pages) || is_digital(found, count)) {
        return !has_read(found, count, 0);
    }
    return has_unread_page(pages, file, found, count, task);
}

/* ---- in whose name ---- */

typedef struct choosing_t {
    int64_t tenant;
    const char *value;
} choosing_t;

static fpi_err_t *tx_switch(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    choosing_t *choosing = baton;

    return fpi_setting_find(&choosing->value, tx, choosing->tenant, "recognise.cloud", task);
}

fpi_err_t *fpi_read_choose(fpi_read_t *read, fpi_task_t *task)
{
    const char *tax_no = read->bill->tax_no;
    const fpi_enterprise_t *e = tax_no && *tax_no ? fpi_people_find_by_tax_no(read->app, read->bill->tenant, tax_no, task) : NULL;
    choosing_t choosing = { read->bill->tenant, NULL };

    if (!read->unread_count || !e || e->tenant != read->bill->tenant || !e->is_enabled) {
        return NULL;
    }
    FPI_TRY(fpi_store_read(read->app->store, tx_switch, &choosing, task));
    if (choosing.value ? strcmp(choosing.value, "on") == 0 : e->is_checked) {
        read->asker = e;
    }
    return NULL;
}

fpi_err_t *fpi_read_put_recognitions(const fpi_read_t *read, fpi_tx_t *tx, fpi_task_t *task)
{
    for (int i = 0; read->asker && i < read->unread_count; i++) {
        fpi_json_t *payload = fpi_json_make_object(task);
        const char *key = apr_psprintf(task->pool, "%s/%" APR_INT64_T_FMT, read->unread[i], read->asker->id);

        fpi_json_put_text(payload, "sha256", read->unread[i]);
        fpi_json_put_text(payload, "client_id", read->asker->client_id);
        fpi_json_put_int(payload, "bill", read->bill->id);
        FPI_TRY(fpi_job_put(tx, read->bill->tenant, FPI_JOB_RECOGNISE, key,
                            fpi_json_format(payload, false, task), fpi_clock_now(), task));
    }
    return NULL;
}

/* ---- what it has made of pages of which nobody said what they are ---- */

/* A row of the same bytes as an invoice is on the bill beside it: that one counts. */
static bool is_there_as_invoice(const fpi_read_t *read, const fpi_file_t *file)
{
    for (int i = 0; i < read->now_count; i++) {
        const fpi_file_t *other = &read->now[i];

        if (other->kind == FPI_KIND_INVOICE && other->page_first == file->page_first && strcmp(other->sha256, file->sha256) == 0) {
            return true;
        }
    }
    return false;
}

static bool may_become_invoice(const fpi_read_t *read, const fpi_file_t *file)
{
    fpi_state_t state = read->bill->state;

    return file->is_guessed && !file->group_id && !read->bill->is_locked && state != FPI_STATE_REVIEWED && state != FPI_STATE_VOID
           && !is_there_as_invoice(read, file);
}

static fpi_err_t *put_kind(fpi_read_t *read, fpi_file_t *file, fpi_tx_t *tx, fpi_task_t *task)
{
    file->kind = FPI_KIND_INVOICE;
    file->is_guessed = false;
    FPI_TRY(fpi_file_put_facts(file, tx, task));
    FPI_TRY(fpi_bill_raise_version(read->bill, tx, task));
    return fpi_trail_add(tx, read->bill, "file",
                         apr_psprintf(task->pool, "%s: the cloud knows it as an invoice; it was filed as an attachment, as "
                                      "nobody had said what it is", file->name),
                         apr_psprintf(task->pool, "{\"version\":%" APR_INT64_T_FMT ",\"file_id\":%" APR_INT64_T_FMT "}",
                                      read->bill->version, file->id),
                         task);
}

fpi_err_t *fpi_read_put_kinds(fpi_read_t *read, fpi_tx_t *tx, fpi_task_t *task)
{
    for (int i = 0; i < read->recognised_count; i++) {
        for (int j = 0; j < read->now_count; j++) {
            if (read->now[j].id == read->recognised[i] && may_become_invoice(read, &read->now[j])) {
                FPI_TRY(put_kind(read, &read->now[j], tx, task));
            }
        }
    }
    return NULL;
}
