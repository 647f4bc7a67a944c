/* An object's path and build-id become the ELF file that was mapped, and its functions a table. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>
#include "build_id.h"
#include "elf_symbols.h"
#include "symbolizer.h"

#define PACKED_LIMIT (256 << 10)

/* Only the segments are needed once the symbols are read. */
static void settle(struct image *image)
{
	if (image->has_fd)
		close(image->fd);
	image->has_fd = false;
	free(image->sections);
	free(image->names);
	image->sections = NULL;
	image->section_count = 0;
	image->names = NULL;
	image->memory = NULL;
}

bool ev_image_has_dwarf(const struct image *image)
{
	static const char *const sections[] = { ".debug_info", ".zdebug_info" };
	for (size_t i = 0; i < EV_LENGTH(sections); i++) {
		const struct section *section = ev_image_find(image, sections[i]);
		if (section && section->type != SHT_NOBITS && section->size_bytes)
			return true;
	}
	return false;
}

/* Is there more packed DWARF than is unpacked in a few milliseconds? */
static bool is_packed(const struct image *image)
{
	uint64_t packed = 0;
	for (size_t i = 0; i < image->section_count; i++) {
		const struct section *section = &image->sections[i];
		bool debug = !strncmp(section->name, ".debug_", 7);
		if ((debug && section->flags & SHF_COMPRESSED) ||
		    !strncmp(section->name, ".zdebug_", 8))
			packed += section->size_bytes;
	}
	return packed > PACKED_LIMIT;
}

void ev_names_take(struct ev_symbolizer *symbolizer, struct names *names, struct image *image,
		   const char *path)
{
	unsigned found = ev_elf_symbols_add(&names->table, image, image);
	bool dwarf = ev_image_has_dwarf(image);
	if (dwarf)
		names->debug_path = ev_arena_text(&names->arena, path, strlen(path));
	names->program_path = ev_arena_text(&names->arena, path, strlen(path));
	char *debug_path = found & ELF_SYMTAB && dwarf
				   ? NULL
				   : ev_debug_file_find(image, path, symbolizer->symfs);
	const struct fetched *fetched =
		ev_fetched_find(symbolizer, image->build_id, image->build_id_bytes);
	if (!debug_path && !dwarf && fetched && fetched->debug)
		debug_path = ev_strdup(fetched->debug);
	struct image separate;
	if (debug_path && !ev_image_open(&separate, debug_path)) {
		if (!(found & ELF_SYMTAB))
			found |= ev_elf_symbols_add(&names->table, &separate, image);
		if (!dwarf && ev_image_has_dwarf(&separate)) {
			names->debug_path =
				ev_arena_text(&names->arena, debug_path, strlen(debug_path));
			names->packed = is_packed(&separate);
		}
		ev_image_close(&separate);
	}
	free(debug_path);
	if (!(found & ELF_SYMTAB))
		found |= ev_elf_debugdata_add(&names->table, image) |
			 ev_elf_go_add(&names->table, image);
	ev_symtab_sort(&names->table);
	found |= ev_elf_plt_add(&names->table, image);
	ev_symtab_sort(&names->table);
	if (!(found & (ELF_SYMTAB | ELF_DEBUGDATA | ELF_GO)))
		ev_code_ranges_read(&names->ranges, image);
	if (!names->table.symbols.count && !names->debug_path)
		names->trouble = "stripped: the file names no functions";
	else if (!(found & (ELF_SYMTAB | ELF_DEBUGDATA | ELF_GO)))
		names->partial = "stripped: only exported functions have names";
	names->outline = *image;
	*image = (struct image){ 0 };
	settle(&names->outline);
}

void ev_names_done(struct names *names)
{
	ev_symtab_done(&names->table);
	ev_code_ranges_done(&names->ranges);
	ev_image_close(&names->outline);
	ev_perf_map_done(&names->map);
	ev_debug_close(names->debug);
	free(names->lacks);
	ev_strings_close(names->linkages);
	ev_array_done(&names->shown);
	ev_arena_done(&names->arena);
	*names = (struct names){ 0 };
}

