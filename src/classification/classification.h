/*
 * classification: the code lists of the house and the bridges between them.
 *
 * GB/T 4754-2017 (20 sections, 97 divisions, 473 groups, 1,381 classes) is the spine: a class
 * is a *leaf*, and leaves are numbered in pre-order, so that every node of the tree is one
 * interval of leaves. EBOPS 2010, CPC 2.1 (sections 5-9), W/120 and ISIC 4 are foreign lists:
 * a foreign code stands for a SET of leaves through dated concordances, and when any step on
 * the way is partial the set says so; it is never narrowed by a guess. Economies are ISO 3166
 * (HK, MO, TW are economies of their own); groups (RCEP, WTO ...) are sets with dates; places
 * are the tree CN > provinces > pilot zones and cities, with the day a zone was founded.
 *
 * Everything is loaded once from the shipped files, lives as long as the program and never
 * changes. May be included by every room from floor 3 up.
 */
#ifndef CLASSIFICATION_CLASSIFICATION_H
#define CLASSIFICATION_CLASSIFICATION_H

#include "base/base.h"

enum { SECTOR_WORDS = BITS_WORDS(LIMIT_SECTORS), ORIGIN_WORDS = BITS_WORDS(LIMIT_ORIGINS),
       PLACE_WORDS = BITS_WORDS(LIMIT_PLACES) };

struct code {
    struct str code, name_zh, name_en;
    int parent;    /* index in the list, -1 at the top */
    int level;     /* 1 at the top */
    int end;       /* index after the last descendant (pre-order) */
    int leaf_from; /* interval [leaf_from, leaf_to) of leaf numbers below or at this node */
    int leaf_to;
    bool memo;     /* EBOPS: a memorandum item, which measures something else than the service */
};

struct codelist {
    struct str id; /* "gbt", "ebops", "cpc", "w120", "isic" */
    int n;
    struct code *code; /* in pre-order */
    int n_leaves;
    int *leaf; /* leaf number -> index of its code */
};

struct economy {
    struct str alpha2, alpha3, name_zh, name_en;
};

struct membership { /* of an economy in a dated group */
    struct str group;
    int economy;
    day_t from, to;
};

struct place {
    struct str code, kind, name_zh, name_en, evidence, note; /* kind: country province ftz city */
    int parent, end; /* pre-order: subtree is [i, end) */
    day_t from;      /* founded; DAY_MIN if no date applies */
};

struct place_group { /* a named set of places: FTZ, yrd, ... one row per member */
    struct str group, name_zh, name_en;
    int place;
};

/* A set of leaves, and whether it is wider than the code it came from. */
struct sector_set {
    uint64_t leaf[SECTOR_WORDS];
    int count;
    bool partial; /* some concordance on the way covers only a part */
    struct str list, code, name_zh, name_en; /* what was asked */
};

struct classification {
    struct codelist gbt, ebops, cpc, w120, isic;
    int n_economies;
    struct economy *economy; /* in order of alpha2 */
    int n_memberships;
    struct membership *membership;
    int n_places;
    struct place *place; /* pre-order, place 0 is CN */
    int n_place_groups;
    struct place_group *place_group;
    struct finder *finder; /* see classification_find */
};

/* Loads every shipped code list. Errors: ERR_SYNTAX or ERR_INVALID with file and line. */
enum err classification_load(struct classification **out, struct arena *a, struct error *e);

int codelist_find(const struct codelist *l, struct str code); /* -1 if absent */
struct str sector_code(const struct classification *c, int leaf); /* "7231" */
const struct code *sector_leaf(const struct classification *c, int leaf);

/* "7232", "gbt:72", "L", "ebops:SJ21", "cpc:82110", "w120:1.A.a", "isic:6910".
 * ERR_UNKNOWN_CODE with a did-you-mean hint; ERR_INVALID when a foreign code reaches no leaf. */
enum err sector_parse(const struct classification *c, struct str spec, struct sector_set *out,
                      struct error *e);
bool sector_spec_is_code(struct str spec); /* false: treat it as words */

int economy_find(const struct classification *c, struct str code); /* alpha2 or alpha3; -1 */
enum err economy_parse(const struct classification *c, struct str code, int *out, struct error *e);
bool group_has(const struct classification *c, struct str group, int economy, day_t on);

int place_find(const struct classification *c, struct str code); /* -1 */
enum err place_parse(const struct classification *c, struct str code, int *out, struct error *e);
/* Sets the bits of every place of a group ("FTZ"); false if there is no such group. */
bool place_group_bits(const struct classification *c, struct str group,
                      uint64_t bits[PLACE_WORDS]);

/* Words to classes, best first, over class names, their groups and divisions, titles of the
 * foreign lists, the shipped synonyms and the shipped words of descriptions. What is the whole of
 * a name or synonym comes first; else the share of the question's words (pairs of Chinese
 * characters, English stems) that a class has, rare ones counting more. One Chinese character
 * is looked for inside the names. score in [0, 1000]. */
struct candidate {
    int leaf;
    int score;
    struct str matched; /* the name or synonym that matched */
};
struct finding {
    int n;
    struct candidate best[20];
    bool clear; /* the first is far enough ahead to be taken */
};
void classification_find(const struct classification *c, struct str words, struct finding *out);

/* The one question that narrows a finding most: the level of the tree at which an answer leaves
 * the fewest candidates to be expected. Every candidate near the best is in one choice, the most
 * likely choice first; the last may be "none of these" (node -1). False, and nothing to ask,
 * when the finding is clear or has fewer than two candidates near the best. */
enum { NARROW_CHOICES = 6, NARROW_CANDIDATES = 20 };
struct narrow_choice {
    struct str zh, en;
    int node; /* in the spine: the lowest that holds the choice's candidates */
    int n;
    int candidate[NARROW_CANDIDATES]; /* places in finding.best */
};
struct narrowing {
    struct str zh, en; /* the question */
    int level, of;     /* where it splits, and how many candidates */
    int left_milli;    /* candidates expected to remain, in thousandths */
    int n;
    struct narrow_choice choice[NARROW_CHOICES];
};
bool classification_narrow(const struct classification *c, const struct finding *f,
                           struct narrowing *out);

#endif
