/* What compiled pages (tools/mkpage) call: one escaper per place in HTML. The page compiler
 * knows where an expression stands and picks the function; the type of the expression picks
 * the variant. Includes base only; messages are in the generated messages.h. */
#ifndef WEB_PAGE_H
#define WEB_PAGE_H

#include "base/base.h"

enum lang { LANG_ZH, LANG_EN };

/* Finished HTML. Only what was itself written by a page, or is checked by hand, may be made
 * one; grep for "struct html" to review them all. */
struct html {
    struct str s;
};
static inline struct html page_html(const struct buf *b) { return (struct html){buf_view(b)}; }

void page_text_str(struct buf *b, struct str s); /* & < > ; control bytes become U+FFFD */
void page_text_z(struct buf *b, const char *z);  /* NULL writes nothing */
void page_attr_str(struct buf *b, struct str s); /* also " and ' */
void page_attr_z(struct buf *b, const char *z);
void page_int(struct buf *b, int64_t v);
void page_uint(struct buf *b, uint64_t v);
/* At the start of a URL: keeps its reserved characters, encodes what no URL may hold. A scheme
 * other than http, https and mailto (javascript:, data:), and a //host or \\host, give "#". */
void page_url_str(struct buf *b, struct str s);
void page_url_z(struct buf *b, const char *z);
/* Further on in a URL: one component, all but unreserved characters percent-encoded. */
void page_urlpart_str(struct buf *b, struct str s);
void page_urlpart_z(struct buf *b, const char *z);
void page_put_html(struct buf *b, struct html h);

#define PAGE_PICK_(v, prefix)                                                                   \
    _Generic((v), struct str: prefix##_str, const char *: prefix##_z, char *: prefix##_z,       \
             signed char: page_int, short: page_int, int: page_int, long: page_int,             \
             long long: page_int, unsigned char: page_uint, unsigned short: page_uint,          \
             unsigned: page_uint, unsigned long: page_uint, unsigned long long: page_uint)
#define page_put_text(b, v) PAGE_PICK_(v, page_text)((b), (v))
#define page_put_attr(b, v) PAGE_PICK_(v, page_attr)((b), (v))
#define page_put_url(b, v) PAGE_PICK_(v, page_url)((b), (v))
#define page_put_urlpart(b, v) PAGE_PICK_(v, page_urlpart)((b), (v))

#endif
