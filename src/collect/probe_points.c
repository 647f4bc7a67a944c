/* Probes become tracepoints for as long as they are open, by a line for each in tracefs'
 * uprobe_events. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "opening.h"
#include "probe_points.h"
#include "syscalls.h"
#include "tasks.h"

#define GROUP "evprof_"

bool ev_probe_is_inherited(const struct ev_event *event, const struct ev_target *target)
{
	bool wanted = event->inherit == EV_UNSET ? !target->no_inherit : event->inherit == EV_YES;
	return event->probe_path && target->kind != EV_TARGET_SYSTEM && wanted;
}

/* The tracefs that can be written to; -1 with errno. *folder is its path, to be freed. */
static int open_file(const char *root, char **folder)
{
	static const char *const places[] = { "sys/kernel/tracing", "sys/kernel/debug/tracing" };
	int fd = -1, first = 0;
	*folder = NULL;
	for (size_t i = 0; i < EV_LENGTH(places) && fd < 0; i++) {
		char *path = ev_printf("%s/%s/uprobe_events", root, places[i]);
		/* Appending: the kernel takes truncation for a wish to remove everybody's. */
		fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
		first = fd < 0 && !first ? errno : first;
		free(path);
		if (fd >= 0)
			*folder = ev_printf("%s/%s", root, places[i]);
	}
	if (fd < 0)
		errno = first;
	return fd;
}

static int write_line(int fd, const char *line)
{
	size_t length = strlen(line);
	return write(fd, line, length) == (ssize_t)length ? 0 : -errno;
}

/* The kernel splits the line at white space and knows comments. */
static bool is_plain(const char *path)
{
	for (; *path; path++)
		if (!isalnum((unsigned char)*path) && !strchr("/._+-@=,~", *path))
			return false;
	return true;
}

static int make_point(int fd, const char *group, size_t index, const struct ev_event *event)
{
	const struct ev_probe *probe = event->probe;
	const char *path = event->probe_path;
	char plain[64], semaphore[32] = "";
	int file = -1;
	if (!is_plain(path)) {
		file = open(path, O_RDONLY | O_CLOEXEC);
		if (file < 0)
			return -errno;
		snprintf(plain, sizeof(plain), "/proc/%d/fd/%d", getpid(), file);
		path = plain;
	}
	uint64_t mask = probe->semaphore_mask;
	uint64_t at = mask ? (event->attr.config & mask) >> __builtin_ctzll(mask) : 0;
	if (at)
		snprintf(semaphore, sizeof(semaphore), "(0x%llx)", (unsigned long long)at);
	char *line =
		ev_printf("%c:%s/e%zu %s:0x%llx%s\n", probe->kind == EV_PROBE_RETURN ? 'r' : 'p',
			  group, index, path, (unsigned long long)event->attr.config2, semaphore);
	int rc = write_line(fd, line);
	free(line);
	if (file >= 0)
		close(file);
	return rc;
}

/* What an evprof that was killed left behind does nothing any more, but should not pile up. */
static void remove_orphans(int fd, const char *folder)
{
	char *path = ev_printf("%s/uprobe_events", folder), *text = NULL;
	size_t size;
	if (!ev_file_read(path, &text, &size)) {
		for (const char *at = text; (at = strstr(at, ":" GROUP)); at++) {
			const char *name = at + 1;
			size_t length = strcspn(name, "/ \n");
			uint32_t pid = (uint32_t)strtoul(name + strlen(GROUP), NULL, 10);
			if (name[length] != '/' || !pid || ev_task_lives(pid))
				continue;
			length += strcspn(name + length, " \n");
			char *line = ev_printf("-:%.*s\n", (int)length, name);
			write_line(fd, line);
			free(line);
		}
	}
	free(text);
	free(path);
}

