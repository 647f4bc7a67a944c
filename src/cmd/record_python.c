/* The Python frames of samples, read by BPF programs as they are taken, go into their chains; names
 * and lines go into the file as a table behind the data. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <evprof/collect_python_bpf.h>
#include "command_programs.h"
#include "record.h"
#include "record_agent.h"
#include "record_python.h"

enum { CHAIN_LIMIT = 8192, REFUSED_TOLD = 5 };

/* Samples that were counted in the kernel come so late, and more. */
#define FORGOTTEN_AFTER_NS 10000000000u

struct seen_process {
	uint32_t pid;
	uint64_t began_ns; /* its fork or exec, 0 = before the recording */
	uint64_t mapped_ns;
	bool mapped;
};
struct record_python {
	struct ev_bpf_python *programs;
	struct ev_python_functions *functions;
	const struct record_options *options;
	struct ev_map by_pid; /* index + 1 */
	EV_ARRAY(struct seen_process) processes;
	struct ev_ended ended;
	uint64_t merged, behind; /* samples; those with frames that no native frame was there for */
	unsigned refused;
	struct record_python_place place;
	uint64_t chain[CHAIN_LIMIT];
};

int record_python_parse(void *into, const char *value, struct ev_err *err)
{
	struct record_options *options = into;
	if (!strcmp(value, "merged"))
		options->python = RECORD_PYTHON_MERGED;
	else if (!strcmp(value, "off"))
		options->python = RECORD_PYTHON_OFF;
	else if (!strcmp(value, "auto"))
		options->python = RECORD_PYTHON_AUTO;
	else if (!strcmp(value, "agent"))
		options->python = RECORD_PYTHON_AGENT;
	else
		return ev_fail(err, EINVAL, "--python takes merged, agent, off or auto, not '%s'%s",
			       value,
			       strcmp(value, "only") ? ""
						     : ": evprof report --python only shows a "
						       "merged recording so");
	return 0;
}

/* ---- whether -----------------------------------------------------------------------------------
 */

/* A program that is called so, or a script that begins with "#!…python…". */
static bool command_is_python(const char *command)
{
	char line[256], *path = command_find(command);
	const char *name = path ? strrchr(path, '/') : NULL;
	bool python =
		path && (strstr(name ? name : path, "python") ||
			 (command_script_line(path, line, sizeof(line)) && strstr(line, "python")));
	free(path);
	return python;
}

bool record_python_wanted(const struct record_run *run)
{
	const struct record_options *options = run->options;
	if (options->python != RECORD_PYTHON_AUTO)
		return options->python != RECORD_PYTHON_OFF;
	if (run->target.kind == EV_TARGET_COMMAND)
		return options->command && command_is_python(options->command[0]);
	return ev_bpf_python_likely(&run->target) ||
	       (options->command && command_is_python(options->command[0]));
}

static bool is_in_kernel(const struct record_options *options)
{
	return options->bpf || options->chains == RECORD_CHAINS_BPF;
}

/* What does not go together with it; NULL when everything does. */
static const char *contradiction(const struct record_options *options)
{
	if (options->bpf && options->chains == RECORD_CHAINS_NONE)
		return "--bpf without stacks counts native places: leave --call-graph none out";
	if (is_in_kernel(options) && options->python == RECORD_PYTHON_AGENT)
		return "the agent has no part in what is counted or followed in the kernel: leave "
		       "--bpf and --call-graph bpf, or --python agent, out";
	if (options->kernel_callchains)
		return "--kernel-callchains leaves user space out";
	if (options->clock_id >= 0 && options->clock_id != CLOCK_MONOTONIC)
		return "their times are those of the monotonic clock: leave -k out";
	return NULL;
}

