/* Events and options become the attrs that sampling is opened with, laid out as perf does. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <evprof/symbol_unwind.h>
#include "machine.h"
#include "sampler.h"

#define RATE_LIMIT "/proc/sys/kernel/perf_event_max_sample_rate"
#define TELLER_CONFIG PERF_COUNT_SW_DUMMY

static uint64_t rate_limit(void)
{
	int64_t limit;
	return ev_file_number(RATE_LIMIT, &limit) || limit < 1 ? 0 : (uint64_t)limit;
}

static int check_rate(uint64_t frequency_hz, uint64_t limit, struct ev_err *err)
{
	if (!limit || frequency_hz <= limit)
		return 0;
	return ev_fail(err, EINVAL,
		       "%llu samples per second are more than this kernel allows "
		       "(perf_event_max_sample_rate is %llu): use -F max, or "
		       "sudo sysctl kernel.perf_event_max_sample_rate=%llu",
		       (unsigned long long)frequency_hz, (unsigned long long)limit,
		       (unsigned long long)frequency_hz);
}

int ev_sampler_check_rate(uint64_t frequency_hz, struct ev_err *err)
{
	return check_rate(frequency_hz, rate_limit(), err);
}

/* Things that happen one at a time are told one at a time, unless -F or -c ask otherwise. */
static bool is_each_one(const struct ev_event *event)
{
	return event->attr.type == PERF_TYPE_TRACEPOINT ||
	       event->attr.type == PERF_TYPE_BREAKPOINT || event->probe_path;
}

/* Its natural period of 1 gives way to -F and -c, one that was written does not. */
static bool keeps_its_rate(const struct ev_event *event, const struct ev_sampler_options *options)
{
	bool asked = options->period_events || options->frequency_given || options->max_frequency;
	return event->fixed & EV_FIXED_PERIOD && !(event->fixed & EV_NATURAL_PERIOD && asked);
}

static int set_rate(struct perf_event_attr *attr, const struct ev_event *event,
		    const struct ev_sampler_options *options, uint64_t limit, struct ev_err *err)
{
	if (keeps_its_rate(event, options))
		return attr->freq ? check_rate(attr->sample_freq, limit, err) : 0;
	attr->freq = 0;
	if (options->max_frequency) {
		attr->freq = 1;
		attr->sample_freq = limit ? limit : 100000;
	} else if (is_each_one(event) && !options->period_events && !options->frequency_given) {
		attr->sample_period = attr->sample_period ? attr->sample_period : 1;
	} else if (options->frequency_hz) {
		attr->freq = 1;
		attr->sample_freq = options->frequency_hz;
	} else {
		attr->sample_period = options->period_events ? options->period_events : 1;
	}
	return attr->freq ? check_rate(attr->sample_freq, limit, err) : 0;
}

static uint64_t sample_type(const struct ev_target *target,
			    const struct ev_sampler_options *options, size_t event_count)
{
	uint64_t type = PERF_SAMPLE_IP | PERF_SAMPLE_TID | options->more_sample_type;
	if (!options->no_time)
		type |= PERF_SAMPLE_TIME;
	if (event_count > 1 || options->identified || options->steered)
		type |= PERF_SAMPLE_IDENTIFIER;
	if (options->steered && target->kind != EV_TARGET_SYSTEM && !target->no_inherit)
		type |= PERF_SAMPLE_STREAM_ID;
	if (options->cpu || target->kind == EV_TARGET_SYSTEM)
		type |= PERF_SAMPLE_CPU;
	if (options->addresses)
		type |= PERF_SAMPLE_ADDR;
	if (options->callchain || options->user_callchain_only || options->kernel_callchain_only)
		type |= PERF_SAMPLE_CALLCHAIN;
	return type;
}

/* The kernel's side of a chain by the kernel, the user's from a copy of the stack. A copy of no
 * bytes leaves both to the kernel, in samples of the same layout. */
static void copy_stacks(struct perf_event_attr *attr, uint32_t stack_bytes)
{
	attr->sample_type |= PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;
	attr->sample_regs_user = ev_unwind_registers();
	attr->sample_stack_user = stack_bytes;
	attr->exclude_callchain_user = stack_bytes > 0;
}

