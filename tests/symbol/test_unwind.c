/* This test's own stack, copied, is followed to where the program began. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <ucontext.h>
#include <unistd.h>
#include <cmocka.h>
#include <evprof/symbol_unwind.h>
#include "code_scan.h"

/* ---- registers, as perf would have recorded them ----------------------------------------------
 */

#if defined(__x86_64__)
enum { PC = 8, SP = 7, FP = 6, AX = 0 };
static const unsigned numbers[] = { AX, FP, SP, PC };
static void take_registers(const ucontext_t *context, uint64_t *registers)
{
	registers[0] = (uint64_t)context->uc_mcontext.gregs[REG_RAX];
	registers[1] = (uint64_t)context->uc_mcontext.gregs[REG_RBP];
	registers[2] = (uint64_t)context->uc_mcontext.gregs[REG_RSP];
	registers[3] = (uint64_t)context->uc_mcontext.gregs[REG_RIP];
}
#elif defined(__aarch64__)
enum { PC = 32, SP = 31, FP = 29 };
static const unsigned numbers[] = { FP, 30, SP, PC };
static void take_registers(const ucontext_t *context, uint64_t *registers)
{
	registers[0] = context->uc_mcontext.regs[29];
	registers[1] = context->uc_mcontext.regs[30];
	registers[2] = context->uc_mcontext.sp;
	registers[3] = context->uc_mcontext.pc;
}
#else
#define NO_REGISTERS 1
enum { PC, SP, FP };
static const unsigned numbers[] = { FP, SP, PC };
static void take_registers(const ucontext_t *context, uint64_t *registers)
{
	(void)context;
	(void)registers;
}
#endif

enum { COPY_BYTES = 256 << 10, CHAIN = 512 };

/* A stopped moment of this program. */
struct moment {
	uint64_t registers[EV_LENGTH(numbers)];
	uint8_t *stack;
	size_t stack_bytes;
};

