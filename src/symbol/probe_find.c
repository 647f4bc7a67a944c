/* A probe as it was typed becomes the places in files where it is to be put. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <evprof/symbol.h>
#include "probe_code.h"
#include "probe_files.h"
#include "stapsdt.h"

/* DWARF of this size is read in a moment. */
#define QUICK_DWARF ((uint64_t)16 << 20)

/* One file looked through for one probe. */
struct finding {
	const struct ev_probe *probe;
	const char *path;
	const struct image *image;
	struct probe_functions functions;
	struct probe_spots spots;
	struct ev_probe_places *places;
	struct ev_arena *arena;
	struct ev_err *err;
};

static bool is_glob(const char *text)
{
	return strpbrk(text, "*?[");
}

static struct ev_probe_place *add_place(struct finding *finding, const char *name, uint64_t offset)
{
	struct ev_probe_place *place = ev_array_add(finding->places);
	place->path = finding->path;
	const char *plain = ev_arena_text(finding->arena, name, strcspn(name, "@"));
	place->name = finding->probe->kind == EV_PROBE_MARKER
			      ? name
			      : ev_demangle_whole(finding->arena, plain);
	place->offset = offset;
	return place;
}

/* ---- functions --------------------------------------------------------------------------------
 */

static int absent(struct finding *finding, size_t indirect)
{
	const struct ev_probe *probe = finding->probe;
	struct ev_arena *arena = finding->arena;
	const char *name = ev_text_safe(arena, probe->name),
		   *path = ev_text_safe(arena, finding->path);
	const char *near = ev_probe_functions_near(&finding->functions, probe->name, arena);
	if (indirect)
		return ev_fail(finding->err, ENOENT,
			       "'%s' of '%s' can not be probed: which function it is, is chosen "
			       "when a program is loaded%s%s%s",
			       name, path, *near ? "\ndid you mean: " : "", near, *near ? "?" : "");
	for (size_t i = 0; i < finding->functions.imports.count; i++) {
		const char *import = finding->functions.imports.items[i];
		size_t length = strcspn(import, "@");
		if (strncmp(import, probe->name, length) || probe->name[length])
			continue;
		const char *library = ev_import_find(finding->image, probe->name, arena);
		if (!library)
			return ev_fail(finding->err, ENOENT,
				       "'%s' only calls '%s': a library has it, and none that it "
				       "needs was found to",
				       path, name);
		return ev_fail(finding->err, ENOENT,
			       "'%s' only calls '%s', which is in %s: probe %s:%s", path, name,
			       ev_text_safe(arena, library), ev_text_safe(arena, library), name);
	}
	if (!is_glob(probe->name) &&
	    ev_function_is_inlined(finding->functions.debug_path, probe->name))
		return ev_fail(finding->err, ENOENT,
			       "'%s' of '%s' was inlined: the compiler put its code into its "
			       "callers, and there is no function left to probe (build it with "
			       "__attribute__((noinline)))",
			       name, path);
	if (!finding->functions.count)
		return ev_fail(finding->err, ENOENT,
			       "'%s' names no functions: it is stripped, and no debug file for it "
			       "was found",
			       path);
	if (is_glob(probe->name))
		return ev_fail(finding->err, ENOENT, "no function of '%s' matches '%s'", path,
			       name);
	return ev_fail(finding->err, ENOENT,
		       "'%s' has no function '%s'%s%s%s\nRun 'evprof list \"uprobe:%s:*\"' to see "
		       "those that it has.",
		       path, name, *near ? "\ndid you mean: " : "", near, *near ? "?" : "", path);
}

