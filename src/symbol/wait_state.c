/* What a thread waits for becomes an address and a mapping with a name, and back. */
#include <sys/mman.h>
#include <linux/perf_event.h>
#include <evprof/symbol_unwind.h>

/* In the same hole of the address space as the ends of stacks (stack_end.c), behind them. */
#define FIRST_ADDRESS UINT64_C(0xffffffffffe00000)
#define STATES_ADDRESS (FIRST_ADDRESS + (14 << 17))
#define SLOT_BYTES 128
#define SLOT_MIDDLE 64

_Static_assert(EV_UNWOUND_END_COUNT <= 14, "states lie behind the ends of stacks");
_Static_assert(STATES_ADDRESS + EV_STATE_COUNT * SLOT_BYTES < (uint64_t)PERF_CONTEXT_MAX,
	       "states are no context markers");

static const struct {
	const char *word, *frame;
} states[EV_STATE_COUNT] = {
	[EV_STATE_RUNNING] = { "running", "[on CPU: between samples]" },
	[EV_STATE_PREEMPTED] = { "preempted", "[waiting: CPU]" },
	[EV_STATE_SLEEP] = { "sleep", "[waiting: sleep]" },
	[EV_STATE_LOCK] = { "lock", "[waiting: lock]" },
	[EV_STATE_READ] = { "read", "[waiting: read]" },
	[EV_STATE_WRITE] = { "write", "[waiting: write]" },
	[EV_STATE_POLL] = { "poll", "[waiting: poll]" },
	[EV_STATE_DISK] = { "disk", "[waiting: disk]" },
	[EV_STATE_FAULT] = { "page-fault", "[waiting: page fault]" },
	[EV_STATE_CHILD] = { "child", "[waiting: child]" },
	[EV_STATE_SIGNAL] = { "signal", "[waiting: signal]" },
	[EV_STATE_STOPPED] = { "stopped", "[waiting: stopped]" },
	[EV_STATE_KERNEL] = { "kernel", "[waiting: kernel]" },
	[EV_STATE_OTHER] = { "other", "[waiting: other]" },
	[EV_STATE_BLOCKED] = { "blocked", "[waiting: not told for what]" },
};

const char *ev_wait_state_word(enum ev_wait_state state)
{
	return (unsigned)state < EV_STATE_COUNT ? states[state].word : "other";
}

static uint64_t slot_of(enum ev_wait_state state)
{
	return STATES_ADDRESS + (uint64_t)state * SLOT_BYTES;
}

uint64_t ev_wait_state_address(enum ev_wait_state state)
{
	return slot_of(state) + SLOT_MIDDLE;
}

bool ev_wait_state_is(uint64_t address)
{
	return address >= STATES_ADDRESS && address < STATES_ADDRESS + EV_STATE_COUNT * SLOT_BYTES;
}

enum ev_wait_state ev_wait_state_at(uint64_t address)
{
	return ev_wait_state_is(address)
		       ? (enum ev_wait_state)((address - STATES_ADDRESS) / SLOT_BYTES)
		       : EV_STATE_RUNNING;
}

void ev_wait_state_mapping(struct ev_record *record, enum ev_wait_state state)
{
	*record = (struct ev_record){
		.type = PERF_RECORD_MMAP2,
		.misc = PERF_RECORD_MISC_KERNEL,
		.event = -1,
		.mmap = {
			.pid = UINT32_MAX,
			.start = slot_of(state),
			.length = SLOT_BYTES,
			.prot = PROT_EXEC,
			.executable = true,
			.path = states[state].frame,
		},
	};
}
