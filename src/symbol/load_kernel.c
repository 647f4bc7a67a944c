/* kallsyms and vmlinux become names for kernel addresses, moved to where the recorded kernel was.
 */
#include <stdlib.h>
#include <string.h>
#include "build_id.h"
#include "elf_symbols.h"
#include "symbolizer.h"

static bool other_build(const struct ev_symbolizer *symbolizer)
{
	const struct ev_object *shown =
		&ev_space_object(symbolizer->set, symbolizer->set->kernel_object)->shown;
	char *notes;
	size_t size;
	uint8_t id[20];
	if (!shown->build_id_bytes || ev_file_read("/sys/kernel/notes", &notes, &size))
		return false;
	size_t bytes = ev_build_id_of_notes(notes, size, id);
	free(notes);
	return bytes && !ev_build_id_equal(shown->build_id, shown->build_id_bytes, id, bytes);
}

/* From a recorded address of the kernel's first symbol to that in a list of symbols. */
static bool shift_to(const struct ev_space_set *set, uint64_t text, uint64_t stext, uint64_t *shift)
{
	uint64_t here = 0;
	*shift = 0;
	if (!set->kernel_reference)
		return true;
	if (!strcmp(set->kernel_reference, "_text"))
		here = text;
	else if (!strcmp(set->kernel_reference, "_stext"))
		here = stext;
	if (!here)
		return false;
	*shift = here - set->kernel_reference_address;
	return true;
}

static void load_vmlinux(struct ev_symbolizer *symbolizer, const char *path)
{
	struct kernel *kernel = &symbolizer->kernel;
	const struct ev_object *shown =
		&ev_space_object(symbolizer->set, symbolizer->set->kernel_object)->shown;
	struct names *names = &kernel->vmlinux;
	struct image image;
	if (ev_image_open(&image, path)) {
		kernel->trouble = "vmlinux can not be read";
		return;
	}
	if (shown->build_id_bytes && !ev_build_id_equal(shown->build_id, shown->build_id_bytes,
							image.build_id, image.build_id_bytes)) {
		ev_image_close(&image);
		kernel->trouble = "build-id differs: vmlinux is of another kernel";
		return;
	}
	uint64_t text = 0, stext = 0;
	ev_elf_address_of(&image, "_text", &text);
	ev_elf_address_of(&image, "_stext", &stext);
	ev_names_take(symbolizer, names, &image, path);
	kernel->trouble = names->trouble;
	if (!shift_to(symbolizer->set, text, stext, &kernel->vmlinux_shift)) {
		kernel->trouble = "vmlinux does not tell where the kernel begins";
		ev_names_done(names);
	}
}

static int by_value(const void *one, const void *other)
{
	const uint64_t *a = one, *b = other;
	return *a < *b ? -1 : *a > *b;
}

void ev_kernel_want(struct ev_symbolizer *symbolizer, bool module, uint64_t address)
{
	struct kernel *kernel = &symbolizer->kernel;
	if (kernel->loaded)
		return;
	*ev_array_add(&kernel->wanted) = address;
	kernel->wants_modules |= module;
}

/* The list as far as it is needed, which for recorded addresses of a kernel that has moved since
 * can't be known beforehand. */
static void read_list(struct ev_symbolizer *symbolizer)
{
	struct kernel *kernel = &symbolizer->kernel;
	struct kallsyms *list = &kernel->kallsyms;
	uint64_t *wanted = kernel->wanted.items;
	size_t kept = 0;
	uint64_t shift;
	if (kernel->wanted.count)
		qsort(wanted, kernel->wanted.count, sizeof(*wanted), by_value);
	for (size_t i = 0; i < kernel->wanted.count; i++)
		if (!kept || wanted[kept - 1] != wanted[i])
			wanted[kept++] = wanted[i];
	kernel->wanted.count = kept;
	if (kept) {
		struct kallsyms_wanted few = { wanted, kept, kernel->wants_modules,
					       symbolizer->cache };
		ev_kallsyms_read(list, symbolizer->kallsyms_path, &few);
		kernel->fitted = true;
		if (list->trouble ||
		    (shift_to(symbolizer->set, list->text, list->stext, &shift) && !shift))
			return;
		ev_kallsyms_done(list);
	}
	kernel->fitted = false;
	ev_kallsyms_read(list, symbolizer->kallsyms_path, NULL);
}

