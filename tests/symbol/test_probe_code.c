/* Where probes are put, on functions written in assembler. */
#include "compiled.h"
#include "probe_code.h"

/* Each is a case: what stands there, and where the probe must be. With a decoder it may be further
 * in than without. */
static const char program[] =
	".text\n"
	".macro function name\n.p2align 4\n.globl \\name\n.type \\name,@function\n\\name:\n.endm\n"
	".macro finish name\n.size \\name, . - \\name\n.endm\n"
	"function push_first\npush %rbx\npop %rbx\nret\nfinish push_first\n"
	"function push_r12\npush %r12\npop %r12\nret\nfinish push_r12\n"
	"function guarded\nendbr64\npush %rbx\npop %rbx\nret\nfinish guarded\n"
	"function calls\nendbr64\ncall push_first\nret\nfinish calls\n"
	"function nop5\n.byte 0x0f,0x1f,0x44,0,0\nret\nfinish nop5\n"
	"function computes\nendbr64\nmov %edi,%eax\npush %rbx\npop %rbx\nret\nfinish computes\n"
	"function addresses\nlea 8(%rdi),%rax\npush %rbx\npop %rbx\nret\nfinish addresses\n"
	"function loads\nmov (%rdi),%eax\npush %rbx\npop %rbx\nret\nfinish loads\n"
	"function stores\nendbr64\nmov %eax,(%rdi)\npush %rbx\npop %rbx\nret\nfinish stores\n"
	"function returns\nendbr64\nmov %edi,%eax\nret\nfinish returns\n"
	/* nothing but the entry tells how often it was called */
	"function loops\nendbr64\n1: push %rbx\npop %rbx\ndec %edi\njnz 1b\nret\nfinish loops\n"
	"function loops_far\nendbr64\n1: push %rbx\npop %rbx\ndec %edi\n.byte 0x0f,0x85\n"
	".long 1b - . - 4\nret\nfinish loops_far\n"
	"function entered\nendbr64\n.Lmiddle: push %rbx\npop %rbx\nret\nfinish entered\n"
	"function merged\npush %rbx\npop %rbx\njmp .Lmiddle\nfinish merged\n"
	"function two_names\nendbr64\n.globl other_name\n.type other_name,@function\nother_name:\n"
	"push %rbx\npop %rbx\nret\nfinish two_names\n"
	"function switches\nendbr64\npush %rbx\npop %rbx\njmp *%rax\nfinish switches\n"
	"function tail_calls\nendbr64\npush %rbx\npop %rbx\njmp *elsewhere(%rip)\nfinish "
	"tail_calls\n"
	"function cold_switches\nendbr64\npush %rbx\npop %rbx\nret\nfinish cold_switches\n"
	".type cold_switches.cold,@function\ncold_switches.cold:\njmp *%rax\n"
	".size cold_switches.cold, . - cold_switches.cold\n"
	/* its end is not told, so nobody knows what belongs to it */
	"function endless\nendbr64\npush %rbx\npop %rbx\nret\n"
	".data\nelsewhere: .quad 0\n"
	".section .note.GNU-stack,\"\",@progbits\n";

static const struct {
	const char *name;
	unsigned plain, decoded; /* without and with a decoder */
} cases[] = {
	{ "push_first", 0, 0 }, { "push_r12", 0, 0 },      { "guarded", 4, 4 },
	{ "calls", 4, 4 },      { "nop5", 0, 0 },          { "computes", 0, 6 },
	{ "addresses", 0, 4 },  { "loads", 0, 0 },         { "stores", 0, 0 },
	{ "returns", 0, 0 },    { "loops", 0, 0 },         { "loops_far", 0, 0 },
	{ "entered", 0, 0 },    { "merged", 0, 0 },        { "two_names", 0, 0 },
	{ "switches", 0, 0 },   { "cold_switches", 0, 0 }, { "endless", 0, 0 },
};

struct loaded {
	struct image image;
	struct probe_functions functions;
	struct probe_code code;
};

static void load(void **state, struct loaded *loaded)
{
	const char *path = in_folder(state, "p.so");
	write_file(in_folder(state, "p.s"), program, sizeof(program) - 1);
	run_in(state, "gcc -shared -nostdlib -o p.so p.s");
	assert_int_equal(ev_image_open(&loaded->image, path), 0);
	ev_probe_functions_read(&loaded->functions, &loaded->image, path);
	ev_probe_code_read(&loaded->code, &loaded->image);
}

static void unload(struct loaded *loaded)
{
	ev_probe_code_done(&loaded->code);
	ev_probe_functions_done(&loaded->functions);
	ev_image_close(&loaded->image);
}

static const struct probe_function *function_of(const struct loaded *loaded, const char *name)
{
	for (size_t i = 0; i < loaded->functions.count; i++)
		if (!strcmp(loaded->functions.items[i].name, name))
			return &loaded->functions.items[i];
	fail_msg("there is no %s", name);
	return NULL;
}

static bool has_decoder(void)
{
	struct disassembler *disassembler = ev_disassembler_open(EM_X86_64);
	ev_disassembler_close(disassembler);
	return disassembler;
}

#ifdef __x86_64__
#define needs_x86()
#else
#define needs_x86()                                                                                \
	do {                                                                                       \
		print_message("SKIP %s: this is not x86-64\n", __func__);                          \
		skip();                                                                            \
	} while (0)
#endif

