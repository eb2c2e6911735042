#include "mfp_log.h"

#include "mfp_config.h"

#include <http_log.h>

APLOG_USE_MODULE(fpimage);

static const int levels[] = {
    [FPI_LEVEL_CRIT] = APLOG_CRIT,    [FPI_LEVEL_ERROR] = APLOG_ERR,
    [FPI_LEVEL_WARN] = APLOG_WARNING, [FPI_LEVEL_NOTICE] = APLOG_NOTICE,
    [FPI_LEVEL_INFO] = APLOG_INFO,    [FPI_LEVEL_DEBUG] = APLOG_DEBUG,
};

/* The most talkative of our levels that httpd's level lets through. A notice is written at httpd's
 * default level, too, as httpd's own are: it is what an administrator looks for. */
static fpi_level_t level_of(int httpd_level)
{
    fpi_level_t level = FPI_LEVEL_DEBUG;

    if (httpd_level == APLOG_WARNING) {
        return FPI_LEVEL_NOTICE;
    }
    while (level > FPI_LEVEL_CRIT && levels[level] > httpd_level) {
        level--;
    }
    return level;
}

static void write_server(void *baton, fpi_level_t level, const char *line)
{
    ap_log_error(APLOG_MARK, levels[level], 0, (server_rec *)baton, "%s", line);
}

static void write_request(void *baton, fpi_level_t level, const char *line)
{
    ap_log_rerror(APLOG_MARK, levels[level], 0, (request_rec *)baton, "%s", line);
}

static const fpi_log_sink_t *make(apr_pool_t *pool,
                                  void (*write)(void *, fpi_level_t, const char *), void *baton,
                                  int httpd_level)
{
    fpi_log_sink_t *sink = apr_pcalloc(pool, sizeof(*sink));

    sink->write = write;
    sink->baton = baton;
    sink->level = level_of(httpd_level);
    return sink;
}

const fpi_log_sink_t *mfp_log_server(apr_pool_t *pool, server_rec *server)
{
    return make(pool, write_server, server,
                ap_get_server_module_loglevel(server, APLOG_MODULE_INDEX));
}

const fpi_log_sink_t *mfp_log_request(request_rec *r)
{
    return make(r->pool, write_request, r, ap_get_request_module_loglevel(r, APLOG_MODULE_INDEX));
}
