/* evprof list: the catalogue of events, each tried on this machine. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "list.h"
#include "options.h"
#include "perf_flags.h"
#include "verbs.h"

/* Closing a tracepoint makes the kernel wait for all CPUs, some 30 ms: more than this many are not
 * each tried, one speaks for all. What a user may do is the same for nearly all of them. */
#define TRACEPOINTS_TRIED 32

struct list_options {
	bool json, verbose;
};

#define ROW(letter, name, value, kind, field, help)                                                \
	OPTION(letter, name, value, kind, struct list_options, field, help)

static const struct option_row rows[] = {
	ROW('v', "verbose", NULL, FLAG, verbose, "how each is encoded for the kernel"),
	ROW('j', "json", NULL, FLAG, json, "everything as one JSON object"),
	LIST_PERF_ROWS,
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

/* ---- which rows -------------------------------------------------------------------------------
 */

static bool is_wanted(const struct ev_catalogue_row *row, char *const *words, size_t count,
		      bool by_meaning)
{
	for (size_t i = 0; i < count; i++) {
		if (list_row_matches(words[i], row, by_meaning))
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
		list_add_row(listing, &listing->catalogue.rows[wanted.items[i]]);
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
		list_add_written(&listing, words[i]);
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
