/*
 * parties: who declares. Numbers are given by order of the identity, so that they do not depend
 * on the order of records; company groups (a register's column) make one contributor of several
 * enterprises, because a group knows what its members declare.
 */
#ifndef DECLARATION_PARTIES_H
#define DECLARATION_PARTIES_H

#include "declaration/scheme.h"

enum { PARTY_ID_BYTES = 18, LIMIT_PARTIES = 1 << 24 };

/* A growing table of one thread: identity -> number in order of arrival. */
struct party_table;
struct party_table *party_table_create(void);
void party_table_destroy(struct party_table *t); /* NULL allowed */
/* The number; UINT32_MAX when LIMIT_PARTIES is met. */
uint32_t party_table_intern(struct party_table *t, const char *id, size_t n);

/* Merges the tables of all threads: numbers in order of identity (bytewise, shorter first).
 * map[i][j] is the number of the j-th of table i. */
struct parties {
    uint32_t n;
    char (*id)[PARTY_ID_BYTES]; /* padded with NUL */
    uint32_t **map;
    int n_tables;
};
void parties_merge(struct parties *out, struct party_table *const *t, int n);
/* A table whose numbers are places in p; NULL: more than LIMIT_PARTIES. For party_table_destroy. */
struct party_table *parties_index(const struct parties *p);
void parties_finish(struct parties *p);

/* The register of enterprises (form 服贸统基1): party_id,size,ownership,group,key. All but the
 * first may be empty. Sizes and kinds of ownership are enumerations of the register's own lists. */
enum size_class { SIZE_UNKNOWN, SIZE_LARGE, SIZE_MEDIUM, SIZE_SMALL, SIZE_MICRO, SIZE_COUNT };
enum ownership { OWNER_UNKNOWN, OWNER_STATE, OWNER_PRIVATE, OWNER_FOREIGN, OWNER_COUNT };
extern const char *const size_name[SIZE_COUNT], *const ownership_name[OWNER_COUNT];
struct register_entry {
    uint8_t size, ownership;
    bool key;            /* 重点企业: reports directly */
    uint32_t contributor; /* the lowest number of its group */
};
/* One entry per party; path NULL: everybody unknown and alone. ERR_SYNTAX ... with file, line. */
enum err register_load(struct register_entry **out, const struct parties *p, const char *path,
                       struct error *e);
#endif
