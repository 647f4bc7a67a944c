/* Every BPF program of the build is shown to this kernel's verifier, in all its variants. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <evprof/collect_bpf.h>
#include "bpf_python.h"
#include "bpf_walk.h"

#ifndef EV_HAVE_BPF
#define EV_HAVE_BPF 0
#endif
#ifndef EV_BPF_WHY
#define EV_BPF_WHY "the build was not told of it"
#endif

#if EV_HAVE_BPF

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <count.h>
#include <watched.h>
#include <trace.h>
#include <count.skel.h>
#include <python.skel.h>
#include <switches.skel.h>
#include <trace.skel.h>
#include <waits.h>
#include <waits.skel.h>

#define COLLECTION(name)                                                                           \
	static struct bpf_object *open_##name(void **skeleton)                                     \
	{                                                                                          \
		struct name##_bpf *opened = name##_bpf__open();                                    \
		*skeleton = opened;                                                                \
		return opened ? opened->obj : NULL;                                                \
	}                                                                                          \
	static void close_##name(void *skeleton)                                                   \
	{                                                                                          \
		name##_bpf__destroy(skeleton);                                                     \
	}
COLLECTION(count)
static struct bpf_object *open_plain_count(void **skeleton)
{
	struct bpf_object *object = open_count(skeleton);
	if (object)
		((struct count_bpf *)*skeleton)->rodata->python_wanted = false;
	return object;
}
COLLECTION(python)
COLLECTION(switches)
COLLECTION(trace)
COLLECTION(waits)

/* With everything that it can do. */
static struct bpf_object *open_all_waits(void **skeleton)
{
	struct bpf_object *object = open_waits(skeleton);
	struct waits_bpf *opened = *skeleton;
	if (object)
		opened->rodata->options = (struct ev_wait_options){
			.shortest_ns = 1, .copy_bytes = 8192, .user = 1, .kernel = 1, .wakers = 1
		};
	return object;
}

static struct bpf_object *open_walking_count(void **skeleton)
{
	struct bpf_object *object = open_plain_count(skeleton);
	if (object)
		((struct count_bpf *)*skeleton)->rodata->walk_wanted = true;
	return object;
}

static struct bpf_object *open_python_count(void **skeleton)
{
	struct bpf_object *object = open_walking_count(skeleton);
	if (object)
		((struct count_bpf *)*skeleton)->rodata->python_wanted = true;
	return object;
}

/* One step of each kind. */
static void ask_all(struct ev_count_step *steps, bool *has_filter)
{
	static const struct ev_count_step asked[] = {
		{ .kind = EV_COUNT_COMPARE, .field = EV_COUNT_LATENCY, .compare = EV_COUNT_MORE },
		{ .kind = EV_COUNT_GLOB },
		{ .kind = EV_COUNT_AND },
		{ .kind = EV_COUNT_CGROUP, .value = 1 },
		{ .kind = EV_COUNT_NOT },
		{ .kind = EV_COUNT_OR },
	};
	memcpy(steps, asked, sizeof(asked));
	*has_filter = true;
}

static struct bpf_object *open_filtered_waits(void **skeleton)
{
	struct bpf_object *object = open_all_waits(skeleton);
	struct waits_bpf *opened = *skeleton;
	if (object)
		ask_all((void *)opened->rodata->filter, (bool *)&opened->rodata->has_filter);
	return object;
}

static struct bpf_object *open_filtered_count(void **skeleton)
{
	struct bpf_object *object = open_plain_count(skeleton);
	struct count_bpf *opened = *skeleton;
	if (object)
		ask_all((void *)opened->rodata->filter, (bool *)&opened->rodata->has_filter);
	return object;
}

static const struct {
	const char *name;
	struct bpf_object *(*open)(void **skeleton);
	void (*close)(void *skeleton);
	bool walks;  /* stacks by unwind tables, where the kernel can */
	bool python; /* reads frames of Python */
} collections[] = {
	{ "count", open_plain_count, close_count, false, false },
	{ "count with unwind tables", open_walking_count, close_count, true, false },
	{ "count with Python", open_python_count, close_count, true, true },
	{ "python", open_python, close_python, true, true },
	{ "switches", open_switches, close_switches, false, false },
	{ "trace", open_trace, close_trace, false, false },
	{ "waits", open_all_waits, close_waits, false, false },
	{ "waits with a filter", open_filtered_waits, close_waits, false, false },
	{ "count with a filter", open_filtered_count, close_count, false, false },
};

static void describe(const struct bpf_program *program, struct ev_bpf_verified *verified)
{
	struct bpf_prog_info info = { 0 };
	uint32_t size_bytes = sizeof(info);
	verified->program = bpf_program__name(program);
	if (!bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size_bytes))
		verified->instructions = info.verified_insns;
}

enum { LOG_BYTES = 64 << 20, LAST_BYTES = 1500 };

/* Only the program with this number, so that one that is refused does not hide the others. */
static int verify_one(size_t collection, size_t number, ev_take_verified take, void *context,
		      bool *there)
{
	struct ev_bpf_verified verified = { .collection = collections[collection].name };
	struct bpf_program *program, *wanted = NULL;
	void *skeleton;
	size_t i = 0;
	*there = false;
	struct bpf_object *object = collections[collection].open(&skeleton);
	if (!object)
		return -errno;
	ev_bpf_walk_plan(object, collections[collection].walks, false);
	if (!collections[collection].python)
		ev_bpf_python_share(NULL, object);
	bpf_object__for_each_program(program, object)
	{
		bpf_program__set_autoload(program, i == number);
		wanted = i == number ? program : wanted;
		i++;
	}
	*there = wanted;
	char *log = wanted ? ev_alloc(LOG_BYTES) : NULL;
	if (wanted) {
		bpf_program__set_log_buf(wanted, log, LOG_BYTES);
		uint64_t began_ns = ev_now_ns();
		verified.program = bpf_program__name(wanted);
		verified.error = -bpf_object__load(object);
		verified.took_ns = ev_now_ns() - began_ns;
		size_t length = strnlen(log, LOG_BYTES);
		verified.said = !verified.error       ? ""
				: length > LAST_BYTES ? log + length - LAST_BYTES
						      : log;
		if (!verified.error)
			describe(wanted, &verified);
		take(context, &verified);
	}
	free(log);
	collections[collection].close(skeleton);
	return 0;
}

int ev_bpf_verify(ev_take_verified take, void *context, struct ev_err *err)
{
	char absence[256];
	if (ev_bpf_absence(absence, sizeof(absence)))
		return ev_fail(err, EPERM, "BPF programs cannot be used: %s", absence);
	libbpf_set_print(NULL); /* it would speak to the user itself */
	for (size_t i = 0; i < EV_LENGTH(collections); i++) {
		bool there =
			!collections[i].walks || !ev_bpf_walk_absence(absence, sizeof(absence));
		for (size_t number = 0; there; number++) {
			int rc = verify_one(i, number, take, context, &there);
			if (rc)
				return ev_fail(err, -rc, "the BPF programs %s cannot be opened: %s",
					       collections[i].name, strerror(-rc));
		}
	}
	return 0;
}

#else

int ev_bpf_verify(ev_take_verified take, void *context, struct ev_err *err)
{
	(void)take, (void)context;
	return ev_fail(err, ENOSYS, "BPF programs cannot be used: not built in: %s", EV_BPF_WHY);
}

#endif