static int check_offset(struct finding *finding, const struct probe_code *code,
			const struct probe_function *function, const char **caution)
{
	uint64_t into = finding->probe->offset_bytes, before, after;
	const char *name = ev_text_safe(finding->arena, finding->probe->name);
	if (function->size_bytes ? into >= function->size_bytes
				 : into >= finding->image->size_bytes - function->offset)
		return ev_fail(finding->err, EINVAL,
			       "'%s' has %llu bytes: +0x%llx is behind its end", name,
			       (unsigned long long)function->size_bytes, (unsigned long long)into);
	int begins = ev_probe_boundary(code, function, into, &before, &after);
	if (!begins)
		return ev_fail(finding->err, EINVAL,
			       "no instruction of '%s' begins at +0x%llx; +0x%llx and +0x%llx are "
			       "the nearest that do",
			       name, (unsigned long long)into, (unsigned long long)before,
			       (unsigned long long)after);
	if (begins < 0)
		*caution = "nothing here could tell whether an instruction begins there; the "
			   "program may crash if none does";
	return 0;
}

/* Calls that were replaced by the body of the function are not among those that a probe sees. */
static const char *caution_of(const struct finding *finding)
{
	const struct section *info = ev_image_find(finding->image, ".debug_info");
	bool quick = info && info->type != SHT_NOBITS && info->size_bytes < QUICK_DWARF;
	if (is_glob(finding->probe->name) || !quick ||
	    !ev_function_is_inlined(finding->functions.debug_path, finding->probe->name))
		return NULL;
	return "calls that the compiler replaced by the function's own code are not seen";
}

static int put(struct finding *finding, const struct probe_code *code)
{
	const struct ev_probe *probe = finding->probe;
	const char *inlined = caution_of(finding);
	if (probe->kind == EV_PROBE_FUNCTION && !probe->has_offset)
		ev_probe_spots_choose(finding->spots.items, finding->spots.count,
				      &finding->functions, code);
	for (size_t i = 0; i < finding->spots.count; i++) {
		struct probe_spot *spot = &finding->spots.items[i];
		const char *caution = inlined;
		if (probe->has_offset) {
			int rc = check_offset(finding, code, spot->function, &caution);
			if (rc)
				return rc;
			spot->into_bytes = probe->offset_bytes;
			spot->why = "where it was asked for";
		} else if (probe->kind == EV_PROBE_RETURN) {
			spot->why = "on its return, by way of its entry";
		}
		uint64_t offset = spot->function->offset + spot->into_bytes;
		struct ev_probe_place *place =
			add_place(finding,
				  is_glob(probe->name) ? spot->function->name : probe->name,
				  offset);
		place->into_bytes = spot->into_bytes;
		place->caution = caution;
		place->note = ev_arena_printf(finding->arena, "%s (+0x%llx, 0x%llx in the file)",
					      spot->why, (unsigned long long)spot->into_bytes,
					      (unsigned long long)offset);
	}
	return 0;
}

static int find_functions(struct finding *finding)
{
	ev_probe_functions_read(&finding->functions, finding->image, finding->path);
	size_t indirect = ev_probe_functions_choose(&finding->functions, finding->probe->name,
						    &finding->spots);
	int rc = finding->spots.count ? 0 : absent(finding, indirect);
	if (!rc) {
		struct probe_code code;
		ev_probe_code_read(&code, finding->image);
		rc = put(finding, &code);
		ev_probe_code_done(&code);
	}
	ev_array_done(&finding->spots);
	ev_probe_functions_done(&finding->functions);
	return rc;
}

/* ---- markers ----------------------------------------------------------------------------------
 */

static int no_marker(struct finding *finding, const struct markers *markers)
{
	const struct ev_probe *probe = finding->probe;
	struct ev_arena *arena = finding->arena;
	const char *list = "";
	for (size_t i = 0; i < markers->count && strlen(list) < 200; i++) {
		const struct marker *marker = &markers->items[i];
		const char *name =
			ev_arena_printf(arena, "%s:%s", ev_text_safe(arena, marker->provider),
					ev_text_safe(arena, marker->name));
		if (!strstr(list, name))
			list = ev_arena_printf(arena, "%s%s%s", list, *list ? ", " : "", name);
	}
	return ev_fail(finding->err, ENOENT, "'%s' has no marker '%s:%s'; it has %s",
		       ev_text_safe(arena, finding->path), ev_text_safe(arena, probe->provider),
		       ev_text_safe(arena, probe->name), list);
}