/* A sample's weight, where it is not the same for all. The kernel takes the wish for it on events
 * that it counts one by one as a wish for a sample of each, whatever the period. */
static bool wants_period(const struct perf_event_attr *attr, bool is_probe,
			 const struct ev_sampler_options *options)
{
	bool one_by_one = attr->type == PERF_TYPE_SOFTWARE || attr->type == PERF_TYPE_TRACEPOINT ||
			  attr->type == PERF_TYPE_BREAKPOINT || is_probe;
	return attr->freq || (options->period &&
			      (ev_attr_is_clock(attr) || !one_by_one || attr->sample_period <= 1));
}

/* The one event that also tells of mappings, names and tasks. */
static void make_teller(struct perf_event_attr *attr, const struct ev_sampler_options *options)
{
	attr->mmap = attr->mmap2 = 1;
	attr->build_id = !options->no_build_ids;
	attr->comm = attr->comm_exec = attr->task = 1;
	attr->ksymbol = 1;
	attr->bpf_event = !options->no_bpf_events;
	attr->mmap_data = options->addresses;
	attr->context_switch = options->switches;
	attr->cgroup = options->cgroups;
	attr->namespaces = options->namespaces;
}

static void set_shape(struct perf_event_attr *attr, const struct ev_target *target,
		      const struct ev_sampler_options *options)
{
	attr->size = sizeof(*attr);
	attr->sample_id_all = 1;
	attr->read_format = PERF_FORMAT_ID | EV_FORMAT_LOST;
	attr->inherit = target->kind != EV_TARGET_SYSTEM && !target->no_inherit;
	if (options->per_thread_counts) {
		attr->inherit_stat = attr->inherit;
		attr->read_format |=
			PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
	}
	/* A ring is of whichever event comes first in it. */
	attr->watermark = options->prompt;
	attr->wakeup_watermark = options->prompt;
	attr->exclude_callchain_kernel = options->user_callchain_only;
	attr->exclude_callchain_user = options->kernel_callchain_only;
	if (options->clock_id >= 0) {
		attr->use_clockid = 1;
		attr->clockid = options->clock_id;
	}
}

static int plan_event(struct ev_sampler *sampler, size_t index, const struct ev_event_list *events,
		      const struct ev_target *target, const struct ev_sampler_options *options,
		      struct ev_err *err)
{
	struct ev_sampled_event *sampled = &sampler->events[index];
	size_t listed = index % events->count, first = index - listed;
	const struct ev_event *event = &events->items[listed];
	struct perf_event_attr *attr = &sampled->opening.attr;
	if (event->kind != EV_EVENT_KERNEL)
		return ev_fail(err, EOPNOTSUPP,
			       "%s cannot be sampled: evprof measures it once, at the end of a run",
			       event->name);
	if (!event->per_task && target->kind != EV_TARGET_SYSTEM)
		return ev_fail(err, EINVAL,
			       "%s cannot be sampled for a program: its PMU serves the whole "
			       "machine, add -a",
			       event->name);
	sampled->event = event;
	sampled->leader = first + (event->leader < listed ? event->leader : listed);
	*attr = event->attr;
	set_shape(attr, target, options);
	bool leads = sampled->leader == index;
	attr->disabled = leads; /* members run when their leader does */
	attr->enable_on_exec =
		leads && !first && options->at_exec && target->kind == EV_TARGET_COMMAND;
	if (event->fixed & EV_MAX_PRECISE && !attr->precise_ip)
		attr->precise_ip = 3;
	if (attr->type == PERF_TYPE_TRACEPOINT)
		attr->sample_type |= PERF_SAMPLE_RAW | PERF_SAMPLE_CPU;
	return set_rate(attr, event, options, rate_limit(), err);
}

/* A function that calls nobody may be on the stack without a frame of its own; where the CPU keeps
 * return addresses in a register, that one names its caller. */
static void keep_link_register(struct perf_event_attr *attr)
{
#if defined(__aarch64__)
	if (!(attr->sample_type & PERF_SAMPLE_CALLCHAIN) || attr->exclude_callchain_user)
		return;
	attr->sample_type |= PERF_SAMPLE_REGS_USER;
	attr->sample_regs_user |= UINT64_C(1) << 30; /* x30 */
#else
	(void)attr;
#endif
}

