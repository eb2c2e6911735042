/* The readers over samples that tests/samples makes: what each kind of file says, against what is true. The samples
 * with their truth are in the folder FPI_INVOICES; each is a row of the table made from truth.json. */
#include "model/evidence.h"
#include "service/evidence_forms.h"
#include "tools/read.h"

#include "unit.h"

#include <apr_strings.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *folder(void)
{
    const char *path = getenv("FPI_INVOICES");

    ck_assert_msg(path != NULL, "FPI_INVOICES does not say where the samples are");
    return path;
}

static int open_sample(const char *file)
{
    int fd = open(apr_pstrcat(task->pool, folder(), "/", file, NULL), O_RDONLY | O_CLOEXEC);

    ck_assert_msg(fd >= 0, "no sample %s", file);
    return fd;
}

static fpi_media_t media_of(int fd)
{
    struct stat st;
    char *data;

    ck_assert_int_eq(fstat(fd, &st), 0);
    data = apr_palloc(task->pool, (size_t)st.st_size + 1);
    ck_assert_int_eq(pread(fd, data, (size_t)st.st_size, 0), st.st_size);
    return fpi_media_find(data, (size_t)st.st_size);
}

/* What the readers find, merged. */
static fpi_err_t *read_sample(fpi_found_t **found, int *count, fpi_json_t *notes, const char *file)
{
    fpi_json_t *evidence = fpi_json_make_array(task);
    fpi_evidence_t *list;
    int n, fd = open_sample(file);
    fpi_err_t *err = fpi_read_evidence(evidence, notes, fd, media_of(fd), task);

    close(fd);
    *count = 0;
    if (!err) {
        unit_done(fpi_evidence_read(&list, &n, evidence, task));
        unit_done(fpi_evidence_merge(found, count, list, n, task));
    }
    return err;
}

/* ---- the truth ---- */

static fpi_json_t *truth_of(const char *name)
{
    FILE *file = fopen(apr_pstrcat(task->pool, folder(), "/truth.json", NULL), "r");
    static char text[1 << 20];
    fpi_json_t *doc;
    size_t len;

    ck_assert_msg(file != NULL, "no truth.json");
    len = fread(text, 1, sizeof(text), file);
    fclose(file);
    unit_done(fpi_json_parse(&doc, text, len, task));
    doc = fpi_json_find(doc, name);
    ck_assert_msg(doc != NULL, "no truth of %s", name);
    return doc;
}

static const fpi_found_field_t *field_of(const fpi_found_t *found, const char *name)
{
    for (int i = 0; i < found->field_count; i++) {
        if (strcmp(found->fields[i].name, name) == 0) {
            return &found->fields[i];
        }
    }
    return NULL;
}

static void compare(const char *sample, const fpi_found_t *found, const fpi_json_t *truth, const char *lacks,
                    const char *source)
{
    fpi_json_t *fields = fpi_json_find(truth, "fields"), *value;
    const char *name;
    int64_t type;
    void *iter = NULL;

    unit_done(fpi_json_find_int(&type, truth, "type", 0, 0, 100, task));
    ck_assert_msg(found->invoice.type == type, "%s: type %d", sample, (int)found->invoice.type);
    while (fpi_json_next(&iter, fields, &name, &value)) {
        const fpi_found_field_t *field = field_of(found, name);

        if (strstr(lacks, name)) {
            continue;
        }
        ck_assert_msg(field != NULL, "%s: no %s", sample, name);
        ck_assert_msg(strcmp(field->value, fpi_json_text(value)) == 0, "%s: %s is %s, not %s", sample, name, field->value,
                      fpi_json_text(value));
    }
    ck_assert_msg(!found->has_conflict, "%s: conflict: %s", sample,
                  fpi_json_format(fpi_found_write(found, task), false, task));
    ck_assert_msg(strcmp(fpi_source_name(found->source), source) == 0, "%s: by %s", sample,
                  fpi_source_name(found->source));
}

