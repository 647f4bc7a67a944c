/* Preloaded into Python programs that are recorded without privileges: when the kernel's event
 * comes, its signal finds the thread still at the same instruction, and what Python code that runs
 * goes into memory that the recorder reads. All of it happens in a signal handler: system calls and
 * own memory only, and memory of the interpreter is read by the kernel, which refuses what is no
 * memory. */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <ucontext.h>
#include <fcntl.h>
#include <unistd.h>
#include "python_agent.h"

#define EXPORTED __attribute__((visibility("default")))
#define TRAP_OF_EVENT 6 /* TRAP_PERF, which older headers do not name */

enum {
	FRAMES_MAX = 4096,
	THREADS_MAX = 4096,
	NAME_MAX_BYTES = 4096,
	LINES_MAX_BYTES = 1 << 18,
	CODES = 1 << 14, /* places of the table of code objects, a power of two */
	PROBES = 8,      /* places that a code object may have */
	OBJECT_MAX_BYTES = 256,
	PAGE_BYTES = 4096,
	ANSWER_S = 10, /* a recorder that does not answer must not stop the program */
	TURNS = 2000,  /* so often it is looked whether another thread is done */
};

/* What is known of a code object: when all is the same it is the same one. */
struct known {
	uint64_t address, file, name, qualname, lines;
	uint32_t first_line;
	uint32_t id;
	uint64_t moment; /* the last in which it was compared */
	uint32_t generation;
};

static struct sockaddr_un recorder;
static socklen_t recorder_bytes;
static const uint8_t *runtime;
static struct python_agent_hello hello;
static struct python_agent_offsets at;
static int own_clock;
static pid_t own_pid;
static struct python_agent_ring *ring; /* NULL: nothing is taken */
static uint64_t ring_bytes;
static uint32_t generation; /* of processes: after a fork all code is new to the recorder */

/* Below: of who has the turn. */
static int turn;
static struct known known[CODES];
static uint32_t last_id;
static uint64_t moments;
static struct {
	struct python_agent_moment head;
	struct python_agent_frame frames[FRAMES_MAX];
} moment;
static uint8_t window[2 * PAGE_BYTES];
static uint64_t window_at;
static size_t window_bytes;

/* ---- reading the interpreter's memory -----------------------------------------------------------
 */

static bool read_memory(uint64_t address, void *bytes, size_t size_bytes)
{
	struct iovec here = { bytes, size_bytes },
		     there = { (void *)(uintptr_t)address, size_bytes };
	return syscall(SYS_process_vm_readv, own_pid, &here, 1L, &there, 1L, 0L) ==
	       (long)size_bytes;
}

static bool read_word(uint64_t address, uint32_t offset, uint64_t *value)
{
	return address && read_memory(address + offset, value, sizeof(*value));
}

/* Frames lie beside one another: whole pages of them are read. */
static const uint8_t *read_frame(uint64_t address, size_t size_bytes)
{
	uint64_t from = address & ~(uint64_t)(PAGE_BYTES - 1);
	uint64_t to = (address + size_bytes + PAGE_BYTES - 1) & ~(uint64_t)(PAGE_BYTES - 1);
	if (!address || to < from || to - from > sizeof(window))
		return NULL;
	if (!window_bytes || address < window_at ||
	    address + size_bytes > window_at + window_bytes) {
		window_bytes = 0;
		if (!read_memory(from, window, (size_t)(to - from)))
			return NULL;
		window_at = from;
		window_bytes = (size_t)(to - from);
	}
	return window + (address - window_at);
}

static uint64_t word(const uint8_t *bytes, uint32_t offset)
{
	uint64_t value;
	memcpy(&value, bytes + offset, sizeof(value));
	return value;
}

static uint32_t number(const uint8_t *bytes, uint32_t offset)
{
	uint32_t value;
	memcpy(&value, bytes + offset, sizeof(value));
	return value;
}

/* ---- writing into the ring ----------------------------------------------------------------------
 */

