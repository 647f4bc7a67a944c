/* A file's name and a glob become functions with the places where their calls begin and end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <evprof/symbol_calls.h>
#include "call_code.h"
#include "debug_info.h"
#include "probe_files.h"

/* What start files bring into every program: begun by the loader, not called by the program. */
static const char *const start_files[] = {
	"_start",
	"_init",
	"_fini",
	"frame_dummy",
	"register_tm_clones",
	"deregister_tm_clones",
	"__do_global_dtors_aux",
	"_dl_relocate_static_pie",
};

static bool is_start_file(const char *name)
{
	for (size_t i = 0; i < EV_LENGTH(start_files); i++)
		if (!strcmp(name, start_files[i]))
			return true;
	return false;
}

static bool is_known(const struct ev_call_points *points, const char *path, uint64_t address)
{
	for (size_t i = 0; i < points->count; i++)
		if (points->items[i].address == address && !strcmp(points->items[i].path, path))
			return true;
	return false;
}

/* ---- one function -----------------------------------------------------------------------------
 */

static const uint64_t *keep(struct ev_call_points *points, const struct code_list *list)
{
	return ev_arena_copy(&points->arena, list->items, list->count * sizeof(*list->items));
}

/* Addresses of instructions, as offsets in the file. */
static const uint64_t *keep_offsets(struct ev_call_points *points, struct code_list *list,
				    const struct image *image)
{
	for (size_t i = 0; i < list->count; i++)
		ev_image_offset(image, list->items[i], &list->items[i]);
	return keep(points, list);
}

static void name_source(struct ev_call_points *points, struct ev_call_point *point,
			struct debug_info *debug)
{
	struct debug_frame frame;
	if (!debug ||
	    !ev_debug_find(debug, point->address, EV_SYMBOL_LINES | EV_SYMBOL_DECLARED, &frame, 1))
		return;
	if (frame.file)
		point->source = ev_arena_text(&points->arena, frame.file, strlen(frame.file));
	point->line = frame.declared ? frame.declared : frame.line;
}

/* One file and what was found in it. */
struct reading {
	struct ev_call_points *points;
	const char *path;
	struct image image;
	struct probe_functions functions;
	struct probe_code code;
	struct disassembler *disassembler;
	struct debug_info *debug;
};

static void add_point(struct reading *reading, struct probe_spot *spot)
{
	struct ev_call_points *points = reading->points;
	const struct probe_function *function = spot->function;
	struct call_code read;
	ev_call_code_read(&read, reading->disassembler, spot, &reading->functions, &reading->code);
	if (!read.stack_known) { /* what it did to the stack can't be told: before it did */
		spot->into_bytes = 0;
		spot->cheap = false;
		read.stack_bytes = 0;
	}
	const char *plain =
		ev_arena_text(&points->arena, function->name, strcspn(function->name, "@"));
	struct ev_call_point *point = ev_array_add(points);
	*point = (struct ev_call_point){
		.path = reading->path,
		.name = ev_demangle_whole(&points->arena, plain),
		.entry_offset = function->offset,
		.offset = function->offset + spot->into_bytes,
		.stack_bytes = read.stack_bytes,
		.cheap = spot->cheap,
		.exits_known = read.known,
		.return_count = read.returns.count,
		.jump_count = read.jumps.count,
		.callee_count = read.callees.count,
		.address = function->address,
	};
	point->callees = keep(points, &read.callees);
	point->jump_targets = keep(points, &read.targets);
	point->returns = keep_offsets(points, &read.returns, &reading->image);
	point->jumps = keep_offsets(points, &read.jumps, &reading->image);
	name_source(points, point, reading->debug);
	ev_call_code_done(&read);
}

/* ---- one file ---------------------------------------------------------------------------------
 */

