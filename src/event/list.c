/* Lists of events as a whole: their end, filters, and the default counters. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <evprof/event.h>

void ev_event_list_done(struct ev_event_list *list)
{
	ev_array_done(list);
	ev_arena_done(&list->arena);
}

/* Joules and counts, or counts of different lines, make no sum. */
static bool adds_up(const struct ev_event *one, const struct ev_event *other)
{
	return one->pmu && other->pmu && !strcmp(one->unit, other->unit) &&
	       !strcmp(one->word, other->word);
}

size_t ev_event_sum(const struct ev_event_list *list, size_t index)
{
	const struct ev_event *event = &list->items[index];
	for (size_t i = event->written; event->pmu && i < index; i++)
		if (list->items[i].written == event->written && adds_up(&list->items[i], event))
			return i;
	return index;
}

/* "filter 0x1000/0x20@/bin/ls", in distinction from "pid == 1". */
static bool is_of_addresses(const char *filter)
{
	static const char *const actions[] = { "filter", "start", "stop", "tracestop" };
	filter += strspn(filter, " \t\n");
	size_t length = strcspn(filter, " \t\n");
	const char *rest = filter + length + strspn(filter + length, " \t\n");
	for (size_t i = 0; i < EV_LENGTH(actions); i++)
		if (strlen(actions[i]) == length && !strncmp(filter, actions[i], length))
			return *rest && !strchr("=!<>&~", *rest);
	return false;
}

static bool takes_addresses(const struct ev_event *event)
{
	int64_t number = 0;
	if (event->kind != EV_EVENT_KERNEL || !event->pmu)
		return false;
	char *path = ev_printf("/sys/bus/event_source/devices/%s/nr_addr_filters", event->pmu);
	int rc = ev_file_number(path, &number);
	free(path);
	return !rc && number > 0;
}

/* One more holds besides those that were given before. */
static const char *besides(struct ev_event_list *list, const char *before, const char *filter)
{
	if (!before)
		return ev_arena_text(&list->arena, filter, strlen(filter));
	return ev_arena_printf(&list->arena, is_of_addresses(filter) ? "%s,%s" : "(%s) && (%s)",
			       before, filter);
}

int ev_event_filter(struct ev_event_list *list, const char *filter, struct ev_err *err)
{
	if (!list->count)
		return ev_fail(err, EINVAL,
			       "a filter belongs behind the tracepoint (-e) it is for");
	const struct ev_event *last = &list->items[list->count - 1];
	const char *name = ev_text_safe(&list->arena, last->name);
	if (last->probe)
		return ev_fail(err, EINVAL,
			       "'%s' can't be filtered: a probe has no fields that the kernel "
			       "could "
			       "compare, those of tracepoints only",
			       name);
	if (is_of_addresses(filter) && !takes_addresses(last))
		return ev_fail(err, EINVAL,
			       "'%s' takes no address filter: hardware traces do, whose "
			       "/sys/bus/event_source/devices/PMU/nr_addr_filters is above 0",
			       name);
	if (!is_of_addresses(filter) &&
	    (last->kind != EV_EVENT_KERNEL || last->attr.type != PERF_TYPE_TRACEPOINT))
		return ev_fail(err, EINVAL,
			       "only tracepoints can be filtered, and '%s' is none (record --bpf "
			       "filters all events, by period, cpu, tid, comm and cgroup)",
			       name);
	if (!filter[strspn(filter, " \t\n")])
		return ev_fail(err, EINVAL, "the filter for '%s' is empty", name);
	/* A glob is one written word: all its tracepoints get the filter. */
	unsigned written = last->written;
	const char *kept = besides(list, last->filter, filter);
	for (size_t i = written; i < list->count; i++)
		list->items[i].filter = kept;
	return 0;
}

int ev_event_condition(struct ev_event_list *list, const char *condition, bool all,
		       struct ev_err *err)
{
	if (!list->count)
		return ev_fail(err, EINVAL, "a filter belongs behind the event (-e) it is for");
	for (size_t i = all ? 0 : list->items[list->count - 1].written; i < list->count; i++)
		list->items[i].condition = besides(list, list->items[i].condition, condition);
	return 0;
}

/* What each detail adds, in perf's order. */
#define DETAIL_0                                                                                   \
	"task-clock", "context-switches", "cpu-migrations", "page-faults", "cycles",               \
		"stalled-cycles-frontend", "stalled-cycles-backend", "instructions", "branches",   \
		"branch-misses"
#define DETAIL_1 "L1-dcache-loads", "L1-dcache-load-misses", "LLC-loads", "LLC-load-misses"
#define DETAIL_2                                                                                   \
	"L1-icache-loads", "L1-icache-load-misses", "dTLB-loads", "dTLB-load-misses",              \
		"iTLB-loads", "iTLB-load-misses"
#define DETAIL_3 "L1-dcache-prefetches", "L1-dcache-prefetch-misses"

const char *const *ev_event_defaults(unsigned detail)
{
	static const char *const plain[] = { DETAIL_0, NULL };
	static const char *const once[] = { DETAIL_0, DETAIL_1, NULL };
	static const char *const twice[] = { DETAIL_0, DETAIL_1, DETAIL_2, NULL };
	static const char *const thrice[] = { DETAIL_0, DETAIL_1, DETAIL_2, DETAIL_3, NULL };
	static const char *const *const lists[] = { plain, once, twice, thrice };
	return lists[detail < EV_LENGTH(lists) ? detail : EV_LENGTH(lists) - 1];
}
