/* /agreements and /agreements/{id}: what applies against what is bound. */
#ifndef PORTAL_AGREEMENTS_H
#define PORTAL_AGREEMENTS_H

#include "portal/figures.h"
#include "portal/gaps.h"

enum { AGREEMENT_FINDINGS = 3, AGREEMENT_SLIDES = 4, AGREEMENT_NAMED = 12 };

struct agreement_page {
    const struct gap_book *book;
    int instrument;        /* -1: the list of all */
    const struct gap *gap; /* NULL: it could not be made, and why */
    const struct error *why;
    bool members;          /* all by name, however many */
};

/* The members on the day; with `all` false only so many names as a table holds. */
struct str agreement_members(const struct view *v, const struct gap *g, bool all);
struct str category_word(const struct view *v, enum gap_category k);
struct str standstill_word(const struct view *v, int kind);
struct str mfn_word(const struct view *v, int kind);
struct str mfn_state_text(const struct view *v, const struct gap_mfn *m);
struct str finding_word(const struct view *v, const struct gap *g, const struct gap_finding *f);
struct str finding_certainty(const struct view *v, const struct gap_finding *f);
struct str shown_text(const struct view *v, const struct shown *x);
struct str agreement_link(const struct view *v, int instrument, const char *suffix);
int findings_of(const struct gap *g, enum gap_category k, int *first);

void page_agreements(struct buf *b, enum lang lang, const struct view *v,
                     const struct agreement_page *p);
void page_agreement(struct buf *b, enum lang lang, const struct view *v,
                    const struct agreement_page *p);
void page_gap_counts(struct buf *b, enum lang lang, const struct view *v, const struct gap *g);
void page_gap_findings(struct buf *b, enum lang lang, const struct view *v, const struct gap *g);
void page_gap_finding(struct buf *b, enum lang lang, const struct view *v, const struct gap *g,
                      const struct gap_finding *f);
/* Items of an answer with their words; those of the text `of` without its title. */
void page_gap_texts(struct buf *b, enum lang lang, const struct view *v, struct str title,
                    const int *provision, int n, int of);
void page_gap_terms(struct buf *b, enum lang lang, const struct view *v, const struct terms *t);
void page_gap_term(struct buf *b, enum lang lang, const struct view *v, struct str name,
                   const struct term *t, struct str kind);
void page_gap_slides(struct buf *b, enum lang lang, const struct view *v, const struct gap *g);
void page_gap_mfn(struct buf *b, enum lang lang, const struct view *v, const struct gap *g);

#endif