static void a_probe_is_moved_only_where_no_count_changes(void **state)
{
	needs_x86();
	needs_program("gcc");
	struct loaded loaded;
	load(state, &loaded);
	bool decoder = has_decoder();
	for (size_t i = 0; i < EV_LENGTH(cases); i++) {
		struct probe_spot spot = { .function = function_of(&loaded, cases[i].name) };
		ev_probe_spots_choose(&spot, 1, &loaded.functions, &loaded.code);
		unsigned expected = decoder ? cases[i].decoded : cases[i].plain;
		if (spot.into_bytes != expected)
			fail_msg("%s: the probe is at +%llu, expected at +%u (%s)", cases[i].name,
				 (unsigned long long)spot.into_bytes, expected, spot.why);
		assert_non_null(spot.why);
	}
	unload(&loaded);
}

static void many_functions_are_chosen_for_together_as_one_by_one(void **state)
{
	needs_x86();
	needs_program("gcc");
	struct loaded loaded;
	load(state, &loaded);
	struct probe_spot spots[EV_LENGTH(cases)] = { 0 };
	bool decoder = has_decoder();
	for (size_t i = 0; i < EV_LENGTH(cases); i++)
		spots[i].function = function_of(&loaded, cases[i].name);
	ev_probe_spots_choose(spots, EV_LENGTH(cases), &loaded.functions, &loaded.code);
	for (size_t i = 0; i < EV_LENGTH(cases); i++)
		assert_int_equal(spots[i].into_bytes, decoder ? cases[i].decoded : cases[i].plain);
	unload(&loaded);
}

static void a_jump_into_another_library_leads_nowhere_inside(void **state)
{
	needs_x86();
	needs_program("gcc");
	if (!has_decoder()) {
		print_message("SKIP %s: capstone was left out\n", __func__);
		skip();
	}
	struct loaded loaded;
	load(state, &loaded);
	struct probe_spot spot = { .function = function_of(&loaded, "tail_calls") };
	ev_probe_spots_choose(&spot, 1, &loaded.functions, &loaded.code);
	assert_int_equal(spot.into_bytes, 4);
	unload(&loaded);
}

static void the_beginnings_of_instructions_are_known(void **state)
{
	needs_x86();
	needs_program("gcc");
	struct loaded loaded;
	load(state, &loaded);
	const struct probe_function *function = function_of(&loaded, "computes");
	uint64_t before, after;
	int begins = ev_probe_boundary(&loaded.code, function, 5, &before, &after);
	if (has_decoder()) {
		assert_int_equal(begins, 0);
		assert_int_equal(before, 4);
		assert_int_equal(after, 6);
		assert_int_equal(ev_probe_boundary(&loaded.code, function, 6, &before, &after), 1);
		assert_int_equal(ev_probe_boundary(&loaded.code, function, 0, &before, &after), 1);
	} else {
		assert_int_equal(begins, -1);
	}
	unload(&loaded);
}

static void an_instruction_is_taken_for_what_it_does(void **state)
{
	(void)state;
	static const struct {
		uint8_t bytes[8];
		unsigned size;
		enum instruction what;
	} known[] = {
		{ { 0x89, 0xf8 }, 2, INSTRUCTION_PLAIN },             /* mov %edi,%eax */
		{ { 0x48, 0x83, 0xec, 0x08 }, 4, INSTRUCTION_PLAIN }, /* sub $8,%rsp */
		{ { 0x48, 0x8d, 0x47, 0x08 }, 4, INSTRUCTION_PLAIN }, /* lea 8(%rdi),%rax */
		{ { 0x8b, 0x07 }, 2, INSTRUCTION_OTHER },             /* mov (%rdi),%eax */
		{ { 0x8e, 0xd8 }, 2, INSTRUCTION_OTHER },             /* mov %eax,%ds */
		{ { 0xc3 }, 1, INSTRUCTION_OTHER },                   /* ret */
		{ { 0xff, 0xe0 }, 2, INSTRUCTION_INDIRECT },          /* jmp *%rax */
		{ { 0xff, 0x24, 0xc7 }, 3, INSTRUCTION_INDIRECT },    /* jmp *(%rdi,%rax,8) */
		{ { 0xff, 0x25, 1, 0, 0, 0 }, 6, INSTRUCTION_OTHER }, /* jmp *1(%rip) */
		{ { 0xff, 0xd0 }, 2, INSTRUCTION_OTHER },             /* call *%rax */
		{ { 0x06 }, 1, INSTRUCTION_UNKNOWN },
	};
	struct disassembler *disassembler = ev_disassembler_open(EM_X86_64);
	assert_null(ev_disassembler_open(EM_AARCH64));
	if (!disassembler) {
		print_message("SKIP %s: capstone was left out\n", __func__);
		skip();
	}
	for (size_t i = 0; i < EV_LENGTH(known); i++) {
		size_t length = 0;
		enum instruction what = ev_instruction_decode(disassembler, known[i].bytes,
							      known[i].size, 0, &length);
		assert_int_equal(what, known[i].what);
		if (what != INSTRUCTION_UNKNOWN)
			assert_int_equal(length, known[i].size);
	}
	ev_disassembler_close(disassembler);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_probe_is_moved_only_where_no_count_changes),
		cmocka_unit_test(many_functions_are_chosen_for_together_as_one_by_one),
		cmocka_unit_test(a_jump_into_another_library_leads_nowhere_inside),
		cmocka_unit_test(the_beginnings_of_instructions_are_known),
		cmocka_unit_test(an_instruction_is_taken_for_what_it_does),
	};
	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
