/* --multi-pass: the command is run once for each set of events that the hardware can count whole,
 * and an event that all passes count tells whether they did the same work. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "stat.h"

/* Events that passes can be compared by, best first, and how far apart two runs of the same program
 * may be where repeats do not tell. */
static const struct measure {
	const char *event;
	double noise;
} measures[] = {
	{ "instructions:u", 0.01 },
	{ "task-clock", 0.1 },
};

bool stat_pass_has(const struct stat_run *run, size_t event)
{
	const struct stat_passes *passes = &run->passes;
	return !passes->pass_of || event >= passes->common || passes->pass_of[event] == passes->at;
}

size_t stat_shown_count(const struct stat_run *run)
{
	return run->passes.pass_of ? run->passes.common : run->events.count;
}

static bool has_hardware(const struct stat_run *run)
{
	for (size_t i = 0; i < run->events.count; i++) {
		if (run->events.items[i].kind == EV_EVENT_KERNEL &&
		    ev_event_is_hardware(&run->events.items[i].attr))
			return true;
	}
	return false;
}

/* A plan with one more event that all passes count; false where that event cannot be counted. */
static bool plan_with(struct stat_run *run, const struct measure *measure, size_t *unfit)
{
	struct stat_passes *passes = &run->passes;
	if (ev_event_parse(&run->events, measure->event, NULL))
		return false;
	size_t count = run->events.count;
	bool *common = ev_alloc((count + 1) * sizeof(*common));
	for (size_t i = passes->common; i < count; i++)
		common[i] = true;
	bool counted = ev_counters_try(&run->events, common) == 0;
	free(passes->pass_of);
	passes->pass_of = ev_alloc((count + 1) * sizeof(*passes->pass_of));
	if (counted)
		passes->count = ev_passes_plan(&run->events, common, passes->pass_of, unfit);
	free(common);
	passes->noise = measure->noise;
	return counted;
}

int stat_passes_plan(struct stat_run *run, struct ev_err *err)
{
	struct stat_passes *passes = &run->passes;
	size_t unfit = 0;
	passes->count = 1;
	if (!run->options->multi_pass)
		return 0;
	if (run->target.kind != EV_TARGET_COMMAND)
		return ev_fail(err, EINVAL,
			       "--multi-pass repeats a command: what runs already cannot be run "
			       "again for each pass");
	if (!has_hardware(run))
		return 0; /* software events need no turns */
	passes->common = run->events.count;
	/* An event in every pass takes a counter from each; where that is one too many, one that
	 * takes none has to do. */
	for (size_t i = 0; i < EV_LENGTH(measures); i++) {
		run->events.count = passes->common;
		if (plan_with(run, &measures[i], &unfit) && !unfit)
			break;
	}
	passes->unfit = unfit;
	passes->only = ev_alloc((run->events.count + 1) * sizeof(*passes->only));
	passes->each = ev_alloc(passes->count * sizeof(*passes->each));
	return 0;
}

const bool *stat_pass_begin(struct stat_run *run, size_t pass)
{
	struct stat_passes *passes = &run->passes;
	passes->at = (unsigned)pass;
	for (size_t i = 0; passes->only && i < run->events.count; i++)
		passes->only[i] = stat_pass_has(run, i);
	return passes->only;
}

void stat_pass_add(struct stat_run *run)
{
	struct stat_passes *passes = &run->passes;
	for (size_t i = 0; passes->each && i < run->counts.cells.count; i++) {
		const struct stat_cell *cell = &run->counts.cells.items[i];
		if (cell->event == passes->common && cell->running_ns && !cell->wrong)
			ev_running_add(&passes->each[passes->at], cell->value);
	}
}

void stat_passes_forget(struct stat_run *run)
{
	if (run->passes.each)
		memset(run->passes.each, 0, run->passes.count * sizeof(*run->passes.each));
}

const char *stat_passes_words(const struct stat_run *run, struct ev_arena *arena, bool *agree)
{
	const struct stat_passes *passes = &run->passes;
	struct ev_agreement found;
	char spread[64], noise[64], low[64], high[64];
	*agree = true;
	if (!run->options->multi_pass)
		return NULL;
	if (passes->count < 2)
		return "one pass was enough: all events can be counted at once";
	const char *event = run->events.items[passes->common].name;
	if (!ev_passes_compare(passes->each, passes->count, passes->noise, &found))
		return ev_arena_printf(arena,
				       "%zu passes of the command; whether they did the same work "
				       "is not known: %s could not be counted",
				       passes->count, event);
	*agree = found.agree;
	ev_format_fixed(spread, sizeof(spread), 100 * found.spread, 2);
	ev_format_fixed(noise, sizeof(noise), 100 * found.noise, 2);
	const char *how = passes->each[0].count > 1 ? "the runs' own noise allows"
						    : "noise assumed, -r 3 measures it:";
	if (found.agree)
		return ev_arena_printf(arena,
				       "%zu passes of the command, and they agree: %s differs by "
				       "%s %% at most (%s %s %%)",
				       passes->count, event, spread, how, noise);
	ev_format_fixed(low, sizeof(low), passes->each[found.lowest].mean, 0);
	ev_format_fixed(high, sizeof(high), passes->each[found.highest].mean, 0);
	return ev_arena_printf(arena,
			       "%zu passes of the command that did not do the same work: %s is %s "
			       "in pass %zu and %s in pass %zu, %s %% apart (%s %s %%); ratios "
			       "across passes may be off by as much",
			       passes->count, event, low, found.lowest + 1, high, found.highest + 1,
			       spread, how, noise);
}

const char *stat_pass_events(const struct stat_run *run, size_t pass, struct ev_arena *arena)
{
	const struct stat_passes *passes = &run->passes;
	const char *names = "";
	for (size_t i = 0; passes->pass_of && i < passes->common; i++) {
		if (passes->pass_of[i] == pass)
			names = ev_arena_printf(arena, "%s%s%s", names, *names ? ", " : "",
						run->events.items[i].name);
	}
	return names;
}

void stat_passes_done(struct stat_run *run)
{
	free(run->passes.pass_of);
	free(run->passes.only);
	free(run->passes.each);
	run->passes = (struct stat_passes){ 0 };
}
