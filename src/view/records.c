/* Counts of records and the threads of a recording -> text, laid out as perf report --stats and
 * --tasks have it. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <evprof/view_records.h>

/* perf's names. */
static const char *const type_names[EV_RECORD_TYPES] = {
	[PERF_RECORD_MMAP] = "MMAP",
	[PERF_RECORD_LOST] = "LOST",
	[PERF_RECORD_COMM] = "COMM",
	[PERF_RECORD_EXIT] = "EXIT",
	[PERF_RECORD_THROTTLE] = "THROTTLE",
	[PERF_RECORD_UNTHROTTLE] = "UNTHROTTLE",
	[PERF_RECORD_FORK] = "FORK",
	[PERF_RECORD_READ] = "READ",
	[PERF_RECORD_SAMPLE] = "SAMPLE",
	[PERF_RECORD_MMAP2] = "MMAP2",
	[PERF_RECORD_AUX] = "AUX",
	[PERF_RECORD_ITRACE_START] = "ITRACE_START",
	[PERF_RECORD_LOST_SAMPLES] = "LOST_SAMPLES",
	[PERF_RECORD_SWITCH] = "SWITCH",
	[PERF_RECORD_SWITCH_CPU_WIDE] = "SWITCH_CPU_WIDE",
	[PERF_RECORD_NAMESPACES] = "NAMESPACES",
	[PERF_RECORD_KSYMBOL] = "KSYMBOL",
	[PERF_RECORD_BPF_EVENT] = "BPF_EVENT",
	[PERF_RECORD_CGROUP] = "CGROUP",
	[PERF_RECORD_TEXT_POKE] = "TEXT_POKE",
	[PERF_RECORD_AUX_OUTPUT_HW_ID] = "AUX_OUTPUT_HW_ID",
	[EV_RECORD_CALLCHAIN_DEFERRED] = "CALLCHAIN_DEFERRED",
	[EV_RECORD_HEADER_ATTR] = "ATTR",
	[EV_RECORD_HEADER_EVENT_TYPE] = "EVENT_TYPE",
	[EV_RECORD_HEADER_TRACING_DATA] = "TRACING_DATA",
	[EV_RECORD_HEADER_BUILD_ID] = "BUILD_ID",
	[EV_RECORD_FINISHED_ROUND] = "FINISHED_ROUND",
	[EV_RECORD_ID_INDEX] = "ID_INDEX",
	[EV_RECORD_AUXTRACE_INFO] = "AUXTRACE_INFO",
	[EV_RECORD_AUXTRACE] = "AUXTRACE",
	[EV_RECORD_AUXTRACE_ERROR] = "AUXTRACE_ERROR",
	[EV_RECORD_THREAD_MAP] = "THREAD_MAP",
	[EV_RECORD_CPU_MAP] = "CPU_MAP",
	[EV_RECORD_STAT_CONFIG] = "STAT_CONFIG",
	[EV_RECORD_STAT] = "STAT",
	[EV_RECORD_STAT_ROUND] = "STAT_ROUND",
	[EV_RECORD_EVENT_UPDATE] = "EVENT_UPDATE",
	[EV_RECORD_TIME_CONV] = "TIME_CONV",
	[EV_RECORD_HEADER_FEATURE] = "FEATURE",
	[EV_RECORD_COMPRESSED] = "COMPRESSED",
	[EV_RECORD_FINISHED_INIT] = "FINISHED_INIT",
	[EV_RECORD_COMPRESSED2] = "COMPRESSED2",
};

