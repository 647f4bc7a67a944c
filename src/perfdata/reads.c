/* Counts that samples carry become what was counted since the sample before. */
#include <stdlib.h>
#include <string.h>
#include "layout.h"

enum { SAMPLES_ENOUGH = 50 }; /* for the times of a counter to be nearly those of its whole life */

/* The last sample of some counters: those of one id (its group), of one thread when inherited. */
struct stream {
	uint64_t time_ns, enabled_ns, running_ns, samples;
	uint32_t tid;
	int event;
	bool is_cpu; /* samples of more threads than one were seen, or of none: a CPU's counter */
	struct ev_read_value *values;
	size_t count;
};

struct ev_reads {
	const struct ev_recording *recording;
	struct ev_map event_of_id; /* index + 1 */
	struct ev_map stream_of;   /* (id, thread) -> index + 1 */
	EV_ARRAY(struct stream) streams;
	EV_ARRAY(struct ev_read_delta) deltas;
	struct ev_reads_tally tally;
	bool continued; /* counters had begun before the first sample */
};

bool ev_recording_has_reads(const struct ev_recording *recording)
{
	for (size_t i = 0; i < recording->event_count; i++)
		if (recording->events[i].attr.sample_type & PERF_SAMPLE_READ)
			return true;
	return false;
}

struct ev_reads *ev_reads_open(const struct ev_recording *recording)
{
	struct ev_reads *reads = ev_alloc(sizeof(*reads));

	reads->recording = recording;
	reads->continued = ev_recording_note(recording, EV_NOTE_CONTINUED, NULL);
	for (size_t i = 0; i < recording->event_count; i++)
		for (size_t k = 0; k < recording->events[i].id_count; k++)
			*ev_map_add(&reads->event_of_id, recording->events[i].ids[k], 0, NULL) =
				(uint32_t)i + 1;
	return reads;
}

void ev_reads_close(struct ev_reads *reads)
{
	if (!reads)
		return;
	for (size_t i = 0; i < reads->streams.count; i++)
		free(reads->streams.items[i].values);
	ev_array_done(&reads->streams);
	ev_array_done(&reads->deltas);
	ev_map_done(&reads->event_of_id);
	ev_map_done(&reads->stream_of);
	free(reads);
}

static const struct perf_event_attr *attr_of(const struct ev_reads *reads,
					     const struct ev_record *record)
{
	return &reads->recording->events[record->event].attr;
}

/* Whose count a value is: by its id, or else by its place in the group. */
static int event_of(const struct ev_reads *reads, const struct ev_record *record, size_t place)
{
	const struct ev_recording *recording = reads->recording;
	const uint32_t *index;
	size_t event = (size_t)record->event + place;

	if (attr_of(reads, record)->read_format & PERF_FORMAT_ID) {
		index = ev_map_find(&reads->event_of_id, record->sample.reads[place].id, 0);
		return index ? (int)*index - 1 : -1;
	}
	if (event >= recording->event_count ||
	    recording->events[event].leader != recording->events[record->event].leader)
		return -1;
	return (int)event;
}

static struct stream *stream_of(struct ev_reads *reads, const struct ev_record *record)
{
	const struct perf_event_attr *attr = attr_of(reads, record);
	uint64_t id = attr->read_format & PERF_FORMAT_ID ? record->sample.reads[0].id : record->id;
	/* Without any id a counter is an event on a CPU. */
	uint64_t thread = !id ? (uint64_t)record->event << 32 | record->cpu : 0;
	bool added;
	uint32_t *index;

	if (attr->inherit || !id)
		thread = ev_hash64(thread) ^ ((uint64_t)record->pid << 32 | record->tid);
	index = ev_map_add(&reads->stream_of, id, thread, &added);
	if (added) {
		ev_array_add(&reads->streams);
		*index = (uint32_t)reads->streams.count;
	}
	return &reads->streams.items[*index - 1];
}

/* Whether counters that are met for the first time began to count with this recording: it enabled
 * them, or no earlier sample can have been, since less than two periods were counted. */
static bool began_here(const struct ev_reads *reads, const struct ev_record *record)
{
	const struct perf_event_attr *attr = attr_of(reads, record);
	const struct ev_sample *sample = &record->sample;
	bool has_period = sample->has & PERF_SAMPLE_PERIOD || !attr->freq;
	uint64_t period = sample->has & PERF_SAMPLE_PERIOD ? sample->period : attr->sample_period;

	if (attr->enable_on_exec && !reads->continued)
		return true;
	for (size_t i = 0; has_period && i < sample->read_count; i++)
		if (event_of(reads, record, i) == record->event)
			return sample->reads[i].value < period ||
			       sample->reads[i].value - period < period;
	return false;
}

static bool same_group(const struct stream *stream, const struct ev_sample *sample)
{
	if (stream->count != sample->read_count)
		return false;
	for (size_t i = 0; i < stream->count; i++)
		if (stream->values[i].id != sample->reads[i].id)
			return false;
	return true;
}

static bool went_back(const struct stream *stream, const struct ev_sample *sample)
{
	if (sample->enabled_ns < stream->enabled_ns || sample->running_ns < stream->running_ns)
		return true;
	for (size_t i = 0; i < stream->count; i++)
		if (sample->reads[i].value < stream->values[i].value)
			return true;
	return false;
}

