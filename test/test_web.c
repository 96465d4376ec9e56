/* The escapers, and the page compiler as a program: what it refuses, and that a page it accepts
 * (test/pages/sample.page, compiled by the build) writes what it should. MKPAGE and MKMSG name the
 * tools by absolute paths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "page_sample.h"
#include "web/page.h"

static void expect(struct buf *b, const char *want)
{
    buf_char(b, '\0');
    assert_string_equal(b->p, want);
    buf_clear(b);
}

static void text_and_attributes(void **state)
{
    struct buf b = {0};
    char own[] = "a<b";
    (void)state;
    page_put_text(&b, STR("<script>alert('1')</script>&amp;\"服\""));
    expect(&b, "&lt;script&gt;alert('1')&lt;/script&gt;&amp;amp;\"服\"");
    page_put_attr(&b, "\" onclick='x' <&>");
    expect(&b, "&quot; onclick=&#39;x&#39; &lt;&amp;&gt;");
    page_put_text(&b, own);
    expect(&b, "a&lt;b");
    page_put_text(&b, ((struct str){"a\0b\x1b\x7f\n", 6}));
    expect(&b, "a\xEF\xBF\xBD"
               "b\xEF\xBF\xBD\xEF\xBF\xBD\n");
    page_put_text(&b, (const char *)NULL);
    page_put_attr(&b, ((struct str){NULL, 0}));
    page_put_url(&b, ((struct str){NULL, 0}));
    expect(&b, "");
    page_put_text(&b, INT64_MIN);
    page_put_attr(&b, SIZE_MAX);
    page_put_text(&b, -7);
    expect(&b, "-922337203685477580818446744073709551615-7");
    page_put_html(&b, (struct html){STR("<b>")});
    expect(&b, "<b>");
    buf_finish(&b);
}

static void urls(void **state)
{
    static const char *const cases[][2] = {
        {"/a?b=1&c=%E6#d", "/a?b=1&amp;c=%E6#d"},
        {"https://example.org/", "https://example.org/"},
        {"HTTP://x/", "HTTP://x/"},
        {"mailto:a@b.cn", "mailto:a@b.cn"},
        {"relative/x:y", "relative/x:y"},
        {"?q=a:b", "?q=a:b"},
        {"/服\"'<>` \\", "/%E6%9C%8D%22%27%3C%3E%60%20%5C"},
        {"javascript:alert(1)", "#"},
        {" JaVaScRiPt:alert(1)", "#"},
        {"java\tscript:alert(1)", "#"},
        {"\x01javascript:alert(1)", "#"},
        {"data:text/html,x", "#"},
        {"vbscript:x", "#"},
        {"//evil.example/", "#"},
        {"/\\evil.example/", "#"},
        {"\\\\evil.example/", "#"},
        {":x", "#"},
        {"", ""},
    };
    struct buf b = {0};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        page_put_url(&b, cases[i][0]);
        expect(&b, cases[i][1]);
    }
    page_put_urlpart(&b, "a/b?c&d=e 服:\"");
    expect(&b, "a%2Fb%3Fc%26d%3De%20%E6%9C%8D%3A%22");
    page_put_urlpart(&b, 12);
    expect(&b, "12");
    buf_finish(&b);
}

static void sample_page(void **state)
{
    struct buf b = {0};
    (void)state;
    page_sample(&b, LANG_EN, STR("<&\"'/"), "javascript:x", 1, (struct html){STR("<i>ok</i>")});
    expect(&b, "<!doctype html>\n\n"
               "<html lang=\"en\"><head><title>&lt;&amp;\"'/</title></head><body>\n"
               "<h1 class=\"x &lt;&amp;&quot;&#39;/\" title=\"1\">&lt;&amp;\"'/</h1>\n"
               "<a href=\"#\">0</a> <a href=\"/s/%3C%26%22%27%2F?n=1\">{x}</a>\n"
               "<a href=\"#\">1</a> <a href=\"/s/%3C%26%22%27%2F?n=1\">{x}</a>\n"
               "<p>few</p>\n"
               "<form action=\"/f\"><label for=\"a-1\">A</label><input id=\"a-1\" name=\"a\"\n"
               " disabled\n"
               "><label>B <select name=\"b\"><option>1</option></select></label>\n"
               "<input type=\"hidden\" name=\"h\" value=\"&quot;\"></form>\n"
               "<svg viewBox=\"0 0 1 1\"><path d=\"M1 0\"/></svg><i>ok</i>\n"
               "</body></html>\n");
    buf_finish(&b);
}

static char dir[] = "/tmp/test_web.XXXXXX";

static int run(const char *command, char said[2048])
{
    FILE *p = popen(command, "r");
    assert_non_null(p);
    size_t n = fread(said, 1, 2047, p);
    said[n] = '\0';
    int status = pclose(p);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Runs the tool on a page with this body; returns its exit status and fills said. */
