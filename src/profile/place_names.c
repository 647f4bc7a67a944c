/* Every place of a profile becomes its frames, each looked up once: object by object, several
 * objects at a time. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "named.h"

enum { INLINE_LIMIT = 64 }; /* frames at one place */
enum { THREAD_LIMIT = 16 };

/* The places of one object: order[from] to order[to]. */
struct group {
	size_t from, to;
	uint32_t thread;     /* that named them */
	size_t begins, ends; /* of its lists */
};

/* Frames, texts and lists that one thread found, in numbers of its own. */
struct naming {
	struct work *work;
	pthread_t id;
	bool started;
	uint32_t number;
	struct ev_strings *strings;
	EV_ARRAY(struct ev_frame) frames;
	struct ev_frame_ids frame_ids;
	EV_ARRAY(uint32_t) lists; /* for each place and role: how many frames, and which */
};

struct work {
	struct ev_place_names *names;
	struct ev_named *named;
	const struct ev_namer *namer;
	unsigned flags;
	bool by_line;
	uint32_t *order; /* places by object and offset */
	EV_ARRAY(struct group) groups;
	struct ev_keyed *turns; /* the groups, those of most places first: none is left for last */
	atomic_size_t next;     /* turn that no thread has yet */
};

/* ---- one thread -------------------------------------------------------------------------------
 */

static uint32_t text_id(struct naming *naming, const char *text)
{
	return text ? ev_strings_add_text(naming->strings, text) : 0;
}

/* What has no name is called by its address. Of these there may be more than of all others. */
static uint32_t address_id(struct naming *naming, uint64_t address)
{
	char text[] = "0x0000000000000000";
	for (char *digit = &text[sizeof(text) - 2]; address; address >>= 4)
		*digit-- = "0123456789abcdef"[address & 15];
	return ev_strings_add(naming->strings, text, sizeof(text) - 1);
}

static bool is_known(const struct ev_symbol *symbol)
{
	return symbol->function && *symbol->function && !symbol->made_up;
}

static uint32_t frame_of(struct naming *naming, const struct ev_place *place, bool kernel,
			 const struct ev_symbol *symbol, uint64_t size_bytes)
{
	struct ev_frame frame = { .object = place->object,
				  .kernel = kernel,
				  .inlined = symbol->inlined,
				  .resolved = is_known(symbol) };
	if (frame.object >= naming->work->named->object_count)
		frame.object = 0;
	frame.function = symbol->function && *symbol->function ? text_id(naming, symbol->function)
							       : address_id(naming, place->offset);
	frame.python = symbol->python;
	frame.declared = symbol->python ? symbol->declared : 0;
	if (naming->work->flags & EV_SYMBOL_LINES || symbol->python)
		frame.file = text_id(naming, symbol->file);
	if (naming->work->by_line)
		frame.line = symbol->line;
	if (naming->work->flags & EV_SYMBOL_SIZES && !symbol->python)
		frame.size_bytes = size_bytes;
	bool added;
	uint32_t id = ev_frame_ids_add(&naming->frame_ids, &frame, (uint32_t)naming->frames.count,
				       &added);
	if (added)
		*ev_array_add(&naming->frames) = frame;
	return id;
}

/* Of a return address the byte before counts, which is the call. A handler returns to where no call
 * is before: to the very beginning of the function that ends the signal. */
static size_t find_symbols(const struct ev_namer *namer, const struct ev_place *place,
			   unsigned flags, struct ev_symbol symbols[INLINE_LIMIT])
{
	struct ev_symbol there[INLINE_LIMIT];
	memset(symbols, 0, sizeof(symbols[0]));
	size_t count = namer->symbolize(namer->context, *place, flags, symbols, INLINE_LIMIT);
	if (flags & EV_SYMBOL_EXACT || (count && is_known(&symbols[0])))
		return count;
	memset(there, 0, sizeof(there[0]));
	size_t more = namer->symbolize(namer->context, *place, flags | EV_SYMBOL_EXACT, there,
				       INLINE_LIMIT);
	if (!more || !is_known(&there[more - 1]) || there[more - 1].start != place->offset)
		return count;
	memcpy(symbols, there, more * sizeof(*there));
	return more;
}

