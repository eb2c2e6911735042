/* Covers: which texts are image numbers, and how a pile is cut. */
#include "model/cover.h"

#include "unit.h"

#include <apr_strings.h>
#include <stdio.h>

/* ---- rules ----
 * "-|BX|8|2-4": separator, then parts; digits alone are n-digit parts, "a-b" from a to b, "'..." a constant. */
static fpi_rule_t rule_of(const char *text, const char *name)
{
    fpi_rule_t rule = { .name = name, .is_enabled = true };
    char *rest = apr_pstrdup(task->pool, text), *part;

    rule.separator = *rest == '|' ? '\0' : *rest++;
    for (rest++; rest && rule.part_count <= FPI_RULE_PARTS; rest = part) {
        fpi_rule_part_t beyond, *to = rule.part_count < FPI_RULE_PARTS ? &rule.parts[rule.part_count] : &beyond;

        rule.part_count++;
        part = strchr(rest, '|');
        if (part) {
            *part++ = '\0';
        }
        if (sscanf(rest, "%d-%d", &to->least, &to->most) == 2) {
            to->kind = FPI_PART_DIGITS;
        }
        else if (sscanf(rest, "%d", &to->least) == 1) {
            to->kind = FPI_PART_DIGITS;
            to->most = to->least;
        }
        else {
            to->kind = FPI_PART_CONSTANT;
            to->text = *rest == '\'' ? rest + 1 : rest;
        }
    }
    return rule;
}

static const struct fit_t {
    const char *rule, *text, *number; /* rule NULL: the default; number NULL: none */
    const char *why;                  /* a piece of the English sentence */
} fits[] = {
    { NULL, "BX-2024-001", "BX-2024-001", NULL },
    { NULL, "  bx-1\t", "BX-1", NULL },
    { NULL, "-", "-", NULL },
    { NULL, "费用-001", "费用-001", NULL },
    { NULL, "BX001", NULL, "no hyphen" },
    { NULL, "BX-1,2", NULL, "," },
    { NULL, "BX-1^2", NULL, "^" },
    { NULL, "BX|1-2", NULL, "|" },
    { NULL, "BX;1-2", NULL, ";" },
    { NULL, "{\"a\":1-2}", NULL, "}" },
    { NULL, "01,10,033001900211,12345678,100.00,20240506,12345-678,ABCD", NULL, "," },
    { NULL, "https://bcfp.example/verify?hash=a-b", NULL, "web address" },
    { NULL, "", NULL, "missing" },
    { NULL, "A-1 B", NULL, "blank" },
    { NULL, "A-\x01", NULL, "control" },
    { NULL, "A-\xff", NULL, "encoding" },
    { "-|BX|8", "BX-20240001", "BX-20240001", NULL },
    { "-|BX|8", "bx-20240001", "BX-20240001", NULL },
    { "-|BX|8", "BX-2024000", NULL, "part 2" },
    { "-|BX|8", "BX-202400011", NULL, "behind all 2 parts" },
    { "-|BX|8", "BX20240001", NULL, "part 2 must be - and 8 digits" },
    { "-|BX|8", "BY-20240001", NULL, "part 1 must be the constant \"BX\"" },
    { "-|BX|8", "BX-", NULL, "part 2" },
    { "-|BX|8", "B", NULL, "part 1" },
    { "|BX|8", "BX20240001", "BX20240001", NULL },
    { "|BX|8", "BX-20240001", NULL, "part 2" },
    { "/|BX|4|2", "BX/2024/01", "BX/2024/01", NULL },
    { ".|A|2-4|B", "a.123.b", "A.123.B", NULL },
    { ".|A|2-4|B", "a.1.b", NULL, "2 to 4 digits" },
    { ".|A|2-4|B", "a.12345.b", NULL, "part 3" },
    { "\\|A|1", "A\\7", "A\\7", NULL },
    { "|8", "20240001", "20240001", NULL },
    /* parts that could end at several places */
    { "|1-3|1-3|'7", "1237", "1237", NULL },
    { "|1-3|1-3|'7", "77", NULL, "part 3" },
    { "|1-3|1-3|'7", "777", "777", NULL },
    { "|1-3|1-3|'7", "1234567", "1234567", NULL },
    { "-|A-B|2", "A-B-12", "A-B-12", NULL },
    { "-|费|3", "费-123", "费-123", NULL },
    /* with a rule the default does not hold */
    { "|BX|8", "AA-1", NULL, "rule R" },
    { "-|A|1", "A-1,2", NULL, "behind all 2 parts" },
};

