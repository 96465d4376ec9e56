/* Any bytes as an instrument: refused with an error that has a place, or loaded; never a crash.
 * What loads must also compile and decide. */
#include "decide/decide.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct classification *codes;
static struct arena forever;

static void load_once(void)
{
    if (codes != NULL)
        return;
    arena_init(&forever);
    check(classification_load(&codes, &forever, NULL) == OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    struct corpus *c;
    struct str facts;
    struct error e = {0};
    struct snapshot *s;
    load_once();
    arena_init(&a);
    check(shipped_get("facts.json", &facts));
    check(law_begin(&c, &a, codes, facts, "facts.json", &e) == OK);
    enum err r = law_add(c, &a, (struct str){(const char *)data, size}, "input", &e);
    if (r != OK)
        check(e.code == r && e.detail_zh[0] && e.detail_en[0]);
    if (r == OK && law_finish(c, &a, &e) == OK && snapshot_create(&s, c, &e) == OK) {
        struct question q = {.sector = 900, .mode = 1, .origin = 5, .on = 20000, .known = 20800};
        struct answer x, y;
        decide(s, &q, &x);
        naive_decide(c, &q, &y);
        check(x.outcome == y.outcome && x.treatment == y.treatment && x.must == y.must);
        snapshot_destroy(s);
    }
    arena_finish(&a);
    return 0;
}
