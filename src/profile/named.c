/* A profile of addresses becomes a profile of functions: every unique place is named once. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "named.h"
#include "profile.h"

enum { INLINE_LIMIT = 64 }; /* frames at one place */

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

/* ---- frames --------------------------------------------------------------------------------- */

struct naming {
	struct ev_named *named;
	const struct ev_namer *namer;
	struct ev_map frame_ids;
	unsigned flags;
	bool by_line;
};

static uint32_t intern_frame(struct naming *naming, const struct ev_frame *frame)
{
	/* Two numbers hold all of a frame: string ids stay below 2^29. */
	uint64_t key = (uint64_t)frame->function << 32 | frame->object;
	uint64_t more = (uint64_t)frame->file << 35 | (uint64_t)frame->line << 3 |
			frame->resolved << 2 | frame->inlined << 1 | frame->kernel;
	bool added;
	uint32_t *id = ev_map_add(&naming->frame_ids, key, more, &added);
	if (added) {
		*id = (uint32_t)naming->named->frames.count;
		*ev_array_add(&naming->named->frames) = *frame;
	}
	return *id;
}

static uint32_t text_id(struct naming *naming, const char *text)
{
	return text ? ev_strings_add_text(naming->named->profile->strings, text) : 0;
}

static uint32_t frame_of(struct naming *naming, const struct ev_place *place, bool kernel,
			 const struct ev_symbol *symbol)
{
	struct ev_frame frame = { .object = place->object,
				  .kernel = kernel,
				  .inlined = symbol->inlined,
				  .resolved = symbol->function && *symbol->function &&
					      !symbol->made_up };
	if (frame.object >= naming->named->object_count)
		frame.object = 0;
	if (symbol->function && *symbol->function) {
		frame.function = text_id(naming, symbol->function);
	} else {
		char address[24];
		snprintf(address, sizeof(address), "0x%016" PRIx64, place->offset);
		frame.function = text_id(naming, address);
	}
	if (naming->flags & EV_SYMBOL_LINES)
		frame.file = text_id(naming, symbol->file);
	if (naming->by_line)
		frame.line = symbol->line;
	return intern_frame(naming, &frame);
}

static uint32_t name_place(struct naming *naming, struct ev_place_names *names,
			   const struct ev_place *place, bool kernel, enum ev_role role)
{
	struct ev_symbol symbols[INLINE_LIMIT];
	unsigned flags = naming->flags & ~(unsigned)EV_SYMBOL_EXACT;
	if (role == EV_ROLE_EXACT)
		flags |= EV_SYMBOL_EXACT;
	memset(symbols, 0, sizeof(symbols[0]));
	size_t count = naming->namer->symbolize(naming->namer->context, *place, flags, symbols,
						INLINE_LIMIT);
	if (!count)
		count = 1;
	uint32_t first = (uint32_t)names->frames.count;
	*ev_array_add(&names->frames) = (uint32_t)count;
	for (size_t i = count; i-- > 0;)
		*ev_array_add(&names->frames) = frame_of(naming, place, kernel, &symbols[i]);
	return first;
}

/* Names of one object are asked for together, by rising offset, which is what files like best. */
static int by_place(const void *one, const void *other, void *context)
{
	const struct ev_place *places = context;
	const struct ev_place *a = &places[*(const uint32_t *)one];
	const struct ev_place *b = &places[*(const uint32_t *)other];
	if (a->object != b->object)
		return a->object < b->object ? -1 : 1;
	return a->offset < b->offset ? -1 : a->offset > b->offset;
}

void ev_place_names_find(struct ev_place_names *names, struct ev_named *named,
			 const struct ev_namer *namer, unsigned flags, bool by_line)
{
	const struct ev_profile *profile = named->profile;
	struct naming naming = {
		.named = named,
		.namer = namer,
		.flags = by_line ? flags | EV_SYMBOL_LINES : flags,
		.by_line = by_line,
	};
	uint32_t *order = ev_alloc(profile->places.count * sizeof(*order));
	size_t count = 0;
	for (uint32_t i = 1; i < profile->places.count; i++)
		if (names->roles[i])
			order[count++] = i;
	qsort_r(order, count, sizeof(*order), by_place, profile->places.items);
	names->first = ev_alloc(profile->places.count * sizeof(*names->first));
	*ev_array_add(&names->frames) = 0; /* nothing begins at 0 */
	for (size_t i = 0; i < count; i++) {
		uint32_t place = order[i];
		for (enum ev_role role = 0; role < EV_ROLE_COUNT; role++)
			if (names->roles[place] & 1 << role)
				names->first[place][role] =
					name_place(&naming, names, &profile->places.items[place],
						   names->kernel[place], role);
	}
	ev_map_done(&naming.frame_ids);
	free(order);
}

void ev_place_names_done(struct ev_place_names *names)
{
	free(names->first);
	free(names->roles);
	free(names->kernel);
	ev_array_done(&names->frames);
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
			quality->unresolved += cell->samples;
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
	ev_place_names_find(&names, named, namer, flags, by_line);
	ev_stacks_fold(named, &names, roles);
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

static size_t symbolize_in(void *context, struct ev_place place, unsigned flags,
			   struct ev_symbol *out, size_t limit)
{
	return ev_symbolize(((struct by_space *)context)->symbolizer, place, flags, out, limit);
}

static const struct ev_object *object_in(void *context, uint32_t object)
{
	return ev_space_set_object(((struct by_space *)context)->spaces, object);
}

struct ev_named *ev_named_open(struct ev_profile *profile, const struct ev_space_set *spaces,
			       struct ev_symbolizer *symbolizer, unsigned flags, bool by_line)
{
	struct by_space context = { symbolizer, spaces };
	struct ev_namer namer = {
		.symbolize = symbolize_in,
		.object = object_in,
		.object_count = ev_space_set_object_count(spaces),
		.context = &context,
	};
	struct ev_named *named = ev_named_open_with(profile, &namer, flags, by_line);
	named->spaces = spaces;
	profile->quality.truncated_stacks = ev_named_truncated(named);
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
			all[frame->object].samples += cell->samples;
	}
	qsort(all, named->object_count, sizeof(*all), by_samples);
	while (count < limit && count < named->object_count && all[count].samples) {
		out[count] = all[count];
		count++;
	}
	free(all);
	return count;
}