static const struct sample_t {
    const char *name, *extension;
    const char *source; /* the best that speaks */
    const char *lacks;  /* fields that this form of the invoice does not have */
    int lines, notes;
} samples[] = {
    { "xml", "xml", "XML", "", 2, 0 },
    { "xml-ordinary", "xml", "XML", "", 2, 0 },
    { "xml-prefix", "xml", "XML", "", 2, 0 },
    { "xml-prefix-undeclared", "xml", "XML", "", 2, 0 },
    { "xml-lead", "xml", "XML", "", 2, 0 },
    { "xml-code-only", "xml", "XML", "", 2, 0 },
    { "xml-code-only-ordinary", "xml", "XML", "", 2, 0 },
    { "xml-gbk", "xml", "XML", "", 2, 0 },
    { "xml-old", "xml", "XML", "", 2, 0 },
    { "xbrl", "xml", "XBRL", "", 0, 0 },
    { "xbrl-rail", "xml", "XBRL", "seller_name seller_tax_no", 0, 0 },
    { "xbrl-air", "xml", "XBRL", "seller_tax_no", 0, 0 },
    { "ofd", "ofd", "OFD_TAG", "", 0, 0 },
    { "ofd-attached", "ofd", "XML", "", 2, 0 },
    { "ofd-tags-old", "ofd", "OFD_TAG", "", 0, 0 },
    { "ofd-tags-malformed", "ofd", "OFD_TAG", "", 0, 1 },
    { "ofd-tags-malformed-new", "ofd", "OFD_TAG", "", 0, 1 },
    { "ofd-tags-undeclared", "ofd", "OFD_TAG", "", 0, 0 },
    { "ofd-original", "ofd", "XML", "", 2, 0 },
    { "ofd-original-document", "ofd", "XML", "", 2, 0 },
    { "ofd-original-top", "ofd", "XML", "", 2, 0 },
    { "ofd-doc1", "ofd", "XML", "", 2, 0 },
    { "ofd-xbrl", "ofd", "XBRL", "seller_name seller_tax_no", 0, 0 },
    { "ofd-custom-data", "ofd", "OFD_TAG", "", 0, 0 },
    { "ofd-text", "ofd", "OFD_TEXT", "", 0, 0 },
    { "pdf", "pdf", "PDF_TEXT", "", 0, 0 },
    { "pdf-old", "pdf", "PDF_TEXT", "", 0, 0 },
    { "pdf-spaced", "pdf", "PDF_TEXT", "", 0, 0 },
    { "pdf-columns", "pdf", "PDF_TEXT", "", 0, 0 },
    { "pdf-xml", "pdf", "XML", "", 2, 0 },
    { "pdf-xbrl", "pdf", "XBRL", "", 0, 0 },
    { "pdf-turned", "pdf", "PDF_TEXT", "", 0, 0 },
    { "pdf-upside-down", "pdf", "PDF_TEXT", "", 0, 0 },
    { "pdf-inverted", "pdf", "PDF_TEXT", "", 0, 0 },
    { "pdf-rail", "pdf", "PDF_TEXT", "seller_name seller_tax_no net tax", 0, 0 },
    { "pdf-air", "pdf", "PDF_TEXT", "seller_tax_no", 0, 0 },
    { "pdf-many", "pdf", "PDF_TEXT", "", 0, 0 },
    { "pdf-rail-refund", "pdf", "PDF_TEXT", "seller_name seller_tax_no net tax", 0, 0 },
    { "pdf-two-on-a-page", "pdf", "PDF_TEXT", "", 0, 0 },
    { "pdf-three-on-a-page", "pdf", "PDF_TEXT", "", 0, 0 },
    { "pdf-two-without-titles", "pdf", "PDF_TEXT", "", 0, 1 },
    { "pdf-two-beside", "pdf", "PDF_TEXT", "", 0, 1 },
    { "zip", "zip", "XML", "", 2, 0 },
};

START_TEST(samples_say_what_is_true)
{
    const struct sample_t *row = &samples[_i];
    fpi_json_t *truth = truth_of(row->name), *notes = fpi_json_make_array(task);
    fpi_found_t *found;
    int count;

    unit_done(read_sample(&found, &count, notes, apr_pstrcat(task->pool, row->name, ".", row->extension, NULL)));
    ck_assert_msg(count == (int)fpi_json_size(truth), "%s: %d invoices", row->name, count);
    for (int i = 0; i < count; i++) {
        compare(row->name, &found[i], fpi_json_at(truth, (size_t)i), row->lacks, row->source);
        ck_assert_msg((found[i].lines != NULL) == (row->lines > 0), "%s: lines", row->name);
    }
    ck_assert_msg((int)fpi_json_size(notes) == row->notes, "%s: %s", row->name, fpi_json_format(notes, false, task));
}
END_TEST

