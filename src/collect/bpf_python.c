/* BPF programs beside the events of a sampler read the Python frames of each sample's thread, in
 * every process in which Python is found. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <evprof/collect_stopped.h>
#include "bpf_python.h"
#include "bpf_watched.h"
#include "python_frames.h"
#include "sampler.h"
#include "syscalls.h"
#include "tasks.h"

#ifndef EV_HAVE_BPF
#define EV_HAVE_BPF 0
#endif
#ifndef EV_BPF_WHY
#define EV_BPF_WHY "the build was not told of it"
#endif

/* Is a file of Python's mapped there? Reading the symbols of every process would take long. */
static bool may_be_python(uint32_t pid)
{
	char path[64], *maps;
	snprintf(path, sizeof(path), "/proc/%u/maps", pid);
	if (ev_file_read(path, &maps, NULL))
		return false;
	bool found = false;
	for (const char *at = maps; !found && (at = strstr(at, "/")); at += strcspn(at, "\n")) {
		size_t length = strcspn(at, "\n");
		const char *name = memrchr(at, '/', length);
		size_t left = length - (size_t)(name - at);
		found = (left > 7 && !memcmp(name, "/python", 7)) ||
			(left > 10 && !memcmp(name, "/libpython", 10));
	}
	free(maps);
	return found;
}

/* The process that a thread is of. */
static uint32_t process_of(uint32_t tid)
{
	char path[64], *text;
	snprintf(path, sizeof(path), "/proc/%u/status", tid);
	if (ev_file_read(path, &text, NULL))
		return tid;
	const char *line = strstr(text, "\nTgid:");
	uint32_t pid = line ? (uint32_t)strtoul(line + 6, NULL, 10) : 0;
	free(text);
	return pid ? pid : tid;
}

static void list_pids(const struct ev_target *target, struct ev_task_list *pids)
{
	bool of_user = target->kind == EV_TARGET_USER;
	if (target->kind == EV_TARGET_PIDS || target->kind == EV_TARGET_TIDS)
		for (size_t i = 0; i < target->id_count; i++)
			*ev_array_add(pids) = process_of(target->ids[i]);
	else if (target->kind != EV_TARGET_COMMAND)
		ev_processes_list(pids, of_user, of_user ? target->ids[0] : 0);
}

bool ev_bpf_python_likely(const struct ev_target *target)
{
	struct ev_task_list pids = { 0 };
	bool found = false;
	list_pids(target, &pids);
	for (size_t i = 0; i < pids.count && !found; i++)
		found = may_be_python(pids.items[i]);
	ev_array_done(&pids);
	return found;
}

#if EV_HAVE_BPF

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <python.skel.h>

/* A program begins before its libraries are mapped: it is looked at so often, at growing distances.
 */
enum { TRIES = 12, UNCERTAIN_TRIES = 7 };
#define FIRST_TRY_NS 1000000u

const char *ev_bpf_python_absence(char *out, size_t size_bytes)
{
	/* The same loops, and the same numbers of processes. */
	return ev_bpf_walk_absence(out, size_bytes);
}

/* ---- processes ---------------------------------------------------------------------------------
 */

static void refuse(struct ev_bpf_python *python, uint32_t pid, const char *why)
{
	python->tally.refused++;
	if (python->options.refused)
		python->options.refused(python->options.context, pid, why);
}

/* 0 when it needs no more looks, -EAGAIN when Python may come yet; the library of one that looks as
 * if it had none may be about to be mapped. */
static int look_at(struct ev_bpf_python *python, uint32_t pid, bool certain)
{
	struct ev_python_runtime runtime;
	struct ev_python_process process;
	struct ev_err err = { 0 };
	char path[4096];
	int rc = ev_python_find(pid, &runtime, path, sizeof(path), &err);
	if (rc == -ENOENT || rc == -ENODATA || rc == -EFAULT || (rc && !certain))
		return -EAGAIN;
	if (!rc)
		rc = ev_python_frames_begin(python->frames, pid, &runtime, &process, &err);
	if (rc == -ENODATA)
		return -EAGAIN;
	if (!rc && bpf_map_update_elem(bpf_map__fd(python->programs->maps.python_processes), &pid,
				       &process, BPF_ANY))
		rc = ev_fail(&err, E2BIG, "there is no room for more processes");
	if (rc)
		refuse(python, pid, err.text);
	return 0;
}

