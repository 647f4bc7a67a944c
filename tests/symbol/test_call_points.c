/* Functions of compiled programs, with the instructions by which calls of them begin and end. */
#include <errno.h>
#include <evprof/symbol_calls.h>
#include "compiled.h"

static const char program[] =
	".globl plain, two_ways, jumps, far, looping, a, b, grown, main\n"
	".macro begin name\n.type \\name, @function\n\\name:\n.endm\n"
	".macro finish name\n.size \\name, . - \\name\n.endm\n"
	".text\n"
	"begin plain\n push %rbp\n pop %rbp\n ret\n finish plain\n"
	"begin two_ways\n endbr64\n test %edi, %edi\n jne 1f\n ret\n1: mov $1, %eax\n ret\n"
	" finish two_ways\n"
	"begin jumps\n push %rbx\n pop %rbx\n jmp plain\n finish jumps\n"
	"begin far\n push %rbx\n pop %rbx\n jmp *table(%rip)\n finish far\n"
	"begin looping\n mov $9, %ecx\n1: dec %ecx\n jne 1b\n jmp 2f\n2: ret\n finish looping\n"
	"begin a\n push %rbx\n call b\n pop %rbx\n ret\n finish a\n"
	"begin b\n push %rbx\n call a\n pop %rbx\n ret\n finish b\n"
	"begin grown\n sub $24, %rsp\n nop\n add $24, %rsp\n ret\n finish grown\n"
	"begin main\n push %rbx\n call a\n call plain\n xor %eax, %eax\n pop %rbx\n ret\n finish "
	"main\n"
	".data\ntable: .quad plain\n.section .note.GNU-stack,\"\",@progbits\n";
static const char source[] =
	"static inline __attribute__((always_inline)) int small_one(int a)\n"
	"{ return a * 3; }\n"
	"__attribute__((noipa)) int big_one(int a)\n"
	"{ return a + 1; }\n"
	"int main(int c, char **v) { (void)v; return small_one(big_one(c)); }\n";

static int build(void **state)
{
	if (folder_make(state))
		return -1;
	if (!has_program("gcc"))
		return 0;
	write_file(in_folder(state, "p.s"), program, sizeof(program) - 1);
	write_file(in_folder(state, "q.c"), source, sizeof(source) - 1);
	run_in(state, "gcc -no-pie -o p p.s 2>log; gcc -O2 -g -o q q.c; strip -o bare q");
	return 0;
}

struct found {
	struct ev_call_points points;
	struct ev_err err;
	int rc;
};

static void find(void **state, struct found *found, const char *file, const char *functions,
		 size_t limit)
{
	*found = (struct found){ 0 };
	found->rc = ev_call_points_add(&found->points, in_folder(state, file), functions, limit,
				       &found->err);
	ev_call_points_ready(&found->points);
}

static const struct ev_call_point *point(const struct found *found, const char *name)
{
	for (size_t i = 0; i < found->points.count; i++)
		if (!strcmp(found->points.items[i].name, name))
			return &found->points.items[i];
	fail_msg("no point %s", name);
	return NULL;
}

/* The assembly is of x86-64, and taken apart by capstone. */
#if defined(__x86_64__)
#define needs_assembly()                                                                           \
	do {                                                                                       \
		needs_program("gcc");                                                              \
		if (ev_assembly_absence())                                                         \
			skip();                                                                    \
	} while (0)

static void assembly(void **state, struct found *found)
{
	find(state, found, "p", "*", 100);
	assert_int_equal(found->rc, 0);
}

static void every_return_is_found(void **state)
{
	struct found found;
	needs_assembly();
	assembly(state, &found);
	assert_true(point(&found, "plain")->exits_known);
	assert_int_equal(point(&found, "plain")->return_count, 1);
	assert_int_equal(point(&found, "plain")->returns[0],
			 point(&found, "plain")->entry_offset + 2);
	assert_int_equal(point(&found, "two_ways")->return_count, 2);
	assert_int_equal(point(&found, "two_ways")->returns[0],
			 point(&found, "two_ways")->entry_offset + 8);
	ev_call_points_done(&found.points);
}

