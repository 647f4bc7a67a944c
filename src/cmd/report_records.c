/* evprof report --stats, --tasks and -D: of a recording as a file, record by record. */
#include <stdlib.h>
#include <string.h>
#include <evprof/view_records.h>
#include "report.h"
#include "verbs.h"

/* ---- how many of which type ---------------------------------------------------------------------
 */

static void count_sample(struct ev_record_counts *counts, struct ev_reads *reads,
			 const struct ev_record *record, size_t event_count)
{
	const struct ev_read_delta *deltas;
	size_t read = reads ? ev_reads_take(reads, record, &deltas) : 0;
	if (!read && record->event >= 0 && (size_t)record->event < event_count)
		counts->of_event[record->event].samples++;
	for (size_t i = 0; i < read; i++)
		if (deltas[i].event >= 0 && deltas[i].value)
			counts->of_event[deltas[i].event].samples++;
}

/* These are not handed out, but what is in them. */
static const uint32_t packed[] = { EV_RECORD_COMPRESSED, EV_RECORD_COMPRESSED2 };

static int print_stats(struct ev_reader *reader, struct ev_err *err)
{
	const struct ev_recording *recording = ev_reader_recording(reader);
	struct ev_decoder *decoder = ev_decoder_open(recording);
	struct ev_reads *reads =
		ev_recording_has_reads(recording) ? ev_reads_open(recording) : NULL;
	struct ev_record_counts counts = { 0 };
	struct ev_record record;
	struct ev_raw raw;
	size_t known = 0;
	int rc;
	while ((rc = ev_reader_next(reader, &raw, err)) > 0) {
		/* A stream tells its events on the way. */
		if (known < recording->event_count) {
			counts.of_event =
				ev_realloc(counts.of_event,
					   recording->event_count * sizeof(*counts.of_event));
			memset(counts.of_event + known, 0,
			       (recording->event_count - known) * sizeof(*counts.of_event));
			known = recording->event_count;
		}
		counts.all++;
		if (raw.type < EV_RECORD_TYPES)
			counts.of_type[raw.type]++;
		bool has_event =
			raw.type == PERF_RECORD_SAMPLE || raw.type == PERF_RECORD_LOST_SAMPLES;
		if (!has_event || ev_decode(decoder, &raw, &record))
			continue;
		if (raw.type == PERF_RECORD_SAMPLE)
			count_sample(&counts, reads, &record, known);
		else if (record.event >= 0 && (size_t)record.event < known)
			counts.of_event[record.event].lost += record.lost.lost;
	}
	for (size_t i = 0; i < EV_LENGTH(packed); i++) {
		counts.of_type[packed[i]] = ev_reader_packed(reader, packed[i]);
		counts.all += counts.of_type[packed[i]];
	}
	if (known == recording->event_count)
		ev_record_counts_print(stdout, &counts, recording);
	ev_reads_close(reads);
	ev_decoder_close(decoder);
	free(counts.of_event);
	return rc;
}

/* ---- which threads, and who began them ----------------------------------------------------------
 */

struct teller {
	EV_ARRAY(struct ev_told_task) tasks;
	EV_ARRAY(bool) named; /* by a COMM of its own, or of who began it */
	struct ev_map by_tid; /* index + 1 */
	struct ev_arena texts;
};

static struct ev_told_task *begin_task(struct teller *teller, uint32_t pid, uint32_t tid, bool anew)
{
	bool added;
	uint32_t *index = ev_map_add(&teller->by_tid, tid, 0, &added);
	if (added) {
		ev_array_add(&teller->tasks);
		*ev_array_add(&teller->named) = false;
		*index = (uint32_t)teller->tasks.count;
	}
	struct ev_told_task *task = &teller->tasks.items[*index - 1];
	if (!added && !anew)
		return task;
	teller->named.items[*index - 1] = false;
	*task = (struct ev_told_task){
		.pid = pid,
		.tid = tid,
		.ppid = -1,
		.comm = ev_arena_printf(&teller->texts, ":%d", (int)tid),
	};
	return task;
}

static void tell_fork(struct teller *teller, const struct ev_task *fork)
{
	struct ev_told_task *parent = begin_task(teller, fork->parent_pid, fork->parent_tid, false);
	if (parent->pid != fork->parent_pid)
		begin_task(teller, fork->parent_pid, fork->parent_tid, true);
	begin_task(teller, fork->pid, fork->tid, true);
	size_t from = *ev_map_find(&teller->by_tid, fork->parent_tid, 0) - 1;
	size_t to = *ev_map_find(&teller->by_tid, fork->tid, 0) - 1;
	teller->tasks.items[to].ppid = (int32_t)fork->parent_tid;
	if (!teller->named.items[from])
		return;
	teller->tasks.items[to].comm = teller->tasks.items[from].comm;
	teller->named.items[to] = true;
}

static void tell_comm(struct teller *teller, const struct ev_comm *comm)
{
	struct ev_told_task *task = begin_task(teller, comm->pid, comm->tid, false);
	task->comm = ev_arena_text(&teller->texts, comm->comm, strlen(comm->comm));
	teller->named.items[task - teller->tasks.items] = true;
}

static int print_tasks(struct ev_reader *reader, struct ev_err *err)
{
	struct ev_ordered *ordered = ev_ordered_open(reader);
	struct teller teller = { 0 };
	struct ev_record record;
	int rc;
	begin_task(&teller, 0, 0, true)->comm = "swapper";
	teller.named.items[0] = true;
	while ((rc = ev_ordered_next(ordered, &record, err)) > 0) {
		if (record.type == PERF_RECORD_FORK)
			tell_fork(&teller, &record.task);
		else if (record.type == PERF_RECORD_COMM)
			tell_comm(&teller, &record.comm);
	}
	ev_told_tasks_print(stdout, teller.tasks.items, teller.tasks.count);
	ev_ordered_close(ordered);
	ev_array_done(&teller.tasks);
	ev_array_done(&teller.named);
	ev_map_done(&teller.by_tid);
	ev_arena_done(&teller.texts);
	return rc;
}

/* ---- the options --------------------------------------------------------------------------------
 */

int report_records(const struct verb *verb, const struct report_options *options)
{
	struct ev_reader *reader = NULL;
	struct ev_err err = { 0 };
	if (options->inputs.count > 1)
		return complain_text(verb, STATUS_USAGE,
				     "--stats, --tasks and -D tell of one recording: name one");
	if (options->dump) {
		char verb_word[] = "script", option[] = "-D", named[] = "-i";
		char *input = ev_strdup(options->input);
		char *words[] = { verb_word, option, named, input, NULL };
		int status = script_verb.run(&script_verb, 4, words);
		free(input);
		return status;
	}
	int rc = load_reader(&reader, options->input, &err);
	if (!rc)
		rc = options->stats ? print_stats(reader, &err) : print_tasks(reader, &err);
	ev_reader_close(reader);
	return rc ? complain(verb, &err, STATUS_FAILED) : 0;
}
