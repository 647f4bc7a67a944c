/* All mappings of a file become the part of it that was mapped as code: what tools that know only
 * one mapping of each object want to be told. */
#include <string.h>
#include "space.h"

/* Where the mapping ends in its file; a damaged one ends where numbers do. */
static uint64_t end_of(const struct mapping *mapping)
{
	uint64_t size = mapping->end - mapping->start;
	return mapping->file_offset > UINT64_MAX - size ? UINT64_MAX : mapping->file_offset + size;
}

static bool is_of_file(const struct ev_space_set *set, const struct mapping *mapping)
{
	return mapping->end > mapping->start && !mapping->ksymbol && !mapping->dumped &&
	       mapping->object < ev_space_set_object_count(set);
}

void ev_space_set_mapped(const struct ev_space_set *set, const uint64_t *offsets,
			 struct ev_extent *out)
{
	memset(out, 0, ev_space_set_object_count(set) * sizeof(*out));
	for (size_t i = 0; i < set->mappings.count; i++) {
		const struct mapping *mapping = &set->mappings.items[i];
		if (!is_of_file(set, mapping))
			continue;
		struct ev_extent *extent = &out[mapping->object];
		uint64_t offset = offsets[mapping->object], from = mapping->file_offset;
		if (offset >= from && offset < end_of(mapping) &&
		    (!extent->to || from < extent->from))
			*extent = (struct ev_extent){ from, end_of(mapping) };
	}
	for (size_t i = 0; i < set->mappings.count; i++) {
		const struct mapping *mapping = &set->mappings.items[i];
		if (!is_of_file(set, mapping) || !out[mapping->object].to)
			continue;
		if (end_of(mapping) > out[mapping->object].to)
			out[mapping->object].to = end_of(mapping);
	}
}
