/* Stacks made word by word, of a program with every kind of rule: how far they are followed, and
 * what is said of the end. */
#include <errno.h>
#include "assembled.h"

static const char source[] =
	".globl _start\n.type _start,@function\n_start: nop\n call f\n"
	".type behind_start,@function\nbehind_start: nop\n.balign 512\n"
	".type f,@function\nf: .cfi_startproc\n.cfi_def_cfa_offset 16\n nop\n call f\n"
	".type behind_f,@function\nbehind_f: nop\n.cfi_endproc\n"
	".type root,@function\nroot: .cfi_startproc\n.cfi_undefined %rip\n call f\n"
	".type behind_root,@function\nbehind_root: nop\n.cfi_endproc\n"
	".type moved,@function\nmoved: .cfi_startproc\n.cfi_def_cfa %rbx, 8\n nop\n.cfi_endproc\n"
	/* As vfork is while it runs: its return address is in rdi. */
	".type popped,@function\npopped: .cfi_startproc\n.cfi_def_cfa_offset 0\n"
	".cfi_register %rip, %rdi\n nop\n.cfi_endproc\n"
	/* As clone3 is. */
	".type maker,@function\nmaker: .cfi_startproc\n.fill 32, 1, 0x90\n mov $435, %eax\n"
	".cfi_endproc\n"
	".type made,@function\nmade: syscall\n test %rax, %rax\n ret\n"
	".type new,@function\nnew: .cfi_startproc\n.cfi_undefined %rip\n nop\n.cfi_endproc\n"
	/* The CFA is what lies at rsp + 8. */
	".type aligned,@function\naligned: .cfi_startproc\n"
	".cfi_escape 0x0f, 0x03, 0x77, 0x08, 0x06\n nop\n.cfi_endproc\n"
	/* The interrupted stack pointer at rsp + 8, its instruction at rsp + 16. */
	".type handler,@function\nnop\nhandler: .cfi_startproc\n.cfi_signal_frame\n"
	".cfi_escape 0x0f, 0x03, 0x77, 0x08, 0x06\n.cfi_escape 0x10, 0x10, 0x02, 0x77, 0x10\n"
	" nop\n.cfi_endproc\n"
	/* No tables from here on. */
	".type bare,@function\nbare: pop %rbx\n ret\n"
	".type lost,@function\nlost: jmp *%rax\n call f\n"
	".type behind_lost,@function\nbehind_lost: jmp *%rax\n";

#define SP ((uint64_t)0x7ff0000)
enum { WORDS = 64, PID = 7 };
enum { AX, BX, CX, DX, SI, DI, BP, STACK, IP, REGISTERS };

struct scene {
	struct ev_space_set *set;
	struct ev_unwinder *unwinder;
	struct ev_record record;
	uint64_t registers[REGISTERS], stack[WORDS], chain[WORDS];
	size_t count;
	struct ev_unwound how;
};

static int setup(void **state)
{
	return assemble(state, source, "-static");
}

/* Addresses are those of the file: it is loaded where it wants to be. */
static uint64_t address_of(void **state, const char *label)
{
	struct ev_code code;
	uint64_t offset = 0;
	assert_int_equal(ev_code_of_file(in_folder(state, "p"), &code, 1), 1);
	assert_int_equal(ev_function_offset(in_folder(state, "p"), label, &offset, NULL), 0);
	return offset - code.file_offset + code.address;
}

static void add_mapping(struct scene *scene, uint64_t start, uint64_t size, uint64_t offset,
			const char *path)
{
	struct ev_record record = { .type = PERF_RECORD_MMAP2, .pid = PID, .tid = PID };
	record.mmap = (struct ev_mmap){ .pid = PID,
					.tid = PID,
					.start = start,
					.length = size,
					.file_offset = offset,
					.prot = 5,
					.executable = true,
					.path = path };
	ev_space_set_add(scene->set, &record);
}

static struct scene *scene_open(void **state)
{
	struct scene *scene = ev_alloc(sizeof(*scene));
	struct ev_code code;
	assert_int_equal(ev_code_of_file(in_folder(state, "p"), &code, 1), 1);
	scene->set = ev_space_set_open();
	add_mapping(scene, code.address, code.size_bytes, code.file_offset, in_folder(state, "p"));
	add_mapping(scene, 0x70000000, 0x10000, 0, "//anon");
	ev_space_set_ready(scene->set);
	scene->unwinder = ev_unwinder_open(scene->set, NULL, NULL);
	scene->record = (struct ev_record){ .type = PERF_RECORD_SAMPLE, .pid = PID, .tid = PID };
	scene->record.sample.user_regs_abi = PERF_SAMPLE_REGS_ABI_64;
	scene->record.sample.user_regs_mask = (1u << REGISTERS) - 1;
	scene->record.sample.user_regs = scene->registers;
	scene->record.sample.user_stack = scene->stack;
	scene->registers[STACK] = SP;
	return scene;
}