START_TEST(texts_are_numbers_by_rules)
{
    const struct fit_t *fit = &fits[_i];
    fpi_rule_t rule = { 0 };
    const char *by = "?", *number;
    apr_array_header_t *misses = apr_array_make(task->pool, 2, sizeof(fpi_miss_t));

    if (fit->rule) {
        rule = rule_of(fit->rule, "R");
        unit_done(fpi_rule_check(&rule, task));
    }
    number = fpi_cover_number(fit->text, &rule, fit->rule != NULL, &by, misses, task);
    ck_assert_ptr_eq(fpi_cover_number(fit->text, &rule, fit->rule != NULL, &by, NULL, task) == NULL ? NULL : number,
                     number);
    if (fit->number) {
        ck_assert_ptr_nonnull(number);
        ck_assert_str_eq(number, fit->number);
        ck_assert_int_eq(misses->nelts, 0);
        ck_assert(fit->rule ? strcmp(by, "R") == 0 : by == NULL);
        return;
    }
    ck_assert_ptr_null(number);
    ck_assert_ptr_null(by);
    ck_assert_int_eq(misses->nelts, 1);
    ck_assert_msg(strstr(APR_ARRAY_IDX(misses, 0, fpi_miss_t).en, fit->why) != NULL, "%s: %s", fit->text,
                  APR_ARRAY_IDX(misses, 0, fpi_miss_t).en);
    ck_assert_str_ne(APR_ARRAY_IDX(misses, 0, fpi_miss_t).zh, APR_ARRAY_IDX(misses, 0, fpi_miss_t).en);
}
END_TEST

START_TEST(the_first_rule_that_fits_counts)
{
    fpi_rule_t rules[] = { rule_of("-|BX|4", "one"), rule_of("-|BX|2-8", "two"), rule_of("|C", "three") };
    apr_array_header_t *misses = apr_array_make(task->pool, 2, sizeof(fpi_miss_t));
    const char *by;

    ck_assert_str_eq(fpi_cover_number("BX-1234", rules, 3, &by, NULL, task), "BX-1234");
    ck_assert_str_eq(by, "one");
    ck_assert_str_eq(fpi_cover_number("BX-12345", rules, 3, &by, misses, task), "BX-12345");
    ck_assert_str_eq(by, "two");
    ck_assert_int_eq(misses->nelts, 1);
    rules[1].is_enabled = false;
    ck_assert_ptr_null(fpi_cover_number("BX-12345", rules, 3, &by, misses, task));
    ck_assert_int_eq(misses->nelts, 3);
    rules[0].is_enabled = rules[2].is_enabled = false;
    ck_assert_str_eq(fpi_cover_number("AA-1", rules, 3, &by, NULL, task), "AA-1"); /* none enabled: the default */
    ck_assert_ptr_null(by);
}
END_TEST

/* Sixteen parts of varying length over many digits: the walk is bounded. */
START_TEST(many_varying_parts_are_no_trap)
{
    fpi_rule_t rule = { .name = "deep", .part_count = FPI_RULE_PARTS, .is_enabled = true };
    const char *by, *text = "1111111111111111111111111111111111111111111111111111111111111111111111111111111111111111X";

    for (int i = 0; i < rule.part_count; i++) {
        rule.parts[i] = (fpi_rule_part_t){ FPI_PART_DIGITS, NULL, 1, 50 };
    }
    unit_done(fpi_rule_check(&rule, task));
    ck_assert_ptr_null(fpi_cover_number(text, &rule, 1, &by, NULL, task));
}
END_TEST

