/* The reader hands out every record once, survives whatever a file holds, and says what is wrong.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <zstd.h>
#include "recordings.h"

#define SAMPLE_TYPE (PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_IDENTIFIER)

/* A small recording in the layout asked for, as the bytes of its file. */
static struct ev_buffer make_file(const struct ev_writer_options *options, unsigned samples)
{
	char *folder = temporary_folder(), *path = ev_printf("%s/perf.data", folder);
	struct ev_recording recording = { 0 };
	struct ev_record record;
	struct ev_writer *writer;
	struct ev_err err = { 0 };
	struct ev_buffer bytes;

	describe(&recording);
	add_event(&recording, "cpu-clock", SAMPLE_TYPE);
	add_event(&recording, "page-faults", SAMPLE_TYPE);
	ev_recording_add_note(&recording, "key", "value");
	assert_int_equal(ev_writer_open(&writer, path, options, &recording, &err), 0);
	record = make_comm(&recording, 1, "name");
	assert_int_equal(ev_writer_add_record(writer, &record, &err), 0);
	for (unsigned i = 0; i < samples; i++) {
		record = make_sample(&recording, (int)i & 1, 10 + i, i);
		assert_int_equal(ev_writer_add_record(writer, &record, &err), 0);
	}
	assert_int_equal(ev_writer_finish(writer, &recording, &err), 0);
	ev_writer_close(writer);
	bytes = slurp(path);
	ev_recording_done(&recording);
	free(path);
	remove_folder(folder);
	return bytes;
}

static const struct ev_writer_options layouts[] = { { 0 },
						    { .compression_level = 3 },
						    { .pipe = true },
						    { .pipe = true, .compression_level = 3 } };

static struct ev_reader *open_bytes(const struct ev_buffer *bytes)
{
	struct ev_reader *reader;
	struct ev_err err = { 0 };

	if (ev_reader_open_memory(&reader, bytes->bytes, bytes->size_bytes, &err) < 0)
		fail_msg("%s", err.text);
	return reader;
}

static void every_prefix_is_an_answer_or_a_clear_error(void **state)
{
	(void)state;
	for (size_t i = 0; i < EV_LENGTH(layouts); i++) {
		struct ev_buffer bytes = make_file(&layouts[i], 4);
		uint64_t whole = walk_memory(bytes.bytes, bytes.size_bytes).records;

		for (size_t size = 0; size < bytes.size_bytes; size++) {
			struct outcome outcome = walk_memory(bytes.bytes, size);

			if (outcome.opened < 0 || outcome.ended < 0)
				assert_true(outcome.err.text[0]);
			/* The records at the head of an unfinished file count as well. */
			assert_true(outcome.records <= whole + 32);
		}
		ev_buffer_done(&bytes);
	}
}

static void every_flipped_byte_is_an_answer_or_a_clear_error(void **state)
{
	static const uint8_t flips[] = { 0xff, 0x01, 0x80 };
	(void)state;
	for (size_t i = 0; i < EV_LENGTH(layouts); i++) {
		struct ev_buffer bytes = make_file(&layouts[i], 4);

		for (size_t at = 0; at < bytes.size_bytes; at++)
			for (size_t k = 0; k < EV_LENGTH(flips); k++) {
				struct outcome outcome;

				bytes.bytes[at] ^= flips[k];
				outcome = walk_memory(bytes.bytes, bytes.size_bytes);
				if (outcome.opened < 0 || outcome.ended < 0)
					assert_true(outcome.err.text[0]);
				bytes.bytes[at] ^= flips[k];
			}
		ev_buffer_done(&bytes);
	}
}

static void a_reader_can_go_back_to_the_first_record(void **state)
{
	(void)state;
	for (size_t i = 0; i < EV_LENGTH(layouts); i++) {
		struct ev_buffer bytes = make_file(&layouts[i], 1000);
		struct ev_reader *reader = open_bytes(&bytes);
		struct ev_raw raw;
		struct ev_err err;

		for (int pass = 0; pass < 3; pass++) {
			unsigned samples = 0;

			while (ev_reader_next(reader, &raw, &err) == 1)
				samples += raw.type == PERF_RECORD_SAMPLE;
			assert_int_equal(samples, 1000);
			/* What describes the recording is not applied a second time. */
			assert_int_equal(ev_reader_recording(reader)->event_count, 2);
			assert_int_equal(ev_reader_rewind(reader, &err), 0);
			for (int some = 0; some < 100; some++)
				assert_int_equal(ev_reader_next(reader, &raw, &err), 1);
			assert_int_equal(ev_reader_rewind(reader, &err), 0);
		}
		ev_reader_close(reader);
		ev_buffer_done(&bytes);
	}
}

