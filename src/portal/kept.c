/* /v: an answer is kept, /v/{id}: and shown again, with its proof. /ledger: the log, its head
 * and its tiles. */
#include "portal/kept.h"

#include <stdio.h>

#include "decide/phrase.h"
#include "ledger/leaf.h"
#include "portal/inside.h"

/* --- what the pages say --------------------------------------------------------------------- */

struct str kept_day(const struct view *v, day_t d)
{
    return day_text(v, d);
}

enum outcome kept_outcome(const struct kept *k)
{
    for (int o = 0; o < OUTCOME_COUNT; o++) {
        if (str_eqz(k->outcome, outcome_name((enum outcome)o))) {
            return (enum outcome)o;
        }
    }
    return OUTCOME_UNDETERMINED;
}

struct str kept_treatment(const struct view *v, struct str name)
{
    for (int t = EQUAL; t <= SILENT; t++) {
        if (str_eqz(name, treatment_name((enum treatment)t))) {
            return treatment_word(v, (enum treatment)t);
        }
    }
    return name;
}

struct str kept_rule_link(const struct view *v, struct str rule)
{
    return link_to(v, "/lists/%.*s", STR_ARG(rule));
}

static struct str written(const struct view *v, struct buf *b)
{
    struct str s = str_copy(v->arena, buf_view(b));
    buf_finish(b);
    return s;
}

struct str kept_question(const struct view *v, const struct kept *k)
{
    struct buf b;
    buf_init(&b);
    question_phrase(v->law, &k->q, &k->facts, v->lang == LANG_ZH, &b);
    return written(v, &b);
}

struct str kept_link(const struct view *v, const struct kept *k)
{
    return link_to(v, "/check/%.*s/%d/%.*s/%.*s", STR_ARG(sector_code(v->codes, k->q.sector)),
                   k->q.mode, STR_ARG(v->codes->economy[k->q.origin].alpha2),
                   STR_ARG(v->codes->place[k->q.place].code));
}

/* --- keeping -------------------------------------------------------------------------------- */

static void no_archive(struct handled *h)
{
    struct error e = {0};
    err_set(&e, ERR_BUSY, "本服务没有日志密钥，不能留存答案%s",
            "this server has no key for its log: answers cannot be kept%s", "");
    error_page(h, &e);
}

/* A form of another site must not fill the log. */
static bool from_here(const struct request *rq)
{
    struct str site = http_header(rq, "Sec-Fetch-Site");
    return site.p == NULL || str_eqz(site, "same-origin") || str_eqz(site, "none");
}

static enum err ask_from_form(struct view *v, struct error *e)
{
    struct request as_query = *v->rq;
    as_query.query = v->rq->form;
    as_query.n_query = v->rq->n_form;
    TRY(ask_from_query(&as_query, &v->ask, e));
    TRY(ask_parse(v->codes, v->law, &v->ask, &v->sectors, &v->q, &v->facts, e));
    if (v->sectors.count != 1) {
        return err_set(e, ERR_AMBIGUOUS, "一次只能留存一个小类的答案；所问行业有 %d 个小类",
                       "an answer is kept for one class; this sector has %d", v->sectors.count);
    }
    return OK;
}

void keep_handle(struct handled *h)
{
    struct view *v = &h->v;
    struct error e = {0};
    char id[KEPT_ID + 1];
    if (v->portal->archive == NULL) {
        no_archive(h);
        return;
    }
    enum err code = from_here(v->rq) ? ask_from_form(v, &e)
                                     : err_set(&e, ERR_DENIED, "请从本站的答案页留存%s",
                                               "keep an answer from its page on this site%s", "");
    if (code == OK) {
        v->x = ARENA_NEW(v->arena, struct explanation);
        explain(v->portal->snapshot, &v->q, v->x);
        code = archive_keep(v->portal->archive, v->portal->snapshot, &v->q, v->x, id, &e);
    }
    if (code != OK) {
        error_page(h, &e);
        return;
    }
    http_redirect(h->rs, link_to(v, "/v/%s", id));
}

/* --- showing -------------------------------------------------------------------------------- */