/* Room for a record, in one piece; NULL when there is none. */
static uint8_t *reserve(size_t size_bytes)
{
	uint8_t *data = (uint8_t *)ring + PYTHON_AGENT_RING_AT;
	uint64_t head = ring->head, offset = head & (ring_bytes - 1);
	uint64_t tail = __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE);
	uint64_t pad = offset + size_bytes > ring_bytes ? ring_bytes - offset : 0;
	if (size_bytes > ring_bytes || head - tail > ring_bytes ||
	    pad + size_bytes > ring_bytes - (head - tail))
		return NULL;
	if (!pad)
		return data + offset;
	struct python_agent_header skipped = { .size_bytes = (uint32_t)pad,
					       .type = PYTHON_AGENT_PAD };
	memcpy(data + offset, &skipped, sizeof(skipped));
	__atomic_store_n(&ring->head, head + pad, __ATOMIC_RELEASE);
	return data;
}

static void commit(size_t size_bytes)
{
	__atomic_store_n(&ring->head, ring->head + size_bytes, __ATOMIC_RELEASE);
}

/* ---- code objects -------------------------------------------------------------------------------
 */

struct text {
	uint64_t address;
	uint32_t size_bytes;
	uint8_t kind;
};

/* Where the characters of a string are. */
static bool find_text(uint64_t object, struct text *text)
{
	uint8_t head[OBJECT_MAX_BYTES];
	uint32_t head_bytes = at.text_state + 4;
	if (head_bytes < at.text_length + 8)
		head_bytes = at.text_length + 8;
	if (!object || !read_memory(object, head, head_bytes))
		return false;
	uint32_t state = number(head, at.text_state), kind = state >> 2 & 7;
	uint64_t length = word(head, at.text_length);
	bool compact = state >> 5 & 1, ascii = state >> 6 & 1;
	if (!compact || (kind != 1 && kind != 2 && kind != 4) || length > 1u << 20)
		return false;
	if (length > NAME_MAX_BYTES / kind)
		length = NAME_MAX_BYTES / kind;
	text->address = object + (ascii ? at.text_ascii : at.text_compact);
	text->size_bytes = (uint32_t)(length * kind);
	text->kind = (uint8_t)kind;
	return true;
}

/* Tells the recorder of a code object. */
static bool define(const struct known *code, uint32_t id)
{
	struct text name, file;
	uint64_t lines_bytes = 0;
	if (!find_text(at.code_qualname == PYTHON_AGENT_NO_OFFSET ? code->name : code->qualname,
		       &name) ||
	    !find_text(code->file, &file))
		return false;
	/* Without its lines a function has its name still. */
	if (!read_word(code->lines, at.bytes_size, &lines_bytes) || lines_bytes > LINES_MAX_BYTES)
		lines_bytes = 0;
	struct python_agent_code head = {
		.header.type = PYTHON_AGENT_CODE,
		.id = id,
		.first_line = code->first_line,
		.name_bytes = name.size_bytes,
		.file_bytes = file.size_bytes,
		.lines_bytes = (uint32_t)lines_bytes,
		.name_kind = name.kind,
		.file_kind = file.kind,
	};
	size_t all = sizeof(head) + name.size_bytes + file.size_bytes + (size_t)lines_bytes;
	all = (all + 7) & ~(size_t)7;
	head.header.size_bytes = (uint32_t)all;
	uint8_t *to = reserve(all);
	if (!to)
		return false;
	memcpy(to, &head, sizeof(head));
	to += sizeof(head);
	if (!read_memory(name.address, to, name.size_bytes) ||
	    !read_memory(file.address, to + name.size_bytes, file.size_bytes) ||
	    (lines_bytes && !read_memory(code->lines + at.bytes_data,
					 to + name.size_bytes + file.size_bytes, lines_bytes)))
		return false;
	commit(all);
	return true;
}

static bool is_same(const struct known *a, const struct known *b)
{
	return a->file == b->file && a->name == b->name && a->qualname == b->qualname &&
	       a->lines == b->lines && a->first_line == b->first_line;
}

static bool read_code(uint64_t address, struct known *code)
{
	uint8_t bytes[OBJECT_MAX_BYTES];
	if (!read_memory(address, bytes, at.code_lines + 8))
		return false;
	*code = (struct known){
		.address = address,
		.file = word(bytes, at.code_file),
		.name = word(bytes, at.code_name),
		.lines = word(bytes, at.code_lines),
		.first_line = number(bytes, at.code_first_line),
		.generation = generation,
		.moment = moments,
	};
	if (at.code_qualname != PYTHON_AGENT_NO_OFFSET)
		code->qualname = word(bytes, at.code_qualname);
	return true;
}

