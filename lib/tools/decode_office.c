/* fpimage-decode-office: one office document becomes PDF, by LibreOffice. Started by the keeper for it (decode_keeper.c),
 * as workers are; ends behind it.
 *
 *   client ── ASK, the document's descriptor ──> a folder of its own ──> LibreOffice (decode_office_run.h) ──> PDF
 *   client <── DATA* ── END, or FAIL ────────────┘ is taken away
 *
 * Its folder goes even when it is killed: the next one takes it away. */
#include "tools/decode_office_run.h"
#include "wire/decode_frame.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FOLDERS "/tmp"
#define PREFIX "fpimage-office-"

enum { JOBS = 3, EXTENSION = 8, PATH_ROOM = 120, NAME_MOST = 100, OLD_S = 3600, DEPTH = 32, ENDING_MS = 100 };

/* ---- folders ---- */

static int drop_entry(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st;
    (void)kind;
    (void)where;
    remove(path);
    return 0;
}

static void drop_folder(const char *path)
{
    nftw(path, drop_entry, DEPTH, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* LibreOffice's own socket has a place of its own beside the folder. */
static bool is_left_by_us(const char *name)
{
    return (strncmp(name, PREFIX, sizeof(PREFIX) - 1) == 0 || strncmp(name, "OSL_PIPE_", 9) == 0) && strlen(name) < NAME_MOST;
}

/* Those of ours whose process was killed. */
static void drop_old(void)
{
    DIR *folder = opendir(FOLDERS);
    const struct dirent *entry;
    char path[PATH_ROOM];
    struct stat st;

    while (folder && (entry = readdir(folder))) {
        if (!is_left_by_us(entry->d_name)) {
            continue;
        }
        snprintf(path, sizeof(path), FOLDERS "/%.100s", entry->d_name);
        if (lstat(path, &st) == 0 && (S_ISDIR(st.st_mode) || S_ISSOCK(st.st_mode)) && st.st_uid == geteuid()
            && time(NULL) - st.st_mtime > OLD_S) {
            drop_folder(path);
        }
    }
    if (folder) {
        closedir(folder);
    }
}

/* ---- the question ---- */

/* LibreOffice goes by the bytes, and by the extension where they leave it open. */
static void find_extension(char extension[EXTENSION], const char *question)
{
    const char *said = strstr(question, "\"extension\":\"");
    size_t len = said ? strspn(said + 13, "abcdefghijklmnopqrstuvwxyz") : 0;

    snprintf(extension, EXTENSION, "%.*s", len && len < EXTENSION ? (int)len : 3, len && len < EXTENSION ? said + 13 : "doc");
}

static bool receive_question(char extension[EXTENSION], int *fd, int client)
{
    static char text[FPI_FRAME_ASK_MOST + 1];
    unsigned char head[FPI_FRAME_HEAD];
    fpi_frame_t frame;

    *fd = -1;
    if (!fpi_descriptor_receive_all(client, head, sizeof(head), fd) || !fpi_frame_parse(&frame, head) || frame.kind != FPI_FRAME_ASK
        || !fpi_descriptor_receive_all(client, text, frame.len, fd) || *fd < 0) {
        return false;
    }
    text[frame.len] = '\0';
    find_extension(extension, text);
    return true;
}

static bool copy(const char *path, int from)
{
    int to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    off_t at = 0;
    struct stat st;
    bool is_done = to >= 0 && fstat(from, &st) == 0 && S_ISREG(st.st_mode);

    while (is_done && at < st.st_size) {
        is_done = sendfile(to, from, &at, (size_t)(st.st_size - at)) > 0;
    }
    if (to >= 0) {
        close(to);
    }
    return is_done;
}

/* ---- the answer ---- */

static void send_failure(int client, const char *code, const char *detail)
{
    char text[700];
    int len = snprintf(text, sizeof(text),
                       "{\"code\":\"%s\",\"zh\":\"LibreOffice 无法转换该文件\",\"en\":\"LibreOffice can't convert the file\","
                       "\"detail\":\"%.200s\"}",
                       code, detail);

    fpi_frame_send(client, FPI_FRAME_FAIL, text, (size_t)len, -1);
}

static void send_file(int client, const char *path)
{
    static char data[FPI_FRAME_DATA_MOST];
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, data, sizeof(data));

    if (n <= 0) {
        send_failure(client, "UNREADABLE", "LibreOffice made no PDF");
    }
    while (n > 0 && fpi_frame_send(client, FPI_FRAME_DATA, data, (size_t)n, -1)) {
        n = read(fd, data, sizeof(data));
        if (n == 0) {
            fpi_frame_send(client, FPI_FRAME_END, NULL, 0, -1);
        }
    }
    if (fd >= 0) {
        close(fd);
    }
}

/* ---- one document ---- */

static void convert(int client, decode_office_t *office, const char *extension, int fd)
{
    char document[PATH_ROOM], pdf[PATH_ROOM], why[160];

    snprintf(document, sizeof(document), "%s/document.%s", office->folder, extension);
    snprintf(pdf, sizeof(pdf), "%s/document.pdf", office->folder);
    office->name = document;
    if (!copy(document, fd)) {
        snprintf(why, sizeof(why), "the document can't be copied to %s: %s", office->folder, strerror(errno));
        send_failure(client, "DECODER", why);
    }
    else if (decode_office_run(office, why, sizeof(why)) != 0) {
        send_failure(client, "UNREADABLE", why);
    }
    else {
        send_file(client, pdf);
    }
}

static void work(int client, decode_office_t *office)
{
    char folder[] = FOLDERS "/" PREFIX "XXXXXX", extension[EXTENSION];
    const struct timespec moment = { 0, ENDING_MS * 1000000L };
    int fd;

    if (!receive_question(extension, &fd, client)) {
        return;
    }
    drop_old();
    office->folder = mkdtemp(folder);
    if (!office->folder) {
        send_failure(client, "DECODER", "no folder can be made in " FOLDERS);
        return;
    }
    convert(client, office, extension, fd);
    kill(0, SIGTERM); /* what it may have left running; we do not hear it */
    nanosleep(&moment, NULL);
    drop_folder(folder);
}

int main(int argc, char **argv)
{
    decode_office_t office = { .program = argc == 4 ? argv[1] : NULL };
    char word = 'r';
    int client = -1;

    if (argc != 4) {
        fputs("fpimage-decode-office is started by fpimage-decode, not by hand\n", stderr);
        return 2;
    }
    office.seconds = (int)strtol(argv[2], NULL, 10);
    office.memory = strtoll(argv[3], NULL, 10);
    setpgid(0, 0); /* the keeper ends all of it at once */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    umask(077);
    if (fpi_descriptor_receive(JOBS, &word, 1, &client) == 1 && client >= 0) {
        work(client, &office);
    }
    word = 'r';
    send(JOBS, &word, 1, MSG_NOSIGNAL);
    return 0;
}
