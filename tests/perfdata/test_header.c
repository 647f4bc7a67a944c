/* The head of a file: what is no recording is refused in words, what is described is believed no
 * further than the file goes. */
#include "recordings.h"

/* A file of one event, no records and no features. */
static struct ev_buffer small_file(uint64_t entry_bytes)
{
	struct perf_event_attr attr = { .type = 1, .sample_type = PERF_SAMPLE_IP };
	struct ev_buffer bytes = { 0 };

	ev_buffer_add(&bytes, EV_MAGIC, 8);
	ev_buffer_u64(&bytes, EV_FILE_HEADER_BYTES);
	ev_buffer_u64(&bytes, entry_bytes);
	ev_buffer_u64(&bytes, EV_FILE_HEADER_BYTES);
	ev_buffer_u64(&bytes, entry_bytes);
	ev_buffer_u64(&bytes, EV_FILE_HEADER_BYTES + entry_bytes);
	ev_buffer_u64(&bytes, 8);
	ev_buffer_zero(&bytes, 16 + 32);
	ev_attr_encode(&attr, entry_bytes - EV_PLACE_BYTES, &bytes);
	ev_buffer_zero(&bytes, EV_PLACE_BYTES);
	ev_buffer_u32(&bytes, EV_RECORD_FINISHED_ROUND);
	ev_buffer_u32(&bytes, 8 << 16);
	return bytes;
}

static void set_word(struct ev_buffer *bytes, size_t index, uint64_t value)
{
	memcpy(bytes->bytes + 8 * index, &value, sizeof(value));
}

static void assert_refused(const void *bytes, size_t size_bytes, int code, const char *words)
{
	struct outcome outcome = walk_memory(bytes, size_bytes);

	assert_int_equal(outcome.opened, -code);
	if (!strstr(outcome.err.text, words))
		fail_msg("'%s' says nothing of '%s'", outcome.err.text, words);
}

static void what_is_no_recording_is_refused_in_words(void **state)
{
	(void)state;
	assert_refused("", 0, EINVAL, "empty");
	assert_refused("PERF", 4, EINVAL, "not a perf.data file");
	assert_refused("\x7f"
		       "ELF0123456789",
		       14, EINVAL, "not a perf.data file");
	assert_refused("PERFFILE01234567", 16, ENOTSUP, "PERFFILE");
	assert_refused("PERFILE2", 8, EINVAL, "cut off");
	assert_refused("PERFILE2\0\0\0\0\0\0\0", 16, EINVAL, "header");
	assert_refused("PERFILE2\x68\0\0\0\0\0\0", 16, EINVAL, "cut off");
}

static void attributes_of_any_size_are_read(void **state)
{
	static const uint64_t sizes[] = { 64, 72, 96, 112, 128, 136, 144, 1024 };

	(void)state;
	for (size_t i = 0; i < EV_LENGTH(sizes); i++) {
		struct ev_buffer bytes = small_file(sizes[i] + EV_PLACE_BYTES);
		struct outcome outcome = walk_memory(bytes.bytes, bytes.size_bytes);

		assert_int_equal(outcome.opened, 0);
		assert_int_equal(outcome.records, 1);
		ev_buffer_done(&bytes);
	}
}

static void impossible_heads_are_refused(void **state)
{
	struct ev_buffer bytes = small_file(144);

	(void)state;
	set_word(&bytes, 2, 8); /* size of an attr entry */
	assert_refused(bytes.bytes, bytes.size_bytes, EINVAL, "8 bytes");
	set_word(&bytes, 2, UINT64_MAX);
	assert_refused(bytes.bytes, bytes.size_bytes, EINVAL, "damaged");
	set_word(&bytes, 2, 144);
	set_word(&bytes, 3, UINT64_MAX - 3); /* where they stand */
	assert_refused(bytes.bytes, bytes.size_bytes, EINVAL, "no event");
	set_word(&bytes, 3, EV_FILE_HEADER_BYTES);
	set_word(&bytes, 4, 0); /* how many bytes they are */
	assert_refused(bytes.bytes, bytes.size_bytes, EINVAL, "no event");
	set_word(&bytes, 4, 144);
	set_word(&bytes, 5, bytes.size_bytes + 1); /* where the data stands */
	assert_refused(bytes.bytes, bytes.size_bytes, EINVAL, "cut off");
	ev_buffer_done(&bytes);
}

static void data_of_size_0_goes_to_the_end_of_the_file(void **state)
{
	struct ev_buffer bytes = small_file(144);
	struct outcome outcome;

	(void)state;
	for (uint64_t size = 0; size < 3; size++) {
		set_word(&bytes, 6, size == 0 ? 0 : size == 1 ? 1000 : UINT64_MAX);
		set_word(&bytes, 9, 1 << EV_FEATURE_HOSTNAME); /* said, but never written */
		outcome = walk_memory(bytes.bytes, bytes.size_bytes);
		assert_int_equal(outcome.opened, 0);
		assert_int_equal(outcome.ended, 0);
		assert_int_equal(outcome.records, 1);
		assert_true(outcome.unfinished);
	}
	ev_buffer_done(&bytes);
}

