#include "service/settings.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { DEPTH_MAX = 20, FILES_MAX = 1000, LINE_MOST = 64 * 1024, VALUE_MOST = 8 * 1024 };

/* One configuration as it is being read: httpd reads it as one text, so sections and definitions go
 * on through included files. */
typedef struct reading_t {
    fpi_task_t *task;
    const char *home; /* directory of the first file */
    const char *root; /* ServerRoot */
    const char *user;
    fpi_settings_t *main, *at; /* at: what the present section says */
    apr_array_header_t *hosts; /* fpi_settings_t *: of virtual hosts */
    apr_hash_t *defines, *modules, *envvars;
    int skipped; /* sections open that don't concern us, the outermost included */
    int depth, files;
} reading_t;

/* A line with its place. */
typedef struct line_t {
    const char *file;
    int number;
    const char *name, *args;
} line_t;

static fpi_err_t *read_file(reading_t *r, const char *file);

/* ---- variables ---- */

static const char *find_value(reading_t *r, const char *name)
{
    const char *value = apr_hash_get(r->defines, name, APR_HASH_KEY_STRING);

    if (!value) {
        value = getenv(name);
    }
    return value ? value : apr_hash_get(r->envvars, name, APR_HASH_KEY_STRING);
}

/* With each ${NAME} that is known put in; others stay as they are, as in httpd. */
static const char *expand(reading_t *r, const char *text)
{
    fpi_buf_t *out = fpi_buf_make(r->task->pool, LINE_MOST);
    bool fits = true;

    while (*text && fits) {
        size_t plain = strcspn(text, "$");
        const char *end = text[plain] && text[plain + 1] == '{' ? strchr(text + plain, '}') : NULL;
        const char *value = NULL;

        if (end) {
            const char *name = text + plain + 2;

            value = find_value(r, apr_pstrmemdup(r->task->pool, name, (size_t)(end - name)));
        }
        if (!value) {
            plain += text[plain] != '\0';
        }
        fits = fpi_buf_put(out, text, plain) && (!value || fpi_buf_put_text(out, value));
        text = value ? end + 1 : text + plain;
    }
    return out->data;
}

/* Debian's httpd gets its User and paths from this shell file beside the configuration; the tool is
 * not started by that shell. Only plain assignments are understood. */
static void read_envvars(reading_t *r)
{
    FILE *in = fopen(apr_pstrcat(r->task->pool, r->home, "/envvars", NULL), "re");
    char line[1024];

    while (in && fgets(line, sizeof(line), in)) {
        char *name = line + strspn(line, " \t");
        char *value;

        name += strncmp(name, "export ", 7) == 0 ? 7 : 0;
        value = strchr(name, '=');
        if (*name == '#' || !value || strchr(value, '$')) {
            continue;
        }
        *value++ = '\0';
        value[strcspn(value, " \t\r\n;")] = '\0';
        apr_hash_set(r->envvars, apr_pstrdup(r->task->pool, name), APR_HASH_KEY_STRING,
                     apr_pstrdup(r->task->pool, value));
    }
    if (in) {
        fclose(in);
    }
}

/* ---- sections ---- */

