/*
 * An annex text into title, notes and items. One pass over the lines: a line is a heading, the
 * begin of an item or of a note, furniture of the page, or goes on with what is open. The style
 * of the first number below a section ("1．", "（1）", "第1项") is that of all items; numbers in
 * another style belong to the item they stand in.
 */
#include "annex/inside.h"

enum part { PART_TITLE, PART_NOTES, PART_ITEMS };
enum { NUMBERS = 10000 }; /* four digits */

struct reading {
    struct annex *x;
    struct arena *a;
    const struct classification *codes;
    const char *file;
    struct error *e;
    enum part part;
    bool notes_heading; /* "说明" was read: numbers before the first section are notes */
    struct str pending; /* a short heading that names no section, before any item */
    int pending_line;
    struct str section;
    bool section_known, section_said; /* said: a finding for the missing section was made */
    enum mark_style heading_style, style;
    int last_no, numberless, sub_no;
    enum { OPEN_NOTHING, OPEN_NOTE, OPEN_ITEM, OPEN_LEFT_OUT } open;
    struct buf text; /* of what is open */
    bool seen[NUMBERS];
    int room_items, room_notes;
};

static const char *const sentence_ends[] = {"。", "；", ";", "，", ",", "：", ":", "、", NULL};
static const char *const full_stops[] = {"。", "；", ";", ".", NULL};
static const char *const colons[] = {"：", ":", NULL};

/* --- what is open -------------------------------------------------------------------------- */

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

/* Chinese lines are joined as they are; two words of letters or digits with a space. */
static void go_on(struct reading *r, struct str line)
{
    if (r->text.n > 0 && line.n > 0 && is_word(r->text.p[r->text.n - 1]) && is_word(line.p[0]))
        buf_char(&r->text, ' ');
    buf_str(&r->text, line);
}

static void close_open(struct reading *r)
{
    struct str text = str_copy(r->a, text_trim(buf_view(&r->text)));
    struct annex *x = r->x;
    if (r->open == OPEN_NOTE)
        x->note[x->n_notes - 1].zh = text;
    if (r->open == OPEN_ITEM) {
        struct annex_item *i = &x->item[x->n - 1];
        i->zh = text;
        if (text.n == 0)
            findings_add(&x->findings, i->line, true, "empty-item", "第 %d 项没有内容",
                         "item %d has no text", i->no);
    }
    r->open = OPEN_NOTHING;
    r->sub_no = 0;
    buf_clear(&r->text);
}

static void open_note(struct reading *r, int point, int line, struct str rest)
{
    struct annex *x = r->x;
    close_open(r);
    if (x->n_notes == r->room_notes) {
        r->room_notes = r->room_notes ? r->room_notes * 2 : 16;
        struct annex_note *wider = ARENA_ARRAY(r->a, struct annex_note, (size_t)r->room_notes);
        if (x->n_notes > 0)
            memcpy(wider, x->note, (size_t)x->n_notes * sizeof *wider);
        x->note = wider;
    }
    x->note[x->n_notes++] = (struct annex_note){.point = point, .line = line};
    r->open = OPEN_NOTE;
    go_on(r, rest);
}

static void leave_out(struct reading *r, int line, struct str text)
{
    findings_add(&r->x->findings, line, false, "text-left-out", "不属于任何项目，未收入：%.*s",
                 "belongs to no item and is left out: %.*s", STR_ARG(text_start(text)));
}

/* --- items --------------------------------------------------------------------------------- */

static void number_gap(struct reading *r, int no, int line)
{
    int from = r->last_no + 1, without = r->numberless;
    if (no == from + without)
        return;
    if (without > 0)
        findings_add(&r->x->findings, line, false, "number-gap",
                     "第 %d 项与前面的编号 %d 之间有 %d 个无号项，数目不符",
                     "item %d follows number %d with %d items without number between: the count "
                     "differs", no, r->last_no, without);
    else if (no == from + 1)
        findings_add(&r->x->findings, line, false, "number-gap", "第 %d 项之前缺第 %d 项",
                     "before item %d, number %d is missing", no, from);
    else
        findings_add(&r->x->findings, line, false, "number-gap",
                     "第 %d 项之前缺第 %d 项至第 %d 项",
                     "before item %d, numbers %d to %d are missing", no, from, no - 1);
}

