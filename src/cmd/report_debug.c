/* Debug info of the objects that most of a profile is in: what is missing is told, and fetched from
 * a server where --debuginfod asks for it. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include "report.h"

#define MATTERS 100 /* one sample in so many */
#define BUDGET_S 30
#define OBJECT_LIMIT 64

int report_parse_fetch(void *into, const char *value, struct ev_err *err)
{
	struct report_options *options = into;
	char *end;
	options->fetch_s = BUDGET_S;
	if (!value)
		return 0;
	options->fetch_s = strtod(value, &end);
	if (end == value || *end || !(options->fetch_s > 0) || options->fetch_s > 86400)
		return ev_fail(err, EINVAL, "--debuginfod takes seconds, not '%s'", value);
	return 0;
}

static void show(void *context, const char *object, uint64_t done_bytes, uint64_t all_bytes)
{
	struct ev_arena arena = { 0 };
	char done[32], all[32];
	(void)context;
	ev_format_size(done, sizeof(done), done_bytes);
	ev_format_size(all, sizeof(all), all_bytes);
	fprintf(stderr, "\r\033[K[ evprof report: fetching debug info of %s: %s%s%s ]",
		ev_text_safe(&arena, object), done, all_bytes ? " of " : "", all_bytes ? all : "");
	fflush(stderr);
	ev_arena_done(&arena);
}

struct weighed {
	uint32_t object;
	uint64_t samples;
};

static int by_samples(const void *one, const void *other)
{
	const struct weighed *a = one, *b = other;
	return a->samples > b->samples ? -1 : a->samples < b->samples;
}

/* The objects in which samples were taken, most first; how many of them matter. */
static size_t weigh(const struct loaded *loaded, uint32_t *objects)
{
	const struct ev_profile *profile = loaded->profile;
	uint32_t count = ev_space_set_object_count(loaded->spaces);
	struct weighed *weighed = ev_alloc(count * sizeof(*weighed));
	uint64_t all = 0;
	size_t matter = 0;
	for (uint32_t i = 0; i < count; i++)
		weighed[i].object = i;
	for (size_t i = 0; i < profile->cells.count; i++) {
		const struct ev_cell *cell = &profile->cells.items[i];
		uint32_t place = profile->stacks.items[cell->stack].place & ~EV_PLACE_GUESSED;
		uint32_t object = profile->places.items[place].object;
		all += cell->samples;
		if (object < count)
			weighed[object].samples += cell->samples;
	}
	qsort(weighed, count, sizeof(*weighed), by_samples);
	while (matter < count && matter < OBJECT_LIMIT && weighed[matter].samples &&
	       weighed[matter].samples * MATTERS >= all) {
		objects[matter] = weighed[matter].object;
		matter++;
	}
	free(weighed);
	return matter;
}

int report_fetch(const struct report_options *options, const struct loaded *loaded,
		 struct ev_symbolizer *symbolizer, struct ev_err *err)
{
	uint32_t objects[OBJECT_LIMIT];
	bool seen = isatty(STDERR_FILENO);
	struct ev_fetch_options how = { .budget_s = options->fetch_s,
					.progress = seen ? show : NULL };
	struct ev_fetch_tally tally;
	if (!options->fetch_s)
		return 0;
	int rc =
		ev_symbolizer_fetch(symbolizer, objects, weigh(loaded, objects), &how, &tally, err);
	if (seen)
		fputs("\r\033[K", stderr);
	if (rc || options->view.quiet || tally.fetched == tally.wanted)
		return rc;
	fprintf(stderr,
		"[ evprof report: debug info of %zu of %zu objects fetched; %zu unknown to the "
		"servers%s ]\n",
		tally.fetched, tally.wanted, tally.absent,
		tally.late ? "; the time for it was over: --debuginfod=SECONDS gives more" : "");
	return 0;
}

void report_lacking(const struct report_options *options, const struct loaded *loaded,
		    struct ev_symbolizer *symbolizer)
{
	uint32_t objects[OBJECT_LIMIT];
	struct ev_arena arena = { 0 };
	size_t count = options->view.quiet ? 0 : weigh(loaded, objects);
	for (size_t i = 0; i < count; i++) {
		const char *lacks = ev_symbolizer_lacks(symbolizer, objects[i]);
		if (lacks)
			fprintf(stderr,
				"[ evprof report: %s: inlined functions are incomplete: %s ]\n",
				ev_text_safe(&arena,
					     ev_space_set_object(loaded->spaces, objects[i])->name),
				ev_text_safe(&arena, lacks));
	}
	ev_arena_done(&arena);
}
