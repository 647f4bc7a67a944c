/* What processes map becomes tables in the kernel, by which BPF programs follow user stacks. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "bpf_walk.h"
#include "synthesize.h"
#include "syscalls.h"
#include "walk_tables.h"

#ifndef EV_HAVE_BPF
#define EV_HAVE_BPF 0
#endif

#if EV_HAVE_BPF

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#define FIRST_PID_NAMESPACE 0xeffffffcu /* PROC_PID_INIT_INO of the kernel's proc_ns.h */
#define LIMIT_BYTES ((uint64_t)256 << 20)
#define SETTLING_NS UINT64_C(100000000) /* what a program begins with is mapped by then */
#define LOAD_NS UINT64_C(50000000)      /* the rings are not looked at so long */
#define LOOK_NS UINT64_C(250000000)     /* from one look for ends to the next */

#define NAMER "on_walk_name" /* it is run here */

enum {
	FEW_PROCESSES = 4096,
	FEW_MAPPINGS = 64 * 1024,
	FEW_OTHERS = 8 * 1024,
	FEW_MAPPERS = 1024,
	INSIST_STEPS = 3,
	LOOKED_AT = 16, /* processes, each time, whether they are still there */
};

_Static_assert((int)EV_WALKED_UNREADABLE == (int)EV_UNWOUND_UNREADABLE &&
		       (int)EV_WALKED_NOT_YET == (int)EV_UNWOUND_NOT_YET &&
		       (int)EV_WALKED_NO_ROOM == (int)EV_UNWOUND_NO_ROOM &&
		       (int)EV_WALKED_TOO_DEEP == (int)EV_UNWOUND_TOO_DEEP &&
		       (int)EV_WALKED_NO_CFI == (int)EV_UNWOUND_NO_CFI &&
		       (int)EV_WALKED_NO_OBJECT == (int)EV_UNWOUND_NO_OBJECT &&
		       (int)EV_WALKED_BROKEN == (int)EV_UNWOUND_BROKEN &&
		       (int)EV_WALKED_NO_REGISTERS == (int)EV_UNWOUND_NO_REGISTERS &&
		       (int)EV_WALKED_COUNT <= (int)EV_UNWOUND_END_COUNT,
	       "ends of walks are ends of stacks");

struct ev_bpf_walk {
	struct walk_tables *tables;
	struct walk_spaces spaces;
	struct ev_ranges places; /* of mappings */
	struct ev_walk_mapping *mappings;
	size_t mappings_bytes;
	int processes_fd, tally_fd;
	uint64_t step, version;
	size_t looked_at;
	uint64_t looked_ns;
	bool on_demand; /* what was there first is read, of the rest what a walk needs */
	struct bpf_link *links[2];
	uint64_t left_out; /* processes, now */
};

const char *ev_bpf_walk_absence(char *out, size_t size_bytes)
{
	struct stat status;
	const char *why = NULL;
	if (ev_bpf_absence(out, size_bytes))
		return out;
	libbpf_set_print(NULL); /* it would speak to the user itself */
	if (libbpf_probe_bpf_helper(BPF_PROG_TYPE_PERF_EVENT, BPF_FUNC_loop, NULL) != 1 ||
	    libbpf_probe_bpf_helper(BPF_PROG_TYPE_PERF_EVENT, BPF_FUNC_task_pt_regs, NULL) != 1)
		why = "the kernel has no loops for BPF programs (bpf_loop, Linux 5.17)";
	else if (!stat("/proc/self/ns/pid", &status) && status.st_ino != FIRST_PID_NAMESPACE)
		why = "in a PID namespace of its own, where BPF programs see other numbers of "
		      "processes";
	if (!why)
		return NULL;
	snprintf(out, size_bytes, "%s", why);
	return out;
}

/* ---- maps -------------------------------------------------------------------------------------
 */

static void resize(struct bpf_object *programs, const char *name, uint32_t count)
{
	struct bpf_map *map = bpf_object__find_map_by_name(programs, name);
	if (map)
		bpf_map__set_max_entries(map, count);
}

/* One of those that keep processes known. */
static bool is_watcher(const struct bpf_program *program)
{
	return strstr(bpf_program__name(program), "_walk_");
}

