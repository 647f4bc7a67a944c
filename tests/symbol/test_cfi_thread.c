/* The gap behind a system call that makes a thread gets a rule; other gaps stay what they are. */
#include "cfi_thread.h"
#include "assembled.h"

/* Before the gap of each there is a rule by the stack pointer, and behind it one that ends. */
#define FUNCTION(name, rules, before, gap)                                                         \
	".balign 64\n.type " name ",@function\n" name ": .cfi_startproc\n" rules "\n nop\n"        \
	".fill 32, 1, 0x90\n " before "\n.cfi_endproc\n"                                           \
	".type " name "_gap,@function\n" name "_gap: " gap "\n"                                    \
	".type " name "_new,@function\n" name "_new: .cfi_startproc\n.cfi_undefined %rip\n nop\n"  \
	".cfi_endproc\n"
#define GOES_ON " syscall\n test %rax, %rax\n je 1f\n ret\n1:"
static const char source[] = ".globl _start\n_start: ret\n" FUNCTION("cloned3", "",
								     "mov $435, %eax", GOES_ON)
	FUNCTION("cloned", ".cfi_def_cfa_offset 24\n.cfi_offset %rbp, -16", "mov $56, %eax",
		 GOES_ON) FUNCTION("forked", "", "mov $57, %eax", GOES_ON)
		FUNCTION("calls", "", "mov $56, %eax", "nop\n nop\n ret")
			FUNCTION("long", "", "mov $56, %eax", " syscall\n.fill 40, 1, 0x90\n ret")
				FUNCTION("framed", ".cfi_def_cfa %rbp, 16", "mov $56, %eax",
					 GOES_ON);

static int setup(void **state)
{
	return assemble(state, source, "-static");
}

static const struct ev_cfi_row *row_at(const struct ev_cfi_rows *rows, uint64_t offset)
{
	const struct ev_cfi_row *found = NULL;
	for (size_t i = 0; i < rows->count && rows->rows[i].offset <= offset; i++)
		found = &rows->rows[i];
	assert_non_null(found);
	return found;
}

static const struct ev_cfi_row *row_of(void **state, const struct ev_cfi_rows *rows,
				       const char *label)
{
	uint64_t offset = 0;
	assert_int_equal(ev_function_offset(in_folder(state, "p"), label, &offset, NULL), 0);
	return row_at(rows, offset);
}

static void take(void **state, struct ev_cfi_rows *rows)
{
	struct image image;
	const char *path = in_folder(state, "p");
	assert_int_equal(ev_cfi_rows_of_file(path, rows, NULL), 0);
	assert_true(ev_cfi_rows_may_make_threads(rows));
	assert_int_equal(ev_image_open(&image, path), 0);
	ev_cfi_rows_threads(rows, &image);
	ev_image_close(&image);
}

static void a_thread_that_makes_another_goes_on_by_the_rule_before_the_call(void **state)
{
	static const struct {
		const char *gap, *made;
		struct ev_cfi_rule rule;
	} wanted[] = {
		{ "cloned3_gap",
		  "cloned3_new",
		  { .base = EV_CFI_THREAD_MAKER,
		    .cfa_offset = 8,
		    .ra = EV_CFI_AT_CFA,
		    .ra_offset = -8 } },
		{ "cloned_gap",
		  "cloned_new",
		  { .base = EV_CFI_THREAD_MAKER,
		    .cfa_offset = 24,
		    .fp = EV_CFI_AT_CFA,
		    .fp_offset = -16,
		    .ra = EV_CFI_AT_CFA,
		    .ra_offset = -8 } },
	};
	struct ev_cfi_rows rows;
	needs_x86();
	take(state, &rows);
	for (size_t i = 0; i < EV_LENGTH(wanted); i++) {
		const struct ev_cfi_row *row = row_of(state, &rows, wanted[i].gap);
		assert_int_equal(row->kind, EV_CFI_ROW_OTHER);
		assert_true((uint16_t)row->cfa_words < rows.other_count);
		assert_memory_equal(&rows.others[(uint16_t)row->cfa_words], &wanted[i].rule,
				    sizeof(wanted[i].rule));
		assert_int_equal(row[-1].kind, EV_CFI_ROW_SP);
		assert_int_equal(row_of(state, &rows, wanted[i].made)->kind, EV_CFI_ROW_END);
	}
	ev_cfi_rows_done(&rows);
}

static void other_gaps_stay_without_a_rule(void **state)
{
	static const char *const gaps[] = { "forked_gap", "calls_gap", "long_gap", "framed_gap" };
	struct ev_cfi_rows rows;
	needs_x86();
	take(state, &rows);
	for (size_t i = 0; i < EV_LENGTH(gaps); i++)
		assert_int_equal(row_of(state, &rows, gaps[i])->kind, EV_CFI_ROW_NOTHING);
	ev_cfi_rows_done(&rows);
}

static void rows_of_another_machine_or_file_are_left_alone(void **state)
{
	struct ev_cfi_row gap[] = { { .offset = 8, .cfa_words = 1, .kind = EV_CFI_ROW_SP },
				    { .offset = 40, .kind = EV_CFI_ROW_NOTHING },
				    { .offset = 50, .kind = EV_CFI_ROW_END } };
	struct ev_cfi_rows rows = { .rows = gap, .count = 3, .machine = EM_AARCH64 };
	struct image empty = { 0 };
	(void)state;
	assert_false(ev_cfi_rows_may_make_threads(&rows));
	rows.machine = EM_X86_64;
	assert_true(ev_cfi_rows_may_make_threads(&rows));
	/* Neither is there so much code, nor room for it before the first. */
	ev_cfi_rows_threads(&rows, &empty);
	gap[1].offset = 10, gap[2].offset = 20;
	ev_cfi_rows_threads(&rows, &empty);
	assert_int_equal(gap[1].kind, EV_CFI_ROW_NOTHING);
	for (rows.count = 0; rows.count < 3; rows.count++)
		assert_false(ev_cfi_rows_may_make_threads(&rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thread_that_makes_another_goes_on_by_the_rule_before_the_call),
		cmocka_unit_test(other_gaps_stay_without_a_rule),
		cmocka_unit_test(rows_of_another_machine_or_file_are_left_alone),
	};
	return cmocka_run_group_tests(tests, setup, folder_remove);
}
