/* The kernel's own list of its functions. */
#ifndef SYMBOL_KALLSYMS_H
#define SYMBOL_KALLSYMS_H

#include "table.h"

struct kallsyms {
	struct table table;
	uint64_t text, stext; /* addresses of _text and _stext, 0 when not listed */
	const char *trouble;  /* why it names nothing, or NULL */
};
/* Never fails: trouble says what is wrong. `path` NULL: the running kernel's. */
void ev_kallsyms_read(struct kallsyms *kallsyms, const char *path);
void ev_kallsyms_done(struct kallsyms *kallsyms);

#endif
