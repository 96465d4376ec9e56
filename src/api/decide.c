/* /api/v1/decide: one question, or very many. */
#include "api/routes.h"

#include "api/batch.h"
#include "api/body.h"
#include "api/brief.h"

enum err ask_from_query(const struct request *rq, struct ask *out, struct error *e)
{
    int ignored;
    for (int i = 0; i < rq->n_query; i++) {
        const struct http_field *f = &rq->query[i];
        struct str *at = ask_field(out, f->key, &ignored);
        if (at != NULL) {
            *at = f->value;
        } else if (str_eqz(f->key, "fact")) {
            TRY(ask_add_fact(out, f->value, e));
        } else if (str_eqz(f->key, "claim")) {
            TRY(ask_add_claim(out, f->value, e));
        }
    }
    return OK;
}

void api_groups_json(const struct api *api, const struct question *q,
                     const struct sector_set *set, struct arena *a, struct buf *out)
{
    struct answer_group *g;
    struct jsonw w;
    int n = answer_groups(api->snapshot, q, set, a, &g);
    jsonw_init(&w, out, false);
    jsonw_object(&w);
    jsonw_kstr(&w, "list", set->list);
    jsonw_kstr(&w, "sector", set->code);
    jsonw_kint(&w, "classes", set->count);
    jsonw_kbool(&w, "partial", set->partial);
    jsonw_key(&w, "groups");
    jsonw_array(&w);
    for (int i = 0; i < n; i++) {
        bool silent = g[i].treatment == SILENT;
        jsonw_object(&w);
        jsonw_kz(&w, "outcome", outcome_name(g[i].outcome));
        jsonw_kz(&w, "must", silent ? NULL : treatment_name(g[i].must));
        jsonw_kz(&w, "treatment", silent ? NULL : treatment_name(g[i].treatment));
        jsonw_key(&w, "sectors");
        jsonw_array(&w);
        for (int k = 0; k < LIMIT_SECTORS; k++) {
            if (bit_get(g[i].leaves, (size_t)k)) {
                jsonw_str(&w, sector_code(api->codes, k));
            }
        }
        jsonw_end(&w);
        jsonw_end(&w);
    }
    jsonw_end(&w);
    jsonw_kz(&w, "snapshot", api->corpus->hash);
    jsonw_kday(&w, "on", q->on);
    jsonw_kday(&w, "known", q->known);
    jsonw_end(&w);
}

static enum err answer(const struct api *api, const struct ask *ask, bool brief, struct arena *a,
                       struct response *rs, struct error *e)
{
    struct sector_set *set = ARENA_NEW(a, struct sector_set);
    struct facts *facts = ARENA_NEW(a, struct facts);
    struct explanation *x = ARENA_NEW(a, struct explanation);
    struct question q;
    TRY(ask_parse(api->codes, api->corpus, ask, set, &q, facts, e));
    rs->type = "application/json";
    if (set->count == 1 && brief) {
        decide(api->snapshot, &q, &x->answer);
        brief_json(api->snapshot, &q, &x->answer, &rs->body);
    } else if (set->count == 1) {
        explain(api->snapshot, &q, x);
        explanation_json(api->snapshot, &q, x, &rs->body, false);
    } else {
        api_groups_json(api, &q, set, a, &rs->body);
    }
    return OK;
}

void api_answer(const struct api *api, const struct request *rq, const struct ask *ask,
                struct response *rs)
{
    struct error e = {0};
    if (answer(api, ask, false, rq->arena, rs, &e) != OK) {
        api_problem(rq, &e, rs);
    }
}

/*
 * API: GET /api/v1/decide -> answer
 * zh: 一个问题的答案：能不能做，为什么，怎样更好，有多大把握
 * en: The answer to one question: whether, why, what would make it better, how sure
 * query sector string! | 行业代码或文字（7231、gbt:72、ebops:SJ21、法律服务） | a code of any list, or words
 * query mode integer! | 服务贸易模式 1 至 4 | mode of supply, 1 to 4
 * query from string! | 提供者所属经济体（ISO 3166） | economy of the supplier (ISO 3166)
 * query to string! | 地方：CN、CN-SH、CN-SH-FTZ | place: CN, CN-SH, CN-SH-FTZ
 * query kind string | firm、person；模式 3 另有四种形式 | firm, person; four more forms in mode 3
 * query direction string | import 或 export | import or export
 * query on date | 法律适用日，默认今天 | the day of law, today unless said
 * query known date | 平台所知截止日，默认今天 | as known on that day, today unless said
 * query fact string* | 事实，NAME=VALUE | a fact, NAME=VALUE
 * query claim string* | 援引的协定 | an agreement that is claimed
 * example: /api/v1/decide?sector=7231&mode=1&from=SG&to=CN-SH-FTZ&on=2026-06-01
 */
