/* Jitdumps written by hand, in either byte order. */
#ifndef TESTS_SYMBOL_DUMPS_H
#define TESTS_SYMBOL_DUMPS_H

#include "compiled.h"

struct dump_writer {
	struct ev_buffer bytes;
	bool swap;
};

static inline void dump_u32(struct dump_writer *dump, uint32_t value)
{
	ev_buffer_u32(&dump->bytes, dump->swap ? ev_swap32(value) : value);
}

static inline void dump_u64(struct dump_writer *dump, uint64_t value)
{
	ev_buffer_u64(&dump->bytes, dump->swap ? ev_swap64(value) : value);
}

static inline void dump_begin(struct dump_writer *dump, bool swap, uint32_t pid, uint64_t flags)
{
	*dump = (struct dump_writer){ .swap = swap };
	dump_u32(dump, 0x4a695444);
	dump_u32(dump, 1);
	dump_u32(dump, 40);
	dump_u32(dump, 62);
	dump_u32(dump, 0);
	dump_u32(dump, pid);
	dump_u64(dump, 999);
	dump_u64(dump, flags);
}

static inline void dump_prefix(struct dump_writer *dump, uint32_t id, size_t size, uint64_t time_ns)
{
	dump_u32(dump, id);
	dump_u32(dump, (uint32_t)size + 16);
	dump_u64(dump, time_ns);
}

static inline void dump_load(struct dump_writer *dump, uint64_t time_ns, uint64_t address,
			     uint64_t size, uint64_t index, const char *name)
{
	dump_prefix(dump, 0, 40 + strlen(name) + 1 + size, time_ns);
	dump_u64(dump, 0);
	dump_u64(dump, address);
	dump_u64(dump, address);
	dump_u64(dump, size);
	dump_u64(dump, index);
	ev_buffer_add(&dump->bytes, name, strlen(name) + 1);
	ev_buffer_zero(&dump->bytes, size);
}

static inline void dump_move(struct dump_writer *dump, uint64_t time_ns, uint64_t from, uint64_t to,
			     uint64_t size, uint64_t index)
{
	dump_prefix(dump, 1, 48, time_ns);
	dump_u64(dump, 0);
	dump_u64(dump, from);
	dump_u64(dump, from);
	dump_u64(dump, to);
	dump_u64(dump, size);
	dump_u64(dump, index);
}

struct dump_line {
	uint64_t address;
	uint32_t line;
	const char *file;
};

static inline void dump_lines(struct dump_writer *dump, uint64_t address,
			      const struct dump_line *lines, size_t count)
{
	size_t size = 16;
	for (size_t i = 0; i < count; i++)
		size += 17 + strlen(lines[i].file);
	dump_prefix(dump, 2, size, 0);
	dump_u64(dump, address);
	dump_u64(dump, count);
	for (size_t i = 0; i < count; i++) {
		dump_u64(dump, lines[i].address);
		dump_u32(dump, lines[i].line);
		dump_u32(dump, 0);
		ev_buffer_add(&dump->bytes, lines[i].file, strlen(lines[i].file) + 1);
	}
}

static inline void dump_end(struct dump_writer *dump, const char *path)
{
	write_file(path, dump->bytes.bytes, dump->bytes.size_bytes);
	ev_buffer_done(&dump->bytes);
}

#endif
