/* Records of the last while are kept, in bounded memory, and those of before pass into what stands.
 */
#include "standing_said.h"

#define SECOND UINT64_C(1000000000)

static struct ev_history *history_of(struct setting *setting, uint64_t keep_s, uint64_t keep_bytes)
{
	begin(setting);
	return ev_history_open(keep_s * SECOND, keep_bytes, setting->standing);
}

static void finish(struct setting *setting, struct ev_history *history)
{
	ev_history_close(history);
	end(setting);
}

static void keep(struct setting *setting, struct ev_history *history, struct ev_record record,
		 uint64_t now_ns)
{
	struct ev_buffer bytes = { 0 };

	encode(setting, &record, &bytes);
	ev_history_add(history, bytes.bytes, bytes.size_bytes, now_ns);
	ev_buffer_done(&bytes);
}

static void turn(struct ev_history *history, uint64_t now_ns)
{
	struct ev_err err = { 0 };

	if (ev_history_round(history, now_ns, 0, &err))
		fail_msg("%s", err.text);
}

/* So many samples, and a process that lives for two seconds, in each second. */
static void live(struct setting *setting, struct ev_history *history, unsigned seconds,
		 unsigned samples)
{
	for (uint32_t s = 1; s <= seconds; s++) {
		uint64_t now_ns = s * SECOND;

		keep(setting, history, fork_of(now_ns, 1, 100 + s, 100 + s), now_ns);
		if (s > 2)
			keep(setting, history, exit_of(now_ns, 98 + s, 98 + s), now_ns);
		for (unsigned i = 0; i < samples; i++)
			keep(setting, history,
			     make_sample(&setting->recording, 0, now_ns + i,
					 ev_hash64(s * 1000 + i)),
			     now_ns);
		turn(history, now_ns + SECOND / 2);
		turn(history, now_ns + SECOND);
	}
}

static void give(struct setting *setting, struct ev_history *history)
{
	struct ev_err err = { 0 };

	setting->samples = setting->said.size_bytes = 0;
	assert_int_equal(ev_history_give(history, take, setting, &err), 0);
	ev_buffer_u8(&setting->said, 0);
}

static void the_last_seconds_are_kept_and_their_processes_are_known(void **state)
{
	struct setting setting;
	struct ev_history *history = history_of(&setting, 5, 1 << 30);
	struct ev_history_tally tally;

	(void)state;
	live(&setting, history, 20, 10);
	tally = ev_history_tally(history);
	assert_in_range(tally.samples, 50, 70);
	assert_int_equal(tally.samples + tally.dropped_samples, 200);
	assert_int_equal(tally.to_ns, 20 * SECOND);
	assert_in_range(tally.from_ns, 14 * SECOND, 16 * SECOND);
	assert_int_equal(tally.short_of_room_ns, 0);
	give(&setting, history);
	assert_int_equal(setting.samples, tally.samples);
	/* Alive when the history begins, and born before it. */
	assert_non_null(strstr((char *)setting.said.bytes, "fork 113<1"));
	assert_null(strstr((char *)setting.said.bytes, "fork 109<1"));
	finish(&setting, history);
}

static void what_has_no_room_is_dropped_and_told(void **state)
{
	struct setting setting;
	struct ev_history *history = history_of(&setting, 1000, 20000);
	struct ev_history_tally tally;

	(void)state;
	for (uint32_t s = 1; s < 100; s++) {
		for (unsigned i = 0; i < 200; i++)
			keep(&setting, history,
			     make_sample(&setting.recording, 0, s * SECOND, ev_hash64(s * i)),
			     s * SECOND);
		turn(history, s * SECOND + SECOND);
		assert_true(ev_history_tally(history).bytes <= 20000);
	}
	tally = ev_history_tally(history);
	assert_true(tally.dropped_samples > 0 && tally.samples > 0);
	assert_in_range(tally.short_of_room_ns, 1, 20 * SECOND);
	assert_true(tally.unpacked_bytes > tally.bytes);
	finish(&setting, history);
}

static void what_was_given_is_forgotten_up_to_the_mark(void **state)
{
	struct setting setting;
	struct ev_history *history = history_of(&setting, 100, 1 << 30);
	struct ev_err err = { 0 };
	uint64_t mark;

	(void)state;
	live(&setting, history, 3, 10);
	assert_int_equal(ev_history_mark(history, &mark, &err), 0);
	keep(&setting, history, make_sample(&setting.recording, 0, 4 * SECOND, 1), 4 * SECOND);
	assert_int_equal(ev_history_forget(history, mark, 0, &err), 0);
	give(&setting, history);
	assert_int_equal(setting.samples, 1);
	/* What is not certain yet stands with its time. */
	assert_non_null(strstr((char *)setting.said.bytes, "fork 102<1"));
	assert_int_equal(ev_history_forget(history, mark, 0, &err), 0); /* long gone */
	give(&setting, history);
	assert_int_equal(setting.samples, 1);
	finish(&setting, history);
}

static void an_empty_history_gives_what_stands(void **state)
{
	struct setting setting;
	struct ev_history *history = history_of(&setting, 5, 1 << 20);

	(void)state;
	see(&setting, comm_of(0, 5, "here", false));
	assert_int_equal(ev_history_tally(history).from_ns, 0);
	turn(history, SECOND);
	give(&setting, history);
	assert_string_equal((char *)setting.said.bytes, "fork 5<0 here ");
	finish(&setting, history);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_seconds_are_kept_and_their_processes_are_known),
		cmocka_unit_test(what_has_no_room_is_dropped_and_told),
		cmocka_unit_test(what_was_given_is_forgotten_up_to_the_mark),
		cmocka_unit_test(an_empty_history_gives_what_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
