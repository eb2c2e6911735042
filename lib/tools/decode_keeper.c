/* fpimage-decode: the keeper. It reads no document: it takes connections from the control socket, hands each to a
 * free worker (another program, so that this one stays small), and ends workers that take too long.
 *
 *   control 3 ──connection──> queue ──> worker: idle ──job──> busy ──'f'──> idle ──60 s──> ended
 *                                                              │ 'p': another page has its time
 *                                                              │ 'r': done, and ends by itself
 *                                                              └ time over, client left, died: FAIL to the client
 *
 * It ends when the last client's end of the control socket is closed, or after SIGTERM, once nothing is in hand. */
#include "tools/decode_fence.h"
#include "wire/decode_frame.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CONTROL = 3, REPORT = 4, JOBS = 3 /* of a worker */ };
enum { WORKERS = 64, QUEUE = 256, ROUNDS = 20, IDLE_MS = 60 * 1000, LEFT_MS = 1000, START_MS = 20 * 1000 };

typedef struct worker_t {
    pid_t pid;           /* 0: none */
    int socket;
    int client;          /* the connection it works for, to tell its client what became of it; -1: idle */
    int64_t page_end;    /* ms; busy: the page's; idle: when it is ended */
    int64_t end;         /* the document's */
    bool is_left;        /* the client has gone */
    bool has_worked;
} worker_t;

static struct {
    int most, timeout_ms;
    const char *memory, *user;
    int program;         /* the worker's, opened before we gave up root */
    worker_t workers[WORKERS];
    int queue[QUEUE];
    int waiting;
    bool is_over;        /* takes nothing more from the control socket */
} keeper;

static volatile sig_atomic_t is_retired;

static void retire(int signal)
{
    is_retired = 1;
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- what clients are told ---- */

static void fail(int client, const char *code, const char *event, const char *detail)
{
    char text[512];
    int len = event ? snprintf(text, sizeof(text), "{\"code\":\"%s\",\"event\":\"%s\",\"detail\":\"%s\"}", code, event, detail)
                    : snprintf(text, sizeof(text), "{\"code\":\"%s\",\"detail\":\"%s\"}", code, detail);

    fcntl(client, F_SETFL, O_NONBLOCK); /* one that does not read is not waited for */
    fpi_frame_send(client, FPI_FRAME_FAIL, text, (size_t)len, -1);
    close(client);
}

/* ---- workers ---- */

static void run_worker(int jobs) __attribute__((noreturn));

static void run_worker(int jobs)
{
    const char *argv[] = { "fpimage-decode-worker", keeper.memory, NULL };
    extern char **environ;
    int high = fcntl(jobs, F_DUPFD, 16);
    int program = fcntl(keeper.program, F_DUPFD_CLOEXEC, 16);

    signal(SIGTERM, SIG_DFL);
    if (dup2(high, JOBS) == JOBS) {
        close(high);
        fexecve(program, (char *const *)(uintptr_t)argv, environ);
    }
    _exit(127);
}

static bool start_worker(worker_t *worker)
{
    pid_t parent = getpid();
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        return false;
    }
    *worker = (worker_t){ .pid = fork(), .socket = ends[0], .client = -1 };
    if (worker->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() == parent) {
            run_worker(ends[1]);
        }
        _exit(127);
    }
    close(ends[1]);
    if (worker->pid < 0) {
        close(ends[0]);
        worker->pid = 0;
        return false;
    }
    return true;
}

/* Kills it for sure; how it ended, as wait says. */
static int bury(worker_t *worker)
{
    int status = 0;

    kill(worker->pid, SIGKILL);
    while (waitpid(worker->pid, &status, 0) < 0 && errno == EINTR) {
    }
    close(worker->socket);
    worker->pid = 0;
    return status;
}

static void end_work(worker_t *worker)
{
    if (worker->client >= 0) {
        close(worker->client);
        worker->client = -1;
    }
    worker->has_worked = true;
    worker->page_end = now_ms() + IDLE_MS;
}

static void kill_late(worker_t *worker)
{
    int client = worker->client;

    bury(worker);
    fail(client, "DECODER", "time", worker->is_left ? "its client had gone" : "it took too long and was ended");
}

