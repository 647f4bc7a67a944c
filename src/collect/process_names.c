/* "12,20-22,redis*": numbers, names and globs of names become process ids. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tasks.h"

#define LARGEST_PID (1u << 30)

bool ev_process_is_called(uint32_t pid, const char *pattern)
{
	char link[64], path[4096], comm[16];
	ev_task_comm(pid, comm);
	if (*comm && ev_glob_match_exact(pattern, comm))
		return true;
	/* A thread's name is cut off, and may have been changed: the file's is not. */
	snprintf(link, sizeof(link), "/proc/%u/exe", pid);
	ssize_t length = readlink(link, path, sizeof(path) - 1);
	if (length <= 0)
		return false;
	path[length] = 0;
	char *gone = strstr(path, " (deleted)");
	if (gone && !gone[strlen(" (deleted)")])
		*gone = 0;
	const char *slash = strrchr(path, '/');
	return ev_glob_match_exact(pattern, slash ? slash + 1 : path);
}

static int add_named(const char *pattern, const struct ev_task_list *all, struct ev_task_list *pids,
		     struct ev_err *err)
{
	size_t before = pids->count;
	for (size_t i = 0; i < all->count; i++)
		if (all->items[i] != (uint32_t)getpid() &&
		    ev_process_is_called(all->items[i], pattern) && ev_task_lives(all->items[i]))
			*ev_array_add(pids) = all->items[i];
	if (pids->count > before)
		return 0;
	struct ev_arena arena = { 0 };
	int rc = ev_fail(err, ESRCH,
			 "no process is called '%s': ps -A shows the names (a pattern stands for "
			 "the whole name, * for any part of it)",
			 ev_text_safe(&arena, pattern));
	ev_arena_done(&arena);
	return rc;
}

static int add_numbers(const char *word, struct ev_task_list *pids)
{
	uint32_t *numbers;
	size_t count;
	if (ev_parse_ranges(word, LARGEST_PID, &numbers, &count))
		return -EINVAL;
	for (size_t i = 0; i < count; i++)
		*ev_array_add(pids) = numbers[i];
	free(numbers);
	return 0;
}

int ev_processes_find(const char *text, uint32_t **pids, size_t *count, bool *by_name,
		      struct ev_err *err)
{
	struct ev_task_list all = { 0 }, found = { 0 };
	char *words = ev_strdup(text), *next = words;
	int rc = 0;
	*by_name = false;
	while (next && !rc) {
		char *word = next;
		next = strchr(word, ',');
		if (next)
			*next++ = 0;
		if (!word[strspn(word, "0123456789-")]) {
			rc = add_numbers(word, &found);
			continue;
		}
		if (!*by_name)
			ev_processes_list(&all, false, 0);
		*by_name = true;
		rc = add_named(word, &all, &found, err);
	}
	struct ev_arena arena = { 0 };
	if (rc == -EINVAL)
		ev_fail(err, EINVAL,
			"'%s' is no list of process ids or names such as 12 or 12,15 or 'redis*'",
			ev_text_safe(&arena, text));
	ev_arena_done(&arena);
	free(words);
	ev_array_done(&all);
	if (rc)
		ev_array_done(&found);
	*pids = found.items;
	*count = found.count;
	return rc;
}
