/* What a recording knows of the kernel's BPF programs -> perf's lines of them. */
#include <inttypes.h>
#include <string.h>
#include "header.h"

/* What is used of the kernel's struct bpf_prog_info. */
struct program {
	uint32_t id, functions, lengths, types, entry_bytes, entries, tags;
	uint8_t tag[8];
	char name[17];
	uint64_t addresses_at, lengths_at, entries_at, tags_at; /* in the data behind it */
};

static struct program read_program(struct ev_cursor info)
{
	struct program program = { 0 };
	ev_cursor_u32(&info); /* type */
	program.id = ev_cursor_u32(&info);
	const void *tag = ev_cursor_bytes(&info, sizeof(program.tag));
	ev_cursor_skip(&info, 48);
	const void *name = ev_cursor_bytes(&info, sizeof(program.name) - 1);
	ev_cursor_skip(&info, 24);
	program.functions = ev_cursor_u32(&info);
	program.lengths = ev_cursor_u32(&info);
	program.addresses_at = ev_cursor_u64(&info);
	program.lengths_at = ev_cursor_u64(&info);
	if (info.bad)
		return (struct program){ 0 };
	memcpy(program.tag, tag, sizeof(program.tag));
	memcpy(program.name, name, sizeof(program.name) - 1);
	/* Older kernels end here. */
	program.types = ev_cursor_u32(&info);
	program.entry_bytes = ev_cursor_u32(&info);
	program.entries_at = ev_cursor_u64(&info);
	program.entries = ev_cursor_u32(&info);
	ev_cursor_skip(&info, 32);
	program.tags = ev_cursor_u32(&info);
	program.tags_at = ev_cursor_u64(&info);
	return program;
}

static struct ev_cursor from(struct ev_cursor data, uint64_t at)
{
	ev_cursor_skip(&data, at);
	return data;
}

/* ---- types ----------------------------------------------------------------------------------- */

/* What follows a type of each kind: bytes once, and for each of its members. */
static const struct {
	uint8_t once, each;
} sizes[] = {
	[1] = { 4, 0 },   /* integer */
	[3] = { 12, 0 },  /* array */
	[4] = { 0, 12 },  /* struct */
	[5] = { 0, 12 },  /* union */
	[6] = { 0, 8 },   /* enum */
	[13] = { 0, 8 },  /* prototype of a function */
	[14] = { 4, 0 },  /* variable */
	[15] = { 0, 12 }, /* section of data */
	[17] = { 4, 0 },  /* tag of a declaration */
	[19] = { 0, 12 }, /* enum of 64 bits */
};

/* The bytes of the types that programs of this id have, empty where the recording has none. */
static struct ev_cursor find_types(const struct ev_header_section *section, uint32_t id)
{
	const struct ev_section *all = ev_recording_section(section->recording, EV_FEATURE_BPF_BTF);
	if (!all || !id)
		return (struct ev_cursor){ .bad = true };
	struct ev_cursor at =
		ev_cursor_of(all->bytes, all->size_bytes, section->recording->swapped);
	uint32_t count = ev_cursor_u32(&at);
	while (count-- && !at.bad) {
		uint32_t that = ev_cursor_u32(&at);
		struct ev_cursor types = ev_cursor_part(&at, ev_cursor_u32(&at));
		if (that == id)
			return types;
	}
	return (struct ev_cursor){ .bad = true };
}

/* The name of type number `wanted`, counted from 1; NULL where there is none. The header is: u16
 * magic, u8 version, u8 flags, u32 its size; where types and texts begin behind it, and their
 * sizes.
 */
