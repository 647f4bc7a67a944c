/* A skeleton unit of a program and its number become the whole unit out of the package beside the
 * program, or out of a .dwo file that libdw finds no code in. */
#include <dwarf.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include "debug_missing.h"
#include "debug_split.h"
#include "split_ranges.h"
#include "split_unit.h"

#define UNIT_LIMIT ((size_t)1 << 20)
/* Of lists of ranges that are copied for units: in a file that means no good they may be each
 * other's. */
#define COPIES_LIMIT ((size_t)512 << 20)

struct debug_split {
	Dwarf *dwarf; /* of the program */
	char *paths[2];
	char *symfs; /* where the compile folders may be, NULL = nowhere but where they were */
	bool tried, listed;
	struct split_package *package;
	EV_ARRAY(struct split_package *) files;
	struct span addresses, ranges; /* .debug_addr and .debug_ranges of the program */
	EV_ARRAY(uint64_t) bases;      /* sorted: where parts of `ranges` begin */
	EV_ARRAY(struct split_unit *) units;
	size_t copied_bytes; /* at most, for them */
};

struct debug_split *ev_debug_split_open(Dwarf *dwarf, const char *path, const char *program,
					const char *symfs)
{
	struct debug_split *split = ev_alloc(sizeof(*split));
	split->dwarf = dwarf;
	split->symfs = symfs ? ev_strdup(symfs) : NULL;
	split->paths[0] = ev_printf("%s.dwp", path);
	if (program && strcmp(program, path))
		split->paths[1] = ev_printf("%s.dwp", program);
	return split;
}

/* As libdw left them, which unpacks what is packed. */
static struct span program_section(Dwarf *dwarf, const char *wanted)
{
	Elf *elf = dwarf_getelf(dwarf);
	size_t names;
	if (!elf || elf_getshdrstrndx(elf, &names))
		return (struct span){ 0 };
	for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section));) {
		GElf_Shdr header;
		const char *name = gelf_getshdr(section, &header)
					   ? elf_strptr(elf, names, header.sh_name)
					   : NULL;
		if (!name || header.sh_type == SHT_NOBITS ||
		    (strncmp(name, ".debug_", 7) && strncmp(name, ".zdebug_", 8)) ||
		    strcmp(strchr(name, '_') + 1, wanted))
			continue;
		Elf_Data *data = elf_getdata(section, NULL);
		return data && data->d_buf ? (struct span){ data->d_buf, data->d_size }
					   : (struct span){ 0 };
	}
	return (struct span){ 0 };
}

static uint64_t number_of(Dwarf_Die *die, unsigned one, unsigned other)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;
	if ((dwarf_attr(die, one, &attribute) || dwarf_attr(die, other, &attribute)) &&
	    !dwarf_formudata(&attribute, &value))
		return value;
	return 0;
}

static int by_value(const void *one, const void *other)
{
	uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;
	return a < b ? -1 : a > b;
}

/* Where the parts of other units begin tells where one ends. */
static void list_bases(struct debug_split *split)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die die;
	uint8_t type;
	split->listed = true;
	while (split->bases.count < UNIT_LIMIT &&
	       !dwarf_get_units(split->dwarf, cu, &cu, NULL, &type, &die, NULL))
		if (type == DW_UT_skeleton)
			*ev_array_add(&split->bases) = number_of(&die, DW_AT_GNU_ranges_base, 0);
	if (split->bases.count)
		qsort(split->bases.items, split->bases.count, sizeof(*split->bases.items),
		      by_value);
}

static struct span from(struct span whole, uint64_t offset)
{
	if (!whole.bytes || offset > whole.size_bytes)
		return (struct span){ 0 };
	return (struct span){ whole.bytes + offset, whole.size_bytes - offset };
}

static struct span ranges_of(struct debug_split *split, Dwarf_Die *skeleton)
{
	uint64_t base = number_of(skeleton, DW_AT_GNU_ranges_base, 0);
	struct span ranges = from(split->ranges, base);
	if (!split->listed)
		list_bases(split);
	size_t low = 0, high = split->bases.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (split->bases.items[middle] <= base)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < split->bases.count && split->bases.items[low] - base < ranges.size_bytes)
		ranges.size_bytes = split->bases.items[low] - base;
	return ranges;
}

