/*
 * vintage: releases one after another. What a release showed it shows for ever, so the next one
 * must not let the difference tell what a late reporter declared.
 *
 *   difference cell  a cell of this release minus the same cell of an earlier one; its
 *                    contributors are those whose figures changed, its rule is the same
 *   hold             changes that would make a difference sensitive wait: ALL tables of this
 *                    release use the last release's figures for them, and they come with a later
 *                    one, when enough others have changed too; so tables stay additive
 *   coarser          before it waits, a change goes to leaves "not allocated" of the plan, the
 *                    finest first: the total moves, the fine cells keep what was shown
 *   frozen           a cell that was suppressed in an earlier release stays suppressed
 *   shown            a cell that was open in an earlier release and has not changed since: all
 *                    know it, so that suppressing it now protects nothing; a constant for
 *                    suppression and attack, never a place to hide in
 *
 * A release is a file that never changes: its tables, states, values, the digest of the cube it
 * was made from, and the contributions its figures were made of. What leaves the house of it
 * (release_public) has values of open cells only. Files of the room: difference.h (what changed,
 * by cell), unallocated.h (leaves where changes go), hold.c, vintage_attack.c, release.c,
 * release_file.c, and vintage.c, the loop.
 *
 * A figure that appears for the first time (a new month) needs no hold. A figure that was shown
 * and grows by a month (a year so far) is a difference like any other: years and quarters are
 * better published when they are complete.
 */
#ifndef DISCLOSURE_VINTAGE_H
#define DISCLOSURE_VINTAGE_H

#include "disclosure/disclosure.h"

struct release_cell {
    int16_t at[DIMS_MAX];
    uint8_t state;  /* CELL_OPEN, CELL_PRIMARY for every suppressed one, or CELL_HIDDEN, which the
                       public content does not have: not there is not the same as zero */
    int64_t value;  /* 0 unless open */
};
struct moved { /* part of a contributor's figure that is not allocated */
    int16_t from[DIMS_MAX], to[DIMS_MAX]; /* its own leaves, and those where it lies */
    uint32_t party;
    int64_t value;
};
struct release {
    struct str id;       /* "2026-03" ... the caller's, in order of time */
    int64_t made_at;     /* seconds since 1970 */
    uint8_t cube[32];    /* digest of the cube */
    uint8_t digest[32];  /* of this release's public content */
    int n_cells;
    struct release_cell *cell; /* in order of coordinates; nodes by code in the file */
    size_t n_used;
    struct contribution_at *used; /* what its figures were made of: never leaves the house; in
                                     order of leaves and party, each once */
    size_t n_moved;
    struct moved *moved; /* where that of `used` comes from which is not allocated; in order of
                            own leaves and party, each once */
};

/* --- hold -------------------------------------------------------------------------------- */
struct hold {
    size_t held;          /* changes (contributor and combination of leaves) that wait */
    int64_t held_value;   /* |change| */
    size_t unallocated;   /* figures of which a part is not allocated in this release */
    int64_t unallocated_value; /* |part| */
    int rounds;           /* readings of all earlier releases until nothing more had to wait */
    int differences;      /* difference cells looked at, over all earlier releases */
    bool all;             /* everything that could wait does */
};
/* From all contributions known now, makes those that this release uses, in order of leaves and
 * party, and says which of them lie at leaves "not allocated". Every cell an earlier release showed
 * open (or had nothing in, among those not allocated), and every cell of `also`, is compared with
 * every earlier release. The changes of a sensitive difference go coarser or wait, the largest
 * first where it dominates, and what this does to the other differences is looked at again, until
 * none is sensitive. Changes only ever go further from their own place, and the last release's own
 * differences have passed, so this ends. Earlier: all, oldest first. ERR_LIMIT: too many cells. */
struct hold_task {
    const struct plan *plan;
    const struct rules *rules;
    const struct release *const *earlier;
    int n_earlier;
    const struct contribution_at *now;
    size_t n_now;
    const struct release_cell *also; /* cells whose differences an attack has placed */
    int n_also;
    bool all; /* every change waits that a cell the last release published covers: what it showed
                 stays as it was, and only what is new comes */
    bool stay;      /* none goes coarser: what may not be shown at its own place waits */
    bool benchmark; /* what is not allocated may go to its own place again */
};
struct used { /* what a release's figures are made of */
    struct contribution_at *line;
    size_t n;
    struct moved *moved;
    size_t n_moved;
};
enum err vintage_hold(const struct hold_task *t, struct arena *a, struct used *use,
                      struct hold *out, struct error *e);

/* --- before suppression ------------------------------------------------------------------ */
/* Marks cells frozen that an earlier release suppressed. Call before system_suppress. */
void vintage_freeze(struct system *s, const struct release *const *earlier, int n_earlier);
/* Marks cells shown that an earlier release had open with the value they have now: all know them.
 * One that is sensitive by rules that have become stricter since cannot be protected any more: when
 * its contributors are those of the last release too, it is a constant like the others and no
 * target, so that what is new is protected all the same. *known: how many such cells there are.
 * Call before system_suppress and system_attack. */
