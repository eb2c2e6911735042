/* Which handler would serve an unknown call: told by the names in its body and query, and by the words of its path.
 *
 *   points:  a word of the handler in the path 4, or 8 when it is the last part of it, 6 when that is a slip away
 *            the part of the path that the vendor gives to this kind of call 6
 *            a field of the handler that was sent 2, one that only this kind of call has 5
 *   sure:    high from 12 on with 4 ahead of the next; medium from 6 on with 2 ahead; else low */
#include "service/suggest.h"

#include "service/api.h"
#include "service/settings.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { WORD = 4, SLIP = 6, LAST_WORD = 8, HOME = 6, FIELD = 2, OWN_FIELD = 5, HIGH = 12, MEDIUM = 6 };

/* Lists have blanks between; words are parts of a path's segment in lower case. */
typedef struct profile_t {
    const char *handler;
    const char *words;
    const char *own;    /* fields that tell it from the others */
    const char *fields; /* fields that it shares */
    const char *home;   /* where the vendor's own system has such calls, or NULL */
} profile_t;

static const profile_t profiles[] = {
    { "oauth_token", "token oauth auth login", "sign encType grant_type",
      "client_id clientId timestamp client_secret",
      "/api/base/" },
    { "bill_push", "erpbillpush billpush billadd savebill syncbill",
      "fscanBillNo fbillId fbillTypeCode fbillTypeDes fapplyUserName fapplyUserPhone fapplyErpUserName "
      "fapplyOrganizationCode fapplyOrganizationName",
      "scanBillNo billId billTypeCode resource billNo taxNo", "/api/imgsys/bill/signpost/" },
    { "bill_status", "billstatus status querystatus getstatus imagestatus state", "",
      "scanBillNo fscanBillNo resource", NULL },
    { "bill_rescan", "rescan sendback reject retreat", "rescanReason",
      "scanBillNo reason operator operatorName resource", NULL },
    { "bill_cancel", "cancelrescan undorescan withdraw revoke", "",
      "scanBillNo operator operatorName resource", NULL },
    { "bill_review", "review approve auditpass confirmimage", "",
      "scanBillNo operator operatorName reason resource", NULL },
    { "bill_invalid", "invalid void discard deletebill", "", "scanBillNo operator reason resource", NULL },
    { "bill_voucher", "voucher bindvoucher erpbingscanvoucher erpbindscanvoucher",
      "voucherNo voucher voucherNumber fvoucherNo", "scanBillNo resource lock", NULL },
    { "event_code", "geteventcode eventcode", "userPhone rights", "scanBillNo resource", NULL },
    { "view_url", "geth5viewpageurl viewpageurl h5view", "userPhone", "scanBillNo resource", NULL },
    { "bill_points", "scanpoints scanpoint getscanpoints", "orgCode organizationCode", "taxNo", NULL },
    { "bill_invoices", "invoices getinvoices queryinvoices invoicelist", "", "scanBillNo resource", NULL },
    { "bill_upload", "upload filecollect uploadfile fileupload collect", "base64 fileDownUrl fileSuffix needRecognition",
      "scanBillNo fileType billType resource", NULL },
    { "bill_commit", "commit submit scanbillsubmit billsubmit", "fileList saveType isSubmitErp modelType",
      "scanBillNo resource billType", NULL },
    { "bill_operate", "operate operation", "operate operateType operation operationType",
      "scanBillNo resource type method", NULL },
    { "push", "push notify notice callback receive pushinvoice",
      "invoice invoices invoiceList invoiceData bxd_key invoiceType invoiceNo cover attachment attachments",
      "scanBillNo imageNo imageNumber coverNo billId billNo billNumber clientId client_id taxNo tin buyerTaxNo ghf_tin",
      "/api/imgsys/outside/" },
};

typedef struct score_t {
    int points;
    fpi_json_t *reasons;
} score_t;

/* ---- what the call says ---- */

