/* Samples in brief say what samples in full say, or nothing. */
#include "recordings.h"

static const uint64_t chain[] = { PERF_CONTEXT_USER, 0x400100, 0x400200 };

/* Every set of fields that a brief one may have to know, and some that it may not. */
static const uint64_t layouts[] = {
	PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ID,
	PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_CALLCHAIN,
	PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR | PERF_SAMPLE_ID |
		PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD |
		PERF_SAMPLE_CALLCHAIN,
	PERF_SAMPLE_ID,
	PERF_SAMPLE_IP | PERF_SAMPLE_ID | PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_WEIGHT,
	PERF_SAMPLE_IP | PERF_SAMPLE_ID | PERF_SAMPLE_WEIGHT,
};
static const uint64_t longer[] = {
	PERF_SAMPLE_IP | PERF_SAMPLE_ID | PERF_SAMPLE_READ | PERF_SAMPLE_CALLCHAIN,
	PERF_SAMPLE_IP | PERF_SAMPLE_ID | PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_RAW,
};

static struct ev_buffer encoded(struct ev_recording *recording, uint64_t sample_type)
{
	struct ev_buffer bytes = { 0 };
	struct ev_record record;

	add_event(recording, "one", sample_type);
	add_event(recording, "two", sample_type);
	record = make_sample(recording, 1, 1234, 0x400000);
	record.sample.chain = chain;
	record.sample.chain_count = EV_LENGTH(chain);
	record.sample.weight = 77;
	assert_int_equal(ev_encode(recording, &record, &bytes, NULL), 0);
	return bytes;
}

static void a_brief_sample_says_what_a_full_one_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < EV_LENGTH(layouts); i++) {
		struct ev_recording recording = { 0 };
		struct ev_buffer bytes = encoded(&recording, layouts[i]);
		struct ev_raw raw = raw_of(&bytes);
		struct ev_decoder *decoder = ev_decoder_open(&recording);
		struct ev_record full;
		struct ev_brief brief;

		/* An event's id is learned by decoding in full. */
		assert_int_equal(ev_decode(decoder, &raw, &full), 0);
		assert_true(ev_decode_brief(decoder, &raw, true, &brief));
		assert_int_equal(brief.event, 1);
		assert_int_equal(brief.event, full.event);
		assert_int_equal(brief.pid, full.pid);
		assert_int_equal(brief.tid, full.tid);
		assert_int_equal(brief.time_ns, full.time_ns);
		assert_int_equal(brief.ip, full.sample.ip);
		assert_int_equal(brief.period, full.sample.period);
		assert_int_equal(brief.has_period, (full.sample.has & PERF_SAMPLE_PERIOD) != 0);
		assert_int_equal(brief.has_weight, (full.sample.has & PERF_SAMPLE_WEIGHT) != 0);
		assert_int_equal(brief.weight, full.sample.weight);
		assert_int_equal(brief.chain_count, full.sample.chain_count);
		if (brief.chain_count)
			assert_memory_equal(brief.chain, chain, sizeof(chain));
		assert_true(ev_decode_brief(decoder, &raw, false, &brief));
		assert_int_equal(brief.weight, full.sample.weight);
		assert_int_equal(brief.chain_count, 0);
		ev_decoder_close(decoder);
		ev_buffer_done(&bytes);
		ev_recording_done(&recording);
	}
}

static void longer_samples_and_damaged_ones_are_left_to_others(void **state)
{
	(void)state;
	for (size_t i = 0; i < EV_LENGTH(longer); i++) {
		struct ev_recording recording = { 0 };
		struct ev_buffer bytes = encoded(&recording, longer[i]);
		struct ev_raw raw = raw_of(&bytes);
		struct ev_decoder *decoder = ev_decoder_open(&recording);
		struct ev_record full;
		struct ev_brief brief;

		assert_int_equal(ev_decode(decoder, &raw, &full), 0);
		assert_false(ev_decode_brief(decoder, &raw, true, &brief));
		assert_true(ev_decode_brief(decoder, &raw, false, &brief));
		assert_int_equal(brief.ip, 0x400000);
		ev_decoder_close(decoder);
		ev_buffer_done(&bytes);
		ev_recording_done(&recording);
	}
}

static void a_sample_cut_anywhere_is_no_brief_one(void **state)
{
	struct ev_recording recording = { 0 };
	struct ev_buffer bytes = encoded(&recording, layouts[2]);
	struct ev_raw raw = raw_of(&bytes);
	struct ev_decoder *decoder = ev_decoder_open(&recording);
	struct ev_record full;
	struct ev_brief brief;

	(void)state;
	assert_int_equal(ev_decode(decoder, &raw, &full), 0);
	for (uint32_t size = raw.size_bytes - 8; size >= 8; size -= 8) {
		/* A copy of just that size, so that a sanitizer sees every byte too far. */
		void *copy = memcpy(ev_realloc(NULL, size), bytes.bytes, size);
		struct ev_raw cut = raw;

		cut.header = copy;
		cut.size_bytes = size;
		assert_false(ev_decode_brief(decoder, &cut, true, &brief));
		free(copy);
	}
	ev_decoder_close(decoder);
	ev_buffer_done(&bytes);
	ev_recording_done(&recording);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_brief_sample_says_what_a_full_one_says),
		cmocka_unit_test(longer_samples_and_damaged_ones_are_left_to_others),
		cmocka_unit_test(a_sample_cut_anywhere_is_no_brief_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
