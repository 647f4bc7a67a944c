/* Hardware breakpoints. */
#include <errno.h>
#include <linux/hw_breakpoint.h>
#include "tree.h"

static void addresses_lengths_and_accesses_are_read(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint64_t address, length;
		uint32_t type;
		const char *resolved;
	} known[] = {
		{ "mem:0x1000", 0x1000, 4, HW_BREAKPOINT_RW, "mem:0x1000/4:rw" },
		{ "mem:4096:w", 0x1000, 4, HW_BREAKPOINT_W, "mem:0x1000/4:w" },
		{ "mem:0x1000:x", 0x1000, sizeof(long), HW_BREAKPOINT_X, NULL },
		{ "mem:0x1000/8:rw", 0x1000, 8, HW_BREAKPOINT_RW, "mem:0x1000/8:rw" },
		{ "MEM:0xffffffffffffffff/1:wr:u", UINT64_MAX, 1, HW_BREAKPOINT_RW,
		  "mem:0xffffffffffffffff/1:rw" },
	};
	for (size_t i = 0; i < EV_LENGTH(known); i++) {
		struct ev_event_list list = parsed("/nowhere", known[i].text);
		const struct ev_event *event = list.items;
		assert_int_equal(event->attr.type, PERF_TYPE_BREAKPOINT);
		assert_int_equal(event->attr.bp_addr, known[i].address);
		assert_int_equal(event->attr.bp_len, known[i].length);
		assert_int_equal(event->attr.bp_type, known[i].type);
		assert_int_equal(event->attr.sample_period, 1);
		assert_true(event->fixed & EV_NATURAL_PERIOD);
		if (known[i].resolved)
			assert_string_equal(event->resolved, known[i].resolved);
		ev_event_list_done(&list);
	}
}

static void modifiers_may_follow_the_address_or_the_access(void **state)
{
	(void)state;
	struct ev_event_list list = parsed("/nowhere", "mem:0x10:u,mem:0x10:rw:uk,mem:0x10/2:k,cs");
	assert_int_equal(list.count, 4);
	assert_true(list.items[0].attr.exclude_kernel);
	assert_int_equal(list.items[0].attr.bp_type, HW_BREAKPOINT_RW);
	assert_true(list.items[1].attr.exclude_hv && !list.items[1].attr.exclude_kernel);
	assert_true(list.items[2].attr.exclude_user);
	assert_int_equal(list.items[2].attr.bp_len, 2);
	ev_event_list_done(&list);
}

static void what_is_no_breakpoint_is_refused(void **state)
{
	(void)state;
	static const char *const refusals[][2] = {
		{ "mem:", "needs an address" },
		{ "mem:main", "needs an address" },
		{ "mem:/4", "needs an address" },
		{ "mem:0x10/", "1 to 8 bytes" },
		{ "mem:0x10/0", "1 to 8 bytes" },
		{ "mem:0x10/9", "1 to 8 bytes" },
		{ "mem:0x10:", "is missing" },
		{ "mem:0x10:rr", "twice" },
		{ "mem:0x10:rz", "not 'z'" },
		{ "mem:0x10:rw:q", "unknown modifier 'q'" },
		{ "mem:0x10:rw:", "modifiers are missing" },
		{ "mem:0x10::u", "is missing" },
	};
	for (size_t i = 0; i < EV_LENGTH(refusals); i++)
		refused_with("/nowhere", refusals[i][0], -EINVAL, refusals[i][1]);
}

/* Debug registers of x86 have a few lengths, aligned addresses and no way to see reads alone. */
static void what_the_cpu_cannot_watch_is_refused_under_a_caret(void **state)
{
	(void)state;
#if defined(__x86_64__)
	static const char *const refusals[][2] = {
		{ "mem:0x1000/3", "1, 2, 4 or 8 bytes\nmem:0x1000/3\n           ^" },
		{ "mem:0x1000/7:w", "1, 2, 4 or 8 bytes" },
		{ "mem:0x1001/4", "no multiple of the 4 bytes" },
		{ "mem:0x1002", "no multiple of the 4 bytes" },
		{ "mem:0x1000:r", "watch reads and writes" },
		{ "mem:0x1000:wx", "not both" },
		{ "mem:0x1000/4:x", "leave the length out" },
	};
	for (size_t i = 0; i < EV_LENGTH(refusals); i++)
		refused_with("/nowhere", refusals[i][0], -EINVAL, refusals[i][1]);
	struct ev_event_list list = parsed("/nowhere", "mem:0x1001:x,mem:0x1001/1:w");
	assert_int_equal(list.count, 2);
	ev_event_list_done(&list);
#else
	skip();
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_lengths_and_accesses_are_read),
		cmocka_unit_test(modifiers_may_follow_the_address_or_the_access),
		cmocka_unit_test(what_is_no_breakpoint_is_refused),
		cmocka_unit_test(what_the_cpu_cannot_watch_is_refused_under_a_caret),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
