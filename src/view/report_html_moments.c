/* The cells of a profile become what single lines and instructions weigh in parts of the time. */
#include <stdlib.h>
#include <string.h>
#include "report_html_code.h"

enum { MERGE_LEAST = 1 << 18 };

static int by_place(const void *one, const void *other)
{
	const struct ev_html_moment *a = one, *b = other;
	if (a->of_lines != b->of_lines)
		return a->of_lines ? 1 : -1;
	if (a->index != b->index)
		return a->index < b->index ? -1 : 1;
	if (a->event != b->event)
		return a->event < b->event ? -1 : 1;
	return a->time < b->time ? -1 : a->time > b->time;
}

static void merge(struct ev_html_moments *moments)
{
	struct ev_html_moment *items = moments->items.items;
	size_t kept = 0;
	if (moments->items.count)
		qsort(items, moments->items.count, sizeof(*items), by_place);
	for (size_t i = 0; i < moments->items.count; i++) {
		if (kept && !by_place(&items[kept - 1], &items[i])) {
			items[kept - 1].weight.samples += items[i].weight.samples;
			items[kept - 1].weight.period += items[i].weight.period;
		} else {
			items[kept++] = items[i];
		}
	}
	moments->items.count = kept;
}

static void add(struct ev_html_moments *moments, const struct ev_lines *lines, bool of_lines,
		size_t index, const struct ev_cell *cell, uint32_t grain)
{
	const struct ev_tag *tag = &lines->named->profile->tags.items[cell->tag];
	/* Most are of few lines: their number stays small. */
	if (moments->items.count >= moments->merge_at) {
		merge(moments);
		moments->merge_at = 2 * moments->items.count + MERGE_LEAST;
	}
	*ev_array_add(&moments->items) = (struct ev_html_moment){
		.of_lines = of_lines,
		.index = (uint32_t)index,
		.event = tag->event,
		.time = tag->block ? (tag->block - 1) / grain : 0,
		.weight = { cell->samples, cell->period },
	};
}

static void add_lines(struct ev_html_moments *moments, const struct ev_lines *lines,
		      const bool *wanted, uint32_t grain)
{
	const struct ev_named *named = lines->named;
	for (size_t i = 0; i < named->cells.count; i++) {
		const struct ev_cell *cell = &named->cells.items[i];
		if (!cell->stack || !lines->passes[cell->tag])
			continue;
		uint32_t line = lines->line_of[named->stacks.items[cell->stack].place];
		if (line < lines->lines.count && wanted[lines->lines.items[line].function])
			add(moments, lines, true, line, cell, grain);
	}
}

static void add_spots(struct ev_html_moments *moments, const struct ev_lines *lines,
		      const struct ev_spots *spots, const bool *wanted, uint32_t grain)
{
	const struct ev_profile *profile = lines->named->profile;
	for (size_t i = 0; i < profile->cells.count; i++) {
		const struct ev_cell *cell = &profile->cells.items[i];
		if (!lines->passes[cell->tag] || cell->stack >= profile->stacks.count)
			continue;
		uint32_t index = profile->stacks.items[cell->stack].place;
		if (index >= profile->places.count)
			continue;
		struct ev_place place = profile->places.items[index];
		size_t spot = ev_spots_find(spots, place.object, place.offset);
		if (spot >= spots->items.count)
			continue;
		const struct ev_spot *found = &spots->items.items[spot];
		if (found->place.object == place.object && found->place.offset == place.offset &&
		    wanted[found->function])
			add(moments, lines, false, spot, cell, grain);
	}
}

void ev_html_moments_build(struct ev_html_moments *moments, const struct ev_annotation *annotation,
			   uint32_t grain)
{
	const struct ev_lines *lines = annotation->lines;
	if (!grain)
		return;
	bool *wanted = ev_alloc(lines->functions.count + 1);
	for (size_t i = 0; i < annotation->sections.count; i++)
		if (annotation->sections.items[i].lines == lines)
			wanted[annotation->sections.items[i].function] = true;
	add_lines(moments, lines, wanted, grain);
	if (annotation->spots)
		add_spots(moments, lines, annotation->spots, wanted, grain);
	free(wanted);
	merge(moments);
}

size_t ev_html_moments_find(const struct ev_html_moments *moments, bool of_lines, size_t index)
{
	const struct ev_html_moment key = { .of_lines = of_lines, .index = (uint32_t)index };
	size_t from = 0, to = moments->items.count;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		if (by_place(&moments->items.items[middle], &key) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

void ev_html_moments_done(struct ev_html_moments *moments)
{
	ev_array_done(&moments->items);
}