struct debug_info *ev_names_debug(const struct ev_symbolizer *symbolizer, struct names *names)
{
	if (symbolizer->sparing && names->debug_path && names->packed) {
		names->skipped = true;
		return NULL;
	}
	if (names->debug_path && !names->debug) {
		names->debug =
			ev_debug_open(names->debug_path, names->program_path, symbolizer->symfs);
		if (!names->debug && !names->lacks)
			names->lacks = ev_printf("its debug info in %s can not be read",
						 names->debug_path);
		names->debug_path = NULL; /* one try */
	}
	return names->debug;
}

/* ---- which file was it? -----------------------------------------------------------------------
 */

/* How much of an object's path is one. */
static int path_length(const struct object *object)
{
	size_t length = strlen(object->shown.path);
	return (int)(object->deleted ? length - strlen(" (deleted)") : length);
}

/* The file that was held open under this name and is what was mapped; "" where none is. One without
 * a build-id must be the only one of that name. */
static char *kept_code(const struct ev_symbolizer *symbolizer, const struct object *object,
		       int length)
{
	const struct ev_object *shown = &object->shown;
	size_t from = 0;
	int fd = -1;
	bool found = false;
	if (!shown->build_id_bytes && !symbolizer->symfs) {
		fd = ev_roots_code(symbolizer->roots, shown->path, (size_t)length, &from);
		found = fd >= 0 &&
			ev_roots_code(symbolizer->roots, shown->path, (size_t)length, &from) < 0;
	}
	while (!symbolizer->symfs && shown->build_id_bytes && !found &&
	       (fd = ev_roots_code(symbolizer->roots, shown->path, (size_t)length, &from)) >= 0) {
		struct image image;
		char *path = ev_printf("/proc/self/fd/%d", fd);
		found = !ev_image_open(&image, path) &&
			ev_build_id_equal(shown->build_id, shown->build_id_bytes, image.build_id,
					  image.build_id_bytes);
		ev_image_close(&image);
		free(path);
	}
	return found ? ev_printf("/proc/self/fd/%d", fd) : ev_strdup("");
}

/* The n-th place where the file may be; NULL after the last, "" for one that doesn't apply here. */
static char *candidate(const struct ev_symbolizer *symbolizer, const struct object *object,
		       unsigned n)
{
	const char *path = object->shown.path;
	int length = path_length(object);
	bool named = object->shown.build_id_bytes > 1;
	char id[41];
	ev_build_id_text(object->shown.build_id, object->shown.build_id_bytes, id);
	const char *home = getenv("HOME");
	const struct fetched *fetched;
	switch (n) {
	case 0:
		if (symbolizer->symfs)
			return ev_printf("%s%.*s", symbolizer->symfs, length, path);
		return ev_printf("%.*s", length, path);
	case 1: /* through the eyes of a process that had it mapped, if it still runs */
		if (symbolizer->symfs || !symbolizer->same_host || !named || *path != '/')
			return ev_strdup("");
		return ev_printf("/proc/%u/root%.*s", object->first_pid, length, path);
	case 2: /* or after it ended */
		if (symbolizer->symfs || !named || *path != '/' ||
		    ev_roots_root(symbolizer->roots, object->first_pid) < 0)
			return ev_strdup("");
		return ev_printf("/proc/self/fd/%d%.*s",
				 ev_roots_root(symbolizer->roots, object->first_pid), length, path);
	case 3: /* or its file was deleted */
		return kept_code(symbolizer, object, length);
	case 4: /* perf's cache */
		if (symbolizer->symfs || !named || !home)
			return ev_strdup("");
		return ev_printf("%s/.debug/.build-id/%.2s/%s/elf", home, id, id + 2);
	case 5:
		fetched = ev_fetched_find(symbolizer, object->shown.build_id,
					  object->shown.build_id_bytes);
		return ev_strdup(fetched && fetched->file ? fetched->file : "");
	default:
		return NULL;
	}
}

