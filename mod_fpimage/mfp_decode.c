#include "mfp_decode.h"

#include "base/clock.h"
#include "mfp_log.h"
#include "mfp_setup.h"

#include <ap_mpm.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>
#include <http_core.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

enum { OLD_KEEPERS = 32, SOON_MS = 1000, QUICK_ENDS = 3 };

/* Outlives a restart, and this module with it: no pointer into code is in here. */
typedef struct retained_t {
    fpi_decoder_t *decoder;
    pid_t old[OLD_KEEPERS]; /* told to retire, not seen to end yet; 0 free */
} retained_t;

/* One keeper that the MPM tells us of. */
typedef struct watch_t {
    apr_proc_t proc;        /* APR puts -1 into its pid */
    pid_t pid;
    apr_time_t begun;
    server_rec *main;
    apr_pool_t *pconf;
} watch_t;

static retained_t *retained;
static int quick_ends;      /* one behind the other */

/* Another release may lay out the memory in another way. */
static retained_t *get_retained(apr_pool_t *pool)
{
    const char *name = apr_psprintf(pool, "mod_fpimage decode %s %d", fpi_version(), (int)sizeof(retained_t));
    retained_t *found = ap_retained_data_get(name);

    return found ? found : ap_retained_data_create(name, sizeof(*found));
}

static void note_old(pid_t pid)
{
    for (int i = 0; pid > 0 && i < OLD_KEEPERS; i++) {
        if (retained->old[i] == 0) {
            retained->old[i] = pid;
            return;
        }
    }
}

static void forget_old(pid_t pid)
{
    for (int i = 0; i < OLD_KEEPERS; i++) {
        if (retained->old[i] == pid) {
            retained->old[i] = 0;
        }
    }
}

static fpi_decode_counts_t *counts_of_httpd(void)
{
    return &mfp_setup_apps()->shared->decode;
}

/* ---- watching ---- */

static void watch(pid_t pid, server_rec *main, apr_pool_t *pconf);

static bool is_stopping(void)
{
    int state;

    return ap_mpm_query(AP_MPMQ_MPM_STATE, &state) != APR_SUCCESS || state == AP_MPMQ_STOPPING;
}

static void replace(const watch_t *w, fpi_task_t *task)
{
    fpi_err_t *err = fpi_decoder_restart(retained->decoder, NULL, task);

    if (err) {
        fpi_log_err(task, FPI_M_DECODE_ABSENT, err, "the keeper, process %ld, ended", (long)w->pid);
        return;
    }
    fpi_log(task, FPI_M_DECODE_RESTARTED, "the keeper, process %ld, ended; %ld is in its place", (long)w->pid,
            (long)fpi_decoder_pid(retained->decoder));
    atomic_fetch_add(&counts_of_httpd()->restarts, 1);
    watch(fpi_decoder_pid(retained->decoder), w->main, w->pconf);
}

/* One that can't live is not started in a loop: from then on the monitor tries now and then. */
static void consider(const watch_t *w)
{
    apr_pool_t *pool;

    quick_ends = fpi_clock_tick() - w->begun < apr_time_from_msec(SOON_MS) ? quick_ends + 1 : 0;
    if (quick_ends <= QUICK_ENDS && apr_pool_create(&pool, w->pconf) == APR_SUCCESS) {
        replace(w, fpi_task_make(pool, mfp_log_server(pool, w->main)));
        apr_pool_destroy(pool);
    }
}

static void note_end(watch_t *w)
{
    bool is_present = w->pid == fpi_decoder_pid(retained->decoder);

    apr_proc_other_child_unregister(w);
    forget_old(w->pid);
    if (is_present) {
        fpi_decoder_forget(retained->decoder);
    }
    if (is_present && !is_stopping()) {
        consider(w);
    }
}

/* As mod_cgid's: the MPM calls it with what became of the process, APR with the end of the configuration. */
static void hear(int reason, void *data, int status)
{
    watch_t *w = data;

    if (reason == APR_OC_REASON_DEATH || reason == APR_OC_REASON_LOST) {
        note_end(w);
    }
    else if (reason == APR_OC_REASON_UNREGISTER && ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_EXITING) {
        kill(w->pid, SIGKILL); /* its workers end with it; nobody is left to ask */
    }
}

