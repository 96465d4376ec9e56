/* Everything is loaded here, lists first, then what is built on them. */
#include "classification/internal.h"

enum err classification_load(struct classification **out, struct arena *a, struct error *e)
{
    struct classification *c = ARENA_NEW(a, struct classification);
    c->finder = ARENA_NEW(a, struct finder);
    TRY(codelist_load(&c->gbt, a, "gbt", "codes/gbt4754-2017.csv", e));
    if (c->gbt.n_leaves > LIMIT_SECTORS) {
        err_set(e, ERR_LIMIT, "超过上限 LIMIT_SECTORS（%d）", "more than LIMIT_SECTORS (%d)",
                LIMIT_SECTORS);
        err_at(e, "codes/gbt4754-2017.csv", 0, NULL);
        return ERR_LIMIT;
    }
    TRY(codelist_load(&c->ebops, a, "ebops", "codes/ebops2010.csv", e));
    TRY(codelist_load(&c->cpc, a, "cpc", "codes/cpc21-services.csv", e));
    TRY(codelist_load(&c->w120, a, "w120", "codes/w120.csv", e));
    TRY(codelist_load(&c->isic, a, "isic", "codes/isic4.csv", e));
    TRY(economies_load(c, a, e));
    TRY(places_load(c, a, e));
    TRY(bridges_load(c, a, e));
    TRY(vocabulary_load(c, a, e));
    *out = c;
    return OK;
}
