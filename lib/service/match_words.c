/* What matching says to people: the reasons of a result, one invoice, one difference. */
#include "service/match.h"

#include "base/text.h"

#include <apr_strings.h>
#include <string.h>

const char *fpi_match_result_name(fpi_match_result_t result)
{
    static const char *const names[] = { "NONE", "READING", "WAITING", "MATCHED", "FAILED", "FALLEN" };

    return (unsigned)result < sizeof(names) / sizeof(*names) ? names[result] : "?";
}

static const char *field_name(const char *field, bool is_zh)
{
    static const struct name_t {
        const char *field, *zh;
    } names[] = {
        { "number", "发票号码" },      { "code", "发票代码" },        { "type", "票种" },
        { "date", "开票日期" },        { "net", "不含税金额" },       { "tax", "税额" },
        { "gross", "价税合计" },       { "seller_name", "销方名称" }, { "seller_tax_no", "销方税号" },
        { "buyer_name", "购方名称" },  { "buyer_tax_no", "购方税号" },
    };

    for (size_t i = 0; is_zh && i < sizeof(names) / sizeof(*names); i++) {
        if (strcmp(names[i].field, field) == 0) {
            return names[i].zh;
        }
    }
    return field;
}

static const char *diff_words(const fpi_match_diff_t *diff, bool is_zh, fpi_task_t *task)
{
    const char *name = field_name(diff->field, is_zh), *expected = diff->expected ? diff->expected : "-";

    switch (diff->why) {
    case FPI_WHY_UNREAD:
        return apr_psprintf(task->pool, is_zh ? "%s 应为 %s, 影像未识别到" : "%s %s was not read", name, expected);
    case FPI_WHY_COPY:
        return apr_psprintf(task->pool, is_zh ? "%s 在另一份文件中为 %s" : "%s is %s in another of its files", name,
                            diff->found ? diff->found : "-");
    default:
        return apr_psprintf(task->pool, is_zh ? "%s 应为 %s, 影像为 %s" : "%s should be %s, is %s", name, expected,
                            diff->found ? diff->found : "-");
    }
}

static const char *add_words(const char *words, const char *more, fpi_task_t *task)
{
    return *words ? apr_pstrcat(task->pool, words, ", ", more, NULL) : more;
}

/* Of two that belong together: what differs, and what one should look at though they match. */
static const char *pair_words(const fpi_match_item_t *item, bool is_zh, fpi_task_t *task)
{
    const char *words = "";

    for (int i = 0; i < item->diff_count; i++) {
        words = add_words(words, diff_words(&item->diffs[i], is_zh, task), task);
    }
    if (item->tie == FPI_TIE_LIKENESS) {
        words = add_words(words, is_zh ? "无号码, 按销方、金额、日期匹配" : "no number: by seller, sum and day only", task);
    }
    return item->is_repeated ? add_words(words, is_zh ? "收票中重复" : "announced more than once", task) : words;
}

const char *fpi_match_item_words(const fpi_match_item_t *item, bool is_zh, fpi_task_t *task)
{
    static const char *const missing[2][2] = { { "missing", "missing; it is among the attachments" },
                                               { "缺失", "缺失, 该票在附件中" } };

    switch (item->verdict) {
    case FPI_VERDICT_MISSING:
        return missing[is_zh][item->attachment >= 0];
    case FPI_VERDICT_EXTRA:
        return is_zh ? "多出" : "not expected";
    default:
        return pair_words(item, is_zh, task);
    }
}

/* "24112000000012345678", "(without number, 32.00)" */
static const char *invoice_words(const fpi_matching_t *m, const fpi_match_item_t *item, bool is_zh, fpi_task_t *task)
{
    const fpi_invoice_t *invoice = item->expected >= 0 ? &m->asked.expected[item->expected]
                                                       : &m->asked.found[item->found].invoice;

    if (invoice->number && *invoice->number) {
        return invoice->number;
    }
    return apr_psprintf(task->pool, is_zh ? "(无号码, %s)" : "(without number, %s)",
                        invoice->has_gross    ? fpi_fen_format(task->pool, invoice->gross)
                        : invoice->gross_said ? invoice->gross_said : "-");
}

static const char *failures(const fpi_matching_t *m, bool is_zh, fpi_task_t *task)
{
    const char *words = "";
    int told = 0;

    for (int i = 0; i < m->match->count; i++) {
        const fpi_match_item_t *item = &m->match->items[i];

        if (item->is_required && item->verdict != FPI_VERDICT_MATCHED && told++ < FPI_MATCH_WORDS) {
            words = apr_pstrcat(task->pool, words, *words ? "; " : "", invoice_words(m, item, is_zh, task), ": ",
                                fpi_match_item_words(item, is_zh, task), NULL);
        }
    }
    return told > FPI_MATCH_WORDS ? apr_psprintf(task->pool, is_zh ? "%s; 另有 %d 张" : "%s; and %d more", words,
                                                 told - FPI_MATCH_WORDS)
                                  : words;
}

static void say_failed(fpi_matching_t *m, fpi_task_t *task)
{
    m->zh = apr_psprintf(task->pool, "%d 张发票未匹配: %s", m->match->failed, failures(m, true, task));
    m->en = apr_psprintf(task->pool, "%d invoices do not match: %s", m->match->failed, failures(m, false, task));
}

static void say_matched(fpi_matching_t *m, fpi_task_t *task)
{
    const fpi_match_t *match = m->match;
    int optional = match->missing + match->differs;

    m->zh = apr_psprintf(task->pool, "%d 张发票匹配", match->matched);
    m->en = apr_psprintf(task->pool, "%d invoices match", match->matched);
    if (optional) {
        m->zh = apr_psprintf(task->pool, "%s, %d 张电子发票未匹配", m->zh, optional);
        m->en = apr_psprintf(task->pool, "%s, %d e-invoices need not", m->en, optional);
    }
    if (match->extra) {
        m->zh = apr_psprintf(task->pool, "%s, 多出 %d 张", m->zh, match->extra);
        m->en = apr_psprintf(task->pool, "%s, %d were not expected", m->en, match->extra);
    }
}

void fpi_match_say(fpi_matching_t *m, const fpi_bill_t *bill, fpi_task_t *task)
{
    switch (m->result) {
    case FPI_RESULT_NONE:
        break;
    case FPI_RESULT_READING:
        m->zh = "影像正在识别";
        m->en = "its files are being read";
        break;
    case FPI_RESULT_WAITING:
        m->zh = bill->is_announced ? "影像已识别, 尚未取得收票数据" : "影像已识别, 尚无收票数据, ERP 也未推送单据";
        m->en = bill->is_announced ? "its files are read; the receipt's invoices have not come yet"
                                   : "its files are read; neither the receipt's invoices nor the ERP's announcement have come";
        break;
    case FPI_RESULT_FALLEN:
        m->zh = "收票没有该单据的发票, 按基础模式处理";
        m->en = "the receipt has no invoices of it: it is worked on in basic mode";
        break;
    case FPI_RESULT_MATCHED:
        say_matched(m, task);
        break;
    case FPI_RESULT_FAILED:
        say_failed(m, task);
        break;
    }
}
