/* The Python frames of the thread that runs now, out of the memory of its interpreter: which code,
 * and where in it. Everything read may be torn or made up: walks are bounded, circles are noticed.
 * All loops are bpf_loop's, so that the verifier looks at each once. */
#ifndef BPF_PYTHON_BPF_H
#define BPF_PYTHON_BPF_H

#include "python_code.bpf.h"

/* ---- threads -----------------------------------------------------------------------------------
 */

/* What the interpreter has as the id of a thread: its pthread_t is where its thread-local memory
 * is, in every PID namespace. */
static __always_inline __u64 python_self(struct task_struct *task, bool by_number)
{
#if defined(bpf_target_x86)
	if (!by_number)
		return BPF_CORE_READ(task, thread.fsbase);
#endif
	return BPF_CORE_READ(task, pid);
}

static __always_inline bool python_is_self(const struct python_scratch *at, __u64 state)
{
	__u64 id = python_fetch(state + at->process.thread_id);
	return (at->process.by_number ? (__u32)id : id) == at->self;
}

static __always_inline __u64 python_frame_of(const struct python_scratch *at, __u64 state)
{
	__u64 frame = python_fetch(state + at->process.thread_frame);
	if (frame && at->process.cframe_frame != EV_PYTHON_ABSENT)
		frame = python_fetch(frame + at->process.cframe_frame);
	return frame;
}

/* Through the threads of one interpreter, and on to the next; 1 when it is found. Where it is
 * stands in the scratch: verifiers before Linux 6.8 look at one turn of a loop, take what the stack
 * held before it for what it always holds, and leave out what that turn does not come to. */
static long python_try_thread(__u32 index, void *context)
{
	struct python_scratch *at = python_scratch_at(*(__u32 *)context);
	struct python_search *search = at ? &at->search : NULL;
	if (!search)
		return 1;
	if (!search->state) {
		if (!search->interpreter || ++search->interpreters > EV_PYTHON_INTERPRETERS_MAX)
			return 1;
		search->state = python_fetch(search->interpreter + at->process.interpreter_threads);
		search->interpreter =
			python_fetch(search->interpreter + at->process.interpreter_next);
		return 0;
	}
	/* A thread may be in several interpreters: that which it runs is wanted. */
	if (python_is_self(at, search->state) && python_frame_of(at, search->state)) {
		at->at = search->state;
		return 1;
	}
	search->state = python_fetch(search->state + at->process.thread_next);
	return 0;
}

/* at->at becomes the innermost frame; false when the thread runs no Python. */
static __always_inline bool python_find_frame(struct python_scratch *at, __u32 slot)
{
	__u32 tid = at->note.tid;
	__u64 *known = bpf_map_lookup_elem(&python_threads, &tid);
	at->at = 0;
	if (known && python_is_self(at, *known)) {
		at->at = python_frame_of(at, *known);
		if (at->at)
			return true;
	}
	at->search.state = at->search.interpreters = 0;
	at->search.interpreter = python_fetch(at->process.interpreters);
	bpf_loop(EV_PYTHON_THREADS_MAX, python_try_thread, &slot, 0);
	if (!at->at)
		return false;
	__u64 state = at->at;
	bpf_map_update_elem(&python_threads, &tid, &state, BPF_ANY);
	at->at = python_frame_of(at, state);
	return at->at != 0;
}

/* ---- frames ------------------------------------------------------------------------------------
 */

/* Where they begin: threads without the GIL run a copy of their own each. 0: not known. */
static __always_inline __u64 python_instructions(const struct python_scratch *at, __u64 code)
{
	const struct ev_python_process *process = &at->process;
	__s32 copy = process->frame_copy == EV_PYTHON_ABSENT
			     ? 0
			     : python_half(at->frame, process->frame_copy);
	if (copy <= 0)
		return code + process->code_instructions;
	return python_fetch(python_fetch(code + process->code_copies) + 8 + (__u64)copy * 8);
}

static __always_inline __s32 python_position(const struct python_scratch *at, __u64 code)
{
	const struct ev_python_process *process = &at->process;
	if (process->position == PYTHON_AT_POINTER) {
		__u64 start = python_instructions(at, code);
		__s64 lasti = python_word(at->frame, process->frame_position) - start;
		return !start || lasti > 0x7fffffff || lasti < -0x7fffffff ? -1 : lasti;
	}
	__s32 lasti = python_half(at->frame, process->frame_position);
	return process->position == PYTHON_AT_UNITS ? lasti * 2 : lasti;
}

static __always_inline bool python_is_shim(const struct python_scratch *at)
{
	__u8 mark = python_word(at->frame, at->process.frame_mark);
	return at->process.entry == PYTHON_ENTRY_SHIM &&
	       (mark == PYTHON_SHIM || mark == PYTHON_SHIM_C);
}