static void add_spots(struct reading *reading, struct probe_spots *spots, bool glob, size_t limit)
{
	size_t kept = 0;
	for (size_t i = 0; i < spots->count; i++) {
		const struct probe_function *function = spots->items[i].function;
		if ((glob && is_start_file(function->name)) ||
		    is_known(reading->points, reading->path, function->address))
			continue;
		if (reading->points->count + kept < limit)
			spots->items[kept++] = spots->items[i];
		else
			reading->points->left_out++;
	}
	if (!kept)
		return;
	ev_probe_code_read(&reading->code, &reading->image);
	ev_probe_spots_choose(spots->items, kept, &reading->functions, &reading->code);
	reading->disassembler = ev_disassembler_open(reading->image.machine);
	if (reading->functions.debug_path)
		reading->debug = ev_debug_open(reading->functions.debug_path, reading->path, NULL);
	for (size_t i = 0; i < kept; i++)
		add_point(reading, &spots->items[i]);
	ev_debug_close(reading->debug);
	ev_disassembler_close(reading->disassembler);
	ev_probe_code_done(&reading->code);
}

/* The sentence that a probe of it would get, and which inlined functions were meant. */
static int meant_none(const struct reading *reading, const char *functions, struct ev_err *err)
{
	struct ev_arena arena = { 0 };
	struct ev_probe probe = { .path = reading->path, .name = functions };
	struct ev_probe_places places = { .arena = &arena };
	const char *inlined =
		ev_functions_inlined(reading->functions.debug_path, functions, &arena);
	int rc;
	if (*inlined)
		rc = ev_fail(err, ENOENT,
			     "what '%s' means in '%s' was inlined: the compiler put the code of %s "
			     "into the callers, and there is no call left to trace (build it with "
			     "-O0, or with __attribute__((noinline)))",
			     ev_text_safe(&arena, functions), ev_text_safe(&arena, reading->path),
			     inlined);
	else
		rc = ev_probe_find(NULL, &probe, &places, err);
	if (!rc) /* start files only */
		rc = ev_fail(err, ENOENT, "'%s' has no function that '%s' means",
			     ev_text_safe(&arena, reading->path), ev_text_safe(&arena, functions));
	ev_array_done(&places);
	ev_arena_done(&arena);
	return rc;
}

static int add_file(struct ev_call_points *points, const char *path, const char *functions,
		    size_t limit, size_t *meant, struct ev_err *err)
{
	struct reading reading = { .points = points, .path = path };
	struct probe_spots spots = { 0 };
	size_t before = points->count + points->left_out;
	struct ev_arena arena = { 0 };
	int rc = ev_image_open(&reading.image, path);
	if (rc) {
		rc = ev_fail(err, -rc, "'%s' %s", ev_text_safe(&arena, path),
			     rc == -ENOEXEC ? "is not an ELF file: name the program that runs it, "
					      "or the library with the code"
					    : strerror(-rc));
		ev_arena_done(&arena);
		return rc;
	}
	ev_probe_functions_read(&reading.functions, &reading.image, path);
	ev_probe_functions_choose(&reading.functions, functions, &spots);
	add_spots(&reading, &spots, strpbrk(functions, "*?["), limit);
	if (!spots.count || (points->count + points->left_out == before && !before))
		rc = meant_none(&reading, functions, err);
	*meant += rc ? 0 : spots.count;
	ev_array_done(&spots);
	ev_probe_functions_done(&reading.functions);
	ev_image_close(&reading.image);
	ev_arena_done(&arena);
	return rc;
}

int ev_call_points_add(struct ev_call_points *points, const char *file, const char *functions,
		       size_t limit, struct ev_err *err)
{
	struct probe_files files = { 0 };
	struct ev_err first = { 0 };
	size_t meant = 0;
	int rc = ev_probe_files(file, &points->arena, &files, err);
	for (size_t i = 0; !rc && i < files.count; i++) {
		struct ev_err here = { 0 };
		if (add_file(points, files.items[i], functions, limit, &meant, &here) &&
		    !first.code)
			first = here;
	}
	ev_array_done(&files);
	if (rc || meant)
		return rc;
	if (err)
		*err = first;
	return -first.code;
}

void ev_call_points_done(struct ev_call_points *points)
{
	ev_array_done(points);
	ev_arena_done(&points->arena);
	*points = (struct ev_call_points){ 0 };
}