int record_python_plan(struct record_run *run, struct ev_err *err)
{
	char absence[256];
	bool asked = run->options->python != RECORD_PYTHON_AUTO;
	if (run->options->simulate.on || !record_python_wanted(run))
		return 0;
	const char *against = contradiction(run->options);
	if (!against && run->options->python == RECORD_PYTHON_AGENT)
		return record_agent_plan(run, true, NULL, err);
	const char *why = against ? against : ev_bpf_python_absence(absence, sizeof(absence));
	/* Without the rights for that, the program may tell itself. */
	if (why && !against && !is_in_kernel(run->options) && run->target.kind == EV_TARGET_COMMAND)
		return record_agent_plan(run, asked, why, err);
	if (why && asked)
		return ev_fail(err, against ? EINVAL : EPERM,
			       "--python merged: Python's frames cannot be read: %s", why);
	if (why) {
		ev_recording_add_note(&run->recording, "fallback", "Python: native frames only: %s",
				      why);
		return 0;
	}
	run->python = ev_alloc(sizeof(*run->python));
	run->python->options = run->options;
	run->python->functions = ev_python_functions_open();
	run->python->place.cache = ev_alloc(sizeof(*run->python->place.cache));
	run->sampling.clock_id = CLOCK_MONOTONIC;
	return 0;
}

/* ---- collecting --------------------------------------------------------------------------------
 */

static void refused(void *context, uint32_t pid, const char *why)
{
	struct record_python *python = context;
	if (++python->refused <= REFUSED_TOLD && !python->options->quiet)
		fprintf(stderr, "[ evprof record: process %u: native frames only: %s ]\n", pid,
			why);
}

int record_python_open(struct record_run *run, struct ev_err *err)
{
	struct record_python *python = run->python;
	if (!python)
		return 0;
	const struct record_options *options = run->options;
	struct ev_watch_target target = { .target = &run->target };
	struct ev_bpf_python_options how = { .switches = options->off_cpu || options->wall,
					     .refused = refused,
					     .context = python };
	int rc = ev_bpf_python_open(&python->programs, run->sampler, &target, python->functions,
				    &how, err);
	if (!rc) {
		run->sources[run->source_count++] = ev_bpf_python_source(python->programs);
		return 0;
	}
	if (options->python == RECORD_PYTHON_MERGED)
		return rc;
	ev_recording_add_note(&run->recording, "fallback", "Python: native frames only: %s",
			      err->text);
	record_python_close(run);
	return 0;
}

struct ev_bpf_python *record_python_programs(const struct record_python *python)
{
	return python ? python->programs : NULL;
}

void record_python_beside(struct record_run *run)
{
	if (run->python)
		ev_bpf_python_beside(run->python->programs, &run->recording);
}

static struct seen_process *see(struct record_python *python, uint32_t pid)
{
	bool added;
	uint32_t *index = ev_map_add(&python->by_pid, pid, 0, &added);
	if (added) {
		ev_array_add(&python->processes)->pid = pid;
		*index = (uint32_t)python->processes.count;
	}
	return &python->processes.items[*index - 1];
}

static void forget_ended(struct record_python *python)
{
	struct ev_ended_one one;
	while (ev_ended_take(&python->ended, FORGOTTEN_AFTER_NS, &one)) {
		const uint32_t *index = ev_map_find(&python->by_pid, one.id, 0);
		struct seen_process *process = index ? &python->processes.items[*index - 1] : NULL;
		/* Its number may be that of another one already. */
		if (!process || process->began_ns > one.time_ns)
			continue;
		*process = python->processes.items[--python->processes.count];
		*ev_map_find(&python->by_pid, process->pid, 0) = *index;
		ev_map_remove(&python->by_pid, one.id, 0);
	}
}

void record_python_know(struct record_python *python, const struct ev_record *record)
{
	bool exec = record->type == PERF_RECORD_COMM && record->misc & PERF_RECORD_MISC_COMM_EXEC;
	if (exec)
		see(python, record->comm.pid)->began_ns = record->time_ns;
	else if (record->type == PERF_RECORD_FORK && record->task.pid != record->task.parent_pid)
		see(python, record->task.pid)->began_ns = record->time_ns;
	if (record->type != PERF_RECORD_EXIT || record->task.pid != record->task.tid)
		return;
	ev_ended_add(&python->ended, record->task.pid, record->time_ns);
	forget_ended(python);
}

