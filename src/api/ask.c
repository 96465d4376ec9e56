/* Words to a checked question. See ask.h. */
#include "api/ask.h"
#include <stdio.h>

int ask_leaf(const struct sector_set *s, int leaf)
{
    if (leaf < 0 || leaf >= LIMIT_SECTORS) {
        return -1;
    }
    uint64_t rest = s->leaf[leaf / 64] >> (leaf % 64) << (leaf % 64);
    for (int w = leaf / 64;; rest = s->leaf[w]) {
        if (rest != 0) {
            return w * 64 + __builtin_ctzll(rest);
        }
        if (++w == SECTOR_WORDS) {
            return -1;
        }
    }
}

enum err ask_answers(const struct sector_set *set, struct question *q, ask_answer_fn *one,
                     void *ctx, struct buf *out)
{
    struct jsonw j;
    struct buf answer;
    enum err r = OK;
    buf_init(&answer);
    jsonw_init(&j, out, false);
    jsonw_object(&j);
    jsonw_kstr(&j, "code", set->code);
    jsonw_kbool(&j, "partial", set->partial);
    jsonw_kint(&j, "classes", set->count);
    jsonw_key(&j, "answers");
    jsonw_array(&j);
    for (int l = ask_leaf(set, 0); l >= 0 && r == OK; l = ask_leaf(set, l + 1)) {
        q->sector = l;
        buf_clear(&answer);
        r = one(ctx, q, &answer);
        if (r == OK) {
            jsonw_raw(&j, buf_view(&answer));
        }
    }
    jsonw_end(&j);
    jsonw_end(&j);
    buf_finish(&answer);
    return r;
}

static enum err ambiguous(const struct classification *c, struct str words,
                          const struct finding *f, struct error *e)
{
    char list[sizeof e->hint];
    size_t n = 0;
    list[0] = 0;
    for (int i = 0; i < f->n && i < 5; i++) {
        const struct code *k = sector_leaf(c, f->best[i].leaf);
        int m = snprintf(list + n, sizeof list - n, "%s%.*s %.*s", i ? "; " : "",
                         STR_ARG(k->code), STR_ARG(k->name_zh));
        if (m < 0 || (size_t)m >= sizeof list - n) {
            list[n] = 0; /* whole candidates only: never half a character */
            break;
        }
        n += (size_t)m;
    }
    err_set(e, ERR_AMBIGUOUS, "“%.*s”可以是几个类别", "\"%.*s\" fits several classes",
            STR_ARG(words));
    err_at(e, "", 0, "sector");
    err_hint(e, "%s", list);
    return ERR_AMBIGUOUS;
}

enum err ask_sector(const struct classification *c, struct str spec, struct sector_set *out,
                    struct error *e)
{
    struct finding f;
    spec = str_trim(spec);
    if (spec.n == 0) {
        err_set(e, ERR_USAGE, "缺少“%s”", "%s is missing", "sector");
        err_at(e, "", 0, "sector");
        return ERR_USAGE;
    }
    if (spec.n > LIMIT_WORDS_BYTES) {
        err_set(e, ERR_LIMIT, "服务名称超过 %d 字节", "the service is longer than %d bytes",
                (int)LIMIT_WORDS_BYTES);
        err_at(e, "", 0, "sector");
        return ERR_LIMIT;
    }
    if (sector_spec_is_code(spec)) {
        enum err code = sector_parse(c, spec, out, e);
        if (code != OK) {
            err_at(e, "", 0, "sector");
        }
        return code;
    }
    classification_find(c, spec, &f);
    if (f.n == 0) {
        err_set(e, ERR_UNKNOWN_CODE, "没有找到“%.*s”", "nothing found for \"%.*s\"",
                STR_ARG(spec));
        err_at(e, "", 0, "sector");
        err_hint(e, "7231; gbt:72; ebops:SJ21; 法律服务; software");
        return ERR_UNKNOWN_CODE;
    }
    if (!f.clear) {
        return ambiguous(c, spec, &f, e);
    }
    return sector_parse(c, sector_code(c, f.best[0].leaf), out, e);
}

