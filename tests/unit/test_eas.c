/* Business systems against a peer in this process: login, session, notices, what a verification finds. The strict
 * stand-in of tests/httpd is another program; here the peer says what a test scripts. */
#include "unit.h"
#include "fakecloud.h"
#include "remote/erp_lists.h"
#include "remote/erp_own.h"
#include "wire/crypto.h"

#include "base/clock.h"

#include <apr_strings.h>
#include <signal.h>

enum { THREADS = 16, PEER_ROOM = 16 * 1024 };

static apr_time_t shift;

static apr_time_t shifted(void)
{
    return apr_time_now() + __atomic_load_n(&shift, __ATOMIC_RELAXED);
}

/* ---- the peer ---- */

#define HEAD "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" " \
             "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><soapenv:Body>"
#define TAIL "</soapenv:Body></soapenv:Envelope>"
#define RET(inner) "<r:xResponse xmlns:r=\"urn:r\"><xReturn>" inner "</xReturn></r:xResponse>"
#define DONE "&lt;DATA&gt;&lt;retCode&gt;0&lt;/retCode&gt;&lt;/DATA&gt;"
#define FAULT(text) "<soapenv:Fault><faultcode>soapenv:Server.userException</faultcode><faultstring>" text \
                    "</faultstring></soapenv:Fault>"

static struct {
    const char *login;           /* its answer's body; NULL: a session */
    int login_status;
    const char *body[4];         /* of the calls in turn; the last one of them again and again */
    int status, calls, logins;
    char said[PEER_ROOM], head[4096]; /* of the last call */
} peer;

static bool give_session(int fd, int number)
{
    char body[2048];

    snprintf(body, sizeof(body), HEAD "<n:loginResponse xmlns:n=\"urn:x\"><loginReturn href=\"#id0\"/></n:loginResponse>"
             "<multiRef id=\"id0\"><dbType href=\"#id1\"/><password>hush-hush</password><sessionId>S-%d</sessionId>"
             "</multiRef><multiRef id=\"id1\">1</multiRef>" TAIL, number);
    return fake_reply(fd, 200, "Set-Cookie: JSESSIONID=j1; Path=/; HttpOnly\r\nSet-Cookie: route=r2\r\n", body);
}

static bool answer(fake_t *fake, int fd, const fake_request_t *rq)
{
    bool is_login = strstr(rq->target, "/EASLogin") != NULL;
    char body[PEER_ROOM];
    const char *said;
    int number, status;

    pthread_mutex_lock(&fake->lock);
    number = is_login ? ++peer.logins : peer.calls++;
    if (!is_login) {
        apr_cpystrn(peer.said, rq->body, sizeof(peer.said));
        apr_cpystrn(peer.head, rq->head, sizeof(peer.head));
    }
    pthread_mutex_unlock(&fake->lock);
    if (is_login && !peer.login) {
        return give_session(fd, number);
    }
    while (!is_login && number > 0 && (number >= 4 || !peer.body[number])) {
        number--;
    }
    said = is_login ? peer.login : peer.body[number];
    if (said[0] == '!') {
        return fake_reply(fd, is_login ? peer.login_status : peer.status, "", said + 1);
    }
    snprintf(body, sizeof(body), HEAD "%s" TAIL, said);
    status = strstr(said, "Fault>") ? 500 : 200;
    return fake_reply(fd, status, "Content-Type: text/xml; charset=utf-8\r\n", body);
}

/* ---- what each test has ---- */

static fake_t *fake;
static fpi_system_t eas;
static fpi_erp_t *erp;

static fpi_erp_t *make_erp(int seconds)
{
    fpi_erp_options_t options = { .http = { .slots = 32, .slot_wait = apr_time_from_sec(5), .user_agent = "test" } };
    fpi_erp_t *made;

    options.http.times.connect = options.http.times.first_byte = options.http.times.idle = apr_time_from_sec(seconds);
    unit_done(fpi_erp_make(&made, task->pool, &options, task));
    return made;
}

static void open_all(void)
{
    unit_open();
    signal(SIGPIPE, SIG_IGN);
    shift = 0;
    fpi_clock_set(shifted);
    fpi_http_setup();
    memset(&peer, 0, sizeof(peer));
    peer.body[0] = RET(DONE);
    fake = fake_open(answer);
    fpi_system_init(&eas, 1);
    eas.id = 7;
    eas.name = "集团EAS";
    eas.prefix = apr_pstrcat(task->pool, fake->base, "/ormrpc/services/", NULL);
    eas.dc = "DC01";
    eas.user = "imguser";
    eas.password = fpi_secret_make_text(task->pool, "hush-hush");
    erp = make_erp(20);
}

