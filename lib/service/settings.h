/* What an administrator can set. One list (settings.def) feeds the module's directives, the tool
 * and the documents; every setting has a safe default.
 *
 * Life:    in the pool of the configuration; never changed once requests are served.
 * Threads: read-only then.
 * Limits:  as settings.def says for each. */
#ifndef FPI_SETTINGS_H
#define FPI_SETTINGS_H

#include "base/task.h"
#include "wire/http.h"

#include <apr_network_io.h>
#include <apr_tables.h>
#include <stdint.h>

typedef struct fpi_route_setting_t {
    const char *method;  /* NULL: the handler's own */
    const char *path;    /* normalised, with /api */
    const char *handler; /* a name of routes.def */
} fpi_route_setting_t;

typedef struct fpi_subnet_t {
    const char *text;    /* as it was said */
    apr_ipsubnet_t *net;
} fpi_subnet_t;

/* What a member of each kind holds. Words of lists: PATHS path prefixes without /api; CIDRS
 * fpi_subnet_t; HOSTS lower case, an IPv6 address in brackets, "http://" in front where plain http
 * is meant too; ROUTE fpi_route_setting_t; the others const char *. A list that was not said and
 * has no default is NULL. */
#define FPI_KIND_FLAG bool
#define FPI_KIND_TEXT const char *
#define FPI_KIND_FILE const char * /* absolute, no slash at the end */
#define FPI_KIND_DATABASE const char * /* "sqlite:/path" */
#define FPI_KIND_BLOBS const char * /* "file:/path" */
#define FPI_KIND_UPSTREAM const char * /* "https://host[:port][/prefix]", no slash at the end */
#define FPI_KIND_TIMES fpi_http_times_t
#define FPI_KIND_INT int64_t
#define FPI_KIND_SECONDS int64_t
#define FPI_KIND_SIZE int64_t
#define FPI_KIND_SKEW int64_t /* 0: off */
#define FPI_KIND_PATHS apr_array_header_t *
#define FPI_KIND_ROUTE apr_array_header_t *
#define FPI_KIND_CIDRS apr_array_header_t *
#define FPI_KIND_HOSTS apr_array_header_t *
#define FPI_KIND_ASKED apr_array_header_t *

typedef struct fpi_settings_t {
#define FPI_SETTING(name, member, kind, least, most, usage, help, standard) FPI_KIND_##kind member;
#include "service/settings.def"
#undef FPI_SETTING
    uint64_t given; /* bit n: row n of settings.def was said, not defaulted */
} fpi_settings_t;

typedef enum fpi_setting_t {
#define FPI_SETTING(name, member, kind, least, most, usage, help, standard) FPI_SET_##name,
#include "service/settings.def"
#undef FPI_SETTING
    FPI_SET_COUNT
} fpi_setting_t;

/* One row of settings.def. */
typedef struct fpi_setting_info_t {
    const char *name, *usage, *help;
    int64_t least, most;
    const char *standard;
} fpi_setting_info_t;
const fpi_setting_info_t *fpi_setting_info(fpi_setting_t row);
/* Row of a directive's name in any case, or -1. */
int fpi_setting_find_row(const char *name);

/* With nothing given. */
fpi_settings_t *fpi_settings_make(apr_pool_t *pool);
/* Takes one directive's words. Returns NULL, or a sentence with the value seen and what is
 * accepted. `handler_is_known` is asked for FPImageRoute's handler names; NULL: not checked. */
const char *fpi_settings_take(fpi_settings_t *settings, fpi_setting_t row, const char *line,
                              bool (*handler_is_known)(const char *name), apr_pool_t *pool);
/* What `over` was given, else what `base` was given. */
fpi_settings_t *fpi_settings_merge(apr_pool_t *pool, const fpi_settings_t *base,
                                   const fpi_settings_t *over);
/* Fills in all that was not given; `state_dir` is the installation's default data directory. */
fpi_settings_t *fpi_settings_complete(apr_pool_t *pool, const fpi_settings_t *settings,
                                      const char *state_dir);
bool fpi_setting_is_given(const fpi_settings_t *settings, fpi_setting_t row);
/* The value of one row as it would stand in a configuration; "" when there is none. For keys and
 * reports. */
const char *fpi_setting_format(const fpi_settings_t *settings, fpi_setting_t row, apr_pool_t *pool);
/* The directive whose size (out) the server's limit of a body cuts, 0 being none; NULL when it cuts none. */
const char *fpi_settings_find_cut(int64_t *size, const fpi_settings_t *settings, int64_t body_most);
/* Contradictions of complete settings: a sentence, or NULL. */
const char *fpi_settings_check(const fpi_settings_t *settings, apr_pool_t *pool);

/* Reads the FPImage directives of an httpd configuration file as httpd would for its main server,
 * following Include, <IfModule>, <IfDefine> and Define. Where the main server has none, those of
 * the only virtual host that has (FPI_E_CONFIG when several have and differ). Also gives the value
 * of User, or NULL. */
fpi_err_t *fpi_settings_read(fpi_settings_t **settings, const char **user, const char *file,
                             fpi_task_t *task) FPI_MUST_USE;

/* Is the address (text, as httpd prints it) in one of the subnets? No subnets: no. */
bool fpi_subnets_has(const apr_array_header_t *subnets, const char *address, apr_pool_t *pool);
/* Is host:port in a host list (an entry without port allows any)? `host` "http://NAME" asks
 * whether NAME is there with "http://" in front, for plain http too. No list: no. */
bool fpi_hosts_has(const apr_array_header_t *hosts, const char *host, int port);

#endif
