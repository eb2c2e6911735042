/* The intake of the receipt assistant's pushes: lenient about shape, strict about safety, durable before the
 * answer. What a push brings is worked off later (pull.c).
 *
 *   body ─> [decrypt] ─> notices ─> identity ─> may this sender push it? ─> one transaction:
 *                                                 push row + bill + timeline + job     ─> 0000
 *   anything refused: one row of the push log with its reason, and nothing else
 *   put back to work by hand (push_again.c): a refused one comes the same way from the push log, and keeps its row there */
#include "service/push_own.h"

#include "base/clock.h"
#include "service/attach.h"
#include "service/forms.h"
#include "service/jobs.h"
#include "service/pull.h"
#include "service/push.h"
#include "store/bills.h"
#include "store/people.h"
#include "store/pushes.h"

#include <apr_strings.h>
#include <string.h>

#define VERSION_TIMES INT64_C(100000000000) /* ms; counters stay below */

/* ---- body ---- */

static const char *const client_names[] = { "client_id", "clientId", NULL };
static const char *const tax_names[] = { "tax_no", "taxNo", "tin", "ghf_tin", NULL };

/* In the query by any of the names, else in a header by any. */
static const char *beside(const fpi_call_t *call, const char *const *names)
{
    const char *value = NULL;

    for (int i = 0; names[i] && !value; i++) {
        value = fpi_params_find(call->params, names[i]);
    }
    for (int i = 0; names[i] && !value; i++) {
        value = apr_table_get(call->headers, names[i]);
    }
    return value;
}

static const fpi_enterprise_t *named_enterprise(fpi_push_intake_t *in, const char *client_id, const char *tax_no)
{
    if (client_id) {
        return fpi_people_find(in->app, client_id, in->call->task);
    }
    return tax_no ? fpi_people_find_by_tax_no(in->app, 0, tax_no, in->call->task) : NULL;
}

static fpi_err_t *decrypt(char **text, size_t *len, fpi_push_intake_t *in, const char *body, size_t body_len)
{
    fpi_task_t *task = in->call->task;
    const fpi_enterprise_t *e = in->call->enterprise
                                    ? in->call->enterprise
                                    : named_enterprise(in, in->beside.client_id, in->beside.tax_no);

    if (!e) {
        return fpi_refuse(task, FPI_E_FIELD, NULL,
                          "请求体不是JSON; 如为加密内容, 需在查询参数或请求头中给出已授权的 client_id 或 taxNo (tin)",
                          "the body is not JSON; if it is encrypted, say an authorised client_id or taxNo (tin) in the "
                          "query or a header");
    }
    return fpi_body_decrypt(text, len, e->encrypt_key, body, body_len, task);
}

static fpi_err_t *parse_body(fpi_json_t **doc, fpi_push_intake_t *in)
{
    fpi_task_t *task = in->call->task;
    char *text = in->call->body->data;
    size_t len = in->call->body->len;
    bool is_plain;

    text += fpi_json_mark(text, len);
    len -= (size_t)(text - in->call->body->data);
    while (len && strchr(" \t\r\n", *text)) {
        text++;
        len--;
    }
    if (len == 0) {
        return fpi_refuse(task, FPI_E_FIELD, NULL, "请求体为空", "the body is empty");
    }
    if (*text == '"') {
        return fpi_refuse(task, FPI_E_FIELD, NULL, "请求体是带引号的文本, 应为JSON对象或列表, 或不带引号的base64密文",
                          "the body is a text in quotes; expected a JSON object or list, or base64 of what was encrypted "
                          "without quotes");
    }
    is_plain = *text == '{' || *text == '[';
    if (!is_plain) {
        FPI_TRY(decrypt(&text, &len, in, text, len));
    }
    FPI_TRY(fpi_json_parse(doc, text, len, task));
    in->text = text;
    in->whole = is_plain ? *doc : NULL;
    return NULL;
}

/* The outermost word counts: it is what was signed. */
static void take_beside(fpi_identity_t *beside, const fpi_identity_t *wrapper)
{
#define TAKE(member) beside->member = beside->member ? beside->member : wrapper->member
    TAKE(client_id);
    TAKE(tax_no);
    TAKE(timestamp);
    TAKE(sign);
    TAKE(enc_type);
#undef TAKE
}

