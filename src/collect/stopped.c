/* A process id -> all its threads, held still, with their registers. */
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <evprof/collect_stopped.h>
#include "syscalls.h"
#include "tasks.h"

enum { ROUNDS = 8, PATIENCE_US = 300000, LOOK_US = 100 };

/* ---- what /proc tells ---------------------------------------------------------------------------
 */

/* The state behind the last ')' of the name. */
static char state_of(uint32_t pid, uint32_t tid)
{
	char path[64], *text, *end;
	snprintf(path, sizeof(path), "/proc/%u/task/%u/stat", pid, tid);
	if (ev_file_read(path, &text, NULL))
		return 'X';
	end = strrchr(text, ')');
	char state = end && end[1] == ' ' ? end[2] : '?';
	free(text);
	return state;
}

/* The last number of a line "NSpid:	12	3" in /proc/PID/status, or the only one of another.
 */
static bool status_number(uint32_t pid, uint32_t tid, const char *key, uint32_t *number)
{
	char path[64], *text;
	bool found = false;
	snprintf(path, sizeof(path), "/proc/%u/task/%u/status", pid, tid);
	if (ev_file_read(path, &text, NULL))
		return false;
	char *line = strstr(text, key);
	if (line) {
		char *at = line + strlen(key), *next;
		for (unsigned long value = strtoul(at, &next, 10); next != at && *at != '\n';
		     value = strtoul(at, &next, 10)) {
			*number = (uint32_t)value;
			found = true;
			at = next;
			if (*at == '\n')
				break;
		}
	}
	free(text);
	return found;
}

/* ---- stopping -----------------------------------------------------------------------------------
 */

static int refused(uint32_t pid, int code, struct ev_err *err)
{
	int64_t scope;
	uint32_t tracer;
	if (code == -ESRCH && state_of(pid, pid) != 'X')
		return ev_fail(err, ESRCH,
			       "process %u has no memory: it has ended, or is one of the kernel's",
			       pid);
	if (code == -ESRCH)
		return ev_fail(err, ESRCH, "there is no process %u (any more)", pid);
	if (status_number(pid, pid, "TracerPid:", &tracer) && tracer)
		return ev_fail(err, EPERM, "process %u is already traced, by process %u", pid,
			       tracer);
	if (!ev_file_number("/proc/sys/kernel/yama/ptrace_scope", &scope) && scope == 3)
		return ev_fail(err, EPERM,
			       "kernel.yama.ptrace_scope is 3: no process may look into another "
			       "until the next boot");
	if (!ev_file_number("/proc/sys/kernel/yama/ptrace_scope", &scope) && scope > 0)
		return ev_fail(err, EPERM,
			       "process %u may not be looked into, since "
			       "kernel.yama.ptrace_scope is %d; try: sudo evprof dump -p %u",
			       pid, (int)scope, pid);
	return ev_fail(err, EPERM,
		       "process %u is another user's, or has more rights; try: sudo evprof dump -p "
		       "%u (in a container: --cap-add SYS_PTRACE)",
		       pid, pid);
}

static void wait_a_little(void)
{
	struct timespec pause = { .tv_nsec = LOOK_US * 1000L };
	nanosleep(&pause, NULL);
}

static void read_registers(struct ev_stopped_thread *thread)
{
	struct iovec into = { thread->registers, sizeof(thread->registers) };
	if (ev_sys_trace(PTRACE_GETREGSET, (pid_t)thread->tid, NT_PRSTATUS, &into))
		return;
	thread->register_bytes = into.iov_len;
#ifdef __x86_64__
	struct user_regs_struct registers;
	if (into.iov_len == sizeof(registers)) {
		memcpy(&registers, thread->registers, sizeof(registers));
		thread->pthread = registers.fs_base;
	}
#endif
}

/* A thread that was told to stop: true when it has, or never will. */
static bool take_stop(struct ev_stopped_thread *thread)
{
	int status;
	pid_t who = ev_sys_wait((pid_t)thread->tid, &status, __WALL | WNOHANG);
	if (!who)
		return false;
	if (who < 0 || !WIFSTOPPED(status))
		return true;
	thread->stopped = true;
	if (status >> 16 != PTRACE_EVENT_STOP)
		thread->signal_number = WSTOPSIG(status);
	read_registers(thread);
	return true;
}