static bool is_table(const struct bpf_map *map)
{
	return !strncmp(bpf_map__name(map), "walk_", 5);
}

static void leave_watchers_out(struct bpf_object *programs)
{
	struct bpf_program *program;
	bpf_object__for_each_program(program, programs)
	{
		if (is_watcher(program))
			bpf_program__set_autoload(program, false);
	}
}

/* Code that can't run may lack its maps. */
static void leave_out(struct bpf_object *programs)
{
	struct bpf_map *map;
	bpf_object__for_each_map(map, programs)
	{
		if (is_table(map))
			bpf_map__set_autocreate(map, false);
	}
	leave_watchers_out(programs);
}

void ev_bpf_walk_plan(struct bpf_object *programs, bool wanted, bool whole_machine)
{
	if (!wanted) {
		leave_out(programs);
	} else if (!whole_machine) {
		resize(programs, "walk_processes", FEW_PROCESSES);
		resize(programs, "walk_mappings", FEW_MAPPINGS);
		resize(programs, "walk_others", FEW_OTHERS);
		resize(programs, "walk_recent", FEW_MAPPERS);
	}
}

int ev_bpf_walk_share(struct bpf_object *programs, struct bpf_object *first)
{
	struct bpf_map *map, *theirs;
	int rc = 0;
	leave_watchers_out(programs);
	bpf_object__for_each_map(map, programs)
	{
		if (rc || !is_table(map))
			continue;
		theirs = bpf_object__find_map_by_name(first, bpf_map__name(map));
		rc = theirs ? bpf_map__reuse_fd(map, bpf_map__fd(theirs)) : -ENOENT;
	}
	return rc;
}

static int map_of(struct bpf_object *programs, const char *name, uint32_t *count)
{
	const struct bpf_map *map = bpf_object__find_map_by_name(programs, name);
	if (!map)
		return -1;
	*count = bpf_map__max_entries(map);
	return bpf_map__fd(map);
}

static uint32_t rows_of(const struct ev_bpf_walk_options *options)
{
	uint64_t segment_bytes = EV_WALK_SEGMENT_ROWS * sizeof(struct ev_walk_row);
	uint64_t segments =
		(options->limit_bytes ? options->limit_bytes : LIMIT_BYTES) / segment_bytes;
	if (segments > EV_WALK_SEGMENTS)
		segments = EV_WALK_SEGMENTS;
	return (uint32_t)(segments ? segments : 1) * EV_WALK_SEGMENT_ROWS;
}

static int note_own(void *context, const struct ev_record *record, struct ev_err *err)
{
	(void)err;
	ev_bpf_walk_note(context, record);
	return 0;
}

/* The libraries of this process are those that most others begin with: with their tables there,
 * little is left to be read when a program starts. */
static void know_own(struct ev_bpf_walk *walk)
{
	struct ev_synthesis synthesis = { .take = note_own, .context = walk };
	ev_synthesize_process(&synthesis, (uint32_t)getpid(), NULL);
	ev_map_done(&synthesis.known_files);
	ev_array_done(&synthesis.build_ids);
	ev_buffer_done(&synthesis.text);
	while (ev_bpf_walk_step(walk))
		;
}

static int attach(struct ev_bpf_walk *walk, struct bpf_object *programs, struct ev_err *err)
{
	struct bpf_program *program;
	size_t count = 0;
	int rc = 0;
	bpf_object__for_each_program(program, programs)
	{
		if (rc || !is_watcher(program) || !bpf_program__autoload(program) ||
		    !strcmp(bpf_program__name(program), NAMER) || count == EV_LENGTH(walk->links))
			continue;
		walk->links[count] = bpf_program__attach(program);
		if (!walk->links[count++])
			rc = ev_fail(err, errno, "cannot watch processes for their stacks: %s",
				     strerror(errno));
	}
	return rc;
}

