/* One SOAP call of an EAS, and the session that it needs:
 *
 *   call ─> session: memory ─miss─> cache ─miss─> lock ─> login, kept     (remote/tokens.c)
 *        <─ "session not found" ─> dropped, logged in again once ─> call again */
#include "remote/erp_own.h"

#include "base/clock.h"

#include <apr_strings.h>
#include <string.h>
#include <strings.h>

enum {
    LOGIN_TIME = 30 * APR_USEC_PER_SEC, CALL_TIME = 60 * APR_USEC_PER_SEC,
    FRESH = 600 * APR_USEC_PER_SEC, TRIES_MOST = 3,
    ID_MOST = 1000, COOKIES_MOST = 1500, LOGIN_PARTS = 8
};

/* EAS says nothing of a session's life; it is asked for a new one at least this often */
static const apr_interval_time_t session_life = 12 * 3600 * APR_USEC_PER_SEC;

/* ---- one exchange ---- */

static apr_table_t *headers_of(const char *cookies, fpi_task_t *task)
{
    apr_table_t *headers = apr_table_make(task->pool, 6);

    apr_table_addn(headers, "Content-Type", "text/xml; charset=utf-8");
    apr_table_addn(headers, "Accept", "text/xml, multipart/related, application/soap+xml");
    apr_table_addn(headers, "SOAPAction", "\"\""); /* Axis refuses a call without one, and ignores what it says */
    apr_table_addn(headers, "traceparent", fpi_task_traceparent(task));
    if (cookies && *cookies) {
        apr_table_addn(headers, "Cookie", cookies);
    }
    return headers;
}

static fpi_err_t *exchange(fpi_eas_answer_t *answer, fpi_erp_t *erp, const fpi_system_t *system, const char *service,
                           const fpi_soap_call_t *call, const char *cookies, apr_interval_time_t most,
                           fpi_task_t *task)
{
    fpi_http_exchange_t *ex = &answer->ex;
    fpi_secret_t *body;
    fpi_err_t *err;

    memset(answer, 0, sizeof(*answer));
    FPI_TRY(fpi_soap_format(&body, call, task));
    ex->url = apr_pstrcat(task->pool, system->prefix, service, NULL);
    ex->headers = headers_of(cookies, task);
    ex->body = body->bytes;
    ex->body_len = body->len;
    FPI_TRY(fpi_erp_post(ex, erp, system, most, task));
    err = fpi_soap_parse(&answer->soap, ex->reply->data, ex->reply->len, task);
    fpi_secret_wipe(ex->reply->data, ex->reply->len); /* a login's answer repeats the password */
    if (err && system->password->len && strstr(err->detail, system->password->bytes)) {
        return fpi_fail(task, FPI_E_ERP, "%s answered HTTP %d to %s, and no SOAP", system->name, ex->status,
                        call->operation);
    }
    if (err) {
        return fpi_recode(task, err, FPI_E_ERP, "%s answered HTTP %d to %s", system->name, ex->status, call->operation);
    }
    answer->fault = fpi_soap_fault(answer->soap);
    return NULL;
}

/* ---- login ---- */

/* EAS's balancer knows by them which instance keeps the session (facts-erp.md 1.6). Axis' own server gives one without
 * a name. */
static const char *cookies_of(const apr_table_t *headers, fpi_task_t *task)
{
    const apr_array_header_t *rows = apr_table_elts(headers);
    const char *cookies = "";

    for (int i = 0; i < rows->nelts; i++) {
        const apr_table_entry_t *row = &APR_ARRAY_IDX(rows, i, apr_table_entry_t);
        size_t len;

        if (!row->key || strcasecmp(row->key, "Set-Cookie") != 0) {
            continue;
        }
        len = strcspn(row->val, "; \t");
        if (len && strlen(cookies) + len + 2 <= COOKIES_MOST) {
            cookies = apr_pstrcat(task->pool, cookies, *cookies ? "; " : "", apr_pstrmemdup(task->pool, row->val, len),
                                  NULL);
        }
    }
    return cookies;
}

/* "time id cookies", in base64: what a peer makes of ids and cookies is not ours to restrict. */
static const char *token_of(const fpi_eas_session_t *session, fpi_task_t *task)
{
    const char *text = apr_psprintf(task->pool, "%" APR_INT64_T_FMT "\n%s\n%s", (apr_int64_t)session->since,
                                    session->id->bytes, session->cookies);

    return fpi_base64url_encode(task->pool, text, strlen(text));
}

bool fpi_eas_session_parse(fpi_eas_session_t *session, const char *token, fpi_task_t *task)
{
    size_t len;
    char *text = (char *)fpi_base64url_decode(&len, task->pool, token, strlen(token));
    char *id, *cookies;

    if (!text || memchr(text, '\0', len)) {
        return false;
    }
    text = apr_pstrmemdup(task->pool, text, len);
    id = strchr(text, '\n');
    cookies = id ? strchr(id + 1, '\n') : NULL;
    if (!cookies || cookies == id + 1 || strchr(cookies + 1, '\n') || strchr(cookies + 1, '\r')) {
        return false;
    }
    *id++ = '\0';
    *cookies++ = '\0';
    session->token = token;
    session->id = fpi_secret_make_text(task->pool, id);
    session->cookies = cookies;
    return fpi_int_parse(&session->since, text, 0, INT64_MAX);
}

