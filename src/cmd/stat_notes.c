/* What there is to say of a sheet of counts besides its rows: what was given up, missed or differs.
 */
#include <string.h>
#include <sys/wait.h>
#include "rights.h"
#include "stat_sheet.h"

void stat_note(void *context, const char *text)
{
	struct stat_sheet *sheet = context;
	*ev_array_add(&sheet->notes) = text;
}

/* What a probe doesn't see, and with -v where each was put. */
static void note_probes(struct stat_sheet *sheet)
{
	const struct ev_event_list *events = &sheet->run->events;
	for (size_t i = 0; i < events->count; i++) {
		const struct ev_event *event = &events->items[i];
		bool verbose = sheet->run->options->show.verbose;
		if (event->caution && event->summed == i)
			stat_note(sheet, ev_arena_printf(&sheet->arena, "%s: %s", event->name,
							 event->caution));
		if (event->placed && verbose)
			stat_note(sheet, ev_arena_printf(&sheet->arena, "%s: %s", event->name,
							 event->placed));
	}
}

/* The same fallback of several events is one note that names them. */
void stat_note_fallbacks(struct stat_sheet *sheet)
{
	const struct stat_run *run = sheet->run;
	for (size_t i = 0; i < stat_shown_count(run); i++) {
		const char *fallback = run->counts.openings[i].fallback;
		bool told = !*fallback;
		for (size_t j = 0; j < i && !told; j++)
			told = !strcmp(run->counts.openings[j].fallback, fallback);
		if (told)
			continue;
		const char *names = run->events.items[i].name;
		for (size_t j = i + 1; j < stat_shown_count(run); j++) {
			if (!strcmp(run->counts.openings[j].fallback, fallback))
				names = ev_arena_printf(&sheet->arena, "%s, %s", names,
							run->events.items[j].name);
		}
		stat_note(sheet, ev_arena_printf(&sheet->arena, "%s: %s", names, fallback));
	}
	for (size_t i = 0; i < run->events.count; i++) {
		const char *shares = stat_sums_note(run, i, &sheet->arena);
		if (shares && !stat_row_is_left_out(sheet, i))
			stat_note(sheet, shares);
		if (stat_counts_from_usage(run, i))
			stat_note(sheet, ev_arena_printf(&sheet->arena,
							 "%s: from the kernel's accounting of the "
							 "command, "
							 "as this user may not count the event",
							 run->events.items[i].name));
	}
	note_probes(sheet);
}

void stat_note_simulation(struct stat_sheet *sheet)
{
	const char *hint = stat_simulate_hint(sheet->run, &sheet->arena);
	if (hint)
		stat_note(sheet, ev_arena_printf(&sheet->arena,
						 "caches and branches can be simulated instead: %s",
						 hint));
}

static void note_running(struct stat_sheet *sheet)
{
	size_t running;
	bool lost = false;
	if (!sheet->run->counters || !ev_counters_follow(sheet->run->counters, &running, &lost) ||
	    !(running || lost))
		return;
	stat_note(sheet,
		  ev_arena_printf(
			  &sheet->arena,
			  "%zu thread%s born while counting still run%s: counted in the row of "
			  "the one that made %s%s",
			  running, running == 1 ? "" : "s", running == 1 ? "s" : "",
			  running == 1 ? "it" : "them",
			  lost ? "; some that ended are there too, the rings were full" : ""));
}

static void note_command(struct stat_sheet *sheet)
{
	const struct stat_run *run = sheet->run;
	const char *rights = run->target.kind == EV_TARGET_COMMAND && run->options->command
				     ? command_rights(run->options->command[0])
				     : NULL;
	if (rights)
		stat_note(sheet, ev_arena_printf(&sheet->arena,
						 "the command gets %s as it begins, "
						 "and the kernel stops counting then: run evprof "
						 "with sudo",
						 rights));
	if (run->options->command && !run->ended_by_us && WIFSIGNALED(run->status))
		stat_note(sheet,
			  ev_arena_printf(&sheet->arena, "the command was ended by signal %d (%s)",
					  WTERMSIG(run->status), strsignal(WTERMSIG(run->status))));
}

void stat_note_run(struct stat_sheet *sheet)
{
	const struct stat_run *run = sheet->run;
	const struct stat_options *options = run->options;
	bool counted = !sheet->stat.row_count;
	for (size_t i = 0; i < sheet->stat.row_count; i++)
		counted |= sheet->stat.rows[i].state == EV_COUNTED;
	note_command(sheet);
	if (options->delay_ms && !run->start_ns)
		stat_note(sheet, "counting was never begun (-D)");
	else if (!counted)
		stat_note(sheet, "nothing that was watched ran on a CPU in this time");
	if (options->per_thread && !stat_follows_threads(run))
		stat_note(sheet,
			  "threads born while counting are in the row of the one that made them");
	if (run->options->per_thread && run->target.kind != EV_TARGET_COMMAND)
		note_running(sheet);
	if (run->unsettled)
		stat_note(sheet, "threads were born faster than they could be watched: some may be "
				 "missing");
	uint64_t wanted = options->repeat * run->passes.count;
	if (wanted > 1 && run->runs < wanted)
		stat_note(sheet, ev_arena_printf(&sheet->arena, "interrupted after %u of %llu runs",
						 run->runs, (unsigned long long)wanted));
	for (size_t i = 0; i < run->counts.cells.count; i++) {
		const struct stat_cell *cell = &run->counts.cells.items[i];
		if (cell->event < stat_shown_count(run) && cell->runs.count && cell->missed)
			stat_note(sheet, ev_arena_printf(&sheet->arena,
							 "%s%s%s: counted in %llu of %llu runs; "
							 "the mean is of those",
							 cell->slot, *cell->slot ? " " : "",
							 run->events.items[cell->event].name,
							 (unsigned long long)cell->runs.count,
							 (unsigned long long)(cell->runs.count +
									      cell->missed)));
	}
}

/* Where passes differ, that is said beside every format. */
void stat_note_passes(struct stat_sheet *sheet)
{
	struct stat_run *run = sheet->run;
	bool agree;
	const char *words = stat_passes_words(run, &sheet->arena, &agree);
	if (!words)
		return;
	stat_note(sheet, words);
	for (size_t i = 0; run->options->show.verbose && i < run->passes.count; i++)
		stat_note(sheet, ev_arena_printf(&sheet->arena, "pass %zu: %s", i + 1,
						 stat_pass_events(run, i, &sheet->arena)));
	if (run->passes.unfit)
		stat_note(sheet, ev_arena_printf(&sheet->arena,
						 "groups larger than the PMU: %zu; those still "
						 "took turns",
						 run->passes.unfit));
	if (!agree && (!stat_is_table(run) || run->options->strict))
		sheet->complaint = words;
	run->was_refused |= !agree && run->options->strict;
}
