/* Joined recordings become what differs between them: table, scatter of its rows, differences. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "diff.h"

/* A rate needs a time. */
static int check_times(const struct diff_plan *plan, const struct joined *joined,
		       struct ev_err *err)
{
	for (size_t r = 0; r < joined->count; r++) {
		const struct joined_part *part = &joined->parts[r];
		if (plan->how.measure == EV_MEASURE_SECOND &&
		    part->last_time_ns <= part->first_time_ns)
			return ev_fail(err, EINVAL,
				       "'%s' does not tell how long it took: use --absolute=total",
				       part->path);
	}
	return 0;
}

static bool has_event(const struct joined_part *part, const char *name)
{
	const struct ev_recording *recording = part->loaded.recording;
	for (size_t i = 0; i < recording->event_count; i++)
		if (recording->events[i].name && !strcmp(recording->events[i].name, name))
			return true;
	return false;
}

/* Of what is no event there is always one, for the records beside the samples. */
static bool is_dummy(const struct ev_recorded_event *event)
{
	return event->attr.type == PERF_TYPE_SOFTWARE && event->attr.config == PERF_COUNT_SW_DUMMY;
}

static const char *first_event(const struct joined_part *part)
{
	const struct ev_recording *recording = part->loaded.recording;
	for (size_t i = 0; i < recording->event_count; i++)
		if (!is_dummy(&recording->events[i]) && recording->events[i].name)
			return recording->events[i].name;
	return "nothing";
}

/* Events are compared by name. */
static int check_events(const struct joined *joined, struct ev_err *err)
{
	const struct joined_part *parts = joined->parts;
	struct ev_arena arena = { 0 };
	bool known = false;
	for (size_t e = 0; e < joined->recording.event_count; e++) {
		const struct ev_recorded_event *event = &joined->recording.events[e];
		if (is_dummy(event) || !event->name)
			continue;
		known = true;
		for (size_t r = 1; r < joined->count && has_event(&parts[0], event->name); r++)
			if (has_event(&parts[r], event->name))
				return 0;
	}
	if (!known)
		return 0;
	int rc = ev_fail(err, EINVAL,
			 "nothing to compare: no event is in both recordings, '%s' is of %s and "
			 "'%s' of %s",
			 ev_text_safe(&arena, parts[0].path),
			 ev_text_safe(&arena, first_event(&parts[0])),
			 ev_text_safe(&arena, parts[1].path),
			 ev_text_safe(&arena, first_event(&parts[1])));
	ev_arena_done(&arena);
	return rc;
}

static void describe(struct diff_made *made, const struct joined *joined, size_t width)
{
	for (size_t r = 0; r < joined->count; r++) {
		const struct joined_part *part = &joined->parts[r];
		made->about[r] = (struct ev_report_part){ part->path, part->loaded.recording,
							  &part->quality };
		made->seconds[r] = (double)(part->last_time_ns - part->first_time_ns) / 1e9;
		for (size_t e = 0; e < width; e++)
			made->scatters.all[r * width + e].seconds = made->seconds[r];
	}
}

int diff_make(struct diff_made *made, const struct diff_plan *plan, const struct joined *joined,
	      bool children, const struct ev_filter *filter, struct ev_err *err)
{
	/* Every recording has every event, also one that ends without any sample of it. */
	size_t parts = joined->count;
	size_t width = joined->recording.event_count ? joined->recording.event_count : 1;
	struct ev_difference_options how = plan->how;
	*made = (struct diff_made){ 0 };
	joined->profile->event_count = (uint32_t)(width * parts);
	int rc = check_times(plan, joined, err);
	if (!rc)
		rc = check_events(joined, err);
	if (!rc)
		rc = ev_table_build(&made->table, joined->named, plan->keys, plan->key_count,
				    children && joined->profile->quality.with_stack, filter, err);
	if (rc)
		return rc;
	how.exact = ev_recording_note(&joined->recording, EV_NOTE_SIMULATED, NULL);
	made->about = ev_alloc(parts * sizeof(*made->about));
	made->seconds = ev_alloc(parts * sizeof(*made->seconds));
	made->differences = ev_alloc((width + 1) * sizeof(*made->differences));
	if (plan->by_stack)
		ev_stack_scatters(&made->scatters, &made->table, joined->named);
	else
		ev_table_scatters(&made->scatters, &made->table, joined->named);
	describe(made, joined, width);
	for (size_t e = 0; e < width; e++)
		ev_difference_build(&made->differences[e], &made->table, joined->named,
				    &made->scatters, plan->by_stack, e, parts, &how);
	made->diff = (struct ev_diff){
		.parts = made->about,
		.seconds = made->seconds,
		.part_count = parts,
		.recording = &joined->recording,
		.named = joined->named,
		.table = &made->table,
		.scatters = &made->scatters,
		.differences = made->differences,
		.width = width,
		.how = how,
	};
	return 0;
}

void diff_made_done(struct diff_made *made)
{
	for (size_t e = 0; made->differences && e < made->diff.width; e++)
		ev_difference_done(&made->differences[e]);
	ev_scatters_done(&made->scatters);
	ev_table_done(&made->table);
	free(made->differences);
	free(made->seconds);
	free(made->about);
	*made = (struct diff_made){ 0 };
}
