/* Markers inside call chains. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <evprof/perfdata.h>

static void every_marker_of_the_kernel_has_its_mode(void **state)
{
	(void)state;
	static const struct {
		int64_t marker;
		uint16_t mode;
	} known[] = {
		{ -32, PERF_RECORD_MISC_HYPERVISOR },   { -128, PERF_RECORD_MISC_KERNEL },
		{ -512, PERF_RECORD_MISC_USER },        { -2176, PERF_RECORD_MISC_GUEST_KERNEL },
		{ -2560, PERF_RECORD_MISC_GUEST_USER },
	};
	for (size_t i = 0; i < EV_LENGTH(known); i++)
		assert_int_equal(ev_context_cpumode((uint64_t)known[i].marker), known[i].mode);
}

static void what_is_no_known_marker_has_none(void **state)
{
	(void)state;
	assert_int_equal(ev_context_cpumode(EV_CONTEXT_USER_DEFERRED), 0);
	assert_int_equal(ev_context_cpumode((uint64_t)-4095), 0);
	assert_int_equal(ev_context_cpumode(0x401000), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_marker_of_the_kernel_has_its_mode),
		cmocka_unit_test(what_is_no_known_marker_has_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
