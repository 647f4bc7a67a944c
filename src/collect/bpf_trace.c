/* Calls of chosen functions, counted and measured by BPF programs at their beginnings and ends. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "bpf_trace.h"
#include "bpf_watched.h"
#include "syscalls.h"
#include "tasks.h"

#ifndef EV_HAVE_BPF
#define EV_HAVE_BPF 0
#endif

void ev_trace_result_done(struct ev_trace_result *result)
{
	free(result->functions);
	free(result->edges);
	*result = (struct ev_trace_result){ 0 };
}

#if EV_HAVE_BPF

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <trace.skel.h>

#define PROBE_MANY_TYPE ((enum bpf_attach_type)48) /* BPF_TRACE_UPROBE_MULTI */
/* Elsewhere no jump is known, nor is where to probe one. */
#if defined(__x86_64__)
#define NEXT_IS_KNOWN true
#else
#define NEXT_IS_KNOWN false
#endif
#define LOOK_NS UINT64_C(250000000) /* a burst that is over sooner is no matter */

/* ---- loading ----------------------------------------------------------------------------------
 */

/* Programs on typed tracepoints, or on raw ones. NULL with *error. */
static struct trace_bpf *load(bool raw, bool singly, size_t functions,
			      const struct ev_watch_target *target, int *error)
{
	struct trace_bpf *programs = trace_bpf__open();
	*error = errno;
	if (!programs)
		return NULL;
	struct bpf_program *probes[] = { programs->progs.on_entry, programs->progs.on_return,
					 programs->progs.on_returned, programs->progs.on_jump,
					 programs->progs.on_leaving };
	programs->rodata->watch = ev_watched_plan(target);
	ev_watched_choose(programs->obj, raw);
	for (size_t i = 0; i < EV_LENGTH(probes) && !singly; i++)
		bpf_program__set_expected_attach_type(probes[i], PROBE_MANY_TYPE);
	bpf_map__set_max_entries(programs->maps.functions, (uint32_t)functions);
	int rc = trace_bpf__load(programs);
	if (!rc)
		rc = trace_bpf__attach(programs);
	if (!rc)
		return programs;
	*error = -rc;
	trace_bpf__destroy(programs);
	return NULL;
}

static int open_programs(struct ev_trace *trace, const struct ev_watch_target *target,
			 struct ev_err *err)
{
	int error = 0;
	void *base;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	for (int raw = 0; raw < 2 && !trace->programs; raw++)
		trace->programs = load(raw, trace->singly, trace->function_count, target, &error);
	if (!trace->programs)
		return ev_fail(err, error, "the kernel refuses the BPF programs: %s",
			       strerror(error));
	/* An array's elements are multiples of 8 bytes, and so is ours. */
	trace->map_bytes = trace->function_count * sizeof(*trace->functions);
	trace->map_bytes = (trace->map_bytes + page - 1) / page * page;
	int rc = ev_sys_ring_map(bpf_map__fd(trace->programs->maps.functions), trace->map_bytes,
				 &base);
	if (rc)
		return ev_fail(err, -rc, "cannot share a table with the BPF programs: %s",
			       strerror(-rc));
	trace->functions = base;
	return 0;
}

static void close_programs(struct ev_trace *trace)
{
	if (trace->functions)
		ev_sys_ring_unmap(trace->functions, trace->map_bytes);
	trace_bpf__destroy(trace->programs);
	trace->functions = NULL;
	trace->programs = NULL;
}

/* ---- sites ------------------------------------------------------------------------------------
 */

static struct trace_site *add_site(struct ev_trace *trace, const char *path, uint64_t offset,
				   size_t number, enum trace_probe kind)
{
	struct trace_site *site = ev_array_add(&trace->sites);
	*site = (struct trace_site){
		.path = path,
		.offset = offset,
		.function = (uint32_t)number,
		.kind = kind,
	};
	return site;
}

/* The cost of a function like this one, but whose entry is emulated. */
static size_t cheap_like(const struct ev_trace_function *function)
{
	return function->by_instructions ? EV_TRACE_COST_CHEAP_CODE : EV_TRACE_COST_CHEAP_KERNEL;
}

static bool begins_with_jump(const struct ev_trace_function *function)
{
	for (size_t i = 0; i < function->jump_count; i++)
		if (function->jumps[i] == function->offset)
			return true;
	return false;
}

static void set_costs(const struct ev_trace *trace, const struct ev_trace_function *function,
		      struct trace_function *shared)
{
	const struct ev_trace_cost *left = &trace->costs[EV_TRACE_COST_LEFT],
				   *stub = &trace->costs[EV_TRACE_COST_STUB],
				   *cost = &trace->costs[ev_trace_cost_of(function)],
				   *cheap = &trace->costs[cheap_like(function)];
	shared->inside_ns = (int64_t)cost->inside_ns;
	shared->outside_ns = (int64_t)cost->outside_ns;
	/* Measured on one whose entry is emulated. */
	shared->left_inside_ns = (int64_t)(left->inside_ns + cost->inside_ns - cheap->inside_ns);
	shared->left_outside_ns =
		(int64_t)(left->outside_ns + cost->outside_ns - cheap->outside_ns);
	if (begins_with_jump(function)) {
		shared->left_inside_ns = (int64_t)stub->inside_ns;
		shared->left_outside_ns = (int64_t)stub->outside_ns;
	}
}

