/* Where a record seems to begin, and records that are handed out together. */
#include "written.h"

enum { SAMPLES = 20000 };

/* A file of many samples, its reader and where every record begins. */
struct setting {
	char *folder, *path;
	struct ev_reader *reader;
	EV_ARRAY(uint64_t) begins;
};

static void open_many(struct setting *setting)
{
	struct ev_writer_options options = { 0 };
	struct ev_err err = { 0 };
	struct ev_raw raw;

	*setting = (struct setting){ .folder = temporary_folder() };
	setting->path = ev_printf("%s/perf.data", setting->folder);
	write_file(setting->path, &options, SAMPLES);
	assert_int_equal(ev_reader_open(&setting->reader, setting->path, &err), 0);
	while (ev_reader_next(setting->reader, &raw, &err) == 1)
		*ev_array_add(&setting->begins) = raw.offset;
	assert_int_equal(ev_reader_rewind(setting->reader, &err), 0);
}

static void close_many(struct setting *setting)
{
	ev_reader_close(setting->reader);
	ev_array_done(&setting->begins);
	free(setting->path);
	remove_folder(setting->folder);
}

static void a_guess_is_where_a_record_begins(void **state)
{
	struct setting setting;
	size_t next = 0;

	(void)state;
	open_many(&setting);
	for (uint64_t at = setting.begins.items[0]; at < setting.begins.items[SAMPLES - 1000];
	     at += 8 * 4999) {
		while (setting.begins.items[next] < at)
			next++;
		assert_int_equal(ev_reader_guess(setting.reader, at), setting.begins.items[next]);
	}
	assert_true(ev_reader_guess(setting.reader, ev_reader_end(setting.reader)) == UINT64_MAX);
	close_many(&setting);
}

static void records_at_hand_are_all_records_in_order(void **state)
{
	struct setting setting;
	struct ev_raw raws[64];
	size_t seen = 0, together = 0;

	(void)state;
	open_many(&setting);
	for (;;) {
		size_t count = ev_reader_batch(setting.reader, raws, EV_LENGTH(raws));

		together += count;
		if (!count && ev_reader_next(setting.reader, raws, NULL) != 1)
			break;
		for (size_t i = 0; i < (count ? count : 1); i++)
			assert_int_equal(raws[i].offset, setting.begins.items[seen++]);
	}
	assert_int_equal(seen, setting.begins.count);
	assert_true(together > SAMPLES / 2);
	close_many(&setting);
}

static void a_reader_goes_on_where_others_have_been(void **state)
{
	struct setting setting;
	struct ev_raw raw;
	size_t seen = 5000;

	(void)state;
	open_many(&setting);
	ev_reader_skip_to(setting.reader, setting.begins.items[seen], seen);
	while (ev_reader_next(setting.reader, &raw, NULL) == 1)
		assert_int_equal(raw.offset, setting.begins.items[seen++]);
	assert_int_equal(seen, setting.begins.count);
	close_many(&setting);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_guess_is_where_a_record_begins),
		cmocka_unit_test(records_at_hand_are_all_records_in_order),
		cmocka_unit_test(a_reader_goes_on_where_others_have_been),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
