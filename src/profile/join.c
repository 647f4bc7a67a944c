/* Named profiles of several recordings become one. What is the same is told by names and build-ids,
 * never by addresses: those of one recording mean nothing in another. */
#include <stdlib.h>
#include <string.h>
#include <evprof/tables.h>
#include "intern.h"
#include "named.h"
#include "profile.h"

struct ev_join {
	struct ev_named *named; /* the whole */
	struct ev_profile *profile;
	struct ev_strings *identities; /* of objects: a build-id, or kind and path */
	EV_ARRAY(struct identity) objects;
	struct ev_map object_ids; /* identity -> object */
	struct ev_frame_ids frame_ids;
	struct ev_stack_ids stack_ids;
	EV_ARRAY(struct ev_stack) stacks;
};
struct identity {
	uint32_t text; /* in `identities` */
	uint32_t name; /* in the profile's strings, as the rest */
	uint32_t path; /* 0 where it is not known */
	uint64_t mapped_bytes;
	uint32_t variant; /* tells it from another of its name: "build 1f3a…", or the path */
};

/* One recording on its way into the whole: the new number of everything, found when it is met. */
struct passage {
	struct ev_join *join;
	const struct ev_part *part;
	uint32_t *strings; /* id + 1 */
	uint32_t *objects, *frames, *stacks, *tags;
};

struct ev_join *ev_join_open(void)
{
	struct ev_join *join = ev_alloc(sizeof(*join));
	join->named = ev_alloc(sizeof(*join->named));
	join->profile = ev_profile_open();
	join->frame_ids.by_size = true;
	join->named->profile = join->profile;
	join->identities = ev_strings_open();
	ev_array_add(&join->stacks);
	ev_array_add(&join->objects)->name =
		ev_strings_add_text(join->profile->strings, "[unknown]");
	ev_array_add(&join->named->frames)->function =
		ev_strings_add_text(join->profile->strings, "[unknown]");
	return join;
}

static uint32_t string_of(struct passage *passage, uint32_t id)
{
	uint32_t *known = &passage->strings[id];
	if (!*known)
		*known = 1 +
			 ev_strings_add_text(passage->join->profile->strings,
					     ev_strings_text(passage->part->named->profile->strings,
							     id));
	return *known - 1;
}

/* ---- objects ----------------------------------------------------------------------------------
 */

static const struct ev_object *object_of(const struct ev_named *named, uint32_t object)
{
	return named->spaces && object < ev_space_set_object_count(named->spaces)
		       ? ev_space_set_object(named->spaces, object)
		       : NULL;
}

/* Without a build-id files are the same when their paths are; all else when it has the same name.
 */
static const char *identity_text(const struct ev_object *object, const char *name,
				 struct ev_arena *arena)
{
	if (object && object->build_id_bytes) {
		char hex[2 * sizeof(object->build_id) + 1] = "";
		for (size_t i = 0; i < object->build_id_bytes && i < sizeof(object->build_id); i++)
			snprintf(hex + 2 * i, 3, "%02x", object->build_id[i]);
		return ev_arena_printf(arena, "build %s", hex);
	}
	if (object && object->kind == EV_OBJECT_FILE && object->path)
		return ev_arena_printf(arena, "file %s", object->path);
	return ev_arena_printf(arena, "name %s", name);
}

static uint32_t join_object(struct passage *passage, uint32_t index)
{
	const struct ev_named *named = passage->part->named;
	struct ev_join *join = passage->join;
	struct ev_strings *strings = join->profile->strings;
	const struct ev_object *object = object_of(named, index);
	const char *name = ev_strings_text(named->profile->strings, named->object_names[index]);
	struct ev_arena arena = { 0 };
	const char *text = identity_text(object, name, &arena);
	bool added;
	uint32_t identity = ev_strings_add_text(join->identities, text);
	uint32_t *id = ev_map_add(&join->object_ids, identity, 0, &added);
	if (added) {
		bool built = object && object->build_id_bytes;
		*id = (uint32_t)join->objects.count;
		*ev_array_add(&join->objects) = (struct identity){
			.text = identity,
			.name = ev_strings_add_text(strings, name),
			.path = object && object->path ? ev_strings_add_text(strings, object->path)
						       : 0,
			.mapped_bytes = object ? object->mapped_bytes : 0,
			.variant = built ? ev_strings_add(strings, text, strlen("build 12345678"))
					 : ev_strings_add_text(strings, text),
		};
	}
	ev_arena_done(&arena);
	return *id;
}

