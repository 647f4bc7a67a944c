/* The texts of a report's filters become answers about tags and frames. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "table.h"

/* Names of a comma list that the profile knows; a name it does not know lets nothing through. */
static void take_names(struct ev_map *map, struct ev_strings *strings, const char *list)
{
	for (const char *at = list; at && *at;) {
		size_t length = strcspn(at, ",");
		*ev_map_add(map, ev_strings_add(strings, at, length), 0, NULL) = 1;
		at += length;
		at += *at == ',';
	}
}

enum { PID_LIMIT = 1 << 22, CPU_LIMIT = 1 << 16 }; /* the kernel has no greater ones */

static int take_numbers(struct ev_map *map, const char *what, const char *list, uint32_t limit,
			struct ev_err *err)
{
	uint32_t *numbers = NULL;
	size_t count = 0;
	if (!list || !*list)
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

/* String id of an object's path, 0 when it is not known. */
static uint32_t path_of(const struct ev_named *named, uint32_t index)
{
	if (named->object_paths)
		return named->object_paths[index];
	const struct ev_object *object =
		named->spaces ? ev_space_set_object(named->spaces, index) : NULL;
	return object && object->path ? ev_strings_add_text(named->profile->strings, object->path)
				      : 0;
}

/* Objects pass by their short name or their path: both mean all objects with that short name. */
static void take_objects(struct ev_sieve *sieve, const char *list)
{
	const struct ev_named *named = sieve->named;
	take_names(&sieve->objects, named->profile->strings, list);
	for (uint32_t i = 0; list && i < named->object_count; i++) {
		uint32_t path = path_of(named, i);
		if (path && ev_map_find(&sieve->objects, path, 0))
			*ev_map_add(&sieve->objects, named->object_names[i], 0, NULL) = 1;
	}
}

/* A Python function, "fib (sorts.py:12)", is meant by its name alone as well. */
static void take_python_names(struct ev_sieve *sieve)
{
	const struct ev_named *named = sieve->named;
	struct ev_strings *strings = named->profile->strings;
	for (size_t i = 0; sieve->symbols.count && i < named->frames.count; i++) {
		const struct ev_frame *frame = &named->frames.items[i];
		const char *label = ev_strings_text(strings, frame->function);
		const char *end = frame->python ? strstr(label, " (") : NULL;
		if (end && ev_map_find(&sieve->symbols,
				       ev_strings_add(strings, label, (size_t)(end - label)), 0))
			*ev_map_add(&sieve->symbols, frame->function, 0, NULL) = 1;
	}
}

int ev_sieve_open(struct ev_sieve *sieve, const struct ev_filter *filter,
		  const struct ev_named *named, struct ev_err *err)
{
	static const struct ev_filter nothing;
	struct ev_strings *strings = named->profile->strings;
	if (!filter)
		filter = &nothing;
	*sieve = (struct ev_sieve){ .filter = filter, .named = named };
	take_names(&sieve->comms, strings, filter->comms);
	take_names(&sieve->symbols, strings, filter->symbols);
	take_python_names(sieve);
	take_objects(sieve, filter->objects);
	int rc = take_numbers(&sieve->pids, "--pid", filter->pids, PID_LIMIT, err);
	if (!rc)
		rc = take_numbers(&sieve->tids, "--tid", filter->tids, PID_LIMIT, err);
	if (!rc)
		rc = take_numbers(&sieve->cpus, "--cpu", filter->cpus, CPU_LIMIT, err);
	if (rc)
		ev_sieve_done(sieve);
	return rc;
}

void ev_sieve_done(struct ev_sieve *sieve)
{
	struct ev_map *maps[] = { &sieve->comms, &sieve->objects, &sieve->symbols,
				  &sieve->pids,  &sieve->tids,    &sieve->cpus };
	for (size_t i = 0; i < EV_LENGTH(maps); i++)
		ev_map_done(maps[i]);
}

/* ---- KEY=VALUE --------------------------------------------------------------------------------
 */

/* "003" is 3, and "12:name" is 12 as well as name. */
static bool is_value(enum ev_key_kind kind, const char *text, const char *wanted)
{
	uint64_t one, other;
	if (!strcmp(text, wanted))
		return true;
	if (kind == EV_KEY_IS_NUMBER)
		return *text && strspn(text, "0123456789") == strlen(text) &&
		       !ev_parse_u64(wanted, &other) && (one = strtoull(text, NULL, 10)) == other;
	const char *name = kind == EV_KEY_IS_OWNER ? strchr(text, ':') : NULL;
	return name && (!strcmp(name + 1, wanted) ||
			(!strncmp(text, wanted, strlen(wanted)) && text[strlen(wanted)] == ':'));
}

/* The next value of a list, cut out of it; "\," is a comma in a value. */
static char *next_value(char **rest)
{
	char *value = *rest, *to = value, *at = value;
	if (!value)
		return NULL;
	for (; *at && *at != ','; at++) {
		at += *at == '\\' && at[1] == ',';
		*to++ = *at;
	}
	*rest = *at ? at + 1 : NULL;
	*to = 0;
	return value;
}

static bool filter_takes(const struct ev_key_filter *filter, const char *text)
{
	enum ev_key_kind kind = ev_keys[filter->key].kind;
	const char *name = kind == EV_KEY_IS_OWNER ? strchr(text, ':') : NULL;
	char *words = ev_strdup(filter->values), *rest = words;
	bool found = false;
	for (char *word; !found && (word = next_value(&rest));)
		found = filter->is_glob ? ev_glob_match_exact(word, text) ||
						  (name && ev_glob_match_exact(word, name + 1))
					: is_value(kind, text, word);
	free(words);
	return found != filter->is_negated;
}

static bool keys_pass(const struct ev_sieve *sieve, bool of_frame, uint32_t frame,
		      const struct ev_tag *tag)
{
	const struct ev_strings *strings = sieve->named->profile->strings;
	struct ev_arena scratch = { 0 };
	bool pass = true;
	for (size_t i = 0; pass && i < sieve->filter->key_count; i++) {
		const struct ev_key_filter *filter = &sieve->filter->keys[i];
		if (ev_keys[filter->key].of_frame != of_frame)
			continue;
		uint32_t value =
			of_frame ? ev_frame_value(sieve->named, frame, filter->key, &scratch)
				 : ev_tag_value(sieve->named, tag, filter->key, sieve->owners,
						&scratch);
		pass = filter_takes(filter, ev_strings_text(strings, value));
	}
	ev_arena_done(&scratch);
	return pass;
}

static bool passes(const struct ev_map *map, uint64_t value)
{
	return !map->count || ev_map_find(map, value, 0);
}

bool ev_sieve_tag(const struct ev_sieve *sieve, const struct ev_tag *tag)
{
	return passes(&sieve->comms, tag->comm) && passes(&sieve->pids, tag->pid) &&
	       passes(&sieve->tids, tag->tid) &&
	       passes(&sieve->cpus, tag->cpu ? tag->cpu - 1 : UINT64_MAX) &&
	       (!sieve->filter->key_count || keys_pass(sieve, false, 0, tag));
}

bool ev_sieve_frame(const struct ev_sieve *sieve, uint32_t index)
{
	const struct ev_named *named = sieve->named;
	const struct ev_frame *frame = &named->frames.items[index];
	const char *part = sieve->filter->symbol_part;
	if (sieve->filter->hide_unresolved && !frame->resolved)
		return false;
	if (part && *part &&
	    !strstr(ev_strings_text(named->profile->strings, frame->function), part))
		return false;
	return passes(&sieve->objects, named->object_names[frame->object]) &&
	       passes(&sieve->symbols, frame->function) &&
	       (!sieve->filter->key_count || keys_pass(sieve, true, index, NULL));
}
