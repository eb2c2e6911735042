/* measure codes|thumb FILE...: asks the decoding helper for each, one behind the other; prints what it read. */
#include "wire/decode.h"

#include <apr_general.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static fpi_err_t *count(void *baton, const void *data, size_t len, fpi_task_t *task)
{
    *(size_t *)baton += len;
    return NULL;
}

static fpi_err_t *ask(fpi_decoder_t *decoder, bool is_thumb, int fd, fpi_task_t *task)
{
    fpi_decode_want_t want = { .codes = true };
    fpi_picture_t picture = { 1, 240, 240, 0 };
    fpi_media_t media;
    fpi_json_t *doc;
    size_t len = 0;

    if (is_thumb) {
        return fpi_decode_render(&media, decoder, fd, FPI_MEDIA_JPEG, &picture, count, &len, task);
    }
    FPI_TRY(fpi_decode_look(&doc, decoder, fd, FPI_MEDIA_JPEG, &want, task));
    printf("%s\n", fpi_json_format(doc, false, task));
    return NULL;
}

int main(int argc, char **argv)
{
    fpi_decode_options_t options = { .workers = 1 };
    fpi_decoder_t *decoder;
    apr_pool_t *pool;

    if (argc < 3 || apr_initialize() != APR_SUCCESS || apr_pool_create(&pool, NULL) != APR_SUCCESS
        || fpi_decoder_start(&decoder, pool, &options, fpi_task_make(pool, NULL)) != NULL) {
        return 1;
    }
    for (int i = 2; i < argc; i++) {
        fpi_task_t *task = fpi_task_make(pool, NULL);
        int fd = open(argv[i], O_RDONLY | O_CLOEXEC);
        fpi_err_t *err = ask(decoder, strcmp(argv[1], "thumb") == 0, fd, task);

        if (err) {
            fprintf(stderr, "%s: %s\n", argv[i], fpi_err_chain(pool, err));
        }
        close(fd);
    }
    apr_pool_destroy(pool);
    return 0;
}
