/* /api/v1/scan-points, and the scan points that an ERP offers its users. */
#include "service/handlers.h"

#include "base/text.h"
#include "service/forms.h"
#include "service/people.h"
#include "service/people_forms.h"
#include "service/people_read.h"
#include "store/orgs.h"
#include "store/people.h"
#include "store/points.h"

#include <apr_strings.h>
#include <string.h>

enum { CANDIDATES_MOST = 200 };

typedef struct asking_t {
    int64_t id;
    const char *search;
    fpi_json_t *doc;
} asking_t;

/* ---- read ---- */

static fpi_err_t *tx_list(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    asking_t *a = baton;
    fpi_point_t *points;
    int count;

    a->doc = fpi_json_make_array(task);
    FPI_TRY(fpi_points_list(&points, &count, tx, task->tenant, task));
    for (int i = 0; i < count; i++) {
        fpi_json_t *one;

        FPI_TRY(fpi_form_point(&one, tx, &points[i], task));
        fpi_json_add(a->doc, one);
    }
    return NULL;
}

fpi_err_t *fpi_handle_points_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_page_t page = { 1, FPI_POINTS, 0 };
    asking_t a = { 0 };

    FPI_TRY(fpi_store_read(app->store, tx_list, &a, call->task));
    answer->data = fpi_page_answer(&page, a.doc, (int64_t)fpi_json_size(a.doc), call->task);
    return NULL;
}

static fpi_err_t *tx_get(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    asking_t *a = baton;
    fpi_point_t *point;

    FPI_TRY(fpi_people_point_get(&point, tx, task->tenant, a->id, task));
    return fpi_form_point(&a->doc, tx, point, task);
}

static fpi_err_t *answer_point(fpi_answer_t *answer, fpi_app_t *app, int64_t id, fpi_task_t *task)
{
    asking_t a = { .id = id };

    FPI_TRY(fpi_store_read(app->store, tx_get, &a, task));
    answer->data = a.doc;
    return NULL;
}

fpi_err_t *fpi_handle_point_get(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    int64_t id;

    FPI_TRY(fpi_call_id(&id, call, "scan_point_id"));
    return answer_point(answer, app, id, call->task);
}

/* ---- change ---- */

static fpi_err_t *put(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer, int64_t id)
{
    fpi_task_t *task = call->task;
    fpi_point_form_t form = { NULL };
    fpi_point_t *point;

    FPI_TRY(fpi_read_object(call));
    FPI_TRY(fpi_json_find_text(&form.name, call->json, "name", FPI_READ_TEXT, task));
    FPI_TRY(fpi_json_find_text(&form.address, call->json, "address", FPI_READ_TEXT, task));
    FPI_TRY(fpi_json_find_text(&form.org, call->json, "org", FPI_READ_TEXT, task));
    FPI_TRY(fpi_read_flag(&form.is_active, call->json, "is_active", task));
    FPI_TRY(fpi_read_words(&form.related, &form.related_count, call->json, "related", task));
    FPI_TRY(fpi_people_point_put(&point, app, id, &form, task));
    FPI_TRY(answer_point(answer, app, point->id, task));
    answer->status = id ? 200 : 201;
    return NULL;
}

fpi_err_t *fpi_handle_point_make(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    return put(app, call, answer, 0);
}

fpi_err_t *fpi_handle_point_put(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    int64_t id;

    FPI_TRY(fpi_call_id(&id, call, "scan_point_id"));
    return put(app, call, answer, id);
}

fpi_err_t *fpi_handle_point_bind(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    int64_t id, user;

    FPI_TRY(fpi_call_id(&id, call, "scan_point_id"));
    FPI_TRY(fpi_call_id(&user, call, "user_id"));
    FPI_TRY(fpi_people_point_bind(app, id, user, call->task));
    return answer_point(answer, app, id, call->task);
}

fpi_err_t *fpi_handle_point_unbind(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    int64_t id, user;

    FPI_TRY(fpi_call_id(&id, call, "scan_point_id"));
    FPI_TRY(fpi_call_id(&user, call, "user_id"));
    FPI_TRY(fpi_people_point_unbind(app, id, user, call->task));
    return answer_point(answer, app, id, call->task);
}

/* ---- candidates: who may be bound, and why the others may not ---- */

static fpi_err_t *add_candidate(asking_t *a, fpi_tx_t *tx, const fpi_point_t *point, const fpi_user_t *user,
                                fpi_task_t *task)
{
    fpi_json_t *one = fpi_json_make_object(task);
    const fpi_err_t *why;

    FPI_TRY(fpi_people_why_not_bind(&why, tx, point, user, task));
    fpi_json_put_int(one, "user_id", user->id);
    fpi_json_put_text(one, "name", user->name);
    fpi_json_put_text(one, "mobile", user->mobile);
    fpi_json_put_bool(one, "is_allowed", !why);
    fpi_json_put_text(one, "why", why ? fpi_err_public(why, task->lang) : NULL);
    fpi_json_add(a->doc, one);
    return NULL;
}

