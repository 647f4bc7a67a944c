/* A sample gets the stack that was read beside it: of its thread, its place and its time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>
#include <cmocka.h>
#include "python_frames.h"
#include "python_made.h"

// wrap: ev_sys_memory_read
static struct made_memory made;
enum { PID = 4000000, TID = PID + 1 };

ssize_t __wrap_ev_sys_memory_read(pid_t pid, uint64_t address, void *bytes, size_t size_bytes);
ssize_t __wrap_ev_sys_memory_read(pid_t pid, uint64_t address, void *bytes, size_t size_bytes)
{
	(void)pid;
	int rc = made_read(&made, address, bytes, size_bytes);
	return rc ? rc : (ssize_t)size_bytes;
}

static struct python_frames *frames;
static struct ev_python_functions *functions;
static struct ev_python_stack stack;

static void begin(void)
{
	struct ev_python_process shape;
	struct ev_python_runtime runtime = made_runtime();
	runtime.range_count = 1;
	made_code(&made);
	functions = ev_python_functions_open();
	frames = ev_python_frames_open(functions);
	assert_int_equal(ev_python_frames_begin(frames, PID, &runtime, &shape, NULL), 0);
}

static void end(void)
{
	ev_python_frames_close(frames);
	ev_python_functions_close(functions);
}

struct told {
	struct ev_python_note note;
	struct ev_python_word words[4];
};
/* So many frames, so that stacks can be told apart. */
static void tell(uint8_t kind, uint32_t tid, uint64_t time_ns, uint64_t ip, uint16_t count)
{
	struct told told = { .note = { .time_ns = time_ns,
				       .ip = ip,
				       .pid = PID,
				       .tid = tid,
				       .count = count,
				       .kind = kind } };
	for (int i = 0; i < count; i++)
		told.words[i].code = MADE_BASE + MADE_CODE;
	ev_python_frames_note(frames, &told.note, sizeof(told));
}

static size_t found(uint32_t tid, uint64_t time_ns, uint64_t ip)
{
	return ev_python_frames_find(frames, tid, time_ns, ip, false, &stack) ? stack.count : 0;
}

static void it_is_the_nearest_of_its_thread_and_place(void **state)
{
	(void)state;
	begin();
	tell(EV_PYTHON_SAMPLE, TID, 1000000, 0x10, 1);
	tell(EV_PYTHON_SAMPLE, TID + 1, 1000500, 0x10, 2);
	tell(EV_PYTHON_SAMPLE, TID, 1100000, 0x10, 3);
	tell(EV_PYTHON_SAMPLE, TID, 1100100, 0x20, 4);
	assert_int_equal(found(TID, 1000400, 0x10), 1);
	assert_int_equal(found(TID + 1, 1000400, 0x10), 2);
	assert_int_equal(found(TID, 1090000, 0x10), 3);
	assert_int_equal(found(TID, 1100000, 0x20), 4);
	assert_int_equal(found(TID, 1100000, 0x30), 0);
	assert_int_equal(found(TID + 2, 1100000, 0x10), 0);
	assert_int_equal(found(TID, 99000000, 0x10), 0);
	assert_true(stack.complete);
	assert_int_equal(stack.range_count, 1);
	end();
}

static void no_frames_are_not_those_of_the_sample_before(void **state)
{
	(void)state;
	begin();
	tell(EV_PYTHON_SAMPLE, TID, 1000000, 0x10, 2);
	tell(EV_PYTHON_SAMPLE, TID, 1050000, 0x10, 0);
	assert_int_equal(found(TID, 1050001, 0x10), 0);
	assert_int_equal(found(TID, 1000001, 0x10), 2);
	end();
}

static void a_place_that_is_not_known_is_any(void **state)
{
	(void)state;
	begin();
	tell(EV_PYTHON_SAMPLE, TID, 1000000, 0, 2);
	assert_int_equal(found(TID, 1000010, 0x10), 2);
	end();
}

