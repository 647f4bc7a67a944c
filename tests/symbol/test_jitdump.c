/* Generated code in dump files: names, lines, moves, damage. */
#include <errno.h>
#include <fcntl.h>
#include "dumps.h"
#include "jitdump.h"

static int read_at(struct jitdump *dump, const char *path)
{
	struct stat status;
	int fd = open(path, O_RDONLY);
	assert_true(fd >= 0 && !fstat(fd, &status));
	int code = ev_jitdump_read(dump, fd, (uint64_t)status.st_size);
	close(fd);
	return code;
}

static const struct dump_line lines[] = {
	{ 0x1000, 3, "a.js" },
	{ 0x1008, 4, "\xff" },
	{ 0x1010, 7, "b.js" },
};

static void codes_have_names_and_lines_in_either_byte_order(void **state)
{
	for (int swap = 0; swap < 2; swap++) {
		struct dump_writer writer;
		struct jitdump dump;
		dump_begin(&writer, swap, 77, 0);
		dump_load(&writer, 100, 0x2000, 16, 0, "plain");
		dump_lines(&writer, 0x1000, lines, 3);
		dump_prefix(&writer, 4, 8, 100); /* how to unwind what comes */
		dump_u64(&writer, 0);
		dump_load(&writer, 200, 0x1000, 32, 1, "with lines");
		dump_prefix(&writer, 3, 0, 300); /* closed */
		dump_end(&writer, in_folder(state, "d"));
		assert_int_equal(read_at(&dump, in_folder(state, "d")), 0);
		assert_int_equal(dump.pid, 77);
		assert_int_equal(dump.first_ns, 100);
		assert_int_equal(dump.codes.count, 2);
		assert_int_equal(dump.mappings.count, 2);
		const struct jit_code *code = &dump.codes.items[1];
		assert_ptr_equal(ev_jitdump_find(&dump, code->offset + 31), code);
		assert_null(ev_jitdump_find(&dump, code->offset + 32));
		assert_null(ev_jitdump_find(&dump, code->offset - 1));
		assert_string_equal(ev_jitdump_name(&dump, code), "with lines");
		const struct jit_line *line = ev_jitdump_line(&dump, code, code->offset + 15);
		assert_int_equal(line->line, 4);
		assert_string_equal(ev_strings_text(dump.files, line->file), "a.js");
		line = ev_jitdump_line(&dump, code, code->offset + 16);
		assert_int_equal(line->line, 7);
		assert_string_equal(ev_strings_text(dump.files, line->file), "b.js");
		assert_null(
			ev_jitdump_line(&dump, &dump.codes.items[0], dump.codes.items[0].offset));
		ev_jitdump_done(&dump);
	}
}

static void code_that_moved_is_known_at_both_addresses(void **state)
{
	struct dump_writer writer;
	struct jitdump dump;
	dump_begin(&writer, false, 77, 0);
	dump_load(&writer, 100, 0x2000, 16, 9, "f");
	dump_move(&writer, 200, 0x2000, 0x3000, 16, 9);
	dump_move(&writer, 300, 0x3000, 0x4000, 17, 9); /* more than there is */
	dump_move(&writer, 300, 0x3000, 0x4000, 16, 5); /* never loaded */
	dump_end(&writer, in_folder(state, "d"));
	assert_int_equal(read_at(&dump, in_folder(state, "d")), 0);
	assert_int_equal(dump.mappings.count, 2);
	assert_int_equal(dump.mappings.items[1].start, 0x3000);
	assert_int_equal(dump.mappings.items[1].time_ns, 200);
	assert_int_equal(dump.mappings.items[1].offset, dump.mappings.items[0].offset);
	ev_jitdump_done(&dump);
}

static void lines_that_make_no_sense_are_not_believed(void **state)
{
	static const struct dump_line bad[][2] = {
		{ { 0x1000, 3, "a.js" }, { 0x0fff, 4, "a.js" } },
		{ { 0x1000, 3, "a.js" }, { 0x1004, 0x80000000, "a.js" } },
		{ { 0x1000, 3, "a.js" }, { 0x1004, 4, "\x02\x03" } },
		{ { 0x1000, 3, "a.js" }, { 0x1004, 4, "" } },
	};
	for (size_t i = 0; i < EV_LENGTH(bad); i++) {
		struct dump_writer writer;
		struct jitdump dump;
		dump_begin(&writer, false, 77, 0);
		dump_lines(&writer, 0x1000, bad[i], 2);
		dump_load(&writer, 100, 0x1000, 16, 0, "f");
		dump_end(&writer, in_folder(state, "d"));
		assert_int_equal(read_at(&dump, in_folder(state, "d")), 0);
		assert_int_equal(dump.codes.count, 1);
		assert_int_equal(dump.codes.items[0].line_count, 0);
		ev_jitdump_done(&dump);
	}
}

static void a_file_that_ends_anywhere_is_read_as_far_as_it_goes(void **state)
{
	struct dump_writer writer;
	struct jitdump dump;
	dump_begin(&writer, false, 77, 0);
	dump_load(&writer, 100, 0x2000, 16, 0, "f");
	dump_lines(&writer, 0x1000, lines, 3);
	dump_load(&writer, 200, 0x1000, 32, 1, "g");
	struct ev_buffer whole = writer.bytes;
	for (size_t size = 0; size < whole.size_bytes; size++) {
		write_file(in_folder(state, "d"), whole.bytes, size);
		int code = read_at(&dump, in_folder(state, "d"));
		assert_int_equal(code, size < 40 ? -ENOEXEC : 0);
		assert_true(dump.codes.count < 2);
		ev_jitdump_done(&dump);
	}
	ev_buffer_done(&whole);
}

static void times_in_ticks_are_no_times(void **state)
{
	struct dump_writer writer;
	struct jitdump dump;
	dump_begin(&writer, false, 77, 1);
	dump_load(&writer, 100, 0x2000, 16, 0, "f");
	dump_end(&writer, in_folder(state, "d"));
	assert_int_equal(read_at(&dump, in_folder(state, "d")), 0);
	assert_true(dump.foreign_clock);
	assert_int_equal(dump.mappings.items[0].time_ns, 0);
	ev_jitdump_done(&dump);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_have_names_and_lines_in_either_byte_order),
		cmocka_unit_test(code_that_moved_is_known_at_both_addresses),
		cmocka_unit_test(lines_that_make_no_sense_are_not_believed),
		cmocka_unit_test(a_file_that_ends_anywhere_is_read_as_far_as_it_goes),
		cmocka_unit_test(times_in_ticks_are_no_times),
	};
	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
