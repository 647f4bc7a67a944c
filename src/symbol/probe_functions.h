/* The functions of a program by name, for probing them. */
#ifndef SYMBOL_PROBE_FUNCTIONS_H
#define SYMBOL_PROBE_FUNCTIONS_H

#include "elf_symbols.h"

struct probe_function {
	const char *name;         /* as the linker knows it, perhaps with @VERSION */
	uint64_t offset, address; /* in the file, and as the program is linked */
	uint64_t size_bytes;      /* 0 = not known */
	uint8_t bind;             /* STB_… */
	bool indirect;            /* chooses the function when the program is loaded */
	bool label;               /* assembler wrote it: no one says that it is a function */
};
struct probe_functions {
	struct probe_function *items;
	size_t count, room;
	EV_ARRAY(const char *) imports; /* names that other libraries define */
	EV_ARRAY(struct elf_symbols) tables;
	struct ev_buffer unpacked; /* of .gnu_debugdata */
	char *debug_path;          /* the file that has the DWARF, perhaps the program itself */
};
/* Everything that the file, its .gnu_debugdata and its separate debug file name. */
void ev_probe_functions_read(struct probe_functions *functions, const struct image *image,
			     const char *path);
void ev_probe_functions_done(struct probe_functions *functions);

/* As ev_demangle, with the parameters (demangle.c). */
const char *ev_demangle_whole(struct ev_arena *arena, const char *name);

/* Is this function the one that is wanted, or one of those a glob wants? By its name for the
 * linker, or the readable one, with or without its parameters. */
bool ev_probe_function_is(const struct probe_function *function, const char *wanted,
			  struct ev_arena *scratch);
/* Those whose name is nearest to one that is not there: "a, b, c" or "". */
const char *ev_probe_functions_near(const struct probe_functions *functions, const char *wanted,
				    struct ev_arena *arena);
/* Does the DWARF tell that calls of this function were replaced by its body? */
bool ev_function_is_inlined(const char *debug_path, const char *name);
/* Names of functions that a glob means and whose calls were all replaced by their bodies, as far as
 * the DWARF tells: "'a', 'b' and 3 more", "" when there are none. */
const char *ev_functions_inlined(const char *debug_path, const char *wanted,
				 struct ev_arena *arena);
/* Hands over the names of the libraries that a file needs, as they stand there; stops when `take`
 * answers other than 0. */
typedef int (*ev_take_name)(void *context, const char *name);
void ev_needed_libraries(const struct image *image, ev_take_name take, void *context);
/* The library among those the program needs that defines a function, or NULL. */
const char *ev_import_find(const struct image *image, const char *name, struct ev_arena *arena);

#endif