int ev_bpf_walk_open(struct ev_bpf_walk **walk, struct bpf_object *programs,
		     const struct ev_bpf_walk_options *options, struct ev_err *err)
{
	struct walk_tables_maps maps = { .row_count = rows_of(options) };
	struct ev_bpf_walk *made = ev_alloc(sizeof(*made));
	uint32_t count = 0, ignored = 0;
	void *base;
	maps.objects = map_of(programs, "walk_objects", &maps.object_count);
	maps.others = map_of(programs, "walk_others", &maps.other_count);
	maps.rows = map_of(programs, "walk_rows", &ignored);
	maps.files = map_of(programs, "walk_files", &ignored);
	maps.naming = map_of(programs, "walk_naming", &ignored);
	maps.namer = bpf_program__fd(bpf_object__find_program_by_name(programs, NAMER));
	made->processes_fd = map_of(programs, "walk_processes", &ignored);
	made->tally_fd = map_of(programs, "walk_tally", &ignored);
	int mappings_fd = map_of(programs, "walk_mappings", &count);
	int rc = ev_walk_tables_open(&made->tables, &maps, options->roots, options->cache, err);
	if (!rc) {
		made->mappings_bytes = count * sizeof(*made->mappings);
		rc = ev_sys_ring_map(mappings_fd, made->mappings_bytes, &base);
		if (rc)
			ev_fail(err, -rc, "cannot reach the mappings of a BPF program: %s",
				strerror(-rc));
		else
			made->mappings = base;
	}
	if (!rc)
		rc = attach(made, programs, err);
	if (rc) {
		ev_bpf_walk_close(made);
		return rc;
	}
	made->spaces.objects = ev_walk_tables_objects(made->tables);
	ev_ranges_init(&made->places, count);
	know_own(made);
	made->on_demand = options->on_demand;
	*walk = made;
	return 0;
}

/* ---- processes --------------------------------------------------------------------------------
 */

void ev_bpf_walk_expect(struct ev_bpf_walk *walk, const char *path)
{
	ev_walk_tables_expect(walk->tables, path);
}

void ev_bpf_walk_note(struct ev_bpf_walk *walk, const struct ev_record *record)
{
	ev_walk_spaces_note(&walk->spaces, record);
}

static void give_place(struct ev_bpf_walk *walk, struct walk_space *space)
{
	ev_ranges_give_later(&walk->places, space->first, space->count, walk->step);
	space->first = space->count = 0;
}

static void place_mappings(struct ev_bpf_walk *walk, struct walk_space *space)
{
	uint32_t count = (uint32_t)space->mappings.count;
	give_place(walk, space);
	if (!count || !ev_ranges_take(&walk->places, count, &space->first))
		return;
	space->count = count;
	for (uint32_t i = 0; i < count; i++) {
		const struct walk_mapping *mapping = &space->mappings.items[i];
		walk->mappings[space->first + i] =
			(struct ev_walk_mapping){ .start = mapping->start,
						  .end = mapping->end,
						  .file_offset = mapping->file_offset,
						  .object = mapping->object };
	}
}

/* The program that the kernel knew under a number, and that it forgets by itself at exec, must not
 * come back: what is not there is only added when it is known to be new, or stands after one more
 * look at the rings, as a child does that was forked before its parent was known. True: that look
 * should be soon. */
static bool publish(struct ev_bpf_walk *walk, struct walk_space *space, uint64_t now_ns)
{
	if (space->begun)
		space->insist = INSIST_STEPS;
	if (space->changed)
		place_mappings(walk, space);
	if (space->changed)
		space->version = ++walk->version;
	bool settles = space->changed_ns && now_ns - space->changed_ns > SETTLING_NS;
	if (space->changed)
		space->changed_ns = now_ns;
	else if (settles)
		space->changed_ns = 0;
	else if (!space->insist)
		return false;
	struct ev_walk_process process = { space->first, space->count, space->pid,
					   !space->changed_ns, space->version };
	int rc = bpf_map_update_elem(walk->processes_fd, &space->pid, &process,
				     space->insist ? BPF_ANY : BPF_EXIST);
	if (rc == -ENOENT)
		space->insist = 1;
	else if (space->insist)
		space->insist--;
	walk->left_out += rc == -E2BIG || (space->mappings.count && !space->count);
	space->changed = space->begun = false;
	return rc == -ENOENT;
}

static void withdraw(struct ev_bpf_walk *walk, struct walk_space *space)
{
	bpf_map_delete_elem(walk->processes_fd, &space->pid);
	give_place(walk, space);
}

