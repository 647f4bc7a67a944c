/* The end of a recording: what was sampled gets its names into the file, and the user is told what
 * came of it. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sys/resource.h>
#include <unistd.h>
#include "cache_folder.h"
#include "load.h"
#include "record.h"
#include "record_agent.h"
#include "record_bpf.h"
#include "record_stream.h"
#include "record_unwind.h"
#include "record_waits.h"
#include "rights.h"
#include "signals.h"

/* Of objects that were sampled, or of all. */
static void add_build_ids(struct ev_recording *recording, const struct loaded *loaded, bool all)
{
	size_t count = ev_space_set_object_count(loaded->spaces);
	bool *hit = ev_alloc(count * sizeof(*hit));
	for (size_t i = 1; i < loaded->profile->places.count; i++)
		hit[loaded->profile->places.items[i].object] = true;
	for (uint32_t i = 1; i < count; i++) {
		const struct ev_object *object = ev_space_set_object(loaded->spaces, i);
		if (!(hit[i] || all) || !object->build_id_bytes)
			continue;
		bool kernel = object->kind == EV_OBJECT_KERNEL || object->kind == EV_OBJECT_MODULE;
		struct ev_build_id *id =
			(struct ev_build_id *)ev_array_grow((void **)&recording->build_ids,
							    &recording->build_id_count,
							    &recording->build_id_room,
							    sizeof(*recording->build_ids));
		id->pid = UINT32_MAX;
		id->misc = kernel ? PERF_RECORD_MISC_KERNEL : PERF_RECORD_MISC_USER;
		id->id_bytes = object->build_id_bytes;
		memcpy(id->id, object->build_id, sizeof(id->id));
		id->path = ev_arena_text(&recording->arena, object->path, strlen(object->path));
	}
	free(hit);
}

/* Reads the recording back and stores the names of every place that was sampled, so that the report
 * needs neither the program nor this machine. */
static int carry_symbols(struct record_run *run, struct ev_err *err)
{
	char *cache = cache_folder();
	struct ev_symbolizer_options where = { .roots = run->roots, .cache = cache };
	struct load_options options = {
		.stacks = true,
		.unwound =
			(run->unwind && record_unwind_all(run->unwind)) || record_bpf_walked(run),
		.symbols = &where,
	};
	struct loaded loaded;
	int rc = load(&loaded, run->path, &options, err);
	if (rc) {
		free(cache);
		return rc;
	}
	const struct ev_section *table =
		ev_recording_section(&run->recording, EV_FEATURE_EVPROF_PYTHON);
	struct ev_python_functions *python =
		table ? ev_python_functions_decode(table->bytes, table->size_bytes) : NULL;
	where.python = python;
	struct ev_symbolizer *symbolizer = ev_symbolizer_open(loaded.spaces, NULL, &where);
	struct ev_buffer bytes = { 0 };
	size_t count = loaded.profile->places.count;
	struct progress_work *work = progress_work_begin("resolving names", NULL);
	if (count > 1)
		ev_symbols_encode(symbolizer, loaded.spaces, loaded.profile->places.items + 1,
				  count - 1, EV_SYMBOL_LINES | EV_SYMBOL_INLINES, &bytes);
	if (bytes.size_bytes)
		ev_recording_set_section(&run->recording, EV_FEATURE_EVPROF_SYMBOLS, bytes.bytes,
					 bytes.size_bytes);
	if (!run->options->no_build_ids)
		add_build_ids(&run->recording, &loaded, run->options->all_build_ids);
	ev_symbolizer_close(symbolizer);
	/* What a report will find; files need not be read again for it. */
	where.no_local_files = true;
	symbolizer = ev_symbolizer_open(loaded.spaces, &run->recording, &where);
	ev_named_close(ev_named_open(loaded.profile, loaded.spaces, symbolizer, 0, false, 1));
	progress_work_end(work);
	record_note_untold(run, loaded.profile);
	run->quality = loaded.profile->quality;
	run->recording.first_time_ns = loaded.profile->first_time_ns;
	run->recording.last_time_ns = loaded.profile->last_time_ns;
	ev_buffer_done(&bytes);
	ev_symbolizer_close(symbolizer);
	ev_python_functions_close(python);
	free(cache);
	loaded_done(&loaded);
	return 0;
}

