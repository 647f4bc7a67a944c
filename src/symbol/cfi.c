/* The functions of an object's unwind tables, sorted, and the rows of those that were met. */
#include <stdlib.h>
#include <string.h>
#include "cfi.h"
#include "symbolizer.h"

enum { ENTRY_CODE_BYTES = 128 };
#define FUNCTION_LIMIT ((size_t)8 << 20)
#define NOT_MADE UINT32_MAX

struct function {
	uint32_t start, size_bytes; /* offsets in the file */
	uint32_t at;                /* in its section */
	uint32_t first, count;      /* its rows; count: NOT_MADE */
};
struct source {
	struct frame_section section;
	EV_ARRAY(struct function) functions; /* sorted by start */
};
struct cfi {
	const struct cfi_machine *machine;
	struct image image; /* its outline: segments, entry */
	char *path, *symfs; /* of its files; NULL = none */
	/* .eh_frame is for the running program, and in memory; .debug_frame is for debuggers, often
	 * in another file, and only asked for what the first doesn't say. */
	struct source loaded, debug;
	bool debug_tried;
	struct cfi_rows rows;
};

/* ---- which functions there are ----------------------------------------------------------------
 */

static int by_start(const void *one, const void *other)
{
	const struct function *a = one, *b = other;
	return a->start < b->start ? -1 : a->start > b->start;
}

static void add_function(struct source *source, const struct image *image,
			 const struct frame_function *function, bool *sorted)
{
	uint64_t offset;
	size_t count = source->functions.count;
	if (!ev_image_offset(image, function->start, &offset) || offset > UINT32_MAX ||
	    function->size_bytes > UINT32_MAX - offset)
		return;
	if (count && source->functions.items[count - 1].start > offset)
		*sorted = false;
	*ev_array_add(&source->functions) = (struct function){ .start = (uint32_t)offset,
							       (uint32_t)function->size_bytes,
							       (uint32_t)function->at,
							       0,
							       NOT_MADE };
}

/* `image` tells where code lies; the section may be in another file. */
static void read_source(struct source *source, const struct image *image, const struct image *from,
			bool debug)
{
	struct frame_function function;
	bool sorted = true;
	if (!ev_frame_section_open(&source->section, from, debug))
		return;
	for (size_t at = 0; source->functions.count < FUNCTION_LIMIT &&
			    ev_frame_section_next(&source->section, &at, &function);)
		add_function(source, image, &function, &sorted);
	if (!sorted)
		qsort(source->functions.items, source->functions.count,
		      sizeof(*source->functions.items), by_start);
}

