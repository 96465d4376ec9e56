/* cli, inside: what every verb gets. */
#ifndef CLI_INTERNAL_H
#define CLI_INTERNAL_H

#include "cli/cli.h"
#include "db/db.h"
#include "decide/decide.h"
#include "law/registry.h"

enum output { OUTPUT_TEXT, OUTPUT_JSON, OUTPUT_CSV };

enum { ARGS_MAX = 64 };
struct option { /* --name value or --name=value, in the order given */
    const char *name, *value;
};
struct args {
    int n;
    const char *word[ARGS_MAX]; /* what is not an option, verb first */
    int n_options;
    struct option option[ARGS_MAX];
    enum output output;
    const char *form; /* what -o or --json named, odd or not; NULL: neither is given */
    bool zh; /* language of text output */
    bool help; /* --help: how the verb is used, and nothing else */
};

struct store { /* the database, its log and who signs it */
    struct db *db;
    struct log *log;
    struct signer signer;
    struct book book;
};
/* Opens, migrates, puts in the shipped texts. Without `write` a key that cannot be read is no
 * error: nothing will be signed. */
enum err store_open(struct store *s, const char *spec, bool write, struct error *e);
void store_close(struct store *s); /* accepts a zeroed one */

struct world { /* the program's lifetime */
    struct arena arena;
    struct store store;
    struct db *db; /* of the store */
    struct classification *codes;
    struct corpus *corpus;
    struct snapshot *snapshot;
};

const char *option_get(const struct args *a, const char *name); /* last one, NULL if absent */
bool option_given(const struct args *a, const char *name); /* also one without a value */
/* Every option given must be in the NULL-ended list, and the form of output one that the verb has.
 * ERR_USAGE with a did-you-mean. */
enum err options_check(const struct args *a, const char *const *allowed, struct error *e);
/* forms.c: ERR_USAGE for a form that the verb does not print, with those that it does; text for a
 * name that no form has; "-o text|json" and what parts of the verb print besides, for the help. */
enum err forms_check(const struct args *a, struct error *e);
enum output form_named(const char *name);
void forms_help(const char *verb, struct buf *b);

enum err world_open(struct world *w, const char *store, struct error *e);
/* For questions as of one day of knowledge, however long ago (registry_load_known). */
enum err world_open_known(struct world *w, const char *store, day_t known, struct error *e);
/* Puts the edition files of a folder (ID.json) in the place of the world's law; `content` tells
 * which hashes are meant (editions.c). */
enum err world_editions(struct world *w, const char *folder, struct str content, struct error *e);
void world_close(struct world *w);

struct bundle;
enum err keep_answer(struct world *w, const struct question *q, const struct explanation *x,
                     const char *out, char *path, size_t room, struct error *e);
enum err verify_kept(struct world *w, const struct bundle *b, bool zh, struct jsonw *json,
                     struct buf *out, struct error *e);

void print_out(const struct buf *b);
int print_fault(const struct args *a, const struct error *e); /* returns the exit status */

int verb_apikey(const struct args *a);
int verb_barriers(const struct args *a);
int verb_gap(const struct args *a);
int verb_map(const struct args *a);
int verb_openness(const struct args *a);
int verb_rehearse(const struct args *a);
int verb_route(const struct args *a);
/* Below `list`: word[1] says which. */
int list_blame(const struct args *a);
int list_diff(const struct args *a);
int list_import(const struct args *a);
int list_lint(const struct args *a);
int list_publish(const struct args *a);
int verb_check(const struct args *a);
int verb_follow(const struct args *a);
int verb_find(const struct args *a);
int verb_list(const struct args *a);
int verb_prove(const struct args *a);
int verb_screen(const struct args *a);
int verb_stats(const struct args *a);
int verb_job(const struct args *a);
int verb_serve(const struct args *a);
int verb_doctor(const struct args *a);
int verb_ledger(const struct args *a);
int verb_backup(const struct args *a);
int verb_restore(const struct args *a);
int verb_fsck(const struct args *a);

#endif
