/* Any bytes as the words of a question, cut at line feeds into its fields. */
#include "api/ask.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct classification *codes;
static struct corpus *law;
static struct snapshot *snapshot;
static struct arena forever;

static void load_once(void)
{
    if (snapshot != NULL)
        return;
    arena_init(&forever);
    check(classification_load(&codes, &forever, NULL) == OK);
    check(law_load_shipped(&law, &forever, codes, NULL) == OK);
    check(snapshot_create(&snapshot, law, NULL) == OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sector_set set;
    static struct facts facts;
    struct ask k = {0};
    struct question q;
    struct error e = {0};
    struct str rest = {(const char *)data, size};
    load_once();
    if (!str_utf8_valid(rest))
        return 0;
    struct str *field[] = {&k.sector, &k.mode, &k.from, &k.to, &k.kind, &k.on, &k.fact[0]};
    for (size_t i = 0; i < sizeof field / sizeof *field; i++)
        *field[i] = str_cut(rest, '\n', &rest);
    k.n_facts = k.fact[0].n > 0;
    enum err r = ask_parse(codes, law, &k, &set, &q, &facts, &e);
    check(r == OK || e.detail_en[0]);
    if (r == OK) {
        struct answer x, y;
        decide(snapshot, &q, &x);
        naive_decide(law, &q, &y);
        check(x.outcome == y.outcome && x.treatment == y.treatment);
    }
    return 0;
}
