/* Ends of stacks: an address and a mapping for each cause, and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <linux/perf_event.h>
#include <evprof/symbol_unwind.h>

static struct ev_space_set *set;

static int prepare(void **state)
{
	(void)state;
	struct ev_record record = {
		.type = PERF_RECORD_MMAP2,
		.misc = PERF_RECORD_MISC_USER,
		.mmap = { .pid = 7,
			  .start = 0x1000,
			  .length = 0x1000,
			  .executable = true,
			  .path = "/usr/lib/libfoo.so" },
	};
	set = ev_space_set_open();
	ev_space_set_add(set, &record);
	record.mmap.start = 0x4000;
	record.mmap.path = "//anon";
	ev_space_set_add(set, &record);
	ev_space_set_ready(set);
	return 0;
}

static int tidy(void **state)
{
	(void)state;
	ev_space_set_close(set);
	return 0;
}

static uint32_t object_at(uint64_t address)
{
	struct ev_space_cache *cache = calloc(1, sizeof(*cache));
	uint32_t object = ev_space_find(set, cache, 7, 0, address, PERF_RECORD_MISC_USER).object;
	free(cache);
	return object;
}

static struct ev_stack_end end_of(enum ev_unwound_end why, uint32_t object, uint64_t bytes)
{
	struct ev_stack_ends *ends = ev_stack_ends_open(set);
	struct ev_unwound how = { .end = why, .object = object };
	struct ev_stack_end end = ev_stack_end_of(ends, &how, bytes);
	ev_stack_ends_close(ends);
	return end;
}

/* The name that readers of a recording find at an end's address. */
static void is_called(struct ev_stack_end end, const char *name)
{
	struct ev_arena arena = { 0 };
	struct ev_record mapping;
	struct ev_space_cache *cache = calloc(1, sizeof(*cache));
	uint64_t address = ev_stack_end_address(end);
	assert_int_equal(ev_stack_end_at(address), end.end);
	assert_true(address < (uint64_t)PERF_CONTEXT_MAX);
	ev_stack_end_mapping(&mapping, set, end, &arena);
	assert_string_equal(mapping.mmap.path, name);
	ev_space_set_add(set, &mapping);
	ev_space_set_ready(set);
	struct ev_place place = ev_space_find(set, cache, 99, 5, address, PERF_RECORD_MISC_KERNEL);
	const struct ev_object *object = ev_space_set_object(set, place.object);
	assert_int_equal(object->kind, EV_OBJECT_END);
	assert_string_equal(object->name, name);
	struct ev_symbolizer_options options = { .no_local_files = true };
	struct ev_symbolizer *symbolizer = ev_symbolizer_open(set, NULL, &options);
	struct ev_symbol symbol;
	assert_int_equal(ev_symbolize(symbolizer, place, 0, &symbol, 1), 1);
	assert_string_equal(symbol.function, name);
	ev_symbolizer_close(symbolizer);
	ev_arena_done(&arena);
	free(cache);
}

static void every_cause_has_a_name_that_is_found_in_every_process(void **state)
{
	(void)state;
	is_called(end_of(EV_UNWOUND_TRUNCATED, 0, 16384), "[truncated at 16 KiB]");
	is_called(end_of(EV_UNWOUND_TRUNCATED, 0, 8192), "[truncated at 8 KiB]");
	is_called(end_of(EV_UNWOUND_TRUNCATED, 0, 512), "[truncated at 512 bytes]");
	/* What the kernel makes of 65528. */
	is_called(end_of(EV_UNWOUND_TRUNCATED, 0, 65424), "[truncated at 64 KiB]");
	is_called(end_of(EV_UNWOUND_NO_CFI, object_at(0x1000), 8192), "[no CFI: libfoo.so]");
	is_called(end_of(EV_UNWOUND_NO_OBJECT, object_at(0x4000), 8192), "[JIT without map]");
	is_called(end_of(EV_UNWOUND_NO_OBJECT, 0, 8192), "[unknown code]");
	is_called(end_of(EV_UNWOUND_TOO_DEEP, 0, 8192), "[more frames than are kept]");
	is_called(end_of(EV_UNWOUND_BROKEN, 0, 8192), "[broken stack]");
	is_called(end_of(EV_UNWOUND_OTHER_STACK, 0, 8192), "[other stack, not copied]");
}

static void a_complete_stack_has_no_end(void **state)
{
	(void)state;
	assert_int_equal(ev_stack_end_address(end_of(EV_UNWOUND_COMPLETE, 0, 8192)), 0);
	assert_int_equal(ev_stack_end_address(end_of(EV_UNWOUND_NO_REGISTERS, 0, 8192)), 0);
	static const uint64_t others[] = { 0,
					   0x401000,
					   0xffffffff81000000,
					   0xffffffffffdfffff,
					   (uint64_t)PERF_CONTEXT_USER,
					   UINT64_MAX };
	for (size_t i = 0; i < EV_LENGTH(others); i++)
		assert_int_equal(ev_stack_end_at(others[i]), EV_UNWOUND_COMPLETE);
}

static void more_objects_than_can_be_told_apart_are_told_together(void **state)
{
	(void)state;
	struct ev_stack_end last = { EV_UNWOUND_NO_CFI, UINT32_MAX };
	struct ev_stack_end other = { EV_UNWOUND_NO_CFI, 5000 };
	assert_int_equal(ev_stack_end_address(last), ev_stack_end_address(other));
	is_called(last, "[no CFI]");
}

static void an_end_stands_behind_the_chain_where_there_is_room(void **state)
{
	(void)state;
	struct ev_stack_ends *ends = ev_stack_ends_open(set);
	struct ev_sample sample = { .user_stack_bytes = 8192, .user_stack_asked_bytes = 8192 };
	struct ev_unwound how = { .end = EV_UNWOUND_TRUNCATED };
	struct ev_stack_end end;
	uint64_t chain[4] = { (uint64_t)PERF_CONTEXT_USER, 0x1010 };
	assert_int_equal(ev_stack_end_add(ends, &sample, &how, chain, 2, 4, &end), 4);
	assert_int_equal(chain[2], (uint64_t)PERF_CONTEXT_KERNEL);
	assert_int_equal(ev_stack_end_at(chain[3]), EV_UNWOUND_TRUNCATED);
	assert_int_equal(ev_stack_end_add(ends, &sample, &how, chain, 3, 4, &end), 3);
	how.end = EV_UNWOUND_COMPLETE;
	assert_int_equal(ev_stack_end_add(ends, &sample, &how, chain, 2, 4, &end), 2);
	ev_stack_ends_close(ends);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, tidy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_cause_has_a_name_that_is_found_in_every_process),
		TEST(a_complete_stack_has_no_end),
		TEST(more_objects_than_can_be_told_apart_are_told_together),
		TEST(an_end_stands_behind_the_chain_where_there_is_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