/* The recorder's number of a code object; 0 when it could not be told which it is. */
static uint32_t code_id(uint64_t address)
{
	struct known now, *place = NULL;
	uint64_t hash = (address >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 40;
	for (unsigned i = 0; i < PROBES; i++) {
		struct known *one = &known[(hash + i) & (CODES - 1)];
		bool mine = one->address == address && one->generation == generation;
		if (mine && one->moment == moments)
			return one->id;
		if (mine || !place || (place->address && one->generation != generation))
			place = one;
		if (mine || !one->address)
			break;
	}
	if (!read_code(address, &now))
		return 0;
	bool mine = place->address == address && place->generation == generation;
	if (mine && is_same(place, &now)) {
		place->moment = moments;
		return place->id;
	}
	if (!define(&now, last_id + 1))
		return 0;
	now.id = ++last_id;
	*place = now;
	return now.id;
}

/* ---- a thread's frames --------------------------------------------------------------------------
 */

/* The state that Python keeps of this thread; 0: none. */
static uint64_t thread_state(void)
{
	uint64_t self = (uint64_t)(uintptr_t)pthread_self(), id, interpreter, state;
	int made, key;
	memcpy(&made, runtime + at.thread_key, sizeof(made));
	memcpy(&key, runtime + at.thread_key + sizeof(made), sizeof(key));
	if (made && key >= 0) {
		state = (uint64_t)(uintptr_t)pthread_getspecific((pthread_key_t)key);
		if (read_word(state, at.thread_id, &id) && id == self)
			return state;
	}
	/* It is kept elsewhere, or this is none of its threads. */
	memcpy(&interpreter, runtime + at.interpreters, sizeof(interpreter));
	if (!made || !read_word(interpreter, at.interpreter_threads, &state))
		return 0;
	for (unsigned i = 0; state && i < THREADS_MAX; i++)
		if (!read_word(state, at.thread_id, &id))
			return 0;
		else if (id == self)
			return state;
		else if (!read_word(state, at.thread_next, &state))
			return 0;
	return 0;
}

static size_t frame_bytes(void)
{
	const uint32_t offsets[] = { at.frame_code, at.frame_previous, at.frame_position,
				     at.frame_mark == PYTHON_AGENT_NO_OFFSET ? 0 : at.frame_mark };
	uint32_t largest = 0;
	for (unsigned i = 0; i < sizeof(offsets) / sizeof(*offsets); i++)
		largest = offsets[i] > largest ? offsets[i] : largest;
	return largest + sizeof(uint64_t);
}

static int32_t position(const uint8_t *frame, uint64_t code)
{
	int64_t offset = (int32_t)number(frame, at.frame_position);
	if (at.position == PYTHON_AGENT_AT_POINTER)
		offset = (int64_t)(word(frame, at.frame_position) - code - at.code_instructions);
	else if (at.position == PYTHON_AGENT_AT_UNITS)
		offset *= 2;
	return offset < -1 || offset > INT32_MAX / 2 ? -1 : (int32_t)offset;
}

static void walk_frames(uint64_t address)
{
	size_t size_bytes = frame_bytes();
	uint32_t count = 0;
	for (unsigned steps = 0; address; steps++) {
		const uint8_t *frame = read_frame(address, size_bytes);
		if (!frame || count == FRAMES_MAX || steps > 2 * FRAMES_MAX) {
			moment.head.flags |= frame ? PYTHON_AGENT_CUT : PYTHON_AGENT_TORN;
			break;
		}
		uint64_t code = word(frame, at.frame_code);
		uint8_t mark = at.frame_mark == PYTHON_AGENT_NO_OFFSET ? 0 : frame[at.frame_mark];
		address = word(frame, at.frame_previous);
		if (at.entry == PYTHON_AGENT_ENTRY_SHIM && mark == at.frame_shim) {
			if (count)
				moment.frames[count - 1].at |= 1;
			continue;
		}
		bool entry = at.entry == PYTHON_AGENT_ENTRY_EACH ||
			     (at.entry == PYTHON_AGENT_ENTRY_FLAG && mark == 1);
		moment.frames[count].at = position(frame, code) * 2 | entry;
		moment.frames[count++].code = code_id(code);
	}
	moment.head.frame_count = count;
}

static void walk_thread(void)
{
	uint64_t state = thread_state(), frame;
	if (!state)
		return;
	if (!read_word(state, at.thread_frame, &frame) ||
	    (frame && at.cframe_frame != PYTHON_AGENT_NO_OFFSET &&
	     !read_word(frame, at.cframe_frame, &frame)))
		moment.head.flags |= PYTHON_AGENT_TORN;
	else
		walk_frames(frame);
}

static void find_place(const ucontext_t *context)
{
#if defined(__x86_64__)
	moment.head.ip = (uint64_t)context->uc_mcontext.gregs[REG_RIP];
	moment.head.sp = (uint64_t)context->uc_mcontext.gregs[REG_RSP];
#elif defined(__aarch64__)
	moment.head.ip = context->uc_mcontext.pc;
	moment.head.sp = context->uc_mcontext.sp;
#else
	(void)context;
#endif
}

static bool take_turn(void)
{
	for (unsigned i = 0; __atomic_exchange_n(&turn, 1, __ATOMIC_ACQUIRE); i++) {
		if (i == TURNS)
			return false;
		if (i > TURNS / 2)
			syscall(SYS_sched_yield);
	}
	return true;
}

static uint64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(own_clock, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void take_moment(const ucontext_t *context)
{
	if (!take_turn()) {
		__atomic_fetch_add(&ring->lost, 1, __ATOMIC_RELAXED);
		return;
	}
	moments++;
	window_bytes = 0;
	moment.head = (struct python_agent_moment){
		.header.type = PYTHON_AGENT_MOMENT,
		.time_ns = now_ns(),
		.tid = (uint32_t)syscall(SYS_gettid),
	};
	find_place(context);
	walk_thread();
	size_t size_bytes =
		sizeof(moment.head) + moment.head.frame_count * sizeof(moment.frames[0]);
	moment.head.header.size_bytes = (uint32_t)size_bytes;
	moment.head.took_ns = (uint32_t)(now_ns() - moment.head.time_ns);
	uint8_t *to = reserve(size_bytes);
	if (to) {
		memcpy(to, &moment, size_bytes);
		commit(size_bytes);
	} else {
		__atomic_fetch_add(&ring->lost, 1, __ATOMIC_RELAXED);
	}
	__atomic_store_n(&turn, 0, __ATOMIC_RELEASE);
}

/* ---- the signal ---------------------------------------------------------------------------------
 */

typedef int (*sigaction_function)(int, const struct sigaction *, struct sigaction *);
static struct sigaction programs; /* what the program wants to be done with its own */
static bool installed;

static int real_sigaction(int number_, const struct sigaction *action, struct sigaction *before)
{
	static sigaction_function function;
	if (!function) {
		void *found = dlsym(RTLD_NEXT, "sigaction");
		memcpy(&function, &found, sizeof(found));
	}
	if (!function) {
		errno = ENOSYS;
		return -1;
	}
	return function(number_, action, before);
}

/* One that is not ours is the program's. */
static void pass_on(int signal_number, siginfo_t *info, void *context)
{
	struct sigaction action = programs;
	if (action.sa_flags & SA_SIGINFO) {
		action.sa_sigaction(signal_number, info, context);
	} else if (action.sa_handler == SIG_DFL) {
		struct sigaction end = { .sa_handler = SIG_DFL };
		real_sigaction(SIGTRAP, &end, NULL);
		raise(SIGTRAP);
	} else if (action.sa_handler != SIG_IGN) {
		action.sa_handler(signal_number);
	}
}

static void on_trap(int signal_number, siginfo_t *info, void *context)
{
	int before = errno;
	if (info->si_code != TRAP_OF_EVENT)
		pass_on(signal_number, info, context);
	else if (ring)
		take_moment(context);
	errno = before;
}

static bool install(void)
{
	struct sigaction action = { .sa_sigaction = on_trap,
				    .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK };
	sigfillset(&action.sa_mask);
	if (!installed && real_sigaction(SIGTRAP, &action, &programs))
		return false;
	installed = true;
	return true;
}

/* The program may use the signal as well. */
EXPORTED int sigaction(int signal_number, const struct sigaction *restrict action,
		       struct sigaction *restrict before)
{
	struct sigaction wanted = { 0 };
	if (signal_number != SIGTRAP || !installed)
		return real_sigaction(signal_number, action, before);
	if (action)
		wanted = *action;
	if (before)
		*before = programs;
	if (action)
		programs = wanted;
	return 0;
}

EXPORTED __sighandler_t signal(int signal_number, __sighandler_t handler)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART }, before;
	return sigaction(signal_number, &action, &before) ? SIG_ERR : before.sa_handler;
}

