/* What a recording keeps about the CPUs, caches and memory of its machine -> perf's lines. */
#include <inttypes.h>
#include <string.h>
#include "header.h"

const char *ev_header_text(struct ev_header_section *section, struct ev_cursor *cursor)
{
	uint32_t room = ev_cursor_u32(cursor);
	const char *text = ev_cursor_bytes(cursor, room);
	if (!text)
		return NULL;
	const char *whole = ev_arena_text(&section->scratch, text, strnlen(text, room));
	return ev_text_safe(&section->scratch, whole);
}

/* u32 count, then so many texts; false when they are not all there. */
static bool print_texts(struct ev_header_section *section, struct ev_cursor *cursor,
			const char *title)
{
	uint32_t count = ev_cursor_u32(cursor);
	while (count-- && !cursor->bad) {
		const char *text = ev_header_text(section, cursor);
		if (text && title)
			fprintf(section->out, "# %s : %s\n", title, text);
	}
	return !cursor->bad;
}

/* u32 count, texts of the sockets' CPUs; the same of the cores' threads; u32 core, u32 socket of
 * every CPU; later versions: the same of the dies, u32 die of every CPU. */
void ev_header_topology(struct ev_header_section *section)
{
	struct ev_cursor threads = section->cursor, places, dies;
	uint32_t cpus = section->recording->cpus_available;
	if (!print_texts(section, &threads, "sibling sockets"))
		return;
	places = threads;
	if (!print_texts(section, &places, NULL))
		return;
	if (ev_cursor_left(&places) / 8 < cpus) { /* before 4.2 */
		print_texts(section, &threads, "sibling threads");
		fputs("# Core ID and Socket ID information is not available\n", section->out);
		return;
	}
	dies = places;
	ev_cursor_skip(&dies, (size_t)cpus * 8);
	bool has_dies = ev_cursor_left(&dies) && print_texts(section, &dies, "sibling dies   ");
	has_dies = has_dies && ev_cursor_left(&dies) / 4 >= cpus;
	print_texts(section, &threads, "sibling threads");
	for (uint32_t cpu = 0; cpu < cpus; cpu++) {
		uint32_t core = ev_cursor_u32(&places), socket = ev_cursor_u32(&places);
		fprintf(section->out, "# CPU %" PRIu32 ": Core ID %" PRId32, cpu, (int32_t)core);
		if (has_dies)
			fprintf(section->out, ", Die ID %" PRId32, (int32_t)ev_cursor_u32(&dies));
		fprintf(section->out, ", Socket ID %" PRId32 "\n", (int32_t)socket);
	}
}

/* u32 count; u32 node, u64 total, u64 free, text of its CPUs. */
void ev_header_nodes(struct ev_header_section *section)
{
	struct ev_cursor *at = &section->cursor;
	uint32_t count = ev_cursor_u32(at);
	while (count-- && !at->bad) {
		uint32_t node = ev_cursor_u32(at);
		uint64_t total_kb = ev_cursor_u64(at), free_kb = ev_cursor_u64(at);
		const char *cpus = ev_header_text(section, at);
		if (!cpus)
			return;
		fprintf(section->out,
			"# node%" PRIu32 " meminfo  : total = %" PRIu64 " kB, free = %" PRIu64
			" kB\n# node%" PRIu32 " cpu list : %s\n",
			node, total_kb, free_kb, node, cpus);
		ev_arena_reset(&section->scratch);
	}
}

/* u32 version, u32 count; u32 level, line size, sets, ways, texts of type, size and CPUs. */
void ev_header_caches(struct ev_header_section *section)
{
	struct ev_cursor *at = &section->cursor;
	uint32_t version = ev_cursor_u32(at), count = ev_cursor_u32(at);
	if (version != 1 || at->bad)
		return;
	fputs("# CPU cache info:\n", section->out);
	while (count-- && !at->bad) {
		uint32_t level = ev_cursor_u32(at);
		ev_cursor_skip(at, 3 * sizeof(uint32_t));
		const char *type = ev_header_text(section, at);
		const char *size = ev_header_text(section, at);
		const char *cpus = ev_header_text(section, at);
		if (!type || !size || !cpus)
			return;
		fprintf(section->out, "#  L%" PRIu32 " %-15s %8s [%s]\n", level, type, size, cpus);
		ev_arena_reset(&section->scratch);
	}
}

/* 25769803776 -> "24G": the largest unit of which there is more than one. */
static void print_size(FILE *out, uint64_t bytes)
{
	static const char units[] = "BKMGTPE";
	size_t unit = 0;
	while (bytes >= 1024 && unit + 2 < sizeof(units)) {
		bytes /= 1024;
		unit++;
	}
	fprintf(out, "%" PRIu64 "%c", bytes, units[unit]);
}

static bool is_set(const uint8_t *words, uint64_t bit, bool swap)
{
	uint64_t word;
	memcpy(&word, words + bit / 64 * 8, sizeof(word));
	return (swap ? ev_swap64(word) : word) >> bit % 64 & 1;
}

/* Numbers of the bits that are set: "0-23,32-199". */
static uint64_t print_bits(FILE *out, const uint8_t *words, uint64_t bits, bool swap)
{
	const char *between = "";
	uint64_t count = 0;
	for (uint64_t bit = 0; bit < bits; bit++) {
		uint64_t first = bit;
		if (!is_set(words, bit, swap))
			continue;
		while (bit + 1 < bits && is_set(words, bit + 1, swap))
			bit++;
		count += bit - first + 1;
		if (out && bit > first)
			fprintf(out, "%s%" PRIu64 "-%" PRIu64, between, first, bit);
		else if (out)
			fprintf(out, "%s%" PRIu64, between, first);
		between = ",";
	}
	return count;
}

/* u64 version, block size, count; u64 node, bits, bits again, words. */
void ev_header_memory(struct ev_header_section *section)
{
	struct ev_cursor *at = &section->cursor;
	uint64_t version = ev_cursor_u64(at), block_bytes = ev_cursor_u64(at);
	uint64_t count = ev_cursor_u64(at);
	bool swap = section->recording->swapped;
	if (version != 1 || at->bad)
		return;
	fprintf(section->out, "# memory nodes (nr %" PRIu64 ", block size 0x%" PRIx64 "):\n", count,
		block_bytes);
	while (count-- && !at->bad) {
		uint64_t node = ev_cursor_u64(at), bits;
		ev_cursor_u64(at);
		bits = ev_cursor_u64(at);
		if (bits > ev_cursor_left(at) * 8)
			return;
		const uint8_t *words = ev_cursor_bytes(at, (size_t)((bits + 63) / 64 * 8));
		if (!words)
			return;
		fprintf(section->out, "#  %3" PRIu64 " [", node);
		print_size(section->out, print_bits(NULL, words, bits, swap) * block_bytes);
		fputs("]: ", section->out);
		print_bits(section->out, words, bits, swap);
		putc('\n', section->out);
	}
}