/* What a reader can check alone is checked here too, from the file as it will be handed out. */
static enum err check_file(struct view *v, struct kept_page *k, struct error *e)
{
    struct bundle b;
    struct public_key key;
    struct checkpoint head;
    struct kept *kept = ARENA_NEW(v->arena, struct kept);
    TRY(bundle_read(v->arena, k->file->file, &b, e));
    TRY(public_key_read(k->file->key, &key, e));
    TRY(bundle_verify(&b, &key, &head, e));
    TRY(kept_read(v->arena, v->law, b.content, kept, e));
    k->signed_head = k->included = true;
    k->size = head.size;
    k->kept = kept;
    kept_check(v->portal->snapshot, kept, &k->check);
    kept_now(v->portal->snapshot, kept, v->today, v->arena, &k->now);
    return OK;
}

void kept_handle(struct handled *h)
{
    struct view *v = &h->v;
    struct error e = {0};
    struct archived *file = ARENA_NEW(v->arena, struct archived);
    struct kept_page *k = ARENA_NEW(v->arena, struct kept_page);
    struct buf b;
    if (v->portal->archive == NULL) {
        no_archive(h);
        return;
    }
    enum err code = archive_get(v->portal->archive, h->part[1], v->arena, file, &e);
    if (code == OK && (h->twin == TWIN_FUMAO || h->json)) {
        buf_str(&h->rs->body, file->file);
        return;
    }
    k->id = h->part[1];
    k->file = file;
    k->origin = str_from(archive_origin(v->portal->archive));
    k->key = file->key;
    if (code == OK) {
        code = check_file(v, k, &e);
    }
    if (code != OK) {
        error_page(h, &e);
        return;
    }
    buf_init(&b);
    page_kept(&b, v->lang, v, k);
    frame(h, say(v, MSG_kept_title), &b);
}

/* --- the log -------------------------------------------------------------------------------- */

struct str ledger_kind(const struct view *v, struct str kind)
{
    return say(v, str_eqz(kind, "edition")  ? MSG_ledger_edition
                  : str_eqz(kind, "answer") ? MSG_ledger_answer
                  : str_eqz(kind, "key")    ? MSG_ledger_key
                  : str_eqz(kind, "statistics") ? MSG_ledger_statistics
                                            : MSG_ledger_other);
}

/* What the entry is about, and where that is shown. */
static void fill_row(const struct view *v, struct ledger_row *row)
{
    struct str at;
    int64_t seconds = 0;
    if (leaf_member(v->arena, row->leaf, "at", &at) && str_int(at, &seconds)) {
        row->day = day_text(v, (day_t)((seconds + 8 * 3600) / 86400));
    }
    if (!leaf_member(v->arena, row->leaf, "id", &row->subject) &&
        !leaf_member(v->arena, row->leaf, "key", &row->subject)) {
        row->subject = STR("");
    }
    if (str_eqz(row->kind, "edition")) {
        row->link = link_to(v, "/lists/%.*s", STR_ARG(row->subject));
    } else if (str_eqz(row->kind, "statistics")) {
        row->link = link_to(v, "/stats");
    } else if (str_eqz(row->kind, "answer")) { /* its name alone opens it: not given away here */
        row->subject = STR("—");
    }
}

static enum err fill_ledger(struct view *v, struct ledger_page *l, struct error *e)
{
    struct archive *a = v->portal->archive;
    struct checkpoint head;
    struct buf b;
    buf_init(&b);
    l->origin = str_from(archive_origin(a));
    archive_key(a, &b);
    l->key = str_copy(v->arena, buf_view(&b));
    buf_clear(&b);
    enum err r = archive_checkpoint(a, &b, e);
    if (r == OK) {
        l->note = str_copy(v->arena, buf_view(&b));
        r = checkpoint_read(l->note, &head, e);
    }
    for (uint64_t i = 0; r == OK && i < LEDGER_ROWS && i < head.size; i++) {
        struct ledger_row *row = &l->row[l->n_rows];
        row->index = head.size - 1 - i;
        r = archive_leaf(a, row->index, &b, e);
        row->leaf = str_copy(v->arena, buf_view(&b));
        if (r == OK && leaf_member(v->arena, row->leaf, "kind", &row->kind)) {
            fill_row(v, row);
            l->n_rows++;
        }
    }
    if (r == OK) {
        buf_clear(&b);
        base64_write(&b, head.root.b, 32);
        l->root = str_copy(v->arena, buf_view(&b));
        l->size = head.size;
    }
    buf_finish(&b);
    return r;
}

