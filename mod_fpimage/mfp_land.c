#include "mfp_land.h"

#include "mfp_config.h"

#include <string.h>
#include <util_filter.h>

struct mfp_land_t {
    apr_socket_t *socket;
    const apr_bucket_brigade *bb; /* of httpd's core: all that was read and not taken yet, then the socket */
    char *data;                   /* on offer; NULL: nothing is */
    size_t room;
};

static apr_status_t read_land(apr_bucket *b, const char **data, apr_size_t *len, apr_read_type_e how);

static const apr_bucket_type_t land_type = { .name = "FPIMAGE_LAND",
                                             .num_func = 5,
                                             .is_metadata = APR_BUCKET_DATA,
                                             .destroy = apr_bucket_destroy_noop,
                                             .read = read_land,
                                             .setaside = apr_bucket_setaside_notimpl,
                                             .split = apr_bucket_split_notimpl,
                                             .copy = apr_bucket_copy_notimpl };

/* APR's own bucket of a socket, which becomes ours. */
static void claim(apr_bucket *b, mfp_land_t *land)
{
    b->type = &land_type;
    b->data = land;
}

static apr_status_t read_usual(apr_bucket *b, mfp_land_t *land, const char **data, apr_size_t *len, apr_read_type_e how)
{
    apr_status_t rv;

    b->type = &apr_bucket_type_socket;
    b->data = land->socket;
    rv = apr_bucket_read(b, data, len, how);
    if (APR_BUCKET_IS_SOCKET(b)) { /* nothing has come */
        claim(b, land);
    }
    else if (*len) { /* it stands behind what has come */
        claim(APR_BUCKET_NEXT(b), land);
    }
    return rv;
}

static apr_status_t receive(apr_socket_t *socket, char *data, apr_size_t *len, apr_read_type_e how)
{
    apr_interval_time_t timeout = 0;
    apr_status_t rv;

    if (how == APR_NONBLOCK_READ) {
        apr_socket_timeout_get(socket, &timeout);
        apr_socket_timeout_set(socket, 0);
    }
    rv = apr_socket_recv(socket, data, len);
    if (how == APR_NONBLOCK_READ) {
        apr_socket_timeout_set(socket, timeout);
    }
    return rv;
}

/* Bytes before the bucket's: they will be copied to the front of the place. */
static size_t before(const apr_bucket *b, const mfp_land_t *land)
{
    size_t len = 0;

    for (b = APR_BUCKET_PREV(b); b != APR_BRIGADE_SENTINEL(land->bb); b = APR_BUCKET_PREV(b)) {
        len += b->length;
    }
    return len;
}

static apr_status_t read_land(apr_bucket *b, const char **data, apr_size_t *len, apr_read_type_e how)
{
    mfp_land_t *land = b->data;
    size_t at = land->data ? before(b, land) : 0;
    apr_bucket *behind;
    apr_status_t rv;

    if (!land->data || at >= land->room) {
        return read_usual(b, land, data, len, how);
    }
    *len = land->room - at;
    rv = receive(land->socket, land->data + at, len, how);
    if (rv != APR_SUCCESS && rv != APR_EOF) {
        return rv;
    }
    if (!*len) { /* the client has closed */
        b = apr_bucket_immortal_make(b, "", 0);
        *data = b->data;
        return APR_SUCCESS;
    }
    behind = apr_bucket_socket_create(land->socket, b->list);
    claim(behind, land);
    b = apr_bucket_transient_make(b, land->data + at, *len);
    APR_BUCKET_INSERT_AFTER(b, behind);
    *data = land->data + at;
    return APR_SUCCESS;
}

apr_status_t mfp_land_insert(conn_rec *c, apr_bucket_brigade *bb, apr_socket_t *socket)
{
    mfp_land_t *land = apr_palloc(c->pool, sizeof(*land));
    apr_bucket *b = apr_bucket_socket_create(socket, c->bucket_alloc);

    *land = (mfp_land_t){ .socket = socket, .bb = bb };
    claim(b, land);
    APR_BRIGADE_INSERT_TAIL(bb, b);
    ap_set_module_config(c->conn_config, &fpimage_module, land);
    return APR_SUCCESS;
}

/* They pass on what they are given, and ask for no more than they are asked for. */
static bool is_plain(const ap_filter_t *f)
{
    static const char *const names[] = { "http_in", "reqtimeout", "log_input_output", "core_in", NULL };
    int i = 0;

    while (names[i] && strcmp(names[i], f->frec->name) != 0) {
        i++;
    }
    return names[i] != NULL;
}

mfp_land_t *mfp_land_of(const request_rec *r)
{
    const ap_filter_t *f = r->input_filters;

    while (f && is_plain(f)) {
        f = f->next;
    }
    return f || r->connection->master ? NULL : ap_get_module_config(r->connection->conn_config, &fpimage_module);
}

void mfp_land_offer(mfp_land_t *land, char *data, size_t room)
{
    if (land) {
        land->data = data;
        land->room = room;
    }
}

void mfp_land_withdraw(mfp_land_t *land)
{
    if (land) {
        land->data = NULL;
    }
}