static void scene_close(struct scene *scene)
{
	ev_unwinder_close(scene->unwinder);
	ev_space_set_close(scene->set);
	free(scene);
}

static void unwind(struct scene *scene, uint64_t pc, size_t words)
{
	scene->registers[IP] = pc;
	scene->record.sample.user_stack_bytes = words * sizeof(scene->stack[0]);
	scene->count = ev_unwind(scene->unwinder, &scene->record, scene->chain, WORDS, &scene->how);
}

static void a_stack_ends_where_nobody_called_or_the_program_begins(void **state)
{
	needs_x86();
	struct scene *scene = scene_open(state);
	const char *const ends[] = { "behind_root", "behind_start" };
	for (size_t i = 0; i < EV_LENGTH(ends); i++) {
		scene->stack[1] = address_of(state, "behind_f");
		scene->stack[3] = address_of(state, ends[i]);
		unwind(scene, address_of(state, "f"), 8);
		assert_int_equal(scene->count, 3);
		assert_int_equal(scene->chain[1], scene->stack[1]);
		assert_int_equal(scene->chain[2], scene->stack[3]);
		assert_int_equal(scene->how.end, EV_UNWOUND_COMPLETE);
		assert_int_equal(scene->how.guessed, 0);
	}
	scene_close(scene);
}

static void tables_that_nobody_needs_are_given_back_and_read_again(void **state)
{
	needs_x86();
	struct scene *scene = scene_open(state);
	scene->stack[1] = address_of(state, "behind_root");
	/* At another place each time, for answers are kept. */
	for (unsigned round = 0; round < 2; round++) {
		unwind(scene, address_of(state, "f") + round, 8);
		assert_int_equal(scene->count, 2);
		assert_int_equal(scene->how.end, EV_UNWOUND_COMPLETE);
		size_t bytes = ev_unwinder_forget(scene->unwinder, 0);
		assert_true(bytes > 0); /* they were needed since */
		assert_int_equal(ev_unwinder_forget(scene->unwinder, bytes), bytes);
		assert_int_equal(ev_unwinder_forget(scene->unwinder, bytes - 1), 0);
	}
	scene_close(scene);
}

static void a_copy_that_ends_is_told_from_a_stack_that_does(void **state)
{
	needs_x86();
	struct scene *scene = scene_open(state);
	scene->stack[1] = address_of(state, "behind_f");
	unwind(scene, address_of(state, "f"), 3);
	assert_int_equal(scene->count, 2);
	assert_int_equal(scene->how.end, EV_UNWOUND_TRUNCATED);
	/* More was asked for: there is no more, and a larger copy would not help. */
	scene->record.sample.user_stack_asked_bytes = 8192;
	unwind(scene, address_of(state, "f"), 3);
	assert_int_equal(scene->count, 2);
	assert_int_equal(scene->how.end, EV_UNWOUND_UNREADABLE);
	scene_close(scene);
}

static void stacks_that_go_on_elsewhere_say_so(void **state)
{
	needs_x86();
	struct scene *scene = scene_open(state);
	/* A handler on a stack of its own: the interrupted function is still known. */
	const uint64_t others[] = { 0x1000, SP + 0x100000, UINT64_MAX - 64 };
	for (size_t i = 0; i < EV_LENGTH(others); i++) {
		scene->stack[1] = others[i];
		scene->stack[2] = address_of(state, "f");
		unwind(scene, address_of(state, "handler"), 8);
		assert_int_equal(scene->count, 2);
		assert_int_equal(scene->chain[1], scene->stack[2]);
		assert_int_equal(scene->how.end, EV_UNWOUND_OTHER_STACK);
	}
	/* One on the same stack. */
	scene->stack[1] = SP + 4 * 8;
	scene->stack[5] = address_of(state, "behind_root");
	unwind(scene, address_of(state, "handler"), 8);
	assert_int_equal(scene->count, 3);
	assert_int_equal(scene->how.end, EV_UNWOUND_COMPLETE);
	/* A runtime that switched: far away, and no signal. Backwards makes no sense. */
	scene->stack[1] = SP + 0x7fffffff;
	unwind(scene, address_of(state, "aligned"), 8);
	assert_int_equal(scene->how.end, EV_UNWOUND_OTHER_STACK);
	scene->stack[1] = SP - 64;
	unwind(scene, address_of(state, "aligned"), 8);
	assert_int_equal(scene->how.end, EV_UNWOUND_BROKEN);
	scene_close(scene);
}