static size_t stack_above(uint64_t sp)
{
	char line[512];
	unsigned long low, high = 0;
	FILE *maps = fopen("/proc/self/maps", "re");
	while (maps && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx", &low, &high) == 2 && sp >= low && sp < high)
			break;
	if (maps)
		fclose(maps);
	return high > sp ? high - sp : 0;
}

/* Byte by byte, because sanitizers watch over copies of a stack and its gaps. */
static __attribute__((noinline, no_sanitize("address"))) void copy(uint8_t *to, const uint8_t *from,
								   size_t size_bytes)
{
	for (volatile size_t i = 0; i < size_bytes; i++)
		to[i] = from[i];
}

static __attribute__((noinline)) void stop_here(struct moment *moment, size_t limit)
{
	ucontext_t context;
	getcontext(&context);
	take_registers(&context, moment->registers);
	uint64_t sp = 0;
	for (size_t i = 0; i < EV_LENGTH(numbers); i++)
		if (numbers[i] == SP)
			sp = moment->registers[i];
	size_t size = stack_above(sp);
	moment->stack_bytes = size < limit ? size : limit;
	moment->stack = malloc(moment->stack_bytes);
	copy(moment->stack, (const uint8_t *)(uintptr_t)sp, moment->stack_bytes);
}

/* What comes after a call keeps it from becoming a jump. */
#define STAYS(value) __asm__ volatile("" : "+r"(value))

static __attribute__((noinline)) int third(struct moment *moment, size_t limit)
{
	stop_here(moment, limit);
	int got = (int)moment->stack_bytes;
	STAYS(got);
	return got;
}
static __attribute__((noinline)) int second(struct moment *moment, size_t limit)
{
	int got = third(moment, limit);
	STAYS(got);
	return got;
}
static __attribute__((noinline)) int first(struct moment *moment, size_t limit)
{
	int got = second(moment, limit);
	STAYS(got);
	return got;
}
static __attribute__((noinline)) int deeper(struct moment *moment, size_t limit, unsigned depth)
{
	int got = depth ? deeper(moment, limit, depth - 1) : first(moment, limit);
	STAYS(got);
	return got;
}

/* ---- this process, as a recording tells it ----------------------------------------------------
 */

static struct ev_space_set *own_spaces(void)
{
	struct ev_space_set *set = ev_space_set_open();
	char line[4096], path[4096], rights[8];
	unsigned long low, high, offset;
	FILE *maps = fopen("/proc/self/maps", "re");
	while (maps && fgets(line, sizeof(line), maps)) {
		path[0] = 0;
		if (sscanf(line, "%lx-%lx %7s %lx %*s %*s %4095[^\n]", &low, &high, rights, &offset,
			   path) < 4 ||
		    rights[2] != 'x')
			continue;
		struct ev_record record = { .type = PERF_RECORD_MMAP2, .pid = (uint32_t)getpid() };
		record.mmap = (struct ev_mmap){ .pid = record.pid,
						.tid = record.pid,
						.start = low,
						.length = high - low,
						.file_offset = offset,
						.prot = 5,
						.executable = true,
						.path = path[0] ? path : "//anon" };
		ev_space_set_add(set, &record);
	}
	if (maps)
		fclose(maps);
	ev_space_set_ready(set);
	return set;
}

struct answer {
	uint64_t chain[CHAIN];
	size_t count;
	struct ev_unwound how;
	char names[CHAIN][64];
};

static void unwind(const struct moment *moment, size_t stack_bytes, size_t limit,
		   struct answer *answer)
{
	struct ev_space_set *set = own_spaces();
	struct ev_unwinder *unwinder = ev_unwinder_open(set, NULL, NULL);
	struct ev_symbolizer *symbolizer = ev_symbolizer_open(set, NULL, NULL);
	struct ev_space_cache *cache = calloc(1, sizeof(*cache));
	struct ev_record record = { .type = PERF_RECORD_SAMPLE, .pid = (uint32_t)getpid() };
	record.sample.user_regs_abi = PERF_SAMPLE_REGS_ABI_64;
	for (size_t i = 0; i < EV_LENGTH(numbers); i++)
		record.sample.user_regs_mask |= (uint64_t)1 << numbers[i];
	record.sample.user_regs = moment->registers;
	record.sample.user_stack = moment->stack;
	record.sample.user_stack_bytes = stack_bytes;
	memset(answer, 0, sizeof(*answer));
	answer->count = ev_unwind(unwinder, &record, answer->chain, limit, &answer->how);
	for (size_t i = 0; i < answer->count; i++) {
		struct ev_symbol symbol;
		struct ev_place place = ev_space_find(set, cache, record.pid, 0, answer->chain[i],
						      PERF_RECORD_MISC_USER);
		ev_symbolize(symbolizer, place, i ? 0 : EV_SYMBOL_EXACT, &symbol, 1);
		/* Without the suffix of a copy that the compiler made for one caller. */
		snprintf(answer->names[i], sizeof(answer->names[i]), "%.*s",
			 symbol.function ? (int)strcspn(symbol.function, ".") : 0,
			 symbol.function ? symbol.function : "");
	}
	free(cache);
	ev_symbolizer_close(symbolizer);
	ev_unwinder_close(unwinder);
	ev_space_set_close(set);
}

static size_t position(const struct answer *answer, const char *name)
{
	for (size_t i = 0; i < answer->count; i++)
		if (!strcmp(answer->names[i], name))
			return i;
	print_message("no %s among:", name);
	for (size_t i = 0; i < answer->count; i++)
		print_message(" %s", answer->names[i]);
	print_message("\n");
	fail();
	return 0;
}

static int needs_registers(void)
{
#ifdef NO_REGISTERS
	print_message("SKIP unwinding: this machine's registers are not known to the test\n");
	return 1;
#endif
	return 0;
}

/* ---- tests ------------------------------------------------------------------------------------
 */

static void a_whole_stack_is_followed_to_its_root(void **state)
{
	(void)state;
	static struct answer answer;
	struct moment moment = { 0 };
	if (needs_registers())
		skip();
	first(&moment, COPY_BYTES);
	unwind(&moment, moment.stack_bytes, CHAIN, &answer);
	assert_int_equal(answer.how.end, EV_UNWOUND_COMPLETE);
	assert_int_equal(answer.how.guessed, 0);
	/* No more of the copy is needed than up to there. */
	uint64_t deep_bytes = answer.how.stack_bytes;
	assert_true(deep_bytes > 64 && deep_bytes < moment.stack_bytes);
	unwind(&moment, deep_bytes + 64, CHAIN, &answer);
	assert_int_equal(answer.how.end, EV_UNWOUND_COMPLETE);
	assert_int_equal(answer.how.stack_bytes, deep_bytes);
	size_t at = position(&answer, "third");
	assert_int_equal(position(&answer, "second"), at + 1);
	assert_int_equal(position(&answer, "first"), at + 2);
	assert_string_equal(answer.names[at + 3], __func__);
	assert_true(position(&answer, "main") > at + 3);
	free(moment.stack);
}

static void a_copy_that_is_too_short_says_so_and_gives_what_it_holds(void **state)
{
	(void)state;
	static struct answer whole, part;
	struct moment moment = { 0 };
	if (needs_registers())
		skip();
	deeper(&moment, COPY_BYTES, 100);
	unwind(&moment, moment.stack_bytes, CHAIN, &whole);
	assert_int_equal(whole.how.end, EV_UNWOUND_COMPLETE);
	assert_true(whole.count > 100);
	size_t between = 0;
	for (size_t bytes = 256; bytes < moment.stack_bytes; bytes *= 2) {
		unwind(&moment, bytes, CHAIN, &part);
		assert_memory_equal(part.chain, whole.chain, part.count * sizeof(part.chain[0]));
		if (part.count == whole.count)
			break;
		assert_int_equal(part.how.end, EV_UNWOUND_TRUNCATED);
		between += part.count > 3;
	}
	assert_true(between > 0);
	unwind(&moment, 0, CHAIN, &part);
	assert_int_equal(part.how.end, EV_UNWOUND_TRUNCATED);
	assert_true(part.count >= 1);
	free(moment.stack);
}

static void no_more_frames_are_given_than_asked_for(void **state)
{
	(void)state;
	static struct answer answer;
	struct moment moment = { 0 };
	if (needs_registers())
		skip();
	deeper(&moment, COPY_BYTES, 100);
	unwind(&moment, moment.stack_bytes, 20, &answer);
	assert_int_equal(answer.count, 20);
	assert_int_equal(answer.how.end, EV_UNWOUND_TOO_DEEP);
	free(moment.stack);
}

static void a_stack_of_nonsense_ends(void **state)
{
	(void)state;
	static struct answer answer;
	struct moment moment = { 0 };
	uint64_t random = 88172645463325252u;
	if (needs_registers())
		skip();
	deeper(&moment, COPY_BYTES, 50);
	for (unsigned round = 0; round < 50; round++) {
		for (size_t i = 0; i < moment.stack_bytes; i++) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			if (random % 40 == 0)
				moment.stack[i] = (uint8_t)(random >> 20);
		}
		unwind(&moment, moment.stack_bytes, CHAIN, &answer);
		assert_true(answer.count >= 1 && answer.count <= CHAIN);
	}
	free(moment.stack);
}