static void parts_read_what_begins_in_them(void **state)
{
	struct ev_buffer bytes = make_file(&layouts[0], 2000);
	struct ev_reader *reader = open_bytes(&bytes), *part;
	uint64_t first = ev_reader_tell(reader), middle;
	struct ev_raw raw;
	struct ev_err err = { 0 };
	unsigned before = 0, behind = 0;

	(void)state;
	for (int i = 0; i < 700; i++)
		assert_int_equal(ev_reader_next(reader, &raw, &err), 1);
	middle = ev_reader_tell(reader);
	assert_true(ev_reader_can_split(reader));
	assert_int_equal(ev_reader_part(reader, first, middle, &part, &err), 0);
	while (ev_reader_next(part, &raw, &err) == 1)
		before++;
	ev_reader_close(part);
	assert_int_equal(ev_reader_part(reader, middle, ev_reader_size(reader), &part, &err), 0);
	while (ev_reader_next(part, &raw, &err) == 1)
		behind++;
	ev_reader_close(part);
	assert_int_equal(before, 700);
	assert_int_equal(before + behind, 2001);
	assert_int_equal(ev_reader_part(reader, 0, middle, &part, &err), -EINVAL);
	assert_null(part);
	ev_reader_close(reader);
	ev_buffer_done(&bytes);

	for (size_t i = 1; i < EV_LENGTH(layouts); i++) {
		bytes = make_file(&layouts[i], 10);
		reader = open_bytes(&bytes);
		assert_false(ev_reader_can_split(reader));
		first = ev_reader_tell(reader);
		assert_int_equal(ev_reader_part(reader, first, first, &part, &err), -ENOTSUP);
		ev_reader_close(reader);
		ev_buffer_done(&bytes);
	}
}

/* Opens /dev/stdin's descriptor 0 as a pipe that a child fills in small pieces. */
static struct outcome read_through_a_pipe(const struct ev_buffer *bytes, struct ev_err *err)
{
	int ends[2], keep = dup(STDIN_FILENO), status;
	struct outcome outcome = { 0 };
	struct ev_reader *reader;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		close(ends[0]);
		signal(SIGPIPE, SIG_DFL);
		for (size_t at = 0; at < bytes->size_bytes;) {
			size_t here = bytes->size_bytes - at < 1013 ? bytes->size_bytes - at : 1013;
			ssize_t done = write(ends[1], bytes->bytes + at, here);

			if (done <= 0)
				_exit(1);
			at += (size_t)done;
		}
		_exit(0);
	}
	close(ends[1]);
	dup2(ends[0], STDIN_FILENO);
	close(ends[0]);
	outcome.opened = ev_reader_open(&reader, "-", err);
	if (outcome.opened == 0) {
		struct ev_err ignored;

		assert_int_equal(ev_reader_rewind(reader, &ignored), -ESPIPE);
		outcome = walk_reader(reader);
		assert_int_equal(ev_reader_recording(reader)->event_count, 2);
		assert_string_equal(ev_reader_recording(reader)->events[1].name, "page-faults");
		ev_reader_close(reader);
	}
	dup2(keep, STDIN_FILENO);
	close(keep);
	waitpid(child, &status, 0);
	return outcome;
}

static void a_stream_is_read_from_a_pipe(void **state)
{
	(void)state;
	for (size_t i = 2; i < EV_LENGTH(layouts); i++) {
		struct ev_buffer bytes = make_file(&layouts[i], 30000);
		struct ev_err err = { 0 };
		struct outcome outcome = read_through_a_pipe(&bytes, &err);

		assert_int_equal(outcome.opened, 0);
		assert_int_equal(outcome.ended, 0);
		assert_int_equal(outcome.samples, 30000);
		assert_false(outcome.unfinished);
		bytes.size_bytes -= 12345;
		outcome = read_through_a_pipe(&bytes, &err);
		assert_true(outcome.unfinished || layouts[i].compression_level);
		ev_buffer_done(&bytes);
	}
}

static void a_file_layout_in_a_pipe_is_refused_in_words(void **state)
{
	struct ev_buffer bytes = make_file(&layouts[0], 10);
	struct ev_err err = { 0 };

	(void)state;
	assert_int_equal(read_through_a_pipe(&bytes, &err).opened, -ESPIPE);
	assert_non_null(strstr(err.text, "name the file"));
	ev_buffer_done(&bytes);
}

