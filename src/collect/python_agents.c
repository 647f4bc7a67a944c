/* Python processes of a command that report to the recorder -> what their threads ran at each
 * sample. A process is answered while it begins, and tells through memory that both map. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <evprof/collect_agents.h>
#include <evprof/collect_stopped.h>
#include "python_agent.h"
#include "syscalls.h"

#define RING_BYTES (UINT64_C(1) << 20)

enum {
	WAITING = 64,     /* processes that may begin at once */
	ANSWER_MS = 1000, /* one that says nothing is not waited for */
	PROCESSES_MAX = 1 << 16,
};

struct process {
	uint32_t pid;
	uint32_t before; /* index + 1 of the one that was seen before with this pid */
	uint64_t since_ns, until_ns;
	int pidfd;
	struct python_agent_ring *ring; /* NULL: all is read */
	uint64_t tail;
	struct ev_python_words *words;
	struct ev_followed *followed;
	uint32_t newer; /* its version, where that is newer than what is known */
	struct ev_python_process told;
};

struct ev_python_agents {
	char name[64];
	int fd, stop_fd;
	pthread_t thread;
	bool started;
	struct ev_sampler *sampler;
	int clock_id;
	struct ev_python_functions *functions;
	pthread_mutex_t lock; /* of what follows */
	EV_ARRAY(struct process *) processes;
	struct ev_map latest; /* pid -> index + 1 */
	struct ev_buffer copy;
	struct ev_python_agents_tally tally;
};

/* ---- the socket ---------------------------------------------------------------------------------
 */

int ev_python_agents_open(struct ev_python_agents **agents, struct ev_err *err)
{
	struct ev_python_agents *made = ev_alloc(sizeof(*made));
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	uint64_t number[2] = { 0 };
	*agents = NULL;
	/* Nobody else knows the name. */
	ssize_t got = getrandom(number, sizeof(number), 0);
	snprintf(made->name, sizeof(made->name), "evprof-%016" PRIx64 "%016" PRIx64, number[0],
		 number[1]);
	size_t length = strlen(made->name);
	memcpy(address.sun_path + 1, made->name, length);
	pthread_mutex_init(&made->lock, NULL);
	made->stop_fd = eventfd(0, EFD_CLOEXEC);
	made->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (got != (ssize_t)sizeof(number) || made->stop_fd < 0 || made->fd < 0 ||
	    bind(made->fd, (struct sockaddr *)&address,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length)) ||
	    listen(made->fd, WAITING)) {
		int error = errno;
		ev_python_agents_close(made);
		return ev_fail(err, error, "cannot listen for Python processes: %s",
			       strerror(error));
	}
	*agents = made;
	return 0;
}

const char *ev_python_agents_name(const struct ev_python_agents *agents)
{
	return agents->name;
}

/* ---- a process begins ---------------------------------------------------------------------------
 */

static uint64_t now_of(int clock_id)
{
	struct timespec now;
	clock_gettime(clock_id, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Memory that cannot become shorter under its reader. */
static int make_ring(struct process *process, struct ev_err *err)
{
	int fd = ev_sys_memory_make("evprof-python", PYTHON_AGENT_RING_AT + RING_BYTES);
	void *base = NULL;
	int rc = fd < 0 ? fd : ev_sys_ring_map(fd, PYTHON_AGENT_RING_AT + RING_BYTES, &base);
	if (rc < 0) {
		if (fd >= 0)
			ev_sys_close(fd);
		return ev_fail(err, -rc, "no memory to share with it: %s", strerror(-rc));
	}
	process->ring = base;
	return fd;
}

/* Its memory's descriptor, or -errno with the reason to leave it alone. */
static int prepare(struct ev_python_agents *agents, struct process *process,
		   const struct python_agent_hello *hello, struct python_agent_answer *answer,
		   struct ev_err *err)
{
	char path[4096];
	enum ev_python_lines lines;
	if (hello->magic != PYTHON_AGENT_MAGIC || hello->size_bytes != sizeof(*hello))
		return ev_fail(err, EPROTO, "its agent is of another evprof");
	if (hello->traced)
		return ev_fail(err, EBUSY,
			       "a debugger has it, whose signal is the one that is "
			       "wanted (SIGTRAP)");
	bool newer;
	int rc = ev_python_agent_offsets(hello->version, hello->published, &answer->offsets, &lines,
					 &newer, err);
	if (rc)
		return rc;
	process->newer = newer ? hello->version : 0;
	process->told.agent_start = hello->start;
	process->told.agent_end = hello->end;
	/* Which code is the interpreter's, in native stacks. */
	rc = ev_python_find(process->pid, &process->told.runtime, path, sizeof(path), err);
	if (rc)
		return rc == -ENOENT ? ev_fail(err, ENOENT, "its interpreter was not found") : rc;
	int fd = make_ring(process, err);
	if (fd < 0)
		return fd;
	process->words = ev_python_words_open(process->pid, lines, agents->functions);
	rc = ev_sampler_follow(agents->sampler, process->pid, PYTHON_AGENT_SIGNAL_DATA,
			       &process->followed, err);
	if (!rc)
		return fd;
	ev_sys_close(fd);
	return rc;
}

static void release(struct ev_python_agents *agents, struct process *process)
{
	ev_sampler_leave(agents->sampler, process->followed);
	process->followed = NULL;
	if (process->ring)
		ev_sys_ring_unmap(process->ring, PYTHON_AGENT_RING_AT + RING_BYTES);
	process->ring = NULL;
	ev_python_words_close(process->words);
	process->words = NULL;
	if (process->pidfd >= 0)
		ev_sys_close(process->pidfd);
	process->pidfd = -1;
}

static bool send_answer(int fd, struct python_agent_answer *answer, int memory)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr header;
	} control = { 0 };
	struct iovec from = { answer, sizeof(*answer) };
	struct msghdr message = { .msg_iov = &from, .msg_iovlen = 1 };
	if (memory >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &memory, sizeof(memory));
	}
	return sendmsg(fd, &message, MSG_NOSIGNAL) == (ssize_t)sizeof(*answer);
}