enum err vintage_mark_shown(struct system *s, const struct release *const *earlier, int n_earlier,
                            int *known, struct error *e);
/* Sets the bits of cells that are not open in s and are shown; returns how many. */
int vintage_shown(const struct system *s, const struct release *const *earlier, int n_earlier,
                  uint64_t *bits);

/* --- the attack -------------------------------------------------------------------------- */
enum exposed_kind {
    EXPOSED_DIFFERENCE, /* the difference can be placed within its width */
    EXPOSED_REMAINDER,  /* a parent's difference less its open children's is known, and is
                           sensitive: what one firm changed, without the cell it lies in; or that
                           part of a known difference which lies at one kind of leaf */
    EXPOSED_SHOWN       /* a sensitive cell of this release, by what is shown */
};
struct vintage_exposure {
    enum exposed_kind kind;
    int earlier;        /* index; -1 for EXPOSED_SHOWN */
    int16_t at[DIMS_MAX];
    int64_t value;      /* of the difference, or of the cell */
    double low, high;   /* what the attacker knows of it */
    uint32_t insider;   /* as in struct exposure */
};
struct vintage_attack {
    int differences;    /* with a contributor */
    int sensitive;
    int targets;        /* cells whose interval in this release was attacked for them */
    int intervals;      /* single intervals asked for after that */
    int n_exposed;
    struct vintage_exposure *exposed;
    double seconds;
};
/* Attacks every difference between this release (s, with its states) and each earlier one.
 * Two releases share no relation, so all an attacker can say of a difference is: the interval of
 * the cell in this release minus its interval in that one, each with all it published, all that is
 * shown, and all an insider knows. (A linear program over the differences alone would know less.)
 * A cell that is sensitive in this release, and no smaller than the difference, is protected by
 * system_attack and not attacked again: call this after it has found nothing. */
enum err vintage_attack(const struct system *s, const struct contribution_at *used, size_t n_used,
                        const struct release *const *earlier, int n_earlier, struct arena *a,
                        struct vintage_attack *out, struct error *e);

/* --- all of it --------------------------------------------------------------------------- */
struct vintage_task {
    const struct plan *plan;
    const struct rules *rules;
    const struct release *const *earlier; /* all, oldest first */
    int n_earlier;
    const struct contribution_at *now;
    size_t n_now;
    int n_threads;
    bool benchmark; /* see struct hold_task */
    /* Adds published rates of change and shares (system_derive); NULL: none are published. */
    enum err (*derive)(void *ctx, struct system *s, struct error *e);
    void *derive_ctx;
};
struct vintage {
    struct system *system; /* with its states, ready for release_of */
    struct used used;
    struct hold hold;
    struct suppression suppression;
    struct attack attack;             /* found nothing */
    struct vintage_attack differences; /* found nothing */
    int known;  /* cells that would be sensitive, but were shown: vintage_mark_shown */
    int rounds;
};
/* Hold, build, freeze, suppress, attack this release, attack the differences; then all of it again
 * with what was learnt, until nothing is exposed: an exposed difference is compared by the hold
 * like an open one; where that does not help, or nothing is left to suppress since all around is
 * shown, nothing goes coarser any more; then every change waits and this release adds to the last
 * one only what is new; at the very end the open cells around are suppressed, but none that is
 * shown. What is shown counts as known from the beginning. ERR_CONFLICT when it cannot be had:
 * nothing is released while one cell is exposed. */
enum err vintage_prepare(const struct vintage_task *t, struct arena *a, struct vintage *out,
                         struct error *e);

/* --- releases ---------------------------------------------------------------------------- */
/* Makes the release of a suppressed system; `used` is copied. */
void release_of(struct release *out, struct arena *a, const struct system *s, struct str id,
                int64_t made_at, const uint8_t cube[32], const struct used *used);
/* The inner file (with `used`; mode 0600): written beside, synced, linked to its name; a file that
 * is there is never replaced (ERR_CONFLICT). Reading checks the SHA-256 at its end and the digest
 * of the public content (ERR_INTEGRITY). The plan may have grown since: nodes are found by code,
 * and one that is gone is ERR_UNKNOWN_CODE. */
/* What would keep a release from being written to `path`, asked before the hours of making one. */
enum err release_may_be_made(const char *path, struct error *e);
enum err release_write(const struct release *r, const struct plan *p, const char *path,
                       struct error *e);
enum err release_read(struct release *out, struct arena *a, const struct plan *p, const char *path,
                      struct error *e);
/* The public content: canonical JSON, what is hashed, logged and served. Cells are in order of
 * their codes, so that the same release gives the same bytes under every later plan. */
void release_public(const struct release *r, const struct plan *p, struct buf *out);

#endif