/* ---- merging -----------------------------------------------------------------------------------
 */

bool record_python_generated(void *context, uint64_t address)
{
	const struct record_python_place *at = context;
	struct ev_place place = ev_space_find(at->spaces, at->cache, at->record->sample.pid,
					      at->record->time_ns, address, PERF_RECORD_MISC_USER);
	return ev_space_set_object(at->spaces, place.object)->kind == EV_OBJECT_JIT;
}

static bool is_python_address(uint64_t address)
{
	return address - EV_PYTHON_BASE < EV_PYTHON_LENGTH;
}

bool record_python_has(struct record_python *python, const struct ev_record *record)
{
	const struct ev_sample *sample = &record->sample;
	bool found = is_python_address(sample->ip);
	for (size_t i = 0; i < sample->chain_count && !found; i++)
		found = is_python_address(sample->chain[i]);
	if (found)
		python->merged += sample->weight ? sample->weight : 1;
	return found;
}

bool record_python_merge(struct record_python *python, const struct ev_space_set *spaces,
			 struct ev_record *record)
{
	struct ev_sample *sample = &record->sample;
	struct ev_python_stack stack;
	struct ev_python_merged how;
	uint64_t time_ns = record->time_ns;
	bool waits = ev_wait_state_is(sample->ip);
	if (record_python_has(python, record))
		return true;
	if (waits && sample->period <= time_ns)
		time_ns -= sample->period;
	if (!ev_bpf_python_find(python->programs, sample->tid, time_ns, waits ? 0 : sample->ip,
				waits, &stack))
		return false;
	python->place.spaces = spaces;
	python->place.record = record;
	stack.generated = record_python_generated;
	stack.context = &python->place;
	uint16_t mode = record->misc & PERF_RECORD_MISC_CPUMODE_MASK;
	if (mode == PERF_RECORD_MISC_USER)
		ev_python_place(&stack, sample->ip, &sample->ip);
	python->merged++;
	if (!sample->chain_count)
		return true;
	sample->chain_count = ev_python_merge(&stack, sample->chain, sample->chain_count,
					      python->chain, CHAIN_LIMIT, &how);
	sample->chain = python->chain;
	python->behind += how.behind > 0;
	return true;
}

bool record_python_mapping(struct record_python *python, const struct ev_record *record,
			   struct ev_record *mapping)
{
	struct seen_process *process = see(python, record->pid);
	bool before = record->time_ns < process->began_ns;
	if (process->mapped && (before || process->mapped_ns >= process->began_ns))
		return false;
	process->mapped = true;
	process->mapped_ns = before ? 0 : process->began_ns;
	ev_python_mapping(mapping, record->pid, record->pid, process->mapped_ns);
	return true;
}

/* ---- names, while it is recorded ---------------------------------------------------------------
 */

static struct ev_python_functions *functions_of(const struct record_run *run)
{
	return run->python ? run->python->functions : record_agent_functions(run->agent);
}

struct ev_python_functions *record_python_live(const struct record_run *run)
{
	struct ev_python_functions *functions = functions_of(run);
	if (functions)
		ev_python_functions_label(functions);
	return functions;
}

void record_python_remap(struct record_run *run)
{
	for (size_t i = 0; run->python && i < run->python->processes.count; i++)
		run->python->processes.items[i].mapped = false;
	record_agent_remap(run->agent);
}

int record_python_grow(struct record_run *run, struct ev_err *err)
{
	const struct ev_python_functions *functions = functions_of(run);
	struct ev_buffer more = { 0 };
	int rc = 0;
	if (functions && ev_python_functions_grow(functions, &run->python_told, &more))
		rc = ev_writer_add_growth(run->writer, EV_FEATURE_EVPROF_PYTHON, more.bytes,
					  more.size_bytes, err);
	ev_buffer_done(&more);
	return rc;
}