static int login_parts(fpi_soap_part_t *parts, const fpi_system_t *system)
{
    const fpi_soap_part_t all[LOGIN_PARTS] = {
        { "userName", FPI_SOAP_TEXT, system->user, 0, NULL },
        { "password", FPI_SOAP_SECRET, NULL, 0, system->password },
        { "slnName", FPI_SOAP_TEXT, system->solution, 0, NULL },
        { "dcName", FPI_SOAP_TEXT, system->dc, 0, NULL },
        { "language", FPI_SOAP_TEXT, system->language, 0, NULL },
        { "dbType", FPI_SOAP_INT, NULL, system->db_type, NULL },
        { "authPattern", FPI_SOAP_TEXT, system->auth_pattern, 0, NULL },
        { "isEncodePwd", FPI_SOAP_INT, NULL, system->encode_pwd, NULL },
    };

    memcpy(parts, all, sizeof(all));
    return !system->auth_pattern ? 6 : system->encode_pwd < 0 ? 7 : 8;
}

static fpi_err_t *take_session(fpi_eas_session_t *session, const fpi_eas_answer_t *answer, const fpi_system_t *system,
                               fpi_task_t *task)
{
    const char *id;
    fpi_xml_t *context;

    FPI_TRY(fpi_soap_result(&context, answer->soap, task));
    FPI_TRY(fpi_soap_find_text(&id, answer->soap, context, "sessionId", task));
    if (!id || !*id || strlen(id) > ID_MOST || strpbrk(id, "\r\n")) {
        return fpi_refuse(task, FPI_E_ERP_REFUSED, NULL,
                          "%s 未给出会话: 用户、密码、数据中心、数据库类型或解决方案之一有误",
                          "%s gave no session: user, password, data centre, database type or solution is wrong",
                          system->name);
    }
    session->id = fpi_secret_make_text(task->pool, id);
    session->cookies = cookies_of(answer->ex.reply_headers, task);
    session->since = fpi_clock_now();
    session->token = token_of(session, task);
    return NULL;
}

fpi_err_t *fpi_eas_login(fpi_eas_session_t *session, fpi_eas_answer_t *answer, fpi_erp_t *erp,
                         const fpi_system_t *system, fpi_task_t *task)
{
    fpi_soap_part_t parts[LOGIN_PARTS];
    fpi_soap_call_t call = { "login", fpi_eas_name(system, FPI_EAS_LOGIN_SPACE), parts, login_parts(parts, system), NULL,
                             NULL };
    fpi_err_t *err;

    FPI_TRY(exchange(answer, erp, system, "EASLogin", &call, NULL, LOGIN_TIME, task));
    if (answer->fault) {
        const char *words = fpi_erp_words(answer->fault->text, system, task);

        err = fpi_fail(task, FPI_E_ERP, "%s: login: a fault: %s", system->name, words);
        err->zh = apr_psprintf(task->pool, "%s 登录出错: %s", system->name, words);
        err->en = apr_psprintf(task->pool, "%s: login failed: %s", system->name, words);
        return err;
    }
    err = take_session(session, answer, system, task);
    return err && err->code == FPI_E_UNREADABLE ? fpi_recode(task, err, FPI_E_ERP, "%s: login", system->name) : err;
}

fpi_err_t *fpi_eas_fetch(void *baton, fpi_token_t *token, const fpi_holder_t *holder, fpi_task_t *task)
{
    fpi_eas_session_t session;
    fpi_eas_answer_t answer;

    FPI_TRY(fpi_eas_login(&session, &answer, baton, holder->subject, task));
    token->text = session.token;
    token->fetched = session.since;
    token->expires = session.since + session_life;
    return NULL;
}

/* ---- calls ---- */

static bool says(const fpi_soap_fault_t *fault, const char *words)
{
    return strcasestr(fault->text, words) || strcasestr(fault->detail, words);
}

bool fpi_eas_is_dead(const fpi_soap_fault_t *fault, apr_time_t since)
{
    if (!fault) {
        return false;
    }
    if (says(fault, "please login first") || says(fault, "session not found")) {
        return true;
    }
    /* so EAS answers when it finds no session, but for exceptions of its business, too: a new session can't be dead */
    return says(fault, "RMIException") && fpi_clock_now() - since > FRESH;
}

const char *fpi_eas_fault_words(const fpi_eas_answer_t *answer, const fpi_system_t *system, fpi_task_t *task)
{
    char *text = apr_pstrdup(task->pool, answer->fault->text);
    const fpi_secret_t *id = answer->session;

    for (char *at = id ? strstr(text, id->bytes) : NULL; at; at = strstr(at, id->bytes)) {
        memset(at, '*', id->len);
    }
    return fpi_erp_words(text, system, task);
}

