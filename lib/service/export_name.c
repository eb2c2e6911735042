#include "service/export_own.h"

#include "base/text.h"
#include "wire/media.h"

#include <apr_strings.h>
#include <string.h>
#include <strings.h>

enum { NAME_MOST = 255, FOLDER_MOST = 200, EXTENSION_MOST = 16 };

/* What Windows refuses in names, and what lets a name look like another one: "_". */
static char *make_safe(const char *text, apr_pool_t *pool)
{
    char *out = fpi_text_steady(pool, text, '_'), *to = out;

    for (; *to; to++) {
        *to = strchr("<>:\"/\\|?*", *to) ? '_' : *to;
    }
    while (to > out && (to[-1] == '.' || to[-1] == ' ')) {
        to--;
    }
    *to = '\0';
    return out;
}

/* Names of devices on Windows, with any extension, and with blanks before it. */
static bool is_device(const char *name)
{
    static const char *const devices[] = { "CON", "PRN", "AUX", "NUL" };
    size_t len = strcspn(name, ".");

    while (len && name[len - 1] == ' ') {
        len--;
    }
    for (size_t i = 0; i < sizeof(devices) / sizeof(*devices); i++) {
        if (len == 3 && strncasecmp(name, devices[i], 3) == 0) {
            return true;
        }
    }
    return len == 4 && (strncasecmp(name, "COM", 3) == 0 || strncasecmp(name, "LPT", 3) == 0) && name[3] >= '0'
           && name[3] <= '9';
}

/* At a character. */
static void cut(char *text, size_t most)
{
    size_t len = strlen(text);

    if (len <= most) {
        return;
    }
    while (most && ((unsigned char)text[most] & 0xc0) == 0x80) {
        most--;
    }
    text[most] = '\0';
}

const char *fpi_export_folder(const char *number, apr_pool_t *pool)
{
    char *name = make_safe(number, pool);

    cut(name, FOLDER_MOST);
    if (!*name) {
        return "_";
    }
    return is_device(name) ? apr_pstrcat(pool, "_", name, NULL) : name;
}

static const char *extension_of(const char *media)
{
    for (int i = FPI_MEDIA_UNKNOWN + 1; media && i < FPI_MEDIA_COUNT; i++) {
        const fpi_media_info_t *info = fpi_media_info((fpi_media_t)i);

        if (strcmp(info->type, media) == 0) {
            return info->extension;
        }
    }
    return "bin";
}

/* Splits off the extension; without one, or with a strange one, that of the media type is taken. */
static const char *take_extension(char *name, const char *media, apr_pool_t *pool)
{
    char *dot = strrchr(name, '.');

    if (!dot || dot == name || strlen(dot + 1) > EXTENSION_MOST || !dot[1]) {
        return extension_of(media);
    }
    *dot = '\0';
    return apr_pstrdup(pool, dot + 1);
}

const char *fpi_export_file_name(int place, int of, const fpi_file_t *file, apr_pool_t *pool)
{
    char *name = make_safe(file->name, pool);
    const char *extension = take_extension(name, file->media, pool);
    const char *head = apr_psprintf(pool, "%0*d-%s-", of > 999 ? 4 : of > 99 ? 3 : 2, place,
                                    fpi_export_kind(file->kind));

    cut(name, NAME_MOST - strlen(head) - strlen(extension) - 1);
    return apr_pstrcat(pool, head, name, ".", extension, NULL);
}
