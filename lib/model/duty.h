/* Roles of people (角色), here called duties, for a role is what a page is (model/cover.h): the built-in ones, which are made of permissions.def, and sets of permissions as text.
 *
 * Life:    constants; results live in the task's pool.
 * Threads: any.
 * Limits:  ids below FPI_DUTY_FIRST_OWN are built in and the same in every tenant; own roles begin there. */
#ifndef FPI_DUTY_H
#define FPI_DUTY_H

#include "model/viewer.h"

enum { FPI_DUTY_ADMIN = 1, FPI_DUTY_IMAGING, FPI_DUTY_SCANNER, FPI_DUTY_DEFAULT, FPI_DUTY_BUILT_IN, FPI_DUTY_FIRST_OWN = 100 };

typedef struct fpi_duty_t {
    int64_t id, tenant;          /* tenant 0: built in */
    const char *name;            /* of a built-in one the Chinese name */
    uint64_t permissions;
    bool is_active;
    int64_t users;               /* active ones who have it, where that was counted */
    apr_time_t created, updated;
} fpi_duty_t;

/* FPI_DUTY_ADMIN .. FPI_DUTY_DEFAULT; false for another id. */
bool fpi_duty_built_in(fpi_duty_t *out, int64_t id);
/* "系统管理员" or "administrator" in any case; 0 when it is none. */
int64_t fpi_duty_find_built_in(const char *name);
const char *fpi_duty_english(int64_t built_in);

/* "BILL_VIEW,EXPORT" */
const char *fpi_permissions_format(uint64_t permissions, apr_pool_t *pool);
/* Words that are no permission (any more) are left out. */
uint64_t fpi_permissions_parse(const char *text, apr_pool_t *pool);

#endif
