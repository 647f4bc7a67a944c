/* Several recordings become one profile: each is loaded and named by itself, and what it took but
 * for what it says about itself is given back before the next. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <evprof/collect.h>
#include "join.h"

static const char *name_of(const struct ev_recorded_event *event, char *buffer, size_t size_bytes)
{
	return event->name && *event->name ? event->name
					   : ev_event_modifiers(&event->attr, buffer, size_bytes);
}

/* Recorders spell names differently ("cpu-clock", "cpu-clock:pppH"); these numbers of the kernel's
 * mean the same on every machine. */
static bool counts_the_same(const struct perf_event_attr *one, const struct perf_event_attr *other)
{
	return one->type == other->type && one->config == other->config &&
	       one->type <= PERF_TYPE_HW_CACHE && one->type != PERF_TYPE_TRACEPOINT &&
	       one->exclude_user == other->exclude_user &&
	       one->exclude_kernel == other->exclude_kernel;
}

/* More events than people record: no file shall make a search of each pair. */
enum { SPELLINGS_LIMIT = 256 };

/* The event of the whole that counts the same and is none of the `taken` ones; -1 without. */
static int64_t find_spelling(const struct ev_recording *whole,
			     const struct ev_recorded_event *event, const uint32_t *taken,
			     size_t taken_count)
{
	for (uint32_t i = 0; i < whole->event_count && i < SPELLINGS_LIMIT; i++) {
		bool is_free = counts_the_same(&whole->events[i].attr, &event->attr);
		for (size_t t = 0; t < taken_count && is_free; t++)
			is_free = taken[t] != i;
		if (is_free)
			return i;
	}
	return -1;
}

/* The whole's event of this name, or that counts the same; made with the attr of the first
 * recording that has it. */
static uint32_t event_of(struct joined *joined, const struct ev_recorded_event *event,
			 const uint32_t *taken, size_t taken_count)
{
	struct ev_recording *whole = &joined->recording;
	char buffer[128];
	const char *name = name_of(event, buffer, sizeof(buffer));
	bool added;
	uint32_t *id = ev_map_add(&joined->event_ids,
				  ev_strings_add_text(joined->event_names, name), 0, &added);
	if (!added)
		return *id;
	int64_t same = taken_count < SPELLINGS_LIMIT
			       ? find_spelling(whole, event, taken, taken_count)
			       : -1;
	*id = same >= 0 ? (uint32_t)same : (uint32_t)whole->event_count;
	if (same < 0) {
		struct ev_recorded_event *made = ev_recording_add_event(whole);
		made->attr = event->attr;
		made->name = ev_arena_text(&whole->arena, name, strlen(name));
	}
	return *id;
}

/* Events that two recordings have in the same group are so in the whole. */
static void keep_groups(struct ev_recording *whole, const struct ev_recording *from,
			const uint32_t *events)
{
	for (size_t i = 0; i < from->event_count; i++) {
		int leader = from->events[i].leader;
		if (leader >= 0 && (size_t)leader < from->event_count &&
		    whole->events[events[i]].leader == (int)events[i])
			whole->events[events[i]].leader = (int)events[leader];
	}
}

static int check_simulated(const struct joined *joined, struct ev_err *err)
{
	const char *simulated = NULL, *measured = NULL;
	for (size_t i = 0; i < joined->count; i++) {
		const struct joined_part *part = &joined->parts[i];
		if (ev_recording_note(part->loaded.recording, EV_NOTE_SIMULATED, NULL))
			simulated = part->path;
		else
			measured = part->path;
	}
	if (!simulated || !measured)
		return 0;
	return ev_fail(err, EINVAL,
		       "the counts of '%s' are simulated and those of '%s' measured: they can't be "
		       "compared or added up",
		       simulated, measured);
}

static void copy_notes(struct ev_recording *whole, const struct joined_part *part, const char *key)
{
	const char *note = NULL;
	while ((note = ev_recording_note(part->loaded.recording, key, note)))
		ev_recording_add_note(whole, key, "%s: %s", part->path, note);
}

/* NULL unless all say the same. */
static const char *agreed(const struct joined *joined, size_t offset)
{
	const char *first = NULL;
	for (size_t i = 0; i < joined->count; i++) {
		const char *text =
			*(const char *const *)((const char *)joined->parts[i].loaded.recording +
					       offset);
		if (!text || (first && strcmp(first, text)))
			return NULL;
		first = text;
	}
	return first;
}

