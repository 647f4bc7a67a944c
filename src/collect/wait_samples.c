/* One interval off the CPUs, as the BPF program tells it, becomes a sample record. */
#include <stdlib.h>
#include <string.h>
#include "bpf_waits.h"
#include "machine.h"
#include "wait_states.h"

/* The kernel's pt_regs, word by word, as perf numbers registers; -1 for a word that it has not. */
#if defined(__x86_64__)
static const int8_t numbers[EV_WAIT_REGISTERS] = { 23, 22, 21, 20, 6,  1,  19, 18, 17, 16, 0,  2,
						   3,  4,  5,  -1, 8,  10, 9,  7,  11, -1, -1, -1,
						   -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1 };
#elif defined(__aarch64__)
static const int8_t numbers[EV_WAIT_REGISTERS] = { 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11,
						   12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,
						   24, 25, 26, 27, 28, 29, 30, 31, 32, -1, -1, -1 };
#else
static const int8_t numbers[EV_WAIT_REGISTERS] = { [0 ... EV_WAIT_REGISTERS - 1] = -1 };
#endif

bool ev_wait_is_whole(const struct ev_wait *wait, size_t size_bytes)
{
	size_t head = offsetof(struct ev_wait, user);
	if (size_bytes < head || wait->kernel_count > EV_WAIT_KERNEL_FRAMES ||
	    wait->user_count > EV_WAIT_USER_FRAMES || wait->copied_bytes > EV_WAIT_COPY_LIMIT)
		return false;
	return size_bytes - head >= wait->user_count * sizeof(uint64_t) &&
	       (wait->user_count || size_bytes - head >= wait->copied_bytes);
}

static void add_registers(const struct ev_wait *wait, struct ev_wait_sample *room,
			  struct ev_sample *sample)
{
	uint64_t by_number[64] = { 0 };
	for (size_t i = 0; i < EV_WAIT_REGISTERS; i++)
		if (numbers[i] >= 0)
			by_number[numbers[i]] = wait->registers[i];
	sample->user_regs_mask = ev_unwind_registers();
	size_t count = 0;
	for (size_t i = 0; i < 64; i++)
		if (sample->user_regs_mask >> i & 1)
			room->registers[count++] = by_number[i];
	sample->user_regs_abi = PERF_SAMPLE_REGS_ABI_64;
	sample->user_regs = room->registers;
	sample->user_stack = wait->copy;
	sample->user_stack_bytes = wait->copied_bytes;
}

static enum ev_wait_state state_of(const struct ev_wait *wait)
{
	if (wait->untold)
		return EV_STATE_BLOCKED;
	return ev_wait_state_of(&(struct ev_wait_signs){
		.task_state = wait->task_state,
		.preempted = wait->preempted,
		.in_iowait = wait->in_iowait,
		.has_user = true,
		.syscall = wait->syscall,
		.other_numbers = wait->compat,
	});
}

void ev_wait_sample_init(struct ev_wait_sample *room)
{
	static const char *const names[EV_WAIT_FUNCTIONS] = {
		[EV_WAIT_OF_SWITCH] = "__schedule",
		[EV_WAIT_OF_WAKING] = "try_to_wake_up",
		[EV_WAIT_OF_INTERRUPT] = "handle_softirqs",
		"__do_softirq",
		"asm_common_interrupt",
		"asm_sysvec_apic_timer_interrupt",
		"asm_sysvec_irq_work",
		"asm_sysvec_reschedule_ipi",
		"asm_sysvec_call_function",
		"asm_sysvec_call_function_single",
		"asm_sysvec_kvm_asyncpf_interrupt",
		"asm_sysvec_xen_hvm_callback",
		"asm_sysvec_hyperv_callback",
		"asm_sysvec_hyperv_stimer0",
		"el0t_64_irq_handler",
		"el1h_64_irq_handler",
	};
	for (size_t i = 0; i < EV_WAIT_FUNCTIONS; i++)
		room->functions[i].name = names[i];
	ev_kernel_functions_find("/proc/kallsyms", room->functions, EV_WAIT_FUNCTIONS);
}

static bool is_in(uint64_t address, const struct ev_kernel_function *function)
{
	return address >= function->from && address < function->to;
}

/* The kernel's frames without the program that looks, and without what an interrupt has stopped to
 * wake somebody. True when it was one. */
static bool find_frames(const struct ev_wait *wait, const struct ev_kernel_function *functions,
			uint32_t *first, uint32_t *end)
{
	bool waker = wait->what == EV_WAIT_WAKER;
	*first = 0;
	*end = wait->kernel_count;
	for (uint32_t i = 0; i < wait->kernel_count && !*first; i++)
		if (is_in(wait->kernel[i],
			  &functions[waker ? EV_WAIT_OF_WAKING : EV_WAIT_OF_SWITCH]))
			*first = i;
	for (uint32_t i = *first; waker && i < wait->kernel_count; i++)
		for (size_t k = EV_WAIT_OF_INTERRUPT; k < EV_WAIT_FUNCTIONS; k++)
			if (is_in(wait->kernel[i], &functions[k])) {
				*end = i + 1;
				return true;
			}
	return false;
}