static const struct bad_rule_t {
    const char *rule, *field;
} bad_rules[] = {
    { "+|A", "separator" }, { "-|", "parts" }, { "-|A|0", "parts" }, { "-|A|51", "parts" }, { "-|A|5-3", "parts" },
    { "-|a b", "parts" }, { "-|a\x02", "parts" }, { "-|A|\xff", "parts" }, { "-|A||B", "parts" },
    { "-|1|1|1|1|1|1|1|1|1|1|1|1|1|1|1|1|1", "parts" },
    { "-|AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "parts" },
};

START_TEST(bad_rules_are_refused)
{
    fpi_rule_t rule = rule_of(bad_rules[_i].rule, "R");
    fpi_err_t *err = fpi_rule_check(&rule, task);

    unit_failed(err, FPI_E_FIELD);
    ck_assert_str_eq(err->field, bad_rules[_i].field);
    ck_assert_ptr_nonnull(strstr(err->zh, "规则") ? err->zh : strstr(err->zh, "分隔符"));
}
END_TEST

/* ---- cutting ----
 * A pile as words, a page each:
 *   C1 C2    a cover with number N-1, N-2; C1+C2 both codes on one page
 *   B1       a page with a bar code of N-1;  bar: one with a bar code that is no number
 *   a        an attachment  i an invoice  _ blank  ? not known yet  x a page with a code that is no number
 *   =N-9     behind a page: that number was typed in;  !c !i !a !_ said to be cover, invoice, attachment, blank
 * What comes out: a letter of the role for each page, segments as "number: letters", then " wait" and " bad". */

static void add_code(fpi_leaf_t *leaf, bool is_qr, const char *text)
{
    fpi_code_seen_t *codes = apr_palloc(task->pool, sizeof(*codes) * (size_t)(leaf->code_count + 1));

    if (leaf->code_count) {
        memcpy(codes, leaf->codes, sizeof(*codes) * (size_t)leaf->code_count);
    }
    codes[leaf->code_count++] = (fpi_code_seen_t){ is_qr, text };
    leaf->codes = codes;
}

static void read_what(fpi_leaf_t *leaf, const char *what)
{
    switch (*what) {
    case 'C': add_code(leaf, true, apr_psprintf(task->pool, "n-%c", what[1])); break;
    case 'B': add_code(leaf, false, apr_psprintf(task->pool, "n-%c", what[1])); break;
    case 'b': add_code(leaf, false, "6901234567892"); break;
    case 'x': add_code(leaf, true, "WIFI:guest"); break;
    case 'i': leaf->has_invoice = true; break;
    case '_': leaf->is_blank = true; break;
    case '?': leaf->is_known = false; break;
    default: break;
    }
}

static fpi_role_t role_by(char letter)
{
    switch (letter) {
    case 'c': return FPI_ROLE_COVER;
    case 'i': return FPI_ROLE_INVOICE;
    case 'a': return FPI_ROLE_ATTACHMENT;
    case '_': return FPI_ROLE_BLANK;
    default: return FPI_ROLE_AUTO;
    }
}

static fpi_leaf_t leaf_of(char *word)
{
    fpi_leaf_t leaf = { .is_known = true, .said = FPI_ROLE_AUTO };
    char *typed = strchr(word, '='), *said = strchr(word, '!');
    char *state = NULL;

    if (said) {
        leaf.said = role_by(said[1]);
    }
    if (typed) {
        leaf.number = apr_pstrndup(task->pool, typed + 1, strcspn(typed + 1, "!"));
    }
    word[strcspn(word, "=!")] = '\0';
    for (char *one = apr_strtok(word, "+", &state); one; one = apr_strtok(NULL, "+", &state)) {
        read_what(&leaf, one);
    }
    return leaf;
}

static fpi_leaf_t *pile_of(int *count, const char *text)
{
    fpi_leaf_t *leaves = apr_pcalloc(task->pool, sizeof(*leaves) * (strlen(text) + 1));
    char *copy = apr_pstrdup(task->pool, text), *state = NULL;

    *count = 0;
    for (char *word = apr_strtok(copy, " ", &state); word; word = apr_strtok(NULL, " ", &state)) {
        leaves[(*count)++] = leaf_of(word);
    }
    return leaves;
}

static const char *print_segment(const fpi_segment_t *segment, const fpi_leaf_t *leaves)
{
    static const char letters[] = "cia_";
    char *roles = apr_pcalloc(task->pool, (size_t)segment->count + 1);

    for (int i = 0; i < segment->count; i++) {
        ck_assert_int_ge(leaves[segment->first + i].role, 0);
        roles[i] = letters[leaves[segment->first + i].role];
    }
    return apr_psprintf(task->pool, "%s:%s%s%s", segment->number ? segment->number : "", roles,
                        segment->is_waiting ? " wait" : "", segment->problem ? " bad" : "");
}

static const char *cut(const char *pile, const char *number)
{
    int leaf_count, count;
    fpi_leaf_t *leaves = pile_of(&leaf_count, pile);
    fpi_segment_t *segments;
    const char *out = "";

    unit_done(fpi_cover_cut(&segments, &count, leaves, leaf_count, number, NULL, 0, task));
    for (int i = 0; i < count; i++) {
        out = apr_pstrcat(task->pool, out, i ? ", " : "", print_segment(&segments[i], leaves), NULL);
    }
    return out;
}

static const struct pile_t {
    const char *pile, *number, *cut;
} piles[] = {
    { "", NULL, "" },
    { "C1", NULL, "N-1:c" },
    { "C1 a i C2 a", NULL, "N-1:cai, N-2:ca" },
    { "C1 a C2 C2 a", NULL, "N-1:ca, N-2:cca" },                     /* printed on both sides */
    { "C1 _ a C2 _ i _", NULL, "N-1:c_a, N-2:c_i_" },                /* blank backs */
    { "C1 _ C1 _ a", NULL, "N-1:c_c_a" },
    { "C1 a C1 b", NULL, "N-1:caca" },                               /* the segments touch */
    { "C1 a C2 a C1 a", NULL, "N-1:ca, N-2:ca, N-1:ca bad" },        /* they don't */
    { "a i C1 a", NULL, ":ai, N-1:ca" },
    { "_ C1 a", NULL, "N-1:_ca" },                                   /* blank pages in front are no segment */
    { "_ _", NULL, ":__" },
    { "_ a C1", NULL, ":_a, N-1:c" },
    { "C1 x a", NULL, "N-1:caa" },                                   /* a code that is no cover's */
    { "C1 i+x", NULL, "N-1:ci" },
    { "i+C1 a", NULL, "N-1:ca" },                                    /* an invoice glued on the cover */
    { "C1 bar", NULL, "N-1:ca" },
    { "C1 a B2 a C3", NULL, "N-1:ca, :ca bad, N-3:c" },              /* a cover with a bar code: not lost in bill 1 */
    { "C1 a B2=N-2 a C3", NULL, "N-1:ca, N-2:ca, N-3:c" },
    { "C1 a B2!a a C3", NULL, "N-1:caaa, N-3:c" },
    { "B1+C1 a", NULL, "N-1:ca" },                                   /* both codes printed */
    { "C1 B1 a", NULL, "N-1:c, :ca bad" },
    { "C1 B2+i a", NULL, "N-1:cia" },
    { "C1+C2 a C3", NULL, "N-1:ca bad, N-3:c" },
    { "C1+C2=N-2 a", NULL, "N-2:ca" },
    { "C1+C1 a", NULL, "N-1:ca" },
    { "C1=N-7 a", NULL, "N-7:ca" },                                  /* the number was corrected */
    { "C1 a a=N-2 i", NULL, "N-1:ca, N-2:ci" },
    { "C1 a i=N-2 a", NULL, "N-1:ca, N-2:ia" },                      /* a bill without cover */
    { "C1 a a=N-2!a a", NULL, "N-1:ca, N-2:aa" },
    { "a=N-1 i C1 a", NULL, "N-1:cica" },
    { "C1 a C2!a a", NULL, "N-1:caaa" },                             /* said not to be a cover */
    { "C1 a C2!i a", NULL, "N-1:caia" },
    { "C1 a!c a", NULL, "N-1:c, :ca bad" },
    { "C1 _!a a!_ i!a a!i", NULL, "N-1:ca_ai" },
    { "? a", NULL, ":aa wait" },
    { "C1 a ? C2 a", NULL, "N-1:caa wait, N-2:ca" },
    { "C1 a ?!a", NULL, "N-1:caa" },                                 /* said: no need to wait */
    { "C1 a ?!c a", NULL, "N-1:ca, :ca wait" },
    { "C1 ?=N-2 a", NULL, "N-1:c, N-2:ca" },
    { "C1 a C2 ?", "N-1", "N-1:caca wait bad" },
    { "C1 a i _", "N-1", "N-1:cai_" },
    { "a i B2", "N-1", "N-1:aic" },
    { "", "N-1", "" },
};

START_TEST(piles_are_cut)
{
    ck_assert_str_eq(cut(piles[_i].pile, piles[_i].number), piles[_i].cut);
}
END_TEST

START_TEST(a_bar_code_says_what_to_do)
{
    int count, n;
    fpi_leaf_t *leaves = pile_of(&count, "B1 bar i+bar C1+bar");
    fpi_segment_t *segments;

    unit_done(fpi_cover_cut(&segments, &n, leaves, count, NULL, NULL, 0, task));
    ck_assert_ptr_nonnull(strstr(leaves[0].note, "识别到条形码，请将打印模板改为二维码"));
    ck_assert_ptr_nonnull(strstr(leaves[0].note, "N-1"));
    ck_assert_ptr_nonnull(strstr(leaves[0].note_en, "barcode found; switch the print template to QR"));
    ck_assert_str_eq(segments[0].problem, leaves[0].note);
    ck_assert_str_eq(leaves[1].note, "识别到条形码，请将打印模板改为二维码");
    ck_assert_ptr_null(leaves[2].note); /* invoices have bar codes of their own */
    ck_assert_ptr_null(leaves[3].note);
}
END_TEST

/* ---- any pile ---- */

static const char *words[] = { "C1", "C2", "C3", "C1+C2", "B1", "bar", "a", "a", "a", "i", "_", "?", "x", "a=N-3", "C2=N-1",
                               "C1!a", "a!c", "?!i", "_=N-2", "i=N-1" };

static const char *random_pile(unsigned *seed, int pages)
{
    char *pile = apr_pcalloc(task->pool, (size_t)pages * 8 + 1);

    for (int i = 0; i < pages; i++) {
        *seed = *seed * 1103515245u + 12345u;
        strcat(strcat(pile, words[(*seed >> 16) % UNIT_COUNT(words)]), " ");
    }
    return pile;
}

/* The number that a page surely begins, said apart from the cutter: typed in, or the only QR's. */
static const char *surely_of(const fpi_leaf_t *leaf)
{
    if (leaf->number || leaf->code_count != 1 || !leaf->codes[0].is_qr || leaf->codes[0].text[1] != '-'
        || (leaf->said != FPI_ROLE_AUTO && leaf->said != FPI_ROLE_COVER)) {
        return leaf->number;
    }
    return apr_psprintf(task->pool, "N%s", leaf->codes[0].text + 1);
}

static void check_segment(const fpi_segment_t *segment, const fpi_leaf_t *leaves, const char *pile)
{
    const char *first = NULL;

    for (int i = segment->first; i < segment->first + segment->count; i++) {
        const char *number = surely_of(&leaves[i]);

        ck_assert_msg(!number || (segment->number && strcmp(number, segment->number) == 0), "page %d of %s", i + 1, pile);
        first = first ? first : number;
        ck_assert_int_ne(leaves[i].role, FPI_ROLE_AUTO);
        ck_assert_msg(segment->is_waiting || leaves[i].is_known || leaves[i].number || leaves[i].said != FPI_ROLE_AUTO,
                      "page %d of %s", i + 1, pile);
    }
}

/* No page is lost or twice, the order is kept, and the same pile is cut the same way again. */
enum { PILES = 40 }; /* in one process */

static void cut_any_pile(unsigned seed, int pages)
{
    int leaf_count, count, at = 0;
    const char *pile = random_pile(&seed, pages);
    fpi_leaf_t *leaves = pile_of(&leaf_count, pile);
    fpi_segment_t *segments;

    for (int i = 0; i < leaf_count; i++) {
        leaves[i].id = i + 1;
    }
    unit_done(fpi_cover_cut(&segments, &count, leaves, leaf_count, NULL, NULL, 0, task));
    for (int s = 0; s < count; s++) {
        ck_assert_int_eq(segments[s].first, at);
        ck_assert_int_gt(segments[s].count, 0);
        at += segments[s].count;
        ck_assert_int_le(at, pages);
        check_segment(&segments[s], leaves, pile);
        for (int before = 0; before < s; before++) {
            ck_assert_msg(!segments[s].number || !segments[before].number || segments[s].problem
                              || strcmp(segments[s].number, segments[before].number) != 0, "%s", pile);
        }
    }
    ck_assert_int_eq(at, pages);
    for (int i = 0; i < leaf_count; i++) {
        ck_assert_int_eq(leaves[i].id, i + 1);
    }
    ck_assert_str_eq(cut(pile, NULL), cut(pile, NULL));
}

START_TEST(any_pile_is_cut_whole)
{
    for (int i = _i * PILES; i < (_i + 1) * PILES; i++) {
        cut_any_pile((unsigned)i * 7919u + 1, i % 40);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cover");
    TCase *rules = unit_case(suite, "rules");
    TCase *cuts = unit_case(suite, "cuts");

    tcase_add_loop_test(rules, texts_are_numbers_by_rules, 0, UNIT_COUNT(fits));
    tcase_add_test(rules, the_first_rule_that_fits_counts);
    tcase_add_test(rules, many_varying_parts_are_no_trap);
    tcase_add_loop_test(rules, bad_rules_are_refused, 0, UNIT_COUNT(bad_rules));
    tcase_add_loop_test(cuts, piles_are_cut, 0, UNIT_COUNT(piles));
    tcase_add_test(cuts, a_bar_code_says_what_to_do);
    tcase_add_loop_test(cuts, any_pile_is_cut_whole, 0, 10);
    return unit_run(suite);
}
