/* Symbols that other recorders put into their files become carried ones: simpleperf's (sections
 * FILE and FILE2) and hiperf's. Layouts: simpleperf's record_file_format.h and record_file.proto,
 * hiperf's perf_file_format.h.
 *
 *   FILE    for each file: u32 size of what follows, path and NUL, u32 kind, u64 its lowest
 *           address, u32 symbols: u64 address, u32 length, name and NUL; a dex file then u32 and so
 *           many u64; an ELF file then u64 the offset of the lowest address
 *   FILE2   for each file: u32 size, then the same as a protocol buffer
 *   hiperf  u32 files: text path, u32 kind, u64 address of the code, u64 its offset, text build-id,
 *           u32 symbols: u64 address, u32 length, text name; a text is u32 size, bytes and NUL */
#include <stdlib.h>
#include <string.h>
#include <evprof/protobuf.h>
#include "carried.h"

enum { SIMPLEPERF_FILE = 128, SIMPLEPERF_FILE2 = 132, HIPERF_SYMBOLS = 192 };
enum { OPEN_BYTES = 4096 }; /* that the last function without a length has at most */
enum { KIND_KERNEL, KIND_MODULE, KIND_ELF, KIND_DEX };

/* One file being read: its addresses become offsets in it, as places have them. */
struct file {
	struct carried *carried;
	struct carried_object object;
	uint64_t kind, address, offset; /* of the file's lowest address; where that is in it */
};

static void add(struct file *file, uint64_t address, uint64_t length, const char *name,
		size_t name_bytes)
{
	if (!name || !name_bytes)
		return;
	struct ev_arena *arena = &file->carried->arena;
	const char *linkage = ev_arena_text(arena, name, strnlen(name, name_bytes));
	struct carried_function *function = ev_array_add(&file->object.functions);
	function->start = address;
	function->end = length > UINT64_MAX - address ? UINT64_MAX : address + length;
	function->function = ev_demangle(arena, linkage);
	function->linkage = strcmp(function->function, linkage) ? linkage : NULL;
}

static int by_start(const void *one, const void *other)
{
	const struct carried_function *a = one, *b = other;
	return a->start < b->start ? -1 : a->start > b->start;
}

/* Code that was made while it ran is recorded at the addresses where it ran. */
static bool is_jit(const char *path)
{
	return strstr(path, "_jit_app_cache:") || strstr(path, "_jit_zygote_cache:");
}

/* Symbols of a list without lengths, as the kernel's: one reaches to the next that was hit. */
static void end_open(struct carried_object *object)
{
	for (size_t i = 0; i < object->functions.count; i++) {
		struct carried_function *function = &object->functions.items[i];
		if (function->end != function->start)
			continue;
		function->end = i + 1 < object->functions.count
					? object->functions.items[i + 1].start
					: function->start + OPEN_BYTES;
		if (function->end < function->start)
			function->end = UINT64_MAX;
	}
}

static void take(struct file *file)
{
	struct carried_object *object = &file->object;
	bool mapped = file->kind == KIND_ELF && object->path && !is_jit(object->path);
	for (size_t i = 0; mapped && i < object->functions.count; i++) {
		object->functions.items[i].start += file->offset - file->address;
		object->functions.items[i].end += file->offset - file->address;
	}
	/* Modules' addresses are of where they were loaded, which places do not know. */
	if (!object->path || !object->functions.count || file->kind == KIND_MODULE) {
		ev_array_done(&object->functions);
		return;
	}
	object->kind = file->kind == KIND_KERNEL ? EV_OBJECT_KERNEL : EV_OBJECT_FILE;
	qsort(object->functions.items, object->functions.count, sizeof(*object->functions.items),
	      by_start);
	end_open(object);
	ev_carried_add(file->carried, object);
}

/* ---- simpleperf, FILE -------------------------------------------------------------------------
 */

static void read_file(struct carried *carried, struct ev_cursor at)
{
	struct file file = { .carried = carried };
	const char *path = ev_cursor_text(&at);
	file.kind = ev_cursor_u32(&at);
	file.address = ev_cursor_u64(&at);
	uint32_t count = ev_cursor_u32(&at);
	/* Older files end here: offsets are addresses then. */
	file.offset = file.address;
	if (path)
		file.object.path = ev_arena_text(&carried->arena, path, strlen(path));
	for (; count && !at.bad; count--) {
		uint64_t address = ev_cursor_u64(&at);
		uint32_t length = ev_cursor_u32(&at);
		const char *name = ev_cursor_text(&at);
		if (name)
			add(&file, address, length, name, strlen(name));
	}
	if (file.kind == KIND_DEX)
		ev_cursor_skip(&at, (size_t)ev_cursor_u32(&at) * 8);
	if (file.kind == KIND_ELF && ev_cursor_left(&at) >= 8)
		file.offset = ev_cursor_u64(&at);
	take(&file);
}