int record_python_begin_file(struct record_run *run, struct ev_err *err)
{
	run->python_told = (struct ev_python_told){ 0 };
	return record_python_grow(run, err);
}

/* ---- the end -----------------------------------------------------------------------------------
 */

/* By whichever program. */
static struct ev_bpf_python_tally tally_of(const struct record_run *run)
{
	struct ev_bpf_python_tally tally = ev_bpf_python_tally(run->python->programs);
	struct ev_bpf_counts_tally counted = { 0 };
	if (run->counts)
		ev_bpf_counts_tally(run->counts, &counted);
	tally.lost += counted.python_lost;
	return tally;
}

void record_python_finish(struct record_run *run)
{
	struct record_python *python = run->python;
	struct ev_buffer table = { 0 };
	if (!python || !ev_python_function_count(python->functions))
		return;
	ev_python_functions_encode(python->functions, &table);
	ev_recording_set_section(&run->recording, EV_FEATURE_EVPROF_PYTHON, table.bytes,
				 table.size_bytes);
	ev_buffer_done(&table);
	struct ev_bpf_python_tally tally = tally_of(run);
	ev_recording_add_note(&run->recording, EV_NOTE_PYTHON,
			      "frames of %" PRIu64
			      " samples, read in the kernel as each was taken; "
			      "%" PRIu64 " lost, %" PRIu64 " incomplete",
			      python->merged, tally.lost, tally.deeper + tally.torn);
	if (tally.newer)
		ev_recording_add_note(&run->recording, "fallback", RECORD_PYTHON_NEWER,
				      tally.newer >> 24, tally.newer >> 16 & 255);
}

void record_python_tell(const struct record_run *run)
{
	const struct record_python *python = run->python;
	char samples[32];
	if (!python)
		return;
	struct ev_bpf_python_tally tally = tally_of(run);
	if (!tally.processes && !tally.refused)
		fprintf(stderr, "[ evprof record: Python: none was found ]\n");
	if (!tally.processes)
		return;
	ev_format_grouped(samples, sizeof(samples), python->merged);
	fprintf(stderr,
		"[ evprof record: Python: frames of %s samples, %u functions, of %" PRIu64
		" process%s, read in the kernel%s ]\n",
		samples, ev_python_function_count(python->functions), tally.processes,
		tally.processes == 1 ? "" : "es",
		run->options->python == RECORD_PYTHON_AUTO ? " (--python off leaves them out)"
							   : "");
	if (tally.newer)
		fprintf(stderr, "[ evprof record: " RECORD_PYTHON_NEWER " ]\n", tally.newer >> 24,
			tally.newer >> 16 & 255);
	if (tally.lost)
		fprintf(stderr,
			"[ evprof record: Python: the frames of %" PRIu64
			" samples were lost: a lower frequency (-F) keeps them ]\n",
			tally.lost);
	if (tally.deeper)
		fprintf(stderr,
			"[ evprof record: Python: %" PRIu64
			" stacks are deeper than what is read of them ]\n",
			tally.deeper);
	if (tally.torn)
		fprintf(stderr,
			"[ evprof record: Python: %" PRIu64
			" stacks could not be read to their end ]\n",
			tally.torn);
	if (tally.unreadable)
		fprintf(stderr,
			"[ evprof record: Python: the names of %" PRIu64
			" places were gone before they could be read ]\n",
			tally.unreadable);
	if (run->options->verbose)
		fprintf(stderr,
			"[ evprof record: Python: %" PRIu64 " stacks were read; %" PRIu64
			" samples have frames behind their native ones ]\n",
			tally.notes, python->behind);
}

void record_python_close(struct record_run *run)
{
	struct record_python *python = run->python;
	if (!python)
		return;
	ev_bpf_python_close(python->programs);
	ev_python_functions_close(python->functions);
	free(python->place.cache);
	ev_map_done(&python->by_pid);
	ev_array_done(&python->processes);
	ev_ended_done(&python->ended);
	free(python);
	run->python = NULL;
}
