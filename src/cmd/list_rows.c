/* A name becomes a row of the list: what it is in full, and whether it can be counted and sampled
 * here, tried by opening it. */
#include <stdlib.h>
#include <string.h>
#include "list.h"

#define MOST_SPELLINGS 8 /* of one word that several PMUs serve */

/* Those that kernels are known to treat differently speak for themselves only. */
static const char *const special_tracepoints[] = { "ftrace:*", "irq_vectors:irq_work_*" };

static bool matches_text(const char *word, const char *text)
{
	char pattern[256];
	if (strpbrk(word, "*?["))
		return ev_glob_match(word, text);
	snprintf(pattern, sizeof(pattern), "*%.250s*", word);
	return ev_glob_match(pattern, text);
}

static bool matches_alias(const char *word, const char *aliases)
{
	char alias[128];
	while (*(aliases += strspn(aliases, " "))) {
		size_t length = strcspn(aliases, " ");
		snprintf(alias, sizeof(alias), "%.*s", (int)length, aliases);
		if (matches_text(word, alias))
			return true;
		aliases += length;
	}
	return false;
}

bool list_row_matches(const char *word, const struct ev_catalogue_row *row, bool by_meaning)
{
	return matches_text(word, row->name) || matches_alias(word, row->aliases) ||
	       (by_meaning && matches_text(word, row->about));
}

/* What can be sampled can be counted: most rows cost one open. */
static void probe(struct listing *listing, struct ev_list_row *row, const struct ev_event *event)
{
	char why[512] = "";
	row->sample_error = ev_probe_sample(event, why, sizeof(why));
	row->count_error = row->sample_error ? ev_probe_count(event, NULL, 0) : 0;
	if (row->count_error)
		ev_probe_count(event, why, sizeof(why)); /* why not even that */
	if (*why)
		row->why =
			ev_strings_text(listing->causes, ev_strings_add_text(listing->causes, why));
}

static bool is_special(const char *name)
{
	for (size_t i = 0; i < EV_LENGTH(special_tracepoints); i++) {
		if (ev_glob_match(special_tracepoints[i], name))
			return true;
	}
	return false;
}

/* The answer of the one tracepoint that was tried for all. */
static void probe_tracepoint(struct listing *listing, const struct ev_event *event)
{
	size_t index = listing->rows.count - 1;
	struct ev_list_row *row = &listing->rows.items[index];
	bool special = is_special(row->name);
	if (!listing->one_tracepoint || special || !listing->tried_tracepoint) {
		probe(listing, row, event);
		if (!special)
			listing->tried_tracepoint = index + 1;
		return;
	}
	const struct ev_list_row *tried = &listing->rows.items[listing->tried_tracepoint - 1];
	row->count_error = tried->count_error;
	row->sample_error = tried->sample_error;
	row->why = tried->why;
	row->is_inferred = true;
}

/* What modifiers and terms made of it, in words. */
static void put_choices(struct ev_buffer *text, const struct ev_event *event)
{
	const struct perf_event_attr *attr = &event->attr;
	if (attr->exclude_kernel && !attr->exclude_user)
		ev_buffer_printf(text, ", user space only");
	if (attr->exclude_user && !attr->exclude_kernel)
		ev_buffer_printf(text, ", kernel only");
	if (attr->precise_ip)
		ev_buffer_printf(text, ", precise level %u", (unsigned)attr->precise_ip);
	if (attr->sample_period)
		ev_buffer_printf(text, ", %s %llu", attr->freq ? "frequency" : "period",
				 (unsigned long long)attr->sample_period);
	if (event->cpus)
		ev_buffer_printf(text, ", on CPU %s", event->cpus);
	if (event->unit && *event->unit)
		ev_buffer_printf(text, ", in %s", event->unit);
}

/* One word may be an event on each of several PMUs. */
static const char *encoding_of(struct listing *listing, const struct ev_event_list *events)
{
	const struct ev_event *event = &events->items[0];
	const struct perf_event_attr *attr = &event->attr;
	struct ev_buffer text = { 0 };
	if (event->kind == EV_EVENT_TOOL)
		return "measured by evprof itself, nothing is opened";
	ev_buffer_printf(&text, "type %u, config 0x%llx", attr->type,
			 (unsigned long long)attr->config);
	if (event->probe_path) /* config1 is a pointer to it */
		ev_buffer_printf(&text, ", in %s", event->probe_path);
	else if (attr->config1)
		ev_buffer_printf(&text, ", config1 0x%llx", (unsigned long long)attr->config1);
	if (attr->config2)
		ev_buffer_printf(&text, ", config2 0x%llx", (unsigned long long)attr->config2);
	put_choices(&text, event);
	ev_buffer_printf(&text, "; in full: %s", ev_event_spelling(event, &listing->arena));
	for (size_t i = 1; i < events->count && i < MOST_SPELLINGS; i++)
		ev_buffer_printf(&text, " + %s",
				 ev_event_spelling(&events->items[i], &listing->arena));
	if (events->count > MOST_SPELLINGS)
		ev_buffer_printf(&text, " + …");
	char *encoding = ev_arena_text(&listing->arena, (char *)text.bytes, text.size_bytes);
	ev_buffer_done(&text);
	return encoding;
}

