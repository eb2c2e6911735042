#include "wire/decode_frame.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static uint32_t most_of(int kind)
{
    static const struct {
        int kind;
        uint32_t most;
    } rows[] = {
        { FPI_FRAME_ASK, FPI_FRAME_ASK_MOST },   { FPI_FRAME_JSON, FPI_FRAME_JSON_MOST },
        { FPI_FRAME_DATA, FPI_FRAME_DATA_MOST }, { FPI_FRAME_END, 0 },
        { FPI_FRAME_FAIL, FPI_FRAME_ASK_MOST },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        if (rows[i].kind == kind) {
            return rows[i].most;
        }
    }
    return 0;
}

static bool is_kind(int kind)
{
    return kind != 0 && strchr("QJDEF", kind) != NULL;
}

bool fpi_frame_parse(fpi_frame_t *frame, const unsigned char head[FPI_FRAME_HEAD])
{
    frame->kind = head[0];
    frame->len = (uint32_t)head[1] << 24 | (uint32_t)head[2] << 16 | (uint32_t)head[3] << 8 | head[4];
    return is_kind(frame->kind) && frame->len <= most_of(frame->kind);
}

/* The control part that carries one descriptor. */
typedef union rights_t {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int))];
} rights_t;

static void attach(struct msghdr *msg, rights_t *rights, int fd)
{
    struct cmsghdr *part;

    memset(rights, 0, sizeof(*rights));
    msg->msg_control = rights->bytes;
    msg->msg_controllen = sizeof(rights->bytes);
    part = CMSG_FIRSTHDR(msg);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(part), &fd, sizeof(fd));
}

static ssize_t send_some(int sock, struct iovec *parts, int count, int fd)
{
    struct msghdr msg = { .msg_iov = parts, .msg_iovlen = (size_t)count };
    rights_t rights;
    ssize_t n;

    if (fd >= 0) {
        attach(&msg, &rights, fd);
    }
    do {
        n = sendmsg(sock, &msg, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n;
}

static void skip(struct iovec *part, size_t *n)
{
    size_t taken = *n < part->iov_len ? *n : part->iov_len;

    part->iov_base = (char *)part->iov_base + taken;
    part->iov_len -= taken;
    *n -= taken;
}

bool fpi_frame_send(int sock, int kind, const void *data, size_t len, int fd)
{
    unsigned char head[FPI_FRAME_HEAD] = { (unsigned char)kind, (unsigned char)(len >> 24), (unsigned char)(len >> 16),
                                           (unsigned char)(len >> 8), (unsigned char)len };
    struct iovec parts[2] = { { head, sizeof(head) }, { (void *)(uintptr_t)data, len } };

    if (len > most_of(kind)) {
        return false;
    }
    while (parts[0].iov_len + parts[1].iov_len > 0) {
        ssize_t sent = send_some(sock, parts, 2, fd);
        size_t n = (size_t)sent;

        if (sent <= 0) {
            return false;
        }
        fd = -1;
        skip(&parts[0], &n);
        skip(&parts[1], &n);
    }
    return true;
}

int fpi_descriptor_send(int sock, char byte, int fd)
{
    struct iovec part = { &byte, 1 };

    return send_some(sock, &part, 1, fd) == 1 ? 0 : errno;
}

/* A peer that sends more than one gets the others closed. */
static int take_descriptor(struct msghdr *msg)
{
    int found = -1;

    for (struct cmsghdr *part = CMSG_FIRSTHDR(msg); part; part = CMSG_NXTHDR(msg, part)) {
        size_t count = part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS
                           ? (part->cmsg_len - CMSG_LEN(0)) / sizeof(int)
                           : 0;

        for (size_t i = 0; i < count; i++) {
            int fd;

            memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(fd));
            if (found < 0) {
                found = fd;
            }
            else {
                close(fd);
            }
        }
    }
    return found;
}

long fpi_descriptor_receive(int sock, void *data, size_t room, int *fd)
{
    struct iovec part = { data, room };
    rights_t rights;
    struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = rights.bytes,
                          .msg_controllen = sizeof(rights.bytes) };
    ssize_t n;

    *fd = -1;
    do {
        n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    if (n >= 0) {
        *fd = take_descriptor(&msg);
    }
    return (long)n;
}

bool fpi_descriptor_receive_all(int sock, void *data, size_t len, int *fd)
{
    size_t got = 0;

    while (got < len) {
        int more = -1;
        long n = fpi_descriptor_receive(sock, (char *)data + got, len - got, &more);

        if (more >= 0 && *fd < 0) {
            *fd = more;
        }
        else if (more >= 0) {
            close(more);
        }
        if (n <= 0) {
            return false;
        }
        got += (size_t)n;
    }
    return true;
}