START_TEST(three_forms_of_one_invoice_are_the_same)
{
    static const char *const files[] = { "xml.xml", "ofd.ofd", "pdf.pdf", "zip.zip" };
    static const char *const names[] = { "number", "date", "net", "tax", "gross", "seller_name", "seller_tax_no",
                                         "buyer_name", "buyer_tax_no" };
    fpi_found_t *first, *found;
    int count;

    unit_done(read_sample(&first, &count, fpi_json_make_array(task), files[0]));
    for (int i = 1; i < UNIT_COUNT(files); i++) {
        unit_done(read_sample(&found, &count, fpi_json_make_array(task), files[i]));
        ck_assert_int_eq(count, 1);
        ck_assert_int_eq(found->invoice.type, first->invoice.type);
        ck_assert_str_eq(found->invoice.identity, first->invoice.identity);
        for (int k = 0; k < UNIT_COUNT(names); k++) {
            ck_assert_str_eq(field_of(found, names[k])->value, field_of(first, names[k])->value);
        }
    }
}
END_TEST

START_TEST(lines_are_kept)
{
    fpi_json_t *truth = fpi_json_find(fpi_json_at(truth_of("xml"), 0), "lines"), *lines;
    fpi_found_t *found;
    int count;

    unit_done(read_sample(&found, &count, fpi_json_make_array(task), "xml.xml"));
    unit_done(fpi_json_parse(&lines, found->lines, strlen(found->lines), task));
    ck_assert_int_eq(fpi_json_size(lines), fpi_json_size(truth));
    ck_assert_str_eq(fpi_json_format(lines, true, task), fpi_json_format(truth, true, task));
}
END_TEST

/* ---- traps ---- */

static const struct trap_t {
    const char *file;
    const char *says; /* in the refusal; NULL: it is read, and says nothing */
} traps[] = {
    { "bomb-ofd.ofd", "packed more" }, { "deep-xml.xml", "nested too deep" },
    { "laughing-xml.xml", "document type" },        { "outside-xml.xml", "document type" },
    { "cut-xml.xml", "broken in line" },            { "cut-ofd.ofd", "cut off" },
    { "cut-pdf.pdf", "PDF" },                       { "crowded-zip.zip", "more than 4096" },
    { "bomb-zip.zip", "64 MB" },                    { "cut-zip.zip", "cut off" },
    { "long-pdf.pdf", NULL },                       { "lying-zip.zip", "damaged" },
    { "cover.png", NULL },                          { "huge-png.png", NULL },
};

static bool says(const char *text, const char *choices)
{
    char *state, *copy = apr_pstrdup(task->pool, choices);

    for (char *word = apr_strtok(copy, "|", &state); word; word = apr_strtok(NULL, "|", &state)) {
        if (strstr(text, word)) {
            return true;
        }
    }
    return false;
}

START_TEST(traps_are_refused)
{
    fpi_found_t *found;
    fpi_err_t *err;
    int count;

    err = read_sample(&found, &count, fpi_json_make_array(task), traps[_i].file);
    if (!traps[_i].says) {
        unit_done(err);
        ck_assert_int_eq(count, 0);
        return;
    }
    unit_failed(err, FPI_E_UNREADABLE);
    ck_assert_msg(says(err->en, traps[_i].says), "%s: %s", traps[_i].file, err->en);
    ck_assert_ptr_nonnull(err->zh);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("read");
    TCase *good = unit_case(suite, "samples");
    TCase *bad = unit_case(suite, "traps");

    tcase_add_loop_test(good, samples_say_what_is_true, 0, UNIT_COUNT(samples));
    tcase_add_test(good, three_forms_of_one_invoice_are_the_same);
    tcase_add_test(good, lines_are_kept);
    tcase_add_loop_test(bad, traps_are_refused, 0, UNIT_COUNT(traps));
    return unit_run(suite);
}
