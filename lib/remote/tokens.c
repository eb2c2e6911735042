#include "remote/tokens.h"

#include "base/clock.h"
#include "base/text.h"
#include "wire/crypto.h"

#include <apr_allocator.h>
#include <apr_hash.h>
#include <apr_strings.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    WAIT_STEP = APR_USEC_PER_SEC,          /* how soon a waiter notices that it was called off */
    LOCK_NAP = 2000, LOCK_NAP_MOST = 100000,
    VAIN_MOST = 4, VAIN_WINDOW = 10 * APR_USEC_PER_SEC,
    RENEW_PERCENT = 80,
    RENEW_TURN = APR_USEC_PER_SEC, /* a token of short life may have come meanwhile */
    RENEW_PAUSE = 30 * APR_USEC_PER_SEC
};

static const apr_interval_time_t renew_pause_most = 3600 * APR_USEC_PER_SEC;

typedef struct failure_t {
    fpi_code_t code; /* FPI_DONE: none, or none that concerns others */
    int retry_after;
    char *detail, *zh, *en;
} failure_t;

typedef struct entry_t {
    const char *name;         /* of the holder */
    char *id, *secret;         /* under which the token was got; with others it is not given */
    char key[FPI_SHA256_HEX + 1]; /* in the shared cache */
    char *text;               /* the token; NULL: none */
    apr_time_t fetched, expires, used;
    char *dropped;            /* the last one that the peer did not take */
    bool is_busy;             /* a thread is fetching */
    unsigned round;           /* fetches that ended */
    failure_t failure;        /* of the last one */
    apr_time_t refused_until, vain_since, renew_at; /* clock ticks */
    int vain, renew_tries;
} entry_t;

struct fpi_tokens_t {
    apr_pool_t *pool; /* touched under the lock only */
    fpi_tokens_options_t options;
    pthread_mutex_t lock;
    pthread_cond_t ended; /* some fetch did */
    apr_hash_t *entries;  /* holder's name -> entry_t * */
};

/* What a fetching thread carries along; the entry itself may only be read under the lock. */
typedef struct fetching_t {
    entry_t *entry;
    const char *key, *dropped;
    apr_time_t after; /* a shared token counts when it was fetched after this */
    fpi_token_t token;
    bool is_fetched;  /* by us, not found */
} fetching_t;

/* ---- entries; the lock is held ---- */

static void keep(char **slot, const char *text)
{
    if (*slot) {
        fpi_secret_wipe(*slot, strlen(*slot));
        free(*slot);
    }
    *slot = text ? strdup(text) : NULL;
}

static void keep_failure(failure_t *failure, const fpi_err_t *err)
{
    failure->code = err ? err->code : FPI_DONE;
    failure->retry_after = err ? err->retry_after : 0;
    keep(&failure->detail, err ? err->detail : NULL);
    keep(&failure->zh, err ? err->zh : NULL);
    keep(&failure->en, err ? err->en : NULL);
}

static void clear_entry(entry_t *entry)
{
    keep(&entry->id, NULL);
    keep(&entry->secret, NULL);
    keep(&entry->text, NULL);
    keep(&entry->dropped, NULL);
    keep_failure(&entry->failure, NULL);
    entry->refused_until = entry->vain_since = entry->renew_at = 0;
    entry->vain = entry->renew_tries = 0;
}

