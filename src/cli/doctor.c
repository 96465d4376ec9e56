/* COMMAND: doctor. Says what the program has, and whether it fits together. */
#include "cli/internal.h"

#include <stdio.h>

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
        buf_z(&b, a->zh ? "一切正常\n" : "all well\n");
    }
    print_out(&b);
    buf_finish(&b);
    world_close(&w);
    return 0;
}