static void check_number(struct reading *r, int no, int line)
{
    struct annex_findings *f = &r->x->findings;
    if (no == 0) {
        r->numberless++;
        return;
    }
    if (r->seen[no])
        findings_add(f, line, true, "number-repeated", "编号 %d 重复", "number %d is there twice",
                     no);
    else if (no < r->last_no)
        findings_add(f, line, true, "number-backward", "编号 %d 排在 %d 之后",
                     "number %d stands after %d", no, r->last_no);
    else
        number_gap(r, no, line);
    r->seen[no] = true;
    if (no > r->last_no) {
        r->last_no = no;
        r->numberless = 0;
    }
}

/* A heading before the first item that names no section turns out to be a wrong one. */
static void settle_pending(struct reading *r)
{
    if (r->pending.n == 0 || r->section_known)
        return;
    findings_add(&r->x->findings, r->pending_line, true, "unknown-section",
                 "不是行业门类：%.*s", "is no section of the classification: %.*s",
                 STR_ARG(text_start(r->pending)));
    r->pending.n = 0;
    r->section_said = true;
}

static enum err open_item(struct reading *r, int no, int line, struct str rest)
{
    struct annex *x = r->x;
    close_open(r);
    if (x->n == LIMIT_ANNEX_ITEMS) {
        err_set(r->e, ERR_LIMIT, "项目超过 %d 个（LIMIT_ANNEX_ITEMS）",
                "more than %d items (LIMIT_ANNEX_ITEMS)", (int)LIMIT_ANNEX_ITEMS);
        err_at(r->e, r->file, line, "");
        return ERR_LIMIT;
    }
    settle_pending(r);
    if (!r->section_known && !r->section_said)
        findings_add(&x->findings, line, true, "outside-section", "不在任何门类之下：%.*s",
                     "stands below no section: %.*s", STR_ARG(text_start(rest)));
    check_number(r, no, line);
    if (x->n == r->room_items) {
        r->room_items = r->room_items ? r->room_items * 2 : 64;
        struct annex_item *wider = ARENA_ARRAY(r->a, struct annex_item, (size_t)r->room_items);
        if (x->n > 0)
            memcpy(wider, x->item, (size_t)x->n * sizeof *wider);
        x->item = wider;
    }
    x->item[x->n++] = (struct annex_item){.no = no, .line = line, .section = r->section};
    r->part = PART_ITEMS;
    r->open = OPEN_ITEM;
    go_on(r, rest);
    return OK;
}

/* Sub-items in the style of the items: "…下列情形：" then 1, 2, 3. True if the line is one. */
static bool is_sub_item(struct reading *r, struct mark m, int line)
{
    int next = r->last_no + 1 + r->numberless;
    if (r->open != OPEN_ITEM)
        return false;
    if (m.no == 1 && next != 1 && r->sub_no == 0 && text_ends(buf_view(&r->text), colons)) {
        r->sub_no = 1;
        return true;
    }
    if (r->sub_no == 0 || m.no != r->sub_no + 1)
        return false;
    if (m.no == next)
        findings_add(&r->x->findings, line, true, "number-unclear",
                     "%d 可为下一项，也可为上一项的分项；分项请改用（%d）",
                     "%d may be the next item or a part of the one before; write parts as (%d)",
                     m.no, m.no);
    r->sub_no++;
    return true;
}

/* --- headings ------------------------------------------------------------------------------ */

static void open_section(struct reading *r, struct str code, enum mark_style style)
{
    close_open(r);
    r->section = code;
    r->section_known = true;
    r->section_said = false;
    r->heading_style = style;
    r->pending.n = 0;
    r->part = PART_ITEMS;
}

static bool ends_open(const struct reading *r) /* nothing is open, or a whole sentence is */
{
    return r->open != OPEN_ITEM || text_ends(text_trim(buf_view(&r->text)), full_stops);
}

