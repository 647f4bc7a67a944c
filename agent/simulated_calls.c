/* A function of a Python program -> machine code of its own through which it is called, and a line
 * in a file that says what it is: a simulator that knows calls by their addresses then knows
 * Python's. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
#include "agent.h"

enum { PROGRAMS_MAX = 1024, PATH_BYTES = 4096 };

static struct {
	char folder[PATH_BYTES];
	pid_t pid;
	unsigned program; /* of this process, from 0 */
	uint8_t *calls;
	size_t used_bytes;
} telling;

/* A file of its own for each program of a process, and for each process. */
static int open_file(unsigned program, int flags)
{
	char path[PATH_BYTES + 64];
	snprintf(path, sizeof(path), "%s/python.%d.%u", telling.folder, (int)getpid(), program);
	return open(path, O_WRONLY | O_CLOEXEC | O_APPEND | flags, 0600);
}

static bool begin_file(void)
{
	telling.pid = getpid();
	for (telling.program = 0; telling.program < PROGRAMS_MAX; telling.program++) {
		int fd = open_file(telling.program, O_CREAT | O_EXCL);
		if (fd < 0)
			continue;
		close(fd);
		return true;
	}
	return false;
}

bool agent_begin_telling(const char *folder)
{
	int length = snprintf(telling.folder, sizeof(telling.folder), "%s", folder);
	if (length < 0 || (size_t)length >= sizeof(telling.folder) || !begin_file())
		return false;
	/* What another program of this process has told stays true of it. */
	uint64_t at = PYTHON_AGENT_CALLS_AT + (uint64_t)telling.program * PYTHON_AGENT_CALLS_BYTES;
	void *calls = mmap((void *)(uintptr_t)at, PYTHON_AGENT_CALLS_BYTES,
			   PROT_READ | PROT_WRITE | PROT_EXEC,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (calls == MAP_FAILED)
		return false;
	if ((uint64_t)(uintptr_t)calls == at)
		telling.calls = calls;
	else
		munmap(calls, PYTHON_AGENT_CALLS_BYTES);
	return telling.calls != NULL;
}

#if defined(__x86_64__)
/* sub $8,%rsp; call *14(%rip); add $8,%rsp; ret */
static const uint8_t call_code[] = { 0x48, 0x83, 0xec, 0x08, 0xff, 0x15, 0x0e, 0x00,
				     0x00, 0x00, 0x48, 0x83, 0xc4, 0x08, 0xc3 };
#elif defined(__aarch64__)
/* stp x29,x30,[sp,#-16]!; mov x29,sp; ldr x16,.+16; blr x16; ldp x29,x30,[sp],#16; ret */
static const uint32_t call_code[] = { 0xa9bf7bfd, 0x910003fd, 0x58000090,
				      0xd63f0200, 0xa8c17bfd, 0xd65f03c0 };
#else
static const uint8_t call_code[] = { 0 };
#define NO_CALL_CODE 1
#endif

void *agent_make_call(void *function)
{
	enum { FUNCTION_AT = PYTHON_AGENT_CALL_BYTES - sizeof(function) };
#ifdef NO_CALL_CODE
	return NULL;
#endif
	if (!telling.calls ||
	    telling.used_bytes + PYTHON_AGENT_CALL_BYTES > PYTHON_AGENT_CALLS_BYTES)
		return NULL;
	uint8_t *made = telling.calls + telling.used_bytes;
	telling.used_bytes += PYTHON_AGENT_CALL_BYTES;
	memcpy(made, call_code, sizeof(call_code));
	memcpy(made + FUNCTION_AT, &function, sizeof(function));
	__builtin___clear_cache((char *)made, (char *)made + PYTHON_AGENT_CALL_BYTES);
	return made;
}

/* In one piece, for a process may end at any time. */
void agent_tell_function(const struct python_agent_function *head, const char *name,
			 const char *file)
{
	struct python_agent_function first = *head;
	uint8_t bytes[sizeof(first) + 2 * PATH_BYTES + 8] = { 0 };
	size_t all = sizeof(first) + first.name_bytes + first.file_bytes;
	if (first.name_bytes > PATH_BYTES || first.file_bytes > PATH_BYTES)
		return;
	if (getpid() != telling.pid && !begin_file())
		return;
	all = (all + 7) & ~(size_t)7;
	first.size_bytes = (uint32_t)all;
	memcpy(bytes, &first, sizeof(first));
	memcpy(bytes + sizeof(first), name, first.name_bytes);
	memcpy(bytes + sizeof(first) + first.name_bytes, file, first.file_bytes);
	int fd = open_file(telling.program, 0);
	if (fd < 0)
		return;
	ssize_t written = write(fd, bytes, all);
	(void)written; /* it has no name then */
	close(fd);
}
