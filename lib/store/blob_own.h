/* What the files of the blob store share. Private to this folder.
 *
 * Life:    as the store of blobs.
 * Threads: read-only once it is open.
 * Limits:  none of its own. */
#ifndef FPI_BLOB_OWN_H
#define FPI_BLOB_OWN_H

#include "store/blob.h"

struct fpi_blobs_t {
    const char *folder;
    int root, spool; /* descriptors of the folder and of its spool */
};

#endif