enum err api_get_decide(struct api_call *c, struct error *e)
{
    struct ask ask = {0};
    TRY(ask_from_query(c->rq, &ask, e));
    return answer(c->api, &ask, false, c->arena, c->rs, e);
}

/* --- many ------------------------------------------------------------------------------- */

static bool is_lines(const struct request *rq)
{
    struct str params, type = str_cut(http_header(rq, "Content-Type"), ';', &params);
    return str_eq_nocase(str_trim(type), STR("application/x-ndjson"));
}

static enum err read_form(const struct api_call *c, bool *brief, struct error *e)
{
    struct str form = api_arg(c, "form");
    *brief = str_eqz(form, "short");
    if (*brief || form.n == 0 || str_eqz(form, "full"))
        return OK;
    err_set(e, ERR_INVALID, "form 应为 full 或 short", "form is full or short");
    err_at(e, "", 0, "form");
    return ERR_INVALID;
}

enum { PIECE = 32 * 1024 };

static bool next_piece(void *batch, struct buf *out)
{
    return batch_next(batch, PIECE, out);
}

/* Short answers to an array are few bytes: they go out as one body, which is faster. All else is
 * written as the client takes it. */
static enum err many(struct api_call *c, enum batch_form form, bool brief, struct error *e)
{
    const struct batch_options o = {form, brief, http_wants_english(c->rq)};
    struct batch *b;
    TRY(batch_create(&b, c->api, c->rq->body, &o, e));
    int tokens = (int)(batch_questions(b) / LIMIT_QUESTIONS_A_TOKEN);
    if (!http_charge(c->rq, c->rs, tokens)) {
        batch_destroy(b);
        return OK;
    }
    c->rs->type = form == BATCH_LINES ? "application/x-ndjson" : "application/json";
    http_set(c->rs, "Fumao-Snapshot", str_from(c->api->corpus->hash));
    if (brief && form == BATCH_ARRAY) {
        batch_next(b, SIZE_MAX / 2, &c->rs->body);
        batch_destroy(b);
    } else {
        http_stream(c->rs, next_piece, batch_destroy, b);
    }
    return OK;
}

/*
 * API: POST /api/v1/decide -> decided
 * zh: 一个问题（对象）、至多 10,000 个问题（数组），或 NDJSON（每行一个问题、一行一个答案）
 * en: One question (an object), up to 10,000 (an array), or NDJSON (a question and an answer a line)
 * query form string | full（默认）或 short：结果、待遇、区间下限、更优惠来源、依据条目、把握 | full (unless said) or short: outcome, treatment, must, favoured_by, prevailing, certainty
 * example: /api/v1/decide?form=short
 * body: [{"sector":"7231","mode":1,"from":"SG","to":"CN-SH-FTZ","on":"2026-06-01"},{"sector":"6513","mode":1,"from":"DE","to":"CN-BJ","on":"2026-06-01"}]
 */
enum err api_post_decide(struct api_call *c, struct error *e)
{
    struct ask *ask = ARENA_NEW(c->arena, struct ask);
    struct jsonr r;
    bool brief;
    TRY(read_form(c, &brief, e));
    if (is_lines(c->rq)) {
        return many(c, BATCH_LINES, brief, e);
    }
    jsonr_init(&r, c->rq->body, c->arena);
    if (jsonr_peek(&r) == JSONR_ARRAY) {
        return many(c, BATCH_ARRAY, brief, e);
    }
    if (c->rq->body.n > LIMIT_BODY_BYTES) {
        return err_set(e, ERR_LIMIT, "一个问题超过 %d 字节", "one question of more than %d bytes",
                       (int)LIMIT_BODY_BYTES);
    }
    TRY(ask_from_json(&r, ask, e));
    if (!jsonr_at_end(&r)) {
        return json_fault(&r, e);
    }
    return answer(c->api, ask, brief, c->arena, c->rs, e);
}
