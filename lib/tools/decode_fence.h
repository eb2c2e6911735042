/* What the keeper gives up before it starts anything: root, the network, privileges that a program could bring back.
 * Its workers inherit that, and fence themselves in further (decode_jail.h).
 *
 * Life:    the process; nothing can be undone.
 * Threads: before there are any.
 * Limits:  none. */
#ifndef FPI_DECODE_FENCE_H
#define FPI_DECODE_FENCE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct decode_fence_t {
    char user[64];       /* as whom it runs now */
    bool is_own_user;    /* another than the starter's */
    bool has_no_network; /* a network name space with nothing in it */
    bool has_landlock;   /* the kernel has it: workers use it (decode_jail.h) */
    bool has_seccomp;
} decode_fence_t;

/* `user` NULL: fpimage-decode if there is one, else nobody; only root can change it. False with a sentence when a
 * user was named and can't be taken on, or root can't be given up. */
bool decode_fence_take(decode_fence_t *fence, const char *user, char *why, size_t room);

#endif
