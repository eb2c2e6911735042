/* Group commit with a leader and followers.
 *
 *   caller ──> queue ──> is there a leader?
 *                           │ no: lead. Take who waits, run each function, look again, until nobody
 *                           │     waits or the batch is full; COMMIT, one flush; make the first of
 *                           │     those who came meanwhile the next leader; wake the batch
 *                           └ yes: sleep ──> woken: done, or leader now
 *
 * A leader leads one batch, so nobody works for others for ever, and a lone write runs in its own
 * thread and waits for nobody. Who follows a batch of several lets other threads run first, once: on
 * a busy machine some of them come to write as well.
 *
 *   the lock guards      first, last, waiting, leader, has_leader; held for a few instructions only
 *   the leader alone     uses the connection and the batch, with no lock held
 *   a sleeper's write_t  is on its stack and is the leader's until the leader posts `wake`
 *
 * Hardly any write fails, so a batch has no savepoints at first:
 *
 *   bare ──one fails, or the transaction is gone──> roll all back ──> careful ──lost──> singly
 *
 *   bare      The first to fail as the first of its transaction is refused: nothing of others is
 *             there. A later one may have failed because of those before it (a row of theirs, the
 *             room they took), which may not be kept in the end; its error is dropped.
 *   careful   All that are not refused yet are run again from the start, each later one in a
 *             savepoint; who fails now is refused. So do the next WARY batches from the start, or
 *             callers who keep failing would have all work done twice.
 *   singly    The transaction itself is lost (a full disk): those who had done well are run once
 *             more, each in a transaction of its own, so that one great write fails alone. */
#include "store/writer.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>

enum { WARY = 32 };

typedef struct write_t {
    fpi_tx_fn *fn;
    void *baton;
    fpi_task_t *task;
    fpi_err_t *err;
    bool is_due;    /* not refused: has to become durable yet */
    bool is_leader; /* woken to lead, not because it is done */
    sem_t wake;
    struct write_t *next;
} write_t;

/* One leader's work. */
typedef struct batch_t {
    write_t *first, **end;
    int taken, kept;          /* kept: are in the transaction */
    bool is_careful;          /* each later write has a savepoint */
    bool is_lost;
    const fpi_err_t *refusal; /* why no transaction can be begun at all */
} batch_t;

struct fpi_writer_t {
    const fpi_backend_t *backend;
    fpi_db_t *db;
    fpi_tx_t tx;
    pthread_mutex_t lock;
    write_t *first, **last;
    int waiting;
    bool has_leader;
    bool is_led;      /* by the thread in `leader`; false between two leaders */
    pthread_t leader;
    int company;      /* how many the last batch had; the leader's */
    int wary;         /* batches yet to begin carefully; the leader's */
    atomic_bool is_untidy;
    _Atomic uint64_t commits, writes, failures;
};

static apr_status_t destroy_lock(void *data)
{
    fpi_writer_t *writer = data;

    pthread_mutex_destroy(&writer->lock);
    return APR_SUCCESS;
}

fpi_writer_t *fpi_writer_make(apr_pool_t *pool, const fpi_backend_t *backend, fpi_db_t *db,
                              const fpi_secret_t *master)
{
    fpi_writer_t *writer = apr_pcalloc(pool, sizeof(*writer));

    writer->backend = backend;
    writer->db = db;
    writer->tx = (fpi_tx_t){ backend, db, master };
    writer->last = &writer->first;
    pthread_mutex_init(&writer->lock, NULL);
    apr_pool_cleanup_register(pool, writer, destroy_lock, apr_pool_cleanup_null);
    return writer;
}

/* ---- the queue: the only functions that hold the lock ---- */

typedef enum place_t { PLACE_LEADER, PLACE_QUEUE, PLACE_FULL, PLACE_NESTED } place_t;

static place_t enter(fpi_writer_t *writer, write_t *write)
{
    place_t place = PLACE_QUEUE;

    pthread_mutex_lock(&writer->lock);
    if (writer->is_led && pthread_equal(writer->leader, pthread_self())) {
        place = PLACE_NESTED;
    }
    else if (writer->waiting == FPI_STORE_QUEUE) {
        place = PLACE_FULL;
    }
    else {
        *writer->last = write;
        writer->last = &write->next;
        writer->waiting++;
        if (!writer->has_leader) {
            writer->has_leader = true;
            place = PLACE_LEADER;
        }
    }
    pthread_mutex_unlock(&writer->lock);
    return place;
}