/* How stacks ended, followed here or in the kernel: how many of all. */
static uint64_t unwound(const struct record_run *run, uint64_t *ends)
{
	uint64_t all = 0;
	memcpy(ends, record_unwind_ends(run->unwind), EV_UNWOUND_END_COUNT * sizeof(*ends));
	record_stream_ends(run, ends);
	for (size_t i = 0; i < EV_UNWOUND_END_COUNT; i++)
		all += ends[i];
	return all;
}

/* Rounded down: what is not complete never reads 100 %. */
static double tenths(uint64_t part, uint64_t whole)
{
	return whole ? (double)(uint64_t)(1000.0 * (double)part / (double)whole) / 10 : 0;
}

/* How the stacks ended, for reports that do not look at them, and whoever wonders later. Where the
 * kernel followed others, the shares are of those that were unwound, which is said. */
static void note_unwound(struct record_run *run)
{
	uint64_t ends[EV_UNWOUND_END_COUNT], all = unwound(run, ends);
	uint64_t walked = record_stream_ends(run, (uint64_t[EV_UNWOUND_END_COUNT]){ 0 });
	struct ev_buffer text = { 0 };
	char bytes[32];
	if (!all && !run->stacks.by_kernel)
		return;
	if (all && run->stacks.by_kernel)
		ev_buffer_printf(&text, "%" PRIu64 " unwound, %.1f%% of them complete", all,
				 tenths(ends[EV_UNWOUND_COMPLETE], all));
	else if (all)
		ev_buffer_printf(&text, "%.1f%% complete (unwound)",
				 tenths(ends[EV_UNWOUND_COMPLETE], all));
	if (walked)
		ev_buffer_printf(&text, ", %.1f%% of them in the kernel", tenths(walked, all));
	for (enum ev_unwound_end i = 0; i < EV_UNWOUND_END_COUNT; i++) {
		if (!ends[i] || !ev_unwound_words(i))
			continue;
		ev_buffer_printf(&text, ", %.1f%% %s", tenths(ends[i], all), ev_unwound_words(i));
		if (i == EV_UNWOUND_TRUNCATED)
			ev_buffer_printf(&text, " (%s)",
					 ev_stack_bytes_text(bytes, sizeof(bytes),
							     run->stacks.largest_bytes));
	}
	if (record_unwind_guessed(run->unwind))
		ev_buffer_printf(&text,
				 "; %" PRIu64 " frames found by the frame pointer, for want of "
				 "unwind tables",
				 record_unwind_guessed(run->unwind));
	if (run->stacks.by_kernel)
		ev_buffer_printf(&text,
				 "%s%" PRIu64 "%s by the kernel, where all code keeps frame "
				 "pointers",
				 all ? "; " : "", run->stacks.by_kernel, all ? " more" : "");
	ev_buffer_u8(&text, 0);
	/* Of a part of the stacks it would say too much. */
	ev_recording_add_note(&run->recording,
			      record_unwind_all(run->unwind) ? EV_NOTE_STACKS : "unwound", "%s",
			      (char *)text.bytes);
	ev_buffer_done(&text);
}

void record_tally(const struct record_run *run, struct ev_sampler_tally *tally)
{
	if (run->sampler)
		ev_sampler_tally(run->sampler, tally);
	else
		tally->samples = tally->records = run->simulated_samples;
	tally->samples += record_waits_samples(run);
	tally->records += record_waits_samples(run);
	record_bpf_tally(run, tally);
	tally->samples -= record_agent_dropped(run);
}

/* What the command and its children had at once, unless that is what a fork of this program had. */
static void note_memory(struct record_run *run)
{
	struct rusage usage;
	if (!run->workload || ev_workload_ended(run->workload, false, NULL, &usage) <= 0 ||
	    (uint64_t)usage.ru_maxrss <= ev_workload_floor_kb(run->workload))
		return;
	ev_recording_add_note(&run->recording, EV_NOTE_PEAK_RSS, "%ld KiB", usage.ru_maxrss);
}

