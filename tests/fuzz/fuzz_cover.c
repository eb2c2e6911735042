/* Lines of codes as pages, each a QR's text; the first line makes a rule when it begins with '-', '/' or '.'. */
#include "fuzz.h"
#include "model/cover.h"

#include <apr_strings.h>

enum { PAGES = 64 };

static fpi_rule_t rule_of(char *line)
{
    fpi_rule_t rule = { .name = "fuzz", .separator = *line, .is_enabled = true };
    char *state = NULL;

    for (char *part = apr_strtok(line + 1, "|", &state); part && rule.part_count < FPI_RULE_PARTS;
         part = apr_strtok(NULL, "|", &state)) {
        fpi_rule_part_t *to = &rule.parts[rule.part_count++];

        to->kind = *part == '#' ? FPI_PART_DIGITS : FPI_PART_CONSTANT;
        to->text = part;
        to->least = 1;
        to->most = (unsigned char)part[1];
    }
    return rule;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fpi_task_t *task = fuzz_task();
    char *line = apr_pstrmemdup(task->pool, (const char *)data, size), *state = NULL;
    fpi_leaf_t leaves[PAGES] = { { 0 } };
    fpi_code_seen_t codes[PAGES];
    fpi_rule_t rule = { 0 };
    fpi_segment_t *segments;
    int pages = 0, count, at = 0;
    bool has_rule = *line && strchr("-/.", *line);

    line = apr_strtok(line, "\n", &state);
    if (line && has_rule) {
        rule = rule_of(line);
        has_rule = fpi_rule_check(&rule, task) == NULL;
        line = apr_strtok(NULL, "\n", &state);
    }
    for (; line && pages < PAGES; line = apr_strtok(NULL, "\n", &state), pages++) {
        codes[pages] = (fpi_code_seen_t){ *line != '!', line };
        leaves[pages] = (fpi_leaf_t){ .codes = &codes[pages], .code_count = 1, .is_known = *line != '?', .said = FPI_ROLE_AUTO };
    }
    FUZZ_HOLDS(!fpi_cover_cut(&segments, &count, leaves, pages, NULL, &rule, has_rule, task));
    for (int i = 0; i < count; i++) {
        FUZZ_HOLDS(segments[i].first == at && segments[i].count > 0);
        at += segments[i].count;
    }
    FUZZ_HOLDS(at == pages);
    return 0;
}
