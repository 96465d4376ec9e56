/*
 * Batches: the same file twice is one batch; a process killed at any moment of taking one in leaves
 * nothing that running it again does not complete, with the figures of an undisturbed store; what
 * was rejected and sent again is resolved, what is deleted is out of every later compilation; rows
 * cannot be changed, files that were are told; a disk that is full takes nothing in; a job without
 * a process is broken.
 *
 * FUMAO_KILLS: how many children are killed at random moments (120; script/soak: 200), besides one
 * before each change of a file; 200 in all at least (with sanitizers 60). FUMAO_SEED: of the
 * moments.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cut.h"
#include "sanitized.h"
#include "declaration/batch.h"
#include "declaration/generate.h"
#include "declaration/job.h"
#include "declaration/quarantine.h"

enum { ROWS = 3000, PATH = 256, TODAY = 30000 };

static struct arena arena;
static struct scheme *scheme;
static char folder[64] = "/tmp/test-batch-XXXXXX";
static char clean[PATH]; /* a file without a fault */
static struct str clean_text;
static uint64_t seed = 1;

struct shop {
    struct db *db;
    struct log *log;
    struct signer signer;
    struct book book;
};

static void path_to(char out[PATH], const char *name)
{
    snprintf(out, PATH, "%s/%s", folder, name);
}

static enum err shop_try(struct shop *s, const char *name)
{
    char spec[PATH + 16];
    struct error e = {0};
    memset(s, 0, sizeof *s);
    snprintf(spec, sizeof spec, "sqlite:%s/%s", folder, name);
    enum err r = db_open(&s->db, spec, &e);
    if (r == OK)
        r = log_open(&s->log, s->db, PROFILE_SHA256, &e);
    if (r == OK)
        r = signer_open(&s->signer, s->log, KEY_ED25519, 1, &e);
    s->book = (struct book){s->db, s->log, &s->signer};
    return r == OK ? batch_open(&s->book, &e) : r;
}

static void shop_open(struct shop *s, const char *name)
{
    assert_int_equal(shop_try(s, name), OK);
}

static void shop_close(struct shop *s)
{
    signer_close(&s->signer);
    log_close(s->log);
    db_close(s->db);
}

static struct cube_options options(void)
{
    return (struct cube_options){.scheme = scheme, .rates = scheme->rates, .n_threads = 2};
}

static enum err take_as(struct shop *s, const struct direct_scheme *direct, const char *path,
                        struct batch_taken *out, struct error *e)
{
    struct cube_options o = options();
    struct batch_task t = {.book = &s->book, .direct = direct, .cube = &o, .path = path, .now = 1000};
    struct tally *tally = tally_create();
    t.intake = (struct intake){.scheme = scheme, .today = TODAY, .n_threads = 2};
    memset(e, 0, sizeof *e);
    enum err r = batch_take(&t, &arena, tally, out, e);
    tally_destroy(tally);
    return r;
}

static enum err take(struct shop *s, const char *path, struct batch_taken *out, struct error *e)
{
    return take_as(s, NULL, path, out, e);
}

static void put_file(char out[PATH], const char *name, struct str text)
{
    path_to(out, name);
    FILE *f = fopen(out, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text.p, 1, text.n, f), text.n);
    assert_int_equal(fclose(f), 0);
}

/* Line i of the clean file, 0 being the columns; with its line end. */
static struct str line(int i)
{
    struct str rest = clean_text;
    for (; i > 0; i--)
        (void)str_cut(rest, '\n', &rest);
    size_t n = 0;
    while (n < rest.n && rest.p[n] != '\n')
        n++;
    return (struct str){rest.p, n < rest.n ? n + 1 : n};
}

static struct str number_of(int i)
{
    return (struct str){line(i).p, REPORT_DIGITS}; /* the generator's first column */
}

/* Line i with its field k another one. */
static void put_changed(struct buf *b, int i, int k, const char *value)
{
    struct str rest = line(i);
    for (int c = 0; rest.n > 0; c++) {
        bool last = memchr(rest.p, ',', rest.n) == NULL;
        struct str f = str_cut(rest, ',', &rest);
        buf_str(b, c == k ? str_from(value) : f);
        if (!last)
            buf_char(b, ',');
    }
}

static struct {
    int64_t records;
    uint8_t digest[32];
    int64_t deleted;
} compiled;

static void compile_paths(const char *const *path, int n, const struct report_numbers *without)
{
    struct cube c;
    struct cube_options o = options();
    struct error e = {0};
    struct intake in = {.scheme = scheme, .path = path, .n_paths = n, .n_threads = 2};
    struct tally *t = tally_create();
    o.without = without;
    in.today = TODAY;
    assert_int_equal(cube_compile(&o, &in, NULL, NULL, t, &c, &e), OK);
    assert_int_equal(t->records, t->accepted + t->rejected + t->excluded + t->deleted);
    compiled.records = t->records;
    compiled.deleted = t->deleted;
    memcpy(compiled.digest, c.digest, 32);
    cube_finish(&c);
    tally_destroy(t);
}

