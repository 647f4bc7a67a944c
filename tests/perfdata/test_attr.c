/* Event attributes of any size and byte order become this machine's struct, and go back. */
#include "recordings.h"

static struct perf_event_attr full_attr(void)
{
	struct perf_event_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.type = 4;
	attr.size = sizeof(attr);
	attr.config = 0x1122334455667788;
	attr.sample_period = 4000;
	attr.sample_type = 0x1ff;
	attr.read_format = 7;
	attr.disabled = 1;
	attr.exclude_kernel = 1;
	attr.freq = 1;
	attr.precise_ip = 2;
	attr.sample_id_all = 1;
	attr.build_id = 1;
	attr.wakeup_events = 5;
	attr.bp_type = 6;
	attr.config1 = 7;
	attr.config2 = 8;
	attr.branch_sample_type = 9;
	attr.sample_regs_user = 10;
	attr.sample_stack_user = 11;
	attr.clockid = -12;
	attr.sample_regs_intr = 13;
	attr.aux_watermark = 14;
	attr.sample_max_stack = 15;
	attr.aux_sample_size = 16;
	attr.sig_data = 17;
	return attr;
}

static void an_attribute_survives(void **state)
{
	struct perf_event_attr attr = full_attr(), got;
	struct ev_buffer bytes = { 0 };
	struct ev_cursor cursor;

	(void)state;
	ev_attr_encode(&attr, ev_attr_size(&attr), &bytes);
	cursor = ev_cursor_of(bytes.bytes, bytes.size_bytes, false);
	assert_int_equal(ev_attr_decode(&cursor, bytes.size_bytes, &got), bytes.size_bytes);
	assert_memory_equal(&got, &attr, sizeof(attr));
	assert_int_equal(ev_cursor_left(&cursor), 0);
	ev_buffer_done(&bytes);
}

/* Missing bytes are zero, bytes of a later kernel are passed over. */
static void shorter_and_longer_attributes_are_read(void **state)
{
	static const size_t sizes[] = { 64, 72, 80, 96, 104, 112, 120, 128, 136, 200 };
	struct perf_event_attr attr = full_attr(), got;

	(void)state;
	for (size_t i = 0; i < EV_LENGTH(sizes); i++) {
		struct ev_buffer bytes = { 0 };
		struct ev_cursor cursor;

		ev_attr_encode(&attr, sizes[i], &bytes);
		assert_int_equal(bytes.size_bytes, sizes[i]);
		memset(bytes.bytes + (sizes[i] < sizeof(attr) ? sizes[i] : sizeof(attr)), 0xee,
		       sizes[i] < sizeof(attr) ? 0 : sizes[i] - sizeof(attr));
		cursor = ev_cursor_of(bytes.bytes, bytes.size_bytes, false);
		assert_int_equal(ev_attr_decode(&cursor, sizes[i], &got), sizes[i]);
		assert_int_equal(got.sample_type, 0x1ff);
		assert_int_equal(got.config1, 7);
		assert_int_equal(got.config2, sizes[i] >= 72 ? 8 : 0);
		assert_int_equal(got.sample_stack_user, sizes[i] >= 96 ? 11 : 0);
		assert_int_equal(got.sig_data, sizes[i] >= 128 ? 17 : 0);
		ev_buffer_done(&bytes);
	}
}

static void too_few_bytes_are_no_attribute(void **state)
{
	uint8_t bytes[63] = { 0 };
	struct perf_event_attr got;
	struct ev_cursor cursor = ev_cursor_of(bytes, sizeof(bytes), false);

	(void)state;
	assert_int_equal(ev_attr_decode(&cursor, sizeof(bytes), &got), 0);
	cursor = ev_cursor_of(bytes, sizeof(bytes), false);
	assert_int_equal(ev_attr_decode(&cursor, 128, &got), 0);
}

/* As a machine of the other byte order writes the same struct: numbers turned round, flags allotted
 * from the top of their bytes. */
static void an_attribute_of_the_other_byte_order_is_put_right(void **state)
{
	static const struct {
		size_t at, size_bytes;
	} fields[] = {
		{ 0, 4 },  { 4, 4 },   { 8, 8 },   { 16, 8 },  { 24, 8 },  { 32, 8 },  { 48, 4 },
		{ 52, 4 }, { 56, 8 },  { 64, 8 },  { 72, 8 },  { 80, 8 },  { 88, 4 },  { 92, 4 },
		{ 96, 8 }, { 104, 4 }, { 108, 2 }, { 110, 2 }, { 112, 4 }, { 116, 4 }, { 120, 8 },
	};
	struct perf_event_attr attr = full_attr(), got;
	const uint8_t *from = (const uint8_t *)&attr;
	uint8_t bytes[sizeof(attr)] = { 0 };
	struct ev_cursor cursor;

	(void)state;
	for (size_t i = 0; i < EV_LENGTH(fields); i++)
		for (size_t k = 0; k < fields[i].size_bytes; k++)
			bytes[fields[i].at + k] = from[fields[i].at + fields[i].size_bytes - 1 - k];
	bytes[40] = 0x80 | 0x80 >> 5;  /* disabled, exclude_kernel */
	bytes[41] = 0x80 >> 2 | 0x01;  /* freq; precise_ip 2 is its first bit */
	bytes[42] = 0x80 >> 2;         /* sample_id_all */
	bytes[44] = 0x80 >> (34 - 32); /* build_id */
	cursor = ev_cursor_of(bytes, sizeof(bytes), true);
	assert_int_equal(ev_attr_decode(&cursor, sizeof(bytes), &got), sizeof(attr));
	assert_memory_equal(&got, &attr, sizeof(attr));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_attribute_survives),
		cmocka_unit_test(shorter_and_longer_attributes_are_read),
		cmocka_unit_test(too_few_bytes_are_no_attribute),
		cmocka_unit_test(an_attribute_of_the_other_byte_order_is_put_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
