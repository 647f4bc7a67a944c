/* Whether a file's code walks or changes stacks by more than calls and returns, told from its
 * sections, what it calls, and the libraries it needs. */
#include <stdlib.h>
#include <string.h>
#include <evprof/symbol_calls.h>
#include "probe_files.h"
#include "probe_functions.h"

static const char exceptions[] = "exceptions, as those of C++ and Rust";
static const char stacks[] = "stacks that the program changes itself";

static const struct {
	const char *name, *why;
} sections[] = {
	{ ".gcc_except_table", exceptions },
	{ ".gopclntab", "Go, which moves its stacks" },
}, imports[] = {
	{ "__cxa_throw", exceptions },	       { "_Unwind_RaiseException", exceptions },
	{ "_Unwind_Resume", exceptions },      { "_Unwind_Backtrace", "walks of its own stack" },
	{ "_Unwind_ForcedUnwind", exceptions }, { "pthread_cancel", "threads that are cancelled" },
	{ "pthread_exit", "threads that end in mid-call" }, { "backtrace", "walks of its own stack" },
	{ "swapcontext", stacks },	       { "setcontext", stacks },
	{ "makecontext", stacks },	       { "sigaltstack", stacks },
}, libraries[] = {
	{ "libstdc++.so", exceptions },
	{ "libc++.so", exceptions },
	{ "libc++abi.so", exceptions },
	{ "libgcc_s.so", exceptions },
	{ "libunwind.so", "walks of its own stack" },
	{ "libpython", "a Python that loads extensions in C++" },
};

static const char *in_sections(const struct image *image)
{
	for (size_t i = 0; i < EV_LENGTH(sections); i++) {
		const struct section *section = ev_image_find(image, sections[i].name);
		if (section && section->size_bytes)
			return sections[i].why;
	}
	return NULL;
}

static const char *in_imports(const struct probe_functions *functions)
{
	for (size_t i = 0; i < functions->imports.count; i++)
		for (size_t k = 0; k < EV_LENGTH(imports); k++) {
			const char *name = functions->imports.items[i];
			size_t length = strlen(imports[k].name);
			if (!strncmp(name, imports[k].name, length) &&
			    (!name[length] || name[length] == '@'))
				return imports[k].why;
		}
	return NULL;
}

const char *ev_stack_walker_named(const char *library)
{
	for (size_t i = 0; i < EV_LENGTH(libraries); i++)
		if (!strncmp(library, libraries[i].name, strlen(libraries[i].name)))
			return libraries[i].why;
	return NULL;
}

/* ---- needed libraries, and what they need -----------------------------------------------------
 */

#define MOST_LIBRARIES 128

struct asking {
	const char *why;
	struct ev_arena arena;
	EV_ARRAY(const char *) names; /* each once */
};

static int look(void *context, const char *library)
{
	struct asking *asking = context;
	asking->why = ev_stack_walker_named(library);
	for (size_t i = 0; i < asking->names.count; i++)
		if (!strcmp(asking->names.items[i], library))
			return 0;
	if (asking->names.count < MOST_LIBRARIES)
		*ev_array_add(&asking->names) =
			ev_arena_text(&asking->arena, library, strlen(library));
	return asking->why != NULL;
}

static const char *in_libraries(const struct image *image)
{
	struct asking asking = { 0 };
	ev_needed_libraries(image, look, &asking);
	for (size_t i = 0; i < asking.names.count && !asking.why; i++) {
		struct image library;
		const char *path = ev_library_find(asking.names.items[i], &asking.arena);
		if (!path || ev_image_open(&library, path))
			continue;
		ev_needed_libraries(&library, look, &asking);
		ev_image_close(&library);
	}
	ev_array_done(&asking.names);
	ev_arena_done(&asking.arena);
	return asking.why;
}

const char *ev_stack_walker_of(const char *path)
{
	struct image image;
	struct probe_functions functions;
	if (ev_image_open(&image, path))
		return NULL;
	ev_probe_functions_read(&functions, &image, path);
	const char *why = in_sections(&image);
	if (!why)
		why = in_imports(&functions);
	if (!why)
		why = in_libraries(&image);
	ev_probe_functions_done(&functions);
	ev_image_close(&image);
	return why;
}

/* ---- where calls are left ---------------------------------------------------------------------
 */

static void add_leaver(struct ev_leavers *leavers, const char *path, uint64_t offset)
{
	for (size_t i = 0; i < leavers->count; i++)
		if (leavers->items[i].offset == offset && !strcmp(leavers->items[i].path, path))
			return;
	*ev_array_add(leavers) = (struct ev_leaver){ path, offset };
}

void ev_leavers_add(struct ev_leavers *leavers, const char *file, struct ev_arena *arena)
{
	static const char *const names[] = { "longjmp",
					     "_longjmp",
					     "siglongjmp",
					     "__longjmp_chk",
					     "_Unwind_RaiseException",
					     "_Unwind_ForcedUnwind",
					     "_Unwind_Resume_or_Rethrow" };
	struct probe_files files = { 0 };
	if (ev_probe_files(file, arena, &files, NULL))
		return;
	for (size_t i = 0; i < files.count; i++) {
		struct image image;
		uint64_t address, offset;
		if (ev_image_open(&image, files.items[i]))
			continue;
		for (size_t k = 0; k < EV_LENGTH(names); k++)
			if (ev_elf_address_of(&image, names[k], &address) && address &&
			    ev_image_offset(&image, address, &offset))
				add_leaver(leavers, files.items[i], offset);
		ev_image_close(&image);
	}
	ev_array_done(&files);
}