/* False when the walk is over. */
static __always_inline bool python_add(struct python_scratch *at, __u32 slot, __u32 index)
{
	const struct ev_python_process *process = &at->process;
	struct ev_python_word *word = &at->words[index & (EV_PYTHON_FRAMES_MAX - 1)];
	__u64 code = python_word(at->frame, process->frame_code) & ~(__u64)PYTHON_REFERENCE_MARKS;
	__u8 mark = python_word(at->frame, process->frame_mark);
	word->position = 0;
	word->check = 0;
	if (python_is_shim(at)) {
		word->code = 0;
		at->hash[0] = python_mix(at->hash[0], 1); /* no code is at 1 */
		at->hash[1] = python_mix(at->hash[1], 1);
		return true;
	}
	if (!code)
		return false;
	struct python_looked *looked = &at->looked[code >> 6 & (PYTHON_LOOKED - 1)];
	bool met = looked->code == code && looked->walk == at->walks;
	if (!met) {
		if (bpf_probe_read_user(at->code, EV_PYTHON_RECORD_BYTES,
					(const void *)(code + process->bytes_size)))
			return false;
		looked->check = python_check(at, slot);
		looked->code = code;
		looked->walk = at->walks;
	}
	word->check = looked->check;
	word->position = python_position(at, code);
	word->code = code & ~EV_PYTHON_ENTRY;
	if (process->entry == PYTHON_ENTRY_EACH ||
	    (process->entry == PYTHON_ENTRY_FLAG && mark == 1))
		word->code |= EV_PYTHON_ENTRY;
	if (!met)
		python_meet(at, slot, code, word->check);
	at->hash[0] = python_mix(at->hash[0], word->code ^ (__u64)(__u32)word->position << 32);
	at->hash[1] = python_mix(at->hash[1] + word->check, word->code + (__u32)word->position);
	return true;
}

static long python_follow(__u32 index, void *context)
{
	__u32 slot = *(__u32 *)context;
	struct python_scratch *at = python_scratch_at(slot);
	if (!at)
		return 1;
	long rc = bpf_probe_read_user(at->frame,
				      at->process.frame_bytes & (EV_PYTHON_RECORD_BYTES - 1),
				      (const void *)(at->at + at->process.frame_from));
	__u64 previous = python_word(at->frame, at->process.frame_previous);
	if (!rc && !previous && at->process.based && python_is_shim(at)) {
		at->ended = 1;
		return 1;
	}
	if (rc || !python_add(at, slot, index)) {
		at->note.flags |= EV_PYTHON_TORN;
		at->ended = 1;
		return 1;
	}
	at->note.count = index + 1;
	at->at = previous;
	if (!previous) {
		at->ended = 1;
		return 1;
	}
	if (at->at == at->marker) {
		at->note.flags |= EV_PYTHON_CIRCLE;
		at->note.count = 0;
		at->ended = 1;
		return 1;
	}
	if (index == at->until) {
		at->marker = at->at;
		at->until = index * 2 + 1;
	}
	return 0;
}

/* The frames of the current thread into the scratch of this slot, none while it runs no Python;
 * NULL when its process is not known for any. */
static __always_inline struct python_scratch *python_take(__u32 slot)
{
	__u64 ids = bpf_get_current_pid_tgid();
	__u32 pid = ids >> 32;
	const struct ev_python_process *process = bpf_map_lookup_elem(&python_processes, &pid);
	struct python_scratch *at = process ? python_scratch_at(slot) : NULL;
	if (!process || !at)
		return NULL;
	at->process = *process;
	at->note.pid = pid;
	at->note.tid = ids;
	at->note.parent = 0;
	at->note.count = 0;
	at->note.flags = 0;
	at->marker = at->until = at->ended = 0;
	at->hash[0] = at->hash[1] = 0;
	at->walks++;
	at->file = 0;
	at->self = python_self((void *)bpf_get_current_task(), process->by_number);
	if (!python_find_frame(at, slot))
		return at;
	bpf_loop(EV_PYTHON_FRAMES_MAX, python_follow, &slot, 0);
	if (!at->ended)
		at->note.flags |= EV_PYTHON_DEEPER;
	return at;
}

/* What was taken, for the sample that the kernel makes at this moment. */
static __always_inline int python_tell_taken(struct python_scratch *at, __u8 kind, __u64 ip,
					     __u64 now_ns)
{
	at->note.time_ns = now_ns;
	at->note.ip = ip;
	at->note.kind = kind;
	__u32 count = at->note.count;
	if (count > EV_PYTHON_FRAMES_MAX)
		return 0;
	return python_send(at, sizeof(at->note) + count * sizeof(at->words[0]), false);
}

static __always_inline int python_tell(__u32 slot, __u8 kind, __u64 ip)
{
	__u64 now_ns = bpf_ktime_get_ns();
	struct python_scratch *at = python_take(slot);
	return at ? python_tell_taken(at, kind, ip, now_ns) : 0;
}

#endif
