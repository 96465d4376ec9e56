/*
 * shelf: the releases that have been published. Each is a row of the store with its public content
 * (what every reader gets, byte for byte), an entry in the log with the digest of that content, and
 * a file of mode 0600 beside the store (STORE.releases/ID) with what its figures were made of, which
 * the next release is compared with. Rows are never changed or taken away.
 */
#ifndef DISCLOSURE_SHELF_H
#define DISCLOSURE_SHELF_H

#include "disclosure/publication.h"
#include "disclosure/vintage.h"
#include "law/registry.h"

struct shelf_row {
    struct str id, digest; /* hex */
    int64_t made_at, leaf; /* leaf: its place in the log */
    int cells, open;
};
/* Figures of a made-up economy are never shown as real: the id of such a release ends so, on every
 * page, in every file and on the log. */
#define RELEASE_MADE_UP ".made-up"
bool release_made_up(struct str id);

enum err shelf_open(const struct book *b, struct error *e); /* makes the table */
/* Oldest first. */
enum err shelf_list(struct db *d, struct arena *a, struct shelf_row **out, int *n,
                    struct error *e);
/* The public content; id empty: the newest. ERR_NOT_FOUND; ERR_INTEGRITY when it does not have its
 * digest any more. */
enum err shelf_public(struct db *d, struct arena *a, struct str id, struct str *out,
                      struct error *e);
/* All releases with what they were made of, oldest first, their nodes as in `p`. */
enum err shelf_releases(struct db *d, struct arena *a, const struct plan *p,
                        struct release ***out, int *n, struct error *e);
/* Where a release's file is kept. */
enum err shelf_path(struct db *d, struct arena *a, struct str id, const char **out,
                    struct error *e);

/* A release file read without knowing its months: with the publication it belongs to. */
enum err shelf_read(struct arena *a, const struct scheme *s, const char *path,
                    struct publication **p, struct release *out, struct error *e);

/* Attacks the release and its differences from all on the shelf once more, then puts it there, in
 * one transaction with its entry in the log. Nothing is put there while one cell is exposed:
 * ERR_CONFLICT, with the attack in *x. An id must follow all others in order (ERR_CONFLICT). */
struct shelf_attack {
    struct attack now;
    struct vintage_attack differences;
};
enum err shelf_publish(const struct book *b, struct arena *a, const struct publication *p,
                       const struct release *r, int n_threads, struct shelf_attack *x,
                       struct error *e);

/* Has every release its file, and is each the release of its row? `beside`: before ".releases";
 * NULL: the store's own path. A store without releases passes. */
enum err shelf_check(struct db *d, const struct scheme *s, const char *beside, int64_t *n,
                     struct error *e);
/* The files of all releases of `d` from FROM.releases to TO.releases, a new folder (where there is
 * none to copy, none is made). */
enum err shelf_copy(struct db *d, const char *from, const char *to, struct error *e);

#endif