static void ledger_json(const struct ledger_page *l, struct buf *out)
{
    struct jsonw w;
    jsonw_init(&w, out, false);
    jsonw_object(&w);
    jsonw_kstr(&w, "origin", l->origin);
    jsonw_kint(&w, "size", (int64_t)l->size);
    jsonw_kstr(&w, "root", l->root);
    jsonw_kstr(&w, "key", l->key);
    jsonw_kstr(&w, "checkpoint", l->note);
    jsonw_key(&w, "entries");
    jsonw_array(&w);
    for (int i = 0; i < l->n_rows; i++) {
        jsonw_object(&w);
        jsonw_kint(&w, "index", (int64_t)l->row[i].index);
        jsonw_key(&w, "entry");
        jsonw_raw(&w, l->row[i].leaf);
        jsonw_end(&w);
    }
    jsonw_end(&w);
    jsonw_end(&w);
}

void ledger_handle(struct handled *h)
{
    struct view *v = &h->v;
    struct error e = {0};
    struct ledger_page *l = ARENA_NEW(v->arena, struct ledger_page);
    struct buf b;
    if (v->portal->archive == NULL) {
        no_archive(h);
        return;
    }
    if (fill_ledger(v, l, &e) != OK) {
        error_page(h, &e);
        return;
    }
    if (h->json) {
        ledger_json(l, &h->rs->body);
        return;
    }
    buf_init(&b);
    page_ledger(&b, v->lang, v, l);
    frame(h, say(v, MSG_ledger_title), &b);
}

/* "x001/x234/067" is 1234067 (C2SP tlog-tiles): three digits a segment, x on all but the last. */
static bool read_index(const struct handled *h, int first, int last, uint64_t *out)
{
    *out = 0;
    if (first > last || last - first > 3) {
        return false;
    }
    for (int i = first; i <= last; i++) {
        struct str s = h->part[i];
        if (i < last && s.n == 4 && s.p[0] == 'x') {
            s.p++;
            s.n--;
        }
        if (s.n != 3) {
            return false;
        }
        for (size_t k = 0; k < 3; k++) {
            if (s.p[k] < '0' || s.p[k] > '9') {
                return false;
            }
            *out = *out * 10 + (uint64_t)(s.p[k] - '0');
        }
    }
    return true;
}

/* ledger/tile/{level or "entries"}/{index}[.p/{width}] */
static bool read_tile(struct handled *h, int *level, uint64_t *index, int *width)
{
    int last = h->n_parts - 1;
    int64_t n;
    *width = 256;
    *level = -1;
    if (!str_eqz(h->part[2], "entries")) {
        if (!str_int(h->part[2], &n) || n < 0 || n > 5) {
            return false;
        }
        *level = (int)n;
    }
    if (last >= 4 && h->part[last - 1].n > 2 &&
        memcmp(h->part[last - 1].p + h->part[last - 1].n - 2, ".p", 2) == 0) {
        if (!str_int(h->part[last], &n) || n < 1 || n > 255) {
            return false;
        }
        *width = (int)n;
        last--;
        h->part[last].n -= 2;
    }
    return read_index(h, 3, last, index);
}

void tile_handle(struct handled *h)
{
    struct error e = {0};
    int level = 0, width = 0;
    uint64_t index = 0;
    enum err code = OK;
    if (h->v.portal->archive == NULL) {
        no_archive(h);
        return;
    }
    if (!read_tile(h, &level, &index, &width)) {
        code = err_set(&e, ERR_NOT_FOUND, "没有这样的瓦片%s", "there is no such tile%s", "");
    }
    if (code == OK) {
        code = archive_tile(h->v.portal->archive, level, index, width, &h->rs->body, &e);
    }
    if (code != OK) {
        error_page(h, &e);
        return;
    }
    h->rs->type = "application/octet-stream";
    if (width == 256) { /* a full tile never changes */
        http_set(h->rs, "Cache-Control", STR("public, max-age=31536000, immutable"));
    }
}

void checkpoint_handle(struct handled *h)
{
    struct error e = {0};
    if (h->v.portal->archive == NULL) {
        no_archive(h);
    } else if (archive_checkpoint(h->v.portal->archive, &h->rs->body, &e) != OK) {
        error_page(h, &e);
    } else {
        h->rs->type = "text/plain; charset=utf-8";
        http_set(h->rs, "Cache-Control", STR("no-cache"));
    }
}
