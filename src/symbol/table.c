/* Symbols with their sizes, aliases and labels become one sorted list that answers by address. */
#include <stdlib.h>
#include <string.h>
#include "table.h"

/* Enclosing symbols that are tried; real code nests once or twice. */
#define OUTER_LIMIT 32
#define SYMBOL_LIMIT ((size_t)16 << 20)
#define NAMES_LIMIT ((size_t)256 << 20)

struct symbol *ev_symtab_add(struct table *table, uint64_t start, uint64_t size_bytes,
			     uint64_t limit, const char *name, size_t name_length)
{
	struct symbol *symbol = ev_array_add(&table->symbols);
	symbol->start = start;
	symbol->open = !size_bytes;
	symbol->end = size_bytes > UINT64_MAX - start ? UINT64_MAX : start + size_bytes;
	if (!size_bytes)
		symbol->end = limit > start ? limit : start;
	symbol->name = table->names.size_bytes;
	ev_buffer_add(&table->names, name, name_length);
	ev_buffer_u8(&table->names, 0);
	return symbol;
}

const char *ev_symtab_name(const struct table *table, const struct symbol *symbol)
{
	return (const char *)table->names.bytes + symbol->name;
}

bool ev_symtab_full(const struct table *table)
{
	return table->symbols.count >= SYMBOL_LIMIT || table->names.size_bytes >= NAMES_LIMIT;
}

static size_t underscores(const char *name)
{
	return strspn(name, "_");
}

/* Of a system call that needs no translation, the kernel has one function with an entry's name for
 * 64-bit programs and one for 32-bit ones. */
static bool is_for_32_bits(const char *name)
{
	return !strncmp(name, "__ia32_", 7);
}

/* Which of the names of one address is shown: perf's order of preference, so that both programs
 * call a function the same, but for names that only old programs use. Negative when `one` is
 * better. */
static int worse(const struct table *table, const struct symbol *one, const struct symbol *other)
{
	if (one->label != other->label)
		return one->label - other->label;
	if (one->old != other->old)
		return one->old - other->old;
	if (one->open != other->open)
		return one->open - other->open;
	if ((one->bind == BIND_WEAK) != (other->bind == BIND_WEAK))
		return one->bind == BIND_WEAK ? 1 : -1;
	if ((one->bind == BIND_GLOBAL) != (other->bind == BIND_GLOBAL))
		return one->bind == BIND_GLOBAL ? -1 : 1;
	const char *a = ev_symtab_name(table, one), *b = ev_symtab_name(table, other);
	if (underscores(a) != underscores(b))
		return underscores(a) < underscores(b) ? -1 : 1;
	if (is_for_32_bits(a) != is_for_32_bits(b))
		return is_for_32_bits(b) ? -1 : 1;
	size_t a_length = strlen(a), b_length = strlen(b);
	if (a_length != b_length)
		return a_length > b_length ? -1 : 1;
	return one->name < other->name ? -1 : one->name > other->name;
}

static int by_address(const void *one, const void *other, void *table)
{
	const struct symbol *a = one, *b = other;
	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return worse(table, a, b);
}

/* The nearest symbol before `at` that reaches past its start, as index + 1. */
static uint32_t outer_of(const struct table *table, size_t at)
{
	uint64_t start = table->symbols.items[at].start;
	uint32_t outer = (uint32_t)at;
	while (outer && table->symbols.items[outer - 1].end <= start)
		outer = table->symbols.items[outer - 1].outer;
	return outer;
}

static void sort_starts(struct table *table)
{
	size_t count = table->symbols.count;
	struct ev_keyed *order = ev_realloc(NULL, count * sizeof(*order));
	for (uint32_t i = 0; i < count; i++)
		order[i] = (struct ev_keyed){ table->symbols.items[i].start, i };
	ev_sort_keyed(order, count);
	ev_order_items(table->symbols.items, sizeof(*table->symbols.items), order, count);
	free(order);
}

/* Some tables, the kernel's among them, are sorted but for the names of one address. */
static void sort_symbols(struct table *table)
{
	struct symbol *symbols = table->symbols.items;
	size_t count = table->symbols.count;
	for (size_t i = 1; i < count; i++) {
		if (symbols[i].start < symbols[i - 1].start) {
			sort_starts(table);
			break;
		}
	}
	for (size_t from = 0, to; from < count; from = to) {
		for (to = from + 1; to < count && symbols[to].start == symbols[from].start; to++)
			;
		if (to - from > 1)
			qsort_r(&symbols[from], to - from, sizeof(*symbols), by_address, table);
	}
}

void ev_symtab_sort(struct table *table)
{
	struct symbol *symbols = table->symbols.items;
	size_t count = table->symbols.count, kept = 0;
	if (!count)
		return;
	sort_symbols(table);
	for (size_t i = 0; i < count; i++)
		if (!kept || symbols[kept - 1].start != symbols[i].start)
			symbols[kept++] = symbols[i];
	for (size_t i = 0; i + 1 < kept; i++)
		if (symbols[i].open && symbols[i].end > symbols[i + 1].start)
			symbols[i].end = symbols[i + 1].start;
	count = kept;
	kept = 0;
	for (size_t i = 0; i < count; i++) {
		symbols[kept] = symbols[i];
		symbols[kept].outer = kept ? outer_of(table, kept) : 0;
		/* A label inside a function names no function. */
		if (!symbols[kept].label || !symbols[kept].outer)
			kept++;
	}
	table->symbols.count = table->sorted = kept;
}

const struct symbol *ev_symtab_find(const struct table *table, uint64_t address)
{
	size_t low = 0, high = table->sorted;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (table->symbols.items[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	uint32_t at = (uint32_t)low;
	for (unsigned tries = 0; at && tries < OUTER_LIMIT; tries++) {
		const struct symbol *symbol = &table->symbols.items[at - 1];
		if (address < symbol->end)
			return symbol;
		at = symbol->outer;
	}
	return NULL;
}

void ev_symtab_done(struct table *table)
{
	ev_array_done(&table->symbols);
	table->sorted = 0;
	ev_buffer_done(&table->names);
}