static void compile_store(struct shop *s)
{
    struct batch *list;
    struct report_numbers gone;
    struct error e = {0};
    int n;
    assert_int_equal(batch_list(s->db, &arena, &list, &n, &e), OK);
    n = batch_of_kind(list, n, BATCH_DECLARATIONS);
    const char **path = ARENA_ARRAY(&arena, const char *, (size_t)n + 1);
    for (int i = 0; i < n; i++)
        path[i] = batch_path(s->db, &arena, list[i].id, "");
    assert_int_equal(batch_deletions(s->db, &gone, &e), OK);
    compile_paths(path, n, gone.n > 0 ? &gone : NULL);
    report_numbers_finish(&gone);
}

static int64_t count(struct shop *s, const char *sql)
{
    struct db_stmt *q;
    bool row;
    struct error e = {0};
    assert_int_equal(db_prepare(s->db, sql, &q, &e), OK);
    assert_int_equal(db_step(q, &row, &e), OK);
    int64_t v = row ? db_int(q, 0) : -1;
    db_finish(q);
    return v;
}

static void generated(const char *path, int64_t rows, bool faults, uint64_t with)
{
    struct error e = {0};
    struct generate_options o = {.scheme = scheme, .rows = rows, .seed = with, .faults = faults,
                                 .late = false, .n_threads = 1};
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(generate(&o, fd, 0, 0, 0, &e), OK);
    close(fd);
}

/* --- the same file twice -------------------------------------------------------------------- */

