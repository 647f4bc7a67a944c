/* Places of data get the names of variables, from the file or from the debug file beside it. */
#include "scene.h"

/* "anchor" says where .data is in the file; what follows stands at known distances. */
static const char assembly[] = "	.data\n"
			       "	.globl anchor\n"
			       "	.type anchor, @function\n"
			       "	.size anchor, 16\n"
			       "anchor:	.zero 16\n"
			       "	.type table, @object\n"
			       "	.size table, 64\n"
			       "table:	.zero 64\n"
			       "	.zero 16\n"
			       "	.globl _ZN5space4sizeE\n"
			       "	.type _ZN5space4sizeE, @object\n"
			       "	.size _ZN5space4sizeE, 8\n"
			       "_ZN5space4sizeE:	.zero 8\n"
			       "	.type open_ended, @object\n"
			       "open_ended:	.zero 24\n";

static const char *variable_at(struct scene *scene, uint64_t offset, uint64_t *into, bool *in_code)
{
	struct ev_place place = { scene->place.object, offset };
	struct ev_symbol symbol;
	if (!ev_variable_find(scene->symbolizer, place, &symbol, in_code))
		return "-";
	*into = offset - symbol.start;
	return symbol.function;
}

static void make_library(void **state, uint64_t *offset)
{
	write_file(in_folder(state, "data.s"), assembly, sizeof(assembly) - 1);
	run_in(state, "gcc -shared -Wl,--build-id -o data.so data.s");
	assert_int_equal(ev_function_offset(in_folder(state, "data.so"), "anchor", offset, NULL),
			 0);
}

static void variables_are_found_by_their_places(void **state)
{
	needs_program("gcc");
	struct scene scene = { 0 };
	uint64_t data, into = 0;
	bool in_code = true;
	make_library(state, &data);
	open_scene(&scene, in_folder(state, "data.so"), NULL, NULL);
	assert_string_equal(variable_at(&scene, data + 16, &into, &in_code), "table");
	assert_int_equal(into, 0);
	assert_false(in_code);
	assert_string_equal(variable_at(&scene, data + 79, &into, &in_code), "table");
	assert_int_equal(into, 63);
	assert_string_equal(variable_at(&scene, data + 80, &into, &in_code), "-");
	assert_string_equal(variable_at(&scene, data + 96, &into, &in_code), "space::size");
	assert_string_equal(variable_at(&scene, data + 120, &into, &in_code), "open_ended");
	assert_string_equal(variable_at(&scene, data + 5, &into, &in_code), "anchor");
	assert_true(in_code);
	assert_string_equal(variable_at(&scene, UINT64_MAX, &into, &in_code), "-");
	/* No name, and no such object. */
	struct ev_symbol symbol;
	assert_false(ev_variable_find(scene.symbolizer, (struct ev_place){ 0, data }, &symbol,
				      &in_code));
	assert_false(ev_variable_find(scene.symbolizer, (struct ev_place){ 1 << 20, data }, &symbol,
				      &in_code));
	close_scene(&scene);
}

static void a_stripped_file_has_the_variables_of_its_debug_file(void **state)
{
	needs_program("gcc");
	needs_program("objcopy");
	struct scene scene = { 0 };
	uint64_t data, into = 0;
	bool in_code;
	make_library(state, &data);
	run_in(state, "objcopy --only-keep-debug data.so data.debug && strip data.so && "
		      "objcopy --add-gnu-debuglink=data.debug data.so");
	open_scene(&scene, in_folder(state, "data.so"), NULL, NULL);
	assert_string_equal(variable_at(&scene, data + 20, &into, &in_code), "table");
	close_scene(&scene);
	run_in(state, "rm data.debug");
	open_scene(&scene, in_folder(state, "data.so"), NULL, NULL);
	assert_string_equal(variable_at(&scene, data + 20, &into, &in_code), "-");
	assert_string_equal(variable_at(&scene, data + 96, &into, &in_code), "space::size");
	close_scene(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(variables_are_found_by_their_places, folder_make,
						folder_remove),
		cmocka_unit_test_setup_teardown(a_stripped_file_has_the_variables_of_its_debug_file,
						folder_make, folder_remove),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