/* Those from `first` on, which were told to. */
static void await_stops(struct ev_stopped *stopped, size_t first, bool *told)
{
	unsigned waited_us = 0;
	size_t left = 1;
	while (left) {
		left = 0;
		for (size_t i = first; i < stopped->threads.count; i++)
			if (told[i - first] && take_stop(&stopped->threads.items[i]))
				told[i - first] = false;
			else
				left += told[i - first];
		if (left && waited_us >= PATIENCE_US) {
			snprintf(stopped->trouble, sizeof(stopped->trouble),
				 "%zu of its threads could not be stopped (they are in the "
				 "kernel): "
				 "what is told of them may be torn",
				 left);
			return;
		}
		if (left)
			wait_a_little();
		waited_us += LOOK_US;
	}
}

static void add_thread(struct ev_stopped *stopped, uint32_t tid)
{
	struct ev_stopped_thread thread = { .tid = tid, .tid_inside = tid };
	thread.state = state_of(stopped->pid, tid);
	if (thread.state == 'X')
		return;
	ev_task_comm(tid, thread.name);
	status_number(stopped->pid, tid, "NSpid:", &thread.tid_inside);
	*ev_array_add(&stopped->threads) = thread;
}

/* Threads that are not listed yet are, and are stopped; how many there were, or -errno. */
static int stop_new(struct ev_stopped *stopped, struct ev_map *known, bool running)
{
	struct ev_task_list list = { 0 };
	size_t first = stopped->threads.count;
	int rc = ev_process_threads(stopped->pid, &list);
	for (size_t i = 0; i < list.count; i++) {
		bool added;
		ev_map_add(known, list.items[i], 0, &added);
		if (added)
			add_thread(stopped, list.items[i]);
	}
	ev_array_done(&list);
	size_t count = stopped->threads.count - first;
	bool *told = ev_alloc(count + 1);
	if (rc == -ENOENT)
		rc = -ESRCH;
	for (size_t i = 0; i < count && !running && !rc; i++) {
		struct ev_stopped_thread *thread = &stopped->threads.items[first + i];
		pid_t tid = (pid_t)thread->tid;
		int code = thread->state == 'Z' ? -ESRCH : ev_sys_trace(PTRACE_SEIZE, tid, 0, NULL);
		told[i] = !code && !ev_sys_trace(PTRACE_INTERRUPT, tid, 0, NULL);
		if (code && code != -ESRCH)
			rc = code;
	}
	if (!running)
		await_stops(stopped, first, told);
	free(told);
	return rc ? rc : (int)count;
}

int ev_process_stop(struct ev_stopped *stopped, uint32_t pid, bool running, struct ev_err *err)
{
	struct ev_map known = { 0 };
	uint8_t byte;
	int rc = 1;
	*stopped = (struct ev_stopped){ .pid = pid };
	/* Address 0 is nowhere; a refusal comes first. */
	ssize_t got = ev_sys_memory_read((pid_t)pid, 0, &byte, 1);
	if (got == -ESRCH || got == -EPERM)
		return refused(pid, (int)got, err);
	/* Threads may be born by those that still run. */
	for (unsigned round = 0; round < ROUNDS && rc > 0; round++)
		rc = stop_new(stopped, &known, running);
	ev_map_done(&known);
	if (rc == -EPERM && stopped->threads.count) {
		struct ev_err why = { 0 };
		refused(pid, rc, &why);
		snprintf(stopped->trouble, sizeof(stopped->trouble),
			 "not stopped: %.150s; what is told may be torn", why.text);
		rc = 0;
	}
	if (rc < 0) {
		ev_process_release(stopped);
		return refused(pid, rc, err);
	}
	if (stopped->threads.count)
		return 0;
	ev_process_release(stopped);
	return refused(pid, -ESRCH, err);
}

void ev_process_continue(struct ev_stopped *stopped)
{
	for (size_t i = 0; i < stopped->threads.count; i++) {
		struct ev_stopped_thread *thread = &stopped->threads.items[i];
		if (thread->stopped)
			ev_sys_trace(PTRACE_DETACH, (pid_t)thread->tid, 0,
				     (void *)(uintptr_t)thread->signal_number);
		thread->stopped = false;
	}
}

void ev_process_release(struct ev_stopped *stopped)
{
	ev_process_continue(stopped);
	ev_array_done(&stopped->threads);
	*stopped = (struct ev_stopped){ 0 };
}

int ev_process_memory(void *pid, uint64_t address, void *bytes, size_t size_bytes)
{
	ssize_t got = ev_sys_memory_read((pid_t) * (uint32_t *)pid, address, bytes, size_bytes);
	return got < 0 ? (int)got : (size_t)got == size_bytes ? 0 : -EFAULT;
}
