/* The forms that the verbs print: the one place that says so. A form that a verb lacks is refused,
 * because text in the place of CSV is read by a program as if it were CSV. */
#include "cli/internal.h"

enum { TEXT = 1 << OUTPUT_TEXT, JSON = 1 << OUTPUT_JSON, CSV = 1 << OUTPUT_CSV };

static const char *const form_name[] = {"text", "json", "csv"};
enum { N_FORMS = sizeof form_name / sizeof *form_name };

/* What is not here prints text and JSON. `part`: the word after the verb, NULL: any. */
static const struct printed {
    const char *verb, *part;
    unsigned forms;
} printed[] = {
    {"barriers", NULL, TEXT | JSON | CSV},
    {"find", NULL, TEXT | JSON | CSV},
    {"gap", NULL, TEXT | JSON | CSV},
    {"map", NULL, TEXT | JSON | CSV},
    {"openness", NULL, TEXT | JSON | CSV},
    {"rehearse", NULL, TEXT | JSON | CSV},
    {"screen", NULL, TEXT | JSON | CSV},
    {"stats", "query", TEXT | JSON | CSV},
    {"stats", "quarantine", TEXT | JSON | CSV},
    {"stats", "generate", TEXT | CSV}, /* declarations are CSV however they are asked for */
    {"job", "attach", TEXT},           /* what the job printed, in the form it was started with */
    {"job", "output", TEXT},
    {"help", NULL, TEXT},
};
enum { N_PRINTED = sizeof printed / sizeof *printed };

static const char *const with_parts[] = {"list", "stats", "job", "ledger", "apikey", "follow"};

enum output form_named(const char *name)
{
    for (int i = 0; i < N_FORMS; i++)
        if (strcmp(name, form_name[i]) == 0)
            return (enum output)i;
    return OUTPUT_TEXT;
}

static unsigned forms_of(const char *verb, const char *part)
{
    for (int i = 0; i < N_PRINTED; i++)
        if (strcmp(printed[i].verb, verb) == 0 &&
            (printed[i].part == NULL || strcmp(printed[i].part, part) == 0))
            return printed[i].forms;
    return TEXT | JSON;
}

static void form_names(unsigned forms, const char *before, const char *between, struct buf *b)
{
    for (int i = 0, n = 0; i < N_FORMS; i++)
        if (forms >> i & 1)
            buf_printf(b, "%s%s%s", n++ > 0 ? between : "", before, form_name[i]);
}

void forms_help(const char *verb, struct buf *b)
{
    buf_z(b, "-o ");
    form_names(forms_of(verb, ""), "", "|", b);
    for (int i = 0; i < N_PRINTED; i++) {
        if (strcmp(printed[i].verb, verb) != 0 || printed[i].part == NULL)
            continue;
        buf_printf(b, " (%s: -o ", printed[i].part);
        form_names(printed[i].forms, "", "|", b);
        buf_char(b, ')');
    }
}

enum err forms_check(const struct args *a, struct error *e)
{
    const char *verb = a->word[0], *part = "";
    struct buf has;
    if (a->form == NULL)
        return OK;
    for (size_t i = 0; a->n > 1 && i < sizeof with_parts / sizeof *with_parts; i++)
        if (strcmp(verb, with_parts[i]) == 0)
            part = a->word[1];
    unsigned forms = forms_of(verb, part);
    for (int i = 0; i < N_FORMS; i++)
        if ((forms >> i & 1) && strcmp(a->form, form_name[i]) == 0)
            return OK;
    err_set(e, ERR_USAGE, "fumao %s%s%s 没有“%s”这种输出形式", "fumao %s%s%s has no output form \"%s\"",
            verb, part[0] ? " " : "", part, a->form);
    buf_init(&has);
    form_names(forms, "-o ", ", ", &has);
    err_hint(e, "%.*s", STR_ARG(buf_view(&has)));
    buf_finish(&has);
    return ERR_USAGE;
}
