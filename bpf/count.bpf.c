/* Counts samples of one event by stack, thread and CPU, so that only what is distinct reaches user
 * space. There are two generations of maps: while programs fill one, the other is read. Or, with
 * `streams`, follows each sample's stack and passes it on, so that the kernel need not copy it.
 *
 *   sample ─▶ key is in `counts`: one more
 *          ─▶ else a new key, and the stack goes through `notes` unless it is `known`
 *          ─▶ no room in `counts`: the whole sample goes through `notes`
 *          ─▶ no room there either: lost, and counted as such
 *
 * To a stack belong the Python frames of its thread, where it has any. */
#include <linux/bpf_perf_event.h>
#include "count.h"
#include "filter.bpf.h"
#include "python.bpf.h"
#include "stacks.bpf.h"
#include "walk.bpf.h"
#include "watched.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* Of the one event that this is loaded for. */
const volatile __u32 event_index = 0;
const volatile __u64 every = 1;       /* of a tracepoint: so many make a sample */
const volatile bool picks = false;    /* the kernel gives it others' samples as well */
const volatile bool switched = false; /* the kernel cannot switch it: `on` says */
const volatile bool wants_kernel = true, wants_user = true;
const volatile bool keeps_kernel = true; /* not only its first address */
const volatile bool is_clock = false;    /* whose samples go on telling the first period */
const volatile bool streams = false;     /* each sample stands for itself, nothing is counted */
const volatile int begin_pid = 0;        /* watched from its exec on */
const volatile __u32 mark = 1;           /* keys in a generation after which the reader is called */

/* Of all of them. */
__u32 generation = 0;
__u32 used[2] = {};
__u32 on[EV_COUNT_EVENTS_MAX] = {};
__u64 hits = 0, lost = 0, uncounted = 0, unreadable = 0, collided = 0;
__u32 streaming = 0; /* all is in place for `streams` */
__u64 left[16] = {}; /* walks by their ends, that the kernel's copies replaced */

struct counts_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct ev_count_key);
	__type(value, struct ev_count_sum);
} counts_even SEC(".maps"), counts_odd SEC(".maps");

/* Stacks that the reader was told of, and of how many addresses each is. */
struct known_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64[2]);
	__type(value, __u32);
} known_even SEC(".maps"), known_odd SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} notes SEC(".maps");

enum {
	EV_COUNT_IPS = EV_COUNT_KERNEL_FRAMES + EV_COUNT_USER_FRAMES,
	PYTHON_WORDS = sizeof(struct ev_python_word) / 8,
};
struct scratch {
	struct ev_count_note note;
	__u64 ips[EV_COUNT_IPS + EV_PYTHON_FRAMES_MAX * PYTHON_WORDS];
	__u64 python[2]; /* hash of the Python frames */
	__u64 seen;      /* of a tracepoint, since the last one that made a sample */
};
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} scratch SEC(".maps");

/* ---- filters ----------------------------------------------------------------------------------
 */

static __always_inline bool passes_filter(struct scratch *at)
{
	struct ev_filter_subject subject = {
		.period = at->note.count.period,
		.cpu = at->note.key.cpu,
		.pid = at->note.key.pid,
		.tid = at->note.key.tid,
		.facts = ev_filter_facts((void *)bpf_get_current_task()),
	};
	return ev_filter_passes(&subject);
}

/* ---- counting ---------------------------------------------------------------------------------
 */

static __always_inline __u64 fold(__u64 hash, __u64 word, __u64 by)
{
	hash = (hash ^ word) * by;
	return hash ^ hash >> 29;
}

static __noinline int hash_stack(struct scratch *at)
{
	__u64 one = 0x243f6a8885a308d3ull, other = 0x13198a2e03707344ull;
	__u32 count;
	if (!at)
		return 0;
	count = at->note.kernel_frames + at->note.user_frames;
	one ^= at->note.ip;
	other += at->note.ip ^ (__u64)at->note.kernel_frames << 48 ^ (__u64)at->note.end << 56;
	/* The same words are other code in another program. */
	if (at->note.python_frames) {
		one ^= at->python[0] ^ (__u64)at->note.key.pid << 32;
		other += at->python[1] ^ (__u64)at->note.key.program << 32;
	}
	for (__u32 i = 0; i < EV_COUNT_IPS; i++) {
		if (i >= count)
			break;
		one = fold(one, at->ips[i], 0x9e3779b97f4a7c15ull);
		other = fold(other, at->ips[i], 0xd6e8feb86659fd93ull);
	}
	at->note.key.stack[0] = one ^ one >> 32;
	at->note.key.stack[1] = other ^ other >> 32;
	return 0;
}

