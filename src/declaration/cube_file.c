/*
 * A cube as one file. In order: a head, the names of the codes that its keys are made of (indexes
 * may have moved when it is read), cells, contributions, repeats, parties with their register
 * entries, and a SHA-256 over all of that. Numbers are of the writer's byte order, which the head
 * names. What it holds is secret: mode 0600.
 */
#include "declaration/cube_work.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/huge.h"

enum { VERSION = 1, BYTE_ORDER_MARK = 0x01020304, CELL_BYTES = 44, CONTRIBUTION_BYTES = 20,
       REPEAT_BYTES = 24, PARTY_BYTES = 26, SHA_BYTES = 32, NAME_MOST = 30 };

static const char magic[8] = "FUMAOCUB";

struct head {
    char magic[8];
    uint32_t version, byte_order, n_code, n_economy, n_place, spilled;
    uint64_t n_cells, n_contributions, n_repeats, n_parties;
    int64_t records, voided, queried_r7, unrated, credit, debit;
    uint8_t digest[32];
};

static enum err file_error(struct error *e, const char *path, int why)
{
    enum err code = why == ENOENT || why == ENOTDIR ? ERR_NOT_FOUND : ERR_IO;
    err_set(e, code, "数据立方文件 %s：%s", "cube file %s: %s", path, strerror(why));
    err_at(e, path, 0, NULL);
    return code;
}

/* --- writing ------------------------------------------------------------------------------- */

struct sink {
    FILE *f;
    struct hash hash;
    bool failed;
};

static void put(struct sink *s, const void *p, size_t n)
{
    hash_add(&s->hash, p, n);
    s->failed |= fwrite(p, 1, n, s->f) != n;
}

static void put_name(struct sink *s, struct str name)
{
    uint8_t n = (uint8_t)name.n;
    check(name.n <= NAME_MOST);
    put(s, &n, 1);
    put(s, name.p, name.n);
}

static char *pack(char *p, const void *v, size_t n)
{
    memcpy(p, v, n);
    return p + n;
}

static void put_cells(struct sink *s, const struct cube *c)
{
    for (size_t i = 0; i < c->n_cells; i++) {
        const struct cell *x = &c->cell[i];
        char b[CELL_BYTES], *p = b;
        p = pack(p, &x->key, 4);
        p = pack(p, &x->count, 4);
        p = pack(p, &x->contributors, 4);
        p = pack(p, x->top_party, 8);
        p = pack(p, &x->sum, 8);
        p = pack(p, x->top, 16);
        put(s, b, (size_t)(p - b));
    }
}

static void put_contributions(struct sink *s, const struct cube *c)
{
    for (size_t i = 0; i < c->n_contributions; i++) {
        const struct contribution *x = &c->contribution[i];
        char b[CONTRIBUTION_BYTES], *p = b;
        p = pack(p, &x->key, 4);
        p = pack(p, &x->member, 4);
        p = pack(p, &x->count, 4);
        p = pack(p, &x->cents, 8);
        put(s, b, (size_t)(p - b));
    }
}

static void put_repeats(struct sink *s, const struct cube *c)
{
    for (size_t i = 0; i < c->n_repeats; i++) {
        const struct repeat *x = &c->repeat[i];
        const uint32_t day = x->day;
        char b[REPEAT_BYTES], *p = b;
        p = pack(p, &x->key, 4);
        p = pack(p, &x->member, 4);
        p = pack(p, &x->count, 4);
        p = pack(p, &day, 4);
        p = pack(p, &x->cents, 8);
        put(s, b, (size_t)(p - b));
    }
}

static void put_parties(struct sink *s, const struct cube *c)
{
    for (uint32_t i = 0; i < c->parties.n; i++) {
        const struct register_entry *x = &c->reg[i];
        const uint8_t of[4] = {x->size, x->ownership, x->key, 0};
        char b[PARTY_BYTES], *p = b;
        p = pack(p, c->parties.id[i], PARTY_ID_BYTES);
        p = pack(p, of, 4);
        p = pack(p, &x->contributor, 4);
        put(s, b, (size_t)(p - b));
    }
}

