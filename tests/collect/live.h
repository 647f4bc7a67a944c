/* What the live tests of collect share: cmocka, targets, and children that do a known thing. */
#ifndef TESTS_COLLECT_LIVE_H
#define TESTS_COLLECT_LIVE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <signal.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <cmocka.h>
#include <evprof/collect.h>

#define SKIP(name, reason)                                                                         \
	do {                                                                                       \
		print_message("SKIP " name ": %s\n", reason);                                      \
		skip();                                                                            \
	} while (0)

static inline struct ev_event software_event(const char *name, uint64_t config, unsigned leader)
{
	return (struct ev_event){ .name = name,
				  .resolved = name,
				  .attr = { .type = PERF_TYPE_SOFTWARE, .config = config },
				  .unit = "",
				  .scale = 1.0,
				  .per_task = true,
				  .leader = leader };
}

static inline void add_event(struct ev_event_list *list, struct ev_event event)
{
	*ev_array_add(list) = event;
}

/* May this process use perf events at all? */
static inline bool may_count(void)
{
	struct ev_event event = software_event("task-clock", PERF_COUNT_SW_TASK_CLOCK, 0);
	return !ev_probe_count(&event, NULL, 0);
}

/* Touches so many pages that were never touched before. */
static inline void touch_pages(size_t pages)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	volatile char *memory = mmap(NULL, pages * page_bytes, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	madvise((void *)memory, pages * page_bytes, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < pages; i++)
		memory[i * page_bytes] = 1;
	munmap((void *)memory, pages * page_bytes);
}

/* A child that waits for a byte, does `work`, and ends with 0. */
struct child {
	pid_t pid;
	int go_fd;
};
static inline struct child child_start(void (*work)(void))
{
	int go[2];
	struct child child = { 0 };
	assert_int_equal(pipe(go), 0);
	child.pid = fork();
	if (!child.pid) {
		char byte;
		close(go[1]);
		if (read(go[0], &byte, 1) == 1)
			work();
		_exit(0);
	}
	close(go[0]);
	child.go_fd = go[1];
	return child;
}
static inline int child_finish(struct child *child)
{
	int status = -1;
	assert_int_equal(write(child->go_fd, "g", 1), 1);
	close(child->go_fd);
	waitpid(child->pid, &status, 0);
	return status;
}

#endif
