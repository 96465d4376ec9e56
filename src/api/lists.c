/* Instruments, provisions and the search as JSON: the twins of /lists and /find. */
#include "api/routes.h"
#include "law/write.h"

static void instrument_head(struct jsonw *w, const struct instrument *t)
{
    jsonw_kstr(w, "id", t->id);
    kwords(w, "title", t->title_zh, t->title_en);
    instrument_kinds(w, t);
    jsonw_kbool(w, "decides", t->is_layer);
    jsonw_kbool(w, "claimable", t->claimable);
    jsonw_kbool(w, "complete", t->complete);
    jsonw_kday(w, "published", t->published);
    instrument_days(w, t);
    jsonw_kint(w, "published_total", t->published_total);
    jsonw_kint(w, "held", t->n);
    kby_grade(w, t->grades);
    jsonw_kz(w, "hash", t->hash);
}

void api_lists_json(const struct api *api, struct buf *out)
{
    struct jsonw w;
    jsonw_init(&w, out, false);
    jsonw_object(&w);
    jsonw_key(&w, "instruments");
    jsonw_array(&w);
    for (int i = 0; i < api->corpus->n_instruments; i++) {
        if (!instrument_current(&api->corpus->instrument[i]))
            continue;
        jsonw_object(&w);
        instrument_head(&w, &api->corpus->instrument[i]);
        jsonw_end(&w);
    }
    jsonw_end(&w);
    jsonw_kz(&w, "snapshot", api->corpus->hash);
    jsonw_end(&w);
}