void list_add_row(struct listing *listing, const struct ev_catalogue_row *from)
{
	struct ev_event_list events = { 0 };
	struct ev_err err = { 0 };
	struct ev_list_row *row = ev_array_add(&listing->rows);
	*row = (struct ev_list_row){ .group = ev_catalogue_group_title(from->group),
				     .name = from->name,
				     .aliases = from->aliases,
				     .about = from->about,
				     .count_error = -1,
				     .sample_error = -1 };
	if (from->group == EV_GROUP_SYNTAX)
		return;
	int rc = ev_event_parse(&events, from->name, &err);
	if (!rc && events.count) {
		if (from->group == EV_GROUP_TRACEPOINT)
			probe_tracepoint(listing, &events.items[0]);
		else
			probe(listing, row, &events.items[0]);
		if (listing->verbose)
			row->encoding = encoding_of(listing, &events);
	} else if (rc) {
		row->count_error = row->sample_error = -rc;
		row->why = ev_arena_text(&listing->arena, err.text, strlen(err.text));
	}
	ev_event_list_done(&events);
}

static bool is_probe_word(const char *text)
{
	return !strncmp(text, "uprobe:", 7) || !strncmp(text, "uretprobe:", 10) ||
	       !strncmp(text, "usdt:", 5);
}

/* What a word means as an event; a probe's file alone means everything in it. */
static int parse_written(const char *text, struct ev_event_list *events, struct ev_err *err)
{
	int rc = ev_event_parse(events, text, err);
	if (rc && is_probe_word(text)) {
		char *all = ev_printf("%s:*", text);
		rc = ev_event_parse(events, all, NULL);
		free(all);
	}
	return rc ? rc : ev_event_place_probes(events, ev_probe_find, NULL, err);
}

/* In how many places a marker stands, or a function of that name. */
static const char *about_of(struct listing *listing, const struct ev_event_list *events,
			    size_t index)
{
	const struct ev_event *event = &events->items[index];
	size_t places = 0;
	for (size_t i = index; i < events->count; i++)
		places += events->items[i].summed == index;
	const char *about = event->about ? event->about : "";
	if (places < 2)
		return ev_arena_text(&listing->arena, about, strlen(about));
	return ev_arena_printf(&listing->arena, "%s, in %zu places together", about, places);
}

void list_add_written(struct listing *listing, const char *text)
{
	struct ev_event_list events = { 0 };
	size_t first = listing->rows.count;
	for (size_t i = 0; i < listing->catalogue.count; i++) {
		if (list_row_matches(text, &listing->catalogue.rows[i], false))
			return;
	}
	int rc = parse_written(text, &events, &listing->refusal);
	if (rc && is_probe_word(text) && !listing->fault)
		listing->fault = ev_arena_text(&listing->arena, listing->refusal.text,
					       strlen(listing->refusal.text));
	for (size_t i = 0; !rc && i < events.count; i++) {
		const struct ev_event *event = &events.items[i];
		if (event->probe && event->summed != i)
			continue;
		struct ev_list_row *row = ev_array_add(&listing->rows);
		*row = (struct ev_list_row){ .group = "Event as written", .aliases = "" };
		row->name = ev_arena_text(&listing->arena, event->name, strlen(event->name));
		row->about = about_of(listing, &events, i);
		const struct ev_event_list one = { .items = &events.items[i], .count = 1 };
		row->encoding = encoding_of(listing, &one);
		/* One place speaks for all: closing a probe takes long. */
		if (event->probe && listing->rows.count > first + 1)
			*row = (struct ev_list_row){
				.group = row->group,
				.name = row->name,
				.aliases = "",
				.about = row->about,
				.encoding = row->encoding,
				.count_error = listing->rows.items[first].count_error,
				.sample_error = listing->rows.items[first].sample_error,
				.why = listing->rows.items[first].why,
				.is_inferred = true
			};
		else
			probe(listing, row, event);
	}
	ev_event_list_done(&events);
}