static void choose_bit(__u64 *bits, uint64_t bit, enum ev_choice choice)
{
	if (choice != EV_UNSET)
		*bits = choice == EV_YES ? *bits | bit : *bits & ~bit;
}

/* stack-size=, and the size that copies have by themselves. */
#define USUAL_STACK_BYTES 8192

/* Programs see a tracepoint before its filter does, on all CPUs; and probes are other programs'
 * business. */
bool ev_sampler_may_count(const struct ev_event *event, const struct ev_target *target,
			  const char **why)
{
	bool tracepoint = event->attr.type == PERF_TYPE_TRACEPOINT;
	const char *reason = NULL;
	if (tracepoint && event->filter)
		reason = "its filter is the kernel's, which asks the program first";
	else if (tracepoint && target->cpu_count)
		reason = "only some CPUs are watched";
	else if (event->probe || event->probe_path)
		reason = "it is a probe";
	else if (event->fixed & EV_SAMPLE_READ)
		reason = "its samples carry counts (:S)";
	if (why)
		*why = reason;
	return !reason;
}

/* The program takes the stack itself, but for precise events, of which only the kernel has it. A
 * tracepoint's program runs whether its event does or not, and must not be inherited: with the
 * first child that ends it would be gone for all. */
static void leave_to_program(struct ev_sampled_event *sampled)
{
	struct perf_event_attr *attr = &sampled->opening.attr;
	sampled->counted = true;
	if (!attr->precise_ip)
		attr->sample_type &= ~(uint64_t)PERF_SAMPLE_CALLCHAIN;
	if (attr->type != PERF_TYPE_TRACEPOINT)
		return;
	attr->sample_type &= ~(uint64_t)PERF_SAMPLE_RAW;
	attr->inherit = attr->enable_on_exec = 0;
	attr->disabled = 1;
}

/* How an event's stacks are taken: as it says itself, else as all are. */
static int obey_call_graph(struct perf_event_attr *attr, const struct ev_event *event,
			   const struct ev_sampler_options *options, uint32_t stack_bytes,
			   struct ev_err *err)
{
	uint32_t own_bytes = event->stack_size_bytes ? event->stack_size_bytes
			     : stack_bytes           ? stack_bytes
						     : USUAL_STACK_BYTES;
	switch (event->call_graph) {
	case EV_CALL_GRAPH_UNSET:
		if (options->stack_bytes)
			copy_stacks(attr, event->stack_size_bytes && stack_bytes ? own_bytes
										 : stack_bytes);
		return 0;
	case EV_CALL_GRAPH_LBR:
		attr->sample_type |= PERF_SAMPLE_CALLCHAIN;
		attr->branch_sample_type = PERF_SAMPLE_BRANCH_USER | PERF_SAMPLE_BRANCH_CALL_STACK |
					   PERF_SAMPLE_BRANCH_NO_FLAGS |
					   PERF_SAMPLE_BRANCH_NO_CYCLES;
		return 0;
	case EV_CALL_GRAPH_DWARF:
		if (!ev_unwind_registers())
			return ev_fail(err, EOPNOTSUPP,
				       "%s: stacks of this processor can not be unwound: "
				       "call-graph=fp",
				       event->name);
		copy_stacks(attr, own_bytes);
		return 0;
	case EV_CALL_GRAPH_FP:
		attr->sample_type |= PERF_SAMPLE_CALLCHAIN;
		return 0;
	case EV_CALL_GRAPH_NONE:
		attr->sample_type &= ~(uint64_t)PERF_SAMPLE_CALLCHAIN;
		return 0;
	}
	return 0;
}

/* Terms that an event carries for itself win over the command's options. */
static int obey_terms(struct perf_event_attr *attr, const struct ev_event *event,
		      const struct ev_target *target, const struct ev_sampler_options *options,
		      uint32_t stack_bytes, struct ev_err *err)
{
	int rc = obey_call_graph(attr, event, options, stack_bytes, err);
	if (rc)
		return rc;
	if (attr->branch_sample_type)
		attr->sample_type |= PERF_SAMPLE_BRANCH_STACK;
	if (attr->aux_sample_size)
		attr->sample_type |= PERF_SAMPLE_AUX;
	choose_bit(&attr->sample_type, PERF_SAMPLE_TIME, event->time);
	if (event->inherit != EV_UNSET && target->kind != EV_TARGET_SYSTEM)
		attr->inherit = event->inherit == EV_YES;
	keep_link_register(attr);
	return 0;
}

