/* Preloaded into Python programs that are recorded without privileges: when the kernel's event
 * comes, its signal finds the thread still at the same instruction, and what Python code that runs
 * goes into memory that the recorder reads. Here the recorder is found, which answers with that
 * memory, once in each process. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "agent.h"

enum { ANSWER_S = 10 }; /* a recorder that does not answer must not stop the program */

struct agent agent;
static struct sockaddr_un recorder;
static socklen_t recorder_bytes;
static struct python_agent_hello hello;

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
	agent.at = answer->offsets;
	agent.clock = answer->clock;
	agent.ring_bytes = answer->ring_bytes;
	__atomic_store_n(&agent.ring, base, __ATOMIC_RELEASE);
}

/* The recorder opens its events on this process while it waits for the answer. */
static void join(void)
{
	struct python_agent_answer answer;
	struct timeval limit = { .tv_sec = ANSWER_S };
	int memory = -1, fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	agent.pid = getpid();
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (!connect(fd, (struct sockaddr *)&recorder, recorder_bytes) && agent_install() &&
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
	struct python_agent_ring *parents = agent.ring;
	int before = errno;
	if (!parents)
		return;
	__atomic_store_n(&agent.ring, NULL, __ATOMIC_RELEASE);
	munmap(parents, PYTHON_AGENT_RING_AT + agent.ring_bytes);
	agent_moments_forked();
	agent.generation++;
	join();
	errno = before;
}

/* The linker's: where this library's code ends. Hidden, for the program may have its own. */
extern const char etext[] __attribute__((visibility("hidden")));

uint32_t agent_python_version(void)
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
	agent.runtime = name ? dlsym(RTLD_DEFAULT, "_PyRuntime") : NULL;
	size_t length = name ? strlen(name) : 0;
	Dl_info self;
	if (!agent.runtime || !length || length >= sizeof(recorder.sun_path) - 1)
		return;
	recorder.sun_family = AF_UNIX;
	memcpy(recorder.sun_path + 1, name, length);
	recorder_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length);
	hello = (struct python_agent_hello){ .magic = PYTHON_AGENT_MAGIC,
					     .size_bytes = sizeof(hello),
					     .version = agent_python_version(),
					     .traced = is_traced(),
					     .runtime = (uint64_t)(uintptr_t)agent.runtime };
	if (dladdr(&recorder, &self)) {
		hello.start = (uint64_t)(uintptr_t)self.dli_fbase;
		hello.end = (uint64_t)(uintptr_t)etext;
	}
	agent.pid = getpid();
	agent_read(hello.runtime, hello.published, sizeof(hello.published));
	agent.generation = 1;
	pthread_atfork(NULL, NULL, forked);
	join();
}
