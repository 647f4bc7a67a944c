/* A profile of addresses becomes a profile of functions: every unique place is named once. */
#include <stdlib.h>
#include <string.h>
#include "named.h"
#include "profile.h"

static const struct ev_object *object_of(const struct ev_namer *namer, uint32_t object)
{
	return object < namer->object_count ? namer->object(namer->context, object) : NULL;
}

static bool is_kernel(const struct ev_namer *namer, const struct ev_place *place)
{
	const struct ev_object *object = object_of(namer, place->object);
	if (!place->object || !object || object->kind == EV_OBJECT_UNKNOWN)
		return place->offset >> 63; /* the kernel's half of the address space */
	return object->kind == EV_OBJECT_KERNEL || object->kind == EV_OBJECT_MODULE ||
	       object->kind == EV_OBJECT_BPF;
}

/* ---- roles ---------------------------------------------------------------------------------- */

/* A return address lies behind its call; but where the processor changed between user and kernel,
 * the outer address is the instruction itself. */
enum ev_role ev_role_of_parent(const struct ev_profile *profile, const struct ev_place_names *names,
			       uint32_t child)
{
	const struct ev_stack *stack = &profile->stacks.items[child];
	uint32_t outer = profile->stacks.items[stack->parent].place;
	if (profile->has_history)
		return EV_ROLE_EXACT;
	return names->kernel[outer] != names->kernel[stack->place] ? EV_ROLE_EXACT : EV_ROLE_RETURN;
}

