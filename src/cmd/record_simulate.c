/* evprof record --simulate: the costs of a model, per instruction, in the same file as samples of a
 * PMU, marked as what they are. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include "record.h"
#include "record_agent.h"
#include "record_python.h"
#include "simulate.h"

/* Of Python: every second one is the agent's. What is kept apart grows with the ways through a
 * recursion, and each takes 100 KB: not deeper than this. */
enum { CALLERS = 16, PYTHON_CALLERS = 16 };
#define PYTHON_TOLD                                                                                \
	"%zu functions in %zu program%s, by what an agent adds to each call: its own costs stand " \
	"apart (evprof_python_call), and from 3.11 on Python's calls of Python go through C as "   \
	"well, which the functions pay; --python off tells native functions instead"

/* What is recorded when no event was named: all of it comes from one run. */
static const char *const usual[] = { "instructions", "branch-misses", "L1-dcache-load-misses",
				     "cache-misses", NULL };

/* What has no meaning in a simulation. */
static bool knows_time(const struct record_options *options)
{
	return options->delay_ms || options->duration_s > 0 || options->thread_counts ||
	       options->addresses || options->sample_cpu || options->kernel_callchains ||
	       options->max_size_bytes;
}

static int check_options(const struct record_options *options, struct ev_err *err)
{
	int rc = simulate_check(&options->simulate, &options->target, options->command, err);
	if (rc)
		return rc;
	const char *given = record_details_given(options);
	if (!given && options->details.namespaces)
		given = "--namespaces";
	if (!given && options->details.switches)
		given = "--switch-events";
	if (given)
		return ev_fail(err, EINVAL,
			       "a simulation has no kernel to ask: %s does not go with --simulate",
			       given);
	if (knows_time(options))
		return ev_fail(err, EINVAL,
			       "a simulation is of a whole run and knows neither time nor CPUs nor "
			       "the kernel: -D, --duration, --max-size, -s, -d, --sample-cpu and "
			       "--kernel-callchains do not go with --simulate");
	return 0;
}

static bool wants_chains(const struct record_options *options)
{
	/* They make a simulation's file many times as large: not without being asked for. */
	return (options->chains_given && options->chains != RECORD_CHAINS_NONE) ||
	       options->user_callchains;
}

/* ---- the file ----------------------------------------------------------------------------------
 */

static void add_events(struct record_run *run, const struct simulate_plan *plan)
{
	struct ev_recording *recording = &run->recording;
	for (size_t i = 0; i < plan->events.count; i++) {
		struct ev_recorded_event *event = ev_recording_add_event(recording);
		const struct simulate_place *place = &plan->places.items[i];
		if (place->sample_read)
			ev_simulated_attr_read(plan->events.items[i], &event->attr);
		else
			ev_simulated_attr(plan->events.items[i], &event->attr);
		if (plan->how.callers)
			event->attr.sample_type |= PERF_SAMPLE_CALLCHAIN;
		event->name = ev_simulated_name(plan->events.items[i], &recording->arena);
		event->ids = ev_arena_take(&recording->arena, sizeof(*event->ids));
		event->ids[0] = i + 1;
		event->id_count = 1;
		event->leader = (int)place->leader;
	}
	recording->compressed = run->options->compression_level > 0;
	recording->compression_level = (uint32_t)run->options->compression_level;
}

static int open_writer(struct record_run *run, struct ev_err *err)
{
	const struct record_options *options = run->options;
	run->stream = record_is_stream(options->output);
	return record_writer_open(run, options->output, err);
}

/* A run of minutes should not end in front of a file that cannot be written. */
static int try_output(struct record_run *run, struct ev_err *err)
{
	if (record_is_stream(run->options->output))
		return 0;
	int rc = open_writer(run, err);
	if (!rc)
		ev_writer_discard(run->writer);
	run->writer = NULL;
	return rc;
}

/* ---- Python ------------------------------------------------------------------------------------
 */

