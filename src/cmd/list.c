/* evprof list: the catalogue of events, each tried on this machine. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <evprof/view.h>
#include "options.h"
#include "verbs.h"

/* Closing a tracepoint makes the kernel wait for all CPUs, some 30 ms: more than this many are not
 * each tried, one speaks for all. What a user may do is the same for nearly all of them. */
#define TRACEPOINTS_TRIED 32

#define MOST_SPELLINGS 8 /* of one word that several PMUs serve */

/* Those that kernels are known to treat differently speak for themselves only. */
static const char *const special_tracepoints[] = { "ftrace:*", "irq_vectors:irq_work_*" };

struct list_options {
	bool json, verbose;
};

#define ROW(letter, name, value, kind, field, help)                                                \
	OPTION(letter, name, value, kind, struct list_options, field, help)

static const struct option_row rows[] = {
	ROW('v', "verbose", NULL, FLAG, verbose, "how each is encoded for the kernel"),
	ROW('j', "json", NULL, FLAG, json, "everything as one JSON object"),
	{ 0 },
};

static const struct example examples[] = {
	{ "evprof list", "everything this machine knows" },
	{ "evprof list hw cache", "the usual events of the processor" },
	{ "evprof list faults", "events with the word in their name" },
	{ "evprof list 'sched:*'", "the tracepoints of the scheduler" },
	{ "evprof list metric", "the figures that stat makes of counts, with their formulas" },
	{ "evprof list -v cycles:u", "what stands behind a name" },
	{ "evprof list 'uprobe:./prog:sort_*'", "the functions that can be probed" },
	{ NULL, NULL },
};

/* Words that choose groups. */
static const struct group_word {
	const char *word;
	unsigned groups;
} group_words[] = {
	{ "hw", 1u << EV_GROUP_HARDWARE },
	{ "hardware", 1u << EV_GROUP_HARDWARE },
	{ "cache", 1u << EV_GROUP_CACHE },
	{ "hwcache", 1u << EV_GROUP_CACHE },
	{ "sw", 1u << EV_GROUP_SOFTWARE | 1u << EV_GROUP_TOOL },
	{ "software", 1u << EV_GROUP_SOFTWARE | 1u << EV_GROUP_TOOL },
	{ "tool", 1u << EV_GROUP_TOOL },
	{ "pmu", 1u << EV_GROUP_PMU },
	{ "pfm", 1u << EV_GROUP_PFM },
	{ "tracepoint", 1u << EV_GROUP_TRACEPOINT },
	{ "syntax", 1u << EV_GROUP_SYNTAX },
};

/* A list being made: everything the rows point to lives in the catalogue or the arena. */
struct listing {
	struct ev_catalogue catalogue;
	EV_ARRAY(struct ev_list_row) rows;
	struct ev_arena arena;
	struct ev_strings *causes; /* few, for many rows */
	bool one_tracepoint;       /* there are too many to try each */
	size_t tried_tracepoint;   /* row + 1 of the one that was tried */
	const char *fault;         /* of a word that names a probe, or NULL */
	bool verbose;
	struct ev_err refusal; /* of the last word that no row has and that is no event */
};

/* ---- which rows -------------------------------------------------------------------------------
 */

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

static bool matches(const char *word, const struct ev_catalogue_row *row, bool by_meaning)
{
	return matches_text(word, row->name) || matches_alias(word, row->aliases) ||
	       (by_meaning && matches_text(word, row->about));
}

static bool is_wanted(const struct ev_catalogue_row *row, char *const *words, size_t count,
		      bool by_meaning)
{
	for (size_t i = 0; i < count; i++) {
		if (matches(words[i], row, by_meaning))
			return true;
	}
	return !count;
}

/* Group words are taken out of `words`; the groups to show. */
static unsigned take_groups(char **words, size_t *count)
{
	unsigned groups = 0;
	size_t kept = 0;
	for (size_t i = 0; i < *count; i++) {
		unsigned found = 0;
		for (size_t g = 0; g < EV_LENGTH(group_words); g++) {
			if (!strcasecmp(words[i], group_words[g].word))
				found = group_words[g].groups;
		}
		if (!found)
			words[kept++] = words[i];
		groups |= found;
	}
	*count = kept;
	return groups ? groups : (1u << EV_GROUP_COUNT) - 1;
}

/* ---- trying -----------------------------------------------------------------------------------
 */

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

static void add_row(struct listing *listing, const struct ev_catalogue_row *from)
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

static void add_rows(struct listing *listing, unsigned groups, char *const *words, size_t count,
		     bool by_meaning)
{
	EV_ARRAY(size_t) wanted = { 0 };
	size_t tracepoints = 0;
	for (size_t i = 0; i < listing->catalogue.count; i++) {
		const struct ev_catalogue_row *row = &listing->catalogue.rows[i];
		if (!(groups & 1u << row->group) || !is_wanted(row, words, count, by_meaning))
			continue;
		*ev_array_add(&wanted) = i;
		tracepoints += row->group == EV_GROUP_TRACEPOINT;
	}
	listing->one_tracepoint = tracepoints > TRACEPOINTS_TRIED;
	for (size_t i = 0; i < wanted.count; i++)
		add_row(listing, &listing->catalogue.rows[wanted.items[i]]);
	ev_array_done(&wanted);
}