/* The flagship family sends a `data` of Base64 (facts-cloud.md 2): of JSON, or of what was encrypted. */
static fpi_err_t *unpack(const fpi_json_t **inner, const char *packed, fpi_push_intake_t *in)
{
    fpi_task_t *task = in->call->task;
    size_t len = strlen(packed);
    char *text = (char *)fpi_base64_decode(&len, task->pool, packed, len);
    fpi_json_t *doc;

    if (!text || len == 0) {
        return fpi_refuse(task, FPI_E_FIELD, "data", "字段 data 为文本, 应为对象、列表, 或JSON (可用 encrypt_key 加密) 的base64",
                          "field data is a text; expected an object, a list, or base64 of JSON, which may be encrypted with "
                          "the encrypt_key");
    }
    if (*text != '{' && *text != '[') {
        FPI_TRY(decrypt(&text, &len, in, packed, strlen(packed)));
    }
    FPI_TRY(fpi_json_parse(&doc, text, len, task));
    *inner = doc;
    return NULL;
}

/* Some senders wrap: {"data": {...}} or {"bills": [...]}; the identity decides which level is meant. Client and
 * sign may stand on the wrapper. */
static fpi_err_t *unwrap(const fpi_json_t **doc, fpi_push_intake_t *in)
{
    static const char *const wraps[] = { "data", "bills", "bill", "list", "body" };
    fpi_task_t *task = in->call->task;

    for (int depth = 0; depth < 3 && fpi_json_is_object(*doc); depth++) {
        fpi_identity_t id;
        const fpi_json_t *inner = NULL;
        const char *packed = fpi_json_text(fpi_json_find(*doc, "data"));

        FPI_TRY(fpi_form_read_identity(&id, *doc, task));
        if (id.number || id.erp_id || id.bill_no) {
            return NULL;
        }
        for (size_t i = 0; !inner && i < sizeof(wraps) / sizeof(*wraps); i++) {
            inner = fpi_json_find(*doc, wraps[i]);
            inner = fpi_json_is_object(inner) || fpi_json_is_array(inner) ? inner : NULL;
        }
        if (!inner && !packed) {
            return NULL;
        }
        take_beside(&in->beside, &id);
        if (!inner) {
            FPI_TRY(unpack(&inner, packed, in));
        }
        *doc = inner;
    }
    return NULL;
}

/* ---- notices ---- */

/* What makes two pushes the same: the object without what changes at each call. */
static const char *content_sha(const fpi_json_t *object, fpi_task_t *task)
{
    static const char *const passing[] = { "sign", "timestamp", "reqid", "access_token", "encType", "traceId",
                                           "random" };
    fpi_json_t *copy = fpi_json_copy(object, task);
    const char *text;

    for (size_t i = 0; i < sizeof(passing) / sizeof(*passing); i++) {
        fpi_json_drop(copy, passing[i]);
    }
    text = fpi_json_format(copy, true, task);
    return fpi_sha256_hex(text, strlen(text), task);
}

static fpi_err_t *read_notice(fpi_push_notice_t *notice, fpi_push_intake_t *in, const fpi_json_t *object)
{
    fpi_task_t *task = in->call->task;
    fpi_document_t doc;

    if (!fpi_json_is_object(object)) {
        return fpi_refuse(task, FPI_E_FIELD, NULL, "推送内容应为JSON对象或对象列表",
                          "a push must be a JSON object or a list of objects");
    }
    notice->object = object;
    FPI_TRY(fpi_form_read_identity(&notice->id, object, task));
    fpi_form_read_pushed(&doc, object, task);
    notice->is_document = doc.invoices != NULL;
    notice->body = object == in->whole ? in->text : fpi_json_format(object, false, task);
    notice->sha = content_sha(object, task);
    if (!notice->id.client_id) {
        notice->id.client_id = in->beside.client_id;
    }
    if (!notice->id.tax_no) {
        notice->id.tax_no = in->beside.tax_no;
    }
    if (!notice->id.number && !notice->id.erp_id && !notice->id.bill_no) {
        return fpi_fail(task, FPI_E_NO_NUMBER, "a push without image number or bill key");
    }
    return NULL;
}

