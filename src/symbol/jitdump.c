/* The records of a jit-PID.dump become codes with names and lines, and the times at which each was
 * where. Layout: tools/perf/Documentation/jitdump-specification.txt of Linux. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "jitdump.h"
#include "regular_file.h"

#define MAGIC 0x4a695444u
#define HEADER_BYTES 40
#define PREFIX_BYTES 16
#define FLAG_ARCH_TIMESTAMP 1
#define WINDOW_BYTES ((size_t)64 << 10)
#define NAME_LIMIT ((size_t)4096)
#define DEBUG_LIMIT ((size_t)4 << 20) /* bytes of the lines of one function */
#define CODE_LIMIT ((size_t)4 << 20)
#define LINE_LIMIT ((size_t)16 << 20)
#define NAMES_LIMIT ((size_t)256 << 20)

enum { CODE_LOAD, CODE_MOVE, CODE_DEBUG_INFO };

/* Most of the file is code that is not needed, so it is read through a window. */
struct window {
	int fd;
	bool swap;
	uint64_t size_bytes, from;
	size_t filled;
	uint8_t *bytes; /* room for `room` */
	size_t room;
};

/* `count` bytes at an offset of the file, NULL past its end. */
static const uint8_t *look(struct window *window, uint64_t at, size_t count)
{
	if (at > window->size_bytes || count > window->size_bytes - at)
		return NULL;
	if (at >= window->from && at - window->from <= window->filled &&
	    count <= window->filled - (at - window->from))
		return window->bytes + (at - window->from);
	size_t wanted = count > WINDOW_BYTES ? count : WINDOW_BYTES;
	if (wanted > window->size_bytes - at)
		wanted = (size_t)(window->size_bytes - at);
	if (wanted > window->room)
		window->bytes = ev_realloc(window->bytes, window->room = wanted);
	window->filled = 0;
	if (ev_regular_read_at(window->fd, at, window->bytes, wanted))
		return NULL;
	window->from = at;
	window->filled = wanted;
	return window->bytes;
}

struct record {
	uint32_t id;
	uint64_t time_ns;
	uint64_t at, end; /* of what follows the prefix */
};

static bool read_header(struct jitdump *dump, struct window *window, uint64_t *first)
{
	const uint8_t *bytes = look(window, 0, HEADER_BYTES);
	if (!bytes)
		return false;
	struct ev_cursor at = ev_cursor_of(bytes, HEADER_BYTES, false);
	uint32_t magic = ev_cursor_u32(&at);
	if (magic != MAGIC && ev_swap32(magic) != MAGIC)
		return false;
	window->swap = at.swap = magic != MAGIC;
	ev_cursor_skip(&at, 4); /* version: 1, and later ones only add */
	*first = ev_cursor_u32(&at);
	ev_cursor_skip(&at, 8); /* machine, padding */
	dump->pid = ev_cursor_u32(&at);
	ev_cursor_skip(&at, 8); /* when it was opened; some tell the time of day here */
	dump->foreign_clock = ev_cursor_u64(&at) & FLAG_ARCH_TIMESTAMP;
	return *first >= HEADER_BYTES;
}

static bool next_record(struct window *window, uint64_t *at, struct record *record)
{
	const uint8_t *bytes = look(window, *at, PREFIX_BYTES);
	if (!bytes)
		return false;
	struct ev_cursor prefix = ev_cursor_of(bytes, PREFIX_BYTES, window->swap);
	record->id = ev_cursor_u32(&prefix);
	uint32_t size = ev_cursor_u32(&prefix);
	record->time_ns = ev_cursor_u64(&prefix);
	if (size < PREFIX_BYTES || size > window->size_bytes - *at)
		return false;
	record->at = *at + PREFIX_BYTES;
	record->end = *at += size;
	return true;
}

/* At most `limit` bytes of a record, as far as it reaches. */
static struct ev_cursor content(struct window *window, const struct record *record, size_t limit)
{
	uint64_t left = record->end - record->at;
	size_t count = left < limit ? (size_t)left : limit;
	const uint8_t *bytes = look(window, record->at, count);
	return ev_cursor_of(bytes, bytes ? count : 0, window->swap);
}

/* ---- lines --------------------------------------------------------------------------------------
 */

struct waiting { /* for the code that comes after its lines */
	uint64_t address;
	uint32_t first, count;
};

static bool is_text(const char *name)
{
	for (const unsigned char *at = (const unsigned char *)name; *at; at++)
		if (*at < ' ' || *at == 127)
			return false;
	return *name;
}

/* Entries are taken all or none: some runtimes write what they have already freed. */
static void read_lines(struct jitdump *dump, struct window *window, const struct record *record,
		       struct waiting *waiting)
{
	struct ev_cursor at = content(window, record, DEBUG_LIMIT);
	size_t before = dump->lines.count;
	*waiting = (struct waiting){ .address = ev_cursor_u64(&at), .first = (uint32_t)before };
	uint64_t count = ev_cursor_u64(&at), last = 0;
	uint32_t file = 0;
	if (count > ev_cursor_left(&at) / 17 || dump->lines.count + count > LINE_LIMIT)
		at.bad = true;
	for (; count && !at.bad; count--) {
		uint64_t address = ev_cursor_u64(&at);
		int32_t line = (int32_t)ev_cursor_u32(&at);
		ev_cursor_skip(&at, 4); /* discriminator */
		const char *name = ev_cursor_text(&at);
		if (!name || line < 0 || address < waiting->address || address < last) {
			at.bad = true;
			break;
		}
		last = address;
		bool same = (unsigned char)name[0] == 0xff && !name[1]; /* that of the last one */
		if (!same && !is_text(name))
			at.bad = true;
		else if (!same)
			file = ev_strings_add_text(dump->files, name);
		if (!at.bad)
			*ev_array_add(&dump->lines) = (struct jit_line){ address - waiting->address,
									 file, (uint32_t)line };
	}
	if (at.bad)
		dump->lines.count = before;
	waiting->count = (uint32_t)(dump->lines.count - before);
}