/* ---- frames, stacks, tags ---------------------------------------------------------------------
 */

/* Offsets in a file mean the same in every recording of it; addresses in memory do not. */
static bool has_offsets(const struct ev_named *named, uint32_t object)
{
	const struct ev_object *it = object_of(named, object);
	return it && it->kind == EV_OBJECT_FILE;
}

static uint32_t join_frame(struct passage *passage, const struct ev_frame *from)
{
	struct ev_join *join = passage->join;
	struct ev_frame frame = *from;
	bool is_address = !from->resolved && !has_offsets(passage->part->named, from->object);
	frame.object = passage->objects[from->object];
	frame.function = is_address ? join->named->frames.items[0].function
				    : string_of(passage, from->function);
	frame.file = string_of(passage, from->file);
	bool added;
	uint32_t id = ev_frame_ids_add(&join->frame_ids, &frame,
				       (uint32_t)join->named->frames.count, &added);
	if (added)
		*ev_array_add(&join->named->frames) = frame;
	return id;
}

static void join_stacks(struct passage *passage)
{
	struct ev_join *join = passage->join;
	const struct ev_named *named = passage->part->named;
	for (uint32_t i = 1; i < named->stacks.count; i++) {
		const struct ev_stack *stack = &named->stacks.items[i];
		passage->stacks[i] =
			ev_stack_ids_add(&join->stack_ids, &join->stacks.items, &join->stacks.count,
					 &join->stacks.room, passage->stacks[stack->parent],
					 passage->frames[stack->place]);
	}
}

static void join_tags(struct passage *passage, uint32_t origin)
{
	const struct ev_profile *from = passage->part->named->profile;
	for (size_t i = 1; i < from->tags.count; i++) {
		struct ev_tag tag = from->tags.items[i];
		if (passage->part->events)
			tag.event = passage->part->events[tag.event];
		tag.comm = string_of(passage, tag.comm);
		tag.recording = origin;
		passage->tags[i] = ev_profile_tag(passage->join->profile, &tag);
	}
}

static void join_joints(const struct passage *passage)
{
	const struct ev_part *part = passage->part;
	const struct ev_named *named = part->named;
	const uint32_t *settled = named->profile->settled;
	for (size_t i = 0; part->joints && i < part->joints->items.count; i++) {
		const struct ev_joint *joint = &part->joints->items.items[i];
		uint32_t stack = settled ? settled[joint->stack] : joint->stack;
		ev_joints_merge(part->all_joints, part->ratios[joint->ratio],
				passage->tags[joint->tag], passage->stacks[named->stack_of[stack]],
				&joint->sums);
	}
}

static void join_about(struct passage *passage)
{
	struct ev_profile *into = passage->join->profile;
	const struct ev_profile *from = passage->part->named->profile;
	ev_quality_merge(&into->quality, &from->quality);
	if (!into->first_time_ns ||
	    (from->first_time_ns && from->first_time_ns < into->first_time_ns))
		into->first_time_ns = from->first_time_ns;
	if (from->last_time_ns > into->last_time_ns)
		into->last_time_ns = from->last_time_ns;
	if (!into->slice_ns)
		into->slice_ns = from->slice_ns;
	for (uint32_t e = 0; e < from->event_count; e++) {
		uint32_t event = passage->part->events ? passage->part->events[e] : e;
		if (event >= into->event_count)
			into->event_count = event + 1;
		if (e >= from->is_member.count || !from->is_member.items[e])
			continue;
		while (into->is_member.count <= event)
			*ev_array_add(&into->is_member) = false;
		into->is_member.items[event] = true;
	}
}

