/* A function of a kernel module is looked for by its name in the module's file, which is linked
 * only when the kernel loads it: operands that it fills in then are named, not known. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include "build_id.h"
#include "elf_symbols.h"
#include "module_code.h"
#include "regular_file.h"

enum { X86_64_PC32 = 2, X86_64_PLT32 = 4, X86_64_PC64 = 24 };
#define LIST_BYTES ((size_t)16 << 20) /* of modules.dep */
#define CODE_BYTES ((uint64_t)4 << 20)

/* ---- which file -------------------------------------------------------------------------------
 */

/* "kernel/fs/ext4/ext4.ko.xz" of module "[ext4]": '-' and '_' are the same. */
static bool is_module(const char *path, size_t length, const char *name)
{
	const char *base = memrchr(path, '/', length);
	base = base ? base + 1 : path;
	size_t left = length - (size_t)(base - path), i = 0;
	name += *name == '[';
	for (; i < left && name[i] && name[i] != ']'; i++)
		if ((base[i] == '-' ? '_' : base[i]) != (name[i] == '-' ? '_' : name[i]))
			return false;
	return left > i + 2 && (!name[i] || name[i] == ']') && !memcmp(base + i, ".ko", 3);
}

static int read_whole(const char *path, size_t limit_bytes, char **bytes, size_t *size_bytes)
{
	struct stat status;
	int fd = ev_regular_open(path, &status);
	return fd < 0 ? fd : ev_regular_read(fd, limit_bytes, bytes, size_bytes, &status);
}

/* The path that modules.dep has for a module, below `folder`; NULL for none. */
static char *find_listed(const char *folder, const char *name)
{
	char *list = ev_printf("%s/modules.dep", folder), *text, *path = NULL;
	size_t size;
	int code = read_whole(list, LIST_BYTES, &text, &size);
	free(list);
	if (code)
		return NULL;
	for (const char *at = text, *end = text + size; at < end && !path;) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		const char *colon = memchr(at, ':', (size_t)((stop ? stop : end) - at));
		if (colon && is_module(at, (size_t)(colon - at), name))
			path = ev_printf("%s%s%.*s", *at == '/' ? "" : folder,
					 *at == '/' ? "" : "/", (int)(colon - at), at);
		at = stop ? stop + 1 : end;
	}
	free(text);
	return path;
}

static char *path_of(const struct ev_symbolizer *symbolizer, const struct ev_object *object)
{
	const char *symfs = symbolizer->symfs ? symbolizer->symfs : "";
	const char *release = symbolizer->osrelease;
	struct utsname here;
	if (*object->path == '/')
		return ev_printf("%s%s", symfs, object->path);
	if (!release && symbolizer->same_host && !uname(&here))
		release = here.release;
	if (!release || strchr(release, '/'))
		return NULL;
	char *folder = ev_printf("%s/lib/modules/%s", symfs, release);
	char *path = find_listed(folder, object->name);
	free(folder);
	return path;
}

int ev_module_open(const struct ev_symbolizer *symbolizer, const struct ev_object *object,
		   struct image *image, struct ev_buffer *bytes, char **path, const char **trouble)
{
	char *tried = symbolizer->no_local_files ? NULL : path_of(symbolizer, object);
	int code = tried ? ev_module_image(image, tried, bytes) : -ENOENT;
	*trouble = code == -ENOEXEC
			   ? "the file of the kernel module is packed in a way that is not known"
			   : "the file of the kernel module is not here (looked for under "
			     "/lib/modules)";
	if (path)
		*path = code ? NULL : ev_strdup(tried);
	free(tried);
	if (code)
		return code;
	bool same = object->build_id_bytes
			    ? ev_build_id_equal(object->build_id, object->build_id_bytes,
						image->build_id, image->build_id_bytes)
			    : !symbolizer->elsewhere || symbolizer->symfs;
	if (same)
		return 0;
	*trouble = object->build_id_bytes ? "build-id differs: the kernel module was replaced since"
					  : symbolizer->elsewhere;
	ev_image_close(image);
	if (path)
		free(*path);
	return -ENOENT;
}

/* ---- the function -----------------------------------------------------------------------------
 */

static const char *name_of(const struct image *image, const struct elf_symbols *symbols,
			   uint64_t index)
{
	if (index >= symbols->count)
		return "?";
	struct elf_symbol symbol = ev_elf_symbol(symbols, (size_t)index);
	const char *name = ev_elf_symbol_name(symbols, &symbol);
	if (!*name && symbol.section < image->section_count)
		name = image->sections[symbol.section].name;
	return *name ? name : "?";
}

static bool is_relative(uint16_t machine, uint32_t type)
{
	return machine == EM_X86_64 &&
	       (type == X86_64_PC32 || type == X86_64_PLT32 || type == X86_64_PC64);
}

/* Those of one section's that lie in the function. */
static void add_relocations(struct module_code *code, const struct image *image,
			    const struct section *section, const struct elf_symbols *symbols,
			    const struct elf_symbol *function)
{
	size_t size, entry = image->wide ? sizeof(Elf64_Rela) : sizeof(Elf32_Rela);
	uint8_t *bytes;
	if (ev_image_section(image, section, &bytes, &size))
		return;
	for (size_t i = 0; i + entry <= size; i += entry) {
		struct ev_cursor at = ev_cursor_of(bytes + i, entry, image->swap);
		uint64_t where = image->wide ? ev_cursor_u64(&at) : ev_cursor_u32(&at);
		uint64_t info = image->wide ? ev_cursor_u64(&at) : ev_cursor_u32(&at);
		int64_t addend =
			image->wide ? (int64_t)ev_cursor_u64(&at) : (int32_t)ev_cursor_u32(&at);
		uint32_t type = image->wide ? (uint32_t)info : (uint32_t)(info & 0xff);
		if (where < function->value || where - function->value >= function->size_bytes)
			continue;
		const char *name = name_of(image, symbols, image->wide ? info >> 32 : info >> 8);
		*ev_array_add(&code->relocations) = (struct relocation){
			.at = where - function->value,
			.name = ev_arena_text(&code->arena, name, strlen(name)),
			.addend = addend,
			.relative = is_relative(image->machine, type),
		};
	}
	free(bytes);
}

