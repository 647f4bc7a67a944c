/* The Python frames of the thread that runs now, out of the memory of its interpreter: which code,
 * and where in it. Everything read may be torn or made up: walks are bounded, circles are noticed.
 * All loops are bpf_loop's, so that the verifier looks at each once. */
#ifndef BPF_PYTHON_BPF_H
#define BPF_PYTHON_BPF_H

#include "kernel_types.h"
#include "python.h"

enum { PYTHON_AT_UNITS = 1, PYTHON_AT_POINTER = 2 };
enum { PYTHON_ENTRY_EACH, PYTHON_ENTRY_FLAG, PYTHON_ENTRY_SHIM };
enum { PYTHON_SHIM = 3, PYTHON_SHIM_C = 4, PYTHON_REFERENCE_MARKS = 7 };

/* Without it no map of Python's is ever asked, and programs load without them. Verifiers before
 * Linux 6.8 look at every function that is not static, so that each of those asks it first: by
 * python_scratch_at. */
const volatile bool python_wanted = true;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, EV_PYTHON_PROCESSES);
	__type(key, __u32);
	__type(value, struct ev_python_process);
} python_processes SEC(".maps");

/* The thread state that a thread had last, by tid. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, EV_PYTHON_PROCESSES);
	__type(key, __u32);
	__type(value, __u64);
} python_threads SEC(".maps");

/* Code objects that the reader was told of. */
struct python_code_key {
	__u64 code;
	__u32 pid, check;
};
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, EV_PYTHON_CODES);
	__type(key, struct python_code_key);
	__type(value, __u8);
} python_codes SEC(".maps");

/* Those that were met last, which most are: looked up in a third of the time. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, EV_PYTHON_MET);
	__type(key, __u32);
	__type(value, struct python_code_key);
} python_met SEC(".maps");

__u64 python_lost = 0; /* notes that found no room */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20);
} python_notes SEC(".maps");

/* One for each kind of program, for one may interrupt another. */
enum { PYTHON_OF_EVENT, PYTHON_OF_TRACEPOINT, PYTHON_OF_SWITCH, PYTHON_OF_COUNT, PYTHON_SLOTS };
/* Code objects whose check is known, in this walk: recursion is many frames of few of them. */
enum { PYTHON_LOOKED = 16 };
struct python_looked {
	__u64 code, walk;
	__u32 check, unused;
};
struct python_scratch {
	struct ev_python_note note;
	struct ev_python_word words[EV_PYTHON_FRAMES_MAX];
	struct ev_python_process process;
	__u64 at;      /* thread state, then frame */
	__u64 marker;  /* a frame from before, to notice circles */
	__u64 self;    /* what thread_id is to be */
	__u64 hash[2]; /* of the words */
	__u64 walks;   /* this one's number */
	struct python_looked looked[PYTHON_LOOKED];
	__u64 file, file_hash; /* the last one that was looked at */
	__u64 part;            /* an object, and then its hash */
	__u32 until;           /* the marker is set anew then */
	__u32 ended;           /* the walk is over */
	__u32 unused;
	__u8 frame[EV_PYTHON_RECORD_BYTES + 8];
	__u8 code[EV_PYTHON_RECORD_BYTES + 8];
	__u8 first[EV_PYTHON_RECORD_BYTES + 8]; /* of a string, or of bytes, from their length on */
	__u8 last[2 * EV_PYTHON_LOOK_LAST];
	struct ev_python_code_note told;
};
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PYTHON_SLOTS);
	__type(key, __u32);
	__type(value, struct python_scratch);
} python_scratch SEC(".maps");

static __always_inline struct python_scratch *python_scratch_at(__u32 slot)
{
	return python_wanted ? bpf_map_lookup_elem(&python_scratch, &slot) : NULL;
}

/* ---- memory ------------------------------------------------------------------------------------
 */

static __always_inline __u64 python_fetch(__u64 address)
{
	__u64 value = 0;
	if (bpf_probe_read_user(&value, sizeof(value), (const void *)address))
		return 0;
	return value;
}

static __always_inline __u64 python_word(const __u8 *bytes, __u32 at)
{
	return *(const __u64 *)(bytes + (at & (EV_PYTHON_RECORD_BYTES - 1)));
}

