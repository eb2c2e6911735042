#include "service/handlers.h"

#include "base/text.h"

#include <apr_strings.h>
#include <assert.h>
#include <string.h>

static const fpi_route_t routes[] = {
#define FPI_ROUTE(method, path, family, handler, access, permission, body, limit, help)  \
    { method, path, FPI_FAMILY_##family, #handler, fpi_handle_##handler, FPI_ACCESS_##access, \
      FPI_MAY_##permission, FPI_BODY_##body, FPI_LIMIT_##limit, help },
#include "service/routes.def"
#undef FPI_ROUTE
    { NULL, NULL, FPI_FAMILY_A, NULL, NULL, FPI_ACCESS_OPEN, FPI_MAY_NONE, FPI_BODY_NONE, FPI_LIMIT_SMALL, NULL }
};

const fpi_route_t *fpi_routes(void)
{
    return routes;
}

const fpi_route_t *fpi_route_by_handler(const char *handler)
{
    for (const fpi_route_t *route = routes; route->method; route++) {
        if (strcmp(route->handler, handler) == 0 && !strchr(route->path, '{')) {
            return route;
        }
    }
    return NULL;
}

bool fpi_handler_is_known(const char *name)
{
    return fpi_route_by_handler(name) != NULL;
}

bool fpi_route_fits(const char *pattern, const char *path)
{
    while (*pattern && *path) {
        if (*pattern == '{') {
            size_t len = strcspn(path, "/");

            if (!len) {
                return false;
            }
            path += len;
            pattern += strcspn(pattern, "}") + 1;
        }
        else if (*pattern++ != *path++) {
            return false;
        }
    }
    return *pattern == *path;
}

/* Most calls are the cloud's, and part from all routes in the letter behind "/api/". */
static bool is_near(const fpi_route_t *route, const char *path, size_t len)
{
    return len > 5 && route->path[5] == path[5];
}

const fpi_route_t *fpi_route_find(const char *method, const char *path)
{
    size_t len = strlen(path);

    for (const fpi_route_t *route = routes; route->method; route++) {
        if (is_near(route, path, len) && strcmp(route->method, method) == 0 && fpi_route_fits(route->path, path)) {
            return route;
        }
    }
    return NULL;
}

const char *fpi_route_allowed(const char *method)
{
    return strcmp(method, "GET") == 0 ? "GET, HEAD" : method;
}

const char *fpi_route_methods(const char *path, apr_pool_t *pool)
{
    const char *found = NULL;
    size_t len = strlen(path);

    for (const fpi_route_t *route = routes; route->method; route++) {
        if (is_near(route, path, len) && fpi_route_fits(route->path, path)) {
            const char *methods = fpi_route_allowed(route->method);

            found = found ? apr_pstrcat(pool, found, ", ", methods, NULL) : methods;
        }
    }
    return found;
}

const char *fpi_call_part(const fpi_call_t *call, const char *name)
{
    const char *pattern = call->route, *path = call->local;
    size_t wanted = strlen(name);

    while (*pattern) {
        size_t len = strcspn(path, "/");

        if (*pattern != '{') {
            pattern++;
            path++;
            continue;
        }
        if (strncmp(pattern + 1, name, wanted) == 0 && pattern[wanted + 1] == '}') {
            return apr_pstrmemdup(call->task->pool, path, len);
        }
        path += len;
        pattern += strcspn(pattern, "}") + 1;
    }
    assert(!"the route has that part");
    return NULL;
}

fpi_err_t *fpi_call_id(int64_t *out, const fpi_call_t *call, const char *name)
{
    const char *text = fpi_call_part(call, name);

    if (!fpi_int_parse(out, text, 1, INT64_MAX)) {
        return fpi_refuse(call->task, FPI_E_ABSENT, name, "%s %.40s 不存在", "there is no %s %.40s", name, text);
    }
    return NULL;
}