int record_finish(struct record_run *run, struct ev_err *err)
{
	struct ev_sampler_tally tally = { 0 };
	record_tally(run, &tally);
	if (tally.throttled)
		ev_recording_add_note(&run->recording, "throttled", "%" PRIu64, tally.throttled);
	if (run->unwind)
		note_unwound(run);
	note_memory(run);
	record_waits_note(run);
	record_python_finish(run);
	record_bpf_note(run);
	record_agent_note(run);
	record_files_note(run);
	int rc = run->stream || !record_files_samples(run, tally.samples) ? 0
									  : carry_symbols(run, err);
	if (!rc)
		rc = ev_writer_finish(run->writer, &run->recording, err);
	run->finished = !rc;
	return rc;
}

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

/* What follows stacks that no copy can hold, where it can be had. */
static const char *walks_instead(void)
{
	char why[256];
	return ev_bpf_walk_absence(why, sizeof(why)) ? "" : ": --call-graph bpf follows them whole";
}

static void print_truncated(const struct record_run *run, double share)
{
	uint64_t copied = run->stacks.largest_bytes;
	char bytes[32];
	ev_stack_bytes_text(bytes, sizeof(bytes), copied);
	fprintf(stderr, "[ evprof record: %.1f%% of the stacks are deeper than ", share);
	if (run->streams)
		fprintf(stderr, "what was copied of them before they were followed in the kernel%s",
			run->options->chains == RECORD_CHAINS_BPF
				? ""
				: ": --call-graph bpf does so from the start");
	else if (run->stacks.count > 1 && copied == run->stacks.sizes[run->stacks.highest])
		fprintf(stderr, "what was copied of them, %s in the end%s", bytes, walks_instead());
	else if (copied < STACK_BYTES_LIMIT)
		fprintf(stderr, "the %s that were copied: --call-graph dwarf,%" PRIu64, bytes,
			copied * 4 < STACK_BYTES_LIMIT ? copied * 4 : STACK_BYTES_LIMIT);
	else
		fprintf(stderr, "the most that can be copied%s", walks_instead());
	fputs(" ]\n", stderr);
}

/* Stacks that were not followed to their roots, where that is not rare. */
static void print_unfinished(const struct record_run *run)
{
	uint64_t ends[EV_UNWOUND_END_COUNT], all = unwound(run, ends) + run->stacks.by_kernel;
	if (record_unwind_unreadable(run->unwind))
		fprintf(stderr,
			"[ evprof record: %" PRIu64 " samples made no sense and were left out ]\n",
			record_unwind_unreadable(run->unwind));
	for (enum ev_unwound_end i = 0; i < EV_UNWOUND_END_COUNT; i++) {
		double share = all ? 100.0 * (double)ends[i] / (double)all : 0;
		if (i == EV_UNWOUND_COMPLETE || share < 1)
			continue;
		if (i == EV_UNWOUND_TRUNCATED)
			print_truncated(run, share);
		else
			fprintf(stderr, "[ evprof record: %.1f%% of the stacks %s ]\n", share,
				ev_unwound_words(i));
	}
}

/* Files of programs that were held open in case they would be deleted. */
static void print_kept(const struct record_run *run)
{
	size_t held;
	uint64_t left_out;
	ev_roots_tally(run->roots, &held, &left_out);
	if (run->options->verbose && held)
		fprintf(stderr, "[ evprof record: %zu files of programs were held open ]\n", held);
	if (left_out)
		fprintf(stderr,
			"[ evprof record: %" PRIu64 " more files of programs than %zu could not be "
			"held open: those that were deleted meanwhile have no names ]\n",
			left_out, held);
}

static void print_trouble(const struct record_run *run, const struct ev_sampler_tally *tally)
{
	for (const char *note = NULL;
	     (note = ev_recording_note(&run->recording, "fallback", note));)
		fprintf(stderr, "[ evprof record: %.*s ]\n", (int)strcspn(note, "\n"), note);
	if (run->unwind)
		print_unfinished(run);
	print_kept(run);
	if (run->workload && !run->ended_by_us && !signals_stop() && WIFSIGNALED(run->status))
		fprintf(stderr, "[ evprof record: the command was ended by signal %d (%s) ]\n",
			WTERMSIG(run->status), strsignal(WTERMSIG(run->status)));
	if (run->size_reached)
		fprintf(stderr, "[ evprof record: stopped: the file has the size that --max-size "
				"allows ]\n");
	if (run->unreadable)
		fprintf(stderr,
			"[ evprof record: the mappings of %zu process%s could not be read; samples "
			"there stay without names%s ]\n",
			run->unreadable, run->unreadable == 1 ? "" : "es",
			geteuid() ? " (root may read them)" : "");
	if (tally->lost)
		fprintf(stderr,
			"[ evprof record: LOST %" PRIu64
			" records (%.1f%%): larger rings (-m %" PRIu64
			"K) or a lower frequency (-F) keep them ]\n",
			tally->lost,
			100.0 * (double)tally->lost / (double)(tally->lost + tally->records),
			ev_sampler_ring_bytes(run->sampler) * 4 >> 10);
	if (tally->throttled)
		fprintf(stderr,
			"[ evprof record: the kernel throttled sampling %" PRIu64
			" times: a lower frequency (-F) avoids it ]\n",
			tally->throttled);
}

