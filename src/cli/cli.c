/* Arguments, the table of verbs, errors and exit statuses. */
#include "cli/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct verb {
    const char *name, *usage, *zh, *en;
    int (*run)(const struct args *a);
} verbs[] = {
    {"check",
     "SECTOR --mode N --from ECON --to PLACE [--kind K] [--direction D] [--on DATE] [--known DATE]"
     " [--fact NAME=VALUE]... [--claim ID]... [--keep [--out FILE]]",
     "能不能做：一个问题，一个有依据的答案", "may I: one question, one explained answer", verb_check},
    {"find", "WORDS", "由文字找行业小类和条目", "words to sector classes and provisions", verb_find},
    {"list", "log [ID] | show ID [KEY] | diff A B | blame KEY | lint FILE | import FILE | publish DRAFT [--yes]",
     "清单：沿革、条目、比较、检查、起草与发布",
     "lists: their log and items, compared by meaning, checked, drafted, published", verb_list},
    {"map", "--from ECON [--kind K] [--sector SECTOR] [--to PLACE] [--on DATE] [--fact NAME=VALUE]...",
     "一个主体能做的一切，按结果分组，格数与空间相符", "everything a profile may do, with counts that add up",
     verb_map},
    {"route", "SECTOR --mode N --from ECON --to PLACE [as check]",
     "使答案变好的每一种最小改变", "every smallest change that improves the answer", verb_route},
    {"gap", "[AGREEMENT] [--from ECON] [--to PLACE] [--on DATE]", "实施水平与承诺水平之差", "applied against bound", verb_gap},
    {"barriers", "[--on DATE] [--edition ID] [--catalogue FILE]", "隐性壁垒：只对境外而无清单依据的许可等",
     "hidden barriers: permits for foreigners that rest on no list item, and the like", verb_barriers},
    {"rehearse", "DRAFT [--questions FILE|-] [--weights NAME]", "草案对已留存问题的影响",
     "a draft on all past questions",
     verb_rehearse},
    {"openness", "[EDITION] [--weights NAME|FILE] [--on DATE] [--to PLACE] [--timeline]",
     "开放度指数及每项措施的贡献",
     "index of openness, with the contribution of every measure", verb_openness},
    {"screen", "FILE... [--on-known DATE] [--threads N]", "申报逐笔对照付款当日的清单",
     "every declaration against the lists of its own day", verb_screen},
    {"stats", "generate --rows N --seed S | check FILE... | import FILE... [--job] | batches | quarantine [BATCH] | delete FILE |"
     " compile FILE...|--batches [--cube OUT] [--job] | direct FILE... [--cube CUBE] | audit CUBE [--release OUT] |"
     " publish RELEASE | query [TABLE] [--item CODE]...",
     "申报到统计：生成、检查、编制、审核、发布、查询",
     "declarations to statistics: generated, checked, compiled, audited, published, queried", verb_stats},
    {"job", "list | attach ID | stop ID | output ID", "任务：stats import、check、compile 加 --job 后离开终端继续",
     "jobs: what stats import, check and compile with --job go on with", verb_job},
    {"prove", "[EDITION]... [--on DATE] [--threads N]", "两个程序对每一格各判一次并比较",
     "decide every cell with both programs and compare", verb_prove},
    {"ledger", "verify [FILE.fumao] [--key LINE|FILE] [--editions DIR] [--witness STATE] | prove INDEX [--size N] | prove --from N --to M |"
     " checkpoint | key [rotate [--kind ed25519|sm2]] | log [--from N] [--kind K] | witness --key FILE --state FILE"
     " [--log DIR] [--log-key LINE|FILE] [--make-key]",
     "日志：核对、证明、见证", "the log: verified, proved, witnessed", verb_ledger},
    {"backup", "FILE", "备份存储（运行中亦可），并核对副本", "copies the store while it is in use, and verifies the copy", verb_backup},
    {"restore", "FILE [--witness STATE] [--key LINE|FILE] [--force]", "由备份恢复", "brings a backup back", verb_restore},
    {"fsck", "", "核对存储、日志、文件沿革与留存答案", "verifies store, log, editions and kept answers", verb_fsck},
    {"serve", "[--listen 127.0.0.1:8080] [--rate N] [--keys FILE] [--behind-proxy] [--jobs]", "门户与接口", "portal and API", verb_serve},
    {"apikey", "add NAME --keys FILE [--rate N] [--burst M] | list --keys FILE | remove NAME --keys FILE",
     "接口密钥：每个密钥自有限额", "keys to the API, each with a rate of its own", verb_apikey},
    {"follow", "add SECTOR --mode N --from ECON --to PLACE --url URL [--since DATE] [--private] | list |"
     " remove ID | resume ID | send [--watch SECONDS] [--ca FILE]",
     "关注：格子含义改变时，通知登记的地址", "cells followed: an address is told when their meaning changes",
     verb_follow},
    {"doctor", "", "检查程序、数据与存储", "checks the program, its data and its store",
     verb_doctor},
};
enum { N_VERBS = sizeof verbs / sizeof *verbs };