/* True if the line is a heading, a known one or one that should be. */
static bool heading(struct reading *r, struct mark m, struct str line, int at)
{
    bool numbered = m.style == MARK_CN || m.style == MARK_CN_PAREN || m.style == MARK_PART;
    struct str code = section_of(r->codes, numbered ? m.rest : line);
    if (code.n > 0 && (numbered || m.style == MARK_LETTER || ends_open(r))) {
        open_section(r, code, m.style);
        return true;
    }
    bool is_short = m.rest.n > 0 && text_length(m.rest) <= 30 && !text_ends(m.rest, sentence_ends);
    if (!numbered || !is_short)
        return false;
    if (r->part != PART_ITEMS) {
        if (m.style == MARK_CN_PAREN && r->open == OPEN_NOTE)
            return false;
        close_open(r);
        r->pending = m.rest;
        r->pending_line = at;
        return true;
    }
    if (m.style == MARK_CN_PAREN && (r->heading_style != MARK_CN_PAREN || !ends_open(r)))
        return false; /* （一） inside an item */
    close_open(r);
    r->pending = m.rest;
    r->pending_line = at;
    r->section_known = false;
    settle_pending(r);
    r->section = (struct str){NULL, 0};
    return true;
}

/* — 3 —, 第 3 页, and the head of a table. */
static bool furniture(struct str line)
{
    static const char *const heads[] = {"序号",     "项目", "领域", "门类",           "行业",
                                        "特别管理措施", "说明事项", "国民经济行业分类", NULL};
    static const char *const rules[] = {"—", "-", "－", "–", "·", "|", "｜", "/", NULL};
    static const char *const page[] = {"第", "页", "共", " ", NULL};
    struct str s = line;
    bool any = false, ruled = text_begins(&s, rules);
    for (s = line; s.n > 0; s = text_trim(s)) {
        if (!text_begins(&s, heads))
            break;
        any = true;
        text_begins(&s, rules);
    }
    if (any && s.n == 0)
        return true;
    bool paged = str_has_prefix(line, STR("第")) && text_has(line, "页");
    for (s = line; s.n > 0 && (ruled || paged);) {
        if (s.p[0] >= '0' && s.p[0] <= '9')
            s = (struct str){s.p + 1, s.n - 1};
        else if (!text_begins(&s, ruled ? rules : page) && !text_begins(&s, page + 3))
            break;
    }
    return s.n == 0;
}

/* --- lines --------------------------------------------------------------------------------- */

/* Annex labels stand above the title; a title may go on in brackets. */
static bool title_line(struct reading *r, struct str line, int at)
{
    static const char *const label[] = {"附件", "附录", NULL};
    static const char *const edges[] = {"（", "(", NULL}, *const closing[] = {"）", ")", NULL};
    struct str s = line;
    if (r->x->title.n == 0) {
        if (text_begins(&s, label) && text_length(s) <= 3)
            return true;
        r->x->title = line;
        r->x->title_line = at;
        return true;
    }
    bool more = text_begins(&s, edges) && text_ends(line, closing) &&
                mark_read(line).style == MARK_NONE &&
                (text_has(line, "版") || text_has(line, "清单"));
    if (more) {
        struct buf b;
        buf_init(&b);
        buf_str(&b, r->x->title);
        buf_str(&b, line);
        r->x->title = str_copy(r->a, buf_view(&b));
        buf_finish(&b);
    }
    return more;
}

static enum err note_line(struct reading *r, struct mark m, struct str line, int at)
{
    struct str spelled = line;
    static const char *const heads[] = {"编制说明", "说明", "前言", "说 明", NULL};
    if (text_begins(&spelled, heads) && text_length(spelled) <= 1) {
        close_open(r);
        r->notes_heading = true;
        r->pending.n = 0;
        return OK;
    }
    bool numbered = m.style >= MARK_DOT && m.style <= MARK_BARE;
    bool first = r->x->n_notes == 0 || r->x->note[r->x->n_notes - 1].point == 0;
    if (m.style == MARK_CN || (m.style == MARK_CN_PAREN && first) ||
        (numbered && r->notes_heading && r->heading_style != MARK_CN)) {
        if (m.style == MARK_CN)
            r->heading_style = MARK_CN; /* numbers below 一、 are its parts */
        open_note(r, m.no, at, m.rest);
    } else if (m.style == MARK_UNNUMBERED ||
               (numbered && !r->notes_heading && (r->pending.n > 0 || r->open != OPEN_NOTE))) {
        r->style = m.style == MARK_UNNUMBERED ? MARK_NONE : m.style;
        return open_item(r, m.no, at, m.rest);
    } else if (r->open == OPEN_NOTE) {
        go_on(r, line);
    } else {
        open_note(r, 0, at, line);
    }
    return OK;
}