static void close_all(void)
{
    apr_pool_destroy(task->pool);
    fake_close(fake);
}

static const fpi_notice_t ready = { .kind = FPI_NOTICE_READY, .number = "KD<1>&", .pages = 3, .person = "zhangsan",
                                    .reason = "补\"充\"" };

static fpi_err_t *tell(void)
{
    return fpi_erp_notify(erp, &eas, &ready, task);
}

/* The document that travelled in the last call. */
static fpi_xml_t *told(void)
{
    fpi_xml_t *root, *inner;

    unit_done(fpi_xml_parse(&root, peer.said, strlen(peer.said), task));
    unit_done(fpi_soap_inner(&inner, fpi_xml_text(fpi_xml_first(fpi_xml_first(fpi_xml_first(root, "Body"), NULL), NULL),
                                                  task), task));
    return inner;
}

static void has_line(const char *head, const char *line)
{
    ck_assert_msg(strcasestr(head, line) != NULL, "%s is not in %s", line, head);
}

/* ---- notices ---- */

START_TEST(tells_in_a_session)
{
    fpi_xml_t *root, *data;

    unit_done(tell());
    unit_done(tell());
    ck_assert_int_eq(peer.logins, 1);
    ck_assert_int_eq(peer.calls, 2);
    unit_done(fpi_xml_parse(&root, peer.said, strlen(peer.said), task));
    ck_assert_str_eq(fpi_xml_find_text(root, "Header/SessionId", task), "S-1");
    ck_assert_str_eq(fpi_xml_space(fpi_xml_find(root, "Header/SessionId")), "http://login.webservice.bos.kingdee.com");
    ck_assert_ptr_nonnull(fpi_xml_find(root, "Body/updateImageStateNew/inputXML"));
    has_line(peer.head, "Cookie: JSESSIONID=j1; route=r2\n");
    has_line(peer.head, "SOAPAction: \"\"\n");
    data = told();
    ck_assert_str_eq(fpi_xml_name(data), "DATA");
    ck_assert_str_eq(fpi_xml_find_text(data, "barCodeList/barCodeInfo/barCode", task), "KD<1>&");
    ck_assert_str_eq(fpi_xml_find_text(data, "barCodeList/barCodeInfo/imageCount", task), "3");
    ck_assert_str_eq(fpi_xml_find_text(data, "imageState", task), "2");
    ck_assert_str_eq(fpi_xml_find_text(data, "updaterID", task), "zhangsan");
    ck_assert_str_eq(fpi_xml_find_text(data, "updReason", task), "补\"充\"");
}
END_TEST

START_TEST(tells_with_names_of_the_installation)
{
    static const struct {
        fpi_eas_name_t name;
        const char *value;
    } set[] = { { FPI_EAS_FACADE, "WSOther" }, { FPI_EAS_OPERATION, "imageReady" }, { FPI_EAS_OPERATION_BACK, "reverse" },
                { FPI_EAS_SPACE, "urn:other" }, { FPI_EAS_DATA, "Doc" }, { FPI_EAS_BAR_CODE, "code" },
                { FPI_EAS_CODE_AGAIN, "14" }, { FPI_EAS_RET_CODE, "result" } };
    fpi_notice_t again = ready, back = { .kind = FPI_NOTICE_SENT_BACK, .number = "KD1" };

    for (int i = 0; i < UNIT_COUNT(set); i++) {
        unit_done(fpi_eas_name_set(&eas, set[i].name, set[i].value, task));
    }
    again.is_again = true;
    peer.body[0] = RET("&lt;x&gt;&lt;result&gt;0&lt;/result&gt;&lt;/x&gt;");
    peer.body[1] = "<r:reverseResponse xmlns:r=\"urn:r\"/>";
    unit_done(fpi_erp_notify(erp, &eas, &again, task));
    ck_assert_ptr_nonnull(strstr(fake->last.target, "/WSOther"));
    ck_assert_ptr_nonnull(strstr(peer.said, "imageReady xmlns:ns1=\"urn:other\""));
    ck_assert_ptr_nonnull(strstr(peer.said, "<inputXml "));
    ck_assert_str_eq(fpi_xml_name(told()), "Doc");
    ck_assert_str_eq(fpi_xml_text(fpi_xml_seek(told(), "code"), task), "KD<1>&");
    ck_assert_str_eq(fpi_xml_find_text(told(), "imageState", task), "14");
    unit_done(fpi_erp_notify(erp, &eas, &back, task)); /* void: no fault is enough */
    ck_assert_ptr_nonnull(strstr(peer.said, "<ns1:reverse "));
    ck_assert_str_eq(fpi_xml_find_text(told(), "updaterID", task), "imguser");
}
END_TEST