static struct function *find_function(struct source *source, uint64_t offset)
{
	size_t low = 0, high = source->functions.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (source->functions.items[middle].start <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	struct function *found = low ? &source->functions.items[low - 1] : NULL;
	return found && offset - found->start < found->size_bytes ? found : NULL;
}

/* ---- rows of a function -----------------------------------------------------------------------
 */

struct taking {
	struct cfi_rows *rows;
	const struct cfi_machine *machine;
	uint64_t to_offset; /* from an address */
	size_t from;        /* where the function's rows begin */
};

static void take_rule(void *context, uint64_t address, const struct ev_cfi_rule *rule)
{
	struct taking *taking = context;
	ev_cfi_rows_add(taking->rows, taking->machine, (uint32_t)(address + taking->to_offset),
			rule, taking->from);
}

static void make_rows(struct source *source, const struct cfi_machine *machine,
		      const struct function *function, struct cfi_rows *rows)
{
	struct frame_function found;
	size_t at = function->at;
	struct taking taking = { rows, machine, 0, rows->rows.count };
	if (!ev_frame_section_next(&source->section, &at, &found))
		return;
	taking.to_offset = function->start - found.start;
	ev_cfi_program_run(&source->section, machine, &found, take_rule, &taking);
}

static bool find_in(struct cfi *cfi, struct source *source, uint64_t offset,
		    struct ev_cfi_rule *rule)
{
	struct function *function = find_function(source, offset);
	if (!function)
		return false;
	if (function->count == NOT_MADE) {
		function->first = (uint32_t)cfi->rows.rows.count;
		make_rows(source, cfi->machine, function, &cfi->rows);
		function->count = (uint32_t)cfi->rows.rows.count - function->first;
	}
	const struct ev_cfi_row *rows = &cfi->rows.rows.items[function->first];
	size_t low = 0, high = function->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (rows[middle].offset <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return false;
	*rule = ev_cfi_row_rule(&cfi->rows, cfi->machine, &rows[low - 1]);
	return rule->base != EV_CFI_NOTHING || rule->ra == EV_CFI_LOST;
}

/* ---- an object --------------------------------------------------------------------------------
 */

static void copy_outline(struct cfi *cfi, const struct image *image)
{
	cfi->image = (struct image){
		.machine = image->machine,
		.wide = image->wide,
		.entry = image->entry,
		.segments = ev_alloc((image->segment_count + 1) * sizeof(*image->segments)),
		.segment_count = image->segment_count,
	};
	if (image->segment_count)
		memcpy(cfi->image.segments, image->segments,
		       image->segment_count * sizeof(*image->segments));
}

static bool has_debug_frame(const struct image *image)
{
	return ev_image_find(image, ".debug_frame") || ev_image_find(image, ".zdebug_frame");
}

struct cfi *ev_cfi_open(const struct image *image, const char *path, const char *symfs)
{
	const struct cfi_machine *machine = ev_cfi_machine_of(image->machine);
	if (!machine)
		return NULL;
	struct cfi *cfi = ev_alloc(sizeof(*cfi));
	cfi->machine = machine;
	cfi->path = path ? ev_strdup(path) : NULL;
	cfi->symfs = symfs ? ev_strdup(symfs) : NULL;
	copy_outline(cfi, image);
	read_source(&cfi->loaded, &cfi->image, image, false);
	return cfi;
}

/* The file again, or the one with its debug information. */
static bool open_debug(const struct cfi *cfi, struct image *image)
{
	if (!cfi->path || ev_image_open(image, cfi->path))
		return false;
	if (has_debug_frame(image))
		return true;
	char *path = ev_debug_file_find(image, cfi->path, cfi->symfs);
	ev_image_close(image);
	bool opened = path && !ev_image_open(image, path);
	free(path);
	return opened;
}

static void read_debug(struct cfi *cfi)
{
	struct image image;
	cfi->debug_tried = true;
	if (!open_debug(cfi, &image))
		return;
	if (image.machine == cfi->machine->machine && image.wide == cfi->image.wide)
		read_source(&cfi->debug, &cfi->image, &image, true);
	ev_image_close(&image);
}

struct ev_cfi_rule ev_cfi_find(struct cfi *cfi, uint64_t offset)
{
	struct ev_cfi_rule rule;
	if (find_in(cfi, &cfi->loaded, offset, &rule))
		return rule;
	if (!cfi->debug_tried)
		read_debug(cfi);
	if (find_in(cfi, &cfi->debug, offset, &rule))
		return rule;
	return (struct ev_cfi_rule){ 0 };
}

static const struct function *function_at(const struct source *source, size_t index)
{
	return index < source->functions.count ? &source->functions.items[index] : NULL;
}

/* Functions that overlap would need a table that can say so; the later one is cut. */
static void add_function_rows(struct cfi *cfi, struct source *source,
			      const struct function *function, struct cfi_rows *rows, uint64_t *end)
{
	static const struct ev_cfi_rule nothing;
	if (function->start < *end)
		return;
	if (*end && function->start > *end)
		ev_cfi_rows_add(rows, cfi->machine, (uint32_t)*end, &nothing, 0);
	size_t before = rows->rows.count;
	make_rows(source, cfi->machine, function, rows);
	*end = (uint64_t)function->start + function->size_bytes;
	if (rows->rows.count == before)
		ev_cfi_rows_add(rows, cfi->machine, function->start, &nothing, 0);
}

void ev_cfi_all(struct cfi *cfi, struct cfi_rows *rows)
{
	static const struct ev_cfi_rule nothing;
	const struct function *one, *other;
	size_t i = 0, j = 0;
	uint64_t end = 0;
	*rows = (struct cfi_rows){ 0 };
	if (!cfi->debug_tried)
		read_debug(cfi);
	while (one = function_at(&cfi->loaded, i), other = function_at(&cfi->debug, j),
	       one || other) {
		bool loaded = one && (!other || one->start <= other->start);
		if (loaded)
			add_function_rows(cfi, &cfi->loaded, one, rows, &end);
		else
			add_function_rows(cfi, &cfi->debug, other, rows, &end);
		*(loaded ? &i : &j) += 1;
	}
	if (rows->rows.count)
		ev_cfi_rows_add(rows, cfi->machine, (uint32_t)end, &nothing, 0);
}

bool ev_cfi_begins_at(const struct cfi *cfi, uint64_t offset)
{
	uint64_t address;
	return ev_image_address(&cfi->image, offset, &address) && cfi->image.entry &&
	       address - cfi->image.entry < ENTRY_CODE_BYTES;
}

bool ev_cfi_beginning(const struct cfi *cfi, uint64_t *from, uint64_t *to)
{
	if (!cfi->image.entry || !ev_image_offset(&cfi->image, cfi->image.entry, from))
		return false;
	*to = *from + ENTRY_CODE_BYTES;
	return *to <= UINT32_MAX;
}

const struct cfi_machine *ev_cfi_machine(const struct cfi *cfi)
{
	return cfi->machine;
}

static size_t source_bytes(const struct source *source)
{
	return source->section.size_bytes +
	       source->functions.room * sizeof(*source->functions.items);
}

size_t ev_cfi_bytes(const struct cfi *cfi)
{
	if (!cfi)
		return 0;
	return source_bytes(&cfi->loaded) + source_bytes(&cfi->debug) +
	       cfi->rows.rows.room * sizeof(*cfi->rows.rows.items) +
	       cfi->rows.others.room * sizeof(*cfi->rows.others.items);
}

static void close_source(struct source *source)
{
	ev_frame_section_close(&source->section);
	ev_array_done(&source->functions);
}

void ev_cfi_close(struct cfi *cfi)
{
	if (!cfi)
		return;
	close_source(&cfi->loaded);
	close_source(&cfi->debug);
	free(cfi->path);
	free(cfi->symfs);
	ev_image_close(&cfi->image);
	ev_cfi_rows_free(&cfi->rows);
	free(cfi);
}
