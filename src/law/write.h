/*
 * write: what is shown of the law, in one form everywhere. Reports of every room write the same
 * nouns: words in two languages, the grade of a rule, the identity of an edition, the key and the
 * sources of a provision, what is known of a supply. A reader of one answer can read them all, and
 * a change of form is one change.
 *
 * Each function writes a member, or members, of the object that is open in *w; the order of members
 * is the caller's, because it is part of what a caller promises. Nothing here can fail.
 */
#ifndef LAW_WRITE_H
#define LAW_WRITE_H

#include "law/law.h"

/* Chinese when asked for, or when there is no English. */
static inline struct str pick_words(bool zh, struct str in_zh, struct str in_en)
{
    return zh || in_en.n == 0 ? in_zh : in_en;
}

void words_members(struct jsonw *w, struct str zh, struct str en); /* "zh", "en" */
void kwords(struct jsonw *w, const char *key, struct str zh, struct str en); /* {"zh", "en"} */
void ktexts(struct jsonw *w, const char *key, const struct str *list, int n); /* an array */
/* A number from 1 on; 0 and less, which say that there is none, are null. */
void kcount(struct jsonw *w, const char *key, int64_t n);

/* --- grades: what stands behind a rule ---------------------------------------------------- */
void kgrade(struct jsonw *w, const char *key, char grade); /* null if it was not graded */
void kby_grade(struct jsonw *w, const int grades[3]);      /* "by_grade": {"A", "B", "C"} */

/* --- texts ---------------------------------------------------------------------------------- */
void instrument_kinds(struct jsonw *w, const struct instrument *t); /* family, layer, edition */
void instrument_days(struct jsonw *w, const struct instrument *t);  /* both clocks, from and to */
/* How much of it is held: published, held, unlocated, complete, by_grade. */
void instrument_held(struct jsonw *w, const struct instrument *t);
void klayer(struct jsonw *w, const char *key, const struct corpus *c, int layer); /* id; -1: null */
void klayers(struct jsonw *w, const char *key, const struct corpus *c, uint64_t layers);

/* --- provisions ----------------------------------------------------------------------------- */
void provision_name(struct jsonw *w, const struct corpus *c, const struct provision *p);
/* The law behind it. `matched`: also whether the article was found in the text it names. */
void kbasis(struct jsonw *w, const struct basis *basis, int n, bool matched);

/* --- facts ---------------------------------------------------------------------------------- */
void kfact(struct jsonw *w, const struct fact *f, int64_t value); /* the fact's name is the key */
void kfacts(struct jsonw *w, const struct corpus *c, const struct facts *f); /* NULL: none known */

#endif
