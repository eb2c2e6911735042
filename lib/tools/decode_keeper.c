/* fpimage-decode: the keeper. It reads no document: it takes connections from the control socket, hands each to a
 * free worker (another program, so that this one stays small), and ends workers that take too long.
 *
 *   control 3 ──connection──> queue ──> worker: idle ──job──> busy ──'f'──> idle ──60 s──> ended
 *                                                              │ 'p': another page has its time
 *                                                              │ 'r': done, and ends by itself
 *                                                              └ time over, client left, died: FAIL to the client
 *
 * An office document goes to a process of its own (decode_office.c), one at a time, which ends behind it.
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
enum { WORKERS = 64, QUEUE = 256, ROUNDS = 20, IDLE_MS = 60 * 1000, LEFT_MS = 1000, START_MS = 20 * 1000, OFFICE_PAGES = 2 };

typedef struct worker_t {
    pid_t pid;           /* 0: none */
    int socket;
    int client;          /* the connection it works for, to tell its client what became of it; -1: idle */
    int64_t page_end;    /* ms; busy: the page's; idle: when it is ended */
    int64_t end;         /* the document's */
    bool is_left;        /* the client has gone */
    bool has_worked;
    bool is_office;      /* leads a process group of its own */
} worker_t;

typedef struct waiting_t {
    int client;
    bool is_office;
} waiting_t;

static struct {
    int most, timeout_ms;
    const char *memory, *user;
    const char *soffice; /* LibreOffice; NULL: there is none */
    int program;         /* the worker's, opened before we gave up root */
    int office_program;
    worker_t workers[WORKERS + 1]; /* behind the `most` of them, the one for office documents */
    waiting_t queue[QUEUE];
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

static void run_worker(int jobs, bool is_office) __attribute__((noreturn));

static void run_worker(int jobs, bool is_office)
{
    char seconds[16];
    const char *worker[] = { "fpimage-decode-worker", keeper.memory, NULL };
    const char *office[] = { "fpimage-decode-office", keeper.soffice, seconds, keeper.memory, NULL };
    extern char **environ;
    int high = fcntl(jobs, F_DUPFD, 16);
    int program = fcntl(is_office ? keeper.office_program : keeper.program, F_DUPFD_CLOEXEC, 16);

    snprintf(seconds, sizeof(seconds), "%d", (keeper.timeout_ms * OFFICE_PAGES + 999) / 1000);
    signal(SIGTERM, SIG_DFL);
    if (dup2(high, JOBS) == JOBS) {
        close(high);
        fexecve(program, (char *const *)(uintptr_t)(is_office ? office : worker), environ);
    }
    _exit(127);
}

static bool start_worker(worker_t *worker, bool is_office)
{
    pid_t parent = getpid();
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        return false;
    }
    *worker = (worker_t){ .pid = fork(), .socket = ends[0], .client = -1, .is_office = is_office };
    if (worker->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() == parent) {
            run_worker(ends[1], is_office);
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

    if (worker->is_office) {
        kill(-worker->pid, SIGKILL);
    }
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

static worker_t *find_free(bool is_office)
{
    worker_t *empty = NULL, *office = &keeper.workers[keeper.most];

    if (is_office) {
        return office->pid ? NULL : office;
    }
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
    int pages = worker->is_office ? OFFICE_PAGES : 1;

    worker->client = client;
    worker->is_left = false;
    worker->page_end = now + (int64_t)keeper.timeout_ms * pages + (worker->has_worked ? 0 : START_MS);
    worker->end = now + (int64_t)keeper.timeout_ms * ROUNDS;
    if (fpi_descriptor_send(worker->socket, 'j', client) != 0) {
        note_death(worker);
    }
}

/* False: it must wait for a free worker. */
static bool give_one(const waiting_t *waiting)
{
    worker_t *worker = find_free(waiting->is_office);

    if (waiting->is_office && !keeper.soffice) {
        fail(waiting->client, "UNREADABLE", NULL, "there is no LibreOffice");
        return true;
    }
    if (!worker) {
        return false;
    }
    if (!worker->pid && !start_worker(worker, waiting->is_office)) {
        fail(waiting->client, "DECODER", NULL, "a worker can't be started");
        return true;
    }
    give(worker, waiting->client);
    return true;
}

/* In their order, but an office document keeps no other waiting, nor the other way round. */
static void give_waiting(void)
{
    int left = 0;

    for (int i = 0; i < keeper.waiting; i++) {
        if (!give_one(&keeper.queue[i])) {
            keeper.queue[left++] = keeper.queue[i];
        }
    }
    keeper.waiting = left;
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
    keeper.queue[keeper.waiting++] = (waiting_t){ client, word == 'o' };
}

/* ---- the loop ---- */

static void look_at_times(void)
{
    int64_t now = now_ms();

    for (int i = 0; i <= keeper.most; i++) {
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
    struct pollfd fds[1 + 2 * (WORKERS + 1)];
    worker_t *of[1 + 2 * (WORKERS + 1)]; /* NULL: the control socket */
    bool is_client[1 + 2 * (WORKERS + 1)];
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
    for (int i = 0; i <= keeper.most; i++) {
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
    for (int i = 0; i <= keeper.most; i++) {
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
                                             { "office", required_argument, NULL, 'o' },
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
        case 'o': keeper.soffice = optarg; break;
        default: return false;
        }
    }
    return keeper.most >= 1 && keeper.most <= WORKERS && keeper.timeout_ms > 0;
}

/* Programs lie beside ours. Opened as whoever started us: those we become may not come there. */
static int open_beside(const char *ending, char *why, size_t room)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - sizeof("-worker"));
    int fd;

    snprintf(why, room, "its own place can't be found");
    if (n <= 0) {
        return -1;
    }
    memcpy(path + n, ending, strlen(ending) + 1);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    snprintf(why, room, "%.200s can't be opened: %s", path, strerror(errno));
    return fd;
}

static bool open_programs(char *why, size_t room)
{
    keeper.office_program = keeper.soffice ? open_beside("-office", why, room) : -1;
    keeper.soffice = keeper.office_program >= 0 ? keeper.soffice : NULL;
    keeper.program = open_beside("-worker", why, room);
    return keeper.program >= 0;
}

static bool is_socket(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

static void say_ready(const decode_fence_t *fence)
{
    dprintf(REPORT, "user %s\nown_user %d\nnetwork_namespace %d\nseccomp %d\nlandlock %d\noffice %d\nready\n", fence->user,
            fence->is_own_user, fence->has_no_network, fence->has_seccomp, fence->has_landlock, keeper.soffice != NULL);
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
    if (!open_programs(why, sizeof(why)) || !decode_fence_take(&fence, keeper.user, why, sizeof(why))) {
        dprintf(REPORT, "%s\n", why);
        return 1;
    }
    say_ready(&fence);
    serve();
    return 0;
}
