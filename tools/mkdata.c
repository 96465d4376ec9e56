/*
 * mkdata ROOT OUT.S FILE...: puts files into the binary. Writes an assembly file with one
 * .incbin per file and a table sorted by name (the path below ROOT). Assembly, because a C
 * array of two megabytes takes a compiler ten seconds and .incbin takes none.
 */
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

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: mkdata ROOT OUT.S FILE...\n");
        return 2;
    }
    root = argv[1];
    FILE *f = fopen(argv[2], "w");
    if (f == NULL) {
        perror(argv[2]);
        return 1;
    }
    int n = argc - 3;
    qsort(argv + 3, (size_t)n, sizeof *argv, by_name);
    fprintf(f, "/* made by mkdata */\n.section .rodata\n");
    for (int i = 0; i < n; i++)
        fprintf(f, ".Ln%d: .asciz \"%s\"\n.balign 16\n.Ls%d: .incbin \"%s\"\n.Le%d: .byte 0\n", i,
                name_of(argv[3 + i]), i, argv[3 + i], i);
    fprintf(f, ".section .data.rel.ro,\"aw\"\n.balign 8\n.globl shipped_table\nshipped_table:\n");
    for (int i = 0; i < n; i++)
        fprintf(f, ".quad .Ln%d, .Ls%d, .Le%d\n", i, i, i);
    fprintf(f, ".globl shipped_table_count\nshipped_table_count: .quad %d\n", n);
    fprintf(f, ".section .note.GNU-stack,\"\",@progbits\n");
    return fclose(f) == 0 ? 0 : 1;
}