static void open_package(struct debug_split *split)
{
	split->tried = true;
	for (size_t i = 0; i < EV_LENGTH(split->paths) && !split->package; i++)
		if (split->paths[i])
			split->package = ev_split_package_open(split->paths[i]);
	split->addresses = program_section(split->dwarf, "addr");
	split->ranges = program_section(split->dwarf, "ranges");
}

/* The .dwo file of the skeleton, where it was compiled or beside the program. libdw takes one
 * section of a name, which may hold no more than a type. */
static struct split_package *open_file(struct debug_split *split, Dwarf_Die *skeleton, uint64_t id)
{
	Dwarf_Attribute attribute;
	char *name = ev_debug_split_name(skeleton);
	const char *folder = dwarf_formstring(dwarf_attr(skeleton, DW_AT_comp_dir, &attribute));
	const char *beside = split->paths[0], *slash = strrchr(beside, '/');
	if (!name)
		return NULL;
	bool whole = *name == '/';
	folder = whole ? "" : folder;
	char *paths[] = {
		whole ? NULL
		      : ev_printf("%.*s%s", slash ? (int)(slash + 1 - beside) : 0, beside, name),
		folder && split->symfs ? ev_printf("%s/%s/%s", split->symfs, folder, name) : NULL,
		folder ? ev_printf("%s%s%s", folder, whole ? "" : "/", name) : NULL,
	};
	struct split_package *file = NULL;
	for (size_t i = 0; i < EV_LENGTH(paths); i++) {
		if (paths[i] && !file)
			file = ev_split_package_open_file(paths[i], id);
		free(paths[i]);
	}
	free(name);
	if (file)
		*ev_array_add(&split->files) = file;
	return file;
}

static bool find_slices(struct debug_split *split, Dwarf_Die *skeleton, uint64_t id,
			struct split_slices *slices)
{
	if (!split->tried)
		open_package(split);
	if (split->package && ev_split_package_find(split->package, id, slices))
		return true;
	struct split_package *file = open_file(split, skeleton, id);
	return file && ev_split_package_find(file, id, slices);
}

bool ev_debug_split_find(struct debug_split *split, Dwarf_Die *skeleton, uint64_t id,
			 Dwarf_Die *die)
{
	struct split_slices slices;
	struct split_program program = { 0 };
	Dwarf_Half version;
	Dwarf_Addr low;
	if (!find_slices(split, skeleton, id, &slices) ||
	    dwarf_cu_info(skeleton->cu, &version, NULL, NULL, NULL, NULL, NULL, NULL))
		return false;
	program.addresses =
		from(split->addresses, number_of(skeleton, DW_AT_addr_base, DW_AT_GNU_addr_base));
	if (version < 5)
		program.ranges = ranges_of(split, skeleton);
	if (!dwarf_lowpc(skeleton, &low))
		program.base = low;
	if (program.base)
		split->copied_bytes +=
			program.ranges.size_bytes +
			SPLIT_RANGES_GROWTH * slices.parts[SPLIT_RNGLISTS].size_bytes;
	if (split->copied_bytes > COPIES_LIMIT)
		return false;
	struct split_unit *unit = ev_alloc(sizeof(*unit));
	if (!ev_split_unit_open(unit, id, &slices, &program)) {
		free(unit);
		return false;
	}
	*ev_array_add(&split->units) = unit;
	*die = unit->die;
	return true;
}

void ev_debug_split_close(struct debug_split *split)
{
	if (!split)
		return;
	for (size_t i = 0; i < split->units.count; i++) {
		ev_split_unit_close(split->units.items[i]);
		free(split->units.items[i]);
	}
	ev_array_done(&split->units);
	ev_array_done(&split->bases);
	ev_split_package_close(split->package);
	for (size_t i = 0; i < split->files.count; i++)
		ev_split_package_close(split->files.items[i]);
	ev_array_done(&split->files);
	free(split->paths[0]);
	free(split->paths[1]);
	free(split->symfs);
	free(split);
}
