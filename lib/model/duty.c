#include "model/duty.h"

#include <apr_strings.h>
#include <string.h>
#include <strings.h>

static const struct built_in_t {
    const char *zh, *en;
    char holder; /* of permissions.def */
} built_in[FPI_DUTY_BUILT_IN] = {
    [FPI_DUTY_ADMIN] = { "系统管理员", "administrator", 'A' },
    [FPI_DUTY_IMAGING] = { "影像管理员", "imaging administrator", 'I' },
    [FPI_DUTY_SCANNER] = { "扫描员", "scanner", 'S' },
    [FPI_DUTY_DEFAULT] = { "默认角色", "default", 'D' },
};

bool fpi_duty_built_in(fpi_duty_t *out, int64_t id)
{
    if (id < FPI_DUTY_ADMIN || id >= FPI_DUTY_BUILT_IN) {
        return false;
    }
    *out = (fpi_duty_t){ .id = id, .name = built_in[id].zh, .permissions = fpi_permissions_of(built_in[id].holder),
                         .is_active = true };
    return true;
}

int64_t fpi_duty_find_built_in(const char *name)
{
    for (int id = FPI_DUTY_ADMIN; id < FPI_DUTY_BUILT_IN; id++) {
        if (strcmp(built_in[id].zh, name) == 0 || strcasecmp(built_in[id].en, name) == 0) {
            return id;
        }
    }
    return 0;
}

const char *fpi_duty_english(int64_t id)
{
    return id >= FPI_DUTY_ADMIN && id < FPI_DUTY_BUILT_IN ? built_in[id].en : NULL;
}

const char *fpi_permissions_format(uint64_t permissions, apr_pool_t *pool)
{
    const char *text = "";

    for (int i = FPI_MAY_NONE + 1; i < FPI_MAY_COUNT; i++) {
        if (permissions >> i & 1) {
            text = apr_pstrcat(pool, text, *text ? "," : "", fpi_permission_symbol((fpi_permission_t)i), NULL);
        }
    }
    return text;
}

uint64_t fpi_permissions_parse(const char *text, apr_pool_t *pool)
{
    uint64_t permissions = 0;
    char *last, *copy = apr_pstrdup(pool, text ? text : "");

    for (char *word = apr_strtok(copy, ", ", &last); word; word = apr_strtok(NULL, ", ", &last)) {
        fpi_permission_t one = fpi_permission_find(word);

        permissions |= one == FPI_MAY_NONE ? 0 : UINT64_C(1) << one;
    }
    return permissions;
}
