/* What the programs that follow Python share: which processes and code objects are known, the
 * memory that a walk works in, and words out of the interpreter's. */
#ifndef BPF_PYTHON_STATE_BPF_H
#define BPF_PYTHON_STATE_BPF_H

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
/* Where the search for a thread is. */
struct python_search {
	__u64 interpreter, state, interpreters;
};
struct python_scratch {
	struct ev_python_note note;
	struct ev_python_word words[EV_PYTHON_FRAMES_MAX];
	struct ev_python_process process;
	__u64 at;     /* thread state, then frame */
	__u64 marker; /* a frame from before, to notice circles */
	__u64 self;   /* what thread_id is to be */
	struct python_search search;
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

#endif
