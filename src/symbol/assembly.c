/* A function's place becomes its instructions, out of the file that ran; calls get the names of
 * what they call. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "assembly.h"
#include "build_id.h"
#include "module_code.h"
#include "symbolizer.h"

#define CODE_LIMIT ((uint64_t)4 << 20) /* of one function */

/* ---- which file -------------------------------------------------------------------------------
 */

/* An object's code, and how its places are numbered in it. */
struct code_file {
	struct image image;
	bool by_address; /* places are addresses, else offsets in the file */
	uint64_t shift;  /* of those addresses */
};

static int open_vmlinux(struct ev_symbolizer *symbolizer, struct code_file *file,
			const char **trouble)
{
	struct kernel *kernel = &symbolizer->kernel;
	ev_kernel_load(symbolizer);
	if (!symbolizer->vmlinux_path) {
		*trouble = "the kernel's code is in its vmlinux file, which -k names";
		return -ENOENT;
	}
	*trouble = kernel->trouble;
	if (kernel->trouble)
		return -ENOENT;
	file->by_address = true;
	file->shift = kernel->vmlinux_shift;
	*trouble = "vmlinux can not be read";
	return ev_image_open(&file->image, symbolizer->vmlinux_path);
}

static int open_code(struct ev_symbolizer *symbolizer, uint32_t index, struct code_file *file,
		     const char **trouble)
{
	const struct object *object = ev_space_object(symbolizer->set, index);
	char *path = NULL;
	int rc;
	*file = (struct code_file){ 0 };
	switch (object->shown.kind) {
	case EV_OBJECT_FILE:
		rc = ev_object_open(symbolizer, object, &file->image, &path, trouble);
		if (!rc)
			free(path);
		return rc;
	case EV_OBJECT_VDSO:
		return ev_vdso_open(symbolizer, object, &file->image, trouble);
	case EV_OBJECT_KERNEL:
		return open_vmlinux(symbolizer, file, trouble);
	case EV_OBJECT_JIT:
		*trouble = "generated code is gone with its process";
		return -ENOTSUP;
	case EV_OBJECT_BPF:
		*trouble = "the code of BPF programs is not in a file";
		return -ENOTSUP;
	case EV_OBJECT_PYTHON:
		*trouble = "lines of Python are no machine code: without --asm they are shown";
		return -ENOTSUP;
	default:
		*trouble = "nothing is known of this memory";
		return -ENOTSUP;
	}
}

static bool address_of(const struct code_file *file, uint64_t offset, uint64_t *address)
{
	*address = offset + file->shift;
	return file->by_address || ev_image_address(&file->image, offset, address);
}

static bool offset_of(const struct code_file *file, uint64_t address, uint64_t *offset)
{
	*offset = address - file->shift;
	return file->by_address || ev_image_offset(&file->image, address, offset);
}

bool ev_place_address(struct ev_symbolizer *symbolizer, struct ev_place place, uint64_t *address)
{
	struct code_file file;
	const char *trouble;
	if (!place.object || place.object >= ev_space_set_object_count(symbolizer->set) ||
	    open_code(symbolizer, place.object, &file, &trouble))
		return false;
	bool known = address_of(&file, place.offset, address);
	ev_image_close(&file.image);
	return known;
}

bool ev_object_changed(struct ev_symbolizer *symbolizer, uint32_t object, int64_t *time_s)
{
	struct code_file file;
	const char *trouble;
	struct stat status;
	if (object >= ev_space_set_object_count(symbolizer->set) ||
	    ev_space_set_object(symbolizer->set, object)->kind != EV_OBJECT_FILE ||
	    open_code(symbolizer, object, &file, &trouble))
		return false;
	bool known = file.image.has_fd && !fstat(file.image.fd, &status);
	if (known)
		*time_s = status.st_mtime;
	ev_image_close(&file.image);
	return known;
}

/* ---- reading ----------------------------------------------------------------------------------
 */

/* "call 0x1139" of a function that is known gets " <work>"; inside the function itself the address
 * is enough. */
