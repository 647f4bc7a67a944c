/* A recording in a folder is one recording: records of all of its files, in the order of time. */
#include <sys/stat.h>
#include "recordings.h"

#define SAMPLE_TYPE (PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_IDENTIFIER)

static void put(const char *folder, const char *name, const void *bytes, size_t size_bytes)
{
	char *path = ev_printf("%s/%s", folder, name);
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	if (size_bytes)
		assert_int_equal(fwrite(bytes, 1, size_bytes, file), size_bytes);
	assert_int_equal(fclose(file), 0);
	free(path);
}

/* "data" with its header, a comm, and samples at 1, 11, 21 …, of which there are `samples`. */
static void put_data(struct ev_recording *recording, const char *folder, unsigned samples)
{
	char *path = ev_printf("%s/data", folder);
	struct ev_record record = { 0 };
	struct ev_writer_options options = { 0 };
	struct ev_writer *writer;
	struct ev_err err = { 0 };

	describe(recording);
	add_event(recording, "cpu-clock", SAMPLE_TYPE);
	assert_int_equal(ev_writer_open(&writer, path, &options, recording, &err), 0);
	record = make_comm(recording, 1, "name");
	assert_int_equal(ev_writer_add_record(writer, &record, &err), 0);
	for (unsigned i = 0; i < samples; i++) {
		record = make_sample(recording, 0, 10 * i + 1, i);
		assert_int_equal(ev_writer_add_record(writer, &record, &err), 0);
	}
	assert_int_equal(ev_writer_finish(writer, recording, &err), 0);
	ev_writer_close(writer);
	free(path);
}

/* Samples at first, first + 10 …; `cut` bytes of the last one are missing. */
static void put_piece(const struct ev_recording *recording, const char *folder, const char *name,
		      unsigned samples, uint64_t first, size_t cut)
{
	struct ev_buffer bytes = { 0 };

	for (unsigned i = 0; i < samples; i++) {
		struct ev_record record = make_sample(recording, 0, first + 10 * i, i);

		assert_int_equal(ev_encode(recording, &record, &bytes, NULL), 0);
	}
	put(folder, name, bytes.bytes, bytes.size_bytes - cut);
	ev_buffer_done(&bytes);
}

static struct outcome walk_folder(const char *folder)
{
	struct ev_reader *reader;
	struct outcome outcome = { 0 };

	outcome.opened = ev_reader_open(&reader, folder, &outcome.err);
	if (outcome.opened == 0) {
		outcome = walk_reader(reader);
		ev_reader_close(reader);
	}
	return outcome;
}

static void files_of_a_folder_are_merged_in_the_order_of_time(void **state)
{
	char *folder = temporary_folder();
	struct ev_recording recording = { 0 };
	struct ev_reader *reader;
	struct ev_ordered *ordered;
	struct ev_record record;
	struct ev_err err = { 0 };
	uint64_t last = 0, samples = 0;
	struct outcome outcome;

	(void)state;
	put_data(&recording, folder, 5);
	put_piece(&recording, folder, "data.0", 5, 3, 0);
	put_piece(&recording, folder, "data.2", 0, 0, 0);
	put_piece(&recording, folder, "data.10", 5, 2, 0);
	put(folder, "data.007", "junk", 4);
	put(folder, "data.x", "junk", 4);
	outcome = walk_folder(folder);
	assert_int_equal(outcome.ended, 0);
	assert_int_equal(outcome.samples, 15);
	assert_false(outcome.unfinished);
	assert_int_equal(ev_reader_open(&reader, folder, &err), 0);
	ordered = ev_ordered_open(reader);
	while (ev_ordered_next(ordered, &record, &err) == 1) {
		if (record.type != PERF_RECORD_SAMPLE)
			continue;
		assert_true(record.time_ns >= last);
		last = record.time_ns;
		samples++;
	}
	assert_int_equal(samples, 15);
	ev_ordered_close(ordered);
	ev_reader_close(reader);
	ev_recording_done(&recording);
	remove_folder(folder);
}

static void a_file_cut_off_in_a_record_leaves_the_others_whole(void **state)
{
	char *folder = temporary_folder();
	struct ev_recording recording = { 0 };
	struct outcome outcome;

	(void)state;
	put_data(&recording, folder, 0);
	put_piece(&recording, folder, "data.0", 3, 3, 5);
	put_piece(&recording, folder, "data.1", 4, 2, 0);
	outcome = walk_folder(folder);
	assert_int_equal(outcome.ended, 0);
	assert_int_equal(outcome.samples, 6);
	assert_true(outcome.unfinished);
	ev_recording_done(&recording);
	remove_folder(folder);
}

/* Each part ends where the next begins, wherever files end between them. */
static void a_folder_can_be_read_in_parts(void **state)
{
	char *folder = temporary_folder();
	struct ev_recording recording = { 0 };
	struct ev_reader *reader, *part;
	struct ev_err err = { 0 };
	uint64_t begin, end;

	(void)state;
	put_data(&recording, folder, 40);
	put_piece(&recording, folder, "data.0", 40, 3, 0);
	put_piece(&recording, folder, "data.1", 40, 2, 0);
	assert_int_equal(ev_reader_open(&reader, folder, &err), 0);
	assert_true(ev_reader_can_split(reader));
	begin = ev_reader_tell(reader);
	end = ev_reader_end(reader);
	for (uint64_t from = begin; from < end; from += 8) {
		uint64_t cut = ev_reader_guess(reader, from), halves[] = { begin, cut, UINT64_MAX };
		unsigned samples = 0;
		struct ev_raw raw;

		if (cut == UINT64_MAX)
			continue;
		for (size_t i = 0; i < 2; i++) {
			assert_int_equal(ev_reader_part(reader, halves[i], halves[i + 1], &part,
							&err),
					 0);
			while (ev_reader_next(part, &raw, &err) == 1)
				samples += raw.type == PERF_RECORD_SAMPLE;
			if (!i)
				assert_int_equal(ev_reader_tell(part), cut);
			ev_reader_close(part);
		}
		assert_int_equal(samples, 120);
	}
	ev_reader_close(reader);
	ev_recording_done(&recording);
	remove_folder(folder);
}

static void a_folder_without_a_recording_says_so(void **state)
{
	char *folder = temporary_folder(), *path = ev_printf("%s/data", folder);
	struct ev_recording recording = { 0 };
	struct outcome outcome = walk_folder(folder);

	(void)state;
	assert_int_equal(outcome.opened, -EISDIR);
	assert_non_null(strstr(outcome.err.text, folder));
	/* Nobody waits for a writer that never comes. */
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_true(walk_folder(folder).opened < 0);
	assert_int_equal(unlink(path), 0);
	put(folder, "data", "junk", 4);
	assert_int_equal(walk_folder(folder).opened, -EINVAL);
	put_data(&recording, folder, 1);
	free(path);
	path = ev_printf("%s/data.0", folder);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_true(walk_folder(folder).opened < 0);
	free(path);
	ev_recording_done(&recording);
	remove_folder(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_of_a_folder_are_merged_in_the_order_of_time),
		cmocka_unit_test(a_file_cut_off_in_a_record_leaves_the_others_whole),
		cmocka_unit_test(a_folder_can_be_read_in_parts),
		cmocka_unit_test(a_folder_without_a_recording_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
