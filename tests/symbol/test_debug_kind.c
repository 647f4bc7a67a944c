/* Files with and without debug information are told apart. */
#include "compiled.h"

static void each_kind_is_told(void **state)
{
	needs_program("gcc");
	needs_program("strip");
	run_in(state, "echo 'int f(void) { return 1; }' >a.c; gcc -shared -fPIC -g -o a.so a.c");
	assert_int_equal(ev_debug_kind_of(in_folder(state, "a.so")), EV_DEBUG_LINES);
	run_in(state, "strip -g -o b.so a.so");
	assert_int_equal(ev_debug_kind_of(in_folder(state, "b.so")), EV_DEBUG_NAMES);
	run_in(state, "strip -o c.so a.so");
	assert_int_equal(ev_debug_kind_of(in_folder(state, "c.so")), EV_DEBUG_EXPORTS);
}

static void a_separate_debug_file_counts(void **state)
{
	needs_program("gcc");
	needs_program("objcopy");
	run_in(state, "echo 'int f(void) { return 1; }' >a.c; gcc -shared -fPIC -g -o a.so a.c; "
		      "objcopy --only-keep-debug a.so a.debug; strip a.so; "
		      "objcopy --add-gnu-debuglink=a.debug a.so");
	assert_int_equal(ev_debug_kind_of(in_folder(state, "a.so")), EV_DEBUG_LINES);
}

static void what_is_no_elf_file_is_unreadable(void **state)
{
	const char *path = in_folder(state, "text");
	write_file(path, "text", 4);
	assert_int_equal(ev_debug_kind_of(path), EV_DEBUG_UNREADABLE);
	assert_int_equal(ev_debug_kind_of("/nonexistent"), EV_DEBUG_UNREADABLE);
}

static void an_unknown_build_id_has_nothing(void **state)
{
	const uint8_t id[20] = { 0xde, 0xad };
	(void)state;
	assert_int_equal(ev_debug_kind_of_id(id, sizeof(id)), EV_DEBUG_UNREADABLE);
	assert_int_equal(ev_debug_kind_of_id(id, 0), EV_DEBUG_UNREADABLE);
	assert_int_equal(ev_debug_kind_of_id(id, 21), EV_DEBUG_UNREADABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_kind_is_told, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(a_separate_debug_file_counts, folder_make,
						folder_remove),
		cmocka_unit_test_setup_teardown(what_is_no_elf_file_is_unreadable, folder_make,
						folder_remove),
		cmocka_unit_test(an_unknown_build_id_has_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
