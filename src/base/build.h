/* What this program was built from, as the linker marked it (the GNU build id): two programs that
 * could answer differently have different marks. The version where the linker set none. */
#ifndef BASE_BUILD_H
#define BASE_BUILD_H

#include "base/str.h"

struct str build_mark(void);

#endif