static int by_place(const void *one, const void *other)
{
	const struct relocation *a = one, *b = other;
	return a->at < b->at ? -1 : a->at > b->at;
}

static int read_function(struct module_code *code, const struct image *image, const char *name,
			 uint64_t most)
{
	struct elf_symbols symbols;
	struct elf_symbol function = { 0 };
	const struct section *table = NULL;
	for (size_t i = 0; i < image->section_count && !table; i++)
		if (image->sections[i].type == SHT_SYMTAB)
			table = &image->sections[i];
	if (!table || ev_elf_symbols_read(&symbols, image, table))
		return -ENOENT;
	int rc = -ENOENT;
	if (ev_elf_function_of(&symbols, name, most, &function) &&
	    function.section < image->section_count && function.size_bytes <= CODE_BYTES) {
		const struct section *section = &image->sections[function.section];
		if (section->type == SHT_PROGBITS && function.value <= section->size_bytes &&
		    function.size_bytes <= section->size_bytes - function.value)
			rc = ev_image_read(image, section->offset + function.value,
					   function.size_bytes, &code->bytes);
	}
	code->size_bytes = rc ? 0 : function.size_bytes;
	for (size_t i = 0; i < image->section_count && !rc; i++)
		if (image->sections[i].type == SHT_RELA &&
		    image->sections[i].info == function.section)
			add_relocations(code, image, &image->sections[i], &symbols, &function);
	if (code->relocations.count)
		qsort(code->relocations.items, code->relocations.count,
		      sizeof(*code->relocations.items), by_place);
	ev_elf_symbols_done(&symbols);
	return rc;
}

int ev_module_code_read(struct module_code *code, struct ev_symbolizer *symbolizer,
			struct ev_place start, uint64_t size_bytes, const char **trouble)
{
	const struct ev_object *object = &ev_space_object(symbolizer->set, start.object)->shown;
	struct ev_symbol symbol;
	struct ev_buffer unpacked = { 0 };
	struct image image;
	*code = (struct module_code){ 0 };
	size_t count =
		ev_symbolize(symbolizer, start, EV_SYMBOL_EXACT | EV_SYMBOL_MANGLED, &symbol, 1);
	*trouble = "no list of symbols tells which function of the module this is";
	if (!count || !symbol.function || symbol.start != start.offset)
		return -ENOENT;
	int rc = ev_module_open(symbolizer, object, &image, &unpacked, NULL, trouble);
	if (!rc) {
		*trouble = "the file of the kernel module has no such function";
		code->machine = image.machine;
		code->swap = image.swap;
		code->wide = image.wide;
		rc = read_function(code, &image, symbol.function, size_bytes);
		ev_image_close(&image);
	}
	ev_buffer_done(&unpacked);
	return rc;
}

/* ---- what the kernel fills in ------------------------------------------------------------------
 */

/* "callq  <kfree>", as the address behind it is none; and what another operand leads to. */
static const char *told(struct ev_arena *arena, const struct ev_instruction *instruction,
			const struct relocation *relocation, int64_t addend)
{
	size_t word = strcspn(instruction->text, " \t");
	size_t blanks = strspn(instruction->text + word, " \t");
	const char *sign = addend < 0 ? "-" : "+";
	uint64_t size = addend < 0 ? -(uint64_t)addend : (uint64_t)addend;
	char behind[32] = "";
	if (addend)
		snprintf(behind, sizeof(behind), "%s0x%" PRIx64, sign, size);
	if (instruction->flow == EV_FLOW_CALL || instruction->flow == EV_FLOW_JUMP)
		return ev_arena_printf(arena, "%.*s%.*s<%s%s>", (int)word, instruction->text,
				       (int)blanks, instruction->text + word, relocation->name,
				       behind);
	return ev_arena_printf(arena, "%s <%s%s>", instruction->text, relocation->name, behind);
}

void ev_module_code_tell(const struct module_code *code, struct ev_assembly *assembly)
{
	size_t next = 0;
	for (size_t i = 0; i < assembly->items.count; i++) {
		struct ev_instruction *instruction = &assembly->items.items[i];
		uint64_t from = instruction->address - assembly->items.items[0].address;
		uint64_t end = from + instruction->size_bytes;
		for (; next < code->relocations.count && code->relocations.items[next].at < end;
		     next++) {
			const struct relocation *relocation = &code->relocations.items[next];
			int64_t addend = relocation->addend;
			if (relocation->at < from)
				continue;
			/* From the operand on, the processor counts from the end. */
			if (relocation->relative)
				addend = (int64_t)((uint64_t)addend + (end - relocation->at));
			instruction->text = told(&assembly->arena, instruction, relocation, addend);
			instruction->has_target = false;
		}
	}
}

void ev_module_code_done(struct module_code *code)
{
	free(code->bytes);
	ev_array_done(&code->relocations);
	ev_arena_done(&code->arena);
	*code = (struct module_code){ 0 };
}
