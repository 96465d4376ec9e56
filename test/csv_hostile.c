/* A table of what a spreadsheet might take for a formula, through our own writer (base/csv.h), on
 * stdout: every start it knows, behind quotes, spaces, line breaks and other signs, as the first
 * field of a row and as a later one. `csv_hostile --bare` writes the same without the guard, to
 * show that whoever looks for formulas finds them. For test/soak/csv.sh. */
#include <stdio.h>
#include <string.h>

#include "base/base.h"

static const char *const bodies[] = {
    "1+1", "SUM(1,2)", "HYPERLINK(\"http://x.example/\",\"y\")", "cmd|' /C calc'!A0",
    "WEBSERVICE(\"http://x.example/\")", "DDE(\"a\",\"b\",\"c\")", "A1", "2", "\"a\"&\"b\""};
static const char *const starts[] = {
    "=",  "+",  "-",  "@",  "\t=", "\r=", " =", "\n=", "'=", "\"=", ",=", ";=", "==", "=+", "+=",
    "-=", "@=", "a\n=", "a,=", "a\"\n=",
    "\xef\xbc\x9d", "\xef\xbb\xbf=", "\xc2\xa0=", "\xe2\x80\x8b=" /* full width, BOM, spaces */};

static void bare(struct buf *b, struct str s, bool first)
{
    buf_z(b, first ? "\"" : ",\"");
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"')
            buf_char(b, '"');
        buf_char(b, s.p[i]);
    }
    buf_char(b, '"');
}

int main(int argc, char **argv)
{
    void (*put)(struct buf *, struct str, bool) =
        argc > 1 && strcmp(argv[1], "--bare") == 0 ? bare : csv_write_field;
    struct buf b, field;
    buf_init(&b);
    buf_init(&field);
    put(&b, STR("first"), true);
    put(&b, STR("later"), false);
    csv_write_end(&b);
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        for (size_t k = 0; k < sizeof bodies / sizeof *bodies; k++) {
            buf_clear(&field);
            buf_z(&field, starts[i]);
            buf_z(&field, bodies[k]);
            put(&b, buf_view(&field), true);
            put(&b, buf_view(&field), false);
            csv_write_end(&b);
        }
    fwrite(b.p, 1, b.n, stdout);
    buf_finish(&b);
    buf_finish(&field);
    return 0;
}