static enum err invalid(const char *field, struct str value, const char *allowed,
                        struct error *e)
{
    if (value.n == 0) {
        err_set(e, ERR_USAGE, "缺少“%s”", "%s is missing", field);
        err_at(e, "", 0, field);
        err_hint(e, "%s", allowed);
        return ERR_USAGE;
    }
    err_set(e, ERR_INVALID, "%s：“%.*s”不是可用的值", "%s: \"%.*s\" is not a value that can be used",
            field, (int)(value.n > 80 ? 80 : value.n), value.p);
    err_at(e, "", 0, field);
    err_hint(e, "%s", allowed);
    return ERR_INVALID;
}

static enum err parse_day(struct str s, const char *field, day_t none, day_t *out,
                          struct error *e)
{
    *out = none;
    if (s.n > 0 && !day_parse(s, out)) {
        err_set(e, ERR_SYNTAX, "“%.*s”不是日期", "\"%.*s\" is not a date",
                (int)(s.n > 40 ? 40 : s.n), s.p);
        err_at(e, "", 0, field);
        err_hint(e, "YYYY-MM-DD");
        return ERR_SYNTAX;
    }
    return OK;
}

static enum err parse_cell(const struct classification *c, const struct ask *ask,
                           struct question *q, struct error *e)
{
    const char *kinds = "firm, person; 3: joint-venture, wholly-foreign, branch, "
                        "representative-office";
    if (ask->mode.n != 1 || ask->mode.p[0] < '1' || ask->mode.p[0] > '4') {
        return invalid("mode", ask->mode, "1, 2, 3, 4", e);
    }
    q->mode = ask->mode.p[0] - '0';
    if (ask->from.n == 0) {
        return invalid("from", ask->from, "HK, SG, US, ...", e);
    }
    enum err code = economy_parse(c, ask->from, &q->origin, e);
    if (code != OK) {
        err_at(e, "", 0, "from");
        return code;
    }
    if (ask->to.n == 0) {
        return invalid("to", ask->to, "CN, CN-SH, CN-SH-FTZ, CN-HI, ...", e);
    }
    code = place_parse(c, ask->to, &q->place, e);
    if (code != OK) {
        err_at(e, "", 0, "to");
        return code;
    }
    if (ask->kind.n > 0 && !kind_parse(ask->kind, &q->kind)) {
        return invalid("kind", ask->kind, kinds, e);
    }
    if (ask->direction.n > 0 && !direction_parse(ask->direction, &q->direction)) {
        return invalid("direction", ask->direction, "import, export", e);
    }
    return OK;
}

static enum err parse_claim(const struct corpus *law, struct str id, struct question *q,
                            struct error *e)
{
    int i = instrument_find(law, id);
    if (i < 0) {
        err_set(e, ERR_CLAIM, "没有“%.*s”", "there is no \"%.*s\"",
                (int)(id.n > 80 ? 80 : id.n), id.p);
    } else if (law->instrument[i].layer < 0 || !law->instrument[i].claimable) {
        err_set(e, ERR_CLAIM, "%.*s 不需要、也不能援引", "%.*s is not claimed: it acts by itself or "
                "holds no rules here", STR_ARG(id));
    } else {
        q->claims |= (uint64_t)1 << law->instrument[i].layer; /* membership: question_check */
        return OK;
    }
    err_at(e, "", 0, "claim");
    err_hint(e, "fumao list log");
    return ERR_CLAIM;
}

enum err ask_parse(const struct classification *c, const struct corpus *law,
                   const struct ask *ask, struct sector_set *sectors, struct question *q,
                   struct facts *facts, struct error *e)
{
    day_t today = day_today();
    memset(sectors, 0, sizeof *sectors);
    memset(q, 0, sizeof *q);
    memset(facts, 0, sizeof *facts);
    q->kind = KIND_FIRM;
    q->direction = IMPORT;
    q->facts = facts;
    TRY(ask_sector(c, ask->sector, sectors, e));
    q->sector = ask_leaf(sectors, 0);
    TRY(parse_cell(c, ask, q, e));
    TRY(parse_day(ask->on, "on", today, &q->on, e));
    TRY(parse_day(ask->known, "known", today, &q->known, e));
    for (int i = 0; i < ask->n_facts; i++) {
        enum err code = fact_parse(law, ask->fact[i], facts, e);
        if (code != OK) {
            err_at(e, "", 0, "fact");
            return code;
        }
    }
    for (int i = 0; i < ask->n_claims; i++) {
        TRY(parse_claim(law, ask->claim[i], q, e));
    }
    return question_check(law, q, e);
}