/* ---- finding the recorder -----------------------------------------------------------------------
 */

static bool is_traced(void)
{
	char text[2048], *line;
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t got = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[got > 0 ? got : 0] = 0;
	line = strstr(text, "TracerPid:");
	return line && strtol(line + 10, NULL, 10) > 0;
}

static bool receive(int fd, struct python_agent_answer *answer, int *memory)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr header;
	} control;
	struct iovec to = { answer, sizeof(*answer) };
	struct msghdr message = { .msg_iov = &to,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	ssize_t got;
	*memory = -1;
	do
		got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	struct cmsghdr *header = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
	if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
	    header->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(memory, CMSG_DATA(header), sizeof(*memory));
	return got == (ssize_t)sizeof(*answer) && answer->magic == PYTHON_AGENT_MAGIC &&
	       answer->size_bytes == sizeof(*answer);
}

static void take_answer(const struct python_agent_answer *answer, int memory)
{
	if (answer->refused || memory < 0)
		return;
	void *base = mmap(NULL, PYTHON_AGENT_RING_AT + answer->ring_bytes, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_POPULATE, memory, 0);
	if (base == MAP_FAILED)
		return;
	at = answer->offsets;
	own_clock = answer->clock;
	ring_bytes = answer->ring_bytes;
	__atomic_store_n(&ring, base, __ATOMIC_RELEASE);
}