/* Of an index + 1. */
static uint32_t number_of(uint32_t target)
{
	return target ? TRACE_FIRST + target - 1 : 0;
}

static void add_function(struct ev_trace *trace, const struct ev_trace_function *function,
			 size_t number)
{
	struct trace_function *shared = &trace->functions[number];
	shared->stack_bytes = function->stack_bytes;
	shared->exit =
		function->by_instructions ? TRACE_EXIT_INSTRUCTIONS : TRACE_EXIT_RETURN_ADDRESS;
	set_costs(trace, function, shared);
	for (size_t i = 0; i < function->return_count && function->by_instructions; i++)
		add_site(trace, function->path, function->returns[i], number, TRACE_PROBE_RETURN);
	if (!function->by_instructions)
		add_site(trace, function->path, function->offset, number, TRACE_PROBE_RETURNED);
	for (size_t i = 0; i < function->jump_count; i++)
		add_site(trace, function->path, function->jumps[i], number, TRACE_PROBE_JUMP)
			->target = number_of(function->jump_targets[i]);
	add_site(trace, function->path, function->offset, number, TRACE_PROBE_ENTRY);
}

/* Measures first: that needs the tables empty of anything else. */
static int prepare(struct ev_trace *trace, const struct ev_trace_options *options,
		   struct ev_err *err)
{
	for (size_t i = 0; i < options->function_count; i++) {
		const struct ev_trace_function *function = &options->functions[i];
		trace->costs[ev_trace_cost_of(function)].used = true;
		trace->measured[ev_trace_cost_of(function)] = true;
		trace->measured[cheap_like(function)] = true;
		trace->measured[EV_TRACE_COST_STUB] |= begins_with_jump(function);
	}
	trace->measured[EV_TRACE_COST_LEFT] = NEXT_IS_KNOWN;
	int rc = ev_trace_measure_costs(trace, err);
	for (size_t i = 0; i < options->function_count && !rc; i++)
		add_function(trace, &options->functions[i], TRACE_FIRST + i);
	for (size_t i = 0; i < options->leaver_count && !rc; i++)
		add_site(trace, options->leavers[i].path, options->leavers[i].offset, 0,
			 TRACE_PROBE_LEAVING);
	return rc;
}

static int begin(struct ev_trace *trace, const struct ev_watch_target *target, struct ev_err *err)
{
	int rc = 0;
	if (trace->singly) /* a link and an event for each */
		rc = ev_descriptors_need(&trace->descriptors, 2 * trace->sites.count, err);
	if (!rc)
		rc = ev_trace_put(trace, 0, err);
	if (!rc)
		rc = ev_watched_begin(trace->programs->obj, target, err);
	for (size_t i = TRACE_FIRST; i < trace->function_count && !rc; i++)
		if (!trace->watches[i].refused)
			__atomic_store_n(&trace->functions[i].generation, 1, __ATOMIC_SEQ_CST);
	trace->look_ns = ev_now_ns();
	return rc;
}

static struct ev_trace *start(const struct ev_trace_options *options, bool singly)
{
	struct ev_trace *trace = ev_alloc(sizeof(*trace));
	trace->singly = singly;
	trace->rate_limit = options->rate_limit;
	trace->function_count = TRACE_FIRST + options->function_count;
	trace->watches = ev_alloc(trace->function_count * sizeof(*trace->watches));
	return trace;
}

int ev_trace_open(struct ev_trace **trace, const struct ev_trace_options *options,
		  const struct ev_watch_target *target, struct ev_err *err)
{
	char absence[256];
	int rc = 0;
	*trace = NULL;
	if (ev_bpf_absence(absence, sizeof(absence)))
		return ev_fail(err, EPERM, "BPF programs cannot be used: %s", absence);
	libbpf_set_print(NULL); /* it would speak to the user itself */
	/* What the kernel can't do at once is tried one by one. */
	for (int singly = options->singly; singly < 2; singly++) {
		*trace = start(options, singly);
		rc = open_programs(*trace, target, err);
		if (!rc)
			rc = prepare(*trace, options, err);
		if (!rc)
			break;
		ev_trace_close(*trace);
		*trace = NULL;
	}
	if (!rc)
		rc = begin(*trace, target, err);
	if (rc) {
		ev_trace_close(*trace);
		*trace = NULL;
	}
	return rc;
}

/* ---- meanwhile --------------------------------------------------------------------------------
 */