START_TEST(understands_answers)
{
    static const struct {
        const char *body;
        fpi_code_t code;
        const char *says;        /* in the public text */
    } cases[] = {
        { RET("&lt;?xml version=\"1.0\" encoding=\"GBK\"?&gt;&lt;DATA&gt;&lt;retCode&gt; 0 &lt;/retCode&gt;&lt;/DATA&gt;"),
          FPI_DONE, NULL },
        { RET("&lt;DATA&gt;&lt;a&gt;&lt;retCode&gt;0&lt;/retCode&gt;&lt;/a&gt;&lt;/DATA&gt;"), FPI_DONE, NULL },
        { "<x><xReturn href=\"#i\"/></x><multiRef id=\"i\">" DONE "</multiRef>", FPI_DONE, NULL },
        { RET("&lt;DATA&gt;&lt;retCode&gt;1&lt;/retCode&gt;&lt;retMsg&gt;单据不存在&lt;/retMsg&gt;&lt;/DATA&gt;"),
          FPI_E_ERP_REFUSED, "单据不存在" },
        { RET("&lt;DATA&gt;&lt;retCode&gt;9&lt;/retCode&gt;&lt;retMsg&gt;pw hush-hush&lt;/retMsg&gt;&lt;/DATA&gt;"),
          FPI_E_ERP_REFUSED, "***" },
        { RET("&lt;DATA&gt;&lt;retCode&gt;0000&lt;/retCode&gt;&lt;/DATA&gt;"), FPI_DONE, NULL },
        { RET("&lt;DATA&gt;&lt;retCode&gt;7&lt;/retCode&gt;&lt;/DATA&gt;"), FPI_E_ERP_REFUSED, "未说明原因 (7)" },
        { RET(""), FPI_E_ERP_UNCLEAR, NULL },
        { "<r:xResponse xmlns:r=\"urn:r\"/>", FPI_E_ERP_UNCLEAR, NULL },
        { RET("ok"), FPI_E_ERP_UNCLEAR, NULL },
        { RET("&lt;DATA/&gt;"), FPI_E_ERP_UNCLEAR, NULL },
        { "<x><xReturn href=\"#none\"/></x>", FPI_E_ERP_UNCLEAR, NULL },
        { FAULT("com.kingdee.bos.webservice.WSInvokeException: 工作流已锁定"), FPI_E_ERP_REFUSED, "工作流已锁定" },
        { "!<html><body>login</body></html>", FPI_E_ERP_UNCLEAR, NULL },
        { "!", FPI_E_ERP_UNCLEAR, NULL },
    };

    for (int i = 0; i < UNIT_COUNT(cases); i++) {
        fpi_err_t *err;

        peer.body[0] = cases[i].body;
        peer.status = 200;
        err = tell();
        if (!cases[i].code) {
            unit_done(err);
            continue;
        }
        unit_failed(err, cases[i].code);
        ck_assert_msg(!cases[i].says || strstr(fpi_err_public(err, "zh"), cases[i].says), "%d: %s", i,
                      fpi_err_public(err, "zh"));
        ck_assert_ptr_null(strstr(fpi_err_chain(task->pool, err), "hush"));
        ck_assert_ptr_null(strstr(fpi_err_public(err, "zh"), "hush"));
    }
}
END_TEST

/* ---- the session ---- */

typedef struct telling_t {
    pthread_t thread;
    apr_pool_t *pool;
    fpi_err_t *err;
} telling_t;

static void *run_telling(void *data)
{
    telling_t *t = data;

    t->err = fpi_erp_notify(erp, &eas, &ready, fpi_task_make(t->pool, NULL));
    return NULL;
}

