/* -A, --per-core and their kin: the CPUs that are watched become the rows that they are added up
 * into. */
#include <stdlib.h>
#include "stat.h"

static int by_cpu(const void *one, const void *other)
{
	const struct ev_cpu_place *a = one, *b = other;
	return (a->cpu > b->cpu) - (a->cpu < b->cpu);
}

static int by_id(const void *one, const void *other, void *by)
{
	int order = ev_aggregation_compare(by, one, other);
	return order ? order : by_cpu(one, other);
}

static const struct ev_aggregation *chosen(const struct stat_options *options)
{
	for (size_t i = 0; i < ev_aggregation_count; i++)
		if (options->by[i])
			return &ev_aggregations[i];
	return NULL;
}

/* For events with the term percore, whose counts of a core's threads are one row: the first of
 * those CPUs stands for all. */
static void find_cores(struct stat_places *places)
{
	for (size_t i = 0; i < places->items.count; i++) {
		size_t first = 0;
		while (ev_aggregation_compare(&ev_aggregations[EV_BY_CORE],
					      &places->items.items[first].cpu,
					      &places->items.items[i].cpu))
			first++;
		places->items.items[i].core = first + 1;
	}
}

int stat_places_find(struct stat_run *run, struct ev_err *err)
{
	struct stat_places *places = &run->places;
	uint32_t *cpus;
	size_t count;
	places->by = chosen(run->options);
	if (!places->by)
		return 0;
	int rc = ev_target_cpus(&run->target, &cpus, &count, err);
	if (rc)
		return rc;
	struct ev_cpu_place *found = ev_alloc((count + 1) * sizeof(*found));
	for (size_t i = 0; i < count; i++)
		found[i] = ev_cpu_place("", cpus[i]);
	qsort_r(found, count, sizeof(*found), by_id, (void *)places->by);
	for (size_t i = 0; i < count; i++) {
		if (!i || ev_aggregation_compare(places->by, &found[i - 1], &found[i])) {
			struct stat_place *place = ev_array_add(&places->items);
			place->cpu = found[i];
			ev_aggregation_id(places->by, &found[i], place->id, sizeof(place->id));
		}
		*ev_map_add(&places->of_cpu, found[i].cpu, 0, NULL) = (uint32_t)places->items.count;
	}
	if (run->options->by[EV_BY_CPU])
		find_cores(places);
	free(found);
	free(cpus);
	return 0;
}

void stat_places_done(struct stat_places *places)
{
	ev_array_done(&places->items);
	ev_map_done(&places->of_cpu);
}
