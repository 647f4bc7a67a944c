/* Records come out in the order of their time, as early as the rounds of the file allow. */
#include "recordings.h"

#define SAMPLE_TYPE (PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME)

struct stream {
	struct ev_recording recording;
	struct ev_buffer bytes;
};

static void begin(struct stream *stream)
{
	struct ev_err err;

	add_event(&stream->recording, "one", SAMPLE_TYPE);
	ev_buffer_add(&stream->bytes, EV_MAGIC, 8);
	ev_buffer_u64(&stream->bytes, EV_PIPE_HEADER_BYTES);
	assert_int_equal(ev_describe_attrs(&stream->recording, EV_ATTR_BYTES_WRITTEN,
					   &stream->bytes, &err),
			 0);
}

static void add_sample(struct stream *stream, uint64_t time_ns)
{
	struct ev_record record = make_sample(&stream->recording, 0, time_ns, time_ns);

	assert_int_equal(ev_encode(&stream->recording, &record, &stream->bytes, NULL), 0);
}

static void add_round(struct stream *stream)
{
	struct ev_record record = { .type = EV_RECORD_FINISHED_ROUND };

	assert_int_equal(ev_encode(&stream->recording, &record, &stream->bytes, NULL), 0);
}

static void finish(struct stream *stream)
{
	ev_buffer_done(&stream->bytes);
	ev_recording_done(&stream->recording);
}

static struct ev_reader *open_stream(const struct stream *stream)
{
	struct ev_reader *reader;
	struct ev_err err = { 0 };

	if (ev_reader_open_memory(&reader, stream->bytes.bytes, stream->bytes.size_bytes, &err) < 0)
		fail_msg("%s", err.text);
	return reader;
}

/* The next sample's time, 0 at the end. */
static uint64_t next_time(struct ev_ordered *ordered)
{
	struct ev_record record;
	struct ev_err err = { 0 };
	int rc;

	while ((rc = ev_ordered_next(ordered, &record, &err)) == 1)
		if (record.type == PERF_RECORD_SAMPLE) {
			assert_int_equal(record.sample.ip, record.time_ns);
			return record.time_ns;
		}
	if (rc < 0)
		fail_msg("%s", err.text);
	return 0;
}

static void without_rounds_everything_is_sorted(void **state)
{
	static const uint64_t times[] = { 50, 20, 90, 10, 20, 70 };
	static const uint64_t sorted[] = { 10, 20, 20, 50, 70, 90, 0, 0 };
	struct stream stream = { 0 };
	struct ev_ordered *ordered;
	struct ev_reader *reader;

	(void)state;
	begin(&stream);
	for (size_t i = 0; i < EV_LENGTH(times); i++)
		add_sample(&stream, times[i]);
	reader = open_stream(&stream);
	ordered = ev_ordered_open(reader);
	for (size_t i = 0; i < EV_LENGTH(sorted); i++)
		assert_int_equal(next_time(ordered), sorted[i]);
	ev_ordered_close(ordered);
	ev_reader_close(reader);
	finish(&stream);
}

static void rounds_may_overlap_their_neighbours(void **state)
{
	static const uint64_t rounds[][3] = {
		{ 10, 40, 30 }, { 60, 35, 20 }, { 55, 80, 90 }, { 95, 85, 99 }
	};
	static const uint64_t sorted[] = { 10, 20, 30, 35, 40, 55, 60, 80, 85, 90, 95, 99, 0 };
	struct stream stream = { 0 };
	struct ev_ordered *ordered;
	struct ev_reader *reader;

	(void)state;
	begin(&stream);
	for (size_t i = 0; i < EV_LENGTH(rounds); i++) {
		for (size_t k = 0; k < 3; k++)
			add_sample(&stream, rounds[i][k]);
		add_round(&stream);
	}
	reader = open_stream(&stream);
	ordered = ev_ordered_open(reader);
	for (size_t i = 0; i < EV_LENGTH(sorted); i++)
		assert_int_equal(next_time(ordered), sorted[i]);
	ev_ordered_close(ordered);
	ev_reader_close(reader);
	finish(&stream);
}