START_TEST(threads_share_one_login)
{
    telling_t all[THREADS];

    fake->delay_ms = 100;
    for (int i = 0; i < THREADS; i++) {
        apr_pool_create(&all[i].pool, NULL);
        ck_assert_int_eq(pthread_create(&all[i].thread, NULL, run_telling, &all[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(all[i].thread, NULL);
        unit_done(all[i].err);
        apr_pool_destroy(all[i].pool);
    }
    ck_assert_int_eq(peer.logins, 1);
    ck_assert_int_eq(peer.calls, THREADS);
}
END_TEST

/* The fault ends early, and another closes what FAULT opened. */
#define CLASS_ALONE "com.kingdee.bos.webservice.WSInvokeException</faultstring><detail><stackTrace>Caused by: please login " \
                    "first</stackTrace></detail><faultstring>"

START_TEST(dead_sessions_are_logged_in_again_once)
{
    static const char *const words[] = { "Please login first!", "session not found: S-1", CLASS_ALONE };
    fpi_err_t *err;

    for (int i = 0; i < UNIT_COUNT(words); i++) {
        peer.calls = peer.logins = 0;
        eas.id = i;
        peer.body[1] = apr_psprintf(task->pool, FAULT("%s"), words[i]);
        peer.body[2] = RET(DONE);
        unit_done(tell());
        unit_done(tell());
        ck_assert_int_eq(peer.logins, 2);
        ck_assert_int_eq(peer.calls, 3);
        ck_assert_ptr_nonnull(strstr(peer.said, ">S-2<"));
    }
    /* one that was just made is not asked for again */
    peer.calls = peer.logins = 0;
    eas.id = 9;
    peer.body[0] = FAULT("session not found, sessionId=S-1");
    peer.body[1] = NULL;
    err = tell();
    unit_failed(err, FPI_E_ERP_REFUSED);
    ck_assert_ptr_null(strstr(fpi_err_chain(task->pool, err), "S-1"));
    ck_assert_int_eq(peer.logins, 1);
    ck_assert_int_eq(peer.calls, 1);
}
END_TEST

/* RMIException is said of dead sessions and of business alike (facts-erp.md 1.7). */
START_TEST(an_old_session_may_be_dead_a_new_one_not)
{
    peer.body[0] = FAULT("com.kingdee.bos.webservice.WSInvokeException: com.kingdee.bos.orm.rmi.RMIException: x");
    unit_failed(tell(), FPI_E_ERP_REFUSED);
    ck_assert_int_eq(peer.logins, 1);
    __atomic_store_n(&shift, apr_time_from_sec(700), __ATOMIC_RELAXED);
    unit_failed(tell(), FPI_E_ERP_REFUSED);
    ck_assert_int_eq(peer.logins, 2);
    ck_assert_int_eq(peer.calls, 3);
}
END_TEST

START_TEST(refused_logins_are_remembered)
{
    fpi_err_t *err;

    peer.login = "<x><loginReturn><password>hush-hush</password><sessionId xsi:nil=\"true\"/></loginReturn></x>";
    err = tell();
    unit_failed(err, FPI_E_ERP_REFUSED);
    ck_assert_ptr_null(strstr(fpi_err_chain(task->pool, err), "hush"));
    unit_failed(tell(), FPI_E_ERP_REFUSED);
    ck_assert_int_eq(peer.logins, 1);
    eas.epoch++; /* somebody has changed it */
    unit_failed(tell(), FPI_E_ERP_REFUSED);
    ck_assert_int_eq(peer.logins, 2);
    peer.login = NULL;
    unit_failed(tell(), FPI_E_ERP_REFUSED);
    eas.epoch++; /* and so does a verification that succeeded */
    unit_done(tell());
    ck_assert_int_eq(peer.calls, 1);
}
END_TEST

START_TEST(logins_have_6_7_or_8_parameters)
{
    static const struct {
        const char *auth;
        int encode;
        bool has_auth, has_encode;
    } cases[] = { { NULL, -1, false, false }, { "BaseDB", -1, true, false }, { "BaseDB", 0, true, true } };

    peer.login = "!no";
    for (int i = 0; i < UNIT_COUNT(cases); i++) {
        eas.auth_pattern = cases[i].auth;
        eas.encode_pwd = cases[i].encode;
        eas.epoch++;
        unit_failed(tell(), FPI_E_ERP);
        ck_assert_ptr_nonnull(strstr(fake->last.body, "<dbType xsi:type=\"xsd:int\">1</dbType>"));
        ck_assert_int_eq(strstr(fake->last.body, "<authPattern") != NULL, cases[i].has_auth);
        ck_assert_int_eq(strstr(fake->last.body, "<isEncodePwd") != NULL, cases[i].has_encode);
    }
}
END_TEST

START_TEST(slow_and_absent_peers)
{
    fake->delay_ms = 1500;
    erp = make_erp(1);
    unit_failed(tell(), FPI_E_ERP_LATE);
    eas.prefix = "http://127.0.0.1:1/ormrpc/services/";
    eas.epoch++;
    unit_failed(tell(), FPI_E_ERP);
}
END_TEST

START_TEST(sessions_as_they_are_kept)
{
    static const char *const bad[] = { "", "?", "MTIz", "MQpzCg", "eApTCg", "MQpTCmE9YgpjPWQ" };
    fpi_eas_session_t session;

    ck_assert(fpi_eas_session_parse(&session, fpi_base64url_encode(task->pool, "12\nS\na=b; c=d", 13), task));
    ck_assert_str_eq(session.id->bytes, "S");
    ck_assert_str_eq(session.cookies, "a=b; c=d");
    ck_assert_int_eq(session.since, 12);
    for (int i = 0; i < UNIT_COUNT(bad); i++) {
        bool is_good = fpi_eas_session_parse(&session, bad[i], task);

        ck_assert_msg(!is_good || i == 3, "%s", bad[i]); /* the fourth is "1\ns\n": no cookies */
    }
}
END_TEST

/* ---- states and lists ---- */

START_TEST(reads_states)
{
    static const struct {
        const char *body;
        int state;
    } cases[] = { { RET("2"), 2 }, { RET(" 5 "), 5 }, { RET(""), -1 }, { "<x/>", -1 },
                  { RET("&lt;DATA&gt;&lt;imageState&gt;3&lt;/imageState&gt;&lt;/DATA&gt;"), 3 },
                  { RET("&lt;DATA&gt;&lt;retCode&gt;1&lt;/retCode&gt;&lt;/DATA&gt;"), -1 } };
    int state;

    for (int i = 0; i < UNIT_COUNT(cases); i++) {
        peer.body[0] = cases[i].body;
        unit_done(fpi_erp_find_state(&state, erp, &eas, "KD1", task));
        ck_assert_msg(state == cases[i].state, "%d: %d", i, state);
    }
    ck_assert_ptr_nonnull(strstr(peer.said, "<imageNumber xsi:type=\"xsd:string\">KD1</imageNumber>"));
    peer.body[0] = RET("ready");
    unit_failed(fpi_erp_find_state(&state, erp, &eas, "KD1", task), FPI_E_ERP);
}
END_TEST

START_TEST(reads_lists_whichever_way_round)
{
    fpi_json_t *list;

    peer.body[0] = RET("[{\"userID\":\"u1\",\"orgID\":\"o1\"}]"); /* of snchronyOrg: exchanged */
    peer.body[1] = RET("[{\"orgID\":\"o1\"},{\"orgID\":\"o2\"}]");
    unit_done(fpi_erp_list_orgs(&list, erp, &eas, apr_time_from_sec(1700000000), task));
    ck_assert_int_eq(fpi_json_size(list), 2);
    ck_assert_ptr_nonnull(strstr(peer.said, "<ns1:snchronyUser "));
    ck_assert_str_eq(fpi_xml_find_text(told(), "beginTime", task), "20231115061320");
    unit_failed(fpi_erp_list_users(&list, erp, &eas, 0, task), FPI_E_ERP); /* both give organisations now */
    peer.calls = 0;
    unit_done(fpi_erp_list_users(&list, erp, &eas, 0, task));
    ck_assert_int_eq(fpi_json_size(list), 1);
    peer.body[0] = RET("[]"); /* no organisation has changed, and the user comes from its operation */
    peer.body[1] = RET("[{\"userID\":\"u1\"}]");
    peer.calls = 0;
    unit_done(fpi_erp_list_users(&list, erp, &eas, 0, task));
    ck_assert_int_eq(fpi_json_size(list), 1);
    peer.calls = 0;
    unit_done(fpi_erp_list_orgs(&list, erp, &eas, 0, task));
    ck_assert_int_eq(fpi_json_size(list), 0);
    peer.body[0] = RET("null and void");
    peer.calls = 0;
    unit_failed(fpi_erp_list_users(&list, erp, &eas, 0, task), FPI_E_ERP);
}
END_TEST

static fpi_json_t *json_of(const char *text)
{
    fpi_json_t *list;

    unit_done(fpi_json_parse(&list, text, strlen(text), task));
    return list;
}

START_TEST(takes_what_lists_say)
{
    fpi_erp_user_t *users;
    fpi_erp_org_t *orgs;
    int count;

    unit_done(fpi_erp_users_take(&users, &count, json_of(
        "[{\"userID\":\"u1\",\"userName\":\"old\"},{\"USERID\":7,\"userName\":\" A \",\"Cell\":13800000001,\"email\":\"\",\"mail\":\"a@b.c\"},"
        "{\"userID\":\"u1\",\"userName\":\"new\",\"cell\":null,\"phone\":\"1\",\"orgNumber\":\"01\"},{\"userName\":\"x\"},1,"
        "{\"userID\":\"u2\",\"userName\":[]}]"), &eas, task));
    ck_assert_int_eq(count, 5); /* the later one of u1 is it */
    ck_assert_str_eq(users[0].name, "new");
    ck_assert_str_eq(users[0].mobile, "1");
    ck_assert_str_eq(users[0].org, "01");
    ck_assert_str_eq(users[1].id, "7");
    ck_assert_str_eq(users[1].name, "A");
    ck_assert_str_eq(users[1].mobile, "13800000001");
    ck_assert_str_eq(users[1].mail, "a@b.c");
    for (int i = 0; i < count; i++) {
        ck_assert_msg((users[i].why == NULL) == (i < 2), "%d", i);
    }
    unit_done(fpi_eas_name_set(&eas, FPI_EAS_USER_MOBILE, "telNo", task));
    unit_done(fpi_erp_users_take(&users, &count, json_of("[{\"userID\":\"u\",\"userName\":\"n\",\"cell\":\"1\",\"telNo\":\"2\"},"
                                                         "{\"userID\":\"v\",\"userName\":\"n\",\"cell\":\"1\"}]"), &eas, task));
    ck_assert_str_eq(users[0].mobile, "2");
    ck_assert_ptr_null(users[1].mobile);
    unit_done(fpi_erp_orgs_take(&orgs, &count, json_of(
        "[{\"orgID\":\"c\",\"orgNumber\":\"3\",\"orgName\":\"c\",\"parentID\":\"b\"},"
        "{\"orgID\":\"r\",\"orgNumber\":\"9\",\"orgName\":\"r\",\"parentID\":\"r\"},"
        "{\"orgID\":\"b\",\"orgNumber\":\"2\",\"orgName\":\"b\",\"parentID\":\"a\"},"
        "{\"orgID\":\"a\",\"orgNumber\":\"1\",\"orgName\":\"a\",\"parentID\":\"\"},{\"orgID\":\"e\"}]"), task));
    fpi_erp_orgs_sort(orgs, count, task->pool);
    for (int i = 0; i < 5; i++) {
        ck_assert_msg(orgs[i].id[0] == "aebcr"[i] && (orgs[i].why != NULL) == (i == 1), "%d: %s", i, orgs[i].id);
    }
}
END_TEST

/* ---- verification ---- */

static void finds(const char *about, const char *says)
{
    fpi_erp_verdict_t verdict;

    unit_done(fpi_erp_verify(&verdict, erp, &eas, task));
    ck_assert_msg(verdict.count > 0, "nothing found, not even of %s", about);
    ck_assert(!verdict.is_right);
    for (int i = 0; i < verdict.count; i++) {
        ck_assert_ptr_null(strstr(verdict.findings[i].zh, "hush"));
        ck_assert_ptr_null(strstr(verdict.findings[i].en, "hush"));
    }
    ck_assert_str_eq(verdict.findings[0].about, about);
    ck_assert_msg(strstr(verdict.findings[0].en, says) != NULL, "%s: %s", about, verdict.findings[0].en);
}

START_TEST(finds_what_is_wrong_with_a_login)
{
    static const struct {
        const char *login;
        int status;
        const char *about, *says;
    } cases[] = {
        { "!<html><body>Not Found</body></html>", 404, "path", "HTTP 404" },
        { "!<html>log in</html>", 200, "path", "no SOAP envelope" },
        { "!<x><password>hush-hush</password></x>", 200, "path", "HTTP 200" },
        { "!bad gateway", 502, "answer", "HTTP 502" },
        { FAULT("org.apache.axis.AxisFault: The AXIS engine could not find a target service to invoke! "
                "no service for EASLogin"), 0, "path", "no EASLogin" },
        { FAULT("No such operation 'login'"), 0, "answer", "so many parameters" },
        { FAULT("数据中心 DC9 不存在"), 0, "dc", "data centre" },
        { FAULT("solution kis not found"), 0, "solution", "solution" },
        { FAULT("java.lang.Exception: wrong password hush-hush"), 0, "password", "***" },
        { FAULT("用户已被锁定"), 0, "user", "locked" },
        { FAULT("dbType 5 is unknown"), 0, "db_type", "database type" },
        { FAULT("java.lang.NullPointerException"), 0, "answer", "NullPointer" },
        { "<x><loginReturn><sessionId/></loginReturn></x>", 0, "answer", "no session" },
        { "<x><loginReturn xsi:nil=\"1\"/></x>", 0, "answer", "no session" },
        { "<x><loginReturn href=\"#9\"/></x>", 0, "answer", "not understood" },
    };

    for (int i = 0; i < UNIT_COUNT(cases); i++) {
        peer.login = cases[i].login;
        peer.login_status = cases[i].status;
        finds(cases[i].about, cases[i].says);
    }
    eas.solution = "kis";
    peer.login = "<x><loginReturn/></x>";
    finds("solution", "kis");
}
END_TEST

START_TEST(finds_what_is_wrong_behind_a_login)
{
    fpi_erp_verdict_t verdict;

    peer.body[0] = RET("0");
    unit_done(fpi_erp_verify(&verdict, erp, &eas, task));
    ck_assert(verdict.is_right);
    /* it reached the operation */
    peer.body[0] = FAULT("com.kingdee.bos.orm.rmi.RMIException: 影像编号不存在");
    unit_done(fpi_erp_verify(&verdict, erp, &eas, task));
    ck_assert(verdict.is_right);
    peer.body[0] = FAULT("no service for WSSSCImageBaseServiceFacade");
    finds("facade", "WSSSCImageBaseServiceFacade");
    peer.body[0] = FAULT("please login first");
    finds("session", "isRomoteLocate");
    peer.body[0] = "!not here";
    peer.status = 404;
    finds("facade", "no service");
}
END_TEST

START_TEST(finds_what_is_wrong_with_the_way)
{
    eas.prefix = "http://no-such-host.invalid:6888/ormrpc/services/";
    finds("host", "resolved");
    eas.prefix = "http://127.0.0.1:1/ormrpc/services/";
    finds("port", "no connections");
    eas.prefix = apr_psprintf(task->pool, "https://127.0.0.1:%d/ormrpc/services/", fake->port);
    finds("port", "TLS");
    eas.prefix = apr_pstrcat(task->pool, fake->base, "/ormrpc/services/", NULL);
    fake->delay_ms = 1500;
    erp = make_erp(1);
    finds("answer", "in time");
}
END_TEST

/* ---- the webhook ---- */

START_TEST(webhooks_are_signed)
{
    fpi_notice_t back = { .kind = FPI_NOTICE_SENT_BACK, .id = "n-1", .number = "KD1", .pages = 2, .reason = "模糊" };
    const char *sum;
    fpi_json_t *doc;

    eas.kind = "webhook";
    peer.body[0] = "!";
    peer.status = 204;
    unit_done(fpi_erp_notify(erp, &eas, &back, task));
    unit_done(fpi_hmac_hex(&sum, eas.password, peer.said, strlen(peer.said), task));
    has_line(peer.head, apr_pstrcat(task->pool, "X-FPImage-Signature: sha256=", sum, "\n", NULL));
    has_line(peer.head, "X-FPImage-Event: image.sent_back\n");
    unit_done(fpi_json_parse(&doc, peer.said, strlen(peer.said), task));
    ck_assert_str_eq(fpi_json_text(fpi_json_find(doc, "id")), "n-1");
    ck_assert_str_eq(fpi_json_text(fpi_json_find(doc, "image_number")), "KD1");
    ck_assert_int_eq(peer.logins, 0);
}
END_TEST

START_TEST(webhooks_say_no)
{
    static const struct {
        int status;
        fpi_code_t code;
        const char *about;
    } cases[] = { { 200, FPI_DONE, NULL }, { 401, FPI_E_ERP_REFUSED, "password" }, { 404, FPI_E_ERP_REFUSED, "path" },
                  { 429, FPI_E_ERP, "answer" }, { 500, FPI_E_ERP, "answer" }, { 302, FPI_E_ERP, "path" } };
    fpi_json_t *list;
    int state;

    eas.kind = "webhook";
    peer.body[0] = "!{\"message\":\"why not\"}";
    for (int i = 0; i < UNIT_COUNT(cases); i++) {
        fpi_err_t *err;

        peer.status = cases[i].status;
        err = tell();
        if (!cases[i].code) {
            unit_done(err);
            continue;
        }
        unit_failed(err, cases[i].code);
        ck_assert_ptr_nonnull(strstr(fpi_err_chain(task->pool, err), "why not"));
        finds(cases[i].about, "why not");
    }
    unit_done(fpi_erp_find_state(&state, erp, &eas, "KD1", task));
    ck_assert_int_eq(state, -1);
    unit_done(fpi_erp_list_users(&list, erp, &eas, 0, task));
    ck_assert_int_eq(fpi_json_size(list), 0);
    eas.kind = "sap";
    unit_failed(tell(), FPI_E_CONFIG);
}
END_TEST

/* ---- settings ---- */

START_TEST(checks_settings)
{
    fpi_system_t s = eas;

    s.name = "  集团EAS ";
    s.user = " imguser\t";
    s.language = "l2";
    unit_done(fpi_system_check(&s, task));
    ck_assert_str_eq(s.name, "集团EAS");
    ck_assert_str_eq(s.user, "imguser");
    ck_assert_str_eq(s.language, "L2");
#define REFUSES(member, value, named)                            \
    do {                                                         \
        fpi_system_t bad = eas;                                  \
        fpi_err_t *err;                                          \
                                                                 \
        bad.member = value;                                      \
        err = fpi_system_check(&bad, task);                      \
        unit_failed(err, FPI_E_FIELD);                           \
        ck_assert_str_eq(err->field, named);                     \
    } while (0)
    REFUSES(name, " ", "name");
    REFUSES(kind, "sap", "kind");
    REFUSES(dc, "DC 01", "dc");
    REFUSES(user, NULL, "user");
    REFUSES(language, "zh", "language");
    REFUSES(db_type, 10, "db_type");
    REFUSES(encode_pwd, 0, "encode_pwd");
    REFUSES(password, fpi_secret_make_text(task->pool, ""), "password");
    eas.kind = "webhook";
    REFUSES(password, fpi_secret_make_text(task->pool, "too short"), "password");
    unit_failed(fpi_eas_name_set(&s, FPI_EAS_BAR_CODE, "bar code", task), FPI_E_FIELD);
    unit_failed(fpi_eas_name_set(&s, FPI_EAS_CODE_READY, "two", task), FPI_E_FIELD);
    unit_failed(fpi_eas_name_set(&s, FPI_EAS_SPACE, "http://x/\"", task), FPI_E_FIELD);
    unit_done(fpi_eas_name_set(&s, FPI_EAS_CODE_READY, "2", task));
    ck_assert_ptr_null(s.names[FPI_EAS_CODE_READY]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("eas");
    TCase *all = tcase_create("eas");

    tcase_add_checked_fixture(all, open_all, close_all);
    tcase_set_timeout(all, 60);
    suite_add_tcase(suite, all);
    tcase_add_test(all, tells_in_a_session);
    tcase_add_test(all, tells_with_names_of_the_installation);
    tcase_add_test(all, understands_answers);
    tcase_add_test(all, threads_share_one_login);
    tcase_add_test(all, dead_sessions_are_logged_in_again_once);
    tcase_add_test(all, an_old_session_may_be_dead_a_new_one_not);
    tcase_add_test(all, refused_logins_are_remembered);
    tcase_add_test(all, logins_have_6_7_or_8_parameters);
    tcase_add_test(all, slow_and_absent_peers);
    tcase_add_test(all, sessions_as_they_are_kept);
    tcase_add_test(all, reads_states);
    tcase_add_test(all, reads_lists_whichever_way_round);
    tcase_add_test(all, takes_what_lists_say);
    tcase_add_test(all, finds_what_is_wrong_with_a_login);
    tcase_add_test(all, finds_what_is_wrong_behind_a_login);
    tcase_add_test(all, finds_what_is_wrong_with_the_way);
    tcase_add_test(all, webhooks_are_signed);
    tcase_add_test(all, webhooks_say_no);
    tcase_add_test(all, checks_settings);
    return unit_run(suite);
}