void ev_trace_look(struct ev_trace *trace)
{
	uint64_t now = ev_now_ns(), time_ns = now - trace->look_ns;
	bool *gone = NULL;
	if (time_ns < LOOK_NS)
		return;
	for (size_t i = TRACE_FIRST; i < trace->function_count; i++) {
		struct trace_watch *watch = &trace->watches[i];
		const struct trace_function *function = &trace->functions[i];
		uint64_t calls = __atomic_load_n(&function->calls, __ATOMIC_SEQ_CST);
		uint64_t hot = ev_trace_is_hot(calls - watch->calls, time_ns,
					       (double)(function->inside_ns + function->outside_ns),
					       trace->rate_limit);
		watch->calls = calls;
		if (!hot || watch->let_go_per_second)
			continue;
		watch->let_go_per_second = hot;
		if (!gone)
			gone = ev_alloc(trace->function_count);
		gone[i] = true;
	}
	if (gone)
		ev_trace_take(trace, gone);
	free(gone);
	trace->look_ns = ev_now_ns();
}

void ev_trace_stop(struct ev_trace *trace)
{
	for (size_t i = TRACE_FIRST; i < trace->function_count; i++)
		__atomic_store_n(&trace->functions[i].generation, 0, __ATOMIC_SEQ_CST);
	ev_trace_take_all(trace);
}

/* ---- reading ----------------------------------------------------------------------------------
 */

static void read_sums(const struct ev_trace *trace, size_t number, struct ev_trace_sums *out)
{
	const struct trace_function *function = &trace->functions[number];
	*out = (struct ev_trace_sums){
		.calls = function->calls,
		.primitive_calls = function->primitive_calls,
		.ended = function->ended,
		.left = function->left,
		.jumped = function->jumped,
		.unfinished = function->unfinished,
		.too_deep = function->too_deep,
		.own_ns = function->own_ns,
		.total_ns = function->total_ns,
		/* One more than it is, so that 0 says that there is none. */
		.shortest_ns = function->shortest_ns ? function->shortest_ns - 1 : 0,
		.longest_ns = function->longest_ns,
		.let_go_per_second = trace->watches[number].let_go_per_second,
		.refused = trace->watches[number].refused,
	};
	memcpy(out->histogram, function->histogram, sizeof(out->histogram));
}

static int read_edges(const struct ev_trace *trace, struct ev_trace_result *result,
		      struct ev_err *err)
{
	int map = bpf_map__fd(trace->programs->maps.edges), rc;
	struct trace_edge_key key, last, *from = NULL;
	struct trace_edge edge;
	size_t room = 0;
	while (!(rc = bpf_map_get_next_key(map, from, &key))) {
		last = key;
		from = &last;
		if (bpf_map_lookup_elem(map, &key, &edge) || key.callee < TRACE_FIRST ||
		    key.callee >= trace->function_count || key.caller >= trace->function_count)
			continue;
		struct ev_trace_edge *out =
			ev_array_grow((void **)&result->edges, &result->edge_count, &room,
				      sizeof(*result->edges));
		*out = (struct ev_trace_edge){
			.caller = key.caller < TRACE_FIRST ? 0 : key.caller - TRACE_FIRST + 1,
			.callee = key.callee - TRACE_FIRST + 1,
			.calls = edge.calls,
			.primitive_calls = edge.primitive_calls,
			.own_ns = edge.own_ns,
			.total_ns = edge.total_ns,
		};
	}
	return rc == -ENOENT
		       ? 0
		       : ev_fail(err, -rc, "cannot read the table of callers: %s", strerror(-rc));
}

int ev_trace_read(struct ev_trace *trace, struct ev_trace_result *result, struct ev_err *err)
{
	const struct trace_trouble *trouble = &trace->programs->bss->trouble;
	size_t count = trace->function_count - TRACE_FIRST;
	*result = (struct ev_trace_result){
		.functions = ev_alloc((count + 1) * sizeof(*result->functions)),
		.no_room = trouble->no_room,
		.no_edge = trouble->no_edge,
		.unsettled = trouble->unsettled,
		.children_missed = trace->programs->bss->children_missed,
	};
	for (size_t i = 0; i < count; i++)
		read_sums(trace, TRACE_FIRST + i, &result->functions[i]);
	memcpy(result->costs, trace->costs, sizeof(result->costs));
	int rc = read_edges(trace, result, err);
	if (rc)
		ev_trace_result_done(result);
	return rc;
}

void ev_trace_close(struct ev_trace *trace)
{
	if (!trace)
		return;
	ev_trace_take_all(trace);
	close_programs(trace);
	ev_descriptors_restore(&trace->descriptors);
	ev_array_done(&trace->sites);
	free(trace->watches);
	free(trace);
}

#else

int ev_trace_open(struct ev_trace **trace, const struct ev_trace_options *options,
		  const struct ev_watch_target *target, struct ev_err *err)
{
	char absence[256];
	(void)options, (void)target;
	*trace = NULL;
	return ev_fail(err, ENOSYS, "BPF programs cannot be used: %s",
		       ev_bpf_absence(absence, sizeof(absence)));
}

void ev_trace_look(struct ev_trace *trace)
{
	(void)trace;
}

void ev_trace_stop(struct ev_trace *trace)
{
	(void)trace;
}

int ev_trace_read(struct ev_trace *trace, struct ev_trace_result *result, struct ev_err *err)
{
	(void)trace;
	*result = (struct ev_trace_result){ 0 };
	return ev_fail(err, ENOSYS, "BPF programs cannot be used");
}

void ev_trace_close(struct ev_trace *trace)
{
	(void)trace;
}

#endif