/* The recorder opens its events on this process while it waits for the answer. */
static void join(void)
{
	struct python_agent_answer answer;
	struct timeval limit = { .tv_sec = ANSWER_S };
	int memory = -1, fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	own_pid = getpid();
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (!connect(fd, (struct sockaddr *)&recorder, recorder_bytes) && install() &&
	    send(fd, &hello, sizeof(hello), MSG_NOSIGNAL) == (ssize_t)sizeof(hello) &&
	    receive(fd, &answer, &memory))
		take_answer(&answer, memory);
	if (memory >= 0)
		close(memory);
	close(fd);
}

/* The events stay with the parent, and so does what was told through its memory. */
static void forked(void)
{
	struct python_agent_ring *parents = ring;
	int before = errno;
	if (!parents)
		return;
	__atomic_store_n(&ring, NULL, __ATOMIC_RELEASE);
	munmap(parents, PYTHON_AGENT_RING_AT + ring_bytes);
	turn = 0;
	generation++;
	join();
	errno = before;
}

extern const char etext[]; /* the linker's: where this library's code ends */

static uint32_t find_version(void)
{
	const unsigned long *tells = dlsym(RTLD_DEFAULT, "Py_Version"); /* from 3.11 on */
	const char *(*function)(void);
	void *found = dlsym(RTLD_DEFAULT, "Py_GetVersion");
	char *end;
	if (tells)
		return (uint32_t)*tells;
	if (!found)
		return 0;
	memcpy(&function, &found, sizeof(found));
	unsigned long major = strtoul(function(), &end, 10);
	unsigned long minor = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;
	return (uint32_t)(major << 24 | (minor & 255) << 16);
}

__attribute__((constructor)) static void begin(void)
{
	const char *name = getenv(PYTHON_AGENT_VARIABLE);
	runtime = name ? dlsym(RTLD_DEFAULT, "_PyRuntime") : NULL;
	size_t length = name ? strlen(name) : 0;
	Dl_info self;
	if (!runtime || !length || length >= sizeof(recorder.sun_path) - 1)
		return;
	recorder.sun_family = AF_UNIX;
	memcpy(recorder.sun_path + 1, name, length);
	recorder_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length);
	hello = (struct python_agent_hello){ .magic = PYTHON_AGENT_MAGIC,
					     .size_bytes = sizeof(hello),
					     .version = find_version(),
					     .traced = is_traced(),
					     .runtime = (uint64_t)(uintptr_t)runtime };
	if (dladdr(&recorder, &self)) {
		hello.start = (uint64_t)(uintptr_t)self.dli_fbase;
		hello.end = (uint64_t)(uintptr_t)etext;
	}
	own_pid = getpid();
	read_memory(hello.runtime, hello.published, sizeof(hello.published));
	generation = 1;
	pthread_atfork(NULL, NULL, forked);
	join();
}