static bool was_wanted(const struct kernel *kernel, uint64_t address)
{
	return bsearch(&address, kernel->wanted.items, kernel->wanted.count,
		       sizeof(*kernel->wanted.items), by_value);
}

static void load_kallsyms(struct ev_symbolizer *symbolizer)
{
	struct kernel *kernel = &symbolizer->kernel;
	const char *trouble = NULL;
	if (!symbolizer->kallsyms_path) {
		if (!symbolizer->same_kernel)
			trouble = symbolizer->osrelease
					  ? ev_arena_printf(&symbolizer->arena,
							    "recorded on another kernel (%.64s)",
							    symbolizer->osrelease)
					  : "recorded on an unknown kernel";
		else if (other_build(symbolizer))
			trouble = "build-id differs: another build of the kernel is running";
	}
	if (!trouble) {
		read_list(symbolizer);
		trouble = kernel->kallsyms.trouble;
	}
	if (!trouble && !shift_to(symbolizer->set, kernel->kallsyms.text, kernel->kallsyms.stext,
				  &kernel->shift))
		trouble = "kallsyms does not tell where the kernel begins";
	kernel->listed = !trouble;
	kernel->modules_trouble = trouble;
	if (!trouble && kernel->shift)
		kernel->modules_trouble =
			"the machine was restarted: modules are at other addresses now";
	if (!symbolizer->vmlinux_path)
		kernel->trouble = trouble;
}

void ev_kernel_load(struct ev_symbolizer *symbolizer)
{
	struct kernel *kernel = &symbolizer->kernel;
	if (kernel->loaded)
		return;
	kernel->loaded = true;
	if (symbolizer->no_local_files && !symbolizer->kallsyms_path && !symbolizer->vmlinux_path) {
		kernel->trouble = kernel->modules_trouble =
			"the recording carries no symbols of the kernel";
		return;
	}
	if (symbolizer->vmlinux_path)
		load_vmlinux(symbolizer, symbolizer->vmlinux_path);
	load_kallsyms(symbolizer);
}

static bool find_in_vmlinux(const struct kernel *kernel, uint64_t address, struct found *found)
{
	uint64_t offset, start;
	if (!ev_image_offset(&kernel->vmlinux.outline, address + kernel->vmlinux_shift, &offset))
		return false;
	const struct symbol *symbol = ev_symtab_find(&kernel->vmlinux.table, offset);
	if (!symbol || !ev_image_address(&kernel->vmlinux.outline, symbol->start, &start))
		return false;
	found->linkage = ev_symtab_name(&kernel->vmlinux.table, symbol);
	found->start = start - kernel->vmlinux_shift;
	found->size_bytes = symbol->end - symbol->start;
	return true;
}

static bool find(struct ev_symbolizer *symbolizer, bool module, uint64_t address,
		 struct found *found)
{
	struct kernel *kernel = &symbolizer->kernel;
	ev_kernel_load(symbolizer);
	if (!module && symbolizer->vmlinux_path && find_in_vmlinux(kernel, address, found))
		return true;
	if (!kernel->listed || (module && kernel->modules_trouble))
		return false;
	if (kernel->fitted && !was_wanted(kernel, address)) {
		ev_kallsyms_done(&kernel->kallsyms);
		kernel->wanted.count = 0;
		load_kallsyms(symbolizer);
	}
	const struct symbol *symbol =
		ev_symtab_find(&kernel->kallsyms.table, address + kernel->shift);
	if (!symbol)
		return false;
	found->linkage = ev_symtab_name(&kernel->kallsyms.table, symbol);
	found->start = symbol->start - kernel->shift;
	found->size_bytes = symbol->end - symbol->start;
	return true;
}

bool ev_kernel_find(struct ev_symbolizer *symbolizer, bool module, uint64_t address,
		    struct found *found)
{
	pthread_mutex_lock(&symbolizer->kernel.lock);
	bool answer = find(symbolizer, module, address, found);
	pthread_mutex_unlock(&symbolizer->kernel.lock);
	return answer;
}
