#include "service/handlers.h"

#include <string.h>

static const fpi_route_t routes[] = {
#define FPI_ROUTE(method, path, family, handler, access, body, limit, help)              \
    { method, path, FPI_FAMILY_##family, #handler, fpi_handle_##handler, FPI_ACCESS_##access, \
      FPI_BODY_##body, FPI_LIMIT_##limit, help },
#include "service/routes.def"
#undef FPI_ROUTE
    { NULL, NULL, FPI_FAMILY_A, NULL, NULL, FPI_ACCESS_OPEN, FPI_BODY_NONE, FPI_LIMIT_SMALL, NULL }
};

const fpi_route_t *fpi_routes(void)
{
    return routes;
}

const fpi_route_t *fpi_route_by_handler(const char *handler)
{
    for (const fpi_route_t *route = routes; route->method; route++) {
        if (strcmp(route->handler, handler) == 0) {
            return route;
        }
    }
    return NULL;
}

bool fpi_handler_is_known(const char *name)
{
    return fpi_route_by_handler(name) != NULL;
}
