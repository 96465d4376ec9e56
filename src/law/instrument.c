/* One instrument from its JSON, and what must hold inside it. */
#include "law/internal.h"

#include <stdio.h>

static enum err read_identity(struct reader *r, const json_t *o, struct instrument *i)
{
    struct str family, layer, kind, other;
    TRY(read_text_needed(r, o, "id", &i->id));
    TRY(read_text_needed(r, o, "title_zh", &i->title_zh));
    TRY(read_text_needed(r, o, "title_en", &i->title_en));
    TRY(read_text(r, o, "issuer_zh", &i->issuer_zh));
    TRY(read_text(r, o, "issuer_en", &i->issuer_en));
    TRY(read_text(r, o, "document_no", &i->document_no));
    TRY(read_text(r, o, "note_zh", &i->note_zh));
    TRY(read_text(r, o, "note_en", &i->note_en));
    TRY(read_text_needed(r, o, "family", &family));
    TRY(read_text_needed(r, o, "layer", &layer));
    TRY(read_text_needed(r, o, "edition_kind", &kind));
    TRY(read_text_needed(r, o, "default", &other));
    if (!family_parse(family, &i->family))
        return read_fail(r, "family", "未知的类别:%s", "unknown family: %s", family.p);
    if (!layer_kind_parse(layer, &i->kind))
        return read_fail(r, "layer", "未知的层级:%s", "unknown layer: %s", layer.p);
    if (!edition_kind_parse(kind, &i->edition))
        return read_fail(r, "edition_kind", "未知的版本性质:%s", "unknown edition kind: %s",
                         kind.p);
    if (!str_eqz(other, "equal") && !str_eqz(other, "silent"))
        return read_fail(r, "default", "须为 equal 或 silent%s", "must be equal or silent%s", "");
    i->default_equal = str_eqz(other, "equal");
    TRY(read_bool(r, o, "claimable", false, &i->claimable));
    TRY(read_bool(r, o, "complete", false, &i->complete));
    TRY(read_int(r, o, "published_total", 0, &i->published_total));
    TRY(read_int(r, o, "unlocated", 0, &i->unlocated));
    return read_texts(r, o, "sources", &i->n_sources, &i->source);
}

/* A text that replaces others ends them on the day it begins, so that day must be known. */
static enum err read_replaces(struct reader *r, const json_t *o, struct instrument *i)
{
    TRY(read_texts(r, o, "replaces", &i->n_replaces, &i->replaces));
    TRY(read_text(r, o, "ended_by", &i->ended_by));
    TRY(read_text(r, o, "classification", &i->classification));
    for (int k = 0; k < i->n_replaces; k++)
        if (i->replaces[k].n == 0 || str_eq(i->replaces[k], i->id))
            return read_fail(r, "replaces", "文件不能替代自身：%s", "a text cannot replace itself: %s",
                             i->id.p);
    if (i->n_replaces > 0 && i->valid_from == DAY_MIN)
        return read_fail(r, "valid_from", "替代其他文件须写明生效日%s",
                         "is required of a text that replaces others%s", "");
    if (i->classification.n > 0 && !str_eqz(i->classification, "GB/T 4754-2017"))
        return read_fail(r, "classification",
                         "行业代码须按 GB/T 4754-2017 编写，本文件按 %s：请先换算",
                         "sector codes must be those of GB/T 4754-2017; this text uses %s: "
                         "convert them first", i->classification.p);
    return OK;
}

static enum err read_reach(struct reader *r, const json_t *o, struct instrument *i)
{
    const json_t *list;
    TRY(read_day(r, o, "published", DAY_MIN, &i->published));
    TRY(read_day(r, o, "valid_from", DAY_MIN, &i->valid_from));
    TRY(read_day(r, o, "valid_to", DAY_MAX, &i->valid_to));
    TRY(read_day(r, o, "known_from", DAY_MIN, &i->known_from));
    TRY(read_day(r, o, "known_to", DAY_MAX, &i->known_to));
    if (i->valid_from >= i->valid_to || i->known_from >= i->known_to)
        return read_fail(r, "valid_to", "时间区间为空%s", "the interval of time is empty%s", "");
    TRY(read_array(r, o, "territory", &list));
    TRY(read_places(r, list, "territory", i->place));
    TRY(read_array(r, o, "beneficiaries", &list));
    TRY(read_origins(r, list, "beneficiaries", i->origin, &i->group));
    if (!bits_any(i->place, PLACE_WORDS))
        return read_fail(r, "territory", "缺少必填项%s", "is required%s", "");
    if (!bits_any(i->origin, ORIGIN_WORDS))
        return read_fail(r, "beneficiaries", "缺少必填项%s", "is required%s", "");
    return OK;
}