/* What could not be listed, and what was not tried. */
static const char *notes_of(struct listing *listing)
{
	const char *notes = listing->catalogue.notes ? listing->catalogue.notes : "";
	if (!listing->one_tracepoint || !listing->tried_tracepoint)
		return notes;
	return ev_arena_printf(&listing->arena,
			       "%s%s* not tried itself: %s was tried for these tracepoints; name "
			       "up to %d, and each is tried.",
			       notes, *notes ? "\n" : "",
			       listing->rows.items[listing->tried_tracepoint - 1].name,
			       TRACEPOINTS_TRIED);
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

/* A word that no row has may still be an event: "cycles:u", "r1c2", "uprobe:./prog:f*". */
static void add_written(struct listing *listing, const char *text)
{
	struct ev_event_list events = { 0 };
	size_t first = listing->rows.count;
	for (size_t i = 0; i < listing->catalogue.count; i++) {
		if (matches(text, &listing->catalogue.rows[i], false))
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

/* ---- the verb ---------------------------------------------------------------------------------
 */

static const char *nearest_name(const struct listing *listing, const char *word)
{
	const char *nearest = NULL;
	unsigned least = (unsigned)strlen(word) / 3 + 2;
	for (size_t i = 0; i < listing->catalogue.count; i++) {
		const char *name = listing->catalogue.rows[i].name;
		unsigned distance = ev_edit_distance(word, name, least);
		if (distance < least) {
			least = distance;
			nearest = name;
		}
	}
	return nearest;
}

static int nothing_found(const struct verb *verb, struct listing *listing, char *const *words,
			 size_t count)
{
	const char *notes = listing->catalogue.notes;
	if (listing->fault) {
		complain_text(verb, 0, "%s", listing->fault);
		return STATUS_FAILED;
	}
	if (!count) {
		complain_text(verb, 0, "this machine has no such events");
	} else if (listing->refusal.code && strpbrk(words[count - 1], ":/{,=")) {
		/* Written as an event, not as a word to search for. */
		complain(verb, &listing->refusal, 0);
	} else {
		const char *near = nearest_name(listing, words[0]);
		complain_text(verb, 0, "no event has '%s' in its name or meaning%s%s%s",
			      ev_text_safe(&listing->arena, words[0]),
			      near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
	}
	if (notes && *notes)
		fprintf(stderr, "%s\n", notes);
	return STATUS_FAILED;
}

static int list_events(const struct verb *verb, const struct list_options *options, char **words,
		       size_t count)
{
	struct listing listing = { .causes = ev_strings_open(), .verbose = options->verbose };
	unsigned groups = take_groups(words, &count);
	ev_catalogue_fill(&listing.catalogue, groups);
	add_rows(&listing, groups, words, count, false);
	for (size_t i = 0; i < count; i++)
		add_written(&listing, words[i]);
	if (!listing.rows.count)
		add_rows(&listing, groups, words, count, true);
	int status = 0;
	if (!listing.rows.count)
		status = nothing_found(verb, &listing, words, count);
	if (listing.rows.count || options->json)
		ev_list_print(stdout, listing.rows.items, listing.rows.count, notes_of(&listing),
			      options->json, options->verbose);
	ev_array_done(&listing.rows);
	ev_arena_done(&listing.arena);
	ev_strings_close(listing.causes);
	ev_catalogue_done(&listing.catalogue);
	return status;
}

/* `evprof list metric`: the other words choose among the formulas. */
static bool takes_metrics(char **words, size_t *count)
{
	size_t kept = 0, before = *count;
	for (size_t i = 0; i < before; i++) {
		if (strcasecmp(words[i], "metric") && strcasecmp(words[i], "metrics") &&
		    strcasecmp(words[i], "metricgroup"))
			words[kept++] = words[i];
	}
	*count = kept;
	return kept < before;
}

static int list_metrics(const struct verb *verb, const struct list_options *options, char **words,
			size_t count)
{
	if (ev_metrics_print(stdout, words, count, options->json))
		return 0;
	return complain_text(verb, STATUS_FAILED,
			     "no metric has such a name or meaning; `evprof "
			     "list metric` shows all");
}

/* Options may stand between and behind the words. */
static int run_list(const struct verb *verb, int argc, char **argv)
{
	struct list_options options = { 0 };
	char **words = ev_alloc((size_t)(argc + 1) * sizeof(*words)), **rest = argv;
	size_t count = 0;
	int first, status;
	while ((status = options_parse(verb, &options, argc, rest, &first)) < 0 && first < argc) {
		words[count++] = rest[first];
		rest += first;
		argc -= first;
	}
	if (status < 0 && takes_metrics(words, &count))
		status = list_metrics(verb, &options, words, count);
	else if (status < 0)
		status = list_events(verb, &options, words, count);
	free(words);
	return status;
}

const struct verb list_verb = {
	.name = "list",
	.synopsis = "[OPTION]… [hw|cache|sw|tracepoint|pmu|pfm|tool|syntax|metric] [WORD|GLOB]…",
	.about = "Show the events of this machine and whether they can be counted and sampled.",
	.options = rows,
	.examples = examples,
	.run = run_list,
	.notes = "Group words choose groups; other words choose events whose name has them.\n"
		 "\"count,sample\" was found by opening the event, as the user who asks; a * "
		 "stands\n"
		 "where another tracepoint, or place of a probe, was opened instead.",
};
