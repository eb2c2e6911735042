/* The peer of the push: the same rows, each push in a transaction and a flush of its own.
 *
 *   oneflush DATABASE CLIENTS SECONDS busy|queue
 *
 * Each client is a thread with its own connection (WAL, synchronous=FULL, a checkpoint every 8,000 pages).
 *   busy   who finds the write lock taken asks again after a short, growing pause, as separate processes must
 *   queue  the threads take turns at a mutex, so that the lock is never found taken: the best that one flush
 *          each can do
 * DATABASE is a store as fpimagectl init makes it.
 * Prints "N pushes in S s, p50 US us, p99 US us". */
#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CLIENTS_MAX = 1024, BODY = 1024, TIMES_MAX = 1 << 20, BUSY_SECONDS = 30 };

enum { BEGIN, FIND, BILL, PUSH, PUSH_BODY, TRAIL, JOB, COMMIT, STATEMENTS };

static const char *const texts[STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [FIND] = "SELECT id, state FROM bill WHERE tenant = 1 AND number = ?1 AND resource IN ('EAS', '')",
    [BILL] = "INSERT INTO bill (tenant, org, number, resource, erp_id, bill_no, type_code, tax_no, state, state_before,"
             " is_announced, is_locked, push_sha, push_version, page_count, created, updated)"
             " VALUES (1, 0, ?1, '', 'ID' || ?1, 'BX' || ?1, 'BX01', '91310000000000001X', 0, 0, 0, 0, ?2, 0, 0, ?3, ?3)",
    [PUSH] = "INSERT INTO push (tenant, bill, number, client_id, tax_no, source, status, trace, at, last, repeats,"
             " body_sha, body_len) VALUES (1, ?4, ?1, 'BENCHCLIENT01', '91310000000000001X', '127.0.0.1', 'taken',"
             " '0123456789abcdef0123456789abcdef', ?3, ?3, 0, ?2, 1024)",
    [PUSH_BODY] = "INSERT INTO push_body (id, tenant, body) VALUES (?4, 1, ?5)",
    [TRAIL] = "INSERT INTO trail (tenant, bill, at, kind, trace, note) VALUES (1, ?4, ?3, 'push',"
              " '0123456789abcdef0123456789abcdef', 'the receipt assistant announced invoices')",
    [JOB] = "INSERT INTO job (tenant, kind, key, payload, state, due, first, lease_until, attempts, trace, again)"
            " VALUES (1, 'pull', ?4, '{\"bill\":' || ?4 || ',\"push\":' || ?4 || '}', 'ready', ?3, ?3, 0, 0,"
            " '0123456789abcdef0123456789abcdef', 0) ON CONFLICT (kind, key) DO UPDATE SET due = excluded.due",
    [COMMIT] = "COMMIT",
};

typedef struct client_t {
    pthread_t thread;
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENTS];
    int number;
    long count;
    unsigned seed;
    unsigned *times; /* µs of each push */
} client_t;

static const char *path;
static double seconds;
static char body[BODY + 1];
static bool is_queued;
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

static double now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static void die(client_t *client, const char *what)
{
    fprintf(stderr, "oneflush: %s: %s\n", what, client->db ? sqlite3_errmsg(client->db) : "no memory");
    exit(1);
}

/* 200 µs growing to 4 ms, scattered. */
static int wait_turn(void *baton, int tries)
{
    client_t *client = baton;
    int most = 200 << (tries < 5 ? tries : 5);

    most = most < 4000 ? most : 4000;
    usleep((unsigned)(most / 2 + rand_r(&client->seed) % (most / 2 + 1)));
    return tries < BUSY_SECONDS * 500;
}

