/* What a report shows decides what the walk over the records keeps, and which of it counts. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "report.h"

#define TIME_SLICE_NS 100000000u /* --sort time, perf's quantum */
#define EXACT_SLICE_NS 1         /* formats that show when samples were */

static void add_filter(struct report_plan *plan, struct ev_key_filter filter)
{
	*ev_array_add(&plan->filters) = filter;
}

int report_filters(struct report_options *options, struct report_plan *plan, struct ev_err *err)
{
	for (size_t i = 0; i < options->key_filters.count; i++) {
		struct ev_key_filter filter;
		int rc = ev_key_filter_parse(options->key_filters.items[i].text, &filter, err);
		if (rc)
			return rc;
		add_filter(plan, filter);
	}
	if (options->sockets)
		add_filter(plan, (struct ev_key_filter){ .key = EV_KEY_SOCKET,
							 .values = options->sockets });
	/* As perf: without a caller that was asked for there is nothing to leave out. */
	if (options->exclude_other && options->parent)
		add_filter(plan, (struct ev_key_filter){ .key = EV_KEY_PARENT,
							 .is_negated = true,
							 .values = "[other]" });
	options->filter.keys = plan->filters.items;
	options->filter.key_count = plan->filters.count;
	return 0;
}

bool report_has_key(const struct report_plan *plan, enum ev_key key)
{
	for (size_t i = 0; i < plan->key_count; i++)
		if (plan->keys[i] == key)
			return true;
	for (size_t i = 0; i < plan->filters.count; i++)
		if (plan->filters.items[i].key == key)
			return true;
	return false;
}

static uint32_t details_of(const struct report_plan *plan)
{
	uint32_t details = 0;
	for (enum ev_key key = 0; key < EV_KEY_COUNT; key++)
		if (report_has_key(plan, key))
			details |= ev_keys[key].details;
	return details;
}

struct load_options report_load_options(const struct report_options *options,
					const struct report_plan *plan)
{
	bool text = plan->format->text;
	/* Of several recordings the times have nothing in common. */
	bool timeline = plan->format->page && options->inputs.count < 2;
	const struct ev_filter *filter = &options->filter;
	return (struct load_options){
		.stacks = !options->by_branch && (report_wants_children(options, plan) ||
						  options->view.chains != EV_CHAIN_NONE || !text ||
						  options->branch_history || options->ignored ||
						  report_has_key(plan, EV_KEY_PARENT)),
		.by_comm = report_has_key(plan, EV_KEY_COMM) || report_has_key(plan, EV_KEY_PID) ||
			   report_has_key(plan, EV_KEY_TID) || filter->comms || !text,
		.by_pid = report_has_key(plan, EV_KEY_PID) || filter->pids || plan->format->times ||
			  plan->format->page,
		.by_tid = report_has_key(plan, EV_KEY_TID) || filter->tids || plan->format->times ||
			  plan->format->page,
		.by_cpu = report_has_key(plan, EV_KEY_CPU) || filter->cpus,
		.details = details_of(plan),
		.fields = plan->fields,
		.field_count = plan->field_count,
		.by_branch = options->by_branch,
		.by_weight = options->by_weight,
		.branch_history = options->branch_history,
		.chain_limit = options->chain_limit,
		.python = options->python,
		.blocks = timeline                  ? EV_PAGE_COLUMNS
			  : options->view.intervals ? EV_BLOCK_COUNT
						    : 0,
		.slice_ns = plan->format->times                 ? EXACT_SLICE_NS
			    : report_has_key(plan, EV_KEY_TIME) ? TIME_SLICE_NS
								: 0,
		.time = options->time,
		.symbols = &options->symbols,
		.reads = !options->by_branch && !options->by_weight,
		.ratios = &options->ratios,
	};
}
