/* What tracing a call costs on this machine, by tracing calls of functions that do nothing, in a
 * child. Part of it lies within the time of the function, the rest within that of its caller. */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "bpf_trace.h"
#include "tasks.h"

#ifndef EV_HAVE_BPF
#define EV_HAVE_BPF 0
#endif

size_t ev_trace_cost_of(const struct ev_trace_function *function)
{
	if (!function->by_instructions)
		return function->cheap ? EV_TRACE_COST_CHEAP_KERNEL : EV_TRACE_COST_STEPPED_KERNEL;
	/* One probe is both. */
	for (size_t i = 0; i < function->return_count; i++)
		if (function->returns[i] == function->offset)
			return EV_TRACE_COST_SINGLE;
	return function->cheap ? EV_TRACE_COST_CHEAP_CODE : EV_TRACE_COST_STEPPED_CODE;
}

uint64_t ev_trace_is_hot(uint64_t calls, uint64_t time_ns, double cost_ns, uint64_t limit)
{
	/* Without the probes, it would have taken so much less. */
	double left_ns = (double)time_ns - (double)calls * cost_ns;
	if (left_ns < (double)time_ns / 50)
		left_ns = (double)time_ns / 50;
	double per_second = (double)calls * 1e9 / left_ns;
	return limit && time_ns && per_second > (double)limit ? (uint64_t)per_second : 0;
}

#if EV_HAVE_BPF

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <trace.skel.h>

enum { BATCH = 64, BATCHES = 11, WARM_UP = 2 };

/* Functions of one instruction and a return; of a return; and two with a jump to another in its
 * place. */
#if defined(__x86_64__)
#define NEXT_BYTES 2 /* behind the beginning stands the return, or the jump */
#define IDLE(name, code)                                                                           \
	__asm__(".pushsection .text\n.p2align 4\n.globl " #name "\n.hidden " #name                 \
		"\n.type " #name ", @function\n" #name ":\n" code "\n.size " #name ", . - " #name  \
		"\n.popsection");                                                                  \
	extern __attribute__((visibility("hidden"))) void name(void)
#define NOP ".byte 0x66, 0x90\n" /* of two bytes */
IDLE(ev_trace_idle_stepped, "mov %edi, %eax\nret");
IDLE(ev_trace_idle_cheap, NOP "ret");
IDLE(ev_trace_idle_stepped_code, "mov %edi, %eax\nret");
IDLE(ev_trace_idle_cheap_code, NOP "ret");
IDLE(ev_trace_idle_single, "ret");
IDLE(ev_trace_idle_jump, NOP "jmp ev_trace_idle_cheap");
IDLE(ev_trace_idle_jump_code, NOP "jmp ev_trace_idle_cheap_code");
IDLE(ev_trace_idle_stub, "jmp ev_trace_idle_cheap");
IDLE(ev_trace_idle_stub_code, "jmp ev_trace_idle_cheap_code");
#else
#define NEXT_BYTES 0 /* not known */
#define IDLE(name, code)                                                                           \
	void name(void);                                                                           \
	__attribute__((noinline)) void name(void)                                                  \
	{                                                                                          \
		__asm__ volatile("nop");                                                           \
	}
IDLE(ev_trace_idle_stepped, )
IDLE(ev_trace_idle_cheap, )
IDLE(ev_trace_idle_stepped_code, )
IDLE(ev_trace_idle_cheap_code, )
IDLE(ev_trace_idle_single, )
IDLE(ev_trace_idle_jump, )
IDLE(ev_trace_idle_jump_code, )
IDLE(ev_trace_idle_stub, )
IDLE(ev_trace_idle_stub_code, )
#endif

