/* Where a run of records may be cut: after a record and what stands behind it. */
#include "recordings.h"

static void add_header(struct ev_buffer *out, uint32_t type, size_t size_bytes)
{
	ev_buffer_u32(out, type);
	ev_buffer_u16(out, 0);
	ev_buffer_u16(out, (uint16_t)size_bytes);
}

static void add_plain(struct ev_buffer *out, size_t size_bytes)
{
	add_header(out, PERF_RECORD_SAMPLE, size_bytes);
	ev_buffer_zero(out, size_bytes - sizeof(struct perf_event_header));
}

/* Every length that the bytes may be cut to; `ends` are the places where the cut is clean. */
static void assert_ends(const struct ev_buffer *bytes, const size_t *ends, size_t count)
{
	for (size_t size_bytes = 0; size_bytes <= bytes->size_bytes; size_bytes++) {
		size_t expected = 0;

		for (size_t i = 0; i < count && ends[i] <= size_bytes; i++)
			expected = ends[i];
		assert_int_equal(ev_records_whole(bytes->bytes, size_bytes), expected);
	}
}

static void records_are_cut_where_one_ends(void **state)
{
	static const size_t ends[] = { 16, 24, 64 };
	struct ev_buffer bytes = { 0 };

	(void)state;
	add_plain(&bytes, 16);
	add_plain(&bytes, 8);
	add_plain(&bytes, 40);
	assert_ends(&bytes, ends, EV_LENGTH(ends));
	ev_buffer_done(&bytes);
}

static void what_stands_behind_a_record_belongs_to_it(void **state)
{
	static const size_t ends[] = { 8, 8 + 16 + 24, 8 + 16 + 24 + 48 + 100 };
	struct ev_buffer bytes = { 0 };

	(void)state;
	add_plain(&bytes, 8);
	add_header(&bytes, EV_RECORD_HEADER_TRACING_DATA, 16);
	ev_buffer_u32(&bytes, 20); /* padded to 24 */
	ev_buffer_zero(&bytes, 4 + 24);
	add_header(&bytes, EV_RECORD_AUXTRACE, 48);
	ev_buffer_u64(&bytes, 100);
	ev_buffer_zero(&bytes, 32 + 100);
	assert_ends(&bytes, ends, EV_LENGTH(ends));
	ev_buffer_done(&bytes);
}

static void nonsense_ends_the_walk(void **state)
{
	struct ev_buffer bytes = { 0 };

	(void)state;
	add_plain(&bytes, 16);
	add_header(&bytes, PERF_RECORD_SAMPLE, 0);
	ev_buffer_zero(&bytes, 64);
	assert_int_equal(ev_records_whole(bytes.bytes, bytes.size_bytes), 16);
	bytes.size_bytes = 16;
	add_header(&bytes, EV_RECORD_AUXTRACE, 16);
	ev_buffer_u64(&bytes, UINT64_MAX);
	assert_int_equal(ev_records_whole(bytes.bytes, bytes.size_bytes), 16);
	ev_buffer_done(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_are_cut_where_one_ends),
		cmocka_unit_test(what_stands_behind_a_record_belongs_to_it),
		cmocka_unit_test(nonsense_ends_the_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
