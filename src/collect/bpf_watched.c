/* A target becomes the lists by which BPF programs know whom they watch. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "bpf_watched.h"
#include "tasks.h"

#ifndef EV_HAVE_BPF
#define EV_HAVE_BPF 0
#endif

struct ev_watch ev_watched_plan(const struct ev_watch_target *target)
{
	const struct ev_target *of = target->target;
	struct ev_watch watch = { .whom = EV_WATCHING_PROCESSES, .follow = !of->no_inherit };
	if (of->kind == EV_TARGET_SYSTEM)
		watch.whom = target->cgroup_count ? EV_WATCHING_CGROUPS : EV_WATCHING_EVERYBODY;
	else if (of->kind == EV_TARGET_TIDS || of->no_inherit)
		watch.whom = EV_WATCHING_THREADS;
	return watch;
}

#if EV_HAVE_BPF

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

static bool begins_with(const char *text, const char *start)
{
	return !strncmp(text, start, strlen(start));
}

void ev_watched_choose(struct bpf_object *programs, bool raw)
{
	struct bpf_program *program;
	bpf_object__for_each_program(program, programs)
	{
		const char *name = bpf_program__name(program);
		if (begins_with(name, raw ? "typed_" : "raw_"))
			bpf_program__set_autoload(program, false);
	}
}

void ev_watched_size(struct bpf_object *programs, const struct ev_watch_target *target)
{
	uint32_t whom = ev_watched_plan(target).whom;
	bool lists = whom == EV_WATCHING_PROCESSES || whom == EV_WATCHING_THREADS;
	if (!lists)
		bpf_map__set_max_entries(bpf_object__find_map_by_name(programs, "watched"), 1);
	if (whom != EV_WATCHING_CGROUPS)
		bpf_map__set_max_entries(bpf_object__find_map_by_name(programs, "cgroups"), 1);
}

static int map_fd(struct bpf_object *programs, const char *name)
{
	return bpf_object__find_map_fd_by_name(programs, name);
}

static int add_id(int map, const void *id, struct ev_err *err)
{
	uint8_t yes = 1;
	int rc = bpf_map_update_elem(map, id, &yes, BPF_ANY);
	if (rc == -E2BIG)
		return ev_fail(err, E2BIG,
			       "so many cannot be watched at once: %d processes or "
			       "threads, and %d cgroups, are the most",
			       EV_WATCHED_MAX, EV_CGROUPS_MAX);
	return rc ? ev_fail(err, -rc, "cannot tell the BPF program whom to watch: %s",
			    strerror(-rc))
		  : 0;
}

static int add_cgroups(struct bpf_object *programs, const struct ev_watch_target *target,
		       struct ev_err *err)
{
	int rc = 0;
	for (size_t i = 0; i < target->cgroup_count && !rc; i++) {
		struct stat folder;
		int fd = ev_cgroup_open(target->cgroups[i], err);
		if (fd < 0)
			return fd;
		if (fstat(fd, &folder))
			rc = ev_fail(err, errno, "cannot ask for the id of a cgroup: %s",
				     strerror(errno));
		close(fd);
		uint64_t id = folder.st_ino;
		if (!rc)
			rc = add_id(map_fd(programs, "cgroups"), &id, err);
	}
	return rc;
}

/* What watched processes had started before: children of watched ones, until none is new. */
static void add_descendants(int map)
{
	struct ev_task_list pids = { 0 };
	bool grew = true;
	ev_processes_list(&pids, false, 0);
	while (grew) {
		grew = false;
		for (size_t i = 0; i < pids.count; i++) {
			uint32_t pid = pids.items[i], parent;
			char comm[16];
			uint8_t yes;
			if (!bpf_map_lookup_elem(map, &pid, &yes) ||
			    !ev_process_parent(pid, comm, &parent) ||
			    bpf_map_lookup_elem(map, &parent, &yes))
				continue;
			grew |= !add_id(map, &pid, NULL);
		}
	}
	ev_array_done(&pids);
}

int ev_watched_begin(struct bpf_object *programs, const struct ev_watch_target *target,
		     struct ev_err *err)
{
	struct ev_watch watch = ev_watched_plan(target);
	struct ev_task_list ids = { 0 };
	int map = map_fd(programs, "watched"), rc = 0;
	if (watch.whom == EV_WATCHING_EVERYBODY)
		return 0;
	if (watch.whom == EV_WATCHING_CGROUPS)
		return add_cgroups(programs, target, err);
	if (watch.whom == EV_WATCHING_PROCESSES && target->target->kind == EV_TARGET_USER)
		ev_processes_list(&ids, true, target->target->ids[0]);
	else if (watch.whom == EV_WATCHING_PROCESSES)
		for (size_t i = 0; i < target->target->id_count; i++)
			*ev_array_add(&ids) = target->target->ids[i];
	else
		rc = ev_tasks_list(target->target, &ids, err);
	for (size_t i = 0; i < ids.count && !rc; i++)
		rc = add_id(map, &ids.items[i], err);
	if (!rc && target->descendants)
		add_descendants(map);
	ev_array_done(&ids);
	return rc;
}

#endif