/* The simulator knows machine code alone. An agent in the interpreter gives each Python function
 * some of its own, so that calls tell for whom the interpreter worked. */
static int plan_python(struct record_run *run, struct simulate_plan *plan, struct ev_err *err)
{
	const struct record_options *options = run->options;
	char library[4096];
	if (!record_python_wanted(run))
		return 0;
	const char *why = record_agent_library(library, sizeof(library));
	if (why && options->python != RECORD_PYTHON_AUTO)
		return ev_fail(err, EOPNOTSUPP, "Python: native functions only: %s", why);
	if (why) {
		ev_recording_add_note(&run->recording, "fallback",
				      "Python: native functions only: %s", why);
		return 0;
	}
	plan->how.python = ev_python_functions_open();
	plan->how.python_library = ev_arena_printf(&run->recording.arena, "%s", library);
	return 0;
}

static void tell_python(struct record_run *run, const char *text)
{
	ev_recording_add_note(&run->recording, EV_NOTE_PYTHON, "%s", text);
	if (!run->options->quiet)
		fprintf(stderr, "[ evprof record: Python: %s ]\n", text);
}

static void note_python(struct record_run *run, const struct simulate_plan *plan)
{
	struct ev_simulation_python tally;
	struct ev_arena arena = { 0 };
	if (!plan->how.python)
		return;
	ev_simulation_python_tally(plan->simulation, &tally);
	if (*tally.why)
		ev_recording_add_note(&run->recording, "fallback",
				      "Python: a program's functions are not told: %s",
				      ev_text_safe(&arena, tally.why));
	if (tally.functions) {
		tell_python(run, ev_arena_printf(&arena, PYTHON_TOLD, tally.functions,
						 tally.programs, tally.programs == 1 ? "" : "s"));
		ev_recording_add_note(&run->recording, "fallback",
				      "Python's lines are not told: what a function costs, with "
				      "the "
				      "C code that it called, stands at its first line");
	} else {
		tell_python(run, "none: no program that ran was a Python whose functions can be "
				 "told; --python off tells native ones, which are not told apart "
				 "here");
	}
	if (tally.cut)
		ev_recording_add_note(&run->recording, "fallback",
				      "costs are exact for each row of %d Python functions that "
				      "called one another; who called above them is told by the "
				      "shortest way there",
				      PYTHON_CALLERS / 2);
	ev_arena_done(&arena);
}

static void keep_python(struct record_run *run, const struct simulate_plan *plan)
{
	struct ev_buffer table = { 0 };
	if (!plan->how.python || !ev_python_function_count(plan->how.python))
		return;
	ev_python_functions_encode(plan->how.python, &table);
	ev_recording_set_section(&run->recording, EV_FEATURE_EVPROF_PYTHON, table.bytes,
				 table.size_bytes);
	ev_buffer_done(&table);
}

static void add_notes(struct record_run *run, const struct simulate_plan *plan)
{
	struct ev_recording *recording = &run->recording;
	const struct record_options *options = run->options;
	ev_recording_add_note(recording, EV_NOTE_SIMULATED, "%s", plan->model);
	if (*plan->note)
		ev_recording_add_note(recording, "fallback", "%s", plan->note);
	if (*plan->result.trouble)
		ev_recording_add_note(recording, "fallback", "%s", plan->result.trouble);
	if (plan->result.threads > plan->result.processes)
		ev_recording_add_note(recording, "fallback",
				      "thread ids above 4194304 stand for threads that the "
				      "simulator only numbers");
	note_python(run, plan);
	if (plan->how.callers && !plan->how.python)
		ev_recording_add_note(recording, "fallback",
				      "costs are exact for each row of up to %d callers; where one "
				      "function calls another from several lines, the busiest line "
				      "stands for all",
				      CALLERS);
	if (options->stack_bytes)
		ev_recording_add_note(recording, "fallback",
				      "--call-graph dwarf copies no stacks here: the simulator "
				      "sees "
				      "every call, with frame pointers and without");
	if (options->frequency || options->period_events)
		ev_recording_add_note(recording, "fallback",
				      "-F and -c mean nothing here: every instruction counts, none "
				      "is picked");
	for (size_t i = 0; ev_simulation_has_order(plan->simulation) && i < recording->event_count;
	     i++)
		recording->events[i].attr.sample_type |= PERF_SAMPLE_TIME;
}