static const struct idle {
	void (*run)(void);
	enum trace_probe end;
	uint64_t end_bytes; /* behind the beginning */
} idle[EV_TRACE_COSTS + 2] = {
	[EV_TRACE_COST_STEPPED_KERNEL] = { ev_trace_idle_stepped, TRACE_PROBE_RETURNED, 0 },
	[EV_TRACE_COST_CHEAP_KERNEL] = { ev_trace_idle_cheap, TRACE_PROBE_RETURNED, 0 },
	[EV_TRACE_COST_STEPPED_CODE] = { ev_trace_idle_stepped_code, TRACE_PROBE_RETURN,
					 NEXT_BYTES },
	[EV_TRACE_COST_CHEAP_CODE] = { ev_trace_idle_cheap_code, TRACE_PROBE_RETURN, NEXT_BYTES },
	[EV_TRACE_COST_SINGLE] = { ev_trace_idle_single, TRACE_PROBE_RETURN, 0 },
	[EV_TRACE_COST_LEFT] = { ev_trace_idle_jump, TRACE_PROBE_JUMP, NEXT_BYTES },
	[EV_TRACE_COST_STUB] = { ev_trace_idle_stub, TRACE_PROBE_JUMP, 0 },
	/* Where no return is seen by the kernel. */
	[EV_TRACE_COSTS] = { ev_trace_idle_jump_code, TRACE_PROBE_JUMP, NEXT_BYTES },
	[EV_TRACE_COSTS + 1] = { ev_trace_idle_stub_code, TRACE_PROBE_JUMP, 0 },
};

/* ---- where they are ---------------------------------------------------------------------------
 */

struct own_code {
	uintptr_t address;
	uint64_t offset;
	char *path;
	size_t path_bytes;
};

static int look_at(struct dl_phdr_info *info, size_t size, void *context)
{
	struct own_code *code = context;
	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];
		uintptr_t into = code->address - (info->dlpi_addr + header->p_vaddr);
		if (header->p_type != PT_LOAD || into >= header->p_filesz)
			continue;
		code->offset = header->p_offset + into;
		snprintf(code->path, code->path_bytes, "%s",
			 *info->dlpi_name ? info->dlpi_name : "/proc/self/exe");
		return 1;
	}
	return 0;
}

/* Does the function that it is measured on jump to another? */
static bool jumps(size_t cost)
{
	return cost == EV_TRACE_COST_LEFT || cost == EV_TRACE_COST_STUB;
}

/* The function that a cost is measured on, and the cost of the one that it jumps to. */
static size_t idle_of(const struct ev_trace *trace, size_t cost)
{
	if (!jumps(cost) || trace->measured[EV_TRACE_COST_CHEAP_KERNEL])
		return cost;
	return EV_TRACE_COSTS + (cost == EV_TRACE_COST_STUB);
}

static size_t jumped_to(const struct ev_trace *trace)
{
	return trace->measured[EV_TRACE_COST_CHEAP_KERNEL] ? EV_TRACE_COST_CHEAP_KERNEL
							   : EV_TRACE_COST_CHEAP_CODE;
}

static void add_idle(struct ev_trace *trace, size_t cost, struct own_code *code)
{
	const struct idle *is = &idle[idle_of(trace, cost)];
	uint32_t number = (uint32_t)cost + 1;
	code->address = (uintptr_t)is->run;
	dl_iterate_phdr(look_at, code);
	*ev_array_add(&trace->sites) = (struct trace_site){
		.path = code->path,
		.offset = code->offset + is->end_bytes,
		.function = number,
		.target = (uint32_t)jumped_to(trace) + 1,
		.kind = is->end,
	};
	*ev_array_add(&trace->sites) = (struct trace_site){
		.path = code->path,
		.offset = code->offset,
		.function = number,
		.kind = TRACE_PROBE_ENTRY,
	};
	trace->functions[number].exit = is->end == TRACE_PROBE_RETURNED ? TRACE_EXIT_RETURN_ADDRESS
									: TRACE_EXIT_INSTRUCTIONS;
	trace->functions[number].generation = 1;
}

/* ---- the child --------------------------------------------------------------------------------
 */

struct helper {
	pid_t pid;
	int to, from; /* a number of a function there, the time of a batch back */
};

static uint64_t run_batch(void (*function)(void))
{
	uint64_t begin = ev_now_ns();
	for (int i = 0; i < BATCH; i++)
		function();
	return ev_now_ns() - begin;
}

/* Until it is killed. */
static void serve(int in, int out)
{
	uint8_t which;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read(in, &which, 1) == 1 && which < EV_LENGTH(idle)) {
		uint64_t time_ns = run_batch(idle[which].run);
		if (write(out, &time_ns, sizeof(time_ns)) != sizeof(time_ns))
			break;
	}
	for (;;)
		raise(SIGKILL);
}