static void keep_process(struct ev_python_agents *agents, struct process *process)
{
	pthread_mutex_lock(&agents->lock);
	uint32_t *latest = ev_map_add(&agents->latest, process->pid, 0, NULL);
	process->before = *latest;
	*ev_array_add(&agents->processes) = process;
	*latest = (uint32_t)agents->processes.count;
	agents->tally.processes++;
	if (process->newer)
		agents->tally.newer = process->newer;
	pthread_mutex_unlock(&agents->lock);
}

static void refuse(struct ev_python_agents *agents, struct process *process,
		   const struct ev_err *err)
{
	release(agents, process);
	free(process);
	pthread_mutex_lock(&agents->lock);
	if (!agents->tally.refused++)
		snprintf(agents->tally.why, sizeof(agents->tally.why), "%s", err->text);
	pthread_mutex_unlock(&agents->lock);
}

/* The process on the other side waits meanwhile. */
static void answer_one(struct ev_python_agents *agents, int fd)
{
	struct ucred who;
	socklen_t who_bytes = sizeof(who);
	struct python_agent_hello hello;
	struct python_agent_answer answer = { .magic = PYTHON_AGENT_MAGIC,
					      .size_bytes = sizeof(answer),
					      .clock = agents->clock_id,
					      .ring_bytes = RING_BYTES };
	struct pollfd readable = { .fd = fd, .events = POLLIN };
	struct ev_err err = { 0 };
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &who_bytes) || who.pid <= 0 ||
	    (who.uid != geteuid() && geteuid()) || ev_sys_poll(&readable, 1, ANSWER_MS) <= 0 ||
	    recv(fd, &hello, sizeof(hello), MSG_DONTWAIT) != (ssize_t)sizeof(hello) ||
	    agents->processes.count >= PROCESSES_MAX)
		return;
	struct process *process = ev_alloc(sizeof(*process));
	process->pid = (uint32_t)who.pid;
	process->pidfd = ev_sys_pidfd_open(who.pid);
	process->until_ns = UINT64_MAX;
	int memory = prepare(agents, process, &hello, &answer, &err);
	answer.refused = memory < 0;
	process->since_ns = now_of(agents->clock_id);
	bool sent = send_answer(fd, &answer, memory);
	if (memory >= 0)
		ev_sys_close(memory);
	if (memory < 0 || !sent)
		refuse(agents, process, &err);
	else
		keep_process(agents, process);
}