static int take_record(void *context, const struct ev_record *record, struct ev_err *err)
{
	struct record_run *run = context;
	struct ev_record plain = record_as_wished(run, record);
	return ev_writer_add_record(run->writer, &plain, err);
}

static int write_all(struct record_run *run, const struct simulate_plan *plan, struct ev_err *err)
{
	int rc = open_writer(run, err);
	if (!rc)
		rc = ev_writer_flush(run->writer, err);
	if (!rc)
		rc = ev_simulation_give(plan->simulation, &run->recording, take_record, run,
					&run->simulated_samples, err);
	if (!rc)
		rc = ev_writer_flush(run->writer, err);
	return rc;
}

/* ---- the whole ---------------------------------------------------------------------------------
 */

static int simulate_all(struct record_run *run, struct simulate_plan *plan)
{
	const struct record_options *options = run->options;
	struct ev_err err = { 0 };
	if (check_options(options, &err) || simulate_caches(plan, &options->simulate, &err))
		return complain(run->verb, &err, STATUS_USAGE);
	int rc = simulate_events(plan, &options->events, usual, &err);
	if (rc)
		return complain(run->verb, &err, rc == -EINVAL ? STATUS_USAGE : STATUS_REFUSED);
	if (options->dry_run)
		return 0;
	if (plan_python(run, plan, &err))
		return complain(run->verb, &err, STATUS_REFUSED);
	plan->how.callers = plan->how.python ? PYTHON_CALLERS : wants_chains(options) ? CALLERS : 0;
	add_events(run, plan);
	if (try_output(run, &err))
		return complain(run->verb, &err, STATUS_REFUSED);
	plan->how.events = plan->events.items;
	plan->how.event_count = plan->events.count;
	int status = simulate_run(plan);
	if (status >= 0)
		return status;
	add_notes(run, plan);
	int failed = write_all(run, plan, &err);
	if (failed)
		complain(run->verb, &err, 0);
	if (!run->writer)
		return STATUS_FAILED;
	keep_python(run, plan);
	/* What was written is worth finishing, also after a full disk: the header is small. */
	if (record_finish(run, &err) && !failed)
		failed = complain(run->verb, &err, STATUS_FAILED);
	record_summary(run);
	if (failed)
		return STATUS_FAILED;
	return WIFSIGNALED(plan->status) ? STATUS_SIGNAL + WTERMSIG(plan->status)
					 : WEXITSTATUS(plan->status);
}

const char *record_simulate_hint(const struct record_run *run, struct ev_arena *arena)
{
	const struct record_options *options = run->options;
	char absence[256];
	struct rusage usage; /* of the command, once it has ended */
	double own_time_s =
		getrusage(RUSAGE_CHILDREN, &usage)
			? 0
			: (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6;
	/* What was asked of the kernel's own programs no simulator answers. */
	if (options->bpf || options->off_cpu || options->wall || options->details.namespaces ||
	    options->details.switches || record_details_given(options) ||
	    !*ev_pmu_absence(absence, sizeof(absence)))
		return NULL;
	return simulate_hint(run->verb, &options->simulate, &options->target, &options->events,
			     knows_time(options), own_time_s, options->command, arena);
}

int record_simulate(struct record_run *run)
{
	struct simulate_plan plan = { .verb = run->verb,
				      .command = run->options->command,
				      .quiet = run->options->quiet,
				      .own_time_s = run->options->simulate.own_time_s };
	int status = simulate_all(run, &plan);
	simulate_done(&plan);
	ev_python_functions_close(plan.how.python);
	return status;
}
