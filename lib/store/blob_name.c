/* The name of a folder of blobs: an empty folder in it, "store-" and the name. It is there whole or not at all. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "store/blob_own.h"

#include <apr_strings.h>
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "store-"

static bool is_name(const char *text)
{
    return strncmp(text, PREFIX, strlen(PREFIX)) == 0 && fpi_blobs_is_hex(text + strlen(PREFIX), FPI_BLOBS_NAME);
}

fpi_err_t *fpi_blobs_get_name(const char **name, fpi_blobs_t *blobs, fpi_task_t *task)
{
    DIR *folder = fpi_blobs_open_folder(blobs->root, ".");
    const struct dirent *entry;
    int count = 0;

    *name = NULL;
    if (!folder) {
        return fpi_blobs_fail(blobs, errno, "listing", "", task);
    }
    while ((entry = readdir(folder))) {
        if (is_name(entry->d_name)) {
            *name = apr_pstrdup(task->pool, entry->d_name + strlen(PREFIX));
            count++;
        }
    }
    closedir(folder);
    return count < 2 ? NULL
                     : fpi_fail(task, FPI_E_CONFIG, "the folder of blobs %s has %d names (" PREFIX "...): two installations were mixed",
                                blobs->folder, count);
}

fpi_err_t *fpi_blobs_put_name(fpi_blobs_t *blobs, const char *name, fpi_task_t *task)
{
    const char *path = apr_pstrcat(task->pool, PREFIX, name, NULL);

    return (mkdirat(blobs->root, path, 0500) == 0 || errno == EEXIST) && fsync(blobs->root) == 0
               ? NULL
               : fpi_blobs_fail(blobs, errno, "naming the folder by", path, task);
}