/* Compiled into most builds, so that no LoadModule line tells of them. */
static bool is_built_in(const char *module)
{
    static const char *const names[] = { "core.c",           "http_core.c",    "mod_so.c",
                                         "so_module",        "mod_unixd.c",    "unixd_module",
                                         "mod_version.c",    "version_module", "mod_log_config.c",
                                         "log_config_module" };

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (strcmp(names[i], module) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_loaded(reading_t *r, const char *module)
{
    return strcmp(module, "mod_fpimage.c") == 0 || strcmp(module, "fpimage_module") == 0
           || is_built_in(module) || apr_hash_get(r->modules, module, APR_HASH_KEY_STRING);
}

static const char *from_root(reading_t *r, const char *path)
{
    return *path == '/' ? path : apr_pstrcat(r->task->pool, r->root, "/", path, NULL);
}

/* Is what stands in this conditional section in force? What can't be known here counts as true. */
static bool is_in_force(reading_t *r, const char *section, const char *condition)
{
    bool turned = *condition == '!';
    bool holds = true;
    struct stat st;

    condition += turned;
    if (strcasecmp(section, "IfModule") == 0) {
        holds = is_loaded(r, condition);
    }
    else if (strcasecmp(section, "IfDefine") == 0) {
        holds = apr_hash_get(r->defines, condition, APR_HASH_KEY_STRING) != NULL;
    }
    else if (strcasecmp(section, "IfFile") == 0) {
        holds = stat(from_root(r, condition), &st) == 0;
    }
    else {
        return true;
    }
    return holds != turned;
}

static void open_section(reading_t *r, const char *section, const char *condition)
{
    if (r->skipped) {
        r->skipped++;
    }
    else if (strcasecmp(section, "VirtualHost") == 0) {
        r->at = fpi_settings_make(r->task->pool);
    }
    else if (strncasecmp(section, "If", 2) != 0 || section[2] == '\0'
             || !is_in_force(r, section, condition)) {
        r->skipped = 1;
    }
}

static void close_section(reading_t *r, const char *section)
{
    if (r->skipped) {
        r->skipped--;
    }
    else if (strcasecmp(section, "VirtualHost") == 0) {
        APR_ARRAY_PUSH(r->hosts, fpi_settings_t *) = r->at;
        r->at = r->main;
    }
}

/* "<Name condition>" or "</Name>" */
static void take_section(reading_t *r, const line_t *line)
{
    bool closes = line->name[1] == '/';
    const char *name = line->name + 1 + closes;
    size_t len = strcspn(name, ">");
    apr_array_header_t *words = fpi_text_words(
        r->task->pool, apr_pstrmemdup(r->task->pool, line->args, strcspn(line->args, ">")));

    name = apr_pstrmemdup(r->task->pool, name, len);
    if (closes) {
        close_section(r, name);
    }
    else {
        open_section(r, name, words && words->nelts ? APR_ARRAY_IDX(words, 0, const char *) : "");
    }
}

/* ---- includes ---- */

static fpi_err_t *include_path(reading_t *r, const char *path);

static fpi_err_t *include_pattern(reading_t *r, const char *pattern, bool *found)
{
    fpi_err_t *err = NULL;
    glob_t hits;

    *found = glob(pattern, 0, NULL, &hits) == 0;
    for (size_t i = 0; *found && !err && i < hits.gl_pathc; i++) {
        err = include_path(r, hits.gl_pathv[i]);
    }
    if (*found) {
        globfree(&hits);
    }
    return err;
}

/* A directory stands for all files below it. */
static fpi_err_t *include_path(reading_t *r, const char *path)
{
    struct stat st;
    bool found;

    if (r->depth >= DEPTH_MAX || ++r->files > FILES_MAX) {
        return fpi_fail(
            r->task, FPI_E_CONFIG,
            "%s is included too deep, or more than %d files are: does a file include itself?", path,
            FILES_MAX);
    }
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        fpi_err_t *err;

        r->depth++;
        err = include_pattern(r, apr_pstrcat(r->task->pool, path, "/*", NULL), &found);
        r->depth--;
        return err;
    }
    return read_file(r, path);
}

static fpi_err_t *take_include(reading_t *r, const line_t *line, const char *path)
{
    bool is_optional = strcasecmp(line->name, "IncludeOptional") == 0;
    bool found;

    FPI_TRY(include_pattern(r, from_root(r, path), &found));
    if (!found && !is_optional) {
        return fpi_fail(r->task, FPI_E_CONFIG, "%s line %d: Include %s finds no file", line->file,
                        line->number, path);
    }
    return NULL;
}

/* ---- directives ---- */

/* LoadModule x_module modules/mod_x.so: both names are asked for by IfModule. */
static void take_module(reading_t *r, const char *name, const char *file)
{
    const char *base = strrchr(file, '/');
    size_t len;

    base = base ? base + 1 : file;
    len = strlen(base);
    len -= len > 3 && strcmp(base + len - 3, ".so") == 0 ? 3 : 0;
    apr_hash_set(r->modules, name, APR_HASH_KEY_STRING, "");
    apr_hash_set(r->modules,
                 apr_pstrcat(r->task->pool, apr_pstrmemdup(r->task->pool, base, len), ".c", NULL),
                 APR_HASH_KEY_STRING, "");
}

static fpi_err_t *take_ours(reading_t *r, const line_t *line)
{
    int row = fpi_setting_find_row(line->name);
    const char *said;

    if (row < 0) {
        return fpi_fail(r->task, FPI_E_CONFIG, "%s line %d: %s is not a directive of this version",
                        line->file, line->number, line->name);
    }
    said = fpi_settings_take(r->at, (fpi_setting_t)row, line->args, NULL, r->task->pool);
    return said ? fpi_fail(r->task, FPI_E_CONFIG, "%s line %d: %s", line->file, line->number, said)
                : NULL;
}

static fpi_err_t *take_other(reading_t *r, const line_t *line)
{
    apr_array_header_t *words = fpi_text_words(r->task->pool, line->args);
    const char *first, *second;

    if (!words || words->nelts == 0) {
        return NULL;
    }
    first = APR_ARRAY_IDX(words, 0, const char *);
    second = words->nelts > 1 ? APR_ARRAY_IDX(words, 1, const char *) : "";
    if (strcasecmp(line->name, "Include") == 0 || strcasecmp(line->name, "IncludeOptional") == 0) {
        return take_include(r, line, first);
    }
    if (strcasecmp(line->name, "LoadModule") == 0) {
        take_module(r, first, second);
    }
    else if (strcasecmp(line->name, "ServerRoot") == 0) {
        r->root = first;
    }
    else if (strcasecmp(line->name, "User") == 0) {
        r->user = first;
    }
    else if (strcasecmp(line->name, "Define") == 0) {
        apr_hash_set(r->defines, first, APR_HASH_KEY_STRING, second);
    }
    else if (strcasecmp(line->name, "UnDefine") == 0) {
        apr_hash_set(r->defines, first, APR_HASH_KEY_STRING, NULL);
    }
    return NULL;
}

static fpi_err_t *take_line(reading_t *r, const char *file, int number, const char *text)
{
    line_t line = { file, number, NULL, NULL };
    size_t len;

    text = expand(r, text + strspn(text, " \t"));
    if (*text == '\0' || *text == '#') {
        return NULL;
    }
    len = strcspn(text, " \t");
    line.name = apr_pstrmemdup(r->task->pool, text, len);
    line.args = text + len + strspn(text + len, " \t");
    if (*line.name == '<') {
        take_section(r, &line);
        return NULL;
    }
    if (r->skipped) {
        return NULL;
    }
    return strncasecmp(line.name, "FPImage", 7) == 0 ? take_ours(r, &line) : take_other(r, &line);
}

/* ---- files ---- */

/* The next line, with those joined to it that follow a backslash at the end; NULL at the end. */
static const char *next_line(reading_t *r, FILE *in, char *room, int *number)
{
    fpi_buf_t *line = NULL;

    while (fgets(room, VALUE_MOST, in)) {
        size_t len = strcspn(room, "\r\n");
        bool goes_on = len > 0 && room[len - 1] == '\\';

        *number += 1;
        if (!line) {
            line = fpi_buf_make(r->task->pool, LINE_MOST);
        }
        if (!fpi_buf_put(line, room, len - goes_on) || !goes_on) {
            break;
        }
    }
    return line ? line->data : NULL;
}

static fpi_err_t *read_file(reading_t *r, const char *file)
{
    FILE *in = fopen(file, "re");
    const char *path = apr_pstrdup(r->task->pool, file);
    char *room = apr_palloc(r->task->pool, VALUE_MOST);
    fpi_err_t *err = NULL;
    const char *text;
    int number = 0;

    if (!in) {
        return fpi_fail(r->task, FPI_E_CONFIG, "configuration %s can't be read: %s", file,
                        strerror(errno));
    }
    r->depth++;
    while (!err && (text = next_line(r, in, room, &number)) != NULL) {
        err = take_line(r, path, number, text);
    }
    r->depth--;
    fclose(in);
    return err;
}

/* ---- which of the sections ---- */

/* FPImageEngine alone tells nothing of the store. */
static bool says_something(const fpi_settings_t *settings)
{
    return (settings->given & ~(UINT64_C(1) << FPI_SET_FPImageEngine)) != 0;
}

static bool is_same_store(const fpi_settings_t *a, const fpi_settings_t *b, apr_pool_t *pool)
{
    static const fpi_setting_t rows[] = { FPI_SET_FPImageDataDir, FPI_SET_FPImageDatabase,
                                          FPI_SET_FPImageBlobStore, FPI_SET_FPImageSecretFile };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        if (strcmp(fpi_setting_format(a, rows[i], pool), fpi_setting_format(b, rows[i], pool))
            != 0) {
            return false;
        }
    }
    return true;
}