static void twice_is_once(void **state)
{
    (void)state;
    struct shop s;
    struct batch_taken first, second;
    struct error e;
    int64_t n;
    shop_open(&s, "twice.db");
    assert_int_equal(take(&s, clean, &first, &e), OK);
    uint64_t entries = log_size(s.log);
    assert_false(first.known);
    assert_int_equal(first.batch.records, ROWS);
    assert_int_equal(first.batch.accepted, ROWS);
    assert_int_equal(take(&s, clean, &second, &e), OK);
    assert_true(second.known);
    assert_int_equal(log_size(s.log), entries);
    assert_int_equal(count(&s, "SELECT count(*) FROM batch"), 1);
    assert_int_equal(batch_check(s.db, NULL, &n, &e), OK);
    assert_int_equal(n, 1);
    /* A copy that was lost comes back with the same file. */
    const char *kept = batch_path(s.db, &arena, first.batch.id, "");
    struct stat st;
    assert_int_equal(stat(kept, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(unlink(kept), 0);
    assert_int_equal(batch_check(s.db, NULL, &n, &e), ERR_INTEGRITY);
    assert_int_equal(take(&s, clean, &second, &e), OK);
    assert_int_equal(batch_check(s.db, NULL, &n, &e), OK);
    /* And one that was touched is told, and made good. */
    FILE *f = fopen(kept, "r+b");
    assert_non_null(f);
    fputc('X', f);
    fclose(f);
    assert_int_equal(batch_check(s.db, NULL, &n, &e), ERR_INTEGRITY);
    assert_int_equal(take(&s, clean, &second, &e), OK);
    assert_int_equal(batch_check(s.db, NULL, &n, &e), OK);
    /* A row that is not what the log says: told, if anybody gets so far. */
    assert_int_equal(db_exec(s.db, "DROP TRIGGER batch_kept; UPDATE batch SET records=records+1",
                             &e), OK);
    assert_int_equal(batch_check(s.db, NULL, &n, &e), ERR_INTEGRITY);
    assert_int_equal(db_exec(s.db, "UPDATE batch SET records=records-1; CREATE TRIGGER batch_kept"
                                   " BEFORE UPDATE ON batch BEGIN SELECT RAISE(ABORT,'kept'); END",
                             &e), OK);
    assert_int_equal(batch_check(s.db, NULL, &n, &e), OK);
    /* Rows stay as they are. */
    assert_int_not_equal(db_exec(s.db, "UPDATE batch SET records=1", &e), OK);
    assert_int_not_equal(db_exec(s.db, "DELETE FROM batch", &e), OK);
    shop_close(&s);
}

static void copies_beside_a_backup(void **state)
{
    (void)state;
    struct shop s;
    struct error e;
    char from[PATH], to[PATH], folder_to[PATH + 16];
    int64_t n;
    struct stat st;
    path_to(from, "twice.db");
    path_to(to, "copy.db");
    snprintf(folder_to, sizeof folder_to, "%s.batches", to);
    shop_open(&s, "twice.db");
    assert_int_equal(batch_copy(s.db, from, to, &e), OK);
    assert_int_equal(stat(folder_to, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(batch_check(s.db, to, &n, &e), OK);
    assert_int_equal(batch_copy(s.db, from, to, &e), ERR_CONFLICT);
    assert_int_equal(batch_check(s.db, "/nowhere/at/all", &n, &e), ERR_INTEGRITY);
    shop_close(&s);
}

/* --- killed --------------------------------------------------------------------------------- */

enum { FILES = 3, FILE_ROWS = 1500, KILLS = SANITIZED ? 40 : 120, CUT_MIN = SANITIZED ? 60 : 200,
       STEP = SANITIZED ? 3 : 1 };

static struct {
    char path[FILES][PATH];
    uint8_t digest[32]; /* of all three, taken in by nobody disturbed */
    double seconds;     /* that it took */
    int cut;            /* children that were killed in the middle of it */
    struct shop calm;
} once;

static int kills(void)
{
    const char *n = getenv("FUMAO_KILLS");
    return n != NULL ? atoi(n) : KILLS;
}

static void say(int fd, char c)
{
    if (write(fd, &c, 1) != 1)
        _exit(2);
}

/* Says on `out` that it begins and that it is done; out -1: is cut instead. */
static _Noreturn void child_takes(const char *store, int out)
{
    struct shop s;
    struct batch_taken taken;
    struct error e;
    if (shop_try(&s, store) != OK)
        _exit(3);
    if (out >= 0)
        say(out, 'b');
    else
        cut_here();
    for (int i = 0; i < FILES; i++)
        if (take(&s, once.path[i], &taken, &e) != OK)
            _exit(4);
    if (out >= 0)
        say(out, 'e');
    _exit(0);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void once_undisturbed(void)
{
    struct batch_taken taken;
    struct error e;
    if (once.path[0][0] != 0)
        return;
    shop_open(&once.calm, "calm.db");
    for (int i = 0; i < FILES; i++) {
        char name[32];
        snprintf(name, sizeof name, "kill%d.csv", i);
        path_to(once.path[i], name);
        generated(once.path[i], FILE_ROWS, true, 100 + (uint64_t)i);
    }
    double began = seconds();
    for (int i = 0; i < FILES; i++)
        assert_int_equal(take(&once.calm, once.path[i], &taken, &e), OK);
    once.seconds = seconds() - began;
    compile_store(&once.calm);
    memcpy(once.digest, compiled.digest, 32);
}

/* What has a row is whole, whatever else lies about. The number of rows. */
static int64_t what_is_there_is_whole(const char *store)
{
    struct shop s;
    struct error e;
    int64_t n;
    shop_open(&s, store);
    assert_int_equal(batch_check(s.db, NULL, &n, &e), OK);
    shop_close(&s);
    return n;
}

/* Done again to the end. */
static void as_if_nothing_had_been(const char *store)
{
    static const char *const figures[] = {
        "SELECT count(*) FROM batch", "SELECT sum(accepted) FROM batch",
        "SELECT count(*) FROM quarantined", "SELECT count(*) FROM quarantined WHERE state='open'",
        "SELECT count(*) FROM entry WHERE leaf LIKE '%\"kind\":\"declarations\"%'"};
    struct batch_taken taken;
    struct error e;
    struct shop s;
    int64_t n;
    shop_open(&s, store);
    for (int k = 0; k < FILES; k++)
        assert_int_equal(take(&s, once.path[k], &taken, &e), OK);
    assert_int_equal(batch_check(s.db, NULL, &n, &e), OK);
    assert_int_equal(n, FILES);
    compile_store(&s);
    assert_memory_equal(compiled.digest, once.digest, 32);
    for (size_t k = 0; k < sizeof figures / sizeof *figures; k++)
        assert_int_equal(count(&s, figures[k]), count(&once.calm, figures[k]));
    shop_close(&s);
}

static void remove_store(const char *name)
{
    char command[2 * PATH];
    snprintf(command, sizeof command, "rm -rf '%s'/%s*", folder, name); /* and what lies beside */
    assert_int_equal(system(command), 0);
}

/* Files in the making that a kill left: none, where the file system has files without a name. */
static int half_made(const char *name)
{
    char command[2 * PATH];
    int n = -1;
    snprintf(command, sizeof command, "find '%s' -path '*/%s*' -name '*.part' | grep -c . || true",
             folder, name);
    FILE *f = popen(command, "r");
    assert_true(f != NULL && fscanf(f, "%d", &n) == 1);
    pclose(f);
    struct file_new f_new;
    char path[PATH];
    path_to(path, name);
    assert_true(file_new_open(&f_new, path, 0600));
    bool nameless = f_new.fresh[0] == 0;
    file_new_drop(&f_new);
    return nameless ? n : 0;
}

/* Once before each (STEP) of its calls that change a file. */
static void killed_before_a_change(void **state)
{
    (void)state;
    static const char store[] = "cut.db";
    once_undisturbed();
    pid_t pid = fork();
    if (pid == 0)
        child_takes(store, -1);
    struct cut c = cut_child(pid, 0);
    assert_true(WIFEXITED(c.status) && WEXITSTATUS(c.status) == 0);
    int64_t calls = c.calls, held = 0;
    assert_true(calls > 0);
    for (int64_t at = 1; at <= calls; at += STEP) {
        remove_store(store);
        pid = fork();
        if (pid == 0)
            child_takes(store, -1);
        c = cut_child(pid, at);
        assert_true(c.killed && WIFSIGNALED(c.status));
        once.cut++;
        assert_int_equal(half_made(store), 0);
        int64_t n = what_is_there_is_whole(store);
        assert_true(n >= held && n <= FILES); /* the later it was cut off, the more there is */
        held = n;
        as_if_nothing_had_been(store);
    }
    print_message("%d children were cut off before one of %lld changes\n", once.cut,
                  (long long)calls);
    assert_true(held >= FILES - (STEP > 1)); /* the last of them, when all was there */
}

/* What a child says on the pipe: 'b' when it begins, 'e' when it is done; 0 at its end. */
static char hear(int fd)
{
    char c = 0;
    return read(fd, &c, 1) == 1 ? c : 0;
}

/* True: it was killed after it had begun and before it was done. */
static bool killed_in_time(const char *store, double after)
{
    int p[2], status;
    assert_int_equal(pipe(p), 0);
    pid_t pid = fork();
    if (pid == 0)
        child_takes(store, p[1]);
    close(p[1]);
    assert_int_equal(hear(p[0]), 'b');
    struct timespec t = {(time_t)after, (long)((after - (double)(time_t)after) * 1e9)};
    nanosleep(&t, NULL);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    bool done = hear(p[0]) == 'e';
    close(p[0]);
    assert_true(done || WIFSIGNALED(status)); /* it did not fail of itself */
    return !done;
}

/* Each child goes on with what the one before it has left, until all is taken in. */
static void killed_at_any_moment(void **state)
{
    (void)state;
    struct rng rng;
    int64_t n, held = 0;
    int cut = 0, most = kills(), tries = 0;
    once_undisturbed();
    rng_seed(&rng, seed);
    for (int store = 0; cut < most; tries++) {
        char name[32];
        assert_true(tries < 4 * most); /* or nearly all of them end before they are killed */
        snprintf(name, sizeof name, "kill%d.db", store);
        cut += killed_in_time(name, once.seconds * rng_below(&rng, 1000) / 1000);
        n = what_is_there_is_whole(name);
        assert_true(n >= held);
        held = n;
        if (n == FILES || cut == most) {
            as_if_nothing_had_been(name);
            remove_store(name);
            store++;
            held = 0;
        }
    }
    once.cut += cut;
    print_message("%d of %d children were cut off; %d in all\n", cut, tries, once.cut);
    assert_true(getenv("FUMAO_KILLS") != NULL || once.cut >= CUT_MIN);
    shop_close(&once.calm);
}

static void compile_one(const char *path, struct cube *c)
{
    struct cube_options o = options();
    struct error e = {0};
    struct intake in = {.scheme = scheme, .path = &path, .n_paths = 1, .n_threads = 2};
    struct tally *t = tally_create();
    in.today = TODAY;
    o.contributions = true;
    assert_int_equal(cube_compile(&o, &in, NULL, NULL, t, c, &e), OK);
    tally_destroy(t);
}

/* Under its name lies the cube that was there or the new one, at every moment. */
static void a_cube_is_whole(void **state)
{
    (void)state;
    char path[PATH];
    struct cube old, new, got;
    struct error e = {0};
    int64_t at = 0;
    bool killed = true, was_old = false, was_new = false;
    int left = 0;
    path_to(path, "whole.cube");
    once_undisturbed();
    compile_one(once.path[0], &old);
    compile_one(once.path[1], &new);
    assert_memory_not_equal(old.digest, new.digest, 32);
    while (killed) {
        assert_int_equal(cube_write(&old, scheme, path, &e), OK);
        pid_t pid = fork();
        if (pid == 0) {
            cut_here();
            _exit(cube_write(&new, scheme, path, NULL) == OK ? 0 : 3);
        }
        struct cut c = cut_child(pid, ++at);
        killed = c.killed;
        assert_true(killed || (WIFEXITED(c.status) && WEXITSTATUS(c.status) == 0));
        assert_int_equal(cube_read(&got, scheme, path, &e), OK);
        bool is_old = memcmp(got.digest, old.digest, 32) == 0;
        assert_true(is_old || memcmp(got.digest, new.digest, 32) == 0);
        assert_false(is_old && was_new);
        was_old |= is_old && killed;
        was_new |= !is_old && killed;
        left += half_made("whole.cube");
        remove_store("whole.cube");
        cube_finish(&got);
    }
    assert_true(was_old && was_new);
    assert_true(left <= 1); /* from link to rename */
    cube_finish(&old);
    cube_finish(&new);
}

/* --- corrected, deleted --------------------------------------------------------------------- */

static enum err same_record(void *ctx, int64_t n, struct str record, struct error *e)
{
    (void)e;
    (void)n;
    struct buf *want = ctx;
    size_t at;
    assert_true(str_find(buf_view(want), record, &at));
    return OK;
}

static void corrected_and_sent_again(void **state)
{
    (void)state;
    struct shop s;
    struct batch_taken a, b;
    struct error e;
    struct buf text;
    char path[PATH];
    shop_open(&s, "again.db");
    buf_init(&text);
    buf_str(&text, line(0));
    put_changed(&text, 1, 8, "CHN"); /* country: China (R3) */
    put_changed(&text, 2, 8, "CHN");
    buf_str(&text, line(3));
    buf_str(&text, line(4)); /* twice, over different records */
    put_changed(&text, 4, 10, "12345");
    buf_str(&text, line(5)); /* twice, the same */
    buf_str(&text, line(5));
    put_changed(&text, 6, 7, "999999"); /* netting: set aside */
    put_file(path, "a.csv", buf_view(&text));
    assert_int_equal(take(&s, path, &a, &e), OK);
    assert_int_equal(a.batch.records, 8);
    assert_int_equal(a.batch.accepted, 2);
    assert_int_equal(a.batch.rejected, 5);
    assert_int_equal(a.batch.excluded, 1);
    assert_int_equal(a.batch.open, 4); /* not the netting, nor the one that counts already */
    const char *q = batch_path(s.db, &arena, a.batch.id, ".quarantine");
    assert_int_equal(quarantine_read(q, same_record, &text, &e), OK);
    buf_clear(&text);
    buf_str(&text, line(0));
    buf_str(&text, line(1)); /* put right */
    put_changed(&text, 2, 8, "CHN"); /* wrong again */
    buf_str(&text, line(4)); /* the number is spoilt */
    put_file(path, "b.csv", buf_view(&text));
    assert_int_equal(take(&s, path, &b, &e), OK);
    assert_int_equal(b.resolved, 1);
    assert_int_equal(count(&s, "SELECT count(*) FROM quarantined WHERE state='resolved' AND"
                               " by_batch=(SELECT id FROM batch WHERE seq=2)"), 1);
    assert_int_equal(count(&s, "SELECT count(*) FROM quarantined WHERE state='open'"), 4);
    /* One number over two records that differ: neither was accepted, so nothing is resolved. */
    buf_clear(&text);
    buf_str(&text, line(0));
    buf_str(&text, line(2));
    put_changed(&text, 2, 10, "777");
    put_file(path, "c.csv", buf_view(&text));
    assert_int_equal(take(&s, path, &b, &e), OK);
    assert_int_equal(b.resolved, 0);
    assert_int_equal(b.batch.open, 2);
    assert_int_not_equal(db_exec(s.db, "UPDATE quarantined SET state='open'"
                                       " WHERE state='resolved'", &e), OK);
    assert_int_not_equal(db_exec(s.db, "UPDATE quarantined SET report_no='1'", &e), OK);
    assert_int_not_equal(db_exec(s.db, "DELETE FROM quarantined", &e), OK);
    /* Columns and records as sent come back. */
    struct buf columns;
    buf_init(&columns);
    assert_int_equal(batch_header(path, BATCH_DECLARATIONS, &columns, &e), OK);
    assert_true(str_eq(buf_view(&columns), line(0)));
    buf_finish(&columns);
    buf_finish(&text);
    shop_close(&s);
}

static enum err delete_lines(struct shop *s, const char *lines, struct batch_deleted *d,
                             struct error *e)
{
    char path[PATH];
    struct intake in = {.today = DAY_MAX, .n_threads = 2};
    put_file(path, "delete.csv", str_from(lines));
    memset(e, 0, sizeof *e);
    return batch_delete(&s->book, scheme, &arena, path, &in, 2000, d, e);
}

static void deleted_and_declared_anew(void **state)
{
    (void)state;
    enum { GONE = 7 };
    struct shop s;
    struct batch_taken t;
    struct batch_deleted d;
    struct error e;
    struct buf text, anew;
    char path[PATH], other[PATH], lines[256], number[REPORT_DIGITS + 1];
    uint8_t want[32];
    shop_open(&s, "delete.db");
    assert_int_equal(take(&s, clean, &t, &e), OK);
    compile_store(&s);
    memcpy(want, compiled.digest, 32);
    snprintf(number, sizeof number, "%.*s", REPORT_DIGITS, number_of(GONE).p);
    snprintf(lines, sizeof lines, "report_no,reason\n%s,wrong party\n", number);
    assert_int_equal(delete_lines(&s, lines, &d, &e), OK);
    assert_int_equal(d.deleted, 1);
    uint64_t entries = log_size(s.log);
    assert_int_equal(delete_lines(&s, lines, &d, &e), OK);
    assert_int_equal(d.deleted, 0); /* was deleted before */
    assert_int_equal(log_size(s.log), entries);
    /* Compiled as if it had never been there. */
    compile_store(&s);
    assert_int_equal(compiled.deleted, 1);
    assert_memory_not_equal(compiled.digest, want, 32);
    memcpy(want, compiled.digest, 32);
    buf_init(&text);
    for (int i = 0; i <= ROWS; i++)
        if (i != GONE)
            buf_str(&text, line(i));
    put_file(path, "without.csv", buf_view(&text));
    const char *one = path;
    compile_paths(&one, 1, NULL);
    assert_memory_equal(compiled.digest, want, 32);
    /* Declared anew under another number; the old one stays out though it is sent again. */
    buf_init(&anew);
    buf_str(&anew, line(0));
    number[REPORT_DIGITS - 1] = number[REPORT_DIGITS - 1] == '9' ? '8' : '9';
    number[REPORT_DIGITS - 2] = '9';
    put_changed(&anew, GONE, 0, number);
    buf_str(&anew, line(GONE));
    put_file(other, "anew.csv", buf_view(&anew));
    assert_int_equal(take(&s, other, &t, &e), OK);
    compile_store(&s);
    assert_int_equal(compiled.deleted, 2);
    memcpy(want, compiled.digest, 32);
    put_changed(&text, GONE, 0, number);
    put_file(path, "without.csv", buf_view(&text));
    compile_paths(&one, 1, NULL);
    assert_memory_equal(compiled.digest, want, 32);
    buf_finish(&text);
    buf_finish(&anew);
    shop_close(&s);
}

static void lines_of_deletion(void **state)
{
    (void)state;
    enum { GONE = 7 };
    struct shop s;
    struct batch_deleted d;
    struct error e;
    char lines[256], number[REPORT_DIGITS + 1];
    shop_open(&s, "delete.db");
    snprintf(number, sizeof number, "%.*s", REPORT_DIGITS, number_of(GONE).p);
    /* One that is gone and one that is not: the second alone is done. */
    snprintf(lines, sizeof lines, "report_no,reason\n%.*s,x\n%.*s,y\n", REPORT_DIGITS,
             number_of(GONE).p, REPORT_DIGITS, number_of(GONE + 1).p);
    assert_int_equal(delete_lines(&s, lines, &d, &e), OK);
    assert_int_equal(d.asked, 2);
    assert_int_equal(d.deleted, 1);
    assert_int_equal(count(&s, "SELECT count(*) FROM entry WHERE leaf LIKE"
                               " '%\"kind\":\"deletions\",\"records\":1}'"), 2);
    /* Lines that cannot be. */
    snprintf(lines, sizeof lines, "report_no,reason\n%s,x\n1100009999992401019999,x\n", number);
    assert_int_equal(delete_lines(&s, lines, &d, &e), ERR_NOT_FOUND);
    assert_int_equal(e.line, 3);
    assert_int_equal(count(&s, "SELECT count(*) FROM deletion"), 2);
    assert_int_not_equal(delete_lines(&s, "report_no,reason\n123,x\n", &d, &e), OK);
    assert_int_equal(e.line, 2);
    snprintf(lines, sizeof lines, "report_no,reason\n%s,\n", number);
    assert_int_not_equal(delete_lines(&s, lines, &d, &e), OK);
    assert_int_not_equal(db_exec(s.db, "DELETE FROM deletion", &e), OK);
    assert_int_not_equal(db_exec(s.db, "UPDATE deletion SET reason='y'", &e), OK);
    shop_close(&s);
    /* A number that waits in quarantine can be taken back too, even a spoilt one. */
    shop_open(&s, "again.db");
    snprintf(lines, sizeof lines, "report_no,reason\n%.*s,x\n%.*s,x\n", REPORT_DIGITS,
             number_of(2).p, REPORT_DIGITS, number_of(4).p);
    assert_int_equal(delete_lines(&s, lines, &d, &e), OK);
    assert_int_equal(count(&s, "SELECT count(*) FROM quarantined WHERE state='open'"), 0);
    assert_int_equal(count(&s, "SELECT count(*) FROM quarantined WHERE state='deleted'"), 6);
    shop_close(&s);
}

/* --- a world that fails --------------------------------------------------------------------- */

static int entries_in(const char *path)
{
    char command[PATH + 64];
    int n = -1;
    snprintf(command, sizeof command, "ls -A '%s' | grep -c . || true", path);
    FILE *f = popen(command, "r");
    if (f != NULL && fscanf(f, "%d", &n) != 1)
        n = -1;
    if (f != NULL)
        pclose(f);
    return n;
}

static void nothing_half_taken(void **state)
{
    (void)state;
    struct shop s;
    struct batch_taken t;
    struct error e;
    char path[PATH], batches[PATH];
    struct rlimit old, tight;
    shop_open(&s, "bad.db");
    path_to(batches, "bad.db.batches");
    path_to(path, "no-such-file.csv");
    assert_int_equal(take(&s, path, &t, &e), ERR_NOT_FOUND);
    put_file(path, "nonsense.csv", STR("a,b\n1,2\n"));
    assert_int_equal(take(&s, path, &t, &e), ERR_INVALID);
    assert_int_equal(entries_in(batches), 1); /* the lock */
    /* A disk that is full while the copy is made. */
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    tight = old;
    tight.rlim_cur = (rlim_t)clean_text.n / 2;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    enum err full = take(&s, clean, &t, &e);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(full, ERR_IO);
    assert_int_equal(entries_in(batches), 1);
    assert_int_equal(count(&s, "SELECT count(*) FROM batch"), 0);
    shop_close(&s);
}

static void neither_row_nor_entry(void **state)
{
    (void)state;
    struct shop s;
    struct batch_taken t;
    struct error e;
    char batches[PATH];
    shop_open(&s, "bad.db");
    path_to(batches, "bad.db.batches");
    /* A store that fails behind the row. */
    char faulty[PATH];
    struct buf text;
    buf_init(&text);
    buf_str(&text, line(0));
    put_changed(&text, 1, 8, "CHN");
    put_file(faulty, "faulty.csv", buf_view(&text));
    buf_finish(&text);
    uint64_t entries = log_size(s.log);
    assert_int_equal(db_exec(s.db, "CREATE TRIGGER full BEFORE INSERT ON quarantined"
                                   " BEGIN SELECT RAISE(ABORT,'full'); END", &e), OK);
    assert_int_not_equal(take(&s, faulty, &t, &e), OK);
    assert_int_equal(db_exec(s.db, "DROP TRIGGER full", &e), OK);
    assert_int_equal(count(&s, "SELECT count(*) FROM batch"), 0);
    assert_int_equal(count(&s, "SELECT count(*) FROM entry"), entries);
    assert_int_equal(entries_in(batches), 1);
    shop_close(&s);
}

static void one_at_a_time(void **state)
{
    (void)state;
    struct shop s;
    struct batch_taken t;
    struct error e;
    char path[PATH], batches[PATH];
    shop_open(&s, "bad.db");
    path_to(batches, "bad.db.batches");
    /* Somebody else is at it. */
    char lock[PATH + 8];
    snprintf(lock, sizeof lock, "%s/lock", batches);
    int fd = open(lock, O_RDWR);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_int_equal(take(&s, clean, &t, &e), ERR_BUSY);
    close(fd);
    /* Left by one that was killed: cleared, but nothing that is not ours. */
    char left[PATH + 128];
    static const char *const names[] = {
        "incoming.part", "note.txt",
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"};
    for (int i = 0; i < 3; i++) {
        snprintf(left, sizeof left, "%s/%s", batches, names[i]);
        fclose(fopen(left, "w"));
    }
    assert_int_equal(take(&s, clean, &t, &e), OK);
    assert_int_equal(entries_in(batches), 3); /* lock, note.txt, the batch */
    shop_close(&s);
    /* The folder cannot be. */
    path_to(path, "file.db.batches");
    fclose(fopen(path, "w"));
    shop_open(&s, "file.db");
    assert_int_equal(take(&s, clean, &t, &e), ERR_IO);
    shop_close(&s);
}

static void numbers(void **state)
{
    (void)state;
    char out[REPORT_DIGITS + 1];
    struct report_numbers set;
    struct rng rng;
    assert_true(report_number_in(STR("x,1100009040302406130011,\"1\""), out));
    assert_string_equal(out, "1100009040302406130011");
    assert_false(report_number_in(STR("11000090403024061300112"), out)); /* 23 */
    assert_false(report_number_in(STR("1100009040302406130011 1100009040302406130012"), out));
    assert_false(report_number_in(STR(""), out));
    /* The key of a number that intake made, back to its digits. */
    uint64_t region = 310000, bank = 9040, branch = 30, serial = 9999;
    uint64_t on = (uint64_t)(day_from_civil(2024, 2, 29) - day_from_civil(2000, 1, 1));
    report_number_of((((region << 14 | bank) << 7 | branch) << 16 | on) << 6 | serial >> 8,
                     (uint8_t)serial, out);
    assert_string_equal(out, "3100009040302402299999");
    report_numbers_init(&set);
    rng_seed(&rng, seed);
    for (int i = 0; i < 5000; i++) {
        char text[32];
        snprintf(text, sizeof text, "%011d%011d", i % 2500, i % 2500 * 7);
        assert_int_equal(report_numbers_add(&set, str_from(text)), i < 2500);
    }
    assert_int_equal(set.n, 2500);
    for (int i = 0; i < 5000; i++) {
        char text[32];
        snprintf(text, sizeof text, "%011d%011d", i, i * 7);
        assert_int_equal(report_numbers_find(&set, str_from(text)) != NULL, i < 2500);
    }
    report_numbers_finish(&set);
}

/* --- jobs ----------------------------------------------------------------------------------- */

static void jobs_and_their_processes(void **state)
{
    (void)state;
    char jobs[PATH], path[JOB_PATH];
    struct job j = {.what = "import", .state = JOB_RUNNING, .rows = 7, .seconds_left = -1}, got;
    struct job *list;
    struct error e = {0};
    int n;
    path_to(jobs, "s.db.jobs");
    assert_int_equal(job_list(&arena, jobs, 10, &list, &n, &e), OK);
    assert_int_equal(n, 0);
    assert_int_equal(mkdir(jobs, 0700), 0);
    snprintf(j.id, sizeof j.id, "20260101-000000-1");
    job_path(path, jobs, j.id, ".out");
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_int_equal(job_write(&j, jobs, &e), OK);
    assert_int_equal(job_read(&got, jobs, str_from(j.id), &e), OK);
    assert_int_equal(got.state, JOB_RUNNING); /* the lock is held */
    assert_int_equal(got.rows, 7);
    assert_int_equal(got.seconds_left, -1);
    close(fd);
    assert_int_equal(job_read(&got, jobs, str_from(j.id), &e), OK);
    assert_int_equal(got.state, JOB_BROKEN); /* and is not: its process is gone */
    j.state = JOB_FAILED;
    snprintf(j.error, sizeof j.error, "a \"quoted\" line\nand another");
    j.status = 75;
    assert_int_equal(job_write(&j, jobs, &e), OK);
    assert_int_equal(job_read(&got, jobs, str_from(j.id), &e), OK);
    assert_int_equal(got.state, JOB_FAILED);
    assert_int_equal(got.status, 75);
    assert_string_equal(got.error, j.error);
    assert_int_equal(job_read(&got, jobs, STR("../s"), &e), ERR_NOT_FOUND);
    assert_int_equal(job_read(&got, jobs, STR("20260101-000000-2"), &e), ERR_NOT_FOUND);
    j.error[0] = 0;
    j.state = JOB_FINISHED;
    for (int i = 0; i < JOBS_KEPT + 20; i++) {
        snprintf(j.id, sizeof j.id, "20260102-%06d-1", i);
        assert_int_equal(job_write(&j, jobs, &e), OK);
    }
    job_tidy(jobs);
    assert_int_equal(job_list(&arena, jobs, 1000, &list, &n, &e), OK);
    assert_int_equal(n, JOBS_KEPT);
    assert_string_equal(list[0].id, "20260102-000119-1"); /* the newest first */
    /* What a page says names no file and no error. */
    struct buf b;
    struct jsonw w;
    buf_init(&b);
    jsonw_init(&w, &b, false);
    job_json(&got, true, jobs, &w);
    assert_false(str_find(buf_view(&b), STR("quoted"), NULL));
    assert_false(str_find(buf_view(&b), str_from(folder), NULL));
    buf_finish(&b);
}

/* --- direct reports ------------------------------------------------------------------------- */

#define REPORTS "party_id,form,period,flow,item,mode,currency,amount,filed\n"
#define REPORT "9199000009DJA5YA0W,JB3,2025-05,C,SI,1,USD,"

/* Reports lie beside declarations and are none: no compilation sees them, and what was rejected is
 * resolved by another filing of its cell. */
static void reports_beside_declarations(void **state)
{
    (void)state;
    struct shop s;
    struct batch_taken taken;
    struct direct_scheme *direct;
    struct batch *list;
    struct error e = {0};
    uint8_t before[32];
    char path[PATH];
    int64_t whole;
    int n;
    assert_int_equal(direct_scheme_load(&direct, &arena, scheme, &e), OK);
    shop_open(&s, "reports.db");
    assert_int_equal(take(&s, clean, &taken, &e), OK);
    assert_int_equal(taken.batch.kind, BATCH_DECLARATIONS);
    compile_store(&s);
    memcpy(before, compiled.digest, 32);

    put_file(path, "twice.csv", STR(REPORTS REPORT "5,2025-07-08\n" REPORT "6,2025-07-08\n"
                                            REPORT "6,2025-13-08\n"));
    assert_int_equal(take_as(&s, direct, path, &taken, &e), OK);
    assert_int_equal(taken.batch.kind, BATCH_DIRECT);
    assert_int_equal(taken.batch.records, 3);
    assert_int_equal(taken.batch.rejected, 3);
    assert_int_equal(taken.batch.open, 3);
    assert_int_equal(taken.direct_rule[DIRECT_TWICE], 2);
    uint64_t entries = log_size(s.log);
    assert_int_equal(take_as(&s, direct, path, &taken, &e), OK);
    assert_true(taken.known && log_size(s.log) == entries);

    put_file(path, "again.csv", STR(REPORTS REPORT "6,2025-07-09\n"));
    assert_int_equal(take_as(&s, direct, path, &taken, &e), OK);
    assert_int_equal(taken.resolved, 2); /* not the one whose day could not be read */
    assert_int_equal(count(&s, "SELECT count(*) FROM quarantined WHERE state='open'"), 1);

    assert_int_equal(batch_list(s.db, &arena, &list, &n, &e), OK);
    assert_int_equal(batch_of_kind(list, n, BATCH_DIRECT), 2);
    assert_int_equal(batch_check(s.db, NULL, &whole, &e), OK);
    assert_int_equal(whole, 3);
    compile_store(&s);
    assert_memory_equal(compiled.digest, before, 32);
    shop_close(&s);
}

/* --- all of it ------------------------------------------------------------------------------ */

static int prepare(void **state)
{
    (void)state;
    struct classification *codes;
    struct rates *rates;
    struct error e = {0};
    const char *s = getenv("FUMAO_SEED");
    seed = s != NULL ? strtoull(s, NULL, 10) : 1;
    print_message("seed %llu\n", (unsigned long long)seed);
    if (access("/dev/shm", W_OK) == 0)
        memcpy(folder, "/dev/shm/batch-XXXXXX", sizeof "/dev/shm/batch-XXXXXX");
    check(mkdtemp(folder) != NULL);
    arena_init(&arena);
    if (classification_load(&codes, &arena, &e) != OK ||
        scheme_load(&scheme, &arena, codes, &e) != OK ||
        rates_load(&rates, &arena, scheme, NULL, &e) != OK)
        return -1;
    scheme->rates = rates;
    path_to(clean, "clean.csv");
    generated(clean, ROWS, false, 5);
    return file_read(&arena, clean, &clean_text, &e) == OK ? 0 : -1;
}

static int clean_up(void **state)
{
    (void)state;
    char command[PATH + 16];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    arena_finish(&arena);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(twice_is_once),
        cmocka_unit_test(copies_beside_a_backup),
        cmocka_unit_test(corrected_and_sent_again),
        cmocka_unit_test(deleted_and_declared_anew),
        cmocka_unit_test(lines_of_deletion),
        cmocka_unit_test(nothing_half_taken),
        cmocka_unit_test(neither_row_nor_entry),
        cmocka_unit_test(one_at_a_time),
        cmocka_unit_test(jobs_and_their_processes),
        cmocka_unit_test(a_cube_is_whole),
        cmocka_unit_test(reports_beside_declarations),
        cmocka_unit_test(killed_before_a_change),
        cmocka_unit_test(killed_at_any_moment),
    };
    return cmocka_run_group_tests(tests, prepare, clean_up);
}