static void describe_whole(struct joined *joined)
{
	struct ev_recording *whole = &joined->recording;
	struct ev_buffer partial = { 0 };
	whole->hostname = agreed(joined, offsetof(struct ev_recording, hostname));
	whole->osrelease = agreed(joined, offsetof(struct ev_recording, osrelease));
	whole->arch = agreed(joined, offsetof(struct ev_recording, arch));
	for (size_t i = 0; i < joined->count; i++) {
		struct joined_part *part = &joined->parts[i];
		copy_notes(whole, part, "fallback");
		copy_notes(whole, part, EV_NOTE_SIMULATED);
		copy_notes(whole, part, EV_NOTE_COUNTED);
		copy_notes(whole, part, EV_NOTE_IMPORTED);
		if (part->loaded.partial)
			ev_buffer_printf(&partial, "%s%s: %s", partial.size_bytes ? "; " : "",
					 part->path, part->loaded.partial);
	}
	if (partial.size_bytes)
		joined->partial =
			ev_printf("%.*s", (int)partial.size_bytes, (const char *)partial.bytes);
	ev_buffer_done(&partial);
}

/* The troubles of one recording's objects, worst first; few are ever told. */
static void keep_troubles(struct joined *joined, const struct ev_named *named,
			  struct ev_symbolizer *symbolizer, const uint32_t *objects)
{
	struct ev_unresolved worst[8];
	size_t count = ev_named_unresolved(named, worst, EV_LENGTH(worst));
	for (size_t i = 0; i < count; i++) {
		const char *text = ev_symbolizer_trouble(symbolizer, worst[i].object);
		if (text && !joined_trouble(joined, objects[worst[i].object]))
			*ev_array_add(&joined->troubles) =
				(struct joined_trouble){ objects[worst[i].object],
							 ev_strdup(text) };
	}
}

/* What each ratio of a recording is in the whole. */
static uint32_t *map_ratios(struct joined *joined, const struct loaded *loaded,
			    const uint32_t *events)
{
	const struct ev_ratio_list *list = &loaded->ratios;
	uint32_t *ratios = ev_alloc((list->items.count + 1) * sizeof(*ratios));
	for (size_t i = 0; i < list->items.count; i++) {
		const struct ev_ratio *ratio = &list->items.items[i];
		ratios[i] = ev_ratios_join(&joined->ratios, ratio, events[ratio->above],
					   events[ratio->below]);
	}
	return ratios;
}

static void add_reads(struct ev_reads_tally *into, const struct ev_reads_tally *from)
{
	into->samples += from->samples;
	into->left_out += from->left_out;
	into->disorder += from->disorder;
	into->late += from->late;
	into->enabled_ns += from->enabled_ns;
	into->running_ns += from->running_ns;
}

static void name_and_add(struct joined *joined, struct ev_join *join, struct joined_part *part,
			 const uint32_t *events, const struct join_options *options)
{
	struct loaded *loaded = &part->loaded;
	struct ev_symbolizer *symbolizer =
		ev_symbolizer_open(loaded->spaces, loaded->recording, &options->symbols);
	struct progress_work *work = progress_work_begin("resolving names", NULL);
	struct ev_named *named = ev_named_open(loaded->profile, loaded->spaces, symbolizer,
					       options->flags, options->by_line, ev_cpus_online());
	uint32_t *objects = ev_alloc((named->object_count + 1) * sizeof(*objects));
	uint32_t *ratios = options->events_apart ? NULL : map_ratios(joined, loaded, events);
	part->quality = loaded->profile->quality;
	part->first_time_ns = loaded->profile->first_time_ns;
	part->last_time_ns = loaded->profile->last_time_ns;
	ev_join_add(join, &(struct ev_part){ .named = named,
					     .events = events,
					     .path = part->path,
					     .host = loaded->recording->hostname,
					     .objects = objects,
					     .joints = ratios ? &loaded->joints : NULL,
					     .ratios = ratios,
					     .all_joints = &joined->joints });
	progress_work_end(work);
	add_reads(&joined->reads, &loaded->reads);
	keep_troubles(joined, named, symbolizer, objects);
	free(objects);
	free(ratios);
	ev_named_close(named);
	ev_symbolizer_close(symbolizer);
	loaded_shrink(loaded);
}

/* The numbers of a recording's events in the whole; one more than it has, since samples of an event
 * that it does not name count as its first. */