/* Its socket ended, or it is no longer there. */
static void note_death(worker_t *worker)
{
    int client = worker->client;
    bool has_worked = worker->has_worked;
    char detail[120];
    int status = bury(worker);

    if (client < 0) {
        return;
    }
    if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL) {
        snprintf(detail, sizeof(detail), "its process died of signal %d", WTERMSIG(status));
    }
    else if (WIFEXITED(status)) {
        snprintf(detail, sizeof(detail), "its process %s with status %d", has_worked ? "ended" : "could not begin, and ended",
                 WEXITSTATUS(status));
    }
    else {
        snprintf(detail, sizeof(detail), "its process was killed");
    }
    fail(client, "DECODER", "died", detail);
}

static void hear_worker(worker_t *worker)
{
    char word;
    ssize_t n = recv(worker->socket, &word, 1, MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (n == 1 && word == 'p' && worker->client >= 0) {
        worker->page_end = now_ms() + keeper.timeout_ms;
    }
    else if (n == 1 && word == 'f' && worker->client >= 0) {
        end_work(worker);
    }
    else if (n == 1 && word == 'r' && worker->client >= 0) {
        end_work(worker);
        bury(worker);
    }
    else {
        note_death(worker);
    }
}

/* ---- jobs ---- */

static worker_t *find_free(void)
{
    worker_t *empty = NULL;

    for (int i = 0; i < keeper.most; i++) {
        worker_t *worker = &keeper.workers[i];

        if (worker->pid && worker->client < 0) {
            return worker;
        }
        empty = !worker->pid && !empty ? worker : empty;
    }
    return empty;
}

static void give(worker_t *worker, int client)
{
    int64_t now = now_ms();

    worker->client = client;
    worker->is_left = false;
    worker->page_end = now + keeper.timeout_ms + (worker->has_worked ? 0 : START_MS);
    worker->end = now + (int64_t)keeper.timeout_ms * ROUNDS;
    if (fpi_descriptor_send(worker->socket, 'j', client) != 0) {
        note_death(worker);
    }
}

static void give_waiting(void)
{
    int given = 0;

    while (given < keeper.waiting) {
        worker_t *worker = find_free();

        if (!worker) {
            break;
        }
        if (!worker->pid && !start_worker(worker)) {
            fail(keeper.queue[given++], "DECODER", NULL, "a worker can't be started");
            continue;
        }
        give(worker, keeper.queue[given++]);
    }
    keeper.waiting -= given;
    memmove(keeper.queue, keeper.queue + given, (size_t)keeper.waiting * sizeof(*keeper.queue));
}

static void hear_control(void)
{
    char word;
    int client;
    long n = fpi_descriptor_receive(CONTROL, &word, 1, &client);

    if (n == 0 || (n < 0 && errno != EAGAIN)) {
        keeper.is_over = true;
    }
    if (client < 0) {
        return;
    }
    if (keeper.waiting == QUEUE) {
        fail(client, "BUSY", NULL, "too many documents wait for the decoding helper");
        return;
    }
    keeper.queue[keeper.waiting++] = client;
}

/* ---- the loop ---- */

static void look_at_times(void)
{
    int64_t now = now_ms();

    for (int i = 0; i < keeper.most; i++) {
        worker_t *worker = &keeper.workers[i];

        if (worker->pid && worker->client < 0 && (now >= worker->page_end || keeper.is_over)) {
            bury(worker);
        }
        else if (worker->pid && worker->client >= 0 && (now >= worker->page_end || now >= worker->end)) {
            kill_late(worker);
        }
    }
}

/* A document that nobody waits for any more does not keep its worker for long. */
static void note_left(worker_t *worker)
{
    int64_t soon = now_ms() + LEFT_MS;

    worker->is_left = true;
    worker->page_end = worker->page_end < soon ? worker->page_end : soon;
}

typedef struct polled_t {
    struct pollfd fds[1 + 2 * WORKERS];
    worker_t *of[1 + 2 * WORKERS]; /* NULL: the control socket */
    bool is_client[1 + 2 * WORKERS];
    int count;
} polled_t;

static void add(polled_t *p, int fd, short events, worker_t *worker, bool is_client)
{
    p->fds[p->count] = (struct pollfd){ fd, events, 0 };
    p->of[p->count] = worker;
    p->is_client[p->count++] = is_client;
}

static int gather(polled_t *p)
{
    int64_t next = INT64_MAX, now = now_ms();

    p->count = 0;
    if (!keeper.is_over) {
        add(p, CONTROL, POLLIN, NULL, false);
    }
    for (int i = 0; i < keeper.most; i++) {
        worker_t *worker = &keeper.workers[i];

        if (worker->pid) {
            add(p, worker->socket, POLLIN, worker, false);
            next = worker->page_end < next ? worker->page_end : next;
        }
        if (worker->pid && worker->client >= 0 && !worker->is_left) {
            add(p, worker->client, POLLRDHUP, worker, true); /* only whether it has gone */
        }
    }
    return next == INT64_MAX ? -1 : next <= now ? 0 : next - now > INT32_MAX ? INT32_MAX : (int)(next - now) + 1;
}

static void hear(const polled_t *p)
{
    for (int i = 0; i < p->count; i++) {
        if (!p->fds[i].revents) {
            continue;
        }
        if (!p->of[i]) {
            hear_control();
        }
        else if (p->is_client[i] && p->of[i]->pid && p->of[i]->client == p->fds[i].fd) {
            note_left(p->of[i]);
        }
        else if (!p->is_client[i]) {
            hear_worker(p->of[i]);
        }
    }
}

static bool is_working(void)
{
    for (int i = 0; i < keeper.most; i++) {
        if (keeper.workers[i].pid) {
            return true;
        }
    }
    return keeper.waiting > 0;
}

static void serve(void)
{
    sigset_t none, term;

    sigemptyset(&none);
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, NULL); /* it comes while we wait, nowhere else */
    while (!keeper.is_over || is_working()) {
        polled_t polled;
        int wait = gather(&polled);
        struct timespec most = { wait / 1000, wait % 1000 * 1000000L };
        int ready = ppoll(polled.fds, (nfds_t)polled.count, wait < 0 ? NULL : &most, &none);

        keeper.is_over = keeper.is_over || is_retired;
        if (ready > 0) {
            hear(&polled);
        }
        look_at_times();
        give_waiting();
    }
}