static bool is_text(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

/* The key says kind, id and secret: who configures an id with a wrong secret must not find the
 * token of one who knows the right one, nor, having corrected it, wait for the refusal to pass. */
static void name_entry(entry_t *entry, fpi_tokens_t *tokens, const char *id,
                       const char *secret, fpi_task_t *task)
{
    char *text = apr_pstrcat(task->pool, tokens->options.kind, "\n", id, "\n", secret, NULL);
    size_t len = strlen(text);

    clear_entry(entry);
    keep(&entry->id, id);
    keep(&entry->secret, secret);
    apr_cpystrn(entry->key, fpi_sha256_hex(text, len, task), sizeof(entry->key));
    fpi_secret_wipe(text, len);
}

static entry_t *find_entry(fpi_tokens_t *tokens, const fpi_holder_t *holder,
                           fpi_task_t *task)
{
    const char *secret = holder->secret->bytes;
    entry_t *entry = apr_hash_get(tokens->entries, holder->name, APR_HASH_KEY_STRING);

    if (entry && is_text(entry->id, holder->id) && is_text(entry->secret, secret)) {
        return entry;
    }
    if (!entry) {
        entry = apr_pcalloc(tokens->pool, sizeof(*entry));
        entry->name = apr_pstrdup(tokens->pool, holder->name);
        apr_hash_set(tokens->entries, entry->name, APR_HASH_KEY_STRING, entry);
    }
    name_entry(entry, tokens, holder->id, secret, task);
    return entry;
}

static fpi_err_t *failure_of(const entry_t *entry, fpi_task_t *task)
{
    const failure_t *failure = &entry->failure;
    fpi_err_t *err = fpi_fail(task, failure->code, "%s",
                              failure->detail ? failure->detail : "no memory");

    err->zh = apr_pstrdup(task->pool, failure->zh);
    err->en = apr_pstrdup(task->pool, failure->en);
    err->retry_after = failure->retry_after;
    return err;
}

/* ---- life ---- */

static apr_status_t clear_all(void *data)
{
    fpi_tokens_t *tokens = data;

    for (apr_hash_index_t *i = apr_hash_first(NULL, tokens->entries); i; i = apr_hash_next(i)) {
        void *entry;

        apr_hash_this(i, NULL, NULL, &entry);
        clear_entry(entry);
    }
    (void)pthread_cond_destroy(&tokens->ended);
    (void)pthread_mutex_destroy(&tokens->lock);
    return APR_SUCCESS;
}

static bool make_locks(fpi_tokens_t *tokens)
{
    pthread_condattr_t attr;

    return pthread_mutex_init(&tokens->lock, NULL) == 0 && pthread_condattr_init(&attr) == 0
           && pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0
           && pthread_cond_init(&tokens->ended, &attr) == 0;
}

fpi_err_t *fpi_tokens_make(fpi_tokens_t **tokens, apr_pool_t *pool,
                           const fpi_tokens_options_t *options, fpi_task_t *task)
{
    fpi_tokens_t *made = apr_pcalloc(pool, sizeof(*made));
    apr_allocator_t *allocator;

    /* an allocator of its own: other threads use the child's pool without our lock */
    if (!make_locks(made) || apr_allocator_create(&allocator) != APR_SUCCESS
        || apr_pool_create_ex(&made->pool, pool, NULL, allocator) != APR_SUCCESS) {
        return fpi_fail(task, FPI_E_INTERNAL,
                        "the memory of tokens can't be made: no memory or locks");
    }
    apr_allocator_owner_set(allocator, made->pool);
    apr_pool_tag(made->pool, "fpi_tokens");
    made->options = *options;
    made->entries = apr_hash_make(made->pool);
    apr_pool_pre_cleanup_register(pool, made, clear_all);
    *tokens = made;
    return NULL;
}

/* ---- fetching; the lock is not held ---- */

static bool find_shared(fetching_t *f, fpi_tokens_t *tokens, fpi_task_t *task)
{
    return fpi_share_find(&f->token, tokens->options.share, f->key, f->after, task)
           && !is_text(f->token.text, f->dropped);
}

/* Waits for the node's lock, as long as no token appears meanwhile. True: a token was found. */
static bool await_turn(fetching_t *f, fpi_share_lock_t *lock, fpi_tokens_t *tokens,
                       fpi_task_t *task)
{
    apr_time_t end = fpi_clock_tick() + fpi_task_left(task, tokens->options.fetch_time);

    for (int attempt = 1;; attempt++) {
        *lock = fpi_share_lock(tokens->options.share, f->key, task);
        if (*lock != FPI_SHARE_OTHER) {
            return *lock == FPI_SHARE_TAKEN && find_shared(f, tokens, task);
        }
        if (fpi_task_is_over(task) || fpi_clock_tick() >= end) {
            return false;
        }
        apr_sleep(fpi_clock_backoff(attempt, LOCK_NAP, LOCK_NAP_MOST));
        if (find_shared(f, tokens, task)) {
            return true;
        }
    }
}

static fpi_err_t *late(const fpi_tokens_t *tokens, fpi_task_t *task)
{
    if (task->called_off) {
        return fpi_fail(task, FPI_E_GONE, "waiting for a %s: called off", tokens->options.kind);
    }
    return fpi_fail(task, tokens->options.late, "no %s before the caller's deadline", tokens->options.kind);
}

static fpi_err_t *fetch(fetching_t *f, fpi_tokens_t *tokens, const fpi_holder_t *holder,
                        fpi_task_t *task)
{
    FPI_TRY(tokens->options.fetch(tokens->options.baton, &f->token, holder, task));
    f->is_fetched = true;
    fpi_share_put(tokens->options.share, f->key, &f->token, task);
    return NULL;
}

static fpi_err_t *obtain(fetching_t *f, fpi_tokens_t *tokens, const fpi_holder_t *holder,
                         fpi_task_t *task)
{
    fpi_share_lock_t lock;
    fpi_err_t *err = NULL;

    if (find_shared(f, tokens, task)) {
        return NULL;
    }
    if (!await_turn(f, &lock, tokens, task)) {
        err = fpi_task_is_over(task) ? late(tokens, task) : fetch(f, tokens, holder, task);
    }
    if (lock == FPI_SHARE_TAKEN) {
        fpi_share_unlock(tokens->options.share, f->key);
    }
    return err;
}

/* ---- beginning and ending a fetch; the lock is held ---- */

static void begin(fetching_t *f, entry_t *entry, apr_time_t after, fpi_task_t *task)
{
    entry->is_busy = true;
    f->entry = entry;
    f->key = apr_pstrdup(task->pool, entry->key);
    f->dropped = apr_pstrdup(task->pool, entry->dropped);
    f->after = after;
    f->is_fetched = false;
}

static void keep_token(entry_t *entry, const fetching_t *f)
{
    keep(&entry->text, f->token.text);
    entry->fetched = f->token.fetched;
    entry->expires = f->token.expires;
    entry->refused_until = entry->renew_at = 0;
    entry->renew_tries = 0;
    if (f->is_fetched) {
        keep(&entry->dropped, NULL);
    }
}

/* A failure that came from the fetching task alone (it was called off, its time was up) is not told
 * to those that wait: one of them fetches. */
static bool is_for_all(const fpi_tokens_options_t *o, const fpi_err_t *err, const fpi_task_t *task)
{
    return (err->code == o->down || err->code == o->late || err->code == o->refused
            || err->code == FPI_E_SLOTS)
           && !fpi_task_is_over(task);
}

/* False: it is to be tried again, as the token found was dropped by another thread meanwhile. */
static bool settle(fetching_t *f, fpi_tokens_t *tokens, const fpi_err_t *err,
                   const fpi_task_t *task)
{
    entry_t *entry = f->entry;
    bool is_same = strcmp(entry->key, f->key) == 0;

    if (!err && is_same && !f->is_fetched && is_text(entry->dropped, f->token.text)) {
        return false;
    }
    entry->is_busy = false;
    entry->round++;
    keep_failure(&entry->failure, err && is_same && is_for_all(&tokens->options, err, task) ? err : NULL);
    if (!err && is_same) {
        keep_token(entry, f);
    }
    if (entry->failure.code == tokens->options.refused) {
        entry->refused_until = fpi_clock_tick() + tokens->options.refused_for;
    }
    (void)pthread_cond_broadcast(&tokens->ended);
    return true;
}

static fpi_err_t *fetch_and_settle(fetching_t *f, fpi_tokens_t *tokens,
                                   const fpi_holder_t *holder, fpi_task_t *task)
{
    for (;;) {
        fpi_err_t *err = obtain(f, tokens, holder, task);
        bool is_settled;

        (void)pthread_mutex_lock(&tokens->lock);
        is_settled = settle(f, tokens, err, task);
        if (!is_settled) {
            begin(f, f->entry, f->after, task);
        }
        (void)pthread_mutex_unlock(&tokens->lock);
        if (is_settled) {
            return err;
        }
    }
}

/* ---- getting; the lock is held ---- */

/* True when the memory has the answer: a token, or a refusal that stands. */
static bool recall(const char **token, fpi_err_t **err, const fpi_tokens_t *tokens, entry_t *entry,
                   fpi_task_t *task)
{
    apr_time_t now = fpi_clock_now();
    apr_interval_time_t left;

    if (entry->text && now < entry->expires) {
        entry->used = now;
        *token = apr_pstrdup(task->pool, entry->text);
        return true;
    }
    left = entry->refused_until - fpi_clock_tick();
    if (entry->failure.code == tokens->options.refused && left > 0) {
        *err = failure_of(entry, task);
        (*err)->retry_after = (int)apr_time_sec(left) + 1;
        return true;
    }
    return false;
}

/* Waits for the end of the fetch under way; false when the task may wait no longer. */
static bool await_round(fpi_tokens_t *tokens, const entry_t *entry, const fpi_task_t *task)
{
    unsigned round = entry->round;

    while (entry->round == round) {
        apr_time_t until = fpi_clock_tick() + fpi_task_left(task, WAIT_STEP);
        struct timespec ts = { .tv_sec = (time_t)apr_time_sec(until),
                               .tv_nsec = (long)apr_time_usec(until) * 1000 };

        if (fpi_task_is_over(task)) {
            return false;
        }
        (void)pthread_cond_timedwait(&tokens->ended, &tokens->lock, &ts);
    }
    return true;
}

/* True: answered, by *token or *err. False: the caller fetches, and `f` is prepared. */
static bool recall_or_wait(const char **token, fpi_err_t **err, fetching_t *f, fpi_tokens_t *tokens,
                           const fpi_holder_t *holder, fpi_task_t *task)
{
    for (;;) {
        entry_t *entry = find_entry(tokens, holder, task);

        if (recall(token, err, tokens, entry, task)) {
            return true;
        }
        if (!entry->is_busy) {
            begin(f, entry, 0, task);
            return false;
        }
        if (!await_round(tokens, entry, task)) {
            *err = late(tokens, task);
            return true;
        }
        if (entry->failure.code != FPI_DONE) {
            *err = failure_of(entry, task);
            return true;
        }
    }
}

fpi_err_t *fpi_tokens_get(const char **token, fpi_tokens_t *tokens,
                          const fpi_holder_t *holder, fpi_task_t *task)
{
    fetching_t f = { .entry = NULL };
    fpi_err_t *err = NULL;
    bool is_answered;

    (void)pthread_mutex_lock(&tokens->lock);
    is_answered = recall_or_wait(token, &err, &f, tokens, holder, task);
    (void)pthread_mutex_unlock(&tokens->lock);
    if (is_answered) {
        return err;
    }
    FPI_TRY(fetch_and_settle(&f, tokens, holder, task));
    *token = f.token.text;
    (void)pthread_mutex_lock(&tokens->lock);
    f.entry->used = fpi_clock_now();
    (void)pthread_mutex_unlock(&tokens->lock);
    return NULL;
}

/* ---- dropping ---- */

static bool is_vain(const entry_t *entry)
{
    return entry->vain >= VAIN_MOST && fpi_clock_tick() < entry->vain_since + VAIN_WINDOW;
}

bool fpi_tokens_drop(fpi_tokens_t *tokens, const fpi_holder_t *holder, const char *token,
                     fpi_task_t *task)
{
    const char *key;
    entry_t *entry;

    (void)pthread_mutex_lock(&tokens->lock);
    entry = find_entry(tokens, holder, task);
    if (is_vain(entry)) {
        (void)pthread_mutex_unlock(&tokens->lock);
        return false;
    }
    if (is_text(entry->text, token)) {
        keep(&entry->text, NULL);
    }
    keep(&entry->dropped, token);
    key = apr_pstrdup(task->pool, entry->key);
    (void)pthread_mutex_unlock(&tokens->lock);
    fpi_share_drop(tokens->options.share, key, token, task);
    return true;
}

void fpi_tokens_note_vain(fpi_tokens_t *tokens, const fpi_holder_t *holder,
                          fpi_task_t *task)
{
    apr_time_t now = fpi_clock_tick();
    entry_t *entry;

    (void)pthread_mutex_lock(&tokens->lock);
    entry = find_entry(tokens, holder, task);
    if (now >= entry->vain_since + VAIN_WINDOW) {
        entry->vain_since = now;
        entry->vain = 0;
    }
    entry->vain++;
    (void)pthread_mutex_unlock(&tokens->lock);
}

/* ---- renewing ---- */

static apr_time_t due_time(const entry_t *entry)
{
    return entry->fetched + (entry->expires - entry->fetched) / 100 * RENEW_PERCENT;
}

/* Names of those whose token is to be renewed now; *next is brought forward by those of later. */
static apr_array_header_t *list_due(fpi_tokens_t *tokens, apr_time_t *next, fpi_task_t *task)
{
    apr_array_header_t *due = apr_array_make(task->pool, 4, sizeof(const char *));
    apr_time_t now = fpi_clock_now(), tick = fpi_clock_tick();

    (void)pthread_mutex_lock(&tokens->lock);
    for (apr_hash_index_t *i = apr_hash_first(task->pool,
                                              tokens->entries); i; i = apr_hash_next(i)) {
        void *value;
        const entry_t *entry;

        apr_hash_this(i, NULL, NULL, &value);
        entry = value;
        if (!entry->text || entry->is_busy || entry->used <= entry->fetched) {
            continue;
        }
        if (due_time(entry) > now) {
            *next = due_time(entry) < *next ? due_time(entry) : *next;
        }
        else if (entry->renew_at <= tick) {
            APR_ARRAY_PUSH(due, const char *) = entry->name;
        }
    }
    (void)pthread_mutex_unlock(&tokens->lock);
    return due;
}

static void forget(fpi_tokens_t *tokens, const char *name)
{
    entry_t *entry;

    (void)pthread_mutex_lock(&tokens->lock);
    entry = apr_hash_get(tokens->entries, name, APR_HASH_KEY_STRING);
    keep(&entry->text, NULL);
    (void)pthread_mutex_unlock(&tokens->lock);
}

/* Marks the entry busy, unless its token went away or is being fetched already. */
static bool begin_renewal(fetching_t *f, fpi_tokens_t *tokens, const fpi_holder_t *holder,
                          fpi_task_t *task)
{
    entry_t *entry;
    bool is_begun;

    (void)pthread_mutex_lock(&tokens->lock);
    entry = find_entry(tokens, holder, task);
    is_begun = entry->text && !entry->is_busy;
    if (is_begun) {
        begin(f, entry, entry->fetched, task);
        entry->renew_tries++;
        entry->renew_at = fpi_clock_tick()
                          + fpi_clock_backoff(entry->renew_tries, RENEW_PAUSE, renew_pause_most);
    }
    (void)pthread_mutex_unlock(&tokens->lock);
    return is_begun;
}

static void renew_one(fpi_tokens_t *tokens, const fpi_holder_t *holder, fpi_task_t *task)
{
    fetching_t f = { .entry = NULL };
    fpi_err_t *err;

    if (!begin_renewal(&f, tokens, holder, task)) {
        return;
    }
    err = fetch_and_settle(&f, tokens, holder, task);
    if (err && err->code != FPI_E_GONE) {
        fpi_log_err(task, err->code == tokens->options.refused ? FPI_M_CLOUD_TOKEN : FPI_M_CLOUD_DOWN,
                    err, "the %s of %.64s could not be renewed; the old one stays",
                    tokens->options.kind, holder->name);
    }
}

apr_time_t fpi_tokens_renew(fpi_tokens_t *tokens, fpi_holder_find_fn *find, void *baton,
                            fpi_task_t *task)
{
    apr_time_t next = fpi_clock_now() + RENEW_TURN;
    const apr_array_header_t *due = list_due(tokens, &next, task);

    for (int i = 0; i < due->nelts && !fpi_task_is_over(task); i++) {
        const char *name = APR_ARRAY_IDX(due, i, const char *);
        fpi_holder_t holder;

        if (find(baton, &holder, name, task)) {
            renew_one(tokens, &holder, task);
        }
        else {
            forget(tokens, name);
        }
    }
    return next;
}
