/* The objects of a profile become pprof's mappings: each with addresses of its own, as if it had
 * been mapped once, so that what is read from its file (disassembly, sources) is found. */
#include <stdlib.h>
#include "report_pprof_objects.h"

#define OBJECT_BYTES ((uint64_t)1 << 32) /* of addresses, for each file */

/* What of each file was mapped; NULL where no mappings are known. */
static struct ev_extent *find_extents(const struct ev_report *report)
{
	const struct ev_profile *profile = report->named->profile;
	size_t count = report->spaces ? ev_space_set_object_count(report->spaces) : 0;
	if (!count)
		return NULL;
	uint64_t *lowest = ev_alloc(count * sizeof(*lowest));
	struct ev_extent *extents = ev_alloc(count * sizeof(*extents));
	for (size_t i = 0; i < count; i++)
		lowest[i] = UINT64_MAX;
	for (size_t i = 1; i < profile->places.count; i++) {
		const struct ev_place *place = &profile->places.items[i];
		if (place->object < count && place->offset < lowest[place->object])
			lowest[place->object] = place->offset;
	}
	ev_space_set_mapped(report->spaces, lowest, extents);
	free(lowest);
	return extents;
}

uint32_t ev_pprof_program(const struct ev_report *report)
{
	const struct ev_named *named = report->named;
	uint64_t *samples = ev_alloc((named->object_count + 1ul) * sizeof(*samples));
	uint32_t best = 0;
	for (size_t i = 0; i < named->cells.count; i++) {
		uint32_t stack = named->cells.items[i].stack;
		const struct ev_frame *leaf =
			&named->frames.items[named->stacks.items[stack].place];
		if (!leaf->kernel)
			samples[leaf->object] += named->cells.items[i].samples;
	}
	for (uint32_t i = 1; i < named->object_count; i++)
		if (samples[i] && (!best || samples[i] > samples[best]))
			best = i;
	free(samples);
	return best;
}

/* Objects other than the program lie behind all addresses that it may have. */
static struct ev_pprof_mapping mapping_of_file(const struct ev_report *report, uint32_t object,
					       struct ev_extent extent, bool is_program)
{
	uint64_t bias = (object + 1ull) * OBJECT_BYTES;
	if (extent.from >= OBJECT_BYTES || !extent.to)
		extent = (struct ev_extent){ 0, OBJECT_BYTES };
	else if (extent.to > OBJECT_BYTES)
		extent.to = OBJECT_BYTES;
	uint64_t ahead =
		is_program && report->addresses ? report->addresses[object] : EV_ADDRESSES_UNKNOWN;
	if (ahead != EV_ADDRESSES_UNKNOWN && extent.from + ahead < OBJECT_BYTES) {
		bias = ahead;
		if (extent.to + ahead > OBJECT_BYTES || extent.to + ahead < ahead)
			extent.to = OBJECT_BYTES - ahead;
	}
	return (struct ev_pprof_mapping){ .start = extent.from + bias,
					  .limit = extent.to + bias,
					  .offset = extent.from,
					  .bias = bias };
}

static struct ev_pprof_mapping mapping_of(const struct ev_report *report, uint32_t object,
					  struct ev_extent extent, bool is_program)
{
	const struct ev_object *known =
		report->spaces ? ev_space_set_object(report->spaces, object) : NULL;
	switch (known ? known->kind : EV_OBJECT_FILE) {
	case EV_OBJECT_KERNEL:
	case EV_OBJECT_MODULE:
	case EV_OBJECT_BPF:
		return (struct ev_pprof_mapping){ .start = UINT64_C(0xffff800000000000),
						  .limit = UINT64_MAX };
	case EV_OBJECT_JIT:
	case EV_OBJECT_UNKNOWN:
		return (struct ev_pprof_mapping){ .start = 4096, .limit = UINT64_C(1) << 47 };
	default:
		return mapping_of_file(report, object, extent, is_program);
	}
}

struct ev_pprof_mapping *ev_pprof_mappings(const struct ev_report *report, uint32_t program)
{
	const struct ev_named *named = report->named;
	struct ev_extent *extents = find_extents(report);
	size_t known = extents ? ev_space_set_object_count(report->spaces) : 0;
	struct ev_pprof_mapping *all = ev_alloc((named->object_count + 1ul) * sizeof(*all));
	for (uint32_t i = 0; i < named->object_count; i++)
		all[i] = mapping_of(report, i, i < known ? extents[i] : (struct ev_extent){ 0 },
				    i == program);
	for (size_t i = 1; i < named->frames.count; i++) {
		const struct ev_frame *frame = &named->frames.items[i];
		all[frame->object].has_functions |= frame->resolved;
		all[frame->object].has_files |= frame->file != 0;
		all[frame->object].has_lines |= frame->line != 0;
		all[frame->object].has_inlines |= frame->inlined;
	}
	free(extents);
	return all;
}

uint64_t ev_pprof_address(const struct ev_pprof_mapping *mapping, uint64_t offset, bool leaf)
{
	uint64_t address = mapping->bias + offset;
	if (!leaf && offset) /* the call, not where it returns to */
		address--;
	return address >= mapping->start && address < mapping->limit ? address : 0;
}
