/* Tags become the threads that a page tells apart: the heaviest by their number, of the others all
 * of a name as one. */
#include <stdlib.h>
#include <string.h>
#include "report_html.h"

struct weighed {
	struct ev_html_thread thread;
	double share; /* the greatest of any event's period or samples */
	double *weights;
	uint32_t order, index; /* of those found first; in the page */
};
struct search {
	const struct ev_report *report;
	EV_ARRAY(struct weighed) all;
	uint32_t *of_tag;
};

static int by_share(const void *one, const void *other)
{
	const struct weighed *a = one, *b = other;
	if (a->share != b->share)
		return a->share > b->share ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static uint32_t find(struct search *search, struct ev_map *known, const struct ev_tag *tag)
{
	bool added;
	uint32_t *index = ev_map_add(known, (uint64_t)tag->pid << 32 | tag->tid, tag->comm, &added);
	if (added) {
		*index = (uint32_t)search->all.count;
		*ev_array_add(&search->all) = (struct weighed){
			.thread = { tag->comm, tag->pid, tag->tid, 1 },
			.weights =
				ev_alloc(2 * search->report->table->event_count * sizeof(double)),
			.order = *index,
		};
	}
	return *index;
}

static void weigh(struct search *search)
{
	const struct ev_named *named = search->report->named;
	const struct ev_table *table = search->report->table;
	struct ev_map known = { 0 };
	for (size_t i = 0; i < named->cells.count; i++) {
		const struct ev_cell *cell = &named->cells.items[i];
		const struct ev_tag *tag = &named->profile->tags.items[cell->tag];
		if (tag->event >= table->event_count || !ev_table_passes(table, named, cell))
			continue;
		uint32_t *index = &search->of_tag[cell->tag];
		if (*index == UINT32_MAX)
			*index = find(search, &known, tag);
		double *weights = search->all.items[*index].weights + 2 * tag->event;
		weights[0] += (double)cell->samples;
		weights[1] += (double)cell->period;
	}
	ev_map_done(&known);
	for (size_t i = 0; i < search->all.count; i++)
		for (size_t e = 0; e < 2 * table->event_count; e++) {
			struct weighed *it = &search->all.items[i];
			double all = (double)(e % 2 ? table->total_period[e / 2]
						    : table->total_samples[e / 2]);
			if (all > 0 && it->weights[e] / all > it->share)
				it->share = it->weights[e] / all;
		}
}

static void place(struct ev_html_threads *threads, struct search *search)
{
	struct ev_map names = { 0 };
	uint32_t *index_of = ev_alloc((search->all.count + 1) * sizeof(*index_of));
	for (size_t i = 0; i < search->all.count; i++) {
		struct weighed *it = &search->all.items[i];
		bool added = true;
		uint32_t index = (uint32_t)threads->items.count;
		if (i >= EV_HTML_THREADS) {
			uint32_t *known = ev_map_add(&names, it->thread.comm, 0, &added);
			if (added)
				*known = index;
			index = *known;
		}
		if (added)
			*ev_array_add(&threads->items) = it->thread;
		else
			threads->items.items[index].merged++;
		index_of[it->order] = index;
	}
	size_t tags = search->report->named->profile->tags.count;
	for (size_t i = 0; i < tags; i++)
		search->of_tag[i] =
			search->of_tag[i] == UINT32_MAX ? 0 : index_of[search->of_tag[i]];
	free(index_of);
	ev_map_done(&names);
}

void ev_html_threads_find(struct ev_html_threads *threads, const struct ev_report *report)
{
	size_t tags = report->named->profile->tags.count;
	struct search search = { .report = report,
				 .of_tag = ev_alloc((tags + 1) * sizeof(uint32_t)) };
	memset(search.of_tag, 0xff, tags * sizeof(uint32_t));
	weigh(&search);
	if (search.all.count)
		qsort(search.all.items, search.all.count, sizeof(*search.all.items), by_share);
	place(threads, &search);
	threads->of_tag = search.of_tag;
	for (size_t i = 0; i < search.all.count; i++)
		free(search.all.items[i].weights);
	ev_array_done(&search.all);
}

void ev_html_threads_done(struct ev_html_threads *threads)
{
	ev_array_done(&threads->items);
	free(threads->of_tag);
	threads->of_tag = NULL;
}