static fpi_err_t *choose(fpi_settings_t **out, reading_t *r, const char *file)
{
    *out = says_something(r->main) ? r->main : NULL;
    for (int i = 0; i < r->hosts->nelts && !says_something(r->main); i++) {
        fpi_settings_t *host = APR_ARRAY_IDX(r->hosts, i, fpi_settings_t *);

        if (!says_something(host)) {
            continue;
        }
        host = fpi_settings_merge(r->task->pool, r->main, host);
        if (*out && !is_same_store(*out, host, r->task->pool)) {
            return fpi_fail(
                r->task, FPI_E_CONFIG,
                "virtual hosts of %s have different stores: name the data directory instead", file);
        }
        *out = *out ? *out : host;
    }
    *out = *out ? *out : r->main;
    return NULL;
}

fpi_err_t *fpi_settings_read(fpi_settings_t **settings, const char **user, const char *file,
                             fpi_task_t *task)
{
    const char *slash = strrchr(file, '/');
    reading_t r = { .task = task };

    r.home = slash ? apr_pstrmemdup(task->pool, file, (size_t)(slash - file)) : ".";
    r.root = r.home;
    r.main = r.at = fpi_settings_make(task->pool);
    r.hosts = apr_array_make(task->pool, 4, sizeof(fpi_settings_t *));
    r.defines = apr_hash_make(task->pool);
    r.modules = apr_hash_make(task->pool);
    r.envvars = apr_hash_make(task->pool);
    read_envvars(&r);
    FPI_TRY(read_file(&r, file));
    *user = r.user;
    return choose(settings, &r, file);
}