void ev_wait_record(const struct ev_wait *wait, struct ev_wait_sample *room,
		    struct ev_record *record)
{
	uint32_t first, end;
	bool interrupt = find_frames(wait, room->functions, &first, &end);
	uint64_t *next = room->chain;
	*record = (struct ev_record){
		.type = PERF_RECORD_SAMPLE,
		.misc = PERF_RECORD_MISC_KERNEL,
		.pid = interrupt ? 0 : wait->pid,
		.tid = interrupt ? 0 : wait->tid,
		.cpu = wait->cpu,
		.time_ns = wait->end_ns,
	};
	struct ev_sample *sample = &record->sample;
	sample->pid = record->pid;
	sample->tid = record->tid;
	sample->cpu = wait->cpu;
	sample->time_ns = wait->end_ns;
	sample->period = wait->end_ns - wait->begin_ns;
	*next++ = (uint64_t)PERF_CONTEXT_KERNEL;
	if (wait->what != EV_WAIT_WAKER)
		*next++ = ev_wait_state_address(state_of(wait));
	memcpy(next, wait->kernel + first, (end - first) * sizeof(*next));
	next += end - first;
	if (wait->user_count && !interrupt) {
		*next++ = (uint64_t)PERF_CONTEXT_USER;
		memcpy(next, wait->user, wait->user_count * sizeof(*next));
		next += wait->user_count;
	} else if (wait->copied_bytes && !interrupt) {
		add_registers(wait, room, sample);
	}
	sample->chain = room->chain;
	sample->chain_count = (size_t)(next - room->chain);
	sample->ip = sample->chain_count > 1 ? room->chain[1] : 0;
	if (sample->ip == (uint64_t)PERF_CONTEXT_USER || !sample->ip) { /* a waker's */
		record->misc = PERF_RECORD_MISC_USER;
		sample->ip = sample->chain_count > 2 ? room->chain[2] : 0;
	}
}

/* ---- who waits already --------------------------------------------------------------------------
 */

#define PF_KTHREAD 0x00200000

static uint32_t state_of_letter(char letter)
{
	switch (letter) {
	case 'S':
	case 'I':
		return EV_TASK_INTERRUPTIBLE;
	case 'D':
		return EV_TASK_UNINTERRUPTIBLE;
	case 'T':
		return EV_TASK_STOPPED;
	case 't':
		return EV_TASK_TRACED;
	default:
		return EV_TASK_RUNNING;
	}
}

static bool read_task(uint32_t tid, const char *what, char *text, size_t size_bytes)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%u/%s", tid, what);
	FILE *file = fopen(path, "re");
	if (!file)
		return false;
	size_t got = fread(text, 1, size_bytes - 1, file);
	text[got] = 0;
	fclose(file);
	return got;
}

/* "202 0x… … 0x… 0x…": number, arguments, stack and instruction pointer; or "-1 0x… 0x…". */
static void find_call(const char *text, struct ev_wait *wait)
{
	char *end;
	wait->syscall = strtoll(text, &end, 10);
	const char *last = strrchr(text, ' ');
	if (end == text || !last) {
		wait->syscall = -1;
		return;
	}
	wait->untold = 0;
	wait->user[0] = strtoull(last + 1, NULL, 16);
	wait->user_count = wait->user[0] != 0;
}

bool ev_wait_of_task(uint32_t tid, struct ev_wait *wait)
{
	char text[4096], field[32], letter;
	uint64_t pid;
	unsigned flags;
	*wait = (struct ev_wait){ .tid = tid, .syscall = -1, .began_before = 1 };
	if (!read_task(tid, "status", text, sizeof(text)) ||
	    !ev_proc_field(text, "Tgid", field, sizeof(field)) || ev_parse_u64(field, &pid) ||
	    !read_task(tid, "stat", text, sizeof(text)))
		return false;
	wait->pid = (uint32_t)pid;
	wait->untold = 1;
	/* A name may hold anything but is closed by the last parenthesis. */
	const char *rest = strrchr(text, ')');
	if (!rest || sscanf(rest + 1, " %c %*d %*d %*d %*d %*d %u", &letter, &flags) != 2 ||
	    flags & PF_KTHREAD)
		return false;
	wait->task_state = state_of_letter(letter);
	if (wait->task_state == EV_TASK_RUNNING)
		return false;
	if (read_task(tid, "syscall", text, sizeof(text)))
		find_call(text, wait);
	return true;
}