static void set_timer(struct ev_bpf_python *python)
{
	uint64_t next_ns = 0;
	for (size_t i = 0; i < python->candidates.count; i++)
		if (!next_ns || python->candidates.items[i].next_ns < next_ns)
			next_ns = python->candidates.items[i].next_ns;
	struct itimerspec at = { .it_value = { .tv_sec = (time_t)(next_ns / 1000000000),
					       .tv_nsec = (long)(next_ns % 1000000000) } };
	timerfd_settime(python->timer_fd, TFD_TIMER_ABSTIME, &at, NULL);
}

static void look_at_candidates(struct ev_bpf_python *python)
{
	uint64_t now_ns = ev_now_ns();
	for (size_t i = python->candidates.count; i-- > 0;) {
		struct ev_python_candidate *candidate = &python->candidates.items[i];
		if (candidate->next_ns > now_ns)
			continue;
		if (look_at(python, candidate->pid, candidate->tries >= UNCERTAIN_TRIES) &&
		    ++candidate->tries < TRIES) {
			candidate->next_ns = now_ns + (FIRST_TRY_NS << candidate->tries);
			continue;
		}
		*candidate = python->candidates.items[--python->candidates.count];
	}
	set_timer(python);
}

static void add_candidate(struct ev_bpf_python *python, uint32_t pid)
{
	for (size_t i = 0; i < python->candidates.count; i++)
		if (python->candidates.items[i].pid == pid) {
			python->candidates.items[i].tries = 0;
			python->candidates.items[i].next_ns = 0;
			return;
		}
	*ev_array_add(&python->candidates) = (struct ev_python_candidate){ .pid = pid };
}

static void look_at_target(struct ev_bpf_python *python, const struct ev_target *target)
{
	struct ev_task_list pids = { 0 };
	list_pids(target, &pids);
	for (size_t i = 0; i < pids.count; i++)
		if (may_be_python(pids.items[i]))
			look_at(python, pids.items[i], true);
	ev_array_done(&pids);
}

/* ---- notes -------------------------------------------------------------------------------------
 */

static int take_note(void *context, void *bytes, size_t size_bytes)
{
	struct ev_bpf_python *python = context;
	const struct ev_python_note *note = bytes;
	if (size_bytes < sizeof(*note))
		return 0;
	switch (note->kind) {
	case EV_PYTHON_FORK:
		ev_python_frames_fork(python->frames, note->pid, note->parent);
		break;
	case EV_PYTHON_EXEC:
		ev_python_frames_end(python->frames, note->pid, note->time_ns);
		add_candidate(python, note->pid);
		break;
	case EV_PYTHON_EXIT:
		ev_python_frames_end(python->frames, note->pid, note->time_ns);
		break;
	case EV_PYTHON_CODE:
		ev_python_frames_learn(python->frames, bytes, size_bytes);
		break;
	default:
		ev_python_frames_note(python->frames, note, size_bytes);
	}
	return 0;
}

static int drain(void *self, bool last, ev_take_record take, void *context, struct ev_err *err)
{
	struct ev_bpf_python *python = self;
	uint64_t expirations;
	(void)last, (void)take, (void)context, (void)err;
	ev_python_frames_round(python->frames);
	ring_buffer__consume(python->ring);
	if (ev_sys_read(python->timer_fd, &expirations, sizeof(expirations)) > 0 ||
	    python->candidates.count)
		look_at_candidates(python);
	return 0;
}

static int source_fd(void *self)
{
	return ((struct ev_bpf_python *)self)->wait_fd;
}

struct ev_bpf_source ev_bpf_python_source(struct ev_bpf_python *python)
{
	return (struct ev_bpf_source){ python, source_fd, drain };
}

bool ev_bpf_python_find(struct ev_bpf_python *python, uint32_t tid, uint64_t time_ns, uint64_t ip,
			bool left, struct ev_python_stack *stack)
{
	return ev_python_frames_find(python->frames, tid, time_ns, ip, left, stack);
}

/* ---- beginning and end ------------------------------------------------------------------------
 */

static int load(struct ev_bpf_python *python, const struct ev_watch_target *target, bool raw)
{
	struct python_bpf *programs = python_bpf__open();
	if (!programs)
		return -errno;
	bool tracepoints = false;
	for (size_t i = 0; i < python->sampler->event_count; i++)
		tracepoints |= python->sampler->events[i].opening.attr.type == PERF_TYPE_TRACEPOINT;
	programs->rodata->watch = ev_watched_plan(target);
	ev_watched_choose(programs->obj, raw);
	ev_watched_size(programs->obj, target);
	bpf_program__set_autoload(programs->progs.python_switch, python->options.switches);
	bpf_program__set_autoload(programs->progs.python_tracepoint, tracepoints);
	int rc = python_bpf__load(programs);
	if (!rc)
		rc = python_bpf__attach(programs);
	if (rc)
		python_bpf__destroy(programs);
	else
		python->programs = programs;
	return rc;
}