static void *answer_all(void *context)
{
	struct ev_python_agents *agents = context;
	struct pollfd fds[] = { { .fd = agents->fd, .events = POLLIN },
				{ .fd = agents->stop_fd, .events = POLLIN } };
	while (ev_sys_poll(fds, EV_LENGTH(fds), -1) == -EINTR || !fds[1].revents) {
		int fd = accept4(agents->fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			continue;
		answer_one(agents, fd);
		ev_sys_close(fd);
	}
	return NULL;
}

int ev_python_agents_begin(struct ev_python_agents *agents, struct ev_sampler *sampler,
			   int clock_id, struct ev_python_functions *functions, struct ev_err *err)
{
	sigset_t all, before;
	agents->sampler = sampler;
	agents->clock_id = clock_id;
	agents->functions = functions;
	/* Signals are the recorder's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&agents->thread, NULL, answer_all, agents);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	agents->started = !error;
	return error ? ev_fail(err, error, "cannot start a thread: %s", strerror(error)) : 0;
}

/* ---- what they tell -----------------------------------------------------------------------------
 */

static bool has_ended(const struct process *process)
{
	struct pollfd end = { .fd = process->pidfd, .events = POLLIN };
	return process->pidfd >= 0 && ev_sys_poll(&end, 1, 0) > 0;
}

/* What is in the ring, in one piece that the process cannot change any more. -EBADMSG for what
 * cannot be. */
static int copy_ring(struct ev_python_agents *agents, struct process *process)
{
	uint64_t head = __atomic_load_n(&process->ring->head, __ATOMIC_ACQUIRE);
	uint64_t count = head - process->tail, offset = process->tail & (RING_BYTES - 1);
	const uint8_t *data = (const uint8_t *)process->ring + PYTHON_AGENT_RING_AT;
	agents->copy.size_bytes = 0;
	if (count > RING_BYTES)
		return -EBADMSG;
	uint64_t first = count < RING_BYTES - offset ? count : RING_BYTES - offset;
	ev_buffer_add(&agents->copy, data + offset, first);
	ev_buffer_add(&agents->copy, data, count - first);
	process->tail = head;
	__atomic_store_n(&process->ring->tail, head, __ATOMIC_RELEASE);
	return 0;
}

bool ev_python_agents_next(struct ev_python_agents *agents, size_t *at, uint32_t *pid,
			   uint64_t *since_ns)
{
	pthread_mutex_lock(&agents->lock);
	bool there = *at < agents->processes.count;
	if (there) {
		const struct process *process = agents->processes.items[(*at)++];
		*pid = process->pid;
		*since_ns = process->since_ns;
	}
	pthread_mutex_unlock(&agents->lock);
	return there;
}

void ev_python_agents_drain(struct ev_python_agents *agents, ev_take_python take, void *context)
{
	pthread_mutex_lock(&agents->lock);
	for (size_t i = 0; i < agents->processes.count; i++) {
		struct process *process = agents->processes.items[i];
		if (!process->ring)
			continue;
		bool ended = has_ended(process);
		int rc = copy_ring(agents, process);
		if (!rc)
			rc = ev_python_words_take(process->words, agents->copy.bytes,
						  agents->copy.size_bytes, take, context);
		if (!rc && !ended)
			continue;
		agents->tally.lost +=
			__atomic_load_n(&process->ring->lost, __ATOMIC_RELAXED) + (rc != 0);
		agents->tally.late += __atomic_load_n(&process->ring->late, __ATOMIC_RELAXED);
		release(agents, process);
	}
	pthread_mutex_unlock(&agents->lock);
}

void ev_python_agents_over(struct ev_python_agents *agents, uint32_t pid, uint64_t time_ns)
{
	pthread_mutex_lock(&agents->lock);
	const uint32_t *latest = ev_map_find(&agents->latest, pid, 0);
	for (uint32_t at = latest ? *latest : 0; at; at = agents->processes.items[at - 1]->before) {
		struct process *process = agents->processes.items[at - 1];
		if (process->since_ns < time_ns && process->until_ns > time_ns)
			process->until_ns = time_ns;
	}
	pthread_mutex_unlock(&agents->lock);
}

const struct ev_python_process *ev_python_agents_find(const struct ev_python_agents *agents,
						      uint32_t pid, uint64_t time_ns)
{
	pthread_mutex_t *lock = (pthread_mutex_t *)&agents->lock;
	const struct ev_python_process *found = NULL;
	pthread_mutex_lock(lock);
	const uint32_t *latest = ev_map_find(&agents->latest, pid, 0);
	for (uint32_t at = latest ? *latest : 0; at && !found;
	     at = agents->processes.items[at - 1]->before) {
		const struct process *process = agents->processes.items[at - 1];
		if (time_ns >= process->since_ns && time_ns < process->until_ns)
			found = &process->told;
	}
	pthread_mutex_unlock(lock);
	return found;
}

void ev_python_agents_tally(struct ev_python_agents *agents, struct ev_python_agents_tally *tally)
{
	pthread_mutex_lock(&agents->lock);
	*tally = agents->tally;
	for (size_t i = 0; i < agents->processes.count; i++) {
		const struct process *process = agents->processes.items[i];
		if (!process->ring)
			continue;
		tally->lost += __atomic_load_n(&process->ring->lost, __ATOMIC_RELAXED);
		tally->late += __atomic_load_n(&process->ring->late, __ATOMIC_RELAXED);
	}
	pthread_mutex_unlock(&agents->lock);
}

void ev_python_agents_hold(struct ev_python_agents *agents, bool on)
{
	if (on)
		pthread_mutex_lock(&agents->lock);
	else
		pthread_mutex_unlock(&agents->lock);
}

void ev_python_agents_close(struct ev_python_agents *agents)
{
	if (!agents)
		return;
	if (agents->started) {
		uint64_t one = 1;
		ssize_t written = write(agents->stop_fd, &one, sizeof(one));
		(void)written;
		pthread_join(agents->thread, NULL);
	}
	for (size_t i = 0; i < agents->processes.count; i++) {
		release(agents, agents->processes.items[i]);
		free(agents->processes.items[i]);
	}
	ev_array_done(&agents->processes);
	ev_map_done(&agents->latest);
	ev_buffer_done(&agents->copy);
	if (agents->fd >= 0)
		close(agents->fd);
	if (agents->stop_fd >= 0)
		close(agents->stop_fd);
	pthread_mutex_destroy(&agents->lock);
	free(agents);
}
