#include "mfp_cache.h"

#include "wire/crypto.h"

#include <ap_socache.h>
#include <apr_strings.h>
#include <string.h>
#include <util_mutex.h>

#define MUTEX_TYPE "fpimage-cache"

/* One provider with its arguments, as one FPImageTokenCache names it. */
typedef struct place_t {
    struct place_t *next;
    const char *name; /* "provider[:arguments]" */
    const ap_socache_provider_t *provider;
    ap_socache_instance_t *instance;
    server_rec *server;
    apr_global_mutex_t *mutex; /* NULL: the provider bears many callers */
    bool is_off;               /* in this child: its mutex could not be had */
} place_t;

typedef struct cache_t {
    fpi_cache_t face;
    place_t *place;
    const char *realm; /* keeps the keys of different stores apart */
} cache_t;

/* Those of the present configuration; the module is loaded anew with each. */
static place_t *places;

apr_status_t mfp_cache_register(apr_pool_t *pconf)
{
    places = NULL;
    return ap_mutex_register(pconf, MUTEX_TYPE, NULL, APR_LOCK_DEFAULT, 0);
}

/* ---- which provider ---- */

static const char *provider_name(const fpi_settings_t *settings, apr_pool_t *pool)
{
    return apr_pstrmemdup(pool, settings->token_cache, strcspn(settings->token_cache, ":"));
}

static const ap_socache_provider_t *find_provider(const fpi_settings_t *settings, apr_pool_t *pool)
{
    return ap_lookup_provider(AP_SOCACHE_PROVIDER_GROUP, provider_name(settings, pool),
                              AP_SOCACHE_PROVIDER_VERSION);
}

static const char *list_providers(apr_pool_t *pool)
{
    const apr_array_header_t *names = ap_list_provider_names(pool, AP_SOCACHE_PROVIDER_GROUP,
                                                             AP_SOCACHE_PROVIDER_VERSION);
    const char *list = "";

    for (int i = 0; names && i < names->nelts; i++) {
        list = apr_pstrcat(pool, list, i ? ", " : "",
                           APR_ARRAY_IDX(names, i, ap_list_provider_names_t).provider_name, NULL);
    }
    return *list ? list : "none";
}

const char *mfp_cache_check(const fpi_settings_t *settings, apr_pool_t *pool)
{
    const char *name = provider_name(settings, pool);

    if (!fpi_setting_is_given(settings, FPI_SET_FPImageTokenCache)
        || find_provider(settings, pool)) {
        return NULL;
    }
    return apr_psprintf(pool,
                        "FPImageTokenCache does not accept \"%.200s\": mod_socache_%.60s is not "
                        "loaded (loaded are: %s)",
                        settings->token_cache, name, list_providers(pool));
}

/* ---- the three verbs ---- */

/* Fixed length for any key, and an even spread: shmcb picks its sub-cache by the first byte, and
 * would use one of them only if all keys began alike. */
static void make_id(unsigned char id[FPI_SHA256_LEN], const cache_t *cache, const char *key,
                    fpi_task_t *task)
{
    const char *text = apr_pstrcat(task->pool, cache->realm, "\n", key, NULL);
    bool is_hex = fpi_hex_decode(id, FPI_SHA256_LEN, fpi_sha256_hex(text, strlen(text), task));

    ap_assert(is_hex);
}

static fpi_err_t *failed(const cache_t *cache, const char *verb, apr_status_t rv, fpi_task_t *task)
{
    char reason[120];

    return fpi_fail(task, FPI_E_STORE, "token cache %s can't %s: %s", cache->place->name, verb,
                    apr_strerror(rv, reason, sizeof(reason)));
}

static apr_status_t lock(const place_t *place)
{
    if (place->is_off) {
        return APR_ENOLOCK;
    }
    return place->mutex ? apr_global_mutex_lock(place->mutex) : APR_SUCCESS;
}

static void unlock(const place_t *place)
{
    if (place->mutex) {
        apr_global_mutex_unlock(place->mutex);
    }
}

static fpi_err_t *cache_find(void *baton, const char *key, char *value, size_t room, size_t *len,
                             fpi_task_t *task)
{
    const cache_t *cache = baton;
    const place_t *place = cache->place;
    unsigned char id[FPI_SHA256_LEN];
    unsigned int found = (unsigned int)room;
    apr_status_t rv;

    *len = 0;
    make_id(id, cache, key, task);
    rv = lock(place);
    if (!rv) {
        rv = place->provider->retrieve(place->instance, place->server, id, sizeof(id),
                                       (unsigned char *)value, &found, task->pool);
        unlock(place);
    }
    if (APR_STATUS_IS_NOTFOUND(rv)) {
        return NULL;
    }
    if (rv) {
        return failed(cache, "be read", rv, task);
    }
    *len = found;
    return NULL;
}

