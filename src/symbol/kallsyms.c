/* Lines "address type name [module]" become the functions of the kernel and its modules. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "kallsyms.h"
#include "regular_file.h"

#define FILE_LIMIT ((size_t)64 << 20)
#define PAGE_BYTES 4096

struct line {
	uint64_t address;
	char type;
	const char *name, *module; /* module "" for the kernel itself */
	size_t name_length, module_length;
};

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static size_t word(const char **at, const char *end)
{
	while (*at < end && (**at == ' ' || **at == '\t'))
		++*at;
	const char *from = *at;
	while (*at < end && **at != ' ' && **at != '\t')
		++*at;
	return (size_t)(*at - from);
}

static bool parse_line(const char *at, const char *end, struct line *line)
{
	*line = (struct line){ .module = "" };
	const char *from = at;
	for (; at < end && digit(*at) >= 0 && at - from < 16; at++)
		line->address = line->address << 4 | (uint64_t)digit(*at);
	if (at == from || end - at < 4 || *at != ' ')
		return false;
	line->type = at[1];
	at += 2;
	line->name_length = word(&at, end);
	line->name = at - line->name_length;
	line->module_length = word(&at, end);
	line->module = at - line->module_length;
	return line->name_length;
}

static bool is_code(char type)
{
	return type == 't' || type == 'T' || type == 'w' || type == 'W';
}

/* Functions have no sizes here. One ends where the next symbol begins, and before the gap behind
 * its module. */
struct boundary {
	uint64_t address;
	uint32_t module;
};

static int by_address(const void *one, const void *other)
{
	const struct boundary *a = one, *b = other;
	return a->address < b->address ? -1 : a->address > b->address;
}

static uint64_t end_of(const struct boundary *boundaries, size_t count, uint64_t start)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (boundaries[middle].address <= start)
			low = middle + 1;
		else
			high = middle;
	}
	uint64_t page = (start | (PAGE_BYTES - 1)) + 1;
	if (!page)
		page = UINT64_MAX;
	if (low == count)
		return page;
	const struct boundary *next = &boundaries[low], *own = &boundaries[low - 1];
	return next->module == own->module || next->address < page ? next->address : page;
}

static void read_lines(struct kallsyms *kallsyms, const char *text, size_t size_bytes)
{
	EV_ARRAY(struct boundary) boundaries = { 0 };
	struct ev_strings *modules = ev_strings_open();
	struct line line;
	size_t lines = 0;
	for (const char *at = text, *end = text + size_bytes, *stop; at < end; at = stop + 1) {
		stop = memchr(at, '\n', (size_t)(end - at));
		if (!stop)
			stop = end;
		if (!parse_line(at, stop, &line))
			continue;
		lines++;
		if (!line.address || line.type == 'A' || line.type == 'a')
			continue;
		uint32_t module = ev_strings_add(modules, line.module, line.module_length);
		*ev_array_add(&boundaries) = (struct boundary){ line.address, module };
		if (line.name_length == 5 && !memcmp(line.name, "_text", 5))
			kallsyms->text = line.address;
		if (line.name_length == 6 && !memcmp(line.name, "_stext", 6))
			kallsyms->stext = line.address;
		if (!is_code(line.type))
			continue;
		struct symbol *symbol = ev_symtab_add(&kallsyms->table, line.address, 0, UINT64_MAX,
						      line.name, line.name_length);
		symbol->bind = line.type == 'T'   ? BIND_GLOBAL
			       : line.type == 't' ? BIND_LOCAL
						  : BIND_WEAK;
	}
	if (boundaries.count)
		qsort(boundaries.items, boundaries.count, sizeof(*boundaries.items), by_address);
	for (size_t i = 0; i < kallsyms->table.symbols.count; i++) {
		struct symbol *symbol = &kallsyms->table.symbols.items[i];
		symbol->open = false;
		symbol->end = end_of(boundaries.items, boundaries.count, symbol->start);
	}
	ev_symtab_sort(&kallsyms->table);
	if (!kallsyms->table.symbols.count)
		kallsyms->trouble = boundaries.count || !lines
					    ? "kallsyms lists no functions"
					    : "kptr_restrict hides kernel addresses";
	ev_strings_close(modules);
	ev_array_done(&boundaries);
}

void ev_kallsyms_read(struct kallsyms *kallsyms, const char *path)
{
	struct stat status;
	char *text;
	size_t size;
	*kallsyms = (struct kallsyms){ 0 };
	int code =
		ev_regular_read(path ? path : "/proc/kallsyms", FILE_LIMIT, &text, &size, &status);
	if (code) {
		kallsyms->trouble = code == -EACCES || code == -EPERM ? "kallsyms may not be read"
								      : "kallsyms can not be read";
		return;
	}
	read_lines(kallsyms, text, size);
	free(text);
}

void ev_kallsyms_done(struct kallsyms *kallsyms)
{
	ev_symtab_done(&kallsyms->table);
	*kallsyms = (struct kallsyms){ 0 };
}