void ev_probe_points_open(struct ev_probe_points *points, const char *root,
			  const struct ev_event_list *events, const struct ev_target *target)
{
	char *folder;
	size_t wanted = 0;
	*points = (struct ev_probe_points){ 0 };
	for (size_t i = 0; i < events->count; i++)
		wanted += ev_probe_is_inherited(&events->items[i], target);
	if (!wanted)
		return;
	points->count = events->count;
	points->ids = ev_alloc(events->count * sizeof(*points->ids));
	int fd = open_file(root, &folder);
	if (fd < 0) {
		bool forbidden = errno == EACCES || errno == EPERM;
		snprintf(points->why, sizeof(points->why), "%s",
			 forbidden ? "tracefs may be written by root only: run evprof with sudo"
				   : "tracefs is not mounted: sudo mount -t tracefs nodev "
				     "/sys/kernel/tracing");
		return;
	}
	remove_orphans(fd, folder);
	snprintf(points->group, sizeof(points->group), GROUP "%d_%llx", getpid(),
		 (unsigned long long)ev_now_ns());
	for (size_t i = 0; i < events->count; i++) {
		if (!ev_probe_is_inherited(&events->items[i], target))
			continue;
		int rc = make_point(fd, points->group, i, &events->items[i]);
		points->made |= !rc;
		char *path = ev_printf("%s/events/%s/e%zu/id", folder, points->group, i);
		int64_t id = 0;
		if (!rc)
			rc = ev_file_number(path, &id);
		if (!rc && id > 0)
			points->ids[i] = (uint32_t)id;
		else
			snprintf(points->why, sizeof(points->why),
				 "the kernel refused a tracepoint for it: %s", strerror(-rc));
		free(path);
	}
	close(fd);
	free(folder);
}

static void drop_guards(struct ev_probe_points *points)
{
	for (size_t i = 0; i < points->guards.count; i++)
		ev_sys_close(points->guards.items[i]);
	points->guards.count = 0;
}

/* An inherited event that reads itself is tied to its thread, and with it all its neighbours (since
 * Linux 6.12). */
static int guard_thread(struct ev_probe_points *points, uint32_t tid)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_DUMMY,
		.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_READ,
		.disabled = 1,
		.inherit = 1,
	};
	int fd = ev_sys_perf_event_open(&attr, (pid_t)tid, -1, -1);
	if (fd >= 0)
		*ev_array_add(&points->guards) = fd;
	return fd < 0 ? fd : 0;
}

/* Older kernels: a probe that watches everybody is taken from nobody. The others pay for it. */
static void guard_point(struct ev_probe_points *points, uint32_t id)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.config = id,
		.disabled = 1,
	};
	int fd = ev_sys_perf_event_open(&attr, -1, 0, -1);
	if (fd >= 0)
		*ev_array_add(&points->guards) = fd;
}

void ev_probe_points_guard(struct ev_probe_points *points, const uint32_t *tids, size_t count)
{
	int rc = 0;
	drop_guards(points);
	for (size_t i = 0; points->made && i < count && rc != -EINVAL; i++)
		rc = guard_thread(points, tids[i]);
	for (size_t i = 0; rc == -EINVAL && i < points->count; i++)
		if (points->ids[i])
			guard_point(points, points->ids[i]);
}

void ev_probe_points_apply(const struct ev_probe_points *points, const struct ev_event_list *events,
			   size_t index, const struct ev_target *target, struct ev_opening *opening)
{
	const struct ev_event *event = &events->items[index];
	if (!event->probe_path)
		return;
	opening->attr.inherit = ev_probe_is_inherited(event, target);
	if (!opening->attr.inherit)
		return;
	opening->tracepoint = points->ids ? points->ids[index] : 0;
	if (opening->tracepoint)
		return;
	opening->attr.inherit = 0;
	snprintf(opening->fallback, sizeof(opening->fallback),
		 "threads and children born later are left out: %s", points->why);
}

void ev_probe_points_close(struct ev_probe_points *points, const char *root)
{
	char *folder, *line;
	drop_guards(points);
	int fd = points->made ? open_file(root, &folder) : -1;
	if (fd >= 0) {
		line = ev_printf("-:%s/\n", points->group); /* all, since Linux 5.17 */
		write_line(fd, line);
		free(line);
		char *path = ev_printf("%s/uprobe_events", folder), *text = NULL;
		char *mine = ev_printf(":%s/", points->group);
		size_t size;
		if (!ev_file_read(path, &text, &size))
			for (const char *at = text; (at = strstr(at, mine)); at++) {
				line = ev_printf("-%.*s\n", (int)strcspn(at, " \n"), at);
				write_line(fd, line);
				free(line);
			}
		free(mine);
		free(text);
		free(path);
		free(folder);
		close(fd);
	}
	ev_array_done(&points->guards);
	free(points->ids);
	*points = (struct ev_probe_points){ 0 };
}
