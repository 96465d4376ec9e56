#include "portal/atom.h"

#include "compare/chronicle.h"

/* Law binds by days of +08:00: a day begins at its midnight. */
void atom_day(struct buf *b, const char *name, day_t d)
{
    char day[11];
    day_format(d, day);
    buf_printf(b, "<%s>%sT00:00:00+08:00</%s>", name, day, name);
}

void atom_link(struct buf *b, const char *rel, const char *type, struct str href)
{
    buf_printf(b, "<link rel=\"%s\" type=\"%s\" href=\"", rel, type);
    page_attr_str(b, href);
    buf_z(b, "\"/>");
}

void atom_text(struct buf *b, const char *name, struct str s)
{
    buf_printf(b, "<%s>", name);
    page_text_str(b, s);
    buf_printf(b, "</%s>", name);
}

void atom_begin(struct buf *b, const struct view *v, struct str name, struct str title,
                day_t updated, struct str self, struct str page)
{
    char urn[46];
    chronicle_urn(name, urn);
    buf_printf(b, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
                  "<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"%s\">\n",
               v->lang == LANG_EN ? "en" : "zh-CN");
    atom_text(b, "id", str_from(urn));
    atom_text(b, "title", title);
    atom_text(b, "subtitle", say(v, MSG_foot_not_law));
    atom_day(b, "updated", updated);
    buf_z(b, "<author>");
    atom_text(b, "name", say(v, MSG_site));
    buf_z(b, "</author>");
    atom_link(b, "self", "application/atom+xml", self);
    atom_link(b, "alternate", "text/html", page);
    buf_char(b, '\n');
}

void atom_end(struct buf *b)
{
    buf_z(b, "</feed>\n");
}