#ifdef __x86_64__
/* As glibc's clone3 is: without a table from the system call on. */
__asm__(".pushsection .text\n.type makes_thread,@function\nmakes_thread:\n"
	"	mov $435, %eax\n	syscall\n"
	".globl thread_made\nthread_made:\n"
	"	test %rax, %rax\n	ret\n"
	".size makes_thread, . - makes_thread\n.popsection\n");
extern const char thread_made[];
#endif

static void a_thread_that_was_just_made_is_whole(void **state)
{
	(void)state;
	struct code_scan *scan = ev_code_scan_open("/proc/self/exe");
	ev_code_scan_close(scan);
#ifdef __x86_64__
	static struct answer answer;
	static uint8_t empty[64];
	uint64_t sp = (uint64_t)(uintptr_t)empty;
	struct moment moment = { .registers = { 0, 0, sp, (uint64_t)(uintptr_t)thread_made },
				 .stack = empty };
	for (unsigned id = 0; scan && id < 2; id++) {
		moment.registers[0] = id; /* the one that made it goes on, to its caller */
		unwind(&moment, sizeof(empty), CHAIN, &answer);
		assert_int_equal(answer.count, 1);
		assert_int_equal(answer.how.end == EV_UNWOUND_COMPLETE, !id);
	}
#endif
	if (!scan) {
		print_message("SKIP %s: needs x86-64 and capstone\n", __func__);
		skip();
	}
}

