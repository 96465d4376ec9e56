/* Released statistics as JSON and CSV: the twins of /stats. */
#include "api/gallery.h"
#include "api/routes.h"
#include "law/write.h"

/* --- what is published -------------------------------------------------------------------- */

static void json_release(const struct shelf_row *r, struct jsonw *w)
{
    jsonw_object(w);
    jsonw_kstr(w, "id", r->id);
    jsonw_kint(w, "made_at", r->made_at);
    jsonw_kstr(w, "digest", r->digest);
    jsonw_kint(w, "figures", r->cells);
    jsonw_kint(w, "confidential", r->cells - r->open);
    jsonw_kint(w, "log_entry", r->leaf);
    jsonw_end(w);
}

static void json_tables(const struct publication *p, struct jsonw *w)
{
    jsonw_key(w, "tables");
    jsonw_array(w);
    for (int t = 0; t < p->plan.n_tables; t++) {
        jsonw_object(w);
        jsonw_kstr(w, "id", p->plan.table[t].id);
        kwords(w, "title", p->title[t].title_zh, p->title[t].title_en);
        jsonw_key(w, "dimensions");
        jsonw_array(w);
        for (int d = 0; d < DIM_COUNT; d++)
            if (p->plan.table[t].depth[d] > 0)
                jsonw_str(w, p->plan.dim[d].id);
        jsonw_end(w);
        jsonw_end(w);
    }
    jsonw_end(w);
}

enum err statistics_list(struct gallery *g, struct arena *a, struct buf *out, struct error *e)
{
    struct shelf_row *row;
    struct jsonw w;
    int n;
    TRY(gallery_there(g, e));
    TRY(gallery_list(g, a, &row, &n, e));
    jsonw_init(&w, out, false);
    jsonw_object(&w);
    jsonw_key(&w, "releases");
    jsonw_array(&w);
    for (int i = n - 1; i >= 0; i--)
        json_release(&row[i], &w);
    jsonw_end(&w);
    json_tables(gallery_publication(g), &w);
    jsonw_end(&w);
    return OK;
}

enum err statistics_list_csv(struct gallery *g, struct arena *a, struct buf *out,
                             struct error *e)
{
    struct shelf_row *row;
    int n;
    TRY(gallery_there(g, e));
    TRY(gallery_list(g, a, &row, &n, e));
    buf_z(out, "id,made_at,digest,figures,confidential,log_entry");
    csv_write_end(out);
    for (int i = n - 1; i >= 0; i--) {
        csv_write_field(out, row[i].id, true);
        buf_printf(out, ",%lld,", (long long)row[i].made_at);
        buf_str(out, row[i].digest);
        buf_printf(out, ",%d,%d,%lld", row[i].cells, row[i].cells - row[i].open,
                   (long long)row[i].leaf);
        csv_write_end(out);
    }
    return OK;
}

/* --- one table ---------------------------------------------------------------------------- */

static enum err answer(struct gallery *g, const struct request *rq, struct str table,
                       struct gallery_question *q, struct gallery_answer *x, struct error *e)
{
    TRY(gallery_there(g, e));
    TRY(gallery_ask(g, rq, table, q, e));
    return gallery_read(g, q, rq->arena, x, e);
}

/* By codes, as the command line writes it too. */
static struct figure coded(const struct plan *p, const struct gallery_figure *f)
{
    struct figure x = {.open = f->open, .value = f->value};
    for (int d = 0; d < DIM_COUNT; d++)
        x.code[d] = p->dim[d].node[f->at[d]].code;
    return x;
}

enum err statistics_table(struct gallery *g, const struct request *rq, struct str table,
                          struct buf *out, struct error *e)
{
    struct gallery_question q;
    struct gallery_answer x;
    struct jsonw w;
    TRY(answer(g, rq, table, &q, &x, e));
    const struct publication *p = gallery_publication(g);
    jsonw_init(&w, out, false);
    jsonw_object(&w);
    jsonw_kstr(&w, "table", p->plan.table[q.table].id);
    kwords(&w, "title", p->title[q.table].title_zh, p->title[q.table].title_en);
    jsonw_key(&w, "release");
    if (x.released)
        json_release(&x.release, &w);
    else
        jsonw_null(&w);
    jsonw_kz(&w, "unit", "USD cents");
    jsonw_kint(&w, "confidential", x.confidential);
    jsonw_key(&w, "figures");
    jsonw_array(&w);
    for (int i = 0; i < x.n; i++) {
        struct figure f = coded(&p->plan, &x.figure[i]);
        figure_json(&f, p, &w);
    }
    jsonw_end(&w);
    jsonw_end(&w);
    return OK;
}

/* As `fumao stats query -o csv` writes it. */
enum err statistics_table_csv(struct gallery *g, const struct request *rq, struct str table,
                              struct buf *out, struct error *e)
{
    struct gallery_question q;
    struct gallery_answer x;
    TRY(answer(g, rq, table, &q, &x, e));
    const struct publication *p = gallery_publication(g);
    struct figures f = {.n = x.n, .figure = ARENA_ARRAY(rq->arena, struct figure, (size_t)x.n + 1)};
    for (int i = 0; i < x.n; i++)
        f.figure[i] = coded(&p->plan, &x.figure[i]);
    figures_csv(&f, p, out);
    return OK;
}

/* --- routes ------------------------------------------------------------------------------- */

/*
 * API: GET /api/v1/statistics -> statistics
 * zh: 已发布的统计：各次发布（最新在前）与各张表
 * en: Released statistics: the releases, newest first, and the tables
 * example: /api/v1/statistics
 */
enum err api_get_statistics(struct api_call *c, struct error *e)
{
    return statistics_list(c->api->gallery, c->arena, &c->rs->body, e);
}

/*
 * API: GET /api/v1/statistics/{table} -> statistics_table
 * zh: 一张表已发布的数字；保密的数字 value 为 null、conf_status 为 C
 * en: The released figures of one table; a confidential one has value null and conf_status C
 * path table string! | 表的编号，如 year-item-partner | the id of a table, as year-item-partner
 * query release string | 发布编号；不写则为最新 | id of a release; the newest unless said
 * query period string | 年、季或月，连同其中的期间 | a year, quarter or month, with what lies in it
 * query flow string | T 合计，C 贷方（出口），D 借方（进口） | T both, C credit (exports), D debit (imports)
 * query item string | EBOPS 项目；S 为合计 | an EBOPS item; S is all
 * query partner string | 伙伴；W1 为全世界，_O 为其他 | a partner; W1 is the world, _O all others
 * query place string | 地方；CN 为全国 | a place; CN is the country
 * query mode string | 提供模式 1–4；_T 为合计 | a mode of supply 1 to 4; _T is all
 * query size string | 企业规模 | size of enterprise
 * query ownership string | 所有制 | ownership
 * query key string | 是否重点企业：Y、N | key enterprises: Y, N
 * example: /api/v1/statistics/month-item?flow=C&item=S
 */
enum err api_get_statistics_table(struct api_call *c, struct error *e)
{
    return statistics_table(c->api->gallery, c->rq, c->part[0], &c->rs->body, e);
}
