/* Records in a span of bytes, one after another, and where they are no longer records. */
#include "recordings.h"

static void add(struct ev_buffer *out, uint32_t type, uint16_t misc, uint16_t size_bytes,
		size_t body_bytes)
{
	ev_buffer_u32(out, type);
	ev_buffer_u16(out, misc);
	ev_buffer_u16(out, size_bytes);
	ev_buffer_zero(out, body_bytes);
}

/* A copy of exactly so many bytes, so that a sanitizer sees who reads behind them. */
static size_t count(const struct ev_buffer *bytes, size_t size_bytes, size_t *at)
{
	uint8_t *exact = ev_alloc(size_bytes ? size_bytes : 1);
	struct ev_raw raw;
	size_t records = 0;

	if (size_bytes)
		memcpy(exact, bytes->bytes, size_bytes);
	*at = 0;
	while (ev_records_next(exact, size_bytes, at, &raw)) {
		assert_true(raw.size_bytes >= 8 && *at <= size_bytes);
		assert_ptr_equal((const uint8_t *)raw.header + raw.size_bytes, exact + *at);
		records++;
	}
	free(exact);
	return records;
}

static void records_come_one_after_another(void **state)
{
	struct ev_buffer bytes = { 0 };
	struct ev_raw raw;
	size_t at = 0;

	(void)state;
	add(&bytes, PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER, 16, 8);
	add(&bytes, PERF_RECORD_COMM, PERF_RECORD_MISC_COMM_EXEC, 8, 0);
	assert_true(ev_records_next(bytes.bytes, bytes.size_bytes, &at, &raw));
	assert_ptr_equal(raw.header, bytes.bytes);
	assert_int_equal(raw.type, PERF_RECORD_SAMPLE);
	assert_int_equal(raw.misc, PERF_RECORD_MISC_USER);
	assert_int_equal(raw.size_bytes, 16);
	assert_int_equal(raw.offset, 0);
	assert_true(ev_records_next(bytes.bytes, bytes.size_bytes, &at, &raw));
	assert_ptr_equal(raw.header, bytes.bytes + 16);
	assert_int_equal(raw.type, PERF_RECORD_COMM);
	assert_int_equal(raw.misc, PERF_RECORD_MISC_COMM_EXEC);
	assert_int_equal(raw.size_bytes, 8);
	assert_false(ev_records_next(bytes.bytes, bytes.size_bytes, &at, &raw));
	assert_int_equal(at, 24);
	ev_buffer_done(&bytes);
}

static void a_record_that_is_cut_is_none(void **state)
{
	struct ev_buffer bytes = { 0 };
	size_t at;

	(void)state;
	add(&bytes, PERF_RECORD_SAMPLE, 0, 16, 8);
	add(&bytes, PERF_RECORD_SAMPLE, 0, 24, 16);
	for (size_t size_bytes = 0; size_bytes <= bytes.size_bytes; size_bytes++) {
		size_t whole = size_bytes < 16 ? 0 : size_bytes < 40 ? 1 : 2;

		assert_int_equal(count(&bytes, size_bytes, &at), whole);
		assert_int_equal(at, whole == 2 ? 40 : whole * 16);
	}
	ev_buffer_done(&bytes);
}

static void sizes_that_cannot_be_end_the_walk(void **state)
{
	static const uint16_t sizes[] = { 0, 1, 7, 32, UINT16_MAX };
	size_t at;

	(void)state;
	for (size_t i = 0; i < EV_LENGTH(sizes); i++) {
		struct ev_buffer bytes = { 0 };

		add(&bytes, PERF_RECORD_SAMPLE, 0, 16, 8);
		add(&bytes, PERF_RECORD_SAMPLE, 0, sizes[i], 16);
		assert_int_equal(count(&bytes, bytes.size_bytes, &at), 1);
		assert_int_equal(at, 16);
		ev_buffer_done(&bytes);
	}
}

static void nothing_is_read_where_nothing_is(void **state)
{
	struct ev_raw raw;
	size_t at = 0;

	(void)state;
	assert_false(ev_records_next(NULL, 0, &at, &raw));
	at = 64; /* behind the end */
	assert_false(ev_records_next("", 1, &at, &raw));
	assert_int_equal(at, 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_come_one_after_another),
		cmocka_unit_test(a_record_that_is_cut_is_none),
		cmocka_unit_test(sizes_that_cannot_be_end_the_walk),
		cmocka_unit_test(nothing_is_read_where_nothing_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
