/*
 * How rows travel while a cube is made; private to cube*.c.
 *
 *   lane   what one thread has put into the 256 parts of one kind of item (rows of 16 bytes, report
 *          keys of 8): a line of 64 bytes per part collects them, full lines go past the cache into
 *          the part's open block, full blocks stay in the pool or go to the spill file
 *   pool   the blocks of all lanes of a kind, and how many may stay in memory
 *
 * A row's word, from the top: cell 32 | party 24 | day of the month 5 | void 1 | 2 unused.
 */
#ifndef DECLARATION_CUBE_WORK_H
#define DECLARATION_CUBE_WORK_H

#include <pthread.h>
#include <stdatomic.h>

#include "declaration/cube.h"
#include "declaration/party_table.h"

enum { CUBE_PARTS = 256, CUBE_LINE = 64, CUBE_SLAB = 2 << 20, CUBE_MONTHS = 512,
       CUBE_DAYS = 15584 /* to the end of those months */ };

struct row {
    uint64_t word;
    int64_t cents;
};
static inline uint64_t row_word(cell_key key, uint32_t party, unsigned day, bool is_void)
{
    return (uint64_t)key << 32 | (uint64_t)party << 8 | (uint64_t)day << 3 |
           (uint64_t)is_void << 2;
}
static inline cell_key row_cell(uint64_t word)
{
    return (cell_key)(word >> 32);
}
static inline uint32_t row_party(uint64_t word)
{
    return (uint32_t)(word >> 8) & 0xffffff;
}
static inline unsigned row_day(uint64_t word)
{
    return (unsigned)(word >> 3) & 31;
}
static inline bool row_void(uint64_t word)
{
    return (word >> 2 & 1) != 0;
}
static inline unsigned row_part(cell_key key)
{
    return key * UINT32_C(2654435769) >> 24;
}

/* --- lanes (cube_lane.c) ------------------------------------------------------------------ */
struct stock { /* slabs that nobody uses now */
    pthread_mutex_t lock;
    char **slab;
    size_t n;
};
void stock_init(struct stock *s);
char *stock_take(struct stock *s);
void stock_give(struct stock *s, char *const *slab, size_t n);
void stock_empty(struct stock *s);
void stock_finish(struct stock *s);
struct store { /* of one thread: what lives until all parts are in order */
    struct stock *stock;
    char **slab, *at;
    size_t n, left;
};
void *store_take(struct store *t, size_t bytes);
void store_finish(struct store *t); /* to the system, not to the stock: the peak comes after it */

struct pool {
    pthread_mutex_t lock;
    struct stock *stock;
    size_t block_bytes, n_blocks, most; /* most: blocks that may stay in memory */
    char *region;        /* one piece that goes back to the system at once; NULL: none */
    size_t region_bytes, region_used;
    char **slab;
    size_t n_slabs, slab_left;
    char *slab_at;
    const char *dir;
    int fd;              /* the spill file, -1: none yet */
    int64_t spilled;     /* bytes in it */
    int why;             /* errno of what failed first; 0 */
};
struct block {
    char *p;     /* NULL: in the spill file */
    int64_t at;
};
struct lane {
    struct pool *pool;
    unsigned item_bytes;
    struct lane_part {
        char *at, *end;  /* in the open block */
        uint32_t n;      /* items put so far */
        uint32_t n_blocks, cap_blocks;
        struct block *block; /* the last one is open */
    } part[CUBE_PARTS];
    _Alignas(CUBE_LINE) char line[CUBE_PARTS][CUBE_LINE];
};
void pool_init(struct pool *p, struct stock *stock, size_t memory_bytes, int n_lanes,
               const char *dir);
void pool_region(struct pool *p, size_t bytes); /* slabs come from one piece of so many first */
void pool_finish(struct pool *p);
enum err pool_error(const struct pool *p, struct error *e); /* what went wrong meanwhile */
struct lane *lane_create(struct pool *p, unsigned item_bytes);
void lane_destroy(struct lane *l); /* NULL allowed */
void lane_line(struct lane *l, unsigned part); /* the line of a part is full */
/* All items of a part, one after another; there must be room for part.n. */
enum err lane_read(const struct lane *l, unsigned part, void *out, struct error *e);

static inline void lane_put_row(struct lane *l, unsigned part, struct row r)
{
    uint32_t i = l->part[part].n++ & 3;
    memcpy(l->line[part] + i * sizeof r, &r, sizeof r);
    if (i == 3) {
        lane_line(l, part);
    }
}
static inline void lane_put_key(struct lane *l, unsigned part, uint64_t key)
{
    uint32_t i = l->part[part].n++ & 7;
    memcpy(l->line[part] + i * sizeof key, &key, sizeof key);
    if (i == 7) {
        lane_line(l, part);
    }
}

