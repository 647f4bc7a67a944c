/* The groups of a recording become the ratios that can be made of them: those of well-known meaning
 * by a table, and those that a user writes as a/b. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <evprof/event.h>
#include <evprof/tables.h>
#include "spelling.h"

/* Groups are small where they can run at all; a file may claim anything. */
enum { LARGEST_GROUP = 64, MOST_FOUND = 32 };

/* A * stands for the same text in both names, and %s in the title for it. "(clock)" is a clock in
 * nanoseconds. Earlier rows win. */
static const struct known {
	const char *above, *below;
	double scale;
	const char *title;
} known[] = {
	{ "instructions", "cycles", 1, "IPC" },
	{ "cycles", "(clock)", 1, "GHz" },
	{ "stalled-cycles-*", "cycles", 100, "%s-stalled %%" },
	{ "branch-misses", "branches", 100, "branch-miss %%" },
	{ "cache-misses", "cache-references", 100, "cache-miss %%" },
	{ "*-load-misses", "*-loads", 100, "%s-load-miss %%" },
	{ "*-store-misses", "*-stores", 100, "%s-store-miss %%" },
	{ "*-misses", "instructions", 1000, "%s-MPKI" },
	{ "*", "(clock)", 1e6, "%s/ms" },
};

static bool is_clock(const char *name)
{
	return !strcasecmp(name, "task-clock") || !strcasecmp(name, "cpu-clock");
}

/* The text that the pattern's * stands for, as a length; -1 when the name does not fit. */
static int match(const char *pattern, const char *name, const char **star)
{
	const char *at = strchr(pattern, '*');
	size_t length = strlen(name), before, behind;
	*star = "";
	if (!at)
		return strcasecmp(pattern, name) ? -1 : 0;
	before = (size_t)(at - pattern);
	behind = strlen(at + 1);
	if (length <= before + behind || strncasecmp(name, pattern, before) ||
	    strcasecmp(name + length - behind, at + 1))
		return -1;
	*star = name + before;
	return (int)(length - before - behind);
}

/* Whether a row is about these two; what * stands for is then star. */
static bool fits(const struct known *row, const struct ev_spelling *above,
		 const struct ev_spelling *below, const char **star, int *length)
{
	const char *other;
	*length = match(row->above, above->name, star);
	if (*length < 0)
		return false;
	if (!strcmp(row->below, "(clock)"))
		return is_clock(below->name) && !is_clock(above->name);
	/* Of another PMU or level of privilege they would be two different things. */
	if (strcmp(above->pmu, below->pmu) || strcmp(above->level, below->level))
		return false;
	int other_length = match(row->below, below->name, &other);
	if (!strchr(row->below, '*'))
		return other_length == 0;
	return other_length == *length && !strncasecmp(*star, other, (size_t)*length);
}

static const char *name_of(const struct ev_recorded_event *event, char *out, size_t size_bytes)
{
	return event->name && *event->name ? event->name
					   : ev_event_modifiers(&event->attr, out, size_bytes);
}

static void spell(const struct ev_recording *recording, size_t event, struct ev_spelling *out)
{
	char name[128];
	ev_spelling_parse(name_of(&recording->events[event], name, sizeof(name)), out);
}

static bool read_together(const struct ev_recording *recording, size_t one, size_t other)
{
	const struct ev_recorded_event *events = recording->events;
	if (one == other || other >= recording->event_count || events[one].leader < 0 ||
	    events[one].leader != events[other].leader)
		return false;
	return events[one].attr.sample_type & PERF_SAMPLE_READ &&
	       events[one].attr.read_format & PERF_FORMAT_GROUP;
}

static void add(struct ev_ratio_list *list, const char *name, size_t above, size_t below,
		double scale)
{
	*ev_array_add(&list->items) = (struct ev_ratio){ name, above, below, scale };
}

static bool find_known(struct ev_ratio_list *list, const struct ev_recording *recording,
		       size_t above, size_t below)
{
	struct ev_spelling one, other;
	const char *star;
	int length;
	spell(recording, above, &one);
	spell(recording, below, &other);
	for (size_t i = 0; i < EV_LENGTH(known); i++) {
		if (!fits(&known[i], &one, &other, &star, &length))
			continue;
		char text[128];
		snprintf(text, sizeof(text), "%.*s", length, star);
		char *name = ev_arena_printf(&list->arena, known[i].title, text);
		add(list, name, above, below, known[i].scale);
		return true;
	}
	return false;
}