static void a_sample_without_registers_has_no_chain(void **state)
{
	(void)state;
	struct ev_space_set *set = ev_space_set_open();
	ev_space_set_ready(set);
	struct ev_unwinder *unwinder = ev_unwinder_open(set, NULL, NULL);
	struct ev_record record = { .type = PERF_RECORD_SAMPLE };
	uint64_t chain[4];
	struct ev_unwound how;
	record.sample.user_regs_abi = PERF_SAMPLE_REGS_ABI_64;
	assert_int_equal(ev_unwind(unwinder, &record, chain, 4, &how), 0);
	assert_int_equal(how.end, EV_UNWOUND_NO_REGISTERS);
	ev_unwinder_close(unwinder);
	ev_unwinder_close(NULL);
	ev_space_set_close(set);
}

static void the_kernels_side_of_a_chain_stays_in_front(void **state)
{
	(void)state;
	const uint64_t kernel[] = { (uint64_t)PERF_CONTEXT_KERNEL, UINT64_MAX - 0x10000,
				    (uint64_t)PERF_CONTEXT_USER, 0x1234 };
	struct ev_space_set *set = ev_space_set_open();
	struct ev_record record = { .type = PERF_RECORD_SAMPLE };
	struct ev_unwound how;
	uint64_t chain[8], registers[EV_LENGTH(numbers)] = { 0 };
	ev_space_set_ready(set);
	struct ev_unwinder *unwinder = ev_unwinder_open(set, NULL, NULL);
	record.sample.chain = kernel;
	record.sample.chain_count = EV_LENGTH(kernel);
	/* A kernel thread: nothing of the user's, and nothing amiss. */
	assert_int_equal(ev_unwind_chain(unwinder, &record, chain, 8, &how), 2);
	assert_memory_equal(chain, kernel, 2 * sizeof(chain[0]));
	assert_int_equal(how.end, EV_UNWOUND_COMPLETE);
	record.sample.user_regs_abi = PERF_SAMPLE_REGS_ABI_64;
	assert_int_equal(ev_unwind_chain(unwinder, &record, chain, 8, &how), 2);
	assert_int_equal(how.end, EV_UNWOUND_NO_REGISTERS);
	if (!needs_registers()) {
		for (size_t i = 0; i < EV_LENGTH(numbers); i++) {
			record.sample.user_regs_mask |= (uint64_t)1 << numbers[i];
			registers[i] = numbers[i] == PC ? 0x4321 : 0;
		}
		record.sample.user_regs = registers;
		assert_int_equal(ev_unwind_chain(unwinder, &record, chain, 8, &how), 4);
		assert_true(chain[2] == (uint64_t)PERF_CONTEXT_USER);
		assert_int_equal(chain[3], 0x4321);
		assert_int_equal(how.end, EV_UNWOUND_NO_OBJECT);
	}
	ev_unwinder_close(unwinder);
	ev_space_set_close(set);
}

/* A handler of arm64 that was called with `words` on its stack, from code at 0x400200: the words
 * before it are the handler's own frame. */
