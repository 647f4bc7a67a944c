/* Equal frames have one number. */
#include "invented.h"

static uint32_t add(struct ev_frame_ids *ids, const struct ev_frame *frame, uint32_t *next)
{
	bool added;
	uint32_t id = ev_frame_ids_add(ids, frame, *next, &added);
	assert_int_equal(added, id == *next);
	*next += added;
	return id;
}

static void frames_that_differ_in_anything_are_apart(void **state)
{
	(void)state;
	struct ev_frame_ids ids = { 0 };
	uint32_t next = 1;
	struct ev_frame frame = { .function = 3, .object = 1, .file = 2, .line = 7 };
	assert_int_equal(add(&ids, &frame, &next), 1);
	assert_int_equal(add(&ids, &frame, &next), 1);
	frame.line = 8;
	assert_int_equal(add(&ids, &frame, &next), 2);
	frame.inlined = true;
	assert_int_equal(add(&ids, &frame, &next), 3);
	frame.object = 2;
	assert_int_equal(add(&ids, &frame, &next), 4);
	frame.line = 7;
	frame.inlined = false;
	frame.object = 1;
	assert_int_equal(add(&ids, &frame, &next), 1);
	ev_frame_ids_done(&ids);
}

static void sizes_part_frames_where_they_are_told(void **state)
{
	(void)state;
	struct ev_frame_ids ids = { .by_size = true };
	uint32_t next = 1;
	struct ev_frame frames[] = {
		{ .function = 3, .object = 1, .size_bytes = 100 },
		{ .function = 3, .object = 1, .size_bytes = 200 },
		{ .function = 4, .object = 1, .size_bytes = 100 },
		{ .function = 4, .object = 1 },
	};
	for (int round = 0; round < 2; round++)
		for (uint32_t i = 0; i < EV_LENGTH(frames); i++)
			assert_int_equal(add(&ids, &frames[i], &next), i + 1);
	assert_int_equal(next, EV_LENGTH(frames) + 1);
	ev_frame_ids_done(&ids);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_that_differ_in_anything_are_apart),
		cmocka_unit_test(sizes_part_frames_where_they_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
