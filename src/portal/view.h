/* portal, inside: what a page may see of a request, and the words and links that pages share.
 * Pages are pure functions of a view. Everything a view points to lives as long as the request. */
#ifndef PORTAL_VIEW_H
#define PORTAL_VIEW_H

#include "api/api.h"
#include "portal/portal.h"
#include "web/page.h"

#include "messages.h"

struct view {
    const struct portal *portal;
    const struct classification *codes;
    const struct corpus *law;
    struct api api;
    const struct request *rq;
    struct arena *arena;
    enum lang lang;
    bool lang_said;     /* by the link: then every link keeps it */
    bool large;         /* 大字版 */
    day_t today;
    struct str path;    /* of the page, without language or .json */
    /* the question, on the pages that have one */
    struct ask ask;
    struct sector_set sectors;
    struct question q;
    struct facts facts;
    struct explanation *x;
    struct answer_group *group;
    int n_groups;
    /* what the others show */
    int instrument;
    const struct provision *provision;
    struct str words;
    struct finding finding;
    bool remark;        /* /check: nothing was found for the words */
    const void *more;   /* what one kind of page shows; its own file says what it is */
};

/* --- words ------------------------------------------------------------------------------ */
struct str say(const struct view *v, enum msg m);
struct str pick(const struct view *v, struct str zh, struct str en); /* falls back to the other */
struct str say_d(const struct view *v, enum msg m, int a, int b); /* message with %d */
struct str say_s(const struct view *v, enum msg m, struct str a, struct str b); /* with %s */
const char *outcome_sign(enum outcome o);
struct str outcome_word(const struct view *v, enum outcome o);  /* the verdict in full */
struct str outcome_short(const struct view *v, enum outcome o);
struct str treatment_word(const struct view *v, enum treatment t);
struct str effect_word(const struct view *v, enum effect e);
struct str family_word(const struct view *v, enum family f);
struct str edition_word(const struct view *v, enum edition_kind k);
struct str mode_word(const struct view *v, int mode);
struct str kind_word(const struct view *v, enum kind k);
struct str grade_word(const struct view *v, char grade);
struct str field_word(const struct view *v, const char *field);
struct str day_text(const struct view *v, day_t d);
struct str validity(const struct view *v, const struct instrument *t);
struct str class_name(const struct view *v, const struct code *k);
struct str economy_name(const struct view *v, int economy);
struct str place_name(const struct view *v, int place);
struct str fact_value_word(const struct view *v, int fact, int64_t value);
struct str basis_text(const struct view *v, const struct basis *b);
struct str why_text(const struct view *v); /* one sentence for an answer without a provision */
/* An expression in words: "question: value; and ...". */
struct str expr_text(const struct view *v, int node);
bool in_force(const struct view *v, const struct instrument *t);

/* --- links ------------------------------------------------------------------------------ */
/* A path of ours with the language kept. */
struct str link_to(const struct view *v, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
struct str link_lang(const struct view *v); /* this page in the other language */
struct str link_instrument(const struct view *v, int instrument);
struct str link_provision(const struct view *v, const struct provision *p);
struct str link_answer(const struct view *v, const struct ask *a, const char *suffix);
struct str link_leaf(const struct view *v, int leaf);            /* the same question on a leaf */
struct str link_claim(const struct view *v, int layer);          /* with this claim */
struct str link_without_fact(const struct view *v, int i);       /* without ask.fact[i] */
/* /check with the answers so far but one field, so that it is asked again. */
struct str link_change(const struct view *v, const char *field);
struct str command_line(const struct view *v);
struct str link_style(const struct view *v);
struct str link_script(const struct view *v);
struct str link_large(const struct view *v);   /* this page in the large view, or out of it */
struct str link_answer_path(const struct view *v); /* the permalink without its query */
struct str link_review(const struct view *v);      /* /check with everything said */

/* What a hint says, cut at its commas; what is the address of a page of ours has it in `link`. False
 * when nothing is left of *rest, which begins as the hint. */
struct hint_piece {
    struct str text, after, link;
};
bool hint_piece(const struct view *v, const char **rest, struct hint_piece *out);
bool page_there(struct str path); /* a route takes it; portal.c */

/* --- parts of pages --------------------------------------------------------------------- */
struct example {
    struct str text, link, word;
    const char *css, *sign;
};
int example_count(void);
void example_get(const struct view *v, int i, struct example *out); /* asks the engine */

struct hidden_field {
    const char *name;
    struct str value;
};
/* What was said so far but for field `but` ("all": the language alone). False at the end. */
bool hidden_field(const struct view *v, const char *but, int i, struct hidden_field *out);
/* The question that would tell the found classes apart; NULL: there is nothing to ask. */
const struct narrowing *narrowing_of(const struct view *v);
/* This search with only what the choice leaves, or the one class it leaves. */
struct str narrow_link(const struct view *v, const struct narrowing *n, int choice);
struct str narrow_count(const struct view *v, const struct narrowing *n, int choice);
bool narrowed(const struct view *v);
struct str narrow_undo(const struct view *v); /* all that the words found */
bool hidden_answer_field(const struct view *v, int i, struct hidden_field *out);

int near_economies(void); /* the usual ones, first in the list */
int near_economy(const struct view *v, int i);
struct str other_name(const struct view *v, const struct code *k);
struct str sector_text(const struct view *v);
struct str instrument_title(const struct view *v, int instrument);
struct str fact_field(const struct view *v, int fact);
struct str fact_assignment(const struct view *v, int fact, int value);
struct str fact_sentence(const struct view *v, int i); /* ask.fact[i] in words */
enum msg join_msg(const struct provision *p);
enum msg near_msg(const char *dimension);
struct str certainty_word(const struct view *v);
struct str held_text(const struct view *v, const struct instrument *t);
struct str number_text(const struct view *v, const struct provision *p);
struct str grade_letter(const struct view *v, char grade);
struct str short_hash(const struct view *v);
bool family_any(const struct view *v, enum family f);
struct str scope_modes_text(const struct view *v, const struct provision *p);
struct str scope_origins_text(const struct view *v, const struct provision *p);
struct str scope_places_text(const struct view *v, const struct provision *p);
struct str scope_sectors_text(const struct view *v, const struct provision *p);

#endif