/* {a,b}:S: the leader's samples carry the counts of all, members have none of their own. The times
 * tell whether the group was on the hardware all the while. */
static void plan_group_reads(struct ev_sampler *sampler)
{
	for (size_t i = 0; i < sampler->event_count; i++) {
		struct ev_sampled_event *sampled = &sampler->events[i];
		struct perf_event_attr *attr = &sampled->opening.attr;
		if (!sampled->event || !(sampled->event->fixed & EV_SAMPLE_READ))
			continue;
		attr->read_format |= PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED |
				     PERF_FORMAT_TOTAL_TIME_RUNNING;
		attr->sample_type |= PERF_SAMPLE_READ;
		if (sampled->leader != i) {
			attr->freq = 0;
			attr->sample_period = 0;
		}
	}
}

/* The first event tells, unless it begins late, may be switched off for one with other copies of
 * stacks, or sees only some CPUs or cgroups: then one more event does nothing else. */
static bool needs_teller(const struct ev_event_list *events,
			 const struct ev_sampler_options *options)
{
	return options->disabled || options->turned || options->counted ||
	       (options->stack_bytes && options->other_stack_count) || events->items[0].cpus ||
	       events->items[0].cgroup;
}

int ev_sampler_plan(struct ev_sampler *sampler, const struct ev_event_list *events,
		    const struct ev_target *target, const struct ev_sampler_options *options,
		    struct ev_err *err)
{
	if (!events->count)
		return ev_fail(err, EINVAL, "no event to sample");
	size_t sizes = 1 + (options->stack_bytes ? options->other_stack_count : 0);
	sampler->has_teller = needs_teller(events, options);
	sampler->listed = events->count;
	sampler->event_count = events->count * sizes + sampler->has_teller;
	sampler->no_build_ids = options->no_build_ids;
	sampler->events = ev_alloc(sampler->event_count * sizeof(*sampler->events));
	for (size_t i = 0; i < events->count * sizes; i++) {
		int rc = plan_event(sampler, i, events, target, options, err);
		if (rc)
			return rc;
	}
	struct ev_sampled_event *last = &sampler->events[sampler->event_count - 1];
	if (sampler->has_teller) {
		last->leader = sampler->event_count - 1;
		last->opening.attr = (struct perf_event_attr){
			.type = PERF_TYPE_SOFTWARE,
			.config = TELLER_CONFIG,
			.sample_period = 1,
			.exclude_kernel = !ev_machine_may_perfmon(),
			.exclude_hv = !ev_machine_may_perfmon(),
		};
		set_shape(&last->opening.attr, target, options);
	}
	make_teller(&(sampler->has_teller ? last : sampler->events)->opening.attr, options);
	uint64_t type = sample_type(target, options, sampler->event_count);
	for (size_t i = 0; i < sampler->event_count; i++) {
		struct perf_event_attr *attr = &sampler->events[i].opening.attr;
		size_t size = i / events->count;
		uint32_t stack_bytes = size && size < sizes ? options->other_stack_bytes[size - 1]
							    : options->stack_bytes;
		attr->sample_type |= type;
		if (type & PERF_SAMPLE_REGS_INTR)
			attr->sample_regs_intr = ev_unwind_registers();
		if (wants_period(attr, sampler->events[i].event && sampler->events[i].event->probe,
				 options))
			attr->sample_type |= PERF_SAMPLE_PERIOD;
		const struct ev_event *event = sampler->events[i].event;
		int rc = event ? obey_terms(attr, event, target, options, stack_bytes, err) : 0;
		if (rc)
			return rc;
		if (event)
			ev_probe_points_apply(&sampler->probe_points, events, i % events->count,
					      target, &sampler->events[i].opening);
		if (event && options->counted && ev_sampler_may_count(event, target, NULL))
			leave_to_program(&sampler->events[i]);
	}
	plan_group_reads(sampler);
	for (size_t i = 0; i < events->count * sizes; i++)
		sampler->uneven |= sampler->events[i].opening.attr.sample_type !=
				   sampler->events[0].opening.attr.sample_type;
	return 0;
}
