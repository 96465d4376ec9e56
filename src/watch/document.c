/* What is posted, and its signature. */
#include "watch/watch.h"

#include "compare/chronicle.h"
#include "messages.h"
#include "web/page.h"

/*
 * WEBHOOK: news -> news
 * zh: 所关注格子含义改变时，向登记的地址发送（fumao follow add）；签名见 Fumao-Signature
 * en: sent to a registered address (fumao follow add) when the meaning of followed cells changes; signed in Fumao-Signature
 */

static struct str written(struct arena *a, struct buf *b)
{
    struct str s = str_copy(a, buf_view(b));
    buf_finish(b);
    return s;
}

static void kurn(struct jsonw *w, const char *key, struct str name)
{
    char urn[46];
    chronicle_urn(name, urn);
    jsonw_kz(w, key, urn);
}

static void ksentence(struct jsonw *w, const char *key, const struct corpus *c,
                      const struct news *n, enum lang lang)
{
    static const enum msg words[] = {MSG_fo_governed, MSG_fo_ungoverned, MSG_fo_changed,
                                     MSG_fo_corrected};
    struct buf b;
    buf_init(&b);
    buf_str(&b, msg_text(words[n->kind], lang));
    if (n->example) {
        buf_z(&b, lang == LANG_ZH ? "。" : ". ");
        buf_str(&b, msg_text(MSG_fo_example, lang));
        buf_z(&b, lang == LANG_ZH ? "" : " ");
        follow_phrase(c, n, lang == LANG_ZH, &b);
    }
    jsonw_kstr(w, key, buf_view(&b));
    buf_finish(&b);
}

/* Of what the document is about: the same news for the same watch has the same name. */
static struct str document_name(struct arena *a, const struct watch *w,
                                const struct watch_news *x, int n)
{
    struct buf b;
    buf_init(&b);
    buf_printf(&b, "fumao follow document\n%lld", (long long)w->id);
    for (int i = 0; i < n; i++) {
        buf_char(&b, '\n');
        buf_str(&b, x->key[i]);
    }
    return written(a, &b);
}

static struct str page_path(struct arena *a, const struct follow_words *w)
{
    struct buf b;
    buf_init(&b);
    buf_printf(&b, "/follow/%.*s/%.*s/%.*s/%.*s", STR_ARG(w->sector), STR_ARG(w->mode),
               STR_ARG(w->from), STR_ARG(w->to));
    return written(a, &b);
}

void watch_document(const struct corpus *c, struct arena *a, const struct watch *w,
                    const struct watch_news *x, int n, bool more, struct buf *out)
{
    struct jsonw j;
    jsonw_init(&j, out, false);
    jsonw_object(&j);
    kurn(&j, "id", document_name(a, w, x, n));
    jsonw_kint(&j, "watch", w->id);
    jsonw_kstr(&j, "sector", w->words.sector);
    jsonw_kint(&j, "mode", w->words.mode.p[0] - '0');
    jsonw_kstr(&j, "from", w->words.from);
    jsonw_kstr(&j, "to", w->words.to);
    jsonw_kstr(&j, "page", page_path(a, &w->words));
    jsonw_kz(&j, "snapshot", c->hash);
    jsonw_kbool(&j, "more", more);
    jsonw_key(&j, "news");
    jsonw_array(&j);
    for (int i = 0; i < n; i++) {
        jsonw_object(&j);
        kurn(&j, "id", follow_id_name(a, &w->words, x->news[i]));
        jsonw_kstr(&j, "key", x->key[i]);
        follow_members(c, x->news[i], &j);
        ksentence(&j, "zh", c, x->news[i], LANG_ZH);
        ksentence(&j, "en", c, x->news[i], LANG_EN);
        jsonw_end(&j);
    }
    jsonw_end(&j);
    jsonw_end(&j);
}

void watch_signature(const char *secret, int64_t at, struct str body, struct buf *out)
{
    struct buf b;
    uint8_t mac[32];
    char hex[65];
    buf_init(&b);
    buf_int(&b, at);
    buf_char(&b, '.');
    buf_str(&b, body);
    hash_hmac(secret, strlen(secret), b.p, b.n, mac);
    buf_finish(&b);
    hash_hex(mac, sizeof mac, hex);
    buf_printf(out, "t=%lld,v1=%s", (long long)at, hex);
}