/* Without a search those of the owning organisation; with one whoever fits it. */
static fpi_err_t *tx_candidates(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    asking_t *a = baton;
    fpi_user_query_t query = { .tenant = task->tenant, .active = -1, .search = a->search, .most = CANDIDATES_MOST };
    fpi_point_t *point;
    fpi_user_t *users;
    int64_t total;
    int count;

    a->doc = fpi_json_make_array(task);
    FPI_TRY(fpi_people_point_get(&point, tx, task->tenant, a->id, task));
    query.org = a->search ? -1 : point->org;
    FPI_TRY(fpi_users_list(&users, &count, &total, tx, &query, task));
    for (int i = 0; i < count; i++) {
        FPI_TRY(add_candidate(a, tx, point, &users[i], task));
    }
    return NULL;
}

fpi_err_t *fpi_handle_point_candidates(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_page_t page = { 1, CANDIDATES_MOST, 0 };
    asking_t a = { .search = fpi_params_find(call->params, "q") };

    FPI_TRY(fpi_call_id(&a.id, call, "scan_point_id"));
    if (a.search && fpi_utf8_length(a.search) > FPI_READ_TEXT) {
        return fpi_refuse(call->task, FPI_E_FIELD, "q", "参数 q 超过 %d 个字符", "parameter q is longer than %d characters",
                          FPI_READ_TEXT);
    }
    a.search = a.search && *a.search ? a.search : NULL;
    FPI_TRY(fpi_store_read(app->store, tx_candidates, &a, call->task));
    answer->data = fpi_page_answer(&page, a.doc, (int64_t)fpi_json_size(a.doc), call->task);
    return NULL;
}

/* ---- what the ERP asks for ---- */

typedef struct offering_t {
    const fpi_viewer_t *viewer;
    const char *code, *tax_no;   /* of the organisation that is asked for; NULL: any */
    int64_t org;                 /* its id; 0: any */
    fpi_org_t *orgs;
    int org_count;
    fpi_json_t *doc;
} offering_t;

/* As with bills: organisations of the enterprise's own tax number, and those of none. */
static bool is_own(const offering_t *o, int64_t org)
{
    const char *tax_no = fpi_org_tax_no(o->orgs, o->org_count, org);

    return !fpi_viewer_is_limited(o->viewer) || !tax_no || strcmp(tax_no, o->viewer->tax_no) == 0;
}

static bool is_asked(const offering_t *o, int64_t org)
{
    return o->org ? org == o->org : is_own(o, org);
}

static fpi_err_t *serves(bool *out, fpi_tx_t *tx, const fpi_point_t *point, const offering_t *o, fpi_task_t *task)
{
    fpi_ids_t related;

    *out = point->is_active && is_asked(o, point->org);
    if (*out || !point->is_active) {
        return NULL;
    }
    FPI_TRY(fpi_point_orgs_list(&related, tx, point->id, task));
    for (int i = 0; i < related.count; i++) {
        *out = *out || is_asked(o, related.items[i]);
    }
    return NULL;
}

static fpi_err_t *find_asked(offering_t *o, fpi_tx_t *tx, fpi_task_t *task)
{
    const char *said = o->code ? o->code : o->tax_no;
    fpi_org_t *org;

    FPI_TRY(fpi_orgs_list(&o->orgs, &o->org_count, tx, task->tenant, task));
    if (!said) {
        return NULL;
    }
    FPI_TRY(fpi_org_find(&org, tx, task->tenant, o->tax_no, o->code, task));
    if (!org) {
        return fpi_refuse(task, FPI_E_ABSENT, "orgCode", "组织 %.50s 不存在", "there is no organisation %.50s", said);
    }
    o->org = org->id;
    return is_own(o, org->id)
               ? NULL : fpi_refuse(task, FPI_E_FOREIGN, "orgCode", "该授权 (税号 %s) 无权访问组织 %.50s",
                                   "this enterprise (tax number %s) may not touch organisation %.50s", o->viewer->tax_no, said);
}

static fpi_err_t *tx_offer(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    offering_t *o = baton;
    fpi_point_t *points;
    int count;

    o->doc = fpi_json_make_array(task);
    FPI_TRY(find_asked(o, tx, task));
    FPI_TRY(fpi_points_list(&points, &count, tx, task->tenant, task));
    for (int i = 0; i < count; i++) {
        fpi_json_t *one = fpi_json_make_object(task);
        bool does;

        FPI_TRY(serves(&does, tx, &points[i], o, task));
        fpi_json_put_int(one, "scanPointId", points[i].id);
        fpi_json_put_text(one, "scanPointName", points[i].name);
        fpi_json_put_text(one, "address", points[i].address);
        if (does) {
            fpi_json_add(o->doc, one);
        }
    }
    return NULL;
}

fpi_err_t *fpi_handle_bill_points(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    offering_t o = { .viewer = call->viewer };

    FPI_TRY(fpi_read_object(call));
    FPI_TRY(fpi_form_find(&o.code, call->json, "orgCode|fapplyOrganizationCode|organizationCode", FPI_READ_TEXT, call->task));
    FPI_TRY(fpi_form_find(&o.tax_no, call->json, "taxNo", FPI_READ_TEXT, call->task));
    FPI_TRY(fpi_store_read(app->store, tx_offer, &o, call->task));
    answer->data = fpi_json_make_object(call->task);
    fpi_json_put(answer->data, "scanPoints", o.doc);
    return NULL;
}