static void put_cube(struct sink *s, const struct cube *c, const struct scheme *scheme)
{
    const struct classification *codes = scheme->codes;
    struct head h;
    memset(&h, 0, sizeof h); /* no byte of the file comes from a gap */
    memcpy(h.magic, magic, sizeof magic);
    h.version = VERSION;
    h.byte_order = BYTE_ORDER_MARK;
    h.n_code = (uint32_t)scheme->n_code;
    h.n_economy = (uint32_t)codes->n_economies;
    h.n_place = (uint32_t)codes->n_places;
    h.spilled = c->spilled;
    h.n_cells = c->n_cells;
    h.n_contributions = c->n_contributions;
    h.n_repeats = c->n_repeats;
    h.n_parties = c->parties.n;
    h.records = c->records;
    h.voided = c->voided;
    h.queried_r7 = c->queried_r7;
    h.unrated = c->unrated;
    h.credit = c->credit;
    h.debit = c->debit;
    memcpy(h.digest, c->digest, sizeof h.digest);
    put(s, &h, sizeof h);
    for (int i = 0; i < scheme->n_code; i++) {
        put_name(s, scheme->code[i].code);
    }
    for (int i = 0; i < codes->n_economies; i++) {
        put_name(s, codes->economy[i].alpha3);
    }
    for (int i = 0; i < codes->n_places; i++) {
        put_name(s, codes->place[i].code);
    }
    put_cells(s, c);
    put_contributions(s, c);
    put_repeats(s, c);
    put_parties(s, c);
}

static int write_file(FILE *f, const struct cube *c, const struct scheme *scheme)
{
    struct sink s = {.f = f};
    uint8_t sha[SHA_BYTES];
    hash_init(&s.hash);
    errno = 0;
    put_cube(&s, c, scheme);
    hash_end(&s.hash, sha);
    s.failed |= fwrite(sha, 1, sizeof sha, f) != sizeof sha;
    s.failed |= fflush(f) != 0;
    int why = s.failed ? (errno != 0 ? errno : EIO) : 0;
    if (fclose(f) != 0 && why == 0) {
        why = errno;
    }
    return why;
}

enum err cube_write(const struct cube *c, const struct scheme *s, const char *path,
                    struct error *e)
{
    struct file_new new;
    check(c->scheme == s);
    if (!file_new_open(&new, path, 0600)) {
        return file_error(e, path, errno);
    }
    int fd = fcntl(new.fd, F_DUPFD_CLOEXEC, 0);
    FILE *f = fd >= 0 ? fdopen(fd, "wb") : NULL;
    int why = f == NULL ? errno : write_file(f, c, s);
    if (why == 0 && !file_new_end(&new, path, true)) {
        why = errno;
    }
    file_new_drop(&new);
    return why == 0 ? OK : file_error(e, path, why);
}

/* --- reading ------------------------------------------------------------------------------- */

struct source {
    FILE *f;
    const char *path;
    uint64_t left; /* bytes before the SHA-256 */
    const struct scheme *scheme;
    struct head h;
    int code[SCHEME_CODES], economy[LIMIT_ORIGINS], place[LIMIT_PLACES];
    bool moved; /* some index is another than it was */
};

static enum err damaged(const struct source *s, struct error *e)
{
    err_set(e, ERR_INTEGRITY, "%s 不是数据立方文件，或已损坏",
            "%s is not a cube file, or it is damaged", s->path);
    err_at(e, s->path, 0, NULL);
    return ERR_INTEGRITY;
}

static bool get(struct source *s, void *p, size_t n)
{
    if (n > s->left || fread(p, 1, n, s->f) != n) {
        return false;
    }
    s->left -= n;
    return true;
}

/* Before anything in it is believed. */
static enum err verify(struct source *s, struct error *e)
{
    struct stat st;
    struct hash hash;
    uint8_t sha[SHA_BYTES], kept[SHA_BYTES];
    if (fstat(fileno(s->f), &st) != 0) {
        return file_error(e, s->path, errno);
    }
    if (!S_ISREG(st.st_mode) || st.st_size < (off_t)(sizeof s->h + SHA_BYTES)) {
        return damaged(s, e);
    }
    char *piece = malloc(1 << 20);
    check(piece != NULL);
    hash_init(&hash);
    s->left = (uint64_t)st.st_size - SHA_BYTES;
    bool whole = true;
    while (whole && s->left > 0) {
        size_t n = s->left < 1 << 20 ? (size_t)s->left : 1 << 20;
        whole = get(s, piece, n);
        hash_add(&hash, piece, whole ? n : 0);
    }
    hash_end(&hash, sha);
    free(piece);
    if (!whole || fread(kept, 1, SHA_BYTES, s->f) != SHA_BYTES ||
        memcmp(sha, kept, SHA_BYTES) != 0) {
        return damaged(s, e);
    }
    rewind(s->f);
    s->left = (uint64_t)st.st_size - SHA_BYTES;
    return OK;
}

