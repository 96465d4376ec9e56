/* The scripts lie in the binary as the style sheet does. They are one whole: the hash in their
 * addresses is that of all of them, so that a page never mixes two versions. */
#include "portal/inside.h"

#include <pthread.h>

static const char main_text[] =
#include "main.js.inc"
    ;
static const char suggest_text[] =
#include "suggest.js.inc"
    ;
static const char facets_text[] =
#include "facets.js.inc"
    ;
static const char tips_text[] =
#include "tips.js.inc"
    ;
static const char fold_text[] =
#include "fold.js.inc"
    ;
static const char copy_text[] =
#include "copy.js.inc"
    ;

static const char moving_text[] =
#include "moving.js.inc"
    ;

static const struct {
    const char *name, *text;
    size_t n;
} scripts[] = {
    {"main.js", main_text, sizeof main_text - 1},
    {"suggest.js", suggest_text, sizeof suggest_text - 1},
    {"facets.js", facets_text, sizeof facets_text - 1},
    {"tips.js", tips_text, sizeof tips_text - 1},
    {"fold.js", fold_text, sizeof fold_text - 1},
    {"copy.js", copy_text, sizeof copy_text - 1},
    {"moving.js", moving_text, sizeof moving_text - 1},
};

static char version[65];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void hash_once(void)
{
    struct buf all;
    uint8_t digest[32];
    buf_init(&all);
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        buf_put(&all, scripts[i].text, scripts[i].n + 1); /* with its end, which parts them */
    }
    hash_sha256(all.p, all.n, digest);
    hash_hex(digest, 32, version);
    buf_finish(&all);
}

static struct str script_version(void)
{
    pthread_once(&once, hash_once);
    return (struct str){version, 12};
}

struct str link_script(const struct view *v)
{
    struct buf b;
    buf_init(&b);
    buf_z(&b, "/js/main.js?v=");
    buf_str(&b, script_version());
    struct str s = str_copy(v->arena, buf_view(&b));
    buf_finish(&b);
    return s;
}

/* An older version may still be asked for by a page that was open; what it gets is not kept. */
void script_handle(struct handled *h)
{
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        if (str_eqz(h->part[1], scripts[i].name)) {
            bool current = str_eq(http_query(h->v.rq, "v"), script_version());
            h->rs->type = "text/javascript; charset=utf-8";
            buf_put(&h->rs->body, scripts[i].text, scripts[i].n);
            http_set(h->rs, "Cache-Control",
                     current ? STR("public, max-age=31536000, immutable") : STR("no-cache"));
            return;
        }
    }
    struct error e = {0};
    err_set(&e, ERR_NOT_FOUND, "没有这个脚本", "there is no such script");
    error_page(h, &e);
}
