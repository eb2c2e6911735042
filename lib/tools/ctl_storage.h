/* What the commands about stored bytes share: verify, storage, backup, restore, export.
 *
 * Life:    one run of the program.
 * Threads: one.
 * Limits:  those of the store. */
#ifndef FPI_CTL_STORAGE_H
#define FPI_CTL_STORAGE_H

#include "store/storage.h"
#include "tools/ctl.h"

/* ctl_open, and the blobs. */
fpi_err_t *ctl_open_blobs(ctl_t *ctl) FPI_MUST_USE;
/* Does the key that the store was opened with open what it holds? */
fpi_err_t *ctl_check_key(ctl_t *ctl, fpi_store_t *store) FPI_MUST_USE;
/* "1.2 GiB" */
const char *ctl_size(ctl_t *ctl, int64_t bytes);

/* Calls `each` for every content that rows name, in pages; the task that it gets is cleared between them. */
typedef fpi_err_t *ctl_content_fn(void *baton, const fpi_naming_t *content, fpi_task_t *task);
fpi_err_t *ctl_each_content(ctl_t *ctl, fpi_store_t *store, ctl_content_fn *each, void *baton) FPI_MUST_USE;

/* So many are named in a manifest, where it says what could not be saved. */
enum { CTL_LOSSES_NAMED = 50000 };

/* A backup is laid out as a data directory: store.db, blobs/, keys (only when asked for), and manifest.json, which says
 * what store.db hashes to. A run that is cut off between the two leaves the database's own manifest beside, as
 * manifest.json.new; before and behind that, manifest.json is the one that fits. */
typedef struct ctl_backup_t {
    const char *dir, *database, *blobs, *keys, *manifest, *next_manifest; /* database and blobs with their schemes */
} ctl_backup_t;
void ctl_backup_places(ctl_backup_t *backup, ctl_t *ctl, const char *dir);
/* Absence is fine: *manifest is NULL then. */
fpi_err_t *ctl_find_manifest(fpi_json_t **manifest, ctl_t *ctl, const char *path) FPI_MUST_USE;
/* Is it the manifest of a database that hashes to that? */
bool ctl_manifest_fits(fpi_json_t *manifest, const char *sha256, ctl_t *ctl);
/* SHA-256 and size of a file. */
fpi_err_t *ctl_hash_file(const char **sha256, int64_t *size, ctl_t *ctl, const char *path) FPI_MUST_USE;
/* Copies a file to a new one of mode 0600, flushed. */
fpi_err_t *ctl_copy_file(ctl_t *ctl, const char *from, const char *to) FPI_MUST_USE;

#endif
