/* A named profile becomes the report that a plan asks for: its table, and the sums beside it. */
#include <stdlib.h>
#include <evprof/collect.h>
#include "report.h"

#define DEFAULT_PARENT "^sys_|^do_page_fault" /* perf's */

bool report_wants_lines(const struct report_options *options, const struct report_plan *plan)
{
	return plan->format->lines || options->branch_history ||
	       report_has_key(plan, EV_KEY_SRCLINE) || report_has_key(plan, EV_KEY_SRCLINE_FROM) ||
	       report_has_key(plan, EV_KEY_SRCLINE_TO);
}

/* Inlined functions are frames where stacks or lines are shown. */
unsigned report_symbol_flags(const struct report_options *options, const struct report_plan *plan)
{
	bool stacks = options->view.chains != EV_CHAIN_NONE || plan->format->stacks;
	bool lines = plan->format->lines, sizes = false;
	for (enum ev_key key = 0; key < EV_KEY_COUNT; key++)
		if (report_has_key(plan, key)) {
			lines |= ev_keys[key].of_lines;
			sizes |= ev_keys[key].of_sizes;
		}
	return (lines ? EV_SYMBOL_LINES : 0u) | (sizes ? EV_SYMBOL_SIZES : 0u) |
	       (options->inlined && (lines || stacks) ? EV_SYMBOL_INLINES : 0u) |
	       (options->demangle ? 0u : EV_SYMBOL_MANGLED);
}

int report_settle_named(const struct report_options *options, const struct report_plan *plan,
			struct ev_named *named, struct ev_profile *profile, struct ev_err *err)
{
	int rc = options->ignored ? ev_named_ignore_callees(named, options->ignored, err) : 0;
	if (!rc && report_has_key(plan, EV_KEY_PARENT))
		rc = ev_named_find_parents(named, profile,
					   options->parent ? options->parent : DEFAULT_PARENT, err);
	return rc;
}

int report_make(struct report_made *made, struct report_options *options,
		const struct report_plan *plan, struct ev_report *report, struct ev_named *named,
		const struct ev_joints *joints, struct ev_err *err)
{
	bool chains = named->profile->quality.with_stack > 0;
	options->view.children = report_wants_children(options, plan) && chains;
	options->view.threads = ev_cpus_online();
	if (!chains)
		options->view.chains = EV_CHAIN_NONE;
	report->named = named;
	report->table = &made->table;
	int rc = ev_table_build(&made->table, named, plan->keys, plan->key_count,
				options->view.children, &options->filter, err);
	if (rc)
		return rc;
	if (report->ratios)
		report->ratio_sums = made->ratio_sums =
			ev_table_ratio_sums(&made->table, named, joints,
					    report->ratios->items.count);
	if (report_has_field(plan, EV_FIELD_KERNEL) || report_has_field(plan, EV_FIELD_USER))
		report->kernel_period = made->kernel_period =
			ev_table_kernel_period(&made->table, named);
	if (options->view.intervals && !plan->format->page &&
	    !ev_recording_note(report->recording, EV_NOTE_SIMULATED, NULL)) {
		ev_table_scatters(&made->scatters, &made->table, named);
		report->scatters = &made->scatters;
	}
	return 0;
}

void report_made_done(struct report_made *made)
{
	ev_scatters_done(&made->scatters);
	free(made->ratio_sums);
	free(made->kernel_period);
	ev_table_done(&made->table);
	*made = (struct report_made){ 0 };
}
