/* A profile's cells become what nodes or threads weigh in parts of the time, in parts so long that
 * all of it can be written in a page of limited size. */
#include <stdlib.h>
#include <string.h>
#include "report_html.h"

static int by_place(const void *one, const void *other)
{
	const struct ev_html_cell *a = one, *b = other;
	if (a->event != b->event)
		return a->event < b->event ? -1 : 1;
	if (a->node != b->node)
		return a->node < b->node ? -1 : 1;
	if (a->thread != b->thread)
		return a->thread < b->thread ? -1 : 1;
	return a->time < b->time ? -1 : a->time > b->time;
}

/* Those of one place and time become one; they stand side by side. */
static void merge(struct ev_html_cells *cells)
{
	size_t kept = 0;
	for (size_t i = 0; i < cells->items.count; i++) {
		struct ev_html_cell *last = kept ? &cells->items.items[kept - 1] : NULL;
		const struct ev_html_cell *cell = &cells->items.items[i];
		if (last && !by_place(last, cell)) {
			last->samples += cell->samples;
			last->period += cell->period;
		} else {
			cells->items.items[kept++] = *cell;
		}
	}
	cells->items.count = kept;
}

static void halve(struct ev_html_cells *cells)
{
	for (size_t i = 0; i < cells->items.count; i++)
		cells->items.items[i].time /= 2;
	cells->grain *= 2;
	merge(cells);
}

uint64_t ev_html_unit(const struct ev_html_cell *cells, size_t count)
{
	uint64_t unit = 0;
	for (size_t i = 0; i < count && unit != 1; i++) {
		uint64_t one = cells[i].period;
		while (one) {
			uint64_t rest = unit % one;
			unit = one;
			one = rest;
		}
	}
	return unit ? unit : 1;
}

/* With what stands behind it. */
static uint64_t digits_of(uint64_t number)
{
	uint64_t digits = 2;
	for (; number > 9; number /= 10)
		digits++;
	return digits;
}

/* What they take in the page. */
static uint64_t bytes_of(const struct ev_html_cells *cells)
{
	uint64_t bytes = 0, unit = 1;
	for (size_t i = 0; i < cells->items.count; i++) {
		const struct ev_html_cell *cell = &cells->items.items[i];
		bool same = i && cell[-1].event == cell->event;
		if (!same) {
			size_t end = i + 1;
			while (end < cells->items.count &&
			       cells->items.items[end].event == cell->event)
				end++;
			unit = ev_html_unit(cell, end - i);
		}
		bytes += digits_of(cell->node - (same ? cell[-1].node : 0)) +
			 digits_of(cell->thread) + digits_of(cell->time) +
			 digits_of(cell->samples) + digits_of(cell->period / unit);
	}
	return bytes;
}

static void fit(struct ev_html_cells *cells, uint64_t limit_bytes)
{
	if (cells->items.count)
		qsort(cells->items.items, cells->items.count, sizeof(*cells->items.items),
		      by_place);
	merge(cells);
	while (cells->grain && cells->grain < EV_PAGE_COLUMNS && bytes_of(cells) > limit_bytes)
		halve(cells);
}

static void collect(struct ev_html_cells *cells, const struct ev_report *report,
		    const struct ev_html_threads *threads, const uint32_t *node_of, uint32_t grain)
{
	const struct ev_named *named = report->named;
	cells->grain = grain;
	for (size_t i = 0; i < named->cells.count; i++) {
		const struct ev_cell *cell = &named->cells.items[i];
		const struct ev_tag *tag = &named->profile->tags.items[cell->tag];
		if (tag->event >= report->table->event_count || (!cell->samples && !cell->period) ||
		    !ev_table_passes(report->table, named, cell))
			continue;
		uint32_t column = grain && tag->block ? tag->block - 1 : 0;
		*ev_array_add(&cells->items) = (struct ev_html_cell){
			.event = tag->event,
			.node = node_of ? node_of[cell->stack] : 0,
			.thread = threads->of_tag[cell->tag],
			.time = grain ? column / grain : 0,
			.samples = cell->samples,
			.period = cell->period,
		};
	}
}

void ev_html_cells_find(struct ev_html_cells *cells, const struct ev_report *report,
			const struct ev_html_threads *threads, const struct ev_html_stacks *stacks,
			uint32_t grain, uint64_t limit_bytes)
{
	collect(cells, report, threads, stacks->node_of, grain);
	fit(cells, limit_bytes);
}

void ev_html_cells_heat(struct ev_html_cells *cells, const struct ev_report *report,
			const struct ev_html_threads *threads, uint64_t limit_bytes)
{
	collect(cells, report, threads, NULL, 1);
	fit(cells, limit_bytes);
}

void ev_html_cells_done(struct ev_html_cells *cells)
{
	ev_array_done(&cells->items);
}

const char *ev_html_timeless(const struct ev_report *report)
{
	const struct ev_profile *profile = report->named->profile;
	if (report->part_count)
		return "several recordings have no time in common";
	if (report->recording && ev_recording_note(report->recording, EV_NOTE_COUNTED, NULL))
		return "samples were counted in the kernel (--bpf), which keeps no time of each";
	if (ev_report_simulated(report))
		return "counts of a model have no time";
	if (!report->named->cells.count)
		return "there are no samples";
	if (profile->last_time_ns && profile->last_time_ns == profile->first_time_ns)
		return "all samples are of one moment";
	if (!profile->block_ns || profile->last_time_ns <= profile->first_time_ns)
		return "samples have no times";
	return NULL;
}
