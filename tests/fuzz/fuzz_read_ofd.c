/* OFD files as the helper reads invoices from them. */
#include "fuzz_readers.h"

extern int fuzz_steps; /* replay.c */
int fuzz_steps = 64;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_read(data, size, FPI_MEDIA_OFD);
}