_Static_assert((int)EV_COUNT_USER_FRAMES >= (int)EV_WALK_FRAMES, "there is room for a walk");

static __always_inline long walk_stack(struct scratch *at, __u64 ip, long kernel)
{
	struct ev_walk_result result = {};
	long user = 0;
	if (kernel >= 0 && kernel <= EV_COUNT_KERNEL_FRAMES)
		user = ev_walk_user(ip, &at->ips[kernel], EV_COUNT_USER_FRAMES, &result);
	at->note.end = user ? result.end : 0;
	return user;
}

_Static_assert(!(EV_COUNT_KERNEL_FRAMES & (EV_COUNT_KERNEL_FRAMES + 1)), "it is a mask as well");

static __always_inline void take_stack(void *ctx, struct scratch *at, __u64 ip)
{
	long kernel = 0, user = 0;
	if (wants_kernel)
		kernel = ev_kernel_stack(ctx, at->ips, EV_COUNT_KERNEL_FRAMES);
	if (kernel < 0 || kernel > EV_COUNT_KERNEL_FRAMES)
		kernel = 0;
	at->note.ip = ip || !kernel ? ip : at->ips[0];
	if (!keeps_kernel)
		kernel = 0;
	/* Verifiers before Linux 6.4 do not see that it is no error any more. */
	asm volatile("%0 &= %1" : "+r"(kernel) : "i"(EV_COUNT_KERNEL_FRAMES));
	at->note.end = 0;
	if (wants_user && walk_wanted)
		user = walk_stack(at, ip, kernel);
	else if (wants_user)
		user = ev_user_stack(ctx, &at->ips[kernel], EV_COUNT_USER_FRAMES);
	if (user < 0 || user > EV_COUNT_USER_FRAMES)
		user = 0;
	at->note.kernel_frames = kernel;
	at->note.user_frames = user;
	if (wants_user && !kernel && !user)
		__sync_fetch_and_add(&unreadable, 1);
}

/* The Python frames of the thread, behind the addresses. A function of its own, that the verifier
 * looks at apart. */
__noinline int take_python(struct scratch *at)
{
	struct python_scratch *python;
	__u32 frames, words;
	if (!at || !python_wanted)
		return 0;
	at->note.python_frames = at->note.python_flags = 0;
	python = python_take(PYTHON_OF_COUNT);
	frames = at->note.kernel_frames + at->note.user_frames;
	if (!python || frames > EV_COUNT_IPS)
		return 0;
	words = python->note.count;
	if (!words || words > EV_PYTHON_FRAMES_MAX ||
	    bpf_probe_read_kernel(&at->ips[frames], words * sizeof(struct ev_python_word),
				  python->words))
		return 0;
	at->python[0] = python->hash[0];
	at->python[1] = python->hash[1];
	at->note.python_frames = words;
	at->note.python_flags = python->note.flags;
	return 0;
}

/* Of a sample that is left to the kernel. */
__noinline int tell_python(__u64 ip)
{
	return python_wanted ? python_tell(PYTHON_OF_COUNT, EV_PYTHON_SAMPLE, ip) : 0;
}

/* The reader is called when there is much for it. */
static __always_inline long tell(struct scratch *at, __u16 kind, bool call)
{
	__u32 frames = at->note.kernel_frames + at->note.user_frames;
	__u32 python = at->note.python_frames * PYTHON_WORDS;
	__u64 flags = call ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
	if (frames > EV_COUNT_IPS || python > EV_PYTHON_FRAMES_MAX * PYTHON_WORDS)
		return -1;
	at->note.kind = kind;
	if (bpf_ringbuf_query(&notes, BPF_RB_AVAIL_DATA) * 2 >
	    bpf_ringbuf_query(&notes, BPF_RB_RING_SIZE))
		flags = BPF_RB_FORCE_WAKEUP;
	return bpf_ringbuf_output(&notes, at, sizeof(at->note) + (frames + python) * sizeof(__u64),
				  flags);
}

/* There was no room for its key. */
static __always_inline int pass_on(struct scratch *at)
{
	if (tell(at, EV_COUNT_SAMPLE, true))
		__sync_fetch_and_add(&lost, 1);
	else
		__sync_fetch_and_add(&uncounted, 1);
	return 0;
}

