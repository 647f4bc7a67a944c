/* Ratios of the rows of a report. */
#include <math.h>
#include "report.h"

/* The leader of an event's group; itself where that is not known. */
static size_t leader_of(const struct ev_report *report, size_t event)
{
	const struct ev_recording *recording = report->recording;
	if (!recording || event >= recording->event_count || recording->events[event].leader < 0)
		return event;
	return (size_t)recording->events[event].leader;
}

bool ev_report_has_ratio(const struct ev_report *report, struct ev_events events, size_t ratio)
{
	size_t leader = leader_of(report, report->ratios->items.items[ratio].above);
	for (size_t i = 0; i < events.count; i++)
		if (leader_of(report, events.first + i) == leader)
			return true;
	return false;
}

struct ev_ratio_value ev_report_ratio_of(const struct ev_report *report,
					 const struct ev_ratio_sums *sums,
					 const struct ev_ratio_sums *all, size_t ratio)
{
	double scale = report->ratios->items.items[ratio].scale;
	return ev_report_simulated(report) ? ev_ratio_exact(sums, scale)
					   : ev_ratio_estimate(sums, all, scale);
}

struct ev_ratio_value ev_report_ratio(const struct ev_report *report, const struct ev_row *row,
				      size_t ratio)
{
	size_t count = report->ratios->items.count, all = report->table->row_count;
	size_t index = row ? (size_t)(row - report->table->rows) : all;
	return ev_report_ratio_of(report, &report->ratio_sums[index * count + ratio],
				  &report->ratio_sums[all * count + ratio], ratio);
}

int ev_ratio_decimals(double value)
{
	return value >= 100 ? 1 : value >= 1 ? 2 : value >= 0.1 ? 3 : value >= 0.001 ? 5 : 8;
}
