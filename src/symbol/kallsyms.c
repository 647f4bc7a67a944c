/* The lines of kallsyms become the functions of the kernel and its modules: all of them, or those
 * around a few addresses. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "kallsyms.h"
#include "kallsyms_copy.h"
#include "kallsyms_lines.h"

#define PAGE_BYTES 4096

/* Functions have no sizes here. One ends where the next symbol begins, and before the gap behind
 * its module. */
struct boundary {
	uint64_t address;
	uint32_t module;
};

/* Between two wanted addresses only the last symbol can cover the upper one, and only the first
 * one can end what covers the lower one. */
struct slot {
	bool any;
	struct boundary first, last;
	EV_ARRAY(struct symbol) names; /* functions that begin at `last` */
	struct ev_buffer text;         /* their names */
};

struct reading {
	struct kallsyms *kallsyms;
	const struct kallsyms_wanted *wanted; /* NULL: keep all */
	struct ev_strings *modules;
	EV_ARRAY(struct boundary) boundaries;
	struct slot *slots; /* one for each wanted address, and one for what is above */
	size_t slot;        /* of the last line */
	uint64_t last;      /* its address */
	bool unsorted, running;
	size_t lines, symbols, functions;
};

static bool is_code(char type)
{
	return type == 't' || type == 'T' || type == 'w' || type == 'W';
}

static uint8_t bind_of(char type)
{
	return type == 'T' ? BIND_GLOBAL : type == 't' ? BIND_LOCAL : BIND_WEAK;
}

static bool is_named(const struct kallsyms_line *line, const char *name)
{
	return line->name_length == strlen(name) && !memcmp(line->name, name, line->name_length);
}

/* `next` NULL: nothing follows. */
static uint64_t end_of(const struct boundary *own, const struct boundary *next)
{
	uint64_t page = (own->address | (PAGE_BYTES - 1)) + 1;
	if (!page)
		page = UINT64_MAX;
	if (!next)
		return page;
	return next->module == own->module || next->address < page ? next->address : page;
}

/* ---- all --------------------------------------------------------------------------------------
 */

static int by_address(const void *one, const void *other)
{
	const struct boundary *a = one, *b = other;
	return a->address < b->address ? -1 : a->address > b->address;
}

static void keep(struct reading *reading, const struct kallsyms_line *line, uint32_t module)
{
	*ev_array_add(&reading->boundaries) = (struct boundary){ line->address, module };
	if (is_code(line->type))
		ev_symtab_add(&reading->kallsyms->table, line->address, 0, UINT64_MAX, line->name,
			      line->name_length)
			->bind = bind_of(line->type);
}

static void end_all(struct reading *reading)
{
	struct boundary *boundaries = reading->boundaries.items;
	size_t count = reading->boundaries.count;
	if (reading->unsorted)
		qsort(boundaries, count, sizeof(*boundaries), by_address);
	for (size_t i = 0; i < reading->kallsyms->table.symbols.count; i++) {
		struct symbol *symbol = &reading->kallsyms->table.symbols.items[i];
		size_t low = 0, high = count;
		while (low < high) {
			size_t middle = low + (high - low) / 2;
			if (boundaries[middle].address <= symbol->start)
				low = middle + 1;
			else
				high = middle;
		}
		symbol->open = false;
		symbol->end = end_of(&boundaries[low - 1], low < count ? &boundaries[low] : NULL);
	}
}

/* ---- those around the wanted addresses --------------------------------------------------------
 */