static __always_inline int count_in(struct scratch *at, void *counts, void *known, __u32 now)
{
	struct ev_count_sum *count = bpf_map_lookup_elem(counts, &at->note.key);
	__u32 frames = at->note.kernel_frames + at->note.user_frames, *told;
	frames |= (__u32)at->note.python_frames << 16;
	if (count) {
		__sync_fetch_and_add(&count->hits, 1);
		__sync_fetch_and_add(&count->period, at->note.count.period);
		return 0;
	}
	told = bpf_map_lookup_elem(known, at->note.key.stack);
	if (told && *told != frames) {
		__sync_fetch_and_add(&collided, 1);
		return pass_on(at);
	}
	__sync_fetch_and_add(&used[now], 1);
	if (!told) {
		/* Tables that a walk lacked are read for the next one. */
		bool lacking = at->note.end == EV_WALKED_NOT_YET;
		if (tell(at, EV_COUNT_STACK, used[now] >= mark || lacking)) {
			__sync_fetch_and_add(&lost, 1);
			return 0;
		}
		/* No room: then it is told again with the next key. */
		bpf_map_update_elem(known, at->note.key.stack, &frames, BPF_ANY);
	}
	if (bpf_map_update_elem(counts, &at->note.key, &at->note.count, BPF_NOEXIST))
		return pass_on(at);
	return 0;
}

/* 1: the kernel makes its own sample, with a copy of the stack, of what has no tables here, and of
 * what finds no room. */
static __always_inline int stream(struct scratch *at)
{
	__u32 end = at->note.end;
	bool has_tables = end != EV_WALKED_NOT_YET && end != EV_WALKED_NO_ROOM;
	if (has_tables && !tell(at, EV_COUNT_SAMPLE, false)) {
		__sync_fetch_and_add(&hits, 1);
		return 0;
	}
	if (at->note.user_frames)
		__sync_fetch_and_add(&left[end & 15], 1);
	tell_python(at->note.ip);
	return 1;
}

static __always_inline int take(void *ctx, struct scratch *at, __u64 ip, bool in_kernel)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	take_stack(ctx, at, ip);
	take_python(at);
	at->note.in_kernel = in_kernel;
	at->note.key.program = BPF_CORE_READ(task, self_exec_id);
	at->note.count.hits = 1;
	at->note.count.first_ns = bpf_ktime_get_ns();
	if (streams)
		return stream(at);
	hash_stack(at);
	__sync_fetch_and_add(&hits, 1);
	/* Once: the reader may go on to the other one meanwhile. */
	__u32 now = *(volatile __u32 *)&generation & 1;
	at->note.generation = now;
	return now ? count_in(at, &counts_odd, &known_odd, 1)
		   : count_in(at, &counts_even, &known_even, 0);
}

/* Who it is of; NULL when it is not wanted. */
static __always_inline struct scratch *begin(__u64 period)
{
	__u32 first = 0;
	__u64 ids = bpf_get_current_pid_tgid();
	struct scratch *at;
	if (switched && !on[event_index & (EV_COUNT_EVENTS_MAX - 1)])
		return NULL;
	if (picks && !ev_watched((void *)bpf_get_current_task()))
		return NULL;
	at = bpf_map_lookup_elem(&scratch, &first);
	if (!at)
		return NULL;
	if (every > 1) {
		if (++at->seen < every)
			return NULL;
		at->seen = 0;
	}
	at->note.key.pid = ids >> 32;
	at->note.key.tid = ids;
	at->note.key.cpu = bpf_get_smp_processor_id();
	at->note.key.event = event_index;
	at->note.count.period = period;
	return !has_filter || passes_filter(at) ? at : NULL;
}

/* By which a clock runs since its rate was changed. */
static __always_inline __u64 period_now(struct bpf_perf_event_data *ctx)
{
	struct bpf_perf_event_data_kern *inner = (void *)ctx;
	__u64 period = BPF_CORE_READ(inner, event, hw.sample_period);
	return period ? period : ctx->sample_period;
}

/* 0: the kernel makes no sample of it. */
SEC("perf_event")
int count_sample(struct bpf_perf_event_data *ctx)
{
	__u64 ip = PT_REGS_IP(&ctx->regs);
	if (streams && !streaming) {
		tell_python(ip);
		return 1;
	}
	struct scratch *at = begin(is_clock ? period_now(ctx) : ctx->sample_period);
	return at ? take(ctx, at, ip, (long)ip < 0) : 0;
}

/* 1: whoever else listens gets theirs. */
SEC("tracepoint")
int count_tracepoint(void *ctx)
{
	struct scratch *at = begin(every);
	if (at)
		take(ctx, at, 0, true);
	return 1;
}

static __always_inline int begin_at_exec(void)
{
	int pid = bpf_get_current_pid_tgid() >> 32;
	__u8 yes = 1;
	if (begin_pid && pid == begin_pid)
		bpf_map_update_elem(&watched, &pid, &yes, BPF_ANY);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(typed_exec)
{
	return begin_at_exec();
}

SEC("raw_tp/sched_process_exec")
int BPF_PROG(raw_exec)
{
	return begin_at_exec();
}

EV_WATCH_PROGRAMS
EV_WALK_PROGRAMS
