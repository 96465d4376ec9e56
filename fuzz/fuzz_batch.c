/* Any bytes as the body of /api/v1/decide: an array, lines, or one question. Whatever comes, each
 * answer is JSON of its own, and an array that was taken is answered by an array. */
#include "api/batch.h"
#include "api/body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct api api;
static struct arena forever;

static void load_once(void)
{
    struct classification *codes;
    struct corpus *law;
    struct snapshot *s;
    if (api.snapshot != NULL)
        return;
    arena_init(&forever);
    check(classification_load(&codes, &forever, NULL) == OK);
    check(law_load_shipped(&law, &forever, codes, NULL) == OK);
    check(snapshot_create(&s, law, NULL) == OK);
    api = (struct api){.codes = codes, .corpus = law, .snapshot = s};
}

static void answers_are_json(struct str s)
{
    struct arena a;
    struct jsonr r;
    arena_init(&a);
    jsonr_init(&r, s, &a);
    while (!jsonr_at_end(&r))
        check(jsonr_skip(&r));
    arena_finish(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error e = {0};
    struct batch *b = NULL;
    struct buf out;
    load_once();
    if (size < 1)
        return 0;
    struct str text = {(const char *)data + 1, size - 1};
    struct batch_options o = {data[0] & 1 ? BATCH_LINES : BATCH_ARRAY, (data[0] & 2) != 0,
                              (data[0] & 4) != 0};
    struct arena a;
    struct jsonr r;
    arena_init(&a);
    jsonr_init(&r, text, &a);
    bool array = jsonr_peek(&r) == JSONR_ARRAY;
    arena_finish(&a);
    if (o.form == BATCH_ARRAY && !array)
        return 0;
    buf_init(&out);
    if (batch_create(&b, &api, text, &o, &e) == OK) {
        while (batch_next(b, 64, &out))
            ;
        answers_are_json(buf_view(&out));
        batch_destroy(b);
    } else {
        check(e.detail_en[0] != '\0');
    }
    buf_finish(&out);
    return 0;
}
