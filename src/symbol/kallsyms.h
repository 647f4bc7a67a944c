/* The kernel's own list of its functions. */
#ifndef SYMBOL_KALLSYMS_H
#define SYMBOL_KALLSYMS_H

#include "table.h"

struct kallsyms {
	struct table table;
	uint64_t text, stext; /* addresses of _text and _stext, 0 when not listed */
	const char *trouble;  /* why it names nothing, or NULL */
};
/* Addresses that will be asked for, rising and each once. */
struct kallsyms_wanted {
	const uint64_t *addresses;
	size_t count;
	bool of_modules;   /* some of them, maybe: modules are listed last, wherever they lie */
	const char *cache; /* folder for a copy of the list, which is read faster, or NULL */
};
/* Never fails: trouble says what is wrong. `path` NULL: the running kernel's. With `wanted` only
 * what covers those addresses is kept, which costs little more than the reading; NULL keeps all. */
void ev_kallsyms_read(struct kallsyms *kallsyms, const char *path,
		      const struct kallsyms_wanted *wanted);
void ev_kallsyms_done(struct kallsyms *kallsyms);

#endif