static void other_registers_lead_on_where_the_thread_was_interrupted(void **state)
{
	needs_x86();
	struct scene *scene = scene_open(state);
	scene->registers[BX] = SP + 4 * 8;
	scene->stack[4] = address_of(state, "behind_root");
	unwind(scene, address_of(state, "moved"), 8);
	assert_int_equal(scene->count, 2);
	assert_int_equal(scene->how.end, EV_UNWOUND_COMPLETE);
	/* Not in a caller, where it may be another's. */
	scene->stack[1] = address_of(state, "moved") + 1;
	unwind(scene, address_of(state, "f"), 8);
	assert_int_equal(scene->count, 2);
	assert_int_equal(scene->how.end, EV_UNWOUND_BROKEN);
	scene->record.sample.user_regs_mask &= ~(uint64_t)(1 << BX);
	scene->registers[BP] = SP, scene->registers[STACK - 1] = SP;
	scene->registers[IP - 1] = address_of(state, "moved");
	scene->count = ev_unwind(scene->unwinder, &scene->record, scene->chain, WORDS, &scene->how);
	assert_int_equal(scene->how.end, EV_UNWOUND_BROKEN);
	scene_close(scene);
}

static void a_return_address_in_a_register_is_known_where_the_thread_was_interrupted(void **state)
{
	needs_x86();
	struct scene *scene = scene_open(state);
	scene->registers[DI] = address_of(state, "behind_root");
	unwind(scene, address_of(state, "popped"), 8);
	assert_int_equal(scene->count, 2);
	assert_int_equal(scene->chain[1], scene->registers[DI]);
	assert_int_equal(scene->how.end, EV_UNWOUND_COMPLETE);
	/* A caller's is another's by now: its frame pointer may still lead on. */
	scene->stack[1] = address_of(state, "popped") + 1;
	unwind(scene, address_of(state, "f"), 8);
	assert_int_equal(scene->count, 2);
	assert_int_equal(scene->how.end, EV_UNWOUND_NO_CFI);
	scene->registers[BP] = SP + 4 * 8;
	scene->stack[5] = address_of(state, "behind_root");
	unwind(scene, address_of(state, "f"), 8);
	assert_int_equal(scene->count, 3);
	assert_int_equal(scene->how.end, EV_UNWOUND_COMPLETE);
	assert_int_equal(scene->how.guessed, 1);
	scene_close(scene);
}

static void rows_lead_on_behind_a_call_that_made_a_thread(void **state)
{
	needs_x86();
	struct scene *scene = scene_open(state);
	struct ev_code code;
	struct ev_cfi_rows rows;
	unwind(scene, address_of(state, "root"), 1);
	assert_int_equal(ev_unwinder_rows(scene->unwinder, scene->how.object, &rows, NULL), 0);
	assert_int_equal(ev_code_of_file(in_folder(state, "p"), &code, 1), 1);
	uint64_t made = address_of(state, "made") - code.address + code.file_offset;
	size_t at = 0;
	while (at < rows.count && rows.rows[at].offset != made)
		at++;
	assert_true(at < rows.count);
	assert_int_equal(rows.rows[at].kind, EV_CFI_ROW_OTHER);
	assert_int_equal(rows.others[(uint16_t)rows.rows[at].cfa_words].base, EV_CFI_THREAD_MAKER);
	ev_cfi_rows_done(&rows);
	scene_close(scene);
}

static void a_call_to_nowhere_goes_back_to_where_it_came_from(void **state)
{
	needs_x86();
	struct scene *scene = scene_open(state);
	scene->stack[0] = address_of(state, "behind_root");
	unwind(scene, 0, 8);
	assert_int_equal(scene->count, 2);
	assert_int_equal(scene->how.end, EV_UNWOUND_COMPLETE);
	assert_int_equal(scene->how.guessed, 1);
	scene->stack[0] = 0x1234;
	unwind(scene, 0, 8);
	assert_int_equal(scene->count, 1);
	assert_int_equal(scene->how.end, EV_UNWOUND_NO_OBJECT);
	scene_close(scene);
}