static uint32_t name_place(struct naming *naming, const struct ev_place *place, bool kernel,
			   enum ev_role role)
{
	const struct ev_namer *namer = naming->work->namer;
	struct ev_symbol symbols[INLINE_LIMIT];
	unsigned flags = naming->work->flags & ~(unsigned)EV_SYMBOL_EXACT;
	if (role == EV_ROLE_EXACT)
		flags |= EV_SYMBOL_EXACT;
	size_t count = find_symbols(namer, place, flags, symbols);
	if (!count)
		count = 1;
	uint32_t first = (uint32_t)naming->lists.count;
	*ev_array_add(&naming->lists) = (uint32_t)count;
	for (size_t i = count; i-- > 0;) {
		uint32_t frame =
			frame_of(naming, place, kernel, &symbols[i], symbols[count - 1].size_bytes);
		*ev_array_add(&naming->lists) = frame;
	}
	return first;
}

static void name_group(struct naming *naming, struct group *group)
{
	const struct work *work = naming->work;
	const struct ev_place *places = work->named->profile->places.items;
	struct ev_place_names *names = work->names;
	group->thread = naming->number;
	group->begins = naming->lists.count;
	for (size_t i = group->from; i < group->to; i++) {
		uint32_t place = work->order[i];
		for (enum ev_role role = 0; role < EV_ROLE_COUNT; role++)
			if (names->roles[place] & 1 << role)
				names->first[place][role] = name_place(naming, &places[place],
								       names->kernel[place], role);
	}
	group->ends = naming->lists.count;
	/* Together the tables of all objects can be larger than the profile. */
	if (work->namer->forget)
		work->namer->forget(work->namer->context, places[work->order[group->from]].object);
}

static void *name_groups(void *argument)
{
	struct naming *naming = argument;
	struct work *work = naming->work;
	naming->strings = ev_strings_open();
	naming->frame_ids.by_size = work->flags & EV_SYMBOL_SIZES;
	ev_array_add(&naming->frames);     /* as in the profile, 0 is no frame of a place */
	*ev_array_add(&naming->lists) = 0; /* nothing begins at 0 */
	for (size_t i; (i = atomic_fetch_add(&work->next, 1)) < work->groups.count;)
		name_group(naming, &work->groups.items[work->turns[i].id]);
	return NULL;
}

/* ---- all threads ------------------------------------------------------------------------------
 */

/* Names of one object are asked for together, by rising offset, which is what files like best. */
static size_t order_places(struct work *work)
{
	const struct ev_profile *profile = work->named->profile;
	const struct ev_place *places = profile->places.items;
	struct ev_keyed *order = ev_realloc(NULL, profile->places.count * sizeof(*order));
	size_t count = 0;
	for (uint32_t i = 1; i < profile->places.count; i++)
		if (work->names->roles[i])
			order[count++] = (struct ev_keyed){ places[i].offset, i };
	ev_sort_keyed(order, count);
	for (size_t i = 0; i < count; i++)
		order[i].key = places[order[i].id].object;
	ev_sort_keyed(order, count);
	work->order = ev_realloc(NULL, (count + 1) * sizeof(*work->order));
	for (size_t i = 0; i < count; i++)
		work->order[i] = order[i].id;
	free(order);
	return count;
}

static void find_groups(struct work *work)
{
	const struct ev_place *places = work->named->profile->places.items;
	size_t count = order_places(work);
	for (size_t from = 0, to; from < count; from = to) {
		uint32_t object = places[work->order[from]].object;
		for (to = from + 1; to < count && places[work->order[to]].object == object; to++)
			;
		*ev_array_add(&work->groups) = (struct group){ .from = from, .to = to };
	}
	work->turns = ev_alloc((work->groups.count + 1) * sizeof(*work->turns));
	for (uint32_t i = 0; i < work->groups.count; i++) {
		const struct group *group = &work->groups.items[i];
		work->turns[i] = (struct ev_keyed){ ~(uint64_t)(group->to - group->from), i };
	}
	ev_sort_keyed(work->turns, work->groups.count);
}

/* Take over what a thread found of one object. Objects come in their order, so that the numbers do
 * not depend on which thread was quicker. */
