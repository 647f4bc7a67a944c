/* A function's name becomes its place in an ELF file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <evprof/symbol.h>
#include "elf_symbols.h"
#include "symbolizer.h"

/* Better matches have higher numbers; 0 is none. */
static int match(struct ev_arena *arena, const char *name, const char *wanted)
{
	if (!strcmp(name, wanted))
		return 3;
	size_t length = strlen(wanted);
	if (!strncmp(name, wanted, length) && name[length] == '@' && strcmp(name + length, "@plt"))
		return 2; /* a version of it */
	const char *shown = ev_demangle(arena, name);
	return shown != name && !strcmp(shown, wanted) ? 1 : 0;
}

static int search(const struct image *image, const struct image *loaded, const char *wanted,
		  int best, uint64_t *offset)
{
	struct ev_arena arena = { 0 };
	for (size_t i = 0; i < image->section_count; i++) {
		const struct section *section = &image->sections[i];
		struct elf_symbols symbols;
		if ((section->type != SHT_SYMTAB && section->type != SHT_DYNSYM) ||
		    ev_elf_symbols_read(&symbols, image, section))
			continue;
		for (size_t at = 0; at < symbols.count; at++) {
			struct elf_symbol symbol = ev_elf_symbol(&symbols, at);
			uint64_t found;
			if ((symbol.type != STT_FUNC && symbol.type != STT_GNU_IFUNC) ||
			    symbol.section == SHN_UNDEF)
				continue;
			int how = match(&arena, ev_elf_symbol_name(&symbols, &symbol), wanted);
			if (image->machine == EM_ARM)
				symbol.value &= ~(uint64_t)1; /* Thumb */
			if (how > best && ev_image_offset(loaded, symbol.value, &found)) {
				best = how;
				*offset = found;
			}
			ev_arena_reset(&arena);
		}
		ev_elf_symbols_done(&symbols);
	}
	ev_arena_done(&arena);
	return best;
}

int ev_function_offset(const char *path, const char *function, uint64_t *offset, struct ev_err *err)
{
	struct image image, separate;
	int code = ev_image_open(&image, path);
	if (code == -ENOEXEC)
		return ev_fail(err, ENOEXEC, "'%s' is not an ELF file", path);
	if (code)
		return ev_fail(err, -code, "'%s' can not be read: %s", path, strerror(-code));
	int best = search(&image, &image, function, 0, offset);
	char *debug_path = best == 3 ? NULL : ev_debug_file_find(&image, path, NULL);
	if (debug_path && !ev_image_open(&separate, debug_path)) {
		best = search(&separate, &image, function, best, offset);
		ev_image_close(&separate);
	}
	free(debug_path);
	ev_image_close(&image);
	if (best)
		return 0;
	return ev_fail(err, ENOENT, "'%s' has no function '%s'", path, function);
}