/* ---- records that are more than their size says ------------------------------------------------
 */

/* The beginning of a stream of one event. */
static struct ev_buffer begin_stream(struct ev_recording *recording)
{
	struct ev_buffer bytes = { 0 };

	add_event(recording, "one", SAMPLE_TYPE);
	ev_buffer_add(&bytes, EV_MAGIC, 8);
	ev_buffer_u64(&bytes, EV_PIPE_HEADER_BYTES);
	ev_describe_attrs(recording, EV_ATTR_BYTES_WRITTEN, &bytes, NULL);
	return bytes;
}

static void add_header(struct ev_buffer *bytes, uint32_t type, uint16_t size_bytes)
{
	ev_buffer_u32(bytes, type);
	ev_buffer_u16(bytes, 0);
	ev_buffer_u16(bytes, size_bytes);
}

static void add_sample(const struct ev_recording *recording, struct ev_buffer *bytes)
{
	struct ev_record record = make_sample(recording, 0, 1, 2);

	assert_int_equal(ev_encode(recording, &record, bytes, NULL), 0);
}

static void trace_payloads_are_skipped(void **state)
{
	struct ev_recording recording = { 0 };
	struct ev_buffer bytes = begin_stream(&recording);
	struct outcome outcome;

	(void)state;
	add_sample(&recording, &bytes);
	add_header(&bytes, EV_RECORD_AUXTRACE, 48);
	ev_buffer_u64(&bytes, 1000000);
	ev_buffer_zero(&bytes, 32 + 1000000);
	add_sample(&recording, &bytes);
	add_header(&bytes, EV_RECORD_AUXTRACE, 48);
	ev_buffer_u64(&bytes, 8);
	ev_buffer_zero(&bytes, 32 + 8);
	add_sample(&recording, &bytes);
	outcome = walk_memory(bytes.bytes, bytes.size_bytes);
	assert_int_equal(outcome.ended, 0);
	assert_int_equal(outcome.samples, 3);
	assert_false(outcome.unfinished);
	/* One that claims more than there is ends the stream. */
	add_header(&bytes, EV_RECORD_AUXTRACE, 48);
	ev_buffer_u64(&bytes, UINT64_MAX - 4);
	ev_buffer_zero(&bytes, 32 + 8);
	add_sample(&recording, &bytes);
	outcome = walk_memory(bytes.bytes, bytes.size_bytes);
	assert_int_equal(outcome.ended, 0);
	assert_int_equal(outcome.samples, 3);
	assert_true(outcome.unfinished);
	ev_buffer_done(&bytes);
	ev_recording_done(&recording);
}

static void tracing_data_becomes_a_section(void **state)
{
	struct ev_recording recording = { 0 };
	struct ev_buffer bytes = begin_stream(&recording);
	struct outcome outcome;
	struct ev_raw raw;
	struct ev_err err;
	uint32_t said_bytes;
	struct ev_reader *reader;
	const struct ev_section *section;

	(void)state;
	add_header(&bytes, EV_RECORD_HEADER_TRACING_DATA, 12);
	ev_buffer_u32(&bytes, 13);
	ev_buffer_add(&bytes, "thirteen byte\0\0\0", 16);
	add_sample(&recording, &bytes);
	reader = open_bytes(&bytes);
	outcome = walk_reader(reader);
	assert_int_equal(outcome.ended, 0);
	assert_int_equal(outcome.samples, 1);
	section = ev_recording_section(ev_reader_recording(reader), EV_FEATURE_TRACING_DATA);
	assert_int_equal(section->size_bytes, 13);
	assert_memory_equal(section->bytes, "thirteen byte", 13);
	/* The record itself is still what it was when it is handed out. */
	assert_int_equal(ev_reader_rewind(reader, &err), 0);
	assert_int_equal(ev_reader_next(reader, &raw, &err), 1);
	assert_int_equal(ev_reader_next(reader, &raw, &err), 1);
	assert_int_equal(raw.header->type, EV_RECORD_HEADER_TRACING_DATA);
	memcpy(&said_bytes, raw.header + 1, sizeof(said_bytes));
	assert_int_equal(said_bytes, 13);
	ev_reader_close(reader);
	ev_buffer_done(&bytes);
	ev_recording_done(&recording);
}