/* Moves those who wait to the end of the batch; NULL when there is nobody or no room. */
static write_t *take_waiting(fpi_writer_t *writer, batch_t *batch)
{
    write_t *taken = NULL;

    pthread_mutex_lock(&writer->lock);
    writer->is_led = true;
    writer->leader = pthread_self();
    if (writer->first && batch->taken < FPI_WRITER_BATCH) {
        taken = *batch->end = writer->first;
        while (writer->first && batch->taken < FPI_WRITER_BATCH) {
            batch->end = &writer->first->next;
            writer->first = writer->first->next;
            writer->waiting--;
            batch->taken++;
        }
        *batch->end = NULL;
        if (!writer->first) {
            writer->last = &writer->first;
        }
    }
    pthread_mutex_unlock(&writer->lock);
    return taken;
}

static write_t *hand_over(fpi_writer_t *writer)
{
    write_t *next;

    pthread_mutex_lock(&writer->lock);
    next = writer->first;
    writer->has_leader = next != NULL;
    writer->is_led = false;
    if (next) {
        next->is_leader = true;
    }
    pthread_mutex_unlock(&writer->lock);
    return next;
}

/* ---- the transaction: leader only ---- */

static void refuse(write_t *write, fpi_err_t *err)
{
    write->err = err;
    write->is_due = false;
}

static fpi_err_t *begin(fpi_writer_t *writer, batch_t *batch, write_t *write)
{
    fpi_err_t *err;

    if (batch->refusal) {
        /* each further try would wait 10 s for the same answer */
        return fpi_err_copy(write->task->pool, batch->refusal);
    }
    err = writer->backend->begin(writer->db, true, write->task);
    batch->refusal = err;
    return err;
}

static void end(fpi_writer_t *writer, batch_t *batch)
{
    writer->backend->rollback(writer->db);
    batch->kept = 0;
}

/* Begins the transaction: nothing is kept yet. */
static void run_first(fpi_writer_t *writer, batch_t *batch, write_t *write)
{
    fpi_err_t *err = begin(writer, batch, write);

    if (!err) {
        err = write->fn(&writer->tx, write->baton, write->task);
    }
    if (!err && !writer->backend->is_open(writer->db)) {
        err = fpi_fail(write->task, FPI_E_STORE,
                       "the transaction was ended by a failed statement; repeat the write");
    }
    if (err) {
        refuse(write, err);
        end(writer, batch);
        return;
    }
    batch->kept = 1;
}

/* False: it failed in the transaction that it shares. */
static bool run_bare(fpi_writer_t *writer, batch_t *batch, write_t *write)
{
    fpi_err_t *err = write->fn(&writer->tx, write->baton, write->task);

    if (err || !writer->backend->is_open(writer->db)) {
        fpi_ignore(err); /* it will be run again */
        return false;
    }
    batch->kept++;
    return true;
}

static void run_saved(fpi_writer_t *writer, batch_t *batch, write_t *write)
{
    fpi_err_t *err = writer->backend->save(writer->db, write->task);

    if (err) {
        batch->is_lost = true;
        return;
    }
    err = write->fn(&writer->tx, write->baton, write->task);
    if (!err) {
        err = writer->backend->keep(writer->db, write->task);
    }
    if (err) {
        refuse(write, err);
        batch->is_lost = !writer->backend->undo(writer->db);
        return;
    }
    batch->kept++;
}

/* The one behind `write` (NULL: the first) that has to be run: of the batch, or of those who wait. */
static write_t *next_due(fpi_writer_t *writer, batch_t *batch, const write_t *write)
{
    write_t *next = write ? write->next : batch->first;

    while (next && !next->is_due) {
        next = next->next;
    }
    return next || batch->refusal ? next : take_waiting(writer, batch);
}

/* False: all has to be run again, carefully. */
static bool run_one(fpi_writer_t *writer, batch_t *batch, write_t *write)
{
    if (!batch->kept) {
        run_first(writer, batch, write);
    }
    else if (batch->is_careful) {
        run_saved(writer, batch, write);
    }
    else {
        return run_bare(writer, batch, write);
    }
    return true;
}

/* Adds to the transaction what waits now and what comes while it is run. */
static void run_batch(fpi_writer_t *writer, batch_t *batch)
{
    write_t *write = NULL;

    batch->is_careful = writer->wary > 0;
    while (!batch->is_lost && (write = next_due(writer, batch, write))) {
        if (!run_one(writer, batch, write)) {
            end(writer, batch);
            batch->is_careful = true;
            writer->wary = WARY + 1;
            write = NULL;
        }
    }
    writer->wary -= writer->wary > 0;
}

