/* What threads wait for: an address and a mapping for each, and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <linux/perf_event.h>
#include <evprof/symbol_unwind.h>

static void every_state_has_an_address_of_its_own(void **state)
{
	(void)state;
	for (enum ev_wait_state s = 0; s < EV_STATE_COUNT; s++) {
		uint64_t address = ev_wait_state_address(s);
		assert_true(ev_wait_state_is(address));
		assert_int_equal(ev_wait_state_at(address), s);
		assert_int_equal(ev_stack_end_at(address), EV_UNWOUND_COMPLETE);
		assert_true(address < (uint64_t)PERF_CONTEXT_MAX);
	}
}

static void an_address_of_code_is_no_state(void **state)
{
	(void)state;
	struct ev_stack_end end = { EV_UNWOUND_END_COUNT - 1, 1023 };
	assert_false(ev_wait_state_is(0));
	assert_false(ev_wait_state_is(0x401000));
	assert_false(ev_wait_state_is((uint64_t)PERF_CONTEXT_USER));
	assert_false(ev_wait_state_is(ev_stack_end_address(end)));
	assert_int_equal(ev_wait_state_at(0x401000), EV_STATE_RUNNING);
}

static void a_mapping_names_the_frame_for_every_process(void **state)
{
	(void)state;
	struct ev_space_set *set = ev_space_set_open();
	struct ev_space_cache cache = { 0 };
	struct ev_record mapping;
	for (enum ev_wait_state s = 0; s < EV_STATE_COUNT; s++) {
		ev_wait_state_mapping(&mapping, s);
		ev_space_set_add(set, &mapping);
	}
	ev_space_set_ready(set);
	struct ev_place place =
		ev_space_find(set, &cache, 4711, 10, ev_wait_state_address(EV_STATE_LOCK),
			      PERF_RECORD_MISC_KERNEL);
	const struct ev_object *object = ev_space_set_object(set, place.object);
	assert_string_equal(object->name, "[waiting: lock]");
	assert_int_equal(object->kind, EV_OBJECT_END);
	struct ev_symbolizer_options options = { 0 };
	struct ev_symbolizer *symbolizer = ev_symbolizer_open(set, NULL, &options);
	struct ev_symbol symbol;
	assert_int_equal(ev_symbolize(symbolizer, place, 0, &symbol, 1), 1);
	assert_string_equal(symbol.function, "[waiting: lock]");
	ev_symbolizer_close(symbolizer);
	ev_space_set_close(set);
}

static void words_are_those_that_reports_sort_by(void **state)
{
	(void)state;
	assert_string_equal(ev_wait_state_word(EV_STATE_FAULT), "page-fault");
	assert_string_equal(ev_wait_state_word(EV_STATE_RUNNING), "running");
	assert_string_equal(ev_wait_state_word((enum ev_wait_state)999), "other");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_has_an_address_of_its_own),
		cmocka_unit_test(an_address_of_code_is_no_state),
		cmocka_unit_test(a_mapping_names_the_frame_for_every_process),
		cmocka_unit_test(words_are_those_that_reports_sort_by),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