static const char *why_not(int code, bool differs)
{
	if (differs)
		return "build-id differs: the file was rebuilt";
	switch (code) {
	case -EACCES:
	case -EPERM:
		return "the file may not be read";
	case -ENOEXEC:
		return "not an ELF file";
	case -EINVAL:
		return "not a regular file";
	case -ENOENT:
	case -ENOTDIR:
		return "file not found";
	default:
		return "the file can not be read";
	}
}

/* Without a build-id a file is only known by its path; that must not name some other file. */
static const char *why_not_by_path(const struct ev_symbolizer *symbolizer,
				   const struct object *object)
{
	if (object->shown.build_id_bytes || symbolizer->symfs)
		return NULL;
	if (object->deleted)
		return "the file was deleted or replaced while it ran";
	return symbolizer->elsewhere;
}

int ev_object_open(const struct ev_symbolizer *symbolizer, const struct object *object,
		   struct image *image, char **path, const char **trouble)
{
	const struct ev_object *shown = &object->shown;
	*trouble = why_not_by_path(symbolizer, object);
	if (*trouble)
		return -ENOENT;
	int first_code = 0;
	bool differs = false;
	for (unsigned n = 0; (*path = candidate(symbolizer, object, n)); n++) {
		int code = **path ? ev_image_open(image, *path) : -ENOENT;
		if (!code && shown->build_id_bytes &&
		    !ev_build_id_equal(shown->build_id, shown->build_id_bytes, image->build_id,
				       image->build_id_bytes)) {
			ev_image_close(image);
			differs = true;
			code = -ESTALE;
		}
		if (!code)
			return 0;
		if (!n)
			first_code = code;
		free(*path);
	}
	*trouble = why_not(first_code, differs);
	return -ENOENT;
}

void ev_names_load_file(struct ev_symbolizer *symbolizer, const struct object *object,
			struct names *names)
{
	struct image image;
	char *path;
	if (ev_object_open(symbolizer, object, &image, &path, &names->trouble))
		return;
	ev_names_take(symbolizer, names, &image, path);
	free(path);
}

/* ---- the vdso ---------------------------------------------------------------------------------
 */

static bool own_vdso(const void **bytes, size_t *size_bytes)
{
	unsigned long start = getauxval(AT_SYSINFO_EHDR), low, high;
	char *maps;
	size_t size;
	bool found = false;
	if (!start || ev_file_read("/proc/self/maps", &maps, &size))
		return false;
	for (char *at = maps; at && *at && !found; at = strchr(at, '\n'), at = at ? at + 1 : NULL)
		found = sscanf(at, "%lx-%lx r", &low, &high) == 2 && low == start && high > low;
	free(maps);
	*bytes = (const void *)start;
	*size_bytes = found ? high - low : 0;
	return found;
}

int ev_vdso_open(const struct ev_symbolizer *symbolizer, const struct object *object,
		 struct image *image, const char **trouble)
{
	const struct ev_object *shown = &object->shown;
	const void *bytes;
	size_t size;
	if (!own_vdso(&bytes, &size) || ev_image_open_memory(image, bytes, size)) {
		*trouble = "this kernel's vdso can not be read";
		return -ENOENT;
	}
	bool same = shown->build_id_bytes
			    ? ev_build_id_equal(shown->build_id, shown->build_id_bytes,
						image->build_id, image->build_id_bytes)
			    : symbolizer->same_kernel;
	if (same)
		return 0;
	ev_image_close(image);
	*trouble = "the vdso of another kernel";
	return -ESTALE;
}

void ev_names_load_vdso(struct ev_symbolizer *symbolizer, const struct object *object,
			struct names *names)
{
	struct image image;
	if (ev_vdso_open(symbolizer, object, &image, &names->trouble))
		return;
	ev_names_take(symbolizer, names, &image, object->shown.path);
	names->partial = NULL; /* it has never had other names */
}