/* The first wanted address that is not below `address`. */
static size_t slot_of(const struct reading *reading, uint64_t address)
{
	const uint64_t *wanted = reading->wanted->addresses;
	size_t low = 0, high = reading->wanted->count, last = reading->slot;
	if ((last == high || address <= wanted[last]) && (!last || address > wanted[last - 1]))
		return last;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (wanted[middle] < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void fit(struct reading *reading, const struct kallsyms_line *line, uint32_t module)
{
	struct boundary boundary = { line->address, module };
	reading->slot = slot_of(reading, line->address);
	struct slot *slot = &reading->slots[reading->slot];
	if (!slot->any || line->address < slot->first.address)
		slot->first = boundary;
	if (!slot->any || line->address > slot->last.address) {
		slot->last = boundary;
		slot->names.count = 0;
		slot->text.size_bytes = 0;
	}
	slot->any = true;
	if (line->address != slot->last.address || !is_code(line->type) ||
	    reading->slot == reading->wanted->count)
		return;
	struct symbol *symbol = ev_array_add(&slot->names);
	*symbol = (struct symbol){ .bind = bind_of(line->type), .name = slot->text.size_bytes };
	ev_buffer_add(&slot->text, line->name, line->name_length);
	ev_buffer_u8(&slot->text, 0);
}

static void end_fitting(struct reading *reading)
{
	const struct boundary *next = NULL;
	for (size_t i = reading->wanted->count + 1; i-- > 0;) {
		struct slot *slot = &reading->slots[i];
		for (size_t j = 0; j < slot->names.count; j++) {
			const char *name =
				(const char *)slot->text.bytes + slot->names.items[j].name;
			struct symbol *symbol =
				ev_symtab_add(&reading->kallsyms->table, slot->last.address, 0,
					      UINT64_MAX, name, strlen(name));
			symbol->bind = slot->names.items[j].bind;
			symbol->open = false;
			symbol->end = end_of(&slot->last, next);
		}
		if (slot->any)
			next = &slot->first;
		ev_array_done(&slot->names);
		ev_buffer_done(&slot->text);
	}
}

/* The running kernel lists its own symbols by rising address, and searches them so; those of
 * modules follow in any order. */
static bool is_enough(const struct reading *reading, const struct kallsyms_line *line)
{
	return reading->wanted && !reading->wanted->of_modules && reading->running &&
	       !reading->unsorted && !line->module_length &&
	       reading->slot == reading->wanted->count && reading->kallsyms->text &&
	       reading->kallsyms->stext;
}

/* ---- the whole --------------------------------------------------------------------------------
 */

static bool take(void *context, const struct kallsyms_line *line)
{
	struct reading *reading = context;
	reading->lines++;
	if (!line->address || line->type == 'A' || line->type == 'a')
		return true;
	uint32_t module = 0;
	if (line->module_length)
		module = ev_strings_add(reading->modules, line->module, line->module_length);
	reading->symbols++;
	reading->functions += is_code(line->type);
	reading->unsorted |= line->address < reading->last;
	reading->last = line->address;
	if (is_named(line, "_text"))
		reading->kallsyms->text = line->address;
	if (is_named(line, "_stext"))
		reading->kallsyms->stext = line->address;
	if (reading->wanted)
		fit(reading, line, module);
	else
		keep(reading, line, module);
	return !is_enough(reading, line);
}

static void forget_lines(struct reading *reading)
{
	for (size_t i = 0; i <= reading->wanted->count; i++) {
		ev_array_done(&reading->slots[i].names);
		ev_buffer_done(&reading->slots[i].text);
		reading->slots[i] = (struct slot){ 0 };
	}
	reading->slot = reading->lines = reading->symbols = reading->functions = 0;
	reading->last = 0;
	reading->unsorted = false;
}

/* From the copy of the running kernel's list; -errno where there is none to be had. */
static int read_copy(struct reading *reading)
{
	const struct kallsyms_wanted *wanted = reading->wanted;
	if (!wanted || !wanted->cache || wanted->of_modules || !reading->running)
		return -ENOENT;
	int fd = ev_kallsyms_copy_open(wanted->cache, NULL);
	if (fd < 0)
		return fd;
	int code = ev_kallsyms_copy_lines(fd, wanted->addresses, wanted->count, take, reading);
	close(fd);
	if (code)
		forget_lines(reading);
	return code;
}

void ev_kallsyms_read(struct kallsyms *kallsyms, const char *path,
		      const struct kallsyms_wanted *wanted)
{
	struct reading reading = { .kallsyms = kallsyms, .wanted = wanted, .running = !path };
	*kallsyms = (struct kallsyms){ 0 };
	reading.modules = ev_strings_open();
	if (wanted)
		reading.slots = ev_alloc((wanted->count + 1) * sizeof(*reading.slots));
	int code = read_copy(&reading);
	if (code)
		code = ev_kallsyms_lines(path ? path : "/proc/kallsyms", take, &reading);
	if (wanted)
		end_fitting(&reading);
	else
		end_all(&reading);
	if (code)
		ev_kallsyms_done(kallsyms);
	ev_symtab_sort(&kallsyms->table);
	if (code)
		kallsyms->trouble = code == -EACCES || code == -EPERM ? "kallsyms may not be read"
								      : "kallsyms can not be read";
	else if (!reading.functions)
		kallsyms->trouble = reading.symbols || !reading.lines
					    ? "kallsyms lists no functions"
					    : "kptr_restrict hides kernel addresses";
	ev_strings_close(reading.modules);
	ev_array_done(&reading.boundaries);
	free(reading.slots);
}

void ev_kallsyms_done(struct kallsyms *kallsyms)
{
	ev_symtab_done(&kallsyms->table);
	*kallsyms = (struct kallsyms){ 0 };
}
