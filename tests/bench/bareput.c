/* The floor of an upload: what is left when all but the promise is taken away. Each body is received, hashed with
 * SHA-256, written past the page cache as we do, flushed, named by its hash, and its folder flushed, before it is
 * answered with 200. No HTTP but a head that ends and a Content-Length, no rights, no rows, no second name.
 *
 *   bareput PORT FOLDER
 *
 * A thread for each connection, on 127.0.0.1. It ends with its first failure, and when it is told to. */
#define _GNU_SOURCE /* O_DIRECT */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEAD = 8192, PIECE = 256 * 1024, ALIGNED = 4096, BACKLOG = 128 };

static int folder;

typedef struct client_t {
    int sock, fd;
    char temporary[32];
    EVP_MD_CTX *hash;
    size_t len;           /* of what `data` holds */
    char *data;           /* PIECE bytes, aligned */
} client_t;

static void must(int ok, const char *what)
{
    if (!ok) {
        perror(what);
        exit(1);
    }
}

/* The length of the body, whose beginning is moved to the front of `data`; -1: the client left. */
static long read_head(client_t *c)
{
    char *end, *length;

    c->len = 0;
    c->data[0] = '\0';
    while (!(end = strstr(c->data, "\r\n\r\n"))) {
        ssize_t n = recv(c->sock, c->data + c->len, HEAD - c->len, 0);

        if (n <= 0) {
            return -1;
        }
        c->len += (size_t)n;
        c->data[c->len] = '\0';
    }
    length = strstr(c->data, "Content-Length: ");
    must(length && length < end, "Content-Length");
    end += 4;
    c->len -= (size_t)(end - c->data);
    long size = atol(length + 16);
    memmove(c->data, end, c->len);
    return size;
}

static void put(client_t *c)
{
    size_t whole = c->len / ALIGNED * ALIGNED;

    must(EVP_DigestUpdate(c->hash, c->data, c->len) == 1, "hash");
    must(!whole || write(c->fd, c->data, whole) == (ssize_t)whole, "write");
    if (c->len > whole) { /* the end */
        must(fcntl(c->fd, F_SETFL, 0) == 0, "fcntl");
        must(write(c->fd, c->data + whole, c->len - whole) == (ssize_t)(c->len - whole), "write");
    }
    c->len = 0;
}

static void take_body(client_t *c, long left)
{
    for (left -= (long)c->len; left > 0;) {
        ssize_t n = recv(c->sock, c->data + c->len, PIECE - c->len, 0);

        must(n > 0, "recv");
        c->len += (size_t)n;
        left -= n;
        if (c->len == PIECE) {
            put(c);
        }
    }
    put(c);
}

static void keep(client_t *c)
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    char name[2 * EVP_MAX_MD_SIZE + 1];
    unsigned len;

    must(EVP_DigestFinal_ex(c->hash, sum, &len) == 1, "hash");
    for (unsigned i = 0; i < len; i++) {
        snprintf(name + 2 * i, 3, "%02x", sum[i]);
    }
    must(fsync(c->fd) == 0 && close(c->fd) == 0, "flush");
    must(renameat(folder, c->temporary, folder, name) == 0 && fsync(folder) == 0, "name");
}

static void *serve(void *data)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    client_t *c = data;
    long size;

    c->hash = EVP_MD_CTX_new();
    snprintf(c->temporary, sizeof(c->temporary), "%d.new", c->sock);
    while ((size = read_head(c)) >= 0) {
        c->fd = openat(folder, c->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_DIRECT, 0600);
        must(c->fd >= 0 && EVP_DigestInit_ex(c->hash, EVP_sha256(), NULL) == 1, "open");
        take_body(c, size);
        keep(c);
        must(send(c->sock, answer, sizeof(answer) - 1, MSG_NOSIGNAL) == (ssize_t)sizeof(answer) - 1, "send");
    }
    close(c->sock);
    EVP_MD_CTX_free(c->hash);
    free(c->data);
    free(c);
    return NULL;
}

int main(int argc, char **argv)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int one = 1, door = socket(AF_INET, SOCK_STREAM, 0);

    must(argc == 3, "usage: bareput PORT FOLDER");
    at.sin_port = htons((unsigned short)atoi(argv[1]));
    folder = open(argv[2], O_RDONLY | O_DIRECTORY);
    must(folder >= 0, argv[2]);
    setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    must(bind(door, (struct sockaddr *)&at, sizeof(at)) == 0 && listen(door, BACKLOG) == 0, "listen");
    for (;;) {
        client_t *c = calloc(1, sizeof(*c));
        pthread_t thread;

        must(c && (c->data = aligned_alloc(ALIGNED, PIECE)) && (c->sock = accept(door, NULL, NULL)) >= 0, "accept");
        setsockopt(c->sock, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        must(pthread_create(&thread, NULL, serve, c) == 0 && pthread_detach(thread) == 0, "thread");
    }
}