static void only_jumps_into_other_functions_leave(void **state)
{
	struct found found;
	needs_assembly();
	assembly(state, &found);
	const struct ev_call_point *jumps = point(&found, "jumps"), *far = point(&found, "far");
	assert_int_equal(jumps->return_count, 0);
	assert_int_equal(jumps->jump_count, 1);
	assert_int_equal(jumps->jump_targets[0], point(&found, "plain")->address);
	assert_int_equal(far->jump_count, 1);
	assert_int_equal(far->jump_targets[0], 0); /* computed */
	assert_int_equal(point(&found, "looping")->jump_count, 0);
	assert_int_equal(point(&found, "looping")->return_count, 1);
	ev_call_points_done(&found.points);
}

static void what_the_stack_grew_before_the_probe_is_known(void **state)
{
	struct found found;
	needs_assembly();
	assembly(state, &found);
	const struct ev_call_point *grown = point(&found, "grown");
	assert_true(grown->cheap);
	assert_int_equal(grown->offset, grown->entry_offset + 4); /* the nop */
	assert_int_equal(grown->stack_bytes, 24);
	assert_int_equal(point(&found, "plain")->stack_bytes, 0);
	ev_call_points_done(&found.points);
}

static void functions_in_a_circle_are_recursive(void **state)
{
	struct found found;
	needs_assembly();
	assembly(state, &found);
	assert_true(point(&found, "a")->recursive);
	assert_true(point(&found, "b")->recursive);
	assert_false(point(&found, "main")->recursive);
	assert_false(point(&found, "plain")->recursive);
	ev_call_points_done(&found.points);
}
#endif

static void exits_are_known_where_there_is_a_disassembler(void **state)
{
	struct found found;
	needs_program("gcc");
	find(state, &found, "q", "big_one", 100);
	assert_int_equal(found.rc, 0);
	assert_int_equal(found.points.items[0].exits_known, !ev_assembly_absence());
	ev_call_points_done(&found.points);
}

static void functions_have_their_places_in_the_source(void **state)
{
	struct found found;
	needs_program("gcc");
	find(state, &found, "q", "big*", 100);
	assert_int_equal(found.rc, 0);
	assert_int_equal(found.points.count, 1);
	assert_int_equal(point(&found, "big_one")->line, 3);
	assert_string_equal(strrchr(point(&found, "big_one")->source, '/'), "/q.c");
	ev_call_points_done(&found.points);
}

static void each_function_is_there_once_and_start_files_are_not(void **state)
{
	struct found found;
	needs_program("gcc");
	find(state, &found, "q", "*", 100);
	assert_int_equal(found.points.count, 2);
	assert_int_equal(ev_call_points_add(&found.points, in_folder(state, "q"), "main", 100,
					    &found.err),
			 0);
	assert_int_equal(found.points.count, 2);
	ev_call_points_done(&found.points);
}

static void beyond_the_limit_they_are_counted(void **state)
{
	struct found found;
	needs_program("gcc");
	find(state, &found, "q", "*", 1);
	assert_int_equal(found.rc, 0);
	assert_int_equal(found.points.count, 1);
	assert_int_equal(found.points.left_out, 1);
	ev_call_points_done(&found.points);
}

static void what_is_meant_and_not_there_is_told(void **state)
{
	static const struct {
		const char *file, *functions, *says;
	} cases[] = {
		{ "q", "small*", "was inlined" },  { "q", "other*", "no function" },
		{ "q", "_start*", "no function" }, { "bare", "*", "stripped" },
		{ "q.c", "*", "not an ELF file" }, { "not_there", "*", "" },
	};
	needs_program("gcc");
	for (size_t i = 0; i < EV_LENGTH(cases); i++) {
		struct found found;
		find(state, &found, cases[i].file, cases[i].functions, 100);
		assert_true(found.rc < 0);
		assert_int_equal(found.points.count, 0);
		if (!strstr(found.err.text, cases[i].says))
			fail_msg("%s", found.err.text);
		ev_call_points_done(&found.points);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#if defined(__x86_64__)
		cmocka_unit_test(every_return_is_found),
		cmocka_unit_test(only_jumps_into_other_functions_leave),
		cmocka_unit_test(what_the_stack_grew_before_the_probe_is_known),
		cmocka_unit_test(functions_in_a_circle_are_recursive),
#endif
		cmocka_unit_test(exits_are_known_where_there_is_a_disassembler),
		cmocka_unit_test(functions_have_their_places_in_the_source),
		cmocka_unit_test(each_function_is_there_once_and_start_files_are_not),
		cmocka_unit_test(beyond_the_limit_they_are_counted),
		cmocka_unit_test(what_is_meant_and_not_there_is_told),
	};
	return cmocka_run_group_tests(tests, build, folder_remove);
}