void ev_join_add(struct ev_join *join, const struct ev_part *part)
{
	const struct ev_named *named = part->named;
	const struct ev_profile *from = named->profile;
	struct passage passage = {
		.join = join,
		.part = part,
		.strings = ev_alloc(ev_strings_count(from->strings) * sizeof(uint32_t)),
		.objects = ev_alloc((named->object_count + 1) * sizeof(uint32_t)),
		.frames = ev_alloc(named->frames.count * sizeof(uint32_t)),
		.stacks = ev_alloc((named->stacks.count + 1) * sizeof(uint32_t)),
		.tags = ev_alloc((from->tags.count + 1) * sizeof(uint32_t)),
	};
	for (uint32_t i = 1; i < named->object_count; i++)
		passage.objects[i] = join_object(&passage, i);
	for (size_t i = 1; i < named->frames.count; i++)
		passage.frames[i] = join_frame(&passage, &named->frames.items[i]);
	join_stacks(&passage);
	join_tags(&passage, ev_profile_origin(join->profile, part->path, part->host));
	for (size_t i = 0; i < named->cells.count; i++) {
		struct ev_cell cell = named->cells.items[i];
		cell.tag = passage.tags[cell.tag];
		cell.stack = passage.stacks[cell.stack];
		*ev_array_add(&join->profile->cells) = cell;
	}
	join_joints(&passage);
	join_about(&passage);
	if (part->objects)
		memcpy(part->objects, passage.objects, named->object_count * sizeof(uint32_t));
	free(passage.strings);
	free(passage.objects);
	free(passage.frames);
	free(passage.stacks);
	free(passage.tags);
}

/* ---- the end ----------------------------------------------------------------------------------
 */

/* Places without a name in two builds of one file are not the same place although their offsets
 * may be equal: their numbers then say of which. */
static void part_builds(struct ev_join *join)
{
	struct ev_strings *strings = join->profile->strings;
	struct ev_map count = { 0 };
	struct ev_arena arena = { 0 };
	for (size_t i = 1; i < join->objects.count; i++)
		++*ev_map_add(&count, join->objects.items[i].name, 0, NULL);
	for (size_t i = 1; i < join->named->frames.count; i++) {
		struct ev_frame *frame = &join->named->frames.items[i];
		const struct identity *object = &join->objects.items[frame->object];
		const uint32_t *same_name = ev_map_find(&count, object->name, 0);
		if (frame->resolved || !same_name || *same_name < 2 ||
		    frame->function == join->named->frames.items[0].function)
			continue;
		const char *text = ev_arena_printf(&arena, "%s (%s)",
						   ev_strings_text(strings, frame->function),
						   ev_strings_text(strings, object->variant));
		frame->function = ev_strings_add_text(strings, text);
		ev_arena_reset(&arena);
	}
	ev_map_done(&count);
	ev_arena_done(&arena);
}

struct ev_named *ev_join_finish(struct ev_join *join, struct ev_profile **profile)
{
	struct ev_named *named = join->named;
	size_t count = join->objects.count;
	part_builds(join);
	ev_profile_forget_index(join->profile);
	named->object_count = (uint32_t)count;
	named->object_names = ev_alloc(count * sizeof(*named->object_names));
	named->object_paths = ev_alloc(count * sizeof(*named->object_paths));
	named->object_bytes = ev_alloc(count * sizeof(*named->object_bytes));
	for (size_t i = 0; i < count; i++) {
		named->object_names[i] = join->objects.items[i].name;
		named->object_paths[i] = join->objects.items[i].path;
		named->object_bytes[i] = join->objects.items[i].mapped_bytes;
	}
	named->stack_of = ev_stacks_number(named, join->stacks.items, join->stacks.count);
	ev_cells_fold(named);
	*profile = join->profile;
	ev_strings_close(join->identities);
	ev_array_done(&join->objects);
	ev_map_done(&join->object_ids);
	ev_frame_ids_done(&join->frame_ids);
	ev_ids_done(&join->stack_ids.ids);
	ev_array_done(&join->stacks);
	free(join);
	return named;
}
