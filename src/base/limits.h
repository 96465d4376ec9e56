/* Every limit of the program, in one place. A limit that is met gives an error that names it. */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

enum {
    LIMIT_FILE_BYTES = 64 * 1024 * 1024, /* one file read whole: instrument, code list, facts */
    LIMIT_JSON_DEPTH = 32,               /* nesting in any JSON we read */
    LIMIT_BODY_BYTES = 1024 * 1024,      /* HTTP request body */
    LIMIT_BATCH_BYTES = 16 * 1024 * 1024, /* body of a route that takes many questions at once */
    LIMIT_BATCH_BODIES = 256 * 1024 * 1024, /* such bodies held at one time, together */
    LIMIT_BATCH_ITEMS = 10000,           /* questions in one JSON array */
    LIMIT_RATE_PER_S = 1000,             /* requests of one client, in the long run */
    LIMIT_RATE_BURST = 5000,             /* and at once */
    LIMIT_CALLERS = 1000,                /* keys that a server knows */
    LIMIT_QUESTIONS_A_TOKEN = 100,       /* questions of a batch for each further token */
    LIMIT_URL_BYTES = 4096,              /* HTTP target, path and query together */
    LIMIT_QUERY_ARGS = 64,               /* query or form fields of a request */
    LIMIT_WORDS_BYTES = 256,             /* a search text */
    LIMIT_CSV_FIELDS = 64,               /* fields of a CSV record */
    LIMIT_CSV_FIELD_BYTES = 64 * 1024,
    LIMIT_SECTORS = 1408,                /* sector leaves, a multiple of 64 */
    LIMIT_ORIGINS = 256,                 /* economies */
    LIMIT_PLACES = 128,                  /* places */
    LIMIT_FACTS = 256,                   /* names in the fact dictionary */
    LIMIT_FACT_VALUES = 64,              /* values of an enumerated fact */
    LIMIT_LAYERS = 64,                   /* instruments in one snapshot: one word of layer bits */
    LIMIT_RULES = 262144,                /* provisions in one snapshot */
    LIMIT_MATCHES = 128,                 /* matches written into one answer */
    LIMIT_REGION_CELLS = 16 * 1024 * 1024, /* class cells of one region being compared */
    LIMIT_PERMITS = 10000,               /* rules in a catalogue */
    LIMIT_ANNEX_BYTES = 8 * 1024 * 1024, /* an annex or a draft as text */
    LIMIT_ANNEX_LINE_BYTES = 65536,      /* one line of it */
    LIMIT_ANNEX_ITEMS = 2000,
    LIMIT_ANNEX_FINDINGS = 10000,        /* findings kept of one text */
    LIMIT_EXPR_NODES = 65536,            /* expression nodes in one corpus */
    LIMIT_WORDING_CELLS = 1024 * 1024,   /* words of one text times words of the other */
    LIMIT_QUESTION_BYTES = 64 * 1024,    /* a line of kept questions */
    LIMIT_QUESTION_ID = 63,              /* bytes of a kept question's mark */
    LIMIT_TABLE_CELLS = 4000000,         /* cells of all tables of a publication plan together */
    LIMIT_REHEARSE_GROUPS = 16384,       /* kinds of change told apart by a rehearsal */
    LIMIT_DECLARATION_BYTES = 16384,     /* one record of a declaration file, all its lines */
    LIMIT_DOUBLED = 5 * 1000 * 1000,     /* report numbers met twice, and records that have them */
    LIMIT_DOUBLED_BYTES = 1024 * 1024 * 1024, /* bytes of such records kept for quarantine */
    LIMIT_STORE_WAIT_MS = 5 * 1000,      /* for another writer of the store, before "busy" */
    LIMIT_QUARANTINED = 8 * 1000 * 1000, /* records of one batch that stay out */
    LIMIT_REPEATS = 10000,               /* repeated declarations (R7) that are listed */
    LIMIT_CUBE_CELLS = 128 * 1024 * 1024,
    LIMIT_CUBE_CONTRIBUTIONS = 1024 * 1024 * 1024,
    LIMIT_SCREEN_DAYS = 36600,           /* days of payments screened at one time: a century */
    LIMIT_RELEASE_BYTES = 1024 * 1024 * 1024, /* the inner file of one release of statistics */
    LIMIT_POST_URL_BYTES = 2000,         /* address that a document is posted to */
    LIMIT_POST_CONNECT_MS = 5000,        /* until there is a connection, TLS included */
    LIMIT_POST_MS = 15000,               /* one post, all of it */
    LIMIT_POST_REPLY_BYTES = 64 * 1024,  /* of the answer, headers included; the rest is not read */
    LIMIT_POSTS = 32,                    /* posts under way at the same time */
    LIMIT_POSTS_A_HOST = 4,              /* and to one host */
    LIMIT_WATCHES = 10000,               /* watches of one store */
    LIMIT_WATCH_NEWS = 100,              /* news in one document; the rest goes in the next */
    LIMIT_WATCH_TRIES = 16,              /* failures in a row after which a watch stops: 4 days */
    LIMIT_WATCH_WAIT_S = 60,             /* after the first failure; doubled by each one more */
    LIMIT_WATCH_WAIT_MOST_S = 12 * 3600,
    LIMIT_WAYS = 64,                     /* ways in which a late change goes coarser */
    LIMIT_SPARING_CELLS = 5000,          /* unknown cells of a plan, up to which programs ... */
    LIMIT_SPARING_PROGRAMS = 1000,       /* ... and so many of them try to open some again */
    LIMIT_RELEASE_ROUNDS = 64,           /* hold, suppress, attack: how often until all is safe */
};

#endif