static void name_target(struct ev_symbolizer *symbolizer, uint32_t object, uint64_t start,
			uint64_t end, struct ev_instruction *instruction, struct ev_arena *arena)
{
	uint64_t target = instruction->target_offset;
	struct ev_symbol symbol;
	if (instruction->flow != EV_FLOW_CALL && target >= start && target < end)
		return;
	ev_symbolize(symbolizer, (struct ev_place){ object, target }, EV_SYMBOL_EXACT, &symbol, 1);
	if (!symbol.function || !*symbol.function)
		return;
	if (symbol.start == target || !symbol.size_bytes)
		instruction->text =
			ev_arena_printf(arena, "%s <%s>", instruction->text, symbol.function);
	else
		instruction->text =
			ev_arena_printf(arena, "%s <%s+0x%" PRIx64 ">", instruction->text,
					symbol.function, target - symbol.start);
}

static void finish(struct ev_symbolizer *symbolizer, const struct code_file *file,
		   struct ev_place start, uint64_t size, struct ev_assembly *out)
{
	for (size_t i = 0; i < out->items.count; i++) {
		struct ev_instruction *instruction = &out->items.items[i];
		instruction->offset =
			start.offset + (instruction->address - out->items.items[0].address);
		if (!instruction->has_target)
			continue;
		instruction->has_target =
			offset_of(file, instruction->target_offset, &instruction->target_offset);
		if (instruction->has_target)
			name_target(symbolizer, start.object, start.offset, start.offset + size,
				    instruction, &out->arena);
	}
}

/* A module's file is not linked: its functions are found by name, and addresses are the kernel's.
 */
static int read_module(struct ev_symbolizer *symbolizer, struct ev_place start, uint64_t size_bytes,
		       enum ev_assembly_style style, struct ev_assembly *out, struct ev_err *err)
{
	struct code_file file = { .by_address = true };
	struct module_code module;
	const char *trouble;
	int rc = ev_module_code_read(&module, symbolizer, start, size_bytes, &trouble);
	if (rc) {
		ev_module_code_done(&module);
		return ev_fail(err, -rc, "%s", trouble);
	}
	struct machine_code code = {
		.machine = module.machine,
		.swap = module.swap,
		.wide = module.wide,
		.bytes = module.bytes,
		.size_bytes = module.size_bytes,
		.address = start.offset,
	};
	rc = ev_assembly_decode(&code, style, out, err);
	if (!rc) {
		ev_module_code_tell(&module, out);
		finish(symbolizer, &file, start, module.size_bytes, out);
	}
	ev_module_code_done(&module);
	return rc;
}

int ev_assembly_read(struct ev_symbolizer *symbolizer, struct ev_place start, uint64_t size_bytes,
		     enum ev_assembly_style style, struct ev_assembly *out, struct ev_err *err)
{
	struct code_file file;
	const char *trouble;
	uint64_t address, at;
	uint8_t *bytes;
	*out = (struct ev_assembly){ 0 };
	if (ev_assembly_absence())
		return ev_fail(err, ENOTSUP, "%s", ev_assembly_absence());
	if (!start.object || start.object >= ev_space_set_object_count(symbolizer->set))
		return ev_fail(err, ENOTSUP, "nothing is known of this memory");
	if (ev_space_set_object(symbolizer->set, start.object)->kind == EV_OBJECT_MODULE)
		return read_module(symbolizer, start, size_bytes, style, out, err);
	int rc = open_code(symbolizer, start.object, &file, &trouble);
	if (rc)
		return ev_fail(err, -rc, "%s", trouble);
	if (size_bytes > CODE_LIMIT)
		size_bytes = CODE_LIMIT;
	if (!size_bytes || !address_of(&file, start.offset, &address) ||
	    !ev_image_offset(&file.image, address, &at) ||
	    ev_image_read(&file.image, at, size_bytes, &bytes)) {
		ev_image_close(&file.image);
		return ev_fail(err, ENOENT, "the file has no code there");
	}
	struct machine_code code = {
		.machine = file.image.machine,
		.swap = file.image.swap,
		.wide = file.image.wide,
		.bytes = bytes,
		.size_bytes = size_bytes,
		.address = address,
	};
	rc = ev_assembly_decode(&code, style, out, err);
	if (!rc)
		finish(symbolizer, &file, start, size_bytes, out);
	free(bytes);
	ev_image_close(&file.image);
	return rc;
}

void ev_assembly_done(struct ev_assembly *assembly)
{
	ev_array_done(&assembly->items);
	ev_arena_done(&assembly->arena);
}
