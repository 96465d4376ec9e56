/* COMMAND: apikey. The keys of `serve --keys`: made, listed, taken out. */
#include "cli/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "ledger/files.h"
#include "web/callers.h"

enum { PATH_BYTES = 500 };

static enum err number(const struct args *a, const char *option, int otherwise, int *out,
                       struct error *e)
{
    const char *text = option_get(a, option);
    int64_t n;
    *out = otherwise;
    if (text == NULL)
        return OK;
    if (str_int(str_from(text), &n) && n >= 1 && n <= RATE_MAX) {
        *out = (int)n;
        return OK;
    }
    err_set(e, ERR_USAGE, "“%s”不是 1 至 %d 的整数", "\"%s\" is no whole number from 1 to %d", text,
            (int)RATE_MAX);
    err_at(e, "", 0, option);
    return ERR_USAGE;
}

static const struct caller *named(const struct callers *all, const char *name)
{
    for (int i = 0; all != NULL && i < callers_count(all); i++)
        if (str_eqz(callers_at(all, i)->name, name))
            return callers_at(all, i);
    return NULL;
}

/* One at a time: each reads the file and puts another in its place. */
static enum err lock(const char *path, int *fd, struct error *e)
{
    char beside[PATH_BYTES + 8];
    *fd = -1;
    if (strlen(path) > PATH_BYTES)
        return err_set(e, ERR_USAGE, "路径超过 %d 字节", "the path is longer than %d bytes",
                       (int)PATH_BYTES);
    snprintf(beside, sizeof beside, "%s.lock", path);
    *fd = open(beside, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (*fd >= 0 && flock(*fd, LOCK_EX) == 0)
        return OK;
    err_set(e, ERR_IO, "不能打开 %s：%s", "cannot open %s: %s", beside, strerror(errno));
    if (*fd >= 0)
        close(*fd);
    return ERR_IO;
}

/* The file anew: all callers but one, and one more; either may be NULL. */
static enum err put(const char *path, const struct callers *all, const struct caller *without,
                    const struct caller *more, struct error *e)
{
    struct buf b;
    buf_init(&b);
    callers_write_head(&b);
    for (int i = 0; all != NULL && i < callers_count(all); i++)
        if (callers_at(all, i) != without)
            caller_write(callers_at(all, i), &b);
    if (more != NULL)
        caller_write(more, &b);
    enum err r = file_replace(path, buf_view(&b), 0600, e);
    buf_finish(&b);
    return r;
}

static void tell_key(const struct args *a, const struct caller *c, const char *key)
{
    struct buf b;
    struct jsonw w;
    buf_init(&b);
    if (a->output == OUTPUT_JSON) {
        jsonw_init(&w, &b, true);
        jsonw_object(&w);
        jsonw_key(&w, "name");
        jsonw_str(&w, c->name);
        jsonw_kz(&w, "key", key);
        jsonw_kint(&w, "rate_per_s", c->per_s);
        jsonw_kint(&w, "burst", c->burst);
        jsonw_end(&w);
        buf_char(&b, '\n');
    } else {
        buf_printf(&b, "%s\n", key);
        fputs(a->zh ? "密钥只显示这一次；文件中只有其 SHA-256。重启 serve 后生效。\n"
                    : "The key is shown this once; the file has its SHA-256 only. It holds when "
                      "serve is started again.\n", stderr);
    }
    print_out(&b);
    explicit_bzero(b.p, b.n);
    buf_finish(&b);
}

static enum err add(const struct args *a, const char *path, const struct callers *all,
                    struct error *e)
{
    struct caller c = {.name = str_from(a->word[2])};
    char key[CALLER_KEY_CHARS + 1];
    if (!caller_name_valid(c.name))
        return err_set(e, ERR_USAGE, "名称须为 1 至 %d 字节，不含控制字符，不以 = + - @ ' 开头",
                       "a name has 1 to %d bytes, no control characters, and does not begin with "
                       "= + - @ '", (int)CALLER_NAME_BYTES);
    if (named(all, a->word[2]) != NULL)
        return err_set(e, ERR_CONFLICT, "已有名为 %s 的密钥", "there is a key of the name %s",
                       a->word[2]);
    if (all != NULL && callers_count(all) >= LIMIT_CALLERS)
        return err_set(e, ERR_LIMIT, "密钥超过 %d 个（LIMIT_CALLERS）",
                       "more than %d keys (LIMIT_CALLERS)", (int)LIMIT_CALLERS);
    TRY(number(a, "rate", LIMIT_RATE_PER_S, &c.per_s, e));
    TRY(number(a, "burst", c.per_s > RATE_MAX / 5 ? RATE_MAX : c.per_s * 5, &c.burst, e));
    caller_make_key(key, c.digest);
    enum err r = put(path, all, NULL, &c, e);
    if (r == OK)
        tell_key(a, &c, key);
    explicit_bzero(key, sizeof key);
    return r;
}

static enum err take_out(const struct args *a, const char *path, const struct callers *all,
                         struct error *e)
{
    const struct caller *c = named(all, a->word[2]);
    if (c == NULL)
        return err_set(e, ERR_NOT_FOUND, "没有名为 %s 的密钥", "there is no key of the name %s",
                       a->word[2]);
    return put(path, all, c, NULL, e);
}

static void list(const struct args *a, const struct callers *all)
{
    struct buf b;
    struct jsonw w;
    buf_init(&b);
    jsonw_init(&w, &b, true);
    if (a->output == OUTPUT_JSON)
        jsonw_array(&w);
    for (int i = 0; i < callers_count(all); i++) {
        const struct caller *c = callers_at(all, i);
        if (a->output != OUTPUT_JSON) {
            buf_printf(&b, a->zh ? "%.*s  每秒 %d，一时 %d\n" : "%.*s  %d a second, %d at once\n",
                       STR_ARG(c->name), c->per_s, c->burst);
            continue;
        }
        jsonw_object(&w);
        jsonw_key(&w, "name");
        jsonw_str(&w, c->name);
        jsonw_kint(&w, "rate_per_s", c->per_s);
        jsonw_kint(&w, "burst", c->burst);
        jsonw_end(&w);
    }
    if (a->output == OUTPUT_JSON) {
        jsonw_end(&w);
        buf_char(&b, '\n');
    }
    print_out(&b);
    buf_finish(&b);
}

static enum err change(const struct args *a, const char *path, bool adds, struct error *e)
{
    struct callers *all = NULL;
    int fd;
    TRY(lock(path, &fd, e));
    enum err r = callers_read(&all, path, e);
    if (r == ERR_NOT_FOUND && adds) { /* the first key makes the file */
        *e = (struct error){0};
        r = OK;
    }
    if (r == OK)
        r = adds ? add(a, path, all, e) : take_out(a, path, all, e);
    callers_destroy(all);
    close(fd);
    return r;
}

static enum err run(const struct args *a, struct error *e)
{
    static const char *const allowed[] = {"keys", "rate", "burst", NULL};
    const char *path = option_get(a, "keys");
    struct callers *all;
    TRY(options_check(a, allowed, e));
    bool lists = a->n == 2 && strcmp(a->word[1], "list") == 0;
    bool adds = a->n == 3 && strcmp(a->word[1], "add") == 0;
    bool removes = a->n == 3 && strcmp(a->word[1], "remove") == 0;
    if ((!lists && !adds && !removes) || path == NULL) {
        err_set(e, ERR_USAGE, "须为 add NAME、list 或 remove NAME，并给出 --keys FILE",
                "add NAME, list or remove NAME, and --keys FILE");
        err_hint(e, "fumao apikey add NAME --keys FILE [--rate N] [--burst M]");
        return ERR_USAGE;
    }
    if (!lists)
        return change(a, path, adds, e);
    TRY(callers_read(&all, path, e));
    list(a, all);
    callers_destroy(all);
    return OK;
}

int verb_apikey(const struct args *a)
{
    struct error e = {0};
    return run(a, &e) == OK ? 0 : print_fault(a, &e);
}
