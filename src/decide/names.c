#include "decide/decide.h"

static const char *const outcome_names[OUTCOME_COUNT] = {"prohibited", "conditional", "equal",
                                                         "elsewhere",  "carved-out",
                                                         "undetermined"};
static const char *const reason_names[] = {
    "prevails", "outranked", "favoured", "not-decisive", "lifted", "excepted", "exempted",
    "not-this-activity"};

const char *outcome_name(enum outcome o)
{
    return outcome_names[o];
}

const char *reason_name(enum reason r)
{
    return reason_names[r];
}