static void generated_code_is_left_by_its_frame_pointer_and_named_else(void **state)
{
	needs_x86();
	struct scene *scene = scene_open(state);
	scene->registers[BP] = SP + 2 * 8;
	scene->stack[2] = SP + 5 * 8;
	scene->stack[3] = address_of(state, "behind_root");
	unwind(scene, 0x70000010, 8);
	assert_int_equal(scene->count, 2);
	assert_int_equal(scene->how.end, EV_UNWOUND_COMPLETE);
	assert_int_equal(scene->how.guessed, 1);
	scene->stack[3] = address_of(state, "f"); /* no call ends before it */
	unwind(scene, 0x70000010, 8);
	assert_int_equal(scene->count, 1);
	assert_int_equal(scene->how.end, EV_UNWOUND_NO_OBJECT);
	assert_int_equal(ev_space_set_object(scene->set, scene->how.object)->kind, EV_OBJECT_JIT);
	scene_close(scene);
}

static void code_without_tables_is_followed_or_blamed_by_name(void **state)
{
	needs_x86();
	struct scene *scene = scene_open(state);
	scene->stack[1] = address_of(state, "behind_root");
	unwind(scene, address_of(state, "bare"), 8);
	if (scene->count == 1)
		print_message("(no capstone: code is not read)\n");
	else
		assert_int_equal(scene->how.end, EV_UNWOUND_COMPLETE);
	assert_int_equal(scene->how.guessed, scene->count - 1);
	scene->stack[1] = address_of(state, "behind_lost");
	unwind(scene, address_of(state, "f"), 8);
	assert_int_equal(scene->count, 2);
	assert_int_equal(scene->how.end, EV_UNWOUND_NO_CFI);
	assert_string_equal(ev_space_set_object(scene->set, scene->how.object)->name, "p");
	/* Near the root: the start files are nowhere else mentioned. */
	scene->stack[6] = address_of(state, "behind_start");
	unwind(scene, address_of(state, "f"), 16);
	assert_int_equal(scene->count, 3);
	assert_int_equal(scene->how.end, EV_UNWOUND_COMPLETE);
	assert_int_equal(scene->how.guessed, 1);
	scene_close(scene);
}

static void tables_are_shared_by_unwinders_of_several_threads(void **state)
{
	needs_x86();
	struct scene *scene = scene_open(state);
	struct ev_unwinder *first = scene->unwinder;
	scene->stack[1] = address_of(state, "behind_root");
	unwind(scene, address_of(state, "f"), 8);
	assert_int_equal(scene->count, 2);
	scene->unwinder = ev_unwinder_share(first);
	ev_unwinder_close(first);
	unwind(scene, address_of(state, "f"), 8);
	assert_int_equal(scene->count, 2);
	assert_int_equal(scene->how.end, EV_UNWOUND_COMPLETE);
	struct ev_cfi_rows rows;
	struct ev_err err = { 0 };
	assert_int_equal(ev_unwinder_rows(scene->unwinder, scene->how.object, &rows, &err), 0);
	assert_true(rows.count > 3);
	ev_cfi_rows_done(&rows);
	assert_int_equal(ev_unwinder_rows(scene->unwinder, 999, &rows, &err), -ENODATA);
	scene_close(scene);
}

static void what_was_found_is_forgotten_when_mappings_change(void **state)
{
	needs_x86();
	struct scene *scene = scene_open(state);
	scene->stack[1] = address_of(state, "behind_root");
	unwind(scene, address_of(state, "f"), 8);
	assert_int_equal(scene->how.end, EV_UNWOUND_COMPLETE);
	add_mapping(scene, address_of(state, "_start") & ~(uint64_t)4095, 0x10000, 0, "//anon");
	ev_space_set_ready(scene->set);
	unwind(scene, address_of(state, "f"), 8);
	assert_int_equal(scene->count, 1);
	assert_int_equal(scene->how.end, EV_UNWOUND_NO_OBJECT);
	scene_close(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stack_ends_where_nobody_called_or_the_program_begins),
		cmocka_unit_test(tables_that_nobody_needs_are_given_back_and_read_again),
		cmocka_unit_test(a_copy_that_ends_is_told_from_a_stack_that_does),
		cmocka_unit_test(stacks_that_go_on_elsewhere_say_so),
		cmocka_unit_test(other_registers_lead_on_where_the_thread_was_interrupted),
		cmocka_unit_test(
			a_return_address_in_a_register_is_known_where_the_thread_was_interrupted),
		cmocka_unit_test(rows_lead_on_behind_a_call_that_made_a_thread),
		cmocka_unit_test(a_call_to_nowhere_goes_back_to_where_it_came_from),
		cmocka_unit_test(generated_code_is_left_by_its_frame_pointer_and_named_else),
		cmocka_unit_test(code_without_tables_is_followed_or_blamed_by_name),
		cmocka_unit_test(tables_are_shared_by_unwinders_of_several_threads),
		cmocka_unit_test(what_was_found_is_forgotten_when_mappings_change),
	};
	return cmocka_run_group_tests(tests, setup, folder_remove);
}
