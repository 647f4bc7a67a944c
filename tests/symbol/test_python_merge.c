/* Python's functions stand where the interpreter ran them, and everything else stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <evprof/symbol.h>
#include <evprof/symbol_python.h>

#define KERNEL ((uint64_t)PERF_CONTEXT_KERNEL)
#define USER ((uint64_t)PERF_CONTEXT_USER)
#define ENTRY EV_PYTHON_STACK_ENTRY
enum {
	EVAL = 0x1000,
	EVAL_END = 0x2000,
	LEADS = 0x3000,
	LEADS_END = 0x3100,
	PART = 0x4000,
	PART_END = 0x5000
};
enum { F = 0x100001, G, H, I };

static const struct ev_python_range ranges[] = {
	{ .start = EVAL, .end = EVAL_END, .evaluates = true },
	{ .start = LEADS, .end = LEADS_END },
	{ .start = PART, .end = PART_END, .evaluates = true, .part = true },
};
static uint64_t out[64];
static struct ev_python_merged how;

static struct ev_python_stack stack_of(const uint64_t *frames, size_t count)
{
	return (struct ev_python_stack){ .frames = frames,
					 .count = count,
					 .complete = true,
					 .ranges = ranges,
					 .range_count = EV_LENGTH(ranges) };
}

#define MERGE(stack, chain) ev_python_merge(&(stack), chain, EV_LENGTH(chain), out, 64, &how)
#define EXPECT(count, ...)                                                                         \
	do {                                                                                       \
		const uint64_t wanted[] = { __VA_ARGS__ };                                         \
		assert_int_equal(count, EV_LENGTH(wanted));                                        \
		assert_memory_equal(out, wanted, sizeof(wanted));                                  \
	} while (0)

static void each_call_of_the_interpreter_becomes_what_it_runs(void **state)
{
	(void)state;
	const uint64_t frames[] = { F, G | ENTRY, H | ENTRY };
	struct ev_python_stack stack = stack_of(frames, 3);
	/* A callback: f is called by g, g by C code, that by h. */
	const uint64_t chain[] = { KERNEL, 7, USER, 0x9000, EVAL + 5, 0x8000, EVAL + 9, 0x7000 };
	EXPECT(MERGE(stack, chain), KERNEL, 7, USER, 0x9000, F, G, 0x8000, H, 0x7000);
	assert_int_equal(how.placed, 3);
	assert_int_equal(how.behind, 0);
}

static void what_leads_from_python_to_python_is_left_out(void **state)
{
	(void)state;
	const uint64_t frames[] = { F | ENTRY, G | ENTRY };
	struct ev_python_stack stack = stack_of(frames, 2);
	const uint64_t chain[] = {
		USER, EVAL + 5, LEADS + 1, LEADS + 2, EVAL + 9, 0x7000, LEADS + 3
	};
	/* But not where it leads elsewhere. */
	EXPECT(MERGE(stack, chain), USER, F, G, 0x7000, LEADS + 3);
}

static bool is_trampoline(void *context, uint64_t address)
{
	(void)context;
	return address >= 0x6000 && address < 0x7000;
}

static void generated_code_before_the_interpreter_is_python_s_own(void **state)
{
	(void)state;
	const uint64_t frames[] = { F | ENTRY, G | ENTRY };
	struct ev_python_stack stack = stack_of(frames, 2);
	const uint64_t chain[] = { USER, 0x6100, EVAL + 5, 0x6200, EVAL + 9, 0x8000, 0x6300 };
	stack.generated = is_trampoline;
	EXPECT(MERGE(stack, chain), USER, 0x6100, F, G, 0x8000, 0x6300);
}

/* The main function has called a part, which jumped to the next one. */
static void an_interpreter_of_many_functions_is_one(void **state)
{
	(void)state;
	const uint64_t frames[] = { F, G | ENTRY, H | ENTRY };
	struct ev_python_stack stack = stack_of(frames, 3);
	const uint64_t chain[] = { USER,     PART + 5, EVAL + 9,  0x8000,
				   PART + 7, EVAL + 9, LEADS + 3, 0x7000 };
	EXPECT(MERGE(stack, chain), USER, F, G, 0x8000, H, 0x7000);
	assert_int_equal(how.behind, 0);
	/* One call more than there are frames. */
	const uint64_t begun[] = { USER,     PART + 5, EVAL + 9, 0x8000,   PART + 7,
				   EVAL + 9, 0x8000,   PART + 7, EVAL + 9, 0x7000 };
	EXPECT(MERGE(stack, begun), USER, PART + 5, EVAL + 9, 0x8000, F, G, 0x8000, H, 0x7000);
	uint64_t address = 0;
	assert_true(ev_python_place(&stack, PART + 4, &address));
	assert_int_equal(address, F);
}

