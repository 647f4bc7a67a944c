/* What a report shows must be in the recording: a column of nothing but zeros would be a lie. */
#include <errno.h>
#include <string.h>
#include "report.h"

/* What a sample must carry for a detail, and how it is recorded. */
static const struct {
	uint32_t details;
	uint64_t sample_type; /* one of these bits */
	const char *what, *cure;
} needs[] = {
	{ EV_DETAIL_BIT(FROM) | EV_DETAIL_BIT(TO) | EV_DETAIL_BIT(BRANCH_FLAGS),
	  PERF_SAMPLE_BRANCH_STACK, "branches", "evprof record -b" },
	{ EV_DETAIL_BIT(WEIGHT), PERF_SAMPLE_WEIGHT | PERF_SAMPLE_WEIGHT_STRUCT, "weights",
	  "evprof record -W, or perf mem record" },
	{ EV_DETAIL_BIT(LATENCY) | EV_DETAIL_BIT(STAGE_CYCLES), PERF_SAMPLE_WEIGHT_STRUCT,
	  "latencies of instructions", "evprof record -W, where the CPU has them" },
	{ EV_DETAIL_BIT(ADDRESS) | EV_DETAIL_BIT(DATA_OBJECT), PERF_SAMPLE_ADDR,
	  "addresses of data", "evprof record -d" },
	{ EV_DETAIL_BIT(PHYSICAL), PERF_SAMPLE_PHYS_ADDR, "physical addresses",
	  "evprof record --phys-data" },
	{ EV_DETAIL_BIT(DATA_SOURCE), PERF_SAMPLE_DATA_SRC, "where data came from",
	  "perf mem record" },
	{ EV_DETAIL_BIT(TRANSACTION), PERF_SAMPLE_TRANSACTION, "transactions",
	  "evprof record --transaction" },
	{ EV_DETAIL_BIT(CODE_PAGE), PERF_SAMPLE_CODE_PAGE_SIZE, "sizes of pages",
	  "evprof record --code-page-size" },
	{ EV_DETAIL_BIT(DATA_PAGE), PERF_SAMPLE_DATA_PAGE_SIZE, "sizes of pages",
	  "evprof record --data-page-size" },
	{ EV_DETAIL_BIT(CGROUP), PERF_SAMPLE_CGROUP, "control groups",
	  "evprof record --all-cgroups" },
	{ EV_DETAIL_BIT(TRACE), PERF_SAMPLE_RAW, "fields of tracepoints",
	  "evprof record -e SUBSYSTEM:NAME" },
	{ EV_DETAIL_BIT(SOCKET), PERF_SAMPLE_CPU, "CPUs, and so no sockets",
	  "evprof record -a, or --sample-cpu" },
};

static bool carries(const struct ev_recording *recording, uint64_t sample_type)
{
	for (size_t i = 0; i < recording->event_count; i++)
		if (recording->events[i].attr.sample_type & sample_type)
			return true;
	return false;
}

static int check_key(const struct report_options *options, const struct ev_recording *recording,
		     enum ev_key key, struct ev_err *err)
{
	struct ev_arena arena = { 0 };
	int rc = 0;
	if (ev_keys[key].details & EV_DETAIL_BIT(STATE) &&
	    !ev_recording_note(recording, EV_NOTE_WAITS, NULL))
		rc = ev_fail(err, ENODATA,
			     "'%s' does not tell what threads wait for, for the key %s; record "
			     "with: evprof record --off-cpu",
			     ev_text_safe(&arena, options->input), ev_keys[key].name);
	for (size_t i = 0; i < EV_LENGTH(needs) && !rc; i++) {
		/* What branches weigh is in themselves. */
		if (!(ev_keys[key].details & needs[i].details) ||
		    carries(recording, needs[i].sample_type) ||
		    (options->by_branch && needs[i].details & EV_DETAIL_BIT(WEIGHT)))
			continue;
		rc = ev_fail(err, ENODATA, "'%s' does not tell %s, for the key %s; record with: %s",
			     ev_text_safe(&arena, options->input), needs[i].what, ev_keys[key].name,
			     needs[i].cure);
	}
	if (!rc && ev_keys[key].details & EV_DETAIL_BIT(SOCKET) &&
	    !ev_recording_section(recording, EV_FEATURE_CPU_TOPOLOGY))
		rc = ev_fail(err, ENODATA,
			     "'%s' does not tell which CPU is in which socket: its recorder did "
			     "not "
			     "write the topology",
			     ev_text_safe(&arena, options->input));
	ev_arena_done(&arena);
	return rc;
}

/* Ratios are columns only where events were counted together. */
static int check_ratios(const struct report_options *options, const struct report_plan *plan,
			const struct ev_recording *recording, struct ev_err *err)
{
	struct ev_arena arena = { 0 };
	int rc = 0;
	if (report_has_field(plan, EV_FIELD_RATIO) && !ev_recording_has_reads(recording))
		rc = ev_fail(err, ENODATA,
			     "there is no ratio in '%s': no events were counted together; record a "
			     "group: evprof record -e '{a,b}:S'",
			     ev_text_safe(&arena, options->input));
	ev_arena_done(&arena);
	return rc;
}

int report_check_needs(const struct report_options *options, const struct report_plan *plan,
		       const struct ev_recording *recording, struct ev_err *err)
{
	struct ev_arena arena = { 0 };
	bool usual = !options->sort && !options->fields; /* of a mode: some may be missing */
	int rc = python_frames_check(options->python, recording, err);
	if (rc)
		return rc;
	if ((options->by_branch || options->branch_history) &&
	    !carries(recording, PERF_SAMPLE_BRANCH_STACK))
		rc = ev_fail(err, ENODATA,
			     "'%s' has no branches; a CPU that keeps them records them with: perf "
			     "record -b",
			     ev_text_safe(&arena, options->input));
	else if (options->by_weight &&
		 !carries(recording,
			  PERF_SAMPLE_WEIGHT | PERF_SAMPLE_WEIGHT_STRUCT | PERF_SAMPLE_DATA_SRC))
		rc = ev_fail(err, ENODATA,
			     "'%s' tells neither weights nor sources of memory accesses; record "
			     "them with: perf mem record",
			     ev_text_safe(&arena, options->input));
	for (size_t i = 0; i < plan->key_count && !rc && !usual; i++)
		rc = check_key(options, recording, plan->keys[i], err);
	for (size_t i = 0; i < plan->filters.count && !rc; i++)
		rc = check_key(options, recording, plan->filters.items[i].key, err);
	if (!rc)
		rc = check_ratios(options, plan, recording, err);
	ev_arena_done(&arena);
	return rc;
}