/* ---- who may push ---- */

/* A sign is good for the call that it came with. */
static bool is_signed(const fpi_enterprise_t **by, fpi_push_intake_t *in, const fpi_identity_t *id)
{
    return id->sign && id->client_id && !in->row
           && fpi_access_sign_check(by, in->app, id->client_id, id->timestamp, id->sign, id->enc_type, in->call->task)
                  == NULL;
}

/* One sign for all notices, as it is taken once only. */
static void trust_sign(fpi_push_intake_t *in)
{
    const fpi_enterprise_t *by;

    if (!in->is_trusted && is_signed(&by, in, &in->beside)) {
        in->is_trusted = true;
        in->call->enterprise = by;
    }
}

static fpi_err_t *check_source(fpi_push_intake_t *in)
{
    const apr_array_header_t *allowed = in->app->settings->push_allow;
    fpi_task_t *task = in->call->task;

    if (!allowed || fpi_subnets_has(allowed, in->call->client_ip, task->pool)) {
        return NULL;
    }
    return fpi_refuse(task, FPI_E_FOREIGN, NULL, "推送来源地址 %s 不在 FPImagePushAllow 允许范围",
                      "the push came from %s, which FPImagePushAllow does not admit", in->call->client_ip);
}

static fpi_err_t *check_push_table(fpi_push_intake_t *in, fpi_push_notice_t *notice, const fpi_enterprise_t *named)
{
    fpi_task_t *task = in->call->task;
    bool is_empty;
    const fpi_push_row_t *row;

    FPI_TRY(check_source(in));
    notice->is_known = named != NULL;
    if (!notice->id.client_id && !notice->id.tax_no) {
        return fpi_refuse(task, FPI_E_FOREIGN, "client_id",
                          "推送未说明企业: 需要 client_id 或 taxNo (或携带本系统的 access_token)",
                          "the push does not say whose it is: client_id or taxNo is needed (or a token of ours)");
    }
    row = fpi_people_find_push_row(in->app, notice->id.client_id, notice->id.tax_no, &is_empty, task);
    if (!row) {
        return fpi_refuse(task, FPI_E_FOREIGN, "client_id",
                          "推送表中没有 client_id %s / 税号 %s 的记录%s; 请用 fpimagectl push-table add 登记",
                          "the push table has no row for client_id %s / tax number %s%s; add it with fpimagectl "
                          "push-table add",
                          notice->id.client_id ? notice->id.client_id : "-",
                          notice->id.tax_no ? notice->id.tax_no : "-", is_empty ? " (empty)" : "");
    }
    notice->is_known = true;
    notice->tenant = row->tenant;
    notice->tax_no = row->tax_no;
    notice->enterprise = fpi_people_find(in->app, row->client_id, task);
    return NULL;
}

/* It may speak for itself, a tenant authorisation for all of its tenant. */
static fpi_err_t *check_named(const fpi_enterprise_t *by, const fpi_enterprise_t *named, fpi_task_t *task)
{
    fpi_viewer_t viewer = fpi_viewer_of_enterprise(by);

    if (!viewer.tax_no || !*named->tax_no || strcmp(viewer.tax_no, named->tax_no) == 0) {
        return NULL;
    }
    return fpi_refuse(task, FPI_E_FOREIGN, "clientId", "该授权 (%s) 无权为 client_id %s 推送",
                      "this enterprise (%s) may not push for client_id %s", by->client_id, named->client_id);
}

static fpi_err_t *admit(fpi_push_intake_t *in, fpi_push_notice_t *notice)
{
    const fpi_enterprise_t *named = named_enterprise(in, notice->id.client_id, notice->id.tax_no);
    const fpi_enterprise_t *by = in->call->enterprise;

    if (!in->is_trusted && !is_signed(&by, in, &notice->id)) {
        notice->tenant = named ? named->tenant : 0;
        return check_push_table(in, notice, named);
    }
    notice->is_known = true;
    notice->tenant = by->tenant;
    FPI_TRY(fpi_bill_check_owner(by, notice->id.tax_no, in->call->task));
    if (named && named->tenant == by->tenant) {
        FPI_TRY(check_named(by, named, in->call->task));
        notice->enterprise = named;
    }
    else {
        notice->enterprise = by;
    }
    notice->tax_no = notice->id.tax_no ? notice->id.tax_no : notice->enterprise->tax_no;
    return NULL;
}