static int open_waiting(struct ev_bpf_python *python, struct ev_err *err)
{
	struct epoll_event readable = { .events = EPOLLIN };
	python->ring = ring_buffer__new(bpf_map__fd(python->programs->maps.python_notes), take_note,
					python, NULL);
	python->wait_fd = epoll_create1(EPOLL_CLOEXEC);
	python->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (!python->ring || python->wait_fd < 0 || python->timer_fd < 0 ||
	    epoll_ctl(python->wait_fd, EPOLL_CTL_ADD, ring_buffer__epoll_fd(python->ring),
		      &readable) ||
	    epoll_ctl(python->wait_fd, EPOLL_CTL_ADD, python->timer_fd, &readable))
		return ev_fail(err, errno, "cannot wait for the BPF programs: %s", strerror(errno));
	return 0;
}

int ev_bpf_python_open(struct ev_bpf_python **python, struct ev_sampler *sampler,
		       const struct ev_watch_target *target, struct ev_python_functions *functions,
		       const struct ev_bpf_python_options *options, struct ev_err *err)
{
	char absence[256];
	*python = NULL;
	if (ev_bpf_python_absence(absence, sizeof(absence)))
		return ev_fail(err, EPERM, "BPF programs cannot read Python's frames: %s", absence);
	libbpf_set_print(NULL); /* it would speak to the user itself */
	struct ev_bpf_python *made = ev_alloc(sizeof(*made));
	made->sampler = sampler;
	made->options = *options;
	made->wait_fd = made->timer_fd = -1;
	made->frames = ev_python_frames_open(functions);
	int rc = load(made, target, false);
	if (rc)
		rc = load(made, target, true);
	rc = rc ? ev_fail(err, -rc, "the kernel refuses the BPF program that reads Python: %s",
			  strerror(-rc))
		: open_waiting(made, err);
	if (!rc)
		rc = ev_watched_begin(made->programs->obj, target, err);
	if (rc) {
		ev_bpf_python_close(made);
		return rc;
	}
	look_at_target(made, target->target);
	*python = made;
	return 0;
}

struct ev_bpf_python_tally ev_bpf_python_tally(const struct ev_bpf_python *python)
{
	struct ev_bpf_python_tally tally = python->tally;
	ev_python_frames_tally(python->frames, &tally);
	tally.lost = python->programs->bss->python_lost;
	return tally;
}

void ev_bpf_python_close(struct ev_bpf_python *python)
{
	if (!python)
		return;
	ev_bpf_python_leave_all(python);
	ring_buffer__free(python->ring);
	if (python->wait_fd >= 0)
		close(python->wait_fd);
	if (python->timer_fd >= 0)
		close(python->timer_fd);
	python_bpf__destroy(python->programs);
	ev_python_frames_close(python->frames);
	ev_array_done(&python->candidates);
	free(python);
}

#else

const char *ev_bpf_python_absence(char *out, size_t size_bytes)
{
	return ev_bpf_walk_absence(out, size_bytes);
}

int ev_bpf_python_open(struct ev_bpf_python **python, struct ev_sampler *sampler,
		       const struct ev_watch_target *target, struct ev_python_functions *functions,
		       const struct ev_bpf_python_options *options, struct ev_err *err)
{
	(void)sampler, (void)target, (void)functions, (void)options;
	*python = NULL;
	return ev_fail(err, ENOSYS, "BPF programs cannot be used: not built in: %s", EV_BPF_WHY);
}

void ev_bpf_python_beside(struct ev_bpf_python *python, struct ev_recording *recording)
{
	(void)python, (void)recording;
}

struct ev_bpf_source ev_bpf_python_source(struct ev_bpf_python *python)
{
	(void)python;
	return (struct ev_bpf_source){ 0 };
}

bool ev_bpf_python_find(struct ev_bpf_python *python, uint32_t tid, uint64_t time_ns, uint64_t ip,
			bool left, struct ev_python_stack *stack)
{
	(void)python, (void)tid, (void)time_ns, (void)ip, (void)left, (void)stack;
	return false;
}

struct ev_bpf_python_tally ev_bpf_python_tally(const struct ev_bpf_python *python)
{
	(void)python;
	return (struct ev_bpf_python_tally){ 0 };
}

void ev_bpf_python_close(struct ev_bpf_python *python)
{
	(void)python;
}

#endif