fpi_err_t *fpi_eas_ask(fpi_eas_answer_t *answer, fpi_erp_t *erp, const fpi_system_t *system,
                       const fpi_eas_session_t *session, const char *operation, const char *parameter,
                       const char *text, fpi_task_t *task)
{
    const fpi_soap_part_t part = { parameter, FPI_SOAP_TEXT, text, 0, NULL };
    const fpi_soap_call_t call = { operation, fpi_eas_name(system, FPI_EAS_SPACE), &part, 1,
                                   fpi_eas_name(system, FPI_EAS_LOGIN_SPACE), session->id };

    FPI_TRY(exchange(answer, erp, system, fpi_eas_name(system, FPI_EAS_FACADE), &call, session->cookies, CALL_TIME,
                     task));
    answer->session = session->id;
    return NULL;
}

/* Everything that a session depends on is in the epoch; the rest keeps systems of one id in two stores apart. */
static fpi_holder_t holder_of(const fpi_system_t *system, fpi_task_t *task)
{
    return (fpi_holder_t){
        apr_psprintf(task->pool, "%" APR_INT64_T_FMT, (apr_int64_t)system->id),
        apr_psprintf(task->pool, "%s\n%s\n%s\n%s\n%" APR_INT64_T_FMT, system->prefix, system->dc, system->solution,
                     system->user, (apr_int64_t)system->epoch),
        system->password, system
    };
}

static fpi_err_t *get_session(fpi_eas_session_t *session, fpi_erp_t *erp, const fpi_holder_t *holder, fpi_task_t *task)
{
    const char *token;

    FPI_TRY(fpi_tokens_get(&token, erp->sessions, holder, task));
    if (!fpi_eas_session_parse(session, token, task)) {
        fpi_tokens_drop(erp->sessions, holder, token, task);
        return fpi_fail(task, FPI_E_ERP, "the shared cache held something else than a session; it was dropped");
    }
    return NULL;
}

/* Something that says that all is well, and can't be understood, has come from there: that it is there is known. */
static fpi_err_t *told_from_silence(const fpi_err_t *err, const fpi_eas_answer_t *answer, fpi_task_t *task)
{
    bool is_answer = answer->ex.status >= 200 && answer->ex.status < 300;

    return err && err->code == FPI_E_ERP && is_answer ? fpi_recode(task, err, FPI_E_ERP_UNCLEAR, "the answer is no SOAP")
                                                      : (fpi_err_t *)err;
}

/* A session that stood when we began may be dead, and so may the one that another child has left in the cache since;
 * one that was made for us is not asked for twice. */
static fpi_err_t *ask_in_session(fpi_eas_answer_t *answer, fpi_erp_t *erp, const fpi_system_t *system,
                                 const char *operation, const char *parameter, const char *text, fpi_task_t *task)
{
    fpi_holder_t holder = holder_of(system, task);
    apr_time_t begun = fpi_clock_now();

    for (int tries = 0;; tries++) {
        fpi_eas_session_t session;

        FPI_TRY(get_session(&session, erp, &holder, task));
        FPI_TRY(told_from_silence(fpi_eas_ask(answer, erp, system, &session, operation, parameter, text, task), answer, task));
        if (!fpi_eas_is_dead(answer->fault, session.since)
            || !fpi_tokens_drop(erp->sessions, &holder, session.token, task)) {
            return NULL;
        }
        if (session.since >= begun || tries == TRIES_MOST) {
            fpi_tokens_note_vain(erp->sessions, &holder, task);
            return NULL;
        }
    }
}

static fpi_err_t *refuse_fault(const fpi_eas_answer_t *answer, const char *operation, const fpi_system_t *system,
                               fpi_task_t *task)
{
    const fpi_soap_fault_t *fault = answer->fault;

    return fpi_refuse(task, FPI_E_ERP_REFUSED, NULL, "%s 的 %s 出错: %s (%s)", "%s: %s failed: %s (%s)", system->name,
                      operation, fpi_eas_fault_words(answer, system, task),
                      fault->exception ? fault->exception : fault->code);
}

fpi_err_t *fpi_eas_call(const char **result, fpi_erp_t *erp, const fpi_system_t *system, const char *operation,
                        const char *parameter, const char *text, fpi_task_t *task)
{
    fpi_eas_answer_t answer;
    fpi_xml_t *value;
    fpi_err_t *err;

    FPI_TRY(ask_in_session(&answer, erp, system, operation, parameter, text, task));
    if (answer.fault) {
        return refuse_fault(&answer, operation, system, task);
    }
    err = fpi_soap_result(&value, answer.soap, task);
    err = err ? err : fpi_soap_find_text(result, answer.soap, value, NULL, task);
    return err ? fpi_recode(task, err, FPI_E_ERP_UNCLEAR, "%s of %s", operation, system->name) : NULL;
}
