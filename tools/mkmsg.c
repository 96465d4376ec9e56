/*
 * mkmsg ZH.po EN.po OUT.h OUT.c: compiles the messages. zh is the source, en its translation;
 * both must have every key, not empty, not fuzzy, and once. Keys look like "home.title" and
 * become MSG_home_title. Writes enum msg and a table indexed by it and by language, so that a
 * message costs an array access and a missing one fails the build.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGES_MAX = 4096, TEXT_MAX_BYTES = 4096, KEY_MAX_BYTES = 96 };

struct message {
    char key[KEY_MAX_BYTES];
    char *text; /* as written in C: escapes kept */
    int line;
    bool fuzzy;
};

struct catalogue {
    const char *file;
    struct message m[MESSAGES_MAX];
    int n;
};

static struct catalogue zh, en;
static int faults;

static void fault(const char *file, int line, const char *what, const char *key)
{
    fprintf(stderr, "%s:%d: %s %s\n", file, line, what, key);
    faults++;
}

/* Appends the inside of the quotes of `line`; false if it is not one whole quoted string. */
static bool append_quoted(char *to, size_t cap, const char *line)
{
    const char *open = strchr(line, '"'), *close = strrchr(line, '"');
    if (open == NULL || close == open || close[strspn(close + 1, " \t\r\n") + 1] != '\0') {
        return false;
    }
    for (const char *p = open + 1; p < close; p++) {
        if (*p == '"' || (*p == '\\' && (strchr("nt\"\\", p[1]) == NULL || ++p == close))) {
            return false;
        }
    }
    size_t n = strlen(to), more = (size_t)(close - open - 1);
    if (n + more + 1 > cap) {
        return false;
    }
    memcpy(to + n, open + 1, more);
    to[n + more] = '\0';
    return true;
}

static void add(struct catalogue *c, const char *key, const char *text, int line, bool fuzzy)
{
    if (key[0] == '\0') {
        return; /* the header */
    }
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789._-";
    if (c->n == MESSAGES_MAX || strlen(key) >= KEY_MAX_BYTES ||
        key[strspn(key, allowed)] != '\0') {
        fault(c->file, line, "bad key, or too many:", key);
        return;
    }
    struct message *m = &c->m[c->n++];
    strcpy(m->key, key);
    m->text = strdup(text);
    m->line = line;
    m->fuzzy = fuzzy;
}

static void read_po(struct catalogue *c, const char *file)
{
    char line[TEXT_MAX_BYTES], key[TEXT_MAX_BYTES] = "", text[TEXT_MAX_BYTES] = "";
    int number = 0, key_line = 0;
    bool in_text = false, have = false, fuzzy = false, next_fuzzy = false;
    FILE *f = fopen(file, "r");
    if (f == NULL) {
        perror(file);
        exit(1);
    }
    c->file = file;
    while (fgets(line, sizeof line, f) != NULL) {
        const char *p = line + strspn(line, " \t\r\n");
        number++;
        if (*p == '#' || *p == '\0') {
            next_fuzzy = next_fuzzy || (p[0] == '#' && p[1] == ',' && strstr(p, "fuzzy"));
            continue;
        }
        if (strncmp(p, "msgid ", 6) == 0) {
            if (have) {
                add(c, key, text, key_line, fuzzy);
            }
            key[0] = text[0] = '\0';
            key_line = number;
            have = true;
            in_text = false;
            fuzzy = next_fuzzy;
            next_fuzzy = false;
        } else if (strncmp(p, "msgstr ", 7) == 0 && have && !in_text) {
            in_text = true;
        } else if (*p != '"' || !have) {
            fault(file, number, "neither msgid, msgstr nor text:", p);
            continue;
        }
        if (!append_quoted(in_text ? text : key, TEXT_MAX_BYTES, p)) {
            fault(file, number, "bad or too long quoted text:", p);
        }
    }
    if (have) {
        add(c, key, text, key_line, fuzzy);
    }
    fclose(f);
}

