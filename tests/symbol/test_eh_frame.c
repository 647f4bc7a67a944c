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
		struct code_range *range = ev_code_ranges_find(&ranges, offset);
		assert_non_null(range);
		assert_int_equal(range->start, offset);
		assert_ptr_equal(ev_code_ranges_find(&ranges, range->end - 1), range);
		assert_ptr_not_equal(ev_code_ranges_find(&ranges, range->end), range);
	}
	assert_null(ev_code_ranges_find(&ranges, 0));
	ev_code_ranges_done(&ranges);
	ev_image_close(&image);
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
		cmocka_unit_test(changed_bytes_are_survived),
	};
	return cmocka_run_group_tests(tests, setup, folder_remove);
}
