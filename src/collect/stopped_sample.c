/* Registers and stack of a thread that is stopped -> a sample that can be unwound. */
#include <string.h>
#include <sys/user.h>
#include <evprof/collect_stopped.h>

enum { PART_BYTES = 1 << 16, PAGE_BYTES = 4096, REGISTERS = 64 };

#if defined(__x86_64__)
enum { STACK_POINTER = 7, PROGRAM_COUNTER = 8 };
/* Where the kernel's user_regs_struct has perf's registers, by their numbers. */
#define AT(field_) ((uint16_t)offsetof(struct user_regs_struct, field_))
static const struct {
	uint8_t number;
	uint16_t at;
} places[] = {
	{ 0, AT(rax) },  { 1, AT(rbx) },  { 2, AT(rcx) },  { 3, AT(rdx) },  { 4, AT(rsi) },
	{ 5, AT(rdi) },  { 6, AT(rbp) },  { 7, AT(rsp) },  { 8, AT(rip) },  { 16, AT(r8) },
	{ 17, AT(r9) },  { 18, AT(r10) }, { 19, AT(r11) }, { 20, AT(r12) }, { 21, AT(r13) },
	{ 22, AT(r14) }, { 23, AT(r15) },
};
static uint64_t take(const struct ev_stopped_thread *thread, uint64_t *by_number)
{
	uint64_t mask = 0;
	if (thread->register_bytes != sizeof(struct user_regs_struct))
		return 0; /* a 32-bit program */
	for (size_t i = 0; i < EV_LENGTH(places); i++) {
		memcpy(&by_number[places[i].number], thread->registers + places[i].at, 8);
		mask |= (uint64_t)1 << places[i].number;
	}
	return mask;
}
#elif defined(__aarch64__)
enum { STACK_POINTER = 31, PROGRAM_COUNTER = 32, COUNT = 33 };
static uint64_t take(const struct ev_stopped_thread *thread, uint64_t *by_number)
{
	if (thread->register_bytes != sizeof(struct user_regs_struct))
		return 0;
	memcpy(by_number, thread->registers, COUNT * sizeof(*by_number));
	return ((uint64_t)1 << COUNT) - 1;
}
#else
enum { STACK_POINTER, PROGRAM_COUNTER };
static uint64_t take(const struct ev_stopped_thread *thread, uint64_t *by_number)
{
	(void)thread;
	(void)by_number;
	return 0;
}
#endif

/* As far as there is memory, in large parts, then to the last page. */
static void read_stack(uint32_t pid, uint64_t from, struct ev_buffer *stack, size_t limit_bytes)
{
	uint8_t part[PART_BYTES];
	size_t step = PART_BYTES;
	stack->size_bytes = 0;
	while (stack->size_bytes < limit_bytes && from <= UINT64_MAX - PART_BYTES) {
		size_t wanted = step == PART_BYTES ? PART_BYTES : PAGE_BYTES - from % PAGE_BYTES;
		if (!ev_process_memory(&pid, from, part, wanted)) {
			ev_buffer_add(stack, part, wanted);
			from += wanted;
		} else if (step == PAGE_BYTES) {
			return;
		} else {
			step = PAGE_BYTES;
		}
	}
}

bool ev_stopped_sample(uint32_t pid, const struct ev_stopped_thread *thread,
		       struct ev_stopped_values *values, struct ev_buffer *stack,
		       size_t limit_bytes, struct ev_sample *sample)
{
	uint64_t by_number[REGISTERS] = { 0 };
	uint64_t mask = thread->stopped ? take(thread, by_number) : 0;
	size_t count = 0;
	if (!mask)
		return false;
	for (unsigned i = 0; i < REGISTERS; i++)
		if (mask >> i & 1)
			values->items[count++] = by_number[i];
	read_stack(pid, by_number[STACK_POINTER], stack, limit_bytes);
	*sample = (struct ev_sample){
		.has = PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER,
		.ip = by_number[PROGRAM_COUNTER],
		.pid = pid,
		.tid = thread->tid,
		.user_regs_abi = PERF_SAMPLE_REGS_ABI_64,
		.user_regs_mask = mask,
		.user_regs = values->items,
		.user_stack = stack->bytes,
		.user_stack_bytes = stack->size_bytes,
		.user_stack_asked_bytes = limit_bytes,
	};
	return true;
}
