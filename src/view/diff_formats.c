/* The table of formats for differences, and what more than one of them needs. */
#include <math.h>
#include <string.h>
#include "diff.h"

const struct ev_diff_format ev_diff_formats[] = {
	{ "text", "a table of what changed", ev_diff_text },
	{ "folded", "one line per stack with the weight in each, for differential flame graphs",
	  ev_diff_folded },
	{ "json", "everything, for programs", ev_diff_json },
	{ "html", "a page of pictures and tables, for any browser", ev_diff_html },
};
const size_t ev_diff_format_count = EV_LENGTH(ev_diff_formats);

const struct ev_diff_format *ev_diff_format_find(const char *name)
{
	for (size_t i = 0; i < EV_LENGTH(ev_diff_formats); i++)
		if (!strcmp(ev_diff_formats[i].name, name))
			return &ev_diff_formats[i];
	return NULL;
}

const char *ev_diff_event(const struct ev_diff *diff, size_t event, struct ev_arena *arena)
{
	const struct ev_report report = { .recording = diff->recording };
	return ev_report_event(&report, event, arena);
}

bool ev_diff_has_event(const struct ev_diff *diff, size_t event)
{
	for (size_t r = 0; r < diff->part_count; r++)
		if (diff->differences[event].total_samples[r])
			return true;
	return false;
}

bool ev_diff_was_recorded(const struct ev_diff *diff, size_t part, size_t event)
{
	const struct ev_recording *recording = diff->parts[part].recording;
	const struct ev_recording *whole = diff->recording;
	if (diff->differences[event].total_samples[part] || !recording ||
	    event >= whole->event_count)
		return true;
	for (size_t i = 0; i < recording->event_count; i++)
		if (recording->events[i].name &&
		    !strcmp(recording->events[i].name, whole->events[event].name))
			return true;
	return false;
}

const char *ev_diff_absence(const struct ev_diff *diff, size_t event)
{
	size_t others = 0;
	if (!ev_diff_was_recorded(diff, 0, event))
		return diff->parts[0].path;
	for (size_t r = 1; r < diff->part_count; r++)
		others += ev_diff_was_recorded(diff, r, event);
	return others ? NULL : diff->parts[diff->part_count - 1].path;
}

/* ---- notes ------------------------------------------------------------------------------------
 */

#define WORTH_TELLING 1.1 /* times as long */

static const struct perf_event_attr *attr_of(const struct ev_diff *diff, size_t part, size_t event)
{
	const struct ev_recording *recording = diff->parts[part].recording;
	const struct ev_recording *whole = diff->recording;
	for (size_t i = 0; recording && i < recording->event_count; i++)
		if (event < whole->event_count && recording->events[i].name &&
		    !strcmp(recording->events[i].name, whole->events[event].name))
			return &recording->events[i].attr;
	return recording && recording->event_count == 1 ? &recording->events[0].attr : NULL;
}

static const char *rate_text(struct ev_arena *arena, const struct perf_event_attr *attr)
{
	return attr->freq ? ev_arena_printf(arena, "%llu times a second",
					    (unsigned long long)attr->sample_freq)
			  : ev_arena_printf(arena, "once in %llu events",
					    (unsigned long long)attr->sample_period);
}

size_t ev_diff_notes(const struct ev_diff *diff, size_t event, struct ev_arena *arena,
		     const char *notes[8])
{
	size_t count = 0;
	bool different_time = false, different_rate = false, different_arch = false;
	bool no_times = false;
	const char *losing = NULL, *absent = ev_diff_absence(diff, event);
	if (absent)
		notes[count++] =
			ev_arena_printf(arena, "nothing to compare: it was not recorded in %s",
					ev_text_safe(arena, absent));
	for (size_t r = 0; r < diff->part_count; r++) {
		const struct ev_quality *quality = diff->parts[r].quality;
		if (quality->lost > quality->samples / 100)
			losing = diff->parts[r].path;
		const char *arch = diff->parts[0].recording ? diff->parts[0].recording->arch : NULL;
		const char *other =
			diff->parts[r].recording ? diff->parts[r].recording->arch : NULL;
		different_arch |= arch && other && strcmp(arch, other);
		double ratio = diff->seconds[0] > 0 ? diff->seconds[r] / diff->seconds[0] : 1;
		different_time |= ratio > WORTH_TELLING || ratio < 1 / WORTH_TELLING;
		const struct perf_event_attr *one = attr_of(diff, 0, event);
		const struct perf_event_attr *two = attr_of(diff, r, event);
		if (!different_rate && one && two &&
		    (one->freq != two->freq || one->sample_period != two->sample_period)) {
			different_rate = true;
			notes[count++] =
				ev_arena_printf(arena,
						"sampled %s in one and %s in the other; weights "
						"allow for it",
						rate_text(arena, one), rate_text(arena, two));
		}
		if (!no_times && !diff->how.exact &&
		    !diff->scatters->all[r * diff->width + event].parts &&
		    diff->differences[event].total_samples[r]) {
			no_times = true;
			notes[count++] = "samples have no times: intervals take them as "
					 "independent, and may be too narrow";
		}
	}
	if (different_time && diff->how.measure == EV_MEASURE_SHARE)
		notes[count++] = "the recordings are not equally long; shares compare what each "
				 "did with its time, --absolute compares weights";
	else if (different_time && diff->how.measure == EV_MEASURE_TOTAL)
		notes[count++] = "the recordings are not equally long; --absolute=second compares "
				 "weights per second";
	if (different_arch)
		notes[count++] = "the recordings are of different architectures";
	if (losing)
		notes[count++] = ev_arena_printf(arena,
						 "more than 1%% of the samples of %s were lost; "
						 "intervals do not "
						 "allow for that",
						 ev_text_safe(arena, losing));
	return count;
}
