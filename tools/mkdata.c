/*
 * mkdata ROOT OUT.S OUT.bin FILE...: puts files into the binary. OUT.bin is their contents one
 * after another; OUT.S takes each with .incbin and makes a table sorted by name (the path below
 * ROOT). Assembly, because a C array of two megabytes takes a compiler ten seconds and .incbin
 * takes none. JSON loses its white space between tokens: it is half of the bytes, and every
 * start of the program would read past it.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *root;

static const char *name_of(const char *path)
{
    size_t n = strlen(root);
    return strncmp(path, root, n) == 0 ? path + n + 1 : path;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(name_of(*(char *const *)a), name_of(*(char *const *)b));
}

static bool ends_with(const char *z, const char *tail)
{
    size_t n = strlen(z), t = strlen(tail);
    return n >= t && strcmp(z + n - t, tail) == 0;
}

/* Copies one file to out; returns the bytes written, or -1. */
static long copy(const char *path, FILE *out)
{
    FILE *in = fopen(path, "rb");
    bool json = ends_with(path, ".json"), text = false, escaped = false;
    long n = 0;
    int c;
    if (in == NULL)
        return -1;
    while ((c = getc(in)) != EOF) {
        bool space = c == ' ' || c == '\n' || c == '\r' || c == '\t';
        if (json && !text && space)
            continue;
        if (c == '"' && !escaped)
            text = !text;
        escaped = text && c == '\\' && !escaped;
        putc(c, out);
        n++;
    }
    bool bad = ferror(in) || ferror(out);
    fclose(in);
    return bad ? -1 : n;
}

static int write_all(FILE *s, FILE *bin, const char *bin_path, int n, char **files)
{
    long at = 0;
    fprintf(s, "/* made by mkdata */\n.section .rodata\n");
    for (int i = 0; i < n; i++) {
        long bytes = copy(files[i], bin);
        if (bytes < 0) {
            perror(files[i]);
            return 1;
        }
        fprintf(s, ".Ln%d: .asciz \"%s\"\n.balign 16\n.Ls%d:", i, name_of(files[i]), i);
        if (bytes > 0)
            fprintf(s, " .incbin \"%s\", %ld, %ld", bin_path, at, bytes);
        fprintf(s, "\n.Le%d: .byte 0\n", i);
        at += bytes;
    }
    fprintf(s, ".section .data.rel.ro,\"aw\"\n.balign 8\n.globl shipped_table\nshipped_table:\n");
    for (int i = 0; i < n; i++)
        fprintf(s, ".quad .Ln%d, .Ls%d, .Le%d\n", i, i, i);
    fprintf(s, ".globl shipped_table_count\nshipped_table_count: .quad %d\n", n);
    fprintf(s, ".section .note.GNU-stack,\"\",@progbits\n");
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "usage: mkdata ROOT OUT.S OUT.bin FILE...\n");
        return 2;
    }
    root = argv[1];
    FILE *s = fopen(argv[2], "w"), *bin = fopen(argv[3], "wb");
    if (s == NULL || bin == NULL) {
        perror(s == NULL ? argv[2] : argv[3]);
        return 1;
    }
    int n = argc - 4;
    qsort(argv + 4, (size_t)n, sizeof *argv, by_name);
    int status = write_all(s, bin, argv[3], n, argv + 4);
    return fclose(bin) != 0 || fclose(s) != 0 ? 1 : status;
}