static void clauses(struct jsonw *w, const char *key, const struct clause *x, int n)
{
    jsonw_key(w, key);
    jsonw_array(w);
    for (int i = 0; i < n; i++) {
        jsonw_object(w);
        kwords(w, "text", x[i].zh, x[i].en);
        jsonw_kbool(w, "checkable", x[i].when >= 0);
        jsonw_kstr(w, "source", x[i].source);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void provision(struct jsonw *w, const struct corpus *c, const struct provision *p)
{
    jsonw_object(w);
    provision_name(w, c, p);
    kcount(w, "no", p->no);
    jsonw_kstr(w, "section", p->section);
    kwords(w, "text", p->zh, p->en);
    jsonw_kz(w, "effect", effect_name(p->effect));
    jsonw_kz(w, "treatment", treatment_name(p->treatment));
    kgrade(w, "evidence", p->evidence);
    jsonw_kbool(w, "partial", p->partial);
    kwords(w, "authority", p->authority_zh, p->authority_en);
    clauses(w, "exceptions", p->exception, p->n_exceptions);
    clauses(w, "exemptions", p->exemption, p->n_exemptions);
    clauses(w, "conditions", p->lift, p->n_lift);
    kbasis(w, p->basis, p->n_basis, true);
    ktexts(w, "sources", p->source, p->n_sources);
    jsonw_kstr(w, "note", p->note);
    jsonw_end(w);
}

void api_list_json(const struct api *api, int instrument, struct buf *out)
{
    const struct corpus *c = api->corpus;
    const struct instrument *t = &c->instrument[instrument];
    struct jsonw w;
    jsonw_init(&w, out, false);
    jsonw_object(&w);
    instrument_head(&w, t);
    kwords(&w, "issuer", t->issuer_zh, t->issuer_en);
    jsonw_kstr(&w, "document_no", t->document_no);
    kwords(&w, "note", t->note_zh, t->note_en);
    ktexts(&w, "sources", t->source, t->n_sources);
    jsonw_key(&w, "preamble");
    jsonw_array(&w);
    for (int i = 0; i < t->n_notes; i++) {
        jsonw_object(&w);
        jsonw_kint(&w, "point", t->note[i].point);
        kwords(&w, "text", t->note[i].zh, t->note[i].en);
        jsonw_end(&w);
    }
    jsonw_end(&w);
    jsonw_key(&w, "provisions");
    jsonw_array(&w);
    for (int i = 0; i < t->n; i++) {
        provision(&w, c, &c->provision[t->first + i]);
    }
    jsonw_end(&w);
    jsonw_end(&w);
}

void api_provision_json(const struct api *api, const struct provision *p, struct buf *out)
{
    struct jsonw w;
    jsonw_init(&w, out, false);
    provision(&w, api->corpus, p);
}

/* --- the search ------------------------------------------------------------------------- */

enum { FOUND_MAX = 20, PAGE = 100, PAGE_MAX = 1000 };

/* The one question that would tell the candidates apart, as `fumao find` asks it. */
static void narrowing_json(const struct classification *c, const struct finding *f,
                           struct jsonw *w)
{
    struct narrowing ask;
    jsonw_key(w, "ask");
    if (!classification_narrow(c, f, &ask)) {
        jsonw_null(w);
        return;
    }
    jsonw_object(w);
    words_members(w, ask.zh, ask.en);
    jsonw_key(w, "choices");
    jsonw_array(w);
    for (int k = 0; k < ask.n; k++) {
        const struct narrow_choice *x = &ask.choice[k];
        jsonw_object(w);
        kwords(w, "text", x->zh, x->en);
        jsonw_key(w, "codes");
        jsonw_array(w);
        for (int i = 0; i < x->n; i++) {
            jsonw_str(w, sector_code(c, f->best[x->candidate[i]].leaf));
        }
        jsonw_end(w);
        jsonw_end(w);
    }
    jsonw_end(w);
    jsonw_end(w);
}

static void found_provisions(const struct api *api, struct str words, struct jsonw *w)
{
    int at[FOUND_MAX];
    int n = words.n > 0 ? law_find(api->corpus, words, at, FOUND_MAX) : 0;
    jsonw_key(w, "provisions");
    jsonw_array(w);
    for (int i = 0; i < n && i < FOUND_MAX; i++) {
        const struct provision *p = &api->corpus->provision[at[i]];
        jsonw_object(w);
        provision_name(w, api->corpus, p);
        kgrade(w, "evidence", p->evidence);
        kwords(w, "text", p->zh, p->en);
        jsonw_end(w);
    }
    jsonw_end(w);
    jsonw_kint(w, "provisions_total", n);
}

enum err api_among(const struct classification *codes, struct str among, struct finding *f,
                   struct error *e)
{
    bool named[sizeof f->best / sizeof *f->best] = {false};
    int n = 0;
    struct str rest = among;
    if (among.n == 0) {
        return OK;
    }
    while (rest.n > 0) {
        struct str code = str_trim(str_cut(rest, ',', &rest));
        int at = codelist_find(&codes->gbt, code);
        int leaf = at < 0 ? 0 : codes->gbt.code[at].leaf_from;
        if (at < 0 || codes->gbt.leaf[leaf] != at) {
            return api_no(e, ERR_UNKNOWN_CODE, "among", code, "/api/v1/search?q=");
        }
        for (int i = 0; i < f->n; i++) {
            named[i] |= f->best[i].leaf == leaf;
        }
    }
    f->clear = f->clear && named[0];
    for (int i = 0; i < f->n; i++) {
        if (named[i]) {
            f->best[n++] = f->best[i];
        }
    }
    f->n = n;
    return OK;
}

void api_find_json(const struct api *api, struct str words, struct buf *out, bool pretty)
{
    struct finding f = {0};
    if (words.n > 0) {
        classification_find(api->codes, words, &f);
    }
    api_found_json(api, words, &f, out, pretty);
}

void api_found_json(const struct api *api, struct str words, const struct finding *f,
                    struct buf *out, bool pretty)
{
    struct jsonw w;
    jsonw_init(&w, out, pretty);
    jsonw_object(&w);
    jsonw_key(&w, "classes");
    jsonw_array(&w);
    for (int i = 0; i < f->n; i++) {
        const struct code *k = sector_leaf(api->codes, f->best[i].leaf);
        jsonw_object(&w);
        jsonw_kstr(&w, "code", k->code);
        kwords(&w, "title", k->name_zh, k->name_en);
        jsonw_kint(&w, "score", f->best[i].score);
        jsonw_kstr(&w, "matched", f->best[i].matched);
        jsonw_end(&w);
    }
    jsonw_end(&w);
    jsonw_kbool(&w, "clear", f->clear);
    narrowing_json(api->codes, f, &w);
    found_provisions(api, words, &w);
    jsonw_end(&w);
}

/* --- routes ----------------------------------------------------------------------------- */

/*
 * API: GET /api/v1/search -> found
 * zh: 文字对应的类别与条目；类别不明确时附一个能缩小范围的问题（ask）
 * en: Classes and provisions that words mean; if no class is clear, a question that narrows (ask)
 * query q string! | 文字，中文或英文 | words, Chinese or English
 * query among string | 只留这些类别：ask 中一个选项的 codes，以逗号分隔 | only these classes: codes of a choice of ask
 * example: /api/v1/search?q=%E4%BA%91
 */
enum err api_get_search(struct api_call *c, struct error *e)
{
    struct finding f = {0};
    struct str words = api_arg(c, "q");
    if (words.n > LIMIT_WORDS_BYTES) {
        err_set(e, ERR_LIMIT, "搜索词超过 %d 字节", "the words are longer than %d bytes",
                (int)LIMIT_WORDS_BYTES);
        err_at(e, "", 0, "q");
        return ERR_LIMIT;
    }
    if (words.n > 0) {
        classification_find(c->api->codes, words, &f);
    }
    TRY(api_among(c->api->codes, api_arg(c, "among"), &f, e));
    api_found_json(c->api, words, &f, &c->rs->body, false);
    return OK;
}

/*
 * API: GET /api/v1/lists -> lists
 * zh: 清单、协定与其他文本，含版本、施行日与核实等级
 * en: Lists, agreements and other texts, with edition, dates and grades of evidence
 * example: /api/v1/lists
 */
enum err api_get_lists(struct api_call *c, struct error *e)
{
    (void)e;
    api_lists_json(c->api, &c->rs->body);
    return OK;
}

/*
 * API: GET /api/v1/lists/{id} -> list
 * zh: 一份文本及其全部条目
 * en: One text with all its provisions
 * path id string! | 文本编号，如 cn-national-2024 | the id of the text, as cn-national-2024
 * example: /api/v1/lists/cn-hainan-2021
 */
enum err api_get_list(struct api_call *c, struct error *e)
{
    int at = instrument_find(c->api->corpus, c->part[0]);
    if (at < 0) {
        return api_no(e, ERR_NOT_FOUND, "id", c->part[0], "/api/v1/lists");
    }
    api_list_json(c->api, at, &c->rs->body);
    return OK;
}

/* What provisions are asked for; -1, 0 and empty ask nothing. */
struct wanted {
    int instrument, mode, origin, place, effect;
    struct str key;
    char grade;
    bool any_sector;
    struct sector_set sectors;
    day_t on; /* DAY_MIN: any */
};

static bool any_shared(const uint64_t *a, const uint64_t *b, int n)
{
    for (int i = 0; i < n; i++) {
        if ((a[i] & b[i]) != 0) {
            return true;
        }
    }
    return false;
}

static bool has_mode(const struct provision *p, int mode)
{
    for (int k = 0; k < COMBOS; k++) {
        if (((p->scope.combo >> k) & 1) && combo_mode(k) == mode) {
            return true;
        }
    }
    return false;
}

static bool wants(const struct corpus *c, const struct wanted *w, const struct provision *p)
{
    const struct instrument *t = &c->instrument[p->instrument];
    return instrument_current(t) && (w->instrument < 0 || p->instrument == w->instrument) &&
           (w->key.n == 0 || str_eq(p->key, w->key)) &&
           (w->grade == 0 || p->evidence == w->grade) &&
           (w->effect < 0 || (int)p->effect == w->effect) &&
           (w->on == DAY_MIN || (t->valid_from <= w->on && w->on < t->valid_to)) &&
           (w->origin < 0 || bit_get(p->scope.origin, (size_t)w->origin)) &&
           (w->place < 0 || bit_get(p->scope.place, (size_t)w->place)) &&
           (w->mode == 0 || has_mode(p, w->mode)) &&
           (w->any_sector || any_shared(p->scope.sector, w->sectors.leaf, SECTOR_WORDS));
}

static enum err read_codes(struct api_call *c, struct wanted *w, struct error *e)
{
    const struct classification *k = c->api->codes;
    struct str sector = api_arg(c, "sector"), from = api_arg(c, "from"), to = api_arg(c, "to");
    enum err code = from.n > 0 ? economy_parse(k, from, &w->origin, e) : OK;
    if (code != OK) {
        err_at(e, "", 0, "from");
        return code;
    }
    code = to.n > 0 ? place_parse(k, to, &w->place, e) : OK;
    if (code != OK) {
        err_at(e, "", 0, "to");
        return code;
    }
    w->any_sector = sector.n == 0;
    return sector.n > 0 ? ask_sector(k, sector, &w->sectors, e) : OK;
}

static enum err read_wanted(struct api_call *c, struct wanted *w, struct error *e)
{
    struct str id = api_arg(c, "instrument"), effect = api_arg(c, "effect");
    struct str grade = api_arg(c, "evidence");
    w->instrument = id.n > 0 ? instrument_find(c->api->corpus, id) : -1;
    w->origin = w->place = -1;
    w->key = api_arg(c, "key");
    if (id.n > 0 && w->instrument < 0) {
        return api_no(e, ERR_NOT_FOUND, "instrument", id, "/api/v1/lists");
    }
    enum effect named = EFFECT_COUNT;
    if (effect.n > 0 && !effect_parse(effect, &named)) {
        return api_no(e, ERR_INVALID, "effect", effect,
                      "prohibit, require-approval, condition, ...");
    }
    w->effect = effect.n > 0 ? (int)named : -1;
    w->grade = grade.n == 1 && grade.p[0] >= 'A' && grade.p[0] <= 'C' ? grade.p[0] : '\0';
    if (grade.n > 0 && w->grade == 0) {
        return api_no(e, ERR_INVALID, "evidence", grade, "A, B, C");
    }
    TRY(api_day(c, "on", DAY_MIN, &w->on, e));
    TRY(api_number(c, "mode", 0, 4, &w->mode, e));
    return read_codes(c, w, e);
}

/*
 * API: GET /api/v1/provisions -> provisions
 * zh: 符合条件的条目，分页
 * en: Provisions by what they say and reach, in pages
 * query instrument string | 文本编号 | id of a text
 * query key string | 条目的固定键 | the stable key of a provision
 * query q string | 条目文字中的词 | words in their text
 * query effect string | 效力：prohibit、require-approval 等 | effect: prohibit, require-approval ...
 * query evidence string | 核实等级 A、B、C | grade of evidence: A, B, C
 * query sector string | 涉及的行业 | a sector they reach
 * query mode integer | 涉及的模式 | a mode they reach
 * query from string | 涉及的经济体 | an economy they reach
 * query to string | 涉及的地方 | a place they reach
 * query on date | 当日有效 | in force on that day
 * query offset integer | 从第几条起，默认 0 | from this one on, 0 unless said
 * query limit integer | 至多几条，默认 100，上限 1000 | at most so many, 100 unless said, up to 1000
 * example: /api/v1/provisions?sector=7231&on=2026-06-01&limit=3
 */
enum err api_get_provisions(struct api_call *c, struct error *e)
{
    const struct corpus *law = c->api->corpus;
    struct wanted *w = ARENA_NEW(c->arena, struct wanted);
    int *at = ARENA_ARRAY(c->arena, int, (size_t)law->n_provisions + 1);
    struct str words = api_arg(c, "q");
    int offset, limit, n = 0, all = 0;
    struct jsonw j;
    TRY(read_wanted(c, w, e));
    TRY(api_number(c, "offset", 0, LIMIT_RULES, &offset, e));
    TRY(api_number(c, "limit", PAGE, PAGE_MAX, &limit, e));
    for (; words.n == 0 && all < law->n_provisions; all++) {
        at[all] = all;
    }
    if (words.n > 0) {
        all = law_find(law, words, at, law->n_provisions);
    }
    jsonw_init(&j, &c->rs->body, false);
    jsonw_object(&j);
    jsonw_key(&j, "provisions");
    jsonw_array(&j);
    for (int i = 0; i < all; i++) {
        const struct provision *p = &law->provision[at[i]];
        if (wants(law, w, p) && n++ >= offset && n <= offset + limit) {
            provision(&j, law, p);
        }
    }
    jsonw_end(&j);
    jsonw_kint(&j, "total", n);
    jsonw_kint(&j, "offset", offset);
    jsonw_kint(&j, "limit", limit);
    jsonw_kz(&j, "snapshot", law->hash);
    jsonw_end(&j);
    return OK;
}