/* ---- start ---- */

static bool take_options(int argc, char **argv)
{
    static const struct option options[] = { { "workers", required_argument, NULL, 'w' },
                                             { "timeout-ms", required_argument, NULL, 't' },
                                             { "memory", required_argument, NULL, 'm' },
                                             { "user", required_argument, NULL, 'u' },
                                             { NULL, 0, NULL, 0 } };
    int c;

    keeper.most = 1;
    keeper.timeout_ms = 30000;
    keeper.memory = "1073741824";
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (c) {
        case 'w': keeper.most = (int)strtol(optarg, NULL, 10); break;
        case 't': keeper.timeout_ms = (int)strtol(optarg, NULL, 10); break;
        case 'm': keeper.memory = optarg; break;
        case 'u': keeper.user = optarg; break;
        default: return false;
        }
    }
    return keeper.most >= 1 && keeper.most <= WORKERS && keeper.timeout_ms > 0;
}

/* The worker's program lies beside ours. Opened as whoever started us: those we become may not come there. */
static bool open_program(char *why, size_t room)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - sizeof("-worker"));

    snprintf(why, room, "its own place can't be found");
    if (n <= 0) {
        return false;
    }
    memcpy(path + n, "-worker", sizeof("-worker"));
    keeper.program = open(path, O_RDONLY | O_CLOEXEC);
    snprintf(why, room, "%.200s can't be opened: %s", path, strerror(errno));
    return keeper.program >= 0;
}

static bool is_socket(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

static void say_ready(const decode_fence_t *fence)
{
    dprintf(REPORT, "user %s\nown_user %d\nnetwork_namespace %d\nseccomp %d\nlandlock %d\nready\n", fence->user,
            fence->is_own_user, fence->has_no_network, fence->has_seccomp, fence->has_landlock);
    close(REPORT);
}

int main(int argc, char **argv)
{
    struct sigaction on_term = { .sa_handler = retire };
    decode_fence_t fence;
    char why[320];

    if (!take_options(argc, argv) || !is_socket(CONTROL)) {
        fputs("fpimage-decode is started by mod_fpimage and fpimagectl, not by hand\n", stderr);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    sigaction(SIGTERM, &on_term, NULL);
    if (!open_program(why, sizeof(why)) || !decode_fence_take(&fence, keeper.user, why, sizeof(why))) {
        dprintf(REPORT, "%s\n", why);
        return 1;
    }
    say_ready(&fence);
    serve();
    return 0;
}
