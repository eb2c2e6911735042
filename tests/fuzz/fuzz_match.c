/* Invoices of hostile texts on both sides: each line is one, "side number code date seller gross", the first byte says which
 * rules and pairs there are. */
#include "fuzz.h"

#include "model/match.h"

#include <apr_strings.h>

enum { INVOICES = 64, PAIRS = 8 };

typedef struct sides_t {
    fpi_invoice_t expected[INVOICES];
    fpi_match_found_t found[INVOICES];
    int expected_count, found_count;
} sides_t;

static const char *word(char **rest)
{
    const char *text = apr_strtok(*rest, " ", rest);

    return text && strcmp(text, "-") != 0 ? text : NULL;
}

static fpi_invoice_t read_invoice(char *line, int64_t id)
{
    fpi_invoice_t invoice = { .id = id };
    char *rest = line;
    const char *gross;

    invoice.number = word(&rest);
    invoice.code = rest ? word(&rest) : NULL;
    invoice.date = rest ? word(&rest) : NULL;
    invoice.seller_name = rest ? word(&rest) : NULL;
    gross = rest ? word(&rest) : NULL;
    invoice.has_gross = gross != NULL;
    invoice.gross = gross ? (unsigned char)gross[0] : 0;
    invoice.type = gross ? strlen(gross) % 32 : 0;
    return invoice;
}

static void read_sides(sides_t *sides, char *text)
{
    char *line, *rest = NULL;

    for (line = apr_strtok(text, "\n", &rest); line; line = apr_strtok(NULL, "\n", &rest)) {
        fpi_invoice_t invoice = read_invoice(*line ? line + 1 : line, sides->expected_count + sides->found_count + 1);

        if (*line == 'e' && sides->expected_count < INVOICES) {
            sides->expected[sides->expected_count++] = invoice;
        }
        else if (*line != 'e' && sides->found_count < INVOICES) {
            sides->found[sides->found_count].source = (fpi_source_t)((unsigned char)*line % FPI_SOURCE_COUNT);
            sides->found[sides->found_count].is_attachment = *line == 'a';
            sides->found[sides->found_count++].invoice = invoice;
        }
    }
}

static void check_item(const fpi_match_item_t *item, const sides_t *sides)
{
    bool is_pair = item->verdict == FPI_VERDICT_MATCHED || item->verdict == FPI_VERDICT_DIFFERS;

    FUZZ_HOLDS(item->expected < sides->expected_count && item->found < sides->found_count);
    FUZZ_HOLDS((item->expected >= 0) == (item->verdict != FPI_VERDICT_EXTRA));
    FUZZ_HOLDS((item->found >= 0) == (item->verdict != FPI_VERDICT_MISSING));
    FUZZ_HOLDS((item->copy_count > 0) == (item->found >= 0) && (item->tie != FPI_TIE_NONE) == is_pair);
    FUZZ_HOLDS(item->hint_count <= FPI_MATCH_SUGGESTIONS && (item->hint_count == 0 || !is_pair));
    FUZZ_HOLDS(item->verdict != FPI_VERDICT_DIFFERS || item->diff_count > 0);
    for (int i = 0; i < item->diff_count; i++) {
        FUZZ_HOLDS(item->diffs[i].why == FPI_WHY_COPY || item->diffs[i].expected);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fpi_task_t *task = fuzz_task();
    sides_t *sides = apr_pcalloc(task->pool, sizeof(*sides));
    uint8_t mode = size ? data[0] : 0;
    char *text = size > 1 ? apr_pstrmemdup(task->pool, (const char *)data + 1, size - 1) : apr_pstrdup(task->pool, "");
    fpi_match_pair_t pairs[PAIRS];
    fpi_match_asked_t asked = { .pairs = pairs, .pair_count = mode % (PAIRS + 1),
                                .rules = { .is_strict = mode & 16, .is_paper_only = mode & 32, .is_counted = mode & 64 } };
    const fpi_match_t *match;
    int all = 0;

    read_sides(sides, text);
    for (int i = 0; i < PAIRS; i++) {
        pairs[i] = (fpi_match_pair_t){ 1 + mode % (i + 2), 1 + mode % (2 * i + 3), i % 3 == 2 };
    }
    asked.expected = sides->expected;
    asked.expected_count = sides->expected_count;
    asked.found = sides->found;
    asked.found_count = sides->found_count;
    FUZZ_HOLDS(!fpi_match_run(&match, &asked, task));
    for (int i = 0; i < match->count; i++) {
        check_item(&match->items[i], sides);
        all += match->items[i].is_required && match->items[i].verdict != FPI_VERDICT_MATCHED;
    }
    FUZZ_HOLDS(all == match->failed && (!match->is_matched || all == 0));
    return fuzz_end(task);
}