static void records_go_out_two_rounds_later(void **state)
{
	struct stream stream = { 0 };
	struct ev_ordered *ordered;
	struct ev_reader *reader;

	(void)state;
	begin(&stream);
	for (uint64_t round = 0; round < 1000; round++) {
		for (uint64_t i = 10; i > 0; i--)
			add_sample(&stream, round * 10 + i);
		add_round(&stream);
	}
	reader = open_stream(&stream);
	ordered = ev_ordered_open(reader);
	for (uint64_t i = 1; i <= 5000; i++) {
		assert_int_equal(next_time(ordered), i);
		/* No more than what the rounds ask for has been read: a live view can't wait. */
		assert_true(ev_reader_tell(reader) < 16 + 144 + (i / 10 + 3) * (10 * 40 + 8));
	}
	ev_ordered_close(ordered); /* in the middle: nothing may be lost to the sanitizer */
	ev_reader_close(reader);
	finish(&stream);
}

static void a_damaged_record_is_passed_by(void **state)
{
	struct stream stream = { 0 };
	struct ev_ordered *ordered;
	struct ev_reader *reader;
	struct ev_record record;
	struct ev_err err = { 0 };

	(void)state;
	begin(&stream);
	add_sample(&stream, 10);
	record = make_comm(&stream.recording, 20, "name");
	assert_int_equal(ev_encode(&stream.recording, &record, &stream.bytes, NULL), 0);
	/* The comm loses its NUL: its eight bytes stand before the trailer of pid, tid, time. */
	memset(stream.bytes.bytes + stream.bytes.size_bytes - 24, 'x', 8);
	add_sample(&stream, 30);
	reader = open_stream(&stream);
	ordered = ev_ordered_open(reader);
	assert_int_equal(next_time(ordered), 10);
	assert_int_equal(ev_ordered_next(ordered, &record, &err), -EINVAL);
	assert_non_null(strstr(err.text, "type 3"));
	assert_int_equal(next_time(ordered), 30);
	assert_int_equal(next_time(ordered), 0);
	ev_ordered_close(ordered);
	ev_reader_close(reader);
	finish(&stream);
}

static void records_longer_than_a_block_are_held(void **state)
{
	struct stream stream = { 0 };
	struct ev_ordered *ordered;
	struct ev_reader *reader;
	uint64_t *chain = ev_alloc(8000 * sizeof(*chain));
	uint64_t count = 0, before_ns = 0, time_ns;

	(void)state;
	begin(&stream);
	stream.bytes.size_bytes = EV_PIPE_HEADER_BYTES;
	stream.recording.events[0].attr.sample_type |= PERF_SAMPLE_CALLCHAIN;
	ev_describe_attrs(&stream.recording, EV_ATTR_BYTES_WRITTEN, &stream.bytes, NULL);
	for (uint64_t i = 0; i < 40; i++) {
		struct ev_record record = make_sample(&stream.recording, 0, 100 - i, 100 - i);

		record.sample.chain = chain;
		record.sample.chain_count = i * 200;
		assert_int_equal(ev_encode(&stream.recording, &record, &stream.bytes, NULL), 0);
	}
	reader = open_stream(&stream);
	ordered = ev_ordered_open(reader);
	while ((time_ns = next_time(ordered))) {
		assert_true(time_ns > before_ns);
		before_ns = time_ns;
		count++;
	}
	assert_int_equal(count, 40);
	ev_ordered_close(ordered);
	ev_reader_close(reader);
	finish(&stream);
	free(chain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_rounds_everything_is_sorted),
		cmocka_unit_test(rounds_may_overlap_their_neighbours),
		cmocka_unit_test(records_go_out_two_rounds_later),
		cmocka_unit_test(a_damaged_record_is_passed_by),
		cmocka_unit_test(records_longer_than_a_block_are_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