static enum err read_head(struct source *s, struct error *e)
{
    struct head *h = &s->h;
    if (!get(s, h, sizeof *h) || memcmp(h->magic, magic, sizeof magic) != 0) {
        err_set(e, ERR_INVALID, "%s 不是数据立方文件", "%s is no cube file", s->path);
        err_at(e, s->path, 0, NULL);
        return ERR_INVALID;
    }
    if (h->version != VERSION || h->byte_order != BYTE_ORDER_MARK) {
        err_set(e, ERR_INVALID, "数据立方文件 %s 是别的版本或字节序的（版本 %u）",
                "cube file %s is of another version or byte order (version %u)", s->path,
                h->version);
        err_at(e, s->path, 0, NULL);
        return ERR_INVALID;
    }
    if (h->n_code > SCHEME_CODES || h->n_economy > LIMIT_ORIGINS || h->n_place > LIMIT_PLACES ||
        h->n_cells > LIMIT_CUBE_CELLS || h->n_contributions > LIMIT_CUBE_CONTRIBUTIONS ||
        h->n_repeats > LIMIT_REPEATS || h->n_parties > LIMIT_PARTIES) {
        return damaged(s, e);
    }
    return OK;
}

typedef int find_fn(const struct scheme *s, struct str name);

static int find_economy(const struct scheme *s, struct str name)
{
    return economy_find(s->codes, name);
}

static int find_place(const struct scheme *s, struct str name)
{
    return place_find(s->codes, name);
}

/* A name that is in no list now is -1: an error only when a key uses it. */
static bool read_names(struct source *s, uint32_t n, find_fn *find, int *index)
{
    for (uint32_t i = 0; i < n; i++) {
        uint8_t bytes;
        char name[NAME_MOST];
        if (!get(s, &bytes, 1) || bytes > NAME_MOST || !get(s, name, bytes)) {
            return false;
        }
        index[i] = find(s->scheme, (struct str){name, bytes});
        s->moved |= index[i] != (int)i;
    }
    return true;
}

static enum err map_key(const struct source *s, cell_key *key, struct error *e)
{
    struct cell_code k = cell_key_code(*key);
    if (k.code >= s->h.n_code || k.partner >= s->h.n_economy || k.place >= s->h.n_place) {
        return damaged(s, e);
    }
    int code = s->code[k.code], partner = s->economy[k.partner], place = s->place[k.place];
    if (code < 0 || partner < 0 || place < 0) {
        err_set(e, ERR_UNKNOWN_CODE, "数据立方文件 %s 用到现行代码表没有的代码",
                "cube file %s uses a code that is in no list now", s->path);
        err_at(e, s->path, 0, NULL);
        return ERR_UNKNOWN_CODE;
    }
    *key = cell_key_make(k.flow, (unsigned)code, (unsigned)partner, (unsigned)place, k.month);
    return OK;
}

static const char *unpack(const char *p, void *v, size_t n)
{
    memcpy(v, p, n);
    return p + n;
}

static bool party_there(const struct source *s, uint32_t party, bool or_none)
{
    return party < s->h.n_parties || (or_none && party == UINT32_MAX);
}

static enum err read_cells(struct source *s, struct cube *c, struct error *e)
{
    c->cell = huge_alloc(s->h.n_cells * sizeof *c->cell);
    for (; c->n_cells < s->h.n_cells; c->n_cells++) {
        struct cell *x = &c->cell[c->n_cells];
        char b[CELL_BYTES];
        if (!get(s, b, sizeof b)) {
            return damaged(s, e);
        }
        const char *p = unpack(b, &x->key, 4);
        p = unpack(p, &x->count, 4);
        p = unpack(p, &x->contributors, 4);
        p = unpack(p, x->top_party, 8);
        p = unpack(p, &x->sum, 8);
        unpack(p, x->top, 16);
        if (!party_there(s, x->top_party[0], true) || !party_there(s, x->top_party[1], true)) {
            return damaged(s, e);
        }
        TRY(map_key(s, &x->key, e));
    }
    return OK;
}

static enum err read_contributions(struct source *s, struct cube *c, struct error *e)
{
    c->contribution = huge_alloc(s->h.n_contributions * sizeof *c->contribution);
    for (; c->n_contributions < s->h.n_contributions; c->n_contributions++) {
        struct contribution *x = &c->contribution[c->n_contributions];
        char b[CONTRIBUTION_BYTES];
        if (!get(s, b, sizeof b)) {
            return damaged(s, e);
        }
        const char *p = unpack(b, &x->key, 4);
        p = unpack(p, &x->member, 4);
        p = unpack(p, &x->count, 4);
        unpack(p, &x->cents, 8);
        if (!party_there(s, x->member, false)) {
            return damaged(s, e);
        }
        TRY(map_key(s, &x->key, e));
    }
    return OK;
}

static enum err read_repeats(struct source *s, struct cube *c, struct error *e)
{
    c->repeat = calloc(s->h.n_repeats + 1, sizeof *c->repeat);
    check(c->repeat != NULL);
    for (; c->n_repeats < s->h.n_repeats; c->n_repeats++) {
        struct repeat *x = &c->repeat[c->n_repeats];
        uint32_t day;
        char b[REPEAT_BYTES];
        if (!get(s, b, sizeof b)) {
            return damaged(s, e);
        }
        const char *p = unpack(b, &x->key, 4);
        p = unpack(p, &x->member, 4);
        p = unpack(p, &x->count, 4);
        p = unpack(p, &day, 4);
        unpack(p, &x->cents, 8);
        x->day = (uint8_t)day;
        if (!party_there(s, x->member, false)) {
            return damaged(s, e);
        }
        TRY(map_key(s, &x->key, e));
    }
    return OK;
}

