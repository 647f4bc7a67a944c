/* The lines of kallsyms, one after the other, without having all of them at once. */
#ifndef SYMBOL_KALLSYMS_LINES_H
#define SYMBOL_KALLSYMS_LINES_H

#include <evprof/base.h>

struct kallsyms_line {
	uint64_t address;
	char type;
	const char *name, *module; /* not terminated; module "" for the kernel itself */
	size_t name_length, module_length;
};
/* One line, without its end; false when it makes no sense. */
bool ev_kallsyms_line_parse(const char *at, const char *end, struct kallsyms_line *line);
/* Calls `take` for every line that makes sense until it returns false. 0 or -errno. */
int ev_kallsyms_lines(const char *path,
		      bool (*take)(void *context, const struct kallsyms_line *line), void *context);

#endif