/* ---- storing ---- */

static fpi_err_t *find_bill(fpi_bill_t **bill, fpi_tx_t *tx, fpi_push_notice_t *notice, fpi_task_t *task)
{
    if (notice->id.number) {
        return fpi_bill_find(bill, tx, notice->tenant, notice->id.number,
                             notice->id.resource ? notice->id.resource : "", task);
    }
    FPI_TRY(fpi_bill_find_by_erp(bill, tx, notice->tenant, notice->id.erp_id, notice->id.bill_no, task));
    if (!*bill) {
        return fpi_refuse(task, FPI_E_NO_NUMBER, "scanBillNo",
                          "影像编号为空, 且单据池中找不到对应单据 (billId %s), 未接收任何内容",
                          "the image number is missing and the bill pool has no bill for it (billId %s); nothing was "
                          "accepted",
                          notice->id.erp_id ? notice->id.erp_id : "-");
    }
    return NULL;
}

static fpi_err_t *make_bill(fpi_bill_t **out, fpi_tx_t *tx, const fpi_push_notice_t *notice, fpi_task_t *task)
{
    fpi_bill_t *bill = *out = apr_pcalloc(task->pool, sizeof(*bill));
    const char *type = notice->id.type_code;

    bill->tenant = notice->tenant;
    bill->number = notice->id.number;
    bill->resource = notice->id.resource ? notice->id.resource : "";
    bill->erp_id = notice->id.erp_id;
    bill->bill_no = notice->id.bill_no;
    bill->tax_no = notice->tax_no;
    return type && *type ? fpi_attach_put_type(bill, type, tx, task) : NULL;
}

/* Whose it is: as it was admitted; else, as one that is refused may say anything, whom its client_id means, before what it says,
 * before who sent it. NULL: nobody known. */
static const char *whose(const fpi_push_intake_t *in, const fpi_push_notice_t *notice, int64_t tenant, fpi_task_t *task)
{
    const fpi_enterprise_t *by = in->call->enterprise, *named;

    if (notice->tax_no) {
        return notice->tax_no;
    }
    named = notice->id.client_id ? fpi_people_find(in->app, notice->id.client_id, task) : NULL;
    if (named && named->tenant == tenant && *named->tax_no) {
        return named->tax_no;
    }
    return notice->id.tax_no ? notice->id.tax_no : by ? by->tax_no : NULL;
}

static fpi_err_t *put_push(fpi_push_t *row, fpi_tx_t *tx, const fpi_push_intake_t *in, const fpi_push_notice_t *notice,
                           fpi_task_t *task)
{
    row->client_id = notice->id.client_id;
    row->tax_no = whose(in, notice, row->tenant, task);
    row->source = in->call->client_ip;
    row->trace = task->trace;
    row->at = fpi_clock_now();
    row->body = notice->body;
    row->body_len = (int64_t)strlen(notice->body);
    row->body_sha = notice->sha;
    row->id = in->row;
    return fpi_push_put(row, tx, task);
}

/* The same content: nothing new is stored. A notice still means "look again" once the last look is over, as
 * the receipt may have changed in the cloud behind the same notice. One that waits already will do; one that is
 * at work looks again when it ends, a parked one gets another chance. */
static fpi_err_t *take_again(fpi_tx_t *tx, const fpi_bill_t *bill, fpi_push_notice_t *notice, fpi_task_t *task)
{
    fpi_job_t *job;
    int64_t push = 0;

    notice->result = "unchanged";
    FPI_TRY(fpi_push_repeat(&push, tx, bill->id, notice->sha, task));
    if (notice->is_document || bill->state == FPI_STATE_VOID) {
        return NULL;
    }
    FPI_TRY(fpi_job_find(&job, tx, FPI_JOB_PULL, apr_psprintf(task->pool, "%" APR_INT64_T_FMT, bill->id), task));
    return job && strcmp(job->state, "ready") == 0 ? NULL : fpi_pull_put(tx, bill, push, task);
}