static enum err read_parties(struct source *s, struct cube *c, struct error *e)
{
    c->parties.id = huge_alloc(s->h.n_parties * sizeof *c->parties.id);
    c->reg = calloc(s->h.n_parties + 1, sizeof *c->reg);
    check(c->reg != NULL);
    for (; c->parties.n < s->h.n_parties; c->parties.n++) {
        struct register_entry *x = &c->reg[c->parties.n];
        uint8_t of[4];
        char b[PARTY_BYTES];
        if (!get(s, b, sizeof b)) {
            return damaged(s, e);
        }
        const char *p = unpack(b, c->parties.id[c->parties.n], PARTY_ID_BYTES);
        p = unpack(p, of, 4);
        unpack(p, &x->contributor, 4);
        x->size = of[0];
        x->ownership = of[1];
        x->key = of[2] != 0;
        if (of[0] >= SIZE_COUNT || of[1] >= OWNER_COUNT || !party_there(s, x->contributor, false)) {
            return damaged(s, e);
        }
    }
    return OK;
}

/* --- order after the indexes have moved ------------------------------------------------------ */

static int by_key(const void *x, const void *y)
{
    const struct cell *a = x, *b = y;
    return (a->key > b->key) - (a->key < b->key);
}

static int by_key_member(const void *x, const void *y)
{
    const struct contribution *a = x, *b = y;
    if (a->key != b->key) {
        return a->key < b->key ? -1 : 1;
    }
    return (a->member > b->member) - (a->member < b->member);
}

static enum err put_in_order(const struct source *s, struct cube *c, struct error *e)
{
    if (s->moved) {
        sort_by(c->cell, c->n_cells, sizeof *c->cell, by_key);
        sort_by(c->contribution, c->n_contributions, sizeof *c->contribution, by_key_member);
        sort_by(c->repeat, c->n_repeats, sizeof *c->repeat, repeat_order);
    }
    for (size_t i = 1; i < c->n_cells; i++) {
        if (c->cell[i - 1].key >= c->cell[i].key) {
            return damaged(s, e);
        }
    }
    for (size_t i = 0; i < c->n_contributions; i++) {
        struct contribution *x = &c->contribution[i];
        if (i > 0 && by_key_member(x - 1, x) >= 0) {
            return damaged(s, e);
        }
        x->party = c->reg[x->member].contributor;
    }
    for (uint32_t i = 1; i < c->parties.n; i++) {
        if (memcmp(c->parties.id[i - 1], c->parties.id[i], PARTY_ID_BYTES) >= 0) {
            return damaged(s, e);
        }
    }
    return OK;
}

static enum err read_all(struct source *s, struct cube *c, struct error *e)
{
    TRY(verify(s, e));
    TRY(read_head(s, e));
    const struct head *h = &s->h;
    if (!read_names(s, h->n_code, scheme_code_find, s->code) ||
        !read_names(s, h->n_economy, find_economy, s->economy) ||
        !read_names(s, h->n_place, find_place, s->place) ||
        s->left != h->n_cells * CELL_BYTES + h->n_contributions * CONTRIBUTION_BYTES +
                       h->n_repeats * REPEAT_BYTES + h->n_parties * PARTY_BYTES) {
        return damaged(s, e);
    }
    TRY(read_cells(s, c, e));
    TRY(read_contributions(s, c, e));
    TRY(read_repeats(s, c, e));
    TRY(read_parties(s, c, e));
    c->scheme = s->scheme;
    c->records = h->records;
    c->voided = h->voided;
    c->queried_r7 = h->queried_r7;
    c->unrated = h->unrated;
    c->credit = h->credit;
    c->debit = h->debit;
    c->spilled = h->spilled != 0;
    memcpy(c->digest, h->digest, sizeof c->digest);
    return put_in_order(s, c, e);
}

enum err cube_read(struct cube *out, const struct scheme *s, const char *path, struct error *e)
{
    *out = (struct cube){0};
    struct source *from = calloc(1, sizeof *from);
    check(from != NULL);
    from->path = path;
    from->scheme = s;
    from->f = fopen(path, "rbe");
    if (from->f == NULL) {
        int why = errno;
        free(from);
        return file_error(e, path, why);
    }
    enum err err = read_all(from, out, e);
    fclose(from->f);
    free(from);
    if (err != OK) {
        cube_finish(out);
    }
    return err;
}