static void merge_group(struct work *work, const struct group *group, struct naming *naming,
			uint32_t *known, struct ev_frame_ids *frame_ids)
{
	struct ev_named *named = work->named;
	struct ev_place_names *names = work->names;
	struct ev_strings *strings = named->profile->strings;
	uint32_t base = (uint32_t)(names->frames.count - group->begins);
	for (size_t at = group->begins; at < group->ends;) {
		uint32_t count = naming->lists.items[at++];
		*ev_array_add(&names->frames) = count;
		for (; count; count--, at++) {
			uint32_t *id = &known[naming->lists.items[at]];
			if (!*id) {
				struct ev_frame frame =
					naming->frames.items[naming->lists.items[at]];
				bool added;
				frame.function =
					ev_strings_add_text(strings,
							    ev_strings_text(naming->strings,
									    frame.function));
				frame.file = ev_strings_add_text(strings,
								 ev_strings_text(naming->strings,
										 frame.file));
				*id = ev_frame_ids_add(frame_ids, &frame,
						       (uint32_t)named->frames.count, &added);
				if (added)
					*ev_array_add(&named->frames) = frame;
			}
			*ev_array_add(&names->frames) = *id;
		}
	}
	for (size_t i = group->from; i < group->to; i++)
		for (enum ev_role role = 0; role < EV_ROLE_COUNT; role++)
			if (names->roles[work->order[i]] & 1 << role)
				names->first[work->order[i]][role] += base;
}

static void merge(struct work *work, struct naming *threads, size_t count)
{
	uint32_t *known[THREAD_LIMIT];
	struct ev_frame_ids frame_ids = { .by_size = work->flags & EV_SYMBOL_SIZES };
	size_t frame_count = 0;
	for (size_t i = 0; i < count; i++) {
		known[i] = ev_alloc(threads[i].frames.count * sizeof(*known[i]));
		frame_count += threads[i].frames.count;
	}
	/* Threads have objects of their own, and so most of their frames. */
	ev_map_reserve(&frame_ids.frames, frame_count);
	*ev_array_add(&work->names->frames) = 0; /* nothing begins at 0 */
	for (size_t i = 0; i < work->groups.count; i++) {
		const struct group *group = &work->groups.items[i];
		merge_group(work, group, &threads[group->thread], known[group->thread], &frame_ids);
	}
	for (size_t i = 0; i < count; i++)
		free(known[i]);
	ev_frame_ids_done(&frame_ids);
}

void ev_place_names_find(struct ev_place_names *names, struct ev_named *named,
			 const struct ev_namer *namer, unsigned flags, bool by_line)
{
	const struct ev_profile *profile = named->profile;
	struct work work = {
		.names = names,
		.named = named,
		.namer = namer,
		.flags = by_line ? flags | EV_SYMBOL_LINES : flags,
		.by_line = by_line,
	};
	struct naming threads[THREAD_LIMIT] = { 0 };
	size_t count = namer->threads < THREAD_LIMIT ? namer->threads : THREAD_LIMIT;
	names->first = ev_alloc(profile->places.count * sizeof(*names->first));
	find_groups(&work);
	if (count > work.groups.count)
		count = work.groups.count;
	if (!count)
		count = 1;
	if (namer->want)
		namer->want(namer->context, profile->places.items, profile->places.count);
	for (uint32_t i = 0; i < count; i++) {
		threads[i].work = &work;
		threads[i].number = i;
		threads[i].started =
			i && !pthread_create(&threads[i].id, NULL, name_groups, &threads[i]);
	}
	/* A thread that could not be had leaves its share to this one. */
	name_groups(&threads[0]);
	for (size_t i = 0; i < count; i++)
		if (threads[i].started)
			pthread_join(threads[i].id, NULL);
	merge(&work, threads, count);
	for (size_t i = 0; i < count; i++) {
		if (threads[i].strings)
			ev_strings_close(threads[i].strings);
		ev_array_done(&threads[i].frames);
		ev_frame_ids_done(&threads[i].frame_ids);
		ev_array_done(&threads[i].lists);
	}
	ev_array_done(&work.groups);
	free(work.order);
	free(work.turns);
}

void ev_place_names_done(struct ev_place_names *names)
{
	free(names->first);
	free(names->roles);
	free(names->kernel);
	ev_array_done(&names->frames);
}