static __always_inline __u32 python_half(const __u8 *bytes, __u32 at)
{
	return *(const __u32 *)(bytes + (at & (EV_PYTHON_RECORD_BYTES - 1)));
}

static __always_inline __u64 python_mix(__u64 hash, __u64 word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 29;
}

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

struct python_search {
	__u64 interpreter, state;
	__u32 slot, interpreters;
};

/* Through the threads of one interpreter, and on to the next; 1 when it is found. */
static long python_try_thread(__u32 index, void *context)
{
	struct python_search *search = context;
	struct python_scratch *at = python_scratch_at(search->slot);
	if (!at)
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
	struct python_search search = { .slot = slot };
	search.interpreter = python_fetch(at->process.interpreters);
	bpf_loop(EV_PYTHON_THREADS_MAX, python_try_thread, &search, 0);
	if (!at->at)
		return false;
	__u64 state = at->at;
	bpf_map_update_elem(&python_threads, &tid, &state, BPF_ANY);
	at->at = python_frame_of(at, state);
	return at->at != 0;
}

/* ---- frames ------------------------------------------------------------------------------------
 */

/* ---- what a code object is: the same as ev_python_code_read computes ----------------------------
 */

enum { PYTHON_PART_NAME = 2, PYTHON_PART_FILE, PYTHON_PART_LINES };
enum { PYTHON_PAGE_BYTES = 4096, PYTHON_WINDOW_BYTES = 120 };

/* From an object's length on; how many bytes are there. Its page may be the last one. */
static __always_inline __u32 python_window(struct python_scratch *at, __u64 address)
{
	if (!bpf_probe_read_user(at->first, PYTHON_WINDOW_BYTES, (const void *)address))
		return PYTHON_WINDOW_BYTES;
	__u32 size_bytes = PYTHON_PAGE_BYTES - (address & (PYTHON_PAGE_BYTES - 1));
	if (size_bytes >= PYTHON_WINDOW_BYTES ||
	    bpf_probe_read_user(at->first, size_bytes & (EV_PYTHON_RECORD_BYTES - 1),
				(const void *)address))
		return 0;
	return size_bytes;
}

/* So many bytes of a word, the others 0. */
static __always_inline __u64 python_head(__u64 word, __u32 size_bytes)
{
	return size_bytes >= 8 ? word : word & ((1ull << size_bytes * 8) - 1);
}

/* The beginning and the end of what is `from` bytes behind an object's length; 0: not there. */
static __always_inline __u64 python_mix_bytes(struct python_scratch *at, __u64 hash, __u64 address,
					      __u32 from, __u32 size_bytes, __u32 there)
{
	__u32 first = size_bytes < EV_PYTHON_LOOK_FIRST ? size_bytes : EV_PYTHON_LOOK_FIRST;
	__u32 last = size_bytes - first;
	if (from + first > there)
		return 0;
	for (__u32 i = 0; i < EV_PYTHON_LOOK_FIRST && i < first; i += 8)
		hash = python_mix(hash, python_head(python_word(at->first, from + i), first - i));
	if (!last)
		return hash;
	if (last > EV_PYTHON_LOOK_LAST)
		last = EV_PYTHON_LOOK_LAST;
	/* The verifier does not see that it is bounded, nor the compiler that it need not. */
	asm volatile("" : "+r"(last));
	last &= sizeof(at->last) - 1;
	if (bpf_probe_read_user(at->last, last, (const void *)(address + from + size_bytes - last)))
		return 0;
	for (__u32 i = 0; i < EV_PYTHON_LOOK_LAST && i < last; i += 8)
		hash = python_mix(hash, python_head(*(const __u64 *)(at->last + i), last - i));
	return hash;
}

static __always_inline __u32 python_at_most(__u64 size_bytes, __u32 limit)
{
	return size_bytes < limit ? size_bytes : limit;
}

