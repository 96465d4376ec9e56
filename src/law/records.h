/*
 * The records of the store in memory, inside law. A record is one text of one instrument with
 * the days on which the platform knew it. Publishing and rehearsing make the same change to
 * this list; one writes it down as well, so that the two cannot differ.
 */
#ifndef LAW_RECORDS_H
#define LAW_RECORDS_H

#include "law/internal.h"
#include "law/registry.h"

/* Stands for the day of a draft until that day is fixed: after every real one. */
#define KNOWN_DRAFT (DAY_MAX - 1)

struct record {
    struct str id, text;
    const char *file; /* named in errors */
    char hash[65];
    day_t from, to;   /* by the store; the text's own known_from may narrow it */
    bool published;   /* put in by registry_put or registry_publish, not shipped */
};
struct records { /* in order of id, then of their making */
    struct arena *a;
    int n, room;
    struct record *r;
};

/* All rows. ERR_INTEGRITY if a text differs from its hash. */
enum err records_read(struct records *out, struct db *d, struct arena *a, struct error *e);
/* The open record of an id, or NULL. */
struct record *records_open(const struct records *s, struct str id);
/* Closes the open record of the id on `known` and adds one from that day on. False if the open
 * one has the same text: nothing is changed then. */
bool records_put(struct records *s, struct str id, struct str text, const char *file, day_t known);
/* Begins a corpus with the records of a window (registry.c says which). records_finish adds the
 * carve-outs, numbers the layers and takes the hash. */
enum err records_begin(const struct records *s, struct corpus **out, struct arena *a,
                       const struct classification *codes, struct error *e);
enum err records_finish(struct corpus *c, struct arena *a, struct error *e);

#endif