static void a_return_address_is_behind_its_call(void **state)
{
	(void)state;
	const uint64_t frames[] = { F | ENTRY };
	struct ev_python_stack stack = stack_of(frames, 1);
	const uint64_t last[] = { USER, 0x9000, EVAL_END, 0x7000 };
	EXPECT(MERGE(stack, last), USER, 0x9000, F, 0x7000);
	/* The innermost is where it is. */
	const uint64_t behind[] = { USER, EVAL_END, 0x7000 };
	EXPECT(MERGE(stack, behind), USER, EVAL_END, 0x7000, F);
	assert_int_equal(how.behind, 1);
}

static void calls_that_run_none_have_a_place_of_their_own(void **state)
{
	(void)state;
	const uint64_t frames[] = { ENTRY, F, ENTRY };
	struct ev_python_stack stack = stack_of(frames, 3);
	const uint64_t chain[] = { USER, EVAL + 1, 0x8000, EVAL + 2, 0x7000 };
	EXPECT(MERGE(stack, chain), USER, 0x8000, F, 0x7000);
}

static void a_call_that_has_just_begun_stays(void **state)
{
	(void)state;
	const uint64_t frames[] = { F | ENTRY };
	struct ev_python_stack stack = stack_of(frames, 1);
	const uint64_t chain[] = { USER, EVAL + 1, 0x8000, EVAL + 2, 0x7000 };
	EXPECT(MERGE(stack, chain), USER, EVAL + 1, 0x8000, F, 0x7000);
	/* Unless outer frames are missing: then it is not known which one it is. */
	stack.complete = false;
	EXPECT(MERGE(stack, chain), USER, F, 0x8000, EVAL + 2, 0x7000);
}

static void frames_beyond_a_stack_that_ends_early_stand_before_its_end(void **state)
{
	(void)state;
	const uint64_t frames[] = { F | ENTRY, G | ENTRY, H | ENTRY };
	struct ev_python_stack stack = stack_of(frames, 3);
	const uint64_t chain[] = { USER, EVAL + 1, 0x8000, KERNEL, 0x5555 };
	EXPECT(MERGE(stack, chain), USER, F, 0x8000, G, H, KERNEL, 0x5555);
	assert_int_equal(how.behind, 2);
	const uint64_t none[] = { KERNEL, 7 };
	EXPECT(MERGE(stack, none), KERNEL, 7, USER, F, G, H);
}

static void without_room_frames_are_counted(void **state)
{
	(void)state;
	const uint64_t frames[] = { F, G, H, I | ENTRY };
	struct ev_python_stack stack = stack_of(frames, 4);
	const uint64_t chain[] = { USER, EVAL + 1, 0x8000 };
	assert_int_equal(ev_python_merge(&stack, chain, 3, out, 3, &how), 3);
	assert_int_equal(how.left_out, 3);
}

static void a_place_in_the_interpreter_is_its_innermost_frame(void **state)
{
	(void)state;
	const uint64_t frames[] = { ENTRY, F, G | ENTRY };
	struct ev_python_stack stack = stack_of(frames, 3);
	uint64_t address = 0;
	assert_true(ev_python_place(&stack, EVAL + 4, &address));
	assert_int_equal(address, F);
	assert_false(ev_python_place(&stack, LEADS + 4, &address));
	assert_false(ev_python_place(&stack, 0x9000, &address));
	stack.count = 1;
	assert_false(ev_python_place(&stack, EVAL + 4, &address));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_call_of_the_interpreter_becomes_what_it_runs),
		cmocka_unit_test(what_leads_from_python_to_python_is_left_out),
		cmocka_unit_test(generated_code_before_the_interpreter_is_python_s_own),
		cmocka_unit_test(an_interpreter_of_many_functions_is_one),
		cmocka_unit_test(a_return_address_is_behind_its_call),
		cmocka_unit_test(calls_that_run_none_have_a_place_of_their_own),
		cmocka_unit_test(a_call_that_has_just_begun_stays),
		cmocka_unit_test(frames_beyond_a_stack_that_ends_early_stand_before_its_end),
		cmocka_unit_test(without_room_frames_are_counted),
		cmocka_unit_test(a_place_in_the_interpreter_is_its_innermost_frame),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