static void watch(pid_t pid, server_rec *main, apr_pool_t *pconf)
{
    watch_t *w = apr_pcalloc(pconf, sizeof(*w));

    w->proc.pid = pid;
    w->pid = pid;
    w->begun = fpi_clock_tick();
    w->main = main;
    w->pconf = pconf;
    apr_proc_other_child_register(&w->proc, hear, w, NULL, pconf);
}

/* ---- starting ---- */

static fpi_decode_options_t options_of_all(void)
{
    fpi_decode_options_t options = { 0 };

    for (const mfp_app_t *app = mfp_setup_apps(); app; app = app->next) {
        apr_interval_time_t timeout = apr_time_from_sec(app->settings->decode_timeout);

        options.workers = app->settings->decoders > options.workers ? (int)app->settings->decoders : options.workers;
        options.timeout = timeout > options.timeout ? timeout : options.timeout;
    }
    return options;
}

static fpi_err_t *start(server_rec *main, fpi_task_t *task)
{
    fpi_decode_options_t options = options_of_all();

    if (!retained->decoder) {
        return fpi_decoder_make(&retained->decoder, main->process->pool, &options, task);
    }
    note_old(fpi_decoder_pid(retained->decoder));
    return fpi_decoder_restart(retained->decoder, &options, task);
}

static void tell_fence(fpi_task_t *task)
{
    const char *about = fpi_decoder_about(retained->decoder);

    if (!strstr(about, "own_user 1")) {
        fpi_log(task, FPI_M_DECODE_FENCE, "it runs as httpd's own user: httpd was not started as root");
    }
    else if (!strstr(about, "landlock 1")) {
        fpi_log(task, FPI_M_DECODE_FENCE, "this kernel has no Landlock: files are kept from it by their rights and seccomp");
    }
}

static void watch_old(server_rec *main, apr_pool_t *pconf)
{
    for (int i = 0; i < OLD_KEEPERS; i++) {
        if (retained->old[i] > 0) {
            watch(retained->old[i], main, pconf);
        }
    }
}

void mfp_decode_setup(apr_pool_t *pconf, server_rec *main, fpi_task_t *task)
{
    fpi_err_t *err;

    retained = get_retained(task->pool);
    if (!mfp_setup_apps()) { /* the engine was switched off everywhere */
        if (retained->decoder) {
            note_old(fpi_decoder_pid(retained->decoder));
            fpi_decoder_retire(retained->decoder);
            watch_old(main, pconf);
        }
        return;
    }
    err = start(main, task);
    watch_old(main, pconf);
    if (err) {
        fpi_log_err(task, FPI_M_DECODE_ABSENT, err, "files are kept, but not looked into");
        return;
    }
    watch(fpi_decoder_pid(retained->decoder), main, pconf);
    tell_fence(task);
}

/* httpd's own round of the parent, every ten seconds: the program may have been installed meanwhile. */
int mfp_decode_monitor(apr_pool_t *pconf, server_rec *main)
{
    fpi_task_t *task;
    apr_pool_t *pool;

    if (!mfp_setup_apps() || !retained || !retained->decoder || fpi_decoder_pid(retained->decoder) > 0 || is_stopping()
        || apr_pool_create(&pool, pconf) != APR_SUCCESS) {
        return DECLINED;
    }
    task = fpi_task_make(pool, mfp_log_server(pool, main));
    if (!fpi_decoder_restart(retained->decoder, NULL, task)) {
        fpi_log(task, FPI_M_DECODE_RESTARTED, "it could be started again, as process %ld",
                (long)fpi_decoder_pid(retained->decoder));
        watch(fpi_decoder_pid(retained->decoder), main, pconf);
    }
    apr_pool_destroy(pool);
    return DECLINED;
}

fpi_decoder_t *mfp_decode_use(fpi_decode_counts_t *counts, apr_pool_t *pool)
{
    return retained && retained->decoder ? fpi_decoder_use(retained->decoder, counts, pool) : NULL;
}
