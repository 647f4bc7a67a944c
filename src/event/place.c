/* Probes, found in their files by a later stage, become events that can be opened: one for each
 * place. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "parse.h"

/* Each costs the kernel memory and time to open and close, on every CPU and thread. */
#define WIDEST 120 /* columns of a word with a caret */
#define MOST_PLACES 1000

struct placing {
	struct ev_event_list *list;
	struct ev_event_list made; /* items only */
	size_t *first;             /* of each old event, its first new one */
	ev_find_places find;
	void *context;
	struct ev_err *err;
};

/* The name of one of several; what was given by name= stays. */
static const char *name_of(struct placing *placing, const struct ev_event *old,
			   const struct ev_probe_place *place)
{
	const struct ev_probe *probe = old->probe;
	size_t length = strlen(probe->typed);
	if (strncmp(old->name, probe->typed, length))
		return old->name;
	const char *into = probe->has_offset
				   ? ev_arena_printf(&placing->list->arena, "+0x%llx",
						     (unsigned long long)probe->offset_bytes)
				   : "";
	return ev_arena_printf(&placing->list->arena, "%s%s%s%s%s", probe->front,
			       ev_text_safe(&placing->list->arena, place->name), into, probe->back,
			       old->name + length);
}

static int add_place(struct placing *placing, size_t index, const struct ev_probe_place *place,
		     bool named_by_place)
{
	struct ev_event_list *list = placing->list;
	const struct ev_event *old = &list->items[index];
	const struct ev_probe *probe = old->probe;
	size_t at = placing->made.count;
	uint64_t bits = 0;
	if (place->semaphore && (!probe->semaphore_mask ||
				 !ev_field_spread(probe->semaphore_mask, place->semaphore, &bits)))
		return ev_fail(placing->err, EOPNOTSUPP,
			       "%s: the marker is asleep until its semaphore is raised, which this "
			       "kernel's probes can not do (Linux 4.20 can)",
			       ev_text_safe(&list->arena, old->name));
	struct ev_event *event = ev_array_add(&placing->made);
	*event = *old;
	event->attr.config |= bits;
	event->attr.config2 = place->offset;
	event->probe_path = place->path;
	event->attr.config1 = (uint64_t)(uintptr_t)place->path;
	event->placed = place->note;
	event->caution = place->caution;
	event->resolved = ev_text_safe(&list->arena,
				       ev_probe_spell(&list->arena, probe, place->path, place->name,
						      probe->has_offset ? probe->offset_bytes
									: place->into_bytes));
	if (named_by_place)
		event->name = name_of(placing, old, place);
	event->summed = (unsigned)at;
	for (size_t i = placing->first[index]; i < at && event->summed == at; i++)
		if (!strcmp(placing->made.items[i].name, event->name))
			event->summed = (unsigned)i;
	/* The kernel pins groups by their leader. */
	if (at > placing->first[index])
		event->attr.pinned = event->attr.exclusive = 0;
	return 0;
}

static bool is_glob(const char *text)
{
	return text && strpbrk(text, "*?[");
}

/* The word with a caret goes behind the first line of the sentence: under the name where the
 * sentence is about that, else under the file. */
static int point_at(struct placing *placing, const struct ev_probe *probe, int rc)
{
	struct ev_arena arena = { 0 };
	struct ev_err *err = placing->err;
	if (!err)
		return rc;
	const char *text = ev_arena_text(&arena, err->text, strlen(err->text));
	const char *name = ev_text_safe(&arena, probe->name);
	size_t line = strcspn(text, "\n"), front = strlen(probe->front);
	bool of_name = strstr(text, ev_arena_printf(&arena, "'%s'", name)) ||
		       strstr(text, ev_arena_printf(&arena, ":%s'", name));
	if (!of_name || front > strlen(probe->typed))
		front = strcspn(probe->typed, ":") + 1;
	const char *word = ev_text_safe(&arena, probe->typed);
	const char *before =
		ev_text_safe(&arena, ev_arena_printf(&arena, "%.*s", (int)front, probe->typed));
	/* A caret says little in a line that the terminal breaks. */
	if (ev_text_columns(word) <= WIDEST)
		ev_fail(err, -rc, "%.*s\n%s\n%*s^%s", (int)line, text, word,
			(int)ev_text_columns(before), "", text + line);
	ev_arena_done(&arena);
	return rc;
}

static int place(struct placing *placing, size_t index)
{
	struct ev_event_list *list = placing->list;
	const struct ev_event *old = &list->items[index];
	placing->first[index] = placing->made.count;
	if (!old->probe || old->probe_path) {
		struct ev_event *event = ev_array_add(&placing->made);
		*event = *old;
		event->summed = (unsigned)placing->first[old->summed];
		return 0;
	}
	struct ev_probe_places places = { .arena = &list->arena };
	int rc = placing->find(placing->context, old->probe, &places, placing->err);
	if (rc)
		rc = point_at(placing, old->probe, rc);
	if (!rc && !places.count)
		rc = ev_fail(placing->err, ENOENT, "'%s' has no place",
			     ev_text_safe(&list->arena, old->name));
	if (!rc && places.count > MOST_PLACES)
		rc = ev_fail(placing->err, E2BIG,
			     "'%s' means %zu places, and no more than %d can be probed at once: "
			     "name fewer",
			     ev_text_safe(&list->arena, old->name), places.count, MOST_PLACES);
	bool named = is_glob(old->probe->name) || is_glob(old->probe->provider);
	for (size_t i = 0; !rc && i < places.count; i++)
		rc = add_place(placing, index, &places.items[i], named);
	ev_array_done(&places);
	return rc;
}

/* Groups and words are told by the indices of their first members, which moved. */
static void relink(struct placing *placing)
{
	const struct ev_event_list *list = placing->list;
	bool *leads = ev_alloc(list->count);
	for (size_t i = 0; i < list->count; i++)
		leads[list->items[i].leader] |= list->items[i].leader != i;
	for (size_t i = 0; i < list->count; i++) {
		const struct ev_event *old = &list->items[i];
		size_t end = i + 1 < list->count ? placing->first[i + 1] : placing->made.count;
		bool grouped = old->leader != i || leads[i];
		for (size_t at = placing->first[i]; at < end; at++) {
			struct ev_event *event = &placing->made.items[at];
			event->written = (unsigned)placing->first[old->written];
			event->leader = (unsigned)(grouped ? placing->first[old->leader] : at);
		}
	}
	free(leads);
}

int ev_event_place_probes(struct ev_event_list *list, ev_find_places find, void *context,
			  struct ev_err *err)
{
	struct placing placing = { .list = list, .find = find, .context = context, .err = err };
	size_t waiting = 0;
	for (size_t i = 0; i < list->count; i++)
		waiting += list->items[i].probe && !list->items[i].probe_path;
	if (!waiting)
		return 0;
	placing.first = ev_alloc(list->count * sizeof(*placing.first));
	int rc = 0;
	for (size_t i = 0; !rc && i < list->count; i++)
		rc = place(&placing, i);
	if (!rc) {
		relink(&placing);
		free(list->items);
		list->items = placing.made.items;
		list->count = placing.made.count;
		list->room = placing.made.room;
	} else {
		ev_array_done(&placing.made);
	}
	free(placing.first);
	return rc;
}
