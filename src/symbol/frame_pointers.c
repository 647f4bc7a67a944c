/* A place becomes the answer whether the function there keeps a frame pointer, by the unwind table
 * of that function alone: .eh_frame_hdr tells where it is. */
#include <stdlib.h>
#include "cfi_program.h"
#include "elf_symbols.h"
#include "frame_index.h"
#include "symbolizer.h"

struct frame_tables {
	const struct cfi_machine *machine;
	struct image image; /* segments and sections */
	struct frame_section section;
	struct frame_index index;
};

static void tables_close(struct frame_tables *tables)
{
	if (!tables)
		return;
	ev_frame_section_close(&tables->section);
	ev_image_close(&tables->image);
	ev_frame_index_close(&tables->index);
	free(tables);
}

static bool read_tables(struct frame_tables *tables)
{
	tables->machine = ev_cfi_machine_of(tables->image.machine);
	/* Go's compiler keeps them, and describes frames by the stack pointer alone. */
	return tables->machine && !ev_go_table_find(&tables->image) &&
	       ev_frame_index_open(&tables->index, &tables->image) &&
	       ev_frame_section_open(&tables->section, &tables->image, false);
}

/* NULL where they can't be read, or say nothing of frame pointers. */
static struct frame_tables *tables_open(const struct ev_symbolizer *symbolizer,
					const struct object *object)
{
	struct frame_tables *tables = ev_alloc(sizeof(*tables));
	const char *trouble;
	char *path;
	if (object->shown.kind != EV_OBJECT_FILE ||
	    ev_object_open(symbolizer, object, &tables->image, &path, &trouble)) {
		free(tables);
		return NULL;
	}
	free(path);
	if (read_tables(tables))
		return tables;
	tables_close(tables);
	return NULL;
}

static bool find_function(struct frame_tables *tables, uint64_t address,
			  struct frame_function *function)
{
	size_t before = ev_frame_index_before(&tables->index, address);
	return before &&
	       ev_frame_index_function(&tables->index, before - 1, &tables->section, function) &&
	       address >= function->start && address - function->start < function->size_bytes;
}

/* Where calls leave the return address in a register, a function that keeps no frame pointer saves
 * that register alone; its leaves save nothing, and tell nothing. */
static enum ev_frame_pointers by_rule(const struct cfi_machine *machine,
				      const struct ev_cfi_rule *rule)
{
	if (rule->ra == EV_CFI_LOST)
		return EV_FRAME_POINTERS_UNKNOWN;
	if (machine->links)
		return rule->fp != EV_CFI_KEPT   ? EV_FRAME_POINTERS_KEPT
		       : rule->ra != EV_CFI_KEPT ? EV_FRAME_POINTERS_OMITTED
						 : EV_FRAME_POINTERS_UNKNOWN;
	return rule->base == EV_CFI_FP   ? EV_FRAME_POINTERS_KEPT
	       : rule->base == EV_CFI_SP ? EV_FRAME_POINTERS_OMITTED
					 : EV_FRAME_POINTERS_UNKNOWN;
}

struct judging {
	const struct cfi_machine *machine;
	uint64_t address;
	enum ev_frame_pointers here;
	bool kept; /* somewhere in the function */
};

static void judge(void *context, uint64_t address, const struct ev_cfi_rule *rule)
{
	struct judging *judging = context;
	enum ev_frame_pointers answer = by_rule(judging->machine, rule);
	judging->kept |= answer == EV_FRAME_POINTERS_KEPT;
	if (address <= judging->address)
		judging->here = answer;
}

static enum ev_frame_pointers ask(struct frame_tables *tables, uint64_t offset)
{
	struct judging judging = { .machine = tables->machine };
	struct frame_function function;
	if (!ev_image_address(&tables->image, offset, &judging.address) ||
	    !find_function(tables, judging.address, &function))
		return EV_FRAME_POINTERS_UNKNOWN;
	ev_cfi_program_run(&tables->section, tables->machine, &function, judge, &judging);
	/* Where a function begins, ends or leaves early its frame is found otherwise. */
	if (judging.here == EV_FRAME_POINTERS_OMITTED && judging.kept)
		return EV_FRAME_POINTERS_UNKNOWN;
	return judging.here;
}

enum ev_frame_pointers ev_frame_pointers_at(struct ev_symbolizer *symbolizer, struct ev_place place,
					    bool behind_call)
{
	uint32_t count = ev_space_set_object_count(symbolizer->set);
	if (!place.object || place.object >= count || symbolizer->no_local_files)
		return EV_FRAME_POINTERS_UNKNOWN;
	while (symbolizer->frames.count < count)
		ev_array_add(&symbolizer->frames);
	struct frames_of *frames = &symbolizer->frames.items[place.object];
	if (!frames->tried)
		frames->tables =
			tables_open(symbolizer, ev_space_object(symbolizer->set, place.object));
	frames->tried = true;
	if (!frames->tables)
		return EV_FRAME_POINTERS_UNKNOWN;
	return ask(frames->tables, place.offset - (behind_call && place.offset));
}

void ev_frame_pointers_forget(struct ev_symbolizer *symbolizer, uint32_t object)
{
	if (object >= symbolizer->frames.count)
		return;
	tables_close(symbolizer->frames.items[object].tables);
	symbolizer->frames.items[object] = (struct frames_of){ 0 };
}