static const struct message *find(const struct catalogue *c, const char *key)
{
    for (int i = 0; i < c->n; i++) {
        if (strcmp(c->m[i].key, key) == 0) {
            return &c->m[i];
        }
    }
    return NULL;
}

static void name_of(const char *key, char out[KEY_MAX_BYTES])
{
    size_t i = 0;
    for (; key[i] != '\0'; i++) {
        out[i] = isalnum((unsigned char)key[i]) ? key[i] : '_';
    }
    out[i] = '\0';
}

static void check_catalogue(const struct catalogue *c, const struct catalogue *other)
{
    for (int i = 0; i < c->n; i++) {
        const struct message *m = &c->m[i];
        char name[KEY_MAX_BYTES], before[KEY_MAX_BYTES];
        name_of(m->key, name);
        for (int j = 0; j < i; j++) {
            name_of(c->m[j].key, before);
            if (strcmp(name, before) == 0) {
                fault(c->file, m->line, "key given twice:", m->key);
            }
        }
        if (m->text[strspn(m->text, " ")] == '\0') {
            fault(c->file, m->line, "empty message:", m->key);
        }
        if (m->fuzzy) {
            fault(c->file, m->line, "fuzzy message:", m->key);
        }
        if (find(other, m->key) == NULL) {
            fprintf(stderr, "%s:%d: %s is missing in %s\n", c->file, m->line, m->key,
                    other->file);
            faults++;
        }
    }
}

static FILE *create(const char *path)
{
    FILE *f = fopen(path, "w");
    if (f == NULL) {
        perror(path);
        exit(1);
    }
    return f;
}

static bool write_header(const char *path)
{
    FILE *f = create(path);
    char name[KEY_MAX_BYTES];
    fputs("/* made by mkmsg from po/zh.po and po/en.po */\n"
          "#ifndef MESSAGES_H\n#define MESSAGES_H\n\n#include \"web/page.h\"\n\nenum msg {\n", f);
    for (int i = 0; i < zh.n; i++) {
        name_of(zh.m[i].key, name);
        fprintf(f, "    MSG_%s,\n", name);
    }
    fputs("    MSG_COUNT\n};\n\nstruct str msg_text(enum msg m, enum lang lang);\n"
          "static inline void page_put_msg(struct buf *b, enum lang lang, enum msg m)\n"
          "{\n    page_text_str(b, msg_text(m, lang));\n}\n\n#endif\n", f);
    return fclose(f) == 0;
}

static bool write_table(const char *path)
{
    FILE *f = create(path);
    fputs("/* made by mkmsg from po/zh.po and po/en.po */\n#include \"messages.h\"\n\n"
          "static const struct str table[MSG_COUNT][2] = {\n", f);
    for (int i = 0; i < zh.n; i++) {
        const char *a = zh.m[i].text, *b = find(&en, zh.m[i].key)->text;
        fprintf(f, "    {{\"%s\", sizeof \"%s\" - 1},\n     {\"%s\", sizeof \"%s\" - 1}},\n", a, a,
                b, b);
    }
    fputs("};\n\nstruct str msg_text(enum msg m, enum lang lang)\n{\n"
          "    check((unsigned)m < MSG_COUNT && (unsigned)lang < 2);\n"
          "    return table[m][lang];\n}\n", f);
    return fclose(f) == 0;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: mkmsg ZH.po EN.po OUT.h OUT.c\n");
        return 2;
    }
    read_po(&zh, argv[1]);
    read_po(&en, argv[2]);
    check_catalogue(&zh, &en);
    check_catalogue(&en, &zh);
    if (zh.n == 0) {
        fault(argv[1], 1, "no messages", "");
    }
    if (faults > 0) {
        return 1;
    }
    return write_header(argv[3]) && write_table(argv[4]) ? 0 : 1;
}