static void add_marker(struct finding *finding, const struct marker *marker)
{
	uint64_t offset, semaphore = 0;
	if (!ev_image_offset(finding->image, marker->address, &offset) ||
	    (marker->semaphore && !ev_image_offset(finding->image, marker->semaphore, &semaphore)))
		return;
	const char *name = ev_arena_printf(finding->arena, "%s:%s", marker->provider, marker->name);
	for (size_t i = 0; i < finding->places->count; i++) {
		const struct ev_probe_place *other = &finding->places->items[i];
		if (other->path == finding->path && other->offset == offset &&
		    !strcmp(other->name, name))
			return;
	}
	struct ev_probe_place *place = add_place(finding, name, offset);
	place->semaphore = semaphore;
	place->note = ev_arena_printf(finding->arena, "at 0x%llx in the file%s",
				      (unsigned long long)offset,
				      semaphore ? ", awake while it is watched" : "");
}

static int find_markers(struct finding *finding)
{
	const struct ev_probe *probe = finding->probe;
	struct markers markers;
	size_t before = finding->places->count;
	int rc = ev_markers_read(&markers, finding->image);
	if (rc == -ENOENT)
		return ev_fail(finding->err, ENOENT,
			       "'%s' brings no markers along (readelf -n "
			       "would show its stapsdt notes)",
			       ev_text_safe(finding->arena, finding->path));
	if (rc)
		return ev_fail(finding->err, -rc,
			       "the markers of '%s' can't be understood: its "
			       "section .note.stapsdt is broken",
			       ev_text_safe(finding->arena, finding->path));
	for (size_t i = 0; i < markers.count; i++)
		if (ev_glob_match_exact(probe->provider, markers.items[i].provider) &&
		    ev_glob_match_exact(probe->name, markers.items[i].name))
			add_marker(finding, &markers.items[i]);
	if (finding->places->count == before)
		rc = no_marker(finding, &markers);
	ev_markers_done(&markers);
	return rc;
}

/* ---- files ------------------------------------------------------------------------------------
 */

static int find_in(const struct ev_probe *probe, const char *path, struct ev_probe_places *places,
		   struct ev_err *err)
{
	struct image image;
	struct finding finding = { .probe = probe,
				   .path = path,
				   .image = &image,
				   .places = places,
				   .arena = places->arena,
				   .err = err };
	int rc = ev_image_open(&image, path);
	const char *shown = ev_text_safe(places->arena, path);
	if (rc == -ENOEXEC)
		return ev_fail(err, ENOEXEC,
			       "'%s' is not an ELF file: name the program that runs it, or the "
			       "library with the code",
			       shown);
	if (rc)
		return ev_fail(err, -rc, "'%s' can not be read: %s", shown, strerror(-rc));
	rc = probe->kind == EV_PROBE_MARKER ? find_markers(&finding) : find_functions(&finding);
	ev_image_close(&image);
	return rc;
}

int ev_probe_find(void *context, const struct ev_probe *probe, struct ev_probe_places *places,
		  struct ev_err *err)
{
	struct probe_files files = { 0 };
	struct ev_err first = { 0 };
	(void)context;
	int rc = ev_probe_files(probe->path, places->arena, &files, err);
	if (rc)
		return rc;
	/* Of many files some may be without. */
	for (size_t i = 0; i < files.count; i++) {
		struct ev_err here = { 0 };
		int failed = find_in(probe, files.items[i], places, &here);
		if (failed && !first.code)
			first = here;
	}
	ev_array_done(&files);
	if (places->count)
		return 0;
	if (err)
		*err = first;
	return -first.code;
}