static fpi_err_t *cache_put(void *baton, const char *key, const char *value, size_t len,
                            apr_time_t expires, fpi_task_t *task)
{
    const cache_t *cache = baton;
    const place_t *place = cache->place;
    unsigned char id[FPI_SHA256_LEN];
    unsigned char *copy = apr_pmemdup(task->pool, value, len); /* store() takes no const */
    apr_status_t rv;

    make_id(id, cache, key, task);
    rv = lock(place);
    if (!rv) {
        rv = place->provider->store(place->instance, place->server, id, sizeof(id), expires, copy,
                                    (unsigned int)len, task->pool);
        unlock(place);
    }
    return rv ? failed(cache, "be written", rv, task) : NULL;
}

static fpi_err_t *cache_drop(void *baton, const char *key, fpi_task_t *task)
{
    const cache_t *cache = baton;
    const place_t *place = cache->place;
    unsigned char id[FPI_SHA256_LEN];
    apr_status_t rv;

    make_id(id, cache, key, task);
    rv = lock(place);
    if (!rv) {
        rv = place->provider->remove(place->instance, place->server, id, sizeof(id), task->pool);
        unlock(place);
    }
    return rv && !APR_STATUS_IS_NOTFOUND(rv) ? failed(cache, "be cleared", rv, task) : NULL;
}

/* ---- making ---- */

static apr_status_t destroy(void *data)
{
    place_t *place = data;

    place->provider->destroy(place->instance, place->server);
    return APR_SUCCESS;
}

/* NULL: made. The name may have 16 characters and becomes part of a file name. */
static const char *start(place_t *place, int number, apr_pool_t *pconf, fpi_task_t *task)
{
    static const struct ap_socache_hints hints = { FPI_SHA256_LEN, 256, apr_time_from_sec(3600) };
    const char *args = strchr(place->name, ':');
    const char *name = apr_psprintf(pconf, "fpimage-%d", number);
    char reason[120];
    apr_status_t rv = APR_SUCCESS;
    const char *wrong = place->provider->create(&place->instance, args ? args + 1 : NULL,
                                                task->pool, pconf);

    if (wrong) {
        return wrong;
    }
    if (place->provider->flags & AP_SOCACHE_FLAG_NOTMPSAFE) {
        rv = ap_global_mutex_create(&place->mutex, NULL, MUTEX_TYPE, name, place->server, pconf, 0);
    }
    if (!rv) {
        rv = place->provider->init(place->instance, name, &hints, place->server, pconf);
    }
    if (rv) {
        return apr_pstrdup(task->pool, apr_strerror(rv, reason, sizeof(reason)));
    }
    apr_pool_cleanup_register(pconf, place, destroy, apr_pool_cleanup_null);
    return NULL;
}

static place_t *get_place(const fpi_settings_t *settings, server_rec *main, apr_pool_t *pconf,
                          fpi_task_t *task)
{
    const char *wrong = "its module is not loaded";
    place_t *place;
    int number = 1;

    for (place = places; place; place = place->next) {
        if (strcmp(place->name, settings->token_cache) == 0) {
            return place;
        }
        number++;
    }
    place = apr_pcalloc(pconf, sizeof(*place));
    place->name = settings->token_cache;
    place->server = main;
    place->provider = find_provider(settings, task->pool);
    if (place->provider) {
        wrong = start(place, number, pconf, task);
    }
    if (wrong && fpi_setting_is_given(settings, FPI_SET_FPImageTokenCache)) {
        fpi_log(task, FPI_M_TOKEN_CACHE, "FPImageTokenCache %s can't be made, each child fetches its own tokens: %s",
                settings->token_cache, wrong);
    }
    else if (wrong) {
        fpi_debug(task, "token cache %s is not used, each child fetches its own tokens: %s",
                  settings->token_cache, wrong);
    }
    if (wrong) {
        return NULL;
    }
    place->next = places;
    places = place;
    return place;
}

const fpi_cache_t *mfp_cache_make(const fpi_settings_t *settings, server_rec *main,
                                  apr_pool_t *pconf, fpi_task_t *task)
{
    static const fpi_cache_t face = { cache_find, cache_put, cache_drop, NULL };
    place_t *place = get_place(settings, main, pconf, task);
    cache_t *cache;

    if (!place) {
        return NULL;
    }
    cache = apr_pcalloc(pconf, sizeof(*cache));
    cache->face = face;
    cache->face.baton = cache;
    cache->place = place;
    /* nodes that share a database and a cloud share their tokens, too */
    cache->realm = apr_pstrcat(pconf, settings->database, "\n", settings->upstream, NULL);
    return &cache->face;
}

void mfp_cache_open(apr_pool_t *pchild)
{
    for (place_t *place = places; place; place = place->next) {
        place->is_off = place->mutex
                        && apr_global_mutex_child_init(
                               &place->mutex, apr_global_mutex_lockfile(place->mutex), pchild)
                               != APR_SUCCESS;
    }
}