void ev_record_counts_print(FILE *out, const struct ev_record_counts *counts,
			    const struct ev_recording *recording)
{
	struct ev_arena arena = { 0 };
	uint64_t all = counts->all, other = all;
	fprintf(out, "\nAggregated stats:%s\n%16s events: %10" PRIu64 "\n",
		counts->of_type[EV_RECORD_AUXTRACE_INFO]
			? " (excludes AUX area (e.g. instruction trace) decoded / synthesized "
			  "events)"
			: "",
		"TOTAL", all);
	for (size_t i = 0; i < EV_RECORD_TYPES; i++) {
		uint64_t count = type_names[i] ? counts->of_type[i] : 0;
		other -= count;
		if (count)
			fprintf(out, "%16s events: %10" PRIu64 "  (%4.1f%%)\n", type_names[i],
				count, 100.0 * (double)count / (double)all);
	}
	if (other)
		fprintf(out, "%16s events: %10" PRIu64 "  (%4.1f%%)\n", "UNKNOWN", other,
			100.0 * (double)other / (double)all);
	for (size_t i = 0; i < recording->event_count; i++) {
		const struct ev_event_counts *event = &counts->of_event[i];
		if (event->samples || event->lost)
			fprintf(out, "%s stats:\n",
				ev_text_safe(&arena, recording->events[i].name));
		if (event->samples)
			fprintf(out, "%16s events: %10" PRIu64 "\n", "SAMPLE", event->samples);
		if (event->lost)
			fprintf(out, "%16s events: %10" PRIu64 "\n", "LOST_SAMPLES", event->lost);
	}
	ev_arena_done(&arena);
}

/* ---- who began whom
 * ------------------------------------------------------------------------------
 */

#define DEEPEST 64 /* columns that a task is moved to the right at most */

static int by_tid(const void *a, const void *b)
{
	const struct ev_told_task *one = a, *other = b;
	return (one->tid > other->tid) - (one->tid < other->tid);
}

/* Of each task those that it began, as a list by tid; indexes + 1, 0 = none. */
struct family {
	uint32_t first, next, parent;
	bool printed;
};

static void print_task(FILE *out, const struct ev_told_task *task, unsigned level)
{
	struct ev_arena arena = { 0 };
	fprintf(out, "  %8d %8d %8d |%*s%s\n", (int)task->pid, (int)task->tid, (int)task->ppid,
		(int)(level < DEEPEST ? level : DEEPEST), "", ev_text_safe(&arena, task->comm));
	ev_arena_done(&arena);
}

/* A task, then those that it began, in a walk that goes back by their parents. */
static void print_family(FILE *out, const struct ev_told_task *tasks, struct family *families,
			 uint32_t root)
{
	unsigned level = 0;
	for (uint32_t at = root; at;) {
		struct family *here = &families[at - 1];
		if (!here->printed)
			print_task(out, &tasks[at - 1], level);
		here->printed = true;
		uint32_t child = here->first;
		while (child && families[child - 1].printed)
			child = families[child - 1].next;
		here->first = child;
		if (!child && at == root)
			break;
		level += child ? 1 : -1u;
		at = child ? child : here->parent;
	}
}

void ev_told_tasks_print(FILE *out, struct ev_told_task *tasks, size_t count)
{
	struct family *families = ev_alloc(count * sizeof(*families));
	if (count)
		qsort(tasks, count, sizeof(*tasks), by_tid);
	for (size_t i = count; i-- > 0;) {
		struct ev_told_task wanted = { .tid = (uint32_t)tasks[i].ppid };
		struct ev_told_task *parent =
			tasks[i].ppid < 0 ? NULL
					  : bsearch(&wanted, tasks, count, sizeof(*tasks), by_tid);
		if (!parent || parent == &tasks[i])
			continue;
		families[i].parent = (uint32_t)(parent - tasks) + 1;
		families[i].next = families[parent - tasks].first;
		families[parent - tasks].first = (uint32_t)i + 1;
	}
	fprintf(out, "# %8s %8s %8s  %s\n", "pid", "tid", "ppid", "comm");
	for (size_t i = 0; i < count; i++)
		if (!families[i].parent)
			print_family(out, tasks, families, (uint32_t)i + 1);
	/* Those that began one another, as no kernel tells it. */
	for (size_t i = 0; i < count; i++)
		if (!families[i].printed)
			print_task(out, &tasks[i], 0);
	free(families);
}
