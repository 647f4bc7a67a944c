/* Ranges of functions in .eh_frame, compared with the symbol table, and with bytes changed. */
#include "compiled.h"
#include "eh_frame.h"

static int setup(void **state)
{
	static const char program[] =
		"__attribute__((noinline)) int one(int x) { return x * 3; }\n"
		"__attribute__((noinline)) int two(int x) { return one(x); }\n"
		"int main(int c, char **v) { (void)v; return two(c); }\n";
	if (folder_make(state))
		return -1;
	write_file(in_folder(state, "p.c"), program, sizeof(program) - 1);
	if (has_program("gcc"))
		run_in(state, "gcc -O1 -fasynchronous-unwind-tables -o p p.c; strip -o bare p");
	return 0;
}

static void functions_keep_their_ranges_when_stripped(void **state)
{
	static const char *const functions[] = { "one", "two", "main" };
	struct code_ranges ranges;
	struct image image;
	needs_program("gcc");
	needs_program("strip");
	assert_int_equal(ev_image_open(&image, in_folder(state, "bare")), 0);
	ev_code_ranges_read(&ranges, &image);
	for (size_t i = 0; i < EV_LENGTH(functions); i++) {
		uint64_t offset;
		assert_int_equal(ev_function_offset(in_folder(state, "p"), functions[i], &offset,
						    NULL),
				 0);
		struct code_range *range = ev_code_ranges_find(&ranges, &image, offset);
		assert_non_null(range);
		assert_int_equal(range->start, offset);
		assert_ptr_equal(ev_code_ranges_find(&ranges, &image, range->end - 1), range);
		assert_ptr_not_equal(ev_code_ranges_find(&ranges, &image, range->end), range);
	}
	assert_null(ev_code_ranges_find(&ranges, &image, 0));
	ev_code_ranges_done(&ranges);
	ev_image_close(&image);
}

static void assert_same_range(const struct code_range *one, const struct code_range *other)
{
	assert_int_equal(!one, !other);
	if (!one)
		return;
	assert_int_equal(one->start, other->start);
	assert_int_equal(one->end, other->end);
}

static void the_index_finds_what_all_entries_say(void **state)
{
	struct image image;
	struct code_ranges by_index, all;
	char *bytes;
	size_t size, found = 0;
	needs_program("gcc");
	needs_program("strip");
	assert_int_equal(ev_file_read(in_folder(state, "bare"), &bytes, &size), 0);
	assert_int_equal(ev_image_open_memory(&image, bytes, size), 0);
	ev_code_ranges_read(&by_index, &image);
	assert_true(by_index.index.count);
	bytes[ev_image_find(&image, ".eh_frame_hdr")->offset] ^= 1; /* another version */
	ev_code_ranges_read(&all, &image);
	assert_false(all.index.count);
	for (uint64_t offset = 0; offset < size; offset++) {
		struct code_range *range = ev_code_ranges_find(&all, &image, offset);
		assert_same_range(ev_code_ranges_find(&by_index, &image, offset), range);
		found += range != NULL;
	}
	assert_true(found);
	ev_code_ranges_done(&by_index);
	ev_code_ranges_done(&all);
	ev_image_close(&image);
	free(bytes);
}

static void changed_bytes_are_survived(void **state)
{
	struct image image;
	struct code_ranges ranges;
	char *bytes;
	size_t size;
	needs_program("gcc");
	needs_program("strip");
	assert_int_equal(ev_file_read(in_folder(state, "bare"), &bytes, &size), 0);
	assert_int_equal(ev_image_open_memory(&image, bytes, size), 0);
	const struct section *section = ev_image_find(&image, ".eh_frame");
	assert_non_null(section);
	for (uint64_t at = section->offset; at < section->offset + section->size_bytes; at++) {
		static const uint8_t changes[] = { 0x01, 0x80, 0xff, 0x40 };
		for (size_t i = 0; i < sizeof(changes); i++) {
			bytes[at] = (char)(bytes[at] ^ changes[i]);
			ev_code_ranges_read(&ranges, &image);
			assert_true(ranges.items.count <= section->size_bytes / 8);
			for (size_t k = 0; k < ranges.index.count; k++) {
				uint64_t address = ev_frame_index_start(&ranges.index, k), offset;
				if (ev_image_offset(&image, address, &offset))
					ev_code_ranges_find(&ranges, &image, offset);
			}
			ev_code_ranges_done(&ranges);
			bytes[at] = (char)(bytes[at] ^ changes[i]);
		}
	}
	ev_image_close(&image);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_keep_their_ranges_when_stripped),
		cmocka_unit_test(the_index_finds_what_all_entries_say),
		cmocka_unit_test(changed_bytes_are_survived),
	};
	return cmocka_run_group_tests(tests, setup, folder_remove);
}