uint8_t *ev_roles_find(const struct ev_profile *profile, struct ev_place_names *names)
{
	size_t count = profile->stacks.count;
	uint8_t *roles = ev_alloc(count);
	for (size_t i = 0; i < profile->cells.count; i++)
		roles[profile->cells.items[i].stack] |= 1 << EV_ROLE_EXACT;
	for (size_t i = count; i-- > 1;) {
		uint32_t parent = profile->stacks.items[i].parent;
		if (roles[i] && parent)
			roles[parent] |= 1 << ev_role_of_parent(profile, names, (uint32_t)i);
		names->roles[profile->stacks.items[i].place] |= roles[i];
	}
	return roles;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void copy_objects(struct ev_named *named, const struct ev_namer *namer)
{
	struct ev_strings *strings = named->profile->strings;
	named->object_count = namer->object_count ? namer->object_count : 1;
	named->object_names = ev_alloc(named->object_count * sizeof(*named->object_names));
	for (uint32_t i = 0; i < named->object_count; i++) {
		const struct ev_object *object = object_of(namer, i);
		const char *name = object && object->name ? object->name : "[unknown]";
		named->object_names[i] = ev_strings_add_text(strings, name);
	}
}

static void count_unresolved(const struct ev_named *named, struct ev_quality *quality)
{
	quality->unresolved = 0;
	for (size_t i = 0; i < named->cells.count; i++) {
		const struct ev_cell *cell = &named->cells.items[i];
		uint32_t frame = named->stacks.items[cell->stack].place;
		if (!named->frames.items[frame].resolved)
			quality->unresolved += ev_cell_samples(named->profile, cell);
	}
}

struct ev_named *ev_named_open_with(struct ev_profile *profile, const struct ev_namer *namer,
				    unsigned flags, bool by_line)
{
	struct ev_named *named = ev_alloc(sizeof(*named));
	struct ev_place_names names = {
		.roles = ev_alloc(profile->places.count),
		.kernel = ev_alloc(profile->places.count),
	};
	named->profile = profile;
	ev_profile_forget_index(profile); /* what follows needs the memory */
	ev_links_settle(profile, namer);
	copy_objects(named, namer);
	ev_array_add(&named->frames)->function = ev_strings_add_text(profile->strings, "[unknown]");
	for (size_t i = 1; i < profile->places.count; i++)
		names.kernel[i] = is_kernel(namer, &profile->places.items[i]);
	uint8_t *roles = ev_roles_find(profile, &names);
	ev_details_want(profile, &names);
	ev_place_names_find(&names, named, namer, flags, by_line);
	ev_details_name(named, &names);
	ev_details_name_data(named, namer);
	uint32_t *ends = ev_chain_ends_find(named, &names, namer);
	ev_stacks_fold(named, &names, roles, ends);
	free(ends);
	free(roles);
	ev_place_names_done(&names);
	ev_cells_fold(named);
	count_unresolved(named, &profile->quality);
	return named;
}

struct by_space {
	struct ev_symbolizer *symbolizer;
	const struct ev_space_set *spaces;
};

static bool variable_in(void *context, struct ev_place place, struct ev_symbol *out, bool *in_code)
{
	return ev_variable_find(((struct by_space *)context)->symbolizer, place, out, in_code);
}

static size_t symbolize_in(void *context, struct ev_place place, unsigned flags,
			   struct ev_symbol *out, size_t limit)
{
	return ev_symbolize(((struct by_space *)context)->symbolizer, place, flags, out, limit);
}

static void want_in(void *context, const struct ev_place *places, size_t count)
{
	ev_symbolizer_want(((struct by_space *)context)->symbolizer, places, count);
}

static void forget_in(void *context, uint32_t object)
{
	ev_symbolizer_forget(((struct by_space *)context)->symbolizer, object);
}

static enum ev_frame_pointers frame_pointers_in(void *context, struct ev_place place,
						bool behind_call)
{
	return ev_frame_pointers_at(((struct by_space *)context)->symbolizer, place, behind_call);
}

static const struct ev_object *object_in(void *context, uint32_t object)
{
	return ev_space_set_object(((struct by_space *)context)->spaces, object);
}

/* Where stacks were unwound from copies it is known how each ended; else their roots tell. */
static uint64_t count_truncated(const struct ev_named *named)
{
	const struct ev_quality *quality = &named->profile->quality;
	uint64_t unwound = 0;
	for (size_t i = 0; i < EV_UNWOUND_END_COUNT; i++)
		unwound += quality->unwound[i];
	return unwound ? unwound - quality->unwound[EV_UNWOUND_COMPLETE]
		       : ev_named_truncated(named);
}

struct ev_named *ev_named_open(struct ev_profile *profile, const struct ev_space_set *spaces,
			       struct ev_symbolizer *symbolizer, unsigned flags, bool by_line,
			       size_t threads)
{
	struct by_space context = { symbolizer, spaces };
	struct ev_namer namer = {
		.find_variable = variable_in,
		.symbolize = symbolize_in,
		.want = want_in,
		.forget = forget_in,
		.frame_pointers = frame_pointers_in,
		.threads = threads,
		.object = object_in,
		.object_count = ev_space_set_object_count(spaces),
		.context = &context,
	};
	struct ev_named *named = ev_named_open_with(profile, &namer, flags, by_line);
	named->spaces = spaces;
	profile->quality.truncated_stacks = count_truncated(named);
	return named;
}

void ev_named_close(struct ev_named *named)
{
	if (!named)
		return;
	ev_array_done(&named->frames);
	ev_array_done(&named->stacks);
	ev_array_done(&named->cells);
	free(named->stack_of);
	free(named->object_names);
	free(named->object_bytes);
	ev_map_done(&named->frame_of_place);
	ev_map_done(&named->data_of_place);
	free(named->object_paths);
	free(named);
}

static int by_samples(const void *one, const void *other)
{
	const struct ev_unresolved *a = one, *b = other;
	if (a->samples != b->samples)
		return a->samples > b->samples ? -1 : 1;
	return a->object < b->object ? -1 : a->object > b->object;
}

size_t ev_named_unresolved(const struct ev_named *named, struct ev_unresolved *out, size_t limit)
{
	struct ev_unresolved *all = ev_alloc(named->object_count * sizeof(*all));
	size_t count = 0;
	for (uint32_t i = 0; i < named->object_count; i++)
		all[i].object = i;
	for (size_t i = 0; i < named->cells.count; i++) {
		const struct ev_cell *cell = &named->cells.items[i];
		const struct ev_frame *frame =
			&named->frames.items[named->stacks.items[cell->stack].place];
		if (!frame->resolved)
			all[frame->object].samples += ev_cell_samples(named->profile, cell);
	}
	qsort(all, named->object_count, sizeof(*all), by_samples);
	while (count < limit && count < named->object_count && all[count].samples) {
		out[count] = all[count];
		count++;
	}
	free(all);
	return count;
}
