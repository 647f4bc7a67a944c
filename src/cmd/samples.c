/* Sample records become stacks of places with a tag that says whose they are. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "samples.h"

static int parse_seconds(const char **text, uint64_t *time_ns)
{
	char *end;
	double seconds = strtod(*text, &end);
	if (end == *text || seconds < 0 || seconds > 1e10)
		return -EINVAL;
	*text = end;
	*time_ns = (uint64_t)(seconds * 1e9 + 0.5);
	return 0;
}

int sample_options_time(struct sample_options *options, const char *text, struct ev_err *err)
{
	const char *at = text;
	if (!text)
		return 0;
	bool good = *at == ',' || !parse_seconds(&at, &options->from_ns);
	if (good && *at == ',')
		good = !*++at || !parse_seconds(&at, &options->to_ns);
	if (good && !*at)
		return 0;
	return ev_fail(err, EINVAL,
		       "--time wants START,STOP in seconds such as 12.5,13 (either may be left "
		       "out), not '%s'",
		       text);
}

void sample_sink_open(struct sample_sink *sink, const struct sample_options *options,
		      const struct ev_recording *recording, const struct ev_space_set *spaces,
		      struct ev_profile *profile)
{
	*sink = (struct sample_sink){
		.options = options,
		.recording = recording,
		.spaces = spaces,
		.profile = profile,
		.want = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_PERIOD |
			PERF_SAMPLE_CPU,
	};
}

static uint32_t comm_id(struct sample_sink *sink, const struct ev_record *record)
{
	const char *comm = ev_space_comm(sink->spaces, record->pid, record->tid, record->time_ns);
	bool added;
	uint32_t *id = ev_map_add(&sink->comm_ids, (uintptr_t)comm, 0, &added);
	if (added)
		*id = ev_strings_add_text(sink->profile->strings, comm);
	return *id;
}

static uint32_t tag_of(struct sample_sink *sink, const struct ev_record *record)
{
	const struct load_options *load = sink->options->load;
	struct ev_tag tag = { .event = record->event < 0 ? 0 : (uint32_t)record->event };
	if (load->by_pid)
		tag.pid = record->pid;
	if (load->by_tid)
		tag.tid = record->tid;
	if (load->by_comm)
		tag.comm = comm_id(sink, record);
	if (load->by_cpu)
		tag.cpu = record->cpu + 1;
	if (load->slice_ns)
		tag.slice = (uint32_t)(record->time_ns / load->slice_ns) + 1;
	return ev_profile_tag(sink->profile, &tag);
}

static void push_frame(struct sample_sink *sink, uint64_t address, uint16_t cpumode)
{
	*ev_array_add(&sink->frames) = (struct sample_frame){ address, cpumode };
}

static uint16_t cpumode_of_context(uint64_t marker)
{
	switch (marker) {
	case (uint64_t)PERF_CONTEXT_HV:
		return PERF_RECORD_MISC_HYPERVISOR;
	case (uint64_t)PERF_CONTEXT_KERNEL:
		return PERF_RECORD_MISC_KERNEL;
	case (uint64_t)PERF_CONTEXT_USER:
		return PERF_RECORD_MISC_USER;
	case (uint64_t)PERF_CONTEXT_GUEST_KERNEL:
		return PERF_RECORD_MISC_GUEST_KERNEL;
	case (uint64_t)PERF_CONTEXT_GUEST_USER:
		return PERF_RECORD_MISC_GUEST_USER;
	default:
		return 0;
	}
}

/* The chain with its markers becomes frames with their modes, leaf first. */
static void collect_frames(struct sample_sink *sink, const struct ev_record *record)
{
	const struct ev_sample *sample = &record->sample;
	uint16_t own = record->misc & PERF_RECORD_MISC_CPUMODE_MASK, cpumode = own;
	sink->frames.count = 0;
	for (size_t i = 0; i < sample->chain_count; i++) {
		uint64_t address = sample->chain[i];
		if (address >= (uint64_t)PERF_CONTEXT_MAX)
			cpumode = cpumode_of_context(address);
		else
			push_frame(sink, address, cpumode);
	}
	if (!sink->frames.count)
		push_frame(sink, sample->ip, own);
}

static uint32_t stack_of(struct sample_sink *sink, const struct ev_record *record)
{
	uint32_t stack = 0;
	for (size_t i = sink->frames.count; i-- > 0;) {
		const struct sample_frame *frame = &sink->frames.items[i];
		struct ev_place place =
			ev_space_find(sink->spaces, &sink->cache, record->pid, record->time_ns,
				      frame->address, frame->cpumode);
		stack = ev_profile_stack(sink->profile, stack,
					 ev_profile_place(sink->profile, place));
	}
	return stack;
}

/* A sample that does not carry its period stands for the event's fixed one. */
static uint64_t period_of(const struct sample_sink *sink, const struct ev_record *record)
{
	if (record->sample.has & PERF_SAMPLE_PERIOD || record->event < 0)
		return record->sample.period;
	return sink->recording->events[record->event].attr.sample_period;
}

void sample_take(struct sample_sink *sink, struct ev_decoder *decoder, const struct ev_raw *raw)
{
	struct ev_profile *profile = sink->profile;
	struct ev_record record;
	bool stacks = sink->options->load->stacks;
	if (stacks ? ev_decode(decoder, raw, &record)
		   : ev_decode_sample(decoder, raw, sink->want, &record)) {
		profile->quality.damaged_records++;
		return;
	}
	uint64_t time_ns = record.time_ns;
	if (time_ns < sink->options->from_ns ||
	    (sink->options->to_ns && time_ns > sink->options->to_ns))
		return;
	profile->quality.samples++;
	if (!profile->first_time_ns || time_ns < profile->first_time_ns)
		profile->first_time_ns = time_ns;
	if (time_ns > profile->last_time_ns)
		profile->last_time_ns = time_ns;
	if (stacks) {
		collect_frames(sink, &record);
		profile->quality.with_stack += record.sample.chain_count > 0;
	} else {
		sink->frames.count = 0;
		push_frame(sink, record.sample.ip, record.misc & PERF_RECORD_MISC_CPUMODE_MASK);
	}
	uint64_t period = period_of(sink, &record);
	ev_profile_add(profile, tag_of(sink, &record), stack_of(sink, &record), 1, period);
}

void sample_sink_close(struct sample_sink *sink)
{
	ev_map_done(&sink->comm_ids);
	ev_array_done(&sink->frames);
}
