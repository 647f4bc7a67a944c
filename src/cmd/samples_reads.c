/* Samples that carry the counts of their group: each stands for what every member counted since the
 * one before, and gives the ratios one more observation. */
#include "samples.h"

static const struct ev_read_delta *delta_of(const struct ev_read_delta *deltas, size_t count,
					    size_t event)
{
	for (size_t i = 0; i < count; i++)
		if (deltas[i].event >= 0 && (size_t)deltas[i].event == event)
			return &deltas[i];
	return NULL;
}

static void add_ratios(struct sample_sink *sink, uint32_t tag, uint32_t stack,
		       const struct ev_read_delta *deltas, size_t count)
{
	const struct ev_ratio_list *ratios = sink->options->ratios;
	for (uint32_t i = 0; i < ratios->items.count; i++) {
		const struct ev_ratio *ratio = &ratios->items.items[i];
		const struct ev_read_delta *above = delta_of(deltas, count, ratio->above);
		const struct ev_read_delta *below = delta_of(deltas, count, ratio->below);
		if (above && below)
			ev_joints_add(sink->options->joints, i, tag, stack, (double)below->value,
				      (double)above->value);
	}
}

static void mark_member(struct ev_profile *profile, uint32_t event)
{
	while (profile->is_member.count <= event)
		*ev_array_add(&profile->is_member) = false;
	profile->is_member.items[event] = true;
}

/* As perf counts: a member has no sample where it counted nothing. */
static void add_members(struct sample_sink *sink, const struct ev_record *record, uint32_t stack,
			const struct ev_read_delta *deltas, size_t count)
{
	struct ev_record member = *record;
	for (size_t i = 0; i < count; i++) {
		if (deltas[i].event < 0 || deltas[i].event == record->event || !deltas[i].value)
			continue;
		member.event = deltas[i].event;
		mark_member(sink->profile, (uint32_t)member.event);
		ev_profile_add(sink->profile, sample_tag(sink, &member, NULL), stack, 1,
			       deltas[i].value);
	}
}

void sample_take_reads(struct sample_sink *sink, struct ev_decoder *decoder,
		       const struct ev_raw *raw)
{
	struct ev_profile *profile = sink->profile;
	const struct ev_read_delta *deltas;
	struct ev_record record;
	if (ev_decode(decoder, raw, &record)) {
		profile->quality.damaged_records++;
		return;
	}
	/* What is left out of the profile counts as well: the next one is compared with it. */
	size_t count = ev_reads_take(sink->options->reads, &record, &deltas);
	if (!sample_count(sink, record.time_ns, 1))
		return;
	sample_settle_chain(sink, &record);
	uint32_t tag = sample_tag(sink, &record, NULL);
	uint32_t index = sample_cell_counted(sink, &record, tag);
	const struct ev_read_delta *own =
		record.event < 0 ? NULL : delta_of(deltas, count, (size_t)record.event);
	struct ev_cell *cell = &profile->cells.items[index];
	uint32_t stack = cell->stack;
	cell->samples++;
	cell->period += own ? own->value : sample_period(sink, &record);
	add_members(sink, &record, stack, deltas, count);
	add_ratios(sink, tag, stack, deltas, count);
}