static __always_inline __u64 python_hash_text(struct python_scratch *at, __u64 object, __u32 part)
{
	const struct ev_python_process *process = &at->process;
	__u64 address = object + process->text_length;
	__u32 there = python_window(at, address);
	__u32 state = python_half(at->first, process->text_state - process->text_length);
	__u32 kind = state >> 2 & 7, ascii = state >> 6 & 1;
	__u64 length = python_word(at->first, 0);
	__u32 from = (ascii ? process->text_ascii : process->text_compact) - process->text_length;
	if (!there || from >= PYTHON_WINDOW_BYTES)
		return 0;
	__u64 hash = python_mix(part, length << 8 | kind << 1 | ascii);
	__u32 size_bytes = python_at_most(length, EV_PYTHON_LOOK_TEXT_BYTES) * kind;
	size_bytes = python_at_most(size_bytes, EV_PYTHON_LOOK_TEXT_BYTES);
	return python_mix_bytes(at, hash, address, from, size_bytes, there);
}

__noinline int python_hash_name(__u32 slot)
{
	struct python_scratch *at = python_scratch_at(slot);
	if (at)
		at->part = python_hash_text(at, at->part, PYTHON_PART_NAME);
	return 0;
}

/* Functions that call each other are often of one file. */
__noinline int python_hash_file(__u32 slot)
{
	struct python_scratch *at = python_scratch_at(slot);
	if (!at)
		return 0;
	if (at->part != at->file) {
		at->file = at->part;
		at->file_hash = python_hash_text(at, at->part, PYTHON_PART_FILE);
	}
	at->part = at->file_hash;
	return 0;
}

__noinline int python_hash_lines(__u32 slot)
{
	struct python_scratch *at = python_scratch_at(slot);
	if (!at)
		return 0;
	__u64 address = at->part + at->process.bytes_size;
	__u32 there = python_window(at, address),
	      from = at->process.bytes_data - at->process.bytes_size;
	__u64 length = python_word(at->first, 0), hash = python_mix(PYTHON_PART_LINES, length);
	__u32 size_bytes = python_at_most(length, EV_PYTHON_LOOK_LINES_BYTES);
	at->part = there && from < PYTHON_WINDOW_BYTES
			   ? python_mix_bytes(at, hash, address, from, size_bytes, there)
			   : 0;
	return 0;
}

/* What stands in the code object, and, where no number in it tells it from others, what is in those
 * parts of it that tell what it is called. One that is in no memory just now counts as nothing. */
static __always_inline __u32 python_check(struct python_scratch *at, __u32 slot)
{
	const struct ev_python_process *process = &at->process;
	__u64 hash = python_mix(1, python_word(at->code, 0));
#pragma unroll
	for (__u32 i = 0; i < EV_PYTHON_CODE_FIXED + 24; i += 8)
		hash = python_mix(hash, python_word(at->code,
						    process->code_file - EV_PYTHON_CODE_FIXED + i));
	hash = python_mix(hash, python_word(at->code, process->code_lines));
	hash = python_mix(hash, python_half(at->code, process->code_first_line));
	if (process->numbered && python_half(at->code, process->code_file - EV_PYTHON_CODE_NUMBER))
		return hash ^ hash >> 32;
	at->part = python_word(at->code, process->code_function);
	python_hash_name(slot);
	hash ^= at->part;
	at->part = python_word(at->code, process->code_file);
	python_hash_file(slot);
	hash ^= at->part;
	at->part = python_word(at->code, process->code_lines);
	python_hash_lines(slot);
	hash ^= at->part;
	return hash ^ hash >> 32;
}

static __always_inline __s32 python_position(const struct python_scratch *at, __u64 code)
{
	const struct ev_python_process *process = &at->process;
	if (process->position == PYTHON_AT_POINTER) {
		__s64 lasti = python_word(at->frame, process->frame_position) - code -
			      process->code_instructions;
		return lasti > 0x7fffffff || lasti < -0x7fffffff ? -1 : lasti;
	}
	__s32 lasti = python_half(at->frame, process->frame_position);
	return process->position == PYTHON_AT_UNITS ? lasti * 2 : lasti;
}

/* The reader is called when there is much. Not 0 where there was no room. */
static __always_inline int python_send(void *note, __u64 size_bytes, bool call)
{
	__u64 flags = BPF_RB_NO_WAKEUP;
	if (call || bpf_ringbuf_query(&python_notes, BPF_RB_AVAIL_DATA) * 4 >
			    bpf_ringbuf_query(&python_notes, BPF_RB_RING_SIZE))
		flags = BPF_RB_FORCE_WAKEUP;
	if (!bpf_ringbuf_output(&python_notes, note, size_bytes, flags))
		return 0;
	__sync_fetch_and_add(&python_lost, 1);
	return 1;
}

