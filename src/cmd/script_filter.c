/* Which samples `evprof script` shows. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "script.h"

enum { PID_LIMIT = 1 << 22, CPU_LIMIT = 1 << 16 }; /* the kernel has no greater ones */

typedef EV_ARRAY(const char *) words;

static void take_words(struct ev_arena *arena, words *into, const char *list)
{
	for (const char *at = list; at && *at;) {
		size_t length = strcspn(at, ",");
		if (length)
			*ev_array_add(into) = ev_arena_text(arena, at, length);
		at += length;
		at += *at == ',';
	}
}

static int take_numbers(struct ev_map *map, const char *what, const char *list, uint32_t limit,
			struct ev_err *err)
{
	uint32_t *numbers = NULL;
	size_t count = 0;
	if (!list)
		return 0;
	int rc = ev_parse_ranges(list, limit, &numbers, &count);
	for (size_t i = 0; !rc && i < count; i++)
		*ev_map_add(map, numbers[i], 0, NULL) = 1;
	free(numbers);
	if (rc)
		return ev_fail(err, EINVAL, "%s wants numbers such as 1,4-6 up to %u, not '%s'",
			       what, (unsigned)limit, list);
	return 0;
}

int script_filter_open(struct script_filter *filter, const struct script_options *options,
		       struct ev_err *err)
{
	words found = { 0 };
	take_words(&filter->arena, (words *)&filter->comms, options->comms);
	take_words(&filter->arena, (words *)&filter->objects, options->objects);
	take_words(&filter->arena, &found, options->symbols);
	for (size_t i = 0; i < found.count; i++) {
		uint64_t address;
		*ev_array_add(&filter->symbols) = found.items[i];
		char *number = ev_printf("0x%s", found.items[i]);
		if (!ev_parse_u64(found.items[i], &address) || !ev_parse_u64(number, &address))
			*ev_array_add(&filter->addresses) = address;
		free(number);
	}
	ev_array_done(&found);
	filter->by_place = filter->symbols.count || filter->objects.count;
	int rc = take_numbers(&filter->pids, "--pid", options->pids, PID_LIMIT, err);
	if (!rc)
		rc = take_numbers(&filter->tids, "--tid", options->tids, PID_LIMIT, err);
	if (!rc)
		rc = take_numbers(&filter->cpus, "--cpu", options->cpus, CPU_LIMIT, err);
	if (!rc)
		rc = time_range_parse(&filter->time, options->time, err);
	return rc;
}

static bool has_number(const struct ev_map *map, uint64_t number)
{
	return !map->count || ev_map_find(map, number, 0);
}

static bool is_among(const words *list, const char *word)
{
	for (size_t i = 0; word && i < list->count; i++)
		if (!strcmp(list->items[i], word))
			return true;
	return false;
}

static bool is_symbol(const struct script_filter *filter, const struct ev_script_leaf *leaf,
		      uint64_t address)
{
	if (!filter->symbols.count || is_among((const words *)&filter->symbols, leaf->symbol))
		return true;
	for (size_t i = 0; i < filter->addresses.count; i++)
		if (filter->addresses.items[i] == address ||
		    (leaf->start && filter->addresses.items[i] == leaf->start))
			return true;
	return false;
}

bool script_filter_passes(const struct script_filter *filter, struct ev_script *script,
			  const struct ev_record *record)
{
	if (record->time_ns < filter->time.from_ns || record->time_ns > filter->time.to_ns ||
	    !has_number(&filter->pids, record->pid) || !has_number(&filter->tids, record->tid) ||
	    !has_number(&filter->cpus, record->cpu))
		return false;
	if (!filter->by_place && !filter->comms.count)
		return true;
	struct ev_script_leaf leaf;
	ev_script_leaf(script, record, &leaf);
	const words *objects = (const words *)&filter->objects;
	if (filter->comms.count && !is_among((const words *)&filter->comms, leaf.comm))
		return false;
	return is_symbol(filter, &leaf, record->sample.ip) &&
	       (!objects->count || is_among(objects, leaf.path) || is_among(objects, leaf.name));
}

void script_filter_done(struct script_filter *filter)
{
	ev_array_done(&filter->comms);
	ev_array_done(&filter->symbols);
	ev_array_done(&filter->objects);
	ev_array_done(&filter->addresses);
	ev_map_done(&filter->pids);
	ev_map_done(&filter->tids);
	ev_map_done(&filter->cpus);
	ev_arena_done(&filter->arena);
}