static uint32_t *map_events(struct joined *joined, const struct ev_profile *profile,
			    const struct ev_recording *recording)
{
	size_t count = profile->event_count > recording->event_count ? profile->event_count
								     : recording->event_count;
	uint32_t *events = ev_alloc((count + 1) * sizeof(*events));
	for (size_t i = 0; i < recording->event_count; i++)
		events[i] = event_of(joined, &recording->events[i], events, i);
	keep_groups(&joined->recording, recording, events);
	return events;
}

/* With events apart, numbers depend on how many there are, so all recordings are looked at first.
 */
static void number_apart(const struct joined *joined, uint32_t **events)
{
	size_t width = joined->recording.event_count ? joined->recording.event_count : 1;
	for (size_t i = 0; i < joined->count; i++)
		for (size_t e = 0; e <= joined->parts[i].loaded.recording->event_count; e++)
			events[i][e] += (uint32_t)(i * width);
}

static int load_part(struct joined_part *part, const struct join_options *options,
		     struct ev_err *err)
{
	int rc = load(&part->loaded, part->path, &options->load, err);
	char *text = rc && options->load.ratios ? ev_strdup(err->text) : NULL;
	/* Of one that is of this recording the sentence says so, not of which. */
	if (text && !strncmp(text, "--ratio ", 8))
		rc = ev_fail(err, -rc, "'%s': %s", part->path, text);
	free(text);
	return rc;
}

int join(struct joined *joined, const char *const *paths, size_t count,
	 const struct join_options *options, struct ev_err *err)
{
	*joined = (struct joined){
		.parts = ev_alloc(count * sizeof(*joined->parts)),
		.event_names = ev_strings_open(),
	};
	uint32_t **events = ev_alloc(count * sizeof(*events));
	struct ev_join *join = ev_join_open();
	int rc = 0;
	for (; joined->count < count && !rc; joined->count += !rc) {
		struct joined_part *part = &joined->parts[joined->count];
		part->path = paths[joined->count];
		rc = load_part(part, options, err);
		if (rc)
			break;
		events[joined->count] =
			map_events(joined, part->loaded.profile, part->loaded.recording);
		if (!options->events_apart)
			name_and_add(joined, join, part, events[joined->count], options);
	}
	if (!rc)
		rc = check_simulated(joined, err);
	if (!rc && options->events_apart) {
		number_apart(joined, events);
		for (size_t i = 0; i < count; i++)
			name_and_add(joined, join, &joined->parts[i], events[i], options);
	}
	joined->named = ev_join_finish(join, &joined->profile);
	if (!rc)
		describe_whole(joined);
	for (size_t i = 0; i < count; i++)
		free(events[i]);
	free(events);
	if (rc)
		joined_done(joined);
	return rc;
}

int join_check_paths(const char *const *paths, size_t count, struct ev_err *err)
{
	for (size_t i = 0; i < count; i++) {
		struct stat one, other;
		if (!strcmp(paths[i], "-") && count > 1)
			return ev_fail(err, EINVAL, "stdin can't be one of several recordings");
		if (stat(paths[i], &one))
			continue; /* loading tells */
		for (size_t j = 0; j < i; j++)
			if (!stat(paths[j], &other) && one.st_dev == other.st_dev &&
			    one.st_ino == other.st_ino)
				return ev_fail(err, EINVAL,
					       "'%s' and '%s' are the same recording: it would "
					       "count twice",
					       paths[j], paths[i]);
	}
	return 0;
}

const char *joined_trouble(const struct joined *joined, uint32_t object)
{
	for (size_t i = 0; i < joined->troubles.count; i++)
		if (joined->troubles.items[i].object == object)
			return joined->troubles.items[i].text;
	return NULL;
}

void joined_done(struct joined *joined)
{
	ev_named_close(joined->named);
	ev_profile_close(joined->profile);
	for (size_t i = 0; i < joined->count; i++)
		loaded_done(&joined->parts[i].loaded);
	for (size_t i = 0; i < joined->troubles.count; i++)
		free(joined->troubles.items[i].text);
	ev_array_done(&joined->troubles);
	ev_ratios_done(&joined->ratios);
	ev_joints_done(&joined->joints);
	ev_recording_done(&joined->recording);
	if (joined->event_names)
		ev_strings_close(joined->event_names);
	ev_map_done(&joined->event_ids);
	free(joined->parts);
	free(joined->partial);
	*joined = (struct joined){ 0 };
}