static fpi_err_t *take_older(fpi_tx_t *tx, const fpi_push_intake_t *in, const fpi_bill_t *bill, fpi_push_notice_t *notice,
                             fpi_task_t *task)
{
    fpi_push_t row = { .tenant = bill->tenant, .bill = bill->id, .number = bill->number, .status = "older",
                       .reason = "newer content had arrived before" };

    notice->result = "older";
    FPI_TRY(put_push(&row, tx, in, notice, task));
    return fpi_trail_add(tx, bill, "push", "an older push arrived late and changed nothing", NULL, task);
}

/* Among others, which are taken: a refusal would be one of all of them. */
static fpi_err_t *take_void(fpi_tx_t *tx, const fpi_push_intake_t *in, const fpi_bill_t *bill, fpi_push_notice_t *notice, fpi_task_t *task)
{
    fpi_push_t row = { .tenant = bill->tenant, .number = bill->number, .status = "refused", .reason = "the bill is void" };

    notice->result = "void";
    FPI_TRY(put_push(&row, tx, in, notice, task));
    return fpi_pushes_prune_refused(tx, task);
}

static fpi_err_t *take_new(fpi_tx_t *tx, const fpi_push_intake_t *in, fpi_bill_t *bill, fpi_push_notice_t *notice,
                           fpi_task_t *task)
{
    fpi_push_t row = { .tenant = bill->tenant, .number = bill->number, .status = "taken" };

    notice->result = "taken";
    bill->push_sha = notice->sha;
    bill->push_version = notice->id.version ? notice->id.version : bill->push_version;
    FPI_TRY(fpi_bill_put(bill, tx, task));
    row.bill = bill->id;
    FPI_TRY(put_push(&row, tx, in, notice, task));
    FPI_TRY(fpi_trail_add(tx, bill, "push",
                          notice->is_document ? "the receipt assistant pushed the bill with its invoices"
                                              : "the receipt assistant announced invoices",
                          NULL, task));
    return fpi_pull_put(tx, bill, row.id, task);
}

/* Times and counters are compared with their like only. */
static bool is_older(int64_t version, int64_t than)
{
    return version && than && (version < VERSION_TIMES) == (than < VERSION_TIMES) && version < than;
}

static fpi_err_t *take_for(fpi_bill_t **of, fpi_tx_t *tx, fpi_push_intake_t *in, fpi_push_notice_t *notice, fpi_task_t *task)
{
    fpi_bill_t *bill;
    fpi_state_t to;

    FPI_TRY(find_bill(of, tx, notice, task));
    bill = *of;
    if (!bill) {
        FPI_TRY(make_bill(of, tx, notice, task));
        notice->number = (*of)->number;
        return take_new(tx, in, *of, notice, task);
    }
    if (bill->tax_no && *bill->tax_no && notice->tax_no && strcmp(bill->tax_no, notice->tax_no) != 0) {
        return fpi_wrap(task,
                        fpi_refuse(task, FPI_E_FOREIGN, "taxNo", "单据 %s 不属于推送的税号 %s",
                                   "bill %s is not of the tax number %s that the push says",
                                   notice->id.number ? notice->id.number : notice->id.erp_id, notice->tax_no),
                        "bill %s belongs to tax number %s", bill->number, bill->tax_no);
    }
    notice->number = bill->number;
    if (bill->push_sha && strcmp(bill->push_sha, notice->sha) == 0) {
        return take_again(tx, bill, notice, task);
    }
    if (bill->state == FPI_STATE_VOID && in->is_list) {
        return take_void(tx, in, bill, notice, task);
    }
    FPI_TRY(fpi_bill_move(&to, bill, FPI_ACT_PUSH, task));
    if (is_older(notice->id.version, bill->push_version)) {
        return take_older(tx, in, bill, notice, task);
    }
    return take_new(tx, in, bill, notice, task);
}