static void open_client(client_t *client)
{
    if (sqlite3_open_v2(path, &client->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        die(client, "open");
    }
    sqlite3_busy_handler(client->db, wait_turn, client);
    if (sqlite3_exec(client->db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-8192;"
                     " PRAGMA wal_autocheckpoint=8000;", NULL,
                     NULL, NULL) != SQLITE_OK) {
        die(client, "set up");
    }
    for (int i = 0; i < STATEMENTS; i++) {
        if (sqlite3_prepare_v3(client->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &client->statements[i], NULL)
            != SQLITE_OK) {
            die(client, texts[i]);
        }
    }
    client->times = malloc(TIMES_MAX * sizeof(*client->times));
    if (!client->times) {
        die(client, "times");
    }
}

static void run(client_t *client, int which, const char *number, sqlite3_int64 at, sqlite3_int64 id)
{
    sqlite3_stmt *statement = client->statements[which];
    int most = sqlite3_bind_parameter_count(statement);
    int rc;

    if (most >= 1) {
        sqlite3_bind_text(statement, 1, number, -1, SQLITE_STATIC);
    }
    if (most >= 2) {
        sqlite3_bind_text(statement, 2, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", -1,
                          SQLITE_STATIC);
    }
    if (most >= 3) {
        sqlite3_bind_int64(statement, 3, at);
    }
    if (most >= 4) {
        sqlite3_bind_int64(statement, 4, id);
    }
    if (most >= 5) {
        sqlite3_bind_blob(statement, 5, body, BODY, SQLITE_STATIC);
    }
    do {
        rc = sqlite3_step(statement);
    } while (rc == SQLITE_ROW);
    if (rc != SQLITE_DONE) {
        die(client, texts[which]);
    }
    sqlite3_reset(statement);
}

static void push(client_t *client)
{
    sqlite3_int64 at = (sqlite3_int64)time(NULL) * 1000000, bill, row;
    char number[64];

    snprintf(number, sizeof(number), "YX%d-%ld", client->number, client->count);
    run(client, BEGIN, number, at, 0);
    run(client, FIND, number, at, 0);
    run(client, BILL, number, at, 0);
    bill = sqlite3_last_insert_rowid(client->db);
    run(client, PUSH, number, at, bill);
    row = sqlite3_last_insert_rowid(client->db);
    run(client, PUSH_BODY, number, at, row);
    run(client, TRAIL, number, at, bill);
    run(client, JOB, number, at, bill);
    run(client, COMMIT, number, at, 0);
}

static void *work(void *data)
{
    client_t *client = data;
    double end = now() + seconds;

    while (now() < end && client->count < TIMES_MAX) {
        double begun = now();

        if (is_queued) {
            pthread_mutex_lock(&turn);
        }
        push(client);
        if (is_queued) {
            pthread_mutex_unlock(&turn);
        }
        client->times[client->count++] = (unsigned)((now() - begun) * 1e6);
    }
    return NULL;
}

static int by_size(const void *a, const void *b)
{
    unsigned one = *(const unsigned *)a, other = *(const unsigned *)b;

    return (one > other) - (one < other);
}

static void tell(client_t *clients, int count, double took)
{
    long total = 0, at = 0;
    unsigned *all;

    for (int i = 0; i < count; i++) {
        total += clients[i].count;
    }
    all = malloc(((size_t)total + 1) * sizeof(*all));
    if (!all) {
        die(clients, "times");
    }
    for (int i = 0; i < count; i++) {
        memcpy(all + at, clients[i].times, (size_t)clients[i].count * sizeof(*all));
        at += clients[i].count;
    }
    qsort(all, (size_t)total, sizeof(*all), by_size);
    printf("%ld pushes in %.3f s, p50 %u us, p99 %u us\n", total, took, all[total / 2], all[total * 99 / 100]);
    free(all);
}

int main(int argc, char **argv)
{
    static client_t clients[CLIENTS_MAX];
    int count = argc == 5 ? atoi(argv[2]) : 0;
    double start;

    if (count < 1 || count > CLIENTS_MAX) {
        fprintf(stderr, "usage: oneflush DATABASE CLIENTS SECONDS busy|queue\n");
        return 2;
    }
    path = argv[1];
    seconds = atof(argv[3]);
    is_queued = strcmp(argv[4], "queue") == 0;
    memset(body, 'x', BODY);
    for (int i = 0; i < count; i++) {
        clients[i].number = i;
        clients[i].seed = (unsigned)i + 1;
        open_client(&clients[i]);
    }
    start = now();
    for (int i = 0; i < count; i++) {
        if (pthread_create(&clients[i].thread, NULL, work, &clients[i])) {
            die(&clients[i], "thread");
        }
    }
    for (int i = 0; i < count; i++) {
        pthread_join(clients[i].thread, NULL);
    }
    tell(clients, count, now() - start);
    for (int i = 0; i < count; i++) {
        for (int k = 0; k < STATEMENTS; k++) {
            sqlite3_finalize(clients[i].statements[k]);
        }
        sqlite3_close(clients[i].db);
        free(clients[i].times);
    }
    return 0;
}
