#include "law/internal.h"

static const char *const family_names[FAMILY_COUNT] = {
    "cross-border", "investment", "market-access", "permits",
    "flows",        "commitments", "support",      "pilot"};
static const char *const effect_names[EFFECT_COUNT] = {
    "prohibit", "qualification-barred", "require-approval", "require-local-presence",
    "restrict", "quota",                "condition",        "notify",
    "file",     "commit",               "displace"};
static const char *const treatment_names[] = {"equal",    "notify",     "condition",
                                              "approval", "prohibited", "silent"};
static const char *const layer_kind_names[] = {"national", "zone", "arrangement", "treaty"};
static const char *const edition_kind_names[] = {"official", "working", "headline", "facts"};

const char *family_name(enum family f)
{
    return family_names[f];
}

const char *effect_name(enum effect e)
{
    return effect_names[e];
}

const char *treatment_name(enum treatment t)
{
    return treatment_names[t];
}

const char *layer_kind_name(enum layer_kind k)
{
    return layer_kind_names[k];
}

const char *edition_kind_name(enum edition_kind k)
{
    return edition_kind_names[k];
}

static int name_index(struct str s, const char *const *names, int n)
{
    for (int i = 0; i < n; i++)
        if (str_eqz(s, names[i]))
            return i;
    return -1;
}

bool family_parse(struct str s, enum family *out)
{
    int i = name_index(s, family_names, FAMILY_COUNT);
    *out = (enum family)(i < 0 ? 0 : i);
    return i >= 0;
}

bool effect_parse(struct str s, enum effect *out)
{
    int i = name_index(s, effect_names, EFFECT_COUNT);
    *out = (enum effect)(i < 0 ? 0 : i);
    return i >= 0;
}

bool layer_kind_parse(struct str s, enum layer_kind *out)
{
    int i = name_index(s, layer_kind_names, 4);
    *out = (enum layer_kind)(i < 0 ? 0 : i);
    return i >= 0;
}

bool edition_kind_parse(struct str s, enum edition_kind *out)
{
    int i = name_index(s, edition_kind_names, 4);
    *out = (enum edition_kind)(i < 0 ? 0 : i);
    return i >= 0;
}

enum treatment effect_treatment(enum effect e)
{
    switch (e) {
    case EFFECT_PROHIBIT:
    case EFFECT_QUALIFICATION_BARRED:
        return PROHIBITED;
    case EFFECT_REQUIRE_APPROVAL:
        return APPROVAL;
    case EFFECT_NOTIFY:
    case EFFECT_FILE:
        return NOTIFY;
    default:
        return CONDITION;
    }
}
