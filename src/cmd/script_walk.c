/* The two walks of `evprof script`: what was mapped where, then every record in the order of time.
 */
#include <stdlib.h>
#include <string.h>
#include <evprof/collect.h>
#include "deferred.h"
#include "script.h"
#include "sideband.h"

/* ---- first walk -------------------------------------------------------------------------------
 */

void script_learn(struct script_run *run)
{
	struct loaded *loaded = &run->loaded;
	loaded->recording = ev_reader_recording(loaded->reader);
	offsets cuts = { 0 };
	bool needs_times = run->filter.time.of_whole && !loaded->recording->last_time_ns;
	loaded->spaces = ev_space_set_open();
	loaded->profile = ev_profile_open(); /* for its quality: losses and damage */
	if (run->tells)
		progress_begin(&loaded->progress, "reading the recording",
			       ev_reader_size(loaded->reader));
	walk_sideband(loaded, &cuts, needs_times, ev_cpus_online(), &run->options->names);
	progress_end(&loaded->progress);
	ev_array_done(&cuts);
	if (!loaded->partial && loaded->recording->unfinished)
		loaded->partial = load_why_unfinished(loaded->recording);
	python_frames_prepare(run->options->python, loaded->spaces);
	time_range_resolve(&run->filter.time, loaded->recording->first_time_ns,
			   loaded->recording->last_time_ns);
}

/* ---- second walk ------------------------------------------------------------------------------
 */

/* Which option shows a type of record. */
static bool is_shown(const struct script_options *options, uint32_t type)
{
	switch (type) {
	case PERF_RECORD_COMM:
	case PERF_RECORD_FORK:
	case PERF_RECORD_EXIT:
		return options->show_tasks;
	case PERF_RECORD_MMAP:
	case PERF_RECORD_MMAP2:
		return options->show_maps;
	case PERF_RECORD_SWITCH:
	case PERF_RECORD_SWITCH_CPU_WIDE:
		return options->show_switches;
	case PERF_RECORD_LOST:
	case PERF_RECORD_LOST_SAMPLES:
		return options->show_lost;
	case PERF_RECORD_NAMESPACES:
		return options->show_namespaces;
	case PERF_RECORD_CGROUP:
		return options->show_cgroups;
	case PERF_RECORD_KSYMBOL:
	case PERF_RECORD_BPF_EVENT:
		return options->show_bpf;
	case EV_RECORD_FINISHED_ROUND:
		return options->show_rounds;
	default:
		return false;
	}
}

static void show(struct script_run *run, const struct ev_record *record)
{
	if (!script_filter_passes(&run->filter, run->script, record))
		return;
	if (run->files && record->event >= 0)
		ev_script_turn(run->script, run->files[record->event]);
	ev_script_sample(run->script, record);
}

/* A sample with counts is one of each event of its group, for what it counted since the one before.
 */
static void show_counts(struct script_run *run, const struct ev_record *record)
{
	const struct ev_read_delta *deltas;
	size_t count = ev_reads_take(run->reads, record, &deltas);
	if (!count)
		show(run, record);
	for (size_t i = 0; i < count; i++) {
		struct ev_record member = *record;
		if (deltas[i].event < 0 || !deltas[i].value)
			continue;
		member.event = deltas[i].event;
		member.sample.has |= PERF_SAMPLE_PERIOD;
		member.sample.period = deltas[i].value;
		show(run, &member);
	}
}

static void take_sample(void *context, struct ev_record *record)
{
	struct script_run *run = context;
	python_chain_adapt(&run->python, run->options->python, record);
	if (run->reads && record->sample.read_count)
		show_counts(run, record);
	else
		show(run, record);
}

static void take(struct script_run *run, const struct ev_raw *raw, struct ev_record *record)
{
	if (record->type == PERF_RECORD_SAMPLE) {
		run->taken++;
		if (run->deferred)
			deferred_add_sample(run->deferred, run->waking, raw, record);
		else
			take_sample(run, record);
		return;
	}
	if (run->deferred && record->type == EV_RECORD_CALLCHAIN_DEFERRED)
		deferred_add_chain(run->deferred, run->waking, record);
	ev_script_learn(run->script, record);
	if (is_shown(run->options, record->type))
		ev_script_other(run->script, record);
}

/* The clock is looked at now and then. */
static void tell_progress(struct script_run *run)
{
	struct progress *progress = &run->loaded.progress;
	if (++run->told % 256)
		return;
	atomic_store_explicit(&progress->done_bytes, ev_reader_tell(run->loaded.reader),
			      memory_order_relaxed);
	progress_tell(progress);
}

/* Behind a damaged record the next call goes on; behind a damaged place in the file, which the
 * first walk told of, it says the same for ever. */
static void walk_in_order(struct script_run *run)
{
	struct ev_ordered *ordered = ev_ordered_open(run->loaded.reader);
	const char *partial = run->loaded.partial;
	struct ev_record record;
	struct ev_err damage = { 0 }, before = { 0 };
	int rc;
	if (run->loaded.has_deferred && !run->options->view.hide_chains) {
		run->waking = ev_decoder_open(run->loaded.recording);
		run->deferred = deferred_open(take_sample, run);
	}
	while ((rc = ev_ordered_next(ordered, &record, &damage)) != 0) {
		if (rc > 0) {
			take(run, ev_ordered_raw(ordered), &record);
			tell_progress(run);
			continue;
		}
		if (!strcmp(damage.text, before.text) || (partial && !strcmp(damage.text, partial)))
			break;
		before = damage;
		run->damaged++;
	}
	deferred_end(run->deferred, run->waking);
	deferred_close(run->deferred);
	ev_decoder_close(run->waking);
	ev_ordered_close(ordered);
}

static void dump(struct script_run *run)
{
	struct ev_decoder *decoder = ev_decoder_open(run->loaded.recording);
	struct ev_record record;
	struct ev_raw raw;
	while (ev_reader_next(run->loaded.reader, &raw, NULL) > 0) {
		bool good = !ev_decode(decoder, &raw, &record);
		if (good && raw.type != PERF_RECORD_SAMPLE)
			ev_script_learn(run->script, &record);
		run->damaged += !good;
		run->taken++;
		ev_script_dump(run->script, &raw, good ? &record : NULL);
		tell_progress(run);
	}
	ev_decoder_close(decoder);
}

void script_walk(struct script_run *run)
{
	struct loaded *loaded = &run->loaded;
	loaded->progress = (struct progress){ 0 };
	if (run->tells)
		progress_begin(&loaded->progress, "printing samples",
			       ev_reader_size(loaded->reader));
	if (run->options->dump)
		dump(run);
	else
		walk_in_order(run);
	progress_end(&loaded->progress);
}
