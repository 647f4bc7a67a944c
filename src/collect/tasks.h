/* Which threads a target means, read from /proc. */
#ifndef COLLECT_TASKS_H
#define COLLECT_TASKS_H

#include <evprof/collect.h>

struct ev_task_list {
	uint32_t *items; /* thread ids, a process's main thread before its others */
	size_t count, room;
};
/* Now living threads of the target (no system-wide one). -ESRCH with a sentence when a process or
 * thread that was named is not there. */
int ev_tasks_list(const struct ev_target *target, struct ev_task_list *list, struct ev_err *err);
/* True when `now` holds a thread that `before` has not. */
bool ev_tasks_grew(const struct ev_task_list *before, const struct ev_task_list *now);
/* False for what has ended, also when its parent did not ask yet. */
bool ev_task_lives(uint32_t tid);
/* Does any of the named processes or threads live? */
bool ev_target_lives(const struct ev_target *target);
/* Name of a thread; "" when it is gone. */
void ev_task_comm(uint32_t tid, char comm[16]);
/* Name and parent of a process; false when it is gone. */
bool ev_process_parent(uint32_t pid, char comm[16], uint32_t *parent);
/* Process ids under /proc, all of them or those of one user; appended. */
void ev_processes_list(struct ev_task_list *list, bool of_user, uint32_t uid);
/* Threads of one process, main thread first; appended. -ENOENT when it is gone. */
int ev_process_threads(uint32_t pid, struct ev_task_list *list);

/* Is its main thread, or the file it executes, called so? A glob, to the letter. */
bool ev_process_is_called(uint32_t pid, const char *pattern);

/* User and system time from the text of a /proc stat file, in ticks; with those of children waited
 * for, where asked. False for what is no such text. */
bool ev_stat_times(const char *text, bool children, uint64_t *user, uint64_t *system);

#endif
