/* The names nearest to one that nothing knows. */
#ifndef EVPROF_SUGGEST_H
#define EVPROF_SUGGEST_H

#include "parse.h"

/* "a, b, c?" or "" when nothing is near; in the parse's scratch. */
const char *ev_suggest(struct ev_parse *parse, struct ev_span name);

#endif
