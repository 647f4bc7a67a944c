/* Programs whose stacks are walked are told apart from those whose are not. */
#include <errno.h>
#include <evprof/symbol_calls.h>
#include "compiled.h"

static int build(void **state)
{
	static const char plain[] = "int main(void) { return 0; }\n";
	static const char thrown[] = "int main(int c, char **) { if (c > 9) throw c; }\n";
	static const char library[] = "void f(int c) { if (c > 9) throw c; }\n";
	static const char needs[] = "void _Z1fi(int);\nint main(int c, char **v)"
				    "{ (void)v; _Z1fi(c); return 0; }\n";
	static const char context[] = "#include <ucontext.h>\nint main(void)"
				      "{ ucontext_t u; return setcontext(&u); }\n";
	if (folder_make(state))
		return -1;
	if (!has_program("gcc") || !has_program("g++"))
		return 0;
	write_file(in_folder(state, "plain.c"), plain, sizeof(plain) - 1);
	write_file(in_folder(state, "thrown.cc"), thrown, sizeof(thrown) - 1);
	write_file(in_folder(state, "library.cc"), library, sizeof(library) - 1);
	write_file(in_folder(state, "needs.c"), needs, sizeof(needs) - 1);
	write_file(in_folder(state, "context.c"), context, sizeof(context) - 1);
	run_in(state, "gcc -o plain plain.c; g++ -o thrown thrown.cc; gcc -o context context.c;"
		      "g++ -shared -fPIC -o libthrows.so library.cc;"
		      "gcc -o needs needs.c -L. -lthrows");
	return 0;
}

#define needs_compilers()                                                                          \
	do {                                                                                       \
		needs_program("gcc");                                                              \
		needs_program("g++");                                                              \
	} while (0)

static void a_plain_program_is_left_to_the_kernel(void **state)
{
	needs_compilers();
	assert_null(ev_stack_walker_of(in_folder(state, "plain")));
	assert_null(ev_stack_walker_of(in_folder(state, "not_there")));
}

static void exceptions_are_found(void **state)
{
	needs_compilers();
	const char *why = ev_stack_walker_of(in_folder(state, "thrown"));
	assert_non_null(why);
	assert_non_null(strstr(why, "exceptions"));
	assert_non_null(ev_stack_walker_of(in_folder(state, "libthrows.so")));
}

static void changes_of_the_stack_are_found(void **state)
{
	needs_compilers();
	const char *why = ev_stack_walker_of(in_folder(state, "context"));
	assert_non_null(why);
	assert_non_null(strstr(why, "stacks"));
}

static void names_of_libraries_tell(void **state)
{
	(void)state;
	assert_non_null(ev_stack_walker_named("libstdc++.so.6"));
	assert_non_null(ev_stack_walker_named("libgcc_s.so.1"));
	assert_null(ev_stack_walker_named("libc.so.6"));
}

static void jumps_out_of_calls_are_found_in_the_c_library(void **state)
{
	struct ev_leavers leavers = { 0 };
	struct ev_arena arena = { 0 };
	(void)state;
	ev_leavers_add(&leavers, "no_such_library.so.0", &arena);
	assert_int_equal(leavers.count, 0);
	ev_leavers_add(&leavers, "libc.so.6", &arena);
	assert_true(leavers.count >= 1 && leavers.count <= 4);
	size_t before = leavers.count;
	ev_leavers_add(&leavers, "libc.so.6", &arena); /* each once */
	assert_int_equal(leavers.count, before);
	ev_array_done(&leavers);
	ev_arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_program_is_left_to_the_kernel),
		cmocka_unit_test(exceptions_are_found),
		cmocka_unit_test(changes_of_the_stack_are_found),
		cmocka_unit_test(names_of_libraries_tell),
		cmocka_unit_test(jumps_out_of_calls_are_found_in_the_c_library),
	};
	return cmocka_run_group_tests(tests, build, folder_remove);
}
