#include "model/bill.h"

#include "base/text.h"

#include <apr_strings.h>
#include <assert.h>
#include <string.h>

enum { NUMBER_MAX = 100, STATES = FPI_STATE_VOID + 1, ACTS = FPI_ACT_COUNT };

/* The target plus one; 0: not legal. */
static const unsigned char moves[ACTS][STATES] = {
#define FPI_MOVE(act, from, to) [FPI_ACT_##act][FPI_STATE_##from] = FPI_STATE_##to + 1,
#include "model/states.def"
#undef FPI_MOVE
};

typedef struct names_t {
    const char *zh, *en, *symbol;
} names_t;

static const names_t states[STATES] = {
#define FPI_STATE(symbol, number, zh, en) [number] = { zh, en, #symbol },
#include "model/states.def"
#undef FPI_STATE
};

static const names_t acts[ACTS] = {
#define FPI_ACT(symbol, zh, en) [FPI_ACT_##symbol] = { zh, en, #symbol },
#include "model/states.def"
#undef FPI_ACT
};

/* Why not, and what to do instead; mostly empty. */
static const names_t reasons[ACTS][STATES] = {
#define FPI_REASON(act, state, zh, en) [FPI_ACT_##act][FPI_STATE_##state] = { ": " zh, ": " en, NULL },
#include "model/states.def"
#undef FPI_REASON
};

static const char *name_of(const names_t *names, const char *lang)
{
    return lang && strcmp(lang, "en") == 0 ? names->en : names->zh;
}

const char *fpi_state_name(fpi_state_t state, const char *lang)
{
    return (unsigned)state < STATES ? name_of(&states[state], lang) : "?";
}

const char *fpi_act_name(fpi_act_t act, const char *lang)
{
    return (unsigned)act < ACTS ? name_of(&acts[act], lang) : "?";
}

const char *fpi_act_symbol(fpi_act_t act)
{
    return (unsigned)act < ACTS ? acts[act].symbol : "?";
}

const char *fpi_state_symbol(fpi_state_t state)
{
    return (unsigned)state < STATES ? states[state].symbol : "?";
}

const char *fpi_mode_name(fpi_mode_t mode)
{
    static const char *const names[] = { "", "basic", "match", "sync" };

    return (unsigned)mode < sizeof(names) / sizeof(*names) ? names[mode] : "";
}

/* ---- the image number ---- */

/* Control characters of ASCII and of the block U+0080-U+009F. */
/* U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069: two numbers that differ in these alone look alike. */
static bool is_direction(const unsigned char *c)
{
    return c[0] == 0xE2
           && ((c[1] == 0x80 && (c[2] == 0x8E || c[2] == 0x8F || (c[2] >= 0xAA && c[2] <= 0xAE)))
               || (c[1] == 0x81 && c[2] >= 0xA6 && c[2] <= 0xA9));
}

static bool has_control(const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c < 0x20 || *c == 0x7F || (*c == 0xC2 && c[1] >= 0x80 && c[1] <= 0x9F) || is_direction(c)) {
            return true;
        }
    }
    return false;
}

fpi_err_t *fpi_bill_take_number(const char **out, const char *text, const char *field,
                                fpi_task_t *task)
{
    char *number = fpi_text_trim(task->pool, text ? text : "");
    long length;

    if (!*number) {
        return fpi_refuse(task, FPI_E_NO_NUMBER, field, "影像编号%s为空, 未接收任何内容",
                          "the image number %s is missing; nothing was accepted", field);
    }
    if (!fpi_utf8_is_valid(number, strlen(number)) || has_control(number)) {
        return fpi_refuse(task, FPI_E_FIELD, field,
                          "影像编号%s应为UTF-8可见字符, 收到控制字符或无效编码",
                          "the image number %s must be printable UTF-8; a control character or bad "
                          "encoding came",
                          field);
    }
    length = (long)fpi_utf8_length(number);
    if (length > NUMBER_MAX) {
        return fpi_refuse(task, FPI_E_FIELD, field, "影像编号%s应为1-%d个字符, 收到%ld个",
                          "the image number %s must have 1-%d characters; %ld came", field,
                          NUMBER_MAX, length);
    }
    if (fpi_text_find_blank(number) >= 0) {
        return fpi_refuse(task, FPI_E_FIELD, field, "影像编号%s中间不得有空格, 收到\"%s\"",
                          "the image number %s must not hold a blank; \"%s\" came", field, number);
    }
    *out = fpi_text_upper(number);
    return NULL;
}

/* ---- moves ---- */

static bool can_be_sent_back(fpi_state_t state)
{
    return state != FPI_STATE_RESCAN && moves[FPI_ACT_RESCAN][state];
}

fpi_err_t *fpi_bill_move(fpi_state_t *to, const fpi_bill_t *bill, fpi_act_t act, fpi_task_t *task)
{
    int target;

    assert((unsigned)act < ACTS && (unsigned)bill->state < STATES);
    target = moves[act][bill->state];
    if (!target) {
        const names_t *why = &reasons[act][bill->state];

        /* each text takes its own of the two languages and prints nothing of the other */
        return fpi_refuse(task, FPI_E_STATE, NULL, "单据%s当前状态为%s%.0s(%d), 不允许%s%.0s%s%.0s",
                          "bill %s is %.0s%s (%d): %.0s%s is not allowed%.0s%s",
                          bill->number ? bill->number : "", fpi_state_name(bill->state, "zh"),
                          fpi_state_name(bill->state, "en"), (int)bill->state,
                          fpi_act_name(act, "zh"), fpi_act_name(act, "en"), why->zh ? why->zh : "",
                          why->en ? why->en : "");
    }
    if (act == FPI_ACT_CANCEL_RESCAN && can_be_sent_back(bill->state_before)) {
        target = bill->state_before + 1;
    }
    *to = (fpi_state_t)(target - 1);
    return NULL;
}
