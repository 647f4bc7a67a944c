/* The line table of a Python code object and an instruction's offset -> its line. The tables are
 * described in CPython's Objects/lnotab_notes.txt and Objects/locations.md. */
#include <evprof/symbol_python.h>

enum { UNIT_BYTES = 2, NO_LINE = -128 };

static uint32_t as_line(int64_t line)
{
	return line > 0 && line <= INT32_MAX ? (uint32_t)line : 0;
}

/* Pairs of bytes: so many bytes further is a line so many lines away. */
static uint32_t of_lnotab(struct ev_cursor table, int64_t line, int64_t offset)
{
	int64_t at = 0;
	while (ev_cursor_left(&table) >= 2) {
		at += ev_cursor_u8(&table);
		if (at > offset)
			break;
		line += (int8_t)ev_cursor_u8(&table);
	}
	return as_line(line);
}

/* Pairs of bytes: a range so many bytes long is of a line so many lines away, or of none. */
static uint32_t of_linetable(struct ev_cursor table, int64_t line, int64_t offset)
{
	int64_t end = 0;
	while (ev_cursor_left(&table) >= 2) {
		end += ev_cursor_u8(&table);
		int delta = (int8_t)ev_cursor_u8(&table);
		if (delta != NO_LINE)
			line += delta;
		if (offset < end)
			return delta == NO_LINE ? 0 : as_line(line);
	}
	return 0;
}

/* Six bits a byte, least first; 0x40: there are more. */
static uint64_t read_varint(struct ev_cursor *table)
{
	uint64_t value = 0;
	for (unsigned shift = 0; ev_cursor_left(table) && !(*table->at & 0x80); shift += 6) {
		uint8_t byte = ev_cursor_u8(table);
		if (shift < 60)
			value |= (uint64_t)(byte & 0x3f) << shift;
		if (!(byte & 0x40))
			break;
	}
	return value;
}

/* The lowest bit is the sign. What is no distance between lines of a file is none. */
static int64_t read_signed(struct ev_cursor *table)
{
	uint64_t value = read_varint(table);
	if (value >> 1 > INT32_MAX)
		return 0;
	return value & 1 ? -(int64_t)(value >> 1) : (int64_t)(value >> 1);
}

/* Entries that begin with the only byte above 0x7f: the form in bits 3 to 6, the length less one
 * below. Only the forms from 10 on move the line. */
static uint32_t of_locations(struct ev_cursor table, int64_t line, int64_t offset)
{
	enum { SHORT_FORMS = 10, ONE_LINE = 13, LONG = 14, NONE = 15 };
	int64_t end = 0;
	while (ev_cursor_left(&table)) {
		uint8_t first = ev_cursor_u8(&table);
		unsigned form = first >> 3 & 15;
		if (!(first & 0x80))
			continue; /* columns of the last one */
		end += ((first & 7) + 1) * UNIT_BYTES;
		if (form == ONE_LINE || form == LONG)
			line += read_signed(&table);
		else if (form >= SHORT_FORMS && form < ONE_LINE)
			line += form - SHORT_FORMS;
		if (offset < end)
			return form == NONE ? 0 : as_line(line);
	}
	return 0;
}

uint32_t ev_python_line(enum ev_python_lines kind, const void *table, size_t size_bytes,
			uint32_t first_line, int64_t offset_bytes)
{
	static uint32_t (*const readers[])(struct ev_cursor, int64_t, int64_t) = {
		[EV_PYTHON_LNOTAB] = of_lnotab,
		[EV_PYTHON_LINETABLE] = of_linetable,
		[EV_PYTHON_LOCATIONS] = of_locations,
	};
	if (offset_bytes < 0)
		return as_line((int32_t)first_line);
	return readers[kind](ev_cursor_of(table, size_bytes, false), (int32_t)first_line,
			     offset_bytes);
}
