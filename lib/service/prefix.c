#include "service/prefix.h"

#include "base/clock.h"
#include "base/text.h"
#include "store/people.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <string.h>

#define NAME "client.malformed" /* lines of "SECONDS SOURCE PREFIX", newest first */
#define WEEK apr_time_from_sec(7 * 86400)

enum { PREFIX_LEN = 200 };

static bool is_new_source(fpi_shared_t *shared, const char *source)
{
    apr_ssize_t len = APR_HASH_KEY_STRING;
    uint64_t hash = (uint64_t)apr_hashfunc_default(source, &len) + 1;
    size_t room = sizeof(shared->prefix_sources) / sizeof(*shared->prefix_sources);
    uint32_t at;

    for (size_t i = 0; i < room; i++) {
        if (atomic_load(&shared->prefix_sources[i]) == hash) {
            return false;
        }
    }
    at = atomic_fetch_add(&shared->prefix_count, 1);
    atomic_store(&shared->prefix_sources[at % room], hash);
    return true;
}

/* ---- what is kept ---- */

static bool read_line(fpi_prefix_t *out, char *line)
{
    char *last, *at = apr_strtok(line, " ", &last);
    int64_t seconds = 0;

    out->source = at ? apr_strtok(NULL, " ", &last) : NULL;
    out->right = out->source ? apr_strtok(NULL, " ", &last) : NULL;
    if (!out->right || !fpi_int_parse(&seconds, at, 0, INT64_MAX / APR_USEC_PER_SEC)) {
        return false;
    }
    out->at = apr_time_from_sec(seconds);
    return fpi_clock_now() - out->at < WEEK;
}

fpi_err_t *fpi_prefix_list(fpi_prefix_t out[FPI_PREFIX_MOST], int *count, fpi_tx_t *tx, fpi_task_t *task)
{
    const char *text;
    char *last, *copy;

    *count = 0;
    FPI_TRY(fpi_setting_find(&text, tx, FPI_TENANT_FIRST, NAME, task));
    copy = apr_pstrdup(task->pool, text ? text : "");
    for (char *line = apr_strtok(copy, "\n", &last); line && *count < FPI_PREFIX_MOST; line = apr_strtok(NULL, "\n", &last)) {
        *count += read_line(&out[*count], line);
    }
    return NULL;
}

static fpi_err_t *tx_keep(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    const fpi_prefix_t *one = baton;
    fpi_prefix_t before[FPI_PREFIX_MOST];
    int count, kept = 1;
    const char *text = apr_psprintf(task->pool, "%" APR_INT64_T_FMT " %s %s\n", (apr_int64_t)apr_time_sec(one->at), one->source,
                                    one->right);

    FPI_TRY(fpi_prefix_list(before, &count, tx, task));
    for (int i = 0; i < count && kept < FPI_PREFIX_MOST; i++) {
        if (strcmp(before[i].source, one->source) != 0) {
            text = apr_psprintf(task->pool, "%s%" APR_INT64_T_FMT " %s %s\n", text, (apr_int64_t)apr_time_sec(before[i].at),
                                before[i].source, before[i].right);
            kept++;
        }
    }
    return fpi_setting_put(tx, FPI_TENANT_FIRST, NAME, text, task);
}

/* The call goes on without it: the log has the line. */
static void keep(fpi_app_t *app, const fpi_call_t *call, const char *right)
{
    char *plain = fpi_text_steady(call->task->pool, right, '_');
    fpi_prefix_t one = { fpi_clock_now(), call->client_ip, plain };
    fpi_err_t *err;

    for (char *c = strchr(plain, ' '); c; c = strchr(c, ' ')) {
        *c = '_';
    }
    err = fpi_app_ready(app, call->task);
    err = err ? err : fpi_store_write(app->store, tx_keep, &one, call->task);
    if (err) {
        fpi_debug(call->task, "the malformed prefix of %s was not kept: %s", call->client_ip,
                  fpi_err_chain(call->task->pool, err));
    }
}

void fpi_prefix_tell(fpi_app_t *app, fpi_call_t *call)
{
    const char *right = apr_psprintf(call->task->pool, "%s://%.*s/api/", call->scheme, PREFIX_LEN,
                                     call->host && *call->host ? call->host : "HOST:PORT");

    FPI_COUNT(app, malformed_prefix, 1);
    if (!is_new_source(app->shared, call->client_ip)) {
        return;
    }
    fpi_log(call->task, FPI_M_PREFIX,
            "client %s uses a malformed prefix: %.200s was served as %.200s; the right prefix is %s",
            call->client_ip, call->uri, call->path, right);
    keep(app, call, right);
}
