/* Any bytes as a declaration file: CSV or NDJSON, UTF-8 or GB18030, plain or gzip. Every record is
 * accepted or set aside with a place and a reason, and what comes out does not depend on where the
 * file is cut. */
#define _GNU_SOURCE /* memfd_create */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "declaration/intake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct scheme *scheme;
static struct arena forever;

static void load_once(void)
{
    struct classification *codes;
    if (scheme != NULL)
        return;
    arena_init(&forever);
    check(classification_load(&codes, &forever, NULL) == OK);
    check(scheme_load(&scheme, &forever, codes, NULL) == OK);
}

struct seen {
    uint64_t rows, spoilt; /* hashes */
    int64_t n_rows, n_spoilt, line;
};

static uint64_t mix(uint64_t h, struct str s)
{
    uint64_t v[2];
    hash_quick(s.p != NULL ? s.p : "", s.n, h, v);
    return v[0];
}

static void take_rows(void *ctx, int thread, struct declaration *d, int n)
{
    struct seen *s = ctx;
    check(thread == 0);
    for (int i = 0; i < n; i++) {
        check(str_utf8_valid(d[i].contract) || d[i].contract.n == 0);
        check(str_utf8_valid(d[i].remark) || d[i].remark.n == 0);
        check(d[i].report_no.n == 22 && d[i].party_id.n > 0 && d[i].party_id.n <= 18);
        check(d[i].code < scheme->n_code && d[i].currency < scheme->n_currency);
        check(d[i].country < scheme->codes->n_economies && d[i].amount >= 0 && d[i].rate_e8 >= 0);
        s->rows = mix(mix(mix(s->rows + d[i].line_no, d[i].line), d[i].remark), d[i].contract);
    }
    s->n_rows += n;
}

static enum err take_spoilt(void *ctx, const struct spoilt *x, struct error *e)
{
    struct seen *s = ctx;
    (void)e;
    check(x->line > 0 && x->line >= s->line && x->column >= 0 && x->why_zh[0] && x->why_en[0]);
    check(x->raw.n > 0 && x->raw.n <= LIMIT_DECLARATION_BYTES && (x->rules >> x->rule & 1) != 0);
    s->line = x->line;
    s->spoilt = mix(s->spoilt + (uint64_t)(x->line * 1000 + x->column), x->raw);
    s->n_spoilt++;
    return OK;
}

static enum err run(const char *path, size_t chunk, struct seen *s)
{
    struct intake in = {.scheme = scheme, .path = &path, .n_paths = 1, .n_threads = 1,
                        .today = DAY_MAX, .rows = take_rows, .rows_ctx = s,
                        .spoilt = take_spoilt, .spoilt_ctx = s, .chunk_bytes = chunk};
    struct tally *t = tally_create();
    struct error e = {0};
    enum err r = intake_run(&in, t, &e);
    check(r == OK || (e.detail_zh[0] && e.detail_en[0] && e.file[0]));
    check(t->records == s->n_rows + s->n_spoilt && t->accepted == s->n_rows);
    check(t->rejected + t->excluded == s->n_spoilt);
    tally_destroy(t);
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[32];
    struct seen a = {0}, b = {0};
    load_once();
    int fd = memfd_create("input", MFD_CLOEXEC);
    check(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    enum err r = run(path, 0, &a);
    check(run(path, 64 + size % 256, &b) == r);
    close(fd);
    check(a.rows == b.rows && a.spoilt == b.spoilt);
    check(a.n_rows == b.n_rows && a.n_spoilt == b.n_spoilt);
    return 0;
}