/* One from the push log has its row already. */
static fpi_err_t *note_taken_up(fpi_tx_t *tx, const fpi_push_intake_t *in, const fpi_bill_t *bill, const fpi_push_notice_t *notice,
                                fpi_task_t *task)
{
    fpi_push_t row = { .tenant = bill->tenant, .bill = bill->id, .number = bill->number, .status = "unchanged",
                       .reason = "the same content had arrived before" };

    if (strcmp(notice->result, "unchanged") == 0) {
        FPI_TRY(put_push(&row, tx, in, notice, task));
    }
    return fpi_trail_add(tx, bill, "push", "put back to work by hand", NULL, task);
}

static fpi_err_t *take_one(fpi_tx_t *tx, fpi_push_intake_t *in, fpi_push_notice_t *notice, fpi_task_t *task)
{
    fpi_bill_t *bill;

    FPI_TRY(take_for(&bill, tx, in, notice, task));
    return in->row ? note_taken_up(tx, in, bill, notice, task) : NULL;
}

fpi_err_t *fpi_push_take(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    fpi_push_intake_t *in = baton;

    for (in->at = 0; in->at < in->count; in->at++) {
        task->tenant = in->notices[in->at].tenant;
        FPI_TRY(take_one(tx, in, &in->notices[in->at], task));
    }
    return NULL;
}

/* ---- refusals are kept, too ---- */

typedef struct refused_t {
    const fpi_push_intake_t *in;
    const fpi_push_notice_t *notice;
    const fpi_err_t *why;
} refused_t;

/* In the log of whoever it speaks of, as far as that is known. */
static int64_t tenant_of(const refused_t *refused)
{
    const fpi_enterprise_t *by = refused->in->call->enterprise;

    return refused->notice->tenant ? refused->notice->tenant : by ? by->tenant : FPI_TENANT_FIRST;
}

const char *fpi_push_reason(const fpi_err_t *why)
{
    return why->cause ? why->detail : fpi_err_public(why, "en");
}

/* A stranger's long body is not kept, and its row says so. */
static void drop_long(fpi_push_t *row, fpi_push_notice_t *notice, const fpi_push_intake_t *in, fpi_task_t *task)
{
    size_t len = strlen(notice->body);

    if (notice->is_known || in->is_trusted || len <= FPI_REFUSED_STRANGER) {
        return;
    }
    row->reason = apr_psprintf(task->pool, "%s; nothing of its %" APR_SIZE_T_FMT " bytes was kept, as the sender is not known",
                               row->reason, len);
    notice->body = "";
}

static fpi_err_t *put_refused(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    const refused_t *refused = baton;
    fpi_push_notice_t notice = *refused->notice;
    fpi_push_t row = { .tenant = tenant_of(refused), .number = notice.id.number, .status = "refused",
                       .reason = fpi_push_reason(refused->why) };

    drop_long(&row, &notice, refused->in, task);
    FPI_TRY(put_push(&row, tx, refused->in, &notice, task));
    return fpi_pushes_prune_refused(tx, task);
}

static void keep_refused(fpi_push_intake_t *in, const fpi_push_notice_t *notice, const fpi_err_t *why)
{
    refused_t refused = { in, notice, why };
    fpi_push_notice_t none = { .body = "", .sha = "" };
    fpi_err_t *err;

    if (!notice || !notice->body) {
        refused.notice = &none;
    }
    err = fpi_store_write(in->app->store, put_refused, &refused, in->call->task);
    if (err) {
        fpi_log_err(in->call->task, FPI_M_STORE_DOWN, err, "a refused push could not be put into the push log");
    }
}

bool fpi_push_is_ours_to_tell(const fpi_err_t *err)
{
    return fpi_code_info(err->code)->retry == FPI_RETRY_CALLER;
}

static fpi_err_t *refuse_push(fpi_push_intake_t *in, const fpi_push_notice_t *notice, fpi_err_t *err)
{
    FPI_COUNT(in->app, pushes_refused, 1);
    if (!fpi_push_is_ours_to_tell(err)) {
        return err;
    }
    keep_refused(in, notice, err);
    if (err->code == FPI_E_NO_NUMBER) {
        fpi_journal_push(in->app, in->call, notice && notice->body ? notice->body : "",
                         notice && notice->body ? strlen(notice->body) : 0);
    }
    fpi_log_err(in->call->task, FPI_M_PUSH_REFUSED, err, "push from %s refused", in->call->client_ip);
    return err;
}

/* ---- the handler ---- */