/* Two thousand events that all name the whole file as their ids: refused, not loaded. */
static void places_that_overlap_are_not_loaded_again_and_again(void **state)
{
	enum { EVENTS = 2000, ENTRY_BYTES = 80 };
	struct ev_buffer bytes = { 0 };
	struct outcome outcome;

	(void)state;
	ev_buffer_add(&bytes, EV_MAGIC, 8);
	ev_buffer_u64(&bytes, EV_FILE_HEADER_BYTES);
	ev_buffer_u64(&bytes, ENTRY_BYTES);
	ev_buffer_u64(&bytes, EV_FILE_HEADER_BYTES);
	ev_buffer_u64(&bytes, EVENTS * ENTRY_BYTES);
	ev_buffer_u64(&bytes, EV_FILE_HEADER_BYTES);
	ev_buffer_u64(&bytes, 8);
	ev_buffer_zero(&bytes, 16 + 32);
	for (int i = 0; i < EVENTS; i++) {
		ev_buffer_zero(&bytes, 64);
		ev_buffer_u64(&bytes, 0);
		ev_buffer_u64(&bytes, EVENTS * ENTRY_BYTES);
	}
	outcome = walk_memory(bytes.bytes, bytes.size_bytes);
	assert_int_equal(outcome.opened, -EINVAL);
	assert_non_null(strstr(outcome.err.text, "ids"));
	ev_buffer_done(&bytes);
}

static void features_beyond_the_file_make_it_unfinished(void **state)
{
	struct ev_buffer bytes = small_file(144);
	struct outcome outcome;

	(void)state;
	set_word(&bytes, 9, 1 << EV_FEATURE_HOSTNAME);
	ev_buffer_u64(&bytes, bytes.size_bytes);
	ev_buffer_u64(&bytes, 1ULL << 62);
	outcome = walk_memory(bytes.bytes, bytes.size_bytes);
	assert_int_equal(outcome.ended, 0);
	assert_int_equal(outcome.records, 1);
	assert_true(outcome.unfinished);
	ev_buffer_done(&bytes);
}

/* A 32-bit machine of the other byte order wrote the feature bits in halves. */
static void feature_bits_of_32_bit_machines_are_put_right(void **state)
{
	static const uint64_t bits[] = { 1ULL << EV_FEATURE_HOSTNAME,
					 1ULL << (EV_FEATURE_HOSTNAME + 32) };
	(void)state;
	for (size_t i = 0; i < EV_LENGTH(bits); i++) {
		struct ev_buffer bytes = { 0 }, native = small_file(144);
		struct ev_reader *reader;
		struct ev_err err = { 0 };

		ev_buffer_add(&bytes, "2ELIFREP", 8);
		for (size_t word = 1; word < 13; word++) {
			uint64_t value;

			memcpy(&value, native.bytes + 8 * word, sizeof(value));
			ev_buffer_u64(&bytes, ev_swap64(word == 9 ? bits[i] : value));
		}
		ev_buffer_u32(&bytes, ev_swap32(1));
		ev_buffer_u32(&bytes, ev_swap32(128));
		ev_buffer_zero(&bytes, 120 + 16);
		ev_buffer_u32(&bytes, ev_swap32(EV_RECORD_FINISHED_ROUND));
		ev_buffer_u32(&bytes, ev_swap32(8));
		ev_buffer_u64(&bytes, ev_swap64(bytes.size_bytes + 16));
		ev_buffer_u64(&bytes, ev_swap64(12));
		ev_buffer_u32(&bytes, ev_swap32(8));
		ev_buffer_add(&bytes, "thehost", 8);
		if (ev_reader_open_memory(&reader, bytes.bytes, bytes.size_bytes, &err) < 0)
			fail_msg("%s", err.text);
		assert_true(ev_reader_recording(reader)->swapped);
		assert_string_equal(ev_reader_recording(reader)->hostname, "thehost");
		ev_reader_close(reader);
		ev_buffer_done(&bytes);
		ev_buffer_done(&native);
	}
}

static void a_missing_file_and_a_folder_are_named(void **state)
{
	struct ev_reader *reader;
	struct ev_err err = { 0 };

	(void)state;
	assert_int_equal(ev_reader_open(&reader, "/nonexistent/perf.data", &err), -ENOENT);
	assert_non_null(strstr(err.text, "/nonexistent/perf.data"));
	assert_null(reader);
	assert_int_equal(ev_reader_open(&reader, "/tmp", &err), -EISDIR);
	assert_non_null(strstr(err.text, "/tmp"));
	assert_int_equal(ev_reader_open(&reader, "/proc/self/status", &err), -EINVAL);
	assert_non_null(strstr(err.text, "/proc/self/status"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_recording_is_refused_in_words),
		cmocka_unit_test(attributes_of_any_size_are_read),
		cmocka_unit_test(impossible_heads_are_refused),
		cmocka_unit_test(data_of_size_0_goes_to_the_end_of_the_file),
		cmocka_unit_test(places_that_overlap_are_not_loaded_again_and_again),
		cmocka_unit_test(features_beyond_the_file_make_it_unfinished),
		cmocka_unit_test(feature_bits_of_32_bit_machines_are_put_right),
		cmocka_unit_test(a_missing_file_and_a_folder_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