/* Is `word` among the words, which are divided by blanks? */
static bool is_listed(const char *list, const char *word, size_t len)
{
    for (const char *at = list; *at;) {
        size_t n = strcspn(at, " ");

        if (n == len && strncasecmp(at, word, n) == 0) {
            return true;
        }
        at += n + strspn(at + n, " ");
    }
    return false;
}

/* Names of the body's shape ("{a:text,b:[{c:...}]}", "form:a,b") and of the query, each once. */
static void add_names(apr_hash_t *names, const char *text, apr_pool_t *pool)
{
    while (*text) {
        size_t len = strcspn(text, "{}[]:,");
        const char *name = apr_pstrmemdup(pool, text, len);

        if (len && strcmp(name, "text") != 0 && strcmp(name, "number|bool") != 0
            && strcmp(name, "null") != 0) {
            apr_hash_set(names, name, APR_HASH_KEY_STRING, name);
        }
        text += len + (text[len] != '\0');
    }
}

static const char *last_segment(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* The path in lower case without - and _, which people put where they like. */
static const char *plain_path(const char *path, apr_pool_t *pool)
{
    char *out = apr_pstrdup(pool, path), *to = out;

    for (; *path; path++) {
        if (*path != '-' && *path != '_') {
            *to++ = (char)tolower((unsigned char)*path);
        }
    }
    *to = '\0';
    return out;
}

/* ---- points ---- */

static void give(score_t *score, int points, fpi_task_t *task, const char *zh, const char *en, const char *what)
{
    score->points += points;
    fpi_json_add_text(score->reasons,
                      apr_psprintf(task->pool, "%s %s (+%d)", strcmp(task->lang, "en") == 0 ? en : zh, what, points));
}

/* One letter too many, too few, another, or two exchanged? For words of four letters and more. */
static bool is_slip(const char *said, const char *meant, size_t len)
{
    size_t other = strlen(said), same = 0;

    while (same < len && same < other && said[same] == meant[same]) {
        same++;
    }
    said += same;
    meant += same;
    len -= same;
    other -= same;
    if (same + len < 4) {
        return false;
    }
    if (len == other) {
        return (len >= 1 && strncmp(said + 1, meant + 1, len - 1) == 0)
               || (len >= 2 && said[0] == meant[1] && said[1] == meant[0]
                   && strncmp(said + 2, meant + 2, len - 2) == 0);
    }
    return (other == len + 1 && strncmp(said + 1, meant, len) == 0)
           || (len == other + 1 && strncmp(said, meant + 1, other) == 0);
}

static bool score_slip(score_t *score, fpi_task_t *task, const profile_t *p, const char *last)
{
    for (const char *at = p->words; *at;) {
        size_t len = strcspn(at, " ");

        if (is_slip(last, at, len)) {
            give(score, SLIP, task, "路径末段疑似", "the path ends with what may be",
                 apr_pstrmemdup(task->pool, at, len));
            return true;
        }
        at += len + strspn(at + len, " ");
    }
    return false;
}

static void score_home(score_t *score, fpi_task_t *task, const profile_t *p, const char *path)
{
    if (p->home && strncmp(path, p->home, strlen(p->home)) == 0) {
        give(score, HOME, task, "路径位于", "the path is under", p->home);
    }
}

static void score_path(score_t *score, fpi_task_t *task, const profile_t *p, const char *path)
{
    const char *last = last_segment(path);

    if (is_listed(p->words, last, strlen(last))) {
        give(score, LAST_WORD, task, "路径末段", "the path ends with", last);
        return;
    }
    if (score_slip(score, task, p, last)) {
        return;
    }
    for (const char *at = path; *at;) {
        size_t len = strcspn(at, "/");

        if (len && is_listed(p->words, at, len)) {
            give(score, WORD, task, "路径含有", "the path has", apr_pstrmemdup(task->pool, at, len));
            return;
        }
        at += len + (at[len] != '\0');
    }
    for (const char *at = p->words; *at;) {
        size_t len = strcspn(at, " ");
        const char *word = apr_pstrmemdup(task->pool, at, len);

        if (strstr(last, word)) {
            give(score, WORD, task, "路径末段含有", "the last part of the path has", word);
            return;
        }
        at += len + strspn(at + len, " ");
    }
}

static void score_names(score_t *score, fpi_task_t *task, const profile_t *p, apr_hash_t *names)
{
    for (apr_hash_index_t *i = apr_hash_first(task->pool, names); i; i = apr_hash_next(i)) {
        const char *name = apr_hash_this_key(i);

        if (is_listed(p->own, name, strlen(name))) {
            give(score, OWN_FIELD, task, "特有字段", "it sends, as only this kind of call does,", name);
        }
        else if (is_listed(p->fields, name, strlen(name))) {
            give(score, FIELD, task, "字段", "it sends", name);
        }
    }
}

/* An encrypted body has no names; only pushes come so. */
static void score_shape(score_t *score, fpi_task_t *task, const profile_t *p, const fpi_journal_t *entry)
{
    if (strcmp(p->handler, "push") != 0) {
        return;
    }
    if (entry->shape && strncmp(entry->shape, "base64", 6) == 0) {
        give(score, MEDIUM, task, "报文为", "the body is", entry->shape);
    }
}

static score_t score_of(fpi_task_t *task, const profile_t *p, const fpi_journal_t *entry, apr_hash_t *names)
{
    score_t score = { 0, fpi_json_make_array(task) };

    const char *path = plain_path(entry->path, task->pool);

    score_path(&score, task, p, path);
    score_home(&score, task, p, path);
    score_names(&score, task, p, names);
    score_shape(&score, task, p, entry);
    return score;
}

static const char *sureness(int best, int next)
{
    if (best >= HIGH && best - next >= 4) {
        return "high";
    }
    return best >= MEDIUM && best - next >= 2 ? "medium" : "low";
}

/* ---- the line ---- */

/* Taken as httpd would take it: what it refuses must not be advised. */
static void write_line(fpi_suggestion_t *out, fpi_task_t *task, const fpi_journal_t *entry)
{
    const char *words = apr_pstrcat(task->pool, entry->method, " ", entry->path, " ", out->handler,
                                    NULL);

    out->line = apr_pstrcat(task->pool, "FPImageRoute ", words, NULL);
    out->obstacle = fpi_settings_take(fpi_settings_make(task->pool), FPI_SET_FPImageRoute, words,
                                      fpi_handler_is_known, task->pool);
}

/* Keeps the best in order; of equal ones the earlier in the table. */
static int keep(fpi_suggestion_t *out, int count, const char *handler, const score_t *score)
{
    int at = count;

    while (at > 0 && out[at - 1].score < score->points) {
        at--;
    }
    if (score->points == 0 || at == FPI_SUGGESTIONS) {
        return count;
    }
    count += count < FPI_SUGGESTIONS;
    memmove(out + at + 1, out + at, sizeof(*out) * (size_t)(count - at - 1));
    out[at] = (fpi_suggestion_t){ .handler = handler, .score = score->points, .reasons = score->reasons };
    return count;
}

int fpi_suggest(fpi_suggestion_t out[FPI_SUGGESTIONS], const fpi_journal_t *entry, fpi_task_t *task)
{
    apr_hash_t *names = apr_hash_make(task->pool);
    int count = 0;

    add_names(names, entry->query ? entry->query : "", task->pool);
    add_names(names, entry->shape ? entry->shape : "", task->pool);
    for (size_t i = 0; i < sizeof(profiles) / sizeof(*profiles); i++) {
        score_t score = score_of(task, &profiles[i], entry, names);

        count = keep(out, count, profiles[i].handler, &score);
    }
    for (int i = 0; i < count; i++) {
        out[i].sureness = i ? "low" : sureness(out[0].score, count > 1 ? out[1].score : 0);
        write_line(&out[i], task, entry);
    }
    return count;
}