/* Report keys travel turned: times an odd number, which loses nothing, so that any bits of them are
 * as good as drawn by lot. Their part alone would do to part them, but it is the end of a serial
 * number, and small ones are by far the most. The key turns it round; the same key turns it back. */
static inline uint64_t key_turn(uint64_t key)
{
    return key * UINT64_C(0x9e3779b97f4a7c15);
}
static inline uint64_t key_turn_back(uint64_t turned)
{
    return turned * UINT64_C(0xf1de83e19937733d);
}
_Static_assert(UINT64_C(0x9e3779b97f4a7c15) * UINT64_C(0xf1de83e19937733d) == 1, "inverses");
static inline unsigned key_part(uint64_t turned, unsigned part)
{
    return part ^ (unsigned)(turned >> 56);
}

/* --- sorting (cube_sort.c): LSD radix over the bits that vary; the one of the two that holds the
 * result is returned ------------------------------------------------------------------------ */
struct row *sort_rows(struct row *p, struct row *spare, size_t n);
uint64_t *sort_words(uint64_t *p, uint64_t *spare, size_t n, uint64_t mask); /* by mask's bits */

/* --- the builder --------------------------------------------------------------------------- */
struct again { /* a record whose report number was met more than once */
    uint32_t doubled;   /* which number */
    uint8_t kind;       /* enum again_kind */
    uint16_t bank;
    uint32_t rules, raw_n;
    uint32_t line;      /* of its file */
    size_t raw;         /* in the thread's text */
    int thread;
    uint8_t mark[16];   /* of all decoded fields */
    struct row row;     /* party: the thread's number */
};
enum again_kind { AGAIN_ROW, AGAIN_UNRATED, AGAIN_OTHER };

struct builder_thread {
    struct lane *rows, *keys;
    struct party_table *parties;
    int64_t records, unrated;
    bool parties_full, again_full;
    size_t n_again, cap_again;
    struct again *again;
    struct buf raw, fields;
    _Alignas(CUBE_LINE) char apart; /* threads never share a line */
};
struct day_split { uint16_t month; uint8_t day; };

struct cube_builder {
    struct cube_options o;
    int n_threads;
    struct stock stock;
    struct pool row_pool, key_pool;
    struct builder_thread *thread;
    uint64_t unit[SCHEME_CURRENCIES]; /* amount times rate to cents */
    struct day_split day[CUBE_DAYS];  /* from 1 January 2000 */
    day_t day_from;
    uint64_t service[4];              /* bit = code that is compiled */
    bool looked, settled;             /* cube_doubled, twice_settle have been called */
    bool keep_raw, keys_spilled;
    size_t n_doubled;
    struct doubled *doubled;
    uint32_t *filter;                 /* open addressing over doubled, from 1 */
    uint64_t filter_mask;
    int64_t voided, voided_other;
    double started, busy; /* busy: seconds after the rows */
};

/* Work in parallel: `work` is called with 0..n-1, once each, by up to n_threads threads; the first
 * error wins. */
typedef enum err cube_job(void *ctx, int thread, unsigned i, struct error *e);
enum err cube_parallel(int n_threads, unsigned n, cube_job *job, void *ctx, struct error *e);


/* cube_pack.c */
bool pack_cents(const struct cube_builder *b, int currency, int month, int64_t amount,
                int64_t *cents);
/* AGAIN_ROW: *row is what the record becomes, with its party as 0. */
enum again_kind pack_row(const struct cube_builder *b, const struct declaration *d,
                         struct row *row);

/* cube_twice.c: which records are void. `each` (NULL allowed) is called for them in order of the
 * report number and of their bytes. */
/* `same`: another one, equal to it, counts. */
typedef enum err cube_void_fn(void *ctx, const struct again *a, bool same, struct str raw,
                              struct error *e);
enum err twice_settle(struct cube_builder *b, cube_void_fn *each, void *ctx, struct error *e);
uint64_t twice_hash(uint64_t key, uint8_t part);

/* cube_apart.c: cells of parts in a file, when rows did not fit into memory either. */
struct apart {
    const char *dir;
    int fd;               /* -1: none */
    _Atomic int64_t end;
};
struct apart_part { int64_t at; size_t n; }; /* cells in order of key */
enum err apart_open(struct apart *x, const char *dir, struct error *e);
void apart_close(struct apart *x);
/* From any thread. */
enum err apart_put(struct apart *x, const struct cell *c, size_t n, int64_t *at, struct error *e);
/* All cells in order of key; no two parts share one. */
enum err apart_merge(const struct apart *x, const struct apart_part *part, int n_parts,
                     struct cell *out, struct error *e);

/* cube_cells.c: rows to cells, in order; uses up the lanes. */
enum err cells_make(struct cube_builder *b, struct cube *out, struct error *e);
int repeat_order(const void *x, const void *y); /* struct repeat, for sort_by */
/* cube_digest.c */
void cube_digest(struct cube *c, int n_threads);

#endif
