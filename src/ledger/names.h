/* Private to the room: what the texts of a note may be made of. */
#ifndef LEDGER_NAMES_H
#define LEDGER_NAMES_H

#include "base/base.h"

/* Valid UTF-8 without ASCII control characters, not empty. */
bool note_text_valid(struct str s);
/* That, without Unicode spaces and "+". Any length. */
bool key_name_valid(struct str s);

#endif