static int compile(const char *body, char said[2048])
{
    char in[64], command[512];
    snprintf(in, sizeof in, "%s/x.page", dir);
    FILE *f = fopen(in, "w");
    assert_non_null(f);
    fprintf(f, "%%page x\n%%param struct str v\n%s", body);
    assert_int_equal(fclose(f), 0);
    const char *tool = getenv("MKPAGE");
    snprintf(command, sizeof command, "%s %s %s/x.c 2>&1", tool ? tool : "build/mkpage", in, dir);
    return run(command, said);
}

static void refusals(void **state)
{
    static const struct {
        const char *body, *where, *what;
    } cases[] = {
        {"<p>\n<script>{v}</script></p>", ":4:", "expression in <script>"},
        {"<style>{v}</style>", ":3:", "expression in <style>"},
        {"<script>x()</script>", ":3:", "inline <script>"},
        {"<style>p { color: red }</style>", ":3:", "inline <style>"},
        {"<p>\n\n<a title={v}>x</a></p>", ":5:", "unquoted attribute"},
        {"<a title=x{v}>x</a>", ":3:", "unquoted attribute"},
        {"<a title='{v}'>x</a>", ":3:", "unquoted attribute"},
        {"<a onclick=\"{v}\">x</a>", ":3:", "event handlers"},
        {"<a ONCLICK=\"x\">x</a>", ":3:", "event handlers"},
        {"<h{v}>x</h1>", ":3:", "tag name"},
        {"<{v}>x</h1>", ":3:", "tag name"},
        {"<a {v}>x</a>", ":3:", "attribute name"},
        {"<a data-{v}=\"1\">x</a>", ":3:", "attribute name"},
        {"<p style=\"color:red\">x</p>", ":3:", "attribute style"},
        {"<a href=\"javascript:{v}\">x</a>", ":3:", "forbidden"},
        {"<a href=\"{=v}\">x</a>", ":3:", "not in an attribute"},
        {"<a href=\"{t:k}\">x</a>", ":3:", "not in a URL"},
        {"<img alt=\"\" srcset=\"{v}\">", ":3:", "no escaper is safe"},
        {"<div>\n<p>x</div></p>", ":4:", "</div> where <p> of line 4"},
        {"<div>\n<b>x", ":4:", "<b> is never closed"},
        {"x</p>", ":3:", "closes nothing"},
        {"<br></br>", ":3:", "void element"},
        {"<div/>", ":3:", "write the end tag"},
        {"<p><div>x</div></p>", ":3:", "inside <p>"},
        {"<a href=\"/\"><b><a href=\"/\">x</a></b></a>", ":3:", "<a> inside <a>"},
        {"% if (v.n) {\n<p>\n% }\nx</p>", ":5:", "still open where the C block"},
        {"<p>\n% if (v.n) {\n</p>\n% }\n", ":5:", "opened outside the C block"},
        {"<p>\n% if (v.n) {\n</p><p>\n% }\n</p>", ":5:", "opened outside the C block"},
        {"% if (v.n) {\nx", ":3:", "never closed"},
        {"% }", ":3:", "closes no C block"},
        {"% if (v.n)\n<p>x</p>", ":4:", "opens no block"},
        {"<a title=\"\n% x();\n\">x</a>", ":4:", "C line inside"},
        {"<input name=\"a\">", ":3:", "no label"},
        {"<input id=\"a\"><label for=\"b\">x</label>", ":3:", "no <label for=\"a\">"},
        {"<select></select>", ":3:", "no label"},
        {"\n<img src=\"/x.png\">", ":4:", "no alt"},
        {"<p>{v</p>", ":3:", "not closed on its line"},
        {"<p>{}</p>", ":3:", "empty expression"},
        {"1 < 2", ":3:", "lone <"},
        {"<!-- x", ":3:", "comment is not closed"},
        {"<p title=\"x>", ":3:", "is not closed"},
    };
    char said[2048];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int status = compile(cases[i].body, said);
        if (status != 1 || strstr(said, cases[i].where) == NULL ||
            strstr(said, cases[i].what) == NULL) {
            fail_msg("case %zu: %s: status %d, said: %s", i, cases[i].body, status, said);
        }
    }
}