fpi_err_t *fpi_push_check(fpi_app_t *app, fpi_call_t *call)
{
    fpi_push_intake_t in = { .app = app, .call = call };

    call->task->actor = apr_pstrcat(call->task->pool, "cloud:", call->client_ip, NULL);
    if (fpi_access_call(app, call) == NULL || !call->token) {
        return NULL;
    }
    return refuse_push(&in, NULL, fpi_fail(call->task, FPI_E_TOKEN, "the push carries a token that is not valid"));
}

static fpi_err_t *read_notices(fpi_push_intake_t *in, const fpi_json_t *doc)
{
    FPI_TRY(unwrap(&doc, in));
    trust_sign(in);
    in->is_list = fpi_json_is_array(doc);
    in->count = in->is_list ? (int)fpi_json_size(doc) : 1;
    if (in->count < 1 || in->count > FPI_LIST_MAX) {
        int count = in->count;

        in->count = 0;
        return fpi_refuse(in->call->task, FPI_E_FIELD, NULL, "推送列表应有 1 到 %d 条, 实有 %d 条",
                          "a push list must have 1 to %d items; it has %d", FPI_LIST_MAX, count);
    }
    in->notices = apr_pcalloc(in->call->task->pool, sizeof(fpi_push_notice_t) * (size_t)in->count);
    for (in->at = 0; in->at < in->count; in->at++) {
        fpi_push_notice_t *notice = &in->notices[in->at];

        FPI_TRY(read_notice(notice, in, in->is_list ? fpi_json_at(doc, (size_t)in->at) : doc));
        FPI_TRY(admit(in, notice));
    }
    return NULL;
}

fpi_err_t *fpi_push_read(fpi_push_intake_t *in)
{
    fpi_json_t *doc;

    FPI_TRY(parse_body(&doc, in));
    return read_notices(in, doc);
}

static fpi_json_t *result_of(const fpi_push_notice_t *notice, fpi_task_t *task)
{
    fpi_json_t *item = fpi_json_make_object(task);

    fpi_json_put_text(item, "scanBillNo", notice->number);
    fpi_json_put_text(item, "result", notice->result);
    return item;
}

/* Whether there is something to be done now. */
static bool count_result(fpi_push_intake_t *in, const char *result)
{
    if (strcmp(result, "taken") == 0) {
        FPI_COUNT(in->app, pushes_taken, 1);
        return true;
    }
    if (strcmp(result, "void") == 0) {
        FPI_COUNT(in->app, pushes_refused, 1);
    }
    else {
        FPI_COUNT(in->app, pushes_unchanged, 1);
    }
    return false;
}

static void report(fpi_push_intake_t *in, fpi_answer_t *answer)
{
    bool taken = false;

    answer->data = fpi_json_make_array(in->call->task);
    for (int i = 0; i < in->count; i++) {
        taken |= count_result(in, in->notices[i].result);
        fpi_json_add(answer->data, result_of(&in->notices[i], in->call->task));
    }
    if (taken) {
        fpi_jobs_wake_for(in->app, FPI_JOB_PULL);
    }
}

fpi_err_t *fpi_handle_push(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_push_intake_t in = { .app = app, .call = call, .is_trusted = call->enterprise != NULL };
    fpi_err_t *err;

    in.beside.client_id = beside(call, client_names);
    in.beside.tax_no = fpi_form_tax_no(beside(call, tax_names), call->task);
    in.beside.timestamp = fpi_params_find(call->params, "timestamp");
    in.beside.sign = fpi_params_find(call->params, "sign");
    in.beside.enc_type = fpi_params_find(call->params, "encType");
    err = fpi_call_check_encoding(call);
    err = err ? err : fpi_push_read(&in);
    if (err) {
        return refuse_push(&in, in.count ? &in.notices[in.at] : NULL, err);
    }
    if (in.notices[0].id.number) {
        call->note(call->baton, "FPIMAGE_BILL", in.notices[0].id.number);
    }
    err = fpi_store_write(app->store, fpi_push_take, &in, call->task);
    if (err) {
        return refuse_push(&in, &in.notices[in.at < in.count ? in.at : 0], err);
    }
    report(&in, answer);
    return NULL;
}