static enum err read_notes(struct reader *r, const json_t *o, struct instrument *i)
{
    const json_t *list;
    TRY(read_array(r, o, "preamble", &list));
    i->n_notes = list ? (int)json_array_size(list) : 0;
    i->note = ARENA_ARRAY(r->a, struct note, (size_t)i->n_notes + 1);
    for (int k = 0; k < i->n_notes; k++) {
        const json_t *n = json_array_get(list, (size_t)k);
        TRY(read_int(r, n, "point", 0, &i->note[k].point));
        TRY(read_text(r, n, "zh", &i->note[k].zh));
        TRY(read_text(r, n, "en", &i->note[k].en));
    }
    TRY(read_array(r, o, "facts", &list));
    i->n_headlines = list ? (int)json_array_size(list) : 0;
    i->headline = ARENA_ARRAY(r->a, struct headline, (size_t)i->n_headlines + 1);
    for (int k = 0; k < i->n_headlines; k++) {
        const json_t *n = json_array_get(list, (size_t)k);
        TRY(read_text(r, n, "key", &i->headline[k].key));
        TRY(read_text(r, n, "zh", &i->headline[k].zh));
        TRY(read_text(r, n, "en", &i->headline[k].en));
        TRY(read_grade(r, n, "evidence", false, &i->headline[k].evidence));
    }
    return OK;
}

static size_t room_for(int n) /* the next power of two: many records would move it n times */
{
    size_t room = 64;
    while (room <= (size_t)n)
        room *= 2;
    return room;
}

/* Room for n more provisions; the array moves, so provisions are named by index everywhere. */
static void provisions_reserve(struct corpus *c, struct arena *a, int n)
{
    size_t room = room_for(c->n_provisions + n);
    if (c->provision != NULL && room == room_for(c->n_provisions))
        return;
    struct provision *wider = ARENA_ARRAY(a, struct provision, room);
    if (c->n_provisions > 0)
        memcpy(wider, c->provision, (size_t)c->n_provisions * sizeof *wider);
    c->provision = wider;
}

static enum err read_provisions(struct reader *r, const json_t *o, int at)
{
    struct corpus *c = r->c;
    const json_t *list;
    TRY(read_array(r, o, "provisions", &list));
    int n = list ? (int)json_array_size(list) : 0;
    if (c->n_provisions + n > LIMIT_RULES)
        return read_fail(r, "provisions", "条目过多%s", "too many provisions%s", "");
    provisions_reserve(c, r->a, n);
    c->instrument[at].first = c->n_provisions;
    for (int k = 0; k < n; k++) {
        snprintf(r->path, sizeof r->path, "/provisions/%d", k);
        struct provision *p = &c->provision[c->n_provisions];
        memset(p, 0, sizeof *p); /* a record that was dropped may have left something */
        p->instrument = at;
        p->layer = -1;
        TRY(read_provision(r, json_array_get(list, (size_t)k), p));
        if (provision_find(c, at, p->key) != NULL)
            return read_fail(r, "key", "重复的键:%s", "the key is there twice: %s", p->key.p);
        c->n_provisions++;
        c->instrument[at].n++;
        c->instrument[at].grades[p->evidence - 'A']++;
        if (p->effect != EFFECT_DISPLACE && p->treatment != SILENT)
            c->instrument[at].is_layer = true;
    }
    r->path[0] = 0;
    return OK;
}

static enum err check_instrument(struct reader *r, const struct instrument *i)
{
    int n = i->n;
    if (i->published_total > 0 && n > i->published_total && i->edition == EDITION_WORKING)
        return read_fail(r, "published_total", "条目多于公布数%s",
                         "more provisions than were published%s", "");
    if (i->complete && (n != i->published_total || i->unlocated > 0) && i->published_total > 0)
        return read_fail(r, "complete", "条目数与公布数不符,不能标为完整%s",
                         "cannot be complete: the count differs from the published one%s", "");
    return OK;
}

enum err law_add(struct corpus *c, struct arena *a, struct str json, const char *file,
                 struct error *e)
{
    struct reader r = {.a = a, .c = c, .file = file, .e = e};
    json_t *root = NULL;
    enum err result = read_document(&r, json, &root);
    if (result != OK)
        return result;
    int at = c->n_instruments;
    struct instrument *wider = ARENA_ARRAY(a, struct instrument, (size_t)at + 1);
    if (at > 0)
        memcpy(wider, c->instrument, (size_t)at * sizeof *wider);
    c->instrument = wider;
    struct instrument *i = &c->instrument[at];
    i->layer = -1;
    i->text = json;
    uint8_t digest[32];
    hash_sha256(json.p, json.n, digest);
    hash_hex(digest, 32, i->hash);
    if ((result = read_identity(&r, root, i)) == OK && (result = read_reach(&r, root, i)) == OK &&
        (result = read_replaces(&r, root, i)) == OK && (result = read_notes(&r, root, i)) == OK) {
        int order = at > 0 ? str_cmp(c->instrument[at - 1].id, i->id) : -1;
        /* A second record of one id is a correction: the first must have been closed. */
        if (order > 0 || (order == 0 && c->instrument[at - 1].known_to == DAY_MAX))
            result = read_fail(&r, "id", "重复或未按次序的标识:%s", "id repeated or out of order: %s",
                               i->id.p);
        else
            c->n_instruments++;
    }
    if (result == OK && (result = read_provisions(&r, root, at)) == OK)
        result = check_instrument(&r, i);
    json_decref(root);
    return result;
}

enum err law_known(struct corpus *c, day_t from, day_t to, struct error *e)
{
    check(c->n_instruments > 0);
    struct instrument *i = &c->instrument[c->n_instruments - 1];
    i->known_from = from > i->known_from ? from : i->known_from;
    i->known_to = to < i->known_to ? to : i->known_to;
    if (i->known_from < i->known_to)
        return OK;
    return err_set(e, ERR_INVALID, "%s 的记录没有已知期间", "the record of %s was never known",
                   i->id.p);
}
