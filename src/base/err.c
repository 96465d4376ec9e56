#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    int exit_status;
} kinds[ERR_COUNT] = {
    [OK] = {"ok", 0},
    [ERR_USAGE] = {"usage", 2},
    [ERR_SYNTAX] = {"syntax", 2},
    [ERR_LIMIT] = {"limit", 2},
    [ERR_UNKNOWN_CODE] = {"unknown-code", 2},
    [ERR_AMBIGUOUS] = {"ambiguous", 2},
    [ERR_DATE_RANGE] = {"date-range", 2},
    [ERR_PLACE_DATE] = {"place-date", 2},
    [ERR_CLAIM] = {"claim", 2},
    [ERR_UNKNOWN_FACT] = {"unknown-fact", 2},
    [ERR_INVALID] = {"invalid", 2},
    [ERR_NOT_FOUND] = {"not-found", 3},
    [ERR_DENIED] = {"denied", 4},
    [ERR_CONFLICT] = {"conflict", 5},
    [ERR_INTEGRITY] = {"integrity", 6},
    [ERR_IO] = {"io", 75},
    [ERR_BUSY] = {"busy", 75},
};

const char *err_name(enum err code)
{
    check((unsigned)code < ERR_COUNT);
    return kinds[code].name;
}

int err_exit_status(enum err code)
{
    check((unsigned)code < ERR_COUNT);
    return kinds[code].exit_status;
}

/* Text that was cut off may end inside a character; what goes out must stay valid UTF-8. */
static void drop_half_character(char *z)
{
    size_t n = strlen(z), back = 0;
    while (back < 3 && back < n && ((unsigned char)z[n - 1 - back] & 0xC0) == 0x80) {
        back++;
    }
    if (back >= n) {
        return;
    }
    unsigned char lead = (unsigned char)z[n - 1 - back];
    size_t want = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (want > back + 1) {
        z[n - 1 - back] = '\0';
    }
}

static void format(char *out, size_t size, const char *fmt, va_list args)
{
    int n = vsnprintf(out, size, fmt, args);
    if (n < 0) {
        out[0] = '\0';
    } else if ((size_t)n >= size) {
        drop_half_character(out);
    }
}

static void copy(char *out, size_t size, const char *z)
{
    size_t n = strlen(z);
    if (n < size) {
        memmove(out, z, n + 1);
        return;
    }
    memmove(out, z, size - 1);
    out[size - 1] = '\0';
    drop_half_character(out);
}

enum err err_set(struct error *e, enum err code, const char *zh, const char *en, ...)
{
    check((unsigned)code < ERR_COUNT);
    if (e == NULL) {
        return code;
    }
    /* Built aside, because an argument may point into the error that is being replaced. */
    struct error fresh = {.code = code};
    va_list args, again;
    va_start(args, en);
    va_copy(again, args);
    format(fresh.detail_zh, sizeof fresh.detail_zh, zh, args);
    format(fresh.detail_en, sizeof fresh.detail_en, en, again);
    va_end(again);
    va_end(args);
    *e = fresh;
    return code;
}

void err_hint(struct error *e, const char *fmt, ...)
{
    if (e == NULL) {
        return;
    }
    char hint[sizeof e->hint];
    va_list args;
    va_start(args, fmt);
    format(hint, sizeof hint, fmt, args);
    va_end(args);
    memcpy(e->hint, hint, sizeof hint);
}

/* NULL and 0 leave what is there: a callee knows the field, its caller the file. */
void err_at(struct error *e, const char *file, int line, const char *field)
{
    if (e == NULL) {
        return;
    }
    if (file != NULL) {
        copy(e->file, sizeof e->file, file);
    }
    if (line != 0) {
        e->line = line;
    }
    if (field != NULL) {
        copy(e->field, sizeof e->field, field);
    }
}

_Noreturn void check_failed(const char *cond, const char *file, int line)
{
    fprintf(stderr, "fumao: %s:%d: check failed: %s\n", file, line, cond);
    abort();
}