const char *option_get(const struct args *a, const char *name)
{
    for (int i = a->n_options - 1; i >= 0; i--)
        if (strcmp(a->option[i].name, name) == 0)
            return a->option[i].value;
    return NULL;
}

bool option_given(const struct args *a, const char *name)
{
    for (int i = 0; i < a->n_options; i++)
        if (strcmp(a->option[i].name, name) == 0)
            return true;
    return false;
}

enum err options_check(const struct args *a, const char *const *allowed, struct error *e)
{
    static const char *const common[] = {"store", "lang", "output", NULL};
    TRY(forms_check(a, e));
    for (int i = 0; i < a->n_options; i++) {
        bool known = false;
        for (int k = 0; allowed[k]; k++)
            known |= strcmp(a->option[i].name, allowed[k]) == 0;
        for (int k = 0; common[k]; k++)
            known |= strcmp(a->option[i].name, common[k]) == 0;
        if (known)
            continue;
        err_set(e, ERR_USAGE, "没有选项 --%s", "there is no option --%s", a->option[i].name);
        struct str said = str_from(a->option[i].name);
        for (int k = 0; allowed[k]; k++)
            if ((said.n > 1 && str_has_prefix(str_from(allowed[k]), said)) ||
                str_distance(said, str_from(allowed[k]), 4) < 3)
                err_hint(e, "--%s?", allowed[k]);
        return ERR_USAGE;
    }
    return OK;
}

void print_out(const struct buf *b)
{
    if (b->n > 0)
        (void)fwrite(b->p, 1, b->n, stdout); /* whether it went out, cli_main asks at the end */
}

/* What came from standard input was put into a file without a name to be read twice. */
static const char *shown_file(const struct args *a, const struct error *e)
{
    bool nameless = strncmp(e->file, "/dev/fd/", 8) == 0, standard = false;
    for (int i = 1; nameless && i < a->n; i++) {
        standard |= strcmp(a->word[i], "-") == 0;
        nameless = strcmp(a->word[i], e->file) != 0;
    }
    return nameless && standard ? "-" : e->file;
}

static void error_json(const struct args *a, const struct error *e)
{
    struct buf b;
    struct jsonw w;
    buf_init(&b);
    jsonw_init(&w, &b, false);
    jsonw_object(&w);
    jsonw_key(&w, "error");
    jsonw_object(&w);
    jsonw_kz(&w, "code", err_name(e->code));
    jsonw_kz(&w, "zh", e->detail_zh);
    jsonw_kz(&w, "en", e->detail_en);
    jsonw_kz(&w, "hint", e->hint[0] ? e->hint : NULL);
    jsonw_kz(&w, "file", e->file[0] ? shown_file(a, e) : NULL);
    jsonw_kz(&w, "field", e->field[0] ? e->field : NULL);
    if (e->line > 0)
        jsonw_kint(&w, "line", e->line);
    jsonw_end(&w);
    jsonw_end(&w);
    buf_char(&b, '\n');
    fwrite(b.p, 1, b.n, stderr);
    buf_finish(&b);
}

