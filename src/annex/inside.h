/* annex, inside: lines and their marks, fields of a draft, findings. */
#ifndef ANNEX_INSIDE_H
#define ANNEX_INSIDE_H

#include <jansson.h>

#include "annex/annex.h"

void findings_init(struct annex_findings *f, struct arena *a);
/* zh and en take the same arguments. Keep excerpts of the text short: see text_start. */
void findings_add(struct annex_findings *f, int line, bool stops, const char *code,
                  const char *zh, const char *en, ...)
    __attribute__((format(printf, 5, 7), format(printf, 6, 7)));

/* --- lines and characters ------------------------------------------------------------------ */
struct text_lines {
    int n;
    struct str *line; /* trimmed; line[0] is line 1 */
};
/* ERR_LIMIT with the line. */
enum err text_lines(struct text_lines *out, struct arena *a, struct str text, const char *file,
                    struct error *e);
struct str text_trim(struct str s); /* white space of ASCII, U+00A0, U+3000, U+200B, U+FEFF */
struct str text_start(struct str s); /* at most 20 characters of it, for messages */
int text_length(struct str s);       /* characters */
bool text_ends(struct str s, const char *const *any); /* NULL-ended list of endings */
bool text_begins(struct str *s, const char *const *any); /* cuts the first that fits off */
bool text_has(struct str s, const char *word);
bool is_han(int32_t c);

/* How a line of an annex begins. */
enum mark_style {
    MARK_NONE,
    MARK_UNNUMBERED, /* ［无号］ */
    MARK_DOT,        /* 1.  1．  1、 */
    MARK_PAREN,      /* （1） (1) */
    MARK_HALF,       /* 1） */
    MARK_ITEM,       /* 第1项 第一条 */
    MARK_BARE,       /* 1 then a space, or 1 alone in its line */
    MARK_CIRCLED,    /* ① */
    MARK_CN,         /* 一、 */
    MARK_CN_PAREN,   /* （一） */
    MARK_PART,       /* 第一部分 第一章 */
    MARK_LETTER      /* A、 A. "A " */
};
struct mark {
    enum mark_style style;
    int no; /* for MARK_LETTER the letter */
    struct str rest;
    bool doubtful; /* a digit follows ("1.5倍", "2、3类"): a decimal or a list, or an item */
};
struct mark mark_read(struct str line);

/* --- draft fields -------------------------------------------------------------------------- */
enum shape {
    SHAPE_TEXT,
    SHAPE_INT,
    SHAPE_BOOL,
    SHAPE_WORDS, /* list of text on one line, parted by spaces */
    SHAPE_INTS,
    SHAPE_TEXTS, /* list of text, one line each */
    SHAPE_JSONS  /* list of any JSON, one line each */
};
struct draft_field {
    const char *name; /* that of docs/instrument-format.md */
    enum shape shape;
    bool in_scope;
    const char *neutral; /* JSON that always passes, to look for further findings; NULL: none */
};
extern const struct draft_field header_fields[], item_fields[]; /* end with name NULL */
const struct draft_field *field_find(const struct draft_field *list, struct str name);
/* True if the value can be written in the field's own shape. */
bool field_fits(const struct draft_field *f, const json_t *v);

/* One member as one line or several. reason: NULL for an accepted value. */
void draft_put(struct buf *b, const struct draft_field *f, const json_t *v, const char *reason);
void draft_put_text(struct buf *b, const char *name, struct str v, const char *reason);
/* JSON on one line; numbers read back as they were. */
void json_line(struct buf *b, const json_t *v);

/* --- matching ----------------------------------------------------------------------------------
 * worth is n x m, row by row, m >= n: a column for each row, no column twice, greatest sum. */
void assign_best(struct arena *a, int n, int m, const int *worth, int *column_of);

/* --- proposals from words ------------------------------------------------------------------ */
struct guess {
    bool known;
    enum effect effect;
    const char *word; /* the word that decided */
};
struct guess words_effect(struct str zh);
/* bit 0 firms, bit 1 persons; *word the one that decided, NULL: no word says it */
unsigned words_kinds(struct str zh, const char **word);
/* bit m = mode m */
unsigned words_modes(struct str zh, unsigned kinds, bool investment, const char **word);
/* What is left of an item when the words of every item are gone: the activity. */
struct str words_activity(struct arena *a, struct str zh);

/* --- checking a draft by the law's own reader ---------------------------------------------- */
struct draft_line {
    int item; /* -1: header */
    struct str name;
    int line;
};
struct parsed { /* a draft as JSON, and where its lines are */
    json_t *root, *items;
    int n_items, n_lines, room;
    struct draft_line *line;
    int *item_line; /* of [item] */
    struct arena *arena;
};
int parsed_line(const struct parsed *p, int item, struct str field); /* nearest known line */
enum err parsed_check(const struct parsed *p, const struct classification *codes,
                      struct annex_findings *f, struct error *e);

/* Top codes: sections of GB/T 4754, then of W/120. {NULL,0} if the code is neither. */
struct str section_name(const struct classification *k, struct str code);
struct str section_of(const struct classification *k, struct str heading);

#endif
