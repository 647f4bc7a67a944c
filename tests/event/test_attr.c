/* Names for attrs that come without one. */
#include <linux/hw_breakpoint.h>
#include "tree.h"

static void attrs_are_named(void **state)
{
	(void)state;
	static const struct {
		struct perf_event_attr attr;
		const char *name;
	} named[] = {
		{ { .type = PERF_TYPE_HARDWARE }, "cycles" },
		{ { .type = PERF_TYPE_HARDWARE, .config = UINT64_C(10) << 32 | 1 },
		  "instructions" },
		{ { .type = PERF_TYPE_HARDWARE, .config = 99 }, "type 0 config 0x63" },
		{ { .type = PERF_TYPE_SOFTWARE, .config = 2 }, "page-faults" },
		{ { .type = PERF_TYPE_SOFTWARE, .config = 99 }, "type 1 config 0x63" },
		{ { .type = PERF_TYPE_HW_CACHE, .config = 0x10002 }, "LLC-load-misses" },
		{ { .type = PERF_TYPE_HW_CACHE, .config = UINT64_C(4) << 32 }, "L1-dcache-loads" },
		{ { .type = PERF_TYPE_HW_CACHE, .config = 0xff }, "type 3 config 0xff" },
		{ { .type = PERF_TYPE_RAW, .config = 0x1c2 }, "raw 0x1c2" },
		{ { .type = PERF_TYPE_TRACEPOINT, .config = 372 }, "tracepoint 372" },
		{ { .type = PERF_TYPE_BREAKPOINT,
		    .bp_addr = 0x10,
		    .bp_len = 4,
		    .bp_type = HW_BREAKPOINT_RW },
		  "mem:0x10/4:rw" },
		{ { .type = 9, .config = 3 }, "type 9 config 0x3" },
		{ { .type = UINT32_MAX, .config = UINT64_MAX },
		  "type 4294967295 config 0xffffffffffffffff" },
	};
	char out[64];
	for (size_t i = 0; i < EV_LENGTH(named); i++)
		assert_string_equal(ev_event_attr_name(&named[i].attr, out, sizeof(out)),
				    named[i].name);
}

static void hardware_is_what_only_a_pmu_counts(void **state)
{
	(void)state;
	static const bool expected[] = {
		[PERF_TYPE_HARDWARE] = true,    [PERF_TYPE_SOFTWARE] = false,
		[PERF_TYPE_TRACEPOINT] = false, [PERF_TYPE_HW_CACHE] = true,
		[PERF_TYPE_RAW] = true,         [PERF_TYPE_BREAKPOINT] = false
	};
	for (uint32_t type = 0; type < EV_LENGTH(expected); type++) {
		struct perf_event_attr attr = { .type = type };
		assert_int_equal(ev_event_is_hardware(&attr), expected[type]);
	}
	struct perf_event_attr attr = { .type = UINT32_MAX };
	assert_false(ev_event_is_hardware(&attr));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attrs_are_named),
		cmocka_unit_test(hardware_is_what_only_a_pmu_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