int print_fault(const struct args *a, const struct error *e)
{
    if (a->output == OUTPUT_JSON) {
        error_json(a, e);
        return err_exit_status(e->code);
    }
    fprintf(stderr, "fumao: %s%s", shown_file(a, e), e->file[0] && e->line ? ":" : "");
    if (e->line > 0)
        fprintf(stderr, "%d", e->line);
    if (e->field[0])
        fprintf(stderr, "%s%s", e->file[0] ? " " : "", e->field);
    fprintf(stderr, "%s%s [%s]\n", e->file[0] || e->field[0] ? ": " : "",
            a->zh ? e->detail_zh : e->detail_en, err_name(e->code));
    if (e->hint[0])
        fprintf(stderr, "  → %s\n", e->hint);
    return err_exit_status(e->code);
}

/* Of all verbs, or of the one that is named. */
static int help(bool zh, const char *of, FILE *f)
{
    bool all = true;
    for (int i = 0; of != NULL && i < N_VERBS; i++)
        all &= strcmp(of, verbs[i].name) != 0;
    if (all)
        fprintf(f, zh ? "fumao 服贸：跨境服务贸易清单、答案与证明\n\n"
                      : "fumao: lists, answers and proofs for cross-border services\n\n");
    for (int i = 0; i < N_VERBS; i++)
        if (all || strcmp(of, verbs[i].name) == 0)
            fprintf(f, "  fumao %s %s\n      %s\n", verbs[i].name, verbs[i].usage,
                    zh ? verbs[i].zh : verbs[i].en);
    struct buf forms;
    buf_init(&forms);
    if (all)
        buf_z(&forms, "-o text|json|csv");
    else
        forms_help(of, &forms);
    fprintf(f, "\n  %.*s, --json, --store sqlite:PATH, --lang zh|en\n", STR_ARG(buf_view(&forms)));
    buf_finish(&forms);
    return f == stdout ? 0 : err_exit_status(ERR_USAGE);
}

static bool needs_value(const char *name)
{
    return strcmp(name, "json") != 0 && strcmp(name, "help") != 0 && strcmp(name, "keep") != 0 &&
           strcmp(name, "timeline") != 0 && strcmp(name, "behind-proxy") != 0 &&
           strcmp(name, "yes") != 0 && strcmp(name, "force") != 0 &&
           strcmp(name, "make-key") != 0 && strcmp(name, "screen") != 0 &&
           strcmp(name, "job") != 0 && strcmp(name, "jobs") != 0 && strcmp(name, "batches") != 0 &&
           strcmp(name, "private") != 0 && strcmp(name, "benchmark") != 0 &&
           strcmp(name, "direct") != 0 &&
           strcmp(name, "no-faults") != 0 && strcmp(name, "no-late") != 0;
}

static enum err option_add(struct args *a, const char *name, const char *value, struct error *e)
{
    if (a->n_options == ARGS_MAX)
        return err_set(e, ERR_LIMIT, "选项超过 %d 个", "more than %d options", ARGS_MAX);
    if (strcmp(name, "json") == 0 || strcmp(name, "output") == 0) {
        a->form = strcmp(name, "json") == 0 ? name : value;
        a->output = form_named(a->form); /* whether the verb has it, options_check asks */
        return OK;
    }
    if (strcmp(name, "help") == 0) {
        a->help = true;
        return OK;
    }
    if (strcmp(name, "lang") == 0) {
        a->zh = strcmp(value, "zh") == 0;
        if (!a->zh && strcmp(value, "en") != 0)
            return err_set(e, ERR_USAGE, "语言须为 zh 或 en，不是 %s",
                           "the language is zh or en, not %s", value);
    }
    a->option[a->n_options++] = (struct option){name, value};
    return OK;
}

