/* COMMAND: doctor. Says what the program has, and whether it fits together. */
#include "cli/internal.h"

#include <stdio.h>
#include <sys/stat.h>

struct log_health {
    uint64_t entries, signed_size;
    int64_t made_at; /* of the last checkpoint; 0: none */
    char key_file[600];
    char mode[8];       /* octal; "-": no file */
    const char *zh, *en; /* what is wrong; NULL */
};

static void look_at_log(struct world *w, struct log_health *h)
{
    struct db_stmt *s;
    struct stat st;
    bool row, memory = strcmp(db_path(w->db), ":memory:") == 0;
    *h = (struct log_health){.entries = log_size(w->store.log), .mode = "-"};
    if (db_prepare(w->db, "SELECT size,made_at FROM checkpoint ORDER BY size DESC LIMIT 1", &s,
                   NULL) == OK) {
        if (db_step(s, &row, NULL) == OK && row) {
            h->signed_size = (uint64_t)db_int(s, 0);
            h->made_at = db_int(s, 1);
        }
        db_finish(s);
    }
    if (memory)
        return;
    snprintf(h->key_file, sizeof h->key_file, "%s.key", db_path(w->db));
    bool there = lstat(h->key_file, &st) == 0;
    if (there)
        snprintf(h->mode, sizeof h->mode, "%04o", (unsigned)(st.st_mode & 07777));
    if (!there) {
        h->zh = "缺少密钥文件，不能签名";
        h->en = "the key file is missing: nothing can be signed";
    } else if (w->store.signer.n == 0) {
        h->zh = "密钥文件不可用：须属于本用户，权限 0600";
        h->en = "the key file cannot be used: it must be yours, with mode 0600";
    } else if (h->signed_size < h->entries) {
        h->zh = "有未签名的条目：fumao ledger checkpoint";
        h->en = "entries without a signature: fumao ledger checkpoint";
    }
}

static void log_json(const struct log_health *h, struct jsonw *j)
{
    jsonw_key(j, "log");
    jsonw_object(j);
    jsonw_kint(j, "entries", (int64_t)h->entries);
    jsonw_kint(j, "checkpoint_size", (int64_t)h->signed_size);
    jsonw_kint(j, "checkpoint_at", h->made_at);
    jsonw_kz(j, "key_file", h->key_file[0] ? h->key_file : NULL);
    jsonw_kz(j, "key_mode", h->mode);
    jsonw_kz(j, "trouble", h->en);
    jsonw_end(j);
}

static void log_text(const struct log_health *h, bool zh, struct buf *b)
{
    buf_printf(b, "log          %llu entries, signed %llu\nkey          %s (%s)\n",
               (unsigned long long)h->entries, (unsigned long long)h->signed_size,
               h->key_file[0] ? h->key_file : "-", h->mode);
    if (h->en != NULL)
        buf_printf(b, "✕ %s\n", zh ? h->zh : h->en);
}

int verb_doctor(const struct args *a)
{
    static const char *const allowed[] = {NULL};
    struct error e = {0};
    struct world w;
    struct buf b;
    struct jsonw j;
    if (options_check(a, allowed, &e) != OK)
        return print_fault(a, &e);
    if (world_open(&w, option_get(a, "store"), &e) != OK)
        return print_fault(a, &e);
    const struct corpus *c = w.corpus;
    struct log_health h;
    look_at_log(&w, &h);
    buf_init(&b);
    if (a->output == OUTPUT_JSON) {
        jsonw_init(&j, &b, true);
        jsonw_object(&j);
        jsonw_kz(&j, "store", db_path(w.db));
        jsonw_kint(&j, "instruments", c->n_instruments);
        jsonw_kint(&j, "provisions", c->n_provisions);
        jsonw_kint(&j, "layers", c->n_layers);
        jsonw_kint(&j, "facts", c->n_facts);
        jsonw_kint(&j, "sectors", w.codes->gbt.n_leaves);
        jsonw_kint(&j, "economies", w.codes->n_economies);
        jsonw_kint(&j, "places", w.codes->n_places);
        jsonw_kint(&j, "index_bytes", (int64_t)snapshot_bytes(w.snapshot));
        jsonw_kz(&j, "snapshot", c->hash);
        log_json(&h, &j);
        jsonw_end(&j);
        buf_char(&b, '\n');
    } else {
        buf_printf(&b,
                   "store        %s\ninstruments  %d (%d layers)\nprovisions   %d\nfacts        "
                   "%d\nsectors      %d\neconomies    %d\nplaces       %d\nindex        %zu KB\n"
                   "snapshot     %s\n",
                   db_path(w.db), c->n_instruments, c->n_layers, c->n_provisions, c->n_facts,
                   w.codes->gbt.n_leaves, w.codes->n_economies, w.codes->n_places,
                   snapshot_bytes(w.snapshot) / 1024, c->hash);
        log_text(&h, a->zh, &b);
        if (h.en == NULL)
            buf_z(&b, a->zh ? "一切正常\n" : "all well\n");
    }
    print_out(&b);
    buf_finish(&b);
    world_close(&w);
    return h.en == NULL ? 0 : 1;
}