/* Of some the end was not told: lost, or told before the beginning. */
static void look_for_ends(struct ev_bpf_walk *walk, uint64_t now_ns)
{
	if (now_ns - walk->looked_ns < LOOK_NS)
		return;
	walk->looked_ns = now_ns;
	for (unsigned i = 0; i < LOOKED_AT && walk->spaces.list.count; i++) {
		size_t at = walk->looked_at++ % walk->spaces.list.count;
		struct walk_space *space = walk->spaces.list.items[at];
		if (kill((pid_t)space->pid, 0) && errno == ESRCH)
			space->over = true;
	}
}

static uint64_t now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

bool ev_bpf_walk_step(struct ev_bpf_walk *walk)
{
	uint64_t now_ns = now();
	bool more;
	walk->step++;
	/* Children that were forked with their parent's mappings are known one step later. */
	if (walk->step > 2)
		ev_ranges_settle(&walk->places, walk->step - 2);
	ev_walk_tables_step(walk->tables, walk->step, now_ns);
	ev_walk_spaces_apply(&walk->spaces);
	look_for_ends(walk, now_ns);
	more = ev_walk_tables_load(walk->tables, LOAD_NS);
	walk->left_out = 0;
	for (size_t i = 0; i < walk->spaces.list.count; i++)
		if (walk->spaces.list.items[i]->over)
			withdraw(walk, walk->spaces.list.items[i]);
		else
			more |= publish(walk, walk->spaces.list.items[i], now_ns);
	ev_walk_spaces_forget(&walk->spaces);
	if (!more && walk->on_demand)
		ev_walk_tables_on_demand(walk->tables);
	return more;
}

/* ---- the end ----------------------------------------------------------------------------------
 */

static void sum_cpus(const struct ev_bpf_walk *walk, struct ev_bpf_walk_tally *tally)
{
	int count = libbpf_num_possible_cpus();
	struct ev_walk_tally *all;
	uint32_t first = 0;
	if (count < 1)
		return;
	all = ev_alloc((size_t)count * sizeof(*all));
	if (!bpf_map_lookup_elem(walk->tally_fd, &first, all))
		for (int cpu = 0; cpu < count; cpu++) {
			for (int end = 0; end < EV_WALKED_COUNT; end++)
				tally->ends[end] += all[cpu].ends[end];
			tally->frames += all[cpu].frames;
			tally->guessed += all[cpu].guessed;
		}
	free(all);
}

bool ev_bpf_walk_is_generated(const struct ev_bpf_walk *walk, uint32_t pid, uint64_t address)
{
	const struct walk_space *space = ev_walk_space_find(&walk->spaces, pid);
	uint32_t object;
	return space && ev_walk_space_object(space, address, &object) &&
	       ev_walk_tables_is_generated(walk->tables, object);
}

void ev_bpf_walk_tally(const struct ev_bpf_walk *walk, struct ev_bpf_walk_tally *tally)
{
	struct walk_tables_tally tables;
	*tally = (struct ev_bpf_walk_tally){ .processes = walk->spaces.list.count,
					     .processes_left_out = walk->left_out };
	ev_walk_tables_tally(walk->tables, &tables);
	tally->objects = tables.objects;
	tally->objects_left_out = tables.without_room;
	tally->rows = tables.rows;
	tally->bytes = tables.bytes + walk->mappings_bytes;
	sum_cpus(walk, tally);
}

void ev_bpf_walk_close(struct ev_bpf_walk *walk)
{
	if (!walk)
		return;
	for (size_t i = 0; i < EV_LENGTH(walk->links); i++)
		bpf_link__destroy(walk->links[i]);
	if (walk->tables)
		ev_walk_spaces_done(&walk->spaces);
	ev_walk_tables_close(walk->tables);
	if (walk->mappings)
		ev_sys_ring_unmap(walk->mappings, walk->mappings_bytes);
	ev_ranges_done(&walk->places);
	free(walk);
}

#else

const char *ev_bpf_walk_absence(char *out, size_t size_bytes)
{
	return ev_bpf_absence(out, size_bytes);
}

#endif
