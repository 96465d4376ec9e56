/* Any bytes as a file of direct reports: every line is accepted or named with a place and a reason,
 * and the counts add up; the same file twice changes nothing but the counts of what is left out. */
#define _GNU_SOURCE /* memfd_create */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "declaration/direct.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct scheme *scheme;
static struct direct_scheme *direct_scheme;
static struct arena forever;

static void load_once(void)
{
    struct classification *codes;
    struct rates *rates;
    if (scheme != NULL)
        return;
    arena_init(&forever);
    check(classification_load(&codes, &forever, NULL) == OK);
    check(scheme_load(&scheme, &forever, codes, NULL) == OK);
    check(rates_load(&rates, &forever, scheme, NULL, NULL) == OK);
    scheme->rates = rates;
    check(direct_scheme_load(&direct_scheme, &forever, scheme, NULL) == OK);
}

static enum err take_spoilt(void *ctx, const struct direct_spoilt *s, struct error *e)
{
    int64_t *n = ctx;
    (void)e;
    check(s->line > 0 && s->column >= 0 && s->field <= DIRECT_COLUMNS && s->rule < DIRECT_LATE);
    check(s->why_zh[0] && s->why_en[0] && s->raw.n <= LIMIT_DECLARATION_BYTES);
    check(s->raw.n > 0 || s->rule >= DIRECT_TWICE);
    ++*n;
    return OK;
}

static void check_line(const struct direct *d, const struct direct_line *l)
{
    check(l->party < d->parties.n && l->line > 0 && l->form < direct_scheme->n_form);
    check(l->flow < FLOW_COUNT && l->mode >= 1 && l->mode <= SCHEME_MODES);
    check(l->currency < scheme->n_currency && l->item >= 0 && l->item < scheme->codes->ebops.n);
    check(l->country >= -1 && l->country < scheme->codes->n_economies);
    check(l->month >= d->from && l->month < d->from + d->months);
    check(l->amount >= 0 && l->cents >= 0 && l->country != scheme->home);
    check((l->rules & ((1 << DIRECT_LATE) - 1)) == 0);
}

static enum err run(const char *const *path, int n_paths, struct direct *d)
{
    struct error e = {0};
    int64_t n = 0;
    struct direct_options o = {.scheme = direct_scheme, .path = path, .n_paths = n_paths,
                               .today = DAY_MAX, .spoilt = take_spoilt, .spoilt_ctx = &n};
    *d = (struct direct){0};
    enum err r = direct_read(&o, d, &e);
    check(r == OK || (e.detail_zh[0] && e.detail_en[0]));
    if (r != OK)
        return r;
    check(d->read == d->accepted + d->rejected + d->excluded);
    check(d->n == (size_t)d->accepted && n == d->rejected + d->excluded);
    for (size_t i = 0; i < d->n; i++)
        check_line(d, &d->line[i]);
    return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char name[32];
    const char *path[2] = {name, name};
    struct direct one, two;
    load_once();
    int fd = memfd_create("input", MFD_CLOEXEC);
    check(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    enum err r = run(path, 1, &one);
    check(run(path, 2, &two) == r);
    if (r == OK) {
        check(two.read == 2 * one.read && two.accepted == one.accepted && two.n == one.n);
        for (size_t i = 0; i < one.n; i++)
            check(one.line[i].cents == two.line[i].cents && one.line[i].party == two.line[i].party);
        direct_finish(&one);
        direct_finish(&two);
    }
    close(fd);
    return 0;
}