static fpi_err_t *commit(fpi_writer_t *writer, fpi_task_t *task)
{
    fpi_err_t *err = writer->backend->commit(writer->db, task);

    if (!err) {
        atomic_fetch_add_explicit(&writer->commits, 1, memory_order_relaxed);
    }
    return err;
}

static void run_alone(fpi_writer_t *writer, batch_t *batch, write_t *write)
{
    run_first(writer, batch, write);
    if (write->is_due) {
        fpi_err_t *err = commit(writer, write->task);

        if (err) {
            refuse(write, err);
        }
        end(writer, batch);
        write->is_due = false;
    }
}

/* Makes the transaction durable, or else does singly what it had lost. */
static void settle(fpi_writer_t *writer, batch_t *batch)
{
    bool was_alone = batch->kept == 1;
    fpi_err_t *err;

    if (!batch->is_lost && !batch->kept) {
        return;
    }
    err = batch->is_lost ? NULL : commit(writer, batch->first->task);
    if (!batch->is_lost && !err) {
        return;
    }
    end(writer, batch);
    for (write_t *write = batch->first; write; write = write->next) {
        if (write->is_due && was_alone && err) {
            refuse(write, fpi_err_copy(write->task->pool, err));
        }
        else if (write->is_due) {
            run_alone(writer, batch, write);
        }
    }
}

/* ---- leading ---- */

static void count(fpi_writer_t *writer, const batch_t *batch)
{
    uint64_t failures = 0;

    for (const write_t *write = batch->first; write; write = write->next) {
        failures += write->err != NULL;
    }
    atomic_fetch_add_explicit(&writer->failures, failures, memory_order_relaxed);
    atomic_fetch_add_explicit(&writer->writes, (uint64_t)batch->taken - failures,
                              memory_order_relaxed);
    if (writer->backend->is_untidy(writer->db)) {
        atomic_store(&writer->is_untidy, true);
    }
}

/* A write_t is gone as soon as its owner is woken. */
static void wake(const batch_t *batch, const write_t *self)
{
    for (write_t *write = batch->first, *next; write; write = next) {
        next = write->next;
        if (write != self) {
            sem_post(&write->wake);
        }
    }
}

static void lead(fpi_writer_t *writer, write_t *self)
{
    batch_t batch = { .end = &batch.first };
    write_t *next;

    if (writer->company > 1) {
        sched_yield();
    }
    run_batch(writer, &batch);
    settle(writer, &batch);
    count(writer, &batch);
    writer->company = batch.taken;
    next = hand_over(writer);
    if (next) {
        sem_post(&next->wake); /* first, so that the disk does not wait for the others to wake */
    }
    wake(&batch, self);
}

static void sleep_till_woken(write_t *write)
{
    while (sem_wait(&write->wake) != 0) {
        /* EINTR */
    }
}

fpi_err_t *fpi_writer_run(fpi_writer_t *writer, fpi_tx_fn *fn, void *baton, fpi_task_t *task)
{
    write_t write = { .fn = fn, .baton = baton, .task = task, .is_due = true };
    fpi_err_t *err;

    sem_init(&write.wake, 0, 0);
    switch (enter(writer, &write)) {
    case PLACE_NESTED:
        write.err = fpi_fail(task, FPI_E_INTERNAL, "a write was begun within a write");
        break;
    case PLACE_FULL:
        write.err = fpi_fail(task, FPI_E_STORE, "%d writes are waiting for the database already: "
                             "the disk is too slow for what is asked of it", (int)FPI_STORE_QUEUE);
        write.err->retry_after = 1;
        break;
    case PLACE_LEADER:
        lead(writer, &write);
        break;
    case PLACE_QUEUE:
        sleep_till_woken(&write);
        if (write.is_leader) {
            lead(writer, &write);
        }
    }
    err = write.err;
    sem_destroy(&write.wake);
    return err;
}

bool fpi_writer_take_tidy(fpi_writer_t *writer)
{
    return atomic_load_explicit(&writer->is_untidy, memory_order_relaxed)
           && atomic_exchange(&writer->is_untidy, false);
}

void fpi_writer_stats(fpi_writer_t *writer, fpi_store_stats_t *out)
{
    out->commits = atomic_load_explicit(&writer->commits, memory_order_relaxed);
    out->writes = atomic_load_explicit(&writer->writes, memory_order_relaxed);
    out->failures = atomic_load_explicit(&writer->failures, memory_order_relaxed);
    pthread_mutex_lock(&writer->lock);
    out->waiting = writer->waiting;
    pthread_mutex_unlock(&writer->lock);
}
