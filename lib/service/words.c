#include "service/words.h"

#include <string.h>

fpi_err_t *fpi_word_find(const char **out, const fpi_call_t *call, const char *name, size_t most)
{
    const char *text = fpi_params_find(call->params, name);

    *out = text && *text ? fpi_text_trim(call->task->pool, text) : NULL;
    if (*out && fpi_utf8_length(*out) > most) {
        return fpi_refuse(call->task, FPI_E_FIELD, name, "参数 %s 超过 %d 个字符", "parameter %s is longer than %d characters",
                          name, (int)most);
    }
    if (*out && !**out) {
        *out = NULL;
    }
    return NULL;
}

fpi_err_t *fpi_word_flag(bool *out, bool *is_said, const fpi_call_t *call, const char *name)
{
    const char *text = fpi_params_find(call->params, name);

    *is_said = text && *text;
    *out = *is_said && (strcmp(text, "true") == 0 || strcmp(text, "1") == 0);
    if (*is_said && !*out && strcmp(text, "false") != 0 && strcmp(text, "0") != 0) {
        return fpi_refuse(call->task, FPI_E_FIELD, name, "参数 %s 应为 true 或 false", "parameter %s is true or false", name);
    }
    return NULL;
}

/* ---- times: 2026-01-31, or 2026-01-31T08:00:00Z, or with +08:00 behind ---- */

static bool read_digits(int *out, const char **at, int count)
{
    *out = 0;
    for (int i = 0; i < count; i++, (*at)++) {
        if (**at < '0' || **at > '9') {
            return false;
        }
        *out = *out * 10 + (**at - '0');
    }
    return true;
}

static bool pass(const char **at, char mark)
{
    *at += **at == mark;
    return (*at)[-1] == mark;
}

static bool read_zone(int *seconds, const char **at)
{
    int sign = **at == '-' ? -1 : 1, hours, minutes;

    *seconds = 0;
    if (**at == 'Z') {
        (*at)++;
        return true;
    }
    if (**at != '+' && **at != '-') {
        return false;
    }
    (*at)++;
    if (!read_digits(&hours, at, 2) || !pass(at, ':') || !read_digits(&minutes, at, 2) || hours > 14 || minutes > 59) {
        return false;
    }
    *seconds = sign * (hours * 3600 + minutes * 60);
    return true;
}

static bool read_clock(apr_time_exp_t *exp, int *zone, const char **at)
{
    (*at)++;
    return read_digits(&exp->tm_hour, at, 2) && pass(at, ':') && read_digits(&exp->tm_min, at, 2) && pass(at, ':')
           && read_digits(&exp->tm_sec, at, 2) && exp->tm_hour < 24 && exp->tm_min < 60 && exp->tm_sec < 61
           && read_zone(zone, at);
}

static bool read_when(apr_time_t *out, const char *text)
{
    apr_time_exp_t exp = { 0 };
    int year, month, zone = 0;

    if (!read_digits(&year, &text, 4) || !pass(&text, '-') || !read_digits(&month, &text, 2) || !pass(&text, '-')
        || !read_digits(&exp.tm_mday, &text, 2) || year < 1970 || month < 1 || month > 12 || exp.tm_mday < 1
        || exp.tm_mday > 31 || (*text == 'T' && !read_clock(&exp, &zone, &text)) || *text) {
        return false;
    }
    exp.tm_year = year - 1900;
    exp.tm_mon = month - 1;
    if (apr_time_exp_gmt_get(out, &exp) != APR_SUCCESS) {
        return false;
    }
    *out -= apr_time_from_sec(zone);
    return true;
}

fpi_err_t *fpi_word_time(apr_time_t *out, const fpi_call_t *call, const char *name)
{
    const char *text = fpi_params_find(call->params, name);

    *out = 0;
    if (!text || !*text || read_when(out, text)) {
        return NULL;
    }
    return fpi_refuse(call->task, FPI_E_FIELD, name, "参数 %s 应为 ISO 8601 时间, 如 2026-01-31T08:00:00Z, 收到 %.40s",
                      "parameter %s is an ISO 8601 time like 2026-01-31T08:00:00Z, not %.40s", name, text);
}

fpi_err_t *fpi_word_day(int64_t *out, const fpi_call_t *call, const char *name, int64_t otherwise)
{
    const char *text = fpi_params_find(call->params, name);
    apr_time_t when;

    *out = otherwise;
    if (!text || !*text) {
        return NULL;
    }
    if (strchr(text, 'T') || !read_when(&when, text)) {
        return fpi_refuse(call->task, FPI_E_FIELD, name, "参数 %s 应为日期, 如 2026-01-31, 收到 %.40s",
                          "parameter %s is a day like 2026-01-31, not %.40s", name, text);
    }
    *out = apr_time_sec(when) / 86400;
    return NULL;
}