static size_t unwind_arm64(const uint64_t *words, size_t count, uint64_t *chain,
			   struct ev_unwound *how)
{
	enum { FP_AT = 0, LR_AT, SP_AT, PC_AT };
	uint64_t registers[] = {
		[FP_AT] = 0x10000, [LR_AT] = 0, [SP_AT] = 0x10000, [PC_AT] = 0x400100
	};
	struct ev_space_set *set = ev_space_set_open();
	struct ev_recording recording = { .arch = (char *)"aarch64" };
	const struct {
		const char *path;
		uint64_t start;
	} mapped[] = { { "/nowhere/prog", 0x400000 }, { "[vdso]", 0x700000 } };
	for (size_t i = 0; i < EV_LENGTH(mapped); i++) {
		struct ev_record record = { .type = PERF_RECORD_MMAP2, .pid = 1 };
		record.mmap = (struct ev_mmap){ .pid = 1,
						.tid = 1,
						.start = mapped[i].start,
						.length = 0x1000,
						.prot = 5,
						.executable = true,
						.path = mapped[i].path };
		ev_space_set_add(set, &record);
	}
	ev_space_set_ready(set);
	struct ev_unwinder *unwinder = ev_unwinder_open(set, &recording, NULL);
	struct ev_record record = { .type = PERF_RECORD_SAMPLE, .pid = 1 };
	record.sample.user_regs_abi = PERF_SAMPLE_REGS_ABI_64;
	record.sample.user_regs_mask =
		(uint64_t)1 << 29 | (uint64_t)1 << 30 | (uint64_t)1 << 31 | (uint64_t)1 << 32;
	record.sample.user_regs = registers;
	record.sample.user_stack = (const uint8_t *)words;
	record.sample.user_stack_bytes = count * sizeof(*words);
	size_t got = ev_unwind(unwinder, &record, chain, CHAIN, how);
	ev_unwinder_close(unwinder);
	ev_space_set_close(set);
	return got;
}

static void what_a_signal_interrupted_on_arm64_is_found_where_the_kernel_kept_it(void **state)
{
	enum {
		FRAME = 2,
		REGISTERS = FRAME + 39,
		SP_WORD = REGISTERS + 31,
		PC_WORD,
		STATE,
		ODD,
		END
	};
	uint64_t words[END + 4] = { [0] = 0 /* the caller's frame pointer */, [1] = 0x700010 };
	uint64_t chain[CHAIN];
	struct ev_unwound how;
	(void)state;
	words[FRAME] = 10 | (uint64_t)7 << 32; /* SIGUSR1, and an error number */
	words[REGISTERS + 29] = 0x10000 + END * 8;
	words[REGISTERS + 30] = 0x400abc;
	words[SP_WORD] = 0x10000 + END * 8;
	words[PC_WORD] = 0x400200;
	words[END + 1] = 0x400304; /* who called that */
	size_t count = unwind_arm64(words, EV_LENGTH(words), chain, &how);
	assert_int_equal(count, 4);
	assert_int_equal(chain[0], 0x400100);
	assert_int_equal(chain[1], 0x700010);
	assert_int_equal(chain[2], 0x400200);
	assert_int_equal(chain[3], 0x400304);
	assert_int_equal(how.end, EV_UNWOUND_COMPLETE); /* the last frame pointer is 0 */
	/* Cut before all of it was copied. */
	assert_int_equal(unwind_arm64(words, PC_WORD, chain, &how), 2);
	assert_int_equal(how.end, EV_UNWOUND_TRUNCATED);
	/* What is no signal's is not made one, nor called the beginning of a thread. */
	words[FRAME] = 0;
	assert_int_equal(unwind_arm64(words, EV_LENGTH(words), chain, &how), 2);
	assert_int_equal(how.end, EV_UNWOUND_NO_CFI);
}

static void every_end_but_a_complete_one_has_words(void **state)
{
	(void)state;
	for (enum ev_unwound_end end = 0; end < EV_UNWOUND_END_COUNT; end++)
		assert_true(!ev_unwound_words(end) == (end == EV_UNWOUND_COMPLETE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_stack_is_followed_to_its_root),
		cmocka_unit_test(a_copy_that_is_too_short_says_so_and_gives_what_it_holds),
		cmocka_unit_test(no_more_frames_are_given_than_asked_for),
		cmocka_unit_test(a_stack_of_nonsense_ends),
		cmocka_unit_test(a_thread_that_was_just_made_is_whole),
		cmocka_unit_test(a_sample_without_registers_has_no_chain),
		cmocka_unit_test(the_kernels_side_of_a_chain_stays_in_front),
		cmocka_unit_test(
			what_a_signal_interrupted_on_arm64_is_found_where_the_kernel_kept_it),
		cmocka_unit_test(every_end_but_a_complete_one_has_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
