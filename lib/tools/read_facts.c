/* The names that formats give to the same facts, in the order in which they are believed. */
#include "tools/read_own.h"

#include "model/said.h"

#include <apr_strings.h>
#include <string.h>

static const struct alias_t {
    const char *field, *names;
} aliases[] = {
    { "number", "InvoiceNumber|InvoiceNo|EIid|ElectronicInvoiceRailwayETicketNumber|"
                "ElectronicInvoiceAirTransportReceiptNumber|NumberOfInvoice|InvoiceNum|发票号码" },
    { "code", "InvoiceCode|CodeOfInvoice|发票代码" },
    { "date", "IssueTime|IssueDate|DateOfIssue|InvoiceDate|RequestTime|开票日期" },
    { "net", "TotalAmWithoutTax|TaxExclusiveTotalAmount|TotalAmountExcludingTax|合计金额" },
    { "tax", "TotalTaxAm|TaxTotalAmount|TotalTaxAmount|VatTaxAmount|合计税额" },
    { "gross", "TotalTax-includedAmount|TaxInclusiveTotalAmount|TotalAmountIncludingTax|TotalTaxIncludedAmount|价税合计" },
    { "check_code", "InvoiceCheckCode|CheckCode|VerificationCode|校验码" },
    { "seller_name", "SellerName|NameOfSeller|销售方名称" },
    { "seller_tax_no", "SellerIdNum|SellerTaxID|TaxpayerIdentificationNumberUnifiedSocialCreditCodeOfSeller|"
                       "UnifiedSocialCreditCodeOfSeller|TaxpayerIdentificationNumberOfSeller|销售方纳税人识别号" },
    { "buyer_name", "BuyerName|NameOfPurchaser|购买方名称" },
    { "buyer_tax_no", "BuyerIdNum|BuyerTaxID|TaxpayerIdentificationNumberUnifiedSocialCreditCodeOfPurchaser|"
                      "UnifiedSocialCreditCodeOfPurchaser|TaxpayerIdentificationNumberOfPurchaser|购买方纳税人识别号" },
    { "machine_no", "MachineNo|MachineNumber" },
    { "drawer", "Drawer|InvoiceClerk" },
    { "remark", "Remark|Remarks|Note" },
    { "original_number", "OriginalInvoiceNo|NumberOfOriginalInvoice" },
    { "passenger_name", "PassengerName" },
    { "ticket_number", "ETicketNumber" },
    { "train_number", "TrainNumber" },
    { "travel_date", "TravelDate" },
    { "station_from", "DepartureStation" },
    { "station_to", "DestinationStation|ArrivalStation" },
    { "fare", "Fare" },
    { "fuel_surcharge", "FuelSurcharge" },
    { "airport_fee", "CivilAviationDevelopmentFund" },
};

/* Elements that repeat facts line by line. */
static bool is_line(const fpi_xml_t *element)
{
    static const char *const names[] = { "IssuItemInformation", "GoodsInfos", "GoodsInfo" };
    const char *name = fpi_xml_name(element);
    size_t len = strlen(name);

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return len > 5 && strcmp(name + len - 5, "Tuple") == 0;
}

void read_fact_put(read_facts_t *facts, const char *name, const char *text)
{
    if (text && *text && !apr_hash_get(facts, name, APR_HASH_KEY_STRING)) {
        apr_hash_set(facts, name, APR_HASH_KEY_STRING, text);
    }
}

const char *read_fact(read_facts_t *facts, const char *name)
{
    return apr_hash_get(facts, name, APR_HASH_KEY_STRING);
}

/* The next element that is not below `at`. */
static const fpi_xml_t *pass(const fpi_xml_t *top, const fpi_xml_t *at)
{
    const fpi_xml_t *next = NULL;

    while (at && at != top && !(next = fpi_xml_next(at, NULL))) {
        at = fpi_xml_parent(at);
    }
    return at == top ? NULL : next;
}

read_facts_t *read_facts_of(const fpi_xml_t *top, fpi_task_t *task)
{
    read_facts_t *facts = apr_hash_make(task->pool);
    const fpi_xml_t *at = fpi_xml_walk(top, top);

    while (at) {
        bool skips = is_line(at);

        if (!skips && !fpi_xml_first(at, NULL)) {
            read_fact_put(facts, fpi_xml_name(at), fpi_xml_text(at, task));
        }
        at = skips ? pass(top, at) : fpi_xml_walk(top, at);
    }
    return facts;
}

/* ---- evidence ---- */

static const char *first_of(read_facts_t *facts, const char *field, const char *names, apr_pool_t *pool)
{
    while (*names) {
        size_t len = strcspn(names, "|");
        const char *text = apr_hash_get(facts, names, (apr_ssize_t)len);

        if (fpi_said_value(fpi_said_kind(field), text, pool)) {
            return text;
        }
        names += len + (names[len] == '|');
    }
    return NULL;
}

fpi_json_t *read_evidence_make(read_t *read, fpi_source_t source, int64_t type, int page, int invoice)
{
    fpi_json_t *evidence = fpi_json_make_object(read->task);

    fpi_json_put_text(evidence, "source", fpi_source_name(source));
    fpi_json_put_int(evidence, "page", read->is_member ? 0 : page);
    fpi_json_put_int(evidence, "invoice", invoice);
    fpi_json_put_int(evidence, "type", type);
    fpi_json_put(evidence, "fields", fpi_json_make_object(read->task));
    return evidence;
}

void read_say(read_t *read, fpi_json_t *evidence, const char *field, const char *value)
{
    const char *kept = fpi_said_value(fpi_said_kind(field), value, read->task->pool);

    if (kept) {
        fpi_json_put_text(fpi_json_find(evidence, "fields"), field, kept);
    }
}

fpi_json_t *read_evidence_add(read_t *read, read_facts_t *facts, fpi_source_t source, int64_t type, int page, int invoice)
{
    fpi_json_t *evidence = read_evidence_make(read, source, type, page, invoice);
    fpi_json_t *fields = fpi_json_find(evidence, "fields");

    for (size_t i = 0; i < sizeof(aliases) / sizeof(*aliases); i++) {
        read_say(read, evidence, aliases[i].field,
                 first_of(facts, aliases[i].field, aliases[i].names, read->task->pool));
    }
    if (!fpi_json_find(fields, "number")) {
        return NULL;
    }
    if (fpi_json_size(read->evidence) < FPI_EVIDENCE_MAX) {
        fpi_json_add(read->evidence, evidence);
    }
    return evidence;
}

/* ---- types ---- */

int64_t read_type_of_words(const char *words)
{
    static const struct word_t {
        const char *words;
        int64_t type;
    } table[] = {
        { "铁路电子客票", 29 }, { "航空运输电子客票行程单", 28 }, { "机动车", 83 }, { "二手车", 84 },
        { "专用发票", 27 },     { "普通发票", 26 },
    };

    for (size_t i = 0; words && i < sizeof(table) / sizeof(*table); i++) {
        if (strstr(words, table[i].words)) {
            return table[i].type;
        }
    }
    return 0;
}
