/* All rows of a file beside the rules that are found one by one, and what files tell about their
 * frame pointers. */
#include <errno.h>
#include "cfi.h"
#include "compiled.h"

/* Some functions with frames of different sizes, and one with an expression. */
static const char program[] =
	"#include <stdlib.h>\n"
	"#define F(n) __attribute__((noinline)) int f##n(int x, int *y) { int a[n * 8], s = 0;\\\n"
	"for (int i = 0; i < n * 8; i++) a[i] = x * i + y[i & 3];\\\n"
	"for (int i = 0; i < n * 8; i++) s += a[(i * 7 + x) % (n * 8)]; return s; }\n"
	"F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8) F(30) F(900)\n"
	"int main(int c, char **v) { int y[4] = { c, 2, 3, (int)(size_t)v }, s = 0;\n"
	"s += f1(c, y) + f2(c, y) + f3(c, y) + f4(c, y) + f5(c, y) + f6(c, y) + f7(c, y);\n"
	"return s + f8(c, y) + f30(c, y) + f900(c, y) + atoi(v[0]); }\n";

static int setup(void **state)
{
	if (folder_make(state))
		return -1;
	write_file(in_folder(state, "p.c"), program, sizeof(program) - 1);
	if (has_program("gcc"))
		run_in(state, "gcc -O2 -fno-omit-frame-pointer -o kept p.c;"
			      "gcc -O2 -fomit-frame-pointer -o omitted p.c;"
			      "gcc -O2 -fno-asynchronous-unwind-tables -o bare p.c");
	return 0;
}

static bool is_known_machine(void)
{
#if defined(__x86_64__) || defined(__aarch64__)
	return true;
#else
	print_message("SKIP: compilers for this machine were not tried\n");
	return false;
#endif
}

static void all_rows_say_what_single_rules_say(void **state)
{
	struct ev_cfi_rows rows;
	struct image image;
	needs_program("gcc");
	if (!is_known_machine())
		skip();
	const char *path = in_folder(state, "omitted");
	assert_int_equal(ev_cfi_rows_of_file(path, &rows, NULL), 0);
	assert_int_equal(ev_image_open(&image, path), 0);
	struct cfi *cfi = ev_cfi_open(&image, path, NULL);
	struct cfi_rows list = { .others = { rows.others, rows.other_count, 0 } };
	size_t found = 0;
	assert_int_equal(rows.machine, image.machine);
	for (size_t i = 0; i + 1 < rows.count; i++) {
		assert_true(rows.rows[i].offset < rows.rows[i + 1].offset);
		struct ev_cfi_rule one = ev_cfi_row_rule(&list, ev_cfi_machine(cfi), &rows.rows[i]);
		for (uint32_t at = rows.rows[i].offset; at < rows.rows[i + 1].offset; at++) {
			struct ev_cfi_rule other = ev_cfi_find(cfi, at);
			assert_memory_equal(&one, &other, sizeof(one));
			found += one.base != EV_CFI_NOTHING;
		}
	}
	assert_true(found > 1000);
	ev_cfi_close(cfi);
	ev_image_close(&image);
	ev_cfi_rows_done(&rows);
	ev_cfi_rows_done(&rows);
}

static void files_tell_whether_they_keep_frame_pointers(void **state)
{
	needs_program("gcc");
	if (!is_known_machine())
		skip();
	assert_int_equal(ev_frame_pointers_of_file(in_folder(state, "kept")),
			 EV_FRAME_POINTERS_KEPT);
	assert_int_equal(ev_frame_pointers_of_file(in_folder(state, "omitted")),
			 EV_FRAME_POINTERS_OMITTED);
}

static void what_has_no_tables_tells_nothing_of_frame_pointers(void **state)
{
	needs_program("gcc");
	assert_int_equal(ev_frame_pointers_of_file(in_folder(state, "p.c")),
			 EV_FRAME_POINTERS_UNKNOWN);
	assert_int_equal(ev_frame_pointers_of_file("/nonexistent"), EV_FRAME_POINTERS_UNKNOWN);
	assert_int_equal(ev_frame_pointers_of_file(in_folder(state, "bare")),
			 EV_FRAME_POINTERS_UNKNOWN);
}

/* Bytes of code that have a rule. */
static uint64_t told_bytes(const char *path)
{
	struct ev_cfi_rows rows;
	uint64_t bytes = 0;
	ev_cfi_rows_of_file(path, &rows, NULL);
	for (size_t i = 0; i + 1 < rows.count; i++)
		if (rows.rows[i].kind != EV_CFI_ROW_NOTHING)
			bytes += rows.rows[i + 1].offset - rows.rows[i].offset;
	ev_cfi_rows_done(&rows);
	return bytes;
}

static void debuggers_tables_serve_where_the_program_has_none(void **state)
{
	needs_program("gcc");
	needs_program("objcopy");
	needs_program("strip");
	if (!is_known_machine())
		skip();
	run_in(state,
	       "gcc -g -O2 -fno-asynchronous-unwind-tables -o plain p.c;"
	       "gcc -g -gz -O2 -fno-asynchronous-unwind-tables -o packed p.c;"
	       "objcopy --compress-debug-sections=zlib-gnu plain old || cp plain old;"
	       "objcopy --only-keep-debug packed apart.debug;"
	       "strip -o apart packed; strip -o none packed;"
	       "objcopy --add-gnu-debuglink=apart.debug apart;"
	       "gcc -O2 -Wl,--no-eh-frame-hdr -static -o headless p.c || cp omitted headless");
	uint64_t start_files = told_bytes(in_folder(state, "none"));
	uint64_t all = told_bytes(in_folder(state, "plain"));
	assert_true(all > start_files + 500);
	assert_int_equal(told_bytes(in_folder(state, "packed")), all);
	assert_int_equal(told_bytes(in_folder(state, "old")), all);
	assert_int_equal(told_bytes(in_folder(state, "apart")), all);
	assert_true(told_bytes(in_folder(state, "headless")) > start_files + 500);
}

static void a_file_without_tables_says_so(void **state)
{
	struct ev_cfi_rows rows;
	struct ev_err err = { 0 };
	assert_int_equal(ev_cfi_rows_of_file(in_folder(state, "p.c"), &rows, &err), -ENOEXEC);
	assert_non_null(strstr(err.text, "p.c"));
	assert_int_equal(rows.count, 0);
	assert_int_equal(ev_cfi_rows_of_file("/nonexistent", &rows, &err), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_rows_say_what_single_rules_say),
		cmocka_unit_test(files_tell_whether_they_keep_frame_pointers),
		cmocka_unit_test(what_has_no_tables_tells_nothing_of_frame_pointers),
		cmocka_unit_test(debuggers_tables_serve_where_the_program_has_none),
		cmocka_unit_test(a_file_without_tables_says_so),
	};
	return cmocka_run_group_tests(tests, setup, folder_remove);
}
