/* portal, inside: what the pages that count cells share: numbers, intervals, scopes in words, and
 * the permalink of one cell. */
#ifndef PORTAL_FIGURES_H
#define PORTAL_FIGURES_H

#include "portal/inside.h"

/* The order in which outcomes are shown: best first, what no list governs last. */
extern const enum outcome outcome_order[OUTCOME_COUNT];

struct str count_text(const struct view *v, uint64_t n); /* 1,234,567 */
struct str percent_text(const struct view *v, uint64_t part, uint64_t whole);
/* "须经批准", or the interval when the facts decide; empty if no list says anything. */
struct str span_text(const struct view *v, enum treatment must, enum treatment may);
struct str scope_text(const struct view *v, const struct scope *s, const struct scope *domain);
/* A value of a fact as the permalink has it: "name=value". */
struct str fact_pair(const struct view *v, int fact, int64_t value);
/* The question as an ask, and its permalink; `claim` names an instrument, -1: none. */
void cell_ask(const struct view *v, const struct question *q, const struct facts *facts, int claim,
              struct ask *out);
struct str cell_link(const struct view *v, const struct question *q, const struct facts *facts,
                     int claim);
/* "7231 律师及相关法律服务 · 跨境交付 · 新加坡 → 上海市". */
struct str cell_text(const struct view *v, const struct question *q);
/* Which economy stands for "a foreign firm": of the usual ones, the first of those with the
 * fewest texts made for them on that day. */
int plain_economy(const struct view *v);
/* A field of a CSV twin that holds a number. */
void csv_count(struct buf *b, uint64_t n);
void csv_grade(struct buf *b, char grade);
void csv_head(struct buf *b, const char *const *names); /* NULL at the end */

/* One row of a list of items, and a list folded after a few rows. */
void page_touching(struct buf *b, enum lang lang, const struct view *v, struct str caption,
                   const int *provision, int n);
/* The items of an answer on one line, each with its grade. */
void page_prevailing(struct buf *b, enum lang lang, const struct view *v, const int *provision,
                     int n);
void page_outcome(struct buf *b, enum lang lang, const struct view *v, enum outcome o);

#endif