static __always_inline void python_copy(struct python_scratch *at, __u32 part, __u64 address,
					__u64 size_bytes, __u64 room_bytes)
{
	at->told.address[part] = address;
	at->told.size[part] = 0;
	if (!address || size_bytes > room_bytes)
		return;
	if (!bpf_probe_read_user(at->told.bytes + EV_PYTHON_PART_AT(part), size_bytes,
				 (const void *)address))
		at->told.size[part] = size_bytes;
}

static __always_inline void python_copy_text(struct python_scratch *at, __u32 part, __u64 address)
{
	__u64 length = python_fetch(address + at->process.text_length);
	__u64 size_bytes = EV_PYTHON_TEXT_HEAD + (length & (EV_PYTHON_TEXT_BYTES - 1)) * 4;
	if (length >= EV_PYTHON_TEXT_BYTES || size_bytes > EV_PYTHON_TEXT_BYTES)
		size_bytes = EV_PYTHON_TEXT_BYTES;
	python_copy(at, part, address, size_bytes, EV_PYTHON_TEXT_BYTES);
	/* It may be the last thing in its page. */
	if (!at->told.size[part])
		python_copy(at, part, address,
			    EV_PYTHON_TEXT_HEAD - 32 + (length & (EV_PYTHON_TEXT_BYTES / 2 - 1)),
			    EV_PYTHON_TEXT_BYTES);
}

__noinline int python_tell_code(__u32 slot, __u64 code, __u32 check)
{
	struct python_scratch *at = python_scratch_at(slot);
	if (!at)
		return 0;
	at->told.note.kind = EV_PYTHON_CODE;
	at->told.note.pid = at->note.pid;
	at->told.note.tid = at->note.tid;
	at->told.note.count = 0;
	at->told.code = code;
	at->told.check = check;
	__u64 file = python_word(at->code, at->process.code_file);
	__u64 name = python_word(at->code, at->process.code_function);
	__u64 lines = python_word(at->code, at->process.code_lines);
	python_copy(at, EV_PYTHON_CODE_ITSELF, code, EV_PYTHON_CODE_BYTES, EV_PYTHON_CODE_BYTES);
	python_copy_text(at, EV_PYTHON_CODE_FILE, file);
	python_copy_text(at, EV_PYTHON_CODE_NAME, name);
	__u64 count = python_fetch(lines + at->process.bytes_size);
	if (count > EV_PYTHON_LINES_BYTES - EV_PYTHON_BYTES_HEAD)
		count = EV_PYTHON_LOOK_LINES_BYTES;
	python_copy(at, EV_PYTHON_CODE_LINES, lines, EV_PYTHON_BYTES_HEAD + count,
		    EV_PYTHON_LINES_BYTES);
	__u64 size_bytes = offsetof(struct ev_python_code_note, bytes) +
			   EV_PYTHON_PART_AT(EV_PYTHON_CODE_LINES) + EV_PYTHON_BYTES_HEAD + count;
	if (size_bytes > sizeof(at->told))
		return 0;
	return python_send(&at->told, size_bytes, false);
}

/* Code that is met for the first time is told at once: it may be gone soon. */
static __always_inline void python_meet(struct python_scratch *at, __u32 slot, __u64 code,
					__u32 check)
{
	struct python_code_key key = { code, at->note.pid, check };
	__u8 yes = 1;
	__u32 place = (check ^ (__u32)(code >> 5)) & (EV_PYTHON_MET - 1);
	struct python_code_key *met = bpf_map_lookup_elem(&python_met, &place);
	if (met && met->code == code && met->pid == key.pid && met->check == check)
		return;
	if (met)
		*met = key;
	if (bpf_map_lookup_elem(&python_codes, &key))
		return;
	bpf_map_update_elem(&python_codes, &key, &yes, BPF_ANY);
	if (!python_tell_code(slot, code, check))
		return;
	/* What there was no room for is told when it is met again. */
	bpf_map_delete_elem(&python_codes, &key);
	if (met)
		met->code = 0;
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
					(const void *)(code + EV_PYTHON_CODE_FROM)))
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