/* What the rings gave is not what is in the file when a write failed; how much of it a stream has
 * swallowed then, nobody can tell. */
static uint64_t samples_written(const struct record_run *run, const struct ev_sampler_tally *tally)
{
	bool failed = ev_writer_failure(run->writer);
	return failed && !run->stream ? run->quality.samples
				      : record_files_samples(run, tally->samples);
}

static const char *why_no_samples(const struct record_run *run)
{
	if (run->options->delay_ms < 0)
		return "sampling was never begun (-D -1)";
	if (run->options->delay_ms)
		return "it was over before sampling began (-D), or the event never happened";
	if (run->target.kind == EV_TARGET_COMMAND)
		return "the command ended too soon, or the event never happened; try a higher "
		       "frequency (-F max) or another event";
	return "what was watched did not run, or the event never happened there (evprof dump -p "
	       "PID shows where a process waits, --off-cpu for how long)";
}

/* What to type next, or why there is nothing to look at. */
static void print_next(const struct record_run *run, const struct ev_sampler_tally *tally,
		       const char *name)
{
	bool usual = !strcmp(run->path, "perf.data");
	const char *rights = run->target.kind == EV_TARGET_COMMAND && run->options->command
				     ? command_rights(run->options->command[0])
				     : NULL;
	if (rights)
		fprintf(stderr,
			"[ evprof record: the command gets %s as it begins, and the kernel stops "
			"watching it then: run evprof with sudo ]\n",
			rights);
	if (!tally->samples && rights)
		return;
	if (!tally->samples)
		fprintf(stderr, "[ evprof record: no samples: %s ]\n", why_no_samples(run));
	else if (!run->stream)
		fprintf(stderr, "[ evprof record: next: evprof report%s%s ]\n", usual ? "" : " -i ",
			usual ? "" : name);
}

static void print_simulation(const struct record_run *run, struct ev_arena *arena)
{
	const char *hint = run->may_simulate ? record_simulate_hint(run, arena) : NULL;
	if (hint)
		fprintf(stderr,
			"[ evprof record: caches and branches can be simulated instead: %s ]\n",
			ev_text_safe(arena, hint));
}

void record_summary(const struct record_run *run)
{
	struct ev_sampler_tally tally = { 0 };
	struct ev_arena arena = { 0 };
	const char *name;
	char size[32], samples[32];
	if (run->options->quiet || !run->writer)
		return;
	bool failed = ev_writer_failure(run->writer);
	name = ev_text_safe(&arena, run->path);
	record_tally(run, &tally);
	print_trouble(run, &tally);
	record_bpf_tell(run);
	record_files_tell(run);
	record_python_tell(run);
	ev_format_size(size, sizeof(size), ev_writer_size(run->writer));
	ev_format_grouped(samples, sizeof(samples), samples_written(run, &tally));
	fprintf(stderr,
		"[ evprof record: captured and wrote %s to %s (%s%s samples, %" PRIu64 " lost",
		size, name, failed && run->stream ? "up to " : "", samples, tally.lost);
	if (run->quality.with_stack)
		fprintf(stderr, ", %.1f%% truncated stacks",
			percent(run->quality.truncated_stacks, run->quality.with_stack));
	if (run->quality.unresolved)
		fprintf(stderr, ", %.1f%% without names",
			percent(run->quality.unresolved, run->quality.samples));
	fputs(") ]\n", stderr);
	if (failed && !run->stream)
		fprintf(stderr,
			"[ evprof record: the recording is partial: its first %s are kept, and "
			"evprof report can read them ]\n",
			size);
	print_simulation(run, &arena);
	print_next(run, &tally, name);
	ev_arena_done(&arena);
}