static void those_of_several_processors_come_out_of_order(void **state)
{
	(void)state;
	begin();
	tell(EV_PYTHON_SAMPLE, TID, 1000000, 0, 1);
	tell(EV_PYTHON_SAMPLE, TID + 1, 9000000, 0, 2);
	tell(EV_PYTHON_SAMPLE, TID, 8000000, 0, 3);
	assert_int_equal(found(TID, 8000001, 0), 3);
	assert_int_equal(found(TID + 1, 9000001, 0), 2);
	assert_int_equal(found(TID, 1000001, 0), 1);
	end();
}

static void they_are_kept_for_a_few_drains(void **state)
{
	(void)state;
	begin();
	for (uint16_t round = 1; round <= 4; round++) {
		tell(EV_PYTHON_SAMPLE, TID, round * 100000000u, 0, round);
		ev_python_frames_round(frames);
	}
	assert_int_equal(found(TID, 100000000, 0), 0);
	assert_int_equal(found(TID, 400000000, 0), 4);
	assert_int_equal(found(TID, 300000000, 0), 3);
	for (int i = 0; i < 5; i++)
		ev_python_frames_round(frames);
	assert_int_equal(found(TID, 400000000, 0), 0);
	end();
}

static void how_a_thread_left_is_kept_until_it_leaves_again(void **state)
{
	(void)state;
	begin();
	tell(EV_PYTHON_SWITCH, TID, 1000000, 0, 2);
	for (int i = 0; i < 50; i++)
		ev_python_frames_round(frames);
	assert_true(ev_python_frames_find(frames, TID, 1000002, 0, true, &stack));
	assert_int_equal(stack.count, 2);
	assert_false(ev_python_frames_find(frames, TID, 1000002, 0, false, &stack));
	tell(EV_PYTHON_SWITCH, TID, 90000000, 0, 3);
	/* The interval before may still be on its way. */
	assert_true(ev_python_frames_find(frames, TID, 1000002, 0, true, &stack));
	assert_int_equal(stack.count, 2);
	assert_true(ev_python_frames_find(frames, TID, 90000002, 0, true, &stack));
	assert_int_equal(stack.count, 3);
	assert_false(ev_python_frames_find(frames, TID, 50000000, 0, true, &stack));
	end();
}

static void what_is_cut_short_or_of_nobody_is_dropped(void **state)
{
	(void)state;
	begin();
	struct told told = { .note = { .pid = PID, .tid = TID, .time_ns = 5, .count = 5 } };
	ev_python_frames_note(frames, &told.note, sizeof(told));
	ev_python_frames_note(frames, &told.note, 3);
	told.note.count = 1;
	told.note.pid = PID + 7;
	ev_python_frames_note(frames, &told.note, sizeof(told));
	struct ev_bpf_python_tally tally = { 0 };
	ev_python_frames_tally(frames, &tally);
	assert_int_equal(tally.notes, 0);
	assert_int_equal(tally.processes, 1);
	assert_int_equal(found(TID, 5, 0), 0);
	end();
}

static void calls_and_their_ends_are_marked(void **state)
{
	(void)state;
	begin();
	struct told told = { .note = { .pid = PID, .tid = TID, .time_ns = 5, .count = 2 } };
	told.note.flags = EV_PYTHON_DEEPER;
	told.words[0].code = (MADE_BASE + MADE_CODE) | EV_PYTHON_ENTRY;
	ev_python_frames_note(frames, &told.note, sizeof(told));
	assert_int_equal(found(TID, 5, 0), 2);
	assert_false(stack.complete);
	assert_true(stack.frames[0] & EV_PYTHON_STACK_ENTRY);
	assert_int_equal(stack.frames[1], EV_PYTHON_STACK_ENTRY);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_the_nearest_of_its_thread_and_place),
		cmocka_unit_test(no_frames_are_not_those_of_the_sample_before),
		cmocka_unit_test(a_place_that_is_not_known_is_any),
		cmocka_unit_test(those_of_several_processors_come_out_of_order),
		cmocka_unit_test(they_are_kept_for_a_few_drains),
		cmocka_unit_test(how_a_thread_left_is_kept_until_it_leaves_again),
		cmocka_unit_test(what_is_cut_short_or_of_nobody_is_dropped),
		cmocka_unit_test(calls_and_their_ends_are_marked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