/* ---- code ---------------------------------------------------------------------------------------
 */

static uint64_t time_of(const struct jitdump *dump, const struct record *record)
{
	return dump->foreign_clock ? 0 : record->time_ns;
}

static void read_load(struct jitdump *dump, struct window *window, const struct record *record,
		      struct waiting *waiting)
{
	struct ev_cursor at = content(window, record, 40 + NAME_LIMIT);
	ev_cursor_skip(&at, 16); /* pid, tid, address before relocation */
	uint64_t address = ev_cursor_u64(&at), size = ev_cursor_u64(&at);
	ev_cursor_skip(&at, 8); /* index */
	const char *name = ev_cursor_text(&at);
	uint64_t left = record->end - record->at;
	if (!name || !*name || !size || size > left || size > UINT64_MAX - address ||
	    dump->names.size_bytes > NAMES_LIMIT)
		return;
	struct jit_code code = {
		.offset = record->end - size,
		.size_bytes = size,
		.address = address,
		.name = dump->names.size_bytes,
	};
	if (waiting->count && waiting->address == address) {
		code.first_line = waiting->first;
		code.line_count = waiting->count;
	}
	waiting->count = 0;
	ev_buffer_add(&dump->names, name, strlen(name) + 1);
	*ev_array_add(&dump->codes) = code;
	*ev_array_add(&dump->mappings) =
		(struct jit_mapping){ time_of(dump, record), address, size, code.offset };
}

/* Where code went that was at `address`: the last that was put there. */
static void read_move(struct jitdump *dump, struct window *window, const struct record *record,
		      const struct ev_map *by_index)
{
	struct ev_cursor at = content(window, record, 48);
	ev_cursor_skip(&at, 16); /* pid, tid, address before relocation */
	uint64_t from = ev_cursor_u64(&at), to = ev_cursor_u64(&at);
	uint64_t size = ev_cursor_u64(&at), index = ev_cursor_u64(&at);
	const uint32_t *known = ev_map_find(by_index, index, 0);
	const struct jit_code *code = known && !at.bad ? &dump->codes.items[*known] : NULL;
	/* Code is said once to have moved from where it was loaded, later from where it went. */
	if (!code || !size || size > code->size_bytes || size > UINT64_MAX - to || from == to)
		return;
	*ev_array_add(&dump->mappings) =
		(struct jit_mapping){ time_of(dump, record), to, size, code->offset };
}

static uint64_t index_of(struct window *window, const struct record *record)
{
	struct ev_cursor at = content(window, record, 40);
	ev_cursor_skip(&at, 32);
	return ev_cursor_u64(&at);
}

static void read_record(struct jitdump *dump, struct window *window, const struct record *record,
			struct waiting *waiting, struct ev_map *by_index)
{
	size_t count = dump->codes.count;
	switch (record->id) {
	case CODE_LOAD:
		read_load(dump, window, record, waiting);
		if (dump->codes.count > count)
			*ev_map_add(by_index, index_of(window, record), 0, NULL) = (uint32_t)count;
		break;
	case CODE_MOVE:
		read_move(dump, window, record, by_index);
		break;
	case CODE_DEBUG_INFO:
		read_lines(dump, window, record, waiting);
		break;
	default: /* closed, how to unwind, and what is yet to be thought of */
		break;
	}
}

int ev_jitdump_read(struct jitdump *dump, int fd, uint64_t size_bytes)
{
	struct window window = { .fd = fd, .size_bytes = size_bytes };
	struct waiting waiting = { 0 };
	struct ev_map by_index = { 0 };
	struct record record;
	uint64_t at = 0;
	*dump = (struct jitdump){ .files = ev_strings_open() };
	bool good = read_header(dump, &window, &at);
	while (good && dump->mappings.count < CODE_LIMIT && next_record(&window, &at, &record)) {
		if (!dump->first_ns)
			dump->first_ns = time_of(dump, &record);
		read_record(dump, &window, &record, &waiting, &by_index);
	}
	ev_map_done(&by_index);
	free(window.bytes);
	if (!good)
		ev_jitdump_done(dump);
	return good ? 0 : -ENOEXEC;
}

/* ---- looking up ---------------------------------------------------------------------------------
 */

const struct jit_code *ev_jitdump_find(const struct jitdump *dump, uint64_t offset)
{
	size_t low = 0, high = dump->codes.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (dump->codes.items[middle].offset <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	const struct jit_code *code = low ? &dump->codes.items[low - 1] : NULL;
	return code && offset - code->offset < code->size_bytes ? code : NULL;
}

const char *ev_jitdump_name(const struct jitdump *dump, const struct jit_code *code)
{
	return (const char *)dump->names.bytes + code->name;
}

const struct jit_line *ev_jitdump_line(const struct jitdump *dump, const struct jit_code *code,
				       uint64_t offset)
{
	uint64_t at = offset - code->offset;
	size_t low = 0, high = code->line_count;
	const struct jit_line *lines = dump->lines.items + code->first_line;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (lines[middle].at <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low && lines[low - 1].line ? &lines[low - 1] : NULL;
}

void ev_jitdump_done(struct jitdump *dump)
{
	ev_array_done(&dump->codes);
	ev_array_done(&dump->lines);
	ev_array_done(&dump->mappings);
	ev_buffer_done(&dump->names);
	ev_strings_close(dump->files);
	*dump = (struct jitdump){ 0 };
}
