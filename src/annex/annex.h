/*
 * annex: the editor's desk by text files.
 *
 * An *annex text* is an official annex as plain Chinese text: title, notes, section headings,
 * numbered items. A *draft text* (first line "fumao-draft 1", docs/draft-format.md) is an
 * instrument as lines that an editor edits: every value that somebody must still decide on is
 * marked `?` with its reason, and a draft without a mark and without a finding converts to an
 * instrument file that law_add accepts.
 *
 *     annex text --annex_read, annex_propose--> draft text --draft_convert--> instrument JSON
 *     edition --draft_write--> draft text            edition --annex_write--> annex text
 *
 * Invariants. instrument -> draft -> instrument loses nothing: the JSON is equal member by
 * member. What a text says (words, number, section) is taken as read; everything else is a
 * proposal and marked, so nothing that was inferred becomes law without an editor. A number that
 * is not printed stays unknown. What is wrong in a text is a *finding* with its line, in zh and
 * en; an error is for what cannot be read at all (encoding, limits). Findings that stop leave no
 * output. Owner of all memory: the arena or buf given.
 */
#ifndef ANNEX_ANNEX_H
#define ANNEX_ANNEX_H

#include "decide/decide.h"

struct annex_finding {
    int line;  /* 1-based; 0: the text as a whole */
    bool stops; /* nothing can be written before this is mended */
    const char *code; /* "number-gap", "proposal-left", ...: docs/draft-format.md lists them */
    char zh[400], en[400];
};
struct annex_findings { /* the first LIMIT_ANNEX_FINDINGS of them are kept */
    int n, room, n_all, n_stops;
    struct annex_finding *at;
    struct arena *arena;
};

struct annex_item {
    int no;   /* printed number; 0: printed without one */
    int line; /* where it begins */
    struct str section, zh; /* section: "A".."T", or "1".."12" of W/120 in a schedule */
};
struct annex_note {
    int point, line;
    struct str zh;
};
struct annex {
    struct str title;
    int title_line, n_notes, n;
    struct annex_note *note; /* the points before the first section */
    struct annex_item *item; /* in order of the text */
    struct annex_findings findings;
};

/* Checks size and encoding and cuts a UTF-8 byte order mark off. ERR_LIMIT, or ERR_SYNTAX with
 * the line and, for GB18030 and UTF-16, the iconv command as hint. The functions below take what
 * this one has let through. */
enum err annex_decode(struct str *text, const char *file, struct error *e);
bool draft_is(struct str text); /* the first line says "fumao-draft 1" */

/* ERR_LIMIT (line, items). Everything else is in out->findings. */
enum err annex_read(struct annex **out, struct arena *a, const struct classification *codes,
                    struct str text, const char *file, struct error *e);

/* Items matched to provisions of known editions: each item to at most one rule and each rule to
 * at most one item, so that the sum of likenesses is greatest among the 12 nearest rules of each
 * item. Likeness of words in [0, 1000]: pairs of characters, rare ones counting more, the mean
 * of Dice's coefficient and of the share of the rule's words that the item has; 1000: the same
 * words. At least 350 in the same section, 550 in another. */
struct annex_match {
    int provision; /* in the corpus, -1: none is near */
    int likeness;
};
/* `base`: an instrument of the corpus, or -1: all that are open and have rules. */
void annex_match(const struct annex *x, const struct corpus *c, int base, struct arena *a,
                 struct annex_match *out);

struct annex_summary {
    int items, matched, same_words, proposals, gone; /* gone: rules of the base not found again */
};
/* The draft of an annex without stopping findings. `id` empty: a proposal. `file` is named in
 * the draft's comments. */
void annex_propose(const struct annex *x, const struct corpus *c, int base, struct str id,
                   const char *file, struct arena *a, struct buf *draft,
                   struct annex_summary *out);

/* An edition as draft text, no mark in it; and its items as annex text (items whose printed
 * number is not known are written with ［无号］, never with an invented number). */
void draft_write(const struct corpus *c, int instrument, struct buf *out);
void annex_write(const struct corpus *c, int instrument, struct buf *out);

struct draft {
    int items, marks; /* marks: proposals left */
    struct annex_findings findings;
};
/* Checks a draft text; writes the instrument to *json if there is no finding that stops. The
 * JSON has been through law_begin and law_add. ERR_LIMIT (line, items). */
enum err draft_convert(struct draft *out, struct arena *a, const struct classification *codes,
                       struct str text, const char *file, struct buf *json, struct error *e);

#endif
