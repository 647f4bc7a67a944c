/* Records wait until nothing older can come, and are given again to a file that begins now. */
#include "standing_said.h"

static void records_of_two_rings_are_applied_in_the_order_of_time(void **state)
{
	struct setting setting;

	(void)state;
	begin(&setting);
	see(&setting, exit_of(300, 5, 5)); /* the ring of the CPU where it ended is read first */
	see(&setting, fork_of(100, 1, 5, 5));
	see(&setting, comm_of(200, 5, "short", true));
	see(&setting, fork_of(400, 1, 6, 6));
	settle(&setting);
	assert_string_equal(said(&setting), "fork 6<1  ");
	assert_int_equal(ev_standing_processes(setting.standing), 1);
	end(&setting);
}

static void what_is_not_certain_yet_is_given_with_its_time(void **state)
{
	struct setting setting;

	(void)state;
	begin(&setting);
	see(&setting, fork_of(100, 1, 5, 5));
	see(&setting, comm_of(110, 5, "early", false));
	settle(&setting);
	see(&setting, exit_of(200, 5, 5));
	ev_standing_round(setting.standing, 0);
	/* Samples of the round to come may be from before the exit. */
	assert_string_equal(said(&setting), "fork 5<1 early 200:type 4 ");
	assert_string_equal(said(&setting), "fork 5<1 early 200:type 4 ");
	ev_standing_round(setting.standing, 0);
	assert_string_equal(said(&setting), "");
	end(&setting);
}

static void records_are_held_for_samples_that_are_told_late(void **state)
{
	struct setting setting;

	(void)state;
	begin(&setting);
	see(&setting, fork_of(1000, 1, 5, 5));
	see(&setting, exit_of(2000, 5, 5));
	see(&setting, fork_of(2500, 1, 6, 6));
	ev_standing_round(setting.standing, 1000);
	ev_standing_round(setting.standing, 1000); /* until 1500 */
	assert_string_equal(said(&setting), "fork 5<1  2000:type 4 2500:fork 6<1 ");
	end(&setting);
}

static void records_of_the_beginning_stand_at_once(void **state)
{
	struct setting setting;

	(void)state;
	begin(&setting);
	see(&setting, fork_of(0, 1, 5, 5));
	see(&setting, comm_of(0, 5, "here", false));
	assert_string_equal(said(&setting), "fork 5<1 here ");
	end(&setting);
}

static void samples_and_damaged_records_are_passed_over(void **state)
{
	struct setting setting;
	struct ev_buffer bytes = { 0 };
	struct ev_record record;

	(void)state;
	begin(&setting);
	record = make_sample(&setting.recording, 0, 50, 0x400000);
	encode(&setting, &record, &bytes);
	record = comm_of(0, 5, "cut", false);
	encode(&setting, &record, &bytes);
	for (size_t size_bytes = 0; size_bytes < bytes.size_bytes; size_bytes++)
		ev_standing_add(setting.standing, bytes.bytes, size_bytes);
	assert_string_equal(said(&setting), "");
	((struct perf_event_header *)bytes.bytes)->size = 3;
	ev_standing_add(setting.standing, bytes.bytes, bytes.size_bytes);
	assert_string_equal(said(&setting), "");
	ev_buffer_done(&bytes);
	end(&setting);
}

static int refuse(void *context, const void *bytes, size_t size_bytes, struct ev_err *err)
{
	(void)context, (void)bytes, (void)size_bytes;
	return ev_fail(err, ENOSPC, "the disk is full");
}

static void what_takes_them_may_fail(void **state)
{
	struct setting setting;
	struct ev_err err = { 0 };

	(void)state;
	begin(&setting);
	see(&setting, comm_of(0, 5, "here", false));
	assert_int_equal(ev_standing_give(setting.standing, refuse, NULL, &err), -ENOSPC);
	assert_string_equal(err.text, "the disk is full");
	end(&setting);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_of_two_rings_are_applied_in_the_order_of_time),
		cmocka_unit_test(what_is_not_certain_yet_is_given_with_its_time),
		cmocka_unit_test(records_are_held_for_samples_that_are_told_late),
		cmocka_unit_test(records_of_the_beginning_stand_at_once),
		cmocka_unit_test(samples_and_damaged_records_are_passed_over),
		cmocka_unit_test(what_takes_them_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