static void accepted(void **state)
{
    static const char *const cases[] = {
        "<p>{v}</p>",
        "<label>x <input name=\"a\"></label>",
        "<input aria-label=\"{t:nav.skip}\">",
        "<input type=\"submit\" value=\"{t:nav.skip}\">",
        "<ul>\n% for (int i = 0; i < 3; i++) {\n<li>{i}</li>\n% }\n</ul>",
        "<script src=\"/x.js\" type=\"module\"></script>",
        "<p>{v.n ? \"}\" : \"{\"}</p>",
        "",
    };
    char said[2048];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (compile(cases[i], said) != 0 || said[0] != '\0') {
            fail_msg("case %zu: %s: said: %s", i, cases[i], said);
        }
    }
}

/* Each pair of catalogues, and what mkmsg says of it ("" if it compiles it). */
static void catalogues(void **state)
{
    static const char *const cases[][3] = {
        {"msgid \"\"\nmsgstr \"x\"\n\n"
         "msgid \"a.b\"\nmsgstr \"\"\n\"1\"\n\"\\\"\\n\"\n",
         "# c\nmsgid \"a.b\"\nmsgstr \"2\"\n", ""},
        {"msgid \"a\"\nmsgstr \"1\"\n", "msgid \"b\"\nmsgstr \"2\"\n", "zh.po:1: a is missing in"},
        {"msgid \"a\"\nmsgstr \" \"\n", "msgid \"a\"\nmsgstr \"2\"\n", "zh.po:1: empty message: a"},
        {"msgid \"a\"\nmsgstr \"1\"\n", "msgid \"a\"\nmsgstr \"\"\n", "en.po:1: empty message: a"},
        {"msgid \"a\"\nmsgstr \"1\"\n", "#, fuzzy\nmsgid \"a\"\nmsgstr \"2\"\n", "en.po:2: fuzzy"},
        {"msgid \"a.b\"\nmsgstr \"1\"\nmsgid \"a_b\"\nmsgstr \"1\"\n",
         "msgid \"a.b\"\nmsgstr \"2\"\n", "zh.po:3: key given twice: a_b"},
        {"msgid \"a\"\nmsgstr \"1\" x\n", "msgid \"a\"\nmsgstr \"2\"\n",
         "zh.po:2: bad or too long"},
        {"msgid \"a b\"\nmsgstr \"1\"\n", "msgid \"a\"\nmsgstr \"2\"\n", "zh.po:1: bad key"},
    };
    static const char *const names[] = {"zh.po", "en.po"};
    const char *tool = getenv("MKMSG");
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char command[512], said[2048];
        for (int j = 0; j < 2; j++) {
            snprintf(command, sizeof command, "%s/%s", dir, names[j]);
            FILE *f = fopen(command, "w");
            assert_non_null(f);
            fputs(cases[i][j], f);
            assert_int_equal(fclose(f), 0);
        }
        snprintf(command, sizeof command, "cd %s && %s zh.po en.po x.h x.c 2>&1", dir,
                 tool ? tool : "build/mkmsg");
        bool fine = cases[i][2][0] == '\0';
        int status = run(command, said);
        if (status != !fine || (fine ? said[0] != '\0' : strstr(said, cases[i][2]) == NULL)) {
            fail_msg("case %zu: status %d, said: %s", i, status, said);
        }
    }
}

static int make_dir(void **state)
{
    (void)state;
    return mkdtemp(dir) == NULL;
}

static int drop_dir(void **state)
{
    static const char *const names[] = {"x.page", "x.c", "x.h", "zh.po", "en.po"};
    char path[64];
    (void)state;
    for (int i = 0; i < 5; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        unlink(path);
    }
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_and_attributes), cmocka_unit_test(urls),
        cmocka_unit_test(sample_page),         cmocka_unit_test(refusals),
        cmocka_unit_test(accepted),            cmocka_unit_test(catalogues),
    };
    return cmocka_run_group_tests(tests, make_dir, drop_dir);
}
