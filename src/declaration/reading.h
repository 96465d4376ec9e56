/*
 * reading: the inside of intake, private to the room. From bytes to records in four steps:
 *
 *   source    the bytes of one file, plain or gzip
 *   layout    what the beginning says: CSV or NDJSON, line ends, encoding, columns
 *   chunks    pieces of a file that begin and end with a record
 *   records   one chunk to declarations and faults: lines to fields, fields to values
 *
 * A chunk is taken under a lock, by one thread after the other; everything dear is done on the
 * chunk afterwards, in parallel. Buffers have room before and behind, because digits are read
 * eight at a time and separators are looked for sixty-four at a time.
 */
#ifndef DECLARATION_READING_H
#define DECLARATION_READING_H

#include "declaration/intake.h"

enum {
    READ_CHUNK = 256 * 1024,  /* stays in the second cache from reading to the last field */
    READ_PROBE = 1024 * 1024, /* of a file's beginning, to tell its kind and encoding */
    READ_FRONT = 16,
    READ_PAD = 80,
    READ_SCRATCH = 512 * 1024, /* unquoted, unescaped and converted text of a block of rows */
};

/* --- why.c: reasons ---------------------------------------------------------------------- */

enum why {
    WHY_NONE, WHY_LONG, WHY_OPEN_QUOTE, WHY_STRAY_QUOTE, WHY_BEHIND_QUOTE, WHY_CONTROL, WHY_UTF8,
    WHY_GB18030, WHY_FEW, WHY_MANY, WHY_OBJECT, WHY_KEY, WHY_KEY_TWICE, WHY_KIND, WHY_BEHIND,
    WHY_EMPTY, WHY_REPORT_NO, WHY_REPORT_DAY, WHY_PARTY_ID, WHY_PARTY_ANY, WHY_PARTY_KIND,
    WHY_REGION, WHY_PROVINCE, WHY_ZONE, WHY_ZONE_ELSEWHERE, WHY_BANK, WHY_FLOW, WHY_CODE,
    WHY_CODE_UNKNOWN, WHY_COUNTRY, WHY_CURRENCY, WHY_CURRENCY_UNKNOWN, WHY_AMOUNT, WHY_RATE,
    WHY_RATE_ZERO, WHY_DATE, WHY_ADVANCE, WHY_COUNT
};
struct reason {
    const char *zh, *en;
};
extern const struct reason why_reason[WHY_COUNT];
/* What a rule of declaration_check says, and of which field. */
struct rule_reason {
    enum column field;
    struct reason why;
};
extern const struct rule_reason rule_reason[RULE_COUNT];

/* --- source.c ----------------------------------------------------------------------------- */

struct source;
enum err source_open(struct source **out, const char *path, struct error *e);
void source_close(struct source *s); /* NULL allowed */
/* Up to n bytes; *got 0: the end. */
enum err source_read(struct source *s, char *p, size_t n, size_t *got, struct error *e);
int64_t source_taken(const struct source *s); /* bytes of the file as stored */
int64_t source_size(const char *path);        /* 0: not a regular file */

/* --- encoding.c --------------------------------------------------------------------------- */

/* Offset of the first byte that is not well formed; s.n: none. A character that the end cuts is
 * not well formed. */
size_t utf8_fault(struct str s);
size_t gb18030_fault(struct str s);
bool encoding_is_gb18030(struct str probe, char eol);
/* 1-based number of the character at byte `at`. */
int encoding_column(struct str s, size_t at, bool gb18030);
/* To UTF-8; `out` has room for s.n / 2 * 3 + 1. False: a character that is not assigned. */
struct converter {
    void *iconv; /* made when first needed */
};
bool convert(struct converter *c, struct str s, char *out, size_t *n);
void convert_finish(struct converter *c);
bool convert_possible(void); /* is GB18030 known to the C library here? */

/* --- layout.c ----------------------------------------------------------------------------- */

struct columns { /* what a file of some kind may have */
    const char *const *name;
    int n;         /* at most COL_COUNT */
    uint32_t must; /* bit = column */
};
extern const struct columns declaration_columns, direct_columns;
int column_find(const struct columns *c, struct str name); /* c->n: none */
struct layout {
    const struct columns *columns;
    bool json, gb18030;
    char eol;
    int n;                     /* fields of a CSV record */
    uint8_t column[COL_COUNT]; /* of each */
    size_t body;               /* bytes before the first record */
    int64_t line;              /* of the first record, 1-based */
};
/* From a file's beginning; `whole`: it is all of the file. */
enum err layout_read(struct layout *l, const struct columns *c, struct str probe, bool whole,
                     const char *path, struct error *e);

/* --- lines.c ------------------------------------------------------------------------------ */