static const char *type_name(struct ev_cursor all, uint32_t wanted)
{
	struct ev_cursor head = all;
	ev_cursor_skip(&head, 4);
	uint32_t header_bytes = ev_cursor_u32(&head), types_at = ev_cursor_u32(&head),
		 types_bytes = ev_cursor_u32(&head), texts_at = ev_cursor_u32(&head),
		 texts_bytes = ev_cursor_u32(&head);
	struct ev_cursor types = from(all, (uint64_t)header_bytes + types_at);
	struct ev_cursor texts = from(all, (uint64_t)header_bytes + texts_at);
	types = ev_cursor_part(&types, types_bytes);
	texts = ev_cursor_part(&texts, texts_bytes);
	while (wanted && !types.bad && !head.bad) {
		uint32_t name_at = ev_cursor_u32(&types), info = ev_cursor_u32(&types);
		uint32_t kind = info >> 24 & 31, members = info & 0xffff;
		ev_cursor_skip(&types, 4);
		if (kind < EV_LENGTH(sizes))
			ev_cursor_skip(&types, sizes[kind].once + members * sizes[kind].each);
		if (--wanted)
			continue;
		texts = from(texts, name_at);
		const char *name = types.bad ? NULL : ev_cursor_text(&texts);
		return texts.bad ? NULL : name;
	}
	return NULL;
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* As perf does: by the types where there are any, else the whole program's name or an F. */
static const char *function_name(const struct ev_header_section *section,
				 const struct program *program, struct ev_cursor data,
				 uint32_t number)
{
	struct ev_cursor types = find_types(section, program->types);
	if (types.bad && (number || program->functions > 1))
		return "F";
	if (types.bad)
		return program->name[0] ? program->name : NULL;
	struct ev_cursor entry =
		from(data, program->entries_at + (uint64_t)number * program->entry_bytes);
	ev_cursor_skip(&entry, 4); /* its first instruction */
	uint32_t type = ev_cursor_u32(&entry);
	return entry.bad || number >= program->entries ? NULL : type_name(types, type);
}

static void print_function(struct ev_header_section *section, const struct program *program,
			   struct ev_cursor data, uint32_t number)
{
	FILE *out = section->out;
	struct ev_cursor tags = from(data, program->tags_at + 8 * (uint64_t)number);
	const uint8_t *tag = number < program->tags ? ev_cursor_bytes(&tags, 8) : NULL;
	fputs(" bpf_prog_", out);
	for (size_t i = 0; i < sizeof(program->tag); i++)
		fprintf(out, "%02x", tag ? tag[i] : program->tag[i]);
	const char *name = function_name(section, program, data, number);
	if (name) {
		const char *bounded = ev_arena_printf(&section->scratch, "%.*s", 256, name);
		fprintf(out, "_%s", ev_text_safe(&section->scratch, bounded));
	}
}

static void print_program(struct ev_header_section *section, struct ev_cursor info,
			  struct ev_cursor data)
{
	struct program program = read_program(info);
	struct ev_cursor addresses = from(data, program.addresses_at);
	struct ev_cursor lengths = from(data, program.lengths_at);
	if (!program.functions || program.lengths != program.functions ||
	    ev_cursor_left(&addresses) / 8 < program.functions ||
	    ev_cursor_left(&lengths) / 4 < program.functions)
		return;
	fprintf(section->out, "# bpf_prog_info %" PRIu32 ":", program.id);
	if (program.functions > 1)
		putc('\n', section->out);
	for (uint32_t i = 0; i < program.functions; i++) {
		if (program.functions > 1)
			fprintf(section->out, "# \tsub_prog %" PRIu32 ":", i);
		print_function(section, &program, data, i);
		fprintf(section->out, " addr 0x%" PRIx64 " size %" PRIu32 "\n",
			ev_cursor_u64(&addresses), ev_cursor_u32(&lengths));
	}
}

/* u32 count; u32 bytes of the info, u32 of the data, u64 which arrays, info, data. */
void ev_header_programs(struct ev_header_section *section)
{
	struct ev_cursor *at = &section->cursor;
	uint32_t count = ev_cursor_u32(at);
	while (count-- && !at->bad) {
		uint32_t info_bytes = ev_cursor_u32(at), data_bytes = ev_cursor_u32(at);
		ev_cursor_u64(at);
		struct ev_cursor info = ev_cursor_part(at, info_bytes);
		struct ev_cursor data = ev_cursor_part(at, data_bytes);
		if (!at->bad)
			print_program(section, info, data);
		ev_arena_reset(&section->scratch);
	}
}

/* u32 count; u32 id, u32 bytes, bytes. */
void ev_header_types(struct ev_header_section *section)
{
	struct ev_cursor *at = &section->cursor;
	uint32_t count = ev_cursor_u32(at);
	while (count-- && !at->bad) {
		uint32_t id = ev_cursor_u32(at);
		ev_cursor_skip(at, ev_cursor_u32(at));
		if (!at->bad)
			fprintf(section->out, "# btf info of id %" PRIu32 "\n", id);
	}
}
