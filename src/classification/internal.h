/* classification, inside: reading tables, ordering trees, bridges, and the vocabulary. */
#ifndef CLASSIFICATION_INTERNAL_H
#define CLASSIFICATION_INTERNAL_H

#include <stdatomic.h>

#include "base/table.h"
#include "classification/classification.h"

enum {
    FIND_TERMS = 16384,    /* terms in the vocabulary: names, titles, synonyms */
    FIND_UNITS = 64,       /* units looked at in one search: one bit each */
    FIND_SPELLED = 1024,   /* bytes of a search text in its spelled form */
    WEIGHT_WHOLE = 1000,   /* the highest weight of a synonym, after scaling */
};

/* What a foreign code reaches: leaves of GB/T, and whether a step on the way was partial. */
struct reach {
    uint64_t leaf[SECTOR_WORDS];
    bool any, partial;
};

/* A row of a concordance that has no part in a route but helps with hints. */
struct hint_pair {
    struct str w120, foreign;
};

/* TITLE is an ISIC title of a group, FOREIGN a title of CPC, W/120 or EBOPS that reaches few
 * classes, WORDS a list of words that descriptions of a class, group or division use. */
enum term_kind { TERM_CLASS, TERM_GROUP, TERM_DIVISION, TERM_TITLE, TERM_FOREIGN, TERM_SYNONYM,
                 TERM_WORDS };

/* A text of the vocabulary. text is said, spelled (see word_spell), but only once words have been
 * looked for; it stands for the leaves [leaf_from, leaf_to), or for leaf[0..n_leaves) in order of
 * preference if leaf is set. */
struct term {
    struct str text, said, shown;
    uint64_t signature; /* one hashed bit per unit, to skip most comparisons */
    enum term_kind kind;
    int weight;         /* WEIGHT_WHOLE unless a synonym says less */
    int n_units;
    int leaf_from, leaf_to;
    int n_leaves;
    const int *leaf;
};

/* A row of the concordance between groups of GB/T and codes of ISIC. */
struct group_isic {
    int gbt, isic; /* indices in the lists */
    bool partial;
};

struct finder {
    int n_group_isic;
    struct group_isic *group_isic;
    int n_terms;
    struct term *term;
    char *spelled;      /* room for the texts of all terms */
    atomic_bool ready;  /* the texts are there */
    struct reach *isic, *cpc, *w120, *ebops; /* one per code of the list */
    int n_cpc_hints, n_ebops_hints;
    struct hint_pair *cpc_hint, *ebops_hint;
};

/* tree.c: items with a parent (-1 at the top), siblings in the order given. Fills order[] with
 * the items in pre-order; false if some item hangs in a circle. */
bool tree_order(struct arena *a, int n, const int *parent, int *order);

/* codelist.c */
enum err codelist_load(struct codelist *l, struct arena *a, const char *id, const char *name,
                       struct error *e);

/* bridges.c */
enum err bridges_load(struct classification *c, struct arena *a, struct error *e);

/* economies.c, places.c */
enum err economies_load(struct classification *c, struct arena *a, struct error *e);
enum err places_load(struct classification *c, struct arena *a, struct error *e);

/* vocabulary.c: after the lists and bridges. */
enum err vocabulary_load(struct classification *c, struct arena *a, struct error *e);
/* Spells the vocabulary, once: most runs of the program never look for words. Safe from any
 * thread. */
void vocabulary_ready(struct finder *f);

/* words.c: the spelled form, in which all matching is plain substring search. ASCII and full-width
 * letters are lower case; an ASCII word is cut to its stem and stands between two spaces;
 * other characters stand as they are; punctuation between them is one space. Returns the
 * bytes written, at most room; a text that does not fit is cut at a character or word. */
size_t word_spell(struct str s, char *out, size_t room);
/* What is left without what the text itself leaves out (除…以外, 不包括…, except ...): that names
 * other classes than the one meant. */
size_t word_without_excluded(struct str s, char *out, size_t room);
/* Units of a spelled text: pairs of neighbouring characters, and words with their spaces,
 * without stop words and repetitions. */
int word_units(struct str spelled, struct str *unit, int most);
/* The single characters that are no stop characters: weaker units, for verbs like 修 and 租. */
int word_singles(struct str spelled, struct str *unit, int most);
uint64_t word_signature(struct str unit); /* one bit */
/* The bits of all units and singles; *n_units gets the number of units. */
uint64_t word_signature_all(struct str spelled, int *n_units);
int word_length(struct str spelled); /* characters without spaces */

/* hint.c: the nearest of n candidate codes, best first. */
struct nearest {
    int n;
    struct {
        int index, distance, shared;
    } best[4];
};
void nearest_offer(struct nearest *w, int index, struct str have, struct str asked);
void nearest_hint(const struct nearest *w, const char *prefix, const char *lead,
                  struct str (*code_at)(const void *list, int index), const void *list,
                  struct error *e);

#endif
