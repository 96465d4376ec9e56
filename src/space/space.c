#include "space/space.h"

static const char *const kind_names[KIND_COUNT] = {"firm",           "person", "joint-venture",
                                                   "wholly-foreign", "branch",
                                                   "representative-office"};

const char *direction_name(enum direction d)
{
    return d == IMPORT ? "import" : "export";
}

const char *kind_name(enum kind k)
{
    return kind_names[k];
}

bool direction_parse(struct str s, enum direction *out)
{
    *out = str_eqz(s, "export") ? EXPORT : IMPORT;
    return str_eqz(s, "export") || str_eqz(s, "import");
}

bool kind_parse(struct str s, enum kind *out)
{
    for (int k = 0; k < KIND_COUNT; k++) {
        if (str_eqz(s, kind_names[k])) {
            *out = (enum kind)k;
            return true;
        }
    }
    return false;
}

bool scope_has(const struct scope *s, int leaf, int combo, int origin, int place)
{
    return bit_get(s->sector, (size_t)leaf) && ((s->combo >> combo) & 1) &&
           bit_get(s->origin, (size_t)origin) && bit_get(s->place, (size_t)place);
}

void scope_clip(struct scope *s, const struct scope *to)
{
    bits_and(s->sector, to->sector, SECTOR_WORDS);
    bits_and(s->origin, to->origin, ORIGIN_WORDS);
    bits_and(s->place, to->place, PLACE_WORDS);
    s->combo &= to->combo;
}

uint64_t scope_weigh(const struct scope *s)
{
    uint64_t combos = 0;
    for (int c = 0; c < COMBOS; c++)
        combos += combo_valid(c) && ((s->combo >> c) & 1);
    return combos * bits_count(s->sector, SECTOR_WORDS) * bits_count(s->origin, ORIGIN_WORDS) *
           bits_count(s->place, PLACE_WORDS);
}
