/* Any bytes as an annex or a draft: refused, or read with findings that have a line; never a
 * crash. A draft made from an annex is read back with as many items and marks. */
#include "annex/annex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct classification *codes;
static struct corpus *shipped;
static struct arena forever;

static void load_once(void)
{
    if (codes != NULL)
        return;
    arena_init(&forever);
    check(classification_load(&codes, &forever, NULL) == OK);
    check(law_load_shipped(&shipped, &forever, codes, NULL) == OK);
}

static void check_findings(const struct annex_findings *f)
{
    for (int i = 0; i < f->n; i++)
        check(f->at[i].line >= 0 && f->at[i].code && f->at[i].zh[0] && f->at[i].en[0]);
}

static void try_draft(struct str text, struct arena *a, int items, int marks)
{
    struct draft d;
    struct buf json;
    struct error e = {0};
    buf_init(&json);
    enum err r = draft_convert(&d, a, codes, text, "input", &json, &e);
    check(r == OK || (r == ERR_LIMIT && e.line > 0));
    if (r == OK) {
        check_findings(&d.findings);
        check((json.n > 0) == (d.findings.n_stops == 0));
        check(items < 0 || (d.items == items && d.marks == marks));
    }
    buf_finish(&json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    struct arena a;
    struct annex *x;
    struct error e = {0};
    load_once();
    if (annex_decode(&text, "input", &e) != OK) {
        check(e.detail_zh[0] && e.detail_en[0]);
        return 0;
    }
    arena_init(&a);
    if (draft_is(text)) {
        try_draft(text, &a, -1, 0);
    } else if (annex_read(&x, &a, codes, text, "input", &e) == OK) {
        check_findings(&x->findings);
        if (x->findings.n_stops == 0 && x->n < 8) { /* searches of words are slow */
            struct annex_summary s;
            struct buf draft;
            buf_init(&draft);
            annex_propose(x, shipped, instrument_find(shipped, STR("cn-fdi-2024")), STR("x"),
                          "input", &a, &draft, &s);
            try_draft(buf_view(&draft), &a, s.items, s.proposals);
            buf_finish(&draft);
        }
    }
    arena_finish(&a);
    return 0;
}
