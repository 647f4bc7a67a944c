/* Call chains that the kernel followed and that came to no root get one: a frame that names the
 * object where they end, or says that they left all objects. That code keeps no frame pointer is
 * told where its unwind tables know; else it may be so, or there are more calls than the kernel
 * follows. */
#include <stdlib.h>
#include "named.h"

static const struct ev_object *object_of(const struct ev_namer *namer, uint32_t object)
{
	return object < namer->object_count ? namer->object(namer->context, object) : NULL;
}

/* The outermost frame at a place, in whichever role it was looked up; 0 = in none. */
static uint32_t outermost(const struct ev_place_names *names, uint32_t place)
{
	for (enum ev_role role = EV_ROLE_COUNT; role-- > 0;)
		if (names->first[place][role])
			return names->frames.items[names->first[place][role] + 1];
	return 0;
}

/* Does the function where a chain ends keep no frame pointer, as far as is known? */
static bool omits(const struct ev_namer *namer, const struct ev_profile *profile,
		  const struct ev_place_names *names, uint32_t place)
{
	bool behind_call = names->first[place][EV_ROLE_RETURN];
	return namer->frame_pointers &&
	       namer->frame_pointers(namer->context, profile->places.items[place], behind_call) ==
		       EV_FRAME_POINTERS_OMITTED;
}

static uint32_t add_end(struct ev_named *named, uint32_t object, bool omitted)
{
	struct ev_strings *strings = named->profile->strings;
	struct ev_arena arena = { 0 };
	uint32_t known = object < named->object_count ? object : 0;
	const char *text =
		!known ? "[call chain goes astray]"
		       : ev_arena_printf(&arena,
					 omitted ? "[no frame pointer: %s]"
						 : "[call chain ends in %s]",
					 ev_strings_text(strings, named->object_names[known]));
	struct ev_frame *frame = ev_array_add(&named->frames);
	frame->function = ev_strings_add_text(strings, text);
	frame->object = known;
	frame->resolved = true;
	ev_arena_done(&arena);
	return (uint32_t)named->frames.count - 1;
}

/* Places that a chain ends at: of other stacks without a parent it is not known whether they are
 * chains at all, unless every sample has one. */
static bool *ends_of_chains(const struct ev_profile *profile)
{
	bool all = profile->quality.with_stack >= profile->quality.samples;
	bool *end = ev_alloc(profile->places.count * sizeof(*end));
	for (size_t i = 1; i < profile->stacks.count; i++) {
		const struct ev_stack *stack = &profile->stacks.items[i];
		const struct ev_stack *parent = &profile->stacks.items[stack->parent];
		if (!stack->parent)
			end[stack->place] |= all;
		else if (!parent->parent)
			end[parent->place] = true;
	}
	return end;
}

uint32_t *ev_chain_ends_find(struct ev_named *named, const struct ev_place_names *names,
			     const struct ev_namer *namer)
{
	const struct ev_profile *profile = named->profile;
	if (!profile->tell_ends || !profile->quality.with_stack)
		return NULL;
	bool *end = ends_of_chains(profile);
	uint32_t *ends = ev_alloc(profile->places.count * sizeof(*ends));
	uint32_t(*of_object)[2] = ev_alloc((namer->object_count + 1) * sizeof(*of_object));
	for (uint32_t i = 1; i < profile->places.count; i++) {
		uint32_t object = profile->places.items[i].object;
		const struct ev_object *told = object_of(namer, object);
		if (!end[i] || names->kernel[i] || (told && told->kind == EV_OBJECT_END))
			continue;
		if (object >= namer->object_count)
			object = 0;
		uint32_t frame = outermost(names, i);
		if (!frame || ev_frame_is_root(named, frame))
			continue;
		if (object && !named->frames.items[frame].resolved)
			continue; /* perhaps a root whose name was stripped */
		bool omitted = object && omits(namer, profile, names, i);
		if (!of_object[object][omitted])
			of_object[object][omitted] = add_end(named, object, omitted);
		ends[i] = of_object[object][omitted];
	}
	for (uint32_t i = 1; namer->forget && i < namer->object_count; i++)
		if (of_object[i][0] || of_object[i][1])
			namer->forget(namer->context, i);
	free(of_object);
	free(end);
	return ends;
}
