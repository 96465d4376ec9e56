/*
 * What the words of an item say about its effect, supplier and mode. Rules of thumb over the
 * phrases that such lists are written in; what they give is a proposal that names its word, and
 * the first rule that fits decides. No word, no proposal.
 */
#include "annex/inside.h"

static const char *first_of(struct str s, const char *const *any)
{
    for (int i = 0; any[i]; i++)
        if (text_has(s, any[i]))
            return any[i];
    return NULL;
}

/* A bar on examinations, on practice, on all who are not Chinese citizens. */
static const char *bars_qualification(struct str s)
{
    static const char *const who[] = {"报考", "执业资格", "资格考试", "类考试", "师考试", "执业兽医",
                                      "考试限", NULL};
    static const char *const nationality[] = {"须具有中国国籍", "应当具有中国国籍", "须为中国公民",
                                              "应当为中国公民", "考试限中国公民", NULL};
    static const char *const bar[] = {"不得", "不可", "不对", "仅限", "限于", "禁止", NULL};
    const char *word = first_of(s, nationality);
    if (word == NULL && first_of(s, bar) != NULL)
        word = first_of(s, who);
    return word;
}

/* "未经批准…不得" asks for an approval, "未…设立…不得" for an establishment: they forbid only as
 * long as it is not there. */
static const char *forbids(struct str s)
{
    static const char *const plain[] = {"禁止", "不对境外", "不对外", "不予开放", NULL};
    static const char *const unless[] = {"未经", "未取得", "未设立", "未在", "未获", "未依法", NULL};
    const char *word = first_of(s, plain);
    if (word == NULL && first_of(s, unless) == NULL && text_has(s, "不得"))
        word = "不得";
    return word;
}

static const struct {
    enum effect effect;
    const char *word[16];
} says[] = {
    {EFFECT_QUOTA, {"配额", "播出比例", "数量限制", "限量", NULL}},
    {EFFECT_REQUIRE_LOCAL_PRESENCE,
     {"商业存在", "须设立", "须在境内设", "应当在境内设", "须在中国境内设", "境内设立机构", "未设立",
      "未在境内设", "未在华设立", "在境内设立", "须由境内", "须为境内", "境内依法设立", "须设销售机构",
      "代表机构名义", NULL}},
    {EFFECT_REQUIRE_APPROVAL,
     {"批准", "许可", "审批", "核准", "同意", "未经", NULL}},
    {EFFECT_FILE, {"备案", NULL}},
    {EFFECT_NOTIFY, {"通知", "报告", "告知", NULL}},
    {EFFECT_RESTRICT, {"仅限", "仅可", "仅得", "限于", "限制", "只能", "限中国", NULL}},
    {EFFECT_CONDITION,
     {"中方控股", "控股", "合资", "合作", "股比", "须", "应当", "应", NULL}},
};

struct guess words_effect(struct str zh)
{
    const char *word = bars_qualification(zh);
    if (word != NULL)
        return (struct guess){true, EFFECT_QUALIFICATION_BARRED, word};
    if ((word = forbids(zh)) != NULL)
        return (struct guess){true, EFFECT_PROHIBIT, word};
    for (size_t i = 0; i < sizeof says / sizeof *says; i++)
        if ((word = first_of(zh, says[i].word)) != NULL)
            return (struct guess){true, says[i].effect, word};
    return (struct guess){0};
}

unsigned words_kinds(struct str zh, const char **word)
{
    static const char *const both[] = {"服务提供者", "组织、个人", "组织和个人", "组织或个人",
                                       "机构或个人", "团体、个人", "组织或者个人", NULL};
    static const char *const person[] = {"境外个人", "外籍", "外国人", "人员", "考试", "执业资格",
                                         "公证员", "境外医师", "外国籍船员", "个人", NULL};
    static const char *const firm[] = {"企业", "机构", "组织", "公司", "经营者", "律师事务所", "律所",
                                       "事务所", "旅行社", "经营人", "外商", "投资", NULL};
    const char *f = first_of(zh, firm), *p = first_of(zh, person);
    *word = first_of(zh, both);
    if (*word != NULL)
        return 3;
    *word = f ? f : p;
    return (f ? 1u : 0u) | (p ? 2u : 0u);
}

unsigned words_modes(struct str zh, unsigned kinds, bool investment, const char **word)
{
    static const char *const capital[] = {"禁止投资", "外资", "中方控股", "合资", "股比", "外商投资",
                                          NULL};
    static const char *const away[] = {"跨境", "向境内", NULL};
    *word = first_of(zh, capital);
    if (investment)
        return 1u << 3;
    if (kinds == 2) {
        *word = first_of(zh, (const char *const[]){"个人", "人员", "外籍", "考试", "师", NULL});
        return 1u << 4;
    }
    *word = first_of(zh, away);
    return 1u << 1 | 1u << 2 | 1u << 4;
}

struct str words_activity(struct arena *a, struct str zh)
{
    static const char *const common[] = {
        "境外服务提供者", "境外", "外国", "国外", "服务提供者", "个人", "组织", "机构", "企业", "中国",
        "境内", "不得", "禁止", "从事", "提供", "经营", "投资", "跨境", "以跨境方式", "须", "应当", "依法",
        "批准", "许可", "备案", "取得", "设立", "未经", "通过", "进行", "活动", "业务", "服务", "或者", "以及",
        "限于", "仅限", "除外", "有关", "规定", NULL};
    struct buf b;
    buf_init(&b);
    bool gap = false;
    for (struct str s = zh; s.n > 0 && b.n < 200;) {
        size_t i = 0;
        struct str at = s;
        bool cut = text_begins(&s, common);
        int32_t c = cut ? 0 : str_utf8_next(s, &i);
        if (cut || !(is_han(c) || (c < 128 && c > ' '))) {
            gap = b.n > 0;
        } else {
            if (gap)
                buf_char(&b, ' ');
            gap = false;
            buf_put(&b, at.p, i);
        }
        if (!cut)
            s = (struct str){s.p + i, s.n - i};
    }
    struct str out = str_copy(a, buf_view(&b));
    buf_finish(&b);
    return out;
}
