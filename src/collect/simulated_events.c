/* Which generic events the simulation has, as sums of what callgrind counts. Adding one is adding a
 * row. */
#include <errno.h>
#include <string.h>
#include <evprof/collect.h>

/* "sim", and the generic type in the low byte: a number no kernel gives to a PMU. */
#define SIMULATED_TYPE 0x73696d00u

#define HARDWARE(name) PERF_TYPE_HARDWARE, PERF_COUNT_HW_##name
#define CACHE(cache, op, result)                                                                   \
	PERF_TYPE_HW_CACHE, PERF_COUNT_HW_CACHE_##cache | PERF_COUNT_HW_CACHE_OP_##op << 8 |       \
				    PERF_COUNT_HW_CACHE_RESULT_##result << 16
#define COST(cost) (1u << EV_COST_##cost)

/* clang-format off */
const struct ev_simulated_event ev_simulated_events[] = {
	{ "instructions", HARDWARE(INSTRUCTIONS), COST(IR), "instructions executed" },
	{ "branches", HARDWARE(BRANCH_INSTRUCTIONS), COST(BC) | COST(BI),
	  "conditional and indirect branches; plain jumps and calls are not counted" },
	{ "branch-misses", HARDWARE(BRANCH_MISSES), COST(BCM) | COST(BIM),
	  "of those, the ones that callgrind's simple predictor guessed wrong" },
	{ "cache-references", HARDWARE(CACHE_REFERENCES), COST(I1MR) | COST(D1MR) | COST(D1MW),
	  "accesses that the first level did not hold" },
	{ "cache-misses", HARDWARE(CACHE_MISSES), COST(ILMR) | COST(DLMR) | COST(DLMW),
	  "accesses that no level held" },
	{ "L1-dcache-loads", CACHE(L1D, READ, ACCESS), COST(DR), "reads of data" },
	{ "L1-dcache-load-misses", CACHE(L1D, READ, MISS), COST(D1MR),
	  "reads of data that the first level did not hold" },
	{ "L1-dcache-stores", CACHE(L1D, WRITE, ACCESS), COST(DW), "writes of data" },
	{ "L1-dcache-store-misses", CACHE(L1D, WRITE, MISS), COST(D1MW),
	  "writes of data that the first level did not hold" },
	{ "L1-icache-loads", CACHE(L1I, READ, ACCESS), COST(IR), "one for each instruction" },
	{ "L1-icache-load-misses", CACHE(L1I, READ, MISS), COST(I1MR),
	  "instructions that the first level did not hold" },
	{ "LLC-loads", CACHE(LL, READ, ACCESS), COST(D1MR),
	  "reads of data that went on to the last level" },
	{ "LLC-load-misses", CACHE(LL, READ, MISS), COST(DLMR),
	  "reads of data that no level held" },
	{ "LLC-stores", CACHE(LL, WRITE, ACCESS), COST(D1MW),
	  "writes of data that went on to the last level" },
	{ "LLC-store-misses", CACHE(LL, WRITE, MISS), COST(DLMW),
	  "writes of data that no level held" },
};
/* clang-format on */
const size_t ev_simulated_event_count = EV_LENGTH(ev_simulated_events);

const struct ev_simulated_event *ev_simulated_event_of(const struct ev_event *event)
{
	const struct perf_event_attr *attr = &event->attr;
	uint64_t config = attr->config & UINT32_MAX; /* above: a PMU of a hybrid CPU */
	if (event->kind != EV_EVENT_KERNEL || attr->exclude_user)
		return NULL;
	for (size_t i = 0; i < ev_simulated_event_count; i++)
		if (ev_simulated_events[i].type == attr->type &&
		    ev_simulated_events[i].config == config)
			return &ev_simulated_events[i];
	return NULL;
}

static const char *why_not(const struct ev_event *event)
{
	const struct perf_event_attr *attr = &event->attr;
	if (event->kind == EV_EVENT_KERNEL && attr->exclude_user)
		return "the simulation runs the program's own code only, not the kernel's";
	if (event->kind == EV_EVENT_TOOL || event->probe || attr->type == PERF_TYPE_SOFTWARE ||
	    attr->type == PERF_TYPE_TRACEPOINT)
		return "it would be measured of the simulator, not of the program; measure it "
		       "without --simulate";
	if (attr->type == PERF_TYPE_HARDWARE && attr->config == PERF_COUNT_HW_CPU_CYCLES)
		return "the model knows no time";
	return "the model has nothing like it";
}

int ev_simulated_refuse(const struct ev_event *event, struct ev_err *err)
{
	struct ev_buffer names = { 0 };
	for (size_t i = 0; i < ev_simulated_event_count; i++)
		ev_buffer_printf(&names, "%s%s", i ? ", " : "", ev_simulated_events[i].name);
	int rc =
		ev_fail(err, EOPNOTSUPP, "%s cannot be simulated: %s. These can: %.*s", event->name,
			why_not(event), (int)names.size_bytes, (const char *)names.bytes);
	ev_buffer_done(&names);
	return rc;
}

const char *ev_simulated_name(const struct ev_simulated_event *event, struct ev_arena *arena)
{
	return ev_arena_printf(arena, "simulated/%s/", event->name);
}

void ev_simulated_attr(const struct ev_simulated_event *event, struct perf_event_attr *attr)
{
	*attr = (struct perf_event_attr){
		.type = SIMULATED_TYPE + event->type,
		.size = sizeof(*attr),
		.config = event->config,
		.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID |
			       PERF_SAMPLE_PERIOD,
		.read_format = PERF_FORMAT_ID,
		.sample_period = 1,
		.exclude_kernel = 1,
		.exclude_hv = 1,
		.inherit = 1,
		.mmap = 1,
		.mmap2 = 1,
		.comm = 1,
		.task = 1,
		.sample_id_all = 1,
	};
}

/* One row of counts for all tasks together: readers tell by it what each sample added. */
void ev_simulated_attr_read(const struct ev_simulated_event *event, struct perf_event_attr *attr)
{
	ev_simulated_attr(event, attr);
	attr->sample_type |= PERF_SAMPLE_READ;
	attr->read_format |= PERF_FORMAT_GROUP;
	attr->inherit = 0;
	attr->enable_on_exec = 1; /* the first sample counts from 0 */
}