static enum err args_parse(int argc, char **argv, struct args *a, struct error *e)
{
    for (int i = 1; i < argc; i++) {
        char *z = argv[i];
        if (!str_utf8_valid(str_from(z)))
            return err_set(e, ERR_SYNTAX, "第 %d 个参数不是有效的 UTF-8", "argument %d is not valid UTF-8", i);
        static char output[] = "--output", help_word[] = "--help";
        z = strcmp(z, "-o") == 0 ? output : strcmp(z, "-h") == 0 ? help_word : z;
        if (strncmp(z, "--", 2) != 0) {
            if (a->n == ARGS_MAX)
                return err_set(e, ERR_LIMIT, "参数超过 %d 个", "more than %d arguments", ARGS_MAX);
            a->word[a->n++] = z;
            continue;
        }
        char *name = z + 2, *value = strchr(name, '=');
        if (value != NULL)
            *value++ = 0;
        else if (needs_value(name) && ((value = ++i < argc ? argv[i] : NULL) == NULL ||
                                       strncmp(value, "--", 2) == 0)) /* another option's name */
            return err_set(e, ERR_USAGE, "选项 --%s 缺少取值", "the option --%s needs a value", name);
        if (strcmp(name, "output") == 0)
            TRY(option_add(a, "output", value, e));
        else
            TRY(option_add(a, name, value, e));
    }
    return OK;
}

static bool locale_is_zh(void)
{
    const char *names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (int i = 0; i < 3; i++) {
        const char *v = getenv(names[i]);
        if (v != NULL && v[0])
            return strncmp(v, "zh", 2) == 0;
    }
    return false;
}

/* A descriptor that was closed would become the number of the next file that is opened, and what is
 * printed would go into that. In its place stands one that can be neither read nor written. */
static void open_standard(void)
{
    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
            abort();
}

/* What was printed may wait in memory until here: a full disk shows only now. */
static int flushed(const struct args *a, int status)
{
    struct error e = {0};
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    err_set(&e, ERR_IO, "标准输出写不下去：%s", "standard output cannot be written: %s",
            strerror(errno));
    return print_fault(a, &e);
}

/* True of "publish" in "log [ID] | publish DRAFT": what comes first between bars. */
static bool has_part(const struct verb *v, const char *name)
{
    struct str part, rest = str_from(v->usage);
    while (rest.n > 0) {
        struct str after;
        part = str_cut(str_trim(str_cut(rest, '|', &rest)), ' ', &after);
        if (str_eqz(part, name))
            return true;
    }
    return false;
}

static int run_verb(const struct args *a)
{
    struct error e = {0};
    const char *name = a->word[0];
    if (strcmp(name, "help") == 0 && forms_check(a, &e) != OK)
        return print_fault(a, &e);
    if (strcmp(name, "help") == 0 || a->help)
        return help(a->zh, a->help ? name : a->n > 1 ? a->word[1] : NULL, stdout);
    for (int i = 0; i < N_VERBS; i++)
        if (strcmp(name, verbs[i].name) == 0)
            return verbs[i].run(a);
    err_set(&e, ERR_USAGE, "没有命令 %s", "there is no verb %s", name);
    err_hint(&e, "fumao help");
    for (int i = N_VERBS - 1; i >= 0; i--)
        if (has_part(&verbs[i], name))
            err_hint(&e, "fumao %s %s?", verbs[i].name, name);
    for (int i = 0; i < N_VERBS; i++)
        if (str_distance(str_from(name), str_from(verbs[i].name), 3) < 3)
            err_hint(&e, "fumao %s?", verbs[i].name);
    return print_fault(a, &e);
}

int cli_main(int argc, char **argv)
{
    struct args a = {.zh = locale_is_zh()};
    struct error e = {0};
    open_standard();
    if (args_parse(argc, argv, &a, &e) != OK)
        return print_fault(&a, &e);
    if (a.n == 0)
        return help(a.zh, NULL, a.help ? stdout : stderr);
    return flushed(&a, run_verb(&a));
}