/* COMPRESSED2 of a size that makes the size in its header run over to 0, as perf 6.16 lets it. */
static void sizes_that_ran_over_are_understood(void **state)
{
	enum { DATA_BYTES = EV_RECORD_BYTES_MAX - 16, SKIPPABLE = 0x184d2a50 };
	struct ev_recording recording = { 0 };
	struct ev_buffer bytes = begin_stream(&recording), records = { 0 };
	struct outcome outcome;
	size_t begin, packed_bytes;

	(void)state;
	for (int i = 0; i < 100; i++)
		add_sample(&recording, &records);
	add_header(&bytes, EV_RECORD_COMPRESSED2, 0);
	ev_buffer_u64(&bytes, DATA_BYTES);
	begin = bytes.size_bytes;
	ev_buffer_zero(&bytes, ZSTD_compressBound(records.size_bytes));
	packed_bytes = ZSTD_compress(bytes.bytes + begin, bytes.size_bytes - begin, records.bytes,
				     records.size_bytes, 1);
	assert_false(ZSTD_isError(packed_bytes));
	bytes.size_bytes = begin + packed_bytes;
	/* Filled up to the wanted size with what unpacks to nothing. */
	ev_buffer_u32(&bytes, SKIPPABLE);
	ev_buffer_u32(&bytes, (uint32_t)(DATA_BYTES - packed_bytes - 8));
	ev_buffer_zero(&bytes, DATA_BYTES - packed_bytes - 8);
	assert_int_equal(bytes.size_bytes, begin + DATA_BYTES);
	add_sample(&recording, &bytes); /* at no multiple of 8 */
	outcome = walk_memory(bytes.bytes, bytes.size_bytes);
	assert_int_equal(outcome.ended, 0);
	assert_int_equal(outcome.samples, 101);
	assert_int_equal(outcome.damaged, 0);
	ev_buffer_done(&records);
	ev_buffer_done(&bytes);
	ev_recording_done(&recording);
}

static void compressed_records_in_compressed_ones_are_damage(void **state)
{
	struct ev_recording recording = { 0 };
	struct ev_buffer bytes = begin_stream(&recording), inner = { 0 };
	struct ev_packer *packer;
	struct outcome outcome;

	(void)state;
	add_header(&inner, EV_RECORD_COMPRESSED, 8);
	assert_int_equal(ev_packer_open(&packer, 1, NULL), 0);
	assert_int_equal(ev_packer_add(packer, inner.bytes, inner.size_bytes, &bytes, NULL), 0);
	outcome = walk_memory(bytes.bytes, bytes.size_bytes);
	assert_int_equal(outcome.ended, -EINVAL);
	ev_packer_close(packer);
	ev_buffer_done(&inner);
	ev_buffer_done(&bytes);
	ev_recording_done(&recording);
}

static void after_an_error_the_answer_stays_the_same(void **state)
{
	struct ev_recording recording = { 0 };
	struct ev_buffer bytes = begin_stream(&recording);
	struct ev_reader *reader;
	struct ev_raw raw;
	struct ev_err err = { 0 };

	(void)state;
	add_sample(&recording, &bytes);
	add_header(&bytes, PERF_RECORD_SAMPLE, 4);
	add_sample(&recording, &bytes);
	reader = open_bytes(&bytes);
	assert_int_equal(ev_reader_next(reader, &raw, &err), 1);
	assert_int_equal(raw.type, EV_RECORD_HEADER_ATTR);
	assert_int_equal(ev_reader_next(reader, &raw, &err), 1);
	for (int i = 0; i < 3; i++) {
		memset(&err, 0, sizeof(err));
		assert_int_equal(ev_reader_next(reader, &raw, &err), -EINVAL);
		assert_non_null(strstr(err.text, "without a size"));
	}
	ev_reader_close(reader);
	ev_buffer_done(&bytes);
	ev_recording_done(&recording);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_prefix_is_an_answer_or_a_clear_error),
		cmocka_unit_test(every_flipped_byte_is_an_answer_or_a_clear_error),
		cmocka_unit_test(a_reader_can_go_back_to_the_first_record),
		cmocka_unit_test(parts_read_what_begins_in_them),
		cmocka_unit_test(a_stream_is_read_from_a_pipe),
		cmocka_unit_test(a_file_layout_in_a_pipe_is_refused_in_words),
		cmocka_unit_test(trace_payloads_are_skipped),
		cmocka_unit_test(tracing_data_becomes_a_section),
		cmocka_unit_test(sizes_that_ran_over_are_understood),
		cmocka_unit_test(compressed_records_in_compressed_ones_are_damage),
		cmocka_unit_test(after_an_error_the_answer_stays_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
