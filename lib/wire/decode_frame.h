/* How a client, the keeper and a worker of fpimage-decode talk: frames over a stream socket, one connection per
 * document.
 *
 *   | kind, 1 byte | length, 4 bytes big-endian | bytes |
 *
 *   client ── ASK (JSON, the file's descriptor beside it) ──> worker
 *   client <── JSON? ── DATA* ── END, or FAIL at any time ──── worker, or the keeper in its place
 *
 * Life:    nothing to make or free. libc only: the keeper has neither APR nor JSON.
 * Threads: any, one per connection.
 * Limits:  FPI_FRAME_ASK_MOST, FPI_FRAME_JSON_MOST, FPI_FRAME_DATA_MOST bytes; a longer frame is a broken peer. */
#ifndef FPI_DECODE_FRAME_H
#define FPI_DECODE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FPI_FRAME_ASK = 'Q', FPI_FRAME_JSON = 'J', FPI_FRAME_DATA = 'D', FPI_FRAME_END = 'E', FPI_FRAME_FAIL = 'F',
    FPI_FRAME_HEAD = 5,
    FPI_FRAME_ASK_MOST = 64 * 1024,
    FPI_FRAME_JSON_MOST = 4 * 1024 * 1024,
    FPI_FRAME_DATA_MOST = 64 * 1024,
    FPI_FRAME_PICTURE_MOST = 64 * 1024 * 1024 /* all DATA of one answer */
};

typedef struct fpi_frame_t {
    int kind;
    uint32_t len;
} fpi_frame_t;

/* Head of a frame; false when kind or length can't be. */
bool fpi_frame_parse(fpi_frame_t *frame, const unsigned char head[FPI_FRAME_HEAD]);

/* Sends one frame, waiting as long as it takes; `fd` travels with it, -1 none. False: the other side is gone. */
bool fpi_frame_send(int sock, int kind, const void *data, size_t len, int fd);

/* Sends one byte with a descriptor; 0, or an errno (EAGAIN of a socket that does not block). */
int fpi_descriptor_send(int sock, char byte, int fd);

/* Receives up to `room` bytes and at most one descriptor (*fd, close-on-exec; -1 none). As recv: bytes, 0 at the
 * end, -1 with errno. */
long fpi_descriptor_receive(int sock, void *data, size_t room, int *fd);

/* Receives just `len` bytes, and the first descriptor among them where *fd is -1. False: the other side is gone. */
bool fpi_descriptor_receive_all(int sock, void *data, size_t len, int *fd);

#endif