static void remember(struct stream *stream, const struct ev_record *record,
		     const struct perf_event_attr *attr)
{
	const struct ev_sample *sample = &record->sample;

	if (stream->count != sample->read_count) {
		free(stream->values);
		stream->values = ev_alloc(sample->read_count * sizeof(*stream->values));
	}
	memcpy(stream->values, sample->reads, sample->read_count * sizeof(*stream->values));
	stream->count = sample->read_count;
	/* An idle CPU's thread 0 is nobody's. */
	stream->is_cpu |=
		!attr->inherit && (!record->tid || (stream->samples && stream->tid != record->tid));
	stream->samples++;
	stream->tid = record->tid;
	stream->event = record->event;
	stream->time_ns = record->time_ns;
	stream->enabled_ns = sample->enabled_ns;
	stream->running_ns = sample->running_ns;
}

static uint64_t scaled(uint64_t value, uint64_t enabled_ns, uint64_t running_ns)
{
	if (!running_ns || running_ns >= enabled_ns)
		return value;
	long double whole = (long double)value * enabled_ns / running_ns + 0.5L;
	return whole < 18446744073709551615.0L ? (uint64_t)whole : UINT64_MAX;
}

/* What was counted since the stream's last sample, or since 0. */
static size_t subtract(struct ev_reads *reads, const struct ev_record *record,
		       const struct stream *stream, bool since_0)
{
	const struct stream *from = since_0 ? NULL : stream;
	const struct ev_sample *sample = &record->sample;
	uint64_t enabled_ns = sample->enabled_ns - (from ? from->enabled_ns : 0);
	uint64_t running_ns = sample->running_ns - (from ? from->running_ns : 0);

	reads->deltas.count = 0;
	for (size_t i = 0; i < sample->read_count; i++) {
		uint64_t value = sample->reads[i].value - (from ? from->values[i].value : 0);
		struct ev_read_delta *delta = ev_array_add(&reads->deltas);

		delta->event = event_of(reads, record, i);
		delta->value = stream->is_cpu ? scaled(value, enabled_ns, running_ns) : value;
	}
	return reads->deltas.count;
}

/* A sample that was interrupted by another while it was written stands behind that one, which was
 * compared with the one before both. */
static size_t take_late(struct ev_reads *reads, const struct ev_record *record)
{
	reads->tally.late++;
	reads->deltas.count = 0;
	for (size_t i = 0; i < record->sample.read_count; i++)
		*ev_array_add(&reads->deltas) =
			(struct ev_read_delta){ .event = event_of(reads, record, i) };
	return reads->deltas.count;
}

size_t ev_reads_take(struct ev_reads *reads, const struct ev_record *record,
		     const struct ev_read_delta **deltas)
{
	const struct ev_sample *sample = &record->sample;
	struct stream *stream;
	size_t count = 0;

	*deltas = NULL;
	if (record->event < 0 || (size_t)record->event >= reads->recording->event_count ||
	    !sample->read_count)
		return 0;
	reads->tally.samples++;
	stream = stream_of(reads, record);
	if (stream->count && record->time_ns < stream->time_ns) {
		count = take_late(reads, record);
		*deltas = reads->deltas.items;
		return count;
	}
	if (!stream->count) {
		if (began_here(reads, record))
			count = subtract(reads, record, stream, true);
		else
			reads->tally.left_out++;
	} else if (!same_group(stream, sample)) {
		reads->tally.left_out++;
	} else if (!went_back(stream, sample)) {
		count = subtract(reads, record, stream, false);
	} else if (attr_of(reads, record)->inherit) {
		/* A new thread got an old one's number. */
		count = subtract(reads, record, stream, true);
	} else {
		reads->tally.disorder++;
	}
	remember(stream, record, attr_of(reads, record));
	*deltas = reads->deltas.items;
	return count;
}

/* A thread's counters on all CPUs are wanted at the same time, and each is there for a part of it.
 */
struct thread_times {
	uint64_t enabled_ns, running_ns;
	uint64_t samples, streams;
};

struct ev_reads_tally ev_reads_tally(const struct ev_reads *reads)
{
	struct ev_reads_tally tally = reads->tally;
	EV_ARRAY(struct thread_times) threads = { 0 };
	struct ev_map thread_of = { 0 };

	for (size_t i = 0; i < reads->streams.count; i++) {
		const struct stream *stream = &reads->streams.items[i];
		struct thread_times *thread;
		uint32_t *index;
		bool added;

		if (stream->is_cpu) {
			tally.enabled_ns += stream->enabled_ns;
			tally.running_ns += stream->running_ns;
			continue;
		}
		index = ev_map_add(&thread_of, (uint64_t)stream->event, stream->tid, &added);
		if (added) {
			ev_array_add(&threads);
			*index = (uint32_t)threads.count;
		}
		thread = &threads.items[*index - 1];
		if (thread->enabled_ns < stream->enabled_ns)
			thread->enabled_ns = stream->enabled_ns;
		thread->running_ns += stream->running_ns;
		thread->samples += stream->samples;
		thread->streams++;
	}
	for (size_t i = 0; i < threads.count; i++) {
		if (threads.items[i].samples < SAMPLES_ENOUGH * threads.items[i].streams)
			continue;
		tally.enabled_ns += threads.items[i].enabled_ns;
		tally.running_ns += threads.items[i].running_ns;
	}
	ev_array_done(&threads);
	ev_map_done(&thread_of);
	return tally;
}
