/* Which events of a report are times: intervals off the CPUs, and time on and off them. */
#include <inttypes.h>
#include <string.h>
#include "report.h"

bool ev_report_waits(const struct ev_report *report, size_t event)
{
	const struct ev_recording *recording = report->recording;
	if (!recording || event >= recording->event_count)
		return false;
	const struct ev_recorded_event *of = &recording->events[event];
	/* perf's own have no note. */
	if (of->attr.type == PERF_TYPE_SOFTWARE && of->attr.config == PERF_COUNT_SW_BPF_OUTPUT &&
	    !strcmp(of->name, EV_NAME_WAITS))
		return true;
	return ev_recording_note(recording, EV_NOTE_WAITS, NULL) &&
	       (!strcmp(of->name, EV_NAME_WALL) || !strcmp(of->name, EV_NAME_WAKERS));
}

const char *ev_report_time(char *out, size_t size_bytes, uint64_t ns)
{
	static const struct {
		uint64_t ns;
		const char *name;
	} units[] = { { 1000000000, "s" }, { 1000000, "ms" }, { 1000, "µs" } };
	for (size_t i = 0; i < EV_LENGTH(units); i++)
		if (ns >= units[i].ns) {
			snprintf(out, size_bytes, "%.3f %s", (double)ns / (double)units[i].ns,
				 units[i].name);
			return out;
		}
	snprintf(out, size_bytes, "%" PRIu64 " ns", ns);
	return out;
}

void ev_print_waits(FILE *out, const struct ev_report *report, const char *prefix)
{
	struct ev_arena scratch = { 0 };
	const char *note = report->recording
				   ? ev_recording_note(report->recording, EV_NOTE_WAITS, NULL)
				   : NULL;
	if (note)
		fprintf(out, "%sWaits: %s\n", prefix, ev_text_safe(&scratch, note));
	ev_arena_done(&scratch);
}
