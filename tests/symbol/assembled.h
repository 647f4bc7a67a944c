/* Code written by hand for one test: its assembler text becomes the file p in the test's folder. */
#ifndef TESTS_SYMBOL_ASSEMBLED_H
#define TESTS_SYMBOL_ASSEMBLED_H

#include <evprof/symbol_unwind.h>
#include "compiled.h"

static inline bool assembles(void)
{
#ifdef __x86_64__
	return has_program("gcc");
#else
	return false;
#endif
}

#define needs_x86()                                                                                \
	do {                                                                                       \
		if (!assembles()) {                                                                \
			print_message("SKIP %s: needs gcc on x86-64\n", __func__);                 \
			skip();                                                                    \
		}                                                                                  \
	} while (0)

/* Makes the folder, and p in it where that can be; how is -static or -shared. */
static inline int assemble(void **state, const char *source, const char *how)
{
	char command[64];
	if (folder_make(state))
		return -1;
	write_file(in_folder(state, "p.s"), source, strlen(source));
	snprintf(command, sizeof(command), "gcc -nostdlib %s -o p p.s", how);
	if (assembles())
		run_in(state, command);
	return 0;
}

#endif
