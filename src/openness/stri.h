/*
 * stri: a score in the manner of the OECD Services Trade Restrictiveness Index, computed from
 * the provisions held, to stand beside our own index. It is not the OECD's score of China, which
 * is not held: the published parts of the method (areas, binary scores, bundles, hierarchies,
 * sectors, averages) are replayed, what is not published (expert shares, the questionnaire) is
 * replaced by data of our own, and every row of data/stri says which.
 *
 *   A measure is a kind of restriction: area, effects, obligations, modes. A provision answers,
 *   in each of its modes, the first measure that fits; a measure is 1 in a sector if a provision
 *   of a national list in force (MFN: no zone, arrangement or treaty) covers a leaf of it.
 *   A measure is 1 too when its closing measure holds for the whole of the sector (provisions
 *   cover every leaf), and when another measure of its bundle is 1.
 *   score = sum of share(area of m) over measures that are 1 / the same over all measures,
 *   that is w(m) = P(a(m)) / sum of n(a) P(a): integers, weights add up to 1.
 */
#ifndef OPENNESS_STRI_H
#define OPENNESS_STRI_H

#include "law/law.h"
#include "space/grid.h"

enum { STRI_AREAS = 8, STRI_MEASURES = 64, STRI_SECTORS = 32, STRI_FACTS = 64 };

struct stri_area {
    struct str id, zh, en;
    int64_t share; /* P */
    bool verified;
};
struct stri_measure {
    struct str id, zh, en, bundle, obligation; /* obligation "*": any */
    int area, closed_by;                       /* measure, -1 */
    unsigned effects, modes;                   /* bits: enum effect; 1 to 4 */
};
struct stri_sector {
    struct str code, zh, en, average, year, note; /* average: all countries, as published */
    bool verified, partial;
    int n_leaves;
    uint64_t leaf[SECTOR_WORDS];
};
struct stri_fact {
    struct str kind, zh, en, source; /* method formula average china missing difference */
    bool verified;
};
struct stri {
    int n_areas, n_measures, n_sectors, n_facts;
    struct stri_area area[STRI_AREAS];
    struct stri_measure measure[STRI_MEASURES];
    struct stri_sector sector[STRI_SECTORS];
    struct stri_fact fact[STRI_FACTS];
};

struct stri_score {
    bool found[STRI_MEASURES];  /* a provision answers it */
    bool whole[STRI_MEASURES];  /* and provisions that do cover every leaf of the sector */
    bool scored[STRI_MEASURES]; /* with closings and bundles */
    int provisions;             /* that answer some measure */
    char evidence;              /* lowest grade among them, 0 if none */
    int64_t points, full;       /* score = points / full */
};

/* ERR_INVALID with file, line and column. */
enum err stri_load(struct stri *out, const struct classification *codes, struct arena *a,
                   struct error *e);
/* Least set that holds `found` and keeps the rules of closing (by `whole`) and of bundles; then
 * the points. */
void stri_close(const struct stri *t, struct stri_score *s);
/* One sector under the national lists in force, or under one instrument alone (>= 0). */
void stri_measure_sector(const struct stri *t, const struct corpus *c, int sector, int edition,
                         day_t on, day_t known, struct stri_score *out);

#endif
