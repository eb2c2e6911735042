#include "store/identity.h"

#include "base/text.h"
#include "store/people.h"
#include "store/storage.h"
#include "wire/crypto.h"

#include <apr_strings.h>
#include <string.h>

#define NAME_SETTING "store.name"

typedef struct meeting_t {
    fpi_store_t *store;
    fpi_blobs_t *blobs;
    fpi_task_t *task;
    const char *name, *folder_name; /* NULL: none */
    const char *fresh;
    bool has_contents;              /* rows that name originals */
    int seen;                       /* blobs that were looked at */
    bool is_known;                  /* a row names one of them */
    const char *asked;
} meeting_t;

/* ---- what each has ---- */

static fpi_err_t *tx_read(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    meeting_t *m = baton;
    fpi_naming_t *rows;
    int count;

    FPI_TRY(fpi_setting_find(&m->name, tx, 0, NAME_SETTING, task));
    FPI_TRY(fpi_storage_list_contents(&rows, &count, tx, "", 1, task));
    m->has_contents = count > 0;
    return NULL;
}

static fpi_err_t *tx_ask(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    meeting_t *m = baton;
    fpi_standing_t standing;

    FPI_TRY(fpi_storage_standing(&standing, tx, m->asked, 0, task));
    m->is_known = standing != FPI_STANDING_NONE;
    return NULL;
}

static fpi_err_t *see_blob(void *baton, const char *sha256)
{
    meeting_t *m = baton;

    if (m->is_known || m->seen == FPI_IDENTITY_LOOK) {
        return NULL;
    }
    m->seen++;
    m->asked = sha256;
    return fpi_store_read(m->store, tx_ask, m, m->task);
}

static fpi_err_t *look_at_blobs(meeting_t *m)
{
    for (int first = 0; first < 256 && !m->is_known && m->seen < FPI_IDENTITY_LOOK; first++) {
        FPI_TRY(fpi_blobs_list_some(m->blobs, (unsigned char)first, see_blob, m, m->task));
    }
    return NULL;
}

/* ---- naming ---- */

static fpi_err_t *refuse(const meeting_t *m, const char *why)
{
    return fpi_fail(m->task, FPI_E_CONFIG, "the folder of blobs %s %s; set FPImageDatabase or FPImageBlobStore right, or restore "
                    "the last backup; a new database needs a new folder", fpi_blobs_folder(m->blobs), why);
}

static fpi_err_t *check_folder(meeting_t *m)
{
    FPI_TRY(look_at_blobs(m));
    if (m->seen && !m->is_known) {
        return refuse(m, "holds originals that the database does not know, and would take away");
    }
    return !m->seen && m->has_contents
               ? refuse(m, "holds none of the originals that the database names: is its disk mounted?")
               : NULL;
}

/* Of two who draw at once the first is heard. */
static fpi_err_t *tx_name(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    meeting_t *m = baton;

    FPI_TRY(fpi_setting_find(&m->name, tx, 0, NAME_SETTING, task));
    if (m->name) {
        return NULL;
    }
    m->name = m->fresh;
    return fpi_setting_put(tx, 0, NAME_SETTING, m->fresh, task);
}

static fpi_err_t *name_database(meeting_t *m)
{
    unsigned char dice[FPI_BLOBS_NAME / 2];
    char fresh[FPI_BLOBS_NAME + 1];

    FPI_TRY(fpi_random(dice, sizeof(dice), m->task));
    fpi_hex_encode(fresh, dice, sizeof(dice));
    m->fresh = apr_pstrdup(m->task->pool, fresh);
    return fpi_store_write(m->store, tx_name, m, m->task);
}

static fpi_err_t *compare(const meeting_t *m)
{
    if (!m->folder_name || !m->name) {
        return fpi_fail(m->task, FPI_E_CONFIG, "whether the folder of blobs %s is that of the database is not known yet: start httpd, or run "
                        "fpimagectl init", fpi_blobs_folder(m->blobs));
    }
    return strcmp(m->name, m->folder_name) == 0 ? NULL : refuse(m, "belongs to another database");
}

/* The database first: should that be all, the folder is named the next time. */
static fpi_err_t *name_both(meeting_t *m)
{
    FPI_TRY(m->name ? NULL : name_database(m));
    m->folder_name = m->name;
    return fpi_blobs_put_name(m->blobs, m->name, m->task);
}

static fpi_err_t *meet(meeting_t *m)
{
    FPI_TRY(fpi_store_read(m->store, tx_read, m, m->task));
    return fpi_blobs_get_name(&m->folder_name, m->blobs, m->task);
}

fpi_err_t *fpi_identity_join(fpi_store_t *store, fpi_blobs_t *blobs, fpi_task_t *task)
{
    meeting_t m = { .store = store, .blobs = blobs, .task = task };

    FPI_TRY(meet(&m));
    if (!m.folder_name) {
        FPI_TRY(check_folder(&m));
        return name_both(&m);
    }
    return m.name ? compare(&m) : refuse(&m, "belongs to another database");
}

fpi_err_t *fpi_identity_give(fpi_store_t *store, fpi_blobs_t *blobs, fpi_task_t *task)
{
    meeting_t m = { .store = store, .blobs = blobs, .task = task };

    FPI_TRY(meet(&m));
    return m.folder_name ? compare(&m) : name_both(&m);
}

fpi_err_t *fpi_identity_check(fpi_store_t *store, fpi_blobs_t *blobs, fpi_task_t *task)
{
    meeting_t m = { .store = store, .blobs = blobs, .task = task };

    FPI_TRY(meet(&m));
    return compare(&m);
}