static int start_helper(struct helper *helper)
{
	int to[2], from[2];
	if (pipe2(to, O_CLOEXEC))
		return -errno;
	if (pipe2(from, O_CLOEXEC)) {
		int error = errno;
		close(to[0]);
		close(to[1]);
		return -error;
	}
	*helper = (struct helper){ .to = to[1], .from = from[0], .pid = fork() };
	int error = errno;
	if (!helper->pid)
		serve(to[0], from[1]);
	close(to[0]);
	close(from[1]);
	if (helper->pid > 0)
		return 0;
	close(helper->to);
	close(helper->from);
	return -error;
}

static void end_helper(struct helper *helper)
{
	close(helper->to);
	close(helper->from);
	kill(helper->pid, SIGKILL);
	while (waitpid(helper->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* ---- measuring --------------------------------------------------------------------------------
 */

static int by_size(const void *one, const void *other)
{
	double a = *(const double *)one, b = *(const double *)other;
	return (a > b) - (a < b);
}

/* Medians of several batches: the machine does other things too. */
static int measure(struct ev_trace *trace, const struct helper *helper, size_t cost)
{
	const struct trace_function *function = &trace->functions[cost + 1];
	double inside[BATCHES], whole[BATCHES];
	uint8_t which = (uint8_t)idle_of(trace, cost);
	for (int i = -WARM_UP; i < BATCHES; i++) {
		uint64_t time_ns, ended = __atomic_load_n(&function->ended, __ATOMIC_SEQ_CST);
		int64_t own = __atomic_load_n(&function->own_ns, __ATOMIC_SEQ_CST);
		if (write(helper->to, &which, 1) != 1 ||
		    read(helper->from, &time_ns, sizeof(time_ns)) != sizeof(time_ns))
			return -EIO;
		ended = __atomic_load_n(&function->ended, __ATOMIC_SEQ_CST) - ended;
		own = __atomic_load_n(&function->own_ns, __ATOMIC_SEQ_CST) - own;
		if (ended != BATCH)
			return -ENODATA;
		if (i < 0)
			continue;
		inside[i] = (double)own / BATCH;
		whole[i] = (double)time_ns / BATCH;
	}
	qsort(inside, BATCHES, sizeof(*inside), by_size);
	qsort(whole, BATCHES, sizeof(*whole), by_size);
	const struct ev_trace_cost *other = &trace->costs[jumped_to(trace)];
	double others = jumps(cost) ? other->inside_ns + other->outside_ns : 0;
	trace->costs[cost].inside_ns = inside[BATCHES / 2];
	trace->costs[cost].outside_ns = whole[BATCHES / 2] - inside[BATCHES / 2] - others;
	/* What jumps to it is without its cost. */
	trace->functions[cost + 1].inside_ns = (int64_t)trace->costs[cost].inside_ns;
	trace->functions[cost + 1].outside_ns = (int64_t)trace->costs[cost].outside_ns;
	return 0;
}

int ev_trace_measure_costs(struct ev_trace *trace, struct ev_err *err)
{
	struct helper helper = { 0 };
	struct own_code code = { .path = trace->own_path, .path_bytes = sizeof(trace->own_path) };
	uint8_t yes = 1;
	int rc = start_helper(&helper);
	if (rc)
		return ev_fail(err, -rc, "cannot start a child to measure costs: %s",
			       strerror(-rc));
	uint32_t pid = (uint32_t)helper.pid;
	for (size_t i = 0; i < EV_TRACE_COSTS; i++)
		if (trace->measured[i])
			add_idle(trace, i, &code);
	rc = ev_trace_put(trace, 0, err);
	if (!rc)
		bpf_map_update_elem(bpf_map__fd(trace->programs->maps.watched), &pid, &yes,
				    BPF_ANY);
	for (size_t i = 0; i < EV_TRACE_COSTS && !rc; i++) {
		if (!trace->measured[i])
			continue;
		rc = measure(trace, &helper, i);
		if (rc)
			ev_fail(err, -rc,
				"tracing was tried on a function of evprof's own, and "
				"not every call was seen to begin and end");
	}
	end_helper(&helper);
	bpf_map_delete_elem(bpf_map__fd(trace->programs->maps.watched), &pid);
	/* The probes may stay: they count no more, and taking probes away takes its time. */
	for (size_t i = 0; i < EV_TRACE_COSTS; i++)
		trace->functions[i + 1].generation = 0;
	trace->sites.count = 0;
	return rc;
}

#endif