/* ---- simpleperf, FILE2 ------------------------------------------------------------------------
 */

static void read_symbol2(struct file *file, struct ev_cursor at)
{
	uint64_t address = 0, length = 0;
	const char *name = NULL;
	size_t name_bytes = 0;
	for (struct ev_protobuf_field field; ev_protobuf_next(&at, &field);) {
		if (field.number == 1)
			address = field.value;
		else if (field.number == 2)
			length = field.value;
		else if (field.number == 3) {
			name_bytes = ev_cursor_left(&field.bytes);
			name = ev_cursor_bytes(&field.bytes, name_bytes);
		}
	}
	add(file, address, length, name, name_bytes);
}

static void read_file2(struct carried *carried, struct ev_cursor at)
{
	enum { PATH = 1, KIND, ADDRESS, SYMBOL, DEX, ELF, KERNEL_MODULE };
	struct file file = { .carried = carried };
	for (struct ev_protobuf_field field, inner; ev_protobuf_next(&at, &field);) {
		size_t size = ev_cursor_left(&field.bytes);
		switch (field.number) {
		case PATH: {
			const char *path = ev_cursor_bytes(&field.bytes, size);
			if (path && size)
				file.object.path =
					ev_arena_text(&carried->arena, path, strnlen(path, size));
			break;
		}
		case KIND:
			file.kind = field.value;
			break;
		case ADDRESS:
			file.address = field.value;
			break;
		case SYMBOL:
			read_symbol2(&file, field.bytes);
			break;
		case ELF:
			if (ev_protobuf_next(&field.bytes, &inner) && inner.number == 1)
				file.offset = inner.value;
			break;
		default:
			break;
		}
	}
	take(&file);
}

/* ---- hiperf -----------------------------------------------------------------------------------
 */

static const char *sized_text(struct ev_cursor *at, size_t *size_bytes)
{
	*size_bytes = ev_cursor_u32(at);
	const char *text =
		*size_bytes <= ev_cursor_left(at) ? ev_cursor_bytes(at, *size_bytes) : NULL;
	if (!text)
		at->bad = true;
	return text;
}

static void read_hiperf(struct carried *carried, struct ev_cursor at)
{
	for (uint32_t files = ev_cursor_u32(&at); files && !at.bad; files--) {
		struct file file = { .carried = carried };
		size_t size;
		const char *path = sized_text(&at, &size);
		if (path && size)
			file.object.path =
				ev_arena_text(&carried->arena, path, strnlen(path, size));
		file.kind = ev_cursor_u32(&at);
		file.address = ev_cursor_u64(&at);
		file.offset = ev_cursor_u64(&at);
		sized_text(&at, &size); /* the build-id, which its mappings have not */
		for (uint32_t count = ev_cursor_u32(&at); count && !at.bad; count--) {
			uint64_t address = ev_cursor_u64(&at);
			uint32_t length = ev_cursor_u32(&at);
			const char *name = sized_text(&at, &size);
			add(&file, address, length, name, size);
		}
		take(&file);
	}
}

/* ---- all --------------------------------------------------------------------------------------
 */

static struct ev_cursor section_of(const struct ev_recording *recording, unsigned number)
{
	const struct ev_section *section = ev_recording_section(recording, number);
	return section ? ev_cursor_of(section->bytes, section->size_bytes, recording->swapped)
		       : ev_cursor_of(NULL, 0, false);
}

void ev_carried_take_foreign(struct carried *carried, const struct ev_recording *recording)
{
	static const struct {
		unsigned number;
		void (*read)(struct carried *carried, struct ev_cursor at);
	} sized[] = { { SIMPLEPERF_FILE, read_file }, { SIMPLEPERF_FILE2, read_file2 } };
	struct ev_cursor at = section_of(recording, HIPERF_SYMBOLS);
	if (ev_cursor_left(&at))
		read_hiperf(carried, at);
	for (size_t i = 0; i < EV_LENGTH(sized); i++) {
		at = section_of(recording, sized[i].number);
		while (!at.bad && ev_cursor_left(&at) > 4) {
			uint32_t size = ev_cursor_u32(&at);
			struct ev_cursor file = ev_cursor_part(&at, size);
			if (!at.bad)
				sized[i].read(carried, file);
		}
	}
}