struct record {
    size_t bytes; /* with its last line break */
    size_t text;  /* without */
    int lines;
    int n_fields; /* 0: an empty line */
    struct span {
        size_t from, to;
    } field[COL_COUNT + 1]; /* quotes included */
    enum why why; /* WHY_NONE: well formed */
    size_t at;    /* where not */
};
/* The record that begins at text.p. `last`: nothing follows text; else false when more bytes are
 * needed to tell. Looks at quotes, control characters and the number of fields. */
bool record_read(struct str text, bool last, const struct layout *l, struct record *r);

/* Most lines: no control character, quotes only around whole fields, the right number of fields.
 * False: record_read must look at it. READ_PAD readable bytes and an eol lie behind the text. */
struct plain_line {
    size_t bytes, text;
    size_t high_from, high_to; /* where bytes above 127 are; equal: none */
};
bool plain_line_read(const char *p, const struct layout *y, struct str f[COL_COUNT],
                     struct plain_line *l);

/* The end of the last record of text that surely ends there, by quotes of the lines before; 0: not
 * found. O(lines looked at), from the end. */
size_t safe_cut(struct str text, const struct layout *l);
int64_t count_eol(struct str text, char eol);

/* --- chunks.c ----------------------------------------------------------------------------- */

struct chunk {
    char *memory; /* READ_FRONT + capacity + READ_PAD */
    size_t capacity;
    struct str text; /* whole records; an eol and padding behind */
    bool long_line;  /* text is the beginning of one line that is too long */
    int64_t line;    /* of its first byte */
    int64_t end;     /* offset in the file, of the next record; after gzip */
    int64_t taken;   /* bytes of the file as stored, read until then */
};
struct chunks { /* of one file; used by one thread at a time */
    const char *path;
    struct source *source;
    struct layout layout;
    size_t chunk_bytes;
    char *held; /* read, but not handed out */
    size_t held_from, held_to, held_capacity;
    char *long_line; /* its beginning, while the rest is read past */
    bool passing, ended, over;
    int64_t line, offset; /* of held_from */
    int64_t resume;       /* offset behind the last piece; a long line's begin while passing it */
    enum err failed;      /* kept until what came before has been handed out */
    struct error error;
};
/* Reads the beginning, and past from_byte. */
enum err chunks_open(struct chunks *c, const struct columns *columns, const char *path,
                     size_t chunk_bytes, int64_t from_byte, struct error *e);
void chunks_close(struct chunks *c); /* accepts zero */
void chunk_init(struct chunk *k, size_t chunk_bytes);
void chunk_finish(struct chunk *k);
/* The next piece, perhaps empty; *more = false at the end. */
enum err chunks_take(struct chunks *c, struct chunk *k, bool *more, struct error *e);

/* --- decode.c ----------------------------------------------------------------------------- */

struct lookups; /* tables of codes, for all threads */
struct lookups *lookups_create(const struct scheme *s);
void lookups_destroy(struct lookups *l); /* NULL allowed */
struct trouble { /* the first field that cannot be read */
    enum why why;
    enum column field;
    enum rule rule;
    bool bank_known;
};
/* Values of fields; those absent are {NULL, 0}; READ_FRONT bytes before and 8 behind each field
 * are readable. False: some cannot be read; rules has a bit for each kind, *t the first. */
bool decode(const struct lookups *l, const struct str f[COL_COUNT], struct declaration *d,
            struct trouble *t);

/* --- records.c, ndjson.c ------------------------------------------------------------------ */

struct faults { /* of one chunk */
    struct buf spoilt; /* struct spoilt, raw.p an offset in raw */
    struct buf raw;
};
struct reader { /* one thread's */
    const struct intake *in;
    const struct lookups *lookups;
    const struct chunks *file;
    struct run *run; /* intake.c's */
    struct severities severities;
    int number;
    struct tally *tally;
    struct chunk chunk;
    struct faults *faults; /* of the chunk being read */
    int64_t line;
    char *scratch;
    size_t scratch_used;
    struct converter converter;
    struct arena arena;
    int n_rows;
    struct declaration row[INTAKE_BLOCK];
};
struct reader *reader_create(const struct intake *in, const struct lookups *l, int number);
void reader_destroy(struct reader *r); /* NULL allowed */
void reader_chunk(struct reader *r);   /* hands out rows, fills faults */

/* For ndjson.c: a record to be judged, and one that cannot be. */
struct evidence {
    struct str raw;  /* as it stood */
    struct str text; /* in which positions are counted; raw, or raw converted */
    const char *at[COL_COUNT]; /* begin of each field in text; NULL: not in it */
};
void reader_fields(struct reader *r, const struct evidence *v, const struct str f[COL_COUNT]);
void reader_fault(struct reader *r, const struct evidence *v, enum rule rule, uint32_t rules,
                  enum column field, const char *at, struct reason why);
struct str reader_keep(struct reader *r, struct str s); /* a copy in scratch */
bool reader_convert(struct reader *r, struct str *s);   /* from GB18030, into scratch */
void ndjson_line(struct reader *r, struct str line);

#endif
