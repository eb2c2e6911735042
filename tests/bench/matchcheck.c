/* What the matching of a bill costs, in CPU time, and how it grows.
 *
 *   matchcheck COUNT SIZE...
 *
 * One line each, "SIZE KIND MICROSECONDS": SIZE invoices against SIZE; of each kind the mean of COUNT runs. Kinds: all the
 * same in normal and in strict comparison; all left over with hints; one seller, one sum, one day, nothing in common else. */
#include "model/match.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef enum kind_t { NORMAL, STRICT, LEFT_OVER, ALIKE, KINDS } kind_t;

static const char *const names[KINDS] = { "normal", "strict", "left-over", "alike" };

static double cpu_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

/* The found ones write names and numbers their own way, so that all must be normalised. */
static fpi_invoice_t invent(apr_pool_t *pool, kind_t kind, int n, bool is_found)
{
    const char *prefix = is_found && (kind == LEFT_OVER || kind == ALIKE) ? "25" : "24";
    int sum = kind == ALIKE ? 1 : n;

    return (fpi_invoice_t){
        .id = n + 1, .type = 27, .number = apr_psprintf(pool, "%s%018d%s", prefix, n, is_found ? " " : ""),
        .date = "2024-05-06", .has_net = true, .net = 100 * sum, .has_tax = true, .tax = 6 * sum, .has_gross = true,
        .gross = 106 * sum, .seller_tax_no = "91440300MA5SAMPL01", .buyer_tax_no = "91440101MA5TESTS01",
        .seller_name = is_found ? "上海样张物流(集团)有限公司" : "上海样张物流（集团）有限公司",
        .buyer_name = is_found ? "广州测试贸易 有限公司" : "广州测试贸易有限公司",
    };
}

static double measure(apr_pool_t *pool, kind_t kind, int size, int count)
{
    fpi_invoice_t *expected = apr_pcalloc(pool, sizeof(*expected) * (size_t)size);
    fpi_match_found_t *found = apr_pcalloc(pool, sizeof(*found) * (size_t)size);
    fpi_match_asked_t asked = { expected, size, found, size, NULL, 0, { .is_strict = kind == STRICT } };
    apr_pool_t *turn;
    double start;

    for (int i = 0; i < size; i++) {
        expected[i] = invent(pool, kind, i, false);
        found[i].invoice = invent(pool, kind, size - 1 - i, true);
    }
    apr_pool_create(&turn, pool);
    start = cpu_us();
    for (int i = 0; i < count; i++) {
        const fpi_match_t *match;

        apr_pool_clear(turn);
        if (fpi_match_run(&match, &asked, fpi_task_make(turn, NULL)) || match->is_matched != (kind < LEFT_OVER)) {
            fprintf(stderr, "matchcheck: the verdict is wrong\n");
            exit(1);
        }
    }
    return (cpu_us() - start) / count;
}

int main(int argc, char **argv)
{
    int count = argc > 2 ? (int)strtol(argv[1], NULL, 10) : 0;
    apr_pool_t *pool;

    if (count < 1 || apr_initialize() != APR_SUCCESS || apr_pool_create(&pool, NULL) != APR_SUCCESS) {
        fprintf(stderr, "usage: matchcheck COUNT SIZE...\n");
        return 2;
    }
    for (int i = 2; i < argc; i++) {
        int size = (int)strtol(argv[i], NULL, 10);

        for (int kind = 0; kind < KINDS && size > 0; kind++) {
            apr_pool_clear(pool);
            printf("%d %s %.0f\n", size, names[kind], measure(pool, (kind_t)kind, size, count));
        }
    }
    apr_terminate();
    return 0;
}