static enum err item_line(struct reading *r, struct mark m, struct str line, int at)
{
    static const char *const tails[] = {"注：", "注:", "附注", "备注：", NULL};
    struct str s = line;
    bool numbered = m.style >= MARK_DOT && m.style <= MARK_BARE;
    if (m.style == MARK_UNNUMBERED)
        return open_item(r, 0, at, m.rest);
    if (numbered && r->style == MARK_NONE)
        r->style = m.style;
    if (numbered && m.style == r->style) {
        bool alone = m.style == MARK_BARE && m.rest.n == 0;
        if (alone && m.no != r->last_no + 1 + r->numberless)
            return OK; /* a page number */
        if (!is_sub_item(r, m, at))
            return open_item(r, m.no, at, m.rest);
    } else if (m.style == MARK_BARE && m.rest.n == 0) {
        return OK;
    }
    if (text_begins(&s, tails)) {
        close_open(r);
        r->open = OPEN_LEFT_OUT;
    }
    if (r->open == OPEN_ITEM)
        go_on(r, line);
    else
        leave_out(r, at, line);
    return OK;
}

/* "2、3类除外" where item 2 is due may be the item or go on with the one before: the editor
 * says which. Where another number is due it is no mark. */
static struct mark settle_doubt(struct reading *r, struct mark m, struct str line, int at)
{
    if (!m.doubtful)
        return m;
    bool due = r->part == PART_ITEMS && m.no == r->last_no + 1 + r->numberless &&
               (r->style == MARK_NONE || r->style == m.style);
    if (!due)
        return (struct mark){.style = MARK_NONE, .rest = line};
    findings_add(&r->x->findings, at, true, "number-unclear",
                 "%d 可为项目编号，也可为数字；编号后请空一格，或与上一行相接",
                 "%d may be the number of an item or belong to the words; put a blank after the "
                 "number, or join the line to the one before", m.no);
    return m;
}

static enum err read_line(struct reading *r, struct str line, int at)
{
    struct mark m = settle_doubt(r, mark_read(line), line, at);
    if (line.n == 0 || furniture(line))
        return OK;
    if (r->part == PART_TITLE) {
        bool body = section_of(r->codes, m.style >= MARK_CN ? m.rest : line).n > 0 ||
                    (m.style != MARK_NONE && r->x->title.n == 0);
        if (!body && title_line(r, line, at))
            return OK;
        r->part = PART_NOTES;
    }
    if (heading(r, m, line, at))
        return OK;
    return r->part == PART_NOTES ? note_line(r, m, line, at) : item_line(r, m, line, at);
}

enum err annex_read(struct annex **out, struct arena *a, const struct classification *codes,
                    struct str text, const char *file, struct error *e)
{
    struct text_lines lines;
    TRY(text_lines(&lines, a, text, file, e));
    struct reading *r = ARENA_NEW(a, struct reading);
    r->x = *out = ARENA_NEW(a, struct annex);
    r->a = a;
    r->codes = codes;
    r->file = file;
    r->e = e;
    findings_init(&r->x->findings, a);
    buf_init(&r->text);
    enum err result = OK;
    for (int i = 0; i < lines.n && result == OK; i++)
        result = read_line(r, lines.line[i], i + 1);
    close_open(r);
    buf_finish(&r->text);
    TRY(result);
    if (r->x->title.n == 0)
        findings_add(&r->x->findings, 1, false, "no-title", "没有标题%s", "there is no title%s",
                     "");
    if (r->x->n == 0)
        findings_add(&r->x->findings, 0, true, "no-items", "没有找到任何项目%s",
                     "no item was found%s", "");
    return OK;
}
