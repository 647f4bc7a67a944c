/* Who has ended is told again when so much time has gone by. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include <evprof/base.h>

static void ends_are_told_in_their_turn_when_they_are_old_enough(void **state)
{
	(void)state;
	struct ev_ended ended = { 0 };
	struct ev_ended_one one;
	assert_false(ev_ended_take(&ended, 0, &one));
	ev_ended_add(&ended, 7, 100);
	ev_ended_add(&ended, 8, 150);
	ev_ended_add(&ended, 9, 120); /* of another ring */
	assert_false(ev_ended_take(&ended, 60, &one));
	assert_true(ev_ended_take(&ended, 50, &one));
	assert_int_equal(one.id, 7);
	assert_int_equal(one.time_ns, 100);
	assert_false(ev_ended_take(&ended, 50, &one));
	ev_ended_add(&ended, 10, 200);
	assert_true(ev_ended_take(&ended, 50, &one));
	assert_int_equal(one.id, 8);
	assert_true(ev_ended_take(&ended, 50, &one));
	assert_int_equal(one.id, 9);
	assert_false(ev_ended_take(&ended, 50, &one));
	ev_ended_done(&ended);
}

static void a_hundred_thousand_take_the_room_of_those_that_wait(void **state)
{
	(void)state;
	struct ev_ended ended = { 0 };
	struct ev_ended_one one;
	uint32_t next = 0;
	for (uint32_t i = 0; i < 100000; i++) {
		ev_ended_add(&ended, i, i);
		while (ev_ended_take(&ended, 100, &one))
			assert_int_equal(one.id, next++);
	}
	assert_int_equal(next, 99900);
	assert_true(ended.ones.room <= 256);
	ev_ended_done(&ended);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_are_told_in_their_turn_when_they_are_old_enough),
		cmocka_unit_test(a_hundred_thousand_take_the_room_of_those_that_wait),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