void ev_ratios_find(struct ev_ratio_list *list, const struct ev_recording *recording)
{
	size_t count = recording->event_count;
	bool *is_used = ev_alloc((count + 1) * sizeof(*is_used));
	for (size_t i = 0; i < count; i++)
		for (size_t k = i < LARGEST_GROUP ? 0 : i - LARGEST_GROUP;
		     k < count && k < i + LARGEST_GROUP && list->items.count < MOST_FOUND; k++)
			if (read_together(recording, i, k) && find_known(list, recording, i, k))
				is_used[i] = is_used[k] = true;
	for (size_t i = 0; i < count && list->items.count < MOST_FOUND; i++) {
		char above[128], below[128];
		size_t leader = (size_t)recording->events[i].leader;
		if (is_used[i] || !read_together(recording, i, leader))
			continue;
		char *name =
			ev_arena_printf(&list->arena, "%s/%s",
					name_of(&recording->events[i], above, sizeof(above)),
					name_of(&recording->events[leader], below, sizeof(below)));
		add(list, name, i, leader, 1);
	}
	free(is_used);
}

/* ---- as a user writes them ---------------------------------------------------------------------
 */

/* An event by its name as recorded, or by another spelling of it; SIZE_MAX for none. One that was
 * read together with `partner` (SIZE_MAX: with any) goes first. */
static size_t find_event(const struct ev_recording *recording, const char *text, size_t length,
			 size_t partner)
{
	struct ev_spelling wanted;
	char *name = ev_printf("%.*s", (int)length, text);
	size_t found = SIZE_MAX, found_rank = 0;
	ev_spelling_parse(name, &wanted);
	for (size_t i = 0; i < recording->event_count; i++) {
		struct ev_spelling other;
		char own[128];
		size_t rank = 0;
		spell(recording, i, &other);
		if (!strcmp(name_of(&recording->events[i], own, sizeof(own)), name))
			rank = 2;
		else if (!strcasecmp(other.name, wanted.name) &&
			 (!*wanted.pmu || !strcmp(other.pmu, wanted.pmu)) &&
			 (!*wanted.level || !strcmp(other.level, wanted.level)))
			rank = 1;
		if (rank && partner != SIZE_MAX && read_together(recording, i, partner))
			rank += 2;
		if (rank > found_rank) {
			found_rank = rank;
			found = i;
		}
	}
	free(name);
	return found;
}

/* The scale behind the last *, which is then cut off the length. 1 without; 0 for nonsense. */
static double scale_of(const char *text, size_t *length)
{
	const char *star = strrchr(text, '*');
	char *end;
	if (!star)
		return 1;
	double scale = strtod(star + 1, &end);
	*length = (size_t)(star - text);
	return end != star + 1 && !*end && scale > 0 && scale < 1e18 ? scale : 0;
}

int ev_ratios_add(struct ev_ratio_list *list, const struct ev_recording *recording,
		  const char *text, struct ev_err *err)
{
	size_t length = strlen(text), above = SIZE_MAX, below = SIZE_MAX;
	double scale = scale_of(text, &length);
	if (!(scale > 0) || !memchr(text, '/', length))
		return ev_fail(err, EINVAL,
			       "--ratio takes two events as a/b, or a/b*1000, not '%s'", text);
	/* Names have slashes too: the one at which both sides are events parts them. */
	for (size_t i = 0; i < length && (above == SIZE_MAX || below == SIZE_MAX); i++) {
		if (text[i] != '/')
			continue;
		above = find_event(recording, text, i, SIZE_MAX);
		below = find_event(recording, text + i + 1, length - i - 1, above);
		if (above != SIZE_MAX && below != SIZE_MAX)
			above = find_event(recording, text, i, below);
	}
	if (above == SIZE_MAX || below == SIZE_MAX)
		return ev_fail(err, EINVAL,
			       "--ratio %s: this recording has no such events; --header lists "
			       "those "
			       "it has",
			       text);
	if (!read_together(recording, above, below))
		return ev_fail(err, EINVAL,
			       "--ratio %s: these were not counted together; record them as a "
			       "group: evprof record -e '{a,b}:S'",
			       text);
	add(list, ev_arena_text(&list->arena, text, strlen(text)), above, below, scale);
	return 0;
}

uint32_t ev_ratios_join(struct ev_ratio_list *list, const struct ev_ratio *ratio, size_t above,
			size_t below)
{
	for (uint32_t i = 0; i < list->items.count; i++) {
		const struct ev_ratio *there = &list->items.items[i];
		if (there->above == above && there->below == below &&
		    there->scale == ratio->scale && !strcmp(there->name, ratio->name))
			return i;
	}
	add(list, ev_arena_text(&list->arena, ratio->name, strlen(ratio->name)), above, below,
	    ratio->scale);
	return (uint32_t)list->items.count - 1;
}

void ev_ratios_done(struct ev_ratio_list *list)
{
	ev_array_done(&list->items);
	ev_arena_done(&list->arena);
}
