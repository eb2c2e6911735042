/* Sync mode: the bill mirrors the receipt. */
#include "service/pull_own.h"

#include "service/modes.h"
#include "service/moves.h"
#include "service/notices.h"
#include "store/notices.h"
#include "store/piles.h"

#include <apr_strings.h>
#include <string.h>

static bool is_same_place(const char *a, const char *b)
{
    size_t n = strcspn(a, "?#");

    return n == strcspn(b, "?#") && strncmp(a, b, n) == 0;
}

/* Of a link that could not be had it is only known where it stood: what came from there may be what it names. */
static bool is_file_of(const fpi_link_t *link, const fpi_file_t *file)
{
    if (link->got) {
        return strcmp(link->got, file->sha256) == 0;
    }
    return (link->hash && strcasecmp(link->hash, file->sha256) == 0) || (file->origin && is_same_place(file->origin, link->url));
}

static bool is_mirrored(const fpi_pulling_t *pull, const fpi_file_t *file)
{
    for (int i = 0; i < pull->links->nelts; i++) {
        if (is_file_of(&APR_ARRAY_IDX(pull->links, i, fpi_link_t), file)) {
            return true;
        }
    }
    return false;
}

/* What nobody speaks of stays. */
static bool is_spoken_of(const fpi_pulling_t *pull, const fpi_file_t *file)
{
    return !(file->kind == FPI_KIND_COVER && pull->lacks_covers)
           && !(file->kind == FPI_KIND_ATTACHMENT && pull->lacks_attachments);
}

/* Is there anything on the bill that came with the receipt? */
static bool has_brought(const fpi_pulling_t *pull)
{
    for (int i = 0; i < pull->file_count; i++) {
        if (is_mirrored(pull, &pull->files[i])) {
            return true;
        }
    }
    return pull->invoice_count > 0;
}

/* In sync mode nobody scans and nobody submits: the push makes the images. An empty receipt makes none, whatever was
 * put there by hand. */
static fpi_err_t *submit_synced(fpi_pulling_t *pull, fpi_tx_t *tx, fpi_task_t *task)
{
    const fpi_order_t order = { FPI_ACT_SUBMIT, NULL, NULL, "synchronised to the submitter" };
    bool is_changed;

    return pull->bill->state == FPI_STATE_UPLOADED && has_brought(pull) ? fpi_move(&is_changed, pull->bill, &order, tx, task)
                                                                        : NULL;
}

/* An empty receipt takes nothing away: it may be a fault of its own. Nor does one of which a part can't be read. */
static fpi_err_t *take_off(fpi_pulling_t *pull, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_pile_t *pile, before;

    if (!pull->links->nelts || !pull->is_whole) {
        return NULL;
    }
    FPI_TRY(fpi_pile_get(&pile, &before, tx, pull->bill, task));
    for (int i = before.count - 1; i >= 0; i--) {
        const fpi_file_t *file = &before.files[i];

        if (strcmp(file->source ? file->source : "", "push") == 0 && is_spoken_of(pull, file) && !is_mirrored(pull, file)) {
            FPI_TRY(fpi_pile_drop(pile, file->id, task));
            FPI_TRY(fpi_trail_add(tx, pull->bill, "file",
                                  apr_psprintf(task->pool, "%s %s taken off the bill, as the receipt has it no more; sha256 %s",
                                               fpi_kind_name(file->kind), file->name, file->sha256),
                                  NULL, task));
            pull->taken_off++;
        }
    }
    return pull->taken_off ? fpi_pile_put(pile, &before, tx, task) : NULL;
}

#define FELL "{\"fallen_from\":\"SYNC\"}"

/* Once: why nobody submits it by itself. */
static fpi_err_t *tell_fallen(const fpi_pulling_t *pull, fpi_tx_t *tx, fpi_task_t *task)
{
    bool has;

    FPI_TRY(fpi_trail_has(&has, tx, pull->bill, "mode", FELL, task));
    return has ? NULL : fpi_trail_add(tx, pull->bill, "mode",
                                      "worked on in basic mode rather than synchronised, as the ERP has not announced the bill",
                                      FELL, task);
}

fpi_err_t *fpi_pull_mirror(bool *is_synced, fpi_pulling_t *pull, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_mode_said_t said;

    FPI_TRY(fpi_mode_find(&said, tx, pull->bill, task));
    *is_synced = said.mode == FPI_MODE_SYNC;
    if (said.fallen == FPI_MODE_SYNC) {
        FPI_TRY(tell_fallen(pull, tx, task));
    }
    pull->taken_off = 0;
    if (!*is_synced || pull->bill->state == FPI_STATE_REVIEWED) {
        return NULL;
    }
    if (pull->bill->state == FPI_STATE_SUBMITTED && pull->refused) {
        return fpi_trail_add(tx, pull->bill, "pull",
                             "nothing is taken off the submitted bill, as files that the receipt has now can't be had", NULL,
                             task);
    }
    return take_off(pull, tx, task);
}

int fpi_pull_came_since(const fpi_pulling_t *pull, apr_time_t when)
{
    int count = 0;

    for (int i = 0; i < pull->file_count; i++) {
        const fpi_file_t *file = &pull->files[i];

        count += strcmp(file->source ? file->source : "", "push") == 0 && file->created > when;
    }
    return count;
}

/* The images of a submitted bill are others now. */
static fpi_err_t *tell_mirrored(fpi_pulling_t *pull, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_delivery_t *last;
    int came;

    FPI_TRY(fpi_delivery_find_last(&last, tx, pull->bill->tenant, pull->bill->id, task));
    came = fpi_pull_came_since(pull, last ? last->created : 0); /* in this run or in one that did not come to its end */
    if (!pull->taken_off && !came) {
        return NULL;
    }
    FPI_TRY(fpi_bill_note(pull->bill, tx, "pull",
                          apr_psprintf(task->pool, "the submitted bill mirrors the receipt: %d files went, %d came; the ERP is "
                                       "told \"ready\" again", pull->taken_off, came),
                          NULL, task));
    return fpi_notice_images(tx, pull->bill, task);
}

fpi_err_t *fpi_pull_mirrored(fpi_pulling_t *pull, bool was_submitted, fpi_tx_t *tx, fpi_task_t *task)
{
    return was_submitted ? tell_mirrored(pull, tx, task) : submit_synced(pull, tx, task);
}
